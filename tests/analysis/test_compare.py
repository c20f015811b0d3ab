"""Rows, their published results, Pareto fronts, sweeps and tables."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.models import get_model_weights

import analysis
from analysis.choice.charts import (
    not_swept,
    scatter_chart,
    shared_lines,
    sweep_chart,
    sweep_in_words,
)
from analysis.choice.compare import (
    MAX_MODELS,
    MAX_POINTS,
    VGG19,
    Axis,
    Better,
    Column,
    Recipe,
    Row,
    Sweep,
    SweepCurve,
    compare,
    curve,
    frame,
    pareto,
    recipes,
    row,
    usual_nets,
)
from analysis.choice.report import (
    comparison_csv,
    comparison_grids,
    comparison_json,
    comparison_latex,
    comparison_markdown,
    comparison_text,
)
from analysis.costs.published import Published, recipe_in_words
from analysis.costs.step import Dtype, inference_bytes, step_memory
from nets import CATALOG, parse
from tests.conftest import Golden

CIFAR = [parse(name) for name in ("resnet20", "resnet56", "plain20")]


def test_the_whole_catalog_is_as_profiled() -> None:
    comparison = compare([entry.spec for entry in CATALOG.values()])
    assert len(comparison.rows) == len(CATALOG) <= MAX_MODELS
    for counted in comparison.rows:
        profile = analysis.profile(counted.spec)
        for column in comparison.columns:
            assert column.of(counted) == getattr(profile, column.value), counted.model
        assert (counted.model, counted.input) == (profile.model, profile.input)


def test_torchvisions_ten_are_as_torchvision_publishes() -> None:
    rows = {r.model: r for r in compare([e.spec for e in CATALOG.values()]).rows}
    ten = [name for name, entry in CATALOG.items() if entry.in_torchvision]
    assert len(ten) == 10
    for name in ten:
        for weights in get_model_weights(name):
            assert rows[name].params == weights.meta["num_params"]
            assert round(rows[name].macs / 1e9, 3) == weights.meta["_ops"]
            top1 = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
            assert top1 in [p.percent for p in rows[name].published if weights.name in p.recipe]


def test_recipes_are_told_apart() -> None:
    comparison = compare([e.spec for e in CATALOG.values()])
    v1, v2, own, crops = (
        next(r for r in comparison.recipes if part in r.recipe)
        for part in ("_V1, single", "_V2, single", "pull 5935", "10-crop")
    )
    rows = {r.model: r for r in comparison.rows}
    assert (v1.of(rows["resnet50"]), v2.of(rows["resnet50"])) == (76.13, 80.858)
    assert v1.of(rows["resnext101_64x4d"]) is None
    assert own.of(rows["resnext101_64x4d"]) == 83.246
    timms = {
        r.recipe: r.of(rows["resnext101_64x4d"]) for r in comparison.recipes if "px" in r.recipe
    }
    assert timms["tv, 224 px"] is None
    assert timms["tv of pull 5935, 224 px"] == 82.978
    words = "torchvision's weights V1 of pull 5935, 224 px"
    assert recipe_in_words("tv of pull 5935, 224 px") == words
    urls = {
        name: get_model_weights(name)["IMAGENET1K_V1"].meta["recipe"]
        for name, entry in CATALOG.items()
        if entry.in_torchvision
    }
    assert [name for name, url in urls.items() if "/pull/5935" in url] == ["resnext101_64x4d"]
    assert crops.of(rows["resnet50"]) is None
    assert crops.of(rows["resnet50_v1"]) == 22.85
    assert (v1.better, crops.better) == (Better.HIGH, Better.LOW)
    assert [r.recipe for r in comparison.recipes if r.of(rows["resnet110"])] == [
        "",
        "median of 5, original unit",
    ]


def test_the_best_of_several_runs_has_the_recipe_of_the_others() -> None:
    usual = usual_nets(parse("resnet1202"))
    assert usual == ["resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202"]
    assert usual_nets(parse("resnet44")) == usual[:-1]
    rows = compare([parse(name) for name in usual]).rows
    (paper,) = (one for one in recipes(rows) if one.publisher == "He et al. 2015")
    assert [paper.of(row) for row in rows] == [8.75, 7.51, 7.17, 6.97, 6.43, 7.93]
    assert [paper.remark(row) for row in rows] == ["", "", "", "", "best of 5 (6.61±0.16)", ""]
    note = scatter_chart(rows, Column.MACS, paper).note
    assert note == "Published by He et al. 2015; ResNet-110: best of 5 (6.61±0.16)."


def test_a_narrow_box_shows_what_tells_recipes_apart() -> None:
    """The first 26 letters of a recipe's label in a select box are no other recipe's."""
    recipes = compare([entry.spec for entry in CATALOG.values()]).recipes
    labels = [recipe.menu_label for recipe in recipes]
    assert "torchvision's weights V2: ImageNet top-1 accuracy" in labels
    assert "CIFAR-10 error, He et al. 2015" in labels
    assert len({label[:26] for label in labels}) == len(labels)


def test_the_yardstick() -> None:
    said = "VGG-19 at 224 px takes 19.6 G MACs per image (He et al. 2015, Fig. 3)."
    assert VGG19.says == said


def test_a_replay_fills_its_columns() -> None:
    without = compare(CIFAR, batch=4)
    assert all(c.of(r) is None for c in MEMORY for r in without.rows)
    assert not {*MEMORY, Column.MEASURED_MS} & {*without.columns}
    comparison = compare(
        CIFAR, batch=4, replay=True, measured_ms={"resnet20": 1.5}, measured_bytes={"resnet20": 7}
    )
    first = comparison.rows[0]
    assert first.training_bytes_float32 == step_memory(CIFAR[0], 4).peak_bytes
    assert first.training_bytes(Dtype.FLOAT16) == first.training_bytes_bfloat16
    assert first.inference_bytes_float16 == inference_bytes(CIFAR[0], 4, Dtype.FLOAT16)
    assert [r.measured_ms for r in comparison.rows] == [1.5, None, None]
    assert [r.measured_bytes for r in comparison.rows] == [7, None, None]
    assert comparison.columns == tuple(Column)


MEMORY = [c for c in Column if "training" in c or "float16" in c]


def test_a_network_is_one_row_however_it_is_given() -> None:
    texts = ["resnet50", "resnet18", "resnet50:blocks=3,4,6,3", "resnet50:input=3x128x128"]
    specs = [parse(text) for text in texts]
    models = [r.model for r in compare(specs).rows]
    assert models == ["resnet50", "resnet18", "resnet50:input=3x128x128"]
    fitted = compare(specs, input_shape=(3, 128, 128)).rows
    assert [r.model for r in fitted] == ["resnet50:input=3x128x128", "resnet18:input=3x128x128"]


@pytest.mark.parametrize(
    ("texts", "options", "says"),
    [
        ([], {}, "a comparison takes 1 to 64 models, not 0"),
        (["resnet20"] * 65, {}, "a comparison takes 1 to 64 models, not 65"),
        (["resnet20"], {"batch": 0}, "^batch must be 1 to 65,536, not 0"),
        (
            ["resnet18", "d2l_resnet18"],
            {"input_shape": (3, 64, 64)},
            "input has 3 channels, but d2l_resnet18 takes 1",
        ),
        (["resnet18"], {"input_shape": (3, 64)}, "input must be channels x height x width"),
    ],
)
def test_bad_comparisons(texts: list[str], options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        compare([parse(text) for text in texts], **options)  # type: ignore[arg-type]


def test_a_network_that_one_image_cannot_train_has_all_but_its_training() -> None:
    comparison = compare([parse("resnet18:input=3x32x32"), *CIFAR], replay=True)
    small, *others = comparison.rows
    assert (small.params, small.macs) == (11_689_512, 37_523_456)
    assert {column for column in comparison.columns if column.of(small) is None} == {*small.missing}
    assert all(column.of(row) for column in comparison.columns for row in others)
    assert not any(row.untrainable or row.missing for row in others)
    assert [str(dtype) for dtype in frame(comparison)["saved_bytes"].isna()] == [
        "True",
        *["False"] * len(CIFAR),
    ]
    assert pareto(comparison.rows, Column.DEPTH, Column.SAVED_BYTES)
    (alone,) = compare([parse("resnet18:input=3x32x32")], batch=2, replay=True).rows
    assert all(column.of(alone) for column in small.missing)


PLACES: tuple[Axis, ...] = (
    Column.PARAMS,
    Column.DEPTH,
    Recipe("top-1 accuracy", "a", "x", Better.HIGH),
    Recipe("top-1 error", "b", "x", Better.LOW),
)


def made(params: int, depth: int, accuracy: int | None, error: int | None) -> Row:
    figures = (("top-1 accuracy", "a", accuracy), ("top-1 error", "b", error))
    known = tuple(Published(m, p, r, "x, Table 1", "") for m, r, p in figures if p is not None)
    return replace(row(CIFAR[0]), params=params, depth=depth, published=known)


def beats(one: Row, other: Row, x: Axis, y: Axis) -> bool:
    """Return whether one row is as good in both axes and better in one, written out."""
    better = []
    for axis in (x, y):
        a, b = axis.of(one), axis.of(other)
        assert a is not None
        assert b is not None
        better.append(a - b if axis.better is Better.HIGH else b - a)
    return min(better) >= 0 and max(better) > 0


few = st.integers(0, 4)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(few, few, st.none() | few, st.none() | few), max_size=10),
    st.sampled_from(PLACES),
    st.sampled_from(PLACES),
)
def test_a_front_is_what_nothing_beats(values: list[tuple[int, ...]], x: Axis, y: Axis) -> None:
    rows = [made(*value) for value in values]
    placed = [r for r in rows if x.of(r) is not None and y.of(r) is not None]
    expected = [r for r in placed if not any(beats(other, r, x, y) for other in placed)]
    front = pareto(rows, x, y)
    assert sorted(map(id, front)) == sorted(map(id, expected))
    losses = [(x.of(r) or 0) * (-1 if x.better is Better.HIGH else 1) for r in front]
    assert losses == sorted(losses)


def test_the_front_of_accuracy_against_cost() -> None:
    comparison = compare([e.spec for e in CATALOG.values()])
    v2 = next(r for r in comparison.recipes if "_V2" in r.recipe)
    front = [r.model for r in pareto(comparison.rows, Column.MACS, v2)]
    assert front == ["resnet50", "resnext50_32x4d", "resnet101", "resnet152", "resnext101_32x8d"]


def test_sweeps() -> None:
    deep = curve(parse("resnet20"), Sweep.DEPTH, values=[20, 33, 56, 57])
    assert [(p.value, p.row.model) for p in deep.points] == [
        (20, "resnet20"),
        (32, "resnet32"),
        (56, "resnet56"),
    ]
    wide = curve(parse("resnet50"), Sweep.WIDTH, values=[0.5, 1, 2])
    assert [p.row.spec.widths[0] for p in wide.points] == [32, 64, 128]
    assert wide.points[1].row.macs == 4_089_184_256
    sides = curve(parse("resnet50"), Sweep.INPUT, values=[8, 224, 448], batch=1)
    assert [p.value for p in sides.points] == [8, 224, 448]
    assert [p.row.saved_bytes for p in sides.points] == [None, 86_121_984, 343_825_920]
    assert not_swept([sides], Column.MACS) == ()
    assert not_swept([sides], Column.SAVED_BYTES) == ("resnet50 at 8",)
    (line,) = sweep_chart([sides], Column.SAVED_BYTES).series
    assert line.x == (224, 448)
    lost = curve(parse("resnet50"), Sweep.INPUT, values=[8, 32])
    assert not sweep_chart([lost], Column.SAVED_BYTES).series
    tall = curve(parse("resnet50:input=3x256x128"), Sweep.INPUT, values=[256, 384])
    assert [p.row.input for p in tall.points] == [(3, 256, 128), (3, 384, 192)]
    wide = curve(parse("resnet50:input=3x64x4096"), Sweep.INPUT)
    assert max(p.row.input for p in wide.points) == (3, 64, 4096)
    batches = curve(parse("resnet50"), Sweep.BATCH, values=[4, 1, 4], replay=True)
    assert [p.row.batch for p in batches.points] == [1, 4]
    assert batches.points[1].row.macs == 4 * batches.points[0].row.macs
    assert batches.points[1].row.training_bytes_float32
    depths = curve(parse("resnet50"), Sweep.DEPTH, values=[50, 101, 152])
    (line,) = sweep_chart([depths], Column.ACTIVATIONS).series
    assert (line.x, line.y) == ((50, 101, 152), (11_113_984, 16_231_936, 22_554_112))
    assert sweep_chart([depths], Column.BYTES_MOVED).y_label == "bytes moved (float32), B"


@pytest.mark.parametrize("sweep", Sweep)
@pytest.mark.parametrize("name", ["resnet50", "resnet20", "wrn28_10"])
def test_sweeps_of_their_own_accord_hold_the_network_itself(name: str, sweep: Sweep) -> None:
    points = curve(parse(name), sweep).points
    assert name in [p.row.model for p in points]
    assert 5 <= len(points) <= MAX_POINTS
    macs = [p.row.macs for p in points]
    assert macs == sorted(macs)
    assert len({p.value for p in points}) == len(points)


@pytest.mark.parametrize(
    ("sweep", "values", "says"),
    [
        (Sweep.BATCH, [0], "batch must be a whole number above 0 and at most 65,536, not 0"),
        (Sweep.BATCH, [1.5], "batch must be a whole number above 0 and at most 65,536, not 1.5"),
        (Sweep.INPUT, [5_000], "input must be a whole number above 0 and at most 4,096, not 5,000"),
        (Sweep.WIDTH, [float("nan")], "width must be a number above 0 and at most 64, not nan"),
        (Sweep.WIDTH, [0.001], "resnet50 can't be built at any width of the sweep"),
        (Sweep.DEPTH, [2], "resnet50 can't be built at any depth of the sweep"),
        (Sweep.BATCH, [], "a sweep takes 1 to 64 values, not 0"),
        (Sweep.BATCH, list(range(1, 70)), "a sweep takes 1 to 64 values, not 69"),
    ],
)
def test_bad_sweeps(sweep: Sweep, values: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        curve(parse("resnet50"), sweep, values)


def test_frames_and_csv_read_back() -> None:
    comparison = compare([*CIFAR, parse("resnet110")], batch=2, replay=True)
    table = frame(comparison)
    assert list(table["model"]) == ["resnet20", "resnet56", "plain20", "resnet110"]
    assert list(table.columns[:3]) == ["model", "input", "batch"]
    assert not [name for name in table.columns if "error" in name or "accuracy" in name]
    lines = list(csv.DictReader(io.StringIO(comparison_csv(comparison))))
    for line, counted in zip(lines, comparison.rows, strict=True):
        assert (line["model"], line["input"]) == (counted.model, "3x32x32")
        for column in comparison.columns:
            assert int(line[column.value]) == column.of(counted)
        for recipe in comparison.recipes:
            assert "published by" in recipe.label
            assert line[recipe.label] == str(recipe.of(counted) or "")
    known = [figure for row in comparison.rows for figure in row.published]
    assert [figure.percent for figure in known] == [8.75, 6.97, 6.43, 6.61]
    assert {figure.source for figure in known} == {
        "He et al. 2015, Table 6",
        "He et al. 2016, Tables 2 to 4",
    }


def test_json_keeps_published_figures_apart() -> None:
    read = json.loads(comparison_json(compare(CIFAR)))
    first = read["models"][0]
    assert (first["params"], first["macs"], first["depth"]) == (269_722, 40_551_040, 20)
    assert [p["percent"] for p in first["published"]] == [8.75]
    assert read["models"][2]["published"] == []
    assert read["yardstick"]["macs"] == 19_600_000_000


def test_written_tables(golden: Golden) -> None:
    comparison = compare(CIFAR, batch=2)
    golden("compare.text", comparison_text(comparison, width=100))
    golden("compare.markdown", comparison_markdown(comparison))
    golden("compare.latex", comparison_latex(comparison))
    assert len(comparison_grids(compare([CIFAR[2]]))) == 1  # no results of plain-20 are published


def test_a_table_names_the_yardstick_only_beside_images_of_its_size() -> None:
    says = f"Computed for 1 image. For reference, {VGG19.says}"
    assert says in comparison_markdown(compare([parse("resnet18"), *CIFAR]))
    assert "VGG-19" not in comparison_markdown(compare(CIFAR))


def test_a_sweep_says_where_its_highest_and_lowest_curves_end() -> None:
    found = [curve(parse(name), Sweep.INPUT, (224, 448)) for name in ("resnet18", "resnet34")]
    assert sweep_in_words(found, Column.MACS) == (
        "MACs (conv + linear): from 224 to 448 px, ResNet-34 goes from 3.66 G to 14.7 G, "
        "ResNet-18 from 1.81 G to 7.25 G."
    )
    assert sweep_in_words(found[:1], Column.PARAMS).count("ResNet-18") == 1
    lost = curve(parse("resnet18:input=3x32x32"), Sweep.INPUT, (32,))
    assert sweep_in_words([lost], Column.SAVED_BYTES) == ""


@pytest.mark.parametrize(
    ("sweep", "values", "said"),
    [
        (
            Sweep.DEPTH,
            (18, 34),
            "scaled from 18 to 34 layers, ResNet-18 goes from 1.81 G to 3.66 G.",
        ),
        (
            Sweep.WIDTH,
            (0.5, 1),
            "from 0.5 to 1 times its own width, ResNet-18 goes from 483 M to 1.81 G.",
        ),
        (Sweep.BATCH, (1, 2), "from batch 1 to batch 2, ResNet-18 goes from 1.81 G to 3.63 G."),
        (Sweep.INPUT, (224,), "at 224 px, ResNet-18 is at 1.81 G."),
    ],
)
def test_each_sweep_has_its_own_sentence(
    sweep: Sweep, values: tuple[float, ...], said: str
) -> None:
    assert (
        sweep_in_words([curve(parse("resnet18"), sweep, values)], Column.MACS)
        == f"MACs (conv + linear): {said}"
    )


def test_curves_with_ends_of_their_own_have_sentences_of_their_own() -> None:
    found = [curve(parse("resnet18"), Sweep.DEPTH, values) for values in ((18, 34), (10, 18))]
    assert sweep_in_words(found, Column.MACS) == (
        "MACs (conv + linear): scaled from 18 to 34 layers, ResNet-18 goes from 1.81 G to 3.66 G; "
        "scaled from 10 to 18 layers, ResNet-18 goes from 889 M to 1.81 G."
    )


def test_networks_of_one_family_share_a_line_by_depth() -> None:
    texts = ("resnet18", "resnet50", "resnet34", "resnet50_v1", "plain34", "resnet152")

    def curves(sweep: Sweep, value: int) -> list[SweepCurve]:
        return [curve(parse(text), sweep, (value,)) for text in texts]

    assert shared_lines(curves(Sweep.DEPTH, 60)) == (
        ("ResNet-18", "ResNet-34"),
        ("ResNet-50 v1.5", "ResNet-152"),
    )
    assert shared_lines(curves(Sweep.BATCH, 1)) == shared_lines([]) == ()
