"""The training loop: forward, loss, backward, step, schedule."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    SequentialLR,
)

from analysis.costs.profiles import LARGER, profile
from analysis.costs.step import Dtype, Optimiser, step_memory
from analysis.gradients.curves import Curve, GradientSettings
from analysis.gradients.measure import curve
from analysis.images.kinds import InputKind
from analysis.images.sets import ImageSet
from analysis.machine.devices import (
    PeakMemory,
    device_of,
    drawing,
    environment,
    free_bytes,
    seeded,
)
from analysis.style.numbers import short
from analysis.training.batches import Feed, step_images, stream
from analysis.training.recipes import Arithmetic, OptimiserKind, Recipe, Schedule, fit
from analysis.training.runs import WORST, Epoch, Evaluation, Miss, News, Run, Task
from analysis.training.start import begin, check_start
from nets.options import number_of
from nets.resnet import ResNet, build

NEWS_SECONDS = 0.25
"""Interval at which a run reports news."""

PROBE = 32
"""Images with which the gradient is measured during training, as on the Gradients page."""

KEEP_SECONDS = 60.0
"""Interval at which a run is saved, in addition to the end of every epoch."""

TEST_BATCH = 256
"""Batch size for the test split."""

Tell = Callable[[News], object]
Keep = Callable[["Training"], object]
Asked = Callable[[], bool]


class Training:
    """A network in training, with all the state that it needs to reproduce the same numbers.

    Args:
        task: the run to perform.
        images: the set to train and test on.

    Raises:
        ValueError: as `check` does.
    """

    def __init__(self, task: Task, images: ImageSet) -> None:
        self.total = check(task, images)
        threads = task.threads or torch.get_num_threads()
        self.task, self.images = replace(task, digest=images.digest, threads=threads), images
        self.device = device_of(task.device)
        with seeded(task.seed):
            # Without a final softmax, because the loss takes logits.
            self.model = build(replace(task.spec, softmax=False))
        if task.start:
            begin(self.model, task.start)
        self.model.to(self.device).to(memory_format=_layout(task.recipe))
        self.optimiser = _optimiser(task.recipe, self.model)
        self.schedule = scheduled(task.recipe, self.optimiser, self.total)
        self.feed = Feed(images, task.recipe, task.spec.input)
        self.losses: list[float] = []
        self.accuracies: list[float] = []
        self.epochs: list[Epoch] = []
        self.curves: dict[int, Curve] = {}
        self.test: Evaluation | None = None
        self.seconds = 0.0
        self.peak_memory_bytes: int | None = None
        self.ended = ""
        self._environment = environment(self.device)

    @property
    def steps(self) -> int:
        """The number of steps made so far."""
        return len(self.losses)

    @property
    def is_whole(self) -> bool:
        """Whether it has made all its steps."""
        return self.steps == self.total

    def run(self) -> Run:
        """Return the run so far."""
        return Run(
            task=self.task,
            classes=self.images.classes,
            total=self.total,
            train_loss=tuple(self.losses),
            train_accuracy=tuple(self.accuracies),
            epochs=tuple(self.epochs),
            curves=tuple(self.curves.items()),
            test=self.test,
            seconds=self.seconds,
            peak_memory_bytes=self.peak_memory_bytes,
            ended=self.ended,
            environment=self._environment,
        )


def check(task: Task, images: ImageSet) -> int:
    """Check that a run is possible and return its number of steps.

    Raises:
        ValueError: in one sentence, if the network can't be trained this way on these images, or
            if the device's memory is too small by prediction.
    """
    spec, recipe = task.spec, task.recipe
    device = device_of(task.device)
    if spec.classes != len(images.classes):
        raise ValueError(
            f"{spec} has {number_of(spec.classes, 'output')} and the images have "
            f"{number_of(len(images.classes), 'class', 'classes')}: use "
            f"{fit(spec, recipe, len(images.mean), len(images.classes))}"
        )
    if task.start:
        check_start(task.start, spec)
    steps = recipe.length(len(images.train))
    cost = profile(spec, batch=recipe.batch)
    if cost.untrainable:
        raise ValueError(f"{spec} can't be trained at this batch: {cost.untrainable}; {LARGER}")
    dtype = Dtype.BFLOAT16 if recipe.precision is Arithmetic.BFLOAT16 else Dtype.FLOAT32
    method = Optimiser.SGD if recipe.optimiser is OptimiserKind.SGD else Optimiser.ADAM
    needed, free = step_memory(spec, recipe.batch, dtype, method).peak_bytes, free_bytes(device)
    if needed > free:
        raise ValueError(
            f"a step of {spec} at batch {recipe.batch:,} is predicted to need "
            f"{short(needed, 'B')}, and {task.device} has {short(free, 'B')} free: use a smaller "
            "batch"
        )
    return steps


def finish(
    training: Training,
    tell: Tell = lambda news: None,
    *,
    number: int = 0,
    stop: Asked = lambda: False,
    keep: Keep = lambda training: None,
) -> None:
    """Continue a training to its end, and test the network.

    A loss that isn't finite ends the run; the run records the step.

    Args:
        training: changed in place.
        tell: called with news, several times a second.
        number: the run's place in its request, for its news.
        stop: asked after every step whether to stop.
        keep: called after every epoch and every minute, between two steps.
    """
    with prepared(training.task):
        _steps(training, _Teller(tell, number, training), stop, keep)


def _steps(training: Training, teller: _Teller, stop: Asked, keep: Keep) -> None:
    task, recipe, model = training.task, training.task.recipe, training.model
    optimiser, schedule = training.optimiser, training.schedule
    images = len(training.images.train)
    each = images // recipe.batch
    memory = PeakMemory(training.device)
    memory.restart()
    kept = time.monotonic()

    for step in range(training.steps, training.total):
        if step in recipe.gradients_at:
            teller.curve(step, gradient(training))
        start = time.perf_counter()
        numbers = step_images(recipe.batch, images, task.seed, step)
        x, labels = on_device(training, *training.feed.training(numbers, task.seed, step))

        model.train()
        with _dropout(training, step), autocast(recipe, training.device):
            logits = model(x)
            loss = cross_entropy(logits, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()

        right = (logits.detach().argmax(1) == labels).float().mean()
        teller.step(loss.item(), right.item(), time.perf_counter() - start)
        training.peak_memory_bytes = memory.bytes()
        if not math.isfinite(training.losses[-1]):
            training.ended = f"the loss isn't finite at step {step + 1:,}, so the run ended there"
            break
        is_last = training.is_whole
        is_epoch = training.steps % each == 0
        if recipe.evaluate and (is_epoch or is_last):
            found = evaluate(training)
            number = math.ceil(training.steps / each)
            teller.epoch(Epoch(number, training.steps, found.loss, found.accuracy))
            if is_last and math.isfinite(found.loss):
                training.test = found
            elif is_last:
                training.ended = "the test loss isn't finite: the weights have grown too large"
        if is_last:
            break
        if is_epoch or time.monotonic() - kept > KEEP_SECONDS:
            keep(training)
            kept = time.monotonic()
        if stop():
            break
    if training.is_whole and not training.ended and training.total in recipe.gradients_at:
        teller.curve(training.total, gradient(training))
    teller.say()


def _dropout(training: Training, step: int) -> AbstractContextManager[None]:
    """Give a step's dropout its own random stream, so that a resumed run drops the same values."""
    if not training.task.spec.dropout:
        return nullcontext()
    return drawing(training.device, stream(training.task.seed, "dropout", step))


class _Teller:
    """Records the progress of a training and reports it at intervals."""

    def __init__(self, tell: Tell, number: int, training: Training) -> None:
        self._tell, self._number, self._training = tell, number, training
        self._told, self._when = training.steps, time.monotonic()

    def step(self, loss: float, accuracy: float, seconds: float) -> None:
        self._training.losses.append(loss)
        self._training.accuracies.append(accuracy)
        self._training.seconds += seconds
        if time.monotonic() - self._when > NEWS_SECONDS:
            self.say()

    def epoch(self, epoch: Epoch) -> None:
        self._training.epochs.append(epoch)
        self.say()
        self._tell(News(self._number, epoch=epoch))

    def curve(self, step: int, found: Curve) -> None:
        self._training.curves[step] = found
        self.say()
        self._tell(News(self._number, curve=(step, found)))

    def say(self) -> None:
        """Report the new steps."""
        first, self._told, self._when = self._told, self._training.steps, time.monotonic()
        if self._told > first:
            self._tell(
                News(
                    self._number,
                    first,
                    tuple(self._training.losses[first:]),
                    tuple(self._training.accuracies[first:]),
                    seconds=self._training.seconds,
                )
            )


def gradient(training: Training) -> Curve:
    """Return the gradient norm by depth, as the Gradients page measures it with this seed.

    The images are those of the Gradients page: of the training set's kind if the page has it,
    random ones for a folder.
    """
    task = training.task
    kind = InputKind(task.data) if task.data in tuple(InputKind) else InputKind.RANDOM
    settings = GradientSettings(
        seeds=1, first_seed=task.seed, batch=PROBE, device=task.device, images=kind
    )
    model = training.model
    if task.recipe.channels_last:  # the page uses the other layout, which rounds differently
        model = copy.deepcopy(model).to(memory_format=torch.contiguous_format)
    return curve(task.spec, model, settings, task.seed)


@torch.inference_mode()
def evaluate(training: Training) -> Evaluation:
    """Evaluate on the test split in eval mode and float32; the network's mode is restored."""
    model, part = training.model, training.images.test
    was_training = model.training
    model.eval()
    try:
        found = []
        for start in range(0, len(part), TEST_BATCH):
            numbers = range(start, min(start + TEST_BATCH, len(part)))
            x, labels = on_device(training, *training.feed.test(numbers))
            found.append((model(x).float().cpu(), labels.cpu()))
    finally:
        model.train(was_training)
    logits, labels = (torch.cat(column) for column in zip(*found, strict=True))
    chances, predicted = logits.softmax(1).max(1)
    classes = len(training.images.classes)
    pairs = torch.bincount(labels * classes + predicted, minlength=classes**2)
    wrong = (predicted != labels).nonzero().flatten()
    most = wrong[chances[wrong].argsort(descending=True, stable=True)][:WORST]
    return Evaluation(
        loss=cross_entropy(logits, labels).item(),
        accuracy=(predicted == labels).double().mean().item(),
        confusion=tuple(map(tuple, pairs.view(classes, classes).tolist())),
        worst=tuple(
            Miss(i, int(labels[i]), int(predicted[i]), float(chances[i])) for i in most.tolist()
        ),
    )


def on_device(training: Training, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Move images and labels to the device of a training, in its memory layout."""
    device, layout = training.device, _layout(training.task.recipe)
    return x.to(device, memory_format=layout), labels.to(device)


def autocast(recipe: Recipe, device: torch.device) -> AbstractContextManager[Any]:
    """Return the autocast context of a recipe."""
    if recipe.precision is Arithmetic.FLOAT32:
        return nullcontext()
    return torch.autocast(device.type, getattr(torch, recipe.precision))


def _layout(recipe: Recipe) -> torch.memory_format:
    return torch.channels_last if recipe.channels_last else torch.contiguous_format


def _optimiser(recipe: Recipe, model: ResNet) -> Optimizer:
    """Return the optimiser of a recipe; parameters with more than one dimension are weights."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": recipe.weight_decay if recipe.decay_all else 0.0},
    ]
    if recipe.optimiser is OptimiserKind.ADAMW:
        return AdamW(groups, lr=recipe.rate)
    return SGD(groups, lr=recipe.rate, momentum=recipe.momentum, nesterov=recipe.nesterov)


def scheduled(recipe: Recipe, optimiser: Optimizer, steps: int) -> LRScheduler:
    """Return torch's scheduler of a recipe for a run of `steps` steps; it is stepped every step."""
    warm, start = recipe.warm_up, recipe.warm_up_from
    match recipe.schedule:
        case Schedule.CONSTANT:
            return ConstantLR(optimiser, factor=1.0)
        case Schedule.ONE_CYCLE:
            return OneCycleLR(
                optimiser,
                recipe.rate,
                total_steps=steps,
                pct_start=recipe.rise,
                cycle_momentum=False,
            )
        case Schedule.MILESTONES:
            at = [max(round(share * steps) - warm, 0) for share in recipe.milestones]
            if not warm:
                return MultiStepLR(optimiser, at)
            first: LRScheduler = ConstantLR(optimiser, start, warm)
            return SequentialLR(optimiser, [first, MultiStepLR(optimiser, at)], [warm])
    if not warm:
        return CosineAnnealingLR(optimiser, steps)
    first = LinearLR(optimiser, start, total_iters=warm)
    return SequentialLR(optimiser, [first, CosineAnnealingLR(optimiser, steps - warm)], [warm])


@contextmanager
def prepared(task: Task) -> Iterator[None]:
    """Set torch's number of threads for a run, and restore it afterwards."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(task.threads or threads)
        yield
    finally:
        torch.set_num_threads(threads)
