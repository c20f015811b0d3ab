"""The letters of a picture: the font that travels with us, and what a system has beyond it."""

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
"""What the text of every picture names: first the family that travels with us, then its other
names (Streamlit serves it as Source Sans), then what systems have. CSS wants the quotes."""

FOLDER = Path(str(files("font_source_sans_pro") / "files"))
"""Source Sans Pro, under the SIL Open Font License."""

_FACES = {400: "SourceSansPro-Regular.ttf", 600: "SourceSansPro-Semibold.ttf"}


def letters(svg: str) -> frozenset[str]:
    """The characters that an SVG draws."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return frozenset(unescape("".join(texts)))


LATIN = frozenset(map(chr, range(32, 127))) | frozenset("×→·−…éü")
"""What our own words are written in."""


def with_fonts(svg: str, characters: frozenset[str] | None = None) -> str:
    """The SVG with the letters it draws as a font inside it, so that it looks the same anywhere.

    With `characters`, these are in it, whatever it draws.
    """
    faces = faces_css(letters(svg) if characters is None else characters)
    return re.sub(r"(</desc>|</title>)(?!\s*<desc>)", rf"\1\n<style>{faces}</style>", svg, count=1)


@lru_cache(64)
def faces_css(characters: frozenset[str]) -> str:
    """CSS that holds both weights of our font, cut down to some characters."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    css = []
    for weight, name in _FACES.items():
        font = TTFont(FOLDER / name, recalcTimestamp=False, lazy=True)
        options = Options(hinting=False)
        options.drop_tables += ["GDEF", "GPOS", "GSUB"]  # kerning would take four times as long
        cutter = Subsetter(options)
        cutter.populate(text="".join(characters))
        cutter.subset(font)
        font.flavor = "woff"
        data = BytesIO()
        font.save(data)
        source = b64encode(data.getvalue()).decode()
        css.append(
            f"@font-face{{font-family:'Source Sans Pro';font-weight:{weight};"
            f"src:url(data:font/woff;base64,{source})}}"
        )
    return "".join(css)


def text_width(text: str, size: float) -> float:
    """How wide a text of our font is, in the unit of its size; a letter it lacks is an em wide."""
    advances = _advances()
    return size * sum(advances.get(character, 1.0) for character in text)


@cache
def _advances() -> dict[str, float]:
    """How far every letter of our font reaches, in em."""
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / _FACES[400], lazy=True) as font:
        widths, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return {chr(code): widths[name][0] / em for code, name in font.getBestCmap().items()}


def missing_letters(text: str) -> str:
    """The characters of a text that neither our font nor any font of this system has."""
    _, missing = system_fonts(frozenset(text))
    return "".join(sorted(missing))


@lru_cache(64)
def system_fonts(characters: frozenset[str]) -> tuple[tuple[Path, ...], frozenset[str]]:
    """Fonts of this system for the characters that ours lacks, and those that none has."""
    missing = frozenset(c for c in characters - covered(FOLDER / _FACES[400]) if c.isprintable())
    found = []
    for path in _installed() if missing else ():
        if here := missing & covered(path):
            found.append(path)
            missing -= here
        if not missing:
            break
    return tuple(found), missing


def _installed() -> tuple[Path, ...]:
    """The fonts of this system, in an order that does not change."""
    from matplotlib.font_manager import findSystemFonts

    return tuple(sorted(map(Path, findSystemFonts())))


@cache
def covered(path: Path) -> frozenset[str]:
    """Return the characters of a font file, of a collection's first font; none if it is broken."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return frozenset(map(chr, font.getBestCmap() or ()))
    except (TTLibError, OSError, KeyError, AssertionError):
        return frozenset()
