"""Results of one trained network: gradients, confusion matrix, mistakes and predictions."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from html import escape
from io import BytesIO
from pathlib import Path

import streamlit as st
import torch

from analysis.drawing.caption import architectures, figure_caption
from analysis.images.kinds import MAX_PICTURE_BYTES
from analysis.images.sets import ImageSet
from analysis.results.store import Store
from analysis.structure.exported import PICKLE, exported
from analysis.style.numbers import short
from analysis.style.stamps import device_words, machine, moment
from analysis.training import checkpoints
from analysis.training.charts import along_chart
from analysis.training.confusion import MOST_CLASSES, confusion_svg
from analysis.training.runs import Evaluation, Run
from nets.names import name_of
from nets.options import number_of
from pages.ui.charts import chart_picture, show_chart
from pages.ui.downloads import DataFile
from pages.ui.drawings import svg_picture
from pages.ui.exports import export, section
from pages.ui.markup import Cell, picture, table
from pages.ui.theme import palette
from pages.ui.words import complain
from pages.views.checkpoints import loaded

_PREDICTED = 5
_SCALE = 112  # side of a small picture, in px


def show_trained(run: Run, images: ImageSet) -> None:
    """Show the gradients, the confusion matrix, the worst mistakes and the predictions of a run."""
    if run.curves:
        chart = along_chart(run)
        file = "gradients-along-training"
        with section("Gradient by depth during training"):
            picture = chart_picture(chart, "along", _how(run), architectures([run.model]), file)
            export("along", [picture], what="gradients")
        show_chart(chart, "along", 460)
    if run.test is None:
        return
    if len(run.classes) <= MOST_CLASSES:
        _show_confusion(run, run.test)
    if len(images.test):  # a recorded run's images may be missing on this server
        _show_worst(run, run.test, images)
    _show_predict(run)


def _how(run: Run) -> str:
    """Return how the network was trained, for a caption."""
    where = run.environment
    stamp = (
        f" torch {where.torch}, {machine(where.accelerator or where.cpu)}, {moment(where.date)}."
        if where
        else ""
    )
    start = f"from {run.task.start.words}; " if run.task.start else ""
    return (
        f"{number_of(run.steps, 'step')} of {run.task.recipe.words()}; {start}images: "
        f"{run.task.data_label}; seed {run.task.seed}; {device_words(run.task.device)}.{stamp}"
    )


def _show_confusion(run: Run, test: Evaluation) -> None:
    right = sum(row[i] for i, row in enumerate(test.confusion))
    whole = sum(map(sum, test.confusion))

    said = (
        f"Confusion matrix of {name_of(run.task.spec)}: {right:,} of {whole:,} test images "
        "correct; rows are true classes, columns predicted ones"
    )
    matrix = svg_picture(
        "confusion",
        "Confusion matrix",
        "confusion",
        lambda look: confusion_svg(test.confusion, run.classes, look.palette),
        f"Confusion matrix: {right:,} of {whole:,} correct",
        partial(figure_caption, said, _how(run), architectures([run.model])),
    )
    with section("Confusion matrix"):
        export("matrix", [matrix], what="matrix")
    st.html(
        picture(
            confusion_svg(test.confusion, run.classes, palette()),
            f"Confusion matrix: {right:,} of {whole:,} test images correct.",
            own_size=True,
        )
    )
    st.caption("Numbers of test images; colours show their shares of the row.")


def _show_worst(run: Run, test: Evaluation, images: ImageSet) -> None:
    st.header("Most confident mistakes")
    if not test.worst:
        st.caption("No mistakes on the test images.")
        return
    st.caption("Each with its true class, the predicted class and its probability.")
    shown = []
    for miss in test.worst:
        if miss.image >= len(images.test):
            continue
        said = f"{run.classes[miss.label]} as {run.classes[miss.predicted]}"
        shown.append(
            f'<figure><img src="{address_of(images.test[miss.image])}" alt="{escape(said)}" '
            f'height="{_SCALE}"><figcaption>{escape(said)}<br>'
            f"{100 * miss.probability:.1f}%</figcaption></figure>"
        )
    st.html(f'<div class="rl-pictures">{"".join(shown)}</div>')


def _state_dict(path: Path) -> bytes:
    """Return a checkpoint's state dict, as torch.load reads it."""
    return exported(checkpoints.load(path).network(), PICKLE, {})


def address_of(image: torch.Tensor) -> str:
    """Return an image [C, H, W] as the data URL of a PNG."""
    from torchvision.transforms.v2.functional import to_pil_image

    out = BytesIO()
    to_pil_image(image).save(out, "PNG")
    return f"data:image/png;base64,{b64encode(out.getvalue()).decode()}"


def _show_predict(run: Run) -> None:
    path = Store().path(run.task.hash, checkpoints.SUFFIX)
    with section("Predict"):
        if path.exists():
            size = short(path.stat().st_size, "B")
            name = f"{run.task.spec.base}-seed{run.task.seed}"
            data = [
                DataFile(f"Checkpoint, {size}", f"{name}{checkpoints.SUFFIX}", path.read_bytes),
                DataFile("Weights as .pth", f"{name}{PICKLE}", partial(_state_dict, path)),
            ]
            export("checkpoint", data=data, what="checkpoint")
    if not path.exists():
        st.caption("The weights of this run weren't kept; train it again to predict.")
        return
    file = st.file_uploader(
        "Picture",
        ["png", "jpg", "jpeg", "webp", "gif", "bmp"],
        key="train_picture",
        max_upload_size=MAX_PICTURE_BYTES // 10**6,
        help="Preprocessed like the test images: cropped, resized and converted to their channels.",
    )
    if file is None:
        return
    try:
        if file.size > MAX_PICTURE_BYTES:
            raise ValueError(f"a picture may have at most {MAX_PICTURE_BYTES // 10**6} MB")
        checkpoint = loaded(str(path), path.stat().st_mtime_ns)
        network = checkpoint.network()
        found = checkpoints.guesses(checkpoint, network, file.getvalue(), _PREDICTED)
        seen = checkpoints.seen(checkpoint, file.getvalue())[0]
    except (ValueError, OSError) as error:
        complain(str(error))
        return
    left, right = st.columns([1, 3])
    low, high = seen.amin(), seen.amax()
    grey = ((seen - low) / (high - low).clamp(min=1e-6) * 255).to(torch.uint8)
    shown = grey if len(grey) in (1, 3) else grey[:1]
    left.html(
        f'<div class="rl-pictures"><figure><img src="{address_of(shown)}" '
        f'alt="As the network sees it" height="{_SCALE}">'
        "<figcaption>as the network sees it</figcaption></figure></div>"
    )
    rows = [
        (
            guess.name,
            Cell(f"{100 * guess.probability:.1f}%", repr(guess.probability), guess.probability),
        )
        for guess in found
    ]
    right.html(table("Predicted classes", ("Class", "Probability"), rows, 1))
