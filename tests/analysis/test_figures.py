"""Figures for a paper: their size, their text, what boxes say, rows and columns."""

import re
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

import analysis
from analysis.costs.profiles import Profile
from analysis.drawing.beside import Beside
from analysis.drawing.diagram import LEGIBLE_PT
from analysis.drawing.dot import dot
from analysis.drawing.drawn import Drawn, graph_of
from analysis.drawing.graph import Level, block_graph, graph
from analysis.drawing.heat import Heat, Metric, Per, heat_of
from analysis.drawing.key import entries_of
from analysis.drawing.marks import Warm, lines_of, numbered
from analysis.drawing.parts import SMALL, TEXT, Graph, Kind, Labels, Layout, Node
from analysis.drawing.spacing import PAPER, SCREEN, TIGHT
from analysis.drawing.svg import svg
from analysis.gradients.twins import other_twin
from analysis.style.fonts import text_width
from analysis.style.look import Look, magnification
from analysis.style.palette import LIGHT
from nets import CATALOG, parse
from nets.plan import paper_name
from nets.spec import ResNetSpec
from tests.analysis.test_graph import drawn, traced
from tests.strategies import specs

SVG = "{http://www.w3.org/2000/svg}"
NETS = ("resnet18", "resnet34", "resnet50", "resnet152", "resnet1202", "plain34", "preresnet164")
DILATED = "resnext50_32x4d:dilate=0,1,1"


def counted(text: str) -> Profile:
    return analysis.profile(parse(text))


class Printed(NamedTuple):
    """A drawing on paper: its height, its smallest text and its largest."""

    tall_mm: float
    text_pt: float
    most_pt: float


def printed(picture: Graph, width_mm: float, heat: Heat | None = None) -> Printed:
    root = ElementTree.fromstring(svg(picture, Look(width_mm=width_mm), heat))
    _, _, wide, tall = map(float, root.get("viewBox", "").split())
    usual = float(root.get("font-size", 0))
    sizes = [float(text.get("font-size", usual)) for text in root.iter(f"{SVG}text")]
    assert min(sizes) == SMALL
    pt = width_mm * 72 / 25.4 / wide
    return Printed(tall / wide * width_mm, min(sizes) * pt, max(sizes) * pt)


@pytest.mark.parametrize(("width", "most"), [(85, 120), (170, 70)])
@pytest.mark.parametrize("text", ["resnet18", "resnet34", "plain34", "resnet50", "resnet152"])
def test_a_folded_net_fits_a_column_and_a_page(text: str, width: float, most: float) -> None:
    found = printed(graph(counted(text), width_mm=width), width)
    assert found.tall_mm <= most + 0.01
    assert 7 <= found.text_pt <= 8.001


@pytest.mark.parametrize("text", ["resnet18", "resnet34", "resnet50"])
def test_by_layers_a_net_fits_a_page(text: str) -> None:
    profile = counted(text)
    for heat in (None, heat_of(profile, Metric.MACS)):
        picture = graph(profile, Level.LAYER, width_mm=170, figures=heat is not None)
        found = printed(picture, 170, heat)
        assert found.tall_mm <= 160.01
        assert 7 <= found.text_pt <= 8.001


@pytest.mark.parametrize("text", ["resnet18", "resnet34", "resnet20", "plain34"])
def test_by_layers_a_net_fits_a_column(text: str) -> None:
    found = printed(graph(counted(text), Level.LAYER, width_mm=85), 85)
    assert found.tall_mm <= 160.5
    assert 6.99 <= found.text_pt <= 8.001
    warm = graph(counted(text), Level.LAYER, width_mm=85, figures=True)
    assert printed(warm, 85, heat_of(counted(text), Metric.MACS)).text_pt >= 6.99


@pytest.mark.parametrize("block", ["layer1.0", "layer1.1", "layer4.0"])
def test_a_block_on_a_slide_is_as_large_as_its_row_allows(block: str) -> None:
    found = printed(block_graph(counted("resnet50"), block, 254), 254)
    assert 11.5 <= found.text_pt <= 14.5
    assert found.tall_mm <= 143


@pytest.mark.parametrize("text", ["resnet152", "resnet50", "resnet101", "resnet56"])
def test_a_stage_in_several_rows_is_spread_evenly(text: str) -> None:
    nodes = graph(counted(text), unfold=True, width_mm=170).nodes
    rows = Counter((node.path.split(".")[0], node.y) for node in nodes if node.kind is Kind.BLOCK)
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        counts = [count for (name, _), count in rows.items() if name == stage]
        assert not counts or max(counts) - min(counts) <= 1


def test_every_way_to_label_a_folded_net_is_legible() -> None:
    for text in (*NETS, DILATED, "resnet50:unit=full_preact"):
        for width in (85, 170):
            for labels in Labels:
                found = printed(graph(counted(text), width_mm=width, labels=labels), width)
                assert found.text_pt >= 6.99, (text, width, labels)
                assert found.most_pt <= 8.001, (text, width, labels)
                most = 120 if width == 85 else 70
                assert found.tall_mm <= most + 0.01, (text, width, labels)


@pytest.mark.parametrize("width", [85, 170])
@pytest.mark.parametrize("level", Level)
def test_no_text_on_paper_is_larger_than_8_pt_but_a_title(level: Level, width: float) -> None:
    for text in ("resnet18", "resnet34", "resnet50", "plain34", "resnet20:blocks=1,1,1"):
        for arranged in Layout:
            picture = graph(counted(text), level, width_mm=width, arranged=arranged)
            assert printed(picture, width).most_pt <= 8.001, (text, arranged)
            root = ElementTree.fromstring(svg(picture, Look(width_mm=width, title="A title")))
            (size,) = (
                float(one.get("font-size", 0)) * width * 72 / 25.4 / picture.width
                for one in root.iter(f"{SVG}text")
                if one.text == "A title"
            )
            assert size <= 9, (text, arranged)


def test_no_row_of_boxes_leaves_more_than_a_fifth_of_the_width_empty() -> None:
    """Rows of nets by layers, whose last row holds only the head, and folded ones in a column."""
    for text, level, width in (
        ("resnet34", Level.LAYER, 170),
        ("resnet34", Level.LAYER, 85),
        ("resnet50", Level.LAYER, 170),
        ("resnet34", Level.BLOCK, 85),
        ("resnet50", Level.BLOCK, 85),
        ("resnet110", Level.BLOCK, 85),
    ):
        picture = graph(counted(text), level, width_mm=width)
        ends: dict[float, float] = {}
        for edge in picture.edges:
            end, y = edge.points[-1]
            node = next(one for one in picture.nodes if one.id == edge.target)
            ends[y] = max(ends.get(y, 0), end + node.width)
        assert min(ends.values()) >= 0.795 * picture.width, (text, level, width)


def said(picture: Graph) -> dict[str, str]:
    """Return what every box says: its lines, and the text beside them."""
    boxes = (node for node in picture.nodes if node.kind is not Kind.ADD)
    return {n.path: "|".join(filter(None, (*n.lines, n.beside))) for n in boxes}


def test_boxes_say_paths_operations_or_both() -> None:
    profile = counted("resnet34")
    paths = said(graph(profile))
    assert paths == said(graph(profile, labels=Labels.PATH))
    assert paths["layer2.0"] == "layer2.0"
    assert paths["layer2.1"] == "layer2.1 to 2.3 ×3"
    assert (paths["stem"], paths["head"]) == ("stem", "head")
    operations = said(graph(profile, labels=Labels.OPERATIONS))
    assert operations == {
        "input": "3×224×224",
        "stem": "7×7, 64 /2|max pool /2",
        "layer1.0": "3×3, 64|3×3, 64",
        "layer1.1": "3×3, 64|3×3, 64|×2",
        "layer2.0": "3×3, 128 /2|3×3, 128",
        "layer2.1": "3×3, 128|3×3, 128|×3",
        "layer3.0": "3×3, 256 /2|3×3, 256",
        "layer3.1": "3×3, 256|3×3, 256|×5",
        "layer4.0": "3×3, 512 /2|3×3, 512",
        "layer4.1": "3×3, 512|3×3, 512|×2",
        "head": "avg pool|fc 1000",
    }
    for width in (85.0, 170.0):
        assert said(graph(profile, width_mm=width)) == operations
    both = said(graph(profile, labels=Labels.BOTH))
    assert both["layer2.0"] == "layer2.0|3×3, 128 /2|3×3, 128"
    assert both["layer2.1"] == "layer2.1 to 2.3|3×3, 128|3×3, 128|×3"
    assert both["stem"] == "stem|7×7, 64 /2|max pool /2"


def test_a_stage_says_what_its_blocks_compute() -> None:
    profile = counted("resnet50")
    stages = said(graph(profile, Level.STAGE, labels=Labels.OPERATIONS))
    assert stages["layer1"] == "1×1, 64|3×3, 64|1×1, 256|×3"
    assert stages["layer2"] == "1×1, 128|3×3, 128 (first /2)|1×1, 512|×4"
    assert said(graph(profile, Level.STAGE))["layer2"] == "layer2 ×4"
    both = said(graph(profile, Level.STAGE, labels=Labels.BOTH))
    assert both["layer2"] == "layer2|1×1, 128|3×3, 128 (first /2)|1×1, 512|×4"
    once = said(graph(counted("resnet50:blocks=1,1,1,1"), Level.STAGE, labels=Labels.OPERATIONS))
    assert once["layer2"] == "1×1, 128|3×3, 128 /2|1×1, 512|×1"


def test_layers_say_what_they_compute_unless_paths_are_asked_for() -> None:
    profile = counted("resnet34")
    usual = said(graph(profile, Level.LAYER))
    assert usual["layer2.0.conv1"] == "3×3, 128 /2"
    assert usual["layer2.0.bn1"] == "BN"
    assert said(graph(profile, Level.LAYER, width_mm=170)) == usual
    paths = said(graph(profile, Level.LAYER, labels=Labels.PATH))
    assert paths["layer2.0.conv1"] == "layer2.0.conv1"
    both = said(graph(profile, Level.LAYER, labels=Labels.BOTH))
    assert both["layer2.0.conv1"] == "layer2.0.conv1|3×3, 128 /2"


def test_a_run_that_lists_operations_says_its_count_in_every_format() -> None:
    picture = graph(counted("resnet34"), labels=Labels.OPERATIONS)
    root = ElementTree.fromstring(svg(picture))
    (run,) = root.findall(f".//{SVG}g[@data-path='layer3.1'][@data-count='5']/[{SVG}rect]")
    texts = [(text.text, text.get("font-weight")) for text in run.iterfind(f"{SVG}text")]
    assert texts == [("3×3, 256", None), ("3×3, 256", None), ("×5", "600")]
    assert r'"layer3.1" [label="3×3, 256\n3×3, 256\n×5" class="node run"' in dot(picture)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("labels", Labels)
@pytest.mark.parametrize("width", [None, 85, 170])
def test_everything_said_fits_its_box(labels: Labels, layout: Layout, width: float | None) -> None:
    for text in ("resnet34", "resnet152", "preresnet164", "plain34", DILATED):
        profile = counted(text)
        for level in Level:
            for figures in (False, True):
                picture = graph(
                    profile,
                    level,
                    width_mm=width,
                    labels=labels,
                    arranged=layout,
                    figures=figures,
                )
                heat = heat_of(profile, Metric.MACS)
                hot = heat if figures else None
                for node in picture.nodes:
                    if node.kind is not Kind.ADD:
                        assert_fits(node, hot)
                    if figures and labels is not Labels.PATH and heat.of(node):
                        assert len(lines_of(node, hot)) > len(node.lines) or node.inner


def assert_fits(node: Node, heat: Heat | None) -> None:
    lines = lines_of(node, heat)
    for line in lines:
        half = text_width(line.text, line.size) / 2
        assert abs(line.x - node.x) + half <= node.width / 2 - 2.9, line
        assert node.y - node.height / 2 + 0.7 * line.size < line.base
        assert line.base < node.y + node.height / 2 - 2.9
    for one, other in pairwise(line for line in lines if not line.bold):
        assert other.base - one.base >= 11  # lines don't touch


@pytest.mark.parametrize("width", [None, 85, 120, 170])
@pytest.mark.parametrize("level", Level)
def test_no_row_leaves_a_side_empty(level: Level, width: float | None) -> None:
    for text in (*NETS, "resnet101", "wrn28_10", "resnet20"):
        for unfold in (False, True):
            if unfold and level is Level.LAYER and text == "resnet1202":
                continue  # like the rows of blocks, only more of them
            picture = graph(counted(text), level, unfold, width_mm=width)
            rows = rows_of(picture)
            for nodes in rows:
                left = min(node.x - node.width / 2 for node in nodes)
                right = max(node.x + node.width / 2 for node in nodes)
                assert left <= picture.width / 5, (text, unfold)
                blocks = {node.path.split(".add")[0] for node in nodes if "layer" in node.path}
                ends = nodes is rows[-1] or (len(blocks) < 2 and level is Level.BLOCK)
                if not ends and blocks:  # the stem, one block and the last row may be short
                    assert right >= picture.width * 4 / 5 - 14.01, (text, unfold)
            rights = [node.x + node.width / 2 for nodes in rows for node in nodes]
            assert max(rights) >= picture.width * 0.85


@pytest.mark.parametrize("width", [None, 85, 120, 170, 254])
@pytest.mark.parametrize("level", Level)
def test_rows_are_equally_full(level: Level, width: float | None) -> None:
    """The emptiest row is 0.8 as full as the fullest wherever the number of its boxes permits it.

    It does unless the row would be shorter even with all arrows outside its blocks as long as they
    may become: a gap, and twice the doubled gap before a stage.
    """
    close = level is Level.LAYER and width not in (120, 170)
    spacing = SCREEN if width is None else TIGHT if close else PAPER
    longest = 3 * spacing.gap + 2 * spacing.stage_gap
    for name in CATALOG if level is Level.BLOCK else NETS:
        picture = graph(counted(name), level, width_mm=width)
        rows = rows_of(picture)
        ends = [nodes[-1].x + nodes[-1].width / 2 + nodes[-1].depth for nodes in rows]
        full = max(ends) - picture.margin
        for nodes, end in zip(rows, ends, strict=True):
            if end - picture.margin < 0.8 * full:
                outside = (
                    max(longest - gap, 0.0)
                    for one, other, gap in gaps_of(nodes)
                    if "layer" not in one.path or "layer" not in other.path
                )
                assert end - picture.margin + sum(outside) < 0.8 * full, (name, nodes[0].path)


@pytest.mark.parametrize("text", ["resnet20", "resnet110", "resnet1202"])
def test_smaller_text_avoids_a_very_long_arrow(text: str) -> None:
    """On a slide layer2 had a row of its own, with an arrow of up to 75 mm between its blocks."""
    picture = graph(counted(text), width_mm=254)
    rows = rows_of(picture)
    assert [(nodes[0].path, nodes[-1].path) for nodes in rows] == [
        ("input", "layer1.1"),
        ("layer2.0", "head"),
    ]
    gaps = [gap for nodes in rows for _, _, gap in gaps_of(nodes)]
    assert max(gaps) / picture.width * 254 < 32
    assert printed(picture, 254).text_pt > LEGIBLE_PT * magnification(254)


@pytest.mark.parametrize("text", ["plain20", "plain56", "plain110"])
def test_a_plain_stack_breaks_where_its_rows_are_most_alike(text: str) -> None:
    """Its second row had just layer3 and the head, beside a full first row."""
    first, last = rows_of(graph(counted(text), width_mm=170))
    assert first[-1].path.startswith("layer1")
    assert last[0].path.startswith("layer2")
    assert min(first[-1].x, last[-1].x) > 0.75 * max(first[-1].x, last[-1].x)


def rows_of(picture: Graph) -> list[list[Node]]:
    """Return the nodes on the main path, by row."""
    rows: dict[float, list[Node]] = defaultdict(list)
    past = {name for line in picture.shortcuts for name in line.via}
    for node in picture.nodes:
        if node.id not in past:
            rows[node.y].append(node)
    return list(rows.values())


def gaps_of(nodes: list[Node]) -> list[tuple[Node, Node, float]]:
    """Return the neighbours in a row, with the distance between them."""
    return [
        (one, other, other.x - other.width / 2 - one.x - one.width / 2 - one.depth)
        for one, other in pairwise(nodes)
    ]


@pytest.mark.parametrize("unfold", [False, True])
@pytest.mark.parametrize("width", [None, 85, 170, 254])
@pytest.mark.parametrize("text", ["resnet18", "resnet50", "resnet152", "resnet1202"])
def test_a_block_is_as_wide_in_every_row(text: str, width: float | None, unfold: bool) -> None:
    if unfold and text == "resnet1202":
        return
    rows = rows_of(graph(counted(text), unfold=unfold, width_mm=width))
    to_add = [gap for row in rows for _, other, gap in gaps_of(row) if other.kind is Kind.ADD]
    assert len(rows) > 1
    assert max(to_add) - min(to_add) < 1e-6


def test_blocks_and_stages_of_a_row_are_close() -> None:
    """They were up to 57 mm apart, to fill the row."""
    wide, apart = (
        graph(counted("resnet1202"), width_mm=170),
        graph(counted("plain56"), width_mm=170),
    )
    for picture in (wide, apart):
        gaps = [gap for row in rows_of(picture) for _, _, gap in gaps_of(row)]
        assert max(gaps) / picture.width * 170 <= 27
    first, last = rows_of(wide)
    assert last[-1].path == "head"
    assert min(first[-1].x, last[-1].x) > 0.75 * wide.width  # no side is empty


@pytest.mark.parametrize("text", ["resnet18", "resnet34", "resnet50", "resnet152"])
def test_in_a_column_blocks_of_different_rows_are_aligned(text: str) -> None:
    rows = rows_of(graph(counted(text), width_mm=85))[1:]
    assert len(rows) == 4
    assert len({round(row[0].width, 6) for row in rows}) == 1
    assert len({round(row[1].x, 6) for row in rows}) == 1  # the first additions
    assert len({round(row[2].x, 6) for row in rows[:-1]}) == 1


@pytest.mark.parametrize("layout", Layout)
def test_the_main_path_ends_in_arrow_heads(layout: Layout) -> None:
    picture = graph(counted("resnet50"), arranged=layout)
    path = ElementTree.fromstring(svg(picture)).find(f".//{SVG}g[@class='main-path']")
    assert path is not None
    assert len(path) == len(picture.edges)
    for edge, line in zip(picture.edges, path, strict=True):
        (x1, y1), tip, (x2, y2) = edge.head
        assert tip == edge.points[-1]
        (before_x, before_y), (x, y) = edge.points[-2:]
        if before_y == y:
            assert x1 == x2 < x  # pointing to the right
            assert (y1 + y2) / 2 == pytest.approx(y)
        else:
            assert y1 == y2 < y
            assert (x1 + x2) / 2 == pytest.approx(x)
            assert before_x == x
        assert re.search(r"M\S+ \S+L\S+ \S+L\S+ \S+$", line.get("d", ""))


def assert_shafts(picture: Graph) -> None:
    """Every arrow on the main path has a shaft, and no shortcut leaves on its head."""
    nodes = {node.id: node for node in picture.nodes}
    heads = {}
    for edge in picture.edges:
        (x1, y1), (x2, y2) = edge.points[-2:]
        (wing_x, wing_y), (x, y), _ = edge.head
        long = y - wing_y if x1 == x2 else x - wing_x
        assert abs(x2 - x1) + abs(y2 - y1) >= 1.5 * long - 1e-6
        heads[edge.target] = long
        source, (x, y) = nodes[edge.source], edge.points[0]
        out = x - source.x - source.width / 2, y - source.y - source.height / 2
        assert source.depth in (pytest.approx(out[0]), pytest.approx(out[1]))
    for line in picture.shortcuts:
        if line.unit or line.source not in heads:
            continue
        box = nodes[line.source]
        starts = (line.points[0], line.inset[0]) if line.count > 1 else (line.points[0],)
        for x, y in starts:
            before = box.y - box.height / 2 - y if x == box.x else box.x - box.width / 2 - x
            assert before >= heads[line.source] + 1  # half of its width


@pytest.mark.parametrize("width", [None, 85.0, 170.0, 254.0])
@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("text", NETS)
def test_every_arrow_has_a_shaft(text: str, layout: Layout, width: float | None) -> None:
    for level in Level:
        assert_shafts(graph(counted(text), level, width_mm=width, arranged=layout))


@pytest.mark.parametrize("text", ["resnet34", "resnet50", "resnet152"])
@pytest.mark.parametrize("labels", [Labels.BOTH, Labels.OPERATIONS])
def test_labels_on_a_wall_have_24_px(text: str, labels: Labels) -> None:
    picture = graph(counted(text), aspect=2.1, labels=labels, fits=True, tight=True)
    drawn = svg(picture)
    assert set(map(float, re.findall(r'font-size="([\d.]+)"', drawn))) == {TEXT}
    assert TEXT * 1206 / picture.width >= 24
    run = next(node for node in picture.nodes if node.path == "layer1.1")
    assert (run.lines[0], run.beside) == {
        Labels.BOTH: ("1.1 to 1.2 ×2", ""),
        Labels.OPERATIONS: (run.lines[0], "×2"),
    }[labels]


@pytest.mark.parametrize("figures", [False, True])
@pytest.mark.parametrize("tight", [False, True])
def test_every_arrow_on_a_wall_has_a_shaft(tight: bool, figures: bool) -> None:
    profile = counted("resnet50")
    assert_shafts(graph(profile, unfold=tight, fits=True, tight=tight, figures=figures))


@pytest.mark.parametrize("figures", [False, True])
@pytest.mark.parametrize("tight", [False, True])
def test_the_shortcut_of_a_run_on_a_wall_is_apart_from_the_addition_before_it(
    tight: bool, figures: bool
) -> None:
    picture = graph(counted("resnet50"), fits=True, tight=tight, figures=figures)
    nodes = {node.id: node for node in picture.nodes}
    before = {edge.target: nodes[edge.source] for edge in picture.edges}
    apart = []
    for line in picture.shortcuts:
        previous = before[line.source]
        if line.count > 1:
            assert previous.kind is Kind.ADD
            apart.append(line.points[0][0] - previous.x - previous.width / 2)
    assert len(apart) == 4
    assert min(apart) == pytest.approx(6)


@pytest.mark.parametrize("width", [None, 85.0, 170.0])
def test_the_second_line_of_a_run_ends_at_the_first_before_its_arrowhead(
    width: float | None,
) -> None:
    for level in (Level.BLOCK, Level.LAYER):
        picture = graph(counted("resnet50"), level, width_mm=width, arranged=Layout.ROWS)
        for line in (line for line in picture.shortcuts if line.count > 1):
            (corner, top), (_, tip) = line.points[2:]
            (x, y) = line.inset[-1]
            assert (x, y) == (corner - 1, top + 4)
            assert y + 2 < line.head[0][1] < tip


@settings(max_examples=25)
@given(specs())
def test_a_column_is_the_network_too(spec: ResNetSpec) -> None:
    profile = analysis.profile(spec, batch=4)
    picture = graph(profile, Level.LAYER, unfold=True, arranged=Layout.COLUMN)
    assert drawn(picture) == traced(spec)
    for level in Level:
        assert_apart(graph(profile, level, arranged=Layout.COLUMN))


def assert_apart(picture: Graph) -> None:
    """Nothing overlaps or is outside, and shortcuts run beside the main path."""
    boxes = sorted(
        (n.y - n.height / 2, n.x - n.width / 2, n.height, n.width) for n in picture.nodes
    )
    for i, (y, x, height, width) in enumerate(boxes):
        assert 0 <= x <= x + width <= picture.width
        assert 0 <= y <= y + height <= picture.height
        for other_y, other_x, _, other_width in boxes[i + 1 :]:
            if other_y >= y + height:
                break
            assert x + width <= other_x or other_x + other_width <= x
    nodes = {node.id: node for node in picture.nodes}
    for line in picture.shortcuts:
        if line.unit:
            continue
        assert line.is_upright
        source, add = nodes[line.source], nodes[line.target]
        (x, top), (beside, _), _, end = line.points
        assert x == source.x
        assert top < source.y - source.height / 2
        assert end == (add.x + add.width / 2, add.y)
        inside = [n for n in picture.nodes if n.x == x and top < n.y < add.y]
        assert all(beside > node.x + node.width / 2 for node in inside)
        assert beside <= picture.width
    down = [edge.points for edge in picture.edges]
    assert all(x1 == x2 and y1 < y2 for (x1, y1), (x2, y2) in down)


@pytest.mark.parametrize("text", ["resnet34", "resnet50", "preresnet164", "plain34", DILATED])
def test_a_column_is_narrow_and_its_titles_are_beside_its_path(text: str) -> None:
    for labels in (Labels.PATH, Labels.OPERATIONS):
        picture = graph(counted(text), labels=labels, arranged=Layout.COLUMN)
        assert picture.width <= 390  # the width of a phone, at which text has 12 px
        axis = picture.nodes[0].x
        for band in picture.bands:
            assert band.x + 8 + text_width(band.title, SMALL) < axis
            assert band.x + band.width - 8 - text_width(band.shape, SMALL) > axis
        boxes = said(picture)
        if text == DILATED and labels is Labels.OPERATIONS:
            assert boxes["layer3.1"] == "1×1, 512|3×3, 512, 32 groups, dilation 2|1×1, 1024|×5"
    assert "rankdir=TB" in dot(picture)
    assert "rankdir=LR" in dot(graph(counted(text)))


def test_a_column_says_the_count_beside_the_shortcut_of_a_run() -> None:
    picture = graph(counted("resnet34"), Level.LAYER, arranged=Layout.COLUMN)
    folded = [line for line in picture.shortcuts if line.count > 1]
    assert [line.count for line in folded] == [2, 3, 5, 2]
    for line in folded:
        (x, y), anchor = line.count_at
        assert anchor == "start"
        assert x > line.points[1][0]
        assert line.points[0][1] < y < line.points[3][1]
        assert x + text_width(f"×{line.count}", 13) < picture.width
        assert all(line.points[0][1] < at < line.points[3][1] for _, at in line.inset)
        (start, _), *_, (end, _) = line.inset  # from the main path, and back to the addition
        assert start == line.points[0][0]
        assert start < end < line.points[3][0]


def test_the_key_says_what_signs_mean() -> None:
    def key(picture: Graph) -> list[str]:
        root = ElementTree.fromstring(svg(picture))
        return [str(t.text) for t in root.iterfind(f".//{SVG}g[@class='legend']/{SVG}text")]

    shortcuts = ["identity shortcut", "projection shortcut"]
    stem = ["stem: 7×7, 64 /2, max pool /2", "head: avg pool, fc 1000"]
    profile = counted("resnet34")
    assert key(graph(profile)) == [*shortcuts, "addition", "n equal blocks", *stem]
    assert key(graph(profile, width_mm=85)) == [*shortcuts, "addition", "n equal blocks"]
    assert key(graph(profile, unfold=True, width_mm=85)) == [*shortcuts, "addition"]
    assert key(graph(profile, Level.STAGE, width_mm=85)) == [
        *shortcuts,
        "stage of n blocks",
        "blocks by shortcut",
    ]
    layers = [*shortcuts, "addition", "×n: n equal blocks, drawn once"]
    assert key(graph(profile, Level.LAYER)) == layers
    assert key(graph(counted("plain34"), width_mm=85)) == ["n equal blocks"]


def test_bands_on_paper_say_shapes_and_notes() -> None:
    """No edge shows them there."""
    for text in (*NETS, DILATED, "resnet18:blocks=1,1,1,1"):
        for width in (85, 170):
            for level in Level:
                picture = graph(counted(text), level, width_mm=width)
                assert not any(edge.label for edge in picture.edges)
                texts = [
                    t.text
                    for t in ElementTree.fromstring(svg(picture)).iterfind(
                        f".//{SVG}g[@class='band']/{SVG}text"
                    )
                ]
                for band in picture.bands:
                    assert band.shape in texts, (text, width, level)
                    if ", continued" not in band.title:
                        assert band.note in band.title, (text, width, level)


def test_an_unfolded_net_has_as_many_shortcuts_in_a_column() -> None:
    picture = graph(counted("resnet152"), unfold=True, arranged=Layout.COLUMN)
    kinds = Counter(line.kind.value for line in picture.shortcuts)
    assert kinds == {"identity": 46, "projection": 4}
    assert replace(picture, parts=()) == picture


@pytest.mark.parametrize("text", ["resnet34", "resnet50", "plain34", "seresnet50", "preresnet164"])
@pytest.mark.parametrize("path", ["layer1.1", "layer2.0"])
def test_a_block_alone_is_legible_in_a_column_and_on_a_page(text: str, path: str) -> None:
    profile = counted(text)
    narrow = block_graph(profile, path, 85)
    is_long = text == "seresnet50"
    assert narrow.layout is (Layout.COLUMN if is_long else Layout.ROWS)
    column, page = block_graph(profile, path, 85, Layout.COLUMN), block_graph(profile, path, 170)
    assert_apart(column)
    assert len(rows_of(page)) == 1
    assert is_long or len(rows_of(narrow)) == 2
    for picture, width, most in ((narrow, 85, 122 if is_long else 45), (page, 170, 36)):
        found = printed(picture, width)
        assert 6.99 <= found.text_pt <= 8.001
        assert found.tall_mm <= most
        assert_shafts(picture)
    for layout in Layout:
        assert block_graph(profile, path, 85, layout).layout is layout
    assert said(page) == said(narrow) == said(column) == said(block_graph(profile, path))


@pytest.mark.parametrize(
    "text", ["resnet18", "resnet34", "plain34", "resnet50", "resnet152", "preresnet164"]
)
@pytest.mark.parametrize("metric", Metric)
def test_a_graph_with_numbers_fits_a_column_and_a_page(text: str, metric: Metric) -> None:
    profile = counted(text)
    heat = heat_of(profile, metric)
    for width, most in ((85, 110), (170, 70)):
        picture = graph(profile, width_mm=width, figures=True)
        found = printed(picture, width, heat)
        assert found.tall_mm <= most + 0.01
        assert 7 <= found.text_pt <= 8.001
        warm = Warm.of(picture, heat, LIGHT)
        for node in picture.nodes:
            if node.count > 1 and node.kind is not Kind.ADD:
                lines = " ".join(line.text for line in lines_of(node, warm.heat))
                assert lines.count(f"×{node.count} ") + lines.endswith(f"×{node.count}") == 1


@pytest.mark.parametrize("text", ["resnet18", "resnet34", "resnet20", "resnet50", "wrn28_10"])
@pytest.mark.parametrize("metric", Metric)
def test_by_layers_on_paper_every_box_has_its_number(text: str, metric: Metric) -> None:
    """A wider box costs text where a block is one row on all of the paper's width."""
    usual = Drawn(parse(text), Level.LAYER, figures=True)
    heat = heat_of(counted(text), metric)
    for width, most in ((85, 185), (170, 160.01), (254, 143.01)):
        picture = numbered(
            lambda mm, least: graph_of(replace(usual, smallest=least), mm), heat, width
        )
        assert missing(picture, heat) == []
        found = printed(picture, width, heat)
        assert found.tall_mm <= most
        assert found.text_pt >= (6.99 if text != "resnet50" or width > 85 else 5)
    twins = replace(usual, twin=other_twin(usual.spec))
    assert twins.pair
    hot = twins.pair.heat(metric)
    picture = numbered(lambda mm, least: graph_of(replace(twins, smallest=least), mm), hot, 170)
    assert missing(picture, hot) == []


def missing(picture: Graph, heat: Heat) -> list[str]:
    """Return the paths of boxes that have a number and don't say it."""
    told = {
        node.path: {line.text for line in lines_of(node, heat, small=picture.small)}
        for node in picture.nodes
        if heat.of(node)
    }
    return [
        node.path
        for node in picture.nodes
        if node.path in told and told[node.path].isdisjoint(heat.figures(node))
    ]


@pytest.mark.parametrize("width", [None, 85, 170, 254])
@pytest.mark.parametrize("path", ["layer1.1", "layer4.0"])
def test_in_a_block_every_box_has_its_number(path: str, width: float | None) -> None:
    profile = counted("resnet50")
    for metric in Metric:
        heat = heat_of(profile, metric)

        def draw(width_mm: float | None, least: float) -> Graph:
            return block_graph(profile, path, width_mm, None, True, least)

        picture = numbered(draw, heat, width)
        assert missing(picture, heat) == []
        if width:
            assert printed(picture, width, heat).text_pt >= 6.99
            assert_shafts(picture)


@pytest.mark.parametrize("text", ["resnet20", "resnet50"])
@pytest.mark.parametrize("width", [85, 170, None])
def test_both_ends_of_the_scale_are_labelled(text: str, width: float | None) -> None:
    profile = counted(text)
    for per in Per:
        heat = replace(heat_of(profile, Metric.SAVED_BYTES), per=per)
        picture = graph(profile, width_mm=width, figures=True)
        root = ElementTree.fromstring(svg(picture, Look(width_mm=width), heat))
        (scale,) = root.iterfind(f".//{SVG}g[@class='scale']")
        bars = list(scale.iter(f"{SVG}rect"))
        label, low, high = scale.iter(f"{SVG}text")
        start = float(bars[0].get("x", 0))
        end = float(bars[-1].get("x", 0)) + float(bars[-1].get("width", 0))
        folds = " (×n: all n blocks)" if per is Per.BOX and width == 170 else ""
        assert label.text == f"saved memory per {per}{folds}:"
        assert float(label.get("x", 0)) + text_width(label.text, 13) < start
        assert low.text == "0 B"
        assert start - 20 < float(low.get("x", 0)) + text_width(low.text, 13) < start
        assert end < float(high.get("x", 0))  # on one line
        assert float(high.get("x", 0)) + text_width(str(high.text), 13) < picture.width
        assert end - start >= 80


@pytest.mark.parametrize("text", ["plain18", "resnet50", "resnet1202", "preresnet1001"])
def test_no_stage_begins_with_a_single_block_at_the_end_of_a_row(text: str) -> None:
    profile = counted(text)
    pictures = [graph(profile, aspect=aspect, fits=True) for aspect in (0.7, 1, 16 / 9, 2.2, 3)]
    pictures += [graph(profile, width_mm=width) for width in (None, 85, 170)]
    for picture in pictures:
        rows: dict[float, list[str]] = defaultdict(list)
        for node in picture.nodes:
            if node.kind is not Kind.ADD:
                rows[node.y].append(node.path)
        for paths in rows.values():
            if len(paths) > 1 and paths[-1].endswith(".0"):
                stage = paths[-1].partition(".")[0]
                assert paths[-2].startswith(stage), paths


@pytest.mark.parametrize("text", ["resnet18", "resnet34", "resnet50", "preresnet164", "resnet20"])
@pytest.mark.parametrize("width", [85, 170])
def test_by_layers_every_part_of_a_stage_has_its_full_name(text: str, width: float) -> None:
    picture = graph(counted(text), Level.LAYER, width_mm=width)
    begun: set[str] = set()
    for band in picture.bands:
        named = " · ".join(filter(None, (band.stage, paper_name(parse(text), band.stage))))
        assert band.title.startswith(f"{named}, continued" if band.stage in begun else named)
        begun.add(band.stage)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resnet50", ""),
        ("seresnet50", "every block: SE (ratio 16)"),
        ("resnet50:unit=full_preact:norm=group", "every block: full pre-activation, GN"),
        ("resnet20:activation=elu", "every block: ELU"),
        ("wrn28_10:dropout=0.3", "every block: full pre-activation, dropout 0.3"),
    ],
)
def test_what_boxes_of_blocks_cannot_show_is_in_the_legend(text: str, says: str) -> None:
    def said(level: Level, labels: Labels) -> list[str]:
        drawn = graph(counted(text), level, labels=labels)
        return [entry.text for entry in entries_of(drawn) if entry.text.startswith("every block")]

    for labels in Labels:
        assert said(Level.BLOCK, labels) == said(Level.STAGE, labels) == [says] * bool(says)
        assert said(Level.LAYER, labels) == []  # their layers show it


def test_headings_tell_networks_of_different_blocks_apart() -> None:
    def said(*texts: str) -> list[str]:
        drawn = Beside(tuple(map(counted, texts))).graph()
        return [entry.text for entry in entries_of(drawn) if entry.text.startswith("every block")]

    assert said("resnet50", "seresnet50") == []
    assert said("preresnet110", "preresnet164") == ["every block: full pre-activation"]


def test_a_legend_without_labels_explains_none() -> None:
    drawn = graph(counted("resnet50"))
    assert [entry.text for entry in entries_of(drawn, labels=False)] == [
        "identity shortcut",
        "projection shortcut",
        "addition",
        "n equal blocks",
    ]
    bare = svg(drawn, Look(labels=False, shapes=False, legend=False))
    texts = [text.text for text in ElementTree.fromstring(bare).iter(f"{SVG}text")]
    assert texts == ["3×224×224", "×2", "×3", "×5", "×2"]
    assert "stem: 7×7" not in svg(drawn, Look(labels=False))


@pytest.mark.parametrize(("width", "most"), [(85, 120), (170, 70)])
@pytest.mark.parametrize("text", ["resnet18", "resnet50", "resnet152", "resnet20"])
def test_stages_fit_a_column_and_a_page(text: str, width: float, most: float) -> None:
    found = printed(graph(counted(text), Level.STAGE, width_mm=width), width)
    assert found.tall_mm < most + 0.5
    assert 6.9 < found.text_pt < 8.1


@pytest.mark.parametrize("text", ["resnet18", "resnet34", "resnet50", DILATED])
@pytest.mark.parametrize("level", [Level.STAGE, Level.BLOCK])
def test_stages_are_named_alike(text: str, level: Level) -> None:
    """All with the paper's name or none, also where only some have room for it."""
    for width in (None, 85, 170):
        for fits in (False, True) if width is None else (False,):
            drawing = graph(counted(text), level, width_mm=width, fits=fits)
            assert (
                len({paper_name(parse(text), band.stage) in band.title for band in drawing.bands})
                == 1
            )


@pytest.mark.parametrize("text", ["preresnet110", "resnext50_32x4d", "resnet20:shortcut=none"])
def test_a_stage_of_two_boxes_stays_in_one_row_of_a_column(text: str) -> None:
    picture = graph(analysis.profile(parse(text)), width_mm=85, labels=Labels.BOTH)
    stages = [band.stage for band in picture.bands]
    assert len(stages) == len(set(stages))
