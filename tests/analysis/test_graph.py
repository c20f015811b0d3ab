"""The graph matches the built network, and every shortcut is drawn in its place."""

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import fx, nn

import analysis
from analysis.costs.profiles import Profile
from analysis.drawing.caption import counts_in_words
from analysis.drawing.dot import dot
from analysis.drawing.graph import Level, block_graph, graph, openable
from analysis.drawing.heat import Heat, Metric, Per, heat_of
from analysis.drawing.marks import Warm, lines_of
from analysis.drawing.parts import SMALL, Graph, Kind, Labels, Layout
from analysis.drawing.svg import svg
from analysis.style.fonts import text_width
from analysis.style.look import Look
from analysis.style.numbers import short
from analysis.style.palette import (
    CIVIDIS,
    DARK,
    GREYS,
    LIGHT,
    PRINT,
    Palette,
    contrast,
    heat_colour,
)
from nets import build, parse
from nets.blocks import SqueezeExcitation
from nets.options import Shortcut, UnitOrder
from nets.plan import ShortcutKind
from nets.spec import ResNetSpec
from tests.conftest import Golden
from tests.strategies import specs

SVG = "{http://www.w3.org/2000/svg}"

COUNTS = {
    "resnet18": {"identity": 5, "projection": 3},
    "resnet34": {"identity": 13, "projection": 3},
    "resnet50": {"identity": 12, "projection": 4},
    "resnet20": {"identity": 7, "zero_pad": 2},
    "resnet34_c": {"projection": 16},
    "plain34": {},
}


def counted(text: str) -> Profile:
    return analysis.profile(parse(text))


class EveryLayer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, SqueezeExcitation) or not list(m.children())


def traced(spec: ResNetSpec) -> set[tuple[str, str]]:
    """Return which layer's output goes into which layer, according to torch.fx."""
    flow = set()
    for node in EveryLayer().trace(build(spec, "meta")).nodes:
        for source in node.all_input_nodes:
            if node.op == "call_module":
                name = source.target if source.op == "call_module" else "input"
                flow.add((name, node.target))
    return flow


def drawn(picture: Graph) -> set[tuple[str, str]]:
    """Return the same according to the graph; an identity is a module without a box."""
    flow = {(edge.source, edge.target) for edge in picture.edges}
    before = {edge.target: edge.source for edge in picture.edges}
    for line in picture.shortcuts:
        via = line.via
        if line.kind is ShortcutKind.IDENTITY:
            via = (f"{line.path}.downsample",)
        flow |= set(pairwise([before[line.source], *via, line.target]))
    return flow


@settings(max_examples=60)
@given(specs())
def test_the_layers_are_what_torch_traces(spec: ResNetSpec) -> None:
    profile = analysis.profile(spec, batch=4)
    assert drawn(graph(profile, Level.LAYER, unfold=True)) == traced(spec)


@pytest.mark.parametrize("unit", UnitOrder)
@pytest.mark.parametrize("shortcut", Shortcut)
@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_every_unit_and_shortcut_is_what_torch_traces(
    unit: UnitOrder, shortcut: Shortcut, block: str
) -> None:
    spec = parse(f"resnet20:unit={unit}:shortcut={shortcut}:block={block}")
    picture = graph(analysis.profile(spec), Level.LAYER, unfold=True)
    assert drawn(picture) == traced(spec)
    additions = [node for node in picture.nodes if node.kind is Kind.ADD]
    assert len(additions) == (0 if shortcut is Shortcut.NONE else 9)


@pytest.mark.parametrize("text", COUNTS)
def test_the_svg_holds_every_shortcut_by_its_class(text: str) -> None:
    root = ElementTree.fromstring(svg(graph(counted(text), Level.BLOCK, unfold=True)))
    groups = [g for g in root.iter(f"{SVG}g") if "shortcut" in g.get("class", "").split()]
    kinds = Counter(g.get("class", "").split()[1] for g in groups)
    assert kinds == COUNTS[text]
    assert all(g.find(f"{SVG}path") is not None for g in groups)


@pytest.mark.parametrize("text", [*COUNTS, "preresnet164", "resnet152"])
@pytest.mark.parametrize("level", [Level.BLOCK, Level.LAYER])
def test_a_shortcut_joins_its_blocks_input_to_its_addition(text: str, level: Level) -> None:
    picture = graph(counted(text), level, unfold=True)
    nodes = {node.id: node for node in picture.nodes}
    incoming = {edge.target: edge for edge in picture.edges}
    lines = ElementTree.fromstring(svg(picture)).iter(f"{SVG}g")
    paths = [
        (g.get("data-path"), g[1].get("d", ""))
        for g in lines
        if "shortcut" in g.get("class", "").split()
    ]
    assert [path for path, _ in paths] == [line.path for line in picture.shortcuts]
    for line, (_, d) in zip(picture.shortcuts, paths, strict=True):
        numbers = [float(n) for n in re.findall(r"-?[0-9.]+", d)]
        start, end = tuple(numbers[:2]), tuple(numbers[-2:])
        first, add = nodes[line.source], nodes[line.target]
        assert first.path.startswith(line.path)
        (x1, y1), (x2, y2) = incoming[line.source].points[-2:]
        assert start[1] == pytest.approx(y1) == pytest.approx(y2)
        assert x1 <= start[0] < x2 <= first.x
        assert end == pytest.approx((add.x, add.y - add.height / 2), abs=0.01)
        assert add.path == line.path
        assert add.kind is Kind.ADD


@settings(max_examples=60)
@given(specs())
def test_nothing_overlaps_and_nothing_is_outside(spec: ResNetSpec) -> None:
    profile = analysis.profile(spec, batch=4)
    for level in Level:
        picture = graph(profile, level)
        boxes = [(n.x - n.width / 2, n.y - n.height / 2, n.width, n.height) for n in picture.nodes]
        for x, y, width, height in boxes:
            assert 0 <= x <= x + width <= picture.width
            assert 0 <= y <= y + height <= picture.height
        for i, (x, y, width, height) in enumerate(boxes):
            for other_x, other_y, other_width, other_height in boxes[i + 1 :]:
                apart_x = x + width <= other_x or other_x + other_width <= x
                apart_y = y + height <= other_y or other_y + other_height <= y
                assert apart_x or apart_y
        for line in picture.shortcuts:
            assert all(0 <= x <= picture.width and y >= 0 for x, y in line.points)


def test_at_stage_level_a_shortcut_is_a_small_unit_in_its_stage() -> None:
    picture = graph(counted("resnet152"), Level.STAGE)
    stages = {node.path: node for node in picture.nodes if node.kind is Kind.STAGE}
    said = [(line.path, line.unit.words) for line in picture.shortcuts if line.unit]
    assert said == [
        (f"layer{stage}", words)
        for stage, identities in enumerate((2, 7, 35, 2), 1)
        for words in ("1 projection", f"{identities} identity")
    ]
    for line in picture.shortcuts:
        assert line.unit
        left, top, width, height = stages[line.path].panel
        points = (*line.points, *line.unit.path, line.unit.words_at)
        assert all(left < x < left + width and top < y < top + height for x, y in points)
        reach = left + width - line.unit.words_at[0]
        assert text_width(line.unit.words, SMALL) < reach - 4
        x, y = line.unit.add
        assert line.points[-1] == (x, y - line.unit.radius)  # like an arc at an addition
        assert line.points[0][1] == y == line.unit.path[0][1]
        on_path, box = line.unit.path, line.unit.box
        assert on_path[0][0] < line.points[0][0] < box[0] < box[0] + box[2] < x < on_path[1][0]

    root = ElementTree.fromstring(svg(picture))
    groups = [g for g in root.iter(f"{SVG}g") if "shortcut" in g.get("class", "").split()]
    counts: Counter[str] = Counter()
    for group in groups:
        counts[group.get("class", "").split()[1]] += int(group.get("data-count", 0))
        plus = group.find(f"{SVG}circle")
        assert plus is not None
    assert counts == {"identity": 46, "projection": 4}
    assert [group.findtext(f"{SVG}text") for group in groups] == [words for _, words in said]
    key = root.findall(f".//{SVG}g[@class='legend']/{SVG}text")
    assert [name.text for name in key] == [
        "identity shortcut",
        "projection shortcut",
        "stage of n blocks",
        "blocks by shortcut",
        "stem: 7×7, 64 /2, max pool /2",
        "head: avg pool, fc 1000",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resnet50", "avg pool\nfc 1000"),
        ("preresnet110", "BN, ReLU\navg pool\nfc 10"),
        ("resnet50:unit=full_preact", "BN, ReLU\navg pool\nfc 1000"),
        ("resnet50:unit=relu_preact", "ReLU\navg pool\nfc 1000"),
    ],
)
def test_a_head_says_what_follows_pre_activated_blocks(text: str, says: str) -> None:
    (head,) = (n for n in graph(counted(text), labels=Labels.OPERATIONS).nodes if n.path == "head")
    assert head.label == says


@pytest.mark.parametrize("text", ["resnet50", "resnet34_c", "plain34", "resnet1202"])
def test_the_row_of_a_stage_holds_its_box(text: str) -> None:
    for width in (None, 85.0, 170.0):
        picture = graph(counted(text), Level.STAGE, width_mm=width)
        nodes = {node.path: node for node in picture.nodes}
        for band in picture.bands:
            node = nodes[band.stage]
            assert band.y + 21 < node.y - node.height / 2  # below the band's title
            assert node.y + node.height / 2 + 6 < band.y + band.height
            around = [edge for edge in picture.edges if len(edge.points) > 2]
            ways = [edge.points[2][1] for edge in around]
            assert not any(band.y <= way <= band.y + band.height for way in ways)


def test_the_count_of_a_run_of_projections_is_not_under_them() -> None:
    picture = graph(counted("resnet34_c"), Level.LAYER)
    nodes = {node.id: node for node in picture.nodes}
    folded = [line for line in picture.shortcuts if line.count > 1]
    assert [line.count for line in folded] == [2, 3, 5, 2]
    for line in folded:
        first = nodes[line.via[0]]
        (x, _), anchor = line.count_at
        assert anchor == "middle"
        assert line.points[0][0] < x
        assert x + 14 < first.x - first.width / 2
        assert [nodes[name].count for name in line.via] == [line.count] * 2


def test_at_stage_level_dot_says_what_is_in_a_stage() -> None:
    text = dot(graph(counted("resnet20"), Level.STAGE))
    found = re.findall(r'"(layer\d)\.\w+" \[label="(.+?)" class="(.+?)"', text)
    assert found == [
        ("layer1", "3 identity", "shortcut identity"),
        ("layer2", "1 zero-pad", "shortcut zero_pad"),
        ("layer2", "2 identity", "shortcut identity"),
        ("layer3", "1 zero-pad", "shortcut zero_pad"),
        ("layer3", "2 identity", "shortcut identity"),
    ]
    assert re.findall(r"(\w+) -> (\w+)", text) == list(
        pairwise(["input", "stem", "layer1", "layer2", "layer3", "head"])
    )


DILATED = "resnext50_32x4d:dilate=0,1,1"


def test_a_convolution_says_its_groups_and_dilation() -> None:
    layers = {n.path: n for n in graph(counted(DILATED), Level.LAYER, unfold=True).nodes}
    for path, label in (
        ("layer1.1.conv1", "1×1, 128"),
        ("layer1.1.conv2", "3×3, 128, 32 groups"),
        ("layer2.0.conv2", "3×3, 256 /2, 32 groups"),
        ("layer3.1.conv2", "3×3, 512, 32 groups, dilation 2"),
        ("layer4.1.conv2", "3×3, 1024, 32 groups, dilation 4"),
    ):
        assert layers[path].label == label
    picture = graph(counted(DILATED), Level.LAYER)
    drawn = svg(picture)
    assert ">3×3, 128, 32 groups</text>" in drawn
    assert "layer4.1.conv2: Conv2d, 32 groups, dilation 4, 1024×28×28 to" in drawn
    assert 'label="3×3, 1024, 32 groups, dilation 4"' in dot(picture)
    assert 'tooltip="Conv2d, 32 groups, dilation 4, 1024×28×28 to' in dot(picture)
    plain = svg(graph(counted("resnet50"), Level.LAYER)) + svg(graph(counted("resnet50")))
    assert "groups" not in plain
    assert "dilation" not in plain


@pytest.mark.parametrize("level", [Level.STAGE, Level.BLOCK])
def test_a_stage_says_its_groups_and_dilation(level: Level) -> None:
    picture = graph(counted(DILATED), level)
    notes = {band.stage: band.note for band in picture.bands}
    assert notes["layer1"] == "32 groups"
    assert notes["layer3"] == "32 groups, dilation 1, then 2"
    assert notes["layer4"] == "32 groups, dilation 2, then 4"
    assert all(band.note in band.title for band in picture.bands)
    assert 'label="layer1 · conv2_x 256×56×56, 32 groups"' in dot(picture)
    tips = {node.id: node.detail for node in picture.nodes}
    if level is Level.STAGE:
        said = "1 projection and 5 identity shortcuts, 32 groups, dilation 1, then 2"
        assert tips["layer3"].endswith(said)
    else:
        assert tips["layer3.1"].endswith("identity shortcut, 32 groups, dilation 2")


@pytest.mark.parametrize("width", [None, 85, 170])
@pytest.mark.parametrize("level", Level)
def test_every_label_fits_its_box(level: Level, width: float | None) -> None:
    deepest = ("resnet152", "resnet1202", "preresnet1001", "wrn28_10", "plain110")
    for text in (*deepest, "resnext101_64x4d:dilate=1,1,1"):
        profile = counted(text)
        picture = graph(profile, level, width_mm=width)
        heat = heat_of(profile, Metric.SAVED_BYTES)
        for node in picture.nodes:
            if node.kind is not Kind.ADD:
                for hot in (None, heat):
                    for line in lines_of(node, hot):
                        half = text_width(line.text, line.size) / 2
                        assert abs(line.x - node.x) + half <= node.width / 2 - 3, (text, line)
                        assert node.y - node.height / 2 + 0.7 * line.size < line.base
                        assert line.base < node.y + node.height / 2 - 3


def test_folding_keeps_every_shortcut() -> None:
    profile = counted("resnet152")
    for level in Level:
        counts: Counter[ShortcutKind] = Counter()
        for line in graph(profile, level).shortcuts:
            counts[line.kind] += line.count
        assert counts == {ShortcutKind.IDENTITY: 46, ShortcutKind.PROJECTION: 4}
    picture = graph(profile)
    runs = [node for node in picture.nodes if node.kind is Kind.RUN]
    assert [run.count for run in runs] == [2, 7, 35, 2]
    assert "layer3.1 to 3.35 ×35" in svg(picture)
    assert 1.2 < picture.width / picture.height < 2.2


def test_what_is_opened_is_drawn_and_nothing_else() -> None:
    profile = counted("resnet50")
    folded = {node.id for node in graph(profile).nodes}

    opened = graph(profile, opened={"layer2.0"})
    layers = {node.id for node in graph(profile, Level.LAYER).nodes if "layer2.0." in node.id}
    assert {node.id for node in opened.nodes} == (folded - {"layer2.0"}) | layers
    (frame,) = opened.frames
    assert (frame.name, frame.title) == ("layer2.0", "layer2.0")
    for node in opened.nodes:
        within = frame.x < node.x < frame.x + frame.width
        within = within and frame.y < node.y < frame.y + frame.height
        assert within == node.path.startswith("layer2.0.") or node.id == "layer2.0.add"
        assert (node.inside == "layer2.0") == (node.id in layers)

    runs = graph(profile, opened={"layer3.all"})
    new = {f"layer3.{i}{end}" for i in range(2, 6) for end in ("", ".add")}
    assert {node.id for node in runs.nodes} == folded | new
    assert {n.inside for n in runs.nodes if n.path.startswith("layer3.")} == {"", "layer3.all"}

    stage = graph(profile, Level.STAGE, opened={"layer4"})
    assert [n.id for n in stage.nodes if n.path.startswith("layer4")] == [
        "layer4.0",
        "layer4.0.add",
        "layer4.1",
        "layer4.1.add",
    ]
    once = graph(profile, opened={"layer3.1"})
    assert once.frames[0].title == "layer3.1 to 3.5 ×5, drawn once"


@settings(max_examples=30)
@given(specs())
def test_with_every_block_opened_the_graph_is_still_the_net(spec: ResNetSpec) -> None:
    profile = analysis.profile(spec, batch=4)
    ends = {"stem", "head"}
    layers = drawn(graph(profile, Level.LAYER, unfold=True))
    opened = drawn(graph(profile, opened=openable(spec)))
    inner = {step for step in layers if all(name.startswith("layer") for name in step)}
    assert {step for step in opened if not ends & set(step)} == inner


def test_what_cannot_be_opened() -> None:
    with pytest.raises(ValueError, match=r"^'layer9' can't be opened: name a stage as layer1"):
        graph(counted("resnet18"), opened={"layer1", "layer9"})


@pytest.mark.parametrize("path", ["layer1.1", "layer2.0"])
def test_one_block(path: str) -> None:
    profile = counted("resnet50:unit=full_preact")
    picture = block_graph(profile, path)
    inside = {
        step
        for step in drawn(graph(profile, Level.LAYER, unfold=True))
        if all(name.startswith(f"{path}.") for name in step)
    }
    ends = {"input", "output"}
    assert {step for step in drawn(picture) if not ends & set(step)} == inside
    chips = [node.label for node in picture.nodes if node.id in ends]
    assert (
        chips
        == {
            "layer1.1": ["256×56×56", "256×56×56"],
            "layer2.0": ["256×56×56", "512×28×28"],
        }[path]
    )


def test_no_such_block() -> None:
    with pytest.raises(
        ValueError, match=r"^'layer1\.9' is not a block of resnet18: its blocks are layer1"
    ):
        block_graph(counted("resnet18"), "layer1.9")


def test_a_plain_nets_folded_layers_say_so() -> None:
    """No shortcut exists that could show the count."""
    drawn = svg(graph(counted("plain20"), Level.LAYER))
    for stage in (1, 2, 3):
        assert f"layer{stage}.1 to {stage}.2 are equal, drawn once" in drawn
    frames = ElementTree.fromstring(drawn).findall(f".//{SVG}g[@class='frame']/{SVG}text")
    assert [frame.text for frame in frames] == ["×2"] * 3
    assert "×n: n equal blocks, drawn once" in drawn
    assert "drawn once" not in svg(graph(counted("plain20"), Level.LAYER, unfold=True))


def test_a_long_title_fits() -> None:
    text = ElementTree.fromstring(svg(graph(counted("resnet18")), Look(title="W" * 200))).find(
        f"{SVG}text"
    )
    assert text is not None
    assert 200 * 0.55 * float(text.get("font-size", 0)) < graph(counted("resnet18")).width


def test_a_title_with_control_characters_is_still_xml() -> None:
    drawn = svg(graph(counted("resnet18")), Look(title="a\x01b\n c\ud800"))
    assert ElementTree.fromstring(drawn).findtext(f"{SVG}title") == "ab c"


def test_words() -> None:
    assert counts_in_words(counted("resnet50")) == "12 identity and 4 projection shortcuts"
    plain = "A plain stack of 16 blocks without shortcuts"
    assert counts_in_words(counted("plain34")) == plain


def test_options_of_the_picture() -> None:
    picture = graph(counted("resnet18"))
    full = svg(picture, Look(title="Zoë </svg><script>alert(1)</script>"))
    assert ElementTree.fromstring(full).find(f".//{SVG}script") is None
    assert "Zoë &lt;/svg&gt;" in full
    bare = svg(picture, Look(legend=False, shapes=False, labels=False))
    texts = [text.text for text in ElementTree.fromstring(bare).iter(f"{SVG}text")]
    assert texts == ["3×224×224"]
    assert float(ElementTree.fromstring(svg(picture, Look(width_mm=85))).get("width", 0)) == (
        pytest.approx(85 / 25.4 * 96, abs=0.01)
    )
    assert f'<rect width="100%" height="100%" fill="{DARK.background}"/>' not in full
    grounded = svg(picture, Look(DARK, ground=True))
    assert f'<rect width="100%" height="100%" fill="{DARK.background}"/>' in grounded
    for palette in (LIGHT, DARK, PRINT):
        assert palette.projection in svg(picture, Look(palette))
        assert 'stroke-dasharray="7 4"' in svg(picture, Look(palette))


@pytest.mark.parametrize("metric", Metric)
def test_heat_is_the_profiles_numbers(metric: Metric) -> None:
    profile = counted("resnet50")
    heat = heat_of(profile, metric)
    for stage in profile.stages:
        assert heat.values[stage.name] == getattr(stage, metric)
    for row in profile.layers:
        if row.path.count(".") > 0:
            assert heat.values[row.path] == getattr(row, metric)
    blocks = [heat.values[use.path] for use in profile.shortcuts]
    ends = heat.values["stem"] + heat.values["head"]
    assert sum(blocks) + ends == getattr(profile, metric)

    picture = graph(profile)
    assert 'class="scale"' not in svg(picture)
    warm = svg(picture, heat=heat)
    hottest = max(heat.of(node) or 0 for node in picture.nodes)
    root = ElementTree.fromstring(warm)
    label, low, _ = root.iterfind(f".//{SVG}g[@class='scale']/{SVG}text")
    assert (label.text, low.text) == (f"{metric.label} per box:", short(0, metric.unit))
    bar = min(float(r.get("x", 0)) for r in root.iterfind(f".//{SVG}g[@class='scale']//{SVG}rect"))
    assert 0 < bar - float(low.get("x", 0)) - text_width(low.text or "", 13) < 12  # beside its end
    none = "; unfilled: no activations" if metric is Metric.ACTIVATIONS else ""  # of the head
    assert f">{short(hottest, metric.unit)}{none}<" in warm
    assert warm.count(CIVIDIS[-1]) > 1  # the hottest node and the end of the scale
    assert GREYS[-1] in svg(picture, Look(PRINT), heat=heat)


def box_texts(root: ElementTree.Element, path: str) -> list[str]:
    """Return the texts in a node's box."""
    (group,) = [
        g
        for g in root.iter(f"{SVG}g")
        if g.get("data-path") == path and g.get("class", "").startswith("node")
        if g.get("class") != "node add"
    ]
    return [text.text or "" for text in group.iterfind(f"{SVG}text")]


def fills(root: ElementTree.Element) -> dict[str, str]:
    """Return the colour of every box."""
    return {
        g.get("data-path", ""): g[1].get("fill", "")
        for g in root.iter(f"{SVG}g")
        if g.get("class", "").startswith("node") and g.get("class") != "node add"
    }


@pytest.mark.parametrize("level", Level)
def test_a_shape_is_on_its_line(level: Level) -> None:
    picture = graph(counted("resnet50"), level)
    labelled = [edge for edge in picture.edges if edge.label]
    assert len(labelled) == 5
    for edge in labelled:
        (x, base), _ = edge.label_at
        runs = [step for step in pairwise(edge.points) if step[0][1] == step[1][1] == base - 4]
        (run,) = runs[-1:] if len(edge.points) == 2 else runs
        left, right = sorted((run[0][0], run[1][0]))
        half = text_width(edge.label, SMALL) / 2 + 4
        assert left + 4 < x - half
        assert x + half < right - 4 - edge.long
    ground = rf'<rect [^>]*fill="{LIGHT.background}"/><text class="shape" [^>]*>([^<]*)</text>'
    found = re.findall(ground, svg(picture))
    assert found == [edge.label for edge in labelled]
    assert "paint-order" not in svg(picture)  # a PDF draws an outline above the next letters


def test_a_run_is_as_hot_as_all_its_blocks() -> None:
    """Two thirds of ResNet-152's MACs are in layer3.1 to 3.35."""
    profile = counted("resnet152")
    heat = heat_of(profile, Metric.MACS)
    picture = graph(profile)
    (run,) = [node for node in picture.nodes if node.path == "layer3.1" and node.count == 35]
    assert heat.of(run) == 35 * 218_365_952 == 7_642_808_320
    assert 7_642_808_320 / profile.macs == pytest.approx(0.664, abs=0.001)
    root = ElementTree.fromstring(svg(picture, heat=heat))
    assert box_texts(root, "layer3.1") == ["layer3.1 to 3.35 ×35", "218 M ×35 = 7.64 G"]
    assert box_texts(root, "layer4.0") == ["layer4.0", "373 M"]
    assert [path for path, fill in fills(root).items() if fill == CIVIDIS[-1]] == ["layer3.1"]
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert any(str(t).endswith("identity shortcut · 218 M ×35 = 7.64 G MACs") for t in titles)

    per_block = replace(heat, per=Per.BLOCK)
    assert per_block.of(run) == 218_365_952
    root = ElementTree.fromstring(svg(picture, heat=per_block))
    assert box_texts(root, "layer3.1") == ["layer3.1 to 3.35 ×35", "218 M"]
    hottest = [path for path, fill in fills(root).items() if fill == CIVIDIS[-1]]
    assert hottest == ["layer2.0", "layer3.0", "layer4.0"]
    ends = [text.text for text in root.iterfind(f".//{SVG}g[@class='scale']/{SVG}text")]
    assert ends == ["MACs per block:", "0", "373 M"]


def test_a_stage_is_all_its_blocks_or_their_mean() -> None:
    profile = counted("resnet152")
    heat = heat_of(profile, Metric.SAVED_BYTES)
    picture = graph(profile, Level.STAGE, figures=True)
    (stage,) = [node for node in picture.nodes if node.path == "layer3"]
    assert heat.of(stage) == 89_161_728
    assert replace(heat, per=Per.BLOCK).of(stage) == 89_161_728 / 36
    for per, said in ((Per.BOX, "89.2 MB"), (Per.BLOCK, "2.48 MB")):
        root = ElementTree.fromstring(svg(picture, heat=replace(heat, per=per)))
        assert box_texts(root, "layer3") == ["layer3 ×36", said]  # not the label's number


@settings(max_examples=40)
@given(specs(), st.sampled_from(Metric))
def test_what_the_boxes_say_is_the_network(spec: ResNetSpec, metric: Metric) -> None:
    profile = analysis.profile(spec, batch=4)
    heat = heat_of(profile, metric)
    memory = (Metric.SAVED_BYTES, Metric.BYTES_MOVED)
    for level in Level:
        if level is Level.LAYER and metric in memory:
            continue  # an addition, or an identity that saves memory, has no box
        for unfold in (False, True):
            boxes = graph(profile, level, unfold).nodes
            assert sum(heat.of(node) or 0 for node in boxes) == getattr(profile, metric)
    opened = graph(profile, opened=openable(spec))
    if metric not in memory:
        assert sum(heat.of(node) or 0 for node in opened.nodes) == getattr(profile, metric)


def test_a_box_that_counts_nothing_has_no_fill() -> None:
    profile = counted("resnet50")
    heat = heat_of(profile, Metric.MACS)
    folded = (Level.LAYER, " (×n: all n blocks):", "578 M; unfilled: no MACs")
    for level, low, high in (folded, (Level.STAGE, ":", "1.46 G")):
        picture = graph(profile, level, figures=True)
        root = ElementTree.fromstring(svg(picture, heat=heat))
        for palette in (LIGHT, DARK, PRINT):
            drawn = fills(ElementTree.fromstring(svg(picture, Look(palette), heat=heat)))
            for node in picture.nodes:
                if node.kind is not Kind.ADD:
                    is_unfilled = drawn[node.path] == palette.background
                    assert is_unfilled is not bool(heat.of(node))
        ends = [text.text for text in root.iterfind(f".//{SVG}g[@class='scale']/{SVG}text")]
        assert ends == [f"MACs per box{low}", "0", high]


def test_a_scale_says_what_a_box_counts_unless_the_box_does() -> None:
    profile = counted("resnet50")
    heat = heat_of(profile, Metric.MACS)
    each = replace(heat, per=Per.BLOCK)
    for level, unfold, labels, one, said in (
        (Level.LAYER, False, None, heat, "MACs per box (×n: all n blocks):"),
        (Level.LAYER, True, None, heat, "MACs per box:"),
        (Level.BLOCK, False, None, heat, "MACs per box:"),  # 218 M ×2 = 437 M
        (Level.BLOCK, False, Labels.OPERATIONS, heat, "MACs per box (×n: all n blocks):"),
        (Level.BLOCK, True, Labels.OPERATIONS, heat, "MACs per box:"),
        (Level.BLOCK, False, Labels.OPERATIONS, each, "MACs per block:"),
        (Level.STAGE, False, None, heat, "MACs per box:"),
        (Level.LAYER, False, None, each, "MACs per layer:"),
    ):
        drawn = svg(graph(profile, level, unfold, labels=labels, figures=True), heat=one)
        assert f">{said}</text>" in drawn


def test_a_zero_pad_says_its_stride() -> None:
    """Option A of He et al. 2015: the shortcut takes every second pixel, then adds zeros."""
    for model, said in (("resnet20", "zero pad /2"), ("resnet20:strides=1,1,1", "zero pad")):
        root = ElementTree.fromstring(svg(graph(counted(model), Level.LAYER)))
        assert box_texts(root, "layer2.0.downsample") == [said]


def test_a_number_on_paper_has_the_line_spacing_of_its_label() -> None:
    profile = counted("resnet50")
    picture = graph(profile, width_mm=170, figures=True)
    warm = Warm.of(picture, heat_of(profile, Metric.MACS), LIGHT)
    (run,) = (node for node in picture.nodes if node.path == "layer3.1" and node.beside)
    bases = [line.base for line in lines_of(run, warm.heat) if not line.bold]
    assert [b - a for a, b in pairwise(bases)] == pytest.approx([15, 15, 15])


@pytest.mark.parametrize("metric", [Metric.ACTIVATIONS, Metric.SAVED_BYTES])
def test_in_a_column_both_ends_of_a_scale_are_beside_it(metric: Metric) -> None:
    profile = counted("resnet50")
    heat = heat_of(profile, metric)
    picture = graph(profile, arranged=Layout.COLUMN, figures=True)
    root = ElementTree.fromstring(svg(picture, heat=heat))
    (scale,) = root.iterfind(f".//{SVG}g[@class='scale']")
    label, low, high = scale.iter(f"{SVG}text")
    assert (label.text, low.text) == (f"{metric.label} per box:", short(0, metric.unit))
    assert label.get("x") == low.get("x")
    assert float(low.get("y", 0)) == float(high.get("y", 0)) == float(label.get("y", 0)) + 21
    bars = list(scale.iter(f"{SVG}rect"))
    starts = [float(bar.get("x", 0)) for bar in bars]
    assert float(low.get("x", 0)) + text_width(str(low.text), 13) < starts[0]
    assert len(bars) * (starts[1] - starts[0]) >= 80
    assert float(high.get("x", 0)) + text_width(str(high.text), 13) < picture.width


def test_a_scale_has_its_unit_at_both_ends_or_in_its_label() -> None:
    ends = {unit: Heat("x", unit, {}, varies=True).ends(94.6) for unit in ("%", "ms", "B", "")}
    assert ends == {
        "%": ("x, %\N{EM SPACE}", "0", "94.6"),
        "ms": ("x: ", "0 ms", "94.6 ms"),
        "B": ("x: ", "0 B", "94.6 B"),
        "": ("x: ", "0", "94.6"),
    }


def test_numbers_that_vary_colour_no_folded_box() -> None:
    profile = counted("resnet50")
    heat = Heat("decades", "", {"layer3.0": 2.0, "layer3.1": 1.0, "layer3.2": 4.0}, varies=True)
    folded = ElementTree.fromstring(svg(graph(profile), heat=heat))
    assert box_texts(folded, "layer3.1") == ["layer3.1 to 3.5 ×5"]
    assert fills(folded)["layer3.1"] == fills(folded)["layer2.1"]
    titles = [title.text or "" for title in folded.iter(f"{SVG}title")]
    (said,) = [title for title in titles if title.startswith("layer3.1: 1024")]
    assert said.endswith(" · differs by block: unfold to see it")
    unfolded = ElementTree.fromstring(svg(graph(profile, unfold=True), heat=heat))
    assert box_texts(unfolded, "layer3.1") == ["layer3.1", "1.00"]
    for per in Per:
        warm = svg(graph(profile, unfold=True), heat=replace(heat, per=per))
        assert ">decades:</text>" in warm
        assert ">4.00</text>" in warm


@pytest.mark.parametrize("palette", [LIGHT, DARK, PRINT])
def test_the_boxes_of_a_stack_part_under_heat(palette: Palette) -> None:
    """All other boxes have the same edge: another one would look marked."""
    cost = counted("resnet50")
    drawn = svg(graph(cost), Look(palette), heat=heat_of(cost, Metric.MACS))
    nodes = re.findall(r'<g class="node .*?</g>', drawn)
    looks = [re.findall(r'rx="7" fill="(#\w+)" stroke="(#\w+)"', node) for node in nodes]
    stacks = [own[0] for own in looks if len(own) > 1]
    assert len(stacks) == 4
    assert min(contrast(*look) for look in stacks) >= 1.6
    assert {edge for own in looks if len(own) == 1 for _, edge in own} == {palette.tint}


def test_heat_colours_go_from_end_to_end() -> None:
    assert [heat_colour(share, CIVIDIS) for share in (-1, 0, 1, 2)] == [
        CIVIDIS[0],
        CIVIDIS[0],
        CIVIDIS[-1],
        CIVIDIS[-1],
    ]
    assert heat_colour(0.5, ("#000000", "#FFFFFF")) == "#808080"


@pytest.mark.parametrize("text", ["resnet18", "resnet50", "resnet20", "plain20", "preresnet164"])
def test_exact_dot(text: str, golden: Golden) -> None:
    golden(f"{text}.dot", dot(graph(counted(text))))


def test_exact_dot_of_layers(golden: Golden) -> None:
    golden("resnet50-layer.dot", dot(graph(counted("resnet50"), Level.LAYER), title="Café \\n"))


@pytest.mark.parametrize("title", ["</svg><script>", "path C:\\net\\Graph \\", "<b>x</b>", 'a "b"'])
def test_a_title_stays_a_title_in_dot(title: str) -> None:
    said = title.replace("\\", "\\\\").replace('"', '\\"')
    assert f'label="{said}"' in dot(graph(counted("resnet18")), title=title)
