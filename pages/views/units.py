"""Parts of the Units page: the choice of a unit, its diagram and effects, published errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.drawing.caption import units_caption
from analysis.drawing.svg import svg
from analysis.drawing.units import unit_graph, units_in_place, units_upright
from analysis.drawing.viewer import UNITS, also_upright
from analysis.structure.units import (
    OPTION_LETTERS,
    OPTION_RESULTS,
    ORDER_ERRORS,
    ORDER_NAMES,
    USUAL_ORDERS,
    Unit,
    gradient,
    identity_path,
    signs,
)
from analysis.style.language import translate
from analysis.style.look import Look
from nets.options import BlockKind, Shortcut, UnitOrder
from nets.plan import ShortcutKind
from pages.ui import lecture
from pages.ui.drawings import graph_picture
from pages.ui.exports import export
from pages.ui.fields import select
from pages.ui.markup import picture
from pages.ui.theme import palette

_SCALE = 1.2  # relative to the diagram's own size

_WALL = 1206.0, 24.0
"""The width of the place on a wall of 1280x720 and its smallest legible text, in px."""

_ELSEWHERE = {
    Shortcut.ZERO_PAD: ("zero pad", "identity"),
    Shortcut.PROJECTION: ("projection", "identity"),
    Shortcut.PROJECTION_ALL: ("projection", "projection"),
}


def choose_unit(side: DeltaGenerator, index: int) -> Unit:
    """Let the visitor choose a unit's order, block and shortcut."""
    which = ("left", "right")[index]
    order = select("Unit order", ORDER_NAMES, USUAL_ORDERS[index], key=f"{which}_order", place=side)
    left, right = side.columns(2)
    block = select("Block", list(BlockKind), BlockKind.BASIC, key=f"{which}_block", place=left)
    shortcut = select(
        "Shortcut",
        {kind: kind.replace("_", " ") for kind in ShortcutKind},
        ShortcutKind.IDENTITY,
        key=f"{which}_shortcut",
        place=right,
    )
    return Unit(UnitOrder(order), BlockKind(block), ShortcutKind(shortcut))


def draw_unit(unit: Unit, beside: Sequence[Unit]) -> None:
    """Draw the unit as a diagram, large enough for a lecture hall, in line with those beside it."""
    drawn = unit_graph([unit], beside=beside)
    width_mm = _SCALE * drawn.width * 25.4 / 96
    image = svg(drawn, Look(palette(), width_mm=width_mm))
    st.html(
        picture(image, f"{unit.name} unit, from x at the top to y at the bottom", own_size=True)
    )


def show_on_wall(units: Sequence[Unit]) -> None:
    """Draw the units one below the other, and say what they do to the identity path.

    A step of a lecture has a sentence of its own.
    """
    names = " and ".join(unit.name for unit in units)
    image = svg(units_in_place(units, *_WALL), Look(palette()))
    st.html(picture(image, f"{names}, from x at the left to y at the right", share=1.0))
    for unit in () if lecture.tells() else dict.fromkeys(units):
        effect = identity_path(unit)
        name = unit.heading
        st.markdown(translate("**{unit}.** {effect}", unit=name, effect=effect))


def show_unit(unit: Unit) -> None:
    """Show what a unit does to the identity path and the gradient."""
    st.header("Identity path")
    st.markdown(identity_path(unit))
    st.header("Gradient")
    for line in gradient(unit):
        st.latex(line)
    if said := signs(unit):
        st.caption(f"{', '.join(said)}.")


def export_units(units: Sequence[Unit]) -> None:
    """Draw the export dialog for the units as one drawing."""
    picture = graph_picture(
        "-and-".join(map(str, units)),
        units[0].profile,
        partial(unit_graph, units),
        caption=partial(units_caption, units),
        first=UNITS,
        others=lambda: {UNITS: also_upright(unit_graph(units), partial(units_upright, units))},
    )
    export("units", [picture])


def error_rows(chosen: Sequence[Unit]) -> Iterator[tuple[str, ...]]:
    """Yield the published errors, with the chosen unit orders marked."""
    orders = {unit.order for unit in chosen}
    for order, errors in ORDER_ERRORS.items():
        mark = " (above)" if order in orders else ""
        yield f"{ORDER_NAMES[order]}{mark}", *(f"{error:.2f}" for error in errors)


def option_rows() -> Iterator[tuple[str, ...]]:
    """Yield shortcut options A, B and C with their published errors."""
    for option, result in OPTION_RESULTS.items():
        yield OPTION_LETTERS[option], *_ELSEWHERE[option], f"{result.percent:.2f}"
