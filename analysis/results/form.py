"""A result as a file: `{"kind", "asked", "hash", "stamp", ...the figures}`.

The hash is computed from `asked`, so the same question has the same name on every machine. The
stamp says where and when the figures were measured.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.machine.disk import replacing
from analysis.style.rows import json_rows

MAX_BYTES = 50_000_000
"""The largest size of a result's file."""

_DAMAGE = (gzip.BadGzipFile, EOFError, zlib.error)  # raised by a damaged compressed file
_OWN = ("kind", "asked", "hash", "stamp")


@dataclass(frozen=True)
class Result:
    """The result of one experiment, as plain values.

    Attributes:
        kind: the experiment: `gradients`, `train`, `time`.
        asked: models, settings and seed; device and threads only if the figures are times.
        stamp: where and when it was measured.
        figures: the figures by name.
        tables: the figures whose items each get a line in a file.
    """

    kind: str
    asked: Mapping[str, Any]
    stamp: Mapping[str, Any]
    figures: Mapping[str, Any]
    tables: Collection[str] = field(default=(), compare=False)

    @property
    def hash(self) -> str:
        """The hash of the question."""
        return hash_of(self.kind, self.asked)

    def json(self) -> str:
        """Return the result as strict JSON, with each table row on its own line."""
        return json_rows(
            {
                "kind": self.kind,
                "asked": self.asked,
                "hash": self.hash,
                "stamp": self.stamp,
                **self.figures,
            },
            {"asked", "stamp", *self.tables},
        )

    def write(self, path: Path) -> None:
        """Write the file as a whole or not at all.

        Raises:
            OSError: if it can't be written.
        """
        with replacing(path) as file:
            file.write_text(self.json(), encoding="utf-8")


def hash_of(kind: str, asked: Mapping[str, Any]) -> str:
    """Return the hash of a question: 16 hexadecimal digits of SHA-256 over its sorted JSON.

    Equal values have equal hashes: 3.0 counts as 3.
    """
    text = json.dumps([kind, _plain(asked)], sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read_result(path: Path) -> Result:
    """Read a result's file, which may be compressed by gzip.

    Raises:
        ValueError: if the file is not a result, is damaged, or has a wrong hash.
        OSError: if it can't be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.name} is not a result: it is larger than {MAX_BYTES // 10**6} MB")
    try:
        written = path.read_bytes()
        values = json.loads(gzip.decompress(written) if path.suffix == ".gz" else written)
        kind, asked, known, stamp = (values.pop(name) for name in _OWN)
        found = Result(kind, asked, stamp, values)
        if not isinstance(kind, str) or not isinstance(asked, dict) or not isinstance(stamp, dict):
            raise TypeError
    except (*_DAMAGE, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError(f"{path.name} is not a result of this app, or is damaged") from None
    if found.hash != known:
        raise ValueError(f"{path.name} was changed: its hash doesn't match what was asked")
    return found
