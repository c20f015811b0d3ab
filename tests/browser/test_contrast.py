"""Text stands out from what is behind it, 4.5:1 or more, on every page, light and dark."""

import pytest
from playwright.sync_api import Page, expect

from pages.ui.frame import PAGES
from tests.browser.conftest import Visit, drawn

# What is off, by "ratio text": each piece of text against its backgrounds, laid over each other.
# Neither what is disabled nor what a picture draws is measured; an icon needs 3:1.
FAINT = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, share, below) => below.map((c, i) => share * top[i] + (1 - share) * c);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim(), holder = node.parentElement;
    if (!text || !holder.checkVisibility({ visibilityProperty: true, opacityProperty: true })) {
      continue;
    }
    if (holder.closest("style, script, svg, :disabled, [aria-disabled=true], [disabled]")) continue;
    if (holder.closest("label")?.querySelector(":disabled")) continue;
    const box = holder.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const around = [];
    for (let one = holder; one; one = one.parentElement) around.unshift(getComputedStyle(one));
    let ground = [255, 255, 255], ink = null, opacity = 1;
    for (const style of around) {
      opacity *= Number(style.opacity);
      const [r, g, b, a] = rgba(style.backgroundColor);
      ground = over([r, g, b], a * opacity, ground);
    }
    const [r, g, b, a] = rgba(around.at(-1).color);
    ink = over([r, g, b], a * opacity, ground);
    const [dark, light] = [luminance(ink), luminance(ground)].sort((x, y) => x - y);
    const ratio = (light + 0.05) / (dark + 0.05);
    const least = holder.dataset.testid === "stIconMaterial" ? 3 : 4.5;
    if (ratio < least) faint.push(`${ratio.toFixed(2)} ${text.slice(0, 60)}`);
  }
  return [...new Set(faint)];
}"""


def check(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{scheme}'"
        )
        drawn(page)
        assert page.evaluate(FAINT) == [], scheme


@pytest.mark.parametrize("name", ["", *(page[0] for page in PAGES[1:])])
def test_every_text_is_legible(name: str, server: str, visit: Visit) -> None:
    check(visit(f"{server}/{name}"))


def test_the_editor_is_legible(server: str, visit: Visit) -> None:
    page = visit(server)
    page.get_by_role("button", name="Edit this model").click()
    expect(page.get_by_role("button", name="Apply")).to_be_enabled()
    check(page)
