"""From a part's images to what a network is given: order, augmentation, size, normalisation.

Each kind of chance has a stream of its own, made of the run's seed and the number of the epoch or
the step, so a run that goes on after a stop sees what it would have seen.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional
from torchvision.transforms import v2

from analysis.images.sets import ImageSet, Part, Stack
from analysis.machine.devices import seeded
from analysis.training.recipes import Augment, Recipe

CENTRE = 7 / 8
"""Share of a photograph's shorter side that is kept for a test: 224 of 256, as for ImageNet."""

_WHITE = 255.0


def order(images: int, seed: int, epoch: int) -> Tensor:
    """Return the order of a part's images in an epoch, [images]."""
    generator = Generator().manual_seed(_stream(seed, "order", epoch))
    return torch.randperm(images, generator=generator)


def step_images(batch: int, images: int, seed: int, step: int) -> list[int]:
    """Return which images a step takes; those that an epoch leaves over are left out."""
    each = images // batch
    whole = order(images, seed, step // each)
    start = step % each * batch
    found: list[int] = whole[start : start + batch].tolist()
    return found


class Feed:
    """Batches of a set for a network: [N, channels, height, width] in float32, and labels [N].

    A training image is augmented as the recipe says. A test image of a set that lies in memory is
    taken whole; of a photograph, whose size is its own, the middle is (`CENTRE`).
    """

    def __init__(self, images: ImageSet, recipe: Recipe, shape: tuple[int, int, int]) -> None:
        self.images, self.recipe, self.shape = images, recipe, shape
        self._mean = torch.tensor(images.mean).view(1, -1, 1, 1) * _WHITE
        self._std = torch.tensor(images.std).view(1, -1, 1, 1) * _WHITE
        self._augment = _augment(recipe, shape, isinstance(images.train, Stack))

    def training(self, numbers: Sequence[int], seed: int, step: int) -> tuple[Tensor, Tensor]:
        """Return the images that a step trains on, and their labels."""
        part = self.images.train
        if isinstance(part, Stack) and self._augment is None:
            pictures = part.images[list(numbers)]
        else:
            augment = self._augment or centre(self.shape)
            with seeded(_stream(seed, "augment", step)):
                pictures = torch.stack([augment(part[number]) for number in numbers])
        return self._shown(pictures), part.labels[list(numbers)]

    def test(self, numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return test images and their labels."""
        part = self.images.test
        return self._shown(taken(part, numbers, self.shape)), part.labels[list(numbers)]

    def _shown(self, pictures: Tensor) -> Tensor:
        return shown(pictures, self._mean, self._std, self.shape)


def taken(part: Part, numbers: Sequence[int], shape: tuple[int, int, int]) -> Tensor:
    """Return test images of one size, [N, C, height, width], uint8."""
    if isinstance(part, Stack):
        return part.images[list(numbers)]
    middle = centre(shape)
    return torch.stack([middle(part[number]) for number in numbers])


def shown(pictures: Tensor, mean: Tensor, std: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Return pictures as a network is given them.

    Where both sides divide by the input's, each of its pixels is the mean of a square; else the
    picture is resized. A grey picture is repeated over the channels; of a coloured one a network
    with one channel sees the luminance, with another number the channels in turn.

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


def _augment(recipe: Recipe, shape: tuple[int, int, int], in_memory: bool) -> v2.Compose | None:
    """What a training picture goes through, or None where it stays as it is."""
    sides = shape[1:]
    if recipe.augment is Augment.NONE:
        return None
    if recipe.augment is Augment.RESIZED_CROP:
        return v2.Compose([v2.RandomResizedCrop(sides, antialias=True), v2.RandomHorizontalFlip()])
    first = [] if in_memory else [centre(shape)]
    return v2.Compose([*first, _Shift(recipe.pad), v2.RandomHorizontalFlip()])


class _Shift(torch.nn.Module):
    """Pad a picture by black on every side and crop one of its own size at random."""

    def __init__(self, pad: int) -> None:
        super().__init__()
        self.pad = pad

    def forward(self, picture: Tensor) -> Tensor:
        crop = v2.RandomCrop(tuple(picture.shape[-2:]), padding=self.pad)
        cropped: Tensor = crop(picture)
        return cropped


def centre(shape: tuple[int, int, int]) -> v2.Compose:
    """Return what resizes a photograph, so that its middle fills the input, and cuts that out."""
    height, width = shape[1:]
    return v2.Compose(
        [
            v2.Resize(round(max(height, width) / CENTRE), antialias=True),
            v2.CenterCrop((height, width)),
        ]
    )


def _stream(seed: int, what: str, number: int) -> int:
    """Return the seed of a stream: the same on every machine and with every Python."""
    return random.Random(f"{seed} {what} {number}").getrandbits(63)
