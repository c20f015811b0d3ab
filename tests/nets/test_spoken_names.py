"""Names of networks that are shown together."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nets import CATALOG, ResNetSpec, parse
from nets.names import (
    depth_in_words,
    depths_in_words,
    kind_of,
    name_in_title,
    name_of,
    name_with_edits,
    names_of,
    with_edits,
)
from tests.strategies import specs

UNITS = ("bn_after_add", "relu_before_add", "relu_preact", "full_preact")


@pytest.mark.parametrize(
    ("models", "names"),
    [
        ("plain56 resnet56", ("plain, 56 layers", "residual, 56 layers")),
        (
            "plain20 plain56 resnet20 resnet56",
            (
                *("plain, 20 layers", "plain, 56 layers"),
                *("residual, 20 layers", "residual, 56 layers"),
            ),
        ),
        (
            " ".join(("resnet110", *(f"resnet110:unit={unit}" for unit in UNITS))),
            (
                "original",
                "BN after addition",
                "ReLU before addition",
                "ReLU-only pre-activation",
                "full pre-activation",
            ),
        ),
        (
            "resnet110 resnet110:shortcut=projection resnet110:shortcut=projection_all",
            ("zero-pad shortcuts (A)", "projections (B)", "projections everywhere (C)"),
        ),
        (
            "plain34 resnet34 resnet34_c",
            (
                "plain, 34 layers",
                "residual, 34 layers, projections (B)",
                "residual, 34 layers, projections everywhere (C)",
            ),
        ),
        (
            "plain56:norm=none resnet56:norm=none resnet56",
            ("plain, 56 layers, no BN", "residual, 56 layers, no BN", "residual, 56 layers, BN"),
        ),
        ("resnet20:blocks=3,3,4 resnet20:blocks=4,3,3", ("blocks 3-3-4", "blocks 4-3-3")),
        ("resnet18 resnet50 resnet152", ("ResNet-18", "ResNet-50", "ResNet-152")),
        ("resnet50 resnet50_v1", ("ResNet-50 v1.5", "ResNet-50 v1")),
        ("resnet34_a resnet34 resnet34_c", ("ResNet-34 A", "ResNet-34 B", "ResNet-34 C")),
        ("resnet34 resnet50", ("ResNet-34", "ResNet-50")),
        (
            "resnet50 resnet50:unit=full_preact wrn28_10",
            ("ResNet-50", "ResNet-50, full pre-activation", "WRN-28-10"),
        ),
        (
            "resnet20:unit=full_preact:se=4 resnet20 resnet32",
            ("ResNet-20, full pre-activation, SE (ratio 4)", "ResNet-20", "ResNet-32"),
        ),
        (  # names leave out what all have in common
            "resnet18:classes=10 resnet50:classes=10",
            ("ResNet-18", "ResNet-50"),
        ),
        ("resnet50 resnet50:channels=1", ("ResNet-50", "ResNet-50, 1 channel")),
        (  # two texts of one network: no edit tells them apart
            "resnet18:shortcut=none plain18",
            ("resnet18:shortcut=none", "plain18"),
        ),
    ],
)
def test_only_what_differs_is_said(models: str, names: tuple[str, ...]) -> None:
    assert names_of([parse(model) for model in models.split()]) == names


def test_a_network_alone_has_its_title_and_its_edits() -> None:
    assert name_of(parse("resnet50")) == "ResNet-50"
    assert name_of(parse("resnet50_v1")) == "ResNet-50 v1"
    assert name_of(parse("resnet56:norm=none:activation=gelu")) == "ResNet-56, no BN, GELU"
    assert name_with_edits(parse("resnet50")) == "ResNet-50"
    fitted = parse("resnet50:channels=1:classes=10:norm=none")
    assert name_with_edits(fitted) == "ResNet-50 with 1 channel, 10 classes and no BN"
    assert name_of(parse("resnet50:input=3x128x128")) == "ResNet-50, 3×128×128"
    assert names_of([]) == ()


def test_what_a_task_decides_goes_without_saying() -> None:
    fitted = parse("resnet18:input=3x32x32:classes=10:norm=none")
    assert name_of(fitted, unsaid=("input", "channels", "classes")) == "ResNet-18, no BN"


def test_a_name_says_the_version_only_beside_the_other() -> None:
    old = parse("resnet50_v1")
    assert name_of(parse("resnet50"), [old]) == "ResNet-50 v1.5"
    assert name_of(parse("resnet50:norm=none"), [old]) == "ResNet-50 v1.5, no BN"
    assert name_of(old) == name_of(old, [parse("resnet50")]) == "ResNet-50 v1"


def test_plain_and_residual() -> None:
    assert kind_of(parse("plain18")) == "plain"
    assert kind_of(parse("resnet18")) == "residual"


def test_every_network_of_the_catalog_has_a_name_of_its_own() -> None:
    every = [entry.spec for entry in CATALOG.values()]
    names = names_of(every)
    assert len(set(names)) == len(every)
    assert not any(":" in name for name in names)


@given(st.lists(specs(), min_size=1, max_size=5))
def test_different_networks_have_different_names(found: list[ResNetSpec]) -> None:
    names = names_of(found)
    assert len(set(zip(found, names, strict=True))) == len(set(found)) == len(set(names))
    assert all(name for name in names)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("resnet50", "ResNet-50"),
        ("plain34", "Plain-34"),
        ("resnet20:input=1x28x28", "ResNet-20"),
        ("resnet56:widths=8,16,32:stem_width=8:input=1x28x28", "ResNet-56, widths 8-16-32"),
        ("resnet20:blocks=1,1,1", "resnet20:blocks=1,1,1"),
    ],
)
def test_a_title_names_a_network_if_it_has_a_name(model: str, name: str) -> None:
    assert name_in_title(parse(model)) == name


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ("plain56 resnet56", "plain, 56 layers; residual, 56 layers"),
        (
            "plain56:norm=none:init=default resnet56:norm=none:init=default",
            "plain, 56 layers; residual, 56 layers; both: no BN, default init",
        ),
        (
            "resnet20:bias=1 resnet56:bias=1 plain20:bias=1:norm=none",
            "residual, 20 layers; residual, 56 layers; plain, 20 layers, no BN; all: biases",
        ),
        ("resnet20:input=1x28x28", "residual, 20 layers, input 1×28×28"),
        ("resnet50:shortcut=none resnet50", "plain, 50 layers; residual, 50 layers"),
        ("resnet20:blocks=1,1,1", "residual, 8 layers"),
        ("resnet1202:norm=none", "residual, 1202 layers, no BN"),
    ],
)
def test_a_caption_says_the_edits_that_names_leave_out(models: str, said: str) -> None:
    found = [parse(model) for model in models.split()]
    names = [f"{kind_of(spec)}, {spec.depth} layers" for spec in found]
    assert with_edits(found, names) == said


def test_a_caption_says_no_edit_twice() -> None:
    found = [parse("resnet56:norm=none"), parse("resnet56:norm=none:unit=full_preact")]
    names = list(map(name_of, found))
    assert with_edits(found, names) == "ResNet-56, no BN; ResNet-56, full pre-activation, no BN"
    assert with_edits(found, list(map(str, found))) == "; ".join(map(str, found))


def test_numbers_that_are_no_depths_are_explained() -> None:
    """Zagoruyko and Komodakis 2016 count convolutions with projections: 16 = 1 + 12 + 3."""
    path = "Depth counts the weighted layers on the main path"
    assert parse("wrn16_8").depth == 14
    assert (
        depth_in_words(parse("wrn16_8")) == f"{path}; the 16 in the name counts all convolutions."
    )
    assert depth_in_words(parse("resnet50d")) == (
        f"{path}; the 50 in the name counts the stem as one layer."
    )
    assert depth_in_words(parse("detectron2_r50")) == (
        f"{path}; the 50 in the name counts a classifier, too."
    )
    assert depth_in_words(parse("wrn16_8:blocks=3,3,3")) == ""
    assert depth_in_words(parse("resnet34")) == depths_in_words([parse("resnet34")]) == ""
    several = [parse(name) for name in ("resnet18", "wrn28_10", "resnet50d", "wrn40_4")]
    assert depths_in_words(several) == (
        f"{path}. Some names count all convolutions (WRN-28-10, WRN-40-4); the stem as one layer "
        "(ResNet-50-D)."
    )
    numbered = {name: re.search(r"\d+", entry.title) for name, entry in CATALOG.items()}
    for name, number in numbered.items():
        spec = parse(name)
        if number is not None and int(number[0]) != spec.depth:
            assert depth_in_words(spec), name
