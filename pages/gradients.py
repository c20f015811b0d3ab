"""Gradients: the gradient's norm by depth, plain against residual."""

from functools import partial

import streamlit as st

from pages.ui.frame import requested

spec = requested()

from analysis.gradients.charts import gradient_chart
from analysis.gradients.curves import Curve, Quantity
from analysis.gradients.report import gradients_csv, gradients_json
from pages.ui.charts import chart_buttons, show_chart
from pages.ui.downloads import export_popover, file_button
from pages.ui.jobs import follow, is_over, job_of, say_why, warm_up
from pages.views.gradients import (
    KEY,
    choose_models,
    choose_settings,
    latest_run,
    measure_button,
    remember,
    say_if_another,
    show_background,
    show_presets,
    show_verdict,
)

warm_up()
head, export = st.columns([8, 1.6], vertical_alignment="center")
head.title("Gradients")
st.markdown(
    "The norm of the loss's gradient at every block's output, at initialisation, in train mode: "
    "measured here, for every network and seed in one backward pass."
)
story, place = st.container(), st.container()
job = job_of(KEY)
if job is None and latest_run() is None:  # first, or what is below it would move
    place.caption("No measurements yet: pick one of the six above, or press Measure below.")
settings, quantity = choose_settings()
with story:
    show_presets(settings)
models = choose_models(spec)
running = job is not None and not is_over(job)
measure_button(models, settings, running)


def show(curves: tuple[Curve, ...], quantity: Quantity, key: str) -> None:
    """The chart of the curves that there are so far."""
    if curves:
        show_chart(gradient_chart(curves, quantity), key, 520)


if job is not None and running:
    with place:
        follow(KEY, job, lambda job: show(job.results, quantity, "gradients_live"))
    st.stop()
if job is not None:
    remember(job)
    with place:
        say_why(job, lambda: "take a smaller batch")
run = latest_run()
if run is not None:
    with place:
        say_if_another(run, models, settings)
        show(run.curves, quantity, "gradients")
        show_verdict(run, quantity)
    with export, export_popover():
        file_button("CSV", "gradients.csv", partial(gradients_csv, run))
        file_button("JSON", "gradients.json", partial(gradients_json, run))
        chart_buttons(gradient_chart(run.curves, quantity), "gradients")
show_background()
