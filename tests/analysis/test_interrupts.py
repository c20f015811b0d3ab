"""Ctrl-C at any time: one line and exit status 1, or the whole result and 0.

No program can handle interrupts before its first line runs. An interrupt during Python's own start,
about 30 ms, gives a traceback or ends the process by the signal. So these tests count time from
when `analysis.__main__` imports its first slow module.
"""

import csv
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from analysis.__main__ import run

ROOT = Path(__file__).parents[2]
LINE = "error: interrupted\n"

SITE = """
import os, sys

def listen(event, args):
    if event == "import" and args[0] == "click" and (begun := os.environ.pop("BEGUN", None)):
        exec(begun)

sys.addaudithook(listen)
"""
"""Code that Python runs first: it executes `BEGUN` once the command has begun."""

TELL = "os.write(int(os.environ['TELL']), b'.')"
INTERRUPT = "os.kill(os.getpid(), 2)"
IN_TEXT = f"exec({INTERRUPT!r})"
IN_DESTRUCTOR = f"type('', (), {{'__del__': lambda self: {INTERRUPT}}})()"
AT_EXIT = f"import atexit; atexit.register(lambda: {INTERRUPT})"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "sitecustomize.py").write_text(SITE)
    return tmp_path


def start(site: Path, begun: str, command: list[str], *tell: int) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(site), str(ROOT)])
    more = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "BEGUN": begun, "TELL": str(*tell)}
    return subprocess.Popen(
        [sys.executable, *command],
        env=os.environ | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        pass_fds=tell,
    )


def interrupted(site: Path, seconds: float, command: str) -> tuple[int, str, str]:
    """Interrupt a command as a terminal does, `seconds` after it has begun."""
    heard, tell = os.pipe()
    program = start(site, TELL, ["-m", "analysis", *command.split()], tell)
    os.close(tell)
    assert os.read(heard, 1) == b"."
    os.close(heard)
    with suppress(subprocess.TimeoutExpired):
        program.wait(seconds)
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGINT)
    out, err = program.communicate(timeout=60)
    return program.returncode, out, err


ENDLESS = "resnet20 --format csv"
TRIES = {
    "list": [0.0, 0.01, 0.02, 0.03, 0.05, 0.1],
    "profile resnet152": [0.0, 0.1, 0.3, 0.6, 1.0, 1.5, 2.2],
    f"time {ENDLESS} --batch 1,2,3,4,5,6,7,8 --threads 1": [0.0, 0.3, 0.6, 1.0, 1.6, 3.0],
    f"gradients {ENDLESS} --seeds 20 --batch 256": [0.0, 0.2, 0.5, 0.9, 1.4, 2.4],
    f"gradients {ENDLESS} --seeds 20 --batch 256 --quantity direction": [0.9, 3.5],
}
"""Seconds after the command's start that fall in imports, measuring and shutdown."""


def test_at_any_time_in_the_first_seconds(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tries = [(seconds, command) for command in TRIES for seconds in TRIES[command]]
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda one: interrupted(site, *one), tries))
    whole = {}
    for command in ("list", "profile resnet152"):
        run(command.split())
        whole[command] = capsys.readouterr().out
    for (seconds, command), (status, out, err) in zip(tries, ends, strict=True):
        said = f"{command!r} interrupted after {seconds} s: status {status}, {err!r}"
        if status == 0:
            assert (out, err) == (whole[command], ""), said
        else:
            assert status == 1, said
            assert re.fullmatch(
                r"error: interrupted( while [a-z ]+: no measurements yet)?\n", err
            ), said
            if out and command not in whole:  # a partial result
                rows = list(csv.DictReader(out.splitlines()))
                assert rows, said
                assert None not in rows[-1].values(), said
    assert sum(status for status, _, _ in ends) > len(ends) / 2


@pytest.mark.parametrize("begun", [INTERRUPT, IN_TEXT, IN_DESTRUCTOR])
def test_where_an_exception_would_be_lost(site: Path, begun: str) -> None:
    program = start(site, begun, ["-m", "analysis", "list"])
    assert program.communicate(timeout=60) == ("", LINE)
    assert program.returncode == 1


def test_while_python_shuts_down(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["list"])
    program = start(site, AT_EXIT, ["-m", "analysis", "list"])
    assert program.communicate(timeout=60) == (capsys.readouterr().out, "")
    assert program.returncode == 0


MEASURING = """
import signal
from analysis.timing import measure as timing
from analysis.__main__ import run
def stop(report, *rest, **options):
    report(timing.Progress(timing.Phase.WARMING_UP, 3.0))
    signal.raise_signal(signal.SIGINT)
timing.measure = stop
run(["time", "resnet20"])
"""

SHOWING = """
import signal
from analysis.commands.interrupts import keeping
def show():
    print("some", flush=True)
    AGAIN
with keeping(show):
    signal.raise_signal(signal.SIGINT)
"""

WRITING = """
import signal
from pathlib import Path
from analysis.commands import interrupts, shared
signal.signal(signal.SIGINT, interrupts.end_at_once)
write_bytes = Path.write_bytes
def slowly(path, data):
    write_bytes(path, data[:3])
    signal.raise_signal(signal.SIGINT)
    write_bytes(path, data)
Path.write_bytes = slowly
shared.write("whole", Path("file.txt"))
"""


def ended(site: Path, code: str) -> tuple[int, str, str]:
    program = start(site, "", ["-c", code])
    out, err = program.communicate(timeout=60)
    return program.returncode, out, err


def test_before_anything_is_measured_it_says_how_far_it_was(site: Path) -> None:
    said = "error: interrupted while warming up: no measurements yet\n"
    assert ended(site, MEASURING) == (1, "", said)


@pytest.mark.parametrize("again", ["return ''", "signal.raise_signal(signal.SIGINT)", "1 / 0"])
def test_results_are_shown_and_a_second_interrupt_does_not_wait(site: Path, again: str) -> None:
    assert ended(site, SHOWING.replace("AGAIN", again)) == (1, "some\n", LINE)


def test_a_file_is_whole_or_not_there(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert ended(site, WRITING) == (1, "", LINE)
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [("file.txt", "whole")]
