"""Time a network on a device: forward, backward, every stage, and the uncertainty.

Two kinds of iteration alternate. Whole iterations have marks only between forward, backward and the
optimiser, and give all figures of the whole; the others have marks at the boundaries of the parts
(stem, stages or blocks, head) and give the stage and block times. On an accelerator, marks are
events, read after one synchronisation per group of iterations; nothing waits inside an iteration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from math import comb, floor, sqrt
from statistics import median, quantiles
from time import perf_counter
from traceback import clear_frames
from typing import Any, NamedTuple

import torch

from analysis.costs.profiles import Profile, check_trainable, profile
from analysis.machine.clock import Clock, HostClock, clock_of
from analysis.machine.devices import Environment, PeakMemory, device_of, environment, free_bytes
from analysis.machine.energy import WINDOW_SECONDS, WINDOWS, Meter, joules_per_image, meter_of
from analysis.timing.passes import Passes, check_autocast, prepared
from analysis.timing.settings import Settings, check_fits, largest_batch, predicted_bytes
from nets.spec import ResNetSpec

WINDOW = 3
"""Iterations in a window of the warm-up."""

STABLE = 0.03
"""The network is warm once the medians of two successive windows differ by less than this share."""

WARM_UP_SHARE = 0.3
"""The share of the time budget after which the measurement begins, even if not warm."""

MIN_ITERATIONS = 10
"""Fewest iterations before their spread may end the measurement."""

MAX_ITERATIONS = 2_000
"""Most iterations of a measurement."""

GROUP_SECONDS = 0.1
"""Approximate device time between two synchronisations."""

MAX_GROUP = 20
"""Most pairs of iterations between two synchronisations."""

REPORT_SECONDS = 0.25
"""Shortest interval between reports."""

NOISY = 0.1
"""A timing is noisy if half of the median's 95% interval is more than this share of the median."""


class Phase(StrEnum):
    """The phase of a measurement."""

    BUILDING = "building"
    COMPILING = "compiling"
    WARMING_UP = "warming up"
    MEASURING = "measuring"
    ENERGY = "measuring energy"


class Noise(StrEnum):
    """Why a median is unreliable."""

    FEW = "too few iterations for an interval"
    WIDE = "a wide interval"


class Spread(NamedTuple):
    """The 10th, 50th and 90th percentiles."""

    p10: float
    p50: float
    p90: float


class StageTime(NamedTuple):
    """Medians for a stage, a block, stem or head, with their 10th and 90th percentiles.

    Backward is None in inference. Percentiles are None in results that were recorded without them.
    """

    name: str
    forward_ms: float
    backward_ms: float | None
    forward_p10_ms: float | None = None
    forward_p90_ms: float | None = None
    backward_p10_ms: float | None = None
    backward_p90_ms: float | None = None


class Iteration(NamedTuple):
    """One whole iteration; parts that didn't run are None.

    Backward includes the loss. `step_ms` is the whole training iteration: forward, backward and the
    optimiser's step, if there is one.
    """

    forward_ms: float
    backward_ms: float | None
    optimiser_ms: float | None
    step_ms: float | None

    @property
    def total_ms(self) -> float:
        """The time of the whole iteration."""
        return self.forward_ms if self.step_ms is None else self.step_ms


@dataclass(frozen=True)
class Timing:
    """The measurements so far. Forward runs in train mode, or in eval mode for inference.

    `host_ms` is the host's time to issue an iteration to an idle device; if it is close to or above
    the iteration's time, the host is the bottleneck. `stage_sum_ratio` is the sum of an iteration's
    stages over forward and backward of the whole iteration next to it, as the median over all such
    pairs: it shows how much the marks at the stages change what they measure. If every block was
    timed, the marks are at the blocks, `blocks` has their times, and a stage's is that of its
    blocks. `interval` is half of the 95% interval of the median iteration over that median, None
    below six iterations. `forward_tflops` counts two operations per multiply-add of convolutions
    and linear layers. `joules` is the energy per image of the whole device, idle power included, in
    windows of whole iterations; empty if the device has no counter that can be read.
    """

    model: str
    settings: Settings
    threads: int
    forward_ms: Spread
    backward_ms: Spread | None
    optimiser_ms: Spread | None
    step_ms: Spread | None
    host_ms: Spread
    images_per_s: float
    forward_tflops: float
    stages: tuple[StageTime, ...]
    stage_sum_ratio: float
    peak_memory_bytes: int | None
    predicted_bytes: int
    compile_seconds: float | None
    warm_up_iterations: int
    stable: bool
    interval: float | None
    samples: tuple[Iteration, ...]
    environment: Environment
    blocks: tuple[StageTime, ...] = ()
    joules: tuple[float, ...] = ()

    @property
    def iterations(self) -> int:
        """The number of whole iterations measured."""
        return len(self.samples)

    @property
    def noise(self) -> Noise | None:
        """Why the median is unreliable: too few iterations, or too wide a spread; or None."""
        if self.interval is None:
            return Noise.FEW
        return Noise.WIDE if self.interval > NOISY else None


@dataclass(frozen=True)
class Progress:
    """The progress of a measurement. `remaining_seconds` is an estimate, or None if there is none.

    `place` is the measurement's number in a sweep and the sweep's length; `later_seconds` is an
    upper bound on the time of those after it.
    """

    phase: Phase
    remaining_seconds: float | None = None
    timing: Timing | None = None
    place: tuple[int, int] = (1, 1)
    later_seconds: float = 0.0


Report = Callable[[Progress], None]

Lap = tuple[float, ...]
"""Milliseconds between the marks of one iteration."""


def measure(
    report: Report, spec: ResNetSpec, settings: Settings, *, energy: bool = False
) -> Timing:
    """Time a network, calling `report` with the progress and all measurements so far.

    The first iterations on an accelerator, in which its libraries load and try kernels, don't count
    toward the time budget: on an H100, two pairs of a new network took more than 6 seconds.

    The measurement ends when the median is as precise as `settings.precision` asks, when the time
    budget is used up, or after `MAX_ITERATIONS`, but never before one iteration. If interrupted, it
    reports all results once more, so that the last report always has them. Torch's global state is
    restored.

    With `energy`, it also measures the energy per image, in a few seconds after the time budget,
    where the device has a counter.

    Raises:
        ValueError: if the network can't train at the batch, the memory is too small for it, or
            torch doesn't support the settings on the device.
        RuntimeError: in one sentence, if it ran out of memory or torch failed.
    """
    device = device_of(settings.device)
    report(Progress(Phase.BUILDING))
    cost = profile(spec, batch=settings.batch)
    if not settings.inference:
        check_trainable(cost)
    check_autocast(settings, device)
    check_fits(cost, settings)
    with prepared(settings, device):
        run = _Measurement(cost, settings, device, energy)
        try:
            with failing_in_words(cost, settings):
                for progress in run.phases():
                    report(progress)
        except KeyboardInterrupt:
            report(run.progress())
            raise
        timing = run.timing()
    report(Progress(Phase.MEASURING, 0.0, timing))
    return timing


@contextmanager
def failing_in_words(cost: Profile, settings: Settings) -> Iterator[None]:
    """Turn torch's errors into a RuntimeError of one sentence, and free the memory they hold."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        clear_frames(error.__traceback__)  # frames hold the tensors that filled the memory
        raise _failure(error, cost, settings) from None


def measure_each(
    report: Report, spec: ResNetSpec, settings: tuple[Settings, ...], energy: bool = False
) -> tuple[Timing, ...]:
    """Time a network with several settings, such as those of `sweep`, one after the other.

    `energy` is that of `measure`.

    Raises:
        ValueError: as `measure`, for the first invalid settings.
        RuntimeError: as `measure`.
    """
    found = []
    for number, one in enumerate(settings, start=1):
        later = sum(other.seconds for other in settings[number:])

        def tell(progress: Progress, number: int = number, later: float = later) -> None:
            report(replace(progress, place=(number, len(settings)), later_seconds=later))

        found.append(measure(tell, spec, one, energy=energy))
    return tuple(found)


class _Measurement:
    """The state of one measurement."""

    def __init__(
        self, cost: Profile, settings: Settings, device: torch.device, energy: bool
    ) -> None:
        self.cost, self.settings, self.device = cost, settings, device
        self.meter = meter_of(device) if energy else None
        self.clock: Clock[Any] = clock_of(device)
        self.host = HostClock()
        self.memory = PeakMemory(device)
        self.threads = torch.get_num_threads()
        self.environment = environment(device)
        self.phase = Phase.BUILDING
        self.names: tuple[str, ...] = ()
        self.compile_seconds: float | None = None
        self.warm_up_iterations = 0
        self.stable = False
        self.joules: list[float] = []
        self._forget()

    def _forget(self) -> None:
        """Discard everything collected so far, which was for the warm-up."""
        self.pairs = 0
        self.laps: list[tuple[Lap, Lap]] = []  # pairs: a whole iteration, and one timed by stage
        self.issued: list[float] = []
        self.memory.restart()

    def phases(self) -> Iterator[Progress]:
        """Run the whole measurement, yielding its progress at intervals."""
        passes = Passes(self.cost.spec, self.settings, self.device, self.clock)
        self.names = passes.names
        if self.settings.compile:
            self.phase = Phase.COMPILING
            yield self.progress()
            self._compile(passes)
        self.phase = Phase.WARMING_UP
        if self.device.type != "cpu":
            yield self.progress()
            self._iterate(passes, 1)
            self.warm_up_iterations = 1
        start = perf_counter()
        yield from self._warm_up(passes, start)
        self._forget()
        self.phase = Phase.MEASURING
        yield from self._measure(passes, start + self.settings.seconds)
        if self.meter:
            self.phase = Phase.ENERGY
            yield self.progress(WINDOWS * WINDOW_SECONDS)
            yield from self._use(passes, self.meter)

    def _compile(self, passes: Passes) -> None:
        """Compile the network and then, without counting their time, its stages."""
        passes.compile()
        start = perf_counter()
        passes.run(passes.whole)
        self.clock.synchronise()
        self.compile_seconds = perf_counter() - start
        passes.run(passes.stages)

    def _warm_up(self, passes: Passes, start: float) -> Iterator[Progress]:
        """Iterate until two successive windows take the same time, or the time is up."""
        while not self.stable and perf_counter() - start < WARM_UP_SHARE * self.settings.seconds:
            yield self.progress(start + self.settings.seconds - perf_counter())
            self._iterate(passes, 1)
            self.warm_up_iterations += 1
            totals = [sum(whole) for whole, _ in self.laps[-2 * WINDOW :]]
            if len(totals) == 2 * WINDOW:
                before = median(totals[:WINDOW])
                self.stable = abs(median(totals[WINDOW:]) - before) < STABLE * before

    def _measure(self, passes: Passes, deadline: float) -> Iterator[Progress]:
        """Iterate until the median is precise enough or the time is up."""
        group, reported = 1, perf_counter()
        while True:
            begin = perf_counter()
            self._iterate(passes, group)
            now = perf_counter()
            pair_seconds = (now - begin) / group
            group = min(max(int(GROUP_SECONDS / pair_seconds), 1), MAX_GROUP)
            interval = median_interval([sum(whole) for whole, _ in self.laps])
            known = interval is not None and interval <= self.settings.precision
            enough = self.pairs >= (MIN_ITERATIONS if known else MAX_ITERATIONS)
            if enough or now >= deadline:
                return
            if now - reported >= REPORT_SECONDS:
                reported = now
                left = deadline - now
                if interval is not None:  # it shrinks with the square root of the iterations
                    wanted = self.pairs * (interval / self.settings.precision) ** 2
                    left = min(left, max(wanted - self.pairs, 1) * pair_seconds)
                yield self.progress(left)

    def _use(self, passes: Passes, meter: Meter) -> Iterator[Progress]:
        """Measure the energy of whole iterations, in windows after those that were timed."""
        ms = median([sum(whole) for whole, _ in self.laps])
        group = min(max(int(GROUP_SECONDS * 1e3 / ms), 1), MAX_GROUP)

        def work() -> int:
            for _ in range(group):
                passes.run(passes.whole)
            self.clock.synchronise()
            return group * self.settings.batch

        with suppress(OSError):
            for joules in joules_per_image(meter, work):
                self.joules.append(joules)
                yield self.progress((WINDOWS - len(self.joules)) * WINDOW_SECONDS)

    def _iterate(self, passes: Passes, pairs: int) -> None:
        """Issue pairs of iterations, alternating which of whole and staged is first; then read."""
        whole, staged = [], []
        for i in range(pairs):
            whole_first = self.pairs % 2 == 0
            self.pairs += 1
            if not whole_first:
                staged.append(passes.run(passes.stages))
            issue = [self.host.mark()]
            whole.append(passes.run(passes.whole))
            issue.append(self.host.mark())
            if whole_first:
                if i == 0:  # the device is idle here; later a full queue may block the host
                    self.issued += self.host.read([issue])[0]
                staged.append(passes.run(passes.stages))
        laps = self.clock.read([*whole, *staged])
        self.laps += zip(laps[:pairs], laps[pairs:], strict=True)

    def progress(self, remaining_seconds: float | None = None) -> Progress:
        """Return the progress, with the results so far if there are any."""
        measured = self.phase in (Phase.MEASURING, Phase.ENERGY) and self.laps
        return Progress(self.phase, remaining_seconds, self.timing() if measured else None)

    def timing(self) -> Timing:
        """Return the measurements so far, which must include an iteration."""
        settings = self.settings
        samples = tuple(self._iteration(whole) for whole, _ in self.laps)
        totals = [sample.total_ms for sample in samples]
        forward = _spread([sample.forward_ms for sample in samples])
        backward = _spread_if_any([sample.backward_ms for sample in samples])
        measured = 1 if settings.inference else 2
        parts = measured * len(self.names)
        ratios = [sum(staged[:parts]) / sum(whole[:measured]) for whole, staged in self.laps]
        return Timing(
            model=self.cost.model,
            settings=settings,
            threads=self.threads,
            forward_ms=forward,
            backward_ms=backward,
            optimiser_ms=_spread_if_any([sample.optimiser_ms for sample in samples]),
            step_ms=_spread_if_any([sample.step_ms for sample in samples]),
            host_ms=_spread(self.issued),
            images_per_s=settings.batch / median(totals) * 1e3,
            forward_tflops=self.cost.flops / forward.p50 / 1e9,
            stages=self._times(lambda part: part.partition(".")[0]),
            stage_sum_ratio=median(ratios),
            peak_memory_bytes=self.memory.bytes(),
            predicted_bytes=predicted_bytes(self.cost, settings),
            compile_seconds=self.compile_seconds,
            warm_up_iterations=self.warm_up_iterations,
            stable=self.stable,
            interval=median_interval(totals),
            samples=samples,
            environment=self.environment,
            blocks=self._blocks(),
            joules=tuple(self.joules),
        )

    def _iteration(self, lap: Lap) -> Iteration:
        if self.settings.inference:
            return Iteration(lap[0], None, None, None)
        return Iteration(lap[0], lap[1], lap[2] if self.settings.optimiser else None, sum(lap))

    def _blocks(self) -> tuple[StageTime, ...]:
        """Return each block's medians, if blocks are timed."""
        if not self.settings.blocks:
            return ()
        return tuple(time for time in self._times(str) if "." in time.name)

    def _times(self, name_of: Callable[[str], str]) -> tuple[StageTime, ...]:
        """Return the times of the parts, added up by name within each iteration.

        Backward runs through the parts from last to first.
        """
        count = len(self.names)
        places: dict[str, list[int]] = {}
        for place, part in enumerate(self.names):
            places.setdefault(name_of(part), []).append(place)

        def spread(parts: list[int]) -> Spread:
            return _spread([sum(staged[part] for part in parts) for _, staged in self.laps])

        times = []
        for name, parts in places.items():
            ahead = spread(parts)
            time = StageTime(name, ahead.p50, None, ahead.p10, ahead.p90)
            if not self.settings.inference:
                back = spread([2 * count - 1 - part for part in parts])
                time = time._replace(
                    backward_ms=back.p50, backward_p10_ms=back.p10, backward_p90_ms=back.p90
                )
            times.append(time)
        return tuple(times)


def _spread(values: Sequence[float]) -> Spread:
    if len(values) == 1:
        return Spread(*values, *values, *values)
    tenths = quantiles(values, n=10, method="inclusive")
    return Spread(tenths[0], tenths[4], tenths[8])


def _spread_if_any(values: Sequence[float | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    return _spread(known) if known else None


def median_interval(values: Sequence[float]) -> float | None:
    """Return half of the 95% confidence interval of a median, as a share of the median.

    The interval lies between two order statistics, so no distribution is assumed (Le Boudec,
    Performance Evaluation, 2010, theorem 2.1). None below six values, which give no such interval.
    """
    low = interval_rank(len(values))
    if low == 0:
        return None
    ordered = sorted(values)
    return (ordered[-low] - ordered[low - 1]) / 2 / median(ordered)


def interval_rank(count: int) -> int:
    """Return the rank, from 1, of the lower end of the median's 95% interval.

    The upper end is its mirror. The rank is the largest j with P(Binomial(n, 1/2) < j) at most
    0.025, from 71 values on by the normal approximation of Le Boudec 2010, section 2.2.2; 0 if
    there is none.
    """
    if count > 70:
        return floor(0.5 * count - 0.98 * sqrt(count))
    below, rank = 0, 0
    while (below := below + comb(count, rank)) <= 0.025 * 2**count:
        rank += 1
    return rank


def _failure(error: BaseException, cost: Profile, settings: Settings) -> RuntimeError:
    """Return an error that says in one sentence what failed in torch and what to change."""
    text = " ".join(str(error).split())
    memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
    if memory or re.search("out of memory|not enough memory|can't allocate memory", text, re.I):
        largest = largest_batch(cost.spec, settings, free_bytes(device_of(settings.device)))
        fits = min(largest, settings.batch // 2)
        advice = f"try a batch of {fits:,}" if fits else "use a smaller network or input"
        return RuntimeError(
            f"{settings.device} ran out of memory at batch {settings.batch:,}: {advice}"
        )
    doing = "torch.compile" if settings.compile else "torch"
    what = f"{cost.spec.base} in {settings.dtype} on {settings.device}"
    return RuntimeError(f"{doing} can't run {what}: {text[:200] or type(error).__name__}")
