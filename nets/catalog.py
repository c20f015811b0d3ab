"""The catalog of named networks: what each one is, and its source.

To add a network, add one entry. Everything else follows from its spec.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nets.options import BlockKind, Init, Norm, Padding, Shortcut, Stem, StrideOn, UnitOrder
from nets.spec import ResNetSpec, register


class Family(StrEnum):
    """The groups in which the catalog is shown."""

    TORCHVISION = "torchvision"
    PAPER = "ImageNet, 2015 paper"
    CIFAR = "CIFAR, 2015 paper"
    PREACT = "Pre-activation"
    WIDE = "Wide"
    DEPTHS = "More depths and widths"
    TWEAKS = "ResNet-C, ResNet-D, SE, GN"
    BACKBONES = "Backbones"
    TEACHING = "Teaching"


@dataclass(frozen=True)
class Citation:
    """A published source."""

    key: str
    authors: str
    title: str
    venue: str
    year: int
    url: str

    @property
    def short(self) -> str:
        """Authors and year, as cited in text: `He et al. 2015`."""
        return f"{self.names} {self.year}"

    @property
    def names(self) -> str:
        """The authors as cited in text: `He et al.`."""
        names = self.authors.split(", ")
        surname = names[0].split()[-1]
        if len(names) == 1:
            return names[0]
        return f"{surname} and {names[1].split()[-1]}" if len(names) == 2 else f"{surname} et al."


@dataclass(frozen=True)
class Result:
    """A published error, never measured here."""

    metric: str
    percent: float
    recipe: str
    source: Citation
    place: str


@dataclass(frozen=True)
class CatalogEntry:
    """One network of the catalog."""

    spec: ResNetSpec
    family: Family
    title: str
    summary: str
    source: Citation
    results: tuple[Result, ...] = ()

    @property
    def in_torchvision(self) -> bool:
        """True if torchvision builds this network under this name."""
        return self.family is Family.TORCHVISION


HE2015 = Citation(
    "he2016deep",
    "Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun",
    "Deep Residual Learning for Image Recognition",
    "CVPR 2016, arXiv 1512.03385",
    2015,
    "https://arxiv.org/abs/1512.03385",
)
HE2016 = Citation(
    "he2016identity",
    "Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun",
    "Identity Mappings in Deep Residual Networks",
    "ECCV 2016, arXiv 1603.05027",
    2016,
    "https://arxiv.org/abs/1603.05027",
)
XIE2016 = Citation(
    "xie2017aggregated",
    "Saining Xie, Ross Girshick, Piotr Dollár, Zhuowen Tu, Kaiming He",
    "Aggregated Residual Transformations for Deep Neural Networks",
    "CVPR 2017, arXiv 1611.05431",
    2016,
    "https://arxiv.org/abs/1611.05431",
)
ZAGORUYKO2016 = Citation(
    "zagoruyko2016wide",
    "Sergey Zagoruyko, Nikos Komodakis",
    "Wide Residual Networks",
    "BMVC 2016, arXiv 1605.07146",
    2016,
    "https://arxiv.org/abs/1605.07146",
)
TONG_HE2018 = Citation(
    "he2019bag",
    "Tong He, Zhi Zhang, Hang Zhang, Zhongyue Zhang, Junyuan Xie, Mu Li",
    "Bag of Tricks for Image Classification with Convolutional Neural Networks",
    "CVPR 2019, arXiv 1812.01187",
    2018,
    "https://arxiv.org/abs/1812.01187",
)
GOYAL2017 = Citation(
    "goyal2017accurate",
    "Priya Goyal, Piotr Dollár, Ross Girshick, Pieter Noordhuis, Lukasz Wesolowski, Aapo Kyrola, "
    "Andrew Tulloch, Yangqing Jia, Kaiming He",
    "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour",
    "arXiv 1706.02677",
    2017,
    "https://arxiv.org/abs/1706.02677",
)
HU2018 = Citation(
    "hu2018squeeze",
    "Jie Hu, Li Shen, Gang Sun",
    "Squeeze-and-Excitation Networks",
    "CVPR 2018, arXiv 1709.01507",
    2018,
    "https://arxiv.org/abs/1709.01507",
)
WU2018 = Citation(
    "wu2018group",
    "Yuxin Wu, Kaiming He",
    "Group Normalization",
    "ECCV 2018, arXiv 1803.08494",
    2018,
    "https://arxiv.org/abs/1803.08494",
)
MAHAJAN2018 = Citation(
    "mahajan2018exploring",
    "Dhruv Mahajan, Ross Girshick, Vignesh Ramanathan, Kaiming He, Manohar Paluri, Yixuan Li, "
    "Ashwin Bharambe, Laurens van der Maaten",
    "Exploring the Limits of Weakly Supervised Pretraining",
    "ECCV 2018, arXiv 1805.00932",
    2018,
    "https://arxiv.org/abs/1805.00932",
)
CHEN2019 = Citation(
    "chen2019closer",
    "Wei-Yu Chen, Yen-Cheng Liu, Zsolt Kira, Yu-Chiang Frank Wang, Jia-Bin Huang",
    "A Closer Look at Few-shot Classification",
    "ICLR 2019, arXiv 1904.04232",
    2019,
    "https://arxiv.org/abs/1904.04232",
)
WIGHTMAN2019 = Citation(
    "wightman2019timm",
    "Ross Wightman",
    "PyTorch Image Models",
    "software, doi 10.5281/zenodo.4414861",
    2019,
    "https://github.com/huggingface/pytorch-image-models",
)
TORCHVISION2016 = Citation(
    "torchvision2016",
    "TorchVision maintainers and contributors",
    "TorchVision: PyTorch's Computer Vision library",
    "software",
    2016,
    "https://github.com/pytorch/vision",
)
CHOLLET2015 = Citation(
    "chollet2015keras",
    "François Chollet",
    "Keras",
    "software, Keras Applications",
    2015,
    "https://keras.io/api/applications/resnet/",
)
WU2019 = Citation(
    "wu2019detectron2",
    "Yuxin Wu, Alexander Kirillov, Francisco Massa, Wan-Yen Lo, Ross Girshick",
    "Detectron2",
    "software",
    2019,
    "https://github.com/facebookresearch/detectron2",
)
MMSEG2020 = Citation(
    "mmseg2020",
    "MMSegmentation Contributors",
    "MMSegmentation: OpenMMLab Semantic Segmentation Toolbox and Benchmark",
    "software",
    2020,
    "https://github.com/open-mmlab/mmsegmentation",
)
YANG2023 = Citation(
    "yang2023medmnist",
    "Jiancheng Yang, Rui Shi, Donglai Wei, Zequan Liu, Lin Zhao, Bilian Ke, Hanspeter Pfister, "
    "Bingbing Ni",
    "MedMNIST v2 - A Large-Scale Lightweight Benchmark for 2D and 3D Biomedical Image "
    "Classification",
    "Scientific Data 10, arXiv 2110.14795",
    2023,
    "https://arxiv.org/abs/2110.14795",
)
ZHANG2023 = Citation(
    "zhang2023dive",
    "Aston Zhang, Zachary C. Lipton, Mu Li, Alexander J. Smola",
    "Dive into Deep Learning",
    "Cambridge University Press, section 8.6",
    2023,
    "https://d2l.ai/chapter_convolutional-modern/resnet.html",
)

_CIFAR = {
    "block": BlockKind.BASIC,
    "expansion": 1,
    "widths": (16, 32, 64),
    "strides": (1, 2, 2),
    "dilate": (0, 0),
    "stem": Stem.CIFAR,
    "stem_width": 16,
    "shortcut": Shortcut.ZERO_PAD,
    "classes": 10,
    "input": (3, 32, 32),
}
_BASIC = {"block": BlockKind.BASIC, "expansion": 1}
_PREACT = {
    "unit": UnitOrder.FULL_PREACT,
    "shortcut": Shortcut.PROJECTION,
    "projection_norm": False,
}
_D2L = {
    **_BASIC,
    "blocks": (2, 2, 2, 2),
    "bias": True,
    "projection_norm": False,
    "classes": 10,
    "init": Init.XAVIER,
}
_D: dict[str, object] = {"stem": Stem.DEEP, "projection_pool": True}
_KERAS = {
    "shortcut": Shortcut.PROJECTION_FIRST,
    "bias": True,
    "bn_eps": 1.001e-5,
    "bn_momentum": 0.01,
    "init": Init.XAVIER,
    "softmax": True,
}


def _spec(name: str, **options: object) -> ResNetSpec:
    return register(ResNetSpec(base=name, **options))  # type: ignore[arg-type]


def _top1(percent: float, table: int) -> Result:
    return Result("ImageNet top-1 error", percent, "10-crop", HE2015, f"Table {table}")


def _cifar10(percent: float, recipe: str = "") -> Result:
    return Result("CIFAR-10 error", percent, recipe, HE2015, "Table 6")


def _identity(percent: float, recipe: str) -> Result:
    return Result("CIFAR-10 error", percent, recipe, HE2016, "Tables 2 to 4")


CATALOG: dict[str, CatalogEntry] = {
    "resnet18": CatalogEntry(
        _spec("resnet18", **_BASIC, blocks=(2, 2, 2, 2)),
        Family.TORCHVISION,
        "ResNet-18",
        "Eight basic blocks in four stages: the smallest ImageNet network of the paper.",
        HE2015,
    ),
    "resnet34": CatalogEntry(
        _spec("resnet34", **_BASIC),
        Family.TORCHVISION,
        "ResNet-34",
        "Sixteen basic blocks, with projections where the shape changes (option B).",
        HE2015,
        (_top1(24.52, 3),),
    ),
    "resnet50": CatalogEntry(
        _spec("resnet50"),
        Family.TORCHVISION,
        "ResNet-50 v1.5",
        "ResNet-34's stages with bottleneck blocks, which stride on their 3×3 convolution, as in "
        "torchvision (v1.5).",
        HE2015,
    ),
    "resnet101": CatalogEntry(
        _spec("resnet101", blocks=(3, 4, 23, 3)),
        Family.TORCHVISION,
        "ResNet-101 v1.5",
        "ResNet-50 with 23 instead of 6 bottleneck blocks in its third stage.",
        HE2015,
    ),
    "resnet152": CatalogEntry(
        _spec("resnet152", blocks=(3, 8, 36, 3)),
        Family.TORCHVISION,
        "ResNet-152 v1.5",
        "Fifty bottleneck blocks: the deepest ImageNet network of the paper.",
        HE2015,
    ),
    "resnext50_32x4d": CatalogEntry(
        _spec("resnext50_32x4d", groups=32, group_width=4),
        Family.TORCHVISION,
        "ResNeXt-50 32x4d",
        "ResNet-50 with its 3×3 convolutions in 32 groups of 4 channels.",
        XIE2016,
    ),
    "resnext101_32x8d": CatalogEntry(
        _spec("resnext101_32x8d", blocks=(3, 4, 23, 3), groups=32, group_width=8),
        Family.TORCHVISION,
        "ResNeXt-101 32x8d",
        "ResNet-101 with its 3×3 convolutions in 32 groups of 8 channels.",
        XIE2016,
    ),
    "resnext101_64x4d": CatalogEntry(
        _spec("resnext101_64x4d", blocks=(3, 4, 23, 3), groups=64, group_width=4),
        Family.TORCHVISION,
        "ResNeXt-101 64x4d",
        "ResNet-101 with its 3×3 convolutions in 64 groups of 4 channels.",
        XIE2016,
    ),
    "wide_resnet50_2": CatalogEntry(
        _spec("wide_resnet50_2", group_width=128),
        Family.TORCHVISION,
        "Wide ResNet-50-2",
        "ResNet-50 with twice the width inside its bottlenecks and the same outputs.",
        ZAGORUYKO2016,
    ),
    "wide_resnet101_2": CatalogEntry(
        _spec("wide_resnet101_2", blocks=(3, 4, 23, 3), group_width=128),
        Family.TORCHVISION,
        "Wide ResNet-101-2",
        "ResNet-101 with twice the width inside its bottlenecks and the same outputs.",
        ZAGORUYKO2016,
    ),
    "resnet50_v1": CatalogEntry(
        _spec("resnet50_v1", stride_on=StrideOn.CONV1),
        Family.PAPER,
        "ResNet-50 v1",
        "ResNet-50 as in the paper: a stage strides on its first 1×1 convolution.",
        HE2015,
        (_top1(22.85, 3),),
    ),
    "resnet101_v1": CatalogEntry(
        _spec("resnet101_v1", blocks=(3, 4, 23, 3), stride_on=StrideOn.CONV1),
        Family.PAPER,
        "ResNet-101 v1",
        "ResNet-101 as in the paper: a stage strides on its first 1×1 convolution.",
        HE2015,
        (_top1(21.75, 3),),
    ),
    "resnet152_v1": CatalogEntry(
        _spec("resnet152_v1", blocks=(3, 8, 36, 3), stride_on=StrideOn.CONV1),
        Family.PAPER,
        "ResNet-152 v1",
        "ResNet-152 as in the paper: a stage strides on its first 1×1 convolution.",
        HE2015,
        (_top1(21.43, 3),),
    ),
    "resnet34_a": CatalogEntry(
        _spec("resnet34_a", **_BASIC, shortcut=Shortcut.ZERO_PAD),
        Family.PAPER,
        "ResNet-34 A",
        "ResNet-34 without projections: new channels are filled with zeros (option A).",
        HE2015,
        (_top1(25.03, 3),),
    ),
    "resnet34_c": CatalogEntry(
        _spec("resnet34_c", **_BASIC, shortcut=Shortcut.PROJECTION_ALL),
        Family.PAPER,
        "ResNet-34 C",
        "ResNet-34 with a projection on every shortcut (option C).",
        HE2015,
        (_top1(24.19, 3),),
    ),
    "plain18": CatalogEntry(
        _spec("plain18", **_BASIC, blocks=(2, 2, 2, 2), shortcut=Shortcut.NONE),
        Family.PAPER,
        "Plain-18",
        "ResNet-18 without its shortcuts: the paper's control.",
        HE2015,
        (_top1(27.94, 2),),
    ),
    "plain34": CatalogEntry(
        _spec("plain34", **_BASIC, shortcut=Shortcut.NONE),
        Family.PAPER,
        "Plain-34",
        "ResNet-34 without its shortcuts; its error is higher than Plain-18's (degradation).",
        HE2015,
        (_top1(28.54, 2),),
    ),
    "resnet20": CatalogEntry(
        _spec("resnet20", **_CIFAR, blocks=(3, 3, 3)),
        Family.CIFAR,
        "ResNet-20",
        "Three stages of three basic blocks on 32×32 images.",
        HE2015,
        (_cifar10(8.75),),
    ),
    "resnet32": CatalogEntry(
        _spec("resnet32", **_CIFAR, blocks=(5, 5, 5)),
        Family.CIFAR,
        "ResNet-32",
        "Three stages of five basic blocks on 32×32 images.",
        HE2015,
        (_cifar10(7.51),),
    ),
    "resnet44": CatalogEntry(
        _spec("resnet44", **_CIFAR, blocks=(7, 7, 7)),
        Family.CIFAR,
        "ResNet-44",
        "Three stages of seven basic blocks on 32×32 images.",
        HE2015,
        (_cifar10(7.17),),
    ),
    "resnet56": CatalogEntry(
        _spec("resnet56", **_CIFAR, blocks=(9, 9, 9)),
        Family.CIFAR,
        "ResNet-56",
        "Three stages of nine basic blocks on 32×32 images.",
        HE2015,
        (_cifar10(6.97),),
    ),
    "resnet110": CatalogEntry(
        _spec("resnet110", **_CIFAR, blocks=(18, 18, 18)),
        Family.CIFAR,
        "ResNet-110",
        "Three stages of eighteen basic blocks on 32×32 images.",
        HE2015,
        (_cifar10(6.43, "best of 5 (6.61±0.16)"), _identity(6.61, "median of 5, original unit")),
    ),
    "resnet1202": CatalogEntry(
        _spec("resnet1202", **_CIFAR, blocks=(200, 200, 200)),
        Family.CIFAR,
        "ResNet-1202",
        "Six hundred basic blocks: it trains, but tests worse than ResNet-110, which the paper "
        "puts down to overfitting.",
        HE2015,
        (_cifar10(7.93),),
    ),
    "plain20": CatalogEntry(
        _spec("plain20", **_CIFAR | {"shortcut": Shortcut.NONE}, blocks=(3, 3, 3)),
        Family.CIFAR,
        "Plain-20",
        "ResNet-20 without its shortcuts.",
        HE2015,
    ),
    "plain32": CatalogEntry(
        _spec("plain32", **_CIFAR | {"shortcut": Shortcut.NONE}, blocks=(5, 5, 5)),
        Family.CIFAR,
        "Plain-32",
        "ResNet-32 without its shortcuts.",
        HE2015,
    ),
    "plain44": CatalogEntry(
        _spec("plain44", **_CIFAR | {"shortcut": Shortcut.NONE}, blocks=(7, 7, 7)),
        Family.CIFAR,
        "Plain-44",
        "ResNet-44 without its shortcuts.",
        HE2015,
    ),
    "plain56": CatalogEntry(
        _spec("plain56", **_CIFAR | {"shortcut": Shortcut.NONE}, blocks=(9, 9, 9)),
        Family.CIFAR,
        "Plain-56",
        "ResNet-56 without its shortcuts.",
        HE2015,
    ),
    "plain110": CatalogEntry(
        _spec("plain110", **_CIFAR | {"shortcut": Shortcut.NONE}, blocks=(18, 18, 18)),
        Family.CIFAR,
        "Plain-110",
        "ResNet-110 without its shortcuts; in the paper its error stays above 60% (Fig. 6).",
        HE2015,
    ),
    "preresnet110": CatalogEntry(
        _spec(
            "preresnet110",
            **_CIFAR | _PREACT | {"shortcut": Shortcut.ZERO_PAD},
            blocks=(18, 18, 18),
        ),
        Family.PREACT,
        "Pre-activation ResNet-110",
        "ResNet-110 with BN and ReLU before each convolution, which keeps the skip path clean.",
        HE2016,
        (_identity(6.37, "median of 5, full pre-activation"),),
    ),
    "preresnet164": CatalogEntry(
        _spec(
            "preresnet164",
            **_CIFAR | _PREACT | {"block": BlockKind.BOTTLENECK, "expansion": 4},
            blocks=(18, 18, 18),
        ),
        Family.PREACT,
        "Pre-activation ResNet-164",
        "Fifty-four pre-activated bottleneck blocks on 32×32 images.",
        HE2016,
        (_identity(5.46, "median of 5, full pre-activation"),),
    ),
    "preresnet1001": CatalogEntry(
        _spec(
            "preresnet1001",
            **_CIFAR | _PREACT | {"block": BlockKind.BOTTLENECK, "expansion": 4},
            blocks=(111, 111, 111),
        ),
        Family.PREACT,
        "Pre-activation ResNet-1001",
        "A thousand layers that train, with 333 pre-activated bottleneck blocks.",
        HE2016,
        (_identity(4.92, "median of 5, full pre-activation"),),
    ),
    "preresnet200": CatalogEntry(
        _spec("preresnet200", **_PREACT, blocks=(3, 24, 36, 3)),
        Family.PREACT,
        "Pre-activation ResNet-200",
        "Sixty-six pre-activated bottleneck blocks for ImageNet.",
        HE2016,
    ),
    "wrn28_10": CatalogEntry(
        _spec("wrn28_10", **_CIFAR | _PREACT | {"widths": (160, 320, 640)}, blocks=(4, 4, 4)),
        Family.WIDE,
        "WRN-28-10",
        "Twelve pre-activated basic blocks, ten times as wide as a CIFAR ResNet's.",
        ZAGORUYKO2016,
    ),
    "wrn40_4": CatalogEntry(
        _spec("wrn40_4", **_CIFAR | _PREACT | {"widths": (64, 128, 256)}, blocks=(6, 6, 6)),
        Family.WIDE,
        "WRN-40-4",
        "Eighteen pre-activated basic blocks, four times as wide as a CIFAR ResNet's.",
        ZAGORUYKO2016,
    ),
    "wrn16_8": CatalogEntry(
        _spec("wrn16_8", **_CIFAR | _PREACT | {"widths": (128, 256, 512)}, blocks=(2, 2, 2)),
        Family.WIDE,
        "WRN-16-8",
        "Six pre-activated basic blocks, eight times as wide as a CIFAR ResNet's.",
        ZAGORUYKO2016,
    ),
    "wrn28_10_dropout": CatalogEntry(
        _spec(
            "wrn28_10_dropout",
            **_CIFAR | _PREACT | {"widths": (160, 320, 640)},
            blocks=(4, 4, 4),
            dropout=0.3,
        ),
        Family.WIDE,
        "WRN-28-10 with dropout",
        "WRN-28-10 with dropout of 0.3 between the two convolutions of each block.",
        ZAGORUYKO2016,
    ),
    "resnet10": CatalogEntry(
        _spec("resnet10", **_BASIC, blocks=(1, 1, 1, 1)),
        Family.DEPTHS,
        "ResNet-10",
        "One basic block per stage: the usual backbone of few-shot learning.",
        CHEN2019,
    ),
    "resnet26": CatalogEntry(
        _spec("resnet26", blocks=(2, 2, 2, 2)),
        Family.DEPTHS,
        "ResNet-26",
        "ResNet-18's stages with bottleneck blocks.",
        WIGHTMAN2019,
    ),
    "resnet200": CatalogEntry(
        _spec("resnet200", blocks=(3, 24, 36, 3)),
        Family.DEPTHS,
        "ResNet-200",
        "Sixty-six bottleneck blocks in the original unit order.",
        WIGHTMAN2019,
    ),
    "resnext101_32x16d": CatalogEntry(
        _spec("resnext101_32x16d", blocks=(3, 4, 23, 3), groups=32, group_width=16),
        Family.DEPTHS,
        "ResNeXt-101 32x16d",
        "ResNet-101 with its 3×3 convolutions in 32 groups of 16 channels.",
        MAHAJAN2018,
    ),
    "resnet50c": CatalogEntry(
        _spec("resnet50c", stem=Stem.DEEP),
        Family.TWEAKS,
        "ResNet-50-C",
        "ResNet-50 with three 3×3 convolutions in place of its 7×7.",
        TONG_HE2018,
    ),
    "resnet26d": CatalogEntry(
        _spec("resnet26d", **_D, blocks=(2, 2, 2, 2)),
        Family.TWEAKS,
        "ResNet-26-D",
        "ResNet-26 with a deep stem and an average pool before each strided projection.",
        WIGHTMAN2019,
    ),
    "resnet50d": CatalogEntry(
        _spec("resnet50d", **_D),
        Family.TWEAKS,
        "ResNet-50-D",
        "ResNet-50 with a deep stem and an average pool before each strided projection.",
        TONG_HE2018,
    ),
    "resnet101d": CatalogEntry(
        _spec("resnet101d", **_D, blocks=(3, 4, 23, 3)),
        Family.TWEAKS,
        "ResNet-101-D",
        "ResNet-101 with a deep stem and an average pool before each strided projection.",
        TONG_HE2018,
    ),
    "resnet152d": CatalogEntry(
        _spec("resnet152d", **_D, blocks=(3, 8, 36, 3)),
        Family.TWEAKS,
        "ResNet-152-D",
        "ResNet-152 with a deep stem and an average pool before each strided projection.",
        TONG_HE2018,
    ),
    "seresnet50": CatalogEntry(
        _spec("seresnet50", se=16),
        Family.TWEAKS,
        "SE-ResNet-50",
        "ResNet-50 with squeeze-and-excitation at the end of each branch.",
        HU2018,
    ),
    "seresnet101": CatalogEntry(
        _spec("seresnet101", blocks=(3, 4, 23, 3), se=16),
        Family.TWEAKS,
        "SE-ResNet-101",
        "ResNet-101 with squeeze-and-excitation at the end of each branch.",
        HU2018,
    ),
    "resnet50_gn": CatalogEntry(
        _spec("resnet50_gn", norm=Norm.GROUP),
        Family.TWEAKS,
        "ResNet-50 GN",
        "ResNet-50 with group norm in 32 groups in place of batch norm.",
        WU2018,
    ),
    "detectron2_r50": CatalogEntry(
        _spec("detectron2_r50", stride_on=StrideOn.CONV1, classes=0, input=(3, 800, 1333)),
        Family.BACKBONES,
        "R50 of Detectron2",
        "ResNet-50 v1 without its classifier; its frozen BN is batch norm in eval mode.",
        WU2019,
    ),
    "detectron2_r50_dc5": CatalogEntry(
        _spec(
            "detectron2_r50_dc5",
            stride_on=StrideOn.CONV1,
            dilate=(0, 0, 1),
            dilate_first=True,
            classes=0,
            input=(3, 800, 1333),
        ),
        Family.BACKBONES,
        "R50-DC5 of Detectron2",
        "ResNet-50 v1 without its classifier, dilated in its last stage.",
        WU2019,
    ),
    "mmseg_r50_d8": CatalogEntry(
        _spec("mmseg_r50_d8", stem=Stem.DEEP, dilate=(0, 1, 1), classes=0, input=(3, 512, 1024)),
        Family.BACKBONES,
        "ResNet-50-C of MMSegmentation",
        "ResNet-50-C without its classifier, dilated in its last two stages.",
        MMSEG2020,
    ),
    "medmnist_resnet18": CatalogEntry(
        _spec(
            "medmnist_resnet18",
            **_BASIC,
            blocks=(2, 2, 2, 2),
            stem=Stem.CIFAR,
            classes=11,
            input=(1, 28, 28),
        ),
        Family.BACKBONES,
        "ResNet-18 of MedMNIST",
        "ResNet-18 with one input channel and a 3×3 stem, here for the 11 organs of OrganAMNIST.",
        YANG2023,
    ),
    "d2l_resnet18": CatalogEntry(
        _spec("d2l_resnet18", **_D2L, input=(1, 224, 224)),
        Family.TEACHING,
        "ResNet-18 of d2l.ai",
        "ResNet-18 for greyscale images, with biases and without BN on its projections.",
        ZHANG2023,
    ),
    "keras_resnet18": CatalogEntry(
        _spec(
            "keras_resnet18",
            **_D2L,
            padding=Padding.SAME,
            bn_eps=1e-3,
            bn_momentum=0.01,
            softmax=True,
        ),
        Family.TEACHING,
        "ResNet-18 in Keras",
        'The d2l.ai network as taught in a Keras course, with "same" padding and the BN constants '
        "of Keras; the softmax and the RGB input are the course's, not d2l's.",
        ZHANG2023,
    ),
    "keras_resnet34": CatalogEntry(
        _spec("keras_resnet34", **_BASIC, **_KERAS),
        Family.TEACHING,
        "ResNet-34 in Keras",
        "ResNet-34 with the habits of Keras's ResNet-50: biases, and a projection in the first "
        "block of every stage.",
        CHOLLET2015,
    ),
    "keras_resnet50": CatalogEntry(
        _spec("keras_resnet50", **_KERAS, stride_on=StrideOn.CONV1),
        Family.TEACHING,
        "ResNet-50 in Keras",
        "ResNet-50 v1 with a bias in each convolution, and the BN constants of Keras.",
        CHOLLET2015,
    ),
    "flower_resnet18": CatalogEntry(
        _spec("flower_resnet18", **_BASIC, blocks=(2, 2, 2, 2), classes=10),
        Family.TEACHING,
        "ResNet-18 for ten flowers",
        "torchvision's ResNet-18 with ten outputs, the usual start of a fine-tuning course.",
        HE2015,
    ),
}
"""The entries by name, in the order in which the app shows them."""
