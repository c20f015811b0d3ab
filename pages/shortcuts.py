"""Shortcuts: where identity, projection and zero-pad shortcuts stand, and why."""

import streamlit as st

from pages.ui.frame import checked, requested

spec = requested()

from analysis.drawing.caption import bibtex, caption, counts_in_words
from analysis.drawing.graph import Level
from analysis.drawing.viewer import levels, view_name
from nets import CATALOG
from nets.origin import in_a_sentence
from pages.ui.cached import profile_of
from pages.ui.exports import diagram_menu
from pages.ui.fields import segments, switch
from pages.ui.markup import table
from pages.ui.theme import palette
from pages.ui.wall import aside, end_of_wall, heading, on_wall
from pages.views.graph import choose_heat, choose_reading, graph_of, opened_in, show_graph
from pages.views.shortcuts import shortcut_rows

profile = checked(profile_of, spec)
entry = CATALOG[spec.base]

export = heading(f"Shortcuts of {in_a_sentence(spec)}")
said = f"{counts_in_words(profile)}."
st.markdown(said if on_wall() else f"{said} Model `{profile.model}`.")
with aside("settings"):
    left, middle, beside, right = st.columns([3.4, 3, 2.2, 3], vertical_alignment="bottom")
    below = st.container()
level = segments("Every node is a", list(Level), Level.BLOCK, key="level", place=left)
with middle:
    heat = choose_heat(spec, below)
with beside:
    heat = choose_reading(heat)
unfold = switch(
    "Unfold equal blocks",
    False,
    key="unfold",
    place=right,
    disabled=level == Level.STAGE,
    help="Draw every block instead of one box for a run of equal ones.",
)
unfold = unfold or (heat is not None and heat.varies)
opened = opened_in(spec)
with export:
    diagram_menu(
        profile.model,
        profile,
        lambda width_mm: graph_of(spec, Level(level), unfold, opened, width_mm),
        heat,
        f"{caption(profile)}\n{bibtex(entry.source)}",
        view_name(Level(level), unfold),
        lambda: levels(profile),
    )
show_graph(spec, Level(level), unfold, opened, heat, palette())
end_of_wall()

st.header("Shortcuts by block")
rows = shortcut_rows(profile)
st.html(table("Shortcuts", ("Block", "Shortcut", "Input", "Output", "Why"), rows, 5))
