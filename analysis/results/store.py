"""The server's store of results, which survives reloads and restarts and is bounded."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from analysis.images.roots import data_roots
from analysis.machine.disk import replacing
from analysis.results.form import Result, read_result

MAX_FILES = 1_000
"""The most results in the store; the oldest are deleted first."""

MAX_STORE_BYTES = 2_000_000_000
"""The largest size of the store, including files beside the results such as trained weights."""

_FOLDER = "results"
_NAME = re.compile(r"[0-9a-f]{16}")
_KIND = re.compile(r'\{\s*"kind": "([a-z_]+)"')
_HEAD = 100  # characters read to find a file's kind


class Store:
    """A folder of results, each a file named by its hash, with other kinds of files beside it.

    A store that can't be written to silently keeps nothing; results are still shown.

    Args:
        folder: the folder; by default one in the owner's data folder or the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or data_roots()[0] / _FOLDER

    def keep(self, result: Result) -> bool:
        """Keep a result, deleting the oldest if needed, and return whether it is kept."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            result.write(self.path(result.hash))
            self._make_room(result.hash)
            return True
        return False

    def take(self, files: Mapping[str, bytes]) -> None:
        """Keep results that another machine wrote, with the files beside them.

        Args:
            files: their contents, by the names that `path` gives them.
        """
        for name in sorted(files, key=lambda name: name.endswith(".json")):  # write results last
            stem, dot, suffix = name.partition(".")
            with contextlib.suppress(OSError, ValueError):
                self.folder.mkdir(parents=True, exist_ok=True)
                with replacing(self.path(stem, dot + suffix)) as file:
                    file.write_bytes(files[name])
                self._make_room(stem)

    def find(self, name: str) -> Result | None:
        """Return the result of a hash, or None if it is missing or damaged."""
        with contextlib.suppress(OSError, ValueError):
            return read_result(self.path(name))
        return None

    def all(self, kind: str) -> Iterator[Result]:
        """Yield every undamaged result of a kind, the newest first."""
        for path in self.paths(kind):
            with contextlib.suppress(OSError, ValueError):
                yield read_result(path)

    def paths(self, kind: str) -> list[Path]:
        """Return the files of a kind, the newest first, by their first lines alone."""
        return [path for changed, path in self._results() if _kind(path, changed) == kind]

    def path(self, name: str, suffix: str = ".json") -> Path:
        """Return the file of a hash.

        Raises:
            ValueError: if the name is not a hash.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is not a result's hash")
        return self.folder / f"{name}{suffix}"

    def _results(self) -> list[tuple[int, Path]]:
        """Return all results with the time of their last change in ns, the newest first."""
        found = []
        for path in self.folder.glob("*.json"):
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime_ns, path))
        return sorted(found, reverse=True)

    def _make_room(self, new: str) -> None:
        size = 0
        for number, (_, path) in enumerate(self._results()):
            files = list(self.folder.glob(f"{path.stem}.*"))
            size += sum(file.stat().st_size for file in files)
            if path.stem != new and (number >= MAX_FILES or size > MAX_STORE_BYTES):
                for file in files:
                    file.unlink(missing_ok=True)


@lru_cache(2 * MAX_FILES)
def _kind(path: Path, changed_ns: int) -> str:
    """Return the kind of a result's file, which its first lines name; "" if they don't."""
    with contextlib.suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        if found := _KIND.match(file.read(_HEAD)):
            return found[1]
    return ""
