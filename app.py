"""ResNet Lab: page configuration, the model picker, the navigation."""

from pages.ui.frame import configure, hand_over, navigation, run
from pages.ui.jobs import show_running
from pages.ui.picker import pick

if __name__ == "__main__":  # a worker process imports this file under another name
    configure()
    page = navigation()
    hand_over(pick())
    show_running()
    run(page)
