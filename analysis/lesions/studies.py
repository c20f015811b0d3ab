"""Studies and paths of networks from files, as results; run by a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from analysis.lesions import paths
from analysis.lesions.drop import Lesions, study
from analysis.lesions.paths import Length
from analysis.lesions.report import lesions_result, paths_result
from analysis.lesions.subjects import (
    images_of,
    seed_of,
    shown_tests,
    subject_of,
    untrained,
)
from analysis.machine.devices import environment
from analysis.results.form import Result
from analysis.training.checkpoints import load


def study_all(
    report: Callable[[tuple[int, Lesions]], object],
    files: Sequence[Path],
    data: str,
    number: int,
    seed: int = 0,
) -> tuple[Result, ...]:
    """Study several networks, one after the other.

    Args:
        report: called with a network's index and its study so far, after every evaluation.
        files: the checkpoints.
        data: the set of images.
        number: the number of test images.
        seed: of the draws.

    Raises:
        ValueError: as `images_of`, `subject_of` and `study`.
        OSError: if a checkpoint can't be read.
    """
    results = []
    for place, file in enumerate(files):
        checkpoint = load(file)
        images = images_of(checkpoint, data)
        subject = subject_of(checkpoint, images, number)
        found = study(subject, partial(_tell, report, place), seed)
        results.append(lesions_result(found, images.digest, checkpoint.digest, stamp()))
    return tuple(results)


def _tell(report: Callable[[tuple[int, Lesions]], object], place: int, found: Lesions) -> None:
    report((place, found))


def measure_paths(
    report: Callable[[Length], object],
    source: Path | str,
    data: str | None,
    number: int,
    draws: int,
    seed: int = 0,
) -> Result:
    """Measure the paths of a checkpoint, or of a model at initialisation.

    Args:
        report: called with each length as it is measured.
        source: a checkpoint's file, or a model's text.
        data: the set of images; None for random ones, or for a checkpoint's own.
        number: the number of images.
        draws: paths per length.
        seed: of the draws and of the weights at initialisation.

    Raises:
        ValueError: as `images_of`, `shown_tests`, `untrained` and `paths.measure`.
        OSError: if a checkpoint can't be read.
    """
    trained = isinstance(source, Path)
    if isinstance(source, Path):
        checkpoint = load(source)
        images = images_of(checkpoint, data)
        network = checkpoint.network()
        x, labels = shown_tests(checkpoint, images, number)
        digest, weights = images.digest, checkpoint.digest
    else:
        network, x, labels, digest = untrained(source, data, number, seed)
        weights = seed_of(seed)
    found = paths.measure(
        network, x, labels, draws=draws, seed=seed, trained=trained, report=report
    )
    return paths_result(found, digest, weights, seed, stamp())


def stamp() -> dict[str, Any]:
    """Return the environment of this process: CPU, threads and versions."""
    where = asdict(environment(torch.device("cpu")))
    return {"device": "cpu", "threads": torch.get_num_threads(), **where}
