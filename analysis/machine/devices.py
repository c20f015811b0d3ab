"""Information on this machine: torch's devices, their memory, and the stamp of a measurement."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import torch
from torch.utils import collect_env

from nets.options import quote

CGROUP = Path("/sys/fs/cgroup")
"""The folder with a container's memory limit on Linux; psutil sees only the whole machine's."""


_KINDS = {"cuda": "CUDA", "mps": "MPS", "xpu": "XPU"}


def accelerator() -> torch.device | None:
    """Return the accelerator that works here, or None, as for a CUDA build without a driver."""
    return torch.accelerator.current_accelerator(check_available=True)


def devices() -> tuple[str, ...]:
    """Return the names of the devices that can be timed, the CPU first."""
    found = accelerator()
    if found is None:
        return ("cpu",)
    count = torch.accelerator.device_count()
    if count == 1:
        return ("cpu", found.type)
    return ("cpu", *(f"{found.type}:{i}" for i in range(count)))


def device_of(name: str) -> torch.device:
    """Return the device of a name such as `cpu`, `cuda` or `cuda:1`.

    Raises:
        ValueError: if this machine has no such device; the error lists the available ones.
    """
    if name == "cpu":
        return torch.device("cpu")
    found = accelerator()
    if found is not None:
        if name == found.type:
            return torch.device(found.type, torch.accelerator.current_device_index())
        for index in range(torch.accelerator.device_count()):
            if name == f"{found.type}:{index}":
                return torch.device(found.type, index)
    kind = name.partition(":")[0]
    if kind in _KINDS and (found is None or found.type != kind):
        ways = " or ".join(", ".join(devices()).rsplit(", ", 1))
        raise ValueError(f"no {_KINDS[kind]} device here: use {ways}")
    raise ValueError(f"device must be one of {', '.join(devices())} here, not {quote(name)}")


def device_name(device: torch.device) -> str:
    """Return the manufacturer's name of a device."""
    if device.type == "cpu":
        return cpu_name()
    module = torch.get_device_module(device)
    if hasattr(module, "get_device_name"):
        return str(module.get_device_name(device))
    return f"{device.type} of {cpu_name()}"


@cache
def cpu_name() -> str:
    """Return the processor's model name, or its architecture if the system gives no name."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        ask = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()


@cache
def driver_version(kind: str) -> str | None:
    """Return the driver version of a kind of device, or None if it isn't available."""
    if kind == "cuda" and torch.version.hip is None:
        found: str | None = collect_env.get_nvidia_driver_version(collect_env.run)
        return found
    if kind == "xpu":
        return str(torch.xpu.get_device_properties().driver_version)
    return None


def runtime_version(kind: str) -> str | None:
    """Return the versions of CUDA and cuDNN, or of ROCm, that torch was built with."""
    if kind != "cuda":
        return None
    if torch.version.hip is not None:
        return f"ROCm {torch.version.hip}"
    cudnn = torch.backends.cudnn.version()
    return f"CUDA {torch.version.cuda}{f', cuDNN {_dotted(cudnn)}' if cudnn else ''}"


def _dotted(version: int) -> str:
    """Return a version of cuDNN, which has two digits a part from version 9 on: `9.19.0`."""
    major, rest = divmod(version, 10_000 if version >= 90_000 else 1_000)
    return f"{major}.{rest // 100}.{rest % 100}"


def free_bytes(device: torch.device) -> int:
    """Return the free memory of a device; an MPS device shares the CPU's."""
    if device.type != "cpu":
        module = torch.get_device_module(device)
        if hasattr(module, "mem_get_info"):
            return int(module.mem_get_info(device)[0])
    free = int(psutil.virtual_memory().available)
    limited = _cgroup_free()
    return free if limited is None else min(free, limited)


def _cgroup_free() -> int | None:
    """Return the memory that a container's limit leaves free, including reclaimable file caches."""
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = int((CGROUP / "memory.current").read_text())
        stat = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
    except OSError:
        return None
    return None if limit == "max" else int(limit) - used + int(stat["inactive_file"])


class PeakMemory:
    """The peak bytes of tensors on a device, above those allocated when this was created.

    The peak is None on the CPU, where torch doesn't count, and on devices whose allocator doesn't
    report it.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._before = self._ask(torch.accelerator.memory_allocated)

    def restart(self) -> None:
        """Reset the peak."""
        if self._before is not None:
            with suppress(RuntimeError):  # the backend doesn't report it, as in `_ask`
                torch.accelerator.reset_peak_memory_stats(self.device)

    def bytes(self) -> int | None:
        """Return the peak since the last restart."""
        peak = self._ask(torch.accelerator.max_memory_allocated)
        return peak - self._before if peak and self._before is not None else None

    def _ask(self, figure: Callable[[torch.device], int]) -> int | None:
        if self.device.type == "cpu":
            return None
        try:
            return figure(self.device)
        except RuntimeError:  # the backend doesn't report this figure
            return None


@dataclass(frozen=True)
class Environment:
    """The conditions of a measurement. Flags are read from torch at run time."""

    torch: str
    python: str
    platform: str
    cpu: str
    accelerator: str | None
    driver: str | None
    runtime: str | None
    tf32: bool | None
    cudnn_benchmark: bool | None
    date: str


def environment(device: torch.device) -> Environment:
    """Return the stamp for a measurement on a device now; the date is in UTC."""
    cuda = device.type == "cuda"
    cudnn: Any = torch.backends.cudnn
    return Environment(
        torch=torch.__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cpu=cpu_name(),
        accelerator=None if device.type == "cpu" else device_name(device),
        driver=driver_version(device.type),
        runtime=runtime_version(device.type),
        tf32=cudnn.conv.fp32_precision == "tf32" if cuda else None,
        cudnn_benchmark=cudnn.benchmark if cuda else None,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@contextmanager
def drawing(device: torch.device, seed: int) -> Iterator[None]:
    """Seed the random numbers of the CPU and of one device temporarily."""
    if device.type == "cpu":
        with seeded(seed):
            yield
        return
    with torch.random.fork_rng([device.index or 0], device_type=device.type):
        torch.get_device_module(device).manual_seed(seed)
        yield


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the CPU's random numbers temporarily; torch.manual_seed would seed all devices."""
    state = torch.random.get_rng_state()
    try:
        torch.default_generator.manual_seed(seed)
        yield
    finally:
        torch.random.set_rng_state(state)
