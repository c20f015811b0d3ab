"""The experiment at initialisation against the table of measured figures.

log10 (||dL/dx|| after the stem / after the last block), CIFAR basic blocks 16/32/64, option A,
cross-entropy, train mode, random images, mean of 3 seeds; figures for depth 20 and depth 56, plain
and residual. Depth 110 and the slow rows stand in the benchmarks.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest
import torch

from analysis.curves import Precision, Settings, Summary
from analysis.gradients import measure
from analysis.presets import MORE, PRESETS, Preset
from analysis.theory import theory
from analysis.verdict import Word, word
from nets import parse


class Row(NamedTuple):
    """The options of a row, and its figures at one depth."""

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


@cache
def summary(text: str, batch: int = 32, precision: Precision = Precision.FLOAT32) -> Summary:
    options = Settings(batch=batch, precision=precision)
    (found,) = measure(lambda _: None, (parse(text),), options).summary
    return found


def holds(found: Summary, figure: float) -> None:
    assert found.log10_ratio == pytest.approx(figure, abs=0.7)
    if abs(figure) >= 0.3:
        assert found.log10_ratio * figure > 0
    assert found.log10_ratio_spread <= 0.7


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
    assert abs(predicted.distance_percent(summary(text).slope_per_layer)) <= 7


WORDS = {
    "Vanishing: no BN, default init": (Word.VANISHES, Word.STAYS),
    "BN explodes, shortcuts tame it": (Word.EXPLODES, Word.EXPLODES),
    "He init without BN: the residual stack explodes": (Word.STAYS, Word.EXPLODES),
    "tanh: shortcuts don't help": (Word.EXPLODES, Word.EXPLODES),
    "Xavier: slow vanishing": (Word.VANISHES, Word.EXPLODES),
}


@pytest.mark.parametrize("preset", PRESETS[:-1], ids=lambda preset: preset.name)
def test_presets_show_what_their_names_say(preset: Preset) -> None:
    assert tuple(word(summary(text)) for text in preset.models) == WORDS[preset.name]


def test_shortcuts_tame_bn_and_do_not_help_tanh() -> None:
    tamed, idle = (
        [summary(text).log10_ratio for text in preset.models] for preset in (PRESETS[1], PRESETS[3])
    )
    assert tamed[0] - tamed[1] > 2
    assert abs(idle[0] - idle[1]) < 0.3


def test_weight_gradients_hide_vanishing() -> None:
    found = summary("plain56:norm=none:init=xavier")
    assert found.log10_ratio < -8
    assert abs(found.weight_log10_ratio) < 1


@pytest.mark.parametrize("preset", [*PRESETS, *MORE], ids=lambda preset: preset.name)
def test_a_presets_models_are_written_shortest(preset: Preset) -> None:
    assert [str(parse(text)) for text in preset.models] == list(preset.models)
