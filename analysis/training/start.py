"""Weights of an earlier training from which a run starts, instead of random ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from analysis.style.numbers import shape
from analysis.training.checkpoints import Opened, digest_of, open_checkpoint
from analysis.training.runs import Start
from nets.options import quote
from nets.resnet import ResNet, build
from nets.spec import ResNetSpec

CLASSIFIER = "fc."
"""The prefix of the classifier's tensors, reinitialised if the number of outputs differs."""


def start_of(path: Path) -> Start:
    """Return a file's weights as the start of runs.

    Raises:
        ValueError: in one sentence, if it isn't a checkpoint of this app, nor one of another
            program's ResNets, or if it lacks a tensor.
        OSError: if it can't be read.
    """
    return Start(digest_of(open_checkpoint(path).weights()), path)


def check_start(start: Start, spec: ResNetSpec) -> None:
    """Check by names and shapes, without reading values, that a network can start from weights.

    Raises:
        ValueError: in one sentence, if a tensor has no place or another shape, or if the file can't
            be read.
    """
    own = build(spec, device="meta").state_dict()
    opened = _opened(start)
    shapes = {ours: opened.file.shapes[theirs] for theirs, ours in opened.found.names.items()}
    _kept(opened, spec, own, shapes)


def begin(network: ResNet, start: Start) -> None:
    """Give a network the weights of a start.

    The classifier keeps its own weights if its number of outputs differs.

    Args:
        network: on the CPU; changed in place.
        start: fits the network's spec, as `check_start` checks.

    Raises:
        ValueError: as `check_start`, or if the file has changed or has a value that isn't finite.
    """
    own = network.state_dict()
    opened = _opened(start)
    weights = opened.weights()
    if digest_of(weights) != start.digest:
        raise ValueError(f"{opened.file.path.name} has changed: choose its weights again")
    shapes = {name: tuple(value.shape) for name, value in weights.items()}
    for name in _kept(opened, network.spec, own, shapes):
        if not weights[name].isfinite().all():
            raise ValueError(f"the weights are unusable: {name} isn't finite")
        own[name].copy_(weights[name])


def fits(given: ResNetSpec, spec: ResNetSpec) -> bool:
    """Return whether a network can start from the weights of another, apart from the classifier."""
    return _shapes(given) == _shapes(spec)


@lru_cache(256)
def _shapes(spec: ResNetSpec) -> Mapping[str, torch.Size]:
    """Return the shapes of a network's tensors, apart from the classifier's."""
    own = build(spec, device="meta").state_dict()
    return {name: value.shape for name, value in own.items() if not name.startswith(CLASSIFIER)}


def _opened(start: Start) -> Opened:
    if start.file is None:
        raise ValueError(f"the weights {start.digest} aren't here")
    try:
        return open_checkpoint(start.file)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"cannot read {quote(start.file.name)}: {reason}") from None


def _kept(
    opened: Opened,
    spec: ResNetSpec,
    own: Mapping[str, Tensor],
    shapes: Mapping[str, tuple[int, ...]],
) -> list[str]:
    """Return the names of the tensors that a network takes from a file.

    Raises:
        ValueError: if a tensor other than the classifier's has no place or another shape.
    """
    given = opened.found.spec
    if given.classes != spec.classes:
        own = {name: value for name, value in own.items() if not name.startswith(CLASSIFIER)}
        shapes = {name: value for name, value in shapes.items() if not name.startswith(CLASSIFIER)}
    of = f"the weights of {given} don't fit {spec}"
    for name, tensor in own.items():
        if name.endswith("num_batches_tracked"):  # some files leave it out
            continue
        if name not in shapes:
            raise ValueError(f"{of}: they lack {name}")
        theirs, ours = shapes[name], tuple(tensor.shape)
        # A linear layer may be stored as a 1x1 convolution, and vice versa.
        if theirs != ours and (len(theirs) == len(ours) or prod(theirs) != prod(ours)):
            raise ValueError(f"{of}: {name} is {shape(theirs)} and must be {shape(ours)}")
    if extra := [name for name in shapes if name not in own]:
        raise ValueError(f"{of}, which has no {extra[0]}")
    return list(own)
