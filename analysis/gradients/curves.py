"""Settings and results of the gradient experiment: curves and summaries.

Values only, without torch: `analysis.gradients.measure` measures them, and
`analysis.gradients.verdict` puts them into words. Signs are seen from the output: a negative log10
ratio or slope means that the gradient gets smaller toward the input.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, takewhile
from statistics import fmean
from typing import TYPE_CHECKING

from analysis.images.kinds import MAX_PICTURE_BYTES, InputKind
from nets.options import MAX_BATCH, check_whole, quote
from nets.spec import ResNetSpec

if TYPE_CHECKING:
    from analysis.machine.devices import Environment

MAX_SEEDS = 20
"""Most seeds in one run."""

MAX_SEED = 2**31 - 1
"""The largest seed."""


class Quantity(StrEnum):
    """The quantity that a curve shows; all three come from the same backward pass.

    ACTIVATION measures vanishing: ||dL/dx|| after the stem and every block. WEIGHT and
    RELATIVE_WEIGHT are ||dL/dW|| and ||dL/dW|| / ||W|| of the main path's convolutions. They
    measure something else: in a plain ReLU net without BN and bias the inner product of W and
    dL/dW is the same in every layer, so they can stay level while the gradient vanishes.
    """

    ACTIVATION = "activation"
    WEIGHT = "weight"
    RELATIVE_WEIGHT = "relative_weight"

    @property
    def label(self) -> str:
        """The axis label."""
        return {
            "activation": "‖∂L/∂x‖ of block outputs",
            "weight": "‖∂L/∂W‖ of convolution weights",
            "relative_weight": "‖∂L/∂W‖ / ‖W‖ of convolution weights",
        }[self.value]

    @property
    def heading(self) -> str:
        """The title of its chart."""
        return {
            "activation": "Gradient norm by depth",
            "weight": "Weight gradient norm by depth",
            "relative_weight": "Relative weight gradient by depth",
        }[self.value]


class Precision(StrEnum):
    """The dtype in which the network computes; norms are always accumulated in float64."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def bytes(self) -> int:
        """Bytes per number."""
        return 4 if self is Precision.FLOAT32 else 8

    @property
    def smallest(self) -> float:
        """The smallest normal number; a norm below it has lost digits or is 0."""
        return 2.0**-126 if self is Precision.FLOAT32 else sys.float_info.min


class State(StrEnum):
    """Whether a value can be used. BELOW is shown as "below float32" (or float64)."""

    MEASURED = "measured"
    BELOW = "below"
    INFINITE = "infinite"
    NAN = "nan"


def state(value: float, precision: Precision) -> State:
    """Return the state of a gradient norm."""
    if math.isnan(value):
        return State.NAN
    if math.isinf(value):
        return State.INFINITE
    return State.MEASURED if value >= precision.smallest else State.BELOW


@dataclass(frozen=True, kw_only=True)
class GradientSettings:
    """Settings that all models of a run share. Raises ValueError, in one sentence, if invalid."""

    seeds: int = 3
    first_seed: int = 0
    batch: int = 32
    device: str = "cpu"
    precision: Precision = Precision.FLOAT32
    images: InputKind = InputKind.RANDOM
    picture: bytes = field(default=b"", repr=False)
    """The file of an uploaded picture, if `images` is PICTURE."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("seeds", 1, MAX_SEEDS),
            ("first_seed", 0, MAX_SEED),
            ("batch", 1, MAX_BATCH),
        ):
            check_whole(name, getattr(self, name), low, high)
        for name, kind in (("precision", Precision), ("images", InputKind)):
            try:
                object.__setattr__(self, name, kind(getattr(self, name)))
            except ValueError:
                raise ValueError(
                    f"{name} must be one of {', '.join(kind)}, not {quote(getattr(self, name))}"
                ) from None
        if self.images is InputKind.PICTURE and not self.picture:
            raise ValueError("a picture is required for images=picture: upload one")
        if len(self.picture) > MAX_PICTURE_BYTES:
            raise ValueError(
                f"a picture may have at most {MAX_PICTURE_BYTES // 10**6} MB, not "
                f"{len(self.picture) / 1e6:.1f} MB"
            )

    @property
    def seed_numbers(self) -> range:
        """The seeds."""
        return range(self.first_seed, self.first_seed + self.seeds)


@dataclass(frozen=True)
class NormSeries:
    """One quantity along the main path, from the stem to the last block.

    A position is the number of weighted layers up to that point; the stem's convolution is 1.
    """

    paths: tuple[str, ...]
    positions: tuple[int, ...]
    values: tuple[float, ...]
    states: tuple[State, ...]


@dataclass(frozen=True)
class Curve:
    """The norms from one backward pass of one model with one seed.

    `activations` holds ||dL/dx|| at the outputs of the stem and of every block; `weights` holds
    ||dL/dW|| of the main path's convolutions, and `weight_norms` their ||W||. A norm of 0 stays 0.
    From `lost_from` on, the forward signal itself was below the precision: ReLUs there pass no
    gradient, so zeros before it say nothing about the gradient. It is "" if no signal was lost.
    """

    model: str
    seed: int
    precision: Precision
    loss: float
    activations: NormSeries
    weights: NormSeries
    weight_norms: tuple[float, ...]
    lost_from: str = ""

    def series(self, quantity: Quantity) -> NormSeries:
        """Return one quantity of the pass."""
        if quantity is Quantity.ACTIVATION:
            return self.activations
        if quantity is Quantity.WEIGHT:
            return self.weights
        own = self.weights
        relative = tuple(
            gradient / norm if norm else math.nan
            for gradient, norm in zip(own.values, self.weight_norms, strict=True)
        )
        return NormSeries(own.paths, own.positions, relative, own.states)

    @property
    def log10_ratio(self) -> float:
        """log10 of the norm after the stem over that after the last block.

        -inf if the first is below the precision and the last isn't; nan if any norm isn't finite
        or the last is below the precision.
        """
        return log10_ratio(self.activations)

    @property
    def slope_per_layer(self) -> float:
        """Least-squares slope of log10 of the norm per weighted layer, toward the input.

        Fitted to the points that the precision holds; nan with fewer than two.
        """
        return _fit(self.activations)[0]

    @property
    def r_squared(self) -> float:
        """The share of the variance of log10 of the norm that the fitted slope explains.

        Over the same points; nan with fewer than two, or if all are equal.
        """
        return _fit(self.activations)[1]

    @property
    def most_log10_ratio(self) -> float:
        """The log10 ratio, or its upper bound if the ratio is -inf.

        A lost norm is below the smallest number that the precision holds.
        """
        if not math.isinf(self.log10_ratio):
            return self.log10_ratio
        return math.log10(self.precision.smallest) - math.log10(self.activations.values[-1])


@dataclass(frozen=True)
class Summary:
    """A model's curves in numbers.

    `ratios`, `most`, `slopes` and `r_squared` hold one value per seed, as `Curve` defines them
    (`most` is `most_log10_ratio`). `span` is the distance of the mean curve's smallest norm from
    its largest, in log10. `layers` counts the weighted layers between stem and last block, over
    which ratio and slope are taken. `below` lists the paths whose norm is below the precision in
    every seed whose ratio is -inf, or in any seed if there is no such ratio; `not_finite` lists
    those whose norm isn't finite in any seed. From `held_from` to the last block every norm of
    every seed was measured, and `held_ratio` is the mean log10 of the norm there over the last
    block's; they are "" and nan if the last block's norm wasn't measured either. `lost_from` is the
    first `Curve.lost_from` of any seed.
    """

    model: str
    precision: Precision
    blocks: int
    layers: int
    ratios: tuple[float, ...]
    most: tuple[float, ...]
    slopes: tuple[float, ...]
    r_squared: tuple[float, ...]
    weight_ratios: tuple[float, ...]
    span: float
    below: tuple[str, ...]
    not_finite: tuple[str, ...]
    held_from: str
    held_ratio: float
    lost_from: str = ""

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return len(self.ratios)

    @property
    def log10_ratio(self) -> float:
        """Mean over seeds of log10 (norm after the stem / norm after the last block)."""
        return fmean(self.ratios)

    @property
    def low(self) -> float:
        """The lowest ratio of any seed; nan if one is nan."""
        return math.nan if any(map(math.isnan, self.ratios)) else min(self.ratios)

    @property
    def high(self) -> float:
        """The highest ratio of any seed; nan if one is nan."""
        return math.nan if any(map(math.isnan, self.ratios)) else max(self.ratios)

    @property
    def size(self) -> float:
        """Mean over seeds of |log10 ratio|: how far the gradient changes, in either direction."""
        return fmean(map(abs, self.ratios))

    @property
    def factor_per_layer(self) -> float:
        """Geometric mean factor per weighted layer toward the input; nan without a finite ratio."""
        ratio = self.log10_ratio
        return 10 ** (ratio / self.layers) if math.isfinite(ratio) else math.nan

    @property
    def slope_per_layer(self) -> float:
        """Mean of the slope over the seeds for which it could be fitted; nan if there are none."""
        fitted = [slope for slope in self.slopes if not math.isnan(slope)]
        return fmean(fitted) if fitted else math.nan

    @property
    def weight_log10_ratio(self) -> float:
        """Mean over seeds of log10 (||dL/dW|| of the first convolution / of the last)."""
        return fmean(self.weight_ratios)


@dataclass(frozen=True)
class Gradients:
    """A whole run and the environment that it ran in."""

    specs: tuple[ResNetSpec, ...]
    settings: GradientSettings
    curves: tuple[Curve, ...]
    torch_version: str
    threads: int
    environment: Environment | None = field(default=None, compare=False)

    @property
    def summary(self) -> tuple[Summary, ...]:
        """One summary per model, in the order of `specs`."""
        return summarise(self.curves)


def summarise(curves: Sequence[Curve]) -> tuple[Summary, ...]:
    """Summarise each model that has a curve, in the order in which the models first occur."""
    order = list(dict.fromkeys(curve.model for curve in curves))
    ordered = sorted(curves, key=lambda curve: order.index(curve.model))
    return tuple(_summary(list(group)) for _, group in groupby(ordered, lambda curve: curve.model))


def _summary(curves: list[Curve]) -> Summary:
    first = curves[0].activations
    columns = zip(*(curve.activations.values for curve in curves), strict=True)
    states = [set(s) for s in zip(*(curve.activations.states for curve in curves), strict=True)]
    heights = [
        fmean(map(math.log10, column)) if found == {State.MEASURED} else math.nan
        for column, found in zip(columns, states, strict=True)
    ]
    gone = [curve.activations.states for curve in curves if math.isinf(curve.log10_ratio)]
    alike = [set(s) if len(set(s)) == 1 else set() for s in zip(*gone, strict=True)]
    below = alike if gone else states
    lost = [curve.lost_from for curve in curves if curve.lost_from]
    held = list(takewhile(lambda i: not math.isnan(heights[i]), reversed(range(len(heights)))))
    return Summary(
        model=curves[0].model,
        precision=curves[0].precision,
        blocks=len(first.paths) - 1,
        layers=first.positions[-1] - first.positions[0],
        ratios=tuple(curve.log10_ratio for curve in curves),
        most=tuple(curve.most_log10_ratio for curve in curves),
        slopes=tuple(curve.slope_per_layer for curve in curves),
        r_squared=tuple(curve.r_squared for curve in curves),
        weight_ratios=tuple(log10_ratio(curve.weights) for curve in curves),
        span=max(heights) - min(heights) if len(held) == len(heights) else math.nan,
        below=_paths(first, below, State.BELOW),
        not_finite=_paths(first, states, State.INFINITE, State.NAN),
        held_from=first.paths[held[-1]] if held else "",
        held_ratio=heights[held[-1]] - heights[-1] if held else math.nan,
        lost_from=min(lost, key=first.paths.index, default=""),
    )


def _paths(series: NormSeries, states: list[set[State]], *wanted: State) -> tuple[str, ...]:
    return tuple(
        path for path, found in zip(series.paths, states, strict=True) if found & set(wanted)
    )


def log10_ratio(series: NormSeries) -> float:
    """Return log10 of the first value over the last, as `Curve.log10_ratio` defines it."""
    if {State.INFINITE, State.NAN} & set(series.states) or series.states[-1] is State.BELOW:
        return math.nan
    if series.states[0] is State.BELOW:
        return -math.inf
    return math.log10(series.values[0]) - math.log10(series.values[-1])


def _fit(series: NormSeries) -> tuple[float, float]:
    """Return the least-squares slope toward the input and its R², as `Curve` defines them."""
    rows = zip(series.positions, series.values, series.states, strict=True)
    points = [(x, math.log10(y)) for x, y, found in rows if found is State.MEASURED]
    if len(points) < 2:
        return math.nan, math.nan
    centre, height = fmean(x for x, _ in points), fmean(y for _, y in points)
    rise = sum((x - centre) * (y - height) for x, y in points)
    width = sum((x - centre) ** 2 for x, _ in points)
    variance = sum((y - height) ** 2 for _, y in points)
    return -rise / width, rise**2 / (width * variance) if variance else math.nan
