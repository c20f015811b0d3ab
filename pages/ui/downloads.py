"""Files to take home: each is made when it is asked for, and the page does not run again for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import PurePath

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.render.grid import Grid, grid_csv, grid_latex, grid_markdown

_MIMES = {
    ".csv": "text/csv",
    ".dot": "text/vnd.graphviz",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".tex": "text/x-tex",
    ".txt": "text/plain",
}


def export_popover(what: str = "") -> DeltaGenerator:
    """Where the buttons of a page's files stand, or of what part of it."""
    return st.popover(f"Export {what}".strip(), icon=":material/download:", width="stretch")


def section(title: str, what: str) -> DeltaGenerator:
    """A section's title, and beside it a place for the buttons of its files."""
    head, files = st.columns([8, 2.4], vertical_alignment="center")
    head.header(title)
    with files:
        return export_popover(what)


def table_buttons(grid: Grid, name: str) -> None:
    """A button for each format of a table."""
    file_button("CSV", f"{name}.csv", partial(grid_csv, grid))
    file_button("LaTeX", f"{name}.tex", partial(grid_latex, grid))
    file_button("Markdown", f"{name}.md", partial(grid_markdown, grid))


def file_button(label: str, name: str, make: Callable[[], str | bytes]) -> None:
    """A button that makes a file and hands it over under a name with a suffix."""
    st.download_button(
        label,
        make,
        name,
        _MIMES[PurePath(name).suffix],
        key=f"file_{name}",
        on_click="ignore",
        width="stretch",
    )
