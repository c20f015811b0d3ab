"""Pictures as files: an SVG text becomes a PDF or a PNG, the same on every machine.

Typst does the conversion with a font that a requirement of ours brings along, so neither the
network nor, for its letters, the system's fonts matter. For letters beyond it a font of the system
is taken; what none has is left out, and `fonts.missing_letters` says so before. A pixel of the SVG
is a CSS pixel, 0.75 pt.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from analysis.style import fonts
from nets.options import check_whole

if TYPE_CHECKING:
    from typst import Fonts

DIAGRAM_SUFFIXES = (".svg", ".pdf", ".png", ".dot", ".tex", ".html")
CHART_SUFFIXES = (".svg", ".pdf", ".png")
"""The formats of graphs, and of charts."""

MIN_DPI, DPI, MAX_DPI = 20, 200, 1_200
"""Resolutions of a PNG: the lowest, the usual and the highest."""

MAX_PIXELS = 64_000_000
"""Width times height of a PNG: 256 MB while it is drawn."""

_PT_PER_PX = 0.75
_PX_PER_INCH = 96
_SVG = "{http://www.w3.org/2000/svg}svg"

_PAGE = """\
#set document(title: sys.inputs.title, date: none)
#set page(width: {width:.4f}pt, height: {height:.4f}pt, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", width: 100%, height: 100%, alt: sys.inputs.title)
"""


def pdf(svg: str) -> bytes:
    """One page of exactly the picture's size, fonts embedded, text selectable, no time stamp.

    Args:
        svg: a picture whose root has width and height in pixels; its `<title>` becomes the
            document's title and the picture's alternative text.

    Raises:
        ValueError: where the text is no SVG picture with a size.
    """
    return _compile(svg, "pdf", None)


def png(svg: str, dpi: int | None = None) -> bytes:
    """Pixels on a transparent ground: `width * dpi / 96` by `height * dpi / 96`.

    Args:
        svg: a picture whose root has width and height in pixels.
        dpi: pixels an inch, 20 to 1,200; without it 200, or what a very large picture allows.

    Raises:
        ValueError: where the text is no SVG picture with a size, dpi is out of bounds, or the
            result would have more than 64 million pixels.
    """
    width, height, _ = _head(svg)
    most = most_dpi(width, height)
    dpi = max(MIN_DPI, min(DPI, most)) if dpi is None else dpi
    check_whole("dpi", dpi, MIN_DPI, MAX_DPI)
    pixels = round(width * dpi / _PX_PER_INCH) * round(height * dpi / _PX_PER_INCH)
    if pixels > MAX_PIXELS:
        raise ValueError(
            f"dpi={dpi} gives {pixels / 1e6:,.0f} million pixels: at most "
            f"{MAX_PIXELS // 10**6} million are allowed, here up to {most} dpi"
        )
    return _compile(svg, "png", dpi)


def most_dpi(width: float, height: float) -> int:
    """The finest resolution that a picture of so many px may have as a PNG."""
    return int(_PX_PER_INCH * ((MAX_PIXELS - width - height) / (width * height)) ** 0.5)


def _head(svg: str) -> tuple[float, float, str]:
    """Width and height in pixels, and the title."""
    problem = "a picture must be an SVG text with a width and a height in pixels"
    try:
        root = ElementTree.fromstring(svg)
        width, height = float(root.get("width", "")), float(root.get("height", ""))
    except (ElementTree.ParseError, ValueError):
        raise ValueError(problem) from None
    if root.tag != _SVG or not (0 < width < inf and 0 < height < inf):
        raise ValueError(problem)
    return width, height, root.findtext("{*}title") or ""


def _compile(svg: str, kind: str, dpi: int | None) -> bytes:
    import typst  # a compiler that only an export needs

    width, height, title = _head(svg)
    page = _PAGE.format(width=width * _PT_PER_PX, height=height * _PT_PER_PX)
    more, missing = fonts.system_fonts(fonts.letters(svg))
    drawn = svg.translate({ord(letter): None for letter in missing})
    result = typst.compile(
        page.encode(),
        font_paths=_fonts(more),
        ignore_system_fonts=True,
        format="pdf" if kind == "pdf" else "png",
        ppi=dpi,
        sys_inputs={"svg": drawn, "title": title},
    )
    if not isinstance(result, bytes):
        raise RuntimeError("typst gave no single page")
    return result


@lru_cache(8)
def _fonts(more: tuple[Path, ...]) -> Fonts:
    """Our font, and the folders of the system's where a picture needs them; none of typst's own."""
    from typst import Fonts

    return Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in (fonts.FOLDER, *(path.parent for path in more))],
    )
