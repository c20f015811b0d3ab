"""Decisions shared by all renderers of a drawing: sizes, fills, legibility and texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from analysis.drawing.boxes import BESIDE, LOWEST, width_of
from analysis.drawing.heat import Heat
from analysis.drawing.key import NAMES, SAMPLE, SHORTEST, Name, Sign, entries_of, key_of
from analysis.drawing.parts import (
    SMALL,
    TEXT,
    Band,
    Graph,
    Kind,
    Node,
    Point,
    ShortcutLine,
)
from analysis.drawing.spacing import LINE
from analysis.style.fonts import text_width
from analysis.style.look import PAGE_MM, Look
from analysis.style.palette import CIVIDIS, GREYS, PRINT, Palette, heat_colour
from nets.plan import ShortcutKind

_LARGE, _ON_PAGE = 18.0, 14.0
"""Font size of a title in px, and on a page."""


CORNER = 9.0


TITLE = 40.0
"""Height of the title above a drawing, in px."""


_FILLS = {
    # Muted fills; labels also tell the kinds apart.
    Kind.CONV: 0.26,
    Kind.LINEAR: 0.26,
    Kind.POOL: 0.16,
    Kind.NORM: 0.08,
    Kind.ACTIVATION: 0.0,
    Kind.DROPOUT: 0.0,
    Kind.SE: 0.16,
    Kind.SHAPE: 0.0,
    Kind.PAD: 0.16,
}


_OTHER_FILL = 0.16

_AROUND = 6.0  # px between a box and a number in it, left and right together

_WITH_LAYERS = (Kind.STAGE, Kind.BLOCK, Kind.RUN)


def fill_of(kind: Kind) -> float:
    """Return the share of the tint in the fill of a box."""
    return _FILLS.get(kind, _OTHER_FILL)


def large(look: Look) -> float:
    """Return the font size of a title in px; on a page, 8 to 9 pt, little more than labels."""
    return _ON_PAGE if look.width_mm is not None and look.width_mm <= PAGE_MM else _LARGE


def title_size(look: Look, width: float) -> float:
    """Return the font size of a look's title in px, reduced for a long one to fit."""
    return min(large(look), 1.7 * width / len(look.title))


@dataclass(frozen=True)
class Warm:
    """Heat on a graph, on a scale from 0. Boxes that count nothing have no fill.

    `ends` are the words before the scale, its lower and its upper end.
    """

    heat: Heat
    most: float
    colours: tuple[str, ...]
    skips_zero: bool
    ends: tuple[str, str, str] = ("", "", "")

    @classmethod
    def of(cls, graph: Graph, heat: Heat, palette: Palette) -> Warm:
        """Return heat on a scale from 0 to the heat's end, or to the graph's hottest node."""
        found = [heat.of(node) or 0 for node in graph.nodes]
        most = heat.most or max(found, default=0) or 1
        skips_zero = not heat.varies and any(heat.of(node) == 0 for node in graph.nodes)
        warm = cls(heat, most, GREYS if palette == PRINT else CIVIDIS, skips_zero)
        return replace(warm, ends=warm._ends_below(graph))

    def _ends_below(self, graph: Graph) -> tuple[str, str, str]:
        """Return the words around the scale, as many as take no line or length from it."""
        nodes, once = graph.nodes, any(node.drawn_once for node in graph.nodes)
        folds = once or any(map(self._folds, nodes))
        layers = not any(node.kind in _WITH_LAYERS for node in nodes)
        none = (f"no {self.heat.label}", "none") if self.skips_zero else ()
        tried = [
            self.heat.ends(self.most, unfilled, n, layers)
            for n, unfilled in (*((folds, said) for said in none), (folds, ""), (once, ""))
        ]
        told = entries_of(graph)
        keys = [key_of(told, ends, graph.width, graph.margin) for ends in tried]
        costs = [(key.height, max(SHORTEST - key.length, 0.0)) for key in keys]
        return tried[costs.index(min(costs))]

    def _folds(self, node: Node) -> bool:
        """Return whether the box of a run shows its sum without saying so."""
        lines = lines_of(node, self.heat)
        return node.kind is Kind.RUN and not any("=" in line.text for line in lines)

    def colour(self, node: Node) -> str | None:
        """Return the fill of a node; None for no fill, if it has no number or counts nothing."""
        value = self.heat.of(node)
        if value is None or (value == 0 and self.skips_zero):
            return None
        return heat_colour(value / self.most, self.colours)


def kinds_of(graph: Graph) -> tuple[ShortcutKind, ...]:
    """Return the kinds of shortcut that occur."""
    found = {line.kind for line in graph.shortcuts}
    return tuple(kind for kind in ShortcutKind if kind in found)


def description(graph: Graph) -> str:
    """Describe the drawing in words."""
    counts: Counter[ShortcutKind] = Counter()
    for line in graph.shortcuts:
        counts[line.kind] += line.count
    said = ", ".join(f"{count} {NAMES[kind]}" for kind, count in counts.items())
    return f"{graph.model}, {graph.caption}. Shortcuts: {said or 'none'}."


def holds_shape(band: Band) -> bool:
    """Return whether a band has a shape, and room for it beside its title."""
    return bool(band.shape) and band.width > width_of(band.title, band.shape)


def counted_lines(graph: Graph) -> tuple[ShortcutLine, ...]:
    """Return the shortcuts that show their count; for others the box of the run does."""
    runs = {node.id for node in graph.nodes if node.kind is Kind.ADD and node.count > 1}
    return tuple(line for line in graph.shortcuts if line.target in runs)


def stack_of(node: Node) -> tuple[float, ...]:
    """Return the offsets right and down of a node's stacked boxes, with the last on top."""
    return (node.depth, node.depth / 2, 0.0) if node.depth else (0.0,)


class Line(NamedTuple):
    """A line of text in a box, centred on x."""

    text: str
    size: float
    base: float
    x: float
    bold: bool = False


def lines_of(
    node: Node, heat: Heat | None, labels: bool = True, small: int = SMALL
) -> tuple[Line, ...]:
    """Place the text in a box: the lines of its label, what is beside them, and its number.

    The number is below the label, in the longest form that fits, or beside it in a low box with
    small units. Without labels, boxes say only their number of blocks, and the input its shape.
    `small` is the number's font size.
    """
    if not labels:
        is_input = node.kind is Kind.INPUT
        text = node.label if is_input else f"×{node.count}" if node.depth else ""
        line = Line(text, TEXT, node.label_y + 4.5, node.x, not is_input)
        return (line,) if text else ()
    lines, figures = node.lines, heat.figures(node) if heat else ()
    room = node.width - _AROUND
    wide = text_width(node.beside, TEXT) if node.beside else 0.0
    low = (node.height - node.inner - 5) / (len(lines) + 1) >= LOWEST
    fitting = (said for said in figures if low and text_width(said, small) <= room)
    number = next(fitting, "")
    if node.inner and not low and len(lines) == 1 and figures and not node.beside:
        return _in_a_line(node, figures[-1], small)
    count = len(lines) + bool(number)
    step = min(LINE, (node.height - node.inner - 5) / count)
    bases = [node.label_y + 4.5 + step * (i - (count - 1) / 2) for i in range(count)]
    x = node.x
    beside: tuple[Line, ...] = ()
    if wide:
        label_width = max(text_width(line, TEXT) for line in lines)
        left = node.x - (label_width + BESIDE + wide) / 2
        x = left + label_width / 2
        middle = (bases[0] + bases[len(lines) - 1]) / 2
        beside = (Line(node.beside, TEXT, middle, left + label_width + BESIDE + wide / 2, True),)
    said = tuple(Line(line, TEXT, base, x) for line, base in zip(lines, bases, strict=False))
    below = x if text_width(number, small) <= room - 2 * (node.x - x) else node.x
    figure = (Line(number, small, bases[-1], below),) if number else ()
    return (*said, *beside, *figure)


def _in_a_line(node: Node, number: str, small: int) -> tuple[Line, ...]:
    """Return the label of a box and, to its right, its number, if there is room for both."""
    base = node.label_y + 4.5
    label, told = text_width(node.label, TEXT), text_width(number, small)
    left = node.x - (label + 2 * BESIDE + told) / 2
    if left < node.x - (node.width - _AROUND) / 2:
        return (Line(node.label, TEXT, base, node.x),)
    at = left + label + 2 * BESIDE + told / 2
    return (Line(node.label, TEXT, base, left + label / 2), Line(number, small, base, at))


def width_for_numbers(graph: Graph, heat: Heat) -> float:
    """Return the width in px of the narrowest box that has room for any of a graph's numbers."""
    shortest = [said for node in graph.nodes for said in heat.figures(node)[-1:]]
    return _AROUND + max((text_width(said, graph.small) for said in shortest), default=0.0)


def numbered(
    draw: Callable[[float | None, float], Graph], heat: Heat | None, width_mm: float | None = None
) -> Graph:
    """Lay out a drawing so that every box has room for its number.

    Args:
        draw: lays it out for a width on paper in mm, if any, and a width in px of the narrowest
            box, which is 0 for the usual one.
        heat: the numbers, if any.
        width_mm: the width on paper.
    """
    drawn = draw(width_mm, 0.0)
    if heat is None or width_mm is None or has_every_number(drawn, heat):
        return drawn
    return draw(width_mm, width_for_numbers(drawn, heat))


def has_every_number(graph: Graph, heat: Heat) -> bool:
    """Return whether every box that has a number has room for it."""
    for node in graph.nodes:
        said = heat.figures(node)
        lines = {line.text for line in lines_of(node, heat, small=graph.small)}
        if said and lines.isdisjoint(said):
            return False
    return True


class Sample(NamedTuple):
    """A sign of the key: its boxes as left, top, width and height, a line, and an addition."""

    boxes: tuple[tuple[float, float, float, float], ...] = ()
    path: tuple[Point, ...] = ()
    add: Point | None = None
    radius: float = 6.0


def sample_of(name: Name) -> Sample:
    """Return the sign before a name in the key that isn't a shortcut's."""
    x, y = name.sample
    match name.kind:
        case Sign.ADDITION:
            return Sample(add=(x + 8, y), radius=7.0)
        case Sign.RUN | Sign.STAGE:
            return Sample(boxes=tuple((x + d, y - 7 + d, 20.0, 11.0) for d in (4.0, 2.0, 0.0)))
        case Sign.UNIT:
            return Sample(((x + 6, y - 4, 12, 8),), ((x, y), (x + SAMPLE, y)), (x + 26, y), 4.5)
        case _:
            return Sample()
