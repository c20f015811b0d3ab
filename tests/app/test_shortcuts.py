"""The Shortcuts page."""

import json
import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from analysis.drawing.parts import SMALL
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown


def told(app: AppTest) -> dict[str, Any]:
    """Return the data passed to the graph viewer."""
    known: dict[str, Any] = json.loads(app.get("bidi_component")[0].proto.json)
    return known


def test_it_shows_the_graph_and_the_reasons(open_app: Open) -> None:
    app = open_app("resnet50", "shortcuts")
    assert not app.exception
    assert app.title[0].value == "Shortcuts of ResNet-50"
    assert "12 identity and 4 projection shortcuts" in markdown(app)
    view = told(app)
    assert view["svg"].count('class="shortcut projection"') == 4
    assert "layer3.1" in view["nodes"]
    page = html(app)
    assert "layer3.1 to layer3.5" in page
    assert "channels change from 512 to 1,024 and the map from 28×28 to 14×14 (stride 2)" in page


def test_level_model_and_heat_change_the_graph(open_app: Open) -> None:
    app = open_app("plain20", "shortcuts")
    assert "A plain stack of 9 blocks without shortcuts" in markdown(app)
    seen = [told(app)]
    app.segmented_control(key="level").select("layer").run()
    seen.append(told(app))
    assert "layer1.0.conv1" in seen[1]["nodes"]
    app.selectbox(key="heat").select("parameters").run()
    seen.append(told(app))
    assert 'class="scale"' in seen[2]["svg"]
    assert seen[2]["drawing"] == seen[1]["drawing"]  # so the zoom is kept
    app.toggle(key="unfold").set_value(True).run()
    seen.append(told(app))
    assert "layer3.2.conv1" in seen[3]["nodes"]
    app.text_input(key="text").input("resnet20").run()
    seen.append(told(app))
    assert "7 identity and 2 zero-pad shortcuts" in markdown(app)
    assert len({view["revision"] for view in seen}) == len(seen)
    app.run()
    assert told(app) == seen[-1]
    assert not app.exception


def text(view: dict[str, Any], height: float) -> float:
    """Return the size of a drawing's smallest text in px, in a canvas as high as given."""
    wide, tall = map(float, re.findall(r'viewBox="0 0 (\S+) (\S+)"', view["svg"])[0])
    return SMALL * min(901 / wide, height / tall)


@pytest.mark.parametrize("model", ["resnet18", "resnet50", "resnet152"])
def test_at_the_desk_text_has_14_px_and_layers_scroll(open_app: Open, model: str) -> None:
    blocks = told(open_app(model, "shortcuts"))
    assert not blocks["upright"]
    assert text(blocks, 490) >= 14
    layers = told(open_app(model, "shortcuts", level="layer"))
    assert layers["upright"]  # as tall as its text needs
    assert text(layers, 8_000) >= 14
    assert not told(open_app(model, "shortcuts", level="layer", view="wall"))["upright"]


def test_heat_is_of_a_box_or_of_a_block(open_app: Open) -> None:
    app = open_app("resnet152", "shortcuts", heat="macs")
    reading = app.segmented_control(key="per")
    assert (reading.value, reading.disabled) == ("box", False)
    assert "218 M ×35 = 7.64 G</text>" in told(app)["svg"]
    assert ">MACs per box:</text>" in told(app)["svg"]
    assert ">7.64 G</text>" in told(app)["svg"]
    reading.select("block").run()
    assert ">218 M</text>" in told(app)["svg"]
    assert ">MACs per block:</text>" in told(app)["svg"]
    app = open_app("resnet152", "shortcuts", heat="macs", per="block")
    assert ">MACs per block:</text>" in told(app)["svg"]
    assert not app.warning
    app = open_app("resnet152", "shortcuts")
    assert app.segmented_control(key="per").disabled
    app = open_app("resnet50", "shortcuts", heat="macs")
    assert not app.segmented_control(key="per").disabled
    app.toggle(key="unfold").set_value(True).run()
    assert app.segmented_control(key="per").disabled  # each box is one block
    assert not app.exception


def test_what_is_opened_is_in_the_address(open_app: Open) -> None:
    app = open_app("resnet34", "shortcuts", open="layer2.0,layer3.all")
    view = told(app)
    assert {"layer2.0.conv2", "layer3.4"} <= set(view["nodes"])
    app.text_input(key="text").input("resnet20:blocks=1").run()
    assert not app.exception
    assert "layer2.0" not in told(app)["nodes"]


def test_box_labels_and_layout_change_the_graph_and_its_files(open_app: Open) -> None:
    app = open_app("resnet34", "shortcuts")
    assert ">layer2.0</text>" in told(app)["svg"]
    assert not told(app)["upright"]
    app.selectbox(key="labels").select("operations").run()
    assert ">3×3, 128</text>" in told(app)["svg"]
    assert told(app)["nodes"]["layer2.1"]["title"] == "layer2.1 to 2.3 ×3"
    app.selectbox(key="layout").select("column").run()
    assert told(app)["upright"]
    assert app.query_params["labels"] == "operations"
    assert app.query_params["layout"] == "column"
    same = open_app("resnet34", "shortcuts", labels="operations", layout="column")
    assert told(same)["svg"] == told(app)["svg"]
    assert not same.exception


def test_box_labels_say_what_is_shown(open_app: Open) -> None:
    app = open_app("resnet18", "shortcuts", level="layer")
    assert app.selectbox(key="labels").placeholder == "operations"
    assert ">3×3, 64</text>" in told(app)["svg"]
    app.selectbox(key="labels").select("paths").run()
    assert ">layer1.0.conv1</text>" in told(app)["svg"]
    assert open_app("resnet18", "shortcuts").selectbox(key="labels").placeholder == "paths"


def test_a_network_stands_beside_its_twin(open_app: Open) -> None:
    app = open_app("resnet34", "shortcuts", open="layer2.0")
    beside, heat = app.selectbox(key="twin"), app.selectbox(key="heat")
    assert (beside.label, beside.placeholder) == ("Beside", "nothing")
    assert (heat.label, heat.placeholder) == ("Colour by", "nothing")
    assert heat.proto.label_visibility.value == 0  # shown
    assert beside.options == ["its plain twin", "its plain twin and VGG-19"]
    beside.set_value("true").run()
    assert app.query_params["twin"] == "true"
    view = told(app)
    heads = re.findall(r'class="heading".*?>(.*?)</text>', view["svg"])
    assert heads == ["Plain-34", "ResNet-34"]
    assert {"plain34/layer2.0", "resnet34/layer2.0", "resnet34/layer2.0.add"} <= set(view["nodes"])
    assert ">3×3, 128</text>" in view["svg"]
    app.selectbox(key="heat").select("MACs").run()
    assert told(app)["svg"].count(">694 M</text>") + told(app)["svg"].count("= 694 M</text>") == 2
    plain = open_app("plain34:norm=none", "shortcuts", twin="true")
    assert plain.selectbox(key="twin").options[0] == "its residual twin"
    heads = re.findall(r'class="heading".*?>(.*?)</text>', told(plain)["svg"])
    assert heads == ["plain, 34 layers", "residual, 34 layers"]
    assert not app.exception
    assert not plain.exception


def test_vgg19_stands_beside_a_network_and_its_twin(open_app: Open) -> None:
    app = open_app("resnet34", "shortcuts", twin="vgg19")
    heads = re.findall(r'class="heading".*?>(.*?)</text>', told(app)["svg"])
    assert heads == ["output size", "VGG-19", "Plain-34", "ResNet-34"]
    app.selectbox(key="heat").select("macs").run()
    assert not app.exception
    assert ">86.7 M</text>" in told(app)["svg"]  # VGG-19's first convolution: 3·9·64·224²


@pytest.mark.parametrize(
    "model", ["resnet18", "resnet50", "resnet152", "resnet1202", "resnet20:se=4"]
)
@pytest.mark.parametrize(("twin", "least"), [("true", 12.0), ("vgg19", 14.0)])
def test_networks_beside_each_other_are_as_tall_as_their_text_needs(
    open_app: Open, model: str, twin: str, least: float
) -> None:
    """With three in rows, or all in the window, text had 6 to 9 px."""
    view = told(open_app(model, "shortcuts", twin=twin))
    assert view["upright"]
    assert text(view, 8_000) >= least
    assert "narrow" in view  # a phone has one network below the other
    assert not told(open_app(model, "shortcuts", twin=twin, view="wall"))["upright"]


def test_a_bad_model_is_refused_here_too(open_app: Open) -> None:
    app = open_app("resnet20:blocks=0", "shortcuts")
    assert app.error[0].value == "blocks must be 1 to 1,000, not 0."


def test_heat_may_be_named_as_on_the_command_line(open_app: Open) -> None:
    app = open_app("resnet20", "shortcuts", heat="saved_bytes")
    assert app.selectbox(key="heat").value == "saved_bytes"
    assert not app.warning


def test_a_network_that_one_image_cannot_train_is_drawn(open_app: Open) -> None:
    app = open_app("resnet18:input=3x32x32", "shortcuts", heat="saved_bytes")
    assert not app.exception
    assert not app.error
    view = told(app)
    assert 'class="scale"' not in view["svg"]
    assert app.info[0].value == (
        "There is no saved memory to colour by: input 3x32x32 is too small at batch 1, where "
        "layer4.0.bn1 would train on one value per channel; colour by MACs or parameters."
    )
    row = next(row for row in view["facts"][-1]["rows"] if row[0] == "Saved memory")
    assert row[1] == "—"
    assert row[2].endswith("layer4.0.bn1 would train on one value per channel")
    app.selectbox(key="heat").select("MACs").run()
    assert 'class="scale"' in told(app)["svg"]


def test_a_layout_that_was_chosen_is_drawn_on_a_phone_too(open_app: Open) -> None:
    app = open_app("resnet50", "shortcuts")
    assert app.selectbox(key="layout").placeholder == "automatic"
    assert "narrow" in told(app)
    assert "narrow" not in told(app.selectbox(key="layout").select("rows").run())
