"""Links and files of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from analysis.costs import report
from analysis.costs.profiles import Profile
from analysis.drawing.diagram import diagram, small_text, warning
from analysis.drawing.heat import Heat
from analysis.drawing.parts import Graph
from analysis.drawing.silhouette import silhouette
from analysis.style import files
from analysis.style.files import DIAGRAM_SUFFIXES
from analysis.style.look import MAX_TITLE, MAX_WIDTH_MM, MIN_WIDTH_MM, Look
from analysis.style.palette import DARK, LIGHT, PRINT
from pages.ui.cached import code_of
from pages.ui.downloads import export_popover, file_button
from pages.ui.fields import number, select, switch, text
from pages.ui.words import complain, sentence


def share_menu(profile: Profile) -> None:
    """The page's link and the model's text, to copy."""
    with st.popover("Share", icon=":material/link:", width="stretch"):
        address = (st.context.url or "").partition("?")[0]
        st.caption("Link to this model")
        st.code(f"{address}?{urlencode({'model': profile.model})}", language=None, wrap_lines=True)
        st.caption("Model text")
        st.code(profile.model, language=None, wrap_lines=True)


def export_menu(profile: Profile) -> None:
    """Files of the report, the shape picture and the code."""
    name = _file_name(profile.model)
    with export_popover():
        file_button("Layers as CSV", f"{name}.csv", lambda: report.profile_csv(profile))
        file_button("Everything as JSON", f"{name}.json", lambda: report.profile_json(profile))
        file_button("Table as LaTeX", f"{name}.tex", lambda: report.profile_latex(profile))
        file_button("Figures as text", f"{name}.txt", lambda: report.profile_text(profile))
        file_button("Model as Python", f"{name}.py", lambda: code_of(profile.spec)[1])
        file_button("Shape as SVG", f"{name}.svg", lambda: silhouette(profile))
        file_button("Shape as PDF", f"{name}.pdf", lambda: files.pdf(silhouette(profile)))
        file_button("Shape as PNG", f"{name}.png", lambda: files.png(silhouette(profile)))


Draw = Callable[[float | None], Graph]


def diagram_menu(
    name: str,
    profile: Profile | Mapping[str, Profile],
    draw: Draw,
    heat: Heat | None = None,
    caption: str = "",
    first: str = "graph",
    others: Callable[[], Mapping[str, Graph]] = dict,
) -> None:
    """Files of a graph as it stands on the page, and how they are to look.

    Args:
        name: what the files are called.
        profile: the network that it shows; of several beside each other, by name.
        draw: lays out what is on the page, for a width in mm on paper if there is one.
        heat: numbers that colour it.
        caption: LaTeX and BibTeX to copy.
        first: the graph's name in an HTML document.
        others: gives what else such a document holds, by name.
    """
    with export_popover():
        try:
            look, dpi = _look()
        except ValueError as error:
            complain(str(error))
            return
        drawn = draw(look.width_mm)
        scale = look.scale(drawn.width, drawn.height)
        most = files.most_dpi(scale * drawn.width, scale * (drawn.height + _BESIDE))
        if dpi is not None and dpi > most:
            st.warning(
                f"The PNG is made at {most:,} dpi, the most for this picture.",
                icon=":material/info:",
            )
            dpi = most

        def make(suffix: str) -> str | bytes:
            graph = draw(None if suffix in (".html", ".dot") else look.width_mm)
            views = {**(others() if suffix == ".html" else {}), first: graph}
            warm = None if suffix == ".dot" else heat
            return diagram(suffix, profile, views, first, look, warm, dpi)

        for suffix in DIAGRAM_SUFFIXES:
            file_button(_LABELS[suffix], f"{_file_name(name)}{suffix}", partial(make, suffix))
        warnings = [warning(suffix, look.title) for suffix in DIAGRAM_SUFFIXES]
        for said in dict.fromkeys(filter(None, [*warnings, small_text(draw, look)])):
            st.warning(sentence(said), icon=":material/info:")
        if caption:
            st.caption("Caption and source, for LaTeX")
            st.code(caption, language="latex", wrap_lines=True)


_LABELS = {
    ".svg": "SVG",
    ".pdf": "PDF",
    ".png": "PNG",
    ".dot": "DOT, for Graphviz",
    ".tex": "TikZ, for LaTeX",
    ".html": "HTML, to walk through offline",
}


_BESIDE = 200  # px at most of title, legend and scale above and below a drawing
_ROWS = {
    "slide": "slide, 16:9",
    "page": "page, 170 mm",
    "column": "column, 85 mm",
    "own": "a width of mine",
}
_WIDTHS_MM = {"page": 170.0, "column": 85.0}
_PALETTES = {"light": LIGHT, "dark": DARK, "print": PRINT}


def _look() -> tuple[Look, int | None]:
    """What the visitor chooses of a file's looks, and a PNG's resolution.

    Raises:
        ValueError: in one sentence, on a title or a width that cannot be.
    """
    title = text("Title", key="look_title", placeholder="none", most=MAX_TITLE)
    left, right = st.columns(2)
    colours = select("Colours", list(_PALETTES), "light", key="look_palette", place=left)
    rows = select(
        "Rows for a",
        _ROWS,
        "slide",
        key="look_rows",
        place=right,
        help="On paper rows are laid out so that text is of 8 pt and all fits on a page, if both "
        "can be.",
    )
    left, right = st.columns(2)
    width: float | None = _WIDTHS_MM.get(rows)
    if rows == "own":
        width = number("Width, mm", MIN_WIDTH_MM, MAX_WIDTH_MM, 120, key="look_width", place=right)
    dpi = number(
        "PNG, dpi",
        files.MIN_DPI,
        files.MAX_DPI,
        None,
        key="look_dpi",
        place=left,
        placeholder="200",
    )
    left, right = st.columns(2)
    check = partial(switch, box="checkbox")
    legend = check("Legend", True, key="look_legend", place=left)
    shapes = check("Shapes", True, key="look_shapes", place=right)
    labels = check("Labels", True, key="look_labels", place=left)
    ground = check(
        "Background", False, key="look_ground", place=right, help="Transparent background if off."
    )
    look = Look(_PALETTES[colours], title, legend, shapes, labels, width, ground)
    return look, None if dpi is None else int(dpi)


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() or c in "_-" else "-" for c in text)[:80]
