"""A profile's large numbers and its stage table."""

from __future__ import annotations

from analysis.costs.profiles import Profile
from analysis.costs.published import Published
from analysis.style.numbers import delta, exact, exact_delta, shape, short
from nets import plan
from pages.ui.cached import profile_of
from pages.ui.markup import Cell, Figure, column, table


def profile_figures(
    profile: Profile, base: Profile | None, results: tuple[Published, ...] | None
) -> list[Figure]:
    """The figures of a network, with the difference from its catalog entry where it is edited.

    Args:
        profile: the network.
        base: the catalog entry's profile, or None where the network is not edited.
        results: published results, or None while they are being looked up.
    """

    def figure(label: str, field: str, note: str, unit: str = "") -> Figure:
        value: int = getattr(profile, field)
        change = "" if base is None else delta(value, getattr(base, field), unit)
        title = f"{exact(value)} {unit}".rstrip()
        return Figure(label, short(value, unit), note, title, change)

    depth = exact(profile.depth)
    return [
        Figure(
            "Depth",
            depth,
            f"{exact(profile.convolutions)} convolutions",
            "Weighted layers on the main path; the convolutions include projections",
            "" if base is None else exact_delta(profile.depth, base.depth),
        ),
        figure("Parameters", "params", f"{short(4 * profile.params, 'B')} in float32"),
        figure("MACs", "macs", "conv + linear"),
        figure("fvcore FLOPs", "fvcore_flops", "MACs + BN + pool"),
        _saved_memory(profile, base),
        Figure(
            "Receptive field",
            f"{exact(profile.receptive_field)} px",
            "before pooling",
            f"{exact(profile.receptive_field)} pixels a side",
            ""
            if base is None
            else f"{exact_delta(profile.receptive_field, base.receptive_field)} px",
        ),
        _accuracy(profile, results),
    ]


def saving(profile: Profile) -> Profile:
    """The profile that has saved memory: of two images where a network cannot train on one."""
    return profile_of(profile.spec, batch=2) if profile.untrainable else profile


def _saved_memory(profile: Profile, base: Profile | None) -> Figure:
    trained = saving(profile)
    saved = trained.saved_bytes
    assert saved is not None  # on two images every network can train
    note, title = "for backward, one image", f"{exact(saved)} B"
    if trained is not profile:
        note, title = "for backward, two images", f"{title} for two images: {profile.untrainable}"
    before = None if base is None else profile_of(base.spec, batch=trained.batch).saved_bytes
    change = "" if before is None else delta(saved, before, "B")
    return Figure("Saved memory", short(saved, "B"), note, title, change)


def stage_table(profile: Profile) -> str:
    """The stages, torchvision's and the paper's names beside each other, and what each costs."""
    stages, blocks = profile.stages, sum(profile.spec.blocks)
    columns: list[list[Cell]] = [
        [Cell(text) for text in texts]
        for texts in (
            ["Stage", *(row.name for row in stages), "total"],
            ["Paper", *(plan.paper_name(row.name) for row in stages), ""],
            ["Output", *(shape(row.output) for row in stages), ""],
            ["Blocks", *(exact(row.blocks) if row.blocks else "" for row in stages), exact(blocks)],
        )
    ]
    trained = saving(profile)
    for title, field, unit, counted in (
        ("Parameters", "params", "", profile),
        ("MACs", "macs", "", profile),
        ("fvcore FLOPs", "fvcore_flops", "", profile),
        ("Saved" if trained is profile else "Saved, 2 images", "saved_bytes", "B", trained),
    ):
        values = [getattr(row, field) for row in counted.stages]
        columns.append(column(title, values, getattr(counted, field), unit))
    head, *rows = zip(*columns, strict=True)
    return table("Cost of every stage", [cell.text for cell in head], rows, text_columns=2)


def _accuracy(profile: Profile, results: tuple[Published, ...] | None) -> Figure:
    if results is None:
        return Figure("Published top-1", "...", "looking it up")
    best = max(
        (r for r in results if r.source == "torchvision"), key=lambda r: r.percent, default=None
    )
    if best:
        recipe = best.recipe.replace("IMAGENET1K_", "weights ")
        return Figure("Published top-1", f"{best.percent:.1f}%", recipe, f"{best.percent}%")
    if results:
        first = results[0]
        note = f"{first.metric.removesuffix(' error')}, {first.source}"
        return Figure("Published error", f"{first.percent:g}%", note, first.recipe)
    edited = profile.model != profile.spec.base
    return Figure("Published top-1", "none", "an edited network" if edited else "none known here")
