"""Runs that are kept: one result and one checkpoint each, in a folder, and what goes on later."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from analysis.images.open import open_set
from analysis.images.sets import ImageSet
from analysis.results.form import read_result
from analysis.results.store import Store
from analysis.training import checkpoints
from analysis.training.loop import Asked, Tell, Training, check, finish
from analysis.training.report import run_of, run_result
from analysis.training.runs import News, Run, Task


@dataclass(frozen=True)
class RunFiles:
    """The files of a run: its result, its weights, and what it goes on from while it is not whole.

    Attributes:
        folder: where they lie; it must exist.
        name: what they are called before their endings.
    """

    folder: Path
    name: str

    @classmethod
    def of(cls, folder: Path, task: Task) -> RunFiles:
        """Return the files of a run in a folder, named so that a person can tell them apart."""
        return cls(folder, f"{task.spec.base}-seed{task.seed}-{task.hash}")

    @property
    def result(self) -> Path:
        """The result."""
        return self.folder / f"{self.name}.json"

    @property
    def weights(self) -> Path:
        """The checkpoint."""
        return self.folder / f"{self.name}{checkpoints.SUFFIX}"

    @property
    def state(self) -> Path:
        """What the run goes on from; gone when it is whole."""
        return self.folder / f"{self.name}{checkpoints.STATE}"

    def exist(self) -> bool:
        """Return whether there is anything of the run."""
        return any(path.exists() for path in (self.result, self.weights, self.state))

    def over(self) -> Run | None:
        """Return the run if it is over and its weights are sound, as far as it has any.

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
    """Train a network and keep the run; without files, train it only.

    Args:
        task: what is asked.
        images: what is learned from.
        files: where the run is kept.
        tell: is given what is new.
        number: the run's place in its request.
        resume: whether to go on from what the files hold, and to take a whole run from them.
        stop: asked after every step whether to end here; the run can go on later then.
        writing: surrounds the writing of a file.

    Raises:
        ValueError: as `check` does, or if the files are damaged or of another run.
        NotKeptError: if a file can't be written; what was there before is still there then.
    """
    if resume and files and (before := files.over()):
        return before
    training = Training(task, images)
    if resume and files and files.state.exists():
        checkpoints.resume(training, files.state)

    def keep(training: Training) -> None:
        if not files:
            return
        try:
            with writing():
                if training.is_whole or training.ended:
                    _keep_whole(training, files)
                else:
                    checkpoints.save_state(training, files.state)
        except OSError as error:
            raise NotKeptError(training.run(), error) from error

    finish(training, tell, number=number, stop=stop, keep=keep)
    if training.steps:
        keep(training)
    return training.run()


def _keep_whole(training: Training, files: RunFiles) -> None:
    """Write the weights, if they are of any use, then the result; the state is needed no more."""
    if not training.ended:
        checkpoints.save(training, files.weights)
    run_result(training.run()).write(files.result)
    files.state.unlink(missing_ok=True)


class NotKeptError(OSError):
    """A run that can't be written, and what there is of it."""

    def __init__(self, run: Run, error: OSError) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        self.run = run


def train_all(tell: Tell, tasks: tuple[Task, ...], folder: Path | None = None) -> tuple[Run, ...]:
    """Train several networks, one after the other, and keep the runs in a store's folder.

    A store that can't be written to keeps nothing; the runs come back all the same.

    Raises:
        ValueError: as `check` does, before anything is trained.
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
            with suppress(OSError):  # the disk is full: the run is kept without its weights
                path = store.path(runs[-1].task.hash, checkpoints.SUFFIX)
                checkpoints.save(training, path)
    return tuple(runs)
