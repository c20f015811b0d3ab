"""What the paper measured of degradation, beside what a short run shows here."""

DEGRADATION = (
    (
        "ImageNet, top-1 error in percent, 10-crop (He et al. 2015, Table 2)",
        ("Layers", "Plain", "Residual"),
        (("18", "27.94", "27.88"), ("34", "28.54", "25.03")),
    ),
    (
        "CIFAR-10, test error in percent (He et al. 2015, Table 6)",
        ("Layers", "Plain", "Residual"),
        (
            ("20", "", "8.75"),
            ("32", "", "7.51"),
            ("44", "", "7.17"),
            ("56", "", "6.97"),
            ("110", "above 60 (Fig. 6)", "6.43"),
        ),
    ),
)
"""Tables: a caption, a head and rows. Plain-110's error is read off Fig. 6."""

WHAT_IT_IS = (
    "This shows how fast networks optimise in a short run, by their training loss. It isn't "
    "converged degradation, and with batch norm it is no vanishing gradient: the page Gradients "
    "shows that the plain stack's gradient grows at initialisation."
)
"""What a short run shows, and what it doesn't."""
