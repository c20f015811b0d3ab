"""What a network sees in one picture: feature maps by stage, and the evidence for a class.

The evidence is Grad-CAM's. Blocks may be out, as in `analysis.lesions.drop`. The network isn't
changed and gets no hooks: a wrapper network calls its modules.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from analysis.lesions.drop import unit
from nets import plan
from nets.options import check_whole
from nets.plan import STEM, BlockPlan, Place, Step
from nets.resnet import ResNet

CHANNELS = 8
"""Channels shown per stage: those with the largest mean absolute activation."""


@dataclass(frozen=True, eq=False)
class Channel:
    """One channel of a map.

    Attributes:
        number: from 0.
        strength: the mean absolute activation.
        values: the activations, [H, W].
    """

    number: int
    strength: float
    values: Tensor


@dataclass(frozen=True, eq=False)
class Maps:
    """The strongest channels of the output of the stem or of a stage, the strongest first."""

    stage: str
    shape: tuple[int, int, int]
    channels: tuple[Channel, ...]


@dataclass(frozen=True, eq=False)
class Seen:
    """A network's view of one picture.

    Attributes:
        model: the network's text.
        out: paths of the blocks that are out, in order.
        image: the preprocessed picture, [C, H, W].
        probabilities: of each class, [classes].
        target: the class that Grad-CAM explains.
        maps: of the stem and of each stage.
        cam: Grad-CAM on the last stage, [H, W], not negative: the sum of the channels, weighted by
            the mean gradient of the target's logit (Selvaraju et al. 2017, equations 1 and 2).
    """

    model: str
    out: tuple[str, ...]
    image: Tensor
    probabilities: Tensor
    target: int
    maps: tuple[Maps, ...]
    cam: Tensor

    @property
    def predicted(self) -> int:
        """The predicted class."""
        return int(self.probabilities.argmax())

    @property
    def scale(self) -> tuple[float, float]:
        """The lowest and the highest activation over all channels shown."""
        values = [channel.values for maps in self.maps for channel in maps.channels]
        low = min(float(value.min()) for value in values)
        return low, max(float(value.max()) for value in values)


def see(
    network: ResNet, image: Tensor, out: Collection[str] = (), target: int | None = None
) -> Seen:
    """Return a network's view of one picture.

    Args:
        network: ends in logits; it is put into eval mode.
        image: [1, C, H, W], preprocessed.
        out: paths of the blocks to take out.
        target: the class to explain; by default the predicted one.

    Raises:
        ValueError: if there is no such block or class.
    """
    from captum.attr import LayerGradCam  # imported here because it loads matplotlib

    spec = network.spec
    parts = without(network, out)
    with torch.no_grad():
        x, found = image, []
        for name, part in zip((STEM, *plan.stage_names(spec)), parts, strict=False):
            x = part(x)
            found.append(_maps(name, x[0]))
        logits = parts[-1](x)[0]
    if target is None:
        target = int(logits.argmax())
    check_whole("target", target, 0, spec.outputs - 1)
    cam = LayerGradCam(parts, parts[-2]).attribute(image, target, relu_attributions=True)
    assert isinstance(cam, Tensor)
    return Seen(
        str(spec),
        tuple(place.path for place in plan.blocks(spec) if place.path in out),
        image[0],
        logits.softmax(0),
        target,
        tuple(found),
        cam[0, 0].detach(),
    )


def without(network: ResNet, out: Collection[str]) -> nn.Sequential:
    """Return a network with some blocks out, as its stem, its stages and its head.

    It shares the network's modules, which are put into eval mode, and maps [N, C, H, W] to
    [N, classes].

    Raises:
        ValueError: if there is no such block.
    """
    spec = network.spec
    plans = {place.path: plan.block_at(spec, place) for place in plan.blocks(spec)}
    for path in out:
        if path not in plans:
            raise ValueError(f"{path!r} isn't a block of {spec}: choose among {', '.join(plans)}")

    def steps(of: tuple[Step, ...]) -> nn.Sequential:
        return nn.Sequential(*(network.get_submodule(step.name) for step in of))

    return nn.Sequential(
        steps(plan.stem_steps(spec)),
        *(_Stage(network, stage, plans, out) for stage in plan.stage_names(spec)),
        steps(plan.head_steps(spec)),
    ).eval()


class _Stage(nn.Module):
    """A stage with some blocks out; maps [N, C, H, W] to the stage's output."""

    def __init__(
        self, network: ResNet, stage: str, plans: Mapping[str, BlockPlan], out: Collection[str]
    ) -> None:
        super().__init__()
        self.units = network.get_submodule(stage)
        paths = [Place(stage, index).path for index in range(len(list(self.units.children())))]
        self.blocks = [(plans[path], path in out) for path in paths]

    def forward(self, x: Tensor) -> Tensor:
        """Run the stage without the blocks that are out."""
        for module, (block, is_out) in zip(self.units.children(), self.blocks, strict=True):
            x = unit(module, block, x, is_out=is_out)
        return x


def _maps(stage: str, x: Tensor) -> Maps:
    """Return the strongest channels of [C, H, W]; of equally strong ones, the first."""
    strengths = x.abs().mean((1, 2))
    strongest = strengths.argsort(descending=True, stable=True)[:CHANNELS].tolist()
    channels = (Channel(i, float(strengths[i]), x[i].clone()) for i in strongest)
    return Maps(stage, (x.shape[0], x.shape[1], x.shape[2]), tuple(channels))
