"""A drawing of VGG-19, which He et al. 2015, Fig. 3, show beside their own networks.

It is drawn from its published layers, not from a network that is built here: Simonyan and Zisserman
2015, Table 1, configuration E, on images of 3×224×224. Convolutions are 3×3 with a padding of 1 and
a bias, each is followed by ReLU, and every pooling halves the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import prod

from analysis.drawing.boxes import box
from analysis.drawing.cells import Cell, Group, Network
from analysis.drawing.heat import Metric
from analysis.drawing.parts import Kind, Labels, Node
from analysis.drawing.spacing import Spacing
from analysis.style.numbers import exact, shape
from nets.catalog import Citation

SIMONYAN2015 = Citation(
    "simonyan2015very",
    "Karen Simonyan, Andrew Zisserman",
    "Very Deep Convolutional Networks for Large-Scale Image Recognition",
    "ICLR 2015, arXiv 1409.1556",
    2015,
    "https://arxiv.org/abs/1409.1556",
)

NAME, TITLE = "vgg19", "VGG-19"

CONVS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
"""Convolutions of each stage and their channels (configuration E)."""

LINEARS = (4096, 4096, 1000)
"""Outputs of the fully connected layers."""

_SIDE = 224


@dataclass(frozen=True)
class Layer:
    """One published layer with weights: its input and output shapes, and the size of its kernel."""

    path: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    kernel: int = 0

    @property
    def params(self) -> int:
        """Weights and biases."""
        return (self.input[0] * max(self.kernel, 1) ** 2 + 1) * self.output[0]

    @property
    def macs(self) -> int:
        """Multiply-adds on one image."""
        return self.input[0] * max(self.kernel, 1) ** 2 * prod(self.output)

    @property
    def activations(self) -> int:
        """Elements of a convolution's output on one image."""
        return prod(self.output) if self.kernel else 0

    @property
    def detail(self) -> str:
        """The layer's details in words."""
        return (
            f"{'Conv2d' if self.kernel else 'Linear'}, {shape(self.input)} to "
            f"{shape(self.output)}, {exact(self.params)} parameters, {exact(self.macs)} MACs, "
            f"from {SIMONYAN2015.short}, Table 1"
        )


def layers() -> Iterator[Layer]:
    """Yield the layers with weights, in order."""
    channels, side = 3, _SIDE
    for stage, (count, width) in enumerate(CONVS, 1):
        for index in range(1, count + 1):
            sides = (side, side)
            yield Layer(f"conv{stage}_{index}", (channels, *sides), (width, *sides), 3)
            channels = width
        side //= 2
    features = channels * side * side
    for index, width in enumerate(LINEARS, len(CONVS) + 1):
        yield Layer(f"fc{index}", (features,), (width,))
        features = width


def heat(metric: Metric) -> dict[str, float]:
    """Return a metric of every layer, and its sums for stages and head.

    Raises:
        ValueError: for saved memory and bytes moved, which depend on layers without weights.
    """
    if metric in (Metric.SAVED_BYTES, Metric.BYTES_MOVED):
        raise ValueError(
            f"VGG-19 is drawn from its published layers, which don't include {metric.label}: "
            "colour by MACs, parameters or activations"
        )
    values: dict[str, float] = {f"pool{stage}": 0 for stage in range(1, len(CONVS) + 1)}
    for layer in layers():
        value: int = getattr(layer, metric.value)
        around = layer.path.partition("_")[0] if layer.kernel else "head"
        for path in (layer.path, around):
            values[path] = values.get(path, 0) + value
        values[f"{layer.path}.relu"] = 0
    return values


def _run_name(path: str, count: int) -> str:
    """Return the name of equal convolutions from a path on: `conv3_2 to 3_4`."""
    stage, _, first = path.partition("_")
    return f"{path} to {stage.removeprefix('conv')}_{int(first) + count - 1}"


@dataclass(frozen=True)
class _Drawn:
    level: str
    unfold: bool
    labels: Labels
    spacing: Spacing
    figures: bool

    def box(self, path: str, kind: Kind, said: str, detail: str, count: int = 1) -> Node:
        name = _run_name(path, count) if kind is Kind.RUN else path
        counted = f"{name} ×{count}" if count > 1 else name
        if kind in (Kind.INPUT, Kind.ACTIVATION) or self.labels is Labels.OPERATIONS:
            lines: tuple[str, ...] = (said,)
        elif self.labels is Labels.PATH:
            lines = (counted,)
        else:
            lines = (name, said)
        beside = f"×{count}" if count > 1 and self.labels is not Labels.PATH else ""
        figures = self.figures and kind is not Kind.INPUT
        return box(path, kind, lines, detail, self.spacing, count, beside, figures)

    def cells(self, layer: Layer, kind: Kind, said: str, count: int = 1) -> Iterator[Cell]:
        node = self.box(layer.path, kind, said, layer.detail, count)
        yield Cell(branch=(node,), path=layer.path)
        if self.level == "layer" and layer.path != f"fc{len(CONVS) + len(LINEARS)}":
            yield self.relu(layer.path)

    def relu(self, path: str) -> Cell:
        name = f"{path}.relu"
        return Cell(branch=(self.box(name, Kind.ACTIVATION, "ReLU", "ReLU"),), path=name)

    def pool(self, stage: int, output: str) -> Cell:
        path = f"pool{stage}"
        node = self.box(path, Kind.POOL, "max pool /2", f"MaxPool2d, to {output}")
        return Cell(branch=(node,), path=path)

    def stage(self, stage: list[Layer]) -> Iterator[Cell]:
        """Yield a stage as one box, or one box per run of equal convolutions or per convolution."""
        said = f"3×3, {stage[0].output[0]}"
        if self.level == "stage":
            path = stage[0].path.partition("_")[0]
            detail = f"{len(stage)} convolutions, from {SIMONYAN2015.short}, Table 1"
            yield Cell(branch=(self.box(path, Kind.STAGE, said, detail, len(stage)),), path=path)
            return
        kind = Kind.CONV if self.level == "layer" else Kind.BLOCK
        for _, equal in groupby(stage, key=lambda layer: layer.params):
            run = list(equal)
            if self.level == "block" and not self.unfold and len(run) > 1:
                yield from self.cells(run[0], Kind.RUN, said, len(run))
            else:
                for layer in run:
                    yield from self.cells(layer, kind, said)


def vgg19(
    level: str, unfold: bool, labels: Labels, spacing: Spacing, figures: bool = False
) -> Network:
    """Return everything to draw of VGG-19.

    Args:
        level: stage, block or layer. A block is a convolution, with equal ones folded; ReLUs are
            drawn only at layer level.
        unfold: whether every convolution has its own box.
        labels: what the boxes say.
        spacing: the spacing of the drawing.
        figures: whether every box has room for a number below its label.
    """
    drawn = _Drawn(level, unfold, labels, spacing, figures)
    size = shape((3, _SIDE, _SIDE))
    image = Cell(branch=(drawn.box("input", Kind.INPUT, size, "the images"),), path="input")
    groups = [Group("input", (image,), output=size)]
    every = list(layers())
    convs, linears = every[: -len(LINEARS)], every[-len(LINEARS) :]
    pooled: tuple[Cell, ...] = ()
    side = _SIDE
    for stage, (count, width) in enumerate(CONVS, 1):
        mine, convs = convs[:count], convs[count:]
        output = shape((width, side, side))
        cells = (*pooled, *drawn.stage(mine))
        groups.append(Group(f"conv{stage}", cells, output=output, is_stage=True))
        side //= 2
        pooled = (drawn.pool(stage, shape((width, side, side))),)
    groups.append(Group(f"pool{len(CONVS)}", pooled, output=shape((CONVS[-1][1], side, side))))
    head = [
        cell
        for layer in linears
        for cell in drawn.cells(layer, Kind.LINEAR, f"fc {layer.output[0]}")
    ]
    groups.append(Group("head", tuple(head), output=str(LINEARS[-1])))
    caption, is_layers = f"one node per {level}", level == "layer"
    return Network(NAME, TITLE, caption, tuple(groups), spacing, (), is_layers, figures)
