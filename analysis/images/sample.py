"""The sample of Fashion-MNIST that ships with the project, so that training needs no download.

Each part is one sheet of images in rows, sorted by class, so a label follows from the position.
`analysis.images.make_sample` writes the sheets.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from analysis.images.fashion_mnist import CLASSES, SOURCE
from analysis.images.sets import ImageSet, Stack, digest_of, mean_and_std

FOLDER = Path(__file__).with_name("sample")
"""The folder of the sheets `train.png` and `test.png`, with their licence."""

TRAIN_IMAGES, TEST_IMAGES = 400, 100
"""Images per class."""

COLUMNS = 100
"""Images per row of a sheet."""

SIDE = 28
"""Height and width of an image, in pixels."""


@lru_cache(maxsize=1)
def sample_set() -> ImageSet:
    """Return 4,000 training and 1,000 test images of Fashion-MNIST, with equal classes."""
    train, test = _part("train", TRAIN_IMAGES), _part("test", TEST_IMAGES)
    mean, std = mean_and_std(train.images)
    return ImageSet("sample", CLASSES, train, test, mean, std, digest_of(train, test), SOURCE)


def to_sheet(images: Tensor) -> Tensor:
    """Arrange images [N, 28, 28] in rows of `COLUMNS`: [28 * N / COLUMNS, 28 * COLUMNS]."""
    rows = images.view(-1, COLUMNS, SIDE, SIDE)
    return rows.transpose(1, 2).reshape(-1, COLUMNS * SIDE)


def from_sheet(sheet: Tensor) -> Tensor:
    """Cut a sheet into its images [N, 1, 28, 28], row by row."""
    rows = sheet.view(-1, SIDE, COLUMNS, SIDE)
    return rows.transpose(1, 2).reshape(-1, 1, SIDE, SIDE)


def _part(name: str, each: int) -> Stack:
    from PIL import Image

    with Image.open(FOLDER / f"{name}.png") as image:
        pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
        images = from_sheet(pixels.view(image.height, image.width))
    return Stack(images, torch.arange(len(CLASSES)).repeat_interleave(each))
