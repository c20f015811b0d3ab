"""The verdict on training runs: sentences that every seed must support."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import combinations, pairwise
from statistics import fmean
from typing import NamedTuple

from analysis.style.grid import Grid
from analysis.style.language import Language, listed, marked, spoken, translate
from analysis.training.recipes import LAST
from analysis.training.runs import Run, grouped
from nets.names import kind_of
from nets.names import names_of as names_beside
from nets.options import Shortcut, number_of
from nets.spec import ResNetSpec
from nets.text import edit

SLOWER = 0.05
"""The smallest difference between losses that counts, in every seed; of losses below 1, a share."""

RULE = (
    "Slower or faster: in every seed, the final loss is higher or lower by at least "
    f"{SLOWER}, or {SLOWER:.0%} of the lower loss if that is below 1."
)
"""What the words of `verdict` on two networks mean."""

APART = 0.1
"""The difference between means above which seeds that differ in which network's loss is higher
disagree; of losses below 1, a share."""


_IDLE = "doesn't train"
"""The word for a network that is slower than another and as good as guessing."""

GUESSING = 0.01
"""The largest distance of a loss from that of guessing, as a share of it."""


class Word(StrEnum):
    """How one network's training loss compares with another's."""

    SLOWER = "slower"
    FASTER = "faster"
    CLOSE = "too close to call"
    DISAGREE = "seeds disagree"


LEAST = 10
"""Fewest steps of a run on which there is a verdict."""


def compare(one: Sequence[float], other: Sequence[float]) -> Word:
    """Compare final training losses, one per seed, with the seeds in the same order.

    Slower if every seed's loss is higher by at least 0.05, or by 5% of a lower loss than 1. Seeds
    disagree if they differ in which loss is higher and the means are more than 0.1 apart, or 10% of
    a lower mean than 1. Otherwise, too close to call.
    """
    pairs = list(zip(one, other, strict=True))
    gaps = [(a - b) / min(1.0, a, b) for a, b in pairs]
    if all(gap >= SLOWER for gap in gaps):
        return Word.SLOWER
    if all(gap <= -SLOWER for gap in gaps):
        return Word.FASTER
    differ = len({a > b for a, b in pairs}) > 1
    means = fmean(one), fmean(other)
    is_apart = abs(means[0] - means[1]) > APART * min(1.0, *means)
    return Word.DISAGREE if differ and is_apart else Word.CLOSE


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


def spoken_name(spec: ResNetSpec, among: Sequence[ResNetSpec]) -> str:
    """Return the name for a sentence in the spoken language; in English it is `name_of`."""
    name = name_of(spec, among)
    if spoken() is not Language.CHINESE or name != f"{kind_of(spec)}, {spec.depth} layers":
        return name
    return translate(_KINDS[kind_of(spec)], depth=spec.depth)


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
    start = run.task.start.words if run.task.start else "new weights"
    return {**values, "images": run.task.data_name, "from": start}


def verdict(runs: Sequence[Run]) -> tuple[str, ...]:
    """Compare each pair of neighbouring depths, then each pair of the same depth.

    Pairs with the same outcome in several seeds share a sentence. Only complete runs with the same
    recipe and set are compared, over the seeds that both networks have. A run with a loss that
    isn't finite gets its own sentence.
    """
    groups = _whole(runs)
    specs = [group[0].task.spec for group in groups]
    found = []
    alike: dict[_Outcome | str, list[_Compared]] = {}
    for shallow, deep in _pairs(groups):
        if said := _compared(deep, shallow, specs):
            alike.setdefault(said.outcome or said.sentence, []).append(said)
    for said, *others in alike.values():
        if said.outcome is None or not others:
            found.append(said.sentence)
            continue
        listed = translate("; ").join(one.item for one in (said, *others))
        found.append(translate(said.outcome.words, listed=listed, **said.outcome.values()))
    return (*found, *endings(runs))


def endings(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return a sentence for each run with a loss that isn't finite."""
    specs = [group[0].task.spec for group in _whole(runs)]
    return tuple(
        _upper(
            translate(
                "{network} (seed {seed}): {reason}.",
                network=in_a_sentence(run.task.spec, specs).rstrip(","),
                seed=run.task.seed,
                reason=run.ended,
            )
        )
        for run in runs
        if run.ended
    )


def verdict_grid(runs: Sequence[Run]) -> Grid | None:
    """Return the sentences of `verdict` on pairs as a table with a row for each depth.

    Returns:
        The table, whose caption gives the rules of `compare`; None unless the runs are of plain and
        residual networks that differ only in depth and shortcuts, one of a kind at each depth.
    """
    groups = _whole(runs)
    by_place = {(group[0].task.spec.depth, kind_of(group[0].task.spec)): group for group in groups}
    words = {(id(one), id(other)): _word(other, one) for one, other in _pairs(groups)}
    depths = sorted({depth for depth, _ in by_place})
    rows, seen = [], 0
    for above, depth in zip((0, *depths), depths, strict=False):
        row = [f"{depth:,}"]
        plain, residual = (by_place.get((depth, kind)) for kind in ("plain", "residual"))
        for kind, own in (("plain", plain), ("residual", residual)):
            told = words.get((id(by_place.get((above, kind))), id(own)))
            row += [_losses(own) if own else "", told or ""]
            seen += told is not None
        told = words.get((id(plain), id(residual)))
        rows.append((*row, told or ""))
        seen += told is not None
    if not rows or len(by_place) < len(groups) or seen < len(words):
        return None
    first, classes = groups[0][0], groups[0][0].task.spec.classes
    caption = (
        f"Loss: mean over the last {min(LAST, first.steps)} of {first.steps:,} steps, and the "
        f"range of {number_of(max(map(len, groups)), 'seed')}; {math.log(classes):.2f} is that of "
        f"guessing among {classes} classes. {RULE}"
    )
    head = (
        *("Layers", "Plain: loss", "vs row above", "Residual: loss", "vs row above"),
        "Residual vs plain",
    )
    return Grid(caption, head, tuple(rows), 0)


def _losses(group: Sequence[Run]) -> str:
    """Return a network's mean final loss, and the range of several seeds."""
    losses = [run.last_loss for run in group]
    low, high = f"{min(losses):.2f}", f"{max(losses):.2f}"
    return f"{fmean(losses):.2f}" + (f" ({low} to {high})" if low != high else "")


def _word(one: Sequence[Run], other: Sequence[Run]) -> str:
    """Return one word on how a network trains, compared with another; "" without a shared seed."""
    a, b = _paired(one, other)
    if not a:
        return ""
    word = compare(a, b)
    is_idle = word is Word.SLOWER and _is_guessing(a, one[0].task.spec.classes)
    return _IDLE if is_idle else word


def _paired(one: Sequence[Run], other: Sequence[Run]) -> tuple[list[float], list[float]]:
    """Return the final losses of two networks in the seeds that both have."""
    mine = {run.task.seed: run.last_loss for run in one}
    theirs = {run.task.seed: run.last_loss for run in other}
    seeds = [seed for seed in mine if seed in theirs]
    return [mine[seed] for seed in seeds], [theirs[seed] for seed in seeds]


def _is_guessing(losses: Sequence[float], classes: int) -> bool:
    """Return whether all losses are that of guessing among the classes."""
    chance = math.log(classes)
    return all(abs(loss - chance) <= GUESSING * chance for loss in losses)


def headline(runs: Sequence[Run]) -> str:
    """Return the sentence on the plain networks of all depths, or on the two that differ most.

    It is on all depths if there are more than two, the deepest trains more slowly than the
    shallowest in every seed, and none trains faster than a shallower one. The losses of their
    residual twins follow, if there are any. If no deeper plain network trains more slowly in every
    seed, it is the sentence on the first pair, or the first of `verdict`. Of one network, it is the
    loss at the end.
    """
    groups = _whole(runs)
    if len(groups) == 1 and not verdict(runs):
        return _loss_at_end(groups[0])
    specs = [group[0].task.spec for group in groups]
    pairs = list(_pairs(groups))
    if trend := _trend(pairs):
        return trend
    compared = [
        (shallow, deep, said.sentence)
        for shallow, deep in pairs
        if (said := _compared(deep, shallow, specs))
    ]
    plain = [
        (_mean_loss(deep) - _mean_loss(shallow), sentence, shallow, deep)
        for shallow, deep, sentence in compared
        if kind_of(shallow[0].task.spec) == kind_of(deep[0].task.spec) == "plain"
    ]
    gap, sentence, shallow, deep = max(plain, key=lambda found: found[0], default=(0.0, "", [], []))
    if gap < SLOWER:
        return compared[0][2] if compared else next(iter(verdict(runs)), "")
    twins = [
        twin
        for own in (deep, shallow)
        for one, twin in pairs
        if one is own and kind_of(twin[0].task.spec) == "residual"
    ]
    if len(twins) < 2:
        return sentence
    losses = [f"{_mean_loss(twin):.2f}" for twin in twins]
    if len(set(losses)) == 1:
        return translate(
            "{sentence} With shortcuts, the loss is {loss} at both depths.",
            sentence=sentence,
            loss=losses[0],
        )
    return translate(
        "{sentence} With shortcuts, the loss is {loss} against {other}.",
        sentence=sentence,
        loss=losses[0],
        other=losses[1],
    )


def _loss_at_end(group: Sequence[Run]) -> str:
    found = [run.last_loss for run in group]
    steps = group[0].steps
    last, every = min(LAST, steps), f"{steps:,}"
    mean, low, high = (f"{loss:.3f}" for loss in (fmean(found), min(found), max(found)))
    if len(found) == 1:
        return translate(
            "Training loss over the last {last} of {steps} steps: {mean}.",
            last=last,
            steps=every,
            mean=mean,
        )
    return translate(
        "Training loss over the last {last} of {steps} steps: {mean} ({low} to {high}).",
        last=last,
        steps=every,
        mean=mean,
        low=low,
        high=high,
    )


def _trend(pairs: Sequence[tuple[list[Run], list[Run]]]) -> str:
    """Compare the deepest of over two plain networks with the shallowest; or return ""."""
    steps = [pair for pair in pairs if {kind_of(one[0].task.spec) for one in pair} == {"plain"}]
    if len(steps) < 2 or any(one[1] is not other[0] for one, other in pairwise(steps)):
        return ""
    ladder = [steps[0][0], *(deep for _, deep in steps)]
    losses = [_paired(deep, shallow) for shallow, deep in combinations(ladder, 2)]
    seeds = [len(own) for own, _ in losses]
    ends = _word(ladder[-1], ladder[0])
    words = {compare(*both) for both in losses}
    if min(seeds) < 2 or ends not in _TRENDS or not words <= {Word.SLOWER, Word.CLOSE}:
        return ""
    first, last = ladder[0][0], ladder[-1][0].task.spec
    specs = [own[0].task.spec for own in ladder]
    count = f"{first.steps:,}"
    said = translate(
        _TRENDS[ends],
        name=_upper(in_a_sentence(last, specs)),
        reference=in_a_sentence(first.task.spec, specs).rstrip(","),
        seeds=len(_paired(ladder[-1], ladder[0])[0]),
        least=first.task.spec.depth,
        most=last.depth,
        last=min(LAST, first.steps),
        steps=count,
        losses=listed([f"{_mean_loss(own):.2f}" for own in ladder]),
        classes=last.classes,
    )
    twins = [
        twin
        for own in ladder
        for one, twin in pairs
        if one is own and kind_of(twin[0].task.spec) == "residual"
    ]
    if len(twins) < len(ladder):
        return said
    return translate(
        "{sentence} With shortcuts, it is {losses}.",
        sentence=said,
        losses=listed([f"{_mean_loss(twin):.2f}" for twin in twins]),
    )


_TRENDS: dict[str, str] = {
    Word.SLOWER: marked(
        "{name} trains more slowly than {reference} in {seeds} of {seeds} seeds: from {least} to "
        "{most} layers, the loss over the last {last} of {steps} steps is {losses}."
    ),
    _IDLE: marked(
        "{name} doesn't train in {seeds} of {seeds} seeds: from {least} to {most} layers, the loss "
        "over the last {last} of {steps} steps is {losses}, the last that of guessing among "
        "{classes} classes."
    ),
}


def _mean_loss(group: Sequence[Run]) -> float:
    return fmean(run.last_loss for run in group)


def _whole(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the groups of runs on which there is a verdict."""
    whole = [run for run in runs if run.is_whole and not run.ended and run.steps >= LEAST]
    return list(grouped(whole).values())


def accuracies(runs: Sequence[Run], tested: bool = False) -> str:
    """Return a sentence with each network's accuracy at the end, the mean and range of its seeds.

    Args:
        runs: the runs; only complete ones count.
        tested: whether to return the accuracy on the test images after the last epoch, instead of
            that on the training batches of the last 25 steps.

    Returns:
        The sentence, or "" if there is no such run.
    """
    groups = [g for g in _whole(runs) if not tested or all(run.epochs for run in g)]
    specs = [group[0].task.spec for group in groups]
    parts, style = [], ".1%" if tested else ".0%"
    for group, spec in zip(groups, specs, strict=True):
        found = [run.epochs[-1].test_accuracy if tested else run.last_accuracy for run in group]
        values = {
            "mean": f"{fmean(found):{style}}",
            "network": in_a_sentence(spec, specs).rstrip(","),
        }
        if len(found) == 1:
            parts.append(translate("{mean} in {network}", **values))
            continue
        ends = {"low": f"{min(found):{style}}", "high": f"{max(found):{style}}"}
        parts.append(translate("{mean} ({low} to {high}) in {network}", **values, **ends))
    if not parts:
        return ""
    listed = translate("; ").join(parts)
    if tested:
        return translate("Test accuracy after the last epoch: {listed}.", listed=listed)
    steps = groups[0][0].steps
    last, every = min(LAST, steps), f"{steps:,}"
    return translate(
        "Training accuracy over the last {last} of {steps} steps: {listed}.",
        last=last,
        steps=every,
        listed=listed,
    )


def accuracies_by_depth(runs: Sequence[Run], tested: bool = False) -> str:
    """Return a sentence with the mean accuracies at the end, plain and residual, by depth.

    Arguments are as in `accuracies`. It is "" unless both kinds have the same depths, one each.
    """
    found: dict[str, dict[int, str]] = {kind: {} for kind in _NETWORKS}
    groups = [g for g in _whole(runs) if not tested or all(run.epochs for run in g)]
    for group in groups:
        spec = group[0].task.spec
        values = [run.epochs[-1].test_accuracy if tested else run.last_accuracy for run in group]
        found[kind_of(spec)][spec.depth] = f"{fmean(values):{'.1%' if tested else '.0%'}}"
    depths = {tuple(sorted(own)) for own in found.values()}
    if len(depths) != 1 or sum(map(len, found.values())) != len(groups) or not groups:
        return ""
    (own,) = depths
    parts = [
        translate(words, values=listed([found[kind][depth] for depth in own]))
        for kind, words in _NETWORKS.items()
    ]
    said, at = translate("; ").join(parts), listed(list(map(str, own)))
    if tested:
        return translate("Test accuracy at {depths} layers: {listed}.", depths=at, listed=said)
    return translate("Training accuracy at {depths} layers: {listed}.", depths=at, listed=said)


_NETWORKS = {
    "plain": marked("{values} in the plain networks"),
    "residual": marked("{values} in the residual networks"),
}


def untested(runs: Sequence[Run], way: str = "Turn on") -> str:
    """Say why runs have no test accuracy and, if their recipe leaves it out, how to get one.

    Args:
        runs: the runs.
        way: how to begin where the settings are hidden, such as `Press P, then turn on`.
    """
    if any(run.task.recipe.evaluate for run in runs):
        return "These runs ended before their first test."
    return (
        f"These runs weren't tested. {way} “Test after every epoch” under “Recipe” "
        "and train again, or pick “Degradation, 10 epochs”."
    )


def both_accuracies(runs: Sequence[Run]) -> str:
    """Return a sentence with each network's mean accuracies at the end, in training and in tests.

    They are those of `accuracies`; "" if there is no complete run that was tested.
    """
    groups = [group for group in _whole(runs) if all(run.epochs for run in group)]
    specs = [group[0].task.spec for group in groups]
    parts = []
    for group, spec in zip(groups, specs, strict=True):
        network = in_a_sentence(spec, specs).rstrip(",")
        trained, tested = (
            f"{fmean(values):.0%}"
            for values in (
                [run.last_accuracy for run in group],
                [run.epochs[-1].test_accuracy for run in group],
            )
        )
        said = translate(
            "{network}, {trained} in training and {tested} in tests",
            network=network,
            trained=trained,
            tested=tested,
        )
        parts.append(said)
    if not parts:
        return ""
    listed = translate("; ").join(parts)
    return translate("Accuracy at the end: {listed}.", listed=listed)


def _pairs(groups: list[list[Run]]) -> Iterator[tuple[list[Run], list[Run]]]:
    """Yield networks that differ only in depth, each with the next deeper; then plain, residual."""

    def alike(one: list[Run], other: list[Run], **same: object) -> bool:
        a, b = one[0].task, other[0].task
        specs = [edit(replace(task.spec, base="resnet50"), same) for task in (a, b)]
        settings = [(task.recipe, task.digest, task.start) for task in (a, b)]
        return settings[0] == settings[1] and specs[0] == specs[1]

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


class _Outcome(NamedTuple):
    """What several pairs have in common: the words for all of them and their values."""

    words: str
    seeds: int
    last: int
    steps: str

    def values(self) -> dict[str, object]:
        return {"seeds": self.seeds, "last": self.last, "steps": self.steps}


class _Compared(NamedTuple):
    """How two networks train: in a sentence of its own, and in one with other pairs, if it may."""

    sentence: str
    outcome: _Outcome | None = None
    item: str = ""


def _compared(one: list[Run], other: list[Run], specs: Sequence[ResNetSpec]) -> _Compared | None:
    """Compare how two networks train; return None if they share no seed."""
    a, b = _paired(one, other)
    if not a:
        return None
    name, reference = (in_a_sentence(group[0].task.spec, specs) for group in (one, other))
    bare = {"name": name.rstrip(","), "reference": reference.rstrip(",")}
    last, every = min(LAST, one[0].steps), f"{one[0].steps:,}"
    values = {
        "name": _upper(name),
        "reference": reference,
        "loss": f"{fmean(a):.2f}",
        "other": f"{fmean(b):.2f}",
        "last": last,
        "steps": every,
        "seeds": len(a),
    }
    word = compare(a, b)
    if word in (Word.SLOWER, Word.FASTER):
        classes = one[0].task.spec.classes
        alone = word is Word.SLOWER and _is_guessing(a, classes)
        several, single = _GUESSED if alone else _FOUND[word]
        said = translate(several if len(a) > 1 else single, **values, classes=classes)
        if alone or len(a) == 1:
            return _Compared(said)
        item = translate("{name} ({loss}) than {reference} ({other})", **(values | bare))
        return _Compared(said, _Outcome(_TOGETHER[word], len(a), last, every), item)
    if len(a) == 1:
        said = translate(
            "{name} and {reference} are too close to call with one seed: loss {loss} against "
            "{other} over the last {last} of {steps} steps.",
            **values,
        )
        return _Compared(said)
    lows = {"low": a, "other_low": b}
    values |= {key: f"{min(losses):.2f}" for key, losses in lows.items()}
    values |= {f"{key[:-3]}high": f"{max(losses):.2f}" for key, losses in lows.items()}
    if word is Word.DISAGREE:
        said = translate(
            "The seeds disagree on whether {name} trains more slowly than {reference}: loss {low} "
            "to {high} against {other_low} to {other_high} over the last {last} of {steps} steps.",
            **(values | {"name": name, "reference": bare["reference"]}),
        )
        return _Compared(said)
    said = translate(
        "{name} and {reference} are too close to call: loss {low} to {high} against {other_low} "
        "to {other_high} over the last {last} of {steps} steps.",
        **values,
    )
    item = translate(
        "{name} ({low} to {high}) and {reference} ({other_low} to {other_high})",
        **(values | bare),
    )
    return _Compared(said, _Outcome(_TOGETHER[word], len(a), last, every), item)


_TOGETHER = {
    Word.SLOWER: marked(
        "Slower to train in {seeds} of {seeds} seeds (loss over the last {last} of {steps} steps): "
        "{listed}."
    ),
    Word.FASTER: marked(
        "Faster to train in {seeds} of {seeds} seeds (loss over the last {last} of {steps} steps): "
        "{listed}."
    ),
    Word.CLOSE: marked(
        "Too close to call in {seeds} seeds (loss over the last {last} of {steps} steps): {listed}."
    ),
}
"""The words for several pairs with the same outcome in several seeds."""

_FOUND = {
    Word.SLOWER: (
        marked(
            "{name} trains more slowly than {reference} in {seeds} of {seeds} seeds: loss {loss} "
            "against {other} over the last {last} of {steps} steps."
        ),
        marked(
            "{name} trains more slowly than {reference} with one seed: loss {loss} against {other} "
            "over the last {last} of {steps} steps."
        ),
    ),
    Word.FASTER: (
        marked(
            "{name} trains faster than {reference} in {seeds} of {seeds} seeds: loss {loss} "
            "against {other} over the last {last} of {steps} steps."
        ),
        marked(
            "{name} trains faster than {reference} with one seed: loss {loss} against {other} "
            "over the last {last} of {steps} steps."
        ),
    ),
}
"""The words for a difference, with several seeds and with one."""

_GUESSED = (
    marked(
        "{name} doesn't train in {seeds} of {seeds} seeds: its loss of {loss} over the last {last} "
        "of {steps} steps is that of guessing among {classes} classes; {reference} reaches {other}."
    ),
    marked(
        "{name} doesn't train with one seed: its loss of {loss} over the last {last} of {steps} "
        "steps is that of guessing among {classes} classes; {reference} reaches {other}."
    ),
)
"""The words for a network that is slower and as good as guessing, with several seeds and one."""


def in_a_sentence(spec: ResNetSpec, among: Sequence[ResNetSpec]) -> str:
    """Return a network's name for use in a sentence: `the 56-layer plain network`.

    A name with commas ends in a comma, too.
    """
    name = name_of(spec, among)
    if name == f"{kind_of(spec)}, {spec.depth} layers":
        return translate(_KINDS[kind_of(spec)], depth=spec.depth)
    if spoken() is Language.CHINESE:
        return name
    return f"{name}," if "," in name else name


_KINDS = {
    "plain": marked("the {depth}-layer plain network"),
    "residual": marked("the {depth}-layer residual network"),
}


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
