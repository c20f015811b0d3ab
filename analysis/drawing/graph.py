"""A network as a graph: its nodes, the main path, and every shortcut with its kind.

This module decides what to draw of a network at each level, with equal blocks folded;
`analysis.drawing.layout` decides where.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import groupby, pairwise

from analysis.costs.profiles import Profile, ShortcutUse
from analysis.drawing import boxes, column, layout
from analysis.drawing.boxes import box
from analysis.drawing.cells import Cell, Group, Network, block_title, run_title
from analysis.drawing.key import NAMES
from analysis.drawing.parts import SMALL, TEXT, Graph, Kind, Labels, Layout, Node
from analysis.drawing.spacing import CLOSE, LOW, PAPER, SCREEN, SNUG, TIGHT, Spacing
from analysis.drawing.wrap import COLUMN_MM, LEAST_PT, px_at
from analysis.structure.residual import block_at, conv_label, grouping, operation
from analysis.style.look import PAGE_MM
from analysis.style.numbers import exact, shape
from nets import plan
from nets.names import option_words, title
from nets.options import Activation, Norm, UnitOrder, number_of, quote
from nets.plan import Place, ShortcutKind, Step, StepKind
from nets.spec import ResNetSpec

DEFAULT_ASPECT = 16 / 9


class Level(StrEnum):
    """What one node represents."""

    STAGE = "stage"
    BLOCK = "block"
    LAYER = "layer"


_BLOCK_MM = 120.0
"""Largest height of a single block in a column on paper if it is legible."""

_LOOSE = 14.5
"""Line spacing of labels with numbers in the boxes of stem and head where these are low, in px."""

_APART = 6.0
"""Gap from an addition to a run's shortcut on a wall, where lines are wide, in drawing px."""

_ADD = 16.0
"""Width of an addition's circle, in px of the drawing."""


@dataclass(frozen=True)
class View:
    """What to draw of a network, and what its boxes say.

    `labels` is None for the level's default: paths of blocks, operations of layers. `figures`
    leaves room for a number in every box. `groups` adds groups and dilation to the labels, for
    drawings without bands for them, `splits` draws the stem's pooling as a separate box, and
    `joins` writes the two convolutions of a basic block in one line.
    """

    profile: Profile
    level: Level = Level.BLOCK
    unfold: bool = False
    opened: frozenset[str] = frozenset()
    labels: Labels | None = None
    spacing: Spacing = SCREEN
    figures: bool = False
    groups: bool = False
    splits: bool = False
    joins: bool = False
    cuts: frozenset[str] = frozenset()
    short: bool = False

    @cached_property
    def details(self) -> dict[str, str]:
        """The details of every layer, block and stage, by path."""
        return _details(self.profile)

    def widened(self, smallest: float) -> View:
        """Return the view with boxes at least as wide as this, in px."""
        widest = max(self.spacing.smallest, smallest)
        return replace(self, spacing=replace(self.spacing, smallest=widest))


def graph(
    profile: Profile,
    level: Level = Level.BLOCK,
    unfold: bool = False,
    aspect: float = DEFAULT_ASPECT,
    opened: Collection[str] = (),
    width_mm: float | None = None,
    labels: Labels | None = None,
    arranged: Layout = Layout.ROWS,
    figures: bool = False,
    cuts: Collection[str] = (),
    fits: bool = False,
    tight: bool = False,
    smallest: float = 0.0,
) -> Graph:
    """Lay out a network.

    Args:
        profile: the counted network.
        level: whether a node is a stage, a block or a layer.
        unfold: whether to draw every block of a run of equal ones.
        aspect: the width over height to aim for.
        opened: names to draw in more detail than the level: `layer3` shows the stage's blocks,
            `layer3.all` every block of its run, `layer3.4` that block's layers.
        width_mm: the drawing's width on paper. Its text then has 7 to 8 pt if the drawing fits the
            height of the paper; the aspect is ignored.
        labels: what the boxes of blocks say. None means operations if a width on paper is given,
            otherwise paths; layers always say what they compute unless paths are requested.
        arranged: whether the drawing runs in rows or down a column.
        figures: whether every box has room for a number below its label, for heat.
        cuts: paths of blocks before which a run of equal ones ends.
        fits: whether to space it as tightly as on paper, with text as large as a container of this
            aspect allows; blocks are then numbered within the stages that their bands name, and
            annotations are as large as labels.
        tight: whether to space it more tightly than usual on a screen, for larger text.
        smallest: the width in px of the narrowest box, if that is more than usual.

    Raises:
        ValueError: if an opened name doesn't exist.
    """
    view = view_of(profile, level, unfold, opened, width_mm, labels, figures)
    view = replace(view, groups=arranged is Layout.COLUMN, cuts=frozenset(cuts))
    if fits or tight:
        view = replace(view, spacing=spacing_in_place(fits, tight, figures), short=fits)
    found = layout.arrange(network_of(view.widened(smallest)), arranged, aspect, width_mm, fits)
    return replace(found, small=TEXT) if fits else found


def spacing_in_place(fits: bool, tight: bool, figures: bool) -> Spacing:
    """Return the spacing of a drawing for a place on a screen; arguments as in `graph`."""
    if not fits:
        return CLOSE if tight else SCREEN
    spacing = SNUG if figures else PAPER
    if tight:
        spacing = replace(TIGHT, smallest=spacing.smallest) if figures else TIGHT
    return replace(spacing, apart=_APART)


def view_of(
    profile: Profile,
    level: Level,
    unfold: bool,
    opened: Collection[str],
    width_mm: float | None,
    labels: Labels | None,
    figures: bool,
) -> View:
    """Return what to draw of a network; arguments and errors as in `graph`."""
    if unknown := set(opened) - openable(profile.spec):
        raise ValueError(
            f"{quote(min(unknown))} can't be opened: name a stage as layer1, all its blocks as "
            "layer1.all, or a block as layer1.0"
        )
    if labels is None and width_mm is not None:
        labels = Labels.OPERATIONS
    spacing = SCREEN
    if width_mm is not None:
        spacing = _on_paper(width_mm, level, figures, labels is Labels.BOTH)
    return View(profile, level, unfold, frozenset(opened), labels, spacing, figures)


def _on_paper(width_mm: float, level: Level, figures: bool = False, both: bool = False) -> Spacing:
    """Return the spacing of a drawing on paper: close for layers and for tall boxes in a column."""
    if level is Level.LAYER and not COLUMN_MM < width_mm <= PAGE_MM:
        return TIGHT
    if both and width_mm <= COLUMN_MM:
        return replace(LOW, row_gap=5.0, label=14.0)
    if figures and level is Level.LAYER:
        return replace(LOW, row_gap=5.0)
    return LOW if figures and width_mm <= COLUMN_MM else PAPER


def block_graph(
    profile: Profile,
    path: str,
    width_mm: float | None = None,
    arranged: Layout | None = None,
    figures: bool = False,
    smallest: float = 0.0,
) -> Graph:
    """Lay out the layers of one block between the shapes of its input and its output.

    Args:
        profile: the counted network.
        path: the block's path.
        width_mm: the drawing's width on paper, on which its text has 7 to 8 pt if it fits.
        arranged: rows or a column. Rows are one or, if its text would be too small on paper, two;
            None means a column if two rows aren't legible either.
        figures: whether every box has room for a number below its label, for heat.
        smallest: the width in px of the narrowest box, if that is more than usual.

    Raises:
        ValueError: if the network has no such block.
    """
    view = View(profile, Level.LAYER, unfold=True, figures=figures)
    if width_mm is not None:
        view = replace(view, spacing=_on_paper(width_mm, Level.LAYER))
    network = _network_of_block(view.widened(smallest), path)
    if arranged is Layout.COLUMN:
        return column.in_a_column(network, width_mm, _BLOCK_MM)
    if width_mm is None:
        return layout.in_a_row(network)
    least = px_at(width_mm, LEAST_PT)
    close = _network_of_block(replace(view, spacing=TIGHT).widened(smallest), path)
    for one in (network, close):
        row = layout.in_a_row(one, width_mm)
        if row.width <= least + 0.1:
            return row
    for one in (network, close):
        two = layout.in_two_rows(one, width_mm)
        if two.width <= least + 0.1:
            return two
    return two if arranged else column.in_a_column(network, width_mm, _BLOCK_MM)


def _network_of_block(view: View, path: str) -> Network:
    """Return one block between the shapes of its input and its output."""
    profile = view.profile
    cell, use = _cell_at(view, path)
    ends = [
        Group(name, (_single(view, name, Kind.INPUT, (shape(sides),), f"the block's {name}"),))
        for name, sides in (("input", use.input), ("output", use.output))
    ]
    stage = use.place.stage
    inside = Group(
        stage,
        (replace(cell, frame=path),),
        output=shape(use.output),
        paper=plan.paper_name(profile.spec, stage),
        is_stage=True,
    )
    groups = (ends[0], inside, ends[1])
    name = f"{title(profile.spec)}, {path}"
    return Network(
        profile.model, name, f"block {path}", groups, view.spacing, has_scale=view.figures
    )


def cell_of(profile: Profile, path: str, spacing: Spacing = SCREEN) -> tuple[Cell, ShortcutUse]:
    """Return the layers of a block as a cell, with its shortcut.

    Raises:
        ValueError: if the network has no such block.
    """
    return _cell_at(View(profile, Level.LAYER, unfold=True, spacing=spacing), path)


def _cell_at(view: View, path: str) -> tuple[Cell, ShortcutUse]:
    """Return a block's layers as a cell, with its shortcut; errors as in `cell_of`."""
    use = block_at(view.profile, path)
    block = plan.block_at(view.profile.spec, use.place)
    return _layers_cell(view, block, use.place, 1, ("", "")), use


def openable(spec: ResNetSpec) -> frozenset[str]:
    """Return all names that `graph` can open."""
    return frozenset(
        name
        for place in plan.blocks(spec)
        for name in (place.stage, f"{place.stage}.all", place.path)
    )


def network_of(view: View) -> Network:
    """Return everything to draw of a network, without positions."""
    profile, spec = view.profile, view.profile.spec
    outputs = {row.name: row.output for row in profile.stages}
    size = shape(profile.input)
    image = _single(view, "input", Kind.INPUT, (size,), "the images")
    groups = [Group("input", (image,), output=size), *_stem(view)]
    groups = groups if view.splits else [replace(groups[1], cells=(image, *groups[1].cells))]
    entering = outputs["stem"]
    for stage in plan.stages(spec):
        note = "" if view.level is Level.LAYER else _note(stage)  # layers show their own details
        output = shape(outputs[stage.name])
        cells, paper = tuple(_stage_cells(view, stage)), plan.paper_name(spec, stage.name)
        groups.append(Group(stage.name, cells, shape(entering), output, paper, note, True))
        entering = outputs[stage.name]
    head = _end(view, Kind.HEAD, plan.head_steps(spec))
    groups.append(Group(plan.HEAD, head, shape(entering), shape(outputs[plan.HEAD])))
    caption, is_layers = f"one node per {view.level}", view.level is Level.LAYER
    notes = () if is_layers else tuple(_notes(view))
    name = title(spec)
    every = tuple(groups)
    return Network(
        profile.model, name, caption, every, view.spacing, notes, is_layers, view.figures
    )


def _says(view: View) -> Labels:
    """Return what the boxes of a view say."""
    if view.labels is not None:
        return view.labels
    return Labels.OPERATIONS if view.level is Level.LAYER else Labels.PATH


def _stem(view: View) -> tuple[Group, ...]:
    """Return the stem as one group, or split where its pooling shrinks the map."""
    spec = view.profile.spec
    steps = plan.stem_steps(spec)
    output = {row.name: row.output for row in view.profile.stages}[plan.STEM]
    pools = steps[-1].kind is StepKind.MAX_POOL
    if not (view.splits and pools):
        return (Group(plan.STEM, _end(view, Kind.STEM, steps), output=shape(output)),)
    before = next(row for row in view.profile.layers if row.path == steps[-1].name).input
    conv, pool = steps[:-1], steps[-1:]
    if view.level is Level.LAYER:
        cells = [_end(view, Kind.STEM, part) for part in (conv, pool)]
    else:
        cells = [
            (
                Cell(
                    branch=(replace(_stem_box(view, part), also=_paths(part[1:])),),
                    path=part[0].name,
                ),
            )
            for part in (conv, pool)
        ]
    return tuple(
        Group(name, part, output=shape(sides))
        for name, part, sides in (("conv1", cells[0], before), ("maxpool", cells[1], output))
    )


def _stem_box(view: View, steps: tuple[Step, ...]) -> Node:
    """Return the box of the stem's convolutions or of its pooling."""
    kind, name = steps[0]
    node = _layer(view, name, kind, name, plan.stem_convs(view.profile.spec).get(name))
    if len(convs := [step for step in steps if step.kind is StepKind.CONV]) > 1:
        said = _operations(view.profile.spec, tuple(convs))
        lines = ("conv1",) if _says(view) is not Labels.OPERATIONS else ()
        node = _node(
            view, name, Kind.STEM, lines + (said if _says(view) is not Labels.PATH else ())
        )
    return replace(node, kind=Kind.STEM)


def _paths(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(step.name for step in steps)


def _notes(view: View) -> Iterator[str]:
    """Yield explanations of the boxes of stem and head, and what the boxes of blocks don't show."""
    spec, steps = view.profile.spec, plan.stem_steps(view.profile.spec)
    if _says(view) is Labels.PATH:
        ends = {plan.STEM: steps, plan.HEAD: plan.head_steps(spec)}
        if view.splits and steps[-1].kind is StepKind.MAX_POOL:
            ends = {"conv1": steps[:-1], "maxpool": steps[-1:], plan.HEAD: ends[plan.HEAD]}
        for name, inside in ends.items():
            yield f"{name}: {', '.join(_operations(spec, inside))}"
    if note := unit_note(spec):
        yield note


def unit_note(spec: ResNetSpec) -> str:
    """Return what is unusual in a network's blocks and only a drawing of layers shows, or ""."""
    usual: dict[str, object] = {
        "unit": UnitOrder.ORIGINAL,
        "norm": Norm.BATCH,
        "activation": Activation.RELU,
        "se": 0,
        "dropout": 0,
    }
    said = [
        option_words(name, getattr(spec, name))
        for name, value in usual.items()
        if getattr(spec, name) != value
    ]
    return f"every block: {', '.join(said)}" if said else ""


def _operations(spec: ResNetSpec, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Return the stem's or head's operations, except norms, activations and reshaping.

    Those with which a head begins, after pre-activated blocks, are included, on one line.
    """
    quiet = (StepKind.NORM, StepKind.ACTIVATION, StepKind.FLATTEN)
    convs = plan.stem_convs(spec)
    said = [step_label(spec, step, convs.get(step.name)) for step in steps]
    first = next(i for i, step in enumerate(steps) if step.kind not in quiet)
    begins = (", ".join(said[:first]),) if first else ()
    rest = zip(steps[first:], said[first:], strict=True)
    return (*begins, *(label for step, label in rest if step.kind not in quiet))


def _stage_cells(view: View, stage: plan.StagePlan) -> Iterator[Cell]:
    """Yield a stage as one box, or its blocks, with equal ones folded unless unfolded."""
    if view.level is Level.STAGE and stage.name not in view.opened:
        yield _stage_cell(view, stage)
        return
    everything = f"{stage.name}.all"
    outer = stage.name if view.level is Level.STAGE else ""
    unfolded = everything in view.opened and not view.unfold
    folds = not (view.unfold or unfolded) and has_equal_blocks(stage)
    places = [Place(stage.name, index) for index in range(stage.count)]
    starts = [i for i, at in enumerate(places) if not folds or i < 2 or at.path in view.cuts]
    for start, end in pairwise([*starts, stage.count]):
        inside = everything if unfolded and start and has_equal_blocks(stage) else outer
        block = stage.rest if start else stage.first
        yield _block_cell(view, block, places[start], end - start, inside)


def has_equal_blocks(stage: plan.StagePlan) -> bool:
    """Return whether a stage has blocks to fold: two or more after the first, which differs."""
    return stage.count > 2


def _stage_cell(view: View, stage: plan.StagePlan) -> Cell:
    arcs = _arcs_of(stage)
    lines, beside = (f"{stage.name} ×{stage.count}",), ""
    if (says := _says(view)) is not Labels.PATH:
        path = (stage.name,) if says is Labels.BOTH else ()
        lines, beside = (*path, *_stage_operations(stage)), f"×{stage.count}"
    node = _node(view, stage.name, Kind.STAGE, lines, stage.count, beside)
    node = replace(node, opens=(stage.name,))
    lower = view.figures and not (view.short and len(node.lines) == 1)  # else beside the label
    small = TEXT if view.short else SMALL
    node = boxes.with_units(node, arcs, _note(stage), view.spacing, lower, small)
    return Cell(branch=(node,), arcs=arcs, path=stage.name)


def _stage_operations(stage: plan.StagePlan) -> Iterator[str]:
    """Yield the convolutions of a stage's blocks; `(first /2)` if only the first has a stride."""
    for conv, later in zip(stage.first.convs, stage.rest.convs, strict=True):
        label = operation(later)
        once = f" (first /{conv.stride})" if conv.stride > later.stride else ""
        yield f"{label}{once}" if stage.count > 1 else operation(conv)


def _arcs_of(stage: plan.StagePlan) -> tuple[tuple[ShortcutKind, int], ...]:
    """Return the kinds of shortcut in a stage, with their numbers."""
    kinds = Counter(block.shortcut for block in stage)
    return tuple((kind, n) for kind, n in kinds.items() if kind is not ShortcutKind.NONE)


def stage_in_words(stage: plan.StagePlan) -> str:
    """Describe a stage's blocks: `1 projection and 35 identity shortcuts, 32 groups`."""
    arcs = _arcs_of(stage)
    said = " and ".join(f"{count} {NAMES[kind]}" for kind, count in arcs) or "no"
    shortcuts = f"{said} shortcut{'' if stage.count == 1 and arcs else 's'}"
    return ", ".join(filter(None, (shortcuts, _note(stage))))


def _note(stage: plan.StagePlan) -> str:
    """Return the groups and dilation of a stage's blocks: `32 groups, dilation 1, then 2`."""
    first, rest = (
        max(block.convs, key=lambda conv: (conv.groups, conv.dilation))
        for block in (stage.first, stage.rest)
    )
    later = (rest.dilation,) if stage.count > 1 else ()
    return grouping(first.groups, first.dilation, *later)


def _block_cell(view: View, block: plan.BlockPlan, place: Place, count: int, inside: str) -> Cell:
    path = place.path
    unfolds = (f"{place.stage}.all",) if count > 1 else ()
    if view.level is Level.LAYER:
        return _layers_cell(view, block, place, count, (*unfolds, inside))
    title = block_title(place, count)
    if path in view.opened:
        cell = _layers_cell(view, block, place, count, (*unfolds, path))
        return replace(cell, frame=f"{title}, drawn once" if count > 1 else title)
    lines, beside = (title.removeprefix("layer") if view.short else title,), ""
    if (says := _says(view)) is not Labels.PATH:
        told = view.short and says is Labels.BOTH  # the short title already has the count
        path_line = lines if told else (run_title(place, count),) if says is Labels.BOTH else ()
        said = conv_label if view.groups else operation
        convs = tuple(map(said, block.convs))
        is_joined = view.joins and len(convs) == 2
        lines = (*path_line, *(("; ".join(convs),) if is_joined else convs))
        beside = f"×{count}" if count > 1 and not told else ""
    kind, opens = Kind.RUN if count > 1 else Kind.BLOCK, (*unfolds, path)
    node = _node(view, path, kind, lines, count, beside, opens, inside)
    return Cell(
        branch=(node,),
        add=_addition(block, path, 1, opens, inside),
        arcs=_arcs(block, count),
        path=path,
    )


def _layers_cell(
    view: View, block: plan.BlockPlan, place: Place, count: int, around: tuple[str, ...]
) -> Cell:
    """Return the layers of a block; `around` names what opens more of it, if any, and closes it."""
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
    bare = count > 1 and add is None and path not in view.opened
    return Cell(
        before=layers(steps.before),
        branch=layers(steps.branch),
        add=mark(add) if add else None,
        after=layers(steps.after),
        past=tuple(mark(node) for node in _past(view, block, path, count)),
        arcs=_arcs(block, count),
        path=path,
        shortcut_after_before=block.shares_activation,
        frame=f"×{count}" if bare else "",
    )


def _addition(
    block: plan.BlockPlan, path: str, count: int, opens: tuple[str, ...] = (), inside: str = ""
) -> Node | None:
    if block.shortcut is ShortcutKind.NONE:
        return None
    name = f"{path}.add"
    return Node(
        name, Kind.ADD, "+", "addition", path, _ADD, _ADD, count=count, opens=opens, inside=inside
    )


def _arcs(block: plan.BlockPlan, count: int) -> tuple[tuple[ShortcutKind, int], ...]:
    return () if block.shortcut is ShortcutKind.NONE else ((block.shortcut, count),)


def _past(view: View, block: plan.BlockPlan, path: str, count: int) -> tuple[Node, ...]:
    """Return the layers on a shortcut."""
    spec = view.profile.spec
    if block.shortcut is ShortcutKind.ZERO_PAD:
        halved = f" /{block.stride}" if block.stride > 1 else ""
        nodes = [_node(view, f"{path}.downsample", Kind.PAD, (f"zero pad{halved}",), count)]
    elif block.projection is None:
        return ()
    else:
        nodes = []
        for kind, name in plan.shortcut_steps(spec, block):
            conv = block.projection if kind is StepKind.CONV else None
            nodes.append(_layer(view, f"{path}.{name}", kind, name, conv, count))
    return tuple(boxes.past_box(node, view.spacing, view.figures) for node in nodes)


def _single(view: View, name: str, kind: Kind, lines: tuple[str, ...], detail: str) -> Cell:
    return Cell(branch=(box(name, kind, lines, detail, view.spacing),), path=name)


def _end(view: View, kind: Kind, steps: tuple[Step, ...]) -> tuple[Cell, ...]:
    """Return the stem or the head: one node, or at layer level one per step."""
    if view.level is not Level.LAYER:
        says = _says(view)
        lines: tuple[str, ...] = (kind.value,) if says is not Labels.OPERATIONS else ()
        lines += _operations(view.profile.spec, steps) if says is not Labels.PATH else ()
        if kind is Kind.HEAD or view.level is Level.STAGE:  # less tall than other boxes of its row
            view = replace(view, spacing=replace(view.spacing, line=_LOOSE))
        return (Cell(branch=(_node(view, kind, kind, lines),), path=kind),)
    convs = plan.stem_convs(view.profile.spec)
    return tuple(
        Cell(branch=(_layer(view, name, step, name, convs.get(name)),), path=name)
        for step, name in steps
    )


_KINDS = {
    StepKind.CONV: Kind.CONV,
    StepKind.NORM: Kind.NORM,
    StepKind.ACTIVATION: Kind.ACTIVATION,
    StepKind.DROPOUT: Kind.DROPOUT,
    StepKind.SE: Kind.SE,
    StepKind.MAX_POOL: Kind.POOL,
    StepKind.AVERAGE_POOL: Kind.POOL,
    StepKind.GLOBAL_POOL: Kind.POOL,
    StepKind.LINEAR: Kind.LINEAR,
    StepKind.FLATTEN: Kind.SHAPE,
    StepKind.SOFTMAX: Kind.SHAPE,
}


def _layer(
    view: View, path: str, step: StepKind, name: str, conv: plan.ConvPlan | None, count: int = 1
) -> Node:
    """Return the node of one step; `conv` is its plan if it is a convolution."""
    label = step_label(view.profile.spec, Step(step, name), conv)
    says = view.labels or Labels.OPERATIONS
    lines: tuple[str, ...] = (path,) if says is not Labels.OPERATIONS else ()
    lines += (label,) if says is not Labels.PATH else ()
    return _node(view, path, _KINDS[step], lines, count)


def step_label(spec: ResNetSpec, step: Step, conv: plan.ConvPlan | None) -> str:
    """Return what a step computes; `conv` is its plan if it is a convolution."""
    match step.kind:
        case StepKind.CONV:
            assert conv is not None
            return conv_label(conv)
        case StepKind.NORM | StepKind.ACTIVATION:
            return plan.label(spec, step.kind)
        case StepKind.LINEAR:
            return f"fc {spec.classes}"
        case StepKind.MAX_POOL:
            return "max pool /2"
        case StepKind.GLOBAL_POOL:
            return "avg pool"
        case StepKind.AVERAGE_POOL:
            return "avg pool 2×2 /2"
        case StepKind.DROPOUT:
            return f"dropout {spec.dropout:g}"
        case StepKind.SE:
            return f"SE, ratio {spec.se}"
        case _:
            return step.name


def _node(
    view: View,
    path: str,
    kind: Kind,
    lines: Iterable[str],
    count: int = 1,
    beside: str = "",
    opens: tuple[str, ...] = (),
    inside: str = "",
) -> Node:
    return box(
        path,
        kind,
        tuple(lines),
        view.details.get(path, ""),
        view.spacing,
        count,
        beside,
        view.figures,
        opens,
        inside,
    )


def _details(profile: Profile) -> dict[str, str]:
    """Return the details of every layer, block and stage, by path."""
    special = _special(profile.spec)
    details = {
        path: f"{row.type}{special.get(path, '')}, {shape(row.input)} to "
        f"{shape(row.output)}, {exact(row.params)} parameters, {exact(row.macs)} MACs"
        for row in profile.layers
        for path in (row.path,)  # the property is computed on each access
    }
    for module, layers in groupby(profile.layers, lambda row: row.place.module):
        rows = list(layers)
        if len(rows) > 1 and plan.is_inside_step(profile.spec, rows[0].place):
            inside = number_of(rows[1].output[0], "channel")
            details[module.path] = (
                f"squeeze-and-excitation with {inside} inside, {shape(rows[0].input)}, "
                f"{exact(sum(row.params for row in rows))} parameters, "
                f"{exact(sum(row.macs for row in rows))} MACs"
            )
    stages = {stage.name: f", {stage_in_words(stage)}" for stage in plan.stages(profile.spec)}
    for row in profile.stages:
        details[row.name] = (
            f"output {shape(row.output)}, {exact(row.params)} parameters, {exact(row.macs)} MACs"
            f"{stages.get(row.name, '')}"
        )
    for use in profile.shortcuts:
        details[use.path] = (
            f"{shape(use.input)} to {shape(use.output)}, {NAMES[use.kind]} shortcut"
            f"{special.get(use.path, '')}"
        )
    return details


def _special(spec: ResNetSpec) -> dict[str, str]:
    """Return the groups and dilation of every block and convolution that has them, by path."""
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
