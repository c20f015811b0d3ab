"""Turn a split's images into batches: order, augmentation, resizing and normalisation.

Each source of randomness has its own stream, seeded by the run's seed and the number of the epoch
or step, so a run that is resumed sees the images that it would have seen without the stop.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Generator, Tensor
from torch.nn import functional
from torchvision.transforms import v2

from analysis.images.sets import ImageSet, Part, Stack
from analysis.machine.devices import seeded
from analysis.training.recipes import Augment, Recipe

CENTRE = 7 / 8
"""Share of a photograph's shorter side that testing keeps: 224 of 256, as for ImageNet."""

_WHITE = 255.0


@lru_cache(1)
def order(images: int, seed: int, epoch: int) -> Tensor:
    """Return the order of a split's images in an epoch, [images]; it is kept for the next step."""
    generator = Generator().manual_seed(stream(seed, "order", epoch))
    return torch.randperm(images, generator=generator)


def step_images(batch: int, images: int, seed: int, step: int) -> list[int]:
    """Return the images of a step; an epoch drops its last incomplete batch."""
    each = images // batch
    whole = order(images, seed, step // each)
    start = step % each * batch
    found: list[int] = whole[start : start + batch].tolist()
    return found


class Feed:
    """Batches of a set for a network: [N, channels, height, width] in float32, and labels [N].

    Training images are augmented according to the recipe. Test images of a set in memory are used
    whole; photographs, which vary in size, are cropped to their centre (`CENTRE`).
    """

    def __init__(self, images: ImageSet, recipe: Recipe, shape: tuple[int, int, int]) -> None:
        self.images, self.recipe, self.shape = images, recipe, shape
        self._mean = torch.tensor(images.mean).view(1, -1, 1, 1) * _WHITE
        self._std = torch.tensor(images.std).view(1, -1, 1, 1) * _WHITE
        self._resized_crop = v2.Compose(
            [v2.RandomResizedCrop(shape[1:], antialias=True), v2.RandomHorizontalFlip()]
        )

    def training(self, numbers: Sequence[int], seed: int, step: int) -> tuple[Tensor, Tensor]:
        """Return the images that a step trains on, and their labels."""
        part, augment = self.images.train, self.recipe.augment
        seed = stream(seed, "augment", step)
        if augment is Augment.RESIZED_CROP:
            with seeded(seed):
                pictures = torch.stack([self._resized_crop(part[number]) for number in numbers])
        else:
            pictures = taken(part, numbers, self.shape)
        if augment is Augment.SHIFT:
            with seeded(seed):
                pictures = shifted(pictures, self.recipe.pad)
        return self._shown(pictures), part.labels[list(numbers)]

    def test(self, numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return test images and their labels."""
        part = self.images.test
        return self._shown(taken(part, numbers, self.shape)), part.labels[list(numbers)]

    def _shown(self, pictures: Tensor) -> Tensor:
        return shown(pictures, self._mean, self._std, self.shape)


def taken(part: Part, numbers: Sequence[int], shape: tuple[int, int, int]) -> Tensor:
    """Return images of one size, [N, C, height, width], uint8; photographs' centres."""
    if isinstance(part, Stack):
        return part.images[list(numbers)]
    middle = centre(shape)
    return torch.stack([middle(part[number]) for number in numbers])


def shown(pictures: Tensor, mean: Tensor, std: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Return pictures in the form that the network takes as input.

    If both sides are multiples of the input's, each input pixel is the mean of a square; otherwise
    the picture is resized. A grey picture is repeated over the channels. A colour picture becomes
    its luminance for a network with one channel; for other numbers its channels are repeated in
    turn.

    Args:
        pictures: [N, C, h, w], uint8.
        mean: [1, C, 1, 1], on a scale of 0 to 255.
        std: as `mean`.
        shape: channels, height and width of the network's input.
    """
    channels, height, width = shape
    x = (pictures.float() - mean) / std
    if x.shape[1] == 3 and channels == 1:
        x = v2.functional.rgb_to_grayscale(x)
    elif x.shape[1] != channels:
        x = x[:, [i % x.shape[1] for i in range(channels)]]
    if x.shape[-2:] == (height, width):
        return x
    if x.shape[-2] % height == 0 and x.shape[-1] % width == 0:
        return functional.avg_pool2d(x, (x.shape[-2] // height, x.shape[-1] // width))
    return functional.interpolate(
        x, (height, width), mode="bilinear", antialias=True, align_corners=False
    )


def shifted(pictures: Tensor, pad: int) -> Tensor:
    """Pad pictures with black, crop each to its size at random and mirror it with probability 1/2.

    The draws and the results are those of `v2.RandomCrop` and `v2.RandomHorizontalFlip` on one
    picture after the other, but all are cropped at once, in a third of the time.

    Args:
        pictures: [N, C, height, width].
        pad: pixels on every side.
    """
    number, _, height, width = pictures.shape
    down, right, mirrored = [], [], []
    for _ in range(number):
        down.append(torch.randint(0, 2 * pad + 1, ()) if pad else torch.tensor(0))
        right.append(torch.randint(0, 2 * pad + 1, ()) if pad else torch.tensor(0))
        mirrored.append(torch.rand(1) < 0.5)
    rows = torch.stack(down).view(-1, 1, 1) + torch.arange(height).view(1, -1, 1)
    there = torch.arange(width)
    columns = torch.where(torch.stack(mirrored), there.flip(0), there) + torch.stack(right)[:, None]
    padded = functional.pad(pictures, (pad, pad, pad, pad))
    each = torch.arange(number).view(-1, 1, 1)
    return padded[each, :, rows, columns.unsqueeze(1)].permute(0, 3, 1, 2)


def centre(shape: tuple[int, int, int]) -> v2.Compose:
    """Return the transform that resizes a photograph and crops its centre to the input."""
    height, width = shape[1:]
    return v2.Compose(
        [
            v2.Resize(round(max(height, width) / CENTRE), antialias=True),
            v2.CenterCrop((height, width)),
        ]
    )


def stream(seed: int, what: str, number: int) -> int:
    """Return the seed of a stream, the same on every machine and Python version."""
    return random.Random(f"{seed} {what} {number}").getrandbits(63)
