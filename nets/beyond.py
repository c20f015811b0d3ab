"""Names and options that people look for here under another name, or that are out of scope."""

from __future__ import annotations

import re

ALIASES = {
    "resnet50_v1b": "resnet50",
    "resnet50_v1c": "resnet50c",
    "resnet50_v1d": "resnet50d",
    "resnet101_v1d": "resnet101d",
    "resnet152_v1d": "resnet152d",
    "resnet50_v1_5": "resnet50",
    "resnet50_v2": "resnet50:unit=full_preact",
    "resnetv2_50": "resnet50:unit=full_preact",
    "resnetv2_101": "resnet101:unit=full_preact",
    "resnetv2_152": "resnet152:unit=full_preact",
    "resnet18d": "resnet18:stem=deep:projection_pool=1",
    "resnet34d": "resnet34:stem=deep:projection_pool=1",
    "resnet200d": "resnet200:stem=deep:projection_pool=1",
    "resnet14": "resnet26:blocks=1,1,1,1",
    "resnet1001": "preresnet1001",
    "se_resnet50": "seresnet50",
    "se_resnet101": "seresnet101",
    "seresnet18": "resnet18:se=16",
    "seresnet34": "resnet34:se=16",
    "seresnet152": "resnet152:se=16",
    "seresnext50_32x4d": "resnext50_32x4d:se=16",
    "seresnext101_32x4d": "resnext101_32x8d:group_width=4:se=16",
    "seresnext101_32x8d": "resnext101_32x8d:se=16",
    "resnext101_32x4d": "resnext101_32x8d:group_width=4",
    "resnet50gn": "resnet50_gn",
    "resnet101_gn": "resnet101:norm=group",
    "wide_resnet28_10": "wrn28_10",
    "wide_resnet16_8": "wrn16_8",
    "wide_resnet40_4": "wrn40_4",
}
"""Names in other libraries, with the text of the same network here."""

_PROBLEMS = {
    "depth": "'depth' is not an option: blocks sets the depth, as in blocks=3,4,6,3",
    "frozen_bn": "frozen BN counts as batch norm in eval mode: use norm=batch",
    "multi_grid": "dilation rates within a stage (multi-grid) are not an option: dilate doubles "
    "the rate of a whole stage",
    "stem_bias": "a bias on the stem alone is not an option: bias=1 adds one to every convolution",
    "ceil": "ceil-mode pooling is not an option: the stem pools with a padding of 1, as in "
    "torchvision",
    "prelu": "PReLU is not an option: iresnet and face recognition networks that use it can't be "
    "built here",
    "last_unit": "a stride in a stage's last unit (TF-Slim) is not an option: a stage strides in "
    "its first block",
    "stem_pool": "a convolution in place of the stem's pool (ResNet-RS) is not an option",
    "antialias": "anti-aliasing (blur pooling) is not an option",
    "attention": "attention other than squeeze-and-excitation is not an option: use se=16",
    "dimensions": "1-D and 3-D networks are not an option: inputs are channels x height x width",
}

_NAMES = {
    r"(resnet|d2|detectron).*frozen.*": "frozen_bn",
    r"(resnet|seresnet)rs\d*.*": "stem_pool",
    r"(ir|ir_se|iresnet|arcface)_?\d+.*|iresnet": "prelu",
    r"(eca|ecares|sk|skres|gcres|cbam|cbam_|bam_|botres|halo|lamhalobotres|nest|resnest|"
    r"ge|gcb|simam_?)(net|next)?_?(res)?(net|next)?\d*.*": "attention",
    r"resnet(blur|aa)\w*|\w*resnet\d*(aa|blur)\w*": "antialias",
    r"r3d_?\d*\w*|mc3_?\d*|r2plus1d_?\d*|resnet\w*_?[13]d|resnet[13]d\w*": "dimensions",
    r"resnet_v[12]_\d+": "last_unit",
}

_KEYS = {
    "depth": "depth",
    "frozen": "frozen_bn",
    "frozen_bn": "frozen_bn",
    "norm_eval": "frozen_bn",
    "multi_grid": "multi_grid",
    "dilation": "multi_grid",
    "dilations": "multi_grid",
    "rates": "multi_grid",
    "stem_bias": "stem_bias",
    "ceil_mode": "ceil",
    "stem_pool": "stem_pool",
    "replace_stem_pool": "stem_pool",
    "aa": "antialias",
    "aa_layer": "antialias",
    "antialias": "antialias",
    "blur": "antialias",
    "attention": "attention",
    "attn": "attention",
    "attn_layer": "attention",
    "cbam": "attention",
    "eca": "attention",
    "dims": "dimensions",
    "dimensions": "dimensions",
}

_VALUES = {
    ("norm", "frozen"): "frozen_bn",
    ("norm", "frozen_bn"): "frozen_bn",
    ("norm", "frozenbn"): "frozen_bn",
    ("activation", "prelu"): "prelu",
    ("stride_on", "last"): "last_unit",
    ("stem", "conv"): "stem_pool",
    ("padding", "ceil"): "ceil",
}


def name_beyond(name: str) -> str:
    """Return why a network can't be built here, in one sentence, or "" if it isn't known."""
    found = (problem for pattern, problem in _NAMES.items() if re.fullmatch(pattern, name))
    return _PROBLEMS.get(next(found, ""), "")


def option_beyond(key: str, value: str = "") -> str:
    """Return why an option or its value isn't here, in one sentence, or "" if it isn't known."""
    return _PROBLEMS.get(_KEYS.get(key) or _VALUES.get((key, value), ""), "")
