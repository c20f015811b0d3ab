"""Explore: what a network is and what it costs."""

import streamlit as st

from pages.ui.frame import checked, requested

spec = requested()

from analysis.style.numbers import shape
from nets import CATALOG
from nets.names import depth_in_words, title
from nets.origin import base_title, is_edited, same_in_catalog
from pages.ui import lecture
from pages.ui.cached import is_published_ready, profile_of, published_of
from pages.ui.markup import figures
from pages.ui.option_words import edits_in_words
from pages.ui.wall import aside, heading, on_wall
from pages.ui.words import unbroken
from pages.views.block import show_block
from pages.views.checkpoint_file import open_button
from pages.views.figures import (
    choose_view,
    profile_figures,
    show_published,
    show_shape,
    show_stages,
)
from pages.views.layers import show_layers
from pages.views.network import export_network, share_menu
from pages.views.verify import show_verification

_MOST_SAID = 2  # most edits named on the wall

profile = checked(profile_of, spec)
entry = CATALOG[spec.base]
edited, name = is_edited(spec), base_title(spec.base)
base = profile_of(entry.spec) if edited else None

share, export = heading(title(spec), 4.6).columns(2)
with share:
    share_menu(profile)
with export:
    export_network(profile)
source = entry.source
cited = f"[{source.short}]({source.url}), *{source.title}*, {source.venue}"
said = f"{entry.summary} {cited}."
if edited:
    said = f"Edited from {name} ({cited}): {edits_in_words(spec)}."
    if same := same_in_catalog(spec):
        said += f" The same network is {base_title(same)} in the catalog, `{same}`."
counted = f"  \nModel `{profile.model}`, input {shape(profile.input)}, counted for one image. "
counted += depth_in_words(spec)
summary = st.container()
top, below = st.empty(), st.container()
tabs, opening = aside("tabs").columns([2.7, 1])
with tabs:
    view = choose_view()
with summary:
    if not on_wall():
        st.markdown(unbroken(said + counted))
    elif view != "block":  # that view has a sentence of its own
        said = f"Edited from {name}: {edits_in_words(spec, _MOST_SAID)}."
        lecture.sentence(said if edited else entry.summary)
with opening:
    open_button()
has_figures = not on_wall() or view == "shape"  # on the wall, other views leave no room
known = published_of(spec) if is_published_ready() else None
if has_figures:
    top.html(figures(profile_figures(profile, base, known)))
if edited and not on_wall():
    below.caption(unbroken(f"Differences are relative to {name} (`{spec.base}`)."))

if view == "shape":
    show_shape(profile)
elif view == "stages":
    show_stages(profile)
elif view == "block":
    show_block(profile)
elif view == "layers":
    show_layers(profile)
    if not on_wall():
        show_verification(profile)

results = published_of(spec)
if known is None and has_figures:
    top.html(figures(profile_figures(profile, base, results)))
if view == "published":
    show_published(results)
