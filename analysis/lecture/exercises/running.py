"""Run a listing as it is shown, and report what it raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


def run(listing: str, **names: object) -> dict[str, Any]:
    """Run a listing and return what it defines.

    Args:
        listing: one of this package's own.
        names: names that it can use besides `torch` and `nn`.
    """
    known: dict[str, Any] = {"torch": torch, "nn": nn, **names}
    exec(compile(listing, "listing", "exec"), known)
    return known


def corrected(listing: str, wrong: str, right: str) -> str:
    """Return a listing with its mistake mended.

    Raises:
        ValueError: unless the mistake occurs in it exactly once.
    """
    if listing.count(wrong) != 1:
        raise ValueError(f"the listing has {wrong!r} {listing.count(wrong)} times, not once")
    return listing.replace(wrong, right)


def raised(call: Callable[[], object]) -> str:
    """Return the error of a call in one line, `TypeError: ...`; empty if there is none."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return ""
