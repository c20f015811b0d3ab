"""Checkpoints: trained weights as safetensors, described in the file's metadata.

The weights are enough to predict; a second file holds what a run needs to resume. Weights from
other programs, of which a file says no more than names and shapes, become checkpoints if every
tensor of the network has its values.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from analysis.images.folder import SHORTER_SIDE
from analysis.images.picture import decode
from analysis.images.sets import ImageSet, Stack
from analysis.machine.disk import replacing
from analysis.training.batches import CENTRE, centre, shown
from analysis.training.loop import Training
from analysis.training.recipes import OptimiserKind
from analysis.training.report import read_run, run_result
from analysis.training.runs import Run
from analysis.training.tensors import TensorFile, open_tensors
from nets import parse
from nets.options import OPTIONS, idle_options
from nets.recognise import Recognised, recognise
from nets.resnet import ResNet, build
from nets.spec import ResNetSpec

SUFFIX = ".safetensors"
"""Suffix of the file with the weights."""

STATE = ".state.safetensors"
"""Suffix of the file from which a run resumes."""

MAX_SIDE = 10_000
"""Largest height or width of the pictures that a network was trained on."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""The usual normalisation of colour pictures, which torchvision's and timm's networks expect."""

GREY_MEAN, GREY_STD = (0.5,), (0.5,)
"""The usual normalisation of grey pictures: from -1 to 1."""

ASSUMED = "numbered classes and ImageNet's normalisation (grey pictures: -1 to 1)"
"""What a file from another program doesn't say."""

_FORMAT = "resnet-lab checkpoint 1"
_MOST_LEFT = 200  # characters
_STATE_FORMAT = "resnet-lab state 1"


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


class Guess(NamedTuple):
    """A class and its predicted probability."""

    name: str
    probability: float


def save(training: Training, path: Path, *, half: bool = False) -> None:
    """Write the weights of a training atomically.

    Args:
        training: whole or in progress.
        path: ends in `.safetensors`.
        half: whether to write floats in float16, which halves the file.

    Raises:
        OSError: if it can't be written; an earlier file is then left unchanged.
    """
    run, images = training.run(), training.images
    about = {
        "format": _FORMAT,
        "model": run.model,
        "classes": json.dumps(images.classes),
        "mean": json.dumps(images.mean),
        "std": json.dumps(images.std),
        "centre": json.dumps(1.0 if isinstance(images.test, Stack) else CENTRE),
        "sides": json.dumps(_sides(images)),
        "recipe": json.dumps({"name": run.task.recipe.name, **run.task.recipe.values()}),
        "data": images.name,
        "digest": images.digest,
        "seed": str(run.task.seed),
        "steps": str(run.steps),
        "train_loss": json.dumps(None if math.isnan(run.last_loss) else run.last_loss),
        "test_accuracy": json.dumps(run.epochs[-1].test_accuracy if run.epochs else None),
        "torch": torch.__version__,
    }
    weights = {}
    for name, tensor in training.model.state_dict().items():
        plain = tensor.detach().cpu().contiguous()
        weights[name] = plain.half() if half and plain.is_floating_point() else plain
    _write(weights, path, about)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint of this app, or the weights of a ResNet from another program.

    Raises:
        ValueError: in one sentence, if the file isn't one, lacks a tensor, or is damaged.
        OSError: if it can't be read.
    """
    file = open_tensors(path)
    if file.about.get("format") != _FORMAT:
        return _foreign(Opened.of(file))
    weights, about = _read(path, _FORMAT)
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
            if file.about.get("format") == _FORMAT:
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
        "format": _FORMAT,
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
    _write(weights, path, checkpoint.about)


def save_state(training: Training, path: Path) -> None:
    """Write all that a run needs to resume, atomically.

    Raises:
        OSError: if it can't be written; an earlier file is then left unchanged.
    """
    optimiser = training.optimiser.state_dict()
    tensors = {
        f"model.{name}": tensor.detach().cpu().contiguous()
        for name, tensor in training.model.state_dict().items()
    }
    plain: dict[str, dict[str, Any]] = {}
    for number, values in optimiser["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{number}.{name}"] = value.detach().cpu().contiguous()
            else:
                plain.setdefault(str(number), {})[name] = value
    about = {
        "format": _STATE_FORMAT,
        "run": run_result(training.run()).json(),
        "groups": json.dumps(optimiser["param_groups"]),
        "plain": json.dumps(plain),
    }
    _write(tensors, path, about)


def resume(training: Training, path: Path) -> None:
    """Restore a training to the point where a run stopped.

    Args:
        training: of the same task; changed in place.
        path: written by `save_state`.

    Raises:
        ValueError: if the file isn't a run's state, is damaged, or belongs to another run.
        OSError: if it can't be read.
    """
    tensors, about = _read(path, _STATE_FORMAT)
    damaged = ValueError(f"{path.name} is damaged: the run can't be resumed from it")
    try:
        before = read_run(json.loads(about["run"]), training.task)
    except (KeyError, TypeError, ValueError):
        raise damaged from None
    if before.task.hash != training.task.hash:
        raise ValueError(
            f"{path.name} belongs to another run, not to this one of {training.task.spec}"
        )
    try:
        _check_state(training, before, tensors)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch expects an optimiser step before each
            for _ in before.train_loss:
                training.schedule.step()  # its state isn't JSON; the rates are loaded below
        state: dict[int, dict[str, Any]] = {
            int(number): dict(values) for number, values in json.loads(about["plain"]).items()
        }
        for name, tensor in tensors.items():
            if name.startswith("optimiser."):
                _, number, what = name.split(".")
                state.setdefault(int(number), {})[what] = tensor
        groups = json.loads(about["groups"])
        if not all(math.isfinite(group["lr"]) for group in groups):
            raise ValueError("a rate isn't finite")
        training.optimiser.load_state_dict({"state": state, "param_groups": groups})
        training.model.load_state_dict(
            {
                name.removeprefix("model."): tensor
                for name, tensor in tensors.items()
                if name.startswith("model.")
            }
        )
    except Exception as error:  # loaders may raise anything when fed edited bytes
        raise damaged from error
    training.losses, training.accuracies = list(before.train_loss), list(before.train_accuracy)
    training.epochs, training.curves = list(before.epochs), dict(before.curves)
    training.seconds = before.seconds


def _check_state(training: Training, before: Run, tensors: Mapping[str, Tensor]) -> None:
    """Check that a run resumed from this state would reach the same numbers.

    Raises:
        ValueError: if lengths, shapes or numbers can't be right.
    """
    if not 0 < before.steps < training.total or before.steps != len(before.train_accuracy):
        raise ValueError("steps are missing or too many")
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise ValueError("a number isn't finite")
    recipe = training.task.recipe
    if recipe.optimiser is OptimiserKind.ADAMW:
        wanted = {"step", "exp_avg", "exp_avg_sq"}
    else:
        wanted = {"momentum_buffer"} if recipe.momentum else set()
    parameters = [p for group in training.optimiser.param_groups for p in group["params"]]
    for number, parameter in enumerate(parameters):
        for name in wanted:
            tensor = tensors[f"optimiser.{number}.{name}"]
            if name != "step" and tensor.shape != parameter.shape:
                raise ValueError("a state has another shape")


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
    if checkpoint.sides:  # the middle of the same proportions
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


def _write(tensors: Mapping[str, Tensor], path: Path, about: Mapping[str, str]) -> None:
    try:
        with replacing(path) as file:
            save_file(dict(tensors), file, dict(about))
    except SafetensorError as error:  # raised, for example, if the disk is full
        raise OSError(f"{path.name} can't be written: {' '.join(str(error).split())}") from None


def _read(path: Path, wanted: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    with path.open("rb"):  # for Python's own error if the file is missing
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


def _sides(images: ImageSet) -> tuple[int, int] | None:
    """Return the height and width of a set's pictures, or None if they vary."""
    if not isinstance(images.test, Stack):
        return None
    return images.test.images.shape[2], images.test.images.shape[3]


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
