"""The task and the results of a training run, as values."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from analysis.gradients.curves import Curve
from analysis.images.kinds import SET_LABELS
from analysis.images.sets import ImageSet
from analysis.machine.devices import Environment
from analysis.results.form import hash_of
from analysis.training.recipes import LAST, Recipe, fit
from nets.options import check_whole
from nets.spec import ResNetSpec

KIND = "train"
"""The kind of a run's result."""

MAX_SEEDS = 20
"""Most seeds in one request."""

MAX_MODELS = 12
"""Most models in one request."""

MAX_SEED = 2**31 - 1
"""The largest seed."""

WORST = 12
"""Number of most confidently misclassified test images that a run keeps."""


@dataclass(frozen=True)
class Start:
    """Weights from which runs start, instead of random ones.

    Attributes:
        digest: a hash of the weights, so that a run is identified by them and not by a path.
        file: their file; None if a result tells only the hash.
    """

    digest: str
    file: Path | None = field(default=None, compare=False)

    @property
    def words(self) -> str:
        """The weights in words, by the first digits of their hash."""
        return f"weights {self.digest[:6]}"


@dataclass(frozen=True)
class Task:
    """One run: a network, a recipe, a set of images and a seed.

    The seed determines the weights, the order of the images and their augmentation, each from its
    own random stream: two networks with the same seed see the same images in the same order.

    Attributes:
        data: `sample`, `fashion_mnist` or a folder, for `analysis.images.open_set`.
        digest: of the set, so that a run is identified by its data and not by a path.
        device: `cpu`, or torch's name of an accelerator of this machine.
        threads: on the CPU; None keeps torch's number.
        start: weights to start from, or None for random ones; a classifier with another number of
            outputs is reinitialised.
    """

    spec: ResNetSpec
    recipe: Recipe
    data: str
    digest: str = ""
    seed: int = 0
    device: str = "cpu"
    threads: int | None = None
    start: Start | None = None

    def __post_init__(self) -> None:
        check_whole("seed", self.seed, 0, MAX_SEED)
        if self.threads is not None:
            check_whole("threads", self.threads, 1, os.cpu_count() or 1)

    @property
    def data_name(self) -> str:
        """The set's name; for a folder, the last part of its path."""
        return self.data.replace("\\", "/").rstrip("/").rpartition("/")[2]

    @property
    def data_label(self) -> str:
        """The set's name in words."""
        return SET_LABELS.get(self.data, self.data_name)

    def asked(self) -> dict[str, Any]:
        """Return the settings that the figures depend on, which exclude device and threads."""
        return {
            "model": str(self.spec),
            "recipe": self.recipe.values(),
            "data": self.digest,
            "seed": self.seed,
            **({"start": self.start.digest} if self.start else {}),
        }

    @property
    def hash(self) -> str:
        """The hash of `asked`."""
        return hash_of(KIND, self.asked())


def tasks_of(
    specs: Sequence[ResNetSpec],
    recipe: Recipe,
    data: str,
    images: ImageSet,
    seeds: Sequence[int],
    device: str = "cpu",
    threads: int | None = None,
    start: Start | None = None,
    fitted: bool = False,
) -> tuple[Task, ...]:
    """Return the tasks of a request, seed by seed; a narrow recipe makes the networks narrow.

    If `fitted`, the networks' inputs and classes are made those of the recipe and the images.

    Raises:
        ValueError: if there are none or too many, or a network is given twice.
    """
    if not 1 <= len(specs) <= MAX_MODELS:
        raise ValueError(f"a request trains 1 to {MAX_MODELS} models, not {len(specs)}")
    if not 1 <= len(seeds) <= MAX_SEEDS:
        raise ValueError(f"seeds must be 1 to {MAX_SEEDS}, not {len(seeds):,}")
    if recipe.narrow or fitted:
        specs = [fit(spec, recipe, len(images.mean), len(images.classes)) for spec in specs]
    if len(set(map(str, specs))) < len(specs):
        raise ValueError("a model is given twice: each must differ from the others")
    return tuple(
        Task(spec, recipe, data, images.digest, seed, device, threads, start)
        for seed in seeds
        for spec in specs
    )


@dataclass(frozen=True)
class Epoch:
    """The test figures after an epoch, or at the end of a run without epochs."""

    epoch: int
    step: int
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True)
class Miss:
    """A misclassified test image: its number, its true class and its predicted class.

    `probability` is that of the predicted class.
    """

    image: int
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Evaluation:
    """A trained network's results on the test split.

    `confusion[true][predicted]` counts images; `worst` are the most confidently misclassified ones.
    """

    loss: float
    accuracy: float
    confusion: tuple[tuple[int, ...], ...]
    worst: tuple[Miss, ...]


@dataclass(frozen=True)
class News:
    """The progress of a run since its last news; `Run.after` applies it.

    `number` is the run's place in its request; losses and accuracies are those of the steps
    from `first` on. The first news of a run gives its total steps and its classes.
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
    """A training run, complete or in progress.

    Attributes:
        task: the task.
        classes: the class names.
        total: the number of steps of the complete run.
        train_loss: the loss of each step's batch, in train mode, before the step.
        train_accuracy: the accuracy on each step's batch, before the step.
        epochs: the test figures after each epoch.
        curves: the gradient norm by depth, each with the number of steps before it.
        test: the trained network's results on the test split.
        seconds: of the steps only, without evaluation.
        peak_memory_bytes: by torch's allocator; None on the CPU, where torch doesn't count it.
        ended: why the run ended early by itself; empty for a complete or a stopped run.
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
        """The number of steps made so far."""
        return len(self.train_loss)

    @property
    def is_whole(self) -> bool:
        """Whether it has all its steps."""
        return self.steps == self.total

    @property
    def is_over(self) -> bool:
        """Whether the run is over: it has all its steps, or a loss wasn't finite."""
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
        """Milliseconds per step; nan before the first."""
        return 1e3 * self.seconds / self.steps if self.steps else math.nan

    def after(self, *news: News) -> Run:
        """Return the run with news applied, in order of arrival."""
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
    """Group runs that differ only in the seed, in the order in which they first occur."""
    found: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        key = hash_of("group", {**run.task.asked(), "seed": 0})
        found.setdefault((run.model, key), []).append(run)
    return found
