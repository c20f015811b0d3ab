"""What the commands share: a model as an argument, refusals in one line, writing a file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from analysis.commands.interrupts import put_off
from analysis.machine.disk import replacing
from nets import ResNetSpec, parse
from nets.text import with_input

if TYPE_CHECKING:
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
