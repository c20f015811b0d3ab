"""Links and files of a model."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

from analysis.costs import Profile
from analysis.graph import Graph
from analysis.heat import Heat
from analysis.render import files, tables
from analysis.render.dot import dot
from analysis.render.silhouette import silhouette
from analysis.render.svg import svg
from pages.ui.cached import code_of


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


def graph_menu(graph: Graph, profile: Profile, heat: Heat | None) -> None:
    """Files of the shortcut graph as it is drawn on the page, on a light ground."""

    def image() -> str:
        return svg(graph, heat=heat)

    _menu(
        profile,
        [
            ("SVG", "svg", "image/svg+xml", image),
            ("PDF", "pdf", "application/pdf", lambda: files.pdf(image())),
            ("PNG", "png", "image/png", lambda: files.png(image(), _dpi(graph))),
            ("DOT", "dot", "text/vnd.graphviz", lambda: dot(graph)),
        ],
    )


def _dpi(graph: Graph) -> int:
    """200, or what a very large drawing allows."""
    pixels = (graph.width / 96) * (graph.height / 96)
    return max(files.MIN_DPI, min(200, int((files.MAX_PIXELS / 2 / pixels) ** 0.5)))


def _menu(profile: Profile, makers: Makers) -> None:
    """A button for each file, which is made when it is asked for."""
    name = "".join(c if c.isalnum() or c in "_-" else "-" for c in profile.model)[:80]
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
