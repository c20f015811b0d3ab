"""What the experiment costs beside the bare passes, and the rows too slow for the suite."""

import gc
from statistics import median
from time import process_time

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch.nn.functional import cross_entropy

from analysis.gradients.curves import Curve, GradientSettings, Precision
from analysis.gradients.measure import measure
from analysis.gradients.presets import MORE, PRESETS, Preset
from analysis.gradients.verdict import Word, word
from analysis.images import batch as inputs
from analysis.images import fashion_mnist
from analysis.images.kinds import InputKind
from analysis.images.make_sample import draw
from analysis.images.roots import DATA_VARIABLE
from analysis.images.sample import sample_set
from nets import build, parse
from tests.analysis.test_gradients_table import Row, holds, says_its_name, summary


def test_depth_56_takes_at_most_1_3_of_the_bare_passes(benchmark: BenchmarkFixture) -> None:
    """Both stacks, 3 seeds, batch 32, building and drawing included.

    A bare pass of the same net follows each curve, so that both see the same machine; CPU time, so
    that other processes count as little as they can.
    """
    specs = (parse("plain56"), parse("resnet56"))
    settings = GradientSettings(seeds=3, batch=32)
    models = {str(spec): build(spec) for spec in specs}
    images, labels = inputs.batch(settings, specs[0], 0)
    bare: list[float] = []

    def pass_bare(curve: Curve) -> None:
        model = models[curve.model]
        model.zero_grad()
        start = process_time()
        cross_entropy(model(images), labels).backward()
        bare.append(process_time() - start)

    def run() -> float:
        gc.collect()
        bare.clear()
        start = process_time()
        measure(pass_bare, specs, settings)
        return (process_time() - start - sum(bare)) / sum(bare)

    run()
    ratios = [run() for _ in range(5)]
    benchmark.extra_info["ratio to bare passes"] = round(median(ratios), 3)
    benchmark(lambda: measure(lambda _: None, specs, settings))
    assert median(ratios) <= 1.3


@pytest.mark.parametrize(
    "row",
    [Row(":activation=sigmoid", -0.9, -1.2), Row(":init=default", 4.1, 1.5)],
    ids=lambda row: row.options,
)
def test_depth_56(row: Row) -> None:
    holds(summary(f"plain56{row.options}"), row.plain)
    holds(summary(f"resnet56{row.options}"), row.residual)


def test_depth_56_below_float32() -> None:
    options = ":norm=none:activation=sigmoid:init=default"
    holds(summary(f"plain56{options}", 8, Precision.FLOAT64), -46.4)
    holds(summary(f"resnet56{options}", 8, Precision.FLOAT64), -17.9)
    single = summary(f"plain56{options}", 8)
    assert single.below[:2] == ("act1", "layer1.0")
    assert word(single) is Word.VANISHES


@pytest.mark.parametrize(
    "row",
    [
        Row("", 7.7, 1.9),
        Row(":activation=tanh", 4.2, 4.3),
        Row(":activation=sigmoid", -1.7, -2.2),
        Row(":norm=none", -1.4, 8.6),
        Row(":norm=none:activation=tanh", 2.1, 3.1),
        Row(":norm=none:init=xavier", -17.4, 2.4),
        Row(":norm=none:activation=tanh:init=xavier", -1.8, 1.0),
    ],
    ids=lambda row: row.options,
)
def test_depth_110(row: Row) -> None:
    holds(summary(f"plain110{row.options}"), row.plain)
    holds(summary(f"resnet110{row.options}"), row.residual)


@pytest.mark.parametrize(
    ("activation", "residual"), [("relu", -0.2), ("tanh", -0.5)], ids=["relu", "tanh"]
)
def test_depth_110_default_init(activation: str, residual: float) -> None:
    options = ":norm=none:init=default"
    if activation == "tanh":
        options = ":norm=none:activation=tanh:init=default"
    holds(summary(f"resnet110{options}"), residual)
    single = summary(f"plain110{options}", 8)
    assert single.below or single.log10_ratio < -24
    # ReLU's forward signal is lost to float32 as well, so the word needs float64.
    assert word(single) is (None if activation == "relu" else Word.VANISHES)
    assert word(summary(f"plain110{options}", 8, Precision.FLOAT64)) is Word.VANISHES


def test_depth_110_below_float32() -> None:
    options = ":norm=none:activation=sigmoid:init=default"
    plain, residual = (summary(f"{kind}110{options}", 2) for kind in ("plain", "resnet"))
    assert plain.below
    assert residual.below or residual.log10_ratio < -34
    assert word(plain) is word(residual) is Word.VANISHES


@pytest.mark.parametrize(
    ("name", "figures"),
    [("Unit orders", (1.9, 3.8, 1.5, 1.7, 2.1)), ("Options A, B and C", (1.9, 2.7, 6.2))],
)
def test_unit_orders_and_options_at_depth_110(name: str, figures: tuple[float, ...]) -> None:
    preset = next(preset for preset in MORE if preset.name.startswith(name))
    for text, figure in zip(preset.models, figures, strict=True):
        holds(summary(text), figure)


@pytest.mark.parametrize("preset", [*PRESETS, *MORE], ids=lambda preset: preset.name)
def test_presets_show_what_their_names_say_at_their_own_settings(preset: Preset) -> None:
    says_its_name(preset, [summary(text, 32, preset.precision) for text in preset.models])


def test_debians_fashion_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Needs Debian's package dataset-fashion-mnist."""
    monkeypatch.setenv(DATA_VARIABLE, str(fashion_mnist.DEBIAN_FOLDER))
    fashion_mnist._load.cache_clear()
    pictures, classes = fashion_mnist.fashion_mnist()
    assert pictures.shape == (10_000, 28, 28)
    assert classes.bincount().tolist() == [1_000] * 10
    assert round(pictures.double().mean().item(), 2) == 73.15
    whole, sample = fashion_mnist.fashion_mnist_set(), sample_set()
    assert whole.digest == "a06d3266794aa0147787f49603795ec5e8a32fac55270d9b4ac38d415b342e8c"
    assert whole.mean + whole.std == pytest.approx((0.28604, 0.35302), abs=1e-5)
    for part, of, each in ((sample.train, whole.train, 400), (sample.test, whole.test, 100)):
        places = draw(of.labels, each)
        assert part.labels.tolist() == of.labels[places].tolist()
        assert all(torch.equal(part[i], of[place]) for i, place in enumerate(places))
    settings = GradientSettings(images=InputKind.FASHION_MNIST)
    plain, residual = measure(
        lambda _: None, (parse("plain56"), parse("resnet56")), settings
    ).summary
    holds(plain, 4.1)
    holds(residual, 1.5)
