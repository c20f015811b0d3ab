"""Long or heavy work, run in a separate process, one job at a time on the machine.

A job's work is a function of an importable module, called there as `function(report, *args)`. Its
reports arrive here at once and are kept however the job ends. A job without a result says why in
one sentence, and doesn't affect the next one.

`analysis.machine.cluster_queue` runs the same jobs on a cluster.
"""

from __future__ import annotations

import atexit
import contextlib
import pickle
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVarTuple
from uuid import uuid4

import psutil

from analysis.machine.process import Cause, Child, Failure, Report, Sign, import_torch
from analysis.style.numbers import short

__all__ = [
    "Cause",
    "Failure",
    "Job",
    "JobState",
    "Limits",
    "Needs",
    "Queue",
    "Report",
    "Worker",
    "worker",
]

MAX_WAITING = 20
"""The most waiting jobs of all visitors together."""

FREE_SHARE = 0.75
"""The most memory of a job, as a share of the memory that is free when it begins."""

START_SECONDS = 120
"""Seconds for the process to become ready: it imports torch, which is slow on a cold disk."""

PATIENCE = 5.0
"""Seconds before the job of a departed visitor is cancelled; a lost connection may come back."""

TICK = 0.05
"""Seconds between checks of a running job's memory, its time and whether it is still wanted."""

Arguments = TypeVarTuple("Arguments")


class JobState(StrEnum):
    """The state of a job. The last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_CANCELLED = {Cause.CANCELLED, Cause.REPLACED, Cause.ABANDONED, Cause.CLOSED}


_IN_DOUBT = {Cause.ERROR, Cause.MEMORY, Cause.CRASH}
"""Failures after which the process is restarted: it may hold leaked memory or a lost device."""


@dataclass(frozen=True)
class Limits:
    """The limits of a job.

    Attributes:
        seconds: time from the start of the work, without waiting and the start of the process.
        memory_bytes: main memory on top of the idle process. None, or more than `FREE_SHARE` of the
            memory that is free when the work begins, means that share.

    Raises:
        ValueError: if a limit is not above 0.
    """

    seconds: float = 600.0
    memory_bytes: int | None = None

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ValueError(f"seconds must be above 0, not {self.seconds}")
        if self.memory_bytes is not None and not self.memory_bytes > 0:
            raise ValueError(f"memory_bytes must be above 0, not {self.memory_bytes}")

    def bytes_now(self) -> int:
        """Return the most bytes for a job that begins now."""
        share = int(FREE_SHARE * psutil.virtual_memory().available)
        return min(share, self.memory_bytes or share)


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Needs:
    """What a job needs of the machine that runs it, if there are several.

    Attributes:
        device: `cpu`, or torch's name of an accelerator.
        is_timing: whether it measures time. One machine does all such jobs, one at a time.
        is_here: whether it is about this machine, and so never runs elsewhere.
        files: files and folders that its arguments name. Another machine gets copies; texts
            without a separator, such as the name of an included set, are left as they are.
        folder: the argument that names a folder for it to write files into.
        keep: called with the files that another machine wrote there, by name, from any thread.
    """

    device: str = "cpu"
    is_timing: bool = False
    is_here: bool = False
    files: Collection[Path | str] = ()
    folder: Path | None = None
    keep: Callable[[Mapping[str, bytes]], object] | None = None


NOTHING = Needs()


class Job:
    """One piece of work; it can be inspected from any thread."""

    def __init__(
        self,
        queue: Queue,
        visitor: str,
        payload: Any,
        limits: Limits,
        wanted: Callable[[], bool] | None,
        needs: Needs = NOTHING,
    ) -> None:
        self.visitor = visitor
        self.limits = limits
        self.needs = needs
        self._name = uuid4().hex
        self._since = time.time()
        self._queue = queue
        self._payload = payload
        self._wanted = wanted
        self._gone_since: float | None = None
        self._state = JobState.WAITING
        self._results: list[Any] = []
        self._result: Any = None
        self._failure: Failure | None = None
        self._stop: Failure | None = None

    @property
    def state(self) -> JobState:
        """The state."""
        return self._state

    @property
    def place(self) -> int:
        """The number of jobs that end before it begins: 0 if it is running, next or over."""
        return self._queue._place(self)

    @property
    def is_here(self) -> bool:
        """Whether this machine runs it."""
        return isinstance(self._queue, Worker)

    @property
    def slots(self) -> int:
        """The number of jobs such as this that run at once."""
        return self._queue._slots(self)

    @property
    def progress(self) -> Any:
        """The latest report of the work, or None."""
        return self.results[-1] if self._results else None

    @property
    def results(self) -> tuple[Any, ...]:
        """All reports of the work, in order; they are kept however it ends."""
        return tuple(self._results)

    @property
    def result(self) -> Any:
        """The return value of the work, or None if it isn't done."""
        return self._result

    @property
    def failure(self) -> Failure | None:
        """The reason for a failure or cancellation, or None."""
        return self._failure

    def cancel(self) -> None:
        """Remove the job from the queue or stop it within a fraction of a second."""
        self._queue._stop(self, Failure(Cause.CANCELLED, "the job was cancelled"))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job is over; return False if `timeout` seconds pass first."""
        with self._queue._changed:
            return self._queue._changed.wait_for(self._is_over, timeout)

    def follow(self) -> Iterator[Any]:
        """Yield the work's reports as they arrive, until the job is over."""
        for new in self.batches(0.0):
            yield from new

    def batches(self, seconds: float) -> Iterator[list[Any]]:
        """Yield new reports in batches, at least `seconds` apart, until the job is over."""
        seen = 0

        def has_news() -> bool:
            return len(self._results) > seen or self._is_over()

        while True:
            with self._queue._changed:
                self._queue._changed.wait_for(has_news)
            new = self._results[seen:]
            if not new:
                return
            seen += len(new)
            yield new
            if seconds:
                self.wait(seconds)

    def _is_abandoned(self, now: float) -> bool:
        """Return whether nobody has wanted it for longer than `PATIENCE`; called at every tick."""
        if self._wanted is None or self._wanted():
            self._gone_since = None
            return False
        if self._gone_since is None:
            self._gone_since = now
        return now - self._gone_since > PATIENCE

    def _is_over(self) -> bool:
        return self._state not in (JobState.WAITING, JobState.RUNNING)

    def _end(self, failure: Failure | None, result: Any = None) -> None:
        self._payload = None
        self._failure, self._result = failure, result
        if failure is None:
            self._state = JobState.DONE
        else:
            self._state = JobState.CANCELLED if failure.cause in _CANCELLED else JobState.FAILED


class _Stopped(Exception):  # noqa: N818
    """A job that ends without a result."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


class Queue(ABC):
    """The waiting jobs, and the rules that apply wherever they run."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._closed = False
        self._thread: threading.Thread | None = None

    def warm_up(self) -> None:
        """Start what runs jobs in the background and return at once."""
        with self._changed:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._serve, name="jobs", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def submit(
        self,
        visitor: str,
        function: Callable[[Report, *Arguments], Any],
        *args: *Arguments,
        limits: Limits = DEFAULT_LIMITS,
        wanted: Callable[[], bool] | None = None,
        needs: Needs = NOTHING,
    ) -> Job:
        """Queue a call of `function(report, *args)` in a process.

        A visitor has at most one waiting job: a second one replaces it in the queue. If the queue
        is full, the returned job has failed.

        Args:
            visitor: the owner of the job.
            function: a function of an importable module.
            *args: arguments after `report`; arguments, reports and result must be picklable.
            limits: the limits of the job.
            wanted: returns whether the visitor is still there. Another thread calls it many times
                a second, and it must not raise. The job is cancelled after `PATIENCE` seconds of
                False.
            needs: what the job needs of a machine other than this one.

        Raises:
            ValueError: if the function or an argument can't be sent to a process.
        """
        try:
            payload = self._pack(function, args, needs)
        except Exception as error:
            raise ValueError(f"the job cannot be sent to a process: {error}") from None
        job = Job(self, visitor, payload, limits, wanted, needs)
        self.warm_up()
        with self._changed:
            before = next((old for old in self._waiting if old.visitor == visitor), None)
            if self._closed:
                job._end(Failure(Cause.CLOSED, "the app is stopping"))
            elif isinstance(payload, Failure):
                job._end(payload)
            elif before:
                job._since = before._since
                self._waiting[self._waiting.index(before)] = job
                before._end(Failure(Cause.REPLACED, "a newer request replaced this one"))
            elif len(self._waiting) >= MAX_WAITING:
                sentence = f"{MAX_WAITING} jobs are already waiting: try again later"
                job._end(Failure(Cause.FULL, sentence))
            else:
                self._waiting.append(job)
            self._changed.notify_all()
        return job

    def close(self) -> None:
        """Cancel every job and end what runs them; no more jobs are accepted."""
        with self._changed:
            self._closed = True
            for job in [*self._waiting, *self._begun()]:
                self._stop(job, Failure(Cause.CLOSED, "the app is stopping"))
            self._changed.notify_all()
        if self._thread:
            self._thread.join(timeout=10)
            atexit.unregister(self.close)

    def _stop(self, job: Job, failure: Failure) -> None:
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                job._end(failure)
                self._changed.notify_all()
            elif not job._stop:
                job._stop = failure

    def _stop_the_abandoned(self) -> None:
        """Stop the jobs that nobody wants any more; the caller holds the lock."""
        for job in (*self._waiting, *self._begun()):
            if job._is_abandoned(time.monotonic()):
                sentence = f"the visitor was gone for more than {PATIENCE:g} s"
                self._stop(job, Failure(Cause.ABANDONED, sentence))

    def _pack(self, function: Callable[..., Any], args: tuple[Any, ...], needs: Needs) -> Any:
        """Return what is sent to the process, or a failure; what is raised becomes a ValueError."""
        return pickle.dumps((function, args))

    @abstractmethod
    def _serve(self) -> None:
        """Run jobs in the thread until the queue is closed."""

    @abstractmethod
    def _begun(self) -> Collection[Job]:
        """Return the jobs that are running."""

    @abstractmethod
    def _place(self, job: Job) -> int: ...

    @abstractmethod
    def _slots(self, job: Job) -> int: ...


class Worker(Queue):
    """The process and its queue. The process starts at the first job or at `warm_up()`.

    Args:
        prepare: a function of an importable module that every new process calls before its first
            job.
    """

    def __init__(self, prepare: Callable[[], object] = import_torch) -> None:
        super().__init__()
        self._prepare = prepare
        self._running: Job | None = None
        self._child: Child | None = None  # used by the thread only

    def _begun(self) -> Collection[Job]:
        return (self._running,) if self._running else ()

    def _place(self, job: Job) -> int:
        with self._changed:
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + (self._running is not None)

    def _slots(self, job: Job) -> int:
        return 1

    def _serve(self) -> None:
        """Run one job after another in the thread until the worker is closed."""
        self._renew()
        while job := self._next():
            result, failure = None, None
            try:
                result = self._attend(job)
            except _Stopped as stopped:
                failure = stopped.failure
            if self._child and (self._child.busy or (failure and failure.cause in _IN_DOUBT)):
                self._drop()
            with self._changed:
                job._end(failure, result)
                self._running = None
                self._changed.notify_all()
            if self._child is None:
                self._renew()
        self._drop()

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            self._running = self._waiting.pop(0)
            self._running._state = JobState.RUNNING
            self._changed.notify_all()
            return self._running

    def _attend(self, job: Job) -> Any:
        """Return the job's result; raise _Stopped if it has none."""
        for _ in range(2):  # the process may have been killed while it was idle
            try:
                child = self._child = self._child or Child(self._prepare)
                self._until_ready(child, job)
                return self._follow(child, job)
            except EOFError:
                self._drop()
        raise _Stopped(Failure(Cause.CRASH, "the worker process could not be started"))

    def _until_ready(self, child: Child, job: Job) -> None:
        latest = time.monotonic() + START_SECONDS
        while not child.ready:
            child.hear(TICK)
            self._stop_if_unwanted(job)
            if time.monotonic() > latest:
                sentence = f"the worker process was not ready after {START_SECONDS} s"
                raise _Stopped(Failure(Cause.CRASH, sentence))

    def _follow(self, child: Child, job: Job) -> Any:
        """Return the job's result; raise EOFError if the process ends before the work begins."""
        allowed = job.limits.bytes_now()
        child.work(job._payload, allowed)
        idle, latest = None, 0.0
        while True:
            try:
                heard = child.hear(TICK)
            except EOFError:
                if idle is None:
                    raise
                raise _Stopped(Failure(Cause.CRASH, child.last_words())) from None
            match heard:
                case Sign.BEGUN, value:
                    idle, latest = value, time.monotonic() + job.limits.seconds
                case Sign.REPORT, value:
                    with self._changed:
                        job._results.append(value)
                        self._changed.notify_all()
                case Sign.DONE, value:
                    return value
                case Sign.FAILED, value:
                    raise _Stopped(value)
            self._stop_if_unwanted(job)
            if idle is None:
                continue
            used = child.resident_bytes() - idle
            if used > allowed:
                sentence = (
                    f"the job was stopped at {short(used, 'B')} of memory, "
                    f"above its limit of {short(allowed, 'B')}"
                )
                raise _Stopped(Failure(Cause.MEMORY, sentence, used, allowed))
            if time.monotonic() > latest:
                sentence = f"the job was stopped at its time limit of {job.limits.seconds:g} s"
                raise _Stopped(Failure(Cause.TIME, sentence))

    def _stop_if_unwanted(self, running: Job) -> None:
        with self._changed:
            self._stop_the_abandoned()
            if running._stop:
                raise _Stopped(running._stop)

    def _renew(self) -> None:
        with contextlib.suppress(EOFError):  # the next job starts a new process
            self._child = Child(self._prepare)

    def _drop(self) -> None:
        if self._child:
            self._child.end()
        self._child = None


_ONLY = Worker()


def worker() -> Worker:
    """Return this machine's worker, the only one of this process."""
    return _ONLY
