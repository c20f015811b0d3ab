"""The visitor's settings, stored in the session and mirrored in the address.

Each setting is a text. The session keeps it, and the address shows it unless it is the default.
On a visitor's first run, and after Back or Forward, the address decides; on every other run the
session does, because the browser's copy of the address may lag behind the visitor's last change.
Following a link to a page restores the settings last chosen on that page.

The fields themselves are in `pages.ui.fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.parameters import unknown

MODEL = "model"
"""The parameter that all pages share. Streamlit drops every other one from links between pages."""

LOCAL = ("lecture", "step", "answers")
"""Parameters that a link to another page leaves behind."""

_VIEW = "view_of_address"
_SHOWN = 40  # most characters of a refused value in a warning

Value = TypeVar("Value")


@dataclass
class _View:
    """The settings of a visitor.

    Attributes:
        texts: the text of each setting.
        keys: the settings of each page, in the order in which they were first read.
        page: the page of the latest run.
        asked: settings that came from the address and haven't been read yet.
        refused: settings from the address that were invalid or unknown, as `key=text`.
        unknown: the names of those that are unknown.
        came: the page and address that a link led to in this run.
        bare: the page and address that a link led to, before the settings were added to it. The
            browser's history keeps it as a step of its own, at which nothing was chosen.
    """

    texts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, dict[str, None]] = field(default_factory=dict)
    page: str | None = None
    asked: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    came: tuple[str, dict[str, str]] | None = None
    bare: tuple[str, dict[str, str]] | None = None

    def refuse(self, key: str, text: str) -> None:
        """Note a setting from the address that is left out."""
        self.refused.append(f"{_cut(key)}={_cut(text)}")


def _cut(text: str) -> str:
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text


def _view() -> _View:
    view: _View = st.session_state.setdefault(_VIEW, _View())
    return view


def hidden_text(key: str, default: str = "") -> str:
    """Return the text of a hidden field that is bound to a parameter and so kept in every link.

    Change it through the session state. An edit in a visible bound field would replace the address
    instead of adding a history step, so Back would skip it.
    """
    with st.container(key=f"hidden-{key}"):
        return st.text_input(key, default, key=key, bind="query-params") or default


def begin(page: str) -> None:
    """Settle a page's settings before the page is drawn.

    The settings are written to the address now, except after a link: the browser may not have
    arrived at the page yet.
    """
    view = _view()
    address = {key: text for key, text in st.query_params.to_dict().items() if key != MODEL}
    by_link, by_history = page != view.page, _is_history_step()
    if by_history and (page, address) == view.bare:
        by_link, by_history = True, False
    view.came = (page, address) if by_link and view.page is not None else None
    if view.page is None:  # the app's own links have no unknown ones
        view.unknown = unknown(page, address)
        for key in view.unknown:
            view.refuse(key, address.pop(key))
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
    """Write the settings that the page, or a dialog that reran alone, has read.

    Returns:
        The settings from the address that were invalid or unknown, as `key=text`.
    """
    view = _view()
    if _write(view) and view.came:
        view.bare = view.came
    refused, view.refused = view.refused, []
    return refused


def has_refused() -> bool:
    """Return whether a warning about the address will stand above the page."""
    return bool(_view().refused)


def held(key: str) -> str:
    """Return the text of a setting of this page; empty if it has its default."""
    view = _view()
    view.keys.setdefault(view.page or "", {})[key] = None
    return view.texts.get(key, "")


def is_as_linked(settings: Mapping[str, str], besides: Iterable[str]) -> bool:
    """Return whether this page has exactly these settings.

    Args:
        settings: the settings of a link.
        besides: parameters that don't count.
    """
    view = _view()
    keys = {*view.keys.get(view.page or "", {}), *view.asked, *settings}  # also those not yet read
    texts = {key: view.texts[key] for key in keys if view.texts.get(key)}
    if MODEL in settings:
        texts[MODEL] = st.session_state.get(MODEL) or ""
    ignored = set(besides)
    return {key: text for key, text in texts.items() if key not in ignored} == dict(settings)


def hold(key: str, text: str) -> None:
    """Set a setting's text from a callback; an empty text means the default."""
    _view().texts[key] = text


def settings() -> dict[str, str]:
    """Return what the address of this page holds, with what the browser's copy lacks yet."""
    view = _view()
    keys = view.keys.get(view.page or "", {})
    held = st.query_params.to_dict() | {key: view.texts.get(key, "") for key in keys}
    return {key: text for key, text in held.items() if text}


def chosen(key: str, read: Callable[[str], Value], default: Value) -> Value:
    """Return the value of a setting.

    An invalid text is dropped. If it came from the address, the visitor is told; if another choice
    made it invalid, such as a block that the new model lacks, it is dropped silently.

    Args:
        key: the parameter's name.
        read: converts the text to a value; raises ValueError if it can't.
        default: the value without a text.
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
            view.refuse(key, text)
        return default


def _write(view: _View) -> bool:
    """Update the address in one step of the browser's history; return whether it changed.

    The address then holds this page's settings and what other sites added to the link, but no
    unknown settings and none that belong to other pages only.
    """
    keys = view.keys.get(view.page or "", {})
    others = [key for asked in view.keys.values() for key in asked if key not in keys]
    others += view.unknown
    wanted = dict.fromkeys(others, "") | {key: view.texts.get(key, "") for key in keys}
    changes: dict[str, str | list[str]] = {
        key: text or []  # an empty list removes the parameter
        for key, text in wanted.items()
        if text != st.query_params.get(key, "")
    }
    if changes:
        st.query_params.update(changes)
    return bool(changes)


def _is_history_step() -> bool:
    """Return whether Back or Forward led here."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
