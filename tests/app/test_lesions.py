"""The Lesions and Paths pages."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from streamlit.testing.v1 import AppTest

from analysis.charts.chart import Chart
from analysis.images.sample import sample_set
from analysis.lesions.report import LESIONS, PATHS, lesions_of, paths_of
from analysis.lesions.shipped import shipped_path
from analysis.lesions.subjects import checkpoint_of, images_of, subject_of
from analysis.machine.jobs import Job
from analysis.results.recorded import recordings
from analysis.training.loop import Training
from analysis.training.states import save
from analysis.training.uploads import MAX_UPLOADS, keep, uploaded
from pages.views import paths, studies
from pages.views.image_sets import images_in_words
from pages.views.lesions import Patient
from tests.analysis.toys import toy_set, toy_task
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown
from tests.app.test_timing import press

FEW = {"net": "fashion_resnet20", "lesion_images": "40"}


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("RESNET_LAB_DATA", raising=False)


def captions(app: AppTest) -> str:
    return " ".join(c.value for c in app.caption)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sample", "Sample of Fashion-MNIST."),
        ("fashion_mnist", "All of Fashion-MNIST."),
        ("random", "Random images."),
        ("my cats", "Images: my cats."),
    ],
)
def test_the_images_of_a_result_are_said(name: str, says: str) -> None:
    assert images_in_words(name) == says


def test_the_shipped_pair_stands_side_by_side_with_what_was_recorded(open_app: Open) -> None:
    app = open_app(None, "lesions")
    assert not app.exception
    assert not app.error
    shown = html(app)
    assert "8.9% wrong" in shown
    assert "10.3% wrong" in shown
    assert len(app.get("bidi_component")) >= 2
    said = markdown(app)
    needs = "The network needs"
    assert f"the error goes from 8.9% to a median of 12.2%. {needs} layer1.0 most" in said
    assert f"the error goes from 10.3% to a median of 86.6%. {needs} layer3.2 most" in said
    assert "Recorded on 2026-11-26" in captions(app)


def test_blocks_that_are_out_are_in_the_address_and_cost_what_the_subject_says(
    open_app: Open,
) -> None:
    subject = subject_of(checkpoint_of("fashion_resnet20"), sample_set(), 40)
    intact, out = subject.error(), subject.error(["layer2.1", "layer3.0"])
    assert out > intact
    app = open_app(None, "lesions", out="layer2.1,layer3.0", **FEW)
    assert not app.exception
    assert f"{out:.1%} wrong" in html(app)
    assert f"2 blocks out; {intact:.1%} with all" in html(app)
    press(app, "Put all back")
    assert f"{intact:.1%} wrong" in html(app)
    assert "out" not in app.query_params


def test_pictures_flip_as_blocks_go(open_app: Open) -> None:
    one = "lesions", {**FEW, "lesion_images": "100"}
    before = html(open_app(None, one[0], **one[1]))
    after = html(open_app(None, one[0], out="layer1.0", **one[1]))
    assert before.count(">✓ ") + before.count(">× ") == 10
    assert before.count(">× ") == before.count('class="wrong"')
    assert before.count('class="wrong"') < after.count('class="wrong"') <= 10


def test_a_study_runs_in_the_worker_and_is_kept(open_app: Open) -> None:
    app = open_app(None, "lesions", **FEW)
    assert "Not measured yet." in captions(app)
    first = next(one for one in app.button if one.label == "Drop blocks one by one")
    assert first.proto.type == "primary"
    press(app, "Drop blocks one by one")
    assert app.session_state["jobs"]["lesions"].wait(timeout=120)
    app.run()
    assert not app.exception
    assert "Measured on this server" in captions(app)
    (result,) = app.session_state["answers"].values()
    assert len(result.figures["single"]) == 9
    again = open_app(None, "lesions", lesion_shown="several", **FEW)
    assert "the mean error is" in markdown(again)
    assert "Measured on this server" in captions(again)


def drawn_live(monkeypatch: pytest.MonkeyPatch, module: str) -> list[Chart]:
    """Return the list in which a page's live charts are collected."""
    charts: list[Chart] = []
    monkeypatch.setattr(f"{module}.show_chart", lambda chart, *_: charts.append(chart))
    return charts


def job_with(*results: object) -> Job:
    """Return a running job that has told these results."""
    return cast(Job, SimpleNamespace(results=results))


def test_a_running_study_is_drawn_over_the_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    charts = drawn_live(monkeypatch, "pages.views.studies")
    known = next(lesions_of(one) for one in recordings().values() if one.kind == LESIONS)
    for study in (
        replace(known, single=known.single[:2], dropped=(), permuted=()),
        replace(known, dropped=known.dropped[:3], permuted=()),
    ):
        studies.show_live(job_with((0, study)), [cast(Patient, None)], [known])
    single, several = charts
    name = single.series[0].name
    names = [name, "no block removed: 10.3%", "known result"]
    assert [series.name for series in single.series] == names
    assert [len(series.x) for series in single.series] == [2, 2, len(known.single)]
    assert [series.name for series in several.series[:2]] == ["known result", name]
    assert [len(series.x) for series in several.series[:2]] == [len(known.dropped) + 1, 4]


def test_running_paths_are_drawn_over_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    charts = drawn_live(monkeypatch, "pages.views.paths")
    known = next(paths_of(one) for one in recordings().values() if one.kind == PATHS)
    job = job_with(*known.lengths[:3])
    paths.show_live(job, None, known)
    paths.show_live(job, None, None)
    over, alone = charts
    assert [series.name for series in over.series] == ["known result", "one path"]
    assert [len(series.x) for series in over.series] == [known.blocks + 1, 3]
    assert alone.series == over.series[1:]


@pytest.mark.parametrize("shown", ["does", "sees"])
def test_what_blocks_do_and_what_it_sees(open_app: Open, shown: str) -> None:
    app = open_app(None, "lesions", lesion_shown=shown, out="layer3.1", **FEW)
    assert not app.exception
    assert not app.error
    assert {"does": "What each block does", "sees": "What it sees"}[shown] in [
        head.value for head in app.header
    ]
    whole = "Measured with all blocks in."
    captions = [caption.value for caption in app.caption]
    assert captions.count(whole) == (shown == "does")
    back = open_app(None, "lesions", lesion_shown=shown, **FEW)
    assert whole not in [caption.value for caption in back.caption]
    wall = open_app(None, "lesions", lesion_shown=shown, out="layer3.1", view="wall", **FEW)
    assert [caption.value for caption in wall.caption].count(whole) == (shown == "does")


def test_what_is_not_here_is_said_and_what_another_choice_overtakes_is_not(open_app: Open) -> None:
    app = open_app(None, "lesions", out="layer9.9,layer2.1", **FEW)
    assert "out=layer9.9,layer2.1" in app.warning[0].value
    assert "no blocks out" in html(app)
    app = open_app(None, "lesions", out="layer1.8", net="fashion_resnet56", lesion_images="40")
    assert not app.warning
    app.selectbox(key="net").select("fashion_resnet20").run()
    assert not app.warning
    assert not app.error
    assert "out" not in app.query_params
    app = open_app(None, "lesions", net="0123456789abcdef")
    assert "net=0123456789abcdef" in app.warning[0].value
    assert "8.9% wrong" in html(app)


def test_a_checkpoint_of_ones_own_takes_their_place(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    save(Training(toy_task(), toy_set()), path)
    name = keep(path.read_bytes())
    assert uploaded(name) is not None
    app = open_app(None, "lesions", net=name)
    assert not app.exception
    (said,) = [error.value for error in app.error]
    assert said.startswith("The network was trained for")  # on images that this server lacks
    name = keep(shipped_path("fashion_plain32").read_bytes())
    app = open_app(None, "lesions", net=name, lesion_images="30")
    assert not app.error
    assert "plain, 32 layers" in html(app)


def test_a_checkpoint_is_uploaded_and_stays_in_the_address(open_app: Open) -> None:
    app = open_app(None, "lesions", net="upload", lesion_images="30")
    assert not app.exception
    kind = "application/octet-stream"
    app.file_uploader(key="net_file").upload("a.safetensors", b"nothing", kind).run()
    (said,) = [error.value for error in app.error]
    assert said == "The file is neither a safetensors file nor one written by torch.save."
    data = shipped_path("fashion_resnet32").read_bytes()
    app.file_uploader(key="net_file").upload("a.safetensors", data, kind).run()
    assert not app.exception
    assert uploaded("".join(app.query_params["net"])) is not None
    assert "residual, 32 layers" in html(app)


def test_uploads_are_bounded_and_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^the file is neither a safetensors file"):
        keep(b"nothing", tmp_path)
    assert list(tmp_path.iterdir()) == []
    training = Training(toy_task(), toy_set())
    names = []
    for number in range(MAX_UPLOADS + 2):
        with torch.no_grad():
            next(training.model.parameters()).fill_(number)
        save(training, tmp_path / "x")
        names.append(keep((tmp_path / "x").read_bytes(), tmp_path / "kept"))
    assert len(list((tmp_path / "kept").iterdir())) == MAX_UPLOADS
    assert uploaded(names[-1], tmp_path / "kept") is not None
    assert uploaded("../../etc/passwd", tmp_path / "kept") is None


def test_paths_shows_what_was_recorded_trained_and_at_initialisation(open_app: Open) -> None:
    app = open_app(None, "paths")
    assert not app.exception
    assert (
        "On average, a path goes through 7.5 of 15 blocks; weighted by gradient, through 6.2 ± 0.2."
    ) in markdown(app)
    assert "Magnitudes are added" in captions(app)
    page = html(app)
    assert ">Gradient of one path</th>" in page
    assert ">7.38×10⁻³</td>" in page
    assert ">&lt;0.1%<i" in page
    assert ">0.0%<" not in page
    app = open_app(None, "paths", path_state="initial")
    assert "weighted by gradient, through 7.1 ± 0.1." in markdown(app)
    assert "Recorded on 2026-11-26" in captions(app)


def test_the_wall_names_the_images_and_says_whether_a_network_is_trained(open_app: Open) -> None:
    for state, title in (("trained", "trained"), ("initial", "at initialisation")):
        app = open_app(None, "paths", path_state=state, view="wall")
        assert [one.value for one in app.title] == [f"Paths: residual, 32 layers, {title}"]
        assert (
            captions(app)
            .replace("\N{NON-BREAKING HYPHEN}", "-")
            .startswith("Sample of Fashion-MNIST. Bands: ")
        )
    app = open_app(None, "lesions", net="fashion_resnet32", out="layer2.2", view="wall")
    said = markdown(app).replace("\N{NON-BREAKING HYPHEN}", "-").replace("\N{NO-BREAK SPACE}", " ")
    assert "plain network 85.8% instead of 10.3%. Sample of Fashion-MNIST. Recorded" in said
    app = open_app(None, "lesions", net="fashion_resnet32", lesion_shown="several", view="wall")
    assert (
        captions(app)
        .replace("\N{NON-BREAKING HYPHEN}", "-")
        .startswith("Sample of Fashion-MNIST. ")
    )


def test_paths_are_measured_in_the_worker(open_app: Open) -> None:
    few = {"path_net": "fashion_resnet20", "path_images": "2", "path_draws": "2"}
    app = open_app(None, "paths", **few)
    assert "No measurements yet. Press Measure." in captions(app)
    press(app, "Measure")
    assert app.session_state["jobs"]["paths"].wait(timeout=120)
    app.run()
    assert not app.exception
    assert "On average, a path goes through 4.5 of 9 blocks" in markdown(app)
    assert "Measured on this server" in captions(app)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("plain20", "plain20 is a plain network: it has one path, through all of its blocks."),
        ("resnet20:blocks=1", "has one block: use a network with two or more."),
    ],
)
def test_paths_refuses_what_has_one_path(open_app: Open, model: str, says: str) -> None:
    app = open_app(model, "paths", path_state="model")
    assert not app.exception
    assert [says in error.value for error in app.error] == [True]
    app = open_app(None, "paths", path_net="fashion_plain32")
    assert "is a plain network" in app.error[0].value


def test_a_subject_that_keeps_nothing_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = checkpoint_of("fashion_resnet20")
    kept = subject_of(checkpoint, images_of(checkpoint, "sample"), 30)
    monkeypatch.setattr("analysis.lesions.drop.KEPT_BYTES", 0)
    anew = subject_of(checkpoint, images_of(checkpoint, "sample"), 30)
    for out in ([], ["layer1.1"], ["layer2.0", "layer3.2"]):
        assert torch.equal(kept.logits(out), anew.logits(out))
    assert not anew._kept
    assert kept._kept


def test_reordered_blocks_are_a_table_with_a_row_for_each_stage(open_app: Open) -> None:
    app = open_app(None, "lesions", lesion_shown="order")
    assert any("With the blocks of one stage reordered" in one.value for one in app.markdown)
    said = html(app).partition("<caption>Blocks reordered</caption>")[2].partition("</table>")[0]
    rows = [re.findall(">([^<]+)</t[hd]>", row) for row in said.split("<tr")[2:]]
    assert rows == [
        ["layer1", "10", "10.1% to 36.4%", "84.2% to 93.9%"],
        ["layer2", "10", "9.2% to 17.1%", "79.3% to 93.3%"],
        ["layer3", "10", "9.6% to 17.5%", "83.7% to 97.7%"],
    ]
    assert "Test error: residual, 32 layers" in said
    assert "Test error: plain, 32 layers" in said
