"""Settings of a timing, and the batches that fit into a device's memory."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.costs import step
from analysis.costs.profiles import FLOAT32_BYTES, Profile, profile
from analysis.costs.step import Dtype
from analysis.machine.devices import device_of, free_bytes
from analysis.style.numbers import short
from nets.options import MAX_BATCH, check_whole, given, quote
from nets.spec import ResNetSpec

MAX_SWEEP = 16
"""Most batches in one sweep."""

MAX_SECONDS = 600
"""The longest time budget."""

_FLAGS = ("tf32", "channels_last", "compile", "inference", "optimiser", "blocks")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a timing. The defaults train in float32 on the CPU.

    Raises ValueError, in one sentence that names the field, its value and what is allowed.
    """

    device: str = "cpu"
    """`cpu`, or torch's name for an accelerator of this machine: `cuda`, `cuda:1`, `mps`, `xpu`."""

    batch: int = 8
    """Images per iteration."""

    dtype: Dtype = Dtype.FLOAT32
    """Float32, or autocast to bfloat16 or float16 (without a gradient scaler, which would wait for
    the device in every step)."""

    tf32: bool = False
    """Whether CUDA may round the inputs of float32 convolutions and matrix products to 10 bits."""

    channels_last: bool = False
    """Whether tensors have the memory layout N, H, W, C."""

    compile: bool = False
    """Whether to compile the network with `torch.compile`, and each stage for the stage times."""

    threads: int | None = None
    """Threads on the CPU; None keeps torch's number."""

    inference: bool = False
    """Whether to time only forward, in eval mode, or forward and backward in train mode."""

    optimiser: bool = True
    """Whether a training iteration ends in a step of SGD with momentum."""

    blocks: bool = False
    """Whether to time every block too, by marks at the blocks instead of at the stages."""

    precision: float = 0.01
    """Stop once half of the 95% interval of the median iteration is below this share of it."""

    seconds: float = 20.0
    """Time budget for warm-up and measurement, without building, compiling and an accelerator's
    first iterations."""

    seed: int = 0
    """Seed of weights, images and classes."""

    def __post_init__(self) -> None:
        device = device_of(self.device)
        check_whole("batch", self.batch, 1, MAX_BATCH)
        check_whole("seed", self.seed, 0, 2**32 - 1)
        if self.threads is not None:
            check_whole("threads", self.threads, 1, max(os.cpu_count() or 1, 1))
        if self.dtype not in tuple(Dtype):
            raise ValueError(f"dtype must be one of {', '.join(Dtype)}, not {quote(self.dtype)}")
        object.__setattr__(self, "dtype", Dtype(self.dtype))
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be on or off, not {quote(getattr(self, name))}")
        _check_number("precision", self.precision, 0.001, 0.5)
        _check_number("seconds", self.seconds, 0.1, MAX_SECONDS)
        if self.tf32 and device.type != "cuda":
            raise ValueError(f"TF32 needs a CUDA device, not {device.type}")
        if self.blocks and self.compile:
            # Blocks share one forward, for which torch keeps only a few compiled variants.
            raise ValueError("time per block needs a network that isn't compiled")
        if self.dtype is Dtype.FLOAT16 and device.type == "cpu" and not self.inference:
            # Measured: one 3x3 convolution's backward, 64 channels on 14x14, takes 0.4 s, not 4 ms.
            raise ValueError(
                "float16 on the CPU is for inference only, because torch's backward isn't usable "
                "there: use bfloat16"
            )


def usual_batches(device: str) -> str:
    """Return the default batch size on a device, as text."""
    return "2" if device == "cpu" else "32"


def usual_threads(cpus: int | None) -> int:
    """Return the default number of CPU threads: half of those that the machine has, if known."""
    return max(1, (cpus or 1) // 2)


def _check_number(name: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} must be {low:g} to {high:g}, not {given(value)}")


def sweep(settings: Settings, batches: Sequence[int]) -> tuple[Settings, ...]:
    """Return the same settings at each batch, in the order given.

    Raises:
        ValueError: if there are none, too many or the same one twice, or one is out of bounds.
    """
    if not 1 <= len(batches) <= MAX_SWEEP:
        raise ValueError(f"a sweep takes 1 to {MAX_SWEEP} batches, not {len(batches)}")
    if len(set(batches)) < len(batches):
        raise ValueError("a sweep takes each batch only once")
    return tuple(replace(settings, batch=batch) for batch in batches)


def batches_of(text: str) -> list[int]:
    """Parse one or several batches, written as `8` or `1,2,4,8`.

    Raises:
        ValueError: if they aren't whole numbers.
    """
    pieces = text.split(",") if "," in text else text.split()
    pieces = [piece.strip() for piece in pieces]
    if not pieces or not all(re.fullmatch("-?[0-9]{1,12}", piece) for piece in pieces):
        raise ValueError(
            f"batch must be a whole number, or several such as 1,2,4,8, not {quote(text)}"
        )
    return [int(piece) for piece in pieces]


def predicted_bytes(cost: Profile, settings: Settings) -> int:
    """Return the peak memory of an iteration, by replaying it without allocating.

    Kernel workspaces and the device's context are not included.
    """
    if settings.inference:
        return step.inference_bytes(cost.spec, cost.batch, settings.dtype)
    peak = step.step_memory(cost.spec, cost.batch, settings.dtype).peak_bytes
    return peak - _momentum(cost, settings)


def largest_batch(spec: ResNetSpec, settings: Settings, available: int) -> int:
    """Return the largest batch that fits into the available bytes by prediction, or 0."""
    if not settings.inference:
        limit = available + _momentum(profile(spec, batch=2), settings)
        return step.largest_batch(spec, limit, settings.dtype)
    # Each image adds the same number of bytes to a forward pass.
    two, three = (predicted_bytes(profile(spec, batch=n), settings) for n in (2, 3))
    images = (available - two) // (three - two) + 2
    return int(min(max(images, 0), MAX_BATCH))


def _momentum(cost: Profile, settings: Settings) -> int:
    """Return the bytes of SGD's momentum to subtract if there is no optimiser."""
    return 0 if settings.optimiser else FLOAT32_BYTES * cost.params


def check_fits(cost: Profile, settings: Settings) -> None:
    """Check that a batch fits into the device's free memory by prediction.

    Raises:
        ValueError: in one sentence, with the largest batch that would fit, if it doesn't.
    """
    needed = predicted_bytes(cost, settings)
    free = free_bytes(device_of(settings.device))
    if needed <= free:
        return
    largest = largest_batch(cost.spec, settings, free)
    advice = f"a batch of {largest:,} would fit" if largest else "not even one image would fit"
    raise ValueError(
        f"batch {settings.batch:,} is predicted to need {short(needed, 'B')}, and "
        f"{settings.device} has {short(free, 'B')} free: {advice}"
    )
