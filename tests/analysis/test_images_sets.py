"""Image sets by name: the sample that ships, Fashion-MNIST, and the owner's folders."""

import gzip
import hashlib
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
from analysis.images import batch as inputs
from analysis.images import fashion_mnist, make_sample
from analysis.images.fashion_mnist import CLASSES
from analysis.images.kinds import InputKind
from analysis.images.make_sample import draw
from analysis.images.open import data_folders, open_offered, open_set
from analysis.images.roots import DATA_VARIABLE
from analysis.images.sample import FOLDER, from_sheet, sample_set, to_sheet
from analysis.images.sets import ImageSet, Stack, digest_of, mean_and_std
from nets import parse

NAMES = [name.removesuffix(".gz") for name, _ in FashionMNIST.resources]
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the owner's data folder; the machine has no other data."""
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "debian")
    fashion_mnist._load.cache_clear()
    fashion_mnist._set.cache_clear()
    return tmp_path / "data"


def stack(part: object) -> Stack:
    assert isinstance(part, Stack)
    return part


# ------------------------------------------------------------------------------------- the sample


def test_the_sample_is_what_it_was_drawn_to_be() -> None:
    sample = sample_set()
    assert sample.digest == "e500cbe7b46cf09415ebfe833658a20dec948471c275d6100e1ce668357ffbb9"
    assert (sample.name, sample.classes, sample.left_out) == ("sample", CLASSES, ())
    assert "1708.07747" in sample.source
    for part, each in ((sample.train, 400), (sample.test, 100)):
        assert stack(part).images.shape == (10 * each, 1, 28, 28)
        assert part[0].dtype == torch.uint8
        assert part.labels.dtype == torch.int64
        assert part.labels.tolist() == [label for label in range(10) for _ in range(each)]
        assert len({image.numpy().tobytes() for image in stack(part).images}) == 10 * each
    pixels = stack(sample.train).images.double() / 255
    assert sample.mean == pytest.approx((pixels.mean().item(),), abs=1e-9)
    assert sample.std == pytest.approx((pixels.std(correction=0).item(),), abs=1e-9)
    assert sample.mean + sample.std == pytest.approx((0.28543, 0.35330), abs=1e-5)


def test_a_label_of_the_sample_says_what_is_on_the_image() -> None:
    """Bags are broad, trousers narrow and tall, so the rows of a sheet aren't swapped."""
    test = sample_set().test
    width = (stack(test).images > 0).any(2).sum(-1).double().view(10, 100).mean(1)
    assert CLASSES[int(width.argmin())] == "Trouser"
    assert {CLASSES[i] for i in width.topk(5).indices.tolist()} >= {"Bag", "Sneaker"}


def test_the_sample_is_small_and_says_its_licence() -> None:
    files = {path.name: path for path in FOLDER.iterdir()}
    assert set(files) == {"train.png", "test.png", "LICENSE"}
    assert sum(path.stat().st_size for path in files.values()) < 2_000_000
    text = files["LICENSE"].read_text(encoding="utf-8")
    assert all(part in text for part in ("MIT License", "2017 Zalando SE", "arXiv 1708.07747"))


def test_the_sample_is_written_from_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sample_set()  # in which each class has just as many images as are drawn
    turned = [Stack(stack(p).images.flip(0), p.labels.flip(0)) for p in (whole.train, whole.test)]
    monkeypatch.setattr(make_sample, "FOLDER", tmp_path)
    monkeypatch.setattr(
        make_sample,
        "fashion_mnist_set",
        lambda: ImageSet("", CLASSES, turned[0], turned[1], (0.0,), (1.0,), ""),
    )
    make_sample.main()
    for name, part in (("train", whole.train), ("test", whole.test)):
        with Image.open(tmp_path / f"{name}.png") as sheet:
            pixels = torch.frombuffer(bytearray(sheet.tobytes()), dtype=torch.uint8)
        images = from_sheet(pixels.view(sheet.height, 2_800)).view(10, -1, 1, 28, 28)
        assert torch.equal(images, stack(part).images.view(10, -1, 1, 28, 28).flip(1))


def test_the_draw_is_balanced_and_always_the_same() -> None:
    labels = torch.arange(60) % 10
    places = draw(labels, 3)
    assert labels[places].tolist() == [label for label in range(10) for _ in range(3)]
    assert all(places[i : i + 3] == sorted(places[i : i + 3]) for i in range(0, 30, 3))
    assert places[:6] == [0, 30, 50, 21, 31, 41]
    assert draw(labels, 6) == labels.argsort(stable=True).tolist()


def test_a_sheet_and_back() -> None:
    images = torch.arange(200 * 784).remainder(251).to(torch.uint8).view(200, 28, 28)
    sheet = to_sheet(images)
    assert sheet.shape == (56, 2_800)
    assert torch.equal(sheet[28:, 28:56], images[101])
    assert torch.equal(from_sheet(sheet).squeeze(1), images)


# ------------------------------------------------------------------------------------- statistics


def test_statistics_of_each_channel() -> None:
    images = torch.zeros(2, 3, 1, 2, dtype=torch.uint8)
    images[:, 1] = 255
    images[0, 2] = 51
    mean, std = mean_and_std(images)
    assert mean == pytest.approx((0, 1, 0.1), abs=1e-12)
    assert std == pytest.approx((0, 0, 0.1), abs=1e-12)


def test_a_digest_tells_images_labels_and_parts_apart() -> None:
    one = Stack(torch.zeros(2, 1, 2, 2, dtype=torch.uint8), torch.tensor([0, 1]))
    others = (
        Stack(one.images + 1, one.labels),
        Stack(one.images, one.labels.flip(0)),
        Stack(one.images.view(2, 1, 1, 4), one.labels),
    )
    digests = {digest_of(one, one), *(digest_of(one, two) for two in others)}
    digests |= {digest_of(two, one) for two in others}
    assert len(digests) == 7
    assert digest_of(Stack(one.images.clone(), one.labels.clone()), one) in digests


# ---------------------------------------------------------------------------------- Fashion-MNIST


def idx(values: torch.Tensor) -> bytes:
    sizes = b"".join(side.to_bytes(4, "big") for side in values.shape)
    return bytes((0, 0, 8, values.dim())) + sizes + values.numpy().tobytes()


def garments(count: int) -> torch.Tensor:
    return torch.arange(count * 784).remainder(241).to(torch.uint8).view(count, 28, 28)


FILES = {
    TRAIN_IMAGES: idx(garments(20)),
    TRAIN_LABELS: idx(torch.arange(20).remainder(10).to(torch.uint8)),
    TEST_IMAGES: idx(garments(10)),
    TEST_LABELS: idx(torch.arange(10).to(torch.uint8)),
}


def save(folder: Path, **changed: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (FILES | changed).items():
        (folder / name).write_bytes(content)


def test_all_of_fashion_mnist(data: Path) -> None:
    save(data / "FashionMNIST" / "raw")
    assert fashion_mnist.fashion_mnist_is_here()
    assert fashion_mnist.fashion_mnist_is_whole_here()
    found = open_set("fashion_mnist")
    assert found is fashion_mnist.fashion_mnist_set()
    assert (found.name, found.classes, found.source) == (
        "fashion_mnist",
        CLASSES,
        sample_set().source,
    )
    assert torch.equal(stack(found.train).images.squeeze(1), garments(20))
    assert found.train[3].shape == (1, 28, 28)
    assert found.train.labels.tolist() == [*range(10), *range(10)]
    assert torch.equal(stack(found.test).images.squeeze(1), garments(10))
    assert found.test.labels.tolist() == list(range(10))
    pixels = garments(20).double() / 255
    assert found.mean == pytest.approx((pixels.mean().item(),), abs=1e-9)
    assert found.std == pytest.approx((pixels.std(correction=0).item(),), abs=1e-9)
    assert found.digest == digest_of(stack(found.train), stack(found.test))


def test_the_classes_are_those_of_the_paper() -> None:
    assert tuple(FashionMNIST.classes) == CLASSES


@pytest.mark.parametrize("missing", [TRAIN_IMAGES, TRAIN_LABELS])
def test_gradients_need_the_test_images_alone(data: Path, missing: str) -> None:
    save(data)
    (data / missing).unlink()
    assert fashion_mnist.fashion_mnist_is_here()
    assert not fashion_mnist.fashion_mnist_is_whole_here()
    assert fashion_mnist.fashion_mnist()[0].shape == (10, 28, 28)
    with pytest.raises(ValueError, match=r"^Fashion-MNIST's training images are not on this"):
        fashion_mnist.fashion_mnist_set()


def test_no_fashion_mnist_is_one_sentence() -> None:
    assert not fashion_mnist.fashion_mnist_is_whole_here()
    with pytest.raises(ValueError, match=r"^Fashion-MNIST is not on this machine: its owner can"):
        open_set("fashion_mnist")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            TRAIN_LABELS,
            idx(torch.full((20,), 10).to(torch.uint8)),
            "has a label of 10, but the highest",
        ),
        (TRAIN_LABELS, idx(torch.zeros(19).to(torch.uint8)), "20 images and 19 labels"),
        (TRAIN_IMAGES, idx(garments(20))[:-1], f"{TRAIN_IMAGES} is not an IDX file of bytes"),
        (TEST_IMAGES, b"", f"{TEST_IMAGES} is not an IDX file of bytes"),
    ],
)
def test_damaged_files_of_either_part(data: Path, name: str, content: bytes, says: str) -> None:
    save(data, **{name: content})
    with pytest.raises(ValueError, match=rf"^Fashion-MNIST is damaged: .*{re.escape(says)}"):
        fashion_mnist.fashion_mnist_set()


# --------------------------------------------------------------------------------- the download


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve tiny files under the names that torchvision downloads; yield their folder."""
    served = tmp_path / "mirror"
    served.mkdir()
    resources = []
    for name, content in FILES.items():
        packed = gzip.compress(content)
        (served / f"{name}.gz").write_bytes(packed)
        resources.append((f"{name}.gz", hashlib.md5(packed).hexdigest()))
    handler = partial(SimpleHTTPRequestHandler, directory=str(served))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(FashionMNIST, "resources", resources)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield served
        server.shutdown()
        thread.join()


def test_a_download_tells_how_far_it_is(mirror: Path, data: Path) -> None:
    said: list[tuple[int, int]] = []
    fashion_mnist.download_fashion_mnist(lambda done, total: said.append((done, total)))
    sizes = [(mirror / f"{name}.gz").stat().st_size for name in FILES]
    assert said == [(sum(sizes[: i + 1]), sum(sizes)) for i in range(4)]
    assert fashion_mnist.fashion_mnist_set().train.labels.tolist() == [*range(10), *range(10)]
    assert len(list((data / "FashionMNIST" / "raw").iterdir())) == 4
    fashion_mnist.download_fashion_mnist(lambda done, total: said.append((done, total)))
    assert len(said) == 4  # all is there


def test_a_download_that_is_cancelled_leaves_no_half_of_a_file(mirror: Path, data: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > (mirror / f"{TRAIN_IMAGES}.gz").stat().st_size:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fashion_mnist.download_fashion_mnist(stop)
    kept = [path.name for path in (data / "FashionMNIST" / "raw").iterdir()]
    assert kept == [f"{TRAIN_IMAGES}.gz"]
    assert not fashion_mnist.fashion_mnist_is_here()
    fashion_mnist.download_fashion_mnist()
    assert fashion_mnist.fashion_mnist_is_whole_here()


def test_a_download_that_arrives_damaged_is_not_kept(mirror: Path, data: Path) -> None:
    (mirror / f"{TEST_IMAGES}.gz").write_bytes(b"something else")
    with pytest.raises(
        OSError, match=rf"^Fashion-MNIST could not be .*: {TEST_IMAGES}.gz is damaged"
    ):
        fashion_mnist.download_fashion_mnist()
    assert len(list((data / "FashionMNIST" / "raw").iterdir())) == 2


# ----------------------------------------------------------------------------- what Gradients takes


def test_the_sample_is_shown_to_a_network() -> None:
    settings = GradientSettings(batch=6, images=InputKind.SAMPLE)
    inputs.check(settings)
    images, labels = inputs.batch(settings, parse("resnet20:input=2x28x28:classes=3"), 0)
    drawn = torch.randint(1_000, (6,), generator=torch.Generator().manual_seed(2**31))
    assert labels.tolist() == [int(place) // 100 % 3 for place in drawn]
    own = torch.stack([sample_set().test[int(place)] for place in drawn]).float()
    expected = (own - own.mean()) / own.std(correction=0)
    assert torch.allclose(images, expected.expand(-1, 2, -1, -1), atol=1e-5)


# ------------------------------------------------------------------------------- folders by name


def pictures(folder: Path, *classes: str, each: int = 2) -> Path:
    for number, label in enumerate(classes):
        (folder / label).mkdir(parents=True)
        for place in range(each):
            Image.new("RGB", (8, 6), (number, place, 0)).save(folder / label / f"{place}.png")
    return folder


def test_folders_of_pictures_are_offered_by_name(data: Path, tmp_path: Path) -> None:
    assert data_folders() == ()
    pictures(data / "flowers", "rose", "tulip")
    pictures(tmp_path / "cache" / "resnet-lab" / "birds", "owl", "wren")
    pictures(tmp_path / "cache" / "resnet-lab" / "flowers", "other", "flowers")
    pictures(data / "one", "class")
    pictures(data / ".hidden", "rose", "tulip")
    pictures(data / "sample", "rose", "tulip")
    save(data / "FashionMNIST" / "raw")
    assert data_folders() == ("birds", "flowers")
    assert open_set("flowers").classes == open_offered("flowers").classes == ("rose", "tulip")
    assert open_set("flowers").name == "flowers"
    assert open_offered("birds").classes == ("owl", "wren")
    assert open_offered("sample") is open_set("sample") is sample_set()


def test_a_visitor_names_no_path(data: Path, tmp_path: Path) -> None:
    pictures(data / "flowers", "rose", "tulip")
    path = pictures(tmp_path / "private", "rose", "tulip")
    assert open_set(str(path)).name == "private"
    for name in (str(path), "../private", "flowers/../../private", "./flowers", ".", ""):
        with pytest.raises(ValueError, match=r"choose from sample, fashion_mnist, flowers$") as err:
            open_offered(name)
        assert "\n" not in str(err.value)


def test_a_seed_draws_another_split(data: Path) -> None:
    folder = pictures(data / "flowers", "rose", "tulip", each=20)
    digests = set()
    for seed in (0, 1, 0):
        digests.add(open_set("flowers", seed).digest)
        for name in ("train.jsonl", "valid.jsonl"):
            (folder / name).unlink()
    assert len(digests) == 2
