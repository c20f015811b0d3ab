"""The page Shortcuts in a browser."""

import re

from playwright.sync_api import expect

import analysis
from analysis.graph import Level, graph
from analysis.render.svg import svg
from nets import parse
from tests.browser.conftest import Visit
from tests.browser.test_explore import title


def test_a_visitor_sees_the_graph_and_takes_it_home(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet34")
    page.get_by_role("link", name="Shortcuts").click()
    title(page, "Shortcuts of ResNet-34")
    expect(page).to_have_url(re.compile(r"/shortcuts\?model=resnet34$"))
    picture = page.get_by_role("img", name=re.compile("13 identity and 3 projection"))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 500

    page.get_by_text("layer", exact=True).click()
    expect(page).to_have_url(re.compile("level=layer"))
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="SVG").click()
    profile = analysis.profile(parse("resnet34"))
    assert waiting.value.path().read_text() == svg(graph(profile, Level.LAYER))


def test_level_and_colour_are_in_the_address(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet20&level=layer")
    before = page.get_by_role("img", name=re.compile("7 identity")).get_attribute("src")
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name="saved memory").click()
    expect(page).to_have_url(re.compile(r"heat=saved(\+|%20)memory"))
    picture = page.get_by_role("img", name=re.compile("7 identity"))
    expect(picture).not_to_have_attribute("src", before or "")

    other = visit(page.url)
    again = other.get_by_role("img", name=re.compile("7 identity"))
    expect(again).to_have_attribute("src", picture.get_attribute("src") or "")
