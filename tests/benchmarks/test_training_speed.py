"""What the loop costs beside a bare one, on the same images, in the same run."""

import gc
from statistics import median
from time import process_time

import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch.nn.functional import cross_entropy
from torch.optim import AdamW

from analysis.images.sample import sample_set
from analysis.training.batches import step_images
from analysis.training.loop import Training, finish
from analysis.training.recipes import RECIPES, changed, fit
from analysis.training.runs import Task
from nets import build, parse

STEPS = 30


def test_a_step_takes_at_most_1_05_of_the_bare_one(benchmark: BenchmarkFixture) -> None:
    """The degradation recipe on ResNet-20, narrow: CPU time of one thread, runs in turn.

    The bare loop gets its batches ready-made, as tensors of the right size.
    """
    torch.set_num_threads(1)
    images = sample_set()
    recipe = changed(RECIPES["degradation"], {"steps": STEPS + 1})
    spec = fit(parse("resnet20"), recipe, 1, 10)
    task = Task(spec, recipe, "sample", images.digest)
    feed = Training(task, images).feed
    batches = [feed.training(step_images(32, 4_000, 0, step), 0, step) for step in range(STEPS)]

    def bare() -> float:
        model = build(spec)
        optimiser = AdamW(model.parameters(), lr=recipe.rate)
        start = process_time()
        for x, labels in batches:
            model.train()
            loss = cross_entropy(model(x), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()
        return process_time() - start

    def ours() -> float:
        training = Training(task, images)
        start = process_time()
        finish(training, stop=lambda: training.steps == STEPS)  # before its test
        return process_time() - start

    bare()
    ratios = []
    for _ in range(9):
        gc.collect()
        ratios.append(ours() / bare())
    benchmark.extra_info["ratio to the bare loop"] = round(median(ratios), 3)
    benchmark(ours)
    assert median(ratios) <= 1.05
