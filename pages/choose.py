"""Choose: the networks that fit a task and budgets, and the deepest of each family."""

import streamlit as st

from pages.ui.frame import ready

ready()

from analysis.choice.charts import fits_in_words, front_in_brief
from analysis.style.language import translate
from pages.ui import lecture
from pages.ui.comparisons import choice_of
from pages.ui.ending import end_page
from pages.ui.jobs import warm_up
from pages.ui.markup import verdict
from pages.ui.wall import aside, fold, heading, note_title, on_wall, say_folded
from pages.ui.words import complain, hint, unbroken
from pages.views.choose import (
    VIEWS,
    choose_front,
    choose_settings,
    choose_view,
    export_choice,
    front_charts,
    front_of,
    show_deepest,
    show_fits,
    show_real_step,
    show_table_on_wall,
)

warm_up()
export = aside("beside") if on_wall() else heading(translate("Choose"))
aside("intro").markdown("Pick a task and your budgets to see which networks fit.")
with fold("settings", "Task and budgets"):
    task, asked = choose_settings()
if task is None or asked is None:
    end_page()
try:
    with st.spinner("Searching every family's depths"):
        choice = choice_of(task, asked)
except ValueError as error:
    complain(str(error))
    end_page()
if said := choice.limits_in_words:
    say_folded(said)
if asked.untimed:
    hint(asked.untimed)
place = st.container()
row = aside("view") if on_wall() else st.container(horizontal=True, vertical_alignment="bottom")
view = choose_view(choice, row)
front = front_of(choice, choose_front(choice, row) if view == "front" else "")
if on_wall() and view == "front":
    charts = front_charts(choice, front, shown=False)
    st.title(unbroken(charts[0][0].title))
    front_charts(choice, front, shown=True)
    lecture.sentence(fits_in_words(choice, front))
    end_page()
if on_wall():
    if view:
        show_table_on_wall(choice, view)
    else:
        st.title(translate("Choose"))
    told = f"{choice.sentence} {choice.limits_in_words}"
    st.markdown(unbroken(fits_in_words(choice, None) if view == "fits" else told))
    end_page()
place.html(verdict(front_in_brief(choice, front) if view == "front" and front else choice.sentence))
if view == "fits":
    show_fits(choice, asked.predictor)
elif view == "deepest":
    show_deepest(choice)
    show_real_step(choice)
charts = front_charts(choice, front, shown=view == "front")
if view:
    note_title(charts[0][0].title if view == "front" else VIEWS[view])
with export:
    export_choice(choice, charts)
