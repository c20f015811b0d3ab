"""Shortcuts: where a network has identity, projection or zero-pad shortcuts, and why."""

from dataclasses import replace
from functools import partial

import streamlit as st

from pages.ui.frame import checked, requested

spec = requested()

from analysis.drawing.caption import counts_in_words, graph_caption
from analysis.drawing.drawn import graph_of
from analysis.drawing.marks import numbered
from analysis.drawing.parts import Graph, Layout
from analysis.drawing.viewer import levels, view_name
from analysis.style.language import translate
from nets import CATALOG
from nets.names import title
from pages.ui.cached import profile_of
from pages.ui.drawings import graph_picture
from pages.ui.exports import export as export_dialog
from pages.ui.markup import table
from pages.ui.theme import palette
from pages.ui.wall import end_of_wall, heading, on_wall
from pages.views.drawing import choose_drawn
from pages.views.graph import for_document, show_graph
from pages.views.shortcuts import shortcut_rows

profile = checked(profile_of, spec)
entry = CATALOG[spec.base]

export = heading(translate("Shortcuts of {model}", model=title(spec)))
said = translate("{counts}.", counts=counts_in_words(profile))
drawn, heat = choose_drawn(spec, said if on_wall() else f"{said} Model `{profile.model}`.")


with export:
    first = view_name(drawn.level, drawn.unfold)

    def views() -> dict[str, Graph]:
        """Return the graphs of an HTML document, with what is opened on the page."""
        every = {} if drawn.twin else levels(profile, drawn.labels, drawn.layout or Layout.ROWS)
        if every and not drawn.opened:
            return every
        return every | {first: for_document(drawn)}

    drawing = graph_picture(
        profile.model,
        drawn.pair.by_name() if drawn.pair else profile,
        partial(numbered, lambda mm, least: graph_of(replace(drawn, smallest=least), mm), heat),
        heat,
        partial(
            graph_caption,
            drawn.pair.profiles if drawn.pair else (profile,),
            drawn.vgg19,
            heat,
            drawn.level,
            drawn.unfold,
        ),
        first,
        views,
    )
    export_dialog("graph", [drawing])
show_graph(drawn, heat, palette())
end_of_wall()

st.header("Shortcuts by block")
rows = shortcut_rows(profile)
st.html(table("Shortcuts", ("Block", "Shortcut", "Input", "Output", "Why"), rows, 5))
