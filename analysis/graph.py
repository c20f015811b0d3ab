"""A network as a graph with positions: nodes, the main path, and every shortcut with its kind.

A ResNet's structure is known, so its layout is computed in closed form, in time linear in what is
drawn: left to right along a row, a new row where the next stage does not fit, and a stage that is
longer than a row goes on in the next. A shortcut is an arc above, from before its block to the
addition after it, so no skip is ever drawn over the main path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import log, sqrt

from analysis.costs import Profile
from analysis.render.numbers import exact, shape
from nets import plan
from nets.plan import ShortcutKind
from nets.spec import Norm, ResNetSpec


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
_CHARACTER, _PADDING, _SMALLEST = 7.6, 18.0, 46.0

DEFAULT_ASPECT = 16 / 9


@dataclass(frozen=True)
class Node:
    """A box, or the circle of an addition; (x, y) is its centre.

    `path` is the module's, of a run its first block's. `count` is how many equal blocks it is.
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


@dataclass(frozen=True)
class Edge:
    """A step of the main path; `label` is the shape on it where the shape changes."""

    source: str
    target: str
    points: tuple[Point, ...]
    label: str = ""


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
class Graph:
    """All that a renderer draws, in px."""

    model: str
    level: Level
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    shortcuts: tuple[ShortcutLine, ...]
    bands: tuple[Band, ...]
    width: float
    height: float


@dataclass(frozen=True)
class _Cell:
    """One block, or one node of the stem or the head, before it has a place.

    Along the row stand `before`, `branch`, the addition where there is one, and `after`; `past`
    stands on the shortcut. `arcs` says what shortcuts there are, and how many of each.
    """

    branch: tuple[Node, ...]
    before: tuple[Node, ...] = ()
    add: Node | None = None
    after: tuple[Node, ...] = ()
    past: tuple[Node, ...] = ()
    arcs: tuple[tuple[ShortcutKind, int], ...] = ()
    path: str = ""
    shortcut_after_before: bool = False

    @property
    def main(self) -> tuple[Node, ...]:
        """The nodes along the row."""
        return (*self.before, *self.branch, *((self.add,) if self.add else ()), *self.after)

    @cached_property
    def width(self) -> float:
        """From the gap before its first node to its last node's right edge."""
        nodes = sum(_GAP + node.width for node in self.main)
        past = sum(_GAP + node.width for node in self.past) + 2 * _GAP
        if self.arcs and not self.add:  # arcs around the box itself
            nodes += 2 * (_AROUND + _NEST * len(self.arcs))
        return max(nodes, past if self.past else 0)


@dataclass(frozen=True)
class _Group:
    """The cells of the stem, of one stage or of the head, and the shape that enters it."""

    name: str
    cells: tuple[_Cell, ...]
    entering: str

    @cached_property
    def width(self) -> float:
        """Of all its cells in one row."""
        return sum(cell.width for cell in self.cells)

    @property
    def gap(self) -> float:
        """What stands before it in a row, with room for the shape that enters it."""
        return _LABEL_GAP if self.entering else _STAGE_GAP


def graph(
    profile: Profile,
    level: Level = Level.BLOCK,
    unfold: bool = False,
    aspect: float = DEFAULT_ASPECT,
) -> Graph:
    """Lay out a network.

    Args:
        profile: the counted network.
        level: whether a node is a stage, a block or a layer.
        unfold: whether every block of a run of equal ones is drawn.
        aspect: width over height that the drawing should come near to.
    """
    groups = _groups(profile, level, unfold)
    total = sum(group.width + group.gap for group in groups)
    widest = max(cell.width for group in groups for cell in group.cells)
    ideal = sqrt(total * (_ABOVE + _BELOW + _ROW_GAP) * aspect)
    widths = sorted({max(widest, min(total, ideal * f / 20)) for f in range(12, 41)})

    def badness(width: float) -> float:
        rows = len(_rows(groups, width))
        height = rows * (_ABOVE + _BELOW + _ROW_GAP)
        return abs(log(width / height / aspect))

    rows = _rows(groups, min(widths, key=badness))
    return _place(profile, level, groups, rows)


def _groups(profile: Profile, level: Level, unfold: bool) -> tuple[_Group, ...]:
    spec = profile.spec
    outputs = {row.name: row.output for row in profile.stages}
    details = _details(profile)
    stem = plan.stem_steps(spec) if level is Level.LAYER else ("stem",)
    head = plan.head_steps(spec) if level is Level.LAYER else ("head",)
    image = _single("input", Kind.INPUT, shape(profile.input), "the images")
    groups = [_Group("stem", (image, *(_step(spec, step, details) for step in stem)), "")]
    entering = outputs["stem"]
    for stage in plan.stages(spec):
        if level is Level.STAGE:
            cells: tuple[_Cell, ...] = (_stage_cell(stage, details),)
        else:
            cells = tuple(_block_cells(spec, stage, level, unfold, details))
        groups.append(_Group(stage.name, cells, shape(entering)))
        entering = outputs[stage.name]
    ends = tuple(_step(spec, step, details) for step in head)
    groups.append(_Group("head", ends, shape(entering)))
    return tuple(groups)


def _stage_cell(stage: plan.StagePlan, details: dict[str, str]) -> _Cell:
    kinds = Counter(block.shortcut for block in stage)
    arcs = tuple((kind, n) for kind, n in kinds.items() if kind is not ShortcutKind.NONE)
    label = f"{stage.name} ×{stage.count}"
    node = _node(stage.name, Kind.STAGE, label, stage.name, details, stage.count)
    return _Cell(branch=(node,), arcs=arcs, path=stage.name)


def _block_cells(
    spec: ResNetSpec, stage: plan.StagePlan, level: Level, unfold: bool, details: dict[str, str]
) -> Iterator[_Cell]:
    folds = not unfold and stage.count > 2
    for index, block in enumerate(stage):
        path = f"{stage.name}.{index}"
        if index == 1 and folds:
            yield _block_cell(spec, block, path, level, details, stage.count - 1)
            return
        yield _block_cell(spec, block, path, level, details, 1)


def _block_cell(
    spec: ResNetSpec,
    block: plan.BlockPlan,
    path: str,
    level: Level,
    details: dict[str, str],
    count: int,
) -> _Cell:
    none = block.shortcut is ShortcutKind.NONE
    add = None if none else Node(f"{path}.add", Kind.ADD, "+", "addition", path, _ADD, _ADD)
    arcs = () if none else ((block.shortcut, count),)
    if level is Level.BLOCK:
        label = path
        if count > 1:
            last = int(path.rpartition(".")[2]) + count - 1
            label = f"{path} to {path[5:].partition('.')[0]}.{last} ×{count}"
        kind = Kind.RUN if count > 1 else Kind.BLOCK
        node = _node(path, kind, label, path, details, count)
        return _Cell(branch=(node,), add=add, arcs=arcs, path=path)
    steps = plan.unit_steps(spec)
    convs = {conv.name: conv for conv in block.convs}

    def layers(names: tuple[str, ...]) -> tuple[Node, ...]:
        return tuple(
            _layer(spec, f"{path}.{name}", name, convs.get(name), details, count) for name in names
        )

    return _Cell(
        before=layers(steps.before),
        branch=layers(steps.branch),
        add=replace(add, count=count) if add else None,
        after=layers(steps.after),
        past=_past(spec, block, path, details),
        arcs=arcs,
        path=path,
        shortcut_after_before=spec.unit.preactivated and block.shortcut is ShortcutKind.PROJECTION,
    )


def _past(
    spec: ResNetSpec, block: plan.BlockPlan, path: str, details: dict[str, str]
) -> tuple[Node, ...]:
    """The layers on a shortcut."""
    if block.shortcut is ShortcutKind.ZERO_PAD:
        name = f"{path}.downsample"
        node = _node(name, Kind.PAD, "zero pad", name, details)
        return (replace(node, height=_PAST_BOX),)
    if block.projection is None:
        return ()
    conv = _layer(spec, f"{path}.downsample.0", "conv", block.projection, details)
    nodes = [conv]
    if spec.projection_norm and spec.norm is Norm.BATCH:
        nodes.append(_layer(spec, f"{path}.downsample.1", "bn", None, details))
    return tuple(replace(node, height=_PAST_BOX) for node in nodes)


def _single(name: str, kind: Kind, label: str, detail: str) -> _Cell:
    return _Cell(branch=(_node(name, kind, label, name, {name: detail}),), path=name)


def _step(spec: ResNetSpec, step: str, details: dict[str, str]) -> _Cell:
    """One node of the stem or of the head."""
    if step in ("stem", "head"):
        return _single(step, Kind(step), step, details[step])
    conv = plan.stem_conv(spec) if step == "conv1" else None
    return _Cell(branch=(_layer(spec, step, step, conv, details),), path=step)


def _layer(
    spec: ResNetSpec,
    path: str,
    name: str,
    conv: plan.ConvPlan | None,
    details: dict[str, str],
    count: int = 1,
) -> Node:
    """A layer by what its name says it is."""
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
    return _node(path, kind, label, path, details, count)


def _node(
    name: str, kind: Kind, label: str, path: str, details: dict[str, str], count: int = 1
) -> Node:
    width = max(_SMALLEST, _CHARACTER * len(label) + _PADDING)
    return Node(name, kind, label, details.get(path, ""), path, width, _BOX, count=count)


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


_Row = list[tuple[_Group, tuple[_Cell, ...], bool]]


def _rows(groups: tuple[_Group, ...], width: float) -> list[_Row]:
    """Parts of groups in rows at most this wide; the flag says whether a part begins its group."""
    rows: list[_Row] = [[]]
    used = 0.0
    for group in groups:
        if used and used + group.gap + group.width > width:
            rows.append([])
            used = 0.0
        used += group.gap if used else 0
        cells: list[_Cell] = []
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


def _place(profile: Profile, level: Level, groups: tuple[_Group, ...], rows: list[_Row]) -> Graph:
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    outputs = {row.name: shape(row.output) for row in profile.stages}
    right = end_of_row = 0.0
    previous: Node | None = None
    for number, row in enumerate(rows):
        y = _MARGIN + _ABOVE + number * (_ABOVE + _BELOW + _ROW_GAP)
        x = _MARGIN
        for part, (group, cells, begins) in enumerate(row):
            x += group.gap if part else 0
            start = x
            for index, cell in enumerate(cells):
                placed, x = _place_cell(cell, x, y)
                for node in placed.main:
                    if previous:
                        label = group.entering if begins and index == 0 else ""
                        label = label if node is placed.main[0] else ""
                        edges.append(_edge(previous, node, label, end_of_row))
                    previous = node
                nodes += [*placed.main, *placed.past]
                lines += _shortcut_lines(placed, y)
            if group.name in plan.stage_names(profile.spec):
                more = "" if begins else ", continued"
                if level is Level.LAYER:
                    more += _drawn_once(cells)
                paper = plan.paper_name(group.name)
                bands.append(
                    Band(
                        group.name,
                        f"{group.name} · {paper}{more}",
                        outputs[group.name],
                        start + _GAP / 2 - 8,
                        y - _ABOVE,
                        x - start - _GAP / 2 + 16,
                        _ABOVE + _BELOW - 8,
                    )
                )
            right = max(right, x)
        end_of_row = x
    height = 2 * _MARGIN + len(rows) * (_ABOVE + _BELOW + _ROW_GAP) - _ROW_GAP
    return Graph(
        profile.model,
        level,
        tuple(nodes),
        tuple(edges),
        tuple(lines),
        tuple(bands),
        right + _MARGIN,
        height,
    )


def _drawn_once(cells: tuple[_Cell, ...]) -> str:
    """What a band says of a run of equal blocks whose layers are drawn once."""
    for cell in cells:
        if (count := cell.branch[0].count) > 1:
            stage, _, first = cell.path.rpartition(".")
            return f" · {cell.path} to {stage[5:]}.{int(first) + count - 1} are equal, drawn once"
    return ""


def _place_cell(cell: _Cell, x: float, y: float) -> tuple[_Cell, float]:
    """The cell with its nodes placed from x on, and where it ends."""
    slack = cell.width - sum(_GAP + node.width for node in cell.main)
    around = slack / 2 if cell.arcs and not cell.add else 0.0
    gap = _GAP + (around or slack / len(cell.main))

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
    past: list[Node] = []
    if cell.past and add:
        first = branch[0] if cell.shortcut_after_before else (*before, *branch)[0]
        left, end = first.x - first.width / 2 - _GAP / 2, add.x
        wide = sum(node.width for node in cell.past) + _GAP * (len(cell.past) - 1)
        at = (left + end - wide) / 2
        for node in cell.past:
            past.append(replace(node, x=at + node.width / 2, y=y - _ARC))
            at += node.width + _GAP
    placed = replace(cell, before=before, branch=branch, add=add, after=after, past=tuple(past))
    return placed, x + around


def _shortcut_lines(cell: _Cell, y: float) -> Iterator[ShortcutLine]:
    source = cell.branch[0] if cell.shortcut_after_before else (*cell.before, *cell.branch)[0]
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


def _edge(one: Node, other: Node, label: str, end_of_row: float) -> Edge:
    """A straight line in a row; from row to row around the end of one and the next one's start."""
    start, end = one.x + one.width / 2, other.x - other.width / 2
    if one.y == other.y:
        return Edge(one.id, other.id, ((start, one.y), (end, other.y)), label)
    outer, inner = end_of_row + _GAP, _MARGIN - 8
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
