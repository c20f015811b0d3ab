"""The steps of a lecture on its page."""

from __future__ import annotations

import json
from html import escape

import streamlit as st

from analysis.lecture.lectures import lecture_of
from analysis.lecture.steps import NAME
from pages.ui.lecture import step_link
from pages.ui.wall import View


def show_story() -> None:
    """Show the steps, each a link to its page, and the way to begin."""
    lecture = lecture_of(NAME)
    links = [step_link(NAME, lecture, number) for number in range(1, len(lecture.steps) + 1)]
    data = escape(json.dumps({"name": NAME, "links": links}), quote=True)
    wall = View.WALL.value
    rows = "".join(
        f'<li><a href="{escape(step_link(NAME, lecture, number, wall), quote=True)}" '
        f'target="_self">{escape(lecture.filled(step.title))}</a>'
        f"{'<span>question</span>' if step.question else ''}</li>"
        for number, step in enumerate(lecture.steps, start=1)
    )
    st.header(lecture.title)
    st.html(f'<ol class="rl-steps" data-lecture="{data}">{rows}</ol>')
    st.caption(
        "→ or PageDown begins and goes on, ← or PageUp goes back, 1 to 3 answer a question, P "
        "leaves the projector view."
    )
