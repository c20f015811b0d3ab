"""Parts of the Choose page: the task, the budgets, what fits, and one real step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.chart import Chart
from analysis.choice.charts import (
    PER_IMAGE,
    front_called,
    front_chart,
    fronts_of,
    models_of,
    publishers,
)
from analysis.choice.choose import (
    AMOUNTS,
    CIFAR,
    IMAGENET,
    USUAL_BATCH,
    Best,
    Choice,
    Deepest,
    Front,
    Task,
    budgets_of,
    task_of,
)
from analysis.choice.compare import Axis, Better, Column, Row, in_a_menu
from analysis.choice.report import choice_json, fits_csv, fits_table, how_chosen, largest_batch
from analysis.costs.published import recipe_in_words
from analysis.costs.step import Dtype, Optimiser
from analysis.drawing.caption import Role, architectures
from analysis.lecture.settings import CHOOSE_TABS
from analysis.machine.devices import devices
from analysis.style.numbers import MISSING, exact, milliseconds, short, short_if_any, signed
from analysis.timing.measure import measure_each
from analysis.timing.predict import ENOUGH, GOOD, Predictor
from analysis.timing.report import conditions
from analysis.timing.settings import Settings
from nets import parse
from nets.names import depths_in_words
from nets.options import number_of
from nets.text import parse_shape
from pages.ui.address import held, hold
from pages.ui.charts import chart_picture
from pages.ui.comparisons import Asked
from pages.ui.downloads import DataFile, table_files
from pages.ui.exports import export
from pages.ui.fields import number, segments, select, tabs, text
from pages.ui.jobs import follow, is_over, job_of, say_why, start
from pages.ui.markup import Cell, table
from pages.ui.measured import comparable, measured_ms, predictor
from pages.ui.speeds import Axes, show_scatter
from pages.ui.wall import on_wall
from pages.ui.words import complain, hint, unbroken
from pages.views.timing import remember, show_progress, timing_needs

_TASKS = {"imagenet": "ImageNet", "cifar10": "CIFAR-10", "own": "custom images"}
VIEWS = {
    "fits": "What fits",
    "deepest": "Deepest of each family",
    "front": "Pareto front",
}
_ON_WALL = 7  # most rows of a table beside a sentence
_STEP = "step"


def choose_settings() -> tuple[Task | None, Asked | None]:
    """Let the visitor choose a task and budgets; None for one that is invalid."""
    place, *others = st.columns([4, 2, 2, 2])
    with place:
        task = _choose_task()
    return task, _choose_budgets(others)


def _choose_task() -> Task | None:
    """Let the visitor choose ImageNet, CIFAR-10 or an input and classes; None if invalid."""
    task = segments("Task", _TASKS, "imagenet", key="task")
    if task == "imagenet":
        return IMAGENET
    if task == "cifar10":
        return CIFAR
    left, right = st.columns(2)
    own = text("Input", "3x128x128", key="own_input", place=left)
    classes = number("Classes", 1, 100_000, 100, key="own_classes", place=right)
    try:
        return task_of(parse_shape(own), classes)
    except ValueError as error:
        complain(str(error))
        return None


def _choose_budgets(places: Sequence[DeltaGenerator]) -> Asked | None:
    """Let the visitor set budgets in common units such as GB; None if one is invalid.

    Args:
        places: where the fields for the batch, the dtype and the optimiser are.
    """
    one, two, three = places
    batch = number("Batch", 1, 65_536, USUAL_BATCH, key="choose_batch", place=one)
    dtype = select("Dtype", list(Dtype), Dtype.FLOAT32, key="choose_dtype", place=two)
    optimisers = {one.value: one.label for one in Optimiser}
    optimiser = select("Optimiser", optimisers, Optimiser.SGD, key="optimiser", place=three)
    fields = (
        ("MACs, G", "max_macs", "Multiply-adds for one image, in 10⁹."),
        ("Parameters, M", "max_params", "In 10⁶."),
        ("Training memory, GB", "max_training", "Predicted peak of a training step."),
        ("Inference memory, GB", "max_inference", "Parameters and peak activations."),
        (
            "Iteration, ms",
            "max_ms",
            "The time of a training iteration, measured on this server or "
            "predicted from those measured.",
        ),
    )
    amounts: dict[str, float | None] = {
        key: number(
            label,
            0.0,
            None,
            AMOUNTS[key].usual,
            key=key,
            place=column,
            placeholder="any",
            help=help,
            format="%g",
        )
        for column, (label, key, help) in zip(
            st.columns(5, vertical_alignment="bottom"), fields, strict=True
        )
    }
    try:
        budgets = budgets_of(amounts)
    except ValueError as error:
        complain(str(error))
        return None
    times: frozenset[tuple[str, float]] = frozenset()
    found, untimed = None, ""
    if budgets.max_ms is not None:
        if optimiser != Optimiser.SGD:
            complain(
                "Times are measured with SGD; pick SGD as the optimiser, or clear the time budget"
            )
            return None
        times = frozenset(measured_ms(batch, Dtype(dtype)).items())
        if not times:
            untimed = (
                f"The time budget isn't applied, as no training step was measured on this server "
                f"at batch {batch} in {dtype}: measure networks on the Timing or Training page "
                "first"
            )
            budgets = replace(budgets, max_ms=None)
        else:
            found = predictor(batch, Dtype(dtype))
    return Asked(budgets, batch, Dtype(dtype), Optimiser(optimiser), times, found, untimed)


def choose_view(choice: Choice, place: DeltaGenerator) -> str:
    """Draw tabs for the results and return the open one, or an empty text without results."""
    found = {"fits": choice.fits, "deepest": choice.deepest, "front": choice.fronts}
    views = {view: words for view, words in VIEWS.items() if found[view]}
    return tabs(views, key="choose_shown", settings=CHOOSE_TABS, place=place) if views else ""


def show_fits(choice: Choice, found: Predictor | None) -> None:
    """Show every network that fits, with its costs and published figures.

    `found` predicts the times that weren't measured, if it is good.
    """
    is_timed = choice.budgets.max_ms is not None
    names = [
        "Network",
        "Depth",
        "Parameters",
        "MACs per image",
        "Training memory",
        "Inference memory",
    ]
    names += ["Activations per image", "Bytes moved"]
    names += ["Largest batch"] if choice.largest_batches else []
    names += ["Iteration"] if is_timed else []
    rows = []
    for row in choice.fits:
        cells: list[Cell | str] = [Cell(choice.name_of(row.spec), row.model), exact(row.depth)]
        step = row.training_bytes(choice.dtype)
        for value, unit in (
            (row.params, ""),
            (row.macs // choice.batch, ""),
            (step, "B"),
            (row.inference_bytes_in(choice.dtype), "B"),
            (row.activations // choice.batch, ""),
            (row.bytes_moved_in(choice.dtype), "B"),
        ):
            if value is None:
                cells.append(Cell(MISSING, row.untrainable))
            else:
                cells.append(Cell(short(value, unit), f"{exact(value)} {unit}".rstrip()))
        if choice.largest_batches:
            cells.append(largest_batch(choice.largest_batches[row.model]))
        if is_timed:
            cells.append(_time(row))
        rows.append(cells)
    st.html(table("What fits", names, rows, 1, [row.model for row in choice.fits]))
    st.caption(
        f"Select a network to open it. Costs are for batch {choice.batch:,} in {choice.dtype}, "
        f"{choice.optimiser.label}. Training memory is predicted by replaying a step."
    )
    if said := depths_in_words(row.spec for row in choice.fits):
        st.caption(unbroken(said))
    if is_timed and (known := comparable(choice.batch, choice.dtype)):
        st.caption(f"Times were measured on this server: {known[-1].how}.")
        if found is not None:
            _show_prediction(choice, found)
    if choice.best:
        _show_best(choice)


def _show_best(choice: Choice) -> None:
    """Show the best published result of each recipe, the best first, errors as accuracies."""
    metric, *others = sorted({best.recipe.metric for best in choice.best})  # accuracies sort first
    ordered = sorted(choice.best, key=_accuracy, reverse=True)
    rows = []
    for best in ordered:
        recipe = recipe_in_words(best.recipe.recipe) or best.remark or MISSING
        percent = best.percent
        publisher = best.recipe.publisher
        if others and best.recipe.better is Better.LOW:
            publisher, percent = f"{publisher} ({percent:.2f}% error)", 100 - percent
        rows.append((choice.name_of(best.row.spec), recipe, publisher, f"{percent:.2f}%"))
    head = ("Network", "Recipe or test", "Published by", metric)
    st.header("Best published result for each recipe")
    st.html(table("Best published", head, rows, 3, [best.row.model for best in ordered]))
    st.caption("Cited, not computed. Results of different recipes aren't comparable.")


def _accuracy(best: Best) -> float:
    """Return a published accuracy in percent, or that of a published error."""
    return best.percent if best.recipe.better is Better.HIGH else 100 - best.percent


def _time(row: Row) -> Cell:
    """Return the time of an iteration; a predicted one says so."""
    if row.measured_ms is not None:
        return Cell(short(row.measured_ms, "ms"), f"{row.measured_ms!r} ms, measured")
    assert row.predicted_ms is not None
    return Cell(f"≈ {short(row.predicted_ms, 'ms')}", f"{row.predicted_ms!r} ms, predicted")


def _show_prediction(choice: Choice, found: Predictor) -> None:
    """Say how times are predicted, or why they aren't, and how good that is."""
    count = number_of(len(found.checks), "network")
    if not found.checks:
        st.caption(
            f"Times of other networks are predicted once {ENOUGH} networks have been timed on this "
            "server under the same conditions."
        )
        return
    if found.is_good:
        st.caption(
            f"Times with ≈ are predicted from the stage times of the {count} timed on this server. "
            f"Predicting each of these from the others is off by at most {found.worst:.0%}. There "
            "is no prediction for a network with a kind of layer that fewer than two of them have."
        )
    else:
        st.caption(
            f"Times of other networks aren't predicted: fewer than {ENOUGH} of those that were "
            f"timed can be predicted from the others, or one is off by more than {GOOD:.0%}."
        )
    rows = [
        (
            choice.name_of(parse(check.model)),
            short(check.measured_ms, "ms"),
            short_if_any(check.predicted_ms, "ms"),
            MISSING if check.error is None else f"{signed(100 * check.error, 0)}%",
        )
        for check in found.checks
    ]
    with st.expander("Each timed network, predicted from the others"):
        st.html(table("Prediction", ("Network", "Measured", "Predicted", "Error"), rows, 1))


def show_deepest(choice: Choice) -> None:
    """Show each family's deepest network that fits, and what one step deeper would cost."""
    rows = [_deepest_row(choice, deep) for deep in choice.deepest]
    head = (
        "Network",
        "Depth",
        "MACs per image",
        "Training memory",
        "Largest batch",
        "One step deeper needs",
    )
    st.html(table("Deepest", head, rows, 1, [deep.row.model for deep in choice.deepest]))
    st.caption(
        "Variants are outside the catalog: they come from a search over each family's depth. They "
        "keep the proportions of published networks: equal blocks in three stages (He et al. 2015, "
        "Zagoruyko and Komodakis 2016); in four, between two published depths or the deepest "
        "scaled (He et al. 2015, Table 1; He et al. 2016; Bello et al. 2021). One step deeper adds "
        "at most one block per stage. A family of which no depth fits is left out."
    )
    if said := depths_in_words(deep.row.spec for deep in choice.deepest):
        st.caption(unbroken(said))


def show_table_on_wall(choice: Choice, view: str) -> None:
    """Show the deepest networks of the tab for those that fit or for each family."""
    if view == "deepest":
        found, more = [deep.row for deep in choice.deepest], " ({some} of {all} families)"
    else:
        found, more = list(choice.fits), ": the deepest {some} of {all} networks"
    shown = sorted(found, key=lambda row: (-row.depth, -row.macs))[:_ON_WALL]
    is_part = len(found) > len(shown)
    st.title(VIEWS[view] + (more.format(some=len(shown), all=len(found)) if is_part else ""))
    head = ("Network", "Depth", "MACs per image", "Training memory")
    st.html(table(VIEWS[view], head, [_in_brief(choice, row) for row in shown], 1))


def _in_brief(choice: Choice, row: Row) -> tuple[Cell | str, ...]:
    """Return a network's name, depth, MACs and training memory."""
    return (
        Cell(choice.name_of(row.spec), row.model),
        exact(row.depth),
        short(row.macs // choice.batch),
        Cell(short_if_any(row.training_bytes(choice.dtype), "B"), row.untrainable),
    )


def _deepest_row(choice: Choice, deep: Deepest) -> tuple[Cell | str, ...]:
    return (
        *_in_brief(choice, deep.row),
        "" if deep.largest_batch is None else largest_batch(deep.largest_batch),
        choice.needs(deep) or "at the depth limit",
    )


def show_real_step(choice: Choice) -> None:
    """Let the visitor time real training iterations of one network, or say why that fails."""
    nets = {deep.row.model: deep.row.spec for deep in choice.deepest}
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    names = {model: choice.name_of(spec) for model, spec in nets.items()}
    model = select("Time a real training step of", names, next(iter(names)), key="real", place=left)
    settings, refused = _step_settings(choice)
    right.button(
        "Measure a step",
        icon=":material/timer:",
        disabled=settings is None,
        on_click=start,
        args=(_STEP, measure_each, nets[model], (settings,)),
        kwargs={"seconds": 120.0, "needs": timing_needs([settings] if settings else [])},
        width="stretch",
    )
    if refused:
        hint(f"can't measure a step: {refused}")
    job = job_of(_STEP)
    if job is None:
        return
    if not is_over(job):
        follow(_STEP, job, show_progress)
        return
    timings = remember(job)
    say_why(job, lambda: "take a smaller batch")
    for timing in timings:
        step = timing.step_ms or timing.forward_ms
        st.success(
            f"{timing.model} takes {short(step.p50, 'ms')} per iteration "
            f"(p10 {milliseconds(step.p10)}, p90 {milliseconds(step.p90)}): {conditions(timing)}, "
            f"{short(timing.predicted_bytes, 'B')} predicted.",
            icon=":material/check_circle:",
        )


def _step_settings(choice: Choice) -> tuple[Settings | None, str]:
    """Return the settings of a real step on Timing's default device, or None and why not."""
    if choice.optimiser is not Optimiser.SGD:
        return None, f"steps are timed with SGD, not {choice.optimiser.label}"
    try:
        device = devices()[-1]
        return Settings(device=device, batch=choice.batch, dtype=choice.dtype, seconds=5.0), ""
    except ValueError as error:
        return None, str(error)


def export_choice(choice: Choice, charts: Sequence[tuple[Chart, Axes]]) -> None:
    """Draw the export dialog: the front as a picture, what fits as a table, everything as JSON."""
    asked = how_chosen(choice)
    costs = f" Costs for batch {choice.batch:,} in {choice.dtype}, {choice.optimiser.label}"
    pictures = [
        chart_picture(
            chart,
            name,
            f"{asked}{costs if any(map(_is_of_batch, axes)) else ''}",
            architectures(models_of(chart)) | {Role.RESULTS: publishers(*axes)},
        )
        for (chart, axes), name in zip(charts, ("front", "front-own"), strict=False)
    ]
    data = [DataFile("Everything as JSON", "choice.json", partial(choice_json, choice))]
    if choice.fits:
        data += table_files(fits_table(choice), "fits", partial(fits_csv, choice))
    export("choice", pictures, data)


def _is_of_batch(axis: Axis | None) -> bool:
    """Return whether an axis's figures depend on the batch; those per image don't."""
    return isinstance(axis, Column) and axis.is_of_batch and axis not in PER_IMAGE


def choose_front(choice: Choice, place: DeltaGenerator) -> str:
    """Let the visitor choose two figures; return their name in the address."""
    fronts = fronts_of(choice)
    words = {name: front_called(front) for name, front in fronts.items()}
    for name, front in fronts.items():  # older addresses have other words
        if held("front") == f"{in_a_menu(front.y)} against {in_a_menu(front.x)}":
            hold("front", name)
    return select(
        "Front",
        words,
        next(iter(words)),
        key="front",
        place=place,
        label_visibility="collapsed",
    )


def front_of(choice: Choice, asked: str = "") -> Front | None:
    """Return the front that was asked for or is in the address, else the first, or None."""
    fronts = fronts_of(choice)
    return fronts.get(asked or held("front")) or next(iter(fronts.values()), None)


def front_charts(choice: Choice, front: Front | None, shown: bool) -> list[tuple[Chart, Axes]]:
    """Return, and show if asked to, the networks that fit by two figures with their Pareto front.

    Each chart comes with its axes. A file has no table beside it, so the returned
    chart has its own names.
    """
    if front is None:
        return []

    def draw(axes: Axes) -> Chart:
        x, y = axes
        assert x is not None
        assert y is not None
        return front_chart(choice, replace(front, x=x, y=y), on_wall())

    axes: Axes = (front.x, front.y)
    own: list[tuple[Chart, Axes]] = []
    if shown:
        _, *own = show_scatter(draw, axes, choice.fits, "front", 480)
    return [(front_chart(choice, front, alone=True), axes), *own]
