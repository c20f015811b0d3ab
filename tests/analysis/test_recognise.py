"""Files of tensors: found, recognised, refused in one sentence, and used with their values."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision import models

from analysis.__main__ import main, run
from analysis.images.open import SAMPLE
from analysis.lesions.subjects import images_of
from analysis.training import checkpoints, tensors
from analysis.training.tensors import open_tensors
from analysis.training.uploads import keep, uploaded
from nets import build, parse
from nets.recognise import recognise
from tests.nets.test_recognise import HABITS

TINY = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4"


def trained(text: str) -> dict[str, Tensor]:
    """Return a network's tensors, none of which has its initial value."""
    torch.manual_seed(1)
    network = build(parse(text)).train()
    network(torch.randn(4, *parse(text).input))
    return {
        k: v + 0.01 * torch.rand_like(v) if v.dtype.is_floating_point else v
        for k, v in network.state_dict().items()
    }


def as_saved(values: dict[str, Tensor], habit: str) -> dict[str, Tensor]:
    return {HABITS[habit](name): value for name, value in values.items()}


@pytest.mark.parametrize(
    ("model", "habit"),
    [
        (f"{TINY}:shortcut=projection", "kuangliu"),
        (
            "resnet50:blocks=1,1,1,1:widths=4,8,8,8:stem_width=8:classes=5:input=3x32x32",
            "detectron2",
        ),
        ("preresnet164:blocks=1,2,1", "timm resnetv2"),
        ("resnet50d:blocks=1,1,1,1:widths=4,8,8,8:se=2:classes=5:input=3x32x32", "layers"),
    ],
)
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_foreign_file_computes_what_its_network_does(
    model: str, habit: str, suffix: str, tmp_path: Path
) -> None:
    spec, values, path = parse(model), trained(model), tmp_path / f"net.{suffix}"
    saved = as_saved(values, habit)
    if habit == "timm resnetv2":  # its classifier is a convolution
        saved["head.fc.weight"] = saved["head.fc.weight"][:, :, None, None]
    if habit == "layers":  # its squeeze-and-excitation is linear
        linear = {name for name in saved if ".se." in name and name.endswith("weight")}
        saved |= {name: saved[name].flatten(1) for name in linear}
    if suffix == "pth":
        torch.save({"epoch": 3, "state_dict": saved}, path)
    else:
        save_file({name: value.contiguous() for name, value in saved.items()}, path)
    loaded = checkpoints.load(path)
    assert loaded.is_foreign
    network = build(spec).eval()
    network.load_state_dict(values)
    x = torch.randn(2, *spec.input)
    assert torch.equal(loaded.network()(x), network(x))
    kept = uploaded(keep(path.read_bytes(), tmp_path / "kept"), tmp_path / "kept")
    assert kept is not None
    again = checkpoints.load(kept)
    assert again.is_foreign
    assert (again.spec, again.classes, again.mean) == (loaded.spec, loaded.classes, loaded.mean)
    assert torch.equal(again.network()(x), network(x))


@pytest.mark.parametrize(
    "name", ["resnet18", "resnet34", "resnet50", "resnext50_32x4d", "wide_resnet50_2"]
)
def test_a_torchvision_network_is_recognised(name: str) -> None:
    with torch.device("meta"):
        network = models.get_model(name)
    found = recognise({k: tuple(v.shape) for k, v in network.state_dict().items()})
    assert str(found.spec) == name
    assert set(found.names) == set(network.state_dict())


def test_the_network_in_a_training_script_s_file_is_found(tmp_path: Path) -> None:
    values, path = trained(TINY), tmp_path / "last.pth"
    ema = {f"module.{name}": value for name, value in values.items()}
    torch.save({"ema": ema, "epoch": torch.tensor(3), "model": {"net": values}, "lr": 0.1}, path)
    opened = checkpoints.open_checkpoint(path)
    assert (opened.file.inside, opened.file.others) == (("model", "net"), ("ema",))
    assert str(opened.found.spec) == TINY
    torch.save({"teacher": ema}, path, _use_new_zipfile_serialization=False)  # before torch 1.6
    opened = checkpoints.open_checkpoint(path)
    assert opened.file.inside == ("teacher",)
    assert torch.equal(opened.weights()["conv1.weight"], values["conv1.weight"])


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


def state_of(network: nn.Module) -> dict[str, Any]:
    return {"state_dict": network.state_dict()}


def optimiser() -> dict[str, Any]:
    layer = nn.Linear(2, 2)
    return {"optimizer": torch.optim.AdamW(layer.parameters()).state_dict(), "epoch": 3}


def vgg() -> dict[str, Tensor]:
    layers = models.vgg11(num_classes=2, init_weights=False).features[:4]
    return {f"features.{name}": tensor for name, tensor in layers.state_dict().items()}


def torch_file(make: Callable[[], Any]) -> Callable[[Path], None]:
    return lambda path: torch.save(make(), path)


def cut(path: Path) -> None:
    torch.save(state_of(nn.Linear(9, 9)), path)
    path.write_bytes(path.read_bytes()[:-100])


def script(path: Path) -> None:
    torch.jit.script(nn.Linear(2, 2)).save(str(path))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/b.txt", "text")


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(1_000))


def vit(path: Path) -> None:
    with torch.device("meta"):
        network = models.vit_b_16()
    save_file(
        {name: torch.zeros(tensor.shape) for name, tensor in [*network.state_dict().items()][:9]},
        path,
    )


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "code": (
        torch_file(lambda: {"state_dict": Evil()}),
        "a.pth needs posix.mkdir, and code from a file is never run: save only "
        "model.state_dict()",
    ),
    "a whole model": (
        torch_file(lambda: nn.Linear(2, 2)),
        "a.pth needs torch.nn.modules.linear.Linear, and code from a file is never run: save only "
        "model.state_dict()",
    ),
    "a pickle": (
        lambda path: path.write_bytes(pickle.dumps({"a": 1})),
        "a.pth is damaged, or a pickle that torch.save didn't write",
    ),
    "truncated": (cut, "a.pth is damaged or incomplete: its end is missing"),
    "empty": (lambda path: path.write_bytes(b""), "a.pth is empty"),
    "text": (
        lambda path: path.write_text("conv1.weight: 0.1, 0.2"),
        "a.pth is neither a safetensors file nor one written by torch.save",
    ),
    "ONNX": (
        lambda path: path.write_bytes(b"\x08\x08\x12\x07pytorch\x1a\x052.9.0:\x12"),
        "a.pth is neither a safetensors file nor one written by torch.save",
    ),
    "TorchScript": (
        script,
        "a.pth is a TorchScript program, and code from a file is never run: save only "
        "model.state_dict()",
    ),
    "another zip file": (zipped, "a.pth is a zip file, but not one written by torch.save"),
    "compressed": (bomb, "a.pth is compressed, which torch.save never does"),
    "an optimiser": (
        torch_file(optimiser),
        "a.pth has an optimiser's state, but no network's tensors",
    ),
    "a tensor": (
        torch_file(lambda: torch.zeros(2, 2)),
        "a.pth has no tensors with the names of a network's layers",
    ),
    "a transformer": (
        torch_file(lambda: state_of(nn.TransformerEncoderLayer(8, 2, 8))),
        "a.pth: it stops being a ResNet at self_attn.in_proj_weight (24x8): no tensor is "
        "in a block with a name such as layer1.0 or stages.0.blocks.0",
    ),
    "VGG": (
        torch_file(vgg),
        "a.pth: it stops being a ResNet at features.3.weight (128x64x3x3): no "
        "tensor is in a block with a name such as layer1.0 or stages.0.blocks.0",
    ),
    "ViT": (
        vit,
        "a.pth: it stops being a ResNet at class_token (1x1x768): no tensor is in a "
        "block with a name such as layer1.0 or stages.0.blocks.0",
    ),
    "a name that can't be printed": (
        torch_file(lambda: {"a\x1b[31m.weight": torch.zeros(2, 2)}),
        r"a.pth has a tensor with an unusable name: 'a\x1b[31m.weight'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_refused_in_one_sentence(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, said = WRONG[kind]
    make(tmp_path / "a.pth")
    assert run(["recognise", str(tmp_path / "a.pth")]) == 2
    assert capsys.readouterr().err == f"error: {said}\n"
    assert not Path("ran").exists()


def test_a_file_that_is_too_large_isn_t_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(trained(TINY), tmp_path / "a.pth")
    monkeypatch.setattr(tensors, "MAX_FILE_BYTES", 1_000)
    with pytest.raises(ValueError, match=r"^a.pth has .* kB: a checkpoint may have 1.00 kB$"):
        open_tensors(tmp_path / "a.pth")


def test_a_network_without_a_classifier_predicts_nothing(tmp_path: Path) -> None:
    values = {name: value for name, value in trained(TINY).items() if not name.startswith("fc")}
    torch.save(values, tmp_path / "a.pth")
    assert str(checkpoints.open_checkpoint(tmp_path / "a.pth").found.spec) == f"{TINY}:classes=0"
    with pytest.raises(ValueError, match=r"^a.pth has no classifier, so its network can't predict"):
        checkpoints.load(tmp_path / "a.pth")


def test_a_file_that_lacks_tensors_tells_its_model_but_can_t_be_used(tmp_path: Path) -> None:
    values = trained(TINY)
    del values["layer2.0.bn1.bias"], values["layer2.0.bn1.weight"]
    values["layer2.0.bn1.weight"] = torch.ones(8)
    torch.save(values, tmp_path / "a.pth")
    assert str(checkpoints.open_checkpoint(tmp_path / "a.pth").found.spec) == TINY
    with pytest.raises(ValueError, match=r"^a.pth has no values for layer2.0.bn1.bias of resnet20"):
        checkpoints.load(tmp_path / "a.pth")


def test_a_checkpoint_of_this_app_says_its_model_itself(tmp_path: Path) -> None:
    text = str(parse(f"{TINY}:shortcut=none"))
    about = {"format": "resnet-lab checkpoint 1", "model": text}
    save_file(trained(text), tmp_path / "a.safetensors", about)
    found = checkpoints.open_checkpoint(tmp_path / "a.safetensors").found
    assert (str(found.spec), found.assumed, found.left) == (text, (), ())
    assert "shortcut" in found.sure


def test_the_command_says_what_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"model": trained(TINY) | {"fpn.weight": torch.zeros(2, 2)}}, path)
    said = CliRunner().invoke(main, ["recognise", str(path)]).output
    assert said == (
        f"{TINY}\n"
        "44 tensors under model fit this network.\n"
        "Names and shapes can't tell the rest, so it is assumed: unit=original, strides=1,2,2, "
        "dilate=0,0,\n"
        "dropout=0.0, shortcut=zero_pad, input=3x32x32, softmax=0, bn_eps=1e-05, activation=relu,\n"
        "padding=symmetric.\n"
        "1 tensor has no place in this network: fpn.weight.\n"
    )
    found = json.loads(
        CliRunner().invoke(main, ["recognise", str(path), "--format", "json"]).output
    )
    assert found["model"] == TINY
    assert found["left"] == ["fpn.weight"]
    assert {"blocks", "widths", "classes", "channels"} <= {*found["sure"]}
    assert {"unit", "shortcut", "activation", "bn_eps"} <= {*found["assumed"]}
    assert not {*found["sure"]} & {*found["assumed"]}


def test_predict_numbers_the_classes_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(trained(TINY) | {"maxpool.0.weight": torch.ones(2, 2)}, tmp_path / "a.pth")
    Image.new("RGB", (40, 40), (90, 20, 200)).save(tmp_path / "a.png")
    paths = [str(tmp_path / "a.pth"), str(tmp_path / "a.png")]
    assert run(["predict", *paths, "--top", "10", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert err == (
        f"assumed: {checkpoints.ASSUMED}\n"
        f"tensors without a place in {TINY} are left out: maxpool.0.weight\n"
    )
    names = {guess["name"] for guess in json.loads(out)["predictions"][0]["classes"]}
    assert names == {f"class {number}" for number in range(10)}


def test_a_network_without_class_names_fits_any_set_with_as_many(tmp_path: Path) -> None:
    torch.save(trained(TINY), tmp_path / "ten.pth")
    assert images_of(checkpoints.load(tmp_path / "ten.pth")).name == SAMPLE
    torch.save(trained(f"{TINY}:classes=9"), tmp_path / "nine.pth")
    with pytest.raises(ValueError, match="trained for 9 classes"):
        images_of(checkpoints.load(tmp_path / "nine.pth"))
