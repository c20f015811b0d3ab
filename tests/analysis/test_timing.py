"""The measurement: what it counts, when it ends, and what an interruption leaves."""

import pickle
import re
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import comb
from statistics import median
from typing import Any

import pytest
import torch
from torch import Tensor

import analysis
import nets
from analysis.machine.energy import Meter
from analysis.timing import measure as timing
from analysis.timing import passes
from analysis.timing.measure import (
    MIN_ITERATIONS,
    Phase,
    Progress,
    StageTime,
    Timing,
    interval_rank,
    measure,
    measure_each,
    median_interval,
)
from analysis.timing.passes import Passes
from analysis.timing.settings import Settings, sweep
from nets import parse
from nets.spec import ResNetSpec
from tests.analysis.fake_accelerator import FakeAccelerator

TINY = parse("resnet20:blocks=1,1,1:widths=4,4,4:stem_width=4:input=3x8x8")
STEM = parse("resnet20:blocks=1:widths=4:stem_width=4:norm=none:input=3x8x8")
PARTS = ("stem", "layer1", "layer2", "layer3", "head")
SHORT = Settings(batch=2, threads=1, seconds=0.5)


def silent(_: Progress) -> None:
    pass


def timed(spec: ResNetSpec = TINY, **options: Any) -> Timing:
    return measure(silent, spec, replace(SHORT, **options))


def test_training() -> None:
    found = timed()
    assert found.backward_ms is not None
    assert found.optimiser_ms is not None
    assert found.step_ms is not None
    assert found.iterations == len(found.samples) >= 1
    for sample in found.samples:
        parts = (sample.forward_ms, sample.backward_ms, sample.optimiser_ms)
        assert sum(part or 0 for part in parts) == pytest.approx(sample.step_ms)
    for spread in (found.forward_ms, found.backward_ms, found.optimiser_ms, found.step_ms):
        assert 0 < spread.p10 <= spread.p50 <= spread.p90
    steps = [sample.total_ms for sample in found.samples]
    assert found.step_ms.p50 == pytest.approx(median(steps))
    assert found.images_per_s == pytest.approx(2 / (median(steps) / 1e3))
    flops = analysis.profile(TINY, batch=2).flops
    assert found.forward_tflops == pytest.approx(flops / (found.forward_ms.p50 / 1e3) / 1e12)
    assert tuple(stage.name for stage in found.stages) == PARTS
    assert all(s.forward_ms > 0 and (s.backward_ms or 0) > 0 for s in found.stages)
    assert 0.7 < found.stage_sum_ratio < 1.5
    assert (found.threads, found.peak_memory_bytes, found.compile_seconds) == (1, None, None)
    assert found.model == str(TINY)


def test_inference() -> None:
    found = timed(inference=True)
    assert (found.backward_ms, found.optimiser_ms, found.step_ms) == (None, None, None)
    assert {s[1:] for s in found.samples} == {(None, None, None)}
    assert [s.backward_ms for s in found.stages] == [None] * 5
    forward = median(s.forward_ms for s in found.samples)
    assert found.images_per_s == pytest.approx(2 / (forward / 1e3))


def test_training_without_an_optimiser() -> None:
    found = timed(optimiser=False)
    assert found.optimiser_ms is None
    for sample in found.samples:
        assert sample.step_ms == pytest.approx(sample.forward_ms + (sample.backward_ms or 0))


class Given(Meter):
    """A meter of a device that uses a joule between two readings, until it can't be read."""

    def __init__(self, readings: int) -> None:
        self.left = readings

    def joules(self) -> float:
        if not self.left:
            raise OSError("gone")
        self.left -= 1
        return float(-self.left)


@pytest.mark.parametrize(("readings", "windows"), [(6, 3), (5, 2), (0, 0)])
def test_energy_is_measured_after_the_times(
    monkeypatch: pytest.MonkeyPatch, readings: int, windows: int
) -> None:
    monkeypatch.setattr("analysis.timing.measure.meter_of", lambda device: Given(readings))
    monkeypatch.setattr("analysis.machine.energy.WINDOW_SECONDS", 0.01)
    told: list[Progress] = []
    (found,) = measure_each(told.append, TINY, (SHORT,), energy=True)
    assert len(found.joules) == windows
    assert all(0 < joules <= 0.5 for joules in found.joules)  # one joule for two images or more
    phases = [progress.phase for progress in told]
    assert Phase.ENERGY in phases
    assert phases.index(Phase.ENERGY) > phases.index(Phase.WARMING_UP)


def test_without_a_meter_there_is_no_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.timing.measure.meter_of", lambda device: None)
    (found,) = measure_each(silent, TINY, (SHORT,), energy=True)
    assert found.joules == ()


def test_energy_is_measured_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.timing.measure.meter_of", lambda device: Given(6))
    told: list[Progress] = []
    assert measure(told.append, TINY, SHORT).joules == ()
    (found,) = measure_each(told.append, TINY, (SHORT,))
    assert found.joules == ()
    assert Phase.ENERGY not in [progress.phase for progress in told]


def test_blocks_add_up_to_their_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part takes a millisecond, so that a stage takes as many as it has blocks."""
    FakeAccelerator(monkeypatch)
    spec = parse("resnet20:blocks=3,1,2:widths=4,4,4:stem_width=4:input=3x8x8")
    found = measure(silent, spec, replace(SHORT, device="meta", blocks=True, seconds=60))
    names = ("layer1.0", "layer1.1", "layer1.2", "layer2.0", "layer3.0", "layer3.1")
    assert found.blocks == tuple(StageTime(name, *(1,) * 6) for name in names)
    assert found.stages == tuple(
        StageTime(name, *(ms,) * 6) for name, ms in zip(PARTS, (1, 3, 1, 2, 1), strict=True)
    )
    assert found.stage_sum_ratio == 8  # forward and backward of the whole take one each
    inference = replace(SHORT, device="meta", blocks=True, inference=True, seconds=60)
    found = measure(silent, spec, inference)
    assert found.blocks == tuple(StageTime(name, 1, None, 1, 1) for name in names)
    stages = measure(silent, spec, replace(SHORT, device="meta", seconds=60))
    assert stages.blocks == ()


def test_blocks_are_timed_on_the_cpu() -> None:
    spec = parse("resnet20:blocks=2,2,2:input=3x24x24")
    found = timed(spec, blocks=True, batch=16, seconds=1.5)
    assert [block.name for block in found.blocks] == [
        *("layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1")
    ]
    for stage in found.stages[1:-1]:
        own = [block for block in found.blocks if block.name.startswith(stage.name)]
        assert sum(block.forward_ms for block in own) == pytest.approx(stage.forward_ms, rel=0.5)
        assert all(0 < block.forward_ms < stage.forward_ms for block in own)
        assert all(0 < (block.backward_ms or 0) < (stage.backward_ms or 0) for block in own)


def test_progress_and_what_is_kept_are_values() -> None:
    reports: list[Progress] = []
    found = measure(reports.append, TINY, replace(SHORT, seconds=2, precision=0.001))
    phases = [report.phase for report in reports]
    assert list(dict.fromkeys(phases)) == [Phase.BUILDING, Phase.WARMING_UP, Phase.MEASURING]
    assert phases == sorted(phases, key=list(Phase).index)
    assert reports[-1] == Progress(Phase.MEASURING, 0.0, found)
    so_far = [report.timing.samples for report in reports if report.timing]
    assert len(so_far) >= 3
    assert all(b[: len(a)] == a for a, b in pairwise(so_far))
    remaining = [r.remaining_seconds for r in reports if r.remaining_seconds is not None]
    assert all(0 <= seconds <= 2 for seconds in remaining)
    assert pickle.loads(pickle.dumps(reports)) == reports
    assert pickle.loads(pickle.dumps(measure)) is measure


def test_an_accelerator_waits_once_for_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAccelerator(monkeypatch)
    fake.peak = 4_321
    monkeypatch.setattr(timing, "GROUP_SECONDS", 60)
    monkeypatch.setattr(timing, "MAX_GROUP", 3)
    found = measure(silent, TINY, replace(SHORT, device="meta", seconds=60))
    words = {"record": "r", "synchronise": "s", "read": "t"}
    order = "".join(words.get(entry, "") for entry in fake.log)
    assert re.fullmatch("(r+st+)+", order)
    whole, staged = 4, 2 + 2 * len(PARTS)
    for group in re.finditer("(r+)s(t+)", order):
        pairs, rest = divmod(len(group[1]), whole + staged)
        assert rest == 0
        assert len(group[2]) == pairs * (whole - 1 + staged - 1)
    groups = [len(group) // (whole + staged) for group in re.findall("r+", order)]
    assert groups == [1] * found.warm_up_iterations + [1, 3, 3, 3]
    assert fake.log[0] == "device 0"
    assert fake.log[-1] == "empty cache"
    assert fake.log.count("reset peak") == 2

    one = timing.Spread(1, 1, 1)
    assert found.forward_ms == found.backward_ms == found.optimiser_ms == one
    assert found.step_ms == timing.Spread(3, 3, 3)
    assert {(s.forward_ms, s.backward_ms) for s in found.stages} == {(1.0, 1.0)}
    assert found.stage_sum_ratio == len(PARTS)
    assert found.images_per_s == 2 / 3e-3
    assert found.host_ms.p50 > 0
    assert (found.iterations, found.warm_up_iterations) == (10, 6)
    assert (found.interval, found.peak_memory_bytes) == (0, 4_321)
    assert (found.environment.accelerator, found.stable) == ("Fake 9000", True)


def test_the_first_iterations_of_an_accelerator_take_nothing_of_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On an H100 they used up a budget of 6 s, which left one iteration to measure."""
    FakeAccelerator(monkeypatch)
    now = [0.0]
    seconds = iter([100.0])
    run = Passes.run

    def slow_at_first(self: Passes, form: tuple[Callable[[Tensor], Tensor], ...]) -> Any:
        now[0] += next(seconds, 0.01)
        return run(self, form)

    monkeypatch.setattr(timing, "perf_counter", lambda: now[0])
    monkeypatch.setattr(Passes, "run", slow_at_first)
    found = measure(silent, STEM, replace(SHORT, device="meta", inference=True, seconds=10))
    assert found.stable
    assert found.iterations >= MIN_ITERATIONS


def test_it_ends_when_the_median_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeAccelerator(monkeypatch)
    found = measure(silent, STEM, replace(SHORT, device="meta", inference=True, seconds=60))
    assert MIN_ITERATIONS <= found.iterations < MIN_ITERATIONS + timing.MAX_GROUP
    assert found.warm_up_iterations == 2 * timing.WINDOW


def uneven(fake: FakeAccelerator) -> Callable[[], float]:
    """A time that passes ever faster, so that no median becomes precise."""

    def step() -> float:
        fake._now = fake._now * 1.02 + 1
        return fake._now

    return step


def test_it_ends_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAccelerator(monkeypatch)
    seconds = iter(range(10_000))
    monkeypatch.setattr(timing, "perf_counter", lambda: next(seconds) / 4)
    monkeypatch.setattr(fake, "clock", uneven(fake))
    found = measure(silent, STEM, replace(SHORT, device="meta", inference=True, seconds=10))
    assert not found.stable
    assert next(seconds) / 4 == pytest.approx(10, abs=2)
    assert found.warm_up_iterations == pytest.approx(6, abs=1)


def test_it_ends_after_so_many_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAccelerator(monkeypatch)
    monkeypatch.setattr(timing, "MAX_ITERATIONS", 14)
    monkeypatch.setattr(timing, "MAX_GROUP", 1)
    monkeypatch.setattr(timing, "WARM_UP_SHARE", 0.01)
    monkeypatch.setattr(fake, "clock", uneven(fake))
    found = measure(silent, STEM, replace(SHORT, device="meta", inference=True, seconds=60))
    assert found.iterations == 14
    assert found.interval is not None
    assert found.interval > 0.01


def test_a_budget_too_short_for_anything_gives_one_iteration() -> None:
    found = measure(silent, parse("resnet20"), replace(SHORT, batch=32, seconds=0.1))
    assert found.iterations >= 1
    if found.iterations < 6:
        assert found.interval is None


def interrupted_at(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Interrupt in the loss of the `call`-th iteration."""
    calls = iter(range(1, 1_000))
    loss = torch.nn.functional.cross_entropy

    def at_times(*args: Any) -> torch.Tensor:
        if next(calls) == call:
            raise KeyboardInterrupt
        return loss(*args)

    monkeypatch.setattr(passes, "cross_entropy", at_times)


def test_interrupted_while_measuring_it_tells_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[Progress] = []
    monkeypatch.setattr(timing, "WARM_UP_SHARE", 1e-9)
    monkeypatch.setattr(timing, "MAX_GROUP", 1)
    interrupted_at(monkeypatch, call=9)
    with pytest.raises(KeyboardInterrupt):
        measure(reports.append, TINY, replace(SHORT, seconds=60))
    last = reports[-1].timing
    assert last is not None
    assert last.iterations == 4
    assert last.forward_ms.p50 > 0


@pytest.mark.parametrize("call", [1, 2])
def test_interrupted_earlier_it_has_nothing(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    reports: list[Progress] = []
    interrupted_at(monkeypatch, call)
    with pytest.raises(KeyboardInterrupt):
        measure(reports.append, TINY, SHORT)
    assert reports[-1] == Progress(Phase.WARMING_UP)


@pytest.mark.parametrize(
    ("error", "batch", "says"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried"), 8, "batch 8: try a batch of 4"),
        (RuntimeError("MPS backend out of memory (MPS"), 3, "batch 3: try a batch of 1"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 2, "2: try a batch of 1"),
        (RuntimeError("DefaultCPUAllocator: not enough memory"), 2, "2: try a batch of 1"),
        (MemoryError(), 1, "batch 1: use a smaller network or input"),
    ],
)
def test_out_of_memory(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, batch: int, says: str
) -> None:
    alive: list[weakref.ref[torch.nn.Module]] = []

    def build(spec: ResNetSpec) -> torch.nn.Module:
        model = nets.build(spec)
        alive.append(weakref.ref(model))
        return model

    def fill(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(passes, "build", build)
        patch.setattr(passes, "cross_entropy", fill)
        with pytest.raises(RuntimeError, match=f"^cpu ran out of memory at .*{says}$"):
            timed(batch=batch)
    assert alive[0]() is None


def test_the_next_one_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(passes, "cross_entropy", fill)
        with pytest.raises(RuntimeError, match="ran out of memory"):
            timed()
    assert timed().iterations >= 1


def test_what_torch_cannot_do_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise NotImplementedError('"slow_conv2d_cpu" not implemented\nfor Half')

    monkeypatch.setattr(passes, "cross_entropy", refuse)
    sentence = '^torch can.t run resnet20 in float32 on cpu: "slow_conv2d_cpu" not .*ted for Half$'
    with pytest.raises(RuntimeError, match=sentence):
        timed()


def test_bad_batches() -> None:
    with pytest.raises(ValueError, match="too small at batch 1"):
        timed(parse("resnet18:input=3x32x32"), batch=1)


def test_too_large_a_batch_is_refused_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("analysis.timing.settings.free_bytes", lambda device: 1_000_000_000)
    monkeypatch.setattr(passes, "build", None)
    with pytest.raises(
        ValueError, match=r"^batch 64 is predicted to need .* a batch of [0-9]+ would fit$"
    ):
        timed(parse("resnet50"), batch=64)


def test_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the compiler's front end runs; its code generator takes minutes on a CPU."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    reports: list[Progress] = []
    found = measure(reports.append, TINY, replace(SHORT, compile=True))
    assert [r.phase for r in reports[:3]] == [Phase.BUILDING, Phase.COMPILING, Phase.WARMING_UP]
    assert found.compile_seconds is not None
    assert found.compile_seconds > found.forward_ms.p50 / 1e3
    assert tuple(stage.name for stage in found.stages) == PARTS


def test_a_compiler_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(graph: Any, inputs: Any) -> Any:
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=broken))
    with pytest.raises(RuntimeError, match=r"^torch\.compile can.t run resnet20 .* C\+\+ compil"):
        timed(compile=True)


def test_the_interval_of_the_median_covers_it() -> None:
    """A median lies below the j-th of n values with P(Binomial(n, 1/2) < j)."""

    def outside(count: int, j: int) -> float:
        return float(2 * sum(comb(count, k) for k in range(j)) / 2**count)

    for count in range(1, 71):
        rank = interval_rank(count)
        assert outside(count, rank) <= 0.05 < outside(count, rank + 1)
    for count in range(71, 400):  # the approximation may be one rank too cautious
        rank = interval_rank(count)
        assert outside(count, rank) <= 0.053
        assert outside(count, rank + 2) > 0.05


@pytest.mark.parametrize(("count", "rank"), [(5, 0), (6, 1), (8, 1), (9, 2), (20, 6), (70, 27)])
def test_published_ranks(count: int, rank: int) -> None:
    """Le Boudec 2010, table A.1."""
    assert interval_rank(count) == rank


def test_the_interval_of_the_median() -> None:
    assert median_interval([1.0] * 5) is None
    assert median_interval([6.0, 1.0, 2.0, 4.0, 5.0, 3.0]) == (6 - 1) / 2 / 3.5
    assert median_interval([float(v) for v in range(1, 21)]) == (15 - 6) / 2 / 10.5


def test_a_sweep_tells_which_of_how_many_and_what_comes_after() -> None:
    reports: list[Progress] = []
    first = Settings(batch=1, threads=1, seconds=0.5)
    found = measure_each(reports.append, TINY, sweep(first, [1, 2, 3]))
    assert [timing.settings.batch for timing in found] == [1, 2, 3]
    assert list(dict.fromkeys(report.place for report in reports)) == [(1, 3), (2, 3), (3, 3)]
    assert list(dict.fromkeys(report.later_seconds for report in reports)) == [1.0, 0.5, 0.0]
    done = [report.timing for report in reports if report.remaining_seconds == 0.0]
    assert done == list(found)
