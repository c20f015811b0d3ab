"""Works for the worker's tests: its process imports them from here.

torch is imported where it is used, so that a program that only asks for a work starts quickly.
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


def nothing() -> None:
    """What a process does before its first job where no job needs torch."""


def wait_once(gate: Path) -> None:
    """Hold a process that starts at a named pipe, as long as that is there."""
    if gate.exists():
        gate.read_text()


def has_torch(report: Report) -> bool:
    return "torch" in sys.modules


def hold(report: Report, gate: Path) -> str:
    """Blocks in the system until somebody writes to the named pipe."""
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
    """One long call of C after the other, each without Python's lock."""
    import torch

    torch.set_num_threads(1)
    x = torch.ones(3_000, 3_000)
    report("in")
    while True:
        x @ x


def sleep_in_c(report: Report) -> None:
    """One long call of C without Python's lock."""
    report("in")
    ctypes.CDLL(None).sleep(600)


def sleep_with_the_lock(report: Report) -> None:
    """One long call of C that keeps Python's lock, so that no handler of Python's can run."""
    report("in")
    ctypes.PyDLL(None).sleep(600)


def family(report: Report) -> None:
    """Starts a process of its own and goes on as long as a test may take."""
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
