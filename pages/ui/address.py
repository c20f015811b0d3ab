"""What of a page's state lives in the address without a field of its own on the screen.

What a visitor changes in a bound widget replaces the address; what the server changes is a step
that Back undoes. So the bound text stays out of sight, and what is seen are views of it that write
it in their callbacks. And what the address of a visitor's first run asked for in vain.
"""

from __future__ import annotations

from contextlib import suppress

import streamlit as st


def hidden_text(key: str, default: str = "") -> str:
    """The text that the address holds under a key; write it through the session's state."""
    with st.container(key=f"hidden-{key}"):
        return st.text_input(key, default, key=key, bind="query-params") or default


_ASKED, _MODEL = "address_asked", "model"
_SHOWN = 40  # letters of a value


def keep_asked() -> None:
    """Keep what the address of a visitor's first run says.

    A widget takes a value that it cannot hold out of the address, without a word.
    """
    st.session_state.setdefault(_ASKED, st.query_params.to_dict())


def ignored_of_asked() -> list[str]:
    """What of the first address no widget has taken; asked again, nothing."""
    asked: dict[str, str] = st.session_state[_ASKED]
    st.session_state[_ASKED] = {}
    return [
        f"{name}={value[:_SHOWN]}"
        for name, value in asked.items()
        if name != _MODEL  # a wrong model is said in its own place
        and name not in st.query_params
        and name in st.session_state
        and not _same(st.session_state[name], value)
    ]


def _same(value: object, text: str) -> bool:
    """Whether a widget holds what the address says; what is its default leaves the address."""
    with suppress(ValueError):
        if isinstance(value, int | float):
            return float({"true": "1", "false": "0"}.get(text, text)) == value
    return str(value or "") == text
