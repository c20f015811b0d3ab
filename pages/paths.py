"""Paths: the lengths of the paths through a residual network, and which carry the gradient."""

from functools import partial

import streamlit as st

from pages.ui import lecture
from pages.ui.frame import requested

spec = requested()

from analysis.lesions.charts import network_of, paths_title
from analysis.lesions.report import paths_of
from analysis.style.language import translate
from pages.ui.jobs import follow, is_over, job_of, say_why, warm_up
from pages.ui.wall import aside, end_of_wall, fold, heading, rename, say_folded
from pages.ui.words import sentence
from pages.views.paths import (
    KEY,
    answer,
    choose_question,
    export_paths,
    measure_button,
    remember,
    say_source,
    show_live,
    show_paths,
    show_table,
)

warm_up()
export = heading(translate("Paths"))
aside("intro").markdown(
    "A signal can bypass each block through its shortcut, so n blocks make 2ⁿ paths through a "
    "network. Which of them carry the gradient?"
)
top, below, place = fold("top", "Network and images"), aside("below"), st.container()
question = choose_question(spec, top, below)
job = job_of(KEY)
running = job is not None and not is_over(job)
if job is not None and not running:
    remember(job)
result = answer(question) if question else None
with top:
    measure_button(question, result is not None, running)
found = paths_of(result) if result is not None else None
if job is not None and running:
    with place:
        follow(KEY, job, partial(show_live, question=question, before=found))
elif job is not None:
    with place:
        say_why(job, lambda: "take fewer images")
if found is not None and result is not None and question is not None:
    rename(paths_title(found))
    say_folded(sentence(network_of(found)))
    show_paths(found)
    say_source(found, result, question.of)
    end_of_wall()
    show_table(found)
    with export:
        export_paths(found, result, question.of)
elif question is not None and not running:
    st.caption(f"No measurements yet. {lecture.to_press('Measure')}.")
