"""Fonts for pictures: those that ship with the project, and system fonts for the rest.

Source Sans Pro has the Latin characters, a subset of Noto Sans SC those of the Chinese texts.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache, lru_cache
from html import unescape
from importlib.resources import files
from io import BytesIO
from pathlib import Path

FONT_FAMILY = (
    "'Source Sans Pro', 'Source Sans 3', 'Source Sans', 'Segoe UI', Helvetica, Arial, sans-serif"
)
"""The font stack of every picture: the family that ships with the project, its other names
(Streamlit serves it as Source Sans), then common system fonts. CSS needs the quotes."""

FOLDER = Path(str(files("font_source_sans_pro") / "files"))
"""Source Sans Pro, under the SIL Open Font License."""

_FACES = {400: "SourceSansPro-Regular.ttf", 600: "SourceSansPro-Semibold.ttf"}

HAN_FAMILY = "Noto Sans SC"
"""The family of the Chinese characters."""

HAN = {
    weight: Path(__file__).parent / "han" / name
    for weight, name in {400: "NotoSansSC-Regular.ttf", 600: "NotoSansSC-Bold.ttf"}.items()
}
"""Its files by weight, under the SIL Open Font License: the characters that our texts use.

`analysis.style.make_font` cuts them.
"""


def letters(svg: str) -> frozenset[str]:
    """Return the characters that an SVG draws."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return frozenset(unescape("".join(texts)))


LATIN = frozenset(map(chr, range(32, 127))) | frozenset("×→·−…éü")
"""The characters that the project's own text uses."""


def with_raised_minus(svg: str) -> str:
    """Write an exponent's minus as a small raised one, because our font lacks that of Unicode.

    A program that finds one letter missing may set the whole number in another font.
    """
    raised = r'<tspan font-size="62%" dy="-.43em">−</tspan><tspan dy=".267em">\1</tspan>'
    return re.sub(
        "[^>]*⁻[^<]*(?=</text>)", lambda text: re.sub("⁻([⁰¹²³⁴-⁹]*)", raised, text[0]), svg
    )


def with_fonts(svg: str, characters: frozenset[str] | None = None) -> str:
    """Embed a font with the characters that the SVG draws, so that it looks the same anywhere.

    If `characters` is given, embed those instead.
    """
    faces = faces_css(letters(svg) if characters is None else characters)
    return re.sub(r"(</desc>|</title>)(?!\s*<desc>)", rf"\1\n<style>{faces}</style>", svg, count=1)


@lru_cache(64)
def faces_css(characters: frozenset[str]) -> str:
    """Return CSS with both weights of our fonts, subset to some characters."""
    css = [_face_css(weight, FOLDER / name, characters) for weight, name in _FACES.items()]
    if chinese := characters & covered(HAN[400]) - covered(FOLDER / _FACES[400]):
        codes = ",".join(f"U+{ord(character):X}" for character in sorted(chinese))
        css += [_face_css(weight, path, chinese, codes) for weight, path in HAN.items()]
    return "".join(css)


def _face_css(weight: int, path: Path, characters: frozenset[str], codes: str = "") -> str:
    """Return CSS with a face of the family, for some code points only if they are given."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(path, recalcTimestamp=False, lazy=True)
    options = Options(hinting=False)
    options.drop_tables += ["GDEF", "GPOS", "GSUB"]  # keeping kerning would take four times as long
    cutter = Subsetter(options)
    cutter.populate(text="".join(characters))
    cutter.subset(font)
    font.flavor = "woff"
    data = BytesIO()
    font.save(data)
    source = b64encode(data.getvalue()).decode()
    only = f";unicode-range:{codes}" if codes else ""
    return (
        f"@font-face{{font-family:'Source Sans Pro';font-weight:{weight};"
        f"src:url(data:font/woff;base64,{source}){only}}}"
    )


@cache
def beside() -> Path:
    """Return the file of DejaVu Sans, which ships with matplotlib and has signs that ours lacks."""
    from matplotlib import get_data_path

    return Path(get_data_path()) / "fonts/ttf/DejaVuSans.ttf"


def text_width(text: str, size: float) -> float:
    """Return a text's width in our font, in units of `size`; a missing letter is 1 em wide."""
    advances = _advances()
    return size * sum(advances.get(character, 1.0) for character in text)


@cache
def _advances() -> dict[str, float]:
    """Return the advance width of every letter in our font, in em."""
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / _FACES[400], lazy=True) as font:
        widths, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return {chr(code): widths[name][0] / em for code, name in font.getBestCmap().items()}


def missing_letters(text: str) -> str:
    """Return the characters of a text that neither our fonts nor any system font has."""
    _, missing = other_fonts(frozenset(text))
    return "".join(sorted(missing))


@lru_cache(64)
def other_fonts(characters: frozenset[str]) -> tuple[tuple[Path, ...], frozenset[str]]:
    """Return fonts for the characters that Source Sans Pro lacks, and the characters none has.

    The Chinese font that ships with the project comes first, then system fonts.
    """
    missing = frozenset(c for c in characters - covered(FOLDER / _FACES[400]) if c.isprintable())
    found = []
    for path in (HAN[400], *_installed()) if missing else ():
        if here := missing & covered(path):
            found.append(path)
            missing -= here
        if not missing:
            break
    return tuple(found), missing


def _installed() -> tuple[Path, ...]:
    """Return the fonts of this system in a fixed order."""
    from matplotlib.font_manager import findSystemFonts

    return tuple(sorted(map(Path, findSystemFonts())))


@cache
def covered(path: Path) -> frozenset[str]:
    """Return the characters in a font file (a collection's first font); none if it is broken."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return frozenset(map(chr, font.getBestCmap() or ()))
    except (TTLibError, OSError, KeyError, AssertionError):
        return frozenset()
