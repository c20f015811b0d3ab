"""Clocks for every device: marks on its timeline, and the milliseconds between them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter_ns
from typing import Generic, TypeVar

import torch

Mark = TypeVar("Mark")


class Clock(ABC, Generic[Mark]):
    """A clock whose marks are cheap to set and whose times are read for many marks at once.

    Only `read` gives times; it first waits for the device, once.
    """

    @abstractmethod
    def mark(self) -> Mark:
        """Set a mark after all the work issued to the device so far."""

    @abstractmethod
    def synchronise(self) -> None:
        """Wait until the device has finished all its work."""

    def read(self, laps: Sequence[Sequence[Mark]]) -> list[tuple[float, ...]]:
        """Wait for the device and return the milliseconds between consecutive marks of each lap."""
        self.synchronise()
        return [tuple(self._ms(a, b) for a, b in pairwise(lap)) for lap in laps]

    @abstractmethod
    def _ms(self, start: Mark, end: Mark) -> float: ...


class HostClock(Clock[int]):
    """The CPU's clock. CPU work is synchronous, so a mark is the current time."""

    def mark(self) -> int:
        """Return the host's monotonic clock in nanoseconds."""
        return perf_counter_ns()

    def synchronise(self) -> None:
        """Do nothing, since the work is already done."""

    def _ms(self, start: int, end: int) -> float:
        return (end - start) / 1e6


class EventClock(Clock[torch.Event]):
    """A clock of events on the current stream of an accelerator, which must be the current device.

    It doesn't use `Event.synchronize` and `Event.query`: on MPS, a timing event could no longer be
    read after waiting for it (pytorch pull request 196395).
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def mark(self) -> torch.Event:
        """Record an event after the work that this thread has issued so far."""
        event = torch.Event(self.device, enable_timing=True)
        event.record()
        return event

    def synchronise(self) -> None:
        """Wait for every stream of the device."""
        torch.accelerator.synchronize(self.device)

    def _ms(self, start: torch.Event, end: torch.Event) -> float:
        return start.elapsed_time(end)


def clock_of(device: torch.device) -> HostClock | EventClock:
    """Return the clock for a device's work; torch has no events for the CPU."""
    return HostClock() if device.type == "cpu" else EventClock(device)
