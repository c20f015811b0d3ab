"""The Lecture page: the steps of an existing lecture, and the visitor's own lecture."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from analysis.lecture.files import pack, read_lecture, write_lecture
from analysis.lecture.lectures import lecture_of, names
from analysis.lecture.steps import NAME
from analysis.lecture.story import ANSWERS, MOST_TEXT, Lecture, Question, Step
from analysis.style.language import counted, marked, spoken, translate
from pages.ui.exports import section
from pages.ui.fields import select
from pages.ui.frame import PAGES
from pages.ui.lecture import step_link
from pages.ui.mylecture import keep_mine, my_lecture
from pages.ui.wall import View, on_wall
from pages.ui.words import complain, escaped, whole_names
from pages.views.handout import export_handout

_KEYS = marked(
    "Keys: → or PageDown for the next step, ← or PageUp for the one before, 1 to 3 for an answer, "
    "P for the projector view."
)


def show_story() -> None:
    """Show the steps of the story, or of a lecture of the server's folder."""
    known = names()
    name = NAME
    if len(known) > 1:
        name = select(translate("Lecture"), known, NAME, key="story")
    try:
        lecture = lecture_of(name)
    except ValueError as error:
        complain(str(error))
        return
    title = lecture.filled(lecture.title)
    if on_wall():
        st.header(title)
    else:
        with section(title):
            export_handout(lecture)
    _show_steps(name, lecture)


def _show_steps(name: str, lecture: Lecture) -> None:
    """Show the steps, each a link to its page, and how to go through them."""
    numbers = range(1, len(lecture.steps) + 1)
    links = [step_link(name, lecture, number) for number in numbers]
    data = escape(json.dumps({"name": name, "links": links}), quote=True)
    wall, asks = View.WALL.value, escape(translate("question"))
    rows = "".join(
        f'<li><a href="{escape(step_link(name, lecture, number, wall), quote=True)}" '
        f'target="_self">{whole_names(lecture.filled(step.title))}</a>'
        f"{f'<span>{asks}</span>' if step.question else ''}</li>"
        for number, step in zip(numbers, lecture.steps, strict=True)
    )
    st.html(f'<ol class="rl-steps" lang="{spoken()}" data-lecture="{data}">{rows}</ol>')
    st.container(key="keyboard").caption(translate(_KEYS))


def show_mine() -> None:
    """Show the visitor's own lecture, to edit, present, save and open."""
    mine = my_lecture()
    if mine is None and on_wall():
        st.markdown(
            translate(
                "No steps yet. Press P to leave the projector view; then open any page and select "
                "**Add to lecture**, or open a lecture that was saved as a file."
            )
        )
        return
    if mine is None:
        with st.container(key="desk-empty"):
            st.markdown(
                translate(
                    "No steps yet. Open any page, choose what it shows, and select **Add to "
                    "lecture**; or open a lecture that was saved as a file."
                )
            )
        small = translate("No steps yet. Add them on a larger screen, or open a saved lecture.")
        st.html(f'<p class="rl-phone">{escape(small)}</p>')
        _open_file()
        return
    if on_wall():
        st.header(escaped(mine.title))
        _show_steps(pack(mine), mine)
        return
    title, present, save, paper = st.columns([4, 1.3, 1.5, 1.7], vertical_alignment="bottom")
    with title:
        _field(translate("Title"), "title", mine.title, "my_title", partial(_retitle, mine))
    link = step_link(pack(mine), mine, 1, View.WALL.value)
    icon = ":material/play_arrow:"
    present.link_button(translate("Present"), link, icon=icon, width="stretch")
    save.download_button(
        translate("Save as a file"),
        write_lecture(mine),
        "lecture.toml",
        "application/toml",
        icon=":material/download:",
        width="stretch",
        on_click="ignore",
    )
    with paper:
        export_handout(mine)
    for index, step in enumerate(mine.steps):
        _show_step(mine, index, step)
    st.button(
        translate("Start again"),
        type="tertiary",
        icon=":material/restart_alt:",
        on_click=keep_mine,
        args=(None,),
    )
    _open_file()


def _open_file() -> None:
    file = st.file_uploader(
        translate("Open a lecture's file"),
        ["toml"],
        key="lecture_file",
        max_upload_size=1,  # MB, the least that it takes; `read_lecture` checks the exact limit
    )
    if file is None:
        return
    try:
        lecture = read_lecture(file.getvalue().decode())
    except UnicodeDecodeError:
        complain(f"{file.name} isn't UTF-8 text")
        return
    except ValueError as error:
        complain(f"{file.name}, {error}")
        return
    steps = counted(len(lecture.steps), "{number} step", "{number} steps")
    said = translate("Use {title}: {steps}", title=lecture.title, steps=steps)
    st.button(escaped(said), key="use_lecture", on_click=keep_mine, args=(lecture,))


def _show_step(mine: Lecture, index: int, step: Step) -> None:
    """Show one step with fields for its texts and buttons for its place."""
    number, last = index + 1, len(mine.steps) - 1
    with st.container(border=True):
        head, up, down, out = st.columns([7, 1, 1, 1], vertical_alignment="bottom")
        with head:
            label = translate("Step {number}", number=number)
            _of_step(mine, index, label, "title", step.title)
        move: dict[str, Any] = {"width": "stretch", "type": "tertiary"}
        up.button(
            translate("Up"),
            key=f"my_{number}_up",
            disabled=index == 0,
            on_click=_swap,
            args=(mine, index - 1),
            **move,
        )
        down.button(
            translate("Down"),
            key=f"my_{number}_down",
            disabled=index == last,
            on_click=_swap,
            args=(mine, index),
            **move,
        )
        out.button(
            translate("Remove"),
            key=f"my_{number}_out",
            on_click=_remove,
            args=(mine, index),
            **move,
        )
        _of_step(mine, index, translate("To say"), "say", step.say)
        link = escape(step_link(pack(mine), mine, number), quote=True)
        page = escape(translate(next(title for name, title, _ in PAGES if name == step.page)))
        address = escape(step.address, quote=True)
        st.html(f'<a class="rl-link" href="{link}" target="_self" title="{address}">{page}</a>')
        with st.expander(translate("Question and notes"), expanded=step.question is not None):
            _show_question(mine, index, step.question)
            _of_step(mine, index, translate("Notes"), "notes", step.notes)


def _show_question(mine: Lecture, index: int, question: Question | None) -> None:
    number = index + 1
    asked = question.asked if question else ""
    ask = partial(_ask, mine, index)
    key = f"my_{number}_question"
    _field(translate("Question"), "question", asked, key, partial(ask, "asked"))
    if question is None:
        return
    for place, column in enumerate(st.columns(ANSWERS)):
        with column:
            _field(
                translate("Answer {number}", number=place + 1),
                "answer",
                question.answers[place],
                f"my_{number}_answer_{place + 1}",
                partial(ask, f"answer {place}"),
            )
    key, words = f"my_{number}_right", ["none", "1", "2", "3"]
    st.session_state[key] = words[0 if question.right is None else question.right + 1]
    left, right = st.columns([1, 4])
    left.selectbox(
        translate("Right answer"),
        words,
        key=key,
        format_func=lambda word: translate("none") if word == "none" else word,
        on_change=_choose_right,
        args=(ask, key),
    )
    with right:
        _field(
            translate("What the numbers say"),
            "because",
            question.because,
            f"my_{number}_because",
            partial(ask, "because"),
        )


def _choose_right(ask: Callable[[str, str], None], key: str) -> None:
    ask("right", st.session_state[key])


def _field(label: str, kind: str, value: str, key: str, change: Callable[[str], None]) -> None:
    """Draw a text field that shows a value; what is typed is given to `change`."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def changed() -> None:
        change(st.session_state[key])

    st.text_input(label, key=key, max_chars=MOST_TEXT[kind], on_change=changed)


def _of_step(mine: Lecture, index: int, label: str, name: str, value: str) -> None:
    """Draw a field of a step; an empty title is ignored."""

    def change(text: str) -> None:
        if text.strip() or name != "title":
            changes: dict[str, Any] = {name: text}
            _put(mine, index, replace(mine.steps[index], **changes))

    _field(label, name, value, f"my_{index + 1}_{name}", change)


def _ask(mine: Lecture, index: int, what: str, text: str) -> None:
    """Change a part of a step's question; without words the question is removed."""
    step = mine.steps[index]
    usual = translate("Yes"), translate("No"), translate("It depends")
    question = step.question or Question("?", usual)
    if what == "asked":
        changed = replace(question, asked=text) if text.strip() else None
    elif what == "right":
        changed = replace(question, right=None if text == "none" else int(text) - 1)
    elif what == "because":
        changed = replace(question, because=text)
    elif text.strip():
        answers = list(question.answers)
        answers[int(what.partition(" ")[2])] = text
        changed = replace(question, answers=tuple(answers))
    else:
        return
    _put(mine, index, replace(step, question=changed))


def _put(mine: Lecture, index: int, step: Step) -> None:
    steps = list(mine.steps)
    steps[index] = step
    keep_mine(replace(mine, steps=tuple(steps)))


def _retitle(mine: Lecture, title: str) -> None:
    if title.strip():
        keep_mine(replace(mine, title=title))


def _swap(mine: Lecture, index: int) -> None:
    """Exchange a step with the next one."""
    steps = list(mine.steps)
    steps[index], steps[index + 1] = steps[index + 1], steps[index]
    keep_mine(replace(mine, steps=tuple(steps)))


def _remove(mine: Lecture, index: int) -> None:
    steps = (*mine.steps[:index], *mine.steps[index + 1 :])
    keep_mine(replace(mine, steps=steps) if steps else None)
