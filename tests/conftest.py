"""What all tests share: one thread for torch, the same random cases every time, golden files.

`pytest --hypothesis-profile explore` draws new cases, `pytest --update-golden` writes the golden
files anew.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Two processes share the machine: see `addopts` in pyproject.toml. Read by torch when it loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("suite", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("suite")

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"

Golden = Callable[[str, str], None]


_MACHINE = ("test_jobs", "test_timing", "test_passes", "test_check_device", "test_interrupts")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one process what shares a server or a fixture, and what two would disturb.

    The browser's tests share a server, those of processes and timings measure the machine; every
    other file is a group of its own.
    """
    for item in items:
        file = item.path.relative_to(TESTS)
        group = str(file)
        if file.parts[0] == "browser":
            group = "browser"
        elif file.parts[0] == "analysis" and file.stem in _MACHINE:
            group = "machine"
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with the golden file of a name."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
