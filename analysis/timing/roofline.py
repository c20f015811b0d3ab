"""The roofline of a machine, and where a network's stages and kinds of layers stand under it.

The roof at an intensity of I operations per byte is the smaller of the machine's peak and I times
its memory bandwidth (Williams, Waterman and Patterson 2009, Roofline: An Insightful Visual
Performance Model, CACM 52(4)). Both are measured in the same dtype and with the same number of
threads as the network: the peak is that of a matrix product, the bandwidth that of a copy, which
reads and writes every byte once. On a CPU, a copy that fits into the cache gives a second slope: a
point above the memory's slope has its data in the cache and is no fault.

Operations and bytes are those of a `Profile`: two per multiply-add of convolutions and linear
layers; inputs, weights and output of every layer, in the dtype.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import torch
from torch import nn

from analysis.costs.alive import hooked
from analysis.costs.profiles import FLOAT32_BYTES, Profile, profile
from analysis.machine.clock import Clock, clock_of
from analysis.machine.devices import Environment, device_of
from analysis.timing.measure import NOISY, Progress, Spread, measure
from analysis.timing.passes import Passes, check_autocast, prepared
from analysis.timing.settings import Settings
from nets.spec import ResNetSpec

AGREE = 0.05
"""Two rounds agree if their rates differ by at most this share."""

MAX_ROUNDS = 4
"""Most rounds of the roof's measurement: one before the network, the others after it."""

ABOVE = 1.05
"""A point further above the peak means that the peak was measured too low."""

OVERHEAD = 0.1
"""A point below this share of the roof is bound by neither computing nor memory.

Nine tenths of its time go elsewhere, for example to launching its layers.
"""

LAPS = 7
"""Laps of one probe, of which the fastest counts."""

LAP_MS = 15.0
"""Shortest lap of a probe; a faster kernel runs several times in it."""

PASSES = 10
"""Forward passes with marks at every layer, after one that warms up."""

_SIDES = {"cpu": (1024, 1536)}
_ACCELERATOR_SIDES = (4096, 8192)
_MEMORY_BYTES = 256 * 2**20  # larger than the last-level cache
_CACHE_BYTES = 2 * 2**20  # array and copy fit one core's share of the caches


class Kind(StrEnum):
    """A kind of layer; layers that move nothing have none."""

    CONVOLUTION = "convolutions"
    LINEAR = "linear layers"
    NORM = "norms"
    ACTIVATION = "activations"
    ADDITION = "additions"
    POOL = "pools"
    OTHER = "other layers"


_KINDS = {
    "Conv2d": Kind.CONVOLUTION,
    "Conv2dSame": Kind.CONVOLUTION,
    "Linear": Kind.LINEAR,
    "BatchNorm2d": Kind.NORM,
    "GroupNorm": Kind.NORM,
    "Add": Kind.ADDITION,
    "MaxPool2d": Kind.POOL,
    "MaxPool2dSame": Kind.POOL,
    "AvgPool2d": Kind.POOL,
    "AdaptiveAvgPool2d": Kind.POOL,
    "ZeroPad": Kind.OTHER,
    "Scale": Kind.OTHER,
    "Softmax": Kind.OTHER,
}


def kind_of(layer_type: str) -> Kind:
    """Return the kind of a layer by its type, such as `Conv2d`."""
    return _KINDS.get(layer_type, Kind.ACTIVATION)


class Roof(NamedTuple):
    """What a machine does at most, in FLOP/s and bytes per second; an accelerator has no cache."""

    peak_flops: float
    memory_bytes_per_s: float
    cache_bytes_per_s: float | None

    @property
    def ridge(self) -> float:
        """The intensity in FLOP per byte from which on computing is the limit, not memory."""
        return self.peak_flops / self.memory_bytes_per_s

    def at(self, intensity: float) -> float:
        """Return the roof in FLOP/s at an intensity in FLOP per byte."""
        return min(self.peak_flops, intensity * self.memory_bytes_per_s)


class Point(NamedTuple):
    """A stage or a kind of layer in one forward pass.

    `share` is the least time that the roof allows over the time taken; where there are operations,
    this is the achieved FLOP/s over the roof at the point's intensity.
    """

    name: str
    flops: int
    bytes: int
    seconds: float
    share: float

    @property
    def intensity(self) -> float:
        """FLOP per byte."""
        return self.flops / self.bytes

    @property
    def flops_per_s(self) -> float:
        """Achieved FLOP/s."""
        return self.flops / self.seconds

    @property
    def bytes_per_s(self) -> float:
        """Bytes moved per second."""
        return self.bytes / self.seconds

    def is_bound_by_memory(self, roof: Roof) -> bool:
        """Return whether moving the bytes takes longer than computing, by the roof."""
        return self.intensity < roof.ridge


class Busy(StrEnum):
    """Why a roofline is unreliable."""

    ROUNDS = "no two rounds of the roof's measurement agree"
    PEAK = "a stage is faster than the measured peak"
    STAGES = "the stage times are noisy"


@dataclass(frozen=True)
class Roofline:
    """A measured roof, and a network's forward pass under it in inference.

    `kinds` is empty for a compiled network, whose layers can't be told apart.
    """

    model: str
    settings: Settings
    threads: int
    roof: Roof
    points: tuple[Point, ...]
    kinds: tuple[Point, ...]
    forward_ms: Spread
    busy: tuple[Busy, ...]
    environment: Environment


class Step(StrEnum):
    """The step of a measurement."""

    ROOF = "measuring the roof"
    STAGES = "timing the stages"
    LAYERS = "timing the layers"


@dataclass(frozen=True)
class RoofProgress:
    """The progress of a measurement; the last one has the roofline."""

    step: Step
    remaining_seconds: float | None = None
    roofline: Roofline | None = None


Report = Callable[[RoofProgress], None]


class Probe(StrEnum):
    """A figure of the roof."""

    PEAK = "peak"
    MEMORY = "memory"
    CACHE = "cache"


def roofline(report: Report, spec: ResNetSpec, settings: Settings) -> Roofline:
    """Measure a machine's roof and a network's stages and kinds of layers under it.

    The network runs forward in eval mode, whatever `settings.inference` says. The roof is measured
    before and after it, and again until two rounds agree.

    Raises:
        ValueError: if the memory is too small, or torch doesn't support the settings here.
        RuntimeError: in one sentence, if it ran out of memory or torch failed.
    """
    settings = replace(settings, inference=True, blocks=False)
    device = device_of(settings.device)
    check_autocast(settings, device)
    cost = profile(spec, batch=settings.batch)
    rounds: list[dict[Probe, float]] = []

    def probe() -> None:
        report(RoofProgress(Step.ROOF))
        with torch.inference_mode():
            rounds.append(rates(settings, device))

    def tell(progress: Progress) -> None:
        report(RoofProgress(Step.STAGES, progress.remaining_seconds))

    kinds: dict[Kind, float] = {}
    with prepared(settings, device):
        probe()
        timing = measure(tell, spec, settings)
        if not settings.compile:
            report(RoofProgress(Step.LAYERS))
            kinds = kind_seconds(cost, settings, device)
        probe()
        while len(rounds) < MAX_ROUNDS and not agreed(rounds):
            probe()
    roof = best(rounds)
    stage_seconds = {stage.name: stage.forward_ms / 1e3 for stage in timing.stages}
    points = tuple(
        point(row.name, 2 * row.macs, in_dtype(row.bytes_moved, settings), seconds, roof)
        for row in cost.stages
        if (seconds := stage_seconds[row.name]) and row.bytes_moved
    )
    busy = {
        Busy.ROUNDS: not agreed(rounds),
        Busy.PEAK: any(one.flops_per_s > ABOVE * roof.peak_flops for one in points),
        Busy.STAGES: timing.interval is None or timing.interval > NOISY,
    }
    found = Roofline(
        model=cost.model,
        settings=settings,
        threads=timing.threads,
        roof=roof,
        points=points,
        kinds=_points_of_kinds(cost, settings, kinds, roof),
        forward_ms=timing.forward_ms,
        busy=tuple(reason for reason, holds in busy.items() if holds),
        environment=timing.environment,
    )
    report(RoofProgress(Step.STAGES, 0.0, found))
    return found


def in_dtype(float32_bytes: int, settings: Settings) -> int:
    """Return the bytes in the settings' dtype of a count in float32."""
    return float32_bytes * settings.dtype.torch.itemsize // FLOAT32_BYTES


def point(name: str, flops: int, moved: int, seconds: float, roof: Roof) -> Point:
    """Return a point with its share of the roof."""
    least = max(flops / roof.peak_flops, moved / roof.memory_bytes_per_s)
    return Point(name, flops, moved, seconds, least / seconds)


def agreed(rounds: Sequence[dict[Probe, float]]) -> bool:
    """Return whether the two best rounds of every probe agree, by `AGREE`."""
    if len(rounds) < 2:
        return False
    for probe in rounds[0]:
        second, first = sorted(one[probe] for one in rounds)[-2:]
        if first - second > AGREE * first:
            return False
    return True


def best(rounds: Sequence[dict[Probe, float]]) -> Roof:
    """Return the best of every probe: other programs only make it slower."""
    most = {probe: max(one[probe] for one in rounds) for probe in rounds[0]}
    return Roof(most[Probe.PEAK], most[Probe.MEMORY], most.get(Probe.CACHE))


def rates(settings: Settings, device: torch.device) -> dict[Probe, float]:
    """Measure one round: FLOP/s of a matrix product and bytes per second of copies."""
    clock: Clock[Any] = clock_of(device)
    dtype = settings.dtype.torch
    found = {Probe.PEAK: 0.0, Probe.MEMORY: 0.0}
    for side in _SIDES.get(device.type, _ACCELERATOR_SIDES):
        a, b = (torch.rand(side, side, device=device, dtype=dtype) for _ in range(2))
        c = torch.empty_like(a)
        rate = _rate(clock, 2 * side**3, partial(torch.mm, a, b, out=c))
        found[Probe.PEAK] = max(found[Probe.PEAK], rate)
    found[Probe.MEMORY] = _copies(clock, device, dtype, _MEMORY_BYTES)
    if device.type == "cpu":
        found[Probe.CACHE] = _copies(clock, device, dtype, _CACHE_BYTES)
    return found


def _copies(clock: Clock[Any], device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Return the bytes per second, read and written, of copies of a tensor of `size` bytes."""
    source = torch.zeros(size // dtype.itemsize, device=device, dtype=dtype)
    target = torch.zeros_like(source)
    return _rate(clock, 2 * size, lambda: target.copy_(source))


def _rate(clock: Clock[Any], amount: int, run: Callable[[], object]) -> float:
    """Return the amount per second of the fastest of several laps."""
    run()
    (first,) = clock.read([_lap(clock, run, 1)])[0]
    times = max(1, min(round(LAP_MS / first), 1_000)) if first else 1_000
    laps = [clock.read([_lap(clock, run, times)])[0][0] for _ in range(LAPS)]
    return amount * times / (min(laps) / 1e3)


def _lap(clock: Clock[Any], run: Callable[[], object], times: int) -> list[Any]:
    start = clock.mark()
    for _ in range(times):
        run()
    return [start, clock.mark()]


def kind_seconds(cost: Profile, settings: Settings, device: torch.device) -> dict[Kind, float]:
    """Time every layer in forward passes, and return the median sums of each kind in seconds."""
    clock: Clock[Any] = clock_of(device)
    passes = Passes(cost.spec, settings, device, clock)
    kinds = {layer.path: kind_of(layer.type) for layer in cost.layers if layer.bytes_moved}
    sums: dict[Kind, list[float]] = defaultdict(list)
    for number in range(PASSES + 1):
        laps = list(_layer_laps(passes, clock, kinds))
        if number == 0:
            continue
        of_pass: dict[Kind, float] = defaultdict(float)
        times = clock.read([lap for _, lap in laps])
        for (kind, _), (ms,) in zip(laps, times, strict=True):
            of_pass[kind] += ms / 1e3
        for kind, seconds in of_pass.items():
            sums[kind].append(seconds)
    return {kind: median(sums[kind]) for kind in Kind if kind in sums}


def _layer_laps(
    passes: Passes, clock: Clock[Any], kinds: dict[str, Kind]
) -> Iterator[tuple[Kind, list[Any]]]:
    """Run one forward pass and yield the marks before and after each layer."""
    marks: list[tuple[Kind, list[Any]]] = []

    def before(path: str, module: nn.Module, inputs: Any) -> None:
        marks.append((kinds[path], [clock.mark()]))

    def after(path: str, module: nn.Module, inputs: Any, output: Any) -> None:
        marks[-1][1].append(clock.mark())

    with hooked(passes.model, before, after, kinds.keys()):
        passes.run(passes.whole)
    yield from marks


def _points_of_kinds(
    cost: Profile, settings: Settings, seconds: dict[Kind, float], roof: Roof
) -> tuple[Point, ...]:
    flops: dict[Kind, int] = defaultdict(int)
    moved: dict[Kind, int] = defaultdict(int)
    for layer in cost.layers:
        kind = kind_of(layer.type)
        flops[kind] += 2 * layer.macs
        moved[kind] += in_dtype(layer.bytes_moved, settings)
    return tuple(
        point(kind.value, flops[kind], moved[kind], taken, roof) for kind, taken in seconds.items()
    )
