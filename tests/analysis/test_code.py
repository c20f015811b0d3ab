"""The generated file is the same network: keys, bit-equal output, and initialisation."""

import ast
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings

import analysis
from analysis.structure.code import code
from nets import CATALOG, build, parse
from nets.spec import ResNetSpec
from tests.strategies import specs


def run(source: str) -> Any:
    names: dict[str, Any] = {"__name__": "standalone"}
    exec(compile(source, "standalone.py", "exec"), names)
    return names["ResNet"]()


def import_file(path: Path) -> ModuleType:
    """Import a file that isn't on Python's path."""
    found = importlib.util.spec_from_file_location(path.stem, path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def check(spec: ResNetSpec) -> None:
    try:
        source = code(analysis.profile(spec))
    except ValueError:
        assume(False)
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {n.module if isinstance(n, ast.ImportFrom) else n.names[0].name for n in imports}
    assert modules <= {"torch", "torch.nn.functional"}
    lines = [line for line in source.splitlines() if not line.startswith("Model: ")]
    assert [line for line in lines if len(line) > 100] == []

    ours, theirs = build(spec).eval(), run(source).eval()
    state = ours.state_dict()
    for name, value in state.items():
        if "running" in name or "bn" in name:
            value.copy_(torch.rand_like(value.float()) + 0.5)
    assert list(theirs.state_dict()) == list(state)
    theirs.load_state_dict(state)
    x = torch.randn(2, *spec.input)
    assert torch.equal(ours(x), theirs(x))


@settings(max_examples=40)
@given(specs())
def test_random_networks(spec: ResNetSpec) -> None:
    check(spec)


@pytest.mark.parametrize(
    "text", ["resnet18", "resnet50_v1:input=3x65x97", "wrn40_4", "keras_resnet18:input=3x97x64"]
)
def test_catalog(text: str) -> None:
    check(parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "resnet20",
        "plain20:bias=1:init=xavier",
        "resnet20:init=default",
        "resnet20:zero_init=1",
        "preresnet110:init=default:norm=none",
    ],
)
def test_weights_are_drawn_alike(text: str) -> None:
    torch.manual_seed(0)  # ten biases can differ by more than any bound
    spec = parse(text)
    ours = build(spec).state_dict()
    theirs = run(code(analysis.profile(spec))).state_dict()
    for name, value in ours.items():
        if value.numel() > 1 and value.is_floating_point():
            scale = value.std().item()
            assert theirs[name].std().item() == pytest.approx(scale, rel=0.6, abs=1e-12), name
            assert bool((value == 0).all()) == bool((theirs[name] == 0).all()), name


@pytest.mark.parametrize(
    "text",
    [
        "resnet18",
        "keras_resnet18:input=3x65x64",
        "resnet50:padding=same:dilate=0,1,1:groups=2:input=3x65x97",
        "resnet20:padding=same:shortcut=zero_pad:activation=gelu",
        "preresnet110:blocks=2,2,2",
        "preresnet164:blocks=2,1,2:softmax=1",
        "plain20:unit=relu_preact:norm=none",
    ],
)
def test_the_file_can_be_scripted(text: str, tmp_path: Path) -> None:
    spec = parse(text)
    path = tmp_path / "net.py"
    path.write_text(code(analysis.profile(spec)))
    module = import_file(path)
    model = module.ResNet().eval()
    x = torch.randn(2, *spec.input)
    assert torch.equal(torch.jit.script(model)(x), model(x))


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("resnet50_v1:dilate=0,0,1", {"layer4": "dilations=(2, 2)"}),
        ("resnet50_v1:dilate=0,1,1", {"layer3": "dilations=(2, 2)", "layer4": "dilations=(4, 4)"}),
        ("resnet50:dilate=0,1,1", {"layer3": "dilations=(1, 2)", "layer4": "dilations=(2, 4)"}),
    ],
)
def test_dilations_of_first_and_later_blocks(text: str, arguments: dict[str, str]) -> None:
    source = code(analysis.profile(parse(text)))
    for stage, said in arguments.items():
        (line,) = (line for line in source.splitlines() if f"self.{stage} = stage(" in line)
        assert said in line


def test_every_catalog_entry_gives_a_file_with_only_what_it_needs() -> None:
    sources = {name: code(analysis.profile(e.spec)) for name, e in CATALOG.items()}
    for name, source in sources.items():
        ast.parse(source)
        assert ("ZeroPad" in source) == (CATALOG[name].spec.shortcut == "zero_pad"), name
        assert ("Same" in source) == (name == "keras_resnet18"), name
    assert "downsample" not in sources["plain34"]
    assert "BatchNorm" not in code(analysis.profile(parse("resnet20:norm=none")))
