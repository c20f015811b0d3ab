"""What is wrong with labels, losses, schedules and evaluation, computed or measured on the spot."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import permutations
from math import log
from statistics import fmean

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from analysis.charts.chart import Chart, Dash, Draw, Series
from analysis.images.sample import sample_set
from analysis.images.sets import Stack
from analysis.lecture.exercises.running import raised, run
from analysis.lecture.exercises.values import Exercise, Finding, Line, Plot, written
from analysis.lesions.shipped import SHIPPED, shipped_path
from analysis.machine.devices import seeded
from analysis.style.numbers import three
from nets import ResNet, build, parse

_SMALL = "resnet20:blocks=1,1,1:widths=8,16,32:stem_width=8:input=1x14x14"
_STEPS, _BATCH, _SEEDS, _KNOWN = 30, 32, 2, 5  # the training with too many outputs

_NET, _IMAGES = "fashion_resnet20", 100  # the network that predicts in train mode

_CLASSES = 10
_AHEAD = 10.0  # margin by which a wrong class leads


def folder_names(exercise: Exercise) -> Finding:
    """Run the listing, and look up the same names strictly."""
    words = exercise.words
    names = run(exercise.code)
    folders, numbers, labels = names["folders"], names["numbers"], names["labels"]
    daisies = labels.count(0)
    missing = [folder for folder in folders if folder not in numbers]
    strict = raised(lambda: [numbers[folder] for folder in folders])
    constant = 100 * daisies / len(labels)
    of = words["of"].format(all=len(folders))
    return Finding(
        (
            Line(words["labels"], ", ".join(map(str, labels))),
            Line(words["names"], ", ".join(missing)),
            Line(words["daisies"], daisies, of),
            Line(words["constant"], constant, "%"),
            Line(words["strict"], strict),
        ),
        words["says"].format(daisies=daisies, all=len(folders), constant=f"{constant:g}"),
    )


def class_order(exercise: Exercise) -> Finding:
    """Count, over every order of five folders, how many classes keep their name."""
    words, names = exercise.words, range(5)
    kept = [sum(a == b for a, b in zip(order, names, strict=True)) for order in permutations(names)]
    orders = Counter(kept)
    mean = 100 * fmean(kept) / len(names)
    counts = tuple(orders[number] for number in range(len(names) + 1))
    figures = {"orders": len(kept), "all": counts[-1], "none": counts[0]}
    chart = Chart(
        words["title"],
        words["x"],
        words["y"],
        (Series(words["y"], tuple(map(str, range(len(counts)))), counts, Draw.BARS, "plain"),),
        words["alt"].format(**figures),
    )
    return Finding(
        (
            *(Line(words[name], number) for name, number in figures.items()),
            Line(words["mean"], mean, "%"),
            Line(words["chance"], 100 / len(names), "%"),
        ),
        words["says"].format(**figures, mean=f"{mean:g}"),
        Plot(lambda: chart),
    )


def ten_outputs(exercise: Exercise) -> Finding:
    """Train a small residual net on five classes, with 10 outputs and with 5."""
    words = exercise.words
    found = {outputs: _trained(outputs) for outputs in (10, _KNOWN)}
    first, before, after, accuracy = zip(*found.values(), strict=True)
    lines = (
        *(
            Line(words["first"].format(outputs=outputs, ln=three(log(outputs))), loss)
            for outputs, loss in zip(found, first, strict=True)
        ),
        Line(words["idle"], 100 * before[0], "%"),
        Line(words["trained"].format(steps=_STEPS), 100 * after[0], "%"),
        Line(words["accuracy_ten"].format(steps=_STEPS), 100 * accuracy[0], "%"),
        Line(words["accuracy_five"].format(steps=_STEPS), 100 * accuracy[1], "%"),
    )
    return Finding(
        lines,
        words["says"].format(
            ten=three(first[0]),
            five=three(first[1]),
            idle=three(100 * before[0]),
            steps=_STEPS,
            trained=three(100 * after[0]),
        ),
    )


def _trained(outputs: int) -> tuple[float, float, float, float]:
    """Train on five classes with two seeds; the means over them.

    Returns:
        The first loss, the probability of outputs without a class before and after, and the
        accuracy on test images.
    """
    images = sample_set()
    sets = []
    for part in (images.train, images.test):
        chosen = (part.labels < _KNOWN).nonzero().flatten()[:: 1 if part is images.train else 5]
        assert isinstance(part, Stack)
        pictures = functional.avg_pool2d(part.images[chosen].float() / 255, 2)
        pictures = (pictures - images.mean[0]) / images.std[0]
        sets.append((pictures, part.labels[chosen]))
    (x, y), (test_x, test_y) = sets
    rows = []
    for seed in range(_SEEDS):
        with seeded(seed):
            net = build(parse(f"{_SMALL}:classes={outputs}"))
            optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
            order = torch.randint(len(x), (_STEPS, _BATCH))
        before = _unused(net, x[order[0]])
        losses = []
        for chosen in order:
            optimiser.zero_grad()
            loss = functional.cross_entropy(net(x[chosen]), y[chosen])
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        with torch.no_grad():
            right = net(test_x).argmax(1) == test_y
        rows.append((losses[0], before, _unused(net, x[order[0]]), float(right.float().mean())))
    first, before_mean, after, accuracy = (fmean(column) for column in zip(*rows, strict=True))
    return first, before_mean, after, accuracy


def _unused(net: ResNet, x: Tensor) -> float:
    """Return the share of the probability that goes to outputs without a class."""
    with torch.no_grad():
        return float(net(x).softmax(1)[:, _KNOWN:].sum(1).mean())


def train_mode(exercise: Exercise) -> Finding:
    """Show test pictures to a trained network in eval mode, in train mode, and in eval mode."""
    words = exercise.words
    net, images = build(parse(SHIPPED[_NET].model)), sample_set()
    net.load_state_dict(load_file(shipped_path(_NET)))  # half precision becomes float32
    net.eval()
    part = images.test
    assert isinstance(part, Stack)
    every = slice(None, None, len(part) // _IMAGES)
    x, labels = (
        (part.images[every].float() / 255 - images.mean[0]) / images.std[0],
        part.labels[every],
    )
    before = {name: value.clone() for name, value in net.state_dict().items() if "running" in name}
    with torch.no_grad():
        in_eval = _right(net(x), labels)
        net.train()
        in_train = _right(torch.cat([net(picture.unsqueeze(0)) for picture in x]), labels)
        after = _right(net.eval()(x), labels)
    now = net.state_dict()
    changed = sum(not torch.equal(value, now[name]) for name, value in before.items())
    return Finding(
        (
            Line(words["eval"].format(images=len(x)), in_eval, "%"),
            Line(words["train"], in_train, "%"),
            Line(words["after"], after, "%"),
            Line(words["changed"], changed, words["of"].format(all=len(before))),
        ),
        words["says"].format(
            eval=f"{in_eval:g}", images=len(x), train=f"{in_train:g}", after=f"{after:g}"
        ),
    )


def _right(scores: Tensor, labels: Tensor) -> float:
    """Return the percentage of right answers."""
    return round(100 * float((scores.argmax(1) == labels).double().mean()), 6)


def softmax_twice(exercise: Exercise) -> Finding:
    """Differentiate both losses by the logits, by how far the right class is ahead."""
    words = exercise.words
    leads = [lead / 2 for lead in range(-20, 21)]
    once = [_gradient(lead, twice=False) for lead in leads]
    twice = [_gradient(lead, twice=True) for lead in leads]
    equal, wrong = leads.index(0.0), leads.index(-_AHEAD)
    first = once[equal] / twice[equal]
    certain = torch.eye(_CLASSES, dtype=torch.float64)[:1]
    least = float(functional.cross_entropy(certain, torch.tensor([0])))
    chart = Chart(
        words["title"],
        words["x"],
        words["y"],
        (
            Series(words["once"], tuple(leads), tuple(once), colour="main_path"),
            Series(words["twice"], tuple(leads), tuple(twice), colour="warning", dash=Dash.DASHED),
        ),
        words["alt"].format(first=three(first)),
        log_y=True,
    )
    return Finding(
        (
            Line(words["first"], first, words["times"]),
            Line(words["wrong_once"], once[wrong]),
            Line(words["wrong_twice"], twice[wrong]),
            Line(words["least"], least),
        ),
        words["says"].format(
            first=three(first),
            wrong_once=written(once[wrong]),
            wrong_twice=written(twice[wrong]),
            least=three(least),
        ),
        Plot(lambda: chart),
    )


def _gradient(lead: float, *, twice: bool) -> float:
    """Return the norm of the loss's gradient by the logits; the right class leads all others."""
    logits = torch.zeros(1, _CLASSES, dtype=torch.float64)
    logits[0, 0] = lead
    logits.requires_grad_()
    given = logits.softmax(1) if twice else logits
    (gradient,) = torch.autograd.grad(functional.cross_entropy(given, torch.tensor([0])), logits)
    return float(gradient.norm())


def warm_up(exercise: Exercise) -> Finding:
    """Step through the schedule of a long, a short and an unlucky run."""
    words, rate = exercise.words, 1e-4
    scheduled = run(exercise.code)["scheduled"]

    def rates(steps: int) -> list[float]:
        weight = torch.nn.Parameter(torch.zeros(1))
        optimiser = torch.optim.AdamW([weight], lr=rate)
        schedule = scheduled(optimiser, steps)
        used = []
        for _ in range(steps):
            used.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step()
        return used

    long, short = rates(1_000), rates(10)
    error = raised(partial(rates, 20))
    share = 100 * max(short) / rate
    chart = Chart(
        words["title"],
        words["x"],
        words["y"],
        tuple(
            Series(
                words["run"].format(steps=f"{len(used):,}"),
                tuple(range(1, len(used) + 1))[:60],
                tuple(100 * each / rate for each in used[:60]),
                colour=colour,
                dash=dash,
            )
            for used, colour, dash in (
                (long, "main_path", Dash.SOLID),
                (short, "warning", Dash.DASHED),
            )
        ),
        words["alt"].format(long=f"{len(long):,}", short=len(short)),
    )
    return Finding(
        (
            Line(words["asked"], rate),
            Line(words["steps"].format(steps="1,000"), max(long)),
            Line(words["steps"].format(steps=10), max(short)),
            Line(words["share"], share, "%"),
            Line(words["unlucky"], error),
        ),
        words["says"].format(share=three(share), error=error.partition(":")[0]),
        Plot(lambda: chart),
    )
