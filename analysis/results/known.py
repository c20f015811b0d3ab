"""What is known of a question without measuring: this server's answer, else the recorded one."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.results.form import Result
from analysis.results.recorded import recorded, whence
from analysis.results.store import Store


def known(name: str, kind: str) -> Result | None:
    """Return the answer to a question, if there is any.

    Args:
        name: the question's hash.
        kind: of the result.
    """
    for found in (Store().find(name), recorded(name)):
        if found is not None and found.kind == kind:
            return found
    return None


def sources(results: Iterable[Result]) -> str:
    """Say where and when results were measured, each place and day once."""
    return " ".join(dict.fromkeys(map(whence, results)))
