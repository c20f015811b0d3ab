"""The images of a run: seeds, data folders and invalid pictures."""

import gzip
import hashlib
import io
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch
from PIL import Image
from torchvision.datasets import FashionMNIST

from analysis.gradients.curves import GradientSettings
from analysis.gradients.measure import measure
from analysis.images import batch as inputs
from analysis.images import fashion_mnist
from analysis.images.kinds import InputKind
from analysis.images.picture import FORMATS
from analysis.images.roots import DATA_VARIABLE
from nets import ResNetSpec, parse

RANDOM, FASHION = (
    GradientSettings(batch=6),
    GradientSettings(batch=6, images=InputKind.FASHION_MNIST),
)
SPEC = parse("resnet20")


def picture(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def uploaded(data: bytes, spec: ResNetSpec = SPEC, batch: int = 6) -> torch.Tensor:
    options = GradientSettings(batch=batch, images=InputKind.PICTURE, picture=data)
    return inputs.batch(options, spec, 0)[0]


def idx(values: torch.Tensor) -> bytes:
    sizes = b"".join(side.to_bytes(4, "big") for side in values.shape)
    return bytes((0, 0, 8, values.dim())) + sizes + values.numpy().tobytes()


GARMENTS = torch.arange(12 * 28 * 28).remainder(251).to(torch.uint8).view(12, 28, 28)
CLASSES = torch.arange(12).remainder(10).to(torch.uint8)
IMAGES_FILE, LABELS_FILE = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def save(folder: Path, packed: bool, images: bytes = b"", labels: bytes = b"") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = {IMAGES_FILE: images or idx(GARMENTS), LABELS_FILE: labels or idx(CLASSES)}
    for name, data in files.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the owner's data folder; the machine has no other data."""
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "debian")
    fashion_mnist._load.cache_clear()
    return tmp_path / "data"


def test_random_images_depend_on_the_seed_alone() -> None:
    images, labels = inputs.batch(RANDOM, SPEC, 0)
    assert (images.shape, images.dtype) == ((6, 3, 32, 32), torch.float32)
    assert (labels.shape, labels.dtype) == ((6,), torch.int64)
    again, same = inputs.batch(RANDOM, parse("plain56:norm=none"), 0)
    assert torch.equal(again, images)
    assert torch.equal(same, labels)
    assert not torch.equal(inputs.batch(RANDOM, SPEC, 1)[0], images)
    torch.manual_seed(0)
    assert not torch.equal(torch.randn(6, 3, 32, 32), images)  # what weights would draw


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("inside", [".", "FashionMNIST/raw", "fashion-mnist"])
def test_fashion_mnist_from_the_owners_folder(folder: Path, packed: bool, inside: str) -> None:
    assert not fashion_mnist.fashion_mnist_is_here()
    save(folder / inside, packed)
    assert fashion_mnist.fashion_mnist_is_here()
    pictures, classes = fashion_mnist.fashion_mnist()
    assert torch.equal(pictures, GARMENTS)
    assert classes.tolist() == CLASSES.tolist()


def test_fashion_mnist_where_debian_puts_it() -> None:
    save(fashion_mnist.DEBIAN_FOLDER, packed=True)
    assert torch.equal(fashion_mnist.fashion_mnist()[0], GARMENTS)


def test_fashion_mnist_suits_the_network(folder: Path) -> None:
    save(folder, packed=True)
    images, labels = inputs.batch(FASHION, parse("resnet20:input=2x28x28:classes=3"), 0)
    assert images.shape == (6, 2, 28, 28)
    assert images.mean().item() == pytest.approx(0, abs=1e-5)
    assert images.pow(2).mean().item() == pytest.approx(1, abs=1e-5)
    assert torch.equal(images[:, 0], images[:, 1])
    drawn = torch.randint(12, (6,), generator=torch.Generator().manual_seed(2**31))
    assert labels.tolist() == [int(CLASSES[i]) % 3 for i in drawn]
    own = GARMENTS[drawn].float()
    assert torch.allclose(images[:, 0], (own - own.mean()) / own.std(correction=0), atol=1e-5)
    large, same = inputs.batch(FASHION, parse("resnet18"), 0)
    assert large.shape == (6, 3, 224, 224)
    assert same.tolist() == [int(CLASSES[i]) for i in drawn]


def test_fashion_mnist_is_measured(folder: Path) -> None:
    save(folder, packed=True)
    options = GradientSettings(batch=6, seeds=2, images=InputKind.FASHION_MNIST)
    (found,) = measure(lambda _: None, (SPEC,), options).summary
    assert found.below == found.not_finite == ()
    assert found.log10_ratio > 0.5


def test_without_the_files_one_sentence() -> None:
    message = (
        "Fashion-MNIST is not on this machine: its owner can download it or set its folder in "
        "RESNET_LAB_DATA"
    )
    for call in (lambda: inputs.batch(FASHION, SPEC, 0), lambda: inputs.check(FASHION)):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            call()


@pytest.mark.parametrize(
    ("images", "labels", "reason"),
    [
        (b"no idx", b"", f"{IMAGES_FILE} is not an IDX file of bytes"),
        (idx(GARMENTS)[:-1], b"", f"{IMAGES_FILE} is not an IDX file of bytes"),
        (b"", idx(GARMENTS), f"{LABELS_FILE} is not an IDX file of bytes"),
        (b"", idx(CLASSES[:5]), "12 images and 5 labels"),
        (idx(GARMENTS[:0]), b"", f"{IMAGES_FILE} is not an IDX file of bytes"),
    ],
)
def test_damaged_files_in_one_sentence(
    folder: Path, images: bytes, labels: bytes, reason: str
) -> None:
    save(folder, packed=False, images=images, labels=labels)
    with pytest.raises(ValueError, match=f"^Fashion-MNIST is damaged: {reason}$"):
        inputs.check(FASHION)


def test_a_damaged_archive_in_one_sentence(folder: Path) -> None:
    save(folder, packed=True)
    (folder / f"{IMAGES_FILE}.gz").write_bytes(gzip.compress(idx(GARMENTS))[:-20])
    with pytest.raises(ValueError, match=f"damaged: {IMAGES_FILE} cannot be read"):
        inputs.check(FASHION)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve tiny files under the names that torchvision downloads."""
    served = tmp_path / "mirror"
    served.mkdir()
    resources = []
    for name, _ in FashionMNIST.resources:
        data = gzip.compress(idx(GARMENTS if "idx3" in name else CLASSES))
        (served / name).write_bytes(data)
        resources.append((name, hashlib.md5(data).hexdigest()))
    handler = partial(SimpleHTTPRequestHandler, directory=str(served))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(FashionMNIST, "resources", resources)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("mirror")
def test_a_download_goes_to_the_owners_folder_or_the_cache(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fashion_mnist.download_fashion_mnist()
    assert (folder / "FashionMNIST" / "raw" / f"{IMAGES_FILE}.gz").is_file()
    assert torch.equal(fashion_mnist.fashion_mnist()[0], GARMENTS)
    monkeypatch.delenv(DATA_VARIABLE)
    assert not fashion_mnist.fashion_mnist_is_here()
    fashion_mnist.download_fashion_mnist()
    assert (
        tmp_path / "cache" / "resnet-lab" / "FashionMNIST" / "raw" / f"{LABELS_FILE}.gz"
    ).is_file()
    assert fashion_mnist.fashion_mnist_is_here()


def test_a_failed_download_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FashionMNIST, "mirrors", [f"{(tmp_path / 'nothing').as_uri()}/"])
    with pytest.raises(OSError, match=r"^Fashion-MNIST could not be downloaded: [^\n]+$"):
        fashion_mnist.download_fashion_mnist()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_a_picture_becomes_a_batch(kind: str, mode: str) -> None:
    image = Image.effect_mandelbrot((90, 60), (-2, -1, 1, 1), 20).convert("RGB").convert(mode)
    if (kind, mode) == ("JPEG", "P"):
        image = image.convert("L")
    images = uploaded(picture(image, kind))
    assert images.shape == (6, 3, 32, 32)
    assert images.mean().item() == pytest.approx(0, abs=1e-5)
    assert images.pow(2).mean().item() == pytest.approx(1, abs=1e-5)
    noise = (images[0] - images[1]).std().item()
    assert noise == pytest.approx(2**0.5 * inputs.NOISE, rel=0.1)


def test_colours_keep_their_channels() -> None:
    image = Image.new("RGB", (40, 20), (255, 128, 0))
    means = uploaded(picture(image)).mean(dim=(0, 2, 3))
    assert means[0] > 1
    assert means[1] == pytest.approx(0, abs=0.1)
    assert means[2] < -1
    five = uploaded(picture(image), parse("resnet20:channels=5")).mean(dim=(0, 2, 3))
    assert five.argsort().tolist() in (
        [2, 1, 4, 0, 3],
        [2, 1, 4, 3, 0],
        [2, 4, 1, 0, 3],
        [2, 4, 1, 3, 0],
    )
    grey = uploaded(picture(image), parse("resnet20:channels=1"))
    assert grey.shape == (6, 1, 32, 32)


def test_a_picture_is_cropped_about_its_centre_and_turned_as_the_camera_says() -> None:
    image = Image.new("L", (96, 32))
    image.paste(255, (32, 0, 64, 16))  # the upper half of the centre
    upper = uploaded(picture(image)).mean(dim=(0, 1))
    assert upper[:14].mean() > 0.9
    assert upper[18:].mean() < -0.9
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    lower = uploaded(picture(image, "JPEG", exif=exif)).mean(dim=(0, 1))
    assert lower[:14].mean() < -0.9


def test_a_picture_of_one_colour_leaves_the_noise() -> None:
    images = uploaded(picture(Image.new("RGB", (5, 5), (9, 9, 9))))
    assert images.std().item() == pytest.approx(1, rel=1e-3)
    assert images.mean().item() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"#!/bin/sh\necho no picture\n",
            "the file is not a picture: supported are PNG, JPEG, WEBP",
        ),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "the file is not a picture"),
        (picture(Image.new("L", (8, 8)), "TIFF"), "the file is not a picture"),
        (picture(Image.effect_noise((64, 64), 50))[:-900], "the picture is damaged: use another"),
        (picture(Image.new("1", (5_001, 5_000))), "too large: at most 25 million pixels"),
        (picture(Image.new("1", (14_000, 14_000))), "too large: at most 25 million pixels"),
    ],
)
def test_what_is_no_picture_in_one_sentence(data: bytes, message: str) -> None:
    options = GradientSettings(images=InputKind.PICTURE, picture=data)
    for call in (
        lambda: inputs.check(options),
        lambda: inputs.batch(options, SPEC, 0),
        lambda: measure(lambda _: None, (SPEC,), options),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_a_picture_is_measured() -> None:
    image = Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 20).convert("RGB")
    options = GradientSettings(batch=8, seeds=2, images=InputKind.PICTURE, picture=picture(image))
    (found,) = measure(lambda _: None, (SPEC,), options).summary
    assert found.below == found.not_finite == ()
    assert found.log10_ratio > 0.5
