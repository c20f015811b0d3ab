"""Measurements of a network in this session and on this server, for other pages to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from analysis.drawing.heat import Heat
from analysis.results.known import measured_here
from analysis.style.stamps import device_words
from nets import ResNetSpec
from nets.options import number_of

if TYPE_CHECKING:
    from analysis.choice.compare import Speed
    from analysis.timing.measure import Timing
    from analysis.timing.predict import Predictor
    from analysis.training.runs import Run

TIMINGS = "timings"
GRADIENTS = "gradient_runs"
TRAININGS = "training_runs"


def measured_heats(spec: ResNetSpec) -> dict[str, tuple[str, Callable[[], Heat]]]:
    """Return the latest measurement of each kind, by name: its label and what makes its heat."""
    heats: dict[str, tuple[str, Callable[[], Heat]]] = {}
    for timing in timings(model=str(spec)):
        from analysis.timing.charts import time_heat

        heats["forward"] = "forward time", partial(time_heat, timing, "forward")
        if timing.backward_ms:
            heats["backward"] = "backward time", partial(time_heat, timing, "backward")
    for run in st.session_state.get(GRADIENTS, []):
        if own := [curve for curve in run.curves if curve.model == str(spec)]:
            from analysis.gradients.charts import gradient_heat
            from analysis.gradients.report import means_in_words, measured_at

            how = means_in_words(run), measured_at(run)
            heats["gradient"] = "gradient norm", partial(gradient_heat, own, *how)
    return heats


def timings(**asked: object) -> list[Timing]:
    """Return this server's timings of a question, followed by this session's.

    Args:
        asked: what they were asked, such as `model`, as a result's file has it.
    """
    visit: list[Timing] = st.session_state.get(TIMINGS, [])
    visit = [one for one in visit if asked.items() <= _question(one).items()]
    results = [one for one in measured_here("time") if asked.items() <= one.asked.items()]
    if not results:
        return visit
    from analysis.timing.results import timing_of

    known = {(timing.model, timing.environment.date) for timing in visit}
    found = []
    for result in results:
        with suppress(ValueError):  # this machine no longer has the result's device
            timing = timing_of(result)
            if (timing.model, timing.environment.date) not in known:
                found.append(timing)
    return [*found, *visit]


def _question(timing: Timing) -> dict[str, object]:
    from analysis.timing.results import asked_of

    return asked_of(timing.model, timing.settings, timing.threads)


@dataclass(frozen=True)
class MeasuredStep:
    """A training step measured on this server.

    Attributes:
        model: the model's text.
        ms: the median on the Timing page, or the mean of a training run.
        peak_bytes: the peak counted by torch's allocator, or None if it counts none.
        how: the conditions in words; steps are comparable if these are equal.
        date: when it was measured, in UTC.
    """

    model: str
    ms: float
    peak_bytes: int | None
    how: str
    date: str


def comparable(batch: int, dtype: str = "float32") -> list[MeasuredStep]:
    """Return comparable training steps at a batch and dtype.

    All were measured like the latest one: with the same device, threads, memory format and
    compiler, and either all on the Timing page or all in training runs, which also read images.
    """
    found = sorted([*_timed(batch, dtype), *_trained(batch, dtype)], key=lambda step: step.date)
    return [step for step in found if step.how == found[-1].how]


def own_speed() -> Speed | None:
    """Return this server's images per second in inference, all measured like the latest; or None.

    A network's own latest timing counts.
    """
    found = sorted(timings(inference=True), key=lambda timing: timing.environment.date)
    if not found:
        return None
    from analysis.choice.compare import Speed
    from analysis.timing.report import conditions, stamp
    from nets import parse

    latest = found[-1]
    how = conditions(latest)
    rates = {parse(one.model): one.images_per_s for one in found if conditions(one) == how}
    return Speed(
        name="own",
        figure="images/s, measured here",
        how=f"Measured on this server: {how}. {stamp(latest)}.",
        rates=tuple(rates.items()),
    )


def predictor(batch: int, dtype: str = "float32") -> Predictor | None:
    """Return what predicts a training step of networks that weren't timed, if any was timed.

    It rests on the comparable steps, if they were timed on the Timing page.
    """
    if not (steps := comparable(batch, dtype)):
        return None
    from analysis.timing.predict import predictor_of
    from analysis.timing.report import conditions

    found = [one for one in timings(batch=batch, dtype=dtype) if one.step_ms and one.optimiser_ms]
    found.sort(key=lambda timing: timing.environment.date)
    latest = {one.model: one for one in found if conditions(one) == steps[-1].how}
    return predictor_of(list(latest.values()))


def _timed(batch: int, dtype: str) -> Iterator[MeasuredStep]:
    for timing in timings(batch=batch, dtype=dtype):
        if timing.step_ms and timing.optimiser_ms:
            from analysis.timing.report import conditions

            where, peak = timing.environment.date, timing.peak_memory_bytes
            how = conditions(timing)
            yield MeasuredStep(timing.model, timing.step_ms.p50, peak, how, where)


def _trained(batch: int, dtype: str) -> Iterator[MeasuredStep]:
    kept: dict[str, Run] = st.session_state.get(TRAININGS, {})
    for run in kept.values():
        task = run.task
        if (task.recipe.batch, task.recipe.precision) == (batch, dtype) and run.environment:
            device = device_words(task.device)
            how = f"in training runs, images read, batch {batch:,}, {dtype} on {device}"
            how += ", channels last" if task.recipe.channels_last else ""
            how += f", {task.recipe.optimiser}, {number_of(task.threads or 1, 'thread')}"
            date, peak = run.environment.date, run.peak_memory_bytes
            yield MeasuredStep(run.model, run.step_ms, peak, how, date)


def measured_ms(batch: int, dtype: str = "float32") -> dict[str, float]:
    """Return each model's latest comparable training step in ms."""
    return {step.model: step.ms for step in comparable(batch, dtype)}
