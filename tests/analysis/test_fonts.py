"""Fonts embedded in pictures, and characters that they lack."""

import io
import re
from base64 import b64decode
from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTFont
from PIL import ImageFont
from pypdf import PdfReader

from analysis.style import fonts
from analysis.style.files import pdf, png
from analysis.style.fonts import FOLDER, missing_letters, text_width, with_fonts
from tests.analysis.test_files import embedded, picture

DEJAVU = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
ARMENIAN = "Ցանց"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the list of system fonts, which a test fills."""
    found: list[Path] = []
    monkeypatch.setattr(fonts, "_installed", lambda: tuple(found))
    fonts.system_fonts.cache_clear()
    return found


def test_an_svg_carries_the_letters_that_it_draws() -> None:
    drawn = with_fonts(picture(text="Gaël ×"))
    sources = re.findall(r"font-weight:(\d+);src:url\(data:font/woff;base64,([^)]*)\)", drawn)
    assert [weight for weight, _ in sources] == ["400", "600"]
    for _, data in sources:
        font = TTFont(io.BytesIO(b64decode(data)))
        assert set("Gaël ×") <= {chr(code) for code in font.getBestCmap()}
        assert len(data) < 15_000
    assert with_fonts(picture(text="Gaël ×")) == drawn


def test_our_own_letters_need_no_system(installed: list[Path]) -> None:
    assert missing_letters("Café Œuvre Ω Ж × → ResNet-50") == ""


def test_letters_of_a_system_font_are_drawn_with_it(installed: list[Path]) -> None:
    installed.append(DEJAVU)
    assert missing_letters(f"ResNet {ARMENIAN}") == ""
    reader = PdfReader(io.BytesIO(pdf(picture(text=f"ResNet {ARMENIAN}"))))
    assert ARMENIAN in reader.pages[0].extract_text()
    names = {name.split("+")[1] for name in embedded(reader.pages[0])}
    assert "DejaVuSans" in names


def test_letters_that_no_font_has_are_left_out(installed: list[Path]) -> None:
    assert missing_letters("残差 network 残") == "差残"
    assert png(picture(text="残差 network")) == png(picture(text=" network"))


def test_a_broken_font_file_is_passed_over(installed: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "a.ttf"
    broken.write_bytes(b"no font")
    installed.extend([broken, tmp_path / "gone.ttf", DEJAVU])
    assert missing_letters(ARMENIAN) == ""


@pytest.mark.parametrize(
    "text", ["layer3.1 to 3.35 ×35", "218 M ×35 = 7.64 G", "3×3, 128, 32 groups"]
)
def test_a_text_is_as_wide_as_it_is_drawn(text: str) -> None:
    font = ImageFont.truetype(str(FOLDER / "SourceSansPro-Regular.ttf"), 1000)
    assert text_width(text, 1000) == pytest.approx(
        font.getlength(text), rel=0.02
    )  # without kerning
