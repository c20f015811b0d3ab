"""What a lecture shows: the results recorded for it, its handout, and exercises."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import click

from analysis.commands.shared import (
    Refusal,
    check_suffix,
    check_writable,
    format_option,
    or_usage,
    say,
    write,
)
from analysis.lecture.story import BASE
from analysis.style.language import Language, speaking

_LANGUAGE = click.option(
    "--lang",
    type=click.Choice([language.value for language in Language]),
    default=Language.ENGLISH.value,
    show_default=True,
    help="Language of the texts: English or Chinese.",
)


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to.  [default: that of the results that ship with the app]",
)
@click.option("--check", is_flag=True, help="Compare with the recorded results; write nothing.")
@click.option("--missing", is_flag=True, help="Measure only what the folder lacks.")
@click.option("--list", "listed", is_flag=True, help="List the names; measure nothing.")
def record(
    names: tuple[str, ...], folder: Path | None, check: bool, missing: bool, listed: bool
) -> None:
    """Measure the results that ship with the app, on one CPU thread.

    NAME is one of --list; * stands for any characters. By default, everything is measured, which
    takes about ten minutes. With --check, the exit status is 1 if a result differs by more than
    its tolerance.
    """
    if check and (folder or missing):
        raise Refusal("--check writes nothing: leave out -o and --missing")
    from analysis.lecture.recordings import differences, every
    from analysis.results.recorded import FOLDER, recorded

    chosen = [one for one in every() if not names or any(fnmatchcase(one.name, n) for n in names)]
    for name in names:
        if not any(fnmatchcase(one.name, name) for one in chosen):
            raise Refusal(f"{name[:60]!r} isn't a recording: `record --list` lists them")
    if listed:
        click.echo("\n".join(one.name for one in chosen))
        return
    folder = folder or FOLDER
    if not check:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refusal(f"cannot write to {str(folder)!r}: {error.strerror}") from None
        check_writable(folder / "record.json")
    import torch

    torch.set_num_threads(1)
    wrong = 0
    for one in chosen:
        path = folder / f"{one.name}.json"
        if missing and path.exists():
            continue
        result = one.make()
        if not check:
            result.write(path)
            click.echo(path.name)
            continue
        known = recorded(result.hash)
        found = ("it isn't recorded",) if known is None else differences(known, result)
        wrong += bool(found)
        click.echo(
            f"{'fail' if found else 'pass'}  {one.name}{': ' if found else ''}" + "; ".join(found)
        )
    if wrong:
        raise click.ClickException(f"{wrong} of {len(chosen)} differ from what is recorded")


@click.command()
@click.argument("lecture", metavar="[FILE.toml]", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write: .pdf or .html, which opens offline.",
)
@click.option(
    "--base",
    default="",
    help=f"Address of the app, such as {BASE}, for links to the steps.  [default: no links]",
)
@click.option("--notes", is_flag=True, help="Print the lecturer's notes below each step.")
@_LANGUAGE
def handout(lecture: Path | None, output: Path, base: str, notes: bool, lang: str) -> None:
    """Write a lecture for print on A4: its steps with room for notes, the answers at the back.

    FILE.toml is a lecture as the Lecture page saves it; by default the app's own. Pictures show
    recorded results and those measured on this server; nothing is measured anew. --lang applies to
    the app's own lecture and to sentences about pictures; the texts of a file stay as they are.
    """
    click.get_current_context().with_resource(speaking(Language(lang)))
    check_suffix(output, (".pdf", ".html"))
    from analysis.lecture.lectures import load_lecture
    from analysis.lecture.steps import STORY

    chosen = STORY
    if lecture is not None:
        try:
            chosen = or_usage(load_lecture, lecture)
        except OSError as error:
            raise Refusal(f"cannot read {str(lecture)!r}: {error.strerror or error}") from None
    check_writable(output)
    from analysis.lecture import handout as handouts

    made = or_usage(handouts.handout, chosen, base)
    if base and handouts.is_local(base):
        click.echo(f"warning: the links lead to {base}, which only this machine opens", err=True)
    if output.suffix.lower() == ".html":
        write(made.html(notes), output)
        return
    write(made.pdf(notes), output)
    if lost := made.left_out():
        said = f"no font on this system has {' '.join(lost[:20])}: left out of the PDF"
        click.echo(f"warning: {said}", err=True)


@click.command()
@click.argument("key", required=False)
@click.option("--hint", is_flag=True, help="Show the hint.")
@click.option("--answer", is_flag=True, help="Show the hint, the answer and what a check measures.")
@_LANGUAGE
@format_option("text", "json")
def exercises(key: str | None, hint: bool, answer: bool, lang: str, style: str) -> None:
    """Show code and figures from articles, each with a mistake to find.

    KEY is an exercise. Without it, all keys and titles are listed.
    """
    from analysis.lecture.exercises import report
    from analysis.lecture.exercises.catalog import EXERCISES, exercise_of

    click.get_current_context().with_resource(speaking(Language(lang)))
    if key is None:
        if hint or answer:
            raise Refusal(f"{'--hint' if hint else '--answer'} is for one exercise: name its KEY")
        render = {"text": report.list_text, "json": report.list_json}[style]
        click.echo(render(exercise.spoken() for exercise in EXERCISES.values()), nl=False)
        return
    exercise = or_usage(exercise_of, key)
    step = report.Step.HINT if hint else report.Step.QUESTION
    found = None
    if answer:
        import torch

        torch.set_num_threads(1)
        step, found = report.Step.ANSWER, exercise.check()
    say(
        style,
        exercise,
        text=partial(report.exercise_text, step=step, found=found),
        json=partial(report.exercise_json, step=step, found=found),
    )
