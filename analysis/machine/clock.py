"""One small clock for every device: marks on its timeline, and the milliseconds between them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter_ns
from typing import Generic, TypeVar

import torch

Mark = TypeVar("Mark")


class Clock(ABC, Generic[Mark]):
    """Marks are set as often as wanted and cost next to nothing; times are read for many at once.

    Reading is the only way to a time, and it waits for the device first, once.
    """

    @abstractmethod
    def mark(self) -> Mark:
        """Set a mark behind the work that the device was given so far."""

    @abstractmethod
    def synchronise(self) -> None:
        """Wait until the device has done all its work."""

    def read(self, laps: Sequence[Sequence[Mark]]) -> list[tuple[float, ...]]:
        """Wait for the device, then the milliseconds between neighbouring marks of each lap."""
        self.synchronise()
        return [tuple(self._ms(a, b) for a, b in pairwise(lap)) for lap in laps]

    @abstractmethod
    def _ms(self, start: Mark, end: Mark) -> float: ...


class HostClock(Clock[int]):
    """The CPU does its work before it goes on, so a mark is the time of day; there's no waiting."""

    def mark(self) -> int:
        """Nanoseconds by the host's monotonic clock."""
        return perf_counter_ns()

    def synchronise(self) -> None:
        """The work is already done."""

    def _ms(self, start: int, end: int) -> float:
        return (end - start) / 1e6


class EventClock(Clock[torch.Event]):
    """Events on the current stream of an accelerator, which must be the current device.

    `Event.synchronize` and `Event.query` are not used: on MPS a timing event that was waited for
    could no longer be read (pytorch pull request 196395).
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def mark(self) -> torch.Event:
        """An event, recorded behind the work issued so far by this thread."""
        event = torch.Event(self.device, enable_timing=True)
        event.record()
        return event

    def synchronise(self) -> None:
        """Wait for every stream of the device."""
        torch.accelerator.synchronize(self.device)

    def _ms(self, start: torch.Event, end: torch.Event) -> float:
        return start.elapsed_time(end)


def clock_of(device: torch.device) -> HostClock | EventClock:
    """The clock that tells the time of a device's work; torch has no events for the CPU."""
    return HostClock() if device.type == "cpu" else EventClock(device)
