"""The Training page."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from analysis.results.store import Store
from analysis.training.checkpoints import load
from analysis.training.verdict import RULE
from tests.app.conftest import Open
from tests.app.test_explore import flat, html, markdown
from tests.app.test_timing import press

TINY = "plain20:blocks=1,1,1;resnet20:blocks=1,1,1"
NET = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4:input=1x14x14"
QUICK = {"train_steps": "12", "train_batch": "20"}
ONE = {"train": "one", "train_epochs": "1", "train_batch": "200", "train_precision": "float32"}


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("RESNET_LAB_DATA", raising=False)


def trained(app: AppTest) -> AppTest:
    """Press Train and wait for the worker."""
    press(app, "Train")
    assert app.session_state["jobs"]["training"].wait(timeout=120)
    return app.run()


def test_degradation_is_trained_said_and_kept(open_app: Open) -> None:
    app = open_app("resnet50", "training", train_models=TINY, **QUICK)
    assert not app.exception
    assert "No runs with these settings yet. Press Train." in [c.value for c in app.caption]
    assert "above 60 (Fig. 6)" in html(app)
    assert html(app).count('data-label="Plain">—</td>') == 4
    trained(app)
    assert not app.exception
    runs = list(app.session_state["training_runs"].values())
    assert [run.task.seed for run in runs] == [0, 0, 1, 1, 2, 2]
    assert app.button(key="train_run").label == "Run it here"
    narrow = "blocks=1,1,1:widths=8,16,32:stem_width=8:input=1x14x14"
    assert {run.model for run in runs} == {f"plain20:{narrow}", f"resnet20:{narrow}"}
    said = markdown(app)
    assert "the 8-layer residual network" in said.replace("The", "the")
    captions = " ".join(c.value for c in app.caption)
    assert (
        "nothing has converged after so few steps. At initialisation, the gradient doesn't vanish"
        in captions
    )
    assert "Trained: plain, 8 layers · residual, 8 layers; " in captions
    helps = " ".join(c.help for c in app.caption)
    assert f"`plain20:{narrow}`, `resnet20:{narrow}`" in helps  # what was actually trained
    app.button(key="export_training").click().run()
    (caption,) = (code.value for code in app.code if code.value.startswith(r"\caption"))
    assert caption.startswith(
        r"\caption{Training loss by step. Means of 3 seeds; bands: lowest to highest. Trained: "
        r"plain, 8 layers; residual, 8 layers; both: "
        r"widths 8-16-32, stem width 8, input 1$\times$14$\times$14; "
    )
    assert "Runs in this session" in [head.value for head in app.header]

    app.query_params["nets"] = ";".join({run.model for run in runs})
    app.query_params["compare_batch"] = "20"
    app.switch_page("pages/compare.py").run()
    assert not app.exception
    shown = app.dataframe[0].value
    assert "measured time" in shown.columns
    assert shown["measured time"].notna().all()

    # A new visitor with the same address sees the server's stored run.
    other = open_app("resnet50", "training", train_models=TINY, **QUICK)
    assert markdown(other).count("Residual, 8 layers") == said.count("Residual, 8 layers")
    assert "training_runs" not in other.session_state
    assert len(list(Store().all("train"))) == 6


def test_ten_epochs_are_shown_without_their_images(open_app: Open) -> None:
    """The recorded runs are there at once; to train here, Fashion-MNIST must be downloaded."""
    app = open_app("resnet50", "training", train="epochs", train_depths="ladder")
    assert not app.exception
    assert not app.error
    assert "Recorded on 2026-11-27 on an NVIDIA H200." in [c.value for c in app.caption]
    said, captions = markdown(app), " ".join(c.value for c in app.caption)
    assert "These train more slowly" not in said  # a ladder has a table
    deepest = re.findall("<tr>.*?</tr>", html(app))[4]
    assert re.findall(r"(?:data-label.*?>)([^<]*)</td>", deepest) == [
        *(
            "110",
            "2.30 (2.29 to 2.30)",
            "doesn&#x27;t train",
            "0.28 (0.25 to 0.29)",
            "slower",
            "faster",
        )
    ]
    assert "Loss: mean over the last 25 of 4,680 steps" in flat(captions)
    assert "; CUDA, torch 2.11.0+cu130. " in captions  # when and where: below, once
    assert "with a warm-up of 100 steps, and 10 epochs in place of 64,000 steps." in flat(captions)
    button = app.button(key="train_run")
    assert (button.label, button.disabled) == ("Run it here", True)
    assert button.help.startswith("Fashion-MNIST is not on this machine")
    assert "To train here, download Fashion-MNIST first." in captions
    assert "Final training loss by depth" in [head.value for head in app.header]

    wall = open_app("resnet50", "training", view="wall", train="epochs", train_depths="ladder")
    assert [one.value for one in wall.title] == ["Final training loss by depth"]  # of eight lines
    shown = {"train": "epochs", "train_depths": "ladder", "train_shown": "accuracy"}
    wall = open_app("resnet50", "training", view="wall", **shown)
    assert [one.value for one in wall.title] == ["Final training and test accuracy by depth"]
    assert (
        "Test accuracy at 20, 44, 56 and 110 layers: 91.8%, 89.5%, 86.5% and 10.3% in the plain "
        "networks; 92.2%, 91.8%, 91.1% and 89.8% in the residual networks."
    ) in flat(markdown(wall))
    pair = open_app("resnet50", "training", view="wall", train="epochs")
    assert [one.value for one in pair.title] == ["Training loss by step"]

    app.number_input(key="train_seeds").set_value(4).run()
    assert "24 of 32 runs so far." in [c.value for c in app.caption]
    app.segmented_control(key="train_depths").set_value("pair").run()
    app.query_params["train_batch"] = "64"
    app.run()
    app = open_app("resnet50", "training", train="epochs", train_batch="64")
    assert [error.value for error in app.error] == [
        "Fashion-MNIST is not on this machine: its owner can download it or set its folder in "
        "RESNET_LAB_DATA."
    ]
    app.selectbox(key="train_data").select("sample").run()
    assert not app.error
    assert "No runs with these settings yet. Press Train." in [c.value for c in app.caption]


def test_a_recorded_run_is_shown_without_its_images(open_app: Open) -> None:
    app = open_app(
        "plain56:input=1x28x28",
        "training",
        train="one",
        train_recipe="cifar_short",
        train_data="fashion_mnist",
    )
    assert not app.exception
    assert not app.error
    headers = [head.value for head in app.header]
    assert "Confusion matrix" in headers
    assert "Most confident mistakes" not in headers  # their pictures aren't here


def test_one_network_is_trained_tested_and_asked(open_app: Open) -> None:
    app = open_app(NET, "training", train_gradients_at="0,5", **ONE)
    trained(app)
    assert not app.exception
    (run,) = app.session_state["training_runs"].values()
    assert run.is_whole
    assert run.steps == 20
    heads = [head.value for head in app.header]
    for title in (
        "Gradient by depth during training",
        "Confusion matrix",
        "Most confident mistakes",
        "Predict",
    ):
        assert title in heads
    assert html(app).count("<figure>") == len(run.test.worst)
    out = io.BytesIO()
    Image.new("RGB", (50, 40), (200, 30, 30)).save(out, "PNG")
    app.file_uploader(key="train_picture").upload("a.png", out.getvalue(), "image/png").run()
    assert not app.exception
    assert "Predicted classes" in html(app)
    assert "as the network sees it" in html(app)
    app.file_uploader(key="train_picture").upload("a.png", b"text", "image/png").run()
    assert "The file is not a picture" in app.error[0].value
    assert not app.exception


def test_a_run_starts_from_a_trained_network(open_app: Open) -> None:
    app = open_app(NET, "training", **ONE)
    assert app.selectbox(key="train_start").options == ["new weights", "my own checkpoint"]
    (first,) = trained(app).session_state["training_runs"].values()
    (label,) = app.selectbox(key="train_start").options[1:-1]
    assert label.startswith("residual, 8 layers, seed 0")
    app.selectbox(key="train_start").set_value(first.task.hash).run()
    assert app.query_params["train_start"] == first.task.hash
    *_, run = trained(app).session_state["training_runs"].values()
    assert not app.exception
    start = run.task.start
    assert start is not None
    assert start.digest == load(Store().path(first.task.hash, ".safetensors")).digest
    assert run.train_loss[0] < first.train_loss[0]
    captions = " ".join(caption.value for caption in app.caption)
    assert f"Trained: residual, 8 layers, from weights {start.digest[:6]}; " in captions


def test_weights_of_another_network_offer_their_own(open_app: Open) -> None:
    address = {**ONE, "train_start": "fashion_resnet20"}
    app = open_app("resnet32:input=1x28x28", "training", **address)
    assert app.error[0].value == (
        "The weights to start from are of resnet20:input=1x28x28, not of resnet32:input=1x28x28."
    )
    assert next(button for button in app.button if button.label == "Train").disabled
    app.button(key="train_fit").click().run()
    assert app.query_params["model"] == "resnet20:input=1x28x28"
    assert not app.error
    assert not next(button for button in app.button if button.label == "Train").disabled


def test_a_network_that_does_not_fit_is_offered_fitted(open_app: Open) -> None:
    app = open_app("resnet18", "training", train="one", train_recipe="d2l")
    assert not app.error  # the visitor hasn't done anything wrong yet
    assert app.info[0].value == (
        "ResNet-18 has 3 input channels and 1,000 outputs, but these images have 1 channel and 10 "
        "classes."
    )
    assert app.button(key="train_fit").label == "Use ResNet-18 with input 1×96×96 and 10 classes"
    assert next(b for b in app.button if b.label == "Train").disabled
    app.button(key="train_fit").click().run()
    assert app.query_params["model"] == "resnet18:input=1x96x96:classes=10"
    assert not app.error
    assert not next(b for b in app.button if b.label == "Train").disabled


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"train_rate": "0"}, "Rate must be above 0 and at most 10, not 0.0."),
        ({"train_batch": "5000"}, "A batch of 5,000 is more than the 4,000 training images"),
        ({"train_gradients_at": "5,1"}, "Gradient norms at steps must increase, such as 0, 1, 5."),
        ({"train_models": "resnet20;resnet2"}, "'resnet2' is not a model"),
        ({"train_models": "resnet20;resnet20"}, "A model is given twice"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(
    open_app: Open, parameters: dict[str, str], sentence: str
) -> None:
    app = open_app("resnet20", "training", **parameters)
    assert not app.exception
    assert sentence.casefold() in app.error[0].value.casefold()
    assert next(b for b in app.button if b.label == "Train").disabled


def archive(**pictures: tuple[int, int, int]) -> bytes:
    """Return a .zip with twelve pictures of one colour per class."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        for name, colour in pictures.items():
            for number in range(12):
                image = io.BytesIO()
                Image.new("RGB", (20, 16), colour).save(image, "PNG")
                whole.writestr(f"{name}/{number}.png", image.getvalue())
    return out.getvalue()


def test_pictures_of_a_visitor_are_trained_on(open_app: Open) -> None:
    net = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4:input=3x16x16:classes=2"
    app = open_app(
        net, "training", train_data="upload", **ONE | {"train_batch": "4", "train_epochs": "2"}
    )
    assert next(b for b in app.button if b.label == "Train").disabled
    (field,) = app.file_uploader
    field.upload("bad.zip", b"no archive", "application/zip").run()
    assert len(app.error) == 1
    assert not app.exception
    pictures = archive(red=(200, 0, 0), blue=(0, 0, 200))
    app.file_uploader[0].upload("two colours.zip", pictures, "application/zip").run()
    assert [error.value for error in app.error] == []
    trained(app)
    assert not app.exception
    (run,) = app.session_state["training_runs"].values()
    assert run.classes == ("blue", "red")
    assert sum(map(sum, run.test.confusion)) == 4


def test_a_cancelled_run_keeps_what_it_has(open_app: Open) -> None:
    app = open_app(NET, "training", **ONE | {"train_epochs": "1000"})
    press(app, "Train")
    job = app.session_state["jobs"]["training"]
    for told, _ in enumerate(job.follow()):
        if told == 3:
            job.cancel()
    app.run()
    assert not app.exception
    assert "The job was cancelled." in [info.value for info in app.info]
    (run,) = app.session_state["training_runs"].values()
    assert 0 < run.steps < run.total
    assert not run.is_over
    assert f"(stopped after {run.steps} step" in html(app)
    stopped = f"Stopped after {run.steps:,} of {run.total:,} steps."
    assert any(f". {stopped}" in one.value for one in app.caption)
    press(app, "Export")
    (said,) = (code.value for code in app.code if code.value.startswith(r"\caption"))
    assert f". {stopped}" in said
    assert list(Store().all("train")) == []


def test_what_to_plot_is_asked_once_there_is_something_to_plot(open_app: Open) -> None:
    app = open_app("resnet152", "training", train="one")
    assert "train_shown" not in [control.key for control in app.segmented_control]
    app = open_app("resnet18", "training", train="epochs")
    assert "train_shown" in [control.key for control in app.segmented_control]


def test_what_slower_and_faster_mean_is_said_where_they_are(open_app: Open) -> None:
    for depths in ("pair", "ladder"):  # as sentences, or in a table
        app = open_app("resnet50", "training", train="epochs", train_depths=depths)
        assert not app.exception
        assert ("to train in 3 of 3 seeds" in markdown(app)) == (depths == "pair")
        assert sum(RULE in one.value for one in app.caption) == 1


def test_images_that_are_converted_for_a_network_are_said_to_be(open_app: Open) -> None:
    app = open_app("resnet20", "training", train="one")
    told = "The images are converted from 1 channel to the network's 3."
    assert told in [one.value for one in app.caption]
    app = open_app("resnet20:input=1x28x28", "training", train="one")
    assert not app.exception
    assert not any("converted" in one.value for one in app.caption)


def test_each_bad_network_is_told_in_a_sentence(open_app: Open) -> None:
    app = open_app("resnet50", "training", train_models="resnet51;resnet20;resnet9x")
    told = [one.value.partition(" is not a model")[0] for one in app.error]
    assert told == ["'resnet51'", "'resnet9x'"]


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("", "Points are means over several steps; bands are the range over the seeds."),
        ("test_accuracy", "Bands are the range over the seeds."),
        (
            "accuracy",
            "Training points are means over several steps; bands are the range over the seeds.",
        ),
    ],
)
def test_the_page_says_what_its_points_are(open_app: Open, shown: str, said: str) -> None:
    """Each accuracy of a test is a value of its own."""
    address = {"train_shown": shown} if shown else {}
    app = open_app("resnet50", "training", train="epochs", **address)
    (told,) = [one.value for one in app.caption if "range over the seeds" in one.value]
    assert flat(told).endswith(f" {said}")


def test_untested_runs_say_how_to_test(open_app: Open) -> None:
    app = open_app("resnet50", "training", train_shown="test_accuracy")
    assert not app.exception
    assert [info.value for info in app.info] == [
        "These runs weren't tested. Turn on “Test after every epoch” under “Recipe” and train "
        "again, or pick “Degradation, 10 epochs”."
    ]
    (why,) = (info.value for info in app.info)
    plot = app.segmented_control(key="train_shown")
    assert plot.options[-1] == "accuracies"
    plot.set_value("accuracy").run()
    assert app.query_params["train_shown"] == "accuracy"
    assert [info.value for info in app.info] == [why]
    assert "Training accuracy over the last 25 of 60 steps:" in " ".join(
        element.value for element in app.markdown
    )


def test_files_are_what_is_shown(open_app: Open) -> None:
    app = open_app("resnet50", "training", train_models=TINY, **QUICK | {"train_seeds": "1"})
    trained(app)
    from analysis.training.report import runs_json

    runs = list(app.session_state["training_runs"].values())
    values = json.loads(runs_json(runs))
    assert [run["last_loss"] for run in values["runs"]] == [run.last_loss for run in runs]
    app.button(key="export_training").click().run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Download SVG", "CSV", "JSON"]
    assert app.selectbox(key="look_picture").options == [
        "Training loss by step",
        "Final training loss by depth",
    ]
    (said,) = (code.value for code in app.code if code.value.startswith(r"\caption"))
    assert r"images: sample of Fashion-MNIST~\cite{xiao2017fashion}; seed 0; CPU" in said
    assert "torch " in said
    assert "@inproceedings{he2016deep," in said


def unpacked(root: Path, **pictures: tuple[int, int, int]) -> Path:
    """Make a data folder on the server, with twelve pictures per class."""
    with zipfile.ZipFile(io.BytesIO(archive(**pictures))) as whole:
        whole.extractall(root)
    return root


def test_a_folder_that_changed_is_opened_anew(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path))
    root = unpacked(tmp_path / "colours", red=(200, 0, 0), blue=(0, 0, 200))
    (root / "red" / "broken.png").write_bytes(b"no picture")
    net = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4:input=3x16x16:classes=2"
    settings = ONE | {"train_batch": "4", "train_epochs": "2"}
    app = open_app(net, "training", train_data="colours", **settings)
    assert "red/broken.png" in app.warning[0].value
    trained(app)
    assert "Confusion matrix" in [head.value for head in app.header]
    lines = (root / "train.jsonl").read_text().splitlines(keepends=True)
    (root / "train.jsonl").write_text("".join(lines[:-1]))
    app.run()
    assert "No runs with these settings yet. Press Train." in [c.value for c in app.caption]
    trained(app)
    assert not app.exception
    assert "Confusion matrix" in [head.value for head in app.header]
    assert len(app.session_state["training_runs"]) == 2


def test_a_cancelled_rerun_hides_nothing(open_app: Open) -> None:
    app = open_app(NET, "training", **ONE)
    trained(app)
    (before,) = app.session_state["training_runs"].values()
    app.button(key="train_run").click().run()
    job = app.session_state["jobs"]["training"]
    for told, _ in enumerate(job.follow()):
        if told == 1:
            job.cancel()
    app.run()
    assert not app.exception
    (after,) = app.session_state["training_runs"].values()
    assert after.is_whole
    assert after.train_loss == before.train_loss
    assert "Predict" in [head.value for head in app.header]


def test_runs_of_two_steps_are_followed(open_app: Open) -> None:
    """Rerun the page at every stage of a job: no news, a few steps, one of two runs."""
    app = open_app("resnet50", "training", train_models=TINY, train_steps="2", train_seeds="1")
    press(app, "Train")
    while not app.session_state["jobs"]["training"].wait(timeout=0.05):
        app.run()
        assert not app.exception
    app.run()
    assert not app.exception
    assert len(app.session_state["training_runs"]) == 2
    assert "trains" not in markdown(app).replace("trains plain", "")  # two steps give no verdict


def test_of_several_seeds_one_is_shown(open_app: Open) -> None:
    app = open_app(NET, "training", train_seeds="2", **ONE)
    trained(app)
    runs = list(app.session_state["training_runs"].values())
    assert app.selectbox(key="train_seed").options == ["seed 0", "seed 1"]
    assert f"{runs[0].last_loss:.3f}" in html(app)
    app.selectbox(key="train_seed").select("1").run()
    assert not app.exception
    assert f"{runs[1].test.accuracy:.2%}" in html(app)


def test_untested_runs_on_the_wall_say_where_the_settings_are(open_app: Open) -> None:
    app = open_app("resnet50", "training", train_shown="test_accuracy", view="wall")
    assert not app.exception
    assert app.info[0].value.startswith("These runs weren't tested. Press P, then turn on ")
    assert "trains more slowly" not in markdown(app)  # of the loss, which isn't shown
    desk = open_app("resnet50", "training", train_shown="test_accuracy")
    assert desk.info[0].value.startswith("These runs weren't tested. Turn on ")
