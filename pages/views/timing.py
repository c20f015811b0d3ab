"""Parts of the Timing page: the settings, the results, and this session's history."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from os import cpu_count
from statistics import median

import streamlit as st

from analysis.charts.chart import Chart
from analysis.costs.step import Dtype
from analysis.drawing.caption import architectures
from analysis.lecture.settings import TIMING_TABS
from analysis.machine.devices import accelerator, device_name, device_of, devices, free_bytes
from analysis.machine.jobs import Job, Needs
from analysis.machine.queues import timing_worker
from analysis.results.form import Result
from analysis.style.numbers import in_a_column, milliseconds, short, three
from analysis.style.stamps import a_machine, machine
from analysis.timing.charts import (
    BARS,
    block_chart,
    distribution_chart,
    recorded_stage_chart,
    stage_chart,
)
from analysis.timing.measure import Progress, Spread, StageTime, Timing
from analysis.timing.report import (
    RECORDED_HEAD,
    conditions,
    energy_words,
    how_all_timed,
    how_recorded,
    how_timed,
    largest_words,
    noise_words,
    ratio_words,
    recorded_at,
    recorded_how,
    recorded_rows,
    spread_words,
    stamp,
    timed_at,
    timing_result,
    timings_csv,
    timings_json,
)
from analysis.timing.results import TIME, nearest, recorded_timings, timing_hash, timing_of
from analysis.timing.settings import (
    Settings,
    batches_of,
    largest_batch,
    sweep,
    usual_batches,
    usual_threads,
)
from analysis.timing.trace import Trace, trace
from nets import ResNetSpec, parse
from nets.names import name_in_title, name_of, names_of
from pages.ui import lecture
from pages.ui.address import held
from pages.ui.charts import chart_picture, show_awaited, show_chart
from pages.ui.downloads import DataFile, file_button
from pages.ui.exports import export, file_name, section
from pages.ui.fields import number, segments, select, switch, tabs, text
from pages.ui.jobs import follow, is_over, job_of, say_why, show_share, start, where
from pages.ui.known import keep, known
from pages.ui.markup import Cell, Figure, figures, line, table
from pages.ui.measured import TIMINGS
from pages.ui.wall import on_wall, say_empty
from pages.ui.words import complain, unbroken

_VIEWS = {"times": "Times", "roofline": "Roofline"}

HEAVY = 10**9
"""Multiply-adds per image above which a network is slow on a CPU."""

_KEPT = 40

_TRACE = "trace"


def timing_needs(settings: Sequence[Settings]) -> Needs:
    """Return the needs of a job that measures times with these settings."""
    return Needs(settings[0].device if settings else "cpu", is_timing=True)


def device_note() -> str:
    """Return the device that is timed, in a sentence."""
    if name := timing_worker():
        return f"Times are measured on the cluster's worker {name}."
    if (found := accelerator()) is None:
        return f"No accelerator found: timing the CPU ({machine(device_name(device_of('cpu')))})."
    return f"Accelerator: {machine(device_name(device_of(found.type)))}."


def choose_view() -> str:
    """Draw the page's tabs and return the one that is open."""
    return tabs(_VIEWS, key="timing_shown", settings=TIMING_TABS)


def choose_settings(spec: ResNetSpec, forward_only: bool = False) -> tuple[Settings, ...]:
    """Let the visitor choose the settings, one per batch; return none if one is invalid.

    With `forward_only`, there is no choice between training and inference, and no time per block.
    """
    names = devices()
    one, two, three, four = st.columns(4)
    device = select("Device", names, names[-1], key="timing_device", place=one)
    batches = text(
        "Batch sizes",
        usual_batches(device),
        key="timing_batches",
        place=two,
        help="Images per iteration: one number such as 8, or a sweep such as 1,2,4,8.",
    )
    dtype = select("Dtype", list(Dtype), Dtype.FLOAT32, key="timing_dtype", place=three)
    mode = "inference"
    if not forward_only:
        modes = ["training", "inference"]
        mode = segments("Mode", modes, "training", key="timing_mode", place=four)
    with st.expander("More settings"):
        left, middle, right = st.columns(3)
        check = partial(switch, box="checkbox")
        seconds = number("Time limit, s", 1, 300, 10, key="timing_seconds", place=left)
        threads = number(
            "CPU threads",
            1,
            cpu_count() or 1,
            usual_threads(cpu_count()),
            key="timing_threads",
            place=left,
            help="By default half of the machine's threads; the app uses the rest.",
        )
        optimiser = check(
            "SGD step",
            True,
            key="timing_optimiser",
            place=middle,
            disabled=mode == "inference",
            help="Training only.",
        )
        channels_last = check("channels_last", False, key="timing_channels_last", place=middle)
        compiled = check(
            "torch.compile",
            False,
            key="timing_compile",
            place=right,
            help="Takes a while to compile.",
        )
        tf32 = check(
            "TF32",
            False,
            key="timing_tf32",
            place=right,
            disabled=not device.startswith("cuda") and not held("timing_tf32"),
            help="CUDA only.",
        )
        blocks = not forward_only and check(
            "Per block",
            False,
            key="timing_blocks",
            place=right,
            disabled=forward_only,
            help="Also time every block. Not available with torch.compile.",
        )
    try:
        first = Settings(
            device=device,
            dtype=Dtype(dtype),
            tf32=tf32,
            channels_last=channels_last,
            compile=compiled,
            threads=threads,
            inference=mode == "inference",
            optimiser=optimiser,
            blocks=blocks and not forward_only,
            seconds=float(seconds),
        )
        return sweep(first, batches_of(batches))
    except ValueError as error:
        complain(str(error))
        return ()


def memory_advice(spec: ResNetSpec, settings: Sequence[Settings]) -> str:
    """Return advice for a job that ran out of memory: the batch predicted to fit."""
    if not settings:
        return "take a smaller batch"
    largest = max(settings, key=lambda one: one.batch)
    fits = largest_batch(spec, largest, free_bytes(device_of(largest.device)))
    return f"a batch of {min(fits, max(largest.batch // 2, 1)):,} is predicted to fit"


def show_progress(job: Job) -> None:
    """Show the progress of a measurement and its figures so far."""
    latest: Progress | None = job.progress
    if latest is None:
        words = "Queued" if job.place else "Starting the worker"
        if on_wall():
            _show_on_wall("", _awaited(), None)
        show_share(0.0, words)
        return
    left = latest.remaining_seconds
    left = None if left is None else left + latest.later_seconds
    number, of = latest.place
    words = latest.phase.capitalize() + (f", batch {number} of {of}" if of > 1 else "")
    whole = of * latest.timing.settings.seconds if latest.timing else None
    share = 0.0 if left is None or whole is None else 1 - left / whole
    words += f", at most {left:.0f} s left" if left else ""
    timing = latest.timing
    if on_wall():
        if timing is None:
            _show_on_wall("", _awaited(), None)
        else:
            _show_on_wall(_how_on_wall(timing), timing_figures(timing), stage_chart(timing))
        show_share(share, words)
        return
    show_share(share, words)
    if timing is not None:
        show_timing(timing, running=True)


def remember(job: Job) -> list[Timing]:
    """Add a job's measurements to this session's history, each once, and return them.

    Complete measurements also go into the server's store; that of a job that was stopped doesn't.
    """
    reports: Sequence[Progress] = job.results
    whole = [one.timing for one in reports if one.timing and one.remaining_seconds == 0.0]
    stopped = [one.timing for one in reports[-1:] if one.timing and one.remaining_seconds != 0.0]
    history: list[Timing] = st.session_state.setdefault(TIMINGS, [])
    for timing in whole:
        if timing not in history:
            keep(timing_result(timing))
    history.extend(timing for timing in (*whole, *stopped) if timing not in history)
    del history[:-_KEPT]
    return [*whole, *stopped]


def known_timings(spec: ResNetSpec, settings: Sequence[Settings]) -> list[Timing]:
    """Return this server's timings of a network with these settings."""
    found = []
    for one in settings:
        result = known(timing_hash(str(spec), one, one.threads or 1), TIME)
        with suppress(ValueError):
            if result is not None:
                found.append(timing_of(result))
    return found


def timing_figures(timing: Timing) -> list[Figure]:
    """Return the large numbers of a timing."""
    found = _figures(
        timing.forward_ms,
        timing.backward_ms,
        timing.images_per_s,
        timing.forward_tflops,
        timing.predicted_bytes,
        timing.peak_memory_bytes,
    )
    if timing.joules:
        joules = median(timing.joules)
        energy = f"{three(joules)} J"
        found.append(Figure("Energy per image", energy, energy_words(timing), repr(joules)))
    return found


def _recorded_figures(result: Result) -> list[Figure]:
    """Return the large numbers of a timing from another machine."""
    found = result.figures
    backward = found["backward_ms"]
    return _figures(
        Spread(**found["forward_ms"]),
        backward and Spread(**backward),
        found["images_per_s"],
        found["forward_tflops"],
        found["predicted_bytes"],
        found["peak_memory_bytes"],
    )


def _figures(
    forward: Spread,
    backward: Spread | None,
    images_per_s: float,
    tflops: float,
    predicted: int,
    peak: int | None,
) -> list[Figure]:
    def spread(label: str, values: Spread | None) -> Figure:
        if values is None:
            return Figure(label, "none", "inference")
        cell = _cell(values)
        note = f"p10 {milliseconds(values.p10)}, p90 {milliseconds(values.p90)}"
        return Figure(label, cell.text, note, cell.title)

    unknown = "peak not measured" if on_wall() else "peak not measured here"
    measured = unknown if peak is None else f"{short(peak, 'B')} measured"
    return [
        spread("Forward, median", forward),
        spread("Backward, median", backward),
        Figure("Images per second", short(images_per_s), "whole iterations", f"{images_per_s:.6g}"),
        Figure(
            "FLOP/s, forward",
            short(1e12 * tflops),
            _per_mac(),
            f"{tflops:.6g} TFLOP/s",
        ),
        Figure("Memory, predicted", short(predicted, "B"), measured, f"{predicted:,} B"),
    ]


def _per_mac() -> str:
    """Return the convention of the FLOPs; on the wall as much as fits one line."""
    return "2 per MAC" if on_wall() else "2 per MAC, conv + linear"


def _awaited() -> list[Figure]:
    """Return the large numbers of a timing that hasn't any yet."""
    notes = {
        "Forward, median": "",
        "Backward, median": "",
        "Images per second": "whole iterations",
        "FLOP/s, forward": _per_mac(),
        "Memory, predicted": "",
    }
    return [Figure(label, "…", note) for label, note in notes.items()]


def timed() -> list[ResNetSpec]:
    """Return the networks timed in this session, which the page names together."""
    history: Sequence[Timing] = st.session_state.get(TIMINGS, ())
    return [parse(timing.model) for timing in history]


def _how(timing: Timing) -> str:
    """Return which network was timed, and how."""
    return f"{name_of(parse(timing.model), timed())} · {conditions(timing)}"


def _how_on_wall(timing: Timing) -> str:
    """Return how, where and when the network in the title was timed."""
    how = conditions(timing)
    return f"{how[0].upper()}{how[1:]} · {timed_at(timing)}"


def show_on_wall(
    spec: ResNetSpec,
    settings: Sequence[Settings],
    session: Sequence[Timing],
    here: Sequence[Timing],
) -> None:
    """Show the best known timing of a network on the wall, or say that there is none.

    Args:
        spec: the network.
        settings: what Measure would time.
        session: this session's timings, the latest last.
        here: this server's timings with these settings.
    """
    own = [timing for timing in session if timing.model == str(spec)] or list(here)
    if own:
        timing = own[-1]
        _show_on_wall(_how_on_wall(timing), timing_figures(timing), stage_chart(timing))
        way = "Press P, then allow more time"  # the wall has no settings
        st.html(line(noise_words(timing, way) or largest_words(timing.stages)))
        return
    if not settings:
        return  # the field says what is wrong
    recorded = nearest(recorded_timings(str(spec)), settings[0])
    if recorded is None:
        say_empty(f"No measurements with these settings yet. {lecture.to_press('Measure')}.")
        return
    day, card = recorded.stamp["date"][:10], a_machine(recorded.stamp["accelerator"])
    _show_on_wall(
        f"Recorded on {day} on {card}: {recorded_how(recorded)}",
        _recorded_figures(recorded),
        recorded_stage_chart(recorded),
    )
    stages = [StageTime(**stage) for stage in recorded.figures["stages"]]
    st.html(line(f"{largest_words(stages)} {lecture.to_press('Measure')} to time this machine."))


def _show_on_wall(how: str, numbers: Sequence[Figure], chart: Chart | None) -> None:
    """Show a timing, in parts whose heights are the same during and after its measurement."""
    st.html(line(how))
    st.html(figures(numbers))
    if chart is None:
        show_awaited("stages")
    else:
        if any(series.low for series in chart.series):
            chart = replace(chart, y_label="median and p10 to p90, ms")
        show_chart(chart, "stages")


def show_timing(timing: Timing, running: bool = False) -> None:
    """Show a timing's figures, stages and iterations and, once it has ended, warn of noise."""
    st.html(line(_how(timing), timing.model))
    st.html(figures(timing_figures(timing)))
    if not running and (warning := noise_words(timing)):
        st.warning(warning, icon=":material/info:")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Stages")
        stages = stage_chart(timing)
        show_chart(stages, f"stages_{timing.settings.batch}", 340)
    with right:
        st.subheader("Iterations")
        show_chart(distribution_chart(timing), f"iterations_{timing.settings.batch}", 340)
    if timing.blocks:
        st.subheader("Blocks")
        show_chart(block_chart(timing), f"blocks_{timing.settings.batch}", 340)
    said = spread_words(timing)
    if timing.compile_seconds is not None:
        said += f"; compilation took {timing.compile_seconds:.1f} s, not included"
    if timing.environment.accelerator is not None:  # on a CPU, launching and running are one
        said += f"; the host takes {short(timing.host_ms.p50, 'ms')} to launch an iteration"
    bars = BARS if any(series.low for series in stages.series) else ""
    told = (said, bars, ratio_words(timing), f"{stamp(timing)}.")
    st.caption(unbroken(". ".join(filter(None, told))))


def history_table(timings: Sequence[Timing]) -> str:
    """Return this session's timings as a table, the latest last."""
    names = names_of([parse(timing.model) for timing in timings])
    head = (
        "Run",
        "Network and settings",
        "Forward",
        "Backward",
        "Images per second",
        "Memory, predicted",
    )
    speeds = in_a_column([timing.images_per_s for timing in timings])
    rows = [
        (
            str(number),
            Cell(f"{name} · {conditions(timing)}", timing.model),
            _cell(timing.forward_ms),
            _cell(timing.backward_ms) if timing.backward_ms else "",
            Cell(speed, f"{timing.images_per_s:.6g}"),
            Cell(short(timing.predicted_bytes, "B"), f"{timing.predicted_bytes:,} B"),
        )
        for number, (name, timing, speed) in enumerate(zip(names, timings, speeds, strict=True), 1)
    ]
    return table("Timings", head, rows, 2)


def _show_place(job: Job) -> None:
    st.caption(where(job))


def show_trace(spec: ResNetSpec, settings: Sequence[Settings], measuring: bool) -> None:
    """Let the visitor record a trace of one iteration and download it, or say why that fails."""
    job = job_of(_TRACE)
    running = job is not None and not is_over(job)
    place = st.container(horizontal=True)
    place.button(
        "Record a trace",
        icon=":material/timeline:",
        disabled=len(settings) != 1 or measuring or running,
        on_click=start,
        args=(_TRACE, trace, spec, *settings[:1]),
        kwargs={"seconds": 180.0, "needs": timing_needs(settings)},
        help="One iteration by torch.profiler, for Perfetto or Chrome. Takes one batch size.",
    )
    if job is None:
        return
    if running:
        follow(_TRACE, job, _show_place)
        return
    say_why(job, lambda: memory_advice(spec, settings))
    found: Trace | None = job.result
    if found is not None:
        with place:
            name = name_in_title(parse(found.model))
            label = f"Download the trace of {name}, batch {found.settings.batch:,}"
            file_button(label, "trace.json", lambda: found.text)


def export_timings(timings: Sequence[Timing], chart: Chart) -> None:
    """Draw the export dialog for this session's timings: the latest one's charts, and all."""
    latest = timings[-1]
    how = how_timed(latest)
    sources = architectures([latest.model])
    hows = how_all_timed(timings)
    pictures = [
        chart_picture(stage_chart(latest), "stages", how, sources, "timing-stages"),
        *(
            [chart_picture(block_chart(latest), "blocks", how, sources, "timing-blocks")]
            if latest.blocks
            else []
        ),
        chart_picture(distribution_chart(latest), "iterations", how, sources, "timing-iterations"),
        chart_picture(chart, "timings", hows, architectures(timing.model for timing in timings)),
    ]
    data = [
        DataFile("CSV", "timings.csv", partial(timings_csv, timings)),
        DataFile("JSON", "timings.json", partial(timings_json, timings)),
    ]
    export("timings", pictures, data, "timings")


def show_recorded(spec: ResNetSpec, settings: Sequence[Settings]) -> None:
    """Show a network's timings recorded on other machines, with a table for each machine.

    The recording most like the settings also has its stages as a chart.
    """
    every = recorded_timings(str(spec))
    shown = nearest(every, settings[0]) if settings else None
    machines: dict[str, list[Result]] = {}
    for result in every:
        machines.setdefault(result.stamp["accelerator"], []).append(result)
    for name, results in machines.items():
        data = [
            DataFile(f"JSON: {how}", f"time-{file_name(how.replace(',', ''))}.json", make)
            for how, make in ((recorded_how(result), result.json) for result in results)
        ]
        place = section(f"Recorded on {a_machine(name)}")
        pictures = []
        if shown is not None and shown in results:
            chart = recorded_stage_chart(shown)
            st.subheader(f"Stages: {recorded_how(shown)}")
            show_chart(chart, "recorded_stages", 340)
            cited = architectures([shown.asked["model"]])
            pictures = [chart_picture(chart, "recorded_stages", how_recorded(shown), cited)]
        with place:
            export("recorded", pictures, data, what="recordings")
        charted_first = sorted(results, key=lambda result: result is not shown)
        st.html(table("Recorded timings", RECORDED_HEAD, recorded_rows(charted_first), 1))
        st.caption(
            f"Recorded {recorded_at(results[0])}. Host time: how long the CPU takes to launch an "
            "iteration on an idle GPU. If it is close to or above the iteration time, the host is "
            "the bottleneck. Peak against prediction: how far the measured peak of memory is above "
            "or below the one that this app predicts."
        )


def _cell(spread: Spread) -> Cell:
    """Return a cell with the median, and all three percentiles as its tooltip."""
    percentiles = zip(spread._fields, spread, strict=True)
    said = ", ".join(f"{name} {ms:.4g} ms" for name, ms in percentiles)
    return Cell(short(spread.p50, "ms"), said)
