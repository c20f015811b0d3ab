"""Analyses that are kept between runs, by spec. Their values are frozen, so visitors share them."""

from __future__ import annotations

from functools import lru_cache

from analysis.profile import profile
from analysis.published import loaded, published
from analysis.tree import tree

_KEPT = 128

profile_of = lru_cache(_KEPT)(profile)
tree_of = lru_cache(_KEPT)(tree)
published_of = lru_cache(_KEPT)(published)
is_published_ready = loaded
