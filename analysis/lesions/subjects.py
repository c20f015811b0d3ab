"""Trained networks with the images that they are tested on."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from torch import Tensor

from analysis.gradients.curves import GradientSettings
from analysis.images import batch
from analysis.images.fashion_mnist import fashion_mnist_is_whole_here
from analysis.images.open import FASHION_MNIST, SAMPLE, open_set
from analysis.images.sets import ImageSet
from analysis.lesions.drop import Subject
from analysis.lesions.shipped import SHIPPED, shipped_path
from analysis.machine.devices import seeded
from analysis.results.store import Store
from analysis.style.numbers import shape, short
from analysis.training.batches import shown, taken
from analysis.training.checkpoints import SUFFIX, Checkpoint, load
from analysis.training.uploads import uploaded
from nets import build, parse
from nets.options import Shortcut, check_whole, number_of
from nets.resnet import ResNet
from nets.spec import ResNetSpec
from nets.text import edit

NET = "fashion_resnet32"
"""The default network."""

IMAGES = 1_000
"""Default number of test images."""

MAX_IMAGES = 10_000

PATH_IMAGES, MAX_PATH_IMAGES = 32, 256
"""Images for measuring paths: the default and the maximum."""

MAX_BYTES = 700_000_000
"""Most bytes of the preprocessed images."""


def checkpoint_of(name: str | Path) -> Checkpoint:
    """Return a shipped checkpoint by its name, or one from a file.

    Raises:
        ValueError: if the file isn't a checkpoint that `load` reads.
        OSError: if it can't be read.
    """
    return load(shipped_path(str(name)) if str(name) in SHIPPED else Path(name))


def file_of(value: str) -> Path | None:
    """Return the file of a trained network, or None if it isn't on this server.

    Args:
        value: the name of an included network, or the hash of a run or an upload.
    """
    if value in SHIPPED:
        return shipped_path(value)
    try:
        path = Store().path(value, SUFFIX)
    except ValueError:
        return None
    return path if path.is_file() else uploaded(value)


def twins_of(spec: ResNetSpec, offered: Mapping[str, ResNetSpec]) -> tuple[tuple[str, ...], str]:
    """Return the networks with the same block counts, and which of them is the twin.

    Args:
        spec: the network.
        offered: the other networks, by name.

    Returns:
        Their names, and the name of the twin, which has the same input and widths but the opposite
        shortcuts; empty if there is none.
    """
    same = tuple(name for name, other in offered.items() if other.blocks == spec.blocks)
    for name in same:
        other = offered[name]
        is_other = (other.shortcut is Shortcut.NONE) is not (spec.shortcut is Shortcut.NONE)
        if is_other and (other.input, other.widths) == (spec.input, spec.widths):
            return same, name
    return same, ""


def usual_images(checkpoint: Checkpoint, offered: Collection[str]) -> str:
    """Return the images on which a checkpoint is tested by default.

    They are those that it was trained for, if they are offered; for all of Fashion-MNIST, the
    sample, which is always there.
    """
    own = checkpoint.about.get("data", "")
    return own if own in offered and own != FASHION_MNIST else SAMPLE


def images_of(checkpoint: Checkpoint, data: str | None = None) -> ImageSet:
    """Return the set to test a checkpoint on: the given one, or else its own.

    If Fashion-MNIST isn't on this machine, the sample replaces it, and the set's name says so. A
    network from another program, whose classes have no names, fits any set with as many classes.

    Raises:
        ValueError: if there is no such set, or its classes aren't the network's.
    """
    own = checkpoint.about.get("data", SAMPLE if checkpoint.is_foreign else "")
    if data is None:
        is_fashion = own in (SAMPLE, FASHION_MNIST)
        here = own == FASHION_MNIST and fashion_mnist_is_whole_here()
        data = own if here or not is_fashion else SAMPLE
    images = open_set(data)
    fits = len(images.classes) == len(checkpoint.classes)
    if not fits or not (checkpoint.is_foreign or images.classes == checkpoint.classes):
        raise ValueError(
            f"the network was trained for {_some(checkpoint.classes)}, but {images.name} has "
            f"{_some(images.classes)}"
        )
    return images


def shown_tests(
    checkpoint: Checkpoint, images: ImageSet, number: int = IMAGES
) -> tuple[Tensor, Tensor]:
    """Return preprocessed test images, [N, C, H, W], and their labels.

    They are evenly spread over the set, because some sets are sorted by class.

    Raises:
        ValueError: if the number is out of bounds, or the images take too much memory.
    """
    check_whole("images", number, 1, MAX_IMAGES)
    numbers = spread(len(images.test), number)
    each = 4 * math.prod(checkpoint.spec.input)
    if len(numbers) * each > MAX_BYTES:
        raise ValueError(
            f"{len(numbers):,} images of {shape(checkpoint.spec.input)} take more than "
            f"{short(MAX_BYTES, 'B')}: use at most {MAX_BYTES // each:,}"
        )
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1) * 255.0
        for values in (checkpoint.mean, checkpoint.std)
    )
    pictures = taken(images.test, numbers, checkpoint.spec.input)
    return shown(pictures, mean, std, checkpoint.spec.input), images.test.labels[numbers]


def subject_of(checkpoint: Checkpoint, images: ImageSet, number: int = IMAGES) -> Subject:
    """Return a checkpoint's network with `number` test images.

    Raises:
        ValueError: as `shown_tests` and `Checkpoint.network`.
    """
    return Subject(checkpoint.network(), *shown_tests(checkpoint, images, number))


def spread(images: int, number: int) -> list[int]:
    """Return the indices of `number` images, or of all, evenly spread and ascending."""
    number = min(images, number)
    return [place * images // number for place in range(number)]


def untrained(
    model: str, data: str | None, number: int, seed: int
) -> tuple[ResNet, Tensor, Tensor, str]:
    """Return a network at initialisation, images, labels and the digest of the images.

    Raises:
        ValueError: if the text isn't a model, the number is out of bounds, or the set and the
            network differ in the number of classes.
    """
    spec = parse(model)
    check_whole("images", number, 1, MAX_IMAGES)
    with seeded(seed):
        network = build(edit(spec, {"softmax": False}))
    if data is None:
        settings = GradientSettings(batch=number)
        return network, *batch.batch(settings, spec, seed), "random"
    images = open_set(data)
    if len(images.classes) != spec.classes:
        raise ValueError(
            f"{spec} has {number_of(spec.classes, 'output')}, but {images.name} has "
            f"{number_of(len(images.classes), 'class', 'classes')}"
        )
    numbers = spread(len(images.test), number)
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1) * 255.0 for values in (images.mean, images.std)
    )
    x = shown(taken(images.test, numbers, spec.input), mean, std, spec.input)
    return network, x, images.test.labels[numbers], images.digest


def seed_of(seed: int) -> str:
    """Return the text that identifies the weights of a network at initialisation."""
    return f"seed {seed}"


def _some(classes: tuple[str, ...]) -> str:
    few = ", ".join(classes[:3])
    return f"{len(classes)} classes ({few}{', ...' if len(classes) > 3 else ''})"
