"""One iteration: its marks, their stages, and torch's state around it."""

import gc
from contextlib import suppress
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

import analysis
from analysis.costs.step import Dtype
from analysis.machine.clock import Clock, HostClock
from analysis.timing.passes import Passes, check_autocast, prepared, tf32
from analysis.timing.settings import Settings
from nets import parse
from nets.spec import ResNetSpec
from tests.analysis.fake_accelerator import FakeAccelerator
from tests.strategies import specs

CPU, CUDA, META = torch.device("cpu"), torch.device("cuda", 0), torch.device("meta", 0)
TINY = "resnet20:blocks=2,1,1:widths=4,8,8:stem_width=4:input=3x8x8"


class CountingClock(Clock[int]):
    """A clock that only the test advances."""

    def __init__(self) -> None:
        self.now = 0

    def mark(self) -> int:
        return self.now

    def synchronise(self) -> None:
        pass

    def _ms(self, start: int, end: int) -> float:
        return end - start


def passes(text: str, **options: Any) -> Passes:
    return Passes(parse(text), Settings(**{"batch": 2, **options}), CPU, HostClock())


@settings(max_examples=25)
@given(specs())
def test_stages_in_a_row_are_the_network(spec: ResNetSpec) -> None:
    run = Passes(spec, Settings(batch=2, inference=True), CPU, HostClock())
    y = run.images
    for stage in run.stages:
        y = stage(y)
    assert torch.equal(y, run.model(run.images))
    assert run.names == tuple(stage.name for stage in analysis.profile(spec, batch=2).stages)


@pytest.mark.parametrize("part", ["stem", "layer1", "layer2", "layer3", "head"])
def test_time_counts_for_the_part_in_which_it_passes(part: str) -> None:
    clock = CountingClock()
    run = Passes(parse(TINY), Settings(batch=2), CPU, clock)
    index = run.names.index(part)
    inside = {"stem": "conv1", "head": "avgpool"}.get(part, f"{part}.0.conv1")

    def pass_time(module: nn.Module, args: Any, output: Tensor) -> None:
        def later(_: Tensor) -> None:
            clock.now += 1_000

        clock.now += 100
        output.register_hook(later)

    run.model.get_submodule(inside).register_forward_hook(pass_time)
    (lap,) = clock.read([run.run(run.stages)])
    parts = len(run.names)
    forward, backward = lap[:parts], lap[parts : 2 * parts][::-1]
    assert forward == tuple(100 * (i == index) for i in range(parts))
    assert backward == tuple(1_000 * (i == index) for i in range(parts))
    assert clock.read([run.run(run.whole)]) == [(100, 1_000, 0)]


@settings(max_examples=25)
@given(specs())
def test_blocks_in_a_row_are_the_network(spec: ResNetSpec) -> None:
    run = Passes(spec, Settings(batch=2, inference=True, blocks=True), CPU, HostClock())
    y = run.images
    for block in run.stages:
        y = block(y)
    assert torch.equal(y, run.model(run.images))
    counts = [f"layer{i}.{j}" for i, n in enumerate(spec.blocks, 1) for j in range(n)]
    assert run.names == ("stem", *counts, "head")


@pytest.mark.parametrize("part", ["stem", "layer1.0", "layer1.1", "layer2.0", "layer3.0", "head"])
def test_time_counts_for_the_block_in_which_it_passes(part: str) -> None:
    clock = CountingClock()
    run = Passes(parse(TINY), Settings(batch=2, blocks=True), CPU, clock)
    index = run.names.index(part)
    inside = {"stem": "conv1", "head": "avgpool"}.get(part, f"{part}.conv1")

    def pass_time(module: nn.Module, args: Any, output: Tensor) -> None:
        def later(_: Tensor) -> None:
            clock.now += 1_000

        clock.now += 100
        output.register_hook(later)

    run.model.get_submodule(inside).register_forward_hook(pass_time)
    (lap,) = clock.read([run.run(run.stages)])
    parts = len(run.names)
    assert parts == 6
    assert lap[:parts] == tuple(100 * (i == index) for i in range(parts))
    assert lap[parts : 2 * parts][::-1] == tuple(1_000 * (i == index) for i in range(parts))


@pytest.mark.parametrize(
    ("options", "whole", "stages"),
    [
        ({}, 4, 12),
        ({"optimiser": False}, 3, 11),
        ({"inference": True}, 2, 6),
        ({"blocks": True}, 4, 14),
        ({"blocks": True, "inference": True}, 2, 7),
    ],
)
def test_marks(options: dict[str, Any], whole: int, stages: int) -> None:
    run = passes(TINY, **options)
    assert len(run.run(run.whole)) == whole
    assert len(run.run(run.stages)) == stages


def test_every_iteration_starts_from_the_same_weights() -> None:
    run = passes(TINY)
    before = [p.detach().clone() for p in run.model.parameters()]
    for steps in (run.whole, run.stages, run.whole):
        run.run(steps)
    momentum = [run.optimiser.state[p]["momentum_buffer"] for p in run.model.parameters()]
    assert all(map(torch.equal, before, run.model.parameters()))
    assert all(p.grad is None for p in run.model.parameters())
    assert all(bool(buffer.abs().sum()) for buffer in momentum[:1])


def test_an_interrupted_iteration_leaves_no_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs: list[Tensor] = []
    run = passes(TINY)
    run.stages[1].register_forward_hook(lambda m, a, output: outputs.append(output))  # type: ignore[attr-defined]

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.timing.passes.cross_entropy", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.run(run.stages)
    assert outputs[0].requires_grad
    assert not outputs[0]._backward_hooks


def test_modes() -> None:
    modes = []
    for inference in (False, True):
        run = passes(TINY, inference=inference)
        run.model.register_forward_hook(
            lambda m, a, output: modes.append((m.training, output.is_inference()))
        )
        with torch.no_grad():  # whatever mode the caller uses
            run.run(run.whole)
    assert modes == [(True, False), (False, True)]


def test_seeds_and_the_callers_random_numbers() -> None:
    state = torch.random.get_rng_state()
    one, same, other = passes(TINY), passes(TINY), passes(TINY, seed=1)
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(one.images, same.images)
    assert torch.equal(one.model.fc.weight, same.model.fc.weight)  # type: ignore[arg-type, union-attr]
    assert not torch.equal(one.images, other.images)
    assert not torch.equal(one.model.fc.weight, other.model.fc.weight)  # type: ignore[arg-type, union-attr]


def test_channels_last() -> None:
    run = passes(TINY, channels_last=True)
    assert run.images.is_contiguous(memory_format=torch.channels_last)
    weight = run.model.get_parameter("layer1.0.conv1.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_autocast() -> None:
    dtypes = []
    for dtype in (Dtype.FLOAT32, Dtype.BFLOAT16):
        run = passes(TINY, dtype=dtype)
        run.model.register_forward_hook(lambda m, a, output: dtypes.append(output.dtype))
        run.run(run.whole)
    assert dtypes == [torch.float32, torch.bfloat16]


def test_no_autocast_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_autocast(Settings(dtype=Dtype.BFLOAT16), CPU)
    FakeAccelerator(monkeypatch)
    wanted = Settings(device="meta", dtype=Dtype.BFLOAT16)
    with pytest.raises(ValueError, match=r"^torch has no bfloat16 autocast for meta here"):
        check_autocast(wanted, META)
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: False)
    with pytest.raises(ValueError, match=r"^torch has no bfloat16 autocast for cpu here"):
        check_autocast(Settings(dtype=Dtype.BFLOAT16), CPU)


def state() -> tuple[Any, ...]:
    cudnn: Any = torch.backends.cudnn
    return (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        cudnn.benchmark,
        cudnn.deterministic,
        cudnn.conv.fp32_precision,
        cudnn.rnn.fp32_precision,
        torch.backends.cuda.matmul.fp32_precision,
        gc.isenabled(),
    )


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, RuntimeError])
def test_torchs_state_is_put_back(error: type[BaseException] | None) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.deterministic = True
        before = state()
        with suppress(KeyboardInterrupt, RuntimeError), prepared(Settings(threads=1), CPU):
            assert state()[:5] == (1, False, False, True, False)
            assert not gc.isenabled()
            if error:
                raise error
        assert state() == before
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic = False


@pytest.mark.parametrize("wide", ["none", "ieee", "tf32"])
def test_tf32_is_set_whatever_was_set_before(wide: str) -> None:
    cudnn: Any = torch.backends.cudnn
    matmul: Any = torch.backends.cuda.matmul
    start = state()
    try:
        torch.backends.fp32_precision = wide  # type: ignore[attr-defined]
        before = state()
        for allowed, is_tf32 in ((True, True), (False, False)):
            with tf32(allowed, CUDA):
                assert (cudnn.conv.fp32_precision == "tf32") is is_tf32
                assert (matmul.fp32_precision == "tf32") is is_tf32
            assert state() == before
    finally:
        torch.backends.fp32_precision = "none"  # type: ignore[attr-defined]
        matmul.fp32_precision = "none"
    assert state() == start
    assert cudnn.allow_tf32
    assert not matmul.allow_tf32


def test_torch_compile_can_read_tf32() -> None:
    """It reads the older API, which raises if the two APIs disagree."""
    for allowed, word in ((True, "high"), (False, "highest")):
        with tf32(allowed, CUDA):
            assert torch.backends.cuda.matmul.allow_tf32 is allowed
            assert torch.get_float32_matmul_precision() == word


def test_other_devices_have_no_tf32() -> None:
    before = state()
    with tf32(False, CPU):
        assert state() == before
