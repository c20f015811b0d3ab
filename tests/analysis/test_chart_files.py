"""Charts for paper and for slides: sizes, room for all texts, and lines distinct in black."""

import io
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox
from PIL import Image
from pypdf import PdfReader

from analysis.charts.chart import (
    LINE_LOOKS,
    Chart,
    Dash,
    Draw,
    Mark,
    Series,
    named_at_ends,
    told_words,
)
from analysis.charts.file import chart_file, check, left_out, most_dpi, picture, row, row_file
from analysis.charts.screen import figure
from analysis.choice.charts import scatter_chart
from analysis.choice.compare import Column, compare
from analysis.lecture.facts import shipped
from analysis.lesions.charts import paths_charts, single_chart
from analysis.lesions.report import lesions_of, paths_of
from analysis.results.recorded import recordings
from analysis.style.look import COLUMN_MM, PAGE_MM, SLIDE_MM, Look
from analysis.style.palette import DARK, LIGHT, PRINT, Palette
from analysis.training.charts import training_chart
from analysis.training.report import run_of as training_of
from nets import parse
from tests.analysis.test_files import embedded

TITLE = "Vanishing: plain networks of 20 and 56 layers against residual ones, without batch norm"
NAMES = (
    "plain20:norm=none:init=default",
    "theory for plain20:norm=none:init=default: 0.408/layer",
    "residual, 56 layers",
    "plain, 56 layers",
    "resnet56:norm=none:init=default:unit=full_preact",
)
CURVES = Chart(
    "Gradient norm by depth",
    "weighted layers from the input",
    "‖∂L/∂x‖ of block outputs",
    tuple(
        Series(
            name,
            tuple(range(1, 100, 2)),
            tuple(10.0 ** -(x * (i + 1) / 40) for x in range(50)),
            colour=colour,
            dash=dash,
        )
        for i, (name, (colour, dash)) in enumerate(zip(NAMES, LINE_LOOKS, strict=False))
    ),
    "norms",
    log_y=True,
    marks=tuple(Mark(x, f"layer{i}") for i, x in enumerate((1, 10, 22, 91), 1)),
)
SCATTER = scatter_chart(
    compare(
        [
            parse(name)
            for name in (
                "resnet18",
                "resnet34",
                "resnet50",
                "resnet101",
                "resnet152",
                "wide_resnet50_2",
                "resnext50_32x4d",
                "plain34",
            )
        ],
        replay=False,
    ).rows,
    Column.MACS,
    Column.PARAMS,
)
STAGES = Chart(
    "Time per stage of resnet50",
    "",
    "median, ms",
    tuple(
        Series(
            name, ("stem", *(f"layer{i}" for i in range(1, 5)), "head"), (1.0,) * 6, Draw.BARS, col
        )
        for name, col in (("forward", "tint"), ("backward", "main_path"))
    ),
    "times",
)
BLOCKS = Chart(
    "Error with one block out",
    "block out",
    "test error, %",
    (
        Series(
            "residual",
            ("none", *(f"layer{s}.{b}" for s in (1, 2, 3) for b in range(9))),
            (7.0,) * 28,
            Draw.BARS,
            "identity",
        ),
    ),
    "errors",
)
FEW_BLOCKS = replace(
    BLOCKS,
    series=tuple(
        Series(
            name,
            ("none", *(f"layer{s}.{b}" for s in (1, 2, 3) for b in range(5))),
            (7.0,) * 16,
            Draw.BARS,
            colour,
        )
        for name, colour in (("residual", "identity"), ("plain", "plain"))
    ),
)
CHARTS = {
    "few blocks": FEW_BLOCKS,
    "curves": CURVES,
    "scatter": SCATTER,
    "stages": STAGES,
    "blocks": BLOCKS,
}


def texts(drawn: Figure) -> list[tuple[Text, Bbox]]:
    """Return every visible text with its box; of ticks, those within the axes."""
    drawn.draw_without_rendering()
    unseen = set()
    for axes in drawn.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= float(tick.get_loc()) <= high:
                    unseen.add(tick.label1)
    found = drawn.findobj(lambda one: isinstance(one, Text) and bool(one.get_text().strip()))
    return [
        (text, Text.get_window_extent(text))  # without its leader line
        for text in dict.fromkeys(found)
        if isinstance(text, Text) and text.get_visible() and text not in unseen
    ]


def size(text: Text) -> float:
    return float(text.get_fontsize())


@pytest.mark.parametrize("width_mm", [60.0, COLUMN_MM, PAGE_MM])
@pytest.mark.parametrize("name", CHARTS)
def test_on_paper_text_is_of_7_to_8_pt_and_has_room(name: str, width_mm: float) -> None:
    drawn = picture(CHARTS[name], PRINT, TITLE, width_mm)
    found = texts(drawn)
    assert {7.0 <= size(text) <= 8.0 for text, _ in found} == {True}
    assert any(TITLE.split()[0] in text.get_text() for text, _ in found)
    frame = drawn.bbox
    assert frame.width == pytest.approx(width_mm / 25.4 * drawn.dpi)
    for text, box in found:
        assert frame.x0 - 1 <= box.x0 < box.x1 <= frame.x1 + 1, text.get_text()
        assert frame.y0 - 1 <= box.y0 < box.y1 <= frame.y1 + 1, text.get_text()
    upright = [(text, box) for text, box in found if text.get_rotation() in (0, 90)]
    along = [box for text, box in upright if text in drawn.axes[0].get_xticklabels()]
    if name in ("stages", "few blocks", "blocks"):  # words that might overlap
        assert all(b.x0 - a.x1 > 2 for a, b in pairwise(along))
    for (one, a), (other, b) in combinations(upright, 2):
        a, b = (Bbox.from_extents(x.x0 + 1, x.y0 + 1, x.x1 - 1, x.y1 - 1) for x in (a, b))
        assert not a.overlaps(b), f"{one.get_text()!r} on {other.get_text()!r}"
    tallest = {60.0: 1.6, COLUMN_MM: 1.3, PAGE_MM: 0.75}[width_mm]
    assert drawn.get_figheight() <= tallest * drawn.get_figwidth()


@pytest.mark.parametrize("name", CHARTS)
def test_a_slide_is_16_to_9_with_text_for_the_last_row(name: str) -> None:
    drawn = picture(CHARTS[name], LIGHT, TITLE, SLIDE_MM)
    assert drawn.get_figwidth() / drawn.get_figheight() == pytest.approx(16 / 9, rel=1e-3)
    found = texts(drawn)
    assert min(size(text) for text, _ in found) >= 13.5
    for text, box in found:
        assert box.x0 >= -1, text.get_text()
        assert box.x1 <= drawn.bbox.x1 + 1, text.get_text()
        assert box.y0 >= -1, text.get_text()
        assert box.y1 <= drawn.bbox.y1 + 1, text.get_text()
    twice = picture(CHARTS[name], LIGHT, TITLE, 2 * SLIDE_MM)
    assert max(size(text) for text, _ in texts(twice)) == pytest.approx(
        2 * max(size(text) for text, _ in found)
    )


def test_in_print_lines_are_told_apart_by_dash_and_marker() -> None:
    lines = picture(CURVES, PRINT).axes[0].lines[: len(NAMES)]
    assert {str(line.get_color()) for line in lines} <= {"#000000", "#7F7F7F", "#8C8C8C"}
    looks = {(str(line._dash_pattern), line.get_marker()) for line in lines}  # type: ignore[attr-defined]
    assert len(looks) == len(NAMES)
    assert len({marker for _, marker in looks}) == len(NAMES)


def test_a_row_stands_under_each_other_in_a_column() -> None:
    charts = [CURVES, STAGES, BLOCKS]
    places = [[axes.get_position() for axes in row(charts, width_mm=mm).axes] for mm in (170, 85)]
    assert len({round(box.y0, 2) for box in places[0]}) < 3
    assert [box.y0 for box in places[1]] == sorted((b.y0 for b in places[1]), reverse=True)
    for mm in (85.0, 170.0):
        drawn = row(charts, PRINT, TITLE, mm)
        for text, box in texts(drawn):
            assert 7.0 <= size(text) <= 8.0
            assert box.x0 >= -1, text.get_text()
            assert box.x1 <= drawn.bbox.x1 + 1, text.get_text()


def test_stacked_charts_share_their_axis_and_are_low() -> None:
    charts = paths_charts(paths_of(shipped("paths_fashion_resnet56")))
    drawn = row(charts, PRINT, TITLE, 85)
    found = [text.get_text() for text, _ in texts(drawn)]
    assert found.count("blocks on a path") == 1
    assert found.count("25") == 1
    assert drawn.get_figheight() * 25.4 <= 121  # with a title and a note of two lines each
    assert row(charts, PRINT, "Paths", 85).get_figheight() * 25.4 <= 117
    note = (
        "Band of the gradient of one path: lowest to highest sampled path.\n"
        "Band of the gradient's share: an upper bound of its standard error."
    )
    assert found.count(note) == 1
    titles = [row(charts, PRINT, title, 85).axes[0].title for title in (TITLE, "")]
    assert titles[0].get_fontweight() == titles[1].get_fontweight() == "normal"
    page = [text.get_text() for text, _ in texts(row(charts, width_mm=170))]
    assert page.count("blocks on a path") == 3
    assert all(len(axes.get_yticks()) > 2 for axes in drawn.axes)
    lines = [line for axes in drawn.axes for line in axes.lines]
    assert {line.get_marker() for line in lines} == {"", "None"}  # all or none
    assert {"mean 13.5", "mean 8.4"} <= set(found) & set(page)
    for mm in (85, 170, 254):
        boxes = [box for _, box in texts(row(charts, width_mm=mm))]
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


@pytest.mark.parametrize("width", [85, 170, 254])
def test_names_at_the_ends_of_lines_lie_on_no_line_and_are_whole(width: float) -> None:
    runs = [training_of(one) for one in recordings().values() if one.kind == "train"]
    chart = training_chart([run for run in runs if run.task.spec.depth in (20, 56)])
    drawn = picture(chart, width_mm=width)
    found = texts(drawn)
    for text, box in found:
        assert drawn.bbox.x0 <= box.x0 < box.x1 <= drawn.bbox.x1, text.get_text()
        assert drawn.bbox.y0 <= box.y0 < box.y1 <= drawn.bbox.y1, text.get_text()
    (axes,) = drawn.axes
    names = [box for text, box in found if text in axes.texts]
    assert len(names) in (0, 4)
    assert bool(drawn.legends) == (not names)
    for box in names:
        assert not any(
            line.get_transform().transform_path(line.get_path()).intersects_bbox(box, filled=False)
            for line in axes.lines
        )


@pytest.mark.parametrize("width", [85, 170, 254])
def test_a_leader_line_crosses_no_curve(width: float) -> None:
    """A plain network's gradient explodes just below theory's line."""
    layers = tuple(range(1, 57, 2))
    plain, theory = (
        tuple(10 ** (top * (1 - x / 55) - 1.75) for x in layers) for top in (4.2, 4.55)
    )
    lines = named_at_ends(
        [
            Series("plain, 56 layers", layers, plain),
            Series(
                "residual, 56 layers",
                layers,
                tuple(10 ** (-1.75 + 1.6 / x**0.5 - 0.2157) for x in layers),
            ),
        ],
        log=True,
    )
    above = Series("theory", layers, theory, thin=True)
    drawn = picture(
        Chart("", "x", "y", (*lines, above), "", log_y=True, marks=(Mark(1, "layer1"),)),
        width_mm=width,
    )
    drawn.draw_without_rendering()
    (axes,) = drawn.axes
    names = [one for one in axes.texts if one.get_text() in {line.name for line in lines}]
    assert len(names) in (0, 2)
    assert [text.get_text() for text in drawn.legends[0].get_texts()][-1] == "theory"
    for name in names:
        assert isinstance(name, Annotation)
        box = Text.get_window_extent(name)
        start = axes.transData.transform(name.xy)
        for line in axes.lines[:3]:
            points = Path(line.get_transform().transform(line.get_xydata()))
            assert not points.intersects_bbox(box, filled=False)
            if name.arrow_patch and min(np.hypot(*(points.vertices - start).T)) > 1:
                way = Path([start, box.get_points().mean(0)])
                assert not way.intersects_path(points, filled=False)


def test_lines_in_a_column_are_thin_and_their_marks_apart() -> None:
    lines = [
        Series(name, tuple(range(40)), tuple(map(float, range(k, k + 40))), hollow=k > 0)
        for k, name in enumerate(("one", "other"))
    ]
    chart = Chart("", "x", "y", tuple(lines), "")
    (column,), (page,) = (picture(chart, PRINT, width_mm=width).axes for width in (85, 170))
    for axes, thick, every in ((column, 1.0, 7), (page, 1.4, 4)):
        assert [line.get_linewidth() for line in axes.lines] == [thick, thick]
        assert [line.get_markevery() for line in axes.lines] == [every, every]
    inside = [line.get_markerfacecolor() for line in page.lines]
    assert inside == [page.lines[0].get_color(), PRINT.background]


@pytest.mark.parametrize(("points", "marker", "every"), [(12, "o", 1), (13, "None", None)])
def test_a_line_alone_has_all_of_its_marks_or_none(
    points: int, marker: str, every: int | None
) -> None:
    line = Series("one", tuple(range(points)), tuple(map(float, range(points))))
    thin = Series("theory", (0, points), (1.0, 2.0), thin=True)
    chart = Chart("", "x", "y", (line, thin), "")
    for width in (85, 170):
        drawn = picture(chart, PRINT, width_mm=width).axes[0].lines[0]
        assert drawn.get_marker() in (marker, "")
        if every:
            assert (drawn.get_marker(), drawn.get_markevery()) == (marker, every)


def test_no_line_runs_through_a_name() -> None:
    (axes,) = picture(CURVES, DARK).axes
    (points,) = picture(SCATTER, DARK).axes
    for text in (*axes.texts, *points.texts):
        box = text.get_bbox_patch()
        assert box is not None
        assert to_hex(box.get_facecolor()).upper() == DARK.background
    shown = figure(SCATTER, DARK).layout.annotations
    assert shown
    assert all(DARK.background in one.font.shadow for one in shown)
    assert all(
        DARK.background in one.font.shadow for one in figure(CURVES, DARK).layout.annotations
    )


def test_a_narrow_log_axis_has_no_two_equal_ticks() -> None:
    line = Series("one", (1, 2), (5e-4, 1e-2))
    drawn = picture(Chart("", "x", "y", (line,), "", log_y=True))
    drawn.draw_without_rendering()
    said = [tick.get_text() for tick in drawn.axes[0].get_yticklabels() if tick.get_text()]
    assert {"5×10⁻⁴", "10⁻³", "2×10⁻³", "5×10⁻³", "10⁻²"} <= set(said)
    assert len(said) == len(set(said))


@pytest.mark.parametrize("net", ["32", "56"])
def test_blocks_are_numbered_upright_and_the_whole_network_is_a_line(net: str) -> None:
    studies = [lesions_of(shipped(f"lesions_fashion_{kind}{net}")) for kind in ("resnet", "plain")]
    chart = single_chart(studies)
    assert chart.series[0].x[0] == "1.0"
    lines = [series for series in chart.series if series.draw is Draw.LINE]
    whole = [f"no block removed: {100 * study.error:.1f}%" for study in studies]
    assert [series.name for series in lines] == [f"residual, {whole[0]}", f"plain, {whole[1]}"]
    assert [(series.colour, series.dash) for series in lines] == [
        ("identity", Dash.SOLID),
        ("plain", Dash.DOTTED),
    ]
    levels = figure(chart).layout.shapes
    assert [level.name.replace("<br>", " ") for level in levels] == [one.name for one in lines]
    assert {(level.showlegend, level.layer, level.x0, level.x1) for level in levels} == {
        (True, "above", 0, 1)
    }
    for series, study in zip(lines, studies, strict=True):
        assert set(series.y) == {100 * study.error}
    for width, every in ((85.0, net == "32"), (170.0, True)):
        drawn = picture(chart, LIGHT, width_mm=width)
        found = texts(drawn)
        along = [(t, box) for t, box in found if t in drawn.axes[0].get_xticklabels()]
        assert {text.get_rotation() for text, _ in along} == {0}
        assert all(b.x0 - a.x1 > 1 for (_, a), (_, b) in pairwise(along))
        assert (len(along) == len(chart.series[0].x)) == every
    error = f"{100 * studies[0].error:.1f}%"
    assert single_chart(studies[:1]).series[1].name == f"no block removed: {error}"


def test_bars_of_blocks_that_are_out_have_their_value() -> None:
    studies = [lesions_of(shipped(f"lesions_fashion_{kind}32")) for kind in ("resnet", "plain")]
    chart = single_chart(studies, ("layer2.2",))
    assert chart.x_label == "removed block"
    told = {
        one.name: [(x, text) for x, text in zip(one.x, one.text, strict=True) if text]
        for one in chart.series
        if one.draw is Draw.BARS
    }
    assert told == {
        "residual, 32 layers": [("2.2", "12.2%")],
        "plain, 32 layers": [("2.2", "85.8%")],
    }
    drawn = [one for one in figure(chart).layout.annotations if one.text in ("12.2%", "85.8%")]
    place = chart.series[0].x.index("2.2")
    assert [round(one.x - place, 3) for one in drawn] == [-0.188, 0.188]
    assert [one.xanchor for one in drawn] == ["right", "left"]  # at the same height as each other
    assert all(one.ax == one.x for one in drawn)
    highest = max(y or 0.0 for one in chart.series for y in one.y)
    assert [round(one.ay / highest, 2) for one in drawn] == [1.02, 1.02]
    end = figure(chart).layout.yaxis.range[1]
    assert end == pytest.approx(1.05 * 1.02 * highest)
    assert picture(chart).axes[0].get_ylim() == pytest.approx((0, end))
    assert 120 not in picture(chart).axes[0].get_yticks()[:-1]
    assert "<b>2.2</b>" in figure(chart).layout.xaxis.ticktext
    edge = figure(single_chart(studies, ("layer1.0",))).layout.annotations
    stacked = [one.ay / highest for one in edge if one.text.endswith("%")]  # no room on the left
    assert stacked == pytest.approx([1.02, 1.13])


@pytest.mark.parametrize("width_mm", [85.0, 170.0])
@pytest.mark.parametrize("net", ["32", "56"])
def test_values_of_several_blocks_keep_clear_of_each_other(net: str, width_mm: float) -> None:
    studies = [lesions_of(shipped(f"lesions_fashion_{kind}{net}")) for kind in ("resnet", "plain")]
    every = [one.path for one in studies[0].single]
    for out in (every, every[:3], every[5:10], every[::4], every[-2:], every[1::7], every[8::4]):
        chart = single_chart(studies, out)
        assert told_words(chart) == {path.removeprefix("layer") for path in out}
        drawn = picture(chart, width_mm=width_mm)
        (axes,) = drawn.axes
        values = [box for text, box in texts(drawn) if text in axes.texts]
        assert len(values) >= 2
        assert not any(a.overlaps(b) for a, b in combinations(values, 2))
        for one in axes.texts:
            assert isinstance(one, Annotation)
            (x, low), (_, high) = axes.transData.transform([one.xy, one.get_position()])
            leader = Bbox.from_extents(x - 0.5, low, x + 0.5, high - 1)
            assert not any(leader.overlaps(box) for box in values)


@pytest.mark.parametrize(
    "out",
    [("layer2.3", "layer3.2"), ("layer1.1", "layer2.3", "layer3.2"), ("layer2.3", "layer2.4")],
)
def test_several_blocks_that_are_out_all_have_their_values(out: tuple[str, ...]) -> None:
    studies = [lesions_of(shipped(f"lesions_fashion_{kind}32")) for kind in ("resnet", "plain")]
    chart = single_chart(studies, out)
    told = {text for one in chart.series for text in one.text if text}
    assert len(told) == 2 * len(out)
    for drawn in (
        {one.text for one in figure(chart).layout.annotations},
        {one.get_text() for one in picture(chart, width_mm=85.0).axes[0].texts},
    ):
        assert told <= drawn


@pytest.mark.parametrize("width_mm", [85.0, 170.0])
@pytest.mark.parametrize("block", ["1.0", "2.2", "3.4"])
def test_values_lie_on_no_bar_and_their_block_is_named(width_mm: float, block: str) -> None:
    studies = [lesions_of(shipped(f"lesions_fashion_{kind}56")) for kind in ("resnet", "plain")]
    drawn = picture(single_chart(studies, (f"layer{block}",)), width_mm=width_mm)
    (axes,) = drawn.axes
    found = texts(drawn)
    values = [box for text, box in found if text in axes.texts]
    bars = [patch.get_window_extent() for patch in axes.patches]
    assert len(values) == 2
    assert not any(box.overlaps(bar) for box in values for bar in bars)
    assert not values[0].overlaps(values[1])
    within = axes.get_window_extent()
    assert all(within.x0 <= box.x0 and box.x1 <= within.x1 for box in values)
    bold = [tick.get_text() for tick in axes.get_xticklabels() if tick.get_fontweight() == 600]
    assert bold == [block]
    assert len({b - a for a, b in pairwise(axes.get_xticks())}) == 1
    along = [box for text, box in found if text in axes.get_xticklabels()]
    assert all(b.x0 - a.x1 > 1 for a, b in pairwise(along))


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_ground_is_filled_if_asked_for(palette: Palette) -> None:
    for ground, corner in ((False, 0), (True, 255)):
        look = Look(palette, "T", width_mm=85, ground=ground)
        for drawn in (chart_file(CURVES, ".png", look, 50), row_file([CURVES], ".png", look, 50)):
            image = Image.open(io.BytesIO(drawn))
            pixel = image.convert("RGBA").getpixel((0, 0))
            assert isinstance(pixel, tuple)
            assert pixel[3] == corner
            if ground:
                assert "#{:02X}{:02X}{:02X}".format(*pixel[:3]) == palette.background
            assert image.size[0] == round(85 / 25.4 * 50)
            assert image.info["Title"] == "T"
            assert image.info["Description"] == "norms"


@pytest.mark.parametrize(
    ("suffix", "look", "dpi", "says"),
    [
        (".bmp", Look(), None, "a chart is written as .svg, .pdf, .png, not .bmp"),
        (".svg", Look(width_mm=59.5), None, "a chart is 60 to 2,000 mm wide, not 59.5 mm"),
        (".svg", Look(width_mm=3000), None, "a chart is 60 to 2,000 mm wide, not 3,000 mm"),
        (".png", Look(), 19, "dpi must be 20 to 1,200, not 19"),
        (".png", Look(width_mm=2000), 200, "dpi must be at most 107 for a chart of 2,000 mm, not"),
    ],
)
def test_what_a_chart_cannot_be_is_one_sentence(
    suffix: str, look: Look, dpi: int | None, says: str
) -> None:
    for call in (lambda: check(suffix, look, dpi), lambda: chart_file(CURVES, suffix, look, dpi)):
        with pytest.raises(ValueError, match=f"^{says}"):
            call()


def test_no_numbers_stand_for_names_that_the_legend_has() -> None:
    names = [f"residual, {20 * i} layers, pre-activation" for i in range(1, 7)]
    lines = [Series(name, (1, 2), (1.0, 1.05 + 0.02 * i)) for i, name in enumerate(names)]
    ends = [
        Series(one.name, (2,), one.y[-1:], Draw.POINTS, text=(one.name,), in_legend=False)
        for one in lines
    ]
    chart = Chart("", "x", "y", (*lines, *ends), "")
    drawn = picture(chart, width_mm=85)
    (legend,) = drawn.legends
    assert [text.get_text() for text in legend.get_texts()] == names
    assert len(drawn.axes[0].texts) == 0
    only_ends = replace(chart, series=(*(replace(s, in_legend=False) for s in lines), *ends))
    (legend,) = picture(only_ends, width_mm=85).legends  # there is no room at the ends
    assert [text.get_text() for text in legend.get_texts()] == names


def test_a_chinese_title_is_drawn_in_its_font() -> None:
    look = Look(title="残差网络的梯度 ResNet", width_mm=85)
    paper = PdfReader(io.BytesIO(chart_file(STAGES, ".pdf", look))).pages[0]
    assert "残差网络的梯度 ResNet" in paper.extract_text()
    assert any("NotoSansSC-Bold" in name for name in embedded(paper))
    assert any("SourceSansPro" in name for name in embedded(paper))


def test_letters_that_no_font_has_are_left_out() -> None:
    assert left_out("Größe ⁻¹ ‖∂‖ Ж") == ""
    assert left_out("龘残 ResNet 靐龘") == "龘靐"
    found = {text.get_text() for text, _ in texts(picture(STAGES, title="龘靐 ResNet 龘"))}
    assert "ResNet" in found


def test_a_huge_png_stays_within_its_pixels() -> None:
    assert most_dpi(Look(width_mm=PAGE_MM)) == 1_200
    look = Look(width_mm=2000)
    assert most_dpi(look) == 107
    image = Image.open(io.BytesIO(chart_file(STAGES, ".png", look)))
    assert image.width == round(2000 / 25.4 * 107)
    assert image.width * image.height <= 64_000_000
