"""Every count of `profile` against an independent count on the network that is really built."""

import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import analysis
from analysis.counting import run_fvcore
from nets import build, parse
from nets.spec import DEFAULTS, OPTIONS, Activation, ResNetSpec
from tests.strategies import specs

EXAMPLES = 15


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
    """What autograd keeps on the CPU in train mode, by the module that saves a storage first."""
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
    """Bytes of all storages alive on the CPU."""

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

    saved = saved_by_path(model, x)
    assert profile.saved_bytes == sum(saved.values())
    assert {p: layer.saved_bytes for p, layer in by_path.items() if layer.saved_bytes} == dict(
        saved
    )

    for field in ("params", "macs", "fvcore_flops", "saved_bytes"):
        total = getattr(profile, field)
        assert total == sum(getattr(row, field) for row in profile.stages)
        assert total == sum(getattr(row, field) for row in profile.layers)


def trains_on_one_value(spec: ResNetSpec, batch: int) -> bool:
    try:
        build(spec)(torch.randn(batch, *spec.input))
    except ValueError as error:
        assert "more than 1 value per channel" in str(error)
        return True
    return False


def test_every_count_equals_the_built_model_on_random_networks() -> None:
    drawn: Counter[Any] = Counter()

    def run(activation: Activation) -> None:
        @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None)
        @given(specs(activation), st.integers(1, 3))
        def one(spec: ResNetSpec, batch: int) -> None:
            if trains_on_one_value(spec, batch):
                with pytest.raises(ValueError, match="one value per channel"):
                    analysis.profile(spec, batch=batch)
                assume(False)
            check(spec, batch)
            values = (getattr(spec, name) for name in OPTIONS)
            drawn.update(repr(value) for value in values if isinstance(value, StrEnum))
            drawn.update([f"batch {batch}", *(["odd side"] * (spec.input[1] % 2))])
            drawn.update(["dilation"] * any(spec.dilate))

        one()

    for activation in Activation:
        run(activation)
    enums = [type(default) for default in DEFAULTS.values() if isinstance(default, StrEnum)]
    expected = {repr(value) for enum in enums for value in enum}
    assert len(expected) == 29
    assert expected | {"batch 2", "odd side", "dilation"} <= drawn.keys()


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
    ],
)
def test_every_count_equals_the_built_model(text: str) -> None:
    check(parse(text), batch=2)
