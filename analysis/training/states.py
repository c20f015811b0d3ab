"""Files of a training: its weights as a checkpoint, and the state from which it resumes."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from analysis.images.sets import ImageSet, Stack
from analysis.training.batches import CENTRE
from analysis.training.checkpoints import FORMAT, read_tensors, write_tensors
from analysis.training.loop import Training
from analysis.training.recipes import OptimiserKind
from analysis.training.report import read_run, run_result
from analysis.training.runs import Run

STATE = ".state.safetensors"
"""Suffix of the file from which a run resumes."""

_STATE_FORMAT = "resnet-lab state 1"


def save(training: Training, path: Path, *, half: bool = False) -> None:
    """Write the weights of a training atomically.

    Args:
        training: whole or in progress.
        path: ends in `.safetensors`.
        half: whether to write floats in float16, which halves the file.

    Raises:
        OSError: if it can't be written; an earlier file is then left unchanged.
    """
    run, images = training.run(), training.images
    about = {
        "format": FORMAT,
        "model": run.model,
        "classes": json.dumps(images.classes),
        "mean": json.dumps(images.mean),
        "std": json.dumps(images.std),
        "centre": json.dumps(1.0 if isinstance(images.test, Stack) else CENTRE),
        "sides": json.dumps(_sides(images)),
        "recipe": json.dumps({"name": run.task.recipe.name, **run.task.recipe.values()}),
        "data": images.name,
        "digest": images.digest,
        "seed": str(run.task.seed),
        "steps": str(run.steps),
        "train_loss": json.dumps(None if math.isnan(run.last_loss) else run.last_loss),
        "test_accuracy": json.dumps(run.epochs[-1].test_accuracy if run.epochs else None),
        "torch": torch.__version__,
    }
    weights = {}
    for name, tensor in training.model.state_dict().items():
        plain = tensor.detach().cpu().contiguous()
        weights[name] = plain.half() if half and plain.is_floating_point() else plain
    write_tensors(weights, path, about)


def save_state(training: Training, path: Path) -> None:
    """Write all that a run needs to resume, atomically.

    Raises:
        OSError: if it can't be written; an earlier file is then left unchanged.
    """
    optimiser = training.optimiser.state_dict()
    tensors = {
        f"model.{name}": tensor.detach().cpu().contiguous()
        for name, tensor in training.model.state_dict().items()
    }
    plain: dict[str, dict[str, Any]] = {}
    for number, values in optimiser["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{number}.{name}"] = value.detach().cpu().contiguous()
            else:
                plain.setdefault(str(number), {})[name] = value
    about = {
        "format": _STATE_FORMAT,
        "run": run_result(training.run()).json(),
        "groups": json.dumps(optimiser["param_groups"]),
        "plain": json.dumps(plain),
    }
    write_tensors(tensors, path, about)


def resume(training: Training, path: Path) -> None:
    """Restore a training to the point where a run stopped.

    Args:
        training: of the same task; changed in place.
        path: written by `save_state`.

    Raises:
        ValueError: if the file isn't a run's state, is damaged, or belongs to another run.
        OSError: if it can't be read.
    """
    tensors, about = read_tensors(path, _STATE_FORMAT)
    damaged = ValueError(f"{path.name} is damaged: the run can't be resumed from it")
    try:
        before = read_run(json.loads(about["run"]), training.task)
    except (KeyError, TypeError, ValueError):
        raise damaged from None
    if before.task.hash != training.task.hash:
        raise ValueError(
            f"{path.name} belongs to another run, not to this one of {training.task.spec}"
        )
    try:
        _check_state(training, before, tensors)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch expects an optimiser step before each
            for _ in before.train_loss:
                training.schedule.step()  # its state isn't JSON; the rates are loaded below
        state: dict[int, dict[str, Any]] = {
            int(number): dict(values) for number, values in json.loads(about["plain"]).items()
        }
        for name, tensor in tensors.items():
            if name.startswith("optimiser."):
                _, number, what = name.split(".")
                state.setdefault(int(number), {})[what] = tensor
        groups = json.loads(about["groups"])
        if not all(math.isfinite(group["lr"]) for group in groups):
            raise ValueError("a rate isn't finite")
        training.optimiser.load_state_dict({"state": state, "param_groups": groups})
        training.model.load_state_dict(
            {
                name.removeprefix("model."): tensor
                for name, tensor in tensors.items()
                if name.startswith("model.")
            }
        )
    except Exception as error:  # loaders may raise anything when fed edited bytes
        raise damaged from error
    training.losses, training.accuracies = list(before.train_loss), list(before.train_accuracy)
    training.epochs, training.curves = list(before.epochs), dict(before.curves)
    training.seconds = before.seconds


def _check_state(training: Training, before: Run, tensors: Mapping[str, Tensor]) -> None:
    """Check that a run resumed from this state would reach the same numbers.

    Raises:
        ValueError: if lengths, shapes or numbers can't be right.
    """
    if not 0 < before.steps < training.total or before.steps != len(before.train_accuracy):
        raise ValueError("steps are missing or too many")
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise ValueError("a number isn't finite")
    recipe = training.task.recipe
    if recipe.optimiser is OptimiserKind.ADAMW:
        wanted = {"step", "exp_avg", "exp_avg_sq"}
    else:
        wanted = {"momentum_buffer"} if recipe.momentum else set()
    parameters = [p for group in training.optimiser.param_groups for p in group["params"]]
    for number, parameter in enumerate(parameters):
        for name in wanted:
            tensor = tensors[f"optimiser.{number}.{name}"]
            if name != "step" and tensor.shape != parameter.shape:
                raise ValueError("a state has another shape")


def _sides(images: ImageSet) -> tuple[int, int] | None:
    """Return the height and width of a set's pictures, or None if they vary."""
    if not isinstance(images.test, Stack):
        return None
    return images.test.images.shape[2], images.test.images.shape[3]
