"""Verify with fvcore: its count on the built network beside ours."""

from __future__ import annotations

from threading import Lock

import pandas as pd
import streamlit as st

from analysis.costs import Profile
from analysis.counting import Check, verify
from pages.ui.words import complain

_KEY = "verified"


@st.cache_resource
def _one_at_a_time() -> Lock:
    """All visitors share the machine's memory, so one network is built at a time."""
    return Lock()


def show_verification(profile: Profile) -> None:
    """A button that runs fvcore, and what it found for this model in this visit."""
    if st.button("Verify with fvcore", icon=":material/verified:"):
        try:
            with st.spinner("fvcore runs the network"), _one_at_a_time():
                st.session_state[_KEY] = (profile.spec, verify(profile))
        except ValueError as error:
            complain(str(error))
            return
    spec, checks = st.session_state.get(_KEY, (None, ()))
    if spec == profile.spec:
        _show(checks)


def _show(checks: tuple[Check, ...]) -> None:
    whole, layers = checks[0], checks[1:]
    equal = sum(check.equal for check in layers)
    sentence = (
        f"fvcore counts {whole.fvcore:,} on the built network, the profile says {whole.ours:,}: "
        f"{equal:,} of {len(layers):,} layers are equal."
    )
    if whole.equal and equal == len(layers):
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.error(sentence, icon=":material/error:")
    with st.expander("Layer by layer"):
        rows = [(c.path, c.ours, c.fvcore, "equal" if c.equal else "different") for c in layers]
        frame = pd.DataFrame(rows, columns=["layer", "profile", "fvcore", "result"])
        number = st.column_config.NumberColumn(format="localized")
        st.dataframe(frame, hide_index=True, column_config={"profile": number, "fvcore": number})
