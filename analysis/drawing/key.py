"""What stands below a drawing, in every format: its lines and signs in words, and its scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from analysis.drawing.parts import Graph, Kind, Node, Point
from analysis.style.fonts import text_width
from nets.plan import ShortcutKind

NAMES = {
    ShortcutKind.IDENTITY: "identity",
    ShortcutKind.PROJECTION: "projection",
    ShortcutKind.ZERO_PAD: "zero pad",
    ShortcutKind.NONE: "none",
}

SAMPLE, BAR = 34.0, 220.0
"""Lengths in px of a line's sample and of the scale."""

_LEFT, _LINE, _GAP, _BELOW = 28.0, 24.0, 18.0, 10.0
_TO_WORDS = 230.0
_TEXT, _WIDER = 13, 1.12  # px of its type, and how much wider a document's own font may be


class Sign(StrEnum):
    """What a drawing has beside the lines of its shortcuts that needs a word."""

    ADDITION = "addition"
    RUN = "run"
    STAGE = "stage"
    UNIT = "unit"
    COUNT = "count"
    NOTE = "note"


_SIGNS = {
    Sign.ADDITION: "addition",
    Sign.RUN: "n equal blocks",
    Sign.STAGE: "stage of n blocks",
    Sign.UNIT: "its blocks, by shortcut",
}

_COUNTED = "×n: n equal blocks, drawn once"

_TO_NAME = {Sign.ADDITION: 24.0, Sign.RUN: 32.0, Sign.STAGE: 32.0, Sign.NOTE: 0.0}
"""From where a sample begins to its name, where it is not a line's."""


class Entry(NamedTuple):
    """One thing that the key explains."""

    kind: ShortcutKind | Sign
    text: str

    @property
    def to_name(self) -> float:
        """From where its sample begins to where its text does."""
        return _TO_NAME.get(self.kind, SAMPLE + 8) if isinstance(self.kind, Sign) else SAMPLE + 8

    @property
    def width(self) -> float:
        """Of the sample and the text."""
        return self.to_name + _width(self.text)


@dataclass(frozen=True)
class Name:
    """An entry in its place: where its sample begins, and where its text does."""

    kind: ShortcutKind | Sign
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


def entries_of(graph: Graph) -> tuple[Entry, ...]:
    """List what a drawing's key explains: the lines, signs and boxes that occur, nothing else."""
    kinds = {line.kind for line in graph.shortcuts}
    return entries(kinds, graph.nodes, graph.notes)


def entries(
    kinds: Iterable[ShortcutKind], nodes: Iterable[Node], notes: Iterable[str]
) -> tuple[Entry, ...]:
    """List what a key explains of these kinds of shortcut, nodes and notes."""
    found = set(kinds)
    lines = (Entry(kind, f"{NAMES[kind]} shortcut") for kind in ShortcutKind if kind in found)
    seen = set(_signs(nodes))
    signs = (Entry(sign, text) for sign, text in _SIGNS.items() if sign in seen)
    said = (_COUNTED,) if Sign.COUNT in seen else ()
    return (*lines, *signs, *(Entry(Sign.NOTE, note) for note in (*said, *notes)))


def _signs(nodes: Iterable[Node]) -> Iterator[Sign]:
    for node in nodes:
        if node.kind is Kind.ADD:
            yield Sign.ADDITION
        if node.count > 1 and node.kind not in (Kind.RUN, Kind.STAGE):
            yield Sign.COUNT
        elif node.count > 1 and node.kind is Kind.RUN:
            yield Sign.RUN
        elif node.count > 1 and node.kind is Kind.STAGE:
            yield Sign.STAGE
        if node.inner:
            yield Sign.UNIT


@lru_cache(256)
def _width(text: str) -> float:
    return _WIDER * text_width(text, _TEXT)


def key_of(entries: Sequence[Entry], ends: str, width: float, margin: float) -> Key:
    """Place what a key explains and, where the scale's `ends` are said, the scale.

    They begin at the drawing's margin, or a little from its edge where they would not fit then.
    What does not fit beside what stands before it stands below.

    Args:
        entries: what is explained.
        ends: what the scale goes from and to, or nothing where there is none.
        width: of the drawing, in px.
        margin: what is free left and right in it, in px.
    """
    wides = [entry.width for entry in entries]
    longest = max(sum(wides) + _GAP * (len(wides) - 1), _TO_WORDS + _width(ends) if ends else 0.0)
    left = margin if margin + longest <= width else min(_LEFT, margin)
    names = []
    x, y = left, 0.0
    for entry, wide in zip(entries, wides, strict=True):
        if x > left and x + wide > width:
            x, y = left, y + _LINE
        names.append(Name(entry.kind, entry.text, (x, y + 12), (x + entry.to_name, y + 16.5)))
        x += wide + _GAP
    y += _LINE if entries else 0
    scale, words = (left, y + 4), (left + _TO_WORDS, y + 16)
    if ends:
        if words[0] + _width(ends) > width:
            words = (left, y + 36)
            y += 22
        y += _LINE
    return Key(tuple(names), scale, words, y + _BELOW if y else 0)
