"""A phone: the picture comes first, the settings open on a press; the desk shows both."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from analysis.lecture.exercises.catalog import EXERCISES
from tests.browser.conftest import Visit, drawn, settled
from tests.browser.test_wall import PICTURED, texts

PICTURES = {
    "shortcuts": ".rv-canvas",
    "units": ".rl-figure img",
    "timing?model=resnet50": ".stPlotlyChart",
    "training": ".stPlotlyChart",
    "lesions": ".rv-canvas",
    "paths": ".stPlotlyChart",
    "compare": ".stPlotlyChart",
    "choose": ".rl-table td",
    "sweeps": ".stPlotlyChart",
}
"""What each page with settings above its picture shows first."""

FIELDS = """[...document.querySelectorAll(
  "main :is([data-testid=stSelectbox], [data-testid=stNumberInput], [data-testid=stCheckbox])"
)].filter((field) => field.checkVisibility())"""


def fields_above(page: Page, picture: str) -> int:
    """Return how many fields are visible above the picture."""
    top = page.locator(picture).first.bounding_box()
    assert top
    found: int = page.evaluate(
        f"(y) => {FIELDS}.filter((field) => field.getBoundingClientRect().bottom <= y).length",
        top["y"],
    )
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_comes_before_the_settings(name: str, server: str, visit: Visit) -> None:
    picture = PICTURES[name]
    page = visit(f"{server}/{name}", 390, 844)
    drawn(page)
    first = page.locator(picture).first
    expect(first).to_be_visible()
    assert fields_above(page, picture) == 0
    place = first.bounding_box()
    assert place
    assert place["y"] < 844
    folds = page.locator(".rl-fold summary")
    for number in range(folds.count()):
        folds.nth(number).click()
    assert fields_above(page, picture) >= 2
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(folds.first).to_be_hidden()
    assert fields_above(page, picture) >= 2


def test_the_button_of_gradients_stands_above_no_open_fields(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients", 390, 844)
    drawn(page)
    seeds = page.get_by_role("spinbutton", name="Seeds")
    expect(page.get_by_role("button", name="Run it here")).to_be_visible()
    expect(seeds).to_be_hidden()
    page.locator(".rl-fold summary").click()
    expect(seeds).to_be_visible()


def test_settings_stay_open_while_the_page_answers_them(server: str, visit: Visit) -> None:
    page = visit(f"{server}/units", 390, 844)
    drawn(page)
    page.get_by_text("Units to compare").click()
    page.get_by_role("combobox", name="Block").first.click()
    page.get_by_role("option", name="bottleneck").click()
    expect(page).to_have_url(re.compile("left_block=bottleneck"))
    drawn(page)
    expect(page.get_by_role("combobox", name="Block").first).to_be_visible()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("choose", "Budgets: 5 G MACs per image and 8 GB of training memory at batch 32."),
        ("paths", "Residual, 32 layers, trained."),
    ],
)
def test_what_folded_settings_are_is_said_on_a_phone_only(
    server: str, visit: Visit, page: str, said: str
) -> None:
    phone = visit(f"{server}/{page}", 390, 844)
    expect(phone.get_by_text(said, exact=True)).to_be_visible()
    phone.set_viewport_size({"width": 1280, "height": 900})
    expect(phone.get_by_text(said, exact=True)).to_be_hidden()


def test_the_sentence_comes_before_the_fold(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts", 390, 844)
    drawn(page)
    fold = page.locator(".rl-fold summary")
    said, switch = page.get_by_text("12 identity"), page.get_by_text("Unfold equal blocks")

    def tops() -> list[float]:
        return [box["y"] for one in (said, fold, switch) if (box := one.bounding_box())]

    assert tops() == sorted(tops())
    assert len(tops()) == 2  # the switch is folded
    fold.click()
    expect(switch).to_be_visible()
    assert tops() == sorted(tops())
    widths = page.evaluate(
        "() => [...document.querySelectorAll('main [data-testid=stSelectbox]')]"
        ".map((box) => Math.round(box.getBoundingClientRect().width))"
    )
    assert len(set(widths)) == 1
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(fold).to_be_hidden()
    beside = [box["y"] for one in (said, switch) if (box := one.bounding_box())]
    assert abs(beside[0] - beside[1]) < 40  # one row


def test_a_touch_screen_has_no_keys_and_a_phone_no_bars(server: str, browser: Browser) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{server}/lecture")
    settled(page)
    expect(page.get_by_text("Depth need not cost more")).to_be_visible()
    expect(page.get_by_text("Keys: →")).to_be_hidden()
    page.goto(f"{server}/explore?explore_shown=stages")
    settled(page)
    expect(page.get_by_text("MACs are multiply-adds of")).to_be_visible()
    expect(page.get_by_text("Bars are shares of the total")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
def test_a_phone_opens_a_lecture_in_its_own_view(
    server: str, browser: Browser, size: tuple[int, int]
) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{server}/gradients?models=plain56&lecture=resnet&step=6&answers=-----2&view=wall")
    expect(page).not_to_have_url(re.compile("view="))
    expect(page).to_have_url(re.compile("lecture=resnet&step=6&answers=-----2"))
    drawn(page)
    expect(page.get_by_text("And with batch norm?")).to_be_visible()
    page.wait_for_function(  # the chart is drawn again once the sidebar is closed
        """width => {
          const label = document.querySelector(".xtitle");
          const box = label?.getBoundingClientRect();
          return label?.textContent.startsWith("weighted layers from the input")
            && box.width > 0 && box.left >= 0 && box.right <= width;
        }""",
        arg=width,
    )
    page.get_by_role("link", name="Next step").tap()
    expect(page).to_have_url(re.compile("step=7"))
    expect(page).not_to_have_url(re.compile("view="))
    context.close()


def test_a_narrow_window_keeps_the_projector_view(server: str, browser: Browser) -> None:
    context = browser.new_context(
        viewport={"width": 500, "height": 800}, screen={"width": 1280, "height": 800}
    )
    page = context.new_page()
    page.goto(f"{server}/gradients?models=plain56&view=wall")
    settled(page)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page).to_have_url(re.compile("view=wall"))
    context.close()


def test_a_desk_has_keys_and_bars(server: str, visit: Visit) -> None:
    expect(visit(f"{server}/lecture").get_by_text("Keys: →")).to_be_visible()
    page = visit(f"{server}/explore?explore_shown=stages")
    expect(page.get_by_text("Bars are shares of the total")).to_be_visible()


def test_folded_settings_show_what_is_wrong_and_the_button(server: str, visit: Visit) -> None:
    page = visit(f"{server}/timing?model=resnet20&timing_batches=none", 390, 844)
    drawn(page)
    expect(page.get_by_text("batch must be")).to_be_visible()
    expect(page.get_by_role("button", name="Measure")).to_be_visible()
    expect(page.get_by_role("textbox", name="Batch sizes")).to_be_hidden()


def test_a_card_says_what_its_first_number_counts(server: str, visit: Visit) -> None:
    for address, says in (("training", "Depth"), ("paths", "Length")):
        page = visit(f"{server}/{address}", 390, 844)
        drawn(page)
        first = page.locator(".rl-table td:first-child").first
        label = first.evaluate("(cell) => getComputedStyle(cell, '::before').content")
        shown = first.evaluate("(cell) => getComputedStyle(cell, '::before').display")
        assert (label, shown) == (f'"{says}"', "block")
        assert first.inner_text().isdigit()


def test_cards_are_short_and_their_texts_begin_at_the_left(server: str, visit: Visit) -> None:
    page = visit(f"{server}/choose", 390, 844)
    drawn(page)
    cells = page.locator(".rl-table tbody tr").first.locator("td")
    tops = [box["y"] for cell in cells.all() if (box := cell.bounding_box())]
    assert len(tops) == 9
    assert len({round(top) for top in tops}) == 5  # the name, then two numbers to a line
    page = visit(f"{server}/shortcuts", 390, 844)
    drawn(page)
    why = page.locator(".rl-table td.long").first
    assert why.evaluate("(cell) => getComputedStyle(cell).textAlign") == "left"


def test_a_long_table_shows_its_first_cards_and_then_all(server: str, visit: Visit) -> None:
    page = visit(f"{server}/choose", 390, 844)
    drawn(page)
    cards = page.locator(".rl-table").first.locator("tbody tr")
    count = cards.count()
    assert count > 7
    shown = page.locator(".rl-table").first.locator("tbody tr:visible")
    expect(shown).to_have_count(5)
    every = page.get_by_text(f"All {count} rows")
    every.click()
    expect(shown).to_have_count(count)
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(every).to_be_hidden()
    expect(shown).to_have_count(count)


def test_a_time_with_its_range_and_each_other_figure_has_a_line(server: str, visit: Visit) -> None:
    page = visit(f"{server}/timing", 390, 844)
    drawn(page)
    time = page.locator(".rl-table td:visible").nth(1)
    expect(time).to_have_attribute("data-label", "Time (p10 to p90)")
    expect(time).to_have_text(re.compile(r"^[0-9.]+ ms \([0-9.]+ to [0-9.]+\)$"))
    figures = page.locator(".rl-table td.n:visible").all()
    boxes = [box for cell in figures if (box := cell.bounding_box())]
    assert len(boxes) == 25
    assert len({(box["x"], box["width"], box["height"]) for box in boxes}) == 1


def test_points_of_a_list_are_no_wider_than_a_paragraph(server: str, visit: Visit) -> None:
    page = visit(f"{server}/training", 1280, 900)
    drawn(page)
    points = page.locator(".stMarkdown li")
    expect(points.first).to_be_visible()
    widest = page.locator(".stMarkdown p").first.evaluate("(p) => getComputedStyle(p).maxWidth")
    widths = points.evaluate_all("all => all.map((one) => getComputedStyle(one).maxWidth)")
    assert set(widths) == {widest}
    assert widest != "none"


def test_what_helps_is_not_folded(server: str, visit: Visit) -> None:
    """Beside an error that its settings cause, a folded page still offers the way out."""
    page = visit(f"{server}/training?train=one&model=resnet50", 390, 844)
    expect(page.get_by_text("ResNet-50 has 3 input channels and 1,000 outputs")).to_be_visible()
    expect(
        page.get_by_role("button", name="Use ResNet-50 with 1 channel and 10 classes")
    ).to_be_visible()
    page.goto(f"{server}/training?train=epochs")
    expect(page.get_by_role("button", name="Download Fashion-MNIST (31 MB)")).to_be_visible()


BROKEN = r"""() => {
  const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode()); ) {
    if (text.parentElement.closest("caption, script, style")) continue;
    for (const name of text.data.matchAll(/\w+(?:-\w+)*-[A-Z0-9]\w*/g)) {
      const range = document.createRange();
      range.setStart(text, name.index);
      range.setEnd(text, name.index + name[0].length);
      const lines = new Set([...range.getClientRects()].map((line) => Math.round(line.y)));
      if (lines.size > 1) found.push(text.data);
    }
  }
  return found;
}"""


@pytest.mark.parametrize(
    "address",
    [
        "timing?model=resnet18:blocks=1,1,1,1",
        "units",
        "training?train=epochs",
        "choose",
        "sweeps",
    ],
)
def test_no_name_breaks_at_its_hyphen(address: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{address}", 390, 844)
    drawn(page)
    for fold in page.locator(".rl-fold summary").all():
        fold.click()
    assert page.evaluate(BROKEN) == []


@pytest.mark.parametrize(
    "address",
    [
        "shortcuts?twin=true&model=resnet152",
        "shortcuts?twin=true&model=resnet50&level=layer",
        "shortcuts?twin=vgg19&model=resnet34",
        "compare?compare_shown=difference&from=resnet50&to=resnet152",
    ],
)
def test_two_graphs_are_legible(address: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{address}", 390, 844)
    drawn(page)
    expect(page.locator("main :is(.rl-figure img, .rv-canvas svg)").first).to_be_visible()
    sizes = [size for _, size in texts(page)] + page.evaluate(PICTURED)
    assert min(sizes) >= 12 - 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_tap_on_any_box_of_two_networks_shows_its_facts(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?twin=true&model=resnet34", 390, 844)
    drawn(page)
    for path, named in (
        ("resnet34/conv1", "ResNet-34: conv1"),
        ("plain34/maxpool", "Plain-34: maxpool"),
        ("resnet34/layer1.1", "ResNet-34: layer1.1 to 1.2 ×2"),
    ):
        page.locator(f"g.node[data-path='{path}']").first.click()
        expect(page.locator(".rv-details h3")).to_have_text(named)


@pytest.mark.parametrize("name", ["choose?choose_shown=deepest", "?explore_shown=published"])
def test_cards_with_long_texts_are_as_wide_as_a_phone(name: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{name}", 390, 844)
    drawn(page)
    expect(page.locator(".rl-table td").first).to_be_visible()
    found = page.locator(".rl-table tbody td").evaluate_all(
        """(cells) => cells.filter((cell) => cell.checkVisibility() && cell.textContent)
          .filter((cell) => {
            const {right, height} = cell.getBoundingClientRect();
            const isFlex = getComputedStyle(cell).display === "flex";
            const split = isFlex && cell.querySelector(":scope > .rl-name");
            return right > 390 || height > 100 || split;
          }).map((cell) => cell.textContent)"""
    )
    assert found == []
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


def test_a_sidebar_that_was_left_open_is_closed_when_the_app_opens(
    server: str, visit: Visit
) -> None:
    page = visit(server, 390, 844)
    settled(page)
    opener = page.get_by_test_id("stExpandSidebarButton")
    opener.click()
    link = page.get_by_test_id("stSidebarNavLink").first
    expect(link).to_be_in_viewport()
    place = link.bounding_box()
    assert place
    assert place["height"] >= 44  # room for a finger
    page.goto(f"{server}/units")  # Streamlit remembers the sidebar
    settled(page)
    expect(opener).to_be_visible()
    expect(link).to_be_hidden()
    opener.click()
    expect(link).to_be_in_viewport()


def test_code_that_wraps_keeps_its_indentation(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture?lecture_shown=exercises", 390, 844)
    drawn(page)
    expect(page.get_by_test_id("stCode")).to_be_hidden()
    lines = page.locator(".rl-code span")
    code = next(iter(EXERCISES.values())).code.splitlines()
    copied = page.locator(".rl-code").evaluate(
        "(code) => { getSelection().selectAllChildren(code); return getSelection().toString(); }"
    )
    assert copied.strip("\n") == "\n".join(code)
    numbers = lines.evaluate_all("(all) => all.map((line) => line.getBoundingClientRect().height)")
    assert min(numbers) == 18  # an empty line has the height of one row
    found = lines.evaluate_all(
        """(lines) => lines.map((line) => {
          const range = document.createRange();
          range.selectNodeContents(line);
          return [...range.getClientRects()].map((box) => [box.left, box.top]);
        })"""
    )
    start = min(left for boxes in found for left, _ in boxes)
    letter = 7.2  # px, of 12 px text
    wrapped = 0
    for text, boxes in zip(code, found, strict=True):
        first = start + letter * (len(text) - len(text.lstrip()))
        for left, top in boxes:
            if top > boxes[0][1] + letter:
                wrapped += 1
                assert left > first + 2 * letter, text
    assert wrapped
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.get_by_test_id("stCode")).to_be_visible()
    expect(page.locator(".rl-code")).to_be_hidden()


@pytest.mark.parametrize("tab", ["stages", "layers", "layers&find=layer3.0"])
def test_figures_of_stages_and_layers_are_whole_on_a_phone(
    tab: str, server: str, visit: Visit
) -> None:
    page = visit(f"{server}/?model=resnet152&explore_shown={tab}", 390, 844)
    drawn(page)
    rows = ".rl-row:not(.rl-head) > span, .rl-table tbody td"
    split = page.locator(f":is({rows})").evaluate_all(
        """(cells) => cells.filter((cell) => cell.checkVisibility() && cell.textContent)
          .filter((cell) => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            const box = range.getBoundingClientRect();
            return box.height > 30 || box.right > 390 || box.left < 0;
          }).map((cell) => cell.textContent)"""
    )
    assert split == []
    if tab == "layers":
        assert page.locator(".rl-row [data-label=Activations]").first.is_visible()


@pytest.mark.parametrize("path", ["layer1.2", "layer3.4"])
def test_what_a_tap_on_a_block_did_is_in_sight(path: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/lesions", 390, 844)
    drawn(page)
    page.locator(f"g.node[data-path='{path}']").first.click()
    said = page.get_by_text(f"Without {path}, the 32-layer residual network gets")
    expect(said).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(said).to_be_hidden()  # the figures are above each graph


def test_progress_comes_into_sight_where_its_button_is_far_below(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?quantity=direction", 390, 844)
    drawn(page)
    page.get_by_role("button", name="Run it here").click()
    expect(page.locator(".rl-status")).to_be_in_viewport()
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_in_viewport()
    cancel.click()
    expect(page.get_by_text("The job was cancelled.")).to_be_visible(timeout=60_000)


def test_tab_skips_the_closed_sidebar(server: str, visit: Visit) -> None:
    page = visit(f"{server}/units", 390, 844)
    drawn(page)
    link = page.get_by_test_id("stSidebarNavLink").first
    expect(link).to_be_hidden()
    stops = []
    for _ in range(3):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.dataset.testid"))
    assert stops == ["stSkipToContent", "stLogoLink", "stExpandSidebarButton"]
    page.keyboard.press("Enter")
    expect(link).to_be_in_viewport()


def test_segments_of_a_row_that_wraps_have_all_edges(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet50&explore_shown=layers", 390, 844)
    segments = page.locator("[data-testid='stButtonGroup'] button")
    expect(segments.last).to_be_visible()
    assert segments.last.bounding_box()["y"] > segments.first.bounding_box()["y"]  # type: ignore[index]
    edges = segments.evaluate_all(
        "all => all.flatMap((one) => ['Top', 'Right', 'Bottom', 'Left'].map("
        "(side) => getComputedStyle(one)[`border${side}Color`]))"
    )
    assert "rgba(0, 0, 0, 0)" not in edges


def test_a_unit_is_as_wide_as_the_page(server: str, visit: Visit) -> None:
    page = visit(f"{server}/units", 390, 844)
    drawn(page)
    image = page.locator(".rl-figure img").first
    assert image.evaluate("e => e.parentElement.clientWidth - e.clientWidth") == 0


def test_labels_of_files_are_whole(server: str, visit: Visit) -> None:
    """Two recordings differ only at the end of their labels."""
    page = visit(f"{server}/timing", 390, 844)
    page.get_by_role("button", name="Export recordings").click()
    page.get_by_role("dialog").get_by_text("8 files").click()
    labels = page.get_by_role("dialog").get_by_role("button", name=re.compile("^JSON: "))
    expect(labels).to_have_count(8)
    cut = "parts => parts.filter((one) => one.scrollWidth > one.clientWidth + 1).length"
    assert labels.locator(".stMarkdownEllipsis, p").evaluate_all(cut) == 0
    boxes = [one.bounding_box() for one in labels.all()]
    assert all(box and box["width"] <= 390 for box in boxes)
    assert max(box["height"] for box in boxes if box) > min(box["height"] for box in boxes if box)


def test_on_its_side_the_sidebar_is_closed(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet18", 844, 390)
    settled(page)
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNavLink").first).to_be_hidden()


def test_a_phone_that_is_turned_keeps_its_sidebar_as_it_was(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet18", 390, 844)
    settled(page)
    sidebar = page.get_by_test_id("stSidebar")
    for width, height in ((844, 390), (390, 844), (844, 390)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("width => innerWidth === width", arg=width)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        expect(sidebar).to_have_attribute("data-collapsed", "true")
        expect(page.get_by_test_id("stSidebarNavLink").first).to_be_hidden()
    page.get_by_role("button", name="Expand sidebar").click()
    expect(page.get_by_test_id("stSidebarNavLink").first).to_be_in_viewport()


def test_an_empty_lecture_of_ones_own_names_no_button_that_a_phone_lacks(
    server: str, visit: Visit
) -> None:
    page = visit(f"{server}/lecture?lecture_shown=mine", 390, 844)
    settled(page)
    expect(page.get_by_text("Add them on a larger screen")).to_be_visible()
    expect(page.get_by_text("select Add to lecture")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 720})
    expect(page.get_by_text("select Add to lecture")).to_be_visible()
    expect(page.get_by_text("Add them on a larger screen")).to_be_hidden()
