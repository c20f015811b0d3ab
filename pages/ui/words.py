"""Reasons as sentences: what a visitor typed is shown as it is, never read as markup."""

from __future__ import annotations

import re

import streamlit as st


def sentence(reason: str) -> str:
    """A reason with a capital, a full stop and no markup."""
    plain = re.sub(r"([\\\[\]`*$~<>])", r"\\\1", reason)
    end = "" if reason.endswith(("?", ".")) else "."
    return f"{plain[0].upper()}{plain[1:]}{end}"


def complain(reason: str) -> None:
    """Say what is wrong where it is wrong."""
    st.error(sentence(reason), icon=":material/error:")
