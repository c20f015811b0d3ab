"""The server's additions to Streamlit, such as pages that are styled from the first frame on."""

from __future__ import annotations

import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route
from streamlit.starlette import App

from analysis.machine.queues import close
from pages.ui import lecture, wall
from pages.ui.frame import PAGES, STYLE


def documents() -> list[Route]:
    """Return a route for each page that serves Streamlit's HTML document with our style sheet.

    Streamlit draws its first frames before a script can send any style; without one they move by
    the width of the sidebar as soon as the script sends it. The keys of a lecture count from then
    on, too, and a phone leaves the projector view.

    The front page has no name in its address, so its name, as in `/explore?model=resnet50`, leads
    there.
    """
    document = (Path(st.__file__).parent / "static/index.html").read_text(encoding="utf-8")
    style = STYLE.read_text(encoding="utf-8")
    early = "".join(map(_early, (lecture.SCRIPT, wall.SCRIPT)))
    document = document.replace("<head>", f"<head>{early}", 1)
    document = document.replace("</body>", f"<style>{style}</style></body>", 1)

    async def answer(_: Request) -> HTMLResponse:
        return HTMLResponse(document, headers={"Cache-Control": "no-cache"})

    async def lead(request: Request) -> RedirectResponse:
        return RedirectResponse(f"./?{request.url.query}".removesuffix("?"))

    front, *names = (name for name, _, _ in PAGES)
    pages = [Route(f"{_base()}/{name}", answer) for name in ("", *names)]
    return [*pages, Route(f"{_base()}/{front}", lead)]


def _early(script: Path) -> str:
    """Return a component's script for a document, where it runs before Streamlit's modules."""
    code = script.read_text(encoding="utf-8").rpartition("export default")[0]
    return f"<script>(() => {{{code}}})();</script>"


@asynccontextmanager
async def life(_: App) -> AsyncIterator[None]:
    """Open a browser when the server starts, unless it is headless; close the worker when it stops.

    The worker is closed here because a signal ends the process without running exit handlers.
    """
    if not st.get_option("server.headless"):
        scheme = "https" if st.get_option("server.sslCertFile") else "http"
        host, port = st.get_option("browser.serverAddress"), st.get_option("server.port")
        webbrowser.open(f"{scheme}://{host}:{port}{_base()}")
    yield
    close()


def _base() -> str:
    """Return the path that prefixes all pages, such as /lab; empty if there is none."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""
