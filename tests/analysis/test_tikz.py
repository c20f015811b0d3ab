"""The TikZ picture matches the SVG, and every text on it is escaped."""

import re
import unicodedata
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import analysis
from analysis.costs.profiles import Profile
from analysis.drawing.graph import Level, graph
from analysis.drawing.heat import Heat, Metric, Per, heat_of
from analysis.drawing.key import Sign, entries_of, key_of
from analysis.drawing.parts import Kind
from analysis.drawing.svg import svg
from analysis.drawing.tikz import escaped, needs_unicode_tex, tikz
from analysis.drawing.units import units_across
from analysis.structure.units import Unit
from analysis.style.look import Look
from analysis.style.numbers import short
from analysis.style.palette import CIVIDIS, DARK, GREYS, LIGHT, PRINT, Palette
from nets import parse
from nets.options import UnitOrder
from tests.conftest import Golden

COUNTS = {
    "resnet18": {"identity": 5, "projection": 3},
    "resnet34": {"identity": 13, "projection": 3},
    "resnet50": {"identity": 12, "projection": 4},
    "resnet20": {"identity": 7, "zero-pad": 2},
    "plain34": {},
}

NASTY = r"</svg><script> \input{/etc/passwd} $x_1$ ^ ~ { } % # & -- ,, << ?` '' `` é Ł ą — × ·"

SHORTCUT = re.compile(r"\\path\[([a-z -]+) shortcut\] (.+); % (layer[0-9.]+)")
POINT = re.compile(r"\(([-0-9.]+),([-0-9.]+)\)")

BACK = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless\/": "<",
    r"\textgreater\/": ">",
    r"\textbar{}": "|",
    r"\textquotedbl{}": '"',
    r"\textquotesingle{}": "'",
    r"\textasciigrave{}": "`",
    r"-\/": "-",
    r",\/": ",",
    r"$\times$": "×",
    r"$\cdot$": "·",
    "$-$": "−",
    r"$\rightarrow$": "→",
    r"\&": "&",
    r"\%": "%",
    r"\$": "$",
    r"\#": "#",
    r"\_": "_",
    r"\{": "{",
    r"\}": "}",
}
TOKEN = re.compile("|".join(map(re.escape, BACK)) + r"|[^\\{}$&#^_~%<>|\"'`,\n-]", re.S)


def read(tex: str) -> str:
    """Return what TeX prints for an escaped text, by the meaning of TeX's special characters."""
    tokens = TOKEN.findall(tex)
    assert "".join(tokens) == tex  # only tokens that print
    return "".join(BACK.get(token, token) for token in tokens)


def counted(text: str) -> Profile:
    return analysis.profile(parse(text))


def assert_balanced(tex: str) -> None:
    depth = 0
    lines = [re.sub(r"(?<!\\)%.*", "", line) for line in tex.splitlines()]
    for brace in re.findall(r"(?<!\\)[{}]", "\n".join(lines)):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", tex):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened


@pytest.mark.parametrize("text", COUNTS)
def test_every_shortcut_is_drawn_by_its_kind(text: str) -> None:
    picture = graph(counted(text), Level.BLOCK, unfold=True)
    drawn = SHORTCUT.findall(tikz(picture))
    assert Counter(kind for kind, _, _ in drawn) == COUNTS[text]
    assert [path for _, _, path in drawn] == [line.path for line in picture.shortcuts]
    for line, (_, points, _) in zip(picture.shortcuts, drawn, strict=True):
        found = [(float(x) / 0.75, float(y) / 0.75) for x, y in POINT.findall(points)]
        assert found == [pytest.approx(point, abs=0.01) for point in line.points]


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("text", ["resnet50", "preresnet164", "resnet20", "plain20"])
def test_the_picture_is_balanced_and_whole(text: str, level: Level) -> None:
    profile = counted(text)
    picture = graph(profile, level)
    tex = tikz(picture, Look(title=NASTY), heat=heat_of(profile, Metric.MACS))
    assert_balanced(tex)
    units = sum(line.unit is not None for line in picture.shortcuts)
    boxes = [node for node in picture.nodes if node.kind is not Kind.ADD]
    stacked = [n for n in boxes if n.kind in (Kind.RUN, Kind.STAGE) and n.count > 1]
    told = Counter(entry.kind for entry in entries_of(picture))
    samples = 3 * (told[Sign.RUN] + told[Sign.STAGE]) + told[Sign.UNIT]
    frames = len(picture.frames)
    assert tex.count(r"\path[box, ") == len(boxes) + 2 * len(stacked) + units + samples + frames
    pluses = len(picture.nodes) - len(boxes) + units + told[Sign.ADDITION] + told[Sign.UNIT]
    assert tex.count(r"\path[addition] ") == pluses
    assert tex.count(r"\path[main path] ") == len(picture.edges)
    arrows = re.findall(r"\\path\[main path\] .* \[sharp corners\] ", tex)
    assert len(arrows) == len(picture.edges)
    assert tex.count(r"\path[main path, ") == units + told[Sign.UNIT]
    assert tex.count(r"\path[stage band] ") == len(picture.bands)
    assert tex.count(", arrow head]") == len(picture.shortcuts)
    assert tex.count(", second line]") == sum(line.count > 1 for line in picture.shortcuts)
    for node in boxes:
        assert f"{{{escaped(node.label)}}};" in tex
    for edge in picture.edges:
        assert f"{{{escaped(edge.label)}}};" in tex or not edge.label


def test_a_folded_run_says_its_count() -> None:
    profile = counted("resnet152")
    assert r"{layer3.1 to 3.35 $\times$35}" in tikz(graph(profile))
    layers = tikz(graph(profile, Level.LAYER))
    counts = re.findall(r"\\node\[words\] at \S+ \{\{\\bfseries\\boldmath (.+?)\}\}", layers)
    assert [read(count) for count in counts] == ["×2", "×7", "×35", "×2"]


def test_a_run_says_its_total() -> None:
    profile = counted("resnet152")
    heat = heat_of(profile, Metric.MACS)
    assert r"{218 M $\times$35 = 7.64 G};" in tikz(graph(profile), heat=heat)
    block = replace(heat, per=Per.BLOCK)
    tex = tikz(graph(profile), heat=block)
    assert "{218 M};" in tex
    assert "{MACs per block:};" in tex
    assert "{373 M};" in tex


def test_groups_dilation_and_the_shortcuts_of_a_stage_are_said() -> None:
    profile = counted("resnext50_32x4d:dilate=0,0,1")
    layers = tikz(graph(profile, Level.LAYER))
    assert escaped("3×3, 128, 32 groups") in layers
    assert escaped("3×3, 1024, 32 groups, dilation 2") in layers
    stages = tikz(graph(profile, Level.STAGE))
    said = re.findall(r"\{(\d+ (?:identity|projection|zero-pad))\};", stages)
    assert said == [
        f"{count} {kind}"
        for identities in (2, 3, 5, 2)
        for count, kind in ((1, "projection"), (identities, "identity"))
    ]
    assert escaped("layer1 · 32 groups") in stages


def test_the_legend_names_what_occurs() -> None:
    def named(text: str) -> list[str]:
        return re.findall(r"\{(\S.* shortcut)\};", tikz(graph(counted(text))))

    assert named("resnet50") == ["identity shortcut", "projection shortcut"]
    assert named("resnet20") == ["identity shortcut", "zero-\\/pad shortcut"]
    assert named("plain34") == []


def test_colour_never_speaks_alone() -> None:
    tex = tikz(graph(counted("resnet20")), Look(PRINT))
    assert "zero-pad shortcut/.style" in tex
    assert "dash pattern=on 1.125bp off 3bp" in tex
    assert "dash pattern=on 5.25bp off 3bp" in tikz(graph(counted("resnet50")), Look(PRINT))


@pytest.mark.parametrize("palette", [LIGHT, DARK, PRINT])
def test_colours_are_the_palettes(palette: Palette) -> None:
    tex = tikz(graph(counted("resnet50"), Level.LAYER), Look(palette))
    found = dict(re.findall(r"\\definecolor\{(\w+)\}\{HTML\}\{([0-9A-F]{6})\}", tex))
    assert found["netidentity"] == palette.identity[1:]
    assert found["netprojection"] == palette.projection[1:]
    assert found["netmain"] == palette.main_path[1:]
    assert found["netground"] == palette.background[1:]
    assert "netzeropad" not in found
    fills = {found[f"net{kind}"] for kind in ("conv", "pool", "norm", "activation")}
    assert len(fills) == 4
    used = set(re.findall(r"(?:draw|fill|text)=(net\w+)", tex))
    assert used <= set(found)


def test_options_of_the_picture() -> None:
    picture = graph(counted("resnet50"))
    bare = tikz(picture, Look(legend=False, shapes=False, labels=False))
    said = re.findall(r"\\node.*at \S+ \{(.*)\};", bare)
    times, bold = r"$\times$", r"{\bfseries\boldmath"
    assert said == [f"3{times}224{times}224", *(f"{bold} {times}{n}}}" for n in (2, 3, 5, 2))]
    title = Look(title="\x01 \n", legend=False, shapes=False, labels=False)
    assert tikz(picture, title) == bare
    assert "56$" not in tikz(picture, Look(shapes=False))
    assert r"{64$\times$56$\times$56}" in tikz(picture, Look(labels=False))
    assert "{layer1.0}" not in tikz(picture, Look(labels=False))


def sizes(tex: str) -> tuple[float, float]:
    found = re.search(r"\\useasboundingbox \(0,0\) rectangle \(([0-9.]+),([0-9.]+)\);", tex)
    assert found
    return float(found[1]), float(found[2])


def test_the_width_scales_everything() -> None:
    picture = graph(counted("resnet50"))
    assert sizes(tikz(picture, Look(legend=False))) == pytest.approx(
        (picture.width * 0.75, picture.height * 0.75), abs=0.001
    )
    key = key_of(entries_of(picture), (), picture.width, picture.margin)
    assert key.height == 2 * 21 + 8
    wide, tall = sizes(tikz(picture, Look(width_mm=85)))
    assert wide == pytest.approx(85 / 25.4 * 72, abs=0.001)
    assert tall == pytest.approx(wide * (picture.height + key.height) / picture.width, abs=0.001)
    once, twice = tikz(picture, Look(width_mm=100)), tikz(picture, Look(width_mm=200))
    for pattern in (
        r"words/\.style=.*?scale=([0-9.]+)\}",
        r"main path/\.style=.*?line width=([0-9.]+)",
        r"circle\[radius=([0-9.]+)",
        r"dash pattern=on ([0-9.]+)",
        r"rounded corners=([0-9.]+)",
    ):
        small, large = (re.search(pattern, tex, re.S) for tex in (once, twice))
        assert small
        assert large
        assert float(large[1]) == pytest.approx(2 * float(small[1]), rel=0.002)


@pytest.mark.parametrize("width", [0, -5, 0.5, float("nan"), float("inf")])
def test_a_width_must_be_one(width: float) -> None:
    with pytest.raises(ValueError, match="width_mm must be a number of at least 1"):
        tikz(graph(counted("resnet18")), Look(width_mm=width))


def test_what_tex_cannot_hold_is_refused() -> None:
    picture = graph(counted("resnet18"))
    most = 14_400 / 72 * 25.4
    sizes(tikz(picture, Look(width_mm=most - 1)))
    with pytest.raises(
        ValueError, match=r"larger than TeX can hold: .* width_mm of at most 5,080$"
    ):
        tikz(picture, Look(width_mm=most + 1))
    layers = graph(counted("resnet1202"), Level.LAYER, unfold=True)
    with pytest.raises(ValueError, match=r"^4,209 nodes are more than the 2,000 .*: fold equal"):
        tikz(layers)
    with pytest.raises(ValueError, match=r"^a title has at most 200 characters, not 1,001$"):
        tikz(picture, Look(title="x" * 1001))


def test_resnet1202_unfolded() -> None:
    drawn = tikz(graph(counted("resnet1202"), unfold=True))
    assert Counter(kind for kind, _, _ in SHORTCUT.findall(drawn)) == {
        "identity": 598,
        "zero-pad": 2,
    }
    assert max(sizes(drawn)) < 14_400


@pytest.mark.parametrize("metric", Metric)
def test_heat_fills_and_its_scale(metric: Metric) -> None:
    profile = counted("resnet50")
    picture = graph(profile)
    heat = heat_of(profile, metric)
    assert "netFEE838" not in tikz(picture)
    tex = tikz(picture, heat=heat)
    hottest = max(picture.nodes, key=lambda node: heat.of(node) or 0)
    assert f"{CIVIDIS[-1][1:]}] " in next(
        line
        for line in tex.splitlines()
        if line.startswith(r"\path[box") and line.endswith(f"% {hottest.path}")
    )
    scale = re.findall(r"\\path\[fill=net([0-9A-F]{6})\]", tex)
    assert [f"#{colour}" for colour in scale] == list(CIVIDIS)
    assert f"{{{metric.label} per box:}};" in tex
    assert f"{{{short(0, metric.unit)}}};" in tex
    none = "; unfilled: no activations" if metric is Metric.ACTIVATIONS else ""
    assert re.search(rf"\{{[0-9.]+ [kMG]?{metric.unit}{none}\}};", tex)
    grey = re.findall(r"\\path\[fill=net([0-9A-F]{6})\]", tikz(picture, Look(PRINT), heat=heat))
    assert [f"#{colour}" for colour in grey] == list(GREYS)


def test_ink_is_read_on_heat() -> None:
    values = {"stem": 1.0, "head": 0.01, "layer1.0": 0.0}
    tex = tikz(graph(counted("resnet18")), heat=Heat("of $x_1$", "%", values))
    assert re.search(r"\\node\[words, text=black\] at \S+ \{stem\};", tex)
    assert re.search(r"\\node\[words, text=white\] at \S+ \{head\};", tex)
    assert r"{of \$x\_1\$ per box,\/ \%};" in tex
    (unfilled,) = re.findall(r"\\path\[box, fill=(\w+)\].*% layer1\.0\n", tex)
    assert unfilled == "netground"
    assert r"{1.0; unfilled: no of \$x\_1\$};" in tex


def test_fragment_and_document() -> None:
    picture = graph(counted("resnet50"))
    fragment = tikz(picture, Look(title="Café"), standalone=False)
    document = tikz(picture, Look(title="Café"))
    body = fragment[fragment.index(r"\begin{tikzpicture}") :]
    assert document.endswith("\\begin{document}\n" + body + "\\end{document}\n")
    assert fragment.startswith("% Needs only \\usepackage{tikz}.\n% Its accents and quotes need")
    assert tikz(picture, standalone=False).startswith(
        "% Needs only \\usepackage{tikz}.\n"
        "% resnet50, one node per block. Shortcuts: 4 projection, 12 identity.\n"
        "\\begin{tikzpicture}"
    )
    assert r"\usepackage[T1]{fontenc}" in document
    assert r"\usepackage[T1]{fontenc}" not in tikz(picture, Look(title="Cafe"))
    assert r"\usepackage[T1]{fontenc}" in tikz(picture, Look(title='"Cafe"'))


def test_letters_beyond_pdflatex() -> None:
    picture = graph(counted("resnet50"))
    chinese = tikz(picture, Look(title="残差网络"))
    assert chinese.startswith("% !TeX program = lualatex\n% Its letters need lualatex or xelatex")
    assert r"\usepackage{fontspec}" in chinese
    assert "{残差网络}" in chinese.replace(r"\bfseries\boldmath ", "")
    assert r"\setsansfont{Noto Sans CJK SC}" in chinese
    assert r"\setsansfont{Noto Sans}" in tikz(picture, Look(title="Москва"))
    assert "CJK" not in tikz(picture, Look(title="Москва"))
    assert_balanced(chinese)
    fragment = tikz(picture, Look(title="残差网络"), standalone=False)
    assert "lualatex or xelatex" in fragment.splitlines()[1]
    assert "fontspec" not in tikz(picture, Look(title=NASTY))


def test_needs_unicode_tex() -> None:
    for text in ("", "ResNet-50 — “deep”", "Zoë Łódź ąęßøÐþ", NASTY, "e\u0301", "a\tb\n"):
        assert not needs_unicode_tex(text)
    for text in ("残", "Москва", "ResNet-α", "ĸ", "x\u0302", "\U0001f600", "ﬁ", "שלום"):
        assert needs_unicode_tex(text)


@settings(max_examples=400)
@given(st.text() | st.text("\\{}$&#^_~%<>|\"'`,-\n x"))
@example(NASTY)
@example("lone \ud800 surrogate, bell \x07, e\x00\u0301")
@example("\\end{tikzpicture}\n\\end{document}^^M")
def test_any_text_prints_as_it_is(text: str) -> None:
    tex = escaped(text)
    plain = "".join(
        c for c in " ".join(text.split()) if unicodedata.category(c) not in ("Cc", "Cs")
    )
    assert read(tex) == unicodedata.normalize("NFC", plain)
    tex.encode()


PICTURE = graph(counted("resnet18"), Level.STAGE)
TITLE = re.compile(
    r"\\node\[words, scale=1\.385\] at \S+ \{\\sbox0\{\\bfseries\\boldmath (.*)\}\\ifdim\\wd0>"
    r"([0-9.]+)pt \\resizebox\{\2pt\}\{!\}\{\\usebox0\}\\else\\usebox0\\fi\};"
)


@settings(max_examples=100)
@given(st.text(min_size=1, max_size=40))
@example(NASTY)
@example("\n\\end{document}")
def test_any_title_is_one_node_and_shrinks_to_fit(title: str) -> None:
    def after_head(tex: str) -> list[str]:
        return tex[tex.index(r"\begin{document}") :].splitlines()

    look = Look(title=f"x{title}")
    lines = after_head(tikz(PICTURE, look))
    others = after_head(tikz(PICTURE, Look(title="x")))
    assert len(lines) == len(others)
    drawn = [line for line, other in zip(lines, others, strict=True) if line != other]
    assert len(drawn) == (escaped(look.title) != "x")
    for line in drawn:
        found = TITLE.fullmatch(line)
        assert found
        assert read(found[1]) == read(escaped(look.title))
        assert float(found[2]) / 10 * 18 < PICTURE.width


def test_exact_blocks(golden: Golden) -> None:
    golden("resnet18-block.tex", tikz(graph(counted("resnet18")), Look(title="ResNet-18")))


def test_exact_layers(golden: Golden) -> None:
    picture = graph(counted("preresnet164"), Level.LAYER)
    golden("preresnet164-layer.tex", tikz(picture, Look(width_mm=170, title=NASTY)))


def test_a_band_without_a_shape_has_no_empty_words() -> None:
    picture = units_across([Unit(), Unit(UnitOrder.FULL_PREACT)])
    assert [band.shape for band in picture.bands] == ["", ""]
    assert "{};" not in tikz(picture)
    assert "></text>" not in svg(picture)
