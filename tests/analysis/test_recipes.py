"""Recipes: one-sentence errors, lengths, adapted networks, and torch's learning rates."""

import json
import math
import re
import warnings
from dataclasses import fields

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, OneCycleLR

from analysis.training.loop import scheduled
from analysis.training.recipes import RECIPES, Recipe, changed, fit, read_field, recipe_of
from nets import parse

SHORT = RECIPES["short"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rate": 0}, "rate must be above 0 and at most 10, not 0"),
        ({"rate": math.nan}, "rate must be above 0 and at most 10, not nan"),
        ({"rate": 1e9}, "rate must be above 0 and at most 10, not 1000000000.0"),
        ({"steps": 0}, "steps must be 1 to 1,000,000, not 0"),
        ({"steps": 10**9}, "steps must be 1 to 1,000,000, not 1,000,000,000"),
        ({"epochs": 1_001}, "epochs must be 1 to 1,000, not 1,001"),
        ({"batch": 0}, "batch must be 1 to 65,536, not 0"),
        ({"momentum": 1.0}, "momentum must be 0 or more and below 1, not 1.0"),
        ({"weight_decay": -0.1}, "weight_decay must be 0 or more and at most 1, not -0.1"),
        ({"optimiser": "lion"}, "optimiser must be one of sgd, adamw, not 'lion'"),
        ({"milestones": (0.5, 0.5)}, "milestones must increase, such as 0.5, 0.75"),
        ({"milestones": (1.0,)}, "milestones must be above 0 and below 1, not 1.0"),
        ({"gradients_at": (5, 1)}, "gradients_at must increase, such as 0, 1, 5"),
        ({"gradients_at": tuple(range(21))}, "gradients_at may have at most 20 steps, not 21"),
        ({"warm_up": 5}, "the schedule one_cycle has no warm-up"),
        ({"momentum": 0.0}, "nesterov needs a momentum above 0"),
        ({"evaluate": 1}, "evaluate must be on or off, not '1'"),
        ({"pad": 65}, "pad must be 0 to 64, not 65"),
        (
            {"steps": 5, "epochs": 5},
            "epochs and steps both set the length of a run: give one of them",
        ),
    ],
)
def test_a_bad_value_is_one_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        changed(SHORT, changes)


def test_a_field_that_is_none_and_a_recipe_that_is_none() -> None:
    with pytest.raises(ValueError, match="'speed' isn't a field of a recipe: choose one of augm"):
        changed(SHORT, {"speed": 1})
    with pytest.raises(ValueError, match="'name' isn't a field"):
        changed(SHORT, {"name": "x"})
    with pytest.raises(ValueError, match="'long' isn't a recipe: choose one of degradation, short"):
        recipe_of("long")


def test_lengths() -> None:
    assert SHORT.length(60_000) == 4 * (60_000 // 128)
    assert changed(SHORT, {"steps": 12}).length(128) == 12
    assert RECIPES["cifar_paper"].length(50_000) == 64_000
    for recipe, images, sentence in (
        (SHORT, 100, "a batch of 128 is more than the 100 training images: use 100 or fewer"),
        (
            RECIPES["flowers"],
            20,
            "20 steps end within the warm-up of 20: use more steps or a shorter warm-up",
        ),
        (changed(SHORT, {"epochs": 1}), 896, "7 steps are too few for one cycle: use 8 or more"),
        (
            changed(SHORT, {"epochs": 1_000, "batch": 1}),
            60_000,
            "60,000,000 steps are too many: at most 1,000,000 are allowed",
        ),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
            recipe.length(images)


def test_what_lies_outside_a_run_is_said() -> None:
    slow = changed(RECIPES["cifar_paper_110"], {"milestones": (0.1, 0.5)})
    with pytest.raises(ValueError, match=r"the milestone 0\.1 of 1,000 steps is within the warm"):
        changed(slow, {"steps": 1_000}).length(128)
    with pytest.raises(ValueError, match="gradients_at has step 100, but the run has only 60"):
        changed(RECIPES["degradation"], {"gradients_at": (0, 100)}).length(4_000)
    with pytest.raises(ValueError, match="epochs and steps both set the length of a run"):
        changed(SHORT, {"epochs": 1, "steps": 9})
    with pytest.raises(ValueError, match="can't be made as narrow as degradation requires: group"):
        fit(parse("resnext50_32x4d"), RECIPES["degradation"], 1, 10)
    assert RECIPES["d2l"].remark((3, 32, 32)) == (
        "The recipe is meant for pictures of 96x96; this network's input is 32x32."
    )
    assert RECIPES["d2l"].remark((1, 96, 96)) == RECIPES["short"].remark((1, 9, 9)) == ""
    assert changed(SHORT, {"epochs": 1}).words().split(", ")[4] == "1 epoch"


def test_every_field_is_read_from_a_text() -> None:
    for field in fields(Recipe):
        if field.name in ("name", "source"):
            continue
        for recipe in RECIPES.values():
            value = getattr(recipe, field.name)
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            read = read_field(field.name, "none" if value is None else text)
            assert changed(recipe, {field.name: read}) == recipe, (field.name, recipe.name)
    for name, text, sentence in (
        ("batch", "many", "batch must be a whole number, not 'many'"),
        ("batch", "1_0", "batch must be a whole number, not '1_0'"),
        ("rate", "fast", "rate must be a number, not 'fast'"),
        ("rate", "nan", "rate must be a number, not 'nan'"),
        ("nesterov", "yes", "nesterov must be true or false, not 'yes'"),
        ("milestones", "a,b", "milestones must be numbers separated by commas, not 'a,b'"),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
            read_field(name, text)


def test_values_are_json_and_make_the_recipe_again() -> None:
    for recipe in RECIPES.values():
        values = json.loads(json.dumps(recipe.values()))
        assert Recipe(name=recipe.name, source=recipe.source, **values) == recipe


@pytest.mark.parametrize(
    ("model", "recipe", "text"),
    [
        ("plain56", "degradation", "plain56:widths=8,16,32:stem_width=8:input=1x14x14"),
        (
            "resnet50",
            "degradation",
            "resnet50:widths=8,16,32,64:stem=cifar:stem_width=8:classes=10:input=1x14x14",
        ),
        ("resnet18", "d2l", "resnet18:classes=10:input=1x96x96"),
        ("resnet20", "short", "resnet20:channels=1"),
    ],
)
def test_what_a_network_becomes(model: str, recipe: str, text: str) -> None:
    assert fit(parse(model), RECIPES[recipe], 1, 10) == parse(text)


def rates(recipe: Recipe, steps: int) -> list[float]:
    """Return the learning rate of every step."""
    optimiser = SGD([torch.zeros(1, requires_grad=True)], lr=recipe.rate)
    schedule = scheduled(recipe, optimiser, steps)
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found


def test_rates_of_the_flower_recipe_are_torchs() -> None:
    recipe = RECIPES["flowers"]
    optimiser = SGD([torch.zeros(1, requires_grad=True)], lr=1e-4)
    warm = LinearLR(optimiser, start_factor=0.01, total_iters=20)
    expected = []
    for _ in range(20):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        warm.step()
    assert optimiser.param_groups[0]["lr"] == pytest.approx(1e-4)
    cosine = CosineAnnealingLR(SGD([torch.zeros(1, requires_grad=True)], lr=1e-4), T_max=30)
    for _ in range(30):
        expected.append(cosine.get_last_lr()[0])
        cosine.optimizer.step()
        cosine.step()
    assert rates(recipe, 50) == pytest.approx(expected, rel=1e-12)
    assert expected[0] == pytest.approx(1e-6)


def test_rates_of_one_cycle_are_torchs() -> None:
    optimiser = SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    cycle = OneCycleLR(optimiser, 0.1, total_steps=40, pct_start=0.25, cycle_momentum=False)
    expected = []
    for _ in range(40):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        cycle.step()
    found = rates(SHORT, 40)
    assert found == expected
    assert max(found) == pytest.approx(0.1)
    assert found.index(max(found)) == 9


def test_rates_of_the_paper() -> None:
    found = rates(changed(RECIPES["cifar_paper"], {"steps": 64}), 64)
    assert found[:32] == [0.1] * 32
    assert found[32:48] == pytest.approx([0.01] * 16)
    assert found[48:] == pytest.approx([0.001] * 16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slow = rates(changed(RECIPES["cifar_paper_110"], {"steps": 64, "warm_up": 8}), 64)
    assert slow[:8] == pytest.approx([0.01] * 8)
    assert slow[8:] == pytest.approx(found[8:])


def test_a_recipe_in_words() -> None:
    assert (
        RECIPES["degradation"].words() == "AdamW, rate 0.003, batch 32, 60 steps, weight decay 0.01"
    )
    assert RECIPES["cifar_paper_110"].words() == (
        "SGD, rate 0.1, momentum 0.9, batch 128, 64,000 steps, rate divided by 10 at 50% and 75% "
        "of the run, 400 steps of warm-up, weight decay 0.0001, images padded by 4, cropped and "
        "mirrored"
    )
