"""Explore: what the network is and what it costs."""

import streamlit as st

from analysis.render.numbers import shape
from nets import CATALOG
from pages.ui.cached import is_published_ready, profile_of, published_of, tree_of
from pages.ui.figures import profile_figures, stage_table
from pages.ui.frame import checked, requested
from pages.ui.markup import figures, layer_tree, table

spec = requested()
profile = checked(profile_of, spec)
entry = CATALOG[spec.base]

st.title(entry.title if profile.model == spec.base else f"{entry.title}, edited")
source = entry.source
st.markdown(
    f"{entry.summary} [{source.short}]({source.url}), *{source.title}*, {source.venue}.  \n"
    f"Model `{profile.model}`, input {shape(profile.input)}, counted for one image."
)
top = st.empty()
top.html(figures(profile_figures(profile, published_of(spec) if is_published_ready() else None)))

st.header("Stages")
st.html(stage_table(profile))
st.caption(
    "MACs are multiply-adds of convolutions and linear layers. fvcore FLOPs add batch norm, two "
    "an element, and the average pool. Saved memory is what autograd keeps for backward in "
    "float32. Bars are shares of the whole; hover a number for the exact value."
)

st.header("Layers")
st.html(layer_tree(tree_of(spec)))
st.caption(
    "Rows and mult-adds are torchinfo's, which count biases and batch norm parameters too. Equal "
    "blocks of a stage are one row, with the sums of them all."
)

results = published_of(spec)
top.html(figures(profile_figures(profile, results)))
if results:
    st.header("Published results")
    cells = [(r.metric, f"{r.percent:g}%", r.recipe or "not stated", r.source) for r in results]
    st.html(table("Published results", ("Figure", "Value", "Recipe", "Source"), cells, 4))
    st.caption("Published, not measured here. Results of different recipes don't compare.")
