"""Rows of exact values as CSV, and as readable JSON with each row on its own line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV below their columns' names; None leaves a cell empty."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue()


def json_rows(values: Mapping[str, Any], tables: Collection[str]) -> str:
    """Return plain values as strict JSON.

    Args:
        values: the object.
        tables: names of the lists and objects in it whose items each get a line.

    Raises:
        ValueError: if a number is infinite or NaN.
    """

    def write(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    lines = []
    for key, value in values.items():
        written = write(value)
        if key in tables and value:
            rows = (
                [f"{write(name)}: {write(row)}" for name, row in value.items()]
                if isinstance(value, Mapping)
                else map(write, value)
            )
            inside = ",\n".join(f"  {row}" for row in rows)
            written = f"{written[0]}\n{inside}\n {written[-1]}"
        lines.append(f" {write(key)}: {written}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
