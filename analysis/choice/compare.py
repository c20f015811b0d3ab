"""Comparisons of several networks at one batch, sweeps of one network, and Pareto fronts.

Computed figures are attributes of a `Row`. Published ones stay `Published`, each with its recipe
and source, and are only compared within one recipe (`Recipe`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from analysis.choice.ladder import Ladder, ladder
from analysis.costs import throughput
from analysis.costs.profiles import FLOAT32_BYTES, LARGER, Shape, check_batch, profile
from analysis.costs.published import Published, published, recipe_in_words
from analysis.costs.step import Dtype, Optimiser, inference_bytes, step_memory
from analysis.style.numbers import short
from nets.catalog import HE2015, Citation
from nets.options import MAX_BATCH, OPTIONS, Stem, given, number_of
from nets.spec import ResNetSpec

if TYPE_CHECKING:
    import pandas as pd

MAX_MODELS = 64
"""The most networks in one comparison: more than the catalog has."""

MAX_POINTS = 64
"""The most points of one curve."""

MAX_CURVES = 12
"""The most networks in one sweep: more lines would be hard to tell apart."""


@dataclass(frozen=True)
class Yardstick:
    """A reference network that can't be built here, by its published cost at one input."""

    name: str
    side: int
    macs: int
    source: Citation
    place: str

    @property
    def says(self) -> str:
        """Its cost and where it is from: `VGG-19 at 224 px takes 19.6 G MACs per image`."""
        return (
            f"{self.name} at {self.side} px takes {short(self.macs)} MACs per image "
            f"({self.source.short}, {self.place})."
        )


VGG19 = Yardstick("VGG-19", 224, 19_600_000_000, HE2015, "Fig. 3")
"""The paper's reference network: 19.6 G multiply-adds."""


USUAL_NETS = {
    Stem.IMAGENET: ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    Stem.CIFAR: ("resnet20", "resnet32", "resnet44", "resnet56", "resnet110"),
}
"""The networks compared by default, by the stem of the current one."""

USUAL_CURVES = 6
"""How many of the compared networks are swept by default."""


def usual_nets(spec: ResNetSpec) -> list[str]:
    """Return the texts of the networks compared by default: those of the stem, then the network."""
    return list(dict.fromkeys((*USUAL_NETS[spec.stem], str(spec))))


def usual_pair(spec: ResNetSpec) -> list[str]:
    """Return the texts of the networks whose difference is shown by default.

    They are an edited network and the one it was edited from, or the network and another.
    """
    if str(spec) != spec.base:
        return [spec.base, str(spec)]
    return [str(spec), next(text for text in USUAL_NETS[spec.stem] if text != str(spec))]


class Better(StrEnum):
    """The better end of a column's values."""

    LOW = "low"
    HIGH = "high"


class Column(StrEnum):
    """The computed figures of a row, by attribute name."""

    DEPTH = "depth"
    CONVOLUTIONS = "convolutions"
    PARAMS = "params"
    MACS = "macs"
    FVCORE_FLOPS = "fvcore_flops"
    FLOPS = "flops"
    SAVED_BYTES = "saved_bytes"
    INFERENCE_BYTES = "inference_bytes"
    RECEPTIVE_FIELD = "receptive_field"
    ACTIVATIONS = "activations"
    BYTES_MOVED = "bytes_moved"
    TRAINING_BYTES_FLOAT32 = "training_bytes_float32"
    TRAINING_BYTES_BFLOAT16 = "training_bytes_bfloat16"
    TRAINING_BYTES_FLOAT16 = "training_bytes_float16"
    INFERENCE_BYTES_BFLOAT16 = "inference_bytes_bfloat16"
    INFERENCE_BYTES_FLOAT16 = "inference_bytes_float16"
    MEASURED_MS = "measured_ms"
    MEASURED_BYTES = "measured_bytes"

    @property
    def label(self) -> str:
        """The column's label, with its convention."""
        return _LABELS[self]

    @property
    def is_of_batch(self) -> bool:
        """Whether the figure depends on the batch."""
        fixed = (Column.DEPTH, Column.CONVOLUTIONS, Column.PARAMS, Column.RECEPTIVE_FIELD)
        return self not in fixed

    @property
    def heading(self) -> str:
        """The label of a table's column; with the unit if it isn't beside each figure."""
        return f"{self.label}, {self.unit}" if self.unit == "px" else self.label

    @property
    def unit(self) -> str:
        """B, ms, px or ""."""
        if "bytes" in self.value:
            return "B"
        return {Column.MEASURED_MS: "ms", Column.RECEPTIVE_FIELD: "px"}.get(self, "")

    @property
    def better(self) -> Better:
        """Low for costs; high for depth and receptive field."""
        sizes = (Column.DEPTH, Column.CONVOLUTIONS, Column.RECEPTIVE_FIELD)
        return Better.HIGH if self in sizes else Better.LOW

    @property
    def replayed_in(self) -> Dtype | None:
        """The dtype of the replay that computes it, or None if a profile has the figure."""
        return _REPLAYED.get(self)

    def of(self, row: Row) -> float | None:
        """Return the figure of a row, or None."""
        value: float | None = getattr(row, self.value)
        return value


_LABELS = {
    Column.DEPTH: "depth",
    Column.CONVOLUTIONS: "convolutions",
    Column.PARAMS: "parameters",
    Column.MACS: "MACs (conv + linear)",
    Column.FVCORE_FLOPS: "fvcore FLOPs",
    Column.FLOPS: "FLOPs (2 per MAC)",
    Column.SAVED_BYTES: "saved for backward (float32)",
    Column.INFERENCE_BYTES: "inference memory (float32)",
    Column.RECEPTIVE_FIELD: "receptive field",
    Column.ACTIVATIONS: "activations (convolutions)",
    Column.BYTES_MOVED: "bytes moved (float32)",
    Column.TRAINING_BYTES_FLOAT32: "training step peak (float32)",
    Column.TRAINING_BYTES_BFLOAT16: "training step peak (bfloat16 autocast)",
    Column.TRAINING_BYTES_FLOAT16: "training step peak (float16 autocast)",
    Column.INFERENCE_BYTES_BFLOAT16: "inference memory (bfloat16)",
    Column.INFERENCE_BYTES_FLOAT16: "inference memory (float16)",
    Column.MEASURED_MS: "measured time",
    Column.MEASURED_BYTES: "measured peak memory",
}


TRAINING = {
    Dtype.FLOAT32: Column.TRAINING_BYTES_FLOAT32,
    Dtype.BFLOAT16: Column.TRAINING_BYTES_BFLOAT16,
    Dtype.FLOAT16: Column.TRAINING_BYTES_FLOAT16,
}
"""The columns with the peak of a training step, by type."""

INFERENCE = {
    Dtype.FLOAT32: Column.INFERENCE_BYTES,
    Dtype.BFLOAT16: Column.INFERENCE_BYTES_BFLOAT16,
    Dtype.FLOAT16: Column.INFERENCE_BYTES_FLOAT16,
}
"""The columns with the peak of a forward without gradients, by type."""

_REPLAYED = {
    column: dtype for by_type in (TRAINING, INFERENCE) for dtype, column in by_type.items()
}
del _REPLAYED[Column.INFERENCE_BYTES]  # taken from the profile


@dataclass(frozen=True)
class Recipe:
    """A column of comparable published figures: one metric, one recipe, one publisher."""

    metric: str
    recipe: str
    publisher: str
    better: Better

    @property
    def label(self) -> str:
        """The metric, the recipe and the publisher."""
        return f"{self.metric} ({self.how})"

    @property
    def how(self) -> str:
        """The recipe and the publisher."""
        recipe = f"{self.recipe}; " if self.recipe else ""
        return f"{recipe}published by {self.publisher}"

    @property
    def note(self) -> str:
        """The recipe and the publisher below a chart, in words for the names of weights."""
        words = recipe_in_words(self.recipe)
        if self._tells_publisher(words):
            return words
        return f"{words}; published by {self.publisher}" if words else self.how

    @property
    def heading(self) -> str:
        """The same for a column of a table: `A1 of Wightman et al. 2021, 224 px (timm)`."""
        words = recipe_in_words(self.recipe)
        if self._tells_publisher(words):
            return words
        return f"{words} ({self.publisher})" if words else self.publisher

    def _tells_publisher(self, words: str) -> bool:
        """Return whether a recipe's words name the publisher: `torchvision's weights V1`."""
        return words.startswith(f"{self.publisher}'s")

    @property
    def weights(self) -> str:
        """The recipe in words, without the usual single crop; "" if there is none."""
        return recipe_in_words(self.recipe).removesuffix(", single crop")

    @property
    def menu_label(self) -> str:
        """The label that begins with how it differs from other recipes, for a narrow select box."""
        words = self.weights.replace(" weights V1 of ", " ")  # torchvision's pull 5935
        if self._tells_publisher(words):
            return f"{words}: {self.metric}"
        first = f"{words}: " if words else ""
        return f"{first}{self.metric}, {self.publisher}"

    @property
    def unit(self) -> str:
        """The percent sign; all published figures are percentages."""
        return "%"

    def of(self, row: Row) -> float | None:
        """Return the published figure of a row's network, or None."""
        found = self._figure(row)
        return None if found is None else found.percent

    def remark(self, row: Row) -> str:
        """Return which of several runs a row's figure is; empty if it's the only one."""
        found = self._figure(row)
        return found.recipe if found and found.recipe.startswith(_OF_RUNS) else ""

    def _figure(self, row: Row) -> Published | None:
        return next((p for p in row.published if recipe_of(p) == self), None)


@dataclass(frozen=True)
class Speed:
    """Images per second on one machine, published or measured on this one.

    Attributes:
        name: the name in addresses and commands.
        figure: the name on an axis, with the machine.
        how: the conditions and the source in a sentence.
        rates: the networks with their images per second.
        publisher: who published them; empty if they were measured on this machine.
        brief: `how` without the source's file, for a note below a chart.
    """

    name: str
    figure: str
    how: str
    rates: tuple[tuple[ResNetSpec, float], ...]
    publisher: str = ""
    brief: str = ""

    @property
    def label(self) -> str:
        """The name in tables and menus, with the publisher."""
        return f"{self.figure} (published by {self.publisher})" if self.publisher else self.figure

    @property
    def unit(self) -> str:
        """Empty, because the label has the unit."""
        return ""

    @property
    def better(self) -> Better:
        """Higher is better."""
        return Better.HIGH

    def of(self, row: Row) -> float | None:
        """Return the images per second of a row's network, or None."""
        return dict(self.rates).get(row.spec)


Axis = Column | Recipe | Speed
"""A quantity that a chart's axis or a Pareto front can use."""


def axis_name(axis: Axis) -> str:
    """Return an axis as the address writes it."""
    match axis:
        case Column():
            return axis.value
        case Speed():
            return axis.name
        case Recipe():
            return axis.label


def in_a_menu(axis: Axis) -> str:
    """Return an axis as a select box shows it."""
    return axis.menu_label if isinstance(axis, Recipe) else axis.label


def in_brief(axis: Axis) -> str:
    """Return an axis so briefly that a menu of pairs of axes tells them apart on a phone."""
    match axis:
        case Column():
            return axis.label.partition(" (")[0]
        case Speed():
            return axis.figure
        case Recipe():
            recipe = axis.weights.removeprefix("torchvision's weights ")
            source = f"{recipe} ({axis.publisher})" if recipe else axis.publisher
            return f"{source}, {axis.metric.partition(' ')[2]}"  # the task has the data set


def speeds(rows: Sequence[Row]) -> tuple[Speed, ...]:
    """Return the machines for which the speed of any of the networks is published."""
    rates: dict[throughput.Machine, list[tuple[ResNetSpec, float]]] = {}
    for row in rows:
        for one in throughput.speeds(row.spec):
            rates.setdefault(one.machine, []).append((row.spec, one.images_per_s))
    return tuple(
        Speed(
            name=machine.key,
            figure=f"images/s, {machine.label}",
            how=machine.citation,
            rates=tuple(rates[machine]),
            publisher=throughput.PUBLISHER,
            brief=machine.brief,
        )
        for machine in throughput.machines()
        if machine in rates
    )


def recipe_of(figure: Published) -> Recipe:
    """Return the column of a published figure."""
    better = Better.HIGH if figure.higher_is_better else Better.LOW
    recipe = "" if figure.recipe.startswith(_OF_RUNS) else figure.recipe
    return Recipe(figure.metric, recipe, figure.publisher, better)


_OF_RUNS = "best of "  # begins a recipe that only says which of several runs a figure is from


@dataclass(frozen=True)
class Row:
    """One network's costs. All counts are for the whole batch; see `Profile` for conventions.

    `training_bytes_*` is the predicted peak of a training step, and `inference_bytes_*` that of a
    forward in the given type; they are None if no replay was requested. The caller supplies
    `measured_ms` and `measured_bytes`, and `predicted_ms` of a network that wasn't measured. If a
    network can't train at this batch, `saved_bytes` and `training_bytes_*` are None and
    `untrainable` says why.
    """

    spec: ResNetSpec
    model: str
    input: Shape
    batch: int
    depth: int
    convolutions: int
    params: int
    macs: int
    fvcore_flops: int
    flops: int
    saved_bytes: int | None
    inference_bytes: int
    receptive_field: int
    activations: int
    bytes_moved: int
    published: tuple[Published, ...]
    training_bytes_float32: int | None = None
    training_bytes_bfloat16: int | None = None
    training_bytes_float16: int | None = None
    inference_bytes_bfloat16: int | None = None
    inference_bytes_float16: int | None = None
    measured_ms: float | None = None
    measured_bytes: int | None = None
    predicted_ms: float | None = None
    untrainable: str = ""

    @property
    def missing(self) -> tuple[Column, ...]:
        """The columns without a figure because the network can't train at this batch."""
        return _OF_TRAINING if self.untrainable else ()

    def training_bytes(self, dtype: Dtype) -> int | None:
        """Return the predicted peak of a training step in a type, or None if not replayed."""
        value: int | None = getattr(self, f"training_bytes_{dtype}")
        return value

    def bytes_moved_in(self, dtype: Dtype) -> int:
        """Return the bytes that a forward moves in a type: elements times its size."""
        return self.bytes_moved * dtype.torch.itemsize // FLOAT32_BYTES

    def inference_bytes_in(self, dtype: Dtype) -> int | None:
        """Return the predicted peak of a forward without gradients in a type, or None."""
        return {
            Dtype.FLOAT32: self.inference_bytes,
            Dtype.BFLOAT16: self.inference_bytes_bfloat16,
            Dtype.FLOAT16: self.inference_bytes_float16,
        }[dtype]


_OF_TRAINING = (
    Column.SAVED_BYTES,
    Column.TRAINING_BYTES_FLOAT32,
    Column.TRAINING_BYTES_BFLOAT16,
    Column.TRAINING_BYTES_FLOAT16,
)


@dataclass(frozen=True)
class Comparison:
    """One row per network, in the order in which the networks were given."""

    batch: int
    rows: tuple[Row, ...]
    yardstick: Yardstick = VGG19

    @property
    def reference(self) -> str:
        """The yardstick's cost in words; "" if no network takes images of its size."""
        yard = self.yardstick
        return yard.says if any(yard.side in row.input for row in self.rows) else ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The computed columns in which at least one row has a figure."""
        return tuple(c for c in Column if any(c.of(row) is not None for row in self.rows))

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The columns of published figures, in the order in which they first occur."""
        return recipes(self.rows)

    @property
    def cited(self) -> tuple[Axis, ...]:
        """The columns of published results, then the machines with a published speed."""
        return (*self.recipes, *speeds(self.rows))


def compare(
    specs: Sequence[ResNetSpec],
    batch: int = 1,
    input_shape: tuple[int, int, int] | None = None,
    replay: bool = False,
    measured_ms: Mapping[str, float] | None = None,
    measured_bytes: Mapping[str, int] | None = None,
    dtypes: Sequence[Dtype] = tuple(Dtype),
) -> Comparison:
    """Count several networks; duplicates share a row.

    Args:
        specs: the networks, 1 to 64.
        batch: images, 1 to 65,536.
        input_shape: channels, height and width for all networks; by default each keeps its own.
        replay: whether to predict the memory of training steps and of half types too.
        measured_ms: measured times by the network's text form.
        measured_bytes: measured peak memory by the network's text form.
        dtypes: the types to predict memory for.

    Raises:
        ValueError: in one sentence, if there are no networks or too many, or if the batch or the
            input doesn't suit them.
    """
    if not 1 <= len(specs) <= MAX_MODELS:
        raise ValueError(f"a comparison takes 1 to {MAX_MODELS} models, not {len(specs):,}")
    check_batch(batch)
    fitted = dict.fromkeys(_fitted(spec, input_shape) for spec in specs)
    rows = (row(spec, batch, replay, measured_ms, measured_bytes, dtypes) for spec in fitted)
    return Comparison(batch, tuple(rows))


def _fitted(spec: ResNetSpec, shape: tuple[int, int, int] | None) -> ResNetSpec:
    if shape is None:
        return spec
    if len(shape) == 3 and shape[0] != spec.channels:
        has = number_of(shape[0], "channel")
        raise ValueError(f"input has {has}, but {spec} takes {spec.channels}")
    return replace(spec, input=shape)


def row(
    spec: ResNetSpec,
    batch: int = 1,
    replay: bool = False,
    measured_ms: Mapping[str, float] | None = None,
    measured_bytes: Mapping[str, int] | None = None,
    dtypes: Sequence[Dtype] = tuple(Dtype),
) -> Row:
    """Return one network's row, as in `compare`.

    Raises:
        ValueError: if the batch is out of bounds.
    """
    cost = profile(spec, batch=batch)
    counted = Row(
        spec=spec,
        model=cost.model,
        input=cost.input,
        batch=batch,
        depth=cost.depth,
        convolutions=cost.convolutions,
        params=cost.params,
        macs=cost.macs,
        fvcore_flops=cost.fvcore_flops,
        flops=cost.flops,
        saved_bytes=cost.saved_bytes,
        inference_bytes=cost.inference_bytes,
        receptive_field=cost.receptive_field,
        activations=cost.activations,
        bytes_moved=cost.bytes_moved,
        published=published(spec),
        measured_ms=(measured_ms or {}).get(cost.model),
        measured_bytes=(measured_bytes or {}).get(cost.model),
        untrainable=f"{cost.untrainable}; {LARGER}" if cost.untrainable else "",
    )
    return with_memory(counted, dtypes=dtypes) if replay else counted


def with_memory(
    counted: Row, optimiser: Optimiser = Optimiser.SGD, dtypes: Sequence[Dtype] = tuple(Dtype)
) -> Row:
    """Return the row with the memory that a replay predicts for some types."""
    spec, batch = counted.spec, counted.batch
    predicted: dict[str, Any] = {}
    for dtype in dtypes:
        if not counted.untrainable:
            step = step_memory(spec, batch, dtype, optimiser)
            predicted[f"training_bytes_{dtype}"] = step.peak_bytes
        if dtype is not Dtype.FLOAT32:  # the profile already has float32
            predicted[f"inference_bytes_{dtype}"] = inference_bytes(spec, batch, dtype)
    return replace(counted, **predicted)


def recipes(rows: Sequence[Row]) -> tuple[Recipe, ...]:
    """Return the columns of published figures, in the order in which they first occur."""
    return tuple(dict.fromkeys(recipe_of(p) for row in rows for p in row.published))


def frame(comparison: Comparison) -> pd.DataFrame:
    """Return the computed columns as a frame, with units in their names, `input` as 3x224x224."""
    import pandas as pd

    columns = [column.value for column in comparison.columns]
    table = pd.DataFrame(
        [
            [r.model, "x".join(map(str, r.input)), r.batch, *(getattr(r, c) for c in columns)]
            for r in comparison.rows
        ],
        columns=["model", "input", "batch", *columns],
    )
    missing = {column.value for row in comparison.rows for column in row.missing}
    return table.astype({c: "Int64" for c in columns if c in missing})  # floats would round counts


def pareto(rows: Sequence[Row], x: Axis, y: Axis) -> tuple[Row, ...]:
    """Return the rows that no other row dominates, sorted from the best x.

    A row dominates another if it is at least as good in both axes and better in one. Rows that tie
    in both are all kept; rows that lack a value are left out.
    """

    def losses(row: Row) -> tuple[float, float] | None:
        values = (x.of(row), y.of(row))
        if values[0] is None or values[1] is None:
            return None
        return _loss(x, values[0]), _loss(y, values[1])

    placed = [(at, row) for row in rows if (at := losses(row)) is not None]
    placed.sort(key=lambda item: item[0])
    front: list[tuple[tuple[float, float], Row]] = []
    for at, row in placed:
        if not front or at[1] < front[-1][0][1] or at == front[-1][0]:
            front.append((at, row))
    return tuple(row for _, row in front)


def _loss(axis: Axis, value: float) -> float:
    return -value if axis.better is Better.HIGH else value


class Sweep(StrEnum):
    """The quantity that changes along a curve."""

    DEPTH = "depth"
    WIDTH = "width"
    INPUT = "input"
    BATCH = "batch"


@dataclass(frozen=True)
class Point:
    """One network of a curve and its depth, width factor, input side or batch."""

    value: float
    row: Row


@dataclass(frozen=True)
class SweepCurve:
    """One network swept along one axis."""

    model: str
    sweep: Sweep
    points: tuple[Point, ...]


def curve(
    spec: ResNetSpec,
    sweep: Sweep,
    values: Sequence[float] | None = None,
    batch: int = 1,
    replay: bool = False,
) -> SweepCurve:
    """Sweep a network along one axis, leaving out invalid networks.

    Args:
        spec: the network.
        sweep: the axis.
        values: depths (each is rounded down to a depth of the family), width factors, heights of
            the input (the width scales with it), or batches; by default values around the
            network's own.
        batch: images per batch, unless the sweep changes it.
        replay: whether to predict memory too.

    Raises:
        ValueError: in one sentence, if a value is invalid for this axis or no network is left.
    """
    check_batch(batch)
    chosen = sorted(set(_around(spec, sweep) if values is None else values))
    if not 1 <= len(chosen) <= MAX_POINTS:
        raise ValueError(f"a sweep takes 1 to {MAX_POINTS} values, not {len(chosen):,}")
    for value in chosen:
        _check_value(sweep, value)
    points: dict[float, Point] = {}
    for net, images, value in _swept(spec, sweep, chosen, batch):
        points[value] = Point(value, row(net, images, replay))
    if not points:
        raise ValueError(f"{spec} can't be built at any {sweep} of the sweep")
    return SweepCurve(str(spec), sweep, tuple(points.values()))


def _around(spec: ResNetSpec, sweep: Sweep) -> Sequence[float]:
    match sweep:
        case Sweep.DEPTH:
            return [max(spec.depth * eighths // 8, 1) for eighths in range(2, 25, 2)] + [spec.depth]
        case Sweep.WIDTH:
            return [eighths / 8 for eighths in range(2, 17, 2)]
        case Sweep.INPUT:
            sides = (spec.input[1] * eighths // 8 for eighths in range(2, 17, 2))
            return [side for side in sides if 1 <= side <= OPTIONS["input"].high]
        case Sweep.BATCH:
            return [2**power for power in range(10)]


def _check_value(sweep: Sweep, value: Any) -> None:
    kind, allowed, high = {
        Sweep.DEPTH: ("a whole number", int, 10**6),
        Sweep.WIDTH: ("a number", int | float, 64),
        Sweep.INPUT: ("a whole number", int, int(OPTIONS["input"].high)),
        Sweep.BATCH: ("a whole number", int, MAX_BATCH),
    }[sweep]
    if isinstance(value, bool) or not isinstance(value, allowed) or not 0 < value <= high:
        raise ValueError(f"{sweep} must be {kind} above 0 and at most {high:,}, not {given(value)}")


def _swept(
    spec: ResNetSpec, sweep: Sweep, values: list[float], batch: int
) -> list[tuple[ResNetSpec, int, float]]:
    """Yield the network, batch and value of every point."""
    match sweep:
        case Sweep.DEPTH:
            rungs = ladder(spec)
            found = {_rung(rungs, depth) for depth in values}
            nets = [rungs[rung] for rung in sorted(found) if rung >= 0]
            return [(net, batch, net.depth) for net in nets]
        case Sweep.WIDTH:
            return [(net, batch, v) for v in values if (net := _wider(spec, v)) is not None]
        case Sweep.INPUT:
            return [(net, batch, v) for v in values if (net := _taller(spec, int(v))) is not None]
        case Sweep.BATCH:
            return [(spec, int(v), v) for v in values]


def _rung(rungs: Ladder, depth: float) -> int:
    return rungs.last_where(lambda net: net.depth <= depth)


def _taller(spec: ResNetSpec, height: int) -> ResNetSpec | None:
    """Return the network at another input height, in proportion, or None if that is invalid."""
    _, high, wide = spec.input
    try:
        return replace(spec, input=(spec.channels, height, max(round(height * wide / high), 1)))
    except ValueError:
        return None


def _wider(spec: ResNetSpec, factor: float) -> ResNetSpec | None:
    """Return the network with stem and stages scaled in width, or None if that is invalid."""
    try:
        return replace(
            spec,
            widths=tuple(round(width * factor) for width in spec.widths),
            stem_width=round(spec.stem_width * factor),
        )
    except ValueError:
        return None
