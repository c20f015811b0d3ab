"""Compare: several networks side by side, every cost with its convention."""

import streamlit as st

from pages.ui.frame import requested

spec = requested()

from pages.ui.charts import show_chart
from pages.ui.comparisons import comparison_of
from pages.ui.words import complain
from pages.views.compare import (
    choose_batch,
    choose_nets,
    export_comparison,
    scatter,
    show_diff,
    show_ledger,
    show_sweep,
    show_table,
)

head, export = st.columns([8, 2.4], vertical_alignment="center")
head.title("Compare")
st.markdown("Costs side by side, at one batch size, counted the same way for every network.")
nets = choose_nets(spec)
batch, replay = choose_batch()
if not nets:
    st.stop()
try:
    comparison = comparison_of(nets, batch, replay)
except ValueError as error:
    complain(str(error))
    st.stop()

chart = scatter(comparison)
show_chart(chart, "scatter", 520)
with export:
    export_comparison(comparison, chart)

st.header("Table")
show_table(comparison)

show_sweep(nets, batch)
show_diff(nets, batch)
show_ledger(nets)
