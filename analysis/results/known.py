"""Known results: this server's, else the included ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from analysis.results.form import Result, read_result
from analysis.results.recorded import recorded, whence
from analysis.results.store import Store


def known(name: str, kind: str) -> Result | None:
    """Return the result for a question, or None.

    Args:
        name: the hash of the question.
        kind: the kind of the result.
    """
    for found in (_stored(Store().path(name)), recorded(name)):
        if found is not None and found.kind == kind:
            return found
    return None


def measured_here(kind: str) -> Iterator[Result]:
    """Yield this server's results of a kind, oldest first."""
    for path in reversed(Store().paths(kind)):
        if (result := _stored(path)) is not None:
            yield result


def sources(results: Iterable[Result]) -> str:
    """Return where and when the results were measured, without repetition."""
    return " ".join(dict.fromkeys(map(whence, results)))


def _stored(path: Path) -> Result | None:
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(300)
def _read(path: Path, changed_ns: int) -> Result | None:
    """Read a result's file; read it again if it has changed."""
    try:
        return read_result(path)
    except (OSError, ValueError):
        return None
