"""A block in two rows, for paper that is too narrow for all its layers in one.

The main path goes around the end of the first row to the start of the second. The shortcut goes
above the first row and around the outside of that end, so it never crosses the main path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from analysis.drawing.arcs import shortcut
from analysis.drawing.cells import Cell
from analysis.drawing.parts import Edge, Graph, Node, ShortcutLine
from analysis.drawing.spacing import Spacing

_TURN = 9.0  # gap around the lines that turn at a row's end: to boxes, each other and the band
_FORK = 8.0  # additional gap where the shortcut leaves the main path, half way to the arrowhead
_ROUND = 20.0  # gap from a band's edge to its first nodes; the line to the second row runs in it


class Folded(NamedTuple):
    """A placed block with what is before and after it, and the size of its band in px."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lines: tuple[ShortcutLine, ...]
    width: float
    height: float


def folded(
    start: Node, cell: Cell, end: Node, corner: tuple[float, float], gap: float, spacing: Spacing
) -> Folded:
    """Place a block between two nodes in two rows.

    Args:
        start: the node before the block.
        cell: the block.
        end: the node after it.
        corner: the upper left corner of its band.
        gap: the distance between nodes.
        spacing: the other distances.
    """
    left, top = corner
    first, second = _halves(start, cell, end)
    half = max(node.height for node in (*first, *second)) / 2
    high = max((node.height for node in cell.past), default=0.0)
    over = max(spacing.arc, spacing.clear + high) if cell.add else 0.0
    line = top + spacing.title + spacing.clear + high / 2
    y = top + spacing.title + spacing.clear + over + half
    back = y + half + _TURN
    into = back + (_TURN if cell.add else 0.0)
    forks = first.index(cell.forks)
    ahead = _along(first[:forks], left + _ROUND, y, gap)
    room = gap + (_FORK if cell.add else 0.0)
    upper = (*ahead, *_along(first[forks:], _right(ahead[-1]) + room, y, gap))
    lower = _along(second, left + _ROUND, into + _TURN + half, gap)
    turn, inner = _right(upper[-1]) + _TURN, left + _TURN
    one, other = upper[-1], lower[0]
    around = (
        (_right(one), y),
        (turn, y),
        (turn, back),
        (inner, back),
        (inner, other.y),
        (other.x - other.width / 2, other.y),
    )
    edges = [_edge(a, b, spacing) for a, b in (*pairwise(upper), *pairwise(lower))]
    edges.insert(len(upper) - 1, Edge(one.id, other.id, around, long=spacing.head))
    past: tuple[Node, ...] = ()
    lines: tuple[ShortcutLine, ...] = ()
    outer = turn
    if cell.add:
        outer = turn + _TURN
        at = {node.id: node for node in (*upper, *lower)}
        add, forked = at[cell.add.id], at[cell.forks.id]
        head = forked.x - forked.width / 2 - spacing.head
        fork = (_right(ahead[-1]) + head) / 2
        apart = (outer - fork - sum(node.width for node in cell.past)) / (len(cell.past) + 1)
        past = _along(cell.past, fork + apart, line, apart)
        ((kind, count),) = cell.arcs
        arrives = ((outer, into), (add.x, into), (add.x, add.y - add.height / 2))
        points = ((fork, y), (fork, line), (outer, line), *arrives)
        lines = (shortcut(cell, kind, count, points),)
    return Folded(
        (*upper, *lower, *past),
        tuple(edges),
        lines,
        max(outer, _right(lower[-1])) + _TURN - left,
        into + _TURN + 2 * half + spacing.below - top,
    )


def _halves(start: Node, cell: Cell, end: Node) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Return the nodes of the two rows, about equally long, with the addition in the second."""
    main = (start, *cell.main, end)
    low = main.index(cell.forks) + 1
    high = main.index(cell.add) if cell.add else len(main) - 1

    def longest(at: int) -> float:
        upper, lower = (sum(node.width + _TURN for node in row) for row in (main[:at], main[at:]))
        return max(upper + (2 * _TURN if cell.add else _TURN), lower)

    at = min(range(low, high + 1), key=longest)
    return main[:at], main[at:]


def _along(nodes: Sequence[Node], x: float, y: float, gap: float) -> tuple[Node, ...]:
    """Return the nodes from left to right, from x on."""

    def placed() -> Iterator[Node]:
        nonlocal x
        for node in nodes:
            yield node.at(x + node.width / 2, y)
            x += node.width + gap

    return tuple(placed())


def _right(node: Node) -> float:
    return node.x + node.width / 2


def _edge(one: Node, other: Node, spacing: Spacing) -> Edge:
    points = ((_right(one), one.y), (other.x - other.width / 2, other.y))
    return Edge(one.id, other.id, points, long=spacing.head)


_TRIES, _CLOSE = 4, 0.01
"""Steps to find a gap, as another row may be the longest at another gap; the error in px."""


def stretched(
    draw: Callable[[float], Graph], gap: float, least: float, limits: tuple[float, float]
) -> Graph:
    """Return a drawing with the gaps that bring its width between two limits.

    Args:
        draw: returns the drawing for a gap in px.
        gap: the gap of a drawing whose width is between the limits anyway.
        least: the smallest gap, which may leave the drawing wider.
        limits: the smallest and largest width in px.
    """
    drawn = draw(gap)
    low, high = limits
    for _ in range(_TRIES):
        more = min(max(drawn.width, low), high) - drawn.width
        if abs(more) < _CLOSE:
            break
        gaps = draw(gap + 1).width - drawn.width
        gap = max(gap + more / gaps, least)
        drawn = draw(gap)
    return drawn
