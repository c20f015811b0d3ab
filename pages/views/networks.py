"""Choose the networks of an experiment, with switches that change all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from analysis.lecture.settings import SEPARATOR
from nets import ResNetSpec, parse
from nets.options import Shortcut, quote
from nets.text import edit
from pages.ui.address import held, hold
from pages.ui.option_words import VALUES, label_of
from pages.ui.words import complain

_SWITCHES: dict[str, tuple[str, Mapping[Any, str]]] = {
    **{name: (label_of(name), VALUES[name]) for name in ("norm", "init", "activation", "unit")},
    "shortcut": (
        label_of("shortcut"),
        {kind: words for kind, words in VALUES["shortcut"].items() if kind != Shortcut.NONE},
    ),
}
_DEPTHS = (20, 32, 44, 56, 110)


def choose_networks(
    key: str,
    default: Sequence[str],
    which: str,
    with_depth: bool = True,
    say: Callable[[str], object] = complain,
) -> tuple[ResNetSpec, ...]:
    """Let the visitor choose networks; return none if one is invalid.

    Args:
        key: the parameter's name.
        default: the model texts if the address has none.
        which: the default in words.
        with_depth: whether to draw a switch for the depth of all networks.
        say: receives error messages.
    """
    text, field = held(key), f"asked_{key}"
    usual = SEPARATOR.join(default)
    st.session_state[field] = (text or usual).replace(SEPARATOR, "  ")
    st.text_input(
        "Models, separated by spaces",
        key=field,
        on_change=_typed,
        args=(key, field),
        help=f"Any model texts; by default {which}.",
    )
    models, wrong = [], []
    for one in (text or usual).split(SEPARATOR):
        try:
            models.append(parse(one))
        except ValueError as error:
            wrong.append(str(error) if quote(one) in str(error) else f"{quote(one)}: {error}")
    for reason in wrong:
        say(reason)
    if wrong:
        return ()
    _show_switches(key, tuple(models), with_depth)
    if text:
        st.button(f"Reset to {which}", on_click=use_models, args=(key, ()), type="tertiary")
    if reason := st.session_state.pop("switch_error", ""):
        say(reason)
    return tuple(models)


def use_models(key: str, texts: Sequence[str]) -> None:
    """Choose networks from a callback; no texts mean the default."""
    hold(key, SEPARATOR.join(texts))


def _show_switches(key: str, models: tuple[ResNetSpec, ...], with_depth: bool) -> None:
    """Draw the switches that change all models at once."""
    columns = [*st.columns(3), *st.columns(3)]
    residual = [model for model in models if model.shortcut is not Shortcut.NONE]
    if with_depth:
        place = columns.pop(0)
        cifar = all(len(model.blocks) == 3 and model.convs_per_block == 2 for model in models)
        st.session_state["switch_depth"] = models[0].depth if models[0].depth in _DEPTHS else None
        place.selectbox(
            "Depth",
            _DEPTHS,
            key="switch_depth",
            index=None,
            placeholder=str(models[0].depth),
            disabled=not cifar,
            on_change=_switch,
            args=(key, "depth", models),
            help="Only for networks with three stages of basic blocks.",
        )
    for column, (name, (label, words)) in zip(columns, _SWITCHES.items(), strict=False):
        of = residual if name == "shortcut" else list(models)
        st.session_state[f"switch_{name}"] = getattr(of[0], name) if of else None
        column.selectbox(
            label,
            list(words),
            key=f"switch_{name}",
            format_func=words.__getitem__,
            disabled=not of,
            on_change=_switch,
            args=(key, name, models),
        )


def _switch(key: str, name: str, models: tuple[ResNetSpec, ...]) -> None:
    value = st.session_state[f"switch_{name}"]
    changed = []
    for model in models:
        if name == "depth":
            options: dict[str, object] = {"blocks": ((value - 2) // 6,) * 3}
        elif name == "shortcut" and model.shortcut is Shortcut.NONE:
            options = {}
        else:
            options = {name: value}
        try:
            changed.append(str(edit(model, options)))
        except ValueError as error:
            st.session_state["switch_error"] = str(error)
            return
    use_models(key, tuple(dict.fromkeys(changed)))


def _typed(key: str, field: str) -> None:
    use_models(key, st.session_state[field].replace(SEPARATOR, " ").split())
