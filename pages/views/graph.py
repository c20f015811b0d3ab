"""The graph to walk through; what is opened and what is chosen in it are in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha1
from typing import Any

import streamlit as st

from analysis.drawing import viewer
from analysis.drawing.graph import DEFAULT_ASPECT, graph
from analysis.drawing.heat import Heat
from analysis.drawing.parts import Graph, Layout
from analysis.drawing.svg import svg
from analysis.style.look import Look
from analysis.style.palette import Palette
from nets import ResNetSpec, plan
from pages.ui.address import held, hold
from pages.ui.cached import profile_of
from pages.ui.wall import on_wall
from pages.views.drawing import OPEN, Drawn

_AT, _SEARCH, _GRAPH = "at", "search", "graph"

_NARROW = 0.7
"""The aspect for which a graph is laid out that stands beside another."""

_WALL, _BELOW_FIGURES = 2.1, 2.5
"""The aspects of the place for a graph on a wall of 16:9, and of that below figures."""

_MOST_UPRIGHT = 150
"""Nodes of a graph that is drawn from top to bottom, too, for a phone."""

_viewer = st.components.v2.component(
    "graph", html='<div class="rv-host"></div>', css=viewer.style(), js=viewer.script()
)


@lru_cache(16)
def graph_of(drawn: Drawn, width_mm: float | None = None) -> Graph:
    """The graph as it stands on the page, or for a width on paper."""
    level, unfold, labels, figures = drawn.level, drawn.unfold, drawn.labels, drawn.figures
    if pair := drawn.pair:
        layout = drawn.layout or (Layout.ROWS if width_mm is None else Layout.COLUMN)
        fits = drawn.fits and width_mm is None
        return pair.graph(level, unfold, width_mm, labels, layout, figures, drawn.aspect, fits)
    return graph(
        profile_of(drawn.spec),
        level,
        unfold,
        drawn.aspect,
        opened=drawn.opened,
        width_mm=width_mm,
        labels=labels,
        arranged=drawn.layout or Layout.ROWS,
        figures=figures,
        fits=drawn.fits and width_mm is None,
    )


def _view(drawn: Drawn, heat: Heat | None, palette: Palette) -> dict[str, Any]:
    found = graph_of(drawn)
    picture = svg(found, Look(palette), heat)
    kept = (drawn.spec, drawn.twin, drawn.level, drawn.unfold, drawn.labels, drawn.layout)
    drawing = " ".join(map(str, kept))
    revision = f"{drawing} {sha1(picture.encode()).hexdigest()}"
    pair = drawn.pair
    known = viewer.view(found, pair.by_name() if pair else profile_of(drawn.spec), picture)
    narrow = {}
    if drawn.layout is None and not pair and not drawn.fits and len(found.nodes) <= _MOST_UPRIGHT:
        column = graph_of(replace(drawn, layout=Layout.COLUMN))
        narrow["narrow"] = svg(column, Look(palette), heat)
    return {**known, **narrow, "drawing": drawing, "revision": revision}


def show_graph(drawn: Drawn, heat: Heat | None, palette: Palette) -> None:
    """The viewer; what it opens, folds and chooses goes into the address."""
    if on_wall():
        drawn = replace(drawn, aspect=_WALL, fits=True)
    view = _view(drawn, heat, palette)
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
    drawn = Drawn(spec, unfold=True, aspect=_NARROW if is_narrow else DEFAULT_ASPECT)
    if on_wall():
        drawn = replace(drawn, aspect=_BELOW_FIGURES, fits=True)
    view = _view(drawn, heat, palette)
    takes = [place.path for place in plan.blocks(spec)]
    keys = "Arrow keys walk along it; Enter takes a block out and puts it back."
    wanted = ",".join(path for path in takes if path in out)
    _viewer(
        key=key,
        data={
            **view,
            "at": "",
            "search": "",
            "takes": takes,
            "out": wanted,
            "keys": keys,
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
    names = set(filter(None, held(OPEN).split(",")))
    names = (names | set(asked["open"])) - set(asked["close"])
    hold(OPEN, ",".join(sorted(names)))
    hold(_AT, asked["target"])
