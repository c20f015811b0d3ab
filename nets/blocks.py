"""The parts of a residual network: units, shortcuts and the addition.

Each step is a separate module that is called once and never works in place, so it can be hooked,
drawn and timed. Tensors are [N, C, H, W].
"""

from __future__ import annotations

from collections.abc import Iterable

import torch.nn.functional as F
from torch import Tensor, nn

from nets.options import Activation, Norm, Padding
from nets.plan import (
    BlockPlan,
    ConvPlan,
    ShortcutKind,
    Step,
    StepKind,
    shortcut_steps,
    unit_steps,
)
from nets.spec import ResNetSpec

_ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    Activation.RELU: nn.ReLU,
    Activation.LEAKY_RELU: nn.LeakyReLU,
    Activation.ELU: nn.ELU,
    Activation.GELU: nn.GELU,
    Activation.SILU: nn.SiLU,
    Activation.TANH: nn.Tanh,
    Activation.SIGMOID: nn.Sigmoid,
}


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's "same" padding along one dimension of a map, the smaller half first.

    The total is max((ceil(size / stride) - 1) * stride + kernel - size, 0).
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Conv2dSame(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding, which depends on the size of the map."""

    def forward(self, x: Tensor) -> Tensor:
        reach = self.dilation[0] * (self.kernel_size[0] - 1) + 1
        x, padding = _pad_same(x, reach, self.stride[0], 0.0)
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class MaxPool2dSame(nn.MaxPool2d):
    """A max-pool with TensorFlow's "same" padding, which is -inf and so is never the maximum."""

    kernel_size: int
    stride: int

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size, self.stride
        x, padding = _pad_same(x, kernel, stride, -float("inf"))
        return F.max_pool2d(x, kernel, stride, padding)


def _pad_same(x: Tensor, kernel: int, stride: int, value: float) -> tuple[Tensor, tuple[int, int]]:
    """Return the map and the symmetric padding that it still needs; only uneven padding copies."""
    top, bottom = same_padding(x.shape[2], kernel, stride)
    left, right = same_padding(x.shape[3], kernel, stride)
    if top == bottom and left == right:
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


class Add(nn.Module):
    """The addition F(x) + x at the end of a residual unit."""

    def forward(self, branch: Tensor, shortcut: Tensor) -> Tensor:
        return branch + shortcut


class Scale(nn.Module):
    """The product of a map and one factor per channel, at the end of squeeze-and-excitation."""

    def forward(self, x: Tensor, factor: Tensor) -> Tensor:
        return x * factor


class SqueezeExcitation(nn.Module):
    """Scale each channel by a factor that all channels' means determine (Hu et al. 2018, eq. 2-4).

    Maps [N, C, H, W] to the same shape. The names of the two 1x1 convolutions are timm's.
    """

    def __init__(self, spec: ResNetSpec, plan: BlockPlan) -> None:
        super().__init__()
        fc1, fc2 = plan.excitation
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc1 = nn.Conv2d(fc1.in_channels, fc1.out_channels, 1)
        self.act = activation(spec)
        self.fc2 = nn.Conv2d(fc2.in_channels, fc2.out_channels, 1)
        self.gate = nn.Sigmoid()
        self.scale = Scale()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.scale(x, self.gate(self.fc2(self.act(self.fc1(self.avgpool(x))))))
        return y


class ZeroPad(nn.Module):
    """The parameter-free shortcut (option A): every stride-th pixel, new channels filled with 0."""

    def __init__(self, stride: int, new_channels: int) -> None:
        super().__init__()
        self.stride, self.new_channels = stride, new_channels

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new_channels))

    def extra_repr(self) -> str:
        return f"stride={self.stride}, new_channels={self.new_channels}"


def conv(spec: ResNetSpec, plan: ConvPlan) -> nn.Conv2d:
    """Return a convolution that changes the size of the map only by its stride."""
    same = spec.padding is Padding.SAME and plan.kernel > 1
    return (Conv2dSame if same else nn.Conv2d)(
        plan.in_channels,
        plan.out_channels,
        plan.kernel,
        stride=plan.stride,
        padding=0 if same else plan.kernel // 2 * plan.dilation,
        dilation=plan.dilation,
        groups=plan.groups,
        bias=spec.bias,
    )


def norm(spec: ResNetSpec, channels: int) -> nn.BatchNorm2d | nn.GroupNorm:
    """Return a batch norm or a group norm with the spec's constants."""
    if spec.norm is Norm.GROUP:
        return nn.GroupNorm(spec.norm_groups, channels, eps=spec.bn_eps)
    return nn.BatchNorm2d(channels, eps=spec.bn_eps, momentum=spec.bn_momentum)


def layer_type(kind: Activation) -> str:
    """Return the class name of a non-linearity's module: `ReLU`."""
    return _ACTIVATIONS[kind].__name__


def activation(spec: ResNetSpec) -> nn.Module:
    """Return a new instance of the spec's non-linearity."""
    return _ACTIVATIONS[spec.activation]()


class ResidualUnit(nn.Module):
    """One block: y = after(branch(before(x)) + shortcut), in any of the five unit orders.

    Maps [N, in_channels, H, W] to [N, out_channels, ceil(H / stride), ceil(W / stride)]. The
    shortcut is called `downsample`, as in torchvision. It is an identity, a 1x1 projection or a
    zero pad; a plain stack has neither shortcut nor addition.
    """

    def __init__(self, spec: ResNetSpec, plan: BlockPlan) -> None:
        super().__init__()
        self.steps = unit_steps(spec)
        self.has_shortcut = plan.shortcut is not ShortcutKind.NONE
        self.shares_activation = plan.shares_activation
        convs = {c.name: c for c in plan.convs}
        channels = plan.in_channels

        def add_steps(steps: Iterable[Step]) -> None:
            nonlocal channels
            for kind, name in steps:
                match kind:
                    case StepKind.CONV:
                        self.add_module(name, conv(spec, convs[name]))
                        channels = convs[name].out_channels
                    case StepKind.NORM:
                        self.add_module(name, norm(spec, channels))
                    case StepKind.DROPOUT:
                        self.add_module(name, nn.Dropout(spec.dropout))
                    case StepKind.SE:
                        self.add_module(name, SqueezeExcitation(spec, plan))
                    case _:
                        self.add_module(name, activation(spec))

        add_steps(self.steps.before + self.steps.branch)
        if self.has_shortcut:
            self.downsample = _shortcut(spec, plan)
            self.add = Add()
        add_steps(self.steps.after)

    def forward(self, x: Tensor) -> Tensor:
        start = self._run(self.steps.before, x)
        y = self._run(self.steps.branch, start)
        if self.has_shortcut:
            y = self.add(y, self.downsample(start if self.shares_activation else x))
        return self._run(self.steps.after, y)

    def _run(self, steps: tuple[Step, ...], x: Tensor) -> Tensor:
        for step in steps:
            x = getattr(self, step.name)(x)
        return x


def _shortcut(spec: ResNetSpec, plan: BlockPlan) -> nn.Module:
    if plan.shortcut is ShortcutKind.ZERO_PAD:
        return ZeroPad(plan.stride, plan.out_channels - plan.in_channels)
    if plan.projection is None:
        return nn.Identity()
    shortcut = nn.Sequential()
    for kind, name in shortcut_steps(spec, plan):
        match kind:
            case StepKind.CONV:
                layer: nn.Module = conv(spec, plan.projection)
            case StepKind.NORM:
                layer = norm(spec, plan.out_channels)
            case _:
                layer = pool_before_projection(plan.stride)
        shortcut.add_module(name.rpartition(".")[2], layer)
    return shortcut


def pool_before_projection(stride: int) -> nn.AvgPool2d:
    """Return ResNet-D's pool, whose output is as large as that of a strided convolution."""
    return nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)
