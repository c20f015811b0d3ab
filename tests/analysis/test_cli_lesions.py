"""lesions, paths and blocks on the command line: output and errors of one line."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
import torch

from analysis.charts.file import chart_file
from analysis.images.sample import sample_set
from analysis.lesions import blocks
from analysis.lesions.blocks_charts import Measure, blocks_chart
from analysis.lesions.blocks_report import blocks_csv, blocks_text
from analysis.lesions.charts import on_images
from analysis.lesions.subjects import (
    checkpoint_of,
    images_of,
    shown_tests,
    spread,
    subject_of,
    untrained,
)
from analysis.style.look import Look
from analysis.training import states
from analysis.training.loop import Training
from analysis.training.recipes import changed, recipe_of
from analysis.training.runs import Task
from nets import parse
from tests.analysis.test_cli import call

NET = "resnet20:blocks=2,3,2:widths=4,8,12:stem_width=4:input=1x14x14"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save an untrained residual network as a checkpoint and return its path."""
    return kept(tmp_path_factory.mktemp("nets") / "net.safetensors", NET)


def kept(path: Path, model: str) -> Path:
    recipe = changed(recipe_of("degradation"), {"narrow": False})
    states.save(Training(Task(parse(model), recipe, "sample"), sample_set()), path)
    return path


def test_lesions_are_those_of_the_subject(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("lesions", str(saved), "--images", "50")
    status, out, err = call(capsys, *command, "--format", "json")
    assert (status, err) == (0, "")
    values = json.loads(out)
    assert list(values)[:4] == ["kind", "asked", "hash", "stamp"]
    assert (values["model"], values["images"]) == (NET, 50)
    checkpoint = checkpoint_of(saved)
    subject = subject_of(checkpoint, images_of(checkpoint), 50)
    assert values["error"] == subject.error()
    assert values["single"][3] == {"path": "layer2.1", "error": subject.error(["layer2.1"])}
    assert list(values["dropped"][0]) == ["count", "mean", "low", "high"]
    assert list(values["permuted"][0]) == ["stage", "tau", "error"]
    assert values["asked"]["weights"] == checkpoint.digest

    status, out, _ = call(capsys, *command)
    assert f"block removed  test error\nnone                {100 * subject.error():.1f}%" in out
    assert "\nrandom blocks removed  mean error of at most 10 draws  lowest  highest\n1 " in out
    assert "\nstage reordered  orders  test error: mean  lowest  highest\nlayer2 " in out
    assert " ".join(out.split()).endswith(" ".join(values["verdict"]))
    status, out, _ = call(capsys, *command, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["kind"] for row in rows] == [
        "intact",
        *["single"] * 7,
        *["dropped"] * 3,
        "permuted",
    ]


def test_paths_of_a_checkpoint_and_at_initialisation(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = tmp_path / "paths.svg"
    command = ("paths", str(saved), "--draws", "3", "--images", "8", "--format", "json")
    status, out, err = call(capsys, *command, "-o", str(chart))
    assert (status, err) == (0, "")
    assert chart.read_text().startswith("<?xml")
    values = json.loads(out)
    assert (values["blocks"], values["draws"], values["mean_path"]) == (7, 3, 3.5)
    assert [row["paths"] for row in values["lengths"]] == [1, 7, 21, 35, 35, 21, 7, 1]
    assert sum(row["share"] for row in values["lengths"]) == pytest.approx(1)
    assert list(values["lengths"][0]) == ["length", "paths", "gradient", "share", "low", "high"]
    assert values["trained"] is True
    again = json.loads(call(capsys, *command)[1])
    assert again["lengths"] == values["lengths"]

    model = ("paths", NET, "--draws", "2", "--images", "8")
    status, out, _ = call(capsys, *model)
    assert status == 0
    assert "at initialisation" in out
    assert "On average, a path goes through 3.5 of 7 blocks" in out
    rows = [line.split() for line in out.split("\n\n")[1].splitlines()[1:]]
    assert all(len(re.sub(r"^0\.0*|\.", "", number)) == 3 for row in rows for number in row[2:5])
    status, out, _ = call(capsys, *model, "--data", "sample", "--format", "csv")
    assert len(out.splitlines()) == 1 + 8


def test_blocks_of_a_checkpoint_and_at_initialisation(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = checkpoint_of(saved)
    shown, _ = shown_tests(checkpoint, images_of(checkpoint), 8)
    expected = blocks.measure(checkpoint.network(), shown)
    command = ("blocks", str(saved), "--images", "8")
    chart = tmp_path / "blocks.svg"
    status, out, err = call(capsys, *command, "--format", "json", "-o", str(chart))
    assert (status, err) == (0, "")
    drawn = on_images(blocks_chart([expected], Measure.RATIO), 8, images_of(checkpoint).name)
    assert chart.read_bytes() == chart_file(drawn, ".svg", Look(title=drawn.title))
    values = json.loads(out)
    assert list(values)[:4] == ["kind", "asked", "hash", "stamp"]
    assert (values["kind"], values["asked"]["weights"]) == ("blocks", checkpoint.digest)
    first = expected.branches[0]
    assert values["branches"][0] == {
        "path": "layer1.0",
        "ratio": first.ratio,
        "low": first.low,
        "high": first.high,
        "branch_variance": first.branch_variance,
        "shortcut_variance": first.shortcut_variance,
        "sum_variance": first.sum_variance,
        "share": first.share,
    }
    assert [row["path"] for row in values["responses"]][:2] == ["conv1", "layer1.0.conv1"]
    assert values["responses"][0]["deviation"] == expected.responses[0].deviation
    assert call(capsys, *command) == (0, blocks_text(expected), "")
    assert " ".join(blocks_text(expected).split()).endswith(" ".join(values["verdict"]))
    assert call(capsys, *command, "--format", "csv") == (0, blocks_csv([expected]), "")

    plain = NET.replace("resnet20", "plain20")
    network, random, _, _ = untrained(plain, None, 8, 3)
    found = blocks.measure(network, random, trained=False)
    at_start = ("blocks", plain, "--images", "8", "--seed", "3")
    assert call(capsys, *at_start) == (0, blocks_text(found), "")
    status, _, err = call(capsys, *at_start, "--quantity", "deviation", "-o", str(chart))
    assert (status, err) == (0, "")
    drawn = on_images(blocks_chart([found], Measure.DEVIATION), 8, "random")
    assert chart.read_bytes() == chart_file(drawn, ".svg", Look(title=drawn.title))
    assert call(capsys, *at_start, "-o", str(chart)) == (
        2,
        "",
        f"error: {plain} is a plain network: its blocks have no shortcut to compare with\n",
    )


def test_what_cannot_be_taken_apart_is_one_line(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = kept(tmp_path / "plain.safetensors", NET.replace("resnet20", "plain20"))
    one = "resnet20:blocks=1:widths=4:stem_width=4:input=1x14x14"
    alone = kept(tmp_path / "alone.safetensors", one)
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"no checkpoint")
    for arguments, sentence in (
        (("lesions", str(bad)), "is neither a safetensors file nor one written by torch.save"),
        (("lesions", str(tmp_path / "none")), "is not a readable checkpoint (No such file"),
        (("lesions", str(alone)), "has one block: use a network with two or more"),
        (("lesions", str(saved), "--images", "0"), "images must be 1 to 10,000, not 0"),
        (("lesions", str(saved), "-o", "a.txt"), "must end in .svg, .pdf or .png"),
        (("paths", str(plain)), "is a plain network: it has one path"),
        (("paths", str(alone)), "has one block"),
        (("paths", "resnet2"), "'resnet2' is not a model"),
        (("paths", "resnet50", "--data", "sample"), "has 1,000 outputs, but sample has 10 class"),
        (("blocks", "resnet2"), "'resnet2' is not a model"),
        (("blocks", str(saved), "--images", "0"), "images must be 1 to 10,000, not 0"),
        (("blocks", str(saved), "-o", "a.txt"), "must end in .svg, .pdf or .png"),
        (("paths", str(saved), "--draws", "0"), "draws must be 1 to 1,000, not 0"),
    ):
        status, out, err = call(capsys, *arguments)
        assert (status, out) == (2, ""), arguments
        assert err.count("\n") == 1
        assert sentence in err


def test_images_are_spread_over_a_sorted_set() -> None:
    assert spread(10, 5) == [0, 2, 4, 6, 8]
    assert spread(10, 20) == list(range(10))
    labels = sample_set().test.labels[spread(1_000, 50)]
    assert torch.bincount(labels).tolist() == [5] * 10
