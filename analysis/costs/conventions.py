"""The counting conventions: how much each operation counts.

`macs` counts fused multiply-adds of convolutions and linear layers, as torchvision's published
`_ops` do. `fvcore_flops` is what fvcore calls flops: the MACs, plus batch norm in eval mode at 2
per element or group norm at 5, plus adaptive average pooling at 1 per input element. fvcore counts
nothing for activations, additions, products, padding, dropout, other pools and softmax. The shape
arithmetic of convolutions is fvcore's own.
"""

from __future__ import annotations

import warnings

from nets.options import Norm

with warnings.catch_warnings():  # fvcore calls torch.jit.script, which newer torch deprecates
    warnings.simplefilter("ignore")
    from fvcore.nn.jit_handles import conv_flop_count


def conv_macs(x: list[int], weight: list[int], y: list[int]) -> int:
    """Count the multiply-adds of a convolution from its input, weight and output shapes."""
    return int(conv_flop_count(x, weight, y))


def norm_flops(kind: Norm) -> int:
    """Return fvcore's count per element for a batch norm in eval mode or for a group norm."""
    return 5 if kind is Norm.GROUP else 2
