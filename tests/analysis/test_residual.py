"""One block in words and numbers, compared with the built layers."""

import pytest
from hypothesis import given, settings

import analysis
from analysis.structure.residual import conv_label, convs_in_words, residual
from nets import parse, plan
from nets.spec import ResNetSpec
from tests.strategies import specs


def explain(text: str, path: str) -> str:
    found = residual(analysis.profile(parse(text)), path)
    return f"{found.formula}\n{found.shapes}\n{found.reason}"


@settings(max_examples=60)
@given(specs())
def test_costs_of_every_block_are_its_layers(spec: ResNetSpec) -> None:
    profile = analysis.profile(spec)
    for path in (block.path for block in plan.blocks(spec)):
        own = residual(profile, path).branches[0]
        layers = [
            row
            for row in profile.layers
            if row.path.startswith(f"{path}.conv") and row.type.startswith("Conv2d")
        ]
        assert own.macs * profile.batch == sum(row.macs for row in layers)
        biases = sum(row.output[0] for row in layers) if spec.bias else 0
        assert own.weights + biases == sum(row.params for row in layers)


def test_the_papers_comparison_at_256_channels() -> None:
    """He et al. 2015, Fig. 5: a 256-d bottleneck costs about as much as two 3x3 on 64-d."""
    own, other = residual(analysis.profile(parse("resnet50")), "layer1.1").branches
    assert (own.name, own.weights) == ("Bottleneck", 256 * 64 + 9 * 64 * 64 + 64 * 256)
    assert (other.name, other.weights) == ("Two 3×3", 2 * 9 * 256 * 256)
    basic, bottleneck = residual(analysis.profile(parse("resnet34")), "layer1.1").branches
    assert basic.weights == 2 * 9 * 64 * 64
    assert bottleneck.weights == 64 * 16 + 9 * 16 * 16 + 16 * 64
    assert own.weights < basic.weights


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("resnet50", "layer1.1", "Identity: input and output have the same shape"),
        (
            "resnet50",
            "layer2.0",
            "channels change from 256 to 512 and the map from 56×56 to 28×28 (stride 2)",
        ),
        ("resnet50", "layer1.0", "Projection: channels change from 64 to 256, so x can't"),
        ("resnet20", "layer2.0", "Zero pad (option A): channels change from 16 to 32 and the map"),
        ("resnet34_c", "layer1.1", "Projection (option C): the shapes would allow an identity"),
        ("resnet20:widths=64,64,64", "layer2.0", "to 16×16 (stride 2), so x is subsampled. It has"),
        ("resnet50:shortcut=zero_pad", "layer1.0", "so the new channels are filled with zeros. It"),
        ("resnet50:norm=none:input=3x1x1:widths=64,64,64,64", "layer3.0", "but the stage strides"),
        (
            "resnet50:unit=relu_preact:activation=tanh",
            "layer2.0",
            "block's first tanh, written",
        ),
        ("plain34", "layer2.0", "No shortcut: this is a plain stack"),
        ("preresnet164", "layer2.0", "after the block's first BN and ReLU, written x̂"),
        ("resnet18:widths=64,64,64,64", "layer2.0", "Projection: the map changes from 56×56 to"),
        ("resnet50", "layer2.0", r"\{W_i\}) + W_s \mathbf{x}\right)"),
        ("resnet50", "layer2.0", r"\mathbf{x} \in \mathbb{R}^{256 \times 56 \times 56}"),
        ("resnet50", "layer1.1", r"\mathbf{y} = \mathrm{ReLU}\left(\mathcal{F}(\mathbf{x}, "),
        ("preresnet110", "layer1.1", r"\mathbf{y} = \mathcal{F}(\mathbf{x}, \{W_i\}) + \mathbf"),
        ("preresnet110", "layer1.0", "Identity: input and output have the same shape, so the add"),
        ("preresnet110", "layer1.0", "the shortcut carries x after the block's first BN and ReLU"),
        ("preresnet110", "layer1.0", r"\mathbf{y} = \mathcal{F}(\mathbf{x}, \{W_i\}) + \hat{\mat"),
        (
            "preresnet110:shortcut=zero_pad:widths=24,32,64",
            "layer1.0",
            r"\{W_i\}) + \mathrm{pad}(\hat{\mathbf{x}})",
        ),
        ("resnet50:unit=bn_after_add", "layer1.1", r"\mathrm{ReLU}\left(\mathrm{BN}\left("),
    ],
)
def test_words(text: str, path: str, says: str) -> None:
    assert says in explain(text, path)


@pytest.mark.parametrize(
    ("text", "path", "equation"),
    [
        ("preresnet110", "layer1.0", "y = F(x) + x̂"),
        ("preresnet110", "layer1.1", "y = F(x) + x"),
        ("preresnet110", "layer2.0", "y = F(x) + pad(x)"),
        ("preresnet164", "layer1.0", "y = F(x) + Wx̂"),
        ("resnet50", "layer1.1", "y = ReLU(F(x) + x)"),
        ("plain34", "layer1.1", "y = ReLU(F(x))"),
    ],
)
def test_the_unit_in_plain_text(text: str, path: str, equation: str) -> None:
    assert residual(analysis.profile(parse(text)), path).equation == equation


def test_convolutions_in_words() -> None:
    profile = analysis.profile(parse("resnext50_32x4d:dilate=0,0,1"))
    for path, says in (
        ("layer2.0", "1×1\xa0256→256, 3×3\xa0256→256\xa0/2 (32 groups), 1×1\xa0256→512"),
        (
            "layer4.1",
            "1×1\xa02048→1024, 3×3\xa01024→1024 (32 groups, dilation 2), 1×1\xa01024→2048",
        ),
    ):
        assert convs_in_words(residual(profile, path).branches[0].convs) == says
    labels = [conv_label(conv) for conv in residual(profile, "layer4.1").branches[0].convs]
    assert labels == ["1×1, 1024", "3×3, 1024, 32 groups, dilation 2", "1×1, 2048"]


def test_no_such_block() -> None:
    with pytest.raises(
        ValueError, match=r"'layer5\.0' is not a block of resnet50: its blocks are layer1"
    ):
        explain("resnet50", "layer5.0")


@pytest.mark.parametrize(
    ("text", "path", "channels"),
    [
        ("resnet50:blocks=1:widths=4096", "layer1.0", 16_384),
        ("resnet18:widths=30,30,30,31", "layer4.0", 31),
        ("resnet34:widths=1,2,3,5", "layer4.1", 5),
    ],
)
def test_the_other_kind_ends_in_the_same_channels(text: str, path: str, channels: int) -> None:
    for branch in residual(analysis.profile(parse(text)), path).branches:
        assert branch.convs[-1].out_channels == channels
