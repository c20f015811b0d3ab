"""Downloads of files, only on request, each whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

Report = Callable[[int, int], None]
"""A callback with the bytes done and the total bytes of all files, 0 if a server doesn't say."""

_CHUNK_BYTES = 256 * 1024
_SECONDS = 30.0


@dataclass(frozen=True)
class Remote:
    """A file to download.

    Attributes:
        url: its address.
        md5: the MD5 of its bytes in hexadecimal, which detects damage but not forgery.
    """

    url: str
    md5: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


def fetch(files: Sequence[Remote], folder: Path, report: Report) -> None:
    """Download files into a folder; intact files that are already there are kept.

    A file is written under a temporary name and renamed once its hash is correct, so an interrupted
    download leaves no partial file. An exception from `report` ends the download.

    Raises:
        OSError: if a file can't be downloaded, is damaged, or can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [file for file in files if not _is_whole(folder / file.name, file.md5)]
    try:
        sizes = [_size(file.url) for file in missing]
        total = sum(sizes) if all(sizes) else 0
        done = 0
        for file in missing:
            done = _fetch(file, folder / file.name, done, total, report)
    except HTTPException as error:
        raise OSError(f"the server sent an invalid response: {type(error).__name__}") from error


def _fetch(file: Remote, path: Path, done: int, total: int, report: Report) -> int:
    part = path.with_name(f"{path.name}.part")
    found = hashlib.md5(usedforsecurity=False)
    try:
        with urlopen(file.url, timeout=_SECONDS) as answer, part.open("wb") as out:
            while chunk := answer.read(_CHUNK_BYTES):
                out.write(chunk)
                found.update(chunk)
                done += len(chunk)
                report(done, total)
        if found.hexdigest() != file.md5:
            raise OSError(f"{file.name} is damaged: its checksum is wrong")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return done


def _size(url: str) -> int:
    """Return the size that a server announces for a file, or 0."""
    with urlopen(Request(url, method="HEAD"), timeout=_SECONDS) as answer:
        return int(answer.headers.get("Content-Length") or 0)


def _is_whole(path: Path, md5: str) -> bool:
    with suppress(OSError):
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == md5
    return False
