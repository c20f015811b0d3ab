"""The verdict on the gradient's direction: sentences that follow from every seed's cosines.

- One cosine is higher or lower than another if the difference is at least 0.05 in every seed.
- A gradient is shattered if its cosine is within 0.1 of 0 in every seed.

A single seed has no spread and earns none of these words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from analysis.gradients.cosines import AtDepth, Stack
from analysis.gradients.curves import State
from analysis.gradients.verdict import called, mixture, of, stack_names
from analysis.style.language import between, listed, translate
from analysis.style.numbers import fixed

DIFFERS = 0.05
"""The smallest difference between two cosines that counts, in every seed."""

SHATTERED = 0.1
"""The size of a cosine below which a gradient's direction is lost."""


class Gap(StrEnum):
    """How one model's cosines compare with another's."""

    HIGHER = "higher"
    LOWER = "lower"
    ALIKE = "alike"
    CLOSE = "too close to call"
    MIXED = "the seeds disagree"
    UNKNOWN = "one seed"


def compare(one: AtDepth, other: AtDepth) -> Gap:
    """Compare the cosines of two models, over the seeds that both have."""
    gaps = [one.by_seed[seed] - other.by_seed[seed] for seed in one.by_seed.keys() & other.by_seed]
    if len(gaps) < 2:
        return Gap.UNKNOWN
    if all(gap >= DIFFERS for gap in gaps):
        return Gap.HIGHER
    if all(gap <= -DIFFERS for gap in gaps):
        return Gap.LOWER
    if all(abs(gap) < DIFFERS for gap in gaps):
        return Gap.ALIKE
    return Gap.CLOSE if min(gaps) > 0 or max(gaps) < 0 else Gap.MIXED


def is_shattered(one: AtDepth) -> bool:
    """Return whether there are several seeds and the cosine of each is near 0."""
    return len(one.cosines) > 1 and max(abs(one.low), abs(one.high)) < SHATTERED


def shattering(stacks: Sequence[Stack], noise: float) -> tuple[str, ...]:
    """Return the verdict on one run: all stacks' courses with depth, and their comparison.

    Args:
        stacks: for example a plain one and a residual one.
        noise: its standard deviation, as a share of the images' own.
    """
    found = [one for stack in stacks for one in stack.depths]
    if noise == 0 and found and all(one.is_measured for one in found):
        return (translate("Without noise, the two gradients are identical: the cosine is 1."),)
    names = names_of(stacks)
    pairs = list(zip(stacks, names, strict=True))
    courses = [course for pair in pairs if (course := _course(*pair))]
    parts = [_as_sentence(courses)] if courses else []
    parts += [said for pair in pairs for said in (*_missing(*pair), *_shattered(*pair))]
    if any(len(one.cosines) == 1 for one in found):
        parts.append(translate("One seed gives no band, so no trend can be claimed."))
    if len(stacks) == 2:
        parts += _comparison(stacks[0], stacks[1], names)
        shared = stacks[0].spec.blocks
        if all(len(stack.spec.blocks) == len(shared) for stack in stacks):
            parts += mixture([replace(stack.spec, blocks=shared) for stack in stacks])
    return tuple(parts)


def names_of(stacks: Sequence[Stack]) -> list[str]:
    """Return `the plain stack` and `the residual stack` if that is unambiguous, else the texts.

    The names are in English: `called` translates them.
    """
    specs = [stack.spec for stack in stacks]
    if names := stack_names(specs):
        return names
    ends = [(stack.depths[0].spec, stack.depths[-1].spec) for stack in stacks]
    return [" to ".join(dict.fromkeys(map(str, pair))) for pair in ends]


def two(value: float) -> str:
    """Write a cosine with two decimals: `0.92`, `−0.02`, never `−0.00`."""
    return fixed(value, 2)


def spread(one: AtDepth) -> str:
    """Write the lowest and the highest cosine of the seeds, `0.61 to 0.63`, or one if alike."""
    return between(two(one.low), two(one.high))


def _as_sentence(courses: Sequence[str]) -> str:
    joined = translate("; ").join(courses)
    said = f"{joined[:1].upper()}{joined[1:]}"
    return translate("{courses}.", courses=said)


def _course(stack: Stack, name: str) -> str:
    """Say how a stack's cosine changes with depth; "" if it can't be measured at any."""
    depths = _measured(stack)
    if not depths:
        return ""
    if len(depths) == 1:
        return translate("{cosine} is {where}", cosine=_whose(name), where=_at(depths[0]))
    trend = _trend(depths[0], depths[-1])
    return translate("{cosine} {trend}", cosine=_whose(name), trend=trend)


def _measured(stack: Stack) -> list[AtDepth]:
    return [one for one in stack.depths if one.is_measured]


def _missing(stack: Stack, name: str) -> Iterator[str]:
    """Say at which depths a stack's cosine can't be measured, and why."""
    whose = _whose(name)
    whose = f"{whose[:1].upper()}{whose[1:]}"
    for one in stack.depths:
        if not one.is_measured:
            yield translate(
                "{cosine} can't be measured at {depth} layers: {why}.",
                cosine=whose,
                depth=one.depth,
                why=_why(one),
            )


def _shattered(stack: Stack, name: str) -> Iterator[str]:
    """Say from which depth on a stack's gradient is shattered."""
    gone = []
    for one in reversed(_measured(stack)):
        if not is_shattered(one):
            break
        gone.append(one.depth)
    if not gone:
        return
    values = {"depth": gone[-1], "gradient": of(name), "bound": f"{SHATTERED:g}"}
    if len(gone) > 1:
        yield translate(
            "From {depth} layers on, {gradient} is shattered: the cosine is within {bound} of 0 "
            "in every seed.",
            **values,
        )
    else:
        yield translate(
            "At {depth} layers, {gradient} is shattered: the cosine is within {bound} of 0 in "
            "every seed.",
            **values,
        )


def _whose(name: str) -> str:
    """Return whose cosine it is: `the plain stack's cosine`, `the cosine of resnet20`."""
    if name.startswith("the "):
        return translate("{stack}'s cosine", stack=called(name))
    return translate("the cosine of {name}", name=name)


def _why(one: AtDepth) -> str:
    states = {cosine.state for cosine in one.cosines}
    if states & {State.NAN, State.INFINITE}:
        return translate("the gradient isn't finite")
    return translate("the gradient is too small for the precision")


def _at(one: AtDepth) -> str:
    band = spread(one)
    if band == two(one.mean):
        return translate("{cosine} at {depth} layers", cosine=band, depth=one.depth)
    return translate(
        "{cosine} ({range}) at {depth} layers", cosine=two(one.mean), range=band, depth=one.depth
    )


def _trend(shallow: AtDepth, deep: AtDepth) -> str:
    ends = {"first": _at(shallow), "last": _at(deep), "bound": f"{DIFFERS:g}"}
    match compare(deep, shallow):
        case Gap.LOWER:
            return translate("falls from {first} to {last}", **ends)
        case Gap.HIGHER:
            return translate("rises from {first} to {last}", **ends)
        case Gap.ALIKE:
            return translate(
                "changes by less than {bound} in every seed, from {first} to {last}", **ends
            )
        case Gap.UNKNOWN:
            return translate("is {first} and {last}", **ends)
        case Gap.CLOSE:
            return translate(
                "goes from {first} to {last}: too close to call (a change below {bound} in some "
                "seeds)",
                **ends,
            )
    return translate("goes from {first} to {last}: the seeds disagree on whether it falls", **ends)


def _comparison(one: Stack, other: Stack, names: Sequence[str]) -> Iterator[str]:
    """Say which of two stacks keeps more of the gradient's direction at each shared depth."""
    beside = {at.depth: at for at in other.depths if at.is_measured}
    pairs = [(at, beside[at.depth]) for at in one.depths if at.is_measured and at.depth in beside]
    gaps = {a.depth: compare(a, b) for a, b in pairs}
    if Gap.UNKNOWN in gaps.values():
        return
    for gap in (Gap.HIGHER, Gap.LOWER, Gap.ALIKE, Gap.CLOSE, Gap.MIXED):
        own = [(a, b) for a, b in pairs if gaps[a.depth] is gap]
        if not own:
            continue
        depths = listed([str(a.depth) for a, _ in own])
        values = {"depths": depths, "bound": f"{DIFFERS:g}"}
        if gap in (Gap.HIGHER, Gap.LOWER):
            sizes = sorted(abs(a.mean - b.mean) for a, b in own)
            yield translate(
                "At {depths} layers, {cosine} is higher in every seed, by {range} on average.",
                depths=depths,
                cosine=_whose(names[0 if gap is Gap.HIGHER else 1]),
                range=between(two(sizes[0]), two(sizes[-1])),
            )
        elif gap is Gap.ALIKE:
            yield translate(
                "At {depths} layers, the two differ by less than {bound} in every seed.", **values
            )
        elif gap is Gap.CLOSE:
            yield translate("At {depths} layers, the two are too close to call.", **values)
        else:
            yield translate(
                "At {depths} layers, the seeds disagree on which of the two is higher.", **values
            )
