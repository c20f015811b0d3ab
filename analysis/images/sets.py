"""Labelled images: a part for training and a part for testing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Part(Protocol):
    """One part of a set: images by index, in a fixed order."""

    @property
    def labels(self) -> Tensor:
        """The class of each image [N], int64."""

    def __len__(self) -> int:
        """Return the number of images."""

    def __getitem__(self, index: int) -> Tensor:
        """Return one image [C, H, W], uint8; sizes may differ between images."""


@dataclass(frozen=True)
class Stack:
    """A part in memory, with images of one size.

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
        name: the name in a result: `sample`, `fashion_mnist` or a folder's name.
        classes: the class names; a label is an index into it.
        train: the training part.
        test: the test part.
        mean: mean of the training part's pixels per channel, on a scale of 0 to 1; ImageNet's for
            a folder.
        std: standard deviation of the same pixels; ImageNet's for a folder.
        digest: a hash of all images and labels; sets with equal digests are equal.
        source: a citation, or "".
        left_out: files of a folder that aren't used, each with the reason.
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

    They are exact over all pixels; the deviation divides by the number of pixels.

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
