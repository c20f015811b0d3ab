"""The loop compared with a bare one, its randomness, its resuming and its verdict."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR
from torchvision.transforms import v2

from analysis.charts.chart import Dash
from analysis.gradients.curves import GradientSettings
from analysis.gradients.measure import measure
from analysis.machine.devices import seeded
from analysis.training import checkpoints, states
from analysis.training.batches import Feed, order, shifted, shown, step_images
from analysis.training.charts import are_means, ladder_chart, training_chart
from analysis.training.kept import NotKeptError, RunFiles, train_kept
from analysis.training.loop import Training, check, evaluate, finish
from analysis.training.recipes import RECIPES, Augment, changed
from analysis.training.report import (
    read_run,
    run_result,
    runs_csv,
    runs_dict,
    runs_json,
    runs_text,
    stops_in_words,
    summary_rows,
)
from analysis.training.runs import Epoch, News, Run, Task
from analysis.training.verdict import Word, compare, headline, names_of, verdict
from nets import build, parse
from tests.analysis.toys import NET, toy_recipe, toy_set, toy_task


def trained(task: Task, **options: object) -> Training:
    training = Training(task, toy_set())
    finish(training, **options)  # type: ignore[arg-type]
    return training


def test_the_loop_is_the_bare_loop() -> None:
    """Train by hand with plain SGD: forward, loss, backward, step."""
    recipe = changed(RECIPES["d2l"], {"batch": 6, "steps": 8, "rate": 0.1})
    images = toy_set()
    found = trained(toy_task(recipe))
    torch.manual_seed(0)
    model = build(parse(NET))
    optimiser = SGD(model.parameters(), lr=0.1)
    pixels = (images.train.images.float() / 255 - images.mean[0]) / images.std[0]  # type: ignore[attr-defined]
    losses = []
    for step in range(8):
        numbers = step_images(6, 24, 0, step)
        loss = cross_entropy(model(pixels[numbers]), images.train.labels[numbers])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert found.losses == pytest.approx(losses, rel=1e-5)
    model.eval()
    with torch.inference_mode():
        shown_test = (images.test.images.float() / 255 - images.mean[0]) / images.std[0]  # type: ignore[attr-defined]
        logits = model(shown_test)
    assert found.test is not None
    assert found.test.loss == pytest.approx(
        cross_entropy(logits, images.test.labels).item(), rel=1e-4
    )
    right = sum(row[i] for i, row in enumerate(found.test.confusion))
    assert found.test.accuracy == right / 9
    assert [sum(row) for row in found.test.confusion] == [3, 3, 3]
    assert len(found.test.worst) == 9 - right


def test_an_epoch_takes_each_image_once() -> None:
    each = 24 // 7
    seen = [image for step in range(each) for image in step_images(7, 24, 5, step)]
    assert len(set(seen)) == len(seen) == 21
    assert step_images(7, 24, 5, each) != step_images(7, 24, 5, 0)
    assert order(24, 5, 1).tolist() == order(24, 5, 1).tolist() != order(24, 6, 1).tolist()


def test_two_networks_of_a_seed_see_the_same_images() -> None:
    recipe = toy_recipe(augment="shift")
    feeds = [Feed(toy_set(), recipe, parse(model).input) for model in (NET, f"{NET}:shortcut=none")]
    x, labels = feeds[0].training([3, 4, 5], 7, 2)
    y, same = feeds[1].training([3, 4, 5], 7, 2)
    assert torch.equal(x, y)
    assert labels.tolist() == same.tolist() == [0, 1, 2]
    assert not torch.equal(x, feeds[0].training([3, 4, 5], 8, 2)[0])


def test_training_leaves_torchs_own_chance_alone() -> None:
    before = torch.random.get_rng_state()
    trained(toy_task(toy_recipe(augment="resized_crop")))
    assert torch.equal(before, torch.random.get_rng_state())


def test_sizes_and_colours() -> None:
    grey = torch.arange(16, dtype=torch.uint8).view(1, 1, 4, 4)
    zero, one = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)
    assert torch.equal(shown(grey, zero, one, (1, 4, 4)), grey.float())
    halved = shown(grey, zero, one, (3, 2, 2))
    assert halved.shape == (1, 3, 2, 2)
    assert halved[0, 1].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert shown(grey, zero, one, (1, 7, 5)).shape == (1, 1, 7, 5)
    red = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    red[:, 0] = 100
    mean, std = (value.expand(1, 3, 1, 1) for value in (zero, one))
    dark = shown(red, mean, std, (1, 2, 2)).flatten().tolist()
    assert dark == pytest.approx([29.89] * 4, rel=1e-3)


def test_it_learns_and_is_the_same_again() -> None:
    task = toy_task(toy_recipe(steps=40, augment="none", precision="float32"))
    one, two = trained(task), trained(task)
    assert one.losses == two.losses
    assert one.run().last_accuracy > 0.9
    assert trained(replace(task, seed=1)).losses != one.losses


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("short", {"evaluate": True, "precision": "float32"}),
        ("short", {}),
        ("degradation", {}),
        ("cifar_paper", {"milestones": (0.3, 0.6)}),
        ("cifar_paper_110", {"warm_up": 3}),
        ("flowers", {"warm_up": 4, "gradients_at": (0, 2, 6, 12)}),
    ],
)
def test_resumed_is_not_interrupted(name: str, changes: dict[str, object], tmp_path: Path) -> None:
    recipe = toy_recipe(name, steps=12, **changes)
    task, images = toy_task(recipe), toy_set()
    whole = trained(task)
    files = RunFiles.of(tmp_path, task)
    for steps in (5, 7, 12):  # two stops, then the end
        run = train_kept(task, images, files, lambda news: None, resume=True, stop=_after(steps))
        assert files.state.exists() is (steps < 12)
        assert files.weights.exists() is (steps == 12)
    assert run.train_loss == tuple(whole.losses)
    assert run.curves == tuple(whole.curves.items())
    assert run.epochs == tuple(whole.epochs)
    assert run.test == whole.test
    weights = checkpoints.load(files.weights).weights
    for key, tensor in whole.model.state_dict().items():
        assert torch.equal(weights[key], tensor), key


def _after(steps: int) -> Callable[[], bool]:
    """Return a callback that stops after a number of steps in this process."""
    made = {"n": 0}
    before = {5: 0, 7: 5, 12: 7}[steps]

    def stop() -> bool:
        made["n"] += 1
        return before + made["n"] >= steps

    return stop


def test_a_whole_run_is_taken_from_its_files(tmp_path: Path) -> None:
    task, images = toy_task(), toy_set()
    files = RunFiles.of(tmp_path, task)
    run = train_kept(task, images, files, lambda news: None)
    told: list[News] = []
    assert train_kept(task, images, files, told.append, resume=True) == run
    assert told == []
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{files.name}.json",
        f"{files.name}.safetensors",
    }


def test_a_state_of_another_run_is_refused(tmp_path: Path) -> None:
    one, other = toy_task(), toy_task(seed=1)
    path = tmp_path / "a.state.safetensors"
    states.save_state(Training(one, toy_set()), path)
    with pytest.raises(ValueError, match="belongs to another run, not to this one of resnet20"):
        states.resume(Training(other, toy_set()), path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match="isn't a checkpoint of this app, or it's damaged"):
        states.resume(Training(one, toy_set()), path)


def test_news_add_up_to_the_run() -> None:
    task = toy_task(toy_recipe(steps=8, gradients_at=(0, 4)))
    told: list[News] = []
    training = trained(task, tell=told.append, number=3)
    assert {news.number for news in told} == {3}
    run = Run(training.task, training.images.classes, training.total).after(*told)
    whole = training.run()
    assert (run.train_loss, run.train_accuracy) == (whole.train_loss, whole.train_accuracy)
    assert (run.epochs, run.curves) == (whole.epochs, whole.curves)
    assert run.seconds == pytest.approx(whole.seconds)


def test_gradients_at_step_0_are_those_of_the_page() -> None:
    task = toy_task(toy_recipe(gradients_at=(0,)), seed=2)
    (step, curve), *_ = trained(task).curves.items()
    page = GradientSettings(seeds=1, first_seed=2, batch=32)
    (own,) = measure(lambda _: None, (parse(NET),), page).curves
    assert (step, curve) == (0, own)


def test_a_loss_that_is_not_finite_ends_the_run() -> None:
    recipe = changed(RECIPES["d2l"], {"batch": 6, "steps": 30, "rate": 10.0})
    net = f"{NET}:norm=none:init=he_fan_out"
    run = trained(toy_task(recipe, net)).run()
    assert run.steps < 30
    assert not math.isfinite(run.train_loss[-1])
    assert run.ended == f"the loss isn't finite at step {run.steps}, so the run ended there"
    assert run.test is None
    again = read_run(json.loads(run_result(run).json()))
    assert again.ended == run.ended
    assert math.isnan(again.train_loss[-1])


def test_a_test_loss_that_is_not_finite_is_said(tmp_path: Path) -> None:
    """The training losses are finite, but the last step's weights aren't."""
    recipe = changed(RECIPES["d2l"], {"batch": 6, "steps": 4})
    training = Training(toy_task(recipe), toy_set())

    def spoil(parameters: Any, *_: object) -> None:
        if training.steps == 3:  # the last step
            for group in parameters.param_groups:
                for parameter in group["params"]:
                    parameter.data.fill_(math.inf)

    training.optimiser.register_step_post_hook(spoil)
    finish(training)
    run = training.run()
    assert all(map(math.isfinite, run.train_loss))
    assert run.is_whole
    assert run.ended == "the test loss isn't finite: the weights have grown too large"
    assert run.test is None
    again = read_run(json.loads(run_result(run).json()))
    assert (again.ended, len(again.epochs)) == (run.ended, 1)
    assert math.isnan(again.epochs[0].test_loss)
    assert run.ended in json.loads(runs_json([run]))["verdict"][0]
    files = RunFiles.of(tmp_path, run.task)
    assert not files.exist()


def test_what_cannot_be_kept_comes_back(tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "gone", "run")
    with pytest.raises(NotKeptError) as error:
        train_kept(toy_task(), toy_set(), files, lambda news: None)
    assert error.value.run.steps == 4  # one epoch, after which the run is saved


def test_a_run_without_its_weights_is_made_again(tmp_path: Path) -> None:
    task, images = toy_task(), toy_set()
    files = RunFiles.of(tmp_path, task)
    run = train_kept(task, images, files, lambda news: None)
    for spoil in (files.weights.unlink, lambda: files.weights.write_bytes(b"no")):
        spoil()
        again = train_kept(task, images, files, lambda news: None, resume=True)
        assert again.train_loss == run.train_loss
        checkpoints.load(files.weights).network()
    files.result.unlink()
    assert files.exist()


@pytest.mark.parametrize(
    "change",
    [
        {"groups": "[]"},
        {"groups": None},
        {"plain": "[]"},
        {"run": "{}"},
        {"groups": ('"lr": ', '"lr": "x", "old": ')},
        {"groups": ('"lr": ', '"lr": NaN, "old": ')},
    ],
)
def test_an_edited_state_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    training = Training(toy_task(), toy_set())
    finish(training, stop=lambda: training.steps == 3)
    path = tmp_path / "a.state.safetensors"
    states.save_state(training, path)
    states.resume(Training(toy_task(), toy_set()), path)  # the unchanged file is sound
    with safe_open(path, "pt") as file:
        about = dict(file.metadata())
    tensors = load_file(path)
    for key, value in change.items():
        if value is None:
            del about[key]
        elif isinstance(value, tuple):
            about[key] = about[key].replace(*value)
        else:
            about[key] = value
    save_file(tensors, path, about)
    with pytest.raises(ValueError, match="the run can't be resumed from it"):
        states.resume(Training(toy_task(), toy_set()), path)


@pytest.mark.parametrize("spoil", ["missing", "shape", "nan", "name"])
def test_a_state_of_bad_tensors_is_refused(spoil: str, tmp_path: Path) -> None:
    training = Training(toy_task(), toy_set())
    finish(training, stop=lambda: training.steps == 3)
    path = tmp_path / "a.state.safetensors"
    states.save_state(training, path)
    with safe_open(path, "pt") as file:
        about = dict(file.metadata())
    tensors = load_file(path)
    name = next(key for key in tensors if key.startswith("optimiser.0"))
    match spoil:
        case "missing":
            del tensors[name]
        case "shape":
            tensors[name] = torch.zeros(3)
        case "nan":
            tensors[name] = torch.full_like(tensors[name], math.nan)
        case "name":
            tensors["optimiser.zz.momentum_buffer"] = torch.zeros(1)
    save_file(tensors, path, about)
    with pytest.raises(ValueError, match="the run can't be resumed from it"):
        states.resume(Training(toy_task(), toy_set()), path)


def test_what_cannot_be_trained_is_said_before() -> None:
    for task, sentence in (
        (
            toy_task(model="resnet20:input=1x8x8"),
            "resnet20:input=1x8x8 has 10 outputs and the images have 3 classes: use ",
        ),
        (toy_task(toy_recipe(batch=25)), "a batch of 25 is more than the 24 training images"),
        (
            toy_task(toy_recipe(batch=1), NET.replace("1x8x8", "1x4x4")),
            "can't be trained at this batch",
        ),
        (toy_task(device="cuda:7"), "no CUDA device here: use cpu"),
    ):
        with pytest.raises(ValueError, match=re.escape(sentence)):
            check(task, toy_set())


def test_evaluation_keeps_mode_and_statistics() -> None:
    training = trained(toy_task())
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    training.model.train()
    assert evaluate(training) == training.test
    assert training.model.training
    assert all(torch.equal(before[k], v) for k, v in training.model.state_dict().items())


def test_a_run_is_a_file_and_comes_back(tmp_path: Path) -> None:
    run = trained(toy_task(toy_recipe(gradients_at=(0, 6)))).run()
    result = run_result(run)
    values = json.loads(result.json())
    assert list(values)[:4] == ["kind", "asked", "hash", "stamp"]
    assert values["hash"] == run.task.hash
    assert read_run(values) == run
    assert values["steps"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert values["last_loss"] == pytest.approx(sum(run.train_loss) / 8)
    with pytest.raises(ValueError, match="this isn't a training run"):
        read_run({**values, "epochs": 3})


def test_the_hash_is_of_what_was_asked() -> None:
    task = toy_task()
    assert task.hash == replace(task, device="cuda", threads=1, data="elsewhere").hash
    others = [
        replace(task, seed=1),
        replace(task, digest="other"),
        replace(task, spec=parse("resnet20")),
        replace(task, recipe=changed(task.recipe, {"rate": 0.2})),
    ]
    assert len({task.hash, *(other.hash for other in others)}) == 5


def with_losses(model: str, *losses: float) -> list[Run]:
    """Return complete runs of a network, one per seed, with these last losses."""
    recipe = RECIPES["degradation"]
    return [
        Run(
            Task(parse(model), recipe, "toy", "toy", seed),
            ("a", "b"),
            60,
            (loss,) * 60,
            (0.5,) * 60,
        )
        for seed, loss in enumerate(losses)
    ]


def test_text_says_what_was_changed_and_has_percentages() -> None:
    (run,) = with_losses("resnet20", 1.5)
    said = runs_text([run])
    assert "changed:" not in said
    own = replace(run, task=replace(run.task, recipe=RECIPES["short"]))
    assert runs_text([own]).splitlines()[-2:] == [
        "model     seed  steps  last loss  train accuracy  test accuracy   time  ms/step",
        "resnet20     0     60      1.500           50.0%              —  0.0 s      0.0",
    ]
    other = changed(run.task.recipe, {"steps": 6, "rate": 0.01})
    lines = runs_text([replace(run, task=replace(run.task, recipe=other))]).splitlines()
    assert lines[0].startswith("recipe degradation: AdamW, rate 0.01, ")
    assert lines[1] == "changed: rate=0.01, steps=6"


def test_text_of_a_narrow_recipe_says_what_it_made_of_the_networks() -> None:
    narrow = "widths=8,16,32:stem_width=8:input=1x14x14"
    runs = [run for name in ("plain20", "resnet20") for run in with_losses(f"{name}:{narrow}", 1.5)]
    lines = runs_text(runs).splitlines()
    assert lines[1] == "The recipe makes networks narrow: widths 8-16-32, images 1×14×14."
    assert [line.split("  ")[0] for line in lines if " layers  " in line] == [
        "plain, 20 layers",
        "residual, 20 layers",
    ]
    four = with_losses("resnet50:widths=8,16,32,64:stem=cifar:stem_width=8:input=1x14x14", 1.5)
    assert "narrow: widths 8-16-32-64, images 1×14×14." in runs_text([*runs, *four])
    own = replace(runs[0], task=replace(runs[0].task, recipe=RECIPES["short"]))
    assert "narrow" not in runs_text([own]).split("model ")[0]


def test_words_follow_the_bounds() -> None:
    assert compare([1.55, 1.6], [1.5, 1.5]) is Word.SLOWER
    assert compare([1.5, 1.5], [1.55, 1.6]) is Word.FASTER
    assert compare([1.549, 1.7], [1.5, 1.5]) is Word.CLOSE  # one seed is too close
    assert compare([0.90, 0.94], [0.92, 0.84]) is Word.CLOSE
    assert compare([0.9, 1.29], [1.0, 1.0]) is Word.CLOSE
    assert compare([0.9, 1.4], [1.0, 1.0]) is Word.DISAGREE
    assert compare([1.0], [1.04]) is Word.CLOSE
    assert compare([0.24, 0.28], [0.21, 0.25]) is Word.SLOWER  # by 5% of losses below 1
    assert compare([0.212, 0.23], [0.21, 0.22]) is Word.CLOSE  # both higher, one of them by 1%
    assert compare([0.21, 0.23], [0.22, 0.21]) is Word.CLOSE
    assert compare([0.20, 0.30], [0.22, 0.21]) is Word.DISAGREE  # means 16% apart


def test_a_name_says_what_differs() -> None:
    one = with_losses("resnet20", 1.0)
    task = one[0].task
    other = [replace(one[0], task=replace(task, recipe=changed(task.recipe, {"rate": 0.01})))]
    assert names_of([one, with_losses("plain20", 1.0)]) == (
        "residual, 20 layers",
        "plain, 20 layers",
    )
    assert names_of([one, other]) == (
        "residual, 20 layers, rate 0.003",
        "residual, 20 layers, rate 0.01",
    )
    chart = training_chart([*one, *other])
    assert [series.name for series in chart.series if series.in_legend] == [
        "residual, 20 layers, rate 0.003",
        "residual, 20 layers, rate 0.01",
    ]
    ladder = ladder_chart([*one, *with_losses("resnet32", 0.9, 1.1)])
    assert [(s.name, s.x, s.y, s.low, s.high) for s in ladder.series] == [
        ("residual", (20, 32), (1.0, 1.0), (1.0, 0.9), (1.0, 1.1))
    ]
    assert ladder.y_label == "training loss, last 25 steps"
    (line,) = ladder.series
    assert (line.colour, line.dash, line.hollow) == ("identity", Dash.SOLID, False)
    (line,) = ladder_chart(with_losses("plain20", 1.0)).series
    assert (line.colour, line.dash, line.hollow) == ("plain", Dash.SOLID, True)
    short = replace(one[0], total=12, train_loss=(1.0,) * 12, train_accuracy=(0.5,) * 12)
    assert ladder_chart([short]).y_label == "training loss, last 12 steps"
    steps = f"{one[0].steps:,}"
    said = f"Training loss over the last 25 of {steps} steps"
    assert headline(one[:1]) == f"{said}: {one[0].last_loss:.3f}."
    assert headline(with_losses("resnet32", 0.9, 1.1)) == f"{said}: 1.000 (0.900 to 1.100)."


@pytest.mark.parametrize(
    ("name", "images", "steps"), [("d2l", 256, 10), ("flowers", 40, 40), ("flowers_small", 40, 40)]
)
def test_the_courses_recipes_run_whole(name: str, images: int, steps: int) -> None:
    """With no field changed, on a small set, every step has the rate of torch's schedulers."""
    recipe = RECIPES[name]
    training = Training(toy_task(recipe), toy_set(train=images))
    rates: list[float] = []
    training.optimiser.register_step_pre_hook(
        lambda optimiser, *_: rates.append(optimiser.param_groups[0]["lr"])
    )
    finish(training)
    assert training.run().is_whole
    assert [epoch.step for epoch in training.epochs][-1] == steps == len(rates)
    if name == "d2l":
        assert rates == [0.05] * 10
        return
    other = SGD([torch.zeros(1, requires_grad=True)], lr=recipe.rate)
    warm = LinearLR(other, start_factor=0.01, total_iters=20)
    expected = []
    for _ in range(20):
        expected.append(other.param_groups[0]["lr"])
        other.step()
        warm.step()
    cosine = CosineAnnealingLR(other, T_max=steps - 20)
    for _ in range(steps - 20):
        expected.append(other.param_groups[0]["lr"])
        other.step()
        cosine.step()
    assert rates == pytest.approx(expected, rel=1e-9)


def test_sentences() -> None:
    narrow = "widths=8,16,32:stem_width=8:input=1x14x14"
    runs = [
        *with_losses(f"plain20:{narrow}", 1.5, 1.4, 1.6),
        *with_losses(f"plain56:{narrow}", 2.2, 2.3, 2.1),
        *with_losses(f"resnet20:{narrow}", 0.88, 0.9, 0.86),
        *with_losses(f"resnet56:{narrow}", 0.91, 0.87, 0.89),
    ]
    assert verdict(runs) == (
        "The 56-layer plain network trains more slowly than the 20-layer plain network in 3 of 3 "
        "seeds: loss 2.20 against 1.50 over the last 25 of 60 steps.",
        "The 56-layer residual network and the 20-layer residual network are too close to call: "
        "loss 0.87 to 0.91 against 0.86 to 0.90 over the last 25 of 60 steps.",
        "Faster to train in 3 of 3 seeds (loss over the last 25 of 60 steps): the 20-layer "
        "residual network (0.88) than the 20-layer plain network (1.50); the 56-layer residual "
        "network (0.89) than the 56-layer plain network (2.20).",
    )
    middle = with_losses(f"resnet32:{narrow}", 0.9, 0.88, 0.87)
    assert verdict([*runs[6:], *middle]) == (
        "Too close to call in 3 seeds (loss over the last 25 of 60 steps): the 32-layer residual "
        "network (0.87 to 0.90) and the 20-layer residual network (0.86 to 0.90); the 56-layer "
        "residual network (0.87 to 0.91) and the 32-layer residual network (0.87 to 0.90).",
    )
    unlike = [
        *with_losses(f"plain20:{narrow}", 1.5, 2.3),
        *with_losses(f"plain56:{narrow}", 2, 2.1),
    ]
    assert verdict(unlike) == (
        "The seeds disagree on whether the 56-layer plain network trains more slowly than the "
        "20-layer plain network: loss 2.00 to 2.10 against 1.50 to 2.30 over the last 25 of 60 "
        "steps.",
    )
    near = [
        *with_losses(f"plain20:{narrow}", 1.0, 1.0),
        *with_losses(f"plain56:{narrow}", 1.03, 1.06),
    ]
    assert verdict(near) == (
        "The 56-layer plain network and the 20-layer plain network are too close to call: loss "
        "1.03 to 1.06 against 1.00 to 1.00 over the last 25 of 60 steps.",
    )
    assert verdict(runs[:1]) == ()
    assert verdict(runs[6:7] + runs[9:10]) == (
        "The 56-layer residual network and the 20-layer residual network are too close to call "
        "with one seed: loss 0.91 against 0.88 over the last 25 of 60 steps.",
    )
    orders = [
        *with_losses(f"resnet20:{narrow}", 2.2, 2.3),
        *with_losses(f"resnet20:unit=full_preact:{narrow}", 1.5, 1.5),
        *with_losses(f"plain20:{narrow}", 2.25, 2.28),
    ]
    assert verdict(orders) == (
        "Residual, 20 layers, original, and plain, 20 layers, original, are too close to call: "
        "loss 2.20 to 2.30 against 2.25 to 2.28 over the last 25 of 60 steps.",
    )
    lost = with_losses(f"plain56:{narrow}", 2.3, 2.31)
    assert verdict([*with_losses(f"plain20:{narrow}", 1.5, 1.6), *lost]) == (
        "The 56-layer plain network doesn't train in 2 of 2 seeds: its loss of 2.30 over the last "
        "25 of 60 steps is that of guessing among 10 classes; the 20-layer plain network reaches "
        "1.55.",
    )
    assert verdict([*with_losses(f"plain20:{narrow}", 1.5), lost[0]]) == (
        "The 56-layer plain network doesn't train with one seed: its loss of 2.30 over the last 25 "
        "of 60 steps is that of guessing among 10 classes; the 20-layer plain network reaches "
        "1.50.",
    )
    assert verdict([replace(run, train_loss=run.train_loss[:30]) for run in runs]) == ()


def test_tables_of_runs() -> None:
    runs = with_losses("plain20", 1.5, 1.4)
    assert list(json.loads(runs_json(runs))) == ["runs", "verdict"]
    first = runs_dict(runs)["runs"][0]
    for name in ("model", "recipe", "data", "seed", "steps", "train_loss", "train_accuracy"):
        assert name in first
    assert (first["last_loss"], first["epochs"]) == (1.5, [])
    lines = runs_csv(runs).splitlines()
    assert len(lines) == 1 + 2 * 60
    assert lines[1] == "plain20,degradation,toy,0,1,1.5,0.5,,"


@pytest.mark.parametrize(
    ("shape", "pad"), [((128, 1, 28, 28), 4), ((5, 3, 20, 33), 2), ((3, 3, 9, 9), 0)]
)
def test_shifted_pictures_are_those_of_torchvision(
    shape: tuple[int, int, int, int], pad: int
) -> None:
    """One picture after the other, cropped and mirrored by torchvision with the same draws."""
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8)
    one = v2.Compose([v2.RandomCrop(shape[2:], padding=pad), v2.RandomHorizontalFlip()])
    with seeded(7):
        expected = torch.stack([one(picture) for picture in pictures])
    with seeded(7):
        assert torch.equal(shifted(pictures, pad), expected)
    assert not torch.equal(expected, pictures)


def test_augmentations_change_the_picture_and_keep_its_size() -> None:
    images = toy_set(channels=3, side=12)
    for kind in Augment:
        feed = Feed(images, toy_recipe(augment=kind.value), (3, 12, 12))
        x, _ = feed.training([0, 1], 0, 0)
        y, _ = feed.training([0, 1], 0, 1)
        assert x.shape == (2, 3, 12, 12)
        assert torch.equal(x, y) is (kind is Augment.NONE)


def test_a_stop_is_said_for_each_run_that_lacks_steps() -> None:
    whole, other = with_losses("plain20", 0.5, 0.5)
    short = replace(other, train_loss=(0.5,) * 12, train_accuracy=(0.5,) * 12)
    alone = replace(whole, train_loss=(0.5,), train_accuracy=(0.5,))
    assert stops_in_words([whole, other]) == ""
    assert stops_in_words([alone]) == "Stopped after 1 of 60 steps."
    assert stops_in_words([whole, short]) == "Stopped: seed 1, after 12 of 60 steps."
    beside = with_losses("resnet20", 0.5)
    named = stops_in_words([alone, *beside])
    assert named == f"Stopped: {names_of([[alone], beside])[0]}, after 1 of 60 steps."
    row = summary_rows([replace(short, epochs=(Epoch(1, 10, 0.5, 0.8125),))])[0]
    assert (row["test_accuracy"], row["tested_after"]) == (0.8125, 10)


@pytest.mark.parametrize("steps", [1, 11, 12, 60])
def test_points_are_called_means_only_if_they_are(steps: int) -> None:
    (whole,) = with_losses("plain20", 0.5)
    run = replace(whole, train_loss=(0.5,) * steps, train_accuracy=(0.5,) * steps)
    (line,) = training_chart([run]).series
    assert are_means([run]) == (len(line.x) < steps)
