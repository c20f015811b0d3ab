"""Published counts, limits, and models that profiling leaves unchanged."""

import copy

import pytest
import torch

import analysis
from analysis.costs.profiles import check_trainable, representative
from analysis.costs.report import profile_text
from analysis.costs.verify import Check, run_fvcore, verify
from nets import CATALOG, build, parse

EXACT = {
    # params, MACs, fvcore FLOPs
    "resnet50": (25_557_032, 4_089_184_256, 4_111_512_576),
    "resnet20": (269_722, 40_551_040, None),
    "resnet32": (464_154, 68_862_592, None),
    "resnet44": (658_586, 97_174_144, None),
    "resnet56": (853_018, 125_485_696, None),
    "resnet110": (1_727_962, 252_887_680, None),
    "resnet1202": (19_421_274, 2_829_238_912, None),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_counts(name: str) -> None:
    profile = analysis.profile(parse(name))
    params, macs, fvcore = EXACT[name]
    assert (profile.params, profile.macs) == (params, macs)
    if fvcore:
        assert profile.fvcore_flops == fvcore


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("resnet50_v1", 3_858),
        ("resnet101_v1", 7_570),
        ("resnet152_v1", 11_282),
        ("resnet20", 41),
        ("resnet56", 125),
    ],
)
def test_multiply_adds_of_the_paper(name: str, millions: int) -> None:
    assert round(analysis.profile(parse(name)).macs / 1e6) == millions


def test_torchvision_publishes_the_same_multiply_adds() -> None:
    from torchvision.models import get_model_weights

    names = [name for name, entry in CATALOG.items() if entry.in_torchvision]
    assert len(names) == 10
    for name in names:
        for weights in get_model_weights(name):
            profile = analysis.profile(parse(name))
            assert round(profile.macs / 1e9, 3) == weights.meta["_ops"], name
            assert profile.params == weights.meta["num_params"], name


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("resnet18", 435),
        ("resnet34", 899),
        ("resnet50", 427),
        ("resnet50_v1", 483),
        ("resnet101", 971),
        ("resnet152", 1451),
    ],
)
def test_receptive_field(name: str, pixels: int) -> None:
    assert analysis.profile(parse(name)).receptive_field == pixels


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("resnet20", "px, before pooling\n"),
        ("resnet20:se=4", "px, before pooling, without SE\n"),
        ("resnet20:norm=group:norm_groups=8", "px, before pooling, without group norm\n"),
        (
            "resnet20:se=4:norm=group:norm_groups=8",
            "px, before pooling, without SE and group norm\n",
        ),
    ],
)
def test_what_averages_over_the_map_is_not_in_the_receptive_field(model: str, said: str) -> None:
    assert said in profile_text(analysis.profile(parse(model)))


@pytest.mark.parametrize(
    "options",
    [
        "block=basic:blocks=2,1,1",
        "block=bottleneck:blocks=2,1,2:dilate=0,1",
        "block=bottleneck:blocks=1,2,1:dilate=1,1",
        "block=bottleneck:blocks=2,2,2:stride_on=conv1",
    ],
)
def test_receptive_field_is_how_far_an_input_reaches(options: str) -> None:
    """With positive weights, it spans the pixels with a gradient from the last map's centre."""
    spec = parse(f"resnet20:{options}:widths=2,2,2:shortcut=none:norm=none:input=1x201x201")
    model = build(spec)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.1)
    x = torch.ones(1, 1, 201, 201, requires_grad=True)
    y = x
    for name, module in model.named_children():
        y = y if name in ("avgpool", "flatten", "fc") else module(y)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    assert x.grad is not None
    rows = x.grad[0, 0].sum(dim=1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == analysis.profile(spec).receptive_field


@pytest.mark.parametrize(
    ("name", "saved"),
    [("resnet18", 22_218_240), ("resnet34", 32_283_136), ("resnet50", 86_121_984)],
)
def test_saved_bytes_of_one_image(name: str, saved: int) -> None:
    assert analysis.profile(parse(name)).saved_bytes == saved


@pytest.mark.parametrize(
    ("name", "activations"),
    [
        ("resnet18", 2_483_712),
        ("resnet34", 3_738_112),
        ("resnet50", 11_113_984),
        ("resnet101", 16_231_936),
        ("resnet152", 22_554_112),
    ],
)
def test_activations_of_one_image(name: str, activations: int) -> None:
    one, four = (analysis.profile(parse(name), batch=batch) for batch in (1, 4))
    assert (one.activations, four.activations) == (activations, 4 * activations)


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("resnet18", 2.48),
        ("resnet34", 3.74),
        ("resnet50", 11.11),
        ("resnet101", 16.23),
        ("resnet50d", 11.92),
        ("seresnet50", 11.13),
        ("resnext50_32x4d", 14.4),
        ("wide_resnet50_2", 14.4),
        ("resnet50:input=3x160x160", 5.67),
        ("resnet152:input=3x160x160", 11.51),
    ],
)
def test_activations_that_timm_publishes(name: str, millions: float) -> None:
    """`infer_macts` of results/benchmark-infer-amp-nchw-pt291-cu128-4090.csv in timm.

    It also counts the 1,000 outputs of the classifier.
    """
    activations = analysis.profile(parse(name)).activations
    assert round((activations + 1_000) / 1e6, 2) == millions


def test_bytes_moved_layer_by_layer() -> None:
    profile = analysis.profile(parse("resnet18"), batch=2)
    moved = {layer.path: layer.bytes_moved for layer in profile.layers}
    map56 = 2 * 64 * 56 * 56
    assert moved["layer1.0.conv1"] == 4 * (2 * map56 + 64 * 64 * 9)
    assert moved["layer1.0.bn1"] == 4 * (2 * map56 + 2 * 64)
    assert moved["layer1.0.act1"] == 4 * 2 * map56
    assert moved["layer1.0.add"] == 4 * 3 * map56
    assert moved["maxpool"] == 4 * (5 * map56)
    assert moved["fc"] == 4 * (2 * 512 + 512 * 1_000 + 1_000 + 2 * 1_000)
    assert moved["layer1.0.downsample"] == moved["flatten"] == 0
    assert profile.bytes_moved == sum(moved.values())


@pytest.mark.parametrize(
    ("text", "params", "macs", "saved_of_two"),
    [
        ("resnet18:input=3x32x32", 11_689_512, 37_523_456, 947_712),
        ("resnet18:input=1x28x28:classes=10", 11_175_370, 33_010_944, 783_488),
    ],
)
def test_a_network_too_small_to_train_on_one_image_is_counted(
    text: str, params: int, macs: int, saved_of_two: int
) -> None:
    one, two = (analysis.profile(parse(text), batch=batch) for batch in (1, 2))
    assert (one.params, one.macs, one.receptive_field) == (params, macs, 435)
    assert one.saved_bytes is None
    assert one.untrainable.endswith("where layer4.0.bn1 would train on one value per channel")
    with pytest.raises(ValueError, match=r"at batch 1, where .* or a batch of at least 2$"):
        check_trainable(one)
    assert (two.params, two.macs, two.saved_bytes) == (params, 2 * macs, saved_of_two)
    assert not two.untrainable
    check_trainable(two)


@pytest.mark.parametrize(
    ("name", "depth", "convolutions"),
    [
        ("resnet50", 50, 53),
        ("wrn28_10", 26, 28),
        ("wrn40_4", 38, 40),
        ("plain20", 20, 19),
        ("resnet20:unit=full_preact:se=4", 20, 37),
        ("se_resnet50", 50, 85),
        ("resnet50:stem=deep:projection_pool=1", 52, 55),
    ],
)
def test_depth_and_convolutions(name: str, depth: int, convolutions: int) -> None:
    """They are the built ones; a wide ResNet's name counts them, including projections."""
    profile = analysis.profile(parse(name))
    assert (profile.depth, profile.convolutions) == (depth, convolutions)
    built = [m for m in build(parse(name), "meta").modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(built) == convolutions


@pytest.mark.parametrize(
    ("text", "batch", "says"),
    [
        ("resnet50", 0, "batch must be 1 to 65,536, not 0"),
        ("resnet50", 65_537, "batch must be 1 to 65,536, not 65,537"),
        ("resnet50", 1.5, "batch must be 1 to 65,536, not 1.5"),
        ("resnet50", True, "batch must be 1 to 65,536, not True"),
    ],
)
def test_bad_input(text: str, batch: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        analysis.profile(parse(text), batch=batch)


def test_input_shape() -> None:
    smaller = analysis.profile(parse("resnet50"), input_shape=(3, 128, 96))
    assert smaller == analysis.profile(parse("resnet50:input=3x128x96"))
    assert smaller.model == "resnet50:input=3x128x96"
    with pytest.raises(ValueError, match="input has 1 channel, but resnet50 takes 3"):
        analysis.profile(parse("resnet50"), input_shape=(1, 128, 96))


def test_the_largest_request_is_answered() -> None:
    text = "resnet50:blocks=500,500,500,500:widths=64,64,64,64:input=3x4096x4096"
    profile = analysis.profile(parse(text), batch=65_536)
    assert profile.macs > 10**18
    assert len(profile.shortcuts) == 2_000


def test_small_inputs_without_batch_norm_are_fine() -> None:
    profile = analysis.profile(parse("resnet50:norm=none:input=3x8x8"))
    assert profile.stages[-2].output == (2048, 1, 1)


def test_shortcuts() -> None:
    uses = analysis.profile(parse("resnet50")).shortcuts
    kinds = [use.kind.value for use in uses]
    assert (kinds.count("projection"), kinds.count("identity")) == (4, 12)
    assert uses[3].path == "layer2.0"
    assert uses[3][1:] == ("projection", (256, 56, 56), (512, 28, 28))


def test_verify_leaves_the_model_and_the_random_state_alone() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    checks = verify(analysis.profile(parse("resnet20"), batch=2))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(check.equal for check in checks)
    assert checks[0] == Check("", 2 * 40_931_968, 2 * 40_931_968)

    model = build(parse("resnet20"))
    model.get_submodule("layer1").eval()
    modes = [module.training for module in model.modules()]
    before = copy.deepcopy(model.state_dict())
    run_fvcore(model, torch.randn(2, 3, 32, 32))
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_verify_refuses_what_would_not_fit() -> None:
    thin = parse("resnet20:widths=1,1,1:stem_width=1:input=1x4096x4096")
    with pytest.raises(ValueError, match=r"takes 10\.1 GB, and the limit to verify is 4 GB"):
        verify(analysis.profile(thin, batch=30))
    profile = analysis.profile(parse("preresnet200:input=3x4096x4096"))
    with pytest.raises(
        ValueError, match="takes 5,017 G multiply-adds, and the limit to verify is 500 G"
    ):
        verify(profile)


def test_a_representative_has_two_blocks_a_stage() -> None:
    assert representative(parse("resnet152:blocks=3,1,36,2")).blocks == (2, 1, 2, 2)
