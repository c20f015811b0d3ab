"""Update the catalogue of translations: `python -m analysis.lecture.make_catalogue`.

It collects the messages of the story, of the exercises and of every call in `analysis` and `pages`,
keeps existing translations, and writes both the text (`.po`, to be edited) and the file
that the app reads (`.mo`). Run it again after an edit. It needs Babel, one of the tests'
requirements.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from analysis.lecture.exercises.catalog import EXERCISES
from analysis.lecture.steps import STORY
from analysis.style.language import DOMAIN, FOLDER, Language

_ROOT = Path(__file__).parents[2]
_CALLS = {"translate": None, "marked": None, "counted": (2, 3)}

Message = str | tuple[str, str]
"""An English text, or its singular and its plural."""


class _Catalogue(Catalog):
    """A catalogue whose header has no time stamps and so changes with the messages alone."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]

    @mime_headers.setter
    def mime_headers(self, headers: object) -> None:
        """Keep the header as it is."""


def path_of(language: Language, suffix: str) -> Path:
    """Return a catalogue's file: `.po` or `.mo`."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}{suffix}"


def messages() -> dict[Message, list[str]]:
    """Return every message with the files that have it: the data first, then the calls."""
    found: dict[Message, list[str]] = {}
    for message, file in (*_of_data(), *_of_calls()):
        files = found.setdefault(message, [])
        if file not in files:
            files.append(file)
    return found


def _of_data() -> Iterator[tuple[Message, str]]:
    for text in STORY.texts():
        yield text, "analysis/lecture/steps.py"
    for exercise in EXERCISES.values():
        for text in exercise.texts():
            yield text, "analysis/lecture/exercises"


def _of_calls() -> Iterator[tuple[Message, str]]:
    for folder in ("analysis", "pages"):
        for path in sorted((_ROOT / folder).rglob("*.py")):
            with path.open("rb") as file:
                for _, text, _, _ in extract("python", file, keywords=_CALLS):
                    message = (text[0], text[1]) if isinstance(text, tuple) else text
                    yield message, path.relative_to(_ROOT).as_posix()


def read(language: Language) -> Catalog:
    """Return a language's catalogue as its `.po` file has it."""
    with path_of(language, ".po").open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """Return the `.mo` file of a catalogue."""
    made = _empty(Language(str(catalogue.locale)))
    for message in catalogue:
        if message.id:
            made.add(message.id, message.string)
    data = BytesIO()
    write_mo(data, made)
    return data.getvalue()


def _empty(language: Language) -> Catalog:
    return _Catalogue(
        language, header_comment="# Texts of ResNet Lab in another language.", fuzzy=False
    )


def renewed(language: Language) -> tuple[bytes, bytes]:
    """Return a language's `.po` and `.mo` files with the current messages."""
    known = read(language) if path_of(language, ".po").exists() else _empty(language)
    made = _empty(language)
    for message, files in messages().items():
        before = known.get(message if isinstance(message, str) else message[0])
        made.add(message, before.string if before else None, [(file, 0) for file in files])
    data = BytesIO()
    write_po(data, made, width=100, include_lineno=False)
    return data.getvalue(), compiled(made)


def untranslated(catalogue: Catalog) -> list[str]:
    """Return the messages without a translation."""
    found = []
    for message in catalogue:
        strings = [message.string] if isinstance(message.string, str) else message.string
        if message.id and not (strings and all(strings)):
            found.append(message.id if isinstance(message.id, str) else message.id[0])
    return found


def main() -> None:
    """Write the files of every language but English, which needs none."""
    for language in Language:
        if language is Language.ENGLISH:
            continue
        text, binary = renewed(language)
        for suffix, data in ((".po", text), (".mo", binary)):
            path = path_of(language, suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        print(f"{language}: {len(untranslated(read(language)))} messages have no translation")


if __name__ == "__main__":
    main()
