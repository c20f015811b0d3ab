"""The export dialog for all pictures and data files of a page."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from struct import unpack
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.style import files
from analysis.style.files import CHART_SUFFIXES
from analysis.style.look import (
    COLUMN_MM,
    MAX_TITLE,
    MAX_WIDTH_MM,
    MIN_WIDTH_MM,
    MM_PER_INCH,
    PAGE_MM,
    PX_PER_INCH,
    SLIDE_ASPECT,
    SLIDE_MM,
    Look,
)
from analysis.style.numbers import short
from analysis.style.palette import DARK, LIGHT, PRINT
from pages.ui.address import finish
from pages.ui.downloads import DataFile, file_button, held_files, is_open, open_dialog
from pages.ui.fields import number, segments, select, switch, text
from pages.ui.speech import resume_speaking
from pages.ui.words import complain, say_left_out, sentence


@dataclass(frozen=True)
class Drawn:
    """A picture with a chosen look, ready to be made.

    Attributes:
        make: makes the file for a suffix and, for a PNG, a resolution in dpi or None.
        most_dpi: the highest resolution of a PNG.
        remarks: warnings about this look for the visitor.
    """

    make: Callable[[str, int | None], str | bytes]
    most_dpi: int = files.MAX_DPI
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A picture that the dialog offers.

    Attributes:
        key: names the setting that holds its title.
        name: its name in the dialog, if a page has several pictures.
        file: the name of its files, without a suffix.
        draw: draws it with a look, after drawing the fields of its own options if it has any.
        title: its default title.
        caption: returns the LaTeX caption and BibTeX.
        suffixes: the suffixes of its formats.
        preset: its default width, a key of `WIDTHS`.
        least_mm: its minimum width.
    """

    key: str
    name: str
    file: str
    draw: Callable[[Look], Drawn]
    title: str = ""
    caption: Callable[[], str] | None = None
    suffixes: tuple[str, ...] = CHART_SUFFIXES
    preset: str = "page"
    least_mm: float = MIN_WIDTH_MM


Files = Sequence[DataFile] | Callable[[], Sequence[DataFile]]

WIDTHS = {
    "slide": "slide, 16:9",
    "page": "page, 170 mm",
    "column": "column, 85 mm",
    "own": "custom",
}
_WIDTHS_MM = {"slide": SLIDE_MM, "page": PAGE_MM, "column": COLUMN_MM}
_PALETTES = {"light": LIGHT, "dark": DARK, "print": PRINT}
_FORMATS = {
    ".svg": "SVG",
    ".pdf": "PDF",
    ".png": "PNG",
    ".dot": "DOT",
    ".tex": "TikZ",
    ".html": "HTML",
}
_REMARKS = {
    ".dot": "For Graphviz, which computes its own layout.",
    ".tex": "For LaTeX.",
    ".html": "Interactive, in any browser, offline too.",
}
_LANGUAGES = {".dot": "dot", ".tex": "latex"}
_IN_A_ROW, _IN_THE_COLUMN, _SHORT = 4, 2, 24  # most buttons per row; characters of a short label
_MOST_ROWS = 4  # most rows of data files beside a picture that aren't folded
_MOST_LINES = 24  # most lines of a text preview: the keyboard can't scroll a longer one
_MOST_BYTES = 4_000_000  # largest picture that is previewed


@st.fragment
def export(
    dialog: str,
    pictures: Sequence[Picture] = (),
    data: Files = (),
    what: str = "",
    title: str = "",
) -> None:
    """Draw the button that opens the export dialog; no file is made while the dialog is closed.

    Args:
        dialog: the dialog's name, unique on the page.
        pictures: the pictures to offer; the dialog opens with the first.
        data: the data files to offer, or a function that returns them once the dialog is open.
        what: the part of the page to export, if the page has several dialogs.
        title: what the button and the dialog say; by default "Export" and that part.
    """
    resume_speaking()
    title = title or f"Export {what}".strip()
    st.button(
        title,
        key=f"export_{dialog}",
        icon=":material/download:",
        on_click=open_dialog,
        args=(dialog,),
        width="stretch",
    )
    if is_open(dialog):
        show = st.dialog(
            title,
            width="large" if pictures else "medium",
            icon=":material/download:",
            on_dismiss=partial(open_dialog, ""),
        )(_show)
        show(pictures, data)


def section(title: str) -> DeltaGenerator:
    """Draw a section's title; return the place beside it for its export button."""
    head, place = st.columns([8, 2.4], vertical_alignment="center")
    head.header(title)
    return place


def file_name(text: str) -> str:
    """Return a model's text as a file name without a suffix."""
    return "".join(c if c.isalnum() or c in "_-" else "-" for c in text)[:80]


def _show(pictures: Sequence[Picture], data: Files) -> None:
    """Draw the dialog: the picture with its look and caption, then the data files."""
    with held_files() as is_alone:
        data = data() if callable(data) else data
        if pictures:
            _show_pictures(pictures, data)
        else:
            _show_data(data, _IN_A_ROW)
        if is_alone:
            say_left_out(finish())


def _per_row(data: Sequence[DataFile], most: int) -> int:
    """Return how many data files have their buttons in a row: one if a label is long."""
    return most if all(len(file.label) <= _SHORT for file in data) else 1


def _show_data(data: Sequence[DataFile], in_a_row: int) -> None:
    """Draw the buttons of the data files, at most `in_a_row` beside each other."""
    each = _per_row(data, in_a_row)
    for start in range(0, len(data), each):
        row = data[start : start + each]
        for place, file in zip(st.columns(each), row, strict=False):
            with place:
                file_button(*file)


def _chosen(pictures: Sequence[Picture]) -> Picture:
    """Return the picture to export; let the visitor choose if there are several."""
    if len(pictures) == 1:
        return pictures[0]
    names = {picture.key: picture.name for picture in pictures}
    key = select("Picture", names, pictures[0].key, key="look_picture")
    return next(picture for picture in pictures if picture.key == key)


def _show_pictures(pictures: Sequence[Picture], data: Sequence[DataFile]) -> None:
    """Draw the preview beside the fields and all downloads; the caption is below, as it is long."""
    left, right = st.columns([3, 2], gap="medium")
    with right:
        picture = _chosen(pictures)
        made = _choose_file(picture)
        if data:
            st.subheader("Data")
            rows = -(-len(data) // _per_row(data, _IN_THE_COLUMN))
            # The caption is below them.
            with st.expander(f"{len(data)} files") if rows > _MOST_ROWS else st.container():
                _show_data(data, _IN_THE_COLUMN)
    if made is None:
        return
    with left:
        try:
            _show_preview(picture, made)
        except ValueError as error:
            complain(str(error))
    if picture.caption is not None:
        st.caption("Caption and source, for LaTeX")
        st.code(picture.caption(), language=None, wrap_lines=True)


def _choose_file(picture: Picture) -> _Made | None:
    """Draw the fields of a picture's file and its download; None if a field is invalid."""
    formats = {suffix[1:]: _FORMATS[suffix] for suffix in picture.suffixes}
    suffix = f".{segments('Format', formats, next(iter(formats)), key='look_format')}"
    try:
        look, dpi = _choose_look(picture, suffix)
        drawn = picture.draw(look)
    except ValueError as error:
        complain(str(error))
        return None
    remarks = list(drawn.remarks)
    if dpi is not None and dpi > (most := drawn.most_dpi):
        remarks.insert(0, f"the PNG is made at {most:,} dpi, the maximum for this picture")
        dpi = most
    made = _Made(drawn, suffix, dpi, look)
    name = f"{picture.file}{suffix}"
    file_button(f"Download {_FORMATS[suffix]}", name, made.file, is_primary=True)
    for remark in dict.fromkeys(filter(None, remarks)):
        st.warning(sentence(remark), icon=":material/info:")
    return made


def _choose_look(picture: Picture, suffix: str) -> tuple[Look, int | None]:
    """Draw the fields for a file's look; return the look and a PNG's resolution in dpi.

    Raises:
        ValueError: in one sentence, if the title or the width is invalid.
    """
    title = text(
        "Title",
        picture.title,
        key=f"{picture.key}_title",
        placeholder="none",
        most=MAX_TITLE,
        may_be_empty=True,
    )
    one, other = st.columns(2)
    rows = select("Width", WIDTHS, picture.preset, key="look_rows", place=one)
    colours = select("Palette", list(_PALETTES), "light", key="look_palette", place=other)
    width: float = _WIDTHS_MM.get(rows, SLIDE_MM)
    aspect = SLIDE_ASPECT if rows == "slide" else None
    dpi = None
    if rows == "own" or suffix == ".png":
        one, other = st.columns(2)
    if rows == "own":
        width = number("Width, mm", MIN_WIDTH_MM, MAX_WIDTH_MM, 120, key="look_width", place=one)
        if width < picture.least_mm:
            raise ValueError(
                f"this picture must be {picture.least_mm:g} to {MAX_WIDTH_MM:,} mm wide, "
                f"not {width:g}"
            )
    if suffix == ".png":
        dpi = number(
            "dpi",
            files.MIN_DPI,
            files.MAX_DPI,
            None,
            key="look_dpi",
            place=other if rows == "own" else one,
            placeholder=str(files.DPI),
        )
    ground = switch(
        "Background",
        False,
        key="look_ground",
        box="checkbox",
        help="Transparent background if off.",
    )
    look = Look(_PALETTES[colours], title, width_mm=width, aspect=aspect, ground=ground)
    return look, None if dpi is None else int(dpi)


class _Made:
    """The chosen file, made once, so that the preview and the download are the same."""

    def __init__(self, drawn: Drawn, suffix: str, dpi: int | None, look: Look) -> None:
        self.suffix, self.look = suffix, look
        self._drawn, self._dpi = drawn, dpi
        self._kept: str | bytes | None = None

    def file(self) -> str | bytes:
        """Make the file, once."""
        if self._kept is None:
            self._kept = self._drawn.make(self.suffix, self._dpi)
        return self._kept

    def shown(self) -> str | bytes:
        """Return the file if a browser can show it as an image, else the same drawing as SVG."""
        is_shown = self.suffix not in (".pdf", ".html")
        return self.file() if is_shown else self._drawn.make(".svg", None)


def _show_preview(picture: Picture, made: _Made) -> None:
    """Show the file, at its size on paper if there is room."""
    suffix, content, look = made.suffix, made.shown(), made.look
    if suffix in _LANGUAGES:
        assert isinstance(content, str)
        lines = content.splitlines()
        st.code("\n".join(lines[:_MOST_LINES]), language=_LANGUAGES[suffix], wrap_lines=True)
        left = len(lines) - _MOST_LINES
        st.caption(f"{_REMARKS[suffix]} {f'{left:,} more lines.' if left > 0 else ''}".strip())
        return
    data = content.encode() if isinstance(content, str) else content
    size = _size_of(data)
    if len(data) <= _MOST_BYTES:
        kind = "png" if suffix == ".png" else "svg+xml"
        said = escape(look.title or picture.name)
        st.html(
            f'<div class="rl-preview" style="background:{look.palette.background}">'
            f'<img src="data:image/{kind};base64,{b64encode(data).decode()}" '
            f'alt="Preview: {said}" style="width:{size.width_mm:.2f}mm"></div>'
        )
    else:
        st.caption("The file is too large for a preview.")
    words = [f"{size.width_mm:.0f} × {size.height_mm:.0f} mm"]
    if suffix == ".png":
        words.append(f"{size.px[0]:,} × {size.px[1]:,} px")
    if suffix in (".svg", ".png"):
        words.append(short(len(data), "B"))
    st.caption(f"{', '.join(words)}. {_REMARKS.get(suffix, '')}".strip())
    if look.fades_on(suffix):
        st.caption("Dark without a background is hard to read on white paper.")


class _Size(NamedTuple):
    """The size of a picture on paper, and in pixels if it is a PNG."""

    width_mm: float
    height_mm: float
    px: tuple[int, int] = (0, 0)


def _size_of(data: bytes) -> _Size:
    """Read the size of a PNG or an SVG from its header."""
    if data.startswith(b"\x89PNG"):
        wide, high = unpack(">II", data[16:24])
        found = re.search(rb"pHYs(.{9})", data[:4_096], re.DOTALL)
        per_metre = unpack(">IIB", found[1])[0] if found else 0
        scale = 1_000 / per_metre if per_metre else MM_PER_INCH / PX_PER_INCH
        return _Size(wide * scale, high * scale, (wide, high))
    head = data[: data.index(b">", data.index(b"<svg"))].decode()
    sides = [re.search(rf'{name}="([0-9.]+)(pt)?"', head) for name in ("width", "height")]
    width, height = (
        float(side[1]) * MM_PER_INCH / (72 if side[2] else PX_PER_INCH) if side else 0.0
        for side in sides
    )
    return _Size(width, height)
