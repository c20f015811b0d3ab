"""Labelled images: a part to train on and a part to test with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Part(Protocol):
    """One part of a set: images by their number, in a fixed order."""

    @property
    def labels(self) -> Tensor:
        """The class of each image [N], int64."""

    def __len__(self) -> int:
        """How many images there are."""

    def __getitem__(self, index: int) -> Tensor:
        """One image [C, H, W], uint8; sizes may differ from image to image."""


@dataclass(frozen=True)
class Stack:
    """A part that lies in memory, all of one size.

    Attributes:
        images: [N, C, H, W], uint8.
        labels: [N], int64.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


@dataclass(frozen=True)
class ImageSet:
    """A set of labelled images.

    Attributes:
        name: what it is called in a result: `sample`, `fashion_mnist` or a folder's name.
        classes: the classes' names; a label is a place in it.
        train: what is learned from.
        test: what is tested with.
        mean: of the training part's pixels, a channel, on a scale of 0 to 1; a folder's is
            ImageNet's.
        std: their standard deviation; a folder's is ImageNet's.
        digest: a hash of all images and labels: two sets of one digest are the same.
        source: a citation, or an empty text.
        left_out: files of a folder that are not used, each with the reason.
    """

    name: str
    classes: tuple[str, ...]
    train: Part
    test: Part
    mean: tuple[float, ...]
    std: tuple[float, ...]
    digest: str
    source: str = ""
    left_out: tuple[str, ...] = ()


def mean_and_std(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel, on a scale of 0 to 1.

    They are those of all pixels, counted exactly; the deviation divides by their number.

    Args:
        images: [N, C, H, W], uint8.
    """
    values = torch.arange(256, dtype=torch.float64) / 255
    means, deviations = [], []
    for channel in images.unbind(1):
        share = torch.bincount(channel.flatten(), minlength=256).double() / channel.numel()
        mean = (values * share).sum()
        means.append(mean.item())
        deviations.append((((values - mean) ** 2) * share).sum().sqrt().item())
    return tuple(means), tuple(deviations)


def digest_of(*parts: Stack) -> str:
    """Return the SHA-256 of the parts' shapes, images and labels, in hexadecimal."""
    found = hashlib.sha256()
    for part in parts:
        found.update(repr(tuple(part.images.shape)).encode())
        found.update(part.images.numpy().tobytes())
        found.update(part.labels.numpy().tobytes())
    return found.hexdigest()
