"""What all tests share: one thread for torch, the same random cases every time, golden files.

`pytest --hypothesis-profile explore` draws new cases, `pytest --update-golden` writes the golden
files anew.
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

# Two processes share the machine: see `addopts` in pyproject.toml. Read by torch when it loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What tests train and fetch is kept apart from what the user's own server keeps.
os.environ["XDG_CACHE_HOME"] = mkdtemp(prefix="resnet-lab-tests-")
atexit.register(rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

settings.register_profile("suite", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("suite")

GOLDEN = Path(__file__).with_name("golden")

Golden = Callable[[str, str], None]


_MACHINE = ("test_jobs", "test_timing", "test_passes", "test_check_device", "test_interrupts")


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Keep in one process what shares a server or a fixture, and what two would disturb.

    The browser's tests share a server, those of processes and timings measure the machine; every
    other file is a group of its own. xdist's own marks for groups have no effect in pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        if file.parent.name == "browser":
            return "browser"
        return "machine" if file.stem in _MACHINE else str(file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """Schedule by our groups."""
    return Groups(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


@pytest.fixture(scope="module", autouse=True)
def _garbage_of_its_own() -> None:
    """Leave what earlier files have imported out of garbage collection.

    A measurement collects twice, which takes a second with all that the suite imports.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with the golden file of a name."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
