"""Drawings of residual units: from top to bottom, as in papers, or across for the wall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import inf
from typing import NamedTuple

from analysis.costs.profiles import ShortcutUse
from analysis.drawing.arcs import shortcut
from analysis.drawing.boxes import width_of
from analysis.drawing.cells import Cell
from analysis.drawing.fold import folded, stretched
from analysis.drawing.graph import cell_of
from analysis.drawing.key import NAMES, entries_of, key_of, length_of
from analysis.drawing.layout import lowered
from analysis.drawing.parts import TEXT, Band, Edge, Graph, Kind, Layout, Node, ShortcutLine
from analysis.drawing.spacing import LINE, PAPER, SCREEN, TIGHT, Spacing
from analysis.drawing.wrap import LEAST_PT, px_at, widest_px
from analysis.structure.units import Unit, shared_options
from analysis.style.look import magnification
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

_SPLIT = ", "
"""Between the order and the options of a unit, which are below it in a narrow title."""

_LOW_MM = 120.0
"""Largest height of two units side by side on paper."""

_GAP, _LEAST_GAP = PAPER.gap + 5, 10.0
"""Distance between nodes of a unit from left to right in px, and the smallest on paper."""


def unit_graph(
    units: Sequence[Unit], width_mm: float | None = None, beside: Sequence[Unit] = ()
) -> Graph:
    """Lay out units from top to bottom, as in papers, each in its own band.

    Args:
        units: the units; each is drawn once.
        width_mm: the width on paper. Units then run from left to right in one row or, if its text
            would be too small, in two; but two units are side by side from top to bottom if both
            are low enough, as is one that isn't legible in two rows.
        beside: units in drawings beside this one, with which its rows are aligned.
    """
    if width_mm is None:
        return _from_top_to_bottom(units, None, beside)
    limits = widest_px(width_mm), px_at(width_mm, LEAST_PT * magnification(width_mm))
    drawn = units_across(units, shapes=True, limits=limits)
    if drawn.width <= limits[1] + 0.1:
        return drawn
    columns = _from_top_to_bottom(units, width_mm, beside)
    key = key_of(entries_of(columns), (), columns.width, columns.margin).height
    low = (columns.height + key) * width_mm / columns.width <= _LOW_MM
    if len(columns.bands) > 1 and low and columns.width <= limits[1] + 0.1:
        return columns
    for spacing in (PAPER, TIGHT):
        in_two = partial(_across, units, True, spacing=spacing, in_two=True)
        drawn = stretched(in_two, _GAP, 1.5 * spacing.head, limits)
        if drawn.width <= limits[1] + 0.1:
            return drawn
    return columns


def _from_top_to_bottom(
    units: Sequence[Unit], width_mm: float | None, beside: Sequence[Unit]
) -> Graph:
    """Lay out units side by side; arguments as in `unit_graph`."""
    room = _SCREEN_ROOM if width_mm is None else _PAPER_ROOM
    distinct = tuple(dict.fromkeys(units))
    shared = shared_options((*distinct, *beside))
    titles = {unit: unit.name_without(shared) for unit in (*distinct, *beside)}
    if any(_SPLIT in title for title in titles.values()):
        room = room._replace(top=room.top + LINE)
    drawn = _down_in(distinct, titles, room, room.margin)
    free = 0.0 if width_mm is None else widest_px(width_mm) - drawn.width
    if free <= 0:
        return drawn
    drawn = _down_in(distinct, titles, room, room.margin + free / 2)
    key = (drawn.width - length_of(entries_of(drawn))) / 2  # centre it below a narrow unit
    return replace(drawn, margin=max(min(drawn.margin, key), room.margin))


def units_upright(units: Sequence[Unit]) -> Graph:
    """Lay out units from top to bottom, one below the other, for a phone.

    Args:
        units: the units; each is drawn once.
    """
    distinct = tuple(dict.fromkeys(units))
    first, *others = (_from_top_to_bottom([unit], None, distinct) for unit in distinct)
    drawn = first
    for one in others:
        moved = lowered(one, drawn.height - _SCREEN_ROOM.margin)
        drawn = replace(
            drawn,
            model=f"{drawn.model} and {one.model}",
            nodes=drawn.nodes + moved.nodes,
            edges=drawn.edges + moved.edges,
            shortcuts=drawn.shortcuts + moved.shortcuts,
            bands=drawn.bands + moved.bands,
            width=max(drawn.width, one.width),
            height=drawn.height - _SCREEN_ROOM.margin + one.height,
        )
    wide = max(band.width for band in drawn.bands)
    bands = tuple(replace(band, width=wide) for band in drawn.bands)
    name = _name_of([band.name for band in bands])
    return replace(drawn, name=name, bands=bands, layout=Layout.COLUMN)


def _name_of(names: Sequence[str]) -> str:
    """Return the name of a drawing of several units."""
    name = " and ".join(names)
    return f"{name[0].upper()}{name[1:]}"


def _down_in(units: Sequence[Unit], titles: Mapping[Unit, str], room: _Room, left: float) -> Graph:
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
        if cell.past:  # nodes beside the branch, which is narrower than x and y
            branch = max(node.width for node in cell.main) / 2
            beside = max(centre + branch + room.clear + past / 2, centre + half + room.clear)
        elif cell.add:
            beside += room.out
        title = titles[unit].replace(_SPLIT, "\n", 1)
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
        bands.append(Band(key, title, "", x, room.margin, width, height, name=titles[unit]))
        x += width + room.gap
    names = " and ".join(str(unit) for unit in units)
    name = _name_of([titles[unit] for unit in units])
    height = max(band.height for band in bands) + 2 * room.margin
    return Graph(
        names,
        name,
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


def units_across(
    units: Sequence[Unit], shapes: bool = False, limits: tuple[float, float] = (0.0, inf)
) -> Graph:
    """Lay out units from left to right, one below the other, as tightly as on paper.

    Args:
        units: the units; each is drawn once.
        shapes: whether x and y show their shapes.
        limits: the smallest and largest width of the drawing in px, for which gaps grow or shrink.
    """
    return stretched(partial(_across, units, shapes), _GAP, _LEAST_GAP, limits)


def units_in_place(units: Sequence[Unit], width: float, least: float) -> Graph:
    """Lay out units as `units_across`, so tightly that text is legible in a place.

    Annotations are as large as labels, and each band tells the published error.

    Args:
        units: the units; each is drawn once.
        width: the width of the place in px.
        least: the smallest text that is legible there, in px.
    """
    limits = 0.0, width * TEXT / least
    for spacing in (PAPER, TIGHT):
        drawn = stretched(partial(_across, units, False, spacing=spacing), _GAP, _LEAST_GAP, limits)
        if drawn.width <= limits[1] + 0.1:
            break
    told = zip(drawn.bands, dict.fromkeys(units), strict=True)
    bands = tuple(replace(band, shape=unit.published) for band, unit in told)
    return replace(drawn, bands=bands, small=TEXT)


def _across(
    units: Sequence[Unit],
    shapes: bool,
    gap: float,
    spacing: Spacing = PAPER,
    in_two: bool = False,
) -> Graph:
    """Lay out units from left to right in one or two rows, with this gap between nodes, in px."""
    distinct = tuple(dict.fromkeys(units))
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    top, shared = spacing.edge, shared_options(distinct)
    for unit in distinct:
        title = unit.name_without(shared)
        key = "-".join([unit.order, *(value for _, value in unit._differs())])
        cell, use = cell_of(unit.profile, unit.path, spacing)
        cell = _named(cell, unit.path, key)
        ends = _ends(key, use, _PAPER_ROOM._replace(padding=spacing.padding))
        if not shapes:
            ends = [replace(end, label=end.label[0], width=spacing.smallest) for end in ends]
        if in_two:
            drawn = folded(ends[0], cell, ends[1], (spacing.margin, top), gap, spacing)
            nodes += drawn.nodes
            edges += drawn.edges
            lines += drawn.lines
            area = spacing.margin, top, drawn.width, drawn.height
            bands.append(Band(key, title, "", *area, name=title))
            top += drawn.height + spacing.row_gap
            continue
        high = max((node.height for node in cell.past), default=0.0)
        over = max(spacing.arc, spacing.clear + high) if cell.add else 0.0
        middle = top + spacing.title + over + spacing.box / 2 + spacing.clear
        row, x = [], spacing.margin + spacing.clear
        for node in (ends[0], *cell.main, ends[1]):
            row.append(replace(node, x=x + node.width / 2, y=middle))
            x += node.width + gap
        nodes += row
        edges += (_right(one, other) for one, other in pairwise(row))
        if cell.add:
            at = {node.id: node for node in row}
            forks, add = at[cell.forks.id], at[cell.add.id]
            start = forks.x - forks.width / 2 - max(gap / 2, spacing.fork)
            line = middle - spacing.box / 2 - over + high / 2
            widths = sum(node.width + gap for node in cell.past) - gap
            left = (start + add.x - widths) / 2
            for node in cell.past:
                nodes.append(replace(node, x=left + node.width / 2, y=line))
                left += node.width + gap
            ((kind, count),) = cell.arcs
            up, end = (start, middle), (add.x, middle - add.height / 2)
            lines.append(shortcut(cell, kind, count, (up, (start, line), (add.x, line), end)))
        width = x - gap + spacing.clear - spacing.margin
        height = middle + spacing.box / 2 + spacing.below - top
        bands.append(Band(key, title, "", spacing.margin, top, width, height, name=title))
        top += height + spacing.row_gap
    names = " and ".join(str(unit) for unit in distinct)
    name = _name_of([unit.name_without(shared) for unit in distinct])
    wide = max(band.width for band in bands)
    return Graph(
        names,
        name,
        "residual units",
        tuple(nodes),
        tuple(edges),
        tuple(lines),
        tuple(replace(band, width=wide) for band in bands),
        (),
        wide + 2 * spacing.margin,
        top - spacing.row_gap + spacing.edge,
    )


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
