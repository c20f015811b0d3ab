"""Known results: this server's, else the included ones."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.results.form import Result
from analysis.results.recorded import recorded, whence
from analysis.results.store import Store


def known(name: str, kind: str) -> Result | None:
    """Return the result for a question, or None.

    Args:
        name: the hash of the question.
        kind: the kind of the result.
    """
    for found in (Store().find(name), recorded(name)):
        if found is not None and found.kind == kind:
            return found
    return None


def sources(results: Iterable[Result]) -> str:
    """Return where and when the results were measured, without repetition."""
    return " ".join(dict.fromkeys(map(whence, results)))
