"""Labels for a network's options and their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nets.options import (
    CHANNELS,
    DEFAULTS,
    OPTIONS,
    Activation,
    BlockKind,
    Init,
    Norm,
    Padding,
    Shortcut,
    Stem,
    StrideOn,
    UnitOrder,
)
from nets.origin import own_differences
from nets.spec import ResNetSpec

VALUES: Mapping[str, Mapping[Any, str]] = {
    "block": {BlockKind.BASIC: "basic", BlockKind.BOTTLENECK: "bottleneck"},
    "unit": {order: order.label for order in UnitOrder},
    "stride_on": {StrideOn.CONV2: "3×3 (v1.5)", StrideOn.CONV1: "first 1×1 (v1)"},
    "shortcut": {
        Shortcut.ZERO_PAD: "zero pad (A)",
        Shortcut.PROJECTION: "projection (B)",
        Shortcut.PROJECTION_FIRST: "projection in first blocks",
        Shortcut.PROJECTION_ALL: "projections only (C)",
        Shortcut.NONE: "none (plain)",
    },
    "stem": {Stem.IMAGENET: "ImageNet", Stem.DEEP: "deep (ResNet-C)", Stem.CIFAR: "CIFAR"},
    "norm": {Norm.BATCH: "batch norm", Norm.GROUP: "group norm", Norm.NONE: "none"},
    "activation": {activation: activation.label for activation in Activation},
    "padding": {Padding.SYMMETRIC: "symmetric", Padding.SAME: "same (TensorFlow)"},
    "init": {
        Init.HE_FAN_OUT: "He, by fan-out",
        Init.XAVIER: "Xavier (Glorot)",
        Init.DEFAULT: "PyTorch's default",
    },
}
"""The labels of each option's values, by the option's name, for options with few values."""


def label_of(name: str) -> str:
    """Return the label of an option."""
    return "Channels" if name == CHANNELS else OPTIONS[name].label


def in_words(name: str, text: str) -> str:
    """Return the label of a value that is written as in a model's text."""
    if name == "input":
        return text.replace("x", "×")
    if isinstance(DEFAULTS.get(name), bool):
        return "yes" if text == "1" else "no"
    return VALUES.get(name, {}).get(text, text)


def in_a_table(name: str, text: str) -> str:
    """Return a value in words, with numbers in a row as papers write them: `3-4-6-3`."""
    if name not in OPTIONS:
        return text.replace("_", " ")
    if name == "se" and text == "0":
        return "none"
    is_row = isinstance(DEFAULTS[name], tuple) and name != "input"
    return text.replace(",", "-") if is_row else in_words(name, text)


def changed(name: str, before: str, after: str) -> str:
    """Return an edit in words: `Unit order original → full pre-activation`."""
    return f"{label_of(name)} {in_a_table(name, before)} → {in_a_table(name, after)}"


def edits_in_words(spec: ResNetSpec, most: int | None = None) -> str:
    """Return a network's edits in words, as the end of a sentence.

    Args:
        spec: the network.
        most: the most edits to name; the others are counted.
    """
    every = own_differences(spec)
    said = [changed(one.name, one.before, one.after) for one in every[:most]]
    if left := len(every) - len(said):
        said.append(f"{left} more")
    return "; ".join(one if one[:2].isupper() else one[0].lower() + one[1:] for one in said)
