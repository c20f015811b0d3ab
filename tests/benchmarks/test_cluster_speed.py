"""What a cluster adds to a piece of work, and what two of its processes gain over one."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from pytest_benchmark.fixture import BenchmarkFixture

from analysis.choice.sweep_files import read_sweep
from analysis.machine.cluster import own_cluster
from analysis.machine.works import Runner, Work
from tests.analysis import works

EQUAL = """
models = ["resnet56"]
seeds = 24
[experiment]
kind = "gradients"
batch = 32
"""
"""24 points that cost the same."""


def seconds(runner: Runner, pieces: Sequence[Work]) -> float:
    start = perf_counter()
    found = list(runner(pieces, lambda name, news: None, lambda: 0))
    assert len(found) == len(pieces)
    assert not any(one.failure for one in found)
    return perf_counter() - start


def test_a_piece_of_work_adds_at_most_50_ms(benchmark: BenchmarkFixture) -> None:
    """On one process, which does one piece after another."""
    pieces = [Work(str(n), works.echo, (n,), prepare=works.nothing) for n in range(40)]
    with own_cluster(1, {"cpu"}) as runner:
        seconds(runner, pieces[:2])
        took = [seconds(runner, pieces) / len(pieces) for _ in range(5)]
        benchmark.extra_info["ms a piece"] = [round(1e3 * one, 1) for one in took]
        benchmark(seconds, runner, pieces)
    assert median(took) <= 0.05


def test_two_processes_are_1_7_times_as_fast_as_one(benchmark: BenchmarkFixture) -> None:
    pieces = [point.work(Path()) for point in read_sweep(EQUAL).points]
    with own_cluster(1, {"cpu"}) as one, own_cluster(2, {"cpu"}) as two:
        for runner in (one, two):
            seconds(runner, pieces[:4])
        ratios = [seconds(one, pieces) / seconds(two, pieces) for _ in range(3)]
        benchmark.extra_info["one over two"] = [round(ratio, 2) for ratio in ratios]
        benchmark(seconds, two, pieces[:4])
    assert median(ratios) >= 1.7
