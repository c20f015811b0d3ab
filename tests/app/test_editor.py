"""The model editor: its labels, and the cost of a draft before it is applied."""

from enum import StrEnum

import pytest
from streamlit.testing.v1 import AppTest

from analysis.structure.units import ORDER_NAMES
from nets.options import DEFAULTS, OPTIONS
from pages.ui.option_words import VALUES, in_words, label_of
from tests.app.test_explore import html
from tests.app.test_sweep import editor


@pytest.fixture
def dialog() -> AppTest:
    """Open the editor with resnet20."""
    return AppTest.from_function(editor, default_timeout=60).run()


def cost(app: AppTest) -> list[str]:
    """Return the draft's figures, each with its difference from the model if there is one."""
    page = html(app)
    marks = [page.partition(f">{name}<")[2] for name in ("Depth", "Parameters", "MACs")]
    cells = [mark.partition("<small>")[0].split('class="')[1:] for mark in marks if mark]
    return [" ".join(part[part.index(">") + 1 : part.index("<")] for part in one) for one in cells]


def test_the_cost_of_a_draft_is_shown_before_it_is_applied(dialog: AppTest) -> None:
    assert cost(dialog) == ["20", "270 k", "40.6 M"]
    apply = next(button for button in dialog.button if button.label == "Apply")
    assert apply.disabled  # nothing has changed
    dialog.text_input(key="edit_blocks").input("5,5,5").run()
    assert cost(dialog) == ["32 +12", "464 k +194 k", "68.9 M +28.3 M"]
    apply = next(button for button in dialog.button if button.label == "Apply")
    assert not apply.disabled
    assert "Differences are relative to the current model, `resnet20`." in [
        caption.value for caption in dialog.caption
    ]
    dialog.text_input(key="edit_blocks").input("5,0,5").run()
    assert dialog.error[0].value == "blocks must be 1 to 1,000, not 0."
    assert cost(dialog) == []  # an invalid draft shows no cost
    dialog.text_input(key="edit_blocks").input("3,3,3").run()
    assert cost(dialog) == ["20", "270 k", "40.6 M"]
    assert not dialog.exception


def test_the_editor_has_the_words_of_the_page(dialog: AppTest) -> None:
    unit = dialog.selectbox(key="edit_unit")
    assert unit.label == "Unit order"
    assert unit.options == list(ORDER_NAMES.values())
    unit.set_value("full_preact").run()
    assert dialog.selectbox(key="edit_unit").label == "Unit order · catalog original"
    assert dialog.code[0].value == "resnet20:unit=full_preact"
    assert dialog.text_input(key="edit_input").value == "3×32×32"
    dialog.text_input(key="edit_input").input("3×64×64").run()
    assert dialog.text_input(key="edit_input").label == "Input · catalog 3×32×32"
    assert dialog.code[0].value == "resnet20:unit=full_preact:input=3x64x64"


def test_an_option_that_an_edit_implies_without_effect_is_no_edit(dialog: AppTest) -> None:
    """The unit order turns norms after projections off, but ResNet-20 has no projections."""
    dialog.selectbox(key="edit_unit").set_value("full_preact").run()
    norm = dialog.toggle(key="edit_projection_norm")
    assert (norm.label, norm.disabled) == ("Norm after projections", True)
    dialog.selectbox(key="edit_shortcut").set_value("projection").run()
    norm = dialog.toggle(key="edit_projection_norm")
    assert (norm.label, norm.disabled) == ("Norm after projections · catalog yes", False)


def test_every_option_has_words() -> None:
    labels = [label_of(name) for name in OPTIONS]
    assert len(set(labels)) == len(labels)
    for name, default in DEFAULTS.items():
        assert "_" not in label_of(name)
        if isinstance(default, StrEnum):
            assert set(VALUES[name]) == set(type(default))
            assert not any("_" in words for words in VALUES[name].values())
    assert in_words("bias", "1") == "yes"
    assert in_words("input", "3x32x32") == "3×32×32"
