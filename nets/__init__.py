"""What a ResNet is: its spec, its text form, the catalog and the builder. Torch only.

Importing this package does not import torch; `build` and `ResNet` do when they are first used.
"""

from typing import TYPE_CHECKING, Any

from nets.catalog import CATALOG, CatalogEntry
from nets.spec import ResNetSpec
from nets.text import parse

if TYPE_CHECKING:
    from nets.resnet import ResNet, build

__all__ = ["CATALOG", "CatalogEntry", "ResNet", "ResNetSpec", "build", "parse"]


def __getattr__(name: str) -> Any:
    if name in ("ResNet", "build"):
        from nets import resnet

        return getattr(resnet, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
