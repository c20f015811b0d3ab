"""Colours and line styles of networks that are drawn as the lines of one chart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from analysis.charts.chart import LINE_LOOKS, Dash
from nets.names import kind_of
from nets.options import Shortcut
from nets.spec import ResNetSpec

_KINDS = {"plain": "plain", "residual": "identity"}
_DASHES = (Dash.SOLID, Dash.DASHED, Dash.DOTTED, Dash.LONG_DASHED)
_SHORTCUTS = {
    Shortcut.ZERO_PAD: ("zero_pad", Dash.DOTTED),
    Shortcut.PROJECTION: ("projection", Dash.DASHED),
    Shortcut.PROJECTION_FIRST: ("main_path", Dash.LONG_DASHED),
    Shortcut.PROJECTION_ALL: ("warning", Dash.SOLID),
}


def looks_of(specs: Sequence[ResNetSpec]) -> tuple[tuple[str, Dash], ...]:
    """Return the colour and the line style of each network's line.

    Plain networks are grey and residual ones blue, told apart by their line style, if the chart
    shows both kinds or several depths. Otherwise, networks that all differ in their shortcuts have
    the colours of those, and residual networks that differ in something else have `LINE_LOOKS` in
    turn.
    """
    kinds = [kind_of(spec) for spec in specs]
    shortcuts = [spec.shortcut for spec in specs]
    if len(set(kinds)) > 1 or "plain" in kinds or len({spec.depth for spec in specs}) > 1:
        dashes = {kind: cycle(_DASHES) for kind in _KINDS}
        return tuple((_KINDS[kind], next(dashes[kind])) for kind in kinds)
    if 1 < len(specs) == len(set(shortcuts)):
        return tuple(_SHORTCUTS[kind] for kind in shortcuts)
    return tuple(look for look, _ in zip(cycle(LINE_LOOKS), specs, strict=False))
