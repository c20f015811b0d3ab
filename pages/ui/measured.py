"""What this visit has measured of a network, for other pages to show."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from analysis.drawing.heat import Heat
from nets import ResNetSpec

if TYPE_CHECKING:
    from analysis.timing.measure import Timing

TIMINGS = "timings"
GRADIENTS = "gradient_runs"
TRAININGS = "training_runs"


def measured_heats(spec: ResNetSpec) -> dict[str, tuple[str, Callable[[], Heat]]]:
    """What was measured of a network, the latest of each kind, by name: its words and itself."""
    heats: dict[str, tuple[str, Callable[[], Heat]]] = {}
    for timing in st.session_state.get(TIMINGS, []):
        if timing.model == str(spec):
            from analysis.timing.charts import time_heat

            heats["forward"] = "forward time", partial(time_heat, timing, "forward")
            if timing.backward_ms:
                heats["backward"] = "backward time", partial(time_heat, timing, "backward")
    for run in st.session_state.get(GRADIENTS, []):
        if own := [curve for curve in run.curves if curve.model == str(spec)]:
            from analysis.gradients.charts import gradient_heat

            heats["gradient"] = "gradient norm", partial(gradient_heat, own)
    return heats


def comparable(batch: int, dtype: str = "float32") -> list[Timing]:
    """This visit's timings of whole training steps at a batch in a type that compare.

    All were taken as the latest of them was: on its device, with its threads, layout and compiler.
    """
    found: list[Timing] = [
        timing
        for timing in st.session_state.get(TIMINGS, [])
        if timing.optimiser_ms and (timing.settings.batch, timing.settings.dtype) == (batch, dtype)
    ]
    return [timing for timing in found if _conditions(timing) == _conditions(found[-1])]


def _conditions(timing: Timing) -> tuple[object, ...]:
    how = timing.settings
    return how.device, how.tf32, how.channels_last, how.compile, timing.threads


def measured_ms(batch: int, dtype: str = "float32") -> dict[str, float]:
    """The latest measured training step of each model, of those that compare."""
    return {
        timing.model: timing.step_ms.p50 for timing in comparable(batch, dtype) if timing.step_ms
    }
