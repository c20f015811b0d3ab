"""Published accuracies: torchvision's, read from the installed package, the papers', and timm's.

Importing torchvision takes seconds, so it happens on first use.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from analysis.costs.throughput import RESULTS_URL, accuracies
from nets.catalog import CATALOG
from nets.spec import ResNetSpec

_OWN_V1 = {"resnext101_64x4d": "pull 5935"}
"""Networks whose weights torchvision calls V1 although their recipe is not that of the other V1
weights, by where torchvision says how they were trained."""

_WORDS = {
    "IMAGENET1K_V1": "torchvision's weights V1",
    "IMAGENET1K_V2": "torchvision's weights V2",
    "tv": "torchvision's weights V1",
    "tv2": "torchvision's weights V2",
    "a1": "A1 of Wightman et al. 2021",
}
"""What torchvision's and timm's names of weights stand for; see `throughput.RECIPES`."""


def recipe_in_words(recipe: str) -> str:
    """Return a recipe with its weights in words: `torchvision's weights V1, single crop`."""
    name = re.split("[ ,]", recipe, maxsplit=1)[0]
    return _WORDS.get(name, name) + recipe[len(name) :]


@dataclass(frozen=True)
class Published:
    """One published figure in percent; `accuracy` or `error` says which, with its recipe."""

    metric: str
    percent: float
    recipe: str
    source: str
    url: str

    @property
    def publisher(self) -> str:
        """The publisher, without the table."""
        return self.source.partition(",")[0]

    @property
    def higher_is_better(self) -> bool:
        """True for an accuracy, False for an error."""
        return self.metric.endswith("accuracy")


def loaded() -> bool:
    """Return whether torchvision is already imported, so that `published` answers at once."""
    return "torchvision.models" in sys.modules


def published(spec: ResNetSpec) -> tuple[Published, ...]:
    """Return the results published for exactly this network, torchvision's first; often none."""
    entry, timm = CATALOG[spec.base], _timm(spec)
    if spec != entry.spec:
        return timm
    papers = tuple(
        Published(r.metric, r.percent, r.recipe, f"{r.source.short}, {r.place}", r.source.url)
        for r in entry.results
    )
    torchvision = _torchvision(spec.base) if entry.in_torchvision else ()
    return (*torchvision, *papers, *timm)


def _torchvision(name: str) -> tuple[Published, ...]:
    from torchvision.models import get_model_weights

    return tuple(
        Published(
            metric="ImageNet top-1 accuracy",
            percent=weights.meta["_metrics"]["ImageNet-1K"]["acc@1"],
            recipe=f"{_weights(name, weights.name)}, single crop",
            source="torchvision",
            url=weights.meta["recipe"],
        )
        for weights in get_model_weights(name)
    )


def _weights(name: str, weights: str) -> str:
    """Return the name of a network's weights, and which recipe is theirs if it isn't the usual."""
    is_v1 = _WORDS.get(weights) == _WORDS["tv"]
    return f"{weights} of {_OWN_V1[name]}" if is_v1 and name in _OWN_V1 else weights


def _timm(spec: ResNetSpec) -> tuple[Published, ...]:
    return tuple(
        Published(
            metric="ImageNet top-1 accuracy",
            percent=one.percent,
            recipe=f"{_weights(spec.base, one.recipe)}, {one.side} px",
            source=one.source,
            url=RESULTS_URL,
        )
        for one in accuracies(spec)
    )
