"""`ResNetSpec`: a residual network as a value.

A spec holds exactly what is needed to build the network. It is frozen and hashable.
`nets.options` defines its options and their limits, `nets.plan` derives its blocks,
`nets.resnet` builds it, and `nets.text` parses the text form that a spec prints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nets.options import (
    CHANNELS,
    DEFAULTS,
    MAX_STAGES,
    OPTIONS,
    BlockKind,
    Options,
    Shortcut,
    quote,
    shown,
)
from nets.plan import check_size


@dataclass(frozen=True, kw_only=True)
class ResNetSpec(Options):
    """A residual network and the name of its catalog entry.

    Raises:
        ValueError: in one sentence that names the field, its value and what is allowed.
    """

    base: str = "resnet50"
    """The catalog entry that this network is, or is an edit of."""

    def __post_init__(self) -> None:
        if not isinstance(self.base, str) or not re.fullmatch(r"[a-z0-9_]{1,40}", self.base):
            raise ValueError(f"base must be a name in the catalog, not {quote(self.base)}")
        super().__post_init__()
        check_size(self)

    def __str__(self) -> str:
        return text_of(self)


_BASES: dict[str, ResNetSpec] = {}


def register(spec: ResNetSpec) -> ResNetSpec:
    """Register a spec as the base of its name, to which a text form's overrides apply."""
    _BASES[spec.base] = spec
    return spec


def text_of(spec: ResNetSpec) -> str:
    """Return the shortest text, relative to the spec's base, that `parse` reads as this spec."""
    return join(spec.base, overrides(spec))


def join(name: str, options: Mapping[str, str]) -> str:
    """Join a catalog name and overrides into one text."""
    return ":".join([name, *(f"{key}={value}" for key, value in options.items())])


def overrides(spec: ResNetSpec) -> dict[str, str]:
    """Return the overrides that the text of a spec needs after its base, as name to text."""
    base = _base(spec)
    changed = {k: getattr(spec, k) for k in OPTIONS if getattr(spec, k) != getattr(base, k)}
    follows = implied(base, changed)
    needed = {}
    for key in OPTIONS:
        value = getattr(spec, key)
        if value == follows.get(key, getattr(base, key)):
            continue
        if key == "input" and value[1:] == base.input[1:]:
            key, value = CHANNELS, value[0]
        needed[key] = shown(key, value)
    return needed


def _base(spec: ResNetSpec) -> ResNetSpec:
    if spec.base not in _BASES:
        raise ValueError(f"{quote(spec.base)} is not in the catalog")
    return _BASES[spec.base]


def implied(base: ResNetSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that overrides imply for options that they don't set."""
    follows: dict[str, Any] = {}
    stages = len(values.get("blocks", base.blocks))
    if stages != len(base.blocks) and stages <= MAX_STAGES:
        doubled = [base.widths[-1] << i for i in range(1, stages - len(base.widths) + 1)]
        follows["widths"] = (*base.widths, *doubled)[:stages]
        follows["strides"] = (*base.strides, *[2] * stages)[:stages]
        follows["dilate"] = (*base.dilate, *[0] * stages)[: max(stages - 1, 0)]
    block = values.get("block", base.block)
    if block != base.block:
        follows["expansion"] = 1 if block == BlockKind.BASIC else 4
    if block == BlockKind.BASIC != base.block:
        only_bottleneck = ("groups", "group_width", "stride_on")
        follows |= {name: DEFAULTS[name] for name in only_bottleneck}
    if block == BlockKind.BOTTLENECK != base.block:
        follows["dropout"] = DEFAULTS["dropout"]
    if values.get("shortcut") in (Shortcut.ZERO_PAD, Shortcut.NONE):
        follows["projection_pool"] = False
    unit = values.get("unit", base.unit)
    if unit.preactivated != base.unit.preactivated:
        follows["projection_norm"] = not unit.preactivated
    return follows
