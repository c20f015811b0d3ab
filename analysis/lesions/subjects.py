"""What is taken apart: a trained network with the images on which it is judged."""

from __future__ import annotations

import hashlib
import math
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
from analysis.style.numbers import shape, short
from analysis.training.batches import shown, taken
from analysis.training.checkpoints import Checkpoint, load
from nets import build, parse
from nets.options import check_whole, number_of
from nets.resnet import ResNet
from nets.text import edit

IMAGES = 1_000
"""Test images on which a network is judged, unless told."""

MAX_IMAGES = 10_000

MAX_BYTES = 700_000_000
"""Of the images, as a network is given them."""


def checkpoint_of(name: str | Path) -> Checkpoint:
    """Return a checkpoint that ships with the app, by its name, or one of a file.

    Raises:
        ValueError: if the file is no checkpoint of this app.
        OSError: if it can't be read.
    """
    return load(shipped_path(str(name)) if str(name) in SHIPPED else Path(name))


def images_of(checkpoint: Checkpoint, data: str | None = None) -> ImageSet:
    """Return the set on which a checkpoint is judged: what is asked for, else its own.

    Where its own is not on this machine, the sample stands for Fashion-MNIST, and the set's name
    says so.

    Raises:
        ValueError: if there is no such set, or its classes are not those of the network.
    """
    own = checkpoint.about.get("data", "")
    if data is None:
        is_fashion = own in (SAMPLE, FASHION_MNIST)
        here = own == FASHION_MNIST and fashion_mnist_is_whole_here()
        data = own if here or not is_fashion else SAMPLE
    images = open_set(data)
    if images.classes != checkpoint.classes:
        raise ValueError(
            f"the network was trained for {_some(checkpoint.classes)}, and the images of "
            f"{images.name} are of {_some(images.classes)}"
        )
    return images


def shown_tests(
    checkpoint: Checkpoint, images: ImageSet, number: int = IMAGES
) -> tuple[Tensor, Tensor]:
    """Return test images as the network is given them, [N, C, H, W], and their labels.

    They are evenly spread over the set, for some sets are sorted by class.

    Raises:
        ValueError: if the number is out of bounds, or the images take too much memory.
    """
    check_whole("images", number, 1, MAX_IMAGES)
    numbers = spread(len(images.test), number)
    each = 4 * math.prod(checkpoint.spec.input)
    if len(numbers) * each > MAX_BYTES:
        raise ValueError(
            f"{len(numbers):,} images of {shape(checkpoint.spec.input)} take more than "
            f"{short(MAX_BYTES, 'B')}: take at most {MAX_BYTES // each:,}"
        )
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1) * 255.0
        for values in (checkpoint.mean, checkpoint.std)
    )
    pictures = taken(images.test, numbers, checkpoint.spec.input)
    return shown(pictures, mean, std, checkpoint.spec.input), images.test.labels[numbers]


def subject_of(checkpoint: Checkpoint, images: ImageSet, number: int = IMAGES) -> Subject:
    """Return a checkpoint's network with so many test images.

    Raises:
        ValueError: as `shown_tests` and `Checkpoint.network`.
    """
    return Subject(checkpoint.network(), *shown_tests(checkpoint, images, number))


def spread(images: int, number: int) -> list[int]:
    """Return so many numbers of images, or all of them, evenly spread and ascending."""
    number = min(images, number)
    return [place * images // number for place in range(number)]


def untrained(
    model: str, data: str | None, number: int, seed: int
) -> tuple[ResNet, Tensor, Tensor, str]:
    """Return a network at initialisation, images, labels and what the images are known by.

    Raises:
        ValueError: if the text is no model, the number is out of bounds, or the set has other
            classes than the network.
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
            f"{spec} has {number_of(spec.classes, 'output')}, and the images of {images.name} are "
            f"of {number_of(len(images.classes), 'class', 'classes')}"
        )
    numbers = spread(len(images.test), number)
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1) * 255.0 for values in (images.mean, images.std)
    )
    x = shown(taken(images.test, numbers, spec.input), mean, std, spec.input)
    return network, x, images.test.labels[numbers], images.digest


def seed_of(seed: int) -> str:
    """Return what stands for the weights of a network at initialisation in what is asked."""
    return f"seed {seed}"


def digest_of(checkpoint: Checkpoint) -> str:
    """Return a hash of the weights: 16 hexadecimal digits of SHA-256."""
    digest = hashlib.sha256()
    for name in sorted(checkpoint.weights):
        tensor = checkpoint.weights[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def _some(classes: tuple[str, ...]) -> str:
    few = ", ".join(classes[:3])
    return f"{len(classes)} classes ({few}{', ...' if len(classes) > 3 else ''})"
