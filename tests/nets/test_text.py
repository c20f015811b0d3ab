"""The text form: parsing, printing and errors."""

import re
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from nets import CATALOG, ResNetSpec, parse
from nets.beyond import ALIASES
from nets.options import (
    OPTIONS,
    Activation,
    BlockKind,
    Init,
    Norm,
    Padding,
    Shortcut,
    Stem,
    StrideOn,
    UnitOrder,
)
from nets.spec import join
from nets.spec import overrides as said_of
from nets.text import MAX_TEXT, edit, with_input
from tests.strategies import specs

ENUMS = (Activation, BlockKind, Init, Norm, Padding, Shortcut, Stem, StrideOn, UnitOrder)

ONE_SHORT_LINE = re.compile(r"[ -~]{10,299}")


def assert_a_spec_or_one_short_line(text: str) -> None:
    try:
        spec = parse(text)
    except ValueError as error:
        complaint = str(error)
    else:
        assert isinstance(spec, ResNetSpec)
        assert parse(str(spec)) == spec
        return
    assert ONE_SHORT_LINE.fullmatch(complaint)


@given(specs())
@settings(max_examples=200)
def test_random_specs_come_back(spec: ResNetSpec) -> None:
    assert parse(str(spec)) == spec


def numbers(low: int, high: int, least: int, most: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(low, high), min_size=least, max_size=most).map(tuple)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "blocks": numbers(1, 5, 1, 5),
    "widths": numbers(1, 64, 3, 4),
    "block": st.sampled_from(BlockKind),
    "expansion": st.integers(1, 4),
    "groups": st.sampled_from((1, 2, 32)),
    "group_width": st.sampled_from((4, 64, 128)),
    "unit": st.sampled_from(UnitOrder),
    "stride_on": st.sampled_from(StrideOn),
    "strides": numbers(1, 2, 3, 4),
    "dilate": numbers(0, 1, 2, 3),
    "dilate_first": st.booleans(),
    "dropout": st.sampled_from((0, 0.3, 0.95)),
    "se": st.sampled_from((0, 1, 16, 1_024)),
    "shortcut": st.sampled_from(Shortcut),
    "projection_norm": st.booleans(),
    "projection_pool": st.booleans(),
    "stem": st.sampled_from(Stem),
    "stem_width": st.integers(1, 64),
    "input": st.tuples(st.integers(1, 4), st.integers(1, 4096), st.integers(1, 4096)),
    "classes": st.integers(0, 100_000),
    "softmax": st.booleans(),
    "norm": st.sampled_from(Norm),
    "norm_groups": st.sampled_from((1, 2, 32)),
    "bn_eps": st.sampled_from((1e-12, 1e-5, 0.001, 1)),
    "bn_momentum": st.sampled_from((0, 0.01, 0.1, 1.0)),
    "activation": st.sampled_from(Activation),
    "bias": st.booleans(),
    "padding": st.sampled_from(Padding),
    "init": st.sampled_from(Init),
    "zero_init": st.booleans(),
}


def test_every_option_has_values_here() -> None:
    assert VALUES.keys() == OPTIONS.keys()


@st.composite
def overrides(draw: st.DrawFn) -> dict[str, Any]:
    keys = draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=4))
    return {key: draw(VALUES[key]) for key in sorted(keys)}


@given(st.sampled_from(sorted(CATALOG)), st.lists(overrides(), min_size=1, max_size=3))
@settings(max_examples=200)
def test_edits_of_the_catalog_come_back(name: str, edits: list[dict[str, Any]]) -> None:
    spec = CATALOG[name].spec
    complaint = None
    try:
        for values in edits:
            spec = edit(spec, values)
    except ValueError as error:
        complaint = str(error)
    assert complaint is None or ONE_SHORT_LINE.fullmatch(complaint)
    assume(complaint is None)
    assert spec.base == name
    assert parse(str(spec)) == spec
    assert len(str(spec)) <= MAX_TEXT
    assert re.fullmatch(r"[a-z0-9_:=,.-]+", str(spec))


@given(st.floats(1e-12, 1), st.floats(0, 1))
@example(0.1 + 0.2, 0.1)
@example(1e-5, 1e-100)
def test_every_allowed_number_comes_back(bn_eps: float, bn_momentum: float) -> None:
    spec = ResNetSpec(bn_eps=bn_eps, bn_momentum=bn_momentum)
    assert parse(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("resnet50:unit=original", "resnet50"),
        (" resnet50\n", "resnet50"),
        ("resnet50:blocks=03,8,36,3", "resnet50:blocks=3,8,36,3"),
        ("resnet50:unit=full_preact:blocks=3,8,36,3", "resnet50:blocks=3,8,36,3:unit=full_preact"),
        ("resnet50:input=1x224x224", "resnet50:channels=1"),
        ("resnet50:channels=1:input=1x64x96", "resnet50:input=1x64x96"),
        ("resnet50:block=basic:expansion=1", "resnet50:block=basic"),
        ("resnet50:block=basic:expansion=4", "resnet50:block=basic:expansion=4"),
        ("resnet50:unit=full_preact:projection_norm=0", "resnet50:unit=full_preact"),
        ("resnet50:bn_eps=1e-3:bn_momentum=.01", "resnet50:bn_eps=0.001:bn_momentum=0.01"),
        ("resnet50:blocks=1,1,1:widths=64,128,256:dilate=0,0", "resnet50:blocks=1,1,1"),
        ("resnet20:softmax=1:bias=0", "resnet20:softmax=1"),
    ],
)
def test_a_spec_prints_its_shortest_text(text: str, shortest: str) -> None:
    assert str(parse(text)) == shortest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resnet50:blocks=2", {"widths": (64,), "dilate": ()}),
        ("resnet50:blocks=2,2,2", {"widths": (64, 128, 256), "dilate": (0, 0)}),
        ("resnet50:blocks=1,1,1,1,1", {"widths": (64, 128, 256, 512, 1024), "dilate": (0,) * 4}),
        ("wrn28_10:blocks=1,1,1,1", {"widths": (160, 320, 640, 1280), "dilate": (0, 0, 0)}),
        ("resnet50:blocks=2,2:widths=8,9", {"widths": (8, 9), "dilate": (0,)}),
        ("resnet50:blocks=2,2:dilate=1", {"widths": (64, 128), "dilate": (1,)}),
        ("resnet50:dilate=0,1,1:blocks=3,4,6,4", {"dilate": (0, 1, 1)}),
        ("resnet50:block=basic", {"expansion": 1}),
        ("resnet18:block=bottleneck", {"expansion": 4}),
        ("resnet18:block=basic:bias=1", {"expansion": 1}),
        ("resnet50:block=bottleneck:expansion=2", {"expansion": 2}),
        ("resnet50:unit=full_preact", {"projection_norm": False}),
        ("resnet50:unit=relu_preact", {"projection_norm": False}),
        ("resnet50:unit=full_preact:projection_norm=1", {"projection_norm": True}),
        ("resnet50:unit=bn_after_add", {"projection_norm": True}),
        ("preresnet164:unit=original", {"projection_norm": True}),
        ("preresnet164:unit=relu_preact", {"projection_norm": False}),
        ("d2l_resnet18:unit=relu_before_add", {"projection_norm": False}),
        ("resnet50:channels=1", {"input": (1, 224, 224)}),
        ("resnet20:channels=1:input=1x8x9", {"input": (1, 8, 9)}),
    ],
)
def test_what_an_override_implies(text: str, expected: dict[str, Any]) -> None:
    spec = parse(text)
    assert {name: getattr(spec, name) for name in expected} == expected


def test_an_edit_keeps_the_stages_that_stay() -> None:
    spec = edit(parse("resnet50:dilate=0,1,1:widths=8,12,20,24"), {"blocks": (1, 1, 1)})
    assert (spec.widths, spec.dilate) == ((8, 12, 20), (0, 1))


def test_an_edit_names_an_option_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="colour"):
        edit(ResNetSpec(), {"colour": 3})


def test_an_input_given_on_its_own_wins() -> None:
    assert with_input(parse("resnet50:input=1x8x8"), "3x64x96").input == (3, 64, 96)


def test_overrides_are_what_must_be_said() -> None:
    spec = parse("resnet50:block=basic:expansion=1:blocks=1,1,1,1:input=1x224x224:bias=0")
    said = {"blocks": "1,1,1,1", "block": "basic", "channels": "1"}
    assert said_of(spec) == said
    assert join("resnet50", said) == str(spec) == "resnet50:blocks=1,1,1,1:block=basic:channels=1"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ResNet50", "resnet50"),
        (" resnet50 : Blocks = 1, 1,1 ,1 ", "resnet50:blocks=1,1,1,1"),
        ("resnet50:input=3X64X64:block=Basic", "resnet50:block=basic:input=3x64x64"),
        ("resnext50_32x4d:block=basic", "resnext50_32x4d:block=basic"),
    ],
)
def test_spaces_and_capitals_do_not_matter(typed: str, read: str) -> None:
    assert str(parse(typed)) == read


def test_a_basic_block_leaves_what_only_a_bottleneck_has() -> None:
    spec = parse("resnext50_32x4d:block=basic")
    assert (spec.groups, spec.group_width, spec.expansion) == (1, 64, 1)
    assert parse("resnet50_v1:block=basic").stride_on == "conv2"
    assert edit(parse("resnet50:dilate=0,1,1"), {"block": "basic"}).dilate == (0, 1, 1)
    assert edit(parse("wrn28_10_dropout"), {"block": "bottleneck"}).dropout == 0
    with pytest.raises(ValueError, match="groups=8 needs block=bottleneck"):
        parse("resnext50_32x4d:block=basic:groups=8")


@pytest.mark.parametrize(("name", "text"), ALIASES.items())
def test_a_name_elsewhere_is_the_same_network_here(name: str, text: str) -> None:
    assert name not in CATALOG
    assert parse(name) == parse(text)
    assert str(parse(f"{name}:classes=10")) == str(edit(parse(text), {"classes": 10}))


BAD: dict[str, str] = {
    "": "empty",
    ":": "empty",
    "   ": "empty",
    ":blocks=3,4,6,3": "empty",
    "resnet": "'resnet' is not a model.*did you mean resnet",
    "vgg19": "'vgg19' is not a model",
    "resnet 50": "'resnet 50' is not a model: did you mean resnet50",
    "resnet18 plain18": "'resnet18 plain18' is not a model: it names 2 models",
    "resnet50\x00": r"'resnet50\\x00' is not a model",
    "resnet50;ls": "'resnet50;ls' is not a model",
    "résnet50": r"'r\\xe9snet50' is not a model",
    "resnet50:": "an option is missing after a colon",
    "resnet50::blocks=1": "an option is missing after a colon",
    "resnet50:block5=1": "'block5' is not an option.*did you mean block",
    "resnet50:depth=101": "'depth' is not an option: blocks sets the depth, as in blocks=3,4,6,3",
    "resnet50:base=resnet18": "'base' is not an option",
    "resnet50:blocks": "blocks needs a value.*blocks=3,4,6,3",
    "resnet50:blocks=": "blocks needs a value.*blocks=3,4,6,3",
    "resnet50:channels=": "channels needs a value.*channels=3",
    "resnet50:blocks=1,1,1,1:blocks=1,1,1,1": "blocks is given twice",
    "resnet50:blocks=0,4,6,3": "blocks must be 1 to 1,000, not 0",
    "resnet50:blocks=3,4,6,0": "blocks must be 1 to 1,000, not 0",
    "resnet50:blocks=3,-4,6,3": "blocks must be 1 to 1,000, not -4",
    "resnet50:blocks=1000000000,1,1,1": "blocks must be 1 to 1,000, not 1,000,000,000",
    "resnet50:blocks=3,4,6,1001": "blocks must be 1 to 1,000, not 1,001",
    f"resnet50:blocks={10**30}": "blocks must be .*3,4,6,3.*1000000",
    "resnet50:blocks=1000,1000,1,1": "blocks .*2,000.* not 2,002",
    "resnet50:blocks=a,b,c,d": "blocks must be .*3,4,6,3.*'a,b,c,d'",
    "resnet50:blocks=3,4,6,3,": "blocks must be .*'3,4,6,3,'",
    "resnet50:blocks=3.0,4,6,3": "blocks must be .*'3.0,4,6,3'",
    "resnet50:blocks=３,4,6,3": "blocks must be .*ff13",
    "resnet50:blocks=1_0,4,6,3": "blocks must be .*'1_0,4,6,3'",
    "resnet50:blocks=1,1,1,1,1,1": "blocks must list 1 to 5 stages, not 6",
    "resnet50:blocks=" + ",".join("1" * 12): "blocks must list 1 to 5 stages, not 12",
    "resnet50:widths=64,128": "widths lists 2 stages but blocks lists 4",
    "resnet50:widths=0,128,256,512": "widths must be 1 to 8,192, not 0",
    "resnet50:widths=64,128,256,8193": "widths must be 1 to 8,192, not 8,193",
    "resnet50:dilate=0,1": "dilate must list 3 values.*not 2",
    "resnet50:dilate=0,2,0": "dilate must be 0 .*1, not 2",
    "resnet50:stem_width=0": "stem_width must be 1 to 4,096, not 0",
    "resnet50:classes=-1": "classes must be 0 to 100,000, not -1",
    "resnet50:classes=100001": "classes must be 0 to 100,000, not 100,001",
    "resnet50:expansion=17": "expansion must be 1 to 16, not 17",
    "resnet50:input=0x0": "input must be",
    "resnet50:input=8x8": "input must be channels x height x width.*'8x8'",
    "resnet50:input=3x0x0": "input must be 1 to 4,096, not 0",
    "resnet50:input=3x224x4097": "input must be 1 to 4,096, not 4,097",
    "resnet50:input=3x224x224x1": "input must be channels x height x width.*'3x224x224x1'",
    "resnet50:input=3,224,224": "input must be .*3x224x224.*'3,224,224'",
    "resnet50:channels=0": "channels",
    "resnet50:channels=1:input=3x8x8": "channels=1 and input=3x8x8 disagree",
    "resnet50:unit=preact": "unit must be one of original, .*full_preact, not 'preact'",
    "resnet50:activation=swish": "activation must be one of relu, .*not 'swish'",
    "resnet50:bias=2": "bias must be 0 or 1, not '2'",
    "resnet50:bias=true": "bias must be 0 or 1, not 'true'",
    "resnet50:bn_eps=0": "bn_eps must be 1e-12 to 1, not 0",
    "resnet50:bn_eps=nan": "bn_eps must be a number .*'nan'",
    "resnet50:bn_eps=inf": "bn_eps must be a number .*'inf'",
    "resnet50:bn_momentum=1.5": "bn_momentum must be 0 to 1, not 1.5",
    "resnet50:bn_momentum=-0.1": "bn_momentum must be 0 to 1, not -0.1",
    "resnet18:groups=32": "groups=32 needs block=bottleneck",
    "resnet18:group_width=4": "group_width=4 needs block=bottleneck",
    "resnet18:stride_on=conv1": "stride_on=conv1 needs block=bottleneck",
    "resnet50:dropout=0.3": "dropout=0.3 needs block=basic, not block=bottleneck",
    "resnet18:dropout=0.96": "dropout must be 0 to 0.95, not 0.96",
    "resnet50:dilate=0,0,1:strides=1,2,2,1": "dilate=0,0,1 needs a stride of 2 in layer4 to "
    "replace, not strides=1,2,2,1",
    "resnet50:strides=1,2,2": "strides lists 3 stages but blocks lists 4",
    "resnet50:strides=1,2,2,3": "strides must be 1 to 2, not 3",
    "resnet50:dilate_first=1": "dilate_first=1 needs a dilated stage, such as dilate=0,0,1",
    "resnet50:stem=deep:stem_width=65": "stem=deep needs an even stem_width, not 65",
    "plain34:projection_pool=1": "projection_pool=1 needs projections: shortcut=none has none",
    "resnet34_a:projection_pool=1": "projection_pool=1 needs projections: shortcut=zero_pad has",
    "resnet50:classes=0:softmax=1": "softmax=1 needs a classifier, not classes=0",
    "resnet20:norm=group": "norm_groups=32 must divide the 16 channels of the stem",
    "resnet50:norm=group:norm_groups=3": "norm_groups=3 must divide the 64 channels of the stem",
    "resnet50:norm=group:widths=64,128,250,512": "norm_groups=32 must divide the 250 channels of "
    "layer3",
    "resnet50:se=1025": "se must be 0 to 1,024, not 1,025",
    "resnet50:norm=frozen": "frozen BN counts as batch norm in eval mode: use norm=batch",
    "resnet50:multi_grid=1": "multi-grid.* are not an option: dilate doubles the rate",
    "resnet50:stem_bias=1": "a bias on the stem alone is not an option",
    "resnet50:ceil_mode=1": "ceil-mode pooling is not an option",
    "resnet50:activation=prelu": "PReLU is not an option",
    "resnet50:stride_on=last": "a stride in a stage's last unit .TF-Slim. is not an option",
    "resnet50:stem_pool=conv": "a convolution in place of the stem's pool .ResNet-RS. is not",
    "resnet50:aa=1": "anti-aliasing .blur pooling. is not an option",
    "resnet50:attention=cbam": "attention other than squeeze-and-excitation is not an option",
    "resnet50:dims=3": "1-D and 3-D networks are not an option",
    "resnetrs50": "'resnetrs50' is not a model: a convolution in place of the stem's pool",
    "iresnet50": "'iresnet50' is not a model: PReLU is not an option",
    "resnetblur50": "'resnetblur50' is not a model: anti-aliasing",
    "ecaresnet50d": "'ecaresnet50d' is not a model: attention other than squeeze-and-excitation",
    "cbam_resnet50": "'cbam_resnet50' is not a model: attention other than",
    "r3d_18": "'r3d_18' is not a model: 1-D and 3-D networks",
    "resnet_v1_50": "'resnet_v1_50' is not a model: a stride in a stage's last unit",
    "resnet50:widths=15,64,64,64:group_width=4": "group_width=4 .*width 15 of widths",
    "resnet18:shortcut=zero_pad:widths=64,128,64,64": "zero_pad .*layer3 from 128 to 64",
    "resnet20:stem_width=17": "zero_pad .*layer1 from 17 to 16",
    "resnet50:zero_init=1:unit=full_preact": "zero_init=1 .*unit=full_preact",
    "resnet50:zero_init=1:unit=bn_after_add": "zero_init=1 .*unit=bn_after_add",
    "resnet50:zero_init=1:unit=relu_before_add": "zero_init=1 .*unit=relu_before_add",
    "plain34:zero_init=1": "zero_init=1 needs a shortcut.*shortcut=none",
    "resnet50:zero_init=1:norm=none": "zero_init=1 needs norm=batch.*norm=none",
    "resnet50:widths=4096,4096,4096,4096": "5,319,304,384 weights: the limit is 1,000,000,000",
    "resnet50:blocks=500,500,500,500": "weights: the limit is 1,000,000,000",
    "resnet50:widths=64,128,256,8192:expansion=16": "at most 65,536 channels, not 131,072",
    "resnet50:groups=1024:group_width=4096": "at most 65,536 channels",
    "a" * 30_000: "at most 1,000 characters, not 30,000",
    "resnet50" + ":bias=1" * 4_000: "at most 1,000 characters, not 28,008",
    " " * 1_001: "at most 1,000 characters, not 1,001",
}


@pytest.mark.parametrize(("text", "named"), BAD.items(), ids=[ascii(text)[:50] for text in BAD])
def test_bad_text_is_told_what_is_wrong(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named) as caught:
        parse(text)
    assert ONE_SHORT_LINE.fullmatch(str(caught.value))


@pytest.mark.parametrize(
    "fields",
    [
        {"blocks": None},
        {"blocks": "3,4,6,3"},
        {"blocks": ()},
        {"blocks": (3, 4, True, 3)},
        {"blocks": (3, 4, 6.0, 3)},
        {"unit": 3},
        {"unit": []},
        {"bias": "1"},
        {"bias": 0.0},
        {"bn_eps": float("nan")},
        {"bn_eps": float("inf")},
        {"bn_eps": 10**400},
        {"stem_width": 10**5_000},
        {"stem_width": 64.0},
        {"stem_width": True},
        {"input": (3, 224)},
        {"input": ()},
        {"base": "a:b"},
        {"base": ""},
        {"base": 5},
    ],
    ids=lambda fields: str(list(fields)),
)
def test_a_spec_refuses_what_is_no_value(fields: dict[str, Any]) -> None:
    (name,) = fields
    with pytest.raises(ValueError, match=rf"^{name} must ") as caught:
        ResNetSpec(**fields)
    assert ONE_SHORT_LINE.fullmatch(str(caught.value))


@pytest.mark.parametrize(
    "values", [{"input": (), "channels": 3}, {"channels": "a\nb", "input": (3, 8, 8)}]
)
def test_an_edit_refuses_what_is_no_value(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"channels|input") as caught:
        edit(ResNetSpec(), values)
    assert ONE_SHORT_LINE.fullmatch(str(caught.value))


@given(st.text())
@settings(max_examples=300)
def test_any_text_is_a_spec_or_one_short_line(text: str) -> None:
    assert_a_spec_or_one_short_line(text)


JUNK = st.one_of(
    st.sampled_from([str(value) for kind in ENUMS for value in kind]),
    st.sampled_from(
        ("", "0", "1", "-1", "1e9", "nan", "3x32x32", "1,1,1", "0,1", "true", "=", ",")
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.lists(st.integers(-1, 2_000).map(str), max_size=8).map(",".join),
    st.lists(st.integers(-1, 5_000).map(str), max_size=4).map("x".join),
    st.text(max_size=30),
)

KEYS = st.one_of(st.sampled_from([*OPTIONS, "channels"]), st.text(max_size=30))

NAMES = st.one_of(st.sampled_from(sorted(CATALOG)), st.text(max_size=30))


@given(NAMES, st.lists(st.tuples(KEYS, JUNK).map("=".join), max_size=6))
@settings(max_examples=500)
def test_almost_a_model_is_a_spec_or_one_short_line(name: str, parts: list[str]) -> None:
    assert_a_spec_or_one_short_line(":".join([name, *parts]))


@given(st.sampled_from(sorted(CATALOG)), st.sampled_from([*OPTIONS, "channels"]), JUNK)
@settings(max_examples=500)
def test_any_value_is_a_spec_or_one_short_line(name: str, key: str, value: str) -> None:
    assert_a_spec_or_one_short_line(f"{name}:{key}={value}")


def test_the_example_of_an_se_ratio_has_se() -> None:
    with pytest.raises(ValueError, match=r"^se must be a whole number such as 16, not 'a'$"):
        parse("resnet50:se=a")
