"""Devices, memory figures and the stamp of a measurement."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch
from torch.utils import collect_env

from analysis.machine import devices as machine
from analysis.machine.devices import PeakMemory, device_of, devices, environment, free_bytes
from tests.analysis.fake_accelerator import FakeAccelerator

CPU, META = torch.device("cpu"), torch.device("meta", 0)


@pytest.fixture
def no_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: None)


@pytest.mark.usefixtures("no_accelerator")
def test_without_an_accelerator_there_is_the_cpu() -> None:
    assert devices() == ("cpu",)
    assert device_of("cpu") == CPU
    for name in ("cpu:0", "CPU", ""):
        with pytest.raises(ValueError, match=rf"^device must be one of cpu here, not '{name}'$"):
            device_of(name)
    for name, kind in (("cuda", "CUDA"), ("cuda:1", "CUDA"), ("mps", "MPS")):
        with pytest.raises(ValueError, match=rf"^no {kind} device here: use cpu$"):
            device_of(name)


def test_one_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeAccelerator(monkeypatch)
    assert devices() == ("cpu", "meta")
    assert device_of("meta") == device_of("meta:0") == META
    with pytest.raises(ValueError, match=r"^device must be one of cpu, meta here, not 'meta:1'$"):
        device_of("meta:1")


def test_two_accelerators(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeAccelerator(monkeypatch, count=2)
    assert devices() == ("cpu", "meta:0", "meta:1")
    assert device_of("meta:1") == torch.device("meta", 1)
    assert device_of("meta") == META
    with pytest.raises(ValueError, match="no CUDA device here: use cpu, meta:0 or meta:1"):
        device_of("cuda")


def test_free_memory_of_an_accelerator_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAccelerator(monkeypatch)
    fake.free = 12_345
    assert free_bytes(META) == 12_345


def test_free_memory_of_the_cpu_minds_the_containers_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=5_000))
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert free_bytes(CPU) == 5_000
    (tmp_path / "memory.current").write_text("1500\n")
    (tmp_path / "memory.stat").write_text("anon 900\ninactive_file 400\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes(CPU) == 5_000
    (tmp_path / "memory.max").write_text("2000\n")
    assert free_bytes(CPU) == 2_000 - 1_500 + 400
    (tmp_path / "memory.max").write_text("9000\n")
    assert free_bytes(CPU) == 5_000


def test_peak_memory_leaves_out_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAccelerator(monkeypatch)
    memory = PeakMemory(META)
    memory.restart()
    fake.peak = 777
    assert memory.bytes() == 777
    assert fake.log == ["reset peak"]


def test_peak_memory_is_unknown_where_torch_tells_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PeakMemory(CPU).bytes() is None
    FakeAccelerator(monkeypatch)

    def refuse(device: torch.device) -> int:
        raise RuntimeError("the allocator has no statistics")

    monkeypatch.setattr(torch.accelerator, "memory_allocated", refuse)
    monkeypatch.setattr(torch.accelerator, "max_memory_allocated", refuse)
    memory = PeakMemory(META)
    memory.restart()
    assert memory.bytes() is None


def test_the_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeAccelerator(monkeypatch)
    stamp = environment(META)
    assert stamp.torch == torch.__version__
    assert stamp.accelerator == "Fake 9000"
    assert stamp.cpu == machine.cpu_name() != ""
    assert (stamp.driver, stamp.runtime, stamp.tf32, stamp.cudnn_benchmark) == (None,) * 4
    assert stamp.date.endswith("+00:00")
    assert environment(CPU).accelerator is None


@pytest.mark.parametrize(
    ("number", "shown"),
    [(91900, ", cuDNN 9.19.0"), (90101, ", cuDNN 9.1.1"), (8902, ", cuDNN 8.9.2"), (None, "")],
)
def test_cudnn_has_a_version_as_its_releases_do(
    monkeypatch: pytest.MonkeyPatch, number: int | None, shown: str
) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: number)
    assert machine.runtime_version("cuda") == f"CUDA 13.0{shown}"


def test_cudas_flags_are_read_from_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeAccelerator(monkeypatch)
    monkeypatch.setattr(collect_env, "get_nvidia_driver_version", lambda run: "555.42")
    machine.driver_version.cache_clear()
    stamp = environment(torch.device("cuda", 0))
    machine.driver_version.cache_clear()
    assert stamp.driver == "555.42"
    assert stamp.tf32 is True  # cuDNN allows it by default
    assert stamp.cudnn_benchmark is False
    assert stamp.runtime is not None
    assert stamp.runtime.startswith(("CUDA ", "ROCm "))
