"""The picker in a browser: edits in each group, undo, pasting, addresses, Back and Forward."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, settled, travel
from tests.browser.test_explore import model_text, title

EDITS = {
    # group: (option, value, the model text that results)
    "Size": ("Blocks per stage", "2,2,2,2", "blocks=2,2,2,2"),
    "Block": ("Groups", "8", "groups=8"),
    "Shortcut": ("Norm after projections", None, "projection_norm=0"),
    "Stem": ("Classes", "10", "classes=10"),
    "Numerics": ("Norm epsilon", "0.001", "bn_eps=0.001"),
}


def editor(page: Page) -> Locator:
    page.get_by_role("button", name="Edit this model").click()
    return page.get_by_role("dialog")


def fill(dialog: Locator, option: str, value: str) -> None:
    box = dialog.get_by_role("textbox", name=re.compile(rf"^{option}\b"))
    box.fill(value)
    box.press("Enter")


def test_every_group_is_edited_and_each_edit_is_undone(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet50")
    dialog = editor(page)
    said = "resnet50"
    for group, (option, value, text) in EDITS.items():
        dialog.get_by_role("tab", name=group).click()
        if value is None:
            dialog.locator("label", has_text=option).click()
        else:
            fill(dialog, option, value)
        expect(dialog.locator("code").first).to_contain_text(text)
        said = f"{said}:{text}"
    dialog.get_by_role("button", name="Apply").click()
    title(page, "ResNet-50 with 5 changes")
    for _, _, text in EDITS.values():
        expect(model_text(page)).to_have_value(re.compile(text))

    page.get_by_role("button", name="Groups 1 → 8").click()
    expect(page.get_by_role("button", name="Groups 1 → 8")).to_have_count(0)
    expect(model_text(page)).not_to_have_value(re.compile("groups"))
    page.get_by_role("button", name="Undo all").click()
    title(page, "ResNet-50")
    expect(model_text(page)).to_have_value("resnet50")


def test_the_editor_says_what_is_wrong_and_disables_what_means_nothing(
    server: str, visit: Visit
) -> None:
    page = visit(f"{server}/?model=resnet18")
    dialog = editor(page)
    dialog.get_by_role("tab", name="Block").click()
    expect(dialog.get_by_role("textbox", name="Groups", exact=True)).to_be_disabled()
    dialog.get_by_role("tab", name="Size").click()
    fill(dialog, "Blocks per stage", "0,2,2,2")
    expect(dialog.get_by_role("alert")).to_contain_text("blocks must be 1 to 1,000, not 0.")
    expect(dialog.get_by_role("button", name="Apply")).to_be_disabled()
    fill(dialog, "Blocks per stage", "1,2,2,2")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_role("button", name="Apply").click()
    expect(model_text(page)).to_have_value("resnet18:blocks=1,2,2,2")


def test_what_a_change_leaves_without_meaning_goes_with_it(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet50:zero_init=1:groups=8")
    dialog = editor(page)
    dialog.get_by_role("tab", name="Block").click()
    dialog.get_by_test_id("stSelectbox").nth(1).click()
    page.get_by_role("option", name="full pre-activation").click()
    expect(dialog.locator("code").first).to_have_text("resnet50:groups=8:unit=full_preact")
    expect(dialog.get_by_role("alert")).to_have_count(0)


def test_an_address_opens_the_same_page_for_somebody_else(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet152&explore_shown=layers")
    page.get_by_role("textbox", name="Find a layer").fill("layer3.7.conv2")
    page.get_by_role("textbox", name="Find a layer").press("Enter")
    expect(page.get_by_text("1 found.")).to_be_visible()
    expect(page.get_by_role("cell", name="layer3.7.conv2")).to_be_visible()
    expect(page).to_have_url(re.compile("find=layer3.7.conv2"))

    other = visit(page.url)
    title(other, "ResNet-152")
    expect(other.get_by_role("cell", name="layer3.7.conv2")).to_be_visible()


def test_back_forward_and_recent_models(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet18")
    for text, name in (("resnet34", "ResNet-34"), ("plain34", "Plain-34")):
        model_text(page).fill(text)
        model_text(page).press("Enter")
        title(page, name)
    travel(page, page.go_back)
    title(page, "ResNet-34")
    travel(page, page.go_back)
    title(page, "ResNet-18")
    travel(page, page.go_forward)
    title(page, "ResNet-34")
    page.get_by_role("button", name="plain34", exact=True).click()
    title(page, "Plain-34")


def test_explore_on_a_phone_scrolls_tables_and_nothing_else(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet152", width=390, height=800)
    title(page, "ResNet-152")
    wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390


@pytest.mark.parametrize("model", ["resnet50", "resnet110"])
def test_verify_with_fvcore(model: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model={model}&explore_shown=layers")
    page.get_by_role("button", name="Verify with fvcore").click()
    result = page.get_by_text(re.compile("layers agree"))
    expect(result).to_be_visible(timeout=90_000)
    equal, layers = re.findall(r"([\d,]+) of ([\d,]+) layers", result.inner_text())[0]
    assert equal == layers


def test_exports_are_what_the_command_line_writes(
    server: str, visit: Visit, tmp_path: Path
) -> None:
    page = visit(f"{server}/?model=resnet34:blocks=1,1,1,1")
    page.get_by_role("button", name="Export").click()
    files: dict[str, bytes] = {}
    for label in ("Layers as CSV", "Model as Python", "Download SVG"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=label).click()
        files[label] = waiting.value.path().read_bytes()
    settled(page)

    import analysis
    from analysis.__main__ import run
    from analysis.costs.report import profile_csv
    from analysis.structure.code import code
    from nets import parse
    from nets.names import title as known

    profile = analysis.profile(parse("resnet34:blocks=1,1,1,1"))
    assert files["Layers as CSV"].decode() == profile_csv(profile)
    assert files["Model as Python"].decode() == code(profile)
    mine = tmp_path / "a.svg"
    options = ("--width-mm", "170", "--title", f"{known(profile.spec)}: height, width and channels")
    assert run(["shape", "resnet34:blocks=1,1,1,1", *options, "-o", str(mine)]) == 0
    assert files["Download SVG"] == mine.read_bytes()
