"""The paths through a residual network, and the gradient that paths of each length carry.

n blocks make 2^n paths, because each path takes either the branch or the shortcut of every block. A
path's length is the number of branches on it, so lengths are Binomial(n, 1/2) (Veit, Wilber,
Belongie 2016, section 4). For the gradient along one path, the forward pass is unchanged, with all
its masks and statistics, and the backward pass goes through the branch of the blocks on the path
and through the shortcut of the others. The vectors of all 2^n paths sum to the whole gradient.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from analysis.costs.alive import unchanged
from nets import plan
from nets.blocks import ResidualUnit
from nets.options import Shortcut
from nets.resnet import ResNet
from nets.spec import ResNetSpec

DRAWS = 40
"""Paths measured per length; all of them if there are fewer."""

MAX_DRAWS = 1_000


@dataclass(frozen=True)
class Length:
    """The paths of one length.

    Attributes:
        length: branches on each path.
        paths: the number of such paths.
        gradient: the mean over draws and images of ||dL/dx|| along one path.
        share: paths times gradient as a share of the sum over all lengths; shares sum to 1.
            Magnitudes are added, so cancellation is ignored.
        low: the lowest gradient of a draw.
        high: the highest gradient of a draw.
    """

    length: int
    paths: int
    gradient: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Paths:
    """The paths of a network, by length."""

    model: str
    blocks: int
    draws: int
    images: int
    trained: bool
    lengths: tuple[Length, ...]

    @property
    def mean_path(self) -> float:
        """The mean length of a path."""
        return self.blocks / 2

    @property
    def mean_gradient(self) -> float:
        """The mean length, weighted by the share of the gradient."""
        return sum(one.length * one.share for one in self.lengths)

    def holding(self, share: float = 0.9) -> tuple[int, int]:
        """Return the shortest range of lengths, ends included, with at least this share.

        Of several equally short ranges, return the one with the largest share.
        """
        found = (0, self.blocks)
        best = (self.blocks + 1, 0.0)
        for low in range(self.blocks + 1):
            for high in range(low, self.blocks + 1):
                held = self.held(low, high)
                if held >= share - 1e-12 and (high - low, -held) < best:
                    found, best = (low, high), (high - low, -held)
        return found

    def held(self, low: int, high: int) -> float:
        """Return the share of the gradient that lengths from low to high carry."""
        return sum(one.share for one in self.lengths if low <= one.length <= high)

    @property
    def is_sampled(self) -> bool:
        """Whether some length has more paths than were measured."""
        return any(one.paths > self.draws for one in self.lengths)

    def error(self, one: Length) -> float:
        """Return the largest standard error of a length's share that its range allows.

        That of the mean over the sampled paths, times their number, over the sum of all lengths,
        which is taken as exact. Values from l to h with the mean m have a variance of at most
        (h - m)(m - l); n paths out of N are drawn without replacement, which leaves 1 - n / N of
        it. It is 0 if every path was measured, and nan if one of several was.
        """
        drawn = min(one.paths, self.draws)
        if drawn == one.paths or not one.gradient:
            return 0.0
        if drawn == 1:
            return math.nan
        spread = (one.high / one.gradient - 1) * (1 - one.low / one.gradient)
        return one.share * math.sqrt(max(0.0, spread) / (drawn - 1) * (1 - drawn / one.paths))

    @property
    def mean_gradient_error(self) -> float:
        """The standard error of `mean_gradient` at most, from `error` of each length."""
        mean = self.mean_gradient
        return math.hypot(*((one.length - mean) * self.error(one) for one in self.lengths))

    def held_error(self, low: int, high: int) -> float:
        """Return the standard error of `held` at most, from `error` of each length."""
        held = self.held(low, high)
        return math.hypot(
            *(((low <= one.length <= high) - held) * self.error(one) for one in self.lengths)
        )

    def of_all(self, low: int, high: int) -> float:
        """Return the share of all paths with a length from low to high."""
        some = sum(one.paths for one in self.lengths if low <= one.length <= high)
        return float(some / 2**self.blocks)


def check(spec: ResNetSpec) -> None:
    """Check that a network has more than one path, and more than one block.

    Raises:
        ValueError: in one sentence, if it doesn't.
    """
    if spec.shortcut is Shortcut.NONE:
        raise ValueError(f"{spec} is a plain network: it has one path, through all of its blocks")
    if sum(spec.blocks) < 2:
        raise ValueError(f"{spec} has one block: use a network with two or more")


def measure(
    network: ResNet,
    images: Tensor,
    labels: Tensor,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    trained: bool = True,
    report: Callable[[Length], object] = lambda found: None,
) -> Paths:
    """Measure the gradient along paths of every length.

    Args:
        network: ends in logits; left unchanged.
        images: [N, C, H, W].
        labels: [N].
        draws: paths per length.
        seed: of the draws.
        trained: whether batch norms use their running statistics; if not, they use those of these
            images, frozen.
        report: called with each length as it is measured; its share is among those so far.

    Raises:
        ValueError: as `check`, or if `draws` is out of bounds.
    """
    spec = network.spec
    check(spec)
    if not 1 <= draws <= MAX_DRAWS:
        raise ValueError(f"draws must be 1 to {MAX_DRAWS:,}, not {draws:,}")
    blocks = [place.path for place in plan.blocks(spec)]
    norms: list[list[float]] = []
    with gated(network, trained=trained, images=images) as gates:
        x = images.clone().requires_grad_()
        loss = cross_entropy(network(x), labels, reduction="sum")
        for length in range(len(blocks) + 1):
            found = []
            for path in drawn(blocks, length, draws, seed):
                gates.on = frozenset(path)
                (gradient,) = torch.autograd.grad(loss, x, retain_graph=True)
                each = gradient.detach().double().flatten(1).norm(dim=1)
                found.append(float(each.mean()))
            norms.append(found)
            report(_lengths(len(blocks), norms)[-1])
    return Paths(str(spec), len(blocks), draws, len(images), trained, _lengths(len(blocks), norms))


def _lengths(blocks: int, norms: list[list[float]]) -> tuple[Length, ...]:
    """Compute the shares in log space, because 2^n paths and tiny gradients would overflow."""
    means = [sum(found) / len(found) for found in norms]
    logs = [
        math.log(math.comb(blocks, length)) + (math.log(mean) if mean > 0 else -math.inf)
        for length, mean in enumerate(means)
    ]
    top = max(logs)
    weights = [math.exp(log - top) if top > -math.inf else 0.0 for log in logs]
    whole = sum(weights) or 1.0
    return tuple(
        Length(length, math.comb(blocks, length), mean, weight / whole, min(found), max(found))
        for length, (mean, weight, found) in enumerate(zip(means, weights, norms, strict=True))
    )


def drawn(blocks: list[str], length: int, draws: int, seed: int) -> list[tuple[str, ...]]:
    """Return distinct random paths of a length, or all of them if there are no more."""
    if math.comb(len(blocks), length) <= draws:
        return list(combinations(blocks, length))
    draw = random.Random(f"{seed} path {length}")
    found: dict[tuple[int, ...], None] = {}
    while len(found) < draws:
        found[tuple(sorted(draw.sample(range(len(blocks)), length)))] = None
    return [tuple(blocks[index] for index in path) for path in found]


class Gates:
    """The blocks whose branches the backward pass takes; None for both ways, as usual."""

    def __init__(self) -> None:
        self.on: Collection[str] | None = None


@contextmanager
def gated(network: ResNet, *, trained: bool, images: Tensor) -> Iterator[Gates]:
    """Let the backward pass choose between branch and shortcut at every addition.

    Within the context the network is in eval mode; if untrained, its batch norms use the images'
    statistics as constants. Everything is restored afterwards.
    """
    gates = Gates()
    handles = []

    def gate(path: str) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor, Tensor]]:
        def before(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
            branch, shortcut = (x.view_as(x) for x in inputs)
            if branch.requires_grad:
                branch.register_hook(
                    lambda g: g if gates.on is None or path in gates.on else torch.zeros_like(g)
                )
            if shortcut.requires_grad:
                shortcut.register_hook(
                    lambda g: g if gates.on is None or path not in gates.on else torch.zeros_like(g)
                )
            return branch, shortcut

        return before

    try:
        with unchanged(network):
            network.eval()
            if not trained:
                freeze(network, images)
            for place in plan.blocks(network.spec):
                unit = network.get_submodule(place.path)
                assert isinstance(unit, ResidualUnit)
                handles.append(unit.add.register_forward_pre_hook(gate(place.path)))
            yield gates
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def freeze(network: ResNet, images: Tensor) -> None:
    """Set every batch norm's statistics to those of these images, as train mode would use."""
    handles = []

    def take(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(module, nn.BatchNorm2d)
        (x,) = inputs
        assert module.running_mean is not None
        assert module.running_var is not None
        module.running_mean.copy_(x.mean((0, 2, 3)))
        module.running_var.copy_(x.var((0, 2, 3), correction=0))

    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            handles.append(module.register_forward_pre_hook(take))
    try:
        network(images)
    finally:
        for handle in handles:
            handle.remove()
