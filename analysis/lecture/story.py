"""A lecture as a value: steps, each an address of the app with what to say about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from analysis.style.language import filled

BASE = "http://localhost:8501"
"""The default address of the app."""

MAX_STEPS = 60
"""Most steps of one lecture."""

MOST_TEXT = {"title": 80, "say": 300, "question": 300, "answer": 80, "because": 300, "notes": 2_000}
"""Most characters of a lecture's texts."""

ANSWERS = 3
"""Answers to a question."""

PAGES = (
    *("explore", "shortcuts", "units", "timing", "gradients", "training", "lesions", "paths"),
    *("compare", "choose", "sweeps"),
)
"""Pages that a step can show; the first is the front page, whose path is empty."""

OF_THE_LECTURE = ("lecture", "step", "answers", "view", "lang", "mine")
"""Parameters of an address that aren't settings of its page."""


@dataclass(frozen=True)
class Question:
    """What the class is asked before a step is shown. Raises ValueError on bad values.

    Attributes:
        asked: the question.
        answers: three answers to choose from.
        right: the place of the right one, 0 to 2; None if there is none.
        because: what the numbers say.
    """

    asked: str
    answers: tuple[str, ...]
    right: int | None = None
    because: str = ""

    def __post_init__(self) -> None:
        _check("question", self.asked, required=True)
        _check("because", self.because)
        if len(self.answers) != ANSWERS:
            raise ValueError(f"answers must be {ANSWERS}, not {len(self.answers)}")
        for answer in self.answers:
            _check("answer", answer, required=True)
        if self.right is not None and self.right not in range(ANSWERS):
            raise ValueError(f"right must be 1 to {ANSWERS}, not {self.right + 1}")


@dataclass(frozen=True)
class Step:
    """One step: a page of the app, and what to say about it. Raises ValueError on bad values.

    Attributes:
        title: says what the step shows.
        address: the page and its settings, such as `gradients?models=plain56;resnet56`.
        say: one sentence to say.
        question: asked before the page is shown, if any.
        notes: for the lecturer.
    """

    title: str
    address: str
    say: str = ""
    question: Question | None = None
    notes: str = ""

    def __post_init__(self) -> None:
        _check("title", self.title, required=True)
        _check("say", self.say)
        _check("notes", self.notes)
        if self.page not in PAGES:
            raise ValueError(
                f"address must begin with a page ({', '.join(PAGES)}), not {self.page[:40]!r}"
            )

    @property
    def page(self) -> str:
        """The name of the page."""
        return self.address.partition("?")[0].strip("/") or PAGES[0]

    @property
    def settings(self) -> dict[str, str]:
        """The page's settings, without those of the lecture itself."""
        pairs = parse_qsl(self.address.partition("?")[2], keep_blank_values=True)
        return {key: text for key, text in pairs if key not in OF_THE_LECTURE}


@dataclass(frozen=True)
class Lecture:
    """Steps in their order.

    Attributes:
        title: of the whole.
        steps: one or more.
        facts: numbers by the names that the steps' texts have in braces. Empty for texts that are
            taken as they are, without a translation.
    """

    title: str
    steps: tuple[Step, ...]
    facts: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        _check("title", self.title, required=True)
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise ValueError(f"a lecture has 1 to {MAX_STEPS} steps, not {len(self.steps)}")

    def filled(self, text: str) -> str:
        """Return a step's text in the spoken language with the numbers that its braces name."""
        return filled(text, self.facts) if self.facts else text

    def texts(self) -> Iterator[str]:
        """Yield every text, as it is before `filled`."""
        yield self.title
        for step in self.steps:
            yield from filter(None, (step.title, step.say, step.notes))
            if question := step.question:
                yield from filter(None, (question.asked, *question.answers, question.because))


def link(of: Step, /, **others: str) -> str:
    """Return the address of a step below the app's, with other parameters; empty ones are left out.

    The front page has an empty path.
    """
    page = "" if of.page == PAGES[0] else of.page
    given = {key: text for key, text in others.items() if text}
    query = urlencode({**of.settings, **given}, safe=":;,=")
    return f"{page}?{query}" if query else page


def _check(name: str, text: object, required: bool = False) -> None:
    if not isinstance(text, str):
        raise ValueError(f"{name} must be a string, not {text!r:.60}")
    most = MOST_TEXT[name]
    if len(text) > most:
        raise ValueError(f"{name} has {len(text):,} characters, and at most {most:,} are allowed")
    if required and not text.strip():
        raise ValueError(f"{name} must not be empty")
