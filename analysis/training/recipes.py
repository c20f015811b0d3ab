"""Training recipes: optimiser, schedule, batch, length, augmentation and evaluation.

Importing this module doesn't import torch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from nets.options import MAX_BATCH, check_whole, given, number_of, quote
from nets.spec import ResNetSpec

MAX_STEPS = 1_000_000
"""Most steps in one run."""

MAX_EPOCHS = 1_000
"""Most epochs in one run."""

MAX_RATE = 10.0
"""The highest learning rate."""

MAX_PAD = 64
"""Most pixels of padding before a picture is cropped."""

MAX_POINTS = 20
"""Most steps of a run at which the gradient is measured."""

LAST = 25
"""Steps over which a run's final training loss is averaged."""


class OptimiserKind(StrEnum):
    """The optimiser that updates the weights."""

    SGD = "sgd"
    ADAMW = "adamw"


class Schedule(StrEnum):
    """How the learning rate changes with the steps; each is one of torch's schedulers.

    MILESTONES divides the rate by 10 at each of `milestones` (MultiStepLR); a warm-up before it
    trains at `warm_up_from` of the rate (ConstantLR). ONE_CYCLE rises to the rate over `rise` of
    all steps and falls to nearly 0 (OneCycleLR). COSINE falls to 0 (CosineAnnealingLR) after a
    linear warm-up (LinearLR).
    """

    CONSTANT = "constant"
    MILESTONES = "milestones"
    ONE_CYCLE = "one_cycle"
    COSINE = "cosine"


class Augment(StrEnum):
    """How training pictures are augmented.

    SHIFT pads by `pad` pixels, crops at random and mirrors with probability 1/2. RESIZED_CROP crops
    8 to 100% of the area at random, resizes it and mirrors with probability 1/2 (Szegedy et al.
    2014).
    """

    NONE = "none"
    SHIFT = "shift"
    RESIZED_CROP = "resized_crop"


class Arithmetic(StrEnum):
    """The dtype in which the network computes; weights and updates are always float32."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained. Raises ValueError, in one sentence, if invalid.

    Attributes:
        name: the recipe's name.
        rate: the learning rate; its peak with ONE_CYCLE.
        momentum: of SGD.
        nesterov: whether SGD uses Nesterov momentum.
        weight_decay: an L2 penalty in the gradient with SGD, decoupled with AdamW.
        decay_all: whether weight decay also applies to biases and batch norms.
        batch: images per step. An epoch drops its last incomplete batch.
        epochs: length in passes over the training split; None if `steps` is given.
        steps: length in steps; None if `epochs` is given.
        milestones: when MILESTONES divides the rate, as shares of all steps.
        warm_up: steps of warm-up.
        warm_up_from: the share of the rate at which the warm-up begins.
        rise: the share of all steps over which ONE_CYCLE rises.
        evaluate: whether to evaluate on the test split after every epoch and at the end.
        gradients_at: steps after which the gradient norm by depth is measured; 0 is before any.
        narrow: whether models are made narrow and small (`analysis.training.fit`).
        side: the picture's side that the recipe is meant for; None for the model's own.
        source: where the recipe comes from.
    """

    name: str
    optimiser: OptimiserKind = OptimiserKind.SGD
    rate: float
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    decay_all: bool = True
    batch: int
    epochs: int | None = None
    steps: int | None = None
    schedule: Schedule = Schedule.CONSTANT
    milestones: tuple[float, ...] = ()
    warm_up: int = 0
    warm_up_from: float = 0.01
    rise: float = 0.25
    augment: Augment = Augment.NONE
    pad: int = 4
    precision: Arithmetic = Arithmetic.FLOAT32
    channels_last: bool = False
    evaluate: bool = True
    gradients_at: tuple[int, ...] = ()
    narrow: bool = False
    side: int | None = None
    source: str = ""

    def __post_init__(self) -> None:
        for name, kind in (
            ("optimiser", OptimiserKind),
            ("schedule", Schedule),
            ("augment", Augment),
            ("precision", Arithmetic),
        ):
            try:
                object.__setattr__(self, name, kind(getattr(self, name)))
            except ValueError:
                raise ValueError(
                    f"{name} must be one of {', '.join(kind)}, not {quote(getattr(self, name))}"
                ) from None
        for name in ("milestones", "gradients_at"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("nesterov", "decay_all", "channels_last", "evaluate", "narrow"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be on or off, not {quote(getattr(self, name))}")
        if not _is_number(self.rate) or not 0 < self.rate <= MAX_RATE:
            raise ValueError(
                f"rate must be above 0 and at most {MAX_RATE:g}, not {given(self.rate)}"
            )
        _check_share("momentum", self.momentum, below_one=True)
        _check_share("weight_decay", self.weight_decay)
        _check_share("warm_up_from", self.warm_up_from, above_zero=True)
        _check_share("rise", self.rise, above_zero=True, below_one=True)
        check_whole("batch", self.batch, 1, MAX_BATCH)
        check_whole("warm_up", self.warm_up, 0, MAX_STEPS)
        check_whole("pad", self.pad, 0, MAX_PAD)
        if self.side is not None:
            check_whole("side", self.side, 1, 10_000)
        if (self.epochs is None) is (self.steps is None):
            raise ValueError("a recipe must have either epochs or steps, and not both")
        if self.epochs is not None:
            check_whole("epochs", self.epochs, 1, MAX_EPOCHS)
        if self.steps is not None:
            check_whole("steps", self.steps, 1, MAX_STEPS)
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0")
        for share in self.milestones:
            _check_share("milestones", share, above_zero=True, below_one=True)
        if list(self.milestones) != sorted(set(self.milestones)):
            raise ValueError("milestones must increase, such as 0.5, 0.75")
        if len(self.gradients_at) > MAX_POINTS:
            raise ValueError(
                f"gradients_at may have at most {MAX_POINTS} steps, not {len(self.gradients_at)}"
            )
        for step in self.gradients_at:
            check_whole("gradients_at", step, 0, MAX_STEPS)
        if list(self.gradients_at) != sorted(set(self.gradients_at)):
            raise ValueError("gradients_at must increase, such as 0, 1, 5")
        if self.warm_up and self.schedule not in (Schedule.MILESTONES, Schedule.COSINE):
            raise ValueError(f"the schedule {self.schedule} has no warm-up")

    def length(self, images: int) -> int:
        """Return the number of steps of a run.

        Args:
            images: the size of the training split.

        Raises:
            ValueError: if the batch is larger than the split, the run ends during its warm-up, or
                the run is too long.
        """
        if self.batch > images:
            raise ValueError(
                f"a batch of {self.batch:,} is more than the {images:,} training images: "
                f"use {images:,} or fewer"
            )
        steps = self.steps or (self.epochs or 0) * (images // self.batch)
        if steps > MAX_STEPS:
            raise ValueError(f"{steps:,} steps are too many: at most {MAX_STEPS:,} are allowed")
        for share in self.milestones if self.schedule is Schedule.MILESTONES else ():
            if self.warm_up and round(share * steps) <= self.warm_up < steps:
                raise ValueError(
                    f"the milestone {share:g} of {steps:,} steps is within the warm-up of "
                    f"{self.warm_up:,}: use a later one or a shorter warm-up"
                )
        if self.gradients_at and self.gradients_at[-1] > steps:
            raise ValueError(
                f"gradients_at has step {self.gradients_at[-1]:,}, but the run has only {steps:,}"
            )
        if steps <= self.warm_up:
            raise ValueError(
                f"{steps:,} steps end within the warm-up of {self.warm_up:,}: use more steps or a "
                "shorter warm-up"
            )
        if self.schedule is Schedule.ONE_CYCLE and steps < 2 / min(self.rise, 1 - self.rise):
            least = math.ceil(2 / min(self.rise, 1 - self.rise))
            raise ValueError(f"{steps:,} steps are too few for one cycle: use {least} or more")
        return steps

    def values(self) -> dict[str, Any]:
        """Return all fields but name and source as plain values, for a file."""
        found = asdict(self)
        del found["name"], found["source"]
        return {
            key: value.value if isinstance(value, StrEnum) else value
            for key, value in found.items()
        }

    @property
    def title(self) -> str:
        """The name, marked if fields were changed: `short, changed`."""
        return self.name if RECIPES.get(self.name) == self else f"{self.name}, changed"

    def remark(self, shape: tuple[int, int, int]) -> str:
        """Say that the recipe is meant for another input size than the network's, if it is."""
        side, (_, height, width) = self.side, shape
        if side is None or (height, width) == (side, side):
            return ""
        return (
            f"The recipe is meant for pictures of {side}x{side}; this network's input is "
            f"{height}x{width}."
        )

    def words(self) -> str:
        """Summarise the recipe in one line."""
        if self.optimiser is OptimiserKind.SGD:
            update = f"SGD, rate {self.rate:g}"
            if self.momentum:
                update += f", {'Nesterov ' if self.nesterov else ''}momentum {self.momentum:g}"
        else:
            update = f"AdamW, rate {self.rate:g}"
        long = (
            number_of(self.epochs, "epoch") if self.epochs else number_of(self.steps or 0, "step")
        )
        parts = [update, f"batch {self.batch:,}", long]
        if self.schedule is Schedule.MILESTONES:
            at = " and ".join(f"{share:.0%}" for share in self.milestones)
            parts.append(f"rate divided by 10 at {at} of the run" if at else "constant rate")
        elif self.schedule is not Schedule.CONSTANT:
            parts.append(
                {"one_cycle": "one-cycle rate", "cosine": "cosine rate"}[self.schedule.value]
            )
        if self.warm_up:
            parts.append(f"{number_of(self.warm_up, 'step')} of warm-up")
        if self.weight_decay:
            on = "" if self.decay_all else " on weights only"
            parts.append(f"weight decay {self.weight_decay:g}{on}")
        if self.augment is Augment.SHIFT:
            parts.append(f"images padded by {self.pad}, cropped and mirrored")
        elif self.augment is Augment.RESIZED_CROP:
            parts.append("random resized crops, mirrored")
        if self.precision is Arithmetic.BFLOAT16:
            parts.append("bfloat16 autocast")
        if self.channels_last:
            parts.append("channels last")
        return ", ".join(parts)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_share(
    name: str, value: object, *, above_zero: bool = False, below_one: bool = False
) -> None:
    good = _is_number(value) and 0 <= value <= 1  # type: ignore[operator]
    if not good or (above_zero and value == 0) or (below_one and value == 1):
        low = "above 0" if above_zero else "0 or more"
        high = "below 1" if below_one else "at most 1"
        raise ValueError(f"{name} must be {low} and {high}, not {given(value)}")


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return a recipe with other values; its title then says that it was changed.

    Epochs replace steps, and steps replace epochs.

    Raises:
        ValueError: as `Recipe` does, or if a name isn't one of its fields.
    """
    known = {field.name for field in fields(Recipe)} - {"name", "source"}
    for name in changes:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            way = (
                f"did you mean {near[0]}?" if near else f"choose one of {', '.join(sorted(known))}"
            )
            raise ValueError(f"{quote(name)} isn't a field of a recipe: {way}")
    values = dict(changes)
    if values.get("epochs") is not None and values.get("steps") is not None:
        raise ValueError("epochs and steps both set the length of a run: give one of them")
    if values.get("epochs") is not None:
        values.setdefault("steps", None)
    elif values.get("steps") is not None:
        values.setdefault("epochs", None)
    return replace(recipe, **values)


def read_field(name: str, text: str) -> Any:
    """Parse the value of a recipe's field, such as `0.05`, `true` or `0.5,0.75`.

    Raises:
        ValueError: if the text isn't a value of the field's type.
    """
    kinds = {field.name: str(field.type) for field in fields(Recipe)}
    kind, text = kinds.get(name, ""), text.strip()
    try:
        match kind.removesuffix(" | None"):
            case "bool":
                return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
            case "int":
                return None if text == "none" and kind.endswith("None") else _whole(text)
            case "float":
                return _real(text)
            case "tuple[float, ...]":
                return tuple(_real(part) for part in text.split(",") if part)
            case "tuple[int, ...]":
                return tuple(_whole(part) for part in text.split(",") if part)
    except (KeyError, ValueError):
        what = {"bool": "true or false", "int": "a whole number", "float": "a number"}
        said = what.get(kind.removesuffix(" | None"), "numbers separated by commas")
        raise ValueError(f"{name} must be {said}, not {quote(text)}") from None
    return text


def _whole(text: str) -> int:
    """Parse a whole number; Python's `int` also takes 1_0 and the digits of every script."""
    if not re.fullmatch(r"\s*-?[0-9]{1,15}\s*", text):
        raise ValueError(text)
    return int(text)


def _real(text: str) -> float:
    if not re.fullmatch(r"\s*-?[0-9]{0,15}\.?[0-9]{1,20}(e-?[0-9]{1,3})?\s*", text):
        raise ValueError(text)
    return float(text)


NARROW_WIDTH = 8
NARROW_SIDE = 14


def fit(spec: ResNetSpec, recipe: Recipe, channels: int, classes: int) -> ResNetSpec:
    """Return the network that a recipe trains, adapted to the images' channels and classes.

    A narrow recipe keeps blocks, units and shortcuts, and uses a CIFAR stem, widths of 8, 16, 32
    and so on, and an input of 14x14. Other recipes change only the input's channels and the
    classes, and the input's sides if the recipe sets them.

    Raises:
        ValueError: if there is no such network.
    """
    from nets.text import edit

    side = recipe.side
    if not recipe.narrow:
        height, width = (side, side) if side else spec.input[1:]
        return edit(spec, {"input": (channels, height, width), "classes": classes})
    widths = tuple(NARROW_WIDTH << stage for stage in range(len(spec.blocks)))
    narrow = {
        "stem": "cifar",
        "stem_width": NARROW_WIDTH,
        "widths": widths,
        "input": (channels, side or NARROW_SIDE, side or NARROW_SIDE),
        "classes": classes,
    }
    try:
        return edit(spec, narrow)
    except ValueError as error:
        raise ValueError(
            f"{spec} can't be made as narrow as {recipe.name} requires: {error}"
        ) from None


_CIFAR = Recipe(
    name="cifar_paper",
    rate=0.1,
    weight_decay=1e-4,
    batch=128,
    steps=64_000,
    schedule=Schedule.MILESTONES,
    milestones=(0.5, 0.75),
    augment=Augment.SHIFT,
    pad=4,
    source="He et al. 2015 (arXiv 1512.03385), section 4.2",
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="degradation",
            optimiser=OptimiserKind.ADAMW,
            rate=0.003,
            weight_decay=0.01,
            batch=32,
            steps=60,
            evaluate=False,
            narrow=True,
            side=NARROW_SIDE,
            source="this project, for a short run on narrow networks",
        ),
        Recipe(
            name="short",
            rate=0.1,
            nesterov=True,
            weight_decay=5e-4,
            decay_all=False,
            batch=128,
            epochs=4,
            schedule=Schedule.ONE_CYCLE,
            augment=Augment.SHIFT,
            pad=2,
            precision=Arithmetic.BFLOAT16,
            channels_last=True,
            source="one cycle: Smith and Topin 2018 (arXiv 1708.07120); use a rate of 0.05 for "
            "plain networks",
        ),
        _CIFAR,
        replace(
            _CIFAR,
            name="cifar_paper_110",
            warm_up=400,
            warm_up_from=0.1,
            source="He et al. 2015 (arXiv 1512.03385), section 4.2: about 400 iterations at 0.01 "
            "first, for 110 layers",
        ),
        replace(
            _CIFAR,
            name="cifar_short",
            epochs=10,
            steps=None,
            warm_up=100,
            warm_up_from=0.1,
            side=28,
            source="the recipe `cifar_paper` in 10 epochs for Fashion-MNIST, with a short warm-up "
            "for deep networks",
        ),
        Recipe(
            name="d2l",
            rate=0.05,
            momentum=0.0,
            batch=256,
            epochs=10,
            side=96,
            source="Zhang et al., Dive into Deep Learning, section 8.6: Fashion-MNIST at 96x96, "
            "loss 0.009, accuracy 0.998 in training and 0.921 in test",
        ),
        Recipe(
            name="flowers",
            optimiser=OptimiserKind.ADAMW,
            rate=1e-4,
            weight_decay=0.01,
            batch=4,
            epochs=4,
            schedule=Schedule.COSINE,
            warm_up=20,
            warm_up_from=0.01,
            augment=Augment.RESIZED_CROP,
            side=224,
            source="a common recipe for fine-grained photographs: LinearLR from 0.01 over 20 "
            "steps, then CosineAnnealingLR",
        ),
        Recipe(
            name="flowers_small",
            optimiser=OptimiserKind.ADAMW,
            rate=1e-3,
            weight_decay=0.01,
            batch=4,
            epochs=4,
            schedule=Schedule.COSINE,
            warm_up=20,
            warm_up_from=0.01,
            augment=Augment.RESIZED_CROP,
            side=64,
            source="the recipe `flowers` at a size that trains on a CPU in a minute",
        ),
    )
}
"""All recipes, by name."""


def recipe_of(name: str) -> Recipe:
    """Return the recipe with a name.

    Raises:
        ValueError: if there is none.
    """
    if name not in RECIPES:
        raise ValueError(f"{quote(name)} isn't a recipe: choose one of {', '.join(RECIPES)}")
    return RECIPES[name]
