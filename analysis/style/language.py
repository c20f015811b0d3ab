"""The language of sentences: English, or Chinese from the catalogue in `locale`.

The English text is the message. Texts that stand at module level are data in English; they are
translated when they are shown, so that no import and no cache freezes a language.
`analysis.lecture.make_catalogue` collects all messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).with_name("locale")
"""The folder of the catalogues, as gettext lays it out."""

DOMAIN = "resnet_lab"
"""The name of the catalogues' files."""


class Language(StrEnum):
    """A language of the lecture, by its code."""

    ENGLISH = "en"
    CHINESE = "zh"

    @property
    def label(self) -> str:
        """The language's own name."""
        return {"en": "English", "zh": "中文"}[self]


Said = TypeVar("Said")

_spoken: ContextVar[Language] = ContextVar("spoken", default=Language.ENGLISH)

_HAN = "\u3400-\u9fff"
_SEAM = re.compile(rf"(?<=[{_HAN}])(?=[A-Za-z0-9−√])|(?<=[A-Za-z0-9%°⁰¹²³⁴-⁹ⁿ])(?=[{_HAN}])")
"""Where a Chinese sentence has a space: between a Han character and a Latin letter or number."""

_GAP = re.compile(rf"(?<=[{_HAN}，。；：）]) (?=[{_HAN}（])|(?<=[，。；：）]) ")
"""Where it has none."""


def spoken() -> Language:
    """Return the language in which this context speaks; English by default."""
    return _spoken.get()


def speak(language: Language) -> None:
    """Speak a language from now on, in this context: a thread, or a run of a page."""
    _spoken.set(language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak a language within a block."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def in_english(say: Callable[..., Said], *arguments: Any) -> Said:
    """Return what a function says in English, such as for a file that all read."""
    with speaking(Language.ENGLISH):
        return say(*arguments)


def marked(text: str) -> str:
    """Return a text at module level unchanged; the catalogue collects it from this call."""
    return text


def translate(text: str, /, **values: Any) -> str:
    """Return a text in the spoken language.

    Args:
        text: the English text. A text without a translation stays English.
        values: what the names in its braces stand for; without any, braces are left as they are.
    """
    return filled(text, values) if values else _translated(text)


def filled(text: str, values: Mapping[str, Any]) -> str:
    """Return a text in the spoken language with the values that its braces name."""
    return _joined(_translated(text).format_map(values))


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun in the spoken language.

    Args:
        number: how many there are.
        one: the English text for 1, such as `{number} seed`.
        many: the English text for any other number.
    """
    if spoken() is Language.ENGLISH:
        text = one if number == 1 else many
    else:
        text = _catalogue(spoken()).ngettext(one, many, number)
    return _joined(text.format(number=f"{number:,}"))


def between(low: str, high: str) -> str:
    """Return a range, `3.4 to 12`, or one value if both ends read the same."""
    return low if low == high else translate("{low} to {high}", low=low, high=high)


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    *most, last = names
    return translate("{most} and {last}", most=translate(", ").join(most), last=last)


def _translated(text: str) -> str:
    if not text or spoken() is Language.ENGLISH:
        return text
    return _catalogue(spoken()).gettext(text)


def _joined(text: str) -> str:
    """Return a text with the spaces that its language has around what was filled in."""
    if spoken() is not Language.CHINESE:
        return text
    return _GAP.sub("", _SEAM.sub(" ", text))


@cache
def _catalogue(language: Language) -> GNUTranslations:
    with (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return GNUTranslations(file)
