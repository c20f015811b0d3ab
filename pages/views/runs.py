"""Show training runs, live and finished, and keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.chart import Chart, Draw, over
from analysis.charts.words import spread_in_words
from analysis.drawing.caption import architectures
from analysis.machine.jobs import Job, Needs
from analysis.results.recorded import whence
from analysis.results.store import Store
from analysis.style.numbers import percent, seeds_in_words, short
from analysis.style.stamps import device_words, machine, moment
from analysis.training.charts import Shown, are_means, ladder_chart, training_chart
from analysis.training.kept import train_all
from analysis.training.papers import DEGRADATION
from analysis.training.report import run_of, runs_csv, runs_json, stops_in_words, summary_rows
from analysis.training.runs import KIND, News, Run, Task, grouped
from analysis.training.verdict import RULE, endings, name_of, untested, verdict, verdict_grid
from nets import parse
from nets.names import title, with_edits
from nets.options import number_of
from pages.ui import lecture
from pages.ui.cached import profile_of
from pages.ui.charts import chart_picture, show_awaited, show_chart
from pages.ui.downloads import DataFile
from pages.ui.exports import export
from pages.ui.fields import segments, select
from pages.ui.jobs import show_share, start
from pages.ui.known import known
from pages.ui.markup import Cell, Figure, figures, table
from pages.ui.measured import TRAININGS
from pages.ui.wall import on_wall, rename, said
from pages.ui.words import complain, sentence, unbroken
from pages.views.image_sets import images_in_words

ASKED = "training_asked"
"""The session state's key of the tasks requested last."""

_KEPT = 200
# So that all choices are in one line at 1280 px.
_SHORT = {Shown.TRAIN_LOSS: "loss", Shown.ACCURACY: "accuracies"}
_MOST_SAID = 2  # most depths that are compared in sentences; more are in a table
_MOST_ON_WALL = 6  # most networks with a line each on the wall
_FEW = 5  # fewest steps from which to estimate the time left


def start_training(key: str, tasks: tuple[Task, ...], seconds: float) -> None:
    """Start the job that trains networks and keeps their runs in the server's store."""
    store = Store()
    files = [task.data for task in tasks]
    files += [str(task.start.file) for task in tasks if task.start and task.start.file]
    needs = Needs(tasks[0].device, files=files, folder=store.folder, keep=store.take)
    start(key, train_all, tasks, store.folder, seconds=seconds, needs=needs)


def live(job: Job) -> list[Run]:
    """Return the runs of a job so far."""
    if job.result:
        return list(job.result)
    tasks: tuple[Task, ...] = st.session_state.get(ASKED, ())
    news: dict[int, list[News]] = {}
    for one in job.results:
        assert isinstance(one, News)
        news.setdefault(one.number, []).append(one)
    runs = [Run(tasks[number], (), 0).after(*own) for number, own in sorted(news.items())]
    return [run for run in runs if run.steps]


def show_live(job: Job, shown: Shown) -> None:
    """Draw a job's runs so far, and the time left."""
    runs = live(job)
    tasks: tuple[Task, ...] = st.session_state.get(ASKED, ())
    share, words = 0.0, "Queued" if job.place else "Starting the worker"
    if runs:
        latest = runs[-1]
        done = sum(run.steps for run in runs)
        share = done / (sum(run.total for run in runs) + (len(tasks) - len(runs)) * latest.total)
        name = name_of(latest.task.spec, [task.spec for task in tasks])
        words = f"{name}, seed {latest.task.seed}: step {latest.steps:,} of {latest.total:,}"
        words = f"{words}, {_left(tasks, runs)}".rstrip(", ")
    if not on_wall():
        show_share(share, words)
    chart, known = training_chart(runs, shown), training_chart(answered(tasks), shown)
    if known.series:
        chart = over(chart, known) if chart.series else known
    if chart.series:
        show_chart(chart, "training_live", 520)
    elif on_wall():
        show_awaited("training_live")
    if on_wall():
        with said("training"):
            show_share(share, words)


def _left(tasks: Sequence[Task], runs: Sequence[Run]) -> str:
    """Estimate the time left; scale by multiply-adds for networks that haven't started."""
    times = {run.model: run.step_ms for run in runs if run.steps >= _FEW}
    if not times:
        return ""
    rate = max(ms / profile_of(parse(model)).macs for model, ms in times.items())
    left = 0.0
    for number, task in enumerate(tasks):
        ms = times.get(str(task.spec), rate * profile_of(task.spec).macs)
        if number < len(runs):
            left += 0 if runs[number].ended else ms * (runs[number].total - runs[number].steps)
        else:
            left += ms * runs[-1].total
    seconds = left / 1e3
    return f"about {seconds:.0f} s left" if seconds < 100 else f"about {seconds / 60:.0f} min left"


def remember(runs: Sequence[Run]) -> None:
    """Keep runs in this session by the hash of their task, the newest last."""
    kept: dict[str, Run] = st.session_state.setdefault(TRAININGS, {})
    for run in runs:
        before = kept.pop(run.task.hash, None)
        kept[run.task.hash] = before if before and before.is_over and not run.is_over else run
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]


def runs_of_visit() -> list[Run]:
    """Return this session's runs, the newest last."""
    kept: dict[str, Run] = st.session_state.get(TRAININGS, {})
    return list(kept.values())


def answered(tasks: Sequence[Task]) -> list[Run]:
    """Return the known runs of these tasks, those of this session first."""
    kept: dict[str, Run] = st.session_state.get(TRAININGS, {})
    found = []
    for task in tasks:
        run = kept.get(task.hash)
        if run is None or not run.is_over:
            run = _known(task) or run
        if run is not None:
            found.append(run)
    return found


def are_answered(tasks: Sequence[Task]) -> bool:
    """Return whether there is a complete run of each of these tasks."""
    runs = answered(tasks)
    return len(runs) == len(tasks) and all(run.is_over for run in runs)


def _known(task: Task) -> Run | None:
    result = known(task.hash, KIND)
    with suppress(ValueError):
        return None if result is None else run_of(result)
    return None


def say_whence(runs: Sequence[Run], before: Sequence[str] = ()) -> None:
    """Say where runs come from that this session did not make, after other sentences."""
    if said := " ".join(filter(None, (*before, *_places(runs)))):
        st.caption(unbroken(said))


def _places(runs: Sequence[Run]) -> list[str]:
    """Return where runs come from that this session did not make."""
    kept: dict[str, Run] = st.session_state.get(TRAININGS, {})
    others = (known(run.task.hash, KIND) for run in runs if run.task.hash not in kept)
    return list(dict.fromkeys(whence(result) for result in others if result is not None))


def choose_shown(place: DeltaGenerator) -> Shown:
    """Let the visitor choose what to draw against the steps."""
    return Shown(
        segments(
            "Plot",
            {kind: _SHORT.get(kind, kind.label) for kind in Shown},
            Shown.TRAIN_LOSS,
            key="train_shown",
            place=place,
        )
    )


def show_runs(runs: Sequence[Run], shown: Shown, remark: str) -> None:
    """Draw the loss or accuracy of runs by step and by depth, and say what they show."""
    by_depth = _by_depth(runs, shown) if on_wall() else None
    chart = by_depth or training_chart(runs, shown)
    if chart.series:
        show_chart(chart, "training", None)
    is_tested = any(run.epochs for run in runs)
    if shown.is_of_tests and not is_tested and not (chart.series and on_wall()):
        way = "Press P, then turn on" if on_wall() else "Turn on"
        st.info(untested(runs, way), icon=":material/info:")
    specs = list(dict.fromkeys(run.task.spec for run in runs))
    rename(chart.title if len(specs) > 1 else f"{chart.title}: {title(specs[0])}")
    if on_wall():
        with said("training"):
            if by_depth:
                lecture.sentence(shown.headline_by_depth(runs))
            elif shown is Shown.TRAIN_LOSS or (
                chart.series and len(grouped(runs)) <= _MOST_ON_WALL
            ):
                lecture.sentence(shown.headline(runs))  # accuracies of more would fill the wall
            images = images_in_words(runs[0].task.data_name)
            spread = spread_in_words(chart, _seeds_of(runs))
            say_whence(runs, (stops_in_words(runs), images, spread))
        return
    _show_ladder(runs)
    sentences, grid = shown.said(runs), verdict_grid(runs)
    pairs = set(verdict(runs)) - set(endings(runs))
    if grid is not None and len(grid.rows) > _MOST_SAID:
        sentences = tuple(one for one in sentences if one not in pairs)
    else:
        grid = None
    for one in sentences:
        st.markdown(unbroken(f"- {one}"))
    if pairs & set(sentences):
        st.caption(RULE)
    if grid is not None:
        st.html(table("How the networks train", grid.columns, grid.rows, grid.left))
        st.caption(unbroken(grid.caption))
    if remark:
        st.caption(unbroken(remark))
    dated = not _places(runs)  # otherwise `say_whence` gives the date
    st.caption(unbroken(_how(runs, _names(runs), shown, dated)), help=_texts(runs))
    say_whence(runs)


def _by_depth(runs: Sequence[Run], shown: Shown) -> Chart | None:
    """Return the chart of the ends by depth if a wall lacks room for a line of each network."""
    networks = len(grouped(runs))
    if networks <= _MOST_ON_WALL:
        return None
    chart = ladder_chart(runs, shown)
    points = sum(len(line.x) for line in chart.series if line.draw is Draw.LINE)
    return chart if points == networks else None


def export_runs(
    key: str,
    runs: Sequence[Run],
    shown: Shown = Shown.TRAIN_LOSS,
    with_ladder: bool = False,
    what: str = "",
) -> None:
    """Draw the export dialog for runs: their charts and numbers."""
    how = _how(runs, _in_full(runs), shown, bands=False)
    cited = architectures(run.model for run in runs)
    charts = {key: training_chart(runs, shown)}
    if with_ladder:
        charts["ladder"] = ladder_chart(runs)
    pictures = [
        chart_picture(chart, name, how, cited, said=chart.title)
        for name, chart in charts.items()
        if chart.series
    ]
    data = [
        DataFile("CSV", f"{key}.csv", partial(runs_csv, runs)),
        DataFile("JSON", f"{key}.json", partial(runs_json, runs)),
    ]
    export(key, pictures, data, what)


def _seeds_of(runs: Sequence[Run]) -> list[int]:
    """Return the number of seeds of each network."""
    return [len(own) for own in grouped(runs).values()]


def _names(runs: Sequence[Run]) -> str:
    """Return the names of the runs' networks."""
    specs = [run.task.spec for run in runs]
    return " · ".join(dict.fromkeys(name_of(spec, specs) for spec in specs))


def _in_full(runs: Sequence[Run]) -> str:
    """Return the names of the runs' networks with all their edits."""
    specs = list(dict.fromkeys(run.task.spec for run in runs))
    return with_edits(specs, [name_of(spec, specs) for spec in specs])


def _texts(runs: Sequence[Run]) -> str:
    """Return the texts of the runs' networks."""
    return ", ".join(dict.fromkeys(f"`{run.model}`" for run in runs))


def _how(
    runs: Sequence[Run], networks: str, shown: Shown, dated: bool = True, bands: bool = True
) -> str:
    """Return how runs of these networks were made: the recipe, where and, if `dated`, when.

    Then it says what the points are; those of tests are single values.

    With `bands`, it also says what the chart's bands are, as the chart's note does in files.
    """
    first = runs[0]
    seeds = sorted({run.task.seed for run in runs})
    where, remark = first.environment, first.task.recipe.remark(first.task.spec.input)
    card = where.accelerator if where else None
    stamp = "" if card or not first.task.threads else f", {number_of(first.task.threads, 'thread')}"
    if where:
        stamp += f", torch {where.torch}"
    if where and dated:
        stamp += f", {machine(card or where.cpu)}, {moment(where.date)}"
    start = f", from {first.task.start.words}" if first.task.start else ""
    which = {Shown.TEST_ACCURACY: "", Shown.ACCURACY: "training points"}.get(shown, "points")
    told = [f"{which} are means over several steps"] if which and are_means(runs) else []
    if bands and len(seeds) > 1:
        told.append("bands are the range over the seeds")
    trained = (
        f"Trained: {networks}{start}; {first.task.recipe.words()}; "
        f"images: {first.task.data_label}; {seeds_in_words(seeds)}; "
        f"{device_words(first.task.device)}{stamp}."
    )
    points = sentence("; ".join(told)) if told else ""
    return " ".join(filter(None, (trained, stops_in_words(runs), remark, points)))


def _show_ladder(runs: Sequence[Run]) -> None:
    """Draw the last loss by depth if there are at least three depths of a kind."""
    chart = ladder_chart(runs)
    if any(len(series.x) > 2 for series in chart.series):
        st.header(unbroken(chart.title))
        show_chart(chart, "ladder", 380)


def show_paper() -> None:
    """Show what the paper measured, separately from the runs here."""
    st.header("What He et al. measured in 2015")
    for column, (caption, head, rows) in zip(st.columns(2, gap="large"), DEGRADATION, strict=True):
        column.caption(unbroken(caption))
        column.html(table(caption, head, rows, 1))
    st.caption(
        "He et al. 2015 (arXiv 1512.03385). Section 4.1 calls the degradation “unlikely to be "
        "caused by vanishing gradients”. A dash marks what the table doesn't have."
    )


def choose_run(runs: Sequence[Run]) -> Run:
    """Return the run to show below; let the visitor choose if there are several seeds."""
    if len(runs) == 1:
        return runs[0]
    seeds = {str(run.task.seed): f"seed {run.task.seed}" for run in runs}
    first = next(iter(seeds))
    chosen = select("Shown below", seeds, first, key="train_seed", width=200)
    return next(run for run in runs if str(run.task.seed) == chosen)


def show_figures(run: Run) -> None:
    """Show the large numbers of one run."""
    last = f"last {min(25, run.steps)} steps"
    items = [
        Figure("Training loss", f"{run.last_loss:.3f}", last, repr(run.last_loss)),
        Figure("Training accuracy", percent(run.last_accuracy, 1), last, repr(run.last_accuracy)),
    ]
    if run.test:
        items.append(
            Figure(
                "Test accuracy",
                f"{run.test.accuracy:.2%}",
                f"{sum(map(sum, run.test.confusion)):,} images",
                repr(run.test.accuracy),
            )
        )
    items.append(Figure("Step", short(run.step_ms, "ms"), f"batch {run.task.recipe.batch:,}", ""))
    if run.peak_memory_bytes is not None:
        items.append(
            Figure("Peak memory", short(run.peak_memory_bytes, "B"), "by torch's allocator")
        )
    st.html(figures(items))
    if run.ended:
        complain(f"{run.model}, seed {run.task.seed}: {run.ended}")


def _tested(row: Mapping[str, Any]) -> str:
    """Return a test accuracy, and when it was measured if the run went on and was then stopped."""
    if row["test_accuracy"] is None:
        return ""
    said = f"{row['test_accuracy']:.2%}"
    return f"{said} after {row['tested_after']:,} steps" if row["stopped"] else said


def runs_table(runs: Sequence[Run]) -> str:
    """Return a table of runs, with one row for runs that differ only in their seed."""
    head = ("Network", "Model", "Recipe, images", "Seeds", "Training loss", "Test accuracy", "Step")
    rows = [
        (
            f"{row['name']} ({row['stopped']})" if row["stopped"] else row["name"],
            row["model"],
            f"{row['recipe']}, {row['data']}",
            str(row["seeds"]),
            Cell(
                f"{row['last_loss']:.3f}",
                f"{row['last_loss_low']:.3f} to {row['last_loss_high']:.3f} over the seeds",
            ),
            _tested(row),
            short(row["step_ms"], "ms"),
        )
        for row in summary_rows(runs)
    ]
    return table("Runs", head, rows, 3)
