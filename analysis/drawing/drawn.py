"""What to draw of a network, and how: the value behind a page's graph and its files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from analysis.costs.profiles import profile
from analysis.drawing import vgg
from analysis.drawing.beside import Beside
from analysis.drawing.graph import DEFAULT_ASPECT, Level, graph, openable
from analysis.drawing.key import entries_of, key_of
from analysis.drawing.parts import Graph, Labels, Layout
from nets import ResNetSpec
from nets.options import Shortcut, quote

_NAME = re.compile(r"layer[0-9]+(\.([0-9]+|all))?")
"""Names of parts that can be opened, in any network."""

BESIDE = (TWIN, TWIN_AND_VGG19) = "true", vgg.NAME
"""What an address draws beside a network: its twin; or its twin and VGG-19."""

_profiled = lru_cache(32)(profile)


@dataclass(frozen=True)
class Drawn:
    """What to draw of a network, and how.

    Attributes:
        spec: the network.
        level: what each node is.
        unfold: whether equal blocks have a box each.
        opened: the parts that are opened.
        labels: what boxes say; None for the default on a screen or paper, for one network or two.
        layout: how the drawing runs; None for the default, likewise.
        twin: the network to draw beside it, if any.
        vgg19: whether to draw VGG-19 before the two.
        figures: whether to leave room for a number in every box.
        aspect: the ratio of width to height to aim for.
        fits: whether to make text as large as a place of that aspect allows.
        tight: whether to space it more tightly than usual on a screen.
        smallest: the width in px of the narrowest box; 0 for the usual one.
    """

    spec: ResNetSpec
    level: Level = Level.BLOCK
    unfold: bool = False
    opened: frozenset[str] = frozenset()
    labels: Labels | None = None
    layout: Layout | None = None
    twin: ResNetSpec | None = None
    vgg19: bool = False
    figures: bool = False
    aspect: float = DEFAULT_ASPECT
    fits: bool = False
    tight: bool = False
    smallest: float = 0.0

    @property
    def pair(self) -> Beside | None:
        """The network and its twin, the plain one first; None without a twin."""
        if self.twin is None:
            return None
        both = sorted((self.spec, self.twin), key=lambda one: one.shortcut is not Shortcut.NONE)
        return Beside(tuple(map(_profiled, both)), self.vgg19)


def upright(drawn: Drawn, most: float) -> Graph:
    """Return the graph from top to bottom, for a phone; `most` is as in `Beside.upright`."""
    if pair := drawn.pair:
        return pair.upright(drawn.level, drawn.unfold, drawn.labels, drawn.figures, most)
    return graph_of(replace(drawn, layout=Layout.COLUMN, fits=False, tight=False))


@lru_cache(16)
def graph_of(drawn: Drawn, width_mm: float | None = None) -> Graph:
    """Return the graph as laid out on the page, or for a width on paper in mm."""
    level, unfold, labels, figures = drawn.level, drawn.unfold, drawn.labels, drawn.figures
    fits, tight = (asked and width_mm is None for asked in (drawn.fits, drawn.tight))
    if pair := drawn.pair:
        layout = drawn.layout or (Layout.ROWS if width_mm is None else None)
        rest = (figures, drawn.aspect, fits, tight, drawn.smallest)
        return pair.graph(level, unfold, width_mm, labels, layout, *rest)
    return graph(
        _profiled(drawn.spec),
        level,
        unfold,
        drawn.aspect,
        opened=drawn.opened,
        width_mm=width_mm,
        labels=labels,
        arranged=drawn.layout or Layout.ROWS,
        figures=figures,
        fits=fits,
        tight=tight,
        smallest=drawn.smallest,
    )


def in_place(
    tried: Sequence[Drawn], width: float, height: float, least: float, ends: Sequence[str] = ()
) -> Drawn:
    """Return the first of several drawings with legible text in a place, or else the most legible.

    Args:
        tried: what to draw, the most spacious first.
        width: the width of the place in px.
        height: its height in px.
        least: the smallest text that is legible there, in px.
        ends: the words before the scale, its lower and its upper end; empty if there is none.
    """
    best, most = tried[0], 0.0
    for drawn in tried:
        own_width, own_height = size_of(drawn, ends)
        text = graph_of(drawn).small * min(width / own_width, height / own_height)
        if text > most:
            best, most = drawn, text
        if most >= least:
            break
    return best


def size_of(drawn: Drawn, ends: Sequence[str] = ()) -> tuple[float, float]:
    """Return the width and height of a drawing with its key; see `in_place` for `ends`."""
    graph = graph_of(drawn)
    key = key_of(entries_of(graph), ends, graph.width, graph.margin)
    return graph.width, graph.height + key.height


def opened_in(spec: ResNetSpec, text: str) -> tuple[frozenset[str], str]:
    """Return the parts that a text such as `layer2,layer3.0` opens, and what is wrong with it.

    Parts that only another network has are left out. The second value is a sentence about the first
    name that is invalid; empty if all are valid.
    """
    names = frozenset(filter(None, text.split(",")))
    wrong = sorted(name for name in names if not _NAME.fullmatch(name))
    said = (
        f"can't open {quote(wrong[0])}: name a stage layer1, all its blocks layer1.all, or a block "
        "layer1.0"
        if wrong
        else ""
    )
    return names & openable(spec), said
