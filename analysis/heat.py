"""Heat: a number for every stage, block and layer, to colour a graph by.

Any mapping from path to number will do; the metrics here are those of a profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from analysis.costs import Profile
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
    """Numbers by path, what they are and their unit."""

    label: str
    unit: str
    values: Mapping[str, float]


def heat_of(profile: Profile, metric: Metric) -> Heat:
    """A metric of every layer, and its sums for blocks, stages, stem and head."""
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
