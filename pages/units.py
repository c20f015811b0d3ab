"""Units: two residual units side by side, and what each does to the identity path."""

import streamlit as st

from pages.ui.frame import ready

ready()

from analysis.style.language import translate
from pages.ui.ending import end_page
from pages.ui.markup import table
from pages.ui.wall import aside, fold, heading, on_wall
from pages.views.units import (
    choose_unit,
    draw_unit,
    error_rows,
    export_units,
    option_rows,
    show_on_wall,
    show_unit,
)

export = heading(translate("Residual units") if on_wall() else translate("Units"))
aside("intro").markdown(
    "Where batch norm, ReLU and the shortcut sit in a residual unit, and how that affects the "
    "signal and the gradient. Shapes are those of ResNet-110 (basic) and Pre-activation ResNet-164 "
    "(bottleneck)."
)
with fold("units", "Units to compare"):
    choices = st.columns(2, gap="large")
units = [choose_unit(side, index) for index, side in enumerate(choices)]
if on_wall():
    show_on_wall(units)
    end_page()
for side, unit in zip(st.columns(2, gap="large"), units, strict=True):
    with side:
        draw_unit(unit, units)
        show_unit(unit)
with export:
    export_units(units)

st.header("Published errors of the five unit orders")
st.html(table("Unit orders", ("Unit order", "ResNet-110", "ResNet-164"), error_rows(units), 1))
st.caption(
    "CIFAR-10 test error in percent, median of 5 runs (He et al. 2016, Table 2). ResNet-110 has "
    "basic blocks, ResNet-164 bottlenecks. Published, not measured here."
)
st.header("Shortcut options")
head = ("Option", "If the shape changes", "Otherwise", "Top-1 error of ResNet-34")
st.html(table("Shortcut options", head, option_rows(), 3))
st.caption(
    "ImageNet top-1 error in percent, 10-crop (He et al. 2015, Table 3). Published, not measured "
    "here. The paper calls the differences small: projections aren't essential against degradation."
)
