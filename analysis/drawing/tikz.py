"""Graphs as TikZ: the picture of `svg` for a LaTeX document, in that document's font.

The text of labels is escaped for all engines; characters that pdflatex lacks need lualatex or
xelatex. Lengths are in bp; a px of the drawing is 0.75 bp, as in the other formats.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from analysis.drawing.heat import Heat
from analysis.drawing.key import NAMES, SAMPLE, Key, Name, Sign, entries_of, key_of
from analysis.drawing.marks import (
    CORNER,
    TITLE,
    Warm,
    counted_lines,
    description,
    fill_of,
    holds_shape,
    kinds_of,
    large,
    lines_of,
    sample_of,
    stack_of,
)
from analysis.drawing.parts import (
    SMALL,
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
from analysis.style.look import MM_PER_INCH, PLAIN_LOOK, Look
from analysis.style.numbers import decimals
from analysis.style.palette import DASHES, Palette, mix, text_on
from nets.plan import ShortcutKind

_BP_PER_INCH, _BP_PER_PX = 72, 0.75
_TYPE = 10 * 72 / 72.27  # bp of a 10 pt font, which every family has; other sizes are scaled

_LARGEST = 14_400
"""Largest width and height in bp for viewers (ISO 32000-1, annex C); TeX's limit is 16,322."""

_MOST_NODES = 2_000
"""Most boxes and additions: 2,470 use 4.4 of pdflatex's 5 million words of memory."""

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless\/",  # prevents a ligature of two, which lualatex also makes across {}
    ">": r"\textgreater\/",
    "-": r"-\/",
    ",": r",\/",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "−": "$-$",
    "→": r"$\rightarrow$",
    "\N{EM SPACE}": r"\quad{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}

_BEYOND_PDFLATEX = re.compile(
    # Everything except the Latin letters and typographic signs that LaTeX's kernel declares for its
    # encodings T1 and TS1, in t1enc.dfu and ts1enc.dfu.
    "[^\0-\u0125\u0128-\u0137\u0139-\u013e\u0141-\u0148\u014a-\u0165\u0168-\u017e"
    "\u0218-\u021b\u2010\u2011\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a"
    "\u20ac\u2122−→]"
)

_PLAIN_FONT = r"\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}"
_T1 = r"\ifdefined\Umathchar\else\usepackage[T1]{fontenc}\fi"
_FONTS = ("DejaVu Sans", "Noto Sans")
_WIDE_FONTS = (
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Source Han Sans SC",
    "Noto Sans CJK SC",
)
"""Sans serif fonts with many characters, and with Chinese, Japanese and Korean; the best last."""

_n = partial(decimals, most=3)


def tikz(
    graph: Graph,
    look: Look = PLAIN_LOOK,
    heat: Heat | None = None,
    standalone: bool = True,
) -> str:
    r"""Draw a graph.

    Args:
        graph: what to draw.
        look: how it is drawn; a title that doesn't fit is made smaller.
        heat: numbers that colour the nodes, with a scale below.
        standalone: whether to write a document, or only the `tikzpicture` for use with `\input`.

    Raises:
        ValueError: if the picture or its title is larger than TeX can hold.
    """
    palette, labels = look.palette, look.labels
    if len(graph.nodes) > _MOST_NODES:
        raise ValueError(
            f"{len(graph.nodes):,} nodes are more than the {_MOST_NODES:,} that TeX can hold: "
            "fold equal blocks, or draw blocks instead of layers"
        )
    title = _printable(look.title)
    told = entries_of(graph, look.labels) if look.legend else ()
    warm = Warm.of(graph, heat, palette) if heat else None
    top = TITLE if title else 0.0
    key = key_of(told, warm.ends if warm else (), graph.width, graph.margin)
    height = graph.height + top + key.height
    pen = _Pen(_scale(graph.width, height, look), top)
    lines = [
        *_picture_options(pen, kinds_of(graph)),
        *_colours(palette, kinds_of(graph), warm, graph),
        rf"\useasboundingbox (0,0) rectangle ({_n(graph.width * pen.bp)},{_n(height * pen.bp)});",
    ]
    if look.ground:
        lines.append(r"\path[fill=netground] (current bounding box.south west) rectangle")
        lines.append(r"  (current bounding box.north east);")
    if title:
        lines.append(_title(pen, graph.width, look))
    for band in graph.bands:
        lines += _band(pen, band, look.shapes, labels)
    for frame in graph.frames:
        lines += _frame(pen, frame, labels)
    lines += (_edge(pen, edge) for edge in graph.edges)
    tells = counted_lines(graph)
    for node in graph.nodes:
        lines += _node(pen, node, labels, warm) if node.inner else ()
    for line in graph.shortcuts:
        lines += _shortcut(pen, line, line in tells)
        lines += _small_unit(pen, line.unit, labels) if line.unit else ()
    for node in graph.nodes:
        lines += () if node.inner else _node(pen, node, labels, warm)
    if look.shapes:
        lines += (_shape(pen, edge) for edge in graph.edges if edge.label)
    for head in graph.headings:
        style = "words, anchor=base west" if head.anchor == "start" else "words"
        lines.append(_words(pen, head.x, head.y, head.text, style, bold=True))
    lines += _legend(pen, key, graph.height)
    if warm:
        lines += _heat_scale(pen, warm, key, graph.height)
    lines.append(r"\end{tikzpicture}%")
    return _document(graph, lines) if standalone else _fragment(graph, lines)


def escaped(text: str) -> str:
    """Escape a text for TeX, on one line and without control characters."""
    return "".join(_ESCAPES.get(character, character) for character in _printable(text))


def needs_unicode_tex(text: str) -> bool:
    """Return whether a text has characters that need lualatex or xelatex instead of pdflatex."""
    return bool(_BEYOND_PDFLATEX.search(_printable(text)))


def _printable(text: str) -> str:
    line = re.sub(r"[^\S\N{EM SPACE}]+", " ", text.strip())
    kept = (c for c in line if unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept))


def _scale(width: float, height: float, look: Look) -> float:
    """Return the length of a px on paper, in bp."""
    bp = _BP_PER_PX * look.scale(width, height)
    if (longest := max(width, height)) * bp > _LARGEST:
        most = int(width * _LARGEST / longest * MM_PER_INCH / _BP_PER_INCH)
        raise ValueError(
            f"a picture of {width * bp:,.0f} by {height * bp:,.0f} pt is larger than TeX can hold: "
            f"fold equal blocks or give width_mm of at most {most:,}"
        )
    return bp


@dataclass(frozen=True)
class _Pen:
    """Converts px of the drawing to bp on paper, below a title of height `top` px."""

    bp: float
    top: float

    def at(self, x: float, y: float) -> str:
        """Format a point."""
        return f"({_n(x * self.bp)},{_n((y + self.top) * self.bp)})"

    def by(self, x: float, y: float) -> str:
        """Format a relative step."""
        return f"+({_n(x * self.bp)},{_n(y * self.bp)})"

    def size(self, px: float) -> str:
        """Format a length."""
        return f"{_n(px * self.bp)}bp"

    def box(self, x: float, y: float, width: float, height: float) -> str:
        """Format a rectangle, given its upper left corner."""
        return f"{self.at(x, y)} rectangle {self.by(width, height)}"

    def path(self, points: tuple[Point, ...]) -> str:
        """Format straight lines from point to point."""
        return " -- ".join(self.at(x, y) for x, y in points)


def _fragment(graph: Graph, lines: list[str]) -> str:
    needs = [r"% Needs only \usepackage{tikz}."]
    picture = "\n".join(lines)
    if needs_unicode_tex(picture):
        needs.append("% Its letters need lualatex or xelatex and a sans serif font that has them.")
    elif _needs_t1(picture):
        needs.append(r"% Its accents and quotes need \usepackage[T1]{fontenc} in pdflatex.")
    return "\n".join([*needs, f"% {_printable(description(graph))}", *lines]) + "\n"


def _needs_t1(picture: str) -> bool:
    """Return whether TeX's default font encoding, OT1, lacks a sign or composes it from two."""
    return not picture.isascii() or _ESCAPES['"'] in picture


def _document(graph: Graph, lines: list[str]) -> str:
    picture = "\n".join(lines)
    about = f"% {_printable(description(graph))}"
    head = ["% Needs only the document class standalone and the package tikz.", about]
    packages = [r"\documentclass{standalone}", r"\usepackage{tikz}"]
    if needs_unicode_tex(picture):
        head = [
            "% !TeX program = lualatex",
            "% Its letters need lualatex or xelatex and a font that has them: the last installed",
            "% font of those named below, or one that you name instead.",
            about,
        ]
        wide = any(unicodedata.east_asian_width(c) in "WF" for c in picture)
        packages.append(r"\usepackage{fontspec}")
        packages += (
            rf"\IfFontExistsTF{{{font}}}{{\setsansfont{{{font}}}}}{{}}"
            for font in (_WIDE_FONTS if wide else _FONTS)
        )
        packages.append(r"\tracinglostchars=3 % a letter missing from the font is an error")
    else:
        packages += [_PLAIN_FONT, *([_T1] if _needs_t1(picture) else [])]
    body = [r"\begin{document}", *lines, r"\end{document}"]
    return "\n".join([*head, *packages, *body]) + "\n"


def _picture_options(pen: _Pen, kinds: tuple[ShortcutKind, ...]) -> Iterator[str]:
    yield r"\begin{tikzpicture}[x=1bp, y=-1bp,"
    yield r"  words/.style={anchor=base, inner sep=0pt, outer sep=0pt, text=nettext,"
    yield r"    font=\sffamily\fontsize{10}{12}\selectfont,"
    yield rf"    scale={TEXT * pen.bp / _TYPE:.4g}}},"
    yield rf"  small words/.style={{words, scale={SMALL / TEXT:.4g}}},"
    yield rf"  stage band/.style={{fill=netsurface, rounded corners={pen.size(10)}}},"
    yield (
        rf"  main path/.style={{draw=netmain, line width={pen.size(1.8)}, "
        rf"rounded corners={pen.size(CORNER)}}},"
    )
    for kind in kinds:
        yield (
            rf"  {NAMES[kind]} shortcut/.style={{draw={_colour(kind)}, line width={pen.size(2)}, "
            rf"rounded corners={pen.size(CORNER)}, line cap=round{_dashes(pen, kind)}}},"
        )
    yield rf"  second line/.style={{line width={pen.size(1.4)}}},"
    yield (
        rf"  arrow head/.style={{solid, sharp corners, line cap=butt, line width={pen.size(2)}}},"
    )
    yield (
        rf"  box/.style={{draw=nettint, line width={pen.size(1)}, "
        rf"rounded corners={pen.size(7)}}},"
    )
    yield rf"  addition/.style={{draw=netmain, fill=netground, line width={pen.size(1.6)}}}]"


def _dashes(pen: _Pen, kind: ShortcutKind) -> str:
    if not DASHES[kind]:
        return ""
    on, off = map(float, DASHES[kind].split())
    return f", dash pattern=on {pen.size(on)} off {pen.size(off)}"


def _colours(
    palette: Palette, kinds: tuple[ShortcutKind, ...], warm: Warm | None, graph: Graph
) -> Iterator[str]:
    named = {
        "nettext": palette.text,
        "netquiet": palette.quiet,
        "netground": palette.background,
        "netsurface": palette.surface,
        "nettint": palette.tint,
        "netmain": palette.main_path,
        **{_colour(kind): palette.shortcut(kind) for kind in kinds},
    }
    for kind in sorted({node.kind for node in graph.nodes} - {Kind.ADD}):
        named[f"net{kind}"] = mix(palette.tint, palette.background, fill_of(kind))
    if warm:
        hot = filter(None, map(warm.colour, graph.nodes))
        named |= {f"net{colour[1:]}": colour for colour in (*warm.colours, *hot)}
    return (rf"\definecolor{{{name}}}{{HTML}}{{{code[1:]}}}" for name, code in named.items())


def _colour(kind: ShortcutKind) -> str:
    return f"net{NAMES[kind].replace(' ', '')}"


def _title(pen: _Pen, width: float, look: Look) -> str:
    """Return the title, which TeX itself measures and shrinks if it is too wide."""
    size = large(look)
    most = f"{_n(min(0.96 * width * 10 / size, 16_000))}pt"
    return (
        rf"\node[words, scale={size / TEXT:.4g}] at {pen.at(width / 2, 26 - pen.top)} "
        rf"{{\sbox0{{\bfseries\boldmath {escaped(look.title)}}}\ifdim\wd0>{most} "
        rf"\resizebox{{{most}}}{{!}}{{\usebox0}}\else\usebox0\fi}};"
    )


def _band(pen: _Pen, band: Band, shapes: bool, labels: bool) -> Iterator[str]:
    yield (
        rf"\path[stage band] {pen.box(band.x, band.y, band.width, band.height)}; "
        f"% {_printable(band.stage)}"
    )
    if labels:
        for row, line in enumerate(band.title.split("\n")):
            y = band.y + 17 + LINE * row
            yield _words(pen, band.x + 8, y, line, "small words, anchor=base west")
    if shapes and holds_shape(band):
        style = "small words, anchor=base east, text=netquiet"
        yield _words(pen, band.x + band.width - 8, band.y + 17, band.shape, style)


def _frame(pen: _Pen, frame: Frame, labels: bool) -> Iterator[str]:
    box = pen.box(frame.x, frame.y, frame.width, frame.height)
    yield rf"\path[box, fill=netground] {box}; % {_printable(frame.name)}"
    if labels:
        yield _words(pen, frame.x + 8, frame.y + 16, frame.title, "small words, anchor=base west")


def _words(pen: _Pen, x: float, y: float, text: str, style: str, bold: bool = False) -> str:
    said = rf"{{\bfseries\boldmath {escaped(text)}}}" if bold else escaped(text)
    return rf"\node[{style}] at {pen.at(x, y)} {{{said}}};"


def _edge(pen: _Pen, edge: Edge) -> str:
    head = pen.path(edge.head)
    return rf"\path[main path] {pen.path(edge.points)} [sharp corners] {head};"


def _shape(pen: _Pen, edge: Edge) -> str:
    """Draw the shape on an edge, which it interrupts."""
    (x, y), anchor = edge.label_at
    where = "anchor=base west" if anchor == "start" else "inner sep=2pt, fill=netground"
    return _words(pen, x, y, edge.label, f"small words, text=netquiet, {where}")


def _shortcut(pen: _Pen, line: ShortcutLine, tells: bool) -> Iterator[str]:
    style = f"{NAMES[line.kind]} shortcut"
    yield rf"\path[{style}] {pen.path(line.points)}; % {_printable(line.path)}"
    if line.count > 1:
        yield rf"\path[{style}, second line] {pen.path(line.inset)};"
        if tells:
            (x, y), anchor = line.count_at
            west = ", anchor=base west" if anchor == "start" else ""
            yield _words(pen, x, y, f"×{line.count}", f"words{west}", bold=True)
    yield rf"\path[{style}, arrow head] {pen.path(line.head)};"


def _small_unit(pen: _Pen, unit: SmallUnit, labels: bool) -> Iterator[str]:
    """Draw the branch and the addition of a small unit, with its number of blocks."""
    yield rf"\path[main path, line width={pen.size(1.4)}] {pen.path(unit.path)};"
    small = rf"box, fill=net{Kind.STAGE}, rounded corners={pen.size(3)}"
    yield rf"\path[{small}] {pen.box(*unit.box)};"
    yield _plus(pen, unit.add, unit.radius)
    if labels:
        yield _words(pen, *unit.words_at, unit.words, "small words, anchor=base west")


def _plus(pen: _Pen, centre: Point, radius: float) -> str:
    """Draw the circle of an addition."""
    arm = radius / 2
    return (
        rf"\path[addition] {pen.at(*centre)} circle[radius={pen.size(radius)}] "
        rf"{pen.by(-arm, 0)} -- {pen.by(arm, 0)} {pen.by(0, -arm)} -- {pen.by(0, arm)};"
    )


def _node(pen: _Pen, node: Node, labels: bool, warm: Warm | None) -> Iterator[str]:
    if node.kind is Kind.ADD:
        yield _plus(pen, (node.x, node.y), node.width / 2)
        return
    x, y = node.x - node.width / 2, node.y - node.height / 2
    fill, ink = node.kind.value, ""
    if warm:
        hot = warm.colour(node)
        fill = hot[1:] if hot else "ground"
        if hot:
            ink = ", text=black" if text_on(hot) == "#000000" else ", text=white"
    for offset in stack_of(node):
        box = pen.box(x + offset, y + offset, node.width, node.height)
        yield rf"\path[box, fill=net{fill}] {box}; % {_printable(node.path)}"
    if node.inner:
        yield rf"\path[fill=netground] {pen.box(*node.panel)};"
    for line in lines_of(node, warm.heat if warm else None, labels):
        style = f"{'words' if line.size == TEXT else 'small words'}{ink}"
        yield _words(pen, line.x, line.base, line.text, style, line.bold)


def _legend(pen: _Pen, key: Key, below: float) -> Iterator[str]:
    for name in key.names:
        at, base = name.words
        yield from _sample(pen, name, below)
        yield _words(pen, at, below + base, name.text, "words, anchor=base west")


def _sample(pen: _Pen, name: Name, below: float) -> Iterator[str]:
    """Draw the sign that a name in the key explains."""
    x, y = name.sample
    if not isinstance(name.kind, Sign):
        line = pen.path(((x, below + y), (x + SAMPLE, below + y)))
        yield rf"\path[{NAMES[name.kind]} shortcut] {line};"
        return
    low = replace(pen, top=pen.top + below)
    sample = sample_of(name)
    if sample.path:
        yield rf"\path[main path, line width={pen.size(1.4)}] {low.path(sample.path)};"
    fill = rf"box, fill=nettint!16!netground, rounded corners={pen.size(3)}"
    yield from (rf"\path[{fill}] {low.box(*box)};" for box in sample.boxes)
    if sample.add:
        yield _plus(low, sample.add, sample.radius)


def _heat_scale(pen: _Pen, warm: Warm, key: Key, below: float) -> Iterator[str]:
    wide = key.length / len(warm.colours)
    x, y = key.scale
    for i, colour in enumerate(warm.colours):
        box = pen.box(x + i * wide, below + y, wide + 0.5, 14)
        yield rf"\path[fill=net{colour[1:]}] {box};"
    for (at, base), text in key.words:
        yield _words(pen, at, below + base, text, "words, anchor=base west")
