"""The clocks: the order of record, synchronise and read, on the CPU and a fake accelerator."""

import pytest
import torch

from analysis.machine import clock as clocks
from analysis.machine.clock import EventClock, HostClock, clock_of
from tests.analysis.fake_accelerator import FakeAccelerator

META = torch.device("meta", 0)


def test_the_cpu_is_timed_by_the_hosts_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter((1_000_000, 3_500_000, 3_500_000, 10_000_000))
    monkeypatch.setattr(clocks, "perf_counter_ns", lambda: next(readings))
    clock = clock_of(torch.device("cpu"))
    assert isinstance(clock, HostClock)
    assert clock.read([[clock.mark(), clock.mark()], [clock.mark(), clock.mark()]]) == [
        (2.5,),
        (6.5,),
    ]


def test_an_accelerator_is_timed_by_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAccelerator(monkeypatch)
    clock = clock_of(META)
    assert isinstance(clock, EventClock)
    laps = [[clock.mark(), clock.mark(), clock.mark()], [clock.mark(), clock.mark()]]
    assert fake.log == ["record"] * 5
    assert clock.read(laps) == [(1.0, 1.0), (1.0,)]
    assert fake.log[5:] == ["synchronise", "read", "read", "read"]


def test_the_fake_refuses_what_was_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeAccelerator(monkeypatch)
    clock = EventClock(META)
    start, end = clock.mark(), clock.mark()
    with pytest.raises(AssertionError, match="read before it was waited for"):
        start.elapsed_time(end)
    assert clock.read([[start, end]]) == [(1.0,)]
    late = clock.mark()
    with pytest.raises(AssertionError, match="read before it was waited for"):
        start.elapsed_time(late)


def test_marks_in_between_add_up() -> None:
    clock = HostClock()
    marks = [clock.mark() for _ in range(100)]
    gaps, (whole,) = clock.read([marks, [marks[0], marks[-1]]])
    assert len(gaps) == 99
    assert min(gaps) >= 0
    assert sum(gaps) == pytest.approx(whole)
