"""The same network without its shortcuts, or with them: what the experiment compares."""

from __future__ import annotations

from dataclasses import replace

from nets.catalog import CATALOG
from nets.options import Shortcut, Stem, idle_options
from nets.spec import ResNetSpec, overrides
from nets.text import edit

_OF_SHORTCUTS = ("shortcut", "projection_norm", "zero_init")


def plain_twin(spec: ResNetSpec) -> ResNetSpec:
    """The spec without shortcuts, and without the options that only shortcuts give a meaning.

    `resnet56:norm=none` becomes `plain56:norm=none`; where the catalog has no such entry, the
    option is written out: `resnet50:shortcut=none`.
    """
    if spec.shortcut is Shortcut.NONE:
        return spec
    return _named(edit(spec, {"shortcut": Shortcut.NONE, "zero_init": False}), spec)


def residual_twin(spec: ResNetSpec) -> ResNetSpec:
    """The spec with shortcuts: its catalog entry's, else as the 2015 paper has them by stem.

    That is option A on CIFAR's stem, which has no weights, so that both twins draw the same ones,
    and B on ImageNet's; B also where a stage has fewer channels than the one before it, which A
    cannot join. A spec that has shortcuts already is its own twin.
    """
    if spec.shortcut is not Shortcut.NONE:
        return spec
    own = CATALOG[spec.base].spec.shortcut
    papers = Shortcut.ZERO_PAD if spec.stem is Stem.CIFAR else Shortcut.PROJECTION
    try:
        return _named(edit(spec, {"shortcut": papers if own is Shortcut.NONE else own}), spec)
    except ValueError:
        return _named(edit(spec, {"shortcut": Shortcut.PROJECTION}), spec)


def _named(twin: ResNetSpec, spec: ResNetSpec) -> ResNetSpec:
    """The twin under the catalog's name for it: as much is left to say of it as of the spec."""
    told = {name: text for name, text in overrides(spec).items() if name not in _OF_SHORTCUTS}
    for base in (twin.base, *CATALOG):
        named = _without_idle(replace(twin, base=base))
        if overrides(named) == told:
            return named
    return _without_idle(twin)


def _without_idle(spec: ResNetSpec) -> ResNetSpec:
    """The spec with a projection's norm, where there is none, as its catalog entry has it."""
    if "projection_norm" not in idle_options(spec):
        return spec
    usual = edit(CATALOG[spec.base].spec, {"unit": spec.unit})
    return edit(spec, {"projection_norm": usual.projection_norm})
