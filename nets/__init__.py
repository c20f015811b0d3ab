"""The definition of a ResNet: its spec, its text form, the catalog and the builder.

It needs only torch. Importing the package doesn't import torch; the first use of `build` or
`ResNet` does.
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
