"""The options of a residual network: their types, limits and meanings.

`Options` is a network without a name: everything that determines its modules. It enforces every
limit, however it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

MAX_BLOCKS = 2_000
"""The most blocks in a network. The deepest published network here has 600 (CIFAR ResNet-1202)."""

MAX_PARAMETERS = 1_000_000_000
"""The most convolution and linear weights: 4 GB in float32, so no request exhausts the machine."""

MAX_STAGES = 5
"""The most stages in a network."""

MAX_CHANNELS = 65_536
"""The most channels of any tensor inside the network."""

MAX_BATCH = 65_536
"""The most images in one batch."""


class BlockKind(StrEnum):
    """The residual branch: two 3x3 convolutions, or 1x1, 3x3, 1x1 (He et al. 2015, Fig. 5)."""

    BASIC = "basic"
    BOTTLENECK = "bottleneck"


class UnitOrder(StrEnum):
    """The order of BN and ReLU in a unit (He et al. 2016, Fig. 4 a to e)."""

    ORIGINAL = "original"
    BN_AFTER_ADD = "bn_after_add"
    RELU_BEFORE_ADD = "relu_before_add"
    RELU_PREACT = "relu_preact"
    FULL_PREACT = "full_preact"

    @property
    def preactivated(self) -> bool:
        """True if the unit begins with its activation, before the first convolution."""
        return self in (UnitOrder.RELU_PREACT, UnitOrder.FULL_PREACT)

    @property
    def label(self) -> str:
        """The name in He et al. 2016, Fig. 4."""
        return {
            "original": "original",
            "bn_after_add": "BN after addition",
            "relu_before_add": "ReLU before addition",
            "relu_preact": "ReLU-only pre-activation",
            "full_preact": "full pre-activation",
        }[self.value]


class Shortcut(StrEnum):
    """The kind of shortcut (options A, B and C of He et al. 2015, section 4.1).

    PROJECTION is option B: a 1x1 convolution where the shape changes, identity elsewhere.
    PROJECTION_FIRST is option B with a 1x1 convolution in the first block of every stage, even if
    the shapes agree, as in the ResNets of Keras and TensorFlow.
    ZERO_PAD is option A: subsampling and zero channels where the shape changes.
    PROJECTION_ALL is option C: a 1x1 convolution in every block.
    NONE makes a plain stack.
    """

    PROJECTION = "projection"
    PROJECTION_FIRST = "projection_first"
    ZERO_PAD = "zero_pad"
    PROJECTION_ALL = "projection_all"
    NONE = "none"


class Stem(StrEnum):
    """The layers before the first stage.

    IMAGENET is a 7x7 convolution of stride 2 and a max-pool; DEEP has three 3x3 convolutions in its
    place, the first of stride 2, and the first two half as wide (ResNet-C, He et al. 2018, Fig. 2).
    CIFAR is one 3x3 convolution.
    """

    IMAGENET = "imagenet"
    DEEP = "deep"
    CIFAR = "cifar"


class StrideOn(StrEnum):
    """Where a bottleneck strides: on its 3x3 (v1.5, torchvision) or its first 1x1 (v1, paper)."""

    CONV2 = "conv2"
    CONV1 = "conv1"


class Norm(StrEnum):
    """The normalisation after (or before) each convolution."""

    BATCH = "batch"
    GROUP = "group"
    NONE = "none"

    @property
    def label(self) -> str:
        """The papers' abbreviation: BN, GN."""
        return {"batch": "BN", "group": "GN", "none": ""}[self.value]


class Activation(StrEnum):
    """The non-linearity, the same one everywhere in the network."""

    RELU = "relu"
    LEAKY_RELU = "leaky_relu"
    ELU = "elu"
    GELU = "gelu"
    SILU = "silu"
    TANH = "tanh"
    SIGMOID = "sigmoid"

    @property
    def label(self) -> str:
        """The papers' spelling: ReLU, GELU."""
        names = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "silu": "SiLU"}
        upper = self.value.upper() if self in (Activation.ELU, Activation.GELU) else self.value
        return names.get(self.value, upper)


class Padding(StrEnum):
    """The zero padding of a convolution: equal on both sides, or TensorFlow's "same"."""

    SYMMETRIC = "symmetric"
    SAME = "same"


class Init(StrEnum):
    """The initialisation: He et al. 2015 by fan-out, Glorot and Bengio 2010, or PyTorch's."""

    HE_FAN_OUT = "he_fan_out"
    XAVIER = "xavier"
    DEFAULT = "default"


class Group(StrEnum):
    """The headings under which the editor shows the options."""

    SIZE = "Size"
    BLOCK = "Block"
    SHORTCUT = "Shortcut"
    STEM = "Stem"
    NUMERICS = "Numerics"


@dataclass(frozen=True)
class Option:
    """A field of a spec, apart from its value: heading, label, help and limits."""

    group: Group
    label: str
    help: str
    low: float = 0
    high: float = 0


def _option(
    default: Any, group: Group, label: str, help: str, low: float = 0, high: float = 0
) -> Any:
    return field(default=default, metadata={"option": Option(group, label, help, low, high)})


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a residual network. The defaults are those of torchvision's `resnet50`.

    Enums also accept strings (`unit="full_preact"`).

    Raises:
        ValueError: in one sentence that names the field, its value and what is allowed.
    """

    blocks: tuple[int, ...] = _option(
        (3, 4, 6, 3), Group.SIZE, "Blocks per stage", "Blocks in each of 1 to 5 stages.", 1, 1_000
    )
    widths: tuple[int, ...] = _option(
        (64, 128, 256, 512),
        Group.SIZE,
        "Stage widths",
        "Channels of each stage's 3×3 convolutions, before groups and group width.",
        1,
        8_192,
    )
    block: BlockKind = _option(
        BlockKind.BOTTLENECK,
        Group.BLOCK,
        "Block",
        "Basic: two 3×3 convolutions. Bottleneck: 1×1, 3×3, 1×1.",
    )
    expansion: int = _option(
        4,
        Group.BLOCK,
        "Expansion",
        "Output channels of a block divided by its width: 4 in a bottleneck, 1 in a basic block.",
        1,
        16,
    )
    groups: int = _option(
        1,
        Group.BLOCK,
        "Groups",
        "Groups of a bottleneck's 3×3 convolution: 32 in ResNeXt.",
        1,
        1_024,
    )
    group_width: int = _option(
        64,
        Group.BLOCK,
        "Group width",
        "Channels per group at width 64: 4 in ResNeXt-50 32x4d, 128 in Wide ResNet-50-2.",
        1,
        4_096,
    )
    unit: UnitOrder = _option(
        UnitOrder.ORIGINAL,
        Group.BLOCK,
        "Unit order",
        "The order of BN and ReLU in a block (He et al. 2016, Fig. 4).",
    )
    stride_on: StrideOn = _option(
        StrideOn.CONV2,
        Group.BLOCK,
        "Stride on",
        "The strided convolution of a bottleneck: the 3×3 in v1.5 (torchvision), the first 1×1 in "
        "v1 (the paper).",
    )
    strides: tuple[int, ...] = _option(
        (1, 2, 2, 2),
        Group.SIZE,
        "Stage strides",
        "The stride of each stage's first block: 1, or 2 to halve the map.",
        1,
        2,
    )
    dilate: tuple[int, ...] = _option(
        (0, 0, 0),
        Group.BLOCK,
        "Dilated stages",
        "A 0 or 1 for each stage after the first: 1 dilates the stage instead of striding.",
        0,
        1,
    )
    dilate_first: bool = _option(
        False,
        Group.BLOCK,
        "Dilate first blocks",
        "Give the first block of a dilated stage the stage's dilation, as detectron2 does; "
        "otherwise its strided convolution keeps the previous one, as in torchvision.",
    )
    dropout: float = _option(
        0.0,
        Group.BLOCK,
        "Dropout",
        "Share of values dropped between the two 3×3 convolutions of a basic block (Wide ResNet).",
        0,
        0.95,
    )
    se: int = _option(
        0,
        Group.BLOCK,
        "SE reduction",
        "Squeeze-and-excitation at the end of each branch: channels divided by this number inside "
        "it, usually 16. 0: none.",
        0,
        1_024,
    )
    shortcut: Shortcut = _option(
        Shortcut.PROJECTION,
        Group.SHORTCUT,
        "Shortcut",
        "The shortcut where the shape changes: zero padding (option A) or a 1×1 convolution (B). "
        "Projections only: a 1×1 convolution in every block (C). None: a plain network.",
    )
    projection_norm: bool = _option(
        True, Group.SHORTCUT, "Norm after projections", "Normalise the output of each projection."
    )
    projection_pool: bool = _option(
        False,
        Group.SHORTCUT,
        "Pool before projections",
        "Replace a projection's stride with a 2×2 average pool before it (ResNet-D).",
    )
    stem: Stem = _option(
        Stem.IMAGENET,
        Group.STEM,
        "Stem",
        "ImageNet: 7×7 at stride 2, then max-pool. Deep: three 3×3 in place of the 7×7 "
        "(ResNet-C). CIFAR: one 3×3.",
    )
    stem_width: int = _option(
        64, Group.STEM, "Stem width", "Output channels of the stem.", 1, 4_096
    )
    input: tuple[int, int, int] = _option(
        (3, 224, 224), Group.STEM, "Input", "Channels, height and width of an image.", 1, 4_096
    )
    classes: int = _option(
        1_000,
        Group.STEM,
        "Classes",
        "Outputs of the last layer. 0: no classifier; the pooled features come out.",
        0,
        100_000,
    )
    softmax: bool = _option(False, Group.STEM, "Softmax", "End the network with a softmax.")
    norm: Norm = _option(
        Norm.BATCH,
        Group.NUMERICS,
        "Normalisation",
        "Batch norm or group norm at each convolution, or none.",
    )
    norm_groups: int = _option(
        32,
        Group.NUMERICS,
        "Norm groups",
        "Groups of group norm: 32 in Wu and He 2018.",
        1,
        1_024,
    )
    bn_eps: float = _option(
        1e-5, Group.NUMERICS, "Norm epsilon", "The norm adds this to the variance.", 1e-12, 1
    )
    bn_momentum: float = _option(
        0.1,
        Group.NUMERICS,
        "BN momentum",
        "Weight of the current batch in batch norm's running statistics.",
        0,
        1,
    )
    activation: Activation = _option(
        Activation.RELU,
        Group.NUMERICS,
        "Activation",
        "The non-linearity used throughout the network.",
    )
    bias: bool = _option(False, Group.NUMERICS, "Biases", "Add a bias to each convolution.")
    padding: Padding = _option(
        Padding.SYMMETRIC,
        Group.NUMERICS,
        "Padding",
        'Symmetric as in PyTorch, or "same" as in TensorFlow, which at stride 2 pads the bottom '
        "and right more.",
    )
    init: Init = _option(
        Init.HE_FAN_OUT, Group.NUMERICS, "Initialisation", "Initialisation of the weights."
    )
    zero_init: bool = _option(
        False,
        Group.NUMERICS,
        "Zero-initialised branches",
        "Start the last norm of each residual branch at zero.",
    )

    @property
    def channels(self) -> int:
        """Channels of an input image."""
        return self.input[0]

    @property
    def convs_per_block(self) -> int:
        """The number of convolutions on a residual branch."""
        return 2 if self.block is BlockKind.BASIC else 3

    @property
    def convs_in_stem(self) -> int:
        """The number of convolutions before the first block."""
        return 3 if self.stem is Stem.DEEP else 1

    @property
    def outputs(self) -> int:
        """Outputs per image: the classes, or without a classifier the pooled features."""
        return self.classes or self.widths[-1] * self.expansion

    @property
    def depth(self) -> int:
        """Weighted layers on the main path; as in the papers, projections don't count."""
        classifier = int(self.classes > 0)
        return self.convs_in_stem + self.convs_per_block * sum(self.blocks) + classifier

    def __post_init__(self) -> None:
        for name in OPTIONS:
            object.__setattr__(self, name, checked(name, getattr(self, name)))
        _check_stages(self)
        _check_options(self)


CHANNELS = "channels"
"""The first number of `input`, which may be set on its own."""

OPTIONS: dict[str, Option] = {
    f.name: f.metadata["option"] for f in fields(Options) if "option" in f.metadata
}
"""Every field that may be overridden, with its group, help and limits."""

DEFAULTS: dict[str, Any] = {f.name: f.default for f in fields(Options) if f.name in OPTIONS}
"""The value of every option in `Options()`; its type is the option's type."""


def quote(value: object) -> str:
    """Return any value as a short quoted string on one line."""
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a number too large to write"
    text = ascii(value if isinstance(value, str) else str(value)[:80])
    return text if len(text) <= 40 else f"{text[:36]}...{text[-1]}"


def given(value: object) -> str:
    """Return a number as errors repeat it: with thousands separators, or in words if huge."""
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15
    return f"{value:,}" if whole else quote(value).strip("'")


def number_of(number: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun: `1 image`, `2,000 images`, `10 classes` (given a plural)."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"


def check_whole(name: str, value: object, low: int, high: int) -> None:
    """Raise ValueError, in one sentence, if a value is not a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low:,} to {high:,}, not {given(value)}")


def shown(name: str, value: Any) -> str:
    """Return a value as the text form writes it: `3,4,6,3`, `3x224x224`, `1`, `full_preact`."""
    if isinstance(value, tuple):
        return ("x" if name == "input" else ",").join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)


def checked(name: str, value: Any) -> Any:
    """Return the value in the option's type, or raise a ValueError that says what is allowed."""
    if name == CHANNELS:
        return _number(name, value, OPTIONS["input"], whole=True)
    default, option = DEFAULTS[name], OPTIONS[name]
    if isinstance(default, StrEnum):
        kind = type(default)
        try:
            return kind(value)
        except ValueError:
            raise ValueError(
                f"{name} must be one of {', '.join(kind)}, not {quote(value)}"
            ) from None
    if isinstance(default, bool):
        if not isinstance(value, int) or value not in (0, 1):
            raise ValueError(f"{name} must be 0 or 1, not {quote(value)}")
        return bool(value)
    if isinstance(default, tuple):
        if not isinstance(value, tuple | list):
            raise ValueError(f"{name} must be a list of whole numbers, not {quote(value)}")
        if name == "input" and len(value) != 3:
            raise ValueError(
                "input must be channels x height x width, such as 3x224x224, "
                f"not {quote('x'.join(map(str, value)))}"
            )
        return tuple(_number(name, v, option, whole=True) for v in value)
    return _number(name, value, option, whole=isinstance(default, int))


def _number(name: str, value: Any, option: Option, *, whole: bool) -> int | float:
    allowed = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, allowed):
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"{name} must be {kind}, not {quote(value)}")
    if not option.low <= value <= option.high:
        limits = f"{option.low:,} to {option.high:,}"
        raise ValueError(f"{name} must be {limits}, not {given(value)}")
    return value if whole else float(value) + 0.0  # turns -0.0 into 0.0


def _check_stages(spec: Options) -> None:
    stages = len(spec.blocks)
    if not 1 <= stages <= MAX_STAGES:
        raise ValueError(f"blocks must list 1 to {MAX_STAGES} stages, not {stages}")
    if len(spec.widths) != stages:
        raise ValueError(
            f"widths lists {number_of(len(spec.widths), 'stage')} but blocks lists {stages}: the "
            "numbers must be equal"
        )
    if len(spec.strides) != stages:
        raise ValueError(
            f"strides lists {number_of(len(spec.strides), 'stage')} but blocks lists {stages}: the "
            "numbers must be equal"
        )
    if stages == 1 and spec.dilate:
        raise ValueError("dilate has no effect in a network with one stage: leave it out")
    if len(spec.dilate) != stages - 1:
        raise ValueError(
            f"dilate must list {stages - 1} values, one for each stage after the first, "
            f"not {len(spec.dilate)}"
        )
    if sum(spec.blocks) > MAX_BLOCKS:
        raise ValueError(f"blocks must add up to at most {MAX_BLOCKS:,}, not {sum(spec.blocks):,}")


def idle_options(spec: Options) -> dict[str, str]:
    """Return the options that have no effect in a spec, each with what it needs."""
    idle: dict[str, str] = {}
    if spec.block is BlockKind.BASIC:
        idle |= dict.fromkeys(("groups", "group_width", "stride_on"), "bottleneck blocks")
    else:
        idle["dropout"] = "basic blocks"
    if len(spec.blocks) == 1:
        idle["dilate"] = "a second stage"
    if not any(spec.dilate):
        idle["dilate_first"] = "a dilated stage"
    elif spec.stride_on is StrideOn.CONV1:
        idle["dilate_first"] = "the stride on conv2: on conv1, first blocks are dilated anyway"
    if spec.shortcut in (Shortcut.ZERO_PAD, Shortcut.NONE):
        idle |= dict.fromkeys(("projection_norm", "projection_pool"), "projection shortcuts")
    if spec.unit not in (UnitOrder.ORIGINAL, UnitOrder.RELU_PREACT):
        idle["zero_init"] = "a branch that ends in a norm: original or ReLU-only pre-activation"
    if spec.shortcut is Shortcut.NONE:
        idle["zero_init"] = "a shortcut"
    if spec.norm is Norm.NONE:
        norms = ("projection_norm", "bn_eps", "zero_init")
        idle |= dict.fromkeys(norms, "batch norm or group norm")
    if spec.norm is not Norm.BATCH:
        idle["bn_momentum"] = "batch norm"
    if spec.norm is not Norm.GROUP:
        idle["norm_groups"] = "group norm"
    if not spec.classes:
        idle["softmax"] = "a classifier"
    return idle


def _check_options(spec: Options) -> None:
    """Raise ValueError for options that don't work together, naming both."""
    if spec.block is BlockKind.BASIC:
        for name in ("groups", "group_width", "stride_on"):
            value = getattr(spec, name)
            if value != DEFAULTS[name]:
                raise ValueError(f"{name}={value} needs block=bottleneck, not block=basic")
    elif spec.dropout:
        raise ValueError(f"dropout={spec.dropout} needs block=basic, not block=bottleneck")
    for index, dilates in enumerate(spec.dilate, start=1):
        if dilates and spec.strides[index] == 1:
            raise ValueError(
                f"dilate={shown('dilate', spec.dilate)} needs a stride of 2 in layer{index + 1} to "
                f"replace, not strides={shown('strides', spec.strides)}"
            )
    if spec.dilate_first and not any(spec.dilate):
        raise ValueError("dilate_first=1 needs a dilated stage, such as dilate=0,0,1")
    if spec.stem is Stem.DEEP and spec.stem_width % 2:
        raise ValueError(f"stem=deep needs an even stem_width, not {spec.stem_width:,}")
    if spec.projection_pool and spec.shortcut in (Shortcut.ZERO_PAD, Shortcut.NONE):
        raise ValueError(f"projection_pool=1 needs projections: shortcut={spec.shortcut} has none")
    if spec.softmax and not spec.classes:
        raise ValueError("softmax=1 needs a classifier, not classes=0")
    if spec.zero_init:
        if spec.norm is Norm.NONE:
            raise ValueError(
                "zero_init=1 needs norm=batch or norm=group: with norm=none there is no last norm"
            )
        if spec.shortcut is Shortcut.NONE:
            raise ValueError("zero_init=1 needs a shortcut: shortcut=none would output only zeros")
        if spec.unit in (UnitOrder.BN_AFTER_ADD, UnitOrder.FULL_PREACT):
            raise ValueError(
                "zero_init=1 needs a norm at the end of the branch: "
                f"unit={spec.unit} has none there"
            )
        if spec.unit is UnitOrder.RELU_BEFORE_ADD:
            raise ValueError(
                "zero_init=1 needs a branch that ends in a norm: the last ReLU of "
                "unit=relu_before_add would block its gradient"
            )
