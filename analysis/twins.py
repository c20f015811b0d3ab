"""The same network without its shortcuts, or with them: what the experiment compares."""

from __future__ import annotations

from dataclasses import replace

from nets.catalog import CATALOG
from nets.spec import ResNetSpec, Shortcut, Stem, idle_options
from nets.text import edit, overrides


def plain_twin(spec: ResNetSpec) -> ResNetSpec:
    """The spec without shortcuts, and without the options that only shortcuts give a meaning."""
    plain = edit(spec, {"shortcut": Shortcut.NONE, "zero_init": False})
    return _named(_dropped(plain, "projection_norm"))


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
        return _named(edit(spec, {"shortcut": papers if own is Shortcut.NONE else own}))
    except ValueError:
        return _named(edit(spec, {"shortcut": Shortcut.PROJECTION}))


def _dropped(spec: ResNetSpec, option: str) -> ResNetSpec:
    """The spec with an idle option as its catalog entry would have it for the same unit."""
    if option not in idle_options(spec):
        return spec
    usual = edit(CATALOG[spec.base].spec, {"unit": spec.unit})
    return edit(spec, {option: getattr(usual, option)})


def _named(spec: ResNetSpec) -> ResNetSpec:
    """The same network under the catalog's name that leaves the least to say of it."""
    texts = {base: len(overrides(replace(spec, base=base))) for base in CATALOG}
    best = min(texts.values())
    names = [base for base, count in texts.items() if count == best]
    return spec if spec.base in names else replace(spec, base=names[0])
