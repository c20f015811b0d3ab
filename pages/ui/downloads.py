"""Files to take home: each is made when it is asked for, and the page does not run again for it."""

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
    ".safetensors": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".tex": "text/x-tex",
    ".txt": "text/plain",
}


Make = Callable[[], str | bytes]

_FILES, _KEPT = "files", 64
_OVERTAKEN = 0.3  # seconds within which a run that was asked for has begun
_LONGEST = 30.0  # seconds to wait for the end of a run
_LOOK = 0.02


@dataclass
class _Files:
    """A visitor's files: how each is made, by name, and whether the page is being run.

    `open` is the export dialog that is open on `page`.
    """

    makers: dict[str, Make] = field(default_factory=dict)
    is_running: bool = False
    page: str | None = None
    open: str = ""


class DataFile(NamedTuple):
    """A file of numbers or of text: what its button says, its name, and how it is made."""

    label: str
    name: str
    make: Make


def _files() -> _Files:
    files: _Files = st.session_state.setdefault(_FILES, _Files())
    return files


def hold_files(page: str) -> None:
    """Let files wait until `release_files`: the page is being run. Another's dialog is closed."""
    files = _files()
    files.is_running = True
    if files.page != page:
        files.page, files.open = page, ""


def release_files() -> None:
    """Let files be made: the page stands."""
    _files().is_running = False


@contextmanager
def held_files() -> Iterator[bool]:
    """Let files wait while a dialog is drawn; give whether it runs without its page."""
    files = _files()
    before, files.is_running = files.is_running, True
    try:
        yield not before
    finally:
        files.is_running = before


def is_open(dialog: str) -> bool:
    """Return whether an export dialog of the page is open; it stays open while the page reruns."""
    return _files().open == dialog


def open_dialog(dialog: str) -> None:
    """Open an export dialog, from a callback; an empty name closes it."""
    _files().open = dialog


def table_files(grid: Grid, name: str) -> list[DataFile]:
    """Return a table in each of its formats."""
    return [
        DataFile("CSV", f"{name}.csv", partial(grid_csv, grid)),
        DataFile("LaTeX", f"{name}.tex", partial(grid_latex, grid)),
        DataFile("Markdown", f"{name}.md", partial(grid_markdown, grid)),
    ]


def file_button(label: str, name: str, make: Make, *, is_primary: bool = False) -> None:
    """A button that makes a file and hands it over under a name with a suffix."""
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
    """Return the file as the page's latest run would have it, and keep it until the next run.

    A click can overtake the run that the change before it began, such as a title typed last. And
    Streamlit throws away what was made on a click once two runs have ended, whoever's they are,
    even if the browser has not fetched it yet: so the file is tied to its visitor.
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
