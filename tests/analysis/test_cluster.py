"""Work on several processes: the same results as in one, and every way a piece can end."""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from analysis.choice import sweeps
from analysis.choice.sweep_files import read_sweep
from analysis.machine import cluster
from analysis.machine.cluster import TIMING_WORKER, own_cluster
from analysis.machine.piece import fingerprint, unfit
from analysis.machine.process import Cause, Failure
from analysis.machine.works import Asked, Outcome, Runner, Tell, Work
from tests.analysis import works
from tests.killed_sweep import TEXT, kill, machines


def below() -> dict[int, psutil.Process]:
    """Return the processes that this one started, without multiprocessing's resource tracker."""
    found = {}
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # or it is a zombie
            if "resource_tracker" not in str(child.cmdline()):
                found[child.pid] = child
    return found


@pytest.fixture(scope="module")
def two() -> Iterator[Runner]:
    """Yield what runs work on two processes, and check that none is left afterwards."""
    before = below()
    with own_cluster(2, {"cpu"}) as runner:
        yield runner
        started = [child for pid, child in below().items() if pid not in before]
    assert started
    _, alive = psutil.wait_procs(started, timeout=30)
    assert not alive


def bare(name: str, function: Callable[..., Any], *arguments: Any, **more: Any) -> Work:
    """Return work for a process without torch, so that restarts are cheap."""
    return Work(name, function, arguments, prepare=works.nothing, **more)


def figures(folder: Path) -> dict[str, str]:
    """Return the text of every result in a folder, without the stamp."""
    found = {}
    for path in folder.iterdir():
        values = json.loads(path.read_text())
        del values["stamp"]
        found[path.name] = json.dumps(values)
    return found


def in_this_process(works: Iterable[Work], tell: Tell, asked: Asked) -> Iterator[Outcome]:
    for work in works:
        yield Outcome(work.name, work.function(lambda news: None, *work.arguments))


def test_two_processes_write_the_files_of_one(two: Runner, tmp_path: Path) -> None:
    sweep = read_sweep(TEXT)
    for name, runner in (("one", in_this_process), ("two", two)):
        (tmp_path / name).mkdir()
        ended = list(sweeps.run(sweep.points, tmp_path / name, runner))
        assert {one.point for one in ended} == set(sweep.points)
        assert not any(one.failure for one in ended)
    one, other = figures(tmp_path / "one"), figures(tmp_path / "two")
    assert one == other
    assert sorted(one) == sorted(f"{point.name}.json" for point in sweep.points)
    assert sweep.to_run(tmp_path / "two") == []


def run_all(runner: Runner, *pieces: Work) -> dict[str, Outcome]:
    found = list(runner(pieces, lambda name, news: None, lambda: 0))
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


def test_only_a_death_is_tried_again_and_three_times_at_most(two: Runner, tmp_path: Path) -> None:
    book = tmp_path / "book"
    found = run_all(
        two,
        bare("d", works.sign_and_leave, book, "d"),
        bare("r", works.sign_and_refuse, book, "r"),
        bare("t", works.sign_and_stay, book, "t", seconds=0.2),
        bare("m", works.sign_and_fill, book, "m", memory_bytes=50_000_000),
        bare("e", works.echo, 3),
    )
    # By itself: a result that is still on a worker when that dies is worked out again.
    found |= run_all(two, bare("k", works.sign_and_kill_the_worker, book, "k"))
    tried = {name: book.read_text().count(name) for name in "dkrtm"}
    assert (found["e"].result, found["e"].failure) == (3, None)
    causes = {name: one.failure.cause for name, one in found.items() if one.failure}
    assert causes == {
        "d": Cause.CRASH,
        "k": Cause.CRASH,
        "r": Cause.REFUSED,
        "t": Cause.TIME,
        "m": Cause.MEMORY,
    }
    assert tried == {"d": 3, "k": 3, "r": 1, "t": 1, "m": 1}
    assert found["k"].failure == Failure(Cause.CRASH, "the worker process died, 3 times")
    assert found["r"].failure == Failure(Cause.REFUSED, "batch must be 1 to 8, not 9")


def test_a_stop_lets_the_running_work_end_and_a_second_one_cancels_it(
    two: Runner, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    pieces = [bare("a", works.hold, gate), *(bare(f"{n}", works.hold, gate) for n in "bcd")]
    asked, when = 0, 0.0

    def cancel(name: str, news: object) -> None:
        nonlocal asked, when
        asked, when = 2, time.monotonic()

    assert list(two(pieces, cancel, lambda: asked)) == []
    assert time.monotonic() - when < cluster.END_SECONDS  # they said so, and weren't given up

    def stop(name: str, news: object) -> None:
        nonlocal asked
        if not asked:
            asked = 1
            gate.write_text("out")

    asked = 0
    (found,) = two(pieces[:1], stop, lambda: asked)
    assert found == Outcome("a", "out")


def test_timings_run_alone(two: Runner, tmp_path: Path) -> None:
    book = tmp_path / "book"
    pieces = [
        *(bare(f"{n}", works.sign_twice, book, f"{n}") for n in range(4)),
        *(bare(f"{n}", works.sign_twice, book, f"{n}", is_timing=True) for n in range(4, 8)),
    ]
    assert len(run_all(two, *pieces)) == 8
    signed = book.read_text()
    assert sorted(signed[:8]) == sorted("00112233")
    assert signed[8:] == "44556677"


def test_timings_of_a_run_are_measured_by_one_worker(
    two: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def workers() -> set[int]:
        pieces = [bare(f"{n}", works.parent_pid, is_timing=True) for n in range(3)]
        return {one.result for one in run_all(two, *pieces).values()}

    (first,) = workers()
    named = {}
    for name in "01":
        monkeypatch.setenv(TIMING_WORKER, name)
        (named[name],) = workers()
    assert len(set(named.values())) == 2
    assert first in named.values()
    monkeypatch.setenv(TIMING_WORKER, "2")
    monkeypatch.setattr(cluster, "WORKERS_SECONDS", 0.1)
    with pytest.raises(ConnectionError, match=r"^the worker '2', which measures all times, isn't "):
        workers()


class Client:
    """A client of workers that say something of themselves."""

    def __init__(self, *remarks: str) -> None:
        self.remarks = remarks

    def run(self, function: Callable[..., str], *arguments: Any) -> dict[str, str]:
        return {f"tcp://w{n}:1": remark for n, remark in enumerate(self.remarks)}


def test_what_a_scheduler_is_refused_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal(check: Callable[..., object], *arguments: Any) -> str:
        with pytest.raises(ValueError, match=r"\A[^\n]+\Z") as raised:
            check(*arguments)
        return str(raised.value)

    assert refusal(cluster.connect, "x:1") == "a scheduler's address is tcp://HOST:PORT, not 'x:1'"
    assert refusal(cluster._check_program, Client("", "its torch is old")) == (
        "the worker tcp://w1:1 can't be used: its torch is old"
    )
    cluster._check_program(Client("", ""))
    plain: dict[str, Any] = {"tcp://w0:1": {"resources": {}}}
    gpu = {"tcp://w1:1": {"resources": {"GPU": 1}}}
    assert refusal(cluster.check_workers, plain, {"cpu", "cuda"}) == (
        "no worker has an accelerator: start one for each with --resources GPU=1 --nthreads 1"
    )
    cluster.check_workers(plain, {"cpu"})
    cluster.check_workers(plain | gpu, {"cuda"})
    monkeypatch.setattr(Client, "run", lambda *_: 1 / 0)
    assert refusal(cluster._check_program, Client("")) == (
        "the workers can't import this program (ZeroDivisionError): start them in its folder, with "
        "requirements.txt and requirements-cluster.txt installed"
    )


def test_a_worker_that_is_unfit(monkeypatch: pytest.MonkeyPatch) -> None:
    own = fingerprint()
    assert [what for what, _ in own] == ["code", "Python", "torch", "distributed"]
    assert unfit(own) == ""
    other = tuple((what, "2.0" if what == "torch" else value) for what, value in own)
    here = dict(own)["torch"]
    assert unfit(other) == f"its torch is {here}, and that of the client is 2.0"
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
    assert unfit(own) == (
        "it can't start processes: set DASK_DISTRIBUTED__WORKER__DAEMON=False where workers are "
        "started"
    )


def test_client_scheduler_and_worker_are_killed(tmp_path: Path) -> None:
    """Kill one after the other while one sweep goes on: in the end, every point is there once."""
    with machines(tmp_path, workers=1) as on:
        kill(on, tmp_path, "client", 3, 0.01)
        kill(on, tmp_path, "scheduler", 8, 0.02)
        on.begin_again()
        assert kill(on, tmp_path, "worker", 13, 0.03).endswith("status 0 and 24 points")
