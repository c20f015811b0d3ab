"""Where the server's owner keeps data. A visitor never names a path."""

from __future__ import annotations

import os
from pathlib import Path

DATA_VARIABLE = "RESNET_LAB_DATA"
"""The environment variable that names the folder where data is looked for first."""


def data_roots() -> list[Path]:
    """Return the owner's data folder, if one is named, then the user's cache folder.

    A download is written to the first.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "resnet-lab"
    own = os.environ.get(DATA_VARIABLE)
    return [*([Path(own)] if own else []), cache]
