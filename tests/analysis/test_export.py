"""Exported files: what other programs compute with them equals torch, at any batch size."""

import json
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torchvision
from safetensors import safe_open
from torch import Tensor

from analysis.lesions.shipped import shipped_path
from analysis.lesions.subjects import checkpoint_of
from analysis.machine.devices import seeded
from analysis.structure.exported import MAX_ONNX_BYTES, SUFFIXES, check, exported
from analysis.structure.torchvision_call import one_liner
from analysis.training import checkpoints
from nets import build, parse
from nets.resnet import ResNet
from tests.analysis.test_cli import call
from tests.nets.reference import randomise

NARROW = "widths=8,16,32:stem_width=8:blocks=1,1,1"
WIDE_STEM = "widths=8,16,32,64:stem_width=8:blocks=1,2,1,1:input=3x65x49"

SPECS = (
    f"resnet20:{NARROW}",
    f"resnet20:{NARROW}:softmax=1:shortcut=projection:channels=1",
    f"resnet20:{NARROW}:padding=same:input=3x33x32:shortcut=zero_pad:activation=gelu",
    f"preresnet110:{NARROW}:init=default:bias=1",
    f"plain20:{NARROW}:norm=none:activation=tanh",
    f"resnet20:{NARROW}:unit=bn_after_add:shortcut=projection_all:activation=leaky_relu",
    f"resnet20:{NARROW}:unit=relu_preact:projection_norm=1:activation=silu",
    f"resnet18:{WIDE_STEM}:unit=relu_before_add:bn_eps=0.001:activation=elu:classes=3",
    f"resnet50:{WIDE_STEM}:groups=4:group_width=32:dilate=0,1,1:padding=same",
    f"resnet50_v1:{WIDE_STEM}:activation=sigmoid:zero_init=1",
)

CHECKPOINT = "fashion_resnet20"


def network(text: str) -> ResNet:
    """Return a network in train mode with batch norms as after a training."""
    with seeded(0):
        made = build(parse(text))
    randomise(made, seed=1)
    return made


def images(net: ResNet, number: int) -> Tensor:
    return torch.randn(number, *net.spec.input, generator=torch.Generator().manual_seed(number))


def assert_equal_outputs(theirs: Tensor, net: ResNet, x: Tensor) -> None:
    with torch.inference_mode():
        ours = net.eval()(x)
    assert ours.shape == theirs.shape == (len(x), net.spec.classes)
    largest = ours.abs().max()
    assert largest.isfinite()
    assert largest > 0
    assert (ours - theirs).abs().max() <= 1e-4 * largest


def run_onnx(data: bytes, x: Tensor) -> Tensor:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"images": x.numpy()})
    assert isinstance(output, np.ndarray)
    return torch.from_numpy(output)


def about_of(model: onnx.ModelProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in model.metadata_props}


@pytest.mark.parametrize("text", SPECS)
def test_onnx_equals_torch(text: str) -> None:
    net = network(text)
    data = exported(net, ".onnx", {"model": text})
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    assert about_of(model) == {"model": text}
    assert not any(onnx.external_data_helper.uses_external_data(t) for t in model.graph.initializer)
    for node in model.graph.node:  # in pre-activation, batch norms can't join a convolution
        assert all(a.i == 0 for a in node.attribute if a.name == "training_mode")
    (entry,), (leaves,) = model.graph.input, model.graph.output
    dims = [d.dim_param or d.dim_value for d in entry.type.tensor_type.shape.dim]
    assert (entry.name, dims) == ("images", ["batch", *net.spec.input])
    assert leaves.name == ("probabilities" if net.spec.softmax else "logits")
    for number in (1, 3):
        x = images(net, number)
        assert_equal_outputs(run_onnx(data, x), net, x)


@pytest.mark.parametrize("text", SPECS)
def test_exported_program_equals_torch(text: str) -> None:
    net = network(text)
    data = exported(net, ".pt2", {"model": text})
    kept = {"model": ""}
    program = torch.export.load(BytesIO(data), extra_files=kept)
    assert kept == {"model": text}
    norms = [n for n in program.graph.nodes if str(n.target) == "aten.batch_norm.default"]
    assert len(norms) == sum(isinstance(m, torch.nn.BatchNorm2d) for m in net.modules())
    assert {node.args[5] for node in norms} <= {False}  # not in train mode
    for number in (1, 3):
        x = images(net, number)
        with torch.inference_mode():
            assert_equal_outputs(program.module()(x), net, x)


@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
def test_no_path_of_this_machine_is_in_a_program(suffix: str) -> None:
    data = exported(network(SPECS[0]), suffix, {})
    for part in (Path(torch.__file__).parent, Path(__file__).parents[2]):
        assert str(part).encode() not in data


def test_a_program_needs_only_torch(tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    path.write_bytes(exported(network(SPECS[0]), ".pt2", {}))
    code = (
        "import sys, torch\n"
        "x = torch.zeros(5, 3, 32, 32)\n"
        "print(tuple(torch.export.load(sys.argv[1]).module()(x).shape), 'nets' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "(5, 10) False\n"


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_torchvision_loads_the_weights_strictly(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, path = "resnet18:input=3x32x32:classes=10", tmp_path / f"net{suffix}"
    status, out, err = call(capsys, "export", text, "-o", str(path), "--seed", "3")
    theirs_call = "torchvision.models.resnet18(num_classes=10)"
    assert (status, err) == (0, "")
    assert out == (
        f"net{suffix}: {text}, untrained, initial weights of seed 3\n"
        f"{theirs_call} loads its state dict with strict=True\n"
    )
    if suffix == ".pth":
        state = torch.load(path, weights_only=True)
    else:
        with safe_open(path, "pt") as file:
            assert file.metadata()["model"] == text
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert one_liner(parse(text)) == theirs_call
    theirs = torchvision.models.resnet18(num_classes=10)
    theirs.load_state_dict(state, strict=True)
    with seeded(3):
        ours = build(parse(text)).eval()
    x = images(ours, 2)
    with torch.inference_mode():
        assert torch.equal(theirs.eval()(x), ours(x))


@pytest.mark.parametrize(
    ("text", "suffix", "use"),
    [
        (
            "resnet20:classes=0",
            ".pt2",
            "input images [N, 3, 32, 32], output features [N, 64], for any batch size N",
        ),
        (
            "resnet20:softmax=1",
            ".pt2",
            "input images [N, 3, 32, 32], output probabilities [N, 10], for any batch size N",
        ),
        ("resnet20", ".pth", "its state dict has torchvision's names; torchvision has no such"),
        ("resnet20:se=4", ".pth", "its state dict has timm's names; torchvision has no such"),
    ],
)
def test_what_export_says_of_a_file(
    text: str, suffix: str, use: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = call(capsys, "export", text, "-o", str(tmp_path / f"net{suffix}"))[1]
    assert out.splitlines()[1].removesuffix(" network") == use


def test_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained = checkpoint_of(CHECKPOINT)
    net = trained.network()
    x = images(net, 4)
    path = tmp_path / "net.onnx"
    assert call(capsys, "export", CHECKPOINT, "-o", str(path)) == (
        0,
        "net.onnx: resnet20:input=1x28x28, trained weights of fashion_resnet20\n"
        "pixels from 0 to 1, minus the mean (0.2860), divided by the deviation (0.3530)\n"
        "input images [N, 1, 28, 28], output logits [N, 10], for any batch size N\n",
        "",
    )
    assert_equal_outputs(run_onnx(path.read_bytes(), x), net, x)
    about = about_of(onnx.load(path))
    assert json.loads(about["classes"]) == list(trained.classes)
    assert json.loads(about["mean"]) == list(trained.mean)
    assert "format" not in about

    path = tmp_path / "net.safetensors"  # from a file this time; the copy is in float32
    file = str(shipped_path(CHECKPOINT))
    assert call(capsys, "export", file, "-o", str(path))[0] == 0
    copy = checkpoints.load(path)
    assert copy.about == trained.about
    for name, value in net.state_dict().items():
        assert torch.equal(copy.weights[name], value)
        assert copy.weights[name].dtype == value.dtype


def test_a_checkpoint_of_another_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign, path = tmp_path / "foreign.pth", tmp_path / "net.safetensors"
    torch.save(checkpoint_of(CHECKPOINT).network().state_dict(), foreign)
    assert call(capsys, "export", str(foreign), "-o", str(path))[0] == 0
    again, given = checkpoint_of(path), checkpoint_of(foreign)
    assert (again.spec, again.classes, again.remarks) == (given.spec, given.classes, given.remarks)
    assert torch.equal(again.weights["fc.weight"], given.weights["fc.weight"])
    assert call(capsys, "export", str(foreign), "-o", str(tmp_path / "net.onnx"))[0] == 0


def test_a_checkpoint_keeps_the_softmax_of_its_model() -> None:
    trained = checkpoint_of(CHECKPOINT)
    ends = replace(trained, spec=replace(trained.spec, softmax=True)).network(softmax=True)
    x = images(ends, 2)
    with torch.inference_mode():
        assert torch.equal(ends(x), trained.network(softmax=True)(x).softmax(1))


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*arguments: str) -> str:
        status, out, err = call(capsys, "export", *arguments)
        assert (status, out) == (2, "")
        assert list(tmp_path.iterdir()) == []
        return err

    bad, good = str(tmp_path / "net.txt"), str(tmp_path / "net.pt2")
    assert refused("resnet20", "-o", bad) == (
        "error: 'net.txt' must end in .onnx, .pt2, .pth or .safetensors\n"
    )
    assert "Missing option '-o'" in refused("resnet20")
    assert refused("resnet5", "-o", good).startswith("error: 'resnet5' is not a model: did you")
    assert refused(CHECKPOINT, "-o", good, "--seed", "1") == (
        "error: --seed applies to a MODEL's weights, not to the checkpoint 'fashion_resnet20'\n"
    )
    assert refused("no.safetensors", "-o", good).startswith(
        "error: 'no.safetensors' is not a readable checkpoint (No such file or directory), nor a "
    )
    assert refused("resnet20", "-o", str(tmp_path / "no" / "net.pt2")).startswith(
        "error: cannot write"
    )
    assert refused("resnet152:widths=256,512,1024,2048", "-o", str(tmp_path / "net.onnx")) == (
        "error: one .onnx file holds at most 2 GB of weights, and "
        "resnet152:widths=256,512,1024,2048 has 3.74 GB: export it as .pt2\n"
    )


def test_only_onnx_has_a_limit() -> None:
    huge = parse("resnet152:widths=256,512,1024,2048")
    for suffix in SUFFIXES[1:]:
        check(huge, suffix)
    with pytest.raises(ValueError, match="at most 2 GB"):
        check(huge, ".onnx")
    assert MAX_ONNX_BYTES < 2**31


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_is_named_with_its_command(
    package: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert call(capsys, "export", "resnet20", "-o", str(tmp_path / "net.onnx")) == (
        1,
        "",
        "error: .onnx files need the packages onnx and onnxscript: "
        "pip install -r requirements-export.txt\n",
    )
    assert list(tmp_path.iterdir()) == []
