"""Run and show studies of trained networks: one block out, several out, blocks permuted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

import streamlit as st

from analysis.charts.chart import over
from analysis.images.open import SAMPLE, folder_of, open_set
from analysis.lesions.charts import damage_chart, how_studied, on_images, spoken_name_of
from analysis.lesions.drop import Lesions, results_of
from analysis.lesions.papers import cited_by
from analysis.lesions.report import (
    LESIONS,
    is_residual,
    lesions_csv,
    part_in_words,
    ranges_of_orders,
    sentences_of,
)
from analysis.lesions.studies import study_all
from analysis.machine.jobs import Job, Needs
from analysis.results.form import Result
from analysis.results.known import sources
from analysis.results.recorded import whence
from analysis.style.language import translate
from analysis.style.numbers import MISSING, exact
from analysis.training.recipes import Schedule, changed, recipe_of
from analysis.training.runs import Task
from nets import parse
from nets.options import number_of
from pages.ui import lecture
from pages.ui.address import hold
from pages.ui.charts import chart_picture, show_chart
from pages.ui.downloads import DataFile
from pages.ui.exports import export
from pages.ui.fields import segments
from pages.ui.jobs import start
from pages.ui.known import keep, known
from pages.ui.markup import table
from pages.ui.words import unbroken
from pages.views.image_sets import images_in_words
from pages.views.lesions import NET, OUT, Patient
from pages.views.runs import start_training

KEY, TRAINING = "lesions", "network training"

VIEW = "lesion_shown"
"""The setting that names the open view."""

SHOWN = {
    "single": "One block out",
    "several": "Several blocks out",
    "order": "Blocks reordered",
    "does": "What each block does",
    "sees": "What it sees",
}
"""The views below the pictures, with their labels."""

_LIVE = "resnet56:widths=8,16,32:stem_width=8:input=1x14x14:classes=10"
_LIVE_STEPS = 400
_SECONDS = 3_600.0
_TAKEN = "lesion_trained"


def studies_of(patients: Sequence[Patient]) -> list[Result]:
    """Return the known studies of the networks, in their order."""
    found = (known(patient.hash, LESIONS) for patient in patients)
    return [result for result in found if result is not None]


def remember(job: Job) -> None:
    """Keep what a job has found, in this session and in the server's store."""
    for result in job.result or ():
        keep(result)


def live(job: Job) -> list[Lesions]:
    """Return the studies of a job so far."""
    latest: dict[int, Lesions] = {}
    for place, study in job.results:
        latest[place] = study
    return [latest[place] for place in sorted(latest)]


def show_live(job: Job, patients: Sequence[Patient], before: Sequence[Lesions]) -> None:
    """Draw a running study over the known ones: single blocks first, then several."""
    studies = live(job)
    if not studies:
        st.progress(0.0, "Loading the network")
        return
    done = sum(len(one.single) + len(one.dropped) + len(one.permuted) for one in studies)
    latest = studies[-1]
    whole = len(patients) * results_of(parse(latest.model))
    st.progress(min(done / whole, 1.0), f"{done:,} of {number_of(whole, 'result')}")
    part = "several" if latest.permuted or latest.dropped else "single"
    chart, below = damage_chart(part, studies), damage_chart(part, before)
    if chart is not None:
        show_chart(over(chart, below) if below else chart, "lesions_live", 360)


def study_button(patients: Sequence[Patient], results: Sequence[Result], running: bool) -> None:
    """Draw the button that drops single blocks, then several, then permutes the stages."""
    is_known = len(results) == len(patients)
    st.button(
        "Run it here" if is_known else "Drop blocks one by one",
        type="secondary" if is_known else "primary",
        icon=":material/play_arrow:",
        disabled=running or not patients,
        on_click=run_study,
        args=(tuple(patients),),
        help="Drops every block on its own, then several at random, then permutes each stage. "
        "Takes about a minute for a pair of 32-layer networks on one thread.",
        width="stretch",
    )


def run_study(patients: tuple[Patient, ...]) -> None:
    """Start the studies of networks in the worker, from a callback."""
    first = patients[0]
    files = tuple(patient.net.path for patient in patients)
    data = str(folder_of(first.data) or first.data)
    needs = Needs(files=[*files, data])
    start(KEY, study_all, files, data, first.number, seconds=_SECONDS, needs=needs)


def show_damage(
    shown: str, studies: Sequence[Lesions], results: Sequence[Result], out: Sequence[str]
) -> None:
    """Show one part of a study: its chart, as `damage_chart`, and what it shows."""
    chart = damage_chart(shown, studies, out)
    if chart is None:
        st.caption("Not measured yet.")
        return
    show_chart(chart, f"lesions_{shown}", 420)
    if shown == "order":
        _show_orders(studies)
    else:
        for study in studies:
            name = spoken_name_of(study, studies)
            for said in sentences_of(study, shown):
                if len(studies) > 1:
                    said = translate("**{network}.** {sentence}", network=name, sentence=said)
                st.markdown(unbroken(f"- {said}"))
    if shown != "single":
        st.caption(
            f"{chart.reading}. Draws and permutations keep the first block of each stage in place: "
            "it makes the feature map that the others refine and, except in the first stage, "
            "changes its shape."
        )
    st.caption(unbroken(" ".join(dict.fromkeys(map(whence, results)))))


def _show_orders(studies: Sequence[Lesions]) -> None:
    """Show the range of each network's errors with each stage's blocks reordered."""
    st.markdown(unbroken(part_in_words(studies, "order")))
    found = [ranges_of_orders(one) for one in studies]
    rows = []
    for stage in dict.fromkeys(chain.from_iterable(found)):
        each = [one.get(stage, (MISSING, 0)) for one in found]
        counts = dict.fromkeys(exact(count) for _, count in each if count)
        rows.append((stage, ", ".join(counts), *(errors for errors, _ in each)))
    names = [f"Test error: {spoken_name_of(one, studies)}" for one in studies]
    st.html(table("Blocks reordered", ("Stage", "Orders", *names), rows, 1))


def show_damage_on_wall(
    shown: str, studies: Sequence[Lesions], results: Sequence[Result], out: Sequence[str], of: str
) -> None:
    """Show one part of studies on the wall: its chart, and a sentence on all networks.

    Bars of the blocks that are `out` have their value; the test images are `of` a set.
    """
    chart = damage_chart(shown, studies, out)
    if chart is None:
        st.markdown("Not measured yet.")
        return
    show_chart(chart, f"lesions_{shown}")
    lecture.sentence(part_in_words(studies, shown))
    how = f"{chart.reading}." if chart.reading else ""
    st.caption(unbroken(" ".join(filter(None, (images_in_words(of), how, sources(results))))))


def _short(study: Lesions) -> str:
    kind = "residual" if is_residual(study.model) else "plain"
    return f"{kind}, {parse(study.model).depth} layers"


def export_studies(
    studies: Sequence[Lesions], results: Sequence[Result], out: Sequence[str], of: str
) -> None:
    """Draw the export dialog for a study on the test images `of` a set: its charts and numbers."""
    data = []
    for study, result in zip(studies, results, strict=True):
        name = f"lesions-{_short(study).replace(', ', '-').replace(' ', '-')}"
        data.append(DataFile(f"CSV, {_short(study)}", f"{name}.csv", partial(lesions_csv, study)))
        data.append(DataFile(f"JSON, {_short(study)}", f"{name}.json", result.json))
    whole = {part: damage_chart(part, studies, out) for part in ("single", "several", "order")}
    charts = {
        part: on_images(chart, studies[0].images, of)
        for part, chart in whole.items()
        if chart is not None
    }
    where = " ".join(dict.fromkeys(map(whence, results)))
    how = f"{how_studied(studies)} {where}"
    cited = cited_by(study.model for study in studies)
    pictures = [
        chart_picture(chart, f"lesions_{key}", how, cited, f"lesions-{key}")
        for key, chart in charts.items()
    ]
    export("lesions", pictures, data)


def choose_shown() -> str:
    """Let the visitor choose the view below the pictures."""
    return segments("View", SHOWN, "single", key=VIEW, label_visibility="collapsed")


def train_button(running: bool) -> None:
    """Draw the button that trains a residual network of 56 layers and then studies it."""
    st.button(
        "Train a ResNet-56 now",
        icon=":material/model_training:",
        disabled=running,
        on_click=_train,
        help="Trains for 400 steps on the sample at 14×14 pixels, about 40 seconds on one thread, "
        "then drops its blocks.",
        width="stretch",
    )


def _train() -> None:
    start_training(TRAINING, (live_task(),), _SECONDS)


def live_task() -> Task:
    """Return the task of the network that is trained live."""
    changes: dict[str, Any] = {"batch": 64, "steps": _LIVE_STEPS, "schedule": Schedule.COSINE}
    recipe = changed(recipe_of("degradation"), changes)
    return Task(parse(_LIVE), recipe, SAMPLE, open_set(SAMPLE).digest)


def show_training(job: Job) -> None:
    """Show the progress of the live training."""
    losses = list(chain.from_iterable(one.losses for one in job.results))
    said = (
        f"step {len(losses):,} of {_LIVE_STEPS}, loss {losses[-1]:.2f}"
        if losses
        else "Loading the images"
    )
    st.progress(min(len(losses) / _LIVE_STEPS, 1.0), said)


def take_trained(job: Job) -> bool:
    """Choose the network that was trained live, once per job; return whether it was chosen."""
    if not job.result or st.session_state.get(_TAKEN) is job:
        return False
    st.session_state[_TAKEN] = job
    run = job.result[0]
    hold(NET, run.task.hash)
    hold(OUT, "")
    return True
