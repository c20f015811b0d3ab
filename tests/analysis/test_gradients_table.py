"""The experiment at initialisation against the table of measured figures.

log10 (||dL/dx|| after the stem / after the last block), CIFAR basic blocks 16/32/64, option A,
cross-entropy, train mode, random images, mean of 3 seeds; figures for depth 20 and depth 56, plain
and residual. Depth 110 and the slow rows are in the benchmarks.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import pytest
import torch

from analysis.gradients.curves import GradientSettings, Precision, Summary
from analysis.gradients.measure import measure
from analysis.gradients.presets import MORE, PRESETS, Preset
from analysis.gradients.theory import confirmed, theory
from analysis.gradients.verdict import Word, verdict, word
from nets import parse
from nets.options import Activation, Init, Norm


class Row(NamedTuple):
    """The options of a row and its figures at one depth."""

    options: str
    plain: float
    residual: float


DEPTH_20 = (
    Row("", 1.4, 0.9),
    Row(":init=default", 1.4, 0.9),
    Row(":init=xavier", 1.4, 0.9),
    Row(":activation=tanh", 0.7, 0.7),
    Row(":activation=sigmoid", -0.4, -0.5),
    Row(":norm=none:init=default", -7.0, -0.4),
    Row(":norm=none:activation=tanh:init=default", -4.6, -0.4),
    Row(":norm=none:activation=sigmoid:init=default", -15.5, -6.1),
    Row(":norm=none", -0.5, 0.9),
    Row(":norm=none:activation=tanh", 0.3, 0.5),
    Row(":norm=none:init=xavier", -3.0, 0.0),
    Row(":norm=none:activation=tanh:init=xavier", -0.7, 0.1),
)
DEPTH_56 = (
    Row("", 4.1, 1.5),
    Row(":activation=tanh", 2.1, 2.2),
    Row(":norm=none:activation=tanh:init=default", -13.5, -0.4),
    Row(":norm=none", -0.9, 4.0),
    Row(":norm=none:activation=tanh", 1.0, 1.5),
    Row(":norm=none:init=xavier", -8.7, 1.0),
    Row(":norm=none:activation=tanh:init=xavier", -1.2, 0.5),
)
FLOAT64_BATCH_8 = Row(":norm=none:init=default", -21.7, -0.3)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def summary(text: str, batch: int = 32, precision: Precision = Precision.FLOAT32) -> Summary:
    return measured(text, batch, precision)  # one cache key with or without the defaults


@cache
def measured(text: str, batch: int, precision: Precision) -> Summary:
    options = GradientSettings(batch=batch, precision=precision)
    (found,) = measure(lambda _: None, (parse(text),), options).summary
    return found


def holds(found: Summary, figure: float) -> None:
    assert found.log10_ratio == pytest.approx(figure, abs=0.7)
    if abs(figure) >= 0.3:
        assert found.log10_ratio * figure > 0
    assert found.high - found.low <= 1.4


@pytest.mark.parametrize("row", DEPTH_20, ids=lambda row: row.options)
def test_depth_20(row: Row) -> None:
    holds(summary(f"plain20{row.options}"), row.plain)
    holds(summary(f"resnet20{row.options}"), row.residual)


@pytest.mark.parametrize("row", DEPTH_56, ids=lambda row: row.options)
def test_depth_56(row: Row) -> None:
    holds(summary(f"plain56{row.options}"), row.plain)
    holds(summary(f"resnet56{row.options}"), row.residual)


def test_depth_56_in_float64() -> None:
    row = FLOAT64_BATCH_8
    holds(summary(f"plain56{row.options}", 8, Precision.FLOAT64), row.plain)
    holds(summary(f"resnet56{row.options}", 8, Precision.FLOAT64), row.residual)


@pytest.mark.parametrize(
    ("text", "factor"),
    [("plain56:norm=none:init=default", 0.408), ("plain56:norm=none:init=xavier", 0.707)],
)
def test_slopes_are_theorys(text: str, factor: float) -> None:
    predicted = theory(parse(text))
    assert predicted is not None
    assert predicted.factor == pytest.approx(factor, abs=5e-4)
    assert abs(predicted.distance_percent(summary(text).slope_per_layer)) <= 3
    assert confirmed(summary(text)) is predicted


class Shown(NamedTuple):
    """What a preset's name claims: the words of its models, and a part of the verdict.

    None stands for a change by about a factor of 10, on which side of it the seeds disagree.
    """

    words: tuple[set[Word | None], ...]
    sentence: str


NEAR: set[Word | None] = {Word.LEVEL, Word.WITHIN, None}
UP: set[Word | None] = {Word.WITHIN, Word.GROWS, None}
DOWN: set[Word | None] = {Word.WITHIN, Word.FALLS, None}
GROWS: set[Word | None] = {Word.GROWS}
EXPLODES: set[Word | None] = {Word.EXPLODES}
VANISHES: set[Word | None] = {Word.VANISHES}
SHOWN = {
    "Vanishing: no BN, default init": Shown(
        (VANISHES, NEAR), "the residual stack's gradient changes less"
    ),
    "With BN, the gradient explodes; shortcuts tame it": Shown(
        (EXPLODES, GROWS), "the residual stack's gradient changes less"
    ),
    "He init without BN: the residual stack explodes": Shown(
        (NEAR, EXPLODES), "the plain stack's gradient changes less"
    ),
    "tanh with BN: shortcuts don't help": Shown(
        (GROWS, GROWS), "The two differ by less than a factor of 2 from end to end."
    ),
    "Xavier, no BN: only the plain stack vanishes": Shown(
        (VANISHES, NEAR), "the residual stack's gradient changes less"
    ),
    "Sigmoid, no BN, default init: both vanish": Shown(
        (VANISHES, VANISHES), "it vanishes; the residual one's falls"
    ),
    "tanh, default init, no BN: shortcuts rescue it": Shown(
        (VANISHES, NEAR), "the residual stack's gradient changes less"
    ),
    "tanh, He init, no BN: both grow": Shown((UP, UP), "the residual one's grows"),
    "tanh, Xavier, no BN: mild in both": Shown((DOWN, UP), "plain stack's gradient falls by"),
    "Sigmoid with BN: both fall": Shown(
        (DOWN, DOWN), "The two differ by less than a factor of 2 from end to end."
    ),
    "Unit orders at depth 110: BN on the skip path costs most": Shown(
        (GROWS, EXPLODES, GROWS, GROWS, GROWS), "and most with BN after addition"
    ),
    "Options A, B and C at depth 110: more projections, more growth": Shown(
        (GROWS, GROWS, EXPLODES),
        "the gradient grows least with zero-pad shortcuts (A), by a factor of 8",
    ),
}
SLOW = (PRESETS[-1], *MORE[-3:])  # use a smaller batch here and their own in the benchmarks


def says_its_name(preset: Preset, found: Sequence[Summary]) -> None:
    shown = SHOWN[preset.name]
    for allowed, one in zip(shown.words, found, strict=True):
        assert word(one) in allowed
        assert word(one) or max(map(abs, one.ratios)) < 1.3
        assert one.low > 0 or not allowed & {Word.GROWS, Word.EXPLODES}
        assert one.high < 0 or not allowed & {Word.FALLS, Word.VANISHES}
    assert shown.sentence in " ".join(verdict(found))


@pytest.mark.parametrize("preset", [*PRESETS, *MORE], ids=lambda preset: preset.name)
def test_presets_show_what_their_names_say(preset: Preset) -> None:
    batch = 8 if preset in SLOW else 32
    says_its_name(preset, [summary(text, batch, preset.precision) for text in preset.models])


def test_more_projections_grow_more_in_every_seed() -> None:
    a, b, c = (summary(text, 8).ratios for text in MORE[-1].models)
    assert all(one < two < three for one, two, three in zip(a, b, c, strict=True))


def test_weight_gradients_hide_vanishing() -> None:
    found = summary("plain56:norm=none:init=xavier")
    assert found.log10_ratio < -8
    assert abs(found.weight_log10_ratio) < 1


@pytest.mark.parametrize("preset", [*PRESETS, *MORE], ids=lambda preset: preset.name)
def test_a_presets_models_are_written_shortest(preset: Preset) -> None:
    assert [str(parse(text)) for text in preset.models] == list(preset.models)


@pytest.mark.parametrize("preset", [*PRESETS, *MORE[:-2]], ids=lambda preset: preset.name)
def test_a_pair_of_twins_is_named_with_its_condition(preset: Preset) -> None:
    """Without it, "tanh: shortcuts don't help" contradicts "tanh, no BN: shortcuts rescue it"."""
    spec = parse(preset.models[0])
    assert "BN" in preset.name
    assert (spec.norm is Norm.NONE) == ("no BN" in preset.name or "without BN" in preset.name)
    for activation in (Activation.TANH, Activation.SIGMOID):
        assert (spec.activation is activation) == (activation.value in preset.name.lower())
    assert (spec.init is Init.DEFAULT) == ("default init" in preset.name)
    assert (spec.init is Init.XAVIER) == ("Xavier" in preset.name)
