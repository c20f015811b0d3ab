"""Blocks taken out of a trained network, or reordered (Veit, Wilber, Belongie 2016).

A residual block that is out keeps its shortcut, and its branch contributes nothing. A plain block
that is out passes on its input; if the shape changes, it takes every stride-th pixel and adds zero
channels, like a zero-pad shortcut. The network itself isn't changed: its modules are only called
differently.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import fmean

import torch
from torch import Tensor, nn
from torch.nn import functional

from nets import plan
from nets.blocks import ResidualUnit
from nets.options import Stem
from nets.plan import BlockPlan, Place, ShortcutKind
from nets.resnet import ResNet
from nets.spec import ResNetSpec

BATCH = 250
"""Images per batch; fewer if they are large."""

BATCH_BYTES = 64_000_000
"""Most bytes of a batch after the stem."""

KEPT_BYTES = 256_000_000
"""Most bytes of the intact network's activations to cache, over all images and stages."""

DRAWS = 10
"""Random choices per number of blocks, and permutations per stage."""

Order = Mapping[str, tuple[int, ...]]
"""Reordered stages, each with the positions of its blocks, counted from 0."""

AS_IT_IS: Order = {}


class Subject:
    """A trained network and the images that it is tested on.

    Activations before the first changed stage are computed once and cached.

    Args:
        network: ends in logits; it is put into eval mode.
        images: [N, C, H, W], preprocessed.
        labels: [N].
    """

    def __init__(self, network: ResNet, images: Tensor, labels: Tensor) -> None:
        self.network, self.labels = network.eval(), labels
        self.spec = network.spec
        self.places = plan.blocks(self.spec)
        self.plans = {place.path: plan.block_at(self.spec, place) for place in self.places}
        stem = self.spec.stem_width * images.shape[-2] * images.shape[-1] * 4
        stem //= 4 if self.spec.stem is Stem.IMAGENET else 1
        self._chunks = images.split(max(min(BATCH, BATCH_BYTES // stem), 1))
        self._keeps = stem * len(images) * len(self.spec.blocks) <= KEPT_BYTES
        self._kept: dict[str, list[Tensor]] = {}

    @property
    def movable(self) -> tuple[Place, ...]:
        """The blocks that draws and permutations use: all but the first of each stage.

        The first block changes the shape, or creates the feature map that the others refine.
        """
        return tuple(place for place in self.places if place.block)

    def image(self, place: int) -> Tensor:
        """Return one of the images, preprocessed, [1, C, H, W]."""
        size = len(self._chunks[0])
        found: Tensor = self._chunks[place // size][place % size]
        return found.unsqueeze(0)

    def error(self, out: Collection[str] = (), order: Order = AS_IT_IS) -> float:
        """Return the share of misclassified images, from 0 to 1.

        Args:
            out: paths of the blocks to take out.
            order: stages to reorder.

        Raises:
            ValueError: if there is no such block or order.
        """
        wrong = (self.predictions(out, order) != self.labels).double()
        return float(wrong.mean())

    def predictions(self, out: Collection[str] = (), order: Order = AS_IT_IS) -> Tensor:
        """Return the predicted class of each image, [N]; as `error`."""
        return self.logits(out, order).argmax(1)

    @torch.inference_mode()
    def logits(self, out: Collection[str] = (), order: Order = AS_IT_IS) -> Tensor:
        """Return the logits of all images, [N, classes]; as `error`."""
        self._check(out, order)
        stages = plan.stage_names(self.spec)
        changed = {plan.place_of(path).stage for path in out} | set(order)
        first = next((stage for stage in stages if stage in changed), "head")
        found = []
        for x in self._before(first):
            for stage in stages[stages.index(first) :] if first in stages else ():
                x = self._stage(stage, x, out, order.get(stage, ()))
            for step in plan.head_steps(self.spec):
                if hasattr(self.network, step.name):
                    x = self.network.get_submodule(step.name)(x)
            found.append(x)
        return torch.cat(found)

    def _before(self, first: str) -> Iterable[Tensor]:
        """Return the input of a stage, or of the head, in the intact network."""
        if not self._keeps:
            return (self._through(x, "", first) for x in self._chunks)
        if first not in self._kept:
            stages = plan.stage_names(self.spec)
            at = stages.index(first) if first in stages else len(stages)
            known = stages[at - 1] if at else ""
            before = self._before(known) if at else self._chunks
            self._kept[first] = [self._through(x, known, first) for x in before]
        return self._kept[first]

    def _through(self, x: Tensor, start: str, end: str) -> Tensor:
        """Run from a stage, or from the stem, up to but excluding another, or the head."""
        if not start:
            for step in plan.stem_steps(self.spec):
                x = self.network.get_submodule(step.name)(x)
        is_here = not start
        for stage in plan.stage_names(self.spec):
            if stage == end:
                break
            is_here = is_here or stage == start
            if is_here:
                x = self._stage(stage, x)
        return x

    def _stage(
        self, stage: str, x: Tensor, out: Collection[str] = (), order: Sequence[int] = ()
    ) -> Tensor:
        units = list(self.network.get_submodule(stage).children())
        for index in order or range(len(units)):
            path = Place(stage, index).path
            x = unit(units[index], self.plans[path], x, is_out=path in out)
        return x

    def _check(self, out: Collection[str], order: Order) -> None:
        for path in out:
            if path not in self.plans:
                raise ValueError(
                    f"{path!r} isn't a block of {self.spec}: choose among {', '.join(self.plans)}"
                )
        for stage, places in order.items():
            count = sum(place.stage == stage for place in self.places)
            if sorted(places) != list(range(count)) or places[:1] != (0,):
                raise ValueError(
                    f"an order of {stage} must have each of its {count} blocks once, the first "
                    "one first"
                )


def unit(module: nn.Module, block: BlockPlan, x: Tensor, *, is_out: bool) -> Tensor:
    """Run a block, or its shortcut or input alone if it is out."""
    assert isinstance(module, ResidualUnit)
    if not is_out:
        result: Tensor = module(x)
        return result
    if block.shortcut is ShortcutKind.NONE:
        return reshaped(x, block)
    start = module._run(module.steps.before, x) if block.shares_activation else x
    return module._run(module.steps.after, module.downsample(start))


def reshaped(x: Tensor, block: BlockPlan) -> Tensor:
    """Return a block's input in the shape of its output: strided, with zero channels or cropped."""
    more = block.out_channels - block.in_channels
    return functional.pad(x[:, :, :: block.stride, :: block.stride], (0, 0, 0, 0, 0, more))


@dataclass(frozen=True)
class Single:
    """One block out."""

    path: str
    error: float


@dataclass(frozen=True)
class Dropped:
    """A number of random blocks out: the mean, lowest and highest error of the draws."""

    count: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Permuted:
    """A stage's blocks reordered: Kendall's tau of the order, and the error."""

    stage: str
    tau: float
    error: float


@dataclass(frozen=True)
class Lesions:
    """The errors of a network with blocks out or reordered, from 0 to 1."""

    model: str
    images: int
    error: float
    single: tuple[Single, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    permuted: tuple[Permuted, ...] = ()
    seed: int = field(default=0)


def study(
    subject: Subject, report: Callable[[Lesions], object] = lambda found: None, seed: int = 0
) -> Lesions:
    """Take every block out alone, then random blocks together, then permute each stage.

    Args:
        subject: the network with its images.
        report: called with the results so far, after every evaluation.
        seed: of the draws.

    Raises:
        ValueError: if the network has only one block.
    """
    if len(subject.places) < 2:
        raise ValueError(f"{subject.spec} has one block: use a network with two or more")
    single: list[Single] = []
    dropped: list[Dropped] = []
    permuted: list[Permuted] = []
    base = subject.error()

    def now() -> Lesions:
        return Lesions(
            str(subject.spec),
            len(subject.labels),
            base,
            tuple(single),
            tuple(dropped),
            tuple(permuted),
            seed,
        )

    for place in subject.places:
        single.append(Single(place.path, subject.error([place.path])))
        report(now())
    for count in counts(len(subject.movable)):
        errors = [subject.error(out) for out in choices(subject, count, seed)]
        dropped.append(Dropped(count, fmean(errors), min(errors), max(errors)))
        report(now())
    for stage, blocks in zip(plan.stage_names(subject.spec), subject.spec.blocks, strict=True):
        for order in orders(blocks, seed):
            permuted.append(Permuted(stage, tau(order), subject.error(order={stage: order})))
            report(now())
    return now()


def results_of(spec: ResNetSpec) -> int:
    """Return the number of results in a study of a network: single blocks, counts and orders."""
    movable = sum(blocks - 1 for blocks in spec.blocks)
    permuted = sum(min(DRAWS, math.factorial(blocks - 1) - 1) for blocks in spec.blocks)
    return sum(spec.blocks) + len(counts(movable)) + permuted


def counts(movable: int) -> tuple[int, ...]:
    """Return the numbers of blocks to take out at once: 1, 2, 4 and so on, then all of them."""
    doubled = [1 << power for power in range(movable.bit_length()) if 1 << power < movable]
    return (*doubled, movable) if movable else ()


def choices(subject: Subject, count: int, seed: int) -> list[tuple[str, ...]]:
    """Return distinct random choices of `count` movable blocks, or all choices if there are few."""
    paths = [place.path for place in subject.movable]
    if math.comb(len(paths), count) <= DRAWS:
        return list(combinations(paths, count))
    draw = random.Random(f"{seed} out {count}")
    found: dict[tuple[str, ...], None] = {}
    while len(found) < DRAWS:
        found[tuple(sorted(draw.sample(paths, count), key=paths.index))] = None
    return list(found)


def orders(blocks: int, seed: int) -> list[tuple[int, ...]]:
    """Return distinct orders of a stage, with the first block first and none as trained.

    Each order permutes a random number of the others, so that some are close to the trained one.
    """
    movable = blocks - 1
    draw = random.Random(f"{seed} order {blocks}")
    found: dict[tuple[int, ...], None] = {}
    most = min(DRAWS, math.factorial(max(movable, 0)) - 1)
    while len(found) < most:
        order = list(range(blocks))
        moved = sorted(draw.sample(order[1:], draw.randint(2, movable)))
        places = list(moved)
        draw.shuffle(places)
        for at, index in zip(moved, places, strict=True):
            order[at] = index
        if order != list(range(blocks)):
            found[tuple(order)] = None
    return list(found)


def tau(order: Sequence[int]) -> float:
    """Return Kendall's tau between an order and the trained one, without the first block.

    1 is as trained, -1 is reversed (Kendall 1938).
    """
    pairs = list(combinations(order[1:], 2))
    return sum(1 if a < b else -1 for a, b in pairs) / len(pairs) if pairs else 1.0
