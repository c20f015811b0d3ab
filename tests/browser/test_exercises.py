"""What is wrong here? in a browser: at the desk, on a projector's wall, on a phone."""

import re

import pytest
from playwright.sync_api import expect

from analysis.lecture.exercises.catalog import EXERCISES
from pages.ui.words import unbroken
from tests.browser.conftest import Visit, drawn
from tests.browser.test_accessible import MEASURES, SCHEMES, check, put_on
from tests.browser.test_wall import FITS, RAISED, texts

KEYS = list(EXERCISES)
INSIDE = "() => document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth"


def test_a_class_looks_for_the_mistake_and_finds_it(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture", 1280, 900)
    page.get_by_role("radio", name="What is wrong here?").click()
    expect(page.get_by_test_id("stCode").get_by_text("nn.BatchNorm2d(planes)")).to_be_in_viewport()
    page.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile(f"exercise={KEYS[1]}"))
    expect(page.get_by_test_id("stCode").get_by_text("if self.conv3(x)")).to_be_in_viewport()
    page.get_by_role("radio", name="Hint").click()
    expect(page.get_by_text("What does the if statement test?")).to_be_visible()
    page.get_by_role("radio", name="Answer").click()
    told = page.get_by_text("TypeError: 'NoneType' object is not callable")
    expect(told).to_be_visible()
    expect(page).to_have_url(re.compile("exercise_step=answer"))

    other = visit(page.url)
    expect(other.get_by_text("TypeError: 'NoneType' object is not callable")).to_be_visible()

    page.get_by_role("combobox", name="Exercise").click()
    page.get_by_role("option", name="12. Folders of flowers").click()
    expect(page.get_by_test_id("stCode").get_by_text("numbers.get(folder")).to_be_visible()
    expect(told).to_have_count(0)
    page.go_back()
    expect(told).to_be_visible()


def test_every_exercise_is_read_from_the_last_row(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture?view=wall&exercise={KEYS[0]}", 1280, 720)
    for number, exercise in enumerate(EXERCISES.values(), 1):
        title = unbroken(f"{number}. {exercise.title}")
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        for step in ("Question", "Hint", "Answer"):
            page.get_by_role("radio", name=step).click()
            expect(page.get_by_role("radio", name=step)).to_be_checked()
            drawn(page)
            page.wait_for_function(FITS, arg=720)
            small = [(text, size) for text, size in texts(page) if size < 23.9]
            assert [one for one in small if one[1] < RAISED * 23.9] == [], (exercise.key, step)
            assert all(text.lstrip("−-").isdigit() for text, _ in small), (exercise.key, small)
        if number < len(KEYS):
            page.get_by_role("button", name="Next").click()


@pytest.mark.parametrize("key", ["class_order", "softmax_twice", "warm_up"])
def test_on_the_wall_a_chart_beside_the_answer_is_tall(key: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture?view=wall&exercise={key}&exercise_step=answer", 1280, 720)
    drawn(page)
    axes = page.locator(".js-plotly-plot .nsewdrag").bounding_box()
    assert axes
    assert axes["height"] >= 300
    assert axes["width"] >= 300


def test_keys_go_to_the_next_and_the_previous_exercise(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture?view=wall&exercise={KEYS[3]}", 1280, 720)
    for key, place in (("PageDown", 4), ("ArrowRight", 5), ("PageUp", 4), ("ArrowLeft", 3)):
        drawn(page)
        page.keyboard.press(key)
        name = unbroken(f"{place + 1}. {EXERCISES[KEYS[place]].title}")
        expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_the_wall_shows_the_way_back_to_the_lecture(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture?view=wall&exercise={KEYS[3]}", 1280, 720)
    leave = page.locator(".st-key-exercise_strip").get_by_role("button", name="Lecture")
    expect(leave).to_be_in_viewport(ratio=1)
    leave.click()
    expect(page.get_by_role("radio", name="Story")).to_be_checked()
    expect(page).to_have_url(re.compile("lecture_shown=story"))
    page.get_by_role("radio", name="What is wrong here?").click()
    expect(page.get_by_role("heading", name=f"4. {EXERCISES[KEYS[3]].title}")).to_be_visible()


def test_code_and_answer_are_accessible_and_fit_a_phone(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lecture?exercise=pool_seven&exercise_step=answer", 390, 844)
    drawn(page)
    page.wait_for_function(INSIDE)
    for script in MEASURES:
        page.evaluate(script)
    for scheme in SCHEMES:
        put_on(page, scheme)
        check(page, scheme)


@pytest.mark.parametrize("key", KEYS)
def test_measured_figures_never_fade_out_in_their_half_of_the_page(
    key: str, server: str, visit: Visit
) -> None:
    page = visit(
        f"{server}/lecture?lecture_shown=exercises&exercise={key}&exercise_step=answer", 1280, 900
    )
    table = page.locator(".rl-scroll:has(> .rl-table)").first
    expect(table).to_be_visible()
    assert table.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
