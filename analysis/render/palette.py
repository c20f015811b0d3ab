"""The colours of screen and files. `.streamlit/config.toml` repeats some; a test compares them."""

from __future__ import annotations

from dataclasses import dataclass

from nets.plan import ShortcutKind


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

    def shortcut(self, kind: ShortcutKind) -> str:
        """The colour of a shortcut; a plain stack's is grey."""
        return {
            ShortcutKind.IDENTITY: self.identity,
            ShortcutKind.PROJECTION: self.projection,
            ShortcutKind.ZERO_PAD: self.zero_pad,
            ShortcutKind.NONE: self.plain,
        }[kind]


DASHES = {
    ShortcutKind.IDENTITY: "",
    ShortcutKind.PROJECTION: "7 4",
    ShortcutKind.ZERO_PAD: "1.5 4",
    ShortcutKind.NONE: "",
}
"""The line style of every shortcut, so that colour never speaks alone."""

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

PRINT = Palette(
    background="#FFFFFF",
    surface="#F2F2F2",
    text="#000000",
    main_path="#000000",
    identity="#000000",
    projection="#000000",
    zero_pad="#000000",
    plain="#7F7F7F",
    warning="#000000",
)
