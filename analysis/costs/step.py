"""Predicted memory: the peak of a training step, of inference, and the largest batch that fits.

One step (forward, cross-entropy, backward, optimiser) is replayed on meta tensors. Every storage
is followed from creation to release, so gradients and activations count together only while both
are alive. A stage's second block represents all its inner ones, so the work doesn't grow with
depth. A tensor's bytes are fixed or proportional to the batch, so one replay gives the peak at
every batch as the maximum of several straight lines.

Machine-dependent memory is left out: the workspace of convolution kernels, the CUDA context, and
what an allocator rounds up or can't reuse.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, cross_entropy, group_norm, linear
from torch.overrides import TorchFunctionMode

from analysis.costs.alive import AliveBytes, hooked
from analysis.costs.profiles import ANY_BASE, check_batch, check_trainable, profile, representative
from analysis.costs.shapes import ShapesOnly
from analysis.costs.walk import peak_bytes
from nets import plan
from nets.options import MAX_BATCH, given
from nets.resnet import build
from nets.spec import ResNetSpec

PRIME_BATCH = 131_071
"""The batch of a replay: a prime larger than any other side of a tensor (2^17 - 1), so that a
storage is proportional to the batch if and only if this divides its bytes."""


class Dtype(StrEnum):
    """The compute type; in training, half types are autocast over float32 weights."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"

    @property
    def torch(self) -> torch.dtype:
        """The torch dtype."""
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[
            self.value
        ]


class Optimiser(StrEnum):
    """The optimiser: SGD with momentum, or Adam, both without weight decay."""

    SGD = "sgd"
    ADAM = "adam"

    @property
    def label(self) -> str:
        """The name in sentences."""
        return {"sgd": "SGD", "adam": "Adam"}[self.value]

    @property
    def states(self) -> int:
        """Tensors that the optimiser keeps per parameter between steps."""
        return 1 if self is Optimiser.SGD else 2

    @property
    def temporaries(self) -> int:
        """Tensors that the optimiser's step creates per parameter.

        On accelerators torch updates all parameters in one call (`foreach`): Adam then holds the
        root of every second moment at once (torch/optim/adam.py, `_multi_tensor_adam`).
        """
        return 0 if self is Optimiser.SGD else 1


class StepPhase(StrEnum):
    """The parts of a training step."""

    FORWARD = "forward"
    BACKWARD = "backward"
    OPTIMISER = "optimiser"


class MemoryLine(NamedTuple):
    """Bytes alive at one moment, `fixed + per_image * batch`, and the phase of that moment."""

    fixed: int
    per_image: int
    phase: StepPhase

    def at(self, batch: int) -> int:
        """Return the bytes at a batch."""
        return self.fixed + self.per_image * batch


@dataclass(frozen=True)
class StepMemory:
    """Predicted memory of one training step in a steady state, where gradients start as None.

    `params_bytes`, `gradients_bytes` and `state_bytes` (the optimiser's) are always float32.
    `peak_bytes` is the most bytes alive at once, including parameters, buffers, images and labels;
    `peak_in` is the phase in which that happens.
    """

    model: str
    batch: int
    dtype: Dtype
    optimiser: Optimiser
    params_bytes: int
    gradients_bytes: int
    state_bytes: int
    peak_bytes: int
    peak_in: StepPhase


def step_memory(
    spec: ResNetSpec,
    batch: int = 1,
    dtype: Dtype = Dtype.FLOAT32,
    optimiser: Optimiser = Optimiser.SGD,
) -> StepMemory:
    """Predict the memory of a training step.

    Raises:
        ValueError: if the batch is out of bounds or the network can't train at it.
    """
    check_batch(batch)
    check_trainable(profile(spec, batch=batch))
    moments = _moments(spec, _size(dtype), optimiser)
    peak = max(moments.lines, key=lambda line: line.at(batch))
    params = moments.params_bytes
    return StepMemory(
        model=str(spec),
        batch=batch,
        dtype=dtype,
        optimiser=optimiser,
        params_bytes=params,
        gradients_bytes=params,
        state_bytes=optimiser.states * params,
        peak_bytes=peak.at(batch),
        peak_in=peak.phase,
    )


def inference_bytes(spec: ResNetSpec, batch: int = 1, dtype: Dtype = Dtype.FLOAT32) -> int:
    """Return the parameters plus the peak of activations in a forward without grad, in one type.

    In float32 this is `Profile.inference_bytes`.

    Raises:
        ValueError: as `profile` does.
    """
    params = profile(spec, batch=batch).params
    size = dtype.torch.itemsize
    return size * params + peak_bytes(representative(spec), batch, size)


def largest_batch(
    spec: ResNetSpec,
    limit_bytes: float,
    dtype: Dtype = Dtype.FLOAT32,
    optimiser: Optimiser = Optimiser.SGD,
) -> int:
    """Return the most images whose training step is predicted to fit, up to 65,536, or 0.

    A network that can't train on one image doesn't fit with one.

    Raises:
        ValueError: if the limit is not a positive number.
    """
    if isinstance(limit_bytes, bool) or not isinstance(limit_bytes, int | float):
        raise ValueError(f"the memory limit must be a number of bytes, not {given(limit_bytes)}")
    if not limit_bytes > 0:
        raise ValueError(f"the memory limit must be above 0 bytes, not {given(limit_bytes)}")
    lines = _moments(spec, _size(dtype), optimiser).lines
    if any(line.fixed > limit_bytes for line in lines):
        return 0
    room = ((limit_bytes - line.fixed) // line.per_image for line in lines if line.per_image)
    images = int(min(*room, MAX_BATCH))
    return 0 if images == 1 and profile(spec).untrainable else images


class _Change(NamedTuple):
    """Bytes created, or freed if negative; one of the two fields is 0."""

    fixed: int
    per_image: int


class _Part(NamedTuple):
    """The changes of the stem, one block or the head in one direction."""

    place: str
    phase: StepPhase
    changes: tuple[_Change, ...]


@dataclass(frozen=True)
class _Replay:
    """One step of a representative network: its parts in order, and the bytes of each place."""

    parts: tuple[_Part, ...]
    params: dict[str, int]
    buffers: dict[str, int]


@dataclass(frozen=True)
class _Moments:
    """The moments of a step that are its peak at some batch."""

    params_bytes: int
    lines: tuple[MemoryLine, ...]


def _size(dtype: Dtype) -> Dtype:
    """Return the type to replay; both half types have the same size."""
    return Dtype.FLOAT32 if dtype is Dtype.FLOAT32 else Dtype.BFLOAT16


@lru_cache(maxsize=1_024)
def _moments(spec: ResNetSpec, dtype: Dtype, optimiser: Optimiser) -> _Moments:
    replay = _replay(_three(spec), dtype)
    times = {
        f"{stage}.1": max(count - 2, 1)
        for stage, count in zip(plan.stage_names(spec), spec.blocks, strict=True)
    }

    def total(bytes_at: dict[str, int]) -> int:
        return sum(times.get(place, 1) * size for place, size in bytes_at.items())

    params = total(replay.params)
    now = MemoryLine(
        params + total(replay.buffers) + optimiser.states * params, 0, StepPhase.FORWARD
    )
    lines = [now]
    for part in replay.parts:
        start = now
        passed = _run(start, part)
        gained = _Change(passed[-1].fixed - start.fixed, passed[-1].per_image - start.per_image)
        before_last = times.get(part.place, 1) - 1
        # Bytes change linearly over equal blocks, so only the first and the last can be the peak.
        last = _run(_after(start, gained, before_last), part)
        lines += passed + last
        now = last[-1]
    lines.append(
        MemoryLine(now.fixed + optimiser.temporaries * params, now.per_image, StepPhase.OPTIMISER)
    )
    return _Moments(params, _upper(lines))


def _three(spec: ResNetSpec) -> ResNetSpec:
    """Return the network with at most three blocks per stage; the second represents all inner ones.

    Two are too few, because what a stage's last block leaves behind is freed in the next stage.
    """
    return replace(spec, base=ANY_BASE, blocks=tuple(min(3, n) for n in spec.blocks))


def _after(line: MemoryLine, gained: _Change, times: int) -> MemoryLine:
    fixed, per_image = (times * change for change in gained)
    return MemoryLine(line.fixed + fixed, line.per_image + per_image, line.phase)


def _run(start: MemoryLine, part: _Part) -> list[MemoryLine]:
    """Return every moment of a part that begins with the bytes of `start`."""
    fixed, per_image, _ = start
    lines = [MemoryLine(fixed, per_image, part.phase)]
    for change in part.changes:
        fixed += change.fixed
        per_image += change.per_image
        lines.append(MemoryLine(fixed, per_image, part.phase))
    return lines


def _upper(lines: list[MemoryLine]) -> tuple[MemoryLine, ...]:
    """Return the lines that are the highest at some batch."""
    kept: list[MemoryLine] = []
    for line in sorted(lines, key=lambda line: (line.fixed, line.per_image), reverse=True):
        if not kept or line.per_image > kept[-1].per_image:
            kept.append(line)
    return tuple(kept)


@lru_cache(maxsize=256)
def _replay(spec: ResNetSpec, dtype: Dtype) -> _Replay:
    """Replay one step without its optimiser; eval mode saves the same bytes, but for dropout."""
    model = build(spec, device="meta").eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    images = torch.empty(PRIME_BATCH, *spec.input, device="meta")
    labels = torch.empty(PRIME_BATCH, dtype=torch.int64, device="meta")
    blocks = [block.path for block in plan.blocks(spec)]
    marks: list[tuple[str, StepPhase, int]] = []
    with torch.enable_grad(), ShapesOnly(), AliveBytes(model, images, labels) as alive:

        def mark(place: str, phase: StepPhase) -> None:
            marks.append((place, phase, len(alive.changes)))

        def before(path: str, module: nn.Module, args: tuple[Tensor, ...]) -> None:
            if path == blocks[0]:
                args[0].register_hook(lambda _: mark("stem", StepPhase.BACKWARD))
            mark(path, StepPhase.FORWARD)

        def after(path: str, module: nn.Module, args: tuple[Tensor, ...], y: Tensor) -> None:
            y.register_hook(lambda _: mark(path, StepPhase.BACKWARD))
            if path == blocks[-1]:
                mark("head", StepPhase.FORWARD)

        marks.append(("stem", StepPhase.FORWARD, 0))
        casts: dict[Tensor, Tensor] = {}
        autocast = nullcontext() if dtype is Dtype.FLOAT32 else _Autocast(dtype.torch, casts)
        with hooked(model, before, after, blocks), autocast:
            logits = model(images)
        # Free each cast in its own block's part, so that both repeat equally often.
        for path, parameter in model.named_parameters():
            mark(_place(path), StepPhase.FORWARD)
            casts.pop(parameter, None)
        mark("head", StepPhase.FORWARD)
        loss = cross_entropy(logits.float(), labels)
        mark("head", StepPhase.BACKWARD)
        loss.backward()
        changes = tuple(map(_change, alive.changes))
    ends = [at for *_, at in marks[1:]] + [len(changes)]
    parts = tuple(
        _Part(place, phase, changes[at:end])
        for (place, phase, at), end in zip(marks, ends, strict=True)
    )
    params: dict[str, int] = {}
    buffers: dict[str, int] = {}
    for into, tensors in ((params, model.named_parameters()), (buffers, model.named_buffers())):
        for path, tensor in tensors:
            into[_place(path)] = into.get(_place(path), 0) + tensor.nbytes
    return _Replay(parts, params, buffers)


def _place(path: str) -> str:
    """Return the block of a parameter; those outside all blocks count with the stem."""
    place = plan.place_of(path)
    return place.around.path if place.block is not None else plan.STEM


def _change(size: int) -> _Change:
    images, fixed = divmod(size, PRIME_BATCH)
    return _Change(size, 0) if fixed else _Change(0, images)


class _Autocast(TorchFunctionMode):
    """A replacement for torch.autocast, which doesn't support the meta device.

    Convolutions and linear layers run in the half type. A weight is cast once and kept in `casts`
    for the whole forward. Softmax and group norm run in float32, everything else in the type of its
    input (PyTorch's "Autocast Op Reference" for CUDA).
    """

    def __init__(self, dtype: torch.dtype, casts: dict[Tensor, Tensor]) -> None:
        super().__init__()
        self._dtype = dtype
        self._casts = casts

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func in (conv2d, linear):
            x, weight, bias, *rest = args
            shift = None if bias is None else self._once(bias)
            args = (x.to(self._dtype), self._once(weight), shift, *rest)
        elif func in (torch.Tensor.softmax, group_norm):
            args = (args[0].float(), *args[1:])
        return func(*args, **(kwargs or {}))

    def _once(self, parameter: Tensor) -> Tensor:
        if parameter not in self._casts:
            self._casts[parameter] = parameter.to(self._dtype)
        return self._casts[parameter]
