"""Pictures in one folder per class, as torchvision's ImageFolder expects.

The split into training and test pictures is drawn once and written into the folder
(`analysis.images.split`).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from analysis.images.kinds import MAX_PICTURE_BYTES
from analysis.images.picture import SUFFIXES, check_header, decode
from analysis.images.sets import ImageSet
from analysis.images.split import (
    TRAIN_FILE,
    VALID_FILE,
    Pair,
    draw_split,
    plain,
    read_split,
    write_split,
)
from nets.options import number_of, quote

MAX_FILES = 100_000
"""The most files and folders of any kind below a folder."""

MAX_VERIFIED = 5_000
"""The most pictures that are all decoded when the folder is opened.

In a larger folder only headers are checked, and a damaged picture raises an error when it is used.
"""

SHORTER_SIDE = 512
"""The most pixels of a picture's shorter side; larger pictures are scaled down."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""The constants of torchvision's weights; a folder's own mean and deviation aren't computed."""

_PART_NAMES = {"train", "training", "val", "valid", "validation", "test"}
_THUMBNAIL = 32


@dataclass(frozen=True, eq=False)
class Pictures:
    """A part whose pictures are decoded one at a time, on access.

    Attributes:
        root: the folder.
        files: paths below it, with `/` between names.
        labels: the class of each picture [N], int64.
    """

    root: Path
    files: tuple[str, ...]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor:
        """Return a picture [3, H, W], uint8, with a shorter side of at most `SHORTER_SIDE`.

        Raises:
            ValueError: if it is missing or damaged, with its name.
        """
        file = self.files[index]
        try:
            image = decode(_read(self.root / file), SHORTER_SIDE).convert("RGB")
        except (OSError, ValueError) as error:
            raise ValueError(f"{plain(file)} cannot be used: {_reason(error)}") from error
        pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
        return pixels.view(image.height, image.width, 3).permute(2, 0, 1).contiguous()


def folder_set(root: Path, seed: int = 0, test_share: float = 0.2) -> ImageSet:
    """Open a folder of pictures; its classes are its subfolders, sorted by name.

    Pictures may be deeper inside the folder of their class. An existing split is used whatever the
    seed; otherwise a split is drawn, and written unless the folder is read-only. `left_out` names
    pictures that are damaged, too large or in neither part. Mean and standard deviation are
    ImageNet's.

    Args:
        root: the folder.
        seed: seed of the split.
        test_share: share of each class to test with, above 0 and below 1.

    Raises:
        ValueError: in one sentence, if the folder, its pictures or its split can't be used.
    """
    if not 0 < test_share < 1:
        raise ValueError(f"test_share must be above 0 and below 1, not {test_share}")
    asked = plain(str(root)[:200])
    try:
        root = root.resolve()
        found = _pictures_by_class(root)
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(f"there is no folder {asked}") from None
    except OSError as error:
        raise ValueError(f"{asked} cannot be read: {_reason(error)}") from None
    name = plain(root.name or str(root))
    _check_classes(name, found)
    files = [file for own in found.values() for file in own]
    hashes, left_out = _examine(root, files)
    classes = tuple(found)

    split = read_split(root, set(classes), set(files))
    if split is None:
        usable = {label: [f for f in own if f in hashes] for label, own in found.items()}
        _check_counts(name, usable)
        split = draw_split(usable, seed, test_share)
        write_split(root, split)
    listed = {file for file, _ in (*split.train, *split.valid)}
    for file in files:
        if file not in listed:
            left_out.setdefault(file, f"in neither {TRAIN_FILE} nor {VALID_FILE}")

    train = _part(root, TRAIN_FILE, split.train, classes, hashes)
    test = _part(root, VALID_FILE, split.valid, classes, hashes)
    return ImageSet(
        name,
        classes,
        train,
        test,
        IMAGENET_MEAN,
        IMAGENET_STD,
        _digest(classes, (train, test), hashes),
        left_out=tuple(f"{plain(file)}: {left_out[file]}" for file in sorted(left_out)),
    )


def is_seen(name: str) -> bool:
    """Return whether a file or folder counts; hidden ones and macOS archive entries don't."""
    return not name.startswith(".") and name != "__MACOSX"


def is_picture(name: str) -> bool:
    """Return whether a name has the extension of a picture."""
    return name.lower().endswith(SUFFIXES)


def _pictures_by_class(root: Path) -> dict[str, list[str]]:
    """Return the paths of each class's pictures below the folder, all sorted by name.

    Raises:
        OSError: if a folder can't be read.
        ValueError: if there are more than `MAX_FILES` files.
    """
    count, found = 0, dict[str, list[str]]()
    with os.scandir(root) as entries:
        for entry in entries:
            count = _counted(root, count + 1)
            if entry.is_dir() and is_seen(entry.name):
                found[entry.name] = []
    for label, own in found.items():
        for folder, folders, names in os.walk(root / label, onerror=_raise):
            folders[:] = filter(is_seen, folders)
            count = _counted(root, count + len(folders) + len(names))
            below = Path(folder).relative_to(root)
            own += [(below / n).as_posix() for n in names if is_seen(n) and is_picture(n)]
    return {label: sorted(found[label]) for label in sorted(found)}


def _counted(root: Path, count: int) -> int:
    if count > MAX_FILES:
        raise ValueError(
            f"{plain(root.name)} has too many files: at most {MAX_FILES:,} are allowed"
        )
    return count


def _raise(error: OSError) -> None:
    raise error


def _check_classes(name: str, found: dict[str, list[str]]) -> None:
    if not found:
        raise ValueError(f"{name} has no class folders: put the pictures in one folder per class")
    if not any(found.values()):
        raise ValueError(f"{name} has no pictures: supported are {', '.join(SUFFIXES)}")
    if {label.lower() for label in found} <= _PART_NAMES:
        raise ValueError(
            f"{name} has the folders {', '.join(found)} instead of one per class: put all "
            "class folders into one folder, and a seed then draws the split"
        )
    if len(found) == 1:
        raise ValueError(
            f"{name} has one class, {quote(next(iter(found)))}: at least two are needed"
        )


def _check_counts(name: str, usable: dict[str, list[str]]) -> None:
    for label, own in usable.items():
        if len(own) < 2:
            raise ValueError(
                f"class {quote(label)} of {name} has {number_of(len(own), 'usable picture')}: at "
                "least two are needed, one for each part"
            )


def _part(
    root: Path,
    of: str,
    pairs: Iterable[Pair],
    classes: tuple[str, ...],
    usable: Container[str],
) -> Pictures:
    """Return a part's usable pictures, sorted by class, then by name."""
    numbers = {label: number for number, label in enumerate(classes)}
    kept = sorted((numbers[label], file) for file, label in pairs if file in usable)
    labels = [label for label, _ in kept]
    missing = set(numbers.values()) - set(labels)
    if missing:
        raise ValueError(f"{of} has no usable pictures of class {quote(classes[min(missing)])}")
    return Pictures(root, tuple(file for _, file in kept), torch.tensor(labels))


def _digest(classes: tuple[str, ...], parts: Iterable[Pictures], hashes: Mapping[str, str]) -> str:
    """Return the SHA-256 of the class names and of the files and labels of both parts."""
    found = hashlib.sha256(repr(classes).encode())
    for part in parts:
        found.update(b"part")
        for file, label in zip(part.files, part.labels.tolist(), strict=True):
            found.update(f"{label} {hashes[file]}".encode())
    return found.hexdigest()


def _examine(root: Path, files: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the hash of each usable file, and the reason for each that can't be used."""
    hashes, left_out = dict[str, str](), dict[str, str]()
    for file in files:
        try:
            at = (root / file).stat()
            if not stat.S_ISREG(at.st_mode):
                raise ValueError("not a regular file")
            hashes[file] = _hash(
                root / file, at.st_size, at.st_mtime_ns, len(files) <= MAX_VERIFIED
            )
        except (OSError, ValueError) as error:
            left_out[file] = _reason(error)
    return hashes, left_out


@lru_cache(maxsize=MAX_FILES)
def _hash(path: Path, size: int, changed_ns: int, whole: bool) -> str:
    """Check a picture and return its file's hash, cached by size and time of change."""
    data = _read(path)
    if whole:
        decode(data, _THUMBNAIL)
    else:
        check_header(data)
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        raise ValueError(f"the file is larger than {MAX_PICTURE_BYTES // 10**6} MB")
    return data


def _reason(error: OSError | ValueError) -> str:
    """Return the part of an error that says what is wrong, without the remedy."""
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return str(error).partition(":")[0]
