"""A lecture on paper: its steps with their pictures, and the answers at the back.

A question's picture gives its answer away, so it is printed with the answer.

The sheets are one value. Typst writes them as a PDF; the HTML file holds all it needs. Neither has
a time stamp, so the same lecture and the same results give the same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property, lru_cache
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from analysis.charts.chart import Chart
from analysis.lecture.picture import Picture
from analysis.lecture.pictures import picture_of
from analysis.lecture.story import BASE, Lecture, Question, Step, link
from analysis.style import files
from analysis.style.fonts import FONT_FAMILY, LATIN, faces_css
from analysis.style.grid import Grid
from analysis.style.language import Language, marked, speaking, spoken, translate
from analysis.style.look import MM_PER_INCH, PAGE_MM, PX_PER_INCH, Look
from analysis.style.palette import PRINT
from nets.options import quote

_HERE = Path(__file__).parent
_LONG = 30  # cells with more characters are long
_TALL_MM = 105  # a taller picture would be illegible as one of two on a page
_PHONE_MM = 70.0  # text of a picture this wide has at least 12 px on a phone
_NOTES, _ANSWERS = marked("Notes."), marked("Answers")
_IN_ENGLISH = marked("Labels inside figures are in English.")
_PARTS = re.compile(r"[^&;:?]*[&;:?]+|[^&;:?]+")


@dataclass(frozen=True)
class Drawn:
    """An SVG with its size in mm and its alternative text."""

    svg: str
    wide: float
    high: float
    alt: str


@dataclass(frozen=True)
class Sheet:
    """A step as it is printed.

    Attributes:
        picture: what the step's page shows.
        svgs: its drawings or charts, for a page.
        said: the page's sentences about its numbers, below the picture, unless the step says
            something.
        right: the answer: the number of the right one, its text and the reason; empty if there is
            neither a right one nor a reason.
        found: the page's sentences instead, for a step with a question that gives no reason.
    """

    number: int
    title: str
    say: str
    picture: Picture
    svgs: tuple[Drawn, ...]
    said: tuple[str, ...]
    question: str
    answers: tuple[str, ...]
    right: str
    found: tuple[str, ...]
    notes: str
    url: str

    @cached_property
    def narrow(self) -> tuple[Drawn, ...]:
        """The drawings or charts for a phone, one above the other."""
        return _drawn(self.picture, _PHONE_MM, stacked=True)


@dataclass(frozen=True)
class Handout:
    """A lecture ready to print: its title and its sheets, in one language."""

    title: str
    sheets: tuple[Sheet, ...]
    language: Language = Language.ENGLISH

    def pdf(self, notes: bool = False) -> bytes:
        """Return the PDF: A4 portrait, with selectable text and embedded fonts.

        Args:
            notes: whether to print the lecturer's notes below each step.
        """
        source = (_HERE / "handout.typ").read_text(encoding="utf-8")
        return files.document(source, self.title, self._json(notes))

    def _json(self, notes: bool) -> str:
        values = {
            "title": self.title,
            "lang": self.language.value,
            "words": self._words(),
            "quiet": PRINT.quiet,
            "surface": PRINT.surface,
            "steps": [_values(sheet, notes) for sheet in self.sheets],
        }
        return json.dumps(values, ensure_ascii=False)

    def _words(self) -> dict[str, str]:
        """Return the handout's headings and labels."""
        with speaking(self.language):
            return {
                "notes": translate(_NOTES),
                "answers": translate(_ANSWERS),
                "figures": "" if spoken() is Language.ENGLISH else translate(_IN_ENGLISH),
            }

    def left_out(self) -> str:
        """Return the characters that the PDF leaves out because no font has them."""
        return files.left_out(self._json(notes=True))

    def html(self, notes: bool = False) -> str:
        """Return one HTML file with its pictures and fonts inside; see `pdf`."""
        title, words = escape(self.title), self._words()
        body = f"<h1>{title}</h1>"
        body += f'<p class="said">{words["figures"]}</p>' if words["figures"] else ""
        body += "".join(_section(sheet, words["notes"] if notes else "") for sheet in self.sheets)
        if asked := [sheet for sheet in self.sheets if sheet.question]:
            body += f'<h1 class="answers">{words["answers"]}</h1>{"".join(map(_answer, asked))}'
        colours = f"--text:{PRINT.text};--quiet:{PRINT.quiet};--surface:{PRINT.surface}"
        faces = faces_css(LATIN | frozenset(unescape(re.sub(r"<[^>]*>", "", body))))
        css = (_HERE / "handout.css").read_text(encoding="utf-8")
        return (
            f'<!DOCTYPE html>\n<html lang="{self.language}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n"
            f"<style>{faces}:root{{{colours};--font:{FONT_FAMILY}}}\n{css}</style>\n</head>\n"
            f"<body>\n<main>{body}</main>\n</body>\n</html>\n"
        )


def handout(lecture: Lecture, base: str = "") -> Handout:
    """Return the handout of a lecture in the spoken language, with pictures of known results.

    Nothing is measured.

    Args:
        lecture: the lecture.
        base: the address of the app, for links to the steps; without it there are none.

    Raises:
        ValueError: with one sentence, if a step's address has an invalid setting, in which case it
            names the step, or if the base isn't an address.
    """
    parts = urlsplit(base)
    if base and (
        parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment
    ):
        raise ValueError(f"base must be an address such as {BASE}, not {quote(base)}")
    steps = enumerate(lecture.steps, start=1)
    sheets = (_sheet(lecture, number, step, base.rstrip("/")) for number, step in steps)
    return Handout(lecture.filled(lecture.title), tuple(sheets), spoken())


def is_local(base: str) -> bool:
    """Return whether an address leads to the machine that opens it."""
    name = urlsplit(base).hostname or ""
    return name in ("localhost", "::1") or name.startswith("127.")


def _sheet(lecture: Lecture, number: int, step: Step, base: str) -> Sheet:
    filled, question = lecture.filled, step.question
    try:
        picture = picture_of(step)
        drawn = _drawn(picture, PAGE_MM)
    except ValueError as error:
        raise ValueError(f"step {number}: {error}") from None
    return Sheet(
        number,
        filled(step.title),
        filled(step.say),
        picture,
        drawn,
        () if question or step.say else picture.said,
        filled(question.asked) if question else "",
        tuple(map(filled, question.answers)) if question else (),
        _right(lecture, question),
        picture.said if question and not question.because else (),
        filled(step.notes),
        f"{base}/{link(step, lang=_lang())}" if base else "",
    )


def _lang() -> str:
    """Return the language for a link; empty for English, which an address need not name."""
    return "" if spoken() is Language.ENGLISH else spoken().value


def _right(lecture: Lecture, question: Question | None) -> str:
    """Return the right answer with its number, and why; empty if there is neither."""
    if question is None:
        return ""
    because = lecture.filled(question.because)
    if question.right is None:
        return because
    answer = lecture.filled(question.answers[question.right])
    if because.startswith(answer):  # don't say it twice
        answer = ""
    elif because:
        answer = translate("{answer}. ", answer=answer)
    return f"{question.right + 1}. {answer}{because}"


def _drawn(picture: Picture, width_mm: float, *, stacked: bool = False) -> tuple[Drawn, ...]:
    if picture.charts:
        return _charts(picture.charts, width_mm)
    return tuple(map(_measured, picture.svgs(Look(PRINT, width_mm=width_mm), stacked=stacked)))


@lru_cache(64)  # a lecture's dialog is opened again and again, with the same charts
def _charts(charts: tuple[Chart, ...], width_mm: float) -> tuple[Drawn, ...]:
    return tuple(map(_measured, Picture(charts).svgs(Look(PRINT, width_mm=width_mm))))


def _measured(svg: str) -> Drawn:
    root = ElementTree.fromstring(svg)
    wide, high = (
        float(root.get(side, "")) * MM_PER_INCH / PX_PER_INCH for side in ("width", "height")
    )
    alt = root.findtext("{*}desc") or root.findtext("{*}title") or ""
    return Drawn(svg, wide, high, alt)


def _values(sheet: Sheet, notes: bool) -> dict[str, Any]:
    """Return a sheet as plain values, with its link in parts between which a line may break."""
    picture = sheet.picture
    grid = picture.grid and {**asdict(picture.grid), "wide": _widest(picture.grid)}
    return {
        **{field.name: getattr(sheet, field.name) for field in fields(sheet)},
        "picture": {"missing": picture.missing, "caption": picture.caption, "grid": grid},
        "svgs": list(map(asdict, sheet.svgs)),
        "notes": sheet.notes if notes else "",
        "url-parts": _PARTS.findall(sheet.url),
    }


def _widest(grid: Grid) -> int:
    """Return the column that takes the remaining width; -1 if all are short."""
    lengths = [max(map(len, column)) for column in zip(grid.columns, *grid.rows, strict=True)]
    return lengths.index(max(lengths)) if max(lengths) > _LONG else -1


def _section(sheet: Sheet, notes: str) -> str:
    """Return a step as HTML.

    Args:
        sheet: the step.
        notes: the word before its notes; empty to leave them out.
    """
    asked = bool(sheet.question)
    return "".join(
        (
            f"<section><h2>{sheet.number}. {escape(sheet.title)}</h2>",
            *(() if asked else _figure(sheet)),
            f'<p class="say">{escape(sheet.say)}</p>' if sheet.say else "",
            *(f'<p class="said">{escape(sentence)}</p>' for sentence in sheet.said),
            *_question(sheet),
            f'<p class="notes"><b>{notes}</b> {escape(sheet.notes)}</p>'
            if sheet.notes and notes
            else "",
            f'<footer><a href="{escape(sheet.url, quote=True)}">{escape(sheet.url)}</a></footer>'
            if sheet.url
            else "",
            "</section>",
        )
    )


def _figure(sheet: Sheet) -> Iterator[str]:
    picture = sheet.picture
    if picture.missing:
        yield f'<p class="missing">{escape(picture.missing)}</p>'
    if not (sheet.svgs or picture.grid or picture.caption):
        return
    yield "<figure>"
    if sheet.svgs:
        tall = " tall" if any(one.high > _TALL_MM for one in sheet.svgs) else ""
        yield f'<div class="wide{tall}">{_inside(sheet.svgs)}</div>'
        yield f'<div class="narrow">{_inside(sheet.narrow)}</div>'
    yield _table(picture.grid) if picture.grid else ""
    yield f"<figcaption>{escape(picture.caption)}</figcaption>" if picture.caption else ""
    yield "</figure>"


def _inside(svgs: tuple[Drawn, ...]) -> str:
    """Return pictures as parts of an HTML document."""
    return "".join(re.sub(r' xmlns(:xlink)?="[^"]*"', "", one.svg) for one in svgs)


def _table(grid: Grid) -> str:
    sides = [' class="left"' if place < grid.left else "" for place in range(len(grid.columns))]

    def row(cells: tuple[str, ...], tag: str) -> str:
        written = (
            f"<{tag}{side}>{escape(cell)}</{tag}>" for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(written)}</tr>"

    body = "".join(row(cells, "td") for cells in grid.rows)
    return (
        f'<div class="table"><table><caption>{escape(grid.caption)}</caption>'
        f"<thead>{row(grid.columns, 'th')}</thead><tbody>{body}</tbody></table></div>"
    )


def _question(sheet: Sheet) -> Iterator[str]:
    if sheet.question:
        answers = "".join(
            f"<li>{number}. {escape(answer)}</li>"
            for number, answer in enumerate(sheet.answers, start=1)
        )
        yield f'<div class="question"><p>{escape(sheet.question)}</p><ol>{answers}</ol></div>'


def _answer(sheet: Sheet) -> str:
    """Return the answer to a step's question as HTML, with the picture that shows it."""
    return "".join(
        (
            f"<section><h3>{sheet.number}. {escape(sheet.question)}</h3>",
            f"<p>{escape(sheet.right)}</p>" if sheet.right else "",
            *_figure(sheet),
            *(f'<p class="found">{escape(sentence)}</p>' for sentence in sheet.found),
            "</section>",
        )
    )
