"""The settings that identify a timing, and the timing in a result's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from analysis.costs.step import Dtype
from analysis.machine.devices import Environment
from analysis.results.form import Result, hash_of
from analysis.results.recorded import recordings
from analysis.timing.measure import Iteration, Spread, StageTime, Timing
from analysis.timing.settings import Settings

TIME = "time"
"""The kind of the results."""


def asked_of(model: str, settings: Settings, threads: int) -> dict[str, Any]:
    """Return the settings that identify a timing: device and threads too, but not the time limit.

    Blocks are named only if they are timed, so that other timings keep their hashes.

    Args:
        model: the network's text.
        settings: how it is timed.
        threads: torch's number on the CPU.
    """
    asked = {
        name: value
        for name, value in asdict(settings).items()
        if name not in ("precision", "seconds") and not (name == "blocks" and not value)
    }
    return {**asked, "model": model, "threads": threads}


def timing_hash(model: str, settings: Settings, threads: int) -> str:
    """Return the hash of a question, before anything is timed."""
    return hash_of(TIME, asked_of(model, settings, threads))


def recorded_timings(model: str) -> list[Result]:
    """Return a network's timings that ship with the app, the fastest first."""
    own = (result for result in recordings().values() if result.kind == TIME)
    found = [result for result in own if result.figures["model"] == model]
    return sorted(found, key=lambda result: -float(result.figures["images_per_s"]))


def nearest(results: Sequence[Result], settings: Settings) -> Result | None:
    """Return the timing whose settings are most like these; of several, the first.

    The pass counts most, then the dtype, the batch, and the layout of the channels.
    """

    def likeness(result: Result) -> tuple[bool, ...]:
        names = ("inference", "dtype", "batch", "channels_last")
        return tuple(result.asked[name] == getattr(settings, name) for name in names)

    return max(results, key=likeness, default=None)


def timing_of(result: Result) -> Timing:
    """Return the timing that a result holds.

    Raises:
        ValueError: if it holds none, or one of a device that is not on this machine.
    """
    if result.kind != TIME:
        raise ValueError(f"this is a result of {result.kind}, not of timing")
    figures: dict[str, Any] = dict(result.figures)
    try:
        asked = dict(result.asked)
        model = asked.pop("model")
        asked["dtype"] = Dtype(asked["dtype"])
        samples = figures["samples"]
        length = len(samples["forward_ms"])
        columns = [samples[name] or [None] * length for name in Iteration._fields]
        return Timing(
            model=model,
            settings=Settings(**asked),
            threads=figures["threads"],
            forward_ms=Spread(**figures["forward_ms"]),
            backward_ms=_spread(figures["backward_ms"]),
            optimiser_ms=_spread(figures["optimiser_ms"]),
            step_ms=_spread(figures["step_ms"]),
            host_ms=Spread(**figures["host_ms"]),
            stages=tuple(StageTime(**stage) for stage in figures["stages"]),
            blocks=tuple(StageTime(**block) for block in figures.get("blocks", ())),
            joules=tuple(figures.get("joules_per_image", ())),
            **{name: figures[name] for name in _PLAIN},
            samples=tuple(Iteration(*row) for row in zip(*columns, strict=True)),
            environment=Environment(**result.stamp),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"this isn't a result of timing: {error}") from None


_PLAIN = (
    "images_per_s",
    "forward_tflops",
    "stage_sum_ratio",
    "peak_memory_bytes",
    "predicted_bytes",
    "compile_seconds",
    "warm_up_iterations",
    "stable",
    "interval",
)


def _spread(values: dict[str, float] | None) -> Spread | None:
    return None if values is None else Spread(**values)
