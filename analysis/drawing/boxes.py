"""Boxes: their sizes and the positions of their lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.drawing.key import NAMES
from analysis.drawing.parts import RIM, SMALL, TEXT, Kind, Node
from analysis.drawing.spacing import LINE, ROOM, Spacing
from analysis.style.fonts import text_width
from nets.plan import ShortcutKind

BESIDE = 6.0
"""Distance between a label and what is to its right, in px."""

LOWEST = 11.5
"""Line spacing in a low box, in px."""

UNIT, UNIT_SIZE = 26.0, 70.0
"""Height of a small unit and width of its picture, in px."""

_HEAD = 10.0  # space around the lines of a stage's label
_WIDER = 1.1  # allowance for a document's font that is wider than the drawing's


def box(
    path: str,
    kind: Kind,
    lines: Sequence[str],
    detail: str,
    spacing: Spacing,
    count: int = 1,
    beside: str = "",
    figures: bool = False,
    opens: tuple[str, ...] = (),
    inside: str = "",
) -> Node:
    """Return a node sized for its label, with another line if it needs room for a number.

    On paper, a label and a number are closer to each other.
    """
    width = _WIDER * max(text_width(line, TEXT) for line in lines)
    width += _WIDER * text_width(beside, TEXT) + BESIDE if beside else 0
    height = max(spacing.box, spacing.label * (len(lines) + figures) + 9)
    if figures and spacing.is_tight:
        height = max(spacing.box, spacing.line * (len(lines) + 1) + 5)
    width = max(spacing.smallest, round(width + spacing.padding, 1))
    label = "\n".join(lines)
    return Node(
        path,
        kind,
        label,
        detail,
        path,
        width,
        height,
        count=count,
        opens=opens,
        inside=inside,
        beside=beside,
    )


def past_box(node: Node, spacing: Spacing, figures: bool = False) -> Node:
    """Return the node in its form on a shortcut."""
    lines = len(node.lines) + figures
    return replace(node, height=max(spacing.past, LOWEST * lines + 5))


def with_units(
    node: Node,
    arcs: Sequence[tuple[ShortcutKind, int]],
    note: str,
    spacing: Spacing,
    figures: bool = False,
    small: int = SMALL,
) -> Node:
    """Return a stage's box with room below its label for a small unit per kind of shortcut.

    It is wide enough for its band to hold the note, and has another line for a number if it needs
    room for one. `small` is the font size of the units' words.
    """
    titled = width_of(f"{node.path} · {note}") if note else 0.0
    node = replace(node, width=max(node.width, titled))
    if not arcs:
        return node
    longest = max(_WIDER * text_width(unit_words(*arc), small) for arc in arcs)
    width = max(node.width, 2 * RIM + (16 if spacing.is_tight else 24) + UNIT_SIZE + longest)
    inner = UNIT * len(arcs) + RIM
    height = _HEAD + LINE * (len(node.lines) + figures) + inner
    return replace(node, width=width, height=height, inner=inner)


def unit_words(kind: ShortcutKind, count: int) -> str:
    """Return a stage's number of shortcuts of a kind in words: `35 identity`."""
    return f"{count} {NAMES[kind]}"


def width_of(*texts: str) -> float:
    """Return the width of a band that holds small texts side by side."""
    return sum(_WIDER * text_width(text, SMALL) for text in texts) + ROOM * len(texts) / 2 + 6
