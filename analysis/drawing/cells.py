"""The input of a layout: blocks and single nodes without positions, grouped by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from analysis.drawing.key import SCALE, Entry, entries
from analysis.drawing.parts import INSET, SLASH, Node
from analysis.drawing.spacing import Spacing
from nets import plan
from nets.plan import Place, ShortcutKind

FRAME, FRAME_TITLE = 8.0, 20.0
"""Space around an opened block, and above it for its name, in px."""

CONTINUED = ", continued"
"""What follows the name of a stage that began in an earlier row."""

COUNT = 16.0
"""Height of a count above a shortcut's line, in px."""


@dataclass(frozen=True)
class Cell:
    """One block, or one node of the stem or the head, without a position.

    On the main path are `before`, `branch`, the addition if there is one, and `after`; `past` is on
    the shortcut. `arcs` lists the kinds of shortcut with their numbers. `frame` is the title of an
    opened block.
    """

    branch: tuple[Node, ...]
    before: tuple[Node, ...] = ()
    add: Node | None = None
    after: tuple[Node, ...] = ()
    past: tuple[Node, ...] = ()
    arcs: tuple[tuple[ShortcutKind, int], ...] = ()
    path: str = ""
    frame: str = ""
    shortcut_after_before: bool = False

    @property
    def main(self) -> tuple[Node, ...]:
        """The nodes on the main path."""
        return (*self.before, *self.branch, *((self.add,) if self.add else ()), *self.after)

    @property
    def forks(self) -> Node:
        """The node before which the shortcut leaves the main path."""
        return self.branch[0] if self.shortcut_after_before else (*self.before, *self.branch)[0]

    @property
    def lead(self) -> float:
        """Room before its fork for the second line of a run's shortcut, in px."""
        return INSET if self.add and any(count > 1 for _, count in self.arcs) else 0.0

    def fork(self, spacing: Spacing) -> float:
        """Return how far before a node its shortcut leaves the main path."""
        return spacing.fork + self.lead

    def room(self, spacing: Spacing) -> float:
        """Return the additional gap before its fork; a run's begins apart from the node before."""
        apart = max(spacing.apart - (spacing.gap - spacing.fork), 0.0)
        return self.lead + apart if self.lead else 0.0

    def gap_before(self, node: Node, gap: float, spacing: Spacing) -> float:
        """Return the gap before one of its nodes on the main path."""
        return gap + (self.room(spacing) if node is self.forks else 0.0)

    @cached_property
    def half(self) -> float:
        """Return half of the height of its tallest node, because all are centred on one line."""
        return max(node.height for node in self.main) / 2

    @property
    def tells_count(self) -> bool:
        """Whether its shortcut has a count, because no box of the run shows it."""
        return self.add is not None and self.add.count > 1

    def placed(
        self,
        before: tuple[Node, ...],
        branch: tuple[Node, ...],
        add: Node | None,
        after: tuple[Node, ...],
    ) -> Cell:
        """Return the cell with its nodes on the main path placed."""
        return Cell(
            branch,
            before,
            add,
            after,
            self.past,
            self.arcs,
            self.path,
            self.frame,
            self.shortcut_after_before,
        )

    def width(self, spacing: Spacing) -> float:
        """Return the width in a row, from the gap before its first node to its last right edge."""
        gap = spacing.gap
        nodes = sum(gap + node.width + node.depth for node in self.main) + self.room(spacing)
        past = sum(gap + node.width for node in self.past) + 2 * gap
        return max(nodes, past if self.past else 0) + (2 * FRAME if self.frame else 0)

    def rise(self, spacing: Spacing) -> float:
        """Return the distance from the main path up to the shortcut."""
        if self.past:
            return self.half + spacing.clear + max(node.height for node in self.past) / 2
        return self.half + spacing.arc

    def line(self, spacing: Spacing) -> float:
        """Return the height above the main path of its boxes and its bare shortcut line."""
        if self.frame or not (self.add and self.arcs):
            return self.reach(spacing)
        return self.rise(spacing) + 4

    def free_over(self, spacing: Spacing) -> tuple[float, float]:
        """Return the free widths left and right of what is on its shortcut's line."""
        if not (self.add and (self.past or self.tells_count)):
            return inf, inf
        ahead = (*self.before, *self.branch) if not self.shortcut_after_before else self.branch
        span = sum(node.width + spacing.gap for node in ahead) + spacing.fork
        after = sum(node.width + spacing.gap for node in self.after)
        if not self.past:
            return span / 2 - 16, span / 2 - 16 + after
        apart = (span - sum(node.width for node in self.past)) / (len(self.past) + 1)
        return 0.12 * span - 16 if self.tells_count else apart, apart + after

    def reach(self, spacing: Spacing) -> float:
        """Return the height above the main path of everything above it."""
        reach = self.half
        if self.add and self.arcs:
            reach = self.rise(spacing) + max((node.height / 2 for node in self.past), default=0)
            if self.tells_count:
                reach = max(reach, self.rise(spacing) + COUNT)
        return reach + 4 + (FRAME_TITLE if self.frame else 0)


@dataclass(frozen=True)
class Group:
    """The cells of the stem, of one stage or of the head.

    `entering` and `output` are shapes, `paper` is the stage's name in the paper, and `note` applies
    to all its blocks.
    """

    name: str
    cells: tuple[Cell, ...]
    entering: str = ""
    output: str = ""
    paper: str = ""
    note: str = ""
    is_stage: bool = False

    @property
    def full_name(self) -> str:
        """The stage's name here and in the paper: `layer2 · conv3_x`."""
        return f"{self.name} · {self.paper}" if self.paper else self.name

    @property
    def size(self) -> str:
        """The height and width of its output, such as `56×56`; 1×1 for a vector."""
        _, *sides = self.output.split("×")
        return "×".join(sides) or "1×1"

    def gap(self, spacing: Spacing) -> float:
        """Return the gap before it in a row, with room for the shape that enters it."""
        return max(spacing.stage_gap, spacing.label_gap if self.entering else 0)


@dataclass(frozen=True)
class Network:
    """Everything to draw of one network; `name` is its heading if there are several.

    `caption` says what a node is. `notes` explain the boxes of stem and head if their labels don't.
    """

    model: str
    name: str
    caption: str
    groups: tuple[Group, ...]
    spacing: Spacing
    notes: tuple[str, ...] = ()
    is_layers: bool = False
    has_scale: bool = False

    @property
    def scale(self) -> float:
        """The height of the scale in the key, in px."""
        return SCALE if self.has_scale else 0.0


def key_entries(networks: Sequence[Network]) -> tuple[Entry, ...]:
    """Return the entries of the key below these networks."""
    cells = [cell for one in networks for group in one.groups for cell in group.cells]
    kinds = (kind for cell in cells for kind, _ in cell.arcs)
    notes = dict.fromkeys(note for one in networks for note in one.notes)
    return entries(kinds, (node for cell in cells for node in cell.main), notes)


def block_title(place: Place, count: int) -> str:
    """Return a block's path, or the range and count of a run: `layer2.1 to 2.3 ×3`."""
    return f"{run_title(place, count)} ×{count}" if count > 1 else place.path


def run_title(place: Place, count: int) -> str:
    """Return a block's path, or the range of a run without its count: `layer2.1 to 2.3`."""
    if count == 1:
        return place.path
    last = place.after(count - 1).path.removeprefix("layer")
    return f"{place.path} to {last}"


def drawn_once(cells: tuple[Cell, ...]) -> str:
    """Return a band's remark on a run of equal blocks whose layers are drawn once."""
    for cell in cells:
        first = cell.branch[0]
        if first.drawn_once:
            if cell.frame and cell.frame != f"×{first.count}":  # a longer frame names the run
                return ""
            path = cell.path.rpartition(SLASH)[2]
            return f" · {run_title(plan.place_of(path), first.count)} are equal, drawn once"
    return ""
