"""What a page shows first, as a value: drawings, charts or a table, with the words beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from analysis.charts.chart import Chart
from analysis.charts.file import chart_svg, row_svg
from analysis.drawing.parts import TEXT, Graph
from analysis.drawing.svg import svg
from analysis.style.grid import Grid
from analysis.style.look import MAX_TITLE, MM_PER_INCH, PX_PER_INCH, Look

Drawing = Callable[[Look], str]
"""Draws an SVG in a palette, at most as wide as a look's width on paper."""

_TEXT_PT, _PT_PER_PX = 8.0, 0.75
_BETWEEN_MM = 4.0  # two drawings


@dataclass(frozen=True)
class Picture:
    """What a page shows first of its settings.

    Attributes:
        charts: one chart, or several small ones in a row.
        drawings: one, or several beside each other on one scale.
        grid: a table; beside charts or drawings it stands below them.
        caption: what is drawn, and where measured numbers come from.
        said: sentences that follow from the numbers, the page's own.
        missing: why there is nothing to see, and what to do; empty where there is.
    """

    charts: tuple[Chart, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    grid: Grid | None = None
    caption: str = ""
    said: tuple[str, ...] = ()
    missing: str = ""

    def svgs(self, look: Look) -> tuple[str, ...]:
        """Return the charts or the drawings as SVG, each an element of its own.

        Args:
            look: the palette, and the width on paper of all of them together.
        """
        if len(self.charts) == 1:
            title = self.charts[0].title[:MAX_TITLE]
            return (chart_svg(self.charts[0], replace(look, title=title)),)
        if self.charts:
            return (row_svg(self.charts, look),)
        count = len(self.drawings)
        if count > 1 and look.width_mm is not None:
            look = replace(look, width_mm=(look.width_mm - (count - 1) * _BETWEEN_MM) / count)
        return tuple(draw(look) for draw in self.drawings)


def missing_until(button: str) -> Picture:
    """Return what there is of something that has not been measured: how to measure it."""
    return Picture(missing=f"Not measured yet: open the link and select {button}.")


def at_text_size(graph: Graph, look: Look) -> str:
    """Draw a graph that has one layout, its text of 8 pt, or smaller where there is no room."""
    own_mm = graph.width * _TEXT_PT / (TEXT * _PT_PER_PX) * MM_PER_INCH / PX_PER_INCH
    return svg(graph, replace(look, width_mm=min(own_mm, look.width_mm or own_mm)))
