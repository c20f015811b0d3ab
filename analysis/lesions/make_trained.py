"""Write the networks that ship with the app: `python -m analysis.lesions.make_trained RUNS`.

RUNS is the folder with the runs that `analysis/lesions/trained/README.md` lists. Each run becomes a
float16 checkpoint with its curves by epoch, its date and its versions in the metadata.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save_file

from analysis.images.fashion_mnist import fashion_mnist_set
from analysis.lesions.shipped import SHIPPED, shipped_path
from analysis.machine.disk import replacing
from analysis.results.form import read_result
from analysis.training import checkpoints
from analysis.training.kept import RunFiles
from analysis.training.recipes import changed, recipe_of
from analysis.training.report import run_of
from analysis.training.runs import Task
from nets import parse


def make(name: str, runs: Path) -> None:
    """Write one network from its run.

    Raises:
        OSError: if the run doesn't exist, or the file can't be written.
        ValueError: if the run is damaged.
    """
    net = SHIPPED[name]
    recipe = changed(recipe_of("short"), dict(net.changes))
    task = Task(parse(net.model), recipe, "fashion_mnist", fashion_mnist_set().digest)
    files = RunFiles.of(runs, task)
    run = run_of(read_result(files.result))
    checkpoint = checkpoints.load(files.weights)
    assert run.environment is not None
    about = dict(checkpoint.about) | {
        "epochs": json.dumps([asdict(epoch) for epoch in run.epochs]),
        "device": run.task.device,
        "threads": str(run.task.threads),
        "date": run.environment.date,
        "cpu": run.environment.cpu,
        "accelerator": run.environment.accelerator or "",
        "seconds": f"{run.seconds:.0f}",
    }
    weights = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for key, tensor in checkpoint.weights.items()
    }
    shipped_path(name).parent.mkdir(exist_ok=True)
    with replacing(shipped_path(name)) as file:
        save_file(weights, file, about)


if __name__ == "__main__":
    for each in SHIPPED:
        make(each, Path(sys.argv[1]))
