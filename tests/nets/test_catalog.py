"""The catalog compared with the papers: parameter counts, depths, names and sources."""

import re

import pytest
from torch import nn
from torchvision.models import get_model_weights

from nets import CATALOG, ResNetSpec, build, parse, plan
from nets.catalog import Family

TORCHVISION = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "resnext50_32x4d": 25_028_904,
    "resnext101_32x8d": 88_791_336,
    "resnext101_64x4d": 83_455_272,
    "wide_resnet50_2": 68_883_240,
    "wide_resnet101_2": 126_886_696,
}

PUBLISHED = TORCHVISION | {
    "resnet20": 269_722,
    "resnet32": 464_154,
    "resnet44": 658_586,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "resnet1202": 19_421_274,
    "preresnet110": 1_727_962,
    "preresnet110:shortcut=projection": 1_730_522,
    "preresnet164": 1_703_258,
    "preresnet1001": 10_327_706,
    "preresnet200": 64_666_152,
    "wrn40_4": 8_949_210,
    "wrn28_10": 36_479_194,
    "d2l_resnet18": 11_178_378,
}


def depth_in(name: str) -> int:
    match = re.search(r"(?:resnet|resnext|plain|wrn|_r)(\d+)", name)
    assert match is not None
    return int(match[1])


def parameters(spec: ResNetSpec) -> int:
    return sum(p.numel() for p in build(spec, "meta").parameters())


@pytest.mark.parametrize(("text", "count"), PUBLISHED.items())
def test_published_parameter_count(text: str, count: int) -> None:
    assert parameters(parse(text)) == count


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision_publishes_the_same_count(name: str) -> None:
    assert {weights.meta["num_params"] for weights in get_model_weights(name)} == {PUBLISHED[name]}


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("resnet50_v1", "resnet50"),
        ("resnet101_v1", "resnet101"),
        ("resnet152_v1", "resnet152"),
        ("flower_resnet18", "resnet18:classes=10"),
        ("plain34", "resnet34_a"),
        ("plain56", "resnet56"),
        ("keras_resnet18", "d2l_resnet18:channels=3"),
    ],
)
def test_what_differs_without_weights_has_as_many(name: str, twin: str) -> None:
    assert parameters(parse(name)) == parameters(parse(twin))


@pytest.mark.parametrize("name", CATALOG)
def test_a_name_is_its_text_form(name: str) -> None:
    spec = CATALOG[name].spec
    assert (spec.base, str(spec), parse(name)) == (name, name, spec)


@pytest.mark.parametrize("name", [n for n, e in CATALOG.items() if e.family is not Family.WIDE])
def test_the_name_says_the_depth(name: str) -> None:
    """A name counts a deep stem as one layer, and a backbone's name the classifier that it lost."""
    spec = CATALOG[name].spec
    named = spec.depth - (spec.convs_in_stem - 1) + (spec.classes == 0)
    assert named == depth_in(name)


@pytest.mark.parametrize("name", [n for n, e in CATALOG.items() if e.family is Family.WIDE])
def test_a_wide_name_counts_all_convolutions(name: str) -> None:
    """Zagoruyko & Komodakis 2016 count the three projections but not the last layer."""
    spec = CATALOG[name].spec
    kinds = [type(module) for module in build(spec, "meta").modules()]
    assert kinds.count(nn.Conv2d) == spec.depth - 1 + 3 == depth_in(name)


@pytest.mark.parametrize("name", CATALOG)
def test_an_entry_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    entry = CATALOG[name]
    assert entry.title
    assert entry.title == entry.title.strip()
    assert re.fullmatch(r"\w([^.!?\n]|\.(?=\S)|Fig\. )+\.", entry.summary)
    assert entry.source.url.startswith("https://")
    assert entry.source.short.endswith(str(entry.source.year))
    assert all(0 < result.percent < 100 and result.source for result in entry.results)


def test_titles_are_unique() -> None:
    assert len({entry.title for entry in CATALOG.values()}) == len(CATALOG)


def test_citations() -> None:
    short = {entry.source.key: entry.source.short for entry in CATALOG.values()}
    assert short == {
        "he2016deep": "He et al. 2015",
        "he2016identity": "He et al. 2016",
        "xie2017aggregated": "Xie et al. 2016",
        "zagoruyko2016wide": "Zagoruyko and Komodakis 2016",
        "chen2019closer": "Chen et al. 2019",
        "chollet2015keras": "François Chollet 2015",
        "he2019bag": "He et al. 2018",
        "hu2018squeeze": "Hu et al. 2018",
        "mahajan2018exploring": "Mahajan et al. 2018",
        "mmseg2020": "MMSegmentation Contributors 2020",
        "wightman2019timm": "Ross Wightman 2019",
        "wu2018group": "Wu and He 2018",
        "wu2019detectron2": "Wu et al. 2019",
        "yang2023medmnist": "Yang et al. 2023",
        "zhang2023dive": "Zhang et al. 2023",
    }


def test_preactivated_nets_compare_within_one_recipe() -> None:
    found = {
        name: [(result.percent, result.recipe) for result in CATALOG[name].results]
        for name in ("preresnet110", "preresnet164", "preresnet1001")
    }
    recipe = "median of 5, full pre-activation"
    assert found == {
        "preresnet110": [(6.37, recipe)],
        "preresnet164": [(5.46, recipe)],
        "preresnet1001": [(4.92, recipe)],
    }


def test_what_is_the_courses_is_not_said_to_be_d2ls() -> None:
    d2l, keras = CATALOG["d2l_resnet18"].spec, CATALOG["keras_resnet18"]
    assert (d2l.softmax, d2l.channels) == (False, 1)
    assert (keras.spec.softmax, keras.spec.channels) == (True, 3)
    assert "the softmax and the RGB input are the course's, not d2l's." in keras.summary


def test_the_stem_has_the_papers_first_pool_too() -> None:
    spec = parse("resnet50")
    assert plan.paper_name(spec, "stem") == "conv1"
    assert plan.paper_parts(spec, "stem") == "conv1, pool"
    assert plan.paper_parts(spec, "layer1") == "conv2_x"
    assert plan.paper_parts(parse("resnet20"), "stem") == ""
