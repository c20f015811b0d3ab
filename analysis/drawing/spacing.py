"""Spacing of drawings in px: for the screen, and for paper, where room is scarce."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analysis.drawing.parts import HEAD

LINE = 15.0
"""Line spacing of a label."""


@dataclass(frozen=True)
class Spacing:
    """Distances shared by all layouts.

    Attributes:
        margin: left and right of the drawing.
        edge: above and below the drawing.
        gap: between nodes along the main path.
        fork: before a block, where its shortcut leaves the main path.
        stage_gap: additional space before a stage.
        label_gap: additional space before a stage whose input shape is written on the edge; 0 if
            only bands show shapes.
        padding: left and right of a label in its box, together.
        smallest: width of the narrowest box.
        box: height of the lowest box.
        past: height of a box on a shortcut.
        arc: from the boxes up to their shortcut.
        clear: from the boxes up to boxes on the shortcut.
        title: height of a band's title.
        below: from the boxes to a band's lower edge.
        row_gap: between rows.
        is_tight: whether a band's title may be beside what is above its boxes.
        line: line spacing of a label with a number below.
        label: what each line of a label without a number adds to the height of its box.
        apart: from an addition to the shortcut of the run that follows it, at least.
        head: length of an arrowhead; forks are before it, and gaps are at least 1.5 times as long.
    """

    margin: float
    edge: float
    gap: float
    fork: float
    stage_gap: float
    label_gap: float
    padding: float
    smallest: float
    box: float
    past: float
    arc: float
    clear: float
    title: float
    below: float
    row_gap: float
    is_tight: bool
    line: float
    label: float = LINE
    apart: float = 0.0
    head: float = HEAD


ROOM = 26.0
"""Space around a band's title: left, right and between it and the shape, together."""

SCREEN = Spacing(
    margin=28.0,
    edge=28.0,
    gap=18.0,
    fork=10.0,
    stage_gap=34.0,
    label_gap=92.0,
    padding=18.0,
    smallest=46.0,
    box=40.0,
    past=28.0,
    arc=26.0,
    clear=12.0,
    title=28.0,
    below=20.0,
    row_gap=34.0,
    is_tight=False,
    line=LINE,
)

PAPER = Spacing(
    margin=16.0,
    edge=8.0,
    gap=12.0,
    fork=8.0,
    stage_gap=18.0,
    label_gap=0.0,
    padding=12.0,
    smallest=34.0,
    box=24.0,
    past=22.0,
    arc=13.0,
    clear=7.0,
    title=19.0,
    below=9.0,
    row_gap=9.0,
    is_tight=True,
    line=LINE,
)

COLUMNS = replace(PAPER, line=13.0)
"""For several networks in columns side by side on paper."""

LOW = replace(PAPER, edge=5.0, arc=11.0, title=18.0, below=7.0, row_gap=7.0, line=12.0)
"""For boxes with numbers in a column of paper, where height is scarce."""

CLOSE = replace(
    SCREEN, edge=8.0, arc=20.0, title=24.0, below=10.0, row_gap=24.0, stage_gap=28.0, gap=16.0
)
"""For a screen on which a drawing as on `SCREEN` would have small text."""

SNUG = replace(LOW, gap=9.0, fork=7.0, smallest=42.0, line=12.5)
"""For boxes with numbers, wide enough for three digits, in a drawing with text as for a wall."""

TIGHT = replace(
    LOW,
    margin=15.0,
    edge=3.0,
    gap=6.2,
    fork=5.2,
    stage_gap=13.0,
    padding=8.0,
    smallest=29.0,
    arc=11.0,
    title=18.0,
    below=5.0,
    row_gap=5.0,
    head=4.1,
)
"""For many blocks on a wall."""
