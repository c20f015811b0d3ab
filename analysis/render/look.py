"""How a drawing looks, the same for every format."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.render.palette import LIGHT, Palette


@dataclass(frozen=True)
class Look:
    """What may be chosen of a drawing's looks.

    Attributes:
        palette: its colours.
        title: a line above it; only what can be printed stays of it.
        legend: whether to name the kinds of shortcut that occur.
        shapes: whether shapes stand on edges and bands.
        labels: whether nodes and bands are named.
        width_mm: its width on paper; as wide as it is drawn where it is not given.
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


PLAIN_LOOK = Look()
