"""Measure what a trained network's blocks do and what it sees, for the Lesions page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
import torch

from analysis.images.kinds import MAX_PICTURE_BYTES
from analysis.lesions.blocks import IMAGES, Blocks, measure
from analysis.lesions.blocks_report import blocks_result
from analysis.lesions.sees import see
from analysis.lesions.sight import Sight
from analysis.lesions.studies import stamp
from analysis.lesions.subjects import seed_of, shown_tests, untrained
from analysis.results.form import Result
from analysis.training.checkpoints import seen
from pages.ui.fields import number, switch
from pages.ui.words import complain
from pages.views.checkpoints import digest, judged_on
from pages.views.lesions import Patient, pictured


def block_studies(
    patients: Sequence[Patient],
) -> tuple[list[Blocks], Callable[[], list[Result]]]:
    """Measure what each block of the networks does, trained or at initialisation.

    Returns:
        The blocks of each network, and a function that makes their results.
    """
    trained = not switch("At initialisation", False, key="initial")
    found = [_blocks(patient, trained) for patient in patients]

    def results() -> list[Result]:
        made = []
        for patient, blocks in zip(patients, found, strict=True):
            net = patient.net
            weights = digest(str(net.path), net.changed_ns) if trained else seed_of(0)
            made.append(blocks_result(blocks, patient.images.digest, weights, stamp()))
        return made

    return found, results


def _blocks(patient: Patient, trained: bool) -> Blocks:
    net = patient.net
    return _measured(str(net.path), net.changed_ns, patient.data, patient.data_ns, trained, patient)


@st.cache_resource(max_entries=20, show_spinner=False)
def _measured(
    path: str, changed_ns: int, data: str, data_ns: int, trained: bool, _patient: Patient
) -> Blocks:
    """Measure on a separate copy of the network, because measuring adds hooks to it."""
    checkpoint = _patient.net.checkpoint
    if not trained:
        network, x, _, _ = untrained(str(checkpoint.spec), data, IMAGES, 0)
        return measure(network, x, trained=False)
    x, _ = shown_tests(checkpoint, judged_on(path, changed_ns, data, data_ns), IMAGES)
    return measure(checkpoint.network(), x, trained=True)


def choose_picture(
    patients: Sequence[Patient],
) -> tuple[Callable[[Patient], torch.Tensor], str]:
    """Let the visitor choose a test image or upload a picture.

    Returns:
        A function that returns it as a network's input, [1, C, H, W], and its class, if known.
    """
    first = patients[0]
    left, right = st.columns([1, 3])
    count = len(first.subject.labels)
    usual = pictured(first.subject.labels)[-1] + 1
    place = number("Test image", 1, count, usual, key="picture", place=left) - 1
    file = right.file_uploader(
        "Or my own picture",
        ["png", "jpg", "jpeg", "webp", "gif", "bmp"],
        key="lesion_picture",
        max_upload_size=MAX_PICTURE_BYTES // 10**6,
    )
    if file is None:
        label = first.net.checkpoint.classes[int(first.subject.labels[place])]
        return lambda patient: patient.subject.image(place), label
    data = file.getvalue()
    return lambda patient: seen(patient.net.checkpoint, data), ""


def sights(
    patients: Sequence[Patient],
    picture: tuple[Callable[[Patient], torch.Tensor], str],
    out: tuple[str, ...],
) -> list[Sight]:
    """Return what the networks see in a picture with these blocks out, or say why that fails."""
    image, label = picture
    try:
        return [
            Sight(
                patient.net.name,
                see(patient.subject.network, image(patient), out),
                patient.net.checkpoint.classes,
                label,
            )
            for patient in patients
        ]
    except ValueError as error:
        complain(str(error))
        return []
