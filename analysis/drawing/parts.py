"""A drawing of a network: nodes, lines, bands and frames with their places.

`analysis.drawing.graph` makes one of a network, `analysis.drawing.layout` places it, and every
renderer draws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nets.plan import ShortcutKind

SMALL, TEXT = 12, 13
"""Sizes of type in px: of what stands beside things, the smallest, and of labels."""

MARGIN = 28.0
"""What is free around a drawing, in px."""

RIM = 5.0
"""What a box shows of itself around its lower part, in px."""


class Labels(StrEnum):
    """What a box says: where its block stands, what it computes, or both."""

    PATH = "path"
    OPERATIONS = "operations"
    BOTH = "both"


class Layout(StrEnum):
    """How a drawing runs: in rows from left to right, or down a column."""

    ROWS = "rows"
    COLUMN = "column"


class Kind(StrEnum):
    """What a node is."""

    INPUT = "input"
    STEM = "stem"
    STAGE = "stage"
    BLOCK = "block"
    RUN = "run"
    CONV = "conv"
    NORM = "norm"
    ACTIVATION = "activation"
    ADD = "add"
    POOL = "pool"
    PAD = "pad"
    LINEAR = "linear"
    SHAPE = "shape"
    HEAD = "head"


SLASH = "/"
"""Between a network's name and a path in it, where several stand beside each other."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A box, or the circle of an addition; (x, y) is its centre.

    `label` is one line or several, and `beside` stands to their right: the count of a run whose
    label lists operations. `path` is the module's, of a run its first block's. `count` is how many
    equal blocks it is. `also` are the paths of norms and activations that the box stands for too.
    `opens` are the names that show more of it when they are opened, the nearest first; `inside`
    is the opened name that shows it, empty where it is drawn anyway. `inner` is the height of its
    lower part, below its label, where the shortcuts of a stage stand as small units.
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
        """The node with its centre at (x, y); in a tenth of the time of `replace`."""
        placed = object.__new__(Node)
        placed.__dict__.update(self.__dict__, x=x, y=y)
        return placed

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of its label."""
        return tuple(self.label.split("\n"))

    @property
    def label_y(self) -> float:
        """The middle of the part that its label stands in."""
        return self.y - self.inner / 2

    @property
    def panel(self) -> tuple[float, float, float, float]:
        """The ground of its lower part: left, top, width and height."""
        left, bottom = self.x - self.width / 2, self.y + self.height / 2
        return left + RIM, bottom - self.inner, self.width - 2 * RIM, self.inner - RIM


@dataclass(frozen=True)
class Edge:
    """A step of the main path; `label` is the shape on it where the shape changes."""

    source: str
    target: str
    points: tuple[Point, ...]
    label: str = ""

    @property
    def label_at(self) -> tuple[Point, str]:
        """Where the label's base line is, and whether it starts or has its middle there.

        Under a straight edge, beside one that runs down, on the way back from row to row.
        """
        if len(self.points) > 2:
            (x1, y), (x2, _) = self.points[2:4]
            return ((x1 + x2) / 2, y - 5), "middle"
        (x1, y1), (x2, y2) = self.points
        if x1 == x2:
            return (x1 + 8, (y1 + y2) / 2 + 4), "start"
        return ((x1 + x2) / 2, y1 + 17), "middle"

    @property
    def head(self) -> tuple[Point, Point, Point]:
        """The arrow in which the line ends."""
        return _arrow(self.points[-2], self.points[-1], 3.5, 5.5)


def _arrow(before: Point, tip: Point, half: float, long: float) -> tuple[Point, Point, Point]:
    """Return an open arrow head at the end of a step across or down."""
    (from_x, from_y), (x, y) = before, tip
    if from_x == x:
        back = y - long if from_y < y else y + long
        return (x - half, back), tip, (x + half, back)
    back = x - long if from_x < x else x + long
    return (back, y - half), tip, (back, y + half)


@dataclass(frozen=True)
class SmallUnit:
    """A residual unit in small, for all blocks of a stage that have one kind of shortcut.

    `path` is its main path, `box` left, top, width and height of its branch, `add` the addition's
    centre and `radius` its size; `words` say how many blocks are so, from `words_at` on.
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
        """Whether it runs beside its blocks and not above them."""
        return self.points[0][1] == self.points[1][1]

    @property
    def count_at(self) -> tuple[Point, str]:
        """Where its count's base line is, and whether it starts or has its middle there.

        Over the line, or to its right, and before any box on it.
        """
        (left, first), (beside, top), (right, last), _ = self.points
        share = 0.12 if self.via else 0.5
        if self.is_upright:
            return (beside + 5, first + (last - first) * share + 4.5), "start"
        return (left + (right - left) * share, top - 6), "middle"

    @property
    def inset(self) -> tuple[Point, Point, Point, Point]:
        """The same arc, a little inside."""
        (x1, y1), (beside, top), (x2, _), (_, y2) = self.points
        if self.is_upright:
            return (x1, y1 + 5), (beside - 5, y1 + 5), (beside - 5, y2 - 5), (x2, y2 - 5)
        return (x1 + 5, y1), (x1 + 5, top + 5), (x2 - 5, top + 5), (x2 - 5, y2)

    @property
    def head(self) -> tuple[Point, Point, Point]:
        """The arrow in which the line ends, in the direction of its last step."""
        before, tip = self.points[-2:]
        return _arrow(before, tip, 3, 5) if self.unit else _arrow(before, tip, 4, 7)


@dataclass(frozen=True)
class Band:
    """The part of one stage that lies in one row; `note` is what all its blocks have."""

    stage: str
    title: str
    shape: str
    x: float
    y: float
    width: float
    height: float
    note: str = ""


@dataclass(frozen=True)
class Frame:
    """The outline around the layers of an opened block, `name` is what closes it."""

    name: str
    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Heading:
    """The name of a network, where several stand beside each other; (x, y) is its base line."""

    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Graph:
    """All that a renderer draws, in px, with what is free left and right of it.

    `caption` says in a few words what it shows. `notes` are what the legend says of boxes whose
    labels don't say it themselves. Where several networks stand beside each other, the paths of
    each begin with its name and a slash, `headings` name them, and `parts` are their own graphs.
    """

    model: str
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
