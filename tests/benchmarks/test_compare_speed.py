"""How fast a comparison and a replayed step are, beside torchinfo in the same run."""

import torchinfo
from pytest_benchmark.fixture import BenchmarkFixture

from analysis.choice.compare import compare
from analysis.costs import profiles as costs
from analysis.costs import step as training
from analysis.costs.step import step_memory
from nets import CATALOG, build, parse
from tests.benchmarks.test_profile_speed import interleaved


def forget() -> None:
    """Empty every cache of counts and replays."""
    for cached in (costs.observe, training._moments, training._replay):
        cached.cache_clear()


def test_the_whole_catalog_takes_no_longer_than_torchinfo_for_resnet152(
    benchmark: BenchmarkFixture,
) -> None:
    specs = [entry.spec for entry in CATALOG.values()]
    model = build(parse("resnet152"))

    def cold() -> None:
        forget()
        compare(specs)

    def summary() -> None:
        torchinfo.summary(model, (1, 3, 224, 224), verbose=0)

    ratio = interleaved(cold, summary, rounds=7)
    benchmark.extra_info["ratio to torchinfo"] = round(ratio, 3)
    benchmark(cold)
    assert ratio <= 1


def test_the_whole_catalog_with_replays(benchmark: BenchmarkFixture) -> None:
    specs = [entry.spec for entry in CATALOG.values()]

    def cold() -> None:
        forget()
        compare(specs, replay=True)

    benchmark(cold)


def test_a_replay_is_flat_in_depth(benchmark: BenchmarkFixture) -> None:
    def cold(name: str) -> None:
        forget()
        step_memory(parse(name), 32)

    ratio = interleaved(lambda: cold("resnet1202"), lambda: cold("resnet20"), rounds=15)
    benchmark.extra_info["ratio to resnet20"] = round(ratio, 3)
    benchmark(cold, "resnet1202")
    assert ratio <= 2
