"""Titles of edited networks and descriptions of their edits."""

import pytest
from hypothesis import given

from nets import CATALOG, ResNetSpec, parse
from nets.names import title
from nets.options import idle_options
from nets.origin import differences, edits, is_edited, own_differences, same_in_catalog
from nets.spec import overrides
from tests.strategies import specs


@pytest.mark.parametrize(
    ("text", "heading", "changed"),
    [
        ("resnet50", "ResNet-50", ""),
        (
            "resnet50:stride_on=conv1",
            "ResNet-50, v1",
            "stride_on=conv1 instead of conv2",
        ),
        (
            "plain34:shortcut=projection",
            "Plain-34, projections (B)",
            "shortcut=projection instead of none",
        ),
        (
            "resnet50:block=basic",
            "ResNet-50, basic blocks",
            "block=basic instead of bottleneck, expansion=1 instead of 4",
        ),
        (
            "resnet20:unit=full_preact:se=4",
            "ResNet-20, full pre-activation, SE (ratio 4)",
            "unit=full_preact instead of original, se=4 instead of 0",
        ),
        (
            "resnet20:projection_norm=0",  # without effect, but named
            "ResNet-20, no normalisation on projections",
            "projection_norm=0 instead of 1",
        ),
        (
            "resnet18:channels=1",
            "ResNet-18, 1 channel",
            "input=1x224x224 instead of 3x224x224",
        ),
    ],
)
def test_an_edit_is_named(text: str, heading: str, changed: str) -> None:
    spec = parse(text)
    assert title(spec) == heading
    assert edits(spec) == changed
    assert is_edited(spec) is bool(changed)


def test_a_title_names_three_edits_and_counts_more() -> None:
    three, four = "norm=none:bias=1:init=xavier", "norm=none:bias=1:init=xavier:se=16"
    assert title(parse(f"resnet50:{three}")) == "ResNet-50, no BN, biases, Xavier init"
    assert title(parse(f"resnet50:{four}")) == "ResNet-50 with 4 changes"
    assert title(parse("resnet50:unit=full_preact")) == "ResNet-50, full pre-activation"


def test_an_edited_network_may_be_one_of_the_catalog() -> None:
    assert same_in_catalog(parse("resnet50:blocks=2,2,2,2")) == "resnet26"
    assert same_in_catalog(parse("resnet50:stride_on=conv1")) == "resnet50_v1"
    assert same_in_catalog(parse("resnet50:blocks=2,2,2,3")) is None
    assert same_in_catalog(parse("resnet26")) is None


def test_a_version_is_said_only_beside_the_other() -> None:
    new, old = parse("resnet50"), parse("resnet50_v1")
    assert (title(new), title(old)) == ("ResNet-50", "ResNet-50 v1")
    assert title(new, [new, old]) == title(new, [old]) == "ResNet-50 v1.5"
    assert title(old, [new, old]) == "ResNet-50 v1"
    assert title(new, [parse("resnet101_v1")]) == "ResNet-50"


@given(specs())
def test_every_option_that_an_edit_changed_with_effect_is_said(spec: ResNetSpec) -> None:
    base = CATALOG[spec.base].spec
    assert (edits(spec) != "") is is_edited(spec) is (str(spec) != spec.base)
    for one in differences(base, spec):
        assert getattr(base, one.name) != getattr(spec, one.name)
        is_said = one.name in overrides(spec) or one.name not in idle_options(spec)
        said = f", {one.name}={one.after} instead of {one.before}"
        assert (said in f", {edits(spec)}") is is_said


def test_what_an_edit_implies_is_not_an_edit_of_its_own() -> None:
    def own(text: str) -> list[str]:
        return [f"{one.name} {one.before} {one.after}" for one in own_differences(parse(text))]

    assert own("resnet20:unit=full_preact:se=4") == ["unit original full_preact", "se 0 4"]
    assert own("resnet20:channels=1") == ["input 3x32x32 1x32x32"]
    assert own("resnet50:projection_norm=0") == ["projection_norm 1 0"]
    assert own("resnet20") == []
