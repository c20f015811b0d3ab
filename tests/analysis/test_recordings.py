"""The results that ship with the app: all are there, read back as they were, and made anew."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from analysis.charts.chart import Draw
from analysis.drawing.caption import Role
from analysis.gradients.charts import gradient_chart
from analysis.gradients.cosines import Direction, DirectionSettings
from analysis.gradients.curves import Gradients, GradientSettings, Precision, Quantity
from analysis.gradients.direction import measure as measure_direction
from analysis.gradients.measure import measure
from analysis.gradients.presets import MORE, PRESETS, Preset
from analysis.gradients.report import (
    direction_result,
    gradients_result,
    how_measured,
    papers,
    theories_in,
)
from analysis.gradients.results import recorded_with, run_hash, run_of
from analysis.images.fashion_mnist import fashion_mnist_unopened
from analysis.lecture.recordings import Recording, differences, every
from analysis.results.form import Result, read_result
from analysis.results.recorded import FOLDER, recorded, recordings
from analysis.timing.report import timing_result
from analysis.timing.results import timing_hash, timing_of
from analysis.training.charts import Shown, ladder_chart, training_chart
from analysis.training.ladders import COMPARISONS, EXAMPLE, LADDER, PAIR, SEEDS
from analysis.training.recipes import RECIPES
from analysis.training.report import run_of as training_of
from analysis.training.runs import Run, tasks_of
from analysis.training.verdict import headline, verdict, verdict_grid
from nets import parse
from tests.analysis.test_cli import call
from tests.analysis.test_gradients_table import says_its_name
from tests.analysis.test_render_timings import TRAINING

EVERY = list(every())
TINY = "resnet20:blocks=1,1,1:widths=2,2,2:stem_width=2"


def named(name: str) -> Recording:
    return next(one for one in EVERY if one.name == name)


def test_every_recording_is_there_and_nothing_else() -> None:
    names = {one.name: one.hash() for one in EVERY}
    files = {path.stem: read_result(path).hash for path in FOLDER.glob("*.json")}
    assert files == names
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.*")) < 2_000_000


@pytest.mark.parametrize("preset", [*PRESETS, *MORE], ids=lambda preset: preset.name)
def test_a_recorded_preset_says_its_name(preset: Preset) -> None:
    settings = GradientSettings(precision=preset.precision)
    result = recorded(run_hash(tuple(map(parse, preset.models)), settings))
    assert result is not None
    run = run_of(result)
    assert isinstance(run, Gradients)
    assert (run.settings, len(run.curves)) == (settings, 3 * len(preset.models))
    says_its_name(preset, run.summary)
    assert json.loads(gradients_result(run).json()) == json.loads(result.json())


def test_recorded_training_shows_degradation_in_every_seed() -> None:
    runs = trainings("degradation")
    assert {run.model.partition(":")[0] for run in runs} >= set(PAIR)
    assert len(runs) == 3 * len(set(PAIR) | set(LADDER) | set(EXAMPLE))
    assert all(run.is_whole and not run.ended for run in runs)
    assert not training_chart(runs).log_y
    pair = [run for run in runs if (run.task.spec.depth, run.model[:5]) in DEPTHS]
    assert len(pair) == 12
    said = " ".join(verdict(pair))
    assert "in every seed" in said or "all seeds" in said or "3 seeds" in said


def test_accuracies_at_the_end_are_drawn_by_depth() -> None:
    runs = trainings(COMPARISONS["epochs"].recipe)
    both = ladder_chart(runs, Shown.ACCURACY)
    assert both.title == "Final training and test accuracy by depth"
    assert both.y_label == "accuracy, %"
    assert not both.log_y
    lines = {line.name: line for line in both.series if len(line.x) > 1}  # not those with a name
    for kind, prefix in (("plain", "plain"), ("residual", "resnet")):
        trained, tested = lines[kind], lines[f"{kind}: test"]
        assert trained.x == tested.x == (20, 44, 56, 110)
        assert (tested.draw, tested.hollow, tested.in_legend) == (Draw.POINTS, True, False)
        for depth, *drawn in zip(trained.x, trained.y, tested.y, strict=True):
            own = [run for run in runs if run.model.startswith(f"{prefix}{depth:.0f}:")]
            assert len(own) == SEEDS
            assert drawn[0] == pytest.approx(100 * fmean(run.last_accuracy for run in own))
            assert drawn[1] == pytest.approx(100 * fmean(r.epochs[-1].test_accuracy for r in own))
    assert ladder_chart(runs, Shown.TEST_ACCURACY).y_label == "test accuracy, %"
    said = Shown.TRAIN_ACCURACY.headline_by_depth(runs)
    assert said.startswith("Training accuracy at 20, 44, 56 and 110 layers: 92%, 88%, 85% and 11% ")
    assert Shown.ACCURACY.headline_by_depth([r for r in runs if "plain" in r.model]) == ""


def test_ten_epochs_show_degradation_at_every_depth() -> None:
    """Every deeper plain network ends higher; a residual one is always better than its twin."""
    comparison = COMPARISONS["epochs"]
    runs = trainings(comparison.recipe)
    assert {run.environment.accelerator for run in runs if run.environment} == {"NVIDIA H200"}
    specs = [parse(text) for text in comparison.ladder]
    images, recipe = fashion_mnist_unopened(), RECIPES[comparison.recipe]
    tasks = tasks_of(specs, recipe, comparison.data, images, range(SEEDS), fitted=True)
    assert {run.task.hash for run in runs} == {task.hash for task in tasks}
    assert all(run.is_whole and not run.ended and len(run.epochs) == 10 for run in runs)
    assert training_chart(runs).log_y
    assert ladder_chart(runs).log_y
    assert not training_chart(runs, Shown.TEST_ACCURACY).log_y
    said = verdict(runs)
    assert said == (
        "Slower to train in 3 of 3 seeds (loss over the last 25 of 4,680 steps): the 44-layer "
        "plain network (0.31) than the 20-layer plain network (0.23); the 56-layer plain network "
        "(0.39) than the 44-layer plain network (0.31); the 110-layer residual network (0.28) "
        "than the 56-layer residual network (0.24).",
        "The 110-layer plain network doesn't train in 3 of 3 seeds: its loss of 2.30 over the last "
        "25 of 4,680 steps is that of guessing among 10 classes; the 56-layer plain network "
        "reaches 0.39.",
        "Too close to call in 3 seeds (loss over the last 25 of 4,680 steps): the 44-layer "
        "residual network (0.21 to 0.23) and the 20-layer residual network (0.20 to 0.22); the "
        "56-layer residual network (0.22 to 0.27) and the 44-layer residual network (0.21 to "
        "0.23).",
        "Faster to train in 3 of 3 seeds (loss over the last 25 of 4,680 steps): the 20-layer "
        "residual network (0.21) than the 20-layer plain network (0.23); the 44-layer residual "
        "network (0.22) than the 44-layer plain network (0.31); the 56-layer residual network "
        "(0.24) than the 56-layer plain network (0.39); the 110-layer residual network (0.28) "
        "than the 110-layer plain network (2.30).",
    )
    grid = verdict_grid(runs)
    assert grid is not None
    assert grid.caption.endswith(
        " Slower or faster: in every seed, the final loss is higher or lower by at least 0.05, or "
        "5% of the lower loss if that is below 1."
    )
    assert grid.rows == (
        ("20", "0.23 (0.22 to 0.23)", "", "0.21 (0.20 to 0.22)", "", "faster"),
        (
            "44",
            "0.31 (0.30 to 0.33)",
            "slower",
            "0.22 (0.21 to 0.23)",
            "too close to call",
            "faster",
        ),
        (
            "56",
            "0.39 (0.38 to 0.40)",
            "slower",
            "0.24 (0.22 to 0.27)",
            "too close to call",
            "faster",
        ),
        ("110", "2.30 (2.29 to 2.30)", "doesn't train", "0.28 (0.25 to 0.29)", "slower", "faster"),
    )
    other = [run for run in runs if run.task.spec.depth == 20]
    assert (
        verdict_grid(
            other[:3]
            + [
                replace(one, task=replace(one.task, recipe=RECIPES["degradation"]))
                for one in other[:3]
            ]
        )
        is None
    )
    assert verdict_grid([]) is None
    every = (
        "The 110-layer plain network doesn't train in 3 of 3 seeds: from 20 to 110 layers, the "
        "loss over the last 25 of 4,680 steps is 0.23, 0.31, 0.39 and 2.30, the last that of "
        "guessing among 10 classes."
    )
    both = f"{every} With shortcuts, it is 0.21, 0.22, 0.24 and 0.28."
    assert headline(runs) == both  # what a wall says: all depths
    assert headline([run for run in runs if "plain" in run.model]) == every
    two = [run for run in runs if run.task.spec.depth in (56, 110)]
    both = "With shortcuts, the loss is 0.28 against 0.24."
    assert headline(two) == f"{said[1]} {both}"
    one = [run for run in runs if run.task.seed == 0]  # one seed shows no trend
    assert headline(one).startswith("The 110-layer plain network doesn't train with one seed")
    assert headline([run for run in runs if "resnet" in run.model]) == (
        "The 44-layer residual network and the 20-layer residual network are too close to call: "
        "loss 0.21 to 0.23 against 0.20 to 0.22 over the last 25 of 4,680 steps."
    )
    at_chance = [run.model for run in runs if run.test and run.test.accuracy < 0.12]
    assert at_chance == ["plain110:input=1x28x28"] * 3


def trainings(recipe: str) -> list[Run]:
    """Return the recorded runs of a recipe, the shallowest first."""
    runs = [training_of(result) for result in recordings().values() if result.kind == "train"]
    own = [run for run in runs if run.task.recipe.name == recipe]
    return sorted(own, key=lambda run: run.task.spec.depth)


DEPTHS = {(depth, kind) for depth in (20, 56) for kind in ("plain", "resne")}


@pytest.mark.parametrize(
    "name", ["gradients_vanishing", "train_plain8_seed0", "paths_fashion_resnet20_init"]
)
def test_a_recording_made_anew_is_alike(name: str) -> None:
    """One of a kind; tests/benchmarks makes all of them."""
    recording = named(name)
    known = recorded(recording.hash())
    assert known is not None
    anew = recording.make()
    assert anew.hash == known.hash
    assert differences(known, anew) == ()


def test_a_difference_is_said() -> None:
    known = recorded(named("gradients_vanishing").hash())
    assert known is not None
    figures = json.loads(json.dumps(known.figures))
    figures["summary"][0]["log10_ratio"] += 0.71
    figures["verdict"][0] = figures["verdict"][0].replace("it vanishes", "it explodes")
    said = differences(known, replace(known, figures=figures))
    assert said[0].startswith("the log10 ratio of plain56:norm=none:init=default is -")
    assert said[1].startswith('it says "')
    assert "it explodes" in said[1]
    assert len(said) == 2
    figures["summary"][1]["log10_ratio"] = None
    assert "is not measured, recorded" in differences(known, replace(known, figures=figures))[1]
    with pytest.raises(ValueError, match="answer different questions"):
        differences(known, replace(known, asked={}))


@pytest.mark.parametrize("options", ["", ":norm=none:activation=sigmoid:init=default"])
@pytest.mark.parametrize("precision", list(Precision))
def test_norms_are_read_back_as_they_were(
    options: str, precision: Precision, tmp_path: Path
) -> None:
    specs = (parse(f"{TINY}{options}"), parse(f"resnet110:widths=2,2,2:stem_width=2{options}"))
    settings = GradientSettings(seeds=2, first_seed=3, batch=2, precision=precision)
    run = measure(lambda curve: None, specs, settings)
    result = gradients_result(run)
    assert result.hash == run_hash(specs, settings)
    result.write(tmp_path / "a.json")
    again = run_of(read_result(tmp_path / "a.json"))
    assert again == run
    assert again.environment == run.environment


def test_directions_are_read_back_as_they_were() -> None:
    specs = (parse(TINY), parse(TINY.replace("resnet20", "plain20")))
    settings = DirectionSettings(seeds=2, batch=2, noise=0.05)
    run = measure_direction(lambda cosine: None, specs, settings)
    result = direction_result(run)
    assert result.hash == run_hash(specs, settings)
    assert run_of(result) == run


def test_a_network_of_a_recorded_run_is_known_alone_and_measures_the_same() -> None:
    deep, short = parse("plain56:norm=none:init=default"), parse("resnet56:norm=none:init=default")
    settings = GradientSettings()
    whole = recorded_with((deep, short), settings)
    assert whole is recorded(run_hash((deep, short), settings))
    assert recorded_with((deep,), settings) is whole is recorded_with((short,), settings)
    assert recorded_with((short, deep), settings) is None  # another order, other colours
    assert recorded_with((deep,), replace(settings, batch=2)) is None
    assert recorded_with((deep, parse("resnet18")), settings) is None
    assert whole is not None
    alone, both = run_of(whole, (deep,)), run_of(whole)
    assert isinstance(alone, Gradients)
    assert isinstance(both, Gradients)
    assert (alone.specs, both.specs) == ((deep,), (deep, short))
    assert alone.curves == tuple(one for one in both.curves if one.model == str(deep))
    assert alone.summary == both.summary[:1]
    shallow = (parse("plain20"),)
    ladder = recorded_with(shallow, DirectionSettings())
    assert ladder is not None
    directions = run_of(ladder, shallow)
    assert isinstance(directions, Direction)
    assert [one.model for one in directions.cosines] == ["plain20"] * 3

    tiny = parse(TINY.replace("resnet20", "plain20")), parse(TINY)
    small = GradientSettings(seeds=2, batch=2)
    together = gradients_result(measure(lambda curve: None, tiny, small))
    apart = measure(lambda curve: None, tiny[1:], small)
    assert run_of(together, tiny[1:]) == apart


def test_a_timing_is_read_back_as_it_was() -> None:
    again = timing_of(timing_result(TRAINING))
    assert replace(again, settings=TRAINING.settings) == TRAINING
    assert timing_hash(TRAINING.model, TRAINING.settings, TRAINING.threads) == (
        timing_result(TRAINING).hash
    )
    with pytest.raises(ValueError, match="this is a result of train, not of timing"):
        timing_of(Result("train", {}, {}, {}))
    with pytest.raises(ValueError, match="this isn't a result of timing"):
        timing_of(Result("time", {}, {}, {}))


def test_what_is_no_run_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="this is a result of time, not of gradients"):
        run_of(Result("time", {}, {}, {}))
    with pytest.raises(ValueError, match="this isn't a result of gradients"):
        run_of(Result("gradients", {}, {}, {}))
    picture = Result("gradients", {"picture": "0"}, {}, {})
    with pytest.raises(ValueError, match="doesn't hold the picture"):
        run_of(picture)


def test_the_command_records_and_checks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    name = "train_plain8_seed0"
    to = ("-o", str(tmp_path))
    assert call(capsys, "record", name, *to) == (0, f"{name}.json\n", "")
    anew = read_result(tmp_path / f"{name}.json")
    known = recorded(anew.hash)
    assert known is not None
    assert anew.figures["last_loss"] == pytest.approx(known.figures["last_loss"], abs=0.15)
    assert call(capsys, "record", name, *to, "--missing") == (0, "", "")
    assert call(capsys, "record", name, "--check") == (0, f"pass  {name}\n", "")
    _, listed, _ = call(capsys, "record", "train_plain8_*", "--list")
    assert listed.split() == [f"train_plain8_seed{seed}" for seed in range(3)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("no",), "'no' isn't a recording: `record --list` lists them"),
        (("--check", "--missing"), "--check writes nothing: leave out -o and --missing"),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, "record", *arguments) == (2, "", f"error: {sentence}\n")


def test_theory_is_named_and_cited_only_where_its_line_is_drawn() -> None:
    runs = {name: one for name, one in recordings().items() if one.kind == "gradients"}
    found = [run for run in map(run_of, runs.values()) if isinstance(run, Gradients)]
    drawn = 0
    for run in found:
        norms = gradient_chart(run.curves, Quantity.ACTIVATION)
        theories = theories_in(norms, run)
        assert bool(theories) == any(one.thin for one in norms.series)
        told = how_measured(run, theories)
        assert ("Dash-dotted: theory (" in told) == bool(theories)
        for line in (one.name for one in norms.series if one.thin):
            name = line.removeprefix("theory, ").partition(": ×")[0]
            assert f"theory ({name}), drawn from the last block's mean with a factor of " in told
        drawn += bool(theories)
        weights = gradient_chart(run.curves, Quantity.WEIGHT)
        assert not any(one.thin for one in weights.series)
        assert theories_in(weights, run) == []
        assert not papers(run, theories_in(weights, run)).get(Role.THEORY)
    assert 0 < drawn < len(found)
