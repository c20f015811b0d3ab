"""The difference of two networks: alignment, changes, and stages that sum to the whole."""

import csv
import io
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analysis
from analysis.choice.diff import SIDE_ASPECT, Aspect, Change, Diff, diff, marked_graphs
from analysis.choice.report import diff_csv, diff_grid
from analysis.drawing.parts import Kind
from analysis.drawing.svg import svg
from analysis.style.look import Look
from nets import CATALOG, parse, plan
from nets.spec import ResNetSpec
from tests.strategies import specs


def between(one: str, other: str) -> Diff:
    return diff(parse(one), parse(other))


SVG = "{http://www.w3.org/2000/svg}"


def is_mark(group: ElementTree.Element) -> bool:
    return group.get("class", "").startswith("mark ")


def whats(found: Diff) -> Counter[str]:
    return Counter(str(what) for s in found.stages for block in s.blocks for what in block.what)


def test_18_against_34() -> None:
    found = between("resnet18", "resnet34")
    assert found.tally == {Change.SAME: 8, Change.ADDED: 8}
    added = [b.path for s in found.stages for b in s.blocks if b.change is Change.ADDED]
    assert added[:3] == ["layer1.2", "layer2.2", "layer2.3"]
    assert found.sentence == (
        "From ResNet-18 to ResNet-34: 8 blocks added (1 in layer1, 2 in layer2, 4 in layer3, 1 in "
        "layer4). In total +10.1 M parameters, +1.85 G MACs, +10.1 MB saved for backward."
    )
    gains = {s.name: (s.params_gained, s.macs_gained) for s in found.stages}
    assert gains["layer1"] == (2 * 36_864 + 2 * 128, 231_211_008)
    assert gains["stem"] == gains["head"] == (0, 0)
    assert sum(params for params, _ in gains.values()) == 21_797_672 - 11_689_512


def test_34_against_18_is_the_reverse() -> None:
    found = between("resnet34", "resnet18")
    assert found.tally == {Change.SAME: 8, Change.REMOVED: 8}
    assert "8 blocks removed (1 in layer1," in found.sentence
    assert "−10.1 M parameters" in found.sentence


def test_50_against_50_v1() -> None:
    found = between("resnet50", "resnet50_v1")
    changed = [b for s in found.stages for b in s.blocks if b.change is Change.CHANGED]
    assert [b.path for b in changed] == ["layer2.0", "layer3.0", "layer4.0"]
    assert {what.aspect for b in changed for what in b.what} == {Aspect.STRIDE}
    assert found.sentence == (
        "From ResNet-50 v1.5 to ResNet-50 v1: stride 2 on conv2 → stride 2 on conv1 in 3 blocks. "
        "In total ±0 parameters, −231 M MACs, −4.21 MB saved for backward."
    )
    assert found.changes == ("stride 2 on conv2 → stride 2 on conv1 in 3 blocks",)
    assert found.costs == "±0 parameters, −231 M MACs, −4.21 MB saved for backward"
    assert between("resnet50", "resnet50").changes == ()
    assert [s.change for s in found.stages] == [
        *(Change.SAME, Change.SAME),
        *(Change.CHANGED, Change.CHANGED, Change.CHANGED),
        Change.SAME,
    ]


def test_50_against_its_pre_activation_twin() -> None:
    found = between("resnet50", "resnet50:unit=full_preact")
    assert found.tally == {Change.CHANGED: 16}
    assert whats(found) == {
        "original → full pre-activation": 16,
        "projection with BN → projection without BN": 4,
    }
    ends = {s.name: list(map(str, s.what)) for s in found.stages if s.what}
    assert ends == {
        "stem": ["7×7 64 stride 2, BN, ReLU, max pool → 7×7 64 stride 2, max pool"],
        "head": [
            "average pool, fc 2048 to 1000 → BN, ReLU, average pool, fc 2048 to 1000",
        ],
    }
    assert "original → full pre-activation in every block" in found.sentence


def test_101_against_152() -> None:
    found = between("resnet101", "resnet152")
    assert found.tally == {Change.SAME: 33, Change.ADDED: 17}
    assert "17 blocks added (4 in layer2, 13 in layer3)" in found.sentence
    assert found.options[0].name == "blocks"
    assert (found.options[0].before, found.options[0].after) == ("3,4,23,3", "3,8,36,3")


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        ("resnet50", "resnet50", "resnet50 and resnet50 are the same network."),
        ("resnet34", "plain34", "identity → no shortcut in 13 blocks; projection with BN → no"),
        ("resnet34", "resnet34_a", "projection with BN → zero-pad in 3 blocks"),
        ("resnet18", "resnet50", "two 3×3 → bottleneck in every block"),
        ("resnet50", "resnet18", "bottleneck → two 3×3 in every block"),
        ("resnet50", "resnext50_32x4d", "different convolutions in every block"),
        ("resnet50", "resnet50:zero_init=1", ": last norm one → last norm zero. In total"),
        (
            "resnet20",
            "resnet20:se=4:dropout=0.1",
            "no dropout → dropout 0.1 in every block; no SE → SE (ratio 4) in every block",
        ),
        ("resnet50", "resnet50:norm=none", "BN → no BN in every block"),
        ("resnet50", "resnet50:norm=group", "BN → GN of 32 groups in every block"),
        ("resnet50", "resnet50:input=3x160x160", ": input 3×224×224 → 3×160×160. In total"),
        ("resnet50", "resnet50:groups=2:init=xavier", "every block; He init → Xavier init. In"),
        ("resnet50", "resnet50:groups=2:bn_eps=0.1", "every block; BN eps 1e-05 → BN eps 0.1."),
        ("resnet50", "resnet50:activation=gelu", "ReLU → GELU in every block"),
        ("resnet18", "d2l_resnet18", "no biases → biases in every block"),
        (
            "d2l_resnet18",
            "keras_resnet18",
            "PyTorch's padding → TensorFlow's padding in every block",
        ),
        ("resnet50", "resnet50:dilate=0,0,1", "stride 2 on conv2 → no stride in 1 block"),
        ("resnet18", "flower_resnet18", "head: average pool, fc 512 to 1000 → average pool, fc 5"),
        ("resnet20", "resnet20:blocks=3,3", "3 blocks removed in layer3"),
    ],
)
def test_sentences(one: str, other: str, says: str) -> None:
    assert says in between(one, other).sentence


def test_a_missing_stage() -> None:
    stages = {s.name: s for s in between("resnet20:blocks=3,3", "resnet20").stages}
    assert list(stages) == ["stem", "layer1", "layer2", "layer3", "head"]
    assert stages["layer3"].change is Change.ADDED
    assert stages["layer3"].before is None
    assert stages["layer3"].params_gained == stages["layer3"].after.params  # type: ignore[union-attr]


def test_a_block_that_only_receives_other_channels_has_changed() -> None:
    found = between("resnet50", "resnet50:widths=32,128,256,512")
    first = {s.name: s.blocks[0] for s in found.stages if s.blocks}
    assert [str(what) for what in first["layer2"].what] == [
        "256 input channels → 128 input channels"
    ]
    assert first["layer3"].change is Change.SAME


def test_every_pair_of_the_catalog_adds_up_and_is_written() -> None:
    names = list(CATALOG)
    for one, other in zip(names, names[1:] + names[:1], strict=True):
        found = between(one, other)
        gained = analysis.profile(parse(other)).params - analysis.profile(parse(one)).params
        assert sum(s.params_gained for s in found.stages) == gained
        macs = found.after.macs - found.before.macs
        assert sum(s.macs_gained for s in found.stages) == macs
        assert found.before.saved_bytes
        assert found.after.saved_bytes
        saved = found.after.saved_bytes - found.before.saved_bytes
        assert sum(s.saved_bytes_gained or 0 for s in found.stages) == saved
        assert found.sentence.endswith(".")
        assert len(found.sentence) < 900
        assert diff_grid(found).caption.startswith(found.sentence)
        rows = list(csv.DictReader(io.StringIO(diff_csv(found))))
        assert [row["stage"] for row in rows] == [row[0] for row in diff_grid(found).rows]
        asked = (found.before.model, found.after.model, str(found.before.batch))
        assert {(row["from"], row["to"], row["batch"]) for row in rows} == {asked}
        assert sum(int(row["params"]) for row in rows) == gained
        assert sum(int(row["macs"]) for row in rows) == macs
        assert sum(int(row["saved_bytes"]) for row in rows) == saved
        for change in Change:
            assert sum(int(row[f"blocks_{change}"]) for row in rows) == found.tally[change]


@settings(max_examples=60)
@given(specs(), specs(), st.booleans())
def test_a_block_that_is_the_same_costs_the_same(
    one: ResNetSpec, other: ResNetSpec, itself: bool
) -> None:
    found = diff(one, one if itself else other, batch=2)
    rows = [{r.path: r for r in cost.layers} for cost in (found.before, found.after)]
    same = [b.path for s in found.stages for b in s.blocks if b.change is Change.SAME]
    assert bool(found.changes) == bool(found.options)
    if itself:
        assert len(same) == sum(one.blocks)
    for path in same:
        layers = [
            {p: (r.type, r.params) for p, r in side.items() if p.startswith(f"{path}.")}
            for side in rows
        ]
        assert layers[0] == layers[1]


def marks(one: str, other: str) -> list[dict[str, str]]:
    return [dict(marked.marks) for marked in marked_graphs(diff(parse(one), parse(other)))]


def test_what_differs_is_marked_on_both_graphs() -> None:
    before, after = marks("resnet101", "resnet152")
    assert before == {}
    assert after == {"layer2.4": "added", "layer3.23": "added"}
    before, after = marks("resnet34", "resnet18")
    assert before == {f"layer{i}.2": "removed" for i in (1, 2, 3, 4)}
    assert after == {}
    before, after = marks("resnet50", "resnet50:unit=full_preact")
    assert before == after
    assert set(after) == {"stem", *(f"layer{i}.{j}" for i in (1, 2, 3, 4) for j in (0, 1)), "head"}
    assert set(after.values()) == {"changed"}
    before, after = marks("resnet110", "resnet1202")
    assert before == {}
    assert after == {f"layer{i}.18": "added" for i in (1, 2, 3)}
    before, after = marks("resnet1202", "resnet1202:shortcut=none")
    assert set(after.values()) == {"changed"}
    assert len(after) == 6


@settings(max_examples=30)
@given(specs(), specs())
def test_blocks_that_share_a_box_have_fared_alike(one: ResNetSpec, other: ResNetSpec) -> None:
    found = diff(one, other, batch=2)
    changes = {block.path: block.change for stage in found.stages for block in stage.blocks}
    for spec, (drawn, marks) in zip((one, other), marked_graphs(found), strict=True):
        told = {}
        for node in drawn.nodes:
            if node.kind in (Kind.BLOCK, Kind.RUN):
                first = plan.place_of(node.path)
                for i in range(node.count):
                    told[first.after(i).path] = marks.get(node.path, Change.SAME)
        blocks = {place.path for place in plan.blocks(spec)}
        assert told == {path: change for path, change in changes.items() if path in blocks}


def test_a_short_sentence_names_what_most_blocks_differ_in() -> None:
    found = between("resnet18", "resnet152:unit=full_preact")
    assert found.short_sentence == (
        "From ResNet-18 to ResNet-152, full pre-activation: 42 blocks added (1 in layer1, 6 in "
        "layer2, 34 in layer3, 1 in layer4); two 3×3 → bottleneck in every block; original → full "
        "pre-activation in every block; 6 other differences. In total +48.5 M parameters, +9.70 G "
        "MACs, +147 MB saved for backward."
    )
    blocks = between("resnet34", "resnet50").short_sentence.partition(": ")[2].split("; ")
    assert blocks[:2] == [
        "two 3×3 → bottleneck in every block",
        "different input channels in 15 blocks",
    ]
    few = between("resnet18", "resnet34")
    assert few.short_sentence == few.sentence


@pytest.mark.parametrize("pair", ["resnet18 resnet152", "resnet34 resnet50", "resnet20 resnet110"])
def test_graphs_with_marks_are_legible_on_a_phone_and_on_a_wall(pair: str) -> None:
    found = between(*pair.split())
    for (drawn, _), (wide, _) in zip(
        marked_graphs(found, SIDE_ASPECT), marked_graphs(found, 2.25), strict=True
    ):
        assert drawn.small * 358 / drawn.width >= 12
        assert wide.small * 1206 / wide.width >= 24


@pytest.mark.parametrize("pair", ["resnet18 resnet34", "plain20 plain56", "resnet34 resnet50"])
def test_a_mark_is_inside_its_box_and_hides_no_arrow_and_no_size(pair: str) -> None:
    for drawn, marks in marked_graphs(between(*pair.split()), 2.25):
        image = ElementTree.fromstring(svg(drawn, Look(), marked=marks))
        boxes = [one[1].attrib for one in image.iter(f"{SVG}g") if is_mark(one)]
        nodes = [n for n in drawn.nodes if n.path in marks and n.kind is not Kind.ADD]
        assert len(boxes) == len(nodes) == len(marks)
        for box, node in zip(boxes, nodes, strict=True):
            x, y, width, height = (float(box[name]) for name in ("x", "y", "width", "height"))
            line = float(box["stroke-width"])
            assert (x + width / 2, y + height / 2) == pytest.approx((node.x, node.y), abs=0.01)
            assert width + line < node.width
            assert height + line < node.height


@pytest.mark.parametrize("pair", ["resnet50 resnet18", "resnet101 resnet152", "resnet50 resnet20"])
def test_stages_have_their_names_in_the_paper_in_both_graphs_or_in_neither(pair: str) -> None:
    found = between(*pair.split())
    named = [
        {"conv" in band.title for band in drawn.bands}
        for drawn, _ in marked_graphs(found, SIDE_ASPECT)
    ]
    if pair.endswith("resnet20"):  # the paper doesn't name its stages
        assert named[1] == {False}
    else:
        assert named[0] == named[1]
        assert len(named[0]) == 1


def test_what_was_added_is_told_in_brief() -> None:
    assert between("plain20", "plain56").brief == (
        "From plain, 20 layers to plain, 56 layers: 18 blocks added; +583 k parameters, +84.9 M "
        "MACs."
    )
    assert between("resnet50", "resnet18").brief == (
        "From ResNet-50 to ResNet-18: 8 blocks removed; 8 blocks changed; −13.9 M parameters, "
        "−2.28 G MACs."
    )
    same = between("resnet18", "resnet18").brief
    assert same == "ResNet-18 and ResNet-18 are the same network."


def test_saved_memory_that_one_of_the_two_does_not_have() -> None:
    found = between("resnet20", "resnet18:input=3x32x32")
    assert {stage.params_gained for stage in found.stages} != {0}
    assert found.sentence.endswith("In total +11.4 M parameters, −3.03 M MACs.")
    assert found.untrainable == (
        "resnet18:input=3x32x32 can't train because input 3x32x32 is too small at batch 1, where "
        "layer4.0.bn1 would train on one value per channel"
    )
    grid = diff_grid(found)
    assert {row[-1] for row in grid.rows} == {"—"}
    assert grid.caption.endswith(f"Saved memory is missing: {found.untrainable}.")
    both = diff(parse("resnet20"), parse("resnet18:input=3x32x32"), batch=2)
    assert not both.untrainable
    assert "saved for backward" in both.sentence
