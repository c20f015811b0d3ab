"""The text form of a model: `resnet50:blocks=3,8,36,3:unit=full_preact`.

A catalog name is followed by overrides, each after a colon. The text holds only letters, digits
and `_ : = , . -`, which need no escaping in a shell or an address bar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import Any

from nets.beyond import ALIASES, name_beyond, option_beyond
from nets.catalog import CATALOG
from nets.options import CHANNELS, DEFAULTS, OPTIONS, checked, quote, shown
from nets.spec import ResNetSpec, implied

MAX_TEXT = 1_000
"""The most characters in a model's text form."""

KEYS = (*OPTIONS, CHANNELS)
"""The names that may be overridden: every option, and `channels` for the first part of `input`."""

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DIGITS = re.compile(r"[0-9]+")
_REAL = re.compile(r"-?[0-9]{0,15}\.?[0-9]{1,20}(e-?[0-9]{1,3})?")


def parse(text: str) -> ResNetSpec:
    """Parse a model's text form.

    Args:
        text: a catalog name with overrides, such as `resnet50:unit=full_preact:input=3x128x128`.
            A network's name in another library, such as `resnetv2_50`, stands for its text here.
            Overrides that follow from others may be left out: widths and dilate if the number of
            stages changes, expansion and the bottleneck's own options if the block changes,
            projection_norm if the unit order changes. Spaces and case don't matter.

    Raises:
        ValueError: in one short line that says what is wrong, where, and what is allowed.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(
            f"a model's text can have at most {MAX_TEXT:,} characters, not {len(text):,}"
        )
    name, *parts = re.sub(r"\s*([:=,])\s*", r"\1", text.strip()).lower().split(":")
    overrides: dict[str, str] = {}
    base = _entry(name)
    for part in parts:
        key, equals, value = part.partition("=")
        if not part:
            raise ValueError(f"an option is missing after a colon, as in {name}:unit=full_preact")
        _known(key)
        if not equals or not value:
            raise ValueError(f"{key} needs a value, as in {key}={_example(key)}")
        if key in overrides:
            raise ValueError(f"{key} is given twice")
        overrides[key] = value
    return edit(base, {key: read_option(key, value) for key, value in overrides.items()})


def edit(spec: ResNetSpec, overrides: Mapping[str, Any]) -> ResNetSpec:
    """Return the spec with other values, and with the values that they imply.

    Args:
        spec: the spec to edit.
        overrides: option name to value; `channels` is the first number of `input`.

    Raises:
        ValueError: as `ResNetSpec` does.
    """
    for key in overrides:
        _known(key)
    values = {key: checked(key, value) for key, value in overrides.items() if key in OPTIONS}
    if CHANNELS in overrides:
        channels = checked(CHANNELS, overrides[CHANNELS])
        shape = values.setdefault("input", (channels, *spec.input[1:]))
        if shape[0] != channels:
            raise ValueError(f"channels={channels} and input={shown('input', shape)} disagree")
    return replace(spec, **(implied(spec, values) | values))


def with_input(spec: ResNetSpec, shape: str) -> ResNetSpec:
    """Return the spec for images of another shape, written as `3x224x224`."""
    return edit(spec, {"input": parse_shape(shape)})


def parse_shape(text: str) -> tuple[int, int, int]:
    """Parse channels, height and width, written as `3x224x224`.

    Raises:
        ValueError: if the text isn't written like that or a number is out of bounds.
    """
    shape: tuple[int, int, int] = checked("input", read_option("input", text.strip().lower()))
    return shape


def _known(key: str) -> None:
    if key not in KEYS:
        if why := option_beyond(key):
            raise ValueError(why)
        raise ValueError(f"{quote(key)} is not an option: {_suggest(key, KEYS)}")


def _entry(name: str) -> ResNetSpec:
    if name in ALIASES:
        return parse(ALIASES[name])
    if name not in CATALOG:
        if why := name_beyond(name):
            raise ValueError(f"{quote(name)} is not a model: {why}")
        words = name.split()
        if len(words) > 1 and all(word in CATALOG or word in ALIASES for word in words):
            raise ValueError(f"{quote(name)} is not a model: it names {len(words)} models")
        what = f"{quote(name)} is not a model" if name else "the model's name is empty"
        raise ValueError(f"{what}: {_suggest(name, CATALOG)}")
    return CATALOG[name].spec


def meant(text: str) -> tuple[str, ...]:
    """Return the models that a text may mean if its name isn't in the catalog; often none."""
    name, colon, rest = text.strip().lower().partition(":")
    if name in CATALOG or name_beyond(name):
        return ()
    found = []
    for near in _close(name, CATALOG):
        with suppress(ValueError):
            found.append(str(parse(f"{near}{colon}{rest}")))
    return tuple(found)


def _close(word: str, known: Mapping[str, Any] | tuple[str, ...]) -> list[str]:
    """Return up to three similar names, first the nearest in depth if only the number differs."""
    word = word[:40].lower()
    alike = [name for name in known if _DIGITS.sub("0", name) == _DIGITS.sub("0", word)]
    near = get_close_matches(word, list(known), n=3, cutoff=0.5)
    return list(dict.fromkeys((*sorted(alike, key=partial(_apart, word))[:1], *near)))[:3]


def _apart(one: str, other: str) -> int:
    """Return how far the numbers in two names are from each other."""
    pairs = zip(_DIGITS.findall(one), _DIGITS.findall(other), strict=True)
    return sum(abs(int(a) - int(b)) for a, b in pairs)


def _suggest(word: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    if close := _close(word, known):
        *most, last = close
        return f"did you mean {' or '.join(filter(None, (', '.join(most), last)))}?"
    if known is CATALOG:
        return f"choose one of the {len(CATALOG)} in the catalog, such as resnet50"
    return "options include blocks, widths, block, unit and shortcut"


def _example(key: str) -> str:
    if key == "se":
        return "16"  # the default, 0, means no squeeze-and-excitation
    return "3" if key == CHANNELS else shown(key, DEFAULTS[key])


def read_option(key: str, text: str) -> Any:
    """Parse the value of an option by its type, without checking its limits."""
    default = DEFAULTS.get(key, 3)
    if isinstance(default, StrEnum):
        if why := option_beyond(key, text):
            raise ValueError(why)
        return text
    if isinstance(default, tuple):
        separator = "x" if key == "input" else ","
        return tuple(_whole(key, piece, text) for piece in text.split(separator))
    if isinstance(default, bool) and text not in ("0", "1"):
        raise ValueError(f"{key} must be 0 or 1, not {quote(text)}")
    if isinstance(default, float):
        if not _REAL.fullmatch(text):
            raise ValueError(f"{key} must be a number such as {default}, not {quote(text)}")
        return float(text)
    return _whole(key, text, text)


def _whole(key: str, piece: str, text: str) -> int:
    if not _WHOLE.fullmatch(piece):
        single = isinstance(DEFAULTS.get(key, 3), int)
        way = "a whole number such as" if single else "written like"
        raise ValueError(f"{key} must be {way} {_example(key)}, not {quote(text)}")
    return int(piece)
