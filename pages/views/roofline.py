"""The roofline on the Timing page: how close each stage comes to what the machine can do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import streamlit as st

from analysis.drawing.caption import architectures
from analysis.machine.jobs import Job
from analysis.style.language import listed
from analysis.timing.report import stamp
from analysis.timing.roofline import Roofline, RoofProgress, Step, roofline
from analysis.timing.roofline_charts import roofline_chart
from analysis.timing.roofline_report import (
    CONVENTION,
    HEAD,
    ROOFLINE,
    bound_words,
    busy_words,
    how_measured,
    layout_words,
    points_grid,
    roof_words,
    roofline_conditions,
    roofline_csv,
    roofline_hash,
    roofline_json,
    roofline_of,
    roofline_result,
)
from analysis.timing.settings import Settings
from nets import ResNetSpec, parse
from nets.names import name_in_title
from pages.ui.charts import chart_picture, show_chart
from pages.ui.downloads import DataFile
from pages.ui.exports import export, section
from pages.ui.fields import segments
from pages.ui.jobs import follow, is_over, job_of, say_why, show_share, start
from pages.ui.known import keep, known
from pages.ui.markup import line, table, verdict
from pages.ui.wall import action, aside, end_of_wall, on_wall, say_empty
from pages.ui.words import complain, sentence, unbroken
from pages.views.timing import memory_advice, timing_needs

_JOB = "roofline"
_POINTS = {"stages": "Stages", "kinds": "Kinds of layers"}


def show_roofline(spec: ResNetSpec, settings: Sequence[Settings]) -> None:
    """Let the visitor measure the roofline with the settings, and show the one that is known."""
    if len(settings) > 1:
        sizes = listed([f"{one.batch:,}" for one in settings])
        complain(f"a roofline takes one batch size: enter one instead of {sizes}")
        settings = ()
    job = job_of(_JOB)
    running = job is not None and not is_over(job)
    if job is not None and not running and job.result is not None:
        keep(roofline_result(job.result))
    asked = settings[0] if settings else None
    found, other = (_known(spec, one) for one in (asked, _other_layout(asked)))
    with aside("points"):
        points = segments("Points", _POINTS, "stages", key="roofline_of")
    if on_wall():
        measure, compare = action().container(key="wall_long"), aside("layout")
    else:
        measure, compare = action().columns([1, 3])
    icons = ":material/roofing:", ":material/compare_arrows:"
    _button("Measure the roofline", icons[0], spec, asked, running, measure, primary=not found)
    if found and not other and not found.settings.compile:
        without = "without" if found.settings.channels_last else "with"
        label = f"Measure {without} channels_last, too"
        _button(label, icons[1], spec, _other_layout(asked), running, compare, primary=False)
    if job is not None and running:
        follow(_JOB, job, _show_progress)
    elif job is not None:
        say_why(job, lambda: memory_advice(spec, settings))
    if found is None:
        if asked and not running:
            say_empty(
                "No roofline for these settings yet. The machine's peak and bandwidth are measured "
                "together with the network, forward in eval mode."
            )
        return
    _show(found, other, points)


def _button(
    label: str,
    icon: str,
    spec: ResNetSpec,
    settings: Settings | None,
    running: bool,
    place: st.delta_generator.DeltaGenerator,
    primary: bool,
) -> None:
    place.button(
        label,
        type="primary" if primary else "secondary",
        icon=icon,
        disabled=settings is None or running,
        on_click=start,
        args=(_JOB, roofline, spec, settings),
        kwargs={
            "seconds": (settings.seconds if settings else 0) + 180,
            "needs": timing_needs([settings] if settings else []),
        },
    )


def _other_layout(settings: Settings | None) -> Settings | None:
    return settings and replace(settings, channels_last=not settings.channels_last)


def _known(spec: ResNetSpec, settings: Settings | None) -> Roofline | None:
    """Return this server's roofline of a network with these settings, or None."""
    if settings is None:
        return None
    result = known(roofline_hash(str(spec), settings, settings.threads or 1), ROOFLINE)
    with suppress(ValueError):
        if result is not None:
            return roofline_of(result)
    return None


def _show_progress(job: Job) -> None:
    reports: Sequence[RoofProgress] = job.results
    if not reports:
        show_share(0.0, "Queued" if job.place else "Starting the worker")
        return
    done = len({report.step for report in reports}) - 1
    if reports[-1].step is Step.ROOF and done:  # the roof is measured again, after the network
        done = len(Step)
    left = reports[-1].remaining_seconds
    words = reports[-1].step.capitalize()
    words += f", at most {left:.0f} s left" if left else ""
    show_share(done / (len(Step) + 1), words)


def _show(found: Roofline, other: Roofline | None, points: str) -> None:
    """Show a roofline's sentence, its chart and its table."""
    shown = found.points if points == "stages" else found.kinds
    chart = roofline_chart(found, shown)
    said = bound_words(found)
    if on_wall():
        show_chart(chart, "roofline")
        st.markdown(unbroken(" ".join([said, *busy_words(found)[:1]])))
        st.caption(unbroken(sentence(roofline_conditions(found))))
        end_of_wall()
    with section("Roofline"):
        cited = architectures([found.model])
        picture = chart_picture(chart, "roofline", how_measured(found), cited)
        data = [
            DataFile("CSV", "roofline.csv", partial(roofline_csv, found)),
            DataFile("JSON", "roofline.json", partial(roofline_json, found)),
        ]
        export("roofline", [picture], data, "roofline")
    st.html(
        line(f"{name_in_title(parse(found.model))} · {roofline_conditions(found)}", found.model)
    )
    for warning in busy_words(found):
        st.warning(warning, icon=":material/info:")
    st.html(verdict(said))
    if other is not None:
        st.markdown(unbroken(layout_words(found, other)))
    show_chart(chart, "roofline", 460)
    if not shown:
        st.info("The layers of a compiled network can't be timed.", icon=":material/info:")
    head = [f"{name[:1].upper()}{name[1:]}" for name in HEAD]
    st.html(table("Roofline", head, points_grid(found, shown).rows, 1))
    st.caption(f"{CONVENTION} Roof: {'; '.join(roof_words(found))}. {stamp(found)}.")
