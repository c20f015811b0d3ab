"""Formatting of numbers and shapes: three significant digits on screen, exact in exports."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

MISSING = "—"
"""The placeholder for a missing number; a sentence beside it says why."""

_LEAST = 1e-6  # smaller numbers have too many zeros to write in full
_PREFIXES = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def short(value: float, unit: str = "") -> str:
    """Return three significant digits and an SI prefix: 25,557,032 is `25.6 M`, or `25.6 MB`.

    Milliseconds get no prefix, `0.0312 ms`, `1,234 ms`, and percentages no space, `97.4%`.
    """
    if unit == "ms":
        return f"{milliseconds(value)} ms"
    if unit == "%":
        return f"{three(value)}%"
    for size, prefix in _PREFIXES:
        # With the next smaller prefix, 999,950 would round to four digits.
        if abs(value) >= size * 0.9995:
            return f"{three(value / size)} {prefix}{unit}"
    whole = f"{value:,}" if isinstance(value, int) else three(value)
    return f"{whole} {unit}".rstrip()


def short_given(value: float, unit: str = "") -> str:
    """Return `short` of a number that someone chose, without zeros at its end: `5 G`, `2.5 GB`."""
    number, space, rest = short(value, unit).partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number}{space}{rest}"


def short_if_any(value: float | None, unit: str = "") -> str:
    """Return `short` of a number, or a dash for None."""
    return MISSING if value is None else short(value, unit)


def scale_of(value: int) -> tuple[int, str]:
    """Return the largest SI prefix that leaves a value at least 1, as factor and symbol."""
    return next(((size, prefix) for size, prefix in _PREFIXES if value >= size), (1, ""))


def exact(value: int) -> str:
    """Return an integer with thousands separators: `25,557,032`."""
    return f"{value:,}"


def delta(now: int, before: int, unit: str = "") -> str:
    """Return a difference with its sign, `+2.10 M`, or `±0`."""
    if now == before:
        return "±0"
    return f"{'+' if now > before else '−'}{short(abs(now - before), unit)}"


def exact_delta(now: int, before: int) -> str:
    """Return an exact difference with its sign, `+5,952`, or `±0`."""
    return f"{now - before:+,}".replace("-", "−") if now != before else "±0"


def fixed(value: float, digits: int) -> str:
    """Return a number with some decimals, `0.92`, `−0.02`, never `−0.00`."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int) -> str:
    """Return a number with its sign and some decimals, `+0.67`, `−3.40`; zero has no sign."""
    text = fixed(value, digits)
    return text if text.startswith("−") or not float(text) else f"+{text}"


def percent(part: float, whole: float) -> str:
    """Return a share with one decimal, `28.4%`; 0 of 0 is `0.0%`."""
    return f"{100 * part / whole if whole else 0:.1f}%"


def shape(sides: tuple[int, ...]) -> str:
    """Return a shape as text: `64×56×56`."""
    return "×".join(map(str, sides))


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Return ascending seeds: `seed 0`, `seeds 0 and 1`, `seeds 0 to 2`, `seeds 0, 2, 5`."""
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    between = " and " if len(seeds) == 2 else ", "
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        seeds, between = (seeds[0], seeds[-1]), " to "
    return f"seeds {between.join(map(str, seeds))}"


def milliseconds(value: float) -> str:
    """Return a time with three significant digits, `0.0312`, or whole from 1,000."""
    return three(value) if abs(value) < 999.5 else f"{value:,.0f}"


def three(value: float) -> str:
    """Return three significant digits of a number below 1,000: `128`, `12.8`, `0.0128`; `0`."""
    if abs(value) < _LEAST:
        return f"{value:.3g}"
    digits = 0
    while abs(value) < 9_995 / 10 ** (digits + 2):  # 9.995 rounds to 10.0
        digits += 1
    return f"{value:.{digits}f}"


def in_a_column(values: Sequence[float]) -> list[str]:
    """Return numbers with the same decimals, as many as the least has in `three`."""
    digits = max((len(three(abs(value)).partition(".")[2]) for value in values), default=0)
    return [f"{value:,.{digits}f}" for value in values]


def decimals(value: float, most: int) -> str:
    """Return a coordinate with at most `most` decimals and no trailing or negative zero."""
    text = f"{value:.{most}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """Return a power of ten as text: `10²¹`, `10⁻³⁸`."""
    return f"10{str(exponent).translate(_RAISED)}"


def scientific(log10: float, up: bool = False) -> str:
    """Return a positive number, given by its logarithm, with two significant digits: `1.6×10²¹`.

    Args:
        log10: logarithm of the number, which may be too large for a float.
        up: whether to round up, so that the text is never less than the number.
    """
    exponent = floor(log10)
    tenths = round(10 ** (log10 - exponent + 1), 6)
    digits = ceil(tenths) if up else round(tenths)
    if digits == 100:
        digits, exponent = 10, exponent + 1
    return f"{digits / 10:.1f}×{power_of_ten(exponent)}"
