"""The networks on which degradation is shown: plain and residual, at several depths."""

from __future__ import annotations

SEEDS = 3
"""Seeds of a comparison, unless others are chosen."""

PAIR = ("plain20", "plain56", "resnet20", "resnet56")
"""Two depths of both kinds, as in He et al. 2015, Fig. 1 and Fig. 6."""

DEGRADATION = "degradation"
"""The recipe for comparing depths."""

USUAL_RECIPE = "short"
"""The default recipe for training one network."""

_DEPTHS = (8, 20, 44, 56, 110)


def _at(kind: str, depth: int) -> str:
    return f"{kind}20:blocks=1,1,1" if depth == 8 else f"{kind}{depth}"


LADDER = tuple(_at(kind, depth) for kind in ("plain", "resnet") for depth in _DEPTHS)
"""Five depths of both kinds."""

EXAMPLE = tuple(_at(kind, depth) for kind in ("plain", "resnet") for depth in (8, 20, 32, 44, 56))
"""The networks of the shipped sweep `analysis/choice/examples/degradation.toml`."""
