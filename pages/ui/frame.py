"""The frame around every page: the configuration, the navigation and the page's model."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import NoReturn, TypeVar

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import StopException

from analysis.lecture.settings import FRONT
from analysis.style.language import marked, translate
from nets import ResNetSpec
from nets.names import title
from pages.ui import lecture
from pages.ui.address import MODEL, begin, finish
from pages.ui.downloads import hold_files, release_files
from pages.ui.ending import end_page
from pages.ui.mylecture import add_button, my_lecture
from pages.ui.picker import Choice, offer
from pages.ui.speech import begin_speaking, settle_language, tell_browser
from pages.ui.theme import follow_theme
from pages.ui.wall import set_up, switch_view
from pages.ui.words import complain, say_left_out

PAGES: tuple[tuple[str, str, str], ...] = (
    ("explore", marked("Explore"), ":material/search_insights:"),
    ("shortcuts", marked("Shortcuts"), ":material/account_tree:"),
    ("units", marked("Units"), ":material/alt_route:"),
    ("timing", marked("Timing"), ":material/timer:"),
    ("gradients", marked("Gradients"), ":material/stacked_line_chart:"),
    ("training", marked("Training"), ":material/model_training:"),
    ("lesions", marked("Lesions"), ":material/healing:"),
    ("paths", marked("Paths"), ":material/route:"),
    ("compare", marked("Compare"), ":material/balance:"),
    ("choose", marked("Choose"), ":material/checklist:"),
    ("sweeps", marked("Sweeps"), ":material/grid_on:"),
    ("lecture", marked("Lecture"), ":material/school:"),
)
"""The file name in pages/, title and icon of each page; the first is the front page."""

_WITHOUT_MODEL = {"units", "lesions", "choose", "sweeps", "lecture"}
"""Pages that show no model of the visitor's choice."""

LECTURES = "lecture"
"""The page of the lectures, which is no step of one."""

_HERE = Path(__file__).parent
STYLE = _HERE / "style.css"
"""The style sheet of all pages; the server also puts it into its HTML documents."""

_ICON = str(_HERE / "logo.svg")

Result = TypeVar("Result")

_HANDOVER = "handover"

_closer, _popovers = (
    st.components.v2.component(
        name, html="<i></i>", js=(_HERE / f"{name}.js").read_text(encoding="utf-8")
    )
    for name in ("sidebar", "popover")
)


def configure() -> None:
    """Set the page's title, icon, width and style before anything else is drawn.

    Without an icon of ours, Streamlit would fetch the page's symbol from the network for the tab.
    """
    st.set_page_config("ResNet Lab", _ICON, layout="wide")
    st.html(STYLE)
    st.logo(str(_HERE / "wordmark.svg"), icon_image=_ICON, size="large")


def navigation() -> StreamlitPage:
    """Draw the navigation and return the requested page."""
    begin_speaking()
    return _navigation()


def _navigation() -> StreamlitPage:
    return st.navigation(
        [
            st.Page(f"pages/{name}.py", title=translate(title), icon=icon, default=index == 0)
            for index, (name, title, icon) in enumerate(PAGES)
        ]
    )


def uses_model(page: StreamlitPage) -> bool:
    """Return whether a page shows the model that the visitor chose."""
    return page.url_path not in _WITHOUT_MODEL


def hand_over(choice: Choice) -> None:
    """Store this run's model for the page to read."""
    st.session_state[_HANDOVER] = choice


def run(page: StreamlitPage) -> None:
    """Run a page with its settings, and list the settings from the address that were invalid."""
    hold_files(page.url_path)
    begin(page.url_path)
    at = lecture.place()
    if settle_language(in_lecture=at is not None or page.url_path == LECTURES):
        page = _navigation()  # with titles in this run's language
    set_up()
    with st.sidebar, st.container(key="hidden-sidebar"):
        _closer(key="sidebar", data=f"{page.url_path} {st.session_state.get(MODEL)}")
        _popovers(key="popover")
        follow_theme()
        tell_browser()
    sentence = lecture.show_strip(at) if at else None
    place = st.container()
    if at is not None and at.waits:
        st.session_state.pop(_HANDOVER)  # the page appears with the answer
    else:
        with suppress(StopException):  # raised by end_page
            page.run()
    if at is not None and sentence is not None:
        lecture.say(at, sentence)
    if page.url_path == LECTURES:
        my_lecture()  # reading the visitor's lecture keeps it in the address
    else:
        add_button(page.url_path or PAGES[0][0], page.title, uses_model(page))
    with place:
        say_left_out(finish())
    switch_view()
    release_files()


def requested() -> ResNetSpec:
    """Return the model of this run; every page that shows a model calls this first.

    If the model's text is invalid, say so and end the page. See also `ready`.
    """
    choice = _handed_over()
    if choice.spec is None:
        _refuse(choice.error, choice.instead)
    _load_torch(title(choice.spec))
    return choice.spec


def ready() -> None:
    """Get ready for a page that shows no model; every such page calls this first."""
    _handed_over()
    _load_torch()


def _handed_over() -> Choice:
    """Return this run's choice.

    If app.py hasn't run yet, as after a deep link into a fresh server, rerun through it.
    """
    choice: Choice | None = st.session_state.pop(_HANDOVER, None)
    if choice is None:
        configure()
        navigation()
        st.rerun()
    return choice


def _load_torch(heading: str = "ResNet Lab") -> None:
    waiting = st.empty()  # drawn on every run so that later elements don't move
    if "torch" not in sys.modules:  # loading torch takes seconds, once per server
        waiting.html(skeleton(heading))
        importlib.import_module("analysis.costs.profiles")
        gc.freeze()  # saves 0.3 s per collection; torch's objects are never freed anyway
        waiting.empty()


def skeleton(heading: str) -> str:
    """Return the HTML placeholder of a page while torch loads."""
    figure = '<div class="rl-wait" style="height:5rem"></div>'
    rows = '<div class="rl-wait" style="height:2rem;margin:0.75rem 0"></div>' * 8
    return (
        f'<h1>{escape(heading)}</h1><p role="status">Loading torch, once per server start.</p>'
        f'<div class="rl-figures">{figure * 7}</div>{rows}'
    )


def checked(analysis: Callable[[ResNetSpec], Result], spec: ResNetSpec) -> Result:
    """Return the analysis of a model, or end the page with the reason why it failed."""
    try:
        return analysis(spec)
    except ValueError as error:
        _refuse(str(error), (spec.base,))


def _refuse(reason: str, instead: Sequence[str]) -> NoReturn:
    st.title("Can't show this model")
    complain(reason)
    offer(instead)
    st.caption(f"Write a model as `{FRONT}` or `{FRONT}:blocks=3,8,36,3`.")
    end_page()
