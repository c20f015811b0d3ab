"""Shortcuts: where identity, projection and zero-pad shortcuts stand, and why."""

import streamlit as st

from pages.ui.frame import checked, requested

spec = requested()

from analysis.graph import Level, graph
from analysis.heat import Metric, heat_of
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
left, middle, right = st.columns([4, 3, 4], vertical_alignment="bottom")
level = left.segmented_control(
    "Every node is a",
    [level.value for level in Level],
    default=Level.BLOCK.value,
    required=True,
    key="level",
    bind="query-params",
)
metric = middle.selectbox(
    "Colour by",
    [metric.value for metric in Metric],
    index=None,
    key="heat",
    bind="query-params",
    placeholder="nothing",
    format_func=lambda value: Metric(value).label,
)
unfold = right.toggle(
    "Unfold equal blocks",
    key="unfold",
    bind="query-params",
    disabled=level == Level.STAGE,
    help="Draw every block instead of one box for a run of equal ones.",
)
drawn = graph(profile, Level(level), unfold)
heat = heat_of(profile, Metric(metric)) if metric else None
with export:
    graph_menu(drawn, profile, heat)
alt = f"{profile.model}: {counts_in_words(profile)}"
st.html(picture(svg(drawn, palette(), heat=heat), alt))

st.header("Where they stand, and why")
rows = shortcut_rows(profile)
st.html(table("Shortcuts", ("Block", "Shortcut", "Input", "Output", "Why"), rows, 5))
