"""A network on a device, and one iteration of it: whole, or with a mark after each part.

No module hooks are used: a network's children run in their order of definition, so a pass by parts
calls the same modules group by group.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from analysis.costs.step import Dtype
from analysis.machine.clock import Clock
from analysis.machine.devices import seeded
from analysis.timing.settings import Settings
from nets import plan
from nets.plan import Step
from nets.resnet import ResNet, build
from nets.spec import ResNetSpec

Steps = tuple[Callable[[Tensor], Tensor], ...]


class Passes:
    """A network, its images and its optimiser on a device, all allocated and ready to run.

    `whole` and `stages` are arguments for `run`: the network as one step, or one step each for the
    stem, every stage and the head, named by `names`. Where the settings ask for blocks, `stages`
    has a step for every block instead. Weights are drawn on the CPU, so they are the same on every
    device. The optimiser's learning rate is 0: it does all its work, and every iteration is the
    same.
    """

    def __init__(
        self, spec: ResNetSpec, settings: Settings, device: torch.device, clock: Clock[Any]
    ) -> None:
        self.settings, self.device, self.clock = settings, device, clock
        layout = torch.channels_last if settings.channels_last else torch.contiguous_format
        random = torch.Generator().manual_seed(settings.seed)
        with seeded(settings.seed):
            model = build(spec)
        self.model = model.to(device).to(memory_format=layout).train(not settings.inference)
        images = torch.randn(settings.batch, *spec.input, generator=random)
        self.images = images.to(device, memory_format=layout)
        self.labels = torch.randint(spec.outputs, (settings.batch,), generator=random).to(device)
        self.optimiser = torch.optim.SGD(self.model.parameters(), lr=0.0, momentum=0.9)
        self.names, parts = _parts(spec, self.model, settings.blocks)
        self.whole: Steps = (self.model,)
        self.stages: Steps = parts

    def compile(self) -> None:
        """Have the network and each part compiled at their first pass."""
        # Beyond its limit of compiled variants, torch silently runs uncompiled code.
        torch.compiler.reset()
        self.whole, self.stages = (
            tuple(torch.compile(step, fullgraph=True, dynamic=False) for step in steps)
            for steps in (self.whole, self.stages)
        )

    def run(self, steps: Steps) -> list[Any]:
        """Issue one iteration without waiting for it.

        Returns:
            The marks: the start; the end of every step's forward; in training the end of every
            step's backward, the last step first; then the end of the optimiser's step, if there is
            one. The first backward includes the loss.
        """
        marks = [self.clock.mark()]
        hooks = []
        training = not self.settings.inference
        try:
            with torch.enable_grad() if training else torch.inference_mode(), self.autocast():
                y = self.images
                for step in steps:
                    if training and len(marks) > 1:
                        hooks.append(y.register_hook(lambda _: marks.append(self.clock.mark())))
                    y = step(y)
                    marks.append(self.clock.mark())
                if not training:
                    return marks
                loss = cross_entropy(y, self.labels)
            loss.backward()
            marks.append(self.clock.mark())
        finally:
            for hook in hooks:
                hook.remove()
        if self.settings.optimiser:
            self.optimiser.step()
            marks.append(self.clock.mark())
        self.optimiser.zero_grad()
        return marks

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the autocast context of the settings."""
        if self.settings.dtype is Dtype.FLOAT32:
            return nullcontext()
        return torch.autocast(self.device.type, self.settings.dtype.torch)


def _parts(spec: ResNetSpec, model: ResNet, blocks: bool) -> tuple[tuple[str, ...], Steps]:
    """Return stem, stages or blocks, and head: their names, and modules that share the model's."""

    def several(steps: tuple[Step, ...]) -> nn.Module:
        return nn.Sequential(*(model.get_submodule(step.name) for step in steps))

    stages = plan.stage_names(spec)
    if blocks:
        stages = tuple(f"{s.name}.{i}" for s in plan.stages(spec) for i in range(s.count))
    parts = (
        several(plan.stem_steps(spec)),
        *(model.get_submodule(name) for name in stages),
        several(plan.head_steps(spec)),
    )
    return ("stem", *stages, "head"), parts


def check_autocast(settings: Settings, device: torch.device) -> None:
    """Check that torch has autocast to the settings' dtype on a device; raise ValueError if not."""
    if settings.dtype is Dtype.FLOAT32:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns and continues in float32
            with torch.autocast(device.type, settings.dtype.torch):
                if torch.is_autocast_enabled(device.type):
                    return
    except RuntimeError:  # raised if the device itself has no support
        pass
    raise ValueError(f"torch has no {settings.dtype} autocast for {device.type} here: use float32")


@contextmanager
def prepared(settings: Settings, device: torch.device) -> Iterator[None]:
    """Set torch's global state for a measurement, and restore it afterwards.

    cuDNN searches for its fastest algorithms, determinism is off, and Python's garbage collector is
    disabled.
    """
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn = torch.backends.cudnn
    search, cudnn_deterministic = cudnn.benchmark, cudnn.deterministic
    collecting = gc.isenabled()
    try:
        torch.set_num_threads(settings.threads or threads)
        torch.use_deterministic_algorithms(False)
        cudnn.benchmark, cudnn.deterministic = True, False
        gc.collect()
        gc.disable()
        with current(device), tf32(settings.tf32, device):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        cudnn.benchmark, cudnn.deterministic = search, cudnn_deterministic
        if collecting:
            gc.enable()
        gc.collect()
        if device.type != "cpu":
            torch.accelerator.empty_cache()


def current(device: torch.device) -> AbstractContextManager[Any]:
    """Make a device the current one of its type, because events are recorded on the current one."""
    return nullcontext() if device.type == "cpu" else torch.accelerator.device_index(device.index)


@contextmanager
def tf32(allowed: bool, device: torch.device) -> Iterator[None]:
    """Allow or forbid TF32 in convolutions and matrix products; only CUDA devices have it.

    This sets the older of torch's two APIs, because torch.compile reads that one and raises if only
    the newer was used (pytorch issue 166387). The newer API reads the state and restores it.
    """
    if device.type != "cuda":
        yield
        return
    cudnn: Any = torch.backends.cudnn
    matmul: Any = torch.backends.cuda.matmul
    places = (cudnn.conv, cudnn.rnn, matmul)
    before = [place.fp32_precision for place in places]
    older = {module: _allows_tf32(module) for module in (cudnn, matmul)}
    older = {module: value for module, value in older.items() if value is not None}
    try:
        for module in older:
            module.allow_tf32 = allowed
        for place in places:
            if (place.fp32_precision == "tf32") is not allowed:
                place.fp32_precision = "tf32" if allowed else "ieee"
        yield
    finally:
        for module, value in older.items():
            module.allow_tf32 = value
        for place, precision in zip(places, before, strict=True):
            place.fp32_precision = precision


def _allows_tf32(module: Any) -> bool | None:
    """Return the older API's state, or None if the caller's use of the newer one disabled it."""
    try:
        return bool(module.allow_tf32)
    except RuntimeError:
        return None
