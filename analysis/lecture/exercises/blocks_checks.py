"""What is wrong with the blocks shown, measured by running them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

from analysis.costs.profiles import profile
from analysis.drawing.graph import block_graph
from analysis.drawing.svg import svg
from analysis.lecture.exercises.running import corrected, raised, run
from analysis.lecture.exercises.values import Drawing, Exercise, Finding, Line, written
from analysis.style.numbers import shape, three
from nets import build, parse, plan
from nets.plan import place_of

_SIDE = 56  # side of the map that enters a block of layer1


def projection_norm(exercise: Exercise) -> Finding:
    """Run the shortcut as shown, mended, and in a basic block."""
    words, listing = exercise.words, exercise.code
    conv, norm = run(listing)["shortcut"]
    x = torch.zeros(1, 64, _SIDE, _SIDE)
    error = raised(lambda: norm(conv(x)))
    mended = run(corrected(listing, "2d(planes)", "2d(planes * expansion)"))["shortcut"]
    basic = run(corrected(listing, "expansion = 4", "expansion = 1"))["shortcut"]
    return Finding(
        (
            Line(words["out"], conv.out_channels),
            Line(words["norm"], norm.num_features),
            Line(words["error"], error),
            Line(words["mended"], _shape(mended(x))),
            Line(words["basic"], _shape(basic(x))),
        ),
        words["says"].format(out=conv.out_channels, norm=norm.num_features, name=_name(error)),
    )


class _Residual(nn.Module):
    """The Keras block, line for line in PyTorch."""

    def __init__(self, project: bool) -> None:
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
        self.conv3 = nn.Conv2d(8, 8, 1) if project else None

    def forward(self, x: Tensor) -> Tensor:
        """Test the layer's output, as the listing does."""
        y = self.conv2(torch.relu(self.conv1(x)))
        if self.conv3(x):  # type: ignore[misc]  # the mistake
            x = self.conv3(x)  # type: ignore[misc]
        return torch.relu(y + x)


class _Mended(_Residual):
    def forward(self, x: Tensor) -> Tensor:
        """Test whether the layer exists."""
        y = self.conv2(torch.relu(self.conv1(x)))
        if self.conv3 is not None:
            x = self.conv3(x)
        return torch.relu(y + x)


def tensor_truth(exercise: Exercise) -> Finding:
    """Run the lines in PyTorch, with and without a projection, as shown and mended."""
    words, x = exercise.words, torch.zeros(1, 8, 4, 4)
    errors = [raised(partial(_Residual(project), x)) for project in (True, False)]
    shapes = {_shape(_Mended(project)(x)) for project in (True, False)}
    return Finding(
        (
            Line(words["with"], errors[0]),
            Line(words["without"], errors[1]),
            Line(words["mended"], ", ".join(shapes)),
        ),
        words["says"].format(with_name=_name(errors[0]), without_name=_name(errors[1])),
    )


def stride_twice(exercise: Exercise) -> Finding:
    """Run both paths of the block at stride 2, and count the second convolution."""
    words = exercise.words
    block = run(exercise.code)["BasicBlock"](64, 128, 2)
    x = torch.zeros(1, 64, _SIDE, _SIDE)
    with torch.no_grad():
        middle = block.conv1(x)
        branch, shortcut = block.conv2(middle), block.shortcut(x)
        error = raised(lambda: block(x))
        block.conv2.stride = (1, 1)
        right = block.conv2(middle)
    macs, right_macs = _macs(block.conv2, branch), _macs(block.conv2, right)
    ours = next(
        layer.macs for layer in profile(parse("resnet18")).layers if layer.path == "layer2.0.conv2"
    )
    return Finding(
        (
            Line(words["branch"], _shape(branch)),
            Line(words["shortcut"], _shape(shortcut)),
            Line(words["macs"], macs),
            Line(words["right"], right_macs),
            Line(words["ours"], ours),
            Line(words["error"], error),
        ),
        words["says"].format(
            branch=_shape(branch),
            shortcut=_shape(shortcut),
            ratio=f"{ours / macs:g}",
            name=_name(error),
        ),
    )


def keyword_typo(exercise: Exercise) -> Finding:
    """Build the block, and pass torch the misspelled argument."""
    words = exercise.words
    first, second = (part[0] for part in run(exercise.code)["block"])
    error = raised(lambda: nn.Conv2d(64, 64, kernei_size=3))  # type: ignore[call-arg]
    return Finding(
        (
            Line(words["first"], shape(first.kernel_size)),
            Line(words["second"], shape(second.kernel_size)),
            Line(words["few"], first.weight.numel()),
            Line(words["many"], second.weight.numel()),
            Line(words["direct"], error),
        ),
        words["says"].format(
            first=shape(first.kernel_size),
            second=shape(second.kernel_size),
            few=written(first.weight.numel()),
            many=written(second.weight.numel()),
            name=_name(error),
        ),
    )


def shared_relu(exercise: Exercise) -> Finding:
    """Follow the calls of the block's modules, and of those of a network built here."""
    words = exercise.words
    block = run(exercise.code)["BasicBlock"](8)
    calls = _calls(block, torch.zeros(1, 8, 4, 4))
    spec = parse("resnet18:input=3x32x32")
    net = build(spec).eval()
    ours = _calls(net, torch.zeros(1, *spec.input))
    leaves = [name for name, module in net.named_modules() if not [*module.children()]]
    loop, our_loop = _loop(calls), _loop(ours)
    modules = len([*block.children()])

    def arrows(loop: list[str]) -> str:
        return " → ".join(loop) or words["none"]

    return Finding(
        (
            Line(words["modules"], modules),
            Line(words["calls"], len(calls)),
            Line(words["loop"], arrows(loop)),
            Line(words["ours"], len(leaves)),
            Line(words["our_calls"], len(ours)),
            Line(words["our_loop"], arrows(our_loop)),
        ),
        words["says"].format(
            modules=modules,
            calls=len(calls),
            loop=arrows(loop),
            ours=len(leaves),
            our_calls=len(ours),
        ),
        Drawing(
            words["alt"],
            lambda look: svg(block_graph(profile(parse("resnet18")), "layer1.0"), look),
        ),
    )


def pool_seven(exercise: Exercise) -> Finding:
    """Run the head on the map that ResNet-18 gives it at four input sizes."""
    words = exercise.words
    head = run(exercise.code)["Head"]()
    mended = run(corrected(exercise.code, "AvgPool2d(7)", "AdaptiveAvgPool2d(1)"))["Head"]()
    lines, errors, unused, pixels, shapes = [], {}, 0, 0, set()
    for side in (160, 224, 256, 448):
        spec = parse(f"resnet18:input=3x{side}x{side}")
        output = next(s.output for s in profile(spec).stages if s.name == "layer4")
        x = torch.zeros(1, *output, requires_grad=True)
        errors[side] = raised(partial(head, x))
        label = words["size"].format(side=side, map=shape(output[1:]))
        shapes.add(_shape(mended(x)))
        if errors[side]:
            lines.append(Line(label, errors[side]))
            continue
        (gradient,) = torch.autograd.grad(head.pool(x).sum(), x)
        left = int((gradient[0, 0] == 0).sum())
        lines.append(Line(label, left, words["unused"]))
        if side == 256:
            unused, pixels = left, prod(output[1:])
    lines.append(Line(words["mended"], ", ".join(shapes)))
    failed = words["and"].join(str(side) for side, error in errors.items() if error)
    return Finding(
        tuple(lines),
        words["says"].format(unused=unused, pixels=pixels, failed=failed),
    )


def halving_bottleneck(exercise: Exercise) -> Finding:
    """Count the block as shown, beside the blocks of two networks."""
    words = exercise.words
    place = place_of("layer1.1")
    specs = parse("resnet50"), parse("wide_resnet50_2")
    own, wide = (plan.block_at(spec, place) for spec in specs)
    outside, inside = own.in_channels, own.convs[0].out_channels
    block = run(exercise.code)["Bottleneck"](outside)
    halved = sum(weight.numel() for weight in block.parameters())
    macs, wide_macs = (profile(spec).macs for spec in specs)
    return Finding(
        (
            Line(words["outside"], outside),
            Line(words["inside"], inside),
            Line(words["own"], own.weights),
            Line(words["halved"], halved),
            Line(words["wide"], wide.weights),
            Line(words["macs"], macs),
            Line(words["wide_macs"], wide_macs),
        ),
        words["says"].format(
            outside=outside, factor=f"{outside / inside:g}", ratio=three(halved / own.weights)
        ),
    )


def _name(error: str) -> str:
    return error.partition(":")[0]


def _shape(x: Tensor) -> str:
    return shape(tuple(x.shape[1:]))


def _macs(conv: nn.Conv2d, output: Tensor) -> int:
    """Multiply-adds of a convolution for one image."""
    return conv.weight[0].numel() * output[0].numel()


def _calls(network: nn.Module, x: Tensor) -> list[str]:
    """Return the modules without children in the order in which they are called."""
    calls: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, name=name: calls.append(name))
        for name, module in network.named_modules()
        if not [*module.children()]
    ]
    try:
        with torch.no_grad():
            network(x)
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def _loop(calls: Iterable[str]) -> list[str]:
    """Return a loop of the graph with one node per module; empty if it has none."""
    before: dict[str, set[str]] = {}
    for one, other in pairwise(calls):
        before.setdefault(other, set()).add(one)
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []
