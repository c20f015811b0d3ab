"""The projector view: type from 24 px, one thing per screen, no scrolling."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from analysis.gradients import presets
from analysis.lecture.files import pack
from analysis.lecture.story import Lecture, Step
from pages.ui.frame import PAGES
from pages.ui.words import unbroken
from tests.browser.conftest import Visit, drawn, settled
from tests.browser.test_accessible import SCHEMES, SEEN, legible, put_on

NAMES = [name for name, _, _ in PAGES]

TEXTS = """() => {
  const found = [];
  const walk = (root) => {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      const text = texts.currentNode.textContent.replaceAll("\u200b", "").trim(); // a formula's
      if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
      if (element.closest("style, script, noscript, title, desc, [data-testid=stIconMaterial]"))
        continue;
      const box = element.getBoundingClientRect();
      if (box.width <= 1 || box.height <= 1) continue; // for screen readers alone
      const drawn = element.ownerSVGElement && element.getScreenCTM();
      const scale = drawn ? Math.hypot(drawn.c, drawn.d) : 1; // text may be turned
      found.push([text, parseFloat(getComputedStyle(element).fontSize) * scale]);
    }
    for (const host of root.querySelectorAll("*")) if (host.shadowRoot) walk(host.shadowRoot);
  };
  walk(document.body);
  return found;
}"""

PICTURED = """() => [...document.querySelectorAll("main img[src^='data:image/svg']")].map((image) =>
{
  const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (c) => c.charCodeAt(0));
  const text = new TextDecoder().decode(bytes);
  const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const sizes = [...svg.querySelectorAll("text")].map((one) =>
    Number(one.closest("[font-size]").getAttribute("font-size")),
  );
  const box = image.getBoundingClientRect();
  return Math.min(...sizes) * Math.min(box.width / width, box.height / height);
})"""
"""The smallest text of every picture on a page, in px."""

RAISED = 0.7  # size of an exponent relative to its line, in plotly


def texts(page: Page) -> list[tuple[str, float]]:
    """Return the texts on the screen with their sizes in px."""
    return [(text, size) for text, size in page.evaluate(TEXTS)]


FITS = "height => document.querySelector('[data-testid=stMain]').scrollHeight <= height"


def fitting(page: Page) -> Iterator[int]:
    """Yield the height of each wall, on which the whole page fits."""
    for width, height in ((1280, 720), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(FITS, arg=height)
        yield height


MORE = [
    "compare?compare_shown=ledger",
    "explore?explore_shown=stages",
    "explore?explore_shown=block",
    "explore?explore_shown=layers",
    *(f"explore?explore_shown=published&model={model}" for model in ("resnet34", "resnet50")),
    "shortcuts?heat=macs",
    "training?train=epochs&train_depths=ladder",
    "lesions?net=fashion_resnet56",
    *(f"lesions?lesion_shown={view}" for view in ("several", "order", "does", "sees")),
    *(f"lecture?exercise={key}" for key in ("keyword_typo", "vanishing_solved")),
    "lecture?exercise=projection_norm&exercise_step=answer",
    "lecture?lecture_shown=mine",
]
"""Views of pages that are not the first one."""


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_a_chosen_block_is_told_in_a_line_below_the_graph(
    server: str, visit: Visit, width: int, height: int
) -> None:
    """It used to cover a third of the drawing, and its buttons were cut off."""
    page = visit(f"{server}/shortcuts?view=wall&model=resnet50", width, height)
    drawn(page)
    page.get_by_text("1.1 to 1.2 ×2").click()
    details = page.locator(".rv-details")
    expect(details.get_by_role("button", name="Show its layers")).to_be_in_viewport(ratio=1)
    expect(details.get_by_text("identity shortcut")).to_be_in_viewport(ratio=1)
    graph, told = page.locator(".rv-canvas").bounding_box(), details.bounding_box()
    assert graph
    assert told
    assert graph["y"] + graph["height"] <= told["y"]
    assert told["y"] + told["height"] <= height
    page.wait_for_function(FITS, arg=height)


def test_lines_of_code_are_indented_alike(server: str, visit: Visit) -> None:
    """Numbers of two digits used to move their lines to the right."""
    page = visit(f"{server}/lecture?exercise=keyword_typo&view=wall", 1280, 720)
    drawn(page)
    numbers = page.locator("[data-testid=stCode] .linenumber")
    expect(numbers.nth(9)).to_have_text("10")
    widths = {round(one.bounding_box()["width"], 1) for one in numbers.all()}  # type: ignore[index]
    assert len(widths) == 1


EDITED = [
    *("resnet50:unit=full_preact", "resnet50:blocks=3,8,36,3", "resnet152:norm=none"),
    "resnet50:se=16:norm=group:classes=10:activation=tanh",
]


@pytest.mark.parametrize("model", EDITED)
@pytest.mark.parametrize("view", ["shape", "block"])
def test_an_edited_network_fits_a_screen(server: str, visit: Visit, model: str, view: str) -> None:
    page = visit(f"{server}/?view=wall&explore_shown={view}&model={model}", 1280, 720)
    drawn(page)
    expect(page.locator(".st-key-wall_sentence")).to_have_count(1)
    page.wait_for_function(FITS, arg=720)


@pytest.mark.parametrize("name", [*NAMES, *MORE])
def test_every_page_is_read_from_the_last_row(server: str, visit: Visit, name: str) -> None:
    path = "" if name == NAMES[0] else name
    more = "&" if "?" in path else "?"
    page = visit(f"{server}/{path}{more}view=wall&model=resnet20", 1280, 720)
    drawn(page)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    for height in fitting(page):
        least = height / 30 - 0.1
        small = [(text, size) for text, size in texts(page) if size < least]
        assert [one for one in small if one[1] < RAISED * least] == []
        assert all(text.lstrip("−-").isdigit() for text, _ in small), small
    legible_in_both_themes(page)


def test_a_warning_keeps_clear_of_the_button_and_names_of_stages(server: str, visit: Visit) -> None:
    address = "gradients?view=wall&bogus_setting=12345678&another=2&third_one=3"
    page = visit(f"{server}/{address}", 1280, 720)
    drawn(page)
    warning = page.get_by_test_id("stAlertContainer").bounding_box()
    button = page.get_by_role("button", name="Run it here").bounding_box()
    assert warning
    assert button
    assert warning["x"] + warning["width"] <= button["x"]
    names = page.locator(".stPlotlyChart .legendtext")
    expect(names).to_have_text(["plain, 50 layers", "residual, 50 layers"])


@pytest.mark.parametrize("address", ["lesions?lesion_shown=none", "shortcuts?level=none"])
def test_a_graph_is_whole_below_a_warning(server: str, visit: Visit, address: str) -> None:
    """Its legend used to be pushed off the wall."""
    page = visit(f"{server}/{address}&view=wall", 1280, 720)
    drawn(page)
    expect(page.get_by_text("Ignored settings in the address")).to_be_visible()
    assert list(fitting(page)) == [720, 1080]


@pytest.mark.parametrize(
    ("model", "heat", "count"),
    [("resnet50", "saved_bytes", 10), ("resnet34", "macs", 10), ("resnet1202", "bytes_moved", 8)],
)
def test_each_box_on_a_wall_says_its_number(
    server: str, visit: Visit, model: str, heat: str, count: int
) -> None:
    page = visit(f"{server}/shortcuts?view=wall&model={model}&heat={heat}", 1280, 720)
    drawn(page)
    numbers = page.locator(".rv-canvas g.node text", has_text=re.compile(r"^[\d.,]+ [kMG]?B?$"))
    expect(numbers).to_have_count(count)


DENSE = [
    "shortcuts?twin=true&model=resnet50",
    "shortcuts?labels=both&model=resnet152",
    "shortcuts?labels=operations&model=resnet50",
    "shortcuts?heat=macs&model=resnet34",
    "units?left_block=bottleneck&right_block=bottleneck&left_shortcut=projection",
    "compare?compare_shown=difference&from=resnet50&to=resnet152",
    "compare?compare_shown=difference&from=resnet18&to=resnet152:unit=full_preact",
]
"""Drawings with more boxes or longer labels than those of ResNet-20."""


@pytest.mark.parametrize("address", DENSE)
def test_a_dense_drawing_is_read_from_the_last_row(server: str, visit: Visit, address: str) -> None:
    page = visit(f"{server}/{address}&view=wall", 1280, 720)
    drawn(page)
    picture = page.locator("main :is(.rl-figure img, .rv-canvas)")
    for width, height in ((1280, 720), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(FITS, arg=height)
        expect(picture).to_be_in_viewport(ratio=0.99)
        sizes = [size for _, size in texts(page)] + page.evaluate(PICTURED)
        assert min(sizes) >= height / 30 - 0.1


def legible_in_both_themes(page: Page) -> None:
    page.evaluate(SEEN)
    for scheme in SCHEMES:
        put_on(page, scheme)
        legible(page, least=7)


def test_the_key_and_the_button_switch_it(server: str, visit: Visit) -> None:
    page = visit(f"{server}/compare", 1280, 720)
    page.get_by_role("button", name="Projector").click()
    expect(page).to_have_url(re.compile("view=wall"))
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    settled(page)
    page.keyboard.press("p")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page).not_to_have_url(re.compile("view=wall"))
    settled(page)
    icons = page.locator("[data-testid=stTooltipIcon] svg.icon")
    widths = icons.evaluate_all("icons => icons.map((one) => one.getBoundingClientRect().width)")
    assert widths
    assert set(widths) <= {0, 16}
    page.get_by_role("textbox", name="Model text").click()
    page.keyboard.type("p")
    settled(page)
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


def test_a_steps_drawing_has_the_room_of_its_own_wall(server: str, visit: Visit) -> None:
    address = "shortcuts?model=resnet152&level=stage"
    mine = quote(pack(Lecture("Mine", (Step("ResNet-152", address),))), safe="")
    for view in ("view=wall", f"lecture={mine}&step=1&view=wall"):
        page = visit(f"{server}/{address}&{view}", 1280, 720)
        drawn(page)
        assert min(size for text, size in texts(page) if text.strip()) >= 23.9


def test_a_preset_its_chart_and_its_sentence_fit_a_screen(server: str, visit: Visit) -> None:
    """On the wall and at the desk: the pressed preset, the chart's two names, the sentence."""
    page = visit(f"{server}/gradients?batch=4", 1280, 720)
    page.get_by_role("button", name="Vanishing", exact=True).click()
    said = page.get_by_text("Toward the input, the plain stack's gradient falls by a factor of")
    expect(said).to_be_visible(timeout=60_000)
    for view in ("desk", "wall"):
        settled(page)
        chart = page.locator(".stPlotlyChart .main-svg").first
        expect(chart).to_be_visible()
        for name in ("plain, 56 layers", "residual, 56 layers"):
            where = ".annotation-text" if view == "wall" else ".legendtext"  # no room at the desk
            expect(page.locator(where, has_text=re.compile(f"^{name}"))).to_be_visible()
        pressed = page.get_by_role("button", name="Vanishing", exact=True)
        expect(pressed).to_have_attribute("data-testid", "stBaseButton-primary")
        below, strip = said.bounding_box(), page.locator(".st-key-strip").bounding_box()
        assert below
        assert strip
        assert below["y"] + below["height"] <= 720, view
        assert strip["height"] <= 56
        if view == "desk":
            page.keyboard.press("p")
            expect(page.get_by_test_id("stSidebar")).to_be_hidden()


def test_what_a_page_without_a_result_names_is_in_view(server: str, visit: Visit) -> None:
    """Gradients of a network that nobody measured: the button named is below, in the middle."""
    page = visit(f"{server}/gradients?view=wall&model=resnet32:classes=7&batch=4", 1280, 720)
    asks = "No measurements with these settings yet. Pick a preset, or press Measure."
    expect(page.get_by_text(asks)).to_be_visible()
    button, strip = page.get_by_role("button", name="Measure"), page.locator(".st-key-strip")
    presets, said = strip.bounding_box(), page.get_by_text(asks).bounding_box()
    place = button.bounding_box()
    assert presets
    assert said
    assert place
    assert presets["y"] + presets["height"] <= 80
    assert said["y"] >= 240
    assert said["y"] + said["height"] <= place["y"]
    assert place["y"] + place["height"] <= 560
    assert place["x"] + place["width"] / 2 == pytest.approx(640, abs=1)
    button.click()
    expect(page.get_by_text(re.compile("Toward the input, the plain stack"))).to_be_visible()
    expect(page.get_by_role("button", name="Run it here")).to_be_visible()


@pytest.mark.parametrize(("width", "height", "type_px"), [(1280, 720, 24), (1920, 1080, 36)])
def test_the_list_of_more_presets_is_whole_and_large(
    server: str, visit: Visit, width: int, height: int, type_px: int
) -> None:
    page = visit(f"{server}/gradients?view=wall", width, height)
    page.get_by_role("button", name="More").click()
    menu = page.get_by_test_id("stPopoverBody")
    last = menu.get_by_role("button").last
    expect(last).to_be_in_viewport(ratio=1)
    hidden, size = menu.evaluate(
        """(menu) => [
            menu.scrollHeight - menu.clientHeight,
            parseFloat(getComputedStyle(menu.querySelector("button p")).fontSize),
        ]"""
    )
    assert (hidden, size) == (0, type_px)


def test_that_list_closes_once_a_preset_is_chosen(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?view=wall", 1280, 720)
    menu = page.get_by_test_id("stPopoverBody")
    for preset in presets.MORE[:2]:
        page.get_by_role("button", name="More").click()
        menu.get_by_role("button", name=unbroken(preset.name)).click()
        expect(menu).to_have_count(0)
        expect(page.get_by_text(unbroken(preset.name)).first).to_be_visible()


def test_a_pressed_preset_of_that_list_is_as_dark_as_the_others(server: str, visit: Visit) -> None:
    options = ("", ":shortcut=projection", ":shortcut=projection_all")
    models = ";".join(f"resnet110{option}" for option in options)
    page = visit(f"{server}/gradients?view=wall&models={models}", 1280, 720)
    page.get_by_role("button", name="More").click()
    expect(page.get_by_test_id("stPopoverBody").get_by_role("button").last).to_be_in_viewport()
    legible_in_both_themes(page)


def test_titles_are_as_high_on_every_wall(server: str, visit: Visit) -> None:
    tops = set()
    for address in ("lesions?view=wall", "lesions?view=wall&lesion_shown=order"):
        page = visit(f"{server}/{address}", 1280, 720)
        drawn(page)
        box = page.get_by_role("heading", level=1).bounding_box()
        assert box
        tops.add(round(box["y"] + box["height"] / 2))
    assert max(tops) - min(tops) <= 1


def test_counts_on_the_wall_are_beside_their_labels(server: str, visit: Visit) -> None:
    page = visit(f"{server}/compare?view=wall&compare_shown=ledger", 1280, 720)
    box = page.locator(".rl-table").bounding_box()
    assert box
    assert box["width"] < 800


def test_the_buttons_of_a_page_are_level(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?view=wall", 1280, 720)
    drawn(page)
    exit_icon = page.locator(".st-key-view_switch").get_by_test_id("stIconMaterial").first
    preset, run = (page.get_by_role("button", name=name) for name in ("Vanishing", "Run it here"))
    boxes = [one.bounding_box() for one in (preset, run, exit_icon)]
    assert len({round(box["y"] + box["height"] / 2) for box in boxes if box}) == 1


def test_a_notice_is_legible_and_beside_the_exit(server: str, visit: Visit) -> None:
    for address in ("lecture?lecture_shown=wrong", "?model=resnet99"):
        page = visit(f"{server}/{address}&view=wall", 1280, 720)
        expect(page.get_by_test_id("stSidebar")).to_be_hidden()
        notice = page.get_by_role("alert").bounding_box()
        button = page.locator(".st-key-view_switch").bounding_box()
        assert notice
        assert button
        assert notice["x"] + notice["width"] <= button["x"]
        legible_in_both_themes(page)


def test_the_times_of_the_stages_take_the_free_height(server: str, visit: Visit) -> None:
    page = visit(f"{server}/timing?view=wall", 1280, 720)
    drawn(page)
    notes = page.locator(".rl-figures small").evaluate_all(
        "(notes) => notes.map((note) => note.getBoundingClientRect().height)"
    )
    assert max(notes) < 1.5 * min(notes)  # one line each
    bars = page.locator(".stPlotlyChart .gridlayer").bounding_box()
    assert bars
    assert bars["height"] >= 255
    legend = page.locator(".stPlotlyChart .legend").bounding_box()
    assert legend
    assert legend["y"] + legend["height"] <= bars["y"]


def test_what_is_wrong_with_hidden_settings_is_said(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?view=wall&models=resnet20,resnet21", 1280, 720)
    expect(page.get_by_text("is not a model")).to_be_visible()
    expect(page.get_by_role("button", name="Measure")).to_be_hidden()


def test_a_long_title_ends_before_the_button(server: str, visit: Visit) -> None:
    model = "resnet20:unit=full_preact:widths=6,12,24:stem_width=6:input=1x14x14:classes=10"
    for page_name, width, height in (
        ("training?train=one", 1280, 720),
        ("training?train=one", 1920, 1080),
        ("timing?timing_shown=roofline", 1280, 720),
        ("timing?timing_shown=roofline", 1920, 1080),
    ):
        page = visit(f"{server}/{page_name}&model={model}&view=wall", width, height)
        drawn(page)
        button = page.locator(".st-key-wall_action button").bounding_box()
        assert button
        right = page.locator(".stMain h1").evaluate(
            """(title) => {
              const range = document.createRange();
              range.selectNodeContents(title);
              return Math.max(...[...range.getClientRects()].map((box) => box.right));
            }"""
        )
        title = page.locator(".stMain h1").bounding_box()
        assert title
        assert right <= button["x"] or title["y"] + title["height"] <= button["y"]
