"""The container files: every name in them is one of this repository, Streamlit or Dask."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Command
from distributed.cli import dask_scheduler, dask_worker
from streamlit.config import get_config_options

from analysis.__main__ import main as program
from analysis.images.roots import DATA_VARIABLE
from analysis.machine.cluster import TIMING_WORKER
from analysis.machine.queues import SCHEDULER

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())


def instructions(name: str) -> list[str]:
    """Return what follows each instruction of the Dockerfile with this name."""
    return re.findall(rf"^{name} +(.+)$", DOCKERFILE, re.MULTILINE)


def test_the_image_has_every_requirement_and_cpu_wheels() -> None:
    copied = instructions("COPY")[0].split()[:-1]
    assert {ROOT / name for name in copied} == set(ROOT.glob("requirements*.txt"))
    (install, _) = instructions("RUN")
    first, second = (shlex.split(part) for part in install.split("&&"))
    assert first[:2] == second[:2] == ["pip", "install"]
    assert {"torch", "torchvision"} <= set(first)
    assert first[-1].endswith("/whl/cpu")
    assert [name for name in second if name.endswith(".txt")] == copied


def test_the_app_runs_without_root_and_tells_its_health() -> None:
    assert instructions("USER") == ["lab"]
    assert "useradd --create-home lab" in instructions("RUN")[1]
    assert instructions("ENV") == [f"{DATA_VARIABLE}=/data"]
    command: list[str] = json.loads(instructions("CMD")[-1])
    assert command[:3] == ["streamlit", "run", "app.py"]
    assert (ROOT / "app.py").is_file()
    known = get_config_options()
    for option in command[3:]:
        name, _, value = option.removeprefix("--").partition("=")
        assert name in known
        assert value
    (health,) = re.findall(r"http://localhost:(\d+)(/[\w/]+)", DOCKERFILE)
    assert instructions("EXPOSE") == [health[0]]
    assert health == ("8501", "/_stcore/health")


@pytest.mark.parametrize(
    ("service", "command", "program"),
    [("scheduler", "scheduler", dask_scheduler.main), ("worker", "worker", dask_worker.main)],
)
def test_scheduler_and_workers_start_as_dask_and_the_sweep_want(
    service: str, command: str, program: Command
) -> None:
    dask, name, *options = COMPOSE["services"][service]["command"]
    assert (dask, name) == ("dask", command)
    program.make_context(command, options)  # raises if an option doesn't exist
    assert COMPOSE["services"][service]["image"] == COMPOSE["services"]["app"]["image"]


def test_two_workers_run_killable_children_of_one_thread() -> None:
    worker = COMPOSE["services"]["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["environment"] == {
        "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
        "OMP_NUM_THREADS": "1",
    }
    assert "DASK_DISTRIBUTED__WORKER__DAEMON=False dask worker" in (ROOT / "README.md").read_text()
    address = worker["command"][2]
    assert address == "tcp://scheduler:8786"
    assert COMPOSE["services"]["scheduler"]["command"][-2:-1] == ["8786"]
    assert COMPOSE["services"]["app"]["environment"] == {SCHEDULER: address}


def test_the_readme_names_the_variables_of_a_cluster() -> None:
    readme = (ROOT / "README.md").read_text()
    assert f"{SCHEDULER}=tcp://HOST:8786 {TIMING_WORKER}=one streamlit run app.py" in readme
    (options,) = re.findall(r"dask worker tcp://HOST:8786 (.*--name one)", readme)
    dask_worker.main.make_context("worker", ["tcp://HOST:8786", *shlex.split(options)])


def test_the_sweep_in_the_comment_is_a_command_of_this_program() -> None:
    (said,) = re.findall(r"python -m analysis (.+)", (ROOT / "compose.yaml").read_text())
    name, *options = shlex.split(said)
    command = program.commands[name]
    assert command.make_context(name, options, resilient_parsing=True).params["scheduler"] == (
        "tcp://scheduler:8786"
    )


def test_what_the_image_leaves_out_is_not_needed_to_run() -> None:
    left = (ROOT / ".dockerignore").read_text().split()
    assert {"docs", "tests"} <= set(left)
    assert {"analysis", "nets", "pages", "app.py"}.isdisjoint(left)
    assert "!.streamlit" in left
