"""The conventions: which operation counts for how much.

`macs` counts fused multiply-adds of convolutions and linear layers, as torchvision's published
`_ops` do. `fvcore_flops` is what fvcore calls flops: the same, plus batch norm in eval mode at two
an element and adaptive average pooling at one an input element; fvcore counts nothing for
activations, additions, padding, max-pool and softmax. The shape arithmetic of convolutions is
fvcore's own.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():  # fvcore calls torch.jit.script, which newer torch deprecates
    warnings.simplefilter("ignore")
    from fvcore.nn.jit_handles import conv_flop_count


def conv_macs(x: list[int], weight: list[int], y: list[int]) -> int:
    """Multiply-adds of a convolution, by the shapes of its input, weight and output."""
    return int(conv_flop_count(x, weight, y))


def norm_flops(elements: int) -> int:
    """What fvcore counts for a batch norm in eval mode."""
    return 2 * elements
