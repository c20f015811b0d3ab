"""ResNet Lab: page configuration, model picker and navigation."""

from streamlit.starlette import App

from pages.ui.frame import configure, hand_over, navigation, run, uses_model
from pages.ui.jobs import show_running
from pages.ui.picker import pick
from pages.ui.server import documents, life

if __name__ == "__main__":  # the server and a worker process import this file under other names
    configure()
    page = navigation()
    hand_over(pick(uses_model(page)))
    show_running()
    run(page)
else:
    app = App(__file__, routes=documents(), lifespan=life)
