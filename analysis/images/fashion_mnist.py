"""Fashion-MNIST (Xiao et al. 2017), if this machine has it.

No function here takes a path: the server's owner sets the data folder in the environment variable
`RESNET_LAB_DATA`.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from analysis.images.download import Remote, Report, fetch
from analysis.images.roots import DATA_VARIABLE, data_roots
from analysis.images.sets import ImageSet, Stack, digest_of, mean_and_std

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""The folder of Debian's package dataset-fashion-mnist."""

SOURCE = (
    "Xiao, Rasul, Vollgraf 2017: Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine "
    "Learning Algorithms, arXiv 1708.07747"
)

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""The class names in the order of their labels (Xiao et al. 2017, Table 2)."""

TRAIN, TEST = "train", "t10k"
"""The file name prefixes of the parts, with 60,000 and 10,000 images."""

DIGEST = "a06d3266794aa0147787f49603795ec5e8a32fac55270d9b4ac38d415b342e8c"
"""The digest of the whole set, by which recorded results name it."""

_MOST_BYTES = 64_000_000
_MISSING = (
    f"Fashion-MNIST is not on this machine: its owner can download it or set its folder in "
    f"{DATA_VARIABLE}"
)


def fashion_mnist_is_here() -> bool:
    """Return whether Fashion-MNIST's test images are on this machine, with their labels."""
    return _folder(TEST) is not None


def fashion_mnist_is_whole_here() -> bool:
    """Return whether Fashion-MNIST's training and test parts are on this machine."""
    return _folder(TRAIN, TEST) is not None


def fashion_mnist() -> tuple[Tensor, Tensor]:
    """Return Fashion-MNIST's test images [10000, 28, 28], 0 to 255, and their classes [10000].

    They are read from IDX files, with or without gzip compression.

    Raises:
        ValueError: if they are not on this machine or are damaged.
    """
    folder = _folder(TEST)
    if folder is None:
        raise ValueError(_MISSING)
    return _load(folder, TEST)


def fashion_mnist_set() -> ImageSet:
    """Return all 60,000 training and 10,000 test images [1, 28, 28] with their ten classes.

    Raises:
        ValueError: if they are not on this machine or are damaged.
    """
    folder = _folder(TRAIN, TEST)
    if folder is None and fashion_mnist_is_here():
        raise ValueError(
            "Fashion-MNIST's training images are not on this machine: download them, or add "
            "their files"
        )
    if folder is None:
        raise ValueError(_MISSING)
    return _set(folder)


def fashion_mnist_unopened() -> ImageSet:
    """Return the whole set without its images: enough to look up its recorded results."""
    none = Stack(torch.empty(0, 1, 28, 28, dtype=torch.uint8), torch.empty(0, dtype=torch.int64))
    mean, std = (0.28604059698879547,), (0.3530242445149226,)
    return ImageSet("fashion_mnist", CLASSES, none, none, mean, std, DIGEST, SOURCE)


def download_fashion_mnist(report: Report = lambda done, total: None) -> None:
    """Download Fashion-MNIST into the owner's data folder, or else into the user's cache folder.

    The files are those that torchvision downloads, in the folder where it looks for them. It is
    only called when the user asks for it.

    Args:
        report: called with the bytes done and the total bytes of all files.

    Raises:
        OSError: in one sentence, if it can't be downloaded or written.
    """
    from torchvision.datasets import FashionMNIST

    for mirror in FashionMNIST.mirrors:
        files = [Remote(f"{mirror}{name}", md5) for name, md5 in FashionMNIST.resources]
        try:
            return fetch(files, data_roots()[0] / "FashionMNIST" / "raw", report)
        except OSError as error:
            failed = error
    reason = str(failed).splitlines()[-1][:200] if str(failed) else type(failed).__name__
    raise OSError(f"Fashion-MNIST could not be downloaded: {reason}") from failed


def _folder(*parts: str) -> Path | None:
    """Return the first folder that has the parts: a root, or torchvision's folder inside it."""
    names = [name for part in parts for name in _names(part)]
    for root in (*data_roots(), DEBIAN_FOLDER):
        for folder in (root, root / "FashionMNIST" / "raw", root / "fashion-mnist"):
            if all(_file(folder, name) for name in names):
                return folder
    return None


def _names(part: str) -> tuple[str, str]:
    """Return the names of a part's files: images, labels."""
    return f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"


def _file(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


@lru_cache(maxsize=1)
def _set(folder: Path) -> ImageSet:
    train, test = (
        Stack(images.unsqueeze(1), labels)
        for images, labels in (_load(folder, TRAIN), _load(folder, TEST))
    )
    mean, std = mean_and_std(train.images)
    return ImageSet(
        "fashion_mnist", CLASSES, train, test, mean, std, digest_of(train, test), SOURCE
    )


@lru_cache(maxsize=2)
def _load(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    names = _names(part)
    pictures, classes = _idx(folder, names[0], 3), _idx(folder, names[1], 1).long()
    if len(pictures) != len(classes):
        raise ValueError(
            f"Fashion-MNIST is damaged: {len(pictures):,} images and {len(classes):,} labels"
        )
    if classes.max() >= len(CLASSES):
        raise ValueError(
            f"Fashion-MNIST is damaged: {names[1]} has a label of {classes.max()}, but the highest "
            f"is {len(CLASSES) - 1}"
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
        raise ValueError(f"Fashion-MNIST is damaged: {name} is not an IDX file of bytes")
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=start).view(sides)
