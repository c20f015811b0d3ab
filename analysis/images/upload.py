"""Unpacking of an uploaded .zip of pictures, within limits, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from analysis.images.folder import is_picture, is_seen
from analysis.images.roots import data_roots
from analysis.images.split import TRAIN_FILE, VALID_FILE, plain

MAX_FILES = 20_000
"""The most pictures in an archive."""

MAX_ENTRIES = 50_000
"""The most entries of any kind in an archive; macOS adds one for each file."""

MAX_BYTES = 1_000_000_000
"""The most bytes of all its files, unpacked."""

MAX_RATIO = 100
"""The highest ratio of unpacked to packed bytes beyond `FREE_BYTES`; pictures hardly shrink."""

FREE_BYTES = 50_000_000
"""The bytes to which an archive may unpack whatever its ratio."""

MAX_DEPTH = 20
"""The most levels of nested folders."""

MAX_UPLOADS = 20
"""The most archives that a server keeps unpacked; the oldest is deleted first."""

_ENTRY = b"PK\x01\x02"
_DAMAGED = "the archive is damaged or is not a .zip file"
_CHUNK_BYTES = 1 << 20
_DRIVE = re.compile(r"[A-Za-z]:")


def unpack(data: bytes | BinaryIO, into: Path) -> Path:
    """Unpack the pictures of an archive, and its `train.jsonl` and `valid.jsonl`, into a folder.

    Top-level folders that all pictures share are skipped, as long as a folder for each class
    remains. Other files are left out. The folder appears when everything is written.

    Args:
        data: the archive, or a seekable file of it.
        into: the folder, which must not exist yet.

    Returns:
        The folder.

    Raises:
        FileExistsError: if the folder already exists.
        ValueError: in one sentence, if the archive is too large, damaged, encrypted or unsafe.
        OSError: in one sentence, if it can't be written to the disk.
    """
    if into.exists():
        raise FileExistsError(f"{plain(into.name)} already exists")
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    size = _check_size(file)
    try:
        archive = ZipFile(file)
    except Exception as error:  # a reader may raise anything on untrusted bytes
        raise ValueError(_DAMAGED) from error
    wanted = _wanted(archive.infolist())
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(mkdtemp(prefix=".unpacking-", dir=into.parent))
        try:
            _write(archive, wanted, temporary, size)
            temporary.chmod(0o755)
            temporary.rename(into)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise OSError(f"the archive cannot be unpacked: {reason}") from error
    return into


def keep(data: bytes, name: str) -> Path:
    """Unpack a visitor's archive into the server's uploads; equal archives are unpacked once.

    Args:
        data: the archive.
        name: the archive's name, whose letters and digits form the folder's name.

    Returns:
        The folder.

    Raises:
        ValueError: as `unpack`.
        OSError: as `unpack`.
    """
    called = "".join(c if c.isalnum() else "-" for c in name.removesuffix(".zip"))[:40]
    uploads = data_roots()[0] / "uploads"
    folder = uploads / hashlib.sha256(data).hexdigest()[:16] / (called or "pictures")
    if not folder.exists():
        unpack(data, folder)
        others = [path for path in uploads.iterdir() if path != folder.parent]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in others[MAX_UPLOADS - 1 :]:
            shutil.rmtree(path, ignore_errors=True)
    return folder


def _check_size(file: BinaryIO) -> int:
    """Return the archive's size in bytes.

    Count the signatures of entries before opening the archive, since reading each entry takes
    memory.
    """
    file.seek(0)
    size, entries, tail = 0, 0, b""
    while chunk := file.read(_CHUNK_BYTES):
        size += len(chunk)
        tail += chunk
        entries += tail.count(_ENTRY)
        tail = tail[-len(_ENTRY) + 1 :]
        if entries > MAX_ENTRIES:
            raise ValueError(f"the archive has too many files: at most {MAX_ENTRIES:,} are allowed")
    file.seek(0)
    return size


def _wanted(entries: list[ZipInfo]) -> dict[PurePosixPath, ZipInfo]:
    """Return the entries to write by path below the folder; refuse an unsafe archive."""
    found: dict[PurePosixPath, ZipInfo] = {}
    for entry in entries:
        _check_entry(entry)
        path = PurePosixPath(entry.filename)
        if entry.is_dir() or not all(map(is_seen, path.parts)):
            continue
        if not is_picture(path.name) and path.name not in (TRAIN_FILE, VALID_FILE):
            continue
        if path in found:
            raise ValueError(f"{plain(str(path))} appears twice in the archive")
        found[path] = entry
    pictures = [path for path in found if is_picture(path.name)]
    if not pictures:
        raise ValueError("the archive has no pictures")
    if len(pictures) > MAX_FILES:
        raise ValueError(f"the archive has too many pictures: at most {MAX_FILES:,} are allowed")
    top = _shared_folder(pictures)
    return {
        path.relative_to(top): entry
        for path, entry in found.items()
        if is_picture(path.name) or path.parent == top
    }


def _check_entry(entry: ZipInfo) -> None:
    """Raise ValueError if an entry would leave the folder, or is a link or encrypted."""
    name = entry.orig_filename  # zipfile cuts `filename` at a zero byte
    parts = name.split("/")
    if (
        not name
        or name.startswith("/")
        or ".." in parts
        or _DRIVE.match(name)
        or {"\\", "\0"} & set(name)
    ):
        raise ValueError(f"the archive contains an unsafe path, {plain(name[:80])}")
    if len(parts) > MAX_DEPTH:
        raise ValueError(
            f"the archive nests folders too deeply: at most {MAX_DEPTH} levels are allowed"
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ValueError(
            f"the archive contains a link, {plain(name[:80])}: include the file itself"
        )
    if entry.flag_bits & 1:
        raise ValueError("the archive is encrypted: create it without a password")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ValueError(
            "the archive uses a compression other than deflate: create an ordinary .zip file"
        )


def _shared_folder(pictures: list[PurePosixPath]) -> PurePosixPath:
    """Return the deepest folder that holds all pictures, each in a subfolder of it."""
    shared = pictures[0].parent.parent.parts
    for path in pictures:
        own = path.parent.parent.parts
        count = 0
        while count < min(len(shared), len(own)) and shared[count] == own[count]:
            count += 1
        shared = shared[:count]
    return PurePosixPath(*shared)


def _write(archive: ZipFile, wanted: dict[PurePosixPath, ZipInfo], folder: Path, size: int) -> None:
    """Write the entries, counting the bytes that each one really unpacks to."""
    done = 0
    for path, entry in wanted.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            for chunk in _chunks(archive, entry):
                done += len(chunk)
                if done > MAX_BYTES:
                    raise ValueError(f"the archive unpacks to more than {MAX_BYTES // 10**9} GB")
                if done > max(FREE_BYTES, MAX_RATIO * size):
                    raise ValueError(
                        f"the archive unpacks to more than {MAX_RATIO} times its size, which "
                        "pictures never do"
                    )
                out.write(chunk)


def _chunks(archive: ZipFile, entry: ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(entry) as packed:
            while chunk := packed.read(_CHUNK_BYTES):
                yield chunk
    except Exception as error:
        raise ValueError(_DAMAGED) from error
