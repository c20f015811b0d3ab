"""Lectures: the strip above a page, predict and reveal, a lecture of one's own."""

import os
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.lecture.files import pack, read_lecture, unpack
from analysis.lecture.lectures import VARIABLE
from analysis.lecture.steps import STORY
from analysis.lecture.story import Lecture, Question, Step
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown

OWN = Lecture(
    "Mine",
    (
        Step("First", "units", "Say {this}."),
        Step("Second", "shortcuts?model=resnet20", "", Question("Why?", ("a", "b", "c"), 0, "So.")),
    ),
)
TOML = """title = "By hand"
[[steps]]
title = "One"
address = "gradients?models=plain56;resnet56"
[[steps]]
title = "Two"
address = "http://localhost:8501/units?left_block=bottleneck&view=wall"
say = "Two blocks."
[[steps]]
title = "Three"
address = "explore?model=resnet18"
"""


def at(open_app: Open, number: int, **more: str) -> AppTest:
    """A step of the story."""
    step = STORY.steps[number - 1]
    settings = {**step.settings, "lecture": "resnet", "step": str(number), **more}
    return open_app(settings.pop("model", None), step.page, **settings)


def test_a_step_is_the_page_with_a_strip(open_app: Open) -> None:
    app = at(open_app, 2)
    assert not app.exception
    assert "A deeper network shouldn&#x27;t be worse" in html(app)
    assert "2 of 16" in html(app)
    assert "Plain-56 is plain-20 plus 18 blocks." in markdown(app)
    assert "18 blocks added (6 in layer1, 6 in layer2, 6 in layer3)" in markdown(app)
    assert app.query_params["lecture"] == "resnet"
    assert 'href="./?model=resnet34&amp;lecture=resnet&amp;step=1"' in html(app)


def test_the_class_commits_before_the_curve(open_app: Open) -> None:
    app = at(open_app, 3, view="wall")
    assert "Which has the lower training loss over the last 25 of 60 steps?" in markdown(app)
    assert not app.get("plotly_chart")
    assert "Notes" not in html(app)  # they tell the answer
    assert "Plain, 20 layers: 1." not in markdown(app)
    app.button(key="lecture_answer_2").click().run()
    assert not app.exception
    assert app.query_params["answers"] == "--2"
    assert "You said “Plain, 56 layers”. **Plain, 20 layers: 1." in markdown(app)
    assert len(app.get("plotly_chart")) == 1
    assert "answers=--2" in html(app)  # the way on takes them along
    again = at(open_app, 3, answers="--1")
    assert "Right. **Plain, 20 layers: 1." in markdown(again)
    shown = at(open_app, 3)
    shown.button(key="lecture_show").click().run()
    assert shown.query_params["answers"] == "--0"
    assert "**Plain, 20 layers: 1." in markdown(shown)


def test_a_step_on_the_wall_says_it_once(open_app: Open) -> None:
    told = "18 blocks added (6 in layer1, 6 in layer2, 6 in layer3)"
    assert told not in markdown(at(open_app, 2, view="wall"))
    changed = at(open_app, 2, view="wall", to="plain32")  # another picture than the step's
    assert "6 blocks added (2 in layer1, 2 in layer2, 2 in layer3)" in markdown(changed)
    there = {"compare_shown": "difference", "from": "plain20", "to": "plain56"}
    assert told in markdown(open_app(None, "compare", view="wall", **there))
    trained = at(open_app, 4, view="wall")
    told = (
        "After 10 epochs, plain-56 has 85% training and 86% test accuracy; plain-20, 92% and 92%."
    )
    assert told in markdown(trained)
    assert "Training accuracy over" not in markdown(trained)
    hidden = at(open_app, 14, view="wall", answers="-" * 13 + "2")
    assert "without layer2.2 its error is 85.8%" in markdown(hidden)
    assert len(hidden.get("plotly_chart")) == 1  # of both networks
    assert "instead of 8.9%" not in markdown(hidden)
    paths = at(open_app, 15, view="wall", answers="-" * 14 + "3")
    assert any("Recorded on 2026-" in one.value for one in paths.caption)
    clicked = at(open_app, 14, view="wall", answers="-" * 13 + "2", out="layer1.0")
    assert "Without layer1.0, the 32-layer residual network gets" in markdown(clicked)


def test_what_is_no_step_is_said(open_app: Open) -> None:
    app = open_app(None, "units", lecture="no", step="2")
    assert "lecture=no" in app.warning[0].value
    app = open_app(None, "units", lecture="resnet", step="17", answers="x")
    assert "answers=x" in app.warning[0].value
    assert "step=17" in app.warning[0].value
    assert "1 of 16" in html(app)


def test_a_link_to_another_page_leaves_the_lecture(open_app: Open) -> None:
    app = at(open_app, 2)
    app.query_params.clear()  # a link to a page has the model alone
    app.switch_page("pages/units.py").run()
    assert "lecture" not in app.query_params
    assert "2 of 16" not in html(app)


def test_views_make_a_lecture(open_app: Open) -> None:
    app = open_app("resnet18", "units", left_block="bottleneck", view="desk")
    app.button(key="add_to_lecture").click().run()
    app.switch_page("pages/shortcuts.py").run()
    app.button(key="add_to_lecture").click().run()
    mine = unpack(app.query_params["mine"])
    assert [(step.title, step.address) for step in mine.steps] == [
        ("Units", "units?left_block=bottleneck&model=resnet18"),
        ("Shortcuts of ResNet-18", "shortcuts?model=resnet18"),
    ]
    app.switch_page("pages/lecture.py").run()
    assert app.query_params["mine"] == pack(mine)
    assert not app.exception


def test_a_step_has_what_the_browsers_address_lacks_yet(open_app: Open) -> None:
    app = open_app(None, "units")
    app.selectbox(key="left_block").set_value("bottleneck").run()
    app.text_input(key="model").set_value("resnet34").run()
    for key in ("left_block", "model"):
        app.query_params.pop(key, None)
    app.button(key="add_to_lecture").click().run()
    (step,) = unpack(app.query_params["mine"]).steps
    assert step.settings == {"left_block": "bottleneck", "model": "resnet34"}


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (
            "gradients",
            "Gradient norm by depth at initialisation: ResNet-50, without and with shortcuts",
        ),
        ("training", "Training loss by step"),
        ("paths", "Paths: residual, 32 layers, trained"),
        ("timing", "Timing ResNet-50"),
    ],
)
def test_a_step_is_called_what_the_wall_shows(open_app: Open, page: str, title: str) -> None:
    app = open_app(None, page)
    app.button(key="add_to_lecture").click().run()
    (step,) = unpack(app.query_params["mine"]).steps
    assert step.title == title


def test_a_step_is_not_called_what_an_earlier_page_showed(open_app: Open) -> None:
    app = open_app(None, "lecture")
    app.switch_page("pages/compare.py").run()
    app.button(key="add_to_lecture").click().run()
    (step,) = unpack(app.query_params["mine"]).steps
    assert step.title == "ImageNet top-1 accuracy against MACs (conv + linear)"


def test_a_lecture_of_ones_own_is_edited(open_app: Open) -> None:
    app = open_app(None, "lecture", lecture_shown="mine", mine=pack(OWN))
    assert not app.exception
    assert re.findall(r'title="([^"]+)">([^<]+)</a>', html(app)) == [
        (step.address, step.page.capitalize()) for step in OWN.steps
    ]
    app.text_input(key="my_title").input("Ours").run()
    app.text_input(key="my_1_say").input("Other words").run()
    app.text_input(key="my_1_question").input("What?").run()
    app.text_input(key="my_1_answer_2").input("Perhaps").run()
    app.selectbox(key="my_1_right").select("2").run()
    app.button(key="my_1_down").click().run()
    app.text_input(key="my_1_question").input("").run()
    mine = unpack(app.query_params["mine"])
    assert mine.title == "Ours"
    first, second = mine.steps
    assert (first.title, first.question) == ("Second", None)
    assert second.say == "Other words"
    assert second.question == Question("What?", ("Yes", "Perhaps", "It depends"), 1)
    app.text_input(key="my_1_title").input(" ").run()  # a step needs a title
    assert unpack(app.query_params["mine"]) == mine
    app.button(key="my_1_out").click().run()
    app.button(key="my_1_out").click().run()
    assert "mine" not in app.query_params
    assert "No steps yet. Open any page" in markdown(app)
    app = open_app(None, "lecture", lecture_shown="mine", view="wall")
    assert "No steps yet. Press P to leave the projector" in markdown(app)  # the wall has no button
    assert not app.get("file_uploader")


def test_texts_of_ones_own_are_taken_as_they_are(open_app: Open) -> None:
    app = open_app(None, "units", lecture=pack(OWN), step="1")
    assert not app.exception
    assert "Say {this}." in markdown(app)


def test_a_poll_says_what_was_answered(open_app: Open) -> None:
    poll = Lecture("Mine", (Step("Poll", "units", "", Question("Why?", ("a", "b", "c"), None)),))
    app = open_app(None, "units", lecture=pack(poll), step="1", answers="2")
    assert not app.exception
    assert "You said “b”." in markdown(app)


def test_a_step_s_sentence_is_the_only_one_on_the_wall(open_app: Open) -> None:
    app = open_app(None, "units", lecture="resnet", step="13", view="wall")
    assert "Nothing is on the identity path" not in markdown(app)
    app = open_app(None, "units", view="wall")
    assert "Nothing is on the identity path" in markdown(app)


def test_texts_of_a_link_are_no_markdown(open_app: Open) -> None:
    picture = "![a](http://elsewhere/a.png) $x$\n# b"
    question = Question(picture, (picture, "b", "c"), 0, picture)
    bad = Lecture(picture, (Step(picture, "units", picture, question, picture),))
    app = open_app(None, "units", lecture=pack(bad))
    assert not app.exception
    literal = r"!\[a\](http://elsewhere/a.png) \$x\$ # b"
    assert markdown(app).count(literal) == 2  # what is said and asked
    assert app.button(key="lecture_answer_1").label == f"1. {literal}"
    assert "<h2>![a](http://elsewhere/a.png) $x$" in html(app)
    app.button(key="lecture_answer_2").click().run()
    assert f"**{literal}**" in markdown(app)


def test_a_file_is_opened(open_app: Open) -> None:
    app = open_app(None, "lecture", lecture_shown="mine")
    assert app.file_uploader[0].proto.max_upload_size_mb == 1
    app.file_uploader[0].upload("mine.toml", TOML.encode(), "application/toml").run()
    app.button(key="use_lecture").click().run()
    assert [step.title for step in unpack(app.query_params["mine"]).steps] == [
        "One",
        "Two",
        "Three",
    ]
    broken = open_app(None, "lecture", lecture_shown="mine")
    broken.file_uploader[0].upload("mine.toml", b'title = "x"\n[[steps]]\n', "text/plain").run()
    assert broken.error[0].value == "Mine.toml, line 2: title must not be empty."


def test_the_servers_folder_offers_lectures(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text(TOML)
    (tmp_path / "broken.toml").write_text('title = "x"\n[[steps]]\ntitle = "a"\nfoo = 1\n')
    monkeypatch.setenv(VARIABLE, os.fspath(tmp_path))
    app = open_app(None, "lecture")
    assert app.selectbox(key="story").options == ["resnet", "broken", "mine"]
    app.selectbox(key="story").select("mine").run()
    assert app.header[0].value == "By hand"
    assert "units?left_block=bottleneck&amp;view=wall&amp;lecture=mine&amp;step=2" in html(app)
    app.selectbox(key="story").select("broken").run()
    assert "line 4: 'foo' isn't a field of a step" in app.error[0].value
    app = open_app(None, "units", lecture="mine", step="2", left_block="bottleneck")
    assert "Two blocks." in markdown(app)
    assert read_lecture(TOML).steps[1].address == "units?left_block=bottleneck&view=wall"


@pytest.mark.parametrize(
    ("page", "address", "title"),
    [
        ("compare", {}, "ImageNet top-1 accuracy against"),
        ("compare", {"compare_shown": "sweep"}, "MACs (conv + linear) against"),
        (
            "compare",
            {"compare_shown": "difference", "from": "resnet18"},
            "What changes from ResNet",
        ),
        ("compare", {"compare_shown": "ledger", "ledger": "resnet152"}, "Which FLOPs? ResNet-152"),
        ("timing", {"timing_shown": "roofline"}, "Roofline of ResNet-50"),
    ],
)
def test_a_step_is_named_by_what_its_page_shows(
    open_app: Open, page: str, address: dict[str, str], title: str
) -> None:
    app = open_app("resnet50", page, **address)
    app.button(key="add_to_lecture").click().run()
    assert not app.exception
    (step,) = unpack(app.query_params["mine"]).steps
    assert step.title.startswith(title)
    wall = open_app("resnet50", page, view="wall", **address)
    assert wall.title[-1].value.replace("\N{NON-BREAKING HYPHEN}", "-") == step.title


@pytest.mark.parametrize(
    ("page", "address"),
    [("timing", {}), ("training", {"train": "one", "train_steps": "7"})],
)
def test_a_step_on_the_wall_names_no_button_that_it_hides(
    open_app: Open, page: str, address: dict[str, str]
) -> None:
    model = "resnet20:blocks=1,1,1:widths=4,4,8:stem_width=4:input=1x28x28"
    asked = "&".join(f"{key}={text}" for key, text in {"model": model, **address}.items())
    mine = pack(Lecture("Mine", (Step("A step", f"{page}?{asked}"),)))
    app = open_app(model, page, lecture=mine, step="1", view="wall", **address)
    assert not app.exception
    assert any(" yet. Press P, then press " in one.value for one in app.caption)
    alone = open_app(model, page, view="wall", **address)
    assert any(" yet. Press " in one.value for one in alone.caption)
    assert "Press P" not in " ".join(one.value for one in alone.caption)
