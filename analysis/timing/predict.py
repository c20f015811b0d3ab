"""Predict the iteration time of a network that wasn't timed, from networks timed on this machine.

The times of the measured networks' stages are fitted by a sum of what a stage does: multiply-adds
by kind of convolution, bytes moved, and the number of layers, each at a rate that can't be
negative. Rates are found by weighted least squares, in which a stage weighs the less, the longer it
takes (variance in proportion to the time). Only networks that the fit didn't see can tell how good
it is, so each measured network is predicted from the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, prod

import numpy as np
from numpy.typing import NDArray

from analysis.costs.profiles import profile
from analysis.costs.walk import LayerCost
from analysis.timing.measure import Timing
from nets import parse
from nets.spec import ResNetSpec

ENOUGH = 4
"""The fewest networks for a prediction: the check of each then rests on three."""

GOOD = 0.2
"""The largest error, as a share, of a prediction that is used."""

FEATURES = (
    "1×1 convolutions",
    "3×3 convolutions",
    "larger kernels",
    "grouped convolutions",
    "linear layers",
    "bytes of these",
    "bytes of other layers",
    "layers",
)
"""What a stage does: multiply-adds of five kinds of layer, bytes of two, and its layers."""

_POINTWISE, _THREE, _LARGE, _GROUPED, _LINEAR, _BYTES, _OTHERS, _LAYERS = range(len(FEATURES))
_ROUNDS, _STILL = 20_000, 1e-12

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Check:
    """A measured network, and its time as the other networks predict it.

    `predicted_ms` is None if no other network has all of its kinds of layers.
    """

    model: str
    measured_ms: float
    predicted_ms: float | None

    @property
    def error(self) -> float | None:
        """The error as a share of the measured time."""
        return None if self.predicted_ms is None else self.predicted_ms / self.measured_ms - 1


@dataclass(frozen=True)
class Predictor:
    """The rates of a machine at one batch and dtype, and how well they predict.

    Attributes:
        batch: images per batch.
        rates_ms: milliseconds per unit of each feature.
        optimiser_ms: milliseconds of the optimiser's step per parameter.
        seen: whether enough of the measured networks have each feature: two, so that a check of
            one rests on another.
        checks: each measured network, predicted from the others.
    """

    batch: int
    rates_ms: tuple[float, ...]
    optimiser_ms: float
    seen: tuple[bool, ...]
    checks: tuple[Check, ...]

    @property
    def worst(self) -> float:
        """The largest error of the checks, as a share; infinite if there are too few networks."""
        errors = [abs(check.error) for check in self.checks if check.error is not None]
        return max(errors) if len(errors) >= ENOUGH else inf

    @property
    def is_good(self) -> bool:
        """Whether the prediction may be used: every check is within 20%."""
        return self.worst <= GOOD

    def ms(self, spec: ResNetSpec) -> float | None:
        """Return the predicted time of an iteration of the whole batch.

        None if the network has a kind of layer that fewer than two measured ones have.
        """
        features = sum(_features(spec, self.batch).values(), np.zeros(len(FEATURES)))
        if any(value > 0 and not seen for value, seen in zip(features, self.seen, strict=True)):
            return None
        params = profile(spec, batch=self.batch).params
        return float(features @ np.array(self.rates_ms)) + params * self.optimiser_ms


def predictor_of(timings: Sequence[Timing]) -> Predictor | None:
    """Return the predictor that timings under the same conditions give, or None without any.

    Args:
        timings: of different networks, all with the same settings.
    """
    if not timings:
        return None
    checks = []
    if len(timings) >= ENOUGH:
        for number, one in enumerate(timings):
            others = _fitted([*timings[:number], *timings[number + 1 :]], least=1)
            checks.append(Check(one.model, _whole(one), others.ms(parse(one.model))))
    found = _fitted(timings, least=2)
    return Predictor(found.batch, found.rates_ms, found.optimiser_ms, found.seen, tuple(checks))


def _fitted(timings: Sequence[Timing], least: int) -> Predictor:
    """Return the rates; a feature counts as seen if at least `least` networks have it."""
    batch = timings[0].settings.batch
    rows, times = [], []
    for timing in timings:
        features = _features(parse(timing.model), batch)
        for stage in timing.stages:
            rows.append(features[stage.name])
            times.append(stage.forward_ms + (stage.backward_ms or 0.0))
    table, wanted = np.array(rows), np.array(times)
    weights = 1 / np.sqrt(np.maximum(wanted, 1e-9))
    units = np.maximum(table.max(axis=0), 1e-300)  # columns of similar size converge faster
    rates = nonnegative(table / units * weights[:, None], wanted * weights) / units
    params = sum(profile(parse(timing.model), batch=batch).params for timing in timings)
    steps = sum(timing.optimiser_ms.p50 for timing in timings if timing.optimiser_ms)
    networks = [
        sum(_features(parse(timing.model), batch).values(), np.zeros(len(FEATURES))) > 0
        for timing in timings
    ]
    seen = tuple(int(count) >= least for count in np.sum(networks, axis=0))
    return Predictor(batch, tuple(map(float, rates)), steps / params, seen, ())


def _whole(timing: Timing) -> float:
    return (timing.step_ms or timing.forward_ms).p50


@lru_cache(512)
def _features(spec: ResNetSpec, batch: int) -> dict[str, Numbers]:
    """Return what each stage does, in the units of `FEATURES`."""
    found: dict[str, Numbers] = {}
    for layer in profile(spec, batch=batch).layers:
        does = found.setdefault(layer.place.stage, np.zeros(len(FEATURES)))
        does[_LAYERS] += 1
        if layer.macs:
            does[_kind(layer, batch)] += layer.macs
            does[_BYTES] += layer.bytes_moved
        else:
            does[_OTHERS] += layer.bytes_moved
    return found


def _kind(layer: LayerCost, batch: int) -> int:
    """Return a layer's feature, by its multiply-adds per output and input channel."""
    if layer.type == "Linear":
        return _LINEAR
    taps = layer.macs / (batch * prod(layer.output) * layer.input[0])
    if taps == 1:
        return _POINTWISE
    return _THREE if taps == 9 else _LARGE if taps > 9 else _GROUPED


def nonnegative(table: Numbers, wanted: Numbers) -> Numbers:
    """Return the x of least ||table x - wanted|| with no negative entry.

    By descent along one coordinate at a time (Franc, Hlaváč and Navara 2005, Sequential
    coordinate-wise algorithm for the non-negative least squares problem).
    """
    gram, pull = table.T @ table, table.T @ wanted
    x = np.zeros(len(pull))
    for _ in range(_ROUNDS):
        before = x.copy()
        for place, own in enumerate(gram.diagonal()):
            if own > 0:
                x[place] = max(x[place] - (gram[place] @ x - pull[place]) / own, 0.0)
        if np.abs(x - before).max() <= _STILL * max(np.abs(x).max(), 1e-300):
            break
    return x
