"""The confusion matrix of a trained network as an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from analysis.style.fonts import FONT_FAMILY, text_width
from analysis.style.palette import (
    CIVIDIS,
    GREYS,
    LIGHT,
    PRINT,
    Palette,
    heat_colour,
    mix,
    text_on,
)

MOST_CLASSES = 30
"""Most classes at which a matrix is legible."""

_CELL, _TEXT, _GAP = 46, 15, 10


def confusion_svg(
    counts: Sequence[Sequence[int]], classes: Sequence[str], palette: Palette = LIGHT
) -> str:
    """Draw how many images of each class were assigned to which class.

    Rows are true classes and columns predicted ones; a cell's colour shows its share of the row.

    Args:
        counts: `counts[true][predicted]`.
        classes: the class names.
        palette: the picture's colours.

    Raises:
        ValueError: if there are too many classes for a legible matrix.
    """
    if len(classes) > MOST_CLASSES:
        raise ValueError(
            f"{len(classes)} classes are too many for a legible matrix: the limit is {MOST_CLASSES}"
        )
    names = [name if len(name) <= 18 else f"{name[:17]}…" for name in classes]
    widest = max(text_width(name, _TEXT) for name in names)
    left, top = widest + _GAP + _TEXT * 1.8, widest * 0.75 + _GAP + _TEXT * 2
    side = _CELL * len(classes)
    width, height = left + side + widest * 0.75, top + side + _GAP
    right = sum(row[i] for i, row in enumerate(counts))
    whole = sum(map(sum, counts))
    title = f"Confusion matrix: {right:,} of {whole:,} correct"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT_FAMILY}" '
        f'font-size="{_TEXT}" fill="{palette.text}"><title>{escape(title)}</title>',
        f'<text x="{left + side / 2:.1f}" y="{_TEXT * 1.1:.1f}" text-anchor="middle" '
        f'fill="{palette.main_path}">predicted</text>',
        f'<text transform="translate({_TEXT:.1f} {top + side / 2:.1f}) rotate(-90)" '
        f'text-anchor="middle" fill="{palette.main_path}">true</text>',
    ]
    for i, name in enumerate(names):
        middle = (i + 0.5) * _CELL
        parts.append(
            f'<text x="{left - _GAP:.1f}" y="{top + middle + _TEXT * 0.35:.1f}" '
            f'text-anchor="end">{escape(name)}</text>'
            f'<text transform="translate({left + middle + _TEXT * 0.3:.1f} {top - _GAP:.1f}) '
            f'rotate(-45)">{escape(name)}</text>'
        )
    ground = mix(palette.text, palette.background, 0.06)
    scale = GREYS if palette == PRINT else CIVIDIS
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            x, y = left + j * _CELL, top + i * _CELL
            fill = heat_colour(count / max(sum(row), 1), scale) if count else ground
            said = f"{classes[i]} predicted as {classes[j]}: {count:,}"
            parts.append(
                f'<g><title>{escape(said)}</title><rect x="{x:.1f}" y="{y:.1f}" '
                f'width="{_CELL - 1}" height="{_CELL - 1}" fill="{fill}"/>'
            )
            if count:
                parts.append(
                    f'<text x="{x + _CELL / 2:.1f}" y="{y + _CELL / 2 + _TEXT * 0.35:.1f}" '
                    f'text-anchor="middle" fill="{text_on(fill)}">{count}</text>'
                )
            parts.append("</g>")
    return "".join([*parts, "</svg>"])
