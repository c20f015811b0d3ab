"""A drawing of what networks see in one picture: an SVG with the maps as embedded pictures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from torch import Tensor

from analysis.lesions.blocks_report import written
from analysis.lesions.pictures import coloured, grey, overlaid, png
from analysis.lesions.sees import CHANNELS, Maps, Seen
from analysis.style.fonts import FONT_FAMILY, text_width
from analysis.style.numbers import shape
from analysis.style.palette import CIVIDIS, LIGHT, Palette

_TEXT, _SMALL, _MAP, _LARGE, _GAP, _APART = 15, 14, 52, 136, 4, 16
_PIXELS = 256  # side of an embedded picture, so that viewers don't blur its pixels


class Sight(NamedTuple):
    """One network's view of a picture.

    Attributes:
        name: the network's readable name.
        seen: what it sees.
        classes: the class names, in the order of its outputs.
        label: the true class, if it is known.
    """

    name: str
    seen: Seen
    classes: tuple[str, ...]
    label: str = ""

    @property
    def prediction(self) -> str:
        """The predicted class with its probability, and which blocks are out."""
        predicted = self.classes[self.seen.predicted]
        chance = 100 * float(self.seen.probabilities[self.seen.predicted])
        said = f"{predicted}, probability {chance:.1f}%"
        if self.label:
            said += " (correct)" if self.label == predicted else f" (wrong, it's {self.label})"
        return f"{said} · {', '.join(self.seen.out)} out" if self.seen.out else said

    @property
    def explained(self) -> str:
        """The class that Grad-CAM explains, and the stage."""
        said = f"Grad-CAM for {self.classes[self.seen.target]} on {self.seen.maps[-1].stage}"
        return said if self.seen.cam.max() > 0 else f"{said}: no evidence for it"


def number(value: float) -> str:
    """Format an end of a scale to three significant digits."""
    return f"−{written(-value)}" if value < 0 else written(value)


def sight_svg(sights: Sequence[Sight], palette: Palette = LIGHT) -> str:
    """Draw what one or several networks see, one above the other.

    Args:
        sights: one per network.
        palette: the drawing's colours.
    """
    names = [_name(maps) for sight in sights for maps in sight.seen.maps]
    left = 2 * (_LARGE + _APART) + max(text_width(name, _SMALL) for name in names) + _APART
    wide = CHANNELS * (_MAP + _GAP) - _GAP
    heads = [f"{sight.name}: {sight.prediction}" for sight in sights]
    width = max(left + wide, *(text_width(head, _TEXT) for head in heads))
    parts: list[str] = []
    top = 0.0
    for sight, head in zip(sights, heads, strict=True):
        parts.append(_text(0, top + _TEXT, head))
        start = top + 2 * _TEXT
        parts += (found := _Column(start)).pictures(sight)
        parts += (rows := _Column(start)).maps(sight, left, wide)
        top = max(found.bottom, rows.bottom) + 2 * _TEXT
    height = top - 2 * _TEXT + _GAP
    stops = "".join(
        f'<stop offset="{i / (len(CIVIDIS) - 1):.4f}" stop-color="{colour}"/>'
        for i, colour in enumerate(CIVIDIS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT_FAMILY}" fill="{palette.text}">'
        f"<title>{escape('; '.join(heads))}</title>"
        f'<defs><linearGradient id="heat">{stops}</linearGradient></defs>{"".join(parts)}</svg>'
    )


class _Column:
    """Parts one below the other; `bottom` is where the next one begins."""

    def __init__(self, top: float) -> None:
        self.bottom = top

    def pictures(self, sight: Sight) -> Iterator[str]:
        """Draw the picture and Grad-CAM side by side, with a caption and a scale below."""
        seen, second = sight.seen, _LARGE + _APART
        yield _image(0, self.bottom, _LARGE, grey(seen.image))
        yield _image(second, self.bottom, _LARGE, overlaid(seen.image, seen.cam))
        self.bottom += _high(seen.image, _LARGE) + _GAP
        yield from _scale(second, self.bottom, _LARGE, 0.0, float(seen.cam.max()))
        self.bottom += 2.5 * _TEXT
        start = max(0, second + _LARGE - text_width(sight.explained, _SMALL))
        yield _text(start, self.bottom, sight.explained, _SMALL)
        self.bottom += _GAP

    def maps(self, sight: Sight, left: float, wide: float) -> Iterator[str]:
        """Draw a row of maps per stage, with their scale below."""
        for maps in sight.seen.maps:
            high = _high(maps.channels[0].values, _MAP)
            middle = self.bottom + high / 2 + 0.35 * _SMALL
            yield _text(left - _APART, middle, _name(maps), _SMALL, "end")
            for place, channel in enumerate(maps.channels):
                pixels = coloured(channel.values, *sight.seen.scale)
                yield _image(left + place * (_MAP + _GAP), self.bottom, _MAP, pixels)
            self.bottom += high + _GAP
        yield from _scale(left, self.bottom, wide, *sight.seen.scale)
        self.bottom += 1.5 * _TEXT


def _name(maps: Maps) -> str:
    return f"{maps.stage} · {shape(maps.shape)}"


def _high(values: Tensor, wide: float) -> float:
    return wide * values.shape[-2] / values.shape[-1]


def _scale(x: float, y: float, wide: float, low: float, high: float) -> Iterator[str]:
    """Draw the colours from low to high, with the end values below."""
    yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="8" fill="url(#heat)"/>'
    below = y + 8 + _SMALL
    yield _text(x, below, number(low), _SMALL)
    yield _text(x + wide, below, number(high), _SMALL, "end")


def _text(x: float, y: float, said: str, size: int = _TEXT, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">'
        f"{escape(said)}</text>"
    )


def _image(x: float, y: float, wide: float, pixels: Tensor) -> str:
    times = max(1, -(-_PIXELS // pixels.shape[2]))
    data = b64encode(png(pixels, times)).decode()
    return (
        f'<image x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{_high(pixels, wide):.1f}" '
        f'href="data:image/png;base64,{data}"/>'
    )
