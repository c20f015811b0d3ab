"""The lectures that there are, by the names that an address has for them."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from analysis.lecture.files import MARK, MAX_BYTES, read_lecture, unpack
from analysis.lecture.steps import NAME, STORY
from analysis.lecture.story import Lecture

VARIABLE = "RESNET_LAB_LECTURES"
"""The environment variable that names a folder of lectures, each a TOML file."""


def lecture_of(name: str) -> Lecture:
    """Return a lecture: the story, one of the server's folder by its file's name, or a packed one.

    Raises:
        ValueError: if there is none of that name, or its file is invalid.
    """
    if name == NAME:
        return STORY
    if name.startswith(MARK):
        return _unpacked(name)
    path = _files().get(name)
    if path is None:
        known = ", ".join((NAME, *_files()))
        raise ValueError(f"{name[:40]!r} isn't a lecture on this server: choose from {known}")
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ValueError(f"{path.name} can't be read: {error.strerror or error}") from None


def names() -> tuple[str, ...]:
    """Return the names of the lectures that this server offers, the story first."""
    return (NAME, *_files())


def load_lecture(path: Path) -> Lecture:
    """Read a lecture's file.

    Raises:
        ValueError: with the file's name, if it is invalid or too large.
        OSError: if it can't be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.name} has more than {MAX_BYTES // 1000} kB")
    try:
        return read_lecture(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} isn't UTF-8 text") from None
    except ValueError as error:
        raise ValueError(f"{path.name}, {error}") from None


def _files() -> dict[str, Path]:
    folder = os.environ.get(VARIABLE)
    if not folder:
        return {}
    paths = sorted(Path(folder).expanduser().glob("*.toml"))
    return {path.stem: path for path in paths if path.stem != NAME and path.stem[0] != MARK}


@lru_cache(64)
def _read(path: Path, changed_ns: int) -> Lecture:
    return load_lecture(path)


@lru_cache(64)
def _unpacked(text: str) -> Lecture:
    return unpack(text)
