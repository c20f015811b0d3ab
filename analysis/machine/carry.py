"""Calls whose arguments name files, sent to another machine together with copies of the files.

In what is sent, a path that names a carried file is a mark, which becomes the copy's path there; in
what comes back, the copy's path is that mark again. So a call, its reports and its result need no
shared folder.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.style.numbers import short

MAX_BYTES = 200_000_000
"""Most bytes of the files that go with one call."""


class TooLargeError(ValueError):
    """Raised if files are too large to go with a call."""


@dataclass(frozen=True)
class Parcel:
    """A call and copies of its files.

    Attributes:
        call: the pickled call, with marks for the paths.
        files: the name and the contents of each path, by relative paths; a folder to write into
            has no contents.
    """

    call: bytes
    files: tuple[tuple[str, Mapping[str, bytes]], ...] = ()

    @property
    def size(self) -> int:
        """The number of bytes of all parts."""
        return len(self.call) + sum(
            len(data) for _, contents in self.files for data in contents.values()
        )

    def unwrap(self, folder: Path) -> list[Path]:
        """Write the copies into an empty folder and return their paths, in order.

        Each keeps its name, below a folder with its number.
        """
        paths = []
        for number, (name, contents) in enumerate(self.files):
            own = folder / str(number) / name
            own.parent.mkdir()
            if list(contents) != [""]:
                own.mkdir()
            for relative, data in contents.items():
                path = own / relative if relative else own
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            paths.append(own)
        return paths


def carried(files: Collection[Path | str], folder: Path | None = None) -> list[Path]:
    """Return the paths that go with a call: the files that exist, then the folder to write into.

    A text without a separator is a name, such as that of an included set, not a path.
    """
    texts = (file for file in files if isinstance(file, Path) or os.sep in file)
    paths = dict.fromkeys(map(Path, texts))
    return [*(path for path in paths if path.exists()), *([folder] if folder else [])]


def parcel(call: Any, paths: Sequence[Path], folder: Path | None = None) -> Parcel:
    """Pack a call together with its files.

    Args:
        call: any picklable value.
        paths: those of `carried`.
        folder: the one of them to write into, whose contents stay here.

    Raises:
        TooLargeError: in one sentence, if the files are too large.
        OSError: if a file can't be read.
    """
    size = sum(file.stat().st_size for path in paths if path != folder for file in _within(path))
    if size > MAX_BYTES:
        raise TooLargeError(
            f"the files of the job hold {short(size, 'B')}, and at most {short(MAX_BYTES, 'B')} "
            "are sent to a cluster"
        )
    files = tuple((path.name, {} if path == folder else _contents(path)) for path in paths)
    return Parcel(dumps(call, paths), files)


def _within(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _contents(path: Path) -> dict[str, bytes]:
    """Return the contents of a file by "", or those of a folder's files by their relative paths."""
    return {
        "" if file == path else file.relative_to(path).as_posix(): file.read_bytes()
        for file in _within(path)
    }


def dumps(value: Any, paths: Sequence[Path]) -> bytes:
    """Pickle a value, with a mark in place of each of the paths."""
    out = io.BytesIO()
    _Pickler(out, paths).dump(value)
    return out.getvalue()


def loads(data: bytes, paths: Sequence[Path]) -> Any:
    """Unpickle what `dumps` returned, with other paths in place of the marks."""
    return _Unpickler(io.BytesIO(data), paths).load()


class _Pickler(pickle.Pickler):
    def __init__(self, out: io.BytesIO, paths: Sequence[Path]) -> None:
        super().__init__(out)
        self._marks: dict[Any, tuple[bool, int]] = {}
        for number, path in enumerate(paths):
            self._marks[str(path)] = True, number
            self._marks[path] = False, number

    def persistent_id(self, obj: Any) -> tuple[bool, int] | None:
        """Return whether a path is a text, and its number."""
        return self._marks.get(obj) if isinstance(obj, str | Path) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: io.BytesIO, paths: Sequence[Path]) -> None:
        super().__init__(data)
        self._paths = paths

    def persistent_load(self, pid: tuple[bool, int]) -> str | Path:
        """Return the path of a mark."""
        is_text, number = pid
        return str(self._paths[number]) if is_text else self._paths[number]
