"""What a training run is asked and what it answers, as values."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from analysis.gradients.curves import Curve
from analysis.images.sets import ImageSet
from analysis.machine.devices import Environment
from analysis.results.form import hash_of
from analysis.training.recipes import LAST, Recipe, fit
from nets.options import check_whole
from nets.spec import ResNetSpec

KIND = "train"
"""The kind of a run's result."""

MAX_SEEDS = 20
"""Seeds of one request."""

MAX_MODELS = 12
"""Models of one request."""

MAX_SEED = 2**31 - 1
"""The largest seed."""

WORST = 12
"""Test images that a run keeps as those it gets most wrong."""


@dataclass(frozen=True)
class Task:
    """One run: a network, a recipe, a set of images and a seed.

    The seed draws the weights, the order of the images and their augmentation, each from a stream
    of its own: two networks with one seed see the same images in the same order.

    Attributes:
        data: `sample`, `fashion_mnist` or a folder, for `analysis.images.open_set`.
        digest: of the set, so that a run is known by what it saw and not by a path.
        device: `cpu`, or what torch calls an accelerator of this machine.
        threads: on the CPU; None keeps torch's number.
    """

    spec: ResNetSpec
    recipe: Recipe
    data: str
    digest: str = ""
    seed: int = 0
    device: str = "cpu"
    threads: int | None = None

    def __post_init__(self) -> None:
        check_whole("seed", self.seed, 0, MAX_SEED)
        if self.threads is not None:
            check_whole("threads", self.threads, 1, os.cpu_count() or 1)

    @property
    def data_name(self) -> str:
        """The set's name; of a folder the last part of its path."""
        return self.data.replace("\\", "/").rstrip("/").rpartition("/")[2]

    def asked(self) -> dict[str, Any]:
        """Return what the figures depend on: device and threads are no part of it."""
        return {
            "model": str(self.spec),
            "recipe": self.recipe.values(),
            "data": self.digest,
            "seed": self.seed,
        }

    @property
    def hash(self) -> str:
        """The hash of what is asked."""
        return hash_of(KIND, self.asked())


def tasks_of(
    specs: Sequence[ResNetSpec],
    recipe: Recipe,
    data: str,
    images: ImageSet,
    seeds: Sequence[int],
    device: str = "cpu",
    threads: int | None = None,
) -> tuple[Task, ...]:
    """Return the runs of a request, seed by seed; a narrow recipe makes the networks narrow.

    Raises:
        ValueError: if there are none or too many, or a network is there twice.
    """
    if not 1 <= len(specs) <= MAX_MODELS:
        raise ValueError(f"train 1 to {MAX_MODELS} models at once, not {len(specs)}")
    if not 1 <= len(seeds) <= MAX_SEEDS:
        raise ValueError(f"seeds must be 1 to {MAX_SEEDS}, not {len(seeds):,}")
    if recipe.narrow:
        specs = [fit(spec, recipe, len(images.mean), len(images.classes)) for spec in specs]
    if len(set(map(str, specs))) < len(specs):
        raise ValueError("a model is given twice: each must differ from the others")
    return tuple(
        Task(spec, recipe, data, images.digest, seed, device, threads)
        for seed in seeds
        for spec in specs
    )


@dataclass(frozen=True)
class Epoch:
    """What the test part showed after an epoch, or at the end of a run without epochs."""

    epoch: int
    step: int
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True)
class Miss:
    """A test image that the network gets wrong: its number, its class and the one it was given.

    `probability` is that of the class it was given.
    """

    image: int
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Evaluation:
    """What a trained network says of the test part.

    `confusion[true][predicted]` counts images; `worst` are those wrong with most confidence.
    """

    loss: float
    accuracy: float
    confusion: tuple[tuple[int, ...], ...]
    worst: tuple[Miss, ...]


@dataclass(frozen=True)
class News:
    """What is new of a run since the last of its news; `Run.after` takes it in.

    `number` is the run's place in its request; losses and accuracies are those of the steps
    from `first` on. The first news of a run says how many steps it will have, and its classes.
    """

    number: int
    first: int = 0
    losses: tuple[float, ...] = ()
    accuracies: tuple[float, ...] = ()
    epoch: Epoch | None = None
    curve: tuple[int, Curve] | None = None
    seconds: float = 0.0
    total: int = 0
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """A training run, or as much of it as there is.

    Attributes:
        task: what was asked.
        classes: the names of the classes.
        total: the steps that it has when it is whole.
        train_loss: the loss of each step's batch, in train mode, before the step.
        train_accuracy: the share of each step's batch that was right then.
        epochs: what the test part showed.
        curves: the gradient's norm by depth, each with the number of steps before it.
        test: what the trained network says of the test part.
        seconds: of the steps alone, evaluation left out.
        peak_memory_bytes: by torch's allocator; None on the CPU, where torch counts none.
        ended: why it ended by itself; empty for a whole run, and for one that was stopped.
        environment: where it ran.
    """

    task: Task
    classes: tuple[str, ...]
    total: int
    train_loss: tuple[float, ...] = ()
    train_accuracy: tuple[float, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    curves: tuple[tuple[int, Curve], ...] = ()
    test: Evaluation | None = None
    seconds: float = 0.0
    peak_memory_bytes: int | None = None
    ended: str = ""
    environment: Environment | None = field(default=None, compare=False)

    @property
    def model(self) -> str:
        """The network's text."""
        return str(self.task.spec)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.train_loss)

    @property
    def is_whole(self) -> bool:
        """Whether it has all its steps."""
        return self.steps == self.total

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come: it has all its steps, or its loss was not finite."""
        return self.is_whole or bool(self.ended)

    @property
    def last_loss(self) -> float:
        """The mean training loss of the last 25 steps; nan before the first."""
        return fmean(self.train_loss[-LAST:]) if self.train_loss else math.nan

    @property
    def last_accuracy(self) -> float:
        """The mean training accuracy of the last 25 steps; nan before the first."""
        return fmean(self.train_accuracy[-LAST:]) if self.train_accuracy else math.nan

    @property
    def step_ms(self) -> float:
        """Milliseconds a step; nan before the first."""
        return 1e3 * self.seconds / self.steps if self.steps else math.nan

    def after(self, *news: News) -> Run:
        """Return the run with its news, in the order in which they came."""
        return replace(
            self,
            train_loss=(*self.train_loss, *(loss for one in news for loss in one.losses)),
            train_accuracy=(*self.train_accuracy, *(a for one in news for a in one.accuracies)),
            epochs=(*self.epochs, *(one.epoch for one in news if one.epoch)),
            curves=(*self.curves, *(one.curve for one in news if one.curve)),
            seconds=max([self.seconds, *(one.seconds for one in news)]),
            total=max([self.total, *(one.total for one in news)]),
            classes=next((one.classes for one in news if one.classes), self.classes),
        )


def grouped(runs: Iterable[Run]) -> dict[tuple[str, str], list[Run]]:
    """Return runs by what they share but for the seed, in the order in which they first occur."""
    found: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        key = hash_of("group", {**run.task.asked(), "seed": 0})
        found.setdefault((run.model, key), []).append(run)
    return found
