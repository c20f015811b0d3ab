"""The export dialog: on every page, idle while closed, and with its settings in the address."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Widget

from analysis.charts import file as chart_files
from pages.ui import charts
from tests.app.conftest import Open
from tests.app.test_explore import html

LOOKS: dict[str, object] = {
    "look_format": "png",
    "look_rows": "own",
    "look_palette": "print",
    "look_ground": True,
    "look_width": 99,
    "look_dpi": 150,
}
OF_GRAPHS: dict[str, object] = {
    "look_title": "A title",
    "look_legend": False,
    "look_shapes": False,
    "look_labels": False,
}


def in_dialog(app: AppTest) -> dict[str, Any]:
    """Return the fields and buttons of the open dialog, by key."""
    return {
        str(node.key or node.proto.label): node
        for node in app._tree.children[2]
        if isinstance(node, Widget)
    }


def downloads(app: AppTest) -> list[str]:
    return [button.proto.label for button in app.get("download_button")]


def opened(app: AppTest, dialog: str) -> AppTest:
    app.button(key=f"export_{dialog}").click().run()
    assert not app.exception
    return app


def choose(app: AppTest, looks: dict[str, object]) -> None:
    for key, value in looks.items():
        in_dialog(app)[key].set_value(value)
        app.run()
        assert not app.exception


PAGES = {
    "explore": ("network", ["Download SVG", "Layers as CSV", "Everything as JSON"]),
    "shortcuts": ("graph", ["Download SVG"]),
    "units": ("units", ["Download SVG"]),
    "lesions": ("lesions", ["Download SVG", "CSV, residual, 32 layers"]),
    "paths": ("paths", ["Download SVG", "CSV", "JSON"]),
    "compare": ("comparison", ["Download SVG", "CSV", "JSON", "LaTeX", "Markdown"]),
    "sweeps": ("sweep", ["Download SVG", "CSV", "CSV by point", "JSON"]),
    "choose": ("choice", ["Download SVG", "Everything as JSON", "CSV", "LaTeX", "Markdown"]),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_its_dialog_with_preview_and_caption(open_app: Open, page: str) -> None:
    dialog, labels = PAGES[page]
    app = open_app("resnet20", page, nets="resnet20;plain20", replay="false")
    assert downloads(app) == []
    opened(app, dialog)
    assert downloads(app)[: len(labels)] == labels
    assert 'alt="Preview: ' in html(app)
    codes = [code.value for code in app.code if code.value.startswith(r"\caption{")]
    assert len(codes) == 1
    assert "@" in codes[0]
    app.run()  # a rerun leaves it open
    assert downloads(app)[: len(labels)] == labels
    app.switch_page("pages/units.py" if page != "units" else "pages/explore.py").run()
    assert downloads(app) == []
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert downloads(app) == []


@pytest.mark.parametrize(
    ("page", "dialog", "looks"),
    [
        ("shortcuts", "graph", LOOKS | OF_GRAPHS),
        ("units", "units", LOOKS | OF_GRAPHS),
        ("explore", "network", LOOKS | {"shape_title": "Another"}),
        ("compare", "comparison", LOOKS | {"comparison_title": ""}),
    ],
)
def test_looks_are_in_the_address(
    open_app: Open, page: str, dialog: str, looks: dict[str, object]
) -> None:
    start = {"nets": "resnet20;plain20", "replay": "false"} if page == "compare" else {}
    app = opened(open_app("resnet20", page, **start), dialog)
    choose(app, looks)
    after = {key: node.value for key, node in in_dialog(app).items() if key in looks}
    assert after == looks
    fields = {key for key, node in in_dialog(app).items() if not isinstance(node, Button)}
    assert {key for key in fields if not key.startswith("file_")} == set(looks)
    address = {key: value for key, value in app.query_params.items() if key != "model"}
    assert set(looks) <= set(address)
    other = opened(open_app("resnet20", page, **address), dialog)
    assert {k: node.value for k, node in in_dialog(other).items() if k in looks} == looks
    assert other.query_params == app.query_params
    assert not other.warning


def test_a_look_that_is_not_possible_is_one_sentence(open_app: Open) -> None:
    start = {"nets": "resnet20;plain20", "replay": "false"}
    app = opened(open_app("resnet20", "compare", **start), "comparison")
    choose(app, {"look_rows": "own", "look_width": 30})
    assert [e.value for e in app.error] == ["This picture must be 60 to 2,000 mm wide, not 30."]
    assert "Download SVG" not in downloads(app)
    choose(app, {"look_width": 2000, "look_format": "png", "look_dpi": 1200})
    assert [w.value for w in app.warning] == [
        "The PNG is made at 107 dpi, the maximum for this picture."
    ]


def test_the_preview_is_the_file(open_app: Open) -> None:
    start = {"nets": "resnet20;plain20", "replay": "false"}
    app = opened(open_app("resnet20", "compare", **start), "comparison")
    first = html(app)
    assert "170 × " in "".join(c.value for c in app.caption)
    choose(app, {"look_rows": "column", "look_palette": "print", "comparison_title": "Mine"})
    assert html(app) != first
    assert 'alt="Preview: Mine" style="width:85.00mm"' in html(app)
    assert any(c.value.startswith("85 × ") and c.value.endswith("kB.") for c in app.caption)
    choose(app, {"look_format": "png", "look_dpi": 100})
    assert 'src="data:image/png;base64,' in html(app)
    assert any(" px, " in c.value and "334 × " in c.value for c in app.caption)
    faded = "Dark without a background is hard to read on white paper."
    assert faded not in [c.value for c in app.caption]
    choose(app, {"look_palette": "dark"})
    assert faded in [c.value for c in app.caption]
    choose(app, {"look_ground": True})
    assert faded not in [c.value for c in app.caption]
    choose(app, {"look_format": "pdf"})
    assert downloads(app)[0] == "Download PDF"
    assert 'src="data:image/svg+xml;base64,' in html(app)


def test_nothing_is_drawn_while_the_dialog_is_closed(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    whole = chart_files.chart_file

    def count(*arguments: Any) -> bytes:
        drawn.append(arguments)
        return whole(*arguments)

    monkeypatch.setattr(charts, "_chart_file", count)
    app = open_app("resnet20", "compare", nets="resnet20;plain20", replay="false")
    app.run()
    assert drawn == []
    opened(app, "comparison")
    assert len(drawn) == 1


def test_text_formats_show_their_text(open_app: Open) -> None:
    app = opened(open_app("resnet20", "shortcuts"), "graph")
    for kind, begins in (("dot", "digraph"), ("tex", "% Needs")):
        choose(app, {"look_format": kind})
        assert any(code.value.startswith(begins) for code in app.code)
    choose(app, {"look_format": "html"})
    assert any("Interactive, in any browser" in caption.value for caption in app.caption)


def test_choose_gives_the_batch_only_to_figures_of_it(open_app: Open) -> None:
    fronts = {"macs against params": False, "training_bytes_float32 against params": True}
    for front, has in fronts.items():
        asked = {"task": "cifar10", "choose_shown": "front", "front": front}
        app = opened(open_app("resnet20", "choose", **asked), "choice")
        caption = next(code.value for code in app.code if code.value.startswith(r"\caption{"))
        assert ("Costs for batch" in caption) == has
