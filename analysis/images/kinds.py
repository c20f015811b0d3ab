"""Kinds of input images. Importing this module doesn't import torch."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

MAX_PICTURE_BYTES = 10_000_000
"""The largest size of an uploaded picture's file."""


class InputKind(StrEnum):
    """The kind of images that a run uses; see `analysis.images.batch`."""

    RANDOM = "random"
    SAMPLE = "sample"
    FASHION_MNIST = "fashion_mnist"
    PICTURE = "picture"


SET_LABELS: Mapping[str, str] = {
    InputKind.SAMPLE.value: "sample of Fashion-MNIST",
    InputKind.FASHION_MNIST.value: "all of Fashion-MNIST",
}
"""The labels of the image sets that have no name of their own."""


class Shown(Protocol):
    """The settings of a run that concern its images."""

    @property
    def images(self) -> InputKind:
        """The kind of images."""

    @property
    def picture(self) -> bytes:
        """The file of an uploaded picture; empty for other kinds."""

    @property
    def batch(self) -> int:
        """The number of images."""
