"""Widgets whose values are in the address: select boxes, segments, switches, numbers and texts.

A field's key is the name of its parameter. `pages.ui.address` holds the value as a text; the widget
is seeded from that text and writes it back when it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from typing import Any, Literal, overload

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.lecture.settings import (
    SEPARATOR,
    read_number,
    read_option,
    read_switch,
    tab_by_settings,
)
from nets import parse
from nets.names import name_of
from pages.ui.address import chosen, held, hold

Options = Iterable[str] | Mapping[str, str]
"""Values as the address writes them; a mapping gives each value's label on the screen."""

_KEPT = 500

Place = DeltaGenerator | None
"""Where to draw a field; None for the page's current place."""


@overload
def select(
    label: str,
    options: Options,
    default: str,
    *,
    key: str,
    place: Place = ...,
    resets: Iterable[str] = ...,
    **looks: Any,
) -> str: ...
@overload
def select(
    label: str,
    options: Options,
    default: None,
    *,
    key: str,
    place: Place = ...,
    resets: Iterable[str] = ...,
    **looks: Any,
) -> str | None: ...
def select(
    label: str,
    options: Options,
    default: str | None,
    *,
    key: str,
    place: Place = None,
    resets: Iterable[str] = (),
    **looks: Any,
) -> str | None:
    """Draw a select box and return the chosen value.

    Args:
        label: the field's label.
        options: the values.
        default: the value if the address has none; None for a box that may stay empty.
        key: the parameter's name.
        place: where to draw it.
        resets: parameters that a change sets back to their defaults.
        looks: passed to `st.selectbox`.
    """
    words, default = _words(options), default and str(default)
    value = chosen(key, partial(read_option, words), default)
    _seed(key, value, looks)
    with _at(place):
        st.selectbox(
            label,
            list(words),
            None if default is None else list(words).index(default),
            key=key,
            format_func=lambda option: words.get(option, option),
            on_change=_changed,
            args=(key, default, *resets),
            **looks,
        )
    return value


def segments(
    label: str,
    options: Options,
    default: str,
    *,
    key: str,
    place: Place = None,
    always: bool = False,
    **looks: Any,
) -> str:
    """Draw a segmented control, of which one is always selected; see `select`.

    If `always`, the address names even a default that was chosen, since another visitor's may
    differ.
    """
    words, default = _words(options), default and str(default)
    value = chosen(key, partial(read_option, words), default)
    _seed(key, value, looks)
    with _at(place):
        st.segmented_control(
            label,
            list(words),
            key=key,
            format_func=lambda option: words.get(option, option),
            required=True,
            on_change=_changed,
            args=(key, None if always else default),
            wrap=True,
            **looks,
        )
    return value


def tabs(
    views: Mapping[str, str],
    *,
    key: str,
    settings: Mapping[str, Iterable[str]],
    place: Place = None,
) -> str:
    """Draw the tabs of a page and return the open one; the page draws that tab only.

    If the address names no tab, as older addresses do, open the first tab that has a setting in
    the address.

    Args:
        views: the label of each tab; the first is open by default.
        key: the parameter's name.
        settings: the parameters of the fields in each tab.
        place: where to draw the tabs.
    """
    first = next(iter(views))
    texts = {name: held(name) for keys in settings.values() for name in keys}
    if not held(key):
        hold(key, tab_by_settings(settings, texts.__getitem__))
    value = chosen(key, partial(read_option, views), first)
    _seed(key, value, {})
    with _at(place):
        st.segmented_control(
            "View",
            list(views),
            key=key,
            format_func=lambda view: views[view],
            required=True,
            on_change=_changed,
            args=(key, None),  # name even the default tab: other settings may change the default
            label_visibility="collapsed",
            wrap=True,
        )
    return value


def network(label: str, suggestions: Iterable[str], default: str, *, key: str, place: Place) -> str:
    """Draw a box for one network, suggested or typed; return its text without parsing it."""
    value = held(key) or default
    _seed(key, value, {})
    with _at(place):
        st.selectbox(
            label,
            _with(suggestions, [value]),
            key=key,
            on_change=_changed,
            args=(key, default),
            accept_new_options=True,
            format_func=_network_called,
            help=_ANY_MODEL,
        )
    return value


def networks(
    label: str,
    suggestions: Iterable[str],
    default: Iterable[str],
    *,
    key: str,
    place: Place = None,
    widget: str = "",
) -> list[str]:
    """Draw a box for several networks; return their texts without parsing them, each once.

    `widget` is the widget's key if it differs from the parameter's name.
    """
    text, default = held(key), list(default)
    texts = list(dict.fromkeys(text.split(SEPARATOR) if text else default))
    widget = widget or key
    _seed(widget, texts, {})
    with _at(place):
        st.multiselect(
            label,
            _with(suggestions, texts),
            key=widget,
            on_change=_networks_changed,
            args=(key, widget, default),
            accept_new_options=True,
            format_func=_network_called,
            wrap=True,
            help=_ANY_MODEL,
        )
    return texts


@lru_cache(_KEPT)
def _network_called(text: str) -> str:
    """Return the name of the network with a model text; the text itself if it is invalid."""
    try:
        return name_of(parse(text))
    except ValueError:
        return text


def several(
    label: str, options: Options, *, key: str, place: Place = None, **looks: Any
) -> list[str]:
    """Draw a box for any number of options, none by default, and return the chosen values."""
    words = _words(options)
    none: list[str] = []
    value = chosen(key, partial(_read_several, words), none)
    _seed(key, value, looks)
    with _at(place):
        st.multiselect(
            label,
            list(words),
            key=key,
            format_func=lambda option: words.get(option, option),
            on_change=_several_changed,
            args=(key,),
            wrap=True,
            **looks,
        )
    return value


def _read_several(words: Mapping[str, str], text: str) -> list[str]:
    return list(dict.fromkeys(read_option(words, one) for one in text.split(SEPARATOR)))


def _several_changed(key: str) -> None:
    hold(key, SEPARATOR.join(st.session_state[key]))


_ANY_MODEL = "A catalog name or any model text, such as resnet50:blocks=3,8,36,3."


def _with(suggestions: Iterable[str], texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*texts, *suggestions]))


def _networks_changed(key: str, widget: str, default: list[str]) -> None:
    texts = st.session_state[widget]
    hold(key, "" if texts == default else SEPARATOR.join(texts))


def switch(
    label: str,
    default: bool,
    *,
    key: str,
    place: Place = None,
    box: Literal["toggle", "checkbox"] = "toggle",
    always: bool = False,
    **looks: Any,
) -> bool:
    """Draw a toggle or a check box and return whether it is on.

    If `always`, the address names even a default that was chosen, since it depends on other fields.
    """
    value = chosen(key, read_switch, default)
    _seed(key, value, looks)
    with _at(place):
        draw = st.toggle if box == "toggle" else st.checkbox
        given = None if always else default
        draw(label, key=key, on_change=_changed, args=(key, given), **looks)
    return value


@overload
def number(
    label: str,
    low: int,
    high: int,
    default: int,
    *,
    key: str,
    place: Place = ...,
    **looks: Any,
) -> int: ...
@overload
def number(
    label: str,
    low: float,
    high: float | None,
    default: float | None,
    *,
    key: str,
    place: Place = ...,
    **looks: Any,
) -> float | None: ...
def number(
    label: str,
    low: float,
    high: float | None,
    default: float | None,
    *,
    key: str,
    place: Place = None,
    **looks: Any,
) -> float | None:
    """Draw a number field and return its finite number; see `select`.

    The field accepts whole numbers only if `low` is an int. It may stay empty if `default` is None.
    """
    value = chosen(key, partial(read_number, low, high), default)
    _seed(key, value, looks)
    with _at(place):
        st.number_input(
            label,
            low,
            high,
            default,
            key=key,
            on_change=_changed,
            args=(key, default),
            **looks,
        )
    return value


def text(
    label: str,
    default: str = "",
    *,
    key: str,
    place: Place = None,
    most: int | None = None,
    may_be_empty: bool = False,
    **looks: Any,
) -> str:
    """Draw a text field of at most `most` characters and return its text.

    An empty field means the default, unless `may_be_empty`: the address then holds a space for an
    empty text.
    """
    value = chosen(key, partial(_short, most), default)
    if may_be_empty:
        value = value.strip()
    _seed(key, value, looks)
    changed = _changed_or_emptied if may_be_empty else _changed
    with _at(place):
        st.text_input(
            label, max_chars=most, key=key, on_change=changed, args=(key, default), **looks
        )
    return value


def _at(place: Place) -> AbstractContextManager[Any]:
    return nullcontext() if place is None else place


def _words(options: Options) -> dict[str, str]:
    words = options if isinstance(options, Mapping) else {value: value for value in options}
    return {str(value): said for value, said in words.items()}


def _seed(key: str, value: object, looks: Mapping[str, Any]) -> None:
    """Make the widget show the value.

    A disabled field is always seeded: Streamlit drops a change made just before the run that
    disables the field.
    """
    shown = key in st.session_state and st.session_state[key] == value
    if not shown or looks.get("disabled"):
        st.session_state[key] = value


def _changed(key: str, default: object, *resets: str) -> None:
    value = st.session_state[key]
    hold(key, "" if value is None or value == default else _written(value))
    for name in resets:
        hold(name, "")


def _changed_or_emptied(key: str, default: object) -> None:
    _changed(key, default)
    if default and not st.session_state[key].strip():
        hold(key, " ")


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _short(most: int | None, text: str) -> str:
    if most is not None and len(text) > most:
        raise ValueError(f"{len(text):,} characters, at most {most:,}")
    return text
