"""Lesions and paths as charts."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.charts.chart import Chart, Dash, Draw, Series
from analysis.lesions.drop import Lesions
from analysis.lesions.paths import Paths
from analysis.lesions.report import is_residual, lesions_verdict, paths_verdict


def single_chart(studies: Sequence[Lesions]) -> Chart:
    """Draw the error in percent with each block out alone, a bar for each, and without any."""
    series = []
    for found in studies:
        residual = is_residual(found.model)
        name = "residual" if residual else "plain"
        names = [one for one in studies if is_residual(one.model) is residual]
        series.append(
            Series(
                name if len(names) == 1 else found.model,
                ("none", *(one.path for one in found.single)),
                (100 * found.error, *(100 * one.error for one in found.single)),
                Draw.BARS,
                "identity" if residual else "plain",
            )
        )
    said = " ".join(sentence for found in studies for sentence in lesions_verdict(found))
    return Chart(
        "Error with one block out",
        "block that is out",
        "test error, %",
        tuple(series),
        f"Test error in percent with each block out alone. {said}",
    )


def paths_chart(found: Paths) -> Chart:
    """Draw how many paths have each length, and how much of the gradient they carry, in percent."""
    lengths = tuple(one.length for one in found.lengths)
    whole = 2**found.blocks
    return Chart(
        "Paths and gradient by length",
        "blocks on a path",
        "share, %",
        (
            Series(
                "paths",
                lengths,
                tuple(float(100 * one.paths / whole) for one in found.lengths),
                colour="plain",
            ),
            Series(
                "gradient",
                lengths,
                tuple(100 * one.share for one in found.lengths),
                colour="identity",
                dash=Dash.DASHED,
            ),
        ),
        f"Shares of all paths and of the gradient by length. {' '.join(paths_verdict(found))}",
    )
