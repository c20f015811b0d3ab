"""Shortcuts: where identity, projection and zero-pad shortcuts stand, and why."""

import streamlit as st

from pages.ui.frame import checked, requested

spec = requested()

from analysis.graph import Level, graph
from analysis.render.svg import counts_in_words, svg
from nets import CATALOG
from pages.ui.cached import profile_of
from pages.ui.exports import graph_menu
from pages.ui.markup import picture, table
from pages.ui.shortcuts import shortcut_rows
from pages.ui.theme import palette

profile = checked(profile_of, spec)
entry = CATALOG[spec.base]
edited = profile.model != spec.base

head, export = st.columns([8, 1.6], vertical_alignment="center")
head.title(f"Shortcuts of {entry.title}{', edited' if edited else ''}")
st.markdown(f"{counts_in_words(profile)}. Model `{profile.model}`.")
left, right = st.columns([3, 2], vertical_alignment="bottom")
level = left.segmented_control(
    "Every node is a",
    [level.value for level in Level],
    default=Level.BLOCK.value,
    required=True,
    key="level",
    bind="query-params",
)
unfold = right.toggle(
    "Unfold equal blocks",
    key="unfold",
    bind="query-params",
    disabled=level == Level.STAGE,
    help="Draw every block instead of one box for a run of equal ones.",
)
drawn = graph(profile, Level(level), unfold)
with export:
    graph_menu(drawn, profile)
st.html(picture(svg(drawn, palette()), f"{profile.model}: {counts_in_words(profile)}"))

st.header("Where they stand, and why")
rows = shortcut_rows(profile)
st.html(table("Shortcuts", ("Block", "Shortcut", "Input", "Output", "Why"), rows, 5))
