"""train, recipes and predict: output, kept files and errors of one line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
import torch
from PIL import Image

from analysis.images.sample import sample_set
from analysis.lesions.shipped import shipped_path
from analysis.machine.devices import seeded
from analysis.results.form import read_result
from analysis.training.checkpoints import load
from analysis.training.report import run_of
from nets import build, parse
from tests.analysis.test_cli import call

NET = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4:input=1x14x14"
SHORT = ("--recipe", "short", "--steps", "8", "--set", "batch=20", "--set", "precision=float32")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "recipes", "--format", "json")
    found = {recipe["name"]: recipe for recipe in json.loads(out)["recipes"]}
    assert status == 0
    for name in ("degradation", "d2l", "flowers", "cifar_paper", "short"):
        assert found[name]["source"]
    assert found["cifar_paper"]["milestones"] == [0.5, 0.75]
    narrow = "The recipe makes networks narrow: widths 8-16-32 and so on, images 14×14."
    assert {name: one["networks"] for name, one in found.items() if one["networks"]} == {
        "degradation": narrow
    }
    status, out, _ = call(capsys, "recipes")
    assert out.count(narrow) == 1
    assert "d2l\n  SGD, rate 0.05, batch 256, 10 epochs\n  Source: Zhang et al., " in out


def test_progress_is_one_line_of_the_terminal_and_then_gone() -> None:
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    task = ("train", NET, "--recipe", "degradation", "--steps", "4", "--threads", "1")
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        program = subprocess.Popen(
            [sys.executable, "-m", "analysis", *task],
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        )
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # Linux: the other end is closed
            while part := terminal.read(1_000):
                said += part
        out, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    assert out.startswith("recipe degradation: ")
    first, *lines, last = said.decode().split("\r\033[K")
    assert (first, last) == ("", "")
    assert lines[0].startswith("run 1 of 1, step ")
    assert max(map(len, lines)) == 59


def test_degradation_in_its_own_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Run the unchanged recipe with one seed on narrow networks, which say that they are narrow."""
    models = ("plain20:blocks=1,1,1", "plain20", "resnet20:blocks=1,1,1")
    status, out, err = call(
        capsys, "train", *models, "--recipe", "degradation", "--threads", "1", "--format", "json"
    )
    assert (status, err) == (0, "")
    values = json.loads(out)
    assert list(values) == ["runs", "verdict"]
    losses = {run["model"]: run["last_loss"] for run in values["runs"]}
    narrow = "widths=8,16,32:stem_width=8:input=1x14x14"
    plain8, plain20, resnet8 = (
        losses[f"{name}:{narrow}"]
        for name in ("plain20:blocks=1,1,1", "plain20", "resnet20:blocks=1,1,1")
    )
    assert resnet8 + 0.02 < plain8 < plain20 - 0.05
    assert values["verdict"][0].startswith(
        "The 20-layer plain network trains more slowly than the 8-layer plain network with one "
        "seed: loss "
    )
    for run in values["runs"]:
        assert len(run["steps"]) == len(run["train_loss"]) == 60
        assert run["epochs"] == []
        assert run["last_loss"] == pytest.approx(sum(run["train_loss"][-25:]) / 25)
        assert run["environment"]["torch"] == torch.__version__


def test_a_run_is_kept_resumed_and_predicts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "runs"
    command = ("train", NET, *SHORT, "--seeds", "2", "-o", str(folder))
    status, out, _ = call(capsys, *command)
    assert status == 0
    results = sorted(folder.glob("*.json"))
    weights = sorted(folder.glob("*.safetensors"))
    assert [path.stem for path in results] == [path.stem for path in weights]
    assert len(results) == len(list(folder.iterdir())) / 2 == 2
    for path in results:
        run = run_of(read_result(path))
        assert path.stem == f"resnet20-seed{run.task.seed}-{run.task.hash}"
        assert f"{run.last_loss:.3f}" in out

    before = [path.read_bytes() for path in results]
    status, _, err = call(capsys, *command)
    assert status == 2
    assert err == (
        f"error: {str(folder)!r} already has a run of {NET}, seed 0: add --resume to continue it, "
        "or use another folder\n"
    )
    assert [path.read_bytes() for path in results] == before
    status, again, _ = call(capsys, *command, "--resume")
    assert (status, again) == (0, out)

    picture = tmp_path / "a.png"
    Image.fromarray(sample_set().test[0][0].numpy()).save(picture)
    status, out, _ = call(capsys, "predict", str(weights[0]), str(picture), "--format", "json")
    assert status == 0
    (found,) = json.loads(out)["predictions"]
    assert len(found["classes"]) == 3
    assert {guess["name"] for guess in found["classes"]} <= set(sample_set().classes)
    status, out, _ = call(capsys, "predict", str(weights[0]), str(picture), "--top", "1")
    assert out.startswith(f"{picture}: {found['classes'][0]['name']} ")


def test_a_run_starts_from_given_weights(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model, start = "resnet20:input=1x28x28", ("--start", "fashion_resnet20")
    status, out, err = call(capsys, "train", model, *SHORT, *start, "--format", "json")
    assert (status, err) == (0, "")
    (run,) = json.loads(out)["runs"]
    assert run["start"] == load(shipped_path("fashion_resnet20")).digest
    assert run["train_accuracy"][0] >= 0.7  # before its first step
    weights = tmp_path / "weights.pth"
    with seeded(3):
        torch.save(build(parse(NET)).state_dict(), weights)
    out = call(capsys, "train", NET, *SHORT, "--start", str(weights))[1]
    assert "\nstart: weights " in out


def test_csv_has_a_row_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "train", NET, *SHORT, "--format", "csv")
    assert status == 0
    assert len(out.splitlines()) == 1 + 8


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--recipe", "long"), "'long' isn't a recipe: choose one of degradation, short"),
        (("--recipe", "d2l"), "has 1,000 outputs and the images have 10 classes: use resnet18"),
        (
            ("--recipe", "short", "--epochs", "1", "--steps", "1"),
            "use --epochs or --steps, not both",
        ),
        (("--recipe", "short", "--set", "rate"), "--set takes FIELD=VALUE, such as rate=0.05"),
        (("--recipe", "short", "--set", "rate=1e9"), "rate must be above 0 and at most 10"),
        (
            ("--recipe", "short", "--set", "speed=1"),
            "'speed' isn't a field of a recipe: choose one",
        ),
        (
            ("--recipe", "short", "--set", "rat=1"),
            "'rat' isn't a field of a recipe: did you mean rate?",
        ),
        (("--recipe", "short", "--steps", "0"), "steps must be 1 to 1,000,000, not 0"),
        (("--recipe", "short", "--seeds", "0"), "seeds must be 1 to 20, not 0"),
        (("--recipe", "short", "--seeds", "9" * 20), "seeds must be 1 to 20, not a number too"),
        (("--recipe", "short", "--first-seed", "-1"), "first-seed must be 0 to 2,147,483,647"),
        (("--recipe", "short", "--threads", "0"), "threads must be 1 to"),
        (("--recipe", "short", "--threads", "9" * 12), "threads must be 1 to"),
        (("--recipe", "short", "--data", ""), "the name of the image set is missing"),
        (("--recipe", "short", "-o", ""), "-o needs a folder name"),
        (("--recipe", "short", "-o", "/proc/self"), "cannot write"),
        (("--recipe", "short", "--resume"), "--resume needs -o with the folder of the runs"),
        (("--recipe", "short", "--data", "/no/such"), "no"),
        (("--recipe", "degradation", "--device", "cuda:9"), "no CUDA device here: use cpu"),
        (("--recipe", "short", "-o", "/proc/none"), "cannot write"),
        (("--recipe", "short", "--start", "none.pth"), "cannot read 'none.pth': No such file"),
        (("--recipe", "short", "--start", "fashion_resnet20"), "don't fit resnet20:blocks=1,1,1"),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fits = "outputs" not in sentence and "degradation" not in arguments
    status, out, err = call(capsys, "train", NET if fits else "resnet18", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert sentence in err


def test_predict_knows_the_included_networks(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Image.new("L", (28, 28)).save(tmp_path / "a.png")
    status, out, err = call(capsys, "predict", "fashion_resnet20", str(tmp_path / "a.png"))
    assert (status, err) == (0, "")
    assert out.startswith(f"{tmp_path}/a.png: ")


def test_predict_says_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"no checkpoint")
    for path, sentence in (
        (bad, "is neither a safetensors file"),
        (tmp_path / "none", "No such"),
    ):
        status, out, err = call(capsys, "predict", str(path), "a.png")
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        assert sentence in err


def test_an_interrupted_run_goes_on_to_the_same_numbers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A run ended by Ctrl-C and then resumed gives the results of an uninterrupted run."""
    steps = ("--recipe", "short", "--steps", "160", "--set", "batch=40", "--threads", "1")
    command = ("train", NET, *steps, "-o")
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis", *command, str(tmp_path / "a")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    state = tmp_path / "a"
    while not list(state.glob("*.state.safetensors")):  # written at the end of its first epoch
        assert process.poll() is None, process.stderr
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("error: interrupted at step 1")
    assert err.endswith(f"of 160 of {NET}, seed 0: add --resume to continue\n")
    assert " of 160\n" in out
    assert call(capsys, *command, str(tmp_path / "a"), "--resume")[0] == 0
    assert call(capsys, *command, str(tmp_path / "b"))[0] == 0
    runs = [
        run_of(read_result(path))
        for folder in ("a", "b")
        for path in (tmp_path / folder).glob("*.json")
    ]
    assert len(runs) == 2
    assert runs[0].train_loss == runs[1].train_loss
    assert runs[0].epochs == runs[1].epochs
    assert [len(list((tmp_path / folder).iterdir())) for folder in ("a", "b")] == [2, 2]
