"""The silhouette: exact pictures, and properties of the picture of any network."""

import re
from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings

from analysis import Profile, profile
from analysis.drawing.silhouette import MAX_WIDTH, NAME_SIZE, TEXT_SIZE, silhouette
from analysis.style.palette import DARK, LIGHT
from nets import parse
from nets.options import Stem
from nets.spec import ResNetSpec
from tests.conftest import Golden
from tests.strategies import specs

EXTREMES = (
    "resnet152",
    "resnet1202",
    "resnet50:blocks=3",
    "resnet50:input=3x32x512",
    "resnet50:input=3x32x4096",
    "resnet50:input=3x4096x32",
    "resnet18:input=1x1x1:norm=none",
    "resnet50:blocks=1:widths=8192:input=3x4096x4096",
    "resnet50:blocks=1,1,1,1,1:widths=64,128,256,512,1024:input=3x4096x4096",
    "resnet50:blocks=1,1,1,1,1:widths=64,128,256,512,1024:dilate=1,1,1,1:stem=cifar",
)

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def points(element: Element) -> list[tuple[float, float]]:
    numbers = [float(n) for n in re.findall(r"[-.\d]+", element.get("points", ""))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def bounds(corners: list[tuple[float, float]]) -> Rectangle:
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def boxes(root: Element) -> list[Rectangle]:
    groups = root.findall(".//{*}g[@class='box']")
    return [bounds([p for face in group for p in points(face)]) for group in groups]


def extent(text: Element) -> Rectangle:
    size = float(text.get("font-size", TEXT_SIZE))
    half = len(text.text or "") * 0.6 * size / 2
    x, y = float(text.get("x", "")), float(text.get("y", ""))
    return x - half, y - 0.8 * size, x + half, y + 0.3 * size


def labels(root: Element) -> list[list[Element]]:
    return [list(group) for group in root.findall("{*}g[@class='label']")]


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def check(spec: ResNetSpec) -> None:
    # Two images, because one image of one pixel can't train a batch norm.
    counted = profile(spec, batch=2)
    svg = silhouette(counted)
    picture = svg.split("</title>")[1]
    assert not re.search(r"-0\b|\d\.\d{3}", picture)
    root = ElementTree.fromstring(svg)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert width <= MAX_WIDTH

    drawn, texts = boxes(root), labels(root)
    written = [extent(text) for group in texts for text in group]
    arrows = [bounds(points(head)) for head in root.findall("{*}g[@class='main-path']/{*}polygon")]
    for left, top, right, bottom in [*drawn, *written, *arrows]:
        assert 0 < left < right < width
        assert 0 < top < bottom < height
    assert not any(overlap(a, b) for a, b in combinations([*drawn, *written], 2))
    middles = [(top + bottom) / 2 for _, top, _, bottom in drawn]
    assert max(middles) - min(middles) < 0.02
    for (a, b), head in zip(pairwise(drawn), arrows, strict=True):
        # the shaft is at least as long as the head
        assert a[0] < head[0] - 7 < head[2] < b[2]

    names = [group[0].text for group in texts]
    stages = [stage.name for stage in counted.stages[1:-1]]
    stem = ["conv1", "maxpool"] if spec.stem is not Stem.CIFAR else ["conv1"]
    assert names == ["input", *stem, *stages, "head"]
    assert [g.get("data-name") for g in root.findall(".//{*}g[@class='box']")] == names
    shapes = ["".join(text.text or "" for text in group[2:]) for group in texts]
    assert shapes[-len(stages) - 1 : -1] == [
        "×".join(map(str, stage.output)) for stage in counted.stages[1:-1]
    ]
    assert shapes[-1] == str(spec.outputs)


@given(specs())
@settings(max_examples=60)
def test_any_network_fits_its_picture(spec: ResNetSpec) -> None:
    check(spec)


@pytest.mark.parametrize("text", EXTREMES)
def test_extremes_fit_their_picture(text: str) -> None:
    check(parse(text))


@pytest.mark.parametrize("text", EXTREMES)
def test_text_is_14_px_on_a_wall_of_900(text: str) -> None:
    root = ElementTree.fromstring(silhouette(profile(parse(text), batch=2)))
    assert min(NAME_SIZE, TEXT_SIZE) * 900 / float(root.get("width", "")) >= 14


@pytest.mark.parametrize("name", ["resnet50", "plain20"])
def test_exact_picture(name: str, golden: Golden) -> None:
    counted = profile(parse(name))
    golden(f"silhouette-{name}.svg", silhouette(counted))


def test_lengths_follow_the_scales_of_the_description() -> None:
    svg = silhouette(profile(parse("resnet50")))
    root = ElementTree.fromstring(svg)
    words = root.findtext("{*}desc") or ""
    found = re.search(r"are ([\d.]+) px times.*Depth is ([\d.]+) px times", words)
    assert found
    unit, depth = map(float, found.groups())
    fronts = [bounds(points(group[2])) for group in root.findall(".//{*}g[@class='box']")]
    widths = [right - left for left, _, right, _ in fronts]
    sides = [224, 112, 56, 56, 28, 14, 7]
    assert widths[:-1] == pytest.approx([unit * side**0.5 for side in sides], rel=1e-3)
    input_box = boxes(root)[0]
    assert input_box[2] - fronts[0][2] == pytest.approx(depth * 2 * 0.75**0.5, abs=0.02)
    for tensor in ("3×224×224", "64×112×112", "2048×7×7", "head 1000"):
        assert tensor in words


def test_a_shape_on_two_lines_breaks_before_its_sign() -> None:
    text = "resnet50:blocks=1,1,1,1,1:widths=64,128,256,512,1024:input=3x4096x4096"
    root = ElementTree.fromstring(silhouette(profile(parse(text))))
    said = [[line.text for line in label] for label in labels(root)]
    assert said[0] == ["input", "image", "3", "×4096×4096"]
    assert said[-2] == ["layer5", "conv6_x", "4096", "×64×64"]


@pytest.mark.parametrize("width_mm", [60, 85, 123, 170])
@pytest.mark.parametrize("text", ["resnet50", "wrn28_10", "preresnet164"])
def test_shapes_on_paper_stay_whole(text: str, width_mm: float) -> None:
    root = ElementTree.fromstring(silhouette(profile(parse(text)), width_mm=width_mm))
    assert {len(label) for label in labels(root)} == {3}


@pytest.mark.parametrize("width_mm", [85, 170])
@pytest.mark.parametrize("text", ["resnet18", "resnet152", "wrn28_10"])
def test_arrowheads_end_clear_of_their_boxes(text: str, width_mm: float) -> None:
    root = ElementTree.fromstring(silhouette(profile(parse(text)), width_mm=width_mm))
    lefts = {round(left, 1) for left, _, _, _ in boxes(root)}
    heads = [points(one)[0][0] for one in root.findall(".//{*}g[@class='main-path']/{*}polygon")]
    assert len(heads) == len(boxes(root)) - 1
    assert {round(tip + 5, 1) for tip in heads} <= lefts


@pytest.mark.parametrize("model", ["resnet34", "resnet50", "resnet152", "wide_resnet101_2"])
def test_on_the_wall_a_shape_is_on_one_line(model: str) -> None:
    root = ElementTree.fromstring(silhouette(profile(parse(model)), width_mm=123.0))
    said = [[line.text for line in label] for label in labels(root)]
    assert said[0] == ["input", "image", "3×224×224"]
    assert {len(label) for label in said} == {3}


def test_palettes() -> None:
    counted = profile(parse("resnet18"))
    for palette in (LIGHT, DARK):
        svg = silhouette(counted, palette)
        assert set(re.findall(r'(?:fill|stroke)="([^#"]+)"', svg)) == {"none"}
        assert "opacity" not in svg
        assert palette.text in svg
    assert silhouette(counted) == silhouette(counted, LIGHT)


def hostile() -> tuple[Profile, str]:
    name = '</title><script>alert("1")</script>&amp;\'é×'
    counted = profile(parse("resnet18"))
    first, stage, *rest = counted.stages
    return replace(counted, stages=(first, stage._replace(name=name), *rest)), name


def test_hostile_text_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, name = hostile()
    monkeypatch.setattr("analysis.drawing.silhouette.plan.paper_name", lambda spec, stage: stage)
    monkeypatch.setattr("analysis.drawing.silhouette.title", lambda spec: name)
    root = ElementTree.fromstring(silhouette(counted))
    assert root.find(".//{*}script") is None
    texts = [text.text for group in labels(root) for text in group]
    assert texts.count(name) == 2
    assert (root.findtext("{*}title") or "").startswith(name)
    assert name in (root.findtext("{*}desc") or "")


@pytest.mark.parametrize("text", ["resnet18", "resnet50", "resnet152", "preresnet200", "resnet50c"])
def test_every_row_of_a_narrow_picture_is_as_long_as_the_longest(text: str) -> None:
    root = ElementTree.fromstring(silhouette(profile(parse(text)), width_mm=85))
    width = float(root.get("width", 0))
    rows: dict[float, list[Rectangle]] = {}
    for box, label in zip(boxes(root), labels(root), strict=True):
        rows.setdefault(extent(label[0])[1], []).extend([box, *map(extent, label)])
    assert len(rows) == 2
    for row in rows.values():
        assert max(right for _, _, right, _ in row) >= 0.94 * width
        assert min(left for left, _, _, _ in row) <= 0.06 * width
