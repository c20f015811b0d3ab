"""Recognise a residual network by the names and shapes of its tensors.

Names say only which part of the network a tensor belongs to (`nets.habits`); blocks, widths,
groups, shortcuts and norms follow from shapes. What shapes can't tell gets its usual value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from nets.catalog import CATALOG
from nets.habits import Part
from nets.layers import STATISTICS, Layer, Layers, Shape, Unit, layers_of
from nets.options import (
    CHANNELS,
    OPTIONS,
    BlockKind,
    Norm,
    Shortcut,
    Stem,
    UnitOrder,
    idle_options,
)
from nets.plan import Place, StepKind, stem_steps
from nets.spec import ResNetSpec, overrides

MAX_TENSORS = 100_000
"""The most tensors in a file: 2,000 bottleneck blocks have 36,000."""

_STEMS = {(7,): Stem.IMAGENET, (3,): Stem.CIFAR, (3, 3, 3): Stem.DEEP}
_SIDES = {Stem.IMAGENET: 224, Stem.DEEP: 224, Stem.CIFAR: 32}
_UNTOLD = (
    *("stride_on", "strides", "dilate", "dilate_first", "dropout", "input", "softmax"),
    *("norm_groups", "bn_eps", "bn_momentum", "activation", "padding"),
)
_USUAL = {"se": 16, "norm_groups": 32}
_OF_TRAINING = ("init", "zero_init")


@dataclass(frozen=True)
class Recognised:
    """A network found by its tensors.

    Attributes:
        spec: the network.
        sure: the options that names and shapes determine; `channels` is the first part of `input`.
        assumed: the options that they don't, which have their usual values. Options without effect
            in this network and those of the initialisation are in neither.
        names: the name in our network of each tensor that has a place there.
        left: the tensors that have none.
        missing: the names in our network of the tensors that weren't given.
    """

    spec: ResNetSpec
    sure: tuple[str, ...]
    assumed: tuple[str, ...]
    names: Mapping[str, str]
    left: tuple[str, ...]
    missing: tuple[str, ...]


def recognise(shapes: Mapping[str, Shape]) -> Recognised:
    """Return the network whose tensors have these names and shapes.

    Args:
        shapes: the shape of each tensor by its name in a state dict.

    Raises:
        NotAResNetError: in one sentence that names the tensor at which it stops being a ResNet.
        ValueError: if there are too many tensors, or the network exceeds a limit of the options.
    """
    if len(shapes) > MAX_TENSORS:
        raise ValueError(f"{len(shapes):,} tensors are too many: the limit is {MAX_TENSORS:,}")
    layers = layers_of(shapes)
    options, assumed = _options(layers)
    spec = _named(options, _widths(layers))
    assumed |= {*_UNTOLD}
    idle = {*idle_options(spec), *_OF_TRAINING}
    places = list(_places(layers, spec))
    names, missing = {}, []
    for layer, path, leaves in places:
        for leaf in leaves:
            if layer and leaf in layer.shapes:
                names[layer.tensor(leaf)] = f"{path}.{leaf}"
            elif leaf != "num_batches_tracked":  # a counter, not a weight
                missing.append(f"{path}.{leaf}")
    return Recognised(
        spec,
        sure=tuple(one for one in (*OPTIONS, CHANNELS) if one not in assumed | idle),
        assumed=tuple(one for one in OPTIONS if one in assumed - idle),
        names=names,
        left=tuple(name for name in shapes if name not in names),
        missing=tuple(missing),
    )


def _options(layers: Layers) -> tuple[dict[str, Any], set[str]]:
    """Return the options of a network, apart from widths, and those that are assumed."""
    stages = layers.stages
    first = stages[0][0]
    _check_alike(layers)
    shortcut, is_sure, strides = _shortcut(layers)
    stem = _stem(layers)
    options: dict[str, Any] = {
        "blocks": tuple(map(len, stages)),
        "block": first.kind,
        "strides": strides,
        "dilate": (0,) * (len(stages) - 1),
        "se": _se(layers),
        "shortcut": shortcut,
        "stem": stem,
        "stem_width": layers.stem[-1].out,
        "input": (layers.stem[0].weight[1], _SIDES[stem], _SIDES[stem]),
        "classes": layers.linear.out if layers.linear else 0,
        "norm": _norm(first),
        "bias": "bias" in layers.stem[0].shapes,
    }
    assumed = set() if is_sure else {"shortcut"}
    preactivated = _is_preactivated(layers)
    options["unit"] = UnitOrder.FULL_PREACT if preactivated else UnitOrder.ORIGINAL
    if not preactivated:
        assumed.add("unit")
    projections = [unit for stage in stages for unit in stage if unit.projection]
    options["projection_norm"] = not preactivated
    if projections:
        options["projection_norm"] = projections[0].projection_norm is not None
        options["projection_pool"] = all(_place_beside(unit) == 1 for unit in projections)
        if any(_place_beside(unit) == math.inf for unit in projections):
            assumed.add("projection_pool")
    if options["norm"] is Norm.GROUP:
        options["norm_groups"] = _norm_groups(layers)
    return options, assumed


def _norm(unit: Unit) -> Norm:
    """Return the kind of a block's norms; a group norm has no running statistics."""
    if not unit.norms:
        return Norm.NONE
    return Norm.BATCH if set(STATISTICS) <= set(unit.norms[0].shapes) else Norm.GROUP


def _norm_groups(layers: Layers) -> int:
    """Return the usual number of groups, or the next smaller one that divides all channels."""
    starts = [stage[0] for stage in layers.stages]
    outs = (conv.out for conv in (*layers.stem, *(conv for unit in starts for conv in unit.convs)))
    shared = math.gcd(*outs)
    return max(groups for groups in range(1, _USUAL["norm_groups"] + 1) if shared % groups == 0)


def _place_beside(unit: Unit) -> float:
    """Return the projection's place in its shortcut: 1 after ResNet-D's pool; inf if not named."""
    slot = unit.projection.slot if unit.projection else None
    return slot.order[0] if slot and slot.part is Part.SHORTCUT else math.inf


def _se(layers: Layers) -> int:
    """Return the reduction of squeeze-and-excitation, 0 if there is none."""
    units = [unit for stage in layers.stages for unit in stage]
    low, high = 1, int(OPTIONS["se"].high)
    for unit in units:
        if bool(unit.excitation) is not bool(units[0].excitation):
            raise unit.convs[0].stop("only some blocks have squeeze-and-excitation")
        if not unit.excitation:
            continue
        inner = unit.excitation[0].out  # equals max(unit.out // se, 1)
        low = max(low, unit.out // (inner + 1) + 1)
        high = high if inner == 1 else min(high, unit.out // inner)
        if low > high:
            raise unit.excitation[0].stop("its channels are in another ratio than those before it")
    return min(max(low, _USUAL["se"]), high) if units[0].excitation else 0


def _check_alike(layers: Layers) -> None:
    """Raise at the first layer that differs from its peers in a way that no option describes."""
    first = layers.stages[0][0]
    before = layers.stem[-1].out
    for stage in layers.stages:
        for unit in stage:
            conv = unit.convs[0]
            if unit.inputs != before:
                raise conv.stop(f"its input has {before:,} channels")
            before = unit.out
            if unit.kind is not first.kind:
                raise conv.stop(f"the blocks before it are {first.kind} blocks")
            if bool(unit.norms) is not bool(first.norms):
                raise conv.stop("some blocks have norms and others don't")
            if unit.groups != first.groups:
                raise unit.convs[1].stop(f"the blocks before it have {first.groups:,} groups")
            if (unit.inner, unit.out) != (stage[0].inner, stage[0].out):
                raise conv.stop("its block has other widths than the first of its stage")
            for norm in (*unit.norms, unit.projection_norm):
                if norm and (STATISTICS[0] in norm.shapes) is (_norm(first) is Norm.GROUP):
                    raise norm.stop("only some norms have running statistics")
    units = [unit for stage in layers.stages for unit in stage]
    projected = [unit for unit in units if unit.projection]
    for unit in projected:
        if bool(unit.projection_norm) is not bool(projected[0].projection_norm):
            assert unit.projection
            raise unit.projection.stop("some projections have a norm and others don't")
    usual = "bias" in first.convs[0].shapes
    for conv in layers.convs:
        if ("bias" in conv.shapes) is not usual:
            raise conv.stop("some convolutions have a bias and others don't")


def _stem(layers: Layers) -> Stem:
    convs = layers.stem
    stem = _STEMS.get(tuple(conv.kernel for conv in convs))
    if stem is None:
        raise convs[0].stop("a stem has one 7x7, one 3x3 or three 3x3 convolutions")
    for before, conv in pairwise(convs):
        if 2 * before.out != convs[-1].out:
            raise before.stop("a deep stem has half its width before its last convolution")
        if conv.weight[1] != before.out:
            raise conv.stop(f"its input has {before.out:,} channels")
    return stem


def _shortcut(layers: Layers) -> tuple[Shortcut, bool, tuple[int, ...]]:
    """Return the kind of shortcuts, whether it is sure, and the strides that fit it."""
    starts = [stage[0] for stage in layers.stages]
    units = [unit for stage in layers.stages for unit in stage]
    changes = [unit.inputs != unit.out for unit in starts]
    projects = [unit.projection is not None for unit in starts]
    strides = (1, *[2] * (len(starts) - 1))
    if all(unit.projection for unit in units) and len(units) > len(starts):
        return Shortcut.PROJECTION_ALL, True, strides
    for stage in layers.stages:
        for unit in stage[1:]:
            if unit.projection:
                raise unit.projection.stop("only some blocks within a stage have a projection")
    if not any(projects):
        if any(unit.out < unit.inputs for unit in starts):
            return Shortcut.NONE, True, strides  # zero padding only adds channels
        usual = Shortcut.ZERO_PAD if len(starts) > 1 or changes[0] else Shortcut.PROJECTION
        return usual, False, strides
    for unit, has, needs in zip(starts, projects, changes, strict=True):
        if needs and not has:
            raise unit.convs[0].stop("its block changes the channels but has no projection")
    if all(projects):  # without a change of channels, a projection is there for the stride
        first = Shortcut.PROJECTION if changes[0] else Shortcut.PROJECTION_FIRST
        return first, all(changes) and len(units) > len(starts), strides
    strides = tuple(2 if index and has else 1 for index, has in enumerate(projects))
    if projects[0] and not changes[0]:
        strides = (2, *strides[1:])
    return Shortcut.PROJECTION, True, strides


def _is_preactivated(layers: Layers) -> bool:
    """Return whether norms come before their convolutions, by their channels."""
    post = pre = bool(layers.stages[0][0].norms)
    for stage in layers.stages:
        for unit in stage:
            inputs = [unit.inputs, *(conv.out for conv in unit.convs[:-1])]
            for norm, conv, channels in zip(unit.norms, unit.convs, inputs, strict=False):
                post, pre = post and norm.out == conv.out, pre and norm.out == channels
                if not post and not pre:
                    raise norm.stop(f"it follows neither {conv.path} nor what comes before that")
    return pre and not (post and _stem_norms(layers)[-1])


def _stem_norms(layers: Layers) -> tuple[Layer | None, ...]:
    """Return the norm after each convolution of the stem, or None where there is none."""
    named = [one for one in layers.norms if one.slot and one.slot.part is Part.STEM]
    found: list[Layer | None] = []
    for conv in layers.stem:
        norm = next((one for one in named if one not in found and one.out == conv.out), None)
        found.append(norm)
    return tuple(found)


def _final_norm(layers: Layers) -> Layer | None:
    """Return the norm before the pooling, which some files just call `bn1` or `norm`."""
    stem = _stem_norms(layers)[:-1]
    fits = [n for n in layers.norms if n.out == layers.stages[-1][-1].out and n not in stem]
    named = (one for one in fits if one.slot and one.slot.part is Part.HEAD)
    return next(named, next(iter(fits), None))


def _widths(layers: Layers) -> list[dict[str, Any]]:
    """Return all widths, expansions and group widths that give the channels of the blocks."""
    starts = [stage[0] for stage in layers.stages]
    groups = starts[0].groups if starts[0].kind is BlockKind.BOTTLENECK else 1
    found = []
    for expansion in range(1, int(OPTIONS["expansion"].high) + 1):
        if any(unit.out % expansion for unit in starts):
            continue
        widths = tuple(unit.out // expansion for unit in starts)
        each = [unit.inner // groups for unit in starts]  # equals width * group_width // 64
        low = max(-(-64 * c // w) for c, w in zip(each, widths, strict=True))
        high = min((64 * (c + 1) - 1) // w for c, w in zip(each, widths, strict=True))
        group_width = min(max(low, 64), high)
        if low <= high and (group_width == 64 or starts[0].kind is BlockKind.BOTTLENECK):
            names = ("widths", "expansion", "groups", "group_width")
            found.append(dict(zip(names, (widths, expansion, groups, group_width), strict=True)))
    if not found:
        last = starts[0].convs[-1]
        raise last.stop("no expansion, groups and group_width give its channels at every stage")
    return found


def _named(options: dict[str, Any], widths: list[dict[str, Any]]) -> ResNetSpec:
    """Return the spec with the fewest overrides of a catalog entry with the same kind of block."""
    found = [
        ResNetSpec(base=name, init=entry.spec.init, **options, **width)
        for width in widths
        for name, entry in CATALOG.items()
        if entry.spec.block is options["block"]
    ]
    return min(found, key=lambda spec: (len(overrides(spec)), len(str(spec))))


def _places(
    layers: Layers, spec: ResNetSpec
) -> Iterator[tuple[Layer | None, str, tuple[str, ...]]]:
    """Yield each layer of our network: the file's layer or None, our path, and our tensors."""
    conv = ("weight", "bias") if spec.bias else ("weight",)
    linear = ("weight", "bias")
    is_batch = spec.norm is Norm.BATCH
    norm = (*linear, *STATISTICS, "num_batches_tracked") if is_batch else linear
    stem_norms = iter(_stem_norms(layers))
    stem_convs = iter(layers.stem)
    for kind, name in stem_steps(spec):
        if kind is StepKind.CONV:
            yield next(stem_convs), name, conv
        elif kind is StepKind.NORM:
            yield next(stem_norms), name, norm
    for index, stage in enumerate(layers.stages, 1):
        for block, unit in enumerate(stage):
            place = Place(f"layer{index}", block)
            for number, layer in enumerate(unit.convs, 1):
                yield layer, place._replace(layer=f"conv{number}").path, conv
            for number, layer in enumerate(unit.norms, 1):
                yield layer, place._replace(layer=f"bn{number}").path, norm
            for number, layer in enumerate(unit.excitation, 1):
                yield layer, place._replace(layer=f"se.fc{number}").path, linear
            first = int(spec.projection_pool)  # a pool takes index 0
            if unit.projection:
                yield unit.projection, place._replace(layer=f"downsample.{first}").path, conv
            if unit.projection_norm:
                layer = unit.projection_norm
                yield layer, place._replace(layer=f"downsample.{first + 1}").path, norm
    if spec.unit is UnitOrder.FULL_PREACT and spec.norm is not Norm.NONE:
        yield _final_norm(layers), "final_bn", norm
    if spec.classes:
        yield layers.linear, "fc", linear
