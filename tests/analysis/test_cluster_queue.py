"""The app's jobs on a cluster: the rules and words of this machine's worker, several at once."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import Client

from analysis.gradients import measure
from analysis.gradients.curves import GradientSettings
from analysis.machine import carry, cluster_queue, jobs, queues
from analysis.machine.cluster import TIMING_WORKER
from analysis.machine.cluster_queue import ClusterQueue
from analysis.machine.jobs import Cause, Failure, Job, JobState, Limits, Needs, worker
from analysis.machine.queues import SCHEDULER, worker_for
from nets import parse
from tests.analysis import works
from tests.killed_sweep import Machines, machines, runs

SOON = 60.0


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """Yield a scheduler with two workers, which the last test of this file kills."""
    with machines(tmp_path_factory.mktemp("machines"), workers=2) as on:
        with Client(on.address, set_as_default=False) as client:
            client.wait_for_workers(2, SOON)
        yield on


@pytest.fixture(scope="module")
def cluster(on: Machines) -> Iterator[ClusterQueue]:
    """Yield a queue whose processes have no torch until a job imports it."""
    yield from open_queue(on)


@pytest.fixture
def timing(on: Machines) -> Iterator[ClusterQueue]:
    """Yield a queue whose first worker measures all times."""
    yield from open_queue(on, "worker-0")


def open_queue(on: Machines, timing_worker: str = "") -> Iterator[ClusterQueue]:
    found = ClusterQueue(on.address, timing_worker, works.nothing)
    yield found
    found.close()


@pytest.fixture
def gates(tmp_path: Path) -> list[Path]:
    """Return named pipes; a job that holds at one runs until something is written."""
    found = [tmp_path / f"gate{n}" for n in range(3)]
    for gate in found:
        os.mkfifo(gate)
    return found


def begun(job: Job) -> Any:
    """Wait for a job's first report."""
    return next(job.follow())


def until(queue: ClusterQueue, holds: Callable[[], bool]) -> bool:
    with queue._changed:
        return queue._changed.wait_for(holds, SOON)


def failed(queue: ClusterQueue, function: Callable[..., Any], *args: Any, **more: Any) -> Failure:
    """Return the failure of a job; check that the next one is done."""
    job = queue.submit("fails", function, *args, **more)
    assert job.wait(SOON)
    assert job.state is JobState.FAILED
    assert job.failure is not None
    again = queue.submit("next", works.echo, 7)
    assert again.wait(SOON)
    assert again.result == 7, again.failure
    return job.failure


def test_a_job_has_all_its_reports_and_its_result(cluster: ClusterQueue) -> None:
    job = cluster.submit("one", works.count, 500)
    assert list(job.follow()) == list(range(500))
    assert job.wait(SOON)
    assert (job.state, job.place, job.result, job.failure) == (JobState.DONE, 0, 500, None)


def test_ten_visitors_get_at_once_what_this_machine_measures(cluster: ClusterQueue) -> None:
    small = "20:blocks=1,1,1:widths=4,8,8:stem_width=4"
    specs = parse(f"resnet{small}"), parse(f"plain{small}")
    settings = [GradientSettings(batch=4, seeds=1, first_seed=n) for n in range(10)]
    asked = [cluster.submit(f"{n}", measure.measure, specs, one) for n, one in enumerate(settings)]
    assert [job.place for job in asked] == sorted(job.place for job in asked)
    assert all(job.wait(SOON) for job in asked)
    for job, one in zip(asked, settings, strict=True):
        here = measure.measure(lambda curve: None, specs, one)
        assert job.failure is None
        assert job.result.curves == job.results == here.curves


def test_places_beyond_the_slots(cluster: ClusterQueue, gates: list[Path], tmp_path: Path) -> None:
    book = tmp_path / "book"
    running = [
        cluster.submit(name, works.hold, gate) for name, gate in zip("ab", gates, strict=False)
    ]
    assert [begun(job) for job in running] == ["in", "in"]
    waiting = [cluster.submit(name, works.sign, book, name) for name in "cde"]
    assert [job.state for job in (*running, *waiting)] == [*["running"] * 2, *["waiting"] * 3]
    assert [job.place for job in (*running, *waiting)] == [0, 0, 1, 2, 3]
    assert {job.slots for job in waiting} == {2}
    newer = cluster.submit("c", works.sign, book, "C")
    assert waiting[0].failure == Failure(Cause.REPLACED, "a newer request replaced this one")
    waiting[1].cancel()
    assert [job.place for job in (newer, *waiting)] == [1, 0, 0, 2]
    gates[0].write_text("go")
    assert newer.wait(SOON)
    assert waiting[2].wait(SOON)
    assert (running[0].result, book.read_text()) == ("go", "Ce")
    gates[1].write_text("on")
    assert running[1].wait(SOON)


def test_places_behind_the_jobs_of_another_process(
    on: Machines, cluster: ClusterQueue, gates: list[Path]
) -> None:
    running = [
        cluster.submit(name, works.hold, gate) for name, gate in zip("ab", gates, strict=False)
    ]
    assert [begun(job) for job in running] == ["in", "in"]
    for other in open_queue(on):
        first, second = both = [other.submit(name, works.echo, 7) for name in "ab"]
        assert until(other, lambda both=both: [job.place for job in both] == [1, 2])  # type: ignore[misc]
        assert first.state is second.state is JobState.WAITING
        gates[0].write_text("go")
        assert first.wait(SOON)
        assert second.wait(SOON)
        assert (first.result, second.result) == (7, 7)
    gates[1].write_text("go")
    assert running[1].wait(SOON)


def test_what_waits_behind_other_work_is_not_running(
    on: Machines, cluster: ClusterQueue, gates: list[Path]
) -> None:
    with Client(on.address, set_as_default=False) as client:
        others = [client.submit(works.hold, print, gate, pure=False) for gate in gates[:2]]
        with gates[0].open("w"), gates[1].open("w"):  # which waits for readers
            job = cluster.submit("one", works.echo, 7)
            assert until(cluster, lambda: job.place == 1)
            assert job.state is JobState.WAITING
        assert job.wait(SOON)
        assert client.gather(others) == ["", ""]


def test_cancel_ends_the_process_within_two_seconds(cluster: ClusterQueue) -> None:
    job = cluster.submit("one", works.family)
    processes = [psutil.Process(pid) for pid in begun(job)]
    latest = time.monotonic() + 2
    job.cancel()
    assert job.wait(0)
    assert job.failure == Failure(Cause.CANCELLED, "the job was cancelled")
    while alive := list(filter(runs, processes)):
        assert time.monotonic() < latest
        psutil.wait_procs(alive, timeout=0.05)
    assert psutil.wait_procs(processes, timeout=SOON)[1] == []


def test_failures_have_the_words_of_this_machine(cluster: ClusterQueue) -> None:
    assert failed(cluster, works.refuse) == Failure(Cause.REFUSED, "batch must be 1 to 8, not 9")
    assert failed(cluster, works.sleep_in_c, limits=Limits(0.2)) == Failure(
        Cause.TIME, "the job was stopped at its time limit of 0.2 s"
    )
    full = failed(cluster, works.fail_for_memory)
    assert full.cause is Cause.MEMORY
    assert full.sentence.startswith("out of memory: an allocation failed when the job held ")


def test_a_worker_that_is_killed_runs_nothing_twice(cluster: ClusterQueue, tmp_path: Path) -> None:
    book = tmp_path / "book"
    assert failed(cluster, works.sign_and_kill_the_worker, book, "k") == Failure(
        Cause.CRASH, "the worker process died"
    )
    assert book.read_text() == "k"


def test_a_visitor_who_leaves(cluster: ClusterQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.3)
    left = False
    job = cluster.submit("one", works.family, wanted=lambda: not left)
    processes = [psutil.Process(pid) for pid in begun(job)]
    left = True
    assert job.wait(SOON)
    assert job.failure == Failure(Cause.ABANDONED, "the visitor was gone for more than 0.3 s")
    assert psutil.wait_procs(processes, timeout=SOON)[1] == []


@pytest.mark.parametrize("most", [10, cluster_queue.MAX_ARGUMENT])
def test_files_go_with_a_job_and_come_back(
    cluster: ClusterQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(cluster_queue, "MAX_ARGUMENT", most)
    source, store = tmp_path / "source.txt", tmp_path / "store"
    source.write_text(str(source))
    store.mkdir()
    kept: list[Mapping[str, bytes]] = []
    needs = Needs(files=[source], folder=store, keep=kept.append)
    job = cluster.submit("one", works.copy, source, store, needs=needs)
    assert job.wait(SOON)
    assert job.result == (source, False)  # it was a copy, whose path is that of the original here
    assert job.results == (source,)
    assert kept == [{"copy.txt": str(source).encode()}]
    assert list(store.iterdir()) == []
    monkeypatch.setattr(carry, "MAX_BYTES", 3)
    refused = cluster.submit("one", works.copy, source, store, needs=needs)
    assert refused.failure is not None
    assert refused.failure.cause is Cause.CLUSTER
    assert refused.failure.sentence.endswith(" B, and at most 3 B are sent to a cluster")


def test_times_are_measured_on_the_named_worker_one_at_a_time(
    on: Machines, timing: ClusterQueue, tmp_path: Path
) -> None:
    with Client(on.address, set_as_default=False) as client:
        pids = client.run(os.getpid)
        named = {w["name"]: pids[a] for a, w in client.scheduler_info()["workers"].items()}
    needs = Needs(is_timing=True)
    asked = [timing.submit(f"{n}", works.parent_pid, needs=needs) for n in range(3)]
    others = [timing.submit(f"o{n}", works.parent_pid) for n in range(3)]
    assert all(job.wait(SOON) for job in (*asked, *others))
    assert [job.result for job in asked] == [named["worker-0"]] * 3
    assert [job.result for job in others] == [named["worker-1"]] * 3
    assert {job.slots for job in asked} == {1}
    book = tmp_path / "book"
    for job in [timing.submit(n, works.sign_twice, book, n, needs=needs) for n in "abcd"]:
        assert job.wait(SOON)
    assert book.read_text() == "aabbccdd"


def test_no_worker_fits(on: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_queue, "PATIENCE", 0.5)
    for queue in open_queue(on, "elsewhere"):
        asked = [
            queue.submit("timing", works.echo, needs=Needs(is_timing=True)),
            queue.submit("gpu", works.echo, needs=Needs("cuda")),
        ]
        assert all(job.wait(SOON) for job in asked)
        assert [job.failure for job in asked] == [
            Failure(
                Cause.CLUSTER,
                "the worker 'elsewhere', which RESNET_LAB_TIMING_WORKER names, isn't there: start "
                "it with --name",
            ),
            Failure(
                Cause.CLUSTER,
                "no worker has an accelerator: start one for each with --resources GPU=1 "
                "--nthreads 1",
            ),
        ]


def workers(**found: tuple[int, bool]) -> dict[str, Any]:
    """Return workers as a scheduler describes them: their threads, and whether they have a GPU."""
    return {
        f"tcp://{name}": {
            "name": name,
            "host": name,
            "nthreads": threads,
            "resources": {"GPU": 1} if gpu else {},
        }
        for name, (threads, gpu) in found.items()
    }


def test_which_worker_does_what() -> None:
    def spots(found: dict[str, Any], timer: str = "") -> dict[str, dict[str, int]]:
        queue = ClusterQueue("tcp://x:1", timer)
        queue._workers = found
        return {
            lane: {address.removeprefix("tcp://"): n for address, n in queue._spots(lane).items()}
            for lane in ("cpu", "accelerator", "timing")
        }

    assert spots(workers(a=(4, False), b=(2, True))) == {
        "cpu": {"a": 4},
        "accelerator": {"b": 1},
        "timing": {},
    }
    assert spots(workers(a=(1, False), b=(1, False), c=(1, True)), "b") == {
        "cpu": {"a": 1},
        "accelerator": {"c": 1},
        "timing": {"b": 1},
    }
    alone = {"cpu": {"a": 1}, "accelerator": {"a": 1}, "timing": {"a": 1}}
    assert spots(workers(a=(1, True)), "a") == alone
    queue = ClusterQueue("tcp://x:1", "a")
    job = Job(queue, "one", None, Limits(), None, Needs(is_timing=True))
    assert queue._unfit(job, {"tcp://a": 4}) == (
        "the worker 'a', which measures times, runs 4 jobs at once: start it with --nthreads 1"
    )


def test_the_variables_say_where_jobs_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SCHEDULER, raising=False)
    queues._cluster.cache_clear()
    try:
        assert worker_for() is worker()
        monkeypatch.setenv(SCHEDULER, "tcp://x:1")
        queues._cluster.cache_clear()
        cluster = worker_for()
        assert isinstance(cluster, ClusterQueue)
        assert worker_for(Needs(is_here=True)) is worker()
        assert worker_for(Needs(is_timing=True)) is worker()
        monkeypatch.setenv(TIMING_WORKER, "one")
        assert worker_for(Needs(is_timing=True)) is cluster
    finally:
        queues._cluster.cache_clear()


def test_what_the_owner_has_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = ClusterQueue("x:1")
    job = queue.submit("one", works.echo)
    assert job.wait(SOON)
    assert job.failure == Failure(
        Cause.CLUSTER, "a scheduler's address is tcp://HOST:PORT, not 'x:1'"
    )
    monkeypatch.setattr(cluster_queue, "has_dask", lambda: False)
    job = queue.submit("one", works.echo)
    assert job.wait(SOON)
    assert job.failure == Failure(
        Cause.CLUSTER,
        "running jobs on a cluster needs pip install -r requirements-cluster.txt",
    )
    queue.close()


def test_closing(on: Machines) -> None:
    for queue in open_queue(on):
        running = queue.submit("a", works.family)
        processes = [psutil.Process(pid) for pid in begun(running)]
        queue.close()
        late = queue.submit("b", works.echo)
        for job in (running, late):
            assert job.failure == Failure(Cause.CLOSED, "the app is stopping")
        assert psutil.wait_procs(processes, timeout=SOON)[1] == []


def test_the_scheduler_is_killed(
    on: Machines, cluster: ClusterQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_queue, "PATIENCE", 1.0)
    running = cluster.submit("a", works.family)
    processes = [psutil.Process(pid) for pid in begun(running)]
    on.scheduler.kill()
    assert running.wait(SOON)
    gone = Failure(Cause.CLUSTER, f"the scheduler at {on.address} is gone")
    assert running.failure == gone
    assert len(running.results) == 1
    again = cluster.submit("a", works.echo)
    assert again.wait(SOON)
    assert again.failure is not None
    assert again.failure.cause is Cause.CLUSTER
    assert again.failure.sentence.startswith(f"no scheduler answers at {on.address}: ")
    assert "\n" not in again.failure.sentence
    assert psutil.wait_procs(processes, timeout=SOON)[1] == []
