"""A ResNet as plain functions on a state dict, written from the papers, not from `nets`.

He et al. 2015 (arXiv 1512.03385) for the stem, the blocks and the shortcuts; He et al. 2016
(arXiv 1603.05027), Fig. 4, for the unit orders; torchvision for groups, widths and dilation; He et
al. 2018 (arXiv 1812.01187), Fig. 2, for the deep stem and the pooled projection; Hu et al. 2018
(arXiv 1709.01507) for squeeze-and-excitation; Wu and He 2018 (arXiv 1803.08494) for group norm.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nets import ResNetSpec

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": lambda x: x.clamp(min=0),
    "leaky_relu": lambda x: torch.where(x > 0, x, 0.01 * x),
    "elu": lambda x: torch.where(x > 0, x, torch.expm1(x)),
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)),
    "silu": lambda x: x / (1 + torch.exp(-x)),
    "tanh": torch.tanh,
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
}


@torch.no_grad()
def randomise(model: nn.Module, seed: int) -> None:
    """Fill every tensor that is constant in a fresh model with random values."""
    torch.manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var") or (name.endswith("weight") and tensor.ndim == 1):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith(("bias", "running_mean")):
            tensor.normal_(0, 0.3)


def tensorflow_pads(size: int, reach: int, stride: int) -> tuple[int, int]:
    """Return the least padding that fits ceil(size / stride) windows, the smaller half first."""
    windows = -(-size // stride)
    total = 0
    while (windows - 1) * stride + reach > size + total:
        total += 1
    return total // 2, total - total // 2


def means_of_squares(x: Tensor, side: int) -> Tensor:
    """Return the mean of each square of pixels; those at the end may be cut off by the edge."""
    rows = torch.stack([row.mean(2) for row in x.split(side, dim=2)], dim=2)
    return torch.stack([column.mean(3) for column in rows.split(side, dim=3)], dim=3)


class Reference:
    """The forward pass of a spec in eval mode. `used` holds the names of the tensors it reads."""

    def __init__(self, spec: ResNetSpec, state: dict[str, Tensor]) -> None:
        self.spec, self.state = spec, state
        self.used: set[str] = set()
        self.act = ACTIVATIONS[spec.activation]

    def __call__(self, x: Tensor) -> Tensor:
        spec = self.spec
        x = self._stem(x)
        dilation = 1
        for stage, (count, width) in enumerate(zip(spec.blocks, spec.widths, strict=True)):
            stride, before = spec.strides[stage], dilation
            if stage > 0 and spec.dilate[stage - 1] == 1:
                stride, dilation = 1, 2 * dilation
                # with the stride on conv1, the convolutions after it see a finer map
                if spec.stride_on == "conv1" or spec.dilate_first:
                    before = dilation
            for block in range(count):
                path = f"layer{stage + 1}.{block}"
                if block == 0:
                    x = self._unit(x, path, width, stride, before, dilation)
                else:
                    x = self._unit(x, path, width, 1, dilation, dilation)
        return self._head(x)

    def _stem(self, x: Tensor) -> Tensor:
        pools, width = self.spec.stem != "cifar", self.spec.stem_width
        if self.spec.stem == "deep":
            x = self.act(self._norm(self._conv(x, "conv1.0", width // 2, 3, 2), "conv1.1"))
            x = self.act(self._norm(self._conv(x, "conv1.3", width // 2, 3), "conv1.4"))
            x = self._conv(x, "conv1.6", width, 3)
        else:
            kernel, stride = (7, 2) if pools else (3, 1)
            x = self._conv(x, "conv1", width, kernel, stride)
        if self.spec.unit != "full_preact":
            x = self._norm(x, "bn1")
        if self.spec.unit not in ("relu_preact", "full_preact"):
            x = self.act(x)
        return F.max_pool2d(self._pad(x, 3, 2, -torch.inf), 3, 2) if pools else x

    def _head(self, x: Tensor) -> Tensor:
        if self.spec.unit == "full_preact":
            x = self.act(self._norm(x, "final_bn"))
        if self.spec.unit == "relu_preact":
            x = self.act(x)
        if not self.spec.classes:
            return x.mean(dim=(2, 3))
        x = F.linear(x.mean(dim=(2, 3)), self._read("fc.weight"), self._read("fc.bias"))
        assert x.shape[1] == self.spec.classes
        return x.exp() / x.exp().sum(dim=1, keepdim=True) if self.spec.softmax else x

    def _unit(
        self, x: Tensor, path: str, width: int, stride: int, dilation: int, later: int
    ) -> Tensor:
        spec, act = self.spec, self.act
        out = width * spec.expansion
        n = 2 if spec.block == "basic" else 3

        def conv(y: Tensor, i: int) -> Tensor:
            name = f"{path}.conv{i}"
            if spec.block == "basic":
                dilations = dilation, later
                return self._conv(
                    y, name, *((width, 3, stride), (out, 3, 1))[i - 1], dilations[i - 1]
                )
            inner = int(width * (spec.group_width / 64)) * spec.groups
            strides = (stride, 1, 1) if spec.stride_on == "conv1" else (1, stride, 1)
            if i == 2:
                return self._conv(y, name, inner, 3, strides[1], dilation, spec.groups)
            return self._conv(y, name, inner if i == 1 else out, 1, strides[i - 1])

        def norm(y: Tensor, i: int) -> Tensor:
            return self._norm(y, f"{path}.bn{i}")

        def add(y: Tensor, activated: Tensor) -> Tensor:
            changes = stride != 1 or x.shape[1] != out
            if spec.se:
                y = self._excited(y, f"{path}.se")
            if spec.shortcut == "none":
                return y
            first = spec.shortcut == "projection_first" and path.endswith(".0")
            if (
                first
                or spec.shortcut == "projection_all"
                or (spec.shortcut in ("projection", "projection_first") and changes)
            ):
                at = int(spec.projection_pool)
                if spec.projection_pool:
                    activated = means_of_squares(activated, stride)
                y_short = self._conv(
                    activated, f"{path}.downsample.{at}", out, 1, 1 if at else stride
                )
                if spec.projection_norm:
                    y_short = self._norm(y_short, f"{path}.downsample.{at + 1}")
                return y + y_short
            # the first unit splits its paths after the activation (He et al. 2016, appendix)
            start = activated if path == "layer1.0" else x
            if changes:
                zeros = x.new_zeros(x.shape[0], out - x.shape[1], *y.shape[2:])
                return y + torch.cat([start[:, :, ::stride, ::stride], zeros], dim=1)
            return y + start

        y = x
        if spec.unit == "original":
            for i in range(1, n):
                y = act(norm(conv(y, i), i))
            return act(add(norm(conv(y, n), n), x))
        if spec.unit == "bn_after_add":
            for i in range(1, n):
                y = act(norm(conv(y, i), i))
            return act(norm(add(conv(y, n), x), n))
        if spec.unit == "relu_before_add":
            for i in range(1, n + 1):
                y = act(norm(conv(y, i), i))
            return add(y, x)
        if spec.unit == "relu_preact":
            for i in range(1, n + 1):
                y = norm(conv(act(y), i), i)
            return add(y, act(x))
        for i in range(1, n + 1):
            y = conv(act(norm(y, i)), i)
        return add(y, act(norm(x, 1)))

    def _excited(self, x: Tensor, path: str) -> Tensor:
        y = x.mean(dim=(2, 3))
        for name, function in (("fc1", self.act), ("fc2", ACTIVATIONS["sigmoid"])):
            weight = self._read(f"{path}.{name}.weight")[:, :, 0, 0]
            y = function(F.linear(y, weight, self._read(f"{path}.{name}.bias")))
        inner = max(x.shape[1] // self.spec.se, 1)
        assert self.state[f"{path}.fc1.weight"].shape[:2] == (inner, x.shape[1])
        return x * y[:, :, None, None]

    def _read(self, name: str) -> Tensor:
        self.used.add(name)
        return self.state[name]

    def _norm(self, x: Tensor, path: str) -> Tensor:
        if self.spec.norm == "none":
            return x
        if self.spec.norm == "group":
            groups = x.reshape(len(x), self.spec.norm_groups, -1)
            mean, var = groups.mean(2, keepdim=True), groups.var(2, keepdim=True, correction=0)
            x = ((groups - mean) / (var + self.spec.bn_eps).sqrt()).reshape(x.shape)
            weight, bias = (
                self._read(f"{path}.{name}")[:, None, None] for name in ("weight", "bias")
            )
            return x * weight + bias
        weight, bias, mean, var = (
            self._read(f"{path}.{name}")[:, None, None]
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - mean) / (var + self.spec.bn_eps).sqrt() * weight + bias

    def _conv(
        self,
        x: Tensor,
        path: str,
        out: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
    ) -> Tensor:
        weight = self._read(f"{path}.weight")
        bias = self._read(f"{path}.bias") if self.spec.bias else None
        assert weight.shape == (out, x.shape[1] // groups, kernel, kernel)
        x = self._pad(x, dilation * (kernel - 1) + 1, stride, 0)
        return F.conv2d(x, weight, bias, stride, 0, dilation, groups)

    def _pad(self, x: Tensor, reach: int, stride: int, value: float) -> Tensor:
        """Pad half a window on every side, or for "same" padding as TensorFlow does."""
        height, width = x.shape[2:]
        top, bottom = left, right = reach // 2, reach // 2
        if self.spec.padding == "same":
            top, bottom = tensorflow_pads(height, reach, stride)
            left, right = tensorflow_pads(width, reach, stride)
        return F.pad(x, (left, right, top, bottom), value=value)
