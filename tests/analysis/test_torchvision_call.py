"""The torchvision call builds the same network, and is empty if there is none."""

import pytest
import torch
import torchvision  # noqa: F401  the call is evaluated

from analysis.structure.torchvision_call import one_liner
from nets import CATALOG, build, parse

CALLS = {
    "resnet50": "torchvision.models.resnet50()",
    "wide_resnet101_2": "torchvision.models.wide_resnet101_2()",
    "resnet34:blocks=2,2,2,2": "torchvision.models.resnet18()",
    "resnet18:classes=10:input=3x96x96": "torchvision.models.resnet18(num_classes=10)",
    "flower_resnet18": "torchvision.models.resnet18(num_classes=10)",
    "resnet50:dilate=0,1,1:zero_init=1": (
        "torchvision.models.resnet50(zero_init_residual=True, "
        "replace_stride_with_dilation=[False, True, True])"
    ),
    "resnet50:blocks=3,8,20,3:groups=8:group_width=16": (
        "torchvision.models.ResNet(torchvision.models.resnet.Bottleneck, [3, 8, 20, 3], "
        "groups=8, width_per_group=16)"
    ),
    "resnet18:blocks=1,1,1,1": (
        "torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1])"
    ),
}


@pytest.mark.parametrize("text", CALLS)
def test_the_call_builds_the_network(text: str) -> None:
    spec = parse(text)
    assert one_liner(spec) == CALLS[text]
    with torch.device("meta"):
        theirs = eval(CALLS[text]).state_dict()
    ours = build(spec, "meta").state_dict()
    assert [(k, v.shape) for k, v in ours.items()] == [(k, v.shape) for k, v in theirs.items()]


def test_every_torchvision_entry_has_its_call_and_the_others_have_none() -> None:
    named = {name for name, e in CATALOG.items() if one_liner(e.spec)}
    other_sizes = {"flower_resnet18", "resnet10", "resnet26", "resnet200", "resnext101_32x16d"}
    assert named == {name for name, e in CATALOG.items() if e.in_torchvision} | other_sizes


@pytest.mark.parametrize(
    "text",
    [
        "resnet50:blocks=500,500,500,500:widths=64,64,64,64",
        "resnet50:channels=1",
        "resnet50:unit=full_preact",
        "resnet18:blocks=2,2,2",
        "resnet50d",
        "seresnet50",
        "resnet50_gn",
        "resnet50:classes=0",
        "resnet50:strides=1,2,2,1",
        "resnet50:dilate=0,1,1:dilate_first=1",
        "resnet18:dilate=0,1,1",
        "resnet18:dropout=0.3",
        "resnet34:shortcut=projection_first",
    ],
)
def test_no_call_for_what_torchvision_lacks(text: str) -> None:
    assert one_liner(parse(text)) == ""
