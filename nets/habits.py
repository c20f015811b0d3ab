"""The names that other code gives to the parts of a residual network.

Files name the same convolution `layer2.0.downsample.0` (torchvision), `layer2.0.shortcut.0`
(CIFAR repositories), `res3.0.shortcut` (detectron2) or `2.0.conv3` (d2l). Every name becomes one
normal form: the part of the network, the stage, the block, and the numbers in the rest of the
name, which give the order of layers within their part.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum
from typing import NamedTuple


class Part(StrEnum):
    """A part of a network, within which layers are told apart by kind and order alone."""

    STEM = "stem"
    BRANCH = "branch"
    SHORTCUT = "shortcut"
    EXCITATION = "excitation"
    HEAD = "head"


class Slot(NamedTuple):
    """The normal form of a layer's name.

    `stage` and `block` are the file's own numbers, which may begin anywhere; `stage` is `UNSTAGED`
    if the file numbers its blocks without stages. Outside the blocks both are 0.
    """

    part: Part
    stage: int
    block: int
    order: tuple[float, ...]


UNSTAGED = -1

_WRAPPERS = re.compile(
    r"(?:(?:_orig_mod|module|model|net|network|backbone|encoder|bottom_up|resnet)\.)+"
    r"|0\.(?=\d\.\d+\.[a-z])"
)
"""Modules around a network: compiled, data-parallel, a detector's; fastai's pair of networks."""

_BLOCKS = tuple(
    re.compile(rf"{block}\.(?P<inside>[a-zA-Z].*)")
    for block in (
        # torchvision, timm, mmpretrain, CIFAR repositories; `block1.layer.0`: wide ResNets
        r"(?:layer|block|stage)_?(?P<stage>[1-9])\.(?:layer\.)?(?P<block>\d+)",
        r"res(?P<stage>\d)\.(?P<block>\d+)",  # detectron2
        r"conv(?P<stage>\d)_x\.(?P<block>\d+)",  # the paper's names
        r"(?:features\.)?stage(?P<stage>\d)\.unit(?P<block>\d+)",  # pytorchcv
        r"(?:stages|layers|blocks)\.(?P<stage>\d+)\.(?:blocks\.|layers\.)?(?P<block>\d+)",
        r"b?(?P<stage>\d+)\.(?P<block>\d+)",  # d2l; torchvision's children in an nn.Sequential
        r"(?:layers|blocks)\.(?P<block>\d+)",  # CIFAR repositories without stages
    )
)

_SHORTCUT = re.compile(r"(?:down_?sample|short_?cut|skip|proj|identity_conv|conv_?short).*", re.I)
_EXCITATION = re.compile(r"(?:se|se_layer|se_module|se_block)\..+|fc[12]")

_STEM = re.compile(
    r"(?:features\.)?(?:stem|layer0|init_block|embedder|conv[0-3]?|bn[0-3]?|norm[0-3]?|b1|[01])"
    r"(?:\.\w+)*"
)
_HEAD = re.compile(
    r"(?:fc|linear|classifier|head|last_linear|last|output|(?:features\.)?post_activ|\d+)"
    r"(?:\.\w+)*|final_bn|bn_final|last_bn|bn_last"
)


def slot_of(path: str) -> Slot | None:
    """Return the normal form of a layer's path, or None if it is named like no part of a ResNet."""
    name = _WRAPPERS.sub("", path, count=1) if _WRAPPERS.match(path) else path
    for pattern in _BLOCKS:
        if found := pattern.fullmatch(name):
            inside, stage = found["inside"], found.groupdict().get("stage", UNSTAGED)
            part = Part.BRANCH
            if _SHORTCUT.fullmatch(inside):
                part = Part.SHORTCUT
            elif _EXCITATION.fullmatch(inside):
                part = Part.EXCITATION
            return Slot(part, int(stage), int(found["block"]), _order(inside))
    for part, pattern in ((Part.STEM, _STEM), (Part.HEAD, _HEAD)):
        if pattern.fullmatch(name):
            return Slot(part, 0, 0, _order(name))
    return None


def _order(name: str) -> tuple[float, ...]:
    """Return the numbers in a name; the `bn1` after a stem `conv1.0` to `conv1.6` comes last."""
    return (*map(float, re.findall(r"\d+", name)), math.inf)
