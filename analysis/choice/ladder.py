"""Depths of one family: the same network with more and more blocks, catalog nets among them.

From one block a stage the ladder climbs to the first network of the catalog that differs in its
blocks alone, from there to the next, and beyond the last one in its proportions. The stage that
has furthest to go grows by one block a step and the others keep pace, so no step has fewer blocks
than the one before in any stage, and no cost falls.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from nets.catalog import CATALOG
from nets.options import MAX_BLOCKS, OPTIONS
from nets.spec import ResNetSpec

Blocks = tuple[int, ...]


def same_family(one: ResNetSpec, other: ResNetSpec) -> bool:
    """Whether two networks have as many stages and differ in blocks, input and classes alone."""
    free = ("blocks", "input", "classes")
    return len(one.blocks) == len(other.blocks) and all(
        getattr(one, name) == getattr(other, name) for name in OPTIONS if name not in free
    )


def family(spec: ResNetSpec) -> tuple[ResNetSpec, ...]:
    """The catalog's networks of the same family, for this input and classes, shallow ones first.

    What has the spec's own blocks goes by the spec's own name.
    """
    found: dict[Blocks, ResNetSpec] = {}
    for entry in CATALOG.values():
        if same_family(spec, entry.spec):
            fitted = replace(entry.spec, input=spec.input, classes=spec.classes)
            found.setdefault(fitted.blocks, spec if fitted.blocks == spec.blocks else fitted)
    return tuple(sorted(found.values(), key=lambda net: sum(net.blocks)))


@dataclass(frozen=True)
class Ladder:
    """The depths of one family as blocks in each stage, and the catalog nets (and others) on it."""

    anchors: tuple[ResNetSpec, ...]
    blocks: tuple[Blocks, ...]

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, rung: int) -> ResNetSpec:
        """The network of a rung, named after the last anchor that is not deeper."""
        blocks = self.blocks[rung]
        under = [net for net in self.anchors if _below(net.blocks, blocks)]
        return replace((under or self.anchors)[-1 if under else 0], blocks=blocks)

    def last_where(self, holds: Callable[[ResNetSpec], bool]) -> int:
        """The last rung up to which something holds, -1 for none; it must not begin to hold again.

        A rung that a spec's limits forbid counts as one where it doesn't.
        """

        def fails(rung: int) -> bool:
            try:
                return not holds(self[rung])
            except ValueError:
                return True

        return bisect_left(range(len(self)), True, key=fails) - 1


def ladder(spec: ResNetSpec) -> Ladder:
    """Every depth of a spec's family, one block a stage first, the deepest that is allowed last."""
    anchors = family(spec)
    if spec.blocks not in [net.blocks for net in anchors]:
        both = tuple(sorted((*anchors, spec), key=lambda net: sum(net.blocks)))
        rising = all(_below(a.blocks, b.blocks) for a, b in pairwise(both))
        anchors = both if rising else (spec,)
    whole = Ladder(anchors, tuple(_climb([net.blocks for net in anchors])))
    return replace(whole, blocks=whole.blocks[: whole.last_where(lambda _: True) + 1])


def _below(one: Blocks, other: Blocks) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


def _climb(anchors: list[Blocks]) -> Iterator[Blocks]:
    """One block a stage, then every step to each anchor in turn, then on in the last one's way."""
    here = (1,) * len(anchors[0])
    yield here
    for target in anchors:
        yield from _steps(here, target)
        here = target
    low, high = OPTIONS["blocks"].low, OPTIONS["blocks"].high
    proportions = here
    while True:
        target = tuple(n + more for n, more in zip(here, proportions, strict=True))
        for blocks in _steps(here, target):
            if sum(blocks) > MAX_BLOCKS or not all(low <= n <= high for n in blocks):
                return
            yield blocks
        here = target


def _steps(start: Blocks, target: Blocks) -> Iterator[Blocks]:
    """From start (left out) to target, rounding to the nearest whole block."""
    grow = [b - a for a, b in zip(start, target, strict=True)]
    most = max(grow)
    for step in range(1, most + 1):
        yield tuple(
            a + (2 * step * more + most) // (2 * most) for a, more in zip(start, grow, strict=True)
        )
