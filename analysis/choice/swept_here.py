"""The sweeps of this server: those in the owner's folder, and the one that ships with the app.

The owner names the folder. Visitors choose among the names of what is in it, never a path.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from math import inf
from pathlib import Path

from analysis.choice.sweep_files import read_sweep
from analysis.choice.swept import Kind, point_of
from analysis.choice.swept_files import FILES, Contents, Plan, read_folder
from analysis.results.form import read_result
from analysis.results.recorded import FOLDER
from nets.options import quote

VARIABLE = "RESNET_LAB_SWEEPS"
"""The environment variable that names a folder of sweeps, or the folder of one."""

INCLUDED = "included:degradation"
"""The name of the sweep that ships with the app."""

EXAMPLE = Path(__file__).with_name("examples") / "degradation.toml"

MAX_SWEEPS = 200
"""Most sweeps that a folder offers."""

_NAME = re.compile(r"[^./\\:\0][^/\\:\0]{0,99}")


def names() -> tuple[str, ...]:
    """Return the names of the sweeps that a visitor can choose; the included one is the last.

    Raises:
        ValueError: in one sentence, if the owner's folder can't be read.
    """
    return (*_folders(), INCLUDED)


def contents_of(name: str, within: float = inf) -> Contents:
    """Return what a sweep holds, by the name that it is offered under.

    Args:
        name: one of `names`.
        within: seconds after which the rest of the files waits for the next call.

    Raises:
        ValueError: in one sentence, if there is no such sweep or its folder can't be read.
    """
    if name == INCLUDED:
        return included()
    folder = _folders().get(name)
    if folder is None:
        raise ValueError(f"there is no sweep {quote(name)} here: choose one that is offered")
    return read_folder(folder, within)


def changed_ns(name: str) -> int:
    """Return when a file of a sweep was last added or replaced, in ns; 0 if that can't be told."""
    try:
        return 0 if name == INCLUDED else _folders()[name].stat().st_mtime_ns
    except (KeyError, OSError, ValueError):
        return 0


def _folders() -> dict[str, Path]:
    """Return the owner's sweeps: each folder within the named one, and that if it holds results."""
    given = os.environ.get(VARIABLE)
    if not given:
        return {}
    root = Path(given).expanduser()
    try:
        inside, is_one = [], False
        with os.scandir(root) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name) and entry.is_dir():
                    inside.append(entry.name)
                is_one = is_one or entry.name.endswith(FILES)
    except OSError as error:
        said = error.strerror or error
        raise ValueError(f"the folder named by {VARIABLE} can't be read: {said}") from None
    found = {root.resolve().name or "sweep": root} if is_one else {}
    return found | {name: root / name for name in sorted(inside)[:MAX_SWEEPS]}


@lru_cache(1)
def included() -> Contents:
    """Return the recorded outcome of the example that ships with the app."""
    sweep = read_sweep(EXAMPLE.read_text(encoding="utf-8"))
    asked = tuple(point.name for point in sweep.points)
    found = ((path, read_result(path)) for path in sorted(FOLDER.glob("train_*.json")))
    points = tuple(point_of(path, result) for path, result in found if result.hash in asked)
    return Contents(points, plans=(Plan(sweep.title, ((Kind.TRAIN, asked),)),))
