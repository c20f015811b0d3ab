"""The server's store of results, which survives reloads and restarts and is bounded."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from analysis.images.roots import data_roots
from analysis.results.form import Result, read_result

MAX_FILES = 1_000
"""The most results in the store; the oldest are deleted first."""

MAX_STORE_BYTES = 2_000_000_000
"""The largest size of the store, including files beside the results such as trained weights."""

_FOLDER = "results"
_NAME = re.compile(r"[0-9a-f]{16}")


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

    def find(self, name: str) -> Result | None:
        """Return the result of a hash, or None if it is missing or damaged."""
        with contextlib.suppress(OSError, ValueError):
            return read_result(self.path(name))
        return None

    def all(self, kind: str) -> Iterator[Result]:
        """Yield every valid result of a kind, newest first."""
        for path in self._results():
            with contextlib.suppress(OSError, ValueError):
                result = read_result(path)
                if result.kind == kind:
                    yield result

    def path(self, name: str, suffix: str = ".json") -> Path:
        """Return the file of a hash.

        Raises:
            ValueError: if the name is not a hash.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is not a result's hash")
        return self.folder / f"{name}{suffix}"

    def _results(self) -> list[Path]:
        """Return all results, newest first."""
        found = []
        for path in self.folder.glob("*.json"):
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found, reverse=True)]

    def _make_room(self, new: str) -> None:
        size = 0
        for number, path in enumerate(self._results()):
            files = list(self.folder.glob(f"{path.stem}.*"))
            size += sum(file.stat().st_size for file in files)
            if path.stem != new and (number >= MAX_FILES or size > MAX_STORE_BYTES):
                for file in files:
                    file.unlink(missing_ok=True)
