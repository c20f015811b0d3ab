"""How a page ends before its last line, where it has nothing more to show."""

from __future__ import annotations

from typing import NoReturn

from streamlit.runtime.scriptrunner import StopException


def end_page() -> NoReturn:
    """End the page, but not the run: what stands around every page is still drawn.

    After `st.stop` nothing could be.
    """
    raise StopException
