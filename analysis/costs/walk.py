"""A simulated forward: the cost of each layer, what it keeps for backward, and the bytes alive.

It follows `ResNet.forward` and `ResidualUnit.forward` step by step, with values that have a shape
and a storage but no elements, so it takes a millisecond. A storage is a Python object with the
lifetime of the tensor that it represents: both are freed when nothing refers to them. What an
operation keeps for backward follows PyTorch's tools/autograd/derivatives.yaml. The tests compare
every number, layer by layer, with networks that are built and run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from analysis.costs import conventions
from nets import plan
from nets.blocks import layer_type, same_padding
from nets.options import Activation, Norm, Padding
from nets.plan import BlockPlan, ConvPlan, Place, ShortcutKind, StagePlan, Step, StepKind
from nets.spec import ResNetSpec

FLOAT32_BYTES = 4
INT64_BYTES = 8

Shape = tuple[int, ...]


class LayerCost(NamedTuple):
    """One layer, with shapes without the batch and counts for the whole batch.

    `saved_bytes` is None if the network can't train at this batch. For `activations` and
    `bytes_moved`, see `Profile`.
    """

    place: Place
    type: str
    input: Shape
    output: Shape
    params: int
    macs: int
    fvcore_flops: int
    saved_bytes: int | None
    activations: int
    bytes_moved: int

    @property
    def path(self) -> str:
        """The layer's dotted path."""
        return self.place.path


class ShortcutUse(NamedTuple):
    """The shortcut beside one block's branch, and the shapes [C, H, W] that it connects."""

    place: Place
    kind: ShortcutKind
    input: Shape
    output: Shape

    @property
    def path(self) -> str:
        """The block's dotted path."""
        return self.place.path


@dataclass(frozen=True)
class Seen:
    """The result of a walk: the network's layers and shortcuts in the order in which they end.

    `peak_bytes` is the most bytes in values alive at once in a forward without grad, including the
    images. `one_value` is the path of the first norm with one value per channel (per group if it is
    a group norm), on which torch refuses to train, or "".
    """

    layers: tuple[LayerCost, ...]
    shortcuts: tuple[ShortcutUse, ...]
    peak_bytes: int
    one_value: str = ""


def walk(spec: ResNetSpec, batch: int) -> Seen:
    """Walk through a network, with grad for what it keeps and without grad for the peak."""
    seen = _Walk(spec, batch, grad=True)
    seen.forward()
    layers = tuple(seen.layers)
    if seen.one_value:
        layers = tuple(layer._replace(saved_bytes=None) for layer in layers)
    return Seen(layers, tuple(seen.shortcuts), peak_bytes(spec, batch), seen.one_value)


def peak_bytes(spec: ResNetSpec, batch: int, element_bytes: int = FLOAT32_BYTES) -> int:
    """Return the most bytes in values alive at once in a forward without grad, for any dtype."""
    inference = _Walk(spec, batch, grad=False, element_bytes=element_bytes)
    inference.forward()
    return inference.meter.peak


class _Meter:
    """Bytes alive now, and their peak."""

    def __init__(self) -> None:
        self.now = self.peak = 0


class _Storage:
    """A number of bytes that are alive until nothing refers to this object."""

    __slots__ = ("bytes", "meter")

    def __init__(self, meter: _Meter, size: int) -> None:
        self.bytes, self.meter = size, meter
        meter.now += size
        meter.peak = max(meter.peak, meter.now)

    def __del__(self) -> None:
        self.meter.now -= self.bytes


class _Value(NamedTuple):
    """A tensor without elements; its shape leaves out the batch."""

    shape: Shape
    storage: _Storage


_SAVE_INPUT = (Activation.LEAKY_RELU, Activation.ELU, Activation.GELU, Activation.SILU)
"""Activations whose gradient needs their input; the others' gradient needs their output."""


class _Walk:
    """One walk; its methods take and return values in the order in which the modules run."""

    def __init__(
        self, spec: ResNetSpec, batch: int, grad: bool, element_bytes: int = FLOAT32_BYTES
    ) -> None:
        self.spec, self.batch, self.grad = spec, batch, grad
        self.element_bytes = element_bytes
        self.meter = _Meter()
        self.layers: list[LayerCost] = []
        self.shortcuts: list[ShortcutUse] = []
        self.one_value = ""
        self._kept: set[_Storage] = set()
        self._saved: Counter[Place] = Counter()

    def forward(self) -> None:
        x = images = self._new(self.spec.input)
        for kind, name in plan.stem_steps(self.spec):
            x = self._stem_step(Place(plan.STEM, None, name), kind, x)
        for stage in plan.stages(self.spec):
            x = self._stage(stage, x)
        for kind, name in plan.head_steps(self.spec):
            x = self._head_step(Place(plan.HEAD, None, name), kind, x)
        del images  # the network's caller holds a reference until here

    def _stem_step(self, at: Place, kind: StepKind, x: _Value) -> _Value:
        match kind:
            case StepKind.CONV:
                return self._conv(at, plan.stem_convs(self.spec)[at.layer], x)
            case StepKind.MAX_POOL:
                return self._max_pool(at, x)
        return self._norm_or_act(at, kind, x)

    def _head_step(self, at: Place, kind: StepKind, x: _Value) -> _Value:
        match kind:
            case StepKind.GLOBAL_POOL:
                return self._global_pool(at, x)
            case StepKind.FLATTEN:
                return self._row(at, "Flatten", x, _Value((prod(x.shape),), x.storage))
            case StepKind.LINEAR:
                return self._linear(at, x)
            case StepKind.SOFTMAX:
                y = self._new(x.shape)
                self._keep(at, y.storage)
                return self._row(at, "Softmax", x, y)
        return self._norm_or_act(at, kind, x)

    def _stage(self, stage: StagePlan, x: _Value) -> _Value:
        y = x
        for i, block in enumerate(stage):
            y = self._unit(Place(stage.name, i), block, y)
        return y

    def _unit(self, at: Place, block: BlockPlan, x: _Value) -> _Value:
        steps = plan.unit_steps(self.spec)
        start = self._run(at, steps.before, block, x)
        y = self._run(at, steps.branch, block, start)
        if block.shortcut is not ShortcutKind.NONE:
            begins = start if block.shares_activation else x
            y = self._add(at, y, self._shortcut(at, block, begins))
        y = self._run(at, steps.after, block, y)
        self.shortcuts.append(ShortcutUse(at, block.shortcut, x.shape, y.shape))
        return y

    def _run(self, at: Place, steps: tuple[Step, ...], block: BlockPlan, x: _Value) -> _Value:
        convs = {conv.name: conv for conv in block.convs}
        for kind, name in steps:
            here = at._replace(layer=name)
            match kind:
                case StepKind.CONV:
                    x = self._conv(here, convs[name], x)
                case StepKind.DROPOUT:
                    x = self._dropout(here, x)
                case StepKind.SE:
                    x = self._excite(here, block, x)
                case _:
                    x = self._norm_or_act(here, kind, x)
        return x

    def _shortcut(self, at: Place, block: BlockPlan, x: _Value) -> _Value:
        if block.projection is not None:
            y = x
            for kind, name in plan.shortcut_steps(self.spec, block):
                here = at._replace(layer=name)
                match kind:
                    case StepKind.CONV:
                        y = self._conv(here, block.projection, y)
                    case StepKind.NORM:
                        y = self._norm(here, y)
                    case _:
                        y = self._average_pool(here, block.stride, y)
            return y
        at = at._replace(layer="downsample")
        if block.shortcut is ShortcutKind.ZERO_PAD:
            sides = (-(-n // block.stride) for n in x.shape[1:])
            return self._row(at, "ZeroPad", x, self._new((block.out_channels, *sides)))
        return self._row(at, "Identity", x, x)

    def _add(self, at: Place, branch: _Value, shortcut: _Value) -> _Value:
        y = self._new(branch.shape)
        return self._row(at._replace(layer="add"), "Add", branch, y, second=shortcut)

    def _norm_or_act(self, at: Place, kind: StepKind, x: _Value) -> _Value:
        return self._norm(at, x) if kind is StepKind.NORM else self._act(at, x)

    def _dropout(self, at: Place, x: _Value) -> _Value:
        """Drop values as torch does on the CPU: it keeps float factors; CUDA keeps bytes.

        In eval mode its output is its input, so it moves nothing.
        """
        if self.grad:
            factors = _Storage(self.meter, self.element_bytes * self._elements(x.shape))
            self._keep(at, factors)
        self._row(at, "Dropout", x, x)
        return self._new(x.shape) if self.grad else x

    def _excite(self, at: Place, block: BlockPlan, x: _Value) -> _Value:
        """Squeeze and excite: the product at the end keeps both the map and its factors."""

        def inside(name: str) -> Place:
            return at._replace(layer=f"{at.layer}.{name}")

        first, second = block.excitation
        factor = self._global_pool(inside("avgpool"), x)
        factor = self._conv(inside("fc1"), first, factor, bias=True)
        factor = self._act(inside("act"), factor)
        factor = self._conv(inside("fc2"), second, factor, bias=True)
        gate = self._new(factor.shape)
        self._keep(inside("gate"), gate.storage)
        factor = self._row(inside("gate"), "Sigmoid", factor, gate)
        y = self._new(x.shape)
        self._keep(inside("scale"), x.storage)
        return self._row(inside("scale"), "Scale", x, y, second=factor)

    def _global_pool(self, at: Place, x: _Value) -> _Value:
        y = self._new((x.shape[0], 1, 1))
        return self._row(at, "AdaptiveAvgPool2d", x, y, fvcore=self._elements(x.shape))

    def _average_pool(self, at: Place, stride: int, x: _Value) -> _Value:
        y = self._new((x.shape[0], *(-(-n // stride) for n in x.shape[1:])))
        self._keep(at, x.storage)
        return self._row(at, "AvgPool2d", x, y)

    def _conv(self, at: Place, conv: ConvPlan, x: _Value, bias: bool = False) -> _Value:
        same = self.spec.padding is Padding.SAME and conv.kernel > 1
        reach = conv.dilation * (conv.kernel - 1) + 1
        padded, sides = self._slide(x, reach, conv.stride, same)
        y = self._new((conv.out_channels, *sides))
        self._keep(at, padded.storage)
        params = conv.weights + conv.out_channels * (bias or self.spec.bias)
        weight = [conv.out_channels, conv.in_channels // conv.groups, conv.kernel, conv.kernel]
        macs = conventions.conv_macs(self._sizes(x), weight, self._sizes(y))
        kind = "Conv2dSame" if same else "Conv2d"
        activations = self._elements(y.shape)
        return self._row(at, kind, x, y, params, macs, fvcore=macs, activations=activations)

    def _max_pool(self, at: Place, x: _Value) -> _Value:
        same = self.spec.padding is Padding.SAME
        padded, sides = self._slide(x, 3, 2, same)
        y = self._new((x.shape[0], *sides))
        indices = _Storage(self.meter, INT64_BYTES * self._elements(y.shape))
        self._keep(at, padded.storage)
        self._keep(at, indices)
        return self._row(at, "MaxPool2dSame" if same else "MaxPool2d", x, y)

    def _slide(self, x: _Value, reach: int, stride: int, same: bool) -> tuple[_Value, list[int]]:
        """Return a window's input, padded if "same" is uneven, and the sides of its output.

        `reach` is the window's side including dilation.
        """
        if not same:
            return x, [(n + 2 * (reach // 2) - reach) // stride + 1 for n in x.shape[1:]]
        around = [same_padding(n, reach, stride) for n in x.shape[1:]]
        sides = [-(-n // stride) for n in x.shape[1:]]
        if all(before == after for before, after in around):
            return x, sides
        wide = (n + sum(both) for n, both in zip(x.shape[1:], around, strict=True))
        return self._new((x.shape[0], *wide)), sides

    def _norm(self, at: Place, x: _Value) -> _Value:
        channels, elements = x.shape[0], self._elements(x.shape)
        grouped = self.spec.norm is Norm.GROUP
        statistics = self.batch * self.spec.norm_groups if grouped else channels
        if elements == statistics and not self.one_value:
            self.one_value = at.path
        y = self._new(x.shape)
        self._keep(at, x.storage)
        if self.grad or grouped:  # without grad, a batch norm uses its running statistics
            size = FLOAT32_BYTES if self.grad else self.element_bytes
            kept = [_Storage(self.meter, size * statistics) for _ in ("mean", "inverse deviation")]
            for storage in kept:
                self._keep(at, storage)
        fvcore = conventions.norm_flops(self.spec.norm) * elements
        kind = "GroupNorm" if grouped else "BatchNorm2d"
        return self._row(at, kind, x, y, params=2 * channels, fvcore=fvcore)

    def _act(self, at: Place, x: _Value) -> _Value:
        y = self._new(x.shape)
        self._keep(at, (x if self.spec.activation in _SAVE_INPUT else y).storage)
        return self._row(at, layer_type(self.spec.activation), x, y)

    def _linear(self, at: Place, x: _Value) -> _Value:
        (features,), classes = x.shape, self.spec.classes
        y = self._new((classes,))
        self._keep(at, x.storage)
        macs = self.batch * features * classes
        return self._row(at, "Linear", x, y, (features + 1) * classes, macs, fvcore=macs)

    def _new(self, shape: Shape) -> _Value:
        return _Value(shape, _Storage(self.meter, self.element_bytes * self._elements(shape)))

    def _elements(self, shape: Shape) -> int:
        return self.batch * prod(shape)

    def _sizes(self, x: _Value) -> list[int]:
        return [self.batch, *x.shape]

    def _keep(self, at: Place, storage: _Storage) -> None:
        """Record that autograd keeps a storage, at the first layer that keeps it."""
        if self.grad and storage not in self._kept:
            self._kept.add(storage)
            self._saved[at] += storage.bytes

    def _row(
        self,
        at: Place,
        kind: str,
        x: _Value,
        y: _Value,
        params: int = 0,
        macs: int = 0,
        fvcore: int = 0,
        activations: int = 0,
        second: _Value | None = None,
    ) -> _Value:
        """Record a layer that turns `x`, and perhaps a second value, into `y`; return `y`."""
        moved = 0
        if y.storage is not x.storage:
            values = (x, y) if second is None else (x, second, y)
            elements = params + sum(self._elements(value.shape) for value in values)
            moved = self.element_bytes * elements
        saved = self._saved[at]
        shapes = x.shape, y.shape
        cost = LayerCost(at, kind, *shapes, params, macs, fvcore, saved, activations, moved)
        self.layers.append(cost)
        return y
