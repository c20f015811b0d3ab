"""A trace of one iteration by torch's profiler, for Chrome's tracing page or Perfetto."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile, record_function

from analysis.costs.profiles import check_trainable
from analysis.costs.profiles import profile as count
from analysis.machine.clock import clock_of
from analysis.machine.devices import device_of, environment
from analysis.timing.measure import Progress, failing_in_words
from analysis.timing.passes import Passes, check_autocast, prepared
from analysis.timing.results import asked_of
from analysis.timing.settings import Settings, check_fits
from nets.spec import ResNetSpec

WARM_UP = 3
"""Iterations before the one that is traced."""


@dataclass(frozen=True)
class Trace:
    """A trace of one iteration: the network, how it ran, and the file as JSON."""

    model: str
    settings: Settings
    text: str


def trace(report: Callable[[Progress], None], spec: ResNetSpec, settings: Settings) -> Trace:
    """Trace one iteration, after a few others.

    Every block's forward is a range with its path, unless the network is compiled. Under
    `resnet_lab`, the trace has the settings and the environment.

    Args:
        report: unused, as a trace has no progress to tell.
        spec: the network.
        settings: how it runs; the time limit doesn't apply.

    Raises:
        ValueError: as `measure`.
        RuntimeError: as `measure`.
    """
    device = device_of(settings.device)
    cost = count(spec, batch=settings.batch)
    if not settings.inference:
        check_trainable(cost)
    check_autocast(settings, device)
    check_fits(cost, settings)
    clock = clock_of(device)
    with prepared(settings, device), failing_in_words(cost, settings):
        whole = replace(settings, blocks=not settings.compile)
        passes = Passes(spec, whole, device, clock)
        if settings.compile:
            passes.compile()
        steps = passes.whole if settings.compile else (_named(passes),)
        for _ in range(WARM_UP):
            passes.run(steps)
        clock.synchronise()
        os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # silence the profiler on stderr
        activities = [ProfilerActivity.CPU]
        if device.type == "cuda":
            activities.append(ProfilerActivity.CUDA)
        with profile(activities=activities, record_shapes=True) as found:
            passes.run(steps)
            clock.synchronise()
        asked = asked_of(str(spec), settings, torch.get_num_threads())
        stamp = {"asked": asked, "stamp": asdict(environment(device))}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        found.export_chrome_trace(str(path))
        traced = json.loads(path.read_bytes())
    del traced["host_name"]
    traced |= {"traceName": str(spec), "resnet_lab": stamp}
    return Trace(str(spec), settings, json.dumps(traced, separators=(",", ":")))


def _named(passes: Passes) -> Callable[[Tensor], Tensor]:
    """Return the network as one step with a named range around each of its parts."""

    def whole(y: Tensor) -> Tensor:
        for name, step in zip(passes.names, passes.stages, strict=True):
            with record_function(name):
                y = step(y)
        return y

    return whole
