"""A sweep on a scheduler with two workers, of which one is killed on the way, or the client.

`python -m tests.killed_sweep 20` kills twenty times and prints what came of it.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil

from analysis.choice.sweep_files import read_sweep
from analysis.choice.sweeps import Sweep
from analysis.choice.swept_files import PLAN

ROOT = Path(__file__).parents[1]
VICTIMS = ("client", "scheduler", "worker")
MARK = "SWEEP_THAT_IS_KILLED"
"""The variable in whose value every process of a round has the round's name."""

TEXT = """
models = ["resnet20", "plain20"]
seeds = 3
[options]
input = "1x8x8"
classes = 3
widths = "4,8,8"
stem_width = 4
blocks = [1, 2]
norm = ["batch", "none"]
[experiment]
kind = "gradients"
batch = 4
"""
"""24 points: two depths, two kinds, two norms, three seeds."""


class Machines:
    """A scheduler and workers of one thread, as a user starts them."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.mark = uuid4().hex
        self._environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
            MARK: self.mark,
        }
        self._folder, self._workers = folder, workers
        self.scheduler, self.address = self._begin()

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a module of Python with its output in pipes."""
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _begin(self) -> tuple[subprocess.Popen[str], str]:
        """Start a scheduler, wait until it says its address, and start the workers."""
        here = ("--host", "127.0.0.1", "--no-dashboard")
        scheduler = self.start("distributed.cli.dask_scheduler", *here, "--port", "0")
        assert scheduler.stderr is not None
        found = None
        while found is None:
            line = scheduler.stderr.readline()
            assert line, "the scheduler ended"
            found = re.search(r"Scheduler at:\s+(tcp://\S+)", line)
        for number in range(self._workers):
            limits = ("--nthreads", "1", "--memory-limit", "0")
            worker = (found[1], *here, *limits, "--name", f"worker-{number}")
            log = (self._folder / "worker.log").open("a")
            subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_worker", *worker],
                env=self._environment,
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        return scheduler, found[1]

    def begin_again(self) -> None:
        """Start another scheduler with workers of its own."""
        self.scheduler, self.address = self._begin()

    def left(self) -> list[psutil.Process]:
        """Return the processes of this round that are alive."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_ours = process.environ().get(MARK) == self.mark
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def a_worker(self) -> psutil.Process:
        """Return a process that runs tasks, which a nanny started."""
        nannies = [p for p in self.left() if "distributed.cli.dask_worker" in command(p)]
        children = [child for nanny in nannies for child in nanny.children()]
        return next(c for c in children if "spawn_main" in " ".join(command(c)))

    def end(self) -> None:
        """Ask all processes to end, and kill what doesn't."""
        for process in self.left():
            with suppress(psutil.Error):
                process.terminate()
        _, there = psutil.wait_procs(self.left(), timeout=30)
        alive = list(filter(runs, there))
        for process in alive:
            process.kill()
        assert not alive, f"left after 30 s: {list(map(command, alive))}"


def runs(process: psutil.Process) -> bool:
    """Return whether a process runs: init may leave a dead one in its table for long."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def command(process: psutil.Process) -> list[str]:
    """Return the command line of a process, empty if it is over."""
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


@contextmanager
def machines(folder: Path, workers: int = 2) -> Iterator[Machines]:
    """Start the machines, and end them however the block ends."""
    found = Machines(folder, workers)
    try:
        yield found
    finally:
        found.end()


def whole(sweep: Sweep, folder: Path) -> int:
    """Return how many points a folder holds, each whole; but for the plan, nothing else may be."""
    names = {f"{point.name}.json" for point in sweep.points}
    there = {path.name for path in folder.glob("*")}
    others = {name for name in there if not name.startswith(".")} - names
    assert all(name.endswith(PLAN) for name in others)
    for point in sweep.points:
        assert point.is_there(folder) == (f"{point.name}.json" in there)
    return len(there & names)


def client(on: Machines, folder: Path) -> subprocess.Popen[str]:
    """Start the command on the sweep; its results go into `results` in the folder."""
    file = folder / "sweep.toml"
    file.write_text(TEXT)
    command = ("sweep", str(file), "-o", str(folder / "results"), "--scheduler", on.address)
    return on.start("analysis", *command)


def kill(on: Machines, folder: Path, victim: str, after: int, more: float) -> str:
    """Run the sweep and kill a process once some points are there; check what is left.

    Args:
        on: the scheduler and its workers.
        folder: its `results` may hold some points already.
        victim: one of `VICTIMS`.
        after: number of points after which to kill.
        more: seconds from then until the kill.

    Returns:
        What happened, in one line.
    """
    results, sweep = folder / "results", read_sweep(TEXT)
    results.mkdir(exist_ok=True)
    running = client(on, folder)
    while len(list(results.glob("*.json"))) < after and running.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            running.wait(0.01)
    with suppress(subprocess.TimeoutExpired):
        running.wait(more)
    if victim == "worker":
        on.a_worker().kill()
    else:
        (running if victim == "client" else on.scheduler).kill()
    before = len(list(results.glob("*.json")))
    start = time.monotonic()
    said = running.communicate(timeout=120)
    seconds = time.monotonic() - start
    if victim == "client" and running.returncode:
        assert running.returncode == -signal.SIGKILL, said
    elif victim == "scheduler" and running.returncode:
        assert running.returncode == 1, said
        assert said[1].startswith("error: the scheduler "), said
        assert said[1].count("\n") == 1, said
    else:
        assert (running.returncode, said[1]) == (0, ""), said
    found = whole(sweep, results)
    return (
        f"{victim} killed with {before} points there; the client ended {seconds:.1f} s later with "
        f"status {running.returncode} and {found} points"
    )


def finish(on: Machines, folder: Path) -> str:
    """Run what is left of the sweep and check that every point is there, once and whole."""
    results, sweep = folder / "results", read_sweep(TEXT)
    found = whole(sweep, results)
    again = client(on, folder)
    out, err = again.communicate(timeout=120)
    assert (again.returncode, err) == (0, ""), err
    assert out == f"24 points: {found} there, {24 - found} run\n"
    assert whole(sweep, results) == 24
    return f"{24 - found} run then"


def main() -> None:
    """Kill as often as asked, in turn, with what a seed draws; print a line for each."""
    for number in range(int(sys.argv[1])):
        draw = random.Random(number)
        with TemporaryDirectory() as name, machines(Path(name)) as on:
            victim = VICTIMS[number % 3]
            said = kill(on, Path(name), victim, draw.randrange(24), draw.random() / 10)
            if victim == "scheduler":
                on.begin_again()
            print(f"{number}: {said}; {finish(on, Path(name))}", flush=True)


if __name__ == "__main__":
    main()
