"""Published speeds: what is read from timm's files, and what is compared with it."""

import json
from pathlib import Path

import pytest

from analysis.choice.charts import axes_of, axis_of, citations, scatter_chart, with_own
from analysis.choice.choose import IMAGENET, Budgets, choose
from analysis.choice.compare import Recipe, Speed, compare, pareto
from analysis.choice.report import comparison_csv, comparison_grids, comparison_json
from analysis.costs import make_throughput
from analysis.costs.make_throughput import lines_of, table
from analysis.costs.published import recipe_in_words
from analysis.costs.throughput import RECIPES, TABLE, Line, accuracies, lines, machines, speeds
from nets import parse

NETS = [parse(f"resnet{depth}") for depth in (18, 34, 50, 101, 152)]

BENCHMARK = """\
model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,infer_macts
resnet18,160,26589.31,38.488,1024,11.69,0.93,1.27
resnetv2_18,224,14951.21,68.467,1024,11.69,1.82,2.48
resnet18,224,13726.29,74.577,1024,11.69,1.82,2.48
seresnet18,224,12882.74,79.463,1024,11.78,1.82,2.49
resnetv2_50,224,4543.78,225.339,1024,25.55,4.11,11.11
resnet50,224,4302.84,237.959,1024,25.56,4.11,11.11
wide_resnet50_2,224,2805.63,364.957,1024,68.88,11.43,14.4
"""
"""Lines of results/benchmark-infer-amp-nchw-pt291-cu128-4090.csv, huggingface/pytorch-image-models
at 90cae8c5 (Apache-2.0; Ross Wightman, doi 10.5281/zenodo.4414861)."""

RESULTS = """\
model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation
resnet101.a1_in1k,288,82.322,17.678,95.628,4.372,44.55,1.000,bicubic
wide_resnet101_2.tv2_in1k,224,82.516,17.484,96.012,3.988,126.89,0.965,bilinear
resnet50d.a1_in1k,224,80.730,19.270,94.678,5.322,25.58,0.950,bicubic
resnet50.a1h_in1k,224,80.652,19.348,95.312,4.688,25.56,1.000,bicubic
resnet50.tv2_in1k,176,79.432,20.568,94.632,5.368,25.56,0.875,bilinear
wide_resnet50_2.tv_in1k,224,78.480,21.520,94.086,5.914,68.88,0.875,bilinear
"""
"""Lines of results/results-imagenet.csv of the same repository at 7479d451."""


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_speeds_are_the_files(tmp_path: Path) -> None:
    name = "benchmark-infer-amp-nchw-pt291-cu128-4090.csv"
    found = list(lines_of(written(tmp_path / name, BENCHMARK), "2026-01"))
    how = ("", "RTX 4090", "AMP", "NCHW", "no", "2.9.1", "12.8", "1024")
    assert found == [
        Line(net, value, "images/s", "224", "2026-01", name, *how)
        for net, value in (
            ("resnet18", "13726.29"),
            ("resnetv2_50", "4543.78"),
            ("resnet50", "4302.84"),
            ("wide_resnet50_2", "2805.63"),
        )
    ]
    assert set(found) <= set(lines())
    compiled = tmp_path / name.replace("4090", "4090-dynamo")
    assert {line.compiled for line in lines_of(written(compiled, BENCHMARK), "")} == {"yes"}
    older = tmp_path / "benchmark-infer-amp-nhwc-pt240-cu124-rtx3090.csv"
    (first, *_) = lines_of(written(older, BENCHMARK), "2024-09")
    assert first[7:] == ("RTX 3090", "AMP", "NHWC", "no", "2.4.0", "12.4", "1024")


def test_accuracies_are_the_files(tmp_path: Path) -> None:
    name = "results-imagenet.csv"
    found = list(lines_of(written(tmp_path / name, RESULTS), "2024-09"))
    assert found == [
        Line("wide_resnet101_2", "82.516", "%", "224", "2024-09", name, "tv2"),
        Line("resnet50d", "80.730", "%", "224", "2024-09", name, "a1"),
        Line("wide_resnet50_2", "78.480", "%", "224", "2024-09", name, "tv"),
    ]
    assert set(found) <= set(lines())


def test_other_files_and_other_networks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^a\.csv must be results-imagenet\.csv or named as"):
        list(lines_of(written(tmp_path / "a.csv", BENCHMARK), "2026-01"))
    changed = written(tmp_path / "results-imagenet.csv", RESULTS.replace("25.58", "25.60"))
    with pytest.raises(ValueError, match=r"^resnet50d has 25\.58 M parameters here, not 25\.60 M"):
        list(lines_of(changed, "2024-09"))


def test_the_script_writes_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_throughput, "TABLE", tmp_path / "table.csv")
    path = written(tmp_path / "results-imagenet.csv", RESULTS)
    make_throughput.main([f"2024-09={path}", f"2025-10-30={path}"])
    found = (tmp_path / "table.csv").read_text().splitlines()
    assert found[1] == "wide_resnet101_2,82.516,%,224,2025-10-30,results-imagenet.csv,tv2,,,,,,,"
    assert len(found) == 4
    for argument in (str(path), f"2024={path}", "2024-09="):
        with pytest.raises(SystemExit, match="must be a date and a file, such as"):
            make_throughput.main([argument])


def test_the_later_of_two_files_counts() -> None:
    old, new = (Line("resnet50", top1, "%", "224", "", "", "tv") for top1 in ("76.1", "76.2"))
    other = old._replace(recipe="tv2")
    assert table([old, other, new]).splitlines()[1:] == [
        "resnet50,76.2,%,224,,,tv,,,,,,,",
        "resnet50,76.1,%,224,,,tv2,,,,,,,",
    ]
    assert table(lines()) == TABLE.read_text()


def test_every_network_of_the_table_can_be_built_and_has_a_source() -> None:
    for line in lines():
        spec = parse(line.net)
        assert (spec.input, spec.classes) == ((3, 224, 224), 1_000)
        assert line.date >= "2024-09"
        assert line.recipe in (RECIPES if line.unit == "%" else ("",))
        assert bool(line.machine) is (line.unit == "images/s")
    assert [machine.key for machine in machines()] == [
        "rtx3090",
        "rtx4090",
        "rtx4090_compiled",
        "rtx5090",
    ]


def test_right_values() -> None:
    rates = {
        net.base: tuple(round(one.images_per_s) for one in speeds(net))
        for net in [*NETS, parse("wide_resnet50_2"), parse("resnext50_32x4d")]
    }
    assert rates == {
        "resnet18": (9_260, 13_726, 24_941, 19_879),
        "resnet34": (5_455, 8_316, 14_668, 12_206),
        "resnet50": (3_219, 4_303, 8_039, 6_356),
        "resnet101": (1_956, 2_781, 5_049, 4_151),
        "resnet152": (1_374, 1_977, 3_542, 2_946),
        "wide_resnet50_2": (1_826, 2_806, 4_684, 3_822),
        "resnext50_32x4d": (2_577, 3_493, 6_722, 4_821),
    }
    (fewer_macs,) = (one.images_per_s for one in speeds(parse("resnet26"))[1:2])
    assert fewer_macs == 6_826.51
    top1 = {net.base: {one.recipe: one.percent for one in accuracies(net)} for net in NETS}
    assert top1 == {
        "resnet18": {"tv": 69.752, "a1": 71.504},
        "resnet34": {"tv": 73.298, "a1": 76.42},
        "resnet50": {"tv": 76.156, "tv2": 80.846, "a1": 80.382},
        "resnet101": {"tv": 77.404, "tv2": 81.906, "a1": 81.494},
        "resnet152": {"tv": 78.33, "tv2": 82.294, "a1": 81.998},
    }


def test_a_speed_is_of_exactly_one_network() -> None:
    assert speeds(parse("resnet50:unit=full_preact")) == speeds(parse("resnetv2_50"))
    for other in ("resnet50:input=3x160x160", "resnet50:classes=10", "resnet50_v1", "resnet20"):
        assert not speeds(parse(other))
        assert not accuracies(parse(other))


def test_axes_are_one_recipe_and_one_machine() -> None:
    found = compare(NETS)
    axes = axes_of(found)
    y = axis_of(axes, "y", "tv")
    assert isinstance(y, Recipe)
    assert y.label == "ImageNet top-1 accuracy (tv, 224 px; published by timm)"
    assert axis_of(axes, "y", "tv2") != y != axis_of(axes, "y", "a1")
    x = axis_of(axes, "x", "rtx4090")
    assert isinstance(x, Speed)
    assert x.label == "images/s, RTX 4090 (published by timm)"
    with pytest.raises(ValueError, match=r"^x: '4090' could mean rtx4090 or rtx4090_compiled$"):
        axis_of(axes, "x", "4090")
    assert x.how == citations(x, y, None)
    assert x.how == (
        "Published, not measured here: RTX 4090, inference, AMP, NCHW, batch 1,024, 224 px, torch "
        "2.9.1, CUDA 12.8 (timm, benchmark-infer-amp-nchw-pt291-cu128-4090.csv, 2026-01; Ross "
        "Wightman, doi 10.5281/zenodo.4414861)."
    )
    assert x.brief == (
        "Speed (timm, 2026-01): RTX 4090, inference, AMP, NCHW, batch 1,024, 224 px, "
        "torch 2.9.1, CUDA 12.8."
    )
    chart = scatter_chart(found.rows, x, y)
    assert chart.x_label == "images/s, RTX 4090"
    assert chart.title == "ImageNet top-1 accuracy against images/s, RTX 4090"
    assert chart.note.startswith("Torchvision's weights V1, 224 px; published by timm")
    assert chart.reading == f"All networks shown are on the Pareto front. {x.brief}".removesuffix(
        "."
    )
    assert chart.series[-1].x == (13_726.29, 8_315.61, 4_302.84, 2_781.19, 1_976.86)
    assert chart.series[-1].y == (69.752, 73.298, 76.156, 77.404, 78.33)


def test_this_machines_own_speed_takes_the_place_of_a_published_one() -> None:
    found = compare(NETS)
    axes = axes_of(found)
    x, y = axis_of(axes, "x", "rtx3090"), axis_of(axes, "y", "a1")
    own = Speed("own", "images/s, measured here", "Measured.", ((NETS[2], 30.0), (NETS[0], 90.0)))
    assert with_own((x, y, None), found.rows, own) == (own, y, None)
    assert with_own((y, y, None), found.rows, own) is None
    assert with_own((x, y, None), found.rows[3:], own) is None
    assert with_own((x, y, None), found.rows, None) is None
    assert [row.model for row in pareto(found.rows, own, y)] == ["resnet18", "resnet50"]


def test_a_choice_has_the_fronts_of_every_recipe_and_machine() -> None:
    choice = choose(IMAGENET, Budgets(max_macs=12e9))
    fronts = {
        (front.x.name, front.y.recipe): [row.model for row in front.rows]
        for front in choice.fronts
        if isinstance(front.x, Speed) and isinstance(front.y, Recipe)
    }
    assert {x for x, _ in fronts} == {machine.key for machine in machines()}
    assert {y for _, y in fronts} == {"tv, 224 px", "tv2, 224 px", "a1, 224 px"}
    assert fronts["rtx4090", "tv, 224 px"] == [
        *("resnet18", "resnet34", "resnet50", "resnext50_32x4d", "wide_resnet50_2")
    ]
    assert "resnet152" not in fronts["rtx4090", "tv, 224 px"]  # slower than the wide one, and worse


def test_a_table_of_results_names_its_own_sources() -> None:
    found = comparison_grids(compare([parse(name) for name in ("resnet34", "resnet1202")]))
    said = {one.caption.split(", by")[0]: one.caption.rpartition("Source")[2] for one in found}
    assert said["Published ImageNet top-1 error"] == ": He et al. 2015, Table 3."
    assert said["Published CIFAR-10 error"] == ": He et al. 2015, Table 6."
    timm = "timm, results-imagenet.csv, 2025-10-30"
    assert said["Published ImageNet top-1 accuracy"] == f"s: torchvision; {timm}."


def test_tables_keep_speeds_apart() -> None:
    found = compare(NETS[2:3])
    _, results, rates = comparison_grids(found)
    assert results.caption.startswith("Published ImageNet top-1 accuracy, by recipe. Sources: ")
    assert rates.caption.startswith("Published speeds, in images per second. RTX 3090: inference")
    assert dict(zip(rates.columns[1:], rates.rows[0][1:], strict=True)) == {
        "RTX 3090": "3.22 k",
        "RTX 4090": "4.30 k",
        "RTX 4090, compiled": "8.04 k",
        "RTX 5090": "6.36 k",
    }
    (row,) = json.loads(comparison_json(found))["models"]
    assert row["throughput"][1] == {
        "name": "RTX 4090",
        "precision": "AMP",
        "layout": "NCHW",
        "compiled": False,
        "torch": "2.9.1",
        "cuda": "12.8",
        "batch": 1_024,
        "side": 224,
        "date": "2026-01",
        "file": "benchmark-infer-amp-nchw-pt291-cu128-4090.csv",
        "images_per_s": 4_302.84,
        "publisher": "timm",
    }
    head, line = comparison_csv(found).splitlines()
    assert '"images/s, RTX 4090 (published by timm)"' in head
    assert "4302.84" in line


def test_recipes_in_words() -> None:
    """A tag of weights says whose they are; what follows it stays."""
    assert [recipe_in_words(recipe) for recipe in (*RECIPES, "a1, 224 px", "10-crop", "")] == [
        "torchvision's weights V1",
        "torchvision's weights V2",
        "A1 of Wightman et al. 2021",
        "A1 of Wightman et al. 2021, 224 px",
        "10-crop",
        "",
    ]
    assert recipe_in_words("IMAGENET1K_V1 of pull 5935, single crop") == (
        "torchvision's weights V1 of pull 5935, single crop"
    )
