"""What an exercise is: code or a figure with a mistake, and the measurement that shows it.

Every text of an exercise is a value, apart from the code that measures, so that `spoken` can
replace it by its translation. Listings stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite, log10
from threading import Lock
from typing import NamedTuple

from analysis.charts.chart import Chart
from analysis.machine.devices import seeded
from analysis.style.language import translate
from analysis.style.look import Look
from analysis.style.numbers import exact, scientific, three

_PLAIN_LOW, _PLAIN_HIGH = 1e-3, 1e4  # numbers outside are written with a power of ten

_ONE_AT_A_TIME = Lock()  # checks share torch's random generator and the CPU


class Code(NamedTuple):
    """A listing: at most 13 lines of 76 characters, which is what a projector's wall holds.

    Attributes:
        text: the listing.
        wrong: the numbers of the lines with the mistake, from 1.
        language: how to colour it.
    """

    text: str
    wrong: tuple[int, ...]
    language: str = "python"

    @property
    def mistake(self) -> str:
        """The lines with the mistake, without their indentation."""
        every = self.text.splitlines()
        return "\n".join(every[number - 1].strip() for number in self.wrong)


class Plot(NamedTuple):
    """A figure with axes; `draw` returns it, given the texts in it."""

    draw: Callable[..., Chart]
    texts: tuple[str, ...] = ()

    def chart(self) -> Chart:
        """Return the figure."""
        return self.draw(*self.texts)


class Drawing(NamedTuple):
    """A drawing; `draw` returns its SVG, and `alt` says what it shows."""

    alt: str
    draw: Callable[[Look], str]


class Source(NamedTuple):
    """Where to read about a claim, and how this app measured its figures.

    Attributes:
        says: the place in words.
        url: its URL.
        how: how what the exercise shows was measured.
        also: how the answer's other figures were measured.
    """

    says: str
    url: str
    how: str = ""
    also: str = ""


class Line(NamedTuple):
    """One figure of a check: what it is, its value, and its unit."""

    label: str
    figure: int | float | str
    unit: str = ""

    @property
    def text(self) -> str:
        """The figure with its unit; integers are exact, others have three significant digits."""
        space = "" if self.unit == "%" else " "
        return f"{written(self.figure)}{space}{self.unit}".rstrip()


@dataclass(frozen=True)
class Finding:
    """What a check has found.

    Attributes:
        lines: the figures.
        says: one sentence that follows from them.
        picture: shows them, where that helps.
    """

    lines: tuple[Line, ...]
    says: str
    picture: Plot | Drawing | None = None


Words = Mapping[str, str]
"""The labels and the sentence of a check, by name; braces hold the places of figures."""


@dataclass(frozen=True)
class Exercise:
    """A mistake to find.

    Attributes:
        key: names it in an address and on the command line.
        title: names what is shown, without giving the mistake away.
        task: what to do.
        shown: the code or the figure that has the mistake.
        hint: where to look.
        answer: what is wrong and what is right.
        words: the texts of its check.
        measure: makes the finding from them.
        source: where to read more.
        days: returns the days on which what it shows was recorded, for the braces in `source`.
    """

    key: str
    title: str
    task: str
    shown: Code | Plot
    hint: str
    answer: str
    words: Words = field(hash=False)
    measure: Callable[[Exercise], Finding]
    source: Source
    days: Callable[[], Mapping[str, str]] = dict

    @property
    def code(self) -> str:
        """The listing; empty where a figure is shown."""
        return self.shown.text if isinstance(self.shown, Code) else ""

    def texts(self) -> Iterator[str]:
        """Yield every text that `spoken` translates."""
        yield from (self.title, self.task, self.hint, self.answer, self.source.says)
        yield from filter(None, (self.source.how, self.source.also))
        yield from self.words.values()
        if isinstance(self.shown, Plot):
            yield from self.shown.texts

    def spoken(self) -> Exercise:
        """Return the exercise with its texts in the spoken language."""
        shown, days = self.shown, self.days()
        if isinstance(shown, Plot):
            shown = shown._replace(texts=tuple(map(translate, shown.texts)))
        return replace(
            self,
            title=translate(self.title),
            task=translate(self.task),
            shown=shown,
            hint=translate(self.hint),
            answer=translate(self.answer),
            words={name: translate(text) for name, text in self.words.items()},
            source=self.source._replace(
                says=translate(self.source.says),
                how=translate(self.source.how, **days) if self.source.how else "",
                also=translate(self.source.also, **days) if self.source.also else "",
            ),
        )

    def check(self) -> Finding:
        """Measure why it is wrong, within two seconds on one thread once torch is loaded."""
        with _ONE_AT_A_TIME, seeded(0):
            return self.measure(self)


def written(figure: int | float | str) -> str:
    """Write a figure: integers are exact, others have three significant digits."""
    if isinstance(figure, str):
        return figure
    if isinstance(figure, int):
        return exact(figure)
    size = abs(figure)
    if not size or not isfinite(size):
        return f"{figure:g}"
    sign = "−" if figure < 0 else ""
    if _PLAIN_LOW <= size < _PLAIN_HIGH:
        return sign + (three(size) if size < 999.5 else f"{size:,.0f}")
    return sign + scientific(log10(size))
