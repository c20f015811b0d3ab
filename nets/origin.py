"""The catalog title of a network and its differences from the catalog entry that it is an edit of.

Catalog titles, summaries and results hold only for the unedited entry. An edited network is
described by that entry's title and by what differs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from nets.catalog import CATALOG
from nets.options import CHANNELS, OPTIONS, idle_options, shown
from nets.spec import ResNetSpec, overrides


@dataclass(frozen=True)
class OptionDiff:
    """An option whose value differs, with both values as a model's text writes them."""

    name: str
    before: str
    after: str


def differences(before: ResNetSpec, after: ResNetSpec) -> tuple[OptionDiff, ...]:
    """Return the options in which two networks differ, including those implied by others."""
    return tuple(
        OptionDiff(name, shown(name, one), shown(name, other))
        for name in OPTIONS
        if (one := getattr(before, name)) != (other := getattr(after, name))
    )


def own_differences(spec: ResNetSpec) -> tuple[OptionDiff, ...]:
    """Return a network's differences from its catalog entry, without those implied by others."""
    named = overrides(spec)
    return tuple(
        one
        for one in differences(CATALOG[spec.base].spec, spec)
        if one.name in named or (one.name == "input" and CHANNELS in named)
    )


def is_edited(spec: ResNetSpec) -> bool:
    """Return whether a network differs from its catalog entry."""
    return bool(overrides(spec))


def base_title(name: str, beside: Collection[str] = ()) -> str:
    """Return a catalog title: `ResNet-50`, `ResNet-50 v1.5` beside v1, `ResNet-34 B` beside A or C.

    Args:
        name: the entry's name.
        beside: the names of the entries shown on the same screen.
    """
    said = CATALOG[name].title
    if f"{name}_v1" not in beside:
        said = said.removesuffix(" v1.5")
    return said if {f"{name}_a", f"{name}_c"}.isdisjoint(beside) else f"{said} B"


def same_in_catalog(spec: ResNetSpec) -> str | None:
    """Return the name of the catalog entry that an edited network equals, or None."""
    if not is_edited(spec):
        return None
    return next((name for name, one in CATALOG.items() if not differences(one.spec, spec)), None)


def edits(spec: ResNetSpec) -> str:
    """Return what an edited network changes, `stride_on=conv1 instead of conv2`, or "".

    What other edits imply is included, unless it has no effect in this network.
    """
    idle = {*idle_options(spec)} - {*overrides(spec)}
    found = [one for one in differences(CATALOG[spec.base].spec, spec) if one.name not in idle]
    return ", ".join(f"{one.name}={one.after} instead of {one.before}" for one in found)
