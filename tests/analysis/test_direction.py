"""The gradient's direction: oracles, measured figures, verdict sentences and errors."""

import csv
import io
import json
import math
import pickle
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from analysis.charts.chart import Draw, limits, numbers_up, over
from analysis.gradients.charts import direction_chart
from analysis.gradients.cosines import AtDepth, Cosine, Direction, DirectionSettings, Stack, stacks
from analysis.gradients.curves import Precision, State
from analysis.gradients.direction import alike, check, input_gradient, measure, noise_like
from analysis.gradients.presets import SHATTERED
from analysis.gradients.report import (
    direction_csv,
    direction_dict,
    direction_json,
    direction_result,
    direction_text,
)
from analysis.gradients.shattering import Gap, compare, is_shattered, shattering
from analysis.images import batch
from analysis.images.kinds import InputKind
from nets import build, parse

TINY = ":widths=4,8,8:stem_width=4:input=3x8x8"
NARROW = ":widths=8,16,32:stem_width=8:input=1x14x14:classes=10"
NETS = tuple(f"{name}:blocks=1,1,1{TINY}" for name in ("plain20", "resnet20"))


def run(*texts: str, **options: object) -> Direction:
    given = {"batch": 4, "seeds": 2, **options}
    return measure(lambda _: None, tuple(map(parse, texts)), DirectionSettings(**given))  # type: ignore[arg-type]


def table(found: Direction) -> dict[str, float]:
    """Return each network's mean cosine, by catalog name."""
    return {at.spec.base: at.mean for stack in found.stacks for at in stack.depths}


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("kind", [InputKind.RANDOM, InputKind.SAMPLE])
def test_without_noise_the_cosine_is_1(precision: Precision, kind: InputKind) -> None:
    found = run(*NETS, f"resnet20:norm=none{TINY}", noise=0, precision=precision, images=kind)
    assert len(found.cosines) == 6
    for one in found.cosines:
        assert one.state is State.MEASURED
        assert one.value == pytest.approx(1, abs=1e-12)
    assert shattering(found.stacks, 0) == (
        "Without noise, the two gradients are identical: the cosine is 1.",
    )


def linear(text: str) -> nn.Module:
    """Return a network without batch norm whose activations are identities."""
    torch.manual_seed(3)
    model = build(parse(text)).double()
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.Identity())
    return model


@pytest.mark.parametrize("noise", [0.01, 1.0, 1_000.0])
@pytest.mark.parametrize("net", ["plain20", "resnet20", "resnet20:shortcut=projection", "plain56"])
def test_a_linear_network_has_one_direction_at_any_noise(net: str, noise: float) -> None:
    name, _, options = net.partition(":")
    model = linear(f"{name}:norm=none{TINY}" + (f":{options}" if options else ""))
    images = torch.randn(3, 3, 8, 8, dtype=torch.float64)
    beside = images + noise * noise_like(images, 0)

    def logit(output: Tensor) -> Tensor:
        return output[:, 2].sum()

    one, other = (input_gradient(model, x, logit) for x in (images, beside))
    value, state = alike(one, other, Precision.FLOAT64)
    assert state is State.MEASURED
    assert value == pytest.approx(1, abs=1e-12)


def test_a_cosine_is_autograds_on_the_seeds_own_images_and_noise() -> None:
    found = run(NETS[1], first_seed=5, seeds=1, precision=Precision.FLOAT64, noise=0.1)
    torch.manual_seed(5)
    model = build(parse(NETS[1])).double().train()
    images, labels = batch.batch(found.settings, parse(NETS[1]), 5)
    images = images.double()
    noisy = images + 0.1 * images.std(correction=0) * noise_like(images, 5)
    vectors = []
    for x in (images, noisy):
        x.requires_grad_()
        loss = torch.nn.functional.cross_entropy(model(x), labels)
        vectors.append(torch.autograd.grad(loss, x)[0].flatten())
    a, b = vectors
    assert found.cosines[0].value == pytest.approx(float(a @ b / (a.norm() * b.norm())), abs=1e-10)


def test_noise_is_normal_and_a_seeds_own() -> None:
    images = torch.empty(16, 3, 32, 32)
    first, second = noise_like(images, 0), noise_like(images, 1)
    assert torch.equal(first, noise_like(images.double(), 0).float())
    assert float(first.std()) == pytest.approx(1, abs=0.02)
    assert float((first * second).mean()) == pytest.approx(0, abs=0.02)


def test_the_measured_table_of_narrow_nets() -> None:
    """Fashion-MNIST at 14x14, batch 16, three seeds: the spread is up to 0.2 at depth 20."""
    nets = [f"{name}{NARROW}" for name in ("plain20", "plain56", "resnet20", "resnet56")]
    small, usual, large = (
        table(run(*nets, batch=16, seeds=3, images=InputKind.SAMPLE, noise=noise))
        for noise in (0.001, 0.01, 0.1)
    )
    figures = {"plain20": 0.47, "plain56": 0.01, "resnet20": 0.88, "resnet56": 0.74}
    assert usual == pytest.approx(figures, abs=0.1)
    figures = {"plain20": 0.92, "plain56": 0.02, "resnet20": 0.99, "resnet56": 0.97}
    assert small == pytest.approx(figures, abs=0.04)
    figures = {"plain20": 0.04, "plain56": 0.0, "resnet20": 0.34, "resnet56": 0.14}
    assert large == pytest.approx(figures, abs=0.05)


def test_the_measured_table_and_what_the_preset_says() -> None:
    """CIFAR's widths, batch 16, random images."""
    found = run(*SHATTERED.models, batch=16, seeds=3)
    means = table(found)
    assert means["plain20"] == pytest.approx(0.615, abs=0.04)
    assert means["resnet20"] == pytest.approx(0.925, abs=0.01)
    assert means["plain56"] == pytest.approx(0, abs=0.03)
    assert means["resnet56"] == pytest.approx(0.785, abs=0.02)
    said = shattering(found.stacks, 0.01)
    assert said[0].startswith("The plain stack's cosine falls from 0.6")
    depth = 32 if is_shattered(found.stacks[0].depths[1]) else 44  # 0.102 in one seed
    assert said[1] == (
        f"From {depth} layers on, the plain stack's gradient is shattered: the cosine is within "
        "0.1 of 0 in every seed."
    )
    assert "; the residual stack's cosine falls from 0.9" in said[0]
    assert said[2].startswith(
        "At 20, 32, 44 and 56 layers, the residual stack's cosine is higher in every seed, by 0."
    )
    assert len(said) == 3
    assert [str(parse(text)) for text in SHATTERED.models] == list(SHATTERED.models)


def at(text: str, *values: float, first_seed: int = 0) -> AtDepth:
    """Return a network with these cosines, one per seed; nan means its gradient was too small."""
    return AtDepth(
        parse(text),
        tuple(
            Cosine(text, seed, value, State.BELOW if math.isnan(value) else State.MEASURED)
            for seed, value in enumerate(values, first_seed)
        ),
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0.9, 0.8), (0.8, 0.7), Gap.HIGHER),
        ((0.8, 0.7), (0.9, 0.8), Gap.LOWER),
        ((0.9, 0.8), (0.8, 0.76), Gap.CLOSE),
        ((0.9, 0.8), (0.8, 0.9), Gap.MIXED),
        ((0.9, 0.8), (0.86, 0.84), Gap.ALIKE),
        ((0.9,), (0.1,), Gap.UNKNOWN),
        ((0.9, 0.8, 0.7), (0.1,), Gap.UNKNOWN),
        ((0.9, 0.8, 0.1), (0.1, 0.1), Gap.HIGHER),
    ],
)
def test_a_word_stands_where_every_seed_has_it(
    one: tuple[float, ...], other: tuple[float, ...], expected: Gap
) -> None:
    assert compare(at("plain20", *one), at("plain20", *other)) is expected


@pytest.mark.parametrize(
    ("values", "shattered"),
    [((0.09, -0.09), True), ((0.09, 0.1), False), ((-0.1, 0.0), False), ((0.0,), False)],
)
def test_shattered_is_near_0_in_every_seed(values: tuple[float, ...], shattered: bool) -> None:
    assert is_shattered(at("plain20", *values)) is shattered


def test_the_words_follow_the_numbers() -> None:
    def said(plain: tuple[AtDepth, ...], residual: tuple[AtDepth, ...]) -> tuple[str, ...]:
        return shattering((Stack(plain), Stack(residual)), 0.01)

    assert said(
        (at("plain20", 0.62, 0.61), at("plain56", 0.01, -0.001)),
        (at("resnet20", 0.63, 0.58), at("resnet56", 0.61, 0.7)),
    ) == (
        "The plain stack's cosine falls from 0.61 (0.61 to 0.62) at 20 layers to 0.00 (0.00 to "
        "0.01) at 56 layers; the residual stack's cosine goes from 0.60 (0.58 to 0.63) at 20 "
        "layers to 0.66 (0.61 to 0.70) at 56 layers: the seeds disagree on whether it falls.",
        "At 56 layers, the plain stack's gradient is shattered: the cosine is within 0.1 of 0 in "
        "every seed.",
        "At 56 layers, the residual stack's cosine is higher in every seed, by 0.65 on average.",
        "At 20 layers, the two differ by less than 0.05 in every seed.",
    )
    assert said((at("plain20", 0.5),), (at("resnet20", 0.9), at("resnet32", 0.8))) == (
        "The plain stack's cosine is 0.50 at 20 layers; the residual stack's cosine is 0.90 at 20 "
        "layers and 0.80 at 32 layers.",
        "One seed gives no band, so no trend can be claimed.",
    )
    assert said((at("plain20", 0.5, math.nan),), (at("resnet20", 0.9, 0.9),)) == (
        "The residual stack's cosine is 0.90 at 20 layers.",
        "The plain stack's cosine can't be measured at 20 layers: the gradient is too small for "
        "the precision.",
    )
    close = said((at("plain20", 0.5, 0.5),), (at("resnet20", 0.51, 0.6),))
    assert close[-1] == "At 20 layers, the two are too close to call."
    mixed = said((at("plain20", 0.5, 0.5),), (at("resnet20:norm=none", 0.4, 0.6),))
    assert mixed[-2] == "At 20 layers, the seeds disagree on which of the two is higher."
    assert mixed[-1].startswith("The models differ in shortcut and norm")


def test_models_that_differ_in_their_blocks_alone_are_one_stack() -> None:
    texts = ("plain56", "resnet20", "plain20", "resnet20:norm=none", "plain20:blocks=1,1,1")
    found = stacks([Cosine(text, 0, 0.5, State.MEASURED) for text in texts])
    assert [[str(one.spec) for one in stack.depths] for stack in found] == [
        ["plain20:blocks=1,1,1", "plain20", "plain56"],
        ["resnet20"],
        ["resnet20:norm=none"],
    ]
    chart = direction_chart([one for s in found for d in s.depths for one in d.cosines], 0.01)
    assert [(line.name, line.x, line.colour) for line in chart.series] == [
        ("plain20:blocks=1,1,1 to plain56", (8, 20, 56), "plain"),
        ("resnet20", (20,), "identity"),
        ("resnet20:norm=none", (20,), "identity"),
    ]
    assert chart.series[1].dash is not chart.series[2].dash


def test_the_chart_is_the_mean_with_its_band() -> None:
    cosines = [
        Cosine("plain20", 0, 0.6, State.MEASURED),
        Cosine("resnet20", 0, 0.9, State.MEASURED),
        Cosine("resnet56", 0, math.nan, State.NAN),
        Cosine("plain20", 1, 0.7, State.MEASURED),
    ]
    chart = direction_chart(cosines, 0.025)
    plain, residual = (one for one in chart.series if one.draw is Draw.LINE)
    assert chart.y_label == "cosine of the gradients"
    assert limits(numbers_up(chart)) == pytest.approx((-0.12, 1.12))  # from unrelated to equal
    assert chart.note == (
        "∂L/∂x is taken at the images and at the images plus noise of 2.5% of their standard "
        "deviation."
    )
    assert (plain.name, plain.x) == ("plain", (20,))
    assert plain.y == pytest.approx((0.65,))
    assert (plain.low, plain.high) == ((0.6,), (0.7,))
    assert residual.name == "residual (not measured at 1 depth)"
    assert (residual.x, residual.y) == ((20, 56), (0.9, None))
    assert plain.hover == ("plain20: 0.60 to 0.70",)


def test_networks_of_one_depth_are_points_beside_each_other() -> None:
    cosines = [
        Cosine(model, seed, value + seed / 10, State.MEASURED)
        for model, value in (("plain20", 0.6), ("resnet20", 0.8))
        for seed in range(2)
    ]
    chart = direction_chart(cosines, 0.01)
    assert (chart.title, chart.x_label) == ("Gradient direction at 20 layers", "")
    assert chart.shows.startswith(
        "Cosine between the gradients of images and of the same images with noise, at 20 layers: "
    )
    assert [(one.draw, one.x) for one in chart.series] == [
        (Draw.POINTS, ("plain",)),
        (Draw.POINTS, ("residual",)),
    ]
    plain = chart.series[0]
    assert [*plain.low, *plain.high] == pytest.approx([0.6, 0.7])
    assert not any(one.in_legend for one in chart.series)
    assert chart.reading == "Means of 2 seeds; bars: lowest to highest"
    more = direction_chart([*cosines, Cosine("plain56", 0, 0.1, State.MEASURED)], 0.01)
    assert over(chart, more) == chart  # while the first depth of several is measured


def test_what_a_gradient_is_too_small_or_too_large_for_has_no_cosine() -> None:
    whole, tiny = (
        torch.ones(1, 1, 2, 2, dtype=torch.float64),
        torch.full((1, 1, 2, 2), 1e-200, dtype=torch.float64),
    )
    value, found = alike(tiny, 2 * tiny, Precision.FLOAT64)
    assert found is State.MEASURED
    assert value == pytest.approx(1, abs=1e-12)
    for other, state in (
        (tiny, State.BELOW),
        (0 * tiny, State.BELOW),
        (tiny / 0, State.INFINITE),
        (0 * tiny / 0, State.NAN),
    ):
        value, found = alike(whole, other, Precision.FLOAT32)
        assert math.isnan(value)
        assert found is state


def test_exports_hold_every_number() -> None:
    found = run(*NETS, noise=0.02)
    loaded = json.loads(direction_json(found))
    assert loaded["kind"] == "direction"
    assert loaded["asked"]["noise"] == 0.02
    assert loaded["asked"]["models"] == list(map(str, found.specs))
    for row, one in zip(loaded["cosines"], found.cosines, strict=True):
        assert (row["model"], row["seed"], row["cosine"]) == (one.model, one.seed, one.value)
        assert (row["depth"], row["state"]) == (8, "measured")
    plain, residual = loaded["summary"]
    assert (plain["kind"], residual["kind"], plain["seeds"]) == ("plain", "residual", 2)
    assert plain["cosine"] == pytest.approx((found.cosines[0].value + found.cosines[2].value) / 2)
    assert plain["cosine_low"] <= plain["cosine"] <= plain["cosine_high"]
    assert loaded["verdict"] == list(shattering(found.stacks, 0.02))
    rows = list(csv.DictReader(io.StringIO(direction_csv(found))))
    assert [float(row["cosine"]) for row in rows] == [one.value for one in found.cosines]
    assert rows[0]["noise"] == "0.02"
    text = direction_text(found)
    assert "noise 0.02 of the images' standard deviation" in " ".join(text.split())
    assert text.endswith(f"{loaded['verdict'][-1]}\n")
    same = tuple(Cosine(NETS[0], seed, -0.04, State.MEASURED) for seed in (0, 1))
    alike = replace(found, cosines=same)
    assert "layers  −0.04\n" in direction_text(alike)
    other = replace(found, settings=replace(found.settings, noise=0.03))
    assert direction_result(other).hash != direction_result(found).hash
    lost = replace(found, cosines=(Cosine(NETS[0], 0, math.nan, State.BELOW),))
    assert direction_dict(lost)["cosines"][0]["cosine"] is None
    assert direction_dict(lost)["cosines"][0]["state"] == "below float32"
    assert direction_dict(lost)["summary"][0]["cosine"] is None


def test_cosines_come_seed_by_seed_and_travel_to_a_worker() -> None:
    seen: list[Cosine] = []
    torch.manual_seed(5)
    state = torch.get_rng_state()
    settings = DirectionSettings(seeds=2, first_seed=3, batch=2)
    whole = measure(seen.append, tuple(map(parse, NETS)), settings)
    assert torch.equal(torch.get_rng_state(), state)
    assert [(one.model, one.seed) for one in seen] == [(net, s) for s in (3, 4) for net in NETS]
    assert whole.cosines == tuple(seen)
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert pickle.loads(pickle.dumps(measure)) is measure


def test_the_model_is_left_as_it_was() -> None:
    model = build(parse(NETS[1])).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    input_gradient(model, torch.randn(2, 3, 8, 8), lambda output: output.sum())
    assert not any(module.training for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())


@pytest.mark.parametrize("noise", [-0.01, 1.5, 1e-9, math.nan, math.inf, True, "much", 10**400])
def test_a_noise_out_of_bounds_is_one_sentence(noise: object) -> None:
    with pytest.raises(ValueError, match=r"^noise must be 0, or 0\.000001 to 1, not [^\n]+$"):
        DirectionSettings(noise=noise)  # type: ignore[arg-type]


def test_what_cannot_be_measured_is_refused_as_for_norms() -> None:
    settings = DirectionSettings(batch=1)
    with pytest.raises(ValueError, match="has no gradients: input 3x32x32 is too small"):
        check((parse("resnet18:input=3x32x32"),), settings)
    with pytest.raises(ValueError, match="a model is given twice"):
        check((parse("plain20"),) * 2, settings)
    with pytest.raises(ValueError, match="seeds must be 1 to 20, not 0"):
        DirectionSettings(seeds=0)
