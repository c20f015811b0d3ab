"""Reports of what each block does: result, text, CSV and verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from analysis.lesions.blocks import Blocks, Response
from analysis.lesions.report import is_residual
from analysis.results.form import Result
from analysis.style.grid import Grid
from analysis.style.language import counted, in_english, translate
from analysis.style.numbers import MISSING, three
from analysis.style.rows import csv_text
from analysis.style.terminal import WIDTH, laid_out
from nets import parse
from nets.options import Norm, number_of
from nets.plan import place_of


def blocks_result(found: Blocks, data: str, weights: str, stamp: Mapping[str, Any]) -> Result:
    """Return the measures of all blocks as a result.

    Args:
        found: the figures.
        data: the digest of the images.
        weights: the digest of the weights, or the seed that they were drawn with.
        stamp: where it was measured.
    """
    asked = {
        "model": found.model,
        "weights": weights,
        "data": data,
        "images": found.images,
        "trained": found.trained,
    }
    figures = {
        "model": found.model,
        "images": found.images,
        "trained": found.trained,
        "branches": [{**asdict(one), "share": one.share} for one in found.branches],
        "responses": [asdict(one) for one in found.responses],
        "verdict": list(in_english(blocks_verdict, found)),
    }
    return Result("blocks", asked, stamp, figures, ("branches", "responses", "verdict"))


def blocks_verdict(found: Blocks) -> tuple[str, ...]:
    """Return the verdict on the blocks: sentences that follow from the numbers."""
    said = (*_of_ratios(found), *_of_shares(found), *_of_responses(found))
    return (*said, why) if (why := by_norm(found)) else said


def _of_ratios(found: Blocks) -> list[str]:
    sizes = {one.path: one.ratio for one in found.branches if one.ratio is not None}
    lacking = len(found.branches) - len(sizes)
    said = []
    if len(sizes) == 1:
        ((path, ratio),) = sizes.items()
        said.append(
            translate(
                "In {path}, the branch is {ratio} times as large as its shortcut.",
                path=path,
                ratio=written(ratio),
            )
        )
    elif sizes:
        most, least = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
        smaller = sum(ratio < 1 for ratio in sizes.values())
        said.append(
            translate(
                "The median branch is {median} times as large as its shortcut; the largest is "
                "{most}'s ({largest} times) and the smallest {least}'s ({smallest} times). "
                "{count} of {all} branches are smaller than their shortcut.",
                median=written(median(sizes.values())),
                most=most,
                largest=written(sizes[most]),
                least=least,
                smallest=written(sizes[least]),
                count=smaller,
                all=len(sizes),
            )
        )
    if lacking:
        said.append(
            counted(
                lacking,
                "{number} block has no ratio: an image's shortcut is all zero, or a value isn't "
                "finite.",
                "{number} blocks have no ratio: an image's shortcut is all zero, or a value isn't "
                "finite.",
            )
        )
    return said


def _of_shares(found: Blocks) -> list[str]:
    """Say how the branch's share of the variance changes within each stage."""
    stages: dict[str, list[float]] = {}
    for one in found.branches:
        if one.share is not None:
            stages.setdefault(place_of(one.path).stage, []).append(one.share)
    stages = {stage: shares for stage, shares in stages.items() if len(shares) > 1}
    if not stages:
        return []
    falls = all(b < a for shares in stages.values() for a, b in pairwise(shares))
    parts = []
    for stage, shares in stages.items():
        first, last = (f"{100 * share:.0f}%" for share in (shares[0], shares[-1]))
        parts.append(
            translate("from {first} to {last} in {stage}", first=first, last=last, stage=stage)
        )
    ends = translate(", ").join(parts)
    if falls:
        return [
            translate(
                "The branch's share of the variance falls with every block of a stage: {ends}.",
                ends=ends,
            )
        ]
    return [
        translate(
            "Between the first and the last block of a stage, the branch's share of the variance "
            "goes {ends}.",
            ends=ends,
        )
    ]


def _of_responses(found: Blocks) -> list[str]:
    sizes = {one.path: one.deviation for one in found.responses if one.deviation is not None}
    lacking = len(found.responses) - len(sizes)
    said = []
    if sizes:
        most, least = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
        ends = written(sizes[least]), written(sizes[most])
        layers = counted(len(sizes), "{number} 3×3 layer", "{number} 3×3 layers")
        if ends[0] == ends[1]:
            said.append(
                translate(
                    "The responses of {layers} have a standard deviation of {deviation}.",
                    layers=layers,
                    deviation=ends[0],
                )
            )
        else:
            said.append(
                translate(
                    "The responses of {layers} have a median standard deviation of {median}, "
                    "ranging from {low} ({least}) to {high} ({most}).",
                    layers=layers,
                    median=written(median(sizes.values())),
                    low=ends[0],
                    least=least,
                    high=ends[1],
                    most=most,
                )
            )
    if lacking:
        said.append(
            counted(
                lacking,
                "{number} 3×3 layer has no finite response.",
                "{number} 3×3 layers have no finite response.",
            )
        )
    return said


def by_norm(found: Blocks) -> str:
    """Return why all responses are 1, as at initialisation after batch norm; otherwise ""."""
    if found.trained or parse(found.model).norm is not Norm.BATCH:
        return ""
    if {written(one.deviation) for one in found.responses} != {written(1.0)}:
        return ""
    return translate(
        "A response is the output of batch norm, whose standard deviation is 1 by definition at "
        "initialisation."
    )


def compared(one: Blocks, other: Blocks) -> str:
    """Say which of two networks with the same layers responds more strongly, layer by layer.

    Returns:
        A sentence if one network is plain and the other residual; otherwise "".
    """
    plain, residual = sorted((one, other), key=lambda found: is_residual(found.model))
    kinds = is_residual(plain.model), is_residual(residual.model)
    paths = [[layer.path for layer in found.responses] for found in (plain, residual)]
    if kinds != (False, True) or paths[0] != paths[1] or plain.trained is not residual.trained:
        return ""
    pairs = [
        (a.deviation, b.deviation)
        for a, b in zip(plain.responses, residual.responses, strict=True)
        if a.deviation is not None and b.deviation is not None
    ]
    if not pairs:
        return ""
    weaker = sum(written(b) != written(a) and b < a for a, b in pairs)
    stronger = sum(written(b) != written(a) and b > a for a, b in pairs)
    if not weaker and not stronger:
        return translate("Both networks respond equally strongly in every layer.")
    return translate(
        "The residual network's responses are weaker than the plain one's in {weaker} of {layers} "
        "and stronger in {stronger}.",
        weaker=weaker,
        layers=counted(len(pairs), "{number} layer", "{number} layers"),
        stronger=stronger,
    )


def blocks_text(found: Blocks, width: int = WIDTH) -> str:
    """Return the measures of all blocks and the verdict, for a terminal."""
    how = "trained" if found.trained else "at initialisation"
    names = ("block", "branch / shortcut", "lowest", "highest", "share of variance")
    branches = tuple(
        (
            one.path,
            *map(written, (one.ratio, one.low, one.high)),
            MISSING if one.share is None else f"{100 * one.share:.1f}%",
        )
        for one in found.branches
    )
    parts = (
        f"{found.model}, {how}, {number_of(found.images, 'image')}",
        Grid("", names, branches),
        Grid("", ("3×3 layer", "standard deviation of the response"), _folded(found.responses)),
        "\n".join(blocks_verdict(found)),
    )
    return laid_out(parts, width)


def _folded(responses: Sequence[Response]) -> tuple[tuple[str, str], ...]:
    """Return a row for each layer, or for all neighbours that respond equally."""
    rows = []
    for size, alike in groupby(responses, lambda one: written(one.deviation)):
        first, *others = (one.path for one in alike)
        count = len(others) + 1
        rows.append((f"{first} to {others[-1]} (×{count})" if others else first, size))
    return tuple(rows)


def blocks_csv(studies: Sequence[Blocks]) -> str:
    """Return CSV with a row for each block's branch and each layer's response."""
    head = ("model", "trained", "images", "kind", "path", *_SIZES, "share", "layer", "deviation")
    return csv_text(head, (row for found in studies for row in _values(found)))


_SIZES = ("ratio", "low", "high", "branch_variance", "shortcut_variance", "sum_variance")


def _values(found: Blocks) -> Iterator[tuple[object, ...]]:
    own = found.model, found.trained, found.images
    for one in found.branches:
        yield *own, "branch", one.path, *(getattr(one, name) for name in _SIZES), one.share, "", ""
    for each in found.responses:
        yield *own, "response", each.path, *[""] * (len(_SIZES) + 1), each.layer, each.deviation


def written(value: float | None) -> str:
    """Format a number to three significant digits, as a power of ten if it is very large."""
    if value is None:
        return MISSING
    return three(value) if value < 999.5 else f"{value:.3g}"
