"""Gradients: the norm and the direction of the gradient by depth, plain against residual."""

from dataclasses import replace
from functools import partial

import streamlit as st

from pages.ui.frame import requested

spec = requested()

from analysis.charts.chart import over
from analysis.machine.jobs import Job
from analysis.style.language import translate
from pages.ui import lecture
from pages.ui.charts import reserve_strip, show_awaited, show_chart
from pages.ui.ending import end_page
from pages.ui.jobs import follow, is_over, job_of, say_why, show_share, warm_up
from pages.ui.wall import aside, end_of_wall, fold, note_title, on_wall, said, say_empty
from pages.ui.words import unbroken
from pages.views.experiments import Experiment, experiment_of, export_run
from pages.views.gradients import (
    asked,
    chart_place,
    choose_models,
    choose_quantity,
    choose_settings,
    known_run,
    known_to_job,
    latest_run,
    measure_button,
    measured,
    pressed_preset,
    remember,
    say_if_another,
    say_whence,
    show_background,
    show_presets,
    titled_on_wall,
)

warm_up()
with aside("head"):
    head, top, export = st.columns([5, 3, 1.6], vertical_alignment="bottom")
head.title(translate("Gradients"))
quantity = choose_quantity(top)
experiment = experiment_of(quantity)
strip = reserve_strip()
place = chart_place(experiment, spec, quantity)
job = job_of(experiment.key)
running = job is not None and not is_over(job)
if job is not None and not running:
    remember(experiment, job)
with aside("settings"):
    st.header("What to measure")
    st.markdown(experiment.intro)
    with fold("fields"):
        settings = choose_settings(quantity)
        models = choose_models(spec, quantity)
        known = known_run(experiment, models, settings) if models and settings else None
        can_measure = measure_button(experiment, models, settings, running, known is not None)
run = known or latest_run(experiment)
preset = pressed_preset(experiment, running, run)
with strip.container():
    show_presets(settings, preset)


def show(job: Job, experiment: Experiment) -> None:
    """Draw the curves measured so far, over those of a known run."""
    draw = partial(experiment.drawn, with_theory=not on_wall())
    chart = draw(job.results, asked(experiment)) if job.results else None
    if (before := known_to_job(experiment)) is not None:
        known = draw(experiment.found(before), before.settings)
        chart = known if chart is None else over(chart, known)
    if chart is not None:
        st.markdown(unbroken(f"**{chart.title}**"))
        show_chart(chart, f"{experiment.key}_live", None)
    elif on_wall():
        st.markdown("&nbsp;")
        show_awaited(f"{experiment.key}_live")
    with said(experiment.key):
        show_share(*measured(experiment, job))


if job is not None and running:
    with place:
        follow(experiment.key, job, partial(show, experiment=experiment))
    end_page()
if job is not None:
    with place:
        say_why(job, lambda: "take a smaller batch")
if run is None:
    settle = "" if on_wall() else ", or change the settings below"
    way = ", or press Measure" if can_measure else settle
    if on_wall():
        note_title(named := titled_on_wall(experiment.heading, models, None))
        place.markdown(unbroken(f"**{named}**"))
    picked = lecture.to_press("a preset", "pick")
    say_empty(f"No measurements with these settings yet. {picked}{way}.", place)
else:
    chart = experiment.titled(run, with_theory=not on_wall())
    with place:
        say_if_another(run, models, settings)
        note_title(named := titled_on_wall(chart.title, run.specs, preset))
        title = named if on_wall() else chart.title
        st.markdown(unbroken(f"**{title}**"))
        show_chart(replace(chart, note="") if on_wall() else chart, experiment.key, None)
        with said(experiment.key):
            for told in experiment.verdict(run)[:1]:
                lecture.sentence(told)
            if experiment.on_curves:
                lecture.sentence(experiment.on_curves(run))
            say_whence(run, chart)
        end_of_wall()
        experiment.show_verdict(run, chart)
    with export:
        export_run(experiment, run, chart)
end_of_wall()
show_background()
