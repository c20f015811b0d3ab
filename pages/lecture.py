"""Lecture: the story of ResNet as steps, each of them a page of the app, and exercises."""

import streamlit as st

from pages.ui.frame import requested

requested()

from pages.ui.fields import tabs
from pages.ui.wall import heading
from pages.views.exercises import show_exercises
from pages.views.lecture import show_mine, show_story

top = st.container()
with st.container(key="lecture_tabs"):
    shown = tabs(
        {"story": "Story", "mine": "My lecture", "exercises": "What is wrong here?"},
        key="lecture_shown",
        settings={"exercises": ("exercise", "exercise_step")},
    )
if shown == "exercises":
    show_exercises(top)
else:
    with top:
        heading("Lecture")
    if shown == "mine":
        show_mine()
    else:
        show_story()
