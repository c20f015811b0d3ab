"""The interactive graph; the address holds what is opened and selected in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha1
from typing import Any

import streamlit as st

from analysis.drawing import viewer
from analysis.drawing.drawn import Drawn, graph_of, in_place, size_of, upright
from analysis.drawing.graph import Level
from analysis.drawing.heat import Heat
from analysis.drawing.marks import Warm, width_for_numbers
from analysis.drawing.parts import Graph, Layout
from analysis.drawing.svg import svg
from analysis.style.look import Look
from analysis.style.palette import LIGHT, Palette
from nets import ResNetSpec, plan
from pages.ui import lecture
from pages.ui.address import held, hold
from pages.ui.cached import profile_of
from pages.ui.wall import on_wall
from pages.views.drawing import OPEN

_AT, _SEARCH, _GRAPH = "at", "search", "graph"

_Place = tuple[float, float, float]
"""A place for a graph: its width, its height and its smallest legible text, in px."""

_DESK, _ONE_OF_TWO = (904.0, 490.0, 14.0), (904.0, 340.0, 12.0)
"""The places on a window of 1280x900: for a graph alone, and for one of two below each other."""

_NARROWEST = 11.5
"""The smallest text, in px, of a graph in rows; with less, it is drawn as on a phone."""

_LOW = 640.0
"""The largest height of a graph in a window of 720 px, in px."""

_SCROLLED = (904.0, 1400.0, 14.0)
"""The place for the layers of a network, which are taller than the window."""

_WALL, _BELOW_SENTENCE = (1206.0, 575.0, 24.0), (1206.0, 590.0, 24.0)
"""The places on a wall of 1280x720: for a graph alone, and with a sentence of two lines."""

_BELOW_ANSWER = (1206.0, 550.0, 24.0)
"""The same below a step of a lecture and an answer of two lines."""

_viewer = st.components.v2.component(
    "graph", html='<div class="rv-host"></div>', css=viewer.style(), js=viewer.script()
)


def _view(
    drawn: Drawn, heat: Heat | None, palette: Palette, layout: Layout | None = None
) -> dict[str, Any]:
    """Return the viewer's data; a layout is that of a wide window if the visitor chose none."""
    found = graph_of(replace(drawn, layout=drawn.layout or layout))
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
    if drawn.layout is None and not on_wall():
        found = viewer.also_upright(found, partial(upright, drawn, viewer.PHONE_PX))
    narrow = {"narrow": svg(found.narrow, Look(palette), heat)} if found.narrow else {}
    pair = drawn.pair
    known = viewer.view(found, pair.by_name() if pair else profile_of(drawn.spec), picture)
    return {**known, **narrow, "drawing": drawing, "revision": revision}


def for_document(drawn: Drawn) -> Graph:
    """Return the graph for a document, legible in its window or on a page that scrolls."""
    if drawn.layout is Layout.COLUMN:
        return graph_of(drawn)
    found = viewer.in_window(
        lambda aspect, tight: graph_of(replace(drawn, aspect=aspect, tight=tight)),
        scrolls=drawn.level is Level.LAYER,
    )
    # VGG-19 makes rows twice as wide
    if drawn.pair and drawn.layout is None and (drawn.vgg19 or viewer.is_overview(found)):
        found = graph_of(replace(drawn, layout=Layout.COLUMN))
    if drawn.layout is None:
        found = viewer.also_upright(found, partial(upright, drawn, viewer.PHONE_PX))
    return found


def _placed(tried: Sequence[Drawn], heat: Heat | None, place: _Place) -> Drawn:
    """Return the first of several drawings that is legible in its place, or the most legible."""
    return in_place(tried, *place, _ends(tried[0], heat))


def _ends(drawn: Drawn, heat: Heat | None) -> tuple[str, ...]:
    """Return the words around a drawing's scale; empty without one."""
    return Warm.of(graph_of(drawn), heat, LIGHT).ends if heat else ()


def _in(place: _Place, drawn: Drawn, fits: bool) -> Drawn:
    """Return the drawing with the aspect of a place, and text as large as fits there if asked."""
    width, height, _ = place
    return replace(drawn, aspect=width / height, fits=fits)


def _beside(drawn: Drawn, heat: Heat | None) -> tuple[Drawn, Layout | None, bool]:
    """Return a drawing of networks beside each other, its layout, and whether the page scrolls."""
    width, height, least = _DESK
    own_width, own_height = size_of(drawn, _ends(drawn, heat))
    inside = (width - viewer.FRAME) / own_width, height / own_height
    wide, tall = (graph_of(drawn).small * own for own in inside)
    if drawn.layout is not None or (wide >= viewer.LOWEST and not drawn.vgg19):
        return drawn, drawn.layout, min(wide, tall) < least
    # VGG-19 makes rows twice as wide
    more_rows = None if drawn.vgg19 else _scrolled(drawn, heat)
    return more_rows or drawn, None if more_rows else Layout.COLUMN, True


def _scrolled(drawn: Drawn, heat: Heat | None) -> Drawn | None:
    """Return a drawing for a page that scrolls if this one isn't legible in a low window."""
    width, height = size_of(drawn, _ends(drawn, heat))
    small, most = graph_of(drawn).small, _DESK[0] - viewer.FRAME
    if viewer.LOWEST / small <= min(most / width, _LOW / height):
        return None

    closer = replace(drawn, tight=True)
    aspect = viewer.aspect_to_scroll(lambda aspect: graph_of(replace(closer, aspect=aspect)))
    return replace(closer, aspect=aspect) if aspect else None


def show_graph(drawn: Drawn, heat: Heat | None, palette: Palette) -> None:
    """Draw the viewer; what is opened, folded and selected in it goes into the address."""
    place = _WALL if on_wall() else _DESK
    if on_wall():
        drawn = _in(place, drawn, fits=True)
    wraps = drawn.layout is not Layout.COLUMN and (on_wall() or not drawn.pair)
    scrolls = wraps and drawn.level is Level.LAYER and not on_wall()
    if scrolls:
        place = _SCROLLED
        drawn = _in(place, drawn, fits=True)
    if wraps:
        tried = [drawn, replace(drawn, tight=True)]
        if heat and drawn.fits and not drawn.pair:  # each box with its number, if legible
            widest = width_for_numbers(graph_of(drawn), heat)
            tried = [*(replace(one, smallest=widest) for one in tried), *tried]
        drawn = _placed(tried, heat, place)
        if not (on_wall() or scrolls) and (tall := _scrolled(drawn, heat)):
            drawn, scrolls = tall, True
    layout = drawn.layout
    if drawn.pair and not on_wall():
        drawn, layout, scrolls = _beside(drawn, heat)
    view = _view(drawn, heat, palette, layout)
    view["upright"] |= scrolls
    if not on_wall():
        found = graph_of(drawn)
        view["legible"] = viewer.LOWEST / found.small
        if not drawn.pair:
            view["narrowest"] = _NARROWEST / found.small * found.width
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
    heats: Mapping[ResNetSpec, Heat | None],
    palette: Palette,
    key: str,
    take: Callable[[str], None],
) -> None:
    """Draw a graph in which a click takes a block out or puts it back.

    Its boxes show their numbers where these are legible.

    Args:
        spec: the network.
        out: the paths of the blocks that are out.
        heats: the numbers that colour the blocks of this network and of those drawn beside it, all
            of which have the scale of the largest.
        palette: the colours.
        key: identifies the graph on the page.
        take: receives the paths that are out after a click, separated by commas.
    """
    drawn = {one: _to_take(one, heat) for one, heat in heats.items()}
    sizes = [size_of(drawn[one], _ends(drawn[one], heat)) for one, heat in heats.items()]
    takes = [place.path for place in plan.blocks(spec)]
    keys = "Arrow keys move along the graph; Enter takes a block out or puts it back."
    wanted = ",".join(path for path in takes if path in out)
    _viewer(
        key=key,
        data={
            **_view(drawn[spec], heats[spec], palette),
            "room": [max(lengths) for lengths in zip(*sizes, strict=True)],
            "at": "",
            "search": "",
            "takes": takes,
            "out": wanted,
            "keys": keys,
            "wall": on_wall(),
        },
        on_out_change=lambda: take(st.session_state[key].out or ""),
    )


def _to_take(spec: ResNetSpec, heat: Heat | None) -> Drawn:
    is_step = lecture.place() is not None
    place = _ONE_OF_TWO if not on_wall() else _BELOW_ANSWER if is_step else _BELOW_SENTENCE
    drawn = _in(place, Drawn(spec, unfold=True, figures=heat is not None), fits=True)
    tight = replace(drawn, tight=True)
    bare = () if is_step else (replace(tight, figures=False),)  # a step's text needs the numbers
    return _placed((drawn, tight, *bare), heat, place)


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
