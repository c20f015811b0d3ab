"""Pictures of Timing, Gradients, Training and Sweeps from known results; nothing is measured."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import fields, replace

from analysis.charts.chart import Chart
from analysis.choice.swept import Kind
from analysis.choice.swept_charts import (
    View,
    chart_of,
    colours,
    how_spread,
    is_log,
    x_axes,
    y_axes,
)
from analysis.choice.swept_here import contents_of, names
from analysis.choice.swept_report import how_in_words, said_of
from analysis.costs.step import Dtype
from analysis.gradients.charts import direction_chart, gradient_chart, named_chart
from analysis.gradients.cosines import DIRECTION, MAX_NOISE, Direction, DirectionSettings
from analysis.gradients.curves import (
    MAX_SEEDS,
    Gradients,
    GradientSettings,
    Precision,
    Quantity,
)
from analysis.gradients.presets import usual_models
from analysis.gradients.results import kind_of, recorded_with, run_hash, run_of
from analysis.gradients.shattering import shattering
from analysis.gradients.verdict import verdict as gradients_verdict
from analysis.images.fashion_mnist import fashion_mnist_unopened
from analysis.images.kinds import InputKind
from analysis.images.open import FASHION_MNIST, SAMPLE, data_folders, folder_of, open_offered
from analysis.images.sets import ImageSet
from analysis.lecture.picture import Picture, missing_until
from analysis.lecture.settings import SEPARATOR, TIMING_TABS, Settings
from analysis.machine.devices import devices
from analysis.results.form import Result
from analysis.results.known import known, sources
from analysis.results.recorded import whence
from analysis.style.grid import Grid
from analysis.style.language import counted, translate
from analysis.style.numbers import short
from analysis.style.stamps import a_machine
from analysis.timing.charts import stage_chart
from analysis.timing.measure import Timing
from analysis.timing.report import RECORDED_HEAD, conditions, recorded_rows, stamp
from analysis.timing.results import TIME, recorded_timings, timing_hash, timing_of
from analysis.timing.roofline_charts import roofline_chart
from analysis.timing.roofline_report import (
    CONVENTION,
    ROOFLINE,
    bound_words,
    busy_words,
    roofline_conditions,
    roofline_hash,
    roofline_of,
)
from analysis.timing.settings import (
    Settings as TimingSettings,
)
from analysis.timing.settings import batches_of, sweep, usual_batches, usual_threads
from analysis.training.charts import Shown, training_chart
from analysis.training.ladders import COMPARISONS, DEGRADATION, PAIR, SEEDS, USUAL_RECIPE
from analysis.training.recipes import RECIPES, Recipe, changed, read_field
from analysis.training.report import run_of as training_of
from analysis.training.runs import KIND, Run, tasks_of
from analysis.training.runs import MAX_SEEDS as MAX_RUN_SEEDS
from nets import ResNetSpec, parse
from nets.options import number_of, quote

_OWN_PICTURES = "An address doesn't hold uploaded pictures. Open the link and upload them again."


def timing(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the stage times of the first batch that this server has timed."""
    names = devices()
    device = settings.text("timing_device") or names[-1]
    if device not in names:
        return Picture(
            missing=f"This machine has no device {quote(device)}. Open the link on one that has."
        )
    batches = settings.read("timing_batches", batches_of, batches_of(usual_batches(device)))
    is_inference = settings.option("timing_mode", ["training", "inference"], "training")
    cpus = os.cpu_count() or 1
    asked = TimingSettings(
        device=device,
        dtype=Dtype(settings.option("timing_dtype", list(Dtype), Dtype.FLOAT32)),
        tf32=settings.switch("timing_tf32"),
        channels_last=settings.switch("timing_channels_last"),
        compile=settings.switch("timing_compile"),
        threads=settings.whole("timing_threads", 1, cpus, usual_threads(cpus)),
        inference=is_inference == "inference",
        optimiser=settings.switch("timing_optimiser", True),
    )
    if settings.tab("timing_shown", TIMING_TABS) == "roofline":
        return _roofline(settings, spec, replace(asked, batch=batches[0]))
    for one in sweep(asked, batches):
        result = known(timing_hash(str(spec), one, one.threads or 1), TIME)
        with suppress(ValueError):  # this machine no longer has the device
            if result is not None:
                return _timed(timing_of(result))
    return replace(missing_until("Measure"), grid=_recorded_times(spec))


def _roofline(settings: Settings, spec: ResNetSpec, asked: TimingSettings) -> Picture:
    """Return the roofline that this server has measured, of stages or of kinds of layers."""
    points = settings.option("roofline_of", ["stages", "kinds"], "stages")
    result = known(roofline_hash(str(spec), asked, asked.threads or 1), ROOFLINE)
    with suppress(ValueError):  # this machine no longer has the device
        if result is not None:
            found = roofline_of(result)
            shown = found.points if points == "stages" else found.kinds
            return Picture(
                charts=(roofline_chart(found, shown),),
                caption=f"{roofline_conditions(found)}. {CONVENTION} {stamp(found)}.",
                said=(bound_words(found), *busy_words(found)),
            )
    return missing_until("Measure the roofline")


def _timed(found: Timing) -> Picture:
    parts = [("Forward", found.forward_ms), ("backward", found.backward_ms)]
    said = ", ".join(f"{name} {short(spread.p50, 'ms')}" for name, spread in parts if spread)
    return Picture(
        charts=(stage_chart(found),),
        caption=f"{conditions(found)}. {stamp(found)}.",
        said=(f"{said} in the median.",),
    )


def _recorded_times(spec: ResNetSpec) -> Grid | None:
    """Return the included timings of a network on another machine, the fastest first."""
    results = recorded_timings(str(spec))
    if not results:
        return None
    where = results[0].stamp
    here = [one for one in results if one.stamp["accelerator"] == where["accelerator"]]
    caption = f"Recorded on {a_machine(where['accelerator'])} on {where['date'][:10]}"
    return Grid(caption, RECORDED_HEAD, recorded_rows(here), 1)


def gradients(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the chart of Gradients."""
    quantity = settings.option("quantity", [*Quantity, DIRECTION], Quantity.ACTIVATION)
    is_direction = quantity == DIRECTION
    usual = usual_models(spec, is_direction)
    models = settings.read("models", _parsed, tuple(map(parse, usual)))
    images = InputKind(settings.option("images", list(InputKind), InputKind.RANDOM))
    if images is InputKind.PICTURE:
        return Picture(missing=_OWN_PICTURES)
    asked = GradientSettings(
        seeds=settings.whole("seeds", 1, MAX_SEEDS, GradientSettings.seeds),
        batch=settings.whole("batch", 1, 1_024, GradientSettings.batch),
        precision=Precision(
            settings.option("precision", list(Precision), GradientSettings.precision)
        ),
        images=images,
    )
    if is_direction:
        noise = settings.real("noise", 0.0, MAX_NOISE, None)
        noise = DirectionSettings.noise if noise is None else noise
        shared = {one.name: getattr(asked, one.name) for one in fields(GradientSettings)}
        asked = DirectionSettings(**shared, noise=noise)
    result = known(run_hash(models, asked), kind_of(asked)) or recorded_with(models, asked)
    if result is None:
        return missing_until("Measure")
    run = run_of(result, models)
    said = _said_of(run, quantity)
    chart = named_chart(_chart_of(run, quantity), run, said)
    return Picture(charts=(chart,), caption=whence(result), said=said[:1])


def _parsed(text: str) -> tuple[ResNetSpec, ...]:
    return tuple(map(parse, text.split(SEPARATOR)))


def _chart_of(run: Gradients | Direction, quantity: str) -> Chart:
    if isinstance(run, Direction):
        return direction_chart(run.cosines, run.settings.noise)
    return gradient_chart(run.curves, Quantity(quantity))


def _said_of(run: Gradients | Direction, quantity: str) -> tuple[str, ...]:
    if isinstance(run, Direction):
        return shattering(run.stacks, run.settings.noise)
    return gradients_verdict(run.summary) if quantity == Quantity.ACTIVATION else ()


def training(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the chart of the known runs of Training."""
    mode = settings.option("train", [*COMPARISONS, "one"], DEGRADATION)
    comparison = COMPARISONS.get(mode)
    is_one = comparison is None
    shown = Shown(settings.option("train_shown", list(Shown), Shown.TRAIN_LOSS))
    is_ladder = settings.option("train_depths", ["pair", "ladder"], "pair") == "ladder"
    usual = tuple(map(parse, comparison.ladder if comparison and is_ladder else PAIR))
    specs = (spec,) if is_one else settings.read("train_models", _parsed, usual)
    names = [name for name in RECIPES if name != DEGRADATION]
    chosen = settings.option("train_recipe", names, USUAL_RECIPE)
    recipe = _recipe(settings, RECIPES[comparison.recipe if comparison else chosen])
    seeds = settings.whole("train_seeds", 1, MAX_RUN_SEEDS, 1 if is_one else SEEDS)
    device = settings.text("train_device") or "cpu"
    sets = [SAMPLE, FASHION_MNIST, *data_folders(), "upload"]
    data = settings.option("train_data", sets, comparison.data if comparison else SAMPLE)
    if data == "upload":
        return Picture(missing=_OWN_PICTURES)
    missing = ""
    try:
        images: ImageSet = open_offered(data)
    except ValueError as error:
        missing = f"The images aren't on this server: {error}."
        if data != FASHION_MNIST:
            return Picture(missing=missing)
        images = fashion_mnist_unopened()
    if is_one and spec.classes != len(images.classes):
        raise ValueError(
            f"{spec} has {number_of(spec.classes, 'output')}, and these images are of "
            f"{number_of(len(images.classes), 'class', 'classes')}"
        )
    where = str(folder_of(data) or data)
    tasks = tasks_of(specs, recipe, where, images, range(seeds), device, fitted=not is_one)
    runs: list[Run] = []
    results: list[Result] = []
    for task in tasks:
        result = known(task.hash, KIND)
        with suppress(ValueError):
            if result is not None:
                runs.append(training_of(result))
                results.append(result)
    if not runs:
        return Picture(missing=missing) if missing else missing_until("Train")
    chart = training_chart(runs, shown)
    if not chart.series:
        return Picture(missing="Nothing to draw yet: these runs have no test.")
    caption = sources(results)
    if len(runs) < len(tasks):
        every = counted(len(tasks), "{number} run", "{number} runs")
        so_far = translate("{count} of {runs} so far.", count=len(runs), runs=every)
        caption = f"{so_far} {caption}"
    headline = shown.headline(runs)
    return Picture(charts=(chart,), caption=caption, said=(headline,) if headline else ())


def sweeps(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the chart of a sweep of this server, or of the one that ships with the app."""
    offered = names()
    contents = contents_of(settings.option("folder", offered, offered[0]))
    if not contents.kinds:
        return Picture(missing="This sweep has no points yet.")
    kind = Kind(settings.option("swept_kind", contents.kinds, contents.kinds[0]))
    every = contents.settings(kind)
    found = settings.read("swept_only", lambda text: every.only(text.split(SEPARATOR)), every)
    along = x_axes(every)
    x = along[settings.option("swept_x", along, next(iter(along)))]
    up = y_axes(every, x)
    if not up or not found.every:
        return Picture(missing="There is nothing to draw with these settings.")
    y = up[settings.option("swept_y", up, next(iter(up)))]
    by = (*colours(every, x), "each")
    view = View(
        found,
        x,
        y,
        settings.option("swept_colour", by, by[0]),
        settings.switch("swept_log_x"),
        settings.switch("swept_log_y", is_log(y)),
        settings.switch("swept_beside"),
    )
    drawn = chart_of(view)
    if not drawn.chart.series:
        return Picture(missing="There is nothing to draw with these settings.")
    caption = (how_spread(view), how_in_words(found), *drawn.cited)
    return Picture(
        charts=(drawn.chart,),
        caption=" ".join(filter(None, caption)),
        said=tuple(filter(None, (said_of(view),))),
    )


def _recipe(settings: Settings, recipe: Recipe) -> Recipe:
    """Return a recipe with the fields that the address changes."""
    changes = {}
    for field in fields(Recipe):
        if field.name not in ("name", "source") and (text := settings.text(f"train_{field.name}")):
            changes[field.name] = read_field(field.name, text)
    return changed(recipe, changes) if changes else recipe
