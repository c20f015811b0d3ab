"""The editor: a dialog with every option of a model, its cost, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any

import streamlit as st

from analysis.style.numbers import delta, exact, exact_delta, short
from nets import CATALOG, ResNetSpec, parse
from nets.options import DEFAULTS, OPTIONS, Group, idle_options, shown
from nets.spec import join, overrides
from pages.ui.option_words import VALUES, in_words, label_of
from pages.ui.words import complain

# `_DRAFT` holds the overrides of the draft's text. `_GOOD` is the last valid draft; it supplies the
# options that the draft leaves out. `_BEFORE` is the model being edited.
_DRAFT, _GOOD, _BEFORE = "draft", "draft_good", "draft_before"

# Options whose valid values depend on other options.
_BOUND = ("zero_init", "projection_norm", "groups", "group_width", "stride_on", "dilate", "widths")


def open_editor(spec: ResNetSpec, choose: Callable[[str], None]) -> None:
    """Start a draft from a model and open the dialog; Apply passes the new text to `choose`."""
    st.session_state[_DRAFT] = overrides(spec)
    st.session_state[_GOOD] = st.session_state[_BEFORE] = spec
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
            columns = st.columns(3)
            names = [name for name, option in OPTIONS.items() if option.group is group]
            for index, name in enumerate(names):
                with columns[index % 3]:
                    _draw(name, good, draft, idle.get(name, ""))
    place = st.container()
    before: ResNetSpec = st.session_state[_BEFORE]
    if not error:
        error = _show_cost(good, before)
    if error:
        complain(error)
    else:
        place.code(text, language=None, wrap_lines=True)
    undo, _, apply = st.columns([2, 3, 2])
    undo.button("Reset to catalog", disabled=not draft, on_click=_reset, width="stretch")
    if apply.button(
        "Apply",
        type="primary",
        disabled=bool(error) or good == before,
        on_click=choose,
        args=(text,),
        width="stretch",
    ):
        st.rerun()


def _show_cost(spec: ResNetSpec, before: ResNetSpec) -> str:
    """Show the cost of a draft and its difference from the current model.

    Returns:
        Why the cost can't be counted; empty if it can.
    """
    # Imported late because they load torch, which takes seconds and which the picker doesn't need.
    from pages.ui.cached import profile_of
    from pages.ui.markup import Figure, figures

    try:
        cost, now = profile_of(spec), profile_of(before)
    except ValueError as error:
        return str(error)
    saved = "—" if cost.saved_bytes is None else short(cost.saved_bytes, "B")
    gained = None
    if cost.saved_bytes is not None and now.saved_bytes is not None:
        gained = delta(cost.saved_bytes, now.saved_bytes, "B")
    shown = [
        ("Depth", exact(cost.depth), exact_delta(cost.depth, now.depth), "weighted layers"),
        (
            "Parameters",
            short(cost.params),
            delta(cost.params, now.params),
            f"{short(4 * cost.params, 'B')} in float32",
        ),
        ("MACs", short(cost.macs), delta(cost.macs, now.macs), "conv + linear, one image"),
        ("Saved memory", saved, gained or "", "for backward, one image"),
    ]
    st.html(
        figures(
            Figure(label, value, note, "", change if spec != before else "")
            for label, value, change, note in shown
        )
    )
    if spec != before:
        st.caption(f"Differences are relative to the current model, `{before}`.")
    return ""


def _draw(name: str, spec: ResNetSpec, draft: dict[str, str], idle: str) -> None:
    """Draw one option with the draft's value.

    The label adds the catalog's value if it differs, unless another edit implies that it does, and
    it has no effect.
    """
    before = shown(name, getattr(CATALOG[spec.base].spec, name))
    now = draft.get(name, shown(name, getattr(spec, name)))
    label = label_of(name)
    if now != before and (name in draft or not idle):
        label = f"{label} · catalog {in_words(name, before)}"
    help = f"{OPTIONS[name].help} In the model text: `{name}`."
    key = f"edit_{name}"
    common: dict[str, Any] = {
        "key": key,
        "help": f"{help} Needs {idle}." if idle else help,
        "disabled": bool(idle),
        "on_change": _changed,
    }
    default = DEFAULTS[name]
    if isinstance(default, StrEnum):
        st.session_state[key] = now
        st.selectbox(
            label,
            [value.value for value in VALUES[name]],
            args=(name,),
            format_func=partial(in_words, name),
            **common,
        )
    elif isinstance(default, bool):
        st.session_state[key] = now == "1"
        st.toggle(label, args=(name,), **common)
    else:
        st.session_state[key] = in_words(name, now)
        st.text_input(label, args=(name,), **common)


def _changed(name: str) -> None:
    value = st.session_state[f"edit_{name}"]
    text = str(int(value)) if isinstance(value, bool) else str(value).strip().replace("×", "x")
    draft = dict(st.session_state[_DRAFT])
    draft.pop("channels" if name == "input" else name, None)
    draft[name] = re.sub("[:=]", " ", text)  # so that a field can't hold a second option
    base = st.session_state[_GOOD].base
    st.session_state[_DRAFT] = _without_what_lost_its_meaning(base, draft, name)


def _without_what_lost_its_meaning(base: str, draft: dict[str, str], name: str) -> dict[str, str]:
    """Drop the bound option, or else all, that the change of `name` made invalid, if that helps."""
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
