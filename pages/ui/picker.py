"""The model picker: family, model, and the text that the address holds."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from nets import CATALOG, ResNetSpec, parse
from nets.catalog import Family

DEFAULT = "resnet50"

# Session state. What a visitor changes in a bound widget replaces the address; what the server
# changes is a step that Back undoes. So the bound text stays out of sight, and all that is seen
# are views of it that write it in their callbacks.
_ADDRESS = "model"
_TEXT, _FAMILY, _NAME, _LAST_GOOD = "text", "family", "name", "last_good"


@dataclass(frozen=True)
class Choice:
    """The model that was asked for, or why there is none and what to show instead."""

    spec: ResNetSpec | None
    error: str = ""
    fallback: str = DEFAULT


def pick() -> Choice:
    """Draw the picker in the sidebar and read the model."""
    with st.sidebar:
        with st.container(key="address"):
            text = st.text_input("Address", DEFAULT, key=_ADDRESS, bind="query-params") or DEFAULT
        choice = _read(text)
        _draw_views(choice.spec.base if choice.spec else choice.fallback.partition(":")[0])
        st.session_state[_TEXT] = text
        st.text_input(
            "Model text",
            key=_TEXT,
            on_change=_text_changed,
            help="A catalog name, then overrides: resnet50:blocks=3,8,36,3:unit=full_preact",
        )
    return choice


def choose(text: str) -> None:
    """Make this text the model, from a callback."""
    st.session_state[_ADDRESS] = text


def _read(text: str) -> Choice:
    fallback = st.session_state.get(_LAST_GOOD, DEFAULT)
    try:
        spec = parse(text)
    except ValueError as error:
        return Choice(None, str(error), fallback)
    st.session_state[_LAST_GOOD] = text
    return Choice(spec)


def _draw_views(name: str) -> None:
    """Family and model as seen from the text; a change here writes the text."""
    family = CATALOG[name].family
    names = [n for n, entry in CATALOG.items() if entry.family is family]
    st.session_state[_FAMILY], st.session_state[_NAME] = family, name
    st.selectbox("Family", list(Family), key=_FAMILY, on_change=_family_changed)
    st.selectbox(
        "Model", names, key=_NAME, on_change=_name_changed, format_func=lambda n: CATALOG[n].title
    )


def _family_changed() -> None:
    family = st.session_state[_FAMILY]
    choose(next(name for name, entry in CATALOG.items() if entry.family is family))


def _text_changed() -> None:
    choose(st.session_state[_TEXT].strip() or DEFAULT)


def _name_changed() -> None:
    choose(st.session_state[_NAME])
