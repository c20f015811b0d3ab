"""The layers of a network: a searchable tree, torchinfo's table, print(model) and code."""

from __future__ import annotations

from html import escape

import streamlit as st

from analysis.costs.profiles import MOVED, Profile
from analysis.structure.tree import find
from nets import plan
from pages.ui.cached import code_of, printed_of, torchinfo_of, tree_of
from pages.ui.downloads import file_button
from pages.ui.fields import segments, text
from pages.ui.markup import layer_rows, layer_tree
from pages.ui.wall import aside, on_wall

_VIEWS = {"tree": "Tree", "torchinfo": "torchinfo", "print": "print(model)", "code": "Code"}
_MOST_ROWS = 300
_MOST_LINES = 2_000


def show_layers(profile: Profile) -> None:
    """Let the visitor choose a view of the layers, and show it."""
    with aside("layers_as"):
        view = segments("Layers as", _VIEWS, "tree", key="layers", label_visibility="collapsed")
    spec = profile.spec
    if view == "code":
        _show_code(profile)
    elif view == "torchinfo":
        with st.spinner("Running torchinfo"):
            table = torchinfo_of(spec)
        _show_text(table, f"{spec.base}-torchinfo.txt")
        st.caption("torchinfo's own table. Its memory estimate isn't the saved memory above.")
    elif view == "print":
        with st.spinner("Building the model"):
            printed = printed_of(spec)
        _show_text(printed, f"{spec.base}-print.txt")
    else:
        _show_tree(profile)


def _show_tree(profile: Profile) -> None:
    wanted = text(
        "Find a layer",
        key="find",
        place=aside("find"),
        placeholder=f"{plan.blocks(profile.spec)[-1].path}.conv2, Conv2d",
        icon=":material/search:",
        width=420,
    )
    root = tree_of(profile.spec)
    if not wanted:
        st.html(layer_tree(root))
        if on_wall():
            return
        st.caption(
            "Rows and mult-adds follow torchinfo, which also counts biases and batch norm "
            f"parameters. {MOVED} Equal blocks of a stage share one row with their sums."
        )
        return
    rows = find(root, wanted)
    if not rows:
        st.info(f"No layer's path or type contains “{wanted[:60]}”.", icon=":material/search_off:")
        return
    st.html(layer_rows(rows[:_MOST_ROWS]))
    more = f", showing the first {_MOST_ROWS}" if len(rows) > _MOST_ROWS else ""
    st.caption(f"{len(rows):,} found{more}.")


def _show_code(profile: Profile) -> None:
    call, source = code_of(profile.spec)
    if call:
        st.caption("With torchvision")
        st.code(f"import torchvision\n\nmodel = {call}", language="python")
    st.caption("As a standalone file that imports only torch")
    with st.container(height=560, border=False):  # the keyboard scrolls it from its copy button
        st.code(source, language="python", wrap_lines=True)


def _show_text(listing: str, name: str) -> None:
    lines = listing.splitlines()
    shown = escape("\n".join(lines[:_MOST_LINES]))
    st.html(f'<pre class="rl-listing" tabindex="0">{shown}</pre>')
    if len(lines) > _MOST_LINES:
        st.caption(f"The first {_MOST_LINES:,} of {len(lines):,} lines.")
    with st.container(width="content"):
        file_button("Download", name, lambda: listing)
