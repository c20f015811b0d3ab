"""The Units page."""

import pytest

from tests.app.conftest import Open
from tests.app.test_explore import html, markdown


def test_it_shows_two_units_and_the_published_errors(open_app: Open) -> None:
    app = open_app(None, "units")
    assert not app.exception
    assert app.title[0].value == "Units"
    said = markdown(app)
    assert "ReLU after the addition sets negative values to zero" in said
    assert "Nothing is on the identity path" in said
    page = html(app)
    assert 'alt="original unit' in page
    assert 'alt="full pre-activation unit' in page
    assert "original (above)" in page
    for error in ("6.37", "8.17", "25.03", "24.19"):
        assert error in page


def test_another_order_changes_picture_and_words(open_app: Open) -> None:
    app = open_app(None, "units")
    app.selectbox(key="left_order").select("relu_before_add").run()
    app.selectbox(key="left_shortcut").select("projection").run()
    app.selectbox(key="right_block").select("bottleneck").run()
    assert not app.exception
    page = html(app)
    assert 'alt="ReLU before addition, projection unit' in page
    assert 'alt="full pre-activation, bottleneck unit' in page
    assert "The branch ends in ReLU and is never negative.\n" in f"{markdown(app)}\n"
    assert "can only grow" not in markdown(app)  # through a projection it can shrink
    assert any("W_s" in line.value for line in app.latex)


def test_a_page_without_the_model_offers_what_a_bad_one_may_mean(open_app: Open) -> None:
    app = open_app("resnet51", "units")
    assert app.sidebar.error[0].value == "'resnet51' is not a model. Did you mean one of these?"
    offered = [one.label for one in app.sidebar.button if one.label.startswith("Show ")]
    assert offered[0] == "Show resnet50"
    next(one for one in app.sidebar.button if one.label == "Show resnet50").click().run()
    assert not app.error
    assert app.sidebar.text_input(key="text").value == "resnet50"


@pytest.mark.parametrize("page", ["units", "lesions", "choose", "sweeps", "lecture"])
def test_a_page_without_the_model_says_so_and_is_shown_beside_a_bad_one(
    open_app: Open, page: str
) -> None:
    app = open_app("resnet20:blocks=0", page)
    assert app.sidebar.error[0].value == "blocks must be 1 to 1,000, not 0."
    assert app.sidebar.caption[0].value == "This page doesn't use the model chosen here."
    assert app.title[0].value != "Can't show this model"
    assert not app.main.error
    app.sidebar.text_input(key="text").input("resnet20").run()
    assert not app.error
    app.switch_page("pages/explore.py").run()
    assert all("doesn't use" not in said.value for said in app.sidebar.caption)
