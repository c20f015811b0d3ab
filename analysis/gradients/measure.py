"""The gradient experiment: the gradient norm along the depth of networks at initialisation.

For every seed, the weights of every model are drawn, and each model runs forward and backward once
in train mode. The loss is the cross-entropy on logits: a network that ends in a softmax is measured
before it, because cross-entropy applied to a softmax of a softmax would be a different loss.

For a seed, torch's generator is set to the seed before each model's weights are drawn; images and
labels come from a second generator (`analysis.images.batch`). Two models therefore share weights
for as long as they draw the same layers in the same order: a plain stack shares all of them with a
residual one with zero-pad shortcuts, and only those before the first projection with one that has
projections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.costs.alive import train_without_dropout, unchanged
from analysis.costs.profiles import LARGER, Profile, profile
from analysis.gradients.curves import (
    Curve,
    Gradients,
    GradientSettings,
    NormSeries,
    Precision,
    state,
)
from analysis.images import batch
from analysis.machine.devices import device_of, environment
from nets import plan
from nets.names import name_of
from nets.options import Activation
from nets.resnet import ResNet, build, initialise
from nets.spec import ResNetSpec
from nets.text import edit

MAX_MODELS = 8
"""Most models in one run."""

MAX_BYTES = 4_000_000_000
"""Most bytes that one pass may take, by prediction."""

MAX_MACS = 10_000_000_000_000
"""Most multiply-adds of a run, forward and backward: about six minutes on one CPU core."""


@dataclass(frozen=True)
class Need:
    """The predicted cost of a run: bytes of its largest pass, multiply-adds of all passes."""

    bytes: int
    macs: int


def measure(
    report: Callable[[Curve], object], specs: tuple[ResNetSpec, ...], settings: GradientSettings
) -> Gradients:
    """Measure every model with every seed, seed by seed.

    Args:
        report: called with each curve as soon as it is measured.
        specs: 1 to `MAX_MODELS` models.
        settings: shared by all models.

    Raises:
        ValueError: as `check` does.
    """
    check(specs, settings)
    models = hollow(specs)
    curves = []
    for seed in settings.seed_numbers:
        for spec, model in zip(specs, models, strict=True):
            draw(model, seed)
            curves.append(curve(spec, model, settings, seed))
            report(curves[-1])
    return gathered(specs, settings, tuple(curves))


def gathered(
    specs: tuple[ResNetSpec, ...], settings: GradientSettings, curves: tuple[Curve, ...]
) -> Gradients:
    """Return curves as a run, stamped with the environment of this process."""
    where = environment(device_of(settings.device))
    return Gradients(specs, settings, curves, torch.__version__, torch.get_num_threads(), where)


class BatchError(ValueError):
    """Raised if a run is too large at its batch; `fits` is the largest that would fit, or 0."""

    def __init__(self, reason: str, fits: int) -> None:
        super().__init__(reason)
        self.fits = fits


def check(specs: Sequence[ResNetSpec], settings: GradientSettings, passes: int = 3) -> Need:
    """Check that a run is possible and return its predicted cost.

    Args:
        specs: the models.
        settings: shared by all models.
        passes: multiply-adds of a seed over those of one forward pass. By default one forward and
            one backward pass, which computes the gradients of every layer's input and weights.

    Raises:
        ValueError: in one sentence, if a model can't be measured with these settings, the run takes
            more than `MAX_BYTES` or `MAX_MACS`, or the images or the device are unavailable.
    """
    if not 1 <= len(specs) <= MAX_MODELS:
        raise ValueError(f"a run has 1 to {MAX_MODELS} models, not {len(specs)}")
    if len(set(map(str, specs))) < len(specs):
        raise ValueError("a model is given twice: each must differ from the others")
    for spec in specs:
        if not spec.classes:
            raise ValueError(
                f"{spec} has no classifier and so no loss: use 2 classes or more, not classes=0"
            )
        if spec.classes == 1:
            raise ValueError(
                f"{spec} has one class, and the cross-entropy over one class has no gradient: "
                "use 2 classes or more"
            )
    _check_device(settings)
    batch.check(settings)
    costs = [profile(spec, batch=settings.batch) for spec in specs]
    for cost in costs:
        if cost.untrainable:
            raise ValueError(f"{cost.model} has no gradients: {cost.untrainable}; {LARGER}")
    largest = max(costs, key=_pass_bytes)
    weights = 4 * sum(cost.params for cost in costs)
    scale = settings.precision.bytes // 4
    need = Need(
        bytes=scale * (weights + _pass_bytes(largest)),
        macs=settings.seeds * sum(passes * cost.macs for cost in costs),
    )
    if need.bytes > MAX_BYTES:
        fits = _smaller(largest, MAX_BYTES // scale - weights)
        way = f"batch {fits:,} would fit" if fits else "use a smaller input or model"
        raise BatchError(
            f"a run with {name_of(largest.spec)} at batch {settings.batch:,} needs "
            f"{need.bytes / 1e9:.1f} GB, but at most {MAX_BYTES / 1e9:.0f} GB are allowed: {way}",
            fits,
        )
    if need.macs > MAX_MACS:
        fits = settings.batch * MAX_MACS // need.macs
        way = f"batch {fits:,} would fit" if fits else "use fewer seeds or models"
        raise BatchError(
            f"this run takes {need.macs / 1e12:,.1f} T multiply-adds, but at most "
            f"{MAX_MACS / 1e12:.0f} T are allowed: {way}",
            fits,
        )
    return need


def _pass_bytes(cost: Profile) -> int:
    """Return the float32 bytes of a pass besides the weights: saved tensors and gradients."""
    assert cost.saved_bytes is not None  # the callers have refused untrainable networks
    return cost.saved_bytes + 4 * cost.params


def _smaller(cost: Profile, allowed: int) -> int:
    """Return the largest batch whose pass fits into the allowed bytes; 0 if there is none."""
    batch = cost.batch * max(allowed - 4 * cost.params, 0) // (_pass_bytes(cost) - 4 * cost.params)
    while batch and not (smaller := profile(cost.spec, batch=batch)).untrainable:
        if _pass_bytes(smaller) <= allowed:
            return batch
        batch -= 1  # the estimate also scaled bytes that don't grow with the batch
    return 0


def _check_device(settings: GradientSettings) -> None:
    device = device_of(settings.device)
    if device.type == "mps" and settings.precision is Precision.FLOAT64:
        raise ValueError("device mps has no float64: use float32, or device cpu")


def hollow(specs: Sequence[ResNetSpec]) -> list[ResNet]:
    """Build networks that end in logits, with their weights not yet drawn."""
    models = [build(edit(spec, {"softmax": False}), device="meta") for spec in specs]
    for model in models:
        model.to_empty(device="cpu")
    return models


def draw(model: ResNet, seed: int) -> None:
    """Draw a model's weights for a seed; torch's global generator is left unchanged."""
    model.to("cpu", torch.float32)  # every device and precision gets the same weights
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        initialise(model)


def curve(spec: ResNetSpec, model: ResNet, settings: GradientSettings, seed: int) -> Curve:
    """Measure a model with its current weights, on the images of a seed.

    Args:
        spec: the network's spec, with or without a softmax.
        model: ends in logits; it is moved to the settings' device and dtype.
        settings: images, batch, device and dtype.
        seed: of the images.
    """
    images, labels = batch.batch(settings, spec, seed)
    dtype = getattr(torch, settings.precision)
    norms = observe(
        model.to(settings.device, dtype),
        images.to(settings.device, dtype),
        labels.to(settings.device),
    )
    convolutions = _convolutions(spec)
    return Curve(
        model=str(spec),
        seed=seed,
        precision=settings.precision,
        loss=norms.loss,
        activations=_series(_points(spec), norms.activations, settings.precision),
        weights=_series(convolutions, norms.weight_gradients, settings.precision),
        weight_norms=tuple(norms.weights[path] for path in convolutions),
        lost_from=_lost_from(spec, norms.peaks, settings.precision),
    )


def _lost_from(spec: ResNetSpec, peaks: dict[str, float], precision: Precision) -> str:
    """Return the first point at which the forward signal is too small for a ReLU to see its sign.

    Other activations pass gradients at 0 as they do around it.
    """
    if spec.activation not in (Activation.RELU, Activation.LEAKY_RELU):
        return ""
    return next((path for path, peak in peaks.items() if peak < precision.smallest), "")


def _series(places: dict[str, int], norms: dict[str, float], precision: Precision) -> NormSeries:
    values = tuple(norms[path] for path in places)
    return NormSeries(
        tuple(places),
        tuple(places.values()),
        values,
        tuple(state(value, precision) for value in values),
    )


def _points(spec: ResNetSpec) -> dict[str, int]:
    """Map the stem's last step and every block to the number of weighted layers up to its end."""
    paths = [plan.stem_steps(spec)[-1].name, *(block.path for block in plan.blocks(spec))]
    stem = spec.convs_in_stem
    return {path: stem + i * spec.convs_per_block for i, path in enumerate(paths)}


def _convolutions(spec: ResNetSpec) -> dict[str, int]:
    """Map the main path's convolutions to their numbers among the weighted layers."""
    convs = range(1, spec.convs_per_block + 1)
    inner = [f"{block.path}.conv{i}" for block in plan.blocks(spec) for i in convs]
    return {path: i for i, path in enumerate([*plan.stem_convs(spec), *inner], start=1)}


@dataclass(frozen=True)
class Norms:
    """The loss and the norms of one backward pass, by path; `peaks` are max|x| of the forward."""

    loss: float
    peaks: dict[str, float]
    activations: dict[str, float]
    weight_gradients: dict[str, float]
    weights: dict[str, float]


def observe(model: ResNet, images: Tensor, labels: Tensor) -> Norms:
    """Run a model forward and backward in train mode without dropout and record norms on the way.

    ||dL/dx|| comes from a tensor hook at the output of the stem and of every block, which sees the
    whole gradient, shortcut and branch together. The model is left unchanged: its mode, its hooks,
    its buffers (train mode changes a batch norm's statistics) and its parameters' `grad`.

    Args:
        model: a network that ends in logits.
        images: [N, C, H, W], on the model's device and in its dtype.
        labels: [N].
    """
    points, convolutions = _points(model.spec), _convolutions(model.spec)
    peaks: dict[str, float] = {}
    activations: dict[str, float] = {}

    def watch(path: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def keep(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            peaks[path] = float(output.detach().abs().amax())
            output.register_hook(lambda gradient: activations.update({path: norm(gradient)}))

        return keep

    weights = [model.get_submodule(path).get_parameter("weight") for path in convolutions]
    # Hooking only these modules, not all as `analysis.costs.alive.hooked` does, is 3% faster.
    handles = [model.get_submodule(path).register_forward_hook(watch(path)) for path in points]
    try:
        with unchanged(model), torch.enable_grad():
            train_without_dropout(model)
            loss = functional.cross_entropy(model(images), labels)
            gradients = torch.autograd.grad(loss, weights)
    finally:
        for handle in handles:
            handle.remove()
    return Norms(
        loss=loss.item(),
        peaks=peaks,
        activations=activations,
        weight_gradients=dict(zip(convolutions, map(norm, gradients), strict=True)),
        weights=dict(zip(convolutions, map(norm, weights), strict=True)),
    )


def norm(tensor: Tensor) -> float:
    """Return the Euclidean norm, accumulated in float64 on the CPU.

    Squares underflow in float32: the norm was 0 for a largest element of 3.9e-26.
    """
    whole = tensor.detach().cpu()
    return float(torch.linalg.vector_norm(whole, dtype=torch.float64))
