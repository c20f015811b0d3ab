"""The ten torchvision networks compared with torchvision itself, bit for bit."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision.models import ResNet as TheirResNet
from torchvision.models import get_model, resnet18, resnet50
from torchvision.models.resnet import Bottleneck

from nets import CATALOG, build, parse
from tests.nets.reference import randomise

NAMES = [name for name, entry in CATALOG.items() if entry.in_torchvision]

SIZES = ((64, 64), (75, 91))


def shapes(model: nn.Module) -> list[tuple[str, torch.Size]]:
    return [(name, tensor.shape) for name, tensor in model.state_dict().items()]


def assert_same_network(text: str, make_theirs: Callable[[], nn.Module]) -> None:
    """Check equal names, order and shapes, and outputs that are equal bit for bit."""
    torch.manual_seed(0)
    theirs = make_theirs().eval()
    randomise(theirs, seed=1)
    ours = build(parse(text), "meta").eval()
    assert shapes(ours) == shapes(theirs)
    ours.load_state_dict(theirs.state_dict(), strict=True, assign=True)
    with torch.inference_mode():
        for size in SIZES:
            x = torch.randn(2, 3, *size)
            output = ours(x)
            assert output.isfinite().all()
            assert torch.equal(output, theirs(x))


def test_the_catalog_has_all_ten() -> None:
    assert len(NAMES) == 10


@pytest.mark.parametrize("name", NAMES)
def test_same_network(name: str) -> None:
    assert_same_network(name, lambda: get_model(name))


@pytest.mark.parametrize("replaced", [(0, 1, 1), (1, 0, 1), (0, 0, 1), (1, 1, 1)])
def test_dilation_is_replace_stride_with_dilation(replaced: tuple[int, int, int]) -> None:
    assert_same_network(
        f"resnet50:dilate={','.join(map(str, replaced))}",
        lambda: TheirResNet(
            Bottleneck, [3, 4, 6, 3], replace_stride_with_dilation=[bool(r) for r in replaced]
        ),
    )


def test_other_numbers_of_classes_and_blocks() -> None:
    assert_same_network(
        "resnet50:blocks=1,2,3,1:classes=7:groups=2:group_width=40",
        lambda: TheirResNet(Bottleneck, [1, 2, 3, 1], num_classes=7, groups=2, width_per_group=40),
    )


@pytest.mark.parametrize(
    ("text", "make_theirs"),
    [("resnet18:zero_init=1", resnet18), ("resnet50:zero_init=1", resnet50)],
)
def test_zero_init_is_zero_init_residual(text: str, make_theirs: Callable[..., nn.Module]) -> None:
    def zeros(model: nn.Module) -> list[str]:
        return [n for n, p in model.named_parameters() if n.endswith("weight") and not p.any()]

    expected = zeros(make_theirs(zero_init_residual=True))
    assert len(expected) == sum(parse(text).blocks)
    assert zeros(build(parse(text))) == expected
