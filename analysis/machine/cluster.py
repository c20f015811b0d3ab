"""Independent pieces of work on many processes, by dask.distributed.

A Dask task can't be killed, so each piece runs in the killable process of `analysis.machine.jobs`
under the Dask worker, with its limits of time and memory: see `analysis.machine.piece`. Tried with
Dask 2026.8: cancelling a future leaves its task running; restarting a worker takes seconds and runs
the task again. So an event stops the process. `analysis.machine.cluster_queue` does the same for
the app's jobs. Dask is an extra, `requirements-cluster.txt`, and imported when it is used.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import queue
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from analysis.machine.carry import loads, parcel
from analysis.machine.piece import DIED, Answer, Order, fingerprint, run_piece, unfit
from analysis.machine.process import Cause, Failure, keep_interrupts_away
from analysis.machine.works import LOOK_SECONDS, MAX_TRIES, Asked, Outcome, Runner, Tell, Work
from analysis.machine.works import given_up as _given_up

MISSING_EXTRA = "pip install -r requirements-cluster.txt"

TIMING_WORKER = "RESNET_LAB_TIMING_WORKER"
"""The environment variable with the name or address of the worker that measures all times."""

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
"""Causes of a failure in which the process or its worker ended, rather than the work."""

_MOST_SUBMITTED = 3 * MAX_TRIES
"""Most times that a piece is submitted: Dask may end it before it has begun."""

_AHEAD = 2  # pieces of work submitted per thread, so that no thread waits for its next one

Workers = Mapping[str, Mapping[str, Any]]
"""A scheduler's workers by address."""


def has_dask() -> bool:
    """Return whether the extra is installed."""
    return importlib.util.find_spec("distributed") is not None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Dask's log away from the terminal: what matters comes back as an outcome or an error."""
    import distributed.client  # noqa: F401  # creates the loggers

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
        except AttributeError:  # not available on this system
            return os.cpu_count() or 1
    from analysis.machine.devices import devices as here

    # "cuda:0" is one device; "cuda" is every device of its kind.
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
        keep_interrupts_away()  # inherited by every process: the client alone handles Ctrl-C
        return SpecCluster(
            workers=workers,
            scheduler={"cls": Scheduler, "options": options},
            silence_logs="CRITICAL",
        )

    settings = {
        "distributed.worker.daemon": False,
        "distributed.scheduler.allowed-failures": MAX_TRIES - 1,
        "distributed.scheduler.worker-saturation": 1.0,  # a worker that dies loses one piece only
        "distributed.worker.profile.enabled": False,  # it would take 100 samples per second
    }
    with (
        quiet(),
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
    with quiet(), connect(address) as client:
        check_workers(workers_of(client), devices)
        yield partial(_run, client)


def connect(address: str, seconds: float = WORKERS_SECONDS) -> Any:
    """Return a client of a scheduler whose workers can do this program's work.

    Args:
        address: such as `tcp://host:8786`.
        seconds: to wait for the first worker.

    Raises:
        ValueError: in one sentence, if the address is none, or a worker can't do the work.
        ConnectionError: if there is no scheduler, or it has no workers.
    """
    from distributed import Client

    if not address.startswith(("tcp://", "tls://")):
        raise ValueError(f"a scheduler's address is tcp://HOST:PORT, not {address[:80]!r}")
    try:
        client = Client(address, timeout=min(seconds, CONNECT_SECONDS), set_as_default=False)
    except (OSError, ValueError) as error:
        said = f"no scheduler answers at {address[:80]}: {error}"
        raise ConnectionError(" ".join(said.split())[:300]) from None
    try:
        client.wait_for_workers(1, timeout=seconds)
        _check_program(client)
    except TimeoutError:
        client.close()
        raise ConnectionError(f"the scheduler at {address} has no workers") from None
    except BaseException:
        client.close()
        raise
    return client


def _check_program(client: Any) -> None:
    """Raise ValueError, in one sentence, if a worker runs another version of this program."""
    try:
        remarks = client.run(unfit, fingerprint())
    except Exception as error:  # Dask raises whatever the worker raised
        raise ValueError(
            f"the workers can't import this program ({type(error).__name__}): start them in its "
            "folder, with requirements.txt and requirements-cluster.txt installed"
        ) from None
    for address, remark in remarks.items():
        if remark:
            raise ValueError(f"the worker {address} can't be used: {remark}")


def workers_of(client: Any) -> Workers:
    """Return the workers that a scheduler has now."""
    found: Workers = client.scheduler_info(n_workers=-1)["workers"]
    return found


def check_workers(workers: Workers, devices: Collection[str]) -> None:
    """Raise ValueError, in one sentence, if no worker has an accelerator and one is needed."""
    if not set(devices) <= {"cpu"} and not any(map(has_accelerator, workers.values())):
        raise ValueError(
            f"no worker has an accelerator: start one for each with --resources {GPU}=1 "
            "--nthreads 1"
        )


def has_accelerator(worker: Mapping[str, Any]) -> bool:
    """Return whether a worker has an accelerator of its own."""
    return bool(worker["resources"].get(GPU))


def address_of(name: str, workers: Workers) -> str | None:
    """Return the address of a worker by its name or address, or None if it isn't there."""
    for address, worker in workers.items():
        if name in (address, str(worker["name"])):
            return address
    return None


def given_up_by_dask(error: Exception) -> Failure:
    """Return the failure of a task that Dask ended; it also blames those that only waited."""
    if type(error).__name__ == "KilledWorker":
        return Failure(Cause.CRASH, DIED)
    return Failure(Cause.ERROR, " ".join(f"{type(error).__name__}: {error}".split())[:300])


def _run(client: Any, works: Iterable[Work], tell: Tell, asked: Asked) -> Iterator[Outcome]:
    """Run work on a cluster, as `analysis.machine.works.Runner`."""
    run = _Running(client, tell, asked)
    try:
        yield from run.outcomes(iter(works))
    finally:
        run.end()


@dataclass
class _Piece:
    """A submitted piece of work.

    Attributes:
        work: the work.
        future: of its latest submission.
        number: of that submission.
        pinned: the address of the only worker that may run it, or "".
        begun: whether it has begun.
    """

    work: Work
    future: Any
    number: int
    pinned: str = ""
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
        self._waiting: deque[Work] = deque()
        self._numbers: dict[str, int] = {}
        self._workers: Workers = {}
        self._timers: dict[bool, tuple[str, str]] = {}
        self._away_since = 0.0
        self._threads, self._beside = 1, 1
        self._counted = 0.0
        client.subscribe_topic(self._topic, self._heard)

    def outcomes(self, works: Iterator[Work]) -> Iterator[Outcome]:
        """Submit work as there is room for it, and yield the outcomes."""
        latest = 0.0
        while True:
            self._look_at_workers()
            while not self._asked() and self._has_room(works):
                self._submit(self._waiting.popleft())
            if not self._pieces and (self._asked() or not self._waiting):
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

    def _look_at_workers(self) -> None:
        if time.monotonic() - self._counted < 1:
            return
        self._check_connection()
        self._workers = workers_of(self._client)
        hosts: dict[str, int] = {}
        for worker in self._workers.values():
            hosts[worker["host"]] = hosts.get(worker["host"], 0) + worker["nthreads"]
        self._threads = sum(hosts.values()) or self._threads
        self._beside = max(hosts.values(), default=self._beside)
        self._counted = time.monotonic()
        for name, piece in list(self._pieces.items()):
            if piece.pinned and piece.pinned not in self._workers:  # Dask would wait forever
                del self._pieces[name]
                piece.future.cancel()
                self._waiting.appendleft(piece.work)

    def _has_room(self, works: Iterator[Work]) -> bool:
        """Return whether one more piece may be submitted; if so, it is the first in the queue."""
        if not self._waiting and (work := next(works, None)) is not None:
            self._waiting.append(work)
        if not self._waiting:
            return False
        first = self._waiting[0]
        if first.is_timing or any(p.work.is_timing for p in self._pieces.values()):
            return not self._pieces and (not first.is_timing or bool(self._timer(first)))
        return len(self._pieces) < _AHEAD * self._threads

    def _timer(self, work: Work) -> str:
        """Return the address of the worker that measures all times of the run; "" if it is away.

        It is the named one, or else the first that can do the work. If it was restarted under
        another name, it is the one on the same host.

        Raises:
            ConnectionError: if it has been away for too long.
        """
        needs = work.device != "cpu"
        if needs not in self._timers and self._workers:
            fit = [w for w in self._workers.values() if has_accelerator(w) or not needs]
            named = os.environ.get(TIMING_WORKER, "")
            if named or fit:
                self._timers[needs] = (
                    (named, "") if named else (str(fit[0]["name"]), fit[0]["host"])
                )
        name, host = self._timers.get(needs, ("", ""))
        on_host = (a for a, w in self._workers.items() if host and w["host"] == host)
        if found := address_of(name, self._workers) or next(on_host, ""):
            self._away_since = 0.0
            return found
        self._away_since = self._away_since or time.monotonic()
        if time.monotonic() - self._away_since > WORKERS_SECONDS:
            raise ConnectionError(
                f"the worker {name!r}, which measures all times, isn't there: start it, and the "
                "same command continues the sweep"
            )
        return ""

    def _submit(self, work: Work) -> None:
        number = self._numbers[work.name] = self._numbers.get(work.name, 0) + 1
        pinned = self._timer(work) if work.is_timing else ""
        order = Order(
            name=work.name,
            seconds=work.seconds,
            memory_bytes=work.memory_bytes,
            beside=1 if work.is_timing else self._beside,
            topic=self._topic,
            stop=self._topic,
            client=fingerprint(),
            prepare=work.prepare,
            tries=MAX_TRIES,
            news_seconds=NEWS_SECONDS,
            with_all=False,
        )
        future = self._client.submit(
            run_piece,
            parcel((work.function, work.arguments), ()),
            order,
            key=f"{self._topic}-{work.name}-{number}",
            pure=False,
            resources=None if work.device == "cpu" else {GPU: 1},
            workers=[pinned] if pinned else None,
        )
        self._pieces[work.name] = _Piece(work, future, number, pinned)
        future.add_done_callback(lambda done: self._news.put(partial(self._done, work.name, done)))

    def _heard(self, event: tuple[float, tuple[str, str, bytes | None]]) -> None:
        """Queue a report; Dask's thread calls it."""
        name, _, told = event[1]
        self._news.put(partial(self._told, name, told))

    def _told(self, name: str, told: bytes | None) -> None:
        if piece := self._pieces.get(name):
            piece.begun = True
            if told is not None:
                self._tell(name, loads(told, ())[-1])

    def _done(self, name: str, future: Any) -> Outcome | None:
        piece = self._pieces.get(name)
        if piece is None or piece.future is not future:
            return None
        if future.status in ("cancelled", "lost"):
            self._check_connection()
            raise ConnectionError("the scheduler forgot the work: the same command continues it")
        try:
            answer: Answer = future.result()
            result, failure, tries = loads(answer.result, ()), answer.failure, answer.tries
        except Exception as error:  # Dask has given up on the task
            self._check_connection()
            result, failure = None, given_up_by_dask(error)
            tries = self._client.get_metadata([self._topic, name], 0)
        future.release()
        del self._pieces[name]
        if failure and failure.cause in _ENDED:
            if self._asked() > 1:
                return None
            if tries < MAX_TRIES and piece.number < _MOST_SUBMITTED:
                self._waiting.appendleft(piece.work)
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
