"""The language of a run: `lang` in the address; in a lecture, by default the browser's."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from analysis.style.language import Language, speak, spoken
from pages.ui.address import chosen, held
from pages.ui.fields import segments

_teller = st.components.v2.component(
    "speech", html="<i></i>", js=Path(__file__).with_name("speech.js").read_text(encoding="utf-8")
)

_LANG = "lang"
_SPOKEN = "spoken"


def begin_speaking() -> None:
    """Speak the language of the latest run, or the address's, until the page is known."""
    asked = st.query_params.get(_LANG, "")
    known: Language | None = st.session_state.get(_SPOKEN)
    if known is None and asked in list(Language):
        known = Language(asked)
    speak(known or _usual(in_lecture="lecture" in st.query_params))


def settle_language(in_lecture: bool) -> bool:
    """Speak the language of this run from now on.

    Args:
        in_lecture: whether the page is a step of a lecture, or the page of the lectures.

    Returns:
        Whether it differs from what was spoken so far.
    """
    before, language = spoken(), chosen(_LANG, Language, None) or _usual(in_lecture)
    speak(language)
    st.session_state[_SPOKEN] = language
    return language is not before


def resume_speaking() -> None:
    """Speak the language of the latest run, in a fragment that reruns without its page."""
    speak(st.session_state.get(_SPOKEN, Language.ENGLISH))


def tell_browser() -> None:
    """Mark the document with the language of this run."""
    _teller(key="speech", data=spoken().value)


def linked_language() -> str:
    """Return the language for links to steps of a lecture; empty if nobody has chosen one."""
    return held(_LANG)


def choose_language() -> None:
    """Draw the switch between the languages."""
    segments(
        "Language, 语言",
        {language.value: language.label for language in Language},
        spoken(),
        key=_LANG,
        always=True,
        label_visibility="collapsed",
    )


def _usual(in_lecture: bool) -> Language:
    """Return the language where the address has none."""
    is_chinese = in_lecture and (st.context.locale or "").lower().startswith("zh")
    return Language.CHINESE if is_chinese else Language.ENGLISH
