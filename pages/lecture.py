"""Lecture: the story of ResNet as steps, each of them a page of the app, and exercises."""

import streamlit as st

from pages.ui.frame import ready

ready()

from analysis.style.language import translate
from pages.ui.fields import tabs
from pages.ui.speech import choose_language
from pages.ui.wall import heading
from pages.views.exercises import SHOWN, show_exercises
from pages.views.lecture import show_mine, show_story

top = st.container()
with st.container(key="lecture_tabs", horizontal=True, horizontal_alignment="distribute"):
    views = {
        "story": translate("Story"),
        "mine": translate("My lecture"),
        "exercises": translate("What is wrong here?"),
    }
    shown = tabs(
        views,
        key=SHOWN,
        settings={"exercises": ("exercise", "exercise_step")},
    )
    choose_language()
if shown == "exercises":
    show_exercises(top)
else:
    with top:
        heading(translate("Lecture"))
    if shown == "mine":
        show_mine()
    else:
        show_story()
