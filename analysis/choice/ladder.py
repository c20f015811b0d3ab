"""The depths of one family: the same network with more and more blocks, including catalog networks.

An unpublished depth keeps the proportions of published ones:

- Three equal stages, as on CIFAR: n blocks in every stage, which gives 6n + 2 layers (He et al.
  2015, section 4.2), 9n + 2 with bottlenecks (He et al. 2016, Table 2), or 6n + 4 if projections
  count (Zagoruyko and Komodakis 2016, Table 1).
- Four stages: between two published depths of the same block, such as 3,4,6,3 and 3,4,23,3, every
  stage is interpolated linearly and rounded. See `PUBLISHED`.
- Above the deepest published network: its blocks times one factor for all stages, rounded, as in
  compound scaling (Tan and Le 2019, section 3).
- Below the shallowest: only depths of which it is a whole multiple, such as 1,1,1,1 for 2,2,2,2,
  but nothing below 3,4,6,3.

So from one step to the next no stage loses blocks, a stage gains at most one, and no cost falls.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from math import gcd

from nets.catalog import CATALOG
from nets.options import MAX_BLOCKS, OPTIONS, BlockKind
from nets.spec import ResNetSpec

Blocks = tuple[int, ...]

PUBLISHED: dict[BlockKind, tuple[Blocks, ...]] = {
    BlockKind.BASIC: ((2, 2, 2, 2), (3, 4, 6, 3)),
    BlockKind.BOTTLENECK: (
        (3, 4, 6, 3),
        (3, 4, 23, 3),
        (3, 8, 36, 3),
        (3, 24, 36, 3),
        (4, 29, 53, 4),
        (4, 36, 72, 4),
        (4, 44, 87, 4),
    ),
}
"""Blocks of the published networks with four stages, shallowest first.

18, 34, 50, 101 and 152 layers: He et al. 2015, Table 1. 200: He et al. 2016, section 5. 270, 350
and 420: Bello et al. 2021, "Revisiting ResNets", arXiv 2103.07579.
"""


def same_family(one: ResNetSpec, other: ResNetSpec) -> bool:
    """Return whether two networks have equal stage counts and differ only in blocks and task."""
    free = ("blocks", "input", "classes")
    return len(one.blocks) == len(other.blocks) and all(
        getattr(one, name) == getattr(other, name) for name in OPTIONS if name not in free
    )


def family(spec: ResNetSpec) -> tuple[ResNetSpec, ...]:
    """Return the catalog networks of the family, for this input and classes, shallowest first.

    A network with the spec's own blocks keeps the spec's name.
    """
    found: dict[Blocks, ResNetSpec] = {}
    for entry in CATALOG.values():
        if same_family(spec, entry.spec):
            fitted = replace(entry.spec, input=spec.input, classes=spec.classes)
            found.setdefault(fitted.blocks, spec if fitted.blocks == spec.blocks else fitted)
    return tuple(sorted(found.values(), key=lambda net: sum(net.blocks)))


@dataclass(frozen=True)
class Ladder:
    """The depths of one family as blocks per stage, with its catalog and published networks."""

    anchors: tuple[ResNetSpec, ...]
    blocks: tuple[Blocks, ...]

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, rung: int) -> ResNetSpec:
        """Return the network of a rung, named after the deepest anchor that isn't deeper."""
        blocks = self.blocks[rung]
        under = [net for net in self.anchors if _below(net.blocks, blocks)]
        return replace((under or self.anchors)[-1 if under else 0], blocks=blocks)

    def last_where(self, holds: Callable[[ResNetSpec], bool]) -> int:
        """Return the last rung for which a condition holds, or -1; it must hold for all before it.

        For rungs that exceed a spec's limits, the condition counts as false.
        """

        def fails(rung: int) -> bool:
            try:
                return not holds(self[rung])
            except ValueError:
                return True

        return bisect_left(range(len(self)), True, key=fails) - 1


def ladder(spec: ResNetSpec) -> Ladder:
    """Return every depth of a spec's family, from the shallowest to the deepest allowed.

    A spec whose blocks fit between no two published networks is scaled on its own.
    """
    anchors = _anchors(spec)
    if spec.blocks not in [net.blocks for net in anchors]:
        both = tuple(sorted((*anchors, spec), key=lambda net: sum(net.blocks)))
        rising = all(_below(a.blocks, b.blocks) for a, b in pairwise(both))
        anchors = both if rising else (spec,)
    whole = Ladder(anchors, tuple(_climb([net.blocks for net in anchors])))
    return replace(whole, blocks=whole.blocks[: whole.last_where(lambda _: True) + 1])


def _anchors(spec: ResNetSpec) -> tuple[ResNetSpec, ...]:
    """Return the family's networks, and those with published blocks that the catalog lacks."""
    members = family(spec) or (spec,)
    found = {net.blocks: net for net in family(spec)}
    for blocks in PUBLISHED[spec.block]:
        if len(blocks) != len(spec.blocks) or blocks in found:
            continue
        named = [net for net in members if _below(net.blocks, blocks)] or members[:1]
        try:
            found[blocks] = replace(named[-1], blocks=blocks)
        except ValueError:  # too many weights
            break
    return tuple(sorted(found.values(), key=lambda net: sum(net.blocks)))


def _below(one: Blocks, other: Blocks) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


def _climb(anchors: list[Blocks]) -> Iterator[Blocks]:
    """Yield the smallest whole fraction of the first anchor, then every step to and past each."""
    parts = gcd(*anchors[0])
    smallest = tuple(n // parts for n in anchors[0])
    shares = [tuple(k * n for n in smallest) for k in range(1, parts)]
    here = (shares or anchors)[0]
    yield here
    for target in chain(shares, anchors):
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
    """Yield the steps from start (excluded) to target, rounded to the nearest whole block."""
    grow = [b - a for a, b in zip(start, target, strict=True)]
    most = max(grow)
    for step in range(1, most + 1):
        yield tuple(
            a + (2 * step * more + most) // (2 * most) for a, more in zip(start, grow, strict=True)
        )
