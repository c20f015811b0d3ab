"""What the commands share: a model as an argument, refusals in one line, writing a file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from analysis.commands.interrupts import put_off
from analysis.machine.disk import replacing
from analysis.style import palette as palettes
from analysis.style.files import CHART_SUFFIXES
from analysis.style.look import MAX_TITLE, MAX_WIDTH_MM, MIN_WIDTH_MM, Look
from nets import ResNetSpec, parse
from nets.text import with_input

if TYPE_CHECKING:
    from analysis.charts.chart import Chart
    from analysis.costs.profiles import Profile


class FiniteRange(click.FloatRange):
    """A number within bounds; "not a number" is none."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Read it, and refuse what compares with nothing."""
        number = super().convert(value, param, ctx)
        return self.fail(f"{value} is no number", param, ctx) if number != number else number


class Model(click.ParamType[ResNetSpec]):
    """A model's text form."""

    name = "model"

    def convert(self, value: Any, param: Any, ctx: Any) -> ResNetSpec:
        """Parse the text, or fail with its one sentence."""
        return value if isinstance(value, ResNetSpec) else or_usage(parse, value)


Command = TypeVar("Command", bound=Callable[..., Any])


def or_usage(call: Any, *arguments: Any, **options: Any) -> Any:
    """Call, and turn a ValueError, which is about what the user gave, into a usage error."""
    try:
        return call(*arguments, **options)
    except ValueError as error:
        raise Refusal(str(error)) from None


class Refusal(click.UsageError):
    """What a model's text or a value is refused for; its sentence is enough."""


MODEL = click.argument("spec", metavar="MODEL", type=Model())
INPUT = click.option("--input", "shape", metavar="CxHxW", help="Image shape, such as 3x224x224.")
BATCH = click.option("--batch", type=int, default=1, show_default=True, help="Images.")


def format_option(*choices: str) -> Callable[[Command], Command]:
    """`--format`, the first choice by default."""
    return click.option(
        "--format", "style", type=click.Choice(choices), default=choices[0], show_default=True
    )


def look_options(command: Command) -> Command:
    """`--width-mm`, `--palette`, `--title` and `--dpi`: what every picture's file may look like."""
    options = (
        click.option(
            "--width-mm",
            type=FiniteRange(MIN_WIDTH_MM, MAX_WIDTH_MM),
            help="Width on paper: 85 for a column, 170 for a page, 254 for a slide.  "
            "[default: 170 for a chart]",
        ),
        click.option(
            "--palette",
            type=click.Choice(["light", "dark", "print"]),
            help="print is black and grey.  [default: light]",
        ),
        click.option(
            "--title", help="A line above it.  [default: what a chart shows; none for a drawing]"
        ),
        click.option("--dpi", type=int, help="Of a PNG.  [default: 200, less if it is huge]"),
    )
    for option in reversed(options):
        command = option(command)
    return command


def look_of(
    path: Path,
    palette: str | None,
    dpi: int | None,
    width_mm: float | None,
    title: str | None,
    **more: Any,
) -> Look:
    """Return how a file is to look, or refuse what a file of its ending does not have."""
    if dpi is not None and path.suffix.lower() != ".png":
        raise Refusal(f"--dpi is for a .png, not for {path.name!r}")
    colours = getattr(palettes, (palette or "light").upper())
    look: Look = or_usage(Look, colours, title or "", width_mm=width_mm, **more)
    return look


@dataclass(frozen=True)
class ChartFile:
    """The file that a command writes its chart to, checked before any work is done for it.

    Attributes:
        path: the file.
        look: how it looks, with the title that was given.
        dpi: resolution of a PNG, or None for the usual one.
        is_titled: whether a title was given; if not, it is the chart's own.
    """

    path: Path
    look: Look
    dpi: int | None
    is_titled: bool

    def write(self, chart: Chart) -> None:
        """Draw a chart into the file."""
        from analysis.charts.file import chart_file

        self._warn()
        write(or_usage(chart_file, chart, *self._how(chart.title)), self.path)

    def write_row(self, charts: Sequence[Chart], title: str) -> None:
        """Draw several small charts into the file, side by side."""
        from analysis.charts.file import row_file

        self._warn()
        write(or_usage(row_file, charts, *self._how(title)), self.path)

    def _warn(self) -> None:
        from analysis.charts.file import left_out

        if lost := left_out(self.look.title):
            said = f"a chart's font lacks {' '.join(lost[:20])}: left out of the title"
            click.echo(f"warning: {said}", err=True)

    def _how(self, title: str) -> tuple[str, Look, int | None]:
        look = self.look if self.is_titled else replace(self.look, title=title[:MAX_TITLE])
        return self.path.suffix.lower(), look, self.dpi


def chart_options(command: Command) -> Command:
    """`-o FILE` for a chart and its looks; the command gets them as `drawn`, None without `-o`."""

    @click.option(
        "-o", "--output", type=click.Path(path_type=Path), help="The chart: .svg .pdf .png"
    )
    @look_options
    @wraps(command)
    def with_chart(
        *arguments: Any,
        output: Path | None,
        width_mm: float | None,
        palette: str | None,
        title: str | None,
        dpi: int | None,
        **options: Any,
    ) -> Any:
        looks = {"--width-mm": width_mm, "--palette": palette, "--title": title, "--dpi": dpi}
        drawn = None
        if output is not None:
            check_suffix(output, CHART_SUFFIXES)
            look = look_of(output, palette, dpi, width_mm, title)
            from analysis.charts.file import check

            or_usage(check, output.suffix.lower(), look, dpi)
            check_writable(output)
            drawn = ChartFile(output, look, dpi, title is not None)
        elif given := [name for name, value in looks.items() if value is not None]:
            raise Refusal(f"{given[0]} is for the chart of -o: give -o FILE too")
        return command(*arguments, drawn=drawn, **options)

    return cast("Command", with_chart)


def profiled(spec: ResNetSpec, shape: str | None, batch: int) -> Profile:
    """A model's profile at the input and the batch asked for."""
    from analysis.costs.profiles import profile as count

    if shape is not None:
        spec = or_usage(with_input, spec, shape)
    result: Profile = or_usage(count, spec, batch=batch)
    return result


def check_suffix(path: Path, allowed: Sequence[str]) -> None:
    """Refuse a file whose ending is no format."""
    if path.suffix.lower() not in allowed:
        *most, last = allowed
        raise Refusal(f"{path.name!r} must end in {', '.join(most)} or {last}")


def check_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before any work is done for it."""
    with _refusing(path):
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass


def write(content: str | bytes, path: Path | None) -> None:
    """Print, or write beside the file and then rename, so that no half of a file is left."""
    if path is None or str(path) == "-":
        click.echo(content, nl=False)
        return
    # what is no text, such as a broken byte of a title, is left out
    data = content.encode(errors="ignore") if isinstance(content, str) else content
    with _refusing(path):
        if path.exists() and not path.is_file() and not path.is_dir():  # a device or a pipe
            path.write_bytes(data)
            return
        with put_off(), replacing(path.resolve()) as file:
            file.write_bytes(data)


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """One sentence for whatever keeps a file from being written."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # a loop of links is the latter
        reason = getattr(error, "strerror", None) or error
        raise Refusal(f"cannot write {str(path)!r}: {reason}") from None
