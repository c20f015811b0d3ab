"""A piece of work inside a Dask worker, in the killable process under one of its threads."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import platform
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from analysis.machine.carry import Parcel, dumps, loads
from analysis.machine.jobs import FREE_SHARE, Job, Limits, Report, Worker
from analysis.machine.process import Cause, Failure

_PACKAGES = ("torch", "distributed")

Fingerprint = tuple[tuple[str, str], ...]


@cache
def fingerprint() -> Fingerprint:
    """Return what must be the same on every machine: this program's code, and versions."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[2]
    for path in sorted([*root.glob("nets/**/*.py"), *root.glob("analysis/**/*.py")]):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    versions = [(package, metadata.version(package)) for package in _PACKAGES]
    python = ".".join(platform.python_version_tuple()[:2])
    return (("code", digest.hexdigest()[:12]), ("Python", python), *versions)


def unfit(client: Fingerprint) -> str:
    """Return in one sentence why this process can't do the client's work, or ""."""
    if multiprocessing.current_process().daemon:
        return (
            "it can't start processes: set DASK_DISTRIBUTED__WORKER__DAEMON=False where workers "
            "are started"
        )
    for (what, theirs), (_, own) in zip(client, fingerprint(), strict=True):
        if theirs != own:
            return f"its {what} is {own}, and that of the client is {theirs}"
    return ""


@dataclass(frozen=True)
class Order:
    """How to run a piece of work.

    Attributes:
        name: of the work.
        seconds: its time limit.
        memory_bytes: its memory limit, or None for its share of the machine's.
        beside: pieces that this machine runs at once.
        topic: the topic for its news: its name, the worker's address, and the pickled list of its
            reports, or None when it begins.
        stop: the name of the event that cancels it.
        client: the client's fingerprint.
        prepare: what a new process calls first.
        tries: most times that it may begin.
        news_seconds: least seconds between two pieces of news, which all pass through the
            scheduler.
        with_all: whether the news has all reports, or only the latest.
    """

    name: str
    seconds: float
    memory_bytes: int | None
    beside: int
    topic: str
    stop: str
    client: Fingerprint
    prepare: Callable[[], object]
    tries: int
    news_seconds: float
    with_all: bool


@dataclass(frozen=True)
class Answer:
    """The outcome of a piece of work.

    Attributes:
        result: pickled by `analysis.machine.carry`, as reports are.
        failure: why there is none, or None.
        tries: how often it has begun.
        files: those that it wrote into the folder of its parcel, by name, even if it failed.
    """

    result: bytes
    failure: Failure | None
    tries: int
    files: Mapping[str, bytes] = field(default_factory=dict)


def run_piece(parcel: Parcel, order: Order) -> Answer:
    """Run a piece of work in the process under this thread of a Dask worker."""
    from distributed import get_client, get_worker

    if remark := unfit(order.client):
        failure = Failure(Cause.CLUSTER, f"the worker can't be used: {remark}")
        return Answer(dumps(None, ()), failure, 1)
    me, ours = get_worker(), get_client()
    key = me.get_current_task()
    # Count tries here: Dask may allow more dead workers than we do, and doesn't see our processes.
    tries = ours.get_metadata([order.topic, order.name], 0) + 1
    if tries > order.tries:
        return Answer(dumps(None, ()), Failure(Cause.CRASH, DIED), order.tries)
    ours.set_metadata([order.topic, order.name], tries)
    me.log_event(order.topic, (order.name, me.address, None))
    share = int(FREE_SHARE * psutil.virtual_memory().total / order.beside)
    limits = Limits(order.seconds, min(order.memory_bytes or share, share))
    with _room(parcel, me.local_directory) as paths:
        job = _worker(order.prepare).submit(
            order.name,
            _unpacked,
            parcel.call,
            paths,
            limits=limits,
            wanted=partial(_is_wanted, me, key),
        )
        with _stopped_by(order.stop).watching(job):
            for news in job.batches(order.news_seconds):
                told = dumps(news if order.with_all else news[-1:], paths)
                me.log_event(order.topic, (order.name, me.address, told))
            job.wait()
        return Answer(dumps(job.result, paths), job.failure, tries, _written(parcel, paths))


DIED = "the worker process died"
"""The failure of a piece of work whose Dask worker died."""


@contextlib.contextmanager
def _room(parcel: Parcel, folder: str) -> Iterator[Sequence[Path]]:
    """Write the files of a parcel into a folder of their own, and delete it afterwards."""
    if not parcel.files:
        yield ()
        return
    with TemporaryDirectory(dir=folder) as own:
        yield parcel.unwrap(Path(own))


def _written(parcel: Parcel, paths: Sequence[Path]) -> dict[str, bytes]:
    """Return the files in the folders that were sent empty."""
    return {
        file.name: file.read_bytes()
        for (_, contents), path in zip(parcel.files, paths, strict=True)
        if not contents
        for file in path.iterdir()
        if file.is_file() and not file.name.startswith(".")  # not one that is still written
    }


def _unpacked(report: Report, call: bytes, paths: Sequence[Path]) -> Any:
    function, arguments = loads(call, paths)
    return function(report, *arguments)


_own = threading.local()


def _worker(prepare: Callable[[], object]) -> Worker:
    """Return the worker of this thread; a different `prepare` makes a new one."""
    if getattr(_own, "prepare", None) is not prepare:
        if hasattr(_own, "worker"):
            _own.worker.close()
        _own.worker, _own.prepare = Worker(prepare), prepare
    worker: Worker = _own.worker
    return worker


def _is_wanted(me: Any, key: str) -> bool:
    """Return whether the scheduler still wants a task: it or its client may be gone."""
    task = me.state.tasks.get(key)
    return (
        not me.status.name.startswith("clos")
        and task is not None
        and task.state in ("executing", "long-running")
    )


class _Stop:
    """Cancels this process's jobs as soon as an event of the cluster is set."""

    def __init__(self, name: str) -> None:
        from distributed import Event, get_client

        self._jobs: set[Job] = set()
        self._is_set = False
        self._lock = threading.Lock()
        event = Event(name, client=get_client())
        threading.Thread(target=self._wait, args=(event,), daemon=True).start()

    @contextlib.contextmanager
    def watching(self, job: Job) -> Iterator[None]:
        """Cancel a job if the event is set within the block or was set before."""
        with self._lock:
            self._jobs.add(job)
            is_late = self._is_set
        if is_late:
            job.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._jobs.discard(job)

    def _wait(self, event: Any) -> None:
        try:
            event.wait()
        except Exception:  # the scheduler is gone, so this worker ends soon
            return
        with self._lock:
            self._is_set = True
            jobs = tuple(self._jobs)
        for job in jobs:
            job.cancel()


_stops: dict[str, _Stop] = {}
_starting = threading.Lock()


def _stopped_by(name: str) -> _Stop:
    """Return what cancels the jobs of a run, one in each process."""
    with _starting:
        if name not in _stops:
            _stops.clear()  # earlier runs are over
            _stops[name] = _Stop(name)
        return _stops[name]
