"""The verdict on training runs: sentences that every seed must support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise
from statistics import fmean

from analysis.training.recipes import LAST
from analysis.training.runs import Run, grouped
from nets.names import kind_of
from nets.names import names_of as names_beside
from nets.options import Shortcut
from nets.spec import ResNetSpec
from nets.text import edit

SLOWER = 0.05
"""The smallest difference between losses that counts, in every seed."""

EQUAL = 0.1
"""The largest difference between means that counts as equal, if the seeds' ranges overlap."""


class Word(StrEnum):
    """How one network's training loss compares with another's."""

    SLOWER = "more slowly than"
    FASTER = "faster than"
    EQUAL = "as fast as"
    NONE = ""


LEAST = 10
"""Fewest steps of a run on which there is a verdict."""


def compare(one: Sequence[float], other: Sequence[float]) -> Word:
    """Compare last training losses, one per seed, with the seeds in the same order.

    Slower if every seed's loss is higher by at least 0.05; equal if the seeds' ranges overlap and
    their means are within 0.1; otherwise no word.
    """
    gaps = [a - b for a, b in zip(one, other, strict=True)]
    if all(gap >= SLOWER for gap in gaps):
        return Word.SLOWER
    if all(gap <= -SLOWER for gap in gaps):
        return Word.FASTER
    overlap = min(one) <= max(other) and min(other) <= max(one)
    if overlap and abs(fmean(one) - fmean(other)) <= EQUAL:
        return Word.EQUAL
    return Word.NONE


def name_of(spec: ResNetSpec, among: Sequence[ResNetSpec]) -> str:
    """Return a readable name for a network that tells it apart from the others.

    Kind and depth if they are enough; otherwise the name from `nets.names`.
    """
    names = [f"{kind_of(one)}, {one.depth} layers" for one in among]
    own = f"{kind_of(spec)}, {spec.depth} layers"
    different = list(dict.fromkeys((*among, spec)))
    if len({*names, own}) == len(different):
        return own
    return names_beside(different)[different.index(spec)]


def names_of(groups: Sequence[Sequence[Run]]) -> tuple[str, ...]:
    """Return a name for each group of runs that differ only in their seed.

    If names coincide, the differences in their recipes and images are added.
    """
    specs = [group[0].task.spec for group in groups]
    names = [name_of(spec, specs) for spec in specs]
    told = [_told(group[0]) for group in groups]
    found = []
    for name, own in zip(names, told, strict=True):
        alike = [other for as_named, other in zip(names, told, strict=True) if as_named == name]
        differs = [key for key in own if len({str(other[key]) for other in alike}) > 1]
        found.append(", ".join([name, *(f"{key} {own[key]}" for key in differs)]))
    return tuple(found)


def _told(run: Run) -> dict[str, object]:
    """Return the settings of a run, apart from network and seed, that determine its figures."""
    values = {key.replace("_", " "): value for key, value in run.task.recipe.values().items()}
    return {**values, "images": run.task.data_name}


def verdict(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return a sentence for each pair of neighbouring depths, and each pair of the same depth.

    Only complete runs with the same recipe and set are compared, over the seeds that both networks
    have. A run with a loss that isn't finite gets its own sentence.
    """
    whole = [run for run in runs if run.is_whole and not run.ended and run.steps >= LEAST]
    groups = list(grouped(whole).values())
    specs = [group[0].task.spec for group in groups]
    found = []
    for shallow, deep in _pairs(groups):
        if said := _sentence(deep, shallow, specs):
            found.append(said)
    found += [
        _upper(f"{_said(run.task.spec, specs).rstrip(',')} (seed {run.task.seed}): {run.ended}.")
        for run in runs
        if run.ended
    ]
    return tuple(found)


def _pairs(groups: list[list[Run]]) -> Iterator[tuple[list[Run], list[Run]]]:
    """Yield networks that differ only in depth, each with the next deeper; then plain, residual."""

    def alike(one: list[Run], other: list[Run], **same: object) -> bool:
        a, b = one[0].task, other[0].task
        specs = [edit(replace(task.spec, base="resnet50"), same) for task in (a, b)]
        return a.recipe == b.recipe and a.digest == b.digest and specs[0] == specs[1]

    by_depth = sorted(groups, key=lambda group: group[0].task.spec.depth)
    for kind in ("plain", "residual"):
        own = [group for group in by_depth if kind_of(group[0].task.spec) == kind]
        for one, other in pairwise(own):
            blocks = one[0].task.spec.blocks
            if len(other[0].task.spec.blocks) == len(blocks) and alike(one, other, blocks=blocks):
                yield one, other
    for one in by_depth:
        for other in by_depth:
            kinds = kind_of(one[0].task.spec), kind_of(other[0].task.spec)
            if kinds == ("plain", "residual") and alike(one, other, shortcut=Shortcut.NONE):
                yield one, other


def _sentence(one: list[Run], other: list[Run], specs: Sequence[ResNetSpec]) -> str:
    """Compare how two networks train, in a sentence; return "" if they share no seed."""
    mine = {run.task.seed: run.last_loss for run in one}
    theirs = {run.task.seed: run.last_loss for run in other}
    seeds = [seed for seed in mine if seed in theirs]
    if not seeds:
        return ""
    a, b = [mine[seed] for seed in seeds], [theirs[seed] for seed in seeds]
    name, reference = (_said(group[0].task.spec, specs) for group in (one, other))
    word = compare(a, b)
    steps = f"over the last {min(LAST, one[0].steps)} of {one[0].steps:,} steps"
    numbers = f"loss {fmean(a):.2f} against {fmean(b):.2f} {steps}."
    if word in (Word.SLOWER, Word.FASTER):
        of = f"in {len(seeds)} of {len(seeds)} seeds" if len(seeds) > 1 else "with one seed"
        return f"{_upper(name)} trains {word} {reference} {of}: {numbers}"
    beside = reference.rstrip(",")
    if word is Word.EQUAL:
        return f"{_upper(name)} trains {word} {beside}, as far as these seeds can tell: {numbers}"
    close = f"{_upper(name)} and {reference} are too close to call"
    if len(seeds) == 1:
        return f"{close} with one seed: {numbers}"
    ranges = [f"{min(values):.2f} to {max(values):.2f}" for values in (a, b)]
    higher = {x > y for x, y in zip(a, b, strict=True)}
    if len(higher) > 1:
        close = f"The seeds disagree on whether {name} trains {Word.SLOWER} {beside}"
    return f"{close}: loss {ranges[0]} against {ranges[1]} {steps}."


def _said(spec: ResNetSpec, among: Sequence[ResNetSpec]) -> str:
    """Return a network's name for use in a sentence: `the 56-layer plain network`.

    A name with commas ends in a comma, too.
    """
    name = name_of(spec, among)
    if name == f"{kind_of(spec)}, {spec.depth} layers":
        return f"the {spec.depth}-layer {kind_of(spec)} network"
    return f"{name}," if "," in name else name


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
