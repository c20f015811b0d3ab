"""The Training page in a browser."""

import json
import re
from pathlib import Path

import torch
from PIL import Image
from playwright.sync_api import expect

from analysis.images.sample import sample_set
from analysis.training.checkpoints import load
from tests.browser.conftest import Visit, settled
from tests.browser.test_explore import title

TINY = "plain20:blocks=1,1,1;resnet20:blocks=1,1,1"
NET = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4:input=1x14x14"


def test_a_lecturer_shows_degradation_live(server: str, visit: Visit) -> None:
    page = visit(f"{server}/training?train_models={TINY}&train_seeds=1&train_steps=40")
    title(page, "Training")
    expect(page.get_by_text("No runs with these settings yet")).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).click()
    chart = page.get_by_role("figure", name=re.compile("Training loss by step"))
    expect(chart.first).to_be_visible(timeout=60_000)  # the live chart may still be there, too
    said = page.get_by_text(
        re.compile("8.layer residual network.* loss [0-9.]+ against [0-9.]+ over")
    )
    expect(said).to_be_visible(timeout=60_000)
    settled(page)
    expect(chart).to_have_count(1)
    for name in ("plain, 8 layers", "residual, 8 layers"):
        expect(chart.locator(".annotation", has_text=name)).to_be_visible()

    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="JSON", exact=True).click()
    values = json.loads(waiting.value.path().read_text())
    assert [len(run["train_loss"]) for run in values["runs"]] == [40, 40]

    # Runs survive a reload.
    page.reload()
    settled(page)
    expect(said).to_be_visible()
    expect(page.get_by_role("heading", name="Runs in this session")).to_have_count(0)


def test_a_student_trains_a_network_and_asks_it(server: str, visit: Visit, tmp_path: Path) -> None:
    parameters = "train=one&train_epochs=1&train_batch=200&train_precision=float32"
    page = visit(f"{server}/training?model={NET}&{parameters}")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name="Predict")).to_be_visible(timeout=60_000)
    settled(page)
    expect(
        page.get_by_role("img", name=re.compile("Confusion matrix: [0-9]+ of 1,000"))
    ).to_be_visible()
    picture = tmp_path / "a.png"
    Image.fromarray(sample_set().test[0][0].numpy()).save(picture)
    page.locator("input[type=file]").set_input_files(picture)
    expect(page.get_by_role("columnheader", name="Probability")).to_be_visible()
    page.get_by_role("button", name="Export checkpoint").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("Checkpoint, ")).click()
    assert waiting.value.suggested_filename == "resnet20-seed0.safetensors"
    whole = load(waiting.value.path())
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Weights as .pth").click()
    assert waiting.value.suggested_filename == "resnet20-seed0.pth"
    state = torch.load(waiting.value.path(), weights_only=True)
    assert list(state) == list(whole.network().state_dict())
    assert all(torch.equal(value, whole.weights[name]) for name, value in state.items())

    long = visit(f"{server}/training?model={NET}&{parameters.replace('epochs=1', 'epochs=1000')}")
    long.get_by_role("button", name="Train", exact=True).click()
    expect(long.get_by_text(re.compile("step [1-9][0-9,]* of 20,000, about"))).to_be_visible(
        timeout=60_000
    )
    long.get_by_role("button", name="Cancel").click()
    expect(long.get_by_text("The job was cancelled.")).to_be_visible(timeout=60_000)
    expect(long.get_by_role("figure", name=re.compile("Training loss by step"))).to_be_visible()


def test_a_desk_s_first_screen_has_the_chart_and_its_choices_in_a_line(
    server: str, visit: Visit
) -> None:
    page = visit(f"{server}/training", 1280, 900)
    choices = page.get_by_role("radiogroup", name="Plot").get_by_role("radio")
    expect(choices).to_have_count(4)
    tops = choices.evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
    assert len(set(tops)) == 1
    axis = page.locator(".stPlotlyChart .g-xtitle").first
    expect(axis).to_be_visible()
    settled(page)
    place = axis.bounding_box()
    assert place
    assert place["y"] + place["height"] <= 900
