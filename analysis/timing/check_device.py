"""Check the assumptions of a timing on this machine: clock, waiting, memory, autocast, stages.

Each check gives one line, passed or failed, with its figures. The checks are meant for a machine
with an accelerator; without one, only the CPU and its clock are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from time import perf_counter_ns
from typing import Any

import torch
from torch import nn
from torch.nn.functional import conv2d

from analysis.costs.step import Dtype
from analysis.machine.clock import EventClock, HostClock
from analysis.machine.devices import PeakMemory, accelerator, device_name, device_of, driver_version
from analysis.style.numbers import milliseconds, short
from analysis.timing.measure import measure
from analysis.timing.passes import check_autocast, current, tf32
from analysis.timing.settings import Settings
from nets import parse
from nets.options import number_of

WORK_MS = 100.0
"""Approximate device time of one check."""

RATIO = (0.93, 1.07)
"""Allowed range of the sum of the stages over the whole."""

PEAK_RATIO = (0.9, 1.5)
"""Allowed range of a training step's measured peak over the predicted one, which excludes kernel
workspaces and the allocator's rounding."""

BLOCK_BYTES = 64 * 2**20
"""Bytes that the memory check allocates."""


@dataclass(frozen=True)
class DeviceCheck:
    """The outcome of one check, with its figures."""

    name: str
    passed: bool
    reason: str


Finding = tuple[bool, str]


def check_device(name: str | None = None) -> Iterator[DeviceCheck]:
    """Run the checks of a device, by default the accelerator, one after another.

    Raises:
        ValueError: if this machine has no device of that name.
    """
    found = accelerator()
    device = device_of(name or (found.type if found else "cpu"))
    if device.type == "cpu":
        why = "the CPU was asked for" if found else "none found"
        yield DeviceCheck("accelerator", True, f"{why}, so the CPU and its clock are checked")
    else:
        driver = driver_version(device.type)
        version = f", driver {driver}" if driver else ""
        yield DeviceCheck("accelerator", True, f"{device}, {device_name(device)}{version}")
    with current(device):
        for title, check in _checks(device):
            yield _checked(title, check)


def _checks(device: torch.device) -> list[tuple[str, Callable[[], Finding]]]:
    checks: list[tuple[str, Callable[[], Finding]]] = [("clock", host_clock)]
    if device.type != "cpu":
        checks = [
            ("events", partial(events, device)),
            ("event time", partial(event_time, device)),
            ("synchronisation", partial(synchronisation, device)),
            ("memory figures", partial(memory_figures, device)),
            ("memory of a step", partial(step_peak, device)),
        ]
    checks += [
        (f"autocast {dtype}", partial(autocast, device, dtype))
        for dtype in (Dtype.BFLOAT16, Dtype.FLOAT16)
    ]
    if device.type == "cuda":
        checks.append(("TF32", partial(tf32_state, device)))
    return [*checks, ("stages", partial(stages, device))]


def _checked(title: str, check: Callable[[], Finding]) -> DeviceCheck:
    """Run one check; an error raised by torch is a failure with torch's message."""
    try:
        return DeviceCheck(title, *check())
    except (RuntimeError, ValueError, MemoryError) as error:
        text = " ".join(str(error).split())
        return DeviceCheck(title, False, text[:200] or type(error).__name__)


def host_clock() -> Finding:
    """Check that the CPU's clock never goes back and resolves microseconds."""
    readings = [perf_counter_ns() for _ in range(10_000)]
    steps = [b - a for a, b in pairwise(readings)]
    smallest = min((step for step in steps if step), default=0)
    passed = min(steps) >= 0 and 0 < smallest < 1_000
    backward = sum(s < 0 for s in steps)
    return passed, f"10,000 readings, smallest step {smallest} ns, {backward} backward"


def events(device: torch.device) -> Finding:
    """Check that events are in recording order and that the times of two parts sum to the whole's.

    MPS used to take an event's time in a callback, so short gaps could be reversed (pytorch pull
    request 196395).
    """
    clock, work = EventClock(device), _Work(device)
    marks = [clock.mark()]
    for _ in range(50):
        work.issue(1)
        marks.append(clock.mark())
    gaps, (whole,) = clock.read([marks, (marks[0], marks[-1])])
    back = sum(gap < 0 for gap in gaps)
    passed = not back and whole > 0 and abs(sum(gaps) - whole) <= 0.01 * whole
    added = short(sum(gaps), "ms")
    return passed, f"50 gaps sum to {added} of {short(whole, 'ms')}, {back} of them negative"


def event_time(device: torch.device) -> Finding:
    """Check that events and the host's clock agree on work that the host waits for."""
    clock, host, work = EventClock(device), HostClock(), _Work(device)
    wait = [host.mark()]
    lap = work.lap(clock, work.many)
    (by_events,) = clock.read([lap])[0]
    wait.append(host.mark())
    (by_host,) = host.read([wait])[0]
    passed = 0.9 * by_host <= by_events <= 1.01 * by_host
    return passed, f"{short(by_events, 'ms')} by events, {short(by_host, 'ms')} by the host's clock"


def synchronisation(device: torch.device) -> Finding:
    """Check that synchronising waits for the work and leaves nothing to wait for."""
    clock, host, work = EventClock(device), HostClock(), _Work(device)
    marks = [host.mark()]
    lap = work.lap(clock, work.many)
    marks.append(host.mark())
    clock.synchronise()
    marks.append(host.mark())
    clock.synchronise()
    marks.append(host.mark())
    (device_ms,) = clock.read([lap])[0]
    issue, wait, again = host.read([marks])[0]
    passed = issue + wait >= 0.95 * device_ms and again <= 0.1 * device_ms
    issued, waited, then = map(milliseconds, (issue, wait, again))
    return passed, (
        f"{short(device_ms, 'ms')} of work: {issued} to issue, {waited} to wait, then {then}"
    )


def memory_figures(device: torch.device) -> Finding:
    """Check that the memory peak follows an allocation."""
    memory = PeakMemory(device)
    memory.restart()
    block = torch.zeros(BLOCK_BYTES, dtype=torch.uint8, device=device)
    peak = memory.bytes()
    del block
    if peak is None:
        return False, "torch reports no peak for this device, so timings leave it blank"
    passed = BLOCK_BYTES <= peak < 1.5 * BLOCK_BYTES
    return passed, f"{peak:,} bytes at the peak of an allocation of {BLOCK_BYTES:,}"


def step_peak(device: torch.device) -> Finding:
    """Check that the memory peak of a training step is about the predicted one."""
    settings = Settings(device=str(device), batch=32, seconds=5.0)
    timing = measure(lambda _: None, parse("resnet18"), settings)
    peak, predicted = timing.peak_memory_bytes, timing.predicted_bytes
    if peak is None:
        return False, "torch reports no peak for this device, so timings leave it blank"
    passed = PEAK_RATIO[0] <= peak / predicted <= PEAK_RATIO[1]
    return passed, (
        f"resnet18 at batch 32 takes {peak:,} bytes, {peak / predicted:.3f} times the "
        f"{predicted:,} predicted ({PEAK_RATIO[0]} to {PEAK_RATIO[1]} passes)"
    )


def autocast(device: torch.device, dtype: Dtype) -> Finding:
    """Check that a convolution under autocast has the expected dtypes, forward and backward."""
    check_autocast(Settings(device=str(device), dtype=dtype, inference=True), device)
    layer = nn.Conv2d(3, 8, 3).to(device)
    with torch.autocast(device.type, dtype.torch):
        y = layer(torch.ones(2, 3, 8, 8, device=device))
    y.float().sum().backward()
    gradient = layer.weight.grad
    passed = y.dtype is dtype.torch and gradient is not None and gradient.dtype is torch.float32
    return passed, f"a convolution returns {_name(y.dtype)}, its weight's gradient is float32"


def tf32_state(device: torch.device) -> Finding:
    """Check that convolutions are rounded to TF32's 10 bits only if it is on and the card has it.

    TF32 needs compute capability 8.0 or higher (CUDA C++ programming guide).
    """
    has = torch.version.hip is None and torch.cuda.get_device_capability(device) >= (8, 0)
    errors = {on: _convolution_error(device, on) for on in (False, True)}
    passed = errors[False] < 1e-5 and (errors[True] > 1e-5) == has
    card = "has TF32" if has else "has no TF32"
    return passed, (
        f"the card {card}; error of a convolution: {errors[False]:.1e} off, {errors[True]:.1e} on"
    )


def _convolution_error(device: torch.device, on: bool) -> float:
    """Return the largest error of a float32 convolution against float64, over the largest value."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(4, 64, 16, 16, generator=random).to(device)
    weight = torch.randn(64, 64, 3, 3, generator=random).to(device)
    with tf32(on, device):
        y = conv2d(x, weight)
    exact = conv2d(x.double(), weight.double())
    return float((y - exact).abs().max() / exact.abs().max())


def stages(device: torch.device) -> Finding:
    """Check that the times of the stages sum to the whole's."""
    text, batch = ("resnet20", 8) if device.type == "cpu" else ("resnet18", 64)
    timing = measure(lambda _: None, parse(text), Settings(device=str(device), batch=batch))
    passed = RATIO[0] <= timing.stage_sum_ratio <= RATIO[1]
    return passed, (
        f"those of {text} at batch {batch} sum to {timing.stage_sum_ratio:.3f} of the whole "
        f"({RATIO[0]} to {RATIO[1]} passes), {number_of(timing.iterations, 'iteration')}"
    )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


class _Work:
    """Matrix products on a device; `many` of them take about `WORK_MS`."""

    def __init__(self, device: torch.device) -> None:
        self.x = torch.ones(1024, 1024, device=device)
        clock = EventClock(device)
        self.issue(3)
        (ms,) = clock.read([self.lap(clock, 10)])[0]
        self.many = min(max(int(10 * WORK_MS / max(ms, 0.01)), 1), 10_000)

    def lap(self, clock: EventClock, count: int) -> list[Any]:
        """Issue `count` products between two marks."""
        start = clock.mark()
        self.issue(count)
        return [start, clock.mark()]

    def issue(self, count: int) -> None:
        """Issue `count` products to the device."""
        for _ in range(count):
            torch.mm(self.x, self.x)
