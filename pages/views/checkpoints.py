"""Choose a trained network: shipped with the app, trained here, or uploaded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.images.fashion_mnist import fashion_mnist_is_whole_here
from analysis.images.open import FASHION_MNIST, SAMPLE, data_folders
from analysis.images.sets import ImageSet
from analysis.lesions import subjects
from analysis.lesions.drop import Subject
from analysis.lesions.shipped import SHIPPED
from analysis.lesions.subjects import NET, file_of, images_of, subject_of, usual_images
from analysis.training.checkpoints import Checkpoint, load
from analysis.training.start import fits
from analysis.training.tensors import MAX_UPLOAD_BYTES, SUFFIXES
from analysis.training.uploads import keep
from nets import parse
from nets.options import Shortcut
from nets.spec import ResNetSpec
from pages.ui.address import held, hold
from pages.ui.fields import select
from pages.ui.words import complain, sentence
from pages.views.runs import runs_of_visit

UPLOAD, NEW = "upload", "new"
START = "train_start"
"""The parameter of the weights from which a training starts."""

_FAILED = "checkpoint_failed"


@dataclass(frozen=True)
class Trained:
    """A trained network: its value in the address, its file, and when the file last changed."""

    value: str
    path: Path
    changed_ns: int

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint with the network's weights.

        Raises:
            ValueError: in one sentence, if the file is damaged.
        """
        return loaded(str(self.path), self.changed_ns)

    @property
    def name(self) -> str:
        """Its name beside another network."""
        spec = self.checkpoint.spec
        kind = "plain" if spec.shortcut is Shortcut.NONE else "residual"
        return f"{kind}, {spec.depth} layers"


@st.cache_resource(max_entries=8, show_spinner=False)
def loaded(path: str, changed_ns: int) -> Checkpoint:
    """Read a checkpoint; read it again if it has changed."""
    return load(Path(path))


@st.cache_resource(max_entries=8, show_spinner=False)
def digest(path: str, changed_ns: int) -> str:
    """Return the hash of a checkpoint's weights."""
    return loaded(path, changed_ns).digest


@st.cache_resource(max_entries=4, show_spinner=False)
def subject(path: str, changed_ns: int, data: str, data_ns: int, number: int) -> Subject:
    """Return a checkpoint's network with `number` test images and its cached activations.

    Raises:
        ValueError: as `subject_of`.
    """
    checkpoint = loaded(path, changed_ns)
    return subject_of(checkpoint, judged_on(path, changed_ns, data, data_ns), number)


@st.cache_resource(max_entries=6, show_spinner="Opening the images")
def judged_on(path: str, changed_ns: int, data: str, data_ns: int) -> ImageSet:
    """Return the images on which a checkpoint is tested.

    Raises:
        ValueError: as `images_of`.
    """
    return images_of(loaded(path, changed_ns), data)


def found(value: str) -> Trained | None:
    """Return a trained network by name or hash; None if it isn't on this server any more."""
    path = file_of(value)
    try:
        return Trained(value, path, path.stat().st_mtime_ns) if path else None
    except OSError:
        return None


def choose_trained(key: str, place: DeltaGenerator, below: DeltaGenerator) -> Trained | None:
    """Let the visitor choose a trained network.

    Args:
        key: the parameter's name.
        place: where to draw the box.
        below: where to draw the upload.

    Returns:
        The network; None until a checkpoint is uploaded.
    """
    words = {value: label for value, (_, label) in _offered().items()}
    return _choose(key, "Network", words, NET, place, below)


def _choose(
    key: str,
    label: str,
    words: dict[str, str],
    usual: str,
    place: DeltaGenerator,
    below: DeltaGenerator,
) -> Trained | None:
    asked = held(key)
    if asked and asked not in words and (one := found(asked)) and (said := _described(one)):
        words[asked] = said
    words[UPLOAD] = "my own checkpoint"
    rates = any(name in SHIPPED for name in words)
    value = select(label, words, usual, key=key, place=place, help=_PERCENT if rates else None)
    if value == NEW:
        return None
    if value != UPLOAD:
        one = found(value)
        for remark in _remarks(one) if one else ():
            below.caption(sentence(remark))
        return one
    with below:
        st.file_uploader(
            "A checkpoint of this app, or the weights of any ResNet",
            SUFFIXES,
            key=f"{key}_file",
            max_upload_size=MAX_UPLOAD_BYTES // 10**6,
            on_change=_keep,
            args=(key,),
        )
        if failed := st.session_state.pop(_FAILED, ""):
            complain(failed)
    return None


_PERCENT = "Percentages are of Fashion-MNIST's 10,000 test images."


def choose_start(spec: ResNetSpec, place: DeltaGenerator, below: DeltaGenerator) -> Trained | None:
    """Let the visitor choose the weights from which a network's training starts.

    Args:
        spec: the network; trained networks that it can't start from aren't offered.
        place: where to draw the box.
        below: where to draw the upload.

    Returns:
        The trained network, or None for new weights.
    """
    words = {NEW: "new weights"}
    words |= {value: label for value, (own, label) in _offered().items() if fits(own, spec)}
    return _choose(START, "Start from", words, NEW, place, below)


def _offered() -> dict[str, tuple[ResNetSpec, str]]:
    """Return the shipped networks and those trained in this session, with their labels.

    The labels are short, as a select box shows about thirty characters. They name the widths only
    of networks that would otherwise have the same label.
    """
    offered = {}
    for name, net in SHIPPED.items():
        spec = parse(net.model)
        offered[name] = spec, f"{_kind(spec)} ({1 - net.accuracy:.1%} of 10,000 wrong)"
    for run in reversed(runs_of_visit()):
        task = run.task
        if not run.ended and file_of(task.hash):
            label = f"{_kind(task.spec)}, seed {task.seed}, recipe {task.recipe.name}"
            offered[task.hash] = task.spec, label
    times = Counter(label for _, label in offered.values())
    return {
        value: (spec, label if times[label] == 1 else f"{label}, {_widths(spec)}")
        for value, (spec, label) in offered.items()
    }


def _kind(spec: ResNetSpec) -> str:
    kind = "plain" if spec.shortcut is Shortcut.NONE else "residual"
    return f"{kind}, {spec.depth} layers"


def _widths(spec: ResNetSpec) -> str:
    return f"widths {'/'.join(map(str, spec.widths))}"


def _described(one: Trained) -> str:
    try:
        return f"{_kind(one.checkpoint.spec)}, {one.value[:6]}"
    except (ValueError, OSError):
        return ""


def _remarks(one: Trained) -> tuple[str, ...]:
    try:
        return one.checkpoint.remarks
    except (ValueError, OSError):  # reported where the weights are used
        return ()


def _keep(key: str) -> None:
    """Keep an uploaded checkpoint and choose it."""
    file = st.session_state[f"{key}_file"]
    if file is None:
        return
    try:
        hold(key, keep(file.getvalue()))
    except ValueError as error:
        st.session_state[_FAILED] = str(error)
    except OSError as error:
        st.session_state[_FAILED] = f"can't store the checkpoint: {error.strerror or error}"


def twins_of(one: Trained) -> tuple[dict[str, str], str]:
    """Return the other networks with the same block counts, and which of them is the twin.

    Returns:
        The networks' labels by value, and the value of the twin, which has the same input and
        widths but the opposite shortcuts; empty if there is none.
    """
    others = {value: found for value, found in _offered().items() if value != one.value}
    specs = {value: spec for value, (spec, _) in others.items()}
    same, twin = subjects.twins_of(one.checkpoint.spec, specs)
    return {value: others[value][1] for value in same}, twin


def choose_data(one: Trained, key: str, place: DeltaGenerator) -> str:
    """Let the visitor choose the images on which to test a network."""
    words = {SAMPLE: "sample of Fashion-MNIST"}
    if fashion_mnist_is_whole_here():
        words[FASHION_MNIST] = "all of Fashion-MNIST"
    words |= {folder: folder for folder in data_folders()}
    usual = usual_images(one.checkpoint, words)
    return select("Images", words, usual, key=key, place=place)
