"""Fonts embedded in pictures, and characters that they lack."""

import io
import re
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from fontTools.ttLib import TTFont
from PIL import ImageFont
from pypdf import PdfReader

from analysis.style import fonts
from analysis.style.files import pdf, png
from analysis.style.fonts import (
    FOLDER,
    HAN,
    missing_letters,
    text_width,
    with_fonts,
    with_raised_minus,
)
from analysis.style.make_font import characters
from tests.analysis.test_files import embedded, picture

DEJAVU = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
ARMENIAN = "Ցանց"
LATIN_FILE = "SourceSansPro-Regular.ttf"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the list of system fonts, which a test fills."""
    found: list[Path] = []
    monkeypatch.setattr(fonts, "_installed", lambda: tuple(found))
    fonts.other_fonts.cache_clear()
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


def test_the_chinese_font_has_every_letter_of_the_catalogue() -> None:
    letters = {c for c in characters() if "\u3400" <= c <= "\u9fff"}
    assert len(letters) > 500
    for path in HAN.values():
        assert characters() - {"\u3000"} <= fonts.covered(path) | fonts.covered(FOLDER / LATIN_FILE)
        assert path.stat().st_size < 250_000
    assert "SIL OPEN FONT LICENSE" in HAN[400].with_name("OFL.txt").read_text()


def test_chinese_needs_no_system(installed: list[Path]) -> None:
    assert missing_letters("残差网络（ResNet），恒等映射。") == ""
    reader = PdfReader(io.BytesIO(pdf(picture(text="残差网络 ResNet"))))
    assert "残差网络" in reader.pages[0].extract_text()
    names = {name.split("+")[1] for name in embedded(reader.pages[0])}
    assert names == {"NotoSansSC-Regular", "SourceSansPro-Regular"}
    assert png(picture(text="残差")) != png(picture(text="残残"))


def test_an_svg_carries_its_chinese_letters_beside_the_latin_ones() -> None:
    drawn = with_fonts(picture(text="残差 ×"))
    faces = re.findall(r"@font-face\{([^}]*)\}", drawn)
    assert [face.partition(";src")[0] for face in faces] == [
        f"font-family:'Source Sans Pro';font-weight:{weight}" for weight in (400, 600, 400, 600)
    ]
    assert [face.rpartition(";")[2] for face in faces[2:]] == ["unicode-range:U+5DEE,U+6B8B"] * 2
    assert "unicode-range" not in "".join(faces[:2])
    for face in faces[2:]:
        (data,) = re.findall(r"base64,([^)]*)", face)
        font = TTFont(io.BytesIO(b64decode(data)))
        assert {chr(code) for code in font.getBestCmap()} == set("残差")


def test_letters_of_a_system_font_are_drawn_with_it(installed: list[Path]) -> None:
    installed.append(DEJAVU)
    assert missing_letters(f"ResNet {ARMENIAN}") == ""
    reader = PdfReader(io.BytesIO(pdf(picture(text=f"ResNet {ARMENIAN}"))))
    assert ARMENIAN in reader.pages[0].extract_text()
    names = {name.split("+")[1] for name in embedded(reader.pages[0])}
    assert "DejaVuSans" in names


def test_letters_that_no_font_has_are_left_out(installed: list[Path]) -> None:
    assert missing_letters("龘靐 network 残") == "靐龘"
    assert png(picture(text="龘靐 network")) == png(picture(text=" network"))


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


def test_an_exponents_minus_is_one_that_our_font_has() -> None:
    text = '<text x="1">2×10⁻²¹</text>'
    raised = with_raised_minus(f"<desc>10⁻³</desc>{text}<text>10²</text>")
    assert raised.startswith("<desc>10⁻³</desc>")  # only what is drawn
    assert raised.endswith("<text>10²</text>")
    (drawn,) = ElementTree.fromstring(with_raised_minus(f"<svg>{text}</svg>"))
    assert "".join(drawn.itertext()) == "2×10−²¹"
    rise = [float(span.get("dy", "").removesuffix("em")) for span in drawn]
    assert 0.62 * rise[0] + rise[1] == pytest.approx(0, abs=0.001)  # the digits stay on their line
