"""The gradient experiment on the page: what to measure, presets, switches, what papers say."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, isnan

import streamlit as st

from analysis.gradients.curves import (
    Curve,
    Gradients,
    GradientSettings,
    Precision,
    Quantity,
    Summary,
)
from analysis.gradients.measure import check, gathered, measure
from analysis.gradients.presets import HALF_TRUTHS, MORE, PRESETS, READINGS, Preset
from analysis.gradients.twins import plain_twin, residual_twin
from analysis.gradients.verdict import verdict
from analysis.images.batch import check as check_images
from analysis.images.kinds import MAX_PICTURE_BYTES, InputKind
from analysis.machine.jobs import Job
from nets import ResNetSpec, parse
from nets.options import number_of
from pages.ui.address import hold
from pages.ui.fields import number, select
from pages.ui.jobs import start
from pages.ui.markup import table
from pages.ui.measured import GRADIENTS
from pages.ui.words import complain
from pages.views.networks import choose_networks, use_models

KEY = "gradients"

_MODELS, _PRECISION = "models", "precision"
_KEPT = 20
_SECONDS = 900.0


def choose_settings() -> tuple[GradientSettings | None, Quantity]:
    """What all models share, or None where it cannot be had, and what is drawn; in the address."""
    one, two, three, four, five = st.columns([1, 1, 1.4, 2, 2.6])
    seeds = number("Seeds", 1, 20, 3, key="seeds", place=one)
    batch = number("Batch", 1, 1_024, 32, key="batch", place=two)
    precision = select(
        "Precision", list(Precision), GradientSettings().precision, key=_PRECISION, place=three
    )
    images = select(
        "Images",
        {kind: kind.replace("_", " ") for kind in InputKind},
        InputKind.RANDOM,
        key="images",
        place=four,
        help="Random: seeded normal noise. Sample: 1,000 of Fashion-MNIST's test images, which are "
        "always here. Fashion-MNIST: all 10,000, where this server has them. Picture: one of "
        "yours, copied with a little noise.",
    )
    quantities = {quantity: quantity.label for quantity in Quantity}
    quantity = Quantity(
        select("Quantity", quantities, Quantity.ACTIVATION, key="quantity", place=five)
    )
    picture = b""
    if images == InputKind.PICTURE:
        file = st.file_uploader(
            "Picture",
            ["png", "jpg", "jpeg", "webp", "gif", "bmp"],
            max_upload_size=MAX_PICTURE_BYTES // 10**6,
        )
        picture = file.getvalue() if file else b""
    try:
        settings = GradientSettings(
            seeds=seeds,
            batch=batch,
            precision=Precision(precision),
            images=InputKind(images),
            picture=picture,
        )
        check_images(settings)
    except ValueError as error:
        complain(str(error))
        return None, quantity
    return settings, quantity


def show_presets(settings: GradientSettings | None) -> None:
    """The whole story in six clicks, and the rest in a list; none works without settings."""
    st.markdown("**The story in six clicks**")
    for row in (PRESETS[:2], PRESETS[2:4], PRESETS[4:]):
        for column, preset in zip(st.columns(2), row, strict=True):
            column.button(
                preset.name,
                key=f"preset_{preset.name}",
                on_click=_run_preset,
                args=(preset, settings),
                disabled=settings is None,
                width="stretch",
            )
    with st.expander("More to see"):
        for index, preset in enumerate(MORE):
            if index % 2 == 0:
                columns = st.columns(2)
            columns[index % 2].button(
                preset.name,
                key=f"preset_{preset.name}",
                on_click=_run_preset,
                args=(preset, settings),
                disabled=settings is None,
                width="stretch",
            )


def choose_models(spec: ResNetSpec) -> tuple[ResNetSpec, ...]:
    """The models to measure: the address's, else the current one and its twin; none where wrong."""
    twins = tuple(dict.fromkeys(map(str, (plain_twin(spec), residual_twin(spec)))))
    return choose_networks(_MODELS, twins, "the current model and its twin")


def measure_button(
    models: tuple[ResNetSpec, ...], settings: GradientSettings | None, running: bool
) -> None:
    """Measure, where nothing runs, or why these models cannot be measured."""
    allowed = bool(models and settings)
    if models and settings:
        try:
            check(models, settings)
        except ValueError as error:
            complain(str(error))
            allowed = False
    st.button(
        "Measure",
        type="primary",
        icon=":material/stacked_line_chart:",
        disabled=not allowed or running,
        on_click=_run,
        args=(models, settings),
    )


def _run_preset(preset: Preset, settings: GradientSettings) -> None:
    use_models(_MODELS, preset.models)
    if preset.precision is not settings.precision:
        hold(
            _PRECISION,
            "" if preset.precision is GradientSettings().precision else preset.precision.value,
        )
    _run(tuple(map(parse, preset.models)), replace(settings, precision=preset.precision))


def _run(models: tuple[ResNetSpec, ...], settings: GradientSettings) -> None:
    st.session_state["gradient_asked"] = (models, settings)
    start(KEY, measure, models, settings, seconds=_SECONDS)


def remember(job: Job) -> None:
    """Keep what a job has measured, whole or not, for the page and for other pages."""
    models, settings = st.session_state["gradient_asked"]
    curves: tuple[Curve, ...] = job.results
    runs: list[Gradients] = st.session_state.setdefault(GRADIENTS, [])
    run = job.result or gathered(models, settings, curves)
    if curves and (not runs or runs[-1] != run):
        runs.append(run)
        del runs[:-_KEPT]


def latest_run() -> Gradients | None:
    """What was measured last in this visit."""
    runs: list[Gradients] = st.session_state.get(GRADIENTS, [])
    return runs[-1] if runs else None


def say_if_another(
    run: Gradients, models: tuple[ResNetSpec, ...], settings: GradientSettings | None
) -> None:
    """That the curves are not those of what is chosen now, if so."""
    if models and (run.specs, run.settings) != (models, settings):
        shown = ", ".join(f"`{spec}`" for spec in run.specs)
        st.info(
            f"These curves are of {shown}. Something else is chosen below: press Measure for it.",
            icon=":material/info:",
        )


def show_verdict(run: Gradients, quantity: Quantity) -> None:
    """What the curves say, in words and in numbers, and how they were measured."""
    if quantity is not Quantity.ACTIVATION:
        st.caption(
            "This is another quantity: a weight's gradient can be level where ∂L/∂x vanishes. "
            "The text below is about ∂L/∂x."
        )
    st.header("What these curves say")
    for sentence in verdict(run.summary):
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
    shared = run.settings
    st.caption(
        "The ratio is the norm after the stem over that after the last block, with its lowest and "
        "highest value over the seeds and its geometric mean factor a weighted layer; the slope is "
        "fitted to log10 of the norm, toward the input. Ratio and slope are negative where it "
        "falls. "
        f"{number_of(shared.seeds, 'seed')} from {shared.first_seed}, batch "
        f"{shared.batch}, {shared.precision}, {shared.images.replace('_', ' ')} images, "
        f"{shared.device}, torch {run.torch_version}. Lines are geometric means over the seeds, "
        "bands reach from the smallest to the largest."
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


def show_background() -> None:
    """The two half-truths, and what the papers say."""
    st.header("Two half-truths")
    for column, truth in zip(st.columns(2, gap="large"), HALF_TRUTHS, strict=True):
        with column:
            st.markdown(f"**“{truth.claim}”**")
            st.markdown(f"{truth.holds}\n\n{truth.fails}")
            st.caption(f"See: {'; '.join(truth.presets)}.")
    st.header("What the papers say")
    for reading in READINGS:
        source = reading.source
        st.markdown(f"- {reading.says} [{source.short}]({source.url}), {reading.place}.")
