"""A timing as text, JSON and CSV."""

import csv
import io
import json
from dataclasses import replace

import pytest

from analysis.machine.devices import Environment
from analysis.style.language import Language, speaking
from analysis.timing.measure import Iteration, Noise, Spread, StageTime, Timing
from analysis.timing.report import (
    how_timed,
    largest_words,
    noise_words,
    timing_json,
    timing_result,
    timing_text,
    timings_csv,
    timings_text,
)
from analysis.timing.results import timing_of
from analysis.timing.settings import Settings
from tests.conftest import Golden

CPU = Environment(
    torch="2.14.1",
    python="3.11.7",
    platform="Linux-6.1",
    cpu="A CPU",
    accelerator=None,
    driver=None,
    runtime=None,
    tf32=None,
    cudnn_benchmark=None,
    date="2026-01-02T03:04:05+00:00",
)
GPU = replace(
    CPU,
    accelerator="A card",
    driver="555.42",
    runtime="CUDA 13.0, cuDNN 9.24.0",
    tf32=False,
    cudnn_benchmark=True,
)
TRAINING = Timing(
    model="resnet20",
    settings=Settings(batch=2, threads=1),
    threads=1,
    forward_ms=Spread(1.5, 2.0, 2.5),
    backward_ms=Spread(3.0, 4.0, 5.0),
    optimiser_ms=Spread(0.1, 0.2, 0.3),
    step_ms=Spread(4.6, 6.2, 1_007.8),
    host_ms=Spread(4.5, 6.0, 7.5),
    images_per_s=322.58,
    forward_tflops=0.0811,
    stages=(
        StageTime("stem", 0.5, 1.5, 0.4, 0.6, 1.2, 1.8),
        StageTime("head", 1.5, 2.5, 1.25, 1.75, 2.0, 3.0),
    ),
    stage_sum_ratio=1.0049,
    peak_memory_bytes=None,
    predicted_bytes=7_400_000,
    compile_seconds=None,
    warm_up_iterations=6,
    stable=True,
    interval=0.0094,
    samples=(Iteration(1.5, 3.0, 0.1, 4.6), Iteration(2.5, 5.0, 0.3, 7.8)),
    environment=CPU,
)
INFERENCE = replace(
    TRAINING,
    settings=Settings(batch=1, inference=True, channels_last=True, compile=True),
    backward_ms=None,
    optimiser_ms=None,
    step_ms=None,
    stages=(StageTime("stem", 0.5, None, 0.4, 0.6), StageTime("layer1", 1.5, None, 1.25, 1.75)),
    peak_memory_bytes=8_800_000,
    compile_seconds=12.34,
    stable=False,
    interval=None,
    samples=(Iteration(2.0, None, None, None),),
    environment=GPU,
)


@pytest.mark.parametrize(("name", "timing"), [("training", TRAINING), ("inference", INFERENCE)])
def test_text(golden: Golden, name: str, timing: Timing) -> None:
    golden(f"timing-{name}.text", timing_text(timing))


def test_energy_is_said_where_it_was_measured() -> None:
    timing = replace(TRAINING, joules=(0.0412, 0.0401, 0.0409))
    text = " ".join(timing_text(timing).split())
    said = "of the whole device, idle power included; 0.0401 to 0.0412 in 3 windows"
    assert f"energy 0.0409 J/image {said}" in text
    assert json.loads(timing_json(timing))["joules_per_image"] == [0.0412, 0.0401, 0.0409]
    (row,) = csv.DictReader(io.StringIO(timings_csv([timing])))
    assert row["joules_per_image"] == "0.0409"
    assert timing_of(timing_result(timing)).joules == timing.joules
    assert "joules" not in timing_json(TRAINING)


def test_text_of_a_sweep(golden: Golden) -> None:
    golden("timings.text", timings_text([TRAINING, INFERENCE]))


def test_a_caption_says_the_number_of_iterations_once() -> None:
    known = (
        "{} iterations after {} warm-up iterations; median of whole iterations known to ±1.0% (95%)"
    )
    calm = replace(TRAINING, interval=0.01, stable=True)
    count, warm = calm.iterations, calm.warm_up_iterations
    said = f"Images of 3×32×32. {known.format(count, warm)}. Measured with torch 2.14.1, "
    assert how_timed(calm).startswith(said)
    noisy = how_timed(replace(calm, stable=False))  # the chart's note has the number
    assert noisy.startswith(
        f"Images of 3×32×32. The measurement follows {warm} warm-up iterations. Measured with "
    )


@pytest.mark.parametrize(
    ("interval", "noise", "words"),
    [
        (0.1, None, ""),
        (
            0.11,
            Noise.WIDE,
            "Noisy: the median is only known to ±11%. Allow more time, or close other programs.",
        ),
        (
            None,
            Noise.FEW,
            "Too few iterations (5) to tell how noisy the median is. Allow more time.",
        ),
    ],
)
def test_a_median_that_is_not_known_is_said_to_be(
    interval: float | None, noise: Noise | None, words: str
) -> None:
    timing = replace(TRAINING, interval=interval, samples=TRAINING.samples[:1] * 5)
    assert timing.noise is noise
    assert noise_words(timing) == words


def test_json() -> None:
    found = json.loads(timing_json(TRAINING))
    assert list(found)[:6] == ["kind", "asked", "hash", "stamp", "model", "device"]
    assert found["asked"]["threads"] == found["threads"]
    assert found["stamp"] == {k: v for k, v in found["environment"].items() if k in found["stamp"]}
    assert found["forward_ms"] == {"p10": 1.5, "p50": 2.0, "p90": 2.5}
    assert found["stages"][0] == {
        "name": "stem",
        "forward_ms": 0.5,
        "backward_ms": 1.5,
        "forward_p10_ms": 0.4,
        "forward_p90_ms": 0.6,
        "backward_p10_ms": 1.2,
        "backward_p90_ms": 1.8,
    }
    assert (found["stage_sum_ratio"], found["peak_memory_bytes"]) == (1.0049, None)
    assert found["samples"]["step_ms"] == [4.6, 7.8]
    assert found["environment"]["torch"] == "2.14.1"
    assert (found["inference"], found["optimiser"], found["iterations"]) == (False, True, 2)


def test_json_of_inference() -> None:
    found = json.loads(timing_json(INFERENCE))
    assert (found["backward_ms"], found["optimiser_ms"], found["step_ms"]) == (None, None, None)
    assert found["samples"] == {
        "forward_ms": [2.0],
        "backward_ms": None,
        "optimiser_ms": None,
        "step_ms": None,
    }
    assert found["stages"][1]["backward_ms"] is None
    assert (found["optimiser"], found["peak_memory_bytes"]) == (False, 8_800_000)
    assert found["environment"]["compile"] is found["environment"]["channels_last"] is True


BLOCKS = replace(
    TRAINING,
    settings=replace(TRAINING.settings, blocks=True),
    stages=(StageTime("stem", 0.5, 1.5), StageTime("layer1", 1.5, 2.5)),
    blocks=(StageTime("layer1.0", 0.5, 1.0), StageTime("layer1.1", 1.0, 1.5)),
)


def test_blocks_are_below_the_stages() -> None:
    text = timing_text(BLOCKS)
    assert [line.split() for line in text.splitlines() if line.startswith("layer1.")] == [
        ["layer1.0", "0.500", "1.00", "25.0%"],
        ["layer1.1", "1.00", "1.50", "41.7%"],
    ]
    said = "Timed by block, forward and backward take 1.00 times as long as timed as a whole"
    assert said in " ".join(text.split())
    assert "times as long" not in timing_text(replace(BLOCKS, interval=0.26))  # noise hides it
    found = json.loads(timing_json(BLOCKS))
    assert found["blocks"][1].items() >= {("name", "layer1.1"), ("forward_ms", 1.0)}
    (row,) = csv.DictReader(io.StringIO(timings_csv([BLOCKS])))
    assert (row["layer1.1_backward_ms"], row["layer1_backward_ms"]) == ("1.5", "2.5")


def test_a_result_with_blocks_reads_back_and_has_a_hash_of_its_own() -> None:
    with_blocks, without = timing_result(BLOCKS), timing_result(TRAINING)
    assert timing_of(with_blocks) == BLOCKS
    assert timing_of(without) == TRAINING
    assert with_blocks.asked["blocks"] is True
    assert "blocks" not in without.asked
    assert with_blocks.hash != without.hash
    older = {key: value for key, value in without.figures.items() if key != "blocks"}
    assert timing_of(replace(without, figures=older)) == TRAINING
    no_percentiles = [
        {key: stage[key] for key in ("name", "forward_ms", "backward_ms")}
        for stage in with_blocks.figures["stages"]
    ]
    older = {**with_blocks.figures, "stages": no_percentiles}
    assert timing_of(replace(with_blocks, figures=older)) == BLOCKS


def test_csv_has_every_networks_stages() -> None:
    rows = list(csv.DictReader(io.StringIO(timings_csv([TRAINING, INFERENCE]))))
    assert [row["batch"] for row in rows] == ["2", "1"]
    assert (rows[0]["head_backward_ms"], rows[1]["head_backward_ms"]) == ("2.5", "")
    assert (rows[0]["layer1_forward_ms"], rows[1]["layer1_forward_ms"]) == ("", "1.5")
    assert (rows[0]["step_p90_ms"], rows[1]["step_p90_ms"]) == ("1007.8", "")
    assert rows[1]["runtime"] == "CUDA 13.0, cuDNN 9.24.0"
    assert "samples" not in rows[0]


def test_the_largest_stage_is_said_with_its_share() -> None:
    assert largest_words(TRAINING.stages) == "Of all stages, head takes the most time: 67%."
    inference = (StageTime("stem", 1.0, None), StageTime("layer1", 1.01, None))
    said = "Of all stages, stem and layer1 take the most time: 50% each."
    assert largest_words(inference) == said  # the shares read the same
    with speaking(Language.CHINESE):
        assert largest_words(TRAINING.stages) == "各阶段中，head 耗时最多：67%。"
        assert largest_words(inference) == "各阶段中，stem 和 layer1 耗时最多：各占 50%。"
