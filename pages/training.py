"""Training: plain and residual networks side by side, or one network with any recipe."""

from functools import partial

import streamlit as st

from pages.ui import lecture
from pages.ui.frame import requested

spec = requested()

from analysis.style.language import counted, translate
from analysis.training.charts import Shown, training_chart
from analysis.training.ladders import COMPARISONS
from nets.names import title
from pages.ui.charts import show_chart
from pages.ui.ending import end_page
from pages.ui.exports import section
from pages.ui.jobs import follow, is_over, job_of, say_why, warm_up
from pages.ui.wall import aside, end_of_wall, fold, heading, on_wall, rename, say_empty, unfolded
from pages.ui.words import complain
from pages.views.runs import (
    answered,
    choose_run,
    choose_shown,
    export_runs,
    live,
    remember,
    runs_of_visit,
    runs_table,
    show_figures,
    show_live,
    show_paper,
    show_runs,
)
from pages.views.trained import show_trained
from pages.views.training import KEY, ONE, choose_mode, choose_request, choose_specs, fields_row

warm_up()
export = heading(translate("Training"))
with fold("mode", "What to train"):
    mode, plot = choose_mode()
if on_wall() and mode == ONE:
    rename(translate("Training {model}", model=title(spec)))
aside("intro").markdown(
    "Do deeper plain networks train worse? Train plain and residual networks of several depths "
    "side by side. To train the model in the sidebar, choose Train one."
    if mode != ONE
    else "Train the model in the sidebar with a recipe, then test it."
)
top, place, below, more = fold("top"), st.container(), aside("below"), st.container()
job = job_of(KEY)
running = job is not None and not is_over(job)
if job is not None and not running:
    remember(live(job))
wrong: list[str] = []
with top:
    row = fields_row(mode)
offers = unfolded("offers", top)
with below:
    specs = choose_specs(mode, row[0], spec, wrong.append)
    request = choose_request(mode, specs, row, offers, running, wrong.append)
with top:
    for reason in wrong:
        complain(reason)
runs = answered(request.tasks if request else ())
shown = choose_shown(plot) if runs or running else Shown.TRAIN_LOSS
if job is not None and running:
    with place:
        follow(KEY, job, partial(show_live, shown=shown))
    end_page()
if job is not None:
    with place:
        say_why(job, lambda: "take a smaller batch")
with place:
    if runs:
        if request and len(runs) < len(request.tasks):
            asked = counted(len(request.tasks), "{number} run", "{number} runs")
            st.caption(translate("{count} of {runs} so far.", count=len(runs), runs=asked))
        show_runs(runs, shown, COMPARISONS[mode].remark if mode in COMPARISONS else "")
    elif request:
        say_empty(f"No runs with these settings yet. {lecture.to_press('Train')}.")
end_of_wall()
if runs and request:
    with more:
        if mode == ONE:
            one = choose_run(runs)
            show_figures(one)
            show_trained(one, request.images)
    with export:
        export_runs("training", runs, shown, with_ladder=mode != ONE)
if every := runs_of_visit():
    with section("Runs in this session"):
        export_runs("runs", every, what="runs")
    if len(every) > len(runs):
        show_chart(training_chart(every), "runs", 460)
    st.html(runs_table(every))
if mode != ONE:
    show_paper()
