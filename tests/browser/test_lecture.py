"""A lecture given with a presenter's keys: every step of the story, and one's own."""

import re

import pytest
from playwright.sync_api import Page, expect

from analysis.lecture.files import pack
from analysis.lecture.steps import STORY
from analysis.lecture.story import Lecture, Step
from analysis.style.language import Language, speaking
from tests.browser.conftest import Visit, drawn, settled
from tests.browser.test_accessible import put_on
from tests.browser.test_wall import FITS, texts


def arrived(page: Page, number: int, where: str = "{number} of 16") -> None:
    expect(page).to_have_url(re.compile(f"step={number}(&|$)"))
    expect(page.locator(".rl-lecture")).to_contain_text(where.format(number=number))
    drawn(page)


@pytest.mark.parametrize(
    ("language", "where", "show", "further"),
    [
        ("en", "{number} of 16", "Show without an answer", "Next step"),
        ("zh", "第 {number} 步，共 16 步", "不作答，直接看", "下一步"),
    ],
)
def test_the_story_is_told_by_arrow_keys(
    server: str, visit: Visit, language: str, where: str, show: str, further: str
) -> None:
    with speaking(Language(language)):
        titles = [STORY.filled(step.title) for step in STORY.steps]
    page = visit(f"{server}/lecture?view=wall&lang={language}", 1280, 720)
    expect(page.get_by_role("link", name=titles[4])).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)
    for number, step in enumerate(STORY.steps, start=1):
        page.keyboard.press("ArrowRight")
        arrived(page, number, where)
        expect(page.locator(".rl-lecture h2")).to_have_text(titles[number - 1])
        if step.question:
            asked = page.get_by_role("heading", name=re.compile("[?？]")).last
            expect(asked).to_have_css("font-size", "36px")  # like its answers
            expect(page.get_by_role("button", name=re.compile("^1")).locator("p")).to_have_css(
                "font-size", "36px"
            )
            page.wait_for_function(FITS, arg=720)
            page.keyboard.press("3")
            expect(page).to_have_url(re.compile(f"answers=[-3]{{{number - 1}}}3"))
            expect(page.get_by_text(show)).to_have_count(0)
            drawn(page)
        page.wait_for_function(FITS, arg=720)
        small = [
            (text, size)
            for text, size in texts(page)
            if size < 23.9 and not re.fullmatch("[−-]?[0-9]*\u200b?", text)
        ]
        assert small == [], number
        if number < len(STORY.steps):  # nothing lies on the way on
            page.get_by_role("link", name=further).click(trial=True)


def test_quick_presses_all_count_and_back_goes_back(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture", 1280, 720)
    expect(page.locator("[data-lecture]")).to_be_attached()
    for key in ("PageDown", "PageDown", "ArrowRight", "PageUp"):
        page.keyboard.press(key)
    arrived(page, 2)
    assert "view=wall" in page.url
    page.get_by_role("link", name="Next step").click()
    arrived(page, 3)
    page.go_back()
    arrived(page, 2)
    page.wait_for_function("() => document.hasSwitch")  # the key's script comes after the page
    page.keyboard.press("p")  # the desk, with its fields
    expect(page).not_to_have_url(re.compile("view=wall"))
    page.get_by_role("textbox", name="Model text").click()
    page.keyboard.press("ArrowRight")  # moves the caret
    page.keyboard.press("PageDown")  # is a presenter's
    arrived(page, 3)
    page.get_by_role("link", name="Units").click()
    expect(page).not_to_have_url(re.compile("lecture="))


def test_arrows_lead_to_the_first_step_after_a_tab_was_chosen(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture", 1280, 720)
    for name in ("What is wrong here?", "Story"):
        page.get_by_role("radio", name=name).click()
        settled(page)
    page.wait_for_function("() => document.hasSwitch")
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("view=wall"))
    settled(page)
    page.keyboard.press("ArrowRight")
    arrived(page, 1)


def test_a_view_becomes_a_step_of_a_lecture(server: str, visit: Visit) -> None:
    page = visit(f"{server}/units?left_block=bottleneck", 1280, 900)
    page.get_by_role("button", name="Add to lecture").click()
    expect(page.get_by_text("Added as step 1 of your lecture")).to_be_visible()
    place = page.get_by_test_id("stToast").bounding_box()
    assert place
    assert place["y"] > 700  # below the fields
    page.get_by_role("link", name="Lecture").click()
    page.get_by_text("My lecture", exact=True).click()
    field = page.get_by_role("textbox", name="To say")
    field.fill("Two orders.")
    before = page.url
    field.press("Enter")
    expect(page).not_to_have_url(before)
    settled(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Present").click()
    step = opened.value
    expect(step.get_by_text("Two orders.")).to_be_visible()
    expect(step).to_have_url(re.compile("units.*left_block=bottleneck.*view=wall.*step=1"))
    step.close()


@pytest.mark.parametrize(("steps", "columns"), [(8, "auto"), (9, "2")])
def test_up_to_eight_steps_are_one_column_on_the_wall(
    server: str, visit: Visit, steps: int, columns: str
) -> None:
    mine = pack(Lecture("Ours", (Step("Blocks", "units"),) * steps))
    page = visit(f"{server}/lecture?lecture_shown=mine&view=wall&mine={mine}", 1280, 720)
    expect(page.get_by_role("heading", name="Ours")).to_be_visible()
    expect(page.locator(".rl-steps")).to_have_css("column-count", columns)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 720


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_links_of_the_story_can_be_read(scheme: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture", 390, 844)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    expect(page.get_by_role("link", name="Is it the gradient?")).to_be_visible()
    wide = "document.querySelector('[data-testid=stMain]').scrollWidth"
    assert page.evaluate(wide) <= 390


def test_notes_cover_neither_the_answer_nor_the_chart(server: str, visit: Visit) -> None:
    shown = "models=plain56;resnet56&lecture=resnet&step=6&answers=-----2&view=wall"
    page = visit(f"{server}/gradients?{shown}", 1280, 720)
    notes = page.locator(".rl-lecture details p")
    expect(page.get_by_text("times larger at the input end")).to_be_visible()
    expect(notes).to_be_hidden()
    page.locator(".rl-lecture summary").click()
    expect(notes).to_be_visible()
    answer = page.get_by_text("times larger at the input end").bounding_box()
    chart = page.locator(".js-plotly-plot").bounding_box()
    place = notes.bounding_box()
    assert answer
    assert chart
    assert place
    assert place["y"] + place["height"] <= answer["y"]
    assert answer["y"] + answer["height"] <= chart["y"]
    assert chart["height"] >= 200
    assert chart["y"] + chart["height"] <= 720
    for scheme, ground in (("light", "oklch(1 0 0)"), ("dark", "oklch(0 0 0)")):
        put_on(page, scheme)
        expect(notes).to_have_css("background-color", ground)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize(
    "address",
    [
        "?model=resnet34&lecture=resnet&step=1",
        "gradients?quantity=direction&lecture=resnet&step=12&answers=-----------1",
        "gradients?models=plain56;resnet56&lecture=resnet&step=6&answers=-----2",
        "lesions?net=fashion_resnet32&out=layer2.2&lecture=resnet&step=14&answers=-------------2",
        "paths?path_net=fashion_resnet56&lecture=resnet&step=15&answers=--------------3",
        "choose?choose_shown=front&lecture=resnet&step=16",
    ],
)
def test_a_step_with_open_notes_fits_the_screen(
    address: str, width: int, height: int, server: str, visit: Visit
) -> None:
    """The line on bands and on where the numbers come from stays, too."""
    page = visit(f"{server}/{address}&view=wall", width, height)
    drawn(page)
    page.locator(".rl-lecture summary").click()
    expect(page.locator(".rl-lecture details p")).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stMain]').scrollHeight <= innerHeight"
    )
    for line in page.get_by_text("Recorded on").all():
        expect(line).to_be_in_viewport(ratio=1)
    assert page.get_by_text("Recorded on").count() == ("answers" in address)
