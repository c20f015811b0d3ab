"""The handout on the page Lecture, and its pictures against what the pages export."""

import re
from base64 import b64decode
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from analysis.charts.file import chart_file, row_file
from analysis.lecture.files import pack
from analysis.lecture.picture import Picture
from analysis.lecture.pictures import picture_of
from analysis.lecture.story import Lecture, Step
from analysis.style.fonts import with_fonts
from analysis.style.look import Look
from analysis.style.palette import PRINT
from tests.app.conftest import Open
from tests.app.test_explore import html
from tests.app.test_exports import downloads, opened

ON_PAPER = {"look_palette": "print", "look_rows": "page"}


def preview(app: AppTest) -> str:
    """The SVG that the open dialog would hand over."""
    (shown,) = re.findall(r'rl-preview".*?base64,([^"]+)"', html(app))
    return b64decode(shown).decode()


def exported(picture: Picture, title: str) -> str:
    """A picture as a page's own export would write it."""
    look = Look(PRINT, title, width_mm=170)
    if len(picture.charts) == 1:
        return chart_file(picture.charts[0], ".svg", look).decode()
    if picture.charts:
        return row_file(picture.charts, ".svg", look).decode()
    (drawn,) = picture.svgs(Look(PRINT, width_mm=170))
    return with_fonts(drawn)


@pytest.mark.parametrize(
    ("address", "dialog", "title"),
    [
        ("explore?model=resnet50", "network", None),
        ("shortcuts?model=resnet34&layout=rows&twin=true", "graph", None),
        ("shortcuts?model=resnet34&level=stage&layout=rows&twin=vgg19", "graph", None),
        ("shortcuts?model=plain56&heat=macs&per=block", "graph", None),
        ("gradients?models=plain56;resnet56", "gradients", ""),
        ("gradients?quantity=direction", "direction", ""),
        (
            "training?train=epochs&train_models=plain20;plain56&train_shown=accuracy",
            "training",
            "",
        ),
        ("lesions?out=layer2.2", "lesions", ""),
        (
            "paths?path_net=fashion_resnet56",
            "paths",
            "Paths: residual, 56 layers, trained",
        ),
        ("compare?nets=resnet34_a;resnet34;resnet34_c", "comparison", ""),
        ("compare?sweep=depth&nets=resnet18;resnet34", "sweep", ""),
        ("choose?choose_shown=front", "choice", ""),
    ],
)
def test_a_picture_is_what_its_page_exports(
    open_app: Open, address: str, dialog: str, title: str | None
) -> None:
    picture = picture_of(Step("A step", address))
    page, _, query = address.partition("?")
    settings = dict(parse_qsl(query))
    app = opened(open_app(settings.pop("model", None), page, **settings, **ON_PAPER), dialog)
    assert not app.error
    name = picture.charts[0].title if title == "" else title or ""
    assert preview(app) == exported(picture, name)


def test_the_handout_is_made_when_its_dialog_is_open(open_app: Open) -> None:
    app = open_app("resnet20", "lecture")
    assert downloads(app) == []
    opened(app, "handout")
    assert not app.error
    assert downloads(app) == ["PDF", "PDF with notes", "HTML", "HTML with notes"]


def test_a_handout_made_on_ones_own_machine_says_why_it_has_no_links(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = "http://localhost:8602"
    monkeypatch.setattr("pages.views.handout._base", lambda: here)
    app = opened(open_app("resnet20", "lecture"), "handout")
    said = f"The handout has no links, because {here} opens only on this machine."
    assert any(one.value.endswith(said) for one in app.caption)


def test_the_handout_of_ones_own_lecture_names_the_step_that_is_wrong(open_app: Open) -> None:
    steps = (Step("Units", "units"), Step("Heat", "shortcuts?heat=warm"))
    mine = {"lecture_shown": "mine", "mine": pack(Lecture("Mine", steps))}
    app = opened(open_app("resnet20", "lecture", **mine), "handout")
    assert [e.value for e in app.error] == [
        "Step 2: heat must be one of macs, params, saved_bytes, activations, bytes_moved, not "
        "'warm'."
    ]
    assert "PDF" not in downloads(app)
    mine["mine"] = pack(Lecture("Mine", steps[:1]))
    app = opened(open_app("resnet20", "lecture", **mine), "handout")
    assert not app.error
    assert downloads(app)[-4:] == ["PDF", "PDF with notes", "HTML", "HTML with notes"]


def test_choose_prints_the_tab_that_its_page_opens() -> None:
    opened_first = picture_of(Step("A step", "choose"))
    assert opened_first.grid is not None
    assert opened_first.grid.caption.startswith("Networks that fit.")
    assert not opened_first.charts
    (chart,) = picture_of(Step("A step", "choose?front=macs against params")).charts
    assert chart.title == "MACs (conv + linear) against parameters"
