"""The editor: every option of a model in one dialog, with what follows from it and why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import streamlit as st

from nets import CATALOG, ResNetSpec, parse
from nets.options import DEFAULTS, OPTIONS, Group, idle_options, shown
from nets.spec import join, overrides
from pages.ui.words import complain

# The draft is a text's overrides. `_GOOD` is the last draft that is a model: what its options are
# is shown where the draft does not say.
_DRAFT, _GOOD = "draft", "draft_good"

# Options that mean something only together with others.
_BOUND = ("zero_init", "projection_norm", "groups", "group_width", "stride_on", "dilate", "widths")


def open_editor(spec: ResNetSpec, choose: Callable[[str], None]) -> None:
    """Begin a draft from a model and show the dialog; `choose` receives an applied text."""
    st.session_state[_DRAFT], st.session_state[_GOOD] = overrides(spec), spec
    _editor(choose)


@st.dialog("Edit this model", width="large", icon=":material/tune:")
def _editor(choose: Callable[[str], None]) -> None:
    good: ResNetSpec = st.session_state[_GOOD]
    draft: dict[str, str] = st.session_state[_DRAFT]
    text, error = join(good.base, draft), ""
    try:
        good = st.session_state[_GOOD] = parse(text)
        draft = st.session_state[_DRAFT] = overrides(good)
        text = join(good.base, draft)
    except ValueError as reason:
        error = str(reason)

    idle = idle_options(good)
    tabs = st.tabs([group.value for group in Group], key="editor_group")
    for tab, group in zip(tabs, Group, strict=True):
        with tab:
            columns = st.columns(2)
            names = [name for name, option in OPTIONS.items() if option.group is group]
            for index, name in enumerate(names):
                with columns[index % 2]:
                    _draw(name, good, draft, idle.get(name, ""))
    if error:
        complain(error)
    else:
        st.code(text, language=None, wrap_lines=True)
    undo, _, apply = st.columns([2, 3, 2])
    undo.button("Reset to the catalog", disabled=not draft, on_click=_reset, width="stretch")
    if apply.button(
        "Apply",
        type="primary",
        disabled=bool(error),
        on_click=choose,
        args=(text,),
        width="stretch",
    ):
        st.rerun()


def _draw(name: str, spec: ResNetSpec, draft: dict[str, str], idle: str) -> None:
    """One option, seeded from the draft; its label has the catalog's value where it differs."""
    before = shown(name, getattr(CATALOG[spec.base].spec, name))
    now = draft.get(name, shown(name, getattr(spec, name)))
    label = name if now == before else f"{name} · catalog {before}"
    help = OPTIONS[name].help + (f" Here it {idle}." if idle else "")
    key = f"edit_{name}"
    common: dict[str, Any] = {
        "key": key,
        "help": help,
        "disabled": bool(idle),
        "on_change": _changed,
    }
    default = DEFAULTS[name]
    if isinstance(default, StrEnum):
        st.session_state[key] = now
        options = [value.value for value in type(default)]
        st.selectbox(label, options, args=(name,), **common)
    elif isinstance(default, bool):
        st.session_state[key] = now == "1"
        st.toggle(label, args=(name,), **common)
    else:
        st.session_state[key] = now
        st.text_input(label, args=(name,), **common)


def _changed(name: str) -> None:
    value = st.session_state[f"edit_{name}"]
    text = str(int(value)) if isinstance(value, bool) else str(value).strip()
    draft = dict(st.session_state[_DRAFT])
    draft.pop("channels" if name == "input" else name, None)
    draft[name] = re.sub("[:=]", " ", text)  # one field is one option
    base = st.session_state[_GOOD].base
    st.session_state[_DRAFT] = _without_what_lost_its_meaning(base, draft, name)


def _without_what_lost_its_meaning(base: str, draft: dict[str, str], name: str) -> dict[str, str]:
    """The draft less one option, or all, that the change of another left without meaning."""
    bound = [key for key in draft if key in _BOUND and key != name]
    for dropped in ([], *([key] for key in bound), bound):
        rest = {key: value for key, value in draft.items() if key not in dropped}
        if _is_model(base, rest):
            return rest
    return draft


def _is_model(base: str, draft: dict[str, str]) -> bool:
    try:
        parse(join(base, draft))
    except ValueError:
        return False
    return True


def _reset() -> None:
    st.session_state[_DRAFT] = {}
