"""Drawings of residual units: from top to bottom, as in papers, or across for the wall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf
from typing import NamedTuple

from analysis.costs.profiles import ShortcutUse
from analysis.drawing.arcs import shortcut
from analysis.drawing.boxes import width_of
from analysis.drawing.cells import Cell
from analysis.drawing.graph import cell_of
from analysis.drawing.key import NAMES, entries_of, length_of
from analysis.drawing.parts import Band, Edge, Graph, Kind, Node, ShortcutLine
from analysis.drawing.spacing import LINE, PAPER, SCREEN
from analysis.drawing.wrap import COLUMN_MM, LEAST_PT, px_at, widest_px
from analysis.structure.units import ORDER_NAMES, Unit
from analysis.style.numbers import shape


class _Room(NamedTuple):
    """Distances of units from top to bottom, in px.

    Attributes:
        margin: around the bands.
        top: from a band's upper edge to its first node; `side` and `bottom` likewise.
        step: from node to node.
        gap: between bands.
        out: from the nodes to the shortcut beside them.
        clear: from the nodes to boxes on that shortcut.
        end: the height of x and y.
        letter: the width of a letter of x and y; `padding` left and right of them, together.
    """

    margin: float
    top: float
    side: float
    bottom: float
    step: float
    gap: float
    out: float
    clear: float
    end: float
    letter: float
    padding: float


_SCREEN_ROOM = _Room(28.0, 40.0, 30.0, 24.0, 62.0, 40.0, 40.0, 40.0, 40.0, 8.0, 18.0)
_PAPER_ROOM = _Room(
    PAPER.edge, 27.0, 9.0, 10.0, 38.0, 9.0, 16.0, 9.0, PAPER.box, 6.8, PAPER.padding
)

_GAP, _LEAST_GAP = PAPER.gap + 5, 10.0
"""Distance between nodes of a unit from left to right in px, and the smallest on paper."""


def unit_graph(
    units: Sequence[Unit], width_mm: float | None = None, beside: Sequence[Unit] = ()
) -> Graph:
    """Lay out units from top to bottom, as in papers, each in its own band.

    Args:
        units: the units; each is drawn once.
        width_mm: the width on paper. If it is wider than a column, units run from left to right.
        beside: units in drawings beside this one, with which its rows are aligned.
    """
    if width_mm is not None and width_mm > COLUMN_MM:
        limits = widest_px(width_mm), px_at(width_mm, LEAST_PT)
        return units_across(units, shapes=True, limits=limits)
    room = _SCREEN_ROOM if width_mm is None else _PAPER_ROOM
    distinct = tuple(dict.fromkeys(units))
    if any(_change(unit) for unit in (*distinct, *beside)):
        room = room._replace(top=room.top + LINE)
    drawn = _down_in(distinct, room, room.margin)
    free = 0.0 if width_mm is None else widest_px(width_mm) - drawn.width
    if free <= 0:
        return drawn
    drawn = _down_in(distinct, room, room.margin + free / 2)
    key = (drawn.width - length_of(entries_of(drawn))) / 2  # centred below a narrow unit
    return replace(drawn, margin=max(min(drawn.margin, key), room.margin))


def _down_in(units: Sequence[Unit], room: _Room, left: float) -> Graph:
    """Lay out units side by side, with the same margin to their left and right, in px."""
    spacing = SCREEN if room.margin == _SCREEN_ROOM.margin else PAPER
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    x = left
    for unit in units:
        key = "-".join([unit.order, *(value for _, value in unit._differs())])
        cell, use = cell_of(unit.profile, unit.path, spacing)
        cell = _named(cell, unit.path, key)
        ends = _ends(key, use, room)
        column = [ends[0], *cell.main, ends[1]]
        half = max(node.width for node in column) / 2
        past = max((node.width for node in cell.past), default=0.0)
        centre = x + room.side + half
        beside = centre + half
        if cell.past:  # they are beside the branch, which is narrower than x and y
            branch = max(node.width for node in cell.main) / 2
            beside = max(centre + branch + room.clear + past / 2, centre + half + room.clear)
        elif cell.add:
            beside += room.out
        title = "\n".join(filter(None, (ORDER_NAMES[unit.order], _change(unit))))
        titled = max(map(width_of, title.split("\n")))
        width = max(max(beside + past / 2, centre + half) + room.side - x, titled)
        tops = {
            n.id: room.margin + room.top + room.end / 2 + i * room.step
            for i, n in enumerate(column)
        }
        column = [replace(node, x=centre, y=tops[node.id]) for node in column]
        nodes += column
        edges += (_down(one, other) for one, other in pairwise(column))
        if cell.add:
            high = cell.forks.height / 2
            start = tops[cell.forks.id] - high - max(room.step / 2 - high, spacing.fork)
            end = tops[cell.add.id]
            middle = (start + end - room.step * (len(cell.past) - 1)) / 2
            nodes += (
                replace(n, x=beside, y=middle + i * room.step) for i, n in enumerate(cell.past)
            )
            lines.append(_beside(cell, centre, beside, start, end))
        height = room.top + room.step * (len(column) - 1) + room.end + room.bottom
        bands.append(Band(key, title, "", x, room.margin, width, height))
        x += width + room.gap
    names = " and ".join(str(unit) for unit in units)
    height = max(band.height for band in bands) + 2 * room.margin
    return Graph(
        names,
        "residual units",
        tuple(nodes),
        tuple(edges),
        tuple(lines),
        tuple(bands),
        (),
        x - room.gap + left,
        height,
        left,
    )


def _change(unit: Unit) -> str:
    """Return how a unit differs from a basic block with an identity shortcut: `bottleneck`."""
    return unit.name.removeprefix(ORDER_NAMES[unit.order]).removeprefix(", ")


def units_across(
    units: Sequence[Unit], shapes: bool = False, limits: tuple[float, float] = (0.0, inf)
) -> Graph:
    """Lay out units from left to right, one below the other, as tightly as on paper.

    Args:
        units: the units; each is drawn once.
        shapes: whether x and y show their shapes.
        limits: the smallest and largest width of the drawing in px, for which gaps grow or shrink.
    """
    drawn = _across(units, shapes, _GAP)
    gaps = 1 + max(len(cell_of(unit.profile, unit.path)[0].main) for unit in units)
    low, high = limits
    more = min(max(drawn.width, low), high) - drawn.width
    return _across(units, shapes, max(_GAP + more / gaps, _LEAST_GAP)) if more else drawn


def _across(units: Sequence[Unit], shapes: bool, gap: float) -> Graph:
    """Lay out units from left to right, with this gap between nodes, in px."""
    distinct = tuple(dict.fromkeys(units))
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    top = PAPER.edge
    for unit in distinct:
        key = "-".join([unit.order, *(value for _, value in unit._differs())])
        cell, use = cell_of(unit.profile, unit.path, PAPER)
        cell = _named(cell, unit.path, key)
        ends = _ends(key, use, _PAPER_ROOM)
        if not shapes:
            ends = [replace(end, label=end.label[0], width=PAPER.smallest) for end in ends]
        high = max((node.height for node in cell.past), default=0.0)
        over = max(PAPER.arc, PAPER.clear + high) if cell.add else 0.0
        middle = top + PAPER.title + over + PAPER.box / 2 + PAPER.clear
        row, x = [], PAPER.margin + PAPER.clear
        for node in (ends[0], *cell.main, ends[1]):
            row.append(replace(node, x=x + node.width / 2, y=middle))
            x += node.width + gap
        nodes += row
        edges += (_right(one, other) for one, other in pairwise(row))
        if cell.add:
            at = {node.id: node for node in row}
            forks, add = at[cell.forks.id], at[cell.add.id]
            start = forks.x - forks.width / 2 - max(gap / 2, PAPER.fork)
            line = middle - PAPER.box / 2 - over + high / 2
            widths = sum(node.width + gap for node in cell.past) - gap
            left = (start + add.x - widths) / 2
            for node in cell.past:
                nodes.append(replace(node, x=left + node.width / 2, y=line))
                left += node.width + gap
            ((kind, count),) = cell.arcs
            up, end = (start, middle), (add.x, middle - add.height / 2)
            lines.append(shortcut(cell, kind, count, (up, (start, line), (add.x, line), end)))
        width = x - gap + PAPER.clear - PAPER.margin
        height = middle + PAPER.box / 2 + PAPER.below - top
        bands.append(Band(key, unit.name, "", PAPER.margin, top, width, height))
        top += height + PAPER.row_gap
    names = " and ".join(str(unit) for unit in distinct)
    width = max(band.x + band.width for band in bands) + PAPER.margin
    drawn = (tuple(nodes), tuple(edges), tuple(lines), tuple(bands), ())
    return Graph(names, "residual units", *drawn, width, top - PAPER.row_gap + PAPER.edge)


def _ends(key: str, use: ShortcutUse, room: _Room) -> list[Node]:
    """Return the input and the output of a unit."""
    found = []
    for name, sides in (("x", use.input), ("y", use.output)):
        said, path = f"{name} {shape(sides)}", f"{key}.{name}"
        width = room.letter * len(said) + room.padding
        found.append(Node(path, Kind.INPUT, said, "", path, width, room.end))
    return found


def _right(one: Node, other: Node) -> Edge:
    return Edge(
        one.id, other.id, ((one.x + one.width / 2, one.y), (other.x - other.width / 2, other.y))
    )


def _named(cell: Cell, path: str, key: str) -> Cell:
    """Return the cell with its layers named after the unit, and with nothing to open or close."""

    def named(nodes: Iterable[Node]) -> tuple[Node, ...]:
        return tuple(
            replace(
                node,
                id=node.id.replace(path, key),
                path=node.path.replace(path, key),
                opens=(),
                inside="",
            )
            for node in nodes
        )

    return replace(
        cell,
        path=key,
        before=named(cell.before),
        branch=named(cell.branch),
        add=named([cell.add])[0] if cell.add else None,
        after=named(cell.after),
        past=named(cell.past),
    )


def _down(one: Node, other: Node) -> Edge:
    return Edge(
        one.id, other.id, ((one.x, one.y + one.height / 2), (other.x, other.y - other.height / 2))
    )


def _beside(cell: Cell, centre: float, beside: float, start: float, end: float) -> ShortcutLine:
    """Return the shortcut to the right of the branch."""
    assert cell.add is not None
    ((kind, count),) = cell.arcs
    return ShortcutLine(
        path=cell.path,
        kind=kind,
        source=cell.forks.id,
        target=cell.add.id,
        via=tuple(node.id for node in cell.past),
        points=(
            (centre, start),
            (beside, start),
            (beside, end),
            (centre + cell.add.width / 2, end),
        ),
        label=NAMES[kind],
        count=count,
    )
