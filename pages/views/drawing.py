"""The settings of the drawing on the Shortcuts page: level, labels, layout, colours, twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.drawing import vgg
from analysis.drawing.drawn import TWIN, TWIN_AND_VGG19, Drawn, opened_in
from analysis.drawing.graph import Level
from analysis.drawing.heat import Heat, Metric, Per, heat_of
from analysis.drawing.parts import Labels, Layout
from analysis.gradients.twins import other_twin
from nets import ResNetSpec
from nets.options import Shortcut
from pages.ui import lecture
from pages.ui.address import held
from pages.ui.cached import profile_of
from pages.ui.fields import segments, select, switch
from pages.ui.measured import measured_heats
from pages.ui.wall import aside, fold, on_wall, unfolded
from pages.ui.words import complain, hint, sentence, unbroken

OPEN = "open"
"""The parameter of the opened parts."""


def choose_drawn(spec: ResNetSpec, said: str) -> tuple[Drawn, Heat | None]:
    """Draw a sentence and the settings beside and below it.

    Returns:
        What to draw, and the numbers that colour it.
    """
    top = st.container()
    with fold("settings"):
        words, middle, beside = st.columns([4.3, 2.1, 3.2], vertical_alignment="bottom")
        levels, colours, per, labels, layouts = st.columns(
            [2.5, 2, 1.5, 2.1, 1.9], vertical_alignment="bottom"
        )
    below = aside("below")
    is_plain = spec.shortcut is Shortcut.NONE
    kind = "residual" if is_plain else "plain"
    asked = select(
        "Beside",
        {
            TWIN: f"its {kind} twin",
            TWIN_AND_VGG19: f"its {kind} twin and {vgg.TITLE}",
        },
        None,
        key="twin",
        place=beside,
        placeholder="nothing",
        help=f"Also draw the same network {'with' if is_plain else 'without'} shortcuts, and "
        f"{vgg.TITLE} from its published layers, as in He et al. 2015, Fig. 3.",
    )
    twin = asked is not None
    level = segments("Level", list(Level), Level.BLOCK, key="level", place=levels)
    unfold = switch(
        "Unfold equal blocks",
        False,
        key="unfold",
        place=middle,
        disabled=level == Level.STAGE,
        help="Draw every block instead of one box per run of equal blocks.",
    )
    with colours:
        heat = _choose_heat(spec, below)
    with per:
        heat = _choose_reading(heat, unfold and level != Level.STAGE)
    drawn = Drawn(
        spec,
        Level(level),
        unfold or (heat is not None and heat.varies),
        frozenset() if twin else _opened_in(spec),
        _choose_labels(labels, twin or level == Level.LAYER),
        _choose_layout(layouts, twin),
        other_twin(spec) if twin else None,
        asked == TWIN_AND_VGG19,
        figures=heat is not None,
    )
    with top if on_wall() else unfolded("said", words):
        how = f"{heat.label}: {heat.meant}" if heat and heat.measured else ""
        lecture.sentence(sentence(how) if how and on_wall() else said)
    with below:
        if how and heat:
            st.caption(unbroken(sentence(f"{how}, {heat.measured}")))
        return drawn, _heat_beside(drawn, heat)


def _choose_labels(place: DeltaGenerator, says_operations: bool) -> Labels | None:
    """Let the visitor choose what boxes say, on the page and in files.

    Args:
        place: where the field is.
        says_operations: whether boxes say operations unless something else is chosen.
    """
    said = {Labels.PATH: "paths", Labels.OPERATIONS: "operations", Labels.BOTH: "both"}
    chosen = select(
        "Box labels",
        {labels.value: words for labels, words in said.items()},
        None,
        key="labels",
        place=place,
        placeholder="operations" if says_operations else "paths",
        help="By default, boxes name operations at level layer, beside a twin, and in exported "
        "SVG, PDF, PNG and TikZ files; elsewhere they name paths.",
    )
    return Labels(chosen) if chosen else None


def _choose_layout(place: DeltaGenerator, is_pair: bool) -> Layout | None:
    """Let the visitor choose how the drawing runs, on the page and in files."""
    ways = {Layout.ROWS: "rows", Layout.COLUMN: "columns" if is_pair else "column"}
    chosen = select(
        "Layout",
        {layout.value: words for layout, words in ways.items()},
        None,
        key="layout",
        place=place,
        placeholder="automatic",
        help="Rows run from left to right, columns from top to bottom. Automatic is rows, but "
        "columns on a phone, for twins in files with a set width on paper, and where rows of "
        "twins would be too small.",
    )
    return Layout(chosen) if chosen else None


def _choose_heat(spec: ResNetSpec, reasons: DeltaGenerator) -> Heat | None:
    """Let the visitor choose the numbers that colour the nodes: counts or session measurements.

    `reasons` is where to say why the network lacks such numbers.
    """
    profile = profile_of(spec)
    heats: dict[str, tuple[str, Callable[[], Heat]]] = {
        metric: (metric.label, partial(heat_of, profile, metric)) for metric in Metric
    }
    heats |= measured_heats(spec)
    name = select(
        "Colour by",
        {name: label for name, (label, _) in heats.items()},
        None,
        key="heat",
        placeholder="nothing",
        help="Times and gradients appear here once measured on the Timing or Gradients page.",
    )
    try:
        return heats[name][1]() if name else None
    except ValueError as error:
        reasons.info(sentence(str(error)), icon=":material/info:")
        return None


def _choose_reading(heat: Heat | None, unfolded: bool) -> Heat | None:
    """Let the visitor choose whether a box of several blocks has the colour of all or of one."""
    disabled = heat is None or heat.varies or unfolded
    per = segments("Counted per", list(Per), Per.BOX, key="per", disabled=disabled)
    return heat and replace(heat, per=Per(per))


def _heat_beside(drawn: Drawn, heat: Heat | None) -> Heat | None:
    """Extend the numbers to the twin if they are counted; measured ones are the network's only."""
    pair = drawn.pair
    if heat is None or pair is None:
        return heat
    metric = next((metric for metric in Metric if metric.label == heat.label), None)
    if metric is None:
        st.caption(f"Only {drawn.spec} is coloured: {heat.label} was measured on no other.")
        return pair.heat_of_one(profile_of(drawn.spec), heat)
    try:
        return replace(pair.heat(metric), per=heat.per)
    except ValueError as error:
        hint(str(error))
        return None


def _opened_in(spec: ResNetSpec) -> frozenset[str]:
    """Return the opened parts that this network has; show an error for a name that is invalid."""
    names, wrong = opened_in(spec, held(OPEN))
    if wrong:
        complain(wrong)
    return names
