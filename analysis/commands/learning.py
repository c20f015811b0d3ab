"""Commands for training: train, recipes, predict, recognise."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.interrupts import asking, put_off
from analysis.commands.shared import (
    DEVICE,
    DOWNLOAD,
    THREADS,
    Model,
    Refusal,
    check_writable,
    fetch_if_asked,
    format_option,
    or_usage,
    say,
    show_progress,
    terminal_width,
)
from analysis.style.numbers import percent
from analysis.style.terminal import wrapped
from nets import ResNetSpec
from nets.options import check_whole

if TYPE_CHECKING:
    from analysis.images.sets import ImageSet
    from analysis.training.recipes import Recipe
    from analysis.training.runs import News, Run, Start, Task


@click.command()
@format_option("text", "json")
def recipes(style: str) -> None:
    """List the training recipes, each with its source."""
    from analysis.training.recipes import NARROW_SIDE, NARROW_WIDTH, RECIPES
    from analysis.training.report import narrowing

    widths = "-".join(str(NARROW_WIDTH << stage) for stage in range(3))
    side = f"{NARROW_SIDE}×{NARROW_SIDE}"
    made = {
        recipe.name: narrowing(f"{widths} and so on", side)
        for recipe in RECIPES.values()
        if recipe.narrow
    }
    if style == "json":
        listed = [
            {
                "name": recipe.name,
                **recipe.values(),
                "networks": made.get(recipe.name),
                "source": recipe.source,
            }
            for recipe in RECIPES.values()
        ]
        click.echo(json.dumps({"recipes": listed}, ensure_ascii=False, indent=1))
        return
    for recipe in RECIPES.values():
        said = (recipe.words(), made.get(recipe.name), f"Source: {recipe.source}")
        about = "\n  ".join(filter(None, (recipe.name, *said)))
        click.echo(wrapped(about, terminal_width()))


@click.command()
@click.argument("specs", metavar="MODEL [MODEL]...", nargs=-1, required=True, type=Model())
@click.option("--recipe", "name", required=True, help="A recipe from `recipes`.")
@click.option(
    "--data",
    default="sample",
    show_default=True,
    help="sample, fashion_mnist, or a folder with one folder of pictures per class.",
)
@DOWNLOAD
@click.option("--epochs", type=int, help="Length in epochs, in place of the recipe's.")
@click.option("--steps", type=int, help="Length in steps, in place of the recipe's.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Override a value of the recipe, such as rate=0.05.",
)
@click.option("--seeds", type=int, default=1, show_default=True, help="Runs per model.")
@click.option("--first-seed", type=int, default=0, show_default=True, help="Seed of the first run.")
@click.option(
    "--start",
    "weights",
    metavar="CHECKPOINT|NAME",
    help="Start from these weights instead of random ones. The classifier is reinitialised if its "
    "number of outputs differs.",
)
@DEVICE
@THREADS
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Output folder, with a result and a checkpoint for each run.",
)
@click.option("--resume", is_flag=True, help="Continue the runs in the folder of -o.")
@format_option("text", "json", "csv")
def train(
    specs: tuple[ResNetSpec, ...],
    name: str,
    data: str,
    download: bool,
    epochs: int | None,
    steps: int | None,
    changes: tuple[str, ...],
    seeds: int,
    first_seed: int,
    weights: str | None,
    device: str,
    threads: int | None,
    folder: Path | None,
    resume: bool,
    style: str,
) -> None:
    """Train networks by a recipe and compare their training losses.

    Ctrl-C finishes the current step, keeps the results so far and says how to resume. A second
    Ctrl-C ends at once.
    """
    from analysis.training.recipes import recipe_of

    if resume and folder is None:
        raise Refusal("--resume needs -o with the folder of the runs")
    recipe = or_usage(_changed, or_usage(recipe_of, name), epochs, steps, changes)
    from analysis.images.open import open_set
    from analysis.training import report as render
    from analysis.training.kept import NotKeptError, RunFiles, train_kept
    from analysis.training.loop import check
    from analysis.training.runs import MAX_SEED, MAX_SEEDS, tasks_of

    or_usage(check_whole, "seeds", seeds, 1, MAX_SEEDS)
    or_usage(check_whole, "first-seed", first_seed, 0, MAX_SEED)
    fetch_if_asked("--data", data, download)
    images: ImageSet = or_usage(open_set, data)
    for said in images.left_out:
        click.echo(f"left out: {said}", err=True)
    numbers = range(first_seed, first_seed + seeds)
    start = None if weights is None else _start(weights)
    tasks: tuple[Task, ...] = or_usage(
        tasks_of, specs, recipe, data, images, numbers, device, threads, start
    )
    for task in tasks:
        or_usage(check, task, images)
    if folder is not None:
        _prepare(folder, tasks, resume)
    runs: list[Run] = []
    stopped = failed = ""
    with asking() as stop:
        for number, task in enumerate(tasks):
            files = None if folder is None else RunFiles.of(folder, task)
            tell = _progress(task, recipe.length(len(images.train)), number, len(tasks))
            try:
                run = or_usage(
                    train_kept,
                    task,
                    images,
                    files,
                    tell,
                    number=number,
                    resume=resume,
                    stop=stop,
                    writing=put_off,
                )
            except NotKeptError as error:
                runs.append(error.run)
                failed = f"cannot write to {str(folder)!r}: {error.strerror}"
                break
            if run.steps:
                runs.append(run)
            if stop() and (number + 1 < len(tasks) or not (run.is_whole or run.ended)):
                stopped = f"at step {run.steps:,} of {run.total:,} of {run.model}, seed {task.seed}"
                break
    show_progress("")
    if runs:
        say(style, runs, text=render.runs_text, json=render.runs_json, csv=render.runs_csv)
    if failed:
        raise click.ClickException(failed)
    if stopped:
        way = "add --resume to continue" if folder else "use -o to be able to resume"
        raise click.ClickException(f"interrupted {stopped}: {way}")


@click.command()
@click.argument("name", metavar="CHECKPOINT|NAME")
@click.argument("pictures", metavar="IMAGE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--top",
    type=click.IntRange(1, 1_000),
    default=3,
    show_default=True,
    help="Classes to show per picture.",
)
@format_option("text", "json")
def predict(name: str, pictures: tuple[str, ...], top: int, style: str) -> None:
    """Predict the classes of pictures with a trained network in eval mode.

    NAME is a trained network from `list`.
    """
    from analysis.training import checkpoints

    checkpoint = _weights(name)
    with _refusing(checkpoint):
        trained = checkpoints.load(checkpoint)
        network = trained.network()
    for remark in trained.remarks:
        click.echo(remark, err=True)
    found, refused = {}, []
    for picture in pictures:
        try:
            with _refusing(Path(picture)):
                data = Path(picture).read_bytes()
                found[picture] = checkpoints.guesses(trained, network, data, top)
        except Refusal as error:
            refused.append(error)
    if style == "json":
        listed = [
            {"image": picture, "classes": [guess._asdict() for guess in guesses]}
            for picture, guesses in found.items()
        ]
        about = {"model": str(trained.spec), "predictions": listed}
        if found:
            click.echo(json.dumps(about, ensure_ascii=False, indent=1))
    else:
        for picture, guesses in found.items():
            said = ", ".join(f"{guess.name} {100 * guess.probability:.1f}%" for guess in guesses)
            click.echo(f"{picture}: {said}")
    if refused:
        raise refused[0]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@format_option("text", "json")
def recognise(file: Path, style: str) -> None:
    """Say which ResNet a .pth, .pt or .safetensors FILE holds, and print its model text.

    Only the names and shapes of the tensors are read, and no code from the file is run.
    """
    from analysis.training import recognised
    from analysis.training.checkpoints import open_checkpoint

    with _refusing(file):
        opened = open_checkpoint(file)
    say(style, opened, text=recognised.recognised_text, json=recognised.recognised_json)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn any failure to read a file into a refusal of one sentence that names the file."""
    try:
        yield
    except OSError as error:
        raise Refusal(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    except ValueError as error:
        said = str(error)
        raise Refusal(said if path.name in said else f"{path.name}: {said}") from None


def _weights(name: str) -> Path:
    """Return the file of a checkpoint, or of an included trained network."""
    from analysis.lesions.shipped import SHIPPED, shipped_path

    return shipped_path(name) if name in SHIPPED else Path(name)


def _start(name: str) -> Start:
    """Return the weights of a checkpoint, or of an included trained network, as a start."""
    from analysis.training.start import start_of

    path = _weights(name)
    with _refusing(path):
        return start_of(path)


def _changed(
    recipe: Recipe, epochs: int | None, steps: int | None, changes: tuple[str, ...]
) -> Recipe:
    """Return the recipe with the changes from the command line."""
    from analysis.training.recipes import changed, read_field

    if epochs is not None and steps is not None:
        raise ValueError("use --epochs or --steps, not both")
    values: dict[str, Any] = {}
    for change in changes:
        field, equals, text = change.partition("=")
        if not equals:
            raise ValueError(f"--set takes FIELD=VALUE, such as rate=0.05, not {change[:80]!r}")
        values[field] = read_field(field, text)
    if epochs is not None:
        values["epochs"] = epochs
    if steps is not None:
        values["steps"] = steps
    return changed(recipe, values) if values else recipe


def _prepare(folder: Path, tasks: tuple[Task, ...], resume: bool) -> None:
    """Create the folder; refuse to overwrite runs in it."""
    from analysis.training.kept import RunFiles

    if folder == Path():
        raise Refusal("-o needs a folder name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"cannot write to {str(folder)!r}: {error.strerror}") from None
    check_writable(folder / "run.json")
    for task in tasks:
        if not resume and RunFiles.of(folder, task).exist():
            raise Refusal(
                f"{str(folder)!r} already has a run of {task.spec}, seed {task.seed}: add --resume "
                "to continue it, or use another folder"
            )


def _progress(task: Task, total: int, number: int, of: int) -> Any:
    """Return a function that reports a run's progress to a terminal, and nothing to a file."""

    def tell(news: News) -> None:
        if news.losses:
            step = news.first + len(news.losses)
            now = f"step {step:,} of {total:,}, loss {news.losses[-1]:.3f}"
            show_progress(f"run {number + 1} of {of}, {now}: {task.spec}, seed {task.seed}")
        if news.epoch and sys.stderr.isatty():
            show_progress("")
            accuracy = percent(news.epoch.test_accuracy, 1)
            click.echo(f"epoch {news.epoch.epoch}: test accuracy {accuracy}", err=True)

    return tell
