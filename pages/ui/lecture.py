"""The strip of a lecture above a page: the step's sentence, its question and its links.

A step is the page itself, wherever the address has `lecture` and `step`. Going from step to
step loads a new document in a new session, so the class's answers are in the address.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.lecture.lectures import lecture_of
from analysis.lecture.story import OF_THE_LECTURE, Lecture, Question, Step, link
from analysis.style.language import spoken, translate
from pages.ui.address import chosen, hold, is_as_linked
from pages.ui.speech import linked_language
from pages.ui.wall import View, on_wall
from pages.ui.words import escaped, unbroken, whole_names

LECTURE, STEP, ANSWERS = "lecture", "step", "answers"
"""The parameters: the lecture's name, the step's number from 1 on, a letter for each answer."""

SCRIPT = Path(__file__).with_name("lecture.js")
"""The script that listens for a presenter's keys; the server puts it into its documents too."""

_NONE, _SHOWN = "-", "0"  # not answered; revealed without an answer
_ANSWERS = re.compile(r"[-0-3]{0,60}")

_keys = st.components.v2.component("lecture", html="<i></i>", js=SCRIPT.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Place:
    """The place of a page in a lecture."""

    name: str
    lecture: Lecture
    number: int
    answers: str = ""

    @property
    def step(self) -> Step:
        """The step."""
        return self.lecture.steps[self.number - 1]

    @property
    def answer(self) -> str:
        """What the class said: 1 to 3, 0 for nothing, or - while the question waits."""
        return self.answers[self.number - 1 : self.number] or _NONE

    @property
    def waits(self) -> bool:
        """Whether the question comes before the page."""
        return self.step.question is not None and self.answer == _NONE

    def answered(self, answer: str) -> str:
        """Return all answers with this step's."""
        told = list(self.answers.ljust(self.number, _NONE))
        told[self.number - 1] = answer
        return "".join(told)

    def link(self, number: int) -> str:
        """Return the address of a step of this lecture."""
        view = View.WALL.value if on_wall() else ""
        return step_link(self.name, self.lecture, number, view, self.answers)


def step_link(name: str, lecture: Lecture, number: int, view: str = "", answers: str = "") -> str:
    """Return the address of a step, below the app's own, in the language that was chosen."""
    step, lang = lecture.steps[number - 1], linked_language()
    found = link(step, view=view, lang=lang, lecture=name, step=str(number), answers=answers)
    return found if found.partition("?")[0] else f"./{found}"


def place() -> Place | None:
    """Return the place of this page in a lecture, or None if it has none."""
    name = chosen(LECTURE, _named, "")
    if not name:
        return None
    lecture = lecture_of(name)
    number = chosen(STEP, lambda text: _number(text, len(lecture.steps)), 1)
    return Place(name, lecture, number, chosen(ANSWERS, _answers, ""))


def _named(text: str) -> str:
    lecture_of(text)
    return text


def _number(text: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise ValueError(f"{text!r} isn't a step")
    return int(text)


def _answers(text: str) -> str:
    if not _ANSWERS.fullmatch(text):
        raise ValueError(f"{text!r} aren't answers")
    return text


def show_strip(at: Place) -> DeltaGenerator:
    """Draw the strip; return the place of its sentence, which may need numbers of torch."""
    with st.container(key="lecture"):
        st.html(_head(at))
        sentence = st.empty()
        if at.waits and at.step.question is not None:
            _ask(at, at.step.question)
    with st.sidebar, st.container(key="hidden-lecture"):
        _keys(key="lecture_keys")
    if "torch" in sys.modules or at.waits:
        say(at, sentence)
    return sentence


def _head(at: Place) -> str:
    """Return the title, the number of the step and the links, as HTML."""
    count, step = len(at.lecture.steps), at.step
    links = [step_link(at.name, at.lecture, number) for number in range(1, count + 1)]
    data = escape(json.dumps({"name": at.name, "links": links}), quote=True)
    notes = ""
    if step.notes:
        told = escape(at.lecture.filled(step.notes)) if not at.waits else ""
        head = escape(translate("Notes"))
        notes = f"<details><summary>{head}</summary><p>{told}</p></details>" if told else ""
    name, every = escape(translate("Lecture")), escape(translate("All steps"))
    before, after = _arrow(at, -1, "←"), _arrow(at, 1, "→")
    where = escape(translate("{number} of {count}", number=at.number, count=count))
    asked = {"lang": linked_language(), "view": View.WALL.value if on_wall() else ""}
    query = escape(urlencode({name: value for name, value in asked.items() if value}))
    index = f"lecture?{query}" if query else "lecture"
    return (
        f'<div class="rl-lecture" lang="{spoken()}" data-lecture="{data}">'
        f"<h2>{whole_names(at.lecture.filled(step.title))}</h2>{notes}"
        f'<nav aria-label="{name}"><span>{where}</span>'
        f"{before}{after}"
        f'<a href="{index}" target="_self" title="{every}" aria-label="{every}">×</a></nav>'
        "</div>"
    )


def _arrow(at: Place, by: int, sign: str) -> str:
    number = at.number + by
    label = escape(translate("Next step") if by > 0 else translate("Previous step"))
    if not 1 <= number <= len(at.lecture.steps):
        return f'<a aria-disabled="true" aria-label="{label}" role="link">{sign}</a>'
    href = escape(at.link(number), quote=True)
    return f'<a href="{href}" target="_self" title="{label}" aria-label="{label}">{sign}</a>'


def say(at: Place, where: DeltaGenerator) -> None:
    """Write the step's sentence, or what the numbers answer to its question."""
    question = at.step.question
    if question is None or at.waits:
        if at.step.say:  # an empty line would take the drawing's room
            where.markdown(_line(at, at.step.say))
        return
    answer = int(at.answer)
    told = f"**{_line(at, question.because)}**" if question.because else ""
    if answer and question.right is not None:
        right = answer == question.right + 1
        said = _line(at, question.answers[answer - 1])
        verdict = translate("Right.") if right else translate("You said “{said}”.", said=said)
        told = f"{verdict} {told}"
    elif answer and not told:
        said = _line(at, question.answers[answer - 1])
        told = translate("You said “{said}”.", said=said)
    where.markdown(told)


def tells() -> bool:
    """Return whether a step of a lecture already says on the wall what the page shows.

    It doesn't once a setting of the page was changed.
    """
    at = place() if on_wall() else None
    if at is None or not (at.step.say or at.step.question):
        return False
    return is_as_linked(at.step.settings, OF_THE_LECTURE)


def to_press(button: str, verb: str = "press") -> str:
    """Say how to press a button of the page, which a lecture's step on the wall doesn't show."""
    hidden = on_wall() and place() is not None
    return f"Press P, then {verb} {button}" if hidden else f"{verb.capitalize()} {button}"


def sentence(text: str) -> None:
    """Write the page's sentence about its picture, unless the step of a lecture `tells`."""
    if not on_wall():
        st.markdown(unbroken(text))
    elif text and not tells():
        st.container(key="wall_sentence").markdown(unbroken(text))


def _line(at: Place, text: str) -> str:
    """Return a text with its numbers filled in, on one line, with Markdown escaped."""
    return unbroken(escaped(" ".join(at.lecture.filled(text).split())))


def _ask(at: Place, question: Question) -> None:
    """Ask the class; its answer goes into the address, and then the page is drawn."""
    st.markdown(f"## {_line(at, question.asked)}")
    count = len(question.answers)
    places = [st.container() for _ in range(count)] if on_wall() else st.columns(count)
    for index, (place, answer) in enumerate(zip(places, question.answers, strict=True), start=1):
        place.button(
            f"{index}. {_line(at, answer)}",
            key=f"lecture_answer_{index}",
            on_click=hold,
            args=(ANSWERS, at.answered(str(index))),
            width="stretch",
        )
    st.button(
        translate("Show without an answer"),
        key="lecture_show",
        icon=":material/visibility:",
        on_click=hold,
        args=(ANSWERS, at.answered(_SHOWN)),
    )
