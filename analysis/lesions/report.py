"""Reports of lesions and paths: results, text, CSV and verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean, median
from typing import Any, NamedTuple

from analysis.lesions.drop import DRAWS, Dropped, Lesions, Permuted, Single
from analysis.lesions.paths import Length, Paths
from analysis.results.form import Result, hash_of
from analysis.style.grid import Grid
from analysis.style.language import between, counted, in_english, listed, marked, translate
from analysis.style.numbers import short
from analysis.style.rows import csv_text
from analysis.style.terminal import WIDTH, laid_out
from analysis.training.verdict import in_a_sentence
from nets import ResNetSpec, parse
from nets.options import Shortcut, number_of

LESIONS, PATHS = "lesions", "paths"
"""The kinds of the results."""

_HELD = 0.9
_MOST_NAMED = 3  # most removed blocks that a sentence names


def lesions_result(found: Lesions, data: str, weights: str, stamp: Mapping[str, Any]) -> Result:
    """Return a study as a result.

    Args:
        found: the study.
        data: the digest of the images.
        weights: the digest of the weights.
        stamp: where it was measured.
    """
    figures = asdict(found)
    del figures["seed"]
    asked = _lesions_asked(found.model, weights, data, found.images, found.seed)
    figures["verdict"] = list(in_english(lesions_verdict, found))
    return Result(LESIONS, asked, stamp, figures, ("single", "dropped", "permuted", "verdict"))


def lesions_hash(model: str, weights: str, data: str, images: int, seed: int = 0) -> str:
    """Return the hash of a study's settings, as in `lesions_result`."""
    return hash_of(LESIONS, _lesions_asked(model, weights, data, images, seed))


def _lesions_asked(model: str, weights: str, data: str, images: int, seed: int) -> dict[str, Any]:
    return {"model": model, "weights": weights, "data": data, "images": images, "seed": seed}


def lesions_of(result: Result) -> Lesions:
    """Return the study from a result.

    Raises:
        ValueError: if it holds none.
    """
    figures = result.figures
    try:
        return Lesions(
            figures["model"],
            figures["images"],
            figures["error"],
            tuple(Single(**row) for row in figures["single"]),
            tuple(Dropped(**row) for row in figures["dropped"]),
            tuple(Permuted(**row) for row in figures["permuted"]),
            result.asked["seed"],
        )
    except (KeyError, TypeError):
        raise ValueError("the result holds no lesions, or it's damaged") from None


def paths_result(
    found: Paths, data: str, weights: str, seed: int, stamp: Mapping[str, Any]
) -> Result:
    """Return the paths of a network as a result; as `lesions_result`."""
    figures = {
        "model": found.model,
        "blocks": found.blocks,
        "draws": found.draws,
        "images": found.images,
        "trained": found.trained,
        "lengths": [asdict(one) for one in found.lengths],
        "mean_path": found.mean_path,
        "mean_gradient": found.mean_gradient,
        "verdict": list(in_english(paths_verdict, found)),
    }
    asked = _paths_asked(found.model, weights, data, found.images, found.draws, found.trained, seed)
    return Result(PATHS, asked, stamp, figures, ("lengths", "verdict"))


def paths_hash(
    model: str, weights: str, data: str, images: int, draws: int, trained: bool, seed: int = 0
) -> str:
    """Return the hash of the settings of a measurement of paths, as in `paths_result`."""
    return hash_of(PATHS, _paths_asked(model, weights, data, images, draws, trained, seed))


def _paths_asked(
    model: str, weights: str, data: str, images: int, draws: int, trained: bool, seed: int
) -> dict[str, Any]:
    return {
        "model": model,
        "weights": weights,
        "data": data,
        "images": images,
        "draws": draws,
        "trained": trained,
        "seed": seed,
    }


def paths_of(result: Result) -> Paths:
    """Return the paths from a result.

    Raises:
        ValueError: if it holds none.
    """
    figures = result.figures
    try:
        return Paths(
            **{name: figures[name] for name in ("model", "blocks", "draws", "images", "trained")},
            lengths=tuple(Length(**row) for row in figures["lengths"]),
        )
    except (KeyError, TypeError):
        raise ValueError("the result holds no paths, or it's damaged") from None


def lesions_verdict(found: Lesions) -> tuple[str, ...]:
    """Return the verdict on a study: sentences that follow from the numbers."""
    said = []
    if found.single:
        worst = max(found.single, key=lambda one: one.error)
        others = [one.error for one in found.single if one is not worst]
        values = {
            "error": _percent(found.error),
            "median": _percent(median(one.error for one in found.single)),
            "path": worst.path,
            "without": _percent(worst.error),
        }
        if others:
            said.append(
                translate(
                    "With one block removed, the error goes from {error} to a median of {median}. "
                    "The network needs {path} most: without it, the error is {without}; without "
                    "any other block, it's {range}.",
                    **values,
                    range=_range(others),
                )
            )
        else:
            said.append(
                translate(
                    "With one block removed, the error goes from {error} to a median of {median}. "
                    "The network needs {path} most: without it, the error is {without}.",
                    **values,
                )
            )
    if found.dropped:
        counts = [counted(found.dropped[0].count, "{number} block", "{number} blocks")]
        for one in found.dropped[1:]:
            number = f"{one.count:,}"
            counts.append(translate("{number}", number=number))
        parts = [
            translate("{error} for {blocks}", error=_percent(one.mean), blocks=count)
            for one, count in zip(found.dropped, counts, strict=True)
        ]
        said.append(
            translate(
                "With random blocks removed, but never the first of a stage, the mean error is "
                "{errors}.",
                errors=translate(", ").join(parts),
            )
        )
    for stage, errors in _by_stage(found).items():
        said.append(
            translate(
                "With the blocks of {stage} reordered, except for the first, the error is {range} "
                "over {orders}.",
                stage=stage,
                range=_range(errors),
                orders=counted(len(errors), "{number} order", "{number} orders"),
            )
        )
    return tuple(said)


class Errors(NamedTuple):
    """A network's test errors, as shares of 1: with all blocks in, and now."""

    spec: ResNetSpec
    intact: float
    now: float


def errors_in_words(found: Sequence[Errors], images: int, out: Sequence[str]) -> str:
    """Return one sentence on how many images the networks get wrong without some blocks.

    Args:
        found: the networks' errors.
        images: the number of test images.
        out: the paths of the blocks that are out.
    """
    specs = [one.spec for one in found]
    lead = without(out) if out else translate("Intact")
    parts: list[str] = []
    for one in found:
        values = {"name": in_a_sentence(one.spec, specs), "error": _percent(one.now)}
        if not parts:
            wrong = translate(
                "{name} gets {error} of {images} wrong",
                **values,
                images=counted(images, "{number} test image", "{number} test images"),
            )
        else:
            wrong = translate("{name} {error}", **values)
        if out:
            before = _percent(one.intact)
            wrong = translate("{wrong} instead of {before}", wrong=wrong, before=before)
        parts.append(wrong)
    return translate("{lead}, {parts}.", lead=lead, parts=translate(", and ").join(parts))


def without(out: Sequence[str]) -> str:
    """Return "Without layer1.0 and layer1.2"; more than three blocks are only counted."""
    if len(out) <= _MOST_NAMED:
        return translate("Without {block}", block=listed(out))
    blocks = counted(len(out), "{number} block", "{number} blocks")
    return translate("Without {block}", block=blocks)


def sentences_of(found: Lesions, part: str) -> tuple[str, ...]:
    """Return the sentences about one part of a study: `single`, `several` or `order`."""
    said = lesions_verdict(found)
    return {"single": said[:1], "several": said[1:2], "order": said[2:]}[part]


def part_in_words(studies: Sequence[Lesions], part: str) -> str:
    """Return one sentence on all networks about one part of their studies; "" if none has it.

    Args:
        studies: one per network.
        part: `single`, `several` or `order`, as for `sentences_of`.
    """
    words = {"single": _one_out, "several": _several_out, "order": _reordered}[part]
    return words(studies)


def _one_out(studies: Sequence[Lesions]) -> str:
    found = [one for one in studies if one.single]
    ends = [(one.error, median(each.error for each in one.single)) for one in found]
    errors = _of_each(found, marked("{last} instead of {first} in {name}"), ends)
    if len(found) != 1:
        return errors and translate(
            "With one block removed, the median error is {errors}.", errors=errors
        )
    worst = max(found[0].single, key=lambda each: each.error)
    return translate(
        "With one block removed, the median error is {errors}, and the highest {error} ({path}).",
        errors=errors,
        error=_percent(worst.error),
        path=worst.path,
    )


def _several_out(studies: Sequence[Lesions]) -> str:
    found = [one for one in studies if one.dropped]
    means = [{each.count: each.mean for each in one.dropped} for one in found]
    shared = sorted(set.intersection(*map(set, means))) if means else []
    if len(shared) < 2:
        ends = [(one[1], one[1]) for one in means]
        errors = _of_each(found, marked("{range} in {name}"), ends)
        return errors and translate(
            "With one block removed, but never the first of a stage, the mean error is {errors}.",
            errors=errors,
        )
    fewest, most = f"{shared[0]:,}", f"{shared[-1]:,}"
    ends = [(one[shared[0]], one[shared[-1]]) for one in means]
    errors = _of_each(found, marked("from {first} to {last} in {name}"), ends)
    return translate(
        "With {fewest} to {most} blocks removed at random, but never the first of a stage, the "
        "mean error goes {errors}.",
        fewest=fewest,
        most=most,
        errors=errors,
    )


def _reordered(studies: Sequence[Lesions]) -> str:
    found = [one for one in studies if one.permuted]
    every = [[each.error for each in one.permuted] for one in found]
    ends = [(min(errors), max(errors)) for errors in every]
    errors = _of_each(found, marked("{range} in {name}"), ends)
    return errors and translate(
        "With the blocks of one stage reordered, except for the first, the error is {errors}.",
        errors=errors,
    )


def _of_each(found: Sequence[Lesions], form: str, ends: Sequence[tuple[float, float]]) -> str:
    """Fill a form with each network's name and two errors, or their range, as a list."""
    specs = [parse(one.model) for one in found]
    return listed(
        [
            translate(
                form,
                first=_percent(first),
                last=_percent(last),
                range=_range([first, last]),
                name=in_a_sentence(spec, specs).removesuffix(","),
            )
            for spec, (first, last) in zip(specs, ends, strict=True)
        ]
    )


def ranges_of_orders(found: Lesions) -> dict[str, tuple[str, int]]:
    """Return the range of the errors with each stage's blocks reordered, and of how many orders."""
    return {stage: (_range(errors), len(errors)) for stage, errors in _by_stage(found).items()}


def _by_stage(found: Lesions) -> dict[str, list[float]]:
    """Return the errors with each stage's blocks reordered."""
    stages: dict[str, list[float]] = {}
    for one in found.permuted:
        stages.setdefault(one.stage, []).append(one.error)
    return stages


def with_error(value: float, error: float) -> str:
    """Format a value with its standard error, `8.4 ± 0.3`, to the digits that the error allows.

    The error has one significant digit, rounded up, and no more than one decimal; the value ends at
    the same place. A value without an error has one decimal, and one whose error isn't known none.
    """
    if not error:
        return f"{value:.1f}"
    if math.isnan(error):
        return f"{value:.0f}"
    place = max(-1, math.floor(math.log10(error)))
    most = max(1, math.ceil(round(error / 10.0**place, 6))) * 10.0**place
    place = max(-1, math.floor(round(math.log10(most), 6)))
    digits = max(0, -place)
    return f"{round(value, -place):.{digits}f} ± {most:.{digits}f}"


def paths_verdict(found: Paths) -> tuple[str, ...]:
    """Return the verdict on the paths: sentences that follow from the numbers.

    What follows from sampled paths is said as by `with_error`.
    """
    low, high = found.holding(_HELD)
    values = {
        "low": low,
        "high": high,
        "share": _share(found.held(low, high), found.held_error(low, high)),
        "of_all": _percent(found.of_all(low, high)),
    }
    if low < high:
        carry = translate(
            "Paths of {low} to {high} blocks carry {share} of the gradient and make up {of_all} of "
            "all paths.",
            **values,
        )
    else:
        carry = translate(
            "Paths of {blocks} carry {share} of the gradient and make up {of_all} of all paths.",
            **values,
            blocks=counted(low, "{number} block", "{number} blocks"),
        )
    mean = f"{found.mean_path:g}"
    weighted = with_error(found.mean_gradient, found.mean_gradient_error)
    return (
        translate(
            "On average, a path goes through {mean} of {blocks} blocks; weighted by gradient, "
            "through {weighted}.",
            mean=mean,
            blocks=found.blocks,
            weighted=weighted,
        ),
        carry,
    )


def lesions_text(found: Lesions, width: int = WIDTH) -> str:
    """Return a study for a terminal."""
    single = [("none", found.error), *((one.path, one.error) for one in found.single)]
    several = [(str(one.count), one.mean, one.low, one.high) for one in found.dropped]
    grids = (
        Grid("", ("block removed", "test error"), _in_percent(single)),
        Grid(
            "",
            ("random blocks removed", f"mean error of at most {DRAWS} draws", "lowest", "highest"),
            _in_percent(several),
        ),
        orders_grid(found),
    )
    head = f"{found.model} on {number_of(found.images, 'test image')}"
    return laid_out([head, *grids, "\n".join(lesions_verdict(found))], width)


def orders_grid(found: Lesions) -> Grid:
    """Return a row for each stage with the errors of its orders; CSV and JSON have every order."""
    rows = (
        (stage, str(len(errors)), *map(_percent, (fmean(errors), min(errors), max(errors))))
        for stage, errors in _by_stage(found).items()
    )
    names = ("stage reordered", "orders", "test error: mean", "lowest", "highest")
    return Grid("", names, tuple(rows))


def _in_percent(rows: Iterable[tuple[Any, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return rows of a name and shares of 1 as texts."""
    return tuple((name, *map(_percent, shares)) for name, *shares in rows)


def lesions_csv(found: Lesions) -> str:
    """Return CSV with a row for each evaluation or group of draws."""
    rows = (
        ("intact", "", found.error, "", "", ""),
        *(("single", one.path, one.error, "", "", "") for one in found.single),
        *(("dropped", one.count, one.mean, one.low, one.high, "") for one in found.dropped),
        *(("permuted", one.stage, one.error, "", "", one.tau) for one in found.permuted),
    )
    head = ("model", "kind", "what", "error", "low", "high", "tau")
    return csv_text(head, ((found.model, *row) for row in rows))


def paths_text(found: Paths, width: int = WIDTH) -> str:
    """Return the paths of a network for a terminal."""
    rows = tuple(
        (
            str(one.length),
            f"{one.paths:,}",
            *(short(value) for value in (one.gradient, one.low, one.high)),
            _percent(one.share),
        )
        for one in found.lengths
    )
    how = "trained" if found.trained else "at initialisation"
    head = (
        f"{found.model}, {how}, {number_of(found.images, 'image')}, up to "
        f"{number_of(found.draws, 'path')} per length"
    )
    names = ("length", "paths", "gradient of one path", "lowest", "highest", "share")
    note = "Magnitudes are added, so cancellation between paths is ignored."
    if found.is_sampled:
        note += " ± is at most one standard error of the sampled paths."
    said = "\n".join([*paths_verdict(found), note])
    return laid_out([head, Grid("", names, rows), said], width)


def paths_csv(found: Paths) -> str:
    """Return CSV with a row for each length."""
    names = ("length", "paths", "gradient", "low", "high", "share")
    rows = ([getattr(one, name) for name in names] for one in found.lengths)
    return csv_text(("model", *names), ((found.model, *row) for row in rows))


def is_residual(model: str) -> bool:
    """Return whether a model's text describes a residual network."""
    return parse(model).shortcut is not Shortcut.NONE


def _share(share: float, error: float) -> str:
    """Format a share and its standard error in percent, as by `with_error`: `93% ± 2%`."""
    return f"{with_error(100 * share, 100 * error)}%".replace(" ±", "% ±")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _range(shares: list[float]) -> str:
    low, high = _percent(min(shares)), _percent(max(shares))
    return between(low, high)
