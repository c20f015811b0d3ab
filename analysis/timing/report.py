"""Reports of timings: terminal text, JSON and CSV, and the lines of `check-device`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from analysis.results.form import Result
from analysis.style.grid import Grid
from analysis.style.language import listed, translate
from analysis.style.numbers import (
    MISSING,
    in_a_column,
    milliseconds,
    percent,
    shape,
    short,
    short_if_any,
    signed,
    three,
)
from analysis.style.rows import csv_text
from analysis.style.stamps import device_words, machine, moment, system
from analysis.style.terminal import WIDTH, laid_out
from analysis.timing.check_device import DeviceCheck
from analysis.timing.measure import Noise, Spread, StageTime, Timing
from analysis.timing.results import TIME, asked_of
from analysis.timing.roofline import Roofline
from nets import parse
from nets.options import number_of

_SPREADS = ("forward_ms", "backward_ms", "optimiser_ms", "step_ms", "host_ms")


def timing_dict(timing: Timing) -> dict[str, Any]:
    """Return a timing as plain values, with None for what wasn't run or isn't known."""
    settings = timing.settings
    spreads = {name: getattr(timing, name) for name in _SPREADS}
    samples = list(zip(*timing.samples, strict=True))
    return {
        "model": timing.model,
        "device": settings.device,
        "dtype": settings.dtype.value,
        "batch": settings.batch,
        "threads": timing.threads,
        "inference": settings.inference,
        "optimiser": settings.optimiser and not settings.inference,
        **{name: spread and spread._asdict() for name, spread in spreads.items()},
        "images_per_s": timing.images_per_s,
        "forward_tflops": timing.forward_tflops,
        "stages": [stage._asdict() for stage in timing.stages],
        "blocks": [block._asdict() for block in timing.blocks],
        "stage_sum_ratio": timing.stage_sum_ratio,
        "peak_memory_bytes": timing.peak_memory_bytes,
        "predicted_bytes": timing.predicted_bytes,
        **({"joules_per_image": list(timing.joules)} if timing.joules else {}),
        "compile_seconds": timing.compile_seconds,
        "iterations": timing.iterations,
        "warm_up_iterations": timing.warm_up_iterations,
        "stable": timing.stable,
        "interval": timing.interval,
        "environment": {
            **asdict(timing.environment),
            "channels_last": settings.channels_last,
            "compile": settings.compile,
            "seed": settings.seed,
        },
        "samples": {
            name: None if None in values else list(values)
            for name, values in zip(timing.samples[0]._fields, samples, strict=True)
        },
    }


def timing_result(timing: Timing) -> Result:
    """Return a timing as a result: its settings, with device and threads, and the stamp."""
    asked = asked_of(timing.model, timing.settings, timing.threads)
    tables = ("environment", "stages", "blocks", "samples")
    return Result(TIME, asked, asdict(timing.environment), timing_dict(timing), tables)


RECORDED_HEAD = (
    "Iteration",
    "Time (p10 to p90)",
    "Host time",
    "Images per second",
    "Peak memory",
    "Peak against prediction",
)


def recorded_rows(results: Sequence[Result]) -> tuple[tuple[str, ...], ...]:
    """Return timings' results as rows of `RECORDED_HEAD`."""
    speeds = in_a_column([result.figures["images_per_s"] for result in results])
    return tuple(map(_recorded_row, results, speeds))


def _recorded_row(result: Result, speed: str) -> tuple[str, ...]:
    asked, figures = result.asked, result.figures
    time = Spread(**figures["forward_ms" if asked["inference"] else "step_ms"])
    peak, predicted = figures["peak_memory_bytes"], figures["predicted_bytes"]
    return (
        recorded_how(result),
        f"{short(time.p50, 'ms')} ({milliseconds(time.p10)} to {milliseconds(time.p90)})",
        short(figures["host_ms"]["p50"], "ms"),
        speed,
        short_if_any(peak, "B"),
        MISSING if peak is None else f"{signed(100 * (peak / predicted - 1), 1)}%",
    )


def recorded_how(result: Result) -> str:
    """Return what a timing's result timed: `training step, batch 256, bfloat16, channels last`."""
    asked = result.asked
    words = [
        "inference" if asked["inference"] else "training step",
        f"batch {asked['batch']:,}",
        asked["dtype"] if asked["dtype"] != "float32" or not asked["tf32"] else "TF32",
    ]
    words += ["channels last"] if asked["channels_last"] else []
    words += ["compiled"] if asked["compile"] else []
    return ", ".join(words)


def recorded_at(result: Result) -> str:
    """Return when and with what a timing's result was recorded: `on 2026-11-26 with torch ...`."""
    where = result.stamp
    return (
        f"on {where['date'][:10]} with torch {where['torch']}, {where['runtime']}, driver "
        f"{where['driver']}"
    )


def how_recorded(result: Result) -> str:
    """Return how often and when a result was timed, for a caption; its chart says where."""
    count = number_of(result.figures["iterations"], "iteration")
    return f"Medians of {count}. Recorded {recorded_at(result)}."


def timing_json(timing: Timing) -> str:
    """Return a timing as JSON, one figure, stage or series of samples per line."""
    return timing_result(timing).json()


def timings_json(timings: Sequence[Timing]) -> str:
    """Return timings as a JSON list."""
    return "[\n" + ",\n".join(timing_json(timing).rstrip() for timing in timings) + "\n]\n"


def timing_row(timing: Timing) -> dict[str, Any]:
    """Return a timing as a flat row without samples, with columns such as `layer1_forward_ms`."""
    values = timing_dict(timing)
    row: dict[str, Any] = {}
    for key, value in values.items():
        if key in _SPREADS:
            for name in Spread._fields:
                row[f"{key.removesuffix('_ms')}_{name}_ms"] = value and value[name]
        elif key == "environment":
            row |= value
        elif key == "joules_per_image":
            row[key] = median(value)
        elif key not in ("stages", "blocks", "samples"):
            row[key] = value
    for part in (*timing.stages, *timing.blocks):
        times = {key: value for key, value in part._asdict().items() if key != "name"}
        row |= {f"{part.name}_{key}": value for key, value in times.items()}
    return row


def timings_csv(timings: Sequence[Timing]) -> str:
    """Return timings as CSV, one row each; columns of a stage that a network lacks are empty."""
    rows = [timing_row(timing) for timing in timings]
    columns = dict.fromkeys(key for row in rows for key in row)
    return csv_text(list(columns), ([row.get(name, "") for name in columns] for row in rows))


def timing_text(timing: Timing, width: int = WIDTH) -> str:
    """Return the figures and the stages, for a terminal."""
    parts = [
        ("forward", timing.forward_ms),
        ("backward", timing.backward_ms),
        ("SGD step", timing.optimiser_ms),
        ("iteration", timing.step_ms),
    ]
    if timing.environment.accelerator is not None:  # on a CPU, launching and running are one
        parts.append(("launch by the host", timing.host_ms))
    spreads = tuple((name, *map(milliseconds, spread)) for name, spread in parts if spread)
    return laid_out(
        [
            f"{timing.model} · {conditions(timing)}\n{spread_words(timing)}",
            Grid("", ("ms", *Spread._fields), spreads),
            Grid("", ("",) * 3, tuple(_figures(timing)), left=3),
            _times("stage", timing.stages, timing),
            _times("block", timing.blocks, timing),
            f"{said}." if (said := ratio_words(timing)) else "",
            stamp(timing),
        ],
        width,
    )


def _times(kind: str, parts: Sequence[StageTime], timing: Timing) -> Grid:
    """Return a table of the parts' times, with each one's share of the sum of all stages."""
    whole = sum(stage.forward_ms + (stage.backward_ms or 0) for stage in timing.stages)
    head: list[str] = [kind]
    columns: list[list[str]] = [[part.name for part in parts]]
    for name in ("forward", "backward"):
        for heading, key in ((f"{name} ms", ""), ("p10", "p10_"), ("p90", "p90_")):
            times = [getattr(part, f"{name}_{key}ms") for part in parts]
            if any(ms is not None for ms in times):
                head.append(heading)
                columns.append([milliseconds(ms or 0) for ms in times])
    shares = [percent(part.forward_ms + (part.backward_ms or 0), whole) for part in parts]
    rows = tuple(zip(*columns, shares, strict=True))
    return Grid("", (*head, "share"), rows)


def timings_text(timings: Sequence[Timing], width: int = WIDTH) -> str:
    """Return a table with one line per timing, for example of a batch sweep."""
    known = any(timing.peak_memory_bytes is not None for timing in timings)
    head = (
        *("model", "device", "dtype", "batch", "iteration ms", "p10", "p90", "images/s"),
        *(["peak memory"] if known else []),
    )
    rows: list[tuple[str, ...]] = []
    speeds = in_a_column([timing.images_per_s for timing in timings])
    for timing, speed in zip(timings, speeds, strict=True):
        settings, spread = timing.settings, timing.step_ms or timing.forward_ms
        rows.append(
            (
                timing.model,
                settings.device,
                settings.dtype.value,
                f"{settings.batch:,}",
                *map(milliseconds, (spread.p50, spread.p10, spread.p90)),
                speed,
                *([short_if_any(timing.peak_memory_bytes, "B")] if known else []),
            )
        )
    return laid_out([Grid("", head, tuple(rows), left=3), stamp(timings[-1])], width)


def conditions(timing: Timing) -> str:
    """Return the settings in words: `training with SGD, batch 2, float32 on CPU, 1 thread`."""
    settings, cpu = timing.settings, timing.environment.accelerator is None
    kind = "inference" if settings.inference else "training"
    if not settings.inference:
        kind += " with SGD" if settings.optimiser else " without an optimiser"
    device = device_words(settings.device)
    words = [kind, f"batch {settings.batch:,}", f"{settings.dtype} on {device}"]
    if timing.environment.tf32 is not None:
        words.append("TF32 on" if timing.environment.tf32 else "TF32 off")
    if settings.channels_last:
        words.append("channels last")
    if settings.compile:
        words.append("compiled")
    if cpu:
        words.append(number_of(timing.threads, "thread"))
    return ", ".join(words)


def spread_words(timing: Timing, called: str = "median") -> str:
    """Say how much was measured and how precise the median is.

    Args:
        timing: the measurement.
        called: what to call the median of the whole iteration.
    """
    count = number_of(timing.iterations, "iteration")
    warm = "" if timing.stable else ", not yet stable"
    known = "too few for a confidence interval of the median"
    if timing.interval is not None:
        known = f"{called} known to {_margin(timing.interval)} (95%)"
    return f"{count} after {_warm_up(timing)}{warm}; {known}"


def _margin(interval: float) -> str:
    """Return half of a relative interval in percent, with one decimal below 10%."""
    percent = 100 * interval
    return f"±{percent:.1f}%" if percent < 9.95 else f"±{percent:.0f}%"


def _warm_up(timing: Timing) -> str:
    return number_of(timing.warm_up_iterations, "warm-up iteration")


def ratio_words(timing: Timing) -> str:
    """Say how much longer passes take with marks at every part; "" if noise would hide it."""
    if timing.noise is not None:
        return ""
    part = "block" if timing.blocks else "stage"
    passes = "forward takes" if timing.settings.inference else "forward and backward take"
    return (
        f"Timed by {part}, {passes} {three(timing.stage_sum_ratio)} times as long as timed as a "
        "whole (median over pairs of iterations)"
    )


def largest_words(stages: Sequence[StageTime]) -> str:
    """Say which stage takes the most time, or all whose shares read the same."""
    times = [stage.forward_ms + (stage.backward_ms or 0) for stage in stages]
    shares = {
        stage.name: f"{time / sum(times):.0%}" for stage, time in zip(stages, times, strict=True)
    }
    share = shares[stages[times.index(max(times))].name]
    names = [name for name, own in shares.items() if own == share]
    if len(names) == 1:
        return translate(
            "Of all stages, {name} takes the most time: {share}.", name=names[0], share=share
        )
    return translate(
        "Of all stages, {names} take the most time: {share} each.",
        names=listed(names),
        share=share,
    )


def noise_words(timing: Timing, way: str = "Allow more time") -> str:
    """Return a warning that says what to do if the median is unreliable; otherwise "".

    Args:
        timing: the measurement.
        way: how to measure for longer.
    """
    match timing.noise:
        case None:
            return ""
        case Noise.FEW:
            count = timing.iterations
            return f"Too few iterations ({count}) to tell how noisy the median is. {way}."
        case Noise.WIDE:
            known = _margin(timing.interval or 0.0)
            return f"Noisy: the median is only known to {known}. {way}, or close other programs."


def noise_note(timing: Timing, with_count: bool = True) -> str:
    """Say for the note of a chart that the median is unreliable: `7 iterations, not yet stable`.

    It is "" if the median is reliable.

    Args:
        timing: the measurement.
        with_count: whether to begin with the number of iterations.
    """
    count = number_of(timing.iterations, "iteration")
    doubts = [] if timing.stable else ["not yet stable"]
    match timing.noise:
        case Noise.FEW:
            few = "too few" if with_count else "too few iterations"
            doubts.append(f"{few} to tell how noisy the median is")
        case Noise.WIDE:
            known = _margin(timing.interval or 0.0)
            doubts.append(f"95% interval of the median iteration: {known}")
    return ", ".join([count, *doubts] if doubts and with_count else doubts)


def energy_words(timing: Timing) -> str:
    """Say what the energy per image includes, and its spread."""
    low, high = three(min(timing.joules)), three(max(timing.joules))
    windows = number_of(len(timing.joules), "window")
    return f"of the whole device, idle power included; {low} to {high} in {windows}"


def how_timed(timing: Timing) -> str:
    """Return on what, how often, where and when a network was timed, for a caption.

    The charts' notes have the settings and, of an unreliable timing, the number of iterations.
    """
    counted = spread_words(timing, "median of whole iterations")
    if noise_note(timing):
        counted = f"The measurement follows {_warm_up(timing)}"
    images = f"Images of {shape(parse(timing.model).input)}"
    return f"{images}. {counted}. {measured_where([timing])}"


def how_all_timed(timings: Sequence[Timing]) -> str:
    """Return how often, where and, of the last, when several networks were timed."""
    counts = sorted(timing.iterations for timing in timings)
    ends = dict.fromkeys((f"{counts[0]:,}", f"{counts[-1]:,}"))
    of = f"{' to '.join(ends)} iteration{'s' if counts[-1] > 1 else ''}"
    return f"Medians of {of}. {measured_where(timings)}"


def measured_where(measured: Iterable[Timing | Roofline]) -> str:
    """Return where and, of the last at each place, when things were measured, as a sentence."""
    stamps = [list(_stamp(one)) for one in measured]
    latest = {tuple(own[:-1]): ", ".join(own) for own in stamps}
    return f"Measured with {'; '.join(latest.values())}."


def timed_at(timing: Timing) -> str:
    """Return the machine and the moment of a timing, in UTC."""
    where = timing.environment
    return f"{machine(where.accelerator or where.cpu)}, {moment(where.date)}"


def stamp(measured: Timing | Roofline) -> str:
    """Return where and when something was measured, in one line."""
    return " · ".join(_stamp(measured))


def _stamp(measured: Timing | Roofline) -> Iterator[str]:
    where = measured.environment
    names = [
        f"torch {where.torch}",
        f"Python {where.python}",
        system(where.platform),
        machine(where.cpu),
        where.accelerator and machine(where.accelerator),
        where.driver and f"driver {where.driver}",
        where.runtime,
        moment(where.date),
    ]
    return (name for name in names if name)


def check_line(check: DeviceCheck) -> str:
    """Return one line of `check-device`."""
    return f"{'pass' if check.passed else 'fail'}  {check.name}: {check.reason}"


def _figures(timing: Timing) -> list[tuple[str, str, str]]:
    peak = timing.peak_memory_bytes
    peak_row = ("peak memory", "unknown", "torch reports none for this device")
    if peak is not None:
        peak_row = ("peak memory", short(peak, "B"), "by torch's allocator")
    rows = [
        ("images/s", short(timing.images_per_s), ""),
        ("forward", short(1e12 * timing.forward_tflops, "FLOP/s"), "2 per MAC of conv + linear"),
        peak_row,
        (
            "predicted memory",
            short(timing.predicted_bytes, "B"),
            "computed from the sizes of the tensors",
        ),
    ]
    if timing.joules:
        rows.append(("energy", f"{three(median(timing.joules))} J/image", energy_words(timing)))
    if timing.compile_seconds is not None:
        compiled = f"{timing.compile_seconds:.1f} s"
        rows.append(("compilation", compiled, "with the first iteration, not in the figures above"))
    return rows
