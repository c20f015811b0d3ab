"""Colours and line styles of networks that are drawn as the lines of one chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import NamedTuple

from analysis.charts.chart import LINE_LOOKS, Dash
from nets.names import kind_of
from nets.options import Shortcut
from nets.spec import ResNetSpec

_KINDS = {"plain": "plain", "residual": "identity"}
_DASHES = (Dash.SOLID, Dash.DASHED, Dash.DOTTED, Dash.LONG_DASHED, Dash.LONG_DASH_DOT)
_SHORTCUTS = {
    Shortcut.ZERO_PAD: ("zero_pad", Dash.DOTTED),
    Shortcut.PROJECTION: ("projection", Dash.DASHED),
    Shortcut.PROJECTION_FIRST: ("main_path", Dash.LONG_DASHED),
    Shortcut.PROJECTION_ALL: ("violet", Dash.SOLID),
}


class LineLook(NamedTuple):
    """A line's colour, its style, the index of its marker, and whether that is unfilled."""

    colour: str
    dash: Dash
    marker: int
    hollow: bool = False


ONE_OF_EACH = {
    "plain": LineLook("plain", Dash.SOLID, 0, hollow=True),
    "residual": LineLook("identity", Dash.SOLID, 0),
}
"""The looks of two lines of which one is of plain networks and the other of residual ones."""


def looks_of(specs: Sequence[ResNetSpec]) -> tuple[LineLook, ...]:
    """Return the look of each network's line.

    Plain networks are grey and residual ones blue, told apart by their line style, if the chart
    shows both kinds or several depths. Otherwise, networks that all differ in their shortcuts have
    the colours of those, and residual networks that differ in something else have `LINE_LOOKS` in
    turn. A plain network has the marker of the residual one of its depth, but unfilled.
    """
    kinds = [kind_of(spec) for spec in specs]
    shortcuts = [spec.shortcut for spec in specs]
    if len(set(kinds)) > 1 or "plain" in kinds or len({spec.depth for spec in specs}) > 1:
        dashes = {kind: cycle(_DASHES) for kind in _KINDS}
        has_both = len(set(kinds)) > 1
        return tuple(
            LineLook(_KINDS[kind], next(dashes[kind]), marker, has_both and kind == "plain")
            for kind, marker in zip(kinds, _markers(specs, kinds), strict=True)
        )
    if 1 < len(specs) == len(set(shortcuts)):
        return tuple(LineLook(*_SHORTCUTS[kind], n) for n, kind in enumerate(shortcuts))
    turn = cycle(LINE_LOOKS)
    return tuple(LineLook(*next(turn), n) for n, _ in enumerate(specs))


def _markers(specs: Sequence[ResNetSpec], kinds: Sequence[str]) -> Iterator[int]:
    """Yield the index of each network's marker: its depth's, or its place if depths repeat."""
    depths = sorted({spec.depth for spec in specs})
    pairs = [(kind, spec.depth) for kind, spec in zip(kinds, specs, strict=True)]
    is_by_depth = len(set(pairs)) == len(pairs)
    seen: Counter[str] = Counter()
    for kind, depth in pairs:
        yield depths.index(depth) if is_by_depth else seen[kind]
        seen[kind] += 1
