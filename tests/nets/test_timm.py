"""timm's own networks: the same parameters, multiply-adds, names and outputs."""

from typing import Any

import pytest
import timm
import torch
from torch.utils.flop_counter import FlopCounterMode

import analysis
from analysis.costs.throughput import lines
from nets import build, parse
from tests.nets.reference import randomise

VARIANTS: dict[str, tuple[str, dict[str, Any], int]] = {
    "resnet26": ("resnet26", {}, 15_995_176),
    "resnet26d": ("resnet26d", {}, 16_014_408),
    "resnet50c": ("resnet50c", {}, 25_576_264),
    "resnet50c:stem_width=128": ("resnet50s", {}, 25_680_808),
    "resnet50d": ("resnet50d", {}, 25_576_264),
    "resnet101d": ("resnet101d", {}, 44_568_392),
    "resnet18d": ("resnet18d", {}, 11_708_744),
    "seresnet50": ("seresnet50", {}, 28_088_024),
    "seresnext50_32x4d": ("seresnext50_32x4d", {}, 27_559_896),
    "resnet50_gn": ("resnet50_gn", {}, 25_557_032),
    "resnet50:classes=0": ("resnet50", {"num_classes": 0}, 23_508_032),
    "resnet18:dilate=0,0,1": ("resnet18", {"output_stride": 16}, 11_689_512),
    "resnet34:dilate=0,1,1": ("resnet34", {"output_stride": 8}, 21_797_672),
    "mmseg_r50_d8": ("resnet50c", {"output_stride": 8, "num_classes": 0}, 23_527_264),
    "resnetv2_50": ("resnetv2_50", {}, 25_549_352),
}
"""Model texts, each with timm's name and options and its parameters."""

_PREACT = {
    "stem.conv": "conv1",
    "head.fc": "fc",
    "norm.": "final_bn.",
    ".norm": ".bn",
    "downsample.conv": "downsample.0",
    ".blocks.": ".",
    **{f"stages.{i}": f"layer{i + 1}" for i in range(4)},
}
"""The names of timm's pre-activation networks, and ours."""


def renamed(name: str) -> str:
    for theirs, ours in _PREACT.items():
        if not theirs.endswith("norm.") or name.startswith(theirs):
            name = name.replace(theirs, ours)
    return name


@pytest.mark.parametrize("text", VARIANTS)
def test_the_network_is_timms(text: str) -> None:
    name, options, params = VARIANTS[text]
    spec = parse(text)
    theirs, ours = timm.create_model(name, **options).eval(), build(spec).eval()
    randomise(theirs, seed=0)
    state = theirs.state_dict()
    if name.startswith("resnetv2"):
        state = {renamed(key): tensor for key, tensor in state.items()}
        state["fc.weight"] = state["fc.weight"].flatten(1)
    ours.load_state_dict(state)  # strictly: every name and shape
    images = torch.randn(2, 3, 97, 65)  # odd sides: pools at the edge
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        expected = theirs(images)
    with torch.no_grad():
        found = ours(images)
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()
    profile = analysis.profile(spec, (3, 97, 65), batch=2)
    assert sum(p.numel() for p in theirs.parameters()) == profile.params == params
    assert counter.get_total_flops() == 2 * profile.macs


@pytest.mark.parametrize("net", sorted({line.net for line in lines()}))
def test_a_published_speed_is_of_a_network_that_is_the_same_here(net: str) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(net)
    ours = build(parse(net), device="meta")
    sizes = [sorted(p.numel() for p in model.parameters()) for model in (theirs, ours)]
    assert sizes[0] == sizes[1]
