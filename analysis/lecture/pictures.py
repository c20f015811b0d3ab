"""The picture of a step: what its page shows first, made without the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analysis.lecture import counted, dissected, measured
from analysis.lecture.picture import Picture
from analysis.lecture.settings import FRONT, Settings
from analysis.lecture.story import Step
from nets import ResNetSpec, parse

PICTURES: Mapping[str, Callable[[Settings, ResNetSpec], Picture]] = {
    "explore": counted.explore,
    "shortcuts": counted.shortcuts,
    "units": counted.units,
    "timing": measured.timing,
    "gradients": measured.gradients,
    "training": measured.training,
    "lesions": dissected.lesions,
    "paths": dissected.paths,
    "compare": counted.comparison,
    "choose": counted.choice,
    "sweeps": measured.sweeps,
}
"""The function that makes the picture, by page."""


def picture_of(step: Step) -> Picture:
    """Return what the page of a step shows first; nothing is measured.

    Raises:
        ValueError: with one sentence, if a setting in the address is invalid.
    """
    settings = Settings(step.settings)
    spec = settings.read("model", parse, parse(FRONT))
    return PICTURES[step.page](settings, spec)
