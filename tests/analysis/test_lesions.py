"""Blocks out, blocks reordered, and paths, each compared with its definition."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, combinations, permutations
from statistics import fmean, variance

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from analysis.charts.chart import Chart
from analysis.charts.screen import figure
from analysis.lecture.facts import shipped
from analysis.lesions import drop, paths
from analysis.lesions.charts import (
    dropped_chart,
    how_drawn,
    how_studied,
    on_images,
    paths_charts,
    paths_title,
    permuted_chart,
    single_chart,
)
from analysis.lesions.drop import (
    Lesions,
    Permuted,
    Subject,
    choices,
    counts,
    orders,
    reshaped,
    study,
    tau,
)
from analysis.lesions.paths import Length, Paths, drawn, gated, measure
from analysis.lesions.report import (
    Errors,
    errors_in_words,
    lesions_of,
    lesions_text,
    part_in_words,
    paths_of,
    paths_verdict,
    with_error,
)
from analysis.style.language import Language, speaking
from analysis.style.palette import LIGHT
from nets import ResNetSpec, build, parse, plan
from nets.blocks import ResidualUnit
from nets.options import Shortcut, UnitOrder
from nets.plan import ShortcutKind
from nets.resnet import ResNet
from nets.text import edit
from tests.strategies import specs

NET = "resnet20:blocks=2,3,2:widths=4,8,12:stem_width=4:input=3x12x12:classes=5"
UNITS = [unit.value for unit in UnitOrder]


def made(spec: ResNetSpec, dtype: torch.dtype = torch.float32) -> ResNet:
    """Return a network in eval mode whose batch norms aren't identities."""
    torch.manual_seed(1)
    model = build(edit(spec, {"softmax": False})).to(dtype)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    return model.eval()


def shown(spec: ResNetSpec, number: int = 6, dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(number, *spec.input, generator=generator, dtype=dtype)


def labels(spec: ResNetSpec, number: int = 6) -> Tensor:
    return torch.arange(number) % spec.outputs


def without(model: ResNet, x: Tensor, out: set[str]) -> Tensor:
    """Take blocks out by definition: zero a branch, replace a plain block by its input."""
    for name, step in model.named_children():
        if not name.startswith("layer"):
            x = step(x)
            continue
        for index, unit in enumerate(step.children()):
            assert isinstance(unit, ResidualUnit)
            block = plan.block_at(model.spec, plan.Place(name, index))
            if f"{name}.{index}" not in out:
                x = unit(x)
            elif block.shortcut is ShortcutKind.NONE:
                x = x[:, :, :: block.stride, :: block.stride]
                new = torch.zeros(len(x), block.out_channels, *x.shape[2:], dtype=x.dtype)
                kept = min(block.in_channels, block.out_channels)
                new[:, :kept] = x[:, :kept]
                x = new
            else:
                hook = unit.add.register_forward_pre_hook(
                    lambda _, given: (torch.zeros_like(given[0]), given[1])
                )
                x = unit(x)
                hook.remove()
    return x


@settings(max_examples=40)
@given(specs(), st.data())
def test_a_block_that_is_out_has_a_branch_of_zeros(spec: ResNetSpec, data: st.DataObject) -> None:
    model = made(spec)
    every = [place.path for place in plan.blocks(spec)]
    out = set(data.draw(st.lists(st.sampled_from(every), unique=True)))
    subject = Subject(model, shown(spec), labels(spec))
    with torch.inference_mode():
        expected = without(model, shown(spec), out)
    assert torch.equal(subject.logits(out), expected)
    with torch.inference_mode():
        assert torch.equal(subject.logits(), model(shown(spec)))


@pytest.mark.parametrize("unit", UNITS)
def test_all_blocks_out_is_stem_shortcuts_and_head(unit: str) -> None:
    spec = parse(f"{NET}:unit={unit}")
    model = made(spec)
    every = {place.path for place in plan.blocks(spec)}
    subject = Subject(model, shown(spec), labels(spec))
    x = shown(spec)
    with torch.inference_mode():
        for name, step in model.named_children():
            if not name.startswith("layer"):
                x = step(x)
                continue
            for block in step.children():
                assert isinstance(block, ResidualUnit)
                start = block._run(block.steps.before, x) if block.shares_activation else x
                x = block._run(block.steps.after, block.downsample(start))
    assert torch.equal(subject.logits(every), x)


def test_nothing_of_the_network_is_changed() -> None:
    spec = parse(NET)
    model = made(spec)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    study(Subject(model, shown(spec), labels(spec)))
    measure(model, shown(spec), labels(spec), draws=2, trained=False)
    assert not model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(not module._forward_pre_hooks for module in model.modules())


def test_a_permuted_stage_runs_in_that_order() -> None:
    spec = parse(NET)
    model = made(spec)
    subject = Subject(model, shown(spec), labels(spec))
    with torch.inference_mode():
        x = shown(spec)
        for name, step in model.named_children():
            blocks = list(step.children()) if name.startswith("layer") else [step]
            for index in (0, 2, 1) if name == "layer2" else range(len(blocks)):
                x = blocks[index](x)
    assert torch.equal(subject.logits(order={"layer2": (0, 2, 1)}), x)
    for bad in ({"layer2": (1, 0, 2)}, {"layer2": (0, 1)}, {"layer2": (0, 1, 1)}):
        with pytest.raises(ValueError, match="each of its 3 blocks once, the first one first"):
            subject.logits(order=bad)
    with pytest.raises(ValueError, match=r"'layer9.0' isn't a block of resnet20"):
        subject.logits(["layer9.0"])


def test_what_is_kept_is_what_is_computed() -> None:
    spec = parse(NET)
    model = made(spec)
    subject = Subject(model, shown(spec), labels(spec))
    for out in (["layer3.1"], ["layer1.1"], ["layer2.2"], [], ["layer3.0", "layer1.0"]):
        fresh = Subject(model, shown(spec), labels(spec))
        assert torch.equal(subject.logits(out), fresh.logits(out))


@given(st.integers(1, 9), st.integers(0, 3))
def test_orders_are_distinct_and_keep_the_first(blocks: int, seed: int) -> None:
    found = orders(blocks, seed)
    assert len(set(found)) == len(found) == min(10, math.factorial(max(blocks - 1, 0)) - 1)
    for order in found:
        assert order[0] == 0
        assert sorted(order) == list(range(blocks))
        assert order != tuple(range(blocks))
        assert -1 <= tau(order) < 1
    assert found == orders(blocks, seed)


def test_tau_is_kendalls() -> None:
    assert tau((0, 1, 2, 3)) == 1
    assert tau((0, 3, 2, 1)) == -1
    assert tau((0, 2, 1, 3)) == pytest.approx(1 / 3)
    assert {round(tau((0, *order)), 6) for order in permutations((1, 2, 3))} == {
        1,
        0.333333,
        -0.333333,
        -1,
    }


def test_choices_are_distinct_and_movable() -> None:
    subject = Subject(made(parse(NET)), shown(parse(NET)), labels(parse(NET)))
    assert [place.path for place in subject.movable] == [
        "layer1.1",
        "layer2.1",
        "layer2.2",
        "layer3.1",
    ]
    assert counts(4) == (1, 2, 4)
    assert counts(12) == (1, 2, 4, 8, 12)
    assert counts(0) == ()
    for count in range(1, 5):
        found = choices(subject, count, 0)
        assert len(set(found)) == len(found) == min(10, math.comb(4, count))
        assert {len(set(out)) for out in found} == {count}


def test_a_study_counts_every_block_and_reports_as_it_goes() -> None:
    spec = parse(NET)
    subject = Subject(made(spec), shown(spec, 20), labels(spec, 20))
    seen: list[int] = []
    found = study(subject, lambda one: seen.append(len(one.single) + len(one.dropped)))
    assert [one.path for one in found.single] == [place.path for place in subject.places]
    assert [one.count for one in found.dropped] == [1, 2, 4]
    assert {one.stage for one in found.permuted} == {"layer2"}  # the others have one movable block
    for one in found.single:
        assert one.error == subject.error([one.path])
    for each in found.dropped:
        assert each.low <= each.mean <= each.high
    assert seen[:7] == [1, 2, 3, 4, 5, 6, 7]
    assert len(seen) == drop.results_of(subject.spec)
    assert found == study(subject)
    one_block = parse("resnet20:blocks=1:widths=4:stem_width=4:input=1x8x8")
    with pytest.raises(ValueError, match="has one block: use a network with two or more"):
        study(Subject(made(one_block), shown(one_block), labels(one_block)))


def test_the_orders_of_a_stage_are_one_row() -> None:
    found = Lesions(
        "resnet20",
        10,
        error=0.1,
        single=(),
        dropped=(),
        permuted=(
            Permuted("layer1", 0.0, 0.3),
            Permuted("layer1", -1 / 3, 0.5),
            Permuted("layer1", 2 / 3, 0.1),
            Permuted("layer2", 1 / 3, 0.2),
        ),
        seed=0,
    )
    assert lesions_text(found).split("\n\n")[2].splitlines() == [
        "stage reordered  orders  test error: mean  lowest  highest",
        "layer1                3             30.0%   10.0%    50.0%",
        "layer2                1             20.0%   20.0%    20.0%",
    ]


def test_a_plain_block_keeps_its_shape_when_it_is_out() -> None:
    spec = edit(parse(NET), {"shortcut": "none"})
    block = plan.block_at(spec, plan.Place("layer2", 0))
    x = shown(spec)[:, :1].expand(-1, 4, -1, -1)
    assert torch.equal(reshaped(x, block), functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, 4)))


def gradients_of_all_paths(model: ResNet, x: Tensor, y: Tensor, trained: bool) -> list[Tensor]:
    """Return the gradient along each of the 2^n paths, followed by the whole gradient."""
    every = [place.path for place in plan.blocks(model.spec)]
    subsets = chain.from_iterable(combinations(every, k) for k in range(len(every) + 1))
    found = []
    with gated(model, trained=trained, images=x) as gates:
        given = x.clone().requires_grad_()
        loss = functional.cross_entropy(model(given), y, reduction="sum")
        for subset in [*subsets, None]:
            gates.on = subset
            found.append(torch.autograd.grad(loss, given, retain_graph=True)[0])
    return found


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("shortcut", ["zero_pad", "projection", "projection_all"])
@pytest.mark.parametrize("unit", UNITS)
def test_the_gradients_of_all_paths_add_up(unit: str, shortcut: str, trained: bool) -> None:
    spec = parse(f"{NET}:unit={unit}:shortcut={shortcut}")
    model = made(spec, torch.float64)
    x, y = shown(spec, 3, torch.float64), labels(spec, 3)
    *along, whole = gradients_of_all_paths(model, x, y, trained)
    assert len(along) == 2**7
    torch.testing.assert_close(sum(along), whole, rtol=1e-10, atol=1e-12)
    if trained:
        given = x.clone().requires_grad_()
        loss = functional.cross_entropy(model(given), y, reduction="sum")
        torch.testing.assert_close(torch.autograd.grad(loss, given)[0], whole)


@settings(max_examples=20)
@given(specs())
def test_paths_of_random_networks_add_up(spec: ResNetSpec) -> None:
    small = edit(spec, {"blocks": tuple(min(count, 2) for count in spec.blocks)})
    if small.shortcut is Shortcut.NONE or sum(small.blocks) > 6 or small.classes < 2:
        small = parse(NET.replace("2,3,2", "2,2,2"))
    model = made(small, torch.float64)
    x, y = shown(small, 2, torch.float64), labels(small, 2)
    *along, whole = gradients_of_all_paths(model, x, y, trained=True)
    torch.testing.assert_close(sum(along), whole, rtol=1e-9, atol=1e-12)


def test_an_untrained_batch_norm_divides_by_these_images() -> None:
    """Frozen at the images' statistics, the forward pass equals that of train mode."""
    spec = parse(NET)
    model = made(spec, torch.float64)
    x = shown(spec, 8, torch.float64)
    with gated(model, trained=False, images=x), torch.no_grad():
        frozen = model(x)
    model.train()
    with torch.no_grad():
        torch.testing.assert_close(frozen, model(x))


def test_lengths_are_binomial_and_shares_those_of_all_paths() -> None:
    spec = parse(NET)
    model = made(spec, torch.float64)
    x, y = shown(spec, 3, torch.float64), labels(spec, 3)
    found = measure(model, x, y, draws=1_000)
    assert [one.paths for one in found.lengths] == [math.comb(7, k) for k in range(8)]
    *along, _ = gradients_of_all_paths(model, x, y, trained=True)
    sizes = [float(one.flatten(1).norm(dim=1).mean()) for one in along]
    by_length: list[list[float]] = [[] for _ in range(8)]
    every = [place.path for place in plan.blocks(spec)]
    subsets = chain.from_iterable(combinations(every, k) for k in range(8))
    for subset, size in zip(subsets, sizes, strict=True):
        by_length[len(subset)].append(size)
    for one, own in zip(found.lengths, by_length, strict=True):
        assert one.share == pytest.approx(sum(own) / sum(sizes), rel=1e-9)
        assert (one.low, one.high) == pytest.approx((min(own), max(own)), rel=1e-9)
    assert sum(one.share for one in found.lengths) == pytest.approx(1)
    assert found.mean_path == 3.5
    low, high = found.holding(0.9)
    assert found.held(low, high) >= 0.9
    assert all(found.held(a, b) < 0.9 for a in range(8) for b in range(a, 8) if b - a < high - low)
    assert found.of_all(0, 7) == 1


def test_a_brute_force_walk_finds_as_many_paths() -> None:
    """Yield every path from the first block to the last, through each branch or past it."""
    for blocks in range(1, 13):
        lengths = [0] * (blocks + 1)
        walk = [(0, 0)]
        while walk:
            at, length = walk.pop()
            if at == blocks:
                lengths[length] += 1
            else:
                walk += [(at + 1, length), (at + 1, length + 1)]
        assert lengths == [math.comb(blocks, length) for length in range(blocks + 1)]
        names = [str(index) for index in range(blocks)]
        assert [len(drawn(names, k, 1_000, 0)) for k in range(blocks + 1)] == lengths


def test_draws_are_distinct() -> None:
    names = [f"b{index}" for index in range(20)]
    found = drawn(names, 10, 40, 3)
    assert len(set(found)) == 40
    assert all(
        len(set(path)) == 10 and list(path) == sorted(path, key=names.index) for path in found
    )
    assert found == drawn(names, 10, 40, 3) != drawn(names, 10, 40, 4)


def test_what_has_no_paths_is_one_sentence() -> None:
    for text, sentence in (
        (NET.replace("resnet20", "plain20"), "is a plain network: it has one path"),
        ("resnet20:blocks=1:widths=4:stem_width=4:input=1x8x8", "has one block"),
    ):
        spec = parse(text)
        with pytest.raises(ValueError, match=sentence):
            measure(made(spec), shown(spec), labels(spec))
    with pytest.raises(ValueError, match="draws must be 1 to 1,000, not 0"):
        measure(made(parse(NET)), shown(parse(NET)), labels(parse(NET)), draws=0)
    assert drop.DRAWS == 10
    assert paths.DRAWS == 40


RESIDUAL, PLAIN = (
    Errors(parse(f"{kind}32:widths=8,16,32:stem_width=8:input=1x28x28"), *errors)
    for kind, errors in (("resnet", (0.089, 0.122)), ("plain", (0.103, 0.858)))
)


@pytest.mark.parametrize(
    ("found", "out", "sentence"),
    [
        (
            (RESIDUAL._replace(now=0.089), PLAIN._replace(now=0.103)),
            (),
            "Intact, the 32-layer residual network gets 8.9% of 1,000 test images "
            "wrong, and the 32-layer plain network 10.3%.",
        ),
        (
            (RESIDUAL, PLAIN),
            ("layer2.2",),
            "Without layer2.2, the 32-layer residual network gets 12.2% of 1,000 test images wrong "
            "instead of 8.9%, and the 32-layer plain network 85.8% instead of 10.3%.",
        ),
        (
            (RESIDUAL,),
            ("layer2.2", "layer3.1"),
            "Without layer2.2 and layer3.1, the 32-layer residual network gets 12.2% of 1,000 test "
            "images wrong instead of 8.9%.",
        ),
        (
            (RESIDUAL,),
            ("layer1.1", "layer2.2", "layer3.1", "layer3.2"),
            "Without 4 blocks, the 32-layer residual network gets 12.2% of 1,000 test images wrong "
            "instead of 8.9%.",
        ),
    ],
)
def test_the_wall_says_in_one_sentence_what_blocks_are_worth(
    found: tuple[Errors, ...], out: tuple[str, ...], sentence: str
) -> None:
    assert errors_in_words(found, 1_000, out) == sentence


def test_a_part_without_results_has_no_sentence() -> None:
    bare = replace(
        lesions_of(shipped("lesions_fashion_resnet32")), single=(), dropped=(), permuted=()
    )
    assert not any(part_in_words([bare], part) for part in ("single", "several", "order"))


def test_networks_that_share_only_one_count_of_removed_blocks_are_compared_at_it() -> None:
    found = lesions_of(shipped("lesions_fashion_resnet32"))
    small = replace(found, dropped=found.dropped[:1])
    assert part_in_words([small], "several") == (
        "With one block removed, but never the first of a stage, the mean error is 12.8% in the "
        "32-layer residual network."
    )


def test_that_sentence_is_chinese_too() -> None:
    with speaking(Language.CHINESE):
        said = errors_in_words((RESIDUAL, PLAIN), 1_000, ("layer2.2",))
    assert said == (
        "去掉 layer2.2 后，32 层残差网络在 1,000 张测试图像里错 12.2%（原来 8.9%），"
        "32 层朴素网络错 85.8%（原来 10.3%）。"
    )


def test_a_chart_in_a_file_says_what_the_network_was_shown() -> None:
    chart = single_chart([lesions_of(shipped("lesions_fashion_resnet32"))])
    assert chart.x_label == "removed block"
    for of, said in (
        ("fashion_mnist", "1,000 test images of Fashion-MNIST"),
        ("sample", "1,000 test images of Fashion-MNIST (sample)"),
        ("birds", "1,000 test images of birds"),
        ("random", "1,000 random images"),
    ):
        blocks = ". Blocks are numbered stage.block: 1.0 is layer1.0"
        assert on_images(chart, 1_000, of).reading == f"{said}{blocks}"
    read = replace(chart, reading="Bands: lowest to highest")
    assert on_images(read, 1, "birds").reading == "1 test image of birds. Bands: lowest to highest"


@pytest.mark.parametrize("draw", [dropped_chart, permuted_chart])
def test_plain_networks_have_unfilled_marks(draw: Callable[[Sequence[Lesions]], Chart]) -> None:
    nets = ("resnet32", "plain32")
    chart = draw([lesions_of(shipped(f"lesions_fashion_{net}")) for net in nets])
    assert [(one.marker, one.hollow) for one in chart.series[:2]] == [(0, False), (0, True)]


@pytest.mark.parametrize("wall", [False, True])
def test_on_the_wall_a_hollow_mark_hides_no_other(wall: bool) -> None:
    nets = ("resnet32", "plain32")
    chart = permuted_chart([lesions_of(shipped(f"lesions_fashion_{net}")) for net in nets])
    filled, hollow = (trace.marker.color for trace in figure(chart, LIGHT, wall=wall).data[:2])
    assert filled == LIGHT.identity
    assert (hollow == "rgba(0,0,0,0)") is wall


def test_the_mean_lengths_of_paths_are_results() -> None:
    shown = paths_charts(paths_of(shipped("paths_fashion_resnet32")))
    assert [[(mark.text, mark.is_result) for mark in chart.marks] for chart in shown] == [
        [("mean 7.5", True)],
        [],
        [("mean 6.2", True)],
    ]


@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=40))
def test_the_error_of_a_share_is_at_least_that_of_the_sampled_paths(norms: list[float]) -> None:
    mean, count = fmean(norms), len(norms)
    one = Length(6, 5_005, mean, 0.25, min(norms), max(norms))
    found = Paths("resnet32", 15, count, 32, True, (one,))
    own = 0.25 / mean * math.sqrt(variance(norms) / count * (1 - count / 5_005))
    assert found.error(one) >= own * (1 - 1e-6) - 1e-7


def test_the_share_has_an_error_where_its_paths_are_sampled() -> None:
    found = paths_of(shipped("paths_fashion_resnet32"))
    errors = [found.error(one) for one in found.lengths]
    assert [error == 0 for error in errors] == [one.paths <= 40 for one in found.lengths]
    assert errors[6] == pytest.approx(0.087, abs=5e-4)
    *_, last = paths_charts(found)
    (line,) = last.series
    share = found.lengths[6].share
    assert (line.low[6], line.high[6]) == pytest.approx(
        (100 * (share - errors[6]), 100 * (share + errors[6]))
    )
    assert last.reading == "Band of the gradient's share: an upper bound of its standard error"
    whole = replace(found, draws=10_000)
    assert paths_charts(whole)[2].series[0].low == ()
    assert paths_charts(whole)[2].reading == ""
    assert paths_verdict(whole)[0].endswith("through 6.2.")
    alone = replace(found, draws=1)
    assert paths_charts(alone)[2].series[0].high[6] is None
    assert paths_verdict(alone)[0].endswith("through 6.")


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (8.405, 0.248, "8.4 ± 0.3"),
        (8.405, 0.3, "8.4 ± 0.3"),
        (8.405, 0.95, "8 ± 1"),
        (4.899, 0.038, "4.9 ± 0.1"),
        (4.899, 1e-12, "4.9 ± 0.1"),
        (92.95, 1.01, "93 ± 2"),
        (92.95, 12.0, "90 ± 20"),
        (6.211, 0.0, "6.2"),
        (6.211, math.nan, "6"),
    ],
)
def test_a_value_ends_where_its_error_does(value: float, error: float, said: str) -> None:
    assert with_error(value, error) == said


def test_captions_name_networks_as_the_catalog_does() -> None:
    paths = paths_of(shipped("paths_fashion_resnet32"))
    edits = "widths 8-16-32, stem width 8, input 1×28×28"
    assert how_drawn(paths, 7) == (
        f"Trained network: residual, 32 layers (ResNet-32), {edits}. At most 40 paths of each "
        "length were drawn, with seed 7. Dashed lines: the mean length, in the last chart weighted "
        "by the share. Magnitudes are added, so cancellation between paths is ignored."
    )
    plain, residual = (
        lesions_of(shipped(f"lesions_fashion_{name}")) for name in ("plain32", "resnet32")
    )
    assert how_studied([residual]) == (
        f"Trained network: residual, 32 layers (ResNet-32), {edits}."
    )
    assert how_studied([plain, residual]) == (
        "Trained networks: plain, 32 layers (Plain-32); residual, 32 layers "
        f"(ResNet-32); both: {edits}."
    )


def test_a_caption_explains_bars_and_lines() -> None:
    studies = [lesions_of(shipped(f"lesions_fashion_{name}")) for name in ("plain32", "resnet32")]
    said = "Test error in percent with one block removed at a time (bars) and with none (horizontal"
    assert single_chart(studies[:1]).shows == f"{said} line)"
    assert single_chart(studies).shows == f"{said} lines)"


def test_paths_are_titled_as_other_charts_are() -> None:
    trained, fresh = (paths_of(shipped(f"paths_fashion_resnet56{end}")) for end in ("", "_init"))
    assert paths_title(trained) == "Paths: residual, 56 layers, trained"
    assert paths_title(fresh) == "Paths: residual, 56 layers, at initialisation"
