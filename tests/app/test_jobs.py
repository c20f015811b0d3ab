"""How a page describes the state of a job, and what it offers if the cluster is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest

from analysis.machine import queues
from analysis.machine.jobs import Job
from analysis.machine.queues import SCHEDULER
from pages.ui.jobs import where
from tests.app.conftest import Open
from tests.app.test_gradients import measured, opened
from tests.app.test_timing import press


@dataclass
class Standing:
    """The attributes of a job that its description depends on."""

    place: int
    progress: object = None
    slots: int = 1


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (Standing(0), "Starting"),
        (Standing(0, "a report"), "Running"),
        (Standing(1), "Queued: 1 job ahead. Only one measurement runs at a time."),
        (Standing(2), "Queued: 2 jobs ahead. Only one measurement runs at a time."),
        (Standing(2, slots=3), "Queued: 2 jobs ahead. The cluster runs 3 at once."),
    ],
)
def test_no_job_waits_for_none(job: Standing, said: str) -> None:
    assert where(cast("Job", job)) == said


@pytest.fixture
def lost_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let jobs run on a cluster whose address is none."""
    monkeypatch.setenv(SCHEDULER, "lab:8786")
    queues._cluster.cache_clear()
    yield
    queues._cluster.cache_clear()


@pytest.mark.usefixtures("lost_cluster")
def test_a_job_that_the_cluster_cannot_do_runs_here_only_when_asked(open_app: Open) -> None:
    app = measured(opened(open_app), "Measure")
    assert not app.exception
    assert [error.value for error in app.error] == [
        "A scheduler's address is tcp://HOST:PORT, not 'lab:8786'."
    ]
    assert app.session_state["gradient_runs"] == []
    press(app, "Run on this machine")
    assert app.session_state["jobs"]["gradients"].is_here
    assert app.session_state["jobs"]["gradients"].wait(timeout=120)
    app.run()
    assert not app.exception
    assert not app.error
    (run,) = app.session_state["gradient_runs"]
    assert len(run.curves) == 6
    assert "Run on this machine" not in [button.label for button in app.button]
