"""Sweeps: what a sweep has found so far, as a chart grouped by seed and as a table."""

import streamlit as st

from pages.ui.frame import ready

ready()

from analysis.style.language import translate
from pages.ui.wall import aside, end_of_wall, fold
from pages.views.sweeps import (
    choose_sweep,
    choose_view,
    export_sweep,
    say_how,
    show_failed,
    show_progress,
    show_sweep,
    show_table,
)

with aside("head"):
    head, export = st.columns([8, 1.6], vertical_alignment="center")
head.title(translate("Sweeps"))
aside("intro").markdown(
    "Plot any figure of a sweep against any axis, with its range over the seeds."
)
top, place = fold("top", "Sweep and axes"), st.container()
with top:
    first, *others = st.columns([1.5, 1.5, 1.7, 1.2], vertical_alignment="bottom")
    second = st.container()
chosen = choose_sweep(first)
view = choose_view(chosen.contents, others, second)
drawn = None
with place:
    if view:
        drawn = show_sweep(chosen, view)
    else:
        show_progress(chosen)
end_of_wall()
if view and drawn:
    say_how(chosen.contents, view, drawn)
    show_table(view)
    with export:
        export_sweep(chosen.contents, view, drawn)
show_failed(chosen.contents)
