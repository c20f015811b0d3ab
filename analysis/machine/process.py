"""The process in which work runs: how it is started, heard and ended, and what it does itself.

pebble starts and ends it. What it says comes through one pipe that it alone writes, so a process
that is killed in the middle of a word spoils nothing for the next one, and its death is the pipe's
end.
Importing this module does not import torch.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import multiprocessing
import os
import pickle
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

import psutil
from pebble import ProcessFuture, ProcessPool

from analysis.style.numbers import short

Report = Callable[[Any], None]
"""What a work's function is given first: it sends any picklable value at once."""

_CONTEXT = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang


class Cause(StrEnum):
    """Why a job has no result."""

    REFUSED = "refused"
    """The work raised a ValueError: what it was asked for is not possible."""
    ERROR = "error"
    """The work raised anything else."""
    MEMORY = "memory"
    TIME = "time"
    CRASH = "crash"
    """The process ended in the middle of the work, or never began."""
    FULL = "full"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """The same visitor asked for something else while this one waited."""
    ABANDONED = "abandoned"
    CLOSED = "closed"


@dataclass(frozen=True)
class Failure:
    """Why a job has no result: the cause, and one sentence to show.

    Where the worker's memory was the cause, the bytes that the work used and those it was allowed.
    """

    cause: Cause
    sentence: str
    used_bytes: int | None = None
    limit_bytes: int | None = None


class Sign(Enum):
    """What the process says."""

    READY = auto()
    BEGUN = auto()
    REPORT = auto()
    DONE = auto()
    FAILED = auto()


def import_torch() -> None:
    """Import torch, so that no job waits for it."""
    import torch  # noqa: F401


class Child:
    """The parent's side of one process. Only one thread may use it.

    Args:
        prepare: a function of an importable module, which the process calls before it is ready.

    Raises:
        EOFError: no process can be started.
    """

    def __init__(self, prepare: Callable[[], object] = import_torch) -> None:
        self.ready = False
        self.busy = False
        self._process: psutil.Process | None = None
        try:
            self._inlet, outlet = _CONTEXT.Pipe(duplex=False)
            with outlet:  # once closed here, the pipe ends with the process: pebble starts no other
                _keep_interrupts_away()
                self._pool = ProcessPool(
                    max_workers=1, initializer=_begin, initargs=(outlet,), context=_CONTEXT
                )
                self._future: ProcessFuture[None] = self._pool.schedule(_warm_up, args=(prepare,))
        except (OSError, RuntimeError) as error:
            raise EOFError from error

    def work(self, payload: bytes, limit_bytes: int) -> None:
        """Begin the work; the process must be ready and not busy.

        Raises:
            EOFError: the process has ended.
        """
        self.busy = True
        try:
            self._future = self._pool.schedule(_work, args=(payload, limit_bytes))
        except RuntimeError as error:
            raise EOFError from error

    def hear(self, seconds: float) -> tuple[Sign, Any] | None:
        """The next thing that the process says, or None where it says nothing for so long.

        Raises:
            EOFError: the process has ended, and all that it said has been heard.
        """
        over = self._future.done()
        try:
            if not self._inlet.poll(seconds):
                if over and (self.busy or not self.ready):
                    raise EOFError
                return None
            data = self._inlet.recv_bytes()
        except OSError as error:
            raise EOFError from error
        try:
            sign, value = pickle.loads(data)
        except Exception as error:
            return Sign.FAILED, Failure(Cause.ERROR, f"the answer cannot be read: {_words(error)}")
        if sign is Sign.READY:
            self.ready = True
            with contextlib.suppress(psutil.NoSuchProcess):
                self._process = psutil.Process(value)
        self.busy = self.busy and sign not in (Sign.DONE, Sign.FAILED)
        return sign, value

    def resident_bytes(self) -> int:
        """Memory that the process holds now; 0 where it has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process:
                return int(self._process.memory_info().rss)
        return 0

    def last_words(self) -> str:
        """How a process that has ended did so, as one sentence."""
        with contextlib.suppress(TimeoutError, ValueError):
            code = getattr(self._future.exception(timeout=2), "exitcode", 0)
            if code == -getattr(signal, "SIGKILL", 9):
                return "the worker process was killed, as a machine does when its memory runs out"
            if code < 0:
                return f"the worker process was ended by {signal.Signals(-code).name}"
            if code > 0:
                return f"the worker process ended itself with status {code}"
        return "the worker process ended in the middle of the work"

    def end(self) -> None:
        """End the process and those that it started, whatever they do."""
        started: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process:
                started = self._process.children(recursive=True)
        with contextlib.suppress(OSError, RuntimeError):
            self._pool.stop()
            self._pool.join()
        _kill(started)
        self._inlet.close()


def _keep_interrupts_away() -> None:
    """Block Ctrl-C in this thread, and so in the process that it starts, from its first moment.

    The tracker of multiprocessing unblocks it in the thread that starts the tracker: that is done
    before.
    """
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


# What follows runs in the process itself.

_outlet: Connection
_speaking = threading.Lock()


def _begin(outlet: Connection) -> None:
    global _outlet
    _outlet = outlet
    # pebble's handler of SIGTERM would wait until a long call of C code returns.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    _kill(psutil.Process().children(recursive=True))
    os._exit(1)


def _warm_up(prepare: Callable[[], object]) -> None:
    prepare()
    gc.freeze()  # so that the collection after each job looks at that job's objects alone
    _say(Sign.READY, os.getpid())


def _work(payload: bytes, limit_bytes: int) -> None:
    own = psutil.Process()
    idle = own.memory_info().rss
    _say(Sign.BEGUN, idle)
    try:
        function, arguments = pickle.loads(payload)
        _say(Sign.DONE, function(_report, *arguments))
    except BaseException as error:
        _say(Sign.FAILED, _failure(error, own.memory_info().rss - idle, limit_bytes))
    gc.collect()
    if "torch" in sys.modules:
        from torch.accelerator import empty_cache

        empty_cache()


def _report(value: Any) -> None:
    _say(Sign.REPORT, value)


def _say(sign: Sign, value: Any) -> None:
    # Not Connection.send: torch makes it pass tensors through shared memory, which dies with us.
    data = pickle.dumps((sign, value))
    with _speaking:
        _outlet.send_bytes(data)


def _failure(error: BaseException, used: int, limit: int) -> Failure:
    words = " ".join(str(error).split())
    if isinstance(error, ValueError):
        return Failure(Cause.REFUSED, words)
    if isinstance(error, MemoryError) or "DefaultCPUAllocator" in words or _is_full(error):
        sentence = (
            f"memory ran out: the work held {short(used, 'B')} of the {short(limit, 'B')} "
            "that it may use, and more was refused"
        )
        return Failure(Cause.MEMORY, sentence, used, limit)
    if re.search("out of memory|ALLOC_FAILED", words):
        # torch's own first sentences say how much was asked for and how much there is
        told = [part for part in words.split(". ")[:3] if not part.startswith("Use ")]
        return Failure(Cause.MEMORY, f"memory of the device ran out: {'; '.join(told)[:300]}")
    return Failure(Cause.ERROR, f"the work failed: {_words(error)}")


def _is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ENOMEM


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".removesuffix(": ")
