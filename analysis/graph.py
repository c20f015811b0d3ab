"""A network as a graph with positions: nodes, the main path, and every shortcut with its kind.

A ResNet's structure is known, so its layout is computed in closed form, in time linear in what is
drawn: left to right along a row, a new row where the next stage does not fit, and a stage that is
longer than a row goes on in the next. A shortcut is an arc above, from before its block to the
addition after it, so no skip is ever drawn over the main path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import inf, log, sqrt
from operator import itemgetter

from analysis.costs import Profile, ShortcutUse
from analysis.render.numbers import exact, shape
from analysis.residual import block_at
from nets import plan
from nets.plan import ShortcutKind
from nets.spec import Norm, ResNetSpec, quote


class Level(StrEnum):
    """How much one node stands for."""

    STAGE = "stage"
    BLOCK = "block"
    LAYER = "layer"


class Kind(StrEnum):
    """What a node is."""

    INPUT = "input"
    STEM = "stem"
    STAGE = "stage"
    BLOCK = "block"
    RUN = "run"
    CONV = "conv"
    NORM = "norm"
    ACTIVATION = "activation"
    ADD = "add"
    POOL = "pool"
    PAD = "pad"
    LINEAR = "linear"
    SHAPE = "shape"
    HEAD = "head"


Point = tuple[float, float]

# Sizes in px of the drawing.
_GAP, _STAGE_GAP, _LABEL_GAP = 18.0, 34.0, 92.0
_BOX, _PAST_BOX, _ADD = 40.0, 28.0, 18.0
_ARC = 46.0  # of a shortcut above the main path
_AROUND, _NEST = 4.0, 13.0  # of the arcs around a stage
_ABOVE, _BELOW = 92.0, 40.0  # of a row, from its main path
_ROW_GAP = 26.0
_MARGIN = 28.0
_FRAME, _FRAME_ABOVE = 8.0, 70.0  # around an opened block, from its nodes and its main path
_CHARACTER, _PADDING, _SMALLEST = 7.6, 18.0, 46.0

DEFAULT_ASPECT = 16 / 9

PRINTED_PT = 8.0
"""Text on paper, where the drawing's width there is known."""

SMALL = 12
"""The smallest text of a drawing, in its px."""

PAGE_MM = 240.0
"""The tallest drawing on paper: A4 with its margins, a caption left room."""

_PT_PER_MM = 72 / 25.4


@dataclass(frozen=True)
class Node:
    """A box, or the circle of an addition; (x, y) is its centre.

    `path` is the module's, of a run its first block's. `count` is how many equal blocks it is.
    `opens` are the names that show more of it when they are opened, the nearest first; `inside`
    is the opened name that shows it, empty where it is drawn anyway.
    """

    id: str
    kind: Kind
    label: str
    detail: str
    path: str
    width: float
    height: float
    x: float = 0
    y: float = 0
    count: int = 1
    opens: tuple[str, ...] = ()
    inside: str = ""


@dataclass(frozen=True)
class Edge:
    """A step of the main path; `label` is the shape on it where the shape changes."""

    source: str
    target: str
    points: tuple[Point, ...]
    label: str = ""

    @property
    def label_at(self) -> tuple[Point, str]:
        """Where the label's base line is, and whether it starts or has its middle there.

        Under a straight edge, beside one that runs down, on the way back from row to row.
        """
        if len(self.points) > 2:
            (x1, y), (x2, _) = self.points[2:4]
            return ((x1 + x2) / 2, y - 5), "middle"
        (x1, y1), (x2, y2) = self.points
        if x1 == x2:
            return (x1 + 8, (y1 + y2) / 2 + 4), "start"
        return ((x1 + x2) / 2, y1 + 17), "middle"


@dataclass(frozen=True)
class ShortcutLine:
    """The shortcut of a block or of a run of `count` equal blocks, past the boxes in `via`.

    The line begins on the main path just before `source` and ends at the addition `target`. At
    stage level, where no addition is drawn, it leads from before a stage to behind it.
    """

    path: str
    kind: ShortcutKind
    source: str
    target: str
    via: tuple[str, ...]
    points: tuple[Point, ...]
    label: str
    count: int = 1

    @property
    def head(self) -> tuple[Point, Point, Point]:
        """The arrow in which the line ends, in the direction of its last step."""
        (before, _), (x, y) = self.points[-2:]
        if before == x:
            return (x - 4, y - 7), (x, y), (x + 4, y - 7)
        back = 7 if x < before else -7
        return (x + back, y - 4), (x, y), (x + back, y + 4)


@dataclass(frozen=True)
class Band:
    """The part of one stage that lies in one row."""

    stage: str
    title: str
    shape: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Frame:
    """The outline around the layers of an opened block, `name` is what closes it."""

    name: str
    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Graph:
    """All that a renderer draws, in px, with what is free left and right of it.

    `caption` says in a few words what it shows.
    """

    model: str
    caption: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    shortcuts: tuple[ShortcutLine, ...]
    bands: tuple[Band, ...]
    frames: tuple[Frame, ...]
    width: float
    height: float
    margin: float = _MARGIN


@dataclass(frozen=True)
class Cell:
    """One block, or one node of the stem or the head, before it has a place.

    Along the row stand `before`, `branch`, the addition where there is one, and `after`; `past`
    stands on the shortcut. `arcs` says what shortcuts there are, and how many of each. `frame` is
    the title of an opened block.
    """

    branch: tuple[Node, ...]
    before: tuple[Node, ...] = ()
    add: Node | None = None
    after: tuple[Node, ...] = ()
    past: tuple[Node, ...] = ()
    arcs: tuple[tuple[ShortcutKind, int], ...] = ()
    path: str = ""
    frame: str = ""
    shortcut_after_before: bool = False

    @property
    def main(self) -> tuple[Node, ...]:
        """The nodes along the row."""
        return (*self.before, *self.branch, *((self.add,) if self.add else ()), *self.after)

    @property
    def forks(self) -> Node:
        """The node before which the shortcut leaves the main path."""
        return self.branch[0] if self.shortcut_after_before else (*self.before, *self.branch)[0]

    @cached_property
    def width(self) -> float:
        """From the gap before its first node to its last node's right edge."""
        nodes = sum(_GAP + node.width for node in self.main)
        past = sum(_GAP + node.width for node in self.past) + 2 * _GAP
        if self.arcs and not self.add:  # arcs around the box itself
            nodes += 2 * (_AROUND + _NEST * len(self.arcs))
        return max(nodes, past if self.past else 0) + (2 * _FRAME if self.frame else 0)


@dataclass(frozen=True)
class _Group:
    """The cells of the stem, of one stage or of the head, and the shape that enters it."""

    name: str
    cells: tuple[Cell, ...]
    entering: str

    @cached_property
    def width(self) -> float:
        """Of all its cells in one row."""
        return sum(cell.width for cell in self.cells)

    @property
    def gap(self) -> float:
        """What stands before it in a row, with room for the shape that enters it."""
        return _LABEL_GAP if self.entering else _STAGE_GAP


@dataclass(frozen=True)
class _View:
    """What of a network is drawn."""

    profile: Profile
    level: Level
    unfold: bool = False
    opened: frozenset[str] = frozenset()

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

    Raises:
        ValueError: where there is nothing of an opened name.
    """
    if unknown := set(opened) - openable(profile.spec):
        raise ValueError(
            f"{quote(min(unknown))} cannot be opened: a stage is named as layer1, all its blocks "
            "as layer1.all, a block as layer1.0"
        )
    groups = _groups(_View(profile, level, unfold, frozenset(opened)))
    what = f"every {level} a node"
    if width_mm is None:
        return _place(profile, what, _rows_for_aspect(groups, aspect))
    rows, width = _on_paper(groups, width_mm)
    return _place(profile, what, rows, (width - max(map(_row_width, rows))) / 2)


def block_graph(profile: Profile, path: str) -> Graph:
    """Lay out the layers of one block in a row, between the shapes of its input and its output.

    Raises:
        ValueError: where the network has no such block.
    """
    cell, use = cell_of(profile, path)
    ends = [
        _Group(name, (_single(name, Kind.INPUT, shape(sides), f"the block's {name}"),), "")
        for name, sides in (("input", use.input), ("output", use.output))
    ]
    inside = _Group(path.partition(".")[0], (replace(cell, frame=path),), "")
    return _place(profile, f"block {path}", _rows((ends[0], inside, ends[1]), inf))


def cell_of(profile: Profile, path: str) -> tuple[Cell, ShortcutUse]:
    """The layers of a block, and what stands beside them.

    Raises:
        ValueError: where the network has no such block.
    """
    use = block_at(profile, path)
    view = _View(profile, Level.LAYER, unfold=True)
    name, _, index = path.partition(".")
    stage = next(stage for stage in plan.stages(profile.spec) if stage.name == name)
    block = stage.first if index == "0" else stage.rest
    return _layers_cell(view, block, path, 1, ("", "")), use


def openable(spec: ResNetSpec) -> frozenset[str]:
    """Every name that `graph` can open."""
    return frozenset(
        name
        for stage in plan.stages(spec)
        for name in (
            stage.name,
            f"{stage.name}.all",
            *(f"{stage.name}.{i}" for i in range(stage.count)),
        )
    )


def _rows_for_aspect(groups: tuple[_Group, ...], aspect: float) -> list[_Row]:
    """Rows of the width that brings the drawing nearest to the aspect."""
    widest, total = _bounds(groups)
    ideal = sqrt(total * (_ABOVE + _BELOW + _ROW_GAP) * aspect)
    widths = sorted({max(widest, min(total, ideal * f / 20)) for f in range(12, 41)})

    def badness(width: float) -> float:
        return abs(log(width / _height(_rows(groups, width)) / aspect))

    return _rows(groups, min(widths, key=badness))


def _on_paper(groups: tuple[_Group, ...], width_mm: float) -> tuple[list[_Row], float]:
    """Rows for a width on paper, and the px of that width.

    Of all rows, those whose text is the largest, but not above `PRINTED_PT`, where the drawing is
    no taller than a page.
    """
    widest, total = _bounds(groups)
    legible = SMALL * width_mm * _PT_PER_MM / PRINTED_PT
    width, found = max(widest, legible - 2 * _MARGIN), []
    while True:
        rows = _rows(groups, width)
        drawn = max(map(_row_width, rows)) + 2 * _MARGIN
        found.append((max(drawn, legible, _height(rows) * width_mm / PAGE_MM), rows))
        if width >= total:
            needed, rows = min(found, key=itemgetter(0))
            return rows, needed
        width *= 1.05


def _bounds(groups: tuple[_Group, ...]) -> tuple[float, float]:
    """The shortest row that holds every cell, and the row that holds them all."""
    widest = max(cell.width for group in groups for cell in group.cells)
    return widest, sum(group.width + group.gap for group in groups)


def _groups(view: _View) -> tuple[_Group, ...]:
    profile, spec = view.profile, view.profile.spec
    outputs = {row.name: row.output for row in profile.stages}
    stem = plan.stem_steps(spec) if view.level is Level.LAYER else ("stem",)
    head = plan.head_steps(spec) if view.level is Level.LAYER else ("head",)
    image = _single("input", Kind.INPUT, shape(profile.input), "the images")
    groups = [_Group("stem", (image, *(_step(view, step) for step in stem)), "")]
    entering = outputs["stem"]
    for stage in plan.stages(spec):
        groups.append(_Group(stage.name, tuple(_stage_cells(view, stage)), shape(entering)))
        entering = outputs[stage.name]
    ends = tuple(_step(view, step) for step in head)
    groups.append(_Group("head", ends, shape(entering)))
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
    for index, block in enumerate(stage):
        path = f"{stage.name}.{index}"
        count = stage.count - 1 if index == 1 and folds else 1
        inside = everything if unfolded and index and stage.count > 2 else outer
        yield _block_cell(view, block, path, count, inside)
        if count > 1:
            return


def _stage_cell(view: _View, stage: plan.StagePlan) -> Cell:
    kinds = Counter(block.shortcut for block in stage)
    arcs = tuple((kind, n) for kind, n in kinds.items() if kind is not ShortcutKind.NONE)
    label = f"{stage.name} ×{stage.count}"
    node = _node(view, stage.name, Kind.STAGE, label, stage.count)
    return Cell(branch=(replace(node, opens=(stage.name,)),), arcs=arcs, path=stage.name)


def _block_cell(view: _View, block: plan.BlockPlan, path: str, count: int, inside: str) -> Cell:
    stage = path.partition(".")[0]
    unfolds = (f"{stage}.all",) if count > 1 else ()
    if view.level is Level.LAYER:
        return _layers_cell(view, block, path, count, (*unfolds, inside))
    title = _title(path, count)
    if path in view.opened:
        cell = _layers_cell(view, block, path, count, (*unfolds, path))
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
    view: _View, block: plan.BlockPlan, path: str, count: int, around: tuple[str, ...]
) -> Cell:
    """The layers of a block; `around` names what opens more of it, if any, and what closes it."""
    *opens, inside = around
    spec = view.profile.spec
    steps = plan.unit_steps(spec)
    convs = {conv.name: conv for conv in block.convs}

    def mark(node: Node) -> Node:
        return replace(node, opens=tuple(filter(None, opens)), inside=inside)

    def layers(names: tuple[str, ...]) -> tuple[Node, ...]:
        return tuple(
            mark(_layer(view, f"{path}.{name}", name, convs.get(name), count)) for name in names
        )

    add = _addition(block, path, count)
    return Cell(
        before=layers(steps.before),
        branch=layers(steps.branch),
        add=mark(add) if add else None,
        after=layers(steps.after),
        past=tuple(mark(node) for node in _past(view, block, path)),
        arcs=_arcs(block, count),
        path=path,
        shortcut_after_before=spec.unit.preactivated and block.shortcut is ShortcutKind.PROJECTION,
    )


def _title(path: str, count: int) -> str:
    """A block's path, or from where to where a run of equal ones goes."""
    if count == 1:
        return path
    stage, _, first = path.partition(".")
    return f"{path} to {stage[5:]}.{int(first) + count - 1} ×{count}"


def _addition(block: plan.BlockPlan, path: str, count: int) -> Node | None:
    if block.shortcut is ShortcutKind.NONE:
        return None
    return Node(f"{path}.add", Kind.ADD, "+", "addition", path, _ADD, _ADD, count=count)


def _arcs(block: plan.BlockPlan, count: int) -> tuple[tuple[ShortcutKind, int], ...]:
    return () if block.shortcut is ShortcutKind.NONE else ((block.shortcut, count),)


def _past(view: _View, block: plan.BlockPlan, path: str) -> tuple[Node, ...]:
    """The layers on a shortcut."""
    spec = view.profile.spec
    if block.shortcut is ShortcutKind.ZERO_PAD:
        node = _node(view, f"{path}.downsample", Kind.PAD, "zero pad")
        return (replace(node, height=_PAST_BOX),)
    if block.projection is None:
        return ()
    nodes = [_layer(view, f"{path}.downsample.0", "conv", block.projection)]
    if spec.projection_norm and spec.norm is Norm.BATCH:
        nodes.append(_layer(view, f"{path}.downsample.1", "bn", None))
    return tuple(replace(node, height=_PAST_BOX) for node in nodes)


def _single(name: str, kind: Kind, label: str, detail: str) -> Cell:
    return Cell(branch=(_box(name, kind, label, detail),), path=name)


def _step(view: _View, step: str) -> Cell:
    """One node of the stem or of the head."""
    if step in ("stem", "head"):
        return _single(step, Kind(step), step, view.details[step])
    conv = plan.stem_conv(view.profile.spec) if step == "conv1" else None
    return Cell(branch=(_layer(view, step, step, conv),), path=step)


def _layer(view: _View, path: str, name: str, conv: plan.ConvPlan | None, count: int = 1) -> Node:
    """A layer by what its name says it is."""
    spec = view.profile.spec
    if conv:
        stride = f" /{conv.stride}" if conv.stride > 1 else ""
        label, kind = f"{conv.kernel}×{conv.kernel}, {conv.out_channels}{stride}", Kind.CONV
    elif "bn" in name:
        label, kind = "BN", Kind.NORM
    elif "act" in name:
        label, kind = spec.activation.label, Kind.ACTIVATION
    elif name == "fc":
        label, kind = f"fc {spec.classes}", Kind.LINEAR
    else:
        labels = {"maxpool": "max pool /2", "avgpool": "avg pool"}
        label = labels.get(name, name)
        kind = Kind.POOL if name in labels else Kind.SHAPE
    return _node(view, path, kind, label, count)


def _node(view: _View, path: str, kind: Kind, label: str, count: int = 1) -> Node:
    return _box(path, kind, label, view.details.get(path, ""), count)


def _box(path: str, kind: Kind, label: str, detail: str, count: int = 1) -> Node:
    width = max(_SMALLEST, _CHARACTER * len(label) + _PADDING)
    return Node(path, kind, label, detail, path, width, _BOX, count=count)


def _details(profile: Profile) -> dict[str, str]:
    """What there is to say of every layer, block and stage, by path."""
    details = {
        row.path: f"{row.type}, {shape(row.input)} to {shape(row.output)}, "
        f"{exact(row.params)} parameters, {exact(row.macs)} MACs"
        for row in profile.layers
    }
    for row in profile.stages:
        details[row.name] = (
            f"output {shape(row.output)}, {exact(row.params)} parameters, {exact(row.macs)} MACs"
        )
    for use in profile.shortcuts:
        details[use.path] = f"{shape(use.input)} to {shape(use.output)}, {use.kind} shortcut"
    return details


_Row = list[tuple[_Group, tuple[Cell, ...], bool]]


def _rows(groups: tuple[_Group, ...], width: float) -> list[_Row]:
    """Parts of groups in rows at most this wide; the flag says whether a part begins its group."""
    rows: list[_Row] = [[]]
    used = 0.0
    for group in groups:
        if used and used + group.gap + group.width > width:
            rows.append([])
            used = 0.0
        used += group.gap if used else 0
        cells: list[Cell] = []
        begins = True
        for cell in group.cells:
            if cells and used + cell.width > width:
                rows[-1].append((group, tuple(cells), begins))
                rows.append([])
                cells, used, begins = [], 0.0, False
            cells.append(cell)
            used += cell.width
        rows[-1].append((group, tuple(cells), begins))
    return rows


def _place(profile: Profile, what: str, rows: list[_Row], left: float = _MARGIN) -> Graph:
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    frames: list[Frame] = []
    outputs = {row.name: shape(row.output) for row in profile.stages}
    right = end_of_row = 0.0
    previous: Node | None = None
    top = _MARGIN
    for row in rows:
        y, x = top + _above(row), left
        top = y + _BELOW + _ROW_GAP
        for part, (group, cells, begins) in enumerate(row):
            x += group.gap if part else 0
            start = x
            for index, cell in enumerate(cells):
                placed, end = _place_cell(cell, x, y)
                for node in placed.main:
                    if previous:
                        label = group.entering if begins and index == 0 else ""
                        label = label if node is placed.main[0] else ""
                        edges.append(_edge(previous, node, label, (left, end_of_row)))
                    previous = node
                nodes += [*placed.main, *placed.past]
                lines += _shortcut_lines(placed, y)
                if cell.frame:
                    frames.append(_frame(cell, x, y, end))
                x = end
            if group.name.startswith("layer"):
                more = ("" if begins else ", continued") + _drawn_once(cells)
                bands.append(
                    Band(
                        group.name,
                        f"{group.name} · {plan.paper_name(group.name)}{more}",
                        outputs[group.name],
                        start + _GAP / 2 - 8,
                        y - _ABOVE,
                        x - start - _GAP / 2 + 16,
                        _ABOVE + _BELOW - 8,
                    )
                )
            right = max(right, x)
        end_of_row = x
    return Graph(
        profile.model,
        what,
        tuple(nodes),
        tuple(edges),
        tuple(lines),
        tuple(bands),
        tuple(frames),
        right + left,
        top - _ROW_GAP + _MARGIN,
        left,
    )


def _frame(cell: Cell, x: float, y: float, end: float) -> Frame:
    left, top = x + _GAP / 2 - 2, y - _FRAME_ABOVE
    return Frame(cell.path, cell.frame, left, top, end - left, _FRAME_ABOVE + _BELOW - 14)


def _drawn_once(cells: tuple[Cell, ...]) -> str:
    """What a band says of a run of equal blocks whose layers are drawn once."""
    for cell in cells:
        first = cell.branch[0]
        if first.count > 1 and first.kind is not Kind.STAGE and first.kind is not Kind.RUN:
            if cell.frame:  # which says it itself
                return ""
            said = _title(cell.path, first.count).rpartition(" ")[0]
            return f" · {said} are equal, drawn once"
    return ""


def _above(row: _Row) -> float:
    """From a row's upper edge to its main path: arcs and a band's title stand there, if any."""
    return _ABOVE if any(group.name.startswith("layer") for group, _, _ in row) else _BOX


def _row_width(row: _Row) -> float:
    """From its first cell to the end of its last."""
    gaps = sum(group.gap for group, _, _ in row[1:])
    return gaps + sum(cell.width for _, cells, _ in row for cell in cells)


def _height(rows: list[_Row]) -> float:
    """Of a drawing of these rows."""
    return 2 * _MARGIN + sum(_above(row) + _BELOW + _ROW_GAP for row in rows) - _ROW_GAP


def _place_cell(cell: Cell, x: float, y: float) -> tuple[Cell, float]:
    """The cell with its nodes placed from x on, and where it ends."""
    edge = _FRAME if cell.frame else 0.0
    slack = cell.width - 2 * edge - sum(_GAP + node.width for node in cell.main)
    around = slack / 2 if cell.arcs and not cell.add else 0.0
    gap = _GAP + (around or slack / len(cell.main))
    x += edge

    def along(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        nonlocal x
        placed = []
        for node in nodes:
            x += gap
            placed.append(replace(node, x=x + node.width / 2, y=y))
            x += node.width
        return tuple(placed)

    before, branch = along(cell.before), along(cell.branch)
    add = along((cell.add,))[0] if cell.add else None
    after = along(cell.after)
    placed = replace(cell, before=before, branch=branch, add=add, after=after)
    past: list[Node] = []
    if cell.past and add:
        left, end = placed.forks.x - placed.forks.width / 2 - _GAP / 2, add.x
        wide = sum(node.width for node in cell.past) + _GAP * (len(cell.past) - 1)
        at = (left + end - wide) / 2
        for node in cell.past:
            past.append(replace(node, x=at + node.width / 2, y=y - _ARC))
            at += node.width + _GAP
    return replace(placed, past=tuple(past)), x + around + edge


def _shortcut_lines(cell: Cell, y: float) -> Iterator[ShortcutLine]:
    source = cell.forks
    left = source.x - source.width / 2 - _GAP / 2
    for number, (kind, count) in enumerate(cell.arcs):
        target = cell.add or cell.branch[-1]
        if cell.add:
            start, top, end, bottom = left, y - _ARC, target.x, y - target.height / 2
        else:
            out = _AROUND + _NEST * (number + 0.5)
            start, end = source.x - source.width / 2 - out, target.x + target.width / 2 + out
            top, bottom = y - target.height / 2 - out - 4, y
        yield ShortcutLine(
            path=cell.path,
            kind=kind,
            source=source.id,
            target=target.id,
            via=tuple(node.id for node in cell.past),
            points=((start, y), (start, top), (end, top), (end, bottom)),
            label=f"{kind} ×{count}" if count > 1 else kind.value,
            count=count,
        )


def _edge(one: Node, other: Node, label: str, row: tuple[float, float]) -> Edge:
    """A straight line in a row; from row to row around the end of one and the next one's start."""
    start, end = one.x + one.width / 2, other.x - other.width / 2
    if one.y == other.y:
        return Edge(one.id, other.id, ((start, one.y), (end, other.y)), label)
    outer, inner = row[1] + _GAP, row[0] - 8
    between = one.y + _BELOW + _ROW_GAP / 2 - 6
    points = (
        (start, one.y),
        (outer, one.y),
        (outer, between),
        (inner, between),
        (inner, other.y),
        (end, other.y),
    )
    return Edge(one.id, other.id, points, label)
