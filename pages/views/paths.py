"""Parts of the Paths page: the choice of a network, its measurement, charts and table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.chart import over
from analysis.images.open import folder_of
from analysis.lesions.charts import (
    RANDOM,
    gradient_chart,
    how_drawn,
    paths_charts,
    paths_title,
)
from analysis.lesions.papers import cited_by
from analysis.lesions.paths import DRAWS, MAX_DRAWS, Length, Paths, check
from analysis.lesions.report import PATHS, paths_csv, paths_hash, paths_verdict
from analysis.lesions.studies import measure_paths
from analysis.lesions.subjects import MAX_PATH_IMAGES, PATH_IMAGES, seed_of
from analysis.machine.jobs import Job, Needs
from analysis.results.form import Result
from analysis.results.recorded import whence
from analysis.style.language import translate
from analysis.style.numbers import power_of_ten
from nets import ResNetSpec
from nets.names import name_of
from nets.options import number_of
from pages.ui import lecture
from pages.ui.charts import row_picture, show_chart
from pages.ui.downloads import DataFile
from pages.ui.exports import export
from pages.ui.fields import number, segments
from pages.ui.jobs import show_share, start
from pages.ui.known import keep, known
from pages.ui.markup import Cell, table
from pages.ui.wall import action, on_wall
from pages.ui.words import complain, unbroken
from pages.views.checkpoints import (
    choose_data,
    choose_trained,
    digest,
    judged_on,
)
from pages.views.image_sets import changed_ns, images_in_words

KEY = "paths"
TRAINED, INITIAL, MODEL = "trained", "initial", "model"

_STATES = {
    TRAINED: "Trained",
    INITIAL: "At initialisation",
    MODEL: "Sidebar model at initialisation",
}
_SECONDS = 3_600.0


@dataclass(frozen=True)
class Question:
    """What to measure: a checkpoint or a model, images `of` a set, and the number of draws."""

    spec: ResNetSpec
    source: Path | str
    data: str | None
    of: str
    images: int
    draws: int
    hash: str


def choose_question(
    spec: ResNetSpec, top: DeltaGenerator, below: DeltaGenerator
) -> Question | None:
    """Let the visitor choose a network, its state, images and draws; None if one is invalid."""
    state = segments("State", _STATES, TRAINED, key="path_state", place=top)
    with top:
        one, two, three, four = st.columns([2.6, 2, 1, 1.2])
    images = number("Image count", 1, MAX_PATH_IMAGES, PATH_IMAGES, key="path_images", place=three)
    draws = number("Paths per length", 1, MAX_DRAWS, DRAWS, key="path_draws", place=four)
    try:
        if state == MODEL:
            check(spec)
            one.markdown(unbroken(f":small[Network]  \n{name_of(spec)}, from the sidebar"))
            two.markdown(":small[Images]  \nrandom")
            asked = str(spec), seed_of(0), "random", images, draws, False
            return Question(spec, str(spec), None, RANDOM, images, draws, paths_hash(*asked))
        net = choose_trained("path_net", one, below)
        if net is None:
            return None
        data = choose_data(net, "path_data", two)
        own = net.checkpoint.spec
        check(own)
        shown = judged_on(str(net.path), net.changed_ns, data, changed_ns(data))
        trained = state == TRAINED
        weights = digest(str(net.path), net.changed_ns) if trained else seed_of(0)
        count = min(images, len(shown.test))
        name = paths_hash(str(own), weights, shown.digest, count, draws, trained)
        source = net.path if trained else str(own)
        return Question(own, source, data, shown.name, images, draws, name)
    except (ValueError, OSError) as error:
        complain(str(error))
        return None


def answer(question: Question) -> Result | None:
    """Return the known result of a question, if any."""
    return known(question.hash, PATHS)


def remember(job: Job) -> None:
    """Keep what a job has measured, in this session and in the server's store."""
    if job.result is not None:
        keep(job.result)


def measure_button(question: Question | None, known: bool, running: bool) -> None:
    """Draw the button that measures in the worker."""
    place = st.container() if known else action()
    place.button(
        "Run it here" if known else "Measure",
        type="secondary" if known else "primary",
        icon=":material/play_arrow:",
        disabled=question is None or running,
        on_click=_run,
        args=(question,),
    )


def _run(question: Question) -> None:
    data = question.data and str(folder_of(question.data) or question.data)
    start(
        KEY,
        measure_paths,
        question.source,
        data,
        question.images,
        question.draws,
        seconds=_SECONDS,
        needs=Needs(files=[question.source, data or ""]),
    )


def show_live(job: Job, question: Question | None, before: Paths | None) -> None:
    """Draw the gradient of one path of each length so far, over the known one."""
    lengths: Sequence[Length] = job.results
    whole = sum(question.spec.blocks) + 1 if question else len(lengths) + 1
    said = f"{number_of(len(lengths), 'length')} of {whole}"
    show_share(len(lengths) / whole, said)
    if lengths:
        chart = gradient_chart(lengths)
        if before:
            chart = over(chart, gradient_chart(before.lengths))
        show_chart(chart, "paths_live", 360)


def show_paths(found: Paths) -> None:
    """Show the three charts and what they say."""
    for chart, place in zip(paths_charts(found), st.columns(3, gap="medium"), strict=True):
        with place:
            st.markdown(f"**{chart.title}**")
            show_chart(chart, f"paths_{chart.title}", 360)
    verdict = paths_verdict(found)
    if on_wall():
        lecture.sentence(verdict[0])
        return
    for said in verdict:
        st.markdown(unbroken(f"- {said}"))
    errors = (
        " The third chart's band and ± show an upper bound of the standard error: the largest that "
        "the range over the sampled paths allows."
    )
    st.caption(
        "The number of paths of a length, times the gradient along one of them, is what that "
        "length carries (Veit, Wilber, Belongie 2016, Fig. 6). Magnitudes are added, so "
        "cancellation between paths is ignored. A path's length is the number of branches on it; "
        "shortcuts of any kind count 0. The second chart's band is the range over the draws."
        f"{errors if found.is_sampled else ''}"
    )


def say_source(found: Paths, result: Result, of: str) -> None:
    """Say when and where a result was measured; on the wall, on images `of` which set, too."""
    if found.is_sampled:
        band = translate(
            "Bands: lowest to highest of up to {count} paths per length; in the third chart, an "
            "upper bound of the standard error.",
            count=found.draws,
        )
    else:
        band = translate(
            "Band: lowest to highest of up to {count} paths per length.", count=found.draws
        )
    told = (images_in_words(of), band) if on_wall() else ()
    st.caption(unbroken(" ".join((*told, whence(result)))))


def show_table(found: Paths) -> None:
    """Show a table of all lengths with exact numbers."""
    most = max(one.share for one in found.lengths) or 1.0
    rows = [
        (
            str(one.length),
            f"{one.paths:,}",
            Cell(
                _in_powers(one.gradient),
                f"{one.gradient!r}; {one.low!r} to {one.high!r} over the draws",
            ),
            Cell(f"{_or_less(100 * one.share, 1)}%", repr(one.share), one.share / most),
        )
        for one in found.lengths
    ]
    head = ("Length", "Paths", "Gradient of one path", "Share of the gradient")
    st.html(table("Paths by length", head, rows, 0))


def _in_powers(value: float) -> str:
    """Return three significant digits and a power of ten: `7.38×10⁻³`."""
    digits, _, exponent = f"{value:.2e}".partition("e")
    return f"{digits}×{power_of_ten(int(exponent))}" if value else "0"


def _or_less(value: float, digits: int) -> str:
    """Return a number with some decimals; one that would round to 0 as `<0.1`."""
    least = 10.0**-digits
    return f"<{least:.{digits}f}" if 0 < value < least / 2 else f"{value:.{digits}f}"


def export_paths(found: Paths, result: Result, of: str) -> None:
    """Draw the export dialog for the three charts and the numbers, on images `of` a set."""
    how = f"{how_drawn(found, result.asked['seed'])} {whence(result)}"
    charts, cited = paths_charts(found, of), cited_by([found.model])
    picture = row_picture(charts, "paths", paths_title(found), how, cited)
    data = [
        DataFile("CSV", "paths.csv", partial(paths_csv, found)),
        DataFile("JSON", "paths.json", result.json),
    ]
    export("paths", [picture], data)
