"""Pictures that visitors upload: decoded within limits and fitted to a network's input."""

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
"""The most pixels of an uploaded picture."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""The supported formats of pictures."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
"""The file extensions of these formats."""


def picture(data: bytes, spec: ResNetSpec) -> Tensor:
    """Return a picture as [1, C, H, W]: grey for one channel, else red, green and blue in turn."""
    from PIL import ImageOps

    channels, height, width = spec.input
    image = decode(data).convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(image, (width, height))
    planes = torch.frombuffer(bytearray(fitted.tobytes()), dtype=torch.uint8)
    planes = planes.view(height, width, -1).permute(2, 0, 1).float()
    return planes[[i % len(planes) for i in range(channels)]].unsqueeze(0)


def decode(data: bytes, shorter: int | None = None) -> Image:
    """Decode an uploaded picture, rotated as its EXIF orientation says.

    Args:
        data: the picture's file.
        shorter: the most pixels of its shorter side; a larger picture is scaled down.

    Raises:
        ValueError: if the bytes are not a picture, or it is damaged or too large.
    """
    from PIL import Image, ImageOps

    with _refusing():
        image = _opened(data)
        if shorter is not None:  # a JPEG can be decoded at 1/2, 1/4 or 1/8 of its size
            image.draft(None, _scaled(image.size, shorter))
        image.load()
        image = _eight_bits(ImageOps.exif_transpose(image))
        if shorter is not None and min(image.size) > shorter:
            size = _scaled(image.size, shorter)
            image = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
        return image


def _eight_bits(image: Image) -> Image:
    """Return a picture in 8-bit grey or colour, without transparency.

    Pillow would clip 16-bit values at 255, and would show the colours of transparent pixels, which
    become white here.
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
    """Return width and height scaled so that the smaller of them is `shorter`."""
    width, height = size
    low = min(size)
    return round(width * shorter / low), round(height * shorter / low)


def check_header(data: bytes) -> None:
    """Raise the ValueError that `decode` would raise for the format or the size of a picture.

    Damaged pixels aren't detected.
    """
    with _refusing():
        _opened(data)


def _opened(data: bytes) -> Image:
    """Read a picture's header but not its pixels."""
    from PIL import Image

    with warnings.catch_warnings():  # our own limit is lower than the one that it warns of
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    return image


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn any exception of a decoder into a ValueError of one sentence."""
    from PIL import Image, UnidentifiedImageError

    allowed = ", ".join(FORMATS)
    try:
        yield
    except Image.DecompressionBombError:
        raise ValueError(
            f"the picture is too large: at most {MAX_PIXELS // 10**6} million pixels are allowed"
        ) from None
    except UnidentifiedImageError:
        raise ValueError(f"the file is not a picture: supported are {allowed}") from None
    except Exception as error:  # a decoder may raise anything on untrusted bytes
        raise ValueError(f"the picture is damaged: use another one ({allowed})") from error
