"""Analyses that are kept between runs, by spec. Their values are frozen, so visitors share them."""

from __future__ import annotations

import gc
from functools import lru_cache
from typing import TYPE_CHECKING

from analysis.choose import Choice, Task, choose
from analysis.compare import Comparison, Curve, Sweep, compare, curve
from analysis.costs import profile
from analysis.diff import diff
from analysis.published import Published, loaded, published
from analysis.render.code import code
from analysis.render.torchvision import one_liner
from analysis.tree import printed, torchinfo_text, tree
from nets import ResNetSpec
from pages.ui.measured import measured_ms

if TYPE_CHECKING:
    from pages.ui.choose import Asked

_KEPT = 128

profile_of = lru_cache(_KEPT)(profile)
tree_of = lru_cache(_KEPT)(tree)
torchinfo_of = lru_cache(8)(torchinfo_text)
printed_of = lru_cache(8)(printed)
is_published_ready = loaded
diff_of = lru_cache(32)(diff)


@lru_cache(64)
def curve_of(spec: ResNetSpec, sweep: Sweep, batch: int) -> Curve:
    """A network swept along one axis."""
    return curve(spec, sweep, batch=batch)


@lru_cache(32)
def choice_of(task: Task, asked: Asked) -> Choice:
    """What fits, for what was asked."""
    return choose(task, asked.budgets, asked.batch, asked.dtype, asked.optimiser, dict(asked.times))


def comparison_of(nets: tuple[ResNetSpec, ...], batch: int, replay: bool) -> Comparison:
    """The comparison, with the times that this visit has measured at that batch."""
    return _compared(nets, batch, replay, frozenset(measured_ms(batch).items()))


@lru_cache(32)
def _compared(
    nets: tuple[ResNetSpec, ...], batch: int, replay: bool, times: frozenset[tuple[str, float]]
) -> Comparison:
    return compare(nets, batch, replay=replay, measured_ms=dict(times))


@lru_cache(_KEPT)
def published_of(spec: ResNetSpec) -> tuple[Published, ...]:
    """What has been published for a network; the first answer may load torchvision."""
    was_loaded = loaded()
    results = published(spec)
    if loaded() and not was_loaded:
        gc.freeze()  # as in pages.ui.frame
    return results


@lru_cache(_KEPT)
def code_of(spec: ResNetSpec) -> tuple[str, str]:
    """Torchvision's call, empty where there is none, and the standalone file."""
    return one_liner(spec), code(profile_of(spec))
