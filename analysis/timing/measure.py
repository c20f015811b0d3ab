"""How long a network takes on a device: forward, backward, every stage, and how sure that is.

Two kinds of iteration alternate. Whole ones have marks between forward, backward and the optimiser
alone, and give all figures of the whole; the others have marks at the six boundaries (stem, four
stages, head) and give the stages. On an accelerator marks are events, read after one
synchronisation for a group of iterations; nothing waits inside an iteration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
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
from analysis.timing.passes import Passes, check_autocast, prepared
from analysis.timing.settings import Settings, check_fits, largest_batch, predicted_bytes
from nets.spec import ResNetSpec

WINDOW = 3
"""Iterations in a window of the warm-up."""

STABLE = 0.03
"""The network is warm when the medians of two windows in a row differ by less than this share."""

WARM_UP_SHARE = 0.3
"""The share of the time budget after which the measurement begins, warm or not."""

MIN_ITERATIONS = 10
"""Iterations before their spread may end the measurement."""

MAX_ITERATIONS = 2_000
"""Iterations that end it in any case."""

GROUP_SECONDS = 0.1
"""About how long the device works between two synchronisations."""

MAX_GROUP = 20
"""Pairs of iterations between two synchronisations."""

REPORT_SECONDS = 0.25
"""Reports are this far apart or more."""

NOISY = 0.1
"""A timing is noisy where half of the median's 95% interval is more than this share of it."""


class Phase(StrEnum):
    """What a measurement is doing."""

    BUILDING = "building"
    COMPILING = "compiling"
    WARMING_UP = "warming up"
    MEASURING = "measuring"


class Noise(StrEnum):
    """Why a median can't be relied on."""

    FEW = "too few iterations for an interval"
    WIDE = "a wide interval"


class Spread(NamedTuple):
    """The 10th, 50th and 90th percentile."""

    p10: float
    p50: float
    p90: float


class StageTime(NamedTuple):
    """Medians of one part of the network; no backward in inference."""

    name: str
    forward_ms: float
    backward_ms: float | None


class Iteration(NamedTuple):
    """One whole iteration; what it did not do is None.

    Backward includes the loss. `step_ms` is the whole training iteration: forward, backward and,
    where it's wanted, the optimiser's step.
    """

    forward_ms: float
    backward_ms: float | None
    optimiser_ms: float | None
    step_ms: float | None

    @property
    def total_ms(self) -> float:
        """All of the iteration."""
        return self.forward_ms if self.step_ms is None else self.step_ms


@dataclass(frozen=True)
class Timing:
    """What was measured so far. Forward is the training forward, or in inference eval mode's.

    `host_ms` is the host's time to issue an iteration to a device that has nothing else to do:
    where it comes near the iteration's own time, the host is what limits. `stage_sum_ratio` is the
    sum of an iteration's stages over forward and backward of the whole iteration beside it, the
    median over all such pairs: by how much marks at the stages change what they measure.
    `interval` is half of the 95% interval of the median iteration over that median, None below six
    iterations.
    `forward_tflops` counts two operations for a multiply-add of convolutions and linear layers.
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

    @property
    def iterations(self) -> int:
        """Whole iterations measured."""
        return len(self.samples)

    @property
    def noise(self) -> Noise | None:
        """Why the median can't be relied on: few iterations, or ones that differ too much."""
        if self.interval is None:
            return Noise.FEW
        return Noise.WIDE if self.interval > NOISY else None


@dataclass(frozen=True)
class Progress:
    """How far a measurement is. `remaining_seconds` is an estimate, None where there is none.

    `place` is the measurement's number in a sweep and how many there are, `later_seconds` the most
    that those after it take.
    """

    phase: Phase
    remaining_seconds: float | None = None
    timing: Timing | None = None
    place: tuple[int, int] = (1, 1)
    later_seconds: float = 0.0


Report = Callable[[Progress], None]

Lap = tuple[float, ...]
"""Milliseconds between the marks of one iteration."""


def measure(report: Report, spec: ResNetSpec, settings: Settings) -> Timing:
    """Time a network, telling `report` how far it is, with all that is measured so far.

    The first iterations on an accelerator, for which its libraries load and try their kernels, are
    not counted in the time budget: on an H100 two pairs took more than 6 seconds of a new network.

    It ends when the median is known as well as `settings.precision` wants, when the time budget is
    over, or after `MAX_ITERATIONS`, but not before one iteration. Interrupted, it reports all that
    it has once more, so whoever keeps the last report keeps the results. Torch's global state is
    put back as it was.

    Raises:
        ValueError: where the network cannot train at the batch, the memory is too small for it, or
            torch cannot do what the settings want on the device.
        RuntimeError: in one sentence, where it ran out of memory or torch failed.
    """
    device = device_of(settings.device)
    report(Progress(Phase.BUILDING))
    cost = profile(spec, batch=settings.batch)
    if not settings.inference:
        check_trainable(cost)
    check_autocast(settings, device)
    check_fits(cost, settings)
    with prepared(settings, device):
        run = _Measurement(cost, settings, device)
        try:
            for progress in run.phases():
                report(progress)
        except KeyboardInterrupt:
            report(run.progress())
            raise
        except (RuntimeError, MemoryError) as error:
            clear_frames(error.__traceback__)  # they hold the tensors that filled the memory
            raise _failure(error, cost, settings) from None
        timing = run.timing()
    report(Progress(Phase.MEASURING, 0.0, timing))
    return timing


def measure_each(
    report: Report, spec: ResNetSpec, settings: tuple[Settings, ...]
) -> tuple[Timing, ...]:
    """Time a network in several settings, such as those of `sweep`, one after the other.

    Raises:
        ValueError: as `measure`, at the first that is refused.
        RuntimeError: as `measure`.
    """
    found = []
    for number, one in enumerate(settings, start=1):
        later = sum(other.seconds for other in settings[number:])

        def tell(progress: Progress, number: int = number, later: float = later) -> None:
            report(replace(progress, place=(number, len(settings)), later_seconds=later))

        found.append(measure(tell, spec, one))
    return tuple(found)


class _Measurement:
    """What one measurement has collected so far."""

    def __init__(self, cost: Profile, settings: Settings, device: torch.device) -> None:
        self.cost, self.settings, self.device = cost, settings, device
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
        self._forget()

    def _forget(self) -> None:
        """Begin anew: what was collected was for the warm-up."""
        self.pairs = 0
        self.laps: list[tuple[Lap, Lap]] = []  # of whole iterations, each with one by stages
        self.issued: list[float] = []
        self.memory.restart()

    def phases(self) -> Iterator[Progress]:
        """Do it all, and tell from time to time how far it is."""
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

    def _compile(self, passes: Passes) -> None:
        """Compile the network, and then, out of the time that is told, its stages."""
        passes.compile()
        start = perf_counter()
        passes.run(passes.whole)
        self.clock.synchronise()
        self.compile_seconds = perf_counter() - start
        passes.run(passes.stages)

    def _warm_up(self, passes: Passes, start: float) -> Iterator[Progress]:
        """Iterate until two windows in a row take the same time, or too long."""
        while not self.stable and perf_counter() - start < WARM_UP_SHARE * self.settings.seconds:
            yield self.progress(start + self.settings.seconds - perf_counter())
            self._iterate(passes, 1)
            self.warm_up_iterations += 1
            totals = [sum(whole) for whole, _ in self.laps[-2 * WINDOW :]]
            if len(totals) == 2 * WINDOW:
                before = median(totals[:WINDOW])
                self.stable = abs(median(totals[WINDOW:]) - before) < STABLE * before

    def _measure(self, passes: Passes, deadline: float) -> Iterator[Progress]:
        """Iterate until the median is known well enough or the time is over."""
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

    def _iterate(self, passes: Passes, pairs: int) -> None:
        """Issue so many pairs of iterations, whole and by stages first in turn, then read."""
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
                if i == 0:  # the device was idle; later a full queue may hold the host back
                    self.issued += self.host.read([issue])[0]
                staged.append(passes.run(passes.stages))
        laps = self.clock.read([*whole, *staged])
        self.laps += zip(laps[:pairs], laps[pairs:], strict=True)

    def progress(self, remaining_seconds: float | None = None) -> Progress:
        """How far it is, with the results so far once there are any."""
        measured = self.phase is Phase.MEASURING and self.laps
        return Progress(self.phase, remaining_seconds, self.timing() if measured else None)

    def timing(self) -> Timing:
        """What is measured so far, of which there must be an iteration."""
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
            stages=self._stages(),
            stage_sum_ratio=median(ratios),
            peak_memory_bytes=self.memory.bytes(),
            predicted_bytes=predicted_bytes(self.cost, settings),
            compile_seconds=self.compile_seconds,
            warm_up_iterations=self.warm_up_iterations,
            stable=self.stable,
            interval=median_interval(totals),
            samples=samples,
            environment=self.environment,
        )

    def _iteration(self, lap: Lap) -> Iteration:
        if self.settings.inference:
            return Iteration(lap[0], None, None, None)
        return Iteration(lap[0], lap[1], lap[2] if self.settings.optimiser else None, sum(lap))

    def _stages(self) -> tuple[StageTime, ...]:
        """Each part's medians; backward runs through the parts from the last to the first."""
        middles = [
            median(column) for column in zip(*(staged for _, staged in self.laps), strict=True)
        ]
        parts = len(self.names)
        forward = middles[:parts]
        backward = [None] * parts if self.settings.inference else middles[parts : 2 * parts][::-1]
        return tuple(map(StageTime, self.names, forward, backward))


def _spread(values: Sequence[float]) -> Spread:
    if len(values) == 1:
        return Spread(*values, *values, *values)
    tenths = quantiles(values, n=10, method="inclusive")
    return Spread(tenths[0], tenths[4], tenths[8])


def _spread_if_any(values: Sequence[float | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    return _spread(known) if known else None


def median_interval(values: Sequence[float]) -> float | None:
    """Half of the 95% confidence interval of a median, as a share of the median.

    The interval lies between two order statistics, so no distribution is assumed (Le Boudec,
    Performance Evaluation, 2010, theorem 2.1). None below six values, which give no such interval.
    """
    low = interval_rank(len(values))
    if low == 0:
        return None
    ordered = sorted(values)
    return (ordered[-low] - ordered[low - 1]) / 2 / median(ordered)


def interval_rank(count: int) -> int:
    """The rank, from 1, of the lower end of the median's 95% interval; the upper is its mirror.

    The largest j with P(Binomial(n, 1/2) < j) at most 0.025, from 71 values on by the normal
    approximation of Le Boudec 2010, section 2.2.2; 0 where there is none.
    """
    if count > 70:
        return floor(0.5 * count - 0.98 * sqrt(count))
    below, rank = 0, 0
    while (below := below + comb(count, rank)) <= 0.025 * 2**count:
        rank += 1
    return rank


def _failure(error: BaseException, cost: Profile, settings: Settings) -> RuntimeError:
    """What went wrong in torch, in one sentence with what to change."""
    text = " ".join(str(error).split())
    memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
    if memory or re.search("out of memory|not enough memory|can't allocate memory", text, re.I):
        largest = largest_batch(cost.spec, settings, free_bytes(device_of(settings.device)))
        fits = min(largest, settings.batch // 2)
        advice = f"try a batch of {fits:,}" if fits else "take a smaller network or input"
        return RuntimeError(
            f"{settings.device} ran out of memory at batch {settings.batch:,}: {advice}"
        )
    doing = "torch.compile" if settings.compile else "torch"
    what = f"{cost.spec.base} in {settings.dtype} on {settings.device}"
    return RuntimeError(f"{doing} cannot run {what}: {text[:200] or type(error).__name__}")
