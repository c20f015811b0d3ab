"""The command that takes a network out of the app: export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.commands.shared import (
    Refusal,
    check_suffix,
    check_writable,
    checkpoint_named,
    is_trained,
    or_usage,
    write,
)
from nets import ResNetSpec, parse

if TYPE_CHECKING:
    from analysis.training.checkpoints import Checkpoint


@click.command()
@click.argument("name", metavar="CHECKPOINT|NAME|MODEL")
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path),
    required=True,
    help="Output file: .onnx, .pt2 (torch.export), or weights as .pth or .safetensors.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), help="Seed of a MODEL's weights.  [default: 0]"
)
def export(name: str, path: Path, seed: int | None) -> None:
    """Write a network in eval mode for other programs: ONNX, torch.export or its weights.

    NAME is a trained network from `list`. A MODEL gets initial weights. The batch size stays free;
    height and width are those of the model's input. Weights have torchvision's names, or timm's if
    torchvision lacks a module.
    """
    from analysis.machine.devices import seeded
    from analysis.structure.exported import SAFETENSORS, SUFFIXES, check, exported
    from nets import build

    check_suffix(path, SUFFIXES)
    suffix = path.suffix.lower()
    if is_trained(name):
        if seed is not None:
            raise Refusal(f"--seed applies to a MODEL's weights, not to the checkpoint {name!r}")
        checkpoint = checkpoint_named(name)
        spec, about = checkpoint.spec, dict(checkpoint.about)
        if suffix != SAFETENSORS:  # only a safetensors file remains a checkpoint of this app
            about.pop("format")
        or_usage(check, spec, suffix)
        check_writable(path)
        network = or_usage(checkpoint.network, softmax=True)
        said = f"trained weights of {name}\n{_pixels(checkpoint)}"
    else:
        spec = or_usage(parse, name)
        or_usage(check, spec, suffix)
        check_writable(path)
        with seeded(seed or 0):
            network = build(spec)
        said = f"untrained, initial weights of seed {seed or 0}"
        about = {"model": str(spec), "weights": said}
    write(exported(network, suffix, about), path)
    click.echo(f"{path.name}: {spec}, {said}\n{_use(spec, suffix)}")


def _pixels(checkpoint: Checkpoint) -> str:
    """Return how a checkpoint's images were normalised."""
    mean, std = (
        ", ".join(f"{value:.4f}" for value in values)
        for values in (checkpoint.mean, checkpoint.std)
    )
    return f"pixels from 0 to 1, minus the mean ({mean}), divided by the deviation ({std})"


def _use(spec: ResNetSpec, suffix: str) -> str:
    """Return how another program uses the file."""
    from analysis.structure.code import names_like, output_of
    from analysis.structure.exported import INPUT, ONNX, PROGRAM
    from analysis.structure.torchvision_call import one_liner

    if suffix in (ONNX, PROGRAM):
        shape = ", ".join(map(str, spec.input))
        output = f"{output_of(spec)} [N, {spec.outputs}]"
        return f"input {INPUT} [N, {shape}], output {output}, for any batch size N"
    if call := one_liner(spec):
        return f"{call} loads its state dict with strict=True"
    return f"its state dict has {names_like(spec)}'s names; torchvision has no such network"
