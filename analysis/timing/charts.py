"""Charts of timings: stages, the distribution of iterations, and several timings side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.charts.chart import Chart, Draw, Series
from analysis.drawing.heat import Heat
from analysis.results.form import Result
from analysis.style.language import in_english, listed
from analysis.style.numbers import short
from analysis.style.stamps import a_machine
from analysis.timing.measure import StageTime, Timing
from analysis.timing.report import conditions, noise_note, recorded_how, timed_at
from nets import parse, plan
from nets.names import name_in_title, names_of

BINS = 30

BARS = "Error bars: 10th to 90th percentile"
"""What the error bars of a chart of times are."""

_BOTH = "Forward and backward time"
_BATCH = "batch\N{NO-BREAK SPACE}"


def stage_chart(timing: Timing) -> Chart:
    """Plot the median forward and backward time of the stem, the stages and the head."""
    return _parts(timing.model, timing.stages, "stage", _how(timing))


def block_chart(timing: Timing) -> Chart:
    """Plot the median forward and backward time of every block."""
    return _parts(timing.model, timing.blocks, "block", _how(timing))


def recorded_stage_chart(result: Result) -> Chart:
    """Plot the times per stage of a timing from another machine, whose devices this one lacks."""
    stages = [StageTime(**stage) for stage in result.figures["stages"]]
    how = f"{_upper(recorded_how(result))}, on {a_machine(result.stamp['accelerator'])}"
    return _parts(result.figures["model"], stages, "stage", how)


def _parts(model: str, parts: Sequence[StageTime], kind: str, how: str) -> Chart:
    names = tuple(part.name for part in parts)
    series = []
    for name, colour in (("forward", "tint"), ("backward", "main_path")):
        p50, p10, p90 = (
            tuple(getattr(part, f"{name}_{key}") for part in parts)
            for key in ("ms", "p10_ms", "p90_ms")
        )
        if any(ms is not None for ms in p50):
            is_known = any(ms is not None for ms in p10)
            low, high = (p10, p90) if is_known else ((), ())
            series.append(Series(name, names, p50, Draw.BARS, colour, low=low, high=high))
    said = ", ".join(f"{part.name} {short(part.forward_ms, 'ms')}" for part in parts)
    bars = BARS if any(one.low for one in series) else ""
    return Chart(
        f"Time per {kind} of {name_in_title(parse(model))}",
        "",
        "median, ms",
        tuple(series),
        f"Median time per {kind} of {name_in_title(parse(model))}. Forward: {said}",
        reading=". ".join(filter(None, (how, bars))),
    )


def distribution_chart(timing: Timing) -> Chart:
    """Plot a histogram of the times of whole iterations."""
    totals = sorted(sample.total_ms for sample in timing.samples)
    low, high = totals[0], totals[-1]
    bins = min(BINS, max(5, len(totals) // 2))
    if high - low < 0.02 * low:  # a single iteration, or all nearly equal
        low, high = 0.99 * low, 1.01 * high
    width = (high - low) / bins
    counts = [0] * bins
    for total in totals:
        counts[min(int((total - low) / width), bins - 1)] += 1
    middles = tuple(low + (i + 0.5) * width for i in range(bins))
    spread = timing.step_ms or timing.forward_ms
    return Chart(
        f"Iteration times of {_name(timing)}",
        "whole iteration, ms",
        "iterations",
        (Series("iterations", middles, tuple(map(float, counts)), Draw.BARS, "tint"),),
        f"Iteration times of {_name(timing)}: median {short(spread.p50, 'ms')}, 10% below "
        f"{short(spread.p10, 'ms')} and 10% above {short(spread.p90, 'ms')}",
        reading=_how(timing),
    )


def comparison_chart(timings: Sequence[Timing]) -> Chart:
    """Plot the median forward and backward time of timings, with 10th and 90th percentiles.

    The timings are named by the networks and conditions in which they differ. The note has the
    conditions that they share, and the title the network if there is only one.
    """

    def whole(word: str) -> str:
        """Return a condition whose number stays on its line: `batch 8`."""
        return re.sub(r" (?=\d)", "\N{NO-BREAK SPACE}", word)

    ways = [conditions(timing).split(", ") for timing in timings]
    shared = [word for word in ways[0] if all(word in way for way in ways)]
    specs = [parse(timing.model) for timing in timings]
    is_one = len(set(specs)) == 1 < len(specs)
    names = tuple(
        ", ".join(
            (*(() if is_one else (name,)), *(whole(word) for word in way if word not in shared))
        )
        for name, way in zip(names_of(specs), ways, strict=True)
    )
    if len(set(names)) < len(names) or not all(names):
        names = tuple(
            f"{name} (run {n})" if name else f"run {n}" for n, name in enumerate(names, 1)
        )
    series = []
    for name, colour in (("forward", "tint"), ("backward", "main_path")):
        spreads = [getattr(timing, f"{name}_ms") for timing in timings]
        if not any(spreads):
            continue
        ends = [
            tuple(getattr(spread, end) if spread else None for spread in spreads)
            for end in ("p50", "p10", "p90")
        ]
        series.append(Series(name, names, ends[0], Draw.BARS, colour, low=ends[1], high=ends[2]))
    noisy: dict[str, list[str]] = {}
    for name, timing in zip(names, timings, strict=True):
        if note := noise_note(timing, with_count=False):
            noisy.setdefault(note, []).append(name)
    notes = [f"{_upper('; '.join(alike))}: {note}" for note, alike in noisy.items()]
    what = _BOTH if len(series) > 1 else f"{_upper(series[0].name)} time"
    title = f"{what} of {_name(timings[0])}" if is_one else what
    return Chart(
        title,
        "",
        "median, ms",
        tuple(series),
        f"Median {title[:1].lower()}{title[1:]}: {_together(names)}",
        note=_upper(", ".join(shared)),
        reading=". ".join([BARS, *notes]),
    )


def _together(names: Sequence[str]) -> str:
    """Return the names of timings as a list; `batches 1, 2 and 4` if they are batches alone."""
    numbers = [name.removeprefix(_BATCH) for name in names]
    if len(names) > 1 and all(
        _BATCH + number == name for number, name in zip(numbers, names, strict=True)
    ):
        return f"batches {in_english(listed, numbers)}"
    return "; ".join(names)


def _how(timing: Timing) -> str:
    """Return how the iterations were timed, and what is unreliable about them."""
    return ". ".join(filter(None, (_upper(conditions(timing)), noise_note(timing))))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _name(timing: Timing) -> str:
    return name_in_title(parse(timing.model))


def time_heat(timing: Timing, direction: str) -> Heat:
    """Return the measured `forward` or `backward` time of the stages and blocks.

    If only whole stages were measured, each block has its stage's mean, and the label says so. A
    run of blocks then has the sum of its blocks.
    """
    how, where = f"Median in {conditions(timing)}", timed_at(timing)
    times = {
        part.name: getattr(part, f"{direction}_ms") or 0.0
        for part in (*timing.stages, *timing.blocks)
    }
    if timing.blocks:
        return Heat(direction, "ms", times, varies=True, meaning=how, measured=where)
    values = dict(times)
    for stage in plan.stages(parse(timing.model)):
        for index in range(stage.count):
            values[f"{stage.name}.{index}"] = times[stage.name] / stage.count
    label = f"{direction} (stage means)"
    return Heat(label, "ms", values, meaning=how, measured=where)
