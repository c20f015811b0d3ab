"""The trained networks that ship with the app."""

import json

import pytest

from analysis.images.sample import sample_set
from analysis.lesions.drop import Lesions
from analysis.lesions.paths import DRAWS, measure
from analysis.lesions.report import lesions_hash, lesions_of, paths_hash, paths_of, paths_verdict
from analysis.lesions.shipped import FOLDER, SHIPPED
from analysis.lesions.subjects import (
    checkpoint_of,
    images_of,
    seed_of,
    shown_tests,
    subject_of,
)
from analysis.results.recorded import recorded


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


def recorded_lesions(name: str) -> Lesions:
    checkpoint = checkpoint_of(name)
    asked = str(checkpoint.spec), checkpoint.digest, sample_set().digest, 1_000
    result = recorded(lesions_hash(*asked))
    assert result is not None
    return lesions_of(result)


@pytest.mark.parametrize("name", SHIPPED)
def test_its_error_is_the_recorded_one(name: str) -> None:
    """To within one image, because another processor may round differently."""
    checkpoint, known = checkpoint_of(name), recorded_lesions(name)
    subject = subject_of(checkpoint, images_of(checkpoint, "sample"))
    assert len(subject.labels) == known.images == 1_000
    assert subject.error() == pytest.approx(known.error, abs=0.0011)
    for single in known.single[-2:]:
        assert subject.error([single.path]) == pytest.approx(single.error, abs=0.0031)
    assert [single.path for single in known.single] == [place.path for place in subject.places]


@pytest.mark.parametrize("name", [name for name in SHIPPED if "resnet" in name])
@pytest.mark.parametrize("trained", [True, False])
def test_its_paths_are_recorded_trained_and_not(name: str, trained: bool) -> None:
    checkpoint = checkpoint_of(name)
    weights = checkpoint.digest if trained else seed_of(0)
    asked = str(checkpoint.spec), weights, sample_set().digest, 32, DRAWS, trained
    result = recorded(paths_hash(*asked))
    assert result is not None
    found = paths_of(result)
    assert found.blocks == sum(checkpoint.spec.blocks)
    assert sum(one.share for one in found.lengths) == pytest.approx(1)
    assert result.figures["verdict"] == list(paths_verdict(found))
    assert found.mean_gradient == pytest.approx(result.figures["mean_gradient"])


def test_recorded_paths_are_those_that_are_measured_anew() -> None:
    """With few images and draws, to save time: the mean length to within 1."""
    checkpoint = checkpoint_of("fashion_resnet32")
    x, labels = shown_tests(checkpoint, images_of(checkpoint, "sample"), 8)
    anew = measure(checkpoint.network(), x, labels, draws=3)
    known = recorded(
        paths_hash(str(checkpoint.spec), checkpoint.digest, sample_set().digest, 32, DRAWS, True)
    )
    assert known is not None
    assert anew.mean_gradient == pytest.approx(paths_of(known).mean_gradient, abs=1.0)


def test_a_residual_block_can_be_spared_and_a_plain_one_cannot() -> None:
    """Single drops leave the residual network's error low, but not the plain one's."""
    errors: dict[str, dict[str, float]] = {}
    for name in ("fashion_resnet32", "fashion_plain32"):
        checkpoint = checkpoint_of(name)
        subject = subject_of(checkpoint, images_of(checkpoint, "sample"), 500)
        errors[name] = {place.path: subject.error([place.path]) for place in subject.places}
    spared = errors["fashion_resnet32"]
    assert spared.pop("layer1.0") > 0.5
    assert max(spared.values()) < 0.35
    assert min(errors["fashion_plain32"].values()) > 0.6
