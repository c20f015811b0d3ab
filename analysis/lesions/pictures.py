"""Small pictures of what a network sees, with one pixel per number."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from analysis.style.palette import CIVIDIS, heat_colour

_STEPS = 256
_HEAT = 0.6  # weight of the heat map in an overlay


def grey(image: Tensor) -> Tensor:
    """Return a network's input as a picture, scaled from its lowest value to its highest.

    Args:
        image: [C, H, W]. Unless C is 1 or 3, only the first channel is shown.

    Returns:
        [3, H, W], uint8.
    """
    shown = image if len(image) in (1, 3) else image[:1]
    low, high = shown.amin(), shown.amax()
    share = (shown - low) / (high - low).clamp(min=1e-6)
    return (share * 255).round().to(torch.uint8).expand(3, -1, -1)


def coloured(values: Tensor, low: float, high: float) -> Tensor:
    """Return a map in heat colours.

    Args:
        values: [H, W]; values that aren't finite count as the nearest end.
        low: the value of the first colour.
        high: the value of the last colour.

    Returns:
        [3, H, W], uint8.
    """
    span = high - low
    share = (values - low) / span if span > 0 else torch.zeros_like(values)
    steps = torch.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0).clamp(0, 1) * (_STEPS - 1)
    return _table()[steps.round().long()].permute(2, 0, 1)


def overlaid(image: Tensor, cam: Tensor) -> Tensor:
    """Return a picture overlaid with its Grad-CAM, each value covering the pixels it stands for.

    Args:
        image: [C, H, W].
        cam: [h, w], not negative.

    Returns:
        [3, H, W], uint8.
    """
    height, width = image.shape[1:]
    large = interpolate(cam[None, None], (height, width), mode="nearest-exact")[0, 0]
    heat = coloured(large, 0.0, float(cam.max())).float()
    return (_HEAT * heat + (1 - _HEAT) * grey(image).float()).round().to(torch.uint8)


def png(pixels: Tensor, times: int = 1) -> bytes:
    """Return pixels as a PNG.

    Args:
        pixels: [3, H, W], uint8.
        times: the factor by which to enlarge each pixel's width and height.
    """
    from PIL import Image

    out = BytesIO()
    large = pixels.repeat_interleave(times, 1).repeat_interleave(times, 2)
    Image.fromarray(large.permute(1, 2, 0).contiguous().numpy()).save(out, "PNG")
    return out.getvalue()


@cache
def _table() -> Tensor:
    """Return the colours from low to high, [steps, 3], uint8."""
    colours = [heat_colour(step / (_STEPS - 1), CIVIDIS) for step in range(_STEPS)]
    return torch.tensor(
        [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours], dtype=torch.uint8
    )
