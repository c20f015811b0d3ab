"""Links and files of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from analysis.costs import Profile
from analysis.graph import Graph
from analysis.heat import Heat
from analysis.render import files, tables
from analysis.render.diagram import diagram, small_text, warning
from analysis.render.files import DIAGRAM_SUFFIXES
from analysis.render.look import Look
from analysis.render.palette import DARK, LIGHT, PRINT
from analysis.render.silhouette import silhouette
from pages.ui.cached import code_of
from pages.ui.words import sentence


def share_menu(profile: Profile) -> None:
    """The page's link and the model's text, to copy."""
    with st.popover("Share", icon=":material/link:", width="stretch"):
        address = (st.context.url or "").partition("?")[0]
        st.caption("Link to this model")
        st.code(f"{address}?{urlencode({'model': profile.model})}", language=None, wrap_lines=True)
        st.caption("Model text")
        st.code(profile.model, language=None, wrap_lines=True)


Makers = list[tuple[str, str, str, Callable[[], str | bytes]]]


def export_menu(profile: Profile) -> None:
    """Files of the tables, the shape picture and the code."""

    def image() -> str:
        return silhouette(profile)

    _menu(
        profile,
        [
            ("Layers as CSV", "csv", "text/csv", lambda: tables.profile_csv(profile)),
            (
                "Everything as JSON",
                "json",
                "application/json",
                lambda: tables.profile_json(profile),
            ),
            ("Table as LaTeX", "tex", "text/x-tex", lambda: tables.profile_latex(profile)),
            ("Figures as text", "txt", "text/plain", lambda: tables.profile_text(profile)),
            ("Model as Python", "py", "text/x-python", lambda: code_of(profile.spec)[1]),
            ("Shape as SVG", "svg", "image/svg+xml", image),
            ("Shape as PDF", "pdf", "application/pdf", lambda: files.pdf(image())),
            ("Shape as PNG", "png", "image/png", lambda: files.png(image())),
        ],
    )


def diagram_menu(
    name: str,
    profile: Profile,
    graph: Graph,
    heat: Heat | None = None,
    caption: str = "",
    first: str = "graph",
    others: Callable[[], Mapping[str, Graph]] = dict,
) -> None:
    """Files of a graph as it stands on the page, and how they are to look.

    Args:
        name: what the files are called.
        profile: the network that it shows.
        graph: what is on the page.
        heat: numbers that colour it.
        caption: LaTeX and BibTeX to copy.
        first: the graph's name in an HTML document.
        others: gives what else such a document holds, by name.
    """
    with st.popover("Export", icon=":material/download:", width="stretch"):
        look = _look()
        for suffix in DIAGRAM_SUFFIXES:
            st.download_button(
                _LABELS[suffix],
                partial(_file, suffix, profile, graph, first, others, look, heat),
                f"{_file_name(name)}{suffix}",
                _MIMES[suffix],
                key=f"export_{suffix}",
                on_click="ignore",
                width="stretch",
            )
        warnings = [warning(suffix, look.title) for suffix in DIAGRAM_SUFFIXES]
        for said in dict.fromkeys(filter(None, [*warnings, small_text(graph, look)])):
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
_MIMES = {
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".dot": "text/vnd.graphviz",
    ".tex": "text/x-tex",
    ".html": "text/html",
}


def _look() -> Look:
    """What the visitor chooses of a file's looks."""
    title = st.text_input("Title", key="look_title", placeholder="none")
    left, right = st.columns(2)
    colours = left.selectbox("Colours", ["light", "dark", "print"], key="look_palette")
    width = right.number_input(
        "Width, mm", 20, 2_000, value=None, key="look_width", placeholder="as drawn"
    )
    legend = left.checkbox("Legend", True, key="look_legend")
    shapes = right.checkbox("Shapes", True, key="look_shapes")
    labels = left.checkbox("Labels", True, key="look_labels")
    ground = right.checkbox("Background", False, key="look_ground", help="Else transparent.")
    palette = {"light": LIGHT, "dark": DARK, "print": PRINT}[colours]
    return Look(palette, title, legend, shapes, labels, width, ground)


def _file(
    suffix: str,
    profile: Profile,
    graph: Graph,
    first: str,
    others: Callable[[], Mapping[str, Graph]],
    look: Look,
    heat: Heat | None,
) -> str | bytes:
    views = {**(others() if suffix == ".html" else {}), first: graph}
    warm = None if suffix == ".dot" else heat
    return diagram(suffix, profile, views, first, look, warm, _dpi(graph, look))


def _dpi(graph: Graph, look: Look) -> int:
    """200, or what a very large drawing allows."""
    scale = 1.0 if look.width_mm is None else look.width_mm * 96 / 25.4 / graph.width
    pixels = (scale * graph.width / 96) * (scale * graph.height / 96)
    return max(files.MIN_DPI, min(200, int((files.MAX_PIXELS / 2 / pixels) ** 0.5)))


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() or c in "_-" else "-" for c in text)[:80]


def _menu(profile: Profile, makers: Makers) -> None:
    """A button for each file, which is made when it is asked for."""
    name = _file_name(profile.model)
    with st.popover("Export", icon=":material/download:", width="stretch"):
        for label, suffix, mime, make in makers:
            st.download_button(
                label,
                make,
                f"{name}.{suffix}",
                mime,
                key=f"export_{suffix}",
                on_click="ignore",
                width="stretch",
            )
