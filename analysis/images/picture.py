"""A picture that a visitor uploads: decoded within limits, and fitted to a network's input."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
"""The endings of their files' names."""


def picture(data: bytes, spec: ResNetSpec) -> Tensor:
    """A picture as [1, C, H, W]: grey for one channel, else red, green and blue in turn."""
    from PIL import ImageOps

    channels, height, width = spec.input
    image = decode(data).convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(image, (width, height))
    planes = torch.frombuffer(bytearray(fitted.tobytes()), dtype=torch.uint8)
    planes = planes.view(height, width, -1).permute(2, 0, 1).float()
    return planes[[i % len(planes) for i in range(channels)]].unsqueeze(0)


def decode(data: bytes, shorter: int | None = None) -> Image:
    """Decode an uploaded picture, turned as its camera says.

    Args:
        data: the picture's file.
        shorter: the longest that its shorter side may be, in pixels; a larger picture is scaled.

    Raises:
        ValueError: where the bytes are no picture, a damaged one, or one too large.
    """
    from PIL import Image, ImageOps

    with _refusing():
        image = _opened(data)
        if shorter is not None:  # a JPEG can be decoded at half, a quarter or an eighth of its size
            image.draft(None, _scaled(image.size, shorter))
        image.load()
        image = _eight_bits(ImageOps.exif_transpose(image))
        if shorter is not None and min(image.size) > shorter:
            size = _scaled(image.size, shorter)
            image = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
        return image


def _eight_bits(image: Image) -> Image:
    """Return a picture in grey or colour of eight bits, without transparency.

    Pillow would cut 16 bits off at 255, and show what is hidden below transparent pixels: these
    become white.
    """
    from PIL import Image

    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image


def _scaled(size: tuple[int, int], shorter: int) -> tuple[int, int]:
    """Return width and height of the same ratio whose lower is `shorter`."""
    width, height = size
    low = min(size)
    return round(width * shorter / low), round(height * shorter / low)


def check_header(data: bytes) -> None:
    """Raise the ValueError that `decode` would raise for the format or the size of a picture.

    Pixels that are damaged pass.
    """
    with _refusing():
        _opened(data)


def _opened(data: bytes) -> Image:
    """Read a picture's header, its pixels not yet."""
    from PIL import Image

    with warnings.catch_warnings():  # our own limit stands below the one that it warns of
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    return image


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what a decoder raises into a ValueError of one sentence."""
    from PIL import Image, UnidentifiedImageError

    allowed = ", ".join(FORMATS)
    try:
        yield
    except Image.DecompressionBombError:
        raise ValueError(
            f"the picture is too large: {MAX_PIXELS // 10**6} million pixels at most are allowed"
        ) from None
    except UnidentifiedImageError:
        raise ValueError(f"the file is no picture: allowed are {allowed}") from None
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        raise ValueError(f"the picture is damaged: take another one ({allowed})") from error
