"""The trained networks that come with the app. Importing this module does not import torch."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("trained")


class ShippedNet(NamedTuple):
    """A trained network: its model's text, and its accuracy on the 10,000 test images."""

    model: str
    accuracy: float
    title: str


SHIPPED: dict[str, ShippedNet] = {}
"""By name, as the commands take it."""


def shipped_path(name: str) -> Path:
    """Return the checkpoint's file."""
    return FOLDER / f"{name}.safetensors"
