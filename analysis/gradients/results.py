"""The settings that identify a run of norms or directions, and the run in a result's file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from analysis.gradients.cosines import DIRECTION, Cosine, Direction, DirectionSettings
from analysis.gradients.curves import (
    Curve,
    Gradients,
    GradientSettings,
    NormSeries,
    Precision,
    State,
)
from analysis.images.kinds import InputKind
from analysis.machine.devices import Environment
from analysis.results.form import Result, hash_of
from analysis.results.recorded import recordings
from nets.spec import ResNetSpec
from nets.text import parse

GRADIENTS = "gradients"
"""The kind of a result that holds norms; that of one with directions is `DIRECTION`."""


def asked_of(specs: Sequence[ResNetSpec], settings: GradientSettings) -> dict[str, Any]:
    """Return the settings that identify a run, as plain values; the device isn't among them."""
    asked = {
        "models": [str(spec) for spec in specs],
        "seeds": list(settings.seed_numbers),
        "batch": settings.batch,
        "dtype": settings.precision.value,
        "images": settings.images.value,
    }
    if settings.picture:
        asked["picture"] = hashlib.sha256(settings.picture).hexdigest()
    if isinstance(settings, DirectionSettings):
        asked["noise"] = settings.noise
    return asked


def kind_of(settings: GradientSettings) -> str:
    """Return the kind of a run's result."""
    return DIRECTION if isinstance(settings, DirectionSettings) else GRADIENTS


def run_hash(specs: Sequence[ResNetSpec], settings: GradientSettings) -> str:
    """Return the hash of a question, before anything is measured."""
    return hash_of(kind_of(settings), asked_of(specs, settings))


def recorded_with(specs: Sequence[ResNetSpec], settings: GradientSettings) -> Result | None:
    """Return a recorded run of these networks, in this order, among others; None without one.

    Each network is measured on its own, so its figures don't depend on the others.
    """
    asked = asked_of(specs, settings)
    for result in recordings().values():
        if result.kind == kind_of(settings):
            wanted = [model for model in result.asked["models"] if model in asked["models"]]
            if {**result.asked, "models": wanted} == asked:
                return result
    return None


def run_of(result: Result, specs: Sequence[ResNetSpec] | None = None) -> Gradients | Direction:
    """Return the run that a result holds.

    Args:
        result: of a run.
        specs: those of its networks that are wanted; None: all.

    Raises:
        ValueError: if it holds none, or one of an uploaded picture, which a file does not hold.
    """
    if result.kind not in (GRADIENTS, DIRECTION):
        raise ValueError(f"this is a result of {result.kind}, not of gradients")
    if "picture" in result.asked:
        raise ValueError("the file doesn't hold the picture that was measured")
    try:
        wanted = tuple(map(parse, result.asked["models"])) if specs is None else tuple(specs)
        of = _direction if result.kind == DIRECTION else _gradients
        return of(result, wanted)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise ValueError(f"this isn't a result of gradients: {error}") from None


def _gradients(result: Result, specs: tuple[ResNetSpec, ...]) -> Gradients:
    settings = GradientSettings(**_shared(result))
    rows = _rows(result.figures["curves"], specs)
    curves = tuple(_curve(row, settings.precision) for row in rows)
    return Gradients(specs, settings, curves, **_where(result))


def _direction(result: Result, specs: tuple[ResNetSpec, ...]) -> Direction:
    settings = DirectionSettings(**_shared(result), noise=result.asked["noise"])
    cosines = tuple(
        Cosine(row["model"], row["seed"], _number(row["cosine"]), _state(row["state"]))
        for row in _rows(result.figures["cosines"], specs)
    )
    return Direction(specs, settings, cosines, **_where(result))


def _rows(
    rows: Iterable[Mapping[str, Any]], specs: Iterable[ResNetSpec]
) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of the networks."""
    models = set(map(str, specs))
    return (row for row in rows if row["model"] in models)


def _shared(result: Result) -> dict[str, Any]:
    asked, seeds = result.asked, list(result.asked["seeds"])
    return {
        "seeds": len(seeds),
        "first_seed": seeds[0],
        "batch": asked["batch"],
        "device": result.stamp["device"],
        "precision": Precision(asked["dtype"]),
        "images": InputKind(asked["images"]),
    }


def _where(result: Result) -> dict[str, Any]:
    stamp = dict(result.stamp)
    del stamp["device"]
    threads = int(stamp.pop("threads"))
    where = Environment(**stamp) if len(stamp) > 1 else None
    return {"torch_version": stamp["torch"], "threads": threads, "environment": where}


def _curve(row: Mapping[str, Any], precision: Precision) -> Curve:
    own = _series(row["path"], row["position"], row["grad_norm"], row["state"])
    weights = _series(
        row["weight_path"], row["weight_position"], row["weight_grad_norm"], row["weight_state"]
    )
    return Curve(
        model=row["model"],
        seed=row["seed"],
        precision=precision,
        loss=_number(row["loss"]),
        activations=own,
        weights=weights,
        weight_norms=tuple(row["weight_norm"]),
        lost_from=row["forward_lost_from"] or "",
    )


def _series(
    paths: Iterable[str],
    positions: Iterable[int],
    values: Iterable[float | None],
    states: Iterable[str],
) -> NormSeries:
    found = tuple(map(_state, states))
    norms = tuple(
        math.inf if state is State.INFINITE else _number(value)
        for value, state in zip(values, found, strict=True)
    )
    return NormSeries(tuple(paths), tuple(positions), norms, found)


def _state(name: str) -> State:
    """Return the state that a name such as `below float32` begins with."""
    return State(name.partition(" ")[0])


def _number(value: float | None) -> float:
    return math.nan if value is None else value
