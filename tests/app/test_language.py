"""The app in two languages: `lang` in the address, the browser's locale, one server for both."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from analysis.lecture.steps import STORY
from pages.ui.frame import PAGES
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown
from tests.app.test_exports import downloads, opened

CHINESE = "更深的网络不该更差"
ENGLISH = "A deeper network shouldn&#x27;t be worse"


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The pages' titles in every navigation that is drawn."""
    import streamlit as st

    drawn: list[list[str]] = []
    draw = st.navigation

    def note(pages: Any) -> Any:
        drawn.append([page.title for page in pages])
        return draw(pages)

    monkeypatch.setattr("streamlit.navigation", note)
    return drawn


def locale(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.locale", name)


def second(open_app: Open, **more: str) -> AppTest:
    """The second step of the story."""
    app = open_app("plain56", "shortcuts", lecture="resnet", step="2", **more)
    assert not app.exception
    return app


def test_the_address_names_the_language(open_app: Open, titles: list[list[str]]) -> None:
    app = second(open_app, lang="zh", view="wall")
    assert CHINESE in html(app)
    assert "第 2 步，共 16 步" in html(app)
    assert "只要这些块原样传递输入" in markdown(app)
    assert app.query_params["lang"] == "zh"
    assert 'href="training?train_models=plain20;plain56&amp;view=wall&amp;lang=zh' in html(app)
    assert 'href="lecture?lang=zh&amp;view=wall"' in html(app)
    assert 'href="lecture?lang=zh"' in html(second(open_app, lang="zh"))
    assert titles[-1][0] == "总览"
    assert titles[-1][-1] == "讲座"
    assert len(titles[-1]) == len(PAGES)


def test_one_server_speaks_to_each_visitor(open_app: Open) -> None:
    for lang, said, other in (("zh", CHINESE, ENGLISH), ("en", ENGLISH, CHINESE)) * 2:
        app = second(open_app, lang=lang)
        assert said in html(app)
        assert other not in html(app)


def test_a_chinese_browser_is_told_the_lecture_in_chinese(
    open_app: Open, monkeypatch: pytest.MonkeyPatch, titles: list[list[str]]
) -> None:
    locale(monkeypatch, "zh-CN")
    assert CHINESE in html(second(open_app))
    assert "lang=zh" not in html(second(open_app))  # nobody has chosen it
    app = open_app(None, "lecture")
    assert [title.value for title in app.title] == ["讲座"]
    assert CHINESE in html(app)
    app = open_app("resnet18", "units")
    assert [title.value for title in app.title] == ["Units"]
    assert titles[-1][0] == "Explore"
    assert ENGLISH in html(second(open_app, lang="en"))


def test_the_lecture_has_a_switch(open_app: Open, titles: list[list[str]]) -> None:
    app = open_app(None, "lecture")
    assert app.segmented_control(key="lang").value == "en"
    assert "lang" not in app.query_params
    assert ENGLISH in html(app)
    app.segmented_control(key="lang").set_value("zh").run()
    assert not app.exception
    assert app.query_params["lang"] == "zh"
    assert CHINESE in html(app)
    assert "lang=zh" in html(app)
    assert titles[-1][-1] == "讲座"
    app.switch_page("pages/units.py").run()
    assert app.query_params["lang"] == "zh"
    assert [title.value for title in app.title] == ["残差单元"]
    app.switch_page("pages/lecture.py").run()
    app.segmented_control(key="lang").set_value("en").run()
    assert app.query_params["lang"] == "en"  # kept for visitors with another browser
    assert ENGLISH in html(app)
    assert titles[-1][-1] == "Lecture"


def test_a_language_that_is_none_is_said(open_app: Open) -> None:
    app = second(open_app, lang="fr")
    assert "lang=fr" in app.warning[0].value
    assert ENGLISH in html(app)


def test_exercises_are_kept_in_each_language(open_app: Open) -> None:
    settings = {"exercise": "projection_norm", "exercise_step": "answer"}
    found = {"zh": "批量归一化的通道数", "en": "Channels of the batch norm"}
    for lang, other in (("zh", "en"), ("en", "zh"), ("zh", "en")):
        app = open_app(None, "lecture", lang=lang, **settings)
        assert not app.exception
        assert found[lang] in html(app)
        assert found[other] not in html(app)
    assert "**答案：** 批量归一化的通道数必须和前面的卷积相同" in markdown(app)
    assert app.selectbox(key="exercise").options[0] == "1. 一条投影捷径"
    assert app.button(key="exercise_next").label == "下一题"
    app.segmented_control(key="lang").set_value("en").run()  # the exercise stays
    assert app.selectbox(key="exercise").value == "projection_norm"
    assert app.query_params["exercise_step"] == "answer"
    assert found["en"] in html(app)


def test_the_class_answers_in_chinese(open_app: Open) -> None:
    step = STORY.steps[2]
    settings = {**step.settings, "lecture": "resnet", "step": "3", "lang": "zh"}
    app = open_app(None, step.page, **settings)
    assert app.button(key="lecture_answer_1").label == "1. 朴素网络，20 层"
    app.button(key="lecture_answer_2").click().run()
    assert "你们选的是“朴素网络，56 层”。 **20 层的更低：1.49" in markdown(app)


def test_a_kept_choice_speaks_each_visitors_language(open_app: Open) -> None:
    said = {"zh": "的 32 个网络中有", "en": "of 32 networks for ImageNet"}
    for lang, other in (("zh", "en"), ("en", "zh"), ("zh", "en")):
        page = html(open_app("resnet50", "choose", lang=lang))
        assert said[lang] in page
        assert said[other] not in page


def test_a_page_and_its_export_dialog_speak_chinese(open_app: Open) -> None:
    app = open_app("resnet50", "gradients", lang="zh", models="plain56;resnet56")
    assert [title.value for title in app.title] == ["梯度"]
    factor = "15,000 倍（各种子为 14,000～16,000）"
    assert f"朝输入方向，朴素网络的梯度经过 54 层增大到 {factor}：爆炸；" in markdown(app)
    app = opened(open_app(None, "lecture", lang="zh"), "handout")
    assert not app.exception
    assert downloads(app) == ["PDF", "PDF（带讲解）", "HTML", "HTML（带讲解）"]
