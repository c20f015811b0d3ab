"""The layer tree: torchinfo's rows as data, torchinfo's own text, and `print(model)`.

torchinfo runs on a representative network. Equal blocks of a stage are one folded row, which
`unfold` expands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
import torchinfo
from torchinfo.enums import Units

from analysis.costs.profiles import LayerCost, Shape, profile, representative
from analysis.costs.shapes import ShapesOnly
from nets.plan import place_of, stage_names
from nets.resnet import build
from nets.spec import ResNetSpec

_COLUMNS = ("input_size", "output_size", "num_params", "mult_adds")
_COUNTS = ("params", "mult_adds", "activations", "bytes_moved")  # sums over a row's children


@dataclass(frozen=True)
class TreeNode:
    """One row of the tree: a module, or a run of `count` equal blocks that begins at `path`.

    Shapes leave out the batch. `params` and `mult_adds` are torchinfo's, whose mult-adds also count
    biases and batch norm parameters; `activations` and `bytes_moved` are those of a `Profile`. All
    four include all children, for all blocks of a run.
    """

    path: str
    name: str
    type: str
    input: Shape
    output: Shape
    params: int
    mult_adds: int
    activations: int
    bytes_moved: int
    children: tuple[TreeNode, ...] = ()
    count: int = 1

    @property
    def last_path(self) -> str:
        """The path of the last block of a run."""
        return place_of(self.path).after(self.count - 1).path if self.count > 1 else self.path

    @property
    def label(self) -> str:
        """The row's label: its path, or `layer3.1 to layer3.35, 35 equal blocks`."""
        if self.count == 1:
            return self.path
        return f"{self.path} to {self.last_path}, {self.count} equal blocks"


def tree(spec: ResNetSpec, batch: int = 1) -> TreeNode:
    """Return the layer tree with runs of equal blocks folded. The root's path is empty."""
    small = representative(spec)
    rows = iter(_summary(small, batch).summary_list)
    costs = {layer.path: layer for layer in profile(small, batch=batch).layers}
    root, _ = _node(next(rows), "", list(rows), costs)
    blocks = dict(zip(stage_names(spec), spec.blocks, strict=True))
    folded = (
        _fold(child, blocks[child.path]) if child.path in blocks else child
        for child in root.children
    )
    return _summed(root, tuple(folded))


def unfold(node: TreeNode) -> TreeNode:
    """Return the tree with a separate row for every block of a run."""
    children: list[TreeNode] = []
    for child in node.children:
        if child.count == 1:
            children.append(unfold(child))
            continue
        one = {name: getattr(child, name) // child.count for name in _COUNTS}
        single = replace(child, count=1, **one)
        children.extend(
            _moved(single, child.path, place_of(child.path).after(i).path)
            for i in range(child.count)
        )
    return replace(node, children=tuple(children))


def walk(node: TreeNode, level: int = 0) -> Iterator[tuple[int, TreeNode]]:
    """Yield every row from top to bottom with its level; the root's is 0."""
    yield level, node
    for child in node.children:
        yield from walk(child, level + 1)


def find(root: TreeNode, text: str) -> list[TreeNode]:
    """Return the rows whose path or type contains the text, with runs unfolded."""
    wanted = text.strip().lower()
    return [
        node
        for _, node in walk(unfold(root))
        if node.path and (wanted in node.path.lower() or wanted in node.type.lower())
    ]


def torchinfo_text(spec: ResNetSpec, batch: int = 1) -> str:
    """Return torchinfo's table of the whole network; hundreds of blocks take seconds."""
    text = str(_summary(spec, batch))
    # Python 3.12 formats torchinfo's enum with its full name: (Units.GIGABYTES).
    return re.sub(r"Units\.(\w+)", lambda found: Units[found[1]].value, text)


def printed(spec: ResNetSpec) -> str:
    """Return the output of `print(model)`."""
    return repr(build(spec, device="meta"))


def _summary(spec: ResNetSpec, batch: int) -> torchinfo.ModelStatistics:
    x = torch.empty(batch, *spec.input, device="meta")
    with ShapesOnly():
        return torchinfo.summary(
            build(spec, device="meta"),
            input_data=x,
            device="meta",
            mode="eval",
            depth=5,
            col_names=_COLUMNS,
            row_settings=("var_names", "depth"),
            verbose=0,
        )


def _node(
    row: torchinfo.layer_info.LayerInfo,
    path: str,
    below: list[torchinfo.layer_info.LayerInfo],
    costs: Mapping[str, LayerCost],
) -> tuple[TreeNode, int]:
    """Return the node of a row, and how many of the following rows are inside it."""
    children: list[TreeNode] = []
    used = 0
    while used < len(below) and below[used].depth > row.depth:
        inner = below[used]
        child_path = f"{path}.{inner.var_name}" if path else inner.var_name
        child, inside = _node(inner, child_path, below[used + 1 :], costs)
        children.append(child)
        used += 1 + inside
    cost = costs.get(path)
    node = TreeNode(
        path=path,
        name=row.var_name,
        type=row.class_name,
        input=tuple(row.input_size[1:]),
        output=tuple(row.output_size[1:]),
        params=row.num_params,
        mult_adds=row.macs,
        activations=cost.activations if cost else 0,
        bytes_moved=cost.bytes_moved if cost else 0,
    )
    return _summed(node, tuple(children)), used


def _summed(node: TreeNode, children: tuple[TreeNode, ...]) -> TreeNode:
    if not children:
        return node
    sums = {name: sum(getattr(child, name) for child in children) for name in _COUNTS}
    return replace(node, children=children, **sums)


def _fold(stage: TreeNode, total: int) -> TreeNode:
    """Fold a stage of a representative net: its second block represents all later ones."""
    if total <= 2:
        return stage
    first, second = stage.children
    all_of_them = {name: getattr(second, name) * (total - 1) for name in _COUNTS}
    run = replace(second, count=total - 1, **all_of_them)
    return _summed(stage, (first, run))


def _moved(node: TreeNode, old: str, new: str) -> TreeNode:
    """Return the node and its children with another path prefix."""
    path = new + node.path.removeprefix(old)
    return replace(
        node,
        path=path,
        name=path.rpartition(".")[2],
        children=tuple(_moved(child, old, new) for child in node.children),
    )
