"""Graphs, residual units and other drawings as the export dialog offers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import streamlit as st

from analysis.costs.profiles import Profile
from analysis.drawing.diagram import diagram, small_text, warning
from analysis.drawing.heat import Heat
from analysis.drawing.parts import Graph
from analysis.style import files
from analysis.style.dress import picture_file
from analysis.style.files import DIAGRAM_SUFFIXES
from analysis.style.look import Look
from pages.ui.exports import Drawn, Picture, file_name
from pages.ui.fields import switch

Draw = Callable[[float | None], Graph]

_BESIDE = 200  # px at most of title, legend and scale above and below a drawing


def graph_picture(
    name: str,
    profile: Profile | Mapping[str, Profile],
    draw: Draw,
    heat: Heat | None = None,
    caption: Callable[[], str] | None = None,
    first: str = "graph",
    others: Callable[[], Mapping[str, Graph]] = dict,
) -> Picture:
    """Return a graph as it stands on the page, with the options that only graphs have.

    Args:
        name: what the files are called.
        profile: the network that it shows; of several beside each other, by name.
        draw: lays out what is on the page, for a width in mm on paper if there is one.
        heat: numbers that colour it.
        caption: gives LaTeX and BibTeX to copy.
        first: the graph's name in an HTML document.
        others: gives what else such a document holds, by name.
    """

    def drawn(look: Look) -> Drawn:
        look = _choose_parts(look)
        on_paper = draw(look.width_mm)
        scale = look.scale(on_paper.width, on_paper.height)

        def make(suffix: str, dpi: int | None) -> str | bytes:
            graph = draw(None if suffix in (".html", ".dot") else look.width_mm)
            views = {**(others() if suffix == ".html" else {}), first: graph}
            warm = None if suffix == ".dot" else heat
            return diagram(suffix, profile, views, first, look, warm, dpi)

        return Drawn(
            make,
            files.most_dpi(scale * on_paper.width, scale * (on_paper.height + _BESIDE)),
            (*(warning(suffix, look.title) for suffix in DIAGRAM_SUFFIXES), small_text(draw, look)),
        )

    return Picture(
        "look",  # so that a title has the name in the address that it always had
        "Graph",
        file_name(name),
        drawn,
        caption=caption,
        suffixes=DIAGRAM_SUFFIXES,
        preset="slide",
        slide_mm=None,
    )


def _choose_parts(look: Look) -> Look:
    """Let the visitor choose which parts of a graph are drawn."""
    one, two, three = st.columns(3)
    check = partial(switch, box="checkbox")
    return replace(
        look,
        legend=check("Legend", True, key="look_legend", place=one),
        shapes=check("Shapes", True, key="look_shapes", place=two),
        labels=check("Labels", True, key="look_labels", place=three),
    )


def svg_picture(
    key: str,
    name: str,
    file: str,
    svg: Callable[[Look], str],
    title: str = "",
    caption: Callable[[], str] | None = None,
) -> Picture:
    """Return a picture that is an SVG text in its own size, such as a confusion matrix.

    Args:
        key: names its title in the address.
        name: what it is called.
        file: what its files are called.
        svg: draws it in a palette, for a width on paper.
        title: what stands above it unless the visitor changes it.
        caption: gives LaTeX and BibTeX to copy.
    """

    def drawn(look: Look) -> Drawn:
        return Drawn(lambda suffix, dpi: picture_file(svg(look), suffix, look, dpi))

    return Picture(key, name, file, drawn, title, caption)
