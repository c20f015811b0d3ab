"""Energy by the counters of a device, faked: no machine of the tests has one that can be read."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from analysis.machine import energy
from analysis.machine.energy import Meter, NvmlMeter, RaplMeter, joules_per_image, meter_of

CPU = torch.device("cpu")


def package(folder: Path, name: str, microjoules: int, most: int = 1_000_000) -> Path:
    path = folder / name
    path.mkdir(exist_ok=True)
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text(f"{most}\n")
    return path


def test_packages_are_added_up_and_begin_anew(tmp_path: Path) -> None:
    one, two = package(tmp_path, "intel-rapl:0", 900_000), package(tmp_path, "intel-rapl:1", 100)
    meter = RaplMeter([one, two])
    assert meter.joules() == 0
    package(tmp_path, "intel-rapl:0", 50_000)  # it went from 0.9 J past its end at 1 J
    package(tmp_path, "intel-rapl:1", 200_100)
    assert meter.joules() == pytest.approx(0.15 + 0.2)
    package(tmp_path, "intel-rapl:0", 60_000)
    assert meter.joules() == pytest.approx(0.36)


def test_parts_of_a_package_are_not_counted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(energy, "RAPL", tmp_path)
    assert meter_of(CPU) is None
    package(tmp_path, "intel-rapl:0", 0)
    package(tmp_path, "intel-rapl:0:0", 0)
    meter = meter_of(CPU)
    assert meter is not None
    package(tmp_path, "intel-rapl:0", 3_000)
    package(tmp_path, "intel-rapl:0:0", 2_000)
    assert meter.joules() == pytest.approx(0.003)


def test_a_counter_that_cannot_be_read_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(energy, "RAPL", tmp_path)
    (package(tmp_path, "intel-rapl:0", 0) / "energy_uj").unlink()
    assert meter_of(CPU) is None
    assert meter_of(torch.device("mps")) is None
    monkeypatch.setitem(sys.modules, "pynvml", None)  # the package isn't installed
    assert meter_of(torch.device("cuda", 0)) is None


def test_a_gpu_is_found_by_its_uuid(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    totals = iter([5_000, 5_250])
    fake = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=asked.append,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: next(totals),
    )
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="1f-2e")
    )
    meter = meter_of(torch.device("cuda", 0))
    assert meter is not None
    assert asked == ["GPU-1f-2e"]
    assert meter.joules() == 0.25
    with pytest.raises(OSError, match="NVML can't be read"):
        meter.joules()


class Given(Meter):
    def __init__(self, readings: list[float]) -> None:
        self.readings = iter(readings)

    def joules(self) -> float:
        return next(self.readings)


def test_windows_last_at_least_a_second() -> None:
    times = iter([0.0, 0.0, 0.4, 1.0, 1.0, 1.0, 2.5, 2.5, 2.5, 3.4, 3.6])
    done = iter([4, 6, 15, 8, 2])
    meter = Given([10.0, 30.0, 30.0, 75.0, 75.0, 115.0])
    found = list(joules_per_image(meter, lambda: next(done), lambda: next(times)))
    assert found == [2.0, 3.0, 4.0]


def test_joules_of_a_gpu_are_a_difference() -> None:
    totals = iter([1_000, 3_500])
    assert NvmlMeter(lambda: next(totals)).joules() == 2.5
