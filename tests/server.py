"""A real server without a browser: start it and talk to it as a browser does."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parents[1]


@contextmanager
def serving(app: Path, *python_path: Path) -> Iterator[tuple[int, int]]:
    """Serve an app, with these folders on Python's path; yield its port and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join(map(str, [*python_path, ROOT]))
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")}
    command = [sys.executable, "-m", "streamlit", "run", app.name]
    server = subprocess.Popen(
        [*command, "--server.headless=true", f"--server.port={port}"],
        cwd=app.parent,
        env=clean | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert any("URL:" in line for line in server.stdout)
        yield port, server.pid
    finally:
        server.terminate()
        server.communicate(timeout=60)


def open_page(port: int, origin: str | None = None) -> ClientConnection:
    """Connect as a page from an origin does."""
    return connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=origin)  # type: ignore[arg-type]


def run_script(page: ClientConnection, query: str = "") -> None:
    """Ask the server to run the script."""
    ask = BackMsg()
    ask.rerun_script.query_string = query
    page.send(ask.SerializeToString())


def until_finished(page: ClientConnection, seconds: float = 60.0) -> None:
    """Wait until the script has run, for at most `seconds` per message."""
    answer = ForwardMsg()
    while answer.WhichOneof("type") != "script_finished":
        data = page.recv(timeout=seconds)
        assert isinstance(data, bytes)
        answer.ParseFromString(data)
