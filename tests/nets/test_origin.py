"""Titles of edited networks and descriptions of their edits."""

import pytest
from hypothesis import given

from nets import CATALOG, ResNetSpec, parse
from nets.origin import differences, edits, in_a_sentence, is_edited, title
from tests.strategies import specs


@pytest.mark.parametrize(
    ("text", "heading", "changed"),
    [
        ("resnet50", "ResNet-50", ""),
        (
            "resnet50:stride_on=conv1",
            "Variant of ResNet-50",
            "stride_on=conv1 instead of conv2",
        ),
        (
            "plain34:shortcut=projection",
            "Variant of Plain-34",
            "shortcut=projection instead of none",
        ),
        (
            "resnet50:block=basic",
            "Variant of ResNet-50",
            "block=basic instead of bottleneck, expansion=1 instead of 4",
        ),
        (
            "resnet18:channels=1",
            "Variant of ResNet-18",
            "input=1x224x224 instead of 3x224x224",
        ),
    ],
)
def test_an_edit_is_named(text: str, heading: str, changed: str) -> None:
    spec = parse(text)
    assert title(spec) == heading
    assert in_a_sentence(spec) == heading.replace("Variant", "a variant")
    assert edits(spec) == changed
    assert is_edited(spec) is bool(changed)


def test_a_version_is_said_only_beside_the_other() -> None:
    new, old = parse("resnet50"), parse("resnet50_v1")
    assert (title(new), title(old)) == ("ResNet-50", "ResNet-50 v1")
    assert title(new, [new, old]) == in_a_sentence(new, [old]) == "ResNet-50 v1.5"
    assert title(old, [new, old]) == "ResNet-50 v1"
    assert title(new, [parse("resnet101_v1")]) == "ResNet-50"


@given(specs())
def test_every_option_that_an_edit_changed_is_said(spec: ResNetSpec) -> None:
    base = CATALOG[spec.base].spec
    assert (edits(spec) != "") is is_edited(spec) is (str(spec) != spec.base)
    for one in differences(base, spec):
        assert getattr(base, one.name) != getattr(spec, one.name)
        assert f"{one.name}={one.after} instead of {one.before}" in edits(spec)
