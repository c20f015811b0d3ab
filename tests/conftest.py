"""Shared by all tests: one torch thread, reproducible random cases and golden files.

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

# Set before torch loads, since two processes share the machine: see `addopts` in pyproject.toml.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Keep what tests train and download apart from the user's own cache.
os.environ["XDG_CACHE_HOME"] = mkdtemp(prefix="resnet-lab-tests-")
atexit.register(rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

settings.register_profile("suite", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("suite")

GOLDEN = Path(__file__).with_name("golden")

Golden = Callable[[str, str], None]


_MACHINE = ("test_jobs", "test_timing", "test_passes", "test_check_device", "test_interrupts")


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Group tests that share a server or would disturb each other into one process.

    The browser tests share a server, and the tests of processes and timings measure the machine;
    every other file is its own group. xdist's marks for groups have no effect in pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        if file.parent.name == "browser":
            return "browser"
        return "machine" if file.stem in _MACHINE else str(file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """Return a scheduler that uses these groups."""
    return Groups(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files")


@pytest.fixture(scope="module", autouse=True)
def _garbage_of_its_own() -> None:
    """Exclude what earlier test files imported from garbage collection.

    A measurement collects garbage twice, which takes a second with everything the suite imports.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Return a function that compares a text with a golden file."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
