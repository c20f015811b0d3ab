"""Prose and tables in a terminal."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as some

from analysis.style.grid import Grid
from analysis.style.terminal import aligned, fitted, laid_out, wrapped

COSTS = Grid(
    "Costs.",
    ("model", "input", "depth", "MACs (conv + linear)", "fvcore FLOPs"),
    (
        ("resnet20", "3×32×32", "20", "81.1 M", "81.9 M"),
        ("resnet56", "3×32×32", "56", "251 M", "253 M"),
        ("plain20", "3×32×32", "20", "81.1 M", "81.9 M"),
    ),
    left=2,
)


def test_a_table_that_fits_is_left_alone() -> None:
    assert fitted(COSTS, 60) == [
        "model     input    depth  MACs (conv + linear)  fvcore FLOPs",
        "resnet20  3×32×32     20                81.1 M        81.9 M",
        "resnet56  3×32×32     56                 251 M         253 M",
        "plain20   3×32×32     20                81.1 M        81.9 M",
    ]


def test_the_names_of_a_wide_tables_columns_take_several_lines() -> None:
    assert fitted(COSTS, 59) == fitted(COSTS, 42)
    assert fitted(COSTS, 42) == [
        "                             MACs",
        "                          (conv +  fvcore",
        "model     input    depth  linear)   FLOPs",
        "resnet20  3×32×32     20   81.1 M  81.9 M",
        "resnet56  3×32×32     56    251 M   253 M",
        "plain20   3×32×32     20   81.1 M  81.9 M",
    ]


def test_what_continues_an_indented_cell_keeps_its_indent() -> None:
    tree = Grid("", ("layer", "output"), (("ResNet", "10"), ("  layer1.1, 7 equal blocks", "16")))
    assert fitted(tree, 32)[2:] == [
        "  layer1.1, 7 equal      16",
        "    blocks",
    ]


def test_a_table_of_many_columns_has_a_column_for_each_row() -> None:
    many = Grid("", ("model", *"abcdefghij"), (("resnet20", *"1234567890"),) * 2)
    assert fitted(many, 30)[:3] == [
        "model  resnet20  resnet20",
        "a             1         1",
        "b             2         2",
    ]
    assert len(fitted(many, 30)) == 11


def test_what_does_not_fit_stands_in_further_tables() -> None:
    assert fitted(COSTS, 40) == [
        "model                 resnet20  resnet56",
        "input                  3×32×32   3×32×32",
        "depth                       20        56",
        "MACs (conv + linear)    81.1 M     251 M",
        "fvcore FLOPs            81.9 M     253 M",
        "",
        "model                 plain20",
        "input                 3×32×32",
        "depth                      20",
        "MACs (conv + linear)   81.1 M",
        "fvcore FLOPs           81.9 M",
    ]
    tall = replace(COSTS, rows=COSTS.rows * 3)
    assert fitted(tall, 40) == [
        "                             MACs",
        "                          (conv +",
        "model     input    depth  linear)",
        *(
            "resnet20  3×32×32     20   81.1 M",
            "resnet56  3×32×32     56    251 M",
            "plain20   3×32×32     20   81.1 M",
        )
        * 3,
        "",
        "          fvcore",
        "model      FLOPs",
        *("resnet20  81.9 M", "resnet56   253 M", "plain20   81.9 M") * 3,
    ]


def test_the_longest_texts_of_a_table_wrap_in_their_column() -> None:
    grid = Grid(
        "", ("", "", ""), (("name", "1", "one two three four five six"), ("n", "2", "a")), 3
    )
    assert fitted(grid, 33) == [
        "name  1  one two three four five",
        "         six",
        "n     2  a",
    ]


@given(some.integers(1, 120))
def test_no_value_is_lost_and_no_number_broken(width: int) -> None:
    words = " ".join(fitted(COSTS, width)).split()
    for row in COSTS.rows:
        for cell in row:
            assert set(cell.split()) <= set(words)
    if width >= 24:
        assert max(map(len, fitted(COSTS, width))) <= width


def test_prose_wraps_at_the_terminal_or_at_100() -> None:
    words = "word " * 40
    assert {len(line) for line in wrapped(words, 200).splitlines()} == {99}
    assert {len(line) for line in wrapped(words, 80).splitlines()} == {79, 39}
    assert wrapped("  indented words stay so", 16) == "  indented words\n  stay so"
    model = f"resnet20:{'blocks=1,1,1:' * 20}"
    assert wrapped(f"{model} is long", 80) == f"{model}\nis long"
    assert wrapped("深度网络，更难训练。" * 2, 20) == "\n".join(["深度网络，更难训练。"] * 2)


def test_a_page_has_a_blank_line_between_its_parts() -> None:
    empty = Grid("Nothing.", ("a",), ())
    small = Grid("One.", ("a", "b"), (("x", "1"),))
    assert laid_out(["Title", "", empty, small, "End."]) == "Title\n\nOne.\n\na  b\nx  1\n\nEnd.\n"


def test_numbers_of_a_column_align_on_the_decimal() -> None:
    rows = [("a", "published"), ("b", "69.758%"), ("c", "76.13%"), ("d", "8%"), ("e", "1.2 M")]
    assert aligned(rows, left=1) == [
        "a  published",
        "b    69.758%",
        "c    76.13%",
        "d     8%",
        "e      1.2 M",
    ]
    assert aligned([("1.25", "1"), ("1", "1")], left=1) == ["1.25  1", "1     1"]
