"""The commands for one experiment on many networks: sweep, swept."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.interrupts import counting, put_off
from analysis.commands.shared import (
    ChartFile,
    Refusal,
    chart_options,
    check_writable,
    format_option,
    or_usage,
    say,
    show_progress,
    terminal_width,
)
from analysis.style.numbers import percent
from nets.options import number_of

if TYPE_CHECKING:
    from analysis.choice.sweeps import Ended, Point, Sweep
    from analysis.machine.works import Runner


@click.command()
@click.argument("file", metavar="FILE.toml", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the results.",
)
@click.option(
    "--scheduler",
    metavar="tcp://HOST:PORT",
    help="A Dask scheduler.  [default: this machine, one process per core or accelerator]",
)
@click.option("--dry-run", is_flag=True, help="Predict memory and time of every point; run none.")
def sweep(file: Path, folder: Path, scheduler: str | None, dry_run: bool) -> None:
    """Run an experiment on every combination of networks, options and seeds in FILE.toml.

    Each point is a result in the folder, named by the hash of its settings. Points that are there
    aren't run again: the same command continues a sweep that was stopped.

    Ctrl-C lets the running points finish and starts no more; a second Ctrl-C cancels them.
    """
    from analysis.choice.sweep_files import read_sweep
    from analysis.choice.sweeps import forecast_text, forecasts, tidy

    text = _text(file)
    asked: Sweep = or_usage(read_sweep, text)
    if dry_run:
        found = forecasts(asked, folder)
        click.echo(forecast_text(asked.title, found, terminal_width()), nl=False)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"cannot write to {str(folder)!r}: {error.strerror}") from None
    check_writable(folder / "sweep.json")
    tidy(folder)
    asked.plan(text, folder)
    points = asked.to_run(folder)
    there = len(asked.points) - len(points)
    ended: list[Ended] = []
    count = 0
    if points:
        with counting(2) as interrupts, _runner(points, scheduler) as runner:
            ended, count = _run(points, folder, runner, interrupts)
    failed = [one for one in ended if one.failure]
    for one in failed:
        assert one.failure
        click.echo(f"failed: {one.point.title}: {one.failure.sentence}", err=True)
    said = f"{number_of(len(asked.points), 'point')}: {there} there, {len(ended) - len(failed)} run"
    left = len(points) - len(ended)
    said += f", {len(failed)} failed" if failed else ""
    click.echo(said + (f", {left} to run" if left else ""))
    if count:
        raise click.ClickException("interrupted: the same command continues the sweep")
    if failed:
        raise click.ClickException(f"{len(failed)} of {number_of(len(points), 'point')} failed")


@click.command()
@click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option("--kind", help="The experiment, if DIR has several.  [default: the first]")
@click.option("--points", is_flag=True, help="Show a row per point.  [default: per setting]")
@format_option("text", "csv", "json")
@chart_options
@click.option("--x", help="x axis, such as depth, rate or params.  [default: the first]")
@click.option("--y", help="y axis: a figure of --format json.  [default: the first]")
@click.option("--colour", help="The option that colours the lines.  [default: the first]")
@click.option("--log-x", is_flag=True, help="Logarithmic x axis.")
@click.option(
    "--log-y/--linear-y",
    default=None,
    help="Logarithmic or linear y axis.  [default: as suits the figure]",
)
@click.option("--published", is_flag=True, help="Also draw published figures.")
def swept(
    folder: Path,
    kind: str | None,
    points: bool,
    style: str,
    drawn: ChartFile | None,
    x: str | None,
    y: str | None,
    colour: str | None,
    log_x: bool,
    log_y: bool | None,
    published: bool,
) -> None:
    """Show what a sweep's folder holds: means and ranges over the seeds.

    The chart of -o shows any figure along any axis.
    """
    from analysis.choice import swept_report as render
    from analysis.choice.swept import Kind
    from analysis.choice.swept_charts import View, chart_of, colours, is_log, x_axes, y_axes
    from analysis.choice.swept_files import problems_in_words, read_folder

    given = {
        "--x": x,
        "--y": y,
        "--colour": colour,
        "--log-x": log_x or None,
        "--linear-y" if log_y is False else "--log-y": log_y,
        "--published": published or None,
    }
    if drawn is None and (wrong := [name for name, value in given.items() if value is not None]):
        raise Refusal(f"{wrong[0]} applies to the chart of -o: add -o FILE")
    contents = or_usage(read_folder, folder)
    click.echo(render.failed_text(contents.ended), err=True, nl=False)
    if problems := problems_in_words(contents):
        click.echo(problems, err=True)
    if not contents.kinds:
        raise click.ClickException(f"there are no points in {str(folder)!r} yet")
    kinds = {one.value: one for one in contents.kinds}
    chosen: Kind = or_usage(_one_of, kinds, "--kind", kind)
    found = contents.settings(chosen)
    chart, how = None, ""
    if drawn is not None:
        along = or_usage(_one_of, x_axes(found), "--x", x)
        up = or_usage(_one_of, y_axes(found, along), "--y", y)
        options = {name: name for name in colours(found, along)}
        by = or_usage(_one_of, options, "--colour", colour) if options or colour else ""
        view = View(found, along, up, by, log_x, is_log(up) if log_y is None else log_y, published)
        made = chart_of(view)
        for said in (*made.left_out, *made.cited):
            click.echo(said, err=True)
        chart, how = made.chart, render.how_swept(view, made)
    table = render.points_table if points else render.settings_table
    say(
        style,
        found,
        text=partial(render.swept_text, contents, by_point=points),
        json=partial(render.swept_json, contents),
        csv=lambda found: render.swept_csv(table(found)),
    )
    if drawn is not None and chart is not None:
        drawn.write(chart, how, render.papers(found))


def _one_of(known: Mapping[str, Any], option: str, text: str | None) -> Any:
    """Return a value by its name, or the first one.

    Raises:
        ValueError: if there is none of that name, or none at all.
    """
    if not known:
        raise ValueError(f"{option}: there is nothing to choose from in these points")
    if text is None:
        return next(iter(known.values()))
    if text not in known:
        raise ValueError(f"{option} must be one of {', '.join(known)}, not {text!r}")
    return known[text]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Refusal(f"cannot read {str(file)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refusal(f"{file.name!r} isn't UTF-8 text") from None


@contextlib.contextmanager
def _runner(points: list[Point], scheduler: str | None) -> Iterator[Runner]:
    """Yield what runs the points: a cluster, or this process's worker."""
    from analysis.machine.cluster import MISSING_EXTRA, connected, has_dask, own_cluster, processes
    from analysis.machine.works import run_here

    devices = {point.experiment.device for point in points}
    if scheduler is not None:
        if not has_dask():
            raise Refusal(f"--scheduler needs {MISSING_EXTRA}")
        with contextlib.ExitStack() as stack:
            yield or_usage(stack.enter_context, connected(scheduler, devices))
        return
    number = min(processes(devices), len(points))
    if number > 1 and has_dask():
        with own_cluster(number, devices) as runner:
            yield runner
        return
    if number > 1:
        click.echo(f"one point at a time: {number} at once need {MISSING_EXTRA}", err=True)
    yield run_here


def _run(
    points: list[Point], folder: Path, runner: Runner, interrupts: Callable[[], int]
) -> tuple[list[Ended], int]:
    """Run the points and show their progress; return those that ended, and the interrupts."""
    from analysis.choice.sweeps import run

    ended: list[Ended] = []
    running: dict[str, str] = {}

    def show() -> None:
        now = "; ".join(list(running.values())[:3])
        show_progress(f"{len(ended)} of {len(points)} points; {now}".rstrip("; "))

    def tell(point: Point, share: float) -> None:
        running[point.name] = f"{point.title}, {percent(share, 1)}"
        show()

    try:
        for one in run(points, folder, runner, tell, interrupts, put_off):
            ended.append(one)
            running.pop(one.point.name, None)
            show()
    except ConnectionError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        said = error.strerror or error
        raise click.ClickException(f"cannot write to {str(folder)!r}: {said}") from None
    finally:
        show_progress("")
    return ended, interrupts()
