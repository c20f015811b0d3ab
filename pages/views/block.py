"""One residual block: its formula with real shapes, its shortcut, and the other kind's cost."""

from __future__ import annotations

import streamlit as st

from analysis.costs.profiles import Profile
from analysis.structure.residual import Branch, convs_in_words, residual
from analysis.style.numbers import exact, short
from nets import plan
from nets.plan import ShortcutKind
from pages.ui import lecture
from pages.ui.fields import select
from pages.ui.markup import Cell, table
from pages.ui.wall import aside, on_wall
from pages.ui.words import unbroken

_COLOURS = {
    ShortcutKind.IDENTITY: "blue",
    ShortcutKind.PROJECTION: "orange",
    ShortcutKind.ZERO_PAD: "green",
    ShortcutKind.NONE: "gray",
}
_NAMES = {
    ShortcutKind.IDENTITY: "identity shortcut",
    ShortcutKind.PROJECTION: "projection shortcut",
    ShortcutKind.ZERO_PAD: "zero-pad shortcut",
    ShortcutKind.NONE: "no shortcut",
}


def show_block(profile: Profile) -> None:
    """Let the visitor choose a block, and explain it; on the wall by its formula alone."""
    paths = [block.path for block in plan.blocks(profile.spec)]
    left, right = aside("block").columns([1, 2.4], gap="large")
    path = select("Block", paths, paths[0], key="block", place=left)
    found = residual(profile, path)
    if on_wall():
        with st.container(key="wall_fills_formula"):
            st.latex(found.formula)
            st.latex(found.shapes)
        lecture.sentence(f"{found.path} · {found.reason}")
        return
    kind = found.use.kind
    left.badge(_NAMES[kind], color=_COLOURS[kind])  # type: ignore[arg-type]
    right.latex(found.formula)
    right.latex(found.shapes)
    st.markdown(unbroken(found.reason))
    own, other = found.branches
    rows = [_row(branch) for branch in found.branches]
    head = ("Branch", "Convolutions", "Weights", "MACs")
    st.html(table("This block's branch and the alternative", head, rows, text_columns=2))
    st.caption(_compare(own, other, profile.spec.se > 0))


def _row(branch: Branch) -> tuple[Cell | str, ...]:
    convs = convs_in_words(branch.convs)
    return branch.name, convs, *(Cell(exact(n), short(n)) for n in (branch.weights, branch.macs))


def _compare(own: Branch, other: Branch, has_se: bool) -> str:
    ratio = own.weights / other.weights
    times = f"{ratio:.1f} times" if ratio >= 1 else f"1/{1 / ratio:.1f} of"
    left = "Shortcut, batch norm and SE" if has_se else "Shortcut and batch norm"
    return (
        "For comparison, the other block type with the same input and output channels: this "
        f"block's branch has {times} its weights. {left} aren't counted; MACs are for one image."
    )
