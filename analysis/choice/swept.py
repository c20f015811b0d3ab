"""The points of a sweep that have been run: their options, their figures, and their spread.

A setting is what points have in common that differ only in their seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from math import isfinite
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

from analysis.costs.profiles import profile
from analysis.images.kinds import SET_LABELS
from analysis.results.form import Result
from analysis.training.recipes import LAST
from nets.names import names_of, option_words
from nets.options import DEFAULTS, OPTIONS, number_of, quote, shown
from nets.spec import ResNetSpec, overrides
from nets.text import parse

Value = str | int | float | bool | tuple[Any, ...] | None
"""The value of an option."""


class Kind(StrEnum):
    """The experiments of a sweep, by the kinds of their results."""

    LESIONS = "lesions"
    TRAIN = "train"
    GRADIENTS = "gradients"
    DIRECTION = "direction"
    TIME = "time"

    @property
    def label(self) -> str:
        """The name on the screen."""
        return {"train": "training", "time": "timing"}.get(self.value, self.value).capitalize()


class Figure(NamedTuple):
    """A figure of a point: its name in files and addresses, its label and its unit."""

    name: str
    label: str
    unit: str = ""


FIGURES: Mapping[Kind, tuple[Figure, ...]] = {
    Kind.TRAIN: (
        Figure("last_loss", f"training loss, last {LAST} steps"),
        Figure("test_error", "test error", "%"),
        Figure("test_accuracy", "test accuracy", "%"),
        Figure("test_loss", "test loss"),
        Figure("last_accuracy", f"training accuracy, last {LAST} steps", "%"),
        Figure("step_ms", "time per step", "ms"),
        Figure("peak_memory_bytes", "peak memory", "B"),
    ),
    Kind.LESIONS: (
        Figure("median_error", "test error with one block out, median", "%"),
        Figure("highest_error", "test error with one block out, highest", "%"),
        Figure("error", "test error, all blocks in", "%"),
    ),
    Kind.GRADIENTS: (
        Figure("log10_ratio", "log10 ratio of ‖∂L/∂x‖, stem over last block"),
        Figure("factor_per_layer", "factor of ‖∂L/∂x‖ per layer"),
        Figure("slope_per_layer", "slope of log10 ‖∂L/∂x‖ per layer, fitted"),
    ),
    Kind.DIRECTION: (Figure("cosine", "cosine of ∂L/∂x under noise"),),
    Kind.TIME: (
        Figure("step_ms", "training iteration", "ms"),
        Figure("forward_ms", "forward", "ms"),
        Figure("backward_ms", "backward", "ms"),
        Figure("optimiser_ms", "optimiser", "ms"),
        Figure("images_per_s", "images/s"),
        Figure("forward_tflops", "TFLOP/s, forward"),
        Figure("peak_memory_bytes", "peak memory", "B"),
    ),
}
"""The figures of each experiment, the main one first; times are medians of their iterations."""

COSTS = (
    Figure("params", "parameters"),
    Figure("macs", "MACs (conv + linear)"),
    Figure("activations", "activations (convolutions)"),
    Figure("saved_bytes", "saved for backward (float32)", "B"),
)
"""Counts of a network, for one image."""


class Spread(NamedTuple):
    """The mean, the lowest and the highest value over the seeds that have one."""

    mean: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True, slots=True)
class SweptPoint:
    """A point that has been run.

    Attributes:
        path: its file.
        name: the hash of what was asked.
        kind: the experiment.
        model: the network's text.
        seed: the seed.
        options: the experiment's other settings.
        figures: the figures that it has.
        told: the names of recipe and images.
        where: device, CPU or accelerator, and the day.
        ended: why a training ended early, or "".
        weights: the digest of the weights that were studied, or "".
    """

    path: str
    name: str
    kind: Kind
    model: str
    seed: int
    options: tuple[tuple[str, Value], ...]
    figures: Mapping[str, float]
    told: tuple[str, ...] = ()
    where: tuple[str, str] = ("", "")
    ended: str = ""
    weights: str = ""

    @property
    def spec(self) -> ResNetSpec:
        """The network."""
        return spec_of(self.model)


@lru_cache(20_000)
def spec_of(model: str) -> ResNetSpec:
    """Return the network of a text.

    Raises:
        ValueError: if it isn't a model's text.
    """
    return parse(model)


@lru_cache(20_000)
def costs_of(model: str) -> Mapping[str, float]:
    """Return the counts of a network, without those that it doesn't have."""
    try:
        cost = profile(spec_of(model))
    except ValueError:
        return {}
    values = {figure.name: getattr(cost, figure.name) for figure in COSTS}
    return {name: float(value) for name, value in values.items() if value is not None}


def point_of(path: Path, result: Result) -> SweptPoint:
    """Return the point that a result holds.

    Raises:
        ValueError: if it isn't the point of a sweep.
    """
    try:
        kind = Kind(result.kind)
        options = dict(result.asked)
        if kind in (Kind.GRADIENTS, Kind.DIRECTION):
            (model,), (seed,) = options.pop("models"), options.pop("seeds")
        else:
            model, seed = options.pop("model"), options.pop("seed")
        options |= options.pop("recipe", {})
        weights = str(options.pop("weights", ""))
        spec_of(model)
        figures = {
            name: float(value)
            for name, value in _figures(kind, result.figures).items()
            if value is not None and isfinite(value)
        }
        ended = str(result.figures.get("ended") or "")
        told = tuple(str(result.figures[key]) for key in ("recipe", "data") if kind is Kind.TRAIN)
        stamp = result.stamp
        device = result.asked.get("device") or stamp.get("device") or "cpu"
        chip = stamp.get("cpu") if device == "cpu" else stamp.get("accelerator")
        return SweptPoint(
            path=str(path),
            name=result.hash,
            kind=kind,
            model=str(model),
            seed=int(seed),
            options=_shared(tuple((key, _plain(value)) for key, value in sorted(options.items()))),
            figures={} if ended else figures,
            told=told,
            where=(str(chip or device), str(stamp.get("date", ""))[:10]),
            ended=ended,
            weights=weights,
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise ValueError(f"{path.name} isn't a point of a sweep") from None


def _figures(kind: Kind, found: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the figures of a result; shares as percent, times as medians."""
    match kind:
        case Kind.TRAIN:
            accuracy = found["test_accuracy"]
            plain = {key: found[key] for key in ("last_loss", "test_loss", "step_ms")}
            return plain | {
                "test_accuracy": _percent(accuracy),
                "test_error": None if accuracy is None else _percent(1 - accuracy),
                "last_accuracy": _percent(found["last_accuracy"]),
                "peak_memory_bytes": found["peak_memory_bytes"],
            }
        case Kind.LESIONS:
            single = [row["error"] for row in found["single"]]
            return {
                "error": _percent(found["error"]),
                "median_error": _percent(median(single)) if single else None,
                "highest_error": _percent(max(single, default=None)),
            }
        case Kind.GRADIENTS:
            (summary,) = found["summary"]
            return {figure.name: summary[figure.name] for figure in FIGURES[kind]}
        case Kind.DIRECTION:
            (cosine,) = found["cosines"]
            return {"cosine": cosine["cosine"]}
        case Kind.TIME:
            medians = {
                key: (found[key] or {}).get("p50")
                for key in ("step_ms", "forward_ms", "backward_ms", "optimiser_ms")
            }
            others = ("images_per_s", "forward_tflops", "peak_memory_bytes")
            return medians | {key: found[key] for key in others}


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 10)  # 62.25, not 62.25000000000001


def _plain(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(map(_plain, value))
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(value)


@lru_cache(20_000)
def _shared(options: tuple[tuple[str, Value], ...]) -> tuple[tuple[str, Value], ...]:
    """Return equal options as one object: a large sweep has few different ones."""
    return options


@dataclass(frozen=True, eq=False)
class Setting:
    """The points that differ only in their seed, by seed.

    `weights` is the digest of the weights if only it tells a study from another.
    """

    points: tuple[SweptPoint, ...]
    weights: str = ""

    @property
    def model(self) -> str:
        """The network's text."""
        return self.points[0].model

    @property
    def spec(self) -> ResNetSpec:
        """The network."""
        return self.points[0].spec

    @cached_property
    def options(self) -> Mapping[str, Value]:
        """All options by name: the network's, then the experiment's."""
        spec = self.spec
        own: dict[str, Value] = {name: getattr(spec, name) for name in OPTIONS}
        weights: dict[str, Value] = {"weights": self.weights} if self.weights else {}
        return own | dict(self.points[0].options) | weights

    def spread(self, figure: str) -> Spread | None:
        """Return a figure over the seeds, or None if no point has it."""
        values = [p.figures[figure] for p in self.points if figure in p.figures]
        if not values:
            return None
        return Spread(fmean(values), min(values), max(values), len(values))


@dataclass(frozen=True, eq=False)
class Settings:
    """The settings of one experiment in a sweep, in a natural order of their options."""

    kind: Kind
    every: tuple[Setting, ...] = field(repr=False)

    @cached_property
    def varying(self) -> Mapping[str, tuple[Value, ...]]:
        """The options that differ, each with its values in order.

        What follows from another is left out, such as the expansion of a kind of block.
        """
        found: dict[str, tuple[Value, ...]] = {}
        for name in dict.fromkeys(name for one in self.every for name in one.options):
            values = dict.fromkeys(one.options.get(name) for one in self.every)
            if len(values) > 1 and not self._follows(name, len(values)):
                found[name] = tuple(sorted(values, key=_order))
        return found

    def _follows(self, name: str, values: int) -> bool:
        """Return whether an option's value follows from that of the option that it belongs to."""
        of = _FOLLOWS.get(name)
        pairs = {(one.options.get(of), one.options.get(name)) for one in self.every if of}
        return of is not None and len({first for first, _ in pairs}) == len(pairs) >= values

    @cached_property
    def names(self) -> Mapping[Setting, str]:
        """A name for each setting: what differs in the networks, then in the experiments."""
        specs = list(dict.fromkeys(one.spec for one in self.every))
        networks = dict(zip(specs, names_of(specs), strict=True))
        own = [name for name in self.varying if name not in OPTIONS]
        found = {}
        for one in self.every:
            said = told((name, one.options.get(name)) for name in own)
            known = [networks[one.spec]] if len(specs) > 1 or not said else []
            found[one] = ", ".join(filter(None, [*known, said]))
        return found

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """The figures that at least one point has, the main one first."""
        has = {name for one in self.every for point in one.points for name in point.figures}
        return tuple(self._said(figure) for figure in FIGURES[self.kind] if figure.name in has)

    def _said(self, figure: Figure) -> Figure:
        """Return a figure whose label has the number of steps that short runs average over."""
        steps = [whole for one in self.every if isinstance(whole := one.options.get("steps"), int)]
        if not steps or min(steps) >= LAST:
            return figure
        most = f"at most the last {LAST}" if max(steps) > min(steps) else f"last {min(steps)}"
        return figure._replace(label=figure.label.replace(f"last {LAST}", most))

    @cached_property
    def constant(self) -> tuple[str, ...]:
        """What all points share, in words, apart from what is usual."""
        first = self.every[0]
        edits = set.intersection(*(set(overrides(spec)) for spec in _specs(self.every)))
        edited = {"input" if name == "channels" else name for name in edits}
        said = [
            words(name, first.options[name])
            for name in OPTIONS
            if name in edited and name not in self.varying
        ]
        told = {point.told for one in self.every for point in one.points}
        if len(told) == 1 and (names := next(iter(told))):
            recipe, images = names
            said.append(f"{recipe.replace('_', ' ')} recipe")
            said.append(f"images: {SET_LABELS.get(images, images)}")
        usual = _USUAL[self.kind]
        said += [
            words(name, first.options[name])
            for name in usual
            if name in first.options and name not in self.varying and first.options[name]
        ]
        return tuple(said)

    @cached_property
    def choices(self) -> Mapping[str, tuple[str, Value]]:
        """The values of the options that differ, each by a text such as `norm=batch`."""
        return {
            f"{name}={option_text(name, value)}": (name, value)
            for name, values in self.varying.items()
            for value in values
        }

    def only(self, chosen: Iterable[str]) -> Settings:
        """Return the settings that have one of the chosen values of each option that is named.

        Raises:
            ValueError: if a value isn't one of `choices`.
        """
        wanted: dict[str, set[Value]] = {}
        for text in chosen:
            if text not in self.choices:
                raise ValueError(f"{quote(text)} isn't an option's value in this sweep")
            name, value = self.choices[text]
            wanted.setdefault(name, set()).add(value)
        kept = (
            one
            for one in self.every
            if all(one.options.get(name) in values for name, values in wanted.items())
        )
        return Settings(self.kind, tuple(kept)) if wanted else self


_USUAL: Mapping[Kind, tuple[str, ...]] = {
    Kind.TRAIN: ("optimiser", "rate", "batch", "steps", "epochs", "precision"),
    Kind.LESIONS: ("images",),
    Kind.GRADIENTS: ("batch", "dtype", "images"),
    Kind.DIRECTION: ("batch", "dtype", "images", "noise"),
    Kind.TIME: (
        *("device", "threads", "batch", "dtype", "tf32", "channels_last", "compile"),
        "inference",
    ),
}
"""The settings of an experiment that are said even if they don't differ."""


def _specs(settings: Iterable[Setting]) -> list[ResNetSpec]:
    return list(dict.fromkeys(one.spec for one in settings))


def settings_of(points: Iterable[SweptPoint], kind: Kind) -> Settings:
    """Group the points of an experiment by all but their seed.

    Studies of lesions don't say how their networks were trained. If two of one network and one
    seed differ in their weights, nothing tells which weights belong together, so that each is a
    setting of its own.
    """
    own = [point for point in points if point.kind is kind]
    questions = {(point.model, point.options, point.seed) for point in own}
    by_weights = kind is Kind.LESIONS and len(questions) < len(own)
    groups: dict[tuple[Any, ...], list[SweptPoint]] = {}
    for point in own:
        key = (point.model, point.options, point.weights if by_weights else "")
        groups.setdefault(key, []).append(point)
    every = [
        Setting(tuple(sorted(group, key=lambda point: point.seed)), weights)
        for (_, _, weights), group in groups.items()
    ]
    varying = Settings(kind, tuple(every)).varying
    every.sort(key=lambda one: [*(_order(one.options.get(n)) for n in varying), one.model])
    return Settings(kind, tuple(every))


def _order(value: Value) -> tuple[int, Any]:
    """Return a key that sorts values of one option: None, numbers, lists by size, texts."""
    if value is None:
        return (0, 0)
    if isinstance(value, tuple):
        numbers = all(isinstance(one, int | float) for one in value)
        return (2, (sum(value), value) if numbers else (0, tuple(map(str, value))))
    return (3, str(value)) if isinstance(value, str) else (1, value)


_FOLLOWS = {"expansion": "block", "stem_width": "widths", "strides": "blocks", "dilate": "blocks"}
"""Options whose value may follow from another's."""


def told(options: Iterable[tuple[str, Value]]) -> str:
    """Return options in words; those that are off are left out unless nothing else remains."""
    every = list(options)
    said = [words(name, value) for name, value in every if name in OPTIONS or value is not False]
    return ", ".join(said or (words(name, value) for name, value in every))


def words(name: str, value: Value) -> str:
    """Return an option's value in words: `GN`, `rate 0.1`, `float32`, `no tf32`."""
    if name in OPTIONS:
        said = option_words(name, value)
        return f"input {said}" if name == "input" else said
    plain = name.replace("_", " ")
    if isinstance(value, bool):
        return plain if value else f"no {plain}"
    if value is None:
        return f"no {plain}"
    if name in ("dtype", "device", "optimiser", "precision"):
        return {"sgd": "SGD", "adamw": "AdamW"}.get(str(value), str(value))
    if name == "images" and isinstance(value, str):
        return f"{value.replace('_', ' ')} images"
    if name in ("images", "threads") and isinstance(value, int):
        return number_of(value, {"images": "test image"}.get(name, "thread"))
    if name in ("data", "start", "weights"):
        return f"{plain} {str(value)[:6]}"
    if name in ("steps", "epochs") and isinstance(value, int):
        return number_of(value, plain.removesuffix("s"))
    return f"{plain} {written(value)}"


def option_text(name: str, value: Value) -> str:
    """Return an option's value as a model's text or a sweep's file writes it."""
    return shown(name, value) if name in OPTIONS else written(value)


def written(value: Value) -> str:
    """Return a value as text: `0.1`, `3,4,6,3`, `batch`."""
    if isinstance(value, tuple):
        return ",".join(map(written, value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(int(value)) if isinstance(value, bool) else str(value)


def is_numeric(name: str, values: Sequence[Value]) -> bool:
    """Return whether all values of an option are numbers, so that an axis can show them."""
    if name in DEFAULTS and isinstance(DEFAULTS[name], bool):
        return False
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
