"""`check-device`: what passes, what fails, and that torch's errors don't end it."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from analysis.costs.step import Dtype
from analysis.timing import check_device as module
from analysis.timing.check_device import BLOCK_BYTES, DeviceCheck, check_device
from analysis.timing.report import check_line
from analysis.timing.settings import Settings
from nets.spec import ResNetSpec
from tests.analysis.fake_accelerator import FakeAccelerator

META = torch.device("meta", 0)


@dataclass
class Stub:
    """The part of a timing that the checks read."""

    stage_sum_ratio: float = 1.02
    iterations: int = 50
    peak_memory_bytes: int | None = 1_100
    predicted_bytes: int = 1_000


@pytest.fixture(autouse=True)
def timed(monkeypatch: pytest.MonkeyPatch) -> tuple[Stub, list[Any]]:
    stub, asked = Stub(), list[Any]()

    def measure(report: Any, spec: ResNetSpec, settings: Settings) -> Stub:
        asked.append((str(spec), settings.device, settings.batch))
        return stub

    monkeypatch.setattr(module, "measure", measure)
    return stub, asked


def by_name(name: str | None = None) -> dict[str, DeviceCheck]:
    return {check.name: check for check in check_device(name)}


def test_without_an_accelerator_it_checks_the_cpu(
    monkeypatch: pytest.MonkeyPatch, timed: tuple[Stub, list[Any]]
) -> None:
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: None)
    found = by_name()
    assert list(found) == [
        "accelerator",
        "clock",
        "autocast bfloat16",
        "autocast float16",
        "stages",
    ]
    assert found["accelerator"].reason == ("none found, so the CPU and its clock are checked")
    assert found["clock"].reason.endswith(", 0 backward")
    assert all(check.passed for check in found.values())
    assert timed[1] == [("resnet20", "cpu", 8)]
    with pytest.raises(ValueError, match="no CUDA device here: use cpu"):
        by_name("cuda")


@pytest.mark.parametrize("ratio", [0.92, 1.08])
def test_stages_that_do_not_add_up(timed: tuple[Stub, list[Any]], ratio: float) -> None:
    timed[0].stage_sum_ratio = ratio
    found = module.stages(torch.device("cpu"))
    assert found == (
        False,
        f"those of resnet20 at batch 8 sum to {ratio:.3f} of the whole (0.93 to 1.07 passes), "
        "50 iterations",
    )


def test_a_clock_that_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([100, 90] * 5_000)
    monkeypatch.setattr(module, "perf_counter_ns", lambda: next(readings))
    passed, reason = module.host_clock()
    assert not passed
    assert reason.endswith("5000 backward")


def test_a_good_accelerator(monkeypatch: pytest.MonkeyPatch, timed: tuple[Stub, list[Any]]) -> None:
    fake = FakeAccelerator(monkeypatch)
    fake.use_host_time()
    fake.peak = BLOCK_BYTES
    found = by_name()
    assert found["accelerator"].reason == "meta:0, Fake 9000"
    good = ("events", "event time", "synchronisation", "memory figures", "memory of a step")
    for name in (*good, "stages"):
        assert found[name].passed, found[name]
    assert timed[1] == [("resnet18", "meta:0", 32), ("resnet18", "meta:0", 64)]
    for dtype in ("bfloat16", "float16"):  # torch has no autocast for the fake's tensors
        check = found[f"autocast {dtype}"]
        assert not check.passed
        assert check.reason == f"torch has no {dtype} autocast for meta here: use float32"


def test_events_that_turn_round(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAccelerator(monkeypatch)
    readings = iter([*range(2), *(i + 3 * (i % 2) for i in range(100))])
    fake.clock = lambda: float(next(readings))
    passed, reason = module.events(META)
    assert not passed
    assert reason == "50 gaps sum to 50.0 ms of 50.0 ms, 25 of them negative"


def test_events_that_do_not_tell_the_hosts_time(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeAccelerator(monkeypatch)  # a millisecond per event, regardless of the host
    assert not module.event_time(META)[0]


def test_a_synchronisation_that_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAccelerator(monkeypatch)
    fake.clock = iter([0.0, 10.0, 0.0, 10_000.0]).__next__
    passed, reason = module.synchronisation(META)
    assert not passed
    assert reason.startswith("10,000 ms of work: ")


@pytest.mark.parametrize(("peak", "passed"), [(0, False), (BLOCK_BYTES, True), (10**9, False)])
def test_memory_figures(monkeypatch: pytest.MonkeyPatch, peak: int, passed: bool) -> None:
    FakeAccelerator(monkeypatch).peak = peak
    assert module.memory_figures(META) == (
        passed,
        f"{peak:,} bytes at the peak of an allocation of 67,108,864",
    )


def test_no_memory_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeAccelerator(monkeypatch)

    def refuse(device: torch.device) -> int:
        raise RuntimeError("no statistics")

    monkeypatch.setattr(torch.accelerator, "max_memory_allocated", refuse)
    assert module.memory_figures(META) == (
        False,
        "torch reports no peak for this device, so timings leave it blank",
    )


@pytest.mark.parametrize(
    ("peak", "passed", "says"),
    [
        (1_100, True, "takes 1,100 bytes, 1.100 times the 1,000 predicted"),
        (899, False, "0.899 times the 1,000 predicted"),
        (1_501, False, "1.501 times the 1,000 predicted"),
        (None, False, "torch reports no peak for this device"),
    ],
)
def test_memory_of_a_step(
    peak: int | None, passed: bool, says: str, timed: tuple[Stub, list[Any]]
) -> None:
    timed[0].peak_memory_bytes = peak
    found = module.step_peak(torch.device("cpu"))
    assert found[0] is passed
    assert says in found[1]
    assert timed[1] == [("resnet18", "cpu", 32)]


def test_autocast_on_the_cpu() -> None:
    cpu = torch.device("cpu")
    words = "a convolution returns bfloat16, its weight's gradient is float32"
    assert module.autocast(cpu, Dtype.BFLOAT16) == (True, words)


@pytest.mark.parametrize(
    ("capability", "errors", "passed"),
    [
        ((9, 0), (1e-7, 3e-4), True),
        ((9, 0), (1e-7, 1e-7), False),
        ((9, 0), (3e-4, 3e-4), False),
        ((7, 5), (1e-7, 1e-7), True),
    ],
)
def test_tf32(
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int],
    errors: tuple[float, float],
    passed: bool,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(module, "_convolution_error", lambda device, on: errors[on])
    assert module.tf32_state(torch.device("cuda", 0))[0] is passed


def test_the_error_of_a_float32_convolution() -> None:
    assert 0 < module._convolution_error(torch.device("cpu"), on=False) < 1e-5


def test_what_torch_raises_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> tuple[bool, str]:
        raise NotImplementedError("not\nfor this device")

    monkeypatch.setattr(module, "host_clock", broken)
    check = by_name("cpu")["clock"]
    assert check == DeviceCheck("clock", False, "not for this device")
    assert check_line(check) == "fail  clock: not for this device"
    assert check_line(DeviceCheck("events", True, "fine")) == "pass  events: fine"
