"""A dilated network computes the strided one's features, and those of the pixels in between.

With equal weights, its features at every second (or fourth) pixel equal those of the strided
network. Yu and Koltun 2016 and R-FCN (Dai et al. 2016) rely on this property.
"""

import pytest
import torch
from torch import Tensor

import analysis
from nets import ResNetSpec, build, parse
from tests.nets.reference import randomise

SMALL = "blocks=2,2,3,2:widths=4,8,12,16:stem_width=8:input=3x64x96:classes=5"


def features(spec: ResNetSpec) -> Tensor:
    """Return the last stage's output in eval mode, [2, C, H, W], with seeded weights."""
    model = build(spec).double().eval()
    randomise(model, seed=2)
    seen: list[Tensor] = []
    last = model.get_submodule(f"layer{len(spec.blocks)}")
    last.register_forward_hook(lambda _m, _i, output: seen.append(output))
    torch.manual_seed(3)
    with torch.no_grad():
        model(torch.randn(2, *spec.input, dtype=torch.float64))
    return seen[0]


def weights_are_equal(one: ResNetSpec, other: ResNetSpec) -> bool:
    states = []
    for spec in (one, other):
        torch.manual_seed(1)
        states.append(build(spec).state_dict())
    first, second = states
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("stride_on", ["conv1", "conv2"])
@pytest.mark.parametrize("options", ["", ":shortcut=zero_pad", ":unit=full_preact", ":groups=2"])
@pytest.mark.parametrize(("dilate", "step"), [("0,0,1", 2), ("0,1,1", 4), ("1,1,1", 8)])
def test_dilated_features_hold_the_strided_ones(
    stride_on: str, options: str, dilate: str, step: int
) -> None:
    strided = parse(f"resnet50:{SMALL}:stride_on={stride_on}{options}")
    dilated = parse(f"{strided}:dilate={dilate}")
    assert weights_are_equal(strided, dilated)
    torch.manual_seed(1)
    coarse = features(strided)
    torch.manual_seed(1)
    fine = features(dilated)
    assert fine.shape[2] == step * coarse.shape[2]
    torch.testing.assert_close(fine[:, :, ::step, ::step], coarse, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "pixels"),
    [
        ("resnet50_v1", 483),
        ("resnet50_v1:dilate=0,0,1", 483),
        ("resnet50_v1:dilate=0,1,1", 483),
        ("resnet50", 427),
        ("resnet50:dilate=0,0,1", 427),
    ],
)
def test_dilation_keeps_the_receptive_field(text: str, pixels: int) -> None:
    assert analysis.profile(parse(text)).receptive_field == pixels
