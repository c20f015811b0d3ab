"""Presets of the gradient experiments, common half-truths, and what the papers say.

Presets use depth 56 with CIFAR's basic blocks, except for one that climbs to it and those at depth
110. Their names say what the experiment shows and never contradict `analysis.gradients.verdict` or
`analysis.gradients.shattering`; tests check this for every preset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.gradients.curves import Precision
from analysis.gradients.theory import BALDUZZI2017, YANG2019
from analysis.gradients.twins import plain_twin, residual_twin
from nets.catalog import HE2015, Citation
from nets.spec import ResNetSpec


@dataclass(frozen=True)
class Preset:
    """Models to compare, named after what the measurement shows.

    Attributes:
        name: what the measurement shows.
        short: the button's label.
        models: the models to measure.
        precision: FLOAT64 if float32 would underflow.
        is_direction: whether the gradient's direction is measured instead of its norm.
    """

    name: str
    short: str
    models: tuple[str, ...]
    precision: Precision = Precision.FLOAT32
    is_direction: bool = False


def _twins(
    name: str, options: str = "", precision: Precision = Precision.FLOAT32, short: str = ""
) -> Preset:
    return Preset(name, short or name, (f"plain56{options}", f"resnet56{options}"), precision)


PRESETS = (
    _twins("Vanishing: no BN, default init", ":norm=none:init=default", short="Vanishing"),
    _twins("With BN, the gradient explodes; shortcuts tame it", short="Exploding"),
    _twins("He init without BN: the residual stack explodes", ":norm=none", short="He init"),
    _twins("tanh with BN: shortcuts don't help", ":activation=tanh", short="tanh, BN"),
    _twins(
        "Xavier, no BN: only the plain stack vanishes", ":norm=none:init=xavier", short="Xavier"
    ),
    _twins(
        "Sigmoid, no BN, default init: both vanish",
        ":norm=none:activation=sigmoid:init=default",
        Precision.FLOAT64,
        "Sigmoid",
    ),
)
"""The main presets."""

MORE = (
    _twins(
        "tanh, default init, no BN: shortcuts rescue it", ":norm=none:activation=tanh:init=default"
    ),
    _twins("tanh, He init, no BN: both grow", ":norm=none:activation=tanh"),
    _twins("tanh, Xavier, no BN: mild in both", ":norm=none:activation=tanh:init=xavier"),
    _twins("Sigmoid with BN: both fall", ":activation=sigmoid"),
    Preset(
        "Unit orders at depth 110: BN on the skip path costs most",
        "Unit orders",
        (
            "resnet110",
            "resnet110:unit=bn_after_add",
            "resnet110:unit=relu_before_add",
            "resnet110:unit=relu_preact",
            "resnet110:unit=full_preact",
        ),
    ),
    Preset(
        "Options A, B and C at depth 110: more projections, more growth",
        "Options A, B, C",
        ("resnet110", "resnet110:shortcut=projection", "resnet110:shortcut=projection_all"),
    ),
)
"""Further presets."""


SHATTERED = Preset(
    "Without shortcuts, the gradient's direction shatters",
    "Direction",
    tuple(f"{kind}{depth}" for kind in ("plain", "resnet") for depth in (20, 32, 44, 56)),
    is_direction=True,
)
"""The ladder of depths for which the gradient's direction is measured instead of its norm."""


def usual_models(spec: ResNetSpec, is_direction: bool) -> tuple[str, ...]:
    """Return the models that are measured by default.

    Args:
        spec: the current model, measured with its twin, the plain one first.
        is_direction: whether to measure the direction, for which the default is a ladder of depths.
    """
    if is_direction:
        return SHATTERED.models
    return tuple(dict.fromkeys(map(str, (plain_twin(spec), residual_twin(spec)))))


def preset_of(models: Sequence[str], precision: Precision, is_direction: bool) -> Preset | None:
    """Return the preset that measures these models' norms, or directions, in this precision."""
    asked = tuple(models), precision, is_direction
    for one in (*PRESETS, *MORE, SHATTERED):
        if (one.models, one.precision, one.is_direction) == asked:
            return one
    return None


@dataclass(frozen=True)
class HalfTruth:
    """A common claim, when it holds, when it fails, and the buttons of presets that show both."""

    claim: str
    holds: str
    fails: str
    presets: tuple[str, ...]


HALF_TRUTHS = (
    HalfTruth(
        "ResNet solves vanishing gradients.",
        "True for stacks without normalisation whose gain is small, as with PyTorch's default "
        "initialisation: the plain one vanishes, the residual one doesn't.",
        "With He initialisation and no BN, it's the residual stack that explodes, by a factor of "
        "about √2 per block, and the plain one that doesn't. With sigmoid and small gain, both "
        "vanish.",
        (PRESETS[0].short, PRESETS[2].short, PRESETS[5].short),
    ),
    HalfTruth(
        "BN and ReLU had already solved it; degradation is the real problem.",
        "True for the forward pass, whose variance BN preserves. During training the range of "
        "norms collapses within a few steps, so the paper's healthy norms are plausible, and what "
        "remains is degradation.",
        "At initialisation, BN makes a plain stack's gradient explode toward the input, by a "
        "factor of about 1.2 per layer. Its direction also shatters: the gradient at one image "
        "says little about the gradient at a slightly different one.",
        (PRESETS[1].short, PRESETS[3].short, SHATTERED.short),
    ),
)


@dataclass(frozen=True)
class Reading:
    """A paper's finding, paraphrased."""

    says: str
    source: Citation
    place: str


READINGS = (
    Reading(
        "The difficulty of training deeper plain nets is unlikely to be caused by vanishing "
        "gradients: these nets have BN, which keeps the forward signal's variance non-zero, and "
        "the authors found healthy norms of the backward signal.",
        HE2015,
        "section 4.1",
    ),
    Reading(
        "Initialisation and BN have largely overcome vanishing and exploding gradients. What a "
        "plain net loses with depth is their direction: the correlation between gradients decays "
        "exponentially, until they resemble white noise. With shortcuts it decays far more slowly.",
        BALDUZZI2017,
        "abstract",
    ),
    Reading(
        "In wide fully connected nets, BN itself makes gradients explode with depth at "
        "initialisation, at any scale of the weights and with any activation. After a single "
        "training step, their range is far smaller.",
        YANG2019,
        "abstract",
    ),
)
