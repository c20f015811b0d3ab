"""End a page early, when it has nothing more to show."""

from __future__ import annotations

from typing import NoReturn

from streamlit.runtime.scriptrunner import StopException


def end_page() -> NoReturn:
    """End the page but not the run, so that the frame around the page is still drawn.

    `st.stop` would end the run as well.
    """
    raise StopException
