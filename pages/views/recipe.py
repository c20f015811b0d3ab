"""The fields of a training recipe, all of which a visitor can change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from analysis.training.recipes import (
    MAX_EPOCHS,
    MAX_PAD,
    MAX_RATE,
    MAX_STEPS,
    Arithmetic,
    Augment,
    OptimiserKind,
    Recipe,
    Schedule,
    changed,
    read_field,
)
from nets.options import MAX_BATCH
from pages.ui.fields import number, select, switch, text
from pages.ui.words import unbroken


def choose_recipe(recipe: Recipe, say: Callable[[str], object]) -> Recipe | None:
    """Let the visitor change any field of a recipe; return None and say why if it is invalid."""
    with st.expander("Recipe"):
        said = st.empty()
        one, two, three, four = st.columns(4)
        values: dict[str, Any] = {
            "optimiser": select(
                "Optimiser",
                {OptimiserKind.SGD: "SGD", OptimiserKind.ADAMW: "AdamW"},
                recipe.optimiser,
                key="train_optimiser",
                place=one,
            ),
            "rate": _real("Learning rate", MAX_RATE, recipe.rate, "rate", two),
            "batch": number("Batch", 1, MAX_BATCH, recipe.batch, key="train_batch", place=three),
        }
        unit, most = ("steps", MAX_STEPS) if recipe.steps else ("epochs", MAX_EPOCHS)
        length = recipe.steps or recipe.epochs or 1
        values[unit] = number(unit.capitalize(), 1, most, length, key=f"train_{unit}", place=four)
        values["momentum"] = _real("Momentum", 1.0, recipe.momentum, "momentum", one)
        values["weight_decay"] = _real(
            "Weight decay", 1.0, recipe.weight_decay, "weight_decay", two
        )
        values["schedule"] = select(
            "Schedule",
            {
                Schedule.CONSTANT: "constant",
                Schedule.MILESTONES: "divided by 10 at milestones",
                Schedule.ONE_CYCLE: "one cycle",
                Schedule.COSINE: "cosine",
            },
            recipe.schedule,
            key="train_schedule",
            place=three,
        )
        milestones = text(
            "Milestones",
            ",".join(f"{share:g}" for share in recipe.milestones),
            key="train_milestones",
            place=four,
            most=200,
            help="As shares of all steps, such as 0.5,0.75.",
        )
        values["warm_up"] = number(
            "Warm-up, steps", 0, MAX_STEPS, recipe.warm_up, key="train_warm_up", place=one
        )
        values["warm_up_from"] = _real(
            "Warm-up from", 1.0, recipe.warm_up_from, "warm_up_from", two
        )
        values["rise"] = _real("Rise, share of cycle", 1.0, recipe.rise, "rise", three)
        values["augment"] = select(
            "Augmentation",
            {
                Augment.NONE: "none",
                Augment.SHIFT: "pad, crop and mirror",
                Augment.RESIZED_CROP: "random resized crop",
            },
            recipe.augment,
            key="train_augment",
            place=four,
        )
        values["pad"] = number("Pad, pixels", 0, MAX_PAD, recipe.pad, key="train_pad", place=one)
        values["precision"] = select(
            "Precision", list(Arithmetic), recipe.precision, key="train_precision", place=two
        )
        points = text(
            "Gradient norms at steps",
            ",".join(map(str, recipe.gradients_at)),
            key="train_gradients_at",
            place=three,
            most=200,
            help="Steps at which to measure the Gradients page's curves, such as 0,1,5,20,100.",
        )
        for label, field, place in (
            ("Nesterov", "nesterov", four),
            ("channels_last", "channels_last", four),
            ("Decay all parameters", "decay_all", one),
            ("Test after every epoch", "evaluate", two),
        ):
            values[field] = switch(
                label, getattr(recipe, field), key=f"train_{field}", place=place, box="checkbox"
            )
    try:
        values["milestones"] = read_field("milestones", milestones)
        values["gradients_at"] = read_field("gradients_at", points)
        found = changed(recipe, values)
        changes = "" if found == recipe else ", modified"
        said.caption(unbroken(f"{found.words()}. Source{changes}: {recipe.source}."))
        return found
    except ValueError as error:
        say(str(error).replace("gradients_at", "gradient norms at steps"))
        return None


def _real(label: str, most: float, default: float, field: str, place: Any) -> float | None:
    """Draw a field for a real number, shown with as many digits as it needs."""
    return number(
        label,
        0.0,
        most,
        default,
        key=f"train_{field}",
        place=place,
        format="%g",
        step=default / 10 or 0.01,
    )
