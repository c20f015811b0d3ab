"""A network as one standalone Python file that imports only torch.

The file holds only what this network needs. Its state dict has the same keys as the built model,
and its output is equal bit for bit.
"""

from __future__ import annotations

from analysis.costs.profiles import Profile
from analysis.style.numbers import exact, short
from nets import plan
from nets.catalog import CATALOG
from nets.names import title
from nets.options import DEFAULTS, Activation, BlockKind, Init, Norm, Padding, Shortcut, Stem
from nets.origin import base_title, edits, is_edited
from nets.plan import BlockPlan, ConvPlan, ShortcutKind, Step, StepKind
from nets.spec import ResNetSpec

_ACTIVATIONS = {
    Activation.RELU: "nn.ReLU()",
    Activation.LEAKY_RELU: "nn.LeakyReLU()",
    Activation.ELU: "nn.ELU()",
    Activation.GELU: "nn.GELU()",
    Activation.SILU: "nn.SiLU()",
    Activation.TANH: "nn.Tanh()",
    Activation.SIGMOID: "nn.Sigmoid()",
}

_SAME = '''def pad_same(x, kernel: int, stride: int, value: float = 0.0):
    """Pad as TensorFlow's "same" does if the two sides differ, the smaller half first."""
    pads: list[int] = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    left, right, top, bottom = pads
    if left == right and top == bottom:
        return x, (top, left)
    return F.pad(x, pads, value=value), (0, 0)


class Conv2dSame(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding."""

    def forward(self, x):
        reach = self.dilation[0] * (self.kernel_size[0] - 1) + 1
        x, padding = pad_same(x, reach, self.stride[0])
        return F.conv2d(
            x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )'''

_SAME_POOL = '''class MaxPool2dSame(nn.MaxPool2d):
    """A max-pool with TensorFlow's "same" padding."""

    def forward(self, x):
        x, padding = pad_same(x, self.kernel_size, self.stride, value=-float("inf"))
        return F.max_pool2d(x, self.kernel_size, self.stride, padding)'''

_EXCITE = '''class SqueezeExcitation(nn.Module):
    """Scale each channel by a factor that all channels' means determine (Hu et al. 2018)."""

    def __init__(self, channels, inner):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc1 = nn.Conv2d(channels, inner, kernel_size=1)
        self.act = {activation}
        self.fc2 = nn.Conv2d(inner, channels, kernel_size=1)
        self.gate = nn.Sigmoid()

    def forward(self, x):
        factor = self.fc2(self.act(self.fc1(self.avgpool(x))))
        return x * self.gate(factor)'''

_ZERO_PAD = '''class ZeroPad(nn.Module):
    """A parameter-free shortcut: every stride-th pixel, new channels filled with zeros."""

    def __init__(self, stride, new_channels):
        super().__init__()
        self.stride = stride
        self.new_channels = new_channels

    def forward(self, x):
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, 0, self.new_channels))'''


def code(profile: Profile) -> str:
    """Return the source of a Python file whose `ResNet()` is this network."""
    spec = profile.spec
    kinds = {block.shortcut for stage in plan.stages(spec) for block in _distinct(stage)}
    parts = [_head(profile)]
    if spec.padding is Padding.SAME:
        parts.append(_SAME)
        if spec.stem is not Stem.CIFAR:
            parts.append(_SAME_POOL)
    if ShortcutKind.ZERO_PAD in kinds:
        parts.append(_ZERO_PAD)
    if spec.se:
        parts.append(_EXCITE.format(activation=_ACTIVATIONS[spec.activation]))
    initialise = _initialise(spec)
    parts += [_block(spec, kinds), _stage(spec), _network(spec, bool(initialise))]
    parts += [initialise, _main(spec)]
    source = "\n\n\n".join(filter(None, parts)) + "\n"
    return "\n".join(map(_wrapped, source.split("\n")))


def _distinct(stage: plan.StagePlan) -> tuple[BlockPlan, ...]:
    return (stage.first, stage.rest) if stage.count > 1 else (stage.first,)


def _head(profile: Profile) -> str:
    spec, entry = profile.spec, CATALOG[profile.spec.base]
    of, edited = "", ""
    if is_edited(spec):
        of = f"{base_title(spec.base)}: "
        listed = edits(spec).replace(", ", "\n  ")
        edited = f"Edited from {base_title(spec.base)}:\n  {listed}\n\n"
    needs_functional = spec.padding is Padding.SAME or any(
        s.kind is ShortcutKind.ZERO_PAD for s in profile.shortcuts
    )
    functional = "import torch.nn.functional as F\n" if needs_functional else ""
    shape = ", ".join(map(str, spec.input))
    return (
        f'"""{title(spec)}.\n\n'
        f"{edited}{of}{entry.source.authors}.\n"
        f"{entry.source.title}. {entry.source.venue}.\n\n"
        f"Model: {profile.model}\n"
        f"Images are [N, {shape}], the output is [N, {spec.outputs}] {output_of(spec)}.\n"
        f"{exact(profile.params)} parameters, {short(profile.macs // profile.batch)} multiply-adds "
        f"per image (convolutions and linear layers).\n"
        f"Parameter names are {names_like(spec)}'s.\n"
        '"""\n\n'
        f"import torch\n{functional}from torch import nn"
    )


def output_of(spec: ResNetSpec) -> str:
    """Return what the network's output is called, [N, spec.outputs]."""
    return "probabilities" if spec.softmax else "logits" if spec.classes else "features"


def names_like(spec: ResNetSpec) -> str:
    """Return whose names the parameters have: torchvision's, or timm's for its own modules."""
    return "timm" if spec.se or spec.projection_pool or spec.stem is Stem.DEEP else "torchvision"


def _block(spec: ResNetSpec, kinds: set[ShortcutKind]) -> str:
    steps = plan.unit_steps(spec)
    name = _block_name(spec)
    arguments = ["in_channels", "width", "out_channels", "stride=1"]
    if any(spec.dilate):
        arguments.append("dilation=1")
        if _two_dilations(spec):
            arguments.append("first_dilation=1")
    if _projects_first(spec, kinds):
        arguments.append("project=False")
    if _marks_first(spec):
        arguments.append("first=False")
    first_last = (*steps.before, *steps.branch)
    lines = [
        f"class {name}(nn.Module):",
        f'    """{_formula(spec, kinds)}"""',
        "",
        f"    def __init__(self, {', '.join(arguments)}):",
        "        super().__init__()",
    ]
    channels = "in_channels"
    template = {conv.name: conv for conv in plan.stages(spec)[0].rest.convs}
    outs = _conv_outputs(spec)

    def declare(steps: tuple[Step, ...]) -> None:
        nonlocal channels
        for kind, name in steps:
            match kind:
                case StepKind.CONV:
                    made = _block_conv(spec, template[name], channels, outs[name])
                    channels = outs[name]
                case StepKind.NORM:
                    made = _norm(spec, channels)
                case StepKind.DROPOUT:
                    made = f"nn.Dropout({spec.dropout})"
                case StepKind.SE:
                    inner = f"max({channels} // {spec.se}, 1)"
                    made = f"SqueezeExcitation({channels}, {inner})"
                case _:
                    made = _ACTIVATIONS[spec.activation]
            lines.append(f"        self.{name} = {made}")

    declare(first_last)
    if _shares(spec) == {True, False}:
        tests = ["first"] * _marks_first(spec)
        tests += [_changes(spec, kinds)] * (ShortcutKind.PROJECTION in kinds)
        lines.append(f"        self.shares_activation = {' or '.join(tests)}")
    lines += _declare_shortcut(spec, kinds)
    declare(steps.after)
    lines += ["", "    def forward(self, x):", *_block_forward(spec, kinds)]
    return "\n".join(lines)


def _block_name(spec: ResNetSpec) -> str:
    return "BasicBlock" if spec.block is BlockKind.BASIC else "Bottleneck"


def _conv_outputs(spec: ResNetSpec) -> dict[str, str]:
    if spec.block is BlockKind.BASIC:
        return {"conv1": "width", "conv2": "out_channels"}
    return {"conv1": "width", "conv2": "width", "conv3": "out_channels"}


def _formula(spec: ResNetSpec, kinds: set[ShortcutKind]) -> str:
    kernels = ", ".join(f"{c.kernel}x{c.kernel}" for c in plan.stages(spec)[0].rest.convs)
    x = "x" if kinds <= {ShortcutKind.IDENTITY} else "shortcut(x)"
    y = "F(x)" if kinds == {ShortcutKind.NONE} else f"F(x) + {x}"
    for step in plan.unit_steps(spec).after:
        y = f"{spec.norm.label if step.kind is StepKind.NORM else spec.activation}({y})"
    return f"y = {y}, where F consists of {kernels} convolutions."


def _block_conv(spec: ResNetSpec, conv: ConvPlan, channels: str, out: str) -> str:
    strided = "conv1" if spec.block is BlockKind.BASIC else spec.stride_on.value
    dilation = "1"
    if any(spec.dilate) and conv.kernel > 1:
        dilation = "first_dilation" if conv.name == "conv1" and _two_dilations(spec) else "dilation"
    return _conv(
        spec,
        channels,
        out,
        conv.kernel,
        "stride" if conv.name == strided else "1",
        dilation,
        conv.groups,
    )


def _conv(
    spec: ResNetSpec,
    channels: object,
    out: object,
    kernel: int,
    stride: str = "1",
    dilation: str = "1",
    groups: int = 1,
) -> str:
    same = spec.padding is Padding.SAME and kernel > 1
    arguments = [str(channels), str(out), f"kernel_size={kernel}"]
    if stride != "1":
        arguments.append(f"stride={stride}")
    if not same and kernel > 1:
        arguments.append(f"padding={kernel // 2 if dilation == '1' else dilation}")
    if dilation != "1":
        arguments.append(f"dilation={dilation}")
    if groups > 1:
        arguments.append(f"groups={groups}")
    if not spec.bias:
        arguments.append("bias=False")
    return f"{'Conv2dSame' if same else 'nn.Conv2d'}({', '.join(arguments)})"


def _norm(spec: ResNetSpec, channels: object) -> str:
    arguments = [str(channels)]
    if spec.norm is Norm.GROUP:
        arguments.insert(0, str(spec.norm_groups))
    if spec.bn_eps != DEFAULTS["bn_eps"]:
        arguments.append(f"eps={spec.bn_eps}")
    if spec.norm is Norm.GROUP:
        return f"nn.GroupNorm({', '.join(arguments)})"
    if spec.bn_momentum != DEFAULTS["bn_momentum"]:
        arguments.append(f"momentum={spec.bn_momentum}")
    return f"nn.BatchNorm2d({', '.join(arguments)})"


def _declare_shortcut(spec: ResNetSpec, kinds: set[ShortcutKind]) -> list[str]:
    if kinds <= {ShortcutKind.IDENTITY} or kinds == {ShortcutKind.NONE}:
        return []
    if ShortcutKind.ZERO_PAD in kinds:
        made = ["ZeroPad(stride, out_channels - in_channels)"]
    elif spec.projection_pool:
        return _declare_pooled(spec, kinds)
    else:
        made = ["nn.Sequential(", f"    {_conv(spec, 'in_channels', 'out_channels', 1, 'stride')},"]
        if spec.projection_norm and spec.norm is not Norm.NONE:
            made.append(f"    {_norm(spec, 'out_channels')},")
        made.append(")")
    if ShortcutKind.IDENTITY not in kinds:
        return [f"        self.downsample = {made[0]}", *(f"        {line}" for line in made[1:])]
    return [
        "        self.downsample = nn.Identity()",
        f"        if {_changes(spec, kinds)}:",
        f"            self.downsample = {made[0]}",
        *(f"            {line}" for line in made[1:]),
    ]


def _declare_pooled(spec: ResNetSpec, kinds: set[ShortcutKind]) -> list[str]:
    """Declare the projection of ResNet-D, whose pool takes over the stride."""
    pool = "nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)"
    made = ["self.downsample = nn.Sequential()"]
    if any(block.stride > 1 for stage in plan.stages(spec) for block in _distinct(stage)):
        made += ["if stride > 1:", f'    self.downsample.add_module("0", {pool})']
    conv = _conv(spec, "in_channels", "out_channels", 1)
    made.append(f'self.downsample.add_module("1", {conv})')
    if spec.projection_norm and spec.norm is not Norm.NONE:
        made.append(f'self.downsample.add_module("2", {_norm(spec, "out_channels")})')
    if ShortcutKind.IDENTITY not in kinds:
        return [f"        {line}" for line in made]
    return [
        "        self.downsample = nn.Identity()",
        f"        if {_changes(spec, kinds)}:",
        *(f"            {line}" for line in made),
    ]


def _changes(spec: ResNetSpec, kinds: set[ShortcutKind]) -> str:
    """Return the test for a projection."""
    changes = "stride != 1 or in_channels != out_channels"
    return f"project or {changes}" if _projects_first(spec, kinds) else changes


def _projects_first(spec: ResNetSpec, kinds: set[ShortcutKind]) -> bool:
    """Return whether the first block of every stage is told to project."""
    every = {ShortcutKind.PROJECTION, ShortcutKind.IDENTITY}
    return spec.shortcut is Shortcut.PROJECTION_FIRST and kinds == every


def _two_dilations(spec: ResNetSpec) -> bool:
    """Return whether the two convolutions of a basic block can have different dilations."""
    return spec.block is BlockKind.BASIC and any(spec.dilate)


def _shares(spec: ResNetSpec) -> set[bool]:
    """Return the values of `shares_activation` that occur."""
    blocks = (block for stage in plan.stages(spec) for block in _distinct(stage))
    return {block.shares_activation for block in blocks}


def _marks_first(spec: ResNetSpec) -> bool:
    """Return whether only the first unit's shortcut starts from the activation."""
    first = plan.stages(spec)[0].first
    return _shares(spec) == {True, False} and first.shortcut is not ShortcutKind.PROJECTION


def _block_forward(spec: ResNetSpec, kinds: set[ShortcutKind]) -> list[str]:
    steps = plan.unit_steps(spec)
    lines, start = [], "x"
    if steps.before:
        lines.append(f"        start = {_nest(steps.before, 'x')}")
        start = "start"
    value = start
    for chunk in _chunks(steps.branch):
        lines.append(f"        y = {_nest(tuple(chunk), value)}")
        value = "y"
    if kinds != {ShortcutKind.NONE}:
        shares = _shares(spec)
        begins = "start" if shares == {True} else "x"
        if len(shares) > 1:
            begins = "(start if self.shares_activation else x)"
        if not kinds <= {ShortcutKind.IDENTITY}:
            begins = f"self.downsample({begins.strip('()')})"
        value = f"y + {begins}"
    lines.append(f"        return {_nest(steps.after, value)}")
    return lines


def _chunks(steps: tuple[Step, ...]) -> list[tuple[Step, ...]]:
    """Split a branch into one line per convolution; a step without a number begins none."""
    number = ""
    found: list[list[Step]] = []
    for step in steps:
        if not found or (step.name[-1].isdigit() and step.name[-1] != number):
            found.append([step])
        else:
            found[-1].append(step)
        number = step.name[-1] if step.name[-1].isdigit() else number
    return [tuple(chunk) for chunk in found]


def _nest(steps: tuple[Step, ...], value: str) -> str:
    for step in steps:
        value = f"self.{step.name}({value})"
    return value


def _stage(spec: ResNetSpec) -> str:
    name = _block_name(spec)
    parameters = ["in_channels", "width", "out_channels", "blocks", "stride=1"]
    first = rest = ""
    if any(spec.dilate):
        parameters.append("dilations=(1, 1)")
        first, rest = ", dilations[0]", ", 1, dilations[1]"
        if _two_dilations(spec):
            first, rest = ", dilations[1], dilations[0]", ", 1, dilations[1], dilations[1]"
    kinds = {block.shortcut for stage in plan.stages(spec) for block in _distinct(stage)}
    if _projects_first(spec, kinds):
        first += ", project=True"
    if _marks_first(spec):
        parameters.append("first=False")
        first += ", first=first"
    signature = ", ".join(parameters)
    return (
        f"def stage({signature}):\n"
        '    """Build a stage; its first block sets the number of channels and the map size."""\n'
        f"    layers = [{name}(in_channels, width, out_channels, stride{first})]\n"
        "    for _ in range(blocks - 1):\n"
        f"        layers.append({name}(out_channels, width, out_channels{rest}))\n"
        "    return nn.Sequential(*layers)"
    )


def _network(spec: ResNetSpec, initialised: bool) -> str:
    stem, head = plan.stem_steps(spec), plan.head_steps(spec)
    lines = [
        "class ResNet(nn.Module):",
        '    """Stem, stages and head."""',
        "",
        "    def __init__(self):",
        "        super().__init__()",
    ]
    pool = (
        "MaxPool2dSame(kernel_size=3, stride=2)"
        if spec.padding is Padding.SAME
        else "nn.MaxPool2d(kernel_size=3, stride=2, padding=1)"
    )
    made = {
        "bn1": _norm(spec, spec.stem_width),
        "act1": _ACTIVATIONS[spec.activation],
        "maxpool": pool,
        "final_bn": _norm(spec, plan.features(spec)),
        "final_act": _ACTIVATIONS[spec.activation],
        "avgpool": "nn.AdaptiveAvgPool2d((1, 1))",
        "flatten": "nn.Flatten()",
        "fc": f"nn.Linear({plan.features(spec)}, {spec.classes})",
        "softmax": "nn.Softmax(dim=1)",
    }
    lines += [*_declare_stem(spec), *(f"        self.{name} = {made[name]}" for name in _own(stem))]
    for index, stage in enumerate(plan.stages(spec)):
        block = stage.first
        arguments = [
            str(block.in_channels),
            str(block.convs[0].out_channels),
            str(block.out_channels),
            f"blocks={stage.count}",
        ]
        if block.stride != 1:
            arguments.append(f"stride={block.stride}")
        dilations = _dilations(stage)
        if dilations != (1, 1):
            arguments.append(f"dilations={dilations}")
        if index == 0 and _marks_first(spec):
            arguments.append("first=True")
        lines.append(f"        self.{stage.name} = stage({', '.join(arguments)})")
    lines += [f"        self.{step.name} = {made[step.name]}" for step in head]
    if initialised:
        lines.append("        initialise(self)")
    lines += ["", "    def forward(self, x):"]
    nested = (Step(StepKind.CONV, "conv1"), *(step for step in stem if step.name in _own(stem)))
    lines.append(f"        x = {_nest(nested, 'x')}")
    lines += [f"        x = self.{stage.name}(x)" for stage in plan.stages(spec)]
    at = [step.kind for step in head].index(StepKind.GLOBAL_POOL)
    if finals := head[:at]:
        lines.append(f"        x = {_nest(finals, 'x')}")
    lines.append(f"        x = {_nest(head[at : at + 2], 'x')}")
    lines.append(f"        return {_nest(head[at + 2 :], 'x')}")
    return "\n".join(lines)


def _own(stem: tuple[Step, ...]) -> list[str]:
    """Return the names of the stem's modules after its convolutions."""
    return [step.name for step in stem if not step.name.startswith("conv1")]


def _declare_stem(spec: ResNetSpec) -> list[str]:
    """Declare the stem's convolution, or the sequence of a deep stem."""
    convs, made = plan.stem_convs(spec), []
    channels: object = spec.channels
    for step in plan.stem_steps(spec):
        if not step.name.startswith("conv1"):
            continue
        match step.kind:
            case StepKind.CONV:
                conv = convs[step.name]
                channels = conv.out_channels
                layer = _conv(spec, conv.in_channels, channels, conv.kernel, str(conv.stride))
            case StepKind.NORM:
                layer = _norm(spec, channels)
            case _:
                layer = _ACTIVATIONS[spec.activation]
        made.append((step.name.rpartition(".")[2], layer))
    if len(made) == 1:
        return [f"        self.conv1 = {made[0][1]}"]
    if spec.norm is Norm.NONE:  # keep the indices of a stem with norms
        added = [f'        self.conv1.add_module("{name}", {layer})' for name, layer in made]
        return ["        self.conv1 = nn.Sequential()", *added]
    inside = [f"            {layer}," for _, layer in made]
    return ["        self.conv1 = nn.Sequential(", *inside, "        )"]


def _dilation(block: BlockPlan) -> int:
    """Return the dilation of a block's last 3x3 convolution."""
    return [conv.dilation for conv in block.convs if conv.kernel > 1][-1]


def _dilations(stage: plan.StagePlan) -> tuple[int, int]:
    """Return the dilations of a stage: of the convolution that would have strided, of the rest."""
    first, rest = stage.first.convs, _dilation(stage.rest)
    return next(conv.dilation for conv in first if conv.kernel > 1), rest


def _initialise(spec: ResNetSpec) -> str:
    """Return the function that initialises the weights, or "" for PyTorch's default."""
    match spec.init:
        case Init.HE_FAN_OUT:
            doc = "Initialise convolutions as in He et al. 2015 (fan-out)."
            kinds, draw = (
                "nn.Conv2d",
                'kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")',
            )
        case Init.XAVIER:
            doc = "Initialise all weights as in Glorot and Bengio 2010."
            kinds, draw = "(nn.Conv2d, nn.Linear)", "xavier_uniform_(module.weight)"
        case Init.DEFAULT:
            doc, kinds, draw = "", "", ""
    body = []
    if draw:
        body = [f"        if isinstance(module, {kinds}):", f"            nn.init.{draw}"]
        if spec.bias:
            body.append("            nn.init.zeros_(module.bias)")
        elif spec.init is Init.XAVIER or spec.se:
            body.append("            if module.bias is not None:")
            body.append("                nn.init.zeros_(module.bias)")
    if spec.zero_init:
        doc = f"{doc} Start blocks as their shortcuts.".strip()
        body.append(f"        if isinstance(module, {_block_name(spec)}):")
        body.append(f"            nn.init.zeros_(module.bn{spec.convs_per_block}.weight)")
    if not body:
        return ""
    head = ["def initialise(model):", f'    """{doc}"""', "    for module in model.modules():"]
    return "\n".join(head + body)


def _wrapped(line: str) -> str:
    """Break a line over 100 characters after its first bracket and before its last."""
    opening, closing = line.find("("), line.rfind(")")
    if len(line) <= 100 or opening < 0:
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    inner = [line[opening + 1 : closing]]
    if len(indent) + 4 + len(inner[0]) > 100:
        inner = [f"{argument}," for argument in inner[0].split(", ")]
    body = "\n".join(f"{indent}    {piece}" for piece in inner)
    return f"{line[: opening + 1]}\n{body}\n{indent}{line[closing:]}"


def _main(spec: ResNetSpec) -> str:
    shape = ", ".join(map(str, spec.input))
    return (
        'if __name__ == "__main__":\n'
        "    model = ResNet().eval()\n"
        '    print(sum(p.numel() for p in model.parameters()), "parameters")\n'
        f"    print(model(torch.randn(1, {shape})).shape)"
    )
