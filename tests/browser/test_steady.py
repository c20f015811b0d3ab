"""Opening a page shifts nothing and loses no click; on a phone, a choice closes the sidebar."""

import re

import pytest
from playwright.sync_api import expect

from pages.ui.frame import PAGES
from tests.browser.conftest import MOST_SHIFT, Arrive, Visit, forget, settled, shift
from tests.browser.test_explore import model_text, title

VISITS = 6

# Return the centre of a button in the first frame in which a click can reach it.
FIRST = """(name) => new Promise((done) => {
  const look = () => {
    for (const button of document.querySelectorAll("button:enabled")) {
      if (!button.innerText.includes(name)) continue;
      const { x, y, width, height } = button.getBoundingClientRect();
      const middle = [x + width / 2, y + height / 2];
      if (button.contains(document.elementFromPoint(...middle))) return done(middle);
    }
    if (performance.now() > 30_000) return done(null); // fail instead of waiting longer
    requestAnimationFrame(look);
  };
  look();
})"""


@pytest.mark.parametrize("name", ["", *(page[0] for page in PAGES[1:])])
def test_opening_a_page_moves_nothing(name: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{name}", height=720)
    assert shift(page) <= MOST_SHIFT


@pytest.mark.parametrize(
    ("name", "button"),
    [("gradients", "Vanishing"), ("", "Edit this model"), ("shortcuts", "Export")],
)
def test_no_click_is_lost(name: str, button: str, server: str, arrive: Arrive) -> None:
    warm = arrive(height=720)
    for number in range(VISITS):
        page = warm if number % 4 else arrive(height=720, newcomer=True)
        page.goto(f"{server}/{name}", wait_until="commit")
        middle = page.evaluate(FIRST, button)
        assert middle, f"no click reaches {button}"
        page.mouse.click(*middle, delay=60)
        if name == "gradients":
            expect(page).to_have_url(re.compile("models=plain56"))
            expect(page.get_by_text("it vanishes")).to_be_visible()
        elif name == "shortcuts":
            expect(page.get_by_role("button", name="Download SVG")).to_be_visible()
        else:
            expect(page.get_by_role("dialog")).to_be_visible()
        forget(page)


def test_a_choice_closes_the_sidebar_of_a_phone(server: str, visit: Visit) -> None:
    page = visit(server, width=390, height=844)
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).not_to_be_in_viewport()
    page.get_by_role("button", name="Expand sidebar").click()
    page.get_by_role("link", name="Units").click()
    title(page, "Units")
    expect(sidebar).not_to_be_in_viewport()
    settled(page)
    page.get_by_role("button", name="Expand sidebar").click()
    model_text(page).fill("resnet34")
    model_text(page).press("Enter")
    expect(page).to_have_url(re.compile("model=resnet34"))
    expect(sidebar).not_to_be_in_viewport()
