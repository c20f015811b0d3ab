"""The colours of this visitor's page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from analysis.style.palette import DARK, LIGHT, Palette

_follower = st.components.v2.component(
    "theme", html="<i></i>", js=Path(__file__).with_name("theme.js").read_text(encoding="utf-8")
)


def follow_theme() -> None:
    """Rerun the page when the visitor's theme changes, since `palette` changes with it."""
    _follower(key="theme", on_theme_change=lambda: None)


def palette() -> Palette:
    """Return the palette for pictures on the page: light or dark, like the visitor's theme."""
    return DARK if st.context.theme.type == "dark" else LIGHT
