"""What a network can be shown. Importing this module does not import torch."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

MAX_PICTURE_BYTES = 10_000_000
"""Size of an uploaded picture's file."""


class InputKind(StrEnum):
    """What images a run uses; see `analysis.images.batch`."""

    RANDOM = "random"
    SAMPLE = "sample"
    FASHION_MNIST = "fashion_mnist"
    PICTURE = "picture"


class Shown(Protocol):
    """What the settings of a run say of its images."""

    @property
    def images(self) -> InputKind:
        """The kind."""

    @property
    def picture(self) -> bytes:
        """An uploaded picture's file; empty for other kinds."""

    @property
    def batch(self) -> int:
        """How many there are."""
