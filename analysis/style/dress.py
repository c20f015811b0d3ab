"""SVG pictures, such as a silhouette or a confusion matrix, as files for paper.

Graphs apply their look while they are drawn. Pictures that are drawn at a fixed size get their
title, background and width here.
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
_LEAST_PX = 8.0  # smallest size of a title wider than the picture


def dressed(svg: str, look: Look) -> str:
    """Return the picture with a title, a background and its width on paper.

    Args:
        svg: a picture that begins as ours do: namespace, width, height and a view box from 0.
        look: title, background, width and colours; without a width, the picture keeps its own.

    Raises:
        ValueError: if the text begins differently.
    """
    root = _ROOT.match(svg)
    if root is None:
        raise ValueError("a picture must be an SVG text with a width and a height in pixels")
    width, height = float(root[1]), float(root[2])
    title = "".join(c for c in look.title if c not in missing_letters(look.title))
    above = 1.8 * _TITLE_PX if title else 0.0
    canvas = look.canvas(width, height + above)
    scale = 1.0 if look.width_mm is None else look.width_mm * PX_PER_INCH / MM_PER_INCH / canvas[0]
    corner = (width - canvas[0]) / 2, (height - above - canvas[1]) / 2
    wide, high = (decimals(scale * side, 2) for side in canvas)
    left, top = (decimals(at, 2) for at in corner)
    whole = " ".join((left, top, *(decimals(side, 2) for side in canvas)))
    parts = []
    if look.ground:
        parts.append(
            f'<rect x="{left}" y="{top}" width="100%" height="100%" '
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
    """Return an SVG picture with its look applied, as a file; its text stays text.

    Args:
        svg: a picture as `dressed` takes it.
        suffix: `.svg`, `.pdf` or `.png`.
        look: title, background and width.
        dpi: resolution of a PNG; without it, the default of `files.png`.

    Raises:
        ValueError: if the format or the resolution is not supported.
    """
    if suffix not in CHART_SUFFIXES:
        raise ValueError(
            f"a picture can be saved as {', '.join(CHART_SUFFIXES)}, not {suffix or 'nothing'}"
        )
    drawn = dressed(svg, look)
    if suffix == ".pdf":
        return files.pdf(drawn)
    return files.png(drawn, dpi) if suffix == ".png" else with_fonts(drawn)
