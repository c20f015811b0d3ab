"""Where everything of a drawing stands: cells in rows, rows wrapped to an aspect or to paper.

All of it is computed in closed form, in time linear in what is drawn: left to right along a row, a
new row where the next stage does not fit, and a stage that is longer than a row goes on in the
next. A shortcut is an arc above, from before its block to the addition after it, so no skip is
ever drawn over the main path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, log, sqrt
from operator import itemgetter

from analysis.costs.profiles import Profile
from analysis.drawing.key import NAMES
from analysis.drawing.parts import (
    MARGIN,
    RIM,
    SMALL,
    Band,
    Edge,
    Frame,
    Graph,
    Kind,
    Node,
    ShortcutLine,
    SmallUnit,
)
from analysis.style.numbers import shape
from nets import plan
from nets.plan import Place, ShortcutKind

BOX = 40.0
"""The height of a box, in px of the drawing, as all sizes here."""

_GAP, _STAGE_GAP, _LABEL_GAP = 18.0, 34.0, 92.0  # between nodes, stages, and where a shape stands
_ARC = 46.0  # of a shortcut above the main path
_HEAD, _UNIT = 28.0, 32.0  # of a stage's box: its label, and each small unit below
_UNIT_SIZE, _UNIT_LETTER = 70.0, 6.6  # of a small unit, and of the words beside it, about
_STACKED = 6.0  # how far a stack of boxes reaches down
_ABOVE, _BELOW = 92.0, 40.0  # of a row, from its main path
_TITLE = 36.0  # of a band, above what stands in it
_ROW_GAP = 26.0
_LETTER = 6.2  # of a band's title, about
_FRAME, _FRAME_ABOVE = 8.0, 70.0  # around an opened block, from its nodes and its main path

PRINTED_PT = 8.0
"""Text on paper, where the drawing's width there is known."""

PAGE_MM = 240.0
"""The tallest drawing on paper: A4 with its margins, a caption left room."""

_PT_PER_MM = 72 / 25.4


@dataclass(frozen=True)
class Cell:
    """One block, or one node of the stem or the head, before it has a place.

    Along the row stand `before`, `branch`, the addition where there is one, and `after`; `past`
    stands on the shortcut. `arcs` says what shortcuts there are, and how many of each. `frame` is
    the title of an opened block.
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
        """The nodes along the row."""
        return (*self.before, *self.branch, *((self.add,) if self.add else ()), *self.after)

    @property
    def forks(self) -> Node:
        """The node before which the shortcut leaves the main path."""
        return self.branch[0] if self.shortcut_after_before else (*self.before, *self.branch)[0]

    @cached_property
    def width(self) -> float:
        """From the gap before its first node to its last node's right edge."""
        nodes = sum(_GAP + node.width for node in self.main)
        past = sum(_GAP + node.width for node in self.past) + 2 * _GAP
        return max(nodes, past if self.past else 0) + (2 * _FRAME if self.frame else 0)


@dataclass(frozen=True)
class Group:
    """The cells of the stem, of one stage or of the head, and the shape that enters it.

    `note` is what there is to say of all its blocks.
    """

    name: str
    cells: tuple[Cell, ...]
    entering: str
    note: str = ""

    @property
    def is_stage(self) -> bool:
        """Whether it is a stage, which has a band of its own."""
        return self.name not in (plan.STEM, plan.HEAD, "input", "output")

    @cached_property
    def width(self) -> float:
        """Of all its cells in one row."""
        return sum(cell.width for cell in self.cells)

    @property
    def gap(self) -> float:
        """What stands before it in a row, with room for the shape that enters it."""
        return _LABEL_GAP if self.entering else _STAGE_GAP


_Row = list[tuple[Group, tuple[Cell, ...], bool]]


def with_units(node: Node, arcs: Sequence[tuple[ShortcutKind, int]], note: str) -> Node:
    """A stage's box with room below its label for a small unit per kind of shortcut.

    Its band has room for the note.
    """
    titled = _LETTER * len(f"{node.path} · {note}") + 8 if note else 0.0
    node = replace(node, width=max(node.width, titled))
    if not arcs:
        return node
    longest = max(len(_unit_words(*arc)) for arc in arcs)
    width = max(node.width, 2 * RIM + 24 + _UNIT_SIZE + _UNIT_LETTER * longest)
    inner = _UNIT * len(arcs) + RIM
    return replace(node, width=width, height=_HEAD + inner, inner=inner)


def _unit_words(kind: ShortcutKind, count: int) -> str:
    return f"{count} {NAMES[kind]}"


def for_aspect(profile: Profile, what: str, groups: tuple[Group, ...], aspect: float) -> Graph:
    """A drawing whose rows are of the length that brings it nearest to an aspect."""
    widest, total = _bounds(groups)
    ideal = sqrt(total * (_ABOVE + _BELOW + _ROW_GAP) * aspect)
    widths = sorted({max(widest, min(total, ideal * f / 20)) for f in range(12, 41)})

    def badness(width: float) -> float:
        return abs(log(width / _height(_rows(groups, width)) / aspect))

    return _place(profile, what, _rows(groups, min(widths, key=badness)))


def on_paper(profile: Profile, what: str, groups: tuple[Group, ...], width_mm: float) -> Graph:
    """A drawing for a width on paper.

    Of all lengths of its rows that one whose text is the largest, but not above `PRINTED_PT`, where
    the drawing is no taller than a page.
    """
    widest, total = _bounds(groups)
    legible = SMALL * width_mm * _PT_PER_MM / PRINTED_PT
    length, found = max(widest, legible - 2 * MARGIN), []
    while True:
        rows = _rows(groups, length)
        drawn = max(map(_row_width, rows)) + 2 * MARGIN
        found.append((max(drawn, legible, _height(rows) * width_mm / PAGE_MM), rows))
        if length >= total:
            break
        length *= 1.05
    width, rows = min(found, key=itemgetter(0))
    return _place(profile, what, rows, (width - max(map(_row_width, rows))) / 2)


def in_a_row(profile: Profile, what: str, groups: tuple[Group, ...]) -> Graph:
    """A drawing of one row."""
    return _place(profile, what, _rows(groups, inf))


def _bounds(groups: tuple[Group, ...]) -> tuple[float, float]:
    """The shortest row that holds every cell, and the row that holds them all."""
    widest = max(cell.width for group in groups for cell in group.cells)
    return widest, sum(group.width + group.gap for group in groups)


def block_title(place: Place, count: int) -> str:
    """A block's path, or from where to where a run of equal ones goes: `layer2.1 to 2.3 ×3`."""
    if count == 1:
        return place.path
    last = place.after(count - 1).path.removeprefix("layer")
    return f"{place.path} to {last} ×{count}"


def _rows(groups: tuple[Group, ...], width: float) -> list[_Row]:
    """Parts of groups in rows at most this wide; the flag says whether a part begins its group."""
    rows: list[_Row] = [[]]
    used = 0.0
    for group in groups:
        if used and used + group.gap + group.width > width:
            rows.append([])
            used = 0.0
        used += group.gap if used else 0
        cells: list[Cell] = []
        begins = True
        for cell in group.cells:
            if cells and used + cell.width > width:
                rows[-1].append((group, tuple(cells), begins))
                rows.append([])
                cells, used, begins = [], 0.0, False
            cells.append(cell)
            used += cell.width
        rows[-1].append((group, tuple(cells), begins))
    return rows


def _place(profile: Profile, what: str, rows: list[_Row], left: float = MARGIN) -> Graph:
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    frames: list[Frame] = []
    outputs = {row.name: shape(row.output) for row in profile.stages}
    right = end_of_row = 0.0
    previous: Node | None = None
    top = MARGIN
    for row in rows:
        y, x = top + _above(row), left
        around = y - _above(row) - _ROW_GAP / 2 - 6
        below = _below(row)
        top = y + below + _ROW_GAP
        for part, (group, cells, begins) in enumerate(row):
            x += group.gap if part else 0
            start = x
            for index, cell in enumerate(cells):
                placed, end = _place_cell(cell, x, y)
                for node in placed.main:
                    if previous:
                        label = group.entering if begins and index == 0 else ""
                        label = label if node is placed.main[0] else ""
                        edges.append(_edge(previous, node, label, (left, end_of_row), around))
                    previous = node
                nodes += [*placed.main, *placed.past]
                lines += _shortcut_lines(placed, y)
                if cell.frame:
                    frames.append(_frame(cell, x, y, end))
                x = end
            if group.is_stage:
                left_edge, width = start + _GAP / 2 - 8, x - start - _GAP / 2 + 16
                title = _band_title(group, begins, cells, width)
                height = _above(row) + below - 8
                shown, at = outputs[group.name], y - _above(row)
                bands.append(
                    Band(group.name, title, shown, left_edge, at, width, height, group.note)
                )
            right = max(right, x)
        end_of_row = x
    return Graph(
        profile.model,
        what,
        tuple(nodes),
        tuple(edges),
        tuple(lines),
        tuple(bands),
        tuple(frames),
        right + left,
        top - _ROW_GAP + MARGIN,
        left,
    )


def _frame(cell: Cell, x: float, y: float, end: float) -> Frame:
    left, top = x + _GAP / 2 - 2, y - _FRAME_ABOVE
    return Frame(cell.path, cell.frame, left, top, end - left, _FRAME_ABOVE + _BELOW - 14)


def _band_title(group: Group, begins: bool, cells: tuple[Cell, ...], width: float) -> str:
    """What names a band: as much of it as there is room for."""
    stage, note = group.name, f" · {group.note}" if group.note else ""
    more = "" if begins else ", continued"
    full = f"{stage} · {plan.paper_name(stage)}{more}"
    noted = (full + note, stage + note) if note else ()
    titles = (full + note + _drawn_once(cells), *noted, full, f"{stage}{more}", stage)
    return next((title for title in titles if _LETTER * len(title) + 24 <= width), stage)


def _drawn_once(cells: tuple[Cell, ...]) -> str:
    """What a band says of a run of equal blocks whose layers are drawn once."""
    for cell in cells:
        first = cell.branch[0]
        if first.count > 1 and first.kind is not Kind.STAGE and first.kind is not Kind.RUN:
            if cell.frame:  # which says it itself
                return ""
            said = block_title(plan.place_of(cell.path), first.count).removesuffix(
                f" ×{first.count}"
            )
            return f" · {said} are equal, drawn once"
    return ""


def _above(row: _Row) -> float:
    """From a row's upper edge to its main path: arcs and a band's title stand there, if any."""
    blocks = [cell for group, cells, _ in row if group.is_stage for cell in cells]
    if any(cell.add or cell.frame for cell in blocks):
        return _ABOVE
    return max([BOX, *(_TITLE + cell.branch[0].height / 2 for cell in blocks)])


def _below(row: _Row) -> float:
    """From a row's main path to the end of its bands."""
    nodes = [node for _, cells, _ in row for cell in cells for node in cell.main if node.inner]
    return max([_BELOW, *(node.height / 2 + _STACKED + 14 for node in nodes)])


def _row_width(row: _Row) -> float:
    """From its first cell to the end of its last."""
    gaps = sum(group.gap for group, _, _ in row[1:])
    return gaps + sum(cell.width for _, cells, _ in row for cell in cells)


def _height(rows: list[_Row]) -> float:
    """Of a drawing of these rows."""
    return 2 * MARGIN + sum(_above(row) + _below(row) + _ROW_GAP for row in rows) - _ROW_GAP


def _place_cell(cell: Cell, x: float, y: float) -> tuple[Cell, float]:
    """The cell with its nodes placed from x on, and where it ends."""
    edge = _FRAME if cell.frame else 0.0
    slack = cell.width - 2 * edge - sum(_GAP + node.width for node in cell.main)
    gap = _GAP + slack / len(cell.main)
    x += edge

    def along(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        nonlocal x
        placed = []
        for node in nodes:
            x += gap
            placed.append(replace(node, x=x + node.width / 2, y=y))
            x += node.width
        return tuple(placed)

    before, branch = along(cell.before), along(cell.branch)
    add = along((cell.add,))[0] if cell.add else None
    after = along(cell.after)
    placed = replace(cell, before=before, branch=branch, add=add, after=after)
    past: list[Node] = []
    if cell.past and add:
        left, end = placed.forks.x - placed.forks.width / 2 - _GAP / 2, add.x
        wide = sum(node.width for node in cell.past) + _GAP * (len(cell.past) - 1)
        at = (left + end - wide) / 2
        for node in cell.past:
            past.append(replace(node, x=at + node.width / 2, y=y - _ARC))
            at += node.width + _GAP
    return replace(placed, past=tuple(past)), x + edge


def _shortcut_lines(cell: Cell, y: float) -> Iterator[ShortcutLine]:
    source, target = cell.forks, cell.add or cell.branch[-1]
    for number, (kind, count) in enumerate(cell.arcs):
        unit = None if cell.add else _small_unit(target, number, _unit_words(kind, count))
        if unit:
            (left, base), (end, _), rise, reach = unit.path[0], unit.add, 20.0, unit.radius
            left += 4
        else:
            left, base, end = source.x - source.width / 2 - _GAP / 2, y, target.x
            rise, reach = _ARC, target.height / 2
        yield ShortcutLine(
            path=cell.path,
            kind=kind,
            source=source.id,
            target=target.id,
            via=tuple(node.id for node in cell.past),
            points=((left, base), (left, base - rise), (end, base - rise), (end, base - reach)),
            label=f"{kind} ×{count}" if count > 1 else kind.value,
            count=count,
            unit=unit,
        )


def _small_unit(stage: Node, number: int, words: str) -> SmallUnit:
    """The small unit in a row of a stage's lower part."""
    left, top, _, _ = stage.panel
    x, y = left + 8, top + _UNIT * number + 24
    return SmallUnit(
        path=((x, y), (x + _UNIT_SIZE, y)),
        box=(x + 18, y - 5, 24, 10),
        add=(x + 57, y),
        radius=6,
        words=words,
        words_at=(x + _UNIT_SIZE + 8, y - 3),
    )


def _edge(one: Node, other: Node, label: str, row: tuple[float, float], between: float) -> Edge:
    """A straight line in a row; from row to row around the end of one and the next one's start.

    `between` is how high the way from row to row is.
    """
    start, end = one.x + one.width / 2, other.x - other.width / 2
    if one.y == other.y:
        return Edge(one.id, other.id, ((start, one.y), (end, other.y)), label)
    outer, inner = row[1] + _GAP, row[0] - 8
    points = (
        (start, one.y),
        (outer, one.y),
        (outer, between),
        (inner, between),
        (inner, other.y),
        (end, other.y),
    )
    return Edge(one.id, other.id, points, label)
