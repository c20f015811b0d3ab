"""Every result that ships with the app, measured anew: some ten minutes on one thread."""

import pytest

from analysis.lecture.recordings import Recording, differences, every
from analysis.results.recorded import recorded


@pytest.mark.parametrize("recording", every(), ids=lambda recording: recording.name)
def test_a_recording_made_anew_is_alike(recording: Recording) -> None:
    known = recorded(recording.hash())
    assert known is not None
    assert differences(known, recording.make()) == ()
