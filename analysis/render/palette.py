"""The colours of screen and files. `.streamlit/config.toml` repeats some; a test compares them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """One set of colours; what they mean is the same in every set."""

    background: str
    surface: str
    text: str
    main_path: str
    identity: str
    projection: str
    zero_pad: str
    plain: str
    warning: str


LIGHT = Palette(
    background="#FFFFFF",
    surface="#F4F6F8",
    text="#1F2937",
    main_path="#374151",
    identity="#0072B2",
    projection="#D55E00",
    zero_pad="#009E73",
    plain="#6B7280",
    warning="#B42318",
)

DARK = Palette(
    background="#111418",
    surface="#1B2027",
    text="#E5E7EB",
    main_path="#D1D5DB",
    identity="#56B4E9",
    projection="#FF8A4C",
    zero_pad="#3DD6A6",
    plain="#9CA3AF",
    warning="#F97066",
)
