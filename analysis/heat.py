"""Heat: a number for every stage, block and layer, to colour a graph by.

Any mapping from path to number will do; the metrics here are those of a profile.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from analysis.costs import Profile
from analysis.curves import Curve, State, summarise
from nets import plan


class Metric(StrEnum):
    """The numbers of a profile that a graph may be coloured by."""

    MACS = "macs"
    PARAMS = "params"
    SAVED_BYTES = "saved_bytes"

    @property
    def label(self) -> str:
        """What the scale is called."""
        return {"macs": "MACs", "params": "parameters", "saved_bytes": "saved memory"}[self.value]

    @property
    def unit(self) -> str:
        """What is counted, where it is not plain numbers."""
        return "B" if self is Metric.SAVED_BYTES else ""


@dataclass(frozen=True)
class Heat:
    """Numbers by path, what they are and their unit; `varies` where equal blocks' numbers differ.

    Then a graph must be unfolded to show them.
    """

    label: str
    unit: str
    values: Mapping[str, float]
    varies: bool = False


def heat_of(profile: Profile, metric: Metric) -> Heat:
    """A metric of every layer, and its sums for blocks, stages, stem and head.

    Raises:
        ValueError: for saved memory, where the network cannot train at the profile's batch.
    """
    if metric is Metric.SAVED_BYTES and profile.untrainable:
        raise ValueError(
            f"there is no saved memory to colour by: {profile.untrainable}; colour by MACs or "
            "parameters"
        )
    values: Counter[str] = Counter()
    head = plan.head_steps(profile.spec)
    for row in profile.layers:
        value = getattr(row, metric.value)
        values[row.path] += value
        if row.path.startswith("layer"):
            stage, block, *_ = row.path.split(".")
            values[stage] += value
            values[f"{stage}.{block}"] += value
        else:
            values["head" if row.path in head else "stem"] += value
    return Heat(metric.label, metric.unit, values)


def gradient_heat(curves: Sequence[Curve]) -> Heat:
    """How many decades each block's gradient lies below or above the last one's, mean over seeds.

    Which of the two is the one that the whole ratio has; what lies on the other side counts as 0.
    A block whose norm could not be measured has no number. Blocks of a folded run differ: colour
    an unfolded graph.

    Args:
        curves: of one model.
    """
    (summary,) = summarise(curves)
    below = summary.log10_ratio < 0
    sign = -1 if below else 1
    values = {}
    points = zip(*(curve.activations.values for curve in curves), strict=True)
    states = zip(*(curve.activations.states for curve in curves), strict=True)
    ends = [curve.activations.values[-1] for curve in curves]
    for path, norms, found in zip(curves[0].activations.paths, points, states, strict=True):
        if set(found) == {State.MEASURED} and min(ends) > 0:
            decades = fmean(math.log10(n / end) for n, end in zip(norms, ends, strict=True))
            values[path if path.startswith("layer") else "stem"] = max(sign * decades, 0.0)
    return Heat(
        f"decades {'below' if below else 'above'} the last block's gradient", "", values, True
    )
