"""Commands on what a model is and costs: list, profile, code, tree."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.commands.shared import (
    BATCH,
    INPUT,
    MODEL,
    format_option,
    or_usage,
    profiled,
    say,
    terminal_width,
    write,
)
from analysis.lesions.shipped import SHIPPED
from analysis.style.grid import Grid
from analysis.style.terminal import WIDTH, fitted
from nets import CATALOG, ResNetSpec

if TYPE_CHECKING:
    from analysis.costs.profiles import Profile


@click.command("list")
@format_option("text", "json")
def list_models(style: str) -> None:
    """List the catalog, and the trained networks that come with the app."""
    if style == "json":
        rows = [
            {
                "name": name,
                "title": entry.title,
                "family": entry.family.value,
                "depth": entry.spec.depth,
                "input": list(entry.spec.input),
                "classes": entry.spec.classes,
                "summary": entry.summary,
                "source": f"{entry.source.short}, {entry.source.title} ({entry.source.venue})",
                "url": entry.source.url,
            }
            for name, entry in CATALOG.items()
        ]
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    click.echo(_list_text(min(terminal_width(), WIDTH)))


def _list_text(width: int) -> str:
    """Return the families with their networks, and the trained networks."""
    groups = {
        family.value: [(name, f"{entry.summary} {entry.source.short}.") for name, entry in group]
        for family, group in groupby(CATALOG.items(), lambda item: item[1].family)
    }
    groups["Trained networks, for lesions, paths and blocks"] = [
        (name, f"{net.model}, {net.accuracy:.2%} test accuracy on Fashion-MNIST.")
        for name, net in SHIPPED.items()
    ]
    wide = max(map(len, CATALOG))
    texts = []
    for title, group in groups.items():
        rows = tuple((f"  {name:<{wide}}", about) for name, about in group)
        texts.append("\n".join([title, *fitted(Grid("", ("", ""), rows, left=2), width)]))
    return "\n\n".join(texts)


@click.command()
@MODEL
@INPUT
@BATCH
@format_option("text", "json", "csv", "latex")
@click.option("--verify", is_flag=True, help="Run fvcore on the built model and compare counts.")
def profile(spec: ResNetSpec, shape: str | None, batch: int, style: str, verify: bool) -> None:
    """Count parameters, MACs, FLOPs and memory, in total and by stage and layer."""
    from analysis.costs import report

    cost = profiled(spec, shape, batch)
    say(
        style,
        cost,
        text=report.profile_text,
        json=report.profile_json,
        csv=report.profile_csv,
        latex=report.profile_latex,
    )
    if verify:
        _verify(cost)


@click.command()
@MODEL
@INPUT
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def code(spec: ResNetSpec, shape: str | None, output: Path | None) -> None:
    """Write the model as one standalone Python file that imports only torch."""
    from analysis.structure.code import code as render

    write(render(profiled(spec, shape, 1)), output)


@click.command()
@MODEL
@INPUT
@BATCH
@click.option("--unfold", is_flag=True, help="List every block instead of folding equal ones.")
@format_option("text", "torchinfo", "print")
def tree(spec: ResNetSpec, shape: str | None, batch: int, unfold: bool, style: str) -> None:
    """Show the layer tree: folded rows, torchinfo's own table, or print(model)."""
    from analysis.structure import tree as trees
    from analysis.structure.report import tree_text

    spec = profiled(spec, shape, batch).spec
    if style == "torchinfo":
        click.echo(trees.torchinfo_text(spec, batch))
    elif style == "print":
        click.echo(trees.printed(spec))
    else:
        root = trees.tree(spec, batch)
        say(style, trees.unfold(root) if unfold else root, text=tree_text)


def _verify(cost: Profile) -> None:
    from analysis.costs.verify import verify

    checks = or_usage(verify, cost)
    total, layers = checks[0], checks[1:]
    wrong = [check for check in layers if not check.equal]
    click.echo(
        f"fvcore counts {total.fvcore:,}, ResNet Lab counts {total.ours:,}: "
        f"{len(layers) - len(wrong)} of {len(layers)} layers equal",
        err=True,
    )
    if wrong or not total.equal:
        first = wrong[0] if wrong else total
        raise click.ClickException(
            f"counts differ at {first.path or 'the total'}: fvcore {first.fvcore:,}, "
            f"ResNet Lab {first.ours:,}"
        )
