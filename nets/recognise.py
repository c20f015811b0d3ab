"""Recognise a residual network by the names and shapes of its tensors.

Names say only which part of the network a tensor belongs to (`nets.habits`); blocks, widths,
groups, shortcuts and norms follow from shapes. What shapes can't tell gets its usual value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nets.catalog import CATALOG
from nets.habits import Part
from nets.layers import STATISTICS, Layer, Layers, Shape, layers_of
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
from nets.plan import Place
from nets.spec import ResNetSpec, overrides

MAX_TENSORS = 100_000
"""The most tensors in a file: 2,000 bottleneck blocks have 36,000."""

_STEMS = {7: Stem.IMAGENET, 3: Stem.CIFAR}
_SIDES = {Stem.IMAGENET: 224, Stem.CIFAR: 32}
_UNTOLD = ("stride_on", "dilate", "softmax", "bn_eps", "bn_momentum", "activation", "padding")
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
    assumed |= {*_UNTOLD, "input"}
    idle = {*idle_options(spec), *_OF_TRAINING}
    places = list(_places(layers, spec))
    names, missing = {}, []
    for layer, path, leaves in places:
        for leaf in leaves:
            if layer and leaf in layer.shapes:
                names[layer.tensor(leaf)] = f"{path}.{leaf}"
            elif leaf != "num_batches_tracked":  # counts batches, which no weight depends on
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
    shortcut, is_sure, dilate = _shortcut(layers)
    options: dict[str, Any] = {
        "blocks": tuple(map(len, stages)),
        "block": first.kind,
        "dilate": dilate,
        "shortcut": shortcut,
        "stem": _stem(layers),
        "stem_width": layers.stem[-1].out,
        "norm": Norm.BATCH if first.norms else Norm.NONE,
        "bias": "bias" in layers.stem[0].shapes,
    }
    assumed = set() if is_sure else {"shortcut"}
    preactivated = _is_preactivated(layers)
    options["unit"] = UnitOrder.FULL_PREACT if preactivated else UnitOrder.ORIGINAL
    if not preactivated:
        assumed.add("unit")
    projections = [unit for stage in stages for unit in stage if unit.projection]
    options["projection_norm"] = (
        projections[0].projection_norm is not None if projections else not preactivated
    )
    if layers.linear:
        options["classes"] = layers.linear.out
    else:
        assumed.add("classes")
    side = _SIDES[options["stem"]]
    options["input"] = (layers.stem[0].weight[1], side, side)
    return options, assumed


def _check_alike(layers: Layers) -> None:
    """Raise at the first layer that differs from its like in a way that no option describes."""
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
                if norm and not set(STATISTICS) <= set(norm.shapes):
                    raise norm.stop("it isn't a batch norm: it has no running statistics")
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
    stem = _STEMS.get(layers.stem[0].kernel)
    if stem is None:
        raise layers.stem[0].stop("a stem begins with a 7x7 or a 3x3 convolution")
    if len(layers.stem) > 1:
        raise layers.stem[1].stop("a stem has one convolution")
    return stem


def _shortcut(layers: Layers) -> tuple[Shortcut, bool, tuple[int, ...]]:
    """Return the kind of shortcuts, whether it is sure, and the stages that don't stride."""
    starts = [stage[0] for stage in layers.stages]
    changes = [unit.inputs != unit.out for unit in starts]
    projects = [unit.projection is not None for unit in starts]
    units = [unit for stage in layers.stages for unit in stage]
    strided = tuple([0] * (len(starts) - 1))
    if all(unit.projection for unit in units) and (not changes[0] or len(units) > len(starts)):
        return Shortcut.PROJECTION_ALL, True, strided
    for stage in layers.stages:
        for unit in stage[1:]:
            if unit.projection:
                raise unit.projection.stop("only some blocks within a stage have a projection")
    if not any(projects):
        if any(unit.out < unit.inputs for unit in starts):
            return Shortcut.NONE, True, strided  # zero padding only adds channels
        usual = Shortcut.ZERO_PAD if len(starts) > 1 or changes[0] else Shortcut.PROJECTION
        return usual, False, strided
    for unit, has, needs in zip(starts, projects, changes, strict=True):
        if needs and not has:
            raise unit.convs[0].stop("its block changes the channels but has no projection")
    if projects[0] and not changes[0]:
        assert starts[0].projection
        raise starts[0].projection.stop("its block keeps the shape, so it needs no projection")
    is_sure = not all(unit.projection for unit in units)  # else every block may have had to have it
    return Shortcut.PROJECTION, is_sure, tuple(int(not has) for has in projects[1:])


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
    return pre and not (post and _stem_norm(layers))


def _stem_norm(layers: Layers) -> Layer | None:
    width = layers.stem[-1].out
    named = (one for one in layers.norms if one.slot and one.slot.part is Part.STEM)
    return next((one for one in named if one.out == width), None)


def _final_norm(layers: Layers) -> Layer | None:
    """Return the norm before the pooling, of which some files say only `bn1` or `norm`."""
    fits = [one for one in layers.norms if one.out == layers.stages[-1][-1].out]
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
        each = [unit.inner // groups for unit in starts]  # is width * group_width // 64
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
    """Return the spec with the fewest overrides of a catalog entry, or else the shortest text."""
    found = [
        ResNetSpec(base=name, init=entry.spec.init, **options, **width)
        for width in widths
        for name, entry in CATALOG.items()
    ]
    return min(found, key=lambda spec: (len(overrides(spec)), len(str(spec))))


def _places(
    layers: Layers, spec: ResNetSpec
) -> Iterator[tuple[Layer | None, str, tuple[str, ...]]]:
    """Yield each layer of our network: the file's layer or None, our path, and our tensors."""
    conv = ("weight", "bias") if spec.bias else ("weight",)
    norm = ("weight", "bias", *STATISTICS, "num_batches_tracked")
    has_norms, preactivated = spec.norm is Norm.BATCH, spec.unit is UnitOrder.FULL_PREACT
    yield layers.stem[0], "conv1", conv
    if has_norms and not preactivated:
        yield _stem_norm(layers), "bn1", norm
    for index, stage in enumerate(layers.stages, 1):
        for block, unit in enumerate(stage):
            place = Place(f"layer{index}", block)
            for number, layer in enumerate(unit.convs, 1):
                yield layer, place._replace(layer=f"conv{number}").path, conv
            for number, layer in enumerate(unit.norms, 1):
                yield layer, place._replace(layer=f"bn{number}").path, norm
            if unit.projection:
                yield unit.projection, place._replace(layer="downsample.0").path, conv
            if unit.projection_norm:
                yield unit.projection_norm, place._replace(layer="downsample.1").path, norm
    if has_norms and preactivated:
        yield _final_norm(layers), "final_bn", norm
    yield layers.linear, "fc", ("weight", "bias")
