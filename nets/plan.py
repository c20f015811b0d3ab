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
    """The operation of a module in the stem, in a unit or in the head.

    SE is squeeze-and-excitation. AVERAGE_POOL is the 2x2 pool before a projection, GLOBAL_POOL the
    head's.
    """

    CONV = "conv"
    NORM = "norm"
    ACTIVATION = "activation"
    DROPOUT = "dropout"
    SE = "se"
    MAX_POOL = "max_pool"
    AVERAGE_POOL = "average_pool"
    GLOBAL_POOL = "global_pool"
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
    def module(self) -> Place:
        """The module of the block, the stem or the head that is or holds the layer."""
        return self._replace(layer=self.layer.partition(".")[0])

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

    If `pools` is true, projections are as in ResNet-D (He et al. 2018, Fig. 2): an average pool
    takes over the stride. `se_channels` is the inner width of squeeze-and-excitation, or 0.
    """

    in_channels: int
    out_channels: int
    stride: int
    shortcut: ShortcutKind
    convs: tuple[ConvPlan, ...]
    shares_activation: bool
    pools: bool = False
    se_channels: int = 0

    @property
    def projection(self) -> ConvPlan | None:
        """The 1x1 convolution on the shortcut, or None."""
        if self.shortcut is not ShortcutKind.PROJECTION:
            return None
        name, stride = ("downsample.1", 1) if self.pools else ("downsample.0", self.stride)
        return ConvPlan(name, self.in_channels, self.out_channels, 1, stride)

    @property
    def excitation(self) -> tuple[ConvPlan, ...]:
        """The two 1x1 convolutions of squeeze-and-excitation, which always have biases, or ()."""
        if not self.se_channels:
            return ()
        return (
            ConvPlan("se.fc1", self.out_channels, self.se_channels, 1),
            ConvPlan("se.fc2", self.se_channels, self.out_channels, 1),
        )

    @property
    def weights(self) -> int:
        """Convolution weights of the block."""
        projection = self.projection.weights if self.projection else 0
        return projection + sum(conv.weights for conv in (*self.convs, *self.excitation))


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


def stem_convs(spec: Options) -> dict[str, ConvPlan]:
    """Return the plans of the stem's convolutions by name, in order.

    The names of a deep stem are timm's, in which `conv1` is a sequence of seven modules.
    """
    width, half = spec.stem_width, spec.stem_width // 2
    convs: tuple[ConvPlan, ...]
    match spec.stem:
        case Stem.IMAGENET:
            convs = (ConvPlan("conv1", spec.channels, width, 7, stride=2),)
        case Stem.CIFAR:
            convs = (ConvPlan("conv1", spec.channels, width, 3),)
        case Stem.DEEP:
            convs = (
                ConvPlan("conv1.0", spec.channels, half, 3, stride=2),
                ConvPlan("conv1.3", half, half, 3),
                ConvPlan("conv1.6", half, width, 3),
            )
    return {conv.name: conv for conv in convs}


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


def paper_name(spec: Options, stage: str) -> str:
    """Return a stage's name in He et al. 2015, Table 1: conv2_x for layer1, "" for the head.

    The table has only networks for ImageNet: the paper doesn't name the stages of those for CIFAR.
    """
    if spec.stem is Stem.CIFAR:
        return ""
    if stage == STEM:
        return "conv1"
    return f"conv{int(stage[5:]) + 1}_x" if stage.startswith("layer") else ""


def paper_parts(spec: Options, stage: str) -> str:
    """Return the paper's names for all that a stage has; conv2_x's max pool is in the stem here."""
    name = paper_name(spec, stage)
    return f"{name}, pool" if name and stage == STEM else name


def stages(spec: Options) -> tuple[StagePlan, ...]:
    """Return the stages of a spec. A stage with a stride halves the map or dilates instead.

    A stage that dilates doubles the dilation from the point where it would have strided. The first
    block's 3x3 that would have strided keeps the previous dilation, as with torchvision's
    `replace_stride_with_dilation` and in timm, unless `dilate_first` is set, as in detectron2. If
    the stride is on the 1x1 before it, the 3x3 already has the new dilation, as in R-FCN (Dai et
    al. 2016, section 3).
    """
    plans = []
    channels, dilation = spec.stem_width, 1
    names = stage_names(spec)
    for index, (name, count, width) in enumerate(zip(names, spec.blocks, spec.widths, strict=True)):
        stride, first_dilation = spec.strides[index], dilation
        if index and spec.dilate[index - 1]:
            stride, dilation = 1, dilation * 2
        if spec.dilate_first or spec.stride_on is StrideOn.CONV1:
            first_dilation = dilation
        out = width * spec.expansion
        dilations = first_dilation, dilation
        first = _block(spec, channels, width, stride, dilations, is_first=True, stage=index)
        rest = _block(spec, out, width, 1, (dilation, dilation), stage=index)
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
    stem = sum(conv.weights for conv in stem_convs(spec).values())
    return stem + blocks + features(spec) * spec.classes


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
    if spec.norm is Norm.GROUP:
        _check_norm_groups(spec)
    if (weights := weight_count(spec)) > MAX_PARAMETERS:
        raise ValueError(
            f"blocks and widths give {weights:,} weights: the limit is {MAX_PARAMETERS:,}"
        )


def _check_norm_groups(spec: Options) -> None:
    """Raise ValueError if group norm can't divide the channels somewhere."""
    normed = {"the stem": [conv.out_channels for conv in stem_convs(spec).values()]}
    for stage in stages(spec):
        normed[stage.name] = [conv.out_channels for conv in stage.first.convs]
    for where, counts in normed.items():
        for channels in counts:
            if channels % spec.norm_groups:
                raise ValueError(
                    f"norm_groups={spec.norm_groups} must divide the {channels:,} channels of "
                    f"{where}"
                )


def _inner(spec: Options, width: int) -> int:
    """Return the width inside a block, torchvision's `int(planes * base_width / 64) * groups`."""
    return width * spec.group_width // 64 * spec.groups


def _block(
    spec: Options,
    channels: int,
    width: int,
    stride: int,
    dilations: tuple[int, int],
    stage: int,
    is_first: bool = False,
) -> BlockPlan:
    """Return a block; `dilations` are those of its strided and of its other 3x3 convolution."""
    out, inner = width * spec.expansion, _inner(spec, width)
    if spec.block is BlockKind.BASIC:
        convs: tuple[ConvPlan, ...] = (
            ConvPlan("conv1", channels, inner, 3, stride, dilations[0]),
            ConvPlan("conv2", inner, out, 3, 1, dilations[1]),
        )
    else:
        first, second = (stride, 1) if spec.stride_on is StrideOn.CONV1 else (1, stride)
        convs = (
            ConvPlan("conv1", channels, inner, 1, first),
            ConvPlan("conv2", inner, inner, 3, second, dilations[0], spec.groups),
            ConvPlan("conv3", inner, out, 1),
        )
    shortcut = _shortcut(spec, channels, out, stride, is_first)
    after_stem = is_first and stage == 0
    shares = shortcut is ShortcutKind.PROJECTION or (
        after_stem and shortcut is not ShortcutKind.NONE
    )
    return BlockPlan(
        channels,
        out,
        stride,
        shortcut,
        convs,
        spec.unit.preactivated and shares,
        spec.projection_pool,
        max(out // spec.se, 1) if spec.se else 0,
    )


def _shortcut(spec: Options, channels: int, out: int, stride: int, is_first: bool) -> ShortcutKind:
    if spec.shortcut is Shortcut.NONE:
        return ShortcutKind.NONE
    if spec.shortcut is Shortcut.PROJECTION_ALL:
        return ShortcutKind.PROJECTION
    if spec.shortcut is Shortcut.PROJECTION_FIRST and is_first:
        return ShortcutKind.PROJECTION
    if stride == 1 and channels == out:
        return ShortcutKind.IDENTITY
    if spec.shortcut is Shortcut.ZERO_PAD:
        return ShortcutKind.ZERO_PAD
    return ShortcutKind.PROJECTION


def shortcut_steps(spec: Options, block: BlockPlan) -> tuple[Step, ...]:
    """Return the modules of a projection shortcut, or () if the block has none.

    The names are torchvision's; with a pool, timm's, whose first place is empty if the block has no
    stride.
    """
    if block.projection is None:
        return ()
    steps = [Step(_CONV, block.projection.name)]
    if block.pools and block.stride > 1:
        steps.insert(0, Step(StepKind.AVERAGE_POOL, "downsample.0"))
    if spec.projection_norm and spec.norm is not Norm.NONE:
        steps.append(Step(_NORM, f"downsample.{1 + block.pools}"))
    return tuple(steps)


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
    branch = orders[1]
    if spec.dropout:  # between the two 3x3, as in Zagoruyko and Komodakis 2016, section 2.4
        branch.insert(branch.index(Step(_CONV, f"conv{last}")), Step(StepKind.DROPOUT, "dropout"))
    if spec.se:  # before the addition, as in Hu et al. 2018, Fig. 3
        branch.append(Step(StepKind.SE, "se"))
    return UnitSteps(*map(tuple, orders))


def is_inside_step(spec: Options, place: Place) -> bool:
    """Return whether a layer is one of several inside a unit's step: squeeze-and-excitation."""
    if place.block is None or place.module == place:
        return False
    return any(step.name == place.module.layer for step in unit_steps(spec).branch)


def label(spec: Options, kind: StepKind) -> str:
    """Return the papers' name for the spec's norm or activation: `BN`, `ReLU`."""
    return spec.norm.label if kind is StepKind.NORM else spec.activation.label


def stem_steps(spec: Options) -> tuple[Step, ...]:
    """Return the stem's modules; a pre-activation net leaves BN and ReLU to its first block."""
    first, *later = stem_convs(spec)
    steps = [Step(_CONV, first)]
    for number, name in enumerate(later):
        if spec.norm is not Norm.NONE:
            steps.append(Step(_NORM, f"conv1.{3 * number + 1}"))
        steps += [Step(_ACT, f"conv1.{3 * number + 2}"), Step(_CONV, name)]
    if spec.norm is not Norm.NONE and spec.unit is not UnitOrder.FULL_PREACT:
        steps.append(Step(_NORM, "bn1"))
    if not spec.unit.preactivated:
        steps.append(Step(_ACT, "act1"))
    if spec.stem is not Stem.CIFAR:
        steps.append(Step(StepKind.MAX_POOL, "maxpool"))
    return tuple(steps)


def head_steps(spec: Options) -> tuple[Step, ...]:
    """Return the head's modules; a pre-activation net begins its head with BN and ReLU."""
    ends = StepKind.GLOBAL_POOL, StepKind.FLATTEN, StepKind.LINEAR, StepKind.SOFTMAX
    left_out = set()
    if not spec.unit.preactivated:
        left_out.add(_ACT)
    if spec.unit is not UnitOrder.FULL_PREACT or spec.norm is Norm.NONE:
        left_out.add(_NORM)
    if not spec.softmax:
        left_out.add(StepKind.SOFTMAX)
    if not spec.classes:
        left_out.add(StepKind.LINEAR)
    steps = map(Step, (_NORM, _ACT, *ends), _HEAD_NAMES)
    return tuple(step for step in steps if step.kind not in left_out)
