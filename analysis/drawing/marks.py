"""What every picture of a drawing decides alike: sizes, fills, what is legible and what is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.drawing.heat import Heat
from analysis.drawing.key import NAMES
from analysis.drawing.parts import Band, Graph, Kind, Node, Point, ShortcutLine
from analysis.style.palette import CIVIDIS, GREYS, PRINT, Palette, heat_colour
from nets.plan import ShortcutKind

TEXT, LARGE = 13, 18.0
"""Sizes of type in px: of labels and of a title; what is said beside them is `SMALL`."""


CORNER = 9.0


TITLE = 40.0
"""The height of the title above a drawing."""


_FILLS = {
    # six quiet fills, told apart by label too
    Kind.CONV: 0.26,
    Kind.LINEAR: 0.26,
    Kind.POOL: 0.16,
    Kind.NORM: 0.08,
    Kind.ACTIVATION: 0.0,
    Kind.SHAPE: 0.0,
    Kind.PAD: 0.16,
}


_OTHER_FILL = 0.16


def fill_of(kind: Kind) -> float:
    """How much of the tint covers the ground of a box."""
    return _FILLS.get(kind, _OTHER_FILL)


def title_size(title: str, width: float) -> float:
    """The size of a title in px: a long one fits, if smaller."""
    return min(LARGE, 1.7 * width / len(title))


@dataclass(frozen=True)
class Warm:
    """Heat on a graph: from nothing to the hottest node."""

    heat: Heat
    most: float
    colours: tuple[str, ...]

    @classmethod
    def of(cls, graph: Graph, heat: Heat, palette: Palette) -> Warm:
        """Heat from nothing to the scale's end, or to the hottest node of a graph."""
        found = [heat.of(node) or 0 for node in graph.nodes]
        most = heat.most or max(found, default=0) or 1
        return cls(heat, most, GREYS if palette == PRINT else CIVIDIS)

    def colour(self, node: Node) -> str | None:
        """The fill of a node; None of one that has no number."""
        value = self.heat.of(node)
        return None if value is None else heat_colour(value / self.most, self.colours)

    @property
    def ends(self) -> str:
        """What the scale goes from and to, with its unit."""
        return self.heat.ends(self.most)


def kinds_of(graph: Graph) -> tuple[ShortcutKind, ...]:
    """The kinds of shortcut that occur."""
    found = {line.kind for line in graph.shortcuts}
    return tuple(kind for kind in ShortcutKind if kind in found)


def description(graph: Graph) -> str:
    """The drawing in words."""
    counts: Counter[ShortcutKind] = Counter()
    for line in graph.shortcuts:
        counts[line.kind] += line.count
    said = ", ".join(f"{count} {NAMES[kind]}" for kind, count in counts.items())
    return f"{graph.model}, {graph.caption}. Shortcuts: {said or 'none'}."


def holds_shape(band: Band) -> bool:
    """Whether there is room for a band's shape beside its title."""
    return band.width > 8.0 * (len(band.title) + len(band.shape))


def counted_lines(graph: Graph) -> tuple[ShortcutLine, ...]:
    """The shortcuts that say their count; elsewhere the box of a run does."""
    runs = {node.id for node in graph.nodes if node.kind is Kind.ADD and node.count > 1}
    return tuple(line for line in graph.shortcuts if line.target in runs)


def inset(points: tuple[Point, ...]) -> Iterator[Point]:
    """The same arc, drawn again a little inside."""
    (x1, y1), (_, top), (x2, _), (_, y2) = points
    yield from ((x1 + 5, y1), (x1 + 5, top + 5), (x2 - 5, top + 5), (x2 - 5, y2))


def stack_of(node: Node) -> tuple[float, ...]:
    """How far right and down the boxes of a node stand, the last on top: a run is stacked."""
    return (6, 3, 0) if node.kind in (Kind.RUN, Kind.STAGE) and node.count > 1 else (0,)
