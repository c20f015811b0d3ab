"""Fashion-MNIST's test images, where this machine has them (Xiao et al. 2017).

No function here takes a path: where data lies is the server owner's to say, in the environment
variable `RESNET_LAB_DATA`.
"""

from __future__ import annotations

import gzip
import os
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

DATA_VARIABLE = "RESNET_LAB_DATA"
"""The environment variable that names the folder where data is looked for first."""

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts its files."""

_IMAGES, _LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
_MOST_BYTES = 64_000_000


def fashion_mnist_is_here() -> bool:
    """Whether Fashion-MNIST's test files are on this machine."""
    return _folder() is not None


def fashion_mnist() -> tuple[Tensor, Tensor]:
    """Fashion-MNIST's test images [10000, 28, 28], 0 to 255, and their classes [10000].

    Xiao et al. 2017 (arXiv 1708.07747), as IDX files, packed by gzip or not.

    Raises:
        ValueError: where they are not on this machine or are damaged.
    """
    folder = _folder()
    if folder is None:
        raise ValueError(
            f"Fashion-MNIST is not on this machine: its owner can download it, or name its folder "
            f"in {DATA_VARIABLE}"
        )
    return _load(folder)


def download_fashion_mnist() -> None:
    """Fetch Fashion-MNIST into the owner's data folder, else into the user's cache folder.

    Only ever called when somebody asks for it.

    Raises:
        OSError: in one sentence, where it cannot be fetched or written.
    """
    from torchvision.datasets import FashionMNIST

    try:
        FashionMNIST(str(_roots()[0]), train=False, download=True)
    except (RuntimeError, OSError) as error:
        reason = str(error).splitlines()[-1][:200] if str(error) else type(error).__name__
        raise OSError(f"Fashion-MNIST could not be downloaded: {reason}") from error


def _roots() -> list[Path]:
    """Where data is looked for, first the folder that a download writes to."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "resnet-lab"
    own = os.environ.get(DATA_VARIABLE)
    return [*([Path(own)] if own else []), cache, DEBIAN_FOLDER]


def _folder() -> Path | None:
    """The first folder that has the files: a root itself, or torchvision's folder inside it."""
    for root in _roots():
        for folder in (root, root / "FashionMNIST" / "raw", root / "fashion-mnist"):
            if all(_file(folder, name) for name in (_IMAGES, _LABELS)):
                return folder
    return None


def _file(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


@lru_cache(maxsize=1)
def _load(folder: Path) -> tuple[Tensor, Tensor]:
    pictures, classes = _idx(folder, _IMAGES, 3), _idx(folder, _LABELS, 1).long()
    if len(pictures) != len(classes):
        raise ValueError(
            f"Fashion-MNIST is damaged: {len(pictures):,} images and {len(classes):,} labels"
        )
    return pictures, classes


def _idx(folder: Path, name: str, dimensions: int) -> Tensor:
    """Read an IDX file of bytes: 0, 0, type 8, dimensions, each size in 4 bytes, then the data."""
    path = _file(folder, name)
    try:
        assert path is not None
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except (OSError, EOFError) as error:
        raise ValueError(f"Fashion-MNIST is damaged: {name} cannot be read") from error
    start = 4 + 4 * dimensions
    sides = [int.from_bytes(data[i : i + 4], "big") for i in range(4, start, 4)]
    whole = torch.Size(sides).numel() if len(data) > start else -1
    if data[:4] != bytes((0, 0, 8, dimensions)) or len(data) - start != whole:
        raise ValueError(f"Fashion-MNIST is damaged: {name} is no IDX file of bytes")
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=start).view(sides)
