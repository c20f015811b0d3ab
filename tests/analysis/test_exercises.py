"""What is wrong here? Every exercise measures its own mistake."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from math import e, log

import pytest
import torch

from analysis.charts.chart import Chart
from analysis.charts.screen import figure
from analysis.lecture.exercises.catalog import EXERCISES, exercise_of
from analysis.lecture.exercises.running import corrected, raised, run
from analysis.lecture.exercises.values import (
    Code,
    Drawing,
    Exercise,
    Finding,
    Line,
    Plot,
    written,
)
from analysis.machine.devices import seeded
from analysis.style.language import Language, speaking
from analysis.style.look import Look
from nets import build, parse
from tests.analysis.test_cli import call

HAN = "[\u3400-\u9fff]"
LINES, LETTERS = 13, 76  # of a listing, on a wall of 1280x720
KERAS = {"tensor_truth"}  # listings that PyTorch can't run
FRAGMENTS = {"ten_outputs", "train_mode", "softmax_twice", "class_order", "no_synchronise"}


@pytest.fixture(scope="module")
def found() -> Callable[[str], Finding]:
    findings: dict[str, Finding] = {}

    def of(key: str) -> Finding:
        if key not in findings:
            findings[key] = EXERCISES[key].check()
        return findings[key]

    return of


def figures(finding: Finding) -> list[int | float | str]:
    return [line.figure for line in finding.lines]


def plotted(shown: object) -> Chart:
    assert isinstance(shown, Plot)
    return shown.chart()


def test_there_are_at_least_twelve_and_each_has_a_key_and_a_title_of_its_own() -> None:
    assert len(EXERCISES) >= 12
    assert [exercise.key for exercise in EXERCISES.values()] == list(EXERCISES)
    assert len({exercise.title for exercise in EXERCISES.values()}) == len(EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.key)
def test_an_exercise_is_whole(exercise: Exercise, found: Callable[[str], Finding]) -> None:
    assert exercise.task.endswith((".", "?"))
    assert exercise.hint.endswith((".", "?"))
    assert exercise.answer.endswith(".")
    assert exercise.source.url.startswith("https://")
    if isinstance(exercise.shown, Code):
        lines = exercise.code.splitlines()
        assert len(lines) <= LINES
        assert max(map(len, lines)) <= LETTERS
        compile(exercise.code, exercise.key, "exec")
        if exercise.key not in KERAS | FRAGMENTS:
            run(exercise.code)
    else:
        figure(exercise.shown.chart())
    finding = found(exercise.key)
    assert len(finding.lines) >= 3
    assert finding.says.endswith(".")
    assert "{" not in finding.says
    assert all("{" not in line.label for line in finding.lines)
    labels = [line.label for line in finding.lines]
    assert len(set(labels)) == len(labels)
    if isinstance(finding.picture, Plot):
        figure(finding.picture.chart())
    elif isinstance(finding.picture, Drawing):
        assert finding.picture.draw(Look()).startswith("<svg")


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.key)
def test_a_check_has_no_texts_of_its_own(exercise: Exercise) -> None:
    """Other texts change what a check says, and nothing that it measures."""
    words = {name: f"¿{text}?" for name, text in exercise.words.items()}
    finding = replace(exercise, words=words).check()
    assert finding.says.startswith("¿")
    assert all(line.label.startswith("¿") for line in finding.lines)


def test_a_check_is_the_same_each_time_and_leaves_torch_as_it_was() -> None:
    for key in ("ten_outputs", "train_mode", "weight_bars"):
        state = torch.random.get_rng_state()
        once, again = EXERCISES[key].check(), EXERCISES[key].check()
        assert (once.lines, once.says) == (again.lines, again.says)
        assert torch.equal(torch.random.get_rng_state(), state)


def test_checks_take_less_time_than_forty_training_steps(found: Callable[[str], Finding]) -> None:
    """A step of ResNet-20 with 16 images takes about 0.05 s of one thread, 40 of them 2 s."""

    def least(work: Callable[[], object], times: int) -> float:
        seconds = []
        for _ in range(times):
            start = time.process_time()
            work()
            seconds.append(time.process_time() - start)
        return min(seconds)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        net, images = build(parse("resnet20")), torch.zeros(16, 3, 32, 32)
        step = least(lambda: net(images).sum().backward(), 5)
        for key, exercise in EXERCISES.items():
            found(key)
            assert least(exercise.check, 2) < 40 * step, key
    finally:
        torch.set_num_threads(threads)


def test_projection_norm(found: Callable[[str], Finding]) -> None:
    out, norm, error, mended, basic = figures(found("projection_norm"))
    assert (out, norm, mended, basic) == (256, 64, "256×56×56", "64×56×56")
    assert error == "RuntimeError: running_mean should contain 256 elements not 64"
    assert found("projection_norm").says == (
        "The convolution gives 256 channels and the batch norm is made for 64: the first forward "
        "pass raises a RuntimeError."
    )


def test_tensor_truth(found: Callable[[str], Finding]) -> None:
    projected, without, mended = figures(found("tensor_truth"))
    assert str(projected).startswith("RuntimeError: Boolean value of Tensor")
    assert without == "TypeError: 'NoneType' object is not callable"
    assert mended == "8×4×4"


def test_stride_twice(found: Callable[[str], Finding]) -> None:
    branch, shortcut, macs, right, ours, error = figures(found("stride_twice"))
    assert (branch, shortcut) == ("128×14×14", "128×28×28")
    assert (macs, right, ours) == (28_901_376, 115_605_504, 115_605_504)
    assert str(error).startswith("RuntimeError: The size of tensor a (14) must match")
    assert "4 times as many MACs" in found("stride_twice").says


def test_keyword_typo(found: Callable[[str], Finding]) -> None:
    first, second, few, many, error = figures(found("keyword_typo"))
    assert (first, second, few, many) == ("1×1", "3×3", 4_096, 36_864)
    assert str(error).startswith("TypeError: ")
    assert "'kernei_size'" in str(error)


def test_shared_relu(found: Callable[[str], Finding]) -> None:
    modules, calls, loop, ours, our_calls, our_loop = figures(found("shared_relu"))
    assert (modules, calls, loop) == (5, 6, "relu → conv2 → bn2 → relu")
    assert (ours, our_calls, our_loop) == (74, 74, "none")


def test_pool_seven(found: Callable[[str], Finding]) -> None:
    low, fits, silent, high, mended = figures(found("pool_seven"))
    assert (fits, silent, mended) == (0, 15, "1000")
    assert "Output size is too small" in str(low)
    assert "1x2048 and 512x1000" in str(high)
    assert "15 of the map's 64 pixels; at 160 and 448 px" in found("pool_seven").says


def test_halving_bottleneck(found: Callable[[str], Finding]) -> None:
    outside, inside, own, halved, wide, macs, wide_macs = figures(found("halving_bottleneck"))
    assert (outside, inside, own, halved, wide) == (256, 64, 69_632, 212_992, 212_992)
    assert (macs, wide_macs) == (4_089_184_256, 11_398_021_120)
    assert "divides 256 channels by 4" in found("halving_bottleneck").says


def test_a_figure_does_not_tell_the_conditions_that_its_article_hides() -> None:
    shown = plotted(EXERCISES["vanishing_solved"].shown)
    assert shown.alt.endswith(" by depth: plain, 56 layers; residual, 56 layers.")


def test_vanishing_solved(found: Callable[[str], Finding]) -> None:
    shown, plain, residual, loss, residual_loss, chance = map(
        float, figures(found("vanishing_solved"))
    )
    assert shown < 1e-20
    assert 5e3 < plain < 5e4
    assert 20 < residual < 60
    assert loss > residual_loss + 1
    assert chance == log(10)
    names = {series.name for series in plotted(EXERCISES["vanishing_solved"].shown).series}
    assert names == {"plain, 56 layers", "residual, 56 layers"}


def test_that_is_explosion(found: Callable[[str], Finding]) -> None:
    falls, falls_layer, grows, grows_layer = map(float, figures(found("that_is_explosion")))
    assert falls == pytest.approx(falls_layer**54, rel=1e-6)
    assert grows == pytest.approx(grows_layer**54, rel=1e-6)
    assert 0.66 < falls_layer < 0.72  # theory: 0.707
    assert 1.17 < grows_layer < 1.22  # theory: 1.21


@pytest.mark.parametrize(
    ("options", "more"), [(":norm=none:init=xavier", 2.0**18), ("", 1.0)], ids=["no BN", "BN"]
)
def test_larger_weights_help_a_vanishing_gradient_without_batch_norm_only(
    options: str, more: float
) -> None:
    def factor(scale: float) -> float:
        """Return the gradient's norm after the stem over that after the last of 18 layers."""
        with seeded(0):
            net = build(parse(f"plain20{options}")).double()
        for layer in net.modules():
            if isinstance(layer, torch.nn.Conv2d):
                layer.weight.data *= scale
        outputs: list[torch.Tensor] = []
        for name in ("act1", "layer3"):
            part = net.get_submodule(name)
            part.register_forward_hook(lambda _, __, out: outputs.append(out))
        with seeded(1):
            loss = net(torch.randn(8, 3, 32, 32).double())[:, 0].mean()
        first, last = torch.autograd.grad(loss, outputs)
        return float(first.norm() / last.norm())

    assert factor(2.0) / factor(1.0) == pytest.approx(more, rel=1e-3)


def test_weight_bars(found: Callable[[str], Finding]) -> None:
    activation, weight, spread, product = map(float, figures(found("weight_bars")))
    assert activation < 1e-8
    assert 0.1 < weight < 1
    assert spread < 10
    assert product == pytest.approx(1, abs=1e-9)
    (bars,) = plotted(EXERCISES["weight_bars"].shown).series
    assert len(bars.y) == 55
    assert max(float(y or 0) for y in bars.y) == 1
    assert min(float(y or 0) for y in bars.y) == pytest.approx(1 / spread)
    signal, weights = plotted(found("weight_bars").picture).series[:2]
    assert float(signal.y[0] or 0) < 1e-8
    assert float(weights.y[0] or 0) == pytest.approx(weight)


def test_no_synchronise(found: Callable[[str], Finding]) -> None:
    host, step, wrong, right, least = map(float, figures(found("no_synchronise")))
    assert host == pytest.approx(15.69, abs=0.01)
    assert step == pytest.approx(32.55, abs=0.01)
    assert wrong == pytest.approx(64e3 / host)
    assert right == pytest.approx(64e3 / step)
    assert 1.3 < least < step / host
    says = found("no_synchronise").says
    assert says.startswith("On an NVIDIA H200 (batch 64, TF32; recorded on 2026-11-26), ")
    assert len(plotted(found("no_synchronise").picture).series[0].x) == 5


def test_folder_names(found: Callable[[str], Finding]) -> None:
    labels, missing, daisies, constant, strict = figures(found("folder_names"))
    assert (labels, daisies, constant) == ("0, 1, 0, 0, 0", 4, 80)
    assert missing == "roses, sunflowers, tulips"
    assert strict == "KeyError: 'roses'"


def test_class_order(found: Callable[[str], Finding]) -> None:
    assert figures(found("class_order")) == [120, 1, 44, 20, 20]
    (bars,) = plotted(found("class_order").picture).series
    assert bars.y == (44, 45, 20, 10, 0, 1)


def test_ten_outputs(found: Callable[[str], Finding]) -> None:
    ten, five, idle, trained, *accuracies = map(float, figures(found("ten_outputs")))
    assert abs(ten - log(10)) < 0.25
    assert abs(five - log(5)) < 0.25
    assert 40 < idle < 60
    assert trained < 10
    assert min(accuracies) > 50  # both learn, without a word


def test_train_mode(found: Callable[[str], Finding]) -> None:
    in_eval, in_train, after, changed = map(float, figures(found("train_mode")))
    assert in_eval >= 85
    assert in_train < 30
    assert after < in_eval
    assert changed == 38  # mean and variance of 19 batch norms


def test_softmax_twice(found: Callable[[str], Finding]) -> None:
    first, once, twice, least = map(float, figures(found("softmax_twice")))
    assert first == pytest.approx(10)
    assert once == pytest.approx(1.054, abs=0.001)
    assert twice < 1e-5
    assert least == pytest.approx(log(1 + 9 / e))
    right, wrong = plotted(found("softmax_twice").picture).series
    pairs = list(zip(right.y, wrong.y, strict=True))
    assert all(b is not None and a is not None and b < a for a, b in pairs)


def test_warm_up(found: Callable[[str], Finding]) -> None:
    asked, long, short, share, error = figures(found("warm_up"))
    assert asked == 1e-4
    assert long == pytest.approx(1e-4)
    assert float(short) == pytest.approx(1e-4 * (0.01 + 0.99 * 9 / 20))
    assert float(share) == pytest.approx(45.55)
    assert error == "ZeroDivisionError: float division by zero"


def test_the_lines_with_the_mistake_are_those_that_the_check_mends() -> None:
    listings = {key: one.shown for key, one in EXERCISES.items() if isinstance(one.shown, Code)}
    assert len(listings) > 10
    for code in listings.values():
        assert all(code.text.splitlines()[number - 1].strip() for number in code.wrong)
        assert code.mistake.count("\n") == len(code.wrong) - 1 < 2
    assert "nn.BatchNorm2d(planes)," in listings["projection_norm"].mistake
    assert listings["pool_seven"].mistake == "self.pool = nn.AvgPool2d(7)"
    assert listings["keyword_typo"].mistake == "conv_bn(64, 64, kernei_size=3),"
    assert listings["softmax_twice"].mistake == (
        "nn.Softmax(dim=1),\ncriterion = nn.CrossEntropyLoss()"
    )


def test_a_listing_is_mended_where_it_is_wrong_or_not_at_all() -> None:
    assert corrected("a + b", "b", "c") == "a + c"
    with pytest.raises(ValueError, match="'x' 0 times, not once"):
        corrected("a + b", "x", "c")
    with pytest.raises(ValueError, match="'a' 2 times, not once"):
        corrected("a + a", "a", "c")
    assert raised(lambda: None) == ""
    assert raised(lambda: 1 / 0) == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (115_605_504, "115,605,504"),
        (0.0, "0"),
        (20.0, "20.0"),
        (932.06, "932"),
        (4_202.3, "4,202"),
        (3.2e-9, "3.2×10⁻⁹"),
        (1.5e4, "1.5×10⁴"),
        (-0.25, "−0.250"),
        (float("inf"), "inf"),
        ("RuntimeError: no", "RuntimeError: no"),
    ],
)
def test_how_a_figure_is_written(figure: int | float | str, text: str) -> None:
    assert written(figure) == text
    assert Line("a", figure, "ms").text == f"{text} ms"


def test_the_command_lists_and_tells_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "exercises")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(EXERCISES)
    rows = json.loads(call(capsys, "exercises", "--format", "json")[1])
    assert [row["key"] for row in rows] == list(EXERCISES)

    exercise = EXERCISES["keyword_typo"]
    question, hint, answer = (
        call(capsys, "exercises", exercise.key, *options)[1]
        for options in ((), ("--hint",), ("--answer",))
    )
    assert " 2      kernel = options.get" in question
    assert "Hint: " not in question
    assert "Hint: Read the names" in hint
    assert "Answer: " not in hint
    assert hint.startswith(question.rstrip())
    assert answer.startswith(hint.rstrip())
    assert "Weights of the first convolution" in answer
    assert "4,096" in answer
    assert exercise.source.url in answer


def test_the_command_speaks_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    lines = call(capsys, "exercises", "--lang", "zh")[1].splitlines()
    assert lines[0] == "projection_norm     一条投影捷径"
    out = call(capsys, "exercises", "projection_norm", "--answer", "--lang", "zh")[1]
    assert "\n提示：卷积输出多少个通道？下一层要多少个？\n" in out
    assert "\n卷积之后的通道数                  256\n批量归一化的通道数                64\n" in out
    assert (
        "卷积输出 256 个通道，批量归一化却只接受 64 个：第一次前向传播就抛出 RuntimeError。" in out
    )
    assert call(capsys, "exercises")[1].startswith("projection_norm     A projection shortcut\n")


@pytest.mark.parametrize("key", EXERCISES)
def test_an_exercise_finds_the_same_in_chinese(key: str, found: Callable[[str], Finding]) -> None:
    with speaking(Language.CHINESE):
        exercise = exercise_of(key)
        chinese = exercise.check()
        texts = [exercise.title, exercise.task, exercise.hint, exercise.answer, chinese.says]
        texts += [chinese.picture.chart().title] if isinstance(chinese.picture, Plot) else []
        texts += [exercise.shown.chart().title] if isinstance(exercise.shown, Plot) else []
    for text in texts:
        assert re.search(HAN, text), text
        assert "{" not in text
        assert not re.search(f"{HAN}[A-Za-z0-9]|[A-Za-z0-9%]{HAN}", text), text
    assert figures(chinese) == [
        {"none": "无"}.get(str(figure), figure) for figure in figures(found(key))
    ]
    assert chinese.says != found(key).says


def test_the_command_gives_json(capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        json.loads(call(capsys, "exercises", "weight_bars", *options, "--format", "json")[1])
        for options in ((), ("--hint",), ("--answer",))
    ]
    assert list(told[0]) == ["key", "title", "task", "figure"]
    assert list(told[1]) == [*told[0], "hint"]
    assert list(told[2]) == [*told[1], "answer", "figures", "says", "source"]
    assert len(told[0]["figure"]["series"][0]["y"]) == 55
    assert {"label", "figure", "unit"} == set(told[2]["figures"][0])
    code = json.loads(call(capsys, "exercises", "pool_seven", "--format", "json")[1])
    assert code["code"] == EXERCISES["pool_seven"].code


def test_the_command_draws_a_figure_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    out = call(capsys, "exercises", "vanishing_solved")[1]
    assert "[A plain net of 56 layers can't train: its gradient vanishes]" in out
    assert "plain, 56 layers: " in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("keyword_tipo",), "'keyword_tipo' is not an exercise: did you mean keyword_typo?"),
        (("xyz",), "'xyz' is not an exercise: `exercises` lists them"),
        (("--hint",), "--hint is for one exercise: name its KEY"),
        (("--answer",), "--answer is for one exercise: name its KEY"),
    ],
)
def test_the_command_refuses(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    status, out, err = call(capsys, "exercises", *arguments)
    assert (status, out, err) == (2, "", f"error: {says}\n")


def test_no_exercise_is_none() -> None:
    with pytest.raises(ValueError, match="is not an exercise"):
        exercise_of("")


def test_a_percentage_has_no_space() -> None:
    assert Line("accuracy", 80.0, "%").text == "80.0%"
    assert Line("time", 80.0, "ms").text == "80.0 ms"
