"""Choose: the networks that fit a task and budgets, and the deepest of each family."""

import streamlit as st

from pages.ui.frame import requested

requested()

from analysis.choice.charts import fits_in_words
from analysis.style.language import translate
from pages.ui.address import held
from pages.ui.comparisons import choice_of
from pages.ui.ending import end_page
from pages.ui.jobs import warm_up
from pages.ui.markup import verdict
from pages.ui.wall import aside, fold, heading, on_wall
from pages.ui.words import complain, hint, unbroken
from pages.views.choose import (
    choose_budgets,
    choose_front,
    choose_task,
    choose_view,
    export_choice,
    front_charts,
    front_of,
    show_deepest,
    show_deepest_on_wall,
    show_fits,
    show_real_step,
)

warm_up()
export = aside("beside") if on_wall() else heading(translate("Choose"))
aside("intro").markdown("Pick a task and your budgets to see which networks fit.")
with fold("settings", "Task and budgets"):
    task = choose_task()
    asked = choose_budgets()
if task is None or asked is None:
    end_page()
try:
    with st.spinner("Searching every family's depths"):
        choice = choice_of(task, asked)
except ValueError as error:
    complain(str(error))
    end_page()
if asked.untimed:
    hint(asked.untimed)
if on_wall() and choice.deepest and held("choose_shown") == "deepest":
    show_deepest_on_wall(choice)
    st.markdown(unbroken(choice.sentence))
    end_page()
if on_wall():
    front = front_of(choice, choose_front(choice) if choice.fronts else "")
    charts = front_charts(choice, front, shown=False)
    st.title(unbroken(charts[0][0].title if charts else translate("Choose")))
    front_charts(choice, front, shown=True)
    st.markdown(unbroken(fits_in_words(choice, front)))
    end_page()
st.html(verdict(choice.sentence))
view, asked_front = choose_view(choice), ""
if view == "fits":
    show_fits(choice, asked.predictor)
elif view == "deepest":
    show_deepest(choice)
    show_real_step(choice)
elif view == "front":
    asked_front = choose_front(choice)
charts = front_charts(choice, front_of(choice, asked_front), shown=view == "front")
with export:
    export_choice(choice, charts)
