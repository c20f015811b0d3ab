"""Rooflines: exact arithmetic from faked seconds, the files, and one real measurement."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import analysis
from analysis.__main__ import run
from analysis.charts.chart import Chart, Draw
from analysis.charts.file import picture
from analysis.charts.screen import figure
from analysis.costs.step import Dtype
from analysis.lecture import measured as lecture
from analysis.lecture.settings import Settings as Address
from analysis.results.form import Result
from analysis.style.language import Language, speaking
from analysis.timing import roofline as measured
from analysis.timing.measure import Spread
from analysis.timing.roofline import (
    LAP_MS,
    LAPS,
    MAX_ROUNDS,
    Busy,
    Kind,
    Point,
    Probe,
    Roof,
    Roofline,
    RoofProgress,
    Step,
    agreed,
    best,
    in_dtype,
    kind_of,
    point,
    roofline,
)
from analysis.timing.roofline_charts import roofline_chart
from analysis.timing.roofline_report import (
    bound_words,
    busy_words,
    layout_words,
    roofline_csv,
    roofline_hash,
    roofline_json,
    roofline_of,
    roofline_result,
    roofline_text,
)
from analysis.timing.settings import Settings
from nets import CATALOG, parse
from tests.analysis.fake_accelerator import FakeAccelerator
from tests.analysis.test_render_timings import CPU

TINY = parse("resnet20:blocks=1,1,1:widths=4,4,4:stem_width=4:input=3x8x8")
ROOF = Roof(100e9, 25e9, 80e9)


def silent(_: RoofProgress) -> None:
    pass


def drawn(*points: Point, roof: Roof = ROOF, **options: Any) -> Roofline:
    settings = Settings(batch=8, threads=2, inference=True, **options)
    forward = Spread(90.0, 100.0, 110.0)
    kinds = (point("norms", 0, 10**9, 0.08, roof),)
    return Roofline("resnet50", settings, 2, roof, points, kinds, forward, (), CPU)


LAYER3 = point("layer3", 9_400 * 10**6, 250 * 10**6, 0.1, ROOF)
STEM = point("stem", 3_000 * 10**6, 250 * 10**6, 0.05, ROOF)
HEAD = point("head", 40 * 10**6, 80 * 10**6, 0.004, ROOF)
CACHED = HEAD._replace(name="cached", seconds=0.002, share=1.6)
SLOW = HEAD._replace(name="fc", seconds=0.04, share=0.08)
FOUND = drawn(STEM, LAYER3, HEAD)


def test_shares_of_the_roof() -> None:
    assert ROOF.ridge == 4
    assert [ROOF.at(intensity) for intensity in (0.5, 4, 40)] == [12.5e9, 100e9, 100e9]
    assert (STEM.intensity, STEM.flops_per_s, STEM.share) == (12, 60e9, 0.6)
    assert (LAYER3.intensity, LAYER3.flops_per_s, LAYER3.share) == (37.6, 94e9, 0.94)
    assert (HEAD.intensity, HEAD.bytes_per_s, HEAD.share) == (0.5, 20e9, 0.8)
    assert HEAD.flops_per_s / ROOF.at(HEAD.intensity) == HEAD.share
    assert [p.is_bound_by_memory(ROOF) for p in FOUND.points] == [False, False, True]
    norms = FOUND.kinds[0]
    assert (norms.flops_per_s, norms.share) == (0, 0.5)
    assert norms.is_bound_by_memory(ROOF)


@pytest.mark.parametrize(
    ("points", "roof", "english", "chinese"),
    [
        (
            (STEM, LAYER3, HEAD),
            ROOF,
            "Bound by memory, with fewer than 4.00 FLOP per byte: head. The others (stem and "
            "layer3) reach 60% to 94% of the peak.",
            "受内存限制（每字节少于 4.00 次浮点运算）：head。其余阶段（stem 和 layer3）达到峰值的 "
            "60%～94%。",
        ),
        (
            (STEM, LAYER3),
            ROOF,
            "No stage is bound by memory: all have at least 4.00 FLOP per byte. They reach 60% to "
            "94% of the peak.",
            "没有阶段受内存限制：每字节都至少有 4.00 次浮点运算。它们达到峰值的 60%～94%。",
        ),
        (
            (STEM, LAYER3),
            Roof(4e15, 2e12, None),
            "Bound by memory, with fewer than 2,000 FLOP per byte: stem and layer3.",
            "受内存限制（每字节少于 2,000 次浮点运算）：stem 和 layer3。",
        ),
        (
            (STEM, HEAD, SLOW),
            ROOF,
            "Bound by memory, with fewer than 4.00 FLOP per byte: head. Bound by overhead, below "
            "10% of the roof: fc. The others (stem) reach 60% of the peak.",
            "受内存限制（每字节少于 4.00 次浮点运算）：head。时间花在别处（低于屋顶线的 10%）：fc。"
            "其余阶段（stem）达到峰值的 60%。",
        ),
        (
            (LAYER3, SLOW),
            ROOF,
            "Bound by overhead, below 10% of the roof: fc. The others (layer3) reach 94% of the "
            "peak.",
            "时间花在别处（低于屋顶线的 10%）：fc。其余阶段（layer3）达到峰值的 94%。",
        ),
        (
            (LAYER3, CACHED),
            ROOF,
            "Bound by memory, with fewer than 4.00 FLOP per byte: cached. The others (layer3) "
            "reach 94% of the peak. Above the memory's slope, so in the cache: cached.",
            "受内存限制（每字节少于 4.00 次浮点运算）：cached。其余阶段（layer3）达到峰值的 94%。"
            "高于内存斜线，说明数据在缓存中：cached。",
        ),
    ],
)
def test_the_sentence(points: tuple[Point, ...], roof: Roof, english: str, chinese: str) -> None:
    found = drawn(*points, roof=roof)
    assert bound_words(found) == english
    with speaking(Language.CHINESE):
        assert bound_words(found) == chinese


def test_what_the_layout_changes() -> None:
    last = replace(
        FOUND,
        settings=replace(FOUND.settings, channels_last=True),
        forward_ms=Spread(70.0, 80.0, 90.0),
    )
    said = "Forward takes 80.0 ms with channels_last and 100 ms without: 1.25 times the speed."
    assert layout_words(FOUND, last) == layout_words(last, FOUND) == said


def rounds(*peaks: float) -> list[dict[Probe, float]]:
    return [{Probe.PEAK: peak, Probe.MEMORY: 20.0} for peak in peaks]


def test_rounds_agree_if_the_two_best_are_within_a_twentieth() -> None:
    assert not agreed(rounds(100))
    assert agreed(rounds(95, 100))
    assert not agreed(rounds(94, 100))
    assert agreed(rounds(44, 97, 100))
    assert best(rounds(44, 97, 100)) == Roof(100, 20, None)


def test_kinds_and_types() -> None:
    types = {
        layer.type
        for entry in CATALOG.values()
        for layer in analysis.profile(entry.spec).layers
        if kind_of(layer.type) is Kind.ACTIVATION and layer.bytes_moved
    }
    assert types == {"ReLU", "Sigmoid"}
    assert in_dtype(400, Settings(dtype=Dtype.BFLOAT16)) == 200


def test_json_csv_and_text() -> None:
    read = json.loads(roofline_json(FOUND))
    assert {key: read[key] for key in Roof._fields} == {
        "peak_flops": 100e9,
        "memory_bytes_per_s": 25e9,
        "cache_bytes_per_s": 80e9,
    }
    assert read["points"][2] == {
        "name": "head",
        "flops": 40_000_000,
        "bytes": 80_000_000,
        "seconds": 0.004,
        "share": 0.8,
    }
    assert (read["kind"], read["threads"], read["stamp"]["cpu"]) == ("roofline", 2, "A CPU")
    rows = list(csv.DictReader(io.StringIO(roofline_csv(FOUND))))
    assert [(row["of"], row["name"]) for row in rows] == [
        ("stage", "stem"),
        ("stage", "layer3"),
        ("stage", "head"),
        ("kind", "norms"),
    ]
    assert (rows[1]["bytes"], rows[1]["peak_flops"]) == ("250000000", "100000000000.0")
    text = roofline_text(FOUND)
    assert "peak 100 GFLOP/s, a matrix product" in text
    stages, kinds = (part.splitlines() for part in text.split("\n\n")[1:3])
    head = "  FLOP  bytes moved  FLOP per byte     time   performance  bandwidth  share of roof"
    assert stages[0] == f"stage   {head}"
    assert stages[2].endswith("    37.6     100 ms  94.0 GFLOP/s  2.50 GB/s          94.0%")
    assert kinds[0].startswith("layers  FLOP  bytes moved")
    assert "channels last" not in text


def test_a_result_holds_the_whole_roofline() -> None:
    result = roofline_result(replace(FOUND, busy=(Busy.ROUNDS,)))
    assert roofline_of(result) == replace(FOUND, busy=(Busy.ROUNDS,))
    training = replace(FOUND.settings, inference=False, optimiser=False, seconds=3.0)
    assert roofline_hash("resnet50", training, 2) == result.hash
    assert roofline_hash("resnet50", training, 1) != result.hash
    other = replace(training, channels_last=True)
    assert roofline_hash("resnet50", other, 2) != result.hash
    with pytest.raises(ValueError, match="this is a result of time, not of a roofline"):
        roofline_of(Result("time", {}, {}, {}))
    with pytest.raises(ValueError, match="this isn't a result of a roofline"):
        roofline_of(Result("roofline", {}, {}, {}))


def lines(chart: Chart) -> dict[str, tuple[Any, Any]]:
    return {one.name: (one.x, one.y) for one in chart.series}


def test_the_chart_has_the_roof_its_slopes_and_the_stages() -> None:
    chart = roofline_chart(FOUND)
    assert (chart.log_x, chart.log_y) == (True, True)
    found = lines(chart)
    assert found["roof"] == ((0.5 / 3, 4, 37.6 * 3), (25e9 * (0.5 / 3), 100e9, 100e9))
    x, y = found["roof in the cache"]
    assert (x[1], y) == (1.25, (80e9 * (0.5 / 3), 100e9))
    assert found["stages"] == ((12, 37.6, 0.5), (60e9, 94e9, 10e9))
    assert chart.series[-1].draw is Draw.POINTS
    axes: Any = picture(chart).axes[0]
    roof = axes.lines[0]
    assert (roof.get_xdata()[0], roof.get_xdata()[-1]) == pytest.approx(axes.get_xlim())
    assert roof.get_ydata()[-1] == 100  # GFLOP/s: flat
    assert roof.get_ydata()[0] == pytest.approx(25 * axes.get_xlim()[0])  # as steep as before
    assert figure(chart).data[0].x[-1] == pytest.approx(axes.get_xlim()[1])
    assert chart.series[-1].text == ("stem", "layer3", "head")
    assert chart.title == "Roofline of ResNet-50"
    assert "roof in the cache" not in lines(roofline_chart(drawn(STEM, roof=Roof(1e9, 1e8, None))))
    kinds = roofline_chart(FOUND, FOUND.kinds)  # norms have no multiply-adds
    assert lines(kinds)["kinds of layers"] == ((), ())


def test_the_note_of_a_file_has_the_warnings() -> None:
    how = "Inference, batch 8, float32 on CPU, 2 threads."
    assert roofline_chart(FOUND).reading == how
    assert roofline_chart(replace(FOUND, busy=(Busy.PEAK,))).reading == (
        f"{how} Peak measured too low; measure again."
    )
    every = roofline_chart(replace(FOUND, busy=tuple(Busy))).reading
    assert every.startswith(f"{how} No two measurements of the roof agree; measure again. ")
    assert every.count("measure again.") == 3


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[Probe, float]]]:
    """Return a function that fakes the rounds of the roof's measurement, and records them."""

    def fake(*peaks: float) -> list[dict[Probe, float]]:
        left: Iterator[dict[Probe, float]] = iter(rounds(*peaks))
        taken: list[dict[Probe, float]] = []

        def rate(settings: Settings, device: torch.device) -> dict[Probe, float]:
            taken.append(next(left))
            return taken[-1]

        monkeypatch.setattr(measured, "rates", rate)
        return taken

    return fake


SHORT = Settings(batch=2, threads=1, seconds=0.2, blocks=True)


def test_a_busy_machine_is_measured_again_and_flagged(quick: Any) -> None:
    taken = quick(44e9, 96e9, 95e9)
    found = roofline(silent, TINY, SHORT)
    assert (len(taken), found.roof.peak_flops) == (3, 96e9)
    assert Busy.ROUNDS not in found.busy
    taken = quick(1.0, 2.0, 3.0, 4.0)
    found = roofline(silent, TINY, SHORT)
    assert len(taken) == MAX_ROUNDS
    assert {Busy.ROUNDS, Busy.PEAK} <= set(found.busy)
    said = busy_words(found)
    assert said[0].startswith("The machine is busy: no two measurements of the roof agree")
    assert said[1].startswith("A stage is faster than the measured peak by more than 5%")


def test_a_rate_is_that_of_the_fastest_lap() -> None:
    class Laps:
        """A clock whose laps take 5 ms, then 20, 10 and 16 ms by turns."""

        def __init__(self) -> None:
            self.read_laps = 0
            self.calls = 0

        def mark(self) -> int:
            return 0

        def read(self, laps: Any) -> list[tuple[float, ...]]:
            ms = 5.0 if not self.read_laps else (20.0, 10.0, 16.0)[self.read_laps % 3]
            self.read_laps += 1
            return [(ms,)]

        def run(self) -> None:
            self.calls += 1

    clock: Any = Laps()
    assert measured._rate(clock, 1_000, clock.run) == 1_000 * 3 / 0.010
    assert clock.calls == 2 + 3 * LAPS


def test_a_real_roofline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "_SIDES", {"cpu": (256,)})
    monkeypatch.setattr(measured, "_MEMORY_BYTES", 2**24)
    seen: list[RoofProgress] = []
    found = roofline(seen.append, TINY, SHORT)
    assert seen[-1].roofline == found
    assert {one.step for one in seen} == set(Step)
    assert found.settings.inference
    assert found.roof.cache_bytes_per_s is not None
    assert 1e8 < found.roof.peak_flops < 1e13
    assert 1e8 < found.roof.memory_bytes_per_s < 1e13
    cost = analysis.profile(TINY, batch=2)
    assert [p.name for p in found.points] == ["stem", "layer1", "layer2", "layer3", "head"]
    assert [p.flops for p in found.points] == [2 * row.macs for row in cost.stages]
    assert [p.bytes for p in found.points] == [row.bytes_moved for row in cost.stages]
    assert sum(p.flops for p in found.kinds) == cost.flops
    assert sum(p.bytes for p in found.kinds) == cost.bytes_moved
    assert {p.name for p in found.kinds} == {
        *("convolutions", "linear layers", "norms", "activations", "additions", "pools"),
        "other layers",  # the zero pads
    }
    assert all(p.seconds > 0 for p in (*found.points, *found.kinds))


def test_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def fake(report: Any, spec: Any, settings: Settings) -> Roofline:
        asked.append((str(spec), settings))
        return FOUND

    monkeypatch.setattr(measured, "roofline", fake)
    chart = tmp_path / "roof.svg"
    options = ("--batch", "8", "--dtype", "bfloat16", "--threads", "1", "--channels-last")
    for style, said in (("text", roofline_text), ("json", roofline_json), ("csv", roofline_csv)):
        assert run(["roofline", "resnet50", *options, "--format", style, "-o", str(chart)]) == 0
        assert capsys.readouterr().out == said(FOUND)
    assert "Roofline of ResNet-50" in chart.read_text()
    dtype = Dtype.BFLOAT16
    wanted = Settings(batch=8, dtype=dtype, threads=1, channels_last=True, inference=True)
    assert asked == 3 * [("resnet50", wanted)]
    assert run(["roofline", "resnet50", "--threads", "0"]) == 2
    assert capsys.readouterr().err.startswith("error: threads must be 1 to ")


def test_an_accelerators_roofline_from_faked_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mark on the fake accelerator is a millisecond after the last one."""
    FakeAccelerator(monkeypatch)
    found = roofline(silent, TINY, replace(SHORT, device="meta"))
    laps = round(LAP_MS)  # calls of a probe in one lap
    assert found.roof == Roof(2 * 8192**3 * laps / 1e-3, 2 * 2**28 * laps / 1e-3, None)
    cost = analysis.profile(TINY, batch=2)
    for one, row in zip(found.points, cost.stages, strict=True):
        assert one == point(row.name, 2 * row.macs, row.bytes_moved, 1e-3, found.roof)
    counts = Counter(kind_of(row.type).value for row in cost.layers if row.bytes_moved)
    assert {one.name: round(1e3 * one.seconds) for one in found.kinds} == counts
    assert found.environment.accelerator == "Fake 9000"
    assert Busy.ROUNDS not in found.busy


def test_a_handout_shows_the_known_roofline(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def known(name: str, kind: str) -> Result | None:
        asked.append((name, kind))
        return roofline_result(FOUND) if len(asked) == 1 else None

    monkeypatch.setattr(lecture, "known", known)
    address = Address({"timing_shown": "roofline", "timing_batches": "8", "timing_threads": "1"})
    picture = lecture.timing(address, parse("resnet50"))
    assert asked == [(roofline_hash("resnet50", Settings(batch=8), 1), "roofline")]
    assert picture.charts == (roofline_chart(FOUND),)
    assert picture.said == (bound_words(FOUND),)
    picture = lecture.timing(address, parse("resnet50"))
    assert picture.missing.endswith("press Measure the roofline.")
