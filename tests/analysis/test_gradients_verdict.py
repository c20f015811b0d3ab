"""The words follow the numbers: synthetic curves of every kind against the bounds."""

import math
from dataclasses import replace

import pytest

from analysis.curves import Curve, Precision, Series, Summary, state, summarise
from analysis.presets import HALF_TRUTHS, MORE, PRESETS, READINGS
from analysis.theory import theory
from analysis.verdict import Word, factor, verdict, within, word
from nets import parse

PLAIN, RESIDUAL = "plain56:norm=none:activation=tanh", "resnet56:norm=none:activation=tanh"


def curve(
    heights: list[float],
    model: str = PLAIN,
    seed: int = 0,
    weights: float = 0.0,
    precision: Precision = Precision.FLOAT32,
) -> Curve:
    """A curve whose norms are 10 to these heights, from the stem to the last block."""
    norms = tuple(0.0 if height == -math.inf else 10.0**height for height in heights)
    paths = ("act1", *(f"layer1.{i}" for i in range(len(heights) - 1)))
    positions = tuple(1 + 2 * i for i in range(len(heights)))
    states = tuple(state(value, precision) for value in norms)
    own = Series(paths, positions, norms, states)
    ends = (10.0**weights, 1.0)
    last = Series(
        ("conv1", "layer1.0.conv2"), (1, 3), ends, tuple(state(v, precision) for v in ends)
    )
    return Curve(model, seed, precision, 2.3, own, last, (1.0, 1.0))


def line(*ratios: float, model: str = PLAIN, blocks: int = 27, weights: float = 0.0) -> Summary:
    """A summary of straight curves with these log10 ratios, one a seed."""
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
        ((-1.0, -1.0, -1.0), Word.STAYS),
        ((-1.01, -1.01, -1.01), Word.VANISHES),
        ((-2.0, -1.0, -0.1), Word.VANISHES),
        ((-3.5, -1.0, 0.1), None),
        ((-3.5, -1.0, 0.0), None),
        ((1.0, 1.0), Word.STAYS),
        ((1.01, 1.01), Word.EXPLODES),
        ((2.9, 0.1), Word.EXPLODES),
        ((3.0, -0.1), None),
        ((0.9, -0.9), Word.STAYS),
        ((0.0, 0.0), Word.STAYS),
        ((-21.7,), None),
        ((21.7,), None),
        ((-0.5,), Word.STAYS),
        ((math.nan, -2.0), None),
        ((-math.inf, -math.inf), Word.VANISHES),
        ((-math.inf, -5.0), Word.VANISHES),
        ((-math.inf, 5.0), None),
        ((-math.inf,), None),
    ],
)
def test_a_word_needs_its_bound_and_its_band(
    ratios: tuple[float, ...], expected: Word | None
) -> None:
    found = Summary(
        PLAIN, Precision.FLOAT32, 27, 54, ratios, ratios, ratios, math.nan, (), (), "", math.nan
    )
    assert word(found) is expected


@pytest.mark.parametrize(
    ("ratios", "sentence"),
    [
        ((-21.7, -21.8, -21.6), "falls by a factor of 10^21.7 in 54 layers: it vanishes."),
        ((4.1, 4.0, 4.2), "grows by a factor of 10^4.1 in 54 layers: it explodes."),
        ((1.54, 1.54), "grows by a factor of 35 in 54 layers: it explodes."),
        ((-2.9, -2.9), "falls by a factor of 790 in 54 layers: it vanishes."),
        ((0.0, 0.0, 0.0), "stays within a factor of 1."),
        ((-0.29, -0.31, -0.29), "stays within a factor of 2."),
        ((-0.31, -0.31), "stays within a factor of 2.1, getting smaller."),
        ((0.31, 0.31), "stays within a factor of 2.1, getting larger."),
        ((1.0, 1.0), "stays within a factor of 10, getting larger."),
        ((0.9, -0.1), "stays within a factor of 2.6."),
        (
            (3.0, -0.2),
            "changes by a factor of 25 on average in 54 layers, up with some seeds and down with "
            "others.",
        ),
        (
            (-21.7,),
            "falls by a factor of 10^21.7 in 54 layers with the one seed measured: it takes two or "
            "more to say whether it vanishes.",
        ),
        ((0.1,), "stays within a factor of 1.3."),
    ],
)
def test_the_course_of_straight_lines(ratios: tuple[float, ...], sentence: str) -> None:
    assert said(line(*ratios)) == f"Toward the input the plain stack's gradient {sentence}"


def test_the_sentence_of_the_demo() -> None:
    plain, residual = line(-21.7, -21.6, -21.8), line(-0.28, -0.29, -0.3, model=RESIDUAL)
    assert verdict([plain, residual])[:2] == (
        "Toward the input the plain stack's gradient falls by a factor of 10^21.7 in 54 layers: "
        "it vanishes; the residual one's stays within a factor of 2.",
        "The residual stack's gradient changes less, by a factor of 10^21.4 from end to end.",
    )


def test_a_single_block_is_no_trend() -> None:
    for ratio in (-5.0, 5.0):
        found = line(ratio, ratio, blocks=1)
        assert word(found) is None
        moves = "falls" if ratio < 0 else "grows"
        assert said(found).endswith(
            f"{moves} by a factor of 10^5.0 in 2 layers: a single block is no trend."
        )
    assert "changes by less than a factor of 2 in 2 layers" in said(line(0.1, 0.2, blocks=1))


def test_below_float32_is_named_from_where_it_begins() -> None:
    heights = [-math.inf, -math.inf, -41.0, -30.0, -20.0, -10.0, 0.0]
    (found,) = summarise([curve(heights, seed=seed) for seed in (0, 1)])
    assert found.below == ("act1", "layer1.0", "layer1.1")
    assert said(found).endswith(
        "falls by a factor of 10^30.0 from the last block to layer1.2, and is below float32 "
        "(10^-38) from layer1.1 on: it vanishes."
    )
    assert found.slope_per_layer == pytest.approx(-5)  # of what float32 holds
    (single,) = summarise([curve(heights)])
    assert said(single).endswith("it takes two or more to say whether it vanishes.")
    (double,) = summarise([curve(heights, seed=s, precision=Precision.FLOAT64) for s in (0, 1)])
    assert double.below == ("act1", "layer1.0")
    assert "is below float64 (10^-308) from layer1.0 on: it vanishes" in said(double)


def test_below_float32_in_some_seeds_alone() -> None:
    gone, kept = curve([-math.inf, -20.0, 0.0]), curve([-37.0, -20.0, 0.0], seed=1)
    (found,) = summarise([gone, kept])
    assert found.log10_ratio == -math.inf
    assert "is below float32 (10^-38) from act1 on in 1 of 2 seeds: it vanishes" in said(found)


def test_seeds_that_go_below_at_other_points_are_named_where_all_have() -> None:
    one = curve([-math.inf, -math.inf, -math.inf, -30.0, 0.0])
    other = curve([-math.inf, -41.0, -30.0, -20.0, 0.0], seed=1)
    (found,) = summarise([one, other])
    assert found.below == ("act1", "layer1.0")
    assert "is below float32 (10^-38) from layer1.0 on: it vanishes" in said(found)


def test_a_lost_forward_signal_is_no_vanished_gradient() -> None:
    heights = [-math.inf, -math.inf, -2.0, -1.0, 0.0]
    lost = [replace(curve(heights, seed=s), lost_from=f"layer1.{2 - s}") for s in (0, 1)]
    (found,) = summarise(lost)
    assert word(found) is None
    assert said(found).endswith(
        "falls by a factor of 100 from the last block to layer1.1, and cannot be followed further "
        "in float32: the forward signal itself is below 10^-38 from layer1.1 on, where a ReLU "
        "passes no gradient; float64 holds both."
    )
    (double,) = summarise([replace(c, precision=Precision.FLOAT64) for c in lost])
    assert said(double).endswith("where a ReLU passes no gradient.")
    (held,) = summarise([replace(curve([-2.0, 0.0]), lost_from="act1")])
    assert word(held) is None  # one block; and nothing is said of the forward signal
    assert "forward" not in said(held)


def test_a_gradient_cut_off_at_once_is_below_too() -> None:
    (found,) = summarise([curve([-math.inf, -math.inf, -2.0], seed=seed) for seed in (0, 1)])
    assert said(found).endswith("is below float32 (10^-38) from layer1.0 on: it vanishes.")
    (dead,) = summarise([curve([-math.inf, -math.inf], seed=seed) for seed in (0, 1)])
    assert said(dead).endswith(
        "is below float32 already after the last block: no course can be seen."
    )
    assert word(dead) is None


def test_what_is_not_finite_is_never_given_a_word() -> None:
    (found,) = summarise([curve([math.nan] * 4, seed=seed) for seed in (0, 1)])
    assert word(found) is None
    assert said(found).endswith(
        "is not finite (NaN or infinite) at 4 of 4 points: nothing can be said of its size."
    )
    (part,) = summarise([curve([math.nan, math.inf, 39.0, 0.0], seed=seed) for seed in (0, 1)])
    assert word(part) is None
    assert said(part).endswith(
        "grows by a factor of 10^39.0 from the last block to layer1.1, and is not finite (NaN or "
        "infinite) at 2 of 4 points."
    )
    (one,) = summarise([curve([-2.0, -1.0, 0.0]), curve([math.nan, -1.0, 0.0], seed=1)])
    assert word(one) is None
    assert math.isnan(one.log10_ratio)


def test_a_detour_is_told() -> None:
    (found,) = summarise([curve([0.1, 3.0, 0.0], seed=seed) for seed in (0, 1)])
    assert said(found).endswith(
        "stays within a factor of 1.3 from end to end (on the way it spans a factor of 10^3.0)."
    )


@pytest.mark.parametrize(
    ("plain", "residual", "sentence"),
    [
        (
            (2.1, 2.1),
            (2.2, 2.2),
            "The two differ by less than a factor of 2 from end to end: here the shortcut makes no "
            "larger difference.",
        ),
        (
            (-0.8, -1.0),
            (4.0, 3.8),
            "The plain stack's gradient changes less, by a factor of 10^3.0 from end to end.",
        ),
        ((1.0, 3.0), (2.5, 4.0), "The seeds' bands overlap: that the two differ cannot be said."),
        ((-2.0, -2.0), (2.1, 2.1), "The two go opposite ways, about as far."),
        (
            (-2.0,),
            (2.0,),
            "With one seed there is no band: how far the models differ cannot be said.",
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
    assert len(verdict(models)) == 1 + sum("Another quantity" in s for s in verdict(models))


def test_more_than_two_models_are_named_by_their_texts() -> None:
    models = (PLAIN, RESIDUAL, f"{RESIDUAL}:unit=full_preact")
    sentences = verdict(
        [line(r, r, model=m) for m, r in zip(models, (-9.0, 0.5, 2.0), strict=True)]
    )
    assert sentences[0] == (
        f"Toward the input the gradient of {PLAIN} falls by a factor of 10^9.0 in 54 layers: it "
        "vanishes."
    )
    assert sentences[3] == (
        f"From end to end the gradient changes least in {RESIDUAL} (a factor of 3.2) and most in "
        f"{PLAIN} (10^9.0)."
    )
    assert "differ in shortcut and unit" in sentences[4] or "unit and shortcut" in sentences[4]


def test_models_that_differ_in_more_than_one_thing_are_a_warning() -> None:
    mixed = verdict([line(1.0, 1.0), line(2.0, 2.0, model="resnet56:activation=tanh")])
    assert mixed[2] == (
        "The models differ in shortcut and norm: which of these does what is not told apart."
    )
    pure = verdict([line(1.0, 1.0), line(2.0, 2.0, model=RESIDUAL)])
    assert not any("not told apart" in sentence for sentence in pure)


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
    assert found.distance_percent(1.05 * found.slope_per_layer) == pytest.approx(5)


def test_theory_is_said_with_its_distance_and_source() -> None:
    model = "plain56:norm=none:init=xavier"
    steep = 54 * 1.04 * math.log10(1 / math.sqrt(2))
    sentence = verdict([line(steep, steep, model=model)])[1]
    assert sentence.startswith("Theory for the plain stack: a factor of 1/√2 = 0.707 a layer (")
    assert "Glorot and Bengio 2010" in sentence
    assert sentence.endswith("Measured: 0.697 a layer, a slope 4.0% off.")
    residual = verdict([line(4.0, 4.0, model="resnet56:norm=none")])[1]
    assert "a factor of √2 = 1.414 a block" in residual
    assert "Measured: 1.407 a block" in residual
    assert not any("Theory" in s for s in verdict([line(-9.0, -9.0, model=model, blocks=1)]))


def test_weights_that_hide_it_are_told() -> None:
    model = "plain56:norm=none:init=xavier"
    hidden = verdict([line(-8.5, -8.5, model=model, weights=-0.5)])[-1]
    assert hidden.startswith("Another quantity would hide this in the plain stack: its weight")
    assert "differ by a factor of 3.2 between the first convolution and the last, for in" in hidden
    tanh = verdict([line(-8.5, -8.5, weights=-0.5)])[-1]
    assert tanh.endswith("between the first convolution and the last.")
    for shown in (line(-8.5, -8.5, weights=-7.0), line(-0.9, -0.9, weights=0.0)):
        assert not any("hide" in sentence for sentence in verdict([shown]))


def test_notes_on_softmax_and_zero_init() -> None:
    notes = verdict([line(1.0, 1.0, model="resnet50:softmax=1:zero_init=1")])[-2:]
    assert notes[0] == (
        "The residual stack ends in a softmax and is measured before it, on logits."
    )
    assert "(zero_init=1), so its weights' gradients of 0 are exact" in notes[1]


@pytest.mark.parametrize(
    ("log10", "rounded", "bound"),
    [
        (0.0, "1", "1"),
        (0.3, "2", "2"),
        (-0.31, "2", "2.1"),
        (0.84, "6.9", "7"),
        (0.999, "10", "10"),
        (1.0, "10", "10"),
        (1.55, "35", "36"),
        (2.104, "130", "130"),
        (2.9999, "1,000", "1,000"),
        (3.0, "10^3.0", "10^3.0"),
        (-21.72, "10^21.7", "10^21.8"),
    ],
)
def test_factors_in_words(log10: float, rounded: str, bound: str) -> None:
    assert (factor(log10), within(log10)) == (rounded, bound)


def test_the_story_holds_together() -> None:
    names = [preset.name for preset in (*PRESETS, *MORE)]
    assert names[:6] == [
        "Vanishing: no BN, default init",
        "BN explodes, shortcuts tame it",
        "He init without BN: the residual stack explodes",
        "tanh: shortcuts don't help",
        "Xavier: slow vanishing",
        "Sigmoid: both vanish",
    ]
    assert len(set(names)) == len(names)
    assert {name for half in HALF_TRUTHS for name in half.presets} <= set(names)
    assert [r.source.short for r in READINGS] == [
        "He et al. 2015",
        "Balduzzi et al. 2017",
        "Yang et al. 2019",
    ]
