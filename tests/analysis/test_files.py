"""Pictures as files: size, fonts, text, transparency, limits."""

import io
import re
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from analysis import profile
from analysis.drawing.silhouette import silhouette
from analysis.style.files import pdf, png
from analysis.style.fonts import FONT_FAMILY
from analysis.style.palette import LIGHT
from nets import parse


def picture(width: float = 320, height: float = 80, text: str = "64×56×56") -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT_FAMILY}"><title>Café &amp; ×</title>'
        f'<text x="20" y="50" font-size="20">{text}</text></svg>'
    )


def open_png(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGBA")


def embedded(node: Any) -> list[str]:
    """Return the fonts in a page's resources, each with its program in the file."""
    resources = node["/Resources"]
    names = []
    for font in resources.get("/Font", {}).values():
        (descendant,) = font.get_object()["/DescendantFonts"]
        descriptor = descendant.get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)
        names.append(str(descriptor["/FontName"]))
    for item in resources.get("/XObject", {}).values():
        if "/Resources" in item.get_object():
            names += embedded(item.get_object())
    return names


def test_pdf_of_a_silhouette() -> None:
    svg = silhouette(profile(parse("resnet50")), LIGHT)
    document = pdf(svg)
    assert document.startswith(b"%PDF")
    reader = PdfReader(io.BytesIO(document))
    (page,) = reader.pages
    width, height = re.findall(r'(?:width|height)="([\d.]+)"', svg)[:2]
    assert float(page.mediabox.width) == pytest.approx(float(width) * 0.75, abs=0.01)
    assert float(page.mediabox.height) == pytest.approx(float(height) * 0.75, abs=0.01)
    text = page.extract_text()
    for word in ("layer1", "conv2_x", "256×56×56", "maxpool", "2048×7×7", "head"):
        assert word in text
    names = sorted(name.split("+")[1] for name in embedded(page))
    assert names == ["SourceSansPro-Regular", "SourceSansPro-Semibold"]
    assert reader.metadata is not None
    assert (reader.metadata.title or "").startswith("ResNet-50: ")


def test_pdf_keeps_accents_and_signs_and_has_no_time_stamp() -> None:
    svg = picture(text="Gaël naïve Œuvre 64×56 · ±½ µ")
    document = pdf(svg)
    reader = PdfReader(io.BytesIO(document))
    assert "Gaël naïve Œuvre 64×56 · ±½ µ" in reader.pages[0].extract_text()
    assert reader.metadata is not None
    assert reader.metadata.title == "Café & ×"
    assert "/CreationDate" not in reader.metadata
    assert pdf(svg) == document


@pytest.mark.parametrize("dpi", [20, 96, 200, 1200])
def test_png_has_the_pixels_of_its_resolution(dpi: int) -> None:
    image = open_png(png(picture(321.4, 80.7), dpi))
    assert image.size == (round(321.4 * dpi / 96), round(80.7 * dpi / 96))
    assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)


def test_png_is_drawn_on_a_transparent_ground() -> None:
    image = open_png(png(silhouette(profile(parse("resnet18")), LIGHT)))
    width, height = image.size
    for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        assert image.getpixel((x, y)) == (0, 0, 0, 0)
    data = image.tobytes()
    opaque = [data[i : i + 4] for i in range(0, len(data), 4) if data[i + 3] == 255]
    assert 0.1 < len(opaque) / (width * height) < 0.9
    assert len(set(opaque)) > 5


@pytest.mark.parametrize("dpi", [19, 1201, 0, -1, True, 96.5, "96", float("nan")])
def test_dpi_out_of_bounds(dpi: Any) -> None:
    with pytest.raises(ValueError, match=r"^dpi must be 20 to 1,200, not "):
        png(picture(), dpi)


def test_too_many_pixels() -> None:
    side = 8_000 * 96 / 1_200
    assert open_png(png(picture(side, side), 600)).size == (4_000, 4_000)
    with pytest.raises(
        ValueError,
        match=r"^dpi=1200 gives 80 million .* the limit is 64 million, here up to 1073 dpi$",
    ):
        png(picture(side, 1.25 * side), 1_200)


@pytest.mark.parametrize(
    "svg",
    [
        "",
        "no picture",
        "<svg",
        '<html width="3" height="3"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        picture(0, 5),
        picture(float("nan"), 5),
        picture(5, float("inf")),
        picture(-5, 5),
    ],
)
@pytest.mark.parametrize("convert", [pdf, png])
def test_what_is_no_picture(convert: Callable[[str], bytes], svg: str) -> None:
    with pytest.raises(ValueError, match=r"^a picture must be an SVG text with a width"):
        convert(svg)


def test_threads_get_what_one_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pictures = [picture(text=f"picture {i}") for i in range(8)]
    alone = [(pdf(svg), png(svg)) for svg in pictures]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda svg: (pdf(svg), png(svg)), pictures * 3))
    assert together == alone * 3
    assert not list(tmp_path.iterdir())


def test_typst_waits_for_the_first_export() -> None:
    code = "import sys, analysis.style.files as f; print('typst' in sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
