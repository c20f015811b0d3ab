"""Predicted memory, compared with torch's tracker, a full replay and real runs."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker
from torch.nn.functional import cross_entropy

import analysis
from analysis.costs import step as training
from analysis.costs.step import (
    Dtype,
    Optimiser,
    StepPhase,
    inference_bytes,
    largest_batch,
    step_memory,
)
from nets import CATALOG, build, parse
from nets.options import MAX_BATCH
from nets.resnet import ResNet
from nets.spec import ResNetSpec
from tests.analysis.test_profile_oracles import Alive
from tests.strategies import specs


def tracked(spec: ResNetSpec, batch: int, dtype: Dtype, optimiser: Optimiser) -> int:
    """Return the peak of a step after the first, on fake tensors, by torch's tracker."""
    with FakeTensorMode():
        model = ResNet(spec)
        update: torch.optim.Optimizer = torch.optim.Adam(model.parameters(), foreach=True)
        if optimiser is Optimiser.SGD:
            update = torch.optim.SGD(model.parameters(), momentum=0.9, foreach=True)
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        update.step()  # creates the optimiser's state
        update.zero_grad()
        images = torch.randn(batch, *spec.input)
        labels = torch.randint(0, spec.classes, (batch,))
        tracker = MemTracker()
        tracker.track_external(model, update, images, labels)
        with tracker:
            half = dtype is not Dtype.FLOAT32
            with torch.autocast("cpu", dtype=dtype.torch, enabled=half):
                loss = cross_entropy(model(images), labels)
            loss.backward()
            update.step()
            update.zero_grad()
        (peak,) = tracker.get_tracker_snapshot("peak").values()
        return int(peak["Total"])


@pytest.mark.parametrize("dtype", [Dtype.FLOAT32, Dtype.BFLOAT16])
@pytest.mark.parametrize(
    ("text", "batch"),
    [
        ("resnet18", 16),
        ("resnet50", 32),
        ("plain34", 1),
        ("keras_resnet18", 4),
        ("wrn28_10", 8),
    ],
)
def test_the_peak_is_what_torchs_tracker_says(text: str, batch: int, dtype: Dtype) -> None:
    peak = tracked(parse(text), batch, dtype, Optimiser.SGD)
    assert step_memory(parse(text), batch, dtype).peak_bytes == pytest.approx(peak, rel=0.002)


def test_adam_and_a_peak_in_the_optimiser_are_as_tracked() -> None:
    spec = parse("resnet18:input=3x64x64")
    predicted = step_memory(spec, 1, optimiser=Optimiser.ADAM)
    assert predicted.peak_in is StepPhase.OPTIMISER
    peak = tracked(spec, 1, Dtype.FLOAT32, Optimiser.ADAM)
    assert predicted.peak_bytes == pytest.approx(peak, rel=0.002)


def unfolded(spec: ResNetSpec, dtype: Dtype, optimiser: Optimiser, batch: int) -> int:
    """Return the peak by replaying every block at one batch."""
    whole = training._replay(spec, dtype)
    params = sum(whole.params.values())
    now = peak = params + sum(whole.buffers.values()) + optimiser.states * params
    for part in whole.parts:
        for change in part.changes:
            now += change.fixed + change.per_image * batch
            peak = max(peak, now)
    return max(peak, now + optimiser.temporaries * params)


@settings(max_examples=40)
@given(
    specs(),
    st.lists(st.integers(1, 6), min_size=5, max_size=5),
    st.sampled_from((Dtype.FLOAT32, Dtype.BFLOAT16)),
    st.sampled_from(Optimiser),
)
def test_equal_blocks_are_counted_once_and_exactly(
    spec: ResNetSpec, blocks: list[int], dtype: Dtype, optimiser: Optimiser
) -> None:
    spec = replace(spec, blocks=tuple(blocks[: len(spec.blocks)]))
    least = 2 if analysis.profile(spec).untrainable else 1
    for batch in (least, 7, MAX_BATCH):
        predicted = step_memory(spec, batch, dtype, optimiser)
        assert predicted.peak_bytes == unfolded(spec, dtype, optimiser, batch)


@settings(max_examples=60)
@given(
    st.sampled_from(("resnet18", "resnet1202", "preresnet164", "wrn28_10")),
    st.sampled_from(Dtype),
    st.sampled_from(Optimiser),
    st.floats(1e6, 1e13),
)
def test_the_largest_batch_fits_and_one_more_does_not(
    name: str, dtype: Dtype, optimiser: Optimiser, limit: float
) -> None:
    spec = parse(name)
    most = largest_batch(spec, limit, dtype, optimiser)
    assert 0 <= most <= MAX_BATCH
    if most:
        assert step_memory(spec, most, dtype, optimiser).peak_bytes <= limit
    if most < MAX_BATCH:
        assert step_memory(spec, most + 1, dtype, optimiser).peak_bytes > limit


def test_the_largest_batch_at_its_bounds() -> None:
    spec = parse("resnet50")
    exactly = step_memory(spec, 32).peak_bytes
    assert largest_batch(spec, exactly) == 32
    assert largest_batch(spec, exactly - 1) == 31
    assert largest_batch(spec, step_memory(spec, 1).peak_bytes - 1) == 0
    assert largest_batch(spec, 10**30) == MAX_BATCH


def test_what_is_known_of_resnet50() -> None:
    predicted = step_memory(parse("resnet50"), 32)
    assert predicted.params_bytes == predicted.gradients_bytes == predicted.state_bytes
    assert predicted.params_bytes == 4 * 25_557_032
    assert predicted.peak_bytes == 2_987_738_000
    assert predicted.peak_in is StepPhase.BACKWARD
    saved = analysis.profile(parse("resnet50"), batch=32).saved_bytes
    assert saved
    parts = 3 * predicted.params_bytes + saved
    assert predicted.peak_bytes < parts
    half = step_memory(parse("resnet50"), 32, Dtype.BFLOAT16)
    assert half.peak_bytes == step_memory(parse("resnet50"), 32, Dtype.FLOAT16).peak_bytes
    assert half.params_bytes == predicted.params_bytes


def test_resnet152_at_batch_two_is_as_in_science() -> None:
    """The simulated peak is 901 MB, the sum 1,078 MB."""
    assert step_memory(parse("resnet152"), 2).peak_bytes == pytest.approx(901e6, rel=0.1)


def test_inference_in_float32_is_the_profiles() -> None:
    for entry in CATALOG.values():
        for batch in (1, 5):
            counted = analysis.profile(entry.spec, batch=batch).inference_bytes
            assert inference_bytes(entry.spec, batch) == counted, entry.title


@pytest.mark.parametrize("dtype", [Dtype.BFLOAT16, Dtype.FLOAT16])
@pytest.mark.parametrize(
    "text", ["resnet18:input=3x64x64", "preresnet110", "keras_resnet18:input=3x33x33", "resnet20"]
)
def test_inference_in_half_types_is_what_a_run_holds(text: str, dtype: Dtype) -> None:
    spec = parse(text)
    model = build(spec).eval().to(dtype.torch)
    images = torch.randn(2, *spec.input, dtype=dtype.torch)
    with torch.no_grad(), Alive(model, images) as alive:
        model(images)
    params = sum(p.nbytes for p in model.parameters())
    assert inference_bytes(spec, 2, dtype) == params + alive.peak


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        (0, "the memory limit must be above 0 bytes, not 0"),
        (-1, "the memory limit must be above 0 bytes, not -1"),
        (float("nan"), "the memory limit must be above 0 bytes, not nan"),
        ("8 GB", "the memory limit must be a number of bytes, not 8 GB"),
        (True, "the memory limit must be a number of bytes, not True"),
    ],
)
def test_bad_limits(limit: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        largest_batch(parse("resnet18"), limit)


def test_one_image_that_a_network_cannot_train_on() -> None:
    spec = parse("resnet18:input=3x32x32")
    with pytest.raises(ValueError, match=r"too small at batch 1, where .* a batch of at least 2$"):
        step_memory(spec, 1)
    two, three = (step_memory(spec, batch).peak_bytes for batch in (2, 3))
    assert largest_batch(spec, two) == 2
    assert largest_batch(spec, three) == 3
    assert largest_batch(spec, two - 1) == 0  # room for one image, on which it can't train
    one_fits = parse("resnet18:input=3x64x64")
    assert largest_batch(one_fits, step_memory(one_fits, 1).peak_bytes) == 1
    assert inference_bytes(spec, 1) == analysis.profile(spec).inference_bytes


def test_bad_batches() -> None:
    for call in (step_memory, inference_bytes):
        with pytest.raises(ValueError, match="batch must be 1 to 65,536, not 0"):
            call(parse("resnet18"), 0)


def test_a_replay_loads_neither_torchs_compiler_nor_sympy() -> None:
    texts = [
        *("resnet18", "resnet20", "keras_resnet18", "resnet20:softmax=1:bias=1"),
        *(f"resnet20:activation={name}" for name in ("leaky_relu", "elu", "gelu", "silu")),
        *(f"resnet20:activation={name}" for name in ("tanh", "sigmoid")),
    ]
    script = (
        "import sys\n"
        "from analysis.costs.step import Dtype, inference_bytes, step_memory\n"
        "from nets import parse\n"
        f"for text in {texts}:\n"
        "    for dtype in Dtype:\n"
        "        step_memory(parse(text), 2, dtype), inference_bytes(parse(text), 2, dtype)\n"
        "print([m for m in ('sympy', 'torch._dynamo', 'torch._inductor') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
