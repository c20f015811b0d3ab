"""What each block of a network does: its branch against its shortcut, and its layers' responses.

Three measures, from one forward pass:

- size: ||F(x)|| / ||s|| per image, where y = F(x) + s is the addition. F(x) is its input from the
  branch and s its input from the shortcut: x itself for an identity shortcut, otherwise the output
  of the projection, its batch norm or the zero pad.
- response: the standard deviation of each 3x3 convolution's output, after its batch norm and before
  the non-linearity or the addition (He et al. 2015, section 4.2 and Fig. 7).
- variance: that of F(x), of s and of F(x) + s, over images and positions, averaged over channels.
  At initialisation, batch norm gives every branch about the same variance, while the shortcut's
  grows from block to block, so the branch's share falls within a stage (De and Smith 2020).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import torch
from torch import Tensor, nn

from analysis.costs.alive import hooked, unchanged
from analysis.lesions.paths import freeze
from nets import plan
from nets.plan import Step, StepKind
from nets.resnet import ResNet
from nets.spec import ResNetSpec

IMAGES = 32
"""Default number of images."""


@dataclass(frozen=True)
class Branch:
    """A block's branch against its shortcut, as both enter the addition.

    Attributes:
        path: the block's path.
        ratio: the mean of ||F(x)|| / ||s|| over the images. None, like `low` and `high`, if an
            image's shortcut is all zero or a value isn't finite.
        low: the lowest ratio of an image.
        high: the highest ratio of an image.
        branch_variance: of F(x). None, like the other two, if it isn't finite.
        shortcut_variance: of s.
        sum_variance: of F(x) + s.
    """

    path: str
    ratio: float | None
    low: float | None
    high: float | None
    branch_variance: float | None
    shortcut_variance: float | None
    sum_variance: float | None

    @property
    def share(self) -> float | None:
        """The branch's variance over the sum's; above 1 if branch and shortcut cancel."""
        if self.branch_variance is None or not self.sum_variance:
            return None
        return self.branch_variance / self.sum_variance


@dataclass(frozen=True)
class Response:
    """The response of a 3x3 convolution.

    Attributes:
        path: the convolution's path.
        layer: its number among the weighted layers of the main path, from 1.
        deviation: over images, channels and positions; None if it isn't finite.
    """

    path: str
    layer: int
    deviation: float | None


@dataclass(frozen=True)
class Blocks:
    """The measures of all blocks of a network; a plain network has no branches."""

    model: str
    images: int
    trained: bool
    branches: tuple[Branch, ...]
    responses: tuple[Response, ...]


def measure(network: ResNet, images: Tensor, *, trained: bool = True) -> Blocks:
    """Measure every block in one forward pass without gradients.

    Args:
        network: left unchanged.
        images: [N, C, H, W].
        trained: whether batch norms use their running statistics; if not, they use those of these
            images, as in train mode.
    """
    spec = network.spec
    branches: list[Branch] = []
    layers = {layer.module: layer for layer in layers_of(spec)}
    responses: list[Response] = []

    def before(path: str, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if path.endswith(".add"):
            branch, shortcut = inputs
            branches.append(_branch(path.removesuffix(".add"), branch, shortcut))

    def after(path: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if path in layers:
            layer = layers[path]
            deviation = _finite(output.double().std(correction=0))
            responses.append(Response(layer.path, layer.number, deviation))

    with torch.no_grad(), unchanged(network):
        network.eval()
        if not trained:
            freeze(network, images)
        with hooked(network, before, after):
            network(images)
    return Blocks(str(spec), len(images), trained, tuple(branches), tuple(responses))


class Layer(NamedTuple):
    """A 3x3 convolution, its number among the weighted layers, and the module with its output."""

    path: str
    number: int
    module: str


def layers_of(spec: ResNetSpec) -> Iterator[Layer]:
    """Yield the 3x3 convolutions of the main path in order, including a CIFAR stem's.

    A layer's output is that of the batch norm directly after the convolution in its block or stem,
    before any addition; or else the convolution's own.
    """
    number = 1
    stem = plan.stem_steps(spec)
    for number, (name, conv) in enumerate(plan.stem_convs(spec).items(), start=1):
        if conv.kernel == 3:
            at = stem.index(plan.Step(StepKind.CONV, name))
            yield Layer(name, number, _end(stem, at))
    units = plan.unit_steps(spec)
    for place in plan.blocks(spec):
        block = plan.block_at(spec, place)
        steps = units.branch
        if block.shortcut is plan.ShortcutKind.NONE:  # no addition separates the last steps
            steps += units.after
        kernels = {conv.name: conv.kernel for conv in block.convs}
        for at, step in enumerate(steps):
            if step.kind is StepKind.CONV:
                number += 1
                if kernels[step.name] == 3:
                    path = f"{place.path}.{step.name}"
                    yield Layer(path, number, f"{place.path}.{_end(steps, at)}")


def _end(steps: tuple[Step, ...], at: int) -> str:
    """Return the name of the norm directly after a convolution, or else its own."""
    following = steps[at + 1 : at + 2]
    return next((s.name for s in following if s.kind is StepKind.NORM), steps[at].name)


def _branch(path: str, branch: Tensor, shortcut: Tensor) -> Branch:
    sizes, others = (x.double().flatten(1).norm(dim=1) for x in (branch, shortcut))
    ratios = sizes / others
    return Branch(
        path,
        *(_finite(value) for value in (ratios.mean(), ratios.min(), ratios.max())),
        *(_finite(_variance(x.double())) for x in (branch, shortcut, branch + shortcut)),
    )


def _variance(x: Tensor) -> Tensor:
    return x.var((0, 2, 3), correction=0).mean()


def _finite(value: Tensor) -> float | None:
    return float(value) if isfinite(value) else None
