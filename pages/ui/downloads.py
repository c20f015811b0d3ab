"""Files to take home: each is made when it is asked for, and the page does not run again for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from time import sleep

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.style.grid import Grid, grid_csv, grid_latex, grid_markdown

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


Make = Callable[[], str | bytes]

_MAKERS, _KEPT = "file_makers", 64
_OVERTAKEN = 0.3  # seconds for a run that has just begun


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


def file_button(label: str, name: str, make: Make) -> None:
    """A button that makes a file and hands it over under a name with a suffix."""
    makers: dict[str, Make] = st.session_state.setdefault(_MAKERS, {})
    makers.pop(name, None)
    makers[name] = make
    while len(makers) > _KEPT:
        del makers[next(iter(makers))]
    st.download_button(
        label,
        partial(_made, makers, name, make),
        name,
        _MIMES[PurePath(name).suffix],
        key=f"file_{name}",
        on_click="ignore",
        width="stretch",
    )


def _made(makers: dict[str, Make], name: str, make: Make) -> str | bytes:
    """The file as the page's latest run would have it.

    A click can overtake the run that the change before it began, such as a title typed last; and
    what is made during a run is thrown away at its end.
    """
    sleep(_OVERTAKEN)
    return makers.get(name, make)()
