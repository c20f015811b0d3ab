"""How a drawing looks, the same for every format."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from analysis.style.palette import LIGHT, Palette

PX_PER_INCH, MM_PER_INCH = 96, 25.4

PAPER_MM = 297.0
"""A drawing without a width of its own is no taller than a sheet of A4."""

MIN_WIDTH_MM, MAX_WIDTH_MM = 20, 2_000
"""The widths that a page and a command take."""

PAGE_MM, COLUMN_MM, SLIDE_MM = 170.0, 85.0, 254.0
"""Usual widths: of a page's text, of one of two columns, and of a slide of 16:9."""

MAX_TITLE = 200
"""Letters of a title, which is one line."""


@dataclass(frozen=True)
class Look:
    """What may be chosen of a drawing's looks.

    Raises ValueError with one sentence on a width that is none and on a title that is too long.

    Attributes:
        palette: its colours.
        title: a line above it; only what can be printed stays of it.
        legend: whether to explain the lines and signs that occur.
        shapes: whether shapes stand on edges and bands.
        labels: whether nodes and bands are named.
        width_mm: its width on paper; without it as wide as it is drawn, or less where it would be
            taller than `PAPER_MM`.
        ground: whether the palette's background is filled; else it stays transparent.
    """

    palette: Palette = LIGHT
    title: str = ""
    legend: bool = True
    shapes: bool = True
    labels: bool = True
    width_mm: float | None = None
    ground: bool = False

    def __post_init__(self) -> None:
        title = "".join(c for c in " ".join(self.title.split()) if c.isprintable())
        object.__setattr__(self, "title", title)
        if len(title) > MAX_TITLE:
            raise ValueError(f"a title has at most {MAX_TITLE} letters, not {len(title):,}")
        if self.width_mm is not None and not (isfinite(self.width_mm) and self.width_mm >= 1):
            raise ValueError(f"width_mm must be a number of at least 1, not {self.width_mm}")

    def scale(self, width: float, height: float) -> float:
        """What a px of a drawing of this size, in px, becomes on paper, in CSS px."""
        if self.width_mm is not None:
            return self.width_mm * PX_PER_INCH / MM_PER_INCH / width
        return min(1.0, PAPER_MM * PX_PER_INCH / MM_PER_INCH / height)


PLAIN_LOOK = Look()
