"""The parts of a drawing: nodes, lines, bands and frames with their positions.

`analysis.drawing.graph` makes a drawing from a network, `analysis.drawing.layout` places it, and
every renderer draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from nets.plan import ShortcutKind

SMALL, TEXT = 12, 13
"""Font sizes in px: of annotations, the smallest, and of labels."""

MARGIN = 28.0
"""Margin around a drawing, in px."""

HEAD = 5.5
"""Length of an arrowhead on the main path, in px."""

INSET = 4.0
"""Distance between the two lines of a run's shortcut, in px."""

RIM = 5.0
"""Rim of a box around its lower part, in px."""


class Labels(StrEnum):
    """What a box says: its block's path, its operations, or both."""

    PATH = "path"
    OPERATIONS = "operations"
    BOTH = "both"


class Layout(StrEnum):
    """The direction of a drawing: in rows from left to right, or down a column."""

    ROWS = "rows"
    COLUMN = "column"


class Kind(StrEnum):
    """The kind of a node."""

    INPUT = "input"
    STEM = "stem"
    STAGE = "stage"
    BLOCK = "block"
    RUN = "run"
    CONV = "conv"
    NORM = "norm"
    ACTIVATION = "activation"
    DROPOUT = "dropout"
    SE = "se"
    ADD = "add"
    POOL = "pool"
    PAD = "pad"
    LINEAR = "linear"
    SHAPE = "shape"
    HEAD = "head"


SLASH = "/"
"""Separator of a network's name and a path in it, in a drawing of several networks."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A box, or the circle of an addition; (x, y) is its centre.

    `label` is one or several lines, and `beside` is to their right: the count of a run whose label
    lists operations. `path` is the module's, for a run that of its first block. `count` is the
    number of equal blocks. `also` are the paths of norms and activations that the box includes.
    `opens` are the names that show more of it when opened, the nearest first; `inside` is the
    opened name that shows it, or "" if it is always drawn. `inner` is the height of its lower part,
    below its label, which shows the shortcuts of a stage as small units.
    """

    id: str
    kind: Kind
    label: str
    detail: str
    path: str
    width: float
    height: float
    x: float = 0
    y: float = 0
    count: int = 1
    opens: tuple[str, ...] = ()
    inside: str = ""
    inner: float = 0
    beside: str = ""
    also: tuple[str, ...] = ()

    def at(self, x: float, y: float) -> Node:
        """Return the node with its centre at (x, y), ten times faster than `replace`."""
        placed = object.__new__(Node)
        placed.__dict__.update(self.__dict__, x=x, y=y)
        return placed

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of its label."""
        return tuple(self.label.split("\n"))

    @property
    def depth(self) -> float:
        """How far the boxes stacked below it stand out to the right and down, in px."""
        return 6.0 if self.count > 1 and self.kind in (Kind.RUN, Kind.STAGE) else 0.0

    @property
    def drawn_once(self) -> bool:
        """Whether it is a layer drawn once for several equal blocks."""
        return self.count > 1 and self.kind not in (Kind.RUN, Kind.STAGE)

    @property
    def label_y(self) -> float:
        """The vertical centre of the part with its label."""
        return self.y - self.inner / 2

    @property
    def panel(self) -> tuple[float, float, float, float]:
        """The background of its lower part: left, top, width and height."""
        left, bottom = self.x - self.width / 2, self.y + self.height / 2
        return left + RIM, bottom - self.inner, self.width - 2 * RIM, self.inner - RIM


@dataclass(frozen=True)
class Edge:
    """A step of the main path; `label` is the shape on it if the shape changes.

    `long` is the length of its arrowhead.
    """

    source: str
    target: str
    points: tuple[Point, ...]
    label: str = ""
    long: float = HEAD

    @property
    def label_at(self) -> tuple[Point, str]:
        """The position on the label's baseline, and whether it is its start or its middle.

        The label is on a horizontal edge, and beside a vertical one.
        """
        if len(self.points) > 2:
            (x1, y), (x2, _) = self.points[2:4]
            return ((x1 + x2) / 2, y + 4), "middle"
        (x1, y1), (x2, y2) = self.points
        if x1 == x2:
            return (x1 + 8, (y1 + y2) / 2 + 4), "start"
        return ((x1 + x2) / 2, y1 + 4), "middle"

    @property
    def head(self) -> tuple[Point, Point, Point]:
        """The arrowhead at its end."""
        return _arrow(self.points[-2], self.points[-1], self.long * 3.5 / HEAD, self.long)


def _arrow(before: Point, tip: Point, half: float, long: float) -> tuple[Point, Point, Point]:
    """Return an open arrowhead at the end of a horizontal or vertical step."""
    (from_x, from_y), (x, y) = before, tip
    if from_x == x:
        back = y - long if from_y < y else y + long
        return (x - half, back), tip, (x + half, back)
    back = x - long if from_x < x else x + long
    return (back, y - half), tip, (back, y + half)


@dataclass(frozen=True)
class SmallUnit:
    """A small residual unit that represents all blocks of a stage with one kind of shortcut.

    `path` is its main path, `box` the left, top, width and height of its branch, `add` the
    addition's centre and `radius` its size; `words` give the number of blocks, from `words_at` on.
    """

    path: tuple[Point, Point]
    box: tuple[float, float, float, float]
    add: Point
    radius: float
    words: str
    words_at: Point


@dataclass(frozen=True)
class ShortcutLine:
    """The shortcut of a block or of a run of `count` equal blocks, past the boxes in `via`.

    The line begins on the main path just before `source` and ends at the addition `target`. At
    stage level both are the stage: the line is that of a small `unit` inside its box.
    """

    path: str
    kind: ShortcutKind
    source: str
    target: str
    via: tuple[str, ...]
    points: tuple[Point, ...]
    label: str
    count: int = 1
    unit: SmallUnit | None = None

    @property
    def is_upright(self) -> bool:
        """Whether it runs beside its blocks rather than above them."""
        return self.points[0][1] == self.points[1][1]

    @property
    def count_at(self) -> tuple[Point, str]:
        """The position on its count's baseline, and whether it is its start or its middle.

        The count is above the line, or to its right, and before any box on it.
        """
        (left, first), (beside, top), (right, last), _ = self.points
        share = 0.12 if self.via else 0.5
        if self.is_upright:
            return (beside + 5, first + (last - first) * share + 4.5), "start"
        return (left + (right - left) * share, top - 6), "middle"

    @property
    def inset(self) -> tuple[Point, ...]:
        """The same arc, slightly further inside, which ends at it and thus before its arrowhead."""
        (x1, y1), (beside, top), (x2, _), (end, y2) = self.points
        if self.is_upright:  # end below the circle of the addition
            x, begin, stop = beside - INSET, y1 + INSET, y2 - INSET
            return (x1, begin), (x, begin), (x, stop), (end - 1.5, stop)
        left, over = x1 + INSET, top + INSET
        return (left, y1), (left, over), (x2 - 1, over)  # end at the outer line's corner

    @property
    def head(self) -> tuple[Point, Point, Point]:
        """The arrowhead at its end, in the direction of its last step."""
        before, tip = self.points[-2:]
        return _arrow(before, tip, 3, 5) if self.unit else _arrow(before, tip, 4, 7)


@dataclass(frozen=True)
class Band:
    """The part of a stage in one row; `note` applies to all its blocks.

    `title` is one or several lines. `name` is what a unit is called, as `stage` is its key. `paper`
    is what the title has of the stage's name in the paper if there is room: ` · conv3_x`.
    """

    stage: str
    title: str
    shape: str
    x: float
    y: float
    width: float
    height: float
    note: str = ""
    name: str = ""
    paper: str = ""


def named_alike(bands: Sequence[Band]) -> tuple[Band, ...]:
    """Return the bands, all without the paper's names of stages if one lacks room for its own."""
    if all(band.paper in band.title for band in bands):
        return tuple(bands)
    return tuple(replace(band, title=band.title.replace(band.paper, "")) for band in bands)


@dataclass(frozen=True)
class Frame:
    """The outline around the layers of an opened block; `name` closes it."""

    name: str
    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Heading:
    """The name of a network in a drawing of several; (x, y) is on its baseline."""

    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Graph:
    """Everything that a renderer draws, in px, with the margin left and right.

    `name` is its title as people say it, and `caption` briefly says what it shows. `notes` explain
    boxes in the legend if their labels don't. If there are several networks, the paths of each
    begin with its name and a slash, `headings` name them, and `parts` are their separate graphs.
    `narrow` is the same for a phone. `small` is the font size of annotations in SVG.
    """

    model: str
    name: str
    caption: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    shortcuts: tuple[ShortcutLine, ...]
    bands: tuple[Band, ...]
    frames: tuple[Frame, ...]
    width: float
    height: float
    margin: float = MARGIN
    layout: Layout = Layout.ROWS
    notes: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    parts: tuple[Graph, ...] = ()
    narrow: Graph | None = None
    small: int = SMALL
