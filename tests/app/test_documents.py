"""The HTML that the server sends before any script runs."""

import asyncio

import pytest
import streamlit as st
from starlette.requests import Request

from pages.ui.frame import PAGES, STYLE
from pages.ui.server import documents


def test_every_page_is_streamlits_document_with_our_style_after_it() -> None:
    routes = documents()
    assert [route.path for route in routes[:-1]] == ["/", *(f"/{name}" for name, _, _ in PAGES[1:])]
    answer = asyncio.run(routes[0].endpoint(Request({"type": "http"})))
    document = answer.body.decode()
    style = STYLE.read_text(encoding="utf-8")
    assert document.count(style) == 1
    assert document.index('id="root"') < document.index(style)  # after Streamlit's own
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("query", "leads"),
    [("", "./"), ("model=resnet50:unit=full_preact&at=layer1.0", None)],
)
def test_the_front_pages_name_leads_to_it(query: str, leads: str | None) -> None:
    route = documents()[-1]
    assert route.path == "/explore"
    scope = {"type": "http", "path": "/explore", "query_string": query.encode(), "headers": []}
    asked = Request(scope)
    answer = asyncio.run(route.endpoint(asked))
    assert (answer.status_code, answer.headers["location"]) == (307, leads or f"./?{query}")


def test_a_base_path_stands_before_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": "/lab/"}.__getitem__)
    assert [route.path for route in documents()][:2] == ["/lab/", "/lab/shortcuts"]
