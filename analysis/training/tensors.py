"""Tensors in files: names and shapes first, values where asked, and never any code.

It reads safetensors files and those of `torch.save`, with `weights_only=True`. The memory that a
file takes is bounded, whatever the file claims.
"""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from analysis.style.numbers import short
from nets.options import quote

MAX_FILE_BYTES = 5_000_000_000
"""Largest file: the largest network here has 4 GB of weights."""

MAX_UPLOAD_BYTES = 250_000_000
"""Largest file of a visitor: ResNet-152 in float32 has 241 MB."""

SUFFIXES = ("safetensors", "pth", "pt")
"""Suffixes of the files that a visitor may choose; the format is recognised by the content."""

_MAX_PICKLE = 100_000_000
_MAX_DEPTH = 3
_MAX_NAME = 300
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"

_NETWORKS = (
    *("state_dict", "model_state_dict", "model_state", "model", "net", "network", "module"),
    *("weights", "params", "student", "ema", "model_ema", "state_dict_ema", "teacher"),
)
"""Where training scripts put a network's tensors, the likeliest first."""


@dataclass(frozen=True)
class TensorFile:
    """The tensors of one network in a file.

    Attributes:
        path: the file.
        about: the metadata of a safetensors file.
        shapes: the shape of each tensor by its name.
        inside: the keys that lead to the tensors: `("state_dict",)`; none if they are at the top.
        others: where else the file has tensors, as `model_ema` or `ema.module`.
    """

    path: Path
    about: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    inside: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def values(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Read tensors by name.

        Raises:
            ValueError: if the file can't be read any more.
            OSError: as `open_tensors`.
        """
        if not _head(self.path).startswith((_ZIP, _PICKLE)):
            with _safetensors(self.path) as file:
                return {name: file.get_tensor(name) for name in names}
        found = _unpickled(self.path, "cpu")
        for key in self.inside:
            found = found[key]
        return {name: found[name].detach().clone() for name in names}


def open_tensors(path: Path) -> TensorFile:
    """Read the names and shapes of a network's tensors.

    Raises:
        ValueError: in one sentence, if the file is too large, damaged, needs code to be read, or
            has no network's tensors.
        OSError: if it can't be read.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        most = short(MAX_FILE_BYTES, "B")
        raise ValueError(f"{path.name} has {short(size, 'B')}: a checkpoint may have {most}")
    head = _head(path)
    if not head:
        raise ValueError(f"{path.name} is empty")
    if head.startswith((_ZIP, _PICKLE)):
        found = _of_torch(path)
    elif head[8:9] == b"{":
        with _safetensors(path) as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            found = TensorFile(path, dict(file.metadata() or {}), shapes)
    else:
        raise ValueError(f"{path.name} is neither a safetensors file nor one written by torch.save")
    for name in (*found.shapes, *found.inside):
        if len(name) > _MAX_NAME or not name.isprintable():
            raise ValueError(f"{path.name} has a tensor with an unusable name: {quote(name)}")
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _safetensors(path: Path) -> Any:
    try:
        return safe_open(path, "pt")
    except (SafetensorError, ValueError):
        raise ValueError(f"{path.name} is damaged or incomplete: its header is wrong") from None


def _of_torch(path: Path) -> TensorFile:
    value = _unpickled(path, "meta")
    found = list(_networks(value, ()))
    if not found:
        keys = list(map(str, value)) if isinstance(value, Mapping) else []
        if {"state", "param_groups"} <= set(keys) or any(key.startswith("optim") for key in keys):
            raise ValueError(f"{path.name} has an optimiser's state, but no network's tensors")
        raise ValueError(f"{path.name} has no tensors with the names of a network's layers")
    found.sort(key=lambda one: _rank(*one))
    inside, tensors = found[0]
    others = tuple(".".join(where) or "the top level" for where, _ in found[1:])
    return TensorFile(path, {}, {k: tuple(v.shape) for k, v in tensors.items()}, inside, others)


def _networks(
    value: object, inside: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], dict[str, Tensor]]]:
    """Yield every group of named tensors in a file, with the keys that lead to it."""
    if not isinstance(value, Mapping) or {"state", "param_groups"} <= set(value):
        return  # not named tensors, or an optimizer's state
    tensors = {k: v for k, v in value.items() if isinstance(k, str) and isinstance(v, Tensor)}
    if any(tensor.dim() > 1 for tensor in tensors.values()):
        yield inside, tensors
    if len(inside) < _MAX_DEPTH:
        for key, each in value.items():
            if isinstance(key, str):
                yield from _networks(each, (*inside, key))


def _rank(inside: tuple[str, ...], tensors: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Return how unlikely it is that a group of tensors is the network."""
    return tuple(_NETWORKS.index(k) if k in _NETWORKS else len(_NETWORKS) for k in inside)


def _unpickled(path: Path, device: str) -> Any:
    """Return what `torch.save` wrote; on `meta`, a current file's tensors aren't read."""
    with path.open("rb") as file:
        is_zip = file.read(4) == _ZIP
    if is_zip:
        _check_records(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of other pickles, which are refused
            return torch.load(path, device, mmap=is_zip, weights_only=True)
    except pickle.UnpicklingError as error:
        name = re.search(r"GLOBAL ([\w.]+)", str(error)) or re.search(
            r"class `([\w.]+)`", str(error)
        )
        if name is None:
            raise _damaged(path) from None
        raise ValueError(
            f"{path.name} needs {name[1]}, and code from a file is never run: save only "
            "model.state_dict()"
        ) from None
    except OSError:
        raise
    except Exception:  # torch raises anything when fed edited bytes
        raise _damaged(path) from None


def _damaged(path: Path) -> ValueError:
    return ValueError(f"{path.name} is damaged, or a pickle that torch.save didn't write")


def _check_records(path: Path) -> None:
    """Raise if a zip file isn't one of `torch.save`, or would be larger in memory than on disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            records = archive.infolist()
    except zipfile.BadZipFile:
        raise ValueError(f"{path.name} is damaged or incomplete: its end is missing") from None
    names = [record.filename.partition("/")[2] for record in records]
    if "constants.pkl" in names:
        raise ValueError(
            f"{path.name} is a TorchScript program, and code from a file is never run: save only "
            "model.state_dict()"
        )
    if "data.pkl" not in names:
        raise ValueError(f"{path.name} is a zip file, but not one written by torch.save")
    for record, name in zip(records, names, strict=True):
        if record.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{path.name} is compressed, which torch.save never does")
        if name == "data.pkl" and record.file_size > _MAX_PICKLE:
            raise ValueError(f"{path.name} describes too much: over {short(_MAX_PICKLE, 'B')}")
