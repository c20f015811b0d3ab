"""Our timings beside torch's own benchmark tool, and how much the marks cost.

resnet18, batch 2, one CPU thread. Other processes share the machine, so everything is interleaved
and the median of ratios counts.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch.utils.benchmark import Timer

from analysis.machine.clock import HostClock
from analysis.timing.measure import Timing, measure
from analysis.timing.passes import Passes, Steps, prepared
from analysis.timing.settings import Settings
from nets import build, parse

CPU = torch.device("cpu")
SPEC = parse("resnet18")
SETTINGS = Settings(batch=2, threads=1, seconds=12)
PAIRS = 15


def timed(**options: Any) -> Timing:
    return measure(lambda _: None, SPEC, replace(SETTINGS, **options))


def in_turn(first: Callable[[], float], second: Callable[[], float], pairs: int) -> float:
    """The median ratio of two figures, each taken first in every second pair."""
    ratios = []
    for i in range(pairs):
        if i % 2 == 0:
            above = first()
            ratios.append(above / second())
        else:
            below = second()
            ratios.append(first() / below)
    return median(ratios)


def test_inference_agrees_with_torchs_timer(benchmark: BenchmarkFixture) -> None:
    net, x = build(SPEC).eval(), torch.randn(2, *SPEC.input)
    timer = Timer("net(x)", globals={"net": net, "x": x}, num_threads=1)

    def ours() -> float:
        return timed(inference=True, seconds=3).forward_ms.p50

    def theirs() -> float:
        with torch.inference_mode():
            return float(timer.blocked_autorange(min_run_time=1.5).median) * 1e3

    ratio = in_turn(ours, theirs, PAIRS)
    benchmark.extra_info["ratio to torch.utils.benchmark"] = round(ratio, 4)
    with torch.inference_mode():
        benchmark(net, x)
    assert 0.95 <= ratio <= 1.05


def test_training(benchmark: BenchmarkFixture) -> None:
    """Backward over forward, and the stages' sum; that of the shown medians is only noted."""
    over_forward, told, shown = [], [], []
    for _ in range(7):
        found = timed(seconds=15)
        assert found.backward_ms is not None
        forward, backward = found.forward_ms.p50, found.backward_ms.p50
        stages = sum(s.forward_ms + (s.backward_ms or 0) for s in found.stages)
        over_forward.append(backward / forward)
        told.append(found.stage_sum_ratio)
        shown.append(stages / (forward + backward))
    benchmark.extra_info["backward over forward"] = round(median(over_forward), 3)
    benchmark.extra_info["stage_sum_ratio"] = round(median(told), 4)
    benchmark.extra_info["stage_sum_ratio by medians"] = round(median(shown), 4)
    run = Passes(SPEC, SETTINGS, CPU, HostClock())
    benchmark(run.run, run.whole)
    assert 1.4 <= median(over_forward) <= 2.5
    assert 0.93 <= median(told) <= 1.07


def test_blocks_add_up_to_the_whole(benchmark: BenchmarkFixture) -> None:
    """Many blocks and short iterations, so that a busy machine leaves enough pairs."""
    deep, settings = parse("resnet56"), replace(SETTINGS, blocks=True, precision=0.002)
    told = [measure(lambda _: None, deep, settings).stage_sum_ratio for _ in range(5)]
    benchmark.extra_info["sum of the blocks over the whole"] = round(median(told), 4)
    run = Passes(deep, settings, CPU, HostClock())
    benchmark(run.run, run.stages)
    assert 0.93 <= median(told) <= 1.07


@pytest.mark.parametrize("blocks", [False, True], ids=["stages", "blocks"])
def test_marks_cost_under_three_percent(benchmark: BenchmarkFixture, blocks: bool) -> None:
    """Whole iterations by the host's clock, with and without marks at the stages or blocks."""
    clock = HostClock()
    with prepared(SETTINGS, CPU):
        run = Passes(SPEC, replace(SETTINGS, blocks=blocks), CPU, clock)

        def once(steps: Steps) -> float:
            lap = [clock.mark()]
            run.run(steps)
            lap.append(clock.mark())
            return clock.read([lap])[0][0]

        with_marks, without = partial(once, run.stages), partial(once, run.whole)
        in_turn(with_marks, without, pairs=2)
        ratio = in_turn(with_marks, without, pairs=41)
        benchmark.extra_info["with over without"] = round(ratio, 4)
        benchmark(with_marks)
    assert ratio < 1.03
