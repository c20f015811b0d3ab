"""The app's jobs on a cluster: several at once, with the rules and messages of `jobs.Worker`.

A job waits here until one of the cluster's threads is free for it, and only then goes to Dask, so
a newer request can still take its place. Several app processes may share a cluster: each tells the
others, through the scheduler, the state of its jobs.
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from analysis.machine.carry import Parcel, TooLargeError, carried, loads, parcel
from analysis.machine.cluster import (
    GPU,
    MISSING_EXTRA,
    TIMING_WORKER,
    Workers,
    address_of,
    check_workers,
    connect,
    given_up_by_dask,
    has_accelerator,
    has_dask,
    quiet,
)
from analysis.machine.jobs import TICK, Job, JobState, Needs, Queue
from analysis.machine.piece import DIED, Answer, Order, fingerprint, run_piece
from analysis.machine.process import Cause, Failure, import_torch

PATIENCE = 5.0
"""Seconds to wait for the scheduler, its first worker, or a worker that may be restarting."""

LOOK_SECONDS = 1.0
"""Seconds between two looks at the workers, while there are jobs."""

NEWS_SECONDS = 0.2
"""Least seconds between two messages with a job's reports."""

MAX_ARGUMENT = 10_000_000
"""Most bytes that go to the scheduler with a job; more are sent on to a worker first."""

_PREFIX = "resnet-lab-job-"
_SHARED = "resnet-lab-jobs"  # topic on which app processes announce the state of their jobs
_FORGOTTEN = 5 * LOOK_SECONDS  # seconds after which a silent process counts as gone
_FIRST = 10  # Dask priority of jobs that a visitor waits for; a sweep's points have 0


class Standing(NamedTuple):
    """A job as other processes see it.

    Attributes:
        since: when it was submitted, in seconds of the epoch.
        name: of the job.
        lane: the kind of workers that may run it.
        worker: the address of the one that runs it, or "".
    """

    since: float
    name: str
    lane: str
    worker: str


@dataclass
class _Piece:
    """A job that was submitted to Dask.

    Attributes:
        future: Dask's future.
        data: the future of its arguments, if they were sent before it.
        paths: the files that go with it.
        pinned: the addresses of the workers that may run it.
        worker: the address of the one that runs it, or "".
        begun: when it began, in seconds of the monotonic clock.
        is_stopping: whether it was told to stop.
    """

    future: Any
    data: Any
    paths: Sequence[Path]
    pinned: Collection[str]
    worker: str = ""
    begun: float = 0.0
    is_stopping: bool = False


class ClusterQueue(Queue):
    """The app's jobs on a cluster. It connects at the first job or at `warm_up()`.

    Args:
        address: the scheduler's, such as `tcp://host:8786`.
        timing_worker: the name or address of the worker that measures all times.
        prepare: a function of an importable module that every new process calls before its first
            job.
    """

    def __init__(
        self,
        address: str,
        timing_worker: str = "",
        prepare: Callable[[], object] = import_torch,
    ) -> None:
        super().__init__()
        self._address, self._timing_worker, self._prepare = address, timing_worker, prepare
        self._own = uuid4().hex
        self._topic = f"resnet-lab-app-{self._own}"
        self._news: deque[Callable[[], None]] = deque()
        self._pieces: dict[Job, _Piece] = {}
        self._workers: Workers = {}
        self._others: dict[str, tuple[float, list[Standing]]] = {}
        self._foreign: dict[str, int] = {}  # number of tasks that aren't jobs, by worker
        self._told: list[Standing] = []
        self._announced = 0.0
        self._scheduler = ""
        self._looked = 0.0
        self._away: dict[str, float] = {}

    # The state of jobs. Callers of these methods hold the lock.

    def _begun(self) -> Collection[Job]:
        return [job for job in self._pieces if job._state is JobState.RUNNING]

    def _standings(self) -> list[Standing]:
        """Return this process's jobs that wait, run or are being stopped."""
        waiting = [Standing(j._since, j._name, _lane(j.needs), "") for j in self._waiting]
        return waiting + [
            Standing(job._since, job._name, _lane(job.needs), piece.worker)
            for job, piece in self._pieces.items()
            if piece.worker
        ]

    def _everywhere(self) -> Iterator[Standing]:
        yield from self._standings()
        for heard, standings in self._others.values():
            if time.monotonic() - heard < _FORGOTTEN:
                yield from standings

    def _spots(self, lane: str) -> Mapping[str, int]:
        """Return the number of jobs of a lane that each worker runs at once, by address.

        Jobs that need no accelerator and measure no time leave those workers alone, unless there
        are no others.
        """
        timer = address_of(self._timing_worker, self._workers) if self._timing_worker else None
        if lane == "timing":
            return {timer: self._workers[timer]["nthreads"]} if timer else {}
        rest = {a: w for a, w in self._workers.items() if a != timer} or self._workers
        with_gpu = {a: w for a, w in rest.items() if has_accelerator(w)}
        if lane == "accelerator":
            return {a: int(min(w["nthreads"], w["resources"][GPU])) for a, w in with_gpu.items()}
        plain = {a: w for a, w in rest.items() if a not in with_gpu} or rest
        return {address: worker["nthreads"] for address, worker in plain.items()}

    def _ahead(self, job: Job) -> int:
        """Return the number of jobs that hold or will get a thread before a waiting job."""
        lane, own = _lane(job.needs), (job._since, job._name)
        spots = self._spots(lane)
        return sum(
            one.worker in spots if one.worker else one.lane == lane and one[:2] < own
            for one in self._everywhere()
        )

    def _place(self, job: Job) -> int:
        with self._changed:
            if job not in self._waiting:
                return 0
            foreign = sum(self._foreign.get(worker, 0) for worker in self._spots(_lane(job.needs)))
            return max(self._ahead(job) + foreign - (self._slots(job) - 1), 0)

    def _slots(self, job: Job) -> int:
        with self._changed:
            return max(sum(self._spots(_lane(job.needs)).values()), 1)

    def _stop(self, job: Job, failure: Failure) -> None:
        with self._changed:
            super()._stop(job, failure)
            if job in self._pieces and not job._is_over():
                job._end(failure)  # the thread stops the work at its worker
                self._changed.notify_all()

    def _pack(self, function: Callable[..., Any], args: tuple[Any, ...], needs: Needs) -> Any:
        paths = carried(needs.files, needs.folder)
        try:
            return parcel((function, args), paths, needs.folder), paths
        except TooLargeError as error:
            return Failure(Cause.CLUSTER, str(error))

    # The thread. It never waits for Dask while it holds the lock, which Dask's own thread takes.

    def _serve(self) -> None:
        while not self._closed:
            try:
                if not has_dask():
                    raise ConnectionError(f"running jobs on a cluster needs {MISSING_EXTRA}")
                with quiet():
                    self._connect_and_attend()
            except (OSError, ValueError) as error:
                self._fail(" ".join(str(error).split()))
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)

    def _connect_and_attend(self) -> None:
        client = connect(self._address, PATIENCE)
        try:
            self._attend(client)
        except (Exception, CancelledError) as error:  # otherwise every job would hang
            said = f"the scheduler at {self._address} is gone"
            if client.status == "running" and not isinstance(error, OSError):
                words = " ".join(str(error).split())[:300]
                said = f"the cluster failed: {type(error).__name__}: {words}"
            self._fail(said)  # end the jobs before `close`, which may block
        finally:
            with suppress(Exception):
                client.close(timeout=1)

    def _fail(self, sentence: str) -> None:
        """End every job, because the cluster failed."""
        with self._changed:
            for job in [*self._waiting, *self._pieces]:
                if not job._is_over():
                    job._end(Failure(Cause.CLUSTER, sentence))
            self._waiting.clear()
            self._pieces.clear()
            self._news.clear()
            self._workers, self._others, self._foreign = {}, {}, {}
            self._changed.notify_all()

    def _attend(self, client: Any) -> None:
        """Run jobs until the queue is closed, or nothing waits and the scheduler is gone."""
        self._scheduler, self._looked, self._told = "", 0.0, []
        client.subscribe_topic(self._topic, self._heard)
        client.subscribe_topic(_SHARED, self._heard_of_others)
        while True:
            with self._changed:
                if not self._waiting and not self._pieces:
                    self._changed.wait_for(lambda: self._news or self._waiting or self._closed)
                else:
                    self._changed.wait_for(lambda: self._news or self._closed, TICK)
                news = list(self._news)
                self._news.clear()
            for handle in news:
                handle()
            if client.status != "running":
                if self._pieces:
                    raise ConnectionError
                return  # the next connection may succeed
            with self._changed:
                self._stop_the_abandoned()
            self._tell_workers_to_stop(client)
            if self._closed:
                client.log_event(_SHARED, (self._own, []))
                return
            if not self._look(client):
                return
            self._submit_some(client)
            self._announce(client)

    def _put(self, handle: Callable[[], None]) -> None:
        """Queue a call for the thread; called from Dask's threads."""
        with self._changed:
            self._news.append(handle)
            self._changed.notify_all()

    def _heard(self, event: tuple[float, tuple[str, str, bytes | None]]) -> None:
        name, worker, told = event[1]
        self._put(partial(self._hear, name, worker, told))

    def _heard_of_others(self, event: tuple[float, tuple[str, list[Any]]]) -> None:
        name, standings = event[1]
        if name != self._own:
            with self._changed:
                self._others[name] = time.monotonic(), [Standing(*one) for one in standings]
                self._changed.notify_all()

    def _hear(self, name: str, worker: str, told: bytes | None) -> None:
        with self._changed:
            job = next((job for job in self._pieces if job._name == name), None)
            if job is None:
                return
            piece = self._pieces[job]
            piece.worker, piece.begun = worker, piece.begun or time.monotonic()
            if job in self._waiting:
                self._waiting.remove(job)
                job._state = JobState.RUNNING
            if told is not None and not job._is_over():
                job._results.extend(loads(told, piece.paths))
            self._changed.notify_all()

    def _look(self, client: Any) -> bool:
        """Look at the workers, if it is time to; return whether the scheduler is the same."""
        with self._changed:
            is_busy = bool(self._waiting or self._pieces)
            pending = any(not piece.worker for piece in self._pieces.values())
            pause = LOOK_SECONDS / 4 if pending else LOOK_SECONDS
        if time.monotonic() - self._looked < (pause if is_busy else _FORGOTTEN):
            return True
        start = self._looked = time.monotonic()
        info = client.scheduler_info(n_workers=-1)
        if self._scheduler not in ("", info["id"]):  # the scheduler has restarted
            if self._pieces:
                raise ConnectionError
            return False
        self._scheduler = info["id"]
        doing = client.processing() if pending else {}
        lost = []
        with self._changed:
            self._workers = info["workers"]
            self._foreign = {
                worker: min(self._workers[worker]["nthreads"], sum(_is_foreign(k) for k in keys))
                for worker, keys in doing.items()
                if worker in self._workers
            }
            for job, piece in list(self._pieces.items()):
                is_lost = piece.worker not in self._workers and piece.begun < start
                if is_lost if piece.worker else self._workers.keys().isdisjoint(piece.pinned):
                    lost.append(self._pieces.pop(job))
                    if piece.worker and not job._is_over():
                        job._end(Failure(Cause.CRASH, DIED))
            self._changed.notify_all()
        for piece in lost:  # jobs that hadn't begun stay in the queue
            piece.future.cancel()
        return True

    def _tell_workers_to_stop(self, client: Any) -> None:
        from distributed import Event

        with self._changed:
            over = [(j, p) for j, p in self._pieces.items() if j._is_over() and not p.is_stopping]
            for job, piece in over:
                piece.is_stopping = True
                if not piece.worker:
                    del self._pieces[job]
        for job, piece in over:
            Event(_event(job), client=client).set()
            if not piece.worker:
                piece.future.cancel()

    def _submit_some(self, client: Any) -> None:
        """Submit the jobs for which a thread is free; end those that no worker can do."""
        with self._changed:
            waiting = [job for job in self._waiting if job not in self._pieces]
        for job in waiting:
            with self._changed:
                spots = self._spots(_lane(job.needs))
                is_next = self._ahead(job) < sum(spots.values())
                payload = job._payload
            if payload is None:
                continue  # the job has ended
            if reason := self._unfit(job, spots):
                self._stop(job, Failure(Cause.CLUSTER, reason))
            elif is_next:
                self._submit(client, job, payload, list(spots))

    def _unfit(self, job: Job, spots: Mapping[str, int]) -> str:
        """Return why no worker can do a job, once it has waited for one; or ""."""
        lane = _lane(job.needs)
        if lane == "timing" and max(spots.values(), default=1) > 1:
            return (
                f"the worker {self._timing_worker!r}, which measures times, runs "
                f"{max(spots.values())} jobs at once: start it with --nthreads 1"
            )
        if spots:
            self._away.pop(lane, None)
            return ""
        if time.monotonic() - self._away.setdefault(lane, time.monotonic()) < PATIENCE:
            return ""
        if not self._workers:
            return f"the scheduler at {self._address} has no workers"
        if lane == "timing":
            return (
                f"the worker {self._timing_worker!r}, which {TIMING_WORKER} names, isn't there: "
                "start it with --name"
            )
        try:
            check_workers(self._workers, {job.needs.device})
        except ValueError as error:
            return str(error)
        return ""

    def _submit(
        self, client: Any, job: Job, payload: tuple[Parcel, Sequence[Path]], workers: list[str]
    ) -> None:
        call, paths = payload
        hosts = [worker["host"] for worker in self._workers.values()]
        order = Order(
            name=job._name,
            seconds=job.limits.seconds,
            memory_bytes=job.limits.memory_bytes,
            beside=max(map(hosts.count, hosts)),
            topic=self._topic,
            stop=_event(job),
            client=fingerprint(),
            prepare=self._prepare,
            tries=1,
            news_seconds=NEWS_SECONDS,
            with_all=True,
        )
        data = None
        if call.size > MAX_ARGUMENT:
            data = client.scatter(call, workers=workers, hash=False)
        future = client.submit(
            run_piece,
            data or call,
            order,
            key=f"{_PREFIX}{job._name}-{uuid4().hex}",
            pure=False,
            priority=_FIRST,
            resources=None if job.needs.device == "cpu" else {GPU: 1},
            workers=workers,
        )
        with self._changed:
            self._pieces[job] = _Piece(future, data, paths, workers)
        future.add_done_callback(lambda done: self._put(partial(self._done, client, job, done)))

    def _done(self, client: Any, job: Job, future: Any) -> None:
        from distributed import Event

        piece = self._pieces.get(job)
        if piece is None or piece.future is not future:
            return
        if client.status != "running":  # without a connection, Dask forgets the job
            raise ConnectionError
        result, failure = None, None
        if future.status in ("cancelled", "lost"):
            failure = Failure(Cause.CLUSTER, f"the scheduler at {self._address} forgot the job")
        else:
            try:
                answer: Answer = future.result()
                failure, result = answer.failure, loads(answer.result, piece.paths)
                if answer.files and job.needs.keep:
                    job.needs.keep(answer.files)
            except Exception as error:
                if client.status != "running":
                    raise ConnectionError from error
                failure = given_up_by_dask(error)
        with self._changed:
            del self._pieces[job]
            if job in self._waiting:
                self._waiting.remove(job)
            if not job._is_over():
                job._end(failure, result)
            self._changed.notify_all()
        future.release()
        event = Event(_event(job), client=client)
        event.set()  # wake the thread that waits beside the job
        event.clear()

    def _announce(self, client: Any) -> None:
        """Tell other processes the state of this one's jobs, on every change and at intervals."""
        with self._changed:
            standings = self._standings()
        is_due = standings and self._looked > self._announced + LOOK_SECONDS
        if standings != self._told or is_due:
            client.log_event(_SHARED, (self._own, [list(one) for one in standings]))
            self._told, self._announced = standings, time.monotonic()


def _lane(needs: Needs) -> str:
    if needs.is_timing:
        return "timing"
    return "cpu" if needs.device == "cpu" else "accelerator"


def _event(job: Job) -> str:
    return f"{_PREFIX}{job._name}"


def _is_foreign(key: Any) -> bool:
    return not str(key).startswith(_PREFIX)
