"""Compare our counts with fvcore's on the built network, in the worker."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.costs.profiles import Profile
from analysis.costs.verify import Check, verify_in_worker
from pages.ui.jobs import follow, is_over, job_of, say_why, start

_KEY = "verification"
_OF = "verified"  # key of the spec that the job verifies
_SECONDS = 300.0


def show_verification(profile: Profile) -> None:
    """Draw the button that runs fvcore, and show what it found for this model."""
    st.button("Verify with fvcore", icon=":material/verified:", on_click=_start, args=(profile,))
    job = job_of(_KEY)
    if job is None or st.session_state.get(_OF) != profile.spec:
        return
    if not is_over(job):
        follow(_KEY, job, lambda _: None)
    elif job.result:
        _show(job.result)
    else:
        say_why(job, lambda: "take a smaller input or batch")


def _start(profile: Profile) -> None:
    st.session_state[_OF] = profile.spec
    start(_KEY, verify_in_worker, profile, seconds=_SECONDS)


def _show(checks: tuple[Check, ...]) -> None:
    whole, layers = checks[0], checks[1:]
    equal = sum(check.equal for check in layers)
    sentence = (
        f"fvcore counts {whole.fvcore:,} on the built network; the profile says {whole.ours:,}. "
        f"{equal:,} of {len(layers):,} layers agree."
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
