"""The whole site: every page, every choice, hostile values in every field and every address.

The sweep finds pages, fields, options and parameters in what the app draws, so it covers new ones
without a change here. Nothing is measured: the worker cancels every job.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import (
    Button,
    ButtonGroup,
    Checkbox,
    Element,
    Multiselect,
    NumberInput,
    Selectbox,
    TextInput,
    Toggle,
    Widget,
)

from analysis.machine.jobs import Cause, Failure, JobState
from pages.ui import jobs
from pages.ui.frame import PAGES
from tests.app.conftest import APP

TEXTS = (
    "nan",
    "inf",
    "-inf",
    "1e999",
    "1e300",
    "-1",
    str(10**30),
    "1,,2",
    "1_0",
    "x" * 5_000,
    "</script><script>alert(1)</script>",
    "`*[a](b)* $x$` **",
    "😀 ｎａｎ ١٢",
    "a\x00b",
    "\x1b[31m\u202e",
    "a:b=c;d&e%00#",
    "  ",
)
"""Texts that no field expects."""

NUMBERS = (1e300, -1.0, 0.0, 65_537.0)
"""Values for number fields. Browsers send only finite ones; addresses may hold others."""

ADDRESSES = ("nan", "-inf", "1e999", "1e300", "-1", f"`😀\x00</script>{'x' * 2_000}")
"""Values for every parameter of an address."""

ANY_TEXT = {"look_title", "shape_title", "chart_title"}
"""Fields in which any text is valid: titles of drawings."""

START = {"compare": {"nets": "resnet20;plain20"}}
"""Parameters that make pages cheaper to draw than their defaults."""

SWEPT = [*(name for name, _, _ in PAGES), "editor", "export"]

CHOICES = (Selectbox, ButtonGroup, Toggle, Checkbox)
FIELDS = (*CHOICES, NumberInput, TextInput, Multiselect)

Key = tuple[str, str]
"""The type of a field, and its key or label."""


class CancelledJob:
    """A job that was cancelled before it started."""

    state = JobState.CANCELLED
    failure = Failure(Cause.CANCELLED, "the job was cancelled")
    progress = result = None
    results = ()
    place = 0
    is_here = True

    def cancel(self) -> None:
        """Do nothing: the job is cancelled already."""


class IdleWorker:
    """A worker that cancels every job."""

    def warm_up(self) -> None:
        """Do nothing."""

    def submit(self, *args: object, **options: object) -> CancelledJob:
        """Return a cancelled job."""
        return CancelledJob()


def editor() -> None:
    """Draw the editor without a page: on a page, AppTest closes the dialog at every change."""
    import streamlit as st

    from nets import parse
    from pages.ui import editor

    if "draft" in st.session_state:
        editor._editor(lambda text: None)
    else:
        editor.open_editor(parse("resnet20"), lambda text: None)


def exports() -> None:
    """Draw the open export dialog without a page, with a picture of every kind."""
    import streamlit as st

    from analysis.charts.chart import Chart, Series
    from analysis.drawing.silhouette import silhouette
    from analysis.drawing.units import unit_graph
    from analysis.structure.units import parse_unit
    from nets import parse
    from pages.ui.address import begin, finish
    from pages.ui.cached import profile_of
    from pages.ui.charts import chart_picture
    from pages.ui.downloads import hold_files, open_dialog, release_files
    from pages.ui.drawings import graph_picture, svg_picture
    from pages.ui.exports import export
    from pages.ui.words import say_left_out

    hold_files("explore")
    begin("explore")
    profile = profile_of(parse("resnet20"))
    unit = unit_graph([parse_unit("original")])
    line = Series("a line", (1, 2), (3.0, 4.0))
    pictures = [
        chart_picture(Chart("A chart", "x", "y", (line,), "It says. More."), "chart"),
        graph_picture("unit", profile, lambda _: unit),
        svg_picture("shape", "Shape", "shape", lambda look: silhouette(profile, look.palette)),
    ]
    open_dialog("all")
    export("all", pictures)
    place = st.container()
    with place:
        say_left_out(finish())
    release_files()


def opened(page: str, address: dict[str, str] | None = None) -> AppTest:
    """Open a page as a new visitor."""
    if page == "editor":
        return AppTest.from_function(editor, default_timeout=60).run()
    if page == "export":
        app = AppTest.from_function(exports, default_timeout=60)
        app.query_params = address or {}
        return app.run()
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params = {"model": "resnet20", **START.get(page, {}), **(address or {})}
    app.switch_page(f"pages/{page}.py")
    return app.run()


def elements(app: AppTest) -> Iterator[Element]:
    """Yield all drawn elements."""
    return (node for node in app._tree if isinstance(node, Element))


def fields(app: AppTest) -> dict[Key, Any]:
    """Return the drawn fields that are enabled."""
    return {
        (node.type, node.key or str(node.proto.label)): node
        for node in elements(app)
        if isinstance(node, FIELDS) and not node.proto.disabled
    }


def values(field: Any) -> tuple[Any, ...]:
    """Return the values to try in a field."""
    match field:
        case Selectbox() | ButtonGroup():
            return tuple(field.options)
        case Toggle() | Checkbox():
            return (not field.value,)
        case NumberInput():
            return (*NUMBERS, *(end for end in (field.min, field.max) if end is not None))
        case Multiselect():
            return ([], *([text] for text in TEXTS))
    return ("", *TEXTS)


def in_a_dialog(name: str) -> bool:
    """Return whether a parameter belongs to the export dialog."""
    return name.startswith("look_") or name.endswith("_title")


def says_something(app: AppTest) -> bool:
    """Return whether the page shows any message."""
    return bool(app.error or app.warning or app.info)


def shown(app: AppTest) -> list[str]:
    """Return everything drawn except the widgets."""
    return [str(node.proto) for node in elements(app) if not isinstance(node, Widget)]


class Sweep:
    """Try everything on a page, one change at a time, and collect the faults in `found`."""

    def __init__(self, page: str) -> None:
        self.page, self.found = page, list[str]()
        self.known: set[Key] = set()
        self.bound: dict[str, tuple[dict[str, str], bool]] = {}
        """By parameter: the address where its field first appeared, and whether it is a text."""
        self.app = opened(page)
        self.check(self.app, "opened")

    def check(self, app: AppTest, done: str) -> bool:
        """Record exceptions after a step; return whether there were none."""
        for error in app.exception:
            self.found.append(f"{self.page}, {done}: {error.message or 'an exception'}")
        return not app.exception

    def try_fields(self, around: frozenset[Key], address: dict[str, str] | None = None) -> None:
        """Try every new field, and the fields that appear with one of its values.

        Args:
            around: fields to skip.
            address: the parameters chosen so far.
        """
        address = address or {}
        new = set(fields(self.app)) - self.known - around
        self.known |= new
        for key in sorted(new):
            field = fields(self.app)[key]
            before, in_address = field.value, dict(self.app.query_params)
            for value in values(field):
                self.give(key, value, address)
                now = self.app.query_params
                for name in now.keys() - in_address.keys():
                    self.bound.setdefault(name, (address, isinstance(field, TextInput)))
                if isinstance(field, CHOICES):
                    chosen = {k: str(v) for k, v in now.items() if in_address.get(k) != v}
                    self.try_fields(around, {**address, **chosen})
            self.give(key, before, address)

    def give(self, key: Key, value: Any, address: dict[str, str]) -> None:
        """Set a field; a hostile text that changes nothing must lead to a message."""
        step = f"{address or ''} {key[1]}={str(value)[:40]!r}"
        if key not in fields(self.app):  # the previous value broke the page
            self.app = opened(self.page, address)
        field = fields(self.app)[key]
        text = isinstance(field, TextInput) and value in TEXTS and key[1] not in ANY_TEXT
        before = shown(self.app) if text else []
        field.set_value(value).run()
        whole = self.check(self.app, step)
        if whole and text and not says_something(self.app) and shown(self.app) == before:
            self.found.append(f"{self.page}, {step}: not a word about it")

    def press_buttons(self) -> None:
        """Press every button once, each followed by a rerun without a change."""
        pressed: set[str] = set()
        while left := [
            button
            for button in elements(self.app)
            if isinstance(button, Button)
            and not button.proto.disabled
            and (button.key or button.label) not in pressed
        ]:
            name = left[0].key or left[0].label
            pressed.add(name)
            for done in (left[0].click, self.app.run):
                done().run()
                self.check(self.app, f"pressed {name}")

    def open_addresses(self) -> None:
        """Open the page with hostile parameters, each followed by a rerun without a change."""
        held = self.app.session_state["view_of_address"].keys.values()
        known = [name for names in held for name in names]
        if self.page != "export":  # a page checks its dialog's settings only when it is open
            known = ["model", *(name for name in known if not in_a_dialog(name))]
        for name in known:
            self.bound.setdefault(name, ({}, True))  # those without a field, such as open
        groups: dict[tuple[tuple[str, str], ...], set[str]] = {}
        for name, (address, is_text) in self.bound.items():
            if is_text:
                self.open_hostile(address, {name})
            else:
                groups.setdefault(tuple(address.items()), set()).add(name)
        for place, names in groups.items():
            self.open_hostile(dict(place), names)

    def open_hostile(self, address: dict[str, str], names: set[str]) -> None:
        """Set several parameters of an address to the same hostile value, for each such value."""
        plain = shown(opened(self.page, address))
        for value in ADDRESSES:
            app = opened(self.page, {**address, **dict.fromkeys(names, value)})
            step = f"address {address or ''} {'='.join(sorted(names))}={value[:40]!r}"
            fine = bool(names & ANY_TEXT) or says_something(app)
            if self.check(app, step) and not fine and shown(app) == plain:
                self.found.append(f"{self.page}, {step}: not a word about it")
            self.check(app.run(), f"{step}, then again")


@pytest.fixture(scope="module")
def around() -> frozenset[Key]:
    """Return the fields of the frame around every page."""
    return frozenset(set.intersection(*(set(fields(opened(page))) for page in ("units", "timing"))))


@pytest.mark.parametrize("page", SWEPT)
def test_no_choice_no_text_and_no_address_breaks_a_page(
    page: str, around: frozenset[Key], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "worker_for", lambda needs=None: IdleWorker())
    sweep = Sweep(page)
    sweep.try_fields(frozenset() if page == SWEPT[0] else around)
    sweep.press_buttons()
    if page != "editor":
        sweep.open_addresses()
    assert len(sweep.known) >= 3
    assert sweep.found == []
