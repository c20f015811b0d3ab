"""The server's addresses, its requests to other machines, and the jobs of closed pages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import InvalidStatus

from tests.server import ROOT, open_page, run_script, serving, until_finished

SITE = """
import ipaddress, sys

HERE = {"localhost", "127.0.0.1", "::1", "", None}

def listen(event, args):
    if event in ("socket.connect", "socket.sendto"):
        host = args[1][0] if isinstance(args[1], tuple) else None
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if host not in HERE:
        with open(FILE, "a") as asked:
            print(host, file=asked)
        raise OSError(f"{host} is another machine")

sys.addaudithook(listen)
"""
"""A sitecustomize module, run first by Python: record and refuse contact with other machines."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that lists the other machines contacted by the server."""
    folder = tmp_path_factory.mktemp("site")
    file = folder / "asked"
    file.touch()
    (folder / "sitecustomize.py").write_text(SITE.replace("FILE", repr(str(file))))
    return file


@pytest.fixture(scope="module")
def server(asked: Path) -> Iterator[tuple[int, int]]:
    with serving(ROOT / "app.py", asked.parent) as server:
        yield server


def test_it_listens_to_this_machine_alone(server: tuple[int, int]) -> None:
    port, pid = server
    connections = psutil.Process(pid).net_connections("inet")
    listening = {c.laddr for c in connections if c.status == psutil.CONN_LISTEN}
    assert listening == {("127.0.0.1", port)}


def test_a_visit_asks_no_other_machine(server: tuple[int, int], asked: Path) -> None:
    port, _ = server
    for origin in (f"http://localhost:{port}", f"http://127.0.0.1:{port}", None):
        with open_page(port, origin) as page:
            run_script(page)
            until_finished(page)
    assert asked.read_text() == ""


def test_a_foreign_page_is_refused(server: tuple[int, int], asked: Path) -> None:
    """Streamlit first looks up this machine's addresses to compare them with the origin."""
    port, _ = server
    with pytest.raises(InvalidStatus, match="403"):
        open_page(port, "https://example.org")
    looked_up = {"8.8.8.8", "checkip.amazonaws.com"}
    assert set(asked.read_text().split()) <= looked_up
    configuration = (ROOT / ".streamlit" / "config.toml").read_text()
    assert all(address in configuration for address in looked_up)


APP = """
from pathlib import Path
import streamlit as st
from analysis.machine.jobs import JobState, worker
from pages.ui import jobs
from tests.analysis import works
if __name__ == "__main__":
    jobs.start("work", works.hold, Path(st.query_params["gate"]), seconds=600.0)
    with worker()._changed:
        worker()._changed.wait_for(lambda: jobs.job_of("work").state is JobState.RUNNING)
"""
"""An app whose script ends as soon as the visitor's job runs."""


def test_a_closed_page_frees_its_place(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    for gate in "ab":
        os.mkfifo(tmp_path / gate)
    with serving(tmp_path / "app.py") as (port, _), open_page(port) as second:
        with open_page(port) as first:
            run_script(first, f"gate={tmp_path / 'a'}")
            until_finished(first)
            run_script(second, f"gate={tmp_path / 'b'}")
            with pytest.raises(TimeoutError):
                until_finished(second, 3)
        until_finished(second, 15)


def test_the_app_starts_without_torch() -> None:
    """Torch takes seconds to load: the first page is drawn before."""
    heavy = "{'torch', 'torchvision', 'matplotlib', 'dask', 'distributed'}"
    code = f"import sys, app; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"
