"""Predictions from theory for the gradient at initialisation, for the specs that have one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.gradients.curves import Summary
from analysis.style.language import marked
from nets.catalog import Citation
from nets.options import Activation, BlockKind, Init, Norm, Shortcut, UnitOrder
from nets.spec import ResNetSpec
from nets.text import parse

FAR_PERCENT = 10.0
"""The largest deviation of the measured from the predicted factor at which theory is shown."""

LEAST_R_SQUARED = 0.98
"""The smallest R² of a line fitted to log10 of the norms at which its slope is said."""

GLOROT2010 = Citation(
    "glorot2010understanding",
    "Xavier Glorot, Yoshua Bengio",
    "Understanding the difficulty of training deep feedforward neural networks",
    "AISTATS 2010",
    2010,
    "https://proceedings.mlr.press/v9/glorot10a.html",
)
HE2015_INIT = Citation(
    "he2015delving",
    "Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun",
    "Delving Deep into Rectifiers",
    "ICCV 2015, arXiv 1502.01852",
    2015,
    "https://arxiv.org/abs/1502.01852",
)
BALDUZZI2017 = Citation(
    "balduzzi2017shattered",
    "David Balduzzi, Marcus Frean, Lennox Leary, JP Lewis, Kurt Wan-Duo Ma, Brian McWilliams",
    "The Shattered Gradients Problem: If resnets are the answer, then what is the question?",
    "ICML 2017, arXiv 1702.08591",
    2017,
    "https://arxiv.org/abs/1702.08591",
)
YANG2019 = Citation(
    "yang2019mean",
    "Greg Yang, Jeffrey Pennington, Vinay Rao, Jascha Sohl-Dickstein, Samuel S. Schoenholz",
    "A Mean Field Theory of Batch Normalization",
    "ICLR 2019, arXiv 1902.08129",
    2019,
    "https://arxiv.org/abs/1902.08129",
)
ZHANG2019 = Citation(
    "zhang2019fixup",
    "Hongyi Zhang, Yann N. Dauphin, Tengyu Ma",
    "Fixup Initialization: Residual Learning Without Normalization",
    "ICLR 2019, arXiv 1901.09321",
    2019,
    "https://arxiv.org/abs/1901.09321",
)


@dataclass(frozen=True)
class Theory:
    """A predicted factor of the gradient norm, toward the input, over `layers` weighted layers."""

    factor: float
    formula: str
    layers: int
    because: str
    sources: tuple[Citation, ...]

    @property
    def slope_per_layer(self) -> float:
        """log10 of the factor per weighted layer, comparable with `Summary.slope_per_layer`."""
        return math.log10(self.factor) / self.layers

    def distance_percent(self, slope: float) -> float:
        """Return how far a slope's factor per layer is from the predicted one: 5 is 5% above."""
        return 100 * (10 ** (slope - self.slope_per_layer) - 1)


def confirmed(summary: Summary) -> Theory | None:
    """Return the prediction that the curves of a model follow, or None if they follow none.

    Curves follow it if they are straight and, in every seed, the factor per layer is within
    `FAR_PERCENT` of it.
    """
    predicted = theory(parse(summary.model))
    if predicted is None or not is_straight(summary):
        return None
    far = (abs(predicted.distance_percent(slope)) > FAR_PERCENT for slope in summary.slopes)
    return None if any(far) else predicted


def is_straight(summary: Summary) -> bool:
    """Return whether a line fits the curves: its R² is at least `LEAST_R_SQUARED` in every seed.

    A single block allows no fit.
    """
    return summary.blocks > 1 and all(one >= LEAST_R_SQUARED for one in summary.r_squared)


def theory(spec: ResNetSpec) -> Theory | None:
    """Return the prediction for a spec, or None if there is none.

    Predictions exist for ReLU in the original unit order, with basic blocks of constant width
    (expansion 1), shortcuts of option A or B, and BN or no norm. Without BN the squared norm of the
    gradient at a convolution's input is fan_in * var(W) times that at its output, whatever its
    stride, and a ReLU passes half of it (He et al. 2015, arXiv 1502.01852, section 2.2).
    """
    if (
        spec.activation is not Activation.RELU
        or spec.unit is not UnitOrder.ORIGINAL
        or spec.block is not BlockKind.BASIC
        or spec.expansion != 1
        or spec.norm is Norm.GROUP
        or spec.se
        or spec.dropout
    ):
        return None
    plain = spec.shortcut is Shortcut.NONE
    if spec.norm is Norm.BATCH:
        return _BATCH_NORM if plain else None
    match spec.init:
        case Init.DEFAULT if plain and not spec.bias:
            return _DEFAULT
        case Init.XAVIER if plain:
            return _XAVIER
        case Init.HE_FAN_OUT if spec.shortcut in (Shortcut.ZERO_PAD, Shortcut.PROJECTION):
            return _HE_RESIDUAL
    return None


_DEFAULT = Theory(
    1 / math.sqrt(6),
    "1/√6",
    1,
    marked(
        "PyTorch's default weights have variance 1/(3 fan-in), and ReLU halves the squared norm: "
        "1/6"
    ),
    (HE2015_INIT,),
)
_XAVIER = Theory(
    1 / math.sqrt(2),
    "1/√2",
    1,
    marked("Xavier preserves the squared norm in a linear layer, and ReLU halves it"),
    (GLOROT2010, HE2015_INIT),
)
_HE_RESIDUAL = Theory(
    math.sqrt(2),
    "√2",
    2,
    marked(
        "with He initialisation the branch returns as much as the shortcut, so a block doubles the "
        "squared norm"
    ),
    (HE2015_INIT, ZHANG2019),
)
_BATCH_NORM = Theory(
    math.sqrt(math.pi / (math.pi - 1)),
    "√(π/(π−1))",
    1,
    marked("for BN with ReLU at any scale of the weights, with wide layers and large batches"),
    (YANG2019,),
)
