"""What each block of a network does: its branch against its shortcut, and its layers' responses.

Three measures, of one forward pass:

- size: ||F(x)|| / ||s|| of each image, where y = F(x) + s is the addition. F(x) is what enters it
  from the branch, s what enters it from the shortcut: x itself where the shortcut is an identity,
  else what the projection, its batch norm or the zero pad has made of it.
- response: the standard deviation of each 3x3 convolution's output, after its batch norm and before
  the non-linearity or the addition (He et al. 2015, section 4.2 and Fig. 7).
- variance: that of F(x), of s and of F(x) + s, over images and positions and in the mean over the
  channels. At initialisation batch norm gives every branch about the same variance, while that of
  the shortcut grows from block to block, so that the branch's share falls within a stage (De and
  Smith 2020).
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
"""Images that are looked at, unless told."""


@dataclass(frozen=True)
class Branch:
    """A block's branch against its shortcut, as both enter the addition.

    Attributes:
        path: the block's.
        ratio: the mean over the images of ||F(x)|| / ||s||. None, as `low` and `high`, where an
            image's shortcut is all zero or a value is not finite.
        low: the lowest of an image.
        high: the highest.
        branch_variance: of F(x). None, as the other two, where it is not finite.
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
        """The branch's variance over the sum's; above 1 where branch and shortcut cancel."""
        if self.branch_variance is None or not self.sum_variance:
            return None
        return self.branch_variance / self.sum_variance


@dataclass(frozen=True)
class Response:
    """The response of a 3x3 convolution.

    Attributes:
        path: the convolution's.
        layer: its number among the weighted layers of the main path, from 1.
        deviation: over images, channels and positions; None where it is not finite.
    """

    path: str
    layer: int
    deviation: float | None


@dataclass(frozen=True)
class Blocks:
    """What each block of a network does; a plain network has no branches."""

    model: str
    images: int
    trained: bool
    branches: tuple[Branch, ...]
    responses: tuple[Response, ...]


def measure(network: ResNet, images: Tensor, *, trained: bool = True) -> Blocks:
    """Measure every block in one forward pass without gradients.

    Args:
        network: is left as it was.
        images: [N, C, H, W].
        trained: whether batch norms use their running statistics; else those of these images, with
            which train mode would divide.
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
    """A 3x3 convolution, its number among the weighted layers, and the module that it ends in."""

    path: str
    number: int
    module: str


def layers_of(spec: ResNetSpec) -> Iterator[Layer]:
    """Yield the 3x3 convolutions of the main path in order, that of a CIFAR stem among them.

    Each ends in the batch norm that follows it at once in its block or stem, before any addition;
    else in itself.
    """
    number = 1
    if plan.stem_conv(spec).kernel == 3:
        yield Layer("conv1", number, _end(plan.stem_steps(spec), 0))
    units = plan.unit_steps(spec)
    for place in plan.blocks(spec):
        block = plan.block_at(spec, place)
        steps = units.branch
        if block.shortcut is plan.ShortcutKind.NONE:  # there's no addition before the last steps
            steps += units.after
        kernels = {conv.name: conv.kernel for conv in block.convs}
        for at, step in enumerate(steps):
            if step.kind is StepKind.CONV:
                number += 1
                if kernels[step.name] == 3:
                    path = f"{place.path}.{step.name}"
                    yield Layer(path, number, f"{place.path}.{_end(steps, at)}")


def _end(steps: tuple[Step, ...], at: int) -> str:
    """The name of the norm that follows a convolution at once, else its own."""
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
