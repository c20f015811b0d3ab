"""Built networks compared with a reference written from the papers, and invariants of a build."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import prod, sqrt

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from nets import CATALOG, ResNetSpec, build, parse, plan
from nets.blocks import Conv2dSame, MaxPool2dSame, same_padding
from nets.options import BlockKind, Shortcut, UnitOrder
from nets.text import edit
from tests.nets.reference import Reference, randomise, tensorflow_pads
from tests.strategies import specs

SMALL = ResNetSpec(
    blocks=(2, 2, 1),
    widths=(4, 4, 8),
    strides=(1, 2, 2),
    dilate=(0, 0),
    stem_width=16,
    input=(3, 17, 20),
    classes=5,
)
"""Bottlenecks that keep the shape, halve the map, or double the channels as they halve it."""

SMALL_BASIC = edit(SMALL, {"block": "basic", "stem_width": 4})

WEIGHTED = (nn.Conv2d, nn.Linear)


def assert_follows_the_papers(spec: ResNetSpec) -> None:
    model = build(spec).double().eval()
    randomise(model, seed=1)
    reference = Reference(spec, model.state_dict())
    x = torch.randn(2, *spec.input, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(model(x), reference(x), rtol=1e-9, atol=1e-9)
    counters = {k for k in model.state_dict() if k.endswith("num_batches_tracked")}
    assert reference.used | counters == set(model.state_dict())


@pytest.mark.parametrize("projection_norm", [False, True])
@pytest.mark.parametrize("shortcut", Shortcut)
@pytest.mark.parametrize("block", BlockKind)
@pytest.mark.parametrize("unit", UnitOrder)
def test_every_unit_order_block_and_shortcut(
    unit: UnitOrder, block: BlockKind, shortcut: Shortcut, projection_norm: bool
) -> None:
    spec = SMALL if block is BlockKind.BOTTLENECK else SMALL_BASIC
    assert_follows_the_papers(
        replace(spec, unit=unit, shortcut=shortcut, projection_norm=projection_norm)
    )


@pytest.mark.parametrize("unit", UnitOrder)
@pytest.mark.parametrize(
    "options",
    [
        {"bias": 1},
        {"padding": "same"},
        {"padding": "same", "input": (3, 32, 32)},
        {"padding": "same", "dilate": (1, 1)},
        {"dilate": (0, 1)},
        {"dilate": (1, 1)},
        {"groups": 2, "group_width": 32},
        {"groups": 2, "group_width": 40},
        {"group_width": 96},
        {"stride_on": "conv1"},
        {"stride_on": "conv1", "dilate": (1, 0)},
        {"norm": "none", "bias": 1},
        {"norm": "none", "shortcut": "projection_all"},
        {"bn_eps": 1e-2},
        {"activation": "tanh"},
        {"activation": "gelu"},
        {"softmax": 1},
        {"stem": "cifar"},
        {"stem": "cifar", "padding": "same"},
        {"expansion": 2},
    ],
    ids=str,
)
def test_options_in_every_unit_order(unit: UnitOrder, options: dict[str, object]) -> None:
    assert_follows_the_papers(edit(SMALL, {"unit": unit, **options}))


@pytest.mark.parametrize(
    "text",
    [
        "preresnet110",
        "preresnet110:unit=relu_preact",
        "preresnet110:shortcut=zero_pad:widths=24,32,64",
        "preresnet164",
        "preresnet110:norm=none",
    ],
)
def test_the_first_pre_activation_comes_before_the_paths_split(text: str) -> None:
    """He et al. 2016, appendix: any kind of shortcut carries the activated x in the first unit."""
    spec = edit(parse(text), {"blocks": (2, 2, 2)})
    model = build(spec)
    inputs: dict[str, Tensor] = {}
    outputs: dict[str, Tensor] = {}
    for path in ("layer1.0", "layer1.1", "layer2.1"):
        for name in ("", ".act1", ".downsample"):

            def see(_: nn.Module, args: tuple[Tensor], y: Tensor, path: str = path + name) -> None:
                inputs[path], outputs[path] = args[0], y

            model.get_submodule(path + name).register_forward_hook(see)
    model(torch.randn(2, *spec.input))
    assert inputs["layer1.0.downsample"] is outputs["layer1.0.act1"]
    for later in ("layer1.1", "layer2.1"):
        assert inputs[f"{later}.downsample"] is inputs[later]


@given(specs())
@settings(max_examples=60)
def test_random_networks(spec: ResNetSpec) -> None:
    assert_follows_the_papers(spec)


@pytest.mark.parametrize("name", ["d2l_resnet18", "keras_resnet18", "preresnet164", "resnet34_c"])
def test_networks_of_the_catalog(name: str) -> None:
    spec = CATALOG[name].spec
    assert_follows_the_papers(replace(spec, input=(spec.channels, 32, 37)))


def test_a_batch_moves_the_running_statistics_by_the_momentum() -> None:
    model = build(replace(SMALL, bn_momentum=0.25))
    seen: list[Tensor] = []
    model.get_submodule("bn1").register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    model(torch.randn(4, *SMALL.input))
    mean, var = seen[0].mean((0, 2, 3)), seen[0].var((0, 2, 3))
    torch.testing.assert_close(model.get_buffer("bn1.running_mean"), 0.25 * mean)
    torch.testing.assert_close(model.get_buffer("bn1.running_var"), 0.75 + 0.25 * var)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (224, 7, 2, (2, 3)),
        (225, 7, 2, (3, 3)),
        (112, 3, 2, (0, 1)),
        (113, 3, 2, (1, 1)),
        (56, 3, 1, (1, 1)),
        (57, 3, 1, (1, 1)),
        (56, 1, 2, (0, 0)),
        (1, 3, 2, (1, 1)),
        (2, 3, 2, (0, 1)),
        (8, 5, 2, (1, 2)),
    ],
)
def test_same_padding_on_even_and_odd_sizes(
    size: int, kernel: int, stride: int, expected: tuple[int, int]
) -> None:
    assert same_padding(size, kernel, stride) == expected


def test_same_padding_is_the_least_that_fits() -> None:
    cases = [(n, k, s) for n in range(1, 40) for k in (1, 3, 5, 7, 9, 17) for s in (1, 2)]
    assert [same_padding(*c) for c in cases] == [tensorflow_pads(*c) for c in cases]


def windows(x: Tensor, taps: int, stride: int, dilation: int) -> Tensor:
    """Return every window of TensorFlow's "same" on an [H, W] map, with NaN for outer pixels."""
    rows, columns = (
        [
            [i * stride - tensorflow_pads(size, dilation * (taps - 1) + 1, stride)[0] + t * dilation
             for t in range(taps)]
            for i in range(-(-size // stride))
        ]
        for size in x.shape
    )  # fmt: skip

    def pixel(row: int, column: int) -> float:
        inside = 0 <= row < x.shape[0] and 0 <= column < x.shape[1]
        return float(x[row, column]) if inside else float("nan")

    return torch.tensor(
        [[[[pixel(r, c) for c in cs] for r in rs] for cs in columns] for rs in rows],
        dtype=torch.float64,
    )


@pytest.mark.parametrize("shape", [(6, 6), (7, 7), (6, 9), (1, 2)])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_same_convolution_pixel_by_pixel(
    shape: tuple[int, int], stride: int, dilation: int
) -> None:
    torch.manual_seed(0)
    conv = Conv2dSame(1, 1, 3, stride=stride, dilation=dilation, bias=False).double()
    x = torch.randn(shape, dtype=torch.float64)
    expected = (windows(x, 3, stride, dilation).nan_to_num(0) * conv.weight[0, 0]).sum((2, 3))
    torch.testing.assert_close(conv(x[None, None])[0, 0], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(6, 6), (7, 7), (6, 9), (1, 2)])
def test_same_max_pool_never_sees_its_padding(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    x = torch.randn(shape, dtype=torch.float64) - 10
    expected = windows(x, 3, 2, 1).nan_to_num(-torch.inf).amax((2, 3))
    assert torch.equal(MaxPool2dSame(kernel_size=3, stride=2)(x[None, None])[0, 0], expected)


@given(specs())
@settings(max_examples=25)
def test_every_module_is_called_exactly_once(spec: ResNetSpec) -> None:
    model = build(spec, "meta")
    calls: Counter[str] = Counter()
    for path, module in model.named_modules():
        module.register_forward_hook(lambda _m, _i, _o, path=path: calls.update([path]))
    model(torch.empty(2, *spec.input, device="meta"))
    assert calls == {path: 1 for path, _ in model.named_modules(remove_duplicate=False)}


@given(specs())
@settings(max_examples=25)
def test_nothing_changes_in_place(spec: ResNetSpec) -> None:
    model = build(spec).eval()
    seen: list[tuple[Tensor, Tensor]] = []

    def remember(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        seen.extend((tensor, tensor.clone()) for tensor in args)

    for module in model.modules():
        module.register_forward_pre_hook(remember)
    with torch.no_grad():
        model(torch.randn(1, *spec.input))
    assert len(seen) >= len(list(model.modules()))
    assert all(torch.equal(tensor, before) for tensor, before in seen)


@given(specs())
@settings(max_examples=25)
def test_no_module_and_no_weight_is_shared(spec: ResNetSpec) -> None:
    model = build(spec, "meta")
    modules = [id(m) for _, m in model.named_modules(remove_duplicate=False)]
    weights = [id(p) for _, p in model.named_parameters(remove_duplicate=False)]
    assert max(Counter(modules).values()) == 1
    assert max(Counter(weights).values()) == 1


@given(specs())
@settings(max_examples=25)
def test_meta_allocates_and_draws_nothing(spec: ResNetSpec) -> None:
    before = torch.get_rng_state()
    model = build(spec, "meta")
    assert all(tensor.is_meta for tensor in (*model.parameters(), *model.buffers()))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(module.training for module in model.modules())


@contextmanager
def new_memory_holds_nan() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@given(specs())
@settings(max_examples=25)
def test_a_cpu_network_is_ready_to_train(spec: ResNetSpec) -> None:
    with new_memory_holds_nan():
        assert torch.empty(1).isnan()
        model = build(spec)
    assert all(tensor.isfinite().all() for tensor in model.state_dict().values())
    assert all(p.requires_grad and p.dtype == torch.float32 for p in model.parameters())
    assert {t.device.type for t in (*model.parameters(), *model.buffers())} == {"cpu"}
    assert all(module.training for module in model.modules())


@given(specs())
@settings(max_examples=25)
def test_the_plan_counts_the_weights_that_are_built(spec: ResNetSpec) -> None:
    layers = [m for m in build(spec, "meta").modules() if isinstance(m, WEIGHTED)]
    assert plan.weight_count(spec) == sum(layer.weight.numel() for layer in layers)


def convolutions(model: nn.Module) -> dict[str, nn.Conv2d]:
    return {path: m for path, m in model.named_modules() if isinstance(m, nn.Conv2d)}


def assert_drawn_like(
    model: nn.Module, seed: int, draw: Callable[[nn.Conv2d | nn.Linear], Tensor]
) -> None:
    """Draw every layer again in the order of the network and compare."""
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, WEIGHTED):
            torch.testing.assert_close(module.weight, draw(module))


WITH_GROUPS = edit(SMALL, {"groups": 2, "widths": (32, 32, 64), "classes": 50})


def test_he_initialisation() -> None:
    """The deviation is sqrt(2 / (k k out)); as in torchvision, the linear layer is PyTorch's."""

    def draw(layer: nn.Conv2d | nn.Linear) -> Tensor:
        if isinstance(layer, nn.Linear):
            return nn.Linear(layer.in_features, layer.out_features).weight
        deviation = sqrt(2 / (layer.kernel_size[0] ** 2 * layer.out_channels))
        return torch.empty_like(layer.weight).normal_(0, deviation)

    torch.manual_seed(3)
    model = build(WITH_GROUPS)
    assert_drawn_like(model, 3, draw)
    weight = model.get_parameter("layer3.0.conv2.weight")
    assert weight.std().item() == pytest.approx(sqrt(2 / (9 * 128)), rel=0.02)


def test_xavier_initialisation() -> None:
    """Weights are uniform within sqrt(6 / (fan in + fan out)); biases are zero."""

    def bound(layer: nn.Conv2d | nn.Linear) -> float:
        outputs, inputs, *kernel = layer.weight.shape
        return sqrt(6 / ((inputs + outputs) * prod(kernel)))

    def draw(layer: nn.Conv2d | nn.Linear) -> Tensor:
        return torch.empty_like(layer.weight).uniform_(-bound(layer), bound(layer))

    torch.manual_seed(4)
    model = build(edit(WITH_GROUPS, {"init": "xavier", "bias": 1}))
    assert_drawn_like(model, 4, draw)
    for layer in convolutions(model).values():
        assert layer.weight.abs().max().item() == pytest.approx(bound(layer), rel=0.05)
        assert layer.bias is not None
        assert not layer.bias.any()
    assert not model.get_parameter("fc.bias").any()


def test_default_initialisation_is_that_of_pytorch() -> None:
    def draw(layer: nn.Conv2d | nn.Linear) -> Tensor:
        if isinstance(layer, nn.Linear):
            return nn.Linear(layer.in_features, layer.out_features).weight
        sizes = layer.in_channels, layer.out_channels, layer.kernel_size[0]
        new = nn.Conv2d(*sizes, groups=layer.groups)
        assert layer.bias is not None
        assert new.bias is not None
        assert torch.equal(layer.bias, new.bias)
        return new.weight

    torch.manual_seed(5)
    assert_drawn_like(build(edit(WITH_GROUPS, {"init": "default", "bias": 1})), 5, draw)


@pytest.mark.parametrize("unit", [UnitOrder.ORIGINAL, UnitOrder.RELU_PREACT])
@pytest.mark.parametrize("block", BlockKind)
def test_zero_init_is_the_last_norm_of_every_branch(unit: UnitOrder, block: BlockKind) -> None:
    spec = edit(SMALL, {"block": block, "unit": unit, "projection_norm": 1, "zero_init": 1})
    norms = {p: m for p, m in build(spec).named_modules() if isinstance(m, nn.BatchNorm2d)}
    zero = {path for path, norm in norms.items() if not norm.weight.any()}
    last = 2 if block is BlockKind.BASIC else 3
    units = ("layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0")
    assert zero == {f"{unit}.bn{last}" for unit in units}
    assert all(norms[path].weight.eq(1).all() for path in norms.keys() - zero)


@pytest.mark.parametrize("unit", [UnitOrder.ORIGINAL, UnitOrder.RELU_PREACT])
def test_a_unit_that_starts_as_its_shortcut_can_leave_it(unit: UnitOrder) -> None:
    model = build(replace(SMALL, unit=unit, zero_init=True))
    model(torch.randn(2, *SMALL.input)).sum().backward()
    gradient = model.get_parameter("layer1.1.bn3.weight").grad
    assert gradient is not None
    assert gradient.any()


@given(specs())
@settings(max_examples=20)
def test_the_seed_decides_the_weights(spec: ResNetSpec) -> None:
    states = []
    for seed in (7, 7, 8):
        torch.manual_seed(seed)
        states.append(build(spec).state_dict())
    first, same, other = states
    assert all(torch.equal(first[name], same[name]) for name in first)
    stem = next(iter(first))
    assert not torch.equal(first[stem], other[stem])
