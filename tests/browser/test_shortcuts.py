"""The Shortcuts page in a browser: navigate, open, search and export the graph."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, PdfMargins, expect
from pypdf import PdfReader

from analysis.__main__ import run
from analysis.style.palette import contrast
from tests.browser.conftest import Visit, drawn, settled
from tests.browser.exports import choose_format, download
from tests.browser.test_accessible import put_on
from tests.browser.test_explore import title


def canvas(page: Page) -> Locator:
    return page.locator(".rv-canvas")


def node(page: Page, path: str) -> Locator:
    return page.locator(f".rv-canvas g.node[data-path='{path}']").first


def chosen(page: Page) -> Locator:
    return page.locator(".rv-details h3")


def seen(page: Page) -> list[float]:
    """Return the visible part of the drawing: x, y, width, height."""
    text = page.locator(".rv-canvas > svg").get_attribute("viewBox") or ""
    return [float(number) for number in text.split()]


def test_a_visitor_walks_through_the_graph(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet34")
    page.get_by_role("link", name="Shortcuts").click()
    title(page, "Shortcuts of ResNet-34")
    expect(page.get_by_text("13 identity and 3 projection shortcuts")).to_be_visible()

    node(page, "layer2.0").click()
    expect(chosen(page)).to_have_text("layer2.0")
    details = page.locator(".rv-details")
    expect(details).to_contain_text("projection shortcut")
    expect(details).to_contain_text("y = ReLU(F(x) + Wx)")
    expect(details).to_contain_text("3×3 64→128 /2, 3×3 128→128")
    expect(details.locator("dd[title^='230,144']")).to_have_text("230 k")
    expect(page).to_have_url(re.compile(r"at=layer2\.0"))

    for key, path in (
        ("ArrowRight", "layer2.0, addition"),
        ("ArrowRight", "layer2.1 to 2.3 ×3"),
        ("ArrowLeft", "layer2.0, addition"),
        ("ArrowLeft", "layer2.0"),
        ("ArrowUp", "input"),
        ("ArrowDown", "layer2.0"),
        ("Home", "input"),
        ("End", "head"),
    ):
        canvas(page).press(key)
        expect(chosen(page)).to_have_text(re.compile(path))
    canvas(page).press("Escape")
    expect(chosen(page)).to_have_count(0)


def test_blocks_and_runs_open_and_close(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet34")
    node(page, "layer2.0").click()
    canvas(page).press("Enter")
    expect(node(page, "layer2.0.conv2")).to_be_visible()
    expect(page).to_have_url(re.compile(r"open=layer2\.0&"))
    node(page, "layer2.0.conv2").click()
    expect(page.locator(".rv-details")).to_contain_text("Conv2d")
    canvas(page).press("Escape")
    expect(node(page, "layer2.0.conv2")).to_have_count(0)
    expect(chosen(page)).to_have_text("layer2.0")

    node(page, "layer3.1").dblclick()
    expect(node(page, "layer3.5")).to_be_visible()
    expect(page).to_have_url(re.compile(r"open=layer3\.all"))
    other = visit(page.url)
    expect(node(other, "layer3.5")).to_be_visible()
    page.get_by_role("button", name="Fold again").click()
    expect(node(page, "layer3.5")).to_have_count(0)
    page.go_back()
    expect(node(page, "layer3.5")).to_be_visible()


def test_what_the_keyboard_opens_it_walks_through_and_closes(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50")
    canvas(page).focus()
    for path in ("input", "stem", "layer1.0", "layer1.0, addition"):
        canvas(page).press("ArrowRight")
        expect(chosen(page)).to_have_text(path)
    canvas(page).press("Enter")
    expect(chosen(page)).to_have_text("layer1.0.conv1")
    expect(page).to_have_url(re.compile(r"open=layer1\.0"))
    canvas(page).press("ArrowRight")
    expect(chosen(page)).to_have_text("layer1.0.bn1")
    expect(page).to_have_url(re.compile(r"at=layer1\.0\.bn1"))
    canvas(page).press("Escape")
    expect(chosen(page)).to_have_text("layer1.0")
    expect(node(page, "layer1.0.conv1")).to_have_count(0)

    for _ in range(3):
        canvas(page).press("ArrowRight")
    expect(chosen(page)).to_have_text("layer1.1, addition")
    canvas(page).press("Enter")
    expect(node(page, "layer1.2")).to_be_visible()
    expect(chosen(page)).to_have_text("layer1.1, addition")
    canvas(page).press("Escape")
    expect(chosen(page)).to_have_text("layer1.1 to 1.2 ×2")
    page.get_by_role("button", name="Show its layers").click()
    expect(chosen(page)).to_have_text("layer1.1.conv1")
    page.keyboard.press("Escape")
    expect(chosen(page)).to_have_text("layer1.1 to 1.2 ×2")


def test_a_stage_opens_and_closes_by_keyboard(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50&level=stage&at=layer2")
    expect(chosen(page)).to_have_text("layer2")
    canvas(page).press("Enter")
    expect(chosen(page)).to_have_text("layer2.0")
    canvas(page).press("ArrowRight")
    expect(chosen(page)).to_have_text("layer2.0, addition")
    canvas(page).press("Escape")
    expect(chosen(page)).to_have_text("layer2")


def test_an_address_of_what_is_not_drawn_keeps_the_keyboard(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50&open=layer1.0&at=layer1.0.0")
    expect(node(page, "layer1.0.conv1")).to_be_visible()
    expect(chosen(page)).to_have_count(0)
    canvas(page).press("ArrowRight")
    expect(chosen(page)).to_have_text("input")
    page = visit(f"{server}/shortcuts?model=resnet50&at=layer3.4.conv2")
    expect(chosen(page)).to_have_text("layer3.1 to 3.5 ×5")


def test_zoom_stays_when_the_page_runs_again(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50")
    whole = seen(page)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    width = str(whole[2] / 1.96)[:6].replace(".", r"\.")
    drawing = page.locator(".rv-canvas > svg")
    expect(drawing).to_have_attribute("viewBox", re.compile(rf"^\S+ \S+ {width}"))
    near = seen(page)
    assert near[2] == pytest.approx(whole[2] / 1.96, rel=1e-3)

    node(page, "layer3.0").click()
    expect(page).to_have_url(re.compile("at=layer3"))
    settled(page)
    assert seen(page)[2:] == pytest.approx(near[2:])

    box = canvas(page).bounding_box()
    assert box
    before = seen(page)
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 260, steps=4)
    page.mouse.up()
    expect(drawing).not_to_have_attribute("viewBox", " ".join(f"{n:g}" for n in before))
    after = seen(page)
    assert after[0] > before[0]
    assert after[1] > before[1]
    page.get_by_role("button", name="Fit").click()
    assert seen(page) == pytest.approx(whole)


def test_search_finds_what_is_drawn_and_what_is_folded(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet152")
    find = page.get_by_role("searchbox", name="Find a node by its path")
    find.fill("layer2")
    expect(page.locator(".rv-count")).to_have_text("4 found, Enter shows the next")
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer2.0")
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer2.0, addition")

    find.fill("layer3.20.conv2")
    expect(page.locator(".rv-count")).to_have_text("inside layer3.1 to 3.35 ×35: Enter opens it")
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer3.20.conv2")
    expect(page).to_have_url(re.compile("open=layer3.20%2Clayer3.all|open=layer3.20,layer3.all"))
    find.fill("layer9.0")
    expect(page.locator(".rv-count")).to_have_text("No match for layer9.0")
    assert node(page, "layer2.0").evaluate("(g) => getComputedStyle(g).opacity") == "1"
    find.fill("layer2.0")
    expect(node(page, "layer1.0").locator("text").first).to_have_css("opacity", "0.5")


def test_with_heat_a_search_leaves_every_box_its_colour(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50&search=layer2.0&heat=macs")
    other = node(page, "layer1.0")
    expect(page.locator(".rv-searching")).to_be_attached()
    expect(other.locator("text").first).to_have_css("opacity", "1")
    fill = other.locator("rect").last.get_attribute("fill")
    assert fill
    red, green, blue = (int(fill[at : at + 2], 16) for at in (1, 3, 5))
    expect(other.locator("rect").last).to_have_css("fill", f"rgb({red}, {green}, {blue})")
    expect(node(page, "layer2.0").locator("rect").last).to_have_css("stroke-width", "4px")
    expect(other.locator("rect").last).not_to_have_css("stroke-width", "4px")


def test_a_faded_box_hides_the_shortcut_behind_it(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet18&level=layer&search=layer1")
    box = page.locator("[data-path='layer2.0.downsample.0']:not(.found)")
    expect(box).to_have_css("opacity", "1")
    expect(box.locator("rect").first).to_have_css("opacity", "1")
    expect(box.locator("text").first).to_have_css("opacity", "0.5")
    expect(page.locator(".shortcut").first).to_have_css("opacity", "0.25")


def test_search_and_choice_are_in_the_address(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet20")
    find = page.get_by_role("searchbox", name="Find a node by its path")
    find.fill("layer2")
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer2.0")
    expect(page).to_have_url(re.compile(r"at=layer2\.0&search=layer2|search=layer2&at=layer2\.0"))
    other = visit(page.url)
    expect(other.get_by_role("searchbox")).to_have_value("layer2")
    expect(other.locator(".rv-count")).to_have_text(re.compile("found"))
    expect(chosen(other)).to_have_text("layer2.0")
    other.get_by_role("searchbox").press("Escape")
    expect(other).not_to_have_url(re.compile("search"))

    node(other, "layer3.0").click()
    expect(other).to_have_url(re.compile(r"at=layer3\.0"))
    settled(other)
    other.go_back()
    expect(chosen(other)).to_have_text("layer2.0")
    settled(other)
    node(other, "layer3.0").click()
    expect(other).to_have_url(re.compile(r"at=layer3\.0"))


def test_search_zooms_to_what_it_found(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet1202&unfold=true", height=720)
    expect(node(page, "stem")).to_be_visible()
    around = canvas(page).bounding_box()
    assert around
    assert seen(page)[2] > 2 * around["width"]  # zoomed out: no text is legible
    find = page.get_by_role("searchbox", name="Find a node by its path")
    for path in ("layer3.150", "layer1.20"):
        find.fill(path)
        find.press("Enter")
        expect(chosen(page)).to_have_text(path)
        width = seen(page)[2]
        assert around["width"] - 2 * 16 < width <= around["width"]  # at scale 1
        expect(node(page, path)).to_be_in_viewport(ratio=1)
        page.get_by_role("button", name="Fit").click()


def test_search_names_the_run_that_holds_a_layer(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50&level=layer&search=layer3.2.conv2")
    expect(page.locator(".rv-count")).to_have_text("inside layer3.1 to 3.5 ×5: Enter opens it")
    lit = page.locator(".rv-canvas g.node.found")
    paths = lit.evaluate_all("nodes => nodes.map((one) => one.dataset.path)")
    assert "layer3.1.conv2" in paths
    assert {path[:8] for path in paths} == {"layer3.1"}
    page.get_by_role("searchbox", name="Find a node by its path").press("Enter")
    expect(chosen(page)).to_have_text("layer3.2.conv2")


def test_search_opens_the_first_layer_of_a_part_of_its_path(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50")
    find = page.get_by_role("searchbox", name="Find a node by its path")
    find.fill("layer1.0.bn")
    expect(page.locator(".rv-count")).to_have_text("inside layer1.0: Enter opens it")
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer1.0.bn1")
    expect(page).to_have_url(re.compile(r"at=layer1\.0\.bn1(&|$)"))


def test_search_scrolls_to_what_it_found(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet152&level=layer", height=720)
    expect(node(page, "conv1")).to_be_visible()
    find = page.get_by_role("searchbox", name="Find a node by its path")
    for path in ("layer4.2.conv2", "layer3.20.conv2"):  # the second is inside a folded run
        find.fill(path)
        find.press("Enter")
        expect(chosen(page)).to_have_text(path)
        expect(page.locator(".rv-canvas .chosen")).to_be_in_viewport(ratio=1)


def test_the_search_field_has_room_for_its_words(server: str, visit: Visit) -> None:
    for width in (390, 1280, 1920):
        page = visit(f"{server}/shortcuts", width=width)
        find = page.get_by_role("searchbox", name="Find a node by its path")
        wide = """(field) => {
          const style = getComputedStyle(field);
          const pen = document.createElement("canvas").getContext("2d");
          pen.font = `${style.fontSize} ${style.fontFamily}`;
          const room = field.clientWidth - 2 * parseFloat(style.paddingLeft);
          return room - pen.measureText(field.placeholder).width;
        }"""
        assert find.evaluate(wide) > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_search_fields_example_can_be_read(scheme: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts")
    put_on(page, scheme)
    field = page.get_by_role("searchbox", name="Find a node by its path")
    text, ground, opacity = field.evaluate(
        """(field) => {
          const words = getComputedStyle(field, "::placeholder");
          let behind = field;
          const ground = () => getComputedStyle(behind).backgroundColor;
          while (ground().endsWith(", 0)")) behind = behind.parentElement;
          const numbers = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
          return [numbers(words.color), numbers(ground()), Number(words.opacity)];
        }"""
    )
    mixed = [opacity * a + (1 - opacity) * b for a, b in zip(text, ground, strict=True)]
    on, behind = ("#" + bytes(map(round, colour)).hex() for colour in (mixed, ground))
    assert contrast(on, behind) >= 4.5


def test_search_says_where_a_layer_is_and_knows_the_papers_names(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50")
    find = page.get_by_role("searchbox", name="Find a node by its path")
    count = page.locator(".rv-count")
    lit = page.locator(".rv-canvas g.node.found")
    for text, said, end in (
        ("conv1", "conv1 is inside stem: set Level to layer to see it", "stem"),
        ("maxpool", "maxpool is inside stem: set Level to layer to see it", "stem"),
        ("fc", "fc is inside head: set Level to layer to see it", "head"),
    ):
        find.fill(text)
        expect(count).to_have_text(said)
        expect(lit).to_have_count(1)
        expect(lit).to_have_attribute("data-path", end)
    find.press("Enter")
    expect(chosen(page)).to_have_text("head")
    find.fill("pool")
    expect(count).to_have_text(
        "maxpool is inside stem, avgpool is inside head: set Level to layer to see them"
    )

    for text in ("conv4_x", "conv4"):
        find.fill(text)
        expect(count).to_have_text("4 found, Enter shows the next")
        expect(lit.first).to_have_attribute("data-path", "layer3.0")
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer3.0")


def test_the_very_path_is_found_first(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50&open=layer1.0&at=layer1.0.conv1")
    find = page.get_by_role("searchbox", name="Find a node by its path")
    find.fill("conv1")
    expect(page.locator(".rv-count")).to_have_text(
        "1 found: Enter shows it; conv1 is inside stem: set Level to layer to see it"
    )
    page = visit(f"{server}/shortcuts?model=resnet50&level=layer&at=layer1.0.conv1")
    find = page.get_by_role("searchbox", name="Find a node by its path")
    expect(chosen(page)).to_have_text("layer1.0.conv1")
    find.fill("conv1")
    expect(page.locator(".rv-count")).to_have_text("9 found, Enter shows the next")
    find.press("Enter")
    expect(chosen(page)).to_have_text(re.compile("^conv1$"))
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer1.0.conv1")


def test_what_to_do_and_what_is_counted_is_said(server: str, visit: Visit) -> None:
    for width in (1280, 1920):
        page = visit(f"{server}/shortcuts?model=resnet50", width=width)
        hint = page.get_by_text("Click a box for its shapes and costs").filter(visible=True)
        expect(hint).to_have_count(1)
    node(page, "layer2.0").click()
    saved = page.locator(".rv-details dt", has_text="Saved memory")
    expect(saved).to_have_attribute("title", re.compile("counts once, for the first$"))
    value = page.locator(".rv-details dt:has-text('Saved memory') + dd")
    expect(value).to_have_attribute("title", re.compile(r"^[\d,]+ B\nSaved for the backward pass"))


def test_a_hint_gives_one_block_and_all_of_them(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet152&heat=macs")
    node(page, "layer3.1").hover()
    expect(page.locator(".rv-tip")).to_contain_text("MACs 218 M × 35 = 7.64 G · Parameters")
    expect(node(page, "layer3.1")).to_contain_text("218 M ×35 = 7.64 G")
    page.get_by_role("radio", name="block").last.click()
    expect(node(page, "layer3.1")).to_have_text("layer3.1 to 3.35 ×35218 M")
    expect(page).to_have_url(re.compile("per=block"))


def test_level_and_colour_are_in_the_address(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet20&level=layer")
    cold = node(page, "layer3.0.bn1").locator("rect").last.get_attribute("fill")
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name="saved memory").click()
    expect(page).to_have_url(re.compile(r"heat=saved_bytes"))
    expect(page.locator(".rv-canvas g.scale")).to_contain_text(
        re.compile(r"saved memory per box \(×n: all n blocks\): ?0 B.*B; unfilled: no saved memory")
    )
    hot = node(page, "layer3.0.bn1").locator("rect").last.get_attribute("fill")
    assert hot != cold

    other = visit(page.url)
    expect(other.get_by_role("radio", name="layer")).to_be_checked()
    scale = other.locator(".rv-canvas g.scale")
    expect(scale).to_contain_text(
        re.compile(r"saved memory per box \(×n: all n blocks\): ?0 B.*B; unfilled: no saved memory")
    )


SUFFIXES = {
    "SVG": ".svg",
    "PDF": ".pdf",
    "PNG": ".png",
    "DOT": ".dot",
    "TikZ": ".tex",
    "HTML": ".html",
}


SLIDE = ("--width-mm", "254", "--aspect", "16:9")


def test_every_export_is_what_the_command_line_writes(
    server: str, visit: Visit, tmp_path: Path
) -> None:
    page = visit(f"{server}/shortcuts?model=resnet34&level=layer")
    page.get_by_role("button", name="Export").click()
    for label, suffix in SUFFIXES.items():
        choose_format(page, label)
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Download {label}").click()
        assert waiting.value.suggested_filename == f"resnet34{suffix}"
        mine = tmp_path / f"a{suffix}"
        assert run(["graph", "resnet34", "--level", "layer", *SLIDE, "-o", str(mine)]) == 0
        assert waiting.value.path().read_bytes() == mine.read_bytes(), suffix


def test_a_file_looks_as_it_was_asked_to(server: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{server}/shortcuts?model=resnet18")
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_text("@inproceedings{he2016deep")).to_be_visible()
    page.locator("label", has_text="Legend").click()
    settled(page)
    page.get_by_role("textbox", name="Title").fill("</svg><script>Café Ж")
    # The click itself ends the typing and starts a run.
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download SVG").click()
    mine = tmp_path / "a.svg"
    options = ("--title", "</svg><script>Café Ж", "--no-legend")
    assert run(["graph", "resnet18", "-o", str(mine), *SLIDE, *options]) == 0
    assert waiting.value.path().read_text() == mine.read_text()


def test_a_file_waits_for_its_visitor(server: str, visit: Visit) -> None:
    page, other = visit(f"{server}/shortcuts?model=resnet18"), visit(f"{server}/units")
    page.evaluate("""() => {
        const click = HTMLAnchorElement.prototype.click;
        HTMLAnchorElement.prototype.click = function () {
            window.fetchFile = () => click.call(this);
        };
    }""")
    page.get_by_role("button", name="Export").click()
    choose_format(page, "DOT")
    page.get_by_role("button", name="Download DOT").click()
    page.wait_for_function("() => window.fetchFile")
    for _ in range(3):  # Streamlit discards files after any visitor's run
        other.reload()
        drawn(other)
    with page.expect_download() as waiting:
        page.evaluate("() => window.fetchFile()")
    assert waiting.value.path().read_text().startswith("digraph")


def test_the_html_file_opens_offline(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    title = "</script><script>document.title='broken'</script>"
    assert run(["graph", "resnet50", "-o", str(path), "--title", title]) == 0
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert page.title() == title
    node(page, "layer3.1").dblclick()
    expect(node(page, "layer3.4")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Unfold equal blocks")).to_be_checked()
    expect(chosen(page)).to_have_text("layer3.1")
    page.get_by_role("button", name="Show its layers").click()
    expect(node(page, "layer3.1.conv2")).to_be_visible()
    expect(page.get_by_role("radio", name="layer")).to_be_checked()
    page.get_by_role("radio", name="stage").check()
    expect(node(page, "layer3")).to_be_visible()
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert wrong == []


def test_the_html_file_opens_closes_and_finds_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    assert run(["graph", "resnet50", "-o", str(path), "--level", "stage"]) == 0
    page = browser.new_page()
    page.goto(path.as_uri())
    node(page, "layer1").click()
    for inside, level in (("layer1.0", "block"), ("layer1.0.conv1", "layer")):
        canvas(page).press("Enter")
        expect(chosen(page)).to_have_text(inside)
        expect(page.get_by_role("radio", name=level)).to_be_checked()
    canvas(page).press("ArrowRight")
    expect(chosen(page)).to_have_text("layer1.0.bn1")
    for outside, level in (("layer1.0", "block"), ("layer1", "stage")):
        canvas(page).press("Escape")
        expect(chosen(page)).to_have_text(outside)
        expect(page.get_by_role("radio", name=level)).to_be_checked()

    canvas(page).press("Enter")
    for _ in range(3):
        canvas(page).press("ArrowRight")
    expect(chosen(page)).to_have_text("layer1.1, addition")
    canvas(page).press("Enter")
    expect(page.get_by_role("checkbox", name="Unfold equal blocks")).to_be_checked()
    expect(chosen(page)).to_have_text("layer1.1, addition")
    page.get_by_role("button", name="Fold again").click()
    expect(page.get_by_role("checkbox", name="Unfold equal blocks")).not_to_be_checked()
    expect(chosen(page)).to_have_text("layer1.1 to 1.2 ×2")

    find = page.get_by_role("searchbox", name="Find a node by its path")
    find.fill("fc")
    expect(page.locator(".rv-count")).to_have_text(
        "fc is inside head: set Level to layer to see it"
    )
    page.get_by_role("radio", name="layer").check()
    expect(page.locator(".rv-count")).to_have_text("1 found: Enter shows it")
    page.close()


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (("graph", "resnet50"), "layer2.0.conv1"),  # inside a block
        (("graph", "resnet50", "--block", "layer1.1"), "layer1.1.conv1"),
        (("graph", "plain34", "resnet34", "--beside", "vgg19"), "layer2.0.conv1"),
        (("units", "full_preact"), "full_preact.conv1"),
    ],
)
def test_the_html_file_names_a_path_that_it_has(
    command: tuple[str, ...], path: str, browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "a.html"
    assert run([*command, "-o", str(file)]) == 0
    page = browser.new_page()
    page.goto(file.as_uri())
    find = page.get_by_role("searchbox", name="Find a node by its path")
    expect(find).to_have_attribute("placeholder", f"Find by path, such as {path}")
    find.fill(path)
    expect(page.locator(".rv-count")).not_to_contain_text("No match")
    page.close()


def test_the_html_file_prints_the_graph_alone(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    assert run(["graph", "resnet50", "-o", str(path)]) == 0
    page = browser.new_page(viewport={"width": 794, "height": 1123})
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    for hidden in ("fieldset", ".rv-bar", ".rv-details"):
        expect(page.locator(hidden)).to_be_hidden()
    drawn = page.locator(".rv-canvas > svg")
    expect(drawn).to_be_visible()
    wide, tall, side = drawn.evaluate(
        "svg => [svg.clientWidth, svg.clientHeight, svg.viewBox.baseVal]"
        ".map(one => one.width ? one.height / one.width : one)"
    )
    assert wide >= 720
    assert tall / wide == pytest.approx(side, abs=0.02)  # no taller than what is drawn
    page.close()


@pytest.mark.parametrize("turned", [False, True])
def test_the_html_file_prints_its_largest_graph_on_one_page_and_details_without_buttons(
    browser: Browser, tmp_path: Path, turned: bool
) -> None:
    path, printed = tmp_path / "a.html", tmp_path / "a.pdf"
    assert run(["graph", "resnet50", "-o", str(path), "--level", "layer"]) == 0
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(path.as_uri())

    def pages() -> list[str]:
        rim = "10mm"
        margin: PdfMargins = {"top": rim, "right": rim, "bottom": rim, "left": rim}
        page.pdf(path=printed, format="A4", landscape=turned, margin=margin)
        return ["".join(one.extract_text().split()) for one in PdfReader(printed).pages]

    (whole,) = pages()
    for said in ("ResNet-50", "fc1000", "identityshortcut"):
        assert said in whole
    node(page, "layer2.1.conv1").click()
    expect(page.get_by_role("button", name="Unfold the 3 blocks")).to_be_visible()
    drawn, details = pages()
    assert drawn == whole
    assert details.startswith("layer2.1.conv1")
    assert "Unfold" not in details
    page.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_details_of_a_file_stay_in_sight_beside_a_graph_taller_than_the_window(
    browser: Browser, tmp_path: Path, width: int, height: int
) -> None:
    path = tmp_path / "a.html"
    assert run(["graph", "resnet50", "-o", str(path), "--level", "layer"]) == 0
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(path.as_uri())
    box = node(page, "layer4.0.conv1")
    box.scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, -150)")
    before = page.evaluate("scrollY")
    assert before > 0.5 * height
    box.click()
    expect(chosen(page)).to_have_text("layer4.0.conv1")
    assert page.evaluate("scrollY") == before  # beside the graph, the details hide nothing
    expect(chosen(page)).to_be_in_viewport(ratio=1)
    find = page.get_by_role("searchbox", name="Find a node by its path")
    find.fill("layer4.2.conv3")
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer4.2.conv3")
    expect(node(page, "layer4.2.conv3")).to_be_in_viewport(ratio=0.99)
    expect(page.locator(".rv-details")).to_be_in_viewport(ratio=1)
    page.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (1280, 500)])
def test_the_html_file_fills_the_window(
    browser: Browser, tmp_path: Path, width: int, height: int
) -> None:
    path = tmp_path / "a.html"
    assert run(["graph", "resnet50", "-o", str(path)]) == 0
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(path.as_uri())
    node(page, "layer1.0").click()
    expect(chosen(page)).to_have_text("layer1.0")
    around, beside = (page.locator(name).bounding_box() for name in (".rv-canvas", ".rv-details"))
    assert around
    assert beside
    assert around["height"] >= 22 * 16
    assert beside["height"] == pytest.approx(around["height"])
    whole = page.evaluate("document.documentElement.scrollHeight")
    if height > 600:
        assert whole == height
        assert height - 24 < around["y"] + around["height"] < height
        assert around["height"] > 0.75 * height
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("radio", name="layer").check()  # legible, taller than the window
    sizes = page.locator(".rv-canvas g.node text").evaluate_all(
        "texts => texts.map((t) => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"
    )
    assert min(sizes) >= 14
    assert page.evaluate("document.documentElement.scrollHeight") > height
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("radio", name="block").check()
    assert page.evaluate("document.documentElement.scrollHeight") == whole
    page.close()


@pytest.mark.parametrize(
    "command",
    [
        "graph resnet152 --block layer4.0",
        "graph resnet34 --block layer1.0",
        "graph plain34 resnet34",
        "graph plain34 resnet34 --beside vgg19 --heat macs",
        "units original full_preact",
        "units relu_preact:block=bottleneck:shortcut=projection",
    ],
)
def test_the_html_file_is_legible_in_a_window_and_upright_on_a_phone(
    command: str, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "a.html"
    assert run([*command.split(), "-o", str(path)]) == 0
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(path.as_uri())
    size = """texts => Math.min(...texts.map(
      (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))"""
    least = page.locator(".rv-canvas svg text").evaluate_all(size)
    assert least >= 14 - 0.01
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('.rv-canvas').clientWidth < 390")
    page.wait_for_function(
        f"({size})([...document.querySelectorAll('.rv-canvas svg text')]) >= 12 - 0.01"
    )
    box = canvas(page).bounding_box()
    assert box
    assert box["height"] > box["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1024, 768)])
@pytest.mark.parametrize(
    "address",
    ["", "&labels=both&heat=params", "&level=stage", "&level=stage&labels=both", "&unfold=true"],
)
def test_a_graph_in_a_small_window_is_legible(
    address: str, width: int, height: int, server: str, visit: Visit
) -> None:
    page = visit(f"{server}/shortcuts?model=resnet152{address}", width, height)
    expect(page.locator(".rv-canvas g.node").first).to_be_attached()
    settled(page)
    sizes = page.locator(".rv-canvas svg text").evaluate_all(
        "texts => texts.map((t) => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"
    )
    assert min(sizes) >= 12 - 0.01


def test_a_graph_is_upright_and_legible_on_a_phone(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet152", width=390, height=844)
    expect(node(page, "layer4.1")).to_be_attached()
    settled(page)
    box = canvas(page).bounding_box()
    assert box
    assert box["width"] <= 390
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('.rv-canvas > svg text')].map(
            (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))"""
    )
    assert smallest >= 11.99
    first, last = (node(page, path).bounding_box() for path in ("input", "head"))
    assert first
    assert last
    assert box["y"] <= first["y"] < last["y"] + last["height"] <= box["y"] + box["height"]
    for one in (first, last):
        assert box["x"] <= one["x"] <= one["x"] + one["width"] <= box["x"] + box["width"]


def test_a_tap_shows_the_details_at_the_lower_edge_of_a_phone(
    server: str, browser: Browser
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{server}/shortcuts?model=resnet50")
    settled(page)
    said = page.get_by_text("Tap a box for its shapes and costs.").filter(visible=True)
    expect(said).to_be_in_viewport()
    for path in ("layer1.0", "layer2.0"):
        node(page, path).tap()
        expect(chosen(page)).to_have_text(path)
        expect(chosen(page)).to_be_in_viewport(ratio=1)
        sheet, box = page.locator(".rv-details").bounding_box(), node(page, path).bounding_box()
        assert sheet
        assert box
        assert sheet["y"] + sheet["height"] == pytest.approx(844, abs=1)
        assert 0 < box["y"] < box["y"] + box["height"] <= sheet["y"]
        assert sheet["height"] <= 0.34 * 844
    page.get_by_role("button", name="Close the details").tap()
    expect(page.locator(".rv-details")).to_be_hidden()
    context.close()


def test_a_drawing_follows_the_width_of_the_window(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50")
    settled(page)
    for width, height, way in ((390, 844, "down"), (1280, 720, "along"), (390, 844, "down")):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(
            """([canvas, way]) => {
              const [first, last] = ["layer1.0", "layer1.1"].map((path) =>
                canvas.querySelector(`g.node[data-path="${path}"]`).getBoundingClientRect());
              return way === (last.top > first.bottom ? "down" : "along");
            }""",
            arg=[canvas(page).element_handle(), way],
            timeout=10_000,
        )


def test_the_graph_keeps_its_size_when_details_are_below_it(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50")
    settled(page)
    before = seen(page)
    for path in ("layer1.1", "layer3.1", "layer2.0"):
        node(page, path).click()
        expect(chosen(page)).to_have_text(re.compile(path))
        card, box = page.locator(".rv-details").bounding_box(), node(page, path).bounding_box()
        assert card
        assert box
        assert box["y"] + box["height"] <= card["y"]
        assert card["height"] <= 250
        expect(chosen(page)).to_be_in_viewport(ratio=1)
        assert seen(page) == pytest.approx(before)
    page.get_by_role("button", name="Close the details").click()
    expect(page.locator(".rv-details")).to_be_hidden()


def test_details_that_go_on_fade_and_end_on_empty_ground(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50&at=layer1.0", width=390, height=700)
    expect(chosen(page)).to_have_text("layer1.0")
    fade, more = page.locator(".rv-details").evaluate(
        """(box) => [
            getComputedStyle(box, "::after").backgroundImage.includes("linear-gradient"),
            box.scrollHeight - box.clientHeight,
        ]"""
    )
    assert fade
    assert more > 0
    page.locator(".rv-details").evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    last = page.locator(".rv-details > :last-child").bounding_box()
    panel = page.locator(".rv-details").bounding_box()
    assert last
    assert panel
    assert panel["y"] + panel["height"] - (last["y"] + last["height"]) >= 11


def test_the_details_of_a_run_fit_beside_the_graph(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet152&at=layer3.1", 1920, 1080)
    expect(chosen(page)).to_have_text("layer3.1 to 3.35 ×35")
    expect(page.locator(".rv-details")).to_contain_text("218 M × 35 = 7.64 G")
    more = page.locator(".rv-details").evaluate("(box) => box.scrollHeight - box.clientHeight")
    assert more == 0


@pytest.mark.parametrize("level", ["stage", "block", "layer"])
@pytest.mark.parametrize("model", ["resnet20", "resnet50:blocks=2,3,4,2"])
def test_beside_a_twin_the_search_names_a_path_that_it_finds(
    server: str, visit: Visit, level: str, model: str
) -> None:
    page = visit(f"{server}/shortcuts?model={model}&twin=true&level={level}", 1280, 720)
    find = page.get_by_role("searchbox", name="Find a node by its path")
    expect(find).to_have_attribute("placeholder", "Find by path, such as layer2.0.conv1")
    find.fill("layer2.0.conv1")
    held = {"stage": "inside layer2: ", "block": "inside layer2.0: ", "layer": "2 found, "}[level]
    expect(page.locator(".rv-count")).to_have_text(f"{held}Enter shows the next")
    lit = 3 if level == "block" else 2  # with the addition of the residual block
    expect(page.locator(".rv-canvas g.node.found")).to_have_count(lit)


def test_beside_a_twin_the_search_finds_what_is_folded_in_either(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50&twin=true", 1280, 720)
    find, count = page.get_by_role("searchbox"), page.locator(".rv-count")
    name = page.locator(".rv-details h3")
    run = "layer3.1 to 3.5 ×5"
    find.fill("layer3.2.conv2")
    expect(count).to_have_text(f"inside {run}: Enter shows the next")
    for kind in ("plain", "residual", "plain"):
        find.press("Enter")
        expect(name).to_have_text(f"{kind}, 50 layers: {run}")

    find.fill("resnet50/layer3.4")
    expect(count).to_have_text(f"inside {run}: Enter shows it")
    find.press("Enter")
    expect(name).to_have_text(f"residual, 50 layers: {run}")

    find.fill("conv4_x")
    expect(count).to_have_text("6 found, Enter shows the next")
    find.fill("maxpool")
    expect(count).to_have_text("maxpool is inside stem: set Level to layer to see it")
    expect(page.locator(".rv-canvas g.node.found")).to_have_count(2)
    find.fill("resnet50/maxpool")
    expect(count).to_have_text("maxpool is inside stem: set Level to layer to see it")
    expect(page.locator(".rv-canvas g.node.found")).to_have_count(1)
    find.fill("plain")
    expect(count).to_have_text("11 found, Enter shows the next")
    find.fill("layer3.6")
    expect(count).to_have_text("No match for layer3.6")


def test_by_layers_the_search_finds_folded_runs_without_shortcuts(
    server: str, visit: Visit
) -> None:
    plain = "resnet50:shortcut=none"
    page = visit(f"{server}/shortcuts?model=resnet50&twin=true&level=layer", 1280, 720)
    find, count = page.get_by_role("searchbox"), page.locator(".rv-count")
    name = page.locator(".rv-details h3")
    find.fill("layer2.2.conv3")
    expect(count).to_have_text("inside layer2.1 to 2.3 ×3: Enter shows the next")
    for kind in ("plain", "residual"):
        find.press("Enter")
        expect(name).to_have_text(f"{kind}, 50 layers: layer2.1.conv3")
    lit = page.locator(".rv-canvas g.node.found")
    paths = lit.evaluate_all("nodes => nodes.map((one) => one.dataset.path)")
    for network in (plain, "resnet50"):
        assert {f"{network}/layer2.1.{layer}" for layer in ("conv1", "bn2", "act3")} <= {*paths}
    find.fill(f"{plain}/layer2.3")
    expect(count).to_have_text("inside layer2.1 to 2.3 ×3: Enter shows it")

    page = visit(f"{server}/shortcuts?model={plain}&level=layer", 1280, 720)
    find, count = page.get_by_role("searchbox"), page.locator(".rv-count")
    find.fill("layer2.2.conv3")
    expect(count).to_have_text("inside layer2.1 to 2.3 ×3: Enter opens it")
    find.press("Enter")
    expect(chosen(page)).to_have_text("layer2.2.conv3")


@pytest.mark.parametrize("address", ["", "&level=layer", "&twin=vgg19", "&unfold=true"])
def test_a_document_of_twins_is_legible(
    address: str, server: str, visit: Visit, browser: Browser, tmp_path: Path
) -> None:
    twin = address if "twin" in address else f"{address}&twin=true"
    page = visit(f"{server}/shortcuts?model=resnet50{twin}", 1280, 720)
    page.get_by_role("button", name="Export").click()
    choose_format(page, "HTML")
    file = tmp_path / "a.html"
    file.write_bytes(download(page, "Download HTML"))
    document = browser.new_page(viewport={"width": 1280, "height": 720})
    document.goto(file.as_uri())
    expect(document.locator(".rv-canvas svg")).to_be_visible()
    sizes = document.locator(".rv-canvas").evaluate(
        """(canvas) => [...canvas.querySelectorAll("text")].filter((one) => one.textContent.trim())
          .map((one) => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"""
    )
    document.close()
    assert min(sizes) >= 12


def test_twins_stand_in_one_drawing(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet34")
    page.get_by_role("combobox", name="Beside").click()
    page.get_by_role("option", name="its plain twin", exact=True).click()
    expect(node(page, "plain34/layer2.0")).to_be_visible()
    node(page, "resnet34/layer2.0").click()
    expect(chosen(page)).to_have_text("ResNet-34: layer2.0")
    expect(page.locator(".rv-details")).to_contain_text("projection shortcut")
    expect(page).to_have_url(re.compile(r"twin=true"))


@pytest.mark.parametrize("path", ["layer1.0", "layer2.0", "layer3.0", "layer4.0"])
@pytest.mark.parametrize("pause", [0, 150])
def test_a_double_click_opens_a_box_that_the_details_then_cover(
    path: str, pause: int, server: str, visit: Visit
) -> None:
    """At the first click the sheet of details comes up and the page scrolls under the pointer."""
    page = visit(f"{server}/shortcuts?model=resnet50", 1280, 720)
    drawn(page)
    box = node(page, path).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert y < 720
    page.mouse.dblclick(x, y, delay=pause)
    expect(node(page, f"{path}.conv2")).to_have_count(1)
    expect(page).to_have_url(re.compile(f"open={path}"))
    assert page.evaluate("getSelection().toString()") == ""


def test_two_clicks_on_two_boxes_are_no_double_click(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50", 1920, 1080)
    drawn(page)
    node(page, "layer1.0").click()
    node(page, "layer2.0").click()
    expect(chosen(page)).to_have_text("layer2.0")
    expect(node(page, "layer2.0.conv2")).to_have_count(0)


def test_text_is_legible_on_a_phone_on_its_side(server: str, visit: Visit) -> None:
    page = visit(f"{server}/shortcuts?model=resnet50&heat=macs", 844, 390)
    drawn(page)
    texts = page.locator(".rv-canvas svg text")
    expect(texts.first).to_be_visible()
    small = texts.evaluate_all(
        """(all) => Math.min(...all.filter((one) => one.textContent.trim()).map(
          (one) => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a))"""
    )
    assert small >= 11.99
