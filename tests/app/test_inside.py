"""The page parts that show what each block does and what a network sees."""

import re

from streamlit.testing.v1 import AppTest

from tests.app.test_explore import html, markdown


def blocks() -> None:
    from analysis.lesions import blocks
    from analysis.lesions.blocks_report import blocks_result
    from analysis.lesions.subjects import untrained
    from pages.views.inside import show_blocks

    models = [f"{name}:blocks=2,2:widths=4,8:stem_width=4" for name in ("resnet20", "plain20")]
    studies = []
    for model in models:
        network, images, _, _ = untrained(model, None, 4, 0)
        studies.append(blocks.measure(network, images, trained=False))
    show_blocks(
        studies, lambda: [blocks_result(one, "random", "seed 0", {}) for one in studies], "random"
    )


def plain() -> None:
    from analysis.lesions import blocks
    from analysis.lesions.subjects import untrained
    from pages.views.inside import show_blocks

    model = "plain20:blocks=2,2:widths=4,8:stem_width=4"
    network, images, _, _ = untrained(model, None, 1, 0)
    show_blocks([blocks.measure(network, images, trained=False)], None, "random")


def seen() -> None:
    from analysis.lesions.sees import see
    from analysis.lesions.sight import Sight
    from analysis.lesions.subjects import untrained
    from pages.views.inside import show_seen

    sights = []
    for name in ("resnet20", "plain20"):
        model = f"{name}:blocks=2,2:widths=4,8:stem_width=4:input=1x14x14:classes=2"
        network, images, _, _ = untrained(model, None, 1, 0)
        found = see(network.eval(), images, ["layer2.1"], target=1)
        sights.append(Sight(name, found, ("coat", '"<i>boot'), "coat"))
    show_seen(sights)


def test_blocks_show_charts_sentences_and_files() -> None:
    app = AppTest.from_function(blocks, default_timeout=60).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3
    said = markdown(app)
    for sentence in (
        "**Branch against shortcut: residual, 10 layers**",
        "**residual, 10 layers**",
        "The branch's share of the variance falls with every block of a stage: from",
        "The responses of 9 3×3 layers have a standard deviation of 1.00.",
        "Both networks respond equally strongly in every layer.",
    ):
        assert sentence in said
    (caption,) = (caption.value for caption in app.caption)
    assert caption.startswith("Branch and shortcut: the two inputs of a block's addition")
    assert caption.endswith(" 4 random images.")
    assert app.get("download_button") == []
    app.button(key="export_blocks").click().run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    pictures = app.selectbox(key="look_picture").options
    assert pictures == [
        "Branch against shortcut: residual, 10 layers",
        "Branch's share of the variance: residual, 10 layers",
        "Response of 3×3 layers",
    ]
    assert labels == [
        "Download SVG",
        "CSV",
        "JSON: residual, 10 layers",
        "JSON: plain, 10 layers",
    ]


def test_a_plain_network_shows_its_responses_alone() -> None:
    app = AppTest.from_function(plain, default_timeout=60).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert "Branch" not in markdown(app)
    (caption,) = (caption.value for caption in app.caption)
    assert caption.startswith("Response: the standard deviation of a 3×3 convolution's output")
    assert caption.endswith(" 1 random image.")


def test_maps_have_words_and_scales() -> None:
    app = AppTest.from_function(seen, default_timeout=60).run()
    assert not app.exception
    shown = html(app)
    images = re.findall(
        r'<img src="data:image/png;base64,[^"]+" alt="([^"]+)" title="([^"]+)">', shown
    )
    assert len(images) == shown.count("<img") == 2 * (2 + 4 + 4 + 8)
    assert images[0][0] == "The picture as the network sees it"
    assert all(alt == title for alt, title in images)
    assert re.fullmatch(r"stem, channel \d: mean magnitude [\d.]+", images[2][0])
    assert "<b>plain20</b>: " in shown
    assert "layer2.1 out</p>" in shown
    assert "Grad-CAM for &quot;&lt;i&gt;boot on layer2" in shown
    assert "<i>boot" not in shown
    assert shown.count('class="scale"') == 4
    app.button(key="export_maps").click().run()
    assert not app.exception
    assert [button.proto.label for button in app.get("download_button")] == ["Download SVG"]
    (said,) = (code.value for code in app.code)
    assert said.startswith(r"\caption{What resnet20 and plain20 see in one picture")
