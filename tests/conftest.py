"""Settings for all tests: one thread for torch, fixed random cases, golden files.

`pytest --hypothesis-profile explore` draws new cases; `pytest --update-golden` rewrites the golden
files.
"""

import atexit
import gc
import os
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

# Two processes share the machine (`addopts` in pyproject.toml). torch reads this when it loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

os.environ["COLUMNS"] = "100"  # the terminal's width for every command

# Keep what tests train and download out of the user's own cache.
os.environ["XDG_CACHE_HOME"] = mkdtemp(prefix="resnet-lab-tests-")
atexit.register(rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

settings.register_profile("suite", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("suite")

GOLDEN = Path(__file__).with_name("golden")

Golden = Callable[[str, str], None]


_MACHINE = (
    "test_jobs",
    "test_cluster",
    "test_cluster_queue",
    "test_timing",
    "test_passes",
    "test_check_device",
    "test_interrupts",
)


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Groups of tests that run in one process because they share a server or disturb each other.

    The browser tests share a server; tests of processes and timings measure the machine. Every
    other file is its own group. xdist's own group marks have no effect in pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        if file.parent.name == "browser":
            return "browser"
        return "machine" if file.stem in _MACHINE else str(file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """Schedule tests by `Groups`."""
    return Groups(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


@pytest.fixture(scope="module", autouse=True)
def _garbage_of_its_own() -> None:
    """Exclude everything imported by earlier files from garbage collection.

    A measurement collects twice, which takes a second with all the suite's imports.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Return a function that compares a text with the golden file of a name."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
