"""Results that ship with the app; each was measured once, with the command of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis.results.form import Result, read_result
from analysis.style.language import counted, translate
from analysis.style.stamps import a_machine

FOLDER = Path(__file__).with_name("recorded")
"""The folder of recorded results, with the commands that made them."""


def recorded(name: str) -> Result | None:
    """Return the recorded result of a question by its hash, or None."""
    return recordings().get(name)


def whence(result: Result) -> str:
    """Return a sentence on when and on which processor a result was measured or recorded."""
    where, machine = result.stamp, _machine(result.stamp)
    day, time = str(where["date"])[:10], str(where["date"])[11:16]
    if recorded(result.hash) is result:
        return translate("Recorded on {day} on {machine}.", day=day, machine=machine)
    return translate(
        "Measured on this server on {day} at {time} UTC on {machine}.",
        day=day,
        time=time,
        machine=machine,
    )


def where_measured(stamp: Mapping[str, Any]) -> str:
    """Return a sentence on when and on which processor something was measured."""
    return f"Measured on {str(stamp['date'])[:10]} on {_machine(stamp)}."


def _machine(stamp: Mapping[str, Any]) -> str:
    if stamp["accelerator"]:
        return a_machine(stamp["accelerator"])
    threads = counted(int(stamp.get("threads") or 1), "{number} thread", "{number} threads")
    return translate("{cpu}, {threads}", cpu=a_machine(stamp["cpu"]), threads=threads)


@lru_cache(1)
def recordings() -> Mapping[str, Result]:
    """Return all results that ship with the app, by hash."""
    results = [read_result(path) for path in sorted(FOLDER.rglob("*.json*"))]
    return {result.hash: result for result in results}
