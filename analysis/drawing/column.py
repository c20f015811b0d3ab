"""Networks from top to bottom: one down a column, several side by side with equal sizes aligned.

Side by side, all layers whose output has the same height and width share a band, as in He et al.
2015, Fig. 3; a single network has one band per stage. A shortcut is an arc to the right of its
block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from analysis.drawing import arcs, wrap
from analysis.drawing.boxes import width_of
from analysis.drawing.cells import FRAME, FRAME_TITLE, Cell, Group, Network, key_entries
from analysis.drawing.key import key_of
from analysis.drawing.parts import (
    TEXT,
    Band,
    Edge,
    Frame,
    Graph,
    Heading,
    Layout,
    Node,
    ShortcutLine,
)
from analysis.drawing.spacing import Spacing
from analysis.style.fonts import text_width
from analysis.style.language import listed

_OUT = 0.8  # distance from an arc to its boxes, as a share of the room above boxes in a row
_LINE = 16.0  # height of a heading
_SIZES = "output size"  # the heading of bands that are named by the size of their maps
_BEFORE, _TO_NAME = 8.0, 8.0  # gaps left of that heading, and between it and a network's name
_APART = 0.22  # gaps, as a share of those in rows
_TITLE, _TITLE_WIDTH = 19.0, 170.0  # height and largest width of a band's title
_TO_ADD = 0.7  # gap above an addition, as a share of the others
_COUNT = 30.0  # room to the right of a shortcut that shows its count


@dataclass(frozen=True)
class _Lane:
    """One network, and its cells by band."""

    network: Network
    bands: dict[str, list[Cell]]

    @property
    def cells(self) -> list[Cell]:
        return [cell for cells in self.bands.values() for cell in cells]

    @cached_property
    def half(self) -> float:
        """Return half of the width of the widest node on the main path."""
        framed = [cell.frame for cell in self.cells if cell.frame]
        extra = FRAME if framed else 0.0
        wide = max(node.width for cell in self.cells for node in cell.main) / 2 + extra
        return max([wide, *map(width_of, framed)])  # frames are labelled left of the path

    @cached_property
    def right(self) -> float:
        """Return the distance from the main path to the right edge of everything beside it."""
        spacing = self.network.spacing
        return self.half + max(_beside(cell, spacing) for cell in self.cells)

    @property
    def width(self) -> float:
        return self.half + self.right


def _beside(cell: Cell, spacing: Spacing) -> float:
    """Return the width that a cell needs to the right of its boxes."""
    if not cell.add or not cell.arcs:
        return FRAME if cell.frame else 0.0
    wide = max((node.width for node in cell.past), default=0.0)
    reach = spacing.clear + wide if cell.past else _OUT * spacing.arc + cell.branch[-1].depth
    reach = max(reach, wide / 2 + spacing.clear + _COUNT) if cell.tells_count else reach
    return reach + 4 + (FRAME if cell.frame else 0.0)


def _height(cell: Cell, spacing: Spacing) -> float:
    """Return a cell's height, from the gap above its first node to the lower edge of its frame."""
    heights = sum(node.height + node.depth + spacing.gap for node in cell.main) + cell.room(spacing)
    heights -= spacing.gap - _to_add(cell, spacing, spacing.gap) if cell.add else 0.0
    return heights + _more(cell, spacing) + (FRAME_TITLE + FRAME if cell.frame else 0.0)


def _to_add(cell: Cell, spacing: Spacing, gap: float) -> float:
    """Return the gap above a cell's addition; boxes beside its branch need all of it."""
    return gap if cell.past else max(_TO_ADD * gap, 1.5 * spacing.head)


def _more(cell: Cell, spacing: Spacing) -> float:
    """Return how much longer a branch must be for the boxes beside it to fit."""
    if not cell.past:
        return 0.0
    inside = sum(node.height + spacing.gap for node in cell.branch) + spacing.gap
    if not cell.shortcut_after_before:
        inside += sum(node.height + spacing.gap for node in cell.before)
    past = sum(node.height + spacing.gap for node in cell.past) + spacing.gap
    return max(past - inside, 0.0)


def in_a_column(
    network: Network, width_mm: float | None = None, low_mm: float = wrap.TALL_MM
) -> Graph:
    """Lay out one network from top to bottom, its stages in bands.

    Args:
        network: the network.
        width_mm: the width on paper.
        low_mm: the largest height on paper that the drawing should have.
    """
    lane = _Lane(network, {group.name: list(group.cells) for group in network.groups})
    titles = {
        group.name: _Title(group.name, group.output, group.note, group) if group.is_stage else None
        for group in network.groups
    }
    return _columns([lane], titles, width_mm, low_mm)


def beside(networks: Sequence[Network], width_mm: float | None = None) -> Graph:
    """Lay out networks side by side, each from top to bottom, equal sizes of maps in one band."""
    sizes = {group.size for network in networks for group in network.groups}
    ordered = sorted(sizes, key=lambda size: (-prod(map(int, size.split("×"))), size))
    lanes = []
    for network in networks:
        bands: dict[str, list[Cell]] = {size: [] for size in ordered}
        for group in network.groups:
            bands[group.size] += group.cells
        lanes.append(_Lane(network, bands))
    titles: dict[str, _Title | None] = {size: _Title(size, "", "", None) for size in ordered}
    low_mm = wrap.TALL_MM if width_mm is None else wrap.most_beside(width_mm)
    return _columns(lanes, titles, width_mm, low_mm, wrap.BESIDE_PT)


@dataclass(frozen=True)
class _Title:
    """A band's name, shape and note, and its group if it is a stage's."""

    name: str
    shape: str
    note: str
    group: Group | None

    @property
    def height(self) -> float:
        """Height above the boxes; 0 for a bare size, which is beside them."""
        return _TITLE if self.group else 0.0

    def text(self, width: float) -> str:
        """Return as much of the title as fits."""
        if self.group is None:
            return self.name
        return arcs.band_title(self.group, True, self.group.cells, width)


def _columns(
    lanes: list[_Lane],
    titles: dict[str, _Title | None],
    width_mm: float | None,
    low_mm: float,
    least_pt: float = wrap.LEAST_PT,
) -> Graph:
    spacing, headed = lanes[0].network.spacing, len(lanes) > 1
    between, inset = 1.5 * spacing.gap, spacing.padding
    # Titles go left of the first main path or its boxes, shapes right of the last path.
    said = [title for title in titles.values() if title]
    over = 0.0 if headed else lanes[0].half
    lead = max([inset, *(width_of(title.text(_TITLE_WIDTH)) - over for title in said)])
    shapes = [width_of(title.shape) + 6 for title in said if title.shape]
    tail = max([inset, *(shape - lanes[-1].right for shape in shapes)])
    heads = [_wrapped(lane.network.name, lane.width + between) if headed else () for lane in lanes]
    sizes: tuple[str, ...] = ()
    if headed:
        room = lead + lanes[0].half - max(map(width_of, heads[0])) / 2
        apart = _BEFORE + _TO_NAME if width_mm is None else 0.0  # paper spreads the lanes
        sizes = _wrapped(_SIZES, room - apart)
    content = sum(lane.width for lane in lanes) + between * (len(lanes) - 1) + lead + tail
    top = spacing.edge + _LINE * max(map(len, (sizes, *heads)))
    row_gap, below = _APART * spacing.row_gap, _APART * spacing.below
    title_heights = {name: title.height if title else 0.0 for name, title in titles.items()}
    heights = {
        name: title_heights[name]
        + max(sum(_height(cell, spacing) for cell in lane.bands[name]) for lane in lanes)
        + below
        for name in titles
    }
    height = top + sum(heights.values()) + row_gap * (len(heights) - 1) + spacing.edge
    width = content + 2 * spacing.margin
    if width_mm is not None:
        told = key_entries([lane.network for lane in lanes])
        wide = max(width, wrap.widest_px(width_mm))
        key = key_of(told, (), wide, spacing.margin).height + lanes[0].network.scale
        width = wrap.paper_px(width_mm, low_mm, width, height + key, least_pt)
    left, free = (width - content) / 2, 0.0
    if headed:  # spread the lanes over the free width
        free = 2 * (left - spacing.margin) / len(lanes)
        left, content = spacing.margin, width - 2 * spacing.margin
    tops = {}
    for name, tall in heights.items():
        tops[name] = top
        top += tall + row_gap
    begin = {
        name: at + (title.height if (title := titles[name]) else 0.0) for name, at in tops.items()
    }
    x = left + lead + free / 2
    placed = []
    headings = [
        Heading(text, left + _BEFORE, spacing.edge + _LINE * line + 8, "start")
        for line, text in enumerate(sizes)
    ]
    for lane, head in zip(lanes, heads, strict=True):
        placed.append(_Placed(lane, x + lane.half, begin))
        headings += [
            Heading(text, x + lane.half, spacing.edge + _LINE * line + 8, "middle")
            for line, text in enumerate(head)
        ]
        x += lane.width + between + free
    return Graph(
        " beside ".join(lane.network.model for lane in lanes),
        listed([lane.network.name for lane in lanes]),
        lanes[0].network.caption,
        tuple(node for one in placed for node in one.nodes),
        tuple(edge for one in placed for edge in one.edges),
        tuple(line for one in placed for line in one.lines),
        tuple(
            _band(title, left, tops[name], content, heights[name])
            for name, title in titles.items()
            if title
        ),
        tuple(frame for one in placed for frame in one.frames),
        width,
        height,
        left,
        Layout.COLUMN,
        tuple(dict.fromkeys(note for lane in lanes for note in lane.network.notes)),
        tuple(headings),
    )


def _band(title: _Title, x: float, y: float, width: float, height: float) -> Band:
    shown = title.text(_TITLE_WIDTH)
    paper = title.group.full_name.removeprefix(title.group.name) if title.group else ""
    return Band(title.name, shown, title.shape, x, y, width, height, title.note, paper=paper)


def _wrapped(text: str, width: float) -> tuple[str, ...]:
    """Break the text into lines of about this width."""
    lines = [""]
    for word in text.replace(":", " :").split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, TEXT) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return tuple(lines)


class _Placed:
    """One network's nodes, edges, shortcuts and frames with their positions.

    Args:
        lane: the network.
        axis: the x of its main path.
        begin: the y at which the cells of each band begin.
    """

    def __init__(self, lane: _Lane, axis: float, begin: dict[str, float]) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.lines: list[ShortcutLine] = []
        self.frames: list[Frame] = []
        self._lane, self._axis, self._spacing = lane, axis, lane.network.spacing
        self._depth = max(node.depth for cell in lane.cells for node in cell.main)
        previous: Node | None = None
        for name, y in begin.items():
            for cell in lane.bands[name]:
                placed, end = self._cell(cell, y)
                for node in placed.main:
                    if previous:
                        self.edges.append(_down(previous, node, self._spacing.head))
                    previous = node
                self.nodes += [*placed.main, *placed.past]
                self.lines += self._shortcuts(placed)
                if cell.frame:
                    self.frames.append(self._frame(placed, y, end))
                y = end

    def _cell(self, cell: Cell, y: float) -> tuple[Cell, float]:
        """Return the cell with its nodes placed from y on, and the y at which it ends."""
        spacing = self._spacing
        gap = spacing.gap
        stretched = gap + _more(cell, spacing) / (len(cell.branch) + 1)
        y += FRAME_TITLE if cell.frame else 0.0

        def down(nodes: tuple[Node, ...], gap: float) -> tuple[Node, ...]:
            nonlocal y
            placed = []
            for node in nodes:
                y += cell.gap_before(node, gap, spacing)
                placed.append(node.at(self._axis, y + node.height / 2))
                y += node.height + node.depth
            return tuple(placed)

        before, branch = down(cell.before, gap), down(cell.branch, stretched)
        add = down((cell.add,), _to_add(cell, spacing, stretched))[0] if cell.add else None
        after = down(cell.after, gap)
        placed = cell.placed(before, branch, add, after)
        if cell.past and add:
            placed = replace(placed, past=self._past(placed, add))
        return placed, y + (FRAME if cell.frame else 0.0)

    def _past(self, cell: Cell, add: Node) -> tuple[Node, ...]:
        """Return the boxes on the shortcut, evenly spaced between its fork and the addition."""
        top = self._fork(cell)
        apart = (add.y - top - sum(node.height for node in cell.past)) / (len(cell.past) + 1)
        placed = []
        for node in cell.past:
            top += apart
            placed.append(node.at(self._beside(cell), top + node.height / 2))
            top += node.height
        return tuple(placed)

    def _fork(self, cell: Cell) -> float:
        return cell.forks.y - cell.forks.height / 2 - cell.fork(self._spacing)

    def _beside(self, cell: Cell) -> float:
        """Return the x of a cell's shortcut."""
        edge = self._axis + self._lane.half
        if not cell.past:
            return edge + _OUT * self._spacing.arc + self._depth
        return edge + self._spacing.clear + max(node.width for node in cell.past) / 2

    def _shortcuts(self, cell: Cell) -> Iterator[ShortcutLine]:
        if not cell.add:
            yield from arcs.units(cell)
            return
        x, top, end = self._beside(cell), self._fork(cell), cell.add.y
        start = self._axis
        for kind, count in cell.arcs:
            points = ((start, top), (x, top), (x, end), (start + cell.add.width / 2, end))
            yield arcs.shortcut(cell, kind, count, points)

    def _frame(self, cell: Cell, y: float, end: float) -> Frame:
        left = self._axis - self._lane.half
        top = y + self._spacing.gap / 2 - 2
        return Frame(cell.path, cell.frame, left, top, self._lane.width - 4, end - top)


def _down(one: Node, other: Node, head: float) -> Edge:
    start = one.y + one.height / 2 + one.depth
    points = ((one.x, start), (other.x, other.y - other.height / 2))
    return Edge(one.id, other.id, points, long=head)
