"""`ResNet` and `build`: modules from a spec."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from nets import plan
from nets.blocks import MaxPool2dSame, ResidualUnit, activation, conv, norm
from nets.options import Init, Padding
from nets.plan import StepKind
from nets.spec import ResNetSpec


class ResNet(nn.Module):
    """Stem, stages and head, called in order.

    Maps [N, channels, H, W] to [N, classes]: logits, or probabilities if the spec has a softmax;
    without a classifier to [N, features], the means of the last map's channels.
    Parameter names are torchvision's, so its checkpoints load with `strict=True`.
    """

    def __init__(self, spec: ResNetSpec) -> None:
        super().__init__()
        self.spec = spec
        self._add_stem()
        for stage in plan.stages(spec):
            self.add_module(stage.name, nn.Sequential(*(ResidualUnit(spec, b) for b in stage)))
        for step in plan.head_steps(spec):
            self.add_module(step.name, _head_step(spec, step.kind))

    def _add_stem(self) -> None:
        """Add the stem; the convolutions of a deep one are in a sequence, as in timm."""
        spec, convs = self.spec, plan.stem_convs(self.spec)
        channels = spec.channels
        for kind, name in plan.stem_steps(spec):
            match kind:
                case StepKind.CONV:
                    layer: nn.Module = conv(spec, convs[name])
                    channels = convs[name].out_channels
                case StepKind.NORM:
                    layer = norm(spec, channels)
                case StepKind.ACTIVATION:
                    layer = activation(spec)
                case _:
                    layer = _max_pool(spec)
            sequence, _, place = name.rpartition(".")
            if not sequence:
                self.add_module(name, layer)
                continue
            if sequence not in self._modules:
                self.add_module(sequence, nn.Sequential())
            self.get_submodule(sequence).add_module(place, layer)

    def forward(self, x: Tensor) -> Tensor:
        for step in self.children():
            x = step(x)
        return x


def build(spec: ResNetSpec, device: str | torch.device = "cpu") -> ResNet:
    """Build the network of a spec in train mode and initialise its weights as `spec.init` says.

    On the `meta` device nothing is allocated or initialised.
    """
    if torch.device(device).type == "meta":
        return _empty(spec)
    model = _empty(spec)
    model.to_empty(device=device)
    initialise(model)
    return model


def _empty(spec: ResNetSpec) -> ResNet:
    """Build the network without storage and without its layers' default initialisation."""
    with torch.device("meta"), _NoDraws():
        return ResNet(spec)


class _NoDraws(TorchFunctionMode):
    """Skip torch's default initialisation, for which torch 2.9 loads SymPy on `meta`."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func in (nn.init.kaiming_uniform_, nn.init.uniform_):
            return kwargs["tensor"]
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def initialise(model: ResNet) -> None:
    """Reinitialise all weights and reset the batch norms, as `build` does with a new network."""
    spec = model.spec
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
            module.reset_parameters()
        elif isinstance(module, nn.Conv2d | nn.Linear):
            _draw(module, spec.init)
    if spec.zero_init:  # Goyal et al. 2017, section 5.1: every unit starts as its shortcut
        for module in model.modules():
            if isinstance(module, ResidualUnit):
                nn.init.zeros_(module.get_parameter(f"bn{spec.convs_per_block}.weight"))


def _draw(layer: nn.Conv2d | nn.Linear, init: Init) -> None:
    """Initialise one layer; as in torchvision, He et al. 2015 applies to convolutions only."""
    if init is Init.DEFAULT or (init is Init.HE_FAN_OUT and isinstance(layer, nn.Linear)):
        layer.reset_parameters()
        return
    if init is Init.HE_FAN_OUT:
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    else:
        nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _max_pool(spec: ResNetSpec) -> nn.MaxPool2d:
    if spec.padding is Padding.SAME:
        return MaxPool2dSame(kernel_size=3, stride=2)
    return nn.MaxPool2d(kernel_size=3, stride=2, padding=1)


def _head_step(spec: ResNetSpec, kind: StepKind) -> nn.Module:
    match kind:
        case StepKind.NORM:
            return norm(spec, plan.features(spec))
        case StepKind.ACTIVATION:
            return activation(spec)
        case StepKind.GLOBAL_POOL:
            return nn.AdaptiveAvgPool2d((1, 1))
        case StepKind.FLATTEN:
            return nn.Flatten()
        case StepKind.LINEAR:
            return nn.Linear(plan.features(spec), spec.classes)
    return nn.Softmax(dim=1)
