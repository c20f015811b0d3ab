"""Choices: budgets that all, some or no networks meet, and each family's deepest network."""

import csv
import io
import json
import math
import re
from typing import Any

import pytest

import analysis
from analysis.charts.chart import Draw
from analysis.charts.screen import wall_names
from analysis.choice.charts import (
    drawn_in_words,
    fits_in_words,
    front_called,
    front_chart,
    front_in_brief,
    fronts_of,
)
from analysis.choice.choose import (
    CIFAR,
    IMAGENET,
    MAX_BUDGET,
    Budget,
    Budgets,
    Choice,
    Task,
    checked_limit,
    choose,
    task_of,
)
from analysis.choice.compare import Better, Column, Recipe, pareto
from analysis.choice.ladder import ladder
from analysis.choice.report import (
    choice_json,
    choice_text,
    deepest_grid,
    fits_csv,
    fits_grid,
    fits_table,
    how_chosen,
)
from analysis.costs.step import Dtype, Optimiser, inference_bytes, largest_batch, step_memory
from nets import CATALOG, parse
from nets.spec import ResNetSpec


def models(choice: Choice) -> list[str]:
    return [row.model for row in choice.fits]


def test_tasks_never_compete() -> None:
    both = [choose(task, Budgets()) for task in (IMAGENET, CIFAR)]
    names = [set(models(choice)) for choice in both]
    assert not names[0] & names[1]
    assert all(CATALOG[name].spec.input == (3, 224, 224) for name in names[0])
    assert all(CATALOG[name].spec.input == (3, 32, 32) for name in names[1])
    assert {"resnet50", "resnet50_v1", "plain34"} <= names[0]
    assert not {"flower_resnet18", "d2l_resnet18"} & names[0]


def test_the_task_of_an_input() -> None:
    assert task_of((3, 224, 224)) is IMAGENET
    assert task_of((3, 32, 32)) is CIFAR
    assert task_of((3, 224, 224), 10) == Task("custom images", (3, 224, 224), 10)
    assert task_of((1, 28, 28), 10).input == (1, 28, 28)
    with pytest.raises(ValueError, match="input must be 1 to 4,096, not 0"):
        task_of((0, 28, 28))
    with pytest.raises(ValueError, match="classes must be 1 to 100,000, not 0"):
        task_of((3, 28, 28), 0)


def test_ones_own_images_take_every_net_of_the_catalog_once() -> None:
    choice = choose(task_of((3, 64, 64), 10), Budgets(), batch=2)
    assert "resnet18:input=3x64x64:classes=10" in models(choice)
    assert "resnet20:input=3x64x64" in models(choice)
    assert not [name for name in models(choice) if "flower" in name]  # it is resnet18 by now
    assert not choice.best  # nothing is published for these images
    assert len(choice.fits) + len(choice.misses) == len({row.spec for row in choice.fits})


def test_everything_fits() -> None:
    choice = choose(CIFAR, Budgets(max_macs=1e18, max_params=MAX_BUDGET))
    assert not choice.misses
    assert len(choice.fits) == len([e for e in CATALOG.values() if e.spec.input == (3, 32, 32)])
    assert choice.sentence == (
        "All 18 networks for CIFAR-10 (3×32×32, 10 classes) fit: the deepest is ResNet-1202 with "
        "1,202 layers."
    )
    unlimited = choose(CIFAR, Budgets())
    assert ", since no budget is set: " in unlimited.sentence
    assert all(deep.deeper is None for deep in unlimited.deepest)


def test_bytes_moved_are_in_the_chosen_type() -> None:
    said = {}
    for dtype in (Dtype.FLOAT32, Dtype.BFLOAT16):
        choice = choose(IMAGENET, Budgets(max_macs=2e9), batch=4, dtype=dtype)
        grid = fits_grid(choice)
        rows = {row[0]: row for row in grid.rows}
        cells = dict(zip(grid.columns, rows["resnet18"], strict=True))
        assert cells["activations per image"] == "2.48 M"
        said[dtype] = cells["bytes moved"]
    assert said == {"float32": "327 MB", "bfloat16": "164 MB"}


def test_nothing_fits() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=5e8))
    assert not choice.fits
    assert not choice.fronts
    assert not choice.best
    near = min(choice.misses, key=lambda miss: miss.worst)
    assert (near.row.model, near.row.macs) == ("resnet10", 889_229_312)
    assert choice.sentence == (
        "No network for ImageNet (3×224×224, 1,000 classes) fits: ResNet-10 comes closest but "
        "needs 889 M MACs per image (limit: 500 M), 77.8% too much."
    )
    assert choose(IMAGENET, Budgets(max_macs=1.0)).sentence.endswith(
        "needs 889 M MACs per image (limit: 1), 889,000,000 times the limit."
    )
    small = choose(IMAGENET, Budgets(max_macs=1e9), candidates=[parse("plain18")])
    assert small.sentence.endswith(
        "; outside the catalog, the Plain-18 variant with blocks 1-1-1-1 fits."
    )
    assert small.deepest[-1].row.model == "plain18:blocks=1,1,1,1"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("resnet50", "ResNet-50"),
        ("resnet50_v1:blocks=3,4,11,3", "ResNet-50 v1 variant with blocks 3-4-11-3"),
        ("resnet18:input=3x32x32:classes=10", "ResNet-18"),
        ("resnet20:unit=full_preact:norm=none", "ResNet-20 with full pre-activation, no BN"),
    ],
)
def test_sentences_and_tables_name_networks_as_a_person_does(model: str, name: str) -> None:
    choice = choose(IMAGENET, Budgets(max_macs=1e9), candidates=[parse("resnet10")])
    assert choice.name_of(parse(model)) == name


def test_two_versions_of_a_network_are_told_apart_everywhere() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=5e9, max_training_bytes=8e9), batch=32)
    names = {row.model: choice.name_of(row.spec) for row in choice.fits}
    assert (names["resnet50"], names["resnet50_v1"]) == ("ResNet-50 v1.5", "ResNet-50 v1")
    for front in fronts_of(choice).values():
        for series in front_chart(choice, front).series:
            for model, text in zip(series.hover, series.text, strict=False):
                assert not text or names[model] in text.replace("\n", " ")
    assert "ResNet-50 v1.5 variant with blocks" in {
        choice.name_of(deep.row.spec)[:34] for deep in choice.deepest
    }
    small = choose(IMAGENET, Budgets(max_macs=1e9))
    assert small.name_of(parse("resnet50")) == "ResNet-50"


def test_some_fit_and_the_misses_say_why() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=4.1e9, max_params=23e6), batch=8)
    assert models(choice) == [
        *("resnet10", "plain18", "resnet18", "resnet26", "resnet26d"),
        *("resnet34_a", "plain34", "resnet34", "keras_resnet34", "resnet34_c"),
    ]
    missed = {miss.row.model: miss for miss in choice.misses}
    assert set(missed["resnet50"].over) == {Budget.PARAMS}
    assert set(missed["resnet101"].over) == {Budget.MACS, Budget.PARAMS}
    assert missed["resnet50"].over[Budget.PARAMS] == 25_557_032
    assert missed["resnet50"].worst == pytest.approx(25_557_032 / 23e6)
    assert choice.sentence.startswith(f"{len(choice.fits)} of 32 networks for ImageNet")
    reach = max(choice.deepest, key=lambda deep: deep.row.depth).row
    name = choice.name_of(reach.spec)
    assert choice.sentence.endswith(
        f"; outside the catalog, the {name} has {reach.depth:,} layers."
    ) == (reach.depth > max(row.depth for row in choice.fits))


def test_tables_are_sorted_by_depth_and_say_what_is_in_the_catalog() -> None:
    choice = choose(CIFAR, Budgets(max_params=1e6))
    grid = deepest_grid(choice)
    assert grid.columns[:3] == ("model", "in the catalog", "depth")
    assert [row[:3] for row in grid.rows] == [
        ("preresnet164:blocks=10,10,10", "no", "92"),
        ("resnet56:blocks=10,10,10", "no", "62"),
        ("plain56:blocks=10,10,10", "no", "62"),
        ("preresnet110:blocks=10,10,10", "no", "62"),
    ]
    depths = [row[1] for row in fits_grid(choice).rows]
    assert depths == ["20", "20", "32", "32", "44", "44", "56", "56"]


@pytest.mark.parametrize("dtype", [Dtype.FLOAT32, Dtype.BFLOAT16])
def test_memory_is_judged_in_the_type_and_by_the_optimiser(dtype: Dtype) -> None:
    spec, batch = parse("resnet50"), 16
    for optimiser in Optimiser:
        need = step_memory(spec, batch, dtype, optimiser).peak_bytes
        for limit, fits in ((need, True), (need - 1, False)):
            budgets = Budgets(max_training_bytes=limit)
            choice = choose(IMAGENET, budgets, batch, dtype, optimiser, candidates=[spec])
            assert bool(choice.fits) is fits
            most = largest_batch(spec, limit, dtype, optimiser)
            assert choice.largest_batches == ({"resnet50": most} if fits else {})
    held = inference_bytes(spec, batch, dtype)
    for limit, fits in ((held, True), (held - 1, False)):
        budgets = Budgets(max_inference_bytes=limit)
        assert bool(choose(IMAGENET, budgets, batch, dtype, candidates=[spec]).fits) is fits


@pytest.mark.parametrize("limit", [3e8, 1e9, 4.2e9, 2e10])
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "wide_resnet50_2"])
def test_the_deepest_is_what_a_walk_up_the_ladder_finds(name: str, limit: float) -> None:
    choice = choose(IMAGENET, Budgets(max_macs=limit), candidates=[parse(name)])
    rungs = ladder(parse(name))
    walked: ResNetSpec | None = None
    for i in range(len(rungs)):
        if analysis.profile(rungs[i]).macs > limit:
            break
        walked = rungs[i]
    assert [d.row.spec for d in choice.deepest] == ([walked] if walked else [])
    for deep in choice.deepest:
        assert deep.deeper
        assert deep.deeper.macs > limit
        assert deep.breaks == {Budget.MACS: deep.deeper.macs}
        assert sum(deep.deeper.spec.blocks) > sum(deep.row.spec.blocks)


def test_what_one_step_deeper_needs_differs_from_the_budget_that_it_exceeds() -> None:
    first = choose(IMAGENET, Budgets(max_macs=5e9), candidates=[parse("resnet50")])
    (deep,) = first.deepest
    assert deep.deeper
    assert first.needs(deep) == "5.18 G MACs per image"
    macs = deep.deeper.macs
    again = choose(IMAGENET, Budgets(max_macs=macs - 1), candidates=[parse("resnet50")])
    (same,) = again.deepest
    assert same.row == deep.row
    assert again.needs(same) == "5,181,014,016 MACs per image"
    params = deep.deeper.params
    once = choose(IMAGENET, Budgets(max_params=params - 1), candidates=[parse("resnet50")])
    assert once.needs(once.deepest[0]) == f"{params:,} parameters"


def test_the_deepest_may_be_outside_the_catalog() -> None:
    choice = choose(CIFAR, Budgets(max_training_bytes=1e9), batch=32)
    deep = {d.family: d for d in choice.deepest}
    assert deep["resnet20"].row.model == "resnet110:blocks=64,64,64"
    assert not deep["resnet20"].in_catalog
    assert deep["resnet20"].row.training_bytes_float32
    assert deep["resnet20"].row.training_bytes_float32 <= 1e9
    assert deep["resnet20"].deeper
    assert deep["resnet20"].deeper.model == "resnet110:blocks=65,65,65"
    assert deep["resnet20"].breaks[Budget.TRAINING] > 1e9
    assert deep["resnet20"].largest_batch == largest_batch(deep["resnet20"].row.spec, 1e9)
    assert deep["wrn28_10"].in_catalog


def test_a_searched_network_is_a_scaled_version_of_its_family() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=5e9))
    assert {deep.family: deep.row.model for deep in choice.deepest} == {
        "resnet10": "resnet34:blocks=4,5,8,4",
        "resnet26": "resnet50:blocks=3,4,10,3",
        "resnext50_32x4d": "resnext50_32x4d:blocks=3,4,9,3",
        "resnet50_v1": "resnet50_v1:blocks=3,4,11,3",
        "resnet34_a": "resnet34_a:blocks=4,5,8,4",
        "resnet34_c": "resnet34_c:blocks=4,5,7,4",
        "plain18": "plain34:blocks=4,5,8,4",
        "resnet50c": "resnet50c:blocks=3,4,9,3",
        "resnet26d": "resnet50d:blocks=3,4,9,3",
        "seresnet50": "seresnet50:blocks=3,4,10,3",
        "resnet50_gn": "resnet50_gn:blocks=3,4,10,3",
        "keras_resnet34": "keras_resnet34:blocks=4,5,8,4",
        "keras_resnet50": "keras_resnet50:blocks=3,4,11,3",
        "preresnet200": "preresnet200:blocks=3,4,10,3",
    }
    wide = choose(IMAGENET, Budgets(max_macs=5e9), candidates=[parse("wide_resnet50_2")])
    assert not wide.deepest  # the smallest that keeps the proportions takes 11.4 G


def test_the_best_published_within_one_recipe() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=8e9))
    best = {b.recipe.recipe: (b.row.model, b.percent) for b in choice.best}
    assert best["IMAGENET1K_V1, single crop"] == ("resnext50_32x4d", 77.618)
    assert best["IMAGENET1K_V2, single crop"] == ("resnet101", 81.886)
    assert best["10-crop"] == ("resnet101_v1", 21.75)


def test_fronts_hold_every_pair_of_costs_and_every_recipe() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=12e9))
    fronts = {(front.x, front.y): front.rows for front in choice.fronts}
    costs = [Column.PARAMS, Column.MACS, Column.TRAINING_BYTES_FLOAT32, Column.INFERENCE_BYTES]
    for i, x in enumerate(costs):
        for y in costs[i + 1 :]:
            assert fronts[x, y] == pareto(choice.fits, x, y)
    published = [axis for axis in {y for _, y in fronts} if isinstance(axis, Recipe)]
    assert {axis.better for axis in published} == {Better.HIGH, Better.LOW}
    for recipe in published:
        for cost in costs:
            assert fronts[cost, recipe] == pareto(choice.fits, cost, recipe)
    assert all(front.rows for front in choice.fronts)


def test_measured_times() -> None:
    times = {"resnet20": 2.0, "resnet32": 3.5, "resnet56": 9.0}
    choice = choose(CIFAR, Budgets(max_ms=4), measured_ms=times)
    assert models(choice) == ["resnet20", "resnet32"]
    assert [miss.row.model for miss in choice.misses] == ["resnet56"]
    assert choice.misses[0].over == {Budget.TIME: 9.0}
    assert [(d.row.model, d.deeper) for d in choice.deepest] == [("resnet32", None)]
    assert "Not evaluated: ResNet-44 and 14 more (not measured)." in choice.sentence
    nothing = choose(CIFAR, Budgets(max_ms=1), measured_ms=times).sentence
    assert "ResNet-20 comes closest but needs 2.00 ms (limit: 1 ms)" in nothing
    with pytest.raises(ValueError, match="max_ms needs measured times, but none were given"):
        choose(CIFAR, Budgets(max_ms=4))


def test_the_networks_that_a_chart_leaves_out_are_explained_by_what_they_lack() -> None:
    """Networks without a time have published results all the same."""
    choice = choose(IMAGENET, Budgets(max_macs=4_000_000_000), measured_ms={"resnet18": 3.0})
    said = {name: drawn_in_words(choice, front) for name, front in fronts_of(choice).items()}
    (timed,) = {text for name, text in said.items() if name.endswith("measured_ms")}
    assert timed == "1 of the 12 networks that fit has both figures."
    published = [
        text
        for name, text in said.items()
        if name.startswith("ImageNet") and name.endswith("params")
    ]
    assert len(published) > 1
    for text in published:
        assert re.fullmatch(
            r"\d+ of the 12 networks that fit have a published result \(.+\)\.", text
        )
    assert said["macs against params"] == ""


def test_a_front_says_first_how_many_networks_it_is_drawn_from() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=5e9, max_training_bytes=8e9), batch=32)
    fronts = {front_called(front): front for front in choice.fronts}
    for called, said in {
        "parameters: V1 (torchvision), top-1 accuracy": (
            "4 of the 18 networks that fit have a published result (torchvision's weights V1). "
            "3 of them are on the Pareto front."
        ),
        "MACs: V2 (torchvision), top-1 accuracy": (
            "2 of the 18 networks that fit have a published result (torchvision's weights V2)."
        ),
        "MACs against parameters": "18 of 32 networks fit. On the Pareto front: ResNet-10.",
    }.items():
        assert front_in_brief(choice, fronts[called]) == said
    ten_crop = fronts["MACs: 10-crop (He et al. 2015), top-1 error"]
    assert fits_in_words(choice, ten_crop) == (
        "6 of the 18 networks that fit have a published result (10-crop). 18 of 32 networks for "
        "ImageNet fit in 5 G MACs per image and 8 GB of training memory at batch 32."
    )


@pytest.mark.parametrize("task", [IMAGENET, CIFAR])
def test_a_phones_width_tells_the_fronts_in_the_menu_apart(task: Task) -> None:
    choice = choose(task, Budgets())
    called = [front_called(front) for front in choice.fronts]
    begins = [name[:38] for name in called]
    assert len(begins) > 30
    assert not any("ImageNet" in name or "CIFAR" in name for name in called)  # the task says it
    assert len(set(begins)) == len(begins)


@pytest.mark.parametrize(
    ("task", "budgets", "said"),
    [
        (
            IMAGENET,
            Budgets(max_macs=5_000_000_000, max_training_bytes=8_000_000_000),
            "Task: ImageNet (3×224×224, 1,000 classes). Budgets: 5 G MACs per image and 8 GB of "
            "training memory at batch 1. {fits} of {every} networks fit.",
        ),
        (
            task_of((3, 64, 64), 7),
            Budgets(),
            "Task: custom images (3×64×64, 7 classes). Budgets: none. {fits} of {every} networks "
            "fit.",
        ),
    ],
)
def test_a_caption_names_task_and_budgets(task: Task, budgets: Budgets, said: str) -> None:
    choice = choose(task, budgets)
    fits, every = len(choice.fits), len(choice.fits) + len(choice.misses)
    assert how_chosen(choice) == said.format(fits=fits, every=every)


def test_a_files_note_says_what_the_line_of_a_front_is() -> None:
    choice = choose(IMAGENET, Budgets())
    line = "Line: the Pareto front, networks that no other beats on both axes"
    for front in choice.fronts:
        chart = front_chart(choice, front)
        is_drawn = any(one.draw is Draw.LINE for one in chart.series)
        some_are_off = any(one.name == "other networks" for one in chart.series)
        assert (line in chart.reading) == (is_drawn and some_are_off)
    assert any(line in front_chart(choice, front).reading for front in choice.fronts)


def test_a_front_among_too_many_points_for_names_is_named_below() -> None:
    """The names of marks close to an edge or to others have no room in the chart."""
    own = task_of((3, 128, 128), 100)
    choice = choose(own, Budgets(max_macs=5_000_000_000, max_training_bytes=8_000_000_000))
    front = fronts_of(choice)["macs against params"]
    assert len(choice.fits) > 15
    said = fits_in_words(choice, front)
    assert said.startswith(f"{len(choice.fits)} of 55 networks for custom images fit in 5 G MACs")
    assert said.endswith(". On the Pareto front: ResNet-20, Plain-20, ResNet-10.")
    chart = front_chart(choice, front, alone=True)
    assert chart.log_x
    assert chart.log_y
    assert [name.text for name in wall_names(chart).names if name] == [
        "ResNet-20, Plain-20",
        "ResNet-10",
    ]
    few = choose(IMAGENET, Budgets(max_macs=2_500_000_000))
    assert 1 < len(few.fits) <= 15
    assert "Pareto" not in fits_in_words(few, fronts_of(few)["macs against params"])


def test_a_front_shows_macs_per_image_as_the_table_does() -> None:
    one, many = (choose(IMAGENET, Budgets(max_macs=2_500_000_000), batch=n) for n in (1, 32))
    charts = [front_chart(each, fronts_of(each)["macs against params"]) for each in (one, many)]
    assert {chart.y_label for chart in charts} == {"MACs (conv + linear) per image"}
    assert charts[0].series == charts[1].series
    bytes_moved = fronts_of(many)["bytes_moved against macs"]
    assert " for 32 images" in front_chart(many, bytes_moved).y_label


def test_an_input_that_no_network_can_train_on() -> None:
    """Group norm can: a group has several channels."""
    budgets = Budgets(max_macs=1e12, max_training_bytes=1e12)
    normed = [entry.spec for name, entry in CATALOG.items() if name != "resnet50_gn"]
    assert models(choose(task_of((3, 1, 1)), budgets)) == ["resnet50_gn:input=3x1x1"]
    choice = choose(task_of((3, 1, 1)), budgets, candidates=normed)
    assert not choice.fits
    assert choice.sentence.startswith("No network could be evaluated for custom images (3×1×1, ")
    assert "would train on one value per channel" in choice.sentence
    assert all("one value per channel" in refusal.reason for refusal in choice.refused)
    free = choose(task_of((3, 1, 1)), Budgets(max_macs=1e12), candidates=normed)
    assert len(free.fits) == len(choice.refused)
    assert not free.refused
    assert {r.training_bytes_float32 for r in free.fits} == {None}
    assert "0 B" not in choice_text(free)
    said = "have no training figures: input 3x1x1 is too small at batch 1"
    assert said in " ".join(choice_text(free).split())
    assert json.loads(choice_json(free))["fits"][0]["saved_bytes"] is None
    assert not any(Column.TRAINING_BYTES_FLOAT32 in (f.x, f.y) for f in free.fronts)


def test_a_network_that_cannot_train_never_hides_the_others() -> None:
    candidates = [parse("resnet18"), parse("resnet20")]
    choice = choose(CIFAR, Budgets(max_training_bytes=1e9), candidates=candidates)
    assert models(choice) == ["resnet20"]
    assert [refusal.model for refusal in choice.refused] == ["resnet18:input=3x32x32:classes=10"]
    assert "Not evaluated: ResNet-18 (input 3x32x32" in choice.sentence


@pytest.mark.parametrize("field", [budget.value for budget in Budget])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0, r"must be above 0 and at most 1e\+18, not 0"),
        (-5, r"must be above 0 and at most 1e\+18, not -5"),
        (-1e-9, r"must be above 0 and at most 1e\+18, not -1e-09"),
        (1e300, r"must be above 0 and at most 1e\+18, not 1e\+300"),
        (10**400, r"must be above 0 and at most 1e\+18, not a number too large to write"),
        (math.nan, r"must be above 0 and at most 1e\+18, not nan"),
        (math.inf, r"must be above 0 and at most 1e\+18, not inf"),
        ("4G", "must be a number, not 4G"),
        (True, "must be a number, not True"),
        ([1], r"must be a number, not \[1\]"),
    ],
)
def test_nonsense_budgets(field: str, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} {says}$"):
        Budgets(**{field: value})


def test_a_limit_in_a_larger_unit() -> None:
    assert checked_limit("MACs", 5.0, 10**9, "G") == 5e9
    assert checked_limit("MACs", 1e9, 10**9, "G") == MAX_BUDGET
    with pytest.raises(
        ValueError, match=r"^MACs must be above 0 and at most 1,000,000,000 G, not 1e\+300$"
    ):
        checked_limit("MACs", 1e300, 10**9, "G")


def test_a_bad_batch() -> None:
    with pytest.raises(ValueError, match="batch must be 1 to 65,536, not 0"):
        choose(CIFAR, Budgets(), batch=0)


def test_every_outcome_is_written() -> None:
    for budgets in (Budgets(), Budgets(max_macs=5e7), Budgets(max_macs=1), Budgets(max_params=1)):
        choice = choose(CIFAR, budgets, batch=4)
        text, read = choice_text(choice), json.loads(choice_json(choice))
        assert " ".join(text.split()).startswith(choice.sentence)
        assert choice.sentence.endswith(".")
        assert [row["model"] for row in read["fits"]] == models(choice)
        assert len(read["pareto"]) == len(choice.fronts)
        assert all(model in models(choice) for front in read["pareto"] for model in front["models"])
        assert read["sentence"] == choice.sentence


def test_a_table_of_what_fits_says_what_was_asked() -> None:
    budgets = Budgets(max_macs=5e9, max_training_bytes=4e9)
    choice = choose(IMAGENET, budgets, batch=4, optimiser=Optimiser.ADAM)
    assert fits_table(choice).caption == (
        "Networks that fit. Memory is predicted, and bytes moved are counted, for 4 images in "
        f"float32, with {Optimiser.ADAM.label} in training. {how_chosen(choice)}"
    )
    assert fits_table(choice).rows == fits_grid(choice).rows


def test_the_csv_of_what_fits_has_exact_numbers() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=5e9, max_training_bytes=4e9), batch=4)
    rows = list(csv.DictReader(io.StringIO(fits_csv(choice))))
    assert [row.pop("model") for row in rows] == [row.model for row in choice.fits]
    for row, found in zip(rows, choice.fits, strict=True):
        assert {name: int(value) for name, value in row.items()} == {
            "depth": found.depth,
            "params": found.params,
            "macs_per_image": found.macs // 4,
            "training_bytes": found.training_bytes(choice.dtype),
            "inference_bytes": found.inference_bytes_in(choice.dtype),
            "activations_per_image": found.activations // 4,
            "bytes_moved": found.bytes_moved_in(choice.dtype),
            "largest_batch": choice.largest_batches[found.model],
        }
