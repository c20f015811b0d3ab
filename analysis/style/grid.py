"""Tables of strings as aligned text, CSV, Markdown or LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """A table: a caption, column names and rows of strings, the first `left` columns flush left."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1


def grid_text(grid: Grid) -> str:
    """Return the table aligned for a terminal, below its caption."""
    return "\n".join([grid.caption, "", *aligned([grid.columns, *grid.rows], grid.left)]) + "\n"


def grid_text_within(grid: Grid, width: int) -> str:
    """Return `grid_text` or, if it's wider than that, the grid turned: a column for each row.

    Columns that don't fit side by side stand in further tables below.
    """
    text = grid_text(grid)
    if max(map(len, text.splitlines()[1:])) <= width:
        return text
    groups: list[list[tuple[str, ...]]] = []
    room = 0
    for row in grid.rows:
        wide = 2 + max(map(len, row))
        if wide > room:
            groups.append([])
            room = width - max(map(len, grid.columns))
        groups[-1].append(row)
        room -= wide
    turned = (aligned(list(zip(grid.columns, *rows, strict=True)), left=1) for rows in groups)
    return "\n\n".join([grid.caption, *map("\n".join, turned)]) + "\n"


def grid_csv(grid: Grid) -> str:
    """Return the table as CSV, without the caption."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([grid.columns, *grid.rows])
    return out.getvalue()


def grid_markdown(grid: Grid) -> str:
    """Return a Markdown pipe table, below its caption."""
    rule = [":--"] * grid.left + ["--:"] * (len(grid.columns) - grid.left)
    lines = [[_cell(cell) for cell in row] for row in grid.rows]
    rows = [[_cell(name) for name in grid.columns], rule, *lines]
    return "\n".join([grid.caption, "", *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def grid_latex(grid: Grid) -> str:
    """Return a LaTeX table that needs no packages."""
    sides = "l" * grid.left + "r" * (len(grid.columns) - grid.left)
    lines = [" & ".join(map(tex_signs, row)) for row in (grid.columns, *grid.rows)]
    body = "\n".join(rf"{line} \\ \hline" for line in lines)
    return (
        "\\begin{table}\n\\centering\n"
        f"\\begin{{tabular}}{{{sides}}}\n\\hline\n{body}\n\\end{{tabular}}\n"
        f"\\caption{{{tex_signs(grid.caption)}}}\n\\end{{table}}\n"
    )


_SIGNS = {
    "—": "---",
    "×": r"$\times$",
    "−": "$-$",
    "±": r"$\pm$",
    "→": r"$\to$",
    "·": r"$\cdot$",
    "‖": r"$\|$",
    "∂": r"$\partial$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def tex_signs(text: str) -> str:
    """Return a text for TeX, with special characters escaped and signs and exponents converted."""
    text = tex(text)
    for sign, written in _SIGNS.items():
        text = text.replace(sign, written)
    return re.sub("[⁰¹²³⁴-⁹⁻]+", lambda found: f"$^{{{found[0].translate(_SUPERSCRIPTS)}}}$", text)


def aligned(rows: Sequence[tuple[str, ...]], left: int) -> list[str]:
    """Return rows as lines, the first `left` columns flush left and the others on the decimal."""
    columns = list(zip(*rows, strict=True))
    rows = list(zip(*columns[:left], *map(_on_decimal, columns[left:]), strict=True))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{cell:<{width}}" if i < left else f"{cell:>{width}}"
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


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


def tex(text: str) -> str:
    """Return a text with TeX's special characters escaped."""
    return "".join(f"\\{c}" if c in "_&%$#{}" else c for c in text)
