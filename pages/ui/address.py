"""What a visitor has chosen, as the texts that the address holds.

A setting's text is kept with the visitor's session and written into the address; a text that is
its default is left out. At a visitor's first run, and at Back and Forward, the address says what
is chosen. At any other run the session does: the browser's copy of the address may be older than
the visitor's last change. A page that is reached by a link shows what was chosen on it before.

The fields themselves are in `pages.ui.fields`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

MODEL = "model"
"""The parameter of every page. Streamlit takes all others out of a link to another page."""

LOCAL = ("lecture", "step", "answers")
"""Parameters that a link to another page leaves behind."""

_VIEW = "view_of_address"
_SHOWN = 40  # letters of a value

Value = TypeVar("Value")


@dataclass
class _View:
    """The settings of a visitor.

    `bare` is the page that a link led to, with its address before the settings were added: a step
    of the browser's history at which nobody has chosen anything.
    """

    texts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, dict[str, None]] = field(default_factory=dict)  # by page
    page: str | None = None
    asked: set[str] = field(default_factory=set)  # those that an address gave, not yet drawn
    refused: list[str] = field(default_factory=list)
    came: tuple[str, dict[str, str]] | None = None  # where a link led in this run
    bare: tuple[str, dict[str, str]] | None = None


def _view() -> _View:
    view: _View = st.session_state.setdefault(_VIEW, _View())
    return view


def hidden_text(key: str, default: str = "") -> str:
    """The text of a field out of sight that is bound to a parameter, and so kept in every link.

    Write it through the session's state: what a visitor changes in a bound field that is seen
    replaces the address, and Back would miss it.
    """
    with st.container(key=f"hidden-{key}"):
        return st.text_input(key, default, key=key, bind="query-params") or default


def begin(page: str) -> None:
    """Settle what is chosen on a page before it is drawn.

    It is written into the address, but after a link led here: the browser may not be here yet.
    """
    view = _view()
    address = {key: text for key, text in st.query_params.to_dict().items() if key != MODEL}
    by_link, by_history = page != view.page, _is_history_step()
    if by_history and (page, address) == view.bare:
        by_link, by_history = True, False
    view.came = (page, address) if by_link and view.page is not None else None
    view.page = page
    keys = view.keys.setdefault(page, {})
    if by_history:
        view.texts |= dict.fromkeys(keys, "") | address
    elif by_link:
        view.texts |= dict.fromkeys(LOCAL, "") | address
        view.asked |= set(address)
    if not by_link:
        _write(view)


def finish() -> list[str]:
    """Write what the page, or a dialog without it, has settled.

    Returns:
        What of the address could not be taken.
    """
    view = _view()
    if _write(view) and view.came:
        view.bare = view.came
    refused, view.refused = view.refused, []
    return refused


def held(key: str) -> str:
    """The text of a setting of this page; empty where nothing but its default is chosen."""
    view = _view()
    view.keys.setdefault(view.page or "", {})[key] = None
    return view.texts.get(key, "")


def hold(key: str, text: str) -> None:
    """Choose, from a callback; an empty text is the default."""
    _view().texts[key] = text


def chosen(key: str, read: Callable[[str], Value], default: Value) -> Value:
    """The value of a setting.

    A text that means nothing here is left out: one from the address with a word to the visitor,
    one that another choice has overtaken, such as a block of another model, without.

    Args:
        key: the parameter's name.
        read: gives the value of a text; a ValueError where it has none.
        default: the value where the address holds no text.
    """
    text, view = held(key), _view()
    is_asked = key in view.asked
    view.asked.discard(key)
    if not text:
        return default
    try:
        return read(text)
    except ValueError:
        hold(key, "")
        if is_asked:
            view.refused.append(f"{key}={text[:_SHOWN]}")
        return default


def _write(view: _View) -> bool:
    """Bring the address up to date in one step of the browser's history; whether there was one.

    It has the settings of this page, none of another's, and what else it came with.
    """
    keys = view.keys.get(view.page or "", {})
    others = dict.fromkeys(key for asked in view.keys.values() for key in asked if key not in keys)
    wanted = dict.fromkeys(others, "") | {key: view.texts.get(key, "") for key in keys}
    changes: dict[str, str | list[str]] = {
        key: text or []  # an empty list takes a parameter out
        for key, text in wanted.items()
        if text != st.query_params.get(key, "")
    }
    if changes:
        st.query_params.update(changes)
    return bool(changes)


def _is_history_step() -> bool:
    """Whether Back or Forward led here."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
