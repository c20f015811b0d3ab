"""What is wrong here? An exercise, its hint, and its answer with what a check measures."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.chart import Chart
from analysis.charts.names import in_legend
from analysis.charts.screen import HEIGHT_PX
from analysis.lecture.exercises.catalog import EXERCISES, exercise_of
from analysis.lecture.exercises.report import Step
from analysis.lecture.exercises.values import Code, Drawing, Exercise, Finding, Plot
from analysis.style.language import marked, translate
from analysis.style.look import Look
from pages.ui.address import hold
from pages.ui.charts import chart_picture, show_chart
from pages.ui.exports import export
from pages.ui.fields import segments, select
from pages.ui.markup import numbered_code, picture, table, verdict
from pages.ui.theme import palette
from pages.ui.wall import aside, heading, on_wall
from pages.ui.words import escaped, unbroken

SHOWN = "lecture_shown"
"""The parameter of the page's open tab."""

_EXERCISE, _STEP = "exercise", "exercise_step"  # keys in the address

_STEPS = {
    Step.QUESTION: marked("Question"),
    Step.HINT: marked("Hint"),
    Step.ANSWER: marked("Answer"),
}

_FIGURE_PX = 380  # width of a chart beside a table

finding_of = lru_cache(64)(Exercise.check)
"""What a check finds: it is the same each time, and texts in another language are another key."""


def show_exercises(top: DeltaGenerator) -> None:
    """Show the chosen exercise as far as the chosen step tells it; both are in the address.

    Args:
        top: the place of the page's title.
    """
    exercise = _choose(top)
    with st.container(key="exercise_strip", horizontal=True, gap="small"):
        step = _steps(exercise)
    if on_wall():
        _show_on_wall(exercise, step)
        return
    st.markdown(exercise.task)
    _shown(exercise)
    if step is not Step.QUESTION:
        st.markdown(translate("**Hint.** {hint}", hint=exercise.hint))
    if step is Step.ANSWER:
        st.markdown(translate("**Answer.** {answer}", answer=exercise.answer))
        found = finding_of(exercise)
        st.html(verdict(found.says))
        if isinstance(found.picture, Plot):
            left, right = st.columns(2, gap="large")
            with left:
                _figures(found)
            with right:
                _plot(found.picture.chart(), f"finding_{exercise.key}", _FIGURE_PX)
        else:
            _figures(found)
        if isinstance(found.picture, Drawing):
            drawn = found.picture
            st.html(picture(drawn.draw(Look(palette())), drawn.alt))
        _export(exercise, found.picture)
        link = f"[{escaped(exercise.source.says)}]({exercise.source.url})"
        st.markdown(translate("Source: {link}.", link=link))
        if isinstance(exercise.shown, Code):  # a figure has it below
            _say_how(exercise.source.how)
        _say_how(exercise.source.also)


def _show_on_wall(exercise: Exercise, step: Step) -> None:
    """Show one step: the answer takes the place of the code, a chart that of the figures.

    Of the code, the lines with the mistake remain. A chart is beside them and the answer, so that
    it is tall; without one of the answer, it is the figure with the mistake.
    """
    with st.container(key="exercise_told"):
        told = {
            Step.QUESTION: exercise.task,
            Step.HINT: exercise.hint,
            Step.ANSWER: exercise.answer,
        }
        if step is not Step.ANSWER:
            st.markdown(told[step])
            _shown(exercise)
            return
        found = finding_of(exercise)
        left, right = st.container(), st.container()
        chart = _chart_of_answer(exercise, found)
        if chart is not None:
            left, right = st.columns(2, gap="medium")
        with left:
            if isinstance(exercise.shown, Code):
                with st.container(key="mistake", gap=None):
                    st.markdown(translate("The mistake is here:"))
                    st.code(exercise.shown.mistake, exercise.shown.language, wrap_lines=True)
            st.markdown(told[step])
            st.html(verdict(found.says))
        with right:
            if chart is not None:  # half the wall has no room for names
                _plot(in_legend(chart), f"finding_{exercise.key}", None)
            else:  # in a chart's place, a drawing's text would be too small
                _figures(found)
        _say_how(exercise.source.how, exercise.source.also)


def _chart_of_answer(exercise: Exercise, found: Finding) -> Chart | None:
    """Return the chart beside an answer on the wall: its own, or the figure with the mistake."""
    if isinstance(found.picture, Plot):
        return found.picture.chart()
    if isinstance(exercise.shown, Plot):  # its title may be the mistake
        return replace(exercise.shown.chart(), title=translate("The article's figure"))
    return None


def _choose(top: DeltaGenerator) -> Exercise:
    """Draw the choice of an exercise; on the wall its title is the page's."""
    titles = {
        key: f"{number}. {translate(exercise.title)}"
        for number, (key, exercise) in enumerate(EXERCISES.items(), 1)
    }
    with aside("exercises"):
        key = select(
            translate("Exercise"),
            titles,
            next(iter(titles)),
            key=_EXERCISE,
            resets=(_STEP,),
            width=480,
        )
    with top:
        heading(titles[key] if on_wall() else translate("Lecture"))
    return exercise_of(key)


def _steps(exercise: Exercise) -> Step:
    """Draw the buttons to the previous and next exercise, and the steps of this one."""
    keys = list(EXERCISES)
    place = keys.index(exercise.key)
    for name, label, icon, by in (
        ("previous", translate("Previous"), "arrow_back", -1),
        ("next", translate("Next"), "arrow_forward", 1),
    ):
        st.button(
            label,
            key=f"exercise_{name}",
            icon=f":material/{icon}:",
            disabled=not 0 <= place + by < len(keys),
            on_click=_go,
            args=(keys[(place + by) % len(keys)],),
        )
    steps = {step: translate(label) for step, label in _STEPS.items()}
    label = translate("Show")
    step = segments(label, steps, Step.QUESTION, key=_STEP, label_visibility="collapsed")
    if on_wall():  # no room for the page's tabs
        st.button(
            translate("Lecture"),
            key="exercise_leave",
            type="tertiary",
            icon=":material/toc:",
            on_click=hold,
            args=(SHOWN, "story"),
        )
    return Step(step)


def _go(key: str) -> None:
    """Open another exercise at its first step."""
    hold(_EXERCISE, "" if key == next(iter(EXERCISES)) else key)
    hold(_STEP, "")


def _shown(exercise: Exercise) -> None:
    """Show the code or the figure with the mistake."""
    if isinstance(exercise.shown, Code):
        with st.container(key="exercise_code"):
            st.code(exercise.code, exercise.shown.language, line_numbers=True, wrap_lines=True)
            if not on_wall():
                st.html(numbered_code(exercise.code))
        return
    _plot(exercise.shown.chart(), f"exercise_{exercise.key}", HEIGHT_PX)
    _say_how(exercise.source.how)


def _say_how(*hows: str) -> None:
    """Say how figures were measured, such as that they are recorded."""
    if said := " ".join(translate("{how}.", how=how) for how in hows if how):
        st.caption(unbroken(said))


def _export(exercise: Exercise, picture: object) -> None:
    """Draw the export dialog for the charts of an answer, if it has any."""
    charts = {"exercise": exercise.shown, "finding": picture}
    pictures = [
        chart_picture(plot.chart(), key, file=f"{key}-{exercise.key}")
        for key, plot in charts.items()
        if isinstance(plot, Plot)
    ]
    if pictures:
        with st.container(width="content"):
            export("exercise", pictures)


def _figures(found: Finding) -> None:
    """Show the figures as a table; some are texts, so all are set as such."""
    rows = [(line.label, line.text) for line in found.lines]
    head = translate("What the check measures"), translate("Found")
    st.html(table(translate("Measured"), head, rows, 2))


def _plot(chart: Chart, key: str, height: int | None) -> None:
    """Draw a chart under its title, as an article prints it."""
    st.markdown(unbroken(f"**{chart.title}**"))
    show_chart(chart, key, height)
