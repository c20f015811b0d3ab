"""Pictures of a fixed size as files for paper, and a network's shape in a narrow column."""

import io
import re
from xml.etree import ElementTree

import pytest
from PIL import Image
from pypdf import PdfReader

from analysis import profile
from analysis.drawing.silhouette import MAX_WIDTH, silhouette
from analysis.style.dress import dressed, picture_file
from analysis.style.look import Look
from analysis.style.palette import DARK, LIGHT, PRINT
from analysis.training.confusion import confusion_svg
from nets import parse

SVG = silhouette(profile(parse("resnet50")))
LONG = "Height, width and channels of ResNet-50, from the input to the head"


def root_of(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_a_picture_without_wishes_is_itself() -> None:
    assert dressed(SVG, Look()) == SVG


@pytest.mark.parametrize("width_mm", [60.0, 85.0, 170.0, 254.0])
def test_a_picture_is_as_wide_as_its_paper(width_mm: float) -> None:
    look = Look(DARK, f"{LONG} <&>", width_mm=width_mm, ground=True)
    drawn = root_of(dressed(SVG, look))
    before = root_of(SVG)
    assert float(drawn.get("width", "")) == pytest.approx(width_mm * 96 / 25.4, abs=0.01)
    left, top, width, height = map(float, drawn.get("viewBox", "").split())
    assert (left, width) == (0, float(before.get("width", "")))
    assert height + top == pytest.approx(float(before.get("height", "")))
    assert float(drawn.get("height", "")) / float(drawn.get("width", "")) == pytest.approx(
        height / width, abs=1e-3
    )
    ground = drawn.find("{*}rect")
    assert ground is not None
    assert ground.get("fill") == DARK.background
    title = drawn.find("{*}text")
    assert title is not None
    assert title.text == look.title
    assert top < float(title.get("y", "")) < 0


def test_a_picture_is_centred_on_its_slide() -> None:
    look = Look(DARK, LONG, width_mm=254, aspect=16 / 9, ground=True)
    drawn, before = root_of(dressed(SVG, look)), root_of(dressed(SVG, Look(DARK, LONG)))
    left, top, width, height = map(float, drawn.get("viewBox", "").split())
    _, own_top, own_width, own_height = map(float, before.get("viewBox", "").split())
    assert width / height == pytest.approx(16 / 9, rel=1e-3)
    assert left == pytest.approx((own_width - width) / 2, abs=0.01)
    assert top == pytest.approx(own_top + (own_height - height) / 2, abs=0.01)
    ground = drawn.find("{*}rect")
    assert ground is not None
    assert (float(ground.get("x", 1)), float(ground.get("y", 1))) == (left, top)


def test_every_format() -> None:
    look = Look(LIGHT, LONG, width_mm=85)
    (page,) = PdfReader(io.BytesIO(bytes(picture_file(SVG, ".pdf", look)))).pages  # type: ignore[arg-type]
    assert float(page.mediabox.width) == pytest.approx(85 / 25.4 * 72, abs=0.1)
    assert LONG in page.extract_text()
    image = Image.open(io.BytesIO(bytes(picture_file(SVG, ".png", look, 100))))  # type: ignore[arg-type]
    assert image.width == pytest.approx(85 / 25.4 * 100, abs=1)
    assert "@font-face" in str(picture_file(SVG, ".svg", look))
    with pytest.raises(ValueError, match=r"^a picture can be saved as .*, not \.dot$"):
        picture_file(SVG, ".dot", look)
    with pytest.raises(ValueError, match=r"^a picture must be an SVG text"):
        dressed("<p>", look)


@pytest.mark.parametrize("net", ["resnet50", "resnet20", "resnet50:blocks=3", "resnet1202"])
@pytest.mark.parametrize("width_mm", [60.0, 85.0, 120.0, 170.0])
def test_the_shape_in_a_column_stands_in_rows_with_text_of_7_pt(net: str, width_mm: float) -> None:
    counted = profile(parse(net))
    drawn = root_of(silhouette(counted, width_mm=width_mm))
    wide, high = float(drawn.get("width", "")), float(drawn.get("height", ""))
    assert wide <= MAX_WIDTH
    pt = width_mm / 25.4 * 72 / wide  # a px of the drawing on paper
    assert 15 * pt >= 7.0
    names = [group.get("data-name") for group in drawn.findall(".//{*}g[@class='box']")]
    whole = root_of(silhouette(counted))
    assert names == [g.get("data-name") for g in whole.findall(".//{*}g[@class='box']")]
    inside = [
        tuple(map(float, point.split(",")))
        for polygon in drawn.iter("{http://www.w3.org/2000/svg}polygon")
        for point in polygon.get("points", "").split()
    ]
    assert all(0 <= x <= wide and 0 <= y <= high for x, y in inside)
    starts = re.findall(r'd="M([-0-9.]+) ', ElementTree.tostring(drawn, "unicode"))
    assert min(map(float, starts)) >= 0
    rows = {text.get("y") for text in drawn.findall(".//{*}text[@font-weight='600']")}
    assert len(starts) == len(names) - 1  # one between any two boxes, from row to row, too
    assert 16 * pt <= 8.05
    if width_mm == 170:
        assert rows == {text.get("y") for text in whole.findall(".//{*}text[@font-weight='600']")}
    elif net == "resnet50" and width_mm <= 85:
        assert len(rows) > 1


def test_a_confusion_matrix_in_print_is_grey() -> None:
    drawn = confusion_svg([[5, 1], [0, 6]], ["a", "b"], PRINT)
    colours = set(re.findall("#[0-9A-F]{6}", drawn))
    assert len(colours) > 3
    assert all(len({c[1:3], c[3:5], c[5:7]}) == 1 for c in colours)
