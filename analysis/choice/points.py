"""The experiments of a sweep: the settings of a point, its predicted cost, and its files.

A point is one experiment on one network with one seed. Its files are a result, named by the hash of
its settings as in `analysis.results.form`, and the trained weights of a training.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch

from analysis.costs.profiles import check_trainable, profile
from analysis.costs.step import Dtype, Optimiser, step_memory
from analysis.gradients import direction, measure
from analysis.gradients.cosines import DIRECTION, DirectionSettings
from analysis.gradients.curves import GradientSettings, Precision
from analysis.gradients.measure import Need
from analysis.gradients.report import direction_result, gradients_result
from analysis.gradients.results import GRADIENTS, run_hash
from analysis.images.kinds import InputKind
from analysis.images.open import SAMPLE, open_set
from analysis.images.sets import ImageSet
from analysis.lesions.drop import Lesions, results_of, study
from analysis.lesions.report import LESIONS, lesions_hash, lesions_result
from analysis.lesions.studies import stamp
from analysis.lesions.subjects import IMAGES, MAX_IMAGES, subject_of
from analysis.results.form import Result, hash_of, read_result
from analysis.timing import measure as timing
from analysis.timing.measure import Progress
from analysis.timing.report import timing_result
from analysis.timing.results import TIME, timing_hash
from analysis.timing.settings import Settings, check_fits, predicted_bytes
from analysis.training import checkpoints, loop
from analysis.training.kept import RunFiles, train_kept
from analysis.training.recipes import Arithmetic, OptimiserKind, Recipe, fit
from analysis.training.runs import KIND as TRAIN
from analysis.training.runs import News, Run, Task
from nets.options import check_whole, quote
from nets.spec import ResNetSpec

MAX_SECONDS = 7 * 24 * 3_600
"""The longest time limit of a point."""

_BACKWARD = 3  # multiply-adds of a training step over those of its forward pass


class File(NamedTuple):
    """A file to write, by its name in the sweep's folder."""

    name: str
    data: bytes


Report = Callable[[float], object]
"""Called with the share of a point that is done, from 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Experiment(ABC):
    """What is done with every network and every seed. Raises ValueError, in one sentence.

    Attributes:
        device: `cpu`, or torch's name of an accelerator of the machine that runs the point.
        threads: CPU threads of a point; with one, results don't depend on the machine's cores.
        max_seconds: time limit of a point.
        max_memory_mb: memory limit of a point in MB; None for the usual share of the machine's.
    """

    device: str = "cpu"
    threads: int = 1
    max_seconds: float = 86_400
    max_memory_mb: int | None = None

    def __post_init__(self) -> None:
        check_whole("threads", self.threads, 1, 1_024)
        value = self.max_seconds
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise ValueError(f"max_seconds must be above 0, not {value!r:.40}")
        if value > MAX_SECONDS:
            raise ValueError(f"max_seconds must be at most {MAX_SECONDS:,}, not {value:,}")
        if self.max_memory_mb is not None:
            check_whole("max_memory_mb", self.max_memory_mb, 1, 10**9)
        if not isinstance(self.device, str):
            raise ValueError(f"device must be a name such as cpu or cuda, not {self.device!r:.40}")

    @property
    @abstractmethod
    def kind(self) -> str:
        """The kind of the results."""

    def network(self, spec: ResNetSpec) -> ResNetSpec:
        """Return the network that is measured for a model of the sweep.

        Raises:
            ValueError: if there is none.
        """
        return spec

    @abstractmethod
    def name(self, spec: ResNetSpec, seed: int) -> str:
        """Return the hash that identifies a point."""

    @abstractmethod
    def need(self, spec: ResNetSpec, seed: int) -> Need:
        """Return the predicted need of a point.

        Raises:
            ValueError: in one sentence, if the point can't run on this machine.
        """

    def is_there(self, folder: Path, spec: ResNetSpec, seed: int) -> bool:
        """Return whether a folder holds the point's files, whole."""
        return _holds(folder, self.name(spec, seed), self.kind)

    def weights(self, folder: Path, spec: ResNetSpec, seed: int) -> bytes:
        """Return the weights that a folder holds for the point; empty if it needs or has none."""
        return b""

    @abstractmethod
    def files(self, report: Report, spec: ResNetSpec, seed: int, weights: bytes) -> Iterator[File]:
        """Run a point in this process and give its files, the result last."""


def run_point(
    report: Report, experiment: Experiment, spec: ResNetSpec, seed: int, weights: bytes
) -> tuple[File, ...]:
    """Run a point in this process and return its files in the order in which to write them.

    Raises:
        ValueError: in one sentence, if the point can't be measured.
    """
    with _threads(experiment.threads):
        return tuple(experiment.files(report, spec, seed, weights))


@contextmanager
def _threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _holds(folder: Path, name: str, kind: str) -> bool:
    """Return whether a folder holds the result of a hash; a damaged one doesn't count."""
    with suppress(OSError, ValueError):
        found = read_result(folder / f"{name}.json")
        return (found.hash, found.kind) == (name, kind)
    return False


@lru_cache(1)
def opened(data: str) -> ImageSet:
    """Open a set of images, or return the one that the last point used.

    Raises:
        ValueError: as `open_set` does.
    """
    if not isinstance(data, str):
        raise ValueError(f"data must be sample, fashion_mnist or a folder, not {quote(data)}")
    return open_set(data)


def _file(result: Result) -> File:
    return File(f"{result.hash}.json", result.json().encode())


@dataclass(frozen=True, kw_only=True)
class GradientPoints(Experiment):
    """The gradient's norm by depth, as `analysis.gradients.measure`."""

    batch: int = 32
    dtype: str = Precision.FLOAT32.value
    images: str = InputKind.RANDOM.value

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.images == InputKind.PICTURE:
            raise ValueError("images can't be a picture in a sweep")
        self._settings(0)

    @property
    def kind(self) -> str:
        """The kind of the results."""
        return GRADIENTS

    def _settings(self, seed: int) -> GradientSettings:
        return GradientSettings(**self._values(seed))

    def _values(self, seed: int) -> dict[str, Any]:
        return {
            "seeds": 1,
            "first_seed": seed,
            "batch": self.batch,
            "device": self.device,
            "precision": self.dtype,
            "images": self.images,
        }

    def name(self, spec: ResNetSpec, seed: int) -> str:
        """Return the hash that identifies a point."""
        return run_hash([spec], self._settings(seed))

    def need(self, spec: ResNetSpec, seed: int) -> Need:
        """Return the bytes of a pass and the multiply-adds of forward and backward."""
        return measure.check([spec], self._settings(seed))

    def files(self, report: Report, spec: ResNetSpec, seed: int, weights: bytes) -> Iterator[File]:
        """Measure the norms."""
        found = measure.measure(lambda curve: report(1.0), (spec,), self._settings(seed))
        yield _file(gradients_result(found))


@dataclass(frozen=True, kw_only=True)
class DirectionPoints(GradientPoints):
    """The gradient's direction under noise, as `analysis.gradients.direction`."""

    noise: float = DirectionSettings.noise

    @property
    def kind(self) -> str:
        """The kind of the results."""
        return DIRECTION

    def _settings(self, seed: int) -> DirectionSettings:
        return DirectionSettings(**self._values(seed), noise=self.noise)

    def need(self, spec: ResNetSpec, seed: int) -> Need:
        """Return the bytes of a pass and the multiply-adds of two forwards and backwards."""
        return direction.check([spec], self._settings(seed))

    def files(self, report: Report, spec: ResNetSpec, seed: int, weights: bytes) -> Iterator[File]:
        """Measure the cosines."""
        found = direction.measure(lambda cosine: report(1.0), (spec,), self._settings(seed))
        yield _file(direction_result(found))


@dataclass(frozen=True, kw_only=True)
class TrainPoints(Experiment):
    """Training with a recipe, as `analysis.training`.

    Attributes:
        recipe: the recipe.
        data: `sample`, `fashion_mnist` or a folder, which every machine that runs points must have.
        digest: the hash of the images, which are opened on this machine to compute it.
    """

    recipe: Recipe
    data: str = SAMPLE
    digest: str = field(default="", init=False)
    channels: int = field(default=0, init=False)
    classes: int = field(default=0, init=False)
    number: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        images = opened(self.data)
        for name, value in (
            ("digest", images.digest),
            ("channels", len(images.mean)),
            ("classes", len(images.classes)),
            ("number", len(images.train)),
        ):
            object.__setattr__(self, name, value)
        self.recipe.length(self.number)

    @property
    def kind(self) -> str:
        """The kind of the results."""
        return TRAIN

    def network(self, spec: ResNetSpec) -> ResNetSpec:
        """Return the network, narrow if the recipe is."""
        if self.recipe.narrow:
            return fit(spec, self.recipe, self.channels, self.classes)
        return spec

    def task(self, spec: ResNetSpec, seed: int) -> Task:
        """Return the run of a point."""
        return Task(spec, self.recipe, self.data, self.digest, seed, self.device, None)

    def name(self, spec: ResNetSpec, seed: int) -> str:
        """Return the hash that identifies a point."""
        return self.task(spec, seed).hash

    def need(self, spec: ResNetSpec, seed: int) -> Need:
        """Return the bytes of a step and the multiply-adds of all steps."""
        steps = loop.check(self.task(spec, seed), self._images())
        recipe = self.recipe
        dtype = Dtype.BFLOAT16 if recipe.precision is Arithmetic.BFLOAT16 else Dtype.FLOAT32
        method = Optimiser.SGD if recipe.optimiser is OptimiserKind.SGD else Optimiser.ADAM
        memory = step_memory(spec, recipe.batch, dtype, method).peak_bytes
        return Need(memory, _BACKWARD * steps * profile(spec, batch=recipe.batch).macs)

    def is_there(self, folder: Path, spec: ResNetSpec, seed: int) -> bool:
        """Return whether a folder holds the result, and the weights unless the run ended early."""
        return self.run_in(folder, spec, seed) is not None

    def run_in(self, folder: Path, spec: ResNetSpec, seed: int) -> Run | None:
        """Return the training that a folder holds, or None."""
        name = self.task(spec, seed).hash
        if not _holds(folder, name, TRAIN):
            return None
        with suppress(ValueError, OSError):
            return RunFiles(folder, name).over()
        return None

    def files(self, report: Report, spec: ResNetSpec, seed: int, weights: bytes) -> Iterator[File]:
        """Train the network."""
        task = replace(self.task(spec, seed), threads=self.threads)
        images = self._images()
        total, steps = self.recipe.length(len(images.train)), 0

        def tell(news: News) -> None:
            nonlocal steps
            steps += len(news.losses)
            report(steps / total)

        with TemporaryDirectory() as folder:
            files = RunFiles(Path(folder), task.hash)
            train_kept(task, images, files, tell)
            for path in (files.weights, files.result):
                if path.exists():
                    yield File(path.name, path.read_bytes())

    def _images(self) -> ImageSet:
        """Return the images, which must be those of the sweep.

        Raises:
            ValueError: if this machine has different images under that name.
        """
        images = opened(self.data)
        if images.digest != self.digest:
            raise ValueError(
                f"the images {self.data!r} here differ from those on the machine that began the "
                "sweep: copy its folder, with train.jsonl and valid.jsonl"
            )
        return images


@dataclass(frozen=True, kw_only=True)
class LesionPoints(TrainPoints):
    """A training, then the trained network without its blocks, as `analysis.lesions`.

    The seed is that of the training and of the draws.

    Attributes:
        images: test images.
    """

    images: int = IMAGES

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("images", self.images, 1, MAX_IMAGES)

    @property
    def kind(self) -> str:
        """The kind of the results."""
        return LESIONS

    def name(self, spec: ResNetSpec, seed: int) -> str:
        """Return a hash of training and study; a result's own holds the digest of the weights."""
        asked = self.task(spec, seed).asked()
        return hash_of("train and lesions", {**asked, "images": self.images})

    def is_there(self, folder: Path, spec: ResNetSpec, seed: int) -> bool:
        """Return whether a folder holds the training and the study of its weights."""
        run = self.run_in(folder, spec, seed)
        if run is None or run.ended:
            return False
        with suppress(OSError, ValueError):
            weights = checkpoints.load(RunFiles(folder, run.task.hash).weights).digest
            tested = min(self.images, len(self._images().test))
            name = lesions_hash(str(spec), weights, self.digest, tested, seed)
            return _holds(folder, name, LESIONS)
        return False

    def weights(self, folder: Path, spec: ResNetSpec, seed: int) -> bytes:
        """Return the weights of the training, if the folder holds it."""
        run = self.run_in(folder, spec, seed)
        if run is None or run.ended:
            return b""
        return RunFiles(folder, run.task.hash).weights.read_bytes()

    def files(self, report: Report, spec: ResNetSpec, seed: int, weights: bytes) -> Iterator[File]:
        """Train unless the weights are given, then study them."""
        if not weights:
            for file in super().files(lambda share: report(share / 2), spec, seed, b""):
                weights = file.data if file.name.endswith(checkpoints.SUFFIX) else weights
                yield file
            if not weights:
                raise ValueError("the training ended early, so there are no weights to study")
        total = results_of(spec)

        def tell(found: Lesions) -> None:
            done = len(found.single) + len(found.dropped) + len(found.permuted)
            report(0.5 + done / total / 2)

        with TemporaryDirectory() as folder:
            path = Path(folder) / f"weights{checkpoints.SUFFIX}"
            path.write_bytes(weights)
            checkpoint = checkpoints.load(path)
        images = self._images()
        found = study(subject_of(checkpoint, images, self.images), tell, seed)
        yield _file(lesions_result(found, images.digest, checkpoint.digest, stamp()))


@dataclass(frozen=True, kw_only=True)
class TimePoints(Experiment):
    """Times of forward and backward, as `analysis.timing`.

    The fields are those of `analysis.timing.settings.Settings`; the seed is that of the weights.
    """

    batch: int = Settings.batch
    dtype: str = Dtype.FLOAT32.value
    tf32: bool = False
    channels_last: bool = False
    compile: bool = False
    inference: bool = False
    optimiser: bool = True
    seconds: float = Settings.seconds

    def __post_init__(self) -> None:
        super().__post_init__()
        self._settings(0)

    @property
    def kind(self) -> str:
        """The kind of the results."""
        return TIME

    def _settings(self, seed: int) -> Settings:
        return Settings(
            device=self.device,
            batch=self.batch,
            dtype=self.dtype,  # type: ignore[arg-type]  # Settings reads it
            tf32=self.tf32,
            channels_last=self.channels_last,
            compile=self.compile,
            threads=self.threads,
            inference=self.inference,
            optimiser=self.optimiser,
            seconds=self.seconds,
            seed=seed,
        )

    def name(self, spec: ResNetSpec, seed: int) -> str:
        """Return the hash that identifies a point."""
        return timing_hash(str(spec), self._settings(seed), self.threads)

    def need(self, spec: ResNetSpec, seed: int) -> Need:
        """Return the bytes and the multiply-adds of one iteration."""
        settings, cost = self._settings(seed), profile(spec, batch=self.batch)
        if not settings.inference:
            check_trainable(cost)
        check_fits(cost, settings)
        passes = 1 if settings.inference else _BACKWARD
        return Need(predicted_bytes(cost, settings), passes * cost.macs)

    def files(self, report: Report, spec: ResNetSpec, seed: int, weights: bytes) -> Iterator[File]:
        """Time the network."""

        def tell(progress: Progress) -> None:
            report(1.0 if progress.timing else 0.0)

        yield _file(timing_result(timing.measure(tell, spec, self._settings(seed), energy=True)))


EXPERIMENTS: dict[str, type[Experiment]] = {
    GRADIENTS: GradientPoints,
    DIRECTION: DirectionPoints,
    TRAIN: TrainPoints,
    LESIONS: LesionPoints,
    TIME: TimePoints,
}
"""The experiments by the names that a file gives them."""
