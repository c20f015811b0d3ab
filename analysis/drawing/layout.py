"""Layout of a drawing: cells in rows, and rows wrapped to an aspect or to paper.

Positions are computed in closed form, in time linear in the number of nodes: from left to right
along a row, with all rows of a drawing equally long. A shortcut is an arc above its block, from
before the block to the addition after it, so no shortcut ever covers the main path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

from analysis.drawing import arcs, column, wrap
from analysis.drawing.cells import FRAME, Cell, Network, key_entries
from analysis.drawing.fold import folded, stretched
from analysis.drawing.parts import (
    TEXT,
    Band,
    Edge,
    Frame,
    Graph,
    Heading,
    Kind,
    Layout,
    Node,
    Point,
    ShortcutLine,
    SmallUnit,
    named_alike,
)
from analysis.drawing.spacing import Spacing
from analysis.drawing.wrap import Row, Wrapping
from analysis.style.fonts import text_width
from analysis.style.language import listed
from analysis.style.look import PAGE_MM, SLIDE_ASPECT

HEAD = 26.0
"""Height of a network's name above its rows, in px."""

_TITLE = 17.0  # from a band's upper edge to its title's baseline
_APART = 12.0  # between networks whose names are beside their first bands
_WIDER = 1.1  # ratio of a heading's width to that of regular text, because it is bold
_BAND = 8.0  # how far a band extends beyond its last node
_LEAD = 4.0  # how far a band extends beyond its first node's fork
_EVEN = 1.02  # factor by which text may shrink to make boxes equally wide
_AROUND = 13.0  # how far the edge between two rows extends beyond the row's last node


def arrange(
    network: Network,
    layout: Layout,
    aspect: float,
    width_mm: float | None = None,
    fits: bool = False,
) -> Graph:
    """Lay out a network in rows or down a column.

    Args:
        network: the network.
        layout: rows or a column.
        aspect: the width over height to aim for.
        width_mm: the width on paper, instead of the aspect.
        fits: whether to choose the rows that make the text largest in a container of the aspect.
    """
    if layout is Layout.COLUMN:
        return column.in_a_column(network, width_mm)
    if fits:
        network = replace(network, notes=())  # all the room is for the drawing
    return _wrapped([network], aspect, width_mm, fits)[0]


def below_each_other(
    networks: Sequence[Network],
    aspect: float,
    width_mm: float | None = None,
    fits: bool = False,
) -> Graph:
    """Lay out networks in rows, one below the other, all rows equally long; as `arrange`.

    In a container, a network's name is beside its first band where there is room.
    """
    head = HEAD
    graphs: list[Graph] = []
    if fits:
        networks = [replace(network, notes=()) for network in networks]
        head = 0.0
        graphs = _wrapped(networks, aspect, width_mm, fits, _APART * (len(networks) - 1))
        if not all(map(_has_room_for_name, networks, graphs)):
            head = HEAD
    if head:
        graphs = _wrapped(networks, aspect, width_mm, fits, head * len(networks))
    return _stacked(networks, graphs, head)


def upright(networks: Sequence[Network]) -> Graph:
    """Lay out networks one below the other, each from top to bottom."""
    return _stacked(networks, [column.in_a_column(network) for network in networks], HEAD)


def _stacked(networks: Sequence[Network], graphs: Sequence[Graph], head: float) -> Graph:
    """Return the graphs of networks as one, one below the other.

    `head` is the height of the names above them, in px, or 0 if they are beside the first bands.
    """
    edge = networks[0].spacing.edge
    moved: list[Graph] = []
    headings = []
    top = 0.0
    for network, graph in zip(networks, graphs, strict=True):
        top += head or (_APART if moved else 0.0)
        base = top + edge + (-6 if head else _TITLE)
        headings.append(Heading(network.name, graph.margin, base, "start"))
        moved.append(lowered(graph, top))
        top += graph.height - edge
    first = moved[0]
    return Graph(
        " beside ".join(network.model for network in networks),
        listed([network.name for network in networks]),
        first.caption,
        tuple(node for graph in moved for node in graph.nodes),
        tuple(edge for graph in moved for edge in graph.edges),
        tuple(line for graph in moved for line in graph.shortcuts),
        tuple(band for graph in moved for band in graph.bands),
        tuple(frame for graph in moved for frame in graph.frames),
        max(graph.width for graph in graphs),
        top + edge,
        first.margin,
        first.layout,
        notes=tuple(dict.fromkeys(note for graph in moved for note in graph.notes)),
        headings=tuple(headings),
    )


def _has_room_for_name(network: Network, graph: Graph) -> bool:
    """Return whether the first row has room for the network's name, left of its first band."""
    band = graph.bands[0]
    wide = _WIDER * text_width(network.name, TEXT)
    return band.y == network.spacing.edge and graph.margin + wide <= band.x


def _wrapped(
    networks: Sequence[Network],
    aspect: float,
    width_mm: float | None,
    fits: bool,
    heads: float = 0.0,
) -> list[Graph]:
    """Return each network in rows, all rows of all networks equally long.

    `heads` is the height that their names take up, in px.
    """
    wrappings = wrap.wrappings_of(networks)
    several = len(networks) > 1
    told = key_entries(networks)
    if fits:
        width, rows = wrap.in_place(wrappings, aspect, told, heads)
        length = width - 2 * networks[0].spacing.margin
    elif width_mm is None:
        length, rows = wrap.for_aspect(wrappings, aspect, told, heads)
    else:
        most = wrap.most_beside(width_mm) if several else wrap.most_mm(width_mm)
        low = min(low_mm(networks[0], width_mm) * len(networks), most)
        beside = heads + networks[0].scale
        width, rows = wrap.on_paper(wrappings, width_mm, low, told, beside)
        if even := _with_even_boxes(networks):
            tried = wrap.wrappings_of(even)
            even_width, even_rows = wrap.on_paper(tried, width_mm, low, told, beside)
            as_few = sum(map(len, even_rows)) <= sum(map(len, rows))
            if as_few and even_width <= _EVEN * width:
                wrappings, width, rows = tried, even_width, even_rows
        length = width - 2 * networks[0].spacing.margin
    inside = min(one.spare(mine, length) for one, mine in zip(wrappings, rows, strict=True))
    return [in_rows(one, mine, length, inside) for one, mine in zip(wrappings, rows, strict=True)]


def _with_even_boxes(networks: Sequence[Network]) -> Sequence[Network]:
    """Return the networks with the boxes of all blocks equally wide, and those of all runs.

    Then blocks of different rows are aligned. Empty if a stage has more than two boxes, because its
    rows hold different numbers of them.
    """
    stages = [group for one in networks for group in one.groups if group.is_stage]
    if any(len(group.cells) > 2 for group in stages):
        return ()
    widest = {Kind.BLOCK: 0.0, Kind.RUN: 0.0}
    for group in stages:
        for node in (node for cell in group.cells for node in cell.branch if node.kind in widest):
            widest[node.kind] = max(widest[node.kind], node.width)

    def even(cell: Cell) -> Cell:
        wide = (replace(node, width=widest.get(node.kind, node.width)) for node in cell.branch)
        return replace(cell, branch=tuple(wide))

    return [
        replace(one, groups=tuple(replace(g, cells=tuple(map(even, g.cells))) for g in one.groups))
        for one in networks
    ]


def lowered(graph: Graph, by: float) -> Graph:
    """Return the graph moved down by a distance."""

    def point(at: Point) -> Point:
        return at[0], at[1] + by

    def points(found: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple(map(point, found))

    def unit(one: SmallUnit) -> SmallUnit:
        left, top, width, height = one.box
        return replace(
            one,
            path=(point(one.path[0]), point(one.path[1])),
            box=(left, top + by, width, height),
            add=point(one.add),
            words_at=point(one.words_at),
        )

    return replace(
        graph,
        nodes=tuple(node.at(node.x, node.y + by) for node in graph.nodes),
        edges=tuple(replace(edge, points=points(edge.points)) for edge in graph.edges),
        shortcuts=tuple(
            replace(line, points=points(line.points), unit=line.unit and unit(line.unit))
            for line in graph.shortcuts
        ),
        bands=tuple(replace(band, y=band.y + by) for band in graph.bands),
        frames=tuple(replace(frame, y=frame.y + by) for frame in graph.frames),
    )


def in_a_row(network: Network, width_mm: float | None = None) -> Graph:
    """Lay out a network in one row, on paper at least as long as text of 8 pt allows."""
    wrapping = Wrapping(network)
    rows = wrapping.rows(inf)
    length = wrapping.width(rows)
    if width_mm is not None:
        page = wrap.widest_px(width_mm) - 2 * network.spacing.margin
        length = max(length, min(page, wrap.FULL * length))
    return in_rows(wrapping, rows, length, wrapping.spare(rows, length))


def in_two_rows(network: Network, width_mm: float) -> Graph:
    """Lay out a block alone in two rows in one band, with text of 7 to 8 pt if it fits."""
    spacing = network.spacing
    (start,), (cell,), (end,) = (group.cells for group in network.groups)
    stage = network.groups[1]

    def drawn(gap: float) -> Graph:
        corner = spacing.margin, spacing.edge
        found = folded(start.branch[0], cell, end.branch[0], corner, gap, spacing)
        band = Band(stage.name, cell.path, stage.output, *corner, found.width, found.height)
        return Graph(
            network.model,
            network.name,
            network.caption,
            found.nodes,
            found.edges,
            found.lines,
            (band,),
            (),
            found.width + 2 * spacing.margin,
            found.height + 2 * spacing.edge,
            spacing.margin,
        )

    limits = wrap.widest_px(width_mm), wrap.px_at(width_mm, wrap.LEAST_PT)
    return stretched(drawn, spacing.gap, 1.5 * spacing.head, limits)


def low_mm(network: Network, width_mm: float) -> float:
    """Return the largest height that a drawing should have: in a column, on a page or a slide."""
    if width_mm > PAGE_MM:
        return width_mm / SLIDE_ASPECT
    if network.is_layers:
        return 160.0
    if width_mm > wrap.COLUMN_MM:
        return 70.0
    return 110.0 if network.has_scale else 120.0


def in_rows(wrapping: Wrapping, rows: list[Row], length: float, inside: float) -> Graph:
    """Place the cells in rows of at most a length in px, with some room before every node."""
    network, spacing = wrapping.network, wrapping.network.spacing
    nodes: list[Node] = []
    edges: list[Edge] = []
    lines: list[ShortcutLine] = []
    bands: list[Band] = []
    frames: list[Frame] = []
    previous: Node | None = None
    left, top = spacing.margin, spacing.edge
    x = left
    for row, spread in zip(rows, wrapping.spreads(rows, length, inside), strict=True):
        above, below = wrapping.above(row), wrapping.below(row)
        around = x + _AROUND
        x, y = left, top + above
        between = top - 0.4 * spacing.row_gap
        cells_in_row = [network.groups[p.group].cells[p.start : p.stop] for p in row]
        alone = sum(len(cell.main) for cells in cells_in_row for cell in cells) == 1
        free = length - wrapping.row_width(row) if alone else 0.0
        if alone:  # widen a single node to fill its row
            ((cell,),) = cells_in_row
            cells_in_row = [(_wider(cell, free),)]
        for number, (part, cells) in enumerate(zip(row, cells_in_row, strict=True)):
            group = network.groups[part.group]
            x += wrapping.gaps[part.group] + spread.others if number else 0
            start, begins = x, part.start == 0
            first_node, first_line = len(nodes), len(lines)
            for index, cell in enumerate(cells):
                slot = wrapping.slot(part.group, part.start + index, spread) + free
                first = (spread.blocks if group.is_stage else spread.others) if index else 0.0
                x += first
                ahead = wrapping.leads[part.group][part.start + index] - cell.room(spacing)
                placed, end = _place(cell, x + ahead, y, spread.inside, spacing)
                for node in placed.main:
                    if previous:
                        enters = begins and index == 0 and node is placed.main[0]
                        label = group.entering if enters and spacing.label_gap else ""
                        edge = _edge(previous, node, (left, around), between)
                        edges.append(replace(edge, label=label, long=spacing.head))
                    previous = node
                nodes += [*placed.main, *placed.past]
                lines += _shortcuts(placed, y, spacing)
                if cell.frame:
                    frames.append(_frame(placed, x + ahead, y, end, spacing))
                x += slot
            if group.is_stage:
                at = start + spacing.gap - spacing.fork - _LEAD
                wide = x - at + _BAND
                title_room = wide if spacing.label_gap else wide - arcs.shape_room(group)
                if wrapping.is_tight(part):
                    title_room = min(
                        title_room, arcs.first_over(nodes[first_node:], lines[first_line:]) - at
                    )
                title = arcs.band_title(group, begins, cells, title_room)
                shown = Band(
                    group.name,
                    title,
                    group.output,
                    at,
                    top,
                    wide,
                    above + below,
                    group.note,
                    paper=group.full_name.removeprefix(group.name),
                )
                bands.append(shown)
        top = y + below + spacing.row_gap
    return Graph(
        network.model,
        network.name,
        network.caption,
        tuple(nodes),
        tuple(edges),
        tuple(lines),
        named_alike(bands),
        tuple(frames),
        length + 2 * left,
        top - spacing.row_gap + spacing.edge,
        left,
        notes=network.notes,
    )


def _wider(cell: Cell, by: float) -> Cell:
    (node,) = cell.branch
    return replace(cell, branch=(replace(node, width=node.width + by),))


def _place(cell: Cell, x: float, y: float, inside: float, spacing: Spacing) -> tuple[Cell, float]:
    """Return the cell with its nodes placed from x on, and the x at which it ends.

    `inside` is the room that the row adds before each of its nodes except the first.
    """
    edge = FRAME if cell.frame else 0.0
    main = cell.main
    nodes = sum(spacing.gap + node.width + node.depth for node in main)
    slack = cell.width(spacing) - 2 * edge - nodes - cell.room(spacing)
    gap = spacing.gap + slack / len(main)
    x += edge - inside

    def along(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        nonlocal x
        placed = []
        for node in nodes:
            x += cell.gap_before(node, gap, spacing) + inside
            placed.append(node.at(x + node.width / 2, y))
            x += node.width + node.depth
        return tuple(placed)

    before, branch = along(cell.before), along(cell.branch)
    add = along((cell.add,))[0] if cell.add else None
    after = along(cell.after)
    placed = cell.placed(before, branch, add, after)
    if not (cell.past and add):
        return placed, x + edge
    past: list[Node] = []
    rise = cell.rise(spacing)
    left, end = placed.forks.x - placed.forks.width / 2 - cell.fork(spacing), add.x
    wide = sum(node.width for node in cell.past)
    apart = (end - left - wide) / (len(cell.past) + 1)
    at = left
    for node in cell.past:
        at += apart
        past.append(node.at(at + node.width / 2, y - rise))
        at += node.width
    return replace(placed, past=tuple(past)), x + edge


def _shortcuts(cell: Cell, y: float, spacing: Spacing) -> Iterator[ShortcutLine]:
    if not cell.add:
        yield from arcs.units(cell)
        return
    for kind, count in cell.arcs:
        left = cell.forks.x - cell.forks.width / 2 - cell.fork(spacing)
        top, end = y - cell.rise(spacing), cell.add.x
        points = ((left, y), (left, top), (end, top), (end, y - cell.add.height / 2))
        yield arcs.shortcut(cell, kind, count, points)


def _frame(cell: Cell, x: float, y: float, end: float, spacing: Spacing) -> Frame:
    over = cell.reach(spacing) - 4
    left, top = x + spacing.gap / 2 - 2, y - over
    height = over + cell.half + spacing.below / 2
    return Frame(cell.path, cell.frame, left, top, end - left, height)


def _edge(one: Node, other: Node, ends: tuple[float, float], between: float) -> Edge:
    """Return a straight edge in a row, or one around the end of a row to the start of the next.

    `ends` are the start of the next row and the x of the way around the end of this one, and
    `between` is the y of the edge's way from row to row.
    """
    start, end = one.x + one.width / 2 + one.depth, other.x - other.width / 2
    if one.y == other.y:
        return Edge(one.id, other.id, ((start, one.y), (end, other.y)))
    inner, outer = ends[0] - 5, ends[1]
    points = (
        (start, one.y),
        (outer, one.y),
        (outer, between),
        (inner, between),
        (inner, other.y),
        (end, other.y),
    )
    return Edge(one.id, other.id, points)
