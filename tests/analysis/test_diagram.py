"""Diagrams as files of every format, without any program beyond Python."""

import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from pypdf import PdfReader

from analysis import profile
from analysis.__main__ import run
from analysis.drawing.beside import Beside
from analysis.drawing.graph import graph
from analysis.drawing.key import entries, key_of
from analysis.drawing.silhouette import silhouette
from analysis.drawing.svg import svg
from analysis.style.fonts import text_width
from analysis.style.look import SLIDE_MM, magnification
from nets import parse
from nets.plan import ShortcutKind
from tests.analysis.test_files import embedded

NETS = {
    # texts in every picture of the network
    "resnet18": ["layer4.1", "512×7×7", "identity shortcut", "projection shortcut"],
    "resnet50": ["layer3.1 to 3.5 ×5", "2048×7×7"],
    "resnet152": ["layer3.1 to 3.35 ×35", "1024×14×14"],
    "preresnet1001": ["layer2.1 to 2.110 ×110", "256×8×8"],
    "resnet1202": ["layer1.1 to 1.199 ×199", "zero-pad shortcut"],
}
SVG = "{http://www.w3.org/2000/svg}"
A4 = (210 / 25.4 * 72, 297 / 25.4 * 72)


@pytest.fixture(autouse=True)
def _no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make sure that no external program is found, including dot."""
    monkeypatch.setenv("PATH", "")


@pytest.mark.parametrize("net", NETS)
def test_a_pdf_is_one_page_of_the_aspect_asked_for(net: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    title = "Größe & <Ordnung>"
    size = ["--width-mm", "170", "--aspect", "16:9", "--labels", "path"]
    assert run(["graph", net, "-o", str(path), *size, "--title", title]) == 0
    reader = PdfReader(path)
    (page,) = reader.pages
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    assert width == pytest.approx(170 / 25.4 * 72, abs=0.1)
    assert height < A4[1]
    assert width / height == pytest.approx(16 / 9, rel=1e-3)
    text = page.extract_text()
    for word in (title, "stem", "head", *NETS[net]):
        assert word in text
    names = {name.split("+")[1] for name in embedded(page)}
    assert names == {"SourceSansPro-Regular", "SourceSansPro-Semibold"}


def test_an_svg_is_titled_as_people_say() -> None:
    edited = profile(parse("resnet50:unit=full_preact"))
    drawn = svg(graph(edited))
    assert "<title>ResNet-50, full pre-activation</title>" in drawn
    assert "<desc>resnet50:unit=full_preact, one node per block." in drawn
    assert "<title>ResNet-50, full pre-activation: height, width" in silhouette(edited)
    both = Beside((profile(parse("plain34")), profile(parse("resnet34"))))
    assert "<title>Plain-34 and ResNet-34</title>" in svg(both.graph())


@pytest.mark.parametrize("aspect", ["16:9", "1:1"])
@pytest.mark.parametrize(
    "models",
    [["resnet50"], ["resnet1202", "--unfold"], ["plain34", "resnet34"], ["resnet50", "--block"]],
)
def test_a_drawing_is_centred_in_a_picture_of_the_aspect(
    models: list[str], aspect: str, tmp_path: Path
) -> None:
    path, own = tmp_path / "a.svg", tmp_path / "b.svg"
    models = [*models, "layer2.0"] if models[-1] == "--block" else models
    asked = ["graph", *models, "--width-mm", "254", "--ground", "-o"]
    assert run([*asked, str(own)]) == 0
    assert run([*asked, str(path), "--aspect", aspect]) == 0
    drawn, before = (ElementTree.parse(one).getroot() for one in (path, own))
    left, top, width, height = map(float, drawn.get("viewBox", "").split())
    _, _, own_width, own_height = map(float, before.get("viewBox", "").split())
    ratio = {"16:9": 16 / 9, "1:1": 1}[aspect]
    assert width / height == pytest.approx(ratio, rel=1e-3)
    assert width == pytest.approx(max(own_width, own_height * ratio), abs=0.01)
    assert left == pytest.approx((own_width - width) / 2, abs=0.01)
    assert top == pytest.approx((own_height - height) / 2, abs=0.01)
    assert float(drawn.get("width", 0)) == pytest.approx(254 / 25.4 * 96, abs=0.01)
    ground = drawn.find("{*}rect")
    assert ground is not None
    assert (float(ground.get("x", 1)), float(ground.get("y", 1))) == (left, top)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("suffix", [".svg", ".png", ".dot", ".tex", ".html"])
def test_every_other_format_is_written_too(net: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    fine = ["--dpi", "100"] if suffix == ".png" else []
    assert run(["graph", net, "-o", str(path), *fine]) == 0
    if suffix == ".png":
        width, height = Image.open(path).size
        assert 1.1 < width / height < 2.7
        return
    text = path.read_text()
    assert "layer1.0" in text
    assert net in text or suffix == ".dot"


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".dot", ".tex", ".html"])
def test_the_deepest_net_unfolded(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    assert run(["graph", "resnet1202", "--unfold", "-o", str(path)]) == 0
    if suffix == ".pdf":
        (page,) = PdfReader(path).pages
        assert max(page.mediabox.width, page.mediabox.height) < 14_400  # the limit of PDF
        assert "layer3.199" in page.extract_text()
        return
    assert "layer3.199" in path.read_text()


def test_a_very_large_png_is_as_fine_as_may_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.png"
    assert run(["graph", "resnet1202", "--unfold", "-o", str(path)]) == 0
    said = capsys.readouterr().err
    assert "the drawing was shrunk to fit the height of a page: the smallest text is 3." in said
    wide, tall = Image.open(path).size
    assert tall == pytest.approx(297 / 25.4 * 200, abs=1)
    huge = ["graph", "resnet1202", "--unfold", "-o", str(path), "--width-mm", "2000"]
    huge += ["--aspect", "16:9"]
    assert run(huge) == 0  # limited to 64 million pixels
    wide, tall = Image.open(path).size
    assert 60e6 < wide * tall <= 64e6
    assert run([*huge, "--dpi", "400"]) == 2
    error = capsys.readouterr().err
    assert "the limit is 64 million" in error
    most = error.rpartition("up to ")[2].split()[0]
    assert run([*huge, "--dpi", most]) == 0
    assert max(Image.open(io.BytesIO(path.read_bytes())).size) > 5_000


def test_narrower_and_taller_for_a_column(tmp_path: Path) -> None:
    wide, tall = tmp_path / "wide.pdf", tmp_path / "tall.pdf"
    run(["graph", "resnet152", "-o", str(wide), "--aspect", "3:1"])
    run(["graph", "resnet152", "-o", str(tall), "--aspect", "1:1", "--width-mm", "85"])
    boxes = [PdfReader(path).pages[0].mediabox for path in (wide, tall)]
    ratios = [float(box.width) / float(box.height) for box in boxes]
    assert ratios[0] > 2.2 > 1.4 > ratios[1]


@pytest.mark.parametrize("net", ["resnet18", "resnet50", "resnet152", "preresnet1001"])
@pytest.mark.parametrize("level", ["stage", "block", "layer"])
@pytest.mark.parametrize("width", [85, 170, 254])
def test_a_width_on_paper_wraps_to_legible_rows_within_a_page(
    net: str, level: str, width: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.svg"
    asked = ["graph", net, "-o", str(path), "--level", level, "--width-mm", str(width)]
    assert run(asked) == 0
    picture = ElementTree.parse(path).getroot()
    _, _, wide, tall = map(float, picture.get("viewBox", "").split())
    assert tall / wide * width < 297  # mm, the height of A4
    smallest = 12 / wide * width * 72 / 25.4
    assert smallest <= 8.01 * magnification(width)
    if width == SLIDE_MM and level != "layer":
        assert tall / wide <= 9 / 16 + 0.001
        assert smallest >= 12
    if level == "layer":  # a block's layers are in one row
        assert ("smallest text" in capsys.readouterr().err) == (
            smallest < 6.95 * magnification(width)
        )
    else:
        assert smallest >= 6.8
    for node in picture.iterfind(f".//{SVG}rect"):
        if node.get("x"):
            assert 0 <= float(node.get("x", 0)) <= wide - float(node.get("width", 0))


def test_words_before_a_scale_go_on_below_in_a_narrow_drawing() -> None:
    ends = ("test error with only this block out, % ", "0", "97.4")
    narrow, wide = key_of((), ends, 204, 28), key_of((), ends, 900, 28)
    assert narrow.words[:3] == (
        ((28, 16), "test error with only this"),
        ((28, 37), "block out, %"),
        ((28, 58), "0"),
    )
    assert max(at + text_width(text, 13) for (at, _), text in narrow.words) < 204
    assert wide.words[0] == ((28, 16), "test error with only this block out, %")
    assert narrow.height == wide.height + 42  # a line of words more, and the scale below them


def test_what_stands_below_a_narrow_drawing_is_not_cut() -> None:
    drawn = graph(profile(parse("resnet20")))
    every, ends = (
        entries(list(ShortcutKind), drawn.nodes, drawn.notes),
        ("saved memory per box: ", "0 B", "12.3 MB"),
    )
    assert [entry.text for entry in every] == [
        "identity shortcut",
        "projection shortcut",
        "zero-pad shortcut",
        "no shortcut",
        "addition",
        "n equal blocks",
        "stem: 3×3, 16",
        "head: avg pool, fc 10",
    ]
    narrow = key_of(every, ends, 250, 60)
    assert [name.sample[1] for name in narrow.names] == [12, 33, 54, 75, 75, 96, 96, 117]
    assert [name.text for name in narrow.names if name.sample[0] != 28] == [
        "addition",
        "stem: 3×3, 16",
    ]
    for name in narrow.names:
        assert name.words[0] + text_width(name.text, 13) < 250
    (label, said), (zero, low), (end, high) = narrow.words
    assert (said, low, high) == ("saved memory per box:", "0 B", "12.3 MB")
    assert label[0] == zero[0] == 28  # below each other
    assert zero[1] == end[1] == label[1] + 21  # both ends beside the scale
    assert zero[0] + text_width(low, 13) < narrow.scale[0]
    assert narrow.scale[0] + narrow.length < end[0]
    assert end[0] + text_width(high, 13) < 250
    assert narrow.height == 6 * 21 + 21 + 24 + 8
    wide = key_of(every, ends, 1_400, 60)
    assert {name.sample[1] for name in wide.names} == {12}
    (label, said), (zero, low), (end, _) = wide.words
    assert (said, low) == ("saved memory per box:", "0 B")
    assert label[0] + text_width(said, 13) < zero[0] < wide.scale[0]
    assert wide.names[0].sample[0] == label[0] == 60
    assert label[1] == end[1]
    assert wide.height == 21 + 24 + 8
    assert key_of((), (), 1_400, 60).height == 0
