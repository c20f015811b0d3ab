"""Open every page, as a quick test of an environment."""

from pathlib import Path

import pytest

from tests.app.conftest import APP, Open

PAGES = sorted(path.stem for path in Path(APP.parent, "pages").glob("*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens(open_app: Open, page: str) -> None:
    app = open_app("resnet18", page)
    assert not app.exception
    assert not app.error
    assert app.title or app.header or app.subheader
