"""The energy that a device has used, by its own counter: NVML for NVIDIA GPUs, RAPL for CPUs.

Both count the whole device, whoever uses it, and its idle power too. Where there is no counter, or
it can't be read, there is no figure.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import torch

RAPL = Path("/sys/class/powercap")
"""The folder in which Linux has the counters of a CPU's packages."""

WINDOW_SECONDS = 1.0
"""Shortest window of a measurement: NVML's counter moves about every 100 ms."""

WINDOWS = 3
"""Windows of a measurement."""


class Meter(ABC):
    """A counter of energy, read in joules since its first reading."""

    @abstractmethod
    def joules(self) -> float:
        """Return the energy used since the meter was made.

        Raises:
            OSError: if it can't be read any more.
        """


class RaplMeter(Meter):
    """The sum over a CPU's packages; each counter wraps around at its range."""

    def __init__(self, packages: Sequence[Path]) -> None:
        self._packages = packages
        self._ranges = [_number(package / "max_energy_range_uj") for package in packages]
        self._last = self._read()
        self._sum = 0

    def joules(self) -> float:
        """Return the energy; read the meter more often than a counter wraps around."""
        now = self._read()
        for before, after, most in zip(self._last, now, self._ranges, strict=True):
            self._sum += after - before if after >= before else after + most - before
        self._last = now
        return self._sum / 1e6

    def _read(self) -> list[int]:
        return [_number(package / "energy_uj") for package in self._packages]


class NvmlMeter(Meter):
    """An NVIDIA GPU, from Volta on (nvmlDeviceGetTotalEnergyConsumption, in mJ)."""

    def __init__(self, total_mj: Callable[[], int]) -> None:
        self._total_mj = total_mj
        self._first = total_mj()

    def joules(self) -> float:
        """Return the energy."""
        try:
            return (self._total_mj() - self._first) / 1e3
        except Exception as error:  # NVML's own errors have no common public type
            raise OSError(f"NVML can't be read: {error}") from None


def meter_of(device: torch.device) -> Meter | None:
    """Return a meter of a device's energy, or None if this machine has no counter."""
    if device.type == "cpu":
        return _rapl()
    if device.type == "cuda":
        with suppress(Exception):  # the package, the driver or the counter is missing
            return _nvml(device)
    return None


def _rapl() -> Meter | None:
    packages = sorted(
        path
        for path in RAPL.glob("intel-rapl:*")
        if path.name.count(":") == 1  # whole packages, not their parts such as intel-rapl:0:1
    )
    try:
        return RaplMeter(packages) if packages else None
    except (OSError, ValueError):  # since 2020, only root may read it
        return None


def _number(path: Path) -> int:
    return int(path.read_text())


def _nvml(device: torch.device) -> Meter:
    import pynvml  # optional dependency: nvidia-ml-py

    pynvml.nvmlInit()
    uuid = str(torch.cuda.get_device_properties(device).uuid)
    handle = pynvml.nvmlDeviceGetHandleByUUID(uuid if uuid.startswith("GPU-") else f"GPU-{uuid}")
    return NvmlMeter(lambda: int(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)))


def joules_per_image(
    meter: Meter, work: Callable[[], int], clock: Callable[[], float] = perf_counter
) -> Iterator[float]:
    """Yield the joules per image of a few windows of at least a second each.

    Args:
        meter: of the device that works.
        work: keeps the device busy for a while, waits for it, and returns how many images it did.
        clock: the time in seconds.

    Raises:
        OSError: if the meter can't be read any more.
    """
    for _ in range(WINDOWS):
        start, before, images = clock(), meter.joules(), 0
        while clock() - start < WINDOW_SECONDS:
            images += work()
        yield (meter.joules() - before) / images
