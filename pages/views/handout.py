"""The dialog with the files of a lecture's handout."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from analysis.lecture.story import BASE, Lecture
from analysis.style.language import translate
from pages.ui.downloads import DataFile
from pages.ui.exports import export
from pages.ui.words import complain, sentence


def export_handout(lecture: Lecture) -> None:
    """Draw the export dialog for a handout; its pictures are made when the dialog opens."""
    export("handout", data=partial(_files, lecture), title=translate("Export handout"))


def _files(lecture: Lecture) -> list[DataFile]:
    """Return the handout's files; show an error if a step's address is invalid."""
    from analysis.lecture.handout import handout, is_local

    base = _base()
    local = is_local(base)
    try:
        with st.spinner(translate("Drawing the pictures")):
            made = handout(lecture, "" if local else base)
    except ValueError as error:
        complain(str(error))
        return []
    if lost := made.left_out():
        letters = " ".join(lost[:20])
        said = translate(
            "no font on this server has {letters}: left out of the PDF", letters=letters
        )
        st.warning(sentence(said), icon=":material/info:")
    links = (
        translate(
            "The handout has no links, because {address} opens only on this machine.", address=base
        )
        if local
        else translate("Links lead to {address}.", address=base)
    )
    about = translate("A4, with room for notes and the answers at the back. HTML opens offline.")
    st.caption(f"{about} {links}")
    with_notes = translate("PDF with notes"), translate("HTML with notes")
    return [
        DataFile("PDF", "handout.pdf", made.pdf),
        DataFile(with_notes[0], "handout-notes.pdf", partial(made.pdf, notes=True)),
        DataFile("HTML", "handout.html", made.html),
        DataFile(with_notes[1], "handout-notes.html", partial(made.html, notes=True)),
    ]


def _base() -> str:
    """Return the app's address as the browser has it."""
    parts = urlsplit(st.context.url or "")
    if not parts.netloc:
        return BASE
    return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/lecture')}"
