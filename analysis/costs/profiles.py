"""`profile` computes everything that a spec costs.

In a stage the first block differs and all the others are equal. So `analysis.costs.walk` walks
through a network with at most two blocks per stage, and the second block's costs count for every
block after the first. The work doesn't grow with depth, and nothing is allocated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import chain, groupby
from typing import NamedTuple, TypeVar

from analysis.costs.walk import FLOAT32_BYTES as FLOAT32_BYTES
from analysis.costs.walk import LayerCost as LayerCost
from analysis.costs.walk import Seen, walk
from analysis.costs.walk import Shape as Shape
from analysis.costs.walk import ShortcutUse as ShortcutUse
from nets import plan
from nets.options import MAX_BATCH, Norm, Stem, check_whole, number_of, shown
from nets.plan import Place
from nets.spec import ResNetSpec

ANY_BASE = "resnet50"
"""The base under which walks are cached; networks that differ only in name share one."""

LARGER = "use a larger input or a batch of at least 2"
"""The way to train a network that would give a batch norm one value per channel."""

MOVED = (
    "Activations are the elements in the outputs of convolutions. Bytes moved are the inputs, "
    "weights and output of each layer in float32, read or written once, as if no layers were fused."
)
"""What the two counts of memory traffic mean, in short; `Profile` says all of it."""


class StageCost(NamedTuple):
    """The stem, one stage or the head: its output [C, H, W] and the sums over its layers.

    `saved_bytes` is None if the network can't train at this batch.
    """

    name: str
    output: Shape
    blocks: int
    params: int
    macs: int
    fvcore_flops: int
    saved_bytes: int | None
    activations: int
    bytes_moved: int


Row = TypeVar("Row", LayerCost, ShortcutUse)


@dataclass(frozen=True)
class Profile:
    """The cost of a network at one input and batch. All counts are for the whole batch.

    `saved_bytes` is what autograd keeps for backward in float32 training, without parameters and
    buffers; a storage counts at the layer that saves it first. It is None if the network can't
    train at this batch, for the reason in `untrainable`. `inference_bytes` is the parameters plus
    the peak of activations alive at once in a forward without grad, including the input.
    `receptive_field` is the theoretical one of convolutions and the stem's max pool, in pixels.

    `activations` is the number of elements in the outputs of all convolutions, those of projections
    and squeeze-and-excitation included (Radosavovic et al. 2020, Designing Network Design Spaces,
    arXiv 2003.13678). fvcore's ActivationCountAnalysis, and with it timm's benchmark, also counts
    the outputs of linear layers.

    `bytes_moved` is what a forward in eval mode reads and writes in float32 if each layer runs on
    its own: its inputs, its weights and its output, each once, summed over all layers. Weights are
    the parameters, biases and a norm's scale and shift included, without its running statistics.
    An addition reads two maps and writes one; a norm, an activation or a pool reads one and writes
    one. Layers that return their input or a view of it (identity shortcuts, flatten, dropout) move
    nothing. The count in a type of 2 bytes is half of it.
    """

    spec: ResNetSpec
    batch: int
    params: int
    macs: int
    fvcore_flops: int
    saved_bytes: int | None
    inference_bytes: int
    activations: int
    bytes_moved: int
    stages: tuple[StageCost, ...]
    seen: Seen = field(repr=False)

    @cached_property
    def layers(self) -> tuple[LayerCost, ...]:
        """Every layer, in the order of execution."""
        return _repeat(self.spec, self.seen.layers)

    @cached_property
    def shortcuts(self) -> tuple[ShortcutUse, ...]:
        """Every block's shortcut, in order."""
        return _repeat(self.spec, self.seen.shortcuts)

    @property
    def model(self) -> str:
        """The network's text form."""
        return str(self.spec)

    @property
    def input(self) -> Shape:
        """Channels, height and width of an image."""
        return self.spec.input

    @property
    def depth(self) -> int:
        """Weighted layers on the main path; projections don't count."""
        return self.spec.depth

    @property
    def convolutions(self) -> int:
        """Convolutions, including projections and those of squeeze-and-excitation.

        The name of a wide ResNet, which has none of the latter, counts them so.
        """
        blocks = chain.from_iterable(plan.stages(self.spec))
        beside = sum((b.projection is not None) + len(b.excitation) for b in blocks)
        return self.depth - int(self.spec.classes > 0) + beside

    @property
    def flops(self) -> int:
        """Floating-point operations of convolutions and linear layers: two per multiply-add."""
        return 2 * self.macs

    @property
    def untrainable(self) -> str:
        """The reason, as a clause, why the network can't train at this batch, or ""."""
        if not self.seen.one_value:
            return ""
        return (
            f"input {shown('input', self.input)} is too small at batch {self.batch:,}, "
            f"where {self.seen.one_value} would train on one value per {self._unit}"
        )

    @property
    def _unit(self) -> str:
        return "group" if self.spec.norm is Norm.GROUP else "channel"

    @cached_property
    def receptive_field(self) -> int:
        """The side of the input region that an output of the last stage sees, in pixels."""
        return receptive_field(self.spec)


def profile(
    spec: ResNetSpec, input_shape: tuple[int, int, int] | None = None, batch: int = 1
) -> Profile:
    """Count the costs of a network.

    Args:
        spec: the network.
        input_shape: channels, height and width; by default the spec's own.
        batch: images, 1 to 65,536.

    Raises:
        ValueError: if the batch or the input is out of bounds or doesn't suit the network.
    """
    check_batch(batch)
    if input_shape is not None:
        if len(input_shape) == 3 and input_shape[0] != spec.channels:
            raise ValueError(
                f"input has {number_of(input_shape[0], 'channel')}, but {spec.base} takes "
                f"{spec.channels}"
            )
        spec = replace(spec, input=input_shape)
    seen = observe(replace(representative(spec), base=ANY_BASE), batch)
    stages = _stages(spec, seen.layers)
    params = sum(stage.params for stage in stages)
    return Profile(
        spec=spec,
        batch=batch,
        params=params,
        macs=sum(stage.macs for stage in stages),
        fvcore_flops=sum(stage.fvcore_flops for stage in stages),
        saved_bytes=_sum(stage.saved_bytes for stage in stages),
        inference_bytes=FLOAT32_BYTES * params + seen.peak_bytes,
        activations=sum(stage.activations for stage in stages),
        bytes_moved=sum(stage.bytes_moved for stage in stages),
        stages=stages,
        seen=seen,
    )


def check_trainable(profile: Profile) -> None:
    """Raise ValueError if a network can't train at its profile's batch."""
    if profile.untrainable:
        raise ValueError(f"{profile.untrainable}; {LARGER}")


def _sum(parts: Iterable[int | None]) -> int | None:
    """Return the sum, or None if a part is missing."""
    total = 0
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def check_batch(batch: int) -> None:
    """Raise ValueError if a batch is not a whole number of 1 to 65,536 images."""
    check_whole("batch", batch, 1, MAX_BATCH)


def representative(spec: ResNetSpec) -> ResNetSpec:
    """Return the same network with at most two blocks per stage."""
    return replace(spec, blocks=tuple(min(2, n) for n in spec.blocks))


def receptive_field(spec: ResNetSpec) -> int:
    """Return the theoretical receptive field before pooling, in pixels, without a cap.

    It grows by (kernel - 1) * dilation * jump at each layer of the main path, where the jump is
    the product of the strides so far (Araujo et al. 2019, eq. 2). Squeeze-and-excitation and group
    norm aren't counted: they average over the whole map, so with them an output depends on the
    whole image.
    """
    field, jump = 1, 1

    def see(kernel: int, stride: int, dilation: int = 1, times: int = 1) -> None:
        nonlocal field, jump
        field += times * (kernel - 1) * dilation * jump
        jump *= stride

    for conv in plan.stem_convs(spec).values():
        see(conv.kernel, conv.stride)
    if spec.stem is not Stem.CIFAR:
        see(3, 2)
    for stage in plan.stages(spec):
        for conv in stage.first.convs:
            see(conv.kernel, conv.stride, conv.dilation)
        for conv in stage.rest.convs:
            see(conv.kernel, 1, conv.dilation, stage.count - 1)
    return field


@lru_cache(maxsize=256)
def observe(spec: ResNetSpec, batch: int) -> Seen:
    """Cache the walk of a representative network; every depth that it represents shares it."""
    return walk(spec, batch)


def _repeat(spec: ResNetSpec, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Repeat the rows of each stage's second block for every block after the first."""
    counts = dict(zip(plan.stage_names(spec), spec.blocks, strict=True))
    repeated: list[Row] = []
    for around, group in groupby(rows, lambda row: row.place.around):
        if around.block != 1:
            repeated.extend(group)
            continue
        tails = [(row.place.layer, row[1:]) for row in group]
        for i in range(1, counts[around.stage]):
            repeated.extend(
                type(rows[0])(Place(around.stage, i, layer), *values) for layer, values in tails
            )
    return tuple(repeated)


def _stages(spec: ResNetSpec, layers: tuple[LayerCost, ...]) -> tuple[StageCost, ...]:
    """Sum a representative net's layers, counting a second block for each block it represents."""
    blocks = dict(zip(plan.stage_names(spec), spec.blocks, strict=True))

    def times(row: LayerCost) -> int:
        return blocks[row.place.stage] - 1 if row.place.block == 1 else 1

    def total(rows: list[LayerCost], field: str) -> int:
        return sum(getattr(row, field) * times(row) for row in rows)

    def saved(rows: list[LayerCost]) -> int | None:
        kept = ((row.saved_bytes, times(row)) for row in rows)
        return _sum(None if size is None else size * each for size, each in kept)

    stages = []
    for stage, group in groupby(layers, lambda row: row.place.stage):
        rows = list(group)
        output = rows[-1].output
        stages.append(
            StageCost(
                name=stage,
                output=output if len(output) == 3 else (*output, 1, 1),
                blocks=blocks.get(stage, 0),
                params=total(rows, "params"),
                macs=total(rows, "macs"),
                fvcore_flops=total(rows, "fvcore_flops"),
                saved_bytes=saved(rows),
                activations=total(rows, "activations"),
                bytes_moved=total(rows, "bytes_moved"),
            )
        )
    return tuple(stages)
