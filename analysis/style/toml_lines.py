"""TOML files whose errors name the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

_HEADER = re.compile(r"^\s*\[{1,2}[^\[\],{}=]+\]{1,2}\s*(#.*)?$")


def read_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        ValueError: in one sentence that begins with the line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
    if found := re.search(r"\(at line (\d+), column \d+\)", said):
        raise ValueError(f"line {found[1]}: {said[: found.start()].strip().rstrip('.')}")
    raise ValueError(f"line {max(len(text.splitlines()), 1)}: {said.split(' (at')[0]}")


def header_lines(name: str, lines: Sequence[str]) -> list[int]:
    """Return the numbers of the lines that begin a table, `[name]` or `[[name]]`."""
    pattern = re.compile(rf"^\s*\[{{1,2}}\s*{re.escape(name)}\s*\]")
    return [number for number, line in enumerate(lines, 1) if pattern.match(line)]


def line_of(field: str, lines: Sequence[str], start: int) -> int:
    """Return the number of a field's line after line `start`, or the next one if it isn't there.

    The search ends where the next table begins.
    """
    pattern = re.compile(rf"^\s*\"?{re.escape(field)}\"?\s*[=.]")
    for number, line in enumerate(lines[start:], start + 1):
        if pattern.match(line):
            return number
        if number > start + 1 and _HEADER.match(line):
            break
    return start + 1
