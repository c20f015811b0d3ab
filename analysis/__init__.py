"""What a ResNet costs and does. Every analysis takes a spec and returns numbers.

Importing this package does not import torch; `profile` does when it is first used. For that the
module that holds it has another name: a module `analysis.profile` would hide the function.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes long to import: see analysis/commands/interrupts.py
if TYPE_CHECKING:
    from typing import Any

    from analysis.costs.profiles import Profile, profile

__all__ = ["Profile", "profile"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from analysis.costs import profiles

        return getattr(profiles, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
