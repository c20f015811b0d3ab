"""The layer tree as text for the terminal."""

from __future__ import annotations

from analysis.structure.tree import TreeNode, walk
from analysis.style.grid import aligned
from analysis.style.numbers import exact, shape


def tree_text(root: TreeNode) -> str:
    """Return the layer tree aligned for a terminal: path, type, output, parameters, mult-adds."""
    rows: list[tuple[str, ...]] = [
        ("layer", "type", "output", "parameters", "mult-adds (torchinfo)")
    ]
    for level, node in walk(root):
        name = "  " * level + (node.label or root.type)
        params, adds = (exact(n) if n else "" for n in (node.params, node.mult_adds))
        rows.append((name, node.type, shape(node.output), params, adds))
    return "\n".join(aligned(rows, left=2)) + "\n"
