"""The cost and behaviour of ResNets. Every analysis takes a spec and returns numbers.

Importing this package doesn't import torch; the first use of `profile` does. The function lives in
`analysis.costs.profiles`, since a module named `analysis.profile` would hide it.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing is slow to import: see analysis/commands/interrupts.py
if TYPE_CHECKING:
    from typing import Any

    from analysis.costs.profiles import Profile, profile

__all__ = ["Profile", "profile"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from analysis.costs import profiles

        return getattr(profiles, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
