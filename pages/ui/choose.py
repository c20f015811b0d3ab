"""Choosing on the page: task, budgets, what fits, one real step."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import streamlit as st

from analysis.choose import CIFAR, IMAGENET, Budgets, Choice, Deepest, Task, name_of, task_of
from analysis.render.charts import Chart
from analysis.render.comparison import choice_json, fits_grid, largest_batch
from analysis.render.comparison_charts import scatter_chart
from analysis.render.numbers import MISSING, exact, milliseconds, short, short_if_any
from analysis.settings import Settings
from analysis.timing import Timing, measure_each
from analysis.training import Dtype, Optimiser
from nets import parse
from nets.text import parse_shape
from pages.ui.charts import chart_buttons
from pages.ui.downloads import export_popover, file_button, table_buttons
from pages.ui.jobs import follow, is_over, job_of, say_why, start
from pages.ui.markup import Cell, table
from pages.ui.timing import finished, remember, show_progress
from pages.ui.words import complain

_TASKS = ("ImageNet", "CIFAR-10", "my own images")
_STEP = "step"
_G, _M = 10**9, 10**6


class Asked(NamedTuple):
    """Budgets and for what they are."""

    budgets: Budgets
    batch: int
    dtype: Dtype
    optimiser: Optimiser
    times: frozenset[tuple[str, float]]


def choose_task() -> Task | None:
    """ImageNet, CIFAR-10, or an input and classes of one's own; None where these are none."""
    name = st.segmented_control(
        "Task", _TASKS, default=_TASKS[0], required=True, key="task", bind="query-params"
    )
    if name == _TASKS[0]:
        return IMAGENET
    if name == _TASKS[1]:
        return CIFAR
    left, right = st.columns(2)
    text = left.text_input("Input", "3x128x128", key="own_input", bind="query-params") or ""
    classes = right.number_input("Classes", 1, 100_000, 100, key="own_classes", bind="query-params")
    try:
        return task_of(parse_shape(text), int(classes))
    except ValueError as error:
        complain(str(error))
        return None


def choose_budgets() -> Asked | None:
    """Budgets in the units that one thinks in; None where one is wrong."""
    fields = (
        ("MACs, G", "max_macs", 5.0, "Multiply-adds of one image, in 10^9."),
        ("Parameters, M", "max_params", None, "In 10^6."),
        ("Training, GB", "max_training", 8.0, "Predicted peak of a step at the batch."),
        ("Inference, GB", "max_inference", None, "Parameters and activations."),
        ("Iteration, ms", "max_ms", None, "Of what this visit measured on the page Timing."),
    )
    macs, params, training, inference, time = (
        column.number_input(
            label,
            0.0,
            None,
            default,
            key=key,
            bind="query-params",
            placeholder="any",
            help=help,
            format="%g",
        )
        for column, (label, key, default, help) in zip(st.columns(5), fields, strict=True)
    )
    one, two, three = st.columns(3)
    batch = one.number_input("Batch", 1, 65_536, 32, key="choose_batch", bind="query-params")
    dtype = two.selectbox(
        "Dtype", [d.value for d in Dtype], key="choose_dtype", bind="query-params"
    )
    optimiser = three.selectbox(
        "Optimiser", [o.value for o in Optimiser], key="optimiser", bind="query-params"
    )
    try:
        budgets = Budgets(
            max_macs=_times(macs, _G),
            max_params=_times(params, _M),
            max_training_bytes=_times(training, _G),
            max_inference_bytes=_times(inference, _G),
            max_ms=time,
        )
    except ValueError as error:
        complain(_in_the_fields_words(str(error)))
        return None
    times: frozenset[tuple[str, float]] = frozenset()
    if time is not None:
        from pages.ui.measured import measured_ms

        times = frozenset(measured_ms(int(batch)).items())
        if not times:
            complain(
                f"No time has been measured in this visit at batch {int(batch)}: measure networks "
                "on the page Timing first, or leave the time open"
            )
            return None
    return Asked(budgets, int(batch), Dtype(dtype), Optimiser(optimiser), times)


_FIELDS = {
    "max_macs": "MACs",
    "max_params": "Parameters",
    "max_training_bytes": "Training memory",
    "max_inference_bytes": "Inference memory",
    "max_ms": "The time of an iteration",
}


def _in_the_fields_words(reason: str) -> str:
    name, _, rest = reason.partition(" ")
    return f"{_FIELDS.get(name, name)} {rest}"


def _times(value: float | None, unit: int) -> float | None:
    return None if value is None else value * unit


def show_fits(choice: Choice) -> None:
    """Every network that fits, with its costs and published figures."""
    names = ["Network", "Depth", "Parameters", "MACs an image", "Training step", "Inference"]
    names += ["Largest batch"] if choice.largest_batches else []
    rows = []
    for row in choice.fits:
        cells: list[Cell | str] = [Cell(name_of(row.spec), row.model), exact(row.depth)]
        step = row.training_bytes(choice.dtype)
        for value, unit in (
            (row.params, ""),
            (row.macs // choice.batch, ""),
            (step, "B"),
            (row.inference_bytes_in(choice.dtype), "B"),
        ):
            if value is None:
                cells.append(Cell(MISSING, row.untrainable))
            else:
                cells.append(Cell(short(value, unit), f"{exact(value)} {unit}".rstrip()))
        if choice.largest_batches:
            cells.append(largest_batch(choice.largest_batches[row.model]))
        rows.append(cells)
    st.html(table("What fits", names, rows, 1))
    st.caption(
        f"Costs at batch {choice.batch:,} in {choice.dtype}, {choice.optimiser}; the memory of a "
        "training step is predicted by replaying it."
    )
    if choice.best:
        best = [(b.recipe.label, name_of(b.row.spec), f"{b.percent:g}%") for b in choice.best]
        st.html(
            table("Best published", ("Best published figure of what fits", "Network", ""), best, 2)
        )
        st.caption("Cited, not computed; figures of different recipes don't compare.")


def show_deepest(choice: Choice) -> None:
    """The deepest that fits of each family, and what one step deeper would cost."""
    rows = [_deepest_row(choice, deep) for deep in choice.deepest]
    head = (
        "Network",
        "",
        "Depth",
        "MACs an image",
        "Training step",
        "Largest batch",
        "One step deeper takes",
    )
    st.html(table("Deepest", head, rows, 2))
    st.caption("Networks that are not in the catalog are found by searching its families' depths.")


def _deepest_row(choice: Choice, deep: Deepest) -> tuple[Cell | str, ...]:
    breaks = ", ".join(budget.written(need) for budget, need in deep.breaks.items())
    return (
        Cell(name_of(deep.row.spec), deep.row.model),
        "catalog" if deep.in_catalog else "searched",
        exact(deep.row.depth),
        short(deep.row.macs // choice.batch),
        Cell(short_if_any(deep.row.training_bytes(choice.dtype), "B"), deep.row.untrainable),
        "" if deep.largest_batch is None else largest_batch(deep.largest_batch),
        breaks or "as deep as a network may be",
    )


def show_real_step(choice: Choice) -> None:
    """Run real training iterations of one network in the worker, at the batch asked for."""
    texts = [deep.row.model for deep in choice.deepest]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    text = left.selectbox(
        "Try a real training step of",
        texts,
        key="real",
        format_func=lambda text: name_of(parse(text)),
    )
    chosen = next(deep.row for deep in choice.deepest if deep.row.model == text)
    settings = Settings(batch=choice.batch, dtype=choice.dtype, seconds=5.0)
    right.button(
        "Measure a step",
        icon=":material/timer:",
        on_click=start,
        args=(_STEP, measure_each, chosen.spec, (settings,)),
        kwargs={"seconds": 120.0},
        width="stretch",
    )
    job = job_of(_STEP)
    if job is None:
        return
    if not is_over(job):
        follow(_STEP, job, show_progress)
        return
    timings: list[Timing] = finished(job)
    remember(timings)
    say_why(job, lambda: "take a smaller batch")
    for timing in timings:
        step = timing.step_ms or timing.forward_ms
        st.success(
            f"{timing.model} ran at batch {timing.settings.batch:,}: {short(step.p50, 'ms')} an "
            f"iteration (p10 {milliseconds(step.p10)}, p90 {milliseconds(step.p90)}), "
            f"{short(timing.predicted_bytes, 'B')} predicted.",
            icon=":material/check_circle:",
        )


def export_choice(choice: Choice, chart: Chart | None) -> None:
    """What fits as a table, all of it, and the front as a picture."""
    with export_popover():
        file_button("Everything as JSON", "choice.json", partial(choice_json, choice))
        if choice.fits:
            table_buttons(fits_grid(choice), "fits")
        if chart is not None:
            chart_buttons(chart, "front")


def front_chart(choice: Choice) -> Chart:
    """The networks that fit by two figures, their Pareto front joined."""
    names = {f"{f.y.label} against {f.x.label}": f for f in choice.fronts}
    chosen = st.selectbox("Front", list(names), key="front", bind="query-params")
    front = names.get(chosen or "", choice.fronts[0])
    return scatter_chart(choice.fits, front.x, front.y, name=lambda row: name_of(row.spec))
