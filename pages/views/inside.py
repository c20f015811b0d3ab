"""Show what each block of a network does, and what the network sees in one picture."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from html import escape

import streamlit as st
from torch import Tensor

from analysis.drawing.caption import Role, figure_caption
from analysis.lesions.blocks import Blocks
from analysis.lesions.blocks_charts import (
    deviation_chart,
    how_counted,
    names_of,
    papers,
    ratio_chart,
    share_chart,
)
from analysis.lesions.blocks_report import blocks_csv, blocks_verdict, compared, written
from analysis.lesions.charts import on_images, shown_in_words
from analysis.lesions.papers import SELVARAJU2017
from analysis.lesions.pictures import coloured, grey, overlaid, png
from analysis.lesions.sees import CHANNELS, Maps
from analysis.lesions.sight import Sight, number, sight_svg
from analysis.results.form import Result
from analysis.style.numbers import shape
from analysis.style.palette import CIVIDIS
from pages.ui.charts import chart_picture, show_chart
from pages.ui.downloads import DataFile
from pages.ui.drawings import svg_picture
from pages.ui.exports import export, section
from pages.ui.wall import rename
from pages.ui.words import sentence, unbroken, whole_names

_CHART_PX = 400


def show_blocks(
    studies: Sequence[Blocks], results: Callable[[], Sequence[Result]] | None, of: str
) -> None:
    """Show what each block does: charts, sentences and files.

    Args:
        studies: the blocks of one or several networks, such as a plain and a residual one.
        results: makes the results for a JSON file per network; None for no JSON.
        of: the name of the set of the images.
    """
    charts = {"response": deviation_chart(studies)}
    if any(found.branches for found in studies):
        charts = {"branch": ratio_chart(studies), "variance": share_chart(studies), **charts}
    data = [DataFile("CSV", "blocks.csv", partial(blocks_csv, studies))]
    if results is not None:
        for place, name in enumerate(names_of(studies)):
            make = partial(_json, results, place)
            data.append(DataFile(f"JSON: {name}", f"blocks-{place + 1}.json", make))
    how = how_counted(studies)
    pictures = [
        chart_picture(
            on_images(chart, studies[0].images, of),
            f"blocks_{key}",
            how,
            papers(studies),
            f"blocks-{key}",
        )
        for key, chart in charts.items()
    ]
    with section("What each block does"):
        export("blocks", pictures, data, "blocks")
    columns = [*st.columns(2, gap="large"), *st.columns(2, gap="large")]
    for (key, chart), column in zip(charts.items(), columns, strict=False):
        with column:
            st.markdown(unbroken(f"**{chart.title}**"))
            show_chart(chart, f"blocks_{key}", _CHART_PX)
    with columns[len(charts)]:
        _say(studies, of)


def show_blocks_on_wall(studies: Sequence[Blocks], of: str) -> None:
    """Show what each block does on the wall: one chart, one sentence, and what the bands are.

    Args:
        studies: as in `show_blocks`.
        of: the name of the set of the images.
    """
    drawn = next((found for found in studies if found.branches), studies[0])
    chart = ratio_chart(studies) if drawn.branches else deviation_chart(studies)
    rename(chart.title)
    show_chart(chart, "blocks")
    st.markdown(unbroken(blocks_verdict(drawn)[0]))
    st.caption(unbroken(sentence(on_images(chart, studies[0].images, of).reading)))


def say_whole(out: Sequence[str]) -> None:
    """Say that these charts are of the whole network, if blocks are out elsewhere on the page."""
    if out:
        st.caption("Measured with all blocks in.")


def _json(results: Callable[[], Sequence[Result]], place: int) -> str:
    return results()[place].json()


def _say(studies: Sequence[Blocks], of: str) -> None:
    """Say what the charts show and how it was measured."""
    for found, name in zip(studies, names_of(studies), strict=True):
        if len(studies) > 1:
            st.markdown(unbroken(f"**{name}**"))
        for said in blocks_verdict(found):
            st.markdown(unbroken(f"- {said}"))
    if len(studies) == 2 and (said := compared(*studies)):
        st.markdown(unbroken(said))
    note = (
        "Response: the standard deviation of a 3×3 convolution's output, after its batch norm and "
        "before the non-linearity or the addition (He et al. 2015, Fig. 7)."
    )
    if any(found.branches for found in studies):
        note = (
            "Branch and shortcut: the two inputs of a block's addition. Norms are per image: lines "
            "show the mean, bands the range. Variances are over images and positions, averaged "
            f"over channels (De and Smith 2020). {note}"
        )
    st.caption(f"{note} {sentence(shown_in_words(studies[0].images, of))}")


def show_seen(sights: Sequence[Sight]) -> None:
    """Show what one or two networks see in one picture, one above the other, with an export."""
    names = " and ".join(sight.name for sight in sights)
    said = (
        f"What {names} {'sees' if len(sights) == 1 else 'see'} in one picture: the {CHANNELS} "
        "channels of the stem and of each stage with the largest mean absolute activation; "
        f"{sights[0].explained}"
    )
    maps = svg_picture(
        "maps",
        "Maps",
        "maps",
        lambda look: sight_svg(sights, look.palette),
        caption=partial(figure_caption, said, cited={Role.METHOD: [SELVARAJU2017]}),
    )
    with section("What it sees"):
        export("maps", [maps], what="maps")
    st.html("".join(map(_seen, sights)))
    st.caption(
        f"The {CHANNELS} channels of the stem and of each stage with the largest mean absolute "
        "activation, strongest first; all maps of a network share one scale. Grad-CAM: where the "
        "last stage's channels, weighted by their gradients, raise the class's logit."
    )


def show_seen_on_wall(sights: Sequence[Sight]) -> None:
    """Show what a network sees in one picture on the wall, where no caption tells the scale."""
    if sights:
        rename(f"What it sees: {sights[0].name}")
    st.html("".join(_seen(sight, "activation") for sight in sights))


def _seen(sight: Sight, quantity: str = "") -> str:
    """Return a network's view, with what the maps are and their scale's quantity if given."""
    seen = sight.seen
    low, high = seen.scale
    rows = "".join(map(partial(_row, low=low, high=high), seen.maps))
    told = f"At most {CHANNELS} channels a row, strongest first; one scale for all maps."
    what = f"<p>{told}</p>" if quantity else ""
    return (
        f'<div class="rl-seen"><p><b>{whole_names(sight.name)}</b>: {escape(sight.prediction)}</p>'
        f'<div class="both"><figure>{_img(grey(seen.image), "The picture as the network sees it")}'
        "<figcaption>as the network sees it</figcaption></figure>"
        f"<figure>{_img(overlaid(seen.image, seen.cam), sight.explained)}"
        f"<figcaption>{whole_names(sight.explained)}</figcaption>"
        f"{_scale(0.0, float(seen.cam.max()))}</figure></div>"
        f'<div class="maps">{rows}{_scale(low, high, quantity)}{what}</div></div>'
    )


def _row(maps: Maps, low: float, high: float) -> str:
    """Return a stage's name and maps."""
    images = "".join(
        _img(
            coloured(channel.values, low, high),
            f"{maps.stage}, channel {channel.number}: mean magnitude {written(channel.strength)}",
        )
        for channel in maps.channels
    )
    return f"<span>{maps.stage} · {shape(maps.shape)}</span>{images}"


def _scale(low: float, high: float, quantity: str = "") -> str:
    """Return the colour scale from low to high, with its numbers and its quantity, if any."""
    named = f"<span>{quantity}</span>" if quantity else ""
    return (
        f'<div class="scale">{named}<span>{number(low)}</span>'
        f'<i style="background: linear-gradient(to right, {", ".join(CIVIDIS)})"></i>'
        f"<span>{number(high)}</span></div>"
    )


def _img(pixels: Tensor, said: str) -> str:
    address = f"data:image/png;base64,{b64encode(png(pixels)).decode()}"
    return f'<img src="{address}" alt="{escape(said)}" title="{escape(said)}">'
