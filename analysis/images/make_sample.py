"""Write the sample's sheets from all of Fashion-MNIST: `python -m analysis.images.make_sample`.

It draws the same images everywhere, but another version of zlib may compress them differently.
"""

from __future__ import annotations

from random import Random

import torch
from PIL import Image
from torch import Tensor

from analysis.images.fashion_mnist import CLASSES, fashion_mnist_set
from analysis.images.sample import FOLDER, TEST_IMAGES, TRAIN_IMAGES, to_sheet

SEED = 0


def draw(labels: Tensor, each: int) -> list[int]:
    """Return the indices of `each` images of every class, sorted by class, then by index.

    Args:
        labels: the class of each image [N].
        each: images per class.
    """
    random = Random(SEED)
    places: list[int] = []
    for label in range(len(CLASSES)):
        own = (labels == label).nonzero().flatten().tolist()
        places += sorted(random.sample(own, each))
    return places


def main() -> None:
    """Draw and write both parts."""
    whole = fashion_mnist_set()
    for name, part, each in (
        ("train", whole.train, TRAIN_IMAGES),
        ("test", whole.test, TEST_IMAGES),
    ):
        places = draw(part.labels, each)
        sheet = to_sheet(torch.cat([part[place] for place in places]))
        image = Image.fromarray(sheet.numpy())
        image.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
