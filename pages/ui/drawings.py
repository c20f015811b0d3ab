"""Graphs, residual units and other drawings as pictures for the export dialog."""

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
from analysis.style.files import CHART_SUFFIXES, DIAGRAM_SUFFIXES
from analysis.style.look import Look
from pages.ui.exports import Drawn, Picture, file_name
from pages.ui.fields import switch

Draw = Callable[[float | None], Graph]

_BESIDE = 200  # most px that the title, the legend and the scale add to a drawing's height


def graph_picture(
    name: str,
    profile: Profile | Mapping[str, Profile],
    draw: Draw,
    heat: Heat | None = None,
    caption: Callable[[], str] | None = None,
    first: str = "graph",
    others: Callable[[], Mapping[str, Graph]] = dict,
    marks: Callable[[Graph], Mapping[str, str]] | None = None,
    key: str = "look",
    label: str = "Graph",
) -> Picture:
    """Return the page's graph as a picture, with the options that only graphs have.

    Args:
        name: the name of its files, such as a model's text.
        profile: the network's profile, or the profiles of several networks by name.
        draw: lays out the graph for a width on paper in mm, or for the screen if None.
        heat: the numbers that colour it.
        caption: returns the LaTeX caption and BibTeX.
        first: the graph's name in an HTML document.
        others: returns the graphs of an HTML document, by name.
        marks: returns a word for each box to highlight, which only pictures can show.
        key: names the setting that holds its title; older addresses have look_title.
        label: its name in the dialog, if a page has several pictures.
    """

    def drawn(look: Look) -> Drawn:
        look = _choose_parts(look)
        on_paper = draw(look.width_mm)
        scale = look.scale(on_paper.width, on_paper.height)

        def make(suffix: str, dpi: int | None) -> str | bytes:
            graph = draw(None if suffix in (".html", ".dot") else look.width_mm)
            views = dict(others()) if suffix == ".html" else {}
            views.setdefault(first, graph)
            warm = None if suffix == ".dot" else heat
            marked = marks(graph) if marks else {}
            return diagram(suffix, profile, views, first, look, warm, dpi, marked=marked)

        return Drawn(
            make,
            files.most_dpi(scale * on_paper.width, scale * (on_paper.height + _BESIDE)),
            (
                *(warning(suffix, look.title) for suffix in DIAGRAM_SUFFIXES),
                small_text(draw, look, is_fixed=marks is not None),
            ),
        )

    return Picture(
        key,
        label,
        file_name(name),
        drawn,
        caption=caption,
        suffixes=CHART_SUFFIXES if marks else DIAGRAM_SUFFIXES,
        preset="slide",
    )


def _choose_parts(look: Look) -> Look:
    """Draw the check boxes for the parts of a graph; return the look with these choices."""
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
    """Return an SVG in its own size, such as a confusion matrix, as a picture.

    Args:
        key: names the setting that holds its title.
        name: its name in the dialog.
        file: the name of its files, without a suffix.
        svg: draws it with a look's palette and width.
        title: its default title.
        caption: returns the LaTeX caption and BibTeX.
    """

    def drawn(look: Look) -> Drawn:
        return Drawn(lambda suffix, dpi: picture_file(svg(look), suffix, look, dpi))

    return Picture(key, name, file, drawn, title, caption)
