"""The tabs of the Compare page: chart and table, sweep, difference, ledger."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from math import log10
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.chart import Chart
from analysis.choice.charts import (
    APART,
    MUCH,
    SWEPT,
    axes_to_choose,
    bars_instead,
    ends_apart,
    front_in_words,
    models_of,
    not_drawn,
    not_swept,
    pair_in_words,
    publishers,
    replayed_for,
    scatter_chart,
    shared_lines,
    spans_much,
    sweep_chart,
    sweep_in_words,
    usual_log,
    usual_y,
)
from analysis.choice.compare import (
    INFERENCE,
    MAX_CURVES,
    TRAINING,
    USUAL_CURVES,
    Axis,
    Better,
    Column,
    Comparison,
    Recipe,
    Row,
    Speed,
    Sweep,
    axis_name,
    in_a_menu,
    usual_nets,
    usual_pair,
)
from analysis.choice.diff import SIDE_ASPECT, Diff, marked_graphs, marks_on, most_marked
from analysis.choice.report import (
    cannot_train,
    comparison_csv,
    comparison_json,
    comparison_latex,
    comparison_markdown,
    diff_counted,
    diff_csv,
    diff_grid,
    how_counted,
    ledger_csv,
    ledger_grid,
    ledger_in_words,
    ledger_of,
)
from analysis.costs.ledger import ledger
from analysis.costs.profiles import MOVED
from analysis.costs.step import Dtype
from analysis.drawing.caption import Role, architectures, figure_caption
from analysis.drawing.parts import Graph
from analysis.drawing.svg import svg
from analysis.lecture.settings import COMPARE_TABS, SEPARATOR
from analysis.style.fonts import text_width
from analysis.style.grid import Grid
from analysis.style.language import listed
from analysis.style.look import Look
from analysis.style.numbers import shape, short
from analysis.style.palette import CIVIDIS, DARK, heat_colour, mix, text_on
from nets import CATALOG, ResNetSpec, parse
from nets.names import depths_in_words, names_of, title
from nets.options import number_of, quote
from pages.ui import lecture
from pages.ui.address import held, hold
from pages.ui.charts import chart_picture, show_chart
from pages.ui.comparisons import comparison_of, curve_of, diff_of
from pages.ui.downloads import DataFile, table_files
from pages.ui.drawings import graph_picture
from pages.ui.ending import end_page
from pages.ui.exports import Picture, export, file_name
from pages.ui.fields import (
    network,
    networks,
    number,
    segments,
    select,
    switch,
    tabs,
)
from pages.ui.markup import height_of, picture, room_for, table
from pages.ui.speeds import Axes, show_scatter
from pages.ui.theme import palette
from pages.ui.wall import aside, end_of_wall, fold, note_title, on_wall
from pages.ui.words import complain, hint, unbroken

_NETS = "nets"

_VIEWS = {
    "costs": "Chart and table",
    "sweep": "Sweep",
    "difference": "Difference of two",
    "ledger": "Which FLOPs?",
}
_TEXT_PX, _CELL_PX, _PINNED_PX = 14, 24, 220  # a cell's text and padding; widest pinned column
_HEAD_PX = 19  # what Streamlit adds to the text of a column's head
_RECIPE_PX = 240  # so that three columns of results fit, however long their headings
_COLUMNS = {"costs": "Costs", "memory": "Memory", "published": "Published results"}
_COSTS = (
    Column.DEPTH,
    Column.CONVOLUTIONS,
    Column.PARAMS,
    Column.MACS,
    Column.FVCORE_FLOPS,
    Column.FLOPS,
    Column.ACTIVATIONS,
    Column.BYTES_MOVED,
    Column.RECEPTIVE_FIELD,
    Column.MEASURED_MS,
)

_NETWORK = "network"
_STRENGTH = {False: 0.45, True: 0.85}
"""The share of heat in a cell's colour on a light and on a dark page, where yellow turns olive."""

_LOG = (
    f"On by default if an axis spans a factor of more than {MUCH}. A y axis in percent is linear."
)

_SWEEPS = (
    "Depth: more or fewer blocks per stage, from a quarter to 3 times the network's depth. A "
    "family of four stages goes no lower than its shallowest published network allows. Width: "
    "channels of stem and stages. Input: the image's height, with its width in proportion. Batch: "
    "images at a time."
)
_SWEEP_LOG = (
    f"On by default if the highest curve ends at more than {APART} times the lowest, and for "
    "batches."
)

_WALL_ASPECT = 2.25  # width over height of the graph on the wall


def choose_view(place: DeltaGenerator) -> str:
    """Draw the page's tabs and return the one that is open."""
    return tabs(_VIEWS, key="compare_shown", settings=COMPARE_TABS, place=place)


def compared(spec: ResNetSpec) -> list[str]:
    """Return the model texts of the compared networks."""
    text = held(_NETS)
    return text.split(SEPARATOR) if text else usual_nets(spec)


def _parsed(texts: Sequence[str]) -> tuple[ResNetSpec, ...]:
    """Return the valid networks; show an error for each of the others."""
    nets: dict[ResNetSpec, None] = {}
    for one in texts:
        try:
            nets[parse(one)] = None
        except ValueError as error:
            _complain_of(one, error)
    return tuple(nets)


def _complain_of(text: str, error: ValueError) -> None:
    if "," in text.partition(":")[0]:
        complain(
            f"{quote(text)} is not a model: add networks one by one (in the address, separate them "
            "by semicolons)"
        )
        return
    named = quote(text) in str(error)
    complain(str(error) if named else f"{quote(text)} was left out: {error}")


def _add(texts: Sequence[str], text: str) -> None:
    hold(_NETS, SEPARATOR.join([*texts, text]))


def _choose_batch(place: DeltaGenerator) -> int:
    return number("Batch", 1, 65_536, 1, key="compare_batch", place=place)


def show_comparison(spec: ResNetSpec, files: DeltaGenerator) -> None:
    """Show the networks' chart and table; draw the export button in `files`."""
    with fold("networks", "Networks"):
        left, middle, right = st.columns([5.4, 1.4, 1.2], vertical_alignment="bottom")
    usual = usual_nets(spec)
    texts = networks("Networks", CATALOG, usual, key=_NETS, place=left, widget="compared")
    is_compared = str(spec) in texts
    is_short = str(spec) == spec.base and len(title(spec)) <= len("ResNet-152")
    middle.button(
        f"Add {title(spec)}" if is_short else "Add this model",
        icon=":material/add:",
        on_click=_add,
        args=(texts, str(spec)),
        disabled=is_compared,
        help=f"{title(spec)} is already in the comparison." if is_compared else None,
        width="stretch",
    )
    batch = _choose_batch(right)
    nets = _parsed(texts)
    if not nets:
        return
    try:
        counted = comparison_of(nets, batch)
    except ValueError as error:
        complain(str(error))
        return
    axes, rows, log = _choose_axes(nets, counted, str(spec))
    left_out = not_drawn(rows, *axes)

    def draw(axes: Axes) -> Chart:
        x, y, bubble = axes
        assert x is not None
        assert y is not None
        return scatter_chart(rows, x, y, bubble, log)

    if on_wall():
        _show_scatter_on_wall(draw(axes), rows, axes, left_out)
    end_of_wall()
    charts = show_scatter(draw, axes, rows, "scatter", 400)
    note_title(charts[0][0].title)
    if left_out:
        st.caption(unbroken(left_out))
    with files:
        whole = partial(comparison_of, nets, batch, tuple(Dtype))
        export_comparison(whole, batch, charts)
    _show_table(nets, counted)


def _entitle(text: str) -> None:
    """Note what the tab shows; on the wall, this is its title."""
    text = f"{text[:1].upper()}{text[1:]}"
    note_title(text)
    if on_wall():
        st.title(unbroken(text))


def _show_scatter_on_wall(
    chart: Chart, rows: Sequence[Row], axes: tuple[Axis, Axis, Axis | None], left_out: str
) -> None:
    """Show a scatter, or bars in place of an empty one, and what it says."""
    bars = bars_instead(chart, rows, *axes)
    _entitle(listed(names_of([row.spec for row in rows])) if bars else chart.title)
    if bars:
        for number, (one, place) in enumerate(zip(bars, st.columns(2, gap="medium"), strict=True)):
            with place:
                st.markdown(unbroken(f"**{one.title}**"))
                show_chart(one, f"bars_{number}")
    else:
        show_chart(chart, "scatter")
    x, y, _ = axes
    lecture.sentence(front_in_words(chart) or pair_in_words(rows, x, y))
    if left_out:
        st.markdown(unbroken(left_out))


def _choose_axes(
    nets: tuple[ResNetSpec, ...], counted: Comparison, model: str
) -> tuple[tuple[Axis, Axis, Axis | None], tuple[Row, ...], bool]:
    """Let the visitor choose the axes; return them, the rows, and whether they are logarithmic."""
    axes = axes_to_choose(counted)
    labels = {name: in_a_menu(axis) for name, axis in axes.items()}
    with fold("axes", "Axes"):
        x, y, bubble, log = st.columns([2.5, 4.7, 1.9, 1.3], vertical_alignment="bottom")
    along = select("x axis", labels, Column.MACS, key="x", place=x)
    up = select("y axis", labels, axis_name(usual_y(counted, model, axes[along])), key="y", place=y)
    size = select("Point size", labels, None, key="bubble", place=bubble, placeholder="equal")
    chosen = axes[along], axes[up], axes[size] if size else None
    rows = comparison_of(nets, counted.batch, replayed_for(*chosen)).rows
    usual = usual_log(rows, axes[along], axes[up])
    both_log = switch("Log", usual, key="log", place=log, always=True, help=_LOG)
    return chosen, rows, both_log


def _show_table(nets: tuple[ResNetSpec, ...], counted: Comparison) -> None:
    """Show one group of figures, with each cell coloured by its value relative to its column.

    Only networks with the same input are compared.
    """
    left, right = st.columns([4, 2], vertical_alignment="bottom")
    group = segments("Columns", _COLUMNS, "costs", key="compare_columns", place=left)
    axes: list[Axis] = [column for column in _COSTS if column in counted.columns]
    if group == "published":
        axes = list(counted.cited)
        if not axes:
            st.caption("This app has no published results for these networks.")
            return
    elif group == "memory":
        dtype = Dtype(select("Dtype", list(Dtype), "float32", key="compare_dtype", place=right))
        counted = comparison_of(nets, counted.batch, (dtype,))
        memory = (Column.SAVED_BYTES, TRAINING[dtype], INFERENCE[dtype], Column.MEASURED_BYTES)
        axes = [c for c in memory if c in counted.columns or c is TRAINING[dtype]]
    values = pd.DataFrame(
        [[axis.of(row) for axis in axes] for row in counted.rows],
        columns=[axis.label for axis in axes],
    )
    values.insert(0, _NETWORK, names_of([row.spec for row in counted.rows]))
    inputs = [shape(row.input) for row in counted.rows]
    mixed = len(set(inputs)) > 1
    if mixed:
        values.insert(1, "input", inputs)
    figures: list[Hashable] = [axis.label for axis in axes]
    styled = values.style.apply(lambda column: _heat(column, axes, inputs), subset=figures)
    for axis in axes:
        styled = styled.format(partial(_short, axis=axis), subset=[axis.label], na_rep="")
    # Streamlit fades a pinned column to 60%, and the theme's text would have a contrast of 4:1.
    styled = styled.map(lambda _: f"color: {text_on(palette().background)}", subset=[_NETWORK])
    # A dataframe cuts a long name off; on a phone, it would leave the figures no room if pinned.
    px = round(_CELL_PX + max(text_width(row, _TEXT_PX) for row in values[_NETWORK]))
    shown: dict[str, Any] = {
        _NETWORK: st.column_config.TextColumn(pinned=px <= _PINNED_PX, width=px)
    }
    for axis in axes:
        if isinstance(axis, Recipe):
            shown[axis.label] = st.column_config.Column(
                axis.menu_label, help=axis.label, width=_RECIPE_PX
            )
    height = height_of(len(values))
    wide = px + sum(
        _RECIPE_PX if isinstance(axis, Recipe) else _HEAD_PX + text_width(axis.label, _TEXT_PX)
        for axis in axes
    )
    with room_for(round(wide)):
        st.dataframe(
            styled,
            width="content",  # no column is wider than what it holds
            height=height,
            hide_index=True,
            column_config=shown,
            placeholder="",
        )
    if group == "memory":
        for said in cannot_train(counted.rows):
            hint(said)
    any_log = any(_is_log(axis, values[axis.label]) for axis in axes)
    has_speeds = any(isinstance(axis, Speed) for axis in axes)
    st.caption(unbroken(_said_of_table(group, counted, mixed, any_log, has_speeds)))
    has_depth = Column.DEPTH in axes
    if has_depth and (said := depths_in_words(row.spec for row in counted.rows)):
        st.caption(unbroken(said))


def _said_of_table(
    group: str, counted: Comparison, mixed: bool, any_log: bool, has_speeds: bool
) -> str:
    said = "blue is low, yellow is high; the best of a column, if it has one, is bold."
    said = f"Among networks with the same input, {said}" if mixed else said.capitalize()
    if len(counted.rows) == 1:
        said = ""
    elif any_log:
        said += f" Columns that span a factor of more than {MUCH} have a logarithmic scale."
    images = number_of(counted.batch, "image")
    said = f"{said} ".lstrip()
    if group == "published":
        return (
            f"{said}Cited, never computed. Results of different recipes aren't comparable"
            f"{', and neither are speeds of different machines' if has_speeds else ''}."
        )
    if group == "memory":
        return (
            f"{said}For {images}. Training memory is predicted by replaying a step without "
            "allocating: SGD with momentum, in float32 or under autocast to 16 bits."
        )
    scale = f" For scale: {counted.reference}" if counted.reference else ""
    return f"{said}Counts are for {images}. {MOVED}{scale}"


def _short(value: float, axis: Axis) -> str:
    if pd.isna(value):
        return ""
    if isinstance(axis, Recipe):
        return f"{value:.2f}%"
    if isinstance(axis, Speed):
        return short(value)
    if axis is Column.MEASURED_MS:
        return short(value, "ms")
    small = axis in (Column.DEPTH, Column.CONVOLUTIONS, Column.RECEPTIVE_FIELD)
    return f"{int(value):,} {axis.unit}".rstrip() if small else short(int(value), axis.unit)


def _heat(column: pd.Series, axes: Sequence[Axis], inputs: Sequence[str]) -> list[str]:
    axis = next(axis for axis in axes if axis.label == column.name)
    is_log = _is_log(axis, column)
    sizes = (Column.DEPTH, Column.CONVOLUTIONS, Column.RECEPTIVE_FIELD)  # neither end is better
    of_input = column.groupby(list(inputs))
    lows, highs = of_input.transform("min"), of_input.transform("max")
    counts = of_input.transform("count")
    styles = []
    for value, low, high, count in zip(column, lows, highs, counts, strict=True):
        best = None if axis in sizes else high if axis.better is Better.HIGH else low
        if count < 2 or pd.isna(value):  # nothing to compare
            styles.append("")
            continue
        hot = heat_colour(_share(value, low, high, is_log), CIVIDIS)
        fill = mix(hot, palette().background, _STRENGTH[palette() is DARK])
        bold = "; font-weight: 700; text-decoration: underline" if value == best else ""
        styles.append(f"background-color: {fill}; color: {text_on(fill)}{bold}")
    return styles


def _is_log(axis: Axis, values: Iterable[float]) -> bool:
    """Return whether a column is coloured on a logarithmic scale."""
    return not isinstance(axis, Recipe) and spans_much(v for v in values if not pd.isna(v))


def _share(value: float, low: float, high: float, is_log: bool) -> float:
    """Return where a value is between the lowest and the highest, from 0 to 1."""
    if high == low:
        return 0.5
    if is_log:
        return log10(value / low) / log10(high / low)
    return (value - low) / (high - low)


def show_sweep(texts: Sequence[str], files: DeltaGenerator) -> None:
    """Show how a cost of any networks changes along the axis that the visitor chooses."""
    with fold("swept", "Networks and axes"):
        left, right = st.columns([5.4, 1.2], vertical_alignment="bottom")
        sweeps, figures, log = st.columns([2.6, 3, 1], vertical_alignment="bottom")
    suggestions = [*texts, *CATALOG]
    swept = networks("Networks", suggestions, texts[:USUAL_CURVES], key="swept", place=left)
    sweep = Sweep(
        segments("Sweep", list(Sweep), Sweep.INPUT, key="sweep", place=sweeps, help=_SWEEPS)
    )
    batch = 1 if sweep is Sweep.BATCH else _choose_batch(right)
    labels = {column: column.label for column in SWEPT}
    figure = Column(select("Figure", labels, Column.MACS, key="sweep_figure", place=figures))
    nets = _parsed(swept)
    if len(nets) > MAX_CURVES:
        complain(f"a sweep takes at most {MAX_CURVES} networks, not {len(nets)}")
        return
    curves = []
    for net in nets:
        try:
            curves.append(curve_of(net, sweep, batch))
        except ValueError as error:
            complain(f"{net}: {error}")
    if not curves:
        return
    usual = ends_apart(curves, figure)
    both_log = switch("Log", usual, key="sweep_log", place=log, always=True, help=_SWEEP_LOG)
    chart = sweep_chart(curves, figure, both_log)
    if chart.series:
        _entitle(chart.title)
        show_chart(chart, "sweep", 410)
        if on_wall():
            lecture.sentence(sweep_in_words(curves, figure))
            end_page()
        st.markdown(unbroken(sweep_in_words(curves, figure)))
        how = ""
        if figure.is_of_batch and sweep is not Sweep.BATCH:
            how = f"Counts are for {number_of(batch, 'image')}"
            st.caption(f"{how}.")
        if alike := shared_lines(curves):
            said = "; ".join(listed(names) for names in alike)
            st.caption(
                unbroken(f"Networks that differ only in the number of blocks share a line: {said}.")
            )
        with files:
            cited = architectures(one.model for one in curves)
            export("sweep", [chart_picture(chart, "sweep", how, cited)], what="sweep")
    if gaps := "; ".join(not_swept(curves, figure)):
        said = f"Left out because batch norm can't train on one value per channel: {gaps}"
        hint(said)


def show_diff(spec: ResNetSpec, files: DeltaGenerator) -> None:
    """Show the differences between any two networks."""
    with aside("networks"):
        left, right, last = st.columns([3, 3, 1.2], vertical_alignment="bottom")
    texts = compared(spec)
    suggestions = [*texts, *CATALOG]
    defaults = suggestions[:2] if held(_NETS) else usual_pair(spec)
    asked = [
        network("From", suggestions, defaults[0], key="from", place=left),
        network("To", suggestions, defaults[1], key="to", place=right),
    ]
    batch = _choose_batch(last)
    both = []
    for text in dict.fromkeys(asked):
        try:
            both.append(parse(text))
        except ValueError as error:
            _complain_of(text, error)
            return
    found = diff_of(both[0], both[-1], batch)
    _entitle("What changes from {} to {}".format(*found.names))
    if on_wall():
        _show_on_wall(found)
        end_page()
    _show_graphs(found)
    st.markdown(unbroken(_in_a_list(found)))
    st.caption(f"{diff_counted(found)}.")
    grid = diff_grid(found)
    with files:
        data = table_files(grid, _between(found), partial(diff_csv, found))
        export("difference", diff_pictures(found), data, "difference")
    st.html(table("Stages", _head(grid), grid.rows, grid.left))
    if found.untrainable:
        hint(f"Saved memory is missing: {found.untrainable}")


def _between(found: Diff) -> str:
    """Return the name of files about a difference."""
    return file_name(f"{found.before.model}-to-{found.after.model}")


def diff_pictures(found: Diff) -> list[Picture]:
    """Return both graphs as pictures for the export dialog, with the differences marked."""
    costs = (found.before, found.after)
    names = found.names
    cited = architectures(cost.model for cost in costs)
    pictures = []
    for place, (cost, name, key) in enumerate(zip(costs, names, ("from", "to"), strict=True)):

        def draw(width_mm: float | None, place: int = place) -> Graph:
            return marked_graphs(found, width_mm=width_mm)[place].graph

        said = f"{name}, with what differs from {names[1 - place]}. {found.sentence}"
        pictures.append(
            graph_picture(
                cost.model,
                cost,
                draw,
                caption=partial(figure_caption, said, diff_counted(found), cited),
                marks=partial(marks_on, found),
                key=f"difference_{key}",
                label=name,
            )
        )
    return pictures


def _show_graphs(found: Diff) -> None:
    """Show both graphs side by side on one scale, with the differences marked."""
    both = marked_graphs(found, SIDE_ASPECT)
    widest = max(one.graph.width for one in both)
    sides = st.columns(2, gap="medium")
    costs = found.before, found.after
    for side, cost, name, (drawn, marks) in zip(sides, costs, found.names, both, strict=True):
        image = svg(drawn, Look(palette()), marked=marks)
        alt = f"{cost.model}, {number_of(len(marks), 'box', 'boxes')} marked"
        with side:
            st.markdown(unbroken(f"**{name}**"))
            st.html(picture(image, alt, drawn.width / widest))
    st.caption("Both graphs have the same scale; equal blocks with the same mark share a box.")


def _in_a_list(found: Diff) -> str:
    """Return a difference as Markdown: the costs, then a list of what differs."""
    if not found.changes:
        return found.sentence
    one, other = found.names
    changes = "\n".join(f"- {change[:1].upper()}{change[1:]}" for change in found.changes)
    return f"**From {one} to {other}:** {found.costs}.\n\n{changes}"


def _show_on_wall(found: Diff) -> None:
    """Show the network with more marked boxes, and the difference in one sentence."""
    before, after = marked_graphs(found, _WALL_ASPECT)
    drawn, marks = most_marked(before, after)
    cost = found.after if drawn is after.graph else found.before
    image = svg(drawn, Look(palette()), marked=marks)
    said = f"{cost.model}, {number_of(len(marks), 'box', 'boxes')} marked"
    with st.container(key="wall_fills_picture"):
        st.html(picture(image, said, 1.0))
    lecture.sentence(found.short_sentence)


def _head(grid: Grid) -> list[str]:
    """Return a grid's column names as a table on a page has them, which files keep as they are."""
    return [name[:1].upper() + name[1:] for name in grid.columns]


def show_ledger(spec: ResNetSpec, files: DeltaGenerator) -> None:
    """Show one network's cost as each tool counts it, and explain every difference."""
    with aside("ledger"):
        place, _ = st.columns([3, 3])
    texts = compared(spec)
    usual = texts[0] if held(_NETS) else str(spec)
    text = network("Network", [*texts, *CATALOG], usual, key="ledger", place=place)
    try:
        spec = parse(text)
        lines = ledger(spec)
        grid = ledger_grid(lines)
    except ValueError as error:
        _complain_of(text, error)
        return
    with files:
        exact_counts = partial(ledger_csv, spec, lines)
        data = table_files(ledger_of(spec, lines), f"{file_name(str(spec))}-ledger", exact_counts)
        export("ledger", data=data, what="ledger")
    _entitle(f"{grid.caption} {title(spec)}")
    if on_wall():
        rows = [(row[0], row[-1]) for row in grid.rows]
        head = _head(grid)
        with st.container(key="wall_ledger"):
            st.html(table(grid.caption, (head[0], head[-1]), rows, 1))
        lecture.sentence(ledger_in_words(lines))
        return
    signed = [[_with_signs(cell) for cell in row] for row in grid.rows]
    st.html(table(grid.caption, _head(grid), signed, grid.left))
    st.caption(
        f"{ledger_in_words(lines)} Each row adds up to the count for one image by a tool, or by a "
        "convention, as each of them counts."
    )


def _with_signs(cell: str) -> str:
    """Return a sum whose lines don't end in a sign."""
    return re.sub(r"([+−]) ", "\\1\N{NO-BREAK SPACE}", cell)


def export_comparison(
    whole: Callable[[], Comparison], batch: int, charts: Sequence[tuple[Chart, Axes]]
) -> None:
    """Draw the export dialog for the charts and the tables, which are counted on demand."""
    models = models_of(charts[0][0])
    networks = architectures(models)
    data = [
        DataFile("CSV", "comparison.csv", lambda: comparison_csv(whole())),
        DataFile("JSON", "comparison.json", lambda: comparison_json(whole())),
        DataFile("LaTeX", "comparison.tex", lambda: comparison_latex(whole())),
        DataFile("Markdown", "comparison.md", lambda: comparison_markdown(whole())),
    ]
    pictures = [
        chart_picture(
            chart,
            name,
            how_counted(models, batch, *axes),
            networks | {Role.RESULTS: publishers(*axes)},
        )
        for (chart, axes), name in zip(charts, ("comparison", "comparison-own"), strict=False)
    ]
    export("comparison", pictures, data, "comparison")
