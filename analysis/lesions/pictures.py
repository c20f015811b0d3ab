"""What a network sees as small pictures, a pixel for each number."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from analysis.style.palette import CIVIDIS, heat_colour

_STEPS = 256
_HEAT = 0.6  # of an overlay; the rest is the picture


def grey(image: Tensor) -> Tensor:
    """Return a picture as it was given to a network, from its lowest value to its highest.

    Args:
        image: [C, H, W]. Of other numbers of channels than 1 and 3, the first is shown.

    Returns:
        [3, H, W], uint8.
    """
    shown = image if len(image) in (1, 3) else image[:1]
    low, high = shown.amin(), shown.amax()
    share = (shown - low) / (high - low).clamp(min=1e-6)
    return (share * 255).round().to(torch.uint8).expand(3, -1, -1)


def coloured(values: Tensor, low: float, high: float) -> Tensor:
    """Return a map in the colours of heat.

    Args:
        values: [H, W]; what is not finite counts as the nearest end.
        low: has the first colour.
        high: has the last.

    Returns:
        [3, H, W], uint8.
    """
    span = high - low
    share = (values - low) / span if span > 0 else torch.zeros_like(values)
    steps = torch.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0).clamp(0, 1) * (_STEPS - 1)
    return _table()[steps.round().long()].permute(2, 0, 1)


def overlaid(image: Tensor, cam: Tensor) -> Tensor:
    """Return a picture under its Grad-CAM, each of whose values covers the pixels it stands for.

    Args:
        image: [C, H, W].
        cam: [h, w], from 0 up.

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
        times: how many pixels wide and high each becomes.
    """
    from PIL import Image

    out = BytesIO()
    large = pixels.repeat_interleave(times, 1).repeat_interleave(times, 2)
    Image.fromarray(large.permute(1, 2, 0).contiguous().numpy()).save(out, "PNG")
    return out.getvalue()


@cache
def _table() -> Tensor:
    """The colours from low to high, [steps, 3], uint8."""
    colours = [heat_colour(step / (_STEPS - 1), CIVIDIS) for step in range(_STEPS)]
    return torch.tensor(
        [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours], dtype=torch.uint8
    )
