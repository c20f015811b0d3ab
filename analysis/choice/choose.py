"""Which networks one can afford: a task, then budgets, then what fits.

The task comes first, so that networks for other images or classes never compete. An answer always
has a sentence: where nothing fits it names what comes nearest and by how much it misses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations

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
    with_memory,
)
from analysis.choice.ladder import Ladder, ladder, same_family
from analysis.costs.profiles import check_batch
from analysis.costs.step import Dtype, Optimiser, largest_batch
from analysis.style.numbers import percent, shape, short, three
from nets.catalog import CATALOG
from nets.options import CHANNELS, checked, given, number_of
from nets.spec import ResNetSpec, join, overrides

MAX_BUDGET = 10**18
"""The largest limit, in whatever a budget counts: an exabyte, a billion times 10^9 MACs."""


@dataclass(frozen=True)
class Task:
    """What goes in and what comes out: channels, height and width of an image, and classes."""

    name: str
    input: tuple[int, int, int]
    classes: int

    def __str__(self) -> str:
        classes = number_of(self.classes, "class", "classes")
        return f"{self.name} ({shape(self.input)}, {classes})"


IMAGENET = Task("ImageNet", (3, 224, 224), 1_000)
CIFAR = Task("CIFAR-10", (3, 32, 32), 10)


def task_of(input_shape: tuple[int, int, int], classes: int | None = None) -> Task:
    """The task of an input: ImageNet or CIFAR-10 where it is theirs, else one of one's own.

    Raises:
        ValueError: where a side or the number of classes is out of bounds.
    """
    sides: tuple[int, int, int] = checked("input", input_shape)
    number: int | None = None if classes is None else checked("classes", classes)
    for task in (IMAGENET, CIFAR):
        if sides == task.input and number in (None, task.classes):
            return task
    return Task("own images", sides, number or IMAGENET.classes)


class Budget(StrEnum):
    """What can be limited."""

    MACS = "max_macs"
    PARAMS = "max_params"
    TRAINING = "max_training_bytes"
    INFERENCE = "max_inference_bytes"
    TIME = "max_ms"

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        return {
            "max_macs": "MACs per image",
            "max_params": "parameters",
            "max_training_bytes": "training memory",
            "max_inference_bytes": "inference memory",
            "max_ms": "measured time",
        }[self.value]

    def written(self, value: float) -> str:
        """An amount with its unit: `4.09 G MACs`, `2.99 GB of training memory`."""
        if self is Budget.TIME:
            return short(value, "ms")
        if self in (Budget.TRAINING, Budget.INFERENCE):
            return f"{short(value, 'B')} of {self.label}"
        return f"{short(value)} {self.label}"


def checked_limit(name: str, amount: float, factor: int = 1, unit: str = "") -> float:
    """Return a limit in MACs, parameters, bytes or ms from an amount in a larger unit.

    Args:
        name: what a message calls it.
        amount: how many of the unit.
        factor: what one of the unit stands for, such as 10^9.
        unit: the unit's symbol.

    Raises:
        ValueError: where the amount is no number, or not above 0 and at most `MAX_BUDGET`.
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

    `max_macs` is for one image, memory and time are for the batch.

    Raises ValueError with one sentence that names the limit and its value.
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


@dataclass(frozen=True)
class Miss:
    """A network that doesn't fit, and what it takes of each budget that it exceeds."""

    row: Row
    over: Mapping[Budget, float]
    worst: float
    """The largest amount over its limit: 1.8 times."""


@dataclass(frozen=True)
class Refusal:
    """A network that cannot be judged, and why."""

    model: str
    reason: str


@dataclass(frozen=True)
class Front:
    """The Pareto front of the networks that fit, for two columns."""

    x: Axis
    y: Axis
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Best:
    """The best published figure among the networks that fit, within one recipe."""

    recipe: Recipe
    row: Row
    percent: float


@dataclass(frozen=True)
class Deepest:
    """The deepest network of a family that fits, in the catalog or not, and the next deeper one.

    `deeper` is None where none is known: at the end of what a spec allows, or where times decide.
    `breaks` holds what the next one takes of each budget that it exceeds.
    """

    family: str
    row: Row
    in_catalog: bool
    deeper: Row | None
    breaks: Mapping[Budget, float]
    largest_batch: int | None


OF_THE_TASK = ("input", CHANNELS, "classes")
"""Options that the task decides for every network."""


def name_of(spec: ResNetSpec) -> str:
    """A network's text without what the task says of every network: the input and the classes."""
    said = overrides(spec)
    return join(spec.base, {key: said[key] for key in said if key not in OF_THE_TASK})


@dataclass(frozen=True)
class Choice:
    """What fits and what doesn't, with a sentence that says it."""

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
    """The largest batch within the training memory, for every network that fits."""
    sentence: str


def choose(
    task: Task,
    budgets: Budgets,
    batch: int = 1,
    dtype: Dtype = Dtype.FLOAT32,
    optimiser: Optimiser = Optimiser.SGD,
    measured_ms: Mapping[str, float] | None = None,
    candidates: Sequence[ResNetSpec] | None = None,
) -> Choice:
    """Find what fits.

    Args:
        task: what the network is for.
        budgets: the limits.
        batch: images, for every budget.
        dtype: the type of training and inference, for their memory.
        optimiser: what trains.
        measured_ms: times measured at this input, batch and type, by the network's text form; a
            network without one doesn't fit where `max_ms` is set.
        candidates: networks to judge, fitted to the task; without them, the catalog's.

    Raises:
        ValueError: in one sentence, on a bad batch, or `max_ms` without any time.
    """
    check_batch(batch)
    if budgets.max_ms is not None and not measured_ms:
        raise ValueError("max_ms needs measured times, and none was given")
    judge = _Judge(budgets.limits, batch, dtype, optimiser, measured_ms or {})
    fits, misses, refused = [], [], []
    for spec in _candidates(task, candidates):
        counted = judge.row(spec)
        if budgets.max_training_bytes is not None and counted.untrainable:
            refused.append(Refusal(counted.model, counted.untrainable))
        elif budgets.max_ms is not None and counted.measured_ms is None:
            refused.append(Refusal(counted.model, "it was not measured"))
        elif over := judge.over(counted):
            worst = max(need / judge.limits[budget] for budget, need in over.items())
            misses.append(Miss(counted, over, worst))
        else:
            fits.append(counted)
    choice = Choice(
        task=task,
        budgets=budgets,
        batch=batch,
        dtype=dtype,
        optimiser=optimiser,
        fits=tuple(fits),
        misses=tuple(misses),
        refused=tuple(refused),
        fronts=_fronts(fits, dtype),
        best=_best(fits),
        deepest=_deepest(judge, [*fits, *(miss.row for miss in misses)], fits),
        largest_batches={r.model: n for r in fits if (n := judge.largest_batch(r)) is not None},
        sentence="",
    )
    return replace(choice, sentence=_sentence(choice))


@dataclass(frozen=True)
class _Judge:
    limits: dict[Budget, float]
    batch: int
    dtype: Dtype
    optimiser: Optimiser
    measured_ms: Mapping[str, float]
    rows: dict[ResNetSpec, Row] = field(default_factory=dict)

    def row(self, spec: ResNetSpec) -> Row:
        """Everything about a network, found once."""
        if spec not in self.rows:
            counted = row(spec, self.batch, measured_ms=self.measured_ms)
            self.rows[spec] = with_memory(counted, self.optimiser, (self.dtype,))
        return self.rows[spec]

    def over(self, counted: Row) -> dict[Budget, float]:
        """What a network takes of each budget that it exceeds; empty where it fits."""
        takes = {
            Budget.MACS: counted.macs // self.batch,
            Budget.PARAMS: counted.params,
            Budget.TRAINING: TRAINING[self.dtype].of(counted),
            Budget.INFERENCE: INFERENCE[self.dtype].of(counted),
            Budget.TIME: counted.measured_ms,
        }
        return {
            budget: need
            for budget, limit in self.limits.items()
            if (need := takes[budget]) is not None and need > limit
        }

    def largest_batch(self, counted: Row) -> int | None:
        """Images within the training memory, where that is limited."""
        limit = self.limits.get(Budget.TRAINING)
        if limit is None:
            return None
        return largest_batch(counted.spec, limit, self.dtype, self.optimiser)


def _candidates(task: Task, specs: Sequence[ResNetSpec] | None) -> tuple[ResNetSpec, ...]:
    """The networks for a task, each once whatever its name.

    ImageNet and CIFAR-10 have catalog nets of their own; for one's own images every net of the
    catalog is fitted, and so is whatever is handed in.
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
    """Every cost against the published figures of each recipe, and every pair of costs."""
    costs = (Column.PARAMS, Column.MACS, TRAINING[dtype], INFERENCE[dtype], Column.MEASURED_MS)
    pairs: list[tuple[Axis, Axis]] = [
        *((cost, recipe) for recipe in recipes(fits) for cost in costs),
        *combinations(costs, 2),
    ]
    found = (Front(x, y, pareto(fits, x, y)) for x, y in pairs)
    return tuple(front for front in found if front.rows)


def _best(fits: list[Row]) -> tuple[Best, ...]:
    """The best of each recipe; of two that tie, the one of fewer MACs."""
    found = []
    for recipe in recipes(fits):
        figures = [(figure, r) for r in fits if (figure := recipe.of(r)) is not None]
        sign = -1 if recipe.better is Better.HIGH else 1
        figure, best = min(figures, key=lambda item: (sign * item[0], item[1].macs))
        found.append(Best(recipe, best, figure))
    return tuple(found)


def _deepest(judge: _Judge, judged: list[Row], fits: list[Row]) -> tuple[Deepest, ...]:
    """The deepest network of each family that fits, families in the order of their first member."""
    families: list[list[Row]] = []
    for counted in judged:
        for members in families:
            if same_family(members[0].spec, counted.spec):
                members.append(counted)
                break
        else:
            families.append([counted])
    found = []
    for members in families:
        shallowest = min(members, key=lambda r: r.depth)
        if Budget.TIME in judge.limits:  # the time of a net that was not measured isn't known
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
    return tuple(found)


def _climb(judge: _Judge, rungs: Ladder) -> tuple[Row | None, Row | None]:
    """The deepest rung that fits and the next; no cost falls with depth, so bisection finds it."""
    last = rungs.last_where(lambda spec: not judge.over(judge.row(spec)))
    deeper = judge.row(rungs[last + 1]) if last + 1 < len(rungs) else None
    return (judge.row(rungs[last]) if last >= 0 else None), deeper


def _sentence(choice: Choice) -> str:
    """What there is to say, even where nothing fits."""
    every = len(choice.fits) + len(choice.misses)
    aside = ""
    if choice.refused:
        first = choice.refused[0]
        others = f" and {len(choice.refused) - 1} more" if len(choice.refused) > 1 else ""
        aside = f" Not judged: {first.model}{others} ({first.reason})."
    if not every:
        return f"No network could be judged for {choice.task}.{aside}"
    if not choice.fits:
        return f"Nothing fits for {choice.task}: {_nearest(choice)}.{aside}"
    deep = max(choice.fits, key=lambda r: (r.depth, -r.macs))
    said = f"the deepest of them is {name_of(deep.spec)} with {deep.depth:,} layers"
    if not choice.misses:
        why = "" if choice.budgets.limits else ", for no budget is set"
        one = "The one network fits" if every == 1 else f"All {every} networks fit"
        return f"{one} for {choice.task}{why}: {said}.{aside}"
    reach = max((found.row for found in choice.deepest), key=lambda r: r.depth, default=deep)
    if reach.depth > deep.depth:
        said += f", and outside the catalog {name_of(reach.spec)} reaches {reach.depth:,}"
    fit = "network fits" if len(choice.fits) == 1 else "networks fit"
    return f"{len(choice.fits)} of {every} {fit} for {choice.task}: {said}.{aside}"


def _nearest(choice: Choice) -> str:
    near = min(choice.misses, key=lambda miss: (miss.worst, miss.row.macs))
    limits = choice.budgets.limits
    takes = " and ".join(
        f"{budget.written(need)} where the limit is {budget.written(limits[budget])}"
        for budget, need in near.over.items()
    )
    said = f"{name_of(near.row.spec)} comes nearest and takes {takes}: {_times(near.worst)}"
    shallow = [name_of(deep.row.spec) for deep in choice.deepest]
    return f"{said}; outside the catalog {shallow[0]} fits" if shallow else said


def _times(ratio: float) -> str:
    """By how much a limit is missed: `12.0% too much`, or `3.40 times as much`."""
    if ratio < 2:
        return f"{percent(ratio - 1, 1)} too much"
    return f"{three(ratio) if ratio < 1_000 else f'{ratio:,.0f}'} times as much"
