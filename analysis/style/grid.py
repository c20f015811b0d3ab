"""Tables of strings as Markdown or LaTeX; `analysis.style.terminal` aligns them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_PAGE, _BETWEEN = 90, 2  # characters of a table's row that fit on a page, and between columns
_NARROWEST = 0.2  # share of a page's width of the narrowest column whose text breaks


@dataclass(frozen=True)
class Grid:
    """A table: a caption, column names and rows of strings, the first `left` columns flush left."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1


def grid_markdown(grid: Grid) -> str:
    """Return a Markdown pipe table, below its caption."""
    rule = [":--"] * grid.left + ["--:"] * (len(grid.columns) - grid.left)
    lines = [[_cell(cell) for cell in row] for row in grid.rows]
    rows = [[_cell(name) for name in grid.columns], rule, *lines]
    return "\n".join([grid.caption, "", *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def grid_latex(grid: Grid) -> str:
    """Return a LaTeX table that needs no packages.

    A table that is wider than a page has a column for each row instead, if that makes it narrower.
    """
    turned = _turned(grid)
    if _letters(turned) < _letters(grid) > _PAGE:
        grid = turned
    head, *lines = (" & ".join(map(tex_signs, row)) for row in (grid.columns, *grid.rows))
    body = "\n".join(rf"{line} \\" for line in lines)
    return (
        "\\begin{table}\n\\centering\n"
        f"\\begin{{tabular}}{{{_sides(grid)}}}\n\\hline\n{head} \\\\ \\hline\n{body} \\hline\n"
        f"\\end{{tabular}}\n\\caption{{{tex_sentence(grid.caption)}}}\n\\end{{table}}\n"
    )


def _sides(grid: Grid) -> str:
    """Return the columns' sides; a text that takes more than half of a page's width breaks."""
    sides = ["l"] * grid.left + ["r"] * (len(grid.columns) - grid.left)
    widths = _widths(grid)
    widest = max(range(grid.left), key=widths.__getitem__)
    rest = sum(widths) - widths[widest] + _BETWEEN * len(widths)
    if widths[widest] > _PAGE / 2 and rest + widths[widest] > _PAGE:
        share = max((_PAGE - rest) / _PAGE, _NARROWEST)
        sides[widest] = f"p{{{share:.2f}\\linewidth}}"
    return "".join(sides)


def _turned(grid: Grid) -> Grid:
    """Return the table with a column for each row."""
    head, *rows = zip(grid.columns, *grid.rows, strict=True)
    return Grid(grid.caption, head, tuple(rows))


def _letters(grid: Grid) -> int:
    """Return the width of the table in characters, without separators."""
    return sum(_widths(grid))


def _widths(grid: Grid) -> list[int]:
    """Return the width of each column in characters."""
    return [max(map(len, column)) for column in zip(grid.columns, *grid.rows, strict=True)]


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
_NORM, _DERIVATIVE = (re.compile(f"{bar}∂L/∂([a-zA-Z]){bar}") for bar in ("‖", ""))
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def tex_signs(text: str) -> str:
    """Return a text for TeX, with special characters escaped and signs and exponents converted."""
    text = tex(text)
    text = _NORM.sub(r"$\\|\\partial L/\\partial \1\\|$", text)
    text = _DERIVATIVE.sub(r"$\\partial L/\\partial \1$", text)
    for sign, written in _SIGNS.items():
        text = text.replace(sign, written)
    return re.sub("[⁰¹²³⁴-⁹⁻]+", lambda found: f"$^{{{found[0].translate(_SUPERSCRIPTS)}}}$", text)


def tex_sentence(text: str) -> str:
    """Return a sentence for TeX, as by `tex_signs`, with models' texts, in backticks, as code."""
    return re.sub(r"`([^`]*)`", r"\\texttt{\1}", tex_signs(text))


def tex_letters(text: str) -> str:
    """Return a text with accented letters in TeX's notation, as BibTeX reads only ASCII.

    An accent that TeX isn't known here to have stays as it is.
    """
    found = []
    for letter in text:
        base, *accents = list(unicodedata.normalize("NFD", letter))
        accent = _ACCENTS.get("".join(accents), "")
        found.append(f"{{\\{accent}{base}}}" if accent else letter)
    return "".join(found)


_ACCENTS = {
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING CEDILLA}": "c ",
    "\N{COMBINING CARON}": "v ",
}


def tex(text: str) -> str:
    """Return a text with TeX's special characters escaped."""
    return "".join(f"\\{c}" if c in "_&%$#{}" else c for c in text)
