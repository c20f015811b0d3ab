"""Streamlit's theme repeats colours of the palette, and both must agree."""

import tomllib
from dataclasses import astuple
from pathlib import Path

import pytest
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from analysis.style.fonts import FOLDER
from analysis.style.palette import CIVIDIS, DARK, GREYS, LIGHT, PRINT, Palette, text_on

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_theme_is_the_palette(name: str, palette: Palette) -> None:
    theme = CONFIG["theme"][name]
    assert theme["backgroundColor"] == palette.background
    assert theme["secondaryBackgroundColor"] == palette.surface
    assert theme["textColor"] == palette.text
    assert theme["primaryColor"] == palette.identity
    assert theme["redTextColor"] == palette.warning
    series = [palette.identity, palette.projection, palette.zero_pad, palette.plain]
    assert theme.get("chartCategoricalColors", CONFIG["theme"]["chartCategoricalColors"]) == series


@pytest.mark.parametrize("palette", [LIGHT, DARK, PRINT])
def test_text_and_lines_stand_out_from_background_and_surface(palette: Palette) -> None:
    for ground in (palette.background, palette.surface):
        for colour in astuple(palette)[2:]:
            assert contrast(colour, ground) >= 3, colour
        assert contrast(palette.text, ground) >= 7
        assert contrast(palette.quiet, ground) >= 7


def test_black_or_white_is_read_on_any_colour() -> None:
    greys = [f"#{value:02X}{value:02X}{value:02X}" for value in range(256)]
    for colour in (*greys, *CIVIDIS, *GREYS):
        assert contrast(text_on(colour), colour) >= 4.5, colour
    assert [text_on(colour) for colour in ("#757575", "#767676")] == ["#FFFFFF", "#000000"]


def test_the_wordmark_is_outlines() -> None:
    font = TTFont(FOLDER / "SourceSansPro-Semibold.ttf")
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    scale = 20 / font["head"].unitsPerEm
    x, outlines = 40.0, ""
    for letter in "ResNet Lab":
        glyph = glyphs[names[ord(letter)]]
        pen = SVGPathPen(glyphs, ntos=lambda value: f"{value:.2f}".rstrip("0").rstrip("."))
        glyph.draw(TransformPen(pen, (scale, 0, 0, -scale, x, 23)))
        outlines += pen.getCommands()
        x += scale * glyph.width
    drawn = (ROOT / "pages/ui/wordmark.svg").read_text(encoding="utf-8")
    assert f'd="{outlines}"' in drawn
    assert "<text" not in drawn


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
