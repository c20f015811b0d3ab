"""What of a page's state lives in the address without a field of its own on the screen.

What a visitor changes in a bound widget replaces the address; what the server changes is a step
that Back undoes. So the bound text stays out of sight, and what is seen are views of it that write
it in their callbacks.
"""

from __future__ import annotations

import streamlit as st


def hidden_text(key: str, default: str = "") -> str:
    """The text that the address holds under a key; write it through the session's state."""
    with st.container(key=f"hidden-{key}"):
        return st.text_input(key, default, key=key, bind="query-params") or default
