"""Charts in a browser: each name is nearest to its own mark, and no text is cut off."""

import random
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from nets import CATALOG, parse
from nets.names import names_of
from tests.analysis.test_names import CROWD, Box, Disc, Label, hold, nets_of
from tests.browser.conftest import Visit, settled
from tests.browser.test_explore import title

TINY = "resnet20:blocks=2,2,2:widths=4,8,8:stem_width=4:norm=none:init=default"
PHONE, DESK, HALL = (390, 844), (1280, 720), (1920, 1080)

CHARTS = ".stPlotlyChart .js-plotly-plot"

# Null until the chart is there and as wide as its place: Streamlit may replace a chart at any time.
MEASURE = """([charts, number]) => {
  const chart = document.querySelectorAll(charts)[number];
  const width = e => e?.getBoundingClientRect().width;
  const svg = chart?.querySelector("svg.main-svg");
  const gap = Math.abs(width(svg) - width(chart?.closest(".stPlotlyChart")));
  if (!(gap < 2) || !chart.querySelector(".xtick text")) return null;
  const box = e => {
    const r = e.getBoundingClientRect();
    return {left: r.left, top: r.top, right: r.right, bottom: r.bottom, text: e.textContent};
  };
  const shown = selector => [...chart.querySelectorAll(selector)]
    .filter(e => e.getBoundingClientRect().width).map(box);
  const frame = box(chart.querySelector("svg.main-svg"));
  const clip = chart.closest('[class*="st-key-roomy-"]');  // a phone hides the room for names
  if (clip) frame.right = Math.min(frame.right, box(clip).right);
  return {
    frame,
    texts: shown("text"),
    names: [...chart.querySelectorAll(".annotation, .textpoint")]
      .filter(e => e.getBoundingClientRect().width)
      .map(e => ({...box(e.querySelector("text")), lines: [...e.querySelectorAll("tspan.line")]
        .map(line => line.textContent),
        leader: e.querySelector(".annotation-arrow-g") !== null})),
    marks: [...chart.querySelectorAll(".trace.scatter path.point")]
      .map(e => ({...box(e), text: e.closest(".trace").__data__[0].trace.hovertext[e.__data__.i]})),
    above: shown(".gtitle"),
    x: [shown(".xtitle"), shown(".xtick text")],
    legend: shown(".legend"),
    toolbar: shown(".modebar-container, .modebar, .modebar-group").length,
  };
}"""


def measured(page: Page, number: int = 0) -> dict[str, Any]:
    """Return a chart's marks, names and texts in window px, once it is as wide as its place."""
    found: dict[str, Any] = page.wait_for_function(MEASURE, arg=[CHARTS, number]).json_value()
    return found


def charts(page: Page) -> Locator:
    return page.locator(CHARTS)


def key_of(page: Page) -> list[tuple[str, str]]:
    """Return the meaning of the numbers beside the marks."""
    shown = page.locator(".rl-key:visible")
    texts = shown.inner_text().split("\N{NO-BREAK SPACE}· ") if shown.count() else []
    return [(number, name) for number, name in (one.split("\N{NO-BREAK SPACE}") for one in texts)]


def box_of(found: dict[str, float]) -> Box:
    """Return a rectangle of the window with y pointing up."""
    return Box(found["left"], -found["bottom"], found["right"], -found["top"])


def hold_names(page: Page, nets: list[str]) -> bool:
    """Check the names of the page's first chart; return whether any has a leader line."""
    found, key = measured(page), key_of(page)
    specs = [parse(net) for net in nets]
    called = dict(zip(map(str, specs), names_of(specs), strict=True))
    marks = []
    for mark in map(dict, found["marks"]):
        box = box_of(mark)
        middle = (box.left + box.right) / 2, (box.bottom + box.top) / 2
        marks.append(Disc(*middle, (box.right - box.left) / 2, frozenset([called[mark["text"]]])))
    labels = []
    for name in found["names"]:
        text = " ".join(name["lines"]) or name["text"]
        box = box_of(name)
        inside = Box(box.left, box.bottom + 2, box.right, box.top - 2)  # without room for accents
        labels.append(Label(inside, nets_of(text, key), name["leader"]))
    hold(labels, marks)
    assert frozenset[str]().union(*(label.nets for label in labels)) == set(called.values())
    return any(label.leader for label in labels)


def address_of(nets: list[str], **more: str) -> str:
    return f"/compare?{urlencode({'nets': ';'.join(nets), **more})}"


DRAW = random.Random(5)
COMPARISONS = [
    (["resnet18", "resnet50", "resnet152", "wide_resnet50_2"], {}),
    (CROWD, {"y": "parameters", "log": "true"}),
    *((DRAW.sample(list(CATALOG), count), {"y": "parameters"}) for count in (2, 5, 12)),
]


def test_a_names_nearest_mark_is_its_own(server: str, visit: Visit) -> None:
    page = visit(server)
    led = []
    for nets, more in COMPARISONS:
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.goto(server + address_of(nets, **more))
        title(page, "Compare")
        settled(page)
        for width, height in (PHONE, DESK, HALL):
            page.set_viewport_size({"width": width, "height": height})
            led.append(hold_names(page, nets))
    assert any(led)


def hold_inside(page: Page, count: int) -> None:
    """Check that `count` charts cut off no text and keep titles clear of ticks and legend."""
    expect(charts(page)).to_have_count(count, timeout=90_000)
    for number in range(count):
        found = measured(page, number)
        frame = box_of(found["frame"])
        assert 0 <= frame.left < frame.right <= page.evaluate("document.body.clientWidth")
        assert found["texts"]
        for text in found["texts"]:
            box = box_of(text)
            assert frame.left <= box.left < box.right <= frame.right, text
            assert frame.bottom <= box.bottom < box.top <= frame.top, text
        labels, ticks = found["x"]
        for one in labels:
            assert min(abs(tick["bottom"] - one["top"]) for tick in ticks) >= 6
        (label,) = map(box_of, found["above"])  # of the y axis
        others = [box_of(one) for one in found["texts"]]
        assert sum(label.overlaps(one) for one in others) == 1  # itself
        below = [*found["x"][0], *found["x"][1]]
        for legend in found["legend"]:
            assert all(legend["top"] >= one["bottom"] for one in below)


@pytest.mark.parametrize(("size", "toolbar"), [(PHONE, False), (DESK, True)])
def test_no_chart_cuts_its_text(
    server: str, visit: Visit, size: tuple[int, int], toolbar: bool
) -> None:
    page = visit(f"{server}/compare?model=resnet18&compare_shown=sweep", *size)
    hold_inside(page, 1)
    page.goto(f"{server}/compare?model=resnet18")
    title(page, "Compare")
    settled(page)
    hold_inside(page, 1)
    charts(page).first.hover()
    assert bool(measured(page)["toolbar"]) is toolbar
    page.goto(f"{server}/choose?max_macs=20&choose_shown=front")
    title(page, "Choose")
    settled(page)
    hold_inside(page, 1)
    page.goto(f"{server}/gradients?model={TINY}&batch=2")
    settled(page)
    page.get_by_role("button", name=re.compile("Measure|Run it here")).click()
    expect(page.get_by_role("heading", name="What the curves show")).to_be_visible(timeout=90_000)
    settled(page)
    hold_inside(page, 1)
    page.goto(f"{server}/timing?model={TINY}")
    settled(page)
    if size == PHONE:
        page.get_by_text("Settings", exact=True).click()
    page.get_by_text("More settings").click()
    box = page.get_by_role("spinbutton", name="Time limit, s")
    box.fill("1")
    box.press("Enter")
    settled(page)
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_role("heading", name="Latest")).to_be_visible(timeout=90_000)
    settled(page)
    hold_inside(page, 3)


def test_most_of_a_front_is_in_the_first_window(server: str, visit: Visit) -> None:
    page = visit(f"{server}/choose?choose_shown=front", 1280, 900)
    settled(page)
    box = charts(page).first.bounding_box()
    assert box
    assert 900 - box["y"] >= 400


def test_names_right_of_lines_are_a_key_below_them_on_a_phone(server: str, visit: Visit) -> None:
    """The room for the names is beyond the edge there, but no mark and no tick is."""
    page = visit(f"{server}/training", *DESK)
    names = {"plain, 20 layers", "plain, 56 layers", "residual, 20 layers", "residual, 56 layers"}
    found = measured(page)
    assert {name["text"] for name in found["names"]} == names
    assert not found["legend"]
    last = max(mark["right"] for mark in found["marks"])
    assert all(name["left"] >= last for name in found["names"])
    key = page.locator(".rl-lines")
    expect(key).to_be_hidden()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(key).to_be_visible()
    settled(page)
    assert set(key.locator("li").all_inner_texts()) == names
    found = measured(page)
    assert not found["names"]
    labels, ticks = found["x"]
    assert max(one["right"] for one in (*found["marks"], *labels, *ticks)) < PHONE[0]
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE[0]


def test_a_phone_draws_no_stages_without_their_names(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?model=resnet50", *PHONE)
    measured(page)
    lines = page.locator(f"{CHARTS} .shapelayer:has(path)")
    expect(lines).to_have_css("display", "none")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    expect(lines).to_have_css("display", "inline")
    expect(page.locator(f"{CHARTS} .annotation", has_text="layer4")).to_be_visible()


def test_below_an_offer_the_key_of_a_ladder_is_in_the_window(server: str, visit: Visit) -> None:
    page = visit(f"{server}/training?train=epochs&train_depths=ladder", 1280, 900)
    expect(page.get_by_role("button", name="Download Fashion-MNIST (31 MB)")).to_be_visible()
    settled(page)
    lines = page.locator(".stPlotlyChart .legend").first.bounding_box()
    assert lines
    assert lines["y"] + lines["height"] <= 900
