"""Gradients: the gradient's norm by depth, plain against residual, and its direction."""

from functools import partial

import streamlit as st

from pages.ui.frame import requested

spec = requested()

from analysis.machine.jobs import Job
from pages.ui.charts import chart_buttons, show_chart
from pages.ui.downloads import export_popover, file_button
from pages.ui.jobs import follow, is_over, job_of, say_why, warm_up
from pages.views.experiments import Experiment, experiment_of
from pages.views.gradients import (
    asked,
    choose_models,
    choose_quantity,
    choose_settings,
    latest_run,
    measure_button,
    remember,
    say_if_another,
    show_background,
    show_presets,
)

warm_up()
head, top, export = st.columns([5, 3, 1.6], vertical_alignment="bottom")
head.title("Gradients")
quantity = choose_quantity(top)
experiment = experiment_of(quantity)
st.markdown(experiment.intro)
story, place = st.container(), st.container()
job = job_of(experiment.key)
if job is None and latest_run(experiment) is None:  # first, or what is below it would move
    place.caption("No measurements yet: pick one of the seven above, or press Measure below.")
settings = choose_settings(quantity)
with story:
    show_presets(settings)
models = choose_models(spec, quantity)
running = job is not None and not is_over(job)
measure_button(experiment, models, settings, running)


def show(job: Job, experiment: Experiment) -> None:
    """The chart of what there is so far."""
    if job.results:
        chart = experiment.chart(job.results, asked(experiment))
        show_chart(chart, f"{experiment.key}_live", 520)


if job is not None and running:
    with place:
        follow(experiment.key, job, partial(show, experiment=experiment))
    st.stop()
if job is not None:
    remember(experiment, job)
    with place:
        say_why(job, lambda: "take a smaller batch")
run = latest_run(experiment)
if run is not None:
    chart = experiment.chart(experiment.found(run), run.settings)
    with place:
        say_if_another(run, models, settings)
        show_chart(chart, experiment.key, 520)
        experiment.show_verdict(run)
    with export, export_popover():
        file_button("CSV", f"{experiment.key}.csv", partial(experiment.csv, run))
        file_button("JSON", f"{experiment.key}.json", partial(experiment.json, run))
        chart_buttons(chart, experiment.key)
show_background()
