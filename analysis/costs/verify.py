"""Verification of a profile: a layer-by-layer comparison with fvcore on the built network."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from analysis.costs.profiles import Profile
from nets.resnet import build

with warnings.catch_warnings():  # fvcore calls torch.jit.script, which newer torch deprecates
    warnings.simplefilter("ignore")
    from fvcore.nn import FlopCountAnalysis

VERIFY_BYTES = 4_000_000_000
"""The most inference bytes of a network and batch that verification builds and runs."""


VERIFY_MACS = 500_000_000_000
"""The most multiply-adds of a forward that verification runs: about 20 seconds."""


def run_fvcore(model: nn.Module, x: torch.Tensor) -> dict[str, int]:
    """Return fvcore's own counts on a model in eval mode by module path; "" is the total.

    The model keeps its mode.
    """
    modes = {module: module.training for module in model.modules()}
    logger = logging.getLogger("fvcore.nn.jit_analysis")
    level = logger.level
    try:
        logger.setLevel(logging.ERROR)
        analysis = FlopCountAnalysis(model.eval(), x)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        return {path: int(count) for path, count in analysis.by_module().items()}
    finally:
        logger.setLevel(level)
        for module, training in modes.items():
            module.training = training


@dataclass(frozen=True)
class Check:
    """The count of one path, ours and fvcore's."""

    path: str
    ours: int
    fvcore: int

    @property
    def equal(self) -> bool:
        """True if the two counts are equal."""
        return self.ours == self.fvcore


def verify(profile: Profile) -> tuple[Check, ...]:
    """Build the network, run fvcore on it and compare with a profile; the total comes first.

    The total's path is "".

    Raises:
        ValueError: if the forward would take more than `VERIFY_BYTES` or `VERIFY_MACS`.
    """
    if profile.macs > VERIFY_MACS:
        raise ValueError(
            f"a forward of this network takes {profile.macs / 1e9:,.0f} G multiply-adds, and the "
            f"limit to verify is {VERIFY_MACS / 1e9:.0f} G: use a smaller input or batch"
        )
    if profile.inference_bytes > VERIFY_BYTES:
        raise ValueError(
            f"a forward of this network takes {profile.inference_bytes / 1e9:.1f} GB, and the "
            f"limit to verify is {VERIFY_BYTES / 1e9:.0f} GB: use a smaller input or batch"
        )
    with torch.random.fork_rng(devices=[]):
        counted = run_fvcore(build(profile.spec), torch.zeros(profile.batch, *profile.input))
    whole = Check("", profile.fvcore_flops, counted[""])
    return whole, *(Check(r.path, r.fvcore_flops, counted[r.path]) for r in profile.layers)


def verify_in_worker(report: Callable[[str], None], profile: Profile) -> tuple[Check, ...]:
    """Run `verify` in the worker process."""
    report("running fvcore")
    return verify(profile)
