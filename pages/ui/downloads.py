"""Downloads: a file is made when its button is clicked, without a rerun of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath
from threading import Thread
from time import monotonic, sleep
from typing import NamedTuple

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import (
    ScriptRunContext,
    add_script_run_ctx,
    get_script_run_ctx,
)

from analysis.style.grid import Grid, grid_latex, grid_markdown

_MIMES = {
    ".csv": "text/csv",
    ".dot": "text/vnd.graphviz",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pth": "application/octet-stream",
    ".py": "text/x-python",
    ".safetensors": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".tex": "text/x-tex",
    ".txt": "text/plain",
}


Make = Callable[[], str | bytes]

_FILES, _KEPT = "files", 64
_OVERTAKEN = 0.3  # seconds within which a requested rerun begins
_LONGEST = 30.0  # most seconds to wait for a rerun to end
_LOOK = 0.02


@dataclass
class _Files:
    """A visitor's files.

    Attributes:
        makers: makes each file, by name.
        is_running: whether the page is running.
        page: the page of the latest run.
        open: the dialog that is open on that page; empty if none is.
    """

    makers: dict[str, Make] = field(default_factory=dict)
    is_running: bool = False
    page: str | None = None
    open: str = ""


class DataFile(NamedTuple):
    """A file of numbers or text: its button's label, its name, and what makes it."""

    label: str
    name: str
    make: Make


def _files() -> _Files:
    files: _Files = st.session_state.setdefault(_FILES, _Files())
    return files


def hold_files(page: str) -> None:
    """Make downloads wait for `release_files` while a page runs; close another page's dialog."""
    files = _files()
    files.is_running = True
    if files.page != page:
        files.page, files.open = page, ""


def release_files() -> None:
    """Let downloads proceed: the page has finished running."""
    _files().is_running = False


@contextmanager
def held_files() -> Iterator[bool]:
    """Make downloads wait while a dialog is drawn; yield whether it reruns without its page."""
    files = _files()
    before, files.is_running = files.is_running, True
    try:
        yield not before
    finally:
        files.is_running = before


def is_open(dialog: str) -> bool:
    """Return whether a page's dialog is open; it stays open when the page reruns."""
    return _files().open == dialog


def open_dialog(dialog: str) -> None:
    """Open a page's dialog from a callback; an empty name closes it."""
    _files().open = dialog


def table_files(grid: Grid, name: str, exact: Make) -> list[DataFile]:
    """Return a table as CSV, LaTeX and Markdown files; `exact` makes the first."""
    return [
        DataFile("CSV", f"{name}.csv", exact),
        DataFile("LaTeX", f"{name}.tex", partial(grid_latex, grid)),
        DataFile("Markdown", f"{name}.md", partial(grid_markdown, grid)),
    ]


def file_button(label: str, name: str, make: Make, *, is_primary: bool = False) -> None:
    """Draw a button that makes a file and downloads it; the suffix of `name` sets its type."""
    files, mime = _files(), _MIMES[PurePath(name).suffix]
    files.makers.pop(name, None)
    files.makers[name] = make
    while len(files.makers) > _KEPT:
        del files.makers[next(iter(files.makers))]
    st.download_button(
        label,
        partial(_made, files, name, mime, make, get_script_run_ctx()),
        name,
        mime,
        key=f"file_{name}",
        on_click="ignore",
        type="primary" if is_primary else "secondary",
        icon=":material/download:" if is_primary else None,
        width="stretch",
    )


def _made(
    files: _Files, name: str, mime: str, make: Make, context: ScriptRunContext | None
) -> bytes:
    """Return the file as of the page's latest run, and keep it until the visitor's next run.

    A click can overtake the run that an earlier change started, such as a title typed just before,
    so wait for that run first. Streamlit also discards a file made on a click after any two runs,
    even other visitors', whether or not the browser has fetched it, so tie the file to its
    visitor's session.
    """
    sleep(_OVERTAKEN)
    latest = monotonic() + _LONGEST
    while files.is_running and monotonic() < latest:
        sleep(_LOOK)
    made = files.makers.get(name, make)()
    data = made.encode() if isinstance(made, str) else made
    if runtime.exists():
        keep = partial(runtime.get_instance().media_file_mgr.add, is_for_static_download=True)
        keeper = Thread(target=keep, args=(data, mime, f"made {name}", name))
        add_script_run_ctx(keeper, context)
        keeper.start()
        keeper.join()
    return data
