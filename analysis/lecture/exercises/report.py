"""Exercises as text and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from textwrap import fill
from unicodedata import east_asian_width

from analysis.charts.chart import Chart
from analysis.lecture.exercises.values import Code, Exercise, Finding
from analysis.style.language import translate

_WIDTH = 79

_BREAKS = re.compile(
    r"[\u2e80-\uffef“][，。；：？！、）”]*|[^\s\u2e80-\uffef]+[，。；：？！、）”]*\s*|\s+"
)
"""The parts between which a Chinese line may break; punctuation stays with what it follows."""


class Step(StrEnum):
    """How much of an exercise is told; each step tells what those before it do."""

    QUESTION = "question"
    HINT = "hint"
    ANSWER = "answer"


def list_text(exercises: Iterable[Exercise]) -> str:
    """List keys and titles."""
    every = list(exercises)
    wide = max(len(exercise.key) for exercise in every)
    return "".join(f"{exercise.key:<{wide}}  {exercise.title}\n" for exercise in every)


def list_json(exercises: Iterable[Exercise]) -> str:
    """List keys, titles and tasks."""
    rows = [{"key": e.key, "title": e.title, "task": e.task} for e in exercises]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def exercise_text(exercise: Exercise, step: Step, found: Finding | None) -> str:
    """Write an exercise for a terminal.

    Args:
        exercise: what is told.
        step: how much of it.
        found: its check's finding, for the answer.
    """
    parts = [exercise.title, _filled(exercise.task)]
    if isinstance(exercise.shown, Code):
        lines = exercise.code.splitlines()
        wide = len(str(len(lines)))
        parts.append("\n".join(f"{i:>{wide}}  {line}".rstrip() for i, line in enumerate(lines, 1)))
    else:
        parts.append(_chart_text(exercise.shown.chart()))
    if step is not Step.QUESTION:
        parts.append(_filled(translate("Hint: {hint}", hint=exercise.hint)))
    if step is Step.ANSWER and found is not None:
        parts.append(_filled(translate("Answer: {answer}", answer=exercise.answer)))
        wide = max(_columns(line.label) for line in found.lines)
        parts.append(
            "\n".join(
                f"{line.label}{' ' * (wide - _columns(line.label))}  {line.text}"
                for line in found.lines
            )
        )
        parts.append(_filled(found.says))
        source = translate("{place}. {url}", place=exercise.source.says, url=exercise.source.url)
        parts.append(_filled(source))
    return "\n\n".join(parts) + "\n"


def _columns(text: str) -> int:
    """Return the columns of a terminal that a text takes; a Han character takes two."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def _filled(text: str) -> str:
    """Return a text in lines no wider than a terminal."""
    if _columns(text) == len(text):
        return fill(text, _WIDTH)
    lines = [""]
    for word in _BREAKS.findall(text):
        if _columns((lines[-1] + word).rstrip()) > _WIDTH and lines[-1]:
            lines.append("")
        lines[-1] += word
    return "\n".join(line.strip() for line in lines)


def exercise_json(exercise: Exercise, step: Step, found: Finding | None) -> str:
    """Write an exercise as JSON, as far as `step` tells it."""
    values: dict[str, object] = {
        "key": exercise.key,
        "title": exercise.title,
        "task": exercise.task,
    }
    if isinstance(exercise.shown, Code):
        values |= {"code": exercise.code, "language": exercise.shown.language}
    else:
        values["figure"] = _chart_values(exercise.shown.chart())
    if step is not Step.QUESTION:
        values["hint"] = exercise.hint
    if step is Step.ANSWER and found is not None:
        values |= {
            "answer": exercise.answer,
            "figures": [line._asdict() for line in found.lines],
            "says": found.says,
            "source": exercise.source._asdict(),
        }
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def _chart_text(chart: Chart) -> str:
    """Say what a figure shows: its title, its axes, and both ends of each series."""
    rows = [f"[{chart.title}]", f"{chart.y_label} by {chart.x_label}"]
    for series in chart.series:
        known = [(x, y) for x, y in zip(series.x, series.y, strict=True) if y is not None]
        if len(known) > 1:
            (first, low), (last, high) = known[0], known[-1]
            rows.append(f"  {series.name}: {low:.3g} at {first}, {high:.3g} at {last}")
    return "\n".join(rows)


def _chart_values(chart: Chart) -> dict[str, object]:
    return {
        "title": chart.title,
        "x_label": chart.x_label,
        "y_label": chart.y_label,
        "series": [{"name": s.name, "x": s.x, "y": s.y} for s in chart.series if len(s.x) > 1],
    }
