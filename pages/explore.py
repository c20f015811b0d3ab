"""Explore: what the network is and what it costs."""

import streamlit as st

from pages.ui.frame import checked, requested

spec = requested()

from analysis.drawing.silhouette import silhouette
from analysis.style.numbers import shape
from nets import CATALOG
from nets.origin import edits, is_edited, title
from pages.ui.cached import is_published_ready, profile_of, published_of
from pages.ui.exports import export_menu, share_menu
from pages.ui.markup import figures, picture, table
from pages.ui.theme import palette
from pages.ui.words import sentence
from pages.views.block import show_block
from pages.views.figures import profile_figures, stage_table
from pages.views.layers import show_layers
from pages.views.verify import show_verification

profile = checked(profile_of, spec)
entry = CATALOG[spec.base]
edited = is_edited(spec)
base = profile_of(entry.spec) if edited else None

head, share, export = st.columns([8, 1.6, 1.6], vertical_alignment="center")
head.title(title(spec))
with share:
    share_menu(profile)
with export:
    export_menu(profile)
source = entry.source
cited = f"[{source.short}]({source.url}), *{source.title}*, {source.venue}"
said = f"{entry.summary} {cited}."
if edited:
    said = f"Edited from {entry.title} ({cited}): {edits(spec)}."
st.markdown(
    f"{said}  \nModel `{profile.model}`, input {shape(profile.input)}, counted for one image."
)
top = st.empty()
known = published_of(spec) if is_published_ready() else None
top.html(figures(profile_figures(profile, base, known)))
if edited:
    st.caption(f"Differences are against {entry.title} (`{spec.base}`).")

st.header("Shape")
sizes = ", ".join(f"{row.name} {shape(row.output)}" for row in profile.stages)
st.html(picture(silhouette(profile, palette()), f"Channels, height and width: {sizes}"))
st.caption(
    "Height and width of the map, on a square-root scale, and channels as depth, on a logarithmic "
    "one."
)

st.header("Stages")
st.html(stage_table(profile))
st.caption(
    "MACs are multiply-adds of convolutions and linear layers. fvcore FLOPs add batch norm, two "
    "per element, and the average pool. Saved memory is what autograd keeps for backward in "
    "float32. Bars are shares of the whole; hover a number for the exact value."
)
if profile.untrainable:
    st.info(
        sentence(f"Saved memory is for two images: {profile.untrainable}"), icon=":material/info:"
    )

st.header("One block")
show_block(profile)

st.header("Layers")
show_layers(profile)
show_verification(profile)

results = published_of(spec)
if known is None:
    top.html(figures(profile_figures(profile, base, results)))
if results:
    st.header("Published results")
    cells = [(r.metric, f"{r.percent:g}%", r.recipe or "not stated", r.source) for r in results]
    st.html(table("Published results", ("Figure", "Value", "Recipe", "Source"), cells, 4))
    st.caption("Published, not measured here. Results of different recipes aren't comparable.")
