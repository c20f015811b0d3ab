"""Checkpoints: predictions after a reload, errors, and files that are never lost."""

import io
import json
import pickle
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from analysis.images.folder import Pictures, folder_set
from analysis.training import checkpoints, states
from analysis.training.loop import Training, evaluate, finish
from tests.analysis.toys import NET, toy_recipe, toy_set, toy_task


@pytest.fixture(scope="module")
def training() -> Training:
    recipe = toy_recipe(steps=20, precision="float32", augment="none", channels_last=False)
    made = Training(toy_task(recipe), toy_set())
    finish(made)
    return made


def png(pixels: torch.Tensor) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(out, "PNG")
    return out.getvalue()


def test_predict_after_a_reload_equals_before(training: Training, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    states.save(training, path)
    loaded = checkpoints.load(path)
    assert (str(loaded.spec), loaded.classes, loaded.centre) == (
        NET,
        ("top", "middle", "below"),
        1.0,
    )
    network = loaded.network()
    training.model.eval()
    for number in range(9):
        x, _ = training.feed.test([number])
        with torch.inference_mode():
            before = training.model(x).softmax(1)[0]
        picture = png(training.images.test[number][0])
        assert torch.equal(checkpoints.probabilities(loaded, network, picture), before)
        guesses = checkpoints.guesses(loaded, network, picture, 2)
        assert [guess.name for guess in guesses] == [
            loaded.classes[i] for i in before.argsort(descending=True)[:2].tolist()
        ]


@pytest.mark.parametrize("shape", ["1x14x14", "3x5x5", "1x13x17"])
def test_predict_sees_a_picture_as_the_test_did(shape: str, tmp_path: Path) -> None:
    """At any input size, a test image is preprocessed the same from a file as from the set."""
    recipe = toy_recipe(precision="float32", augment="none", channels_last=False)
    task = toy_task(recipe, NET.replace("1x8x8", shape))
    made = Training(task, toy_set(side=10))
    states.save(made, tmp_path / "a.safetensors")
    loaded = checkpoints.load(tmp_path / "a.safetensors")
    for number in range(9):
        picture = png(made.images.test[number][0])
        x, _ = made.feed.test([number])
        assert torch.equal(checkpoints.seen(loaded, picture), x)


def test_predict_sees_a_photograph_as_the_test_did(tmp_path: Path) -> None:
    for label in ("a", "b", "c"):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(5):
            size = (31 + number, 20 + 3 * number)
            pixels = torch.randint(0, 255, (size[1], size[0], 3), dtype=torch.uint8)
            Image.fromarray(pixels.numpy()).save(tmp_path / "set" / label / f"{number}.png")
    images = folder_set(tmp_path / "set")
    recipe = toy_recipe("flowers", augment="none", precision="float32", batch=4)
    made = Training(toy_task(recipe, NET.replace("1x8x8", "3x12x16")), images)
    states.save(made, tmp_path / "a.safetensors")
    loaded = checkpoints.load(tmp_path / "a.safetensors")
    assert isinstance(images.test, Pictures)
    for number, file in enumerate(images.test.files):
        x, _ = made.feed.test([number])
        picture = (tmp_path / "set" / file).read_bytes()
        assert torch.equal(checkpoints.seen(loaded, picture), x)


def test_half_is_half_and_predicts_the_same(training: Training, tmp_path: Path) -> None:
    whole, half = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    states.save(training, whole)
    states.save(training, half, half=True)
    sizes = [
        sum(t.nbytes for t in load_file(path).values() if t.is_floating_point())
        for path in (whole, half)
    ]
    assert sizes[0] == 2 * sizes[1]
    before = evaluate(training).confusion
    training.model.load_state_dict(checkpoints.load(half).network().state_dict())
    assert evaluate(training).confusion == before


def test_metadata_says_what_it_is(training: Training, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    states.save(training, path)
    about = checkpoints.load(path).about
    assert about["model"] == NET
    assert json.loads(about["recipe"])["name"] == "short"
    assert (about["data"], about["seed"], about["steps"]) == ("toy", "0", "20")
    assert json.loads(about["test_accuracy"]) == training.epochs[-1].test_accuracy


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("ran"),)  # type: ignore[return-value]


def test_bad_files_are_one_sentence(training: Training, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.safetensors", tmp_path / "bad.safetensors"
    states.save(training, good)
    weights = load_file(good)
    about = dict(checkpoints.load(good).about)

    def refusal() -> str:
        with pytest.raises(ValueError, match=r"^(bad\.safetensors|the checkpoint) ") as error:
            checkpoints.load(bad).network()
        assert "\n" not in str(error.value)
        return str(error.value)

    for data, said in (
        (b"", "is empty"),
        (b"text", "is neither a safetensors file nor one written by torch.save"),
        (pickle.dumps(Evil()), "is damaged, or a pickle that torch.save didn't write"),
        (good.read_bytes()[:-8], "is damaged or incomplete: its header is wrong"),
    ):
        bad.write_bytes(data)
        assert said in refusal()
    assert not Path("ran").exists()
    with pytest.raises(ValueError, match="isn't 'resnet-lab state 1'"):
        states.resume(training, good)
    for change in (
        {"model": "resnet9"},
        {"classes": "[1]"},
        {"classes": '["a"]'},
        {"mean": "x"},
        {"std": "[0]"},
        {"centre": "2"},
        {"centre": "1e-9"},
        {"mean": "[0.1, 0.2]", "std": "[0.1, 0.2]"},
        {"mean": "[NaN]"},
        {"std": "[Infinity]"},
        {"classes": "[" * 100_000},
        {"classes": '["a", "b", "\\u001b[31m"]'},
        {"sides": "[0, 3]"},
    ):
        save_file(weights, bad, about | change)
        assert refusal() == "bad.safetensors is damaged: its description can't be read", change
    save_file(weights, bad, about | {"model": f"{NET}:shortcut=projection"})
    assert "the checkpoint doesn't fit resnet20" in refusal()
    save_file({**weights, "more": torch.zeros(1)}, bad, about)
    assert refusal().endswith(", which has no more")
    save_file({**weights, "fc.bias": torch.full((3,), float("nan"))}, bad, about)
    assert refusal() == "the checkpoint is unusable: fc.bias isn't finite"
    save_file({**weights, "fc.bias": torch.zeros(3, dtype=torch.int8)}, bad, about)
    assert refusal().endswith("fc.bias differs")
    with pytest.raises(FileNotFoundError):
        checkpoints.load(tmp_path / "none.safetensors")


def test_a_full_disk_leaves_what_was_there(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.safetensors"
    states.save(training, path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        states.save(training, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
