"""The lectures that there are, by the names that an address has for them."""

from __future__ import annotations

from analysis.lecture.steps import NAME, STORY
from analysis.lecture.story import Lecture


def lecture_of(name: str) -> Lecture:
    """Return a lecture.

    Raises:
        ValueError: if there is none of that name.
    """
    if name == NAME:
        return STORY
    raise ValueError(f"{name[:40]!r} is no lecture")
