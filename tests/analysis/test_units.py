"""Residual units: diagrams match their blocks, and descriptions follow from the steps' order."""

from itertools import pairwise, product

import pytest

from analysis.drawing.dot import dot
from analysis.drawing.graph import Level, graph
from analysis.drawing.key import entries_of, key_of
from analysis.drawing.parts import SMALL, TEXT, Kind
from analysis.drawing.spacing import PAPER
from analysis.drawing.svg import svg
from analysis.drawing.units import unit_graph, units_in_place
from analysis.drawing.wrap import LEAST_PT
from analysis.structure.units import (
    OPTION_RESULTS,
    ORDER_ERRORS,
    Unit,
    gradient,
    identity_path,
    parse_unit,
    signs,
)
from analysis.style.fonts import text_width
from analysis.style.look import SLIDE_ASPECT, SLIDE_MM, magnification
from nets.options import BlockKind, Shortcut, UnitOrder
from nets.plan import ShortcutKind
from tests.analysis.test_figures import assert_shafts, gaps_of, rows_of
from tests.analysis.test_graph import drawn
from tests.conftest import Golden

UNITS = [Unit(*values) for values in product(UnitOrder, BlockKind, ShortcutKind)]


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_a_diagram_is_the_block_of_a_network(unit: Unit) -> None:
    assert parse_unit(str(unit)) == unit
    picture = unit_graph([unit])
    key = picture.bands[0].stage
    net = drawn(graph(unit.profile, Level.LAYER, unfold=True))
    block = {step for step in net if all(name.startswith(f"{unit.path}.") for name in step)}
    ends = {f"{key}.x", f"{key}.y"}
    mine = {step for step in drawn(picture) if not ends & set(step)}
    assert {tuple(n.replace(key, unit.path, 1) for n in step) for step in mine} == block
    assert [line.kind for line in picture.shortcuts] == (
        [] if unit.shortcut is ShortcutKind.NONE else [unit.shortcut]
    )


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_the_drawing_lies_within_its_band(unit: Unit) -> None:
    picture = unit_graph([unit, Unit(UnitOrder.BN_AFTER_ADD)])
    for node in picture.nodes:
        band = next(b for b in picture.bands if node.path.split(".")[0] == b.stage)
        assert band.x < node.x - node.width / 2
        assert node.x + node.width / 2 < band.x + band.width
        assert band.y + 30 < node.y - node.height / 2
        assert node.y + node.height / 2 < band.y + band.height
    main = [node for node in picture.nodes if node.kind is not Kind.PAD]
    for line in picture.shortcuts:
        (x, _), (beside, _), _, _ = line.points
        for node in main:
            if node.id not in line.via and node.x == x:
                assert node.x + node.width / 2 < beside


def test_two_equal_units_are_drawn_once() -> None:
    assert unit_graph([Unit(), Unit()]) == unit_graph([Unit()])


def test_exact_dot_of_two_units(golden: Golden) -> None:
    golden("units.dot", dot(unit_graph([Unit(), Unit(UnitOrder.FULL_PREACT)])))


PAIRS = [
    [Unit(order, block, shortcut) for order in (UnitOrder.ORIGINAL, UnitOrder.FULL_PREACT)]
    for block, shortcut in product(BlockKind, ShortcutKind)
]


@pytest.mark.parametrize(("width_mm", "most_mm"), [(85, 120), (170, 70)])
@pytest.mark.parametrize("units", [*PAIRS, *([unit] for unit, _ in PAIRS)], ids=str)
def test_units_suit_a_paper(units: list[Unit], width_mm: float, most_mm: float) -> None:
    """Text of 7 to 8 pt, a low drawing, and a key within it."""
    found = unit_graph(units, width_mm)
    text_pt = SMALL * width_mm / 25.4 * 72 / found.width
    assert 6.9 <= text_pt <= 8.01
    assert found.height * width_mm / found.width < most_mm
    key = key_of(entries_of(found), (), found.width, found.margin)
    ends = (name.words[0] + 1.12 * text_width(name.text, TEXT) for name in key.names)
    assert max(ends, default=0) <= found.width
    assert_shafts(found)
    shapes = [node.label for node in found.nodes if node.kind is Kind.INPUT]
    assert len(shapes) == 2 * len(units)
    assert all("×" in label for label in shapes)


@pytest.mark.parametrize("units", [*PAIRS, *([unit] for unit, _ in PAIRS)], ids=str)
def test_units_on_a_slide_have_large_text(units: list[Unit]) -> None:
    found = unit_graph(units, SLIDE_MM)
    assert SMALL * SLIDE_MM / 25.4 * 72 / found.width >= LEAST_PT * magnification(SLIDE_MM) - 0.1
    assert found.height / found.width <= 1 / SLIDE_ASPECT
    assert_shafts(found)


@pytest.mark.parametrize("units", PAIRS, ids=str)
def test_units_on_a_wall_have_text_of_24_px(units: list[Unit]) -> None:
    found = units_in_place(units, 1206, 24)
    assert found.small == TEXT
    assert TEXT * 1206 / found.width >= 23.99
    assert_shafts(found)
    assert [node.label for node in found.nodes if node.kind is Kind.INPUT] == ["x", "y"] * 2


def test_units_on_a_wall_have_the_published_error_of_their_network() -> None:
    drawn = units_in_place([Unit(), Unit(UnitOrder.FULL_PREACT)], 1206, 24)
    cited = "% error (He et al. 2016)"
    said = [f"ResNet-110 on CIFAR-10: {percent}{cited}" for percent in ("6.61", "6.37")]
    assert [band.shape for band in drawn.bands] == said
    assert all(f">{each}</text>" in svg(drawn) for each in said)  # there is room for them
    assert {node.label for node in drawn.nodes if node.kind is Kind.CONV} == {"3×3, 32"}
    assert Unit(block=BlockKind.BOTTLENECK).published == f"ResNet-164 on CIFAR-10: 5.93{cited}"
    assert Unit(shortcut=ShortcutKind.PROJECTION).published == ""  # the paper's are identities


def test_a_unit_in_a_column_of_text_takes_two_rows() -> None:
    found = unit_graph([Unit(UnitOrder.FULL_PREACT)], 85)
    (band,) = found.bands
    assert band.width >= 0.9 * found.width  # it was a narrow column, 96 mm tall
    assert found.height / found.width * 85 < 40
    rows = rows_of(found)
    assert [[node.label for node in row] for row in rows] == [
        ["x 32×16×16", "BN", "ReLU", "3×3, 32"],
        ["BN", "ReLU", "3×3, 32", "+", "y 32×16×16"],
    ]
    fork, usual = (gap for _, _, gap in gaps_of(rows[0])[:2])
    assert all(gap == pytest.approx(usual) for _, _, gap in gaps_of(rows[1]))
    assert fork == pytest.approx(usual + 8)
    first, second, *_ = rows[0]
    (line,) = found.shortcuts
    head = second.x - second.width / 2 - PAPER.head
    assert line.points[0][0] == pytest.approx((first.x + first.width / 2 + head) / 2)


def test_two_units_are_side_by_side_where_they_are_low() -> None:
    assert len({band.y for band in unit_graph(list(map(parse_unit, PAIR)), 85).bands}) == 1
    tall = [parse_unit("original"), parse_unit(f"{PAIR[1]}:block=bottleneck:shortcut=projection")]
    found = unit_graph(tall, 85)
    assert [band.width for band in found.bands] == [pytest.approx(found.bands[0].width)] * 2
    assert len({band.y for band in found.bands}) == 2
    assert found.height / found.width * 85 < 60  # side by side, they were 132 mm tall


PAIR = ("original", "full_preact")


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_in_two_rows_a_shortcut_crosses_nothing(unit: Unit) -> None:
    found = unit_graph([unit], 120)
    steps = [step for edge in found.edges for step in pairwise(edge.points)]
    past = {name for line in found.shortcuts for name in line.via}
    for line in found.shortcuts:
        for one, other in list(pairwise(line.points))[1:]:
            assert not any(touches((one, other), step) for step in steps)
            for node in found.nodes:
                x, y, w, h = node.x, node.y, node.width / 2, node.height / 2
                left, right = sorted((one[0], other[0]))
                top, bottom = sorted((one[1], other[1]))
                if node.id not in {*past, line.target}:
                    assert left > x + w or right < x - w or top > y + h or bottom < y - h


Step = tuple[tuple[float, float], tuple[float, float]]


def touches(one: Step, other: Step) -> bool:
    """Return whether two horizontal or vertical lines have a point in common."""
    spans = [[sorted(axis) for axis in zip(*step, strict=True)] for step in (one, other)]
    pairs = zip(*spans, strict=True)
    return all(a[0] <= b[1] and b[0] <= a[1] for a, b in pairs)


def test_one_unit_in_a_column_is_centred_with_its_key() -> None:
    found = unit_graph([parse_unit("relu_preact:block=bottleneck:shortcut=zero_pad")], 85)
    (band,) = found.bands
    told = entries_of(found)
    key = key_of(told, (), found.width, found.margin)
    assert band.x + band.width / 2 == pytest.approx(found.width / 2)
    end = key.names[-1].sample[0] + told[-1].width
    assert key.names[0].sample[0] + end == pytest.approx(found.width)


def test_units_drawn_separately_are_in_line() -> None:
    units = [Unit(), Unit(UnitOrder.RELU_PREACT, BlockKind.BOTTLENECK, ShortcutKind.ZERO_PAD)]
    drawings = [unit_graph([unit], beside=units) for unit in units]
    first, other = (next(node for node in one.nodes if node.kind is Kind.INPUT) for one in drawings)
    assert first.y == other.y


def test_the_svg_of_two_units_names_both() -> None:
    drawn = svg(unit_graph([Unit(), Unit(UnitOrder.FULL_PREACT, BlockKind.BOTTLENECK)]))
    assert ">original</text>" in drawn
    assert ">full pre-activation</text>" in drawn
    assert ">bottleneck</text>" in drawn
    assert "<title>Original and full pre-activation, bottleneck</title>" in drawn


@pytest.mark.parametrize("width_mm", [None, 85, 170])
def test_titles_of_units_leave_out_what_all_share(width_mm: float | None) -> None:
    options = ":block=bottleneck:shortcut=projection"
    units = [parse_unit(f"{order}{options}") for order in ("original", "full_preact")]
    titles = ["original", "full pre-activation"]
    assert [band.title for band in unit_graph(units, width_mm).bands] == titles
    drawn = [unit_graph([unit], beside=units).bands[0].title for unit in units]
    assert drawn == titles
    other = parse_unit("full_preact:block=bottleneck:shortcut=zero_pad")
    shown = [band.title for band in unit_graph([units[0], other]).bands]
    assert shown == ["original\nprojection", "full pre-activation\nzero-pad"]


def test_what_each_order_does_to_the_identity_path() -> None:
    said = {order: identity_path(Unit(order)) for order in UnitOrder}
    clean = "Nothing is on the identity path, so x reaches later units unchanged."
    only_adds = "The branch ends in ReLU and is never negative, so the signal can only grow."
    clips = "ReLU after the addition sets negative values to zero."
    assert said == {
        UnitOrder.ORIGINAL: clips,
        UnitOrder.BN_AFTER_ADD: (
            "BN after the addition rescales what the shortcut carries. " + clips
        ),
        UnitOrder.RELU_BEFORE_ADD: f"{clean} {only_adds}",
        UnitOrder.RELU_PREACT: clean,
        UnitOrder.FULL_PREACT: clean,
    }
    assert identity_path(Unit(shortcut=ShortcutKind.NONE)).startswith("There is no identity path")
    projected = identity_path(Unit(UnitOrder.RELU_BEFORE_ADD, shortcut=ShortcutKind.PROJECTION))
    assert projected == (
        "A 1×1 convolution on the path multiplies the signal by its weights, and BN after it "
        "rescales the result. The branch ends in ReLU and is never negative."
    )
    bare = identity_path(Unit(UnitOrder.FULL_PREACT, shortcut=ShortcutKind.PROJECTION))
    assert bare == "A 1×1 convolution on the path multiplies the signal by its weights."
    padded = identity_path(Unit(UnitOrder.RELU_BEFORE_ADD, shortcut=ShortcutKind.ZERO_PAD))
    assert padded.endswith(only_adds)


@pytest.mark.parametrize("order", UnitOrder)
@pytest.mark.parametrize("shortcut", ShortcutKind)
def test_the_gradient_has_a_factor_for_each_step_that_is_drawn(
    order: UnitOrder, shortcut: ShortcutKind
) -> None:
    unit = Unit(order, shortcut=shortcut)
    (line, *_), told = gradient(unit), " ".join(signs(unit))
    inside = line.partition(r"\left(")[2].partition(" + ")[0]
    norms = [
        node
        for node in unit_graph([unit]).nodes
        if node.kind is Kind.NORM and "downsample" in node.path
    ]
    assert (shortcut is ShortcutKind.PROJECTION) == ("W_s" in inside) == ("W_s" in told)
    assert inside.startswith(r"J_{\mathrm{BN}}") == bool(norms)
    assert (r"\hat" in inside) == (r"\hat" in told)
    assert ("J_" in line) == ("Jacobian" in told)


def test_the_gradient_telescopes_where_the_path_is_clean() -> None:
    for unit in UNITS:
        lines = gradient(unit)
        clean = "Nothing is on the identity path" in identity_path(unit)
        assert len(lines) == (2 if clean else 1)
        clips = unit.order in (UnitOrder.ORIGINAL, UnitOrder.BN_AFTER_ADD)
        assert (r"J_{\mathrm{ReLU}}" in lines[0]) == clips
        assert (r"\left(" in lines[0]) == (unit.shortcut is not ShortcutKind.NONE)


def test_the_loss_and_the_last_unit_have_different_letters() -> None:
    assert gradient(Unit(UnitOrder.FULL_PREACT))[1] == (
        r"\frac{\partial \mathcal{E}}{\partial \mathbf{x}_{l}} = "
        r"\frac{\partial \mathcal{E}}{\partial \mathbf{x}_L}\left(1 + "
        r"\frac{\partial}{\partial \mathbf{x}_l}\sum_{i=l}^{L-1}\mathcal{F}(\mathbf{x}_i)\right)"
    )


def test_published_errors() -> None:
    assert ORDER_ERRORS[UnitOrder.FULL_PREACT] == (6.37, 5.46)
    assert ORDER_ERRORS[UnitOrder.BN_AFTER_ADD] == (8.17, 6.50)
    assert {option: r.percent for option, r in OPTION_RESULTS.items()} == {
        Shortcut.ZERO_PAD: 25.03,
        Shortcut.PROJECTION: 24.52,
        Shortcut.PROJECTION_ALL: 24.19,
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a unit order must be one of original, bn_after_add, .*, not ''"),
        ("preact", "a unit order must be one of"),
        ("original:block=wide", "block must be one of basic, bottleneck, not 'wide'"),
        ("original:shortcut=yes", "shortcut must be one of identity, projection, zero_pad, none"),
        ("original:depth=3", "'depth=3' is not an option of a unit"),
        ("original:block", "'block' is not an option of a unit"),
        ("original:block=basic:block=basic", "block is given twice"),
    ],
)
def test_bad_units(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_unit(text)
