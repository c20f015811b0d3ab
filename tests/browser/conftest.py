"""Start a server and a real browser."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

VARIABLE = "RESNET_LAB_SWEEPS"
ROOT = Path(__file__).parents[2]
READY = "[data-testid='stApp'][data-test-script-state='notRunning']"

CHROMIUM = ("chromium-headless-shell", "chromium", "google-chrome")
"""Chromium's names on a system; its headless shell needs a quarter less CPU."""

Arrive = Callable[..., Page]
Visit = Callable[..., Page]

expect.set_options(timeout=20_000)


@contextmanager
def serving(sweeps: Path | None = None) -> Iterator[str]:
    """Start a new server on a free port, with a folder of sweeps; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")}
    server = subprocess.Popen(
        [*command, f"--server.port={port}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean | ({VARIABLE: str(sweeps)} if sweeps else {}),
    )
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if "URL:" in line:
                break
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=20)


@pytest.fixture(scope="session")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the server's folder of sweeps, which is empty."""
    return tmp_path_factory.mktemp("sweeps")


@pytest.fixture(scope="session")
def server(sweeps: Path) -> Iterator[str]:
    """Start one server for all tests that don't need a fresh one."""
    with serving(sweeps) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start headless Chromium: the system's, or the one installed by Playwright."""
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, CHROMIUM)), None)
        path = found or playwright.chromium.executable_path
        if not Path(path).exists():
            need = "no Chromium: run `playwright install chromium` or `apt-get install chromium`"
            if os.environ.get("RESNET_LAB_BROWSER_REQUIRED"):
                pytest.fail(need)
            pytest.skip(need)
        chromium = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def tabs(browser: Browser) -> list[Page]:
    """Keep the tabs that visitors have left: a warm tab opens a page three times as fast."""
    return []


@pytest.fixture
def arrive(browser: Browser, tabs: list[Page]) -> Iterator[Arrive]:
    """Return a function that gives a new visitor's tab, of a size in px, before it opens a page.

    Each visitor has a context without storage or cookies. The tab may be warm, with the app's
    scripts loaded and compiled; a `newcomer` gets a cold one. No page may contact another machine.
    """
    came: list[Page] = []
    newcomers: list[Page] = []
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        if not re.match(r"(https?|wss?)://localhost:|data:|blob:", request.url):
            elsewhere.append(request.url)

    def come(width: int = 1280, height: int = 900, newcomer: bool = False) -> Page:
        page = browser.new_context().new_page() if newcomer or not tabs else tabs.pop()
        (newcomers if newcomer else came).append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.on("request", note)
        return page

    yield come
    for page in newcomers:
        page.context.close()
    for page in came:
        page.remove_listener("request", note)
        forget(page)
    tabs.extend(reversed(came))  # reuse the tab with the most cached scripts first
    assert elsewhere == []


@pytest.fixture
def visit(arrive: Arrive) -> Visit:
    """Return a function that opens an address as a new visitor and waits for the page."""

    def go(address: str, *size: int, **how: Any) -> Page:
        page = arrive(*size, **how)
        page.goto(address)
        settled(page)
        return page

    return go


def forget(page: Page) -> None:
    """Leave the app and clear the visitor's data, but not the browser's cache."""
    page.mouse.move(0, 0)
    page.emulate_media(color_scheme="light")
    page.goto(urljoin(page.url, "/_stcore/health"))
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    page.context.clear_cookies()


def settled(page: Page) -> None:
    """Wait until the server has drawn everything, without an error box of Streamlit's."""
    page.wait_for_selector(READY, timeout=60_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def drawn(page: Page) -> None:
    """Wait until the browser has drawn everything, too."""
    settled(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


ANSWERED = """(app) => ({ run: new Promise((done, fail) => {
  setTimeout(() => fail(new Error("no run followed")), 20_000);
  new MutationObserver((_, observer) => {
    if (app.dataset.testScriptState !== "notRunning") return;
    observer.disconnect();
    done();
  }).observe(app, { attributeFilter: ["data-test-script-state"] });
}) })"""


def travel(page: Page, step: Callable[[], object]) -> None:
    """Go back or forward in the browser's history and wait for the run that follows.

    A second step before the server has answered the first one makes Streamlit add steps to the
    history, so the next step leads elsewhere.
    """
    answered = page.locator(READY).evaluate_handle(ANSWERED)
    step()
    answered.evaluate("({ run }) => run")


# The cumulative layout shift so far, as browsers define it: shifts after an input don't count.
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) sum += hadRecentInput ? 0 : value;
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""

MOST_SHIFT = 0.1  # the upper limit of "good"; "poor" begins at 0.25


def shift(page: Page) -> float:
    """Return the page's cumulative layout shift since it was opened."""
    drawn(page)
    page.evaluate("() => document.fonts.ready.then(() => true)")
    moved: float = page.evaluate(SHIFT)
    return moved
