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
