"""A lecture's handout: a picture for every step, the PDF and the HTML file."""

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from statistics import fmean

import pytest
from pypdf import PageObject, PdfReader
from pypdf.generic import Destination

from analysis.charts.chart import Chart, Draw, is_marked
from analysis.drawing.drawn import Drawn, graph_of
from analysis.drawing.graph import Level
from analysis.drawing.parts import Layout
from analysis.drawing.svg import svg
from analysis.gradients.charts import gradient_chart
from analysis.gradients.curves import Gradients
from analysis.gradients.results import run_of
from analysis.lecture.facts import shipped
from analysis.lecture.files import read_lecture
from analysis.lecture.handout import Handout, handout
from analysis.lecture.picture import Picture
from analysis.lecture.pictures import PICTURES, picture_of
from analysis.lecture.settings import Settings, read_number, read_option
from analysis.lecture.steps import STORY
from analysis.lecture.story import BASE, PAGES, Lecture, Question, Step
from analysis.lesions.charts import paths_charts, single_chart
from analysis.lesions.report import lesions_of, paths_of
from analysis.results.form import Result
from analysis.results.store import Store
from analysis.style.language import Language, speaking
from analysis.style.look import Look
from analysis.style.palette import PRINT
from analysis.training.charts import Shown, training_chart
from analysis.training.recipes import LAST
from analysis.training.report import run_of as training_of
from analysis.training.runs import Run
from analysis.training.verdict import accuracies, both_accuracies, verdict
from nets import parse
from tests.analysis.test_cli import call
from tests.analysis.test_files import embedded

PAPER = Look(PRINT, width_mm=170)
COUNT = len(STORY.steps)


def at(address: str) -> Picture:
    return picture_of(Step("A step", address))


def trained(*networks: str) -> list[Run]:
    return [
        training_of(shipped(f"{network}_seed{seed}")) for seed in range(3) for network in networks
    ]


@pytest.fixture(scope="module")
def story() -> Handout:
    return handout(STORY, BASE)


@pytest.fixture(scope="module")
def paper(story: Handout) -> PdfReader:
    return PdfReader(io.BytesIO(story.pdf()))


@pytest.fixture(scope="module")
def page(story: Handout) -> str:
    return story.html()


def test_a_second_handout_draws_no_chart_again(
    story: Handout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(chart: Chart, look: Look) -> str:
        raise AssertionError(f"drawn again: {chart.title}")

    monkeypatch.setattr("analysis.lecture.picture.chart_svg", draw)
    again = handout(STORY, BASE)
    assert [sheet.svgs for sheet in again.sheets] == [sheet.svgs for sheet in story.sheets]


def test_every_page_has_a_picture() -> None:
    assert tuple(PICTURES) == PAGES


def test_every_step_of_the_story_has_a_picture(story: Handout) -> None:
    assert [len(sheet.svgs) for sheet in story.sheets] == [1] * len(STORY.steps)
    assert {sheet.picture.missing for sheet in story.sheets} == {""}
    charts = {chart.title for step in STORY.steps for chart in picture_of(step).charts}
    assert charts >= {
        "Training loss by step",
        "Gradient norm by depth: Plain-56, no BN, default init",
        "Gradient norm by depth: Plain-56",
        "Without shortcuts, the gradient's direction shatters",
        "Test error with one block removed",
        "Gradient by path length",
    }


def test_two_networks_are_bars_not_two_points_of_an_empty_chart() -> None:
    charts = at("compare?nets=resnet34;resnet50&x=macs&y=saved_bytes").charts
    assert [chart.title for chart in charts] == [
        "MACs (conv + linear)",
        "Saved for backward (float32)",
    ]
    bars = [chart.series[0] for chart in charts]
    assert [one.x for one in bars] == [("ResNet-34", "ResNet-50")] * 2
    assert [one.y for one in bars] == [(3_663_761_408, 4_089_184_256), (32_283_136, 86_121_984)]
    assert {one.draw for one in bars} == {Draw.BARS}
    (three,) = at("compare?nets=resnet18;resnet34;resnet50&x=macs&y=saved_bytes").charts
    assert three.series[-1].draw is Draw.POINTS


def test_compare_starts_from_the_steps_network_as_on_the_page() -> None:
    step = "compare?model=resnet50:unit=full_preact"
    (chart,) = at(step).charts
    assert chart.title == "Parameters against MACs (conv + linear)"
    difference = f"{step}&compare_shown=difference"
    assert at(difference).said[0].startswith("From ResNet-50 to ResNet-50, full pre-activation: ")
    (said,) = at(f"{difference}&nets=resnet18;resnet34").said
    assert said.startswith("From ResNet-18 to ResNet-34: ")


def test_a_picture_is_as_wide_as_a_page_and_its_text_no_larger(story: Handout) -> None:
    assert max(one.wide for sheet in story.sheets for one in sheet.svgs) == pytest.approx(
        170, abs=0.01
    )
    (units,) = at("units").svgs(PAPER)
    wide, high = map(float, re.findall(r'(?:width|height)="([\d.]+)"', units)[:2])
    assert (wide, high) == (642.52, 162.46)  # px, one unit above the other


def test_pictures_for_a_phone_are_legible(story: Handout) -> None:
    for sheet in story.sheets:
        for one in sheet.narrow:
            assert one.wide == pytest.approx(70, abs=0.01)
            (inside,) = re.findall(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ', one.svg)
            sizes = [
                float(size) for size in re.findall(r'font-size[:=] ?"?([\d.]+)(?![\d.%])', one.svg)
            ]
            assert min(sizes) * 354 / float(inside) >= 12  # px in a window of 390


def test_gradients_are_the_recorded_ones() -> None:
    picture = at("gradients?models=plain56;resnet56")
    run = run_of(shipped("gradients_exploding"))
    assert isinstance(run, Gradients)
    drawn = gradient_chart(run.curves)
    assert picture.charts[0].series == drawn.series
    assert picture.said[0].startswith(
        "Toward the input, the plain stack's gradient grows by a factor of 15,000 (14,000 to "
        "16,000 across seeds) over 54 layers"
    )
    assert re.match(r"Recorded on 2026-\d\d-\d\d on .*, 1 thread\.$", picture.caption)


def test_ten_epochs_are_drawn_without_their_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.images.fashion_mnist._folder", lambda *parts: None)
    picture = at("training?train=epochs&train_models=plain20;plain56")
    (chart,) = picture.charts
    names = [series.name for series in chart.series if series.in_legend or series.name]
    assert dict.fromkeys(names) == dict.fromkeys(["plain, 20 layers", "plain, 56 layers"])
    assert chart.log_y
    assert picture.caption == "Recorded on 2026-11-27 on an NVIDIA H200."
    assert "loss 0.39 against 0.23 over the last 25 of 4,680 steps" in picture.said[0]
    assert at("training?train=epochs&train_steps=5").missing.startswith(
        "The images aren't on this server: Fashion-MNIST is not on this machine"
    )


def test_test_accuracy_stands_beside_training_accuracy() -> None:
    picture = at("training?train=epochs&train_models=plain20;plain56&train_shown=accuracy")
    (chart,) = picture.charts
    assert (chart.title, chart.y_label) == ("Training and test accuracy by epoch", "accuracy, %")
    (shallow, deep) = [one for one in chart.series if one.name.endswith(": test")]
    assert (shallow.name, deep.name) == ("plain, 20 layers: test", "plain, 56 layers: test")
    named = [one for one in chart.series if one.in_legend]  # one entry for both of a network's
    assert [one.name for one in named] == ["plain, 20 layers", "plain, 56 layers"]
    assert [(one.y, one.hollow, is_marked(chart, one)) for one in named] == [
        ((None,), True, True)
    ] * 2
    assert chart.signs == "Lines: training. Unfilled marks: test"
    single = training_chart(trained("h200/train_plain20"), Shown.ACCURACY)
    names = [one.name for one in single.series if one.in_legend]
    assert names == ["plain, 20 layers: training", "plain, 20 layers: test"]
    assert (chart.x_label, shallow.x) == ("epoch", tuple(range(1, 11)))
    assert deep.x == shallow.x
    assert chart.reading.endswith("Training: mean of each epoch's last 25 steps")
    assert [round(one.y[-1] or 0, 1) for one in (shallow, deep)] == [91.8, 86.5]
    lines = {one.name: one for one in chart.series if one.draw is Draw.LINE}
    epochs = trained("h200/train_plain20", "h200/train_plain56")
    for one, sets in ((shallow, 0), (deep, 1)):
        line = lines[one.name.replace("test", "training")]
        assert (one.draw, one.hollow) == (Draw.POINTS, True)
        assert not is_marked(chart, line)
        assert (one.marker, line.marker, one.colour) == (sets, sets, "plain")
        assert line.x == one.x
        runs = [run for run in epochs if run.task.spec.depth == (20, 56)[sets]]
        assert line.y[-1] == pytest.approx(100 * fmean(run.last_accuracy for run in runs))
        first = [fmean(run.train_accuracy[468 - LAST : 468]) for run in runs]
        assert (line.low[0], line.high[0]) == (100 * min(first), 100 * max(first))
    assert picture.said[0] == (
        "Accuracy at the end: the 20-layer plain network, 92% in training and 92% in tests; the "
        "56-layer plain network, 85% in training and 86% in tests."
    )
    for only, own in ((Shown.TEST_ACCURACY, shallow.x), (Shown.TRAIN_ACCURACY, None)):
        alone = training_chart(epochs, only)
        assert (alone.title, alone.x_label) == (f"{only.label.capitalize()} by epoch", "epoch")
        assert alone.series[0].x[-1] == 10
        assert own is None or alone.series[0].x == own
        assert training_chart(epochs, only, by_step=True).series[0].x[-1] == 4_680
    assert training_chart(epochs).x_label == "step"
    untested = training_chart(trained("train_plain20", "train_plain56"), Shown.ACCURACY)
    names = [one.name for one in untested.series if one.draw is Draw.LINE]
    assert names == ["plain, 20 layers", "plain, 56 layers"]
    assert (untested.title, untested.y_label) == (
        "Training accuracy by step",
        "training accuracy, %",
    )
    assert not any(one.name.endswith(": test") for one in untested.series)
    assert is_marked(untested, untested.series[0])
    assert both_accuracies(trained("train_plain20")) == ""
    with speaking(Language.CHINESE):
        found = at("training?train=epochs&train_models=plain20;plain56&train_shown=accuracy")
        assert found.said[0] == (
            "最后的准确率：20 层朴素网络训练 92%，测试 92%；56 层朴素网络训练 85%，测试 86%。"
        )


def test_training_runs_are_the_recorded_ones() -> None:
    picture = at("training?train_models=plain20;plain56&train_shown=train_accuracy")
    runs = trained("train_plain20", "train_plain56")
    assert picture.charts == (training_chart(runs, Shown.TRAIN_ACCURACY),)
    assert picture.charts[0].y_label == "training accuracy, %"
    values = [y for series in picture.charts[0].series for y in series.y if y is not None]
    assert 8 < min(values) < max(values) < 60
    told = (
        "Training accuracy over the last 25 of 60 steps: 45% (37% to 51%) in the 20-layer plain "
        "network; 13% (11% to 17%) in the 56-layer plain network."
    )
    assert picture.said == (told,)  # of what is drawn, not of the loss
    assert Shown.TRAIN_ACCURACY.said(runs)[1:] == verdict(runs) == Shown.TRAIN_LOSS.said(runs)
    assert accuracies(runs[:1]) == (
        "Training accuracy over the last 25 of 60 steps: 48% in the 20-layer plain network."
    )
    assert accuracies(runs, tested=True) == accuracies([]) == ""  # no epoch has ended


def test_lesions_say_what_the_block_that_is_out_costs() -> None:
    picture = at("lesions?out=layer2.2")
    studies = [lesions_of(shipped(f"lesions_fashion_{net}")) for net in ("resnet32", "plain32")]
    (chart,) = picture.charts
    shown = chart.reading
    assert shown == (
        "1,000 test images of Fashion-MNIST (sample). Blocks are numbered stage.block: 1.0 is "
        "layer1.0"
    )
    assert chart == replace(single_chart(studies, ("layer2.2",)), reading=shown)
    assert picture.said == (
        "Without layer2.2, residual, 32 layers: 12.2% wrong, 8.9% with all blocks; plain, 32 "
        "layers: 85.8% wrong, 10.3% with all blocks.",
    )
    alone = at("lesions?beside=none")
    assert alone.charts == (replace(single_chart(studies[:1]), reading=shown),)
    assert alone.said[0].startswith(
        "With one block removed, the error goes from 8.9% to a median of"
    )


@pytest.mark.parametrize(
    ("state", "name"), [("", "paths_fashion_resnet56"), ("initial", "paths_fashion_resnet56_init")]
)
def test_paths_are_three_charts(state: str, name: str) -> None:
    picture = at(f"paths?path_net=fashion_resnet56&path_state={state}")
    assert picture.charts == paths_charts(paths_of(shipped(name)), "sample")
    assert picture.charts[0].reading == "32 test images of Fashion-MNIST (sample)"


def test_a_sweep_is_that_of_the_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RESNET_LAB_SWEEPS", raising=False)
    picture = at("sweeps")
    (chart,) = picture.charts
    assert (chart.title, [one.name for one in chart.series[:2]]) == (
        *("Training loss by depth", ["plain", "residual"]),
    )
    (said,) = picture.said
    assert said.startswith("Training loss from depth 8 to 56, mean of 3 seeds that all agree: ")
    assert picture.caption.startswith("Means of 3 seeds; bands: lowest to highest.")
    some = at("sweeps?swept_x=macs&swept_y=last_accuracy&swept_only=shortcut=none&swept_log_x=true")
    assert some.charts[0].title == "Training accuracy by MACs (conv + linear)"
    assert some.charts[0].log_x
    assert [one.name for one in some.charts[0].series] == ["training accuracy, last 25 steps"]
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("RESNET_LAB_SWEEPS", str(tmp_path))
    assert at("sweeps") == Picture(missing="This sweep has no points yet.")


def test_a_graph_is_that_of_the_address() -> None:
    (drawn,) = at("shortcuts?model=resnet20&level=layer&unfold=true").svgs(PAPER)
    spec = parse("resnet20")
    graph = Drawn(spec, unfold=True, level=Level.LAYER, layout=Layout.ROWS)
    assert drawn == svg(graph_of(graph, 170), PAPER)


def test_what_is_not_known_says_how_to_measure_it() -> None:
    said = "Not measured yet. Open the link and press {}."
    assert at("gradients?seeds=7") == Picture(missing=said.format("Measure"))
    assert at("training?train_rate=0.123") == Picture(missing=said.format("Train"))
    assert at("timing?model=resnet20") == Picture(missing=said.format("Measure"))
    assert at("paths?path_draws=3") == Picture(missing=said.format("Measure"))
    wanted = Picture(missing=said.format("Drop blocks one by one"))
    assert at("lesions?lesion_images=99") == wanted
    recorded = at("timing?model=resnet50")
    assert recorded.missing == said.format("Measure")
    assert recorded.grid is not None
    assert recorded.grid.caption.startswith("Recorded on an NVIDIA H200 on 2026-")
    assert at("gradients?images=picture").missing.startswith(
        "An address doesn't hold uploaded pictures"
    )
    assert at("lesions?net=0123456789abcdef").missing.startswith("This network isn't on this")


def test_the_servers_own_results_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    address = "training?train_models=plain20&train_seeds=4"
    assert at(address).caption.startswith("3 of 4 runs so far. Recorded on ")
    known = shipped("train_plain20_seed0")
    asked = {**known.asked, "seed": 3}
    assert Store().keep(Result(known.kind, asked, known.stamp, known.figures, known.tables))
    picture = at(address)
    assert not picture.caption.startswith("3 of 4")
    assert "Measured on this server on " in picture.caption
    (chart,) = picture.charts
    assert isinstance(chart, Chart)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("explore?model=resnet51", "model: 'resnet51'"),
        (
            "shortcuts?heat=time",
            "heat must be one of macs, params, saved_bytes, activations, bytes_moved, not 'time'",
        ),
        ("shortcuts?twin=perhaps", "twin must be one of true, vgg19, not 'perhaps'"),
        ("shortcuts?open=stem", "can't open 'stem': name a stage layer1"),
        ("gradients?seeds=0", "seeds must be a whole number, 1 to 20, not '0'"),
        ("gradients?seeds=2.5", "seeds must be a whole number, 1 to 20, not '2.5'"),
        ("gradients?models=plain56;plain57x", "models: 'plain57x'"),
        ("training?train_rate=fast", "rate must be a number, not 'fast'"),
        ("training?train=one&model=resnet50", "resnet50 has 1,000 outputs, and these images are"),
        ("sweeps?folder=../etc", "folder must be one of included:degradation, not '../etc'"),
        ("sweeps?swept_x=colour", "swept_x must be one of depth, setting, step, params"),
        ("sweeps?swept_only=norm=none", "swept_only: 'norm=none' isn't an option's value in this"),
        ("lesions?out=layer9.9", "out: 'layer9.9' isn't a block of resnet32"),
        ("lesions?net=mine", "net must be one of fashion_resnet20, fashion_resnet32"),
        ("explore?explore_shown=block&block=layer9.0", "block must be one of layer1.0, layer1.1"),
        ("compare?x=weight", "x must be one of depth, convolutions, params, macs"),
        ("choose?max_macs=-1", "max_macs must be 0.0 or more, not '-1'"),
        ("choose?task=own&own_input=wide", "own_input: "),
    ],
)
def test_an_address_that_is_wrong_names_the_step(address: str, said: str) -> None:
    steps = (Step("One", "units"), Step("Two", address))
    with pytest.raises(ValueError, match=re.escape(f"step 2: {said}")) as error:
        handout(Lecture("Mine", steps))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("base", ["localhost:8501", "ftp://lab", "http://", "http://lab?x=1"])
def test_the_base_is_an_address(base: str) -> None:
    with pytest.raises(ValueError, match="base must be an address such as http://localhost:8501"):
        handout(Lecture("Mine", (Step("One", "units"),)), base)


def test_settings_are_read_as_the_fields_read_them() -> None:
    words = {"a": "the first", "b": "the second"}
    assert [read_option(words, text) for text in ("b", "the first")] == ["b", "a"]
    assert read_number(1, 20, "3.0") == 3
    assert read_number(0.0, None, "2.5") == 2.5
    tabs = {"costs": (), "sweep": ("swept",), "ledger": ("ledger",)}
    assert Settings({}).tab("shown", tabs) == "costs"
    assert Settings({"ledger": "resnet18"}).tab("shown", tabs) == "ledger"
    assert Settings({"ledger": "resnet18", "shown": "costs"}).tab("shown", tabs) == "costs"


def test_the_pdf_has_the_steps_and_then_the_answers(paper: PdfReader) -> None:
    assert len(paper.pages) == 11
    sizes = {(round(p.mediabox.width, 1), round(p.mediabox.height, 1)) for p in paper.pages}
    assert sizes == {(595.3, 841.9)}
    assert paper.metadata is not None
    assert paper.metadata.title == STORY.title
    assert paper.metadata.creation_date is None
    titles = [step.title for step in STORY.steps]
    outline = [entry.title for entry in paper.outline if isinstance(entry, Destination)]
    assert outline == [
        *(f"{number}. {title}" for number, title in enumerate(titles, start=1)),
        "Answers",
    ]
    heads = [page.extract_text().splitlines()[0] for page in paper.pages]
    assert heads == [f"{STORY.title} {number} / 11" for number in range(1, 12)]
    first = paper.pages[0].extract_text().splitlines()
    assert [line for line in first if line[:3] in ("1. ", "2. ", "3. ")][:3] == [
        "1. Depth need not cost more",
        "2. A deeper network shouldn't be worse",
        "3. Does the deeper network train as well?",
    ]


def flat(pages: Sequence[PageObject]) -> str:
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_picture_that_answers_the_question_is_at_the_back(paper: PdfReader, page: str) -> None:
    asked = [sheet for sheet in STORY.steps if sheet.question]
    front, back = flat(paper.pages[:6]), flat(paper.pages[6:])
    assert back.startswith(f"{STORY.title} 7 / 11 Answers 3. Which has the lower training loss")
    for title in ("Training loss by step", "Gradient norm by depth"):
        assert title not in front
        assert title in back
    for number, step in enumerate(STORY.steps, start=1):
        if step.question and step.question.right is not None:
            choices = [f"{n}. {a}" for n, a in enumerate(step.question.answers, start=1)]
            wanted = STORY.filled(" ".join([step.question.asked, *choices]))
            assert wanted in front
            because = STORY.filled(step.question.because)
            assert because not in front
            assert because in back
            right = STORY.filled(step.question.answers[step.question.right])
            told = because if because.startswith(right) else f"{right}. {because}"
            assert f"{step.question.right + 1}. {told}" in back
            assert f"{number}. {STORY.filled(step.question.asked)}" in back
    sections = page.split("<section>")[1:]
    assert [("<svg" in one, 'class="question"' in one) for one in sections] == [
        *((not step.question, bool(step.question)) for step in STORY.steps),
        *((True, False) for _ in asked),
    ]


def test_text_of_the_pdf_is_legible(paper: PdfReader) -> None:
    sizes: list[float] = []

    def note(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        if text.strip(" −") and tm[1] == cm[1] == 0:  # upright; an exponent's minus is small
            sizes.append(size * tm[0] * cm[0])

    for page in paper.pages:
        page.extract_text(visitor_text=note)
    assert round(min(sizes), 2) == 7  # notes


def test_the_pdfs_text_is_text_in_our_font(paper: PdfReader) -> None:
    assert "plain, 56 layers" in flat(paper.pages)  # of a chart
    assert "10−²¹" in flat(paper.pages).replace(" ", "")  # a raised minus, which our font has
    names = {name.split("+")[1] for page in paper.pages for name in embedded(page)}
    assert names == {"SourceSansPro-Regular", "SourceSansPro-Semibold"}


def test_every_page_links_to_its_step(story: Handout, paper: PdfReader) -> None:
    links = [
        annotation.get_object()["/A"]["/URI"]
        for page in paper.pages
        for annotation in page.get("/Annots", ())
    ]
    assert links == [sheet.url for sheet in story.sheets]
    assert "http://localhost:8501/?model=resnet34&explore_shown=block&block=layer1.1" in links


def test_a_handout_is_the_same_every_time(story: Handout, page: str) -> None:
    assert story.pdf() == story.pdf()
    again = handout(Lecture(STORY.title, STORY.steps[3:6], STORY.facts))
    assert again.sheets[1].svgs == story.sheets[4].svgs
    assert story.html() == page


def test_the_html_needs_nothing_but_itself(page: str) -> None:
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    links = re.findall(r'<a href="(http://localhost:8501/[^"]*)">', page)
    assert len(links) == COUNT
    addresses = re.findall(r' (?:src|href|xlink:href)="([^#"][^"]*)"', page)
    assert addresses == links
    assert set(re.findall(r"url\((.{5})", page)) <= {"data:", *re.findall(r"url\((#.{4})", page)}
    without = re.sub(r"http://localhost:8501/[^\"<]*", "", page)
    assert "http" not in without
    assert page.count("<section>") == COUNT + sum(step.question is not None for step in STORY.steps)
    assert page.count("<svg ") == 2 * COUNT  # for a page and for a phone
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'(?:url\(|xlink:href=")#([^")]+)', page)) <= set(ids)
    assert "@page { size: A4" in page
    assert "font-family:'Source Sans Pro';font-weight:600;src:url(data:font/woff;base64," in page
    (styles,) = re.findall(r"<style[^>]*>", page)  # no chart's own reaches beyond it
    assert styles == "<style>"


def test_the_handout_speaks_chinese_without_the_systems_fonts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("analysis.style.fonts._installed", lambda: ())
    with speaking(Language.CHINESE):
        made = handout(Lecture(STORY.title, STORY.steps[1:3], STORY.facts), BASE)
    assert made.left_out() == ""
    paper = PdfReader(io.BytesIO(made.pdf(notes=True)))  # in whatever language the reader speaks
    first, last = (page.extract_text() for page in paper.pages)
    assert first.splitlines()[:3] == [
        "ResNet 的故事 1 / 2",
        "图中的文字没有换成中文。",
        "1. 更深的网络不该更差",
    ]
    assert "讲解。" in first
    assert "增加 18 个块" not in first  # the step says it
    assert "2. 朴素网络，56 层" in first
    assert last.splitlines()[:2] == ["ResNet 的故事 2 / 2", "答案"]
    assert "1. 朴素网络，20 层。20 层的更低：1.49，而 56 层是 2.26（" in last.replace("\n", "")
    names = {name.split("+")[1] for page in paper.pages for name in embedded(page)}
    assert names >= {"NotoSansSC-Regular", "NotoSansSC-Bold", "SourceSansPro-Regular"}
    page = made.html()
    assert page.startswith('<!DOCTYPE html>\n<html lang="zh">')
    assert "<h2>1. 更深的网络不该更差</h2>" in page
    assert '</h1><p class="said">图中的文字没有换成中文。</p><section>' in page
    assert page.count("unicode-range:") == 2
    assert (
        'href="http://localhost:8501/compare?compare_shown=difference&amp;from=plain20&amp;to=plain56&amp;lang=zh"'
        in page
    )


def test_captions_are_in_the_handouts_language() -> None:
    addresses = [step.address for step in STORY.steps]
    with speaking(Language.CHINESE):
        captions = [at(address).caption for address in addresses]
    assert [caption for caption in captions if re.search("[a-z]{3,} [a-z]{3,}", caption)] == []
    assert "高和宽按 √ 缩放，通道数（深度方向）按对数缩放。" in captions
    assert "成本按批次 32、float32、SGD 计算。" in captions


def test_notes_are_printed_if_they_are_asked_for(story: Handout, page: str) -> None:
    note = next(step.notes for step in STORY.steps if step.notes)
    note = STORY.filled(note)[:40]
    assert escape(note) not in page
    assert escape(note) in story.html(notes=True)
    with_notes = PdfReader(io.BytesIO(story.pdf(notes=True)))
    assert note in flat(with_notes.pages[:1])


def test_a_picture_leaves_room_for_the_words_of_its_step() -> None:
    question = Question("How? " * 60, ("a" * 80, "b" * 80, "c" * 80), 1, "So.")
    address = "shortcuts?model=resnet152&unfold=true&layout=column"
    step = Step("t" * 80, address, "Say. " * 60, question, "Note. " * 330)
    made = handout(Lecture("Full", (step,)))
    (drawn,) = made.sheets[0].svgs
    assert drawn.high > 200  # the words take 100 of the page's 249 mm
    assert len(PdfReader(io.BytesIO(made.pdf(notes=True))).pages) == 2


TOML = """\
title = "Mine & <yours>"

[[steps]]
title = "Fish & <chips>"
address = "http://lab.example.org/shortcuts?model=resnet20"
say = 'Say "this" #now $x$ *bold* [link] \\\\ 100%.'
question = "Open?"
answers = ["Yes & no", "<b>", "Maybe"]

[[steps]]
title = "A table"
address = "compare?ledger=resnet50"
notes = "Of mine."
"""


def test_a_lecture_of_ones_own() -> None:
    made = handout(read_lecture(TOML), "https://lab.example.org/nets/")
    assert [sheet.url for sheet in made.sheets] == [
        "https://lab.example.org/nets/shortcuts?model=resnet20",
        "https://lab.example.org/nets/compare?ledger=resnet50",
    ]
    pages = [p.extract_text() for p in PdfReader(io.BytesIO(made.pdf())).pages]
    assert len(pages) == 2
    assert "1. Fish & <chips>" in pages[0]
    assert 'Say "this" #now $x$ *bold* [link] \\\\ 100%.' in pages[0]
    assert "4,089,184,256" in pages[0]
    assert "Of mine." not in pages[0]
    assert pages[1].splitlines()[:3] == ["Mine & <yours> 2 / 2", "Answers", "1. Open?"]
    html = made.html(notes=True)
    assert "<h2>1. Fish &amp; &lt;chips&gt;</h2>" in html
    assert "<li>2. &lt;b&gt;</li>" in html
    assert "Of mine." in html
    assert '<td class="left">torchinfo mult-adds</td>' in html


def test_letters_without_a_font_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.style.fonts._installed", lambda: ())
    made = handout(Lecture("残龘靐", (Step("Units 10⁻³", "units"),)))
    assert made.left_out() == "靐龘"
    assert "10⁻³" in PdfReader(io.BytesIO(made.pdf())).pages[0].extract_text()


def test_the_command_writes_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(TOML, encoding="utf-8")
    output = tmp_path / "mine.html"
    command = ("handout", str(file), "-o", str(output), "--notes", "--base", "http://lab:80")
    assert call(capsys, *command) == (0, "", "")
    html = output.read_text(encoding="utf-8")
    assert html == handout(read_lecture(TOML), "http://lab:80").html(notes=True)
    output = tmp_path / "mine.pdf"
    plain = ("handout", str(file), "-o", str(output))
    assert call(capsys, *plain) == (0, "", "")
    pages = PdfReader(output).pages
    assert len(pages) == 2
    assert not any("/Annots" in page for page in pages)  # no links without an address
    warning = "warning: the links lead to http://localhost:8501, which only this machine opens\n"
    assert call(capsys, *plain, "--base", BASE) == (0, "", warning)
    assert "/Annots" in PdfReader(output).pages[0]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (None, (), "cannot read 'mine.toml': No such file or directory"),
        ("title = ", (), "mine.toml, line 1: "),
        ('title = "T"\n[[steps]]\ntitle = "S"\naddress = "moon"\n', (), "mine.toml, line 4: "),
        (TOML, ("--base", "lab"), "base must be an address such as http://localhost:8501, not"),
        (TOML.replace("resnet50", "resnet5"), (), "step 2: 'resnet5'"),
        (TOML, ("-o", "mine.docx"), "'mine.docx' must end in .pdf or .html"),
    ],
)
def test_what_the_command_refuses_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    options: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("mine.toml").write_text(text, encoding="utf-8")
    status, out, err = call(capsys, "handout", "mine.toml", "-o", "mine.pdf", *options)
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {said}")
    assert err.count("\n") == 1
    assert not Path("mine.pdf").exists()
