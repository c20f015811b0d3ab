"""Timing: how long forward and backward take on this machine."""

import streamlit as st

from pages.ui.frame import checked, requested

spec = requested()

from analysis.machine.devices import accelerator
from analysis.style.language import translate
from analysis.timing.charts import comparison_chart
from analysis.timing.measure import Timing, measure_each
from nets.names import title
from pages.ui.cached import profile_of
from pages.ui.charts import show_chart
from pages.ui.ending import end_page
from pages.ui.exports import section
from pages.ui.jobs import follow, is_over, job_of, say_why, start, warm_up
from pages.ui.measured import TIMINGS
from pages.ui.picker import choose
from pages.ui.wall import action, aside, fold, heading, on_wall, rename
from pages.views.timing import (
    HEAVY,
    choose_settings,
    choose_view,
    device_note,
    export_timings,
    history_table,
    known_timings,
    memory_advice,
    remember,
    show_on_wall,
    show_progress,
    show_recorded,
    show_timing,
    show_trace,
    timed,
    timing_needs,
)

warm_up()
profile = checked(profile_of, spec)
heading(translate("Timing {model}", model=title(spec, timed())))
intro = aside("intro")
if accelerator() is None and profile.macs > HEAVY:
    aside("small").button(
        "Start small with ResNet-20",
        on_click=choose,
        args=("resnet20",),
        type="tertiary",
        icon=":material/speed:",
    )
with aside("view"):
    view = choose_view()
about = (
    "How close each stage's forward pass comes to the machine's peak and memory bandwidth."
    if view == "roofline"
    else "Forward and backward time on this machine: the median and the 10th and 90th percentiles, "
    "after warm-up."
)
intro.markdown(f"{about} {device_note()}")
with fold("settings"):
    settings = choose_settings(spec, forward_only=view == "roofline")
if view == "roofline":
    rename(translate("Roofline of {model}", model=title(spec)))
    from pages.views.roofline import show_roofline

    show_roofline(spec, settings)
    end_page()
job = job_of("timing")
running = job is not None and not is_over(job)
if job is not None and not running:
    remember(job)
history: list[Timing] = st.session_state.get(TIMINGS, [])
before = [] if running else known_timings(spec, settings)
action().button(
    "Measure",
    type="secondary" if history or before else "primary",
    icon=":material/timer:",
    disabled=not settings or running,
    on_click=start,
    args=("timing", measure_each, spec, settings, True),  # measure energy, too
    kwargs={
        "seconds": sum(one.seconds for one in settings) + 180,
        "needs": timing_needs(settings),
    },
)
if not on_wall():
    show_trace(spec, settings, running)
if job is not None and running:
    follow("timing", job, show_progress)
elif job is not None:
    say_why(job, lambda: memory_advice(spec, settings))

if on_wall():
    if not running:
        show_on_wall(spec, settings, history, before)
    end_page()
if history and not running:
    st.header("Latest")
    show_timing(history[-1])
elif before:
    st.header("Measured before on this server")
    for timing in before:
        show_timing(timing)
elif job is None:
    st.caption("No measurements yet. Warm-up iterations are excluded.")
if history:
    chart = comparison_chart(history[-8:])
    with section("Timings in this session"):
        export_timings(history, chart)
    show_chart(chart, "history", 380)
    st.html(history_table(history))
    times = "forward time"
    if any(timing.backward_ms for timing in history):
        times += " or backward time"
    st.caption(
        f"To colour the graph on the Shortcuts page by these times, pick {times} under Colour by."
    )
show_recorded(spec, settings)
