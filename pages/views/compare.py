"""The comparison on the page: which networks, chart, table, sweep, difference, ledger."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from analysis.charts.chart import Chart
from analysis.choice.charts import not_drawn, not_swept, scatter_chart, sweep_chart
from analysis.choice.compare import Axis, Better, Column, Comparison, Recipe, Sweep
from analysis.choice.diff import Diff, marked_graphs
from analysis.choice.report import (
    cannot_train,
    comparison_csv,
    comparison_json,
    comparison_latex,
    comparison_markdown,
    diff_grid,
    ledger_grid,
)
from analysis.costs.ledger import ledger
from analysis.drawing.svg import svg
from analysis.style.look import Look
from analysis.style.numbers import shape, short
from analysis.style.palette import CIVIDIS, heat_colour, mix, text_on
from nets import CATALOG, ResNetSpec, parse
from nets.options import Stem, number_of, quote
from pages.ui.address import held, hold
from pages.ui.charts import chart_buttons, show_chart
from pages.ui.comparisons import curve_of, diff_of
from pages.ui.downloads import export_popover, file_button, section, table_buttons
from pages.ui.fields import number, segments, select, switch
from pages.ui.markup import picture, table
from pages.ui.theme import palette
from pages.ui.words import complain, sentence

_NETS, _ASKED, _SEPARATOR = "nets", "compared", ";"

_DEFAULT = {
    Stem.IMAGENET: ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    Stem.CIFAR: ("resnet20", "resnet32", "resnet44", "resnet56", "resnet110"),
}


def choose_nets(spec: ResNetSpec) -> tuple[ResNetSpec, ...]:
    """The networks of the comparison, which the address holds, less those whose text is wrong."""
    text = held(_NETS)
    texts = text.split(_SEPARATOR) if text else list(_DEFAULT[spec.stem])
    shown = list(dict.fromkeys(texts))
    if st.session_state.get(_ASKED) != shown:
        st.session_state[_ASKED] = shown
    left, right = st.columns([8, 2.4], vertical_alignment="bottom")
    left.multiselect(
        "Networks",
        list(dict.fromkeys([*texts, *CATALOG])),
        key=_ASKED,
        on_change=_changed,
        accept_new_options=True,
        help="Of the catalog, or any model text such as resnet50:blocks=3,8,36,3.",
    )
    right.button(
        f"Add {spec.base if str(spec) == spec.base else 'the edited model'}",
        icon=":material/add:",
        on_click=_add,
        args=(texts, str(spec)),
        disabled=str(spec) in texts,
        width="stretch",
    )
    nets: dict[ResNetSpec, None] = {}
    for one in texts:
        try:
            nets[parse(one)] = None
        except ValueError as error:
            named = quote(one) in str(error)
            complain(str(error) if named else f"{quote(one)} is left out: {error}")
    return tuple(nets)


def _changed() -> None:
    hold(_NETS, _SEPARATOR.join(st.session_state[_ASKED]))


def _add(texts: Sequence[str], text: str) -> None:
    hold(_NETS, _SEPARATOR.join([*texts, text]))


def choose_batch() -> tuple[int, bool]:
    """At how many images, and whether the memory of training steps is predicted."""
    left, right = st.columns([1, 4], vertical_alignment="bottom")
    batch = number("Batch", 1, 65_536, 1, key="compare_batch", place=left)
    replay = switch(
        "Predict the memory of training steps",
        True,
        key="replay",
        place=right,
        help="By replaying a step without allocating: SGD with momentum, in float32 and under "
        "autocast to 16 bits.",
    )
    return batch, replay


def scatter(comparison: Comparison) -> Chart:
    """The chart with the axes that the visitor chooses."""
    axes: dict[str, Axis] = {column.value: column for column in comparison.columns}
    axes |= {recipe.label: recipe for recipe in comparison.recipes}
    labels = {name: axis.label for name, axis in axes.items()}
    best = next((r.label for r in comparison.recipes if len(_having(comparison, r)) > 1), None)
    x, y, bubble, log = st.columns([3, 3, 3, 1.4], vertical_alignment="bottom")
    along = select("x axis", labels, Column.MACS, key="x", place=x)
    up = select("y axis", labels, best or Column.PARAMS, key="y", place=y)
    size = select(
        "Size of the points", labels, None, key="bubble", place=bubble, placeholder="equal"
    )
    both_log = switch("Log", False, key="log", place=log)
    chosen = axes[along], axes[up], axes[size] if size else None
    chart = scatter_chart(comparison.rows, *chosen, both_log)
    left_out = not_drawn(comparison.rows, *chosen)
    if left_out:
        st.info(
            f"Not drawn, as a figure is missing: {', '.join(left_out)}.", icon=":material/info:"
        )
    return chart


def _having(comparison: Comparison, recipe: Recipe) -> list[float]:
    return [value for row in comparison.rows if (value := recipe.of(row)) is not None]


def show_table(comparison: Comparison) -> None:
    """Every figure, heat in the cells by how it compares in its column, the best in bold.

    Networks are only compared with those that take the same input.
    """
    axes: list[Axis] = [*comparison.columns, *comparison.recipes]
    values = pd.DataFrame(
        [[axis.of(row) for axis in axes] for row in comparison.rows],
        index=[row.model for row in comparison.rows],
        columns=[axis.label for axis in axes],
    )
    inputs = [shape(row.input) for row in comparison.rows]
    mixed = len(set(inputs)) > 1
    if mixed:
        values.insert(0, "input", inputs)
    figures: list[Hashable] = [axis.label for axis in axes]
    styled = values.style.apply(lambda column: _heat(column, axes, inputs), subset=figures)
    for axis in axes:
        styled = styled.format(partial(_short, axis=axis), subset=[axis.label], na_rep="")
    st.dataframe(styled, placeholder="")
    for said in cannot_train(comparison.rows):
        st.info(sentence(said), icon=":material/info:")
    yard = comparison.yardstick
    among = ", among networks of the same input" if mixed else ""
    st.caption(
        f"Blue is small, yellow is large, the best of a column is bold{among}. Counts are for "
        f"{number_of(comparison.batch, 'image')}. Columns that say "
        f"published are cited, never computed; figures of different recipes aren't comparable. For "
        f"scale: {yard.name} takes {short(yard.macs)} MACs per image ({yard.source.short}, "
        f"{yard.place})."
    )


def _short(value: float, axis: Axis) -> str:
    if pd.isna(value):
        return ""
    if isinstance(axis, Recipe):
        return f"{value:g}%"
    if axis is Column.MEASURED_MS:
        return short(value, "ms")
    small = axis in (Column.DEPTH, Column.CONVOLUTIONS, Column.RECEPTIVE_FIELD)
    return f"{int(value):,}" if small else short(int(value), axis.unit)


def _heat(column: pd.Series, axes: Sequence[Axis], inputs: Sequence[str]) -> list[str]:
    axis = next(axis for axis in axes if axis.label == column.name)
    sizes = (Column.DEPTH, Column.CONVOLUTIONS, Column.RECEPTIVE_FIELD)  # no more is no better
    of_input = column.groupby(list(inputs))
    styles = []
    for value, low, high in zip(
        column, of_input.transform("min"), of_input.transform("max"), strict=True
    ):
        best = None if axis in sizes else high if axis.better is Better.HIGH else low
        if pd.isna(value):
            styles.append("")
            continue
        hot = heat_colour(0.5 if high == low else (value - low) / (high - low), CIVIDIS)
        fill = mix(hot, palette().background, 0.45)
        bold = "; font-weight: 700; text-decoration: underline" if value == best else ""
        styles.append(f"background-color: {fill}; color: {text_on(fill)}{bold}")
    return styles


def show_sweep(nets: Sequence[ResNetSpec], batch: int) -> None:
    """A family of curves along what the visitor chooses."""
    files = section("Sweep", "sweep")
    left, right, log = st.columns([2, 3, 1], vertical_alignment="bottom")
    sweep = Sweep(segments("Sweep", list(Sweep), Sweep.INPUT, key="sweep", place=left))
    columns = (Column.MACS, Column.PARAMS, Column.SAVED_BYTES, Column.INFERENCE_BYTES)
    labels = {column: column.label for column in columns}
    figure = Column(select("Figure", labels, Column.MACS, key="sweep_figure", place=right))
    both_log = switch("Log", False, key="sweep_log", place=log)
    curves = []
    for net in nets[:6]:
        try:
            curves.append(curve_of(net, sweep, batch))
        except ValueError as error:
            complain(f"{net}: {error}")
    if curves:
        chart = sweep_chart(curves, figure, both_log)
        if chart.series:
            show_chart(chart, "sweep", 420)
            with files:
                chart_buttons(chart, "sweep")
        if gaps := "; ".join(not_swept(curves, figure)):
            said = f"Left out, since batch norm can't train on one value per channel there: {gaps}"
            st.info(sentence(said), icon=":material/info:")
    if len(nets) > 6:
        st.caption("The first six networks are swept.")


def show_diff(nets: Sequence[ResNetSpec], batch: int) -> None:
    """What the second of two networks has that the first has not."""
    texts = list(map(str, nets))
    if len(texts) < 2:
        st.header("Difference of two")
        st.caption("Choose a second network above to see what differs.")
        return
    files = section("Difference of two", "difference")
    left, right = st.columns(2)
    one = select("From", texts, texts[0], key="from", place=left)
    other = select("To", texts, texts[1], key="to", place=right)
    found = diff_of(parse(one), parse(other), batch)
    st.markdown(found.sentence)
    grid = diff_grid(found)
    with files:
        table_buttons(grid, "difference")
    st.html(table("Stages", grid.columns, grid.rows, grid.left))
    if found.untrainable:
        st.info(sentence(f"Saved memory is missing: {found.untrainable}"), icon=":material/info:")
    _show_graphs(found)


def _show_graphs(found: Diff) -> None:
    """Both graphs on one scale, what differs marked."""
    both = marked_graphs(found)
    widest = max(one.graph.width for one in both)
    for cost, (drawn, marks) in zip((found.before, found.after), both, strict=True):
        image = svg(drawn, Look(palette()), marked=marks)
        st.markdown(f"`{cost.model}`")
        alt = f"{cost.model}, {len(marks)} boxes marked"
        st.html(picture(image, alt, drawn.width / widest))
    st.caption(
        "Both on one scale. Outlined: solid was added, dashed changed, dotted removed; a run of "
        "equal blocks in a deep network is dashed where some of its blocks differ."
    )


def show_ledger(nets: Sequence[ResNetSpec]) -> None:
    """One network's cost as each tool counts it, every difference named."""
    files = section("Which FLOPs?", "ledger")
    texts = list(map(str, nets))
    grid = ledger_grid(ledger(parse(select("Network", texts, texts[0], key="ledger"))))
    with files:
        table_buttons(grid, "ledger")
    st.html(table(grid.caption, grid.columns, grid.rows, grid.left))
    st.caption(
        "Every row sums to the tool's own count for one image. The counts are derived from each "
        "tool's conventions; tests hold them to the tools themselves."
    )


def export_comparison(comparison: Comparison, chart: Chart) -> None:
    """Tables and the chart as files."""
    with export_popover("comparison"):
        file_button("CSV", "comparison.csv", partial(comparison_csv, comparison))
        file_button("JSON", "comparison.json", partial(comparison_json, comparison))
        file_button("LaTeX", "comparison.tex", partial(comparison_latex, comparison))
        file_button("Markdown", "comparison.md", partial(comparison_markdown, comparison))
        chart_buttons(chart, "comparison")
