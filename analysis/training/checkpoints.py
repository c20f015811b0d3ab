"""Checkpoints: trained weights as safetensors, described in the file's metadata.

Weights from other programs, of which a file says no more than names and shapes, become checkpoints
if every tensor of the network has its values.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from analysis.images.folder import SHORTER_SIDE
from analysis.images.picture import decode
from analysis.machine.disk import replacing
from analysis.training.batches import CENTRE, centre, shown
from analysis.training.tensors import TensorFile, open_tensors
from nets import parse
from nets.options import OPTIONS, idle_options
from nets.recognise import Recognised, recognise
from nets.resnet import ResNet, build
from nets.spec import ResNetSpec

SUFFIX = ".safetensors"
"""Suffix of the file with the weights."""

FORMAT = "resnet-lab checkpoint 1"
"""What a checkpoint of this app has as `format` in its metadata."""

MAX_SIDE = 10_000
"""Largest height or width of the pictures that a network was trained on."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""The usual normalisation of colour pictures, which torchvision's and timm's networks expect."""

GREY_MEAN, GREY_STD = (0.5,), (0.5,)
"""The usual normalisation of grey pictures: from -1 to 1."""

ASSUMED = "numbered classes and ImageNet's normalisation (grey pictures: -1 to 1)"
"""What a file from another program doesn't say."""

_MOST_LEFT = 200  # most characters of the list of tensors left out


@dataclass(frozen=True)
class Checkpoint:
    """Trained weights and what is needed to use them.

    Attributes:
        spec: the network.
        weights: its state dict, float32 or float16.
        classes: the class names, in the order of the outputs.
        mean: of the pixels per channel, on a scale of 0 to 1.
        std: as `mean`.
        centre: the share of a picture's shorter side that the network sees.
        sides: height and width of the training pictures, if all had the same.
        about: recipe, data, seed and figures, as text to show.
        is_foreign: whether the weights come from another program, whose file names no classes and
            no normalisation: the classes are numbered, and the normalisation is the usual one.
    """

    spec: ResNetSpec
    weights: Mapping[str, Tensor]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    centre: float
    sides: tuple[int, int] | None
    about: Mapping[str, str]
    is_foreign: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said with every use of another program's weights."""
        left = self.about.get("left", "")
        said = f"tensors without a place in {self.spec} are left out: {left[:_MOST_LEFT]}"
        return (f"assumed: {ASSUMED}", *([said] if left else ())) if self.is_foreign else ()

    @property
    def digest(self) -> str:
        """A hash of the weights, as `digest_of`."""
        return digest_of(self.weights)

    def network(self, *, softmax: bool = False) -> ResNet:
        """Return the network with these weights, in eval mode and float32.

        Args:
            softmax: whether to keep the softmax of a spec that has one; without it the network
                ends in logits.

        Raises:
            ValueError: if the weights don't fit the network.
        """
        spec = replace(self.spec, softmax=softmax and self.spec.softmax)
        model = build(spec, device="meta").to_empty(device="cpu")
        own = model.state_dict()
        for name, tensor in own.items():
            found = self.weights.get(name)
            if found is None:
                raise ValueError(f"the checkpoint doesn't fit {self.spec}: it lacks {name}")
            alike = found.is_floating_point() is tensor.is_floating_point()
            if found.shape != tensor.shape or not alike:
                raise ValueError(f"the checkpoint doesn't fit {self.spec}: {name} differs")
            if not found.isfinite().all():
                raise ValueError(f"the checkpoint is unusable: {name} isn't finite")
        if extra := [name for name in self.weights if name not in own]:
            raise ValueError(f"the checkpoint doesn't fit {self.spec}, which has no {extra[0]}")
        model.load_state_dict({name: self.weights[name].to(own[name].dtype) for name in own})
        return model.eval()


def digest_of(weights: Mapping[str, Tensor]) -> str:
    """Return a hash of weights: 16 hexadecimal digits of SHA-256."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


class Guess(NamedTuple):
    """A class and its predicted probability."""

    name: str
    probability: float


def load(path: Path) -> Checkpoint:
    """Read a checkpoint of this app, or the weights of a ResNet from another program.

    Raises:
        ValueError: in one sentence, if the file isn't one, lacks a tensor, or is damaged.
        OSError: if it can't be read.
    """
    file = open_tensors(path)
    if file.about.get("format") != FORMAT:
        return _foreign(Opened.of(file))
    weights, about = read_tensors(path, FORMAT)
    try:
        found = Checkpoint(
            spec=parse(about["model"]),
            weights=weights,
            classes=_texts(about["classes"]),
            mean=_numbers(about["mean"]),
            std=_numbers(about["std"]),
            centre=float(about["centre"]),
            sides=_pair(about.get("sides", "null")),
            about=about,
            is_foreign=about.get("foreign") == "1",
        )
        colours = len(found.mean)
        if len(found.classes) != found.spec.classes or colours not in (1, 3):
            raise ValueError
        if len(found.std) != colours or not all(0 < std < math.inf for std in found.std):
            raise ValueError
        if not all(map(math.isfinite, found.mean)) or not 0.5 <= found.centre <= 1:
            raise ValueError
    except (KeyError, TypeError, ValueError, RecursionError, OverflowError):
        raise ValueError(f"{path.name} is damaged: its description can't be read") from None
    return found


@dataclass(frozen=True)
class Opened:
    """A file and the network that its tensors' names and shapes belong to; no values are read."""

    file: TensorFile
    found: Recognised

    @classmethod
    def of(cls, file: TensorFile) -> Opened:
        """Recognise the network of a file; a checkpoint of this app says which it is.

        Raises:
            ValueError: in one sentence, if it isn't a ResNet.
        """
        try:
            found = recognise(file.shapes)
            if file.about.get("format") == FORMAT:
                spec = parse(file.about["model"])
                sure = tuple(name for name in OPTIONS if name not in idle_options(spec))
                found = replace(found, spec=spec, sure=sure, assumed=())
        except (KeyError, ValueError) as error:
            raise ValueError(f"{file.path.name}: {error}") from None
        return cls(file, found)

    def weights(self) -> dict[str, Tensor]:
        """Read the values, by our names.

        Raises:
            ValueError: if the file lacks a tensor of the network.
            OSError: if it can't be read.
        """
        found = self.found
        if found.missing:
            more = f" and {len(found.missing) - 1:,} more" if len(found.missing) > 1 else ""
            raise ValueError(
                f"{self.file.path.name} has no values for {found.missing[0]}{more} of {found.spec}"
            )
        values = self.file.values(found.names)
        weights = {ours: values[theirs] for theirs, ours in found.names.items()}
        for name, tensor in build(found.spec, device="meta").state_dict().items():
            if name.endswith("num_batches_tracked"):  # some files leave it out or store a float
                weights[name] = weights.get(name, torch.tensor(0)).long().reshape(())
            elif weights[name].dim() != tensor.dim() and weights[name].numel() == tensor.numel():
                weights[name] = weights[name].reshape(tensor.shape)  # linear as 1x1, or reversed
        return weights


def open_checkpoint(path: Path) -> Opened:
    """Read the names and shapes of a file's tensors, and recognise the network.

    Raises:
        ValueError: in one sentence, if the file can't be used or isn't a ResNet.
        OSError: if it can't be read.
    """
    return Opened.of(open_tensors(path))


def _foreign(opened: Opened) -> Checkpoint:
    """Return the weights of another program's file with the usual normalisation."""
    spec, grey = opened.found.spec, opened.found.spec.channels == 1
    if not spec.classes:
        raise ValueError(f"{opened.file.path.name} has no classifier, so its network can't predict")
    classes = tuple(f"class {number}" for number in range(spec.classes))
    mean, std = (GREY_MEAN, GREY_STD) if grey else (IMAGENET_MEAN, IMAGENET_STD)
    about = {
        "format": FORMAT,
        "model": str(spec),
        "classes": json.dumps(classes),
        "mean": json.dumps(mean),
        "std": json.dumps(std),
        "centre": json.dumps(CENTRE),
        "foreign": "1",
        "left": ", ".join(opened.found.left),
    }
    weights = opened.weights()
    return Checkpoint(spec, weights, classes, mean, std, CENTRE, None, about, is_foreign=True)


def convert(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint read from another program's file in this app's format, atomically.

    Raises:
        OSError: if it can't be written.
    """
    weights = {name: tensor.contiguous() for name, tensor in checkpoint.weights.items()}
    write_tensors(weights, path, checkpoint.about)


def guesses(checkpoint: Checkpoint, network: ResNet, picture: bytes, top: int = 3) -> list[Guess]:
    """Return the likeliest classes of a picture, the best first.

    Args:
        checkpoint: the trained network.
        network: built from the checkpoint.
        picture: the bytes of a picture's file.
        top: how many classes to return.

    Raises:
        ValueError: if the file isn't a picture that can be read.
    """
    chances = probabilities(checkpoint, network, picture)
    best = chances.argsort(descending=True, stable=True)[:top].tolist()
    return [Guess(checkpoint.classes[i], float(chances[i])) for i in best]


@torch.inference_mode()
def probabilities(checkpoint: Checkpoint, network: ResNet, picture: bytes) -> Tensor:
    """Return the probability of each class, [classes], in eval mode."""
    x = seen(checkpoint, picture)
    found: Tensor = network.eval()(x).softmax(1)[0]
    return found


def seen(checkpoint: Checkpoint, picture: bytes) -> Tensor:
    """Return a picture as the network's input: [1, channels, height, width].

    The picture is treated like the network's test images: photographs are cropped to their centre,
    other pictures to the proportions of the training pictures, in their colours.
    """
    from torchvision.transforms.v2.functional import center_crop, pil_to_tensor

    channels, height, width = checkpoint.spec.input
    shape = (channels, height, width)
    whole = decode(picture, SHORTER_SIDE).convert("L" if len(checkpoint.mean) == 1 else "RGB")
    pixels = pil_to_tensor(whole)
    if checkpoint.sides:  # crop the centre to the same aspect ratio
        high, wide = checkpoint.sides
        size = min(whole.height / high, whole.width / wide)
        pixels = center_crop(pixels, [max(round(high * size), 1), max(round(wide * size), 1)])
    else:
        pixels = centre(shape)(pixels)
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1) * 255.0
        for values in (checkpoint.mean, checkpoint.std)
    )
    return shown(pixels.unsqueeze(0), mean, std, shape)


def write_tensors(tensors: Mapping[str, Tensor], path: Path, about: Mapping[str, str]) -> None:
    """Write a safetensors file with metadata, atomically.

    Raises:
        OSError: if it can't be written; an earlier file is then left unchanged.
    """
    try:
        with replacing(path) as file:
            save_file(dict(tensors), file, dict(about))
    except SafetensorError as error:  # raised, for example, if the disk is full
        raise OSError(f"{path.name} can't be written: {' '.join(str(error).split())}") from None


def read_tensors(path: Path, wanted: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors and the metadata of a safetensors file of this app.

    Args:
        path: the file.
        wanted: the `format` that its metadata must have.

    Raises:
        ValueError: if the file is damaged or has another format.
        OSError: if it can't be read.
    """
    with path.open("rb"):  # raises Python's own error if the file is missing
        pass
    try:
        with safe_open(path, "pt") as file:
            about = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path.name} isn't a checkpoint of this app, or it's damaged") from error
    if about.get("format") != wanted:
        raise ValueError(f"{path.name} isn't a checkpoint of this app: its format isn't '{wanted}'")
    return tensors, about


def _texts(text: str) -> tuple[str, ...]:
    values = json.loads(text)
    if not isinstance(values, list) or not all(
        isinstance(value, str) and value.isprintable() for value in values
    ):
        raise ValueError("not a list of strings")
    return tuple(values)


def _pair(text: str) -> tuple[int, int] | None:
    value = json.loads(text)
    if value is None:
        return None
    high, wide = value
    if not all(isinstance(side, int) and 0 < side <= MAX_SIDE for side in (high, wide)):
        raise ValueError("not a height and width")
    return high, wide


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, json.loads(text)))
