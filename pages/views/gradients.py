"""Parts of the Gradients page: presets, settings, networks, runs, and what papers say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.chart import Chart
from analysis.charts.words import spread_in_words
from analysis.gradients.cosines import DIRECTION, MAX_NOISE, DirectionSettings
from analysis.gradients.curves import MAX_SEEDS, Gradients, GradientSettings, Precision, Quantity
from analysis.gradients.measure import BatchError
from analysis.gradients.presets import (
    HALF_TRUTHS,
    MORE,
    PRESETS,
    READINGS,
    SHATTERED,
    Preset,
    preset_of,
    usual_models,
)
from analysis.gradients.results import kind_of, recorded_with, run_hash, run_of
from analysis.images.batch import check as check_images
from analysis.images.kinds import MAX_PICTURE_BYTES, InputKind
from analysis.lecture.settings import SEPARATOR
from analysis.machine.jobs import Job, Needs
from analysis.results.form import Result
from analysis.results.recorded import whence
from analysis.style.language import translate
from nets import ResNetSpec, parse
from nets.names import name_of
from nets.options import number_of
from pages.ui import lecture
from pages.ui.address import held, hold
from pages.ui.fields import number, select
from pages.ui.jobs import job_of, start, where
from pages.ui.known import is_of_visit, keep, known
from pages.ui.wall import action, on_wall, unfolded
from pages.ui.words import complain, hint, sentence, unbroken
from pages.views.experiments import NORM, Experiment, Run, experiment_of
from pages.views.networks import choose_networks, use_models

_MODELS, _PRECISION, _QUANTITY, _NOISE = "models", "precision", "quantity", "noise"
_KEPT = 20
_SECONDS = 900.0


def choose_quantity(place: DeltaGenerator) -> str:
    """Let the visitor choose what to measure: a `Quantity` or the direction."""
    words = {quantity.value: quantity.label for quantity in Quantity}
    words[DIRECTION] = "direction of ∂L/∂x under noise"
    return select(
        "Quantity",
        words,
        Quantity.ACTIVATION,
        key=_QUANTITY,
        place=place,
        help="The gradient's norm along each network, or its direction across networks of several "
        "depths.",
    )


def choose_settings(quantity: str) -> GradientSettings | None:
    """Let the visitor choose the settings that all models share; None if one is invalid."""
    one, two, three, four, five = st.columns([1, 1, 1.4, 2, 1.4])
    seeds = number("Seeds", 1, MAX_SEEDS, GradientSettings.seeds, key="seeds", place=one)
    batch = number("Batch", 1, 1_024, GradientSettings.batch, key="batch", place=two)
    precision = select(
        "Precision", list(Precision), GradientSettings().precision, key=_PRECISION, place=three
    )
    images = select(
        "Images",
        {kind: kind.replace("_", " ") for kind in InputKind},
        InputKind.RANDOM,
        key="images",
        place=four,
        help="Random: seeded normal noise. Sample: 1,000 of Fashion-MNIST's test images, always "
        "available. Fashion-MNIST: all 10,000, if this server has them. Picture: your own, "
        "repeated with a little noise.",
    )
    noise = DirectionSettings.noise
    if quantity == DIRECTION:
        chosen = number(
            "Noise",
            0.0,
            MAX_NOISE,
            noise,
            key=_NOISE,
            place=five,
            step=0.001,
            format="%g",
            help="Standard deviation of the noise, as a share of the images'.",
        )
        noise = noise if chosen is None else chosen
    picture = b""
    if images == InputKind.PICTURE:
        file = st.file_uploader(
            "Picture",
            ["png", "jpg", "jpeg", "webp", "gif", "bmp"],
            max_upload_size=MAX_PICTURE_BYTES // 10**6,
        )
        if file is None:
            st.info("Upload a picture to measure with.", icon=":material/info:")
            return None
        if not (picture := file.getvalue()):
            complain("the file is empty")
            return None
    try:
        shared = GradientSettings(
            seeds=seeds,
            batch=batch,
            precision=Precision(precision),
            images=InputKind(images),
            picture=picture,
        )
        settings = _of_direction(shared, noise) if quantity == DIRECTION else shared
        check_images(settings)
    except ValueError as error:
        complain(str(error))
        return None
    return settings


def _of_direction(shared: GradientSettings, noise: float) -> DirectionSettings:
    return DirectionSettings(**_shared(shared), noise=noise)


def _shared(settings: GradientSettings) -> dict[str, Any]:
    """Return the settings that both experiments have."""
    return {one.name: getattr(settings, one.name) for one in fields(GradientSettings)}


def show_presets(settings: GradientSettings | None, pressed: Preset | None) -> None:
    """Draw the presets in one row, with the pressed one marked; disable them without settings."""
    with st.container(key="strip", horizontal=True, gap="small"):
        for preset in (*PRESETS, SHATTERED):
            _preset_button(preset, preset.short, settings, preset is pressed, "content")
        with st.popover("More", type="primary" if pressed in MORE else "secondary"):
            for preset in MORE:
                _preset_button(preset, preset.name, settings, preset is pressed, "stretch")


def _preset_button(
    preset: Preset,
    label: str,
    settings: GradientSettings | None,
    is_pressed: bool,
    width: Literal["content", "stretch"],
) -> None:
    st.button(
        label,
        key=f"preset_{preset.name}",
        help=None if label == preset.name or on_wall() else preset.name,
        type="primary" if is_pressed else "secondary",
        on_click=_run_preset,
        args=(preset, settings),
        disabled=settings is None,
        width=width,
    )


def pressed_preset(experiment: Experiment, running: bool, run: Run | None) -> Preset | None:
    """Return the preset that is running, or else whose run is shown; None if there is none."""
    if running:
        specs, settings = st.session_state[f"{experiment.key}_asked"]
    elif run is not None:
        specs, settings = run.specs, run.settings
    else:
        return None
    is_direction = isinstance(settings, DirectionSettings)
    return preset_of(tuple(map(str, specs)), settings.precision, is_direction)


def choose_models(spec: ResNetSpec, quantity: str) -> tuple[ResNetSpec, ...]:
    """Let the visitor choose the models to measure; return none if one is invalid.

    The default is the current model and its twin or, for the direction, a ladder of depths.
    """
    is_direction = quantity == DIRECTION
    usual = usual_models(spec, is_direction)
    if is_direction:
        which = "plain and residual networks of 20 to 56 layers"
        return choose_networks(_MODELS, usual, which, with_depth=False)
    return choose_networks(_MODELS, usual, "the current model and its twin")


def measure_button(
    experiment: Experiment,
    models: tuple[ResNetSpec, ...],
    settings: GradientSettings | None,
    running: bool,
    is_known: bool,
) -> bool:
    """Draw the Measure button, disabled during a job; return whether models can be measured.

    If they can't, say why.
    """
    allowed = bool(models and settings)
    if models and settings:
        try:
            experiment.check(models, settings)
        except ValueError as error:
            # Nobody has chosen the usual batch, so that it is too large for a network is no error.
            (complain if held("batch") or not _fits(error) else hint)(str(error))
            allowed = False
            if fits := _fits(error):
                unfolded("fits", st).button(
                    f"Use batch {fits:,}",
                    key="use_batch",
                    icon=":material/tune:",
                    on_click=hold,
                    args=("batch", str(fits)),
                )
    if on_wall() and not allowed:
        return False  # show only the reason and a way out
    action().button(
        "Run it here" if is_known else "Measure",
        key=f"measure_{experiment.key}",
        type="secondary" if is_known else "primary",
        icon=":material/stacked_line_chart:",
        disabled=not allowed or running,
        on_click=_run,
        args=(experiment, models, settings),
    )
    return allowed


def _fits(error: ValueError) -> int:
    """Return the batch that would fit, or 0 if there is none or the batch isn't the reason."""
    return error.fits if isinstance(error, BatchError) else 0


def _run_preset(preset: Preset, settings: GradientSettings) -> None:
    """Choose a preset's models, quantity and precision, and measure them if there is no result."""
    shared = GradientSettings(**{**_shared(settings), "precision": preset.precision})
    usual = GradientSettings().precision
    hold(_PRECISION, "" if preset.precision is usual else preset.precision.value)
    models = tuple(map(parse, preset.models))
    if preset.is_direction:
        use_models(_MODELS, ())
        hold(_QUANTITY, DIRECTION)
        hold(_NOISE, "")
        usual_noise = _of_direction(shared, DirectionSettings.noise)
        _run_unless_known(experiment_of(DIRECTION), models, usual_noise)
        return
    use_models(_MODELS, preset.models)
    if isinstance(settings, DirectionSettings):
        hold(_QUANTITY, "")
    _run_unless_known(NORM, models, shared)


def _run_unless_known(
    experiment: Experiment, models: tuple[ResNetSpec, ...], settings: GradientSettings
) -> None:
    if known_run(experiment, models, settings) is None:
        _run(experiment, models, settings)
    elif (job := job_of(experiment.key)) is not None:
        job.cancel()  # it measures other settings


def _run(
    experiment: Experiment, models: tuple[ResNetSpec, ...], settings: GradientSettings
) -> None:
    st.session_state[f"{experiment.key}_asked"] = (models, settings)
    start(
        experiment.key,
        experiment.measure,
        models,
        settings,
        seconds=_SECONDS,
        needs=Needs(settings.device),
    )


def asked(experiment: Experiment) -> GradientSettings:
    """Return the settings of the experiment's latest job."""
    settings: GradientSettings = st.session_state[f"{experiment.key}_asked"][1]
    return settings


def remember(experiment: Experiment, job: Job) -> None:
    """Keep what a job has measured, complete or not, for this page and others."""
    models, settings = st.session_state[f"{experiment.key}_asked"]
    runs: list[Run] = st.session_state.setdefault(experiment.kept, [])
    run = job.result or experiment.gathered(models, settings, job.results)
    if not job.result and not job.is_here:
        run = replace(run, environment=None)  # unknown until the worker returns its result
    if job.results and (not runs or runs[-1] != run):
        runs.append(run)
        del runs[:-_KEPT]
        if job.result and not settings.picture:
            keep(experiment.result(run))


def measured(experiment: Experiment, job: Job) -> tuple[float, str]:
    """Return the share of a job's curves that are measured, and where it stands in words."""
    models, settings = st.session_state[f"{experiment.key}_asked"]
    count, whole = len(job.results), len(models) * settings.seeds
    if not count:
        return 0.0, where(job)
    return (
        count / whole,
        f"{count} of {number_of(whole, 'backward pass', 'backward passes')} measured",
    )


def latest_run(experiment: Experiment) -> Run | None:
    """Return the latest run in this session."""
    runs: list[Run] = st.session_state.get(experiment.kept, [])
    return runs[-1] if runs else None


def chart_place(experiment: Experiment, spec: ResNetSpec, quantity: str) -> DeltaGenerator:
    """Return the place of the chart, above its settings, with the chart's height if it is known.

    So the settings, which are drawn first, don't move when the chart comes. It is known if the
    address names models alone.
    """
    texts = tuple(filter(None, held(_MODELS).split(SEPARATOR)))
    others = ("seeds", "batch", _PRECISION, "images", _NOISE)
    is_known = False
    if not any(map(held, others)):
        with suppress(ValueError):
            models = tuple(map(parse, texts or usual_models(spec, quantity == DIRECTION)))
            shared = GradientSettings()
            settings = (
                _of_direction(shared, DirectionSettings.noise) if quantity == DIRECTION else shared
            )
            is_known = known_run(experiment, models, settings) is not None
    if not is_known:
        return st.container()
    place = st.container(key="awaits-chart")
    place.html('<div class="rl-awaits"></div>')  # Streamlit doesn't draw an empty container
    return place


def known_run(
    experiment: Experiment, models: tuple[ResNetSpec, ...], settings: GradientSettings
) -> Run | None:
    """Return the run of these settings: from this session, this server or the recorded ones."""
    runs: list[Run] = st.session_state.get(experiment.kept, [])
    for run in reversed(runs):
        is_whole = len(experiment.found(run)) == len(run.specs) * run.settings.seeds
        if is_whole and (run.specs, run.settings) == (models, settings):
            return run
    result = _known(models, settings)
    if result is None:
        return None
    try:
        return run_of(result, models)
    except ValueError:
        return None


def known_to_job(experiment: Experiment) -> Run | None:
    """Return the known run of the settings that the latest job measures again, if any."""
    return known_run(experiment, *st.session_state[f"{experiment.key}_asked"])


def _known(models: tuple[ResNetSpec, ...], settings: GradientSettings) -> Result | None:
    found = known(run_hash(models, settings), kind_of(settings))
    return found or recorded_with(models, settings)


def titled_on_wall(title: str, specs: Sequence[ResNetSpec], preset: Preset | None) -> str:
    """Return a chart's title; without a pressed preset it names a network and its twin."""
    models = tuple(map(str, specs))
    if preset is not None or len(models) != 2 or models != usual_models(specs[1], False):
        return title
    network = name_of(specs[1])
    return translate(
        "{title} at initialisation: {network}, without and with shortcuts",
        title=title,
        network=network,
    )


def say_whence(run: Run, chart: Chart) -> None:
    """Say where a run comes from that this session did not make; on the wall, what is drawn."""
    result = _known(run.specs, run.settings)
    told = []
    if on_wall():
        if chart.note and not lecture.tells():
            told.append(sentence(chart.note))
        told.append(spread_in_words(chart, [run.settings.seeds], isinstance(run, Gradients)))
        if run.settings.precision is not Precision.FLOAT32:
            told.append(translate("In {dtype}.", dtype=run.settings.precision))
    if result is not None and not is_of_visit(result):
        told.append(whence(result))
    if said := " ".join(filter(None, told)):
        st.caption(unbroken(said))


def say_if_another(
    run: Run, models: tuple[ResNetSpec, ...], settings: GradientSettings | None
) -> None:
    """Say so if the curves don't belong to the current choice."""
    if models and (run.specs, run.settings) != (models, settings):
        shown = ", ".join(f"`{spec}`" for spec in run.specs)
        st.info(
            f"These curves are for {shown}. The settings below differ; press Measure to update.",
            icon=":material/info:",
        )


def show_background() -> None:
    """Show the two half-truths and what the papers say."""
    st.header("Two half-truths")
    for column, truth in zip(st.columns(2, gap="large"), HALF_TRUTHS, strict=True):
        with column:
            st.markdown(f"**“{truth.claim}”**")
            st.markdown(f"{truth.holds}\n\n{truth.fails}")
            st.caption(f"Presets: {', '.join(f'“{one}”' for one in truth.presets)}.")
    st.header("What the papers say")
    for reading in READINGS:
        source = reading.source
        st.markdown(f"- {reading.says} [{source.short}]({source.url}), {reading.place}.")
