"""The graph to walk through; what is opened and what is chosen in it are in the address."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from hashlib import sha1
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.drawing import viewer
from analysis.drawing.graph import Level, graph, openable
from analysis.drawing.heat import Heat, Metric, Per, heat_of
from analysis.drawing.parts import Graph
from analysis.drawing.svg import svg
from analysis.style.look import Look
from analysis.style.palette import Palette
from nets import ResNetSpec, plan
from nets.options import quote
from pages.ui.address import held, hold
from pages.ui.cached import profile_of
from pages.ui.fields import segments, select
from pages.ui.measured import measured_heats
from pages.ui.wall import on_wall
from pages.ui.words import complain, sentence

_OPEN, _AT, _SEARCH, _GRAPH = "open", "at", "search", "graph"

_NARROW_MM = 170.0
"""The width for which a graph is laid out that stands beside another."""

_NAME = re.compile(r"layer[0-9]+(\.([0-9]+|all))?")
"""What can be opened in some network."""

_viewer = st.components.v2.component(
    "graph", html='<div class="rv-host"></div>', css=viewer.style(), js=viewer.script()
)


@lru_cache(16)
def graph_of(
    spec: ResNetSpec,
    level: Level,
    unfold: bool,
    opened: frozenset[str],
    width_mm: float | None = None,
) -> Graph:
    """A network's graph as it stands on the page, or for a width on paper."""
    return graph(profile_of(spec), level, unfold, opened=opened, width_mm=width_mm)


def choose_heat(spec: ResNetSpec, reasons: DeltaGenerator) -> Heat | None:
    """What the nodes are coloured by: a metric of the profile, or what this visit has measured.

    `reasons` is where to say why the network has no such numbers.
    """
    profile = profile_of(spec)
    heats: dict[str, tuple[str, Callable[[], Heat]]] = {
        metric: (metric.label, partial(heat_of, profile, metric)) for metric in Metric
    }
    heats |= measured_heats(spec)
    name = select(
        "Colour by",
        {name: label for name, (label, _) in heats.items()},
        None,
        key="heat",
        placeholder="nothing",
        help="Times and gradients can be chosen once they are measured on Timing and Gradients.",
    )
    try:
        return heats[name][1]() if name else None
    except ValueError as error:
        reasons.info(sentence(str(error)), icon=":material/info:")
        return None


def choose_reading(heat: Heat | None) -> Heat | None:
    """Whether a box of several blocks is coloured by all of them or by one."""
    disabled = heat is None or heat.varies
    per = segments("Counted per", list(Per), Per.BOX, key="per", disabled=disabled)
    return heat and replace(heat, per=Per(per))


def _view(
    spec: ResNetSpec,
    level: Level,
    unfold: bool,
    opened: frozenset[str],
    heat: Heat | None,
    palette: Palette,
    width_mm: float | None = None,
) -> dict[str, Any]:
    drawn = graph_of(spec, level, unfold, opened, width_mm)
    picture = svg(drawn, Look(palette), heat)
    drawing = f"{spec} {level} {unfold}"
    revision = f"{drawing} {sha1(picture.encode()).hexdigest()}"
    known = viewer.view(drawn, profile_of(spec), picture)
    return {**known, "drawing": drawing, "revision": revision}


def opened_in(spec: ResNetSpec) -> frozenset[str]:
    """What the address says is opened, as far as this network has it; what is no name is said."""
    names = frozenset(filter(None, held(_OPEN).split(",")))
    if wrong := sorted(name for name in names if not _NAME.fullmatch(name)):
        complain(
            f"{quote(wrong[0])} can't be opened: a stage is named layer1, all its blocks "
            "layer1.all, a block layer1.0"
        )
    return names & openable(spec)


def show_graph(
    spec: ResNetSpec,
    level: Level,
    unfold: bool,
    opened: frozenset[str],
    heat: Heat | None,
    palette: Palette,
) -> None:
    """The viewer; what it opens, folds and chooses goes into the address."""
    view = _view(spec, level, unfold, opened, heat, palette)
    _viewer(
        key=_GRAPH,
        data={**view, "at": held(_AT), "search": held(_SEARCH), "wall": on_wall()},
        on_at_change=_chosen,
        on_search_change=_searched,
        on_open_change=_opened,
    )


def show_blocks_to_take(
    spec: ResNetSpec,
    out: Sequence[str],
    heat: Heat | None,
    palette: Palette,
    key: str,
    take: Callable[[str], None],
    is_narrow: bool = False,
) -> None:
    """Draw a graph of which a click takes a block out, and puts it back.

    Args:
        spec: the network.
        out: paths of the blocks that are out.
        heat: numbers that colour the blocks.
        palette: the colours.
        key: of the graph on the page.
        take: is given what is out after a click, separated by commas.
        is_narrow: whether it stands beside another, in half of the page's width.
    """
    width_mm = _NARROW_MM if is_narrow else None
    view = _view(spec, Level.BLOCK, True, frozenset(), heat, palette, width_mm)
    takes = [place.path for place in plan.blocks(spec)]
    label = (
        "Graph of the network. Arrow keys walk along it; Enter takes a block out and puts it back."
    )
    wanted = ",".join(path for path in takes if path in out)
    _viewer(
        key=key,
        data={
            **view,
            "at": "",
            "search": "",
            "takes": takes,
            "out": wanted,
            "label": label,
            "wall": on_wall(),
        },
        on_out_change=lambda: take(st.session_state[key].out or ""),
    )


def _chosen() -> None:
    hold(_AT, st.session_state[_GRAPH].at or "")


def _searched() -> None:
    hold(_SEARCH, st.session_state[_GRAPH].search or "")


def _opened() -> None:
    asked = st.session_state[_GRAPH].open
    names = set(filter(None, held(_OPEN).split(",")))
    names = (names | set(asked["open"])) - set(asked["close"])
    hold(_OPEN, ",".join(sorted(names)))
    hold(_AT, asked["target"])
