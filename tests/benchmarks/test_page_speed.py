"""Server time of the pages: another model, and a rerun that changes nothing."""

from statistics import median
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from streamlit.testing.v1 import AppTest

from analysis.costs.profiles import observe
from nets import CATALOG
from tests.app.conftest import APP


@pytest.fixture(scope="module")
def app() -> AppTest:
    return AppTest.from_file(APP, default_timeout=60).run()


def timed(app: AppTest) -> float:
    start = perf_counter()
    app.run()
    return perf_counter() - start


def test_another_model(app: AppTest, benchmark: BenchmarkFixture) -> None:
    seconds = {}
    for name in CATALOG:
        app.text_input(key="text").input(name)
        seconds[name] = timed(app)
    slowest = max(seconds, key=lambda name: seconds[name])
    benchmark.extra_info["slowest"] = f"{slowest} {seconds[slowest]:.3f} s"
    benchmark.extra_info["median"] = f"{median(seconds.values()):.3f} s"
    benchmark(app.run)
    assert seconds[slowest] <= 0.3, seconds


@pytest.mark.parametrize("name", ["resnet50", "resnet152", "resnet1202"])
def test_a_rerun_that_changes_nothing(name: str, app: AppTest, benchmark: BenchmarkFixture) -> None:
    app.text_input(key="text").input(name)
    app.run()
    app.run()
    seconds = [timed(app) for _ in range(15)]
    benchmark(app.run)
    assert median(seconds) <= 0.05, seconds


@pytest.mark.parametrize("page", ["shortcuts", "units", "timing", "gradients", "compare", "choose"])
def test_a_rerun_of_every_other_page(page: str, benchmark: BenchmarkFixture) -> None:
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page(f"pages/{page}.py")
    app.run()
    app.run()
    seconds = [timed(app) for _ in range(9)]
    benchmark(app.run)
    assert median(seconds) <= 0.3, seconds


@pytest.mark.parametrize("shown", ["costs", "sweep", "difference", "ledger"])
def test_forty_networks_load_within_a_second(
    shown: str, app: AppTest, benchmark: BenchmarkFixture
) -> None:
    app.run()  # torch and torchvision are loaded once in a server's life
    texts = [*CATALOG, "resnet20:bias=1", "resnet50:bias=1"]
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["nets"] = ";".join(texts[:40])
    app.query_params["compare_shown"] = shown
    app.switch_page("pages/compare.py")
    observe.cache_clear()
    seconds = timed(app)
    benchmark.extra_info["cold"] = f"{seconds:.3f} s"
    benchmark(app.run)
    assert seconds <= 1
