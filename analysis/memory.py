"""Bytes that autograd keeps for backward, and bytes alive at once while a network runs.

Both are counted by storage on a model that may live on the `meta` device, so nothing is allocated.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._pytree import tree_leaves

from analysis.shapes import QuietMode


@contextmanager
def hooked(model: nn.Module, before: Any, after: Any) -> Iterator[None]:
    """Call `before(path, module, args)` and `after(path, module, args, output)` at every module."""
    handles = []
    try:
        for path, module in model.named_modules():
            handles.append(module.register_forward_pre_hook(lambda m, a, p=path: before(p, m, a)))
            handles.append(module.register_forward_hook(lambda m, a, o, p=path: after(p, m, a, o)))
        yield
    finally:
        for handle in handles:
            handle.remove()


class SavedBytes:
    """Bytes saved for backward by each module: a storage counts where it is saved first.

    Parameters and buffers are left out. Use `enter` and `leave` as the module hooks of a forward
    with grad inside `watching()`.
    """

    def __init__(self, model: nn.Module) -> None:
        self.by_path: Counter[str] = Counter()
        self._path: list[str] = []
        self._own = {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers())}
        self._kept: dict[int, torch.UntypedStorage] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count what the forward inside saves."""
        with saved_tensors_hooks(self._pack, lambda tensor: tensor):
            yield

    def enter(self, path: str) -> None:
        """The module at this path begins."""
        self._path.append(path)

    def leave(self) -> None:
        """The innermost module ends."""
        self._path.pop()

    def _pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        # A storage is told by its address, so it is kept alive while others are being counted.
        if storage._cdata not in self._own and storage._cdata not in self._kept:
            self._kept[storage._cdata] = storage
            self.by_path[self._path[-1]] += storage.nbytes()
        return tensor


class AliveBytes(QuietMode):
    """Bytes in tensors that are alive, as they come and go, those in `given` included.

    Parameters and buffers are left out. `changes` lists every storage's bytes when it is made and,
    negative, when the last tensor that uses it is gone.
    """

    def __init__(self, model: nn.Module, *given: Tensor) -> None:
        super().__init__()
        self.changes: list[int] = []
        self._alive = {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers())}
        for tensor in given:
            self._add(tensor)

    @property
    def peak(self) -> int:
        """The most bytes alive at once."""
        return max(accumulate(self.changes))

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
