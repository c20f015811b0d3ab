"""Inside a network: what each block does, and what the network sees in one picture."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from html import escape

import streamlit as st
from torch import Tensor

from analysis.lesions.blocks import Blocks
from analysis.lesions.blocks_charts import deviation_chart, names_of, ratio_chart, share_chart
from analysis.lesions.blocks_report import blocks_csv, blocks_verdict, compared, written
from analysis.lesions.pictures import coloured, grey, overlaid, png
from analysis.lesions.sees import CHANNELS, Maps
from analysis.lesions.sight import Sight, number, sight_svg
from analysis.results.form import Result
from analysis.style import files
from analysis.style.fonts import with_fonts
from analysis.style.numbers import shape
from analysis.style.palette import CIVIDIS
from nets.options import number_of
from pages.ui.charts import chart_buttons, show_chart
from pages.ui.downloads import file_button, section

_CHART_PX = 400


def show_blocks(
    studies: Sequence[Blocks], results: Callable[[], Sequence[Result]] | None = None
) -> None:
    """Show what each block does: charts, sentences and files.

    Args:
        studies: of one network or several, such as a plain and a residual one.
        results: makes their results, for one JSON file each.
    """
    charts = {"response": deviation_chart(studies)}
    if any(found.branches for found in studies):
        charts = {"branch": ratio_chart(studies), "variance": share_chart(studies), **charts}
    with section("What each block does", "blocks"):
        for key, chart in charts.items():
            st.markdown(f"**{chart.title}**")
            chart_buttons(chart, f"blocks-{key}")
        st.markdown("**Figures**")
        file_button("CSV", "blocks.csv", partial(blocks_csv, studies))
        if results is not None:
            for place, name in enumerate(names_of(studies)):
                file_button(
                    f"JSON: {name}", f"blocks-{place + 1}.json", partial(_json, results, place)
                )
    columns = [*st.columns(2, gap="large"), *st.columns(2, gap="large")]
    for (key, chart), column in zip(charts.items(), columns, strict=False):
        with column:
            st.markdown(f"**{chart.title}**")
            show_chart(chart, f"blocks_{key}", _CHART_PX)
    with columns[len(charts)]:
        _say(studies)


def _json(results: Callable[[], Sequence[Result]], place: int) -> str:
    return results()[place].json()


def _say(studies: Sequence[Blocks]) -> None:
    """Say what the charts show, and how it was measured."""
    for found, name in zip(studies, names_of(studies), strict=True):
        if len(studies) > 1:
            st.markdown(f"**{name}**")
        for sentence in blocks_verdict(found):
            st.markdown(f"- {sentence}")
    if len(studies) == 2 and (said := compared(*studies)):
        st.markdown(said)
    note = (
        "Response: the standard deviation of a 3×3 convolution's output, after its batch norm and "
        "before the non-linearity or the addition (He et al. 2015, Fig. 7)."
    )
    if any(found.branches for found in studies):
        note = (
            "Branch and shortcut: what enters a block's addition from either. Norms are each "
            "image's, with their mean and, as a band, their range; variances are over images and "
            f"positions, in the mean over the channels (De and Smith 2020). {note}"
        )
    counts = " and ".join(dict.fromkeys(number_of(found.images, "image") for found in studies))
    st.caption(f"{note} On {counts}.")


def show_seen(sights: Sequence[Sight]) -> None:
    """Show what one or two networks see in one picture, one above the other, with files."""
    with section("What it sees", "maps"):
        file_button("Maps as SVG", "maps.svg", lambda: with_fonts(sight_svg(sights)))
        file_button("Maps as PDF", "maps.pdf", lambda: files.pdf(sight_svg(sights)))
        file_button("Maps as PNG", "maps.png", lambda: files.png(sight_svg(sights)))
    st.html("".join(map(_seen, sights)))
    st.caption(
        f"Of the stem and of each stage, the {CHANNELS} channels with the largest mean absolute "
        "activation, the strongest first; all maps of a network are on one scale. Grad-CAM: where "
        "the last stage's channels, weighted by their gradient, raise the class's logit."
    )


def _seen(sight: Sight) -> str:
    seen = sight.seen
    low, high = seen.scale
    rows = "".join(map(partial(_row, low=low, high=high), seen.maps))
    return (
        f'<div class="rl-seen"><p><b>{escape(sight.name)}</b>: {escape(sight.prediction)}</p>'
        f'<div class="both"><figure>{_img(grey(seen.image), "The picture as the network sees it")}'
        "<figcaption>as the network sees it</figcaption></figure>"
        f"<figure>{_img(overlaid(seen.image, seen.cam), sight.explained)}"
        f"<figcaption>{escape(sight.explained)}</figcaption>"
        f"{_scale(0.0, float(seen.cam.max()))}</figure></div>"
        f'<div class="maps">{rows}{_scale(low, high)}</div></div>'
    )


def _row(maps: Maps, low: float, high: float) -> str:
    """A stage's name and its maps."""
    images = "".join(
        _img(
            coloured(channel.values, low, high),
            f"{maps.stage}, channel {channel.number}: mean magnitude {written(channel.strength)}",
        )
        for channel in maps.channels
    )
    return f"<span>{maps.stage} · {shape(maps.shape)}</span>{images}"


def _scale(low: float, high: float) -> str:
    """The colours from low to high, with their numbers."""
    return (
        f'<div class="scale"><span>{number(low)}</span>'
        f'<i style="background: linear-gradient(to right, {", ".join(CIVIDIS)})"></i>'
        f"<span>{number(high)}</span></div>"
    )


def _img(pixels: Tensor, said: str) -> str:
    address = f"data:image/png;base64,{b64encode(png(pixels)).decode()}"
    return f'<img src="{address}" alt="{escape(said)}" title="{escape(said)}">'
