"""Charts of training runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import cycle
from math import isfinite, nan
from statistics import fmean

from analysis.charts.chart import LINE_LOOKS, Chart, Draw, Series, named_at_ends, shows_bands
from analysis.charts.looks import ONE_OF_EACH, looks_of
from analysis.gradients.charts import gradient_chart, of_seeds
from analysis.style.language import in_english
from analysis.training.recipes import LAST
from analysis.training.runs import Run, grouped
from analysis.training.verdict import (
    accuracies,
    accuracies_by_depth,
    both_accuracies,
    headline,
    names_of,
    verdict,
)
from nets import parse
from nets.names import kind_of, name_in_title
from nets.options import number_of

POINTS = 120
"""Most points on a line; with more steps, each point is the mean of several."""

_TEST_PX = 8.0  # diameter of the points over a line
_DECADE = 10  # losses that differ by this factor get a log axis
_AT_LEAST = 15  # fewest steps after which a line is named at its end


class Shown(StrEnum):
    """The quantity that is drawn along the steps of a run."""

    TRAIN_LOSS = "train_loss"
    TRAIN_ACCURACY = "train_accuracy"
    TEST_ACCURACY = "test_accuracy"
    ACCURACY = "accuracy"

    @property
    def axis(self) -> str:
        """The label of the axis, with its unit."""
        quantity = "accuracy" if self is Shown.ACCURACY else self.label
        return ", ".join(filter(None, (quantity, self.unit)))

    @property
    def label(self) -> str:
        """The name of the quantity."""
        return {
            "train_loss": "training loss",
            "train_accuracy": "training accuracy",
            "test_accuracy": "test accuracy",
            "accuracy": "training and test accuracy",
        }[self.value]

    @property
    def unit(self) -> str:
        """The unit of the axis; a loss has none."""
        return "" if self is Shown.TRAIN_LOSS else "%"

    @property
    def is_of_tests(self) -> bool:
        """Whether runs that weren't tested lack it, or a part of it."""
        return self in (Shown.TEST_ACCURACY, Shown.ACCURACY)

    def said(self, runs: Sequence[Run]) -> tuple[str, ...]:
        """Return what the runs say: sentences about this quantity, then about the loss."""
        if self is Shown.TRAIN_LOSS:
            return verdict(runs)
        if self is Shown.ACCURACY:
            told = both_accuracies(runs) or accuracies(runs)
        else:
            told = accuracies(runs, tested=self is Shown.TEST_ACCURACY)
        return (*([told] if told else []), *verdict(runs))

    def headline(self, runs: Sequence[Run]) -> str:
        """Return the one sentence that goes with a picture by step, or ""."""
        return headline(runs) if self is Shown.TRAIN_LOSS else next(iter(self.said(runs)), "")

    def headline_by_depth(self, runs: Sequence[Run]) -> str:
        """Return the one sentence that goes with a picture by depth, or ""."""
        if self is Shown.TRAIN_LOSS:
            return headline(runs)
        tested = self.is_of_tests and any(run.epochs for run in runs)
        return accuracies_by_depth(runs, tested)


def training_chart(
    runs: Sequence[Run], shown: Shown = Shown.TRAIN_LOSS, by_step: bool = False
) -> Chart:
    """Plot runs by step: the mean over the seeds, with a band from the lowest to the highest.

    Accuracies of runs of several epochs are plotted by epoch, unless `by_step`. Each point is the
    mean of several steps and is drawn at the last of them, so that a line has at most `POINTS`
    points and isn't hidden by the noise of single batches. Test accuracy has a point at the end of
    each epoch; beside it, training accuracy is the mean over each epoch's last `LAST` steps. The
    test's are then unfilled points, and the lines have no markers. The legend has one entry for
    both of a network's, or one for each if the network is alone.
    """
    groups = list(grouped(runs).values())
    by_epoch = not (by_step or shown is Shown.TRAIN_LOSS) and all(
        (group[0].task.recipe.epochs or 1) > 1 for group in groups
    )
    at_ends_only = by_epoch and shown is Shown.ACCURACY
    specs = [group[0].task.spec for group in groups]
    lines, tested = [], []
    for group, spec, name, look in zip(
        groups, specs, names_of(groups), looks_of(specs), strict=True
    ):
        x, columns = _by_epoch(group) if at_ends_only else _columns(group, shown, by_epoch)
        if not x:
            continue
        line = Series(
            name,
            x,
            tuple(map(fmean, columns)),
            low=tuple(map(min, columns)) if len(group) > 1 else (),
            high=tuple(map(max, columns)) if len(group) > 1 else (),
            hover=(str(spec),),
            **look._asdict(),
        )
        lines.append(line)
        x, columns = _columns(group, Shown.TEST_ACCURACY, by_epoch)
        if x and shown is Shown.ACCURACY:
            tested.append(
                Series(
                    f"{name}: test",
                    x,
                    tuple(map(fmean, columns)),
                    Draw.POINTS,
                    look.colour,
                    sizes=(_TEST_PX,) * len(x),
                    hover=(str(spec),),
                    marker=look.marker,
                    hollow=True,
                )
            )
    if shown is Shown.ACCURACY and not tested:
        shown = Shown.TRAIN_ACCURACY  # all there is
    keys: list[Series] = []
    if tested:
        several = len(lines) > 1
        keys = [_key_of(line) for line in lines] if several else []
        named = [replace(line, name=f"{line.name}: training", bare=True) for line in lines]
        lines = [replace(line, in_legend=not several) for line in named]
        tested = [replace(points, in_legend=not several) for points in tested]
    said = " ".join(in_english(shown.said, runs))
    steps = min((group[0].steps for group in groups), default=0)
    names = "; ".join(line.name for line in lines)
    # A name at a line's end would be beside the last test point, too.
    at_ends = steps >= _AT_LEAST and not tested
    is_log = shown is Shown.TRAIN_LOSS and _spans_a_decade(lines)
    along = "epoch" if by_epoch else "step"
    training = f"Training: mean of each epoch's last {LAST} steps" if at_ends_only else ""
    how = of_seeds(map(len, groups), seen=shows_bands(lines, is_log))
    return Chart(
        f"{shown.label.capitalize()} by {along}",
        along,
        shown.axis,
        (*(named_at_ends(lines, is_log) if at_ends else lines), *tested, *keys),
        f"{shown.label.capitalize()} by {along} of {names}. {said}".strip(),
        log_y=is_log,
        close=shown is not Shown.TRAIN_LOSS,
        signs="Lines: training. Unfilled marks: test" if keys else "",
        reading=". ".join(filter(None, (how, training))),
    )


def _key_of(line: Series) -> Series:
    """Return the legend's entry for a network: its line with its unfilled mark, without values."""
    return replace(line, x=line.x[:1], y=(None,), low=(), high=(), hover=(), hollow=True)


def ladder_chart(runs: Sequence[Run], shown: Shown = Shown.TRAIN_LOSS) -> Chart:
    """Plot a quantity at the end by depth, plain and residual, with the seeds' range as bars.

    Losses and accuracies in training are means of the last steps. If both accuracies are shown, the
    lines are those in training and the unfilled marks those in tests.
    """
    if shown is Shown.ACCURACY and not any(run.epochs for run in runs):
        shown = Shown.TRAIN_ACCURACY  # all there is
    is_loss, both = shown is Shown.TRAIN_LOSS, shown is Shown.ACCURACY
    lines, seeds = _by_depth(runs, Shown.TRAIN_ACCURACY if both else shown)
    tested = _by_depth(runs, Shown.TEST_ACCURACY)[0] if both else []
    last = min([LAST, *(run.steps for run in runs)])
    is_log = is_loss and _spans_a_decade(lines)
    title = f"Final {shown.label} by depth"
    said = in_english(verdict if is_loss else shown.said, runs)
    return Chart(
        title,
        "weighted layers",
        f"training loss, last {last} steps" if is_loss else shown.axis,
        (
            *named_at_ends([replace(line, bare=both) for line in lines], is_log),
            *(
                replace(
                    line,
                    name=f"{line.name}: test",
                    draw=Draw.POINTS,
                    hollow=True,
                    in_legend=False,
                    sizes=(_TEST_PX,) * len(line.x),
                )
                for line in tested
            ),
        ),
        f"{title}. {' '.join(said if is_loss else said[:1])}".strip(),
        log_y=is_log,
        close=not is_loss,
        signs="Lines: training. Unfilled marks: test" if tested else "",
        reading=of_seeds(seeds, seen=shows_bands(lines, is_log)),
    )


def _by_depth(runs: Sequence[Run], shown: Shown) -> tuple[list[Series], list[int]]:
    """Return the lines of a quantity at the end by depth, and the seeds of each of their points."""
    lines, seeds = [], []
    for kind, look in ONE_OF_EACH.items():
        own = [
            (group[0].task.spec.depth, [_at_end(run, shown) for run in group])
            for group in grouped(run for run in runs if run.is_whole and not run.ended).values()
            if kind_of(group[0].task.spec) == kind
        ]
        own = sorted((depth, values) for depth, values in own if all(map(isfinite, values)))
        if own:
            seeds += [len(values) for _, values in own]
            lines.append(
                Series(
                    kind,
                    tuple(depth for depth, _ in own),
                    tuple(fmean(values) for _, values in own),
                    low=tuple(min(values) for _, values in own),
                    high=tuple(max(values) for _, values in own),
                    **look._asdict(),
                )
            )
    return lines, seeds


def _at_end(run: Run, shown: Shown) -> float:
    """Return a run's loss, or its accuracy in percent, at the end; nan if it wasn't tested."""
    if shown is Shown.TRAIN_LOSS:
        return run.last_loss
    if shown is Shown.TRAIN_ACCURACY:
        return 100 * run.last_accuracy
    return 100 * run.epochs[-1].test_accuracy if run.epochs else nan


def _spans_a_decade(lines: Sequence[Series]) -> bool:
    """Return whether losses differ by so much that only a logarithmic axis shows the low ones."""
    means = [mean for line in lines for mean in line.y if mean is not None]
    return bool(means) and 0 < _DECADE * min(means) < max(means)


def along_chart(run: Run) -> Chart:
    """Plot the gradient norm by depth at the steps of a run at which it was measured."""
    drawn = gradient_chart([curve for _, curve in run.curves[:1]])
    name = name_in_title(parse(run.model))
    lines = []
    for (step, curve), (colour, dash) in zip(run.curves, cycle(LINE_LOOKS), strict=False):
        one = gradient_chart([curve]).series[0]
        lines.append(replace(one, name=_when(step), colour=colour, dash=dash))
    return replace(
        drawn,
        title="Gradient norm by depth during training",
        series=tuple(lines),
        alt=f"Gradient norm by depth of {name} at several training steps.",
    )


def _when(step: int) -> str:
    return f"after {number_of(step, 'step')}" if step else "before training"


def are_means(runs: Sequence[Run]) -> bool:
    """Return whether the points of a chart by step are means over several steps."""
    return any(_width(run.steps) > 1 for run in runs)


def _width(steps: int) -> int:
    """Return the number of steps of a point of a run."""
    width = max(1, -(-steps // POINTS))
    return width if width > 1 else min(5, max(1, steps // 6))  # single batches are noisy


def _columns(
    group: Sequence[Run], shown: Shown, by_epoch: bool
) -> tuple[tuple[float, ...], list[list[float]]]:
    """Return the steps, or epochs, at which a group has points, and every seed's values there."""
    x, columns = _columns_by_step(group, shown)
    if not by_epoch:
        return x, columns
    epochs, steps = group[0].task.recipe.epochs or 1, group[0].total
    return tuple(step * epochs / steps for step in x), columns


def _columns_by_step(
    group: Sequence[Run], shown: Shown
) -> tuple[tuple[int, ...], list[list[float]]]:
    """Return the steps at which a group has points, and every seed's values there."""
    if shown is Shown.TEST_ACCURACY:
        tested: dict[int, list[float]] = {}
        for run in group:
            for epoch in run.epochs:
                tested.setdefault(epoch.step, []).append(100 * epoch.test_accuracy)
        return tuple(tested), list(tested.values())

    def values(run: Run) -> tuple[float, ...]:
        if shown is Shown.TRAIN_LOSS:
            return run.train_loss
        return tuple(100 * accuracy for accuracy in run.train_accuracy)

    steps = max(run.steps for run in group)
    width = _width(steps)
    x, columns = [], []
    for start in range(0, steps - steps % width, width):
        means = _means(group, values, start, width)
        if means:
            x.append(start + width)
            columns.append(means)
    return tuple(x), columns


def _by_epoch(group: Sequence[Run]) -> tuple[tuple[int, ...], list[list[float]]]:
    """Return the epochs that have ended, and every seed's mean training accuracy at their ends."""

    def values(run: Run) -> tuple[float, ...]:
        return tuple(100 * accuracy for accuracy in run.train_accuracy)

    ends = dict.fromkeys(epoch.step for run in group for epoch in run.epochs)
    columns = [_means(group, values, max(0, end - LAST), min(LAST, end)) for end in ends]
    found = {epoch: means for epoch, means in enumerate(columns, 1) if means}
    return tuple(found), list(found.values())


def _means(
    group: Sequence[Run], values: Callable[[Run], tuple[float, ...]], start: int, width: int
) -> list[float]:
    """Return the mean over `width` steps from `start` on, for each run in which it is finite."""
    parts = [values(run)[start : start + width] for run in group]
    means = [fmean(part) for part in parts if len(part) == width]
    return [mean for mean in means if isfinite(mean)]
