"""What a page shows first, as a value: drawings, charts or a table, and the text beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from analysis.charts.chart import Chart
from analysis.charts.file import chart_svg, row_svg
from analysis.style.grid import Grid
from analysis.style.look import MAX_TITLE, Look

Drawing = Callable[[Look], str]
"""Returns an SVG in a look's palette, no wider than its width on paper."""

_BETWEEN_MM = 4.0  # gap between two drawings


@dataclass(frozen=True)
class Picture:
    """What a page shows first for the settings in its address.

    Attributes:
        charts: one chart, or several small ones for a row.
        drawings: one drawing, or several to show side by side on one scale.
        grid: a table, below any charts and drawings.
        caption: what the picture shows and where measured numbers come from.
        said: the page's own sentences about the numbers.
        missing: why there is no picture and what to do; empty if there is one.
    """

    charts: tuple[Chart, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    grid: Grid | None = None
    caption: str = ""
    said: tuple[str, ...] = ()
    missing: str = ""

    def svgs(self, look: Look, *, stacked: bool = False) -> tuple[str, ...]:
        """Return the charts or the drawings as SVG.

        Args:
            look: the palette, and the total width on paper.
            stacked: whether several drawings are one above the other, each as wide as the whole.
        """
        if len(self.charts) == 1:
            title = self.charts[0].title[:MAX_TITLE]
            return (chart_svg(self.charts[0], replace(look, title=title)),)
        if self.charts:
            return (row_svg(self.charts, look),)
        count = len(self.drawings)
        if count > 1 and not stacked and look.width_mm is not None:
            look = replace(look, width_mm=(look.width_mm - (count - 1) * _BETWEEN_MM) / count)
        return tuple(draw(look) for draw in self.drawings)


def missing_until(button: str) -> Picture:
    """Return a picture that only says which button measures what it would show."""
    return Picture(missing=f"Not measured yet. Open the link and press {button}.")
