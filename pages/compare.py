"""Compare: the costs of several networks side by side, each with its convention."""

import streamlit as st

from pages.ui.frame import requested

spec = requested()

from analysis.style.language import translate
from pages.ui.wall import aside
from pages.views.compare import (
    choose_view,
    compared,
    show_comparison,
    show_diff,
    show_ledger,
    show_sweep,
)

with aside("head"):
    head, middle, export = st.columns([2.1, 4.4, 1.8], vertical_alignment="center")
head.title(translate("Compare"))
view = choose_view(middle)
if view == "costs":
    show_comparison(spec, export)
elif view == "sweep":
    show_sweep(compared(spec), export)
elif view == "difference":
    show_diff(spec, export)
else:
    show_ledger(spec, export)
