"""The colours of screen and files. `.streamlit/config.toml` repeats some; a test keeps it equal."""

from __future__ import annotations

from dataclasses import dataclass

from nets.plan import ShortcutKind


@dataclass(frozen=True)
class Palette:
    """One set of colours, with the same meanings in every set.

    `text` and `quiet` (secondary text) have a contrast of 7:1 with the background and the surface;
    lines and marks have 3:1. `ochre`, `violet` and `brown` mean nothing: they tell lines apart that
    differ in none of the rest.
    """

    background: str
    surface: str
    text: str
    quiet: str
    main_path: str
    identity: str
    projection: str
    zero_pad: str
    plain: str
    warning: str
    tint: str
    ochre: str
    violet: str
    brown: str

    def shortcut(self, kind: ShortcutKind) -> str:
        """Return the colour of a shortcut; a plain stack's is grey."""
        return {
            ShortcutKind.IDENTITY: self.identity,
            ShortcutKind.PROJECTION: self.projection,
            ShortcutKind.ZERO_PAD: self.zero_pad,
            ShortcutKind.NONE: self.plain,
        }[kind]


CIVIDIS = (
    "#00224E",
    "#123570",
    "#3B496C",
    "#575D6D",
    "#707173",
    "#8A8678",
    "#A59C74",
    "#C3B369",
    "#E1CC55",
    "#FEE838",
)
"""Heat, low to high, with even steps of lightness for every kind of vision (Nuñez et al. 2018)."""

GREYS = ("#E1E1E1", "#CECECE", "#BABABA", "#A7A7A7", "#939393", "#808080", "#6C6C6C", "#595959")
"""Heat on paper, low to high; even the lowest is darker than paper and bands."""


def heat_colour(share: float, scale: tuple[str, ...]) -> str:
    """Return the colour of a share from 0 to 1, interpolated on the scale."""
    place = min(max(share, 0.0), 1.0) * (len(scale) - 1)
    low = min(int(place), len(scale) - 2)
    return mix(scale[low + 1], scale[low], place - low)


def mix(colour: str, ground: str, share: float) -> str:
    """Return the opaque colour that a translucent one gives on a background."""
    pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(share * c + (1 - share) * g):02X}" for c, g in pairs)


def text_on(colour: str) -> str:
    """Return black or white, whichever contrasts more with a colour: always 4.5:1 or more."""
    return max("#000000", "#FFFFFF", key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of an sRGB colour, from 0 to 1 (WCAG 2.2)."""
    shares = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


DASHES = {
    ShortcutKind.IDENTITY: "",
    ShortcutKind.PROJECTION: "7 4",
    ShortcutKind.ZERO_PAD: "1.5 4",
    ShortcutKind.NONE: "",
}
"""The line style of each kind of shortcut, so that colour is never the only difference."""

LIGHT = Palette(
    background="#FFFFFF",
    surface="#F4F6F8",
    text="#1F2937",
    quiet="#475467",
    main_path="#374151",
    identity="#0072B2",
    projection="#D55E00",
    zero_pad="#009E73",
    plain="#6B7280",
    warning="#B42318",
    tint="#6A87A6",
    ochre="#9C8000",
    violet="#6A1B9A",
    brown="#7A4A2B",
)

DARK = Palette(
    background="#111418",
    surface="#1B2027",
    text="#E5E7EB",
    quiet="#B8BFCA",
    main_path="#D1D5DB",
    identity="#56B4E9",
    projection="#FF8A4C",
    zero_pad="#3DD6A6",
    plain="#9CA3AF",
    warning="#F97066",
    tint="#6A87A6",
    ochre="#E3CF5B",
    violet="#9F6BF0",
    brown="#B98A6A",
)

PRINT = Palette(
    background="#FFFFFF",
    surface="#F2F2F2",
    text="#000000",
    quiet="#4D4D4D",
    main_path="#000000",
    identity="#000000",
    projection="#000000",
    zero_pad="#000000",
    plain="#7F7F7F",
    warning="#000000",
    tint="#8C8C8C",
    ochre="#000000",
    violet="#000000",
    brown="#7F7F7F",
)
