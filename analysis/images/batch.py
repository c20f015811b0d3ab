"""The images and labels of a run: random, Fashion-MNIST, or one uploaded picture.

No function here takes a path: where data lies is the server owner's to say, in the environment
variable `RESNET_LAB_DATA`.

Whatever the kind, a batch has mean 0 and variance 1 (random images in expectation), so that kinds
can be compared, and comes from a generator of its own: a seed gives the same images to every model
with the same input, and the same labels to every model with as many classes.
"""

from __future__ import annotations

import gzip
import io
import os
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor
from torch.nn import functional

from analysis.gradients.curves import InputKind, Settings
from nets.spec import ResNetSpec

if TYPE_CHECKING:
    from PIL.Image import Image

DATA_VARIABLE = "RESNET_LAB_DATA"
"""The environment variable that names the folder where data is looked for first."""

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts its files."""

MAX_PIXELS = 25_000_000
"""Pixels of an uploaded picture."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""The formats in which a picture may come."""

NOISE = 0.1
"""Standard deviation of the noise that tells the copies of one picture apart, in units of its own.

Without it all images of the batch, and so their gradients, would be the same.
"""

_IMAGES, _LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
_MOST_BYTES = 64_000_000
# A generator that started where the weights' does would draw the weights' numbers again; torch's
# takes 32 bits of a seed, and a seed of ours has 31.
_OWN_STREAM = 2**31


def batch(settings: Settings, spec: ResNetSpec, seed: int) -> tuple[Tensor, Tensor]:
    """Images [N, C, H, W] in float32 and labels [N].

    Random images are normal noise with random labels. Fashion-MNIST's are drawn with replacement
    from its 10,000 test images, resized, grey repeated over the channels; a label is the garment's
    class, modulo the network's classes. A picture is cropped to the input's shape around its
    centre, resized, repeated and given a little noise (`NOISE`), which is all that is left of a
    picture of one colour; as nobody knows its class, its labels are random.

    Raises:
        ValueError: where the picture is none, or Fashion-MNIST is not on this machine.
    """
    generator = Generator().manual_seed(seed + _OWN_STREAM)
    size, (channels, height, width) = settings.batch, spec.input
    if settings.images is InputKind.FASHION_MNIST:
        pictures, classes = fashion_mnist()
        drawn = torch.randint(len(classes), (size,), generator=generator)
        grey = pictures[drawn].unsqueeze(1).float()
        sized = functional.interpolate(grey, (height, width), mode="bilinear", antialias=True)
        return _normal(sized).expand(-1, channels, -1, -1), classes[drawn] % spec.classes
    noise = torch.randn(size, *spec.input, generator=generator)
    labels = torch.randint(spec.classes, (size,), generator=generator)
    if settings.images is InputKind.PICTURE:
        return _normal(_normal(_picture(settings.picture, spec)) + NOISE * noise), labels
    return noise, labels


def check(settings: Settings) -> None:
    """Raise the ValueError that `batch` would raise, if any, before anything is measured."""
    if settings.images is InputKind.FASHION_MNIST:
        fashion_mnist()
    if settings.images is InputKind.PICTURE:
        _decode(settings.picture)


def fashion_mnist_is_here() -> bool:
    """Whether Fashion-MNIST's test files are on this machine."""
    return _folder() is not None


def fashion_mnist() -> tuple[Tensor, Tensor]:
    """Fashion-MNIST's test images [10000, 28, 28], 0 to 255, and their classes [10000].

    Xiao et al. 2017 (arXiv 1708.07747), as IDX files, packed by gzip or not.

    Raises:
        ValueError: where they are not on this machine or are damaged.
    """
    folder = _folder()
    if folder is None:
        raise ValueError(
            f"Fashion-MNIST is not on this machine: its owner can download it, or name its folder "
            f"in {DATA_VARIABLE}"
        )
    return _load(folder)


def download_fashion_mnist() -> None:
    """Fetch Fashion-MNIST into the owner's data folder, else into the user's cache folder.

    Only ever called when somebody asks for it.

    Raises:
        OSError: in one sentence, where it cannot be fetched or written.
    """
    from torchvision.datasets import FashionMNIST

    try:
        FashionMNIST(str(_roots()[0]), train=False, download=True)
    except (RuntimeError, OSError) as error:
        reason = str(error).splitlines()[-1][:200] if str(error) else type(error).__name__
        raise OSError(f"Fashion-MNIST could not be downloaded: {reason}") from error


def _roots() -> list[Path]:
    """Where data is looked for, first the folder that a download writes to."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "resnet-lab"
    own = os.environ.get(DATA_VARIABLE)
    return [*([Path(own)] if own else []), cache, DEBIAN_FOLDER]


def _folder() -> Path | None:
    """The first folder that has the files: a root itself, or torchvision's folder inside it."""
    for root in _roots():
        for folder in (root, root / "FashionMNIST" / "raw", root / "fashion-mnist"):
            if all(_file(folder, name) for name in (_IMAGES, _LABELS)):
                return folder
    return None


def _file(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


@lru_cache(maxsize=1)
def _load(folder: Path) -> tuple[Tensor, Tensor]:
    pictures, classes = _idx(folder, _IMAGES, 3), _idx(folder, _LABELS, 1).long()
    if len(pictures) != len(classes):
        raise ValueError(
            f"Fashion-MNIST is damaged: {len(pictures):,} images and {len(classes):,} labels"
        )
    return pictures, classes


def _idx(folder: Path, name: str, dimensions: int) -> Tensor:
    """Read an IDX file of bytes: 0, 0, type 8, dimensions, each size in 4 bytes, then the data."""
    path = _file(folder, name)
    try:
        assert path is not None
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except (OSError, EOFError) as error:
        raise ValueError(f"Fashion-MNIST is damaged: {name} cannot be read") from error
    start = 4 + 4 * dimensions
    sides = [int.from_bytes(data[i : i + 4], "big") for i in range(4, start, 4)]
    whole = torch.Size(sides).numel() if len(data) > start else -1
    if data[:4] != bytes((0, 0, 8, dimensions)) or len(data) - start != whole:
        raise ValueError(f"Fashion-MNIST is damaged: {name} is no IDX file of bytes")
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=start).view(sides)


def _normal(images: Tensor) -> Tensor:
    """Images shifted and scaled, all together, to mean 0 and variance 1; a single colour is 0."""
    centred = images - images.mean()
    deviation = centred.pow(2).mean().sqrt()
    return centred / deviation if deviation > 0 else centred


def _picture(data: bytes, spec: ResNetSpec) -> Tensor:
    """A picture as [1, C, H, W]: grey for one channel, else red, green and blue in turn."""
    from PIL import ImageOps

    channels, height, width = spec.input
    image = _decode(data).convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(image, (width, height))
    planes = torch.frombuffer(bytearray(fitted.tobytes()), dtype=torch.uint8)
    planes = planes.view(height, width, -1).permute(2, 0, 1).float()
    return planes[[i % len(planes) for i in range(channels)]].unsqueeze(0)


def _decode(data: bytes) -> Image:
    """Decode an uploaded picture, turned as its camera says.

    Raises:
        ValueError: where the bytes are no picture, a damaged one, or one too large.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    allowed = ", ".join(FORMATS)
    try:
        with warnings.catch_warnings():  # our own limit stands below the one that it warns of
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        image.load()
        return ImageOps.exif_transpose(image)
    except Image.DecompressionBombError:
        raise ValueError(
            f"the picture is too large: {MAX_PIXELS // 10**6} million pixels at most are allowed"
        ) from None
    except UnidentifiedImageError:
        raise ValueError(f"the file is no picture: allowed are {allowed}") from None
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        raise ValueError(f"the picture is damaged: take another one ({allowed})") from error
