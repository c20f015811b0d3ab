"""Comparisons and choices cached between runs, as `pages.ui.cached` does for profiles."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from analysis.choice.choose import Budgets, Choice, Task, choose
from analysis.choice.compare import Comparison, Sweep, SweepCurve, compare, curve
from analysis.choice.diff import diff
from analysis.costs.step import Dtype, Optimiser
from nets import ResNetSpec
from pages.ui.measured import MeasuredStep, comparable

if TYPE_CHECKING:
    from analysis.timing.predict import Predictor

_KEPT = 32

diff_of = lru_cache(_KEPT)(diff)


class Asked(NamedTuple):
    """Budgets, the training step that they apply to, and its times.

    `times` are the measured ones in ms by model; `predictor` predicts the others, if it is good.
    `untimed` says why a time budget isn't applied; then `budgets` has none.
    """

    budgets: Budgets
    batch: int
    dtype: Dtype
    optimiser: Optimiser
    times: frozenset[tuple[str, float]]
    predictor: Predictor | None = None
    untimed: str = ""


@lru_cache(2 * _KEPT)
def curve_of(spec: ResNetSpec, sweep: Sweep, batch: int) -> SweepCurve:
    """Return the sweep of a network along one axis."""
    return curve(spec, sweep, batch=batch)


@lru_cache(_KEPT)
def choice_of(task: Task, asked: Asked) -> Choice:
    """Return the networks that fit the budgets."""
    return choose(
        task,
        asked.budgets,
        asked.batch,
        asked.dtype,
        asked.optimiser,
        dict(asked.times),
        predict=asked.predictor.ms if asked.predictor and asked.predictor.is_good else None,
    )


def comparison_of(
    nets: tuple[ResNetSpec, ...], batch: int, dtypes: Collection[Dtype] = ()
) -> Comparison:
    """Return the comparison, with the training steps measured in this session at that batch.

    Training memory takes longest to predict, so it is predicted for the given dtypes only.
    """
    asked = tuple(dtype for dtype in Dtype if dtype in dtypes)
    return _compared(nets, batch, asked, tuple(comparable(batch)))


@lru_cache(_KEPT)
def _compared(
    nets: tuple[ResNetSpec, ...],
    batch: int,
    dtypes: tuple[Dtype, ...],
    steps: tuple[MeasuredStep, ...],
) -> Comparison:
    times = {step.model: step.ms for step in steps}
    memory = {step.model: step.peak_bytes for step in steps if step.peak_bytes is not None}
    return compare(
        nets,
        batch,
        replay=bool(dtypes),
        measured_ms=times,
        measured_bytes=memory,
        dtypes=dtypes,
    )
