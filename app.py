"""ResNet Lab: page configuration, the model picker, the navigation."""

import streamlit as st

from pages.ui.frame import ICON, hand_over, navigation
from pages.ui.picker import pick

if __name__ == "__main__":  # a worker process imports this file under another name
    st.set_page_config("ResNet Lab", ICON, layout="wide")
    page = navigation()
    hand_over(pick())
    page.run()
