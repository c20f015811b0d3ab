"""Long work on a page: one job a page and visitor, followed while it runs, kept when it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.machine.jobs import Cause, Job, JobState, Limits, worker
from nets.options import number_of
from pages.ui.words import complain

_VISITOR, _JOBS = "visitor", "jobs"
_LOOK_EVERY = 1.0  # seconds: a look draws charts, and the machine is busy measuring
# A timer that fires while a click on a link waits keeps the visitor on the old page.
_REMIND_EVERY = 5.0  # seconds
_OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def warm_up() -> None:
    """Start the worker in the background, so that the first job need not wait for torch."""
    worker().warm_up()


def start(key: str, function: Callable[..., Any], *args: Any, seconds: float) -> None:
    """Begin work for this visitor under a key; what ran there before is cancelled."""
    if before := job_of(key):
        before.cancel()
    visitor = st.session_state.setdefault(_VISITOR, uuid4().hex)
    _jobs()[key] = worker().submit(
        visitor, function, *args, limits=Limits(seconds), wanted=_connected()
    )


def _connected() -> Callable[[], bool]:
    """Whether this visitor's page is connected to the server, to be asked from any thread."""
    context = get_script_run_ctx()
    session = context.session_id if context else ""

    def connected() -> bool:
        try:
            return bool(runtime.get_instance().is_active_session(session))
        except RuntimeError:  # no server: it is stopping, or a test runs without one
            return True

    return connected


def _jobs() -> dict[str, Job]:
    jobs: dict[str, Job] = st.session_state.setdefault(_JOBS, {})
    return jobs


def job_of(key: str) -> Job | None:
    """The latest job under a key."""
    return _jobs().get(key)


def show_running() -> None:
    """Say in the sidebar of every page what runs."""
    if not any(not is_over(job) for job in _jobs().values()):
        return

    def look() -> None:
        for key, job in _jobs().items():
            if not is_over(job):
                st.caption(f":material/progress_activity: {key.capitalize()} in progress")

    with st.sidebar:
        st.fragment(look, run_every=_REMIND_EVERY)()


def is_over(job: Job) -> bool:
    """Whether it runs no more."""
    return job.state in _OVER


def follow(key: str, job: Job, show: Callable[[Job], None]) -> None:
    """Show a job that was running at the beginning of this run, with a way to cancel it.

    The page runs again as soon as it is over.
    """

    def look() -> None:
        if is_over(job):
            st.rerun(scope="app")
        state, cancel = st.columns([6, 1], vertical_alignment="center")
        state.html(f'<div role="status">{where(job)}</div>')  # is read aloud when it changes
        cancel.button("Cancel", key=f"{key}_cancel", on_click=job.cancel, width="stretch")
        show(job)

    st.fragment(look, run_every=_LOOK_EVERY)()


def say_why(job: Job, advice: Callable[[], str]) -> None:
    """Why a job that is over has no result, if so; `advice` is for one without enough memory."""
    failure = job.failure
    if failure is None:
        return
    if failure.cause in (Cause.CANCELLED, Cause.REPLACED):
        st.info(f"{failure.sentence[0].upper()}{failure.sentence[1:]}.", icon=":material/info:")
    else:
        said = advice() if failure.cause is Cause.MEMORY else ""
        complain(f"{failure.sentence}{f': {said}' if said else ''}")


def where(job: Job) -> str:
    """Where a job stands, in words."""
    if ahead := job.place:
        return f"Queued: {number_of(ahead, 'job')} ahead. Only one measurement runs at a time."
    return "Starting" if job.progress is None else "Running"
