"""Reports of a profile: terminal text, JSON, CSV, or LaTeX like Table 1 of He et al. 2015."""

from __future__ import annotations

from typing import Any

from analysis.costs.profiles import LARGER, LayerCost, Profile, ShortcutUse
from analysis.style.grid import Grid, tex
from analysis.style.numbers import MISSING, exact, percent, shape, short, short_if_any, three
from analysis.style.rows import csv_text, json_rows
from analysis.style.terminal import WIDTH, laid_out
from nets import ResNetSpec, plan
from nets.catalog import CATALOG
from nets.names import title
from nets.options import Norm, Stem, number_of
from nets.origin import base_title, edits, is_edited
from nets.plan import BlockPlan


def profile_dict(profile: Profile) -> dict[str, Any]:
    """Return the profile as plain values, in the order and with the names of the README.

    If a value is null, `missing` says why.
    """
    missing = {"missing": {"saved_bytes": _cannot_train(profile)}} if profile.untrainable else {}
    return {
        "model": profile.model,
        "input": list(profile.input),
        "batch": profile.batch,
        "depth": profile.depth,
        "convolutions": profile.convolutions,
        "params": profile.params,
        "macs": profile.macs,
        "fvcore_flops": profile.fvcore_flops,
        "flops": profile.flops,
        "saved_bytes": profile.saved_bytes,
        "inference_bytes": profile.inference_bytes,
        "receptive_field": profile.receptive_field,
        "activations": profile.activations,
        "bytes_moved": profile.bytes_moved,
        **missing,
        "stages": [row._asdict() for row in profile.stages],
        "layers": [_by_path(row) for row in profile.layers],
        "shortcuts": [_by_path(row) for row in profile.shortcuts],
    }


def _by_path(row: LayerCost | ShortcutUse) -> dict[str, Any]:
    """Return a row as plain values, with its place as a path."""
    values = row._asdict()
    del values["place"]
    return {"path": row.path, **values}


def profile_json(profile: Profile) -> str:
    """Return the profile as JSON, with each table row on its own line."""
    return json_rows(profile_dict(profile), ("stages", "layers", "shortcuts"))


def profile_csv(profile: Profile) -> str:
    """Return a CSV with a row per layer, exact integers and shapes as 64x56x56."""
    rows = (
        (row.path, *("x".join(map(str, v)) if isinstance(v, tuple) else v for v in row[1:]))
        for row in profile.layers
    )
    return csv_text(("path", *LayerCost._fields[1:]), rows)


def profile_text(profile: Profile, width: int = WIDTH) -> str:
    """Return the figures and the stage table, for a terminal."""
    spec, entry = profile.spec, CATALOG[profile.spec.base]
    saved = "float32 training"
    if profile.saved_bytes is not None:
        saved = f"{short(profile.saved_bytes, 'B')} · {saved}"
    figures = [
        ("depth", exact(profile.depth), f"weighted layers · {profile.convolutions:,} convolutions"),
        ("parameters", exact(profile.params), short(profile.params)),
        ("MACs", exact(profile.macs), f"{short(profile.macs)} · conv + linear"),
        ("FLOPs, 2 per MAC", exact(profile.flops), f"{short(profile.flops)} · conv + linear"),
        (
            "fvcore FLOPs",
            exact(profile.fvcore_flops),
            f"{short(profile.fvcore_flops)} · MACs + BN 2 per element + average pool",
        ),
        (
            "saved for backward",
            MISSING if profile.saved_bytes is None else exact(profile.saved_bytes),
            saved,
        ),
        (
            "inference memory",
            exact(profile.inference_bytes),
            f"{short(profile.inference_bytes, 'B')} · float32, parameters + peak of activations",
        ),
        ("receptive field", exact(profile.receptive_field), f"px, {field_note(profile.spec)}"),
        (
            "activations",
            exact(profile.activations),
            f"{short(profile.activations)} · outputs of convolutions",
        ),
        (
            "bytes moved",
            exact(profile.bytes_moved),
            f"{short(profile.bytes_moved, 'B')} · float32, every layer's inputs + weights + output",
        ),
    ]
    wide = max(len(number) for _, number, _ in figures)
    rows = tuple((name, f"{number:>{wide}}", note) for name, number, note in figures)
    cited = f"{entry.source.short}, {entry.source.title} ({entry.source.venue})"
    head = [
        f"{profile.model} · {title(spec)}",
        *([f"edited from {base_title(spec.base)}: {edits(spec)}"] if is_edited(spec) else []),
        f"{base_title(spec.base)}: {cited}" if is_edited(spec) else cited,
        f"input {shape(profile.input)}, {number_of(profile.batch, 'image')}",
    ]
    why = f"{MISSING} no saved memory: {_cannot_train(profile)}" if profile.untrainable else ""
    counts = Grid("", ("",) * 3, rows, left=3)
    return laid_out(["\n".join(head), counts, why, _stages_grid(profile)], width)


def field_note(spec: ResNetSpec) -> str:
    """Return what a network's receptive field doesn't count, in a few words."""
    left_out = [
        name
        for name, is_used in (("SE", spec.se), ("group norm", spec.norm is Norm.GROUP))
        if is_used
    ]
    return f"before pooling, without {' and '.join(left_out)}" if left_out else "before pooling"


def _cannot_train(profile: Profile) -> str:
    """Return why there is no saved memory, and what to do."""
    return f"{profile.untrainable}; {LARGER}"


def profile_latex(profile: Profile) -> str:
    """Return a LaTeX table in the style of Table 1 of He et al. 2015; it needs no packages."""
    spec = profile.spec
    outputs = {stage.name: stage.output for stage in profile.stages}
    # Use the catalog's full title, as other papers' tables may show the other version.
    name = tex(CATALOG[spec.base].title if profile.model == spec.base else profile.model)
    outputs |= {row.path: row.output for row in profile.layers if row.place.stage == plan.STEM}
    rows = [
        (
            "" if number else "conv1",
            _size(outputs[conv.name]),
            rf"${conv.kernel}\times{conv.kernel}$, {conv.out_channels}, stride {conv.stride}",
        )
        for number, conv in enumerate(plan.stem_convs(spec).values())
    ]
    for index, stage in enumerate(plan.stages(spec)):
        size = _size(outputs[stage.name])
        if index == 0 and spec.stem is not Stem.CIFAR:
            rows.append(("pool", size, r"$3\times3$ max pool, stride 2"))
        label = tex(plan.paper_name(spec, stage.name) or stage.name)
        rows.append((label, size, _matrix(stage.rest, stage.count)))
    end = ", softmax" if spec.softmax else ""
    classifier = f", {spec.classes}-d fc{end}" if spec.classes else ""
    rows.append(("", r"$1\times1$", f"average pool{classifier}"))
    body = "\n".join(rf"{a} & {b} & {c} \\ \hline" for a, b, c in rows)
    sizes = r"$\times$".join(map(str, profile.input))
    images = "" if profile.batch == 1 else f", {number_of(profile.batch, 'image')}"
    return (
        "\\begin{table}\n"
        "\\centering\n"
        "\\renewcommand{\\arraystretch}{1.2}\n"
        "\\begin{tabular}{c|c|c}\n"
        "\\hline\n"
        f"layer name & output size & {name} \\\\ \\hline\n"
        f"{body}\n"
        f"\\multicolumn{{2}}{{c|}}{{parameters}} & {_power(profile.params)} \\\\ \\hline\n"
        f"\\multicolumn{{2}}{{c|}}{{multiply-adds}} & {_power(profile.macs)} \\\\ \\hline\n"
        "\\end{tabular}\n"
        f"\\caption{{{name} on {sizes} input{images}. Multiply-adds are those of convolutions and "
        "linear layers.}\n"
        f"\\label{{tab:{spec.base}}}\n"
        "\\end{table}\n"
    )


def _stages_grid(profile: Profile) -> Grid:
    costs = ("parameters", "MACs", "share", "saved", "activations", "moved")
    named = any(plan.paper_name(profile.spec, row.name) for row in profile.stages)
    more = ("paper",) if named else ()
    head = ("stage", *more, "output", "blocks", *costs)
    rows = [
        (
            row.name,
            *((plan.paper_name(profile.spec, row.name),) if named else ()),
            shape(row.output),
            str(row.blocks or ""),
            exact(row.params),
            exact(row.macs),
            percent(row.macs, profile.macs),
            short_if_any(row.saved_bytes, "B"),
            exact(row.activations),
            short(row.bytes_moved, "B"),
        )
        for row in profile.stages
    ]
    total = ("total", *("" for _ in more), "", str(sum(profile.spec.blocks)), exact(profile.params))
    memory = short_if_any(profile.saved_bytes, "B"), exact(profile.activations)
    rows.append((*total, exact(profile.macs), "", *memory, short(profile.bytes_moved, "B")))
    return Grid("", head, tuple(rows), left=1 + len(more))


def _size(output: tuple[int, ...]) -> str:
    return rf"${output[1]}\times{output[2]}$"


def _matrix(block: BlockPlan, count: int) -> str:
    """Return a block as the paper writes it: its convolutions in brackets, times the count."""
    lines = []
    for conv in block.convs:
        groups = f", C={conv.groups}" if conv.groups > 1 else ""
        dilation = f", dilation {conv.dilation}" if conv.dilation > 1 else ""
        lines.append(
            rf"{conv.kernel}\times{conv.kernel}\text{{, {conv.out_channels}{groups}{dilation}}}"
        )
    inside = r" \\ ".join(lines).replace(r"\text", r"\mbox")
    return rf"$\left[\begin{{array}}{{c}} {inside} \end{{array}}\right]\times{count}$"


def _power(value: int) -> str:
    r"""Return a count as the paper writes it, $3.9\times10^9$, with three significant digits."""
    exponent = len(str(value)) - 1
    exponent -= exponent % 3
    return rf"${three(value / 10**exponent)}\times10^{{{exponent}}}$"
