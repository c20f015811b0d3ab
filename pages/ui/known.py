"""The known results of a question: from this session, this server's store or the recorded ones."""

from __future__ import annotations

import streamlit as st

from analysis.results import known as results
from analysis.results.form import Result
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
    found = answers.get(name)
    return found if found is not None and found.kind == kind else results.known(name, kind)


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
