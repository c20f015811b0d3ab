"""The visitor's own lecture: the views added to it, kept in the address."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from analysis.lecture.files import MARK, pack
from analysis.lecture.lectures import lecture_of
from analysis.lecture.settings import FRONT
from analysis.lecture.story import MAX_STEPS, MOST_TEXT, Lecture, Step
from analysis.style.language import translate
from nets import parse
from nets.names import title as name_of
from pages.ui.address import MODEL, chosen, hold, settings
from pages.ui.wall import noted_title, on_wall

MINE = "mine"
"""The parameter that holds the lecture."""


def my_lecture() -> Lecture | None:
    """Return the visitor's own lecture, if there is any."""
    return chosen(MINE, _read, None)


def _read(text: str) -> Lecture:
    if not text.startswith(MARK):
        raise ValueError("the address doesn't contain a lecture")
    return lecture_of(text)


def keep_mine(lecture: Lecture | None) -> None:
    """Keep the visitor's own lecture, from a callback; None removes it."""
    hold(MINE, "" if lecture is None else pack(lecture))


def add_button(page: str, title: str, uses_model: bool) -> None:
    """Draw the button that adds the page, as it is, to the visitor's own lecture.

    Args:
        page: the name of the page.
        title: what it is called.
        uses_model: whether it shows the visitor's model.
    """
    mine, shown = my_lecture(), noted_title()
    if on_wall():
        return
    with st.container(key="add_view", width="content"):
        st.button(
            translate("Add to lecture"),
            key="add_to_lecture",
            type="tertiary",
            icon=":material/playlist_add:",
            help=translate("Add this view to your own lecture, on the Lecture page."),
            disabled=mine is not None and len(mine.steps) >= MAX_STEPS,
            on_click=_add,
            args=(page, title, "" if shown == title else shown, uses_model),
        )


def _add(page: str, title: str, shown: str, uses_model: bool) -> None:
    held = settings()
    if (model := st.session_state.get(MODEL, FRONT)) != FRONT:
        held[MODEL] = model
    address = f"{page}?{urlencode(held, safe=':;,=')}" if held else page
    bare = Step(title, address)
    address = f"{page}?{urlencode(bare.settings, safe=':;,=')}" if bare.settings else page
    named = shown or title
    if not shown and uses_model and (model := held.get(MODEL)):
        with suppress(ValueError):  # the page says what is wrong with it
            named = f"{title}: {name_of(parse(model))}"
    step = Step(named[: MOST_TEXT["title"]], address)
    mine = my_lecture()
    if mine is None:
        lecture = Lecture(translate("My lecture"), (step,))
    else:
        lecture = replace(mine, steps=(*mine.steps, step))
    keep_mine(lecture)
    said = translate("Added as step {number} of your lecture", number=len(lecture.steps))
    st.toast(said, icon=":material/school:")
