"""The two experiments of the Gradients page: norm by layer depth, direction by network depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite, isnan
from typing import Any

import streamlit as st

from analysis.charts.chart import Chart
from analysis.gradients import direction, measure
from analysis.gradients.charts import direction_chart, gradient_chart, named_chart
from analysis.gradients.cosines import DIRECTION, AtDepth, Direction
from analysis.gradients.curves import Gradients, Quantity, Summary
from analysis.gradients.report import (
    direction_csv,
    direction_result,
    gradients_csv,
    gradients_result,
    how_measured,
    papers,
    theories_in,
)
from analysis.gradients.shattering import shattering, spread, two
from analysis.gradients.verdict import MILD_BOUND, Word, verdict, weights_in_words, word
from analysis.results.form import Result
from analysis.style.numbers import seeds_in_words, signed
from analysis.style.stamps import device_words
from nets.names import names_of
from pages.ui.charts import chart_picture
from pages.ui.downloads import DataFile
from pages.ui.exports import export
from pages.ui.markup import Cell, table
from pages.ui.measured import GRADIENTS
from pages.ui.words import unbroken

Run = Gradients | Direction


@dataclass(frozen=True)
class Experiment:
    """An experiment that the page can run, and how to show its results.

    Attributes:
        key: identifies its job and its files.
        kept: the key of its runs in the session state.
        heading: the title of its chart.
        intro: what it measures, in a sentence.
        check: raises the ValueError that `measure` would raise.
        measure: runs it and reports each curve or cosine.
        gathered: makes a run of the curves or cosines reported so far.
        found: returns the curves or cosines of a run.
        chart: draws curves or cosines, given the run's settings.
        csv: returns a run as CSV.
        result: returns a run as a result.
        verdict: returns what a run shows as sentences, the main one first.
        show_verdict: shows the other sentences and the numbers of a run below its chart.
        on_curves: returns a sentence on the curves of the chart, if the verdict is on others.
    """

    key: str
    kept: str
    heading: str
    intro: str
    check: Callable[..., object]
    measure: Callable[..., Any]
    gathered: Callable[..., Any]
    found: Callable[[Any], Sequence[Any]]
    chart: Callable[[Sequence[Any], Any], Chart]
    csv: Callable[[Any], str]
    result: Callable[[Any], Result]
    verdict: Callable[[Any], tuple[str, ...]]
    show_verdict: Callable[[Any, Chart], None]
    on_curves: Callable[[Any], str] | None = None

    def titled(self, run: Run, with_theory: bool) -> Chart:
        """Return a run's chart, titled with the preset's name if the run is a preset's own."""
        chart = self.drawn(self.found(run), run.settings, with_theory)
        return named_chart(chart, run, self.verdict(run))

    def drawn(self, found: Sequence[Any], settings: Any, with_theory: bool) -> Chart:
        """Return the chart of curves or cosines, with or without theory's lines."""
        chart = self.chart(found, settings)
        if with_theory:
            return chart
        return replace(chart, series=tuple(one for one in chart.series if not one.thin))


def experiment_of(quantity: str) -> Experiment:
    """Return the experiment that measures a quantity: a `Quantity` or the direction."""
    return _DIRECTION if quantity == DIRECTION else _norms(Quantity(quantity))


def export_run(experiment: Experiment, run: Run, chart: Chart) -> None:
    """Draw the export dialog for a run: its chart, captioned with its settings, and its numbers."""
    key = experiment.key
    data = [
        DataFile("CSV", f"{key}.csv", partial(experiment.csv, run)),
        DataFile("JSON", f"{key}.json", experiment.result(run).json),
    ]
    theories = theories_in(chart, run)
    how, cited = how_measured(run, theories), papers(run, theories)
    export(key, [chart_picture(chart, key, how, cited)], data)


def _norms(quantity: Quantity) -> Experiment:
    return Experiment(
        key="gradients",
        kept=GRADIENTS,
        heading=quantity.heading,
        intro="Measures the norm of the loss gradient at every block's output, at initialisation "
        "and in train mode: one backward pass per network and seed.",
        check=measure.check,
        measure=measure.measure,
        gathered=measure.gathered,
        found=lambda run: run.curves,
        chart=lambda curves, settings: gradient_chart(curves, quantity),
        csv=gradients_csv,
        result=gradients_result,
        verdict=lambda run: verdict(run.summary) if quantity is Quantity.ACTIVATION else (),
        show_verdict=partial(_show_norms, quantity=quantity),
        on_curves=None
        if quantity is Quantity.ACTIVATION
        else lambda run: weights_in_words(run.curves, quantity),
    )


def _show_norms(run: Gradients, chart: Chart, quantity: Quantity) -> None:
    """Show the other sentences about the curves, their numbers, and how they were measured."""
    if quantity is not Quantity.ACTIVATION:
        st.caption(
            "This is a different quantity: a weight's gradient can stay level while ∂L/∂x "
            "vanishes. What follows is about ∂L/∂x."
        )
    said = verdict(run.summary)
    if rest := said[1 if quantity is Quantity.ACTIVATION else 0 :]:
        about = "" if quantity is Quantity.ACTIVATION else " of ‖∂L/∂x‖"
        st.header(f"What the curves{about} show")
        for sentence in rest:
            st.markdown(unbroken(f"- {sentence}"))
    names = dict(zip(map(str, run.specs), names_of(run.specs), strict=True))
    head = (
        "Model",
        "log₁₀ ratio of ‖∂L/∂x‖",
        "Range over seeds",
        "Factor per layer",
        "Fitted slope per layer",
    )
    rows = [
        (
            Cell(names.get(one.model, one.model), one.model),
            _signed(one.log10_ratio, 2, f"below {one.precision}"),
            _lowest_to_highest(one),
            "" if isnan(one.factor_per_layer) else f"{one.factor_per_layer:.3f}",
            _signed(one.slope_per_layer, 4),
        )
        for one in run.summary
    ]
    st.html(table("Ratios and slopes of ‖∂L/∂x‖", head, rows, 1))
    reading = (
        "The ratio is ‖∂L/∂x‖ after the stem divided by ‖∂L/∂x‖ after the last block. The factor "
        "per layer is its geometric mean over the weighted layers. The slope is fitted to log₁₀ of "
        "the norm, toward the input. Ratio and slope are negative if the norm falls toward the "
        f"input. {_conditions(run, chart)}{_rule(run.summary)}"
    )
    st.caption(unbroken(reading))


def _rule(summaries: Sequence[Summary]) -> str:
    """Return the factor above which a gradient explodes or vanishes, if one of these does."""
    words = {word(one) for one in summaries}
    ways = {Word.EXPLODES: "grows", Word.VANISHES: "falls"}
    said = " and ".join(f"{one} if it {way}" for one, way in ways.items() if one in words)
    if not said:
        return ""
    factor = f"{10**MILD_BOUND:,.0f}"
    return f" Toward the input, a gradient {said} by a factor above {factor} in all seeds."


def _lowest_to_highest(one: Summary) -> str:
    """Return the ratio's range over the seeds; empty for a single seed."""
    gone = f"below {one.precision}"
    ends = dict.fromkeys(_signed(ratio, 2, gone) for ratio in (one.low, one.high))
    return " to ".join(ends) if one.seeds > 1 else ""


def _signed(value: float, digits: int, gone: str = "") -> str:
    """Return a number with its sign; `gone` if it is below what the precision can represent."""
    if isnan(value):
        return ""
    return signed(value, digits) if isfinite(value) else gone


def _show_direction(run: Direction, chart: Chart) -> None:
    """Show the other sentences about the cosines, their numbers, and how they were measured."""
    if rest := shattering(run.stacks, run.settings.noise)[1:]:
        st.header("What the curves show")
        for sentence in rest:
            st.markdown(unbroken(f"- {sentence}"))
    found = [at for stack in run.stacks for at in stack.depths]
    head = ("Model", "Weighted layers", "Cosine", "Range over seeds")
    names = names_of([at.spec for at in found])
    rows = [
        (Cell(name, str(at.spec)), str(at.depth), _mean(at), _range(at))
        for name, at in zip(names, found, strict=True)
    ]
    st.html(table("Cosines by depth", head, rows, 1))
    st.caption(
        "The cosine compares two gradients of the cross-entropy on logits, each flattened to one "
        "vector: with respect to a batch of images, and to the same batch plus normal noise. The "
        f"noise is {run.settings.noise:.4g} of the batch's standard deviation. "
        f"{_conditions(run, chart)}"
    )


def _mean(at: AtDepth) -> str:
    return two(at.mean) if at.is_measured else "not measured"


def _range(at: AtDepth) -> str:
    """Return the cosine's range over the seeds; empty for a single seed."""
    return spread(at) if at.is_measured and len(at.cosines) > 1 else ""


def _conditions(run: Run, chart: Chart) -> str:
    """Return how a run was measured and what the lines and bands of its chart are, in sentences."""
    shared = run.settings
    spread = f" {chart.reading}." if chart.reading else ""
    return (
        f"Measured with {seeds_in_words(shared.seed_numbers)}, batch "
        f"{shared.batch}, {shared.precision}, {shared.images.replace('_', ' ')} images, "
        f"{device_words(shared.device)}, torch {run.torch_version}.{spread}"
    )


_DIRECTION = Experiment(
    key=DIRECTION,
    kept="direction_runs",
    heading="Gradient direction by network depth",
    intro="Measures the cosine between the loss gradient at a batch of images and at the same "
    "batch with a little noise, at initialisation and in train mode: 1 means the same direction, "
    "0 a right angle.",
    check=direction.check,
    measure=direction.measure,
    gathered=direction.gathered,
    found=lambda run: run.cosines,
    chart=lambda cosines, settings: direction_chart(cosines, settings.noise),
    csv=direction_csv,
    result=direction_result,
    verdict=lambda run: shattering(run.stacks, run.settings.noise),
    show_verdict=_show_direction,
)

NORM = _norms(Quantity.ACTIVATION)
