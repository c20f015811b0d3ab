"""The gradient experiment: norms against torch.autograd.grad, shared weights, and errors."""

import json
import math
import pickle
import re
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

import analysis
from analysis.gradients import measure as gradients
from analysis.gradients.charts import gradient_heat
from analysis.gradients.curves import (
    Curve,
    Gradients,
    GradientSettings,
    Precision,
    Quantity,
    State,
    summarise,
)
from analysis.gradients.measure import check, measure, norm, observe
from analysis.gradients.report import (
    gradients_csv,
    gradients_dict,
    gradients_json,
    gradients_text,
    means_in_words,
    measured_at,
)
from analysis.gradients.twins import plain_twin, residual_twin
from analysis.gradients.verdict import verdict, word
from analysis.images import batch as inputs
from analysis.style.numbers import signed
from nets import CATALOG, ResNetSpec, build, parse, plan
from nets.options import Norm, Shortcut
from nets.resnet import ResNet
from nets.text import edit
from tests.strategies import specs

SMALL = "resnet20:blocks=2,1,2:input=3x16x16"


def run(*texts: str, **options: object) -> Gradients:
    given = {"batch": 4, "seeds": 1, **options}
    return measure(lambda _: None, tuple(map(parse, texts)), GradientSettings(**given))  # type: ignore[arg-type]


def batch_for(model: ResNet, size: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(size, *model.spec.input, generator=generator, dtype=torch.float64)
    return images, torch.randint(model.spec.classes, (size,), generator=generator)


def by_autograd(model: ResNet, images: Tensor, labels: Tensor) -> tuple[list[float], list[float]]:
    """Compute by hand the norms at stem and block outputs and of the main path's weights.

    Dropout is off, since what it drops would differ from pass to pass.
    """
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    outputs: list[Tensor] = []
    x = images
    stages = [name for name, _ in model.named_children() if name.startswith("layer")]
    for name, step in model.named_children():
        if name == stages[0]:
            outputs.append(x)
        for block in step.children() if name in stages else ():
            x = block(x)
            outputs.append(x)
        x = x if name in stages else step(x)
    paths = [
        f"{b}.conv{i + 1}"
        for b in [b.path for b in plan.blocks(model.spec)]
        for i in range(convs(model.spec))
    ]
    every = [*plan.stem_convs(model.spec), *paths]
    weights = [model.get_parameter(f"{path}.weight") for path in every]
    loss = torch.nn.functional.cross_entropy(x, labels)
    found = torch.autograd.grad(loss, [*outputs, *weights])
    sizes = [float((g.double() ** 2).sum().sqrt()) for g in found]
    return sizes[: len(outputs)], sizes[len(outputs) :]


def convs(spec: ResNetSpec) -> int:
    return 2 if spec.block.value == "basic" else 3


@settings(max_examples=30)
@given(specs())
def test_every_norm_is_autograds(spec: ResNetSpec) -> None:
    spec = edit(spec, {"softmax": False, "classes": max(spec.classes, 2)})
    torch.manual_seed(0)
    model = build(spec).double()
    images, labels = batch_for(model, 3)
    seen = observe(model, images, labels)
    activations, weights = by_autograd(model, images, labels)
    assert list(seen.activations.values())[::-1] == pytest.approx(activations, rel=1e-10)
    assert list(seen.weight_gradients.values()) == pytest.approx(weights, rel=1e-10)
    for path, size in seen.weights.items():
        weight = model.get_parameter(f"{path}.weight").detach()
        assert size == pytest.approx(weight.pow(2).sum().sqrt().item(), rel=1e-10)


@pytest.mark.parametrize("precision", Precision)
def test_a_curve_is_the_seeds_own_net_and_images(precision: Precision) -> None:
    spec = parse(SMALL)
    options = GradientSettings(batch=4, seeds=1, first_seed=7, precision=precision)
    (curve,) = measure(lambda _: None, (spec,), options).curves
    torch.manual_seed(7)
    model = build(spec).to(getattr(torch, precision))
    images, labels = inputs.batch(options, spec, 7)
    activations, weights = by_autograd(model, images.to(getattr(torch, precision)), labels)
    assert curve.activations.values == pytest.approx(activations, rel=1e-10)
    assert curve.weights.values == pytest.approx(weights, rel=1e-10)
    assert curve.activations.paths == ("act1", *(b.path for b in plan.blocks(spec)))
    assert curve.activations.positions == (1, 3, 5, 7, 9, 11)
    assert curve.weights.positions == tuple(range(1, 12))
    relative = curve.series(Quantity.RELATIVE_WEIGHT).values
    assert relative[3] == curve.weights.values[3] / curve.weight_norms[3]


def test_positions_count_a_bottlenecks_three_layers() -> None:
    (curve,) = run("resnet50:blocks=1,2:input=3x32x32").curves
    assert curve.activations.paths == ("maxpool", "layer1.0", "layer2.0", "layer2.1")
    assert curve.activations.positions == (1, 4, 7, 10)
    assert curve.weights.paths[:5] == (
        "conv1",
        "layer1.0.conv1",
        "layer1.0.conv2",
        "layer1.0.conv3",
        "layer2.0.conv1",
    )


def test_a_norm_keeps_what_float32_squares_away() -> None:
    tensor = torch.full((4,), 3.9e-26)
    assert norm(tensor) == pytest.approx(7.8e-26, rel=1e-6)
    assert math.isnan(norm(torch.tensor([1.0, math.nan])))
    assert norm(torch.tensor([1.0, math.inf])) == math.inf


def _hooks(model: torch.nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(fails: bool) -> None:
    model = build(parse(SMALL)).double().eval()
    model.get_submodule("bn1").train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    images, labels = batch_for(model, 4)
    if fails:
        with pytest.raises(IndexError):
            observe(model, images, labels + 100)
    else:
        observe(model, images, labels)
    assert _hooks(model) == 0
    assert [module.training for module in model.modules()] == modes
    assert all(parameter.grad is None for parameter in model.parameters())
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_run_hooks_nothing_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[ResNet] = []

    def spy(spec: ResNetSpec, device: str) -> ResNet:
        built.append(build(spec, device))
        return built[-1]

    monkeypatch.setattr(gradients, "build", spy)
    run(SMALL, str(plain_twin(parse(SMALL))))
    assert len(built) == 2
    assert [_hooks(model) for model in built] == [0, 0]


def test_same_seed_same_result_and_torchs_generator_untouched() -> None:
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = run(SMALL, seeds=2)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(6)
    assert run(SMALL, seeds=2) == first
    assert first.curves[0].activations != first.curves[1].activations
    assert run(SMALL, first_seed=1).curves[0] == first.curves[1]


def test_twins_with_zero_pad_share_weights_and_images(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[dict[str, Tensor], Tensor, Tensor]] = []

    def spy(model: ResNet, images: Tensor, labels: Tensor) -> gradients.Norms:
        weights = {name: value.clone() for name, value in model.state_dict().items()}
        seen.append((weights, images, labels))
        return observe(model, images, labels)

    monkeypatch.setattr(gradients, "observe", spy)
    run(SMALL, str(plain_twin(parse(SMALL))), f"{SMALL}:shortcut=projection")
    (residual, *data), (plain, *same), (projected, *also) = seen
    assert list(residual) == list(plain)
    assert all(torch.equal(residual[name], plain[name]) for name in plain)
    assert torch.equal(projected["layer1.1.conv2.weight"], plain["layer1.1.conv2.weight"])
    assert not torch.equal(projected["layer2.0.conv2.weight"], plain["layer3.0.conv2.weight"])
    for other in (same, also):
        assert all(torch.equal(a, b) for a, b in zip(data, other, strict=True))


def test_curves_come_seed_by_seed() -> None:
    reported: list[Curve] = []
    models = (parse(SMALL), plain_twin(parse(SMALL)))
    whole = measure(reported.append, models, GradientSettings(seeds=2, first_seed=3, batch=2))
    a, b = map(str, models)
    assert [(c.model, c.seed) for c in reported] == [(a, 3), (b, 3), (a, 4), (b, 4)]
    assert whole.curves == tuple(reported)
    assert [s.model for s in whole.summary] == [a, b]
    assert summarise(reported[:2])[1].ratios == (reported[1].log10_ratio,)


def test_values_travel_to_a_worker_and_back() -> None:
    whole = run(SMALL)
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert pickle.loads(pickle.dumps(measure)) is measure


def test_a_softmax_is_measured_before_it() -> None:
    bare, ended = run(SMALL).curves[0], run(f"{SMALL}:softmax=1").curves[0]
    assert replace(ended, model=bare.model) == bare
    assert "measured before it, on logits" in " ".join(verdict(run(f"{SMALL}:softmax=1").summary))


DEEP = "plain20:blocks=40:widths=16:norm=none:activation=sigmoid:init=default:input=3x8x8"


def test_below_float32_is_a_zero_with_a_name_and_float64_holds_it() -> None:
    single, double = run(DEEP), run(DEEP, precision=Precision.FLOAT64)
    (curve,) = single.curves
    assert curve.activations.values[0] == 0
    assert curve.activations.states[0] is State.BELOW
    assert curve.activations.states[-1] is State.MEASURED
    assert curve.log10_ratio == -math.inf
    (summary,) = double.summary
    assert summary.below == ()
    assert -75 < summary.log10_ratio < -60
    # The slope is fitted to what float32 holds and agrees with float64's.
    assert single.summary[0].slope_per_layer == pytest.approx(summary.slope_per_layer, rel=0.02)
    row = next(line for line in gradients_csv(single).splitlines() if ",activation,act1," in line)
    assert row.endswith(",1,0.0,below float32")
    plain = gradients_dict(single)
    assert plain["summary"][0]["log10_ratio"] is None
    assert plain["curves"][0]["grad_norm"][0] == 0
    assert plain["curves"][0]["state"][0] == "below float32"


def test_a_forward_signal_too_small_for_relu_is_told_from_a_vanished_gradient() -> None:
    """Default initialisation shrinks both by 0.408 per layer: by 10^43 after 110 layers."""
    deep = "plain20:blocks=18,18,18:widths=8,8,8:norm=none:init=default:input=3x8x8"
    single, double = run(deep), run(deep, precision=Precision.FLOAT64)
    (curve,) = single.curves
    assert curve.lost_from.startswith("layer3.")
    assert curve.activations.values[0] == 0
    assert word(single.summary[0]) is None
    assert gradients_dict(single)["summary"][0]["forward_lost_from"] == curve.lost_from
    assert double.curves[0].lost_from == ""
    assert -56 < double.summary[0].log10_ratio < -38
    tanh = run(deep.replace("norm", "activation=tanh:norm"))
    assert tanh.curves[0].lost_from == ""  # tanh passes gradients at 0


def test_what_is_not_finite_is_kept_and_named() -> None:
    whole = run("resnet20:blocks=300:widths=16:norm=none:input=3x8x8", batch=2)
    (curve,) = whole.curves
    assert math.isnan(curve.loss)
    assert set(curve.activations.states) == {State.NAN}
    assert all(map(math.isnan, curve.activations.values))
    assert "isn't finite (NaN or infinite) at 301 of 301 points" in verdict(whole.summary)[0]
    loaded = json.loads(gradients_json(whole))
    assert loaded["curves"][0]["grad_norm"] == [None] * 301
    assert loaded["curves"][0]["state"] == ["nan"] * 301
    assert loaded["summary"][0]["slope_per_layer"] is None


def test_exports_hold_every_number() -> None:
    whole = run(SMALL, str(plain_twin(parse(SMALL))), seeds=2)
    loaded = json.loads(gradients_json(whole))
    assert list(loaded)[:4] == ["kind", "asked", "hash", "stamp"]
    assert loaded["asked"]["models"] == [str(spec) for spec in whole.specs]
    figures = {key: value for key, value in loaded.items() if key not in list(loaded)[:4]}
    assert figures == json.loads(json.dumps(gradients_dict(whole)))
    assert [c["seed"] for c in loaded["curves"]] == [0, 0, 1, 1]
    for curve, own in zip(loaded["curves"], whole.curves, strict=True):
        assert curve["model"] == own.model
        assert curve["position"] == list(own.activations.positions)
        assert curve["grad_norm"] == list(own.activations.values)
        assert curve["weight_grad_norm"] == list(own.weights.values)
    for row, own_summary in zip(loaded["summary"], whole.summary, strict=True):
        ratios = [
            math.log10(c.activations.values[0] / c.activations.values[-1])
            for c in whole.curves
            if c.model == row["model"]
        ]
        assert row["log10_ratio"] == pytest.approx(sum(ratios) / 2)
        assert row["log10_ratio_low"] == pytest.approx(min(ratios))
        assert row["log10_ratio_high"] == pytest.approx(max(ratios))
        assert row["factor_per_layer"] == pytest.approx(10 ** (sum(ratios) / 2 / row["layers"]))
        assert row["r_squared"] == min(own_summary.r_squared)
        assert row["slope_per_layer"] == own_summary.slope_per_layer
    assert loaded["settings"]["dtype"] == "float32"
    lines = gradients_csv(whole).splitlines()
    assert lines[0] == "model,seed,quantity,path,position,value,state"
    assert len(lines) == 1 + 4 * (6 + 11 + 11)
    cell = repr(whole.curves[2].weights.values[4])
    assert any(f",1,weight,layer1.1.conv2,5,{cell},measured" in line for line in lines)
    text = gradients_text(whole)
    assert "seeds 0 and 1, batch 4, float32, CPU, 1 thread, torch" in text
    assert " ".join(text.split()).endswith(verdict(whole.summary)[-1])
    shown = whole.summary[0]
    low, high = signed(shown.low, 2), signed(shown.high, 2)
    assert (
        f"stem/last  {signed(shown.log10_ratio, 2)} ({low} to {high} across seeds)\n  per layer  "
        in text
    )
    assert f"fitted slope     {signed(shown.slope_per_layer, 4)} per layer, a factor of" in text
    twice = replace(whole, curves=tuple(replace(whole.curves[0], seed=seed) for seed in (0, 1)))
    assert "across seeds" not in gradients_text(twice).split("\n\n")[1]


def test_heat_counts_decades_from_the_last_block() -> None:
    curves = run("plain20:norm=none:init=default:input=3x16x16").curves
    heat = gradient_heat(curves)
    own = curves[0].activations.values
    assert heat.label == "decades below the last block's gradient"
    assert list(heat.values) == ["stem", *(b.path for b in plan.blocks(parse("plain20")))]
    assert heat.values["layer1.0"] == pytest.approx(math.log10(own[-1] / own[1]))
    assert heat.values["layer3.2"] == 0
    assert "stem" not in gradient_heat(run(DEEP).curves).values
    found = run(DEEP)
    told = gradient_heat(found.curves, means_in_words(found), measured_at(found))
    assert told.meaning == "With seed 0 at initialisation, batch 4, float32 on CPU"
    assert told.measured.startswith("random images, ")


@pytest.mark.parametrize(
    ("text", "plain", "back"),
    [
        ("resnet56", "plain56", "resnet56"),
        ("resnet34", "plain34", "resnet34"),
        ("resnet56:norm=none:init=default", "plain56:norm=none:init=default", None),
        ("resnet50:zero_init=1", "resnet50:shortcut=none", "resnet50"),
        ("resnet50:projection_norm=0", "resnet50:shortcut=none", "resnet50"),
        ("preresnet164", "preresnet164:shortcut=none", "preresnet164"),
        ("resnet1202", "resnet1202:shortcut=none", "resnet1202"),
        ("resnet50:shortcut=zero_pad", "resnet50:shortcut=none", "resnet50"),
    ],
)
def test_twins(text: str, plain: str, back: str | None) -> None:
    assert str(plain_twin(parse(text))) == plain
    assert str(residual_twin(parse(plain))) == (back or text)
    assert residual_twin(parse(text)) == parse(text)


def test_a_plain_stack_that_narrows_gets_projections() -> None:
    found = residual_twin(parse("plain20:widths=64,32,16"))
    assert found.shortcut is Shortcut.PROJECTION


@settings(max_examples=60)
@given(specs())
def test_twins_differ_in_the_shortcut_alone(spec: ResNetSpec) -> None:
    plain = plain_twin(spec)
    assert plain.shortcut is Shortcut.NONE
    assert plain_twin(plain) == plain
    assert parse(str(plain)) == plain
    told = {"base", "shortcut", "zero_init", "projection_norm", "projection_pool"}
    own, other = vars(spec), vars(plain)
    assert {name for name in own if own[name] != other[name]} <= told
    residual = residual_twin(plain)
    assert residual.shortcut is not Shortcut.NONE
    assert {n for n in other if other[n] != vars(residual)[n]} <= told
    assert residual.norm is spec.norm
    assert spec.norm is Norm.NONE or residual.depth == spec.depth


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": 0}, "seeds must be 1 to 20, not 0"),
        ({"seeds": True}, "seeds must be 1 to 20, not True"),
        ({"first_seed": -1}, "first_seed must be 0 to 2,147,483,647, not -1"),
        ({"batch": 1.5}, "batch must be 1 to 65,536, not 1.5"),
        ({"precision": "half"}, "precision must be one of float32, float64, not 'half'"),
        (
            {"images": "cats"},
            "images must be one of random, sample, fashion_mnist, picture, not 'cats'",
        ),
        ({"images": "picture"}, "a picture is required for images=picture: upload one"),
        ({"picture": b"0" * 10_000_001}, "a picture may have at most 10 MB, not 10.0 MB"),
    ],
)
def test_settings_are_refused_in_one_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        GradientSettings(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "options", "message"),
    [
        ([], {}, "a run has 1 to 8 models, not 0"),
        (list(CATALOG)[:9], {}, "a run has 1 to 8 models, not 9"),
        (["resnet20", "resnet20"], {}, "a model is given twice: each must differ from the others"),
        (
            ["resnet20:classes=1"],
            {},
            "resnet20:classes=1 has one class, and the cross-entropy over one class has no "
            "gradient: use 2 classes or more",
        ),
        (
            ["resnet20", "resnet50:input=3x16x16"],
            {"batch": 1},
            "resnet50:input=3x16x16 has no gradients: input 3x16x16 is too small at batch 1, where "
            "layer3.0.bn2 would train on one value per channel; use a larger input or a batch of "
            "at least 2",
        ),
        (
            ["resnet20", "resnet1202"],
            {"precision": "float64"},
            "a run with ResNet-1202 at batch 32 needs 6.2 GB, but at most 4 GB are allowed: batch "
            "20 would fit",
        ),
        (
            ["resnet18:input=3x4096x4096"],
            {},
            "a run with ResNet-18, 3×4096×4096 at batch 32 needs 237.4 GB, but at most 4 GB are "
            "allowed: use a smaller input or model",
        ),
        (
            ["resnet101"],
            {"batch": 24, "seeds": 20},
            "this run takes 11.2 T multiply-adds, but at most 10 T are allowed: batch 21 would fit",
        ),
        (["resnet20"], {"device": "tpu"}, "device must be one of cpu here, not 'tpu'"),
    ],
)
def test_a_run_is_refused_in_one_sentence(
    texts: list[str], options: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: None)
    run_settings = GradientSettings(**options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        measure(lambda _: None, tuple(map(parse, texts)), run_settings)


def test_a_device_without_float64_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda check_available: torch.device("mps")
    )
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 1)
    monkeypatch.setattr(torch.accelerator, "current_device_index", lambda: 0)
    options = GradientSettings(device="mps", precision=Precision.FLOAT64)
    with pytest.raises(ValueError, match="device mps has no float64: use float32, or device cpu"):
        check((parse(SMALL),), options)
    with pytest.raises(ValueError, match="no CUDA device here: use cpu or mps"):
        check((parse(SMALL),), GradientSettings(device="cuda"))


def test_the_batch_that_is_named_is_the_largest_that_fits() -> None:
    spec = parse("resnet152")
    with pytest.raises(ValueError, match="batch 19 would fit"):
        check((spec,), GradientSettings())
    need = check((spec,), GradientSettings(batch=19))
    cost = analysis.profile(spec, batch=19)
    assert cost.saved_bytes is not None
    assert need.bytes == cost.saved_bytes + 8 * cost.params <= gradients.MAX_BYTES
    assert need.macs == 9 * cost.macs
    both = check((spec, parse("resnet18")), GradientSettings(batch=19))
    assert both.bytes == need.bytes + 4 * analysis.profile(parse("resnet18")).params
    with pytest.raises(ValueError, match="batch 19 would fit"):
        check((spec,), GradientSettings(batch=20))


def test_depth_1202_is_measured() -> None:
    assert check((parse("resnet1202"),), GradientSettings()).bytes < gradients.MAX_BYTES
    (summary,) = run("resnet1202:input=3x8x8", batch=2).summary
    assert (summary.layers, summary.blocks) == (1200, 600)
    assert math.isfinite(summary.log10_ratio)
