"""The model picker: family, model, model text, edits and recent models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from analysis.lecture.settings import FRONT
from nets import CATALOG, ResNetSpec, parse
from nets.catalog import Family
from nets.options import CHANNELS, OPTIONS, quote, shown
from nets.origin import base_title
from nets.spec import join, overrides
from nets.text import meant
from pages.ui.address import MODEL, hidden_text
from pages.ui.editor import open_editor
from pages.ui.option_words import changed, label_of
from pages.ui.words import complain, sentence, unbroken

_TEXT, _FAMILY, _NAME, _LAST_GOOD, _RECENT = "text", "family", "name", "last_good", "recent"

_NOTICE = "notice"

_RECENT_SHOWN = 5


@dataclass(frozen=True)
class Choice:
    """The requested model, or why it is invalid and which models to offer instead."""

    spec: ResNetSpec | None
    error: str = ""
    instead: tuple[str, ...] = (FRONT,)


def pick(is_used: bool = True) -> Choice:
    """Draw the picker in the sidebar, which says if the page doesn't use it; return the model."""
    with st.sidebar:
        text = hidden_text(MODEL, FRONT)  # first, as it is bound to the address: it never moves
        if not is_used:
            st.caption("This page doesn't use the model chosen here.")
        choice = _read(text)
        _draw_views(choice.spec.base if choice.spec else None)
        st.session_state[_TEXT] = text
        st.text_input(
            "Model text",
            key=_TEXT,
            on_change=_text_changed,
            help="A catalog name and overrides, such as resnet50:blocks=3,8,36,3:unit=full_preact.",
        )
        if choice.error and not is_used:  # the page says nothing of it
            complain(choice.error)
            offer(choice.instead)
        if choice.spec:
            if st.button("Edit this model", icon=":material/tune:", width="stretch"):
                open_editor(choice.spec, choose)
            _draw_edits(choice.spec)
        _draw_recent(str(choice.spec) if choice.spec else "")
    return choice


def choose(text: str) -> None:
    """Set the model's text from a callback."""
    st.session_state[MODEL] = text


def offer(texts: Sequence[str]) -> None:
    """Draw a button for each model that may have been meant."""
    with st.container(horizontal=True):
        for text in texts:
            st.button(f"Show {text}", on_click=choose, args=(text,))


def _read(text: str) -> Choice:
    try:
        spec = parse(text)
    except ValueError as error:
        if near := meant(text):
            name = quote(text.partition(":")[0])
            return Choice(None, f"{name} is not a model. Did you mean one of these?", near)
        name = text.partition(":")[0].strip().lower()
        last = st.session_state.get(_LAST_GOOD, FRONT)
        return Choice(None, str(error), (name if name in CATALOG else last,))
    shortest = st.session_state[_LAST_GOOD] = str(spec)
    recent = [t for t in st.session_state.get(_RECENT, []) if t != shortest]
    st.session_state[_RECENT] = [shortest, *recent][: _RECENT_SHOWN + 1]
    return Choice(spec)


def _draw_views(name: str | None) -> None:
    """Draw the boxes for family and model, which follow the text and write it when changed.

    Without a model, nothing is chosen in them.
    """
    family = CATALOG[name].family if name else None
    names = [n for n, entry in CATALOG.items() if family in (entry.family, None)]
    st.session_state[_FAMILY], st.session_state[_NAME] = family, name
    index = 0 if name else None
    st.selectbox("Family", list(Family), index, key=_FAMILY, on_change=_family_changed)
    st.selectbox(
        "Model",
        names,
        index,
        key=_NAME,
        on_change=_name_changed,
        format_func=lambda n: base_title(n, names),
    )


def _draw_edits(spec: ResNetSpec) -> None:
    """List the differences from the catalog entry, each with an undo button."""
    edits = overrides(spec)
    if not edits:
        return
    base = CATALOG[spec.base].spec
    st.caption(unbroken(f"Edits to {base_title(spec.base)}. Select one to undo it."))
    for key, value in edits.items():
        before = base.channels if key == CHANNELS else getattr(base, key)
        st.button(
            unbroken(changed(key, shown(key, before), value)),
            key=f"undo_{key}",
            icon=":material/undo:",
            type="tertiary",
            help=None if key == CHANNELS else OPTIONS[key].help,
            on_click=_undo,
            args=(spec.base, edits, key),
        )
    if notice := st.session_state.pop(_NOTICE, ""):
        st.warning(sentence(notice), icon=":material/info:")
    if len(edits) > 1:
        st.button("Undo all", icon=":material/restart_alt:", on_click=choose, args=(spec.base,))


def _draw_recent(text: str) -> None:
    recent = [t for t in st.session_state.get(_RECENT, []) if t != text][:_RECENT_SHOWN]
    if recent:
        st.caption("Recent")
    for other in recent:
        label = other if len(other) <= 60 else f"{other[:57]}..."
        st.button(label, key=f"recent_{other}", type="tertiary", on_click=choose, args=(other,))


def _undo(name: str, edits: dict[str, str], key: str) -> None:
    text = join(name, {k: v for k, v in edits.items() if k != key})
    try:
        parse(text)
    except ValueError as error:
        st.session_state[_NOTICE] = f"{label_of(key)} can't be undone: {error}"
    else:
        choose(text)


def _family_changed() -> None:
    family = st.session_state[_FAMILY]
    choose(next(name for name, entry in CATALOG.items() if entry.family is family))


def _text_changed() -> None:
    text = st.session_state[_TEXT].strip()
    if "://" in text:  # a pasted page address
        text = parse_qs(urlsplit(text).query).get(MODEL, [text])[0]
    choose(text or FRONT)


def _name_changed() -> None:
    choose(st.session_state[_NAME])
