"""What a network is called, and what it was edited from.

What the catalog says of an entry holds for that entry alone: of an edited network only what it was
edited from is said, and how it differs.
"""

from __future__ import annotations

from dataclasses import dataclass

from nets.catalog import CATALOG
from nets.spec import OPTIONS, ResNetSpec, shown
from nets.text import overrides


@dataclass(frozen=True)
class OptionDiff:
    """An option whose value differs, both written as in a model's text."""

    name: str
    before: str
    after: str


def differences(before: ResNetSpec, after: ResNetSpec) -> tuple[OptionDiff, ...]:
    """The options in which two networks differ, those that follow from others among them."""
    return tuple(
        OptionDiff(name, shown(name, one), shown(name, other))
        for name in OPTIONS
        if (one := getattr(before, name)) != (other := getattr(after, name))
    )


def is_edited(spec: ResNetSpec) -> bool:
    """Whether a network differs from its catalog entry."""
    return bool(overrides(spec))


def title(spec: ResNetSpec) -> str:
    """The catalog's title: `ResNet-50 v1.5`; where it is edited, `Variant of ResNet-50 v1.5`."""
    own = CATALOG[spec.base].title
    return f"Variant of {own}" if is_edited(spec) else own


def in_a_sentence(spec: ResNetSpec) -> str:
    """The title within a heading: `ResNet-50 v1.5`, `a variant of ResNet-50 v1.5`."""
    own = CATALOG[spec.base].title
    return f"a variant of {own}" if is_edited(spec) else own


def edits(spec: ResNetSpec) -> str:
    """What an edited network changed: `stride_on=conv1 instead of conv2`; else nothing."""
    found = differences(CATALOG[spec.base].spec, spec)
    return ", ".join(f"{one.name}={one.after} instead of {one.before}" for one in found)
