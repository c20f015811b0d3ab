"""A set of small images that a small network learns within a few steps."""

import torch

from analysis.images.sets import ImageSet, Stack
from analysis.training.recipes import Recipe, changed, recipe_of
from analysis.training.runs import Task
from nets import parse

NET = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4:input=1x8x8:classes=3"


def toy_set(train: int = 24, test: int = 9, channels: int = 1, side: int = 8) -> ImageSet:
    """Return a set of three classes: the bright third is at the top, in the middle or below."""

    def part(number: int, seed: int) -> Stack:
        generator = torch.Generator().manual_seed(seed)
        labels = torch.arange(number) % 3
        shape = (number, channels, side, side)
        images = torch.randint(0, 60, shape, dtype=torch.uint8, generator=generator)
        third = max(side // 3, 1)
        for image, label in zip(images, labels.tolist(), strict=True):
            image[:, label * third : (label + 1) * third] += 150
        return Stack(images, labels)

    first = part(train, 1)
    pixels = first.images.float() / 255
    return ImageSet(
        name="toy",
        classes=("top", "middle", "below"),
        train=first,
        test=part(test, 2),
        mean=tuple(pixels.mean((0, 2, 3)).tolist()),
        std=tuple(pixels.std((0, 2, 3)).tolist()),
        digest="toy",
    )


def toy_recipe(name: str = "short", **changes: object) -> Recipe:
    """Return a recipe of the app, shortened for the toy set."""
    given: dict[str, object] = {"batch": 6, "warm_up": 0, "steps": 8, **changes}
    return changed(recipe_of(name), given)


def toy_task(recipe: Recipe | None = None, model: str = NET, **options: object) -> Task:
    """Return a training task on the toy set."""
    return Task(parse(model), recipe or toy_recipe(), "toy", **options)  # type: ignore[arg-type]
