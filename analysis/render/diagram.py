"""A graph as a file, in every format that there is."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.costs import Profile
from analysis.drawing import SMALL, Graph
from analysis.heat import Heat
from analysis.render import files, viewer
from analysis.render.dot import dot
from analysis.render.fonts import missing_letters, with_fonts
from analysis.render.look import Look
from analysis.render.svg import svg
from analysis.render.tikz import needs_unicode_tex, tikz


def diagram(
    suffix: str,
    profile: Profile,
    graphs: Mapping[str, Graph],
    first: str,
    look: Look,
    heat: Heat | None = None,
    dpi: int = 200,
    fragment: bool = False,
) -> str | bytes:
    """A file's content.

    Args:
        suffix: one of `files.DIAGRAM_SUFFIXES`.
        profile: the network that the graphs show.
        graphs: by name; an HTML document holds them all, the other formats the first.
        first: the name of the graph that is meant.
        look: how it is drawn.
        heat: numbers that colour the nodes.
        dpi: resolution of a PNG.
        fragment: whether a .tex is the picture alone, to be included in another document.

    Raises:
        ValueError: where the format cannot hold the graph or what is asked of it.
    """
    if suffix == ".html":
        return viewer.html(profile, graphs, first, look, heat)
    graph = graphs[first]
    if suffix == ".dot":
        if heat:
            raise ValueError("heat colours .svg, .pdf, .png, .tex and .html, not .dot")
        return dot(graph, look.palette, look.title)
    if suffix == ".tex":
        return tikz(graph, look, heat, standalone=not fragment)
    picture = svg(graph, look, heat)
    if suffix == ".pdf":
        return files.pdf(picture)
    if suffix == ".png":
        return files.png(picture, dpi)
    return with_fonts(picture)


LEGIBLE_PT = 6.0
"""Text below this is hard to read on paper."""


def small_text(graph: Graph, look: Look) -> str:
    """What to know of a drawing whose text becomes too small at the width asked for."""
    if look.width_mm is None:
        return ""
    size = SMALL * look.width_mm * 72 / 25.4 / graph.width
    if size >= LEGIBLE_PT:
        return ""
    needed = look.width_mm * LEGIBLE_PT / size
    return (
        f"at {look.width_mm:g} mm the smallest text is {size:.1f} pt: take {needed:,.0f} mm or "
        "more, a coarser level, or fold equal blocks"
    )


def warning(suffix: str, title: str) -> str:
    """What to know of a title that a format cannot simply write; mostly nothing."""
    if not title:
        return ""
    if suffix == ".tex" and needs_unicode_tex(title):
        return "the title has letters beyond Latin: compile this file with lualatex or xelatex"
    if suffix in (".pdf", ".png") and (missing := missing_letters(title)):
        return f"no font of this system has {' '.join(missing[:20])}: left out of the title"
    return ""
