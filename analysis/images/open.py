"""A set of images by its name."""

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
    """Open `sample`, `fashion_mnist`, one of `data_folders` by its name, or a folder by its path.

    A folder of such a name elsewhere is opened as `./NAME`. Whatever a visitor of a page gives goes
    to `open_offered` instead.

    Args:
        name_or_path: what to open.
        seed: of a folder's split, where it has none yet.

    Raises:
        ValueError: in one sentence, where it is not there or cannot be used.
    """
    if not name_or_path:
        raise ValueError(
            "the name of a set of images is missing: sample, fashion_mnist or a folder"
        )
    if name_or_path in (SAMPLE, FASHION_MNIST) or name_or_path in _offered():
        return open_offered(name_or_path, seed)
    return folder_set(Path(name_or_path), seed)


def open_offered(name: str, seed: int = 0) -> ImageSet:
    """Open `sample`, `fashion_mnist` or one of `data_folders`, by its name alone.

    Raises:
        ValueError: in one sentence, where it is not there or cannot be used.
    """
    if name == SAMPLE:
        return sample_set()
    if name == FASHION_MNIST:
        return fashion_mnist_set()
    offered = _offered()
    if name not in offered:
        allowed = ", ".join((SAMPLE, FASHION_MNIST, *offered))
        raise ValueError(f"no set of images is called {quote(name)}: choose from {allowed}")
    return folder_set(offered[name], seed)


def folder_of(name: str) -> Path | None:
    """Return where one of `data_folders` is; None for a set that is no folder."""
    return _offered().get(name)


def data_folders() -> tuple[str, ...]:
    """Return the names of the folders of pictures within the owner's data folders, sorted.

    They are those with two folders or more that hold a picture each.
    """
    return tuple(_offered())


def _offered() -> dict[str, Path]:
    """The folders of pictures by name; where two roots have one of a name, the first one's."""
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
    """The first names in a folder; none where it cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return [entry.name for entry in islice(entries, _MOST_LOOKS)]
    return []
