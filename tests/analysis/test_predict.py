"""Iteration times predicted from networks that were timed."""

from collections import defaultdict
from dataclasses import replace
from itertools import combinations
from math import inf, prod
from typing import Any

import numpy as np
import pytest

from analysis.choice.choose import CIFAR, Budget, Budgets, choose
from analysis.costs.profiles import profile
from analysis.results.recorded import recordings
from analysis.timing import predict
from analysis.timing.measure import Spread, StageTime, Timing
from analysis.timing.predict import ENOUGH, FEATURES, GOOD, nonnegative, predictor_of
from analysis.timing.settings import Settings
from nets import parse
from tests.analysis.test_render_timings import TRAINING

RATES = (1e-8, 2e-8, 3e-8, 4e-8, 5e-8, 6e-9, 7e-9, 0.01)
"""Milliseconds per unit of each feature on an ideal machine."""


def ideal(model: str, batch: int = 2, factor: float = 1.0) -> Timing:
    """Return a timing on a machine that has these rates, a third of each stage in forward."""
    features = predict._features(parse(model), batch)
    times = {name: factor * float(does @ np.array(RATES)) for name, does in features.items()}
    stages = tuple(StageTime(name, ms / 3, 2 * ms / 3) for name, ms in times.items())
    step = profile(parse(model), batch=batch).params * 1e-7
    whole = sum(times.values()) + step
    return replace(
        TRAINING,
        model=model,
        settings=Settings(batch=batch, threads=1),
        stages=stages,
        optimiser_ms=Spread(step, step, step),
        step_ms=Spread(whole, whole, whole),
    )


@pytest.mark.parametrize("seed", range(8))
def test_rates_are_the_best_that_are_not_negative(seed: int) -> None:
    """The oracle tries every set of columns: the best fit is a least-squares fit of one of them."""
    draw = np.random.default_rng(seed)
    table, wanted = draw.normal(size=(12, 5)), draw.normal(size=12)
    best = (float(np.linalg.norm(wanted)), np.zeros(5))
    for count in range(1, 6):
        for some in combinations(range(5), count):
            own = np.linalg.lstsq(table[:, some], wanted, rcond=None)[0]
            if (own >= 0).all():
                x = np.zeros(5)
                x[list(some)] = own
                best = min(best, (float(np.linalg.norm(table @ x - wanted)), x), key=lambda b: b[0])
    found = nonnegative(table, wanted)
    assert found == pytest.approx(best[1], abs=1e-8)


@pytest.mark.parametrize("model", ["resnet50", "resnext50_32x4d", "resnet20", "seresnet50"])
def test_what_stages_do_is_what_the_profile_counts(model: str) -> None:
    counted = profile(parse(model), batch=3)
    features = predict._features(parse(model), 3)
    whole = sum(features.values(), np.zeros(len(FEATURES)))
    assert set(features) == {stage.name for stage in counted.stages}
    assert whole[:5].sum() == counted.macs
    assert whole[5:7].sum() == counted.bytes_moved
    assert whole[7] == len(counted.layers)
    grouped = sum(layer.macs for layer in counted.layers if "conv2" in layer.path and "x" in model)
    assert whole[FEATURES.index("grouped convolutions")] == grouped
    stem = next(layer for layer in counted.layers if layer.path == "conv1")
    taps = stem.macs // (3 * prod(stem.output) * stem.input[0])
    large = stem.macs if taps == 49 else 0
    assert whole[FEATURES.index("larger kernels")] == large


def test_an_ideal_machine_is_predicted() -> None:
    measured = ("resnet18", "resnet50", "resnext50_32x4d", "resnet20", "resnet34")
    found = predictor_of([ideal(model) for model in measured])
    assert found is not None
    assert [check.model for check in found.checks] == list(measured)
    found = replace(found, seen=(True,) * len(FEATURES))
    for model in ("resnet101", "wide_resnet50_2", "resnext101_32x8d", "resnet110"):
        step = ideal(model).step_ms
        assert step is not None
        assert found.ms(parse(model)) == pytest.approx(step.p50, rel=0.05)


def test_a_kind_of_layer_that_one_network_has_is_not_checked_and_not_predicted() -> None:
    several = ("resnet18", "resnet34", "resnet50", "resnet101", "resnext50_32x4d")
    found = predictor_of([ideal(model) for model in several])
    assert found is not None
    assert [check.error is None for check in found.checks] == [False] * 4 + [True]
    assert found.is_good
    assert found.ms(parse("resnext101_32x8d")) is None
    assert found.ms(parse("resnet152")) is not None
    twice = predictor_of([ideal(model) for model in (*several, "resnext101_64x4d")])
    assert twice is not None
    assert twice.ms(parse("resnext101_32x8d")) is not None


def test_a_kind_of_layer_that_was_not_timed_is_not_predicted() -> None:
    found = predictor_of([ideal(model) for model in ("resnet18", "resnet34", "resnet50")])
    assert found is not None
    assert found.ms(parse("resnext50_32x4d")) is None
    assert found.ms(parse("resnet152")) is not None
    cifar = predictor_of([ideal("resnet20"), ideal("resnet56")])
    assert cifar is not None
    assert cifar.ms(parse("resnet110")) is not None
    assert cifar.ms(parse("resnet18")) is None  # its stem has 7×7 kernels


def test_too_few_networks_are_not_checked_and_a_bad_check_is_told() -> None:
    few = predictor_of([ideal("resnet20")] * (ENOUGH - 1))
    assert few is not None
    assert (few.checks, few.worst, few.is_good) == ((), inf, False)
    assert predictor_of([]) is None
    steady = [ideal(f"resnet{depth}") for depth in (20, 32, 44, 56)]
    good = predictor_of(steady)
    assert good is not None
    assert good.is_good
    bad = predictor_of([*steady[:3], ideal("resnet56", factor=1.5)])
    assert bad is not None
    assert bad.worst > GOOD
    assert not bad.is_good
    assert bad.checks[3].error == pytest.approx(1 / 1.5 - 1, rel=0.02)


def test_recorded_timings_are_predicted_within_a_sixth() -> None:
    """Each of five networks on an H200, predicted from the others, under seven conditions."""
    groups: dict[tuple[Any, ...], list[Timing]] = defaultdict(list)
    for result in recordings().values():
        if result.kind != "time" or result.asked["compile"]:
            continue
        asked, figures = result.asked, result.figures
        key = tuple(value for name, value in sorted(asked.items()) if name != "model")
        spreads = {
            name: Spread(**figures[name]) if figures[name] else None
            for name in ("optimiser_ms", "step_ms")
        }
        groups[key].append(
            replace(
                TRAINING,
                model=asked["model"],
                settings=Settings(batch=asked["batch"], threads=1),
                forward_ms=Spread(**figures["forward_ms"]),
                stages=tuple(StageTime(**stage) for stage in figures["stages"]),
                optimiser_ms=spreads["optimiser_ms"],
                step_ms=spreads["step_ms"],
            )
        )
    assert len(groups) == 7
    for timings in groups.values():
        found = predictor_of(timings)
        assert found is not None
        assert len(found.checks) == 5
        assert found.worst < 1 / 6


def test_a_budget_of_time_takes_predicted_times() -> None:
    measured = [ideal(f"resnet{depth}") for depth in (20, 32, 44, 56)]
    times = {one.model: one.step_ms.p50 for one in measured if one.step_ms}
    found = predictor_of(measured)
    assert found is not None
    most = 1.01 * times["resnet56"]
    alone = choose(CIFAR, Budgets(max_ms=most), 2, measured_ms=times)
    assert {row.model for row in alone.fits} == set(times)
    choice = choose(CIFAR, Budgets(max_ms=most), 2, measured_ms=times, predict=found.ms)
    plain = ideal("plain56").step_ms
    assert plain is not None
    by_model = {row.model: row for row in choice.fits}
    assert by_model["plain56"].predicted_ms == pytest.approx(plain.p50, rel=0.05)
    assert by_model["resnet20"].predicted_ms is None
    over = {miss.row.model: miss.over[Budget.TIME] for miss in choice.misses}
    assert over["resnet1202"] == pytest.approx(found.ms(parse("resnet1202")))
    predicted = len(choice.fits) + len(choice.misses) - len(times)
    assert f" {predicted} times are predicted." in choice.sentence
    refused = {refusal.model: refusal.reason for refusal in choice.refused}
    assert set(refused.values()) <= {"neither measured nor predicted"}
