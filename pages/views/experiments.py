"""The two experiments of the page Gradients: norms by depth, and directions by depth of network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite, isnan
from typing import Any

import streamlit as st

from analysis.charts.chart import Chart
from analysis.drawing.caption import sources_of
from analysis.gradients import direction, measure
from analysis.gradients.charts import direction_chart, gradient_chart
from analysis.gradients.cosines import DIRECTION, AtDepth, Direction
from analysis.gradients.curves import Gradients, Quantity, Summary
from analysis.gradients.presets import preset_of
from analysis.gradients.report import (
    direction_csv,
    direction_result,
    gradients_csv,
    gradients_result,
    how_measured,
)
from analysis.gradients.shattering import shattering, spread, two
from analysis.gradients.theory import BALDUZZI2017, confirmed
from analysis.gradients.verdict import verdict
from analysis.results.form import Result
from nets.options import number_of
from pages.ui.charts import chart_picture
from pages.ui.downloads import DataFile
from pages.ui.exports import export
from pages.ui.markup import table
from pages.ui.measured import GRADIENTS

Run = Gradients | Direction


@dataclass(frozen=True)
class Experiment:
    """What the page can measure, and how it shows what was measured.

    Attributes:
        key: of its job and its files.
        kept: the visit's runs of it, in the session's state.
        intro: what is measured, in a sentence.
        check: raises the ValueError that `measure` would.
        measure: reports each curve or cosine.
        gathered: makes a run of those that there are.
        found: the curves or cosines of a run.
        chart: draws some of them, with what the run was asked.
        csv: a run as a file.
        result: a run as a result.
        verdict: what a run says of what is drawn, the main sentence first.
        show_verdict: shows the rest of it, and the numbers, below the chart.
    """

    key: str
    kept: str
    intro: str
    check: Callable[..., object]
    measure: Callable[..., Any]
    gathered: Callable[..., Any]
    found: Callable[[Any], Sequence[Any]]
    chart: Callable[[Sequence[Any], Any], Chart]
    csv: Callable[[Any], str]
    result: Callable[[Any], Result]
    verdict: Callable[[Any], tuple[str, ...]]
    show_verdict: Callable[[Any], None]

    def titled(self, run: Run, with_theory: bool) -> Chart:
        """Return a run's chart; one of a preset in its own settings is named by the preset.

        With other settings the numbers may say something else than the preset's name.
        """
        chart = self.chart(self.found(run), run.settings)
        if not with_theory:
            chart = replace(chart, series=tuple(one for one in chart.series if not one.thin))
        preset = preset_of(tuple(map(str, run.specs)), run.settings.precision)
        usual = type(run.settings)(precision=run.settings.precision)
        if preset is None or run.settings != usual or not self.verdict(run):
            return chart
        return replace(chart, title=preset.name)


def experiment_of(quantity: str) -> Experiment:
    """Return the experiment that measures a quantity: one of the norms, or the direction."""
    return _DIRECTION if quantity == DIRECTION else _norms(Quantity(quantity))


def export_run(experiment: Experiment, run: Run, chart: Chart) -> None:
    """The dialog for a run: its chart, with what it was asked in the caption, and its numbers."""
    sources = sources_of(map(str, run.specs))
    if isinstance(run, Direction):
        sources.append(BALDUZZI2017)
    else:
        theories = filter(None, map(confirmed, run.summary))
        sources += [source for theory in theories for source in theory.sources]
    key = experiment.key
    data = [
        DataFile("CSV", f"{key}.csv", partial(experiment.csv, run)),
        DataFile("JSON", f"{key}.json", experiment.result(run).json),
    ]
    export(key, [chart_picture(chart, key, how_measured(run), sources)], data)


def _norms(quantity: Quantity) -> Experiment:
    return Experiment(
        key="gradients",
        kept=GRADIENTS,
        intro="The norm of the loss's gradient at every block's output, at initialisation, in "
        "train mode: measured here, for every network and seed in one backward pass.",
        check=measure.check,
        measure=measure.measure,
        gathered=measure.gathered,
        found=lambda run: run.curves,
        chart=lambda curves, settings: gradient_chart(curves, quantity),
        csv=gradients_csv,
        result=gradients_result,
        verdict=lambda run: verdict(run.summary) if quantity is Quantity.ACTIVATION else (),
        show_verdict=partial(_show_norms, quantity=quantity),
    )


def _show_norms(run: Gradients, quantity: Quantity) -> None:
    """What the curves say, in words and in numbers, and how they were measured."""
    if quantity is not Quantity.ACTIVATION:
        st.caption(
            "This is another quantity: a weight's gradient can be level where ∂L/∂x vanishes. "
            "The text below is about ∂L/∂x."
        )
    said = verdict(run.summary)
    if rest := said[1 if quantity is Quantity.ACTIVATION else 0 :]:
        st.header("What these curves say")
        for sentence in rest:
            st.markdown(f"- {sentence}")
    head = (
        "Model",
        "log10 of the ratio",
        "Lowest to highest",
        "Factor per layer",
        "Fitted slope per layer",
    )
    rows = [
        (
            one.model,
            _signed(one.log10_ratio, 2, f"below {one.precision}"),
            _lowest_to_highest(one),
            "" if isnan(one.factor_per_layer) else f"{one.factor_per_layer:.3f}",
            _signed(one.slope_per_layer, 4),
        )
        for one in run.summary
    ]
    st.html(table("Ratios and slopes", head, rows, 1))
    st.caption(
        "The ratio is the norm after the stem over that after the last block, with its lowest and "
        "highest value over the seeds and its geometric mean factor a weighted layer; the slope is "
        "fitted to log10 of the norm, toward the input. Ratio and slope are negative where it "
        f"falls. {_conditions(run)} Lines are geometric means over the seeds, bands reach from the "
        "smallest to the largest."
    )


def _lowest_to_highest(one: Summary) -> str:
    """The ratio's range over the seeds, where there are several."""
    gone = f"below {one.precision}"
    ends = dict.fromkeys(_signed(ratio, 2, gone) for ratio in (one.low, one.high))
    return " to ".join(ends) if one.seeds > 1 else ""


def _signed(value: float, digits: int, gone: str = "") -> str:
    """With its sign; `gone` for what is below all that a number can hold."""
    if isnan(value):
        return ""
    return f"{value:+.{digits}f}".replace("-", "−") if isfinite(value) else gone


def _show_direction(run: Direction) -> None:
    """What the cosines say, in words and in numbers, and how they were measured."""
    if rest := shattering(run.stacks, run.settings.noise)[1:]:
        st.header("What these curves say")
        for sentence in rest:
            st.markdown(f"- {sentence}")
    found = [at for stack in run.stacks for at in stack.depths]
    head = ("Model", "Weighted layers", "Cosine", "Lowest to highest")
    rows = [(str(at.spec), str(at.depth), _mean(at), _range(at)) for at in found]
    st.html(table("Cosines by depth", head, rows, 1))
    st.caption(
        "The cosine is that between the gradients of the cross-entropy on logits with respect to a "
        "batch of images and to the same batch with normal noise of "
        f"{run.settings.noise:.4g} of its standard deviation, each as one vector. "
        f"{_conditions(run)} Lines are means over the seeds, bands reach from the lowest to the "
        "highest."
    )


def _mean(at: AtDepth) -> str:
    return two(at.mean) if at.is_measured else "not measured"


def _range(at: AtDepth) -> str:
    """The cosine's range over the seeds, where there are several."""
    return spread(at) if at.is_measured and len(at.cosines) > 1 else ""


def _conditions(run: Run) -> str:
    """How a run was measured."""
    shared = run.settings
    return (
        f"{number_of(shared.seeds, 'seed')} from {shared.first_seed}, batch "
        f"{shared.batch}, {shared.precision}, {shared.images.replace('_', ' ')} images, "
        f"{shared.device}, torch {run.torch_version}."
    )


_DIRECTION = Experiment(
    key=DIRECTION,
    kept="direction_runs",
    intro="The cosine between the loss's gradient at a batch of images and at the same batch with "
    "a little noise, at initialisation, in train mode: 1 is the same direction, 0 a right angle.",
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
