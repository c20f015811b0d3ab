"""Where and when something was measured, in words."""

import pytest

from analysis.style.language import Language, speaking
from analysis.style.stamps import a_machine, device_words, machine, moment, system


@pytest.mark.parametrize(
    ("name", "bare", "with_article"),
    [
        ("Intel(R) Xeon(R) Processor", "Intel Xeon", "an Intel Xeon"),
        (
            "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz",
            "Intel Core i7-9750H @ 2.60GHz",
            "an Intel Core i7-9750H @ 2.60GHz",
        ),
        ("AMD EPYC 7B13", "AMD EPYC 7B13", "an AMD EPYC 7B13"),
        ("NVIDIA H200", "NVIDIA H200", "an NVIDIA H200"),
        ("Apple M2", "Apple M2", "an Apple M2"),
        ("Tesla T4", "Tesla T4", "a Tesla T4"),
        ("A CPU", "A", "an A"),
        ("Processor", "Processor", "a Processor"),
    ],
)
def test_a_machine_has_no_trademarks(name: str, bare: str, with_article: str) -> None:
    assert machine(name) == bare
    assert a_machine(name) == with_article
    with speaking(Language.CHINESE):
        assert a_machine(name) == bare


def test_a_moment_is_read_to_the_minute() -> None:
    assert moment("2026-11-26T18:01:04+00:00") == "2026-11-26 18:01 UTC"
    assert moment("2026-11-26") == "2026-11-26"


def test_systems_and_devices_have_short_names() -> None:
    assert system("Linux-6.18.44-fc-v669-x86_64-with-glibc2.36") == "Linux"
    words = [device_words(name) for name in ("cpu", "cuda", "mps", "cuda:1")]
    assert words == ["CPU", "CUDA", "MPS", "cuda:1"]
