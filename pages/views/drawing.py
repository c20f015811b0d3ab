"""What of a network is drawn on the page Shortcuts, how, and by what it is coloured."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.drawing.beside import Beside
from analysis.drawing.graph import DEFAULT_ASPECT, Level, openable
from analysis.drawing.heat import Heat, Metric, Per, heat_of
from analysis.drawing.parts import Labels, Layout
from analysis.gradients.twins import plain_twin, residual_twin
from nets import ResNetSpec
from nets.options import Shortcut, quote
from pages.ui.address import held
from pages.ui.cached import profile_of
from pages.ui.fields import segments, select, switch
from pages.ui.measured import measured_heats
from pages.ui.wall import aside, on_wall
from pages.ui.words import complain, sentence

OPEN = "open"
"""The parameter that says what is opened."""

_NAME = re.compile(r"layer[0-9]+(\.([0-9]+|all))?")
"""What can be opened in some network."""


@dataclass(frozen=True)
class Drawn:
    """What of a network is drawn, and how.

    `labels` and `layout` are None for what suits a screen or paper, one network or two. `twin`
    stands beside the network. `figures` leaves room for a number in every box. Rows come near to
    `aspect`; where it `fits`, text is as large as a place of that aspect allows.
    """

    spec: ResNetSpec
    level: Level = Level.BLOCK
    unfold: bool = False
    opened: frozenset[str] = frozenset()
    labels: Labels | None = None
    layout: Layout | None = None
    twin: ResNetSpec | None = None
    figures: bool = False
    aspect: float = DEFAULT_ASPECT
    fits: bool = False

    @property
    def pair(self) -> Beside | None:
        """The network with its twin, the plain one first, where one stands beside it."""
        if self.twin is None:
            return None
        both = sorted((self.spec, self.twin), key=lambda one: one.shortcut is not Shortcut.NONE)
        return Beside(tuple(map(profile_of, both)))


def choose_drawn(spec: ResNetSpec, said: str) -> tuple[Drawn, Heat | None]:
    """Draw the switches beside a sentence and below it.

    Returns:
        what the switches say, and the numbers that colour the drawing.
    """
    top = st.container()
    with aside("settings"):
        words, middle, beside = st.columns([4.2, 2.5, 2.7], vertical_alignment="center")
    (top if on_wall() else words).markdown(said)
    is_plain = spec.shortcut is Shortcut.NONE
    twin = switch(
        f"Beside its {'residual' if is_plain else 'plain'} twin",
        False,
        key="twin",
        place=beside,
        help=f"Draw the same network {'with' if is_plain else 'without'} its shortcuts as well.",
    )
    with aside("looks"):
        levels, colours, per, labels, layouts = st.columns(
            [2.5, 2, 1.5, 2.1, 1.9], vertical_alignment="bottom"
        )
        below = st.container()
    level = segments("Every node is a", list(Level), Level.BLOCK, key="level", place=levels)
    unfold = switch(
        "Unfold equal blocks",
        False,
        key="unfold",
        place=middle,
        disabled=level == Level.STAGE,
        help="Draw every block instead of one box for a run of equal ones.",
    )
    with colours:
        heat = _choose_heat(spec, below)
    with per:
        heat = _choose_reading(heat)
    drawn = Drawn(
        spec,
        Level(level),
        unfold or (heat is not None and heat.varies),
        frozenset() if twin else _opened_in(spec),
        _choose_labels(labels, twin),
        _choose_layout(layouts, twin),
        (residual_twin(spec) if is_plain else plain_twin(spec)) if twin else None,
        heat is not None,
    )
    with below:
        return drawn, _heat_beside(drawn, heat)


def _choose_labels(place: DeltaGenerator, is_pair: bool) -> Labels | None:
    """What the boxes say, on the page and in its files."""
    said = {Labels.PATH: "paths", Labels.OPERATIONS: "operations", Labels.BOTH: "both"}
    chosen = select(
        "Box labels",
        {labels.value: words for labels, words in said.items()},
        None,
        key="labels",
        place=place,
        placeholder="operations" if is_pair else "paths",
        help="If none are chosen, boxes of blocks say their paths on the page, and their "
        "operations in files with a width on paper and beside a twin.",
    )
    return Labels(chosen) if chosen else None


def _choose_layout(place: DeltaGenerator, is_pair: bool) -> Layout | None:
    """How the drawing runs, on the page and in its files."""
    ways = {Layout.ROWS: "rows", Layout.COLUMN: "columns" if is_pair else "column"}
    chosen = select(
        "Layout",
        {layout.value: words for layout, words in ways.items()},
        None,
        key="layout",
        place=place,
        placeholder="rows",
        help="Rows run from left to right, columns from top to bottom. If none is chosen, twins "
        "stand in columns in files with a width on paper.",
    )
    return Layout(chosen) if chosen else None


def _choose_heat(spec: ResNetSpec, reasons: DeltaGenerator) -> Heat | None:
    """What the nodes are coloured by: a metric of the profile, or what this visit has measured.

    `reasons` is where to say why the network has no such numbers.
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
        help="Times and gradients can be chosen once they are measured on Timing and Gradients.",
    )
    try:
        return heats[name][1]() if name else None
    except ValueError as error:
        reasons.info(sentence(str(error)), icon=":material/info:")
        return None


def _choose_reading(heat: Heat | None) -> Heat | None:
    """Whether a box of several blocks is coloured by all of them or by one."""
    disabled = heat is None or heat.varies
    per = segments("Counted per", list(Per), Per.BOX, key="per", disabled=disabled)
    return heat and replace(heat, per=Per(per))


def _heat_beside(drawn: Drawn, heat: Heat | None) -> Heat | None:
    """The numbers of a network and of its twin; measured ones are of the network alone."""
    pair = drawn.pair
    if heat is None or pair is None:
        return heat
    metric = next((metric for metric in Metric if metric.label == heat.label), None)
    if metric is None:
        st.caption(f"Only {drawn.spec} is coloured: {heat.label} was measured on it alone.")
        return pair.heat_of_one(profile_of(drawn.spec), heat)
    try:
        return replace(pair.heat(metric), per=heat.per)
    except ValueError as error:
        st.info(sentence(str(error)), icon=":material/info:")
        return None


def _opened_in(spec: ResNetSpec) -> frozenset[str]:
    """What the address says is opened, as far as this network has it; what is no name is said."""
    names = frozenset(filter(None, held(OPEN).split(",")))
    if wrong := sorted(name for name in names if not _NAME.fullmatch(name)):
        complain(
            f"{quote(wrong[0])} can't be opened: a stage is named layer1, all its blocks "
            "layer1.all, a block layer1.0"
        )
    return names & openable(spec)
