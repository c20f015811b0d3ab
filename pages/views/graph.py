"""The interactive graph; the address holds what is opened and selected in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha1
from typing import Any

import streamlit as st

from analysis.drawing import viewer
from analysis.drawing.drawn import Drawn, graph_of
from analysis.drawing.graph import DEFAULT_ASPECT
from analysis.drawing.heat import Heat
from analysis.drawing.parts import Layout
from analysis.drawing.svg import svg
from analysis.style.look import Look
from analysis.style.palette import Palette
from nets import ResNetSpec, plan
from pages.ui.address import held, hold
from pages.ui.cached import profile_of
from pages.ui.wall import on_wall
from pages.views.drawing import OPEN

_AT, _SEARCH, _GRAPH = "at", "search", "graph"

_NARROW = 0.7
"""The aspect of a graph beside another one."""

_WALL, _BELOW_SENTENCE = 2.1, 2.5
"""The aspects of the place for a graph on a 16:9 wall, alone and below a sentence of two lines."""

_MOST_UPRIGHT = 150
"""The most nodes of a graph that is also drawn from top to bottom, for a phone."""

_viewer = st.components.v2.component(
    "graph", html='<div class="rv-host"></div>', css=viewer.style(), js=viewer.script()
)


def _view(drawn: Drawn, heat: Heat | None, palette: Palette) -> dict[str, Any]:
    found = graph_of(drawn)
    picture = svg(found, Look(palette), heat)
    kept = (
        drawn.spec,
        drawn.twin,
        drawn.vgg19,
        drawn.level,
        drawn.unfold,
        drawn.labels,
        drawn.layout,
    )
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
    """Draw the viewer; what is opened, folded and selected in it goes into the address."""
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
    """Draw a graph in which a click takes a block out or puts it back.

    Args:
        spec: the network.
        out: the paths of the blocks that are out.
        heat: the numbers that colour the blocks.
        palette: the colours.
        key: identifies the graph on the page.
        take: receives the paths that are out after a click, separated by commas.
        is_narrow: whether another graph is beside it, so that it has half of the page's width.
    """
    drawn = Drawn(spec, unfold=True, aspect=_NARROW if is_narrow else DEFAULT_ASPECT)
    if on_wall():
        drawn = replace(drawn, aspect=_BELOW_SENTENCE, fits=True)
    view = _view(drawn, heat, palette)
    takes = [place.path for place in plan.blocks(spec)]
    keys = "Arrow keys move along the graph; Enter takes a block out or puts it back."
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
