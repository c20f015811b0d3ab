"""One residual unit: its formula, the cost of its branch, and the reason for its shortcut.

Formulas follow He et al. 2015, eq. 1 and 2, and the unit orders of He et al. 2016, Fig. 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from analysis.costs.profiles import Profile, ShortcutUse
from analysis.style.language import listed, marked, translate
from analysis.style.numbers import exact, shape
from nets import plan
from nets.options import Activation, Shortcut, quote
from nets.plan import BlockPlan, ConvPlan, ShortcutKind, StepKind
from nets.spec import ResNetSpec


@dataclass(frozen=True)
class Branch:
    """A residual branch and the weights and multiply-adds of its convolutions for one image."""

    name: str
    convs: tuple[ConvPlan, ...]
    weights: int
    macs: int


@dataclass(frozen=True)
class Residual:
    """One block of a network; `formula` and `shapes` are LaTeX, `equation` is plain text."""

    path: str
    use: ShortcutUse
    formula: str
    equation: str
    shapes: str
    reason: str
    branches: tuple[Branch, ...]


def residual(profile: Profile, path: str) -> Residual:
    """Explain the block at a path such as `layer2.0`.

    Raises:
        ValueError: if the network has no such block.
    """
    spec = profile.spec
    use = block_at(profile, path)
    block = plan.block_at(spec, plan.place_of(path))
    own = _branch(_name(block.convs), block.convs, use)
    other = _other(block)
    return Residual(
        path=path,
        use=use,
        formula=_formula(spec, block),
        equation=_equation(spec, block),
        shapes=_shapes(use),
        reason=_reason(spec, use, block),
        branches=(own, _branch(_name(other), other, use)),
    )


def block_at(profile: Profile, path: str) -> ShortcutUse:
    """Return the shortcut of the block at a path such as `layer2.0`.

    Raises:
        ValueError: if the network has no such block.
    """
    for use in profile.shortcuts:
        if use.path == path:
            return use
    first, *_, last = (*plan.blocks(profile.spec)[:1], *plan.blocks(profile.spec)[-1:])
    raise ValueError(
        f"{quote(path)} is not a block of {profile.spec.base}: its blocks are {first.path} to "
        f"{last.path}"
    )


def grouping(groups: int, *dilations: int) -> str:
    """Return the groups and dilations of convolutions, `32 groups, dilation 1, then 2`, or "".

    Args:
        groups: groups of each convolution.
        dilations: dilation of each convolution, in order.
    """
    said = [f"{groups} groups"] if groups > 1 else []
    if max(dilations) > 1:
        said.append(f"dilation {', then '.join(map(str, dict.fromkeys(dilations)))}")
    return ", ".join(said)


def operation(conv: ConvPlan) -> str:
    """Return a convolution as papers write it: `3×3, 256 /2`."""
    stride = f" /{conv.stride}" if conv.stride > 1 else ""
    return f"{conv.kernel}×{conv.kernel}, {conv.out_channels}{stride}"


def conv_label(conv: ConvPlan) -> str:
    """Return the label of a convolution's box: `3×3, 256 /2, 32 groups`."""
    return ", ".join(filter(None, (operation(conv), grouping(conv.groups, conv.dilation))))


def convs_in_words(convs: Iterable[ConvPlan]) -> str:
    """Return a list of convolutions: `1×1 64→128, 3×3 128→128 (32 groups), 1×1 128→256`.

    The spaces inside one don't break, so that a narrow column has whole ones on its lines.
    """
    return ", ".join(
        f"{conv.kernel}×{conv.kernel}\xa0{conv.in_channels}→{conv.out_channels}"
        + (f"\xa0/{conv.stride}" if conv.stride > 1 else "")
        + (f" ({said})" if (said := grouping(conv.groups, conv.dilation)) else "")
        for conv in convs
    )


def _name(convs: tuple[ConvPlan, ...]) -> str:
    return "Two 3×3" if len(convs) == 2 else "Bottleneck"


def _other(block: BlockPlan) -> tuple[ConvPlan, ...]:
    """Return the convolutions of the other kind of branch, for the same channels.

    Two 3x3 convolutions keep the outer width; a bottleneck narrows to a quarter of it
    (He et al. 2015, Fig. 5).
    """
    channels, out, stride = block.in_channels, block.out_channels, block.stride
    if len(block.convs) == 3:
        return (
            ConvPlan("conv1", channels, out, 3, stride),
            ConvPlan("conv2", out, out, 3),
        )
    narrow = max(out // 4, 1)
    return (
        ConvPlan("conv1", channels, narrow, 1),
        ConvPlan("conv2", narrow, narrow, 3, stride),
        ConvPlan("conv3", narrow, out, 1),
    )


def _branch(name: str, convs: tuple[ConvPlan, ...], use: ShortcutUse) -> Branch:
    """Return the cost of a branch from a block's input map to its output map.

    Convolutions before the stride work on the block's input map, all others on its output map.
    """
    striding = next((i for i, conv in enumerate(convs) if conv.stride > 1), 0)
    macs = 0
    for i, conv in enumerate(convs):
        macs += conv.weights * prod(use.input[1:] if i < striding else use.output[1:])
    return Branch(name, convs, sum(conv.weights for conv in convs), macs)


def _formula(spec: ResNetSpec, block: BlockPlan) -> str:
    """Return the unit as LaTeX."""
    x = r"\hat{\mathbf{x}}" if block.shares_activation else r"\mathbf{x}"
    beside = {
        ShortcutKind.IDENTITY: x,
        ShortcutKind.PROJECTION: f"W_s {x}",
        ShortcutKind.ZERO_PAD: rf"\mathrm{{pad}}({x})",
    }
    inside = _sum(r"\mathcal{F}(\mathbf{x}, \{W_i\})", beside.get(block.shortcut))
    for step in plan.unit_steps(spec).after:
        name = rf"\mathrm{{{spec.norm.label}}}" if step.kind is StepKind.NORM else _activation(spec)
        inside = rf"{name}\left({inside}\right)"
    return rf"\mathbf{{y}} = {inside}"


def _equation(spec: ResNetSpec, block: BlockPlan) -> str:
    """Return the unit as plain text: `y = ReLU(F(x) + Wx)`."""
    x = "x̂" if block.shares_activation else "x"
    beside = {
        ShortcutKind.IDENTITY: x,
        ShortcutKind.PROJECTION: f"W{x}",
        ShortcutKind.ZERO_PAD: f"pad({x})",
    }
    inside = _sum("F(x)", beside.get(block.shortcut))
    for step in plan.unit_steps(spec).after:
        inside = f"{plan.label(spec, step.kind)}({inside})"
    return f"y = {inside}"


def _sum(branch: str, beside: str | None) -> str:
    return f"{branch} + {beside}" if beside else branch


def _shapes(use: ShortcutUse) -> str:
    """Return the shapes of x and y as LaTeX."""
    x, y = (r" \times ".join(map(str, sides)) for sides in (use.input, use.output))
    return rf"\mathbf{{x}} \in \mathbb{{R}}^{{{x}}},\quad \mathbf{{y}} \in \mathbb{{R}}^{{{y}}}"


def _activation(spec: ResNetSpec) -> str:
    if spec.activation is Activation.SIGMOID:
        return r"\sigma"
    return rf"\mathrm{{{spec.activation.label.replace(' ', '')}}}"


def _reason(spec: ResNetSpec, use: ShortcutUse, block: BlockPlan) -> str:
    """Explain the kind of this block's shortcut and where it starts."""
    why = _why(spec, use, block)
    if not block.shares_activation:
        return why
    steps = listed([plan.label(spec, step.kind) for step in plan.unit_steps(spec).before])
    if use.kind is ShortcutKind.PROJECTION:
        starts = translate("It acts on x after the block's first {steps}, written x̂.", steps=steps)
    else:
        starts = translate(
            "The first unit splits its paths after the activation (He et al. 2016, appendix), so "
            "the shortcut carries x after the block's first {steps}, written x̂.",
            steps=steps,
        )
    return translate("{why} {starts}", why=why, starts=starts)


def _why(spec: ResNetSpec, use: ShortcutUse, block: BlockPlan) -> str:
    """Explain why the block has this kind of shortcut."""
    wider = use.input[0] != use.output[0]
    smaller = use.input[1:] != use.output[1:]
    change = _change(use, block)
    match use.kind:
        case ShortcutKind.IDENTITY:
            return translate(
                "Identity: input and output have the same shape, so the addition costs no weights."
            )
        case ShortcutKind.NONE:
            if change:
                return translate(
                    "No shortcut: this is a plain stack ({change}), so only the branch carries x.",
                    change=change,
                )
            return translate("No shortcut: this is a plain stack, so only the branch carries x.")
        case ShortcutKind.ZERO_PAD:
            how = []
            if smaller:
                how.append(translate("x is subsampled"))
            if wider:
                how.append(translate("the new channels are filled with zeros"))
            if not how:
                return translate(
                    "Zero pad (option A): the stage strides, but the map can't get smaller."
                )
            return translate(
                "Zero pad (option A): {change}, so {how}. It has no weights.",
                change=change,
                how=_joined(how),
            )
        case ShortcutKind.PROJECTION:
            weights = exact(use.input[0] * use.output[0])
            if change and block.pools and block.stride > 1:
                return translate(
                    "Projection: {change}, so x can't be added directly. A 1×1 convolution with "
                    "{weights} weights gives it that shape, after a 2×2 average pool that takes "
                    "over the stride (ResNet-D).",
                    change=change,
                    weights=weights,
                )
            if change:
                return translate(
                    "Projection: {change}, so x can't be added directly. A 1×1 convolution with "
                    "{weights} weights gives it that shape.",
                    change=change,
                    weights=weights,
                )
            return translate(_PROJECTED.get(spec.shortcut, _STRIDES), weights=weights)


_STRIDES = marked(
    "Projection: the shapes would allow an identity, but the stage strides, here with {weights} "
    "weights."
)
_PROJECTED = {
    Shortcut.PROJECTION_ALL: marked(
        "Projection (option C): the shapes would allow an identity, but this network projects "
        "every shortcut, here with {weights} weights."
    ),
    Shortcut.PROJECTION_FIRST: marked(
        "Projection: the shapes would allow an identity, but this network projects the first "
        "shortcut of every stage, here with {weights} weights."
    ),
}


def _change(use: ShortcutUse, block: BlockPlan) -> str:
    """Return what differs between a block's input and output; empty if nothing does."""
    changes = []
    if wider := use.input[0] != use.output[0]:
        before, after = exact(use.input[0]), exact(use.output[0])
        changes.append(
            translate("channels change from {before} to {after}", before=before, after=after)
        )
    if use.input[1:] != use.output[1:]:
        text = (
            marked("the map from {before} to {after} (stride {stride})")
            if wider
            else marked("the map changes from {before} to {after} (stride {stride})")
        )
        before, after = (shape(sides[1:]) for sides in (use.input, use.output))
        changes.append(translate(text, before=before, after=after, stride=block.stride))
    return _joined(changes)


def _joined(clauses: Sequence[str]) -> str:
    """Return one clause or two as a part of a sentence."""
    if len(clauses) < 2:
        return "".join(clauses)
    first, second = clauses
    return translate("{first} and {second}", first=first, second=second)
