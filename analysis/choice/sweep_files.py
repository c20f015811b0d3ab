"""Sweeps as small TOML files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from enum import StrEnum
from itertools import product
from math import prod
from typing import Any

from analysis.choice.points import EXPERIMENTS, Experiment, TrainPoints, opened
from analysis.choice.sweeps import MAX_POINTS, Point, Sweep
from analysis.gradients.curves import MAX_SEED
from analysis.images.open import SAMPLE
from analysis.style.toml_lines import header_lines, line_of, read_toml
from analysis.training.recipes import changed, recipe_of
from nets.options import DEFAULTS, check_whole, checked, quote, shown
from nets.spec import ResNetSpec
from nets.text import KEYS, edit, parse, read_option

MAX_BYTES = 200_000
"""Largest size of a sweep's file."""

_KEYS = ("title", "models", "seeds", "options", "experiment")
_RANGE = ("from", "to", "step")


def read_sweep(text: str) -> Sweep:
    """Read a sweep from TOML.

    It has `models`, a list of model texts; `[options]`, each a value, a list of values or a range
    `{ from = 1, to = 9, step = 2 }`, of which every combination is applied to every model; `seeds`,
    their number or a list or range of them; and `[experiment]`, or several as `[[experiment]]`,
    with a `kind` and its settings. A single number of `blocks` applies to every stage.

    Raises:
        ValueError: in one sentence that names the line.
    """
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(f"a sweep's file has at most {MAX_BYTES // 1000} kB")
    values, lines = read_toml(text), text.splitlines()
    for name in values:
        if name not in _KEYS:
            line = next(iter(header_lines(name, lines)), line_of(name, lines, 0))
            raise ValueError(f"line {line}: {quote(name)} isn't a field of a sweep: {_some(_KEYS)}")
    with _at("title", lines, 0):
        if not isinstance(title := values.get("title", ""), str):
            raise ValueError("title must be a string")
    with _at("seeds", lines, 0):
        seeds = _seeds(values.get("seeds", 1))
    specs = _specs(values, lines)
    experiments = _experiments(values, lines)
    if (number := len(specs) * len(seeds) * len(experiments)) > MAX_POINTS:
        raise ValueError(f"a sweep has at most {MAX_POINTS:,} points, not {number:,}")
    points: dict[str, Point] = {}
    for start, experiment in experiments:
        with _on(start):
            networks = list(dict.fromkeys(map(experiment.network, specs)))
        for seed in seeds:
            for spec in networks:
                point = Point(experiment, spec, seed)
                points.setdefault(point.name, point)
    return Sweep(title, tuple(points.values()))


def _specs(values: Mapping[str, Any], lines: Sequence[str]) -> list[ResNetSpec]:
    """Return every model with every combination of the options."""
    with _at("models", lines, 0):
        texts = values.get("models")
        if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
            raise ValueError('models must be a list of strings, such as ["plain20", "resnet20"]')
        models = [parse(text) for text in texts]
    start = next(iter(header_lines("options", lines)), 0)
    options = values.get("options", {})
    with _on(start or line_of("options", lines, 0)):
        if not isinstance(options, dict):
            raise ValueError("options are written as [options]")
    axes = {}
    for key, given in options.items():
        with _at(key, lines, start):
            if key not in KEYS:
                raise ValueError(f"{quote(key)} isn't an option of a network: {_some(KEYS)}")
            axes[key] = [_option(key, value) for value in _list(key, given)]
            if not axes[key]:
                raise ValueError(f"{key} has no values")
    with _on(start):
        number = len(models) * prod(map(len, axes.values()))
        if number > MAX_POINTS:
            raise ValueError(f"a sweep has at most {MAX_POINTS:,} points, not {number:,}")
        changes = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
        return list(dict.fromkeys(_edited(spec, one) for spec, one in product(models, changes)))


def _option(key: str, value: Any) -> Any:
    """Return the value of an option: as in a model's text, or as a number or a boolean."""
    if isinstance(value, str):
        value = read_option(key, value.strip().lower())
    elif key == "blocks" and isinstance(value, int) and not isinstance(value, bool):
        return checked(key, (value,))[0]
    elif isinstance(DEFAULTS.get(key), tuple | StrEnum):
        raise ValueError(
            f"{key} must be a string such as {shown(key, DEFAULTS[key])!r}, not {value!r}"
        )
    return checked(key, value)


def _edited(spec: ResNetSpec, changes: Mapping[str, Any]) -> ResNetSpec:
    """Return a model with other options; a single number of blocks applies to every stage."""
    values = dict(changes)
    if isinstance(blocks := values.get("blocks"), int):
        values["blocks"] = (blocks,) * len(spec.blocks)
    try:
        return edit(spec, values)
    except ValueError as error:
        said = ":".join(f"{key}={shown(key, value)}" for key, value in values.items())
        raise ValueError(f"{spec} can't have {said}: {error}") from None


def _list(key: str, given: Any) -> list[Any]:
    """Return the values of a list, a range or a single value.

    Raises:
        ValueError: if a range isn't one of whole numbers.
    """
    if isinstance(given, list):
        return given
    if not isinstance(given, dict):
        return [given]
    if unknown := set(given) - set(_RANGE):
        raise ValueError(f"{key} has no {quote(min(unknown))}: a range has from, to and step")
    first, last, step = given.get("from"), given.get("to"), given.get("step", 1)
    for value in (first, last, step):
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{key} must be a range such as {{ from = 1, to = 9, step = 2 }}")
    assert first is not None
    assert last is not None
    if step < 1 or last < first:
        raise ValueError(f"{key} must go up: from at most to, and step at least 1")
    if (last - first) // step >= MAX_POINTS:
        raise ValueError(f"{key} has more than {MAX_POINTS:,} values")
    return list(range(first, last + 1, step))


def _seeds(given: Any) -> list[int]:
    """Return the seeds of a number, a list or a range."""
    if isinstance(given, int) and not isinstance(given, bool):
        check_whole("seeds", given, 1, MAX_POINTS)
        return list(range(given))
    seeds = _list("seeds", given) if isinstance(given, list | dict) else []
    if not seeds:
        raise ValueError("seeds must be a number, a list or a range")
    for seed in seeds:
        check_whole("seeds", seed, 0, MAX_SEED)
    return list(dict.fromkeys(seeds))


def _experiments(values: Mapping[str, Any], lines: Sequence[str]) -> list[tuple[int, Experiment]]:
    """Return the experiments, each with the line at which it begins."""
    given = values.get("experiment")
    tables = given if isinstance(given, list) else [given]
    starts = header_lines("experiment", lines) or [line_of("experiment", lines, 0)]
    found = []
    for index, table in enumerate(tables):
        start = starts[min(index, len(starts) - 1)]
        with _on(start):
            if not isinstance(table, dict):
                raise ValueError("the experiment is missing: write [experiment] and its kind")
            if "kind" not in table:
                raise ValueError(f"the experiment has no kind: {_some(EXPERIMENTS)}")
        found.append((start, _experiment(table, lines, start)))
    if not found:
        raise ValueError("the experiment is missing: write [experiment] and its kind")
    return found


def _experiment(table: Mapping[str, Any], lines: Sequence[str], start: int) -> Experiment:
    settings = dict(table)
    kind = settings.pop("kind")
    with _at("kind", lines, start):
        if not isinstance(kind, str) or kind not in EXPERIMENTS:
            raise ValueError(f"kind must be one of {', '.join(EXPERIMENTS)}, not {quote(kind)}")
    made = EXPERIMENTS[kind]
    trains = issubclass(made, TrainPoints)
    known = [one.name for one in fields(made) if one.init] + (["set"] if trains else [])
    for key in settings:
        with _at(key, lines, start):
            if key not in known:
                raise ValueError(f"{quote(key)} isn't a setting of {kind}: {_some(known)}")
    if trains:
        with _on(start):
            if "recipe" not in settings:
                raise ValueError(f"{kind} needs a recipe")
        with _at("recipe", lines, start):
            if not isinstance(settings["recipe"], str):
                raise ValueError("recipe must be a name")
            recipe = recipe_of(settings["recipe"])
        with _at("set", lines, start):
            changes = settings.pop("set", {})
            if not isinstance(changes, dict):
                raise ValueError("set must be a table, such as { rate = 0.05 }")
            settings["recipe"] = changed(recipe, changes) if changes else recipe
        with _at("data", lines, start):
            opened(settings.get("data", SAMPLE))
    return _named(made, settings, lines, start)


def _named(
    made: Callable[..., Experiment], settings: dict[str, Any], lines: Sequence[str], start: int
) -> Experiment:
    """Make an experiment; an error that begins with a setting's name is on that setting's line."""
    try:
        return made(**settings)
    except ValueError as error:
        said = str(error).replace("precision must", "dtype must")
        named = said.partition(" ")[0]
        line = line_of(named, lines, start) if named in settings else start
        raise ValueError(f"line {line}: {said}") from None
    except TypeError as error:  # a setting has the wrong type, such as a list
        raise ValueError(f"line {start}: {error}") from None


def _some(names: Mapping[str, Any] | Sequence[str]) -> str:
    return f"choose from {', '.join(names)}"


@contextmanager
def _at(field: str, lines: Sequence[str], start: int) -> Iterator[None]:
    """Add the line of a field to an error."""
    with _on(line_of(field, lines, start)):
        yield


@contextmanager
def _on(line: int) -> Iterator[None]:
    """Add a line to an error."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from None
