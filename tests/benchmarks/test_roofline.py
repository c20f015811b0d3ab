"""ResNet-50 under this machine's roof, on one thread; the machine must be quiet."""

import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch.nn.functional import conv2d

from analysis.machine.clock import HostClock
from analysis.timing.roofline import ABOVE, _rate, roofline
from analysis.timing.settings import Settings
from nets import parse

BATCH = 8


def best_convolution() -> float:
    """FLOP/s of the 3x3 convolution of layer3."""
    x = torch.randn(BATCH, 256, 14, 14).to(memory_format=torch.channels_last)
    weight = torch.randn(256, 256, 3, 3).to(memory_format=torch.channels_last)
    operations = 2 * BATCH * 256 * 256 * 9 * 14 * 14
    with torch.inference_mode():
        return _rate(HostClock(), operations, lambda: conv2d(x, weight, padding=1))


def test_no_stage_is_above_the_roof(benchmark: BenchmarkFixture) -> None:
    settings = Settings(batch=BATCH, threads=1, channels_last=True, seconds=30)
    found = roofline(lambda _: None, parse("resnet50"), settings)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        conv: float = benchmark(best_convolution)
    finally:
        torch.set_num_threads(threads)
    stages = {one.name: one for one in found.points}
    benchmark.extra_info |= {name: round(one.share, 3) for name, one in stages.items()}
    benchmark.extra_info["layer3 over its convolution"] = stages["layer3"].flops_per_s / conv
    benchmark.extra_info["GFLOP/s, GB/s, cache"] = [round((rate or 0) / 1e9) for rate in found.roof]
    assert found.busy == ()
    assert all(one.flops_per_s <= ABOVE * found.roof.peak_flops for one in found.points)
