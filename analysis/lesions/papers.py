"""The papers behind lesions, paths and Grad-CAM."""

from collections.abc import Iterable

from analysis.drawing.caption import Cited, Role, architectures
from nets.catalog import Citation

VEIT2016 = Citation(
    "veit2016residual",
    "Andreas Veit, Michael Wilber, Serge Belongie",
    "Residual Networks Behave Like Ensembles of Relatively Shallow Networks",
    "NeurIPS 2016, arXiv 1605.06431",
    2016,
    "https://arxiv.org/abs/1605.06431",
)
DE2020 = Citation(
    "de2020batch",
    "Soham De, Samuel L. Smith",
    "Batch Normalization Biases Residual Blocks Towards the Identity Function in Deep Networks",
    "NeurIPS 2020, arXiv 2002.10444",
    2020,
    "https://arxiv.org/abs/2002.10444",
)
SELVARAJU2017 = Citation(
    "selvaraju2017grad",
    "Ramprasaath R. Selvaraju, Michael Cogswell, Abhishek Das, Ramakrishna Vedantam, "
    "Devi Parikh, Dhruv Batra",
    "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
    "ICCV 2017, arXiv 1610.02391",
    2017,
    "https://arxiv.org/abs/1610.02391",
)


def cited_by(models: Iterable[str]) -> Cited:
    """Return the sources of networks, and of lesions and paths, for a caption."""
    return {**architectures(models), Role.METHOD: [VEIT2016]}
