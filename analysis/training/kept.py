"""Saved runs: a result and a checkpoint each in a folder, and the state to resume from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from analysis.images.open import open_set
from analysis.images.sets import ImageSet
from analysis.results.form import read_result
from analysis.results.store import Store
from analysis.training import checkpoints, states
from analysis.training.loop import Asked, Tell, Training, check, finish
from analysis.training.report import run_of, run_result
from analysis.training.runs import News, Run, Task


@dataclass(frozen=True)
class RunFiles:
    """The files of a run: its result, its weights, and its state until it is complete.

    Attributes:
        folder: their folder, which must exist.
        name: their common name, without suffixes.
    """

    folder: Path
    name: str

    @classmethod
    def of(cls, folder: Path, task: Task) -> RunFiles:
        """Return the files of a run in a folder, with a human-readable name."""
        return cls(folder, f"{task.spec.base}-seed{task.seed}-{task.hash}")

    @property
    def result(self) -> Path:
        """Path of the result."""
        return self.folder / f"{self.name}.json"

    @property
    def weights(self) -> Path:
        """Path of the checkpoint."""
        return self.folder / f"{self.name}{checkpoints.SUFFIX}"

    @property
    def state(self) -> Path:
        """Path of the state to resume from; deleted when the run is complete."""
        return self.folder / f"{self.name}{states.STATE}"

    def exist(self) -> bool:
        """Return whether any file of the run exists."""
        return any(path.exists() for path in (self.result, self.weights, self.state))

    def over(self) -> Run | None:
        """Return the run if it is over and its weights, if it has any, can be loaded.

        Raises:
            ValueError: if the result is damaged.
        """
        if not self.result.exists():
            return None
        run = run_of(read_result(self.result))
        if run.ended:
            return run
        try:
            checkpoints.load(self.weights)
        except (OSError, ValueError):
            return None
        return run if run.is_whole else None


def train_kept(
    task: Task,
    images: ImageSet,
    files: RunFiles | None,
    tell: Tell,
    *,
    number: int = 0,
    resume: bool = False,
    stop: Asked = lambda: False,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Run:
    """Train a network and save the run; without files, only train.

    Args:
        task: the run to perform.
        images: the set to train and test on.
        files: where to save the run.
        tell: called with news of the run.
        number: the run's place in its request.
        resume: whether to resume from the files, or to return the run if it is complete there.
        stop: asked after every step whether to stop; a stopped run can be resumed.
        writing: a context manager entered while a file is written.

    Raises:
        ValueError: as `check` does, or if the files are damaged or belong to another run.
        NotKeptError: if a file can't be written; an earlier file is then left unchanged.
    """
    if resume and files and (before := files.over()):
        return before
    training = Training(task, images)
    if resume and files and files.state.exists():
        states.resume(training, files.state)

    def keep(training: Training) -> None:
        if not files:
            return
        try:
            with writing():
                if training.is_whole or training.ended:
                    _keep_whole(training, files)
                else:
                    states.save_state(training, files.state)
        except OSError as error:
            raise NotKeptError(training.run(), error) from error

    finish(training, tell, number=number, stop=stop, keep=keep)
    if training.steps:
        keep(training)
    return training.run()


def _keep_whole(training: Training, files: RunFiles) -> None:
    """Write the weights, if they are usable, then the result, and delete the state."""
    if not training.ended:
        states.save(training, files.weights)
    run_result(training.run()).write(files.result)
    files.state.unlink(missing_ok=True)


class NotKeptError(OSError):
    """Raised if a run can't be written; holds the run so far."""

    def __init__(self, run: Run, error: OSError) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        self.run = run


def train_all(tell: Tell, tasks: tuple[Task, ...], folder: Path | None = None) -> tuple[Run, ...]:
    """Train several networks, one after the other, and save the runs in a store's folder.

    If the store can't be written, nothing is saved and the runs are still returned.

    Raises:
        ValueError: as `check` does, before any training starts.
    """
    sets = {task.data: open_set(task.data) for task in tasks}
    for task in tasks:
        check(task, sets[task.data])
    store = Store(folder) if folder else None
    runs = []
    for number, task in enumerate(tasks):
        training = Training(task, sets[task.data])
        tell(News(number, total=training.total, classes=training.images.classes))
        finish(training, tell, number=number)
        runs.append(training.run())
        if store and store.keep(run_result(runs[-1])) and not training.ended:
            with suppress(OSError):  # if the disk is full, keep the run without its weights
                path = store.path(runs[-1].task.hash, checkpoints.SUFFIX)
                states.save(training, path)
    return tuple(runs)
