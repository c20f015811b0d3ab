"""Lectures as small TOML files, and as a text short enough for an address."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from analysis.lecture.story import Lecture, Question, Step
from analysis.style.toml_lines import header_lines, line_of, read_toml

MAX_BYTES = 200_000
"""Largest size of a lecture's file."""

MARK = "~"
"""What the text of a packed lecture begins with."""

_TEXTS = ("title", "address", "say", "question", "because", "notes")
_KEYS = (*_TEXTS, "answers", "right")


def read_lecture(text: str) -> Lecture:
    """Read a lecture from TOML.

    It has a `title` and `[[steps]]`, each with a `title` and an `address`, and if wanted `say`,
    `notes`, and a `question` with three `answers`, the number of the `right` one and `because`.

    Raises:
        ValueError: in one sentence that names the line.
    """
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(f"a lecture's file has at most {MAX_BYTES // 1000} kB")
    values = read_toml(text)
    lines = text.splitlines()
    starts = header_lines("steps", lines)
    found = values.get("steps", [])
    if unknown := set(values) - {"title", "steps"}:
        name = min(unknown)
        raise ValueError(f"line {line_of(name, lines, 0)}: {name!r} isn't a field of a lecture")
    if not isinstance(found, list) or not all(isinstance(step, dict) for step in found):
        raise ValueError(f"line {line_of('steps', lines, 0)}: steps are written as [[steps]]")
    steps = []
    for index, step in enumerate(found):
        start = starts[index] if index < len(starts) else 1
        try:
            steps.append(_step(step))
        except _FieldError as error:
            raise ValueError(f"line {line_of(error.field, lines, start - 1)}: {error}") from None
        except ValueError as error:
            named = str(error).partition(" ")[0]
            named = "answers" if named == "answer" else named
            line = line_of(named, lines, start - 1) if named in step else start
            raise ValueError(f"line {line}: {error}") from None
    try:
        return Lecture(values.get("title", ""), tuple(steps))
    except ValueError as error:
        raise ValueError(f"line {line_of('title', lines, 0)}: {error}") from None


class _FieldError(ValueError):
    """A field that is wrong, and its name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def _step(values: Mapping[str, Any]) -> Step:
    if unknown := set(values) - set(_KEYS):
        name = min(unknown)
        known = ", ".join(_KEYS)
        raise _FieldError(name, f"{name!r} isn't a field of a step: choose from {known}")
    for name in _TEXTS:
        if not isinstance(values.get(name, ""), str):
            raise _FieldError(name, f"{name} must be a string")
    if "question" not in values and (extra := {"answers", "right", "because"} & set(values)):
        raise _FieldError(min(extra), f"{min(extra)} needs a question")
    return Step(
        values.get("title", ""),
        address_of(values.get("address", "")),
        values.get("say", ""),
        _question(values) if "question" in values else None,
        values.get("notes", ""),
    )


def _question(values: Mapping[str, Any]) -> Question:
    answers, right = values.get("answers", []), values.get("right")
    if not isinstance(answers, list) or not all(isinstance(one, str) for one in answers):
        raise _FieldError("answers", "answers must be a list of three strings")
    if right is not None and (isinstance(right, bool) or not isinstance(right, int)):
        raise _FieldError("right", "right must be 1, 2 or 3")
    place = None if right is None else right - 1
    return Question(values["question"], tuple(answers), place, values.get("because", ""))


def address_of(text: str) -> str:
    """Return a step's address from one that may be a browser's whole URL."""
    parts = urlsplit(text.strip())
    page = parts.path.rstrip("/").rpartition("/")[2] if parts.netloc else parts.path.strip("/")
    return f"{page}?{parts.query}" if parts.query else page


def write_lecture(lecture: Lecture) -> str:
    """Write a lecture as TOML that `read_lecture` reads; numbers in braces are filled in."""

    def line(name: str, value: Any) -> str:
        return f"{name} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")

    filled = lecture.filled
    lines = [line("title", filled(lecture.title))]
    for step in lecture.steps:
        lines += ["", "[[steps]]", line("title", filled(step.title)), line("address", step.address)]
        if step.say:
            lines.append(line("say", filled(step.say)))
        if question := step.question:
            lines.append(line("question", filled(question.asked)))
            lines.append(line("answers", [filled(answer) for answer in question.answers]))
            if question.right is not None:
                lines.append(line("right", question.right + 1))
            if question.because:
                lines.append(line("because", filled(question.because)))
        if step.notes:
            lines.append(line("notes", filled(step.notes)))
    return "\n".join(lines) + "\n"


def pack(lecture: Lecture) -> str:
    """Write a lecture as a text for an address: letters, digits, - and _."""
    data = zlib.compress(write_lecture(lecture).encode(), 9)
    return MARK + base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpack(text: str) -> Lecture:
    """Read a lecture from the text of an address.

    Raises:
        ValueError: if the text isn't a lecture.
    """
    try:
        data = base64.urlsafe_b64decode(text.removeprefix(MARK) + "=" * (-(len(text) - 1) % 4))
        inflate = zlib.decompressobj()
        raw = inflate.decompress(data, MAX_BYTES + 1)
        return read_lecture(raw.decode())
    except (zlib.error, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"the address doesn't contain a lecture: {error}") from None
