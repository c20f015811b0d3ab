"""Long-running work: one job per page and visitor, shown while it runs and kept when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.machine.jobs import NOTHING, Cause, Job, JobState, Limits, Needs
from analysis.machine.queues import worker_for
from nets.options import number_of
from pages.ui.speech import resume_speaking
from pages.ui.wall import on_wall
from pages.ui.words import complain

_sight = st.components.v2.component(
    "sight", html="<i></i>", js=Path(__file__).with_name("sight.js").read_text(encoding="utf-8")
)

_VISITOR, _JOBS, _AGAIN, _STARTS = "visitor", "jobs", "jobs_again", "jobs_started"
_LOOK_EVERY = 1.0  # seconds; drawing charts more often would disturb the measurement
# Not more often: a timer that fires while a clicked link loads keeps the visitor on the old page.
_REMIND_EVERY = 5.0  # seconds
_OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def warm_up() -> None:
    """Start the worker in the background, so that the first job doesn't wait for torch."""
    worker_for().warm_up()


def start(
    key: str, function: Callable[..., Any], *args: Any, seconds: float, needs: Needs = NOTHING
) -> None:
    """Start a job for this visitor under a key; cancel the one that was there before.

    Args:
        key: identifies the job among this visitor's, and names it in the sidebar.
        function: a function of an importable module, called as `function(report, *args)`.
        *args: its other arguments.
        seconds: its time limit.
        needs: what it needs of the machine that runs it.
    """
    if before := job_of(key):
        before.cancel()
    visitor = st.session_state.setdefault(_VISITOR, uuid4().hex)
    _jobs()[key] = worker_for(needs).submit(
        visitor, function, *args, limits=Limits(seconds), wanted=_connected(), needs=needs
    )
    again = partial(
        start, key, function, *args, seconds=seconds, needs=replace(needs, is_here=True)
    )
    st.session_state.setdefault(_AGAIN, {})[key] = again
    st.session_state[_STARTS] = st.session_state.get(_STARTS, 0) + 1


def _connected() -> Callable[[], bool]:
    """Return a function, callable from any thread, that tells whether the visitor is connected."""
    context = get_script_run_ctx()
    session = context.session_id if context else ""

    def connected() -> bool:
        try:
            return bool(runtime.get_instance().is_active_session(session))
        except RuntimeError:  # no server: it is stopping, or a test is running
            return True

    return connected


def _jobs() -> dict[str, Job]:
    jobs: dict[str, Job] = st.session_state.setdefault(_JOBS, {})
    return jobs


def job_of(key: str) -> Job | None:
    """Return the latest job under a key."""
    return _jobs().get(key)


def show_running() -> None:
    """List the running jobs in the sidebar of every page."""
    if not any(not is_over(job) for job in _jobs().values()):
        return

    def look() -> None:
        for key, job in _jobs().items():
            if not is_over(job):
                st.caption(f":material/progress_activity: {key.capitalize()} in progress")

    with st.sidebar:
        st.fragment(look, run_every=_REMIND_EVERY)()


def is_over(job: Job) -> bool:
    """Return whether a job has ended."""
    return job.state in _OVER


def follow(key: str, job: Job, show: Callable[[Job], None]) -> None:
    """Show a job that was running when this run began, with a button to cancel it.

    Its progress scrolls into sight once. The page reruns as soon as the job ends.
    """

    def look() -> None:
        resume_speaking()
        if is_over(job):
            st.rerun(scope="app")
        # Screen readers announce changes of a status.
        status = f'<div class="rl-status" role="status">{where(job)}</div>'
        if on_wall():
            state, cancel = st.container(key="wall_status"), st.container(key="wall_cancel")
        else:
            state, cancel = st.columns([6, 1], vertical_alignment="center")
        state.html(status)
        cancel.button("Cancel", key=f"{key}_cancel", on_click=job.cancel, width="stretch")
        show(job)

    with st.sidebar, st.container(key="hidden-sight"):
        _sight(key="sight", data=st.session_state.get(_STARTS, 0))
    st.fragment(look, run_every=_LOOK_EVERY)()


def show_share(share: float, words: str) -> None:
    """Show how much of a job is done: as a bar or, on the wall, as a line of constant height.

    Args:
        share: the share that is done, from 0 to 1.
        words: what is running, and the time left.
    """
    share = min(max(share, 0.0), 1.0)
    if on_wall():
        st.html(
            f'<div class="rl-line rl-progress" style="--rl-share:{share:.3f}">{escape(words)}</div>'
        )
    else:
        st.progress(share, words)


def say_why(job: Job, advice: Callable[[], str]) -> None:
    """Say why an ended job failed, if it did; add `advice` if it ran out of memory."""
    failure = job.failure
    if failure is None:
        return
    if failure.cause is Cause.CLUSTER:
        complain(failure.sentence)
        _offer_this_machine(job)
    elif failure.cause in (Cause.CANCELLED, Cause.REPLACED):
        st.info(f"{failure.sentence[0].upper()}{failure.sentence[1:]}.", icon=":material/info:")
    else:
        said = advice() if failure.cause is Cause.MEMORY else ""
        complain(f"{failure.sentence}{f': {said}' if said else ''}")


def _offer_this_machine(job: Job) -> None:
    """Draw the button that runs a job here that the cluster couldn't do."""
    for key, own in _jobs().items():
        if own is job:
            st.button(
                "Run on this machine",
                key=f"{key}_here",
                icon=":material/computer:",
                on_click=st.session_state[_AGAIN][key],
            )


def where(job: Job) -> str:
    """Describe the state of a job: queued, starting or running."""
    if ahead := job.place:
        at_once = (
            "Only one measurement runs at a time"
            if job.slots == 1
            else f"The cluster runs {job.slots} at once"
        )
        return f"Queued: {number_of(ahead, 'job')} ahead. {at_once}."
    return "Starting" if job.progress is None else "Running"
