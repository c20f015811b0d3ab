"""The projector view: one chart or drawing and one sentence per screen, in large type.

It is a setting of every page, `view=wall` in the address. The key P and a button toggle it.
"""

from __future__ import annotations

from enum import StrEnum
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.style.language import translate
from pages.ui.address import chosen, hold
from pages.ui.ending import end_page
from pages.ui.words import unbroken

_VIEW = "view"
_TITLE = "wall_title"  # its place in this run
_SHOWN = "shown_title"  # what this run shows
_HERE = Path(__file__).parent
_STYLE = _HERE / "wall.css"

SCRIPT = _HERE / "wall.js"
"""The script of the key P; the server puts it into its documents too."""

_keys = st.components.v2.component("keys", html="<i></i>", js=SCRIPT.read_text(encoding="utf-8"))


class View(StrEnum):
    """What a page is laid out for: a desk or a lecture hall."""

    DESK = "desk"
    WALL = "wall"


def on_wall() -> bool:
    """Return whether the page is laid out for a projector."""
    return chosen(_VIEW, View, View.DESK) is View.WALL


def set_up() -> None:
    """Style the page for a desk or a projector, and listen for the key P."""
    st.session_state.pop(_SHOWN, None)  # an earlier page's
    if on_wall():
        st.html(_STYLE)
    with st.sidebar, st.container(key="hidden-keys"):
        _keys(key="keys")


def switch_view() -> None:
    """Draw the button that toggles the projector view; the key P presses it."""
    wall = on_wall()
    icon = "close_fullscreen" if wall else "present_to_all"
    with st.container(key="view_switch", width="content"):
        st.button(
            translate("Exit") if wall else translate("Projector"),
            key="switch_view",
            type="tertiary",
            icon=f":material/{icon}:",
            help=translate("Large type, one picture per screen. Press P to toggle."),
            on_click=hold,
            args=(_VIEW, "" if wall else View.WALL.value),
        )


def heading(title: str, width: float = 1.6) -> DeltaGenerator:
    """Draw a page's title; return the place beside it, which the wall doesn't show.

    Args:
        title: the title.
        width: the width of the place, relative to 8 for the title.
    """
    note_title(title)
    if on_wall():
        st.session_state[_TITLE] = place = st.empty()
        place.title(unbroken(title))
        return aside("beside")
    head, place = st.columns([8, width], vertical_alignment="center")
    head.title(unbroken(title))
    return place


def rename(title: str) -> None:
    """Note what the page shows; on the wall, this replaces the title."""
    note_title(title)
    if on_wall():
        st.session_state[_TITLE].title(unbroken(title))


def note_title(title: str) -> None:
    """Note what the page shows, which its step in the visitor's own lecture is called."""
    st.session_state[_SHOWN] = title


def noted_title() -> str:
    """Return what this run noted, or ""."""
    title: str = st.session_state.get(_SHOWN, "")
    return title


def aside(key: str) -> DeltaGenerator:
    """Return a container, such as for settings; on the wall only its warnings and errors show."""
    return st.container(key=f"aside-{key}" if on_wall() else None)


def fold(key: str, label: str = "Settings") -> DeltaGenerator:
    """Return a container of settings that a phone shows only once they are opened.

    Above the picture they would fill its screen. A folded container still shows errors, the page's
    button and what is `unfolded`. On the wall it is an `aside`.

    Args:
        key: identifies the container on the page.
        label: what a phone's visitor presses to open and close it.
    """
    if on_wall():
        return aside(key)
    place = st.container(key=f"fold-{key}")
    place.html(f'<details class="rl-fold"><summary>{escape(label)}</summary></details>')
    return place


def say_folded(text: str) -> None:
    """Say what the settings in a `fold` are, on a phone, which shows them only once it is open."""
    if not on_wall():
        st.html(f'<p class="rl-folded">{escape(text)}</p>')


def unfolded(key: str, place: Any) -> DeltaGenerator:
    """Return a container within a place whose contents a phone never folds."""
    found: DeltaGenerator = place.container(key=f"unfolded-{key}")
    return found


def said(key: str) -> DeltaGenerator:
    """Return the container for the sentence below a picture, or for a job's progress.

    On the wall it has the same height for both, so that the picture keeps its own.
    """
    return st.container(key=f"wall_said_{key}" if on_wall() else None)


def action(place: DeltaGenerator | None = None) -> DeltaGenerator:
    """Return the container of a page's button; on the wall, it is beside the title."""
    if on_wall():
        return st.container(key="wall_action")
    return unfolded("action", st if place is None else place)


def say_empty(text: str, place: Any = st) -> None:
    """Say that nothing was measured yet; on the wall, in its middle above the page's button."""
    place.container(key="wall_empty" if on_wall() else None).caption(text)


def end_of_wall() -> None:
    """End the page here if it is on the wall; only details follow."""
    if on_wall():
        end_page()
