"""Sweeps: one experiment on many networks and seeds, each point a file in a folder.

A point whose files are in the folder isn't run again. So a stopped sweep continues on any machine,
and copying files merges two sweeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from analysis.choice.points import Experiment, File, TimePoints, TrainPoints, run_point
from analysis.choice.swept_files import FAILED, PLAN, write_plan
from analysis.gradients.measure import Need
from analysis.machine.disk import replacing
from analysis.machine.process import Failure
from analysis.machine.works import Runner, Work
from analysis.results.form import Result
from analysis.style.grid import Grid
from analysis.style.numbers import MISSING, seeds_in_words, short, three
from analysis.style.terminal import WIDTH, laid_out
from nets.names import names_of
from nets.options import number_of
from nets.spec import ResNetSpec

MAX_POINTS = 10_000
"""Most points in a sweep."""

_STALE_SECONDS = 60


@dataclass(frozen=True)
class Point:
    """One experiment on one network with one seed."""

    experiment: Experiment
    spec: ResNetSpec
    seed: int

    @property
    def name(self) -> str:
        """The hash that identifies the point."""
        return self.experiment.name(self.spec, self.seed)

    @property
    def title(self) -> str:
        """The point in words."""
        return f"{self.experiment.kind} of {self.spec}, seed {self.seed}"

    def is_there(self, folder: Path) -> bool:
        """Return whether a folder holds the point's files, whole."""
        return self.experiment.is_there(folder, self.spec, self.seed)

    def work(self, folder: Path) -> Work:
        """Return the point as work for a process of this or another machine."""
        experiment = self.experiment
        weights = experiment.weights(folder, self.spec, self.seed)
        limit = experiment.max_memory_mb
        return Work(
            name=self.name,
            function=run_point,
            arguments=(experiment, self.spec, self.seed, weights),
            seconds=experiment.max_seconds,
            memory_bytes=None if limit is None else limit * 10**6,
            device=experiment.device,
            is_timing=isinstance(experiment, TimePoints),
        )

    def failed(self, failure: Failure, tries: int) -> Result:
        """Return the failure of the point in the form of a result."""
        asked = {"model": str(self.spec), "seed": self.seed, "point": self.name}
        figures = {"cause": failure.cause.value, "sentence": failure.sentence, "tries": tries}
        return Result(f"{self.experiment.kind} failed", asked, {}, figures)


@dataclass(frozen=True)
class Sweep:
    """The points of a sweep, no two of the same name."""

    title: str
    points: tuple[Point, ...]

    def to_run(self, folder: Path) -> list[Point]:
        """Return the points that a folder doesn't hold, timings last."""
        missing = [point for point in self.points if not point.is_there(folder)]
        return sorted(missing, key=lambda point: isinstance(point.experiment, TimePoints))

    def plan(self, text: str, folder: Path) -> None:
        """Write the plan into the sweep's folder; `text` is the sweep's file.

        Raises:
            OSError: if it can't be written.
        """
        points = ((p.experiment.kind, p.name, str(p.spec), p.seed) for p in self.points)
        write_plan(folder, text, self.title, points)


@dataclass(frozen=True)
class Ended:
    """A point that has run: its failure, or None if its files are in the folder."""

    point: Point
    failure: Failure | None


def run(
    points: Iterable[Point],
    folder: Path,
    runner: Runner,
    tell: Callable[[Point, float], object] = lambda point, share: None,
    asked: Callable[[], int] = lambda: 0,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Iterator[Ended]:
    """Run points and write their files, each as a whole or not at all.

    A failed point is a file, too, which the next start replaces.

    Args:
        points: those of `Sweep.to_run`.
        folder: an existing folder.
        runner: where they run.
        tell: called with a point and the share of it that is done.
        asked: returns 0; 1 if no new points may begin; 2 if the running ones are to be cancelled.
        writing: a context manager entered while a file is written.

    Raises:
        OSError: if a file can't be written, or the cluster is gone.
    """
    named = {point.name: point for point in points}
    works = (point.work(folder) for point in named.values())
    for outcome in runner(works, lambda name, share: tell(named[name], share), asked):
        point = named[outcome.name]
        failure_file = folder / f"{point.name}{FAILED}"
        with writing():
            if outcome.failure:
                point.failed(outcome.failure, outcome.tries).write(failure_file)
            else:
                _write(outcome.result, folder)
                failure_file.unlink(missing_ok=True)
        yield Ended(point, outcome.failure)


def _write(files: Sequence[File], folder: Path) -> None:
    for name, data in files:
        with replacing(folder / name) as file:
            file.write_bytes(data)


def tidy(folder: Path) -> None:
    """Delete files that a killed process left unfinished, but none that may still be written."""
    for path in folder.glob(".*"):
        if any(mark in path.name for mark in (".json.", ".safetensors.", f"{FAILED}.", f"{PLAN}.")):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()


@dataclass(frozen=True)
class Forecast:
    """The predicted time and memory of a point.

    Attributes:
        is_there: whether the folder already holds it.
        need: memory and multiply-adds; None if it can't run here.
        refusal: why it can't run here, or "".
        seconds: its time, or None without comparable measurements.
        is_most: whether `seconds` is an upper bound.
    """

    point: Point
    is_there: bool
    need: Need | None
    refusal: str = ""
    seconds: float | None = None
    is_most: bool = False


def forecasts(sweep: Sweep, folder: Path) -> list[Forecast]:
    """Predict what every point takes on this machine.

    Memory is that of `analysis.costs.step`, without the process itself. The time of a training is
    known if the folder holds trainings of the same recipe on the same device: seconds per
    multiply-add, by their median, of the same network if it is among them. A timing has a limit,
    which excludes building the network.
    """
    needs: dict[tuple[Experiment, ResNetSpec], Need | str] = {}
    there = {point.name: point.is_there(folder) for point in sweep.points}
    for point in sweep.points:
        if (key := (point.experiment, point.spec)) not in needs:
            try:
                needs[key] = point.experiment.need(point.spec, point.seed)
            except ValueError as error:
                needs[key] = str(error)
    paces = _paces(sweep, folder, needs)
    found = []
    for point in sweep.points:
        need = needs[point.experiment, point.spec]
        if isinstance(need, str):
            found.append(Forecast(point, there[point.name], None, need))
            continue
        if isinstance(point.experiment, TimePoints):
            most = point.experiment.seconds
            found.append(Forecast(point, there[point.name], need, "", most, is_most=True))
            continue
        own = paces.get((point.experiment, point.spec)) or [
            pace for (one, _), all in paces.items() if one == point.experiment for pace in all
        ]
        seconds = median(own) * need.macs if own else None
        found.append(Forecast(point, there[point.name], need, "", seconds))
    return found


def _paces(sweep: Sweep, folder: Path, needs: dict[Any, Need | str]) -> dict[Any, list[float]]:
    """Return seconds per multiply-add of the trainings in the folder, by experiment and network."""
    paces: dict[Any, list[float]] = {}
    for point in sweep.points:
        need = needs[point.experiment, point.spec]
        if type(point.experiment) is TrainPoints and isinstance(need, Need):
            run = point.experiment.run_in(folder, point.spec, point.seed)
            if run and run.is_whole and run.task.device == point.experiment.device:
                pace = run.seconds / need.macs
                paces.setdefault((point.experiment, point.spec), []).append(pace)
    return paces


def forecast_text(title: str, found: Sequence[Forecast], width: int = WIDTH) -> str:
    """Return forecasts as a table, with a summary above and what can't run below."""
    new = [one for one in found if not one.is_there]
    runs = [one for one in new if one.need]
    said = f"{number_of(len(found), 'point')}: {len(found) - len(new)} done, {len(new)} to run"
    if runs:
        said += f"; the largest takes {short(max(one.need.bytes for one in runs if one.need), 'B')}"
    known = [one.seconds for one in runs if one.seconds is not None]
    if runs and len(known) == len(runs):
        bound = "at most " if any(one.is_most for one in runs) else "about "
        said += f"; {bound}{_time(sum(known))}, one after another"
    grid = _settings(f"{title}\n{said}" if title else said, found)
    refused = dict.fromkeys(one.refusal for one in new if one.refusal)
    lines = ["Can't run here:", *(f"- {sentence}" for sentence in refused)] if refused else []
    return laid_out([grid, "\n".join(lines)], width)


def _settings(caption: str, found: Sequence[Forecast]) -> Grid:
    """Return a row for each setting, with its seeds; columns that say nothing are left out."""
    specs = list(dict.fromkeys(one.point.spec for one in found))
    names = dict(zip(specs, names_of(specs), strict=True))
    experiments = list(dict.fromkeys(one.point.experiment for one in found))
    rows: dict[tuple[str, ...], list[int]] = {}
    for one in found:
        number = experiments.index(one.point.experiment) + 1
        experiment = f"{number}, {one.point.experiment.kind}" if len(experiments) > 1 else ""
        rows.setdefault((experiment, names[one.point.spec], *_figures(one)), []).append(
            one.point.seed
        )
    table = [
        ("experiment", "network", "seeds", "memory", "MACs", "time", "state"),
        *(
            (*row[:2], seeds_in_words(sorted(seeds)).partition(" ")[2], *row[2:])
            for row, seeds in rows.items()
        ),
    ]
    columns = [cells for cells in zip(*table, strict=True) if {*cells[1:]} - {"", MISSING}]
    head, *body = zip(*columns, strict=True)
    return Grid(caption, head, tuple(body), left=1 + (len(experiments) > 1))


def _figures(one: Forecast) -> tuple[str, str, str, str]:
    """Return a point's predicted memory, multiply-adds and time, and its state."""
    state = "done" if one.is_there else "can't run here" if one.refusal else "to run"
    seconds = MISSING if one.seconds is None else _time(one.seconds)
    return (
        short(one.need.bytes, "B") if one.need else MISSING,
        short(one.need.macs) if one.need else MISSING,
        f"at most {seconds}" if one.is_most else seconds,
        state,
    )


def _time(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{three(seconds / size)} {unit}"
    return f"{three(seconds)} s"
