"""The two twins that the experiment compares: a network without shortcuts and one with them."""

from __future__ import annotations

from dataclasses import replace

from nets.catalog import CATALOG
from nets.options import Shortcut, Stem, idle_options
from nets.spec import ResNetSpec, overrides
from nets.text import edit

_OF_SHORTCUTS = ("shortcut", "projection_norm", "projection_pool", "zero_init")


def plain_twin(spec: ResNetSpec) -> ResNetSpec:
    """Return the spec without shortcuts and without the options that have an effect only with them.

    `resnet56:norm=none` becomes `plain56:norm=none`; if the catalog has no such entry, the option
    is written out: `resnet50:shortcut=none`.
    """
    if spec.shortcut is Shortcut.NONE:
        return spec
    return _named(edit(spec, {"shortcut": Shortcut.NONE, "zero_init": False}), spec)


def residual_twin(spec: ResNetSpec) -> ResNetSpec:
    """Return the spec with shortcuts: those of its catalog entry, or the 2015 paper's for its stem.

    The paper's are option A with CIFAR's stem, which has no weights, so both twins draw the same
    ones, and option B with ImageNet's. B also applies if a stage has fewer channels than the one
    before it, which A can't join. A spec that already has shortcuts is its own twin.
    """
    if spec.shortcut is not Shortcut.NONE:
        return spec
    own = CATALOG[spec.base].spec.shortcut
    papers = Shortcut.ZERO_PAD if spec.stem is Stem.CIFAR else Shortcut.PROJECTION
    try:
        return _named(edit(spec, {"shortcut": papers if own is Shortcut.NONE else own}), spec)
    except ValueError:
        return _named(edit(spec, {"shortcut": Shortcut.PROJECTION}), spec)


def other_twin(spec: ResNetSpec) -> ResNetSpec:
    """Return the residual twin of a plain network, else the plain twin."""
    return residual_twin(spec) if spec.shortcut is Shortcut.NONE else plain_twin(spec)


def _named(twin: ResNetSpec, spec: ResNetSpec) -> ResNetSpec:
    """Return the twin under the catalog name that needs the same overrides as the spec."""
    told = {name: text for name, text in overrides(spec).items() if name not in _OF_SHORTCUTS}
    for base in (twin.base, *CATALOG):
        named = _without_idle(replace(twin, base=base))
        if overrides(named) == told:
            return named
    return _without_idle(twin)


def _without_idle(spec: ResNetSpec) -> ResNetSpec:
    """Return the spec with `projection_norm` reset to its catalog entry's if it has no effect."""
    if "projection_norm" not in idle_options(spec):
        return spec
    usual = edit(CATALOG[spec.base].spec, {"unit": spec.unit})
    return edit(spec, {"projection_norm": usual.projection_norm})
