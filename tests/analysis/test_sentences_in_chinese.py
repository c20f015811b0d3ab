"""Sentences computed from numbers, in Chinese: each for a few exact cases, in one process."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from analysis.choice.choose import CIFAR, IMAGENET, Budgets, Task, choose
from analysis.choice.report import choice_json
from analysis.costs.profiles import profile
from analysis.drawing.caption import caption, counts_in_words
from analysis.gradients.charts import gradient_chart
from analysis.gradients.cosines import Direction
from analysis.gradients.curves import Gradients
from analysis.gradients.report import gradients_result
from analysis.gradients.results import run_of
from analysis.gradients.shattering import shattering
from analysis.gradients.verdict import verdict as gradients_verdict
from analysis.lecture.pictures import picture_of
from analysis.lecture.steps import STORY
from analysis.lesions.blocks_report import blocks_verdict
from analysis.lesions.report import lesions_of, lesions_verdict, paths_of, paths_verdict
from analysis.results.form import Result, read_result
from analysis.results.recorded import FOLDER, recorded, whence
from analysis.structure.residual import residual
from analysis.structure.units import USUAL_ORDERS, Unit, identity_path
from analysis.style.language import Language, speaking
from analysis.training.report import run_of as training_of
from analysis.training.runs import Run
from analysis.training.verdict import headline
from analysis.training.verdict import verdict as training_verdict
from nets import parse
from nets.options import UnitOrder
from tests.analysis.test_blocks import study
from tests.analysis.test_recordings import trainings


def shipped(name: str) -> Result:
    result = recorded(read_result(FOLDER / f"{name}.json").hash)
    assert result is not None
    return result


def gradients(name: str) -> tuple[str, ...]:
    run = run_of(shipped(f"gradients_{name}"))
    assert isinstance(run, Gradients)
    return gradients_verdict(run.summary)


def direction() -> tuple[str, ...]:
    run = run_of(shipped("direction"))
    assert isinstance(run, Direction)
    return shattering(run.stacks, run.settings.noise)


def runs_of(*networks: str) -> list[Run]:
    return [
        training_of(shipped(f"train_{one}_seed{seed}")) for one in networks for seed in range(3)
    ]


def trained(*networks: str) -> tuple[str, ...]:
    return training_verdict(runs_of(*networks))


def chosen(task: Task, **budgets: int) -> tuple[str, ...]:
    return (choose(task, Budgets(**budgets)).sentence,)


CASES: list[tuple[Callable[[], tuple[str, ...]], int, str, str]] = [
    (
        lambda: gradients("vanishing"),
        0,
        "Toward the input, the plain stack's gradient falls by a factor of 1.6×10²¹ (1.1×10²¹ "
        "to 2.8×10²¹ across seeds) over 54 layers: it vanishes; the residual one's falls by a "
        "factor of only 2.0 (1.9 to 2.1 across seeds).",
        "朝输入方向，朴素网络的梯度经过 54 层减小到 1.6×10²¹ 分之一（各种子为 1.1×10²¹～2.8×10²¹）"
        "：消失；残差网络的梯度只减小到 2.0 分之一（各种子为 1.9～2.1）。",
    ),
    (
        lambda: gradients("exploding"),
        0,
        "Toward the input, the plain stack's gradient grows by a factor of 15,000 (14,000 to "
        "16,000 across seeds) over 54 layers: it explodes; the residual one's grows by a factor "
        "of 35 (34 to 36 across seeds).",
        "朝输入方向，朴素网络的梯度经过 54 层增大到 15,000 倍（各种子为 14,000～16,000）：爆炸；"
        "残差网络的梯度增大到 35 倍（各种子为 34～36）。",
    ),
    (
        lambda: gradients("exploding"),
        1,
        "In every seed, the residual stack's gradient changes less from end to end: by a factor of "
        "35 against 15,000.",
        "每个种子都是如此：从一端到另一端，残差网络的梯度变化更小，35 倍对 15,000 倍。",
    ),
    (
        lambda: gradients("resnet50"),
        0,
        "Toward the input, the plain stack's gradient grows by a factor of 7,200 (6,800 to 7,300 "
        "across seeds) over 48 layers: it explodes; the residual one's grows by a factor of 260 "
        "(in all 3 seeds).",
        "朝输入方向，朴素网络的梯度经过 48 层增大到 7,200 倍（各种子为 6,800～7,300）：爆炸；"
        "残差网络的梯度增大到 260 倍（3 个种子都是如此）。",
    ),
    (
        lambda: gradients("unit_orders"),
        0,
        "Toward the input, the gradient grows least with ReLU before addition, by a factor of 24, "
        "and most with BN after addition, by a factor of 8,000.",
        "朝输入方向，梯度增大：ReLU before addition 变化最小（24 倍），BN after addition 变化最大"
        "（8,000 倍）。",
    ),
    (
        direction,
        0,
        "The plain stack's cosine falls from 0.63 (0.63 to 0.64) at 20 layers to 0.00 (0.00 to "
        "0.01) at 56 layers; the residual stack's cosine falls from 0.92 (0.92 to 0.93) at 20 "
        "layers to 0.79 (0.78 to 0.81) at 56 layers.",
        "朴素网络的余弦从 20 层的 0.63（0.63～0.64）降到 56 层的 0.00（0.00～0.01）；"
        "残差网络的余弦从 20 层的 0.92（0.92～0.93）降到 56 层的 0.79（0.78～0.81）。",
    ),
    (
        lambda: trained("plain20", "plain56"),
        0,
        "The 56-layer plain network trains more slowly than the 20-layer plain network in 3 of 3 "
        "seeds: loss 2.26 against 1.49 over the last 25 of 60 steps.",
        "3 个种子都是如此：56 层朴素网络比 20 层朴素网络训练得慢，60 步的最后 25 步里，"
        "损失是 2.26 对 1.49。",
    ),
    (
        lambda: training_verdict(trainings("cifar_short")),
        1,
        "The 110-layer plain network doesn't train in 3 of 3 seeds: its loss of 2.30 over the last "
        "25 of 4,680 steps is that of guessing among 10 classes; the 56-layer plain network "
        "reaches 0.39.",
        "3 个种子都是如此：110 层朴素网络没有训练起来，4,680 步的最后 25 步里，损失是 2.30，"
        "和在 10 个类别里随便猜一样；56 层朴素网络是 0.39。",
    ),
    (
        lambda: (headline(trainings("cifar_short")),),
        0,
        "The 110-layer plain network doesn't train in 3 of 3 seeds: from 20 to 110 layers, the "
        "loss over the last 25 of 4,680 steps is 0.23, 0.31, 0.39 and 2.30, the last that of "
        "guessing among 10 classes. With shortcuts, it is 0.21, 0.22, 0.24 and 0.28.",
        "3 个种子都是如此：110 层朴素网络没有训练起来；从 20 层到 110 层，4,680 步的最后 25 步里，"
        "损失是 0.23、0.31、0.39 和 2.30，最后一个和在 10 个类别里随便猜一样。"
        "有捷径时，损失是 0.21、0.22、0.24 和 0.28。",
    ),
    (
        lambda: (headline(runs_of("plain20", "plain44", "resnet20", "resnet44")),),
        0,
        "The 44-layer plain network trains more slowly than the 20-layer plain network in 3 of 3 "
        "seeds: loss 2.20 against 1.49 over the last 25 of 60 steps. With shortcuts, the loss is "
        "0.92 at both depths.",
        "3 个种子都是如此：44 层朴素网络比 20 层朴素网络训练得慢，"
        "60 步的最后 25 步里，损失是 2.20 对 1.49。"
        "有捷径时，两个深度的损失都是 0.92。",
    ),
    (
        lambda: trained("plain8", "plain20", "plain32"),
        0,
        "Slower to train in 3 of 3 seeds (loss over the last 25 of 60 steps): the 20-layer plain "
        "network (1.49) than the 8-layer plain network (1.27); the 32-layer plain network (1.99) "
        "than the 20-layer plain network (1.49).",
        "3 个种子都是如此，训练得更慢（60 步的最后 25 步里的损失）：20 层朴素网络（1.49）"
        "比 8 层朴素网络（1.27）；32 层朴素网络（1.99）比 20 层朴素网络（1.49）。",
    ),
    (
        lambda: trained("resnet20", "resnet56"),
        0,
        "The 56-layer residual network and the 20-layer residual network are too close to call: "
        "loss 0.85 to 0.97 against 0.89 to 0.95 over the last 25 of 60 steps.",
        "56 层残差网络和 20 层残差网络差距太小，难分快慢：60 步的最后 25 步里，"
        "损失是 0.85～0.97 对 0.89～0.95。",
    ),
    (
        lambda: lesions_verdict(lesions_of(shipped("lesions_fashion_resnet32"))),
        0,
        "With one block removed, the error goes from 8.9% to a median of 12.2%. The network needs "
        "layer1.0 most: without it, the error is 94.6%; without any other block, it's 9.9% to "
        "29.1%.",
        "拿掉一个块，错误率从 8.9% 变为中位数 12.2%。网络最离不开 layer1.0：没有它，"
        "错误率是 94.6%；没有其他任何一个块，错误率是 9.9%～29.1%。",
    ),
    (
        lambda: lesions_verdict(lesions_of(shipped("lesions_fashion_resnet32"))),
        1,
        "With random blocks removed, but never the first of a stage, the mean error is 12.8% for 1 "
        "block, 23.8% for 2, 45.1% for 4, 77.0% for 8, 82.5% for 12.",
        "随机拿掉几个块（从不拿每个阶段的第一个），平均错误率：1 个块时 12.8%、2 个时 23.8%、"
        "4 个时 45.1%、8 个时 77.0%、12 个时 82.5%。",
    ),
    (
        lambda: paths_verdict(paths_of(shipped("paths_fashion_resnet56"))),
        0,
        "On average, a path goes through 13.5 of 27 blocks; weighted by gradient, through "
        "8.4 ± 0.3.",
        "共 27 个块，一条路径平均经过 13.5 个；按梯度加权，平均经过 8.4 ± 0.3 个。",
    ),
    (
        lambda: chosen(IMAGENET, max_macs=4_000_000_000),
        0,
        "12 of 32 networks for ImageNet (3×224×224, 1,000 classes) fit: the deepest are "
        "ResNet-50 v1 and ResNet-50 in Keras with 50 layers.",
        "ImageNet（3×224×224，1,000 类）的 32 个网络中有 12 个符合预算：最深的是 ResNet-50 v1 "
        "和 ResNet-50 in Keras，"
        "有 50 层。",
    ),
    (
        lambda: chosen(IMAGENET, max_macs=1_000_000, max_params=2),
        0,
        "No network for ImageNet (3×224×224, 1,000 classes) fits: ResNet-10 comes closest but "
        "needs 889 M MACs per image (limit: 1 M) and 5.42 M parameters (limit: 2), 2,710,000 "
        "times the limit.",
        "ImageNet（3×224×224，1,000 类）没有网络符合预算：最接近的是 ResNet-10，但需要每张图像的"
        "乘加 889 M（上限：1 M）和参数 5.42 M（上限：2），是上限的 2,710,000 倍。",
    ),
    (
        lambda: chosen(CIFAR),
        0,
        "All 18 networks for CIFAR-10 (3×32×32, 10 classes) fit, since no budget is set: the "
        "deepest is ResNet-1202 with 1,202 layers.",
        "CIFAR-10（3×32×32，10 类）的 18 个网络全部符合预算，因为没有设预算：最深的是 "
        "ResNet-1202，有 1,202 层。",
    ),
    (
        lambda: (counts_in_words(profile(parse("plain56"))),),
        0,
        "A plain stack of 27 blocks without shortcuts",
        "由 27 个块堆成的朴素网络，没有捷径",
    ),
    (
        lambda: (counts_in_words(profile(parse("resnet50"))),),
        0,
        "12 identity and 4 projection shortcuts",
        "12 条恒等和 4 条投影捷径",
    ),
    (
        lambda: (residual(profile(parse("resnet50")), "layer2.0").reason,),
        0,
        "Projection: channels change from 256 to 512 and the map from 56×56 to 28×28 (stride 2), "
        "so x can't be added directly. A 1×1 convolution with 131,072 weights gives it that shape.",
        "投影：通道数从 256 变为 512，特征图从 56×56 变为 28×28（步幅 2），所以 x 不能直接相加。"
        "有 131,072 个权重的 1×1 卷积给出这个形状。",
    ),
    (
        lambda: (residual(profile(parse("plain34")), "layer1.1").reason,),
        0,
        "No shortcut: this is a plain stack, so only the branch carries x.",
        "没有捷径：这是朴素网络，x 只能走支路。",
    ),
    (
        lambda: (Unit(UnitOrder.FULL_PREACT).heading,),
        0,
        "Full pre-activation",
        "完全预激活",
    ),
    (
        lambda: tuple(map(identity_path, (Unit(order) for order in USUAL_ORDERS))),
        0,
        "ReLU after the addition sets negative values to zero.",
        "相加之后的 ReLU 把负值变成零。",
    ),
    (
        lambda: tuple(map(identity_path, (Unit(order) for order in USUAL_ORDERS))),
        1,
        "Nothing is on the identity path, so x reaches later units unchanged.",
        "路径上什么都没有，x 原样到达后面的单元。",
    ),
    (
        lambda: picture_of(STORY.steps[13]).said,
        0,
        "Without layer2.2, residual, 32 layers: 12.2% wrong, 8.9% with all blocks; plain, 32 "
        "layers: 85.8% wrong, 10.3% with all blocks.",
        "拿掉 layer2.2，32 层残差网络的错误率是 12.2%，完整时是 8.9%；32 层朴素网络的错误率"
        "是 85.8%，完整时是 10.3%。",
    ),
    (
        lambda: blocks_verdict(study()),
        0,
        "The median branch is 1.25 times as large as its shortcut; the largest is layer1.1's (2.00 "
        "times) and the smallest layer1.0's (0.500 times). 1 of 2 branches are smaller than their "
        "shortcut.",
        "支路与捷径大小之比的中位数是 1.25；最大的是 layer1.1（2.00 倍），最小的是 layer1.0（0.500 "
        "倍）。2 个支路里有 1 个小于自己的捷径。",
    ),
]


@pytest.mark.parametrize(("say", "index", "english", "chinese"), CASES)
def test_a_sentence_in_both_languages(
    say: Callable[[], tuple[str, ...]], index: int, english: str, chinese: str
) -> None:
    for language, said in ((Language.CHINESE, chinese), (Language.ENGLISH, english)) * 2:
        with speaking(language):
            assert say()[index] == said


def test_where_a_result_comes_from() -> None:
    result = shipped("direction")
    assert whence(result).startswith("Recorded on 2026-")
    with speaking(Language.CHINESE):
        day, rest = whence(result).split(" 录制于 ")
        assert day.startswith("2026-")
        assert rest.endswith("，1 个线程。")


def test_where_a_result_of_an_accelerator_comes_from() -> None:
    result = read_result(FOLDER / "h200" / "train_plain20_seed0.json.gz")
    known = recorded(result.hash)
    assert known is not None
    assert whence(known) == "Recorded on 2026-11-27 on an NVIDIA H200."
    assert whence(replace(result, asked={})) == (
        "Measured on this server on 2026-11-27 at 20:09 UTC on an NVIDIA H200."
    )
    with speaking(Language.CHINESE):
        assert whence(known) == "2026-11-27 录制于 NVIDIA H200。"


def test_files_and_charts_are_in_english() -> None:
    run = run_of(shipped("gradients_vanishing"))
    assert isinstance(run, Gradients)
    result, chart = gradients_result(run), gradient_chart(run.curves)
    told = caption(profile(parse("plain56")))
    with speaking(Language.CHINESE):
        assert gradients_result(run) == result
        assert gradient_chart(run.curves) == chart
        assert caption(profile(parse("plain56"))) == told
        assert choice_json(choose(CIFAR, Budgets())).startswith('{\n "sentence": "All 18')
