"""The paper's figures on degradation."""

from analysis.style.numbers import MISSING

DEGRADATION = (
    (
        "ImageNet, top-1 error in percent, 10-crop (He et al. 2015, Table 2)",
        ("Depth", "Plain", "Residual"),
        (("18", "27.94", "27.88"), ("34", "28.54", "25.03")),
    ),
    (
        "CIFAR-10, test error in percent (He et al. 2015, Table 6); 110 layers: best of 5 runs",
        ("Depth", "Plain", "Residual"),
        (
            ("20", MISSING, "8.75"),
            ("32", MISSING, "7.51"),
            ("44", MISSING, "7.17"),
            ("56", MISSING, "6.97"),
            ("110", "above 60 (Fig. 6)", "6.43"),
        ),
    ),
)
"""Tables of caption, header and rows. Plain-110's error is read off Fig. 6."""
