"""Settings of the Training page: what to train, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.images.fashion_mnist import fashion_mnist_unopened
from analysis.images.open import FASHION_MNIST, SAMPLE, folder_of
from analysis.images.sets import ImageSet
from analysis.machine.devices import devices
from analysis.training.ladders import COMPARISONS, DEGRADATION, PAIR, SEEDS, USUAL_RECIPE
from analysis.training.loop import check
from analysis.training.recipes import RECIPES, Recipe, fit
from analysis.training.runs import MAX_SEEDS, Start, Task, tasks_of
from analysis.training.start import fits
from nets import ResNetSpec
from nets.names import name_of, name_with_edits
from nets.options import number_of
from pages.ui.address import held
from pages.ui.fields import number, segments, select
from pages.ui.picker import choose
from pages.ui.wall import action, on_wall
from pages.ui.words import complain, hint, sentence
from pages.views.checkpoints import Trained, choose_start, digest
from pages.views.image_sets import changed_ns, choose_images, opened
from pages.views.networks import choose_networks
from pages.views.recipe import choose_recipe
from pages.views.runs import ASKED, answered, are_answered, start_training

KEY = "training"

ONE = "one"
"""The value of `train` that trains the sidebar's network; the others are names of comparisons."""

_MODELS = "train_models"
_SECONDS = 4 * 3600.0


@dataclass(frozen=True)
class Request:
    """The runs to train, those of the first seed first, and their images.

    `missing` says why the images aren't on this server, if only recorded runs can be shown.
    """

    tasks: tuple[Task, ...]
    images: ImageSet
    missing: str = ""


def choose_mode() -> tuple[str, DeltaGenerator]:
    """Let the visitor choose the experiment; return it and the place for what to plot."""
    left, right = st.columns(2)
    words = {**{name: one.label for name, one in COMPARISONS.items()}, ONE: "Train one"}
    mode = segments("What to train", words, DEGRADATION, key="train", place=left)
    return mode, right


def choose_depths(mode: str, place: DeltaGenerator) -> bool:
    """Let the visitor choose two depths or the whole ladder; return whether it is the ladder."""
    every = ", ".join(map(str, COMPARISONS[mode].depths))
    words = {"pair": "20 and 56", "ladder": every}
    is_own = bool(held(_MODELS))
    return (
        segments("Depths", words, "pair", key="train_depths", place=place, disabled=is_own)
        == "ladder"
    )


def fields_row(mode: str) -> list[DeltaGenerator]:
    """Return the columns of the row of fields."""
    widths = [1.5, 2, 1.7, 0.9, 0.9, 1] if mode == ONE else [2.1, 2, 1, 1, 1.1]
    return st.columns(widths, vertical_alignment="bottom")


def choose_specs(
    mode: str, place: DeltaGenerator, spec: ResNetSpec, say: Callable[[str], object]
) -> tuple[ResNetSpec, ...]:
    """Return the networks to train: two depths of both kinds, a ladder, or the sidebar's model."""
    if mode == ONE:
        return (spec,)
    texts = COMPARISONS[mode].ladder if choose_depths(mode, place) else PAIR
    with st.expander("Networks"):
        return choose_networks(_MODELS, texts, "plain and residual", with_depth=False, say=say)


def choose_request(
    mode: str,
    specs: tuple[ResNetSpec, ...],
    row: Sequence[DeltaGenerator],
    offers: DeltaGenerator,
    running: bool,
    say: Callable[[str], object],
) -> Request | None:
    """Let the visitor choose recipe, images, seeds and device; draw the Train button.

    Args:
        mode: the experiment.
        specs: the networks.
        row: where to draw the fields and the button; the recipe's fields come below.
        offers: where to say what is wrong with them, and to offer what they lack.
        running: whether a training job is running.
        say: receives error messages about the fields below.

    Returns:
        The request, or None after an error message if something is invalid.
    """
    one, two, *weights, three, four, five = row
    comparison = COMPARISONS.get(mode)
    if comparison is None:
        names = [known for known in RECIPES if known != DEGRADATION]
        name = select("Recipe", names, USUAL_RECIPE, key="train_recipe", place=one)
    else:
        name = comparison.recipe
    data = choose_images(two, offers, comparison.data if comparison else SAMPLE)
    start = choose_start(specs[0], weights[0], offers) if weights and specs else None
    usual = 1 if mode == ONE else SEEDS
    seeds = number("Seeds", 1, MAX_SEEDS, usual, key="train_seeds", place=three)
    device = select("Device", devices(), "cpu", key="train_device", place=four)
    recipe = choose_recipe(RECIPES[name], say)
    request = None
    if recipe is not None and specs and data:
        with offers:
            request = _checked(mode, specs, recipe, data, seeds, device, start)
    if on_wall() and (request is None or request.missing):
        return request  # show only the reason and a way out
    is_known = request is not None and are_answered(request.tasks)
    action(five).button(
        "Run it here" if is_known else "Train",
        key="train_run",
        type="secondary" if is_known else "primary",
        icon=":material/model_training:",
        disabled=request is None or running or bool(request.missing),
        help=sentence(request.missing) if request and request.missing else None,
        on_click=_run,
        args=(request,),
        width="stretch",
    )
    return request


def _checked(
    mode: str,
    specs: tuple[ResNetSpec, ...],
    recipe: Recipe,
    data: str,
    seeds: int,
    device: str,
    start: Trained | None,
) -> Request | None:
    """Return the request, or None after saying why it is invalid."""
    missing = ""
    try:
        images = opened(data, changed_ns(data))
    except ValueError as error:
        if data != FASHION_MNIST:
            complain(str(error))
            return None
        images, missing = fashion_mnist_unopened(), str(error)
    try:
        if images.left_out:
            st.warning(
                sentence(f"skipped: {'; '.join(images.left_out[:5])}")
                + (f" And {len(images.left_out) - 5:,} more." if len(images.left_out) > 5 else ""),
                icon=":material/info:",
            )
        where = str(folder_of(data) or data)
        weights = Start(digest(str(start.path), start.changed_ns), start.path) if start else None
        tasks = tasks_of(
            specs, recipe, where, images, range(seeds), device, start=weights, fitted=mode != ONE
        )
        if mode == ONE and specs[0].classes != len(images.classes):
            has: list[str] = []
            have: list[str] = []
            if specs[0].input[0] != len(images.mean):
                has.append(number_of(specs[0].input[0], "input channel"))
                have.append(number_of(len(images.mean), "channel"))
            has.append(number_of(specs[0].classes, "output"))
            have.append(number_of(len(images.classes), "class", "classes"))
            hint(
                f"{name_of(specs[0])} has {' and '.join(has)}, but these images have "
                f"{' and '.join(have)}"
            )
            _offer_fit(specs[0], recipe, images)
            return None
        if start and not fits(given := start.checkpoint.spec, specs[0]):
            complain(f"the weights to start from are of {given}, not of {specs[0]}")
            _offer_fit(given, recipe, images)
            return None
        if start and given.classes != specs[0].classes:
            st.caption(
                "The classifier is reinitialised, because the weights have "
                f"{number_of(given.classes, 'output')}."
            )
        channels, own = len(images.mean), specs[0].input[0]
        if mode == ONE and own != channels and not on_wall():
            st.caption(
                f"The images are converted from {number_of(channels, 'channel')} to the network's "
                f"{own:,}."
            )
        if missing:
            if answered(tasks):
                if not on_wall():
                    st.caption("To train here, download Fashion-MNIST first.")
                return Request(tasks, images, missing)
            complain(missing)
            return None
        for task in tasks[: len(specs)]:
            check(task, images)
    except ValueError as error:
        complain(str(error))
        return None
    return Request(tasks, images)


def _offer_fit(spec: ResNetSpec, recipe: Recipe, images: ImageSet) -> None:
    """Offer the version of a network that fits the images."""
    try:
        fitted = fit(spec, recipe, len(images.mean), len(images.classes))
    except ValueError:
        return
    st.button(
        f"Use {name_with_edits(fitted)}",
        key="train_fit",
        on_click=choose,
        args=(str(fitted),),
        help=f"`{fitted}`",
        icon=":material/tune:",
    )


def _run(request: Request) -> None:
    st.session_state[ASKED] = request.tasks
    start_training(KEY, request.tasks, _SECONDS)
