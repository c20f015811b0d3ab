"""The command line. `python -m analysis COMMAND --help` explains each command.

The exit status is 0 on success, 2 for bad arguments or a bad model, and 1 if the work itself
fails. An error is one line on standard error.
"""

from __future__ import annotations

import signal
import sys

from analysis.commands import interrupts

if __name__ == "__main__":  # before the slow imports
    signal.signal(signal.SIGINT, interrupts.end_at_once)

import click

from analysis.commands import (
    anatomy,
    choosing,
    diagrams,
    experiments,
    exporting,
    learning,
    lectures,
    models,
    sweeping,
)
from analysis.commands.shared import Refusal

MOST_WORDS = 400
"""The most characters in an error's line."""


class Commands(click.Group):
    """Commands in the order in which they were added, each with its whole first sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names and what they do; click would cut each to one line."""
        rows = [(name, one.get_short_help_str(limit=500)) for name, one in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """See what a ResNet is, what it costs and how it behaves.

    MODEL is a catalog name with overrides, such as resnet50:blocks=3,8,36,3:unit=full_preact.
    """


for command in (
    models.list_models,
    models.profile,
    models.tree,
    models.code,
    exporting.export,
    diagrams.graph,
    diagrams.units,
    diagrams.shape,
    experiments.time,
    experiments.check_device,
    experiments.roofline,
    experiments.gradients,
    learning.recipes,
    learning.train,
    learning.predict,
    learning.recognise,
    anatomy.lesions,
    anatomy.paths,
    anatomy.blocks,
    choosing.compare,
    choosing.choose,
    sweeping.sweep,
    sweeping.swept,
    lectures.record,
    lectures.handout,
    lectures.exercises,
):
    main.add_command(command)


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status; print a failure as one line on stderr."""
    try:
        main(arguments, prog_name="python -m analysis", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        message = " ".join(error.format_message().split())
        if isinstance(error, click.UsageError) and error.ctx and not isinstance(error, Refusal):
            end = "" if message.endswith(("?", "?)")) else "."
            message = f"{message.rstrip('.')}{end} See {error.ctx.command_path} --help"
        shown = message if len(message) <= MOST_WORDS else f"{message[:MOST_WORDS]}..."
        click.echo(f"error: {shown}", err=True)
        return error.exit_code
    except SystemExit:  # click raises it when a reader such as head closes the pipe
        return 0
    except (RuntimeError, OSError, MemoryError) as error:
        click.echo(f"error: {' '.join(str(error).split())[:300] or type(error).__name__}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    status = run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # only Python's shutdown remains
    sys.exit(status)
