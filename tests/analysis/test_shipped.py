"""The trained networks that come with the app."""

import json

import pytest

from analysis.images.sample import sample_set
from analysis.lesions.shipped import FOLDER, SHIPPED
from analysis.lesions.subjects import checkpoint_of, images_of, subject_of

SAMPLE_ERRORS = {"fashion_resnet20": 0.074, "fashion_resnet32": 0.089, "fashion_plain32": 0.103}
"""On the sample's 1,000 test images, as recorded where they were made."""


def test_they_take_at_most_2_mb() -> None:
    files = sorted(FOLDER.glob("*.safetensors"))
    assert [path.stem for path in files] == sorted(SHIPPED)
    assert sum(path.stat().st_size for path in files) <= 2_000_000


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_says_what_it_is(name: str) -> None:
    net, checkpoint = SHIPPED[name], checkpoint_of(name)
    about = checkpoint.about
    assert str(checkpoint.spec) == net.model
    assert (about["data"], about["seed"], checkpoint.classes) == (
        "fashion_mnist",
        "0",
        sample_set().classes,
    )
    recipe = json.loads(about["recipe"])
    assert all(recipe[key] == value for key, value in net.changes.items())
    epochs = json.loads(about["epochs"])
    assert len(epochs) == recipe["epochs"]
    assert round(epochs[-1]["test_accuracy"], 4) == net.accuracy
    assert about["date"] > "2026"
    assert (
        name in (FOLDER / "README.md").read_text()
        or net.model in (FOLDER / "README.md").read_text()
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_its_error_is_the_recorded_one(name: str) -> None:
    """Within one image: another processor may round a close call the other way."""
    checkpoint = checkpoint_of(name)
    subject = subject_of(checkpoint, images_of(checkpoint, "sample"))
    assert len(subject.labels) == 1_000
    assert subject.error() == pytest.approx(SAMPLE_ERRORS[name], abs=0.0011)


def test_a_residual_block_can_be_spared_and_a_plain_one_cannot() -> None:
    """The lesson: single drops leave the residual network's error low, the plain one's high."""
    errors: dict[str, dict[str, float]] = {}
    for name in ("fashion_resnet32", "fashion_plain32"):
        checkpoint = checkpoint_of(name)
        subject = subject_of(checkpoint, images_of(checkpoint, "sample"), 500)
        errors[name] = {place.path: subject.error([place.path]) for place in subject.places}
    spared = errors["fashion_resnet32"]
    assert spared.pop("layer1.0") > 0.5
    assert max(spared.values()) < 0.35
    assert min(errors["fashion_plain32"].values()) > 0.6
