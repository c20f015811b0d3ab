"""The split of a folder's pictures into training and test parts, as files that can be edited.

`train.jsonl` and `valid.jsonl` hold a line of {"file", "label"} for each picture: its path below
the folder, with `/` between names, and the name of its class.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from random import Random

from nets.options import quote

TRAIN_FILE, VALID_FILE = "train.jsonl", "valid.jsonl"

MAX_FILE_BYTES = 50_000_000
"""The largest size of either file."""

Pair = tuple[str, str]
"""A picture's path below the folder and the name of its class."""


@dataclass(frozen=True)
class Split:
    """The pictures of both parts."""

    train: tuple[Pair, ...]
    valid: tuple[Pair, ...]


def plain(name: str) -> str:
    """Return a file's name for a message: on one line, whatever characters it holds."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)


def draw_split(pictures: Mapping[str, Sequence[str]], seed: int, test_share: float) -> Split:
    """Draw a share of each class for testing, with at least one picture in each part.

    A class's draw depends only on its own name and files, not on their order or other classes.

    Args:
        pictures: at least two files for each class.
        seed: seed of the draw.
        test_share: share to test with, above 0 and below 1.
    """
    train: list[Pair] = []
    valid: list[Pair] = []
    for label, files in sorted(pictures.items()):
        count = min(max(round(test_share * len(files)), 1), len(files) - 1)
        drawn = set(Random(os.fsencode(f"{seed}/{label}")).sample(sorted(files), count))
        for file in sorted(files):
            (valid if file in drawn else train).append((file, label))
    return Split(tuple(train), tuple(valid))


def write_split(folder: Path, split: Split) -> bool:
    """Write both files; if the folder can't be written to, leave neither and return False."""
    parts = {TRAIN_FILE: split.train, VALID_FILE: split.valid}
    written = [folder / f".{name}.part" for name in parts]
    try:
        for path, pairs in zip(written, parts.values(), strict=True):
            lines = (
                json.dumps({"file": file, "label": label}, ensure_ascii=False) + "\n"
                for file, label in pairs
            )
            path.write_text("".join(lines), encoding="utf-8", errors="surrogateescape", newline="")
        for path, name in zip(written, parts, strict=True):
            path.replace(folder / name)
    except OSError:
        for path in written:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        return False
    return True


def read_split(folder: Path, classes: Collection[str], files: Collection[str]) -> Split | None:
    """Read both files, or return None if there are none.

    Args:
        folder: the folder of the files.
        classes: the allowed labels.
        files: the existing pictures.

    Raises:
        ValueError: in one sentence with file and line, if a line can't be used.
    """
    here = [name for name in (TRAIN_FILE, VALID_FILE) if (folder / name).exists()]
    if not here:
        return None
    if len(here) == 1:
        (missing,) = {TRAIN_FILE, VALID_FILE} - set(here)
        raise ValueError(
            f"{plain(folder.name)} has {here[0]} but no {missing}: add it, or delete {here[0]} to "
            "draw a new split"
        )
    seen: set[str] = set()
    train, valid = (tuple(_pairs(folder / name, classes, files, seen)) for name in here)
    return Split(train, valid)


def _pairs(
    path: Path, classes: Collection[str], files: Collection[str], seen: set[str]
) -> Iterator[Pair]:
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            file, label = _pair(line)
            if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
                raise ValueError(f"{plain(file)} is outside the folder")
            if label not in classes:
                raise ValueError(f"unknown label {quote(label)}: use the name of a class folder")
            if file not in files:
                raise ValueError(f"{plain(file)} is not a picture in the class folders")
            if file in seen:
                raise ValueError(f"{plain(file)} is listed twice")
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number:,}: {error}") from None
        seen.add(file)
        yield file, label


def _pair(line: str) -> Pair:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    match value:
        case {"file": str(file), "label": str(label)}:
            return file, label
    raise ValueError('expected {"file": "...", "label": "..."}')


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"{path.name} is larger than {MAX_FILE_BYTES // 10**6} MB")
    return data.decode("utf-8-sig", errors="surrogateescape")
