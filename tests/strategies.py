"""Random specs with every option, small enough to build and run."""

from typing import Any

from hypothesis import strategies as st

from nets.options import (
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
from nets.spec import ResNetSpec


@st.composite
def specs(draw: st.DrawFn, activation: Activation | None = None) -> ResNetSpec:
    """Draw a valid spec with one to five stages of one to three narrow blocks."""
    stages = draw(st.integers(1, 5))
    block = draw(st.sampled_from(BlockKind))
    shortcut = draw(st.sampled_from(Shortcut))
    unit = draw(st.sampled_from(UnitOrder))
    norm = draw(st.sampled_from(Norm))
    widths = draw(st.lists(st.sampled_from((4, 8, 12)), min_size=stages, max_size=stages))
    stem = draw(st.sampled_from(Stem))
    stem_width = draw(st.sampled_from((4, 6) if norm is not Norm.GROUP else (4, 8)))
    if shortcut is Shortcut.ZERO_PAD:
        widths, stem_width = sorted(widths), 4
    options: dict[str, Any] = {}
    if block is BlockKind.BOTTLENECK:
        options["groups"] = draw(st.sampled_from((1, 2)))
        # torch refuses a group norm of one value per group even in eval mode
        group_widths = (64, 96) if norm is Norm.GROUP else (64, 32, 96)
        options["group_width"] = draw(st.sampled_from(group_widths))
        options["stride_on"] = draw(st.sampled_from(StrideOn))
    else:
        options["dropout"] = draw(st.sampled_from((0.0, 0.3)))
    strides = (
        draw(st.sampled_from((1, 2))),
        *(draw(st.sampled_from((2, 2, 2, 1))) for _ in range(1, stages)),
    )
    options["dilate"] = tuple(draw(st.integers(0, stride - 1)) for stride in strides[1:])
    if any(options["dilate"]):
        options["dilate_first"] = draw(st.booleans())
    if shortcut not in (Shortcut.ZERO_PAD, Shortcut.NONE):
        options["projection_pool"] = draw(st.booleans())
    classes = draw(st.integers(0, 20))
    if classes:
        options["softmax"] = draw(st.booleans())
    if (
        norm is not Norm.NONE
        and shortcut is not Shortcut.NONE
        and unit in (UnitOrder.ORIGINAL, UnitOrder.RELU_PREACT)
    ):
        options["zero_init"] = draw(st.booleans())
    side = st.sampled_from((5, 32, 33, 35, 47))
    return ResNetSpec(
        blocks=tuple(draw(st.integers(1, 3)) for _ in range(stages)),
        widths=tuple(widths),
        block=block,
        expansion=draw(st.sampled_from((1, 2, 4))),
        unit=unit,
        shortcut=shortcut,
        projection_norm=draw(st.booleans()),
        stem=stem,
        stem_width=stem_width,
        input=(draw(st.integers(1, 4)), draw(side), draw(side)),
        classes=classes,
        strides=strides,
        se=draw(st.sampled_from((0, 0, 2, 16))),
        norm=norm,
        norm_groups=draw(st.sampled_from((1, 2))),
        bn_eps=draw(st.sampled_from((1e-5, 1e-3))),
        bn_momentum=draw(st.sampled_from((0.1, 0.01))),
        activation=activation or draw(st.sampled_from(Activation)),
        bias=draw(st.booleans()),
        padding=draw(st.sampled_from(Padding)),
        init=draw(st.sampled_from(Init)),
        **options,
    )
