"""A drawing of a network: nodes, lines, bands and frames with their places.

`analysis.drawing.graph` makes one of a network, `analysis.drawing.layout` places it, and every
renderer draws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nets.plan import ShortcutKind

SMALL = 12
"""The smallest text of a drawing, in its px."""

MARGIN = 28.0
"""What is free around a drawing, in px."""

RIM = 5.0
"""What a box shows of itself around its lower part, in px."""


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


Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A box, or the circle of an addition; (x, y) is its centre.

    `path` is the module's, of a run its first block's. `count` is how many equal blocks it is.
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
    def count_at(self) -> Point:
        """Where its count's base line has its middle: over the line, before any box on it."""
        (left, _), (_, top), (right, _), _ = self.points
        return left + (right - left) * (0.12 if self.via else 0.5), top - 6

    @property
    def head(self) -> tuple[Point, Point, Point]:
        """The arrow in which the line ends, in the direction of its last step."""
        (before, _), (x, y) = self.points[-2:]
        half, long = (3, 5) if self.unit else (4, 7)
        if before == x:
            return (x - half, y - long), (x, y), (x + half, y - long)
        back = long if x < before else -long
        return (x + back, y - half), (x, y), (x + back, y + half)


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
class Graph:
    """All that a renderer draws, in px, with what is free left and right of it.

    `caption` says in a few words what it shows.
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
