"""Where and when something was measured, in words; files and JSON keep the exact stamp."""

from __future__ import annotations

import re

from analysis.style.language import Language, spoken

_SOUNDS_LIKE_A_VOWEL = re.compile(r"[AEIO]|NVIDIA|x86|aarch64|arm64")


def machine(name: str) -> str:
    """Return a processor's or an accelerator's name without trademarks: `Intel Xeon`."""
    bare = re.sub(r"\((?:R|TM|C)\)|\b(?:CPU|Processor)\b", " ", name, flags=re.IGNORECASE)
    return " ".join(bare.split()) or name


def a_machine(name: str) -> str:
    """Return such a name with its article, where the language has one: `an Intel Xeon`."""
    bare = machine(name)
    if spoken() is not Language.ENGLISH:
        return bare
    return f"{'an' if _SOUNDS_LIKE_A_VOWEL.match(bare) else 'a'} {bare}"


def moment(date: str) -> str:
    """Return an ISO date and time in UTC, to the minute: `2026-11-26 18:01 UTC`."""
    day, _, time = date.partition("T")
    return f"{day} {time[:5]} UTC" if time else day


def system(platform: str) -> str:
    """Return the name of an operating system: `Linux` of `Linux-6.18-x86_64-with-glibc2.36`."""
    return platform.partition("-")[0]


def device_words(name: str) -> str:
    """Return a device of torch as a sentence names it: `CPU`, `CUDA`, `cuda:1`."""
    return name if ":" in name else name.upper()
