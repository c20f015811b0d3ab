"""Run the app without a browser."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, local_script_runner

from pages.ui import words
from pages.ui.parameters import unknown

APP = Path(__file__).parents[2] / "app.py"
Open = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def _scan_once() -> Iterator[None]:
    """Scan the installed packages for Streamlit components once instead of for every app."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(scope="session", autouse=True)
def _run_at_once() -> Iterator[None]:
    """Wait for a script's thread instead of asking every millisecond; compile each page once."""

    def wait(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
        assert runner._script_thread is not None
        runner._script_thread.join(timeout)
        ask(runner, 0.0 if runner._script_thread.is_alive() else timeout)

    with pytest.MonkeyPatch.context() as patch:
        ask = local_script_runner.require_widgets_deltas
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        patch.setattr(local_script_runner, "ScriptCache", cache(ScriptCache))
        yield


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a store of results of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _usual_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write names and figures with the hyphens and spaces that a test is typed with."""
    monkeypatch.setattr(words, "_FIRM", {})
    monkeypatch.setattr(words, "_SPACE", " ")


@pytest.fixture
def open_app() -> Iterator[Open]:
    """Return a function that opens a page of the app with a model and parameters in the address.

    After the test, every setting that a page read must be one of that page's parameters.
    """
    opened = []

    def run(model: str | None = None, page: str | None = None, **parameters: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        for name, value in parameters.items():
            app.query_params[name] = value
        if model is not None:
            app.query_params["model"] = model
        if page is not None:
            app.switch_page(f"pages/{page}.py")
        opened.append(app)
        return app.run()

    yield run
    for app in opened:
        if "view_of_address" in app.session_state:
            for name, read in app.session_state["view_of_address"].keys.items():
                assert not unknown(name, read)
