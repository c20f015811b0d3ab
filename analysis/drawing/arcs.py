"""Parts shared by rows and columns: shortcuts, the small units of a stage, and band titles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from analysis.drawing.boxes import UNIT, UNIT_SIZE, unit_words, width_of
from analysis.drawing.cells import CONTINUED, Cell, Group, drawn_once
from analysis.drawing.key import NAMES
from analysis.drawing.parts import Kind, Node, Point, ShortcutLine, SmallUnit
from nets.plan import ShortcutKind

_RISE = 17.0  # height of a small unit's shortcut, in px


def shortcut(cell: Cell, kind: ShortcutKind, count: int, points: tuple[Point, ...]) -> ShortcutLine:
    """Return a block's shortcut through these points, from before its fork to its addition."""
    target = cell.add or cell.branch[-1]
    return ShortcutLine(
        path=cell.path,
        kind=kind,
        source=cell.forks.id,
        target=target.id,
        via=tuple(node.id for node in cell.past),
        points=points,
        label=f"{NAMES[kind]} ×{count}" if count > 1 else NAMES[kind],
        count=count,
    )


def units(cell: Cell) -> Iterator[ShortcutLine]:
    """Yield the shortcuts of a stage's box, one line with a small unit per kind."""
    for number, (kind, count) in enumerate(cell.arcs):
        unit = _small_unit(cell.branch[-1], number, unit_words(kind, count))
        (left, y), (x, _), reach = unit.path[0], unit.add, unit.radius
        left += 4
        points = ((left, y), (left, y - _RISE), (x, y - _RISE), (x, y - reach))
        line = shortcut(cell, kind, count, points)
        yield ShortcutLine(**{**vars(line), "unit": unit})


def _small_unit(stage: Node, number: int, words: str) -> SmallUnit:
    """Return the small unit in one row of the lower part of a stage's box."""
    left, top, _, _ = stage.panel
    x, y = left + 8, top + UNIT * number + 21
    return SmallUnit(
        path=((x, y), (x + UNIT_SIZE, y)),
        box=(x + 18, y - 5, 24, 10),
        add=(x + 57, y),
        radius=6,
        words=words,
        words_at=(x + UNIT_SIZE + 8, y - 3),
    )


def band_title(group: Group, begins: bool, cells: tuple[Cell, ...], width: float) -> str:
    """Return a band's title, shortened to fit."""
    stage, note = group.name, f" · {group.note}" if group.note else ""
    more = "" if begins else CONTINUED
    full = f"{group.full_name}{more}"
    noted = (full + note, stage + note) if note else ()
    titles = (full + note + drawn_once(cells), *noted, full, f"{stage}{more}", stage)
    return next((title for title in titles if width_of(title) <= width), stage)


def first_over(nodes: Sequence[Node], lines: Sequence[ShortcutLine]) -> float:
    """Return the x of the first box or count above the main path of these cells."""
    found = [inf]
    via = {name for line in lines for name in line.via}
    found += (node.x - node.width / 2 for node in nodes if node.id in via)
    told = {node.id for node in nodes if node.kind is Kind.ADD and node.count > 1}
    found += (line.count_at[0][0] - 16 for line in lines if line.target in told)
    return min(found)


def shape_room(group: Group) -> float:
    """Return the width that a band reserves beside its title for the shape of its stage."""
    return width_of(group.output) - 6
