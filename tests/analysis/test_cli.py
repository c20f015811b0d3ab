"""The command line: output, exit status and errors of one line."""

import contextlib
import csv
import io
import json
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

import analysis
from analysis.__main__ import main, run
from analysis.images import fashion_mnist
from analysis.images.roots import DATA_VARIABLE
from analysis.style import fonts
from analysis.style.numbers import percent, scale_of, shape, short, signed
from analysis.timing import check_device
from analysis.timing.settings import Settings
from nets import CATALOG, parse
from tests.conftest import Golden


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = run(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("model", ["resnet50", "resnet20", "preresnet164:blocks=2,2,2", "plain18"])
@pytest.mark.parametrize("style", ["text", "latex"])
def test_profile_as_text(
    model: str, style: str, golden: Golden, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(capsys, "profile", model, "--format", style)
    assert (status, err) == (0, "")
    golden(f"profile-{model.partition(':')[0]}.{style}", out)


def test_profile_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "profile", "resnet50", "--batch", "2", "--format", "json")
    values = json.loads(out)
    profile = analysis.profile(parse("resnet50"), batch=2)
    assert status == 0
    assert values["model"] == "resnet50"
    assert (values["input"], values["batch"], values["depth"]) == ([3, 224, 224], 2, 50)
    for name in (
        "params",
        "macs",
        "fvcore_flops",
        "flops",
        "saved_bytes",
        "inference_bytes",
        "receptive_field",
        "activations",
        "bytes_moved",
    ):
        assert values[name] == getattr(profile, name)
    assert [row["name"] for row in values["stages"]] == [
        "stem",
        "layer1",
        "layer2",
        "layer3",
        "layer4",
        "head",
    ]
    assert values["stages"][1]["output"] == [256, 56, 56]
    assert values["layers"][0] == {
        "path": "conv1",
        "type": "Conv2d",
        "input": [3, 224, 224],
        "output": [64, 112, 112],
        "params": 9408,
        "macs": 236_027_904,
        "fvcore_flops": 236_027_904,
        "saved_bytes": 1_204_224,
        "activations": 1_605_632,
        "bytes_moved": 7_664_384,
    }
    assert values["shortcuts"][0] == {
        "path": "layer1.0",
        "kind": "projection",
        "input": [64, 56, 56],
        "output": [256, 56, 56],
    }


def test_profile_as_csv_sums_to_the_total(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "profile", "resnet34", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 138
    assert sum(int(row["params"]) for row in rows) == 21_797_672
    assert sum(int(row["fvcore_flops"]) for row in rows) == 3_671_262_720
    assert sum(int(row["activations"]) for row in rows) == 3_738_112
    assert sum(int(row["bytes_moved"]) for row in rows) == 194_976_832
    assert rows[0]["output"] == "64x112x112"


SMALL = "resnet18:input=3x32x32"
SHORT = ("--seconds", "0.5")
WHY = (
    "input 3x32x32 is too small at batch 1, where layer4.0.bn1 would train on one value per "
    "channel; use a larger input or a batch of at least 2"
)


def test_a_network_that_one_image_cannot_train_is_counted_drawn_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = json.loads(call(capsys, "profile", SMALL, "--format", "json")[1])
    assert (read["params"], read["macs"]) == (11_689_512, 37_523_456)
    assert read["saved_bytes"] is None
    assert read["missing"] == {"saved_bytes": WHY}
    assert {row["saved_bytes"] for row in [*read["stages"], *read["layers"]]} == {None}
    rows = list(csv.DictReader(io.StringIO(call(capsys, "profile", SMALL, "--format", "csv")[1])))
    assert {row["saved_bytes"] for row in rows} == {""}
    assert sum(int(row["macs"]) for row in rows) == 37_523_456
    text = call(capsys, "profile", SMALL)[1]
    assert "saved for backward           —  float32 training\n" in text
    assert f"— no saved memory: {WHY} stage" in " ".join(text.split())
    at_two = call(capsys, "profile", SMALL, "--batch", "2", "--format", "json")[1]
    assert "missing" not in json.loads(at_two)
    assert json.loads(at_two)["saved_bytes"] == 947_712
    for arguments in (
        ("profile", SMALL, "--format", "latex"),
        ("tree", "resnet18:input=1x28x28:classes=10"),
        ("code", "resnet18:input=1x28x28:classes=10"),
        ("graph", SMALL, "--heat", "macs", "-o", str(tmp_path / "a.svg")),
        ("graph", SMALL, "-o", str(tmp_path / "a.html")),
        ("profile", SMALL, "--verify"),
    ):
        assert call(capsys, *arguments)[0] == 0
    assert "saved" not in call(capsys, "time", SMALL, "--batch", "1", "--inference", *SHORT)[2]


def test_one_network_never_hides_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    for style in ("text", "markdown", "latex"):
        status, out, _ = call(capsys, "compare", "resnet20", SMALL, "--format", style)
        assert status == 0
        assert "37.5 M" in out
        assert "1.53 MB" in out
        said = f"{SMALL} has no training figures: {WHY}."
        assert said in " ".join(out.replace("\\_", "_").split())
    out = call(capsys, "compare", "resnet20", SMALL, "--format", "json")[1]
    good, small = json.loads(out)["models"]
    assert (good["saved_bytes"], small["saved_bytes"]) == (1_525_376, None)
    assert good["training_bytes_float32"] == 4_403_912
    assert small["missing"]["training_bytes_float32"] == WHY
    assert "missing" not in good
    out = call(capsys, "compare", "resnet20", SMALL, "--format", "csv")[1]
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["saved_bytes"] for row in rows] == ["1525376", ""]
    assert [row["training_bytes_bfloat16"] for row in rows] == ["3864084", ""]


def test_an_option_wins_over_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(
        capsys, "profile", "resnet18:input=3x64x64", "--input", "1x96x96", "--format", "json"
    )
    values = json.loads(out)
    assert values["model"] == "resnet18:input=1x96x96"
    assert values["params"] == 11_689_512 - 2 * 49 * 64


def test_verify(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "profile", "resnet20", "--verify", "--format", "json")
    assert status == 0
    assert json.loads(out)["fvcore_flops"] == 40_931_968
    assert err == "fvcore counts 40,931,968, ResNet Lab counts 40,931,968: 78 of 78 layers equal\n"


def test_help_says_what_every_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = call(capsys, "--help")
    assert (err, "..." in out.replace("[ARGS]...", "")) == ("", False)
    for name, command in main.commands.items():
        assert command.help
        said = f" {name} {command.help.partition('.')[0]}"
        assert said[:60] in f" {' '.join(out.split())}"


def test_a_name_that_is_nearly_a_trained_networks(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("paths",), ("blocks",), ("export", "-o", "a.pth")):
        said = "error: 'fashion_resnet99' is not a trained network: did you mean fashion_resnet"
        status, out, err = call(capsys, *command, "fashion_resnet99")
        assert (status, out, err[: len(said)]) == (2, "", said)
        said = "error: 'runs/no.pth' is not a readable checkpoint (No such file or directory)"
        assert call(capsys, *command, "runs/no.pth")[2].startswith(said)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "list", "--format", "json")
    assert [row["name"] for row in json.loads(out)] == list(CATALOG)
    _, text, _ = call(capsys, "list")
    assert all(f"  {name} " in text for name in CATALOG)
    trained = "fashion_resnet20    resnet20:input=1x28x28, 92.12% test accuracy on Fashion-MNIST."
    assert trained in text


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["recipes"],
        ["profile", "resnet50"],
        ["profile", SMALL],
        ["tree", "resnet152"],
        ["compare", "resnet18", "resnet50", "resnet152"],
        ["compare", *[name for name in CATALOG if name.startswith(("resnet1", "wrn"))]],
        ["choose", "--max-macs", "4e9"],
        ["exercises", "projection_norm", "--answer"],
        ["gradients", "resnet20:blocks=1,1,1", "--seeds", "1", "--batch", "2"],
    ],
)
def test_text_fits_the_terminal(
    width: int,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    status, out, err = call(capsys, *command)
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if len(line) > width and " " in line.strip()] == []


def test_what_published_figures_share_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    out = call(capsys, "compare", "resnet18", "resnet50", "--no-memory")[1]
    for once in (
        "Published ImageNet top-1 accuracy, by recipe.",
        "results-imagenet.csv, 2025-10-30",
        "benchmark-infer-amp-nchw-pt240-cu124-rtx3090.csv, 2024-09",
    ):
        assert " ".join(out.split()).count(once) == 1
    tables = [part.splitlines() for part in out.split("\n\n")]
    speeds = next(lines for lines in tables if "RTX 3090  RTX 4090" in lines[0])
    assert [line.split() for line in speeds[1:]] == [
        ["resnet18", "9.26", "k", "13.7", "k", "24.9", "k", "19.9", "k"],
        ["resnet50", "3.22", "k", "4.30", "k", "8.04", "k", "6.36", "k"],
    ]


def test_tree(capsys: pytest.CaptureFixture[str]) -> None:
    _, folded, _ = call(capsys, "tree", "resnet152")
    assert "layer3.1 to layer3.35, 35 equal blocks" in folded
    _, unfolded, _ = call(capsys, "tree", "resnet152", "--unfold")
    assert "layer3.35.conv2" in unfolded
    _, printed, _ = call(capsys, "tree", "resnet20", "--format", "print")
    assert printed.startswith("ResNet(")
    _, text, _ = call(capsys, "tree", "resnet20", "--format", "torchinfo")
    assert "Total params: 269,722" in text


def test_code_writes_a_file_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.py"
    assert call(capsys, "code", "resnet20", "-o", str(path)) == (0, "", "")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert done.stdout == "269722 parameters\ntorch.Size([1, 10])\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.py"]
    _, out, _ = call(capsys, "code", "resnet20")
    assert out == path.read_text()


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.svg", b"<svg"),
        ("a.pdf", b"%PDF"),
        ("a.png", b"\x89PNG"),
        ("a.dot", b"digraph"),
        ("a.tex", b"%"),
        ("a.html", b"<!doctype html>"),
    ],
)
def test_graph_writes_every_format(
    name: str, begins: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    options = (
        "--level",
        "layer",
        "--palette",
        "dark",
        "--ground",
        "--aspect",
        "4:3",
        "--title",
        "A",
    )
    assert call(capsys, "graph", "resnet20", "-o", str(path), *options) == (0, "", "")
    assert path.read_bytes().startswith(begins)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("suffix", [".svg", ".tex", ".html"])
def test_heat_is_of_a_box_or_of_a_block(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a{suffix}"
    for options, said, other in (
        ((), "= 7.64 G", "MACs per block:"),
        (("--heat-per", "box"), "= 7.64 G", "MACs per block:"),
        (("--heat-per", "block"), "MACs per block:", "= 7.64 G"),
    ):
        command = ("graph", "resnet152", "--heat", "macs", *options, "-o", str(path))
        assert call(capsys, *command) == (0, "", "")
        drawn = re.sub(r'\["MACs",[^]]*\]', "", path.read_text())  # a run's details say both
        assert said in drawn
        assert other not in drawn


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png", ".dot", ".tex", ".html"])
def test_units_and_a_single_block_in_every_format(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    units, block = tmp_path / f"units{suffix}", tmp_path / f"block{suffix}"
    two = ("original", "full_preact:block=bottleneck:shortcut=projection")
    assert call(capsys, "units", *two, "-o", str(units)) == (0, "", "")
    assert call(capsys, "graph", "resnet50", "--block", "layer2.0", "-o", str(block))[0] == 0
    if suffix not in (".pdf", ".png"):
        assert "full_preact-bottleneck-projection.conv3" in units.read_text()
        assert "layer2.0" in block.read_text()
        assert "layer2.1" not in block.read_text()


def test_a_title_beyond_our_letters_is_one_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_installed", lambda: ())
    fonts.other_fonts.cache_clear()
    said = {}
    for suffix in ("svg", "pdf", "png", "tex"):
        path = tmp_path / f"a.{suffix}"
        status, _, said[suffix] = call(
            capsys, "graph", "resnet18", "-o", str(path), "--title", "残差龘靐 ResNet"
        )
        assert status == 0
        assert path.stat().st_size > 1_000
    missing = "warning: no font on this system has 靐 龘: left out of the title\n"
    assert said["svg"] == said["pdf"] == said["png"] == missing
    assert "lualatex or xelatex" in said["tex"]
    assert said["tex"].count("\n") == 1


@pytest.mark.parametrize(
    ("suffix", "more", "says"),
    [
        (
            "pdf",
            (),
            "warning: dark without a background is hard to read on white paper: use light, "
            "print or --ground\n",
        ),
        ("svg", (), ""),
        ("pdf", ("--ground",), ""),
    ],
)
def test_light_lines_on_white_paper_are_a_warning(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    suffix: str,
    more: tuple[str, ...],
    says: str,
) -> None:
    path = tmp_path / f"a.{suffix}"
    status, out, err = call(
        capsys, "shape", "resnet18", "-o", str(path), "--palette", "dark", *more
    )
    assert (status, err) == (0, says)
    assert out == (
        "Height and width are on a square-root scale, channels (depth) on a logarithmic one.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["profile", "resnet51"], "'resnet51' is not a model: did you mean resnet50, resnet56 or"),
        (["profile", "preresnet100"], "did you mean preresnet110, preresnet1001 or preresnet200?"),
        (["profile", ""], "the model's name is empty"),
        (["profile", "resnet50:blocks=0,1,1,1"], "blocks must be 1 to 1,000, not 0"),
        (["profile", "resnet50:blocks=-3,1,1,1"], "blocks must be 1 to 1,000, not -3"),
        (["profile", "resnet50:blocks=1000000000"], "blocks must be 1 to 1,000"),
        (["profile", "resnet50:blocks=three"], "blocks must be written like 3,4,6,3, not 'three'"),
        (["profile", "resnet50:depth=9"], "'depth' is not an option"),
        (["profile", "resnet50:bias=1:bias=0"], "bias is given twice"),
        (["profile", "x" * 30_000], "at most 1,000 characters, not 30,000"),
        (["profile", "resnet50", "--input", "0x0"], "input must be channels x height x width"),
        (["profile", "resnet50", "--input", "3x0x0"], "input must be 1 to 4,096, not 0"),
        (["profile", "resnet50", "--input", "8x8"], "input must be channels x height x width"),
        (["profile", "resnet50", "--input", "abc"], "input must be written like 3x224x224"),
        (["profile", "resnet50", "--batch", "0"], "batch must be 1 to 65,536, not 0"),
        (["profile", "resnet50", "--batch", "two"], "'two' is not a valid integer"),
        (["profile", "resnet50", "--format", "xml"], "is not one of"),
        (["profile"], "Missing argument 'MODEL'"),
        (["paint"], "Did you mean one of: 'paths', 'train'?) See python -m analysis --help\n"),
        (["lesion"], "Did you mean 'lesions'? See python -m analysis --help\n"),
        (["list", "now"], "unexpected extra argument (now). See python -m analysis list --help\n"),
        (["graph", "resnet20", "-o", "a.bmp"], "'a.bmp' must end in .svg, .pdf, .png, .dot, .tex"),
        (["graph", "resnet20", "-o", "a"], "'a' must end in .svg"),
        (["graph", "resnet20", "-o", "a.dot", "--heat", "macs"], "heat colours .svg, .pdf, .png"),
        (["graph", "resnet20", "-o", "a.svg", "--heat-per", "box"], "--heat-per applies to --heat"),
        (
            ["graph", "resnet18:input=3x32x32", "-o", "a.svg", "--heat", "saved_bytes"],
            "there is no saved memory to colour by: input 3x32x32 is too small at batch 1, where "
            "layer4.0.bn1 would train on one value per channel; colour by MACs or parameters",
        ),
        (["time", "resnet18:input=3x32x32", "--batch", "1"], "or a batch of at least 2"),
        (["gradients", "resnet18:input=3x32x32", "--batch", "1"], "or a batch of at least 2"),
        (
            ["graph", "resnet20", "-o", "a.svg", "--block", "layer1.9"],
            "'layer1.9' is not a block of",
        ),
        (["graph", "resnet20", "-o", "a.svg", "--block", ""], "'' is not a block of resnet20"),
        (
            ["graph", "resnet1202", "-o", "a.html", "--level", "layer", "--unfold"],
            ".html holds at most 2,500 nodes, and the layer unfolded graph has more",
        ),
        (["time", "resnet20", "--device", "tpu"], "device must be one of cpu"),
        (["time", "resnet20", "--batch", "0"], "batch must be 1 to 65,536, not 0"),
        (["time", "resnet20", "--batch", "two"], "batch must be a whole number, or several"),
        (["time", "resnet20", "--batch", "1,1"], "a sweep takes each batch only once"),
        (["time", "resnet20", "--seconds", "0"], "seconds must be 0.1 to 600, not 0"),
        (["time", "resnet20", "--tf32"], "TF32 needs a CUDA device, not cpu"),
        (["time", "resnet20", "--dtype", "float16"], "float16 on the CPU is for inference only"),
        (["time", "resnet152", "--batch", "60000"], "would fit"),
        (["graph", "resnet20", "-o", "a.png", "--aspect", "1:0"], "aspect must be width:height"),
        (["graph", "resnet20", "-o", "a.png", "--aspect", "9" * 5_000], "aspect must be width"),
        (["graph", "resnet20", "-o", "a.svg", "--width-mm", "nan"], "nan is not a number"),
        (["graph", "resnet20", "-o", "a.svg", "--fragment"], "--fragment applies to .tex files"),
        (["time", "resnet20", "--batch", "1_0"], "batch must be a whole number, or several"),
        (["choose", "--device", "tpu"], "device must be one of cpu"),
        (["gradients", "resnet1202", "-o", "/nowhere/g.svg"], "cannot write '/nowhere/g.svg'"),
        (["gradients", "resnet20", "--seeds", "0"], "seeds must be 1 to 20, not 0"),
        (["gradients", "resnet20", "resnet20"], "a model is given twice"),
        (["gradients", "resnet20", "-o", "a.gif"], "'a.gif' must end in .svg, .pdf or .png"),
        (["gradients", "resnet1202:input=3x256x256"], "at most 4 GB are allowed"),
        (["gradients", "resnet20:classes=1"], "has one class"),
        (["gradients"], "Missing argument 'MODEL [MODEL]...'"),
        (["gradients", "resnet20", "--noise", "0.1"], "--noise applies to --quantity direction"),
        (["gradients", "resnet20", "--quantity", "size"], "is not one of 'activation', 'weight'"),
        (
            ["gradients", "resnet20", "--quantity", "direction", "--noise", "2"],
            "noise must be 0, or 0.000001 to 1, not 2",
        ),
        (
            ["gradients", "resnet20", "--quantity", "direction", "--noise", "nan"],
            "noise must be 0, or 0.000001 to 1, not nan",
        ),
        (
            ["gradients", "resnet18:input=3x32x32", "--quantity", "direction", "--batch", "1"],
            "or a batch of at least 2",
        ),
        (["compare", "resnet18", "--batch", "0"], "batch must be 1 to 65,536, not 0"),
        (["compare", *["resnet18"] * 65], "a comparison takes 1 to 64 models, not 65"),
        (["compare", "resnet18", "--input", "3x8"], "input must be channels x height x width"),
        (["choose", "--input", "3x0x0"], "input must be 1 to 4,096, not 0"),
        (["choose", "--max-macs", "0"], "max_macs must be above 0 and at most 1e+18, not 0"),
        (["choose", "--max-macs", "nan"], "max_macs must be above 0 and at most 1e+18, not nan"),
        (["choose", "--max-params", "-1"], "max_params must be above 0 and at most"),
        (
            ["choose", "--max-training-mb", "1e300"],
            "max_training_mb must be above 0 and at most 1e+12 MB, not 1e+300",
        ),
        (["choose", "--device", "cpu"], "--device applies to --max-ms"),
        (
            ["choose", "--max-ms", "5", "--optimiser", "adam"],
            "--max-ms times sgd, not adam",
        ),
        (
            ["choose", "--max-ms", "5", "--dtype", "float16"],
            "float16 on the CPU is for inference only",
        ),
        (["gradients", "resnet20", "--download"], "--download applies to --images fashion_mnist"),
        (["choose", "--max-macs", "many"], "'many' is not a valid float"),
        (["choose", "--max-ms", "5", "--device", "tpu"], "device must be one of cpu"),
        (["check-device", "--device", "tpu"], "device must be one of cpu"),
        (["units", "original", "preact", "-o", "a.svg"], "a unit order must be one of original"),
        (
            ["units", "original", "original", "original", "-o", "a.svg"],
            "give one or two units, not",
        ),
        (["units", "original", "-o", "a.gif"], "'a.gif' must end in"),
        (["units", "-o", "a.svg"], "Missing argument 'UNIT [UNIT]'"),
        (["graph", "resnet20", "-o", "/nowhere/a.svg"], "cannot write '/nowhere/a.svg'"),
        (["graph", "resnet20", "-o", "a.png", "--dpi", "1000000"], "dpi must be 20 to 1,200, not"),
        (["graph", "resnet20", "-o", "a.png", "--aspect", "wide"], "aspect must be width:height"),
        (["graph", "resnet20", "-o", "a.png", "--width-mm", "0"], "20<=x<=2000"),
        (["code", "resnet20", "-o", "/nowhere/net.py"], "cannot write '/nowhere/net.py'"),
        (["code", "resnet20", "-o", "/"], "cannot write '/'"),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert says in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_a_link_is_written_through_and_a_dash_is_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, link = tmp_path / "net.py", tmp_path / "link.py"
    target.write_text("old")
    link.symlink_to(target)
    assert call(capsys, "code", "resnet20", "-o", str(link))[0] == 0
    assert link.is_symlink()
    assert target.read_text().startswith('"""ResNet-20.')
    assert call(capsys, "code", "resnet20", "-o", "-")[1] == target.read_text()
    assert call(capsys, "code", "resnet20", "-o", "/dev/null") == (0, "", "")
    assert not Path("/dev/null").is_file()


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "analysis", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    program.stdout.close()
    assert program.wait(timeout=60) == 0
    assert program.stderr is not None
    assert program.stderr.read() == ""
    program.stderr.close()


TINY = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4"


def test_time_as_text_json_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    quick = ("time", TINY, "--threads", "1", *SHORT, "--batch")
    status, out, err = call(capsys, *quick, "2")
    assert (status, err) == (0, "")
    assert out.startswith(f"{TINY} · training with SGD, batch 2, float32 on CPU, 1\nthread\n")
    found = json.loads(call(capsys, *quick, "2", "--format", "json")[1])
    assert set(found["forward_ms"]) == {"p10", "p50", "p90"}
    assert [stage["name"] for stage in found["stages"]] == [
        "stem",
        "layer1",
        "layer2",
        "layer3",
        "head",
    ]
    sweep = json.loads(call(capsys, *quick, "1,3", "--format", "json", "--inference")[1])
    assert [(one["batch"], one["backward_ms"]) for one in sweep] == [(1, None), (3, None)]
    rows = list(csv.DictReader(io.StringIO(call(capsys, *quick, "1,3", "--format", "csv")[1])))
    assert [row["batch"] for row in rows] == ["1", "3"]


def test_time_measures_energy_where_there_is_a_meter(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = SimpleNamespace(joules=iter(range(6)).__next__)
    monkeypatch.setattr("analysis.timing.measure.meter_of", lambda device: meter)
    monkeypatch.setattr("analysis.machine.energy.WINDOW_SECONDS", 0.01)
    out = call(capsys, "time", TINY, "--threads", "1", *SHORT, "--format", "json")[1]
    assert len(json.loads(out)["joules_per_image"]) == 3


def test_an_interrupted_timing_prints_what_it_has() -> None:
    batches = ",".join(map(str, range(1, 17)))  # a sweep that would outlast this test
    command = [sys.executable, "-m", "analysis", "time", TINY, "--seconds", "1", "--batch", batches]
    program = subprocess.Popen(
        [*command, "--threads", "1", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watched = psutil.Process(program.pid)
    while watched.cpu_times().user < 6:  # past the imports and the first batch
        assert program.poll() is None
        with contextlib.suppress(psutil.TimeoutExpired):
            watched.wait(0.2)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 1
    assert err == "error: interrupted\n"
    found = json.loads(out)
    timings = found if isinstance(found, list) else [found]
    assert timings[0]["batch"] == 1
    assert all(timing["iterations"] >= 1 for timing in timings)
    assert len(timings) < 16


def test_gradients_of_a_model_and_its_plain_twin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = f"{TINY}:norm=none:init=default"
    quick = ("gradients", net, "--batch", "4", "--seeds", "2")
    chart = tmp_path / "a.svg"
    status, out, err = call(capsys, *quick, "-o", str(chart))
    assert (status, err) == (0, "")
    assert "the plain stack's gradient" in out
    head, plain, residual, _ = out.split("\n\n")
    assert "log10 stem/last: the norm after the stem over that after the last block;" in head
    for part, name in ((plain, net.replace("resnet20", "plain20")), (residual, net)):
        first, ratio, layer, slope = part.splitlines()
        assert first == name
        assert re.fullmatch(r"  log10 stem/last  [+−][0-9.]+ \(.+ to .+ across seeds\)", ratio)
        assert re.fullmatch(
            r"  per layer        a factor of [0-9.]+, over 6 weighted layers", layer
        )
        assert re.fullmatch(r"  fitted slope     [+−][0-9.]+ per layer, a factor of [0-9.]+", slope)
    assert chart.read_text().startswith("<?xml")
    run = json.loads(call(capsys, *quick, "--format", "json")[1])
    assert [row["model"] for row in run["summary"]] == [net.replace("resnet20", "plain20"), net]
    assert len(run["curves"]) == 4
    assert call(capsys, *quick, "--format", "csv")[1].startswith("model,seed,quantity,path")


def test_weight_gradients_in_words_and_as_a_chart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = TINY.replace("resnet20", "plain20") + ":norm=none"
    chart = tmp_path / "a.svg"
    quick = ("gradients", net, TINY, "--batch", "4", "--seeds", "2", "-o", str(chart), "--quantity")
    found = {}
    for quantity in ("activation", "weight", "relative_weight"):
        status, out, err = call(capsys, *quick, quantity)
        assert (status, err) == (0, "")
        found[quantity] = out, chart.read_bytes()
    assert len(set(found.values())) == 3
    assert found["weight"][0].startswith("gradient norm ‖∂L/∂W‖ of convolution weights, train mode")
    run = json.loads(call(capsys, *quick, "weight", "--format", "json")[1])
    for row in run["summary"]:
        said = f"log10 first/last convolution  {signed(row['weight_log10_ratio'], 2)} ("
        assert said in found["weight"][0]
    assert "\nFor ‖∂L/∂x‖ of block outputs:\n" in found["weight"][0]


def test_the_direction_by_depth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chart = tmp_path / "a.svg"
    quick = ("gradients", TINY, "--batch", "4", "--seeds", "2", "--quantity", "direction")
    status, out, err = call(capsys, *quick, "-o", str(chart))
    assert (status, err) == (0, "")
    assert out.startswith("cosine between ∂L/∂x at x and at x + noise, train mode, random images\n")
    assert "noise 0.01 of the images' standard deviation" in " ".join(out.split())
    assert out.endswith("At 8 layers, the two differ by less than 0.05 in every seed.\n")
    assert chart.read_text().startswith("<?xml")
    run = json.loads(call(capsys, *quick, "--format", "json")[1])
    assert [row["model"] for row in run["summary"]] == [TINY.replace("resnet20", "plain20"), TINY]
    assert len(run["cosines"]) == 4
    rows = call(capsys, *quick, "--noise", "0", "--format", "csv")[1].splitlines()
    assert rows[0] == "model,depth,seed,noise,cosine,state"
    assert [float(row.split(",")[-2]) for row in rows[1:]] == pytest.approx([1] * 4, abs=1e-12)


@pytest.mark.parametrize(
    "command",
    [
        ("gradients", "resnet20", "--seeds", "1", "--images"),
        ("train", "resnet20", "--recipe", "degradation", "--data"),
        ("lesions", "fashion_resnet20", "--data"),
        ("paths", "fashion_resnet20", "--data"),
        ("blocks", "fashion_resnet20", "--data"),
    ],
)
def test_images_that_are_not_here_are_refused_or_downloaded(
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable in (DATA_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path)
    status, out, err = call(capsys, *command, "fashion_mnist")
    assert (status, out) == (2, "")
    assert err == (
        "error: Fashion-MNIST is not on this machine: add --download, or set its folder in "
        "RESNET_LAB_DATA\n"
    )

    def fail() -> None:
        raise OSError("Fashion-MNIST could not be downloaded: no network")

    monkeypatch.setattr(fashion_mnist, "download_fashion_mnist", fail)
    failed = "error: Fashion-MNIST could not be downloaded: no network\n"
    assert call(capsys, *command, "fashion_mnist", "--download") == (1, "", failed)
    wrong = f"error: --download applies to {command[-1]} fashion_mnist\n"
    assert call(capsys, *command, "sample", "--download") == (2, "", wrong)


def test_gradients_on_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    quick = ("gradients", "resnet20", "--seeds", "1", "--batch", "2", "--format", "json")
    run = json.loads(call(capsys, *quick, "--images", "sample")[1])
    assert run["settings"]["images"] == "sample"
    assert run["curves"] != json.loads(call(capsys, *quick)[1])["curves"]


def test_compare_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    quick = ("compare", "resnet18", "resnet50", "--no-memory", "--format")
    rows = json.loads(call(capsys, *quick, "json")[1])["models"]
    assert [(row["model"], row["params"], row["macs"]) for row in rows] == [
        ("resnet18", 11_689_512, 1_814_073_344),
        ("resnet50", 25_557_032, 4_089_184_256),
    ]
    table = list(csv.DictReader(io.StringIO(call(capsys, *quick, "csv")[1])))
    assert table[1]["fvcore_flops"] == "4111512576"
    lines = call(capsys, *quick, "markdown")[1].count("| resnet50 |")
    assert lines == 3  # costs, accuracies and speeds
    assert r"\begin{tabular}" in call(capsys, *quick, "latex")[1]
    text = call(capsys, *quick, "text")[1].splitlines()
    assert "VGG-19" in text[0]
    assert text[3].split() == ["model", "resnet18", "resnet50"]  # no terminal, so 100 wide


def test_choose_by_counts_and_by_measured_time(capsys: pytest.CaptureFixture[str]) -> None:
    limits = ("choose", "--max-macs", "2e9", "--max-training-mb", "300")
    found = json.loads(call(capsys, *limits, "--format", "json")[1])
    assert [row["model"] for row in found["fits"]] == ["resnet10", "plain18", "resnet18"]
    assert found["pareto"]
    assert "networks for ImageNet" in call(capsys, *limits)[1]
    sentence = json.loads(
        call(capsys, "choose", "--max-macs", "1", "--max-ms", "1", "--format", "json")[1]
    )["sentence"]
    assert sentence.startswith("No network for ImageNet")
    nothing = json.loads(call(capsys, "choose", "--max-params", "1", "--format", "json")[1])
    assert nothing["fits"] == []
    assert nothing["sentence"].startswith("No network for ImageNet")

    cifar = ("choose", "--input", "3x32x32", "--max-params", "3e5", "--batch", "4")
    status, out, err = call(capsys, *cifar, "--max-ms", "1e5", "--format", "json")
    assert status == 0
    timed = json.loads(out)["fits"]
    assert {row["model"] for row in timed} >= {"resnet20", "plain20"}
    assert all(row["measured_ms"] > 0 for row in timed)
    assert "resnet20: " in err


def test_check_device_says_pass_or_fail_line_by_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check_device, "Settings", partial(Settings, seconds=2.0))
    monkeypatch.setenv("COLUMNS", "60")
    status, out, err = call(capsys, "check-device")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 60
    assert {line[:6] for line in lines} - {"fail  "} == {"pass  ", " " * 6}
    assert lines[0].startswith("pass  accelerator: none found, so the CPU")
    failed = sum(line.startswith("fail") for line in lines)
    assert (status, err) == ((1, f"error: {failed} of the checks failed\n") if failed else (0, ""))


@pytest.mark.parametrize("suffix", [".svg", ".dot", ".html", ".tex", ".pdf"])
def test_a_title_that_is_no_text_leaves_out_what_is_none(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a{suffix}"
    title = ("--title", "before\udcff\x01after")
    assert call(capsys, "graph", "resnet18", *title, "-o", str(path)) == (0, "", "")
    if suffix != ".pdf":
        assert "beforeafter" in path.read_text()


def test_the_catalog_needs_no_torch() -> None:
    code = "import sys, analysis.__main__ as m; m.run(['list']); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n")


def test_as_a_program() -> None:
    command = [sys.executable, "-m", "analysis"]
    good = subprocess.run([*command, "list"], capture_output=True, text=True, check=True)
    assert good.stderr == ""
    bad = subprocess.run([*command, "profile", "resnet50:x=1"], capture_output=True, text=True)
    assert bad.returncode == 2
    assert bad.stderr.count("\n") == 1


def test_numbers() -> None:
    assert short(25_557_032) == "25.6 M"
    assert short(4_089_184_256) == "4.09 G"
    assert short(86_121_984, "B") == "86.1 MB"
    assert [short(n) for n in (0, 7, 999, 999_949, 999_950)] == [
        "0",
        "7",
        "999",
        "1.00 M",
        "1.00 M",
    ]
    assert [short(n) for n in (1_000, 9_995, 99_949, 999_400)] == [
        "1.00 k",
        "10.0 k",
        "99.9 k",
        "999 k",
    ]
    assert short(12.345, "ms") == "12.3 ms"
    assert percent(1, 3) == "33.3%"
    assert percent(0, 0) == "0.0%"
    assert shape((64, 56, 56)) == "64×56×56"
    assert [scale_of(n) for n in (0, 999, 1_000, 4 * 10**9)] == [
        (1, ""),
        (1, ""),
        (1_000, "k"),
        (10**9, "G"),
    ]
