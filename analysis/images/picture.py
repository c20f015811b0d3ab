"""A picture that a visitor uploads: decoded within limits, and fitted to a network's input."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nets.spec import ResNetSpec

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 25_000_000
"""Pixels of an uploaded picture."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""The formats in which a picture may come."""


def picture(data: bytes, spec: ResNetSpec) -> Tensor:
    """A picture as [1, C, H, W]: grey for one channel, else red, green and blue in turn."""
    from PIL import ImageOps

    channels, height, width = spec.input
    image = decode(data).convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(image, (width, height))
    planes = torch.frombuffer(bytearray(fitted.tobytes()), dtype=torch.uint8)
    planes = planes.view(height, width, -1).permute(2, 0, 1).float()
    return planes[[i % len(planes) for i in range(channels)]].unsqueeze(0)


def decode(data: bytes) -> Image:
    """Decode an uploaded picture, turned as its camera says.

    Raises:
        ValueError: where the bytes are no picture, a damaged one, or one too large.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    allowed = ", ".join(FORMATS)
    try:
        with warnings.catch_warnings():  # our own limit stands below the one that it warns of
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        image.load()
        return ImageOps.exif_transpose(image)
    except Image.DecompressionBombError:
        raise ValueError(
            f"the picture is too large: {MAX_PIXELS // 10**6} million pixels at most are allowed"
        ) from None
    except UnidentifiedImageError:
        raise ValueError(f"the file is no picture: allowed are {allowed}") from None
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        raise ValueError(f"the picture is damaged: take another one ({allowed})") from error
