"""Run a network only for its shapes: the heavy operations return empty meta tensors at once.

torch's own meta kernels give the same shapes but are slow: the first batch norm loads torch's
compiler, which takes two seconds, and each later one takes milliseconds. Autograd works above this
level and saves exactly what it would in a real run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


def _empty(like: Tensor, *shape: int) -> Tensor:
    return torch.empty(shape, dtype=like.dtype, device="meta")


def _slide(
    x: Tensor,
    kernel: list[int],
    stride: list[int],
    padding: list[int],
    dilation: list[int] | None = None,
) -> list[int]:
    """Return the output sides of a sliding window; a list may hold one number for both sides."""
    sides = []
    for i, n in enumerate(x.shape[2:]):
        k, s, p, d = (v[i % len(v)] for v in (kernel, stride, padding, dilation or [1]))
        sides.append((n + 2 * p - d * (k - 1) - 1) // s + 1)
    return sides


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    *_: Any,
) -> Tensor:
    sides = _slide(x, list(weight.shape[2:]), stride, padding, dilation)
    return _empty(x, x.shape[0], weight.shape[0], *sides)


def _max_pool(
    x: Tensor, kernel: list[int], stride: list[int], padding: list[int] | None = None, *_: Any
) -> tuple[Tensor, Tensor]:
    sides = _slide(x, kernel, stride, padding or [0])
    shape = (*x.shape[:2], *sides)
    return _empty(x, *shape), torch.empty(shape, dtype=torch.int64, device="meta")


def _batch_norm(x: Tensor, weight: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Return output, mean and inverse deviation, the last two as in train mode."""
    channels = x.shape[1] if torch.is_grad_enabled() else 0
    return _like(x), _empty(weight, channels), _empty(weight, channels)


def _group_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    batch: int,
    channels: int,
    size: int,
    groups: int,
    *_: Any,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return output, mean and inverse deviation, one of each per image and group."""
    return _like(x), _empty(x, batch, groups), _empty(x, batch, groups)


def _group_norm_backward(
    grad: Tensor, x: Tensor, mean: Tensor, deviation: Tensor, weight: Tensor, *rest: Any
) -> tuple[Tensor | None, ...]:
    of_x, of_weight, of_bias = rest[-1]
    return _gradients((x, of_x), (weight, of_weight), (weight, of_bias))


def _average_pool(x: Tensor, kernel: list[int], *_: Any) -> Tensor:
    """Pool without overlap; a window at the edge may be smaller (`ceil_mode`)."""
    return _empty(x, *x.shape[:2], *(-(-n // kernel[0]) for n in x.shape[2:]))


def _global_mean(x: Tensor, *_: Any) -> Tensor:
    return _empty(x, *x.shape[:2], 1, 1)


def _addmm(bias: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    return _empty(x, x.shape[0], weight.shape[1])


def _like(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return _empty(x, *x.shape)


def _gradients(*wanted: tuple[Tensor, bool]) -> tuple[Tensor | None, ...]:
    """Return a gradient like each tensor that wants one, else None."""
    return tuple(_like(tensor) if asked else None for tensor, asked in wanted)


def _convolution_backward(
    grad: Tensor, x: Tensor, weight: Tensor, bias_sizes: list[int] | None, *rest: Any
) -> tuple[Tensor | None, ...]:
    """Return gradients of input, weight and bias; the bias has one element per channel."""
    of_x, of_weight, of_bias = rest[-1]
    bias = _empty(grad, *bias_sizes) if bias_sizes and of_bias else None
    return (*_gradients((x, of_x), (weight, of_weight)), bias)


def _batch_norm_backward(
    grad: Tensor, x: Tensor, weight: Tensor, *rest: Any
) -> tuple[Tensor | None, ...]:
    of_x, of_weight, of_bias = rest[-1]
    return _gradients((x, of_x), (weight, of_weight), (weight, of_bias))


def _itself(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return x


def _like_second(_: Tensor, x: Tensor, *__: Any, **___: Any) -> Tensor:
    return _like(x)


def _pad(x: Tensor, padding: list[int], *_: Any) -> Tensor:
    """Pad before and after each dimension, the last one first; negative padding crops."""
    sides = list(x.shape)
    for i in range(len(padding) // 2):
        sides[-1 - i] += padding[2 * i] + padding[2 * i + 1]
    return _empty(x, *sides)


def _mm(x: Tensor, y: Tensor) -> Tensor:
    return _empty(x, x.shape[0], y.shape[1])


def _sum(x: Tensor, over: list[int], keep: bool = False) -> Tensor:
    sides = [1 if i in over else n for i, n in enumerate(x.shape) if keep or i not in over]
    return _empty(x, *sides)


def _slice_backward(grad: Tensor, shape: list[int], *_: Any) -> Tensor:
    return _empty(grad, *shape)


def _nll_loss(x: Tensor, *_: Any) -> tuple[Tensor, Tensor]:
    """Return the mean loss and the total weight of the images."""
    return _empty(x), _empty(x)


_KERNELS: dict[Any, Callable[..., Any]] = {
    aten.convolution.default: _convolution,
    aten.native_batch_norm.default: _batch_norm,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten.native_group_norm.default: _group_norm,
    aten.avg_pool2d.default: _average_pool,
    aten.mean.dim: _global_mean,
    aten.addmm.default: _addmm,
    **dict.fromkeys(
        (
            aten.add.Tensor,
            aten.mul.Tensor,  # assumes that the first operand is the larger one
            aten.empty_like.default,
            aten.relu.default,
            aten.leaky_relu.default,
            aten.elu.default,
            aten.gelu.default,
            aten.silu.default,
            aten.tanh.default,
            aten.sigmoid.default,
            aten._softmax.default,
            aten._log_softmax.default,
            aten.ones_like.default,
            # The gradients below have the shape of the incoming one.
            aten.threshold_backward.default,
            aten.leaky_relu_backward.default,
            aten.elu_backward.default,
            aten.gelu_backward.default,
            aten.silu_backward.default,
            aten.tanh_backward.default,
            aten.sigmoid_backward.default,
            aten._softmax_backward_data.default,
            aten._log_softmax_backward_data.default,
            aten.div.Scalar,
        ),
        _like,
    ),
    aten.convolution_backward.default: _convolution_backward,
    aten.native_batch_norm_backward.default: _batch_norm_backward,
    aten.native_group_norm_backward.default: _group_norm_backward,
    aten.max_pool2d_with_indices_backward.default: _like_second,
    aten.avg_pool2d_backward.default: _like_second,
    aten.bernoulli_.float: _itself,
    aten.div_.Scalar: _itself,
    aten.constant_pad_nd.default: _pad,
    aten.mm.default: _mm,
    aten.sum.dim_IntList: _sum,
    aten.slice_backward.default: _slice_backward,
    aten.nll_loss_forward.default: _nll_loss,
    aten.nll_loss_backward.default: _like_second,
}


class QuietMode(TorchDispatchMode):
    """A dispatch mode that doesn't load torch's compiler on its first operation."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


class ShapesOnly(QuietMode):
    """A mode in which every operation returns a meta tensor of the right shape."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return _KERNELS.get(func, func)(*args, **(kwargs or {}))
