"""Independent pieces of work, run one after another in the worker of this process.

`analysis.machine.cluster` runs the same on many processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from analysis.machine.jobs import Limits, worker
from analysis.machine.process import Cause, Failure, import_torch

MAX_TRIES = 3
"""Most tries of a piece of work whose process dies. What fails otherwise isn't tried again."""

LOOK_SECONDS = 0.05
"""Seconds between two calls of `asked`."""


@dataclass(frozen=True)
class Work:
    """A call of `function(report, *arguments)` in a process of its own.

    Attributes:
        name: identifies it among its kind.
        function: of an importable module; its reports and its result must be picklable.
        arguments: after `report`; picklable.
        seconds: its time limit.
        memory_bytes: its memory limit; None for its process's share of the machine's.
        device: `cpu`, or torch's name of an accelerator, which then does no other work.
        is_timing: whether nothing else may run at the same time.
        prepare: a function of an importable module that a new process of a cluster calls first.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    seconds: float = 600.0
    memory_bytes: int | None = None
    device: str = "cpu"
    is_timing: bool = False
    prepare: Callable[[], object] = import_torch


@dataclass(frozen=True)
class Outcome:
    """The result of a piece of work, or the failure that explains why it has none."""

    name: str
    result: Any = None
    failure: Failure | None = None
    tries: int = 1


Tell = Callable[[str, Any], object]
"""Called with a work's name and its latest report."""

Asked = Callable[[], int]
"""Returns 0; 1 if no new work may begin; 2 or more if the running work is to be cancelled."""


class Runner(Protocol):
    """Runs pieces of work and gives the outcome of each; what was cancelled has none."""

    def __call__(self, works: Iterable[Work], tell: Tell, asked: Asked) -> Iterator[Outcome]:
        """Run the work in its order."""


def run_here(works: Iterable[Work], tell: Tell, asked: Asked) -> Iterator[Outcome]:
    """Run one piece of work after another in the worker of this process."""
    for work in works:
        if asked():
            return
        outcome = Outcome(work.name)
        for tries in range(1, MAX_TRIES + 1):
            outcome = replace(_run_once(work, tell, asked), tries=tries)
            if not outcome.failure or outcome.failure.cause is not Cause.CRASH:
                break
        if outcome.failure and outcome.failure.cause is Cause.CANCELLED:
            return
        yield given_up(outcome)


def _run_once(work: Work, tell: Tell, asked: Asked) -> Outcome:
    limits = Limits(work.seconds, work.memory_bytes)
    job = worker().submit(work.name, work.function, *work.arguments, limits=limits)
    told = None
    while not job.wait(LOOK_SECONDS):
        if asked() > 1:
            job.cancel()
        if (news := job.progress) is not None and news != told:
            tell(work.name, news)
            told = news
    return Outcome(work.name, job.result, job.failure)


def given_up(outcome: Outcome) -> Outcome:
    """Return an outcome; if every try's process died, its sentence says how often."""
    failure = outcome.failure
    if failure is None or failure.cause is not Cause.CRASH:
        return outcome
    sentence = f"{failure.sentence}, {outcome.tries} times"
    return replace(outcome, failure=replace(failure, sentence=sentence))
