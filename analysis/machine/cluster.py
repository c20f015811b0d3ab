"""Independent pieces of work on many processes, by dask.distributed.

A Dask task can't be killed, so each piece runs in the killable process of `analysis.machine.jobs`
under the Dask worker, with its limits of time and memory. Tried with Dask 2026.8: cancelling a
future leaves its task running; restarting a worker takes seconds and runs the task again. So an
event stops the process. Dask is an extra, `requirements-cluster.txt`, and imported only here.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import multiprocessing
import os
import pickle
import platform
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from analysis.machine.jobs import FREE_SHARE, Job, Limits, Report, Worker
from analysis.machine.process import Cause, Failure, keep_interrupts_away
from analysis.machine.works import LOOK_SECONDS, MAX_TRIES, Asked, Outcome, Runner, Tell, Work
from analysis.machine.works import given_up as _given_up

MISSING_EXTRA = "pip install -r requirements-cluster.txt"

CONNECT_SECONDS = 10
"""Seconds to wait for a scheduler."""

WORKERS_SECONDS = 30
"""Seconds to wait for a scheduler's first worker."""

NEWS_SECONDS = 1.0
"""Least seconds between two reports of one piece of work, which all pass through the scheduler."""

END_SECONDS = 10
"""Seconds to wait for cancelled work to end."""

GPU = "GPU"
"""Dask's name of the resource that a worker with one accelerator has."""

_ENDED = {Cause.CRASH, Cause.CANCELLED, Cause.ABANDONED, Cause.CLOSED}
"""Causes of a failure with which a process or its worker ended, and not the work."""

_MOST_SUBMITTED = 3 * MAX_TRIES
"""Most times that a piece is submitted: Dask may end it before it has begun."""

_AHEAD = 2  # pieces of work at the scheduler for each thread, so that none waits for the next
_PACKAGES = ("torch", "distributed")


def has_dask() -> bool:
    """Return whether the extra is installed."""
    return importlib.util.find_spec("distributed") is not None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log away from the terminal: what matters comes back as an outcome or an error."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def processes(devices: Collection[str]) -> int:
    """Return how many pieces of work this machine does at once: one per core or accelerator.

    Args:
        devices: those that the work uses.
    """
    if set(devices) <= {"cpu"}:
        try:
            return len(os.sched_getaffinity(0))
        except AttributeError:  # not on this system
            return os.cpu_count() or 1
    from analysis.machine.devices import devices as here

    # A device with a number is one; without, it is every one of its kind.
    numbered = any(":" in device for device in devices)
    return 1 if numbered else max(len(here()) - 1, 1)


@contextlib.contextmanager
def own_cluster(number: int, devices: Collection[str]) -> Iterator[Runner]:
    """Start a cluster on this machine, which ends with this process however that ends.

    Args:
        number: of processes.
        devices: those that the work uses; with accelerators, each process sees one of them.
    """
    import dask
    from distributed import Client, Nanny, Scheduler, SpecCluster

    on_accelerator = not set(devices) <= {"cpu"}
    shared: dict[str, Any] = {
        "nthreads": 1,
        "memory_limit": None,  # the process under the worker is watched, not the worker
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
        "silence_logs": "CRITICAL",
        "resources": {GPU: 1} if on_accelerator else {},
    }

    def env(index: int) -> dict[str, str]:
        return {"CUDA_VISIBLE_DEVICES": str(index)} if on_accelerator and number > 1 else {}

    workers = {
        index: {"cls": Nanny, "options": {**shared, "env": env(index)}} for index in range(number)
    }
    options = {"host": "127.0.0.1", "port": 0, "dashboard_address": "127.0.0.1:0"}

    def start() -> Any:
        keep_interrupts_away()  # Ctrl-C is the client's; every process inherits this
        return SpecCluster(
            workers=workers,
            scheduler={"cls": Scheduler, "options": options},
            silence_logs="CRITICAL",
        )

    settings = {
        "distributed.worker.daemon": False,
        "distributed.scheduler.allowed-failures": MAX_TRIES - 1,
        "distributed.scheduler.worker-saturation": 1.0,  # a worker's death is then of one piece
    }
    with (
        _quiet(),
        dask.config.set(settings),
        ThreadPoolExecutor(1) as thread,
        thread.submit(start).result() as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield partial(_run, client)


@contextlib.contextmanager
def connected(address: str, devices: Collection[str]) -> Iterator[Runner]:
    """Connect to a scheduler.

    Args:
        address: such as `tcp://host:8786`.
        devices: those that the work uses.

    Raises:
        ValueError: if the address is none, or the workers can't do the work.
        ConnectionError: if there is no scheduler, or it has no workers.
    """
    from distributed import Client

    if not address.startswith(("tcp://", "tls://")):
        raise ValueError(f"a scheduler's address is tcp://HOST:PORT, not {address[:80]!r}")
    with _quiet():
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            said = f"no scheduler answers at {address[:80]}: {error}"
            raise ConnectionError(" ".join(said.split())[:300]) from None
        with client:
            try:
                client.wait_for_workers(1, timeout=WORKERS_SECONDS)
            except TimeoutError:
                raise ConnectionError(f"the scheduler at {address} has no workers") from None
            _check(client, devices)
            yield partial(_run, client)


def _check(client: Any, devices: Collection[str]) -> None:
    """Raise ValueError, in one sentence, if a worker can't do the work."""
    try:
        remarks = client.run(unfit, _fingerprint())
    except Exception as error:  # Dask raises whatever the worker raised
        raise ValueError(
            f"the workers can't import this program ({type(error).__name__}): start them in its "
            "folder, with requirements.txt and requirements-cluster.txt installed"
        ) from None
    for address, remark in remarks.items():
        if remark:
            raise ValueError(f"the worker {address} can't be used: {remark}")
    if not set(devices) <= {"cpu"}:
        found = client.scheduler_info(n_workers=-1)["workers"].values()
        if not any(worker["resources"].get(GPU) for worker in found):
            raise ValueError(
                f"no worker has an accelerator: start one for each with --resources {GPU}=1 "
                "--nthreads 1"
            )


def _run(client: Any, works: Iterable[Work], tell: Tell, asked: Asked) -> Iterator[Outcome]:
    """Run work on a cluster, as `analysis.machine.works.Runner`."""
    run = _Running(client, tell, asked)
    try:
        yield from run.outcomes(iter(works))
    finally:
        run.end()


@dataclass
class _Piece:
    """A piece of work that was submitted, its future, and whether it has begun."""

    work: Work
    future: Any
    number: int
    begun: bool = False


class _Running:
    """The client's side of a run."""

    def __init__(self, client: Any, tell: Tell, asked: Asked) -> None:
        from distributed import Event

        self._client, self._tell, self._asked = client, tell, asked
        self._topic = f"resnet-lab-{uuid4().hex}"
        self._stop = Event(self._topic, client=client)
        self._news: queue.SimpleQueue[Callable[[], Outcome | None]] = queue.SimpleQueue()
        self._pieces: dict[str, _Piece] = {}
        self._threads, self._beside = 1, 1
        self._counted = 0.0
        client.subscribe_topic(self._topic, self._heard)

    def outcomes(self, works: Iterator[Work]) -> Iterator[Outcome]:
        """Submit work as it can be done, and give what comes of it."""
        waiting: deque[Work] = deque()
        latest = 0.0
        while True:
            self._count_threads()
            while not self._asked() and self._has_room(waiting, works):
                self._submit(waiting.popleft())
            if not self._pieces:
                return
            if self._asked():
                self._drop_those_that_wait()
            if self._asked() > 1:
                latest = latest or time.monotonic() + END_SECONDS
                self._stop.set()
                if time.monotonic() > latest:
                    return
            try:
                handle = self._news.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                self._check_connection()
                continue
            if outcome := handle():
                yield _given_up(outcome)

    def end(self) -> None:
        """Stop whatever still runs and forget this run."""
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._stop.set()
            self._client.unsubscribe_topic(self._topic)
            for piece in self._pieces.values():
                piece.future.cancel()

    def _count_threads(self) -> None:
        if time.monotonic() - self._counted > 1:
            self._check_connection()
            hosts: dict[str, int] = {}
            for worker in self._client.scheduler_info(n_workers=-1)["workers"].values():
                hosts[worker["host"]] = hosts.get(worker["host"], 0) + worker["nthreads"]
            self._threads = sum(hosts.values()) or self._threads
            self._beside = max(hosts.values(), default=self._beside)
            self._counted = time.monotonic()

    def _has_room(self, waiting: deque[Work], works: Iterator[Work]) -> bool:
        """Return whether one more piece may be submitted; it is then in `waiting`."""
        if not waiting and (work := next(works, None)) is not None:
            waiting.append(work)
        if not waiting:
            return False
        alone = waiting[0].is_timing or any(p.work.is_timing for p in self._pieces.values())
        return len(self._pieces) < (1 if alone else _AHEAD * self._threads)

    def _submit(self, work: Work, number: int = 1) -> None:
        beside = 1 if work.is_timing else self._beside
        future = self._client.submit(
            run_piece,
            pickle.dumps((work.function, work.arguments)),
            work.name,
            work.seconds,
            work.memory_bytes,
            beside,
            self._topic,
            _fingerprint(),
            work.prepare,
            key=f"{self._topic}-{work.name}-{number}",
            pure=False,
            resources=None if work.device == "cpu" else {GPU: 1},
        )
        self._pieces[work.name] = _Piece(work, future, number)
        future.add_done_callback(lambda done: self._news.put(partial(self._done, work.name, done)))

    def _heard(self, event: tuple[float, tuple[str, Any]]) -> None:
        """Queue a report; Dask's thread calls it."""
        name, value = event[1]
        self._news.put(partial(self._told, name, value))

    def _told(self, name: str, value: Any) -> None:
        if piece := self._pieces.get(name):
            piece.begun = True
            if value is not None:
                self._tell(name, value)

    def _done(self, name: str, future: Any) -> Outcome | None:
        piece = self._pieces.get(name)
        if piece is None or piece.future is not future:
            return None
        if future.status in ("cancelled", "lost"):
            self._check_connection()
            raise ConnectionError("the scheduler forgot the work: the same command continues it")
        try:
            result, failure, tries = future.result()
        except Exception as error:  # what Dask says of a task that it gave up
            self._check_connection()
            result, failure = None, _given_up_by_dask(error)
            tries = self._client.get_metadata([self._topic, name], 0)
        future.release()
        del self._pieces[name]
        if failure and failure.cause in _ENDED:
            if self._asked() > 1:
                return None
            if tries < MAX_TRIES and piece.number < _MOST_SUBMITTED:
                self._submit(piece.work, piece.number + 1)
                return None
        return Outcome(name, result, failure, tries)

    def _drop_those_that_wait(self) -> None:
        for name, piece in list(self._pieces.items()):
            if not piece.begun:
                del self._pieces[name]
                piece.future.cancel()

    def _check_connection(self) -> None:
        if self._client.status != "running":
            raise ConnectionError(
                "the scheduler is gone: start it again, and the same command continues the sweep"
            )


def _given_up_by_dask(error: Exception) -> Failure:
    """Return the failure of a task that Dask ended; it also blames those that only waited."""
    if type(error).__name__ == "KilledWorker":
        return Failure(Cause.CRASH, "the worker process died")
    return Failure(Cause.ERROR, " ".join(f"{type(error).__name__}: {error}".split())[:300])


@cache
def _fingerprint() -> tuple[tuple[str, str], ...]:
    """Return what must be the same on every machine: this program's code, and versions."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[2]
    for path in sorted([*root.glob("nets/**/*.py"), *root.glob("analysis/**/*.py")]):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    versions = [(package, metadata.version(package)) for package in _PACKAGES]
    python = ".".join(platform.python_version_tuple()[:2])
    return (("code", digest.hexdigest()[:12]), ("Python", python), *versions)


# The code below runs in a Dask worker.


def unfit(client: tuple[tuple[str, str], ...]) -> str:
    """Return in one sentence why this process can't do the client's work, or ""."""
    if multiprocessing.current_process().daemon:
        return (
            "it may not start processes: set DASK_DISTRIBUTED__WORKER__DAEMON=False where workers "
            "are started"
        )
    for (what, theirs), (_, own) in zip(client, _fingerprint(), strict=True):
        if theirs != own:
            return f"its {what} is {own}, and that of the client is {theirs}"
    return ""


def run_piece(
    payload: bytes,
    name: str,
    seconds: float,
    memory_bytes: int | None,
    beside: int,
    topic: str,
    client: tuple[tuple[str, str], ...],
    prepare: Callable[[], object],
) -> tuple[Any, Failure | None, int]:
    """Run a piece of work in the process under this thread of a Dask worker.

    Args:
        payload: the pickled function and its arguments.
        name: of the work.
        seconds: its time limit.
        memory_bytes: its memory limit, or None for its share of the machine's.
        beside: pieces that this machine runs at once.
        topic: of its reports, and the name of the event that cancels it.
        client: the client's fingerprint.
        prepare: what a new process calls first.

    Returns:
        The result, the failure if there is none, and the number of tries so far.
    """
    from distributed import get_client, get_worker

    if remark := unfit(client):
        return None, Failure(Cause.ERROR, f"the worker can't be used: {remark}"), 1
    me, ours = get_worker(), get_client()
    key = me.get_current_task()
    # A scheduler may allow more deaths of workers than we do, and knows none of our processes.
    tries = ours.get_metadata([topic, name], 0) + 1
    if tries > MAX_TRIES:
        return None, Failure(Cause.CRASH, "the worker process died"), MAX_TRIES
    ours.set_metadata([topic, name], tries)
    me.log_event(topic, (name, None))
    share = int(FREE_SHARE * psutil.virtual_memory().total / beside)
    limits = Limits(seconds, min(memory_bytes or share, share))
    job = _worker(prepare).submit(
        name, _unpacked, payload, limits=limits, wanted=partial(_is_wanted, me, key)
    )
    with _stopped_by(topic).watching(job):
        told = 0.0
        for news in job.follow():
            if time.monotonic() - told > NEWS_SECONDS:
                me.log_event(topic, (name, news))
                told = time.monotonic()
        job.wait()
    return job.result, job.failure, tries


def _unpacked(report: Report, payload: bytes) -> Any:
    function, arguments = pickle.loads(payload)
    return function(report, *arguments)


_own = threading.local()


def _worker(prepare: Callable[[], object]) -> Worker:
    """Return the worker of this thread; another way of preparing its process makes a new one."""
    if getattr(_own, "prepare", None) is not prepare:
        if hasattr(_own, "worker"):
            _own.worker.close()
        _own.worker, _own.prepare = Worker(prepare), prepare
    worker: Worker = _own.worker
    return worker


def _is_wanted(me: Any, key: str) -> bool:
    """Return whether the scheduler still wants a task: its client may be gone."""
    task = me.state.tasks.get(key)
    return task is not None and task.state in ("executing", "long-running")


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
        except Exception:  # the scheduler is gone, and so is this worker soon
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
