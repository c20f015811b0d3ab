"""Short spoken names for networks that are shown together.

The names say only what differs among those networks: `plain, 56 layers` and
`residual, 56 layers`, `original` and `full pre-activation`, `ResNet-34` and `ResNet-50`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from nets import plan
from nets.options import Shortcut, UnitOrder, number_of, shown
from nets.origin import base_title
from nets.spec import ResNetSpec, overrides

_WORDS: dict[str, dict[object, str]] = {
    "block": {"basic": "basic blocks", "bottleneck": "bottlenecks"},
    "unit": {order.value: order.label for order in UnitOrder},
    "shortcut": {
        "zero_pad": "zero-pad shortcuts (A)",
        "projection": "projections (B)",
        "projection_first": "projections in first blocks",
        "projection_all": "projections everywhere (C)",
        "none": "no shortcuts",
    },
    "stride_on": {"conv2": "v1.5", "conv1": "v1"},
    "stem": {"imagenet": "ImageNet stem", "deep": "deep stem", "cifar": "CIFAR stem"},
    "norm": {"batch": "BN", "group": "GN", "none": "no BN"},
    "init": {"he_fan_out": "He init", "xavier": "Xavier init", "default": "default init"},
    "padding": {"symmetric": "PyTorch's padding", "same": "TensorFlow's padding"},
    "projection_norm": {
        True: "normalisation on projections",
        False: "no normalisation on projections",
    },
    "projection_pool": {True: "pooled projections", False: "strided projections"},
    "dilate_first": {True: "first blocks dilated", False: "first blocks not dilated"},
    "bias": {True: "biases", False: "no biases"},
    "zero_init": {True: "last norm zero", False: "last norm one"},
    "softmax": {True: "softmax", False: "logits"},
}

_COUNTED = {"channels": ("channel",), "classes": ("class", "classes")}
"""Options that are a number of things, with their nouns."""

_OF_A_STACK = (
    *("blocks", "shortcut", "unit", "norm", "init", "activation", "zero_init", "projection_norm"),
    *("bias", "bn_eps", "bn_momentum", "norm_groups", "dropout", "se", "projection_pool"),
)
"""Options in which stacks of one family can differ, in the order in which a name lists them."""

_FOR_IMAGES = ("input", "channels", "classes", "stem_width")
"""Options that fit a network to its images."""


_MOST_EDITS = 3  # most edits named in a title


def kind_of(spec: ResNetSpec) -> str:
    """Return `plain` for a network without shortcuts, else `residual`."""
    return "plain" if spec.shortcut is Shortcut.NONE else "residual"


def name_of(
    spec: ResNetSpec, beside: Iterable[ResNetSpec] = (), unsaid: Collection[str] = ()
) -> str:
    """Return a network's catalog title and its edits.

    Args:
        spec: the network.
        beside: networks shown on the same screen; if v1 is among them, v1.5 is said, too.
        unsaid: options to leave out of the name.
    """
    edits = [key for key in overrides(spec) if key not in unsaid]
    said = (option_words(key, getattr(spec, key)) for key in edits)
    return ", ".join([base_title(spec.base, {one.base for one in beside}), *said])


def name_with_edits(spec: ResNetSpec) -> str:
    """Return a network's catalog title and its edits as one phrase, for a label.

    It reads `ResNet-50 with 1 channel and 10 classes`.
    """
    said = {key: option_words(key, getattr(spec, key)) for key in overrides(spec)}
    words = [f"input {own}" if key == "input" else own for key, own in said.items()]
    listed = " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
    return " with ".join(filter(None, (base_title(spec.base), listed)))


def title(spec: ResNetSpec, beside: Iterable[ResNetSpec] = ()) -> str:
    """Return a network's title: `ResNet-50`, `ResNet-50, full pre-activation`.

    More edits than a title has room for are counted: `ResNet-50 with 4 changes`.

    Args:
        spec: the network.
        beside: networks shown on the same screen; see `base_title`.
    """
    beside = tuple(beside)
    if (edits := len(overrides(spec))) <= _MOST_EDITS:
        return name_of(spec, beside)
    return f"{base_title(spec.base, {one.base for one in beside})} with {edits} changes"


def name_in_title(spec: ResNetSpec) -> str:
    """Return a short name for a title: `ResNet-56, widths 8-16-32`.

    It leaves out edits that fit a network to its images. A network with another number of blocks
    isn't the one that the catalog names, so its name is its model text.
    """
    return str(spec) if "blocks" in overrides(spec) else name_of(spec, (), _FOR_IMAGES)


def names_of(specs: Sequence[ResNetSpec]) -> tuple[str, ...]:
    """Return a name for each network; different networks get different names.

    Stacks of one family are named by what differs. Other networks are named by their catalog
    titles, followed by the edits that not all of them share. Networks that would still have the
    same name are named by their model texts.
    """
    different = list(dict.fromkeys(specs))
    stacks = _as_stacks(different) if len(different) > 1 else None
    return _told_apart(specs, dict(zip(different, stacks or _by_titles(different), strict=True)))


def titles_of(specs: Sequence[ResNetSpec]) -> tuple[str, ...]:
    """Return `names_of` networks that stand for themselves: by catalog titles, whatever differs."""
    different = list(dict.fromkeys(specs))
    return _told_apart(specs, dict(zip(different, _by_titles(different), strict=True)))


def _told_apart(specs: Sequence[ResNetSpec], names: dict[ResNetSpec, str]) -> tuple[str, ...]:
    """Return the names in this order, or model texts instead of names that two networks have."""
    times = Counter(names.values())
    return tuple(str(one) if times[names[one]] > 1 else names[one] for one in specs)


def with_edits(specs: Sequence[ResNetSpec], names: Sequence[str]) -> str:
    """Return networks' names followed by the edits that they leave out, for a caption.

    What all share is said once: `plain, 56 layers; residual, 56 layers; both: no BN`.
    """
    left = {name: _unsaid(spec, name) for spec, name in zip(specs, names, strict=True)}
    first, *others = left.values()
    shared = [words for words in first if others and all(words in own for own in others)]
    found = [", ".join([name, *(w for w in own if w not in shared)]) for name, own in left.items()]
    if shared:
        found.append(f"{'both' if len(left) == 2 else 'all'}: {', '.join(shared)}")
    return "; ".join(found)


def in_full(specs: Sequence[ResNetSpec], names: Sequence[str]) -> str:
    """Return networks' names with the catalog's beside, and their edits, for a caption.

    Beside a depth that isn't the catalog's are the blocks: `residual, 8 layers (ResNet-20, blocks
    1-1-1)`. If the names say only how the networks differ, the full names stand in their place.
    """
    pairs = list(zip(specs, names, strict=True))
    if all(f"{spec.depth:,} layers" in name for spec, name in pairs):
        return with_edits(specs, [f"{name} ({_with_blocks(spec)})" for spec, name in pairs])
    return with_edits(specs, [*map(name_of, specs)])


def _with_blocks(spec: ResNetSpec) -> str:
    if "blocks" not in overrides(spec):
        return in_catalog(spec)
    return f"{in_catalog(spec)}, {option_words('blocks', spec.blocks)}"


def in_catalog(spec: ResNetSpec) -> str:
    """Return the catalog's name of a network, without its edits apart from missing shortcuts."""
    is_edited = spec.shortcut is Shortcut.NONE and "shortcut" in overrides(spec)
    return f"{base_title(spec.base)}{', no shortcuts' if is_edited else ''}"


def depths_in_words(specs: Iterable[ResNetSpec]) -> str:
    """Say what the numbers in catalog names count that aren't the depth; "" if all are.

    He et al. 2015 count the weighted layers on the main path, and so does `depth`. Zagoruyko and
    Komodakis 2016 count all convolutions; names of networks with a deep stem or without a
    classifier are those of the networks that they vary.
    """
    otherwise: dict[str, list[str]] = {}
    for spec in dict.fromkeys(specs):
        if counted := _counted_by_name(spec):
            otherwise.setdefault(counted, []).append(base_title(spec.base))
    if not otherwise:
        return ""
    ways = "; ".join(f"{way} ({', '.join(names)})" for way, names in otherwise.items())
    return f"Depth counts the weighted layers on the main path. Some names count {ways}."


def depth_in_words(spec: ResNetSpec) -> str:
    """Say what the number in a network's name counts if it isn't the depth, else ""."""
    if not (way := _counted_by_name(spec)):
        return ""
    number = _number_in(spec)
    return (
        f"Depth counts the weighted layers on the main path; the {number} in the name counts {way}."
    )


def _counted_by_name(spec: ResNetSpec) -> str:
    """Return what the number in a catalog name counts if it isn't the depth."""
    number = _number_in(spec)
    if number in (None, spec.depth) or "blocks" in overrides(spec):
        return ""
    blocks = [block for stage in plan.stages(spec) for block in stage]
    convolutions = len(plan.stem_convs(spec)) + sum(len(block.convs) for block in blocks)
    if number == convolutions + sum(block.projection is not None for block in blocks):
        return "all convolutions"
    ways = ["the stem as one layer"] if len(plan.stem_convs(spec)) > 1 else []
    ways += [] if spec.classes else ["a classifier, too"]
    usual = spec.depth - len(plan.stem_convs(spec)) + 1 + int(not spec.classes)
    return " and ".join(ways) if number == usual else ""


def _number_in(spec: ResNetSpec) -> int | None:
    found = re.search(r"\d+", base_title(spec.base))
    return int(found[0]) if found else None


def shared_edits(specs: Sequence[ResNetSpec]) -> tuple[str, ...]:
    """Return what all stacks change in the same way, for a title: `no BN`, `default init`.

    Depth and shortcuts, which names say, and what fits a network to its images are left out.
    """
    keys = [key for key in _OF_A_STACK if key not in ("blocks", "shortcut")]
    return tuple(
        option_words(key, getattr(specs[0], key))
        for key in keys
        if all(key in overrides(one) for one in specs)
        and len({getattr(one, key) for one in specs}) == 1
    )


def _unsaid(spec: ResNetSpec, name: str) -> list[str]:
    """Return the edits that a name leaves out; `plain, 56 layers` tells blocks and shortcuts."""
    if name == str(spec):
        return []
    implied = set()
    if f" {spec.depth} layers" in name.replace(",", ""):
        implied = {"blocks", "shortcut"} if spec.shortcut is Shortcut.NONE else {"blocks"}
    edits = (key for key in overrides(spec) if key not in implied)
    said = {key: option_words(key, getattr(spec, key)) for key in edits}
    told = {*name.split(", "), *re.sub(r" \([^()]*\)$", "", name).split(", ")}
    return [f"input {w}" if key == "input" else w for key, w in said.items() if w not in told]


def _as_stacks(specs: Sequence[ResNetSpec]) -> list[str] | None:
    """Return names that say what differs, or None if catalog titles say more."""
    base = specs[0].base
    said = [overrides(replace(one, base=base)) for one in specs]
    differ = {key for key in set().union(*said) if len({getattr(one, key) for one in specs}) > 1}
    published = all(not overrides(one) and one.shortcut is not Shortcut.NONE for one in specs)
    if published or not differ <= set(_OF_A_STACK):
        return None
    residual = {one.shortcut for one in specs} - {Shortcut.NONE}
    kinds = set(map(kind_of, specs))
    deep = len({one.depth for one in specs}) > 1
    if deep and kinds == {"residual"} and differ - {"blocks"} and not all(map(overrides, specs)):
        return None  # beside a network of the catalog at another depth, its name says more
    shapes = {(one.depth, one.blocks) for one in specs}
    found = []
    for one in specs:
        parts = []
        if deep or len(kinds) > 1:
            parts += [kind_of(one), f"{one.depth:,} layers"]
        if len(shapes) > len({depth for depth, _ in shapes}):
            parts.append(option_words("blocks", one.blocks))
        for key in _OF_A_STACK[1:]:
            if key not in differ:
                continue
            if key == "shortcut" and (one.shortcut is Shortcut.NONE or len(residual) < 2):
                continue
            parts.append(option_words(key, getattr(one, key)))
        found.append(", ".join(parts))
    return found


def _by_titles(specs: Sequence[ResNetSpec]) -> list[str]:
    """Return catalog titles, each followed by the edits that not all networks share."""
    edits = list(map(overrides, specs))
    shared = set.intersection(*(set(own.items()) for own in edits)) if len(specs) > 1 else set()
    bases = {one.base for one in specs}
    found = []
    for one, own in zip(specs, edits, strict=True):
        said = [
            option_words(key, getattr(one, key))
            for key, value in own.items()
            if (key, value) not in shared
        ]
        found.append(", ".join([base_title(one.base, bases), *said]))
    return found


def option_words(key: str, value: Any) -> str:
    """Return an option's value in words; numbers in a row as papers write them: `3-4-6-3`."""
    if key == "activation":
        return str(value.label)
    if key == "input":
        return "×".join(map(str, value))
    if key == "se":
        return f"SE (ratio {value})" if value else "no SE"
    plain = str(value) if isinstance(value, StrEnum) else value
    if key in _WORDS and not isinstance(plain, tuple):
        return _WORDS[key][plain]
    if key in _COUNTED:
        return number_of(value, *_COUNTED[key])
    written = "-".join(map(str, value)) if isinstance(value, tuple) else shown(key, value)
    return f"{key.replace('bn_', 'BN ').replace('_', ' ')} {written}"
