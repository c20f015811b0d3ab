"""Share and export one network: its link, model text, report, picture and code."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode, urlsplit

import streamlit as st

from analysis.costs import report
from analysis.costs.profiles import Profile
from analysis.drawing.caption import shape_caption
from analysis.drawing.silhouette import silhouette
from nets.names import title
from pages.ui.cached import code_of
from pages.ui.downloads import DataFile
from pages.ui.drawings import svg_picture
from pages.ui.exports import export, file_name


def share_menu(profile: Profile) -> None:
    """Draw the menu with the page's link and the model's text to copy."""
    with st.popover("Share", icon=":material/link:", width="stretch"):
        here = urlsplit(st.context.url or "")
        query = urlencode({"model": profile.model})
        link = here._replace(path=here.path or "/", query=query).geturl()
        st.caption("Link to this model")
        st.code(link, language=None, wrap_lines=True)
        st.caption("Model text")
        st.code(profile.model, language=None, wrap_lines=True)


def export_network(profile: Profile) -> None:
    """Draw the export dialog for the shape, the report and the code."""
    name, known = file_name(profile.model), title(profile.spec)
    shape = svg_picture(
        "shape",
        "Shape",
        name,
        lambda look: silhouette(profile, look.palette, look.width_mm),
        f"{known}: height, width and channels",
        partial(shape_caption, profile),
    )
    data = [
        DataFile("Layers as CSV", f"{name}.csv", partial(report.profile_csv, profile)),
        DataFile("Everything as JSON", f"{name}.json", partial(report.profile_json, profile)),
        DataFile("Table as LaTeX", f"{name}.tex", partial(report.profile_latex, profile)),
        DataFile("Figures as text", f"{name}.txt", partial(report.profile_text, profile)),
        DataFile("Model as Python", f"{name}.py", lambda: code_of(profile.spec)[1]),
    ]
    export("network", [shape], data)
