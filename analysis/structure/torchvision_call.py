"""The torchvision call that builds a network."""

from __future__ import annotations

from nets.catalog import CATALOG
from nets.options import OPTIONS, BlockKind
from nets.spec import ResNetSpec

_ARGUMENTS = ("classes", "zero_init", "dilate")
"""What torchvision's functions take. Basic blocks can't dilate there."""
_STRUCTURE = ("block", "blocks", "groups", "group_width")


def one_liner(spec: ResNetSpec) -> str:
    """Return a call such as `torchvision.models.resnet50()`, or "" if torchvision has none."""
    if len(spec.blocks) != 4:
        return ""
    plain, free = CATALOG["resnet50"].spec, {*_ARGUMENTS, *_STRUCTURE, "expansion", "input"}
    same = all(getattr(spec, k) == getattr(plain, k) for k in OPTIONS if k not in free)
    expansion = 1 if spec.block is BlockKind.BASIC else 4
    dilates = spec.block is BlockKind.BASIC and any(spec.dilate)
    if not same or dilates or not spec.classes or spec.channels != 3 or spec.expansion != expansion:
        return ""
    arguments = []
    if spec.classes != 1000:
        arguments.append(f"num_classes={spec.classes}")
    if spec.zero_init:
        arguments.append("zero_init_residual=True")
    if any(spec.dilate):
        arguments.append(f"replace_stride_with_dilation={[bool(d) for d in spec.dilate]}")
    for name, entry in CATALOG.items():
        same = all(getattr(entry.spec, key) == getattr(spec, key) for key in _STRUCTURE)
        if entry.in_torchvision and same:
            return f"torchvision.models.{name}({', '.join(arguments)})"
    block = "BasicBlock" if spec.block is BlockKind.BASIC else "Bottleneck"
    arguments = [f"torchvision.models.resnet.{block}", str(list(spec.blocks)), *arguments]
    if spec.groups != 1:
        arguments.append(f"groups={spec.groups}")
    if spec.group_width != 64:
        arguments.append(f"width_per_group={spec.group_width}")
    return f"torchvision.models.ResNet({', '.join(arguments)})"
