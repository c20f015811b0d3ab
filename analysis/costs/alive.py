"""Bytes alive while a network runs, counted by storage, and hooks on modules.

The network can be on the `meta` device, so that nothing is allocated.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from analysis.costs.shapes import QuietMode


@contextmanager
def hooked(
    model: nn.Module, before: Any, after: Any, paths: Collection[str] | None = None
) -> Iterator[None]:
    """Call `before(path, module, args)` and `after(path, module, args, output)` at modules.

    Args:
        model: the network.
        before: called before each module's forward.
        after: called after each module's forward.
        paths: the modules' paths; by default all modules.
    """
    handles = []
    try:
        for path, module in model.named_modules():
            if paths is not None and path not in paths:
                continue
            handles.append(module.register_forward_pre_hook(lambda m, a, p=path: before(p, m, a)))
            handles.append(module.register_forward_hook(lambda m, a, o, p=path: after(p, m, a, o)))
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    """Restore every module's mode and every buffer at the end, even after an exception."""
    modes = {module: module.training for module in model.modules()}
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
        for module, mode in modes.items():
            module.training = mode


def train_without_dropout(model: nn.Module) -> None:
    """Set a model to train mode, but its dropout to eval mode, so that nothing in it is random."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.eval()


class AliveBytes(QuietMode):
    """A record of the bytes in tensors as they are created and freed, including those in `given`.

    Parameters and buffers don't count. `changes` lists a storage's bytes when it is created and,
    as a negative number, when the last tensor that uses it is gone.
    """

    def __init__(self, model: nn.Module, *given: Tensor) -> None:
        super().__init__()
        self.changes: list[int] = []
        self._alive = {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers())}
        for tensor in given:
            self._add(tensor)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(output):
            if isinstance(leaf, Tensor):
                self._add(leaf)
        return output

    def _add(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._alive:
            return
        self._alive.add(key)
        self.changes.append(size)
        weakref.finalize(storage, self._free, key, size)

    def _free(self, key: int, size: int) -> None:
        self._alive.discard(key)
        self.changes.append(-size)
