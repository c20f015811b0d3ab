"""Reasons as sentences: what a visitor typed is shown as it is, never read as markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from nets import CATALOG


def sentence(reason: str) -> str:
    """A reason with a full stop, without markup, and with a capital unless a model begins it."""
    plain = re.sub(r"([\\\[\]`*$~<>])", r"\\\1", reason)
    end = "" if reason.endswith(("?", ".")) else "."
    is_model = reason.split()[0].partition(":")[0] in CATALOG
    return f"{plain if is_model else plain[0].upper() + plain[1:]}{end}"


def say_left_out(refused: Sequence[str]) -> None:
    """Say what of the address could not be taken, if anything."""
    if refused:
        said = f"the address asks for what is not possible here, and it is left out: {refused[0]}"
        st.warning(sentence(", ".join([said, *refused[1:]])), icon=":material/link_off:")


def complain(reason: str) -> None:
    """Say what is wrong where it is wrong."""
    st.error(sentence(reason), icon=":material/error:")
