"""An interactive graph: the drawing, and the details of each node.

`viewer.js` and `viewer.css` beside this file are the viewer itself, both on the page and in the
HTML file. The file works offline: it holds the drawing at every level and makes no requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from html import escape
from pathlib import Path
from typing import Any

from analysis.costs.profiles import LayerCost, Profile
from analysis.drawing.cells import block_title
from analysis.drawing.graph import Level, graph, stage_in_words
from analysis.drawing.heat import Heat, Metric, heat_of
from analysis.drawing.key import NAMES, entries_of, key_of
from analysis.drawing.parts import SLASH, SMALL, Graph, Kind, Labels, Layout, Node
from analysis.drawing.svg import svg
from analysis.structure.residual import convs_in_words, residual
from analysis.style.fonts import FONT_FAMILY, LATIN, faces_css, letters
from analysis.style.language import in_english
from analysis.style.look import PLAIN_LOOK, Look
from analysis.style.numbers import MISSING, exact, shape, short
from analysis.style.palette import DARK, LIGHT
from nets import plan
from nets.options import number_of
from nets.plan import ShortcutKind

Row = tuple[str, str, str]
"""A name, a rounded value and the exact value."""

MAX_NODES = 2_500
"""Most nodes of one view in an HTML file; larger views are left out."""

PHONE_PX = 356.0 * 13 / 12
"""The width of a drawing whose labels have 12 px on a phone, in px of the drawing."""

_MOST_UPRIGHT = 150
"""Most nodes of each network of a graph that is also drawn from top to bottom, for a phone."""

_WINDOW = 904.0, 545.0
"""The place for a graph in a document's window of 1280x720, in px."""

FRAME = 4.0
"""What the frame around a graph takes of a place's width, in px."""

_LEGIBLE = 14.0
"""The smallest text in a document that is legible, in px."""

LOWEST = 12.0
"""The smallest text, in px, of a drawing in a window; with less, the page scrolls."""

_LONGEST = 3_000.0
"""The largest height, in px, of blocks in a page that scrolls; what is taller stays an overview."""

_SHARES = (1.0, 0.8, 0.65, 0.5, 0.35, 0.25)
"""Shares of a window's aspect to try for a drawing in a page that scrolls."""

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
        `svg`; `upright`, whether it is taller than a window, in which the page scrolls; `nodes`, by
        id in the order of the main path: title, the network's name if there are several, index of
        its facts, what opens it and what closes it; `facts`, each shared by equal blocks; `hints`,
        the meaning of a fact's name; `networks`, for finding what is folded, by what stands before
        their paths: `blocks` and `layers` of every stage, the layers of stem and head, and
        `papers`, every stage's name in the paper.
    """
    if not isinstance(profile, Profile):
        return _view_of_several(graph, profile, drawing)
    describe = _Describer(profile)
    nodes = {
        node.id: {
            "title": _name(node),
            "network": "",
            "path": node.path,
            "count": node.count,
            "facts": describe(node),
            "opens": list(node.opens),
            "inside": node.inside,
        }
        for node in _nodes_of(graph)
    }
    return {
        "svg": drawing,
        "upright": graph.layout is Layout.COLUMN,
        "nodes": nodes,
        "facts": describe.facts,
        "hints": {_label(metric): metric.meaning for metric in Metric},
        "networks": {"": _inside(profile)},
    }


def _view_of_several(graph: Graph, profiles: Mapping[str, Profile], drawing: str) -> dict[str, Any]:
    """Return the viewer's data for several networks, of which nothing can be opened."""
    describers = {name: _Describer(profile) for name, profile in profiles.items()}
    titles = {_network_of(part.nodes[0]): part.headings[0].text for part in graph.parts}
    facts: list[dict[str, Any]] = []
    nodes = {}
    for node in _nodes_of(graph):
        name = _network_of(node)
        path = node.path.removeprefix(f"{name}{SLASH}")
        bare = replace(node, path=path)
        if describer := describers.get(name):
            said = describer.facts[describer(bare)]
        else:
            said = {"what": node.detail, "rows": [], "text": ""}
        nodes[node.id] = {
            "title": _name(bare) if describer else path,
            "network": titles[name],
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
        "hints": {_label(metric): metric.meaning for metric in Metric},
        "networks": {f"{name}{SLASH}": _inside(profile) for name, profile in profiles.items()},
    }


def _network_of(node: Node) -> str:
    """Return the prefix of a node's path in a drawing of several networks."""
    return node.path.partition(SLASH)[0]


def _inside(profile: Profile) -> dict[str, Any]:
    """Return what a search can find in a network although it is folded."""
    stages = plan.stage_names(profile.spec)
    return {
        "blocks": dict(zip(stages, profile.spec.blocks, strict=True)),
        "layers": _layer_names(profile),
        "papers": {stage: plan.paper_name(profile.spec, stage) for stage in stages},
    }


def levels(
    profile: Profile, labels: Labels | None = None, layout: Layout = Layout.ROWS
) -> dict[str, Graph]:
    """Return the graphs of a document, by the names of its switches, without those too large."""
    found = {}
    for level in Level:
        for unfold in (False,) if level is Level.STAGE else (False, True):
            drawn = partial(graph, profile, level, unfold, labels=labels)
            one = drawn(arranged=layout)
            if len(one.nodes) > MAX_NODES:
                continue
            if layout is Layout.ROWS:
                one = in_window(drawn, scrolls=level is Level.LAYER)
                one = also_upright(one, partial(drawn, arranged=Layout.COLUMN))
            found[view_name(level, unfold)] = one
    return found


def also_upright(graph: Graph, upright: Callable[[], Graph]) -> Graph:
    """Return a graph with one from top to bottom for a phone, unless that would be too long."""
    if len(graph.nodes) > _MOST_UPRIGHT * max(len(graph.parts), 1):
        return graph
    return replace(graph, narrow=upright())


def _nodes_of(graph: Graph) -> list[Node]:
    """Return the nodes of a graph, and those that only its drawing for a phone has.

    Columns of several networks split their stems.
    """
    ids = {node.id for node in graph.nodes}
    narrow = graph.narrow.nodes if graph.narrow else ()
    return [*graph.nodes, *(node for node in narrow if node.id not in ids)]


def in_window(drawn: Callable[..., Graph], scrolls: bool) -> Graph:
    """Return a graph in rows for a document's window, in more or closer ones to be legible.

    Args:
        drawn: returns the graph for an aspect and a spacing.
        scrolls: whether it may be taller than the window to be legible.
    """
    width, height = _WINDOW
    tried = [
        drawn(aspect=share * width / height, tight=tight)
        for tight in (False, True)
        for share in (1.0, 0.8, 0.65)
    ]
    if legible := list(filter(is_legible, tried)):
        return legible[0]
    if scrolls:
        wide = [drawn(aspect=share * width / height, tight=True) for share in _SHARES[-3:]]
        return next((one for one in wide if SMALL * width / one.width >= _LEGIBLE), wide[-1])
    largest = max(tried, key=_text_in_window)
    if _text_in_window(largest) < LOWEST:
        closer = partial(drawn, tight=True)
        if aspect := aspect_to_scroll(lambda aspect: closer(aspect=aspect)):
            return closer(aspect=aspect)
    return largest


def aspect_to_scroll(drawn: Callable[[float], Graph]) -> float | None:
    """Return the aspect at which text has `LOWEST` px in a page that scrolls.

    It is None if the graph would be too tall.

    Args:
        drawn: returns the graph for an aspect.
    """
    width, height = _WINDOW
    for share in _SHARES:
        one = drawn(share * width / height)
        if one.small * (width - FRAME) / one.width >= LOWEST:
            return share * width / height if one.height * width / one.width <= _LONGEST else None
    return None


def is_legible(graph: Graph) -> bool:
    """Return whether a graph is legible if all of it is in a document's window."""
    return _text_in_window(graph) >= _LEGIBLE


def is_overview(graph: Graph) -> bool:
    """Return whether a graph's text is too small in a document even across the window's width."""
    return max(_text_in_window(graph), graph.small * _WINDOW[0] / graph.width) < LOWEST


def _text_in_window(one: Graph) -> float:
    """Return the size in px of a graph's smallest text if all of it is in the window."""
    width, height = _WINDOW
    key = key_of(entries_of(one), (), one.width, one.margin).height
    return SMALL * min(width / one.width, height / (one.height + key))


def view_name(level: Level, unfold: bool) -> str:
    """Return the name of a view in a document."""
    return f"{level} unfolded" if unfold and level is not Level.STAGE else level.value


UNITS = "units"
"""The name of the view of residual units in a document."""

_SCROLLED = {UNITS, *(view_name(Level.LAYER, unfold) for unfold in (False, True))}
"""The views of a document that may be taller than the window."""


def _scrolls(name: str, graph: Graph) -> bool:
    """Return whether a view of a document is taller than the window, in which the page scrolls."""
    if name in _SCROLLED:
        return not is_legible(graph)
    return _text_in_window(graph) < LOWEST <= graph.small * _WINDOW[0] / graph.width


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
        look: how they are drawn; the document's heading is the title, or else the network's name.
            In the light palette, the document is dark for readers who prefer that.
        heat: numbers that colour the nodes.

    Raises:
        ValueError: if the first graph isn't among them because it has too many nodes.
    """
    if first not in graphs:
        raise ValueError(
            f".html holds at most {MAX_NODES:,} nodes, and the {first} graph has more: fold equal "
            "blocks, or write .svg or .pdf"
        )
    inner = replace(look, title="", width_mm=None, aspect=None, ground=False)
    themes = _Themes(inner, heat)
    views = {}
    for name, one in graphs.items():
        views[name] = view(one, profile, themes.svg(one))
        views[name]["upright"] |= _scrolls(name, one)
        if one.narrow:
            views[name]["narrow"] = themes.svg(one.narrow)
    data = {"views": views, "first": first}
    headline = look.title or graphs[first].name
    drawn = frozenset().union(*(letters(one["svg"]) for one in views.values()))
    fonts = faces_css(drawn | LATIN | frozenset(headline))
    source = script().replace("</", "<\\/")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(headline)}</title>\n"
        f"<style>{fonts}\n:root{{--st-font:{FONT_FAMILY}}}\n{themes.css()}\n"
        f"{_asset('document.css')}\n{style()}</style>\n</head>\n<body>\n"
        f"<h1>{escape(headline)}</h1>\n{_CHOICES if len(graphs) > 1 else ''}\n"
        '<main id="viewer"></main>\n'
        f'<script type="application/json" id="data">{_script_json(data)}</script>\n'
        f'<script type="module">\n{source}\n{_asset("document.js")}</script>\n</body>\n</html>\n'
    )


class _Themes:
    """Draws for a document that follows the reader's light or dark scheme, if it is light.

    Colours that differ between the two are variables of the document.
    """

    def __init__(self, look: Look, heat: Heat | None) -> None:
        self._looks = (look, replace(look, palette=DARK))[: 2 if look.palette == LIGHT else 1]
        self._heat = heat
        self._names: dict[tuple[str, ...], str] = {}

    def svg(self, graph: Graph) -> str:
        """Return the drawing with variables as colours."""
        drawn = [_COLOUR.split(svg(graph, look, self._heat)) for look in self._looks]
        return "".join(map(self._variable, zip(*drawn, strict=True)))

    def _variable(self, same: tuple[str, ...]) -> str:
        if len(set(same)) == 1:
            return same[0]
        name = self._names.setdefault(same, f"--rv-{len(self._names)}")
        return f"var({name})"

    def css(self) -> str:
        """Return the variables of all drawings so far, and the viewer's."""
        light, *dark = (self._rule(number) for number in range(len(self._looks)))
        scheme = "".join(f"@media (prefers-color-scheme: dark){{{rule}}}" for rule in dark)
        return f"{light}{scheme}"

    def _rule(self, number: int) -> str:
        palette = self._looks[number].palette
        colours = {
            "--st-background-color": palette.background,
            "--st-secondary-background-color": palette.surface,
            "--st-text-color": palette.text,
            "--st-primary-color": palette.identity,
            "--st-border-color": palette.tint,
            **{name: pair[number] for pair, name in self._names.items()},
        }
        scheme = "dark" if palette == DARK else "light"
        said = "".join(f"{name}:{colour};" for name, colour in colours.items())
        return f":root{{color-scheme:{scheme};{said}}}"


_COLOUR = re.compile(r"(#[0-9A-F]{6})")


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
        own = node.path
        if node.count > 1:
            own = block_title(plan.place_of(node.path), node.count)
        return f"{own}, addition"
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
        found = in_english(residual, self._profile, node.path)
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
            said, whole = short(value, metric.unit), exact(value)
            if count > 1:
                said += f" × {count} = {short(count * value, metric.unit)}"
                whole += f" × {count} = {exact(count * value)}"
            rows.append((_label(metric), said, f"{whole} {metric.unit}".rstrip()))
        return rows


def _times(count: int) -> str:
    return (
        f"Drawn once for {count} equal blocks; costs are for one and for all." if count > 1 else ""
    )
