"""The look of a drawing, common to every format."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from analysis.style.palette import DARK, LIGHT, Palette

PX_PER_INCH, MM_PER_INCH = 96, 25.4

PAPER_MM, SHEET_MM = 297.0, 210.0
"""The height of A4, which a drawing without a given width doesn't exceed, and its width."""

MIN_WIDTH_MM, MAX_WIDTH_MM = 20, 2_000
"""The widths that pages and commands accept."""

MIN_CHART_MM = 60
"""Width of the narrowest chart with room for its labels."""

PAGE_MM, COLUMN_MM, SLIDE_MM = 170.0, 85.0, 254.0
"""Common widths: a page's text, one of two columns, and a 16:9 slide."""

SLIDE_ASPECT, _SLIDE_LAYOUT_MM = 16 / 9, 141.0


def magnification(width_mm: float) -> float:
    """Return how many times larger than on a page text is: wider pictures are slides or posters.

    At 254 mm, text of 7.5 pt becomes 13.5 pt.
    """
    return width_mm / _SLIDE_LAYOUT_MM if width_mm > PAGE_MM else 1.0


MAX_TITLE = 200
"""The most characters in a title, which is one line."""


@dataclass(frozen=True)
class Look:
    """The settings of a drawing's look.

    Attributes:
        palette: colours.
        title: a line above the drawing; non-printable characters are removed.
        legend: whether to explain the lines and symbols that occur.
        shapes: whether to show tensor shapes on edges and bands.
        labels: whether to name nodes and bands.
        width_mm: width on paper; without it the drawing keeps its size, scaled down if it would
            be taller than `PAPER_MM`.
        aspect: width over height, which empty margins bring about; None for the drawing's own.
        ground: whether to fill the background with the palette's colour instead of leaving it
            transparent.

    Raises:
        ValueError: in one sentence, if the width is invalid or the title is too long.
    """

    palette: Palette = LIGHT
    title: str = ""
    legend: bool = True
    shapes: bool = True
    labels: bool = True
    width_mm: float | None = None
    aspect: float | None = None
    ground: bool = False

    def __post_init__(self) -> None:
        title = "".join(c for c in " ".join(self.title.split()) if c.isprintable())
        object.__setattr__(self, "title", title)
        if len(title) > MAX_TITLE:
            raise ValueError(f"a title has at most {MAX_TITLE} characters, not {len(title):,}")
        if self.width_mm is not None and not (isfinite(self.width_mm) and self.width_mm >= 1):
            raise ValueError(f"width_mm must be a number of at least 1, not {self.width_mm}")

    def fades_on(self, suffix: str) -> bool:
        """Return whether a format that is often printed would have light lines on white paper."""
        return suffix in (".pdf", ".png") and self.palette is DARK and not self.ground

    def canvas(self, width: float, height: float) -> tuple[float, float]:
        """Return the size in px of the picture around a drawing of this size."""
        if self.aspect is None:
            return width, height
        return max(width, height * self.aspect), max(height, width / self.aspect)

    def scale(self, width: float, height: float) -> float:
        """Return how many CSS px on paper one px becomes, for a drawing of this size in px."""
        width, height = self.canvas(width, height)
        if self.width_mm is not None:
            return self.width_mm * PX_PER_INCH / MM_PER_INCH / width
        return min(1.0, PAPER_MM * PX_PER_INCH / MM_PER_INCH / height)


PLAIN_LOOK = Look()
