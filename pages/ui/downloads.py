"""Files to take home: each is made when it is asked for, and the page does not run again for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath
from threading import Thread
from time import monotonic, sleep

import streamlit as st
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator
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
    """A visitor's files: how each is made, by name, and whether the page is being run."""

    makers: dict[str, Make] = field(default_factory=dict)
    is_running: bool = False


def _files() -> _Files:
    files: _Files = st.session_state.setdefault(_FILES, _Files())
    return files


def hold_files() -> None:
    """Let files wait until `release_files`: the page is being run."""
    _files().is_running = True


def release_files() -> None:
    """Let files be made: the page stands."""
    _files().is_running = False


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
