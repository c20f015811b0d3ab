"""The process in which jobs run: the parent's side of it, and the code inside it.

pebble starts and ends it. Its messages come through a pipe that no other process writes. So a
process killed in the middle of a message doesn't affect the next one, and its death closes the
pipe. Importing this module doesn't import torch.
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
"""The first argument of a job's function, which sends any picklable value at once."""

_CONTEXT = multiprocessing.get_context("spawn")  # forking a process with threads may hang
_KNOWN_SECONDS = 20  # within which a busy machine knows how a process ended


class Cause(StrEnum):
    """The cause of a job without a result."""

    REFUSED = "refused"
    """The work raised a ValueError: the request is invalid."""
    ERROR = "error"
    """The work raised another exception."""
    MEMORY = "memory"
    TIME = "time"
    CRASH = "crash"
    """The process ended during the work, or never started."""
    FULL = "full"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """The same visitor submitted another job while this one was waiting."""
    ABANDONED = "abandoned"
    CLOSED = "closed"
    CLUSTER = "cluster"
    """The cluster can't be reached, or can't do the work; this machine may."""


@dataclass(frozen=True)
class Failure:
    """The reason why a job has no result: the cause, and one sentence to show.

    If the cause is the worker's memory, it also holds the bytes used and the limit.
    """

    cause: Cause
    sentence: str
    used_bytes: int | None = None
    limit_bytes: int | None = None


class Sign(Enum):
    """A message type of the process."""

    READY = auto()
    BEGUN = auto()
    REPORT = auto()
    DONE = auto()
    FAILED = auto()


def import_torch() -> None:
    """Import torch so that no job has to wait for it."""
    import torch  # noqa: F401


class Child:
    """The parent's side of one process. Only one thread may use it.

    Args:
        prepare: a function of an importable module that the process calls before it is ready.

    Raises:
        EOFError: if no process can be started.
    """

    def __init__(self, prepare: Callable[[], object] = import_torch) -> None:
        self.ready = False
        self.busy = False
        self._process: psutil.Process | None = None
        try:
            self._inlet, outlet = _CONTEXT.Pipe(duplex=False)
            with outlet:  # close our copy, so that the pipe ends with the process
                keep_interrupts_away()
                others = multiprocessing.active_children()
                self._pool = ProcessPool(
                    max_workers=1, initializer=_begin, initargs=(outlet,), context=_CONTEXT
                )
                self._future: ProcessFuture[None] = self._pool.schedule(_warm_up, args=(prepare,))
                started = multiprocessing.active_children()
                self._started = [process for process in started if process not in others]
        except (OSError, RuntimeError) as error:
            raise EOFError from error

    def work(self, payload: bytes, limit_bytes: int) -> None:
        """Start the work; the process must be ready and idle.

        Raises:
            EOFError: if the process has ended.
        """
        self.busy = True
        try:
            self._future = self._pool.schedule(_work, args=(payload, limit_bytes))
        except RuntimeError as error:
            raise EOFError from error

    def hear(self, seconds: float) -> tuple[Sign, Any] | None:
        """Return the next message of the process, or None if none comes within `seconds`.

        Raises:
            EOFError: if the process has ended and no message is left.
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
            return Sign.FAILED, Failure(Cause.ERROR, f"the result cannot be read: {_words(error)}")
        if sign is Sign.READY:
            self.ready = True
            with contextlib.suppress(psutil.NoSuchProcess):
                self._process = psutil.Process(value)
        self.busy = self.busy and sign not in (Sign.DONE, Sign.FAILED)
        return sign, value

    def resident_bytes(self) -> int:
        """Return the memory that the process holds now, or 0 if it has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process:
                return int(self._process.memory_info().rss)
        return 0

    def last_words(self) -> str:
        """Return in one sentence how the process ended."""
        with contextlib.suppress(TimeoutError, ValueError):
            code = getattr(self._future.exception(timeout=_KNOWN_SECONDS), "exitcode", 0)
            if code == -getattr(signal, "SIGKILL", 9):
                return "the worker process was killed: the machine may have run out of memory"
            if code < 0:
                return f"the worker process was terminated by {signal.Signals(-code).name}"
            if code > 0:
                return f"the worker process exited with status {code}"
        return "the worker process ended during the job"

    def end(self) -> None:
        """Kill the process and its children, whatever they are doing."""
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process:
                children = self._process.children(recursive=True)
        with contextlib.suppress(OSError, RuntimeError):
            self._pool.stop()
            for process in self._started:
                process.kill()  # pebble first closes what a process that starts would then miss
            self._pool.join()
        _kill(children)
        self._inlet.close()


def keep_interrupts_away() -> None:
    """Block Ctrl-C in this thread, and so from the start in the process that it creates.

    The resource tracker of multiprocessing unblocks it in the thread that starts the tracker, so
    start the tracker first.
    """
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


# The code below runs in the child process.

_outlet: Connection
_speaking = threading.Lock()


def _begin(outlet: Connection) -> None:
    global _outlet
    _outlet = outlet
    # pebble's SIGTERM handler would wait for a long C call to return.
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
    gc.freeze()  # the collection after a job then checks only that job's objects
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
    # Pickle here: torch's Connection.send uses shared memory, which is lost with this process.
    data = pickle.dumps((sign, value))
    with _speaking:
        _outlet.send_bytes(data)


def _failure(error: BaseException, used: int, limit: int) -> Failure:
    words = " ".join(str(error).split())
    if isinstance(error, ValueError):
        return Failure(Cause.REFUSED, words)
    if isinstance(error, MemoryError) or "DefaultCPUAllocator" in words or _is_full(error):
        sentence = (
            f"out of memory: an allocation failed when the job held {short(used, 'B')} of the "
            f"{short(limit, 'B')} that it may use"
        )
        return Failure(Cause.MEMORY, sentence, used, limit)
    if re.search("out of memory|ALLOC_FAILED", words):
        # torch's first sentences give the size of the allocation and the free memory.
        told = [part for part in words.split(". ")[:3] if not part.startswith("Use ")]
        return Failure(Cause.MEMORY, f"the device ran out of memory: {'; '.join(told)[:300]}")
    return Failure(Cause.ERROR, f"the job failed: {_words(error)}")


def _is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ENOMEM


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".removesuffix(": ")
