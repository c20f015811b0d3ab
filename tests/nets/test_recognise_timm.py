"""timm's networks, recognised from its real classes."""

import pytest
import timm
import torch

from nets import build, parse
from nets.recognise import recognise


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("resnet18", "resnet18"),
        ("resnet18d", "resnet18:projection_pool=1:stem=deep"),
        ("resnet26", "resnet26"),
        ("resnet50c", "resnet50c"),
        ("resnet50d", "resnet50d"),
        ("resnet50_gn", "resnet50_gn"),
        ("resnext101_32x16d", "resnext101_32x16d"),
        ("resnext50d_32x4d", "resnet50d:groups=32:group_width=4"),
        ("seresnet50", "seresnet50"),
        ("legacy_seresnet18", "resnet18:se=16"),
        ("wide_resnet50_2", "wide_resnet50_2"),
        ("resnetv2_50", "resnet50:unit=full_preact"),
    ],
)
def test_a_network_of_timm_is_recognised(name: str, model: str) -> None:
    with torch.device("meta"):
        network = timm.create_model(name)
    shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    found = recognise(shapes)
    assert str(found.spec) == model
    assert set(found.names) == set(shapes)
    assert set(found.names.values()) == set(build(parse(model), device="meta").state_dict())


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("convnext_tiny", "stages.0.blocks.0.gamma"),
        ("densenet121", "features.denseblock1.denselayer1.norm1.weight"),
        ("efficientnet_b0", "blocks.0.0.conv_dw.weight"),
        ("resnet26t", "conv1.0.weight"),
        ("seresnet18", "layer2.0.se.fc1.weight"),
        ("swin_tiny_patch4_window7_224", "layers.1.downsample.norm.weight"),
        ("vit_tiny_patch16_224", "blocks.0.attn.qkv.weight"),
    ],
)
def test_another_network_of_timm_stops_being_a_resnet(name: str, tensor: str) -> None:
    with torch.device("meta"):
        network = timm.create_model(name)
    with pytest.raises(ValueError, match=f"it stops being a ResNet at {tensor} "):
        recognise({key: tuple(value.shape) for key, value in network.state_dict().items()})
