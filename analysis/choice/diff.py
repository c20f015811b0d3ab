"""The difference of two networks: blocks added, removed and changed, stage by stage.

Stages are aligned by number and blocks by position from the start of the stage, so a network's
extra blocks are at the end of their stage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise, zip_longest
from typing import NamedTuple

from analysis.costs.profiles import Profile, StageCost, profile
from analysis.drawing.graph import DEFAULT_ASPECT, graph
from analysis.drawing.parts import Graph, named_alike
from analysis.structure.residual import grouping
from analysis.style.language import counted, translate
from analysis.style.numbers import delta
from nets import plan
from nets.names import kind_of, names_of, option_words, titles_of
from nets.options import Norm, number_of
from nets.origin import OptionDiff, differences
from nets.plan import BlockPlan, ConvPlan, ShortcutKind, StepKind
from nets.spec import ResNetSpec

SIDE_ASPECT = 1.0
"""The ratio of width to height of each of two graphs side by side, legible on a phone as well."""

_MOST = 3  # most differences that a short sentence names

_UNSEEN = {"input": "input ", "bn_eps": "", "bn_momentum": "", "init": "", "zero_init": ""}
"""Options that change neither a block's form nor the stem's and head's, with a word before."""


class Change(StrEnum):
    """The change of a stage or a block."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


class Aspect(StrEnum):
    """An aspect in which two blocks, stems or heads can differ."""

    CHANNELS = "input channels"
    CONVOLUTIONS = "convolutions"
    STRIDE = "stride"
    SHORTCUT = "shortcut"
    ORDER = "unit order"
    NORM = "norm"
    DROPOUT = "dropout"
    SE = "SE"
    ACTIVATION = "activation"
    BIAS = "bias"
    PADDING = "padding"
    STEPS = "steps"


@dataclass(frozen=True)
class Difference:
    """One aspect before and after, in words."""

    aspect: Aspect
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


@dataclass(frozen=True)
class BlockDiff:
    """One position in a stage: the block of each network, or None, and their differences."""

    path: str
    change: Change
    what: tuple[Difference, ...]
    before: BlockPlan | None
    after: BlockPlan | None


@dataclass(frozen=True)
class StageDiff:
    """The stem, one stage or the head of both networks, with a stage's blocks in order."""

    name: str
    change: Change
    what: tuple[Difference, ...]
    before: StageCost | None
    after: StageCost | None
    blocks: tuple[BlockDiff, ...]

    @property
    def tally(self) -> Counter[Change]:
        """The number of blocks added, removed, changed and left unchanged."""
        return Counter(block.change for block in self.blocks)

    @property
    def params_gained(self) -> int:
        """Parameters of the second network minus those of the first."""
        return _gained(self.before, self.after, "params")

    @property
    def macs_gained(self) -> int:
        """Multiply-adds of the second network minus those of the first."""
        return _gained(self.before, self.after, "macs")

    @property
    def saved_bytes_gained(self) -> int | None:
        """The same for memory saved for backward; None if a network can't train at this batch."""
        one, other = (cost.saved_bytes if cost else 0 for cost in (self.before, self.after))
        return None if one is None or other is None else other - one


@dataclass(frozen=True)
class Diff:
    """The difference between two networks, in both directions."""

    before: Profile
    after: Profile
    stages: tuple[StageDiff, ...]
    options: tuple[OptionDiff, ...]

    @property
    def sentence(self) -> str:
        """The difference in one sentence, with its costs in another."""
        return _sentence(self, _clauses(self))

    @property
    def changes(self) -> tuple[str, ...]:
        """The differences, one each; none between two networks that are the same."""
        return tuple(clause.text for clause in _clauses(self)) if self.options else ()

    @property
    def costs(self) -> str:
        """The differences of parameters, MACs and, if both can train, saved memory."""
        before, after = self.before, self.after
        gains = [
            f"{delta(after.params, before.params)} parameters",
            f"{delta(after.macs, before.macs)} MACs",
        ]
        if before.saved_bytes is not None and after.saved_bytes is not None:
            saved = delta(after.saved_bytes, before.saved_bytes, "B")
            gains.append(f"{saved} saved for backward")
        return ", ".join(gains)

    @property
    def short_sentence(self) -> str:
        """The same with only the differences of most blocks, these first; others are counted."""
        clauses = _clauses(self)
        named = sorted(clauses, key=lambda clause: -clause.blocks)[:_MOST]
        if others := len(clauses) - len(named):
            named.append(_Clause(number_of(others, "other difference"), 0))
        return _sentence(self, named)

    @property
    def names(self) -> tuple[str, ...]:
        """The two networks' names: `plain, 20 layers` for stacks, or else catalog titles."""
        both = [self.before.spec, self.after.spec]
        return (names_of if "plain" in map(kind_of, both) else titles_of)(both)

    @property
    def brief(self) -> str:
        """The blocks added, removed and changed, and the counts, in the spoken language."""
        one, other = self.names
        if not self.options:
            return translate("{one} and {other} are the same network.", one=one, other=other)
        added, removed, changed = (
            self.tally[change] for change in (Change.ADDED, Change.REMOVED, Change.CHANGED)
        )
        parts = [
            counted(added, "{number} block added", "{number} blocks added") if added else "",
            counted(removed, "{number} block removed", "{number} blocks removed")
            if removed
            else "",
            counted(changed, "{number} block changed", "{number} blocks changed")
            if changed
            else "",
        ]
        gained = translate(
            "{params} parameters, {macs} MACs",
            params=delta(self.after.params, self.before.params),
            macs=delta(self.after.macs, self.before.macs),
        )
        changes = translate("; ").join(filter(None, (*parts, gained)))
        return translate("From {one} to {other}: {changes}.", one=one, other=other, changes=changes)

    @property
    def untrainable(self) -> str:
        """The reason, by network, why there is no saved memory to compare, or ""."""
        costs = (cost for cost in (self.before, self.after) if cost.untrainable)
        return "; ".join(f"{cost.model} can't train because {cost.untrainable}" for cost in costs)

    @property
    def tally(self) -> Counter[Change]:
        """The sum of all stages' tallies."""
        return sum((stage.tally for stage in self.stages), Counter())


def diff(before: ResNetSpec, after: ResNetSpec, batch: int = 1) -> Diff:
    """Compare two networks. All counts are for the whole batch, each network at its own input.

    Raises:
        ValueError: as `profile` does.
    """
    counted = profile(before, batch=batch), profile(after, batch=batch)
    stages = tuple(_stages(*counted))
    options = differences(before, after)
    return Diff(*counted, stages, options)


class MarkedGraph(NamedTuple):
    """A network's graph, and the change of each node by path."""

    graph: Graph
    marks: dict[str, Change]


def marked_graphs(
    found: Diff, aspect: float = DEFAULT_ASPECT, width_mm: float | None = None
) -> tuple[MarkedGraph, MarkedGraph]:
    """Return both networks' graphs with their differences marked.

    Equal blocks are folded only if they have the same change.

    Args:
        found: the difference.
        aspect: target ratio of width to height for each drawing.
        width_mm: the width of each on paper, instead of the aspect.
    """
    cuts = {
        block.path
        for stage in found.stages
        for before, block in pairwise(stage.blocks)
        if before.change is not block.change
    }
    fits = width_mm is None
    one, other = (
        graph(cost, aspect=aspect, cuts=cuts, fits=fits, tight=fits, width_mm=width_mm)
        for cost in (found.before, found.after)
    )
    # Beside a graph without room for the paper's names of stages, one with them looks different.
    bands, count = named_alike((*one.bands, *other.bands)), len(one.bands)
    one, other = replace(one, bands=bands[:count]), replace(other, bands=bands[count:])
    return MarkedGraph(one, marks_on(found, one)), MarkedGraph(other, marks_on(found, other))


def most_marked(one: MarkedGraph, other: MarkedGraph) -> MarkedGraph:
    """Return the graph with more marked boxes, or the other one if they have equally many."""
    return one if len(one.marks) > len(other.marks) else other


def marks_on(found: Diff, drawn: Graph) -> dict[str, Change]:
    """Return the changes of a graph's boxes, by path."""
    changes: dict[str, Change] = {
        stage.name: stage.change for stage in found.stages if not stage.blocks
    }
    changes |= {block.path: block.change for stage in found.stages for block in stage.blocks}
    return {
        node.path: change
        for node in drawn.nodes
        if (change := changes.get(node.path, Change.SAME)) is not Change.SAME
    }


def _gained(before: StageCost | None, after: StageCost | None, name: str) -> int:
    one, other = (getattr(cost, name) if cost else 0 for cost in (before, after))
    return int(other - one)


def _stages(before: Profile, after: Profile) -> Iterator[StageDiff]:
    costs = [{row.name: row for row in cost.stages} for cost in (before, after)]
    plans = [{stage.name: stage for stage in plan.stages(c.spec)} for c in (before, after)]
    ends = {
        "stem": [_stem(cost.spec) for cost in (before, after)],
        "head": [_head(cost.spec) for cost in (before, after)],
    }
    names = max(plans, key=len)
    for name in ("stem", *names, "head"):
        one, other = costs[0].get(name), costs[1].get(name)
        blocks: tuple[BlockDiff, ...] = ()
        what: tuple[Difference, ...] = ()
        if name in ends:
            what = _between(Aspect.STEPS, *ends[name])
        else:
            pair = zip_longest(plans[0].get(name, ()), plans[1].get(name, ()))
            blocks = tuple(
                _block(f"{name}.{i}", before.spec, after.spec, a, b)
                for i, (a, b) in enumerate(pair)
            )
        differs = bool(what) or any(block.change is not Change.SAME for block in blocks)
        if one is None or other is None:
            change = Change.ADDED if one is None else Change.REMOVED
        else:
            change = Change.CHANGED if differs else Change.SAME
        yield StageDiff(name, change, what, one, other, blocks)


def _block(
    path: str, before: ResNetSpec, after: ResNetSpec, one: BlockPlan | None, other: BlockPlan | None
) -> BlockDiff:
    if one is None or other is None:
        change = Change.ADDED if one is None else Change.REMOVED
        return BlockDiff(path, change, (), one, other)
    what = (
        *_between(
            Aspect.CHANNELS, *(number_of(b.in_channels, "input channel") for b in (one, other))
        ),
        *_between(Aspect.CONVOLUTIONS, _convs(one), _convs(other)),
        *_between(Aspect.STRIDE, _stride(one), _stride(other)),
        *_between(Aspect.SHORTCUT, _shortcut(before, one), _shortcut(after, other)),
        *_between(Aspect.ORDER, *(option_words("unit", spec.unit) for spec in (before, after))),
        *_between(Aspect.NORM, *map(_norm, (before, after))),
        *_between(Aspect.DROPOUT, *map(_dropout, (before, after))),
        *_between(Aspect.SE, *(option_words("se", spec.se) for spec in (before, after))),
        *_between(Aspect.ACTIVATION, before.activation.label, after.activation.label),
        *_between(Aspect.BIAS, *(option_words("bias", spec.bias) for spec in (before, after))),
        *_between(
            Aspect.PADDING, *(option_words("padding", spec.padding) for spec in (before, after))
        ),
    )
    return BlockDiff(path, Change.CHANGED if what else Change.SAME, what, one, other)


def _norm(spec: ResNetSpec) -> str:
    groups = f" of {number_of(spec.norm_groups, 'group')}" if spec.norm is Norm.GROUP else ""
    return f"{option_words('norm', spec.norm)}{groups}"


def _dropout(spec: ResNetSpec) -> str:
    return f"dropout {spec.dropout:g}" if spec.dropout else "no dropout"


def _between(aspect: Aspect, one: str, other: str) -> tuple[Difference, ...]:
    return () if one == other else (Difference(aspect, one, other),)


def _convs(block: BlockPlan) -> str:
    """Return kernels and output channels, as in `1×1 64, 3×3 64, 1×1 256`."""
    return ", ".join(map(_conv, block.convs))


def _conv(conv: ConvPlan) -> str:
    special = grouping(conv.groups, conv.dilation)
    said = f" ({special})" if special else ""
    return f"{conv.kernel}×{conv.kernel} {conv.out_channels}{said}"


def _stride(block: BlockPlan) -> str:
    place = next((conv.name for conv in block.convs if conv.stride > 1), "")
    return f"stride {block.stride} on {place}" if place else "no stride"


def _shortcut(spec: ResNetSpec, block: BlockPlan) -> str:
    """Return the shortcut in words, as in `projection with BN`."""
    if block.shortcut is ShortcutKind.NONE:
        return "no shortcut"
    if block.shortcut is not ShortcutKind.PROJECTION:
        return block.shortcut.replace("_", "-")
    steps = plan.shortcut_steps(spec, block)
    normed = steps[-1].kind is StepKind.NORM
    pooled = "pooled " if steps[0].kind is StepKind.AVERAGE_POOL else ""
    return f"{pooled}projection {'with' if normed else 'without'} {spec.norm.label or 'BN'}"


def _stem(spec: ResNetSpec) -> str:
    """Return the stem's steps, as in `7×7 64 stride 2, BN, ReLU, max pool`.

    Greyscale images add `from 1`.
    """
    convs, said = plan.stem_convs(spec), []
    for step in plan.stem_steps(spec):
        if step.kind is not StepKind.CONV:
            said.append(_step(spec, step.kind))
            continue
        conv = convs[step.name]
        stride = f" stride {conv.stride}" if conv.stride > 1 else ""
        bias = " with bias" if spec.bias else ""
        channels = f" from {conv.in_channels}" if not said and conv.in_channels != 3 else ""
        said.append(f"{_conv(conv)}{channels}{stride}{bias}")
    return ", ".join(said)


def _head(spec: ResNetSpec) -> str:
    kinds = (step.kind for step in plan.head_steps(spec))
    return ", ".join(_step(spec, kind) for kind in kinds if kind is not StepKind.FLATTEN)


def _step(spec: ResNetSpec, kind: StepKind) -> str:
    if kind in (StepKind.NORM, StepKind.ACTIVATION):
        return plan.label(spec, kind)
    if kind is StepKind.LINEAR:
        return f"fc {plan.features(spec)} to {spec.classes}"
    if kind is StepKind.GLOBAL_POOL:
        return "average pool"
    return kind.replace("_", " ")


class _Clause(NamedTuple):
    """One difference in words, and the number of blocks that have it."""

    text: str
    blocks: int


def _clauses(found: Diff) -> list[_Clause]:
    """Return the differences: blocks added, removed and changed, stem and head, then the rest."""
    return [*_counts(found.stages), *_changes(found.stages), *_unseen(found)]


def _sentence(found: Diff, clauses: Sequence[_Clause]) -> str:
    """Return these differences in one sentence."""
    before, after = found.before, found.after
    one, other = found.names
    if not found.options:
        return f"{before.model} and {after.model} are the same network."
    said = "; ".join(clause.text for clause in clauses)
    return f"From {one} to {other}: {said}. In total {found.costs}."


def _counts(stages: tuple[StageDiff, ...]) -> Iterator[_Clause]:
    """Yield counts such as `3 blocks added (2 in layer3, 1 in layer4)`."""
    for change in (Change.ADDED, Change.REMOVED):
        by_stage = {stage.name: number for stage in stages if (number := stage.tally[change])}
        if by_stage:
            total = sum(by_stage.values())
            each = ", ".join(f"{number} in {name}" for name, number in by_stage.items())
            where = f"({each})" if len(by_stage) > 1 else f"in {next(iter(by_stage))}"
            yield _Clause(f"{number_of(total, 'block')} {change} {where}", total)


def _changes(stages: tuple[StageDiff, ...]) -> Iterator[_Clause]:
    """Yield each kind of change once with its number of blocks, then stem and head."""
    shared = [b for stage in stages for b in stage.blocks if b.before and b.after]
    for aspect in Aspect:
        kinds = Counter(str(what) for b in shared for what in b.what if what.aspect is aspect)
        if len(kinds) <= 2:
            for kind, number in kinds.items():
                yield _Clause(f"{kind} in {_where(number, shared)}", number)
        else:
            total = kinds.total()
            yield _Clause(f"{_summed(aspect, shared)} in {_where(total, shared)}", total)
    for stage in stages:
        for what in stage.what:
            yield _Clause(f"{stage.name}: {what}", 0)


def _unseen(found: Diff) -> Iterator[_Clause]:
    """Yield the differences that no block, stem or head shows, as in `He init → Xavier init`."""
    for name, word in _UNSEEN.items():
        one, other = (
            option_words(name, getattr(cost.spec, name)) for cost in (found.before, found.after)
        )
        if one != other:
            yield _Clause(f"{word}{one} → {other}", 0)


def _summed(aspect: Aspect, shared: list[BlockDiff]) -> str:
    """Sum up an aspect that has too many kinds of change to list."""
    lengths = {
        tuple(len(block.convs) for block in (b.before, b.after) if block) for b in shared if b.what
    }
    if aspect is Aspect.CONVOLUTIONS and lengths <= {(2, 3), (3, 2)}:
        return "two 3×3 → bottleneck" if (2, 3) in lengths else "bottleneck → two 3×3"
    return f"different {aspect}"


def _where(number: int, shared: list[BlockDiff]) -> str:
    return "every block" if number == len(shared) else number_of(number, "block")
