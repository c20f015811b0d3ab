"""Graphs as DOT text, for Graphviz and other tools that read it."""

from __future__ import annotations

from itertools import pairwise

import graphviz
from graphviz import escape

from analysis.drawing.parts import SLASH, Graph, Kind, Layout, Node, ShortcutLine
from analysis.style.palette import LIGHT, Palette
from nets.plan import ShortcutKind

_STYLES = {
    ShortcutKind.IDENTITY: "solid",
    ShortcutKind.PROJECTION: "dashed",
    ShortcutKind.ZERO_PAD: "dotted",
    ShortcutKind.NONE: "solid",
}


def dot(graph: Graph, palette: Palette = LIGHT, title: str = "") -> str:
    """Write a graph for Graphviz, with stages as clusters and the kind of a shortcut as class.

    A shortcut is an edge; if a stage is one box, its shortcuts of one kind are a node. Networks
    side by side are also clusters.
    """
    runs = "LR" if graph.layout is Layout.ROWS else "TB"
    drawing = graphviz.Digraph(
        graph_attr={"rankdir": runs, "fontname": "Helvetica"}
        | ({"label": escape(title)} if title else {}),
        node_attr={"fontname": "Helvetica", "shape": "box", "style": "rounded"},
        edge_attr={"fontname": "Helvetica", "color": palette.main_path},
    )
    for part in graph.parts or (graph,):
        if not graph.parts:
            _network(drawing, part, palette)
            continue
        name = part.nodes[0].path.partition(SLASH)[0]
        with drawing.subgraph(name=f"cluster_{name}") as cluster:
            cluster.attr(label=escape(part.headings[0].text), color=palette.plain)
            _network(cluster, part, palette)
    return str(drawing.source)


def _network(drawing: graphviz.Digraph, graph: Graph, palette: Palette) -> None:
    """Add one network."""
    stages = {
        band.stage: ", ".join(
            filter(None, (f"{band.name or band.stage}{band.paper} {band.shape}".strip(), band.note))
        )
        for band in reversed(graph.bands)
    }
    first = graph.nodes[0].path
    network = first[: first.rfind(SLASH) + 1]
    stages = {stage: label for stage, label in stages.items() if _holds(graph, stage)}
    for stage, label in reversed(stages.items()):
        with drawing.subgraph(name=f"cluster_{network}{stage}") as cluster:
            cluster.attr(label=label, color=palette.plain, style="rounded")
            for node in graph.nodes:
                if _is_in(node, stage):
                    _node(cluster, node)
            for line in graph.shortcuts:
                if line.unit and line.path.rpartition(SLASH)[2] == stage:
                    _unit(cluster, line, line.unit.words, palette)
    for node in graph.nodes:
        if not any(_is_in(node, stage) for stage in stages):
            _node(drawing, node)
    before = {}
    for edge in graph.edges:
        drawing.edge(edge.source, edge.target, label=edge.label or None)
        before[edge.target] = edge.source
    for line in graph.shortcuts:
        if line.unit:
            continue
        chain = [before[line.source], *line.via, line.target]
        for one, other in pairwise(chain):
            drawing.edge(
                one,
                other,
                label=f"×{line.count}" if line.count > 1 else None,
                color=palette.shortcut(line.kind),
                style=_STYLES[line.kind],
                constraint="false",
                **{"class": f"shortcut {line.kind}"},
            )


def _unit(drawing: graphviz.Digraph, line: ShortcutLine, words: str, palette: Palette) -> None:
    """Add the shortcuts of one kind in a stage that is one box, as a box beside it."""
    drawing.node(
        f"{line.path}.{line.kind}",
        escape(words),
        color=palette.shortcut(line.kind),
        style=f"rounded,{_STYLES[line.kind]}",
        tooltip=escape(f"{line.path}: {line.label}"),
        **{"class": f"shortcut {line.kind}"},
    )


def _is_in(node: Node, stage: str) -> bool:
    """Return whether a node is in a stage, or in the band of a unit."""
    return f"{node.path.rpartition(SLASH)[2]}.".startswith(f"{stage}.")


def _holds(graph: Graph, stage: str) -> bool:
    return any(_is_in(node, stage) for node in graph.nodes)


def _node(drawing: graphviz.Digraph, node: Node) -> None:
    look = {"class": f"node {node.kind}"}
    if node.kind is Kind.ADD:
        look |= {"shape": "circle", "style": "", "width": "0.25", "fixedsize": "true"}
    label = "\n".join(filter(None, (node.label, node.beside)))
    said = r"\n".join(escape(line) for line in label.split("\n"))
    drawing.node(node.id, said, tooltip=escape(node.detail), **look)
