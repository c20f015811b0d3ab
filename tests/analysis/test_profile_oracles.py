"""Every count of `profile` compared with an independent count on the built network."""

import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import pytest
import torch
from fvcore.nn import ActivationCountAnalysis
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import analysis
from analysis.costs.verify import run_fvcore
from nets import build, parse
from nets.options import DEFAULTS, OPTIONS, Activation
from nets.spec import ResNetSpec
from tests.strategies import specs

EXAMPLES = 15

NUMBERS = ("strides", "dilate_first", "dropout", "se", "projection_pool")


@contextmanager
def current_path(model: nn.Module) -> Iterator[list[str]]:
    stack: list[str] = []
    handles = []
    for path, module in model.named_modules():
        handles.append(
            module.register_forward_pre_hook(lambda _m, _a, path=path: stack.append(path))
        )
        handles.append(module.register_forward_hook(lambda _m, _a, _o: stack.pop() and None))
    try:
        yield stack
    finally:
        for handle in handles:
            handle.remove()


def saved_by_path(model: nn.Module, x: Tensor) -> Counter[str]:
    """Count what autograd keeps on the CPU in train mode, by the module that saves it first."""
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    kept: dict[int, Tensor] = {}
    by_path: Counter[str] = Counter()

    with current_path(model.train()) as stack:

        def pack(tensor: Tensor) -> Tensor:
            pointer = tensor.untyped_storage().data_ptr()
            if pointer not in own and pointer not in kept and tensor.untyped_storage().nbytes():
                kept[pointer] = tensor
                by_path[stack[-1]] += tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            model(x)
    return by_path


class Alive(TorchDispatchMode):
    """A counter of the bytes in all storages alive on the CPU."""

    def __init__(self, model: nn.Module, x: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
        self.sizes = {x.untyped_storage().data_ptr(): x.untyped_storage().nbytes()}
        self.peak = sum(self.sizes.values())

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, tuple | list) else (out,):
            storage = tensor.untyped_storage()
            pointer = storage.data_ptr()
            if pointer and pointer not in self.own and pointer not in self.sizes:
                self.sizes[pointer] = storage.nbytes()
                weakref.finalize(storage, self.sizes.pop, pointer)
        self.peak = max(self.peak, sum(self.sizes.values()))
        return out


def traffic_by_path(model: nn.Module, x: Tensor) -> dict[str, tuple[int, int]]:
    """Count the outputs of each leaf that is a convolution, and the bytes that each leaf moves.

    These are the bytes of its inputs, parameters and output, if that is a new tensor.
    """
    traffic: dict[str, tuple[int, int]] = {}
    handles = []

    def count(path: str, module: nn.Module, inputs: tuple[Tensor, ...], y: Tensor) -> None:
        tensors = [*inputs, *module.parameters(), y]
        is_view = y.untyped_storage().data_ptr() == inputs[0].untyped_storage().data_ptr()
        moved = 0 if is_view else sum(t.numel() * t.element_size() for t in tensors)
        traffic[path] = (y.numel() if isinstance(module, nn.Conv2d) else 0), moved

    for path, module in model.named_modules():
        if not list(module.children()):
            handles.append(
                module.register_forward_hook(lambda m, x, y, path=path: count(path, m, x, y))
            )
    with torch.no_grad():
        model.eval()(x)
    for handle in handles:
        handle.remove()
    return traffic


def refused_at(model: nn.Module, x: Tensor) -> str:
    """Return the path of the batch norm at which torch refuses to train, or ""."""
    with current_path(model.train()) as stack:
        try:
            model(x)
        except ValueError as error:
            assert "more than 1 value per channel" in str(error)
            return stack[-1]
    return ""


def check(spec: ResNetSpec, batch: int) -> None:
    profile = analysis.profile(spec, batch=batch)
    model = build(spec)
    x = torch.randn(batch, *spec.input)
    by_path = {layer.path: layer for layer in profile.layers}
    assert len(by_path) == len(profile.layers)
    leaves = {path for path, module in model.named_modules() if not list(module.children())}
    assert by_path.keys() == leaves

    assert profile.params == sum(p.numel() for p in model.parameters())
    for path, layer in by_path.items():
        assert layer.params == sum(p.numel() for p in model.get_submodule(path).parameters())

    fvcore = run_fvcore(model, x)
    assert profile.fvcore_flops == fvcore[""]
    assert {p: layer.fvcore_flops for p, layer in by_path.items()} == {
        p: fvcore[p] for p in by_path
    }

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(x)
    assert 2 * profile.macs == profile.flops == counter.get_total_flops()

    with torch.no_grad(), Alive(model.eval(), x) as alive:
        model(x)
    assert profile.inference_bytes == 4 * profile.params + alive.peak

    traffic = {p: (layer.activations, layer.bytes_moved) for p, layer in by_path.items()}
    assert traffic == traffic_by_path(model, x)

    fields = ["params", "macs", "fvcore_flops", "activations", "bytes_moved"]
    if refused := refused_at(model, x):
        assert profile.untrainable == (
            f"input {'x'.join(map(str, spec.input))} is too small at batch {batch}, where "
            f"{refused} would train on one value per channel"
        )
        assert profile.saved_bytes is None
        assert {stage.saved_bytes for stage in profile.stages} == {None}
        assert {layer.saved_bytes for layer in profile.layers} == {None}
    else:
        assert not profile.untrainable
        saved = saved_by_path(model, x)
        assert profile.saved_bytes == sum(saved.values())
        assert {p: layer.saved_bytes for p, layer in by_path.items() if layer.saved_bytes} == dict(
            saved
        )
        fields.append("saved_bytes")

    for field in fields:
        total = getattr(profile, field)
        assert total == sum(getattr(row, field) for row in profile.stages)
        assert total == sum(getattr(row, field) for row in profile.layers)


def test_every_count_equals_the_built_model_on_random_networks() -> None:
    drawn: Counter[Any] = Counter()

    def run(number: int, activation: Activation) -> None:
        @seed(number)
        @settings(max_examples=EXAMPLES)
        @given(specs(activation), st.integers(1, 3))
        def one(spec: ResNetSpec, batch: int) -> None:
            check(spec, batch)
            values = (getattr(spec, name) for name in OPTIONS)
            drawn.update(repr(value) for value in values if isinstance(value, StrEnum))
            drawn.update([f"batch {batch}", *(["odd side"] * (spec.input[1] % 2))])
            drawn.update(["dilation"] * any(spec.dilate))
            drawn.update(name for name in NUMBERS if getattr(spec, name) != DEFAULTS[name])
            drawn.update(["no classifier"] * (spec.classes == 0))
            drawn.update(["too small"] * bool(analysis.profile(spec, batch=batch).untrainable))

        one()

    for number, activation in enumerate(Activation):
        run(number, activation)
    enums = [type(default) for default in DEFAULTS.values() if isinstance(default, StrEnum)]
    expected = {repr(value) for enum in enums for value in enum}
    assert len(expected) == 32
    cases = {"batch 2", "odd side", "dilation", "too small", "no classifier", *NUMBERS}
    assert expected | cases <= drawn.keys()


@pytest.mark.parametrize(
    "text",
    [
        "resnet18",
        "resnet50_v1",
        "resnext50_32x4d:input=3x65x97",
        "resnet50:unit=full_preact:input=3x64x64",
        "resnet50:blocks=2,2,2,2:dilate=0,1,1:input=3x75x75",
        "keras_resnet18:input=3x97x97",
        "resnet110:shortcut=projection_all",
        "preresnet164",
        "resnet50d:input=3x97x97",
        "seresnet50:input=3x64x64",
        "resnet50_gn:input=3x64x64",
        "wrn16_8:dropout=0.3:widths=16,32,64",
        "detectron2_r50_dc5:input=3x65x65",
        "mmseg_r50_d8:input=3x64x97",
        "keras_resnet34:input=3x64x64",
    ],
)
def test_every_count_equals_the_built_model(text: str) -> None:
    check(parse(text), batch=2)


@pytest.mark.parametrize("text", ["preresnet164", "seresnet18:input=3x64x64"])
def test_activations_are_fvcores_of_convolutions(text: str) -> None:
    profile = analysis.profile(parse(text), batch=2)
    model, x = build(parse(text)).eval(), torch.randn(2, *profile.input)
    outputs = ActivationCountAnalysis(model, x).unsupported_ops_warnings(False)
    assert outputs.by_operator() == {
        "conv": profile.activations,
        "linear": 2 * profile.spec.classes,
    }
    for layer in profile.layers:
        assert outputs.by_operator(layer.path)["conv"] == layer.activations


@pytest.mark.parametrize(
    "text",
    [
        "resnet18:input=3x32x32",
        "resnet18:input=1x28x28:classes=10",
        "resnet50:input=3x8x8",
        "resnet50:unit=full_preact:input=3x32x32:block=basic:expansion=1",
        "resnet20:blocks=1,1,1:unit=bn_after_add:input=3x4x4",
    ],
)
def test_every_count_of_a_network_that_one_image_cannot_train(text: str) -> None:
    assert analysis.profile(parse(text)).untrainable
    check(parse(text), batch=1)
    check(parse(text), batch=2)
