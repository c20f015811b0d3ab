"""Lesions: take blocks out of a trained network and see what that costs."""

from functools import partial

import streamlit as st

from pages.ui.frame import ready

ready()

from analysis.lesions.report import lesions_of
from analysis.style.language import translate
from pages.ui import lecture
from pages.ui.address import held
from pages.ui.ending import end_page
from pages.ui.jobs import follow, is_over, job_of, say_why, warm_up
from pages.ui.wall import aside, fold, heading, on_wall
from pages.views.inside import (
    say_whole,
    show_blocks,
    show_blocks_on_wall,
    show_seen,
    show_seen_on_wall,
)
from pages.views.lesions import (
    choose_patients,
    chosen_out,
    show_on_wall,
    show_patients,
    show_pictures,
    take,
)
from pages.views.opened import block_studies, choose_picture, sights
from pages.views.studies import (
    KEY,
    SHOWN,
    TRAINING,
    VIEW,
    choose_shown,
    export_studies,
    remember,
    run_study,
    show_damage,
    show_damage_on_wall,
    show_live,
    show_training,
    studies_of,
    study_button,
    take_trained,
    train_button,
)

warm_up()
on_the_wall = SHOWN.get(held(VIEW), "Lesions") if on_wall() else "Lesions"
export = heading(translate(on_the_wall))
aside("intro").markdown(
    "Select a block to take it out of the trained network; select it again to put it back."
)
top, below, work = fold("top", "Networks and images"), aside("below"), st.container()
training, job = job_of(TRAINING), job_of(KEY)
is_new = training is not None and is_over(training) and take_trained(training)
patients = choose_patients(top, below)
if is_new and patients:
    run_study(patients)
    job = job_of(KEY)
if not patients:
    end_page()
if job is not None and is_over(job):
    remember(job)
results = studies_of(patients)
studies = [lesions_of(result) for result in results]
out = chosen_out(patients)
if on_wall():
    with aside("views"):
        shown = choose_shown()
        seen = sights(patients[:1], choose_picture(patients), out) if shown == "sees" else []
        blocks = block_studies(patients)[0] if shown == "does" else []
    compares = len(studies) > 1 and lecture.tells()  # the graph would show only one of them
    if shown == "single" and compares:
        show_damage_on_wall(shown, studies, results, out, patients[0].images.name)
    elif shown == "single":
        show_on_wall(patients, out, results)
    elif shown == "does":
        show_blocks_on_wall(blocks, patients[0].images.name)
        say_whole(out)
    elif shown == "sees":
        show_seen_on_wall(seen)
    else:
        show_damage_on_wall(shown, studies, results, out, patients[0].images.name)
    end_page()
answers = show_patients(patients, out, studies)
one, two, three, _ = st.columns([1.3, 1.5, 1.7, 3])
one.button("Put all back", disabled=not out, on_click=take, args=("",), width="stretch")
running = any(each is not None and not is_over(each) for each in (training, job))
with two:
    study_button(patients, results, running)
with three:
    train_button(running)
with work:
    for each, key, show in (
        (training, TRAINING, show_training),
        (job, KEY, partial(show_live, patients=patients, before=studies)),
    ):
        if each is not None and not is_over(each):
            follow(key, each, show)
        elif each is not None:
            say_why(each, lambda: "take fewer images")
show_pictures(patients, answers)
shown = choose_shown()
if shown == "does":
    show_blocks(*block_studies(patients), patients[0].images.name)
    say_whole(out)
elif shown == "sees":
    if found := sights(patients, choose_picture(patients), out):
        show_seen(found)
else:
    st.header(SHOWN[shown])
    show_damage(shown, studies, results, out)
if studies:
    with export:
        export_studies(studies, results, out, patients[0].images.name)
