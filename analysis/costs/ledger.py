"""Which FLOPs? The cost of one network as the paper and each tool count it, and the differences.

Every line is `Profile.macs` plus named differences, and sums to the tool's integer. The tools'
conventions are derived here for the versions in tests/requirements.txt; tests compare them with
the tools themselves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from math import prod

from analysis.costs.profiles import LayerCost, Profile, profile
from nets import plan
from nets.blocks import same_padding
from nets.catalog import CATALOG, HE2015, Citation
from nets.options import StrideOn
from nets.spec import ResNetSpec


class Tool(StrEnum):
    """A source of a count."""

    PAPER = "published"
    TORCHVISION = "torchvision _ops, torch.utils.flop_counter / 2"
    TORCHINFO = "torchinfo mult-adds"
    FVCORE_EVAL = "fvcore, eval"
    FVCORE_TRAIN = "fvcore, train"
    PTFLOPS = "ptflops, PyTorch back end"
    THOP = "thop"
    TWO_PER_MAC = "2 per MAC"
    FORWARD_BACKWARD = "forward + backward, 2 per MAC"


class Part(StrEnum):
    """A part of a count."""

    MACS = "multiply-adds of convolutions and linear layers"
    UNKNOWN_CONVS = "convolutions with padding=same"
    STRIDE = "v1's stride on the first 1×1 instead of the 3×3"
    REMAINDER = "remainder: the paper gives two or three digits"
    NORMS = "normalisation"
    NORM_PARAMS = "parameters of the norms"
    ACTIVATIONS = "activations"
    MAX_POOL = "max-pool"
    AVERAGE_POOL = "average pool"
    PROJECTION_POOL = "average pool before projections"
    BIAS = "biases"
    SOFTMAX = "softmax"
    ADDS = "one addition per MAC"
    BACKWARD = "gradients of inputs and weights"
    FIRST_CONV = "gradient of the images"


@dataclass(frozen=True)
class Amount:
    """One part of a line: a signed count, and how it is counted."""

    part: Part
    count: int
    how: str = ""


@dataclass(frozen=True)
class Line:
    """One count of the network; the amounts sum to the total.

    If the tool can't count the network, there are no amounts, and `missing` says why.
    """

    tool: Tool
    amounts: tuple[Amount, ...]
    source: Citation | None = None
    place: str = ""
    missing: str = ""

    @property
    def total(self) -> int | None:
        """The tool's integer, or None if it can't count the network."""
        return None if self.missing else sum(amount.count for amount in self.amounts)


PAPER_MACS = {
    "resnet18": (1_800_000_000, "Table 1"),
    "resnet34": (3_600_000_000, "Table 1"),
    "resnet34_a": (3_600_000_000, "Fig. 3"),
    "plain34": (3_600_000_000, "Fig. 3"),
    "resnet50": (3_800_000_000, "Table 1"),
    "resnet101": (7_600_000_000, "Table 1"),
    "resnet152": (11_300_000_000, "Table 1"),
    "resnet50_v1": (3_800_000_000, "Table 1"),
    "resnet101_v1": (7_600_000_000, "Table 1"),
    "resnet152_v1": (11_300_000_000, "Table 1"),
}
"""Multiply-adds given by He et al. 2015, for one image of 224 by 224 pixels."""


def ledger(spec: ResNetSpec, batch: int = 1) -> tuple[Line, ...]:
    """Return every line for a network, including the paper's if it gives a count.

    Raises:
        ValueError: as `profile` does.
    """
    cost = profile(spec, batch=batch)
    train = Tool.FVCORE_TRAIN
    kinds = _elements(cost)
    lines = [
        *_paper(cost),
        _line(cost, Tool.TORCHVISION),
        _torchinfo(cost),
        _fvcore(cost, kinds, Tool.FVCORE_EVAL, 2),
        Line(train, (), missing=cost.untrainable)
        if cost.untrainable
        else _fvcore(cost, kinds, train, 5),
        _ptflops(cost, kinds),
        _thop(cost, kinds),
        _line(cost, Tool.TWO_PER_MAC, Amount(Part.ADDS, cost.macs)),
        _forward_backward(cost),
    ]
    return tuple(lines)


def _line(cost: Profile, tool: Tool, *amounts: Amount) -> Line:
    """Return a line: the multiply-adds and the nonzero amounts that a tool adds to them."""
    whole = Amount(Part.MACS, cost.macs)
    return Line(tool, (whole, *(amount for amount in amounts if amount.count)))


def _elements(cost: Profile) -> Counter[str]:
    """Count the input elements of the layers of each type, for the whole batch."""
    elements: Counter[str] = Counter()
    for layer in cost.layers:
        elements[layer.type] += cost.batch * prod(layer.input)
    return elements


def _paper(cost: Profile) -> list[Line]:
    """Return the paper's figure, with the differences due to its stride, and the remainder."""
    spec = cost.spec
    if spec.base not in PAPER_MACS or spec != CATALOG[spec.base].spec:
        return []
    stated, place = PAPER_MACS[spec.base]
    stated *= cost.batch
    v1 = cost.macs
    if spec.convs_per_block == 3 and spec.stride_on is StrideOn.CONV2:
        v1 = profile(replace(spec, stride_on=StrideOn.CONV1), batch=cost.batch).macs
    line = _line(
        cost,
        Tool.PAPER,
        Amount(Part.STRIDE, v1 - cost.macs),
        Amount(Part.REMAINDER, stated - v1),
    )
    return [replace(line, source=HE2015, place=place)]


_NORMS = ("BatchNorm2d", "GroupNorm")


def _torchinfo(cost: Profile) -> Line:
    norms = sum(layer.params for layer in cost.layers if layer.type in _NORMS)
    return _line(
        cost,
        Tool.TORCHINFO,
        Amount(Part.NORM_PARAMS, cost.batch * norms, "each once per image"),
        Amount(Part.BIAS, _biases(cost), "one per output element"),
    )


def _fvcore(cost: Profile, kinds: Counter[str], tool: Tool, each: int) -> Line:
    return _line(
        cost,
        tool,
        Amount(Part.NORMS, each * kinds["BatchNorm2d"], f"{each} per element"),
        Amount(Part.NORMS, 5 * kinds["GroupNorm"], "5 per element of a group norm"),
        Amount(Part.AVERAGE_POOL, kinds["AdaptiveAvgPool2d"], "1 per input element"),
    )


_PTFLOPS_ACTIVATIONS = {"ReLU": 2, "ELU": 2, "GELU": 2, "LeakyReLU": 1, "SiLU": 1}
"""Counts per element: 2 if ptflops sees both the module and the function that it calls. Other
activations don't count."""


def _ptflops(cost: Profile, kinds: Counter[str]) -> Line:
    activation = next((kind for kind in kinds if kind in _PTFLOPS_ACTIVATIONS), "")
    each = _PTFLOPS_ACTIVATIONS.get(activation, 0)
    twice = "2 per input element: module and function are both counted"
    once = "1 per element of the padded input: the function is counted, its module isn't known"
    return _line(
        cost,
        Tool.PTFLOPS,
        _unknown_convs(cost),
        Amount(Part.NORMS, 2 * kinds["BatchNorm2d"], "2 per element"),
        Amount(Part.NORMS, 2 * kinds["GroupNorm"], "2 per element of a group norm"),
        Amount(Part.ACTIVATIONS, each * kinds[activation], twice if each == 2 else "1 per element"),
        Amount(Part.MAX_POOL, 2 * kinds["MaxPool2d"], twice),
        Amount(Part.MAX_POOL, _padded_pool(cost), once),
        Amount(Part.AVERAGE_POOL, 2 * kinds["AdaptiveAvgPool2d"], twice),
        Amount(Part.PROJECTION_POOL, 2 * kinds["AvgPool2d"], twice),
        Amount(Part.BIAS, _biases(cost, convs=("Conv2d",)), "one per output element"),
        Amount(Part.SOFTMAX, kinds["Softmax"], "1 per element"),
    )


def _thop(cost: Profile, kinds: Counter[str]) -> Line:
    outputs: Counter[str] = Counter()
    for layer in cost.layers:
        outputs[layer.type] += cost.batch * prod(layer.output)
    softmax = cost.batch * (3 * cost.spec.classes - 1) if cost.spec.softmax else 0
    return _line(
        cost,
        Tool.THOP,
        _unknown_convs(cost),
        Amount(Part.NORMS, 4 * kinds["BatchNorm2d"], "4 per element"),
        Amount(
            Part.AVERAGE_POOL,
            kinds["AdaptiveAvgPool2d"] + outputs["AdaptiveAvgPool2d"],
            "1 per input element and 1 per output element",
        ),
        Amount(Part.PROJECTION_POOL, outputs["AvgPool2d"], "1 per output element"),
        Amount(Part.SOFTMAX, softmax, "3 per element, less 1 per image"),
    )


def _forward_backward(cost: Profile) -> Line:
    """Return a line worth three forwards, minus the images' gradient, which isn't computed."""
    first = cost.layers[0]
    return _line(
        cost,
        Tool.FORWARD_BACKWARD,
        Amount(Part.ADDS, cost.macs),
        Amount(Part.BACKWARD, 4 * cost.macs, "two more products of the same size, 2 per MAC"),
        Amount(Part.FIRST_CONV, -2 * first.macs, f"{first.path} needs none"),
    )


def _unknown_convs(cost: Profile) -> Amount:
    """Return what ptflops and thop leave out: they look layers up by exact type."""
    skipped = sum(layer.macs for layer in cost.layers if layer.type == "Conv2dSame")
    return Amount(Part.UNKNOWN_CONVS, -skipped, "skipped: the tool doesn't know their type")


def _padded_pool(cost: Profile) -> int:
    """Count the input elements of the function in a MaxPool2dSame, with any uneven padding."""
    elements = 0
    for layer in cost.layers:
        if layer.type == "MaxPool2dSame":
            channels, *sides = layer.input
            around = [same_padding(side, 3, 2) for side in sides]
            if any(before != after for before, after in around):
                sides = [side + sum(both) for side, both in zip(sides, around, strict=True)]
            elements += cost.batch * channels * prod(sides)
    return elements


def _biases(cost: Profile, convs: tuple[str, ...] = ("Conv2d", "Conv2dSame")) -> int:
    """Count the output elements of layers with a bias; `convs` are the convolution types."""
    spec = cost.spec

    def has_bias(row: LayerCost) -> bool:
        inside = plan.is_inside_step(spec, row.place)  # squeeze-and-excitation always has biases
        return row.type == "Linear" or (row.type in convs and (spec.bias or inside))

    return cost.batch * sum(prod(row.output) for row in filter(has_bias, cost.layers))
