"""What curves say, in words that follow from their numbers and from nothing else.

The bounds: a gradient "vanishes" where the whole ratio is below -1 in log10 and its band over the
seeds is off zero, it "explodes" above +1 likewise, and within them it "stays within a factor". A
direction is only named where the ratio is at least 0.3 (a factor of 2). One seed has no band, and a
single block is no trend: neither earns a word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from analysis.curves import Precision, Summary
from analysis.theory import theory
from nets.spec import OPTIONS, Activation, Norm, ResNetSpec, Shortcut, idle_options
from nets.text import parse

WORD_BOUND = 1.0
"""The log10 ratio beyond which a gradient vanishes or explodes."""

SIGN_BOUND = 0.3
"""The log10 ratio from which its sign is named: a factor of 2."""


class Word(StrEnum):
    """What a model's gradient does toward the input."""

    VANISHES = "vanishes"
    EXPLODES = "explodes"
    STAYS = "stays"


def word(summary: Summary) -> Word | None:
    """The word that a summary earns, or None where its numbers carry none."""
    ratio = summary.log10_ratio
    if math.isnan(ratio) or summary.blocks == 1 or _lost(summary):
        return None
    if abs(ratio) <= WORD_BOUND:
        return Word.STAYS
    if summary.seeds == 1 or not _one_sign(summary):
        return None
    return Word.VANISHES if ratio < 0 else Word.EXPLODES


def verdict(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """What the summaries of one run say: each model's course, their comparison, theory, notes."""
    specs = [parse(summary.model) for summary in summaries]
    names = _names(specs)
    parts = [
        *_courses(summaries, names),
        *_comparison(summaries, specs, names),
        *_mixture(specs),
    ]
    for summary, spec, name in zip(summaries, specs, names, strict=True):
        parts += _theory(summary, spec, name)
    for summary, spec, name in zip(summaries, specs, names, strict=True):
        parts += _weights(summary, spec, name)
        parts += _notes(spec, name)
    return tuple(parts)


def factor(log10: float) -> str:
    """A factor of at least 1 in words: `1.6`, `36`, from a thousand on `10^21.7`."""
    size = abs(log10)
    return f"10^{size:.1f}" if size >= 3 else _digits(10**size)


def within(log10: float) -> str:
    """The same, rounded up: what stays within 2.04 does not stay within 2."""
    size = abs(log10)
    if size >= 3:
        return f"10^{math.ceil(round(10 * size, 6)) / 10:.1f}"
    step = 10.0 ** (math.floor(size) - 1)
    return _digits(math.ceil(round(10**size / step, 6)) * step)


def _digits(value: float) -> str:
    """Two significant digits."""
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{float(f'{value:.1e}'):,.0f}"


def _names(specs: Sequence[ResNetSpec]) -> list[str]:
    """`the plain stack` and `the residual stack` where that tells them apart, else their texts."""
    plain = [spec.shortcut is Shortcut.NONE for spec in specs]
    if len(set(plain)) < len(plain):
        return [str(spec) for spec in specs]
    return [f"the {'plain' if is_plain else 'residual'} stack" for is_plain in plain]


def _courses(summaries: Sequence[Summary], names: list[str]) -> list[str]:
    said = [_course(summary) for summary in summaries]
    if len(summaries) != 2:
        pairs = zip(names, said, strict=True)
        return [f"Toward the input {_gradient(name)} {course}." for name, course in pairs]
    if names[1].startswith("the "):
        second = f"{names[1].replace('stack', 'one')}'s"
    else:
        second = f"that of {names[1]}"
    return [f"Toward the input {_gradient(names[0])} {said[0]}; {second} {said[1]}."]


def _gradient(name: str) -> str:
    return f"{name}'s gradient" if name.startswith("the ") else f"the gradient of {name}"


def _course(summary: Summary) -> str:
    """What follows "the gradient"."""
    ratio, found = summary.log10_ratio, word(summary)
    if summary.not_finite:
        points = f"{len(summary.not_finite)} of {summary.blocks + 1} points"
        if summary.held_from and summary.held_ratio:
            return f"{_held(summary)}, and is not finite (NaN or infinite) at {points}"
        return f"is not finite (NaN or infinite) at {points}: nothing can be said of its size"
    if math.isnan(ratio):
        return f"is below {summary.precision} already after the last block: no course can be seen"
    if math.isinf(ratio):
        gone = sum(map(math.isinf, summary.ratios))
        seeds = "" if gone == summary.seeds else f" in {gone} of {summary.seeds} seeds"
        held = f"{_held(summary)}, and " if summary.held_ratio else ""
        claim = ": it vanishes" if found is Word.VANISHES else _unclaimed(summary)
        floor = f"10^{math.log10(summary.precision.smallest):.0f}"
        if _lost(summary):
            wider = "; float64 holds both" if summary.precision is Precision.FLOAT32 else ""
            return (
                f"{held}cannot be followed further in {summary.precision}{seeds}: the forward "
                f"signal itself is below {floor} from {summary.lost_from} on, where a ReLU passes "
                f"no gradient{wider}"
            )
        below = f"is below {summary.precision} ({floor}) from {summary.below[-1]} on"
        return f"{held}{below}{seeds}{claim}"
    if found is Word.STAYS:
        return f"stays within a factor of {within(ratio)}{_direction(summary)}{_detour(summary)}"
    change = f"{_moves(ratio)}" if _one_sign(summary) else f"changes by {_by(ratio)} on average"
    where = f"{change} in {summary.layers} layers{_detour(summary)}"
    return f"{where}: it {found}" if found else f"{where}{_unclaimed(summary)}"


def _lost(summary: Summary) -> bool:
    """Whether zeros are the forward signal's loss, so that they say nothing of the gradient."""
    return bool(summary.lost_from) and math.isinf(summary.log10_ratio)


def _held(summary: Summary) -> str:
    return f"{_moves(summary.held_ratio)} from the last block to {summary.held_from}"


def _moves(log10: float) -> str:
    if abs(log10) < SIGN_BOUND:
        return f"changes by less than a factor of {within(SIGN_BOUND)}"
    return f"{'falls' if log10 < 0 else 'grows'} by {_by(log10)}"


def _by(log10: float) -> str:
    return f"a factor of {factor(log10)}"


def _unclaimed(summary: Summary) -> str:
    """Why a large ratio earns no word."""
    if summary.blocks == 1:
        return ": a single block is no trend"
    if summary.seeds == 1:
        claim = Word.VANISHES if summary.log10_ratio < 0 else Word.EXPLODES
        return f" with the one seed measured: it takes two or more to say whether it {claim}"
    return ", up with some seeds and down with others"


def _direction(summary: Summary) -> str:
    if abs(summary.log10_ratio) < SIGN_BOUND or not _one_sign(summary):
        return ""
    return f", getting {'smaller' if summary.log10_ratio < 0 else 'larger'}"


def _detour(summary: Summary) -> str:
    """What the two ends do not show: that the curve reaches further on the way."""
    if not summary.span > abs(summary.log10_ratio) + SIGN_BOUND:
        return ""
    return f" from end to end (on the way it spans a factor of {factor(summary.span)})"


def _one_sign(summary: Summary) -> bool:
    """Whether the band over the seeds is off zero."""
    return summary.low > 0 or summary.high < 0


def _comparison(
    summaries: Sequence[Summary], specs: Sequence[ResNetSpec], names: list[str]
) -> list[str]:
    ratios = [summary.log10_ratio for summary in summaries]
    if len(summaries) < 2 or any(map(math.isnan, ratios)):
        return []
    if min(summary.seeds for summary in summaries) == 1:
        return ["With one seed there is no band: how far the models differ cannot be said."]
    sizes = [abs(ratio) for ratio in ratios]
    least, most = sizes.index(min(sizes)), sizes.index(max(sizes))
    if math.isinf(min(sizes)):
        return []
    if math.isinf(max(sizes)):
        held = [name for name, size in zip(names, sizes, strict=True) if not math.isinf(size)]
        listed = _listed([_gradient(name) for name in held])
        return [f"Only {listed} can be measured all the way in {summaries[most].precision}."]
    if len(summaries) > 2:
        return [
            f"From end to end the gradient changes least in {names[least]} (a factor of "
            f"{factor(ratios[least])}) and most in {names[most]} ({factor(ratios[most])})."
        ]
    one, other = summaries
    shortcuts = _differing(specs) == ["shortcut"]
    if abs(ratios[0] - ratios[1]) < SIGN_BOUND:
        here = ": here the shortcut makes no larger difference" if shortcuts else ""
        return [
            f"The two differ by less than a factor of {within(SIGN_BOUND)} from end to end{here}."
        ]
    if one.low <= other.high and other.low <= one.high:
        return ["The seeds' bands overlap: that the two differ cannot be said."]
    if abs(sizes[0] - sizes[1]) < SIGN_BOUND:
        return ["The two go opposite ways, about as far."]
    less = factor(sizes[most] - sizes[least])
    subject = _sentence(_gradient(names[least]))
    return [f"{subject} changes less, by a factor of {less} from end to end."]


def _sentence(name: str) -> str:
    return f"T{name[1:]}" if name.startswith("the ") else name


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _mixture(specs: Sequence[ResNetSpec]) -> list[str]:
    """A warning where models differ in more than one thing."""
    names = _differing(specs)
    if len(names) < 2:
        return []
    return [f"The models differ in {_listed(names)}: which of these does what is not told apart."]


def _differing(specs: Sequence[ResNetSpec]) -> list[str]:
    """The options in which models differ and that mean something for all of them."""
    idle = {name for spec in specs for name in idle_options(spec)}
    return [
        name
        for name in OPTIONS
        if name not in idle and len({getattr(spec, name) for spec in specs}) > 1
    ]


def _theory(summary: Summary, spec: ResNetSpec, name: str) -> list[str]:
    predicted = theory(spec)
    slope = summary.slope_per_layer
    if predicted is None or summary.blocks == 1 or math.isnan(slope):
        return []
    unit = "a layer" if predicted.layers == 1 else "a block"
    measured = 10 ** (slope * predicted.layers)
    distance = abs(predicted.distance_percent(slope))
    sources = "; ".join(f"{source.short}, {source.venue}" for source in predicted.sources)
    return [
        f"Theory for {name}: a factor of {predicted.formula} = {predicted.factor:.3f} {unit} "
        f"({predicted.because}; {sources}). Measured: {measured:.3f} {unit}, a slope "
        f"{distance:.1f}% off."
    ]


def _weights(summary: Summary, spec: ResNetSpec, name: str) -> list[str]:
    """That the weights' gradients hide it, where they do."""
    ratio, weights = summary.log10_ratio, summary.weight_log10_ratio
    if not word(summary) or abs(ratio) <= WORD_BOUND or not abs(weights) < abs(ratio) / 3:
        return []
    why = ""
    if _invariant(spec):
        why = ", for in a plain ReLU net without BN and bias ⟨W, ∂L/∂W⟩ is the same in every layer"
    return [
        f"Another quantity would hide this in {name}: its weight gradients ‖∂L/∂W‖ differ by a "
        f"factor of {factor(weights)} between the first convolution and the last{why}."
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
            f"In {name} every branch starts at zero (zero_init=1), so its weights' gradients of 0 "
            "are exact and not too small to hold."
        )
    return notes
