"""What the loop costs beside a bare one, on the same images, in the same run."""

import gc
from collections.abc import Callable
from statistics import median
from time import process_time

import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torchvision.transforms import v2

from analysis.images.sample import sample_set
from analysis.training.batches import shifted, step_images
from analysis.training.loop import Training, finish
from analysis.training.recipes import RECIPES, changed, fit
from analysis.training.runs import Task
from nets import build, parse

STEPS = 30


def test_a_batch_is_shifted_in_half_of_torchvisions_time(benchmark: BenchmarkFixture) -> None:
    """128 pictures padded, cropped and mirrored together, and one after the other."""
    torch.set_num_threads(1)
    pictures = sample_set().train.images[:128]  # type: ignore[attr-defined]
    one = v2.Compose([v2.RandomCrop((28, 28), padding=4), v2.RandomHorizontalFlip()])

    def seconds(batch: Callable[[], object]) -> float:
        start = process_time()
        for _ in range(10):
            batch()
        return process_time() - start

    def ours() -> float:
        return seconds(lambda: shifted(pictures, 4))

    def theirs() -> float:
        return seconds(lambda: torch.stack([one(picture) for picture in pictures]))

    theirs()
    ratios = [ours() / theirs() for _ in range(9)]
    benchmark.extra_info["ratio to torchvision's transforms"] = round(median(ratios), 3)
    benchmark(ours)
    assert median(ratios) <= 0.5


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
