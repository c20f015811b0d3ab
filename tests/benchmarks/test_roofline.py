"""ResNet-50 under this machine's roof, on one thread; the machine must be quiet."""

from math import inf
from time import perf_counter

import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch.nn import Conv2d
from torch.nn.functional import conv2d

from analysis.timing.roofline import ABOVE, roofline
from analysis.timing.settings import Settings
from nets import build, parse

BATCH = 8
PASSES = 12
REPEATS = 4


def layer3_convolutions() -> tuple[float, float]:
    """Return the seconds of layer3's convolutions, within the network and each alone, at best."""
    model = build(parse("resnet50")).eval().to(memory_format=torch.channels_last)
    images = torch.randn(BATCH, 3, 224, 224).to(memory_format=torch.channels_last)
    convs = [
        one
        for name, one in model.named_modules()
        if name.startswith("layer3") and isinstance(one, Conv2d)
    ]
    inputs: dict[Conv2d, torch.Tensor] = {}
    within = dict.fromkeys(convs, inf)
    alone = dict.fromkeys(convs, inf)
    began = 0.0

    def before(conv: Conv2d, given: tuple[torch.Tensor]) -> None:
        nonlocal began
        inputs[conv] = given[0]
        began = perf_counter()

    def after(conv: Conv2d, given: tuple[torch.Tensor], output: torch.Tensor) -> None:
        within[conv] = min(within[conv], perf_counter() - began)

    for conv in convs:
        conv.register_forward_pre_hook(before)
        conv.register_forward_hook(after)
    with torch.inference_mode():
        for _ in range(PASSES):
            model(images)
            for conv, given in inputs.items():
                for _ in range(REPEATS):
                    began = perf_counter()
                    conv2d(given, conv.weight, None, conv.stride, conv.padding)
                    alone[conv] = min(alone[conv], perf_counter() - began)
    return sum(within.values()), sum(alone.values())


def test_no_stage_is_above_the_roof(benchmark: BenchmarkFixture) -> None:
    settings = Settings(batch=BATCH, threads=1, channels_last=True, seconds=30)
    found = roofline(lambda _: None, parse("resnet50"), settings)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        within, alone = benchmark.pedantic(layer3_convolutions, rounds=1)  # type: ignore[no-untyped-call]
    finally:
        torch.set_num_threads(threads)
    stages = {one.name: one for one in found.points}
    benchmark.extra_info |= {name: round(one.share, 3) for name, one in stages.items()}
    benchmark.extra_info["layer3's convolutions within the network over alone"] = within / alone
    benchmark.extra_info["GFLOP/s, GB/s, cache"] = [round((rate or 0) / 1e9) for rate in found.roof]
    assert found.busy == ()
    assert all(one.flops_per_s <= ABOVE * found.roof.peak_flops for one in found.points)
    assert within <= 1.1 * alone
