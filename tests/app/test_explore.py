"""The Explore page, the model picker, and the errors for a bad model."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Open


def html(app: AppTest) -> str:
    """Return the page's HTML; names stand in it without the marks that keep them on one line."""
    text = "".join(element.proto.body for element in app.get("html"))
    return re.sub('<span class="rl-name">(.*?)</span>', r"\1", text)


def markdown(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


def test_it_shows_the_model_of_the_address(open_app: Open) -> None:
    app = open_app("resnet34")
    assert not app.exception
    assert app.title[0].value == "ResNet-34"
    page = html(app)
    for exact in ("21,797,672", "3,663,761,408", "3,671,262,720", "32,283,136 B", "899 px"):
        assert exact in page, exact
    assert "Channels, height and width: stem 64×56×56" in page
    for tab, seen in (
        ("stages", "conv5_x"),
        ("layers", "layer3.1 to layer3.5, 5 equal blocks"),
        ("published", "24.52%"),
    ):
        assert seen not in html(app)
        open_tab(app, tab)
        assert seen in html(app)


def open_tab(app: AppTest, tab: str) -> None:
    app.segmented_control(key="explore_shown").set_value(tab).run()
    assert not app.exception


def test_the_front_page_is_resnet50(open_app: Open) -> None:
    app = open_app()
    assert app.title[0].value == "ResNet-50"
    assert "4,089,184,256" in html(app)


@pytest.mark.parametrize(
    ("model", "label", "value"),
    [
        ("resnet50", "Published top-1", "80.9%"),
        ("seresnet50", "Published top-1", "80.0%"),  # by timm alone
        ("resnet50_v1", "Published error", "22.85%"),
        ("resnet110", "Published error", "6.43%"),
    ],
)
def test_a_published_figure_is_called_what_it_is(
    open_app: Open, model: str, label: str, value: str
) -> None:
    page = html(open_app(model))
    other = {"Published top-1", "Published error"} - {label}
    assert label in page
    assert value in page
    assert not [one for one in other if one in page]


def test_a_depth_that_the_name_counts_otherwise_is_explained(open_app: Open) -> None:
    said = "; the 16 in the name counts all convolutions."
    app = open_app("wrn16_8")
    assert said in flat(markdown(app))
    assert said in flat(html(app))  # at the figure
    assert "Published error" in html(app)  # on CIFAR-10, nobody publishes a top-1 accuracy
    assert "in this app&#x27;s tables" in html(app)
    assert "Depth counts" not in flat(markdown(open_app("resnet34")))
    choose = open_app(None, "choose", task="cifar10", max_macs="100")
    assert "Some names count all convolutions (WRN-" in flat(captions(choose))
    shown = {"choose_shown": "deepest"}
    deepest = open_app(None, "choose", task="cifar10", max_params="12", **shown)
    assert "Some names count all convolutions (WRN-" in flat(captions(deepest))
    compare = open_app(None, "compare", nets="resnet18;resnet50d")
    assert "Some names count the stem as one layer (ResNet-50-D)." in flat(captions(compare))


def captions(app: AppTest) -> str:
    return "\n".join(element.value for element in app.caption)


def flat(text: str) -> str:
    """Return a text without the characters that keep names on one line."""
    return text.replace("\N{NON-BREAKING HYPHEN}", "-")


def test_a_change_of_model_changes_text_family_and_page(open_app: Open) -> None:
    app = open_app("resnet34")
    app.selectbox(key="name").select("resnet18").run()
    assert app.title[0].value == "ResNet-18"
    assert app.text_input(key="text").value == "resnet18"
    assert app.query_params["model"] == "resnet18"

    app.selectbox(key="family").select("CIFAR, 2015 paper").run()
    assert app.text_input(key="text").value == "resnet20"
    assert app.title[0].value == "ResNet-20"
    assert "269,722" in html(app)

    app.text_input(key="text").input("preresnet164:blocks=2,2,2").run()
    assert app.selectbox(key="family").value == "Pre-activation"
    assert app.title[0].value == "Pre-activation ResNet-164, blocks 2-2-2"
    assert not app.exception


def test_an_edited_model_shows_what_it_costs_more(open_app: Open) -> None:
    page = html(open_app("resnet50:blocks=3,4,7,3"))
    assert "+1.12 M" in page
    assert "+218 M" in page
    assert "edited network" in page
    app = open_app("resnet50:stride_on=conv1:classes=10")
    assert app.title[0].value == "ResNet-50, v1, 10 classes"
    assert (
        "Edited from ResNet-50 ([He et al. 2015](https://arxiv.org/abs/1512.03385), *Deep "
        "Residual Learning for Image Recognition*, CVPR 2016, arXiv 1512.03385): "
        "stride on 3×3 (v1.5) → first 1×1 (v1); classes 1000 → 10."
    ) in markdown(app)
    assert "stride on their 3×3" not in markdown(app)
    assert "stride on their 3×3" in markdown(open_app("resnet50"))
    known = markdown(open_app("resnet50:blocks=2,2,2,2"))
    assert "The same network is ResNet-26 in the catalog, `resnet26`." in flat(known)
    same = html(open_app("resnet50"))
    assert 'class="delta"' not in same


@pytest.mark.parametrize("shown", ["shape", "stages", "block", "layers", "published"])
def test_the_wall_has_one_sentence_about_a_network(open_app: Open, shown: str) -> None:
    """A block's own sentence used to be a second one, which broke the page."""
    app = open_app("resnet50:se=16:norm=group:classes=10", view="wall", explore_shown=shown)
    assert not app.exception
    said = "Edited from ResNet-50: SE reduction none → 16; classes 1000 → 10; 1 more."
    assert (said in markdown(app)) is (shown != "block")
    assert ("layer1.0 · Projection: " in markdown(app)) is (shown == "block")


def test_a_chosen_block_is_explained(open_app: Open) -> None:
    app = open_app("resnet50")
    open_tab(app, "block")
    assert "Projection: channels change from 64 to 256" in markdown(app)
    app.selectbox(key="block").select("layer3.5").run()
    assert "Identity: input and output have the same shape" in markdown(app)
    assert r"\mathbb{R}^{1024 \times 14 \times 14}" in " ".join(f.value for f in app.latex)
    app.text_input(key="text").input("resnext50_32x4d:dilate=0,0,1").run()
    app.selectbox(key="block").select("layer4.1").run()
    assert "3×3\xa01024→1024 (32 groups, dilation 2)" in html(app)
    app.selectbox(key="block").select("layer3.5").run()
    app.text_input(key="text").input("resnet18").run()
    assert app.selectbox(key="block").value == "layer1.0"
    assert not app.exception


def test_layers_are_found_and_shown_as_text_and_code(open_app: Open) -> None:
    app = open_app("resnet152")
    open_tab(app, "layers")
    app.text_input(key="find").input("layer3.7.conv2").run()
    assert "layer3.7.conv2" in html(app)
    assert "1 found." in [caption.value for caption in app.caption]
    app.text_input(key="find").input("nothing like it").run()
    assert "No layer" in app.info[0].value
    app.segmented_control(key="layers").select("Code").run()
    assert "torchvision.models.resnet152()" in app.code[-2].value
    assert app.code[-1].value.startswith('"""ResNet-152.')
    app.segmented_control(key="layers").select("torchinfo").run()
    assert "ResidualUnit" in html(app)
    app.segmented_control(key="layers").select("print(model)").run()
    assert 'tabindex="0">ResNet(' in html(app)
    assert not app.exception


def test_edits_are_undone_one_by_one(open_app: Open) -> None:
    app = open_app("resnet18:block=bottleneck:groups=2:classes=10")
    app.button(key="undo_block").click().run()
    assert app.text_input(key="text").value == "resnet18:block=bottleneck:groups=2:classes=10"
    assert (
        app.warning[0].value
        == "Block can't be undone: groups=2 needs block=bottleneck, not block=basic."
    )
    app.button(key="undo_groups").click().run()
    assert not app.warning
    app.button(key="undo_block").click().run()
    assert app.text_input(key="text").value == "resnet18:classes=10"
    app.button(key="recent_resnet18:block=bottleneck:classes=10").click().run()
    assert app.title[0].value == "ResNet-18, bottlenecks, 10 classes"


@pytest.mark.parametrize(
    ("text", "exact", "saved"),
    [
        ("resnet18:input=3x32x32", ("11,689,512", "37,523,456"), "947,712 B"),
        ("resnet18:input=1x28x28:classes=10", ("11,175,370", "33,010,944"), "783,488 B"),
    ],
)
def test_a_network_that_one_image_cannot_train_is_shown(
    open_app: Open, text: str, exact: tuple[str, ...], saved: str
) -> None:
    app = open_app(text)
    assert not app.exception
    assert not app.error
    page = html(app)
    assert all(number in page for number in exact)
    assert f'title="{saved} for two images: input' in page
    assert "for backward, two images" in page
    open_tab(app, "stages")
    assert "Saved, 2 images" in html(app)
    assert app.info[0].value.startswith("Saved memory is for two images: input ")
    assert app.info[0].value.endswith("layer4.0.bn1 would train on one value per channel.")


def test_a_stage_without_a_cost_says_0_and_a_small_one_says_less(open_app: Open) -> None:
    app = open_app("resnet1202", "explore", explore_shown="stages")
    page = html(app)
    assert page.count('title="0"') > 0
    assert ">0<" in page
    assert "&lt;0.01" in page
    assert ">0.00<" not in page


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resnet50x", "'resnet50x' is not a model. Did you mean one of these?"),
        ("resnet50:blocks=0,1,1,1", "blocks must be 1 to 1,000, not 0."),
        ("resnet50:blocks=1000000000", "blocks must be 1 to 1,000, not 1,000,000,000."),
        ("resnet50:blocks=a", "blocks must be written like 3,4,6,3, not 'a'."),
        ("resnet50:depth=3", "'depth' is not an option"),
        ("resnet50:bias=1:bias=1", "bias is given twice."),
        ("resnet50:input=3x0x0", "input must be 1 to 4,096, not 0."),
        ("x" * 30_000, "A model's text can have at most 1,000 characters, not 30,000."),
    ],
)
def test_a_bad_model_is_one_sentence_and_a_way_out(open_app: Open, text: str, says: str) -> None:
    app = open_app(text)
    assert not app.exception
    assert app.error[0].value.startswith(says)
    assert len(app.error) == 1
    app.button[0].click().run()
    assert not app.error
    assert app.title[0].value == "ResNet-50"


def test_every_model_that_a_wrong_name_may_mean_is_one_press_away(open_app: Open) -> None:
    app = open_app("resnet99:bias=1")
    assert [app.selectbox(key=key).value for key in ("family", "name")] == [None, None]
    near = ["resnet101:bias=1", "resnet56:bias=1", "resnet50:bias=1"]
    offered = [button for button in app.button if button.label.startswith("Show ")]
    assert [button.label for button in offered] == [f"Show {text}" for text in near]
    offered[2].click().run()
    assert app.query_params["model"] == near[2]
    assert app.selectbox(key="name").value == "resnet50"


def test_the_way_out_of_a_bad_text_is_the_last_good_model(open_app: Open) -> None:
    app = open_app("resnet101")
    app.text_input(key="text").input("resnet101:blocks=").run()
    assert app.error[0].value == "blocks needs a value, as in blocks=3,4,6,3."
    app.button[0].click().run()
    assert app.title[0].value == "ResNet-101"


def test_a_text_is_never_markup(open_app: Open) -> None:
    app = open_app("<script>alert(1)</script>")
    assert "alert" not in html(app)
    assert app.error[0].value.startswith(r"'\<script\>alert(1)\</script\>' is not a model")
    image = open_app("![x](http://a.example/b.png)")
    assert image.error[0].value.startswith(r"'!\[x\](http")


def test_a_pasted_address_is_read(open_app: Open) -> None:
    app = open_app("resnet18")
    app.text_input(key="text").input("http://localhost:8501/?model=resnet34%3Abias%3D1").run()
    assert app.text_input(key="text").value == "resnet34:bias=1"


def test_one_network_stands_once_among_the_recent(open_app: Open) -> None:
    app = open_app("resnet50:blocks=3,4,6,3")
    app.text_input(key="text").input("resnet50").run()
    app.text_input(key="text").input("resnet18").run()
    keys = [button.key for button in app.button if (button.key or "").startswith("recent_")]
    assert keys == ["recent_resnet50"]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("resnet50", "Shortcut and batch norm aren't counted;"),
        ("resnet50:se=16", "Shortcut, batch norm and SE aren't counted;"),
    ],
)
def test_a_block_says_what_is_not_counted(open_app: Open, model: str, said: str) -> None:
    app = open_app(model, explore_shown="block")
    assert any(said in caption.value for caption in app.caption)
