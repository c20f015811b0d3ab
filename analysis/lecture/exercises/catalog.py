"""All exercises, in the order in which a lecture would take them."""

from __future__ import annotations

from difflib import get_close_matches

from analysis.lecture.exercises.blocks import BLOCKS
from analysis.lecture.exercises.claims import CLAIMS
from analysis.lecture.exercises.training import TRAINING
from analysis.lecture.exercises.values import Exercise
from nets.options import quote

EXERCISES: dict[str, Exercise] = {
    exercise.key: exercise for exercise in (*BLOCKS, *CLAIMS, *TRAINING)
}
"""The exercises by key."""


def exercise_of(key: str) -> Exercise:
    """Return an exercise by its key, in the spoken language.

    Raises:
        ValueError: if there is no such exercise.
    """
    if key not in EXERCISES:
        near = get_close_matches(key, EXERCISES, 1)
        meant = f"did you mean {near[0]}?" if near else "`exercises` lists them"
        raise ValueError(f"{quote(key)} is not an exercise: {meant}")
    return EXERCISES[key].spoken()
