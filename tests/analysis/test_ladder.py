"""The depths of a family: proportions, catalog networks, and stages that never shrink."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analysis
from analysis.choice.ladder import PUBLISHED, Blocks, family, ladder
from nets import CATALOG, parse
from nets.options import MAX_BLOCKS
from nets.spec import ResNetSpec
from tests.strategies import specs


def test_families_of_the_catalog() -> None:
    names = [[net.base for net in family(parse(name))] for name in ("resnet50", "resnet20")]
    assert names[0] == ["resnet26", "resnet50", "resnet101", "resnet152", "resnet200"]
    assert names[1] == ["resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202"]
    twin = family(parse("resnet50:unit=full_preact:input=3x64x64"))
    assert [str(net) for net in twin] == ["preresnet200:input=3x64x64"]
    assert family(parse("resnet50:norm=none")) == ()


@pytest.mark.parametrize("name", CATALOG)
def test_every_step_adds_a_block_and_takes_none(name: str) -> None:
    rungs = ladder(parse(name))
    for one, other in pairwise(rungs.blocks):
        assert all(a <= b <= a + 1 for a, b in zip(one, other, strict=True))
        assert one != other
    assert sum(rungs.blocks[-1]) <= MAX_BLOCKS


def test_catalog_nets_are_rungs_under_their_own_names() -> None:
    for name, entry in CATALOG.items():
        rungs = ladder(entry.spec)
        assert rungs[rungs.blocks.index(entry.spec.blocks)] == entry.spec, name


def test_names_and_proportions() -> None:
    rungs = ladder(parse("resnet50"))
    texts = [str(rungs[i]) for i in range(len(rungs))]
    assert texts[:3] == ["resnet26:blocks=1,1,1,1", "resnet26", "resnet26:blocks=2,3,3,2"]
    at = texts.index("resnet50")
    assert texts[at + 1 : at + 3] == ["resnet50:blocks=3,4,7,3", "resnet50:blocks=3,4,8,3"]
    after = texts.index("resnet152") + 1
    assert texts[after] == "resnet152:blocks=3,9,36,3"
    assert "resnet200" in texts
    assert (8, 88, 174, 8) in rungs.blocks  # twice the deepest published network
    assert ladder(parse("resnet18")).blocks[:3] == ((1, 1, 1, 1), (2, 2, 2, 2), (2, 3, 3, 2))
    assert ladder(parse("resnet20")).blocks[2] == (3, 3, 3)
    assert len(ladder(parse("wrn28_10"))) == 103  # more would exceed 10^9 weights
    alone = ladder(parse("resnext101_64x4d"))
    assert str(alone[0]) == "resnext101_64x4d:blocks=3,4,6,3"
    assert alone[17] == parse("resnext101_64x4d")


def is_on_line(blocks: Blocks, start: Blocks, end: Blocks) -> bool:
    """Return whether a point on the line from start to end rounds to the blocks in every stage."""
    low, high = Fraction(0), Fraction(1)
    for n, a, b in zip(blocks, start, end, strict=True):
        if a == b:
            if n != a:
                return False
            continue
        low = max(low, (n - Fraction(1, 2) - a) / (b - a))
        high = min(high, (n + Fraction(1, 2) - a) / (b - a))
    return low <= high


def is_scaled(blocks: Blocks, published: Sequence[Blocks]) -> bool:
    """Return whether blocks are published, between two published ones, or a multiple of an end."""
    if is_on_line(blocks, published[-1], tuple(1_000 * n for n in published[-1])):
        return True
    whole = Fraction(sum(blocks), sum(published[0]))
    if whole < 1 and blocks == tuple(whole * n for n in published[0]):
        return True
    return any(is_on_line(blocks, a, b) for a, b in pairwise(published))


def proportions(spec: ResNetSpec) -> Sequence[Blocks]:
    """Return the published depths of a catalog network's kind."""
    if len(spec.blocks) == 3:
        return ((3, 3, 3), (18, 18, 18))
    members = (net.blocks for net in family(spec))
    return sorted({*PUBLISHED[spec.block], *members}, key=sum)


@pytest.mark.parametrize("name", CATALOG)
def test_every_depth_keeps_the_proportions_of_what_is_published(name: str) -> None:
    spec = parse(name)
    for blocks in ladder(spec).blocks:
        assert is_scaled(blocks, proportions(spec)), blocks


@pytest.mark.parametrize(
    "text", ["wide_resnet50_2:blocks=1,2,2,1", "resnet50:blocks=1,1,2,1", "resnet18:blocks=1,2,3,2"]
)
def test_what_keeps_no_proportions_is_no_depth_of_a_family(text: str) -> None:
    spec = parse(text)
    assert not is_scaled(spec.blocks, proportions(spec))
    assert spec.blocks not in ladder(parse(spec.base)).blocks


def test_an_edited_net_is_a_rung_of_its_familys_ladder_where_it_rises() -> None:
    rising = parse("resnet50:blocks=3,4,10,3")
    rungs = ladder(rising)
    assert {(3, 4, 6, 3), (3, 4, 10, 3), (3, 8, 36, 3)} <= set(rungs.blocks)
    aside = parse("resnet50:blocks=9,1,1,1")
    assert ladder(aside).anchors == (aside,)
    assert aside.blocks in ladder(aside).blocks


@settings(max_examples=25)
@given(specs(), st.integers(0, 40))
def test_bisection_finds_what_a_walk_finds(spec: ResNetSpec, limit: int) -> None:
    rungs = ladder(spec)
    blocks = [sum(n) for n in rungs.blocks]
    walked = sum(number <= limit for number in blocks) - 1
    assert rungs.last_where(lambda net: sum(net.blocks) <= limit) == walked


def test_no_cost_falls_with_depth() -> None:
    rungs = ladder(parse("preresnet164:widths=4,8,8:stem_width=4"))
    costs = [analysis.profile(rungs[i]) for i in range(0, 60, 3)]
    for one, other in pairwise(costs):
        assert one.params < other.params
        assert one.macs < other.macs
        assert one.inference_bytes <= other.inference_bytes
        assert (one.saved_bytes or 0) < (other.saved_bytes or 0)
