"""What each block does: measures against a hand-written forward pass, and verdict sentences."""

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from analysis.charts.chart import Dash, Mark
from analysis.lesions.blocks import Blocks, Branch, Response, layers_of, measure
from analysis.lesions.blocks_charts import Measure, blocks_chart, deviation_chart, ratio_chart
from analysis.lesions.blocks_report import (
    blocks_csv,
    blocks_result,
    blocks_text,
    blocks_verdict,
    compared,
)
from analysis.lesions.subjects import untrained
from nets import ResNetSpec, parse, plan
from nets.blocks import ResidualUnit
from nets.options import Shortcut
from nets.resnet import ResNet
from tests.analysis.test_lesions import NET, UNITS, made, shown
from tests.strategies import specs

SHORTCUTS = [kind.value for kind in Shortcut]
Pairs = dict[str, tuple[Tensor, Tensor]]
Outputs = dict[str, Tensor]


def by_hand(model: ResNet, x: Tensor) -> tuple[Pairs, Outputs]:
    """Compute every block's branch and shortcut, and every layer's response, per unit order."""
    pairs, responses = {}, {}
    for step in plan.stem_steps(model.spec):
        x = model.get_submodule(step.name)(x)
        if step.name in ("conv1", "bn1"):
            responses["conv1"] = x
    for place in plan.blocks(model.spec):
        unit = model.get_submodule(place.path)
        assert isinstance(unit, ResidualUnit)
        branch, shortcut, own = _by_hand(model.spec, unit, x)
        y = branch
        if unit.has_shortcut:
            pairs[place.path] = branch, shortcut
            y = branch + shortcut
        last = f"conv{model.spec.convs_per_block}"
        if model.spec.unit == "bn_after_add":
            y = _norm(unit, model.spec.convs_per_block, y)
            if not unit.has_shortcut:
                own[last] = y
        if model.spec.unit in ("original", "bn_after_add"):
            y = unit.get_submodule(f"act{last[4:]}")(y)
        responses |= {f"{place.path}.{name}": output for name, output in own.items()}
        x = y
    return pairs, responses


def _norm(unit: nn.Module, number: int, x: Tensor) -> Tensor:
    found: Tensor = getattr(unit, f"bn{number}")(x) if hasattr(unit, f"bn{number}") else x
    return found


def _by_hand(
    spec: ResNetSpec, unit: ResidualUnit, x: Tensor
) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    last, own = spec.convs_per_block, {}

    def conv(number: int, x: Tensor) -> Tensor:
        found: Tensor = unit.get_submodule(f"conv{number}")(x)
        own[f"conv{number}"] = found
        return found

    def act(number: int, x: Tensor) -> Tensor:
        found: Tensor = unit.get_submodule(f"act{number}")(x)
        return found

    def normed(number: int, x: Tensor) -> Tensor:
        found = own[f"conv{number}"] = _norm(unit, number, conv(number, x))
        return found

    start = y = x
    if spec.unit == "full_preact":
        start = act(1, _norm(unit, 1, x))
        y = conv(1, start)
        for number in range(2, last + 1):
            y = own[f"conv{number - 1}"] = _norm(unit, number, y)
            y = conv(number, act(number, y))
    elif spec.unit == "relu_preact":
        start = act(1, x)
        y = normed(1, start)
        for number in range(2, last + 1):
            y = normed(number, act(number, y))
    else:
        for number in range(1, last):
            y = act(number, normed(number, y))
        y = (conv if spec.unit == "bn_after_add" else normed)(last, y)
        if spec.unit == "relu_before_add":
            y = act(last, y)
    shared = start if unit.shares_activation else x
    return y, unit.downsample(shared) if unit.has_shortcut else x, own


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("more", ["", ":norm=none", ":block=bottleneck:stem=imagenet:expansion=2"])
@pytest.mark.parametrize("shortcut", SHORTCUTS)
@pytest.mark.parametrize("unit", UNITS)
def test_figures_are_those_of_a_forward_by_hand(
    unit: str, shortcut: str, more: str, trained: bool
) -> None:
    net = NET.replace("3x12x12", "3x24x24")
    spec = parse(f"{net}:unit={unit}:shortcut={shortcut}{more}")
    model = made(spec, torch.float64)
    x = shown(spec, 6, torch.float64)
    found = measure(model, x, trained=trained)
    model.train(not trained)
    with torch.no_grad():
        pairs, responses = by_hand(model, x)
    assert [one.path for one in found.branches] == list(pairs)
    for one in found.branches:
        branch, other = (value.numpy() for value in pairs[one.path])
        sizes = [np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(branch, other, strict=True)]
        assert one.ratio == pytest.approx(np.mean(sizes), rel=1e-8)
        assert (one.low, one.high) == pytest.approx((min(sizes), max(sizes)), rel=1e-8)
        variances = [a.var(axis=(0, 2, 3)).mean() for a in (branch, other, branch + other)]
        assert (one.branch_variance, one.shortcut_variance, one.sum_variance) == pytest.approx(
            tuple(variances), rel=1e-8
        )
        assert one.share == pytest.approx(variances[0] / variances[2], rel=1e-8)
    three = {path for path, layer in model.named_modules() if _is_three(layer)}
    assert {one.path for one in found.responses} == three
    order = [path for path in responses if path in three]
    assert [one.path for one in found.responses] == order
    for each in found.responses:
        assert each.deviation == pytest.approx(responses[each.path].numpy().std(), rel=1e-8)


def _is_three(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3)


@settings(max_examples=25)
@given(specs())
def test_layers_are_numbered_as_the_weighted_layers(spec: ResNetSpec) -> None:
    model = made(spec)
    names = [
        path
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d) and not {"downsample", "se"} & set(path.split("."))
    ]
    convs = [path for path in names if _is_three(model.get_submodule(path))]
    layers = list(layers_of(spec))
    assert [layer.path for layer in layers] == convs
    assert [layer.number for layer in layers] == [1 + names.index(path) for path in convs]
    found = measure(model, shown(spec, 2))
    assert [one.path for one in found.responses] == convs
    is_plain = spec.shortcut is Shortcut.NONE
    blocks = [] if is_plain else [place.path for place in plan.blocks(spec)]
    assert [one.path for one in found.branches] == blocks


@pytest.mark.parametrize("trained", [True, False])
def test_nothing_of_the_network_is_changed(trained: bool) -> None:
    spec = parse(NET)
    model = made(spec).train()
    model.get_submodule("layer2").eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    measure(model, shown(spec), trained=trained)
    with pytest.raises(RuntimeError):
        measure(model, shown(spec)[:, :1], trained=trained)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    for module in model.modules():
        assert not module._forward_pre_hooks
        assert not module._forward_hooks


def test_at_initialisation_batch_norm_gives_branches_one_variance() -> None:
    """The shortcut's variance grows, so the branch's share falls (De and Smith 2020)."""
    narrow = "resnet56:widths=8,16,32:stem_width=8:input=3x16x16"
    network, x, _, _ = untrained(narrow, None, 16, 0)
    found = measure(network, x, trained=False)
    assert [one.branch_variance for one in found.branches] == pytest.approx([1] * 27, abs=1e-3)
    assert [one.deviation for one in found.responses] == pytest.approx([1] * 55, abs=1e-3)
    for stage in (found.branches[:9], found.branches[9:18], found.branches[18:]):
        shares = [one.share or 0 for one in stage]
        ratios = [one.ratio or 0 for one in stage]
        assert all(b < a for a, b in pairwise(shares))
        assert all(b < a for a, b in pairwise(ratios))
    said = blocks_verdict(found)
    assert said[1].startswith("The branch's share of the variance falls with every block of a")
    why = (
        "A response is the output of batch norm, whose standard deviation is 1 by definition at "
        "initialisation."
    )
    assert said[2:] == ("The responses of 55 3×3 layers have a standard deviation of 1.00.", why)
    text = blocks_text(found)
    assert "conv1 to layer3.8.conv2 (×55)" in text
    assert text.count("conv") == 2
    assert deviation_chart([found]).reading == why.removesuffix(".")

    network, x, _, _ = untrained(f"{narrow}:norm=none", None, 16, 0)
    without = measure(network, x, trained=False)
    assert why not in blocks_verdict(without)
    assert why not in blocks_verdict(replace(found, trained=True))
    assert blocks_text(without).count("conv") > 55
    assert all((one.ratio or 0) > 0.5 for one in without.branches)
    assert min(one.ratio or 0 for one in found.branches) < 0.3


def test_a_branch_of_zeros_and_what_has_no_number() -> None:
    zero = measure(made(parse(f"{NET}:zero_init=1")), shown(parse(NET)))
    assert {(one.ratio, one.low, one.high, one.share) for one in zero.branches} == {(0, 0, 0, 0)}
    spec = parse(f"{NET}:norm=none")
    dark = measure(made(spec), torch.zeros(2, 3, 12, 12))
    assert {(one.ratio, one.share, one.sum_variance) for one in dark.branches} == {(None, None, 0)}
    assert blocks_verdict(dark) == (
        "7 blocks have no ratio: an image's shortcut is all zero, or a value isn't finite.",
        "The responses of 15 3×3 layers have a standard deviation of 0.",
    )
    huge = measure(made(spec), torch.full((2, 3, 12, 12), float("inf")))
    assert {one.sum_variance for one in huge.branches} == {None}
    assert blocks_verdict(huge)[-1] == "15 3×3 layers have no finite response."
    for found in (zero, dark, huge):
        assert json.loads(blocks_result(found, "d", "w", {}).json())["images"] == found.images
        assert blocks_text(found)
        assert blocks_chart([found], Measure.SHARE).series


def study(model: str = NET, *sizes: float | None, trained: bool = True) -> Blocks:
    """Return two blocks and two layers with chosen figures."""
    a, b = sizes or (0.5, 2.0)
    return Blocks(
        model,
        8,
        trained,
        (
            Branch("layer1.0", a, 0.25, 0.75, 1.0, 4.0, 5.0),
            Branch("layer1.1", b, 1.0, 3.0, 2.0, 2.0, 4.0),
        ),
        (Response("layer1.0.conv1", 2, 1.25), Response("layer1.0.conv2", 3, 0.5)),
    )


def test_sentences_follow_from_the_numbers() -> None:
    assert blocks_verdict(study()) == (
        "The median branch is 1.25 times as large as its shortcut; the largest is layer1.1's "
        "(2.00 times) and the smallest layer1.0's (0.500 times). 1 of 2 branches are smaller than "
        "their shortcut.",
        "Between the first and the last block of a stage, the branch's share of the variance goes "
        "from 20% to 50% in layer1.",
        "The responses of 2 3×3 layers have a median standard deviation of 0.875, ranging from "
        "0.500 (layer1.0.conv2) to 1.25 (layer1.0.conv1).",
    )
    assert blocks_verdict(study(NET, None, 2.0))[:2] == (
        "In layer1.1, the branch is 2.00 times as large as its shortcut.",
        "1 block has no ratio: an image's shortcut is all zero, or a value isn't finite.",
    )
    residual = study()
    plain = replace(
        residual,
        model=NET.replace("resnet20", "plain20"),
        branches=(),
        responses=(Response("layer1.0.conv1", 2, 2.5), Response("layer1.0.conv2", 3, 0.25)),
    )
    said = "The residual network's responses are weaker than the plain one's in 1 of 2 layers and "
    assert compared(residual, plain) == compared(plain, residual) == f"{said}stronger in 1."
    equal = replace(plain, responses=residual.responses)
    assert compared(residual, equal) == "Both networks respond equally strongly in every layer."
    assert compared(residual, residual) == compared(plain, plain) == ""
    assert compared(residual, replace(plain, trained=False)) == ""
    assert compared(residual, replace(plain, responses=plain.responses[:1])) == ""
    assert len(blocks_verdict(plain)) == 1


def test_charts_draw_the_figures() -> None:
    spec = parse(NET)
    network = made(spec)
    found = measure(network, shown(spec))
    plain = measure(made(parse(NET.replace("resnet20", "plain20"))), shown(spec))
    chart = ratio_chart([found, plain])
    (line,) = chart.series
    assert line.x == ("1.0", "1.1", "2.0", "2.1", "2.2", "3.0", "3.1")  # as in charts of lesions
    assert chart.x_label == "block"
    assert line.y == tuple(one.ratio for one in found.branches)
    assert (line.name, line.colour, line.dash) == ("residual, 16 layers", "identity", Dash.SOLID)
    assert line.low == tuple(one.low for one in found.branches)
    assert chart.marks == (Mark(0, "layer1"), Mark(2, "layer2"), Mark(5, "layer3"))
    deeper = measure(made(parse(NET.replace("2,3,2", "2,2,2"))), shown(spec))
    assert ratio_chart([found, deeper]).series[1].x == (1, 2, 3, 4, 5, 6)
    assert all(sentence in chart.alt for sentence in blocks_verdict(found))

    responses = deviation_chart([found, plain])
    assert [line.name for line in responses.series] == ["residual, 16 layers", "plain, 16 layers"]
    assert responses.series[0].x == tuple(range(1, 16))
    assert responses.series[1].y == tuple(one.deviation for one in plain.responses)
    assert responses.series[1].colour == "plain"
    assert responses.marks == (Mark(2, "layer1"), Mark(6, "layer2"), Mark(12, "layer3"))
    assert not responses.log_y

    new = replace(found, trained=False)
    both = blocks_chart([found, new], Measure.SHARE)
    assert [line.name for line in both.series] == [
        "residual, 16 layers, trained",
        "residual, 16 layers, at initialisation",
    ]
    assert both.series[0].y == tuple(100 * (one.share or 0) for one in found.branches)
    at_start, bands = "Weights at initialisation", "Bands: lowest to highest of the images"
    assert deviation_chart([new]).reading == at_start
    assert ratio_chart([new, replace(plain, trained=False)]).reading == f"{at_start}. {bands}"
    assert ratio_chart([found]).reading == f"Trained weights. {bands}"
    assert ratio_chart([found, new]).reading == bands  # their names tell
    other = replace(found, model=NET.replace("2,3,2", "2,2,3"))
    assert ratio_chart([found, other]).marks == ()
    for measured in (Measure.RATIO, Measure.SHARE):
        with pytest.raises(ValueError, match="is a plain network: its blocks have no shortcut"):
            blocks_chart([plain], measured)


def test_a_wide_range_has_a_log_axis() -> None:
    assert not ratio_chart([study(NET, 0.3, 2.0)]).log_y
    assert ratio_chart([study(NET, 0.3, 200.0)]).log_y
    assert not ratio_chart([study(NET, 0.0, 200.0)]).log_y  # a log axis has no zero


def test_csv_has_a_row_for_each_branch_and_response() -> None:
    rows = list(csv.DictReader(io.StringIO(blocks_csv([study(), study(trained=False)]))))
    assert [row["kind"] for row in rows] == ["branch", "branch", "response", "response"] * 2
    assert [row["trained"] for row in rows] == ["True"] * 4 + ["False"] * 4
    assert (rows[0]["ratio"], rows[0]["share"], rows[0]["deviation"]) == ("0.5", "0.2", "")
    assert (rows[2]["ratio"], rows[2]["layer"], rows[2]["deviation"]) == ("", "2", "1.25")
