"""Reports of rooflines: a sentence, terminal text, JSON, CSV, and the form of a result's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from analysis.costs.step import Dtype
from analysis.machine.devices import Environment
from analysis.results.form import Result, hash_of
from analysis.style.grid import Grid
from analysis.style.language import between, listed, marked, translate
from analysis.style.numbers import exact, milliseconds, percent, short, three
from analysis.style.rows import csv_text
from analysis.style.stamps import device_words
from analysis.style.terminal import WIDTH, laid_out
from analysis.timing.measure import Spread
from analysis.timing.report import measured_where
from analysis.timing.results import asked_of
from analysis.timing.roofline import OVERHEAD, Busy, Point, Roof, Roofline
from analysis.timing.settings import Settings
from nets.options import number_of

ROOFLINE = "roofline"
"""The kind of the results."""

CONVENTION = (
    "FLOP: two per multiply-add of convolutions and linear layers. Bytes: inputs, weights and "
    "output of every layer in the dtype, added up, as if no layers were fused. Share: the least "
    "time that the roof allows over the time taken; data in the cache can give more than 100%."
)
"""What the figures mean."""

HEAD = (
    *("", "FLOP", "bytes moved", "FLOP per byte"),
    *("time", "performance", "bandwidth", "share of roof"),
)
"""The head of the table."""

_BUSY = {
    Busy.ROUNDS: marked(
        "The machine is busy: no two measurements of the roof agree within 5%. Close other "
        "programs and measure again."
    ),
    Busy.PEAK: marked(
        "A stage is faster than the measured peak by more than 5%, so the peak is too low. Measure "
        "again."
    ),
    Busy.STAGES: marked(
        "The stage times are noisy. Allow more time, or close other programs, and measure again."
    ),
}

_BUSY_NOTE = {
    Busy.ROUNDS: "No two measurements of the roof agree; measure again.",
    Busy.PEAK: "Peak measured too low; measure again.",
    Busy.STAGES: "Stage times are noisy; measure again.",
}


_ASKED = (
    *("model", "device", "batch", "dtype", "tf32"),
    *("channels_last", "compile", "threads", "seed"),
)


def roofline_hash(model: str, settings: Settings, threads: int) -> str:
    """Return the hash of a question, before anything is measured."""
    return hash_of(ROOFLINE, _asked(model, settings, threads))


def _asked(model: str, settings: Settings, threads: int) -> dict[str, Any]:
    return {
        key: value for key, value in asked_of(model, settings, threads).items() if key in _ASKED
    }


def roofline_result(found: Roofline) -> Result:
    """Return a roofline as a result: its settings, with device and threads, and the stamp."""
    figures = {
        "model": found.model,
        "device": found.settings.device,
        "dtype": found.settings.dtype.value,
        "batch": found.settings.batch,
        "threads": found.threads,
        **found.roof._asdict(),
        "points": [one._asdict() for one in found.points],
        "kinds": [one._asdict() for one in found.kinds],
        "forward_ms": found.forward_ms._asdict(),
        "busy": [reason.value for reason in found.busy],
    }
    asked = _asked(found.model, found.settings, found.threads)
    return Result(ROOFLINE, asked, asdict(found.environment), figures, ("points", "kinds"))


def roofline_of(result: Result) -> Roofline:
    """Return the roofline that a result holds.

    Raises:
        ValueError: if it holds none, or one of a device that is not on this machine.
    """
    if result.kind != ROOFLINE:
        raise ValueError(f"this is a result of {result.kind}, not of a roofline")
    figures = result.figures
    try:
        asked = {key: value for key, value in result.asked.items() if key != "model"}
        asked["dtype"] = Dtype(asked["dtype"])
        return Roofline(
            model=figures["model"],
            settings=Settings(**asked, inference=True),
            threads=figures["threads"],
            roof=Roof(**{name: figures[name] for name in Roof._fields}),
            points=tuple(Point(**one) for one in figures["points"]),
            kinds=tuple(Point(**one) for one in figures["kinds"]),
            forward_ms=Spread(**figures["forward_ms"]),
            busy=tuple(map(Busy, figures["busy"])),
            environment=Environment(**result.stamp),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this isn't a result of a roofline: {error}") from None


def roofline_json(found: Roofline) -> str:
    """Return a roofline as JSON, one point per line."""
    return roofline_result(found).json()


def roofline_csv(found: Roofline) -> str:
    """Return a CSV with a row per point, stages first; the roof is in every row."""
    rows = (
        (found.model, of, *one, *found.roof)
        for of, points in (("stage", found.points), ("kind", found.kinds))
        for one in points
    )
    return csv_text(("model", "of", *Point._fields, *Roof._fields), rows)


def roofline_text(found: Roofline, width: int = WIDTH) -> str:
    """Return the roof, the points and the sentences, for a terminal."""
    head = [f"{found.model} · {roofline_conditions(found)}", *roof_words(found)]
    said = [bound_words(found), *busy_words(found)]
    tables = _table("stage", found.points), _table("layers", found.kinds)
    return laid_out(["\n".join(head), *tables, "\n".join(said), CONVENTION], width)


def _table(of: str, points: Sequence[Point]) -> Grid:
    return Grid("", (of, *HEAD[1:]), tuple(map(_row, points)))


def points_grid(found: Roofline, points: Sequence[Point]) -> Grid:
    """Return the stages or kinds of layers as a table."""
    return Grid(f"Roofline of {found.model}", HEAD, tuple(map(_row, points)), left=1)


def _row(one: Point) -> tuple[str, ...]:
    return (
        one.name,
        short(one.flops) if one.flops else "",
        short(one.bytes, "B"),
        three(one.intensity) if one.flops else "",
        f"{milliseconds(1e3 * one.seconds)} ms",
        short(one.flops_per_s, "FLOP/s") if one.flops else "",
        short(one.bytes_per_s, "B/s"),
        percent(one.share, 1),
    )


def roof_words(found: Roofline) -> list[str]:
    """Return the roof's figures, one to a line."""
    roof = found.roof
    lines = [
        f"peak {short(roof.peak_flops, 'FLOP/s')}, a matrix product",
        f"memory {short(roof.memory_bytes_per_s, 'B/s')}, a copy, read and written",
    ]
    if roof.cache_bytes_per_s is not None:
        lines.append(f"cache {short(roof.cache_bytes_per_s, 'B/s')}, a copy of 2 MiB")
    return lines


def bound_words(found: Roofline) -> str:
    """Say what bounds the stages, and how close those that compute come to the peak."""
    slow = [one for one in found.points if one.share < OVERHEAD]
    rest = [one for one in found.points if one not in slow]
    bound = [one for one in rest if one.is_bound_by_memory(found.roof)]
    others = [one for one in rest if one not in bound]
    ridge = three(found.roof.ridge) if found.roof.ridge < 1_000 else exact(round(found.roof.ridge))
    least, said = f"{100 * OVERHEAD:.0f}%", ""
    if bound:
        said = translate(
            "Bound by memory, with fewer than {ridge} FLOP per byte: {names}.",
            names=listed([one.name for one in bound]),
            ridge=ridge,
        )
    elif not slow:
        said = translate(
            "No stage is bound by memory: all have at least {ridge} FLOP per byte.", ridge=ridge
        )
    if slow:
        overhead = translate(
            "Bound by overhead, below {least} of the roof: {names}.",
            least=least,
            names=listed([one.name for one in slow]),
        )
        said = translate("{first} {second}", first=said, second=overhead) if said else overhead
    if others:
        shares = sorted(100 * one.share for one in others)
        share = between(f"{shares[0]:.0f}%", f"{shares[-1]:.0f}%")
        reached = translate("They reach {share} of the peak.", share=share)
        if bound or slow:
            names = listed([one.name for one in others])
            reached = translate(
                "The others ({names}) reach {share} of the peak.", names=names, share=share
            )
        said = translate("{first} {second}", first=said, second=reached)
    if cached := [one.name for one in bound if one.share > 1]:
        above = translate(
            "Above the memory's slope, so in the cache: {names}.", names=listed(cached)
        )
        said = translate("{first} {second}", first=said, second=above)
    return said


def layout_words(found: Roofline, other: Roofline) -> str:
    """Say what the memory layout changes, given a roofline with and one without channels_last."""
    last, first = (found, other) if found.settings.channels_last else (other, found)
    ratio = f"{first.forward_ms.p50 / last.forward_ms.p50:.2f}"
    return translate(
        "Forward takes {last} with channels_last and {first} without: {ratio} times the speed.",
        last=short(last.forward_ms.p50, "ms"),
        first=short(first.forward_ms.p50, "ms"),
        ratio=ratio,
    )


def busy_words(found: Roofline) -> list[str]:
    """Return a warning for each reason why the figures are unreliable."""
    return [translate(_BUSY[reason]) for reason in found.busy]


def busy_note(found: Roofline) -> str:
    """Return the same warnings for the note of a chart."""
    return " ".join(_BUSY_NOTE[reason] for reason in found.busy)


def how_measured(found: Roofline) -> str:
    """Return where and when a roofline was measured, for a caption; the note has the settings."""
    return measured_where([found])


def roofline_conditions(found: Roofline) -> str:
    """Return the settings in words: `inference, batch 2, float32 on CPU, 1 thread`."""
    settings, device = found.settings, device_words(found.settings.device)
    words = ["inference", f"batch {settings.batch:,}", f"{settings.dtype} on {device}"]
    if found.environment.tf32 is not None:
        words.append("TF32 on" if found.environment.tf32 else "TF32 off")
    if settings.channels_last:
        words.append("channels last")
    if settings.compile:
        words.append("compiled")
    if found.environment.accelerator is None:
        words.append(number_of(found.threads, "thread"))
    return ", ".join(words)
