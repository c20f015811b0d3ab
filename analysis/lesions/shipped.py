"""The trained networks that ship with the app. Importing this module doesn't import torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

FOLDER = Path(__file__).with_name("trained")
"""The folder of the checkpoints and the commands that made them."""


class ShippedNet(NamedTuple):
    """A network trained on all of Fashion-MNIST with the recipe `short`.

    Attributes:
        model: the model's text.
        accuracy: on the 10,000 test images, in float32, before it was written in float16.
        changes: its changes to the recipe.
    """

    model: str
    accuracy: float
    changes: Mapping[str, Any] = MappingProxyType({})


_NARROW = "widths=8,16,32:stem_width=8:input=1x28x28"

SHIPPED: dict[str, ShippedNet] = {
    "fashion_resnet20": ShippedNet("resnet20:input=1x28x28", 0.9212, {"epochs": 5}),
    "fashion_resnet32": ShippedNet(f"resnet32:{_NARROW}", 0.9084),
    "fashion_plain32": ShippedNet(f"plain32:{_NARROW}", 0.8911, {"rate": 0.05}),
    "fashion_resnet56": ShippedNet(f"resnet56:{_NARROW}", 0.9157),
    "fashion_plain56": ShippedNet(f"plain56:{_NARROW}", 0.8563, {"rate": 0.05}),
}
"""The networks by the name that the commands take."""


def shipped_path(name: str) -> Path:
    """Return the path of a shipped checkpoint."""
    return FOLDER / f"{name}.safetensors"
