"""A network as a graph: its nodes, the main path, and every shortcut with its kind.

What there is to draw of a network at each level, equal blocks folded, is decided here;
`analysis.drawing.layout` says where it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from analysis.costs.profiles import Profile, ShortcutUse
from analysis.drawing import layout
from analysis.drawing.key import NAMES
from analysis.drawing.layout import BOX, Cell, Group, block_title
from analysis.drawing.parts import Graph, Kind, Node
from analysis.structure.residual import block_at, conv_label, grouping
from analysis.style.numbers import exact, shape
from nets import plan
from nets.options import Norm, quote
from nets.plan import Place, ShortcutKind, Step, StepKind
from nets.spec import ResNetSpec

DEFAULT_ASPECT = 16 / 9


class Level(StrEnum):
    """How much one node stands for."""

    STAGE = "stage"
    BLOCK = "block"
    LAYER = "layer"


# Sizes in px of the drawing.
_PAST_BOX, _ADD = 28.0, 18.0
_CHARACTER, _PADDING, _SMALLEST = 7.6, 18.0, 46.0


@dataclass(frozen=True)
class _View:
    """What of a network is drawn."""

    profile: Profile
    level: Level
    unfold: bool = False
    opened: frozenset[str] = frozenset()
    cuts: frozenset[str] = frozenset()

    @cached_property
    def details(self) -> dict[str, str]:
        """What there is to say of every layer, block and stage, by path."""
        return _details(self.profile)


def graph(
    profile: Profile,
    level: Level = Level.BLOCK,
    unfold: bool = False,
    aspect: float = DEFAULT_ASPECT,
    opened: Collection[str] = (),
    width_mm: float | None = None,
    cuts: Collection[str] = (),
) -> Graph:
    """Lay out a network.

    Args:
        profile: the counted network.
        level: whether a node is a stage, a block or a layer.
        unfold: whether every block of a run of equal ones is drawn.
        aspect: width over height that the drawing should come near to.
        opened: names of which more is drawn than the level says: `layer3` shows the stage's
            blocks, `layer3.all` every block of its run, `layer3.4` that block's layers.
        width_mm: the drawing's width on paper. Rows are then as short as keeps its text at
            `PRINTED_PT`, but long enough for the drawing to be no taller than `PAGE_MM`; the
            aspect is not looked at.
        cuts: paths of blocks before which a run of equal ones ends.

    Raises:
        ValueError: where there is nothing of an opened name.
    """
    if unknown := set(opened) - openable(profile.spec):
        raise ValueError(
            f"{quote(min(unknown))} cannot be opened: a stage is named as layer1, all its blocks "
            "as layer1.all, a block as layer1.0"
        )
    groups = _groups(_View(profile, level, unfold, frozenset(opened), frozenset(cuts)))
    what = f"every {level} a node"
    if width_mm is None:
        return layout.for_aspect(profile, what, groups, aspect)
    return layout.on_paper(profile, what, groups, width_mm)


def block_graph(profile: Profile, path: str) -> Graph:
    """Lay out the layers of one block in a row, between the shapes of its input and its output.

    Raises:
        ValueError: where the network has no such block.
    """
    cell, use = cell_of(profile, path)
    ends = [
        Group(name, (_single(name, Kind.INPUT, shape(sides), f"the block's {name}"),), "")
        for name, sides in (("input", use.input), ("output", use.output))
    ]
    inside = Group(use.place.stage, (replace(cell, frame=path),), "")
    return layout.in_a_row(profile, f"block {path}", (ends[0], inside, ends[1]))


def cell_of(profile: Profile, path: str) -> tuple[Cell, ShortcutUse]:
    """The layers of a block, and what stands beside them.

    Raises:
        ValueError: where the network has no such block.
    """
    use = block_at(profile, path)
    view = _View(profile, Level.LAYER, unfold=True)
    block = plan.block_at(profile.spec, use.place)
    return _layers_cell(view, block, use.place, 1, ("", "")), use


def openable(spec: ResNetSpec) -> frozenset[str]:
    """Every name that `graph` can open."""
    return frozenset(
        name
        for place in plan.blocks(spec)
        for name in (place.stage, f"{place.stage}.all", place.path)
    )


def _groups(view: _View) -> tuple[Group, ...]:
    profile, spec = view.profile, view.profile.spec
    outputs = {row.name: row.output for row in profile.stages}
    image = _single("input", Kind.INPUT, shape(profile.input), "the images")
    stem = _end(view, Kind.STEM, plan.stem_steps(spec))
    groups = [Group(plan.STEM, (image, *stem), "")]
    entering = outputs["stem"]
    for stage in plan.stages(spec):
        note = "" if view.level is Level.LAYER else _note(stage)  # there every convolution says it
        cells = tuple(_stage_cells(view, stage))
        groups.append(Group(stage.name, cells, shape(entering), note))
        entering = outputs[stage.name]
    head = _end(view, Kind.HEAD, plan.head_steps(spec))
    groups.append(Group(plan.HEAD, head, shape(entering)))
    return tuple(groups)


def _stage_cells(view: _View, stage: plan.StagePlan) -> Iterator[Cell]:
    """A stage as one box, or its blocks, equal ones folded where nothing unfolds them."""
    if view.level is Level.STAGE and stage.name not in view.opened:
        yield _stage_cell(view, stage)
        return
    everything = f"{stage.name}.all"
    outer = stage.name if view.level is Level.STAGE else ""
    unfolded = everything in view.opened and not view.unfold
    folds = not (view.unfold or unfolded) and stage.count > 2
    places = [Place(stage.name, index) for index in range(stage.count)]
    starts = [i for i, at in enumerate(places) if not folds or i < 2 or at.path in view.cuts]
    for start, end in pairwise([*starts, stage.count]):
        inside = everything if unfolded and start and stage.count > 2 else outer
        block = stage.rest if start else stage.first
        yield _block_cell(view, block, places[start], end - start, inside)


def _stage_cell(view: _View, stage: plan.StagePlan) -> Cell:
    arcs = _arcs_of(stage)
    label = f"{stage.name} ×{stage.count}"
    node = _node(view, stage.name, Kind.STAGE, label, stage.count)
    node = layout.with_units(replace(node, opens=(stage.name,)), arcs, _note(stage))
    return Cell(branch=(node,), arcs=arcs, path=stage.name)


def _arcs_of(stage: plan.StagePlan) -> tuple[tuple[ShortcutKind, int], ...]:
    """The kinds of shortcut in a stage, and how many there are of each."""
    kinds = Counter(block.shortcut for block in stage)
    return tuple((kind, n) for kind, n in kinds.items() if kind is not ShortcutKind.NONE)


def stage_in_words(stage: plan.StagePlan) -> str:
    """What a stage's blocks are like: `1 projection and 35 identity shortcuts, 32 groups`."""
    arcs = _arcs_of(stage)
    said = " and ".join(f"{count} {NAMES[kind]}" for kind, count in arcs) or "no"
    shortcuts = f"{said} shortcut{'' if stage.count == 1 and arcs else 's'}"
    return ", ".join(filter(None, (shortcuts, _note(stage))))


def _note(stage: plan.StagePlan) -> str:
    """Groups and dilation of a stage's blocks, as in `32 groups, dilation 1, then 2`."""
    first, rest = (
        max(block.convs, key=lambda conv: (conv.groups, conv.dilation))
        for block in (stage.first, stage.rest)
    )
    later = (rest.dilation,) if stage.count > 1 else ()
    return grouping(first.groups, first.dilation, *later)


def _block_cell(view: _View, block: plan.BlockPlan, place: Place, count: int, inside: str) -> Cell:
    path = place.path
    unfolds = (f"{place.stage}.all",) if count > 1 else ()
    if view.level is Level.LAYER:
        return _layers_cell(view, block, place, count, (*unfolds, inside))
    title = block_title(place, count)
    if path in view.opened:
        cell = _layers_cell(view, block, place, count, (*unfolds, path))
        return replace(cell, frame=f"{title}, drawn once" if count > 1 else title)
    node = _node(view, path, Kind.RUN if count > 1 else Kind.BLOCK, title, count)
    node = replace(node, opens=(*unfolds, path), inside=inside)
    add = _addition(block, path, 1)
    return Cell(
        branch=(node,),
        add=replace(add, opens=node.opens, inside=inside) if add else None,
        arcs=_arcs(block, count),
        path=path,
    )


def _layers_cell(
    view: _View, block: plan.BlockPlan, place: Place, count: int, around: tuple[str, ...]
) -> Cell:
    """The layers of a block; `around` names what opens more of it, if any, and what closes it."""
    *opens, inside = around
    path = place.path
    spec = view.profile.spec
    steps = plan.unit_steps(spec)
    convs = {conv.name: conv for conv in block.convs}

    def mark(node: Node) -> Node:
        return replace(node, opens=tuple(filter(None, opens)), inside=inside)

    def layers(steps: tuple[Step, ...]) -> tuple[Node, ...]:
        return tuple(
            mark(_layer(view, f"{path}.{name}", kind, name, convs.get(name), count))
            for kind, name in steps
        )

    add = _addition(block, path, count)
    return Cell(
        before=layers(steps.before),
        branch=layers(steps.branch),
        add=mark(add) if add else None,
        after=layers(steps.after),
        past=tuple(mark(node) for node in _past(view, block, path, count)),
        arcs=_arcs(block, count),
        path=path,
        shortcut_after_before=block.shares_activation,
    )


def _addition(block: plan.BlockPlan, path: str, count: int) -> Node | None:
    if block.shortcut is ShortcutKind.NONE:
        return None
    return Node(f"{path}.add", Kind.ADD, "+", "addition", path, _ADD, _ADD, count=count)


def _arcs(block: plan.BlockPlan, count: int) -> tuple[tuple[ShortcutKind, int], ...]:
    return () if block.shortcut is ShortcutKind.NONE else ((block.shortcut, count),)


def _past(view: _View, block: plan.BlockPlan, path: str, count: int) -> tuple[Node, ...]:
    """The layers on a shortcut."""
    spec = view.profile.spec
    if block.shortcut is ShortcutKind.ZERO_PAD:
        node = _node(view, f"{path}.downsample", Kind.PAD, "zero pad", count)
        return (replace(node, height=_PAST_BOX),)
    if block.projection is None:
        return ()
    conv, norm = f"{path}.downsample.0", f"{path}.downsample.1"
    nodes = [_layer(view, conv, StepKind.CONV, conv, block.projection, count)]
    if spec.projection_norm and spec.norm is Norm.BATCH:
        nodes.append(_layer(view, norm, StepKind.NORM, norm, None, count))
    return tuple(replace(node, height=_PAST_BOX) for node in nodes)


def _single(name: str, kind: Kind, label: str, detail: str) -> Cell:
    return Cell(branch=(_box(name, kind, label, detail),), path=name)


def _end(view: _View, kind: Kind, steps: tuple[Step, ...]) -> tuple[Cell, ...]:
    """The stem or the head: one node, or by layers one for each step."""
    if view.level is not Level.LAYER:
        return (_single(kind, kind, kind, view.details[kind]),)
    conv = plan.stem_conv(view.profile.spec) if kind is Kind.STEM else None
    return tuple(
        Cell(branch=(_layer(view, name, step, name, conv),), path=name) for step, name in steps
    )


_KINDS = {
    StepKind.CONV: Kind.CONV,
    StepKind.NORM: Kind.NORM,
    StepKind.ACTIVATION: Kind.ACTIVATION,
    StepKind.MAX_POOL: Kind.POOL,
    StepKind.AVERAGE_POOL: Kind.POOL,
    StepKind.LINEAR: Kind.LINEAR,
    StepKind.FLATTEN: Kind.SHAPE,
    StepKind.SOFTMAX: Kind.SHAPE,
}


def _layer(
    view: _View, path: str, step: StepKind, name: str, conv: plan.ConvPlan | None, count: int = 1
) -> Node:
    """The node of one step; `conv` is its plan where it is a convolution."""
    spec = view.profile.spec
    match step:
        case StepKind.CONV:
            assert conv is not None
            label = conv_label(conv)
        case StepKind.NORM | StepKind.ACTIVATION:
            label = plan.label(spec, step)
        case StepKind.LINEAR:
            label = f"fc {spec.classes}"
        case StepKind.MAX_POOL:
            label = "max pool /2"
        case StepKind.AVERAGE_POOL:
            label = "avg pool"
        case _:
            label = name
    return _node(view, path, _KINDS[step], label, count)


def _node(view: _View, path: str, kind: Kind, label: str, count: int = 1) -> Node:
    return _box(path, kind, label, view.details.get(path, ""), count)


def _box(path: str, kind: Kind, label: str, detail: str, count: int = 1) -> Node:
    width = max(_SMALLEST, _CHARACTER * len(label) + _PADDING)
    return Node(path, kind, label, detail, path, width, BOX, count=count)


def _details(profile: Profile) -> dict[str, str]:
    """What there is to say of every layer, block and stage, by path."""
    special = _special(profile.spec)
    details = {
        row.path: f"{row.type}{special.get(row.path, '')}, {shape(row.input)} to "
        f"{shape(row.output)}, {exact(row.params)} parameters, {exact(row.macs)} MACs"
        for row in profile.layers
    }
    stages = {stage.name: f", {stage_in_words(stage)}" for stage in plan.stages(profile.spec)}
    for row in profile.stages:
        details[row.name] = (
            f"output {shape(row.output)}, {exact(row.params)} parameters, {exact(row.macs)} MACs"
            f"{stages.get(row.name, '')}"
        )
    for use in profile.shortcuts:
        details[use.path] = (
            f"{shape(use.input)} to {shape(use.output)}, {use.kind} shortcut"
            f"{special.get(use.path, '')}"
        )
    return details


def _special(spec: ResNetSpec) -> dict[str, str]:
    """Groups and dilation of every block and convolution that has them, by path."""
    found: dict[str, str] = {}
    for stage in plan.stages(spec):
        for index, block in enumerate(stage):
            place = Place(stage.name, index)
            said = {
                place._replace(layer=conv.name).path: grouping(conv.groups, conv.dilation)
                for conv in block.convs
            }
            found |= said
            found[place.path] = next(filter(None, said.values()), "")
    return {path: f", {said}" for path, said in found.items() if said}
