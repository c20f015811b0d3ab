"""The page Shortcuts."""

from tests.app.conftest import Open
from tests.app.test_explore import html, markdown


def test_it_shows_the_graph_and_the_reasons(open_app: Open) -> None:
    app = open_app("resnet50", "shortcuts")
    assert not app.exception
    assert app.title[0].value == "Shortcuts of ResNet-50 v1.5"
    assert "12 identity and 4 projection shortcuts" in markdown(app)
    page = html(app)
    assert 'src="data:image/svg+xml;base64,' in page
    assert "layer3.1 to layer3.5" in page
    assert "channels change from 512 to 1,024 and the map from 28×28 to 14×14 (stride 2)" in page


def test_level_and_model_change_the_picture(open_app: Open) -> None:
    app = open_app("plain20", "shortcuts")
    assert "A plain stack of 9 blocks without shortcuts" in markdown(app)
    before = html(app)
    app.segmented_control(key="level").select("layer").run()
    assert html(app) != before
    plain = html(app)
    app.selectbox(key="heat").select("params").run()
    assert html(app) != plain
    app.text_input(key="text").input("resnet20").run()
    assert "7 identity and 2 zero pad shortcuts" in markdown(app)
    assert not app.exception


def test_a_bad_model_is_refused_here_too(open_app: Open) -> None:
    app = open_app("resnet20:blocks=0", "shortcuts")
    assert app.error[0].value == "Blocks must be 1 to 1,000, not 0."
