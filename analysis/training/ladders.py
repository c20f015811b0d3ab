"""The comparisons of depths: which networks train, how long and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.images.kinds import InputKind

SEEDS = 3
"""Default number of seeds of a comparison."""

PAIR = ("plain20", "plain56", "resnet20", "resnet56")
"""Two depths of both kinds, as in He et al. 2015, Fig. 1 and Fig. 6."""

DEGRADATION = "degradation"
"""The recipe for comparing depths in a minute; also the name of that comparison."""

USUAL_RECIPE = "short"
"""The default recipe for training one network."""


def _at(kind: str, depth: int) -> str:
    return f"{kind}20:blocks=1,1,1" if depth == 8 else f"{kind}{depth}"


def _ladder(*depths: int) -> tuple[str, ...]:
    return tuple(_at(kind, depth) for kind in ("plain", "resnet") for depth in depths)


@dataclass(frozen=True)
class Comparison:
    """A comparison of depths.

    Attributes:
        label: its name on the screen.
        recipe: the name of its recipe.
        data: its images, unless others are chosen.
        depths: those of its ladder.
        remark: what its figures can show, and what they can't.
    """

    label: str
    recipe: str
    data: InputKind
    depths: tuple[int, ...]
    remark: str

    @property
    def ladder(self) -> tuple[str, ...]:
        """The networks of all depths, plain ones first."""
        return _ladder(*self.depths)


COMPARISONS: Mapping[str, Comparison] = {
    DEGRADATION: Comparison(
        "Degradation, 60 steps",
        DEGRADATION,
        InputKind.SAMPLE,
        (8, 20, 44, 56, 110),
        "A short run shows how fast networks optimise, by their training loss: nothing has "
        "converged after so few steps. At initialisation, the gradient doesn't vanish: the "
        "Gradients page shows that with batch norm, the plain stack's grows toward the input.",
    ),
    "epochs": Comparison(
        "Degradation, 10 epochs",
        "cifar_short",
        InputKind.FASHION_MNIST,
        (20, 44, 56, 110),
        "The recipe is that of He et al. 2015 for CIFAR-10, with a warm-up of 100 steps, and "
        "10 epochs in place of 64,000 steps.",
    ),
}
"""The comparisons of page Training by the value of `train` in its address."""

LADDER = COMPARISONS[DEGRADATION].ladder
"""Five depths of both kinds."""

EXAMPLE = _ladder(8, 20, 32, 44, 56)
"""The networks of the shipped sweep `analysis/choice/examples/degradation.toml`."""
