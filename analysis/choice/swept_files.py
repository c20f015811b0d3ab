"""The folder of a sweep as it is read: its points, its failures and its plan.

A page reads it again and again while a sweep runs, so files that haven't changed aren't read twice.
"""

from __future__ import annotations

import os
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from analysis.choice.swept import Kind, Settings, SweptPoint, point_of, settings_of
from analysis.results.form import Result, read_result
from analysis.style.language import counted, translate
from nets.options import number_of

FAILED = ".failed"
"""Suffix of the file that says why a point failed."""

PLAN = ".sweep"
"""Suffix of the file with a sweep's plan."""

FILES = (".json", FAILED, PLAN)
"""Suffixes of the files of a sweep."""

_BESIDE = (".safetensors", ".toml")  # files to skip: weights, and the copy of the sweep's file
_KEPT = 8  # folders whose contents are cached
_FOREIGN = "not from a sweep"
_NAMED = 3  # most files that a sentence names for each problem


class FailedPoint(NamedTuple):
    """A point that failed: its network, its seed and its sentence."""

    point: str
    kind: str
    model: str
    seed: int
    sentence: str


class Plan(NamedTuple):
    """The plan of a sweep: its title, and the ids of each experiment's points."""

    title: str
    points: tuple[tuple[str, tuple[str, ...]], ...]


class Problem(NamedTuple):
    """A file that is left out, and what is wrong with it."""

    file: str
    why: str


@dataclass(frozen=True, eq=False)
class Contents:
    """What a sweep's folder holds.

    Attributes:
        points: the points that have been run, each once.
        failed: the points that failed.
        plans: the plans, the newest last; empty if the folder has none.
        problems: the files that are left out.
        waiting: files that haven't been read yet.
    """

    points: tuple[SweptPoint, ...] = ()
    failed: tuple[FailedPoint, ...] = ()
    plans: tuple[Plan, ...] = ()
    problems: tuple[Problem, ...] = ()
    waiting: int = 0

    @property
    def title(self) -> str:
        """The title of the latest sweep, or ""."""
        return self.plans[-1].title if self.plans else ""

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The experiments that have points, in the order in which they were asked."""
        there = {point.kind for point in self.points}
        asked = [kind for plan in self.plans for kind, _ in plan.points]
        return tuple(Kind(kind) for kind in dict.fromkeys([*asked, *Kind]) if kind in there)

    @cached_property
    def asked(self) -> int:
        """The number of planned points; 0 if the folder has no plan."""
        return len(self._asked)

    @cached_property
    def _asked(self) -> frozenset[str]:
        return frozenset(id for plan in self.plans for _, ids in plan.points for id in ids)

    @cached_property
    def done(self) -> int:
        """The number of points that have been run; only planned ones if the folder has a plan."""
        if not self.plans:
            return len(self.points)
        asked = Counter(self._asked)
        there = Counter(point_id(p.kind, p.name, p.model, p.seed) for p in self.points)
        return sum((asked & there).values())

    @property
    def is_over(self) -> bool:
        """Whether every planned point has been run or has failed."""
        return bool(self.plans) and self.done + len(self.failed) >= self.asked

    @property
    def ended(self) -> tuple[FailedPoint, ...]:
        """The failed points, and the trainings whose loss wasn't finite."""
        early = (
            FailedPoint(p.name, p.kind, p.model, p.seed, p.ended) for p in self.points if p.ended
        )
        return (*self.failed, *early)

    def settings(self, kind: Kind) -> Settings:
        """Return the points of an experiment by setting."""
        if kind not in self._settings:
            self._settings[kind] = settings_of(self.points, kind)
        return self._settings[kind]

    @cached_property
    def _settings(self) -> dict[Kind, Settings]:
        return {}


def point_id(kind: str, name: str, model: str, seed: int) -> str:
    """Return what identifies a point in a folder and in a plan.

    That is its hash. The hash of lesions holds the digest of the weights, which isn't known before
    the training, so a plan has network and seed instead.
    """
    return f"{model} seed {seed}" if kind == Kind.LESIONS else name


def write_plan(
    folder: Path, text: str, title: str, points: Iterable[tuple[str, str, str, int]]
) -> None:
    """Write a sweep's plan into its folder, so that a page can tell how much is done.

    Args:
        folder: the sweep's folder.
        text: the sweep's file.
        title: its title.
        points: the kind, the hash, the model and the seed of each point.

    Raises:
        OSError: if it can't be written.
    """
    ids: dict[str, list[str]] = {}
    for kind, name, model, seed in points:
        ids.setdefault(kind, []).append(point_id(kind, name, model, seed))
    plan = Result("sweep", {"text": text}, {}, {"title": title, "points": ids}, ("points",))
    plan.write(folder / f"{plan.hash}{PLAN}")


_Read = SweptPoint | FailedPoint | Plan | Problem


@dataclass
class _Known:
    """A folder's files as they were read last: each with the time of its change in ns."""

    files: dict[str, tuple[int, _Read]] = field(default_factory=dict)
    contents: Contents | None = None


_known: OrderedDict[Path, _Known] = OrderedDict()
_lock = Lock()


def read_folder(folder: Path, within: float = inf) -> Contents:
    """Return what a folder holds; files that haven't changed aren't read again.

    Args:
        folder: the folder of a sweep.
        within: seconds after which the rest of the files waits for the next call.

    Raises:
        ValueError: in one sentence, if the folder can't be read.
    """
    latest = time.monotonic() + within
    with _lock:
        known = _known.setdefault(folder, _Known())
        _known.move_to_end(folder)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
        try:
            there = _listed(folder)
        except OSError as error:
            raise ValueError(f"the sweep's folder can't be read: {error.strerror}") from None
        fresh, waiting = known.contents is None, 0
        for gone in known.files.keys() - there.keys():
            del known.files[gone]
            fresh = True
        for name, changed in there.items():
            before = known.files.get(name)
            if before is not None and before[0] == changed:
                continue
            fresh = True
            if time.monotonic() > latest:
                waiting += 1
                continue
            known.files[name] = changed, _read(folder / name)
        if fresh or known.contents is None:
            ordered = sorted(known.files.items(), key=lambda item: (item[1][0], item[0]))
            known.contents = _gathered([one for _, (_, one) in ordered], waiting)
        return known.contents


def _listed(folder: Path) -> dict[str, int]:
    """Return the files of a folder, each with the time of its last change in ns."""
    with os.scandir(folder) as entries:
        return {
            entry.name: entry.stat().st_mtime_ns
            for entry in entries
            if not entry.name.startswith(".")
            and not entry.name.endswith(_BESIDE)
            and entry.is_file()
        }


def _read(path: Path) -> _Read:
    """Read a file, whatever it holds."""
    if not path.name.endswith(FILES):
        return Problem(path.name, _FOREIGN)
    try:
        result = read_result(path)
    except OSError:
        return Problem(path.name, "unreadable")
    except ValueError:
        return Problem(path.name, "damaged")
    try:
        if path.suffix == FAILED:
            asked, said = result.asked, str(result.figures["sentence"])
            kind = result.kind.removesuffix(" failed")
            return FailedPoint(asked["point"], kind, asked["model"], int(asked["seed"]), said)
        if path.suffix == PLAN:
            points = result.figures["points"].items()
            own = tuple((str(kind), tuple(map(str, ids))) for kind, ids in points)
            return Plan(str(result.figures["title"]), own)
        return point_of(path, result)
    except (ValueError, TypeError, KeyError, AttributeError):
        return Problem(path.name, _FOREIGN)


def _gathered(found: Sequence[_Read], waiting: int) -> Contents:
    by_name: dict[str, list[SweptPoint]] = {}
    problems = [one for one in found if isinstance(one, Problem)]
    for one in found:
        if isinstance(one, SweptPoint):
            by_name.setdefault(one.name, []).append(one)
    points = {}
    for name, alike in by_name.items():
        # The sweep names its own file by the hash, so any other is a copy.
        points[name], *copies = sorted(alike, key=lambda one: Path(one.path).stem != name)
        problems += [Problem(Path(one.path).name, "copied") for one in copies]
    failed = [one for one in found if isinstance(one, FailedPoint) and one.point not in points]
    plans = [one for one in found if isinstance(one, Plan)]
    return Contents(tuple(points.values()), tuple(failed), tuple(plans), tuple(problems), waiting)


_WHY = ("damaged", "unreadable", "copied", _FOREIGN)


def problems_in_words(found: Contents) -> str:
    """Return a sentence on the files that are left out; "" if there are none."""
    parts = []
    for why in _WHY:
        own = sorted(one.file for one in found.problems if one.why == why)
        if own:
            more = f" and {len(own) - _NAMED:,} more" if len(own) > _NAMED else ""
            parts.append(f"{len(own):,} {why} ({', '.join(own[:_NAMED])}{more})")
    if not parts:
        return ""
    return f"{number_of(len(found.problems), 'file')} left out: {', '.join(parts)}."


def progress_in_words(found: Contents) -> str:
    """Return in one sentence how many of the points have been run, and how many failed."""
    parts = [counted(found.asked or found.done, "{number} point", "{number} points")]
    if found.asked:
        done = format(found.done, ",")
        parts = [translate("{done} of {points}", done=done, points=parts[0])]
    if found.failed:
        parts.append(counted(len(found.failed), "{number} failed", "{number} failed"))
    if found.waiting:
        parts.append(counted(found.waiting, "{number} file to read", "{number} files to read"))
    return translate("{parts}.", parts=translate(", ").join(parts))
