"""The layer tree as text for the terminal."""

from __future__ import annotations

from analysis.structure.tree import TreeNode, walk
from analysis.style.grid import aligned
from analysis.style.numbers import exact, shape


def tree_text(root: TreeNode) -> str:
    """Return the layer tree aligned for a terminal: path, type, output, and the counts."""
    counts = ("parameters", "mult-adds (torchinfo)", "activations", "bytes moved")
    rows: list[tuple[str, ...]] = [("layer", "type", "output", *counts)]
    for level, node in walk(root):
        name = "  " * level + (node.label or root.type)
        values = (node.params, node.mult_adds, node.activations, node.bytes_moved)
        figures = (exact(value) if value else "" for value in values)
        rows.append((name, node.type, shape(node.output), *figures))
    return "\n".join(aligned(rows, left=2)) + "\n"
