"""Find the networks that fit a task and budgets.

The task comes first, so that networks for other images or classes never compete. An answer always
has a sentence. If no network fits, it names the closest one and how far it is over the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from analysis.choice.compare import (
    INFERENCE,
    TRAINING,
    Axis,
    Better,
    Column,
    Recipe,
    Row,
    pareto,
    recipes,
    row,
    speeds,
    with_memory,
)
from analysis.choice.ladder import Ladder, ladder, same_family
from analysis.costs.profiles import check_batch
from analysis.costs.step import Dtype, Optimiser, largest_batch
from analysis.costs.throughput import PUBLISHER
from analysis.style.language import counted, marked, translate
from analysis.style.numbers import percent, shape, short, short_given, three
from nets.catalog import CATALOG
from nets.names import name_of
from nets.options import CHANNELS, OPTIONS, check_whole, checked, given, number_of
from nets.spec import ResNetSpec, overrides
from nets.text import parse

MAX_BUDGET = 10**18
"""The largest limit in a budget's own unit: an exabyte, or a billion times 10^9 MACs."""


@dataclass(frozen=True)
class Task:
    """The input and output of a network: channels, height and width of an image, and classes."""

    name: str
    input: tuple[int, int, int]
    classes: int

    def __str__(self) -> str:
        classes = number_of(self.classes, "class", "classes")
        return f"{self.name} ({shape(self.input)}, {classes})"


IMAGENET = Task("ImageNet", (3, 224, 224), 1_000)
CIFAR = Task("CIFAR-10", (3, 32, 32), 10)


def task_of(input_shape: tuple[int, int, int], classes: int | None = None) -> Task:
    """Return ImageNet or CIFAR-10 if the input and classes are theirs, or else a custom task.

    Raises:
        ValueError: if a side or the number of classes is out of bounds.
    """
    sides: tuple[int, int, int] = checked("input", input_shape)
    if classes is not None:
        check_whole("classes", classes, 1, int(OPTIONS["classes"].high))
    number = classes
    for task in (IMAGENET, CIFAR):
        if sides == task.input and number in (None, task.classes):
            return task
    return Task(marked("custom images"), sides, number or IMAGENET.classes)


class Budget(StrEnum):
    """A quantity that can be limited."""

    MACS = "max_macs"
    PARAMS = "max_params"
    TRAINING = "max_training_bytes"
    INFERENCE = "max_inference_bytes"
    TIME = "max_ms"

    @property
    def label(self) -> str:
        """The name in a sentence."""
        return {
            "max_macs": marked("MACs per image"),
            "max_params": marked("parameters"),
            "max_training_bytes": marked("training memory"),
            "max_inference_bytes": marked("inference memory"),
            "max_ms": marked("time of an iteration"),
        }[self.value]

    def written(self, value: float, given: bool = False) -> str:
        """Return an amount with its unit: `4.09 G MACs`, `2.99 GB of training memory`.

        Args:
            value: the amount.
            given: whether someone chose it, such as a limit; otherwise it was computed.
        """
        amount, label = self.amount(value, given), translate(self.label)
        if self is Budget.TIME:
            return amount
        if self in (Budget.TRAINING, Budget.INFERENCE):
            return translate("{amount} of {label}", amount=amount, label=label)
        return translate("{amount} {label}", amount=amount, label=label)

    def amount(self, value: float, given: bool = False) -> str:
        """Return an amount without its noun: `4.09 G`, `2.99 GB`; see `written`."""
        write = short_given if given else short
        if self is Budget.TIME:
            return write(value, "ms")
        is_memory = self in (Budget.TRAINING, Budget.INFERENCE)
        return write(int(value) if value == int(value) else value, "B" if is_memory else "")


def checked_limit(name: str, amount: float, factor: int = 1, unit: str = "") -> float:
    """Return a limit in MACs, parameters, bytes or ms from an amount in a larger unit.

    Args:
        name: the limit's name in an error.
        amount: the amount in the larger unit.
        factor: the size of the larger unit, such as 10^9.
        unit: the larger unit's symbol.

    Raises:
        ValueError: if the amount is not a number, or not above 0 and at most `MAX_BUDGET`.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ValueError(f"{name} must be a number, not {given(amount)}")
    most = MAX_BUDGET // factor
    if not 0 < amount <= most:
        bound = f"{most:,}" if most < 10**12 else f"{most:.0e}"
        typed = f"{amount:g}" if isinstance(amount, float) else given(amount)
        raise ValueError(
            f"{name} must be above 0 and at most {f'{bound} {unit}'.strip()}, not {typed}"
        )
    return amount * factor


@dataclass(frozen=True)
class Budgets:
    """Limits, each above 0 and at most `MAX_BUDGET`, or None for no limit.

    `max_macs` is per image; memory and time are for the whole batch.

    Raises:
        ValueError: in one sentence that names the limit and its value.
    """

    max_macs: float | None = None
    max_params: float | None = None
    max_training_bytes: float | None = None
    max_inference_bytes: float | None = None
    max_ms: float | None = None

    def __post_init__(self) -> None:
        for budget in Budget:
            if (limit := getattr(self, budget.value)) is not None:
                checked_limit(budget, limit)

    @property
    def limits(self) -> dict[Budget, float]:
        """The limits that are set."""
        values = {budget: getattr(self, budget.value) for budget in Budget}
        return {budget: limit for budget, limit in values.items() if limit is not None}


class Amount(NamedTuple):
    """A budget as the page asks for it: its name in messages, its unit, and its default."""

    name: str
    factor: int
    unit: str
    usual: float | None = None


AMOUNTS = {
    "max_macs": Amount("MACs", 10**9, "G", 5.0),
    "max_params": Amount("Parameters", 10**6, "M"),
    "max_training": Amount("Training memory", 10**9, "GB", 8.0),
    "max_inference": Amount("Inference memory", 10**9, "GB"),
    "max_ms": Amount("Iteration time", 1, "ms"),
}
"""The budgets by their names in the address, in the order of the fields of `Budgets`."""

USUAL_BATCH = 32
"""The default batch size of the budgets."""


def budgets_of(amounts: Mapping[str, float | None]) -> Budgets:
    """Return budgets from amounts in the units of `AMOUNTS`.

    Raises:
        ValueError: with one sentence that names the budget and its value.
    """
    limits = (
        None
        if (amount := amounts[key]) is None
        else checked_limit(how.name, amount, how.factor, how.unit)
        for key, how in AMOUNTS.items()
    )
    return Budgets(*limits)


@dataclass(frozen=True)
class Miss:
    """A network that doesn't fit, and its need for each budget that it exceeds."""

    row: Row
    over: Mapping[Budget, float]
    worst: float
    """The largest ratio of an amount to its limit, such as 1.8."""


@dataclass(frozen=True)
class Refusal:
    """A network that can't be evaluated, and why."""

    model: str
    reason: str


@dataclass(frozen=True)
class Front:
    """The Pareto front in two columns of the networks that fit."""

    x: Axis
    y: Axis
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Best:
    """The best published result of one recipe among the networks that fit."""

    recipe: Recipe
    row: Row
    percent: float

    @property
    def remark(self) -> str:
        """Which of several runs the result is; empty if it's the only one."""
        return self.recipe.remark(self.row)


@dataclass(frozen=True)
class Deepest:
    """The deepest network of a family that fits, in the catalog or not, and the next deeper one.

    `deeper` is None if it isn't known: at the largest depth that a spec allows, or with a time
    budget. `breaks` holds what the deeper one needs of each budget that it exceeds.
    """

    family: str
    row: Row
    in_catalog: bool
    deeper: Row | None
    breaks: Mapping[Budget, float]
    largest_batch: int | None


_OF_THE_TASK = ("input", CHANNELS, "classes")
_MOST_NAMED = 3  # most networks of one depth named in a sentence


@dataclass(frozen=True)
class Choice:
    """The networks that fit and those that don't."""

    task: Task
    budgets: Budgets
    batch: int
    dtype: Dtype
    optimiser: Optimiser
    fits: tuple[Row, ...]
    misses: tuple[Miss, ...]
    refused: tuple[Refusal, ...]
    fronts: tuple[Front, ...]
    best: tuple[Best, ...]
    deepest: tuple[Deepest, ...]
    largest_batches: Mapping[str, int]
    """The largest batch within the training memory, for each network that fits."""

    @property
    def sentence(self) -> str:
        """The summary, in the spoken language."""
        return _sentence(self)

    def name_of(self, spec: ResNetSpec, beside: Sequence[ResNetSpec] | None = None) -> str:
        """Return a network's name without the input and classes, which the task sets for all.

        An edited network is named with its edits: `ResNet-50 with no BN`. With other blocks, it
        has another depth than its catalog name says: `ResNet-50 v1 variant with blocks 3-4-11-3`.

        Args:
            spec: the network.
            beside: the networks shown with it; by default all that are named.
        """
        word = " variant with " if "blocks" in overrides(spec) else " with "
        beside = self._named if beside is None else beside
        return name_of(spec, beside, _OF_THE_TASK).replace(", ", word, 1)

    def needs(self, deep: Deepest) -> str:
        """Return what one step deeper needs of each budget that it exceeds; "" if none is known.

        An amount that would read like its limit has all its digits.
        """
        limits, told = self.budgets.limits, []
        for budget, need in deep.breaks.items():
            said, amount = budget.written(need), budget.amount(need)
            if amount == budget.amount(limits[budget]):
                unit = " B" if amount.endswith("B") else ""
                said = said.replace(amount, f"{need:,.0f}{unit}")
            told.append(said)
        return ", ".join(told)

    @cached_property
    def _named(self) -> tuple[ResNetSpec, ...]:
        """The networks that tables, charts and the summary name."""
        rows = [*self.fits, *(deep.row for deep in self.deepest)]
        if self.misses and not self.fits:
            rows.append(_nearest(self).row)
        return (*(row.spec for row in rows), *(parse(one.model) for one in self.refused[:1]))

    @property
    def within(self) -> str:
        """The limits in words: `5 G MACs per image and 8 GB of training memory`."""
        *most, last = (
            budget.written(limit, given=True) for budget, limit in self.budgets.limits.items()
        )
        limits = translate(" and ").join(filter(None, (translate(", ").join(most), last)))
        batch = f"{self.batch:,}"
        return translate("{limits} at batch {batch}", limits=limits, batch=batch)

    @property
    def limits_in_words(self) -> str:
        """The limits as a sentence, in the spoken language; "" without any."""
        if not self.budgets.limits:
            return ""
        return translate("Budgets: {limits}.", limits=self.within)


def choose(
    task: Task,
    budgets: Budgets,
    batch: int = 1,
    dtype: Dtype = Dtype.FLOAT32,
    optimiser: Optimiser = Optimiser.SGD,
    measured_ms: Mapping[str, float] | None = None,
    candidates: Sequence[ResNetSpec] | None = None,
    predict: Callable[[ResNetSpec], float | None] | None = None,
) -> Choice:
    """Find the networks that fit.

    Args:
        task: the task of the network.
        budgets: the limits.
        batch: images per batch, for every budget.
        dtype: the type of training and inference, for their memory.
        optimiser: the optimiser, for the memory of training.
        measured_ms: times measured at this input, batch and type, by the network's text form. If
            `max_ms` is set, a network without a time doesn't fit.
        candidates: networks to evaluate, adapted to the task; by default the catalog's.
        predict: predicts the time of a network that wasn't measured, or returns None.

    Raises:
        ValueError: in one sentence, if the batch is bad or `max_ms` is set without any times.
    """
    check_batch(batch)
    if budgets.max_ms is not None and not measured_ms:
        raise ValueError("max_ms needs measured times, but none were given")
    judge = _Judge(budgets.limits, batch, dtype, optimiser, measured_ms or {}, predict)
    fits, misses, refused = [], [], []
    for spec in _candidates(task, candidates):
        counted = judge.row(spec)
        if budgets.max_training_bytes is not None and counted.untrainable:
            refused.append(Refusal(counted.model, counted.untrainable))
        elif budgets.max_ms is not None and time_of(counted) is None:
            reason = "neither measured nor predicted" if predict else "not measured"
            refused.append(Refusal(counted.model, reason))
        elif over := judge.over(counted):
            worst = max(need / judge.limits[budget] for budget, need in over.items())
            misses.append(Miss(counted, over, worst))
        else:
            fits.append(counted)
    return Choice(
        task=task,
        budgets=budgets,
        batch=batch,
        dtype=dtype,
        optimiser=optimiser,
        fits=tuple(sorted(fits, key=_by_depth)),
        misses=tuple(misses),
        refused=tuple(refused),
        fronts=_fronts(fits, dtype),
        best=_best(fits),
        deepest=_deepest(judge, [*fits, *(miss.row for miss in misses)], fits),
        largest_batches={r.model: n for r in fits if (n := judge.largest_batch(r)) is not None},
    )


def _by_depth(counted: Row) -> tuple[int, int]:
    return counted.depth, counted.macs


def time_of(counted: Row) -> float | None:
    """Return a network's measured time, or else its predicted one, in ms."""
    return counted.predicted_ms if counted.measured_ms is None else counted.measured_ms


@dataclass(frozen=True)
class _Judge:
    limits: dict[Budget, float]
    batch: int
    dtype: Dtype
    optimiser: Optimiser
    measured_ms: Mapping[str, float]
    predict: Callable[[ResNetSpec], float | None] | None
    rows: dict[ResNetSpec, Row] = field(default_factory=dict)

    def row(self, spec: ResNetSpec) -> Row:
        """Return a network's row, computed once."""
        if spec not in self.rows:
            counted = row(spec, self.batch, measured_ms=self.measured_ms)
            if self.predict and Budget.TIME in self.limits and counted.measured_ms is None:
                counted = replace(counted, predicted_ms=self.predict(spec))
            self.rows[spec] = with_memory(counted, self.optimiser, (self.dtype,))
        return self.rows[spec]

    def over(self, counted: Row) -> dict[Budget, float]:
        """Return what a network needs of each budget that it exceeds; empty if it fits."""
        takes = {
            Budget.MACS: counted.macs // self.batch,
            Budget.PARAMS: counted.params,
            Budget.TRAINING: TRAINING[self.dtype].of(counted),
            Budget.INFERENCE: INFERENCE[self.dtype].of(counted),
            Budget.TIME: time_of(counted),
        }
        return {
            budget: need
            for budget, limit in self.limits.items()
            if (need := takes[budget]) is not None and need > limit
        }

    def largest_batch(self, counted: Row) -> int | None:
        """Return the largest batch within the training memory, or None without such a limit."""
        limit = self.limits.get(Budget.TRAINING)
        if limit is None:
            return None
        return largest_batch(counted.spec, limit, self.dtype, self.optimiser)


def _candidates(task: Task, specs: Sequence[ResNetSpec] | None) -> tuple[ResNetSpec, ...]:
    """Return the networks for a task, each once even if it has several names.

    ImageNet and CIFAR-10 use the catalog networks made for them. For custom images, every catalog
    network is adapted to the task, as are networks that the caller passes.
    """
    nets = [entry.spec for entry in CATALOG.values()] if specs is None else list(specs)
    if specs is None and task in (IMAGENET, CIFAR):
        nets = [net for net in nets if (net.input, net.classes) == (task.input, task.classes)]
    named: dict[ResNetSpec, ResNetSpec] = {}
    for net in nets:
        fitted = replace(net, input=task.input, classes=task.classes)
        named.setdefault(replace(fitted, base="any"), fitted)
    return tuple(named.values())


def _fronts(fits: list[Row], dtype: Dtype) -> tuple[Front, ...]:
    """Return the front of every cost with each recipe's published results, and of cost pairs.

    The accuracies of the publisher of speeds are also paired with those of each machine.
    """
    costs = (
        Column.PARAMS,
        Column.MACS,
        TRAINING[dtype],
        INFERENCE[dtype],
        Column.ACTIVATIONS,
        Column.BYTES_MOVED,
        Column.MEASURED_MS,
    )
    pairs: list[tuple[Axis, Axis]] = [
        *((cost, recipe) for recipe in recipes(fits) for cost in costs),
        *((x, y) for y in recipes(fits) if y.publisher == PUBLISHER for x in speeds(fits)),
        *combinations(costs, 2),
    ]
    found = (Front(x, y, pareto(fits, x, y)) for x, y in pairs)
    return tuple(front for front in found if front.rows)


def _best(fits: list[Row]) -> tuple[Best, ...]:
    """Return the best result of each recipe; ties go to the network with fewer MACs."""
    found = []
    for recipe in recipes(fits):
        figures = [(figure, r) for r in fits if (figure := recipe.of(r)) is not None]
        sign = -1 if recipe.better is Better.HIGH else 1
        figure, best = min(figures, key=lambda item: (sign * item[0], item[1].macs))
        found.append(Best(recipe, best, figure))
    return tuple(found)


def _deepest(judge: _Judge, judged: list[Row], fits: list[Row]) -> tuple[Deepest, ...]:
    """Return each family's deepest network that fits, the deepest of all first."""
    families: list[list[Row]] = []
    for one in judged:
        for members in families:
            if same_family(members[0].spec, one.spec):
                members.append(one)
                break
        else:
            families.append([one])
    found = []
    for members in families:
        shallowest = min(members, key=lambda r: r.depth)
        if Budget.TIME in judge.limits:  # a deeper network isn't always slower
            inside = [r for r in members if r in fits]
            deep, deeper = max(inside, key=lambda r: r.depth, default=None), None
        else:
            deep, deeper = _climb(judge, ladder(shallowest.spec))
        if deep is None:
            continue
        found.append(
            Deepest(
                family=shallowest.spec.base,
                row=deep,
                in_catalog=any(deep.spec == member.spec for member in members),
                deeper=deeper,
                breaks=judge.over(deeper) if deeper else {},
                largest_batch=judge.largest_batch(deep),
            )
        )
    return tuple(sorted(found, key=lambda deep: (-deep.row.depth, _by_depth(deep.row))))


def _climb(judge: _Judge, rungs: Ladder) -> tuple[Row | None, Row | None]:
    """Return the deepest rung that fits and the next; costs grow with depth, so bisection works."""
    last = rungs.last_where(lambda spec: not judge.over(judge.row(spec)))
    deeper = judge.row(rungs[last + 1]) if last + 1 < len(rungs) else None
    return (judge.row(rungs[last]) if last >= 0 else None), deeper


def _sentence(choice: Choice) -> str:
    """Return the summary of a choice."""
    every = len(choice.fits) + len(choice.misses)
    task, aside = _in_words(choice.task), ""
    if choice.refused:
        first = choice.refused[0]
        others = ""
        if len(choice.refused) > 1:
            others = translate(" and {count} more", count=len(choice.refused) - 1)
        aside = translate(
            " Not evaluated: {model}{others} ({reason}).",
            model=choice.name_of(parse(first.model)),
            others=others,
            reason=first.reason,
        )
    judged = [*choice.fits, *(miss.row for miss in choice.misses)]
    if predicted := sum(row.predicted_ms is not None for row in judged):
        aside = (
            counted(predicted, " {number} time is predicted.", " {number} times are predicted.")
            + aside
        )
    if not every:
        return translate("No network could be evaluated for {task}.", task=task) + aside
    if not choice.fits:
        said = translate("No network for {task} fits: {near}.", task=task, near=_near(choice))
        return said + aside
    deep = max(choice.fits, key=lambda r: (r.depth, -r.macs))
    values = {
        "task": task,
        "deepest": _deepest_of(choice, deep.depth),
        "count": len(choice.fits),
        "all": every,
    }
    if not choice.misses:
        why = "" if choice.budgets.limits else translate(", since no budget is set")
        if every == 1:
            only = translate("The only network for {task} fits{why}: {deepest}.", **values, why=why)
            return only + aside
        whole = translate("All {all} networks for {task} fit{why}: {deepest}.", **values, why=why)
        return whole + aside
    reach = max((found.row for found in choice.deepest), key=lambda r: r.depth, default=deep)
    if reach.depth > deep.depth:
        layers = f"{reach.depth:,}"
        count = sum(found.row.depth == reach.depth for found in choice.deepest)
        named = {"deepest": values["deepest"], "depth": layers}
        if count == 1:
            values["deepest"] = translate(
                "{deepest}; outside the catalog, the {model} has {depth} layers",
                model=choice.name_of(reach.spec),
                **named,
            )
        else:
            values["deepest"] = translate(
                "{deepest}; outside the catalog, {count} variants have {depth} layers",
                count=count,
                **named,
            )
    if len(choice.fits) == 1:
        some = translate("{count} of {all} networks for {task} fits: {deepest}.", **values)
    else:
        some = translate("{count} of {all} networks for {task} fit: {deepest}.", **values)
    return some + aside


def _deepest_of(choice: Choice, depth: int) -> str:
    """Name the networks of the largest depth that fit, those with the fewest MACs first."""
    alike = sorted((row for row in choice.fits if row.depth == depth), key=lambda row: row.macs)
    names, layers = [choice.name_of(row.spec) for row in alike], f"{depth:,}"
    if len(names) == 1:
        return translate("the deepest is {model} with {depth} layers", model=names[0], depth=layers)
    if len(names) > _MOST_NAMED:
        more = translate(" and {count} more", count=len(names) - _MOST_NAMED + 1)
        models = ", ".join(names[: _MOST_NAMED - 1]) + more
    else:
        models = f"{', '.join(names[:-1])}{translate(' and ')}{names[-1]}"
    return translate("the deepest are {models} with {depth} layers", models=models, depth=layers)


def _in_words(task: Task) -> str:
    """Return a task as its text, in the spoken language."""
    return translate(
        "{name} ({shape}, {classes})",
        name=translate(task.name),
        shape=shape(task.input),
        classes=counted(task.classes, "{number} class", "{number} classes"),
    )


def _nearest(choice: Choice) -> Miss:
    return min(choice.misses, key=lambda miss: (miss.worst, miss.row.macs))


def _near(choice: Choice) -> str:
    """Return a sentence on the network that comes closest, and what it needs."""
    near = _nearest(choice)
    limits = choice.budgets.limits
    needs = []
    for budget, need in near.over.items():
        limit = budget.amount(limits[budget], given=True)
        needs.append(translate("{need} (limit: {limit})", need=budget.written(need), limit=limit))
    said = translate(
        "{model} comes closest but needs {needs}, {excess}",
        model=choice.name_of(near.row.spec),
        needs=translate(" and ").join(needs),
        excess=_times(near.worst),
    )
    if not choice.deepest:
        return said
    return translate(
        "{said}; outside the catalog, the {model} fits",
        said=said,
        model=choice.name_of(choice.deepest[-1].row.spec),
    )


def _times(ratio: float) -> str:
    """Return by how much a limit is exceeded: `12.0% too much`, or `3.40 times the limit`."""
    if ratio < 2:
        return translate("{share} too much", share=percent(ratio - 1, 1))
    times = three(ratio) if ratio < 999.5 else f"{float(f'{ratio:.2e}'):,.0f}"
    return translate("{times} times the limit", times=times)
