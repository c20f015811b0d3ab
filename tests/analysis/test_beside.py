"""Several networks in one drawing on one scale, and VGG-19 from its published layers."""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from pypdf import PdfReader

import analysis
from analysis.__main__ import run
from analysis.drawing import vgg
from analysis.drawing.beside import Beside
from analysis.drawing.diagram import small_text
from analysis.drawing.dot import dot
from analysis.drawing.graph import Level, graph
from analysis.drawing.heat import Metric, heat_of
from analysis.drawing.key import entries_of, key_of
from analysis.drawing.parts import TEXT, Graph, Heading, Kind, Labels, Layout
from analysis.drawing.svg import svg
from analysis.drawing.tikz import tikz
from analysis.drawing.viewer import html, view
from analysis.gradients.twins import plain_twin
from analysis.style.fonts import text_width
from analysis.style.look import Look
from nets import parse
from tests.analysis.test_figures import assert_apart, printed
from tests.analysis.test_tikz import assert_balanced

SVG = "{http://www.w3.org/2000/svg}"


def row(*texts: str, vgg19: bool = False) -> Beside:
    return Beside(tuple(analysis.profile(parse(text)) for text in texts), vgg19)


FIGURE = row("plain34", "resnet34", vgg19=True)
"""He et al. 2015, Fig. 3."""


def flow(picture: Graph, name: str = "") -> set[tuple[str, str]]:
    """Return the steps and shortcuts of one network, without its name."""
    steps = [(edge.source, edge.target) for edge in picture.edges]
    steps += [(line.source, line.target) for line in picture.shortcuts]
    pairs = [(a, b) for a, b in steps if a.startswith(name)]
    assert all(b.startswith(name) for _, b in pairs)
    return {(a.removeprefix(name), b.removeprefix(name)) for a, b in pairs}


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("unfold", [False, True])
def test_each_network_is_what_it_is_alone(layout: Layout, level: Level, unfold: bool) -> None:
    picture = FIGURE.graph(level, unfold, arranged=layout)
    for name in ("plain34", "resnet34"):
        alone = flow(graph(analysis.profile(parse(name)), level, unfold))
        found = flow(picture, f"{name}/")
        if layout is Layout.COLUMN and level is not Level.LAYER:  # the stem's pooling is separate
            first = next(b for a, b in alone if a == "stem")
            alone -= {("input", "stem"), ("stem", first)}
            alone |= {("input", "conv1"), ("conv1", "maxpool"), ("maxpool", first)}
        assert found == alone
    if layout is Layout.COLUMN:
        assert_apart(picture)


@pytest.mark.parametrize(("width", "most"), [(85, 240), (170, 200)])
def test_the_papers_figure_is_legible_on_one_page(width: float, most: float) -> None:
    for both in (row("plain34", "resnet34"), FIGURE):
        picture = both.graph(width_mm=width)
        found = printed(picture, width)
        in_rows = not both.vgg19 and width > 85
        assert picture.layout is (Layout.ROWS if in_rows else Layout.COLUMN)
        assert found.text_pt >= 7
        assert found.tall_mm <= most + 0.01
    rows = printed(FIGURE.graph(width_mm=170, arranged=Layout.ROWS), 170)
    assert rows.text_pt >= 7
    assert rows.tall_mm <= 155


BOTTLENECKS = ("resnet50", "resnet101", "resnet152")


@pytest.mark.parametrize(
    ("texts", "layout", "text_pt"),
    [
        (("plain34", "resnet34"), Layout.ROWS, 7.38),
        (("resnet34", "resnet50"), Layout.ROWS, 7.38),
        (BOTTLENECKS, Layout.COLUMN, 6.7),
        (("resnet18", "preresnet164"), Layout.ROWS, 7.38),
        (("resnet101", "plain44", "seresnet101"), Layout.ROWS, 7),
        (("resnet50d", "mmseg_r50_d8", "preresnet200"), Layout.ROWS, 7),
    ],
)
def test_networks_fit_a_page_in_columns_or_else_in_rows(
    texts: tuple[str, ...], layout: Layout, text_pt: float
) -> None:
    picture = row(*texts).graph(width_mm=170)
    assert picture.layout is layout
    found = printed(picture, 170)
    assert found.tall_mm <= 200.01
    assert found.text_pt >= text_pt - 0.001


@pytest.mark.parametrize("pair", [("plain56", "resnet56"), ("plain20", "resnet20")])
def test_two_networks_on_a_page_are_in_whatever_is_lower(pair: tuple[str, ...]) -> None:
    drawn = row(*pair).graph(width_mm=170)
    ways = [row(*pair).graph(width_mm=170, arranged=way) for way in Layout]
    assert drawn.layout is Layout.ROWS
    assert printed(drawn, 170).tall_mm == min(printed(one, 170).tall_mm for one in ways)


@pytest.mark.parametrize("width", [None, 170, 254])
@pytest.mark.parametrize("level", Level)
def test_equal_stages_below_each_other_are_aligned(level: Level, width: float | None) -> None:
    for texts in (("plain34", "resnet34"), ("plain56", "resnet56"), ("resnet34", "resnet50")):
        drawn = row(*texts).graph(level, width_mm=width, arranged=Layout.ROWS)
        _, second = drawn.headings
        bands: list[list[tuple[str, float, float]]] = [[], []]
        for band in drawn.bands:
            bands[band.y > second.y].append((band.stage, round(band.x, 6), round(band.width, 6)))
        assert bands[0] == bands[1]
        boxes: list[dict[str, float]] = [{}, {}]
        for node in drawn.nodes:
            if node.kind is not Kind.ADD:
                path = node.path.partition("/")[2]
                boxes[node.y > second.y][path] = node.x - node.width / 2
        if level is Level.BLOCK:
            assert boxes[0] == pytest.approx(boxes[1])


def test_a_small_pair_is_told_what_helps() -> None:
    pair = row("plain34", "resnet34")
    said = small_text(lambda width: pair.graph(width_mm=width), Look(width_mm=254))
    assert said.endswith("small for a slide: draw each network alone")

    fixed = small_text(lambda width: pair.graph(width_mm=width), Look(width_mm=254), is_fixed=True)
    assert f"{fixed}: draw each network alone" == said
    narrow = small_text(lambda width: pair.graph(width_mm=width), Look(width_mm=60), is_fixed=True)
    assert "draw" not in narrow


@pytest.mark.parametrize(
    ("draw", "width"),
    [
        (
            lambda mm: graph(
                analysis.profile(parse("resnet50")),
                Level.LAYER,
                width_mm=mm,
                labels=Labels.BOTH,
                figures=True,
            ),
            170,
        ),
        (lambda mm: FIGURE.graph(width_mm=mm, figures=True), 170),
        (lambda mm: graph(analysis.profile(parse("resnet50")), Level.LAYER, width_mm=mm), 85),
    ],
)
def test_the_advised_width_is_wide_enough(draw: Callable[..., Graph], width: float) -> None:
    said = small_text(draw, Look(width_mm=width))
    advised = re.search(r"use ([\d,]+) mm", said)
    assert advised
    assert small_text(draw, Look(width_mm=float(advised[1].replace(",", "")))) == ""


def test_numbers_in_boxes_leave_the_figure_low() -> None:
    picture = FIGURE.graph(width_mm=170, figures=True)
    found = printed(picture, 170, FIGURE.heat(Metric.MACS))
    assert picture.layout is Layout.COLUMN
    assert found.tall_mm <= 200.01
    assert found.text_pt >= 6


def test_a_layout_that_is_asked_for_is_drawn() -> None:
    for layout in Layout:
        drawn = row("resnet18", "preresnet164").graph(width_mm=170, arranged=layout)
        assert drawn.layout is layout


def test_the_two_convolutions_of_a_block_take_one_line_on_a_page() -> None:
    labels = {node.id: node.label for node in FIGURE.graph(width_mm=170).nodes}
    assert labels["resnet34/layer1.0"] == "3×3, 64; 3×3, 64"
    assert labels["resnet34/layer2.0"] == "3×3, 128 /2; 3×3, 128"
    assert labels["plain34/layer2.1"] == "3×3, 128; 3×3, 128"
    column = {node.id: node.label for node in FIGURE.graph(width_mm=85).nodes}
    assert column["resnet34/layer2.0"] == "3×3, 128 /2\n3×3, 128"
    deep = {node.id: node.label for node in row(*BOTTLENECKS).graph(width_mm=170).nodes}
    assert deep["resnet50/layer2.0"] == "1×1, 128\n3×3, 128 /2\n1×1, 512"


@pytest.mark.parametrize("text", ["resnet18", "resnet20", "resnet34", "resnet50", "resnet152"])
def test_two_networks_on_a_wall_have_text_of_24_px(text: str) -> None:
    """Their names are beside the first bands, clear of these and of the boxes below."""
    picture = row(str(plain_twin(parse(text))), text).graph(
        arranged=Layout.ROWS, aspect=2.1, fits=True, tight=True
    )
    key = key_of(entries_of(picture), (), picture.width, picture.margin).height
    assert picture.small * min(1206 / picture.width, 575 / (picture.height + key)) >= 24
    assert len(picture.headings) == 2
    for heading in picture.headings:
        band = next(band for band in picture.bands if band.y + 17 == heading.y)
        assert heading.x + text_width(heading.text, TEXT) < band.x
        below = [node.y - node.height / 2 for node in picture.nodes if node.y > heading.y]
        assert min(below) > heading.y


def test_a_long_name_is_above_its_network() -> None:
    pair = row("resnet18:shortcut=none:unit=full_preact:se=16", "resnet18")
    picture = pair.graph(arranged=Layout.ROWS, aspect=2.1, fits=True, tight=True)
    tops = [picture.bands[0].y, next(b.y for b in picture.bands if b.y > picture.headings[1].y)]
    assert [top - head.y for top, head in zip(tops, picture.headings, strict=True)] == [6, 6]


def over_lanes(picture: Graph) -> list[Heading]:
    """Return the headings of a drawing in columns without that of its bands."""
    return [heading for heading in picture.headings if heading.anchor == "middle"]


@pytest.mark.parametrize("width_mm", [85, 170])
def test_a_heading_says_what_the_sizes_of_bands_are(width_mm: float) -> None:
    picture = FIGURE.graph(width_mm=width_mm)
    sizes, first, *_ = picture.headings
    assert sizes.text == "output size"
    assert sizes.x == picture.bands[0].x + 8
    assert sizes.y == first.y < picture.bands[0].y
    ends = sizes.x + text_width(sizes.text, TEXT)
    assert ends + 8 < first.x - text_width(first.text, TEXT) / 2
    rows = row("plain34", "resnet34").graph(width_mm=170)
    assert [heading.text for heading in rows.headings] == ["Plain-34", "ResNet-34"]


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("model", ["resnet20:unit=full_preact:se=4", "resnet34", "resnet152"])
def test_that_heading_is_apart_from_the_first_networks_name(model: str, level: Level) -> None:
    spec = parse(model)
    picture = row(str(plain_twin(spec)), model).graph(level, arranged=Layout.COLUMN)
    first = next(one for one in picture.headings if one.anchor == "middle")
    start = first.x - text_width(first.text, TEXT) / 2
    for sizes in (one for one in picture.headings if one.anchor == "start"):
        assert sizes.x + text_width(sizes.text, TEXT) + 6 < start


def test_a_phone_shows_columns_or_one_network_below_the_other() -> None:
    most = 356 * 13 / 12
    for text in ("resnet18", "resnet34", "resnet50", "resnet152", "resnet1202"):
        pair = row(str(plain_twin(parse(text))), text)
        picture = pair.upright(Level.BLOCK, False, None, False, most)
        assert picture.width <= most
        assert picture.small == TEXT
        assert len({heading.y for heading in over_lanes(picture)}) == 1
    found = FIGURE.upright(Level.BLOCK, False, None, False, most)
    assert found.layout is Layout.COLUMN
    assert found.width <= most
    assert [heading.text for heading in found.headings] == ["VGG-19", "Plain-34", "ResNet-34"]
    for heading, name in zip(found.headings, ("vgg19", "plain34", "resnet34"), strict=True):
        own = [n.y for n in found.nodes if n.path.startswith(f"{name}/")]
        assert heading.y < min(own)
        assert not [h for h in found.headings if min(own) < h.y < max(own)]
    assert_apart(found)


def test_equal_sizes_stand_in_one_band() -> None:
    picture = FIGURE.graph(width_mm=170)
    sizes = ["224×224", "112×112", "56×56", "28×28", "14×14", "7×7", "1×1"]
    assert [band.title for band in picture.bands] == sizes
    inside: dict[tuple[str, str], list[str]] = defaultdict(list)
    tops: dict[str, set[float]] = defaultdict(set)
    for band in picture.bands:
        nodes = [n for n in picture.nodes if band.y < n.y < band.y + band.height]
        for network in ("vgg19", "plain34", "resnet34"):
            mine = [node for node in nodes if node.path.startswith(f"{network}/")]
            inside[network, band.title] = [
                node.path.partition("/")[2] for node in mine if node.kind is not Kind.ADD
            ]
            tops[band.title].add(mine[0].y - mine[0].height / 2)
    assert all(len(found) == 1 for found in tops.values())
    assert inside["vgg19", "224×224"] == ["input", "conv1_1", "conv1_2"]
    assert inside["vgg19", "56×56"] == ["pool2", "conv3_1", "conv3_2"]
    assert inside["vgg19", "7×7"] == ["pool5"]
    assert inside["vgg19", "1×1"] == ["fc6", "fc7", "fc8"]
    for network in ("plain34", "resnet34"):
        assert inside[network, "224×224"] == ["input"]
        assert inside[network, "112×112"] == ["conv1"]
        assert inside[network, "56×56"] == ["maxpool", "layer1.0", "layer1.1"]
        assert inside[network, "7×7"] == ["layer4.0", "layer4.1"]
        assert inside[network, "1×1"] == ["head"]
    heads = [(heading.text, heading.x) for heading in over_lanes(picture)]
    assert [text for text, _ in heads] == ["VGG-19", "Plain-34", "ResNet-34"]
    for (_, x), network in zip(heads, ("vgg19", "plain34", "resnet34"), strict=True):
        axis = {n.x for n in picture.nodes if n.path.startswith(f"{network}/")}
        assert axis == {x}
    first = min(node.x - node.width / 2 for node in picture.nodes)
    assert all(band.x + 8 + text_width(band.title, 12) < first for band in picture.bands)


def test_networks_of_other_sizes_share_no_band() -> None:
    picture = row("resnet20", "resnet18").graph()
    assert [band.title for band in picture.bands] == [
        "224×224",
        "112×112",
        "56×56",
        "32×32",
        "28×28",
        "16×16",
        "14×14",
        "8×8",
        "7×7",
        "1×1",
    ]


def test_boxes_say_operations_unless_paths_are_asked_for() -> None:
    labels = {node.id: node.label for node in FIGURE.graph().nodes}
    assert labels["resnet34/layer2.0"] == "3×3, 128 /2\n3×3, 128"
    assert labels["resnet34/conv1"] == "7×7, 64 /2"
    assert labels["vgg19/conv5_1"] == "3×3, 512"
    paths = {node.id: node.label for node in FIGURE.graph(labels=Labels.PATH).nodes}
    assert paths["resnet34/layer2.1"] == "layer2.1 to 2.3 ×3"
    assert paths["vgg19/conv5_1"] == "conv5_1 to 5_4 ×4"
    both = {node.id: node.label for node in FIGURE.graph(labels=Labels.BOTH).nodes}
    assert both["vgg19/conv1_1"] == "conv1_1\n3×3, 64"


def test_vgg19_is_as_it_was_published() -> None:
    """Parameters and multiply-adds match those that torchvision publishes for `vgg19`."""
    layers = list(vgg.layers())
    assert [layer.output[0] for layer in layers] == [
        *(64, 64, 128, 128, 256, 256, 256, 256),
        *([512] * 8),
        *(4096, 4096, 1000),
    ]
    assert sum(layer.params for layer in layers) == 143_667_240
    macs = sum(layer.macs for layer in layers)
    assert macs == 19_632_062_464
    assert round(macs / 1e9, 3) == 19.632
    counts = {}
    for unfold in (False, True):
        picture = FIGURE.graph(unfold=unfold)
        mine = [node for node in picture.nodes if node.path.startswith("vgg19/conv")]
        counts[unfold] = [node.count for node in mine]
    assert counts == {False: [1, 1, 1, 1, 1, 3, 1, 3, 4], True: [1] * 16}
    detail = next(n.detail for n in FIGURE.graph().nodes if n.path == "vgg19/conv3_1")
    assert detail == (
        "Conv2d, 128×56×56 to 256×56×56, 295,168 parameters, 924,844,032 MACs, from Simonyan and "
        "Zisserman 2015, Table 1"
    )


VGG = {Metric.MACS: 19_632_062_464, Metric.PARAMS: 143_667_240, Metric.ACTIVATIONS: 14_852_096}


@pytest.mark.parametrize("metric", VGG)
@pytest.mark.parametrize("level", Level)
def test_heat_is_of_all_on_one_scale(metric: Metric, level: Level) -> None:
    heat = FIGURE.heat(metric)
    for layout in Layout:
        picture = FIGURE.graph(level, arranged=layout, figures=True)
        sums: dict[str, float] = defaultdict(float)
        for node in picture.nodes:
            sums[node.path.partition("/")[0]] += heat.of(node) or 0
        for name, profile in FIGURE.by_name().items():
            assert sums[name] == getattr(profile, metric)
        assert sums["vgg19"] == VGG[metric]
        assert svg(picture, heat=heat).count('class="scale"') == 1
    for missing in (Metric.SAVED_BYTES, Metric.BYTES_MOVED):
        with pytest.raises(ValueError, match=f"published layers, .* include {missing.label}"):
            FIGURE.heat(missing)
    alone = heat_of(FIGURE.profiles[1], metric)
    one = FIGURE.heat_of_one(FIGURE.profiles[1], alone)
    assert {path.partition("/")[0] for path in one.values} == {"resnet34"}


def test_dot_has_a_cluster_for_each_network() -> None:
    text = dot(FIGURE.graph())
    labels = ("VGG-19", "Plain-34", "ResNet-34")
    assert [text.count(f'label="{label}"') for label in labels] == [1, 1, 1]
    names = re.findall(r"subgraph (\S+) \{", text)
    assert len(names) == len(set(names)) == 3 + 2 * 4
    assert '"resnet34/layer1.0" -> "resnet34/layer1.0.add"' in text
    assert text.count('class="shortcut') == 8  # one per run


def test_tikz_names_the_networks() -> None:
    tex = tikz(FIGURE.graph(width_mm=170))
    for name in (r"VGG-\/19", r"Plain-\/34", r"ResNet-\/34"):
        assert rf"{{{{\bfseries\boldmath {name}}}}};" in tex
    assert_balanced(tex)


def test_the_viewer_knows_every_node_and_opens_none() -> None:
    picture = FIGURE.graph()
    known = view(picture, FIGURE.by_name(), svg(picture))
    assert known["upright"]
    assert list(known["nodes"]) == [node.id for node in picture.nodes]
    assert not any(node["opens"] for node in known["nodes"].values())
    run = known["nodes"]["resnet34/layer2.1"]
    assert (run["network"], run["title"]) == ("ResNet-34", "layer2.1 to 2.3 ×3")
    assert known["nodes"]["vgg19/fc6"]["network"] == "VGG-19"
    assert list(known["networks"]) == ["plain34/", "resnet34/"]
    assert known["networks"]["plain34/"]["blocks"]["layer3"] == 6
    facts = known["facts"][run["facts"]]
    assert facts["what"] == "identity shortcut"
    stem = known["facts"][known["nodes"]["resnet34/conv1"]["facts"]]
    assert stem["what"] == "Conv2d, BatchNorm2d, ReLU"
    assert ("Parameters", "9.54 k", "9,536") in stem["rows"]
    assert "Simonyan" in known["facts"][known["nodes"]["vgg19/fc6"]["facts"]]["what"]
    document = html(FIGURE.by_name(), {"block": picture}, "block")
    data = re.search(r'id="data">(.*?)</script>', document, re.S)
    assert data
    assert set(json.loads(data[1])["views"]) == {"block"}


ASKED = ["graph", "plain34", "resnet34", "--beside", "vgg19"]


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png", ".dot", ".tex", ".html"])
def test_every_format_is_written(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"fig3{suffix}"
    assert run([*ASKED, "-o", str(path), "--width-mm", "85"]) == 0
    if suffix == ".pdf":
        (page,) = PdfReader(path).pages
        assert float(page.mediabox.width) == pytest.approx(85 / 25.4 * 72, abs=0.1)
        assert float(page.mediabox.height) <= 240.1 / 25.4 * 72
        assert "VGG-19" in page.extract_text()
    elif suffix == ".png":
        width, height = Image.open(path).size
        assert width < height
    else:
        text = path.read_text()
        assert "resnet34/layer2.0" in text
        assert "vgg19/conv3_1" in text


def test_rows_stand_below_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    assert run([*ASKED, "-o", str(path), "--layout", "rows", "--width-mm", "170"]) == 0
    root = ElementTree.parse(path).getroot()
    heads = root.findall(f".//{SVG}text[@class='heading']")
    assert [head.text for head in heads] == ["VGG-19", "Plain-34", "ResNet-34"]
    tops = [float(head.get("y", 0)) for head in heads]
    assert tops == sorted(tops)
    ends = [
        max(float(n[1].get("y", 0)) for n in nodes)
        for nodes in (
            root.findall(f".//{SVG}g[@data-path='{name}/head']")
            or root.findall(f".//{SVG}g[@data-path='{name}/fc8']")
            for name in ("vgg19", "plain34", "resnet34")
        )
    ]
    assert ends[0] < tops[1] < ends[1] < tops[2] < ends[2]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["resnet18", "resnet18"], "'resnet18' is given twice: name different networks"),
        (["resnet18", "resnet34", "resnet50", "plain18"], "two or three networks, not 4"),
        (
            ["resnet18", "resnet34", "resnet50", "--beside", "vgg19"],
            "a drawing shows two or three networks, not 4",
        ),
        (["resnet18", "plain18", "--block", "layer1.0"], "--block draws one block of one network"),
        (["resnet18", "--block", "layer1.0", "--labels", "path"], "leave out .*--labels"),
        (
            ["resnet18", "--beside", "vgg19", "--heat", "saved_bytes"],
            "VGG-19 is drawn from its published layers",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(
    asked: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["graph", *asked, "-o", str(tmp_path / "a.svg")]) == 2
    error = capsys.readouterr().err
    assert re.search(said, error)
    assert error.count("\n") == 1
    assert not (tmp_path / "a.svg").exists()


def test_labels_and_layout_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"

    def drawn(*asked: str) -> str:
        assert run(["graph", "resnet34", "-o", str(path), *asked]) == 0
        return path.read_text()

    assert ">layer2.1 to 2.3 ×3<" in drawn()
    assert ">3×3, 128<" in drawn("--width-mm", "85")
    assert ">layer2.1 to 2.3 ×3<" in drawn("--width-mm", "170", "--labels", "path")
    both = drawn("--labels", "both")
    assert ">layer2.1 to 2.3<" in both
    assert ">3×3, 128<" in both
    column = ElementTree.fromstring(drawn("--layout", "column"))
    _, _, wide, tall = map(float, column.get("viewBox", "").split())
    assert wide < tall / 3
    assert ">layer2.0<" not in drawn("--no-labels")


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (("plain34", "resnet34"), ["Plain-34", "ResNet-34"]),
        (("resnet50:shortcut=none", "resnet50"), ["plain, 50 layers", "residual, 50 layers"]),
        (
            ("resnet50", "resnet50:unit=full_preact"),
            ["original", "full pre-activation"],
        ),
    ],
)
def test_headings_tell_networks_apart(texts: tuple[str, ...], names: list[str]) -> None:
    picture = row(*texts).graph(arranged=Layout.ROWS)
    assert [heading.text for heading in picture.headings] == names
    heads = over_lanes(row(*texts).graph())
    lines = {x: [h.text for h in heads if h.x == x] for x in {h.x for h in heads}}
    said = ["".join(lines[x]).replace(" ", "") for x in sorted(lines)]
    assert said == [name.replace(" ", "") for name in names]
