"""What is wrong here? on the page Lecture: steps in the address, one exercise after the other."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from analysis.charts.chart import in_a_caption
from analysis.drawing.caption import figure_caption
from analysis.lecture.exercises.catalog import EXERCISES, exercise_of
from analysis.lecture.exercises.values import Code, Plot
from pages.ui.words import escaped
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown

KEYS = list(EXERCISES)


def step(app: AppTest, name: str) -> AppTest:
    return app.segmented_control(key="exercise_step").set_value(name).run()


@pytest.mark.parametrize("key", KEYS)
def test_an_exercise_tells_as_much_as_was_asked(open_app: Open, key: str) -> None:
    exercise = EXERCISES[key]
    app = open_app("resnet20", "lecture", exercise=key)
    assert not app.exception
    said = markdown(app)
    assert exercise.task in said
    assert [code.value for code in app.code] == ([exercise.code.strip()] if exercise.code else [])
    assert len(app.get("plotly_chart")) == (not isinstance(exercise.shown, Code))
    assert exercise.hint not in said
    assert exercise.answer not in said

    step(app, "hint")
    assert app.query_params["exercise_step"] == "hint"
    assert exercise.hint in markdown(app)
    assert exercise.answer not in markdown(app)

    step(app, "answer")
    assert not app.exception
    assert exercise.answer in markdown(app)
    source = f"Source: [{escaped(exercise.source.says)}]({exercise.source.url})."
    assert source in markdown(app)
    found = exercise.check()
    assert '<td class="n"' not in html(app)
    for line in found.lines:
        assert line.label.replace("'", "&#x27;") in html(app)
    assert found.says.replace("'", "&#x27;") in html(app).replace("\N{NO-BREAK SPACE}", " ")

    charts = [one for one in (exercise.shown, found.picture) if isinstance(one, Plot)]
    opens = [button for button in app.button if button.key == "export_exercise"]
    assert len(opens) == bool(charts)
    if charts:
        opens[0].click().run()
        assert not app.exception
        captions = [code.value for code in app.code if code.value.startswith(r"\caption")]
        assert captions == [figure_caption(in_a_caption([charts[0].chart()])).strip()]


def test_a_number_and_its_unit_stay_on_one_line(open_app: Open) -> None:
    app = open_app(None, "lecture", exercise="no_synchronise", exercise_step="answer")
    (said,) = re.findall(r"the GPU takes [\d.]+(.)ms: ", html(app))
    assert said == "\N{NO-BREAK SPACE}"


def test_the_next_exercise_begins_with_its_question(open_app: Open) -> None:
    app = open_app("resnet20", "lecture", exercise="projection_norm", exercise_step="answer")
    assert app.segmented_control(key="lecture_shown").value == "exercises"
    assert app.button(key="exercise_previous").disabled
    app.button(key="exercise_next").click().run()
    assert app.selectbox(key="exercise").value == KEYS[1]
    assert app.segmented_control(key="exercise_step").value == "question"
    assert app.query_params["exercise"] == KEYS[1]
    assert "exercise_step" not in app.query_params
    app.button(key="exercise_previous").click().run()
    assert app.selectbox(key="exercise").value == KEYS[0]
    assert "exercise" not in app.query_params


def test_another_exercise_is_not_given_away(open_app: Open) -> None:
    app = open_app("resnet20", "lecture", exercise="projection_norm", exercise_step="answer")
    app.selectbox(key="exercise").select(KEYS[-1]).run()
    assert app.segmented_control(key="exercise_step").value == "question"
    assert app.button(key="exercise_next").disabled
    assert EXERCISES[KEYS[-1]].answer not in markdown(app)


def test_on_the_wall_the_answer_leaves_the_lines_with_the_mistake(open_app: Open) -> None:
    exercise = EXERCISES["pool_seven"]
    app = open_app("resnet20", "lecture", exercise=exercise.key, view="wall")
    assert [title.value for title in app.title] == [f"6. {exercise.title}"]
    assert len(app.code) == 1
    step(app, "hint")
    assert len(app.code) == 1
    assert exercise.task not in markdown(app)
    step(app, "answer")
    assert [code.value for code in app.code] == ["self.pool = nn.AvgPool2d(7)"]
    assert exercise.answer in markdown(app)
    assert "pixels of the map left out" in html(app)


def test_an_exercise_that_is_none_is_left_out_with_a_word(open_app: Open) -> None:
    app = open_app("resnet20", "lecture", lecture_shown="exercises", exercise="nonsense")
    assert not app.exception
    assert "exercise=nonsense" in app.warning[0].value
    assert app.selectbox(key="exercise").value == KEYS[0]


def test_only_the_citation_is_a_link(open_app: Open) -> None:
    app = open_app(None, "lecture", exercise="weight_bars", exercise_step="answer")
    assert not app.exception
    assert any(
        element.value.endswith(
            "Layers are Automatically Balanced](https://arxiv.org/abs/1806.00900)."
        )
        for element in app.markdown
    )


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("vanishing_solved", "The same nets with batch norm and He's initialisation"),
        ("that_is_explosion", "The article's figure"),
    ],
)
def test_on_the_wall_an_answers_chart_has_its_title(open_app: Open, key: str, title: str) -> None:
    """An answer without a chart of its own keeps the figure with the mistake in sight."""
    app = open_app(None, "lecture", exercise=key, exercise_step="answer", view="wall")
    assert len(app.get("plotly_chart")) == 1
    assert f"**{title}**" in markdown(app)


@pytest.mark.parametrize("key", ["vanishing_solved", "that_is_explosion", "weight_bars"])
@pytest.mark.parametrize("shown", ["question", "hint", "answer"])
@pytest.mark.parametrize("view", ["", "wall"])
def test_a_recorded_figure_says_so_once(open_app: Open, key: str, shown: str, view: str) -> None:
    app = open_app(None, "lecture", exercise=key, exercise_step=shown, view=view)
    assert not app.exception
    source = exercise_of(key).source
    assert re.fullmatch(r"Curves recorded on 2026-\d\d-\d\d, 3 seeds", source.how)
    said = [one.value for one in app.caption if "ecorded" in one.value or "measured" in one.value]
    assert " ".join(said).count(source.how) == 1
    assert " ".join(said).count(source.also or "none") == (shown == "answer" and source.also != "")
