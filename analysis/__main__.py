"""The command line: `python -m analysis COMMAND --help` explains each command.

Exit status: 0 done; 2 for bad arguments or a bad model; 1 when the work itself failed. An error is
one line on standard error.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from analysis.commands import choosing, diagrams, experiments, models
from analysis.commands.shared import Refusal


class Commands(click.Group):
    """The commands; an interrupted one ends in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.ClickException("interrupted") from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """What a ResNet is, what it costs and how it behaves.

    MODEL is a catalog name with overrides, such as resnet50:blocks=3,8,36,3:unit=full_preact.
    """


for command in (
    models.list_models,
    models.profile,
    models.tree,
    models.code,
    diagrams.graph,
    diagrams.units,
    experiments.time,
    experiments.check_device,
    experiments.gradients,
    choosing.compare,
    choosing.choose,
):
    main.add_command(command)


def run(arguments: list[str] | None = None) -> int:
    """Run one command; what goes wrong is one line on standard error."""
    try:
        main(arguments, prog_name="python -m analysis", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        message = " ".join(error.format_message().split())
        if isinstance(error, click.UsageError) and error.ctx and not isinstance(error, Refusal):
            message = f"{message.rstrip('.')}. See {error.ctx.command_path} --help"
        click.echo(f"error: {message}", err=True)
        return error.exit_code
    except SystemExit:  # click's answer to a reader that has gone away, such as head
        return 0
    except (RuntimeError, OSError, MemoryError) as error:
        click.echo(f"error: {' '.join(str(error).split())[:300] or type(error).__name__}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run())
