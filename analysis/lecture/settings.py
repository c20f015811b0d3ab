"""Readers of the settings in a page's address; a setting that is left out has its default."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TypeVar, overload

from nets.options import quote

FRONT = "resnet50"
"""The model of an address that has none: the one with which the app opens."""

SEPARATOR = ";"
"""Separates the networks in one parameter."""

EXPLORE_TABS: Mapping[str, tuple[str, ...]] = {
    "shape": (),
    "stages": (),
    "block": ("block",),
    "layers": ("layers", "find"),
    "published": (),
}
"""The tabs of the Explore page with the parameters of each; the first is open by default."""

TIMING_TABS: Mapping[str, tuple[str, ...]] = {"times": (), "roofline": ("roofline_of",)}
"""The tabs of the Timing page with their parameters; the first is open by default."""

COMPARE_TABS: Mapping[str, tuple[str, ...]] = {
    "costs": (),
    "sweep": ("sweep", "swept", "sweep_figure", "sweep_log"),
    "difference": ("from", "to"),
    "ledger": ("ledger",),
}
"""The tabs of the Compare page with their parameters; the first is open by default."""

CHOOSE_TABS: Mapping[str, tuple[str, ...]] = {
    "fits": (),
    "deepest": ("real",),
    "front": ("front",),
}
"""The tabs of the Choose page with their parameters; the first is open by default."""

Value = TypeVar("Value")
Options = Iterable[str] | Mapping[str, str]


def read_option(options: Options, text: str) -> str:
    """Read an option by its value, or by its label, which older addresses hold.

    Raises:
        ValueError: "must be one of ...".
    """
    words = options if isinstance(options, Mapping) else {value: value for value in options}
    by_words = {said: str(value) for value, said in words.items()}
    values = [str(value) for value in words]
    value = text if text in values else by_words.get(text)
    if value is None:
        raise ValueError(f"must be one of {', '.join(values)}, not {quote(text)}")
    return value


def read_switch(text: str) -> bool:
    """Read `true` or `false`.

    Raises:
        ValueError: "must be true or false ...".
    """
    values = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in values:
        raise ValueError(f"must be true or false, not {quote(text)}")
    return values[text.lower()]


def read_number(low: float, high: float | None, text: str) -> float:
    """Read a finite number within bounds; a whole number if `low` is an int.

    Raises:
        ValueError: "must be ... to ...".
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    is_whole = isinstance(low, int)
    is_within = isfinite(value) and value >= low and (high is None or value <= high)
    if not is_within or (is_whole and not value.is_integer()):
        most = "or more" if high is None else f"to {high:,}"
        kind = "a whole number, " if is_whole else ""
        raise ValueError(f"must be {kind}{low:,} {most}, not {quote(text)}")
    return int(value) if is_whole else value


def tab_by_settings(tabs: Mapping[str, Iterable[str]], text_of: Callable[[str], str]) -> str:
    """Return the first tab that has a setting in the address; empty if none has."""
    return next((tab for tab, keys in tabs.items() if any(map(text_of, keys))), "")


@dataclass(frozen=True)
class Settings:
    """The settings of one address. Raises ValueError with one sentence for an invalid one."""

    texts: Mapping[str, str]

    def text(self, key: str) -> str:
        """Return a setting's text; empty if the address has none."""
        return self.texts.get(key, "")

    @overload
    def option(self, key: str, options: Options, default: str) -> str: ...
    @overload
    def option(self, key: str, options: Options, default: None) -> str | None: ...
    def option(self, key: str, options: Options, default: str | None) -> str | None:
        """Return one of several values."""
        text = self.text(key)
        return self._said(key, lambda: read_option(options, text)) if text else default

    def switch(self, key: str, default: bool = False) -> bool:
        """Return whether something is on."""
        text = self.text(key)
        return self._said(key, lambda: read_switch(text)) if text else default

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """Return a whole number."""
        text = self.text(key)
        return int(self._said(key, lambda: read_number(low, high, text))) if text else default

    def real(self, key: str, low: float, high: float | None, default: float | None) -> float | None:
        """Return a number, or the default, which may be None for a field that can be empty."""
        text = self.text(key)
        return self._said(key, lambda: read_number(low, high, text)) if text else default

    def read(self, key: str, read: Callable[[str], Value], default: Value) -> Value:
        """Return a setting read by `read`, whose ValueError is raised with the key in front."""
        text = self.text(key)
        if not text:
            return default
        try:
            return read(text)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None

    def several(self, key: str, default: Iterable[str]) -> list[str]:
        """Return the texts of several networks without duplicates."""
        text = self.text(key)
        return list(dict.fromkeys(text.split(SEPARATOR) if text else default))

    def tab(self, key: str, tabs: Mapping[str, Iterable[str]]) -> str:
        """Return the open tab: the one that is named, else the first that has a setting."""
        usual = tab_by_settings(tabs, self.text) or next(iter(tabs))
        return self.option(key, list(tabs), usual)

    @staticmethod
    def _said(key: str, read: Callable[[], Value]) -> Value:
        try:
            return read()
        except ValueError as error:
            raise ValueError(f"{key} {error}") from None
