"""Figures, tables and trees as HTML: text that can be selected, searched and read aloud.

All text is escaped here. `style.css` beside this file styles it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlencode

import streamlit as st

from analysis.charts.chart import Dash
from analysis.structure.tree import TreeNode
from analysis.style.fonts import LATIN, with_fonts
from analysis.style.numbers import exact, scale_of, shape
from pages.ui.words import whole_names

if TYPE_CHECKING:
    from analysis.charts.screen import Sample

FITTING_COLUMNS = 6
"""The most columns of figures that a wide page shows without scrolling."""

GOES_ON = "Scroll sideways for more columns."
"""What to say below a table that Streamlit draws, which has no edge that fades, if it scrolls."""

_WHOLE = 20  # most rows of a table drawn by Streamlit that are shown without scrolling

_SHORT, _LONG = 18, 40  # most characters of a cell kept on one line; fewest of one made wide
_DASHES = {
    Dash.SOLID: (40,),
    Dash.DASHED: (8, 8),
    Dash.DOTTED: (3, 3),
    Dash.DASH_DOT: (8, 3, 3, 3),
    Dash.LONG_DASH_DOT: (14, 6, 3, 6),
    Dash.LONG_DASHED: (14, 12),
}
"""Lengths in px of the dashes and gaps in a sample of a line."""

_PATHS = {
    "circle": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "square": "M-4 -4h8v8h-8z",
    "triangle-up": "M-4.6 3L4.6 3L0 -5z",
    "diamond": "M-5.2 0L0 -5.2L5.2 0L0 5.2z",
    "triangle-down": "M-4.6 -3L4.6 -3L0 5z",
    "cross": "M-1.6 -4.8h3.2v3.2h3.2v3.2h-3.2v3.2h-3.2v-3.2h-3.2v-3.2h3.2z",
    "x": "M-4.5 -2.3L-2.3 -4.5L0 -2.2L2.3 -4.5L4.5 -2.3L2.2 0L4.5 2.3L2.3 4.5L0 2.2L-2.3 4.5"
    "L-4.5 2.3L-2.2 0z",
}
"""Plotly's symbols as paths around (0, 0), in px: every one that a chart's points have."""

_MANY_CARDS = 7  # most rows that a phone shows at once; of a longer table it shows five first


class Figure(NamedTuple):
    """A large number: label, short form, convention (`note`), exact value (`title`), difference."""

    label: str
    value: str
    note: str = ""
    title: str = ""
    delta: str = ""


class Cell(NamedTuple):
    """A table cell: its text, its tooltip, and the length of its bar from 0 to 1."""

    text: str
    title: str = ""
    bar: float | None = None


def column(title: str, values: Sequence[int], total: int, unit: str = "") -> list[Cell]:
    """Return a table column: a head with the shared unit, the values with bars, and the total.

    Numbers have the same number of decimals, so they align; the tooltip has the exact value.
    """
    scale, prefix = scale_of(total)
    digits = 2 if total < 100 * scale else 1
    smallest = 0.5 / 10**digits

    def cell(value: int, bar: float | None) -> Cell:
        short = f"{value / scale:.{digits}f}" if value else "0"
        if 0 < value / scale < smallest:
            short = f"<{10**-digits:.{digits}f}"
        return Cell(short, f"{exact(value)} {unit}".rstrip(), bar)

    head = Cell(f"{title}, {prefix}{unit}" if prefix or unit else title)
    cells = [cell(value, value / total if total else 0.0) for value in values]
    return [head, *cells, cell(total, None)]


def line(text: str, title: str = "") -> str:
    """Return a line of text with a tooltip; on the wall it always takes up one line."""
    return f'<div class="rl-line" title="{escape(title)}">{whole_names(text) or "&nbsp;"}</div>'


@contextmanager
def room_for(px: int) -> Iterator[None]:
    """Draw a table of this width in px; where there is less room, say that it scrolls."""
    key = f"room-{px}"
    with st.container(key=key):
        yield
        hidden = f".st-key-{key} .stElementContainer:has(.rl-goes-on) {{ display: none; }}"
        rule = f"@container (min-width: {px}px) {{ {hidden} }}"
        st.html(f'<p class="rl-goes-on">{GOES_ON}</p><style>{rule}</style>')


def figures(items: Iterable[Figure]) -> str:
    """Return large numbers in a row that wraps."""
    return _element(
        "div",
        "rl-figures",
        "".join(
            f'<div title="{escape(item.title)}"><span class="label">{escape(item.label)}</span>'
            f'<span class="value">{whole_names(item.value)}</span>'
            + (f'<span class="delta">{escape(item.delta)}</span>' if item.delta else "")
            + f"<small>{whole_names(item.note)}</small></div>"
            for item in items
        ),
    )


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
    text_columns: int,
    models: Iterable[str] = (),
) -> str:
    """Return a table.

    A row whose first cell is `total` is set apart. On a phone each row becomes a card whose lines
    carry the column names, and the first cards of a long table have a button that shows all.

    Args:
        caption: the table's name, for screen readers.
        head: the column names.
        rows: the cells of each row.
        text_columns: how many columns, from the left, are text; the others are numbers.
        models: the model text of each row, if rows link to their networks on the front page.
    """
    kinds = ["t" if i < text_columns else "n" for i in range(len(head))]
    top = "".join(
        f'<th scope="col" class="{kind}">{whole_names(title)}</th>' if title else "<td></td>"
        for kind, title in zip(kinds, head, strict=True)
    )
    body = [_row(row, kinds, head, model) for row, model in zip_longest(rows, models)]
    shown = _scroll(
        "",
        caption,
        f'<table class="rl-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(body)}</tbody></table>",
    )
    if len(body) <= _MANY_CARDS:
        return shown
    words = f"All {len(body)} rows"
    return f'{shown}<details class="rl-more"><summary>{words}</summary></details>'


def picture(svg: str, alt: str, share: float | None = None, own_size: bool = False) -> str:
    """Return a picture with alternative text.

    Args:
        svg: the picture.
        alt: the alternative text.
        share: its width as a share of the page; None for a width that is easy to read.
        own_size: whether to show it at its own size instead.
    """
    data = b64encode(with_fonts(svg, LATIN).encode()).decode()  # images can't use the page's fonts
    size = " ".join(re.findall(r'\b(?:width|height)="[\d.]+"', svg[: svg.index(">")]))
    width = f' style="width:{100 * share:.2f}%"' if share else ""
    kind = "rl-figure" if share or own_size else "rl-picture"
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}" {size}{width}>'
    return _scroll(kind, "Picture", image)


def height_of(rows: int) -> Literal["auto", "content"]:
    """Return the height of a table that Streamlit draws; its own would cut an eleventh row."""
    return "content" if rows <= _WHOLE else "auto"


def layer_tree(root: TreeNode, is_open: bool = False) -> str:
    """Return the layer tree; rows with children open with a click or a key."""
    head = "".join(f"<span>{name}</span>" for name in _LAYER_HEAD)
    body = "".join(_node(child, is_open) for child in root.children)
    return _scroll(
        "",
        "Layer tree",
        f'<div class="rl-tree"><div class="rl-row rl-head">{head}</div>{body}</div>',
    )


def layer_rows(nodes: Sequence[TreeNode]) -> str:
    """Return layers as a flat table."""
    rows = [
        (
            node.path,
            node.type,
            shape(node.output),
            *_counts(node),
        )
        for node in nodes
    ]
    return table("Layers found", _LAYER_HEAD, rows, 2)


def _node(node: TreeNode, is_open: bool) -> str:
    name = escape(node.label)
    figures = (shape(node.output), *_counts(node))
    cells = f"<span>{name}</span><span>{escape(node.type)}</span>" + "".join(
        f'<span data-label="{label}">{figure}</span>'
        for label, figure in zip(_LAYER_HEAD[2:], figures, strict=True)
    )
    if not node.children:
        return f'<div class="rl-row">{cells}</div>'
    inside = "".join(_node(child, is_open) for child in node.children)
    opened = " open" if is_open else ""
    return (
        f"<details{opened}><summary class='rl-row'>{cells}</summary>"
        f'<div class="rl-inside">{inside}</div></details>'
    )


_LAYER_HEAD = (
    "Layer",
    "Type",
    "Output",
    "Parameters",
    "Mult-adds",
    "Activations",
    "Bytes moved",
)


def _counts(node: TreeNode) -> list[str]:
    """Return a layer's counts, and an empty text for each 0."""
    counts = (node.params, node.mult_adds, node.activations, node.bytes_moved)
    return [exact(count) if count else "" for count in counts]


def _row(
    row: Sequence[Cell | str], kinds: Sequence[str], head: Sequence[str], model: str | None
) -> str:
    cells = [Cell(cell) if isinstance(cell, str) else cell for cell in row]
    kind = "total" if cells[0].text == "total" else "rl-open" if model else ""
    about = f' class="{kind}"' if kind else ""
    links = [
        f' href="./?{urlencode({"model": model})}"{_SKIPPED if i else ""}' if model else ""
        for i in range(len(cells))
    ]
    return f"<tr{about}>" + "".join(map(_cell, cells, kinds, head, links)) + "</tr>"


_SKIPPED = ' tabindex="-1"'  # so that Tab stops once per row


def _cell(cell: Cell, kind: str, label: str, link: str) -> str:
    bar = ""
    if cell.bar is not None:
        bar = f'<i class="rl-bar" style="width:calc(var(--full) * {cell.bar:.4f})"></i>'
    title = f' title="{escape(cell.title)}"' if cell.title else ""
    kind = f"{kind} bar" if bar else f"{kind} bare" if cell.text.isdigit() else kind
    if kind == "t":
        length = len(cell.text)
        kind = "t short" if length <= _SHORT else "t long" if length > _LONG else "t"
    elif len(cell.text) > _SHORT:
        kind = f"{kind} wide"
    inside = f"{whole_names(cell.text)}{bar}"
    if link and inside:
        inside = f"<a{link}>{inside}</a>"
    return f'<td class="{kind}" data-label="{escape(label)}"{title}>{inside}</td>'


def verdict(sentence: str) -> str:
    """Return a page's conclusion as one large sentence, which is not a heading."""
    kept = re.sub(r"(?<=\d) (?=ms\b)", "\N{NO-BREAK SPACE}", sentence)
    return _element("p", "rl-verdict", whole_names(kept))


def numbered_code(code: str) -> str:
    """Return code with numbered lines; the rest of a wrapped line is indented more than its start.

    For a phone, where `st.code` continues a line at the left edge, as if it were a new one.
    """
    lines = []
    for text in code.splitlines():
        indent = len(text) - len(text.lstrip(" "))
        lines.append(f'<span style="--rl-indent: {indent}ch">{escape(text)}\n</span>')
    return f'<pre class="rl-code rl-phone">{"".join(lines)}</pre>'


def key_of_marks(key: Sequence[tuple[str, str]], css_class: str = "") -> str:
    """Return the key of the numbers beside a chart's points; empty if there are none."""
    if not key:
        return ""
    said = "\N{NO-BREAK SPACE}· ".join(
        f"<b>{escape(number)}</b>\N{NO-BREAK SPACE}{whole_names(text)}" for number, text in key
    )
    return f'<p class="rl-key {css_class}">{said}</p>'


def key_of_samples(key: Sequence[Sample], css_class: str = "") -> str:
    """Return the key of a chart's lines, a sample and a name each; empty if there are none."""
    if not key:
        return ""
    lines = (f"<li>{_image_of(one)}{whole_names(one.name)}</li>" for one in key)
    return f'<ul class="rl-lines {css_class}">{"".join(lines)}</ul>'


def _image_of(sample: Sample) -> str:
    """Return a piece of the line, 40 px by 12 px, with a symbol in its middle."""
    dashes = " ".join(map(str, _DASHES[sample.dash]))
    look = f'stroke="{sample.colour}" fill="{sample.inside}" stroke-width="1.8"'
    symbol = f'<path d="{_PATHS[sample.symbol]}" {look}/>' if sample.symbol else ""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="12" viewBox="-20 -6 40 12">'
        f'<path d="M-20 0H20" stroke="{sample.colour}" stroke-width="2.5" '
        f'stroke-dasharray="{dashes}"/>{symbol}</svg>'
    )
    data = b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="" width="40" height="12">'


def _scroll(kind: str, label: str, inside: str) -> str:
    """Return content that may be wider than the screen in a box that the keyboard can scroll."""
    return (
        f'<div class="{f"rl-scroll {kind}".rstrip()}" tabindex="0" role="group" '
        f'aria-label="{escape(label)}">{inside}</div>'
    )


def _element(tag: str, kind: str, inside: str) -> str:
    return f'<{tag} class="{kind}">{inside}</{tag}>'
