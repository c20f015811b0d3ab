"""An interactive graph: the drawing, and the details of each node.

`viewer.js` and `viewer.css` beside this file are the viewer itself, both on the page and in the
HTML file. The file works offline: it holds the drawing at every level and makes no requests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from analysis.costs.profiles import LayerCost, Profile
from analysis.drawing.cells import block_title
from analysis.drawing.graph import Level, graph, stage_in_words
from analysis.drawing.heat import Heat, Metric, heat_of
from analysis.drawing.key import NAMES
from analysis.drawing.parts import SLASH, Graph, Kind, Labels, Layout, Node
from analysis.drawing.svg import svg
from analysis.structure.residual import convs_in_words, residual
from analysis.style.fonts import FONT_FAMILY, LATIN, faces_css, letters
from analysis.style.look import PLAIN_LOOK, Look
from analysis.style.numbers import MISSING, exact, shape, short
from nets import plan
from nets.options import number_of
from nets.plan import ShortcutKind

Row = tuple[str, str, str]
"""A name, a rounded value and the exact value."""

MAX_NODES = 2_500
"""Most nodes of one view in an HTML file; larger views are left out."""

_HERE = Path(__file__).parent


def script() -> str:
    """Return the viewer as a JavaScript module whose default export draws it."""
    return _asset("viewer.js")


def style() -> str:
    """Return the viewer's CSS, which takes colours and font from Streamlit's `--st-` variables."""
    return _asset("viewer.css")


@lru_cache(8)
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def view(graph: Graph, profile: Profile | Mapping[str, Profile], drawing: str) -> dict[str, Any]:
    """Return the viewer's data, as JSON values only.

    Args:
        graph: the graph.
        profile: the network that it shows, or several by the prefix of their paths.
        drawing: the graph as SVG.

    Returns:
        `svg`; `upright`, whether it runs from top to bottom; `nodes`, by id in the order of the
        main path: title, index of its facts, what opens it and what closes it; `facts`, each
        shared by equal blocks; `hints`, the meaning of a fact's name; `blocks` and `layers` of
        every stage, and the layers of stem and head, for finding what is folded; `papers`, every
        stage's name in the paper.
    """
    if not isinstance(profile, Profile):
        return _view_of_several(graph, profile, drawing)
    describe = _Describer(profile)
    nodes = {
        node.id: {
            "title": _name(node),
            "path": node.path,
            "count": node.count,
            "facts": describe(node),
            "opens": list(node.opens),
            "inside": node.inside,
        }
        for node in graph.nodes
    }
    stages = plan.stage_names(profile.spec)
    return {
        "svg": drawing,
        "upright": graph.layout is Layout.COLUMN,
        "nodes": nodes,
        "facts": describe.facts,
        "hints": {_label(metric): metric.meaning for metric in Metric if metric.meaning},
        "blocks": dict(zip(stages, profile.spec.blocks, strict=True)),
        "layers": _layer_names(profile),
        "papers": {stage: plan.paper_name(profile.spec, stage) for stage in stages},
    }


def _view_of_several(graph: Graph, profiles: Mapping[str, Profile], drawing: str) -> dict[str, Any]:
    """Return the viewer's data for several networks, of which nothing can be opened."""
    describers = {name: _Describer(profile) for name, profile in profiles.items()}
    facts: list[dict[str, Any]] = []
    nodes = {}
    for node in graph.nodes:
        name, _, path = node.path.partition(SLASH)
        bare = replace(node, path=path)
        if describer := describers.get(name):
            said = describer.facts[describer(bare)]
        else:
            said = {"what": node.detail, "rows": [], "text": ""}
        titled = f"{name}{SLASH}{_name(bare) if describer else path}"
        nodes[node.id] = {
            "title": titled,
            "path": node.path,
            "count": node.count,
            "facts": len(facts),
            "opens": [],
            "inside": "",
        }
        facts.append(said)
    return {
        "svg": drawing,
        "upright": graph.layout is Layout.COLUMN,
        "nodes": nodes,
        "facts": facts,
        "hints": {_label(metric): metric.meaning for metric in Metric if metric.meaning},
        "blocks": {},
        "layers": {},
        "papers": {},
    }


def levels(
    profile: Profile, labels: Labels | None = None, layout: Layout = Layout.ROWS
) -> dict[str, Graph]:
    """Return the graphs of a document, by the names of its switches, without those too large."""
    drawn = {
        view_name(level, unfold): graph(profile, level, unfold, labels=labels, arranged=layout)
        for level in Level
        for unfold in ((False,) if level is Level.STAGE else (False, True))
    }
    return {name: one for name, one in drawn.items() if len(one.nodes) <= MAX_NODES}


def view_name(level: Level, unfold: bool) -> str:
    """Return the name of a view in a document."""
    return f"{level} unfolded" if unfold and level is not Level.STAGE else level.value


def html(
    profile: Profile | Mapping[str, Profile],
    graphs: Mapping[str, Graph],
    first: str,
    look: Look = PLAIN_LOOK,
    heat: Heat | None = None,
) -> str:
    """Return a standalone document that works offline, with the viewer and all given graphs.

    Args:
        profile: the network that the graphs show, or several as in `view`.
        graphs: by name; for those of `levels`, the document has switches.
        first: the name of the graph to show first.
        look: how they are drawn; the document's heading is the title, or else the model's text.
        heat: numbers that colour the nodes.

    Raises:
        ValueError: if the first graph isn't among them because it has too many nodes.
    """
    if first not in graphs:
        raise ValueError(
            f".html holds at most {MAX_NODES:,} nodes, and the {first} graph has more: fold equal "
            "blocks, or write .svg or .pdf"
        )
    inner = replace(look, title="", width_mm=None, ground=False)
    views = {name: view(one, profile, svg(one, inner, heat)) for name, one in graphs.items()}
    data = {"views": views, "first": first}
    palette = look.palette
    colours = {
        "background-color": palette.background,
        "secondary-background-color": palette.surface,
        "text-color": palette.text,
        "primary-color": palette.identity,
        "border-color": palette.tint,
    }
    variables = "".join(f"--st-{name}:{colour};" for name, colour in colours.items())
    headline = look.title or next(iter(graphs.values())).model
    drawn = frozenset().union(*(letters(one["svg"]) for one in views.values()))
    fonts = faces_css(drawn | LATIN | frozenset(headline))
    source = script().replace("</", "<\\/")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(headline)}</title>\n"
        f"<style>{fonts}\n:root{{{variables}--st-font:{FONT_FAMILY}}}\n"
        f"{_asset('document.css')}\n{style()}</style>\n</head>\n<body>\n"
        f"<h1>{escape(headline)}</h1>\n{_CHOICES if len(graphs) > 1 else ''}\n"
        '<main id="viewer"></main>\n'
        f'<script type="application/json" id="data">{_script_json(data)}</script>\n'
        f'<script type="module">\n{source}\n{_asset("document.js")}</script>\n</body>\n</html>\n'
    )


def _script_json(value: object) -> str:
    """Return JSON in which no `</script>` can end the script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


_CHOICES = (
    "<fieldset><span>Level</span>"
    + "".join(
        f'<label><input type="radio" name="level" value="{level}"> {level}</label>'
        for level in Level
    )
    + '<label><input type="checkbox" id="unfold"> Unfold equal blocks</label></fieldset>'
)


def _name(node: Node) -> str:
    """Return the title of a node."""
    if node.kind is Kind.ADD:
        return f"{node.path}, addition"
    if node.kind is Kind.RUN:
        return block_title(plan.place_of(node.path), node.count)
    return node.path


def _layer_names(profile: Profile) -> dict[str, list[str]]:
    """Return the layers of every stage's blocks by relative path, and those of stem and head."""
    names: dict[str, dict[str, None]] = {}
    for row in profile.layers:
        place = plan.place_of(row.path)
        if place.block is not None:
            if plan.is_inside_step(profile.spec, place):
                place = place.module
            names.setdefault(place.stage, {})[place.layer] = None
    found = {stage: list(layers) for stage, layers in names.items()}
    for end, steps in (
        (plan.STEM, plan.stem_steps(profile.spec)),
        (plan.HEAD, plan.head_steps(profile.spec)),
    ):
        found[end] = [step.name for step in steps]
    return found


def _label(metric: Metric) -> str:
    """Return a metric's label at the start of a row."""
    return metric.label[0].upper() + metric.label[1:]


class _Describer:
    """Collects the facts of nodes, each only once."""

    def __init__(self, profile: Profile) -> None:
        self.facts: list[dict[str, Any]] = []
        self._index: dict[tuple[Any, ...], int] = {}
        self._profile = profile
        self._layers = {row.path: row for row in profile.layers}
        self._stages = {row.name: row for row in profile.stages}
        self._stage_words = {s.name: stage_in_words(s) for s in plan.stages(profile.spec)}
        self._uses = {use.path: use for use in profile.shortcuts}
        self._sums = {
            metric: heat_of(profile, metric).values
            for metric in Metric
            if not (metric is Metric.SAVED_BYTES and profile.untrainable)
        }

    def __call__(self, node: Node) -> int:
        """Return the index of a node's facts, which equal blocks share."""
        place = plan.place_of(node.path)
        if place.block is not None:
            place = place._replace(block=min(place.block, 1))
        key = (place, node.kind, node.count)
        if key not in self._index:
            self._index[key] = len(self.facts)
            self.facts.append(self._facts(node))
        return self._index[key]

    def _facts(self, node: Node) -> dict[str, Any]:
        if node.path in self._layers or node.kind is Kind.SE:
            return self._layer(node)
        if node.path in self._stages:
            return self._stage(node.path)
        if node.path in self._uses:
            return self._block(node)
        return {"what": node.detail, "rows": [], "text": ""}

    def _layer(self, node: Node) -> dict[str, Any]:
        every = self._layers_of(node)
        row = every[0]
        shapes = [("Input", shape(row.input), ""), ("Output", shape(every[-1].output), "")]
        rows = [*shapes, *self._costs([one.path for one in every], node.count)]
        what = ", ".join(one.type for one in every)
        if node.kind is Kind.SE:
            what = f"Squeeze-and-excitation, {number_of(every[1].output[0], 'channel')} inside"
        if node.kind is Kind.CONV and "×" in node.lines[-1]:
            what = f"{row.type}, {node.lines[-1]}"
        return {"what": what, "rows": rows, "text": _times(node.count)}

    def _layers_of(self, node: Node) -> list[LayerCost]:
        """Return the layers that a node stands for; squeeze-and-excitation has several."""
        if node.kind is Kind.SE:
            return [row for path, row in self._layers.items() if path.startswith(f"{node.path}.")]
        also = (path.rpartition(SLASH)[2] for path in node.also)
        return [self._layers[path] for path in (node.path, *also)]

    def _stage(self, path: str) -> dict[str, Any]:
        cost = self._stages[path]
        rows = [("Output", shape(cost.output), "")]
        if cost.blocks:
            rows.append(("Blocks", exact(cost.blocks), ""))
        said = self._stage_words.get(path, "")
        return {
            "what": plan.paper_name(self._profile.spec, path),
            "rows": [*rows, *self._costs([path], 1)],
            "text": f"{said[0].upper()}{said[1:]}." if said else "",
        }

    def _block(self, node: Node) -> dict[str, Any]:
        """Return the facts of a block, a run of equal ones, or an addition, which has no cost."""
        use = self._uses[node.path]
        found = residual(self._profile, node.path)
        plain = use.kind is ShortcutKind.NONE
        rows: list[Row] = [("x", shape(use.input), ""), ("y", shape(use.output), "")]
        text = found.reason
        if node.kind is not Kind.ADD:
            branch = convs_in_words(found.branches[0].convs)
            rows += [("F", branch, ""), *self._costs([node.path], node.count)]
            text = " ".join(filter(None, (text, _times(node.count))))
        return {
            "what": "plain block" if plain else f"{NAMES[use.kind]} shortcut",
            "formula": found.equation,
            "rows": rows,
            "text": text,
        }

    def _costs(self, paths: list[str], count: int) -> list[Row]:
        """Return the counts of a box; for a run, of one block and of all."""
        rows = []
        for metric in Metric:
            if metric not in self._sums:
                rows.append((_label(metric), MISSING, self._profile.untrainable))
                continue
            value = int(sum(self._sums[metric].get(path, 0) for path in paths))
            for times in (1, count) if count > 1 else (1,):
                whole = f"{exact(times * value)} {metric.unit}".rstrip()
                name = _label(metric) if times == 1 else f"× {times}"
                rows.append((name, short(times * value, metric.unit), whole))
        return rows


def _times(count: int) -> str:
    return (
        f"Drawn once for {count} equal blocks; costs are for one and for all." if count > 1 else ""
    )
