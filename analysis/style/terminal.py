"""Text for a terminal: prose wraps, and a table that is too wide is laid out to fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from textwrap import fill, wrap
from unicodedata import east_asian_width

from analysis.style.grid import Grid

WIDTH = 100
"""Columns of a text that isn't for a terminal, and of the longest line of prose."""

_LEAST = 24  # fewest columns for a cell's text: fewer would take too many lines

_Cells = tuple[str, ...]


def laid_out(parts: Iterable[str | Grid], width: int = WIDTH) -> str:
    """Return prose and tables for a terminal, with a blank line between any two.

    Args:
        parts: lines of prose, and tables below their captions; empty ones are left out.
        width: the columns of the terminal.
    """
    blocks: list[str] = []
    for part in parts:
        if isinstance(part, Grid):
            table = "\n".join(fitted(part, width)) if part.rows else ""
            blocks += [wrapped(part.caption, width), table] if table else []
        else:
            blocks.append(wrapped(part, width))
    return "\n\n".join(filter(None, blocks)) + "\n"


_BREAKS = re.compile(
    r"[\u2e80-\uffef“][，。；：？！、）”]*|[^\s\u2e80-\uffef]+[，。；：？！、）”]*\s*|\s+"
)
"""The parts between which a Chinese line may break; punctuation stays with what it follows."""


def wrapped(text: str, width: int) -> str:
    """Return lines of prose, each broken where it is wider than the terminal or `WIDTH`.

    What continues a line has its indent. Words aren't broken, so a model's text stays whole.
    """
    return "\n".join(_wrapped(line, min(width, WIDTH)) for line in text.splitlines())


def _wrapped(line: str, width: int) -> str:
    if columns(line) == len(line):
        indent = " " * (len(line) - len(line.lstrip()))
        return fill(
            line,
            width,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    lines = [""]
    for word in _BREAKS.findall(line):
        if columns((lines[-1] + word).rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += word
    return "\n".join(part.strip() for part in lines)


def columns(text: str) -> int:
    """Return the columns of a terminal that a text takes; a Han character takes two."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def fitted(grid: Grid, width: int) -> list[str]:
    """Return a table's lines without the caption, if possible none wider than the terminal.

    Its column names and its longest texts take several lines. If that doesn't help, it is turned,
    with a column for each row, or split into tables below each other, whichever is shorter.
    """
    lines = aligned(_rows(grid), grid.left)
    if _fit(lines, width) or _fit(lines := _narrow(grid, width), width):
        return lines
    turned = _page(_turned(grid, width))
    if "" not in turned and _fit(turned, width):
        return turned
    return min(
        turned, _page(_split(grid, width)), key=lambda page: (not _fit(page, width), len(page))
    )


def _rows(grid: Grid) -> list[_Cells]:
    """Return all rows, without the column names if they are all empty."""
    return [grid.columns, *grid.rows] if any(grid.columns) else list(grid.rows)


def _fit(lines: Sequence[str], width: int) -> bool:
    return max(map(len, lines)) <= width


def _page(tables: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of tables with an empty line between any two."""
    return "\n\n".join(map("\n".join, tables)).split("\n")


def _widths(grid: Grid) -> list[int]:
    """Return the width of each column if its name takes several lines."""
    cells = _padded(list(grid.rows), grid.left)
    return [
        max(map(len, (*column, *name.split()))) if column or name else 0
        for name, column in zip(grid.columns, zip(*cells, strict=True), strict=True)
    ]


def _narrow(grid: Grid, width: int) -> list[str]:
    """Return the table with names and its widest column of texts in several lines."""
    widths = _widths(grid)
    texts = [at for at in range(grid.left) if any(" " in row[at] for row in grid.rows)]
    if texts:
        widest = max(texts, key=widths.__getitem__)
        spare = width - sum(widths) - 2 * (len(widths) - 1)
        widths[widest] = max(min(widths[widest], _LEAST), widths[widest] + min(spare, 0))
    head = [_broken(name, wide) for name, wide in zip(grid.columns, widths, strict=True)]
    rows = [_level(head, at_bottom=True)] if any(grid.columns) else []
    for row in grid.rows:
        cells = [[cell] for cell in row]
        for at in texts:
            cells[at] = _broken(row[at], widths[at])
        rows.append(_level(cells))
    return aligned([line for row in rows for line in row], grid.left)


def _broken(text: str, wide: int) -> list[str]:
    if len(text) <= wide:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()))
    return wrap(
        text,
        wide,
        subsequent_indent=f"{indent}  " if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _level(cells: Sequence[Sequence[str]], at_bottom: bool = False) -> list[_Cells]:
    """Return cells of several lines as rows."""
    most = max(map(len, cells))
    gaps = [[""] * (most - len(cell)) for cell in cells]
    full = [
        [*gap, *cell] if at_bottom else [*cell, *gap] for cell, gap in zip(cells, gaps, strict=True)
    ]
    return list(zip(*full, strict=True))


def _turned(grid: Grid, width: int) -> list[list[str]]:
    """Return tables with a column for each row of the grid, as many side by side as fit."""
    groups: list[list[_Cells]] = []
    room = 0
    for row in grid.rows:
        wide = 2 + max(map(len, row))
        if wide > room:
            groups.append([])
            room = width - max(map(len, grid.columns))
        groups[-1].append(row)
        room -= wide
    return [aligned(list(zip(grid.columns, *rows, strict=True)), left=1) for rows in groups]


def _split(grid: Grid, width: int) -> list[list[str]]:
    """Return tables with as many columns each as fit beside the first one."""
    widths = _widths(grid)
    groups: list[list[int]] = []
    room = 0
    for at in range(1, len(widths)):
        wide = 2 + widths[at]
        if wide > room:
            groups.append([0])
            room = width - widths[0]
        groups[-1].append(at)
        room -= wide
    return [_narrow(_some(grid, group), width) for group in groups]


def _some(grid: Grid, chosen: Sequence[int]) -> Grid:
    """Return a grid with some of the columns."""
    return replace(
        grid,
        columns=tuple(grid.columns[at] for at in chosen),
        rows=tuple(tuple(row[at] for at in chosen) for row in grid.rows),
        left=sum(at < grid.left for at in chosen),
    )


def aligned(rows: Sequence[_Cells], left: int) -> list[str]:
    """Return rows as lines, the first `left` columns flush left and the others on the decimal."""
    rows = _padded(rows, left)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{cell:<{width}}" if i < left else f"{cell:>{width}}"
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _padded(rows: Sequence[_Cells], left: int) -> list[_Cells]:
    """Return rows with the numbers of each column, but the first `left`, on the decimal."""
    cells = list(zip(*rows, strict=True))
    return list(zip(*cells[:left], *map(_on_decimal, cells[left:]), strict=True))


_NUMBER = re.compile(r"[+−±]?[\d,]+(\.\d+)?%?")


def _on_decimal(cells: Sequence[str]) -> list[str]:
    """Return a column's cells with its numbers padded to one number of decimals."""
    found = [_NUMBER.fullmatch(cell) for cell in cells]
    places = [len(number[1] or "") if number else None for number in found]
    most = max((place for place in places if place is not None), default=0)
    return [
        cell if place is None else cell + " " * (most - place)
        for cell, place in zip(cells, places, strict=True)
    ]
