"""Which colours this visitor's page has."""

from __future__ import annotations

import streamlit as st

from analysis.style.palette import DARK, LIGHT, Palette


def palette() -> Palette:
    """The colours for pictures on the page, light or dark as the visitor's theme is."""
    return DARK if st.context.theme.type == "dark" else LIGHT
