"""The viewer's data, and the document that contains it."""

import json
import re
from typing import Any

import pytest

import analysis
from analysis.costs.profiles import Profile
from analysis.drawing.graph import Level, block_graph, graph
from analysis.drawing.heat import Metric, heat_of
from analysis.drawing.key import entries_of, key_of
from analysis.drawing.parts import SMALL, Layout
from analysis.drawing.svg import svg
from analysis.drawing.viewer import html, levels, view, view_name
from analysis.style.look import Look
from analysis.style.palette import DARK, LIGHT
from nets import parse


@pytest.fixture(scope="module")
def resnet50() -> Profile:
    return analysis.profile(parse("resnet50"))


def told(
    profile: Profile, level: Level = Level.BLOCK, unfold: bool = False
) -> dict[str, dict[str, Any]]:
    drawn = graph(profile, level, unfold)
    known = view(drawn, profile, svg(drawn))
    known = json.loads(json.dumps(known))  # as the browser receives it
    return {name: node | known["facts"][node["facts"]] for name, node in known["nodes"].items()}


def test_every_layers_facts_are_the_profiles(resnet50: Profile) -> None:
    nodes = told(resnet50, Level.LAYER, unfold=True)
    for row in resnet50.layers:
        if row.path not in nodes:  # an identity has no box
            assert row.type == "Identity"
            continue
        if row.type == "Add":  # it describes its block
            continue
        exact = {name: whole for name, _, whole in nodes[row.path]["rows"]}
        assert exact["Parameters"] == f"{row.params:,}"
        assert exact["MACs"] == f"{row.macs:,}"
        assert exact["Saved memory"] == f"{row.saved_bytes:,} B"


def test_a_runs_facts_are_one_blocks_and_all_of_them(resnet50: Profile) -> None:
    nodes = told(resnet50)
    one = heat_of(resnet50, Metric.PARAMS).values["layer3.1"]
    rows = nodes["layer3.1"]["rows"]
    assert ["Parameters", "1.12 M × 5 = 5.59 M", f"{one:,} × 5 = {5 * one:,}"] in rows
    assert nodes["layer3.1"]["formula"] == "y = ReLU(F(x) + x)"
    assert nodes["layer3.1"]["title"] == "layer3.1 to 3.5 ×5"
    assert nodes["layer3.1"]["opens"] == ["layer3.all", "layer3.1"]
    assert nodes["layer3.0"]["formula"] == "y = ReLU(F(x) + Wx)"
    assert ["F", "1×1\xa0512→256, 3×3\xa0256→256\xa0/2, 1×1\xa0256→1024", ""] in nodes["layer3.0"][
        "rows"
    ]
    names = [name for name, _, _ in nodes["layer3.0.add"]["rows"]]
    assert names == ["x", "y"]  # an addition has no cost


def test_groups_dilation_and_a_stages_shortcuts_are_told() -> None:
    profile = analysis.profile(parse("resnext50_32x4d:dilate=0,0,1"))
    layers = told(profile, Level.LAYER)
    assert layers["layer1.0.conv2"]["what"] == "Conv2d, 3×3, 128, 32 groups"
    assert layers["layer4.1.conv2"]["what"] == "Conv2d, 3×3, 1024, 32 groups, dilation 2"
    assert layers["layer2.0.downsample.0"]["what"] == "Conv2d, 1×1, 512 /2"
    rows = layers["layer3.1.conv2"]["rows"]
    assert ["MACs", "14.5 M × 5 = 72.3 M", "14,450,688 × 5 = 72,253,440"] in rows
    branch = "1×1\xa02048→1024, 3×3\xa01024→1024 (32 groups, dilation 2), 1×1\xa01024→2048"
    assert ["F", branch, ""] in told(profile)["layer4.1"]["rows"]
    stages = told(profile, Level.STAGE)
    assert stages["layer3"]["text"] == "1 projection and 5 identity shortcuts, 32 groups."
    plain = told(analysis.profile(parse("plain20")), Level.STAGE)
    assert plain["layer3"]["text"] == "No shortcuts."


def test_equal_blocks_share_their_facts() -> None:
    profile = analysis.profile(parse("resnet1202"))
    drawn = graph(profile, Level.BLOCK, unfold=True)
    known = view(drawn, profile, "")
    assert len(known["nodes"]) == 1203
    assert len(known["facts"]) < 20
    inside = known["networks"][""]
    assert inside["blocks"] == {"layer1": 200, "layer2": 200, "layer3": 200}
    assert inside["layers"]["layer1"][:2] == ["conv1", "bn1"]
    assert inside["layers"]["stem"] == ["conv1", "bn1", "act1"]
    assert inside["layers"]["head"] == ["avgpool", "flatten", "fc"]
    assert inside["papers"] == {"layer1": "", "layer2": "", "layer3": ""}  # the paper has none


@pytest.mark.parametrize("model", ["resnet50", "preresnet164"])
def test_what_is_inside_stem_and_head_is_drawn_at_layer_level(model: str) -> None:
    profile = analysis.profile(parse(model))
    drawn = graph(profile, Level.LAYER)
    layers = view(drawn, profile, "")["networks"][""]["layers"]
    apart = [node.id for node in drawn.nodes if not node.id.startswith("layer")]
    assert apart == ["input", *layers["stem"], *layers["head"]]


def test_counts_are_explained(resnet50: Profile) -> None:
    drawn = graph(resnet50)
    hints = view(drawn, resnet50, "")["hints"]
    names = {name for name, _, _ in told(resnet50)["layer1.0"]["rows"]}
    assert set(hints) == {"MACs", "Parameters", "Saved memory", "Activations", "Bytes moved"}
    assert set(hints) <= names


def test_a_document_asks_nobody_and_keeps_its_title(resnet50: Profile) -> None:
    title = "</script><script>alert(1)</script> Café"
    text = html(resnet50, levels(resnet50), "block", Look(title=title))
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; Café" in text
    without = text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://", without)
    assert not re.search(r"\b(src|href)=", without)
    assert "font/woff;base64," in text
    data = json.loads(re.findall(r'id="data">(.*?)</script>', text, re.S)[0])
    assert sorted(data["views"]) == sorted(
        ["stage", "block", "block unfolded", "layer", "layer unfolded"]
    )
    palettes = [LIGHT, DARK]
    rules = re.findall(r":root\{color-scheme:(light|dark);(.*?)\}", text)
    assert [scheme for scheme, _ in rules] == ["light", "dark"]
    assert "@media (prefers-color-scheme: dark){:root{color-scheme:dark" in text
    for palette, (_, said) in zip(palettes, rules, strict=True):
        drawn = data["views"]["block"]["svg"]
        for name, colour in re.findall(r"(--rv-\d+):(#\w{6})", said):
            drawn = drawn.replace(f"var({name})", colour)
        assert drawn == svg(levels(resnet50)["block"], Look(palette))
    assert "var(" not in html(resnet50, levels(resnet50), "block", Look(DARK)).split('"data">')[1]


def test_a_document_is_legible_in_a_window_and_upright_on_a_phone(resnet50: Profile) -> None:
    drawn = levels(resnet50)
    block = drawn["block"]
    key = key_of(entries_of(block), (), block.width, block.margin).height
    assert SMALL * min(904 / block.width, 545 / (block.height + key)) >= 14
    assert {name for name, one in drawn.items() if one.narrow} == set(drawn) - {"layer unfolded"}
    assert block.narrow
    assert block.narrow.layout is Layout.COLUMN
    assert {node.id for node in block.narrow.nodes} == {node.id for node in block.nodes}
    assert SMALL * 340 / block.narrow.width >= 11.5
    for name in ("layer", "layer unfolded"):  # as wide as the window, which scrolls
        assert 14 <= SMALL * 904 / drawn[name].width <= 20
        assert drawn[name].height > drawn[name].width
    text = html(resnet50, drawn, "block")
    views = json.loads(re.findall(r'id="data">(.*?)</script>', text, re.S)[0])["views"]
    assert {name for name, one in views.items() if one["upright"]} == {"layer", "layer unfolded"}
    assert text.count("<h1>ResNet-50</h1>") == text.count("<title>ResNet-50</title>") == 1


@pytest.mark.parametrize(("model", "scrolls"), [("resnet152", True), ("resnet1202", False)])
def test_unfolded_blocks_are_legible_unless_they_are_hundreds(model: str, scrolls: bool) -> None:
    profile = analysis.profile(parse(model))
    drawn = levels(profile)
    one = drawn["block unfolded"]
    text = html(profile, drawn, "block")
    views = json.loads(re.findall(r'id="data">(.*?)</script>', text, re.S)[0])["views"]
    assert views["block unfolded"]["upright"] == scrolls
    assert not views["block"]["upright"]
    if scrolls:
        assert SMALL * 904 / one.width >= 12
        assert one.height * 904 / one.width <= 3_000


def test_one_block_is_a_document_without_switches(resnet50: Profile) -> None:
    text = html(resnet50, {"block": block_graph(resnet50, "layer2.0")}, "block")
    assert "<h1>ResNet-50, layer2.0</h1>" in text
    assert "fieldset>" not in text


def test_a_view_too_large_is_left_out_or_refused() -> None:
    profile = analysis.profile(parse("resnet1202"))
    views = levels(profile)
    assert "layer unfolded" not in views
    assert "block unfolded" in views
    with pytest.raises(ValueError, match=r"^\.html holds at most 2,500 nodes, and the layer unf"):
        html(profile, views, view_name(Level.LAYER, True))
