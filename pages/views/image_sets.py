"""Choose images to train on: shipped with the app, on this server, or uploaded."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.images.fashion_mnist import download_fashion_mnist, fashion_mnist_is_whole_here
from analysis.images.kinds import SET_LABELS, InputKind
from analysis.images.open import (
    FASHION_MNIST,
    SAMPLE,
    data_folders,
    folder_of,
    open_offered,
    open_set,
)
from analysis.images.sets import ImageSet
from analysis.images.upload import keep
from analysis.machine.jobs import Job, Needs, Report
from analysis.style.language import translate
from analysis.style.numbers import short
from pages.ui.fields import select
from pages.ui.jobs import follow, is_over, job_of, say_why, start
from pages.ui.words import complain, escaped

_UPLOAD, _DOWNLOAD = "upload", "download"


def images_in_words(name: str) -> str:
    """Say on which images a result was measured, by the name of their set in it."""
    if name == InputKind.SAMPLE:
        return translate("Sample of Fashion-MNIST.")
    if name == InputKind.RANDOM:
        return translate("Random images.")
    if name == InputKind.FASHION_MNIST:
        return translate("All of Fashion-MNIST.")
    return translate("Images: {images}.", images=escaped(name))


def choose_images(place: DeltaGenerator, below: DeltaGenerator, default: str = SAMPLE) -> str:
    """Let the visitor choose images; return a value for `opened`, or an empty text without images.

    Args:
        place: where to draw the box.
        below: where to draw an upload or a download, if it needs one.
        default: the images unless others are chosen.
    """
    folders = {folder: folder for folder in data_folders()}
    data = select(
        "Images",
        {
            **SET_LABELS,
            **folders,
            _UPLOAD: "my own pictures",
        },
        default,
        key="train_data",
        place=place,
        help="The sample has 4,000 training and 1,000 test images and is always available. Upload "
        "your own pictures as a .zip with one folder per class. Other entries are folders in the "
        "server's data folder.",
    )
    with below:
        data = _uploaded() if data == _UPLOAD else data
        _offer_download(data)
    return data


def _uploaded() -> str:
    """Let the visitor upload pictures; return their folder, or an empty text without any."""
    file = st.file_uploader("A .zip with one folder of pictures per class", ["zip"])
    if file is None:
        return ""
    try:
        return str(keep(file.getvalue(), file.name))
    except (ValueError, OSError) as error:
        complain(str(error))
        return ""


def _offer_download(data: str) -> None:
    """Offer to download Fashion-MNIST if it is chosen but not on this server."""
    if data != FASHION_MNIST or fashion_mnist_is_whole_here():
        return
    job = job_of(_DOWNLOAD)
    if job is not None and not is_over(job):
        follow(_DOWNLOAD, job, _show_download)
        return
    if job is not None:
        say_why(job, str)
    st.button(
        "Download Fashion-MNIST (31 MB)",
        icon=":material/download:",
        on_click=start,
        args=(_DOWNLOAD, _download),
        kwargs={"seconds": 1_800.0, "needs": Needs(is_here=True)},
    )


def _download(report: Report) -> None:
    """Download Fashion-MNIST in the worker; report (bytes done, total bytes)."""
    download_fashion_mnist(lambda done, total: report((done, total)))


def _show_download(job: Job) -> None:
    done, total = job.progress or (0, 0)
    share = min(done / total, 1.0) if total else 0.0
    st.progress(share, f"{short(done, 'B')} of {short(total, 'B') if total else 'about 31 MB'}")


def changed_ns(data: str) -> int:
    """Return when a folder of pictures last changed, in ns; 0 for the other sets."""
    root = Path(data) if os.sep in data else folder_of(data)
    if root is None:
        return 0
    with suppress(OSError), os.scandir(root) as entries:
        times = [entry.stat().st_mtime_ns for entry in entries]
        return max([root.stat().st_mtime_ns, *times])
    return 0


@st.cache_resource(max_entries=4, show_spinner="Opening the images")
def opened(data: str, changed_ns: int) -> ImageSet:
    """Return the chosen images; reopen a folder that has changed.

    Raises:
        ValueError: in one sentence, if they are missing or can't be used.
    """
    return open_set(data) if os.sep in data else open_offered(data)
