"""What this visit has measured of a network, for other pages to show."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from analysis.heat import Heat
from nets import ResNetSpec

TIMINGS = "timings"
GRADIENTS = "gradient_runs"


def measured_heats(spec: ResNetSpec) -> dict[str, tuple[str, Callable[[], Heat]]]:
    """What was measured of a network, the latest of each kind, by name: its words and itself."""
    heats: dict[str, tuple[str, Callable[[], Heat]]] = {}
    for timing in st.session_state.get(TIMINGS, []):
        if timing.model == str(spec):
            from analysis.render.timing_charts import time_heat

            heats["forward"] = "forward time", partial(time_heat, timing, "forward")
            if timing.backward_ms:
                heats["backward"] = "backward time", partial(time_heat, timing, "backward")
    for run in st.session_state.get(GRADIENTS, []):
        if own := [curve for curve in run.curves if curve.model == str(spec)]:
            from analysis.heat import gradient_heat

            heats["gradient"] = "gradient norm", partial(gradient_heat, own)
    return heats


def measured_ms(batch: int) -> dict[str, float]:
    """The latest measured training iteration at a batch, in float32, by model."""
    return {
        timing.model: timing.step_ms.p50
        for timing in st.session_state.get(TIMINGS, [])
        if timing.step_ms and timing.settings.batch == batch and timing.settings.dtype == "float32"
    }
