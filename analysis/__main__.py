"""The command line: `python -m analysis COMMAND --help` explains each command.

Exit status: 0 done; 2 for bad arguments or a bad model; 1 when the work itself failed. An error is
one line on standard error.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nets import CATALOG, ResNetSpec, parse
from nets.text import with_input

if TYPE_CHECKING:
    from analysis.costs import Profile


class Model(click.ParamType[ResNetSpec]):
    """A model's text form."""

    name = "model"

    def convert(self, value: Any, param: Any, ctx: Any) -> ResNetSpec:
        """Parse the text, or fail with its one sentence."""
        return value if isinstance(value, ResNetSpec) else _or_usage(parse, value)


Command = TypeVar("Command", bound=Callable[..., Any])


def _or_usage(call: Any, *arguments: Any, **options: Any) -> Any:
    """Call, and turn a ValueError, which is about what the user gave, into a usage error."""
    try:
        return call(*arguments, **options)
    except ValueError as error:
        raise Refusal(str(error)) from None


class Refusal(click.UsageError):
    """What a model's text or a value is refused for; its sentence is enough."""


MODEL = click.argument("spec", metavar="MODEL", type=Model())
INPUT = click.option("--input", "shape", metavar="CxHxW", help="Image shape, such as 3x224x224.")
BATCH = click.option("--batch", type=int, default=1, show_default=True, help="Images.")


def _format(*choices: str) -> Callable[[Command], Command]:
    return click.option(
        "--format", "style", type=click.Choice(choices), default=choices[0], show_default=True
    )


class Commands(click.Group):
    """The commands; an interrupted one ends in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.ClickException("interrupted") from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """What a ResNet is, what it costs and how it behaves.

    MODEL is a catalog name with overrides, such as resnet50:blocks=3,8,36,3:unit=full_preact.
    """


@main.command("list")
@_format("text", "json")
def list_models(style: str) -> None:
    """List the catalog."""
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
    wide = max(map(len, CATALOG))
    lines: list[str] = []
    for family, group in groupby(CATALOG.items(), lambda item: item[1].family):
        lines += ["", family.value]
        for name, entry in group:
            lines.append(f"  {name:<{wide}}  {entry.summary} {entry.source.short}.")
    click.echo("\n".join(lines[1:]))


@main.command()
@MODEL
@INPUT
@BATCH
@_format("text", "json", "csv", "latex")
@click.option("--verify", is_flag=True, help="Run fvcore on the built model and compare.")
def profile(spec: ResNetSpec, shape: str | None, batch: int, style: str, verify: bool) -> None:
    """Count parameters, MACs, FLOPs and memory, in all and by stage and layer."""
    from analysis.render import tables

    cost = _profile(spec, shape, batch)
    write = {
        "text": tables.profile_text,
        "json": tables.profile_json,
        "csv": tables.profile_csv,
        "latex": tables.profile_latex,
    }[style]
    click.echo(write(cost), nl=False)
    if verify:
        _verify(cost)


@main.command()
@MODEL
@INPUT
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def code(spec: ResNetSpec, shape: str | None, output: Path | None) -> None:
    """Write the model as one standalone Python file that imports torch alone."""
    from analysis.render.code import code as render

    _write(render(_profile(spec, shape, 1)), output)


@main.command()
@MODEL
@INPUT
@BATCH
@click.option("--unfold", is_flag=True, help="Write out runs of equal blocks.")
@_format("text", "torchinfo", "print")
def tree(spec: ResNetSpec, shape: str | None, batch: int, unfold: bool, style: str) -> None:
    """Show the layer tree: folded rows, torchinfo's own table, or print(model)."""
    from analysis import tree as trees
    from analysis.render.tables import tree_text

    spec = _profile(spec, shape, batch).spec
    if style == "torchinfo":
        click.echo(trees.torchinfo_text(spec, batch))
    elif style == "print":
        click.echo(trees.printed(spec))
    else:
        root = trees.tree(spec, batch)
        click.echo(tree_text(trees.unfold(root) if unfold else root), nl=False)


@main.command()
@MODEL
@INPUT
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The file.")
@click.option("--level", type=click.Choice(["stage", "block", "layer"]), default="block")
@click.option("--unfold", is_flag=True, help="Draw every block of a run of equal ones.")
@click.option(
    "--heat", type=click.Choice(["macs", "params", "saved_bytes"]), help="Colour nodes by this."
)
@click.option("--palette", type=click.Choice(["light", "dark", "print"]), default="light")
@click.option("--aspect", default="16:9", show_default=True, help="Width to height to aim at.")
@click.option("--width-mm", type=click.FloatRange(20, 2_000), help="Width on paper.")
@click.option("--dpi", type=int, default=200, show_default=True, help="Resolution of a PNG.")
@click.option("--title", default="", help="A line above the drawing.")
def graph(
    spec: ResNetSpec,
    shape: str | None,
    output: Path,
    level: str,
    unfold: bool,
    heat: str | None,
    palette: str,
    aspect: str,
    width_mm: float | None,
    dpi: int,
    title: str,
) -> None:
    """Draw the network and its shortcuts as SVG, PDF, PNG or DOT, by the file's ending."""
    from analysis import graph as graphs
    from analysis.heat import Metric, heat_of
    from analysis.render import files
    from analysis.render import palette as palettes
    from analysis.render.dot import dot
    from analysis.render.svg import svg

    suffix = output.suffix.lower()
    if suffix not in (".svg", ".pdf", ".png", ".dot"):
        raise Refusal(f"{output.name!r} must end in .svg, .pdf, .png or .dot")
    if suffix == ".dot" and heat:
        raise Refusal("--heat colours .svg, .pdf and .png, not .dot")
    cost = _profile(spec, shape, 1)
    drawn = graphs.graph(cost, graphs.Level(level), unfold, _aspect(aspect))
    colours = getattr(palettes, palette.upper())
    if suffix == ".dot":
        _write(dot(drawn, colours, title), output)
        return
    warm = heat_of(cost, Metric(heat)) if heat else None
    picture = svg(drawn, colours, title, width_mm=width_mm, heat=warm)
    if suffix == ".svg":
        _write(picture, output)
    elif suffix == ".pdf":
        _write(files.pdf(picture), output)
    else:
        _write(_or_usage(files.png, picture, dpi), output)


def _aspect(text: str) -> float:
    found = re.fullmatch(r"(\d{1,3}):(\d{1,3})", text)
    if not found or not 0.2 <= int(found[1]) / max(int(found[2]), 1) <= 5:
        raise Refusal(f"aspect must be width:height such as 16:9, from 1:5 to 5:1, not {text!r}")
    return int(found[1]) / int(found[2])


def _profile(spec: ResNetSpec, shape: str | None, batch: int) -> Profile:
    from analysis.costs import profile as count

    if shape is not None:
        spec = _or_usage(with_input, spec, shape)
    result: Profile = _or_usage(count, spec, batch=batch)
    return result


def _verify(cost: Profile) -> None:
    from analysis.counting import verify

    checks = _or_usage(verify, cost)
    total, layers = checks[0], checks[1:]
    wrong = [check for check in layers if not check.equal]
    click.echo(
        f"fvcore counts {total.fvcore:,}, we count {total.ours:,}: "
        f"{len(layers) - len(wrong)} of {len(layers)} layers equal",
        err=True,
    )
    if wrong or not total.equal:
        first = wrong[0] if wrong else total
        raise click.ClickException(
            f"{first.path or 'the whole'}: fvcore {first.fvcore:,}, ours {first.ours:,}"
        )


def _write(content: str | bytes, path: Path | None) -> None:
    """Print, or write beside the file and then rename, so that no half of a file is left."""
    if path is None or str(path) == "-":
        click.echo(content, nl=False)
        return
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # a device or a pipe
            path.write_bytes(data)
            return
        with _replacing(path.resolve()) as file:
            file.write_bytes(data)
    except OSError as error:
        raise Refusal(f"cannot write {str(path)!r}: {error.strerror or error}") from None


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A new file in the folder of `path` that takes its place where the block ends well."""
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")
    os.close(handle)
    new = Path(name)
    try:
        yield new
        new.chmod(0o666 & ~_umask())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def run(arguments: list[str] | None = None) -> int:
    """Run one command; what goes wrong is one line on standard error."""
    try:
        main(arguments, prog_name="python -m analysis", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        message = " ".join(error.format_message().split())
        if isinstance(error, click.UsageError) and error.ctx and not isinstance(error, Refusal):
            message = f"{message.rstrip('.')}. See {error.ctx.command_path} --help"
        click.echo(f"error: {message}", err=True)
        return error.exit_code
    except SystemExit:  # click's answer to a reader that has gone away, such as head
        return 0
    except (RuntimeError, OSError, MemoryError) as error:
        click.echo(f"error: {' '.join(str(error).split())[:300] or type(error).__name__}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run())
