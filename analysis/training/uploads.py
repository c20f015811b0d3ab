"""Checkpoints that visitors upload, kept for a while by hash so that an address can name them."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.images.roots import data_roots
from analysis.machine.disk import replacing
from analysis.style.numbers import short
from analysis.training.checkpoints import SUFFIX, Opened, convert, load, open_checkpoint
from analysis.training.tensors import MAX_UPLOAD_BYTES

MAX_UPLOADS = 20
"""Most checkpoints that a server keeps; the oldest is deleted first."""

_FOLDER = "checkpoints"
_NAME = re.compile(r"[0-9a-f]{16}")


def keep(data: bytes, folder: Path | None = None) -> str:
    """Keep a checkpoint and return the name by which `uploaded` finds it.

    One from another program is kept in this app's format.

    Args:
        data: the file's bytes.
        folder: by default in the owner's data folder, or else in the user's cache folder.

    Raises:
        ValueError: if it isn't a checkpoint that `load` reads, or is too large.
        OSError: if it can't be written.
    """
    _check_size(data)
    folder = folder or _folder()
    name = hashlib.sha256(data).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{name}{SUFFIX}") as file:
        file.write_bytes(data)
        try:
            checkpoint = load(file)
            if checkpoint.is_foreign:
                convert(checkpoint, file)
        except ValueError as error:
            raise _of_upload(error, file) from None
    kept = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
    for path in kept[:-MAX_UPLOADS]:
        with suppress(OSError):
            path.unlink()
    return name


def look(data: bytes) -> Opened:
    """Recognise the network of an uploaded file without keeping the file.

    Raises:
        ValueError: in one sentence, if it can't be read, isn't a ResNet, or is too large.
        OSError: if there is no room for it.
    """
    _check_size(data)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "uploaded-checkpoint"
        file.write_bytes(data)
        try:
            return open_checkpoint(file)
        except ValueError as error:
            raise _of_upload(error, file) from None


def uploaded(name: str, folder: Path | None = None) -> Path | None:
    """Return the file for a name that `keep` returned, or None if it is no longer kept."""
    if not _NAME.fullmatch(name):
        return None
    path = (folder or _folder()) / f"{name}{SUFFIX}"
    return path if path.is_file() else None


def _check_size(data: bytes) -> None:
    if len(data) > MAX_UPLOAD_BYTES:
        raise ValueError(f"a checkpoint may have at most {short(MAX_UPLOAD_BYTES, 'B')}")


def _of_upload(error: ValueError, file: Path) -> ValueError:
    """Return an error without the file's name on this server."""
    return ValueError(str(error).removeprefix(f"{file.name}: ").replace(file.name, "the file"))


def _folder() -> Path:
    return data_roots()[0] / _FOLDER
