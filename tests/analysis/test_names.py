"""The names of a chart's points: on the screen at any width, and in files."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import hypot, log10

import pytest
from matplotlib.text import Annotation, Text

from analysis.charts.chart import (
    POINT_PX,
    Chart,
    Dash,
    Draw,
    Place,
    Series,
    in_units,
    named_at_ends,
)
from analysis.charts.file import picture
from analysis.charts.names import BEYOND_PX, LINE_PX, Names, Sheet, dots
from analysis.charts.screen import (
    Sample,
    figure,
    key_of_lines,
    legible,
    narrow_names,
    wall_names,
    wide_names,
)
from analysis.choice.charts import scatter_chart, sweep_chart
from analysis.choice.compare import Column, Row, Sweep, compare, curve, recipes
from analysis.gradients.charts import gradient_chart
from analysis.gradients.curves import Gradients
from analysis.gradients.results import run_of as gradients_of
from analysis.results.recorded import recordings
from analysis.style.palette import LIGHT
from analysis.training.charts import training_chart
from analysis.training.ladders import DEGRADATION
from analysis.training.report import run_of as training_of
from nets import CATALOG, parse
from nets.names import names_of
from pages.ui.markup import key_of_samples

COLUMNS = (Column.PARAMS, Column.MACS, Column.SAVED_BYTES, Column.DEPTH, Column.INFERENCE_BYTES)
ROWS = {row.model: row for row in compare([entry.spec for entry in CATALOG.values()]).rows}


@dataclass(frozen=True)
class Box:
    """A rectangle, in px or points from the lower left."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def distance(self, x: float, y: float) -> float:
        """Return the distance from a point to the rectangle."""
        across = max(self.left - x, x - self.right, 0.0)
        return hypot(across, max(self.bottom - y, y - self.top, 0.0))


@dataclass(frozen=True)
class Disc:
    """A mark with the networks that it represents."""

    x: float
    y: float
    radius: float
    nets: frozenset[str]

    @property
    def box(self) -> Box:
        r = self.radius
        return Box(self.x - r, self.y - r, self.x + r, self.y + r)


def rows_of(names: Sequence[str]) -> tuple[Row, ...]:
    return compare([parse(name) for name in names]).rows


def nets_of(text: str, key: Sequence[tuple[str, str]] = ()) -> frozenset[str]:
    """Return the networks that a name represents."""
    return frozenset(re.split("[,;] ", dict(key).get(text, text).replace("\n", " "))) - {""}


@dataclass(frozen=True)
class Label:
    """A name with the networks that it represents, and whether it has a leader line."""

    box: Box
    nets: frozenset[str]
    leader: bool

    def distance(self, mark: Disc) -> float:
        """Return the distance to the edge of a mark."""
        return self.box.distance(mark.x, mark.y) - mark.radius


def hold(labels: Sequence[Label], marks: Sequence[Disc], px: float = 1.0) -> None:
    """Check that every name's nearest mark is its own, and that none covers a name or a mark.

    A name away from its mark has a leader line; `px` is the length of a px.
    """
    for one, other in combinations(labels, 2):
        assert not one.box.overlaps(other.box)
    for label in labels:
        assert not any(label.box.overlaps(mark.box) for mark in marks)
        nearest = min(marks, key=label.distance)
        assert nearest.nets & label.nets
        assert label.leader or label.distance(nearest) < max(12 * px, nearest.radius)


def random_charts() -> Iterator[Chart]:
    """Return sixteen comparisons of 2 to 12 catalog networks, the same in every run."""
    draw = random.Random(11)
    for _ in range(16):
        rows = [ROWS[model] for model in draw.sample(list(ROWS), draw.randint(2, 12))]
        x, y, bubble = draw.sample(COLUMNS, 3)
        yield scatter_chart(
            rows, x, y, draw.choice([None, None, bubble]), draw.choice([False, True])
        )


CROWD = [
    *("resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet18"),
    *("resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "plain34"),
]
CHARTS = [
    scatter_chart(rows_of(["resnet152", "wide_resnet50_2"]), Column.MACS, Column.SAVED_BYTES),
    *random_charts(),
]


def marks_on(chart: Chart, width: float, height: float) -> list[Disc]:
    return [
        Disc(dot.along * width, dot.up * height, dot.radius, nets_of(dot.text))
        for number, series in enumerate(chart.series)
        if series.draw is Draw.POINTS
        for dot in dots(chart, number)
    ]


def hold_on(chart: Chart, found: Names, width: float, height: float) -> None:
    """Check the names between axes of a size in px."""
    at = {
        (number, dot.point): (dot.along * width, dot.up * height)
        for number, series in enumerate(chart.series)
        if series.draw is Draw.POINTS
        for dot in dots(chart, number)
    }
    labels = []
    for name in found.names:
        x, y = at[name.series, name.point]
        left, bottom = x + name.right - name.width / 2, y + name.up - name.height / 2
        box = Box(left, bottom, left + name.width, bottom + name.height)
        assert 0 <= box.left < box.right <= width + BEYOND_PX
        assert 0 <= box.bottom < box.top <= height + BEYOND_PX
        labels.append(Label(box, nets_of(name.text, found.key), name.leader))
    hold(labels, marks_on(chart, width, height))


@pytest.mark.parametrize("chart", CHARTS)
def test_a_names_nearest_mark_is_its_own_at_any_width(chart: Chart) -> None:
    every = frozenset[str]().union(*(mark.nets for mark in marks_on(chart, 1, 1)))
    for found, widths, heights in (
        (wide_names(chart, 520), range(600, 1_461, 70), (360, 375, 390)),
        (narrow_names(chart, 520), range(200, 631, 39), (270, 310, 350)),
    ):
        named = frozenset[str]().union(*(nets_of(n.text, found.key) for n in found.names))
        assert named == every
        for width in widths:
            for height in heights:
                hold_on(chart, found, width, height)


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("width_mm", [85, 170])
def test_a_names_nearest_mark_is_its_own_in_a_file(chart: Chart, width_mm: float) -> None:
    drawn = picture(chart, title="Title", width_mm=width_mm)
    drawn.draw_without_rendering()
    (axes,) = drawn.axes
    px = drawn.dpi / 72 * 8 / 15  # of the screen's text at 8 points
    marks = []
    for series in in_units(chart).series:
        if series.draw is Draw.POINTS:
            sizes = series.sizes or (POINT_PX,) * len(series.x)
            for x, y, size, text in zip(series.x, series.y, sizes, series.text, strict=True):
                left, up = axes.transData.transform((float(x), y or 0.0))
                marks.append(Disc(float(left), float(up), size / 2 * px, nets_of(text)))
    legend = [text.get_text() for text in drawn.legends[0].get_texts()] if drawn.legends else []
    key = [(line.split("  ")[0], line.split("  ")[1]) for line in legend if "  " in line]
    labels = []
    assert axes.texts
    for name in axes.texts:
        line = Text.get_window_extent(name)  # an annotation's own box includes its leader line
        box = Box(line.x0, line.y0, line.x1, line.y1)
        assert drawn.bbox.x0 <= line.x0 < line.x1 <= drawn.bbox.x1
        assert drawn.bbox.y0 <= line.y0 < line.y1 <= drawn.bbox.y1
        assert isinstance(name, Annotation)
        leader = name.arrow_patch is not None
        labels.append(Label(box, nets_of(name.get_text(), key), leader))
    hold(labels, marks, px)


def test_two_marks_close_together() -> None:
    """Each name used to be nearer to the other's mark."""
    rows = rows_of(["resnet18", "resnet152", "wide_resnet50_2"])
    found = wide_names(scatter_chart(rows, Column.MACS, recipes(rows)[0]), 520)
    assert {name.text: name.place for name in found.names} == {
        "ResNet-18": Place.BELOW,
        "Wide ResNet-50-2": Place.ABOVE,
        "ResNet-152": Place.BELOW,
    }
    (moved,) = [name for name in found.names if name.text == "ResNet-152"]
    assert moved.right > 0  # away from the other mark


NINE = [
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d"),
    *("resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2"),
]


@pytest.mark.parametrize("bubble", [None, Column.PARAMS])
def test_nine_networks_have_names_of_their_own_in_a_column(bubble: Column | None) -> None:
    """Marks that overlap used to share a name, and a leader line ran over a third of the chart."""
    rows = rows_of(NINE)
    chart = scatter_chart(rows, Column.MACS, recipes(rows)[0], bubble)
    (axes,) = picture(chart, title="Title", width_mm=85).axes
    assert {text.get_text() for text in axes.texts} == set(names_of([row.spec for row in rows]))
    assert len(axes.texts) == len(rows)


def test_no_name_is_level_with_another_mark_alone() -> None:
    """Readers take a name for that of the mark at its side."""
    astray = []
    for chart in CHARTS:
        found = wall_names(chart)
        for width, height in ((650, 162), (1_062, 375)):  # what a wall leaves to the axes
            marks = marks_on(chart, width, height)
            for name in found.names:
                own = dots(chart, name.series)[name.point]
                x, y = own.along * width + name.right, own.up * height + name.up
                level = [
                    mark
                    for mark in marks
                    if abs(mark.y - y) < name.height / 2
                    and abs(mark.x - x) < name.width / 2 + mark.radius + 20
                ]
                is_own = (mark.nets & nets_of(name.text, found.key) for mark in level)
                if level and not any(is_own):
                    astray.append(name.text)
    assert astray == []


def test_no_name_stands_on_the_front_of_the_usual_comparison() -> None:
    rows = rows_of(["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
    chart = scatter_chart(rows, Column.MACS, recipes(rows)[0])
    line = dots(chart, 0)
    for width, height in ((650, 162), (1_062, 375)):  # what a wall leaves to the axes
        for name in wall_names(chart).names:
            mark = dots(chart, name.series)[name.point]
            x, y = mark.along * width + name.right, mark.up * height + name.up
            for a, b in pairwise(line):
                for share in (n / 100 for n in range(101)):
                    across = (a.along + share * (b.along - a.along)) * width - x
                    up = (a.up + share * (b.up - a.up)) * height - y
                    is_on = abs(across) < name.width / 2 and abs(up) < name.height / 2
                    assert not is_on, name.text


def test_a_name_without_room_beside_its_mark_has_a_leader_line() -> None:
    chart = scatter_chart(rows_of(CROWD), Column.MACS, Column.PARAMS, log=True)
    found = wide_names(chart, 520)
    assert found.key == ()
    led = [name.text for name in found.names if name.leader]
    assert "ResNet-152" in led
    drawn = figure(chart, height=520).layout.annotations
    assert [one.text for one in drawn if one.showarrow] == led
    (name,) = [name for name in found.names if name.text == "ResNet-152"]
    (one,) = [one for one in drawn if one.text == "ResNet-152"]
    assert (one.x, one.y) == (log10(11.513626624), log10(60.192808))  # in G and M
    assert (one.ax, one.ay, one.standoff) == (name.right, -name.up, 5.5)


def test_where_names_have_no_room_numbers_stand_for_them() -> None:
    chart = scatter_chart(rows_of(CROWD), Column.MACS, Column.PARAMS)
    found = wide_names(chart, 520)
    assert [name.text for name in found.names] == list("12345678")
    assert found.key[0] == ("1", "ResNet-20, ResNet-32, ResNet-44, ResNet-56")
    assert found.key[-1] == ("8", "ResNet-152")
    texts = [one.text for one in figure(chart, height=520).layout.annotations]
    assert texts == list("12345678")
    (legend,) = picture(chart).legends
    assert "8  ResNet-152" in [text.get_text() for text in legend.get_texts()]


def test_of_many_points_only_the_front_is_named() -> None:
    more = ["resnet34_c", "plain18", "resnet50_v1", "wrn28_10"]
    rows = rows_of([*CROWD, *more])
    chart = scatter_chart(rows, Column.MACS, Column.DEPTH)
    _, best, others = chart.series
    assert len(best.x) + len(others.x) == 16
    assert all(others.text)
    named = {net for name in wide_names(chart).names for net in nets_of(name.text)}
    assert named
    assert named <= {net for text in best.text for net in nets_of(text)}
    few = scatter_chart(rows[:15], Column.MACS, Column.DEPTH)
    found = wide_names(few)
    named = {net for name in found.names for net in nets_of(name.text, found.key)}
    assert named == set(names_of([row.spec for row in rows[:15]]))


def test_names_at_one_place_share_a_text() -> None:
    rows = rows_of(["resnet20", "plain20", "resnet50"])
    chart = scatter_chart(rows, Column.PARAMS, Column.DEPTH)
    _, best = chart.series
    assert best.text == ("ResNet-20, Plain-20", "", "ResNet-50")
    assert [name.text for name in wide_names(chart).names] == ["ResNet-20, Plain-20", "ResNet-50"]


def _ends(names: Sequence[str], heights: Sequence[float]) -> Chart:
    lines = [
        Series(name, tuple(range(11)), tuple(height + x / 50 for x in range(11)))
        for name, height in zip(names, heights, strict=True)
    ]
    return Chart("", "x", "y", named_at_ends(lines), "")


def test_a_lines_name_on_a_phone_lies_on_no_line() -> None:
    chart = _ends(["residual, 50 layers", "plain, 50 layers"], [0.0, 1.0])
    found = narrow_names(chart)
    sheets = [Sheet(width, 300.0) for width in (200.0, 420.0)]
    assert len(found.names) == 2
    for sheet in sheets:
        for name in found.names:
            dot = dots(chart, name.series)[name.point]
            middle = (dot.along * sheet.width + name.right, dot.up * sheet.height + name.up)
            for number in range(2):
                for at in dots(chart, number):
                    across = abs(at.along * sheet.width - middle[0]) < name.width / 2
                    upward = abs(at.up * sheet.height - middle[1]) < name.height / 2
                    assert not (across and upward)


def test_where_a_phone_has_room_for_names_only_on_lines_a_key_of_lines_has_them() -> None:
    depths = (8, 20, 32, 44, 56)
    lines = [
        Series("plain", depths, (1.27, 1.49, 1.99, 2.20, 2.26)),
        Series("residual", depths, (1.16, 0.92, 0.91, 0.92, 0.92)),
    ]
    chart = Chart("", "x", "y", named_at_ends(lines), "")
    assert narrow_names(chart, None) == Names(())
    assert key_of_lines(chart, LIGHT, None) == (
        Sample("plain", LIGHT.identity, Dash.SOLID, "circle", LIGHT.identity),
        Sample("residual", LIGHT.projection, Dash.SOLID, "square", LIGHT.projection),
    )
    assert legible(chart, None) == chart  # a wide page has room
    assert [name.text for name in wide_names(chart, None).names] == ["plain", "residual"]


@pytest.mark.parametrize("first", [0, 2])
def test_a_key_on_a_phone_draws_every_dash_and_symbol(first: int) -> None:
    x = tuple(range(11))
    lines = [
        Series(f"residual, {n} layers", x, tuple(0.4 * n + i / 50 for i in x), dash=dash, marker=n)
        for n, dash in enumerate(Dash, first)
    ]
    key = key_of_lines(Chart("", "x", "y", named_at_ends(lines), ""))
    assert len({sample.symbol for sample in key}) == len(lines)
    assert {sample.dash for sample in key} == set(Dash)
    assert key_of_samples(key).count("<img") == len(lines)


def test_two_lines_never_share_a_name() -> None:
    chart = _ends(["plain, 20 layers", "plain, 56 layers", "residual"], [0.0, 0.06, 0.12])
    assert not narrow_names(chart).names
    named = [one.name for one in key_of_lines(chart)]
    assert named == ["plain, 20 layers", "plain, 56 layers", "residual"]
    crowded = _ends([f"residual, {20 * i} layers, pre-activation" for i in range(1, 7)], [0.0] * 6)
    assert crowded == legible(crowded)  # named in the legend from the first


def test_the_recorded_degradation_is_named_at_the_ends_on_the_wall() -> None:
    """Two residual lines end 2% of the axis apart: a leader line leads from each to its name."""
    runs = [training_of(one) for one in recordings().values() if one.kind == "train"]
    short = [run for run in runs if run.task.recipe.name == DEGRADATION]
    chart = training_chart([run for run in short if run.task.spec.depth in (20, 56)])
    wall = legible(chart, wall=True)
    assert not any(series.in_legend for series in wall.series)
    found = {name.text: name for name in wall_names(wall).names}
    assert set(found) == {f"{kind}, {n} layers" for kind in ("plain", "residual") for n in (20, 56)}
    upper, lower = found["residual, 20 layers"], found["residual, 56 layers"]
    assert upper.leader
    assert lower.leader
    assert upper.up - lower.up >= LINE_PX / 2
    for name in found.values():  # right of the lines, so on none of them
        assert name.right - name.width / 2 > 0
    desk = legible(chart, None)  # one chart serves desk and phone; only the phone lacks room
    assert {name.text for name in wide_names(desk, None).names} == set(found)
    assert {one.name for one in key_of_lines(desk, LIGHT, None)} == set(found)


def test_a_lines_name_on_the_wall_is_clear_of_the_ticks() -> None:
    (result,) = (
        one
        for one in recordings().values()
        if one.kind == "gradients" and one.asked["models"][-1] == "resnet50"
    )
    run = gradients_of(result)
    assert isinstance(run, Gradients)
    lines = [s for s in gradient_chart(run.curves).series if s.draw is Draw.LINE and not s.thin]
    chart = replace(gradient_chart(run.curves), series=named_at_ends(lines, log=True))
    names = wall_names(chart).names
    assert {name.text for name in names} == {"plain, 50 layers", "residual, 50 layers"}
    for name in names:
        dot = dots(chart, name.series)[name.point]
        assert dot.along < 0.2  # at the left end
        assert 650 * dot.along + name.right - name.width / 2 >= 14


def test_no_long_leader_line_looks_like_a_curve() -> None:
    """A level one led 144 px from the vanishing plain curve to its name."""
    runs = [gradients_of(one) for one in recordings().values() if one.kind == "gradients"]
    led = 0
    for run in runs:
        assert isinstance(run, Gradients)
        chart = gradient_chart(run.curves)
        for found in (wide_names(chart, None), wall_names(chart)):
            for name in (name for name in found.names if name.leader):
                seen = abs(name.right) - name.width / 2 - name.radius
                assert seen <= 30 or abs(name.up) >= abs(name.right) / 4
                led += 1
    assert led > 5


def test_every_line_of_a_sweep_is_named_on_a_phone() -> None:
    specs = map(parse, ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"))
    sizes = (56, 112, 168, 224, 280, 336, 392, 448)
    chart = sweep_chart([curve(spec, Sweep.INPUT, sizes) for spec in specs], Column.MACS)
    drawn = legible(chart, 410)
    in_key = {one.name for one in key_of_lines(drawn, LIGHT, 410)}
    in_legend = {line.name for line in drawn.series if line.in_legend}
    assert in_key | in_legend == {f"ResNet-{depth}" for depth in (18, 34, 50, 101, 152)}
    assert not in_key & in_legend


def test_names_that_would_lie_on_lines_stand_in_the_legend_on_the_wall_and_on_paper() -> None:
    """One line ends early, in the middle of others that cross its surroundings."""
    steps = tuple(range(101))
    others = [
        Series(f"{number} layers", steps, tuple((step * 37 + number * 29) % 100 for step in steps))
        for number in (20, 32, 44)
    ]
    short = Series("stopped early", steps[:41], (50.0,) * 41)
    chart = Chart("", "x", "y", named_at_ends([*others, short]), "")
    assert wall_names(chart).covers
    assert all(line.in_legend for line in legible(chart, wall=True).series)
    named = {text.get_text() for text in picture(chart, LIGHT, width_mm=170).legends[0].get_texts()}
    assert named == {line.name for line in (*others, short)}
