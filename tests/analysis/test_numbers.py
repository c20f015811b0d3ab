"""Formatting of numbers and times."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.style.numbers import (
    fixed,
    in_a_column,
    milliseconds,
    seeds_in_words,
    short,
    short_given,
    signed,
    three,
)
from nets.options import number_of


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.031, "0.0310"),
        (0.03124, "0.0312"),
        (0.5, "0.500"),
        (0.9994, "0.999"),
        (0.9996, "1.00"),
        (1.0, "1.00"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (99.96, "100"),
        (999.4, "999"),
        (999.6, "1,000"),
        (12_345.6, "12,346"),
        (0.0, "0"),
    ],
)
def test_milliseconds_have_three_digits_everywhere(value: float, written: str) -> None:
    assert milliseconds(value) == written
    assert short(value, "ms") == f"{written} ms"


def test_a_given_number_has_no_zeros_at_its_end() -> None:
    numbers = ((5e9, "", "5 G"), (2.5e9, "B", "2.5 GB"), (100, "", "100"), (1.0, "ms", "1 ms"))
    for value, unit, written in numbers:
        assert short_given(value, unit) == written


@given(st.floats(1e-6, 999))
def test_three_digits_are_within_half_of_the_last(value: float) -> None:
    written = three(value)
    assert abs(float(written) - value) <= 0.00501 * value
    assert len(written.replace(".", "").lstrip("0")) == 3


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ((15_363.2, 7_499.1, 932.4), ["15,363", "7,499", "932"]),
        ((5.234, 12.31, 323.0), ["5.23", "12.31", "323.00"]),
        ((0.0123, 5.2), ["0.0123", "5.2000"]),
        ((), []),
    ],
)
def test_numbers_in_a_column_have_the_same_decimals(
    values: Sequence[float], written: list[str]
) -> None:
    assert in_a_column(values) == written


@pytest.mark.parametrize(
    ("value", "written"), [(97.4, "97.4%"), (8.9, "8.90%"), (0, "0%"), (100.0, "100%")]
)
def test_percentages_have_no_space(value: float, written: str) -> None:
    assert short(value, "%") == written


def test_tiny_numbers_are_not_a_row_of_zeros() -> None:
    assert three(1e-300) == "1e-300"


@pytest.mark.parametrize(
    ("value", "written", "with_sign"),
    [
        (0.666, "0.67", "+0.67"),
        (-21.256, "−21.26", "−21.26"),
        (0.004, "0.00", "0.00"),
        (-0.004, "0.00", "0.00"),
    ],
)
def test_zero_has_no_sign(value: float, written: str, with_sign: str) -> None:
    assert fixed(value, 2) == written
    assert signed(value, 2) == with_sign


def test_one_is_singular() -> None:
    assert number_of(1, "image") == "1 image"
    assert number_of(0, "image") == "0 images"
    assert number_of(2_000, "image") == "2,000 images"
    assert number_of(1, "class", "classes") == "1 class"
    assert number_of(10, "class", "classes") == "10 classes"


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ((4,), "seed 4"),
        ((0, 1), "seeds 0 and 1"),
        (range(3), "seeds 0 to 2"),
        ((0, 2, 5), "seeds 0, 2, 5"),
    ],
)
def test_seeds_are_told_by_their_numbers(seeds: Sequence[int], words: str) -> None:
    assert seeds_in_words(seeds) == words
