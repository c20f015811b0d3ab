"""The known results of a question: from this session, this server's store or the recorded ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import streamlit as st

from analysis.results.form import Result, read_result
from analysis.results.recorded import recorded
from analysis.results.store import Store

_ANSWERS = "answers"
_KEPT = 100


def known(name: str, kind: str) -> Result | None:
    """Return the result of a question, if there is any.

    Args:
        name: the question's hash.
        kind: of the result.
    """
    answers: dict[str, Result] = st.session_state.get(_ANSWERS, {})
    for found in (answers.get(name), _stored(Store().path(name)), recorded(name)):
        if found is not None and found.kind == kind:
            return found
    return None


def is_of_visit(result: Result) -> bool:
    """Return whether a result was measured in this session."""
    return st.session_state.get(_ANSWERS, {}).get(result.hash) is result


def keep(result: Result) -> None:
    """Keep a result in this session and in the server's store, once."""
    answers: dict[str, Result] = st.session_state.setdefault(_ANSWERS, {})
    if answers.get(result.hash) is result:
        return
    answers[result.hash] = result
    Store().keep(result)
    while len(answers) > _KEPT:
        del answers[next(iter(answers))]


def measured_here(kind: str) -> Iterator[Result]:
    """Yield this server's results of a kind, oldest first."""
    for path in reversed(Store().paths(kind)):
        if (result := _stored(path)) is not None:
            yield result


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
