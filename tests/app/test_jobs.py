"""How a page describes the state of a job."""

from dataclasses import dataclass
from typing import cast

import pytest

from analysis.machine.jobs import Job
from pages.ui.jobs import where


@dataclass
class Standing:
    """The attributes of a job that its description depends on."""

    place: int
    progress: object = None


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (Standing(0), "Starting"),
        (Standing(0, "a report"), "Running"),
        (Standing(1), "Queued: 1 job ahead. Only one measurement runs at a time."),
        (Standing(2), "Queued: 2 jobs ahead. Only one measurement runs at a time."),
    ],
)
def test_no_job_waits_for_none(job: Standing, said: str) -> None:
    assert where(cast("Job", job)) == said
