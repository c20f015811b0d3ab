"""Opening of image sets by name."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from analysis.images.fashion_mnist import fashion_mnist_set
from analysis.images.folder import folder_set, is_picture, is_seen
from analysis.images.roots import data_roots
from analysis.images.sample import sample_set
from analysis.images.sets import ImageSet
from nets.options import quote

SAMPLE, FASHION_MNIST = "sample", "fashion_mnist"

_MOST_FOLDERS = 200
_MOST_LOOKS = 1_000


def open_set(name_or_path: str, seed: int = 0) -> ImageSet:
    """Open `sample`, `fashion_mnist`, one of `data_folders` by name, or a folder by path.

    Use `./NAME` for a folder elsewhere with such a name. Input from visitors of a page goes to
    `open_offered` instead.

    Args:
        name_or_path: the name or path to open.
        seed: seed of a folder's split, if it has none yet.

    Raises:
        ValueError: in one sentence, if it doesn't exist or can't be used.
    """
    if not name_or_path:
        raise ValueError(
            "the name of the image set is missing: use sample, fashion_mnist or a folder"
        )
    if name_or_path in (SAMPLE, FASHION_MNIST) or name_or_path in _offered():
        return open_offered(name_or_path, seed)
    return folder_set(Path(name_or_path), seed)


def open_offered(name: str, seed: int = 0) -> ImageSet:
    """Open `sample`, `fashion_mnist` or one of `data_folders`, by name only.

    Raises:
        ValueError: in one sentence, if it doesn't exist or can't be used.
    """
    if name == SAMPLE:
        return sample_set()
    if name == FASHION_MNIST:
        return fashion_mnist_set()
    offered = _offered()
    if name not in offered:
        allowed = ", ".join((SAMPLE, FASHION_MNIST, *offered))
        raise ValueError(f"no image set is called {quote(name)}: choose from {allowed}")
    return folder_set(offered[name], seed)


def folder_of(name: str) -> Path | None:
    """Return the path of one of `data_folders`, or None for a set that isn't a folder."""
    return _offered().get(name)


def data_folders() -> tuple[str, ...]:
    """Return the sorted names of the picture folders within the owner's data folders.

    A picture folder has two or more subfolders that each hold a picture.
    """
    return tuple(_offered())


def _offered() -> dict[str, Path]:
    """Return the picture folders by name; if two roots share a name, the first root's counts."""
    found: dict[str, Path] = {}
    for root in data_roots():
        for folder in _folders(root):
            if folder.name not in (SAMPLE, FASHION_MNIST) and _has_classes(folder):
                found.setdefault(folder.name, folder)
    return {name: found[name] for name in sorted(found)[:_MOST_FOLDERS]}


def _has_classes(folder: Path) -> bool:
    with_pictures = (own for own in _folders(folder) if any(map(is_picture, _names(own))))
    return len(list(islice(with_pictures, 2))) == 2


def _folders(folder: Path) -> list[Path]:
    found = (folder / name for name in _names(folder) if is_seen(name) and name.isprintable())
    return [path for path in found if path.is_dir()]


def _names(folder: Path) -> list[str]:
    """Return the first names in a folder, or none if it can't be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return [entry.name for entry in islice(entries, _MOST_LOOKS)]
    return []
