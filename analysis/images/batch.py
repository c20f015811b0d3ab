"""The images and labels of a run: random, Fashion-MNIST or its sample, or one uploaded picture.

A batch of any kind has mean 0 and variance 1 (random images in expectation), so that kinds can be
compared. It has its own generator, so a seed gives the same images to every model with the same
input, and the same labels to every model with the same number of classes.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional

from analysis.images.fashion_mnist import fashion_mnist
from analysis.images.kinds import InputKind, Shown
from analysis.images.picture import decode, picture
from analysis.images.sample import sample_set
from analysis.images.sets import Part, Stack
from nets.spec import ResNetSpec

NOISE = 0.1
"""Standard deviation of the noise added to copies of one picture, relative to the picture's own.

Without noise all images of the batch, and so their gradients, would be equal.
"""

# A generator with the weights' seed would draw the weights' numbers again. torch uses 32 bits of a
# seed, and our seeds have 31.
_OWN_STREAM = 2**31


def batch(settings: Shown, spec: ResNetSpec, seed: int) -> tuple[Tensor, Tensor]:
    """Return images [N, C, H, W] in float32 and labels [N].

    Random images are normal noise with random labels. Fashion-MNIST images are drawn with
    replacement from its 10,000 test images, or from the sample's 1,000; they are resized, and grey
    is repeated over the channels. A label is the garment's class modulo the network's classes. A
    picture is cropped to the input's aspect ratio around its centre, resized, repeated and given a
    little noise (`NOISE`); of a picture of one colour, only the noise is left. Its class is
    unknown, so its labels are random.

    Raises:
        ValueError: if the picture is invalid or Fashion-MNIST is not on this machine.
    """
    generator = Generator().manual_seed(seed + _OWN_STREAM)
    size, (channels, height, width) = settings.batch, spec.input
    if settings.images in (InputKind.FASHION_MNIST, InputKind.SAMPLE):
        garments = _garments(settings.images)
        drawn = torch.randint(len(garments), (size,), generator=generator)
        grey = torch.stack([garments[index] for index in drawn.tolist()]).float()
        sized = functional.interpolate(grey, (height, width), mode="bilinear", antialias=True)
        return _normal(sized).expand(-1, channels, -1, -1), garments.labels[drawn] % spec.classes
    noise = torch.randn(size, *spec.input, generator=generator)
    labels = torch.randint(spec.classes, (size,), generator=generator)
    if settings.images is InputKind.PICTURE:
        return _normal(_normal(picture(settings.picture, spec)) + NOISE * noise), labels
    return noise, labels


def check(settings: Shown) -> None:
    """Raise any ValueError that `batch` would raise, before anything is measured."""
    if settings.images in (InputKind.FASHION_MNIST, InputKind.SAMPLE):
        _garments(settings.images)
    if settings.images is InputKind.PICTURE:
        decode(settings.picture)


def _garments(kind: InputKind) -> Part:
    """Return the test images [1, 28, 28] of Fashion-MNIST or of its sample."""
    if kind is InputKind.SAMPLE:
        return sample_set().test
    images, labels = fashion_mnist()
    return Stack(images.unsqueeze(1), labels)


def _normal(images: Tensor) -> Tensor:
    """Normalise the images together to mean 0 and variance 1; a single colour becomes 0."""
    centred = images - images.mean()
    deviation = centred.pow(2).mean().sqrt()
    return centred / deviation if deviation > 0 else centred
