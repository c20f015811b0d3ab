"""What a click on a block costs, and a whole study, on one thread."""

from collections.abc import Callable
from itertools import cycle
from statistics import median
from time import perf_counter

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from analysis.images.sample import sample_set
from analysis.lesions.drop import Subject
from analysis.lesions.paths import measure
from analysis.lesions.shipped import SHIPPED
from analysis.lesions.subjects import checkpoint_of, shown_tests, subject_of


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def seconds(benchmark: BenchmarkFixture, work: Callable[[], object], rounds: int) -> float:
    """Run work so often, and return the median of the seconds."""
    found = []

    def timed() -> None:
        start = perf_counter()
        work()
        found.append(perf_counter() - start)

    for _ in range(rounds - 1):
        timed()
    benchmark.pedantic(timed, rounds=1)  # type: ignore[no-untyped-call]
    return median(found)


def subject(name: str) -> Subject:
    found = subject_of(checkpoint_of(name), sample_set())
    found.error()
    return found


@pytest.mark.parametrize("name", SHIPPED)
def test_a_click_takes_at_most_a_second(benchmark: BenchmarkFixture, name: str) -> None:
    """The first block of every stage in turn, 1,000 images; a pair of networks takes both."""
    one = subject(name)
    stages = cycle([place.path for place in one.places if not place.block])
    assert seconds(benchmark, lambda: one.error([next(stages)]), 9) <= 1.0


def test_all_single_drops_take_at_most_15_s(benchmark: BenchmarkFixture) -> None:
    one = subject("fashion_resnet32")
    each = [place.path for place in one.places]
    assert len(each) == 15
    assert seconds(benchmark, lambda: [one.error([path]) for path in each], 1) <= 15


def test_paths_of_15_blocks_take_at_most_50_s(benchmark: BenchmarkFixture) -> None:
    checkpoint = checkpoint_of("fashion_resnet32")
    images, labels = shown_tests(checkpoint, sample_set(), 32)
    network = checkpoint.network()
    assert seconds(benchmark, lambda: measure(network, images, labels), 1) <= 50
