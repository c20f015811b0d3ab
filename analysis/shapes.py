"""Run a network for its shapes: the heavy operations return empty meta tensors at once.

torch's own meta kernels give the same shapes, but in Python: the first batch norm loads torch's
compiler, which takes two seconds, and each one after it takes milliseconds. Autograd stands above
this level and saves exactly what it would save in earnest.
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
    """Sides of what a window that slides over x gives; lists may hold one number for both sides."""
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


def _batch_norm(x: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Output, mean and inverse deviation, the last two as train mode gives them."""
    channels = x.shape[1] if torch.is_grad_enabled() else 0
    return _like(x), _empty(x, channels), _empty(x, channels)


def _global_mean(x: Tensor, *_: Any) -> Tensor:
    return _empty(x, *x.shape[:2], 1, 1)


def _addmm(bias: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    return _empty(x, x.shape[0], weight.shape[1])


def _like(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return _empty(x, *x.shape)


_KERNELS: dict[Any, Callable[..., Any]] = {
    aten.convolution.default: _convolution,
    aten.native_batch_norm.default: _batch_norm,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten.mean.dim: _global_mean,
    aten.addmm.default: _addmm,
    **dict.fromkeys(
        (
            aten.add.Tensor,
            aten.relu.default,
            aten.leaky_relu.default,
            aten.elu.default,
            aten.gelu.default,
            aten.silu.default,
            aten.tanh.default,
            aten.sigmoid.default,
            aten._softmax.default,
        ),
        _like,
    ),
}


class QuietMode(TorchDispatchMode):
    """A dispatch mode that doesn't load torch's compiler at its first operation."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


class ShapesOnly(QuietMode):
    """Every operation inside returns a meta tensor of the right shape."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return _KERNELS.get(func, func)(*args, **(kwargs or {}))
