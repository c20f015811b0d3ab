"""Open a checkpoint: say which network a file holds, and show that network on every page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from analysis.training.tensors import MAX_UPLOAD_BYTES, SUFFIXES
from nets.names import title
from pages.ui.address import hold
from pages.ui.downloads import is_open, open_dialog
from pages.ui.picker import choose
from pages.ui.words import complain, escaped, unbroken

if TYPE_CHECKING:  # torchvision takes seconds, and most visitors open no file
    from analysis.training.checkpoints import Opened

_DIALOG = "checkpoint"
_LOOKED, _KEPT, _FAILED = "checkpoint_looked", "checkpoint_kept", "checkpoint_not_kept"


def open_button() -> None:
    """Draw the button that opens the dialog, and the dialog while it is open."""
    st.button(
        "Open a checkpoint",
        icon=":material/upload_file:",
        on_click=open_dialog,
        args=(_DIALOG,),
        width="stretch",
    )
    if is_open(_DIALOG):
        _dialog()


@st.dialog(
    "Open a checkpoint",
    width="medium",
    icon=":material/upload_file:",
    on_dismiss=partial(open_dialog, ""),
)
def _dialog() -> None:
    if not is_open(_DIALOG):
        st.rerun()  # the visitor has chosen the file's model
    file = st.file_uploader(
        "The weights of a ResNet, as a .pth, .pt or .safetensors file",
        SUFFIXES,
        key="explore_file",
        max_upload_size=MAX_UPLOAD_BYTES // 10**6,
        help="A state dict with the names of torchvision, timm, detectron2, mmpretrain, d2l or a "
        "CIFAR repository. Code in a file is never run.",
    )
    if file is None:
        return
    try:
        opened = _looked(file.file_id, file.getvalue())
    except (ValueError, OSError) as error:
        complain(str(error))
        return
    _show(opened, file.file_id, file.getvalue())


def _looked(file: str, data: bytes) -> Opened:
    """Return what a file holds; recognise it once."""
    from analysis.training.uploads import look

    known = st.session_state.get(_LOOKED)
    if known is None or known[0] != file:
        known = st.session_state[_LOOKED] = file, look(data)
    opened: Opened = known[1]
    return opened


def _show(opened: Opened, file: str, data: bytes) -> None:
    from analysis.training.recognised import sentences

    found = opened.found
    st.markdown(unbroken(f"**{title(found.spec)}**"))
    st.code(str(found.spec), language=None, wrap_lines=True)
    for said in sentences(opened):
        st.markdown(unbroken(escaped(said)))
    one, two = st.columns(2)
    one.button(
        "Show this model",
        type="primary",
        key="explore_file_model",
        on_click=_choose,
        args=(str(found.spec),),
        width="stretch",
    )
    if st.session_state.get(_KEPT) == file:
        with two.container(horizontal=True):
            st.page_link("pages/lesions.py", label="Take it apart", icon=":material/healing:")
            st.page_link("pages/training.py", label="Train it", icon=":material/model_training:")
        return
    two.button(
        "Use its weights",
        key="explore_file_weights",
        disabled=bool(found.missing),
        on_click=_keep,
        args=(file, data, str(found.spec)),
        width="stretch",
    )
    if failed := st.session_state.pop(_FAILED, ""):
        complain(failed)


def _choose(text: str) -> None:
    open_dialog("")
    choose(text)


def _keep(file: str, data: bytes, text: str) -> None:
    """Keep a file's weights; choose them on Lesions and Training, and their model everywhere."""
    from analysis.training.uploads import keep
    from pages.views.checkpoints import START
    from pages.views.lesions import NET
    from pages.views.training import ONE

    try:
        name = keep(data)
    except ValueError as error:
        st.session_state[_FAILED] = str(error)
    except OSError as error:
        st.session_state[_FAILED] = f"can't store the weights: {error.strerror or error}"
    else:
        st.session_state[_KEPT] = file
        for key, value in ((NET, name), (START, name), ("train", ONE)):
            hold(key, value)
        choose(text)
