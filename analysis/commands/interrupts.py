"""End a command in one line at Ctrl-C, whatever it is doing.

The handlers end the process instead of raising KeyboardInterrupt. That exception is lost in a
destructor, aborts the process while a C++ extension initialises, and, raised inside `exec` of a
string, makes Python kill itself with SIGINT at exit even if it was caught.
"""

from __future__ import annotations

import contextlib
import os
import signal

TYPE_CHECKING = False  # typing takes long to import, and until then Ctrl-C gives a traceback
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import NoReturn

STATUS = 1
"""Exit status of a command that was interrupted."""


def end_at_once(number: int = signal.SIGINT, frame: FrameType | None = None) -> NoReturn:
    """Handle SIGINT: print one line and end the process."""
    _end("")


@contextlib.contextmanager
def keeping(show: Callable[[], str]) -> Iterator[None]:
    """Show the results so far before an interrupt in this block ends the process.

    A second interrupt ends it without waiting for them.

    Args:
        show: prints the results; returns what to add to the line "interrupted", or "".
    """

    def show_and_end(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGINT, end_at_once)
        said = ""
        try:
            said = show()
        finally:  # even if the results can't be shown
            _end(said)

    before = signal.signal(signal.SIGINT, show_and_end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def asking() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether an interrupt asked to stop; a second one ends at once."""
    asked = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, end_at_once)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
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
    with contextlib.suppress(OSError):  # nobody may be left to read it
        os.write(2, f"{f'error: interrupted {said}'.rstrip()}\n".encode())
    os._exit(STATUS)
