"""Conversion of SVG pictures to PDF and PNG files, identical on every machine.

Typst converts them with a font from one of our requirements and with our Chinese one, so their
characters need neither the internet nor system fonts. Other characters come from a system font.
Characters that no font has are left out; `fonts.missing_letters` lists them beforehand. A pixel of
the SVG is a CSS pixel, 0.75 pt.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from zlib import crc32

from analysis.style import fonts
from analysis.style.look import MM_PER_INCH, PX_PER_INCH
from nets.options import check_whole

if TYPE_CHECKING:
    from typst import Fonts

DIAGRAM_SUFFIXES = (".svg", ".pdf", ".png", ".dot", ".tex", ".html")
CHART_SUFFIXES = (".svg", ".pdf", ".png")
"""The file formats of graphs and of charts."""

MIN_DPI, DPI, MAX_DPI = 20, 200, 1_200
"""Resolutions of a PNG: minimum, default and maximum."""

MAX_PIXELS = 64_000_000
"""The most pixels of a PNG: 256 MB while it is drawn."""

_PT_PER_PX = 0.75
_HEADER = 33  # bytes of a PNG's signature and header
_SVG = "{http://www.w3.org/2000/svg}svg"

_PAGE = """\
#set document(title: sys.inputs.title, date: none)
#set page(width: {width:.4f}pt, height: {height:.4f}pt, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", width: 100%, height: 100%, alt: sys.inputs.title)
"""


def pdf(svg: str) -> bytes:
    """Return a one-page PDF of the picture's size, with embedded fonts and no time stamp.

    Its text is selectable.

    Args:
        svg: a picture whose root has width and height in pixels; its `<title>` becomes the
            document's title and the picture's alternative text.

    Raises:
        ValueError: if the text is not an SVG picture with a size.
    """
    return _compile(svg, "pdf", None)


def png(svg: str, dpi: int | None = None) -> bytes:
    """Return a transparent PNG of `width * dpi / 96` by `height * dpi / 96` pixels.

    The file holds its resolution, so that programs show it at its width on paper.

    Args:
        svg: a picture whose root has width and height in pixels.
        dpi: pixels per inch, 20 to 1,200; by default 200, or less for a very large picture.

    Raises:
        ValueError: if the text is not an SVG picture with a size, dpi is out of bounds, or the
            result would have more than 64 million pixels.
    """
    width, height, _ = _head(svg)
    most = most_dpi(width, height)
    dpi = max(MIN_DPI, min(DPI, most)) if dpi is None else dpi
    check_whole("dpi", dpi, MIN_DPI, MAX_DPI)
    pixels = round(width * dpi / PX_PER_INCH) * round(height * dpi / PX_PER_INCH)
    if pixels > MAX_PIXELS:
        raise ValueError(
            f"dpi={dpi} gives {pixels / 1e6:,.0f} million pixels: the limit is "
            f"{MAX_PIXELS // 10**6} million, here up to {most} dpi"
        )
    return _with_resolution(_compile(svg, "png", dpi), dpi)


def _with_resolution(picture: bytes, dpi: int) -> bytes:
    """Return a PNG with the chunk pHYs, in pixels per metre, after its header."""
    per_metre = round(1000 * dpi / MM_PER_INCH)
    chunk = b"pHYs" + pack(">IIB", per_metre, per_metre, 1)
    written = pack(">I", len(chunk) - 4) + chunk + pack(">I", crc32(chunk))
    return picture[:_HEADER] + written + picture[_HEADER:]


def document(source: str, title: str, data: str) -> bytes:
    """Return a PDF typeset from a document, with embedded fonts, selectable text and no time stamp.

    Args:
        source: the document in Typst, which reads title and data from `sys.inputs`.
        title: the document's title.
        data: its content, such as JSON. Letters that no font has are left out.
    """
    import typst

    more, missing = _beyond(title + data)
    without = {ord(letter): None for letter in missing}
    result = typst.compile(
        source.encode(),
        font_paths=_fonts((fonts.beside(), *more)),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"title": title.translate(without), "data": data.translate(without)},
    )
    assert isinstance(result, bytes)
    return result


def left_out(text: str) -> str:
    """Return the characters of a text that `document` leaves out because no font has them."""
    return "".join(sorted(_beyond(text)[1]))


def _beyond(text: str) -> tuple[tuple[Path, ...], frozenset[str]]:
    """Return fonts for characters that the Latin ones lack, and characters that no font has."""
    return fonts.other_fonts(frozenset(text) - fonts.covered(fonts.beside()))


def most_dpi(width: float, height: float) -> int:
    """Return the highest resolution allowed for a PNG of a picture of this size in px."""
    return int(PX_PER_INCH * ((MAX_PIXELS - width - height) / (width * height)) ** 0.5)


def _head(svg: str) -> tuple[float, float, str]:
    """Return width and height in pixels, and the title."""
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
    import typst  # only exports need it

    width, height, title = _head(svg)
    page = _PAGE.format(width=width * _PT_PER_PX, height=height * _PT_PER_PX)
    more, missing = fonts.other_fonts(fonts.letters(svg))
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
        raise RuntimeError("typst did not return a single page")
    return result


@lru_cache(8)
def _fonts(more: tuple[Path, ...]) -> Fonts:
    """Return our font and the folders of others that a picture needs, without typst's fonts."""
    from typst import Fonts

    return Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in (fonts.FOLDER, *(path.parent for path in more))],
    )
