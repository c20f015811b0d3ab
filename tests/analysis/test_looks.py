"""Colours and line styles of networks in a chart: they mean what the drawings' colours mean."""

import pytest

from analysis.charts.chart import LINE_LOOKS, Dash, Draw
from analysis.charts.looks import ONE_OF_EACH, looks_of
from analysis.gradients.charts import gradient_chart
from analysis.gradients.curves import Gradients
from analysis.gradients.results import run_of
from analysis.results.recorded import recordings
from analysis.style.palette import DARK, LIGHT, contrast
from analysis.training.charts import training_chart
from analysis.training.report import run_of as training_of
from nets import parse

SOLID, DASHED, DOTTED = Dash.SOLID, Dash.DASHED, Dash.DOTTED


@pytest.mark.parametrize(
    ("models", "looks"),
    [
        (("plain56", "resnet56"), (("plain", SOLID), ("identity", SOLID))),
        (
            ("plain20", "plain56", "resnet20", "resnet56"),
            (("plain", SOLID), ("plain", DASHED), ("identity", SOLID), ("identity", DASHED)),
        ),
        (("resnet20", "resnet56"), (("identity", SOLID), ("identity", DASHED))),
        (("plain20", "plain20:norm=none"), (("plain", SOLID), ("plain", DASHED))),
        (("resnet50",), (("identity", SOLID),)),
        (("plain34",), (("plain", SOLID),)),
        (
            ("resnet110", "resnet110:shortcut=projection", "resnet110:shortcut=projection_all"),
            (("zero_pad", DOTTED), ("projection", DASHED), ("violet", SOLID)),
        ),
        (("resnet56", "resnet56:unit=full_preact"), LINE_LOOKS[:2]),
    ],
)
def test_a_colour_says_the_kind_or_the_shortcut(
    models: tuple[str, ...], looks: tuple[tuple[str, Dash], ...]
) -> None:
    found = looks_of([parse(model) for model in models])
    assert tuple((look.colour, look.dash) for look in found) == looks


def test_lines_in_turn_have_no_colour_with_a_meaning_of_its_own() -> None:
    names = {colour for colour, _ in LINE_LOOKS}
    meant = {"projection", "zero_pad", "plain", "warning"}
    assert len(names) == len(LINE_LOOKS)
    for palette in (LIGHT, DARK):
        colours = {getattr(palette, name) for name in names}
        assert not colours & {getattr(palette, name) for name in meant}
        assert len(colours) == len(names)
        for ground in (palette.background, palette.surface):
            assert min(contrast(colour, ground) for colour in colours) >= 3


def test_seven_networks_of_one_kind_have_one_colour() -> None:
    ladder = [parse(f"resnet{depth}") for depth in (20, 32, 44, 56, 110, 1202)]
    assert {look.colour for look in looks_of([*ladder, parse("plain20")])} == {"identity", "plain"}


def test_a_depth_has_one_marker_which_is_unfilled_for_plain_networks() -> None:
    depths = (20, 32, 44, 56)
    looks = looks_of([parse(f"{kind}{n}") for kind in ("plain", "resnet") for n in depths])
    assert [look.marker for look in looks] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert [look.hollow for look in looks] == [True] * 4 + [False] * 4
    alike = looks_of([parse("resnet56"), parse("plain56"), parse("plain56:norm=none")])
    assert [(look.marker, look.hollow) for look in alike] == [(0, False), (0, True), (1, True)]
    assert not any(look.hollow for look in looks_of([parse("plain20"), parse("plain56")]))


def test_residual_lines_are_never_drawn_as_projections_beside_plain_ones() -> None:
    """All recorded runs with both kinds: residual is blue, plain is grey."""
    drawn = 0
    trained = [training_of(one) for one in recordings().values() if one.kind == "train"]
    recipes = {run.task.recipe.name for run in trained}
    charts = [
        training_chart([run for run in trained if run.task.recipe.name == recipe])
        for recipe in recipes
    ]
    charts += [
        gradient_chart(run.curves)
        for one in recordings().values()
        if one.kind == "gradients" and "plain" in str(one.asked["models"])
        if isinstance(run := run_of(one), Gradients)
    ]
    for chart in charts:
        for line in chart.series:
            if line.draw is Draw.LINE and not line.thin:
                assert line.colour == ("plain" if "plain" in line.name else "identity")
                drawn += 1
    assert len(recipes) == 2
    assert drawn > 28


def test_lines_of_all_depths_look_like_those_of_one() -> None:
    pair = looks_of([parse("plain56"), parse("resnet56")])
    assert tuple(ONE_OF_EACH.values()) == pair


def test_five_depths_have_line_styles_of_their_own() -> None:
    looks = looks_of([parse(f"resnet{depth}") for depth in (20, 32, 44, 56, 110)])
    assert len({look.dash for look in looks}) == len(looks)
