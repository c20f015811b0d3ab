"""A checkpoint opened on Explore in a browser: its model is shown, its weights go to Lesions."""

import re
from pathlib import Path

import torch
from playwright.sync_api import expect

from nets import build, parse
from pages.ui.words import unbroken
from tests.browser.conftest import Visit, settled

TINY = "resnet20:blocks=1,1,1"


def test_a_file_becomes_the_model_and_goes_to_lesions(
    server: str, visit: Visit, tmp_path: Path
) -> None:
    torch.save({"state_dict": build(parse(TINY)).state_dict()}, tmp_path / "tiny.pth")
    page = visit(f"{server}/?model=resnet34", 390, 844)
    opening = page.get_by_role("button", name="Open a checkpoint")
    opening.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "tiny.pth")
    expect(dialog).to_contain_text("44 tensors under state_dict fit this network.")
    dialog.get_by_role("button", name="Use its weights").click()
    expect(dialog.get_by_role("link", name="Take it apart")).to_be_visible()

    dialog.get_by_role("button", name="Show this model").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text(unbroken("ResNet-20, blocks 1-1-1"))
    expect(page).to_have_url(re.compile(r"model=resnet20%3Ablocks%3D1%2C1%2C1"))

    settled(page)
    opening.click()
    dialog.locator("input[type=file]").set_input_files(tmp_path / "tiny.pth")
    dialog.get_by_role("button", name="Use its weights").click()
    dialog.get_by_role("link", name="Take it apart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lesions")
    expect(page).to_have_url(re.compile(r"net=[0-9a-f]{16}"))
    expect(page.locator(".rl-figures .label").first).to_have_text("residual, 8 layers")
