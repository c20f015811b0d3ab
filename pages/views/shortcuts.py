"""The shortcuts of a network as table rows."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.costs.profiles import Profile
from analysis.drawing.key import NAMES
from analysis.structure.residual import residual
from analysis.style.numbers import shape
from nets import plan


def shortcut_rows(profile: Profile) -> Iterator[tuple[str, ...]]:
    """Yield path, kind, input, output and reason; equal blocks share a row."""
    for stage in plan.stages(profile.spec):
        for index in range(min(2, stage.count)):
            found = residual(profile, f"{stage.name}.{index}")
            label = found.path
            if index == 1 and stage.count > 2:
                label = f"{found.path} to {stage.name}.{stage.count - 1}"
            use = found.use
            yield label, NAMES[use.kind], shape(use.input), shape(use.output), found.reason
