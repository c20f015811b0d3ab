"""The layers of a residual network that somebody else built, from names and shapes of tensors.

A layer is a convolution, a norm or a linear layer by its weight's dimensions. Within a part, the
first convolution is conv1, whatever its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from nets.habits import UNSTAGED, Part, Slot, slot_of
from nets.options import BlockKind

Shape = tuple[int, ...]

STATISTICS = ("running_mean", "running_var")
"""A batch norm's statistics."""

_LEAVES = ("weight", "bias", *STATISTICS, "num_batches_tracked")
_KINDS = {(3, 3): BlockKind.BASIC, (1, 3, 1): BlockKind.BOTTLENECK}


class NotAResNetError(ValueError):
    """Raised if tensors aren't those of a ResNet; the message names the first that isn't."""


@dataclass(eq=False)
class Layer:
    """A module of the file: its path, the normal form of its name, and its tensors' shapes."""

    path: str
    slot: Slot | None
    shapes: dict[str, Shape] = field(default_factory=dict)

    @property
    def weight(self) -> Shape:
        """The weight's shape, empty if there is none."""
        return self.shapes.get("weight", ())

    @property
    def is_conv(self) -> bool:
        """True for a 2-D convolution with a square kernel."""
        return len(self.weight) == 4 and self.weight[2] == self.weight[3] and 0 not in self.weight

    @property
    def is_norm(self) -> bool:
        """True for a norm with a weight per channel."""
        return len(self.weight) == 1

    @property
    def out(self) -> int:
        """Output channels."""
        return self.weight[0]

    @property
    def kernel(self) -> int:
        """The side of a convolution's kernel."""
        return self.weight[2]

    def tensor(self, leaf: str) -> str:
        """Return the name of one of its tensors in the file."""
        return ".".join(filter(None, (self.path, leaf)))

    def stop(self, why: str) -> NotAResNetError:
        """Return the error for tensors that stop being a ResNet's at this layer."""
        leaf = "weight" if self.weight else next(iter(self.shapes))
        size = "x".join(map(str, self.shapes[leaf])) or "one number"
        return NotAResNetError(f"it stops being a ResNet at {self.tensor(leaf)} ({size}): {why}")


@dataclass(frozen=True)
class Unit:
    """The layers of one block.

    `norms` are those of its branch: none, or one per convolution. `excitation` has the two layers
    of squeeze-and-excitation, or none.
    """

    kind: BlockKind
    convs: tuple[Layer, ...]
    norms: tuple[Layer, ...]
    projection: Layer | None
    projection_norm: Layer | None
    excitation: tuple[Layer, ...]

    @property
    def inputs(self) -> int:
        """Channels of the input."""
        return self.convs[0].weight[1]

    @property
    def inner(self) -> int:
        """Channels inside the branch."""
        return self.convs[0].out

    @property
    def out(self) -> int:
        """Channels of the output."""
        return self.convs[-1].out

    @property
    def groups(self) -> int:
        """Groups of a bottleneck's 3x3."""
        return self.inner // self.convs[1].weight[1]


@dataclass(frozen=True)
class Layers:
    """All layers of a file by part; the norms outside the blocks aren't told apart yet."""

    stem: tuple[Layer, ...]
    stages: tuple[tuple[Unit, ...], ...]
    norms: tuple[Layer, ...]
    linear: Layer | None
    left: tuple[Layer, ...]

    @property
    def convs(self) -> tuple[Layer, ...]:
        """Every convolution, in order."""
        inside = (
            conv
            for stage in self.stages
            for unit in stage
            for conv in (*unit.convs, unit.projection)
            if conv
        )
        return (*self.stem, *inside)


def layers_of(shapes: Mapping[str, Shape]) -> Layers:
    """Return the layers of a file by part.

    Args:
        shapes: the shape of each tensor by its name.

    Raises:
        NotAResNetError: if there is no stem, or a block isn't a basic block or a bottleneck.
    """
    layers = _modules(shapes)
    inside = [one for one in layers if one.slot and one.slot.part not in (Part.STEM, Part.HEAD)]
    if not inside:
        if not layers:
            raise NotAResNetError("there are no tensors")
        raise next((one for one in layers if one.slot is None), layers[0]).stop(
            "no tensor is in a block with a name such as layer1.0 or stages.0.blocks.0"
        )
    stages = _stages(inside)
    outside = [one for one in layers if one not in inside]
    stem = _ordered(one for one in outside if _in(one, Part.STEM) and one.is_conv)
    if not stem:
        first = stages[0][0].convs[0]
        raise first.stop("there is no convolution before it with a name such as conv1 or stem.0")
    linears = [one for one in outside if _in(one, Part.HEAD) and _is_linear(one)]
    fits = len(linears) == 1 and linears[0].weight[1] == stages[-1][-1].out
    linear = linears[0] if fits else None
    norms = _ordered(one for one in outside if one.slot and one.is_norm)
    left = tuple(one for one in outside if one not in (*stem, *norms, linear))
    return Layers(stem, stages, norms, linear, left)


def _modules(shapes: Mapping[str, Shape]) -> list[Layer]:
    """Return the modules of the file in its order."""
    modules: dict[str, Layer] = {}
    for name, shape in shapes.items():
        path, _, leaf = name.rpartition(".")
        if leaf not in _LEAVES:  # a parameter on its own, such as cls_token
            path, leaf = name, ""
        module = modules.get(path) or modules.setdefault(path, Layer(path, slot_of(path)))
        module.shapes[leaf] = tuple(shape)
    return list(modules.values())


def _in(layer: Layer, part: Part) -> bool:
    return layer.slot is not None and layer.slot.part is part


def _is_linear(layer: Layer) -> bool:
    """Return whether a layer is linear, perhaps written as a 1x1 convolution."""
    return len(layer.weight) == 2 or (layer.is_conv and layer.kernel == 1)


def _ordered(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    return tuple(sorted(layers, key=lambda one: one.slot.order if one.slot else ()))


def _stages(inside: list[Layer]) -> tuple[tuple[Unit, ...], ...]:
    """Return the blocks of each stage, and check that none is missing."""
    blocks: dict[tuple[int, int], list[Layer]] = {}
    for layer in inside:
        assert layer.slot
        blocks.setdefault((layer.slot.stage, layer.slot.block), []).append(layer)
    numbers = sorted(blocks)
    if numbers[0][0] == UNSTAGED != numbers[-1][0]:
        raise blocks[numbers[0]][0].stop("it is in no stage, unlike the other blocks")
    first = numbers[0][1]
    for (stage, block), after in pairwise([(numbers[0][0], min(first, 1) - 1), *numbers]):
        if after not in ((stage, block + 1), (stage + 1, first)):
            raise blocks[after][0].stop("the block before it is missing")
    units = {number: _unit(blocks[number]) for number in numbers}
    if numbers[0][0] == UNSTAGED:  # a stage begins where the output gets another width
        runs = groupby(units.values(), key=lambda unit: unit.out)
        return tuple(tuple(run) for _, run in runs)
    by_stage = groupby(numbers, key=lambda number: number[0])
    return tuple(tuple(units[number] for number in run) for _, run in by_stage)


def _unit(layers: list[Layer]) -> Unit:
    """Return the layers of a block by their function."""
    excitation = _ordered(one for one in layers if _in(one, Part.EXCITATION))
    for layer in layers:
        if layer not in excitation and not layer.is_conv and not layer.is_norm:
            raise layer.stop("a residual block has square convolutions and norms only")
    branch = [one for one in layers if _in(one, Part.BRANCH)]
    beside = [one for one in layers if _in(one, Part.SHORTCUT)]
    convs = list(_ordered(one for one in branch if one.is_conv))
    norms = list(_ordered(one for one in branch if one.is_norm))
    kernels = tuple(one.kernel for one in convs)
    if not beside and kernels[-1:] == (1,) and (kernels := kernels[:-1]) in _KINDS:
        beside = [convs.pop(), *norms[len(convs) :]]  # d2l's conv3, or its bottleneck's conv4
        norms = norms[: len(convs)]
    if not convs:
        raise layers[0].stop("its block has no convolutions")
    kind = _KINDS.get(tuple(one.kernel for one in convs))
    if kind is None:
        raise convs[0].stop("a residual block has two 3x3 convolutions, or 1x1, 3x3 and 1x1")
    if norms and len(norms) != len(convs):
        raise norms[-1].stop(f"its block has {len(convs)} convolutions but {len(norms)} norms")
    projections = [one for one in beside if one.is_conv]
    others = [one for one in beside if one.is_norm]
    for extra in (*projections[1:], *others[len(projections) :]):
        raise extra.stop("a shortcut has at most one convolution and one norm")
    projection, norm = (next(iter(one), None) for one in (projections, others))
    unit = Unit(kind, tuple(convs), tuple(norms), projection, norm, excitation)
    _check(unit)
    return unit


def _check(unit: Unit) -> None:
    """Raise if the layers of a block don't fit together."""
    for before, conv in pairwise(unit.convs):
        groups = unit.groups if conv is unit.convs[1] and unit.kind is BlockKind.BOTTLENECK else 1
        if conv.weight[1] * groups != before.out:
            raise conv.stop(f"the convolution before it has {before.out:,} channels")
    if unit.kind is BlockKind.BOTTLENECK and unit.convs[1].out != unit.inner:
        raise unit.convs[1].stop(f"a bottleneck's 3x3 keeps the channels, here {unit.inner:,}")
    projection = unit.projection
    if projection and projection.weight != (unit.out, unit.inputs, 1, 1):
        raise projection.stop("a projection is 1x1, from the block's input to its output")
    if unit.excitation:
        _check_excitation(unit)


def _check_excitation(unit: Unit) -> None:
    """Raise unless the layers of a block's squeeze-and-excitation go from its channels to fewer."""
    first = unit.excitation[0]
    if len(unit.excitation) != 2 or not all(map(_is_linear, unit.excitation)):
        raise first.stop("squeeze-and-excitation has two linear layers or 1x1 convolutions")
    if first.weight[1] != unit.out or unit.excitation[1].weight[:2] != (unit.out, first.out):
        raise first.stop(f"squeeze-and-excitation goes from and to the {unit.out:,} channels")
