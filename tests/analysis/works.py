"""Job functions for the worker's tests, which its process imports from here.

Functions import torch themselves, so that a program that only submits a job starts quickly.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

from analysis.machine.jobs import Report


def echo(report: Report, value: Any = None) -> Any:
    return value


def own_pid(report: Report) -> int:
    return os.getpid()


def parent_pid(report: Report) -> int:
    return os.getppid()


def copy(report: Report, source: Path, target: Path) -> tuple[Path, bool]:
    """Copy a file into a folder; return its path, and whether it is the original."""
    text = source.read_text()
    (target / "copy.txt").write_text(text)
    report(source)
    return source, text == str(source)


def nothing() -> None:
    """Prepare a process whose jobs don't need torch."""


def wait_once(gate: Path) -> None:
    """Hold a starting process at a named pipe while the pipe exists."""
    if gate.exists():
        gate.read_text()


def has_torch(report: Report) -> bool:
    return "torch" in sys.modules


def hold(report: Report, gate: Path) -> str:
    """Block in a system call until something is written to the named pipe."""
    report("in")
    return gate.read_text()


def sign(report: Report, book: Path, name: str) -> None:
    with book.open("a") as file:
        file.write(name)


def count(report: Report, to: int) -> int:
    for number in range(to):
        report(number)
    return to


def multiply(report: Report) -> NoReturn:
    """Make one long C call after another, each without Python's lock."""
    import torch

    torch.set_num_threads(1)
    x = torch.ones(3_000, 3_000)
    report("in")
    while True:
        x @ x


def sleep_in_c(report: Report) -> None:
    """Make one long C call without Python's lock."""
    report("in")
    ctypes.CDLL(None).sleep(600)


def sleep_with_the_lock(report: Report) -> None:
    """Make one long C call that holds Python's lock, so that no Python handler can run."""
    report("in")
    ctypes.PyDLL(None).sleep(600)


def family(report: Report) -> None:
    """Start a child process and run longer than a test takes."""
    started = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    report((os.getpid(), started.pid))
    sleep_in_c(lambda _: None)


def fill(report: Report) -> None:
    import torch

    kept = []
    while True:
        kept.append(torch.empty(25_000_000).fill_(1))
        report(len(kept))


def ask_for_too_much(report: Report) -> None:
    import torch

    report("in")
    torch.empty(10**15)


def fail_for_memory(report: Report) -> None:
    report("in")
    raise MemoryError


def refuse(report: Report) -> None:
    report("in")
    raise ValueError("batch must be 1 to 8,\n not 9")


def divide_by_zero(report: Report) -> float:
    report("in")
    return 1 / 0


def leave(report: Report) -> None:
    report("in")
    os._exit(0)


def give_a_lambda(report: Report) -> Any:
    report("in")
    return lambda: 1


class Unreadable:
    def __reduce__(self) -> Any:
        return int, ("no number",)


def report_the_unreadable(report: Report) -> None:
    report("in")
    report(Unreadable())


def report_tensors_and_leave(report: Report) -> None:
    import torch

    for value in range(3):
        report(torch.full((2,), value))
    os._exit(3)


def sign_and_leave(report: Report, book: Path, name: str) -> None:
    sign(report, book, name)
    os.kill(os.getpid(), 9)


def sign_and_refuse(report: Report, book: Path, name: str) -> None:
    sign(report, book, name)
    refuse(report)


def sign_and_stay(report: Report, book: Path, name: str) -> None:
    sign(report, book, name)
    sleep_in_c(report)


def sign_and_fill(report: Report, book: Path, name: str) -> None:
    """Fill the memory, by pieces and slowly enough to be seen."""
    sign(report, book, name)
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1_000_000)))


def sign_and_kill_the_worker(report: Report, book: Path, name: str) -> None:
    """Kill the parent of this process, which then ends, too."""
    sign(report, book, name)
    os.kill(os.getppid(), 9)
    sleep_in_c(report)


def sign_twice(report: Report, book: Path, name: str) -> None:
    sign(report, book, name)
    sign(report, book, name)
