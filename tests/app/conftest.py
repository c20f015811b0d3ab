"""A running app without a browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"
Open = Callable[..., AppTest]


@pytest.fixture
def open_app() -> Open:
    """Open the app with a model's text in the address, on a page."""

    def run(model: str | None = None, page: str | None = None, **parameters: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        for name, value in parameters.items():
            app.query_params[name] = value
        if model is not None:
            app.query_params["model"] = model
        if page is not None:
            app.switch_page(f"pages/{page}.py")
        return app.run()

    return run
