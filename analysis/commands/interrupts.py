"""End a command with one line on Ctrl-C, whatever it is doing.

The handlers end the process instead of raising KeyboardInterrupt. A destructor swallows that
exception; while a C++ extension initialises, it aborts the process; and raised inside `exec` of a
string, it makes Python kill itself with SIGINT at exit even if it was caught.
"""

from __future__ import annotations

import contextlib
import os
import signal

TYPE_CHECKING = (
    False  # typing is slow to import; until the handler is set, Ctrl-C prints a traceback
)
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import NoReturn

STATUS = 1
"""Exit status of an interrupted command."""


def end_at_once(number: int = signal.SIGINT, frame: FrameType | None = None) -> NoReturn:
    """Handle SIGINT: print one line and end the process."""
    _end("")


@contextlib.contextmanager
def keeping(show: Callable[[], str]) -> Iterator[None]:
    """Show the results so far before an interrupt in this block ends the process.

    A second interrupt ends the process at once.

    Args:
        show: prints the results; returns text to add to the line "interrupted", or "".
    """

    def show_and_end(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGINT, end_at_once)
        said = ""
        try:
            said = show()
        finally:  # exit even if showing the results fails
            _end(said)

    before = signal.signal(signal.SIGINT, show_and_end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def asking() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether an interrupt came; a second one ends at once."""
    with counting(1) as count:
        yield lambda: count() > 0


@contextlib.contextmanager
def counting(most: int) -> Iterator[Callable[[], int]]:
    """Yield a function that returns the number of interrupts; one more than `most` ends at once."""
    count = 0

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count >= most:
            signal.signal(signal.SIGINT, end_at_once)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: count
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def put_off() -> Iterator[None]:
    """Delay an interrupt until the end of this block."""
    waiting = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal waiting
        waiting = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting:
            signal.raise_signal(signal.SIGINT)


def _end(said: str) -> NoReturn:
    with contextlib.suppress(OSError):  # stderr may be closed
        os.write(2, f"{f'error: interrupted {said}'.rstrip()}\n".encode())
    os._exit(STATUS)
