"""How fast a graph becomes a picture, beside torchview and Graphviz's dot in the same run.

Needs a program named dot, as in Debian's graphviz.
"""

import subprocess
from typing import Any

import torch
import torchview
from pytest_benchmark.fixture import BenchmarkFixture

import analysis
from analysis.drawing.dot import dot
from analysis.drawing.graph import graph
from analysis.drawing.svg import svg
from nets import build, parse
from tests.benchmarks.test_profile_speed import interleaved


def test_resnet152_takes_a_tenth_of_torchview(benchmark: BenchmarkFixture) -> None:
    spec = parse("resnet152")
    model = build(spec)
    x = torch.zeros(1, 3, 224, 224)

    def peer() -> Any:
        drawn = torchview.draw_graph(model, input_data=x, device="cpu", save_graph=False)
        return drawn.visual_graph.pipe(format="svg")

    def ours() -> str:
        return svg(graph(analysis.profile(spec), unfold=True))

    ratio = interleaved(ours, peer, rounds=5)
    benchmark.extra_info["ratio to torchview + dot, counting included"] = round(ratio, 4)
    benchmark(ours)
    assert ratio <= 0.1


def test_resnet1202_takes_a_tenth_of_dot(benchmark: BenchmarkFixture) -> None:
    profile = analysis.profile(parse("resnet1202"))
    source = dot(graph(profile, unfold=True)).encode()

    def peer() -> None:
        subprocess.run(["dot", "-Tsvg"], input=source, capture_output=True, check=True)

    def ours() -> str:
        return svg(graph(profile, unfold=True))

    ratio = interleaved(ours, peer, rounds=3)
    benchmark.extra_info["ratio to dot"] = round(ratio, 4)
    benchmark(ours)
    assert ratio <= 0.1
