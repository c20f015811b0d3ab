"""Networks recognised by their tensors' names and shapes, as many sources name them."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
import torch
from hypothesis import given, settings

from nets import CATALOG, build, parse, plan
from nets.layers import NotAResNetError
from nets.options import OPTIONS, idle_options
from nets.recognise import Recognised, recognise
from nets.spec import ResNetSpec
from tests.strategies import specs

Shapes = dict[str, tuple[int, ...]]
Rename = Callable[[str], str]


@cache
def shapes_of(spec: ResNetSpec) -> Shapes:
    tensors = build(spec, device="meta").state_dict()
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def by(*rules: tuple[str, str | Callable[[re.Match[str]], str]]) -> Rename:
    """Return a renaming by regular expressions, all of which apply, in order."""

    def rename(name: str) -> str:
        for pattern, written in rules:
            name = re.sub(pattern, written, name)
        return name

    return rename


def stage(offset: int, form: str) -> tuple[str, Callable[[re.Match[str]], str]]:
    """Return the rule for `layer1.0.`, with another first number and form."""
    return r"^layer(\d)\.", lambda found: form.format(int(found[1]) + offset)


def doubled(found: re.Match[str]) -> str:
    """Return a step's place in a list of convolution, norm and activation: conv2 is number 3."""
    return f"residual_function.{3 * int(found[2]) - (3 if found[1] == 'conv' else 2)}."


HABITS: dict[str, Rename] = {
    "torchvision": by(),
    "wrapped": by(("^", "module._orig_mod.model.")),
    "timm resnetv2": by(
        ("^conv1", "stem.conv"),
        ("^bn1", "stem.norm"),
        stage(-1, "stages.{}.blocks."),
        (r"\.bn(\d)", r".norm\1"),
        (r"downsample\.0", "downsample.conv"),
        (r"downsample\.1", "downsample.norm"),
        ("^final_bn", "norm"),
        ("^fc", "head.fc"),
    ),
    "mmpretrain": by(
        (r"\.se\.fc(\d)", r".se_layer.conv\1.conv"), (r"^(?!fc)", "backbone."), ("^fc", "head.fc")
    ),
    "kuangliu": by(
        (r"\.se\.", "."), ("downsample", "shortcut"), ("^fc", "linear"), ("^final_bn", "bn")
    ),
    "layers": by(
        (r"\.se\.fc(\d)", lambda found: f".se.fc.{2 * int(found[1]) - 2}"),
        ("downsample", "shortcut"),
        ("^(conv|bn)1", r"\1"),
        stage(-1, "layers.{}."),
        ("^fc", "linear"),
    ),
    "wide": by(
        stage(0, "block{}.layer."),
        (r"downsample\.0", "convShortcut"),
        ("^final_bn", "bn1"),
    ),
    "conv2_x": by(
        (r"^(conv|bn)1", lambda found: f"conv1.{int(found[1] == 'bn')}"),
        (r"\.(conv|bn)(\d)\.", lambda found: f".{doubled(found)}"),
        stage(1, "conv{}_x."),
        ("downsample", "shortcut"),
    ),
    "d2l": by(
        ("^conv1", "0.0"),
        ("^bn1", "0.1"),
        stage(0, "{}."),
        (r"downsample\.0", "conv9"),
        (r"downsample\.1", "bn9"),
        ("^fc", "7"),
    ),
    "d2l class": by(
        ("^conv1", "net.0.0"),
        ("^bn1", "net.0.1"),
        stage(1, "net.b{}."),
        (r"downsample\.0", "conv9"),
        (r"downsample\.1", "bn9"),
        ("^fc", "net.last.2"),
    ),
    "detectron2": by(
        (r"\bbn(\d)", r"conv\1.norm"),
        ("^conv1", "stem.conv1"),
        stage(1, "res{}."),
        (r"downsample\.0", "shortcut"),
        (r"downsample\.1", "shortcut.norm"),
        ("^fc", "linear"),
        ("^", "backbone.bottom_up."),
    ),
    "children": by(
        ("^conv1", "0"),
        ("^bn1", "1"),
        stage(3, "{}."),
        (r"^final_bn", "post_activ.bn"),
        ("^fc", "9"),
    ),
    "Hugging Face": by(
        ("^conv1", "resnet.embedder.embedder.convolution"),
        ("^bn1", "resnet.embedder.embedder.normalization"),
        (r"\.conv(\d)\.", r".layer.\1.convolution."),
        (r"\.bn(\d)\.", r".layer.\1.normalization."),
        stage(-1, "resnet.encoder.stages.{}.layers."),
        (r"downsample\.0", "shortcut.convolution"),
        (r"downsample\.1", "shortcut.normalization"),
        ("^fc", "classifier.1"),
    ),
    "pytorchcv": by(
        ("^conv1", "features.init_block.conv.conv"),
        ("^bn1", "features.init_block.conv.bn"),
        (r"\.(conv|bn)(\d)\.", r".body.conv\2.\1."),
        (r"^(layer\d)\.(\d+)", lambda found: f"{found[1]}.unit{int(found[2]) + 1}"),
        stage(0, "features.stage{}."),
        (r"downsample\.0", "identity_conv.conv"),
        (r"downsample\.1", "identity_conv.bn"),
        ("^final_bn", "features.post_activ.bn"),
        ("^fc", "output"),
    ),
}  # fmt: skip


NUMBERED = ("torchvision", "wrapped", "mmpretrain", "kuangliu", "layers", "conv2_x", "children")
"""The habits that number the layers beside a branch, so that a pool before them shows."""


def renaming(spec: ResNetSpec, habit: str) -> Rename:
    if spec.projection_pool and habit not in NUMBERED:
        return by(
            (r"downsample\.(\d)", lambda found: f"downsample.{int(found[1]) - 1}"),
            ("^.*$", lambda found: HABITS[habit](found[0])),
        )
    return HABITS[habit]


def told(spec: ResNetSpec, found: Recognised) -> ResNetSpec:
    """Return the recognised network with the true values of what shapes can't tell."""
    untold = {*found.assumed, *idle_options(found.spec), "init", "zero_init"}
    values = {name: getattr(spec, name) for name in untold | {*idle_options(spec)}}
    true = replace(found.spec, base=spec.base, **values)
    same = replace(true, shortcut=spec.shortcut)  # of one plan if all first blocks change the shape
    return same if plan.stages(same) == plan.stages(true) else true


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("name", CATALOG)
def test_every_network_of_the_catalog_is_recognised(name: str, habit: str) -> None:
    spec = CATALOG[name].spec
    shapes = shapes_of(spec)
    rename = renaming(spec, habit)
    found = recognise({rename(path): shape for path, shape in shapes.items()})
    assert told(spec, found) == spec
    assert (found.left, found.missing) == ((), ())
    if rename is HABITS[habit]:
        assert found.names == {rename(path): path for path in shapes}


@settings(deadline=None)
@given(specs())
def test_a_random_network_and_what_is_recognised_compute_the_same(spec: ResNetSpec) -> None:
    shapes = shapes_of(spec)
    found = recognise(shapes)
    assert found.names == {name: name for name in shapes}
    assert (found.left, found.missing) == ((), ())
    one, other = build(spec).eval(), build(told(spec, found)).eval()
    other.load_state_dict(one.state_dict())
    x = torch.randn(1, *spec.input)
    assert torch.equal(one(x), other(x))
    ours = {
        name for name in OPTIONS if name not in ("init", "zero_init", *idle_options(found.spec))
    }
    assert ours <= {*found.sure, *found.assumed}


def test_what_has_no_place_is_left_and_what_lacks_is_told() -> None:
    shapes = {**shapes_of(parse("resnet18"))}
    del shapes["fc.weight"], shapes["fc.bias"], shapes["layer1.0.bn1.num_batches_tracked"]
    del shapes["layer2.0.downsample.1.bias"]
    shapes |= {"fpn.0.weight": (256, 512, 1, 1), "head.0.weight": (8, 512), "head.2.weight": (4, 8)}
    found = recognise(shapes)
    assert found.left == ("fpn.0.weight", "head.0.weight", "head.2.weight")
    assert found.missing == ("layer2.0.downsample.1.bias",)
    assert found.spec.classes == 0


def test_only_a_linear_layer_for_the_features_is_the_classifier() -> None:
    shapes = shapes_of(parse("resnet18")) | {"fc.weight": (7, 99)}
    found = recognise(shapes)
    assert (found.spec.classes, found.left, found.missing) == (0, ("fc.weight", "fc.bias"), ())


def test_blocks_without_stages_are_split_by_width() -> None:
    spec = parse("resnet20")
    shapes = {}
    for name, shape in shapes_of(spec).items():
        stage, _, rest = name.partition(".")
        block, _, rest = rest.partition(".")
        number = 3 * (int(stage[5]) - 1) + int(block) if stage.startswith("layer") else 0
        shapes[f"layers.{number}.{rest}" if stage.startswith("layer") else name] = shape
    assert str(recognise(shapes).spec) == "resnet20"


def test_rounded_channels_of_squeeze_and_excitation_are_no_ratio() -> None:
    shapes = {**shapes_of(parse("resnet18:se=16"))}
    assert str(recognise(shapes).spec) == "resnet18:se=16"
    for block in (0, 1):  # timm rounds to multiples of 8
        se = f"layer1.{block}.se"
        shapes |= {f"{se}.fc1.weight": (8, 64, 1, 1), f"{se}.fc2.weight": (64, 8, 1, 1)}
    assert stop_of(shapes) == (
        "it stops being a ResNet at layer2.0.se.fc1.weight (8x128x1x1): its channels are in "
        "another ratio than those before it"
    )


def stop_of(shapes: Shapes) -> str:
    with pytest.raises(NotAResNetError) as error:
        recognise(shapes)
    return str(error.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"layer1.1.attn.qkv.weight": (192, 64)},
            "layer1.1.attn.qkv.weight (192x64): a residual block has square convolutions and norms "
            "only",
        ),
        (
            {"layer2.1.conv2.weight": (128, 128, 5, 5)},
            "layer2.1.conv1.weight (128x128x3x3): a residual block has two 3x3 convolutions, or "
            "1x1, 3x3 and 1x1",
        ),
        (
            {"layer2.1.conv1.weight": (128, 64, 3, 3)},
            "layer2.1.conv1.weight (128x64x3x3): its input has 128 channels",
        ),
        (
            {"layer2.1.conv2.weight": (128, 64, 3, 3)},
            "layer2.1.conv2.weight (128x64x3x3): the convolution before it has 128 channels",
        ),
        (
            {"layer2.0.downsample.0.weight": (128, 64, 3, 3)},
            "layer2.0.downsample.0.weight (128x64x3x3): a projection is 1x1, from "
            "the block's input to its output",
        ),
        (
            {"layer3.1.conv1.bias": (256,)},
            "layer3.1.conv1.weight (256x256x3x3): some convolutions have a bias and others don't",
        ),
        (
            {"layer3.1.bn1.weight": (255,)},
            "layer3.1.bn1.weight (255): it follows neither layer3.1.conv1 nor what comes before "
            "that",
        ),
        (
            {"layer3.4.conv1.weight": (256, 256, 3, 3)},
            "layer3.4.conv1.weight (256x256x3x3): the block before it is missing",
        ),
        (
            {"conv1.weight": (64, 3, 5, 5)},
            "conv1.weight (64x3x5x5): a stem has one 7x7, one 3x3 or three 3x3 convolutions",
        ),
        (
            {"conv1.weight": (32, 3, 3, 3), "conv2.weight": (48, 32, 3, 3)}
            | {"conv3.weight": (64, 48, 3, 3)},
            "conv2.weight (48x32x3x3): a deep stem has half its width before its last convolution",
        ),
        (
            {"layer1.0.se.fc1.weight": (4, 64, 1, 1)},
            "layer1.0.se.fc1.weight (4x64x1x1): squeeze-and-excitation has two linear layers or "
            "1x1 convolutions",
        ),
        (
            {"layer1.0.se.0.weight": (4, 64), "layer1.0.se.2.weight": (64, 4)},
            "layer1.1.conv1.weight (64x64x3x3): only some blocks have squeeze-and-excitation",
        ),
        (
            {"layers.0.down.weight": (8, 8, 3, 3)},
            "layers.0.down.weight (8x8x3x3): it is in no stage, unlike the other blocks",
        ),
        (
            {"layer1.1.bn3.weight": (64,)},
            "layer1.1.bn3.weight (64): its block has 2 convolutions but 3 norms",
        ),
        (
            {"layer1.0.gamma": (64,)},
            "layer1.0.gamma (64): a residual block has square convolutions and norms only",
        ),
    ],
)  # fmt: skip
def test_a_resnet_stops_being_one_at_a_tensor(changes: Shapes, said: str) -> None:
    assert stop_of(shapes_of(parse("resnet18")) | changes) == f"it stops being a ResNet at {said}"


def test_other_networks_are_no_resnets() -> None:
    named = "no tensor is in a block with a name such as layer1.0 or stages.0.blocks.0"
    vgg: Shapes = {"features.0.weight": (64, 3, 3, 3), "features.2.weight": (64, 64, 3, 3)}
    assert stop_of(vgg) == f"it stops being a ResNet at features.2.weight (64x64x3x3): {named}"
    vit: Shapes = {"cls_token": (1, 1, 192), "blocks.0.attn.qkv.weight": (576, 192)}
    assert "blocks.0.attn.qkv.weight (576x192)" in stop_of(vit)
    assert stop_of({}) == "there are no tensors"
    blocks = {k: v for k, v in shapes_of(parse("resnet18")).items() if k.startswith("layer")}
    assert stop_of(blocks).endswith(
        "layer1.0.conv1.weight (64x64x3x3): there is no convolution before it with a name such as "
        "conv1 or stem.0"
    )


def test_too_many_tensors_are_refused() -> None:
    with pytest.raises(ValueError, match=r"100,001 tensors are too many: the limit is 100,000"):
        recognise({str(number): () for number in range(100_001)})
