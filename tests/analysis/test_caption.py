"""Captions and BibTeX."""

from dataclasses import replace

import pytest

import analysis
from analysis.drawing.caption import (
    Role,
    architectures,
    bibtex,
    block_caption,
    caption,
    figure_caption,
    shape_caption,
    sources_of,
    units_caption,
)
from analysis.drawing.graph import Level
from analysis.drawing.heat import Metric, Per, heat_of
from analysis.lesions.papers import VEIT2016
from analysis.structure.units import Unit
from analysis.style.grid import tex_letters
from nets import CATALOG, parse
from nets.catalog import HE2015, WIGHTMAN2019, ZHANG2023
from nets.options import BlockKind, UnitOrder
from nets.plan import ShortcutKind


def test_a_caption_says_what_the_lines_are() -> None:
    assert caption(analysis.profile(parse("resnet20:bias=1"))) == (
        r"\caption{ResNet-20, biases (\texttt{resnet20:bias=1}): 7 identity and 2 zero-pad "
        r"shortcuts (identity shortcuts solid, zero-pad shortcuts dotted). "
        "/2: stride 2. $\\times$n: n equal blocks, each with its own shortcut. "
        "Sizes: channels$\\times$height$\\times$width. "
        "Architecture: He et al.~\\cite{he2016deep}.}\n"
    )
    unusual = caption(analysis.profile(parse("resnet50:unit=full_preact:projection_norm=0")))
    assert unusual.startswith("\\caption{ResNet-50, full pre-activation (")
    assert "Edited from" not in unusual  # the title has every edit that isn't implied by another
    assert "shortcuts dashed). ResNet-50 is v1.5: " in unusual
    assert "Architectures: He et al.~\\cite{he2016deep,he2016identity}.}" in unusual
    squeezed = caption(analysis.profile(parse("resnet50:se=16")))
    assert (
        "Architectures: He et al.~\\cite{he2016deep}, Hu et al.~\\cite{hu2018squeeze}.}" in squeezed
    )
    whole = caption(analysis.profile(parse("resnet20")))
    assert whole.startswith("\\caption{ResNet-20 (")
    assert whole.endswith("Architecture: He et al.~\\cite{he2016deep}.}\n")
    plain = caption(analysis.profile(parse("plain20")))
    stack = ": a plain stack of 9 blocks without shortcuts. /2: stride 2. "
    assert f"{stack}$\\times$n: n equal blocks. Sizes: " in plain
    one = caption(analysis.profile(parse("plain20:blocks=1")))
    assert ": a plain stack of 1 block without shortcuts. Sizes: " in one


def test_a_caption_says_what_a_folded_box_is_if_there_is_one() -> None:
    counted = analysis.profile(parse("resnet50"))
    assert "n equal blocks" in caption(counted)
    assert "n equal blocks" not in caption(counted, unfold=True)
    assert "n equal blocks" not in caption(counted, level=Level.STAGE)
    assert "n equal blocks" not in caption(analysis.profile(parse("resnet18")))  # two per stage
    both = [analysis.profile(parse(model)) for model in ("plain18", "resnet18")]
    assert " $\\times$n: in VGG-19, n equal layers. " in caption(*both, vgg19=True)
    assert "equal layers" not in caption(*both, vgg19=True, level=Level.LAYER)


@pytest.mark.parametrize(
    ("edit", "paper"),
    [
        ("norm=group", "wu2018group"),
        ("norm=none", ""),
        ("stem=deep", "he2019bag"),
        ("stem=cifar", ""),
        ("projection_pool=1", "he2019bag"),
        ("zero_init=1", "goyal2017accurate"),
        ("stem=deep:projection_pool=1", "he2019bag"),
    ],
)
def test_an_edit_with_a_paper_of_its_own_is_cited(edit: str, paper: str) -> None:
    found = sources_of([f"resnet50:{edit}"])
    assert [one.key for one in found] == ["he2016deep", *filter(None, [paper])]


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (Metric.MACS, "MACs per box (multiply-adds of convolutions and linear layers)"),
        (Metric.PARAMS, "parameters per box (weights and biases of all layers)"),
        (Metric.ACTIVATIONS, "activations per box (elements in the outputs of convolutions)"),
    ],
)
def test_a_caption_says_which_layers_the_colour_counts(metric: Metric, said: str) -> None:
    counted = analysis.profile(parse("resnet18"))
    assert f"Shading: {said}. Architecture: " in caption(counted, heat=heat_of(counted, metric))
    folds = analysis.profile(parse("resnet34"))
    summed = said.replace("(", r"($\times$n: all n together; ")
    heat = heat_of(folds, metric)
    assert f"Shading: {summed}. Architecture: " in caption(folds, heat=heat)
    unfolded = caption(folds, heat=heat, unfold=True)
    assert f"Shading: {said}. Architecture: " in unfolded
    of_one = caption(folds, heat=replace(heat, per=Per.BLOCK))
    assert f"Shading: {said.replace('per box', 'per block')}. Architecture: " in of_one


def test_a_caption_says_where_v1_5_differs_from_the_paper_that_it_cites() -> None:
    """Torchvision strides on the 3×3 convolution; He et al. 2015 on the first 1×1."""
    where = r"in the 3$\times$3 convolution of a bottleneck, the original{} in {} first 1$\times$1 "
    one = where.format("", "its")
    assert f"ResNet-50 is v1.5: it strides {one}" in caption(analysis.profile(parse("resnet50")))
    block = block_caption(analysis.profile(parse("resnet152")), "layer2.0")
    told = "(\\texttt{resnet152}) (projection shortcut dashed). /2: stride 2. ResNet-152 is v1.5: "
    assert f"{told}it strides {one}" in block
    both = caption(*(analysis.profile(parse(name)) for name in ("resnet50", "resnet101")))
    assert f"ResNet-50 and ResNet-101 are v1.5: they stride {where.format('s', 'their')}" in both
    for model in ("resnet50_v1", "resnet50:stride_on=conv1", "resnet34", "resnext50_32x4d"):
        assert "v1.5" not in caption(analysis.profile(parse(model)))


def test_networks_are_in_the_drawings_order_and_cited_once() -> None:
    said = caption(*map(analysis.profile, map(parse, ("plain34", "resnet34"))), vgg19=True)
    assert said == (
        r"\caption{VGG-19, configuration E, from its published layers. "
        r"Plain-34 (\texttt{plain34}): a plain stack of 16 blocks without shortcuts. "
        r"ResNet-34 (\texttt{resnet34}): 13 identity and 3 projection shortcuts (identity "
        r"shortcuts solid, projection shortcuts dashed). /2: stride 2. $\times$n: n equal "
        r"blocks, in the residual network each with its own shortcut; in VGG-19, n equal layers. "
        r"Sizes: channels$\times$height$\times$width; output size: height$\times$width. "
        r"Architectures: "
        r"Simonyan and Zisserman~\cite{simonyan2015very}, He et al.~\cite{he2016deep}.}"
        "\n"
    )


def test_a_paper_and_a_book() -> None:
    assert bibtex(HE2015) == (
        "@inproceedings{he2016deep,\n"
        "  author = {Kaiming He and Xiangyu Zhang and Shaoqing Ren and Jian Sun},\n"
        "  title = {{Deep Residual Learning for Image Recognition}},\n"
        "  booktitle = {CVPR},\n"
        "  year = {2016},\n"
        "  eprint = {1512.03385},\n"
        "  archiveprefix = {arXiv},\n"
        "  url = {https://arxiv.org/abs/1512.03385},\n"
        "}\n"
    )
    assert bibtex(ZHANG2023).startswith("@misc{zhang2023dive,\n")


def test_accented_letters_are_tex_in_bibtex() -> None:
    assert r"Piotr Doll{\'a}r" in bibtex(CATALOG["resnext50_32x4d"].source)
    assert tex_letters("Üñžçø") == r"{\"U}{\~n}{\v z}{\c c}ø"
    for entry in CATALOG.values():
        assert bibtex(entry.source).isascii()


@pytest.mark.parametrize("net", ["resnet50", "resnet18"])
def test_a_shape_is_said_to_be_v1_5_as_a_graph_is(net: str) -> None:
    counted = analysis.profile(parse(net))
    said = "ResNet-50 is v1.5: it strides in the 3$\\times$3 convolution of a bottleneck, "
    told = [said in text for text in (caption(counted), shape_caption(counted))]
    assert told == [net == "resnet50"] * 2


@pytest.mark.parametrize(
    ("units", "said"),
    [
        (
            (Unit(), Unit(UnitOrder.FULL_PREACT)),
            "Residual units: original and full pre-activation, from x to y (identity shortcuts "
            "solid)",
        ),
        (
            (
                Unit(block=BlockKind.BOTTLENECK, shortcut=ShortcutKind.PROJECTION),
                Unit(UnitOrder.FULL_PREACT, BlockKind.BOTTLENECK, ShortcutKind.PROJECTION),
            ),
            "Residual units (bottleneck, projection): original and full pre-activation, from x to "
            "y (projection shortcuts dashed)",
        ),
        (
            (Unit(), Unit(block=BlockKind.BOTTLENECK)),
            "Residual units: original; original, bottleneck; from x to y (identity shortcuts "
            "solid)",
        ),
        (
            (Unit(), Unit(shortcut=ShortcutKind.PROJECTION)),
            "Residual units: original; original, projection; from x to y (identity shortcut solid, "
            "projection shortcut dashed)",
        ),
    ],
)
def test_units_say_once_what_they_share(units: tuple[Unit, ...], said: str) -> None:
    assert units_caption(units).startswith(rf"\caption{{{said}.")


def test_every_source_has_an_entry() -> None:
    for entry in CATALOG.values():
        text = bibtex(entry.source)
        assert text.count("{") == text.count("}")
        assert entry.source.title in text


def test_a_figure_says_how_it_was_measured_and_whom_it_cites() -> None:
    networks = {Role.ARCHITECTURE: [HE2015, HE2015]}
    said = figure_caption("‖∂L/∂x‖ of `plain20:norm=none`", "2 seeds, 10⁻⁵ of 5%", networks)
    assert said.startswith(
        r"\caption{$\|\partial L/\partial x\|$ of \texttt{plain20:norm=none}. "
        r"2 seeds, 10$^{-5}$ of 5\%. Architecture: He et al.~\cite{he2016deep}.}"
        "\n\n@inproceedings{he2016deep,\n"
    )
    assert said.count("@inproceedings") == 1
    measured = figure_caption(
        "Errors.", cited={**architectures(["resnet50"]), Role.METHOD: [VEIT2016]}
    )
    cited = (
        r"Architecture: He et al.~\cite{he2016deep}. Method: Veit et al.~\cite{veit2016residual}."
    )
    assert cited in measured
    assert figure_caption("A chart.") == "\\caption{A chart.}\n"
    cites = figure_caption("A", cited={Role.METHOD: [WIGHTMAN2019], Role.RESULTS: [WIGHTMAN2019]})
    assert r"Published results: Ross Wightman~\cite{wightman2019timm}." in cites
    assert cites.count("@misc") == 1
    two = figure_caption("A", cited=architectures(["resnet50", "resnext50_32x4d", "resnet18"]))
    assert r"Architectures: He et al.~\cite{he2016deep}, Xie et al.~\cite{xie2017" in two
    assert two.count("@inproceedings") == 2


@pytest.mark.parametrize(
    ("path", "said"),
    [("layer2.0", "dashed). /2: stride 2."), ("layer1.0", "dashed). ResNet-50 is")],
)
def test_a_block_explains_its_strides(path: str, said: str) -> None:
    assert said in block_caption(analysis.profile(parse("resnet50")), path)


def test_no_stride_is_explained_where_there_is_none() -> None:
    assert "stride" not in caption(analysis.profile(parse("resnet20:blocks=3:widths=16")))
