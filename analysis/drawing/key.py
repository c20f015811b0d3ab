"""What stands below a drawing, in every format: the names of its lines, its colours' scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.drawing.parts import Graph, Point
from nets.plan import ShortcutKind

NAMES = {
    ShortcutKind.IDENTITY: "identity",
    ShortcutKind.PROJECTION: "projection",
    ShortcutKind.ZERO_PAD: "zero pad",
    ShortcutKind.NONE: "none",
}

SAMPLE, BAR = 34.0, 220.0
"""Lengths in px of a line's sample and of the scale."""

_LEFT, _LINE, _GAP = 28.0, 34.0, 18.0
_TO_NAME, _TO_WORDS = 42.0, 230.0
_LETTER = 8.0


@dataclass(frozen=True)
class Name:
    """A kind of shortcut: where its sample begins, and where its name does."""

    kind: ShortcutKind
    text: str
    sample: Point
    words: Point


@dataclass(frozen=True)
class Key:
    """Where everything stands, from the drawing's lower edge, in px."""

    names: tuple[Name, ...]
    scale: Point
    words: Point
    height: float


def key_of(kinds: Sequence[ShortcutKind], ends: str, graph: Graph) -> Key:
    """Place the names of the lines and, where the scale's `ends` are said, the scale.

    They begin where the drawing does, or a little from its edge where they would not fit then.
    What does not fit beside what stands before it stands below.
    """
    texts = [f"{NAMES[kind]} shortcut" for kind in kinds]
    wides = [_TO_NAME + _LETTER * len(text) for text in texts]
    longest = max(sum(wides) + _GAP * len(wides), _TO_WORDS + _LETTER * len(ends))
    left = graph.margin if graph.margin + longest <= graph.width else _LEFT
    names = []
    x, y = left, 0.0
    for kind, text, wide in zip(kinds, texts, wides, strict=True):
        if x > left and x + wide > graph.width:
            x, y = left, y + _LINE
        names.append(Name(kind, text, (x, y + 12), (x + _TO_NAME, y + 16.5)))
        x += wide + _GAP
    y += _LINE if kinds else 0
    scale, words = (left, y + 4), (left + _TO_WORDS, y + 16)
    if ends:
        if words[0] + _LETTER * len(ends) > graph.width:
            words = (left, y + 36)
            y += 22
        y += _LINE
    return Key(tuple(names), scale, words, y)
