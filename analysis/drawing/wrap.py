"""Breaking a drawing into rows, and choosing the length of the rows.

A new row begins if the next stage doesn't fit, and a stage that is longer than a row continues in
the next. Time is linear in the number of rows if equal cells follow each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby, pairwise
from math import inf, log, sqrt
from typing import NamedTuple, TypeVar

from analysis.drawing.boxes import width_of
from analysis.drawing.cells import CONTINUED, Network
from analysis.drawing.key import Entry, key_of
from analysis.drawing.parts import SMALL, TEXT
from analysis.style.look import PAGE_MM, SLIDE_ASPECT, magnification

PRINTED_PT, LEAST_PT = 8.0, 7.0
"""Range of text sizes on a page within which a drawing is scaled to a low enough height."""

TALL_MM = 240.0
"""Largest height of a drawing on paper: A4 with margins and room for a caption."""

BESIDE_MM, BESIDE_PT = 200.0, 6.0
"""Largest height and smallest text of several networks on the width of a page."""

COLUMN_MM = 100.0
"""Widths up to this are for a column of text, larger ones for a page."""

FULL = 1.5
"""Largest length of a row over the width of its contents."""

FILLED = 0.8
"""The least share of a drawing's width that rows fill, if they have boxes enough."""

_PT_PER_MM = 72 / 25.4
_LONGEST = 8  # length of the largest gap in a row of few boxes, in usual gaps
_LITTLE = 0.5  # share by which gaps may grow so that rows end together
_LONELY = 0.15  # share by which rows may grow to avoid single nodes and very long arrows


class Part(NamedTuple):
    """Cells of one group in one row: their group's number, the first cell and the one after."""

    group: int
    start: int
    stop: int


Row = list[Part]
_Number = TypeVar("_Number", int, float)


def px_at(width_mm: float, text_pt: float) -> float:
    """Return the width in px of a drawing whose smallest text has this size at a width on paper."""
    return SMALL * width_mm * _PT_PER_MM / text_pt


def widest_px(width_mm: float) -> float:
    """Return the width in px of a drawing with the largest text for a width on paper.

    Labels have `PRINTED_PT` on a page. On a slide, which is wider, annotations have, magnified.
    """
    if width_mm <= PAGE_MM:
        return TEXT / SMALL * px_at(width_mm, PRINTED_PT)
    return px_at(width_mm, PRINTED_PT * magnification(width_mm))


def most_mm(width_mm: float) -> float:
    """Return the largest height in mm of a drawing of a width on paper, or on a slide."""
    return max(TALL_MM, width_mm / SLIDE_ASPECT)


def most_beside(width_mm: float) -> float:
    """Return the largest height in mm of several networks in one drawing of a width on paper."""
    if width_mm > PAGE_MM:
        return width_mm / SLIDE_ASPECT
    return BESIDE_MM if width_mm > COLUMN_MM else TALL_MM


def paper_px(
    width_mm: float, low_mm: float, width: float, height: float, least_pt: float = LEAST_PT
) -> float:
    """Return the width in px that gives the largest text at which a drawing is low enough.

    Args:
        width_mm: its width on paper.
        low_mm: the largest height that it should have on paper.
        width: the width that it needs, in px.
        height: its height in px.
        least_pt: the smallest text that is accepted for that height.
    """
    found = max(width, widest_px(width_mm), height * width_mm / low_mm)
    if found <= px_at(width_mm, least_pt):
        return found
    least = max(width, px_at(width_mm, LEAST_PT))
    return max(least, height * width_mm / most_mm(width_mm))


class Spread(NamedTuple):
    """The room that a row adds before its nodes, in px.

    Attributes:
        inside: before every node in a cell except its first.
        blocks: before a block that follows another one of its stage.
        others: before a stage, and before a node of the stem or the head.
    """

    inside: float
    blocks: float
    others: float


class Wrapping:
    """The measured groups of a network, to be broken into rows.

    Attributes:
        widths: the widths of the cells, by group.
        counts: the numbers of nodes on the cells' main paths, by group.
        leads: the room before the forks of the cells, by group.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        spacing = network.spacing
        self.widths = [[cell.width(spacing) for cell in group.cells] for group in network.groups]
        if not spacing.label_gap:  # bands alone show the shapes, and need room for them
            for group, widths in zip(network.groups, self.widths, strict=True):
                if group.is_stage:
                    said = " · ".join(filter(None, (group.name, group.note)))
                    widths[-1] += max(width_of(said, group.output) - 7 - sum(widths), 0)
        self.counts = [[len(cell.main) for cell in group.cells] for group in network.groups]
        self.leads = [[cell.room(spacing) for cell in group.cells] for group in network.groups]
        self.gaps = [group.gap(spacing) for group in network.groups]
        self._line = [[cell.line(spacing) for cell in group.cells] for group in network.groups]
        self._reach = [[cell.reach(spacing) for cell in group.cells] for group in network.groups]
        self._half = [[cell.half for cell in group.cells] for group in network.groups]

    @cached_property
    def sums(self) -> list[float]:
        """The width of every group."""
        return [sum(widths) for widths in self.widths]

    @cached_property
    def _runs(self) -> list[list[tuple[float, int]]]:
        return [[(w, len(list(run))) for w, run in groupby(widths)] for widths in self.widths]

    @property
    def widest(self) -> float:
        """Length of the shortest row that can hold any cell."""
        return max(map(max, self.widths))

    @property
    def total(self) -> float:
        """Length of a row that holds all cells."""
        return sum(self.sums) + sum(self.gaps[1:])

    def rows(self, length: float) -> list[Row]:
        """Break the cells into rows at most this long, in px."""
        length += 1e-6
        rows: list[Row] = [[]]
        used = 0.0
        for index, runs in enumerate(self._runs):
            if used and used + self.gaps[index] + self.sums[index] > length:
                rows.append([])
                used = 0.0
            used += self.gaps[index] if used else 0
            start = at = 0
            for width, count in runs:
                left = count
                while left:
                    room = left if length == inf else max(int((length - used) / width), 0)
                    take = min(left, max(room, at == start))
                    if not take:
                        rows[-1].append(Part(index, start, at))
                        rows.append([])
                        used, start = 0.0, at
                        continue
                    at, left, used = at + take, left - take, used + take * width
            rows[-1].append(Part(index, start, at))
        return self._filled(self._balanced(self._accompanied(rows, length), length), length)

    def _filled(self, rows: list[Row], length: float) -> list[Row]:
        """Return the rows with whole stages moved down where this makes the shorter row longer.

        The upper row stays at least half as long as the longest one, since long arrows would have
        to fill the rest.
        """
        for before, row in reversed([*pairwise(rows)]):
            while len(before) > 1:
                part = before[-1]
                moved = [part, *row]
                whole = part.start == 0 and part.stop == len(self.widths[part.group])
                least = min(self.row_width(before), self.row_width(row))
                if not whole or self.row_width(moved) > length:
                    break
                left = self.row_width(before[:-1])
                if min(left, self.row_width(moved)) <= least or left < self.width(rows) / 2:
                    break
                before.pop()
                row.insert(0, part)
        return rows

    def _balanced(self, rows: list[Row], length: float) -> list[Row]:
        """Return the rows with every stage that takes several of them spread evenly over these."""
        for group, widths in enumerate(self.widths):
            own = [row for row in rows if any(part.group == group for part in row)]
            ends = [len(widths) * n // len(own) for n in range(len(own) + 1)]
            even = [
                [Part(group, start, stop) if part.group == group else part for part in row]
                for row, (start, stop) in zip(own, pairwise(ends), strict=True)
            ]
            if len(own) > 1 and self.width(even) <= length:
                for row, found in zip(own, even, strict=True):
                    row[:] = found
        return rows

    def _accompanied(self, rows: list[Row], length: float) -> list[Row]:
        """Return the rows with single nodes joined by the cell before them, where possible.

        No row is left with a single box, even if it has an addition.

        If this would leave the first block of a stage alone at the end of its row, the whole stage
        joins them instead, where it fits.
        """
        for before, row in pairwise(rows):
            part = before[-1]
            if not self.is_lonely(row) or part.stop - part.start < 2:
                continue
            moves = [part.stop - 1]
            if part.stop - part.start == 2 and part.start == 0 and len(before) > 1:
                moves.insert(0, 0)
            for start in moves:
                moved = part._replace(start=start)
                kept = [part._replace(stop=start)] if start > part.start else []
                left = [*before[:-1], *kept]
                if self._boxes(left) > 1 and self.row_width([moved, *row]) <= length:
                    before[:] = left
                    row.insert(0, moved)
                    break
        return rows

    def _nodes(self, row: Row) -> int:
        """Return the number of nodes on a row's main path."""
        return sum(sum(self.counts[part.group][part.start : part.stop]) for part in row)

    def _boxes(self, row: Row) -> int:
        """Return the number of nodes on a row's main path without additions."""
        cells = (c for p in row for c in self.network.groups[p.group].cells[p.start : p.stop])
        return sum(len(cell.main) - (cell.add is not None) for cell in cells)

    def is_lonely(self, row: Row) -> bool:
        """Return whether a row holds a single node, or part of a stage that joined one."""
        (group, start, stop), *others = row
        if others:
            ends = others[-1].group == len(self.network.groups) - 1
            return ends and start > 0 and stop - start == 1
        return self.counts[group] == [1]

    def row_width(self, row: Row) -> float:
        """Return a row's width, from its first cell to the end of its last."""
        gaps = sum(self.gaps[part.group] for part in row[1:])
        return gaps + sum(sum(self.widths[p.group][p.start : p.stop]) for p in row)

    def slot(self, group: int, cell: int, spread: Spread) -> float:
        """Return the width of a cell with the room that its row adds inside, in px."""
        return self.widths[group][cell] + spread.inside * (self.counts[group][cell] - 1)

    def width(self, rows: list[Row]) -> float:
        """Return the width of the longest row."""
        return max(map(self.row_width, rows))

    def spare(self, rows: list[Row], length: float) -> float:
        """Return the room that the fullest row has before each of its nodes, in px."""
        free = ((length - self.row_width(row), self._nodes(row) - 1) for row in rows)
        return max(min((room / gaps for room, gaps in free if gaps), default=0.0), 0.0)

    def spreads(self, rows: list[Row], length: float, inside: float) -> Iterator[Spread]:
        """Yield how each row spreads its free room.

        Gaps inside blocks are equal in all rows, and those between the blocks of a stage are at
        most doubled. The rest is between stages; but a row with several blocks of only one stage
        fills just `FILLED` of the drawing's width, as does one whose gaps would be more than
        doubled; a row with very few boxes may be shorter. Rows of layers end together where this
        takes little of each gap.

        Args:
            rows: the rows.
            length: their length in px.
            inside: the room before every node, from `spare`.
        """
        spacing = self.network.spacing
        unfilled = (1 - FILLED) * (length + 2 * spacing.margin) - spacing.margin
        doubled = spacing.gap + spacing.stage_gap
        for row in rows:
            gaps = self._nodes(row) - 1
            free = length - self.row_width(row) - inside * gaps
            between = [part.stop - part.start - 1 for part in row]
            stages = [self.network.groups[part.group].is_stage for part in row]
            blocks = sum(count for count, own in zip(between, stages, strict=True) if own)
            others = sum(between) - blocks + len(row) - 1
            wide = min(spacing.gap + inside, free / blocks) if blocks else 0.0
            rest = free - wide * blocks
            apart = rest / others if others else 0.0
            within = inside
            if others and apart > doubled:
                wanted = max(free - unfilled, spacing.gap * blocks + doubled * others)
                apart = max((wanted - spacing.stage_gap * blocks) / (blocks + others), 0.0)
                if apart > (most := _LONGEST * (doubled + inside)):
                    wanted *= most / apart
                    apart = most
                wide = (wanted - apart * others) / blocks if blocks else 0.0
            elif gaps and not others and len(row) == 1:
                missing = max(rest - unfilled, 0.0)
                if self.network.is_layers and rest / gaps <= _LITTLE * (spacing.gap + inside):
                    within += rest / gaps
                elif blocks:
                    wide += missing / blocks
                elif self.network.is_layers:
                    within += missing / gaps
            yield Spread(within, inside + wide, inside + apart)

    def is_strained(self, rows: list[Row], length: float) -> bool:
        """Return whether a row of one stage fills its part by very long arrows between blocks."""
        spacing, inside = self.network.spacing, self.spare(rows, length)
        most = 3 * spacing.gap + 2 * spacing.stage_gap
        return any(one.blocks - inside > most for one in self.spreads(rows, length, inside))

    def above(self, row: Row) -> float:
        """Return a row's height above its main path: a band's title and what is above boxes."""
        reach = max(max(self._reach[p.group][p.start : p.stop]) for p in row)
        titled = [
            max((self._line if self.is_tight(p) else self._reach)[p.group][p.start : p.stop])
            for p in row
            if self.network.groups[p.group].is_stage
        ]
        return max([reach, *(over + self.network.spacing.title for over in titled)])

    def is_tight(self, part: Part) -> bool:
        """Return whether its band's title and shape are beside what is above its boxes."""
        group, spacing = self.network.groups[part.group], self.network.spacing
        if not (spacing.is_tight and group.is_stage):
            return False
        first, last = group.cells[part.start], group.cells[part.stop - 1]
        left, right = first.free_over(spacing)[0], last.free_over(spacing)[1]
        named = group.full_name + ("" if part.start == 0 else CONTINUED)
        return left >= width_of(named) and right >= width_of(group.output)

    def below(self, row: Row) -> float:
        """Return a row's height below its main path, to the end of its bands."""
        half = max(max(self._half[p.group][p.start : p.stop]) for p in row)
        has_band = any(self.network.groups[part.group].is_stage for part in row)
        return half + (self.network.spacing.below if has_band else 4)

    def height(self, rows: list[Row]) -> float:
        """Return the height of a drawing of these rows."""
        spacing = self.network.spacing
        each = sum(self.above(row) + self.below(row) for row in rows)
        return 2 * spacing.edge + each + spacing.row_gap * (len(rows) - 1)

    def even(self, rows: list[Row]) -> list[Row]:
        """Break into the same number of rows, with the longest as short as possible."""
        if len(rows) == 1:
            return rows
        high = self.width(rows)
        low = max(self.widest, self.total / len(rows) - max(self.gaps))
        found = rows
        for _ in range(7):
            middle = (low + high) / 2
            if len(tried := self.rows(middle)) <= len(rows):
                found, high = tried, middle
            else:
                low = middle
        return found


def wrappings_of(networks: Sequence[Network]) -> list[Wrapping]:
    """Measure the networks of a drawing, equal stages and blocks with equal widths.

    Networks with the same stages and cells thus have the same rows, so these are aligned.
    """
    found = [Wrapping(network) for network in networks]
    by_cells: dict[tuple[tuple[str, int], ...], list[Wrapping]] = {}
    for one in found:
        cells = tuple((group.name, len(group.cells)) for group in one.network.groups)
        by_cells.setdefault(cells, []).append(one)
    for alike in by_cells.values():
        if len(alike) > 1:
            _align(alike)
    return found


def _align(alike: Sequence[Wrapping]) -> None:
    """Give these wrappings the largest of their widths, counts, leads and gaps."""
    leads = _largest([one.leads for one in alike])
    counts = _largest([one.counts for one in alike])
    padded = [
        [
            [width - own + lead for width, own, lead in zip(*rows, strict=True)]
            for rows in zip(one.widths, one.leads, leads, strict=True)
        ]
        for one in alike
    ]
    widths, (gaps,) = _largest(padded), _largest([[one.gaps] for one in alike])
    for one in alike:
        one.widths, one.counts, one.leads, one.gaps = widths, counts, leads, gaps


def _largest(tables: Sequence[list[list[_Number]]]) -> list[list[_Number]]:
    """Return the largest value of each cell of equally large tables."""
    return [[max(cell) for cell in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)]


def for_aspect(
    wrappings: Sequence[Wrapping], aspect: float, key: tuple[Entry, ...], heads: float = 0.0
) -> tuple[float, list[list[Row]]]:
    """Return the length of rows that brings a drawing closest to an aspect, and the rows.

    Args:
        wrappings: the networks, one below the other.
        aspect: the width over height to aim for.
        key: the key below the drawing.
        heads: the height of the headings above the networks, in px.
    """
    spacing = wrappings[0].network.spacing
    widest = max(one.widest for one in wrappings)
    total = max(one.total for one in wrappings)
    each = sum(one.height(one.rows(inf)) - 2 * spacing.edge for one in wrappings)
    ideal = sqrt(total * (each + spacing.row_gap * len(wrappings)) * aspect)
    lengths = sorted({max(widest, min(total, ideal * f / 20)) for f in range(12, 41)})

    def tried(length: float) -> tuple[float, list[list[Row]]]:
        rows = [one.rows(length) for one in wrappings]
        return max(map(Wrapping.width, wrappings, rows)), rows

    def badness(found: tuple[float, list[list[Row]]]) -> float:
        length, rows = found
        split = _LONELY * any(map(_is_lonely, wrappings, rows))
        width = length + 2 * spacing.margin
        below = key_of(key, (), width, spacing.margin).height + heads
        return (
            abs(log(width / (sum(map(Wrapping.height, wrappings, rows)) + below) / aspect)) + split
        )

    length, rows = min(map(tried, lengths), key=badness)
    return length, [one.even(mine) for one, mine in zip(wrappings, rows, strict=True)]


def in_place(
    wrappings: Sequence[Wrapping], aspect: float, key: tuple[Entry, ...], heads: float = 0.0
) -> tuple[float, list[list[Row]]]:
    """Return the width in px and the rows of a drawing whose text is the largest in a place.

    Args:
        wrappings: the networks, one below the other.
        aspect: width over height of the place.
        key: the key below the drawing.
        heads: the height of the headings above the networks, in px.
    """
    spacing = wrappings[0].network.spacing
    widest = max(one.widest for one in wrappings)
    total = max(one.total for one in wrappings)
    ideal = sqrt(total * sum(one.height(one.rows(inf)) for one in wrappings) * aspect)
    tried = {max(widest, min(total, ideal * f / 20)) for f in range(8, 49)}

    def size(length: float) -> float:
        width = length + 2 * spacing.margin
        below = key_of(key, (), width, spacing.margin).height + heads
        return max(width, (sum(one.height(one.rows(length)) for one in wrappings) + below) * aspect)

    length = min(sorted(tried), key=size)
    rows = [one.even(one.rows(length)) for one in wrappings]
    return max(map(Wrapping.width, wrappings, rows)) + 2 * spacing.margin, rows


def on_paper(
    wrappings: Sequence[Wrapping],
    width_mm: float,
    low_mm: float,
    key: tuple[Entry, ...],
    heads: float = 0.0,
) -> tuple[float, list[list[Row]]]:
    """Return the width in px and the rows of a drawing for a width on paper.

    Of all lengths of rows, choose the one with the largest text, from that of `widest_px` down
    to `LEAST_PT`, at which the drawing is low enough, or else no taller than a page.

    Args:
        wrappings: the networks, one below the other.
        width_mm: the width on paper.
        low_mm: the largest height that the drawing should have.
        key: the key below the drawing.
        heads: the height of the headings above the networks, in px.
    """
    legible = px_at(width_mm, LEAST_PT) + 1e-6

    def cost(found: tuple[float, list[list[Row]]]) -> tuple[bool, float]:
        width, rows = found
        length = width - 2 * wrappings[0].network.spacing.margin
        lonely = any(map(_is_lonely, wrappings, rows))
        strained = any(
            one.is_strained(mine, length) for one, mine in zip(wrappings, rows, strict=True)
        )
        return width > legible, width * (1 + _LONELY * (lonely + strained))

    return min(_on_paper(wrappings, width_mm, low_mm, key, heads), key=cost)


def _is_lonely(wrapping: Wrapping, rows: list[Row]) -> bool:
    return any(map(wrapping.is_lonely, rows))


def _on_paper(
    wrappings: Sequence[Wrapping],
    width_mm: float,
    low_mm: float,
    key: tuple[Entry, ...],
    heads: float,
) -> Iterator[tuple[float, list[list[Row]]]]:
    margin = wrappings[0].network.spacing.margin
    widest = max(one.widest for one in wrappings)
    total = max(one.total for one in wrappings)
    length = max(widest, widest_px(width_mm) - 2 * margin)
    while True:
        rows = [one.rows(length) for one in wrappings]
        width = max(map(Wrapping.width, wrappings, rows)) + 2 * margin
        below = key_of(key, (), max(width, widest_px(width_mm)), margin).height
        height = sum(map(Wrapping.height, wrappings, rows)) + below + heads
        wanted = paper_px(width_mm, low_mm, width, height)
        yield min(wanted, max(width, total * FULL)), rows
        if length >= total:
            return
        length *= 1.05
