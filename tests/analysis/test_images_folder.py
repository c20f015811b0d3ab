"""Folders of pictures: their split, their files, and their errors of one sentence."""

import io
import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from analysis.images import folder as folders
from analysis.images import split as splits
from analysis.images.folder import IMAGENET_MEAN, IMAGENET_STD, Pictures, folder_set
from analysis.images.picture import check_header, decode
from analysis.images.sets import ImageSet

TRAIN, VALID = "train.jsonl", "valid.jsonl"


@pytest.fixture(autouse=True)
def forget() -> None:
    folders._hash.cache_clear()


def png(*colour: int, size: tuple[int, int] = (8, 6)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def put(root: Path, **classes: int) -> Path:
    """Create class folders with the given numbers of pictures, each of a different colour."""
    for place, (label, count) in enumerate(classes.items()):
        (root / label).mkdir(parents=True)
        for number in range(count):
            (root / label / f"{number}.png").write_bytes(png(place, number, 7))
    return root


def flowers(tmp_path: Path) -> Path:
    return put(tmp_path / "flowers", tulip=10, rose=5, daisy=2)


def files(part: object) -> tuple[str, ...]:
    assert isinstance(part, Pictures)
    return part.files


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def one_sentence(root: Path, says: str, **options: Any) -> None:
    """Check the whole message, where `...` matches anything."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        folder_set(root, **options)
    pattern = re.escape(says).replace(re.escape("..."), ".*")
    assert re.fullmatch(pattern, str(caught.value)), str(caught.value)


# -------------------------------------------------------------------------------------- the split


def test_a_folder_becomes_a_set(tmp_path: Path) -> None:
    found = folder_set(flowers(tmp_path))
    assert (found.name, found.classes) == ("flowers", ("daisy", "rose", "tulip"))
    assert found.train.labels.tolist() == [0] * 1 + [1] * 4 + [2] * 8
    assert found.test.labels.tolist() == [0] * 1 + [1] * 1 + [2] * 2
    assert (len(found.train), len(found.test)) == (13, 4)
    assert (found.mean, found.std) == (IMAGENET_MEAN, IMAGENET_STD)
    assert (found.source, found.left_out) == ("", ())
    for part in (found.train, found.test):
        for index, file in enumerate(files(part)):
            image = part[index]
            label = found.classes[int(part.labels[index])]
            assert (image.shape, image.dtype) == ((3, 6, 8), torch.uint8)
            assert file.startswith(f"{label}/")
            colour = (("tulip", "rose", "daisy").index(label), int(Path(file).stem), 7)
            assert tuple(image[:, 0, 0].tolist()) == colour


@pytest.mark.parametrize(("share", "tests"), [(0.001, 1), (0.25, 2), (0.5, 5), (0.999, 9)])
def test_each_class_is_in_both_parts(tmp_path: Path, share: float, tests: int) -> None:
    found = folder_set(put(tmp_path / "f", a=10, b=2), test_share=share)
    assert found.test.labels.bincount().tolist() == [tests, 1]
    assert found.train.labels.bincount().tolist() == [10 - tests, 1]


def test_the_split_is_written_and_obeyed(tmp_path: Path) -> None:
    root = flowers(tmp_path)
    first = folder_set(root, seed=3)
    for part, name in ((first.train, TRAIN), (first.test, VALID)):
        labels = [first.classes[label] for label in part.labels.tolist()]
        pairs = zip(files(part), labels, strict=True)
        assert lines(root / name) == [{"file": file, "label": label} for file, label in pairs]
    assert same(folder_set(root, seed=4), first)
    assert sorted(path.name for path in root.iterdir()) == [
        "daisy",
        "rose",
        TRAIN,
        "tulip",
        VALID,
    ]
    for name in (TRAIN, VALID):
        (root / name).unlink()
    assert same(folder_set(root, seed=3), first)


def same(one: ImageSet, two: ImageSet) -> bool:
    alike = [files(a) == files(b) for a, b in ((one.train, two.train), (one.test, two.test))]
    return all(alike) and one.digest == two.digest and one.left_out == two.left_out


def test_a_person_may_edit_the_split(tmp_path: Path) -> None:
    root = flowers(tmp_path)
    before = folder_set(root)
    train, valid = lines(root / TRAIN), lines(root / VALID)
    moved = train.pop(3)
    train[2]["label"] = "tulip"  # a wrong label for a rose
    gone = train.pop(5)["file"]
    save(root / TRAIN, reversed(train), "\ufeff", "\r\n")
    save(root / VALID, [*valid, moved | {"note": "seen twice"}], "\n\n", "\n")
    after = folder_set(root)
    assert moved["file"] in files(after.test)
    assert after.train.labels[files(after.train).index(train[2]["file"])] == 2
    assert after.left_out == (f"{gone}: in neither train.jsonl nor valid.jsonl",)
    assert after.digest != before.digest
    pairs = [(after.train.labels[i], f) for i, f in enumerate(files(after.train))]
    assert pairs == sorted(pairs)  # whatever the order of the lines


def save(path: Path, rows: Any, before: str = "", after: str = "\n") -> None:
    text = before + "".join(json.dumps(row) + after for row in rows)
    path.write_text(text, encoding="utf-8", newline="")


def test_the_order_of_the_disk_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = folder_set(flowers(tmp_path / "one"))
    scan = os.scandir

    class Shuffled:
        def __init__(self, path: Any) -> None:
            with scan(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            random.Random(len(found)).shuffle(found)
            self._entries = iter(found)

        def __enter__(self) -> Iterator[Any]:
            return self._entries

        def __exit__(self, *_: object) -> None: ...
        def __iter__(self) -> Iterator[Any]:
            return self._entries

        def __next__(self) -> Any:
            return next(self._entries)

        def close(self) -> None: ...

    root = flowers(tmp_path / "two")
    monkeypatch.setattr(os, "scandir", Shuffled)
    assert [entry.name for entry in os.scandir(root)] == ["rose", "tulip", "daisy"]
    assert same(folder_set(root), whole)


def test_a_class_is_split_as_it_would_be_without_the_others(tmp_path: Path) -> None:
    few = folder_set(put(tmp_path / "few", tulip=10, rose=5))
    more = folder_set(put(tmp_path / "more", tulip=10, rose=5, aster=3, violet=4))
    kept = [file for file in files(more.test) if file[0] in "tr"]
    assert kept == list(files(few.test))


def test_a_folder_that_is_read_only_keeps_its_split_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = flowers(tmp_path)
    before = sorted(path.name for path in root.rglob("*"))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("write_text", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, full)
            found = folder_set(root, seed=3)
        assert sorted(path.name for path in root.rglob("*")) == before
    assert same(folder_set(root, seed=3), found)


def test_names_of_any_script_survive(tmp_path: Path) -> None:
    root = put(tmp_path / "花", **{"玫瑰": 3, "郁金香": 3})
    (root / "玫瑰" / 'a "b"\n\u2028.png').write_bytes(png(1, 2, 3))
    (root / "玫瑰" / os.fsdecode(b"caf\xe9.png")).write_bytes(png(1, 2, 4))
    first = folder_set(root, test_share=0.5)
    assert first.classes == ("玫瑰", "郁金香")
    assert "玫瑰" in (root / TRAIN).read_text(encoding="utf-8", errors="surrogateescape")
    assert len(first.train) + len(first.test) == 8
    assert same(folder_set(root), first)


def test_pictures_lie_deeper_and_what_is_hidden_is_not_seen(tmp_path: Path) -> None:
    root = put(tmp_path / "f", a=2, b=2)
    put(root / "a", **{"deep": 2, ".thumbnails": 2, "__MACOSX": 1})
    put(root, **{".git": 2, "__MACOSX": 2})
    (root / "a" / "._0.png").write_bytes(b"")
    (root / "a" / "notes.txt").write_text("no picture, nor named like one")
    (root / "a" / "BIG.JPG").write_bytes(png(9, 9, 9))
    found = folder_set(root)
    assert found.classes == ("a", "b")
    assert sorted(files(found.train) + files(found.test)) == [
        "a/0.png",
        "a/1.png",
        "a/BIG.JPG",
        "a/deep/0.png",
        "a/deep/1.png",
        "b/0.png",
        "b/1.png",
    ]
    assert found.left_out == ()


# ----------------------------------------------------------------------------------- the pictures


def test_damaged_pictures_are_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = flowers(tmp_path)
    noise = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(noise, "PNG")
    large = io.BytesIO()
    Image.new("1", (5_001, 5_000)).save(large, "PNG")
    monkeypatch.setattr(folders, "MAX_PICTURE_BYTES", 100_000)
    for name, content in {
        "text.jpg": b"no picture",
        "half.png": noise.getvalue()[:-900],
        "wide.png": large.getvalue(),
        "long.bmp": bytes(100_001),
        "empty.gif": b"",
    }.items():
        (root / "rose" / name).write_bytes(content)
    os.mkfifo(root / "rose" / "pipe.png")
    (root / "rose" / "gone.png").symlink_to(root / "nowhere.png")
    expected = (
        "rose/empty.gif: the file is not a picture",
        "rose/gone.png: no such file or directory",
        "rose/half.png: the picture is damaged",
        "rose/long.bmp: the file is larger than 0 MB",
        "rose/pipe.png: not a regular file",
        "rose/text.jpg: the file is not a picture",
        "rose/wide.png: the picture is too large",
    )
    found = folder_set(root)
    assert found.left_out == expected
    assert found.train.labels.bincount().tolist() == [1, 4, 8]
    again = folder_set(root)
    assert (again.left_out, again.digest) == (expected, found.digest)


def test_a_listed_picture_that_is_damaged_is_left_out(tmp_path: Path) -> None:
    root = flowers(tmp_path)
    (file, *_) = [file for file in files(folder_set(root).train) if file.startswith("rose")]
    (root / file).write_bytes(b"no more")
    found = folder_set(root)
    assert found.left_out == (f"{file}: the file is not a picture",)
    assert found.train.labels.bincount().tolist() == [1, 3, 8]


def test_a_picture_that_fails_in_use_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = put(tmp_path / "f", a=2, b=2)
    noise = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(noise, "PNG")
    for name in ("0.png", "1.png"):
        (root / "a" / name).write_bytes(noise.getvalue()[:-900])
    (root / "a" / "text.png").write_bytes(b"no picture")
    monkeypatch.setattr(folders, "MAX_VERIFIED", 4)  # of more the header alone is read
    found = folder_set(root)
    assert found.left_out == ("a/text.png: the file is not a picture",)
    message = re.escape(f"{files(found.train)[0]} cannot be used: the picture is damaged")
    with pytest.raises(ValueError, match=f"^{message}$"):
        found.train[0]
    (root / files(found.test)[1]).unlink()
    with pytest.raises(ValueError, match=r"^b/\d.png cannot be used: no such file or directory$"):
        found.test[1]


def test_a_changed_picture_changes_the_digest(tmp_path: Path) -> None:
    root = flowers(tmp_path)
    before = folder_set(root)
    (root / "rose" / "0.png").write_bytes(png(200, 0, 0, size=(9, 9)))
    assert folder_set(root).digest != before.digest
    copied = flowers(tmp_path / "copy")
    assert folder_set(copied).digest == before.digest


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_large_pictures_are_scaled(tmp_path: Path, kind: str) -> None:
    root = put(tmp_path / "f", a=1, b=2)
    large = Image.new("RGB", (1_600, 1_200), (10, 200, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright
    large.save(root / "a" / "large.png", kind, exif=exif)
    found = folder_set(root)
    sizes = {f: p[i] for p in (found.train, found.test) for i, f in enumerate(files(p))}
    image = sizes["a/large.png"]
    assert image.shape == (3, 683, 512)
    assert image.float().mean((1, 2)).tolist() == pytest.approx([10, 200, 30], abs=2)
    assert sizes["a/0.png"].shape == (3, 6, 8)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_red_green_and_blue(tmp_path: Path, mode: str) -> None:
    root = put(tmp_path / "f", a=1, b=2)
    for name, side in (("small", 20), ("large", 700)):
        grey = Image.new("RGB", (side, side), (255, 255, 255))
        image = Image.new(mode, (side, side), 65_535) if mode == "I;16" else grey.convert(mode)
        image.save(root / "a" / f"{name}.png", "JPEG" if mode == "CMYK" else "PNG")
    found = folder_set(root)
    assert found.left_out == ()
    sizes = {f: p[i] for p in (found.train, found.test) for i, f in enumerate(files(p))}
    assert sizes["a/small.png"].shape == (3, 20, 20)
    assert sizes["a/large.png"].shape == (3, 512, 512)
    assert sizes["a/large.png"].float().mean() == pytest.approx(255, abs=1)


def test_a_header_is_checked_without_its_pixels() -> None:
    noise = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(noise, "PNG")
    check_header(noise.getvalue()[:-900])
    with pytest.raises(ValueError, match="damaged"):
        decode(noise.getvalue()[:-900])
    with pytest.raises(ValueError, match="the file is not a picture: supported are PNG, JPEG"):
        check_header(b"no picture")


# ---------------------------------------------------------------------------------------- refused


def test_folders_that_are_none(tmp_path: Path) -> None:
    one_sentence(tmp_path / "nowhere", f"there is no folder {tmp_path}/nowhere")
    (tmp_path / "file").write_bytes(b"")
    one_sentence(tmp_path / "file", f"there is no folder {tmp_path}/file")
    one_sentence(tmp_path / ("x" * 300), f"{tmp_path}/... cannot be read: file name too long")


def test_folders_without_classes_or_pictures(tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "1.png").write_bytes(png(1, 1, 1))
    one_sentence(flat, "flat has no class folders: put the pictures in one folder per class")
    one_sentence(
        put(tmp_path / "empty", a=0, b=0),
        "empty has no pictures: supported are .png, .jpg, .jpeg, .webp, .gif, .bmp",
    )
    one_sentence(
        put(tmp_path / "one", rose=3), "one has one class, 'rose': at least two are needed"
    )
    one_sentence(
        put(tmp_path / "parts", train=2, Val=2),
        "parts has the folders Val, train instead of one per class: put all class folders into one "
        "folder, and a seed then draws the split",
    )


@pytest.mark.parametrize(("count", "says"), [(0, "0 usable pictures"), (1, "1 usable picture")])
def test_a_class_of_too_few_pictures(tmp_path: Path, count: int, says: str) -> None:
    root = put(tmp_path / "f", rose=count, tulip=3)
    (root / "rose" / "text.jpg").write_bytes(b"no picture")
    one_sentence(root, f"class 'rose' of f has {says}: at least two are needed, one for each part")
    assert not (root / TRAIN).exists()


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folders.MAX_FILES == 100_000
    monkeypatch.setattr(folders, "MAX_FILES", 10)
    root = put(tmp_path / "f", a=4, b=4)
    folder_set(root)  # with its two folders just ten
    (root / "b" / "notes.txt").write_text("of any kind")
    one_sentence(root, "f has too many files: at most 10 are allowed")
    for number in range(11):
        (tmp_path / f"{number}.txt").write_text("")
    one_sentence(tmp_path, f"{tmp_path.name} has too many files: at most 10 are allowed")


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan"), float("inf")])
def test_a_share_that_is_none(tmp_path: Path, share: float) -> None:
    says = f"test_share must be above 0 and below 1, not {share}"
    one_sentence(flowers(tmp_path), says, test_share=share)


FORM = 'expected {"file": "...", "label": "..."}'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"file": "../rose/0.png", "label": "rose"}', "../rose/0.png is outside the folder"),
        ('{"file": "rose/../../x.png", "label": "rose"}', "rose/../../x.png is outside the folder"),
        ('{"file": "/etc/passwd", "label": "rose"}', "/etc/passwd is outside the folder"),
        (
            '{"file": "rose/0.png", "label": "rosé"}',
            "unknown label 'ros\\xe9': use the name of a class folder",
        ),
        (
            '{"file": "rose/99.png", "label": "rose"}',
            "rose/99.png is not a picture in the class folders",
        ),
        (
            '{"file": "rose/\\n.png", "label": "rose"}',
            "rose/�.png is not a picture in the class folders",
        ),
        ('{"file": "\\ud800", "label": "rose"}', "� is not a picture in the class folders"),
        ('{"file": "tulip/0.png", "label": "tulip"}', "tulip/0.png is listed twice"),
        ("rose/0.png rose", FORM),
        ("[]", FORM),
        ('{"file": "rose/0.png"}', FORM),
        ('{"file": ["rose/0.png"], "label": "rose"}', FORM),
        ("[" * 100_000, FORM),
        ("1" * 5_000, FORM),
        ("\x00", FORM),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    root = flowers(tmp_path)
    good = '{"file": "tulip/0.png", "label": "tulip"}\n'
    (root / TRAIN).write_text(good, encoding="utf-8")
    (root / VALID).write_text(f"\n{line}\n", encoding="utf-8")
    one_sentence(root, f"valid.jsonl, line 2: {says}")


def test_a_line_of_bytes_that_are_no_text(tmp_path: Path) -> None:
    root = flowers(tmp_path)
    (root / TRAIN).write_bytes(b"\xff\xfe\x00{")
    (root / VALID).write_bytes(b"")
    one_sentence(root, f"train.jsonl, line 1: {FORM}")


@pytest.mark.parametrize(("here", "missing"), [(TRAIN, VALID), (VALID, TRAIN)])
def test_half_of_a_split(tmp_path: Path, here: str, missing: str) -> None:
    root = flowers(tmp_path)
    folder_set(root)
    (root / missing).unlink()
    one_sentence(
        root,
        f"flowers has {here} but no {missing}: add it, or delete {here} to draw a new split",
    )


@pytest.mark.parametrize("name", [TRAIN, VALID])
def test_a_part_without_a_class(tmp_path: Path, name: str) -> None:
    root = flowers(tmp_path)
    folder_set(root)
    save(root / name, [row for row in lines(root / name) if row["label"] != "rose"])
    one_sentence(root, f"{name} has no usable pictures of class 'rose'")
    save(root / name, [])
    one_sentence(root, f"{name} has no usable pictures of class 'daisy'")


def test_a_split_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = flowers(tmp_path)
    folder_set(root)
    monkeypatch.setattr(splits, "MAX_FILE_BYTES", 10)
    one_sentence(root, "train.jsonl is larger than 0 MB")
    (root / TRAIN).unlink()
    (root / TRAIN).mkdir()
    one_sentence(root, "train.jsonl cannot be read: Is a directory")


def test_sixteen_bits_are_scaled_and_what_is_transparent_is_white() -> None:
    out = io.BytesIO()
    Image.new("I;16", (2, 2), 30_000).save(out, "PNG")
    assert decode(out.getvalue()).getpixel((0, 0)) == 116
    out = io.BytesIO()
    Image.new("RGBA", (2, 2), (10, 20, 30, 0)).save(out, "PNG")
    assert decode(out.getvalue()).getpixel((0, 0)) == (255, 255, 255)
