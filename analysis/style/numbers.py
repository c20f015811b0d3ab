"""How numbers and shapes are written: three significant digits for the eye, exact in exports."""

from __future__ import annotations

from math import ceil, floor

MISSING = "—"
"""What stands where there is no number; a sentence beside it says why."""

_LEAST = 1e-6  # below it, a number in full has too many zeros
_PREFIXES = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def short(value: float, unit: str = "") -> str:
    """Three significant digits with an SI prefix: 25,557,032 is `25.6 M`, with unit B `25.6 MB`.

    Milliseconds take no prefix: `0.0312 ms`, `1,234 ms`.
    """
    if unit == "ms":
        return f"{milliseconds(value)} ms"
    for size, prefix in _PREFIXES:
        # 999,950 already rounds to four digits of the prefix below
        if abs(value) >= size * 0.9995:
            return f"{three(value / size)} {prefix}{unit}"
    whole = f"{value:,}" if isinstance(value, int) else three(value)
    return f"{whole} {unit}".rstrip()


def short_if_any(value: float | None, unit: str = "") -> str:
    """`short`, or a dash where there is no number."""
    return MISSING if value is None else short(value, unit)


def scale_of(value: int) -> tuple[int, str]:
    """The largest SI prefix that leaves a value at least 1, as factor and sign."""
    return next(((size, prefix) for size, prefix in _PREFIXES if value >= size), (1, ""))


def exact(value: int) -> str:
    """The integer with thousands separated: `25,557,032`."""
    return f"{value:,}"


def delta(now: int, before: int, unit: str = "") -> str:
    """A difference with its sign, `+2.10 M`; no difference is `±0`."""
    if now == before:
        return "±0"
    return f"{'+' if now > before else '−'}{short(abs(now - before), unit)}"


def exact_delta(now: int, before: int) -> str:
    """A difference of small numbers with its sign, `+5,952`."""
    return f"{now - before:+,}".replace("-", "−") if now != before else "±0"


def percent(part: float, whole: float) -> str:
    """A share with one decimal: `28.4%`; nothing of nothing is `0.0%`."""
    return f"{100 * part / whole if whole else 0:.1f}%"


def shape(sides: tuple[int, ...]) -> str:
    """A shape as text: `64×56×56`."""
    return "×".join(map(str, sides))


def milliseconds(value: float) -> str:
    """A time as it is written everywhere: three significant digits, `0.0312`, whole from 1,000."""
    return three(value) if abs(value) < 999.5 else f"{value:,.0f}"


def three(value: float) -> str:
    """Three significant digits of a number below a thousand: `128`, `12.8`, `0.0128`; `0`."""
    if abs(value) < _LEAST:
        return f"{value:.3g}"
    digits = 0
    while abs(value) < 9_995 / 10 ** (digits + 2):  # 9.995 is 10.0
        digits += 1
    return f"{value:.{digits}f}"


def decimals(value: float, most: int) -> str:
    """Write a coordinate in at most so many decimals, without a trailing or a negative zero."""
    text = f"{value:.{most}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """Write a power of ten: `10²¹`, `10⁻³⁸`."""
    return f"10{str(exponent).translate(_RAISED)}"


def scientific(log10: float, up: bool = False) -> str:
    """Write a positive number by its logarithm, with two significant digits: `1.6×10²¹`.

    Args:
        log10: of the number, which may be too large for a float.
        up: whether it is rounded up, so that what is written is no less.
    """
    exponent = floor(log10)
    tenths = round(10 ** (log10 - exponent + 1), 6)
    digits = ceil(tenths) if up else round(tenths)
    if digits == 100:
        digits, exponent = 10, exponent + 1
    return f"{digits / 10:.1f}×{power_of_ten(exponent)}"
