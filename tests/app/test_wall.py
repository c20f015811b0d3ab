"""The projector view: a setting of every page."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.frame import PAGES
from tests.app.conftest import Open
from tests.app.test_explore import html

NAMES = [name for name, _, _ in PAGES]


def switch(app: AppTest) -> AppTest:
    return app.button(key="switch_view").click().run()


def heads(app: AppTest) -> list[str]:
    return [head.value for head in (*app.header, *app.subheader)]


@pytest.mark.parametrize("name", NAMES)
def test_every_page_ends_with_its_picture_on_the_wall(open_app: Open, name: str) -> None:
    app = open_app("resnet20", name, view="wall")
    assert not app.exception
    assert app.button(key="switch_view").label == "Exit"
    assert app.query_params["view"] == "wall"
    switch(app)
    assert not app.exception
    assert "view" not in app.query_params
    assert app.button(key="switch_view").label == "Projector"


_SEEDS = "Bands: lowest to highest of 3 seeds."
_NARROW = "means of 3 seeds; their range is too narrow to see."


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("training", f"Sample of Fashion-MNIST. {_SEEDS} Recorded on 2026-"),
        ("gradients", f"Geometric {_NARROW} Recorded on 2026-"),
        (
            "paths",
            "Sample of Fashion-MNIST. Bands: lowest to highest of up to 40 paths per length; in "
            "the third chart, an upper bound of the standard error. Recorded on 2026-",
        ),
        ("sweeps", f"{_SEEDS} Sample of Fashion-MNIST, 60 steps. Measured from 2026-"),
    ],
)
def test_the_wall_says_what_bands_are_and_where_they_come_from(
    open_app: Open, page: str, told: str
) -> None:
    assert any(one.value.startswith(told) for one in open_app(None, page, view="wall").caption)


def test_the_wall_explains_bands_that_show_at_one_side_of_their_lines(open_app: Open) -> None:
    app = open_app(None, "gradients", view="wall", quantity="direction")
    noise = "∂L/∂x is taken at the images and at the images plus noise of 1% of their standard "
    assert any(one.value.startswith(f"{noise}deviation. {_SEEDS}") for one in app.caption)


def test_two_networks_are_bars_on_the_wall(open_app: Open) -> None:
    costs = {"x": "macs", "y": "saved_bytes", "view": "wall"}
    app = open_app(None, "compare", nets="resnet34;resnet50", **costs)
    assert app.title[-1].value == "ResNet-34 and ResNet-50"
    told = [one.value for one in app.markdown]
    assert {"**MACs (conv + linear)**", "**Saved for backward (float32)**"} <= set(told)
    app = open_app(None, "compare", nets="resnet18;resnet34;resnet50", **costs)
    assert app.title[-1].value == "Saved for backward (float32) against MACs (conv + linear)"
    assert "**MACs (conv + linear)**" not in [one.value for one in app.markdown]


def test_details_are_left_to_the_desk(open_app: Open) -> None:
    app = open_app("resnet20", "gradients")
    assert "Two half-truths" in heads(app)
    switch(app)
    assert app.query_params["view"] == "wall"
    assert "Two half-truths" not in heads(app)
    app.switch_page("pages/shortcuts.py").run()  # the setting applies to every page
    assert app.query_params["view"] == "wall"
    assert "Shortcuts by block" not in heads(app)
    switch(app)
    assert "Shortcuts by block" in heads(app)


def test_another_view_is_said_to_be_none(open_app: Open) -> None:
    app = open_app("resnet20", "gradients", view="ceiling")
    assert "view=ceiling" in app.warning[0].value
    assert "Two half-truths" in heads(app)


def test_the_wall_shows_counts_without_their_parts(open_app: Open) -> None:
    app = open_app("resnet20", "compare", compare_shown="ledger")
    assert "Breakdown" in html(app)
    switch(app)
    assert not app.exception
    assert "Breakdown" not in html(app)
    assert "fvcore, eval" in html(app)
    assert any(one.value.startswith("MACs are the ") for one in app.markdown)
    assert app.title[-1].value.startswith("Which FLOPs? ")


@pytest.mark.parametrize(
    ("shown", "title", "told"),
    [
        (
            "several",
            "Several blocks out",
            "Sample of Fashion-MNIST. Means of up to 10 random draws; bands: lowest to highest. "
            "Recorded on 2026-",
        ),
        (
            "does",
            "Branch against shortcut: residual, 32 layers",
            "32 test images of Fashion-MNIST (sample). Trained weights. Bands: lowest to highest "
            "of the images.",
        ),
        (
            "order",
            "Blocks reordered",
            "Sample of Fashion-MNIST. Kendall's tau: 1 as trained, −1 reversed. Recorded on 2026-",
        ),
    ],
)
def test_the_wall_of_lesions_says_what_bands_are(
    open_app: Open, shown: str, title: str, told: str
) -> None:
    app = open_app(None, "lesions", view="wall", lesion_shown=shown)
    assert [one.value for one in app.title] == [title]
    assert any(one.value.startswith(told) for one in app.caption)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (
            "single",
            "With one block removed, the median error is 12.2% instead of 8.9% in the 32-layer "
            "residual network, and the highest 94.6% (layer1.0). Sample of Fashion-MNIST. Recorded "
            "on 2026-",
        ),
        (
            "several",
            "With 1 to 12 blocks removed at random, but never the first of a stage, the mean error "
            "goes from 12.8% to 82.5% in the 32-layer residual network and from 83.1% to 92.8% in "
            "the 32-layer plain network.",
        ),
        (
            "order",
            "With the blocks of one stage reordered, except for the first, the error is 9.2% to "
            "36.4% in the 32-layer residual network and 79.3% to 97.7% in the 32-layer plain "
            "network.",
        ),
    ],
)
def test_the_wall_tells_the_errors_of_the_networks_that_it_draws(
    open_app: Open, shown: str, said: str
) -> None:
    app = open_app(None, "lesions", view="wall", lesion_shown=shown)
    assert any(one.value.startswith(said) for one in app.markdown)


def test_the_wall_of_lesions_says_whether_its_errors_are_recorded(open_app: Open) -> None:
    def told(out: str) -> str:
        app = open_app(None, "lesions", view="wall", out=out)
        (said,) = (one.value for one in app.markdown if "residual network" in one.value)
        return said

    assert "(layer1.0). Sample of Fashion-MNIST. Recorded on 2026-" in told("")
    assert "Recorded on 2026-" in told("layer2.2")
    assert "Recorded" not in told("layer1.3,layer2.2")


def test_the_wall_says_whose_maps_it_shows_and_what_they_and_their_scale_are(
    open_app: Open,
) -> None:
    app = open_app(None, "lesions", view="wall", lesion_shown="sees")
    assert [one.value for one in app.title] == ["What it sees: residual, 32 layers"]
    assert ">activation</span>" in html(app)
    assert "At most 8 channels a row, strongest first; one scale for all maps." in html(app)
    assert ">activation</span>" not in html(open_app("resnet50", "lesions", lesion_shown="sees"))


@pytest.mark.parametrize(
    ("page", "asked", "title"),
    [
        ("training", {"train": "one"}, "Training ResNet-20"),
        ("timing", {"timing_shown": "roofline"}, "Roofline of ResNet-20"),
    ],
)
def test_a_wall_without_results_names_the_network(
    open_app: Open, page: str, asked: dict[str, str], title: str
) -> None:
    app = open_app("resnet20", page, view="wall", **asked)
    assert [one.value for one in app.title] == [title]


def test_a_run_that_cannot_be_trained_has_only_a_way_out_on_the_wall(open_app: Open) -> None:
    app = open_app("resnet50", "training", view="wall", train="one")
    assert {one.key for one in app.button} >= {"train_fit"}
    assert "train_run" not in {one.key for one in app.button}
    app.button(key="train_fit").click().run()
    assert not app.button(key="train_run").disabled


def test_the_wall_names_the_networks_of_a_run_that_is_too_large(open_app: Open) -> None:
    app = open_app("resnet152", "gradients", view="wall")
    title = "**Gradient norm by depth at initialisation: ResNet-152, without and with shortcuts**"
    assert title in [one.value for one in app.markdown]
    app.button(key="use_batch").click().run()
    assert app.query_params["batch"] == "18"
    assert not app.button(key="measure_gradients").disabled


@pytest.mark.parametrize("quantity", ["weight", "relative_weight"])
def test_wall_and_desk_have_a_sentence_on_weights(open_app: Open, quantity: str) -> None:
    def told(view: str) -> list[str]:
        app = open_app(None, "gradients", view=view, quantity=quantity)
        lead = "From the last convolution to the first, "
        return [one.value for one in app.markdown if one.value.startswith(lead)]

    assert len(told("wall")) == 1
    assert told("desk") == told("wall")
    assert [one.value for one in open_app(None, "gradients", quantity=quantity).header][:1] == [
        "What the curves of ‖∂L/∂x‖ show"  # not those of the weights above it
    ]


def test_choose_shows_the_deepest_of_each_family_if_its_address_asks(open_app: Open) -> None:
    app = open_app(None, "choose", view="wall", choose_shown="deepest")
    assert [title.value for title in app.title] == ["Deepest of each family (7 of 14 families)"]
    assert not app.get("plotly_chart")
    assert html(app).count("<tr") == 8
    assert "outside the catalog, 2 variants have 65 layers" in " ".join(
        one.value for one in app.markdown
    )


def test_choose_shows_what_fits_where_the_desk_does(open_app: Open) -> None:
    app = open_app(None, "choose", view="wall")
    assert [title.value for title in app.title] == ["What fits: the deepest 7 of 18 networks"]
    assert not app.get("plotly_chart")
    assert html(app).count("<tr") == 8
    told = " ".join(one.value for one in app.markdown)
    assert told.endswith(
        "18 of 32 networks for ImageNet fit in 5 G MACs per image and 8 GB of training memory at "
        "batch 32."
    )
    app = open_app(None, "choose", view="wall", choose_shown="front")
    assert len(app.get("plotly_chart")) == 1
    told = " ".join(one.value for one in app.markdown)
    assert "4 of the 18 networks that fit have a published result" in told
    app = open_app(None, "choose", view="wall", max_macs="0.001")
    assert [title.value for title in app.title] == ["Choose"]
    assert "No network for ImageNet" in " ".join(one.value for one in app.markdown)
