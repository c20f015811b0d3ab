"""A fake accelerator behind torch's API: its tensors are meta tensors, its time is simulated.

Every recorded event advances its time by a millisecond, unless it is set to use the host's. An
event recorded after the last synchronisation can't be read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import pytest
import torch


class FakeAccelerator:
    """Torch's behaviour with an accelerator named `meta`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int = 1) -> None:
        self.log: list[str] = []
        self.clock: Callable[[], float] = self._next
        self.free = 80 * 10**9
        self.allocated, self.peak = 1_000, 0
        self.count = count
        self._now = 0.0
        self._done: set[FakeEvent] = set()
        self._pending: set[FakeEvent] = set()
        fake = self

        class Event(FakeEvent):
            accelerator = fake

        module = SimpleNamespace(
            mem_get_info=lambda device: (self.free, 80 * 10**9),
            get_device_name=lambda device: "Fake 9000",
        )
        monkeypatch.setattr(torch, "Event", Event)
        monkeypatch.setattr(torch, "get_device_module", lambda device: module)
        for name in (
            "current_accelerator",
            "device_count",
            "current_device_index",
            "device_index",
            "synchronize",
            "memory_allocated",
            "max_memory_allocated",
            "reset_peak_memory_stats",
            "empty_cache",
        ):
            monkeypatch.setattr(torch.accelerator, name, getattr(self, name))

    def _next(self) -> float:
        self._now += 1
        return self._now

    def use_host_time(self) -> None:
        self.clock = lambda: perf_counter() * 1e3

    def current_accelerator(self, check_available: bool = False) -> torch.device:
        assert check_available  # a CUDA build of torch names cuda even without a driver
        return torch.device("meta")

    def device_count(self) -> int:
        return self.count

    def current_device_index(self) -> int:
        return 0

    def device_index(self, index: int) -> AbstractContextManager[None]:
        self.log.append(f"device {index}")
        return nullcontext()

    def synchronize(self, device: torch.device) -> None:
        assert device.type == "meta"
        self.log.append("synchronise")
        self._done |= self._pending
        self._pending.clear()

    def memory_allocated(self, device: torch.device) -> int:
        return self.allocated

    def max_memory_allocated(self, device: torch.device) -> int:
        return self.allocated + self.peak

    def reset_peak_memory_stats(self, device: torch.device) -> None:
        self.log.append("reset peak")

    def empty_cache(self) -> None:
        self.log.append("empty cache")

    def recorded(self, event: FakeEvent) -> None:
        self.log.append("record")
        self._pending.add(event)

    def read(self, *events: FakeEvent) -> None:
        self.log.append("read")
        assert set(events) <= self._done, "read before it was waited for"


class FakeEvent:
    """An event of the fake accelerator, with the methods that the clock may use."""

    accelerator: FakeAccelerator

    def __init__(self, device: torch.device, *, enable_timing: bool = False, **_: Any) -> None:
        assert device.type == "meta"
        assert enable_timing

    def record(self) -> None:
        self.at = self.accelerator.clock()
        self.accelerator.recorded(self)

    def elapsed_time(self, end: FakeEvent) -> float:
        self.accelerator.read(self, end)
        return end.at - self.at
