"""Settings and results of the experiment on the gradient's direction.

Values only, without torch: `analysis.gradients.direction` measures them, and
`analysis.gradients.shattering` puts them into words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from analysis.gradients.curves import GradientSettings, State
from nets.options import OPTIONS, given
from nets.spec import ResNetSpec
from nets.text import parse

if TYPE_CHECKING:
    from analysis.machine.devices import Environment

DIRECTION = "direction"
"""The name of this quantity, alongside those of `analysis.gradients.curves.Quantity`."""

LEAST_NOISE = 1e-6
"""The smallest noise other than 0: float32 rounds an image by 6e-8 of itself."""

MAX_NOISE = 1.0


@dataclass(frozen=True, kw_only=True)
class DirectionSettings(GradientSettings):
    """Settings that all models of a run share. Raises ValueError, in one sentence, if invalid."""

    noise: float = 0.01
    """Standard deviation of the noise, as a share of the images' own."""

    def __post_init__(self) -> None:
        super().__post_init__()
        value = self.noise
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (value == 0 or LEAST_NOISE <= value <= MAX_NOISE):
            said = f"{value:g}" if isinstance(value, float) else given(value)
            raise ValueError(f"noise must be 0, or {LEAST_NOISE:f} to {MAX_NOISE:g}, not {said}")
        object.__setattr__(self, "noise", float(value))


@dataclass(frozen=True)
class Cosine:
    """The similarity of the two gradients of one model with one seed.

    `value` is the cosine between dL/dx at a batch of images and at the same batch with noise, each
    as one vector, from -1 to 1; nan if it couldn't be measured, and `state` says why.
    """

    model: str
    seed: int
    value: float
    state: State


@dataclass(frozen=True)
class AtDepth:
    """The cosines of one model, one per seed, in the order of the seeds."""

    spec: ResNetSpec
    cosines: tuple[Cosine, ...]

    @property
    def depth(self) -> int:
        """Weighted layers of the network."""
        return self.spec.depth

    @property
    def is_measured(self) -> bool:
        """Whether the cosine of every seed was measured."""
        return {one.state for one in self.cosines} == {State.MEASURED}

    @property
    def by_seed(self) -> dict[int, float]:
        """The cosine of each seed."""
        return {one.seed: one.value for one in self.cosines}

    @property
    def mean(self) -> float:
        """Mean over the seeds; nan if one couldn't be measured."""
        return fmean(one.value for one in self.cosines) if self.is_measured else math.nan

    @property
    def low(self) -> float:
        """The lowest of any seed; nan if one couldn't be measured."""
        return min(one.value for one in self.cosines) if self.is_measured else math.nan

    @property
    def high(self) -> float:
        """The highest of any seed; nan if one couldn't be measured."""
        return max(one.value for one in self.cosines) if self.is_measured else math.nan


@dataclass(frozen=True)
class Stack:
    """Networks that differ only in their blocks, the shallowest first."""

    depths: tuple[AtDepth, ...]

    @property
    def spec(self) -> ResNetSpec:
        """The shallowest network."""
        return self.depths[0].spec


@dataclass(frozen=True)
class Direction:
    """A whole run and the environment that it ran in."""

    specs: tuple[ResNetSpec, ...]
    settings: DirectionSettings
    cosines: tuple[Cosine, ...]
    torch_version: str
    threads: int
    environment: Environment | None = field(default=None, compare=False)

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """The cosines by stack and depth."""
        return stacks(self.cosines)


def stacks(cosines: Sequence[Cosine]) -> tuple[Stack, ...]:
    """Group cosines by stack and depth, the stacks in the order in which they first occur."""
    found: dict[tuple[object, ...], list[AtDepth]] = {}
    for model in dict.fromkeys(one.model for one in cosines):
        spec = parse(model)
        rest = tuple(getattr(spec, name) for name in OPTIONS if name != "blocks")
        own = tuple(one for one in cosines if one.model == model)
        found.setdefault((len(spec.blocks), *rest), []).append(AtDepth(spec, own))
    return tuple(
        Stack(tuple(sorted(depths, key=lambda one: one.depth))) for depths in found.values()
    )
