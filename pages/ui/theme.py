"""Which colours this visitor's page has."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from analysis.style.palette import DARK, LIGHT, Palette

_follower = st.components.v2.component(
    "theme", html="<i></i>", js=Path(__file__).with_name("theme.js").read_text(encoding="utf-8")
)


def follow_theme() -> None:
    """Run the page again when the visitor's theme changes, as `palette` does then."""
    _follower(key="theme", on_theme_change=lambda: None)


def palette() -> Palette:
    """The colours for pictures on the page, light or dark as the visitor's theme is."""
    return DARK if st.context.theme.type == "dark" else LIGHT
