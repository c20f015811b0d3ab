"""A profile's large numbers."""

from __future__ import annotations

from analysis.profile import Profile
from analysis.published import Published
from analysis.render.numbers import exact, shape, short
from nets import plan
from pages.ui.markup import Cell, Figure, column, table


def profile_figures(profile: Profile, results: tuple[Published, ...] | None) -> list[Figure]:
    """The figures of a network; `results` is None while they are being looked up."""
    return [
        Figure(
            "Depth",
            exact(profile.depth),
            f"{exact(profile.convolutions)} convolutions",
            "Weighted layers on the main path; the convolutions include projections",
        ),
        Figure(
            "Parameters",
            short(profile.params),
            f"{short(4 * profile.params, 'B')} in float32",
            exact(profile.params),
        ),
        Figure("MACs", short(profile.macs), "conv + linear", exact(profile.macs)),
        Figure(
            "fvcore FLOPs",
            short(profile.fvcore_flops),
            "MACs + BN + pool",
            exact(profile.fvcore_flops),
        ),
        Figure(
            "Saved memory",
            short(profile.saved_bytes, "B"),
            "for backward, an image",
            f"{exact(profile.saved_bytes)} B",
        ),
        Figure(
            "Receptive field",
            f"{exact(profile.receptive_field)} px",
            "before pooling",
            f"{profile.receptive_field} pixels a side",
        ),
        _accuracy(profile, results),
    ]


def stage_table(profile: Profile) -> str:
    """The stages, torchvision's and the paper's names beside each other, and what each costs."""
    stages = profile.stages
    columns: list[list[Cell]] = [
        [Cell(text) for text in column]
        for column in (
            ["Stage", *(row.name for row in stages), "total"],
            ["Paper", *(plan.paper_name(row.name) for row in stages), ""],
            ["Output", *(shape(row.output) for row in stages), ""],
            ["Blocks", *(str(row.blocks or "") for row in stages), str(sum(profile.spec.blocks))],
        )
    ]
    for title, field, unit in (
        ("Parameters", "params", ""),
        ("MACs", "macs", ""),
        ("fvcore FLOPs", "fvcore_flops", ""),
        ("Saved", "saved_bytes", "B"),
    ):
        values = [getattr(row, field) for row in stages]
        columns.append(column(title, values, getattr(profile, field), unit))
    head, *rows = zip(*columns, strict=True)
    return table("Cost of every stage", [cell.text for cell in head], rows, text_columns=2)


def _accuracy(profile: Profile, results: tuple[Published, ...] | None) -> Figure:
    if results is None:
        return Figure("Published top-1", "...", "looking it up")
    best = max(
        (r for r in results if r.source == "torchvision"), key=lambda r: r.percent, default=None
    )
    if best:
        return Figure(
            "Published top-1",
            f"{best.percent:.1f}%",
            best.recipe.replace("IMAGENET1K_", "weights "),
            f"{best.percent}%",
        )
    if results:
        first = results[0]
        note = f"{first.metric.removesuffix(' error')}, {first.source}"
        return Figure("Published error", f"{first.percent:g}%", note, first.recipe)
    edited = profile.model != profile.spec.base
    return Figure("Published top-1", "none", "an edited network" if edited else "none known here")
