"""Graphs as SVG, which is also the source of PDF and PNG.

Every shortcut is a `<g>` with its line, whose class is `shortcut` and its kind. Every node is a
`<g>` with its path; a folded run has its count.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape
from types import MappingProxyType

from analysis.drawing.heat import Heat
from analysis.drawing.key import SAMPLE, Key, Name, Sign, entries_of, key_of, marks_of
from analysis.drawing.marks import (
    CORNER,
    TITLE,
    Warm,
    counted_lines,
    description,
    fill_of,
    holds_shape,
    lines_of,
    sample_of,
    stack_of,
    title_size,
)
from analysis.drawing.parts import (
    TEXT,
    Band,
    Edge,
    Frame,
    Graph,
    Kind,
    Node,
    Point,
    ShortcutLine,
    SmallUnit,
)
from analysis.drawing.spacing import LINE
from analysis.style.fonts import FONT_FAMILY, text_width
from analysis.style.look import PLAIN_LOOK, Look
from analysis.style.numbers import decimals
from analysis.style.palette import (
    DASHES,
    Palette,
    contrast,
    mix,
    text_on,
)

_n = partial(decimals, most=2)


def svg(
    graph: Graph,
    look: Look = PLAIN_LOOK,
    heat: Heat | None = None,
    marked: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Draw a graph.

    Args:
        graph: what to draw.
        look: how it is drawn.
        heat: numbers that colour the nodes, with a scale below.
        marked: a word for each node to highlight, by path, such as `added`.

    Returns:
        One `<svg>` element.
    """
    palette, title, labels = look.palette, look.title, look.labels
    top = TITLE if title else 0.0
    told = (*entries_of(graph, look.labels), *marks_of(marked.values())) if look.legend else ()
    warm = Warm.of(graph, heat, palette) if heat else None
    key = key_of(told, warm.ends if warm else (), graph.width, graph.margin)
    width, height = graph.width, graph.height + top + key.height
    scale = look.scale(width, height)
    wide, high = look.canvas(width, height)
    left, above = (width - wide) / 2, (height - high) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(scale * wide)}" '
        f'height="{_n(scale * high)}" viewBox="{_n(left)} {_n(above)} {_n(wide)} {_n(high)}" '
        f'role="img" font-family="{FONT_FAMILY}" '
        f'font-size="{TEXT}" text-anchor="middle">',
        f"<title>{escape(title or graph.name)}</title>",
        f"<desc>{escape(description(graph))}</desc>",
    ]
    if look.ground:
        at = f'x="{_n(left)}" y="{_n(above)}" ' if look.aspect else ""
        parts.append(f'<rect {at}width="100%" height="100%" fill="{palette.background}"/>')
    if title:
        size = title_size(look, width)
        parts.append(
            f'<text x="{_n(width / 2)}" y="26" font-size="{_n(size)}" font-weight="600" '
            f'fill="{palette.text}">{escape(title)}</text>'
        )
    parts.append(f'<g transform="translate(0 {_n(top)})">')
    small = graph.small
    parts += (_band(band, palette, look.shapes, labels, small) for band in graph.bands)
    parts += (_frame(frame, palette, labels, small) for frame in graph.frames)
    parts.append(f'<g class="main-path" stroke="{palette.main_path}" stroke-width="1.8">')
    parts += (_edge(edge) for edge in graph.edges)
    parts.append("</g>")
    tells = counted_lines(graph)
    # Draw shortcuts below the boxes on them, but above the boxes of stages.
    parts += (_node(node, palette, labels, warm, small) for node in graph.nodes if node.inner)
    parts += (_shortcut(line, palette, line in tells, labels, small) for line in graph.shortcuts)
    parts += (_node(node, palette, labels, warm, small) for node in graph.nodes if not node.inner)
    parts += (
        _mark(node, marked[node.path], palette)
        for node in graph.nodes
        if node.path in marked and node.kind is not Kind.ADD
    )
    if look.shapes:
        parts += (_shape(edge, palette, small) for edge in graph.edges if edge.label)
    parts += (
        f'<text class="heading" x="{_n(head.x)}" y="{_n(head.y)}" text-anchor="{head.anchor}" '
        f'font-weight="600" fill="{palette.text}">{escape(head.text)}</text>'
        for head in graph.headings
    )
    parts.append(f'<g transform="translate(0 {_n(graph.height)})">')
    if told:
        parts.append(_legend(key, palette))
    if warm:
        parts.append(_scale(warm, key, palette))
    parts += ["</g>", "</g>", "</svg>"]
    return "\n".join(parts) + "\n"


def _band(band: Band, palette: Palette, shapes: bool, labels: bool, small: int) -> str:
    texts: list[str] = []
    if labels:
        texts += (
            f'<text x="{_n(band.x + 8)}" y="{_n(band.y + 17 + LINE * row)}" text-anchor="start" '
            f'font-size="{small}" fill="{palette.text}">{escape(line)}</text>'
            for row, line in enumerate(band.title.split("\n"))
        )
    if shapes and holds_shape(band):
        texts.append(
            f'<text x="{_n(band.x + band.width - 8)}" y="{_n(band.y + 17)}" text-anchor="end" '
            f'font-size="{small}" fill="{palette.quiet}">{escape(band.shape)}</text>'
        )
    return (
        f'<g class="band" data-stage="{escape(band.stage)}"><rect x="{_n(band.x)}" '
        f'y="{_n(band.y)}" width="{_n(band.width)}" height="{_n(band.height)}" rx="10" '
        f'fill="{palette.surface}"/>{"".join(texts)}</g>'
    )


def _frame(frame: Frame, palette: Palette, labels: bool, small: int) -> str:
    text = (
        f'<text x="{_n(frame.x + 8)}" y="{_n(frame.y + 16)}" text-anchor="start" '
        f'font-size="{small}" fill="{palette.text}">{escape(frame.title)}</text>'
    )
    return (
        f'<g class="frame" data-name="{escape(frame.name)}"><rect x="{_n(frame.x)}" '
        f'y="{_n(frame.y)}" width="{_n(frame.width)}" height="{_n(frame.height)}" rx="8" '
        f'fill="{palette.background}" stroke="{palette.tint}" stroke-width="1"/>'
        f"{text if labels else ''}</g>"
    )


def _edge(edge: Edge) -> str:
    return f'<path d="{_line(edge.points)}{_polyline(edge.head)}" fill="none"/>'


def _shape(edge: Edge, palette: Palette, small: int) -> str:
    """Draw the shape on an edge, which it interrupts."""
    (x, y), anchor = edge.label_at
    wide = text_width(edge.label, small)
    left = x - (wide / 2 if anchor == "middle" else 0)
    # A rectangle, because PDF converters draw a text's outline above the next letters.
    return (
        f'<rect x="{_n(left - _AROUND)}" y="{_n(y - small)}" width="{_n(wide + 2 * _AROUND)}" '
        f'height="{_n(1.3 * small)}" fill="{palette.background}"/>'
        f'<text class="shape" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" '
        f'font-size="{small}" fill="{palette.quiet}">{escape(edge.label)}</text>'
    )


def _shortcut(line: ShortcutLine, palette: Palette, tells: bool, labels: bool, small: int) -> str:
    colour, dash = palette.shortcut(line.kind), DASHES[line.kind]
    look = f'fill="none" stroke="{colour}" stroke-linecap="round"'
    look += f' stroke-dasharray="{dash}"' if dash else ""
    path = _line(line.points)
    lines = f'<path d="{path}" {look} stroke-width="2"/>'
    if line.count > 1:
        inner = _line(line.inset)
        lines += f'<path d="{inner}" {look} stroke-width="1.4"/>'
        if tells:
            (x, y), anchor = line.count_at
            lines += (
                f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-weight="600" '
                f'fill="{palette.text}">×{line.count}</text>'
            )
    lines += f'<path d="{_polyline(line.head)}" fill="none" stroke="{colour}" stroke-width="2"/>'
    if line.unit:
        lines += _small_unit(line.unit, palette, labels, small)
    return (
        f'<g class="shortcut {line.kind}" data-path="{escape(line.path)}" '
        f'data-count="{line.count}"><title>{escape(line.path)}: {escape(line.label)}</title>'
        f"{lines}</g>"
    )


def _small_unit(unit: SmallUnit, palette: Palette, labels: bool, small: int) -> str:
    """Draw the branch and the addition of a small unit, with its number of blocks."""
    x, y, width, height = unit.box
    at, base = unit.words_at
    fill = mix(palette.tint, palette.background, fill_of(Kind.BLOCK))
    words = (
        f'<text x="{_n(at)}" y="{_n(base)}" text-anchor="start" font-size="{small}" '
        f'fill="{palette.text}">{escape(unit.words)}</text>'
    )
    return (
        f'<path d="{_polyline(unit.path)}" stroke="{palette.main_path}" stroke-width="1.4"/>'
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="3" '
        f'fill="{fill}" stroke="{palette.tint}" stroke-width="1"/>'
        f"{_plus(unit.add, unit.radius, palette, 1.3)}{words if labels else ''}"
    )


def _plus(centre: Point, radius: float, palette: Palette, stroke: float) -> str:
    """Draw the circle of an addition."""
    (x, y), arm = centre, radius / 2
    return (
        f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{palette.background}" '
        f'stroke="{palette.main_path}" stroke-width="{stroke}"/>'
        f'<path d="M{_n(x - arm)} {_n(y)}h{_n(2 * arm)}M{_n(x)} {_n(y - arm)}v{_n(2 * arm)}" '
        f'stroke="{palette.main_path}" stroke-width="{stroke}"/>'
    )


def _node(node: Node, palette: Palette, labels: bool, warm: Warm | None, small: int) -> str:
    x, y = node.x - node.width / 2, node.y - node.height / 2
    detail = node.detail
    if node.kind is Kind.ADD:
        drawn = _plus((node.x, node.y), node.width / 2, palette, 1.6)
    else:
        fill = mix(palette.tint, palette.background, fill_of(node.kind))
        ink = palette.text
        if warm:
            hot = warm.colour(node)
            fill, ink = (hot, text_on(hot)) if hot else (palette.background, palette.text)
        if warm and (said := warm.heat.text(node)):
            detail += f" · {said}"
        stack = stack_of(node)
        is_lost = len(stack) > 1 and contrast(palette.tint, fill) < _SEEN
        edge = ink if is_lost else palette.tint
        look = f'rx="7" fill="{fill}" stroke="{edge}" stroke-width="1"'
        drawn = "".join(
            f'<rect x="{_n(x + d)}" y="{_n(y + d)}" width="{_n(node.width)}" '
            f'height="{_n(node.height)}" {look}/>'
            for d in stack
        )
        if node.inner:
            left, top, wide, tall = node.panel
            drawn += (
                f'<path d="M{_n(left)} {_n(top)}h{_n(wide)}v{_n(tall)}h{_n(-wide)}z" '
                f'fill="{palette.background}"/>'
            )
        drawn += "".join(
            f'<text x="{_n(line.x)}" y="{_n(line.base)}"{_size(line.size)}'
            f'{_weight(line.bold)} fill="{ink}">{escape(line.text)}</text>'
            for line in lines_of(node, warm.heat if warm else None, labels, small)
        )
    hint = escape(f"{node.path}: {detail}")
    count = f' data-count="{node.count}"' if node.count > 1 else ""
    return (
        f'<g class="node {node.kind}" data-path="{escape(node.path)}"{count}>'
        f"<title>{hint}</title>{drawn}</g>"
    )


def _size(size: float) -> str:
    return "" if size == TEXT else f' font-size="{_n(size)}"'


def _weight(bold: bool) -> str:
    return ' font-weight="600"' if bold else ""


_SEEN = 1.6  # least contrast of a box's edge, which parts the boxes of a stack
_AROUND = 4.0  # padding of the background behind a label on a line
_MARKS = {"added": "", "changed": "6 3", "removed": "2 3"}
_MARK = 2.0  # width of a mark's line
_IN = 1.25  # from a box's edge to the middle of that line: it covers no arrow, size or text


def _mark(node: Node, word: str, palette: Palette) -> str:
    """Draw an outline inside the edge of a node, solid, dashed or dotted depending on the word."""
    x, y = node.x - node.width / 2 + _IN, node.y - node.height / 2 + _IN
    width, height = node.width - 2 * _IN, node.height - 2 * _IN
    outline = _outline(x, y, width, height, CORNER - _IN, word, palette)
    title = escape(f"{node.path}: {word}")
    return f'<g class="mark {escape(word)}"><title>{title}</title>{outline}</g>'


def _outline(
    x: float, y: float, width: float, height: float, corner: float, word: str, palette: Palette
) -> str:
    dash = f' stroke-dasharray="{_MARKS[word]}"' if _MARKS.get(word) else ""
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
        f'rx="{_n(corner)}" fill="none" stroke="{palette.warning}" '
        f'stroke-width="{_n(_MARK)}"{dash}/>'
    )


def _legend(key: Key, palette: Palette) -> str:
    items = []
    for name in key.names:
        (at, base) = name.words
        items.append(
            f'{_sample(name, palette)}<text x="{_n(at)}" y="{_n(base)}" text-anchor="start" '
            f'fill="{palette.text}">{escape(name.text)}</text>'
        )
    return f'<g class="legend">{"".join(items)}</g>'


def _sample(name: Name, palette: Palette) -> str:
    """Draw the sign that a name in the key explains."""
    x, y = name.sample
    if not isinstance(name.kind, Sign):
        dash = f' stroke-dasharray="{DASHES[name.kind]}"' if DASHES[name.kind] else ""
        return (
            f'<path d="M{_n(x)} {_n(y)}h{_n(SAMPLE)}" stroke="{palette.shortcut(name.kind)}" '
            f'stroke-width="2" stroke-linecap="round"{dash}/>'
        )
    if name.kind is Sign.MARK:
        return _outline(x, y - 7, 24.0, 14.0, 5.0, name.text, palette)
    sample = sample_of(name)
    fill = mix(palette.tint, palette.background, fill_of(Kind.STAGE))
    drawn = "".join(
        f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}" rx="3" '
        f'fill="{fill}" stroke="{palette.tint}" stroke-width="1"/>'
        for left, top, width, height in sample.boxes
    )
    if sample.path:
        line = f'stroke="{palette.main_path}" stroke-width="1.4" fill="none"'
        drawn = f'<path d="{_polyline(sample.path)}" {line}/>{drawn}'
    return drawn + (_plus(sample.add, sample.radius, palette, 1.3) if sample.add else "")


def _scale(warm: Warm, key: Key, palette: Palette) -> str:
    """Draw the scale, from 0 to the hottest node, with its unit."""
    wide = key.length / len(warm.colours)
    x, y = key.scale
    steps = "".join(
        f'<rect x="{_n(x + i * wide)}" y="{_n(y)}" width="{_n(wide + 0.5)}" height="14" '
        f'fill="{colour}"/>'
        for i, colour in enumerate(warm.colours)
    )
    words = "".join(
        f'<text x="{_n(at)}" y="{_n(base)}" text-anchor="start" '
        f'fill="{palette.text}">{escape(text)}</text>'
        for (at, base), text in key.words
    )
    return f'<g class="scale">{steps}{words}</g>'


def _line(points: tuple[Point, ...]) -> str:
    """Return a path through the points, with rounded corners."""
    drawn = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for before, (x, y), after in zip(points, points[1:], points[2:], strict=False):
        x1, y1 = _towards((x, y), before)
        x2, y2 = _towards((x, y), after)
        drawn.append(f"L{_n(x1)} {_n(y1)}Q{_n(x)} {_n(y)} {_n(x2)} {_n(y2)}")
    drawn.append(f"L{_n(points[-1][0])} {_n(points[-1][1])}")
    return "".join(drawn)


def _polyline(points: tuple[Point, ...]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _towards(corner: Point, other: Point) -> Point:
    (x, y), (ox, oy) = corner, other
    length = abs(ox - x) + abs(oy - y)
    share = min(CORNER, length / 2) / length if length else 0
    return x + (ox - x) * share, y + (oy - y) * share
