"""How fast a profile is, beside torchinfo and fvcore in the same run."""

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import torch
import torchinfo
from pytest_benchmark.fixture import BenchmarkFixture

import analysis
from analysis import Profile
from analysis.costs import profiles as costs
from analysis.costs.verify import run_fvcore
from nets import CATALOG, ResNetSpec, build, parse


def interleaved(first: Callable[[], Any], second: Callable[[], Any], rounds: int) -> float:
    """The median over rounds of how long the first takes over the second, both warmed up."""
    first(), second()
    ratios = []
    for _ in range(rounds):
        times = []
        for call in (first, second):
            gc.collect()
            start = perf_counter()
            call()
            times.append(perf_counter() - start)
        ratios.append(times[0] / times[1])
    return median(ratios)


def cold(spec: ResNetSpec) -> Profile:
    """A profile of which nothing is remembered."""
    costs.observe.cache_clear()
    return analysis.profile(spec)


def test_resnet152_takes_a_tenth_of_torchinfo_and_fvcore(benchmark: BenchmarkFixture) -> None:
    spec = parse("resnet152")
    model = build(spec)
    x = torch.randn(1, 3, 224, 224)

    def peers() -> None:
        torchinfo.summary(model, (1, 3, 224, 224), verbose=0)
        run_fvcore(model, x)

    ratio = interleaved(lambda: cold(spec), peers, rounds=5)
    benchmark.extra_info["ratio to torchinfo + fvcore"] = round(ratio, 4)
    benchmark(cold, spec)
    assert ratio <= 0.1


def test_cost_is_flat_in_depth(benchmark: BenchmarkFixture) -> None:
    deep, shallow = parse("resnet1202"), parse("resnet20")
    ratio = interleaved(lambda: cold(deep), lambda: cold(shallow), rounds=15)
    benchmark.extra_info["ratio to resnet20"] = round(ratio, 3)
    benchmark(cold, deep)
    assert ratio <= 2


def test_the_whole_catalog(benchmark: BenchmarkFixture) -> None:
    benchmark(lambda: [cold(entry.spec) for entry in CATALOG.values()])
