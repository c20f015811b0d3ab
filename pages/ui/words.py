"""Error and warning messages; text that a visitor typed is escaped, never read as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from nets import CATALOG


def escaped(text: str) -> str:
    """Return a text in which Streamlit finds no Markdown."""
    return re.sub(r"([\\\[\]`*$~<>])", r"\\\1", text)


def sentence(reason: str) -> str:
    """Return a reason as an escaped sentence, capitalised unless it begins with a model."""
    plain = escaped(reason)
    end = "" if reason.endswith(("?", ".")) else "."
    is_model = reason.split()[0].partition(":")[0] in CATALOG
    return f"{plain if is_model else plain[0].upper() + plain[1:]}{end}"


def say_left_out(refused: Sequence[str]) -> None:
    """Warn about settings from the address that were invalid, if there are any."""
    if refused:
        said = f"ignored settings in the address that are invalid here: {refused[0]}"
        st.warning(sentence(", ".join([said, *refused[1:]])), icon=":material/link_off:")


def complain(reason: str) -> None:
    """Show an error message in place."""
    st.error(sentence(reason), icon=":material/error:")
