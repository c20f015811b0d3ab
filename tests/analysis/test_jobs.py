"""The worker: real processes, and every way a job can end."""

import errno
import gc
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from analysis.machine import jobs
from analysis.machine.jobs import Cause, Failure, Job, JobState, Limits, Worker
from analysis.machine.process import _failure
from tests.analysis import works
from tests.server import open_page, run_script, until_finished

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
SOON = 60.0
"""Seconds within which an event must happen, on a busy machine."""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """Yield a worker whose process has no torch, so that restarts are cheap."""
    worker = Worker(works.nothing)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def torch_worker() -> Iterator[Worker]:
    """Yield a worker like the app's."""
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Return a named pipe; a job that holds at it runs until something is written."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path


def begun(job: Job) -> Any:
    """Wait for a job's first report."""
    return next(job.follow())


def works_on(worker: Worker) -> bool:
    job = worker.submit("next", works.echo, 7)
    return job.wait(SOON) and job.state is JobState.DONE and job.result == 7


def failed(worker: Worker, function: Callable[..., Any], *args: Any, **options: Any) -> Failure:
    """Return the failure of a job that first reports "in"; check the report and the next job."""
    job = worker.submit("fails", function, *args, **options)
    assert job.wait(SOON)
    assert job.state is JobState.FAILED
    assert job.results == ("in",)
    assert job.progress == "in"
    assert job.result is None
    assert works_on(worker)
    assert job.failure is not None
    assert "\n" not in job.failure.sentence
    return job.failure


def test_a_job(worker: Worker) -> None:
    job = worker.submit("one", works.count, 3)
    assert list(job.follow()) == [0, 1, 2]
    assert job.wait(SOON)
    assert (job.state, job.place, job.result, job.failure) == (JobState.DONE, 0, 3, None)
    assert job.results == (0, 1, 2)
    assert job.progress == 2
    assert list(job.follow()) == [0, 1, 2]
    job.cancel()
    assert job.state is JobState.DONE


def test_the_process_stays(worker: Worker) -> None:
    first, second = (worker.submit(name, works.own_pid) for name in "ab")
    assert first.wait(SOON)
    assert second.wait(SOON)
    assert first.result == second.result != os.getpid()


def test_torch_is_there_before_the_first_job(worker: Worker, torch_worker: Worker) -> None:
    asked = [one.submit("one", works.has_torch) for one in (worker, torch_worker)]
    assert all(job.wait(SOON) for job in asked)
    assert [job.result for job in asked] == [False, True]


def test_five_visitors_are_answered_in_turn(worker: Worker, gate: Path, tmp_path: Path) -> None:
    book = tmp_path / "book"
    first = worker.submit("a", works.hold, gate)
    assert begun(first) == "in"
    others = [worker.submit(name, works.sign, book, name) for name in "bcde"]
    assert [job.state for job in (first, *others)] == [JobState.RUNNING, *[JobState.WAITING] * 4]
    assert [job.place for job in (first, *others)] == [0, 1, 2, 3, 4]
    others[1].cancel()
    assert [job.place for job in others] == [1, 0, 2, 3]
    assert not others[0].wait(0)
    gate.write_text("go")
    assert others[-1].wait(SOON)
    assert first.result == "go"
    assert book.read_text() == "bde"
    assert [job.place for job in others] == [0, 0, 0, 0]


def test_a_second_request_takes_the_place_of_the_first(
    worker: Worker, gate: Path, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    running = worker.submit("a", works.hold, gate)
    begun(running)
    again = worker.submit("a", works.sign, book, "0")
    other = worker.submit("b", works.sign, book, "2")
    newer = worker.submit("a", works.sign, book, "1")
    assert again.state is JobState.CANCELLED
    assert again.failure == Failure(Cause.REPLACED, "a newer request replaced this one")
    assert again.wait(0)
    assert (running.state, newer.place, other.place) == (JobState.RUNNING, 1, 2)
    gate.write_text("go")
    assert other.wait(SOON)
    assert book.read_text() == "12"


def test_a_full_queue(worker: Worker, gate: Path) -> None:
    running = worker.submit("0", works.hold, gate)
    begun(running)
    waiting = [worker.submit(f"v{n}", works.echo) for n in range(jobs.MAX_WAITING)]
    refused = worker.submit("late", works.echo)
    assert refused.state is JobState.FAILED
    assert refused.failure == Failure(
        Cause.FULL, f"{jobs.MAX_WAITING} jobs are already waiting: try again later"
    )
    replacing = worker.submit("v3", works.echo)
    assert (replacing.state, replacing.place) == (JobState.WAITING, 4)
    for job in (*waiting, replacing):
        job.cancel()
    gate.write_text("go")
    assert running.wait(SOON)
    assert works_on(worker)


@pytest.mark.parametrize(
    ("which", "function"),
    [
        ("torch_worker", works.multiply),
        ("worker", works.sleep_in_c),
        ("worker", works.sleep_with_the_lock),
    ],
)
def test_cancel_in_a_long_call(
    which: str, function: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    worker: Worker = request.getfixturevalue(which)
    job = worker.submit("one", function)
    begun(job)
    job.cancel()
    assert job.wait(1)
    assert job.state is JobState.CANCELLED
    assert job.failure == Failure(Cause.CANCELLED, "the job was cancelled")
    assert job.results == ("in",)
    assert works_on(worker)


def test_cancel_ends_what_the_work_has_started(worker: Worker) -> None:
    job = worker.submit("one", works.family)
    processes = [psutil.Process(pid) for pid in begun(job)]
    job.cancel()
    assert job.wait(1)
    assert psutil.wait_procs(processes, timeout=SOON)[1] == []


def test_cancel_while_the_process_starts(gate: Path) -> None:
    worker = Worker(partial(works.wait_once, gate))
    try:
        job = worker.submit("one", works.echo)
        with worker._changed:
            assert worker._changed.wait_for(lambda: job.state is JobState.RUNNING, SOON)
        with gate.open("w"):  # which waits for the process to read
            gate.unlink()
            job.cancel()
            assert job.wait(1)
        assert job.state is JobState.CANCELLED
        assert works_on(worker)
    finally:
        worker.close()


def test_cancel_between_reports(worker: Worker) -> None:
    job = worker.submit("one", works.count, 10**9)
    begun(job)
    job.cancel()
    assert job.wait(1)
    assert job.results == tuple(range(len(job.results)))


def test_time_limit(worker: Worker) -> None:
    failure = failed(worker, works.sleep_in_c, limits=Limits(seconds=0.3))
    assert failure == Failure(Cause.TIME, "the job was stopped at its time limit of 0.3 s")


def test_memory_limit(torch_worker: Worker) -> None:
    job = torch_worker.submit("one", works.fill, limits=Limits(memory_bytes=500_000_000))
    assert job.wait(SOON)
    assert job.failure is not None
    assert job.failure.cause is Cause.MEMORY
    assert re.fullmatch(
        r"the job was stopped at \S+ [MG]B of memory, above its limit of 500 MB",
        job.failure.sentence,
    )
    assert job.failure.limit_bytes == 500_000_000
    assert job.failure.used_bytes is not None
    assert 500_000_000 < job.failure.used_bytes < 2_500_000_000
    assert job.results[:4] == (1, 2, 3, 4)
    assert works_on(torch_worker)


@pytest.mark.parametrize(
    ("which", "function"),
    [("torch_worker", works.ask_for_too_much), ("worker", works.fail_for_memory)],
)
def test_refused_memory(
    which: str, function: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    worker: Worker = request.getfixturevalue(which)
    failure = failed(worker, function, limits=Limits(memory_bytes=2_000_000_000))
    assert failure.cause is Cause.MEMORY
    assert failure.limit_bytes == 2_000_000_000
    assert re.fullmatch(
        r"out of memory: an allocation failed when the job held .*B of the 2.00 GB that it may use",
        failure.sentence,
    )


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            torch.OutOfMemoryError(
                "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of "
                "79.10 GiB of which 1.20 GiB is free. Including non-PyTorch memory, this process"
            ),
            "the device ran out of memory: CUDA out of memory; Tried to allocate 2.00 GiB; "
            "GPU 0 has a total capacity of 79.10 GiB of which 1.20 GiB is free",
        ),
        (
            RuntimeError(
                "MPS backend out of memory (MPS allocated: 5.05 GB, max allowed: 9.07 GB). Tried "
                "to allocate 4 GB on private pool. Use PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0"
            ),
            "the device ran out of memory: MPS backend out of memory (MPS allocated: 5.05 GB, "
            "max allowed: 9.07 GB); Tried to allocate 4 GB on private pool",
        ),
        (
            OSError(errno.ENOMEM, "Cannot allocate memory"),
            "out of memory: an allocation failed when the job held 1.50 GB of the 2.00 GB that it "
            "may use",
        ),
    ],
)
def test_other_refusals_of_memory(error: Exception, sentence: str) -> None:
    failure = _failure(error, 1_500_000_000, 2_000_000_000)
    assert (failure.cause, failure.sentence) == (Cause.MEMORY, sentence)


def test_killed_while_it_works(worker: Worker) -> None:
    pid = worker.submit("one", works.own_pid)
    pid.wait(SOON)
    job = worker.submit("one", works.sleep_in_c)
    begun(job)
    os.kill(pid.result, signal.SIGKILL)
    assert job.wait(SOON)
    assert job.state is JobState.FAILED
    assert job.failure == Failure(
        Cause.CRASH, "the worker process was killed: the machine may have run out of memory"
    )
    assert job.results == ("in",)
    assert works_on(worker)


def test_killed_while_it_is_idle(worker: Worker) -> None:
    before = worker.submit("one", works.own_pid)
    before.wait(SOON)
    psutil.Process(before.result).kill()
    after = worker.submit("one", works.own_pid)
    assert after.wait(SOON)
    assert after.state is JobState.DONE
    assert after.result != before.result


def test_killed_while_it_starts(gate: Path) -> None:
    others = set(psutil.Process().children())
    worker = Worker(partial(works.wait_once, gate))
    try:
        job = worker.submit("one", works.echo, 5)
        with worker._changed:
            assert worker._changed.wait_for(lambda: job.state is JobState.RUNNING, SOON)
        with gate.open("w"):  # which waits for the process to read
            gate.unlink()
            for process in set(psutil.Process().children()) - others:
                process.kill()
        assert job.wait(SOON)
        assert job.result == 5
    finally:
        worker.close()


def test_a_process_that_cannot_start(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = worker.submit("one", works.own_pid)
    before.wait(SOON)
    monkeypatch.setattr("multiprocessing.spawn._python_exe", os.fsencode(tmp_path / "none"))
    psutil.Process(before.result).kill()
    job = worker.submit("one", works.echo)
    assert job.wait(SOON)
    assert job.failure == Failure(Cause.CRASH, "the worker process could not be started")
    monkeypatch.undo()
    assert works_on(worker)


def test_refusal(worker: Worker) -> None:
    failure = failed(worker, works.refuse)
    assert failure == Failure(Cause.REFUSED, "batch must be 1 to 8, not 9")


def test_unexpected_error(worker: Worker) -> None:
    failure = failed(worker, works.divide_by_zero)
    assert failure.sentence == "the job failed: ZeroDivisionError: division by zero"
    assert failure.cause is Cause.ERROR


def test_work_that_leaves(worker: Worker) -> None:
    failure = failed(worker, works.leave)
    assert failure == Failure(Cause.CRASH, "the worker process ended during the job")


def test_tensors_outlive_the_process(torch_worker: Worker) -> None:
    job = torch_worker.submit("one", works.report_tensors_and_leave)
    assert job.wait(SOON)
    assert job.failure == Failure(Cause.CRASH, "the worker process exited with status 3")
    assert [tensor.tolist() for tensor in job.results] == [[0, 0], [1, 1], [2, 2]]


def test_what_cannot_be_sent(worker: Worker) -> None:
    with pytest.raises(ValueError, match=r"^the job cannot be sent to a process: .*lambda"):
        worker.submit("one", lambda report: None)
    with pytest.raises(ValueError, match=r"^the job cannot be sent to a process: .*thread"):
        worker.submit("one", works.echo, threading.Lock())


def test_what_cannot_be_sent_back(worker: Worker) -> None:
    failure = failed(worker, works.give_a_lambda)
    assert failure.cause is Cause.ERROR
    assert failure.sentence.startswith("the job failed: AttributeError: ")
    failure = failed(worker, works.report_the_unreadable)
    assert failure.cause is Cause.ERROR
    assert failure.sentence.startswith("the result cannot be read: ValueError: invalid literal")


def test_visitors_who_have_gone(
    worker: Worker, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.3)
    running = worker.submit("gone", works.hold, gate, wanted=lambda: False)
    waiting = worker.submit("gone too", works.echo, wanted=lambda: False)
    there = worker.submit("there", works.echo, 1, wanted=lambda: True)
    assert there.wait(SOON)
    assert there.result == 1
    assert running.state is waiting.state is JobState.CANCELLED
    gone = Failure(Cause.ABANDONED, "the visitor was gone for more than 0.3 s")
    assert running.failure == waiting.failure == gone


def test_a_connection_that_returns_keeps_its_job() -> None:
    there = True
    job = Job(Worker(), "one", b"", Limits(), lambda: there)
    assert not job._is_abandoned(now=0.0)
    there = False
    assert not any(job._is_abandoned(now) for now in (1.0, 3.0, 6.0))
    there = True
    assert not job._is_abandoned(now=6.1)
    there = False
    assert not any(job._is_abandoned(now) for now in (7.0, 12.0))
    assert job._is_abandoned(now=12.1)
    assert not Job(Worker(), "one", b"", Limits(), None)._is_abandoned(now=100.0)


def test_many_threads(worker: Worker) -> None:
    answers: list[tuple[int, Any]] = []

    def ask(visitor: int) -> None:
        for number in range(visitor, 100, 10):
            job = worker.submit(str(visitor), works.echo, number)
            assert job.wait(SOON)
            answers.append((number, job.result))

    threads = [threading.Thread(target=ask, args=(visitor,)) for visitor in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert sorted(answers) == [(number, number) for number in range(100)]


def test_nothing_is_left_of_small_jobs(worker: Worker) -> None:
    own = psutil.Process()

    def some(number: int) -> None:
        for _ in range(number):
            assert worker.submit("one", works.echo, bytes(1_000_000)).wait(SOON)
        gc.collect()

    some(20)
    before = own.memory_info().rss
    some(200)
    assert own.memory_info().rss - before < 20_000_000


def test_nothing_is_left_of_killed_processes(worker: Worker) -> None:
    own = psutil.Process()

    def left() -> tuple[int, int, int]:
        assert works_on(worker)
        gc.collect()
        return own.num_fds(), threading.active_count(), len(own.children(recursive=True))

    before = left()
    failed(worker, works.leave)
    assert left() == before


def test_closing() -> None:
    worker = Worker(works.nothing)
    running = worker.submit("a", works.sleep_in_c)
    begun(running)
    waiting = worker.submit("b", works.echo)
    worker.close()
    late = worker.submit("c", works.echo)
    for job in (running, waiting, late):
        assert job.state is JobState.CANCELLED
        assert job.failure == Failure(Cause.CLOSED, "the app is stopping")
    assert running.results == ("in",)
    Worker().close()


def test_limits() -> None:
    with pytest.raises(ValueError, match=r"^seconds must be above 0, not 0$"):
        Limits(seconds=0)
    with pytest.raises(ValueError, match=r"^seconds must be above 0, not nan$"):
        Limits(seconds=float("nan"))
    with pytest.raises(ValueError, match=r"^memory_bytes must be above 0, not -1$"):
        Limits(memory_bytes=-1)
    free = psutil.virtual_memory().total
    assert Limits(memory_bytes=1_000).bytes_now() == 1_000
    assert 0 < Limits().bytes_now() < jobs.FREE_SHARE * free
    assert Limits(memory_bytes=10**18).bytes_now() < jobs.FREE_SHARE * free


def test_one_worker_that_starts_when_it_is_asked() -> None:
    code = (
        "import sys, time, psutil; from analysis.machine.jobs import worker\n"
        "print(worker() is worker(), psutil.Process().children(), 'torch' in sys.modules)\n"
        "start = time.monotonic(); worker().warm_up(); print(time.monotonic() - start < 0.5)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("True [] False\nTrue\n", "")


PROGRAM = """
import sys
from analysis.machine.jobs import Worker
from tests.analysis import works
job = Worker(works.nothing).submit("one", works.family)
try:
    for pids in job.follow():
        print(*pids, flush=True)
        if sys.argv[1] == "leave":
            break
except KeyboardInterrupt:
    print(job.state, len(job.results))
"""


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL, None])
def test_a_program_that_ends_leaves_no_process(way: signal.Signals | None) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "stay" if way else "leave"],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    processes = [psutil.Process(int(pid)) for pid in program.stdout.readline().split()]
    assert len(processes) == 2
    if way:
        processes += psutil.Process(program.pid).children(recursive=True)
        # Ctrl-C reaches every process of the terminal, SIGTERM only its target
        (os.killpg if way is signal.SIGINT else os.kill)(program.pid, way)
    out, err = program.communicate(timeout=SOON)
    assert psutil.wait_procs(processes, timeout=SOON)[1] == []
    assert "Traceback" not in err
    assert out == ("running 1\n" if way is signal.SIGINT else "")
    assert program.returncode == (-way if way and way is not signal.SIGINT else 0)


def test_an_interrupt_while_the_process_starts() -> None:
    """It is killed before pebble closes what it needs to start; here, pebble lets it run on."""
    code = (
        "from pebble.pool.process import WorkerManager\n"
        "def let_run(pool):\n"
        "    for process in pool.workers.values(): process.join()\n"
        "WorkerManager.force_stop_workers = let_run\n"
        "from analysis.machine.jobs import JobState, worker; from tests.analysis import works\n"
        "job = worker().submit('one', works.echo)\n"
        "try:\n"
        "    while job.state is JobState.WAITING: pass\n"
        "    print('starts', flush=True)\n"
        "    job.wait(); input()\n"
        "except KeyboardInterrupt: pass\n"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "starts\n"
    processes = psutil.Process(program.pid).children(recursive=True)
    os.killpg(program.pid, signal.SIGINT)
    assert program.communicate(timeout=SOON) == ("", "")
    assert psutil.wait_procs(processes, timeout=SOON)[1] == []


APP = """
from pathlib import Path
import streamlit as st
from analysis.machine.jobs import worker
from tests.analysis import works
if __name__ == "__main__":
    st.title("Jobs")
    done = worker().submit("one", works.echo, 7)
    done.wait()
    pids = next(worker().submit("one", works.family).follow())
    Path("said").write_text(f"{done.state} {done.result} {pids[0]} {pids[1]}")
"""


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT])
def test_under_streamlit(tmp_path: Path, way: signal.Signals) -> None:
    """Streamlit replaces `__main__`, which a new process imports, by the app's script."""
    (tmp_path / "app.py").write_text(APP)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    assert any("URL:" in line for line in server.stdout)
    with open_page(port) as page:
        run_script(page)
        until_finished(page)
    state, result, *pids = (tmp_path / "said").read_text().split()
    assert (state, result) == ("done", "7")
    processes = [psutil.Process(int(pid)) for pid in pids]
    processes += psutil.Process(server.pid).children(recursive=True)
    (os.killpg if way is signal.SIGINT else os.kill)(server.pid, way)
    err = server.communicate(timeout=SOON)[1]
    assert psutil.wait_procs(processes, timeout=SOON)[1] == []
    assert "Traceback" not in err


def test_the_apps_script_does_nothing_in_the_process() -> None:
    code = "import runpy; runpy.run_path('app.py', run_name='__mp_main__')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
