"""A picture that is an SVG text, such as a silhouette or a confusion matrix, as a file for paper.

A graph takes its looks while it is drawn; what is drawn in one size gets title, ground and width
here.
"""

from __future__ import annotations

import re
from html import escape

from analysis.style import files
from analysis.style.files import CHART_SUFFIXES
from analysis.style.fonts import FONT_FAMILY, missing_letters, text_width, with_fonts
from analysis.style.look import MM_PER_INCH, PX_PER_INCH, Look
from analysis.style.numbers import decimals

_ROOT = re.compile(
    r'<svg xmlns="http://www.w3.org/2000/svg" width="([0-9.]+)" height="([0-9.]+)" '
    r'viewBox="0 0 [0-9.]+ [0-9.]+"'
)
_AFTER_WORDS = re.compile(r"(</desc>|</title>)(?!\s*<desc>)")
_TITLE_PX = 17.0
_LEAST_PX = 8.0  # of a title that is longer than the picture is wide


def dressed(svg: str, look: Look) -> str:
    """Return the picture with the title above it, on its ground, as wide as on paper.

    Args:
        svg: a picture as our drawings begin: namespace, width, height and a view box from 0.
        look: title, ground, width and the colours of these; without a width the picture's own.

    Raises:
        ValueError: if the text begins in another way.
    """
    root = _ROOT.match(svg)
    if root is None:
        raise ValueError("a picture must be an SVG text with a width and a height in pixels")
    width, height = float(root[1]), float(root[2])
    title = "".join(c for c in look.title if c not in missing_letters(look.title))
    above = 1.8 * _TITLE_PX if title else 0.0
    scale = 1.0 if look.width_mm is None else look.width_mm * PX_PER_INCH / MM_PER_INCH / width
    wide, high, box = (
        decimals(value, 2) for value in (scale * width, scale * (height + above), height + above)
    )
    whole = f"0 {decimals(-above, 2)} {decimals(width, 2)} {box}"
    parts = []
    if look.ground:
        parts.append(
            f'<rect y="{decimals(-above, 2)}" width="100%" height="100%" '
            f'fill="{look.palette.background}"/>'
        )
    if title:
        size = min(_TITLE_PX, max(_LEAST_PX, 0.92 * width / text_width(title, 1.06)))
        parts.append(
            f'<text x="{decimals(width / 2, 2)}" y="{decimals(-0.6 * _TITLE_PX, 2)}" '
            f'font-family="{FONT_FAMILY}" font-size="{decimals(size, 2)}" font-weight="600" '
            f'text-anchor="middle" fill="{look.palette.text}">{escape(title)}</text>'
        )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="{whole}"'
    )
    drawn = head + svg[root.end() :]
    return _AFTER_WORDS.sub(lambda found: found[0] + "".join(parts), drawn, count=1)


def picture_file(svg: str, suffix: str, look: Look, dpi: int | None = None) -> str | bytes:
    """Return an SVG picture as a file, dressed; text in it stays text.

    Args:
        svg: as `dressed` takes it.
        suffix: `.svg`, `.pdf` or `.png`.
        look: title, ground and width.
        dpi: resolution of a PNG; without it what `files.png` takes.

    Raises:
        ValueError: if the format or the resolution is not possible.
    """
    if suffix not in CHART_SUFFIXES:
        raise ValueError(
            f"a picture is written as {', '.join(CHART_SUFFIXES)}, not {suffix or 'nothing'}"
        )
    drawn = dressed(svg, look)
    if suffix == ".pdf":
        return files.pdf(drawn)
    return files.png(drawn, dpi) if suffix == ".png" else with_fonts(drawn)
