"""The data folders of the server's owner. Visitors never name a path."""

from __future__ import annotations

import os
from pathlib import Path

DATA_VARIABLE = "RESNET_LAB_DATA"
"""The environment variable with the data folder that is searched first."""


def data_roots() -> list[Path]:
    """Return the owner's data folder, if one is set, and then the user's cache folder.

    Downloads are written to the first.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "resnet-lab"
    own = os.environ.get(DATA_VARIABLE)
    return [*([Path(own)] if own else []), cache]
