"""Graphs as files, in all formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil
from types import MappingProxyType

from analysis.costs.profiles import Profile
from analysis.drawing import viewer
from analysis.drawing.dot import dot
from analysis.drawing.heat import Heat
from analysis.drawing.marks import title_size
from analysis.drawing.parts import SMALL, Graph
from analysis.drawing.svg import svg
from analysis.drawing.tikz import needs_unicode_tex, tikz
from analysis.style import files
from analysis.style.fonts import missing_letters, with_fonts
from analysis.style.look import MAX_WIDTH_MM, SHEET_MM, SLIDE_MM, Look, magnification

_PT_PER_PX = 0.75


def diagram(
    suffix: str,
    profile: Profile | Mapping[str, Profile],
    graphs: Mapping[str, Graph],
    first: str,
    look: Look,
    heat: Heat | None = None,
    dpi: int | None = None,
    fragment: bool = False,
    marked: Mapping[str, str] = MappingProxyType({}),
) -> str | bytes:
    """Return the content of a file.

    Args:
        suffix: one of `files.DIAGRAM_SUFFIXES`.
        profile: the network that the graphs show, or several by name.
        graphs: by name; an HTML document holds all of them, other formats only `first`.
        first: the name of the graph to show.
        look: how it is drawn.
        heat: numbers that colour the nodes.
        dpi: resolution of a PNG; by default that of `files.png`.
        fragment: whether a .tex holds only the picture, for inclusion in another document.
        marked: a word for each node to highlight in a picture, by path, such as `added`.

    Raises:
        ValueError: if the format can't hold the graph or doesn't support the options.
    """
    if suffix == ".html":
        return viewer.html(profile, graphs, first, look, heat)
    graph = graphs[first]
    if suffix == ".dot":
        if heat:
            raise ValueError("heat colours .svg, .pdf, .png, .tex and .html, not .dot")
        return dot(graph, look.palette, look.title)
    if suffix == ".tex":
        return tikz(graph, replace(look, aspect=None), heat, standalone=not fragment)
    picture = svg(graph, look, heat, marked)
    if suffix == ".pdf":
        return files.pdf(picture)
    if suffix == ".png":
        return files.png(picture, dpi)
    return with_fonts(picture)


LEGIBLE_PT = 6.95
"""Size below which text is too small for a paper, which asks for 7 pt."""

_USEFUL = 3  # times the width; a drawing limited by its height would ask for far more


def small_text(draw: Callable[[float | None], Graph], look: Look, is_fixed: bool = False) -> str:
    """Return a warning if a drawing's text is too small on paper, with a remedy; otherwise "".

    Args:
        draw: lays out the drawing for a width in mm, or without one.
        look: how it is drawn.
        is_fixed: whether nothing can be left out of it, so that only its width is a remedy.
    """
    drawn = draw(look.width_mm)
    scale = look.scale(drawn.width, drawn.height) * _PT_PER_PX
    if look.title and title_size(look, drawn.width) * scale < LEGIBLE_PT:
        return "the title is too long for the drawing's width and becomes small: shorten it"
    said = f"the smallest text is {scale * SMALL:.1f} pt"
    less = "draw each network alone" if drawn.parts else "draw less of the network"
    otherwise = "" if is_fixed else f": {less}"
    if scale * SMALL >= _least_pt(look.width_mm or 0.0):
        return ""
    if scale * SMALL >= LEGIBLE_PT:
        return f"at {look.width_mm:g} mm {said}, small for a slide{otherwise}"
    if look.width_mm is None:
        return f"the drawing was shrunk to fit the height of a page: {said}"
    low, high = look.width_mm, float(MAX_WIDTH_MM)
    if not _legible(draw, look, high):
        return f"at {low:g} mm {said}, and no width makes it legible{otherwise}"
    while high > 1.02 * low + 1:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if _legible(draw, look, middle) else (middle, high)
    wider = f"use {ceil(high):,} mm" if high <= _USEFUL * look.width_mm else ""
    remedy = ", or ".join(filter(None, (wider, "" if is_fixed else less)))
    return f"at {look.width_mm:g} mm {said}{f': {remedy}' if remedy else ''}"


def _legible(draw: Callable[[float | None], Graph], look: Look, width_mm: float) -> bool:
    drawn = draw(width_mm)
    scale = replace(look, width_mm=width_mm).scale(drawn.width, drawn.height)
    return scale * _PT_PER_PX * SMALL >= _least_pt(width_mm)


def _least_pt(width_mm: float) -> float:
    """Return the smallest legible text: larger on a slide, which is wider than a sheet of A4."""
    is_slide = SHEET_MM < width_mm <= SLIDE_MM
    return LEGIBLE_PT * (magnification(width_mm) if is_slide else 1.0)


def warning(suffix: str, title: str) -> str:
    """Return a warning if a format can't fully write a title; otherwise ""."""
    if not title:
        return ""
    if suffix == ".tex" and needs_unicode_tex(title):
        return "the title has non-Latin letters: compile this file with lualatex or xelatex"
    if suffix not in (".dot", ".tex") and (missing := missing_letters(title)):
        return f"no font on this system has {' '.join(missing[:20])}: left out of the title"
    return ""
