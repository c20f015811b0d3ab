"""Parts of the Explore page: the large numbers, the shape, the stages, published results."""

from __future__ import annotations

import streamlit as st

from analysis.costs.profiles import MOVED, Profile
from analysis.costs.published import Published, recipe_in_words
from analysis.costs.report import field_note
from analysis.drawing.silhouette import silhouette
from analysis.lecture.settings import EXPLORE_TABS
from analysis.style.numbers import MISSING, delta, exact, exact_delta, shape, short
from nets import plan
from nets.names import depth_in_words
from pages.ui.cached import profile_of
from pages.ui.fields import tabs
from pages.ui.markup import Cell, Figure, column, picture, table
from pages.ui.theme import palette
from pages.ui.wall import on_wall
from pages.ui.words import hint

_VIEWS = {
    "shape": "Shape",
    "stages": "Stages",
    "block": "Blocks",
    "layers": "Layers",
    "published": "Published results",
}


_WALL_MM = 123.0
"""The width on paper at which the picture's text is 24 px on a wall of 1280 px."""

_DESK_MM = 131.0
"""The width on paper at which the picture's text is 12 px in a window of 1024 px."""

_PHONE_MM = 73.0
"""The width on paper at which the picture's text, in rows, is 12 px on a phone of 390 px."""

_ON_WALL = ("Depth", "Parameters", "MACs", "Saved memory", "Published top-1", "Published error")
"""The figures that the wall shows."""

_CIFAR = (32, 32)
"""Height and width of images for which errors are published, not accuracies."""

_DESK_ONLY = ("fvcore_flops", "bytes_moved")
"""The costs of stages for which a wall has no room."""


def choose_view() -> str:
    """Draw the page's tabs and return the one that is open."""
    return tabs(_VIEWS, key="explore_shown", settings=EXPLORE_TABS)


def show_shape(profile: Profile) -> None:
    """Show height, width and channels through the network."""
    sizes = ", ".join(f"{row.name} {shape(row.output)}" for row in profile.stages)
    alt = f"Channels, height and width: {sizes}"
    if on_wall():
        with st.container(key="wall_fills_picture"):
            st.html(picture(silhouette(profile, palette(), _WALL_MM), alt))
        return
    desk = picture(silhouette(profile, palette(), _DESK_MM), alt)
    phone = picture(silhouette(profile, palette(), _PHONE_MM), alt, share=1.0)
    st.html(f'<div class="rl-desk">{desk}</div><div class="rl-phone">{phone}</div>')
    st.caption(
        "Height and width of the feature map on a square-root scale; channels as depth on a "
        "logarithmic scale."
    )


def show_stages(profile: Profile) -> None:
    """Show what each stage costs."""
    st.html(stage_table(profile))
    if on_wall():
        return
    st.caption(
        "MACs are multiply-adds of convolutions and linear layers. fvcore FLOPs add batch norm "
        "(two per element) and the average pool. Saved memory is what autograd keeps for backward "
        f"in float32. {MOVED}"
    )
    st.container(key="desk-bars").caption(
        "Bars are shares of the total. Hover over a number for its exact value."
    )
    if profile.untrainable:
        said = f"Saved memory is for two images: {profile.untrainable}"
        hint(said)


def show_published(results: tuple[Published, ...]) -> None:
    """Show published results, each with its recipe and source."""
    if not results:
        st.caption("This app has no published results for this network.")
        return
    recipes = [recipe_in_words(r.recipe) or MISSING for r in results]
    metrics = [r.metric for r in results]
    values = [f"{r.percent:.2f}%" for r in results]
    sources = [r.source for r in results]
    if MISSING in recipes:  # a phone's card has its first cell as a heading
        told = {"Recipe or test": recipes} if {*recipes} != {MISSING} else {}
        columns = {"Figure": metrics, **told, "Value": values}
    elif len({*metrics}) == 1:
        columns = {"Recipe or test": recipes, metrics[0]: values}
    else:
        columns = {"Recipe or test": recipes, "Figure": metrics, "Value": values}
    columns["Source"] = sources
    rows = list(zip(*columns.values(), strict=True))
    st.html(table("Published results", tuple(columns), rows, len(columns)))
    apart = " Results of different recipes aren't comparable." if len(results) > 1 else ""
    st.caption(f"Published, not measured here.{apart}")


def profile_figures(
    profile: Profile, base: Profile | None, results: tuple[Published, ...] | None
) -> list[Figure]:
    """Return a network's figures, with the difference from its catalog entry if it is edited.

    Args:
        profile: the network.
        base: the catalog entry's profile, or None if the network is not edited.
        results: published results, or None while they are being looked up.
    """

    def figure(label: str, field: str, note: str, unit: str = "") -> Figure:
        value: int = getattr(profile, field)
        change = "" if base is None else delta(value, getattr(base, field), unit)
        title = f"{exact(value)} {unit}".rstrip()
        return Figure(label, short(value, unit), note, title, change)

    depth = exact(profile.depth)
    found = [
        Figure(
            "Depth",
            depth,
            f"{exact(profile.convolutions)} convolutions",
            depth_in_words(profile.spec)
            or "Weighted layers on the main path; convolutions include those of projections and SE",
            "" if base is None else exact_delta(profile.depth, base.depth),
        ),
        figure("Parameters", "params", f"{short(4 * profile.params, 'B')} in float32"),
        figure("MACs", "macs", "conv + linear"),
        figure("fvcore FLOPs", "fvcore_flops", "MACs + BN + pool"),
        _saved_memory(profile, base),
        Figure(
            "Receptive field",
            f"{exact(profile.receptive_field)} px",
            field_note(profile.spec),
            f"{exact(profile.receptive_field)} pixels a side",
            ""
            if base is None
            else f"{exact_delta(profile.receptive_field, base.receptive_field)} px",
        ),
        _accuracy(profile, results),
    ]
    return [one for one in found if one.label in _ON_WALL] if on_wall() else found


def saving(profile: Profile) -> Profile:
    """Return the profile with saved memory: for two images if the network can't train on one."""
    return profile_of(profile.spec, batch=2) if profile.untrainable else profile


def _saved_memory(profile: Profile, base: Profile | None) -> Figure:
    trained = saving(profile)
    saved = trained.saved_bytes
    assert saved is not None  # every network can train on two images
    note, title = "for backward, one image", f"{exact(saved)} B"
    if trained is not profile:
        note, title = "for backward, two images", f"{title} for two images: {profile.untrainable}"
    before = None if base is None else profile_of(base.spec, batch=trained.batch).saved_bytes
    change = "" if before is None else delta(saved, before, "B")
    return Figure("Saved memory", short(saved, "B"), note, title, change)


def stage_table(profile: Profile) -> str:
    """Return a table of the stages: torchvision's names, the paper's if it has any, the costs."""
    stages, blocks = profile.stages, sum(profile.spec.blocks)
    papers = [plan.paper_parts(profile.spec, row.name) for row in stages]
    columns: list[list[Cell]] = [
        [Cell(text) for text in texts]
        for texts in (
            ["Stage", *(row.name for row in stages), "total"],
            *([["Paper", *papers, ""]] if any(papers) else ()),
            ["Output", *(shape(row.output) for row in stages), ""],
            ["Blocks", *(exact(row.blocks) if row.blocks else "" for row in stages), exact(blocks)],
        )
    ]
    trained = saving(profile)
    costs = (
        ("Parameters", "params", "", profile),
        ("MACs", "macs", "", profile),
        ("fvcore FLOPs", "fvcore_flops", "", profile),
        ("Saved" if trained is profile else "Saved, 2 images", "saved_bytes", "B", trained),
        ("Activations", "activations", "", profile),
        ("Moved", "bytes_moved", "B", profile),
    )
    for title, field, unit, counted in costs:
        if on_wall() and field in _DESK_ONLY:
            continue
        values = [getattr(row, field) for row in counted.stages]
        columns.append(column(title, values, getattr(counted, field), unit))
    head, *rows = zip(*columns, strict=True)
    names = [cell.text for cell in head]
    return table("Cost of each stage", names, rows, text_columns=names.index("Output"))


def _accuracy(profile: Profile, results: tuple[Published, ...] | None) -> Figure:
    if results is None:
        return Figure("Published top-1", "...", "looking it up")
    own = [r for r in results if r.source == "torchvision"]
    accuracies = own or [r for r in results if r.higher_is_better]
    if accuracies:
        best = max(accuracies, key=lambda r: r.percent)
        recipe, title = recipe_in_words(best.recipe), f"{best.percent}%, {best.source}"
        return Figure("Published top-1", f"{best.percent:.1f}%", recipe, title)
    if results:
        first = results[0]
        note = f"{first.metric.removesuffix(' error')}, {first.source}"
        return Figure("Published error", f"{first.percent:g}%", note, first.recipe)
    edited = profile.model != profile.spec.base
    label = "Published error" if profile.input[1:] == _CIFAR else "Published top-1"
    return Figure(label, "none", "edited network" if edited else "in this app's tables")
