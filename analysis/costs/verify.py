"""Verify a profile: fvcore's own count on the built network beside it, layer by layer."""

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
"""The largest network and batch, in inference bytes, that is really built and run to verify."""


VERIFY_MACS = 500_000_000_000
"""The most multiply-adds of a forward that is really run to verify: some 20 seconds."""


def run_fvcore(model: nn.Module, x: torch.Tensor) -> dict[str, int]:
    """What fvcore itself counts on a model in eval mode, for every module path; "" is the whole.

    The model is left in the mode in which it was found.
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
    """One path's count, ours and fvcore's."""

    path: str
    ours: int
    fvcore: int

    @property
    def equal(self) -> bool:
        """Whether the two integers are the same."""
        return self.ours == self.fvcore


def verify(profile: Profile) -> tuple[Check, ...]:
    """Build the network, run fvcore on it and compare with a profile, the whole first as path "".

    Raises:
        ValueError: where the forward would take more than `VERIFY_BYTES` or `VERIFY_MACS`.
    """
    if profile.macs > VERIFY_MACS:
        raise ValueError(
            f"a forward of this network takes {profile.macs / 1e9:,.0f} G multiply-adds, and at "
            f"most {VERIFY_MACS / 1e9:.0f} G are run to verify: take a smaller input or batch"
        )
    if profile.inference_bytes > VERIFY_BYTES:
        raise ValueError(
            f"a forward of this network takes {profile.inference_bytes / 1e9:.1f} GB, and at most "
            f"{VERIFY_BYTES / 1e9:.0f} GB are allowed to verify: take a smaller input or batch"
        )
    with torch.random.fork_rng(devices=[]):
        counted = run_fvcore(build(profile.spec), torch.zeros(profile.batch, *profile.input))
    whole = Check("", profile.fvcore_flops, counted[""])
    return whole, *(Check(r.path, r.fvcore_flops, counted[r.path]) for r in profile.layers)


def verify_in_worker(report: Callable[[str], None], profile: Profile) -> tuple[Check, ...]:
    """`verify` as the worker calls it."""
    report("fvcore runs the network")
    return verify(profile)
