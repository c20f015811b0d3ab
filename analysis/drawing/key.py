"""The key below a drawing, in every format: its lines and signs explained, and its scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from analysis.drawing.parts import Graph, Kind, Node, Point
from analysis.style.fonts import text_width
from analysis.style.language import marked
from nets.plan import ShortcutKind

NAMES = {
    ShortcutKind.IDENTITY: marked("identity"),
    ShortcutKind.PROJECTION: marked("projection"),
    ShortcutKind.ZERO_PAD: marked("zero-pad"),
    ShortcutKind.NONE: "no",
}

SAMPLE = 34.0
"""Length of a line's sample, in px."""

SCALE = 24.0
"""Height of a scale whose words are beside it, in px."""

SHORTEST = 80.0
"""Length of a scale, in px, below which its colours can't be told apart."""

_LEFT, _LINE, _GAP, _BELOW = 28.0, 21.0, 18.0, 8.0
_LONGEST, _BESIDE = 220.0, 9.0  # length of a scale; gap to its labels
_TEXT, _WIDER = 13, 1.12  # font size in px; allowance for a document's wider font


class Sign(StrEnum):
    """A sign in a drawing, other than a shortcut's line, that the key explains."""

    ADDITION = "addition"
    RUN = "run"
    STAGE = "stage"
    UNIT = "unit"
    COUNT = "count"
    NOTE = "note"
    MARK = "mark"


_SIGNS = {
    Sign.ADDITION: "addition",
    Sign.RUN: "n equal blocks",
    Sign.STAGE: "stage of n blocks",
    Sign.UNIT: "blocks by shortcut",
}

_COUNTED = "×n: n equal blocks, drawn once"

_TO_NAME = {Sign.ADDITION: 24.0, Sign.RUN: 32.0, Sign.STAGE: 32.0, Sign.NOTE: 0.0, Sign.MARK: 32.0}
"""Distance from the start of a sample to its name, for samples other than lines."""


class Entry(NamedTuple):
    """One entry of the key."""

    kind: ShortcutKind | Sign
    text: str

    @property
    def to_name(self) -> float:
        """Distance from the start of its sample to that of its text."""
        return _TO_NAME.get(self.kind, SAMPLE + 8) if isinstance(self.kind, Sign) else SAMPLE + 8

    @property
    def width(self) -> float:
        """Width of the sample and the text."""
        return self.to_name + _width(self.text)


@dataclass(frozen=True)
class Name:
    """A placed entry: where its sample begins, and where its text does."""

    kind: ShortcutKind | Sign
    text: str
    sample: Point
    words: Point


@dataclass(frozen=True)
class Key:
    """The key's layout, measured from the drawing's lower edge, in px.

    `words` are the scale's words and where they are written, the last of them its upper end;
    `scale` and `length` are its upper left corner and its length.
    """

    names: tuple[Name, ...]
    words: tuple[tuple[Point, str], ...]
    scale: Point
    length: float
    height: float


def entries_of(graph: Graph, labels: bool = True) -> tuple[Entry, ...]:
    """Return the entries of a drawing's key: only the lines, signs and boxes that occur.

    If nodes and bands have no labels, there is nothing to explain about labels either.
    """
    kinds = {line.kind for line in graph.shortcuts}
    return entries(kinds, graph.nodes, graph.notes if labels else ())


def marks_of(words: Iterable[str]) -> tuple[Entry, ...]:
    """Return the entries for the outlines of a drawing, by what they mean: `added`."""
    return tuple(Entry(Sign.MARK, word) for word in sorted(set(words)))


def entries(
    kinds: Iterable[ShortcutKind], nodes: Iterable[Node], notes: Iterable[str]
) -> tuple[Entry, ...]:
    """Return the entries of a key for these kinds of shortcut, nodes and notes."""
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
        if node.drawn_once:
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


def _in_lines(text: str, width: float) -> list[str]:
    """Return a text in lines of at most this width in px, if its words are that short."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        lines[-1:] = [longer] if _width(longer) <= width else [*filter(None, lines[-1:]), word]
    return lines


def length_of(entries: Sequence[Entry]) -> float:
    """Return the width in px of a key in one line."""
    return sum(entry.width + _GAP for entry in entries) - _GAP


def key_of(entries: Sequence[Entry], ends: Sequence[str], width: float, margin: float) -> Key:
    """Place the entries of a key and, if it has `ends`, the scale.

    They begin at the drawing's margin, or near its edge if they wouldn't fit otherwise. Entries
    that don't fit in a line continue on the next, as do the words before the scale; the scale and
    both its ends stay in one line.

    Args:
        entries: the entries.
        ends: the words before the scale, its lower and its upper end; empty if there is none.
        width: the drawing's width in px.
        margin: the drawing's left and right margins in px.
    """
    label, zero, most = ends or ("", "", "")
    before, low, after = (_width(text) + _BESIDE for text in (label + zero, zero, most))
    least = before + SHORTEST + after if ends else 0.0
    longest = max(length_of(entries), least)
    left = margin if margin + longest <= width else min(_LEFT, margin)
    names = []
    x, y = left, 0.0
    for entry in entries:
        if x > left and x + entry.width > width:
            x, y = left, y + _LINE
        names.append(Name(entry.kind, entry.text, (x, y + 12), (x + entry.to_name, y + 16.5)))
        x += entry.width + _GAP
    y += _LINE if entries else 0
    said = _in_lines(label.rstrip(), width - left - min(_BELOW, margin))
    words = [((left, y + 16 + i * _LINE), line) for i, line in enumerate(said)]
    y, start = y + (len(said) - 1) * _LINE, left + before - low
    if ends and width - (start + low) - after - min(_BELOW, margin) < SHORTEST:
        y, start = y + _LINE, left
    words.append(((start, y + 16), zero))
    begin = start + low
    length = min(_LONGEST, width - begin - after - min(_BELOW, margin))
    words.append(((begin + length + _BESIDE, y + 16), most))
    scale = begin, y + 4
    y += SCALE if ends else 0
    return Key(tuple(names), tuple(words) if ends else (), scale, length, y + _BELOW if y else 0)
