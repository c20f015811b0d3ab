"""Exercises as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from functools import partial

from analysis.charts.chart import Chart
from analysis.lecture.exercises.values import Code, Exercise, Finding
from analysis.style.language import translate
from analysis.style.terminal import WIDTH, columns, wrapped


class Step(StrEnum):
    """How much of an exercise is revealed; each step includes those before it."""

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


def exercise_text(exercise: Exercise, step: Step, found: Finding | None, width: int = WIDTH) -> str:
    """Write an exercise for a terminal.

    Args:
        exercise: the exercise.
        step: how much of it to reveal.
        found: its check's finding, for the answer.
        width: the columns of the terminal.
    """
    fill = partial(wrapped, width=width)
    parts = [exercise.title, fill(exercise.task)]
    if isinstance(exercise.shown, Code):
        lines = exercise.code.splitlines()
        wide = len(str(len(lines)))
        parts.append("\n".join(f"{i:>{wide}}  {line}".rstrip() for i, line in enumerate(lines, 1)))
    else:
        parts.append(_chart_text(exercise.shown.chart()))
    if step is not Step.QUESTION:
        parts.append(fill(translate("Hint: {hint}", hint=exercise.hint)))
    if step is Step.ANSWER and found is not None:
        parts.append(fill(translate("Answer: {answer}", answer=exercise.answer)))
        wide = max(columns(line.label) for line in found.lines) + 2
        lines = []
        for line in found.lines:
            gap = " " * (wide - columns(line.label))
            text = wrapped(line.text, width - wide).replace("\n", "\n" + " " * wide)
            lines.append(line.label + gap + text)
        parts.append("\n".join(lines))
        parts.append(fill(found.says))
        source = translate("{place}. {url}", place=exercise.source.says, url=exercise.source.url)
        parts.append(fill(source))
        parts += [
            fill(translate("{how}.", how=how))
            for how in (exercise.source.how, exercise.source.also)
            if how
        ]
    return "\n\n".join(parts) + "\n"


def exercise_json(exercise: Exercise, step: Step, found: Finding | None) -> str:
    """Write an exercise as JSON, as far as `step` reveals it."""
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
