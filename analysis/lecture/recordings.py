"""Every experiment whose result ships with the app, and how closely a new result must agree.

The pages show these results at once; `python -m analysis record` measures them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from analysis.gradients import direction, measure
from analysis.gradients.cosines import DIRECTION, DirectionSettings
from analysis.gradients.curves import GradientSettings
from analysis.gradients.presets import MORE, PRESETS, SHATTERED, Preset
from analysis.gradients.report import direction_result, gradients_result
from analysis.gradients.results import GRADIENTS, run_hash
from analysis.gradients.twins import plain_twin, residual_twin
from analysis.images.open import SAMPLE, open_set
from analysis.lecture.settings import FRONT
from analysis.lesions.paths import DRAWS
from analysis.lesions.report import LESIONS, PATHS, lesions_hash, paths_hash
from analysis.lesions.shipped import SHIPPED, shipped_path
from analysis.lesions.studies import measure_paths, study_all
from analysis.lesions.subjects import IMAGES, PATH_IMAGES, seed_of
from analysis.results.form import Result
from analysis.training.checkpoints import load
from analysis.training.kept import train_all
from analysis.training.ladders import EXAMPLE, LADDER, PAIR, SEEDS
from analysis.training.recipes import recipe_of
from analysis.training.report import run_result
from analysis.training.runs import KIND, Task, tasks_of
from nets import parse
from nets.names import kind_of

_NUMBER = re.compile(r"[-−+]?\d[\d.,]*(?:×10[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)?")


@dataclass(frozen=True)
class Recording:
    """One experiment.

    Attributes:
        name: the name of its file, without suffix.
        hash: returns the hash of its settings.
        make: measures it.
    """

    name: str
    hash: Callable[[], str]
    make: Callable[[], Result]


def every() -> Iterator[Recording]:
    """Yield every recording, in the order in which they are made."""
    for preset in (*PRESETS, *MORE):
        settings = GradientSettings(precision=preset.precision)
        yield _gradients(f"gradients_{_slug(preset)}", preset.models, settings)
    front = parse(FRONT)
    twins = (str(plain_twin(front)), str(residual_twin(front)))
    yield _gradients(f"gradients_{FRONT}", twins, GradientSettings())
    yield _gradients("direction", SHATTERED.models, DirectionSettings())
    yield from map(_training, _tasks())
    for name in SHIPPED:
        yield _lesions(name)
    for name, net in SHIPPED.items():
        if kind_of(parse(net.model)) == "residual":
            yield _paths(name, trained=True)
            yield _paths(name, trained=False)


def _slug(preset: Preset) -> str:
    return re.sub(r"[^a-z0-9]+", "_", preset.short.lower()).strip("_")


def _gradients(name: str, models: Sequence[str], settings: GradientSettings) -> Recording:
    specs = tuple(map(parse, models))

    def make() -> Result:
        if isinstance(settings, DirectionSettings):
            return direction_result(direction.measure(_quiet, specs, settings))
        return gradients_result(measure.measure(_quiet, specs, settings))

    return Recording(name, partial(run_hash, specs, settings), make)


def _quiet(news: object) -> None:
    """Ignore a report."""


def _tasks() -> tuple[Task, ...]:
    specs = [parse(text) for text in dict.fromkeys((*PAIR, *LADDER, *EXAMPLE))]
    images = open_set(SAMPLE)
    return tasks_of(specs, recipe_of("degradation"), SAMPLE, images, range(SEEDS), threads=1)


def _training(task: Task) -> Recording:
    def make() -> Result:
        (run,) = train_all(_quiet, (task,))
        return run_result(run)

    kind = "plain" if kind_of(task.spec) == "plain" else "resnet"
    return Recording(f"train_{kind}{task.spec.depth}_seed{task.seed}", lambda: task.hash, make)


def _lesions(name: str) -> Recording:
    def asked() -> str:
        weights = load(shipped_path(name)).digest
        return lesions_hash(SHIPPED[name].model, weights, open_set(SAMPLE).digest, IMAGES)

    def make() -> Result:
        (result,) = study_all(_quiet, (shipped_path(name),), SAMPLE, IMAGES)
        return result

    return Recording(f"lesions_{name}", asked, make)


def _paths(name: str, trained: bool) -> Recording:
    model = SHIPPED[name].model
    source: Path | str = shipped_path(name) if trained else model

    def asked() -> str:
        weights = load(shipped_path(name)).digest if trained else seed_of(0)
        digest = open_set(SAMPLE).digest
        return paths_hash(model, weights, digest, PATH_IMAGES, DRAWS, trained)

    def make() -> Result:
        return measure_paths(_quiet, source, SAMPLE, PATH_IMAGES, DRAWS)

    return Recording(f"paths_{name}{'' if trained else '_init'}", asked, make)


def differences(known: Result, anew: Result) -> tuple[str, ...]:
    """Return how a new result differs from the recorded one, beyond the tolerances.

    Tolerances are 0.15 for a training loss, 0.7 for a gradient's log10 ratio, 0.01 for an error
    with blocks out, 0.5 for a mean path length and 0.05 for a cosine. Sentences may differ only in
    their figures.

    Raises:
        ValueError: if they answer different questions.
    """
    if known.hash != anew.hash:
        raise ValueError("the two results answer different questions")
    figures = dict(_figures(known)), dict(_figures(anew))
    allowed = _ALLOWED[known.kind]
    found = [
        f"{name} is {_shown(figures[1].get(name))}, recorded {_shown(before)}"
        for name, before in figures[0].items()
        if not _alike(before, figures[1].get(name), allowed)
    ]
    sentences = zip(_sentences(known), _sentences(anew), strict=False)
    found += [
        f'it says "{now}", recorded "{before}"'
        for before, now in sentences
        if _NUMBER.sub("#", before) != _NUMBER.sub("#", now)
    ]
    if len(_sentences(known)) != len(_sentences(anew)):
        found.append("it says more or less than what is recorded")
    return tuple(found)


_ALLOWED = {GRADIENTS: 0.7, DIRECTION: 0.05, KIND: 0.15, LESIONS: 0.01, PATHS: 0.5}


def _alike(one: float | None, other: float | None, allowed: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= allowed + 1e-9


def _shown(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"


def _sentences(result: Result) -> list[str]:
    return list(result.figures.get("verdict", ()))


def _figures(result: Result) -> Iterator[tuple[str, float | None]]:
    """Yield the figures of a result that are compared, by name."""
    figures: Mapping[str, Any] = result.figures
    match result.kind:
        case "gradients":
            for row in figures["summary"]:
                yield f"the log10 ratio of {row['model']}", row["log10_ratio"]
        case "direction":
            for row in figures["summary"]:
                yield f"the cosine of {row['model']}", row["cosine"]
        case "train":
            yield "the final training loss", figures["last_loss"]
        case "lesions":
            yield "the error", figures["error"]
            for row in figures["single"]:
                yield f"the error without {row['path']}", row["error"]
        case _:
            yield "the mean length of the gradient's paths", figures["mean_gradient"]
