"""The layer tree as text for the terminal."""

from __future__ import annotations

from analysis.structure.tree import TreeNode, walk
from analysis.style.grid import Grid
from analysis.style.numbers import exact, shape
from analysis.style.terminal import WIDTH, laid_out


def tree_text(root: TreeNode, width: int = WIDTH) -> str:
    """Return the layer tree for a terminal: path, type, output, and the counts."""
    counts = ("parameters", "mult-adds (torchinfo)", "activations", "bytes moved")
    rows: list[tuple[str, ...]] = []
    for level, node in walk(root):
        name = "  " * level + (node.label or root.type)
        values = (node.params, node.mult_adds, node.activations, node.bytes_moved)
        figures = (exact(value) if value else "" for value in values)
        rows.append((name, node.type, shape(node.output), *figures))
    grid = Grid("", ("layer", "type", "output", *counts), tuple(rows), left=2)
    return laid_out([grid], width)
