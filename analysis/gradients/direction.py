"""The experiment on the gradient's direction: how similar it is at an image and right beside it.

In a plain network at initialisation the correlation between the gradients at different inputs
decays exponentially with depth, until they resemble white noise; with shortcuts it decays far more
slowly (Balduzzi et al. 2017, "The Shattered Gradients Problem"). This experiment takes dL/dx, the
gradient of the cross-entropy on logits with respect to the images, in train mode, at a batch and at
the same batch with normal noise. Each gradient is one vector over all images of the batch, and the
result is the cosine between the two. The mean of per-image cosines agreed to 0.01 (BN, widths 16,
32, 64, 16 random images), but it is undefined if a network is so sure of an image that its gradient
is 0, as deep residual ones without BN can be.

A seed's weights, images and labels are those of `analysis.gradients.measure`, and models with the
same input get the same noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy

from analysis.costs.alive import train_without_dropout, unchanged
from analysis.gradients import measure as norms
from analysis.gradients.cosines import Cosine, Direction, DirectionSettings
from analysis.gradients.curves import Precision, State, state
from analysis.images import batch
from analysis.machine.devices import device_of, environment
from nets.resnet import ResNet
from nets.spec import ResNetSpec

_PASSES = 4  # passes per seed: two forward, two backward to the images


def measure(
    report: Callable[[Cosine], object], specs: tuple[ResNetSpec, ...], settings: DirectionSettings
) -> Direction:
    """Measure every model with every seed, seed by seed.

    Args:
        report: called with each cosine as soon as it is measured.
        specs: 1 to `analysis.gradients.measure.MAX_MODELS` models.
        settings: shared by all models.

    Raises:
        ValueError: as `check` does.
    """
    check(specs, settings)
    models = norms.hollow(specs)
    cosines = []
    for seed in settings.seed_numbers:
        for spec, model in zip(specs, models, strict=True):
            norms.draw(model, seed)
            cosines.append(cosine(spec, model, settings, seed))
            report(cosines[-1])
    return gathered(specs, settings, tuple(cosines))


def gathered(
    specs: tuple[ResNetSpec, ...], settings: DirectionSettings, cosines: tuple[Cosine, ...]
) -> Direction:
    """Return cosines as a run, stamped with the environment of this process."""
    where = environment(device_of(settings.device))
    return Direction(specs, settings, cosines, torch.__version__, torch.get_num_threads(), where)


def check(specs: Sequence[ResNetSpec], settings: DirectionSettings) -> norms.Need:
    """Check that the models can be measured and return the predicted cost.

    Raises:
        ValueError: as `analysis.gradients.measure.check` does.
    """
    return norms.check(specs, settings, _PASSES)


def cosine(spec: ResNetSpec, model: ResNet, settings: DirectionSettings, seed: int) -> Cosine:
    """Measure a model with its current weights, on the images and the noise of a seed.

    Args:
        spec: the network's spec, with or without a softmax.
        model: ends in logits; it is moved to the settings' device and dtype.
        settings: images, batch, noise, device and dtype.
        seed: of images and noise.
    """
    images, labels = batch.batch(settings, spec, seed)
    images = images.to(getattr(torch, settings.precision))
    noise = settings.noise * images.std(correction=0) * noise_like(images, seed)
    model.to(settings.device, images.dtype)
    loss = partial(cross_entropy, target=labels.to(settings.device))
    at = input_gradient(model, images.to(settings.device), loss)
    beside = input_gradient(model, (images + noise).to(settings.device), loss)
    value, found = alike(at, beside, settings.precision)
    return Cosine(str(spec), seed, value, found)


def noise_like(images: Tensor, seed: int) -> Tensor:
    """Return normal noise with the images' shape and dtype, from a separate random stream."""
    generator = Generator().manual_seed(Random(f"{seed} noise").getrandbits(32))
    return torch.randn(images.shape, generator=generator).to(images.dtype)


def input_gradient(model: nn.Module, images: Tensor, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the gradient of a loss with respect to the images, in train mode without dropout.

    The model is left unchanged, including its batch norm statistics.

    Args:
        model: the network.
        images: [N, C, H, W], on the model's device and in its dtype.
        loss: maps the network's output [N, classes] to a scalar.

    Returns:
        [N, C, H, W] in float64 on the CPU.
    """
    x = images.clone().requires_grad_()
    with unchanged(model), torch.enable_grad():
        train_without_dropout(model)
        (gradient,) = torch.autograd.grad(loss(model(x)), x)
    return gradient.cpu().double()


def alike(one: Tensor, other: Tensor, precision: Precision) -> tuple[float, State]:
    """Return the cosine between two gradients and its state.

    Args:
        one: [N, C, H, W] in float64.
        other: the other gradient at the same images.
        precision: the dtype in which both were computed.

    Returns:
        The cosine and MEASURED; or nan and another state if `analysis.gradients.curves.state` gives
        that state for the largest element of either gradient.
    """
    peaks = [float(gradient.abs().amax()) for gradient in (one, other)]
    found = {state(peak, precision) for peak in peaks}
    for worse in (State.NAN, State.INFINITE, State.BELOW):
        if worse in found:
            return math.nan, worse
    # Scale first: the square of a tiny element is 0.
    a, b = (x.flatten() / peak for x, peak in zip((one, other), peaks, strict=True))
    return float(cosine_similarity(a, b, dim=0).clamp(-1, 1)), State.MEASURED
