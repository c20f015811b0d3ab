"""Parts of the Lesions page: take blocks out of a trained network, and see the errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from analysis.drawing.heat import Heat
from analysis.images.sets import ImageSet
from analysis.lesions.charts import spoken_name_of
from analysis.lesions.drop import Lesions, Subject
from analysis.lesions.report import (
    Errors,
    errors_in_words,
    lesions_hash,
    lesions_of,
    part_in_words,
    without,
)
from analysis.lesions.subjects import IMAGES, MAX_IMAGES, spread
from analysis.results.form import Result
from analysis.results.known import sources
from analysis.style.language import translate
from analysis.style.palette import DARK, LIGHT
from nets import plan
from nets.options import number_of
from pages.ui import lecture
from pages.ui.address import chosen, hold
from pages.ui.fields import number, select
from pages.ui.markup import Figure, figures
from pages.ui.theme import palette
from pages.ui.wall import rename
from pages.ui.words import complain, unbroken
from pages.views.checkpoints import (
    Trained,
    choose_data,
    choose_trained,
    digest,
    found,
    judged_on,
    subject,
    twins_of,
)
from pages.views.graph import show_blocks_to_take
from pages.views.image_sets import changed_ns, images_in_words
from pages.views.trained import address_of

OUT, NET = "out", "net"
"""The parameters of the removed blocks and of the network."""

_NONE = "none"
_PICTURE_PX = 72
_PICTURES = 10


@dataclass(frozen=True)
class Patient:
    """A network on the page, with its test images."""

    net: Trained
    data: str
    data_ns: int
    number: int

    @property
    def subject(self) -> Subject:
        """The loaded network and its images, shared by all visitors."""
        net = self.net
        return subject(str(net.path), net.changed_ns, self.data, self.data_ns, self.number)

    @property
    def images(self) -> ImageSet:
        """The set of its test images."""
        return judged_on(str(self.net.path), self.net.changed_ns, self.data, self.data_ns)

    @property
    def hash(self) -> str:
        """The hash of the network's study."""
        net = self.net
        weights = digest(str(net.path), net.changed_ns)
        spec = str(net.checkpoint.spec)
        return lesions_hash(spec, weights, self.images.digest, len(self.subject.labels))


@dataclass(frozen=True)
class Answer:
    """A network's predictions with some blocks out.

    Attributes:
        error: the share of misclassified images.
        guesses: the predicted class of each shown picture, and its probability.
    """

    error: float
    guesses: tuple[tuple[int, float], ...]


def choose_patients(top: DeltaGenerator, below: DeltaGenerator) -> tuple[Patient, ...]:
    """Let the visitor choose one or two networks and the images; return none if one is invalid."""
    with top:
        one, two, three, four = st.columns([3.0, 2.88, 2.06, 0.62], vertical_alignment="bottom")
    net = choose_trained(NET, one, below)
    if net is None:
        return ()
    try:
        others, twin = twins_of(net)
        words = {_NONE: "nothing", **others}
        beside = select("Compare with", words, twin or _NONE, key="beside", place=two)
        data = choose_data(net, "lesion_data", three)
        count = number("Count", 1, MAX_IMAGES, IMAGES, key="lesion_images", place=four)
        nets = [net, *filter(None, [None if beside == _NONE else found(beside)])]
        patients = tuple(Patient(each, data, changed_ns(data), count) for each in nets)
        for patient in patients:
            _ = patient.subject
    except (ValueError, OSError) as error:
        complain(str(error))
        return ()
    return patients


def chosen_out(patients: Sequence[Patient]) -> tuple[str, ...]:
    """Return the blocks that are out, in the network's order."""
    known = [place.path for place in plan.blocks(patients[0].net.checkpoint.spec)]

    def read(text: str) -> tuple[str, ...]:
        asked = set(text.split(","))
        if not asked <= set(known):  # blocks of another network
            raise ValueError
        return tuple(path for path in known if path in asked)

    return chosen(OUT, read, ())


def take(out: str) -> None:
    """Set the removed blocks from a callback; `out` holds their paths, separated by commas."""
    hold(OUT, out)


def show_patients(
    patients: Sequence[Patient], out: tuple[str, ...], studies: Sequence[Lesions]
) -> list[Answer]:
    """Show the networks one below the other, each with its error; return the predictions.

    On a phone, where a tapped block's network is taller than the screen, a bar at the lower edge
    says the errors, too.
    """
    places = []
    for index, patient in enumerate(patients):
        places.append(st.container())
        _show_graph(patient, patients, out, studies, index)
    answers, errors = [], []
    for patient, place in zip(patients, places, strict=True):
        answers.append(answered(patient, out))
        found = Errors(patient.net.checkpoint.spec, answered(patient, ()).error, answers[-1].error)
        errors.append(found)
        place.html(figures([_figure(patient, found.intact, found.now, len(out))]))
    if out:
        with st.container(key="lesion_bar"):
            st.markdown(errors_in_words(errors, len(patients[0].subject.labels), out))
    return answers


def show_on_wall(
    patients: Sequence[Patient], out: tuple[str, ...], results: Sequence[Result]
) -> None:
    """Show the first network's graph, below one sentence.

    It is on that network with any one block out, or on the errors of all networks. If these are
    recorded, it says so. A step of a lecture has a sentence of its own.

    Args:
        patients: the networks.
        out: the paths of the blocks that are out.
        results: the known studies of the networks.
    """
    studies = [lesions_of(result) for result in results]
    place = None if lecture.tells() else st.container(key="wall_taken").empty()
    own = [study for study in studies if study.model == str(patients[0].net.checkpoint.spec)]
    if out:
        rename(without(out))
    elif own:
        network = spoken_name_of(own[0], own)
        rename(translate("Test error without each block: {network}", network=network))
    _show_graph(patients[0], patients[:1], out, own, 0)
    if place is None:
        return
    shown = images_in_words(patients[0].images.name)
    if own and not out:
        measured = sources([results[studies.index(own[0])]])
        place.markdown(unbroken(f"{part_in_words(own, 'single')} {shown} {measured}"))
        return
    found, recorded = [], 0
    for patient in patients:
        spec = patient.net.checkpoint.spec
        study = next((one for one in studies if one.model == str(spec)), None)
        if study and (error := _recorded(study, out)) is not None:
            found.append(Errors(spec, study.error, error))  # no need to run the network
            recorded += 1
        else:
            found.append(Errors(spec, answered(patient, ()).error, answered(patient, out).error))
    if out:
        now = f"{found[0].now:.1%}"
        rename(translate("{lead}: {error} wrong", lead=without(out), error=now))
    images = len(patients[0].subject.labels)
    said = [errors_in_words(found, images, out), shown]
    if recorded == len(found):
        said.append(sources(results))
    place.markdown(unbroken(" ".join(said)))


def _show_graph(
    patient: Patient,
    patients: Sequence[Patient],
    out: tuple[str, ...],
    studies: Sequence[Lesions],
    index: int,
) -> None:
    """Draw one of the networks' graphs, coloured and sized on scales shared by all."""
    by_model = {study.model: study for study in studies}
    heats = {}
    for each in patients:
        spec = each.net.checkpoint.spec
        study = by_model.get(str(spec))
        heats[spec] = _damage(study, studies) if study else None
    show_blocks_to_take(patient.net.checkpoint.spec, out, heats, palette(), f"taken_{index}", take)


def _recorded(study: Lesions, out: tuple[str, ...]) -> float | None:
    """Return the error that a study has with these blocks out; it has none for two or more."""
    if not out:
        return study.error
    found = (one.error for one in study.single if (one.path,) == out)
    return next(found, None)


def _figure(patient: Patient, intact: float, error: float, count: int) -> Figure:
    images = number_of(len(patient.subject.labels), "test image")
    if not count:
        return Figure(patient.net.name, f"{error:.1%} wrong", f"of these {images}, no blocks out")
    points = 100 * (error - intact)
    return Figure(
        patient.net.name,
        f"{error:.1%} wrong",
        f"of these {images}, {number_of(count, 'block')} out; {intact:.1%} with all in",
        delta=f"{points:+.1f} points".replace("-", "−"),
    )


def _damage(study: Lesions, studies: Sequence[Lesions]) -> Heat:
    """Return the error without each block, on a scale shared by all studies."""
    values = {one.path: 100 * one.error for one in study.single}
    most = 100 * max(one.error for each in studies for one in each.single)
    return Heat("test error with only this block out", "%", values, varies=True, most=most)


def answered(patient: Patient, out: tuple[str, ...]) -> Answer:
    """Return a network's predictions with these blocks out, cached for all visitors."""
    net = patient.net
    return _answer(
        str(net.path), net.changed_ns, patient.data, patient.data_ns, patient.number, out
    )


@st.cache_data(max_entries=2_000, show_spinner=False)
def _answer(
    path: str, changed_ns: int, data: str, data_ns: int, number: int, out: tuple[str, ...]
) -> Answer:
    on = subject(path, changed_ns, data, data_ns, number)
    logits = on.logits(out)
    predicted = logits.argmax(1)
    error = float((predicted != on.labels).double().mean())
    shown = pictured(on.labels)
    chances = logits[shown].softmax(1)
    guesses = tuple(
        (int(predicted[place]), float(chance.max()))
        for place, chance in zip(shown, chances, strict=True)
    )
    return Answer(error, guesses)


def pictured(labels: torch.Tensor) -> list[int]:
    """Return the numbers of the images to show: the first of each of ten classes."""
    classes = labels.unique()[:_PICTURES]
    return [int((labels == label).nonzero()[0]) for label in classes]


def show_pictures(patients: Sequence[Patient], answers: Sequence[Answer]) -> None:
    """Show ten test pictures with each network's prediction; mark the wrong ones."""
    first = patients[0]
    net = first.net
    images = judged_on(str(net.path), net.changed_ns, first.data, first.data_ns)
    labels = first.subject.labels
    numbers = spread(len(images.test), first.number)
    shown = []
    for index, place in enumerate(pictured(labels)):
        label = images.classes[int(labels[place])]
        lines = []
        for patient, answer in zip(patients, answers, strict=True):
            guess, chance = answer.guesses[index]
            wrong = guess != int(labels[place])
            kind = ' class="wrong"' if wrong else ""
            who = f"{patient.net.name.split(',')[0]}: " if len(patients) > 1 else ""
            told = f"× {images.classes[guess]}" if wrong else "✓"
            said = escape(f"{who}{told} {chance:.0%}")
            lines.append(f"<span{kind}>{said}</span>")
        picture = address_of(images.test[numbers[place]])
        shown.append(
            f'<figure><img src="{picture}" alt="{escape(label)}" height="{_PICTURE_PX}">'
            f"<figcaption><b>{escape(label)}</b><br>{'<br>'.join(lines)}</figcaption></figure>"
        )
    style = f"--rl-warning:light-dark({LIGHT.warning},{DARK.warning})"
    st.html(f'<div class="rl-pictures rl-ten" style="{style}">{"".join(shown)}</div>')
