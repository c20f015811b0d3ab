"""The silhouette of a network: height, width and channels along its depth, as an SVG.

Each box is a tensor. Its front face is the map and its depth the channels, so the picture shows how
a ResNet trades resolution for channels. Positions follow from the shapes in closed form; only the
scale is searched, from the largest down, until the picture fits its width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import pairwise, product
from math import cos, log2, radians, sin, sqrt

from analysis.costs.profiles import Profile, Shape
from analysis.style.fonts import FONT_FAMILY
from analysis.style.language import marked
from analysis.style.look import MM_PER_INCH, magnification
from analysis.style.numbers import decimals, shape
from analysis.style.palette import LIGHT, Palette, mix
from nets import plan
from nets.names import title

MAX_WIDTH = 960
"""Largest width in px; shown at 900 px, the smallest text still has 14 px."""

NAME_SIZE, TEXT_SIZE = 16, 15
_LINE = 20
_CHARACTER = 0.57
"""Width of a character in em: an upper estimate for Source Sans, Segoe UI, Helvetica and Arial."""

_LEAST_PT, _MOST_PT = 7.0, 8.0
"""Range of text on a page; for a narrow one the boxes are split into rows."""

_SIDES = range(150, 39, -5)
"""Candidate lengths in px of the longest side of a map; the largest that fits is used."""

_SMALLEST_MAP = 32
"""A network whose maps are all smaller than this doesn't fill the picture."""

_THINNEST = 6.0
_BAR = 8.0
"""Thickness of the head's bar, because a vector has no map."""

_DEPTH = 0.028
"""Depth per doubling of the channels, as a share of the longest side."""

_ANGLE = radians(30)
_MARGIN = 12
_BETWEEN_BOXES, _BETWEEN_LABELS, _BETWEEN_ROWS = 30, 16, 26
_ABOVE_LABELS = 34
_ARROW_GAP, _ARROW_HEAD, _ARROW = 5.0, 7.0, 18.0

_FRONT, _TOP, _SIDE = 0.32, 0.16, 0.56
"""Shares of the tint in the fills of the faces."""

_number = partial(decimals, most=2)


SCALES = marked(
    "Height and width are on a square-root scale, channels (depth) on a logarithmic one."
)
"""What a reader of the picture must know."""


def silhouette(profile: Profile, palette: Palette = LIGHT, width_mm: float | None = None) -> str:
    """Draw the input, the stem's outputs, every stage and the head as boxes in a row.

    Height and width of a front face follow the square roots of the map's height and width (at
    least 6 px), and depth follows log2(1 + channels), at 30 degrees; the picture's `<desc>` says
    this with its numbers. The picture is at most 960 px wide, in several rows for a narrow column.

    Args:
        profile: the counted network.
        palette: its colours; the background stays transparent.
        width_mm: the width on paper at which its text must have 7 pt or more.

    Returns:
        One `<svg>` element with a transparent background.
    """
    tensors, name = tuple(_tensors(profile)), title(profile.spec)
    if width_mm is None:
        return _draw(name, _rows(tensors, MAX_WIDTH), _Colours.of(palette))
    points = width_mm / MM_PER_INCH * 72
    rows = _rows(tensors, min(MAX_WIDTH, points * TEXT_SIZE / _LEAST_PT))
    least = points * NAME_SIZE / (_MOST_PT * magnification(width_mm))
    return _draw(name, rows, _Colours.of(palette), min(MAX_WIDTH, least))


def _rows(tensors: Sequence[_Tensor], most: float) -> list[_Layout]:
    """Split the boxes into the fewest rows of at most `most` px, on the largest scale.

    Shapes in labels are broken over two lines only if no number of rows has room for them.
    """
    longest = max(max(tensor.sides[1:]) for tensor in tensors)

    def layouts(count: int, side: int, split: bool) -> list[_Layout]:
        each, beside = -(-len(tensors) // count), _MARGIN + (_ARROW if count > 1 else 0.0)
        parts = [tensors[start : start + each] for start in range(0, len(tensors), each)]
        return [_Layout(part, side, split, longest, beside) for part in parts]

    counts = range(1, len(tensors) if most < MAX_WIDTH else 2)
    for split, count, side in product((False, True), counts, _SIDES):
        if _widest(found := layouts(count, side, split)) <= most:
            return found
    return found


def _widest(rows: Sequence[_Layout]) -> float:
    return max(map(_width, rows))


_ENDS = ("classes", "features")
"""The parts that the head can return."""


@dataclass(frozen=True)
class _Tensor:
    """One box: its name, its name in the paper or what it is, and its shape [C, H, W]."""

    name: str
    part: str
    sides: Shape

    def lines(self, split: bool) -> tuple[str, ...]:
        """Return the lines of the label below the box."""
        if self.part in _ENDS:
            return self.name, self.part, str(self.sides[0])
        if split:
            return self.name, self.part, str(self.sides[0]), f"×{shape(self.sides[1:])}"
        return self.name, self.part, shape(self.sides)


def _tensors(profile: Profile) -> Iterator[_Tensor]:
    yield _Tensor("input", "image", profile.input)
    *_, last = plan.stem_convs(profile.spec)
    for layer in profile.layers:
        if layer.path in (last, "maxpool"):
            yield _Tensor(layer.place.module.path, "stem", layer.output)
    for stage in profile.stages[1:-1]:
        paper = plan.paper_name(profile.spec, stage.name)
        yield _Tensor(stage.name, paper or "stage", stage.output)
    end = "classes" if profile.spec.classes else "features"
    yield _Tensor(profile.stages[-1].name, end, profile.stages[-1].output)


@dataclass(frozen=True)
class _Layout:
    """All boxes at one scale: the longest side of any map is `side` pixels long."""

    tensors: Sequence[_Tensor]
    side: int
    split: bool
    longest: int
    beside: float = _MARGIN

    @property
    def unit(self) -> float:
        """Drawn length of one pixel of a map."""
        return self.side / sqrt(max(self.longest, _SMALLEST_MAP))

    @property
    def tallest(self) -> float:
        """Height of the tallest box."""
        return max(self.extent(tensor)[1] for tensor in self.tensors)

    @property
    def height(self) -> float:
        """Height of the boxes and their labels."""
        lines = max(len(tensor.lines(self.split)) for tensor in self.tensors)
        return self.tallest + _ABOVE_LABELS + (lines - 1) * _LINE

    def front(self, tensor: _Tensor) -> tuple[float, float]:
        """Return the width and height of a front face."""
        if tensor.part in _ENDS:
            return _BAR, _BAR
        _, height, width = tensor.sides
        return max(_THINNEST, self.unit * sqrt(width)), max(_THINNEST, self.unit * sqrt(height))

    def depth(self, tensor: _Tensor) -> tuple[float, float]:
        """Return the offset of the back face to the right of and above the front face."""
        depth = self.side * _DEPTH * log2(1 + tensor.sides[0])
        return depth * cos(_ANGLE), depth * sin(_ANGLE)

    def extent(self, tensor: _Tensor) -> tuple[float, float]:
        """Return the width and height of a whole box."""
        (width, height), (right, up) = self.front(tensor), self.depth(tensor)
        return width + right, height + up

    def label(self, tensor: _Tensor) -> float:
        """Return the width of the longest line of a label."""
        name, *rest = (len(line) * _CHARACTER for line in tensor.lines(self.split))
        return max(name * NAME_SIZE, *(width * TEXT_SIZE for width in rest))

    def centres(self) -> list[float]:
        """Return the centres of the boxes and labels, as close as their neighbours allow."""
        half_boxes = [self.extent(tensor)[0] / 2 for tensor in self.tensors]
        half_labels = [self.label(tensor) / 2 for tensor in self.tensors]
        x = self.beside + max(half_boxes[0], half_labels[0])
        centres = [x]
        for i in range(1, len(self.tensors)):
            x += max(
                half_boxes[i - 1] + half_boxes[i] + _BETWEEN_BOXES,
                half_labels[i - 1] + half_labels[i] + _BETWEEN_LABELS,
            )
            centres.append(x)
        return centres


_Row = tuple[_Layout, list[float], float]
"""A row, the centres of its boxes and its top."""


def _width(layout: _Layout) -> float:
    """Return the width of the whole picture."""
    last = layout.tensors[-1]
    return (
        layout.centres()[-1] + max(layout.extent(last)[0], layout.label(last)) / 2 + layout.beside
    )


def _spread(layout: _Layout, width: float) -> list[float]:
    """Return the centres of the boxes, evenly farther apart so that the row has this width."""
    apart = (width - _width(layout)) / max(len(layout.tensors) - 1, 1)
    return [centre + apart * i for i, centre in enumerate(layout.centres())]


@dataclass(frozen=True)
class _Colours:
    """The colour attributes of each part."""

    front: str
    top: str
    side: str
    edge: str
    text: str
    quiet: str
    path: str

    @classmethod
    def of(cls, palette: Palette) -> _Colours:
        return cls(
            front=f'fill="{mix(palette.tint, palette.background, _FRONT)}"',
            top=f'fill="{mix(palette.tint, palette.background, _TOP)}"',
            side=f'fill="{mix(palette.tint, palette.background, _SIDE)}"',
            edge=f'stroke="{palette.tint}"',
            text=f'fill="{palette.text}"',
            quiet=f'fill="{palette.quiet}"',
            path=f'fill="{palette.main_path}" stroke="{palette.main_path}"',
        )


def _draw(name: str, rows: Sequence[_Layout], colours: _Colours, least: float = 0.0) -> str:
    width = _number(widest := max(_widest(rows), least))
    tops = [_MARGIN + sum(row.height + _BETWEEN_ROWS for row in rows[:i]) for i in range(len(rows))]
    height = _number(tops[-1] + rows[-1].height + _MARGIN)
    drawn = [(row, _spread(row, widest), top) for row, top in zip(rows, tops, strict=True)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" font-family="{FONT_FAMILY}" '
            f'font-size="{TEXT_SIZE}" text-anchor="middle">',
            f"<title>{escape(name)}: height, width and channels through the network</title>",
            f"<desc>{escape(_description(rows))}</desc>",
            f'<g stroke-width="1" stroke-linejoin="round" {colours.edge}>',
            *(
                _box(row, *place, top + row.tallest / 2, colours)
                for row, centres, top in drawn
                for place in _places(row, centres)
            ),
            "</g>",
            f'<g class="main-path" stroke-width="1.5" stroke-linejoin="round" {colours.path}>',
            *(
                arrow
                for row, centres, top in drawn
                for arrow in _arrows(row, centres, top + row.tallest / 2)
            ),
            *(_around(one, other, widest) for one, other in pairwise(drawn)),
            "</g>",
            *(
                _label(tensor, x, top + row.tallest + _ABOVE_LABELS, row.split, colours)
                for row, centres, top in drawn
                for tensor, x in _places(row, centres)
            ),
            "</svg>\n",
        ]
    )


def _places(layout: _Layout, centres: list[float]) -> Iterator[tuple[_Tensor, float]]:
    return zip(layout.tensors, centres, strict=True)


def _description(rows: Sequence[_Layout]) -> str:
    """Describe the picture: the tensors in order, and the meaning of lengths."""
    layout = rows[0]
    tensors = ", ".join(
        f"{tensor.name} {tensor.lines(split=False)[-1]}" for row in rows for tensor in row.tensors
    )
    return (
        f"Channels×height×width, from left to right: {tensors}. "
        f"Height and width of a front face are {_number(layout.unit)} px times the square root of "
        f"the map's height and width, and at least {_number(_THINNEST)} px. "
        f"Depth is {_number(layout.side * _DEPTH)} px times log2(1 + channels). "
        f"The head is a vector, drawn as a bar {_number(_BAR)} px thick."
    )


def _box(layout: _Layout, tensor: _Tensor, centre: float, middle: float, colours: _Colours) -> str:
    """Draw the three faces of a box whose outline is centred on (centre, middle)."""
    (width, height), (right, up) = layout.front(tensor), layout.depth(tensor)
    x, y = centre - (width + right) / 2, middle - (height + up) / 2 + up
    top = [(x, y), (x + right, y - up), (x + width + right, y - up), (x + width, y)]
    side = [
        (x + width, y),
        (x + width + right, y - up),
        (x + width + right, y - up + height),
        (x + width, y + height),
    ]
    front = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return (
        f'<g class="box" data-name="{escape(tensor.name)}">'
        f'<polygon points="{_points(top)}" {colours.top}/>'
        f'<polygon points="{_points(side)}" {colours.side}/>'
        f'<polygon points="{_points(front)}" {colours.front}/></g>'
    )


def _outset(layout: _Layout, tensor: _Tensor) -> float:
    """Return the distance of the start of an arrow from the centre of its box."""
    (width, height), (right, up) = layout.front(tensor), layout.depth(tensor)
    # The middle line meets the slanted edge of a box that is deeper than tall.
    cut = max(0.0, (up - height) / 2) * right / up
    return (width + right) / 2 - max(0.0, cut - _ARROW_GAP) + _ARROW_GAP


def _inset(layout: _Layout, tensor: _Tensor) -> float:
    """Return the distance of an arrowhead from the centre of its box: clear of its corners."""
    return layout.extent(tensor)[0] / 2 + _ARROW_GAP


def _arrows(layout: _Layout, centres: list[float], y: float) -> Iterator[str]:
    """Draw arrows along the middle, from each outline to the next."""
    for (one, x), (other, next_x) in pairwise(_places(layout, centres)):
        yield _arrow([(x + _outset(layout, one), y), (next_x - _inset(layout, other), y)])


def _around(one: _Row, other: _Row, width: float) -> str:
    """Draw the arrow from the end of a row, around its labels, to the start of the next."""
    (before, centres, top), (after, others, below) = one, other
    y, next_y = top + before.tallest / 2, below + after.tallest / 2
    start = centres[-1] + _outset(before, before.tensors[-1])
    end = others[0] - _inset(after, after.tensors[0])
    outer, between, inner = width - _MARGIN, below - _BETWEEN_ROWS / 2, _MARGIN
    turns = [(outer, y), (outer, between), (inner, between), (inner, next_y)]
    return _arrow([(start, y), *turns, (end, next_y)])


def _arrow(points: Sequence[tuple[float, float]]) -> str:
    """Draw an arrow along horizontal and vertical lines; it ends to the right."""
    (x, y), (end, last) = points[0], points[-1]
    head = [(end, last), (end - _ARROW_HEAD, last - 3), (end - _ARROW_HEAD, last + 3)]
    path = f"M{_number(x)} {_number(y)}"
    for place, (x, y) in enumerate([*points[1:-1], (end - _ARROW_HEAD, last)]):
        path += f"V{_number(y)}" if place % 2 else f"H{_number(x)}"
    return f'<path d="{path}" fill="none"/><polygon points="{_points(head)}" stroke="none"/>'


def _label(tensor: _Tensor, x: float, baseline: float, split: bool, colours: _Colours) -> str:
    name, part, *sizes = tensor.lines(split)
    bold = f'font-size="{NAME_SIZE}" font-weight="600" {colours.text}'
    lines = [(name, bold), (part, colours.quiet), *((size, colours.text) for size in sizes)]
    texts = (
        f'<text x="{_number(x)}" y="{_number(baseline + i * _LINE)}" {look}>{escape(text)}</text>'
        for i, (text, look) in enumerate(lines)
    )
    return f'<g class="label">{"".join(texts)}</g>'


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
