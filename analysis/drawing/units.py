"""Drawings of residual units: from top to bottom, as in papers, or across for the wall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from analysis.drawing.arcs import shortcut
from analysis.drawing.cells import Cell
from analysis.drawing.graph import cell_of
from analysis.drawing.parts import Band, Edge, Graph, Kind, Node, ShortcutLine
from analysis.drawing.spacing import PAPER
from analysis.structure.units import Unit
from analysis.style.numbers import shape

_TOP, _SIDE, _BOTTOM = 40.0, 30.0, 24.0  # padding of a band around its nodes


_STEP, _COLUMN_GAP, _OUT = 62.0, 40.0, 40.0  # between nodes, between units, and to a shortcut


_MARGIN = 28.0


def unit_graph(units: Sequence[Unit]) -> Graph:
    """Lay out units from top to bottom, as in papers, each in its own band."""
    distinct = tuple(dict.fromkeys(units))
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    x = _MARGIN
    for unit in distinct:
        key = "-".join([unit.order, *(value for _, value in unit._differs())])
        cell, use = cell_of(unit.profile, unit.path)
        cell = _named(cell, unit.path, key)
        ends = [
            Node(f"{key}.{name}", Kind.INPUT, f"{name} {shape(sides)}", "", f"{key}.{name}", 0, 40)
            for name, sides in (("x", use.input), ("y", use.output))
        ]
        ends = [replace(end, width=8.0 * len(end.label) + 18) for end in ends]
        column = [ends[0], *cell.main, ends[1]]
        half = max(node.width for node in column) / 2
        past = max((node.width for node in cell.past), default=0.0)
        centre = x + _SIDE + half
        beside = centre + half + _OUT + past / 2 if cell.add else centre + half
        width = max(beside + past / 2 + _SIDE - x, 7.2 * len(unit.name) + 32)
        tops = {n.id: _MARGIN + _TOP + 20 + i * _STEP for i, n in enumerate(column)}
        column = [replace(node, x=centre, y=tops[node.id]) for node in column]
        nodes += column
        edges += (_down(one, other) for one, other in pairwise(column))
        if cell.add:
            start, end = tops[cell.forks.id] - _STEP / 2, tops[cell.add.id]
            middle = (start + end - _STEP * (len(cell.past) - 1)) / 2
            nodes += (replace(n, x=beside, y=middle + i * _STEP) for i, n in enumerate(cell.past))
            lines.append(_beside(cell, centre, beside, start, end))
        height = _TOP + _STEP * (len(column) - 1) + 40 + _BOTTOM
        bands.append(Band(key, unit.name, "", x, _MARGIN, width, height))
        x += width + _COLUMN_GAP
    names = " and ".join(str(unit) for unit in distinct)
    height = max(band.height for band in bands) + 2 * _MARGIN
    return Graph(
        names,
        "residual units",
        tuple(nodes),
        tuple(edges),
        tuple(lines),
        tuple(bands),
        (),
        x - _COLUMN_GAP + _MARGIN,
        height,
    )


def units_across(units: Sequence[Unit]) -> Graph:
    """Lay out units from left to right, one below the other, as tightly as on paper."""
    distinct = tuple(dict.fromkeys(units))
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    top, gap = PAPER.edge, PAPER.gap + 4
    for unit in distinct:
        key = "-".join([unit.order, *(value for _, value in unit._differs())])
        cell, _ = cell_of(unit.profile, unit.path, PAPER)
        cell = _named(cell, unit.path, key)
        ends = [
            Node(f"{key}.{name}", Kind.INPUT, name, "", f"{key}.{name}", PAPER.smallest, PAPER.box)
            for name in ("x", "y")
        ]
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
            start, line = forks.x - forks.width / 2 - gap / 2, middle - PAPER.box / 2 - over
            line += high / 2
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
        label=kind.value,
        count=count,
    )
