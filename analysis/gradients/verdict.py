"""The verdict on a run: sentences that follow from the curves' numbers alone.

With r = log10 of the whole ratio of one seed, a word is used only if every seed earns it:

- |r| below 0.3: the gradient stays level;
- |r| below 1: it stays within a factor of 10, and a sentence says "only" unless another network's
  gradient goes the other way;
- one sign, 1 to 3: it grows or falls, by a factor of 10 to 1,000;
- one sign, above 3 (a factor of 1,000, most of float16's headroom): it explodes or vanishes;
- one sign, on both sides of 3: it grows or falls.

Anything else earns no word, and neither does a single block, which shows no trend. A single seed
has no spread and earns no word of a trend.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import chain
from statistics import fmean

from analysis.gradients.curves import Curve, Precision, Quantity, State, Summary, log10_ratio
from analysis.gradients.theory import confirmed, is_straight
from analysis.style.language import between, listed, marked, translate
from analysis.style.numbers import power_of_ten, scientific
from nets.names import names_of, option_words
from nets.options import OPTIONS, Activation, Norm, Shortcut, idle_options
from nets.spec import ResNetSpec
from nets.text import parse

LEVEL_BOUND = 0.3
"""The log10 ratio below which a gradient is level: a factor of 2."""

WITHIN_BOUND = 1.0
"""The log10 ratio below which it stays within a factor of 10."""

_MOST_TOLD = 2  # models in the sentence about weights
_LONG = math.log10(995_000)
"""The log10 of what rounds to a million: from there a factor is written as a power of ten."""

MILD_BOUND = 3.0
"""The log10 ratio above which it vanishes or explodes: a factor of 1,000."""


class Word(StrEnum):
    """What a model's gradient does toward the input."""

    LEVEL = marked("stays level")
    WITHIN = marked("stays within a factor of 10")
    GROWS = marked("grows")
    FALLS = marked("falls")
    EXPLODES = marked("explodes")
    VANISHES = marked("vanishes")


_TRENDS = (Word.GROWS, Word.FALLS, Word.EXPLODES, Word.VANISHES)


def word_of(ratios: Sequence[float]) -> Word | None:
    """Return the word that all log10 ratios share, or None if they share none."""
    sizes = [abs(ratio) for ratio in ratios]
    if not sizes or any(map(math.isnan, sizes)):
        return None
    if max(sizes) < LEVEL_BOUND:
        return Word.LEVEL
    if max(sizes) < WITHIN_BOUND:
        return Word.WITHIN
    falls = max(ratios) < 0
    if (not falls and min(ratios) <= 0) or min(sizes) < WITHIN_BOUND:
        return None
    if min(sizes) > MILD_BOUND:
        return Word.VANISHES if falls else Word.EXPLODES
    return Word.FALLS if falls else Word.GROWS


def word(summary: Summary) -> Word | None:
    """Return the word that a summary earns, or None if its numbers support none."""
    if summary.blocks == 1 or _lost(summary):
        return None
    pairs = zip(summary.ratios, summary.most, strict=True)
    if any(math.isinf(ratio) and most >= -MILD_BOUND for ratio, most in pairs):
        return None  # a norm that rounds to 0 may have fallen only a little
    found = word_of(summary.ratios)
    return None if summary.seeds == 1 and found in _TRENDS else found


def verdict(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """Return the verdict on one run: each model's course, their comparison, theory and notes.

    The comparison of more than two models comes first: it says more than the course of one.
    """
    specs = [parse(summary.model) for summary in summaries]
    names = stack_names(specs) or _set_off(specs)
    courses, comparison = _courses(summaries, names), _comparison(summaries, specs, names)
    first = (courses, comparison) if len(summaries) <= 2 else (comparison, courses)
    parts = [*chain(*first), *mixture(specs)]
    for summary, name in zip(summaries, names, strict=True):
        parts += _theory(summary, name)
    for summary, spec, name in zip(summaries, specs, names, strict=True):
        parts += _weights(summary, spec, name)
        parts += _notes(spec, name)
    return tuple(parts)


def weights_in_words(curves: Sequence[Curve], quantity: Quantity) -> str:
    """Say how a norm of weights differs from the last convolution to the first, over all seeds.

    Of more than two models, those with the largest and the smallest mean ratio are named. Of two,
    it is also said how far one is below the other if that holds in every layer and every seed.

    Args:
        curves: the curves of a run.
        quantity: `Quantity.WEIGHT` or `Quantity.RELATIVE_WEIGHT`.
    """
    ratios: dict[str, list[float]] = {}
    for curve in curves:
        ratios.setdefault(curve.model, []).append(log10_ratio(curve.series(quantity)))
    specs = list(map(parse, ratios))
    names = stack_names(specs) or _set_off(specs)
    found = dict(zip(names, ratios.values(), strict=True))
    if len(found) > _MOST_TOLD:
        finite = [name for name, each in found.items() if all(map(math.isfinite, each))]
        ordered = sorted(finite, key=lambda name: fmean(found[name]), reverse=True)
        found = {name: found[name] for name in (*ordered[:1], *ordered[-1:])}
    norm = {Quantity.WEIGHT: "‖∂L/∂W‖", Quantity.RELATIVE_WEIGHT: "‖∂L/∂W‖ / ‖W‖"}[quantity]
    ways = [_way(each) for each in found.values()]
    repeats = len(set(ways)) == 1 and ways[0] in (Word.GROWS, Word.FALLS)
    where = dict(zip(names, specs, strict=True))
    parts = [
        translate(
            "{course} {where}",
            course=translate("by a factor of {range}", range=_factors(each))
            if repeats and number
            else _end_to_end(each),
            where=_where(name, where[name]),
        )
        for number, (name, each) in enumerate(found.items())
    ]
    if not parts:
        return ""
    told = translate(
        "From the last convolution to the first, {norm} {courses}.",
        norm=norm,
        courses=translate(", and ").join(parts),
    )
    return " ".join(filter(None, (told, _apart(curves, quantity, where))))


def _apart(curves: Sequence[Curve], quantity: Quantity, where: Mapping[str, ResNetSpec]) -> str:
    """Say how far one of two models is below the other, or "" if a layer or a seed disagrees.

    A factor below 10 isn't worth a sentence, and a single seed earns none.

    Args:
        curves: the curves of a run.
        quantity: what they show.
        where: the models by the names that they have in the sentence.
    """
    of_models = [[c.series(quantity) for c in curves if c.model == str(s)] for s in where.values()]
    every = list(chain(*of_models))
    seeds = set(map(len, of_models))
    if len(of_models) != 2 or len(seeds) != 1 or seeds == {1}:
        return ""
    if len({own.positions for own in every}) != 1:
        return ""
    if any(set(own.states) != {State.MEASURED} for own in every):
        return ""
    pairs = [
        pair
        for one, other in zip(*of_models, strict=True)
        for pair in zip(one.values, other.values, strict=True)
    ]
    gaps = [math.log10(other) - math.log10(one) for one, other in pairs]
    if min(map(abs, gaps)) < WITHIN_BOUND or min(gaps) < 0 < max(gaps):
        return ""
    name, spec = list(where.items())[0 if gaps[0] > 0 else 1]
    return translate(
        "In every layer and seed, it's smaller {where}, by a factor of {range}.",
        where=_where(name, spec),
        range=_factors(gaps),
    )


def _way(ratios: Sequence[float]) -> Word | None:
    """Return whether a norm grows or falls in every seed, or stays level; None if neither."""
    if not all(map(math.isfinite, ratios)):
        return None
    if max(map(abs, ratios)) < LEVEL_BOUND:
        return Word.LEVEL
    if max(ratios) < 0:
        return Word.FALLS
    return Word.GROWS if min(ratios) > 0 else None


def _end_to_end(ratios: Sequence[float]) -> str:
    """Return how far a norm changes in every seed, given the log10 ratios of its ends."""
    if not all(map(math.isfinite, ratios)):
        return translate("can't be compared")
    over = translate(" across seeds") if len(ratios) > 1 else ""
    match _way(ratios):
        case Word.LEVEL:
            most = within(LEVEL_BOUND)
            return translate("changes by less than a factor of {factor}", factor=most)
        case Word.FALLS:
            ends = _factors(ratios)
            return translate("falls by a factor of {range}{over}", range=ends, over=over)
        case Word.GROWS:
            ends = _factors(ratios)
            return translate("grows by a factor of {range}{over}", range=ends, over=over)
    ends = between(_power(min(ratios)), _power(max(ratios)))
    return translate("changes by a factor of {range}{over}", range=ends, over=over)


def factor(log10: float) -> str:
    """Format a factor of at least 1: `1.6`, `6,600`, or `5.0×10²¹` from a million up."""
    size = abs(log10)
    return scientific(size) if size >= _LONG else _digits(10**size)


def within(log10: float) -> str:
    """Format a factor rounded up: what stays within 2.04 does not stay within 2."""
    size = abs(log10)
    if size >= _LONG:
        return scientific(size, up=True)
    step = 10.0 ** (math.floor(size) - 1)
    return _digits(math.ceil(round(10**size / step, 6)) * step).removesuffix(".0")


def _digits(value: float) -> str:
    """Format a value to two significant digits."""
    return f"{value:.1f}" if value < 9.95 else f"{float(f'{value:.1e}'):,.0f}"


def stack_names(specs: Sequence[ResNetSpec]) -> list[str]:
    """Return `the plain stack` and `the residual stack` if that is unambiguous.

    Otherwise there are none. The names are in English: `called` translates them.
    """
    plain = [spec.shortcut is Shortcut.NONE for spec in specs]
    if len(set(plain)) < len(plain):
        return []
    return [_PLAIN if is_plain else _RESIDUAL for is_plain in plain]


def _set_off(specs: Sequence[ResNetSpec]) -> list[str]:
    """Return the names that the chart's lines have; one word, or a name with a comma, in quotes.

    In a sentence these, such as `original`, don't look like names.
    """
    return [f"“{name}”" if "," in name or name.isalpha() else name for name in names_of(specs)]


_PLAIN, _RESIDUAL = marked("the plain stack"), marked("the residual stack")


def called(name: str) -> str:
    """Return one of the names of `stack_names` in the spoken language."""
    return translate(name) if name in (_PLAIN, _RESIDUAL) else name


def _where(name: str, spec: ResNetSpec) -> str:
    """Return `in ResNet-50`, or, if the name is an option's, `with zero-pad shortcuts (A)`."""
    options = tuple(option_words(key, getattr(spec, key)) for key in OPTIONS)
    if name.strip("“”").startswith(options):
        return translate("with {name}", name=name)
    return translate("in {name}", name=called(name))


def _courses(summaries: Sequence[Summary], names: list[str]) -> list[str]:
    if len(summaries) != 2:
        said = [_course(summary, _over(summary)) for summary in summaries]
        return [
            translate("Toward the input, {gradient} {course}.", gradient=of(name), course=course)
            for name, course in zip(names, said, strict=True)
        ]
    one, other = summaries
    over, is_contrary = _over(one), one.log10_ratio * other.log10_ratio < 0
    finite = [each for each in summaries if all(map(math.isfinite, each.ratios))]
    is_ranged = any(map(_spread, finite)) and min(one.seeds, other.seeds) > 1
    first = _course(one, over, is_contrary, is_ranged)
    is_said = over in first and other.layers == one.layers
    second = {
        _PLAIN: translate("the plain one's"),
        _RESIDUAL: translate("the residual one's"),
    }.get(names[1]) or translate("that of {name}", name=names[1])
    return [
        translate(
            "Toward the input, {gradient} {course}; {second} {other}.",
            gradient=of(names[0]),
            course=first,
            second=second,
            other=_course(other, "" if is_said else _over(other), is_contrary, is_ranged),
        )
    ]


def of(name: str) -> str:
    """Return whose gradient it is: `the plain stack's gradient`, `the gradient of ResNet-50`."""
    if name in (_PLAIN, _RESIDUAL):
        return translate("{stack}'s gradient", stack=called(name))
    return translate("the gradient of {name}", name=name)


def _over(summary: Summary) -> str:
    return translate(" over {layers} layers", layers=summary.layers)


def _course(summary: Summary, over: str, is_contrary: bool = False, is_ranged: bool = False) -> str:
    """Return the predicate of a sentence whose subject is "the gradient".

    Args:
        summary: the curves.
        over: `_over(summary)`, or "" if the sentence has said it.
        is_contrary: whether the sentence has another network, whose gradient goes the other way.
        is_ranged: whether the sentence gives a range across seeds, so that without one, this
            network's seeds must be said to agree.
    """
    ratio, found, precision = summary.log10_ratio, word(summary), str(summary.precision)
    if summary.not_finite:
        points = translate(
            "{count} of {all} points", count=len(summary.not_finite), all=summary.blocks + 1
        )
        if summary.held_from and summary.held_ratio:
            return translate(
                "{held}, and isn't finite (NaN or infinite) at {points}",
                held=_held(summary),
                points=points,
            )
        return translate(
            "isn't finite (NaN or infinite) at {points}, so its size can't be judged",
            points=points,
        )
    if math.isnan(ratio):
        return translate(
            "is already below {precision} after the last block and can't be followed",
            precision=precision,
        )
    if math.isinf(ratio):
        rest = _gone(summary, found)
        if not summary.held_ratio:
            return rest
        return translate("{held}, and {rest}", held=_held(summary), rest=rest)
    if found is Word.LEVEL:
        return translate(
            "stays level, within a factor of {factor}{detour}",
            factor=within(max(map(abs, summary.ratios))),
            detour=_detour(summary),
        )
    detour, claim = _detour(summary), "" if found is Word.WITHIN else _unclaimed(summary)
    if summary.blocks == 1 and max(map(abs, summary.ratios)) < LEVEL_BOUND:
        return f"{_moves(0.0)}{over}{detour}{claim}"
    only = translate("only ") if found is Word.WITHIN and not is_contrary else ""
    if not _one_sign(summary):
        ends = _from_to(summary)
        return translate(
            "changes {only}by a factor of {range} across seeds{over}{detour}{claim}",
            only=only,
            range=ends,
            over=over,
            detour=detour,
            claim=claim,
        )
    if found in (Word.EXPLODES, Word.VANISHES):
        claim = translate(": it {word}", word=translate(found.value))
    elif found is not Word.WITHIN and not claim and is_straight(summary):
        each = f"{summary.factor_per_layer:.3f}"
        claim = translate(": {each} per layer", each=each)
    alike = translate(" (in all {seeds} seeds)", seeds=summary.seeds) if is_ranged else ""
    values = {
        "only": only,
        "factor": factor(ratio),
        "spread": _spread(summary) or alike,
        "over": over,
        "detour": detour,
        "claim": claim,
    }
    if ratio > 0:
        return translate(
            "grows by a factor of {only}{factor}{spread}{over}{detour}{claim}", **values
        )
    return translate("falls by a factor of {only}{factor}{spread}{over}{detour}{claim}", **values)


def _gone(summary: Summary, found: Word | None) -> str:
    """Return the predicate of a gradient that falls below the precision."""
    gone = sum(map(math.isinf, summary.ratios))
    seeds = "" if gone == summary.seeds else _in_seeds(gone, summary.seeds)
    floor = power_of_ten(round(math.log10(summary.precision.smallest)))
    if _lost(summary):
        is_narrow = summary.precision is Precision.FLOAT32
        return translate(
            "can't be followed further in {precision}{seeds}: the forward signal itself is below "
            "{floor} from {place} on, where a ReLU passes no gradient{wider}",
            precision=str(summary.precision),
            seeds=seeds,
            floor=floor,
            place=summary.lost_from,
            wider=translate("; float64 holds both") if is_narrow else "",
        )
    claim = translate(": it {word}", word=translate(found.value)) if found else _unclaimed(summary)
    return translate(
        "is below {precision} ({floor}) from {place} on{seeds}{claim}",
        precision=str(summary.precision),
        floor=floor,
        place=summary.below[-1],
        seeds=seeds,
        claim=claim,
    )


def _in_seeds(count: int, every: int) -> str:
    return translate(" in {count} of {all} seeds", count=count, all=every)


def _lost(summary: Summary) -> bool:
    """Return whether the zeros come from a lost forward signal and so say nothing of gradients."""
    return bool(summary.lost_from) and math.isinf(summary.log10_ratio)


def _held(summary: Summary) -> str:
    return translate(
        "{change} from the last block to {place}",
        change=_moves(summary.held_ratio),
        place=summary.held_from,
    )


def _moves(log10: float) -> str:
    if abs(log10) < LEVEL_BOUND:
        return translate("changes by less than a factor of {factor}", factor=within(LEVEL_BOUND))
    if log10 < 0:
        return translate("falls by a factor of {factor}", factor=factor(log10))
    return translate("grows by a factor of {factor}", factor=factor(log10))


def _unclaimed(summary: Summary) -> str:
    """Say why a large ratio earns no word."""
    if summary.blocks == 1:
        return translate(" (a single block shows no trend)")
    if summary.seeds == 1:
        return translate(" (one seed is too few for a trend)")
    if math.isinf(summary.log10_ratio) and math.isfinite(summary.high):
        return translate(", while the ratio is {ratio} in another", ratio=_power(summary.high))
    return ""


def _spread(summary: Summary) -> str:
    """Return the smallest and the largest factor of a seed, or "" if they read the same."""
    if factor(summary.low) == factor(summary.high):
        return ""
    return translate(" ({range} across seeds)", range=_factors(summary.ratios))


def _factors(ratios: Sequence[float]) -> str:
    """Format the smallest and the largest factor, `3.4 to 12`, or one if they read the same."""
    sizes = sorted(map(abs, ratios))
    return between(factor(sizes[0]), factor(sizes[-1]))


def _from_to(summary: Summary) -> str:
    low, high = _power(summary.low), _power(summary.high)
    return translate("{low} to {high}", low=low, high=high)


def _power(log10: float) -> str:
    """Format a ratio below or above 1, as `factor` does: `0.90`, `8.0`, `7.9×10⁻⁴`."""
    if not -2 <= log10 < _LONG:
        return scientific(log10)
    return _digits(10**log10) if log10 >= 0 else f"{10**log10:#.2g}"


def _detour(summary: Summary) -> str:
    """Say how far the curve reaches on the way, if the two ends don't show it."""
    if not summary.span > abs(summary.log10_ratio) + LEVEL_BOUND:
        return ""
    return translate(
        " from end to end (on the way it spans a factor of {span})", span=factor(summary.span)
    )


def _one_sign(summary: Summary) -> bool:
    """Return whether the gradient moves the same way in every seed."""
    return summary.low > 0 or summary.high < 0


def _comparison(
    summaries: Sequence[Summary], specs: Sequence[ResNetSpec], names: list[str]
) -> list[str]:
    ratios = [summary.log10_ratio for summary in summaries]
    if len(summaries) < 2 or any(map(math.isnan, ratios)):
        return []
    if min(summary.seeds for summary in summaries) == 1:
        return [translate("One seed gives no band, so how far the models differ can't be judged.")]
    sizes = [summary.size for summary in summaries]
    if math.isinf(min(sizes)):
        return []
    if math.isinf(max(sizes)):
        most = sizes.index(max(sizes))
        held = [name for name, size in zip(names, sizes, strict=True) if not math.isinf(size)]
        return [
            translate(
                "Only {gradients} can be measured all the way in {precision}.",
                gradients=listed(list(map(of, held))),
                precision=str(summaries[most].precision),
            )
        ]
    by_seed = list(zip(*(summary.ratios for summary in summaries), strict=False))
    return _pair(by_seed, specs, names) if len(summaries) == 2 else _extremes(by_seed, specs, names)


def _pair(
    by_seed: Sequence[Sequence[float]], specs: Sequence[ResNetSpec], names: list[str]
) -> list[str]:
    """Say which of two models changes less, if every seed agrees; ratios are paired by seed."""
    if all(abs(one - other) < LEVEL_BOUND for one, other in by_seed):
        most = within(LEVEL_BOUND)
        return [
            translate(
                "The two differ by less than a factor of {factor} from end to end.", factor=most
            )
        ]
    differences = [abs(one) - abs(other) for one, other in by_seed]
    opposite = all(one * other < 0 for one, other in by_seed)
    if opposite and all(abs(difference) < LEVEL_BOUND for difference in differences):
        return [translate("The two change in opposite directions, by about the same factor.")]
    if not (max(differences) < 0 or min(differences) > 0):
        return [translate("The seeds disagree on which of the two changes less.")]
    sizes = [fmean(map(abs, ratios)) for ratios in zip(*by_seed, strict=True)]
    return [
        translate(
            "In every seed, {gradient} changes less from end to end: by a factor of {less} "
            "against {more}.",
            gradient=of(names[sizes.index(min(sizes))]),
            less=factor(min(sizes)),
            more=factor(max(sizes)),
        )
    ]


def _extremes(
    by_seed: Sequence[Sequence[float]], specs: Sequence[ResNetSpec], names: list[str]
) -> list[str]:
    """Say in which of several models the gradient changes least and most, if every seed agrees."""
    sizes = [[abs(ratio) for ratio in ratios] for ratios in by_seed]
    means = [fmean(column) for column in zip(*sizes, strict=True)]
    said = []
    for how, pick in (
        (marked("least {where}, by a factor of {factor}"), min),
        (marked("most {where}, by a factor of {factor}"), max),
    ):
        found = {ratios.index(pick(ratios)) for ratios in sizes}
        if len(found) == 1:
            index = found.pop()
            where = _where(names[index], specs[index])
            said.append(translate(how, where=where, factor=factor(means[index])))
    if not said:
        return [translate("The seeds disagree on where the gradient changes least and most.")]
    told = (
        said[0] if len(said) == 1 else translate("{least}, and {most}", least=said[0], most=said[1])
    )
    every = [ratio for ratios in by_seed for ratio in ratios]
    if min(every) > 0:
        return [translate("Toward the input, the gradient grows {where}.", where=told)]
    if max(every) < 0:
        return [translate("Toward the input, the gradient falls {where}.", where=told)]
    return [translate("From end to end, the gradient changes {where}.", where=told)]


def _sentence(name: str) -> str:
    return f"T{name[1:]}" if name.startswith("the ") else name


def mixture(specs: Sequence[ResNetSpec]) -> list[str]:
    """Warn if the models differ in more than one option."""
    names = _differing(specs)
    if len(names) < 2:
        return []
    return [
        translate(
            "The models differ in {options}, so their effects can't be told apart.",
            options=listed(names),
        )
    ]


def _differing(specs: Sequence[ResNetSpec]) -> list[str]:
    """Return the options in which the models differ and that have an effect in all of them."""
    idle = {name for spec in specs for name in idle_options(spec)}
    return [
        name
        for name in OPTIONS
        if name not in idle and len({getattr(spec, name) for spec in specs}) > 1
    ]


def _theory(summary: Summary, name: str) -> list[str]:
    """Say what theory predicts, if the curves follow it."""
    predicted = confirmed(summary)
    if predicted is None:
        return []
    slope = summary.slope_per_layer
    per_layer = f"{10**predicted.slope_per_layer:.3f}"
    each = translate("{factor} per layer", factor=per_layer)
    if predicted.layers > 1:
        per_block = f"{predicted.factor:.3f}"
        each = translate("{factor} per block, {each}", factor=per_block, each=each)
    return [
        translate(
            "Theory for {name}: a factor of {formula} = {each} ({because}; {sources}). Measured: "
            "{slope} per layer by the fitted slope, {off}% off.",
            name=called(name),
            formula=predicted.formula,
            each=each,
            because=translate(predicted.because),
            sources="; ".join(f"{one.short}, {one.venue}" for one in predicted.sources),
            slope=f"{10**slope:.3f}",
            off=f"{abs(predicted.distance_percent(slope)):.1f}",
        )
    ]


def _weights(summary: Summary, spec: ResNetSpec, name: str) -> list[str]:
    """Say that the weight gradients hide a trend, if they do in every seed."""
    farthest = max(map(abs, summary.weight_ratios))
    level = all(abs(ratio) < WITHIN_BOUND for ratio in summary.weight_ratios)
    if word(summary) not in _TRENDS or not level or farthest >= summary.size / 3:
        return []
    why = ""
    if _invariant(spec):
        why = translate(
            ", because in a plain ReLU net without BN and bias, ⟨W, ∂L/∂W⟩ is the same in every "
            "layer"
        )
    return [
        translate(
            "The weight gradients of {name} would hide this: ‖∂L/∂W‖ differs by a factor of "
            "{range} between the first convolution and the last{why}.",
            name=called(name),
            range=_factors(summary.weight_ratios),
            why=why,
        )
    ]


def _invariant(spec: ResNetSpec) -> bool:
    return (
        spec.shortcut is Shortcut.NONE
        and spec.activation is Activation.RELU
        and spec.norm is Norm.NONE
        and not spec.bias
    )


def _notes(spec: ResNetSpec, name: str) -> list[str]:
    notes = []
    if spec.softmax:
        notes.append(
            translate(
                "{name} ends in a softmax and is measured before it, on logits.",
                name=_sentence(called(name)),
            )
        )
    if spec.zero_init:
        notes.append(
            translate(
                "Every branch of {name} starts at zero (zero_init=1), so its weight gradients of 0 "
                "are exact, not underflow.",
                name=called(name),
            )
        )
    return notes
