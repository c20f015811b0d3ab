"""The numbers in the story: computed, recorded or published."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from statistics import fmean
from typing import TYPE_CHECKING, Any

from analysis.gradients.verdict import factor
from analysis.results.form import Result, read_result
from analysis.results.recorded import FOLDER
from analysis.style.numbers import short, short_given
from nets.catalog import CATALOG
from nets.options import UnitOrder
from nets.text import parse

if TYPE_CHECKING:
    from analysis.choice.choose import Best, Choice


class Facts(Mapping[str, str]):
    """The facts by name, each computed at its first use."""

    def __getitem__(self, name: str) -> str:
        """Return a fact as it is written."""
        return _fact(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_FACTS)

    def __len__(self) -> int:
        return len(_FACTS)


@lru_cache
def _fact(name: str) -> str:
    return _FACTS[name]()


@lru_cache
def shipped(name: str) -> Result:
    """Return a recorded result by the name of its file, without suffixes."""
    (path,) = FOLDER.glob(f"{name}.json*")
    return read_result(path)


def last_losses(network: str) -> list[float]:
    """Return a network's training losses over the last 25 of the recorded 60 steps, a seed each."""
    return _figures(f"train_{network}", "last_loss")


def after_ten_epochs(network: str, figure: str) -> list[float]:
    """Return a figure of a network after the recorded 10 epochs, a seed each."""
    return _figures(f"h200/train_{network}", figure)


def _figures(runs: str, figure: str) -> list[float]:
    return [float(shipped(f"{runs}_seed{seed}").figures[figure]) for seed in range(3)]


def ratios(preset: str) -> list[float]:
    """Return the log10 gradient ratios of a recorded preset, a network each."""
    return [row["log10_ratio"] for row in _summary(preset)]


def _summary(preset: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shipped(f"gradients_{preset}").figures["summary"]
    return rows


def cosine(network: str) -> float:
    """Return the recorded cosine of a network."""
    rows = shipped("direction").figures["summary"]
    return float(next(row["cosine"] for row in rows if row["model"] == network))


def error_without(net: str, path: str) -> float:
    """Return the recorded error of a trained network without one of its blocks."""
    rows = shipped(f"lesions_{net}").figures["single"]
    return float(next(row["error"] for row in rows if row["path"] == path))


def _profile(model: str) -> Any:
    from analysis.costs.profiles import profile
    from nets import parse

    return profile(parse(model))


def _vgg_macs() -> int:
    from analysis.drawing.vgg import layers

    return sum(layer.macs for layer in layers())


def _macs(model: str) -> Callable[[], str]:
    return lambda: short(_profile(model).macs)


def _loss(network: str) -> Callable[[], str]:
    return lambda: f"{fmean(last_losses(network)):.2f}"


def _at_end(network: str, figure: str, style: str) -> Callable[[], str]:
    return lambda: format(fmean(after_ten_epochs(network, figure)), style)


def _factor(preset: str, index: int) -> Callable[[], str]:
    return lambda: factor(ratios(preset)[index])


def _error(entry: str) -> Callable[[], str]:
    """Write a published error of a catalog network."""
    return lambda: f"{CATALOG[entry].results[0].percent:.2f}%"


def _order_error(order: UnitOrder) -> Callable[[], str]:
    """Write the published error of ResNet-110 with a unit order."""

    def written() -> str:
        from analysis.structure.units import ORDER_ERRORS

        return f"{ORDER_ERRORS[order][0]:.2f}%"

    return written


def _lesion(net: str, path: str = "") -> Callable[[], str]:
    def written() -> str:
        error = error_without(net, path) if path else shipped(f"lesions_{net}").figures["error"]
        return f"{100 * error:.1f}%"

    return written


def _mean_by_gradient() -> str:
    """Return how many blocks a path goes through, weighted by gradient, with its standard error."""
    from analysis.lesions.report import paths_of, with_error

    found = paths_of(shipped("paths_fashion_resnet56"))
    return with_error(found.mean_gradient, found.mean_gradient_error)


def _path_figure(name: str, style: str) -> Callable[[], str]:
    return lambda: format(shipped("paths_fashion_resnet56").figures[name], style)


@lru_cache
def _usual_choice() -> Choice:
    """Return what fits the usual budgets of Choose."""
    from analysis.choice.choose import AMOUNTS, IMAGENET, USUAL_BATCH, budgets_of, choose

    usual = budgets_of({key: amount.usual for key, amount in AMOUNTS.items()})
    return choose(IMAGENET, usual, USUAL_BATCH)


def chosen() -> Best:
    """Return the best network within the usual budgets of Choose, by the recipe it shows first."""
    from analysis.choice.charts import fronts_of

    choice = _usual_choice()
    recipe = next(iter(fronts_of(choice).values())).y
    return next(best for best in choice.best if best.recipe == recipe)


def _budget(key: str, unit: str = "") -> Callable[[], str]:
    """Write a usual budget of Choose."""

    def written() -> str:
        from analysis.choice.choose import AMOUNTS

        amount = AMOUNTS[key]
        return short_given((amount.usual or 0) * amount.factor, unit)

    return written


def _chosen_name() -> str:
    return _name_there(chosen().row.model)()


def _recipe(best: Best) -> str:
    return best.recipe.weights


def _name_there(model: str) -> Callable[[], str]:
    """Write a network's name as the chart of Choose has it with the usual budgets."""

    def written() -> str:
        from analysis.choice.charts import drawn_of, fronts_of

        choice = _usual_choice()
        front = next(iter(fronts_of(choice).values()))
        return choice.name_of(parse(model), drawn_of(choice, front))

    return written


def _per_layer() -> str:
    return f"{1 / math.sqrt(6):.3f}"


TAKEN = "layer2.2"
"""The block that the story takes out."""

_FACTS: dict[str, Callable[[], str]] = {
    "vgg19_macs": lambda: short(_vgg_macs()),
    "resnet34_macs": _macs("resnet34"),
    "resnet50_macs": _macs("resnet50"),
    "resnet34_of_vgg19": lambda: f"{100 * _profile('resnet34').macs / _vgg_macs():.0f}%",
    "bottleneck_macs": lambda: (
        f"{100 * (_profile('resnet50').macs / _profile('resnet34').macs - 1):.0f}%"
    ),
    "resnet34_saved": lambda: short(_profile("resnet34").saved_bytes, "B"),
    "resnet50_saved": lambda: short(_profile("resnet50").saved_bytes, "B"),
    "steps": lambda: str(shipped("train_plain20_seed0").figures["total_steps"]),
    "plain20_loss": _loss("plain20"),
    "plain56_loss": _loss("plain56"),
    "resnet20_loss": _loss("resnet20"),
    "resnet56_loss": _loss("resnet56"),
    "plain20_trained": _at_end("plain20", "last_accuracy", ".0%"),
    "plain56_trained": _at_end("plain56", "last_accuracy", ".0%"),
    "plain20_tested": _at_end("plain20", "test_accuracy", ".0%"),
    "plain56_tested": _at_end("plain56", "test_accuracy", ".0%"),
    "plain20_end": _at_end("plain20", "last_loss", ".2f"),
    "plain56_end": _at_end("plain56", "last_loss", ".2f"),
    "resnet20_end": _at_end("resnet20", "last_loss", ".2f"),
    "resnet56_end": _at_end("resnet56", "last_loss", ".2f"),
    "vanishing_factor": _factor("vanishing", 0),
    "vanishing_layer": lambda: f"{_summary('vanishing')[0]['factor_per_layer']:.3f}",
    "bn_factor": _factor("exploding", 0),
    "per_layer": _per_layer,
    "plain34_error": _error("plain34"),
    "plain18_error": _error("plain18"),
    "option_a_error": _error("resnet34_a"),
    "option_b_error": _error("resnet34"),
    "option_c_error": _error("resnet34_c"),
    "plain56_cosine": lambda: f"{cosine('plain56'):.2f}",
    "resnet56_cosine": lambda: f"{cosine('resnet56'):.2f}",
    "original_error": _order_error(UnitOrder.ORIGINAL),
    "full_preact_error": _order_error(UnitOrder.FULL_PREACT),
    "taken": lambda: TAKEN,
    "lesion_images": lambda: f"{shipped('lesions_fashion_resnet32').figures['images']:,}",
    "residual_intact": _lesion("fashion_resnet32"),
    "plain_intact": _lesion("fashion_plain32"),
    "residual_without": _lesion("fashion_resnet32", TAKEN),
    "residual_first": _lesion("fashion_resnet32", "layer1.0"),
    "plain_without": _lesion("fashion_plain32", TAKEN),
    "blocks": _path_figure("blocks", "d"),
    "paths": lambda: short(2 ** shipped("paths_fashion_resnet56").figures["blocks"]),
    "most_macs": _budget("max_macs"),
    "most_memory": _budget("max_training", "B"),
    "chosen_batch": lambda: f"{_usual_choice().batch:,}",
    "chosen": _chosen_name,
    "resnet50_name": _name_there("resnet50"),
    "chosen_recipe": lambda: _recipe(chosen()),
    "chosen_accuracy": lambda: f"{chosen().percent:.1f}%",
    "mean_path": _path_figure("mean_path", "g"),
    "mean_gradient": _mean_by_gradient,
}
