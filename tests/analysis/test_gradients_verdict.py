"""The verdict follows the numbers: synthetic curves of every kind against the bounds."""

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.gradients.curves import (
    Curve,
    NormSeries,
    Precision,
    Quantity,
    Summary,
    state,
    summarise,
)
from analysis.gradients.presets import HALF_TRUTHS, MORE, PRESETS, READINGS, SHATTERED
from analysis.gradients.theory import confirmed, theory
from analysis.gradients.verdict import (
    Word,
    factor,
    verdict,
    weights_in_words,
    within,
    word,
    word_of,
)
from nets import parse

PLAIN, RESIDUAL = "plain56:norm=none:activation=tanh", "resnet56:norm=none:activation=tanh"


def curve(
    heights: list[float],
    model: str = PLAIN,
    seed: int = 0,
    weights: float = 0.0,
    precision: Precision = Precision.FLOAT32,
) -> Curve:
    """Return a curve whose norms are 10 to these heights, from the stem to the last block."""
    norms = tuple(0.0 if height == -math.inf else 10.0**height for height in heights)
    paths = ("act1", *(f"layer1.{i}" for i in range(len(heights) - 1)))
    positions = tuple(1 + 2 * i for i in range(len(heights)))
    states = tuple(state(value, precision) for value in norms)
    own = NormSeries(paths, positions, norms, states)
    ends = (10.0**weights, 1.0)
    last = NormSeries(
        ("conv1", "layer1.0.conv2"), (1, 3), ends, tuple(state(v, precision) for v in ends)
    )
    return Curve(model, seed, precision, 2.3, own, last, (1.0, 1.0))


def line(*ratios: float, model: str = PLAIN, blocks: int = 27, weights: float = 0.0) -> Summary:
    """Return a summary of straight curves with these log10 ratios, one per seed."""
    curves = [
        curve([ratio * (1 - i / blocks) for i in range(blocks + 1)], model, seed, weights)
        for seed, ratio in enumerate(ratios)
    ]
    (found,) = summarise(curves)
    return found


def said(*summaries: Summary) -> str:
    return verdict(summaries)[0]


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ((0.0, 0.0), Word.LEVEL),
        ((0.29, -0.29), Word.LEVEL),
        ((0.3, 0.3), Word.WITHIN),
        ((-0.281, -0.298, -0.319), Word.WITHIN),
        ((0.99, -0.99), Word.WITHIN),
        ((1.0, 1.0), Word.GROWS),
        ((-1.0, -1.0), Word.FALLS),
        ((0.9, 1.1), None),
        ((-0.4, -2.9), None),
        ((0.9, -1.1), None),
        ((0.2, 1.1), None),
        ((3.0, 3.0), Word.GROWS),
        ((-3.0, -3.0), Word.FALLS),
        ((3.01, 3.01), Word.EXPLODES),
        ((-3.01, -3.01), Word.VANISHES),
        ((2.9, 3.1, 40.0), Word.GROWS),
        ((-1.0, -30.0), Word.FALLS),
        ((0.9, 3.1), None),
        ((-3.1, 2.8), None),
        ((4.0, -4.0), None),
        ((-21.7,), None),
        ((1.5,), None),
        ((-0.5,), Word.WITHIN),
        ((0.1,), Word.LEVEL),
        ((math.nan, -2.0), None),
        ((-2.0, math.nan), None),
        ((-math.inf, -math.inf), Word.VANISHES),
        ((-math.inf, -5.0), Word.VANISHES),
        ((-math.inf, -2.0), Word.FALLS),
        ((-math.inf, -0.5), None),
        ((-math.inf, 5.0), None),
        ((-math.inf,), None),
    ],
)
def test_a_word_needs_every_seed(ratios: tuple[float, ...], expected: Word | None) -> None:
    most = tuple(-37.0 if math.isinf(ratio) else ratio for ratio in ratios)
    assert word(bare(ratios, most)) is expected


def bare(ratios: tuple[float, ...], most: tuple[float, ...]) -> Summary:
    """Return a summary of 27 blocks of which only the ratios are known."""
    unknown = (math.nan,) * len(ratios)
    return Summary(
        PLAIN,
        Precision.FLOAT32,
        27,
        54,
        ratios,
        most,
        unknown,
        unknown,
        unknown,
        math.nan,
        (),
        (),
        "",
        math.nan,
    )


BOUNDS = (0.0, 0.3, 1.0, 3.0)
EDGES = [
    sign * edge
    for bound in BOUNDS
    for edge in (math.nextafter(bound, -9), bound, math.nextafter(bound, 9))
    for sign in (1, -1)
]
RATIOS = st.lists(
    st.one_of(st.sampled_from([*EDGES, -math.inf]), st.floats(-50, 50), st.floats(-4, 4)),
    min_size=2,
    max_size=20,
)


@given(RATIOS)
def test_what_a_word_says_is_so_in_the_seeds(ratios: list[float]) -> None:
    found, sizes = word_of(ratios), [abs(ratio) for ratio in ratios]
    grows, falls = min(ratios) > 0, max(ratios) < 0
    match found:
        case Word.LEVEL:
            assert max(sizes) < 0.3
        case Word.WITHIN:
            assert 0.3 <= max(sizes) < 1
        case Word.GROWS | Word.FALLS:
            assert min(sizes) >= 1
            assert min(sizes) <= 3
        case Word.EXPLODES | Word.VANISHES:
            assert min(sizes) > 3
        case None:
            assert max(sizes) >= 1
            assert min(sizes) < 1 or not (grows or falls)
    assert found not in (Word.GROWS, Word.EXPLODES) or grows
    assert found not in (Word.FALLS, Word.VANISHES) or falls


@given(RATIOS, st.randoms())
def test_a_word_knows_neither_the_order_of_seeds_nor_their_number(
    ratios: list[float], random: Random
) -> None:
    shuffled = random.sample(ratios, len(ratios))
    assert word_of(shuffled) is word_of([*ratios, *ratios]) is word_of(ratios)
    mirrored = word_of([-ratio for ratio in ratios])
    opposite = {
        Word.GROWS: Word.FALLS,
        Word.FALLS: Word.GROWS,
        Word.EXPLODES: Word.VANISHES,
        Word.VANISHES: Word.EXPLODES,
    }
    found = word_of(ratios)
    assert mirrored is (opposite.get(found, found) if found else None)


@given(st.lists(st.floats(-60, 60), min_size=1, max_size=5))
def test_sentences_say_a_word_only_where_it_is_earned(ratios: list[float]) -> None:
    found = line(*ratios)
    sentence, earned = said(found), word(found)
    assert ("stays level" in sentence) == (earned is Word.LEVEL)
    assert ("only " in sentence) == (earned is Word.WITHIN)
    mixed = earned is None and len(ratios) > 1 and (found.low > 0 or found.high < 0)
    is_said = math.isfinite(found.log10_ratio) and (earned in (Word.GROWS, Word.FALLS) or mixed)
    assert (" per layer." in sentence) == is_said
    assert "mild" not in sentence  # these two words begin at a factor of 10
    assert ("it explodes" in sentence) == (earned is Word.EXPLODES)
    assert ("it vanishes" in sentence) == (earned is Word.VANISHES)
    assert "-0.0" not in sentence


@pytest.mark.parametrize(
    ("ratios", "sentence"),
    [
        (
            (-21.7, -21.8, -21.6),
            "falls by a factor of 5.0×10²¹ (4.0×10²¹ to 6.3×10²¹ across seeds) over 54 layers: it "
            "vanishes.",
        ),
        (
            (4.1, 4.0, 4.2),
            "grows by a factor of 13,000 (10,000 to 16,000 across seeds) over 54 layers: it "
            "explodes.",
        ),
        (
            (3.6, 3.2, 4.1),
            "grows by a factor of 4,300 (1,600 to 13,000 across seeds) over 54 layers: it "
            "explodes.",
        ),
        (
            (2.5, 3.2, 4.1),
            "grows by a factor of 1,800 (320 to 13,000 across seeds) over 54 layers: 1.149 "
            "per layer.",
        ),
        ((1.54, 1.54), "grows by a factor of 35 over 54 layers: 1.068 per layer."),
        ((-2.9, -2.9), "falls by a factor of 790 over 54 layers: 0.884 per layer."),
        (
            (2.9, 3.2),
            "grows by a factor of 1,100 (790 to 1,600 across seeds) over 54 layers: 1.139 "
            "per layer.",
        ),
        ((0.0, 0.0, 0.0), "stays level, within a factor of 1."),
        ((-0.21, 0.29), "stays level, within a factor of 2."),
        (
            (-0.29, -0.31, -0.29),
            "falls by a factor of only 2.0 (1.9 to 2.0 across seeds) over 54 layers.",
        ),
        (
            (0.31, 0.31),
            "grows by a factor of only 2.0 over 54 layers.",
        ),
        (
            (0.9, 0.95, 1.2),
            "grows by a factor of 10 (7.9 to 16 across seeds) over 54 layers: 1.044 per layer.",
        ),
        (
            (0.9, -0.04),
            "changes only by a factor of 0.91 to 7.9 across seeds over 54 layers.",
        ),
        (
            (-3.1, 2.8),
            "changes by a factor of 7.9×10⁻⁴ to 630 across seeds over 54 layers.",
        ),
        (
            (0.1, 1.2),
            "grows by a factor of 4.5 (1.3 to 16 across seeds) over 54 layers: 1.028 per layer.",
        ),
        (
            (-0.54, -0.92, -1.09),
            "falls by a factor of 7.1 (3.5 to 12 across seeds) over 54 layers: 0.964 per layer.",
        ),
        (
            (-21.7,),
            "falls by a factor of 5.0×10²¹ over 54 layers (one seed is too few for a trend).",
        ),
        ((0.1,), "stays level, within a factor of 1.3."),
        ((0.5,), "grows by a factor of only 3.2 over 54 layers."),
    ],
)
def test_the_course_of_straight_lines(ratios: tuple[float, ...], sentence: str) -> None:
    assert said(line(*ratios)) == f"Toward the input, the plain stack's gradient {sentence}"


def test_the_sentence_of_the_demo() -> None:
    plain, residual = line(-21.7, -21.6, -21.8), line(-0.28, -0.29, -0.295, model=RESIDUAL)
    assert verdict([plain, residual])[:2] == (
        "Toward the input, the plain stack's gradient falls by a factor of 5.0×10²¹ (4.0×10²¹ "
        "to 6.3×10²¹ across seeds) over 54 layers: it vanishes; the residual one's "
        "stays level, within a factor of 2.",
        "In every seed, the residual stack's gradient changes less from end to end: by a "
        "factor of 1.9 against 5.0×10²¹.",
    )


def test_only_stands_where_both_networks_go_the_same_way() -> None:
    falls, grows = line(-1.1, -1.1), line(0.5, 0.5, model=RESIDUAL)
    assert said(falls, grows) == (
        "Toward the input, the plain stack's gradient falls by a factor of 13 over 54 layers: "
        "0.954 per layer; the residual one's grows by a factor of 3.2."
    )
    assert said(line(1.1, 1.1), grows).endswith("the residual one's grows by a factor of only 3.2.")


def test_the_largest_change_of_a_seed_decides_whether_a_single_block_changes_little() -> None:
    assert said(line(0.1, 0.45, blocks=1)).endswith(
        "grows by a factor of 1.9 (1.3 to 2.8 across seeds) over 2 layers (a single block shows "
        "no trend)."
    )


def test_a_single_block_is_no_trend() -> None:
    for ratio in (-5.0, 5.0):
        found = line(ratio, ratio, blocks=1)
        assert word(found) is None
        moves = "falls" if ratio < 0 else "grows"
        assert said(found).endswith(
            f"{moves} by a factor of 100,000 over 2 layers (a single block shows no trend)."
        )
    assert "changes by less than a factor of 2 over 2 layers" in said(line(0.1, 0.2, blocks=1))


def test_below_float32_is_named_from_where_it_begins() -> None:
    heights = [-math.inf, -math.inf, -41.0, -30.0, -20.0, -10.0, 0.0]
    (found,) = summarise([curve(heights, seed=seed) for seed in (0, 1)])
    assert found.below == ("act1", "layer1.0", "layer1.1")
    assert said(found).endswith(
        "falls by a factor of 1.0×10³⁰ from the last block to layer1.2, and is below float32 "
        "(10⁻³⁸) from layer1.1 on: it vanishes."
    )
    assert found.slope_per_layer == pytest.approx(-5)  # of the norms that float32 holds
    (single,) = summarise([curve(heights)])
    assert said(single).endswith(" from layer1.1 on (one seed is too few for a trend).")
    (double,) = summarise([curve(heights, seed=s, precision=Precision.FLOAT64) for s in (0, 1)])
    assert double.below == ("act1", "layer1.0")
    assert "is below float64 (10⁻³⁰⁸) from layer1.0 on: it vanishes" in said(double)


def test_below_float32_in_some_seeds_alone() -> None:
    gone, kept = curve([-math.inf, -20.0, 0.0]), curve([-37.0, -20.0, 0.0], seed=1)
    (found,) = summarise([gone, kept])
    assert found.log10_ratio == -math.inf
    assert "is below float32 (10⁻³⁸) from act1 on in 1 of 2 seeds: it vanishes" in said(found)


def test_below_float32_alone_is_no_word_where_the_rest_was_near_it() -> None:
    curves = [curve([-math.inf, -36.0, -35.5], seed=seed) for seed in (0, 1)]
    (found,) = summarise(curves)
    assert found.log10_ratio == -math.inf
    assert found.most == pytest.approx((-37.93 + 35.5,) * 2, abs=0.01)
    assert word(found) is None
    assert said(found).endswith("and is below float32 (10⁻³⁸) from act1 on.")
    (far,) = summarise([curve([-math.inf, -30.0, -20.0], seed=seed) for seed in (0, 1)])
    assert word(far) is Word.VANISHES


def test_a_seed_below_float32_and_one_that_grows_share_no_word() -> None:
    (found,) = summarise([curve([-math.inf, -20.0, 0.0]), curve([0.5, 0.2, 0.0], seed=1)])
    assert word(found) is None
    assert said(found).endswith(
        "is below float32 (10⁻³⁸) from act1 on in 1 of 2 seeds, while the ratio is 3.2 in another."
    )


def test_seeds_that_go_below_at_other_points_are_named_where_all_have() -> None:
    one = curve([-math.inf, -math.inf, -math.inf, -30.0, 0.0])
    other = curve([-math.inf, -41.0, -30.0, -20.0, 0.0], seed=1)
    (found,) = summarise([one, other])
    assert found.below == ("act1", "layer1.0")
    assert "is below float32 (10⁻³⁸) from layer1.0 on: it vanishes" in said(found)


def test_a_lost_forward_signal_is_no_vanished_gradient() -> None:
    heights = [-math.inf, -math.inf, -2.0, -1.0, 0.0]
    lost = [replace(curve(heights, seed=s), lost_from=f"layer1.{2 - s}") for s in (0, 1)]
    (found,) = summarise(lost)
    assert word(found) is None
    assert said(found).endswith(
        "falls by a factor of 100 from the last block to layer1.1, and can't be followed further "
        "in float32: the forward signal itself is below 10⁻³⁸ from layer1.1 on, where a ReLU "
        "passes no gradient; float64 holds both."
    )
    (double,) = summarise([replace(c, precision=Precision.FLOAT64) for c in lost])
    assert said(double).endswith("where a ReLU passes no gradient.")
    (held,) = summarise([replace(curve([-2.0, 0.0]), lost_from="act1")])
    assert word(held) is None  # one block, and nothing about the forward signal
    assert "forward" not in said(held)


def test_a_gradient_cut_off_at_once_is_below_too() -> None:
    (found,) = summarise([curve([-math.inf, -math.inf, -2.0], seed=seed) for seed in (0, 1)])
    assert said(found).endswith("is below float32 (10⁻³⁸) from layer1.0 on: it vanishes.")
    (dead,) = summarise([curve([-math.inf, -math.inf], seed=seed) for seed in (0, 1)])
    assert said(dead).endswith(
        "is already below float32 after the last block and can't be followed."
    )
    assert word(dead) is None


def test_what_is_not_finite_is_never_given_a_word() -> None:
    (found,) = summarise([curve([math.nan] * 4, seed=seed) for seed in (0, 1)])
    assert word(found) is None
    assert said(found).endswith(
        "isn't finite (NaN or infinite) at 4 of 4 points, so its size can't be judged."
    )
    (part,) = summarise([curve([math.nan, math.inf, 39.0, 0.0], seed=seed) for seed in (0, 1)])
    assert word(part) is None
    assert said(part).endswith(
        "grows by a factor of 1.0×10³⁹ from the last block to layer1.1, and isn't finite (NaN or "
        "infinite) at 2 of 4 points."
    )
    (one,) = summarise([curve([-2.0, -1.0, 0.0]), curve([math.nan, -1.0, 0.0], seed=1)])
    assert word(one) is None
    assert math.isnan(one.log10_ratio)


def test_a_detour_is_told() -> None:
    (found,) = summarise([curve([0.1, 3.0, 0.0], seed=seed) for seed in (0, 1)])
    assert said(found).endswith(
        "stays level, within a factor of 1.3 from end to end (on the way it spans a factor of "
        "1,000)."
    )


@pytest.mark.parametrize(
    ("plain", "residual", "sentence"),
    [
        (
            (2.1, 2.1),
            (2.2, 2.2),
            "The two differ by less than a factor of 2 from end to end.",
        ),
        (
            (-0.8, -1.0),
            (4.0, 3.8),
            "In every seed, the plain stack's gradient changes less from end to end: by a "
            "factor of 7.9 against 7,900.",
        ),
        (
            (1.0, 3.0),
            (2.5, 4.0),
            "In every seed, the plain stack's gradient changes less from end to end: by a "
            "factor of 100 against 1,800.",
        ),
        ((1.0, 3.0), (2.5, 2.0), "The seeds disagree on which of the two changes less."),
        (
            (-2.9, 3.1),
            (1.5, 1.5),
            "In every seed, the residual stack's gradient changes less from end to end: by a "
            "factor of 32 against 1,000.",
        ),
        (
            (1.0, 1.0),
            (1.2, 1.4),
            "In every seed, the plain stack's gradient changes less from end to end: by a "
            "factor of 10 against 20.",
        ),
        (
            (-2.0, -2.0),
            (2.1, 2.1),
            "The two change in opposite directions, by about the same factor.",
        ),
        (
            (-2.0,),
            (2.0,),
            "One seed gives no band, so how far the models differ can't be judged.",
        ),
        (
            (-60.0, -60.0),
            (-18.0, -18.0),
            "Only the residual stack's gradient can be measured all the way in float32.",
        ),
    ],
)
def test_the_comparison(
    plain: tuple[float, ...], residual: tuple[float, ...], sentence: str
) -> None:
    assert verdict([line(*plain), line(*residual, model=RESIDUAL)])[1] == sentence


@pytest.mark.parametrize(("plain", "residual"), [(math.nan, 1.0), (-60.0, -50.0)])
def test_what_cannot_be_measured_is_not_compared(plain: float, residual: float) -> None:
    models = [line(plain, plain), line(residual, residual, model=RESIDUAL)]
    assert len(verdict(models)) == 1 + sum("would hide this" in s for s in verdict(models))


def test_more_than_two_models_are_compared_first_and_named_as_in_their_chart() -> None:
    models = (PLAIN, RESIDUAL, f"{RESIDUAL}:unit=full_preact")

    def said_of(*rows: tuple[float, ...]) -> tuple[str, ...]:
        return verdict([line(*row, model=m) for m, row in zip(models, rows, strict=True)])

    one_seed = said_of((-9.0,), (0.5,), (2.0,))
    assert one_seed[0] == "One seed gives no band, so how far the models differ can't be judged."
    sentences = said_of((-9.0, -9.0), (0.5, 0.5), (2.0, 2.0))
    assert sentences[0] == (
        "From end to end, the gradient changes least in “residual, 56 layers, original”, by a "
        "factor of 3.2, and most in “plain, 56 layers, original”, by a factor of 1.0×10⁹."
    )
    assert sentences[1] == (
        "Toward the input, the gradient of “plain, 56 layers, original” falls by a factor of "
        "1.0×10⁹ over 54 layers: it vanishes."
    )
    assert "differ in shortcut and unit" in sentences[4] or "unit and shortcut" in sentences[4]
    unsure = said_of((-9.0, -9.0), (0.5, 2.0), (2.0, 0.5))
    assert unsure[0] == (
        "From end to end, the gradient changes most in “plain, 56 layers, original”, by a factor "
        "of 1.0×10⁹."
    )
    none = said_of((-9.0, 0.1), (0.5, 2.0), (2.0, 0.5))
    assert none[0] == "The seeds disagree on where the gradient changes least and most."
    gone = said_of((math.nan, math.nan), (0.5, 2.0), (2.0, 0.5))
    assert gone[0].startswith("Toward the input, the gradient of “plain, 56 layers, original” ")


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        ((1.0, 2.0, 0.5), "Toward the input, the gradient grows least"),
        ((-1.0, -2.0, -0.5), "Toward the input, the gradient falls least"),
        ((1.0, 2.0, -0.5), "From end to end, the gradient changes least"),
    ],
)
def test_several_gradients_grow_or_fall_if_all_do(ratios: tuple[float, ...], said: str) -> None:
    models = ("resnet18", "resnet34", "resnet50")
    found = [line(r, r, model=m) for m, r in zip(models, ratios, strict=True)]
    assert verdict(found)[0] == (
        f"{said} in ResNet-50, by a factor of 3.2, and most in ResNet-34, by a factor of 100."
    )


def test_two_models_of_one_kind_are_named_as_in_their_chart() -> None:
    found = [line(4.0, 4.0, model="plain56"), line(1.4, 1.4, model="plain20")]
    assert verdict(found)[0].startswith(
        "Toward the input, the gradient of “plain, 56 layers” grows "
    )
    assert "; that of “plain, 20 layers” grows by a factor of 25: " in verdict(found)[0]


def test_models_that_differ_in_more_than_one_thing_are_a_warning() -> None:
    mixed = verdict([line(1.0, 1.0), line(2.0, 2.0, model="resnet56:activation=tanh")])
    assert mixed[2] == (
        "The models differ in shortcut and norm, so their effects can't be told apart."
    )
    pure = verdict([line(1.0, 1.0), line(2.0, 2.0, model=RESIDUAL)])
    assert not any("told apart" in sentence for sentence in pure)


@pytest.mark.parametrize(
    ("text", "factor", "layers"),
    [
        ("plain56:norm=none:init=default", 1 / math.sqrt(6), 1),
        ("plain20:norm=none:init=xavier", 1 / math.sqrt(2), 1),
        ("resnet56:norm=none", math.sqrt(2), 2),
        ("resnet34:norm=none", math.sqrt(2), 2),
        ("plain56", 1.21117, 1),
        ("plain34:init=xavier", 1.21117, 1),
        ("resnet56", None, 0),
        ("plain56:norm=none", None, 0),
        ("resnet56:norm=none:init=default", None, 0),
        ("resnet56:norm=none:init=xavier", None, 0),
        ("resnet34_c:norm=none", None, 0),
        ("plain56:activation=tanh", None, 0),
        ("plain56:unit=full_preact", None, 0),
        ("plain56:norm=none:init=default:bias=1", None, 0),
        ("resnet50:shortcut=none", None, 0),
        ("plain56:expansion=2", None, 0),
    ],
)
def test_theory_stands_where_it_applies(text: str, factor: float | None, layers: int) -> None:
    found = theory(parse(text))
    if factor is None:
        assert found is None
        return
    assert found is not None
    assert found.factor == pytest.approx(factor, abs=1e-5)
    assert found.layers == layers
    assert found.slope_per_layer == pytest.approx(math.log10(factor) / layers, abs=1e-5)
    assert found.distance_percent(found.slope_per_layer + math.log10(1.05)) == pytest.approx(5)


def test_theory_is_said_with_its_distance_and_source() -> None:
    model = "plain56:norm=none:init=xavier"
    steep = 54 * math.log10(0.697)
    sentence = verdict([line(steep, steep, model=model)])[1]
    assert sentence.startswith("Theory for the plain stack: a factor of 1/√2 = 0.707 per layer (")
    assert "Glorot and Bengio 2010" in sentence
    assert sentence.endswith("Measured: 0.697 per layer by the fitted slope, 1.4% off.")
    bn = 54 * math.log10(1.197)
    assert verdict([line(bn, bn, model="plain56")])[1].endswith(
        "Measured: 1.197 per layer by the fitted slope, 1.2% off."
    )
    residual = verdict([line(4.0, 4.0, model="resnet56:norm=none")])[1]
    assert "a factor of √2 = 1.414 per block, 1.189 per layer (" in residual
    assert residual.endswith("Measured: 1.186 per layer by the fitted slope, 0.3% off.")
    assert not any("Theory" in s for s in verdict([line(-9.0, -9.0, model=model, blocks=1)]))


def test_theory_is_named_only_where_every_seed_follows_it() -> None:
    at = 54 * math.log10(1.21117)
    for share, follows in ((1.099, True), (1.101, False), (0.901, True), (0.899, False)):
        off = at + 54 * math.log10(share)
        assert bool(confirmed(line(at, off, model="plain56"))) is follows
        assert any("Theory" in s for s in verdict([line(at, off, model="plain56")])) is follows
    for wave, follows in ((0.19, True), (0.21, False)):
        heights = [at * (1 - i / 27) + wave * (-1) ** i for i in range(28)]
        (found,) = summarise([curve(heights, "plain56", seed) for seed in (0, 1)])
        assert abs(found.slope_per_layer - at / 54) < 0.001
        assert (min(found.r_squared) >= 0.98) is follows
        assert bool(confirmed(found)) is follows


def test_a_rate_is_said_only_of_a_straight_curve() -> None:
    """The same test as that of theory: a line's R² is at least 0.98 in every seed."""
    bent = [1.5 * (1 - i / 27) ** 4 for i in range(28)]
    straight = [1.5 * (1 - i / 27) for i in range(28)]
    both = ((bent, bent), (bent, straight), (straight, straight))
    for heights, rate in zip(both, ("", "", ": 1.066 per layer"), strict=True):
        (up,) = summarise([curve(one, seed=seed) for seed, one in enumerate(heights)])
        (down,) = summarise([curve([-h for h in one], seed=s) for s, one in enumerate(heights)])
        assert said(up).endswith(f" grows by a factor of 32 over 54 layers{rate}.")
        rate = rate.replace("1.066", "0.938")
        assert said(down).endswith(f" falls by a factor of 32 over 54 layers{rate}.")


def test_the_fit_explains_what_it_explains() -> None:
    (straight,) = summarise([curve([2.0, 1.0, 0.0])])
    assert straight.r_squared == pytest.approx((1.0,))
    (bent,) = summarise([curve([1.0, 1.0, 0.0])])
    assert bent.r_squared == pytest.approx((0.75,))
    (flat,) = summarise([curve([1.0, 1.0, 1.0])])
    assert math.isnan(flat.r_squared[0])
    assert math.isnan(curve([-math.inf, -math.inf, 0.0]).r_squared)


def test_low_high_and_the_factor_a_layer() -> None:
    found = line(1.0, 2.0, 1.5)
    assert (found.low, found.high) == pytest.approx((1.0, 2.0))
    assert found.factor_per_layer == pytest.approx(10 ** (1.5 / 54))
    (part,) = summarise([curve([-2.0, 0.0]), curve([math.nan, 0.0], seed=1)])
    assert math.isnan(part.low)
    assert math.isnan(part.high)
    assert math.isnan(part.factor_per_layer)


def test_weights_that_hide_it_are_told() -> None:
    model = "plain56:norm=none:init=xavier"
    hidden = verdict([line(-8.5, -8.5, model=model, weights=-0.5)])[-1]
    assert hidden.startswith("The weight gradients of the plain stack would hide this: ‖∂L/∂W‖")
    assert (
        "differs by a factor of 3.2 between the first convolution and the last, because" in hidden
    )
    assert any("hide" in s for s in verdict([line(-8.5, -8.5, weights=0.99)]))
    assert not any("hide" in s for s in verdict([line(-8.5, -8.5, weights=1.01)]))
    assert not any("hide" in s for s in verdict([line(-1.2, -1.2, weights=0.9)]))
    tanh = verdict([line(-8.5, -8.5, weights=-0.5)])[-1]
    assert tanh.endswith("between the first convolution and the last.")
    for shown in (line(-8.5, -8.5, weights=-7.0), line(-0.9, -0.9, weights=0.0)):
        assert not any("hide" in sentence for sentence in verdict([shown]))


def test_the_norms_of_weights_are_compared_end_to_end() -> None:
    def told(*ratios: tuple[str, tuple[float, ...]]) -> str:
        every = [
            curve([0.0, 0.0], model, seed, ratio)
            for model, own in ratios
            for seed, ratio in enumerate(own)
        ]
        return weights_in_words(every, Quantity.WEIGHT)

    assert told((PLAIN, (1.0, 2.0)), (RESIDUAL, (-1.0, -1.0))) == (
        "From the last convolution to the first, ‖∂L/∂W‖ grows by a factor of 10 to 100 across "
        "seeds in the plain stack, and falls by a factor of 10 across seeds in the residual stack."
    )
    assert told((PLAIN, (0.1, -0.1)), (RESIDUAL, (-1.0, 1.0))) == (
        "From the last convolution to the first, ‖∂L/∂W‖ changes by less than a factor of 2 in the "
        "plain stack, and changes by a factor of 0.10 to 10 across seeds in the residual stack."
    )
    assert told((PLAIN, (-1.0, -2.0)), (RESIDUAL, (-1.0, -1.0))) == (  # the same way: said once
        "From the last convolution to the first, ‖∂L/∂W‖ falls by a factor of 10 to 100 across "
        "seeds in the plain stack, and by a factor of 10 in the residual stack."
    )
    lost = told((PLAIN, (1.0, math.nan)))
    assert lost.endswith("‖∂L/∂W‖ can't be compared in the plain stack.")
    three = told(("resnet20", (1.0,)), ("resnet32", (3.0,)), ("resnet56", (2.0,)))
    assert three == (
        "From the last convolution to the first, ‖∂L/∂W‖ grows by a factor of 1,000 in ResNet-32, "
        "and by a factor of 10 in ResNet-20."
    )
    lost = told(*((f"resnet{depth}", (math.nan,)) for depth in (20, 32, 56)))
    assert lost == ""
    relative = weights_in_words([curve([0.0, 0.0], PLAIN, 0, 1.0)], Quantity.RELATIVE_WEIGHT)
    assert relative == (
        "From the last convolution to the first, ‖∂L/∂W‖ / ‖W‖ grows by a factor of 10 in the "
        "plain stack."
    )


def test_the_distance_of_two_models_weight_gradients_in_every_layer() -> None:
    def told(*seeds: tuple[float, float]) -> str:
        """Return what is said of a plain stack with these norms, one pair for each seed."""
        every = []
        for seed, heights in enumerate(seeds):
            for model, own in ((PLAIN, heights), (RESIDUAL, (0.0, 0.0))):
                norms = tuple(10.0**height for height in own)
                states = tuple(state(norm, Precision.FLOAT32) for norm in norms)
                one = curve([0.0, 0.0], model, seed)
                weights = replace(one.weights, values=norms, states=states)
                every.append(replace(one, weights=weights))
        return weights_in_words(every, Quantity.WEIGHT).partition(". ")[2]

    assert told((-20.0, -21.0), (-20.5, -20.5)) == (
        "In every layer and seed, it's smaller in the plain stack, by a factor of 1.0×10²⁰ to "
        "1.0×10²¹."
    )
    assert told((2.0, 2.0), (2.0, 2.0)) == (
        "In every layer and seed, it's smaller in the residual stack, by a factor of 100."
    )
    far = (-20.0, -20.0)
    assert told(far) == ""  # one seed
    assert told(far, (-20.0, 1.0)) == ""  # one layer disagrees
    assert told(far, (2.0, 2.0)) == ""  # one seed disagrees
    assert told(far, (-20.0, -0.9)) == ""  # less than a factor of 10
    assert told(far, (-50.0, -20.0)) == ""  # below float32


def test_notes_on_softmax_and_zero_init() -> None:
    notes = verdict([line(1.0, 1.0, model="resnet50:softmax=1:zero_init=1")])[-2:]
    assert notes[0] == (
        "The residual stack ends in a softmax and is measured before it, on logits."
    )
    assert "(zero_init=1), so its weight gradients of 0 are exact" in notes[1]


@pytest.mark.parametrize(
    ("log10", "rounded", "bound"),
    [
        (0.0, "1.0", "1"),
        (0.3, "2.0", "2"),
        (-0.31, "2.0", "2.1"),
        (0.84, "6.9", "7"),
        (0.999, "10", "10"),
        (1.0, "10", "10"),
        (1.55, "35", "36"),
        (2.104, "130", "130"),
        (2.9999, "1,000", "1,000"),
        (3.0, "1,000", "1,000"),
        (4.19, "15,000", "16,000"),
        (5.9999, "1.0×10⁶", "1.0×10⁶"),
        (-21.72, "5.2×10²¹", "5.3×10²¹"),
    ],
)
def test_factors_in_words(log10: float, rounded: str, bound: str) -> None:
    assert (factor(log10), within(log10)) == (rounded, bound)


def test_the_story_holds_together() -> None:
    names = [preset.name for preset in (*PRESETS, SHATTERED, *MORE)]
    assert names[:7] == [
        "Vanishing: no BN, default init",
        "With BN, the gradient explodes; shortcuts tame it",
        "He init without BN: the residual stack explodes",
        "tanh with BN: shortcuts don't help",
        "Xavier, no BN: only the plain stack vanishes",
        "Sigmoid, no BN, default init: both vanish",
        "Without shortcuts, the gradient's direction shatters",
    ]
    assert len(set(names)) == len(names)
    buttons = {preset.short for preset in (*PRESETS, SHATTERED, *MORE)}
    assert {name for half in HALF_TRUTHS for name in half.presets} <= buttons
    assert [r.source.short for r in READINGS] == [
        "He et al. 2015",
        "Balduzzi et al. 2017",
        "Yang et al. 2019",
    ]
