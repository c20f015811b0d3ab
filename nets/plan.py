"""What blocks a spec consists of: channels, strides, dilations and shortcuts, without torch.

The builder, the graph and the generated code all follow this plan, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from nets.spec import (
    MAX_CHANNELS,
    MAX_PARAMETERS,
    BlockKind,
    Norm,
    ResNetSpec,
    Shortcut,
    Stem,
    StrideOn,
    UnitOrder,
)


class ShortcutKind(StrEnum):
    """What stands beside one block's branch."""

    IDENTITY = "identity"
    PROJECTION = "projection"
    ZERO_PAD = "zero_pad"
    NONE = "none"


@dataclass(frozen=True)
class ConvPlan:
    """One convolution: square kernel, padding as the spec's `padding` says."""

    name: str
    in_channels: int
    out_channels: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    groups: int = 1

    @property
    def weights(self) -> int:
        """Elements of the weight tensor."""
        return self.out_channels * (self.in_channels // self.groups) * self.kernel**2


@dataclass(frozen=True)
class BlockPlan:
    """One residual unit.

    `shares_activation` says that the shortcut starts where the branch does, after the unit's own
    activation, and not from x: only in pre-activation, at every projection and in the first unit
    after the stem, which is activated before the paths split (He et al. 2016, appendix).
    """

    in_channels: int
    out_channels: int
    stride: int
    shortcut: ShortcutKind
    convs: tuple[ConvPlan, ...]
    shares_activation: bool

    @property
    def projection(self) -> ConvPlan | None:
        """The 1x1 convolution on the shortcut, where there is one."""
        if self.shortcut is not ShortcutKind.PROJECTION:
            return None
        return ConvPlan("downsample.0", self.in_channels, self.out_channels, 1, self.stride)

    @property
    def weights(self) -> int:
        """Convolution weights of the block."""
        projection = self.projection.weights if self.projection else 0
        return projection + sum(conv.weights for conv in self.convs)


@dataclass(frozen=True)
class StagePlan:
    """One stage: its first block, and the block that follows it `count - 1` times."""

    name: str
    count: int
    first: BlockPlan
    rest: BlockPlan

    def __iter__(self) -> Iterator[BlockPlan]:
        yield self.first
        for _ in range(self.count - 1):
            yield self.rest


def stem_conv(spec: ResNetSpec) -> ConvPlan:
    """The first convolution."""
    if spec.stem is Stem.IMAGENET:
        return ConvPlan("conv1", spec.channels, spec.stem_width, 7, stride=2)
    return ConvPlan("conv1", spec.channels, spec.stem_width, 3)


def stage_names(spec: ResNetSpec) -> tuple[str, ...]:
    """Torchvision's names of the stages: layer1, layer2 and so on."""
    return tuple(f"layer{i}" for i in range(1, len(spec.blocks) + 1))


def paper_name(stage: str) -> str:
    """The name of a stage in He et al. 2015, Table 1: layer1 is conv2_x; "" for the head."""
    if stage == "stem":
        return "conv1"
    return f"conv{int(stage[5:]) + 1}_x" if stage.startswith("layer") else ""


def stages(spec: ResNetSpec) -> tuple[StagePlan, ...]:
    """The stages of a spec. Every stage but the first halves the map, or dilates instead.

    A stage that dilates doubles the dilation so far from where its stride would have been. With
    the stride on a 3x3 that convolution keeps the dilation so far, as in torchvision's
    `replace_stride_with_dilation`; with the stride on the 1x1 before it, it dilates like all others
    of the stage, as in R-FCN (Dai et al. 2016, section 3) and detectron2.
    """
    plans = []
    channels, dilation = spec.stem_width, 1
    names = stage_names(spec)
    for index, (name, count, width) in enumerate(zip(names, spec.blocks, spec.widths, strict=True)):
        stride, first_dilation = (1 if index == 0 else 2), dilation
        if index and spec.dilate[index - 1]:
            stride, dilation = 1, dilation * 2
        if spec.stride_on is StrideOn.CONV1:
            first_dilation = dilation
        out = width * spec.expansion
        first = _block(spec, channels, width, stride, first_dilation, after_stem=index == 0)
        rest = _block(spec, out, width, 1, dilation)
        plans.append(StagePlan(name, count, first, rest))
        channels = out
    return tuple(plans)


def features(spec: ResNetSpec) -> int:
    """Channels that enter the last linear layer."""
    return spec.widths[-1] * spec.expansion


def weight_count(spec: ResNetSpec) -> int:
    """Weights of all convolutions and of the last linear layer, in O(stages)."""
    blocks = sum(s.first.weights + (s.count - 1) * s.rest.weights for s in stages(spec))
    return stem_conv(spec).weights + blocks + features(spec) * spec.classes


def check_size(spec: ResNetSpec) -> None:
    """Raise ValueError where a spec has too many or too few channels, or too many weights."""
    for width in spec.widths:
        if width * spec.group_width // 64 == 0:
            raise ValueError(
                f"group_width={spec.group_width} leaves no channel at width {width} of widths"
            )
        if max(_inner(spec, width), width * spec.expansion) > MAX_CHANNELS:
            raise ValueError(
                f"widths, expansion, groups and group_width must give {MAX_CHANNELS:,} channels at "
                f"most, not {max(_inner(spec, width), width * spec.expansion):,}"
            )
    if spec.shortcut is Shortcut.ZERO_PAD:
        for stage in stages(spec):
            if stage.first.out_channels < stage.first.in_channels:
                raise ValueError(
                    f"shortcut=zero_pad can only add channels: widths takes {stage.name} from "
                    f"{stage.first.in_channels} to {stage.first.out_channels}"
                )
    if (weights := weight_count(spec)) > MAX_PARAMETERS:
        raise ValueError(
            f"blocks and widths give {weights:,} weights: at most {MAX_PARAMETERS:,} are allowed"
        )


def _inner(spec: ResNetSpec, width: int) -> int:
    """Width inside a block: torchvision's `int(planes * base_width / 64) * groups`."""
    return width * spec.group_width // 64 * spec.groups


def _block(
    spec: ResNetSpec,
    channels: int,
    width: int,
    stride: int,
    dilation: int,
    after_stem: bool = False,
) -> BlockPlan:
    out, inner = width * spec.expansion, _inner(spec, width)
    if spec.block is BlockKind.BASIC:
        convs: tuple[ConvPlan, ...] = (
            ConvPlan("conv1", channels, inner, 3, stride),
            ConvPlan("conv2", inner, out, 3),
        )
    else:
        first, second = (stride, 1) if spec.stride_on is StrideOn.CONV1 else (1, stride)
        convs = (
            ConvPlan("conv1", channels, inner, 1, first),
            ConvPlan("conv2", inner, inner, 3, second, dilation, spec.groups),
            ConvPlan("conv3", inner, out, 1),
        )
    shortcut = _shortcut(spec, channels, out, stride)
    shares = shortcut is ShortcutKind.PROJECTION or (
        after_stem and shortcut is not ShortcutKind.NONE
    )
    return BlockPlan(channels, out, stride, shortcut, convs, spec.unit.preactivated and shares)


def _shortcut(spec: ResNetSpec, channels: int, out: int, stride: int) -> ShortcutKind:
    if spec.shortcut is Shortcut.NONE:
        return ShortcutKind.NONE
    if spec.shortcut is Shortcut.PROJECTION_ALL:
        return ShortcutKind.PROJECTION
    if stride == 1 and channels == out:
        return ShortcutKind.IDENTITY
    if spec.shortcut is Shortcut.ZERO_PAD:
        return ShortcutKind.ZERO_PAD
    return ShortcutKind.PROJECTION


@dataclass(frozen=True)
class UnitSteps:
    """The order of a unit's steps, by module name, as y = after(branch(before(x)) + shortcut).

    `before` is empty but in pre-activation, where a shortcut starts from x, or from before(x) where
    the block's plan says that it shares the activation (He et al. 2016, Fig. 4 and appendix).
    """

    before: tuple[str, ...]
    branch: tuple[str, ...]
    after: tuple[str, ...]


def unit_steps(spec: ResNetSpec) -> UnitSteps:
    """Where convolutions, norms and activations stand in each unit of the spec."""
    last = spec.convs_per_block
    inner = [f"{step}{i}" for i in range(1, last) for step in ("conv", "bn", "act")]
    match spec.unit:
        case UnitOrder.ORIGINAL:
            orders = [[], [*inner, f"conv{last}", f"bn{last}"], [f"act{last}"]]
        case UnitOrder.BN_AFTER_ADD:
            orders = [[], [*inner, f"conv{last}"], [f"bn{last}", f"act{last}"]]
        case UnitOrder.RELU_BEFORE_ADD:
            orders = [[], [*inner, f"conv{last}", f"bn{last}", f"act{last}"], []]
        case UnitOrder.RELU_PREACT:
            rest = [f"{s}{i}" for i in range(2, last + 1) for s in ("act", "conv", "bn")]
            orders = [["act1"], ["conv1", "bn1", *rest], []]
        case UnitOrder.FULL_PREACT:
            rest = [f"{s}{i}" for i in range(2, last + 1) for s in ("bn", "act", "conv")]
            orders = [["bn1", "act1"], ["conv1", *rest], []]
    if spec.norm is Norm.NONE:
        orders = [[step for step in order if not step.startswith("bn")] for order in orders]
    return UnitSteps(*map(tuple, orders))


def stem_steps(spec: ResNetSpec) -> tuple[str, ...]:
    """The stem's modules: a pre-activation net leaves BN and ReLU to its first block."""
    steps = ["conv1"]
    if spec.norm is not Norm.NONE and spec.unit is not UnitOrder.FULL_PREACT:
        steps.append("bn1")
    if not spec.unit.preactivated:
        steps.append("act1")
    if spec.stem is Stem.IMAGENET:
        steps.append("maxpool")
    return tuple(steps)


def head_steps(spec: ResNetSpec) -> tuple[str, ...]:
    """The head's modules: a pre-activation net ends with the activation its blocks begin with."""
    steps = ["avgpool", "flatten", "fc"]
    if spec.unit.preactivated:
        steps.insert(0, "final_act")
    if spec.unit is UnitOrder.FULL_PREACT and spec.norm is not Norm.NONE:
        steps.insert(0, "final_bn")
    if spec.softmax:
        steps.append("softmax")
    return tuple(steps)
