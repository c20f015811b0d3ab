"""Helpers that the commands share: model arguments, one-line refusals and writing files."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from analysis.commands.interrupts import put_off
from analysis.lesions.shipped import SHIPPED
from analysis.machine.disk import replacing
from analysis.style import palette as palettes
from analysis.style.files import CHART_SUFFIXES
from analysis.style.look import (
    MAX_TITLE,
    MAX_WIDTH_MM,
    MIN_CHART_MM,
    MIN_WIDTH_MM,
    PAGE_MM,
    Look,
)
from analysis.style.terminal import WIDTH
from nets import ResNetSpec, parse
from nets.options import quote
from nets.text import with_input

if TYPE_CHECKING:
    from analysis.charts.chart import Chart
    from analysis.costs.profiles import Profile
    from analysis.drawing.caption import Cited
    from analysis.training.checkpoints import Checkpoint


class FiniteRange(click.FloatRange):
    """A number within bounds that rejects NaN."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Convert the value and reject NaN, which passes any comparison with bounds."""
        number = super().convert(value, param, ctx)
        return self.fail(f"{value} is not a number", param, ctx) if number != number else number


class Model(click.ParamType[ResNetSpec]):
    """A model's text form."""

    name = "model"

    def convert(self, value: Any, param: Any, ctx: Any) -> ResNetSpec:
        """Parse the text, or fail with the parser's one sentence."""
        return value if isinstance(value, ResNetSpec) else or_usage(parse, value)


Command = TypeVar("Command", bound=Callable[..., Any])


def or_usage(call: Any, *arguments: Any, **options: Any) -> Any:
    """Call a function and turn its ValueError, which is about user input, into a usage error."""
    try:
        return call(*arguments, **options)
    except ValueError as error:
        raise Refusal(str(error)) from None


class Refusal(click.UsageError):
    """A usage error whose sentence needs no pointer to --help."""


MODEL = click.argument("spec", metavar="MODEL", type=Model())
INPUT = click.option("--input", "shape", metavar="CxHxW", help="Image shape, such as 3x224x224.")
BATCH = click.option("--batch", type=int, default=1, show_default=True, help="Images per batch.")
DEVICE = click.option(
    "--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, mps, xpu."
)
DTYPE = click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default="float32",
    show_default=True,
    help="Data type.",
)
TF32 = click.option(
    "--tf32", is_flag=True, help="Let CUDA round float32 inputs to 10 mantissa bits."
)
CHANNELS_LAST = click.option(
    "--channels-last", is_flag=True, help="Store tensors in memory as N, H, W, C."
)
THREADS = click.option("--threads", type=int, help="CPU threads.")


DOWNLOAD = click.option(
    "--download", is_flag=True, help="Download Fashion-MNIST first if it is missing."
)


def fetch_if_asked(option: str, data: str | None, download: bool, whole: bool = True) -> None:
    """Download Fashion-MNIST if it is chosen, missing and to be downloaded; else refuse.

    Args:
        option: the option that chooses images.
        data: its value.
        download: whether to download.
        whole: whether its training images are needed, too.
    """
    from analysis.images import fashion_mnist as images
    from analysis.images.kinds import InputKind
    from analysis.images.roots import DATA_VARIABLE

    if data != InputKind.FASHION_MNIST.value:
        if download:
            raise Refusal(f"--download applies to {option} fashion_mnist")
        return
    if images.fashion_mnist_is_whole_here() if whole else images.fashion_mnist_is_here():
        return
    if not download:
        way = f"add --download, or set its folder in {DATA_VARIABLE}"
        raise Refusal(f"Fashion-MNIST is not on this machine: {way}")
    images.download_fashion_mnist()


def format_option(*choices: str) -> Callable[[Command], Command]:
    """Return the option `--format`, with the first choice as its default."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="Output format.",
    )


def look_options(command: Command, chart: bool = False) -> Command:
    """Add the options that every picture file takes, from `--width-mm` to `--dpi`."""
    least, usual = (MIN_CHART_MM, f"{PAGE_MM:g}") if chart else (MIN_WIDTH_MM, "what it needs")
    options = (
        click.option(
            "--width-mm",
            type=FiniteRange(least, MAX_WIDTH_MM),
            help="Printed width in mm: 85 for a column, 170 for a page, 254 for a slide.  "
            f"[default: {usual}]",
        ),
        click.option(
            "--palette",
            type=click.Choice(["light", "dark", "print"]),
            help="Colours; print is black and grey.  [default: light]",
        ),
        click.option(
            "--title",
            help=f"Title above the picture.  [default: {'what it shows' if chart else 'none'}]",
        ),
        click.option(
            "--ground", is_flag=True, help="Fill the background instead of leaving it transparent."
        ),
        click.option(
            "--dpi", type=int, help="Resolution of a PNG.  [default: 200; less for a huge one]"
        ),
        click.option(
            "--caption",
            type=click.Path(path_type=Path),
            help="Also write the picture's LaTeX caption and the BibTeX of its sources to this "
            "file; - prints them.",
        ),
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
    ground: bool,
    **more: Any,
) -> Look:
    """Return the look of a file, or refuse options that its format doesn't have."""
    if dpi is not None and path.suffix.lower() != ".png":
        raise Refusal(f"--dpi applies to .png files, not to {path.name!r}")
    colours = getattr(palettes, (palette or "light").upper())
    look: Look = or_usage(Look, colours, title or "", width_mm=width_mm, ground=ground, **more)
    if look.fades_on(path.suffix.lower()):
        click.echo(
            "warning: dark without a background is hard to read on white paper: "
            "use light, print or --ground",
            err=True,
        )
    return look


def check_caption(caption: Path | None, picture: Path) -> None:
    """Refuse a caption's file that can't be written, before any work is done."""
    if caption is None or str(caption) == "-":
        return
    check_writable(caption)
    if caption.resolve() == picture.resolve():
        raise Refusal(f"--caption and -o name the same file, {picture.name!r}")


@dataclass(frozen=True)
class ChartFile:
    """The file to which a command writes its chart, checked before any work is done.

    Attributes:
        path: the file.
        look: its look, including the title that the user gave.
        dpi: resolution of a PNG, or None for the default.
        is_titled: whether the user gave a title; if not, the chart's own is used.
        caption: the file of the caption, `-` for standard output, or None for no caption.
    """

    path: Path
    look: Look
    dpi: int | None
    is_titled: bool
    caption: Path | None = None

    def write(self, chart: Chart, how: str, cited: Cited) -> None:
        """Draw a chart into the file, and write its caption.

        Args:
            chart: the chart.
            how: how it was measured.
            cited: the papers that the caption cites.
        """
        from analysis.charts.file import chart_file

        self._warn()
        (shown,) = self._shown([chart])
        write(or_usage(chart_file, shown, *self._how(chart.title)), self.path)
        self._caption([chart], how, cited)

    def write_row(self, charts: Sequence[Chart], title: str, how: str, cited: Cited) -> None:
        """Draw several small charts into the file, side by side, and write their caption."""
        from analysis.charts.file import row_file

        self._warn()
        write(or_usage(row_file, self._shown(charts), *self._how(title)), self.path)
        self._caption(charts, how, cited)

    def _shown(self, charts: Sequence[Chart]) -> Sequence[Chart]:
        """Return the charts, without notes if a caption has them."""
        from analysis.charts.chart import without_notes

        return charts if self.caption is None else [without_notes(chart) for chart in charts]

    def _caption(self, charts: Sequence[Chart], how: str, cited: Cited) -> None:
        from analysis.charts.chart import in_a_caption
        from analysis.drawing.caption import figure_caption

        if self.caption is not None:
            write(figure_caption(in_a_caption(charts), how, cited), self.caption)

    def _warn(self) -> None:
        from analysis.charts.file import left_out

        if lost := left_out(self.look.title):
            said = f"the chart font lacks {' '.join(lost[:20])}: left out of the title"
            click.echo(f"warning: {said}", err=True)

    def _how(self, title: str) -> tuple[str, Look, int | None]:
        look = self.look if self.is_titled else replace(self.look, title=title[:MAX_TITLE])
        return self.path.suffix.lower(), look, self.dpi


def chart_options(command: Command) -> Command:
    """Add `-o FILE` and the look of a chart; the command gets them as `drawn`, or None."""

    @click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        help=f"Chart file: {any_of(CHART_SUFFIXES)}.",
    )
    @partial(look_options, chart=True)
    @wraps(command)
    def with_chart(
        *arguments: Any,
        output: Path | None,
        width_mm: float | None,
        palette: str | None,
        title: str | None,
        ground: bool,
        dpi: int | None,
        caption: Path | None,
        **options: Any,
    ) -> Any:
        looks = {
            "--width-mm": width_mm,
            "--palette": palette,
            "--title": title,
            "--ground": ground or None,
            "--dpi": dpi,
            "--caption": caption,
        }
        drawn = None
        if output is not None:
            check_suffix(output, CHART_SUFFIXES)
            look = look_of(output, palette, dpi, width_mm, title, ground)
            from analysis.charts.file import check

            or_usage(check, output.suffix.lower(), look, dpi)
            check_writable(output)
            check_caption(caption, output)
            drawn = ChartFile(output, look, dpi, title is not None, caption)
        elif given := [name for name, value in looks.items() if value is not None]:
            raise Refusal(f"{given[0]} applies to the chart of -o: add -o FILE")
        return command(*arguments, drawn=drawn, **options)

    return cast("Command", with_chart)


def profiled(spec: ResNetSpec, shape: str | None, batch: int) -> Profile:
    """Return a model's profile at an input shape and a batch size."""
    from analysis.costs.profiles import profile as count

    if shape is not None:
        spec = or_usage(with_input, spec, shape)
    result: Profile = or_usage(count, spec, batch=batch)
    return result


def is_trained(name: str) -> bool:
    """Return whether a name is of trained weights rather than a model's text.

    Raises:
        Refusal: if it is nearly the name of an included trained network.
    """
    if near := [] if name in SHIPPED else get_close_matches(name, SHIPPED, n=1, cutoff=0.8):
        raise Refusal(f"{quote(name)} is not a trained network: did you mean {near[0]}?")
    is_file = Path(name).suffix in (".safetensors", ".pth", ".pt") or Path(name).is_file()
    return name in SHIPPED or is_file


def checkpoint_named(name: str) -> Checkpoint:
    """Return a checkpoint by its path, or an included one by its name; refuse in one sentence."""
    from analysis.lesions.subjects import checkpoint_of

    try:
        checkpoint: Checkpoint = or_usage(checkpoint_of, name)
    except OSError as error:
        known = f", nor a trained network ({', '.join(SHIPPED)})" if SHIPPED else ""
        reason = error.strerror or error
        raise Refusal(f"{name!r} is not a readable checkpoint ({reason}){known}") from None
    return checkpoint


def say(style: str, found: Any, **writers: Callable[..., str]) -> None:
    """Print a report in the chosen format; text is laid out for the terminal."""
    how = {"width": terminal_width()} if style == "text" else {}
    click.echo(writers[style](found, **how), nl=False)


def show_progress(text: str) -> None:
    """Replace the last line of a terminal, cut to its width; write nothing to a file."""
    if sys.stderr.isatty():
        room = os.get_terminal_size(sys.stderr.fileno()).columns - 1
        click.echo(f"\r\033[K{text[: max(room, 0)]}", err=True, nl=False)


def terminal_width() -> int:
    """Return `COLUMNS` or the columns of the terminal; without either, `WIDTH`."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


def check_suffix(path: Path, allowed: Sequence[str]) -> None:
    """Refuse a file whose extension is not an allowed format."""
    if path.suffix.lower() not in allowed:
        raise Refusal(f"{path.name!r} must end in {any_of(allowed)}")


def any_of(suffixes: Sequence[str]) -> str:
    """Return extensions as a text: `.svg, .pdf or .png`."""
    *most, last = suffixes
    return f"{', '.join(most)} or {last}"


def check_writable(path: Path) -> None:
    """Refuse a file that can't be written, before any work is done."""
    with _refusing(path):
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass


def write(content: str | bytes, path: Path | None) -> None:
    """Print the content, or write it to a file that is replaced as a whole or not at all."""
    if path is None or str(path) == "-":
        click.echo(content, nl=False)
        return
    # Drop what UTF-8 can't encode, such as a broken byte in a title.
    data = content.encode(errors="ignore") if isinstance(content, str) else content
    with _refusing(path):
        if path.exists() and not path.is_file() and not path.is_dir():  # a device or a pipe
            path.write_bytes(data)
            return
        with put_off(), replacing(path.resolve()) as file:
            file.write_bytes(data)


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn any failure to write a file into a refusal of one sentence."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        reason = getattr(error, "strerror", None) or error
        raise Refusal(f"cannot write {str(path)!r}: {reason}") from None
