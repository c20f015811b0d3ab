"""The verdict on a run: sentences that follow from the curves' numbers alone.

With r = log10 of the whole ratio of one seed, a word is used only if every seed earns it:

- |r| below 0.3: the gradient stays level;
- |r| below 1: it stays within a factor of 10;
- one sign, 1 to 3: it grows or falls mildly;
- one sign, above 3 (a factor of 1,000, most of float16's headroom): it explodes or vanishes;
- one sign, in two neighbouring rows: the milder of the two words.

Anything else earns no word, and neither does a single block, which shows no trend. A single seed
has no spread and earns no word of a trend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import fmean

from analysis.gradients.curves import Precision, Summary
from analysis.gradients.theory import confirmed
from analysis.style.numbers import power_of_ten, scientific
from nets.options import OPTIONS, Activation, Norm, Shortcut, idle_options
from nets.spec import ResNetSpec
from nets.text import parse

LEVEL_BOUND = 0.3
"""The log10 ratio below which a gradient is level: a factor of 2."""

WITHIN_BOUND = 1.0
"""The log10 ratio below which it stays within a factor of 10."""

_LONG = 4
"""The log10 at and above which a factor is written as a power of ten."""

MILD_BOUND = 3.0
"""The log10 ratio above which it vanishes or explodes: a factor of 1,000."""


class Word(StrEnum):
    """What a model's gradient does toward the input."""

    LEVEL = "stays level"
    WITHIN = "stays within a factor of 10"
    GROWS = "grows mildly"
    FALLS = "falls mildly"
    EXPLODES = "explodes"
    VANISHES = "vanishes"


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
    if not falls and min(ratios) <= 0:
        return None
    rows = [sum((s >= LEVEL_BOUND, s >= WITHIN_BOUND, s > MILD_BOUND)) for s in sizes]
    if max(rows) - min(rows) > 1:
        return None
    mild, wild = (Word.FALLS, Word.VANISHES) if falls else (Word.GROWS, Word.EXPLODES)
    return (Word.LEVEL, Word.WITHIN, mild, wild)[min(rows)]


def word(summary: Summary) -> Word | None:
    """Return the word that a summary earns, or None if its numbers support none."""
    if summary.blocks == 1 or _lost(summary):
        return None
    pairs = zip(summary.ratios, summary.most, strict=True)
    if any(math.isinf(ratio) and most >= -MILD_BOUND for ratio, most in pairs):
        return None  # a norm below the precision may have fallen only a little
    found = word_of(summary.ratios)
    return None if summary.seeds == 1 and found in _TRENDS else found


def verdict(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """Return the verdict on one run: each model's course, their comparison, theory and notes."""
    specs = [parse(summary.model) for summary in summaries]
    names = stack_names(specs)
    parts = [
        *_courses(summaries, names),
        *_comparison(summaries, specs, names),
        *mixture(specs),
    ]
    for summary, name in zip(summaries, names, strict=True):
        parts += _theory(summary, name)
    for summary, spec, name in zip(summaries, specs, names, strict=True):
        parts += _weights(summary, spec, name)
        parts += _notes(spec, name)
    return tuple(parts)


def factor(log10: float) -> str:
    """Format a factor of at least 1: `1.6`, `36`, or `5.0×10²¹` from ten thousand up."""
    size = abs(log10)
    return scientific(size) if size >= _LONG else _digits(10**size)


def within(log10: float) -> str:
    """Format a factor rounded up: what stays within 2.04 does not stay within 2."""
    size = abs(log10)
    if size >= _LONG:
        return scientific(size, up=True)
    step = 10.0 ** (math.floor(size) - 1)
    return _digits(math.ceil(round(10**size / step, 6)) * step)


def _digits(value: float) -> str:
    """Format a value to two significant digits."""
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{float(f'{value:.1e}'):,.0f}"


def stack_names(specs: Sequence[ResNetSpec]) -> list[str]:
    """Return `the plain stack` and `the residual stack` if that is unambiguous, else the texts."""
    plain = [spec.shortcut is Shortcut.NONE for spec in specs]
    if len(set(plain)) < len(plain):
        return [str(spec) for spec in specs]
    return [f"the {'plain' if is_plain else 'residual'} stack" for is_plain in plain]


def _courses(summaries: Sequence[Summary], names: list[str]) -> list[str]:
    said = [_course(summary) for summary in summaries]
    if len(summaries) != 2:
        pairs = zip(names, said, strict=True)
        return [f"Toward the input, {_gradient(name)} {course}." for name, course in pairs]
    if names[1].startswith("the "):
        second = f"{names[1].replace('stack', 'one')}'s"
    else:
        second = f"that of {names[1]}"
    return [f"Toward the input, {_gradient(names[0])} {said[0]}; {second} {said[1]}."]


def _gradient(name: str) -> str:
    return f"{name}'s gradient" if name.startswith("the ") else f"the gradient of {name}"


def _course(summary: Summary) -> str:
    """Return the predicate of a sentence whose subject is "the gradient"."""
    ratio, found = summary.log10_ratio, word(summary)
    if summary.not_finite:
        points = f"{len(summary.not_finite)} of {summary.blocks + 1} points"
        if summary.held_from and summary.held_ratio:
            return f"{_held(summary)}, and isn't finite (NaN or infinite) at {points}"
        return f"isn't finite (NaN or infinite) at {points}, so its size can't be judged"
    if math.isnan(ratio):
        return f"is already below {summary.precision} after the last block and can't be followed"
    if math.isinf(ratio):
        gone = sum(map(math.isinf, summary.ratios))
        seeds = "" if gone == summary.seeds else f" in {gone} of {summary.seeds} seeds"
        held = f"{_held(summary)}, and " if summary.held_ratio else ""
        claim = f": it {found}" if found else _unclaimed(summary)
        floor = power_of_ten(round(math.log10(summary.precision.smallest)))
        if _lost(summary):
            wider = "; float64 holds both" if summary.precision is Precision.FLOAT32 else ""
            return (
                f"{held}can't be followed further in {summary.precision}{seeds}: the forward "
                f"signal itself is below {floor} from {summary.lost_from} on, where a ReLU passes "
                f"no gradient{wider}"
            )
        below = f"is below {summary.precision} ({floor}) from {summary.below[-1]} on"
        return f"{held}{below}{seeds}{claim}"
    if found is Word.LEVEL:
        farthest = max(map(abs, summary.ratios))
        return f"{found}, within a factor of {within(farthest)}{_detour(summary)}"
    if found is Word.WITHIN:
        return f"{found}{_share(summary)}{_ends(summary)}{_detour(summary)}"
    layers = f"{summary.layers} layers{_detour(summary)}"
    if found in (Word.GROWS, Word.FALLS):
        beyond = f" ({_factors(summary.ratios)} across seeds)" if _beyond(summary) else ""
        each = f"{summary.factor_per_layer:.3f} per layer"
        return f"{found}, by a factor of {factor(ratio)}{beyond} over {layers}: {each}"
    if found:
        return f"{_moves(ratio)} over {layers}: it {found}"
    change = _moves(ratio)
    if summary.seeds > 1 and not (summary.blocks == 1 and _one_sign(summary)):
        change = f"changes by a factor of {_from_to(summary)} across seeds"
    return f"{change} over {layers}{_unclaimed(summary)}"


def _lost(summary: Summary) -> bool:
    """Return whether the zeros come from a lost forward signal and so say nothing of gradients."""
    return bool(summary.lost_from) and math.isinf(summary.log10_ratio)


def _held(summary: Summary) -> str:
    return f"{_moves(summary.held_ratio)} from the last block to {summary.held_from}"


def _moves(log10: float) -> str:
    if abs(log10) < LEVEL_BOUND:
        return f"changes by less than a factor of {within(LEVEL_BOUND)}"
    return f"{'falls' if log10 < 0 else 'grows'} by a factor of {factor(log10)}"


def _unclaimed(summary: Summary) -> str:
    """Say why a large ratio earns no word."""
    if summary.blocks == 1:
        return " (a single block shows no trend)"
    if summary.seeds == 1:
        return " (one seed is too few for a trend)"
    if math.isinf(summary.log10_ratio) and math.isfinite(summary.high):
        return f", while the ratio is {_power(summary.high)} in another"
    return ""


def _share(summary: Summary) -> str:
    """Say in how many seeds a milder word holds literally, unless it does in all."""
    inside = sum(abs(ratio) < WITHIN_BOUND for ratio in summary.ratios)
    return "" if inside == summary.seeds else f" in {inside} of {summary.seeds} seeds"


def _ends(summary: Summary) -> str:
    """Say which way and how far the gradient goes across the seeds."""
    over = " across seeds" if summary.seeds > 1 else ""
    if not _one_sign(summary):
        return f": it changes by a factor of {_from_to(summary)}{over}"
    way = "falls" if summary.high < 0 else "grows"
    return f": it {way} by a factor of {_factors(summary.ratios)}{over}"


def _beyond(summary: Summary) -> bool:
    """Return whether a mild word covers a seed that exceeds its bound."""
    return max(map(abs, summary.ratios)) > MILD_BOUND


def _factors(ratios: Sequence[float]) -> str:
    """Format the smallest and the largest factor, `3.4 to 12`, or one if they read the same."""
    sizes = sorted(map(abs, ratios))
    return " to ".join(dict.fromkeys((factor(sizes[0]), factor(sizes[-1]))))


def _from_to(summary: Summary) -> str:
    return f"{_power(summary.low)} to {_power(summary.high)}"


def _power(log10: float) -> str:
    """Format a ratio below or above 1: `0.91`, `8`, `7.9×10⁻⁴`."""
    if not -2 <= log10 < _LONG:
        return scientific(log10)
    return _digits(10**log10) if log10 >= 0 else f"{10**log10:.2g}"


def _detour(summary: Summary) -> str:
    """Say how far the curve reaches on the way, if the two ends don't show it."""
    if not summary.span > abs(summary.log10_ratio) + LEVEL_BOUND:
        return ""
    return f" from end to end (on the way it spans a factor of {factor(summary.span)})"


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
        return ["One seed gives no band, so how far the models differ can't be judged."]
    sizes = [summary.size for summary in summaries]
    if math.isinf(min(sizes)):
        return []
    if math.isinf(max(sizes)):
        most = sizes.index(max(sizes))
        held = [name for name, size in zip(names, sizes, strict=True) if not math.isinf(size)]
        listed = _listed([_gradient(name) for name in held])
        return [f"Only {listed} can be measured all the way in {summaries[most].precision}."]
    by_seed = list(zip(*(summary.ratios for summary in summaries), strict=False))
    return _pair(by_seed, specs, names) if len(summaries) == 2 else _extremes(by_seed, names)


def _pair(
    by_seed: Sequence[Sequence[float]], specs: Sequence[ResNetSpec], names: list[str]
) -> list[str]:
    """Say which of two models changes less, if every seed agrees; ratios are paired by seed."""
    if all(abs(one - other) < LEVEL_BOUND for one, other in by_seed):
        alone = _differing(specs) == ["shortcut"]
        here = ": the shortcut makes no larger difference here" if alone else ""
        return [
            f"The two differ by less than a factor of {within(LEVEL_BOUND)} from end to end{here}."
        ]
    differences = [abs(one) - abs(other) for one, other in by_seed]
    opposite = all(one * other < 0 for one, other in by_seed)
    if opposite and all(abs(difference) < LEVEL_BOUND for difference in differences):
        return ["The two change in opposite directions, by about the same factor."]
    if not (max(differences) < 0 or min(differences) > 0):
        return ["The seeds disagree on which of the two changes less."]
    mean = fmean(differences)
    subject = _sentence(_gradient(names[0 if mean < 0 else 1]))
    return [f"{subject} changes less, by a factor of {factor(mean)} from end to end."]


def _extremes(by_seed: Sequence[Sequence[float]], names: list[str]) -> list[str]:
    """Say in which of several models the gradient changes least and most, if every seed agrees."""
    sizes = [[abs(ratio) for ratio in ratios] for ratios in by_seed]
    means = [fmean(column) for column in zip(*sizes, strict=True)]
    said = []
    for how, pick in (("least", min), ("most", max)):
        found = {ratios.index(pick(ratios)) for ratios in sizes}
        if len(found) == 1:
            index = found.pop()
            said.append(f"{how} in {names[index]} (a factor of {factor(means[index])})")
    if not said:
        return ["The seeds disagree on where the gradient changes least and most."]
    return [f"From end to end, the gradient changes {_listed(said)}."]


def _sentence(name: str) -> str:
    return f"T{name[1:]}" if name.startswith("the ") else name


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def mixture(specs: Sequence[ResNetSpec]) -> list[str]:
    """Warn if the models differ in more than one option."""
    names = _differing(specs)
    if len(names) < 2:
        return []
    return [f"The models differ in {_listed(names)}, so their effects can't be told apart."]


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
    each = f"{10**predicted.slope_per_layer:.3f} per layer"
    if predicted.layers > 1:
        each = f"{predicted.factor:.3f} per block, {each}"
    sources = "; ".join(f"{source.short}, {source.venue}" for source in predicted.sources)
    return [
        f"Theory for {name}: a factor of {predicted.formula} = {each} ({predicted.because}; "
        f"{sources}). Measured: {10**slope:.3f} per layer by the fitted slope, "
        f"{abs(predicted.distance_percent(slope)):.1f}% off."
    ]


def _weights(summary: Summary, spec: ResNetSpec, name: str) -> list[str]:
    """Say that the weight gradients hide a trend, if they do in every seed."""
    farthest = max(map(abs, summary.weight_ratios))
    level = all(abs(ratio) < WITHIN_BOUND for ratio in summary.weight_ratios)
    if word(summary) not in _TRENDS or not level or farthest >= summary.size / 3:
        return []
    why = ""
    if _invariant(spec):
        why = (
            ", because in a plain ReLU net without BN and bias, ⟨W, ∂L/∂W⟩ is the same in every "
            "layer"
        )
    return [
        f"The weight gradients of {name} would hide this: ‖∂L/∂W‖ differs by a factor of "
        f"{_factors(summary.weight_ratios)} between the first convolution and the last{why}."
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
        notes.append(f"{_sentence(name)} ends in a softmax and is measured before it, on logits.")
    if spec.zero_init:
        notes.append(
            f"Every branch of {name} starts at zero (zero_init=1), so its weight gradients of 0 "
            "are exact, not underflow."
        )
    return notes
