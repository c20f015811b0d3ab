"""The blocks of a spec: channels, strides, dilations and shortcuts, without torch.

The builder, the graph and the generated code all follow this plan, so they can't disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from nets.options import (
    MAX_CHANNELS,
    MAX_PARAMETERS,
    BlockKind,
    Norm,
    Options,
    Shortcut,
    Stem,
    StrideOn,
    UnitOrder,
)


class ShortcutKind(StrEnum):
    """The kind of shortcut beside one block's branch."""

    IDENTITY = "identity"
    PROJECTION = "projection"
    ZERO_PAD = "zero_pad"
    NONE = "none"


class StepKind(StrEnum):
    """The operation of a module in the stem, on a unit's main path or in the head."""

    CONV = "conv"
    NORM = "norm"
    ACTIVATION = "activation"
    MAX_POOL = "max_pool"
    AVERAGE_POOL = "average_pool"
    FLATTEN = "flatten"
    LINEAR = "linear"
    SOFTMAX = "softmax"


class Step(NamedTuple):
    """One module of the stem, of a unit or of the head: its operation and its name there."""

    kind: StepKind
    name: str


STEM, HEAD = "stem", "head"
_HEAD_NAMES = ("final_bn", "final_act", "avgpool", "flatten", "fc", "softmax")


class Place(NamedTuple):
    """A location in the network: the stem, a stage or the head; then block; then layer.

    `stage` is `stem`, torchvision's name of a stage, or `head`. `block` counts within the stage.
    `layer` is the path inside the block; in the stem and the head it is the module's name. A part
    that is left out means all of it: `Place("layer2", 0)` is a block, `Place("layer2")` a stage.
    """

    stage: str
    block: int | None = None
    layer: str = ""

    @property
    def path(self) -> str:
        """The module's dotted path, `layer2.0.conv1`; the stem and the head have their name."""
        if self.block is None:
            return self.layer or self.stage
        return ".".join(filter(None, (self.stage, str(self.block), self.layer)))

    def after(self, blocks: int) -> Place:
        """Return the same place in the block that comes `blocks` later."""
        assert self.block is not None
        return self._replace(block=self.block + blocks)

    @property
    def around(self) -> Place:
        """The block that holds the layer, or the whole stem or head."""
        return Place(self.stage, self.block)


def place_of(path: str) -> Place:
    """Return the place of the stem, the head, or a module or parameter given by dotted path."""
    stage, _, inside = path.partition(".")
    if stage in (STEM, HEAD):
        return Place(stage)
    if not stage.startswith("layer"):
        return Place(HEAD if stage in _HEAD_NAMES else STEM, None, path)
    block, _, layer = inside.partition(".")
    return Place(stage, int(block) if block else None, layer)


@dataclass(frozen=True)
class ConvPlan:
    """One convolution with a square kernel, padded as the spec's `padding` says."""

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

    If `shares_activation` is true, the shortcut starts after the unit's own activation, as the
    branch does, instead of from x. This occurs only in pre-activation: at every projection, and
    in the first unit after the stem, where the paths split after the activation (He et al. 2016,
    appendix).
    """

    in_channels: int
    out_channels: int
    stride: int
    shortcut: ShortcutKind
    convs: tuple[ConvPlan, ...]
    shares_activation: bool

    @property
    def projection(self) -> ConvPlan | None:
        """The 1x1 convolution on the shortcut, or None."""
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
    """One stage: its first block, followed by `count - 1` copies of `rest`."""

    name: str
    count: int
    first: BlockPlan
    rest: BlockPlan

    def __iter__(self) -> Iterator[BlockPlan]:
        yield self.first
        for _ in range(self.count - 1):
            yield self.rest


def stem_conv(spec: Options) -> ConvPlan:
    """Return the plan of the first convolution."""
    if spec.stem is Stem.IMAGENET:
        return ConvPlan("conv1", spec.channels, spec.stem_width, 7, stride=2)
    return ConvPlan("conv1", spec.channels, spec.stem_width, 3)


def stage_names(spec: Options) -> tuple[str, ...]:
    """Return torchvision's names of the stages: layer1, layer2 and so on."""
    return tuple(f"layer{i}" for i in range(1, len(spec.blocks) + 1))


def blocks(spec: Options) -> tuple[Place, ...]:
    """Return the place of every block, in order."""
    return tuple(
        Place(stage, index)
        for stage, count in zip(stage_names(spec), spec.blocks, strict=True)
        for index in range(count)
    )


def paper_name(stage: str) -> str:
    """Return a stage's name in He et al. 2015, Table 1: conv2_x for layer1, "" for the head."""
    if stage == "stem":
        return "conv1"
    return f"conv{int(stage[5:]) + 1}_x" if stage.startswith("layer") else ""


def stages(spec: Options) -> tuple[StagePlan, ...]:
    """Return the stages of a spec. Every stage after the first halves the map or dilates instead.

    A stage that dilates doubles the dilation from the point where it would have strided. If the
    stride is on the 3x3, the first block's 3x3 keeps the previous dilation, as with torchvision's
    `replace_stride_with_dilation`. If the stride is on the 1x1 before it, the 3x3 already has the
    new dilation, as in R-FCN (Dai et al. 2016, section 3) and detectron2.
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


def block_at(spec: Options, place: Place) -> BlockPlan:
    """Return the plan of the block at a place, which must be in the spec."""
    stage = next(stage for stage in stages(spec) if stage.name == place.stage)
    return stage.rest if place.block else stage.first


def features(spec: Options) -> int:
    """Return the number of input features of the last linear layer."""
    return spec.widths[-1] * spec.expansion


def weight_count(spec: Options) -> int:
    """Count the weights of all convolutions and of the last linear layer, in O(stages)."""
    blocks = sum(s.first.weights + (s.count - 1) * s.rest.weights for s in stages(spec))
    return stem_conv(spec).weights + blocks + features(spec) * spec.classes


def check_size(spec: Options) -> None:
    """Raise ValueError if a spec has too many or too few channels, or too many weights."""
    for width in spec.widths:
        if width * spec.group_width // 64 == 0:
            raise ValueError(
                f"group_width={spec.group_width} leaves no channels at width {width} of widths"
            )
        if max(_inner(spec, width), width * spec.expansion) > MAX_CHANNELS:
            raise ValueError(
                f"widths, expansion, groups and group_width must give at most {MAX_CHANNELS:,} "
                f"channels, not {max(_inner(spec, width), width * spec.expansion):,}"
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
            f"blocks and widths give {weights:,} weights: the limit is {MAX_PARAMETERS:,}"
        )


def _inner(spec: Options, width: int) -> int:
    """Return the width inside a block, torchvision's `int(planes * base_width / 64) * groups`."""
    return width * spec.group_width // 64 * spec.groups


def _block(
    spec: Options,
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


def _shortcut(spec: Options, channels: int, out: int, stride: int) -> ShortcutKind:
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
    """The order of a unit's steps, as y = after(branch(before(x)) + shortcut).

    `before` is empty except in pre-activation. There the shortcut starts from x, or from before(x)
    if the block's plan shares the activation (He et al. 2016, Fig. 4 and appendix).
    """

    before: tuple[Step, ...]
    branch: tuple[Step, ...]
    after: tuple[Step, ...]


_CONV, _NORM, _ACT = StepKind.CONV, StepKind.NORM, StepKind.ACTIVATION
_NAMES = {_CONV: "conv", _NORM: "bn", _ACT: "act"}


def unit_steps(spec: Options) -> UnitSteps:
    """Return the order of convolutions, norms and activations in each unit of the spec."""
    last = spec.convs_per_block

    def steps(first: int, last: int, *kinds: StepKind) -> list[Step]:
        return [Step(k, f"{_NAMES[k]}{i}") for i in range(first, last + 1) for k in kinds]

    inner = steps(1, last - 1, _CONV, _NORM, _ACT)
    match spec.unit:
        case UnitOrder.ORIGINAL:
            orders = [[], [*inner, *steps(last, last, _CONV, _NORM)], steps(last, last, _ACT)]
        case UnitOrder.BN_AFTER_ADD:
            orders = [[], [*inner, *steps(last, last, _CONV)], steps(last, last, _NORM, _ACT)]
        case UnitOrder.RELU_BEFORE_ADD:
            orders = [[], steps(1, last, _CONV, _NORM, _ACT), []]
        case UnitOrder.RELU_PREACT:
            rest = steps(2, last, _ACT, _CONV, _NORM)
            orders = [steps(1, 1, _ACT), [*steps(1, 1, _CONV, _NORM), *rest], []]
        case UnitOrder.FULL_PREACT:
            rest = steps(2, last, _NORM, _ACT, _CONV)
            orders = [steps(1, 1, _NORM, _ACT), [*steps(1, 1, _CONV), *rest], []]
    if spec.norm is Norm.NONE:
        orders = [[step for step in order if step.kind is not _NORM] for order in orders]
    return UnitSteps(*map(tuple, orders))


def label(spec: Options, kind: StepKind) -> str:
    """Return the papers' name for the spec's norm or activation: `BN`, `ReLU`."""
    return "BN" if kind is StepKind.NORM else spec.activation.label


def stem_steps(spec: Options) -> tuple[Step, ...]:
    """Return the stem's modules; a pre-activation net leaves BN and ReLU to its first block."""
    steps = [Step(_CONV, "conv1")]
    if spec.norm is not Norm.NONE and spec.unit is not UnitOrder.FULL_PREACT:
        steps.append(Step(_NORM, "bn1"))
    if not spec.unit.preactivated:
        steps.append(Step(_ACT, "act1"))
    if spec.stem is Stem.IMAGENET:
        steps.append(Step(StepKind.MAX_POOL, "maxpool"))
    return tuple(steps)


def head_steps(spec: Options) -> tuple[Step, ...]:
    """Return the head's modules; a pre-activation net begins its head with BN and ReLU."""
    ends = StepKind.AVERAGE_POOL, StepKind.FLATTEN, StepKind.LINEAR, StepKind.SOFTMAX
    left_out = set()
    if not spec.unit.preactivated:
        left_out.add(_ACT)
    if spec.unit is not UnitOrder.FULL_PREACT or spec.norm is Norm.NONE:
        left_out.add(_NORM)
    if not spec.softmax:
        left_out.add(StepKind.SOFTMAX)
    steps = map(Step, (_NORM, _ACT, *ends), _HEAD_NAMES)
    return tuple(step for step in steps if step.kind not in left_out)
