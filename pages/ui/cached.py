"""Analyses cached by spec between runs. The results are frozen, so all visitors share them."""

from __future__ import annotations

import gc
from functools import lru_cache

from analysis.costs.profiles import profile
from analysis.costs.published import Published, loaded, published
from analysis.structure.code import code
from analysis.structure.torchvision_call import one_liner
from analysis.structure.tree import printed, torchinfo_text, tree
from nets import ResNetSpec

_KEPT = 128

profile_of = lru_cache(_KEPT)(profile)
tree_of = lru_cache(_KEPT)(tree)
torchinfo_of = lru_cache(8)(torchinfo_text)
printed_of = lru_cache(8)(printed)
is_published_ready = loaded


@lru_cache(_KEPT)
def published_of(spec: ResNetSpec) -> tuple[Published, ...]:
    """Return a network's published results; the first call may load torchvision."""
    was_loaded = loaded()
    results = published(spec)
    if loaded() and not was_loaded:
        gc.freeze()  # see pages.ui.frame.requested
    return results


@lru_cache(_KEPT)
def code_of(spec: ResNetSpec) -> tuple[str, str]:
    """Return the torchvision call, empty if there is none, and the standalone file's source."""
    return one_liner(spec), code(profile_of(spec))
